"""A step of gradient descent over a file: one process, two threads of it, two Dask workers, for more and more rows.

`python -m bench.cluster FILE` saves what it measures as the CSV that notebook 5 shows. Wall-clock times, the
least of steps taken in turns: what else the machine does only adds to them.
"""

import csv
import os
import platform
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

from bench import ONE_THREAD
from bench.out_of_core import INPUTS, make, parameters
from bgd_helpers import network, theory
from bgd_helpers.scale import shards

SIZES = (1_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000)
SHARDS, WORKERS = 4, 2


def layers():
    return network.initial_parameters([INPUTS, 16, 1], np.random.default_rng(0))


MODELS = {
    "linear": (theory.linear_gradient, parameters),
    f"{INPUTS}-16-1 net": (network.gradient_of(["tanh", "identity"]), layers),
}
HEADINGS = ("model", "N", "one_process_ms", "two_threads_ms", "two_workers_ms")


def steps(runs, rounds):
    """The least milliseconds of each of several functions that take turns."""
    times = [[] for _ in runs]
    for turn in range(rounds + 2):
        for run, taken in zip(runs, times):
            start = perf_counter()
            run()
            if turn > 1:
                taken.append(1e3 * (perf_counter() - start))
    return [min(taken) for taken in times]


def measure(client, name, path, rounds):
    """Milliseconds of a step in this process, in two threads of it, and on the cluster."""
    from bgd_helpers.scale import cluster

    gradient, start = MODELS[name]
    theta, cut = start(), shards.shards_of(path, SHARDS)
    return steps(
        [
            lambda: shards.gradient_over_all(gradient, theta, cut),
            lambda: shards.gradient_over_all(gradient, theta, cut, threads=WORKERS),
            lambda: cluster.gradient_over(client, gradient, theta, cut),
        ],
        rounds,
    )


def rows(sizes):
    """A row for each model and N: milliseconds of a step in each of the three ways."""
    from bgd_helpers.scale import cluster

    with tempfile.TemporaryDirectory(prefix="bench-") as folder, cluster.connected(WORKERS) as client:
        for N in sizes:
            path = make(Path(folder) / "data.npy", N)
            for name in MODELS:
                yield (name, N, *measure(client, name, path, min(60, max(12, 20_000_000 // N))))


def report(quick):
    """A line for each model and N."""
    try:
        from bgd_helpers.scale import cluster  # noqa: F401
    except ImportError as reason:
        print(f"\nThe cluster is left out: {reason}")
        return
    print(f"\nms a step on this machine: {SHARDS} shards of {INPUTS} inputs; the ratio is to one process")
    print(f"{'':12} {'N':>12} {'one process':>12} {'two threads':>19} {'two workers':>19}")
    for name, N, one, *others in rows(SIZES[:-1] if quick else SIZES):
        cells = "".join(f" {two:11.2f} ({two / one:5.2f})" for two in others)
        print(f"{name:12} {N:12,} {one:12.2f}{cells}", flush=True)


def save(path):
    """Write the measurement, and on which machine it was made, to a CSV file."""
    machine = f"{os.cpu_count()} cores, {processor()}, Python {platform.python_version()}"
    with open(path, "w", newline="", encoding="utf-8") as file:
        file.write(f"# {machine}\n")
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADINGS)
        for row in rows(SIZES):
            table.writerow([value if value in row[:2] else f"{value:.2f}" for value in row])
            print(*row, flush=True)


def processor():
    """The processor's name, as far as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


if __name__ == "__main__":
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        os.execve(sys.executable, [sys.executable, "-m", "bench.cluster", *sys.argv[1:]], os.environ | ONE_THREAD)
    save(sys.argv[1])
