"""Whose a file is: one rule a layout; what could be two people, or one person twice, is an error that names both."""

import csv
import io
import os
import re
import tarfile
import time
import unicodedata
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bgd_course import cli
from bgd_course.grading import report, submissions
from bgd_course.grading.results import Result, Row
from bgd_course.grading.roster import Roster
from bgd_course.grading.submissions import Ambiguous, recognise

CLASSROOM_50 = "username,first_name,last_name,email,section,github_id\n"
ONE = "01.ipynb"
ONLY = "an archive of this kind cannot be opened, only .zip, .tar and .tar.gz"


def lay(folder, names):
    """A class's folder with these files, each holding its own name; a name with a slash at its end is a folder."""
    for name in names:
        path = folder / "class" / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_text(name, encoding="utf-8")
    return folder / "class"


def seen(folder, names, roster=None, assume=()):
    """Learner to the files that would be graded, as the folder has them."""
    top, table = lay(folder, names), None
    if roster is not None:
        table = folder / "roster.csv"
        table.write_text(roster, encoding="utf-8")
    found = recognise(top, table, assume)
    return {one.learner: [path.relative_to(top).as_posix() for path in one.files] for one in found.submissions}


PERSONS = {
    "part after the last _": (["team_anna/a.ipynb", "anna/a.ipynb"], "anna,s1\n", {"team_anna": 1, "s1": 1}),
    "submission_1 in a learner's": (
        ["ada/submission_1/a.ipynb", "bob/submission_1/a.ipynb"],
        None,
        {"ada": 1, "bob": 1},
    ),
    "a victim's folder in one's own": (
        ["submission_1/submission_2/a.ipynb", "submission_2/a.ipynb"],
        None,
        {"1": 1, "2": 1},
    ),
    "a victim's name in a file's, Moodle": (
        ["Eve_1_assignsubmission_file_/x_7741_assignsubmission_file_.ipynb", "Ada_7741_assignsubmission_file_/a.ipynb"],
        None,
        {"Eve_1": 1, "Ada_7741": 1},
    ),
    "a victim's name in a file's, flat": (
        ["Eve_1_assignsubmission_file_x_7741_assignsubmission_file_.ipynb", "x_7741_assignsubmission_file_a.ipynb"],
        None,
        {"Eve_1": 1, "x_7741": 1},
    ),
    "a victim's name in a file's, Canvas": (
        ["eve_1_10_x_7741_assignsubmission_file_.ipynb", "ada_7741_11_a.ipynb"],
        None,
        {"eve_1": 1, "ada_7741": 1},
    ),
    "Canvas, no notebooks": (
        ["a_1_10_x.ipynb", "b_2_11_x.7z", "c_3_12_x.ipynb.txt", "d_LATE_4_13_x.html", "e_5_text.html"],
        None,
        {"a_1": 1, "b_2": 0, "c_3": 0, "d_4": 0, "e_5": 0},
    ),
    "Canvas, groups": (["team_a_1_10_x.ipynb", "team_b_2_11_x.ipynb"], None, {"team_a_1": 1, "team_b_2": 1}),
    "Canvas, anonymous": (
        ["anon_x1_10_a.ipynb", "LATE_anon_y2_11_a.ipynb", "anon_LATE_z3_12_a.ipynb"],
        None,
        {"anon_x1": 1, "anon_y2": 1, "anon_z3": 1},
    ),
    "Moodle, both kinds": (
        ["A_1_assignsubmission_file_/a.ipynb", "A_1_assignsubmission_onlinetext_/onlinetext.html"],
        None,
        {"A_1": 1},
    ),
    "Moodle, no notebooks": (
        [
            f"{who}_assignsubmission_file_{name}"
            for who, name in (("A_1", "x.zip"), ("B_2", "x.ipynb.txt"), ("C_3", "a.ipynb"))
        ],
        None,
        {"A_1": 0, "B_2": 0, "C_3": 1},
    ),
    "Moodle, anonymous": (["Participant_7_assignsubmission_file_/a.ipynb"], None, {"Participant_7": 1}),
    "Blackboard": (
        [
            f"Hw 1_{who}_attempt_2026-01-02-03-04-0{n}{rest}"
            for n, who in enumerate("ab")
            for rest in (".txt", "_x.ipynb")
        ],
        None,
        {"a": 1, "b": 1},
    ),
    "Blackboard, underscores in names": (
        [f"Hw_1_{who}_attempt_2026-01-02-03-04-05_x.ipynb" for who in ("van_dijk", "de_dijk", "a")],
        "van_dijk,1\nde_dijk,2\na,3\n",
        {"1": 1, "2": 1, "3": 1},
    ),
    "Brightspace, one name in two spellings": (
        ["1-9 - Zo\u00eb - 3 Nov, 2026/a.ipynb", "1-9 - Zoe\u0308 - 4 Nov, 2026/a.ipynb"],
        None,
        {"Zoe\u0308_1": 2},
    ),
    "a name that a pattern could try for ever": (["ada/01-a-b " + "1" * 60 + "x.ipynb"], None, {"ada": 1}),
    "copies of one's own": (["01-a-b.ipynb", "01-a-b (1).ipynb", "Copy of 01-a-b.ipynb"], None, {"class": 3}),
    "Brightspace": (
        ["12-9 - Ada L - 3 Nov, 2026 1145 PM/a.ipynb", "13-9 - Bob - 3 Nov, 2026 - b.ipynb", "index.html"],
        None,
        {"Ada L_12": 1, "Bob_13": 1},
    ),
    "Classroom 50": (
        ["cs-hello-al/a.ipynb", "cs-hello-bo/a.ipynb", "scores.csv"],
        CLASSROOM_50 + "al,A,L,a@b,1,11\nbo,B,O,b@b,1,12\ncy,C,Y,c@b,1,13\n",
        {"al": 1, "bo": 1, "cy": 0},
    ),
    "JupyterHub": (
        ["jupyter-ada/my-course/a.ipynb", "jupyter-ada/.cache/b.ipynb", "jupyter-bob/"],
        None,
        {"jupyter-ada": 1, "jupyter-bob": 0},
    ),
    "nbgrader": (["submitted/ada/hw/a.ipynb", "submitted/bob/hw/", "source/hw/a.ipynb"], None, {"ada": 1, "bob": 0}),
    "what macOS adds": (
        ["ada/a.ipynb", "ada/._a.ipynb", "__MACOSX/ada/._a.ipynb", "__MACOSX/x.ipynb"],
        None,
        {"ada": 1},
    ),
    "the number alone": (["ada_1_10_a.ipynb", "bob_2_11_a.ipynb"], "1,s1\nbob_2,s2\n", {"s1": 1, "s2": 1}),
    "the number is no name's end": (
        ["ada_1/a.ipynb", "bob_2/a.ipynb"],
        "1,s1\nbob_2,s2\n",
        {"ada_1": 1, "s1": 0, "s2": 1},
    ),
    "sep=;": (["ada/a.ipynb"], "sep=;\nlearner;id\nada;s1\n", {"s1": 1}),
    "ids as formulas, a heading and a remark among them": (
        ["0071/a.ipynb", "bob/a.ipynb"],
        'learner,id\n="0071",="01"\nlearner,id\n# group B\nbob,1e5\n',
        {"01": 1, "1e5": 1},
    ),
    "a comma in a name": (["Lovelace, Ada/a.ipynb"], "Name;Matrikelnummer\nLovelace, Ada;1\n", {"1": 1}),
    "an accent of its own": (["Zoe\u0308/a.ipynb"], "Zo\u00eb,s1\n", {"s1": 1}),
    "space around": (["ada/a.ipynb"], " ada\u3000, s1 \n", {"s1": 1}),
    "nbgrader's own stamps": (
        ["submitted/ada/hw/a.ipynb", "submitted/ada/hw/timestamp.txt", "submitted/bob/hw/timestamp.txt"],
        None,
        {"ada": 1, "bob": 0},
    ),
    "a title above the heading": (["ada/a.ipynb"], "Course, winter\nName,ID\nada,s1\nbob,s2\n", {"s1": 1, "s2": 0}),
    "a learner called name": (["ada/a.ipynb", "name/a.ipynb"], "ada,s1\nname,s2\n", {"s1": 1, "s2": 1}),
    "deep": (["ada/1/2/3/4/5/6/7/8/9/10/a.ipynb"], None, {"ada": 1}),
}


