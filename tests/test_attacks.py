"""Cheats gain nothing, faults cost their own exercise only, unusual honest work scores in full: one class of them."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import attacks
import nbformat
import pytest
from classes import level, need

from bgd_course.grading import classroom, submissions

pytestmark = pytest.mark.slow
NAMES = list(attacks.EXERCISES)


def folder_of(name):
    return "".join(c if c.isalnum() else "-" for c in name)


def write_class(folder):
    """Every submission, in a folder each."""
    texts = {f"cheat {name}": attacks.as_text(attacks.submission(source)) for name, source in attacks.CHEATS.items()}
    texts |= {f"fault {n}": attacks.as_text(attacks.submission(source)) for n, (source, _) in attacks.FAULTS.items()}
    texts |= {f"variety {n}": attacks.as_text(attacks.submission(source)) for n, source in attacks.VARIETY.items()}
    files = {name: text.encode() for name, text in texts.items()}
    files |= {f"file {name}": data for name, data in attacks.FILES.items()}
    files |= {f"refused {name}": data for name, (data, _) in attacks.REFUSED.items()}
    for name, data in files.items():
        (folder / folder_of(name)).mkdir(parents=True)
        (folder / folder_of(name) / "work.ipynb").write_bytes(data)


def plan_in(folder, **changes):
    (folder / "course").mkdir(exist_ok=True)
    (folder / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()), encoding="utf-8")
    settings = {"level": level(), "salt": classroom.salt_of(folder / "out", "a salt"), "cell_seconds": 3}
    return classroom.Plan(folder / "course", folder / "out", **settings | changes)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The results by name of the submission, the folder, the temporary folders that grading made, and the most memory
    that each of its workers took."""
    folder = tmp_path_factory.mktemp("class")
    write_class(folder / "class")
    made, peaks = [], []

    class Watched(classroom.Worker):
        def close(self):
            peaks.append(peak_memory(self.process.pid))
            super().close()

    def mkdtemp(*arguments, make=tempfile.mkdtemp, **named):
        made.append(make(*arguments, **named))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classroom.tempfile, "mkdtemp", mkdtemp)
        patch.setattr(classroom, "Worker", Watched)
        results = classroom.grade(submissions.find(folder / "class"), plan_in(folder))
    return {result.learner: result for result in results}, folder, made, peaks


def peak_memory(process):
    """The most megabytes that a running process has had in memory."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def rows(graded, name):
    """What was found of the three exercises of a submission."""
    return {row.exercise: row for row in graded[0][folder_of(name)].exercises}


def the_others_are_right(found):
    return all(found[name].outcome == "right" for name in NAMES if name != "update")


@pytest.mark.parametrize("name", attacks.CHEATS)
def test_a_cheat_gains_nothing(graded, name):
    found = rows(graded, f"cheat {name}")
    assert found["update"].outcome != "right" and found["update"].score == 0, found["update"].text
    assert the_others_are_right(found), found


@pytest.mark.parametrize("name", attacks.FAULTS)
def test_a_fault_costs_its_exercise_only(graded, name):
    found = rows(graded, f"fault {name}")
    assert found["update"].outcome in attacks.FAULTS[name][1], found["update"].text
    assert the_others_are_right(found), found
    assert "\n" not in found["update"].text and len(found["update"].text) < 700


@pytest.mark.parametrize("name", [*(f"variety {n}" for n in attacks.VARIETY), *(f"file {n}" for n in attacks.FILES)])
def test_unusual_honest_work_scores_in_full(graded, name):
    found = rows(graded, name)
    outcomes = [(row.outcome, row.score) for row in found.values()]
    assert outcomes == [("right", 1), ("right", 2), ("right", 3)], found


@pytest.mark.parametrize("name", attacks.REFUSED)
def test_a_file_that_is_no_notebook_is_named_and_costs_no_other(graded, name):
    result = graded[0][folder_of(f"refused {name}")]
    assert attacks.REFUSED[name][1] in " ".join(result.notes)
    assert not result.graded and all(row.score == 0 for row in result.exercises)


def test_there_are_enough_of_them():
    assert len(attacks.CHEATS) + len(attacks.FAULTS) >= 60


def test_nothing_is_left_behind(graded):
    assert len(graded[2]) >= 2
    for folder in graded[2]:
        assert not os.path.exists(folder) and processes_with(folder) == []


def test_the_grader_stays_small(graded, say):
    say(f"grading: a worker took {max(graded[3]):.0f} MB at most, over all attacks")
    assert len(graded[3]) >= 2 and max(graded[3]) < 300


def test_a_process_is_seen_while_it_runs(tmp_path):
    command = [sys.executable, "-c", "print(1, flush=True); input()", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        running.stdout.readline()
        assert processes_with(str(tmp_path))
        running.communicate(b"\n")
    assert processes_with(str(tmp_path)) == []


def processes_with(word):
    """The command lines of the processes that have a word in theirs."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in command:
            found.append(command)
    return found


