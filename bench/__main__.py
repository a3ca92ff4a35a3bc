"""`python -m bench`: the options, one BLAS thread, then each part."""

import argparse
import os

from bench import ONE_THREAD

PARTS = ("updates", "gradient", "imports", "sliders", "grading", "out_of_core", "cluster")


def options():
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed of the package against its peers.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and fewer examples on the large net")
    parser.add_argument("--gigabytes", type=float, help="size of the file of out_of_core (0.3 if quick, else 4)")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    return chosen


def main():
    chosen = options()
    os.environ.update(ONE_THREAD)  # before NumPy, PyTorch and JAX are loaded, which read them once
    from bench import cluster, gradient, grading, imports, out_of_core, peers, sliders, updates

    peers.describe()
    for name, part in zip(PARTS, (updates, gradient, imports, sliders, grading, out_of_core, cluster)):
        if name in (chosen.parts or PARTS):
            part.report(chosen.quick, **({"gigabytes": chosen.gigabytes} if part is out_of_core else {}))


if __name__ == "__main__":
    main()