@pytest.mark.parametrize("case", PERSONS)
def test_a_file_belongs_to_whom_the_top_level_says(case, tmp_path):
    names, roster, learners = PERSONS[case]
    assert {learner: len(files) for learner, files in seen(tmp_path, names, roster).items()} == learners


AMBIGUOUS = {
    "two spellings of one name": (["Ada/a.ipynb", "ada/a.ipynb"], None, ["'Ada'", "'ada'"]),
    "a folder and an archive": (["ada/a.ipynb", "ada.zip", "bob/a.ipynb"], None, ["'ada'", "'ada.zip'"]),
    "two clones of one": (["ada/a.ipynb", "ada (1)/a.ipynb"], None, ["'ada'", "'ada (1)'"]),
    "an archive fetched twice": (["ada.zip", "ada (2).zip", "bob/a.ipynb"], None, ["'ada.zip'", "'ada (2).zip'"]),
    "a copy on Windows": (["ada/a.ipynb", "ada - Copy/a.ipynb"], None, ["'ada'", "'ada - Copy'"]),
    "a copy on a Mac": (["ada/a.ipynb", "ada Kopie 2/a.ipynb"], None, ["'ada'", "'ada Kopie 2'"]),
    "a space too many": (["ada  l/a.ipynb", "ada l/a.ipynb"], None, ["'ada  l'", "'ada l'"]),
    "other capitals in the roster": (
        ["ada@x/a.ipynb", "bob/a.ipynb"],
        "Ada@X,1\nbob,2\n",
        ["'ada@x'", "'Ada@X (of the roster)'"],
    ),
    "another apostrophe": (["o'n/a.ipynb", "b/a.ipynb"], "o\u2019n,1\nb,2\n", ["\u2019n (of", "o'n"]),
    "what is not seen": (["ada/a.ipynb", "b/a.ipynb"], "\u200bada,1\nb,2\n", ["ada (of the roster)", "'ada'"]),
    "zeros lost": (["0071/a.ipynb", "b/a.ipynb"], "71,1\nb,2\n", ["'71 (of the roster)'", "'0071'"]),
    "composed and not": (["\u00e9/a.ipynb", "e\u0301/a.ipynb"], None, ["'\u00e9'", "'e\u0301'"]),
    "one number, two names": (["ada_1_10_a.ipynb", "bob_1_11_a.ipynb"], None, ["ada_1_10_a", "bob_1_11_a"]),
    "Blackboard's user in two": (
        [f"{head}_attempt_2026-01-02-03-04-05_a.ipynb" for head in ("hw_a_x", "hw_b_x")],
        None,
        ["hw_a_x", "hw_b_x"],
    ),
    "a name that no system writes": (["ada_1_10_a.ipynb", "Bob Smith.ipynb"], None, ["'ada_1_10_a", "'Bob Smith"]),
    "a system's folder among others": (["ada/a.ipynb", "submission_1/a.ipynb"], None, ["'submission_1'", "'ada'"]),
    "two systems": (["ada_1_10_a.ipynb", "submission_7/a.ipynb"], None, ["gradescope", "canvas"]),
    "an id that is another's folder": (["adal/a.ipynb", "bob/a.ipynb"], "ada,adal\nbob,bo\n", ["'adal'", "'ada (of"]),
    "an id that is another's folder, both here": (["adal/a.ipynb", "ada/a.ipynb"], "ada,adal\n", ["'ada'", "'adal'"]),
    "two ids for one": (["ada_1_10_a.ipynb"], "1,s1\nada_1,s2\n", ["'s1'", "'s2'"]),
    "one folder too high, Canvas": (["hw/a_1_2_f.ipynb", "hw/b_2_3_f.ipynb"], None, ["'hw'", "a_1_2_f", "b_2_3_f"]),
    "one folder too high": (["hw/ada/f.ipynb", "hw/bob/f.ipynb"], None, ["'hw'", "hw/ada", "hw/bob"]),
    "one learner's clone, or a class": (["my-course/x.ipynb", "ada/a.ipynb"], None, ["'my-course'", "'ada'"]),
    "everybody's files in one folder": (
        ["Ada L - 01-a-b.ipynb", "Bo - 01-a-b.ipynb"],
        None,
        ["'Ada L - 01", "'Bo - 01", "{learner} - *"],
    ),
    "one learner or a class": (["x.ipynb", "ada/a.ipynb"], None, ["x.ipynb", "ada/a.ipynb"]),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_what_may_be_two_people_or_one_twice_stops_the_run_and_names_both(case, tmp_path):
    names, roster, said = AMBIGUOUS[case]
    with pytest.raises(Ambiguous) as found:
        seen(tmp_path, names, roster)
    assert all(word in str(found.value) for word in said), found.value


@pytest.mark.parametrize(
    ("names", "assume", "learners"),
    [
        (["Ada/a.ipynb", "ada/b.ipynb"], ["Ada=ada"], {"ada": ["Ada/a.ipynb", "ada/b.ipynb"]}),
        (["Ada/a.ipynb", "ada/b.ipynb"], ["Ada=ada 2"], {"ada 2": ["Ada/a.ipynb"], "ada": ["ada/b.ipynb"]}),
        (["ada/a.ipynb", "ada (1)/b.ipynb"], ["ada (1)=ada"], {"ada": ["ada (1)/b.ipynb", "ada/a.ipynb"]}),
        (["ada/a.ipynb", "notes/b.ipynb"], ["notes="], {"ada": ["ada/a.ipynb"]}),
        (["x.ipynb", "ada/a.ipynb"], ["folders"], {"ada": ["ada/a.ipynb"]}),
        (["cs-al/a.ipynb", "cs-bo/b.ipynb"], ["cs-{learner}"], {"al": ["cs-al/a.ipynb"], "bo": ["cs-bo/b.ipynb"]}),
        (
            ["Ada - 01-a-b.ipynb", "Ada - 02-a-b.ipynb", "Bo - 01-a-b.ipynb"],
            ["{learner} - *"],
            {"Ada": ["Ada - 01-a-b.ipynb", "Ada - 02-a-b.ipynb"], "Bo": ["Bo - 01-a-b.ipynb"]},
        ),
        (["ada_1_10_a.ipynb", "submission_7/a.ipynb"], ["canvas"], {"ada_1": ["ada_1_10_a.ipynb"]}),
    ],
)
def test_what_is_assumed_settles_it(names, assume, learners, tmp_path):
    found = {learner: sorted(files) for learner, files in seen(tmp_path, names, assume=assume).items()}
    assert found == learners


@pytest.mark.parametrize(
    ("roster", "said"),
    [
        ("123;a\n124;b\n", "matches none of the 2 learners"),
        ("Student,ID,SIS Login ID,Room\nAda,1,x,y\n", "4 columns"),
        ("Student,ID,SIS Login ID,Section\nAda,00123,x,y\nBob,,z,y\n", "'Bob' without a number"),
        ("Identifier,Full name,Grade\nParticipant 00123,Ada,\nTeilnehmer 00124,Bob,\n", "'Bob' without a number"),
        ("Student,ID,Section\nAda,9,y\n", "matches none"),
        ('00123,a\n"1,23E+05",b\n', "rounded"),
        ("Studierende,Kennzahl\n00123,1\n00124,2\n", "a heading, or a learner"),
        ("00123,a\n00124,A\n", "to two"),
    ],
)
def test_a_roster_that_does_not_fit_is_refused(roster, said, tmp_path):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        seen(tmp_path, ["00123/a.ipynb", "00124/a.ipynb"], roster)


def test_what_a_spreadsheet_calls_unicode_text_is_a_roster(tmp_path):
    (tmp_path / "roster.txt").write_bytes("Name\tID\r\nada\ts1\r\n".encode("utf-16"))
    assert Roster.read(tmp_path / "roster.txt").names({"ada"}) == {"ada": "s1"}


CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (77),Final Score
,,,,,Manual Posting,(read only)
    Points Possible,,,,,64,(read only)
"Chen, Wei",2003,M1,cw1,A,,
"Chen, Wei",2004,M2,cw2,A,,
"Lind, Bo",2005,,bo,A and B,,
"Vogel, Max",2099,M9,vm,A,,
"Voss, Al",2100,,,A,,
"Student, Test",2101,,abc,A,,
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade),Feedback comments
Participant 2003,"Chen, Wei",a@b,Submitted,,64.00,-,"two
lines"
Participant 2004,"Chen, Wei",a@b,Submitted,,64.00,-,
Participant 2005,Bo Lind,a@b,Submitted,,64.00,-,
Participant 2099,Max Vogel,a@b,No submission,,64.00,-,
"""


def test_the_gradebook_that_canvas_exports_is_a_roster(tmp_path):
    names = ["chenwei_2003_1_a.ipynb", "chenwei_2004_2_a.ipynb", "lindbo_LATE_2005_3_a.ipynb"]
    found = seen(tmp_path, names, "\ufeff" + CANVAS)
    assert {learner: len(files) for learner, files in found.items()} == {
        **{"M1": 1, "M2": 1, "bo": 1},
        **{"M9": 0, "Voss, Al_2100": 0},
    }
    assert found["M2"] == ["chenwei_2004_2_a.ipynb"]
    semicolons = CANVAS.replace(",", ";").replace('"Chen; Wei"', '"Chen, Wei"')
    assert len(seen(tmp_path, [*names, "student_2101_4_a.ipynb"], semicolons)) == 6


def test_the_grading_worksheet_of_moodle_is_a_roster(tmp_path):
    names = [f"{name}_assignsubmission_file/a.ipynb" for name in ("Chen, Wei_2003", "Chen, Wei_2004", "Bo Lind_2005")]
    found = {learner: len(files) for learner, files in seen(tmp_path, names, MOODLE).items()}
    assert found == {"Chen, Wei_2003": 1, "Chen, Wei_2004": 1, "Bo Lind_2005": 1, "Max Vogel_2099": 0}
    numbered = re.sub("Full name,", "Full name,ID number,", re.sub(r"(Wei\"|Lind|Vogel),", r"\1,,", MOODLE))
    numbered = numbered.replace("Bo Lind,,", "Bo Lind,S5,").replace("Max Vogel,,", "Max Vogel,S9,")
    assert set(seen(tmp_path, names, numbered)) == {"Chen, Wei_2003", "Chen, Wei_2004", "S5", "S9"}
    hidden = "Identifier,Status,Grade\nParticipant 7,x,\nParticipant 8,x,\n"
    (tmp_path / "hidden").mkdir()
    names = ["Participant_7_assignsubmission_file_a.ipynb"]
    assert list(seen(tmp_path / "hidden", names, hidden)) == ["Participant_7", "Participant_8"]


@pytest.mark.parametrize(("layout", "roster"), [("canvas", CANVAS), ("moodle", MOODLE)])
def test_a_gradebook_has_a_row_for_everybody_of_the_roster(layout, roster, tmp_path):
    name = {"canvas": "chenwei_2003_1_a.ipynb", "moodle": "Chen, Wei_2003_assignsubmission_file/a.ipynb"}[layout]
    (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
    found = recognise(lay(tmp_path, [name]), tmp_path / "roster.csv").submissions
    rows = [Row("loss", "0.ipynb", "c", 1, 0, "not attempted", "", None, "a" * bool(one.files)) for one in found]
    results = [Result(one.learner, True, [], [row], recognised=one.key) for one, row in zip(found, rows)]
    table = report.GRADEBOOKS[layout](results)
    scores = {str(row[1 if layout == "canvas" else 0])[-4:]: row[5 if layout == "canvas" else 2] for row in table}
    assert scores["2003"] == 0 and scores["2004"] == scores["2005"] == scores["2099"] == ""
    assert len(report.not_in_gradebook(results, layout)) == len(results) - 1


def test_a_linked_learner_has_a_row_and_a_file_that_is_no_notebook_is_named(tmp_path):
    top = lay(tmp_path, ["ada/a.ipynb", "ada/02.ipynb.txt", "notes.pdf"])
    (top / "bob").symlink_to(tmp_path)
    found = recognise(top)
    assert [(one.learner, len(one.files)) for one in found.submissions] == [("ada", 1), ("bob", 0)]
    assert found.submissions[0].left == ("ada/02.ipynb.txt was not graded: it is no notebook (.ipynb).",)
    assert found.submissions[1].left == ("bob was not graded: links are not followed.",)
    assert found.nobodys == ["notes.pdf"]


def test_of_files_of_one_time_the_one_in_fewer_folders_counts_and_the_tie_is_named(tmp_path):
    names = ["ada/n/00.ipynb", "ada/n/old/00.ipynb", "ada/n/old/01.ipynb", "bob/00.ipynb", "bob/old/00.ipynb"]
    top = lay(tmp_path, names)
    for name, seconds in zip(names, (100, 102, 102, 100, 103)):
        os.utime(top / name, (seconds, seconds))
    ada, bob = recognise(top).submissions
    assert [path.relative_to(top / "ada" / "n").as_posix() for path in ada.files] == [
        "old/00.ipynb",
        "old/01.ipynb",
        "00.ipynb",
    ]
    assert ada.left == ("Of one time, so ordered by their folders: ada/n/00.ipynb before ada/n/old/00.ipynb.",)
    assert bob.files[-1] == top / "bob" / "old" / "00.ipynb" and not bob.left
    folders = ("notebooks", "notebooks/old", "notebooks/old 10", "notebooks/old 9")
    archive(tmp_path / "cy.zip", {f"{folder}/00.ipynb": "" for folder in folders})
    [cy] = recognise(tmp_path / "cy.zip").submissions
    assert [path.parent.name for path in cy.files] == ["old 9", "old 10", "old", "notebooks"]
    assert "notebooks/00.ipynb before notebooks/old/00" in cy.left[0]


@pytest.mark.parametrize("name", ["rest.rar", "rest.7z", "rest.TAR.XZ"])
def test_an_archive_that_cannot_be_opened_is_named_to_learner_and_instructor(name, tmp_path, capsys):
    top = lay(tmp_path, ["ada/a.ipynb", f"ada/{name}", "bob/b.ipynb", f"cy.{name}"])
    ada, bob, cy = recognise(top).submissions
    assert ada.left == (f"ada/{name} was not graded: {ONLY}.",) and ada.others == () and not bob.left
    assert (cy.learner, cy.files, cy.left) == ("cy.rest", (), (f"cy.{name} was not graded: {ONLY}.",))
    archive(tmp_path / "all.zip", {"ada_1_2_a.ipynb": "", f"ada_1_3_{name}": "", f"bob_4_5_{name}": ""})
    ada, bob = recognise(tmp_path / "all.zip").submissions
    assert ada.left == (f"ada_1_3_{name} was not graded: {ONLY}.",) and (bob.learner, bob.files) == ("bob_4", ())
    assert cli.main(["grade", str(top), "--output", str(tmp_path / "out"), "--plan"]) == 1
    assert f"ada/{name} was not graded: {ONLY}" in capsys.readouterr().out


def test_501_notebooks_of_one_learner_cost_no_other(tmp_path):
    found = recognise(lay(tmp_path, ["bob/a.ipynb", *(f"ada/{n}.ipynb" for n in range(501))]))
    assert [len(one.files) for one in found.submissions] == [500, 1]
    assert "was not graded: more than 500" in found.submissions[0].left[0]


def test_a_class_of_500_is_recognised_at_once_and_a_learner_called_index_has_a_page(tmp_path):
    lay(tmp_path, [f"{n}/{m}.ipynb" for n in range(500) for m in range(6)])
    start = time.process_time()
    found = recognise(tmp_path / "class")
    assert len(found.submissions) == 500 and time.process_time() - start < 20
    assert submissions.file_name("index") != "index"


# Archives


def archive(path, members):
    """A zip or tar archive of these names and texts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in members.items():
                file.writestr(name, text)
        return
    with tarfile.open(path, "w:gz") as file:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            data = text.encode() if isinstance(text, str) else text
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("end", ["zip", "tar.gz"])
def test_archives_are_read_in_place(end, tmp_path):
    from bgd_course.grading import files

    texts = {
        "my-course/01.ipynb": '{"cells": []}',
        "__MACOSX/my-course/._01.ipynb": "x",
        "../out.ipynb": "x",
        "b.zip": "",
    }
    archive(tmp_path / "class" / f"ada.{end}", texts)
    lay(tmp_path, ["bob/a.ipynb"])
    ada, bob = recognise(tmp_path / "class").submissions
    assert (ada.learner, [path.name for path in ada.files]) == ("ada", ["01.ipynb"]) and bob.learner == "bob"
    assert files.bytes_of(ada.files[0]) == b'{"cells": []}'
    assert any("out of the archive" in line for line in ada.left) and any("b.zip" in line for line in ada.left)
    assert sorted(os.listdir(tmp_path / "class")) == [f"ada.{end}", "bob"]


