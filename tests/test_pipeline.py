"""A handful of submissions through all of grading, behind each kind of walls: cheats, faults and honest work."""

import os
import socket

import attacks
import nbformat
import pytest
from classes import ROOT, need

from bgd_course.grading import classroom, submissions

CHEATS = ["calls the package", "calls it by the front door", "comparison replaced", "message forged", "another program"]
FAULTS = ["exit at once", "a loop that swallows interrupts", "its inputs changed", "np is None"]
VARIETY = ["as it is", "plots", "pictures by the front door", "a helper of its own"]
CELL_SECONDS = 8  # a busy machine needs some; the loop takes all of them
SPY = """
import os, socket
seen = [os.environ.get("BGD_SECRET"), os.path.exists(f"/proc/{PROCESS}/status") and PROCESS]
for path in PATHS:
    try:
        seen.append(open(path).read()[:5])
    except OSError:
        pass
try:
    seen.append(socket.create_connection(("127.0.0.1", PORT), 1))
except OSError:
    pass
raise ValueError(f"{[one for one in seen if one]}")"""


def spy(secret, port):
    """An answer that tells what it can see of this machine."""
    paths = [str(secret), str(ROOT / "README.md"), "/etc/passwd", f"/proc/{os.getpid()}/environ"]
    return attacks.inside(f"PATHS, PORT, PROCESS = {paths!r}, {port}, {os.getpid()}{SPY}")


@pytest.fixture(scope="module", params=["bubblewrap", "landlock"])
def graded(request, tmp_path_factory):
    """What was found by learner, exercise to row; the submissions that were graded; the folder of the reports."""
    need(request.param)
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "secret").write_text("secret")
    answers = {name: attacks.CHEATS[name] for name in CHEATS} | {name: attacks.FAULTS[name][0] for name in FAULTS}
    answers |= {name: attacks.VARIETY[name] for name in VARIETY} | {"wrong": attacks.WRONG}
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BGD_SECRET", "secret")
        answers["spy"] = spy(folder / "secret", server.getsockname()[1])
        files = {name: attacks.as_text(attacks.submission(source)) for name, source in answers.items()}
        for name, text in (files | {"broken": "{"}).items():
            (folder / "class" / name).mkdir(parents=True)
            (folder / "class" / name / "work.ipynb").write_text(text, encoding="utf-8")
        (folder / "course").mkdir()
        (folder / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()), encoding="utf-8")
        plan = classroom.Plan(folder / "course", folder / "out", request.param, "a salt", 2, CELL_SECONDS)
        results = classroom.grade(submissions.find(folder / "class"), plan)
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    found = {result["learner"]: {row["exercise"]: row for row in result["exercises"]} for result in results}
    return found, {result["learner"] for result in results if result["graded"]}, folder / "out"


def outcomes(graded, name):
    return {exercise: row["outcome"] for exercise, row in graded[0][name].items()}


@pytest.mark.parametrize("name", [*CHEATS, "wrong"])
def test_a_cheat_gains_nothing(graded, name):
    found = outcomes(graded, name)
    assert found.pop("update") == "wrong" and set(found.values()) == {"right"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_its_exercise_only(graded, name):
    found = outcomes(graded, name)
    assert found.pop("update") in attacks.FAULTS[name][1] and set(found.values()) == {"right"}


@pytest.mark.parametrize("name", VARIETY)
def test_unusual_honest_work_scores_in_full(graded, name):
    assert [(row["outcome"], row["score"]) for row in graded[0][name].values()] == [
        ("right", 1),
        ("right", 2),
        ("right", 3),
    ]


def test_an_answer_sees_nothing_of_this_machine(graded):
    assert graded[0]["spy"]["update"]["text"].endswith("ValueError: [].")


def test_what_is_no_notebook_is_not_graded_and_has_its_row(graded):
    found, done, out = graded
    assert set(found) - done == {"broken"}
    rows = [line.split(",")[0] for line in (out / "scores.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert sorted(rows) == sorted(found)
    assert len(list((out / "feedback").glob("*.html"))) == len(found) + ("index.html" in os.listdir(out / "feedback"))
