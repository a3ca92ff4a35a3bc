"""The page of status: which notebook ran when, how long and with what, and what the tests have counted."""

import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import bgd_helpers
from bgd_course import records
from bgd_course.grading import course
from bgd_course.site import pyodide
from bgd_helpers.checks import EXERCISES
from bgd_helpers.slips import of_exercise

PACKAGES = ("numpy", "matplotlib", "ipython", "ipywidgets", "lark")
NOTHING = "–"
UNTRIED = """–: not run where this page was made (Actions runs nothing). To fill the table on one's own
machine: `make test`, `BGD_PYODIDE=pypi .venv/bin/python -m pytest -n 0 -m slow --every-notebook
tests/test_workbook.py`, and `make site` again."""


def page(root: Path) -> str:
    """The page in Markdown."""
    found = records.read()
    parts = [
        f"# Status\n\nVersion {bgd_helpers.__version__} of the course.",
        "## Versions\n\n" + table(("what", "on a machine of one's own", "in the browser"), versions()),
        "## Notebooks\n\nWhen each ran last where this page was made, in how many seconds beside what else ran there, "
        "and of each explorer with a slider: how long a move took (the median), and the pictures a second of a drag.",
        table(("notebook", "natively", "in the browser", "moves in the book", "in the workbook"), runs(root, found)),
        UNTRIED,
        "## Exercises\n\nThe known mistakes that each check names; the tests make each of them.",
        table(("exercise", "points", "known mistakes"), exercises(root)),
        "## What the tests counted\n\n" + said(found.get("said", {})),
    ]
    return "\n\n".join(parts) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def versions() -> list[tuple[str, str, str]]:
    """What the outputs were made with, and what the workbook has."""
    official = pyodide.official()
    wheels = {pyodide.canonical(path): path.name.split("-")[1] for path in pyodide.pure()}
    browser = wheels | {name: official["packages"][name]["version"] for name in pyodide.COMPILED}
    rows = [("Python", platform.python_version(), f"{official['info']['python']} (Pyodide {pyodide.VERSION})")]
    return rows + [(name, metadata.version(name), browser[name]) for name in PACKAGES]


def runs(root: Path, found: dict[str, dict[str, Any]]) -> Iterable[tuple[str, ...]]:
    """A row for each notebook."""
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        told = [_run(found.get(kind, {}).get(path.name), records.code(path)) for kind in ("native", "browser")]
        moves = [found.get(place, {}).get(path.name, []) for place in ("book", "workbook")]
        yield path.stem, *told, *("; ".join(f"{ms:.0f} ms, {n}/s" for ms, n in some) or NOTHING for some in moves)


def _run(run, now):
    if not run:
        return NOTHING
    return f"{run['day']}: {run['seconds']:.0f} s" + ("" if run.get("of") == now else ", before its code changed")


def exercises(root: Path) -> Iterable[tuple[str, str, str]]:
    """A row for each exercise that the notebooks ask for."""
    for task in course.read(root / "notebooks").tasks:
        mistakes = str(len(of_exercise(task.exercise))) if task.exercise in EXERCISES else NOTHING
        yield f"`{task.exercise}`", f"{task.points:g}", mistakes


def said(lines: dict[str, str]) -> str:
    """The lines that the tests have printed here, as a list."""
    return "\n".join(f"- {line}" for line in lines.values()) or "Nothing yet where this page was made: `make test-all`."