def test_a_class_may_be_one_archive_and_hand_in_archives(tmp_path):
    archive(tmp_path / "all.zip", {"ada_1_10_a.ipynb": "1", "bob_2_11_b.ipynb": "2"})
    assert [one.learner for one in recognise(tmp_path / "all.zip").submissions] == ["ada_1", "bob_2"]
    archive(tmp_path / "class" / "ada_1_10_hw.zip", {"x/a.ipynb": "1"})
    assert [len(one.files) for one in recognise(tmp_path / "class").submissions] == [1]


def packed(members, end="zip"):
    """The bytes of an archive of these names and texts (or bytes)."""
    with TemporaryDirectory() as folder:
        archive(Path(folder, f"x.{end}"), members)
        return Path(folder, f"x.{end}").read_bytes()


LAYOUTS_OF_ARCHIVES = {
    "Canvas": ("ada_1_10_my-course.{}", "bob_LATE_2_11_my-course.{}", {"ada_1": 1, "bob_2": 1}),
    "Moodle": (
        "Ada L_1_assignsubmission_file/my-course.{}",
        "Bob_2_assignsubmission_file/my-course.{}",
        {"Ada L_1": 1, "Bob_2": 1},
    ),
    "folders": ("ada/my-course.{}", "bob/my-course.{}", {"ada": 1, "bob": 1}),
    "archives": ("ada.{}", "bob.{}", {"ada": 1, "bob": 1}),
}


