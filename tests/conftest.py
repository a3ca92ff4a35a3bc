"""What tests have to say besides passing: lines that are printed at the end of the run."""

import os
import warnings
from datetime import date

import pytest

from bgd_course import records

LINES = pytest.StashKey()


@pytest.fixture(scope="session")
def say(request):
    """A function that puts a line into the summary at the end of the run."""
    return request.config.stash.setdefault(LINES, []).append


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """A process for each core; in `make test` one more, as some tests wait, for a browser or a sandbox."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + (config.option.markexpr.strip() == "not slow")


@pytest.fixture
def no_warnings():
    """A test in which a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def pytest_sessionfinish(session):
    """Where tests run in parallel, hand the lines of this process to the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["lines"] = session.config.stash.get(LINES, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    lines = getattr(node, "workeroutput", {}).get("lines", [])
    node.config.stash.setdefault(LINES, []).extend(lines)


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)
        records.add("said", line.partition(":")[0], f"{line} ({date.today()})")  # for the site's page of status
