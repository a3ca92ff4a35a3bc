"""The notebooks are source notebooks of nbgrader, and each exercise has its points and its three hints."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from bgd_course.grading import course
from bgd_helpers.checks import DERIVATIONS, EXERCISES, PAGES

ROOT = Path(__file__).parent.parent
COURSE = course.read(ROOT / "notebooks")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WITH_EXERCISES = [path for path in NOTEBOOKS if COURSE.tasks_of(path.name)]


def cells(task):
    """Id to cell, in the notebook of an exercise."""
    notebook = nbformat.read(ROOT / "notebooks" / task.notebook, as_version=4)
    return {cell.id: cell for cell in notebook.cells}


def test_every_exercise_is_asked_once():
    assert sorted(task.exercise for task in COURSE.tasks) == sorted([*EXERCISES, *DERIVATIONS, *PAGES])


@pytest.mark.parametrize("task", COURSE.tasks, ids=lambda task: task.exercise)
def test_an_exercise_has_its_pair_of_cells_and_its_points(task):
    answer, check = (cells(task)[name].metadata["nbgrader"] for name in (task.cell, task.check))
    keys = ("solution", "grade", "locked", "grade_id")
    assert [answer[key] for key in keys] == [True, False, False, task.cell]
    assert [check[key] for key in keys] == [False, True, True, task.check]
    assert task.points == check["points"] > 0 and answer["schema_version"] == check["schema_version"] == 3
    text = "".join(cell.source for cell in cells(task).values() if cell.cell_type == "markdown")
    assert f"{task.points} point{'s' if task.points > 1 else ''}" in text


@pytest.mark.parametrize("task", COURSE.tasks, ids=lambda task: task.exercise)
def test_an_exercise_has_three_hints_that_do_not_tell_it(task):
    names = list(cells(task))
    above = cells(task)[names[names.index(task.cell) - 1]]
    assert above.id.startswith("hints-") and above.cell_type == "markdown"
    summaries = re.findall(r"<summary>(.*?)</summary>", above.source)
    assert [summary.split(":")[0] for summary in summaries] == ["Hint 1", "Hint 2", "Hint 3"]
    assert above.source.count("<details>") == above.source.count("</details>") == 3
    blank = {line.strip() for line in task.blank.splitlines()}
    lines = {line.strip() for line in task.solution.splitlines()} - blank
    assert [line for line in lines if len(line) > 15 and line in above.source] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_nothing_else_is_graded(path):
    notebook = nbformat.read(path, as_version=4)
    marked = [cell.id for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert marked == [name for task in COURSE.tasks_of(path.name) for name in (task.cell, task.check)]


def nbgrader(folder, *words):
    """The finished process of a command of nbgrader on the course in a folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it calls alembic by its name
    environment = os.environ | {"PATH": path, "JUPYTER_CONFIG_DIR": str(folder), "JUPYTER_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "nbgrader", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    """A course of nbgrader with the source notebooks that have exercises, and its released assignment."""
    folder = tmp_path_factory.mktemp("nbgrader")
    (folder / "source" / "bgd").mkdir(parents=True)
    for path in WITH_EXERCISES:
        (folder / "source" / "bgd" / path.name).write_bytes(path.read_bytes())
    done = nbgrader(folder, "generate_assignment", "bgd", f"--CourseDirectory.root={folder}")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_nbgrader_makes_an_assignment_without_solutions_and_hidden_tests(assignment):
    for path in WITH_EXERCISES:
        text = (assignment / "release" / "bgd" / path.name).read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text and "must_be_right" not in text
        blocks = path.read_text(encoding="utf-8").count("### BEGIN SOLUTION")
        assert text.count("YOUR CODE HERE") == blocks >= len(COURSE.tasks_of(path.name))


@pytest.mark.slow
def test_nbgrader_finds_a_source_notebook_valid(assignment):
    done = nbgrader(assignment, "validate", f"source/bgd/{WITH_EXERCISES[0].name}")  # nbval runs the others
    said = done.stdout + done.stderr
    assert done.returncode == 0 and said.count("Success!") == 1, said


@pytest.mark.slow
def test_nbgrader_scores_a_right_a_wrong_and_a_blank_answer(assignment):
    name = WITH_EXERCISES[0].name
    [task] = COURSE.tasks_of(name)
    answers = {"right": course.without(task.solution, course.HIDDEN), "wrong": "def loss(y, y_hat):\n    return 0.0"}
    for learner in ("right", "wrong", "blank"):
        notebook = nbformat.read(assignment / "release" / "bgd" / name, as_version=4)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == task.cell:
                cell.source = answers.get(learner, cell.source)
        handed_in = assignment / "submitted" / learner / "bgd" / name
        handed_in.parent.mkdir(parents=True)
        handed_in.write_text(nbformat.writes(notebook), encoding="utf-8")
    done = nbgrader(assignment, "autograde", "bgd", f"--CourseDirectory.root={assignment}")
    assert (assignment / "autograded" / "right" / "bgd" / name).exists(), done.stderr
    assert scores(assignment / "gradebook.db") == {"right": task.points, "wrong": 0, "blank": 0}


def scores(gradebook):
    """Learner to points, from nbgrader's database."""
    with sqlite3.connect(gradebook) as connection:
        rows = connection.execute(
            "select a.student_id, sum(coalesce(g.manual_score, g.auto_score, 0)) from grade g "
            "join submitted_notebook n on g.notebook_id = n.id "
            "join submitted_assignment a on n.assignment_id = a.id group by a.student_id"
        )
        return dict(rows)
