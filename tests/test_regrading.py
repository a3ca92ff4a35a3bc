"""A run in a folder of results: what it keeps, renames, locks, and what becomes of a full disk and a killed run."""

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from classes import ROOT
from test_learners import archive

from bgd_course import cli, notebooks
from bgd_course.grading import archives, classroom, course, report, submissions
from bgd_course.grading.judging import Outcome
from bgd_course.grading.results import Result, Row, row

ASKED = course.read(ROOT / "notebooks")


class Counting:
    """Workers of a pool that count what they grade, and grade it by what the file says."""

    graded = []

    def __init__(self, plan):
        pass

    def grade(self, submission, salt):
        text = submission.files[0].read_text() if submission.files else ""
        Counting.graded.append(submission.key)
        rows = [row(task, Outcome("wrong", text)) for task in ASKED.tasks]
        rows[0] = replace(rows[0], score=len(text), file="a.ipynb")
        return Result(submission.learner, bool(text), [], rows, junit=f"<x>{submission.key}</x>")

    def stop(self):
        pass

    def close(self):
        pass


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Grade the class in the folder with a roster; the scores by the file that says them, and who was graded anew."""
    monkeypatch.setattr(classroom, "Worker", Counting)
    for number, name in enumerate(("ada", "bob", "cy"), 1):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "a.ipynb").write_text("x" * number)

    def run(roster=None):
        table = None
        if roster:
            table = tmp_path / "roster.csv"
            table.write_text(roster)
        Counting.graded = []
        plan = classroom.Plan(ROOT / "notebooks", tmp_path / "out", "none", "a salt")
        classroom.grade(submissions.find(tmp_path / "class", table), plan)
        with open(tmp_path / "out" / "scores.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        return {row["learner"]: int(row["score"]) for row in rows}, sorted(Counting.graded)

    return run


def test_a_changed_roster_renames_without_grading_again(run, tmp_path):
    assert run() == ({"ada": 1, "bob": 2, "cy": 3}, ["ada", "bob", "cy"])
    assert run("ada,s1\nbob,s2\ncy,s3\n") == ({"s1": 1, "s2": 2, "s3": 3}, [])
    assert run("ada,s2\nbob,s1\ncy,s3\n") == ({"s1": 2, "s2": 1, "s3": 3}, [])
    out = tmp_path / "out"
    assert (out / "junit" / "s1.xml").read_text() == "<x>bob</x>"
    assert sorted(path.stem for path in (out / "feedback").glob("*.html")) == ["index", "s1", "s2", "s3"]


def test_content_decides_what_is_graded_again_not_time_and_size(run, tmp_path):
    run()
    path = tmp_path / "class" / "bob" / "a.ipynb"
    before = path.stat()
    path.write_text("yy")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(tmp_path / "class" / "cy" / "a.ipynb")
    assert run()[1] == ["bob"]


def test_what_an_archive_holds_is_not_unpacked_to_see_whether_it_changed(tmp_path, monkeypatch):
    archive(tmp_path / "class" / "ada.zip", {"a.ipynb": "x" * 9, "b.ipynb": "y"})
    plan = classroom.Plan(ROOT / "notebooks", tmp_path / "out", "none", "a salt")
    [ada] = submissions.find(tmp_path / "class")
    monkeypatch.setattr(archives, "opened", lambda *_: pytest.fail("unpacked"))
    before = classroom.fingerprints(ada, plan, ASKED)
    assert classroom.fingerprints(ada, plan, ASKED) == before
    archive(tmp_path / "class" / "ada.zip", {"a.ipynb": "x" * 9, "b.ipynb": "z"})
    assert classroom.fingerprints(ada, plan, ASKED) != before


def test_a_full_disk_ends_the_run_and_the_next_one_completes_it(run, tmp_path, monkeypatch):
    written, whole = [], notebooks.write_atomically

    def write(path, content):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        whole(path, content)

    monkeypatch.setattr(classroom, "write_atomically", write)
    with pytest.raises(OSError, match="No space left"):
        run()
    monkeypatch.setattr(classroom, "write_atomically", whole)
    scores, anew = run()
    assert scores == {"ada": 1, "bob": 2, "cy": 3} and len(anew) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_cannot_be_written_is_said_in_a_line(number, tmp_path, monkeypatch, capsys):
    (tmp_path / "ada.ipynb").write_text("{}")

    def grade(*_):
        raise OSError(number, os.strerror(number), "out/scores.csv")

    monkeypatch.setattr(classroom, "grade", grade)
    assert cli.main(["grade", str(tmp_path), "--output", str(tmp_path / "out"), "--no-sandbox"]) == 2
    error = capsys.readouterr().err
    assert os.strerror(number) in error and "scores.csv" in error and "Traceback" not in error
    monkeypatch.setattr(
        classroom, "grade", lambda *_: (_ for _ in ()).throw(OSError(number, "no", "out/.saving-1-a.tmp"))
    )
    assert cli.main(["grade", str(tmp_path), "--output", str(tmp_path / "out"), "--no-sandbox"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("bgd grade: out cannot be written: no")


def test_two_runs_in_one_folder_do_not_mix(tmp_path, monkeypatch, capsys):
    (tmp_path / "ada.ipynb").write_text("{}")
    monkeypatch.setattr(classroom, "grade", lambda *_: [])
    words = ["grade", str(tmp_path), "--output", str(tmp_path / "out"), "--no-sandbox"]
    with classroom.only_run(tmp_path / "out"):
        assert cli.main(words) == 2 and "another run" in capsys.readouterr().err
    assert cli.main(words) == 0


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "kept").write_text("x")
    (tmp_path / "out" / ".lock").symlink_to(tmp_path / "kept")
    with pytest.raises(OSError), classroom.only_run(tmp_path / "out"):
        pass
    assert (tmp_path / "kept").read_text() == "x"


def test_folders_of_killed_runs_are_removed_and_those_in_use_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(classroom.tempfile, "gettempdir", lambda: str(tmp_path))
    dead = tmp_path / f"{classroom.FOLDER}dead"
    dead.mkdir()
    (dead / classroom.HELD).touch()
    (tmp_path / f"{classroom.FOLDER}making").mkdir()
    (tmp_path / "bgd-other").mkdir()
    living = tmp_path / f"{classroom.FOLDER}living"
    living.mkdir()
    with open(living / classroom.HELD, "w") as held:
        classroom.fcntl.flock(held, classroom.fcntl.LOCK_EX)
        classroom.remove_folders_of_the_dead()
    assert not dead.exists() and len(list(tmp_path.iterdir())) == 3


def test_the_umask_counts_and_a_file_keeps_its_mode(tmp_path):
    before = os.umask(0o077)
    try:
        notebooks.write_atomically(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    (tmp_path / "a").chmod(0o640)
    notebooks.write_atomically(tmp_path / "a", "y")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_what_is_written_reaches_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: done.append("fsync") or sync(file))
    monkeypatch.setattr(os, "replace", lambda *names: done.append("replace") or replace(*names))
    notebooks.write_atomically(tmp_path / "a", "x")
    assert done == ["fsync", "replace"]


def test_who_is_asked_to_end_ends_at_once(tmp_path):
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "a.ipynb").write_text("{}")
    code = f"""
