"""Grading as an instructor does it: a class of submissions made from a release, the command, what fails."""

import io
import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import attacks
import nbformat
import pytest
import slip_sources
from classes import COURSE, RIGHT, ROOT, asked_for, hand_in, level

from bgd_course import cli, release
from bgd_course.grading import classroom, report, sandbox, seal, submissions
from bgd_course.grading.results import Result
from bgd_helpers import __version__

FULL = sum(task.points for task in COURSE.tasks)


def class_of_slips():
    """Learner to answers: one all right, one blank, and the others with a slip in every exercise that has one more."""
    wrong = slip_sources.with_batches()
    learners = {"right": RIGHT, "blank": {}}
    for number in range(38):
        learners[f"slips-{number:02}"] = {
            exercise: found[number][1] for exercise, found in wrong.items() if number < len(found)
        }
    return learners, wrong


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The results by learner of the class of 40, and the folder."""
    folder = tmp_path_factory.mktemp("grading")
    release.write(ROOT, folder / "release")
    learners, _ = class_of_slips()
    for name, answers in learners.items():
        hand_in(folder / "release" / "notebooks", folder / "class" / name, answers)
    plan = classroom.Plan(ROOT / "notebooks", folder / "out", level(), classroom.salt_of(folder / "out"))
    results = classroom.grade(submissions.find(folder / "class"), plan)
    return {result.learner: result for result in results}, folder


@pytest.mark.slow
def test_right_and_blank_score_as_they_should(graded):
    assert len(graded[0]) == 40
    assert report.total(graded[0]["right"]) == (FULL, FULL) and report.total(graded[0]["blank"]) == (0, FULL)
    assert {row.outcome for row in graded[0]["blank"].exercises} == {"not attempted"}


@pytest.mark.slow
def test_every_slip_scores_nothing_and_is_named_in_the_feedback(graded, say):
    results, folder = graded
    _, wrong = class_of_slips()
    named = 0
    for number in range(38):
        learner = f"slips-{number:02}"
        rows = {row.exercise: row for row in results[learner].exercises}
        page = (folder / "out" / "feedback" / f"{learner}.html").read_text(encoding="utf-8")
        for exercise, found in wrong.items():
            if number < len(found):
                name, source = found[number]
                assert (rows[exercise].outcome, rows[exercise].slip) == ("wrong", name), (
                    exercise,
                    source,
                    rows[exercise],
                )
                assert f"slip: {report._html(name)}" in page
                named += 1
        blank = [row for name, row in rows.items() if number >= len(wrong.get(name, ()))]
        assert all(row.outcome == "not attempted" for row in blank)
    say(f"grading: {named} slips in 38 submissions, each scored 0 and named")
    assert named > 100


def graded_by_command(tmp_path, notebook, *options):
    """The finished process of `bgd grade` on one submission for the course of this checkout."""
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "a.ipynb").write_text(notebook, encoding="utf-8")
    words = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out"), "--workers", "1", *options]
    return subprocess.run([sys.executable, "-m", "bgd_course", *words], capture_output=True, text=True)


@pytest.mark.slow
def test_the_command_tells_by_its_exit_status_what_could_not_be_graded(tmp_path):
    start = (ROOT / "notebooks" / "00-start-here.ipynb").read_text(encoding="utf-8")
    good = graded_by_command(tmp_path / "good", start, *asked_for())
    bad = graded_by_command(tmp_path / "bad", start[:500], *asked_for())
    assert good.returncode == 0 and "1 of 1 submissions graded" in good.stdout and "Sandbox:" in good.stdout
    assert bad.returncode == 1 and "no valid JSON" in bad.stderr and "Traceback" not in bad.stderr
    assert (tmp_path / "bad" / "out" / "scores.csv").exists()


MISUSES = [["nowhere"], [".", "--workers", "0"], [], ["FOLDER"], ["FOLDER", "--roster", "ROSTER"]]


@pytest.mark.parametrize("words", MISUSES)
def test_wrong_use_of_the_command_is_two(words, tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("a,1\na,2\n")
    names = {"FOLDER": str(tmp_path), "ROSTER": str(tmp_path / "roster.csv")}
    assert cli.main(["grade", *(names.get(word, word) for word in words)]) == 2
    assert capsys.readouterr().err


def test_a_machine_without_a_sandbox_is_told_what_to_install(monkeypatch, tmp_path, capsys):
    (tmp_path / "a.ipynb").write_text("{}")
    sandbox.level.cache_clear()
    monkeypatch.setattr(sandbox, "_bubblewrap_works", lambda: False)
    monkeypatch.setattr(sandbox, "_landlock_works", lambda: False)
    try:
        assert cli.main(["grade", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    finally:
        sandbox.level.cache_clear()
    error = capsys.readouterr().err
    assert "install" in error and "--no-sandbox" in error


@pytest.mark.parametrize(
    ("best", "landlock", "asked", "found"),
    [
        ("bubblewrap", True, None, "bubblewrap"),
        ("bubblewrap", True, "landlock", "landlock"),
        ("bubblewrap", False, "landlock", None),
        ("landlock", True, None, None),
        ("landlock", True, "bubblewrap", None),
        ("landlock", True, "landlock", "landlock"),
    ],
)
def test_a_weaker_level_needs_to_be_asked_for(monkeypatch, best, landlock, asked, found):
    monkeypatch.setattr(sandbox, "level", lambda: best)
    monkeypatch.setattr(sandbox, "_landlock_works", lambda: landlock)
    if found:
        assert sandbox.chosen(asked) == found
    else:
        with pytest.raises(sandbox.NoSandbox, match="landlock"):
            sandbox.chosen(asked)


@pytest.mark.slow
def test_hostile_latex_costs_its_exercise_only(tmp_path):
    hostile = ["(" * 3000, r"\frac" * 500, "x^{" * 900, "a = b" * 2000, "\\sum_{" * 400, "q" * 30_000]
    release.write(ROOT, tmp_path / "release")
    for number, (one, other) in enumerate(zip(hostile[::2], hostile[1::2])):
        wrong = {"E4": f"derivation_e4 = {one!r}", "E7 and E8": f"derivation_e7_e8 = {other!r}"}
        wrong |= {"E5": "derivation_e5 = 7", "matrix forms": "matrix_forms = 1 / 0"}
        hand_in(tmp_path / "release" / "notebooks", tmp_path / "class" / f"ada{number}", RIGHT | wrong)
    plan = classroom.Plan(ROOT / "notebooks", tmp_path / "out", level(), "5")
    for result in classroom.grade(submissions.find(tmp_path / "class"), plan):
        found = {row.exercise: row.outcome for row in result.exercises}
        assert {name for name, outcome in found.items() if outcome != "right"} == set(wrong), found
        assert result.graded and found["matrix forms"] in ("wrong", "not attempted")


@pytest.mark.slow
def test_a_killed_run_is_resumed_and_loses_nothing(tmp_path):
    level()
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    for number in range(6):
        (tmp_path / "class" / f"ada{number}").mkdir(parents=True)
        text = attacks.as_text(attacks.submission(attacks.UPDATE if number < 3 else "while True: pass"))
        (tmp_path / "class" / f"ada{number}" / "a.ipynb").write_text(text)
    plan = classroom.Plan(tmp_path / "course", tmp_path / "out", level(), "a salt", 1, 1)
    settings = {"level": plan.level, "salt": plan.salt, "workers": 1, "cell_seconds": 1}
    code = "from pathlib import Path; from bgd_course.grading import classroom, submissions\n"
    code += f"plan = classroom.Plan(Path({str(plan.notebooks)!r}), Path({str(plan.output)!r}), **{settings!r})\n"
    code += f"classroom.grade(submissions.find({str(tmp_path / 'class')!r}), plan)"
    running = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    results = tmp_path / "out" / "results"
    until = time.monotonic() + 60
    while len(list(results.glob("*.json")) if results.exists() else []) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(running.pid, 9)
    running.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in results.glob("*.json")}
    assert 2 <= len(kept) < 6
    again = classroom.grade(submissions.find(tmp_path / "class"), plan)
    assert [report.total(result)[0] for result in again] == [6, 6, 6, 4, 4, 4]
    assert {name: (results / name).stat().st_mtime_ns for name in kept} == kept


class FailingWorker:
    """A worker whose process ends before it answers."""

    def __init__(self, plan):
        pass

    def grade(self, submission, salt):
        return None

    def close(self):
        pass


class GoodWorker(FailingWorker):
    def grade(self, submission, salt):
        return Result(submission.learner, True, [], [])


def test_a_worker_has_its_time_anew_with_each_line(monkeypatch):
    alarms = []
    alarm = SimpleNamespace(start=lambda: alarms.append("on"), cancel=lambda: alarms.append("off"))
    monkeypatch.setattr(classroom.threading, "Timer", lambda seconds, ring: alarm)
    worker = object.__new__(classroom.Worker)
    worker.plan, worker.process = (
        SimpleNamespace(cell_seconds=1),
        SimpleNamespace(stdout=io.StringIO("\n\n{}\n"), kill=0),
    )
    assert worker._line() == "{}\n" and worker._line() == ""
    assert alarms == ["on", "off"] * 4


def test_a_submission_that_the_grader_lost_has_its_row_and_is_graded_by_the_next_run(tmp_path, monkeypatch):
    found = [submissions.Submission("ada", ())]
    plan = classroom.Plan(ROOT / "notebooks", tmp_path, "none", "a salt")
    monkeypatch.setattr(classroom, "Worker", FailingWorker)
    [lost] = classroom.grade(found, plan)
    assert not lost.graded and {row.outcome for row in lost.exercises} == {"stopped"}
    assert "grade it again" in (tmp_path / "scores.csv").read_text(encoding="utf-8")
    monkeypatch.setattr(classroom, "Worker", GoodWorker)
    assert classroom.grade(found, plan)[0].graded
    monkeypatch.setattr(classroom, "Worker", FailingWorker)
    assert classroom.grade(found, plan)[0].graded
    assert not classroom.grade(found, plan._replace(again=True))[0].graded


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, None),
        ({"salt": "a", "seal": seal.mark("a"), "version": __version__}, None),
        ({"salt": "a", "seal": seal.mark("a"), "version": "2026.9.1"}, "2026.9.1"),
    ],
)
def test_a_run_that_another_version_began_says_so_once(kept, said, tmp_path, monkeypatch, capsys):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "a.ipynb").write_text("{}")
    if kept is not None:
        (tmp_path / "run.json").write_text(json.dumps(kept))
    monkeypatch.setattr(classroom, "grade", lambda *_: [])
    words = ["grade", str(tmp_path / "class"), "--output", str(tmp_path), "--no-sandbox"]
    assert cli.main(words) == 0
    error = capsys.readouterr().err
    assert ("another version" in error) == (said is not None) and (said or "") in error
    assert json.loads((tmp_path / "run.json").read_text())["version"] == __version__
    assert cli.main(words) == 0 and "another version" not in capsys.readouterr().err


def test_who_handed_in_nothing_is_told_so():
    from bgd_course.grading.worker import answers

    assert answers([], COURSE) == ({}, ["Nothing was handed in."])
