"""What the README promises: its links lead somewhere, and its minutes are counted from the notebooks."""

import re
import subprocess
from pathlib import Path

import nbformat
import pytest

from bgd_course.grading import course
from bgd_helpers.checks.derive import ANSWERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WITHOUT_LINKS = [ROOT / "CONTRIBUTING.md", ROOT / "INSTRUCTORS.md"]
LONGEST = 90  # minutes that one sits
WORDS_A_MINUTE, LINES_A_MINUTE, MINUTES_AN_EXERCISE = 150, 4, 8


def minutes(notebook):
    """Reading at 150 words a minute, a minute for four lines of code, eight for each exercise; to the next 5."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    words = sum(len(text.split()) for text in texts)
    exercises = sum("### BEGIN SOLUTION" in code for code in codes)
    lines = sum(len(code.splitlines()) for code in codes)
    total = words / WORDS_A_MINUTE + lines / LINES_A_MINUTE + MINUTES_AN_EXERCISE * exercises
    return 5 * round(total / 5)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_the_minutes_are_those_of_the_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    row = next(line for line in README.splitlines() if path.name in line)
    assert int(row.split("|")[3]) == minutes(notebook)
    assert f"**Time** about {minutes(notebook)} minutes" in notebook.cells[0].source
    assert minutes(notebook) <= LONGEST


def test_the_count_of_minutes():
    markdown = nbformat.v4.new_markdown_cell("word " * 1500)
    code = nbformat.v4.new_code_cell("x = 1\n" * 6 + "### BEGIN SOLUTION\n### END SOLUTION")
    assert minutes(nbformat.v4.new_notebook(cells=[markdown])) == 10
    assert minutes(nbformat.v4.new_notebook(cells=[markdown, code])) == 20


@pytest.mark.parametrize("path", [ROOT / "README.md", *WITHOUT_LINKS, *NOTEBOOKS], ids=lambda path: path.name)
def test_every_link_inside_the_course_leads_somewhere(path):
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in targets if not (path.parent / target).exists()] == []
    assert targets or path in WITHOUT_LINKS


def test_every_notebook_is_in_the_course_map():
    assert len(NOTEBOOKS) == 11
    assert all(f"(notebooks/{path.name})" in README for path in NOTEBOOKS)


def test_the_points_that_can_be_copied_are_counted_from_the_course():
    text = " ".join((ROOT / "INSTRUCTORS.md").read_text(encoding="utf-8").split())
    points = {task.exercise: task.points for task in course.read(ROOT / "notebooks").tasks}
    derived = {name: points[name] for name in ANSWERS}
    shown = re.findall(r'bgd\.order\(\\"(.+?)\\"\)', "".join(path.read_text(encoding="utf-8") for path in NOTEBOOKS))
    assert f"nine derivations ({sum(derived.values())} of {sum(points.values())} points) can be copied" in text
    assert sorted(shown) == sorted(derived) and len(derived) == 9


def test_make_grade_hands_its_options_on(tmp_path):
    said = ["SUBMISSIONS=a b", "OUTPUT=o p", "ROSTER=r.csv", "PLAN=--plan", "ARGS=--bom --again"]
    done = subprocess.run(["make", "-n", "grade", *said], cwd=ROOT, capture_output=True, text=True)
    assert 'grade "a b" --output "o p" ' in done.stdout and '--roster "r.csv" --plan --bom --again' in done.stdout
