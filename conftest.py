"""Every run of the tests: the order of the files, the names of notebooks' cells, and what could not be tried."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

# What takes longest comes first: two processes then end at about the same time. What uses two by itself comes last.
FIRST = (
    "test_attacks.py",
    "test_browser.py",
    "04b-guarantees-and-verdicts.ipynb",
    "04-sgd-against-bgd.ipynb",
    "03d-wrong-gradients.ipynb",
    "03e-wrong-lines-and-digits.ipynb",
    "05-beyond-one-machine.ipynb",
    "test_grading.py",
    "test_remote.py",
    "test_nbgrader.py",
    "test_pipeline.py",
    "test_explorer_comparison.py",
    "test_equations_equivalent.py",
    "test_explorer_break_it.py",
    "test_exercises.py",
)
LAST = ("test_bare.py",)


ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

SETTINGS = (
    "MPLCONFIGDIR",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "XDG_STATE_HOME",
)


def pytest_addoption(parser):
    parser.addoption("--every-notebook", action="store_true", help="run each notebook in the workbook: minutes")


def pytest_configure(config):
    """Give this run, and every process that it starts, one thread each for sums, as the processes share the cores, and
    folders of settings of its own: none of its user's, and none that cannot be written."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes import the same: it is compiled once
    settings = config.rootpath / ".pytest_cache" / "settings"
    for name in SETTINGS:
        folder = settings / name.lower()
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[name] = str(folder)
    if not list((settings / "mplconfigdir").glob("fontlist-*.json")):  # made later, it would be told in a cell
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=True, stderr=subprocess.DEVNULL)


class Notebook(IPyNbFile):
    """A notebook; the tests of its cells have the cells' ids as their names."""

    def collect(self):
        for test in super().collect():
            cell = {"cell_num": test.cell_num, "cell": test.cell, "options": test.options}
            yield IPyNbCell.from_parent(self, name=test.cell.get("id", test.name), **cell)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    found = yield
    return [Notebook.from_parent(parent, path=file_path) if isinstance(one, IPyNbFile) else one for one in found]


def pytest_collection_modifyitems(items):
    """Put the files into their order."""
    ranks = {name: rank for rank, name in enumerate(FIRST)} | dict.fromkeys(LAST, len(FIRST) + 1)
    items.sort(key=lambda item: ranks.get(item.path.name, len(FIRST)))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    """A line for each reason for which tests were left out: what was not tried, and the command that brings it."""
    reasons = Counter(map(reason_of, terminalreporter.stats.get("skipped", [])))
    for reason, count in reasons.items():
        what, _, remedy = reason.partition(". ")
        tests = "1 test" if count == 1 else f"{count} tests"
        terminalreporter.write_line(f"not tried: {what} ({tests}). {remedy}".rstrip())


def reason_of(report):
    """Why a test was skipped: "what. The command that brings it"."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")
