"""How long a step over a file took on one machine: measured by `python -m bench.cluster`, kept with the data."""

import csv
from typing import NamedTuple

import numpy as np

from bgd_helpers.data import FOLDER


class Steps(NamedTuple):
    """Measured milliseconds of a step of BGD over a file of N examples: in one process, two threads, two workers."""

    model: str
    N: np.ndarray
    one_process: np.ndarray
    two_threads: np.ndarray
    two_workers: np.ndarray


def load_steps() -> tuple[str, list[Steps]]:
    """The machine on which `python -m bench.cluster` was run, and a Steps for each model."""
    with open(FOLDER / "cluster_steps.csv", newline="", encoding="utf-8") as file:
        machine = next(file).removeprefix("# ").strip()
        rows = list(csv.DictReader(file))
    models = dict.fromkeys(row["model"] for row in rows)
    return machine, [_steps_of(model, [row for row in rows if row["model"] == model]) for model in models]


def _steps_of(model: str, rows: list[dict[str, str]]) -> Steps:
    ways = ("one_process_ms", "two_threads_ms", "two_workers_ms")
    columns = (np.array([float(row[way]) for row in rows]) for way in ways)
    return Steps(model, np.array([int(row["N"]) for row in rows]), *columns)
