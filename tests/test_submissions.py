"""Who handed in what, and what of it can be read."""

import os

import attacks
import nbformat
import pytest
from classes import ROOT

from bgd_course.grading import collect, course, files, submissions
from bgd_course.grading.worker import answers


@pytest.mark.parametrize(
    ("files", "learners"),
    [
        (["submitted/ada/hw1/00.ipynb", "submitted/bob/hw1/00.ipynb"], {"ada": 1, "bob": 1}),
        (
            ["Ada Lovelace_123_assignsubmission_file_/a.ipynb", "Bob_4_assignsubmission_file/b.ipynb"],
            {"Ada Lovelace_123": 1, "Bob_4": 1},
        ),
        (
            ["lovelaceada_12_345_a.ipynb", "lovelaceada_12_346_a-1.ipynb", "bob_LATE_7_8_x y.ipynb"],
            {"lovelaceada_12": 2, "bob_7": 1},
        ),
        (["submission_77/a.ipynb", "submission_77/sub/b.ipynb", "submission_metadata.yml"], {"77": 2}),
        (
            ["ada/notebooks/a.ipynb", "ada/.git/x.ipynb", "bob/notebooks/a.ipynb", "bob/.ipynb_checkpoints/a.ipynb"],
            {"ada": 1, "bob": 1},
        ),
    ],
    ids=["nbgrader", "Moodle", "Canvas", "Gradescope", "git"],
)
def test_learners_are_found_as_each_system_lays_them_out(tmp_path, files, learners):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert {one.learner: len(one.files) for one in submissions.find(tmp_path)} == learners


def test_one_folder_or_one_file_is_one_learner(tmp_path):
    (tmp_path / "ada").mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / "ada" / name).write_text("{}")
    assert [one.learner for one in submissions.find(tmp_path / "ada")] == ["ada"]
    assert [one.learner for one in submissions.find(tmp_path / "ada" / "a.ipynb")] == ["ada"]


def test_a_roster_renames_learners_and_shows_who_is_missing(tmp_path):
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "a.ipynb").write_text("{}")
    (tmp_path / "roster.csv").write_text("\ufefflearner,id\nada,S1\nbob,S2\n", encoding="utf-8")
    found = submissions.find(tmp_path / "class", tmp_path / "roster.csv")
    assert [(one.learner, len(one.files)) for one in found] == [("S1", 1), ("S2", 0)]
    (tmp_path / "roster.csv").write_text("ada,S1\nada,S2\n")
    with pytest.raises(ValueError, match="twice"):
        submissions.find(tmp_path / "class", tmp_path / "roster.csv")


def test_the_latest_valid_file_counts_and_the_others_are_named(tmp_path):
    names = ("ada_1_10_three.ipynb", "ada_1_11_three-1.ipynb", "ada_1_12_three-2.ipynb")
    texts = (attacks.submission(attacks.WRONG), attacks.submission(), None)
    for name, notebook in zip(names, texts):
        (tmp_path / name).write_text(attacks.as_text(notebook) if notebook else "{")
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    asked = course.read(tmp_path / "course")

    one = next(s for s in submissions.find(tmp_path) if s.learner == "ada_1")
    pieces, notes = answers(list(map(str, one.files)), asked)
    assert attacks.UPDATE in [piece.source for piece in pieces["three.ipynb"].pieces]
    assert sorted(note.split()[0] for note in notes) == ["ada_1_10_three.ipynb", "ada_1_12_three-2.ipynb"]


def test_odd_names_make_different_harmless_files():
    names = [submissions.file_name(name) for name in [*attacks.LEARNERS, "a b", "a_b", "A/b", "../x", ""]]
    assert len(set(names)) == len(names)
    assert all(name and not set(name) & set('/\\<>:"|?*\n ') and not name.startswith((".", "-")) for name in names)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes among submissions. a machine with Linux or macOS")
def test_links_pipes_folders_and_huge_files_are_refused_at_once(tmp_path):
    solution = ROOT / "notebooks" / "00-start-here.ipynb"
    (tmp_path / "link.ipynb").symlink_to(solution)
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    with open(tmp_path / "huge.ipynb", "wb") as file:
        file.truncate(files.MOST_BYTES + 1)
    for name in ("link", "pipe", "folder", "huge", "missing"):
        with pytest.raises(collect.Unreadable):
            collect.cells_of(tmp_path / f"{name}.ipynb")


def test_a_clone_of_the_class_repository_is_one_learners(tmp_path):
    clone = tmp_path / "ada"
    for name in ("my-course", "notebooks", "mine/more", "worked-solutions", ".course/notebooks", ".venv/share"):
        (clone / name).mkdir(parents=True)
        (clone / name / "a.ipynb").write_text("{}")
    (clone / ".release").write_text("{}")
    for folder in (clone, tmp_path):
        [found] = submissions.find(folder)
        assert found.learner == "ada"
        assert {path.parent.name for path in found.files} == {"my-course", "notebooks", "more"}


def test_a_later_file_without_an_answer_does_not_take_the_place_of_one_with(tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    asked = course.read(tmp_path / "course")
    blank = attacks.submission(*(task.blank for task in (asked.tasks[1], asked.tasks[0], asked.tasks[2])))
    texts = {"old/a": attacks.submission(attacks.WRONG), "my-course/a": attacks.submission(), "notebooks/a": blank}
    for name, notebook in texts.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / f"{name}.ipynb").write_text(attacks.as_text(notebook))
    pieces, notes = answers([str(tmp_path / f"{name}.ipynb") for name in texts], asked)
    assert attacks.UPDATE in [piece.source for piece in pieces["three.ipynb"].pieces]
    assert notes == ["old/a.ipynb was not graded: superseded by my-course/a.ipynb, which is later."]


def test_an_empty_folder_is_a_learner_with_nothing_and_an_output_folder_is_none(tmp_path):
    for name in ("ada", "bob/week1", "graded/results", "graded/feedback"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "ada" / "a.ipynb").write_text("{}")
    (tmp_path / "graded" / "run.json").write_text("{}")
    (tmp_path / "graded" / "feedback" / "ada.html").write_text("")
    found = {one.learner: (len(one.files), one.left) for one in submissions.find(tmp_path)}
    assert found == {"ada": (1, ()), "bob": (0, ())}