@pytest.mark.parametrize("outer", ["zip", "tar.gz"])
@pytest.mark.parametrize("end", ["zip", "tar.gz"])
@pytest.mark.parametrize("layout", LAYOUTS_OF_ARCHIVES)
def test_the_archive_of_a_class_holds_archives_of_learners(layout, end, outer, tmp_path):
    from bgd_course.grading import files

    first, second, learners = LAYOUTS_OF_ARCHIVES[layout]
    texts = {first.format(end): "ada's", second.format(end): "bob's"}
    whole = {
        name: packed({"my-course/01.ipynb": text, "../x.ipynb": "", "__MACOSX/._01.ipynb": ""}, end)
        for name, text in texts.items()
    }
    archive(tmp_path / f"submissions.{outer}", whole)
    found = recognise(tmp_path / f"submissions.{outer}").submissions
    assert {one.learner: len(one.files) for one in found} == learners
    assert [files.bytes_of(one.files[0]) for one in found] == [b"ada's", b"bob's"]
    assert all("leads out of the archive" in one.left[0] for one in found)


def test_an_archive_in_an_archive_in_an_archive_is_named_and_not_opened(tmp_path):
    third = packed({"03.ipynb": "3"})
    archive(tmp_path / "class" / "ada.zip", {"1.ipynb": "", "b.zip": packed({"2.ipynb": "", "c.zip": third})})
    [ada] = recognise(tmp_path / "class", assume=["folders"]).submissions
    assert sorted(path.name for path in ada.files) == ["1.ipynb", "2.ipynb"]
    assert ada.left == ("ada.zip/b.zip/c.zip was not graded: an archive in an archive in an archive is not opened.",)