import time
from dataclasses import replace
from bgd_course import cli
from bgd_course.grading import classroom

class Slow:
    def __init__(self, plan): self.ended = classroom.threading.Event()
    def grade(self, *_): print("at work", flush=True); self.ended.wait(60)
    def stop(self): self.ended.set()
    def close(self): pass

classroom.Worker = Slow
words = ["grade", {str(tmp_path / "class")!r}, "--output", {str(tmp_path / "out")!r}, "--no-sandbox"]
raise SystemExit(cli.main(words))
"""
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    while "at work" not in running.stdout.readline():
        pass
    start = time.monotonic()
    running.send_signal(signal.SIGTERM)
    assert running.wait(50) == 130 and time.monotonic() - start < 50
    running.stdout.close()
    assert not list((tmp_path / "out" / "results").iterdir())


# --plan


def test_the_plan_is_shown_and_written_and_grades_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(classroom, "grade", lambda *_: pytest.fail("something was graded"))
    for name in ("ada/a.ipynb", "bob/a.txt", "notes.txt"):
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / name).write_text("{}")
    (tmp_path / "roster.csv").write_text("learner,id\nada,s1\ncy,s3\n")
    words = [
        "grade",
        str(tmp_path / "class"),
        "--roster",
        str(tmp_path / "roster.csv"),
        "--output",
        str(tmp_path / "out"),
    ]
    assert cli.main([*words, "--plan"]) == 1
    with open(tmp_path / "out" / "plan.csv", newline="") as file:
        rows = [(row["learner"], row["what"], row["file"].rpartition("/")[2]) for row in csv.DictReader(file)]
    assert ("s1", "to be graded", "a.ipynb") in rows and ("s3", "nothing handed in", "") in rows
    assert ("", "nobody's", "notes.txt") in rows and ("bob", "beside it", "a.txt") in rows
    said = capsys.readouterr()
    assert "Layout folders: 1 of 3 learners" in said.out and "not on the roster: 'bob'" in said.err
    assert "Nothing was graded" in said.out and list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "plan.csv"]


def test_the_plan_prints_names_in_the_folder_and_of_many_files_their_number(tmp_path, capsys):
    names = [f"ada/{n:02}.ipynb" for n in range(11)] + ["bob/x/a.ipynb", "bob/b.ipynb"]
    for name in names:
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / name).write_text("{")
    words = ["grade", "--output", str(tmp_path / "out"), "--plan"]
    assert cli.main([*words, str(tmp_path / "class")]) == 0
    said = capsys.readouterr().out
    assert "'ada': 11 notebooks: 00.ipynb … 10.ipynb\n" in said and "no notebook opened" in said
    assert {"'bob': bob/b.ipynb; bob/x/a.ipynb", "'bob': bob/x/a.ipynb; bob/b.ipynb"} & set(said.splitlines())
    assert str(tmp_path / "class") not in said
    with open(tmp_path / "out" / "plan.csv", newline="") as file:
        assert {row["file"] for row in csv.DictReader(file)} == {str(tmp_path / "class" / name) for name in names}
    assert cli.main([*words, str(tmp_path / "class" / "bob" / "b.ipynb")]) == 0
    assert "'bob': b.ipynb\n" in capsys.readouterr().out


def test_what_is_ambiguous_stops_the_run_before_it_begins(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(classroom, "grade", lambda *_: pytest.fail("something was graded"))
    for name in ("Ada", "ada\x1b[31m", "ada"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "a.ipynb").write_text("{}")
    words = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out"), "--no-sandbox"]
    assert cli.main(words) == 2
    error = capsys.readouterr().err
    assert "'Ada'" in error and "'ada'" in error and "\x1b" not in error and not (tmp_path / "out").exists()


def test_a_learner_of_the_roster_with_nothing_makes_the_status_one(tmp_path, monkeypatch):
    monkeypatch.setattr(classroom, "Worker", Counting)
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "a.ipynb").write_text("xx")
    words = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out"), "--no-sandbox"]
    assert cli.main(words) == 0
    (tmp_path / "roster.csv").write_text("ada,ada\nbob,bob\n")
    assert cli.main([*words, "--roster", str(tmp_path / "roster.csv")]) == 1
    assert json.loads((tmp_path / "out" / "run.json").read_text())["salt"]


def test_no_name_of_a_file_breaks_the_plan_or_runs_in_it(tmp_path):
    for name in (b"=1+1", b"caf\xe9", b"x\n=2", b"a;=3"):
        folder = os.path.join(os.fsencode(tmp_path), b"class", name)
        os.makedirs(folder)
        with open(os.path.join(folder, b"a.ipynb"), "w") as file:
            file.write("{}")
    words = ["grade", str(tmp_path / "class"), "--output", str(tmp_path / "out"), "--plan"]
    assert cli.main(words) == 0
    lines = (tmp_path / "out" / "plan.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5 and not any(line.startswith("=") for line in lines)
    assert any(line.startswith('"a;=3"') for line in lines)


# scores.csv and gradebooks


def result_of(learner, score=1, recognised=""):
    found = Row("loss", "0.ipynb", "exercise-loss", 2, score, "wrong", "x\ty", None, "a", "if x:\n\treturn 1")
    return Result(learner, True, [], [found], recognised=recognised)


NAMES = ["山田\u3000太郎", "علی\u200cرضا", "👩\u200d🎓", "a\u00a0b", "x;=1+1", 'a "b", c', "O'Brien", "01234", "a\tb"]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_names_come_out_as_they_went_in(delimiter):
    table = report.scores([result_of(name) for name in NAMES], delimiter)
    rows = list(csv.reader(table.splitlines(), delimiter=delimiter))
    assert [row[0] for row in rows[1:]] == NAMES


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\uff1d1+1", " =1+1", "\u3000=1", "\t=1"])
def test_a_formula_is_none_and_none_is_behind_another_separator(name):
    table = report.scores([result_of(name), result_of(f"x;{name}"), result_of(f"x\t{name}")])
    lines = table.splitlines()[1:]
    assert next(csv.reader(lines[:1]))[0] == f"'{name}"
    assert all(line.startswith('"x') for line in lines[1:])


def test_a_german_spreadsheet_reads_the_table(tmp_path):
    for folder in ("feedback", "gradescope"):
        (tmp_path / folder).mkdir()
    report.write([result_of("ada", 0.5)], tmp_path, report.Table(";", bom=True))
    data = (tmp_path / "scores.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbflearner;score;of;") and b"\nada;0,5;2;" in data


# As Canvas exports its gradebook, cut to what its import reads, and as Moodle exports the worksheet of an assignment.
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Gradient descent and backpropagation
    Points Possible,,,,,2
lovelaceada,12,,,,2
bob,7,,,,0
cy,9,,,,
"""
MOODLE = """Identifier,Full name,Grade,Maximum Grade,Last modified (grade)
Participant 12,Ada Lovelace,2,2,-
Participant 7,"O'Brien, Bob",0.5,2,-
Participant 9,Cy,,2,-
"""


