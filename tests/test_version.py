"""One version: of the package, of the citation, of what instructors read about the last change."""

import re
from pathlib import Path

import yaml

from bgd_course import cli
from bgd_helpers import __version__

ROOT = Path(__file__).parent.parent
HEADINGS = re.findall(r"(?m)^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def numbers(version):
    """Year, month and number of a version such as 2026.11.0."""
    return tuple(map(int, re.fullmatch(r"(20\d\d)\.([1-9]|1[0-2])\.(\d+)", version).groups()))


def test_the_change_log_begins_with_this_version():
    assert HEADINGS[0] == __version__
    assert list(map(numbers, HEADINGS)) == sorted(set(map(numbers, HEADINGS)), reverse=True)


def test_the_citation_is_of_this_version():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == __version__


def test_the_command_says_it(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"
