"""A class in mixed oddities, graded whole: each score is traced to the very file that it comes from."""

import csv
import json
import tempfile

import attacks
import nbformat
import pytest
from attacks import UPDATE, WRONG
from classes import level
from nbformat.v4 import new_code_cell
from test_attempts import STEP, STEPS, before_each
from test_collect import CELL, CHECK, DATA, EXERCISE, changed, no_ids, put, remove, write
from test_learners import archive

from bgd_course.grading import classroom, submissions

SLOW = pytest.mark.slow
MODULE = "%%writefile own_steps.py\ndef step(eta, gradient):\n    return eta * gradient"
IMPORTED = "import own_steps\ndef update(theta, gradient, eta):\n    return theta - own_steps.step(eta, gradient)"
FIGURE = "figure, axes = bgd.sgd_figure()\nbgd.descend?\nimport inspect\nprint(len(inspect.getsource(bgd.descend)))"
QUICK = "net = bgd.handout.integer_net()\nprint(net.X[0], X.shape)"
LOUD = [
    write(EXERCISE, UPDATE),
    lambda notebook: notebook.cells[0].update(outputs=[attacks.new_output("stream", text="x" * 55_000_000)]),
]


LOOPS = f"{STEP}\ndef loss(y, y_hat):\n    while True:\n        pass"


def text(*changes):
    return json.dumps(changed(*changes))


# Learner to files with their texts, the score of six, and the file of the answer to `update`.
CLASS = {
    "ada": ({"01.ipynb": text()}, 6, "01.ipynb"),
    "bob": ({"01.ipynb": text(write(EXERCISE, WRONG))}, 4, "01.ipynb"),
    "team_ada": ({"01.ipynb": text(write(EXERCISE, WRONG), write("exercise-loss", WRONG))}, 3, "01.ipynb"),
    "index": ({"01.ipynb": text(remove(EXERCISE))}, 4, "01.ipynb"),
    "山田\u3000太郎": ({"01.ipynb": text()}, 6, "01.ipynb"),
    "zoe\u0301": ({"submission_1/01.ipynb": text()}, 6, "01.ipynb"),
    "yan": ({"submission_1/01.ipynb": text(write(EXERCISE, WRONG))}, 4, "01.ipynb"),
    "corrected": ({"a.ipynb": text(write(EXERCISE, WRONG), put(EXERCISE, UPDATE, 1))}, 6, "a.ipynb"),
    "merged": ({"a.ipynb": text(write(EXERCISE, f"{UPDATE}\n\n{CHECK}"), remove(CELL))}, 6, "a.ipynb"),
    "timed": ({"a.ipynb": text(write(EXERCISE, f"%%time\n{UPDATE}"), no_ids)}, 6, "a.ipynb"),
    "module": ({"a.ipynb": text(put(EXERCISE, MODULE), write(EXERCISE, IMPORTED))}, 6, "a.ipynb"),
    "figure": ({"a.ipynb": text(write(EXERCISE, f"{FIGURE}\n{UPDATE}"))}, 6, "a.ipynb"),
    "data": ({"a.ipynb": text(write(EXERCISE, f"{QUICK}\n{UPDATE}"))}, 6, "a.ipynb"),
    "loud": ({"a.ipynb": text(*LOUD)}, 6, "a.ipynb"),
    "wide": ({"a.ipynb": text().encode("utf-16")}, 6, "a.ipynb"),
    "scratch": ({"1.ipynb": text(write(EXERCISE, WRONG)), "2.ipynb": "SCRATCH"}, 6, "2.ipynb"),
    "helper": ({"a.ipynb": text(write(EXERCISE, f"{STEP}\n{WRONG}"), put(EXERCISE, STEPS, 1))}, 6, "a.ipynb"),
    "loops": ({"a.ipynb": text(write("exercise-loss", LOOPS), write(EXERCISE, STEPS))}, 5, "a.ipynb"),
    "slow": (
        {"a.ipynb": text(before_each("import time\ntime.sleep(100)", STEP), write(EXERCISE, STEPS))},
        6,
        "a.ipynb",
    ),
    "beside": ({"a.ipynb": text(), "b.ipynb.txt": "x"}, 6, "a.ipynb"),
    "text": ({"a.ipynb.txt": text()}, 0, ""),
    "torn": ({"a.ipynb": text()[:400]}, 0, ""),
}
PACKED = {"zipped.zip": (6, "01.ipynb"), "tarred.tar.gz": (6, "01.ipynb")}
STATES = {"beside": "in part", "text": "no", "torn": "no", "empty": "nothing handed in", "linked": "no"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Learner to result, and to row of scores.csv."""
    folder = tmp_path_factory.mktemp("mixed")
    notebook = attacks.course()
    notebook.cells.insert(1, new_code_cell(DATA, id="data"))
    (folder / "course").mkdir()
    (folder / "course" / "three.ipynb").write_text(nbformat.writes(notebook))
    scratch = json.dumps({**attacks.course(), "cells": [new_code_cell(UPDATE, id="draft")]})
    for learner, (files, _, _) in CLASS.items():
        for name, content in files.items():
            path = folder / "class" / learner / name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = scratch if content == "SCRATCH" else content
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    data = json.loads((folder / "class" / "data" / "a.ipynb").read_text())
    data["cells"].insert(1, new_code_cell(DATA, id="data"))
    (folder / "class" / "data" / "a.ipynb").write_text(json.dumps(data))
    for name in PACKED:
        archive(folder / "class" / name, {"x/01.ipynb": text(), "__MACOSX/x/._01.ipynb": "x"})
    (folder / "class" / "empty").mkdir()
    (folder / "class" / "linked").symlink_to(folder / "class" / "ada")
    plan = classroom.Plan(folder / "course", folder / "out", level(), "a salt", 2, 4)
    long = folder / ("a temporary folder, so long that no socket can have its name in it " * 3)
    long.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(long))
        patch.setattr(tempfile, "tempdir", None)
        results = classroom.grade(submissions.find(folder / "class"), plan)
    with open(folder / "out" / "scores.csv", newline="", encoding="utf-8") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    return {result.learner: result for result in results}, rows


@SLOW
def test_each_score_is_that_of_the_very_file(graded):
    results, rows = graded
    expected = {learner: (score, file) for learner, (_, score, file) in CLASS.items()}
    expected |= {name.partition(".")[0]: found for name, found in PACKED.items()} | dict.fromkeys(
        ("empty", "linked"), (0, "")
    )
    found = {learner: (int(rows[learner]["score"]), result.exercises[1].file) for learner, result in results.items()}
    assert found == expected, {learner: result.exercises[1].text for learner, result in results.items()}


@SLOW
def test_everybody_has_a_row_that_says_whether_all_was_graded(graded):
    _, rows = graded
    assert {learner: row["graded"] for learner, row in rows.items()} == {
        learner: STATES.get(learner, "yes") for learner in rows
    }
    assert len(rows) == len(CLASS) + len(PACKED) + 2