def test_a_bomb_in_the_archive_of_a_class_costs_no_other(tmp_path, monkeypatch):
    from bgd_course.grading import archives

    monkeypatch.setattr(archives, "MOST_BYTES", 50_000)
    monkeypatch.setattr(archives, "MOST_UNPACKED", 100_000)
    monkeypatch.setattr(archives, "MOST_WITHIN", 20)
    whole = {
        "large.zip": packed({"a.ipynb": ""}) + b"0" * 60_000,
        "bomb.tar.gz": packed({"a.ipynb": "0" * 200_000}, "tar.gz"),
        "many.zip": packed({f"{n}.ipynb": "" for n in range(30)}),
        "torn.zip": packed({"a.ipynb": ""})[:50],
        "ada.zip": packed({"a.ipynb": "", "b.ipynb": ""}),
    }
    archive(tmp_path / "all.zip", whole)
    found = {one.learner: len(one.files) for one in recognise(tmp_path / "all.zip").submissions}
    assert found["ada"] == 2 and found | {"ada": 0} == dict.fromkeys(("large", "bomb", "many", "torn", "ada"), 0)


def test_bombs_and_links_in_archives_are_refused_and_named(tmp_path, monkeypatch):
    from bgd_course.grading import archives

    monkeypatch.setattr(archives, "MOST_UNPACKED", 100_000)
    monkeypatch.setattr(archives, "MOST_MEMBERS", 10)
    archive(tmp_path / "class" / "bomb.tar.gz", {"a.ipynb": "0" * 200_000, "b.ipynb": ""})
    archive(tmp_path / "class" / "many.zip", {f"{n}.ipynb": "" for n in range(11)})
    lay(tmp_path, ["ada/a.ipynb", "torn.zip"])
    with tarfile.open(tmp_path / "class" / "links.tar", "w") as file:
        link = tarfile.TarInfo("a.ipynb")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    found = {one.learner: (one.files != (), one.left != ()) for one in recognise(tmp_path / "class").submissions}
    assert found == {"ada": (True, False), **dict.fromkeys(("bomb", "many", "torn", "links"), (False, True))}