def not_graded(result):
    return replace(result, graded=False)


def test_gradebooks_are_as_canvas_and_moodle_import_them():
    results = [
        result_of("s1", 2, "lovelaceada_12"),
        result_of("s2", 0, "bob_7"),
        not_graded(result_of("s3", 0, "cy_9")),
    ]
    assert written(report.gradebook_canvas([*results, result_of("s4")])) == CANVAS
    assert report.not_in_gradebook([*results, result_of("s4")], "canvas") == ["s3", "s4"]
    assert report.not_in_gradebook(results, "folders") == []
    results = [result_of("s1", 2, "Ada Lovelace_12"), result_of("s2", 0.5, "O'Brien, Bob_7")]
    assert written(report.gradebook_moodle([*results, not_graded(result_of("s3", 0, "Cy_9"))])) == MOODLE


def written(rows):
    return report._as_csv(rows).replace('"    Points Possible"', "    Points Possible")


def test_who_is_not_in_the_gradebook_is_named(tmp_path, capsys):
    cli.say_results([result_of("s1", 2, "ada_12"), result_of("s2")], tmp_path, "canvas")
    assert "gradebook-canvas.csv has no score for: 's2'" in capsys.readouterr().err


def test_tabs_of_an_answer_are_tabs_on_its_page():
    result = result_of("ada")
    assert "\treturn 1" in report.feedback_html(result) and "\N{REPLACEMENT CHARACTER}" not in report.feedback_html(
        result
    )
