"""The test run and its summary: the package's tests, and each notebook's outputs, in parallel."""

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

OUTCOMES = ("passed", "failed", "skipped")
CELL_TIMEOUT = 180  # seconds
MOST_PROCESSES = 4


@dataclass
class Row:
    """One line of the summary: what was counted, how long it took, what failed first."""

    counts: Counter = field(default_factory=Counter)
    seconds: float = 0.0
    first_failure: str = ""

    @property
    def total(self):
        return sum(self.counts.values())


class Tally:
    """A pytest plugin that counts outcomes: a row for the package's tests, a row for each notebook."""

    def __init__(self, notebooks):
        self.rows = {"tests": Row(), **{path.name: Row() for path in notebooks}}

    def row_of(self, nodeid):
        """The row that a test belongs to."""
        return self.rows.get(Path(nodeid.split("::")[0]).name, self.rows["tests"])

    def pytest_collectreport(self, report):
        if report.failed:
            self.count(report.nodeid, "failed")

    def pytest_runtest_logreport(self, report):
        self.row_of(report.nodeid).seconds += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.count(report.nodeid, report.outcome, dict(report.user_properties).get("cell"))

    def count(self, nodeid, outcome, cell=None):
        """Add one outcome to the row of `nodeid`; remember the first failure, and the cell if it is one's."""
        row = self.row_of(nodeid)
        row.counts[outcome] += 1
        if outcome == "failed" and not row.first_failure:
            row.first_failure = f"cell {cell}" if cell else nodeid

    def empty(self):
        """The names of the rows in which nothing was counted."""
        return [name for name, row in self.rows.items() if row.total == 0]

    def counts(self):
        """The outcomes of all rows together."""
        return sum((row.counts for row in self.rows.values()), Counter())


def run(root, quick=False, extra=()):
    """The exit code of the tests of the checkout at `root`; their summary is printed at the end.

    `quick` leaves out the tests marked slow and all notebooks but the first; `extra` goes to pytest.
    """
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    tally = Tally(notebooks[:1] if quick else notebooks)
    start = time.perf_counter()
    code = pytest.main(arguments(root, notebooks, quick, extra), plugins=[tally])
    print(summary(tally, time.perf_counter() - start), flush=True)
    return verdict(int(code), tally)


def arguments(root, notebooks, quick, extra):
    """The command line of pytest: outputs are compared, in a kernel of this environment."""
    chosen = ["-m", "not slow", *map(str, notebooks[:1])] if quick else map(str, notebooks)
    return [
        f"--rootdir={root}",
        "--nbval",
        "--nbval-current-env",
        f"--nbval-cell-timeout={CELL_TIMEOUT}",
        *("-p", "bgd_helpers.cellids", f"--numprocesses={min(os.cpu_count() or 1, MOST_PROCESSES)}"),
        *("--dist=loadfile", "--no-loadscope-reorder"),  # in this order the longest files are among the first
        *extra,
        str(root / "tests"),
        *chosen,
    ]


def verdict(code, tally):
    """pytest's exit code, or 1 where it is 0 but something failed or a row of the summary is empty."""
    incomplete = tally.empty() or len(tally.rows) < 2 or tally.counts()["failed"]
    return code or int(bool(incomplete))


def summary(tally, seconds):
    """The table, what failed first and what to do, and the line of totals."""
    total = tally.counts()
    lines = ["", *table(tally), f"{seconds:.0f} s in all", "", *advice(tally)]
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    return "\n".join([*lines, f"{total['passed']} passed, {total['failed']} failed{skipped}"])


def table(tally):
    """The lines of the table, a line a row."""
    width = max(map(len, tally.rows))
    yield " " * width + "".join(f"{heading:>8}" for heading in (*OUTCOMES, "seconds"))
    for name, row in tally.rows.items():
        yield f"{name:{width}}" + "".join(f"{row.counts[key]:8}" for key in OUTCOMES) + f"{row.seconds:8.1f}"


def advice(tally):
    """A line for each row that has a failure or is empty, and how to go on."""
    failures = {name: row.first_failure for name, row in tally.rows.items() if row.first_failure}
    for name, where in failures.items():
        yield f"{name}: the first failure is {where}"
    if set(failures) - {"tests"}:
        yield "If a notebook's new outputs are right, save them: make notebooks (python -m bgd_helpers notebooks)"
    for name in tally.empty():
        yield f"{name}: nothing was run"
    if len(tally.rows) < 2:
        yield "No notebook was found in notebooks/"
