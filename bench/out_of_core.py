"""The gradient over a file: its speed as a share of what plain reading of the same file reaches, and its memory.

Each contender runs in a process of its own; a plain reading, of the same file in the same process, goes before and
after each of its runs. Wall-clock times. Cold means that the system has dropped the file from its memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from bench.gradient import most_memory
from bgd_helpers import theory
from bgd_helpers.scale import shards

INPUTS = 20
COLUMNS = INPUTS + 1
LEAVE = 10e9  # bytes of the disk that stay free
BLOCK = 2**20


def parameters():
    return np.full((INPUTS, 1), 0.5)


def linear(path):
    return shards.gradient_over(theory.linear_gradient, parameters(), shards.shards_of(path, 1)[0])


def whole_array(path):
    """What one would write first: the file as one mapped array, in its own float32."""
    table = np.load(path, mmap_mode="r")
    return theory.linear_gradient(parameters().astype(np.float32), table[:, :-1], table[:, -1:])


def conversion(path):
    """The rows as float64 and nothing else: what a gradient at no cost would leave."""
    for _ in shards.rows_of(shards.shards_of(path, 1)[0]):
        pass


RUNS = {
    "ours": linear,
    "rows alone": conversion,
    "one float32 array": whole_array,
}


def read(path):
    """Plain sequential reading into one block of memory."""
    block = bytearray(BLOCK)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(block):
            pass


def seconds(run, path, cold):
    if cold:
        drop(path)
    start = perf_counter()
    run(path)
    return perf_counter() - start


def drop(path, attempts=3):
    """Have the system drop the file from its memory; whether it can."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for _ in range(attempts):  # a page that is in use at the moment stays
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if share_in_memory(path) < 0.05:
            return True
    return False


def share_in_memory(path, places=256):
    """The share of the file that is in the system's memory, from looking at places of it; 1 if it cannot be told."""
    if not hasattr(os, "RWF_NOWAIT"):
        return 1
    with open(path, "rb") as file:
        size = path.stat().st_size
        return sum(_is_in_memory(file.fileno(), place * size // places) for place in range(places)) / places


def _is_in_memory(file, offset):
    try:
        return bool(os.preadv(file, [bytearray(1)], offset, os.RWF_NOWAIT))
    except BlockingIOError:
        return False
    except OSError:  # the file system does not say
        return True


def shares(run, path, rounds, cold):
    """Speed as a share of reading's, and reading's in bytes a second, of each round."""
    size, found = path.stat().st_size, []
    before = seconds(read, path, cold)
    for _ in range(rounds):
        taken, after = seconds(run, path, cold), seconds(read, path, cold)
        found.append(((before + after) / 2 / taken, 2 * size / (before + after)))
        before = after
    return found


def contend(name, path, rounds):
    """One contender in its own process: prints memory and shares, warm and cold, as JSON."""
    run, few = RUNS[name], path.with_name("few.npy")
    run(few)
    before = most_memory()
    run(path)
    memory = most_memory() - before
    read(path)
    warm = shares(run, path, rounds, cold=False)
    cold = shares(run, path, rounds, cold=True) if drop(path) else []
    print(json.dumps({"memory": memory, "warm": warm, "cold": cold}))


def ask(name, path, rounds):
    command = [sys.executable, "-m", "bench.out_of_core", name, str(path), str(rounds)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def make(path, N):
    return shards.generate(path, N, lambda rng, rows: shards.regression_rows(rng, rows, parameters()), leave=LEAVE)


def error(path):
    """How far the gradient of some rows, and of them in float32 as one array, is from that in memory as float64."""
    table = np.load(path).astype(float)
    expected = theory.linear_gradient(parameters(), table[:, :-1], table[:, -1:])
    return [np.abs(run(path) - expected).max() / np.abs(expected).max() for run in (linear, whole_array)]


def report(quick, gigabytes=None):
    """Two lines a contender: share of the reading speed, warm and cold, and memory."""
    N = int((gigabytes or (0.3 if quick else 4)) * 1e9 / (4 * COLUMNS))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "data.npy"
        try:
            make(path, N)
        except OSError as reason:
            print(f"\nOut of core is left out: {reason}")
            return
        some = make(path.with_name("some.npy"), 500_000)
        make(path.with_name("few.npy"), 2 * shards.ROWS)
        print(f"\nThe gradient over a file of {path.stat().st_size / 1e9:.1f} GB, {N:,} rows of {COLUMNS} float32")
        print(
            "of 500,000 rows it differs from that in memory by {:.0e}; as one float32 array {:.0e}".format(*error(some))
        )
        print(f"{'':20}{'':6}{'of reading':>11}{'(least-most)':>14}{'reading':>12}{'memory':>11}")
        for name in RUNS:
            show(name, ask(name, path, 2 if quick else 3))


def show(name, answer):
    for state in ("warm", "cold"):
        if not answer[state]:
            print(f"{name:20}{state:6} is left out: the file could not be dropped from memory")
            continue
        share, speed = zip(*answer[state])
        spread = f"({min(share):.0%}-{max(share):.0%})"
        line = f"{name:20}{state:6}{median(share):11.0%}{spread:>14}{median(speed) / 1e9:7.1f} GB/s"
        print(f"{line}{answer['memory']:8.0f} MB", flush=True)


if __name__ == "__main__":
    contend(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