def test_every_report_is_valid(graded):
    results, folder, *_ = graded
    with open(folder / "out" / "scores.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(results) and all(None not in row and None not in row.values() for row in table)
    for name, result in results.items():
        junit = ElementTree.parse(folder / "out" / "junit" / f"{submissions.file_name(name)}.xml")
        cases = {case.get("name"): case for case in junit.iter("testcase")}
        failed = {f"check-{row.exercise}" for row in result.exercises if row.outcome != "right"}
        assert {n for n, case in cases.items() if case.find("failure") is not None} == failed
        scope = json.loads((folder / "out" / "gradescope" / f"{submissions.file_name(name)}.json").read_text())
        assert scope["score"] == sum(row.score for row in result.exercises)
        assert (folder / "out" / "feedback" / f"{submissions.file_name(name)}.md").stat().st_size < 10_000


def test_a_second_run_grades_nothing_again_and_a_repeated_one_gives_the_same(graded, tmp_path):
    results, folder, *_ = graded
    chosen = [s for s in submissions.find(folder / "class") if s.learner.startswith(("variety-p", "cheat-th"))]
    times = {s.learner: (folder / "out" / "results" / f"{s.learner}.json").stat().st_mtime_ns for s in chosen}
    plan = plan_in(folder)
    assert classroom.grade(chosen, plan) == [replace(results[s.learner], kept=True) for s in chosen]
    assert times == {s.learner: (folder / "out" / "results" / f"{s.learner}.json").stat().st_mtime_ns for s in chosen}
    again = classroom.grade(chosen, plan._replace(output=tmp_path))
    assert [r.exercises for r in again] == [results[s.learner].exercises for s in chosen]


@pytest.mark.parametrize("wall", ["landlock", "none"])
def test_the_weaker_levels_score_the_same(wall, tmp_path):
    if wall != "none":
        need(wall)
    chosen = ["as it is", "prints", "plots"]
    for name in chosen:
        (tmp_path / "class" / name).mkdir(parents=True)
        text = attacks.as_text(attacks.submission(attacks.VARIETY[name]))
        (tmp_path / "class" / name / "a.ipynb").write_text(text, encoding="utf-8")
    (tmp_path / "class" / "reads").mkdir()
    reads = attacks.submission(attacks.inside(f"open({str(tmp_path / 'secret')!r}).read()"))
    (tmp_path / "class" / "reads" / "a.ipynb").write_text(attacks.as_text(reads), encoding="utf-8")
    (tmp_path / "secret").write_text("x")
    results = classroom.grade(submissions.find(tmp_path / "class"), plan_in(tmp_path, level=wall))
    scores = {result.learner: sum(row.score for row in result.exercises) for result in results}
    assert scores == {**dict.fromkeys(chosen, 6), "reads": 6 if wall == "none" else 4}


@pytest.fixture(scope="module")
def graded_checks(tmp_path_factory):
    """The results by name of the attacks on the exercises in which a check is fooled, and one is written."""
    folder = tmp_path_factory.mktemp("checks")
    files = {"honest": attacks.submission_of_checks()}
    files |= {f"check {name}": attacks.submission_of_checks(check=text) for name, text in attacks.ON_CHECKS.items()}
    files |= {f"fooling {name}": attacks.submission_of_checks(text) for name, text in attacks.ON_FOOLING.items()}
    for name, notebook in files.items():
        (folder / "class" / folder_of(name)).mkdir(parents=True)
        (folder / "class" / folder_of(name) / "work.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    plan = plan_in(folder, cell_seconds=30)
    (folder / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course_of_checks()), encoding="utf-8")
    results = classroom.grade(submissions.find(folder / "class"), plan)
    return {result.learner: {row.exercise: row for row in result.exercises} for result in results}


def test_an_honest_check_and_an_honest_fool_score_in_full(graded_checks):
    found = graded_checks["honest"]
    assert {name: row.outcome for name, row in found.items()} == dict.fromkeys(found, "right"), found
    assert set(found) == {"fooling_gradient", "gradient_check"}


@pytest.mark.parametrize("name", attacks.ON_CHECKS)
def test_a_check_that_looks_at_anything_but_values_gains_nothing(graded_checks, name):
    found = graded_checks[folder_of(f"check {name}")]
    assert found["gradient_check"].outcome != "right" and found["gradient_check"].score == 0, found
    assert found["fooling_gradient"].outcome == "right"


@pytest.mark.parametrize("name", attacks.ON_FOOLING)
def test_a_gradient_that_fools_nobody_gains_nothing(graded_checks, name):
    found = graded_checks[folder_of(f"fooling {name}")]
    assert found["fooling_gradient"].outcome != "right" and found["fooling_gradient"].score == 0, found
    assert found["gradient_check"].outcome == "right"


def test_learners_with_odd_names(tmp_path):
    data = attacks.as_text(attacks.submission()).encode()
    found = []
    for number, name in enumerate(attacks.LEARNERS):
        path = tmp_path / f"{number}.ipynb"
        path.write_bytes(data)
        found.append(submissions.Submission(name, (path,)))
    results = classroom.grade(found, plan_in(tmp_path))
    assert [sum(row.score for row in result.exercises) for result in results] == [6] * len(attacks.LEARNERS)
    pages = list((tmp_path / "out" / "feedback").iterdir())
    assert len(pages) == 2 * len(attacks.LEARNERS) + 1
    assert "<script>" not in "".join(page.read_text(encoding="utf-8") for page in pages)
    with open(tmp_path / "out" / "scores.csv", encoding="utf-8", newline="") as file:
        assert not [row for row in csv.reader(file) if row[0].startswith(("=", "-"))]