# For random classes, layouts and rosters


LETTERS = st.sampled_from([*"abAB01_-. ", "é", "\u0301", "\u3000", "\u200d", "=", ";", ",", "ß"])
NAMES = st.text(LETTERS, min_size=1, max_size=6).filter(lambda name: name.strip() and not name.startswith("."))
WAYS = {
    "folders": "{name}/{file}",
    "nbgrader": "submitted/{name}/hw/{file}",
    "moodle": "{name}_{number}_assignsubmission_file_/{file}",
    "moodle flat": "{name}_{number}_assignsubmission_file_{file}",
    "canvas": "{plain}_{number}_{number}9_{file}",
    "gradescope": "submission_{number}/{file}",
    "blackboard": "hw_{plain}_attempt_2026-01-01-01-01-01_{file}",
    "brightspace": "{number}-7 - {plain} - 1 Jan - {file}",
}


@st.composite
def classes(draw):
    """A way to lay a class out, its learners with numbers, the names of their files, and a roster."""
    way = draw(st.sampled_from(sorted(WAYS)))
    people = draw(st.lists(st.tuples(NAMES, st.integers(1, 30)), min_size=2, max_size=5))
    files = draw(
        st.lists(
            st.sampled_from(["a.ipynb", "x_1_2_b.ipynb", "submission_3.ipynb", "é_4.ipynb"]), min_size=1, unique=True
        )
    )
    ids = draw(st.lists(st.sampled_from(["s1", "s2", "s3", "s4", "a", "b"]), min_size=5, max_size=5))
    return way, people, files, ids, draw(st.booleans())


