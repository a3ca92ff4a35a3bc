"""The autograder of Classroom 50 keeps its contract: result.json, in the folder of the learner's repository."""

import json
import re
import runpy
import subprocess
import sys
from contextlib import nullcontext

import pytest
from classes import COURSE, RIGHT, ROOT, asked_for, hand_in

from bgd_course import edition

SCRIPT = ROOT / "bgd_course" / "release_texts" / "autograder.py"
GIVEN = {"CLASSROOM": "cs", "ASSIGNMENT": "descent", "OWNER": "alice", "ASSIGNMENT_TYPE": "individual"}
GIVEN |= {"SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d", "COMMIT_URL": "https://x/commit/1"}
GIVEN |= {"RELEASE_URL": "https://x/releases/tag/1", "REVIEW_URL": ""}
TYPES = {"schema": str, "classroom": str, "assignment": str, "assignment_type": str, "owner": str, "submission": str}
TYPES |= {"commit": str, "release": str, "review": str, "datetime": str, "graded_at": str, "score": int}
TYPES |= {"max-score": int, "tests": list}


UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# The result.json of its documentation, which names these fields and no others.
DOCUMENTED = {
    "schema": "classroom50/result/v1",
    "classroom": "cs-principles",
    "assignment": "hello",
    "assignment_type": "individual",
    "owner": "alice",
    "submission": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "commit": "https://github.com/x/commit/SHA",
    "release": "https://github.com/x/releases/tag/submit%2Fx",
    "review": "https://github.com/x/compare/BASELINE-SHA...SHA",
    "datetime": "2026-06-01T14:32:01Z",
    "graded_at": "2026-06-01T14:33:11Z",
    "score": 4,
    "max-score": 5,
    "tests": [
        {"test-name": "compiles", "passed": True, "score": 4, "max-score": 4},
        {"test-name": "outputs_correct", "passed": False, "score": 0, "max-score": 1},
    ],
}


def check(result):
    """That a result is as Classroom 50 documents it, and as its runner and its collection of scores validate it."""
    assert {name: type(value) for name, value in result.items()} == TYPES
    assert result["submission"].startswith("submit/") and all(
        map(UTC.fullmatch, (result["datetime"], result["graded_at"]))
    )
    assert result["assignment_type"] in ("individual", "group", "team") and 0 <= result["score"] <= result["max-score"]
    assert result["schema"] == "classroom50/result/v1" and result["owner"] == "alice" and result["review"]
    assert result["score"] == sum(test["score"] for test in result["tests"])
    assert result["max-score"] == sum(test["max-score"] for test in result["tests"])
    for test in result["tests"]:
        assert type(test["passed"]) is bool and type(test["score"]) is type(test["max-score"]) is int
        assert test["test-name"] and 0 <= test["score"] <= test["max-score"]


@pytest.mark.parametrize(
    "change", [{}, {"score": 5}, {"submission": "main"}, {"datetime": "2026-06-01"}, {"extra": ""}]
)
def test_the_documented_result_is_as_it_is_documented_and_a_changed_one_is_not(change):
    with pytest.raises(AssertionError) if change else nullcontext():
        check(DOCUMENTED | change)


def test_a_result_is_as_it_is_documented():
    script = runpy.run_path(str(SCRIPT))
    tests = [{"name": "loss", "score": 1, "max_score": 1, "status": "passed", "output": "right"}]
    tests.append({"name": "update", "score": 0, "max_score": 2.0, "status": "failed", "output": "wrong"})
    result = script["result_of"]({"tests": tests}, GIVEN)
    check(result)
    assert (result["score"], result["max-score"]) == (1, 3)


@pytest.mark.slow
def test_a_repository_is_graded_where_it_stands(tmp_path, monkeypatch):
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    edition.deliver(ROOT / "notebooks", tmp_path / "blank")
    here = tmp_path / "cs-descent-alice"
    hand_in(tmp_path / "blank", here / "my-course", {"loss": RIGHT["loss"], "update": "def update(*a):\n    return 7"})
    (here / "lark.py").write_text("raise SystemExit('the learner runs in the grader')")
    (here / "result.json").symlink_to(tmp_path / "kept")
    command = [sys.executable, "-I", str(SCRIPT), "--installed", *asked_for()]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not (here / "result.json").is_symlink() and not (tmp_path / "kept").exists()
    result = json.loads((here / "result.json").read_text())
    check(result)
    assert (result["score"], result["max-score"]) == (1, sum(task.points for task in COURSE.tasks))
    assert "loss" in (here / "release-body.md").read_text()
