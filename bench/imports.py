"""What importing the package costs beyond NumPy: wall-clock time in fresh processes."""

import subprocess
import sys
from statistics import median

ROOMS = "data, descent, gradcheck, network, slips, theory"
PROGRAM = f"""
from time import perf_counter
start = perf_counter()
import numpy
middle = perf_counter()
import bgd_helpers
door = perf_counter()
from bgd_helpers import {ROOMS}
print(middle - start, door - middle, perf_counter() - middle)
"""


def once():
    found = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True).stdout
    return [1e3 * float(seconds) for seconds in found.split()]


def report(quick):
    once()  # compiles what is not compiled yet
    numpy_ms, door_ms, ours_ms = (median(column) for column in zip(*(once() for _ in range(5 if quick else 15))))
    print(f"\nImport of bgd_helpers: {door_ms:.1f} ms beyond NumPy's own {numpy_ms:.0f} ms")
    print(f"Import of {ROOMS}: {ours_ms:.0f} ms beyond NumPy's own {numpy_ms:.0f} ms")
