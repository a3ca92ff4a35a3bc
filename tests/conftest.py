"""What tests have to say besides passing: lines that are printed at the end of the run."""

import pytest

LINES = pytest.StashKey()


@pytest.fixture(scope="session")
def say(request):
    """A function that puts a line into the summary at the end of the run."""
    return request.config.stash.setdefault(LINES, []).append


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)
