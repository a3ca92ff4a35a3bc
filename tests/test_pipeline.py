"""A handful of submissions through all of grading, behind each kind of walls: cheats, faults and honest work."""

import os
import socket

import attacks
import nbformat
import pytest
from classes import ROOT, lacking, need

from bgd_course.grading import classroom, sandbox, submissions

CHEATS = ["calls the package", "calls it by the front door", "comparison replaced", "message forged", "another program"]
HONEST = ["as it is", "plots", "pictures by the front door", "a helper of its own"]
LOOP = "import time\nwhile True:\n    time.sleep(1)"
CELL_SECONDS = 8  # a busy machine needs some; the loop takes all of them
OF_THE_WALLS = ("another program", "exits", "spy", "as it is")  # enough where stronger walls have all of them
SPY = """
import os, socket
seen = [os.environ.get("BGD_SECRET")]
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
    return attacks.inside(f"PATHS, PORT = {paths!r}, {port}{SPY}")


def class_of(secret, port):
    """Learner to what is handed in, as text."""
    updates = {name: attacks.CHEATS[name] for name in CHEATS} | {name: attacks.VARIETY[name] for name in HONEST}
    updates |= {"wrong": attacks.WRONG, "exits": attacks.FAULTS["exit at once"][0], "spy": spy(secret, port)}
    handed_in = {name: attacks.as_text(attacks.submission(source)) for name, source in updates.items()}
    return handed_in | {"loops": attacks.as_text(attacks.submission(loss=LOOP)), "broken": "{"}


# The weaker wall waits for the full tier where the stronger one is there.
WEAKER = [pytest.mark.slow] * (sandbox.level() == "bubblewrap")


@pytest.fixture(scope="module", params=["bubblewrap", pytest.param("landlock", marks=WEAKER)])
def graded(request, tmp_path_factory):
    """Learner to the outcomes of the three exercises; learner to result; the folder of the reports."""
    need(request.param)
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "secret").write_text("secret")
    (folder / "course").mkdir()
    (folder / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("BGD_SECRET", "secret")
        handed_in = class_of(folder / "secret", server.getsockname()[1])
        for name in OF_THE_WALLS if request.param == "landlock" and not lacking("bubblewrap") else handed_in:
            (folder / "class" / name).mkdir(parents=True)
            (folder / "class" / name / "work.ipynb").write_text(handed_in[name], encoding="utf-8")
        plan = classroom.Plan(folder / "course", folder / "out", request.param, "a salt", 1, CELL_SECONDS)
        results = {one.learner: one for one in classroom.grade(submissions.find(folder / "class"), plan)}
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
    found = {name: [row.outcome for row in result.exercises] for name, result in results.items()}
    return found, results, folder / "out"


def test_a_cheat_gains_nothing(graded):
    found = {name: outcomes for name, outcomes in graded[0].items() if name in (*CHEATS, "wrong")}
    allowed = [["right", "wrong", "right"], ["right", "stopped", "right"]]
    assert found and all(outcomes in allowed for outcomes in found.values()), found


def test_honest_work_scores_in_full(graded):
    found = {name: [row.score for row in graded[1][name].exercises] for name in graded[0] if name in HONEST}
    assert found and found == dict.fromkeys(found, [1, 2, 3])


def test_what_ends_or_never_ends_costs_its_exercise_only(graded):
    assert graded[0]["exits"] == ["right", "stopped", "right"]
    assert graded[0].get("loops", ["stopped", "right", "right"]) == ["stopped", "right", "right"]


def test_an_answer_sees_nothing_of_this_machine(graded):
    assert graded[1]["spy"].exercises[1].text.startswith("it raises ValueError: [] (")


def test_everybody_has_a_row_and_a_page(graded):
    found, results, out = graded
    assert {name for name in found if not results[name].graded} == {"broken"} & set(found)
    rows = (out / "scores.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert sorted(row.split(",")[0] for row in rows) == sorted(found)
    assert len(list((out / "feedback").glob("*.md"))) == len(found)
