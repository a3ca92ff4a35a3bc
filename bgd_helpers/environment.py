"""Whether this Python has what the course needs, as a text that says what to do if not."""

import sys
from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

FIX = "run the set-up of the README again (make lab, or pip install with the lock file)"


class Report(str):
    """A text that a notebook shows as it is."""

    def __repr__(self):
        return str(self)


def report(requirements: Iterable[str] | None = None) -> Report:
    """One line for Python and for each package the course needs: ✓, or ✗ with what was found and what to do."""
    lines = [_line("Python", SpecifierSet(">=3.11"), ".".join(map(str, sys.version_info[:3])))]
    for wanted in map(Requirement, requirements or _declared()):
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            lines.append(_line(wanted.name, wanted.specifier, _installed(wanted.name)))
    return Report("\n".join(lines))


def _declared():
    """What pyproject.toml declares, by name; an editable installation adds a package of its own."""
    try:
        return sorted(line for line in metadata.requires("bgd-helpers") if not line.startswith("editables"))
    except metadata.PackageNotFoundError:
        return ["bgd-helpers"]


def _installed(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _line(name, bounds, version):
    if version is None:
        return f"✗ {name} is missing: {FIX}"
    if not bounds.contains(version, prereleases=True):
        return f"✗ {name} {version} does not satisfy {bounds}: {FIX}"
    return f"✓ {name} {bounds}".rstrip()