def expected(way, name, number):
    plain = re.sub("[^a-zA-Z0-9]", "", unicodedata.normalize("NFC", name)) or "p"
    return {"moodle": f"{name}_{number}", "moodle flat": f"{name}_{number}", "canvas": f"{plain}_{number}"}.get(
        way, {"gradescope": str(number), "blackboard": plain, "brightspace": f"{plain}_{number}"}.get(way, name)
    )


@pytest.mark.parametrize("most", [30, pytest.param(150, marks=pytest.mark.slow)])
def test_every_file_is_in_the_row_of_its_learner_or_nobodys(most):
    settings(max_examples=most, deadline=None)(given(classes())(has_its_files))()


def has_its_files(drawn):
    way, people, files, ids, with_roster = drawn
    with TemporaryDirectory() as folder:
        top, owners = Path(folder, "class"), {}
        for name, number in people:
            plain = re.sub("[^a-zA-Z0-9]", "", unicodedata.normalize("NFC", name)) or "p"
            for file in files:
                path = top / WAYS[way].format(name=name, number=number, plain=plain, file=file)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("{}")
                owners[path] = expected(way, name, number)
        (top / "notes.txt").write_text("x")
        learners = sorted(set(owners.values()))
        renamed = dict(zip(learners, ids)) if with_roster else {}
        table = Path(folder, "roster.csv")
        with open(table, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("learner", "id"), *renamed.items()])
        keys = {unicodedata.normalize("NFC", learner).strip().casefold() for learner in learners}
        try:
            found = recognise(top, table if with_roster else None)
        except ValueError:
            reported = [renamed.get(learner, learner) for learner in learners]
            numbers = {number for _, number in people}
            clear = 1 < len(keys) == len(learners) == len(set(map(str.casefold, reported)))
            clear = clear and (way in ("folders", "nbgrader", "blackboard") or len(numbers) == len(learners))
            assert not clear, drawn
            return
        rows = {path: one.learner for one in found.submissions for path in one.files}
        assert rows == {path: renamed.get(owner, owner) for path, owner in owners.items()}
        assert sum(len(one.files) for one in found.submissions) == len(owners)
        assert "notes.txt" in [name.rpartition("/")[2] for name in found.nobodys]
