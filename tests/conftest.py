"""What tests have to say besides passing: lines that are printed at the end of the run."""

import warnings

import pytest

LINES = pytest.StashKey()


@pytest.fixture(scope="session")
def say(request):
    """A function that puts a line into the summary at the end of the run."""
    return request.config.stash.setdefault(LINES, []).append


@pytest.fixture
def no_warnings():
    """A test in which a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)
