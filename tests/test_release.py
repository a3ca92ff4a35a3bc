"""The release: what is withheld, what comes with it, and what stays when it is written again."""

import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from classes import COURSE, RIGHT, ROOT, asked_for, installed

from bgd_course import edition, notebooks, release
from bgd_helpers import __version__


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("released") / "class"
    release.write(ROOT, folder)
    return folder


def shown():
    """The lines of the wrong passes that learners are to mend: all but one of each are right."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.id.startswith("shown-"):
                yield from (line.split("  #")[0].strip() for line in cell.source.splitlines())


def test_no_solution_and_no_hidden_test_is_in_the_notebooks_of_a_release(released):
    lines = {line.strip() for task in COURSE.tasks for line in task.solution.splitlines()[2:] if "###" not in line}
    blank = {line.strip() for task in COURSE.tasks for line in task.blank.splitlines()}
    secret = {line for line in lines - blank - set(shown()) if len(line) > 12}
    assert len(secret) > 25
    for path in released.rglob("*.ipynb"):
        sources = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
        assert [line for line in secret if line in sources] == [], path
        assert "### " not in sources
    for path in released.rglob("*"):
        if path.is_file() and path.suffix in (".md", ".yml", ".json", ".toml", ".txt"):
            assert "BEGIN SOLUTION" not in path.read_text(encoding="utf-8")


def test_source_and_release_differ_in_exercises_checks_outputs_and_folds_only(released):
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        mine, theirs = (nbformat.read(one, as_version=4) for one in (path, released / "notebooks" / path.name))
        tasks = COURSE.tasks_of(path.name)
        exercises = {cell for task in tasks for cell in (task.cell, task.check)}
        different = {a.id for a, b in zip(mine.cells, theirs.cells) if a.source != b.source or a.metadata != b.metadata}
        folded = {cell.id for cell in theirs.cells if "<summary>What we see</summary>" in cell.source}
        with_marks = {cell.id for cell in mine.cells if cell.cell_type == "code" and "### BEGIN" in cell.source}
        assert different == with_marks | folded and with_marks <= exercises and folded
        assert len(mine.cells) == len(theirs.cells) and not any(cell.get("outputs") for cell in theirs.cells)


def test_every_link_in_a_learners_notebook_leads_somewhere(released):
    for path in sorted((released / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        links = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
        assert links and [target for target in links if not (released / "notebooks" / target).exists()] == []


def test_a_release_says_which_version_of_the_course_it_is(released):
    command = [sys.executable, "-m", "bgd_course", "--version"]
    done = subprocess.run(command, cwd=released, capture_output=True, text=True)
    assert done.stdout == f"{__version__}\n"
    assert f"\n## {__version__}\n" in (released / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("make") is None or os.name == "nt", reason="make is not installed")
def test_a_release_sets_up_what_its_targets_need(released):
    plans = {
        target: subprocess.run(["make", "-n", target], cwd=released, capture_output=True, text=True).stdout
        for target in ("lab", "progress", "grade", "site")
    }
    assert all("-r requirements.lock" in plan for plan in plans.values())
    assert [target for target, plan in plans.items() if "-r requirements-grade.lock" in plan] == ["grade"]
    assert [target for target, plan in plans.items() if "-r requirements-site.lock" in plan] == ["site"]
    assert "-r requirements-grade.lock" in (released / release.WORKFLOW).read_text(encoding="utf-8")


def test_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    for folder in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(FileExistsError, match="is no release"):
            release.write(ROOT, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def smaller(root):
    """A course of one notebook, for releases made many times."""
    for folder in ("bgd_helpers", "bgd_course", "install", "notebooks"):
        (root / folder).mkdir(parents=True)
    for name in release.COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / "bgd_helpers" / "a.py").write_text("x = 1\n")
    shutil.copy(ROOT / "notebooks" / "00-start-here.ipynb", root / "notebooks")
    return root


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_written_again_what_was_added_or_changed_there_stays(tmp_path):
    root, made = smaller(tmp_path / "course"), tmp_path / "made"
    assert release.write(root, made) == []
    (made / ".git").mkdir()
    (made / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (made / "README.md").write_text("my own words")
    (made / "LICENSE").write_bytes((made / "LICENSE").read_bytes().replace(b"\n", b"\r\n"))
    (root / "bgd_helpers" / "a.py").rename(root / "bgd_helpers" / "b.py")
    assert release.write(root, made) == ["README.md"]
    assert (made / ".git" / "HEAD").exists() and (made / "README.md").read_text() == "my own words"
    assert (made / "bgd_helpers" / "b.py").exists() and not (made / "bgd_helpers" / "a.py").exists()
    (made / "README.md").unlink()
    assert release.write(root, made) == [] and "make lab" in (made / "README.md").read_text()


def test_a_release_that_was_cut_off_is_completed(tmp_path, monkeypatch):
    root, made, whole = smaller(tmp_path / "course"), tmp_path / "made", tmp_path / "whole"
    release.write(root, made)
    (root / "bgd_helpers" / "a.py").write_text("x = 2\n")
    (root / "install" / "new.json").write_text("{}\n")
    release.write(root, whole)
    for cut in range(4):
        left = iter(range(cut))

        def write(path, data, left=left):
            if next(left, None) is None:
                raise KeyboardInterrupt
            notebooks.write_atomically(path, data)

        monkeypatch.setattr(release, "write_atomically", write)
        with pytest.raises(KeyboardInterrupt):
            release.write(root, made)
    monkeypatch.setattr(release, "write_atomically", notebooks.write_atomically)
    assert release.write(root, made) == [] and contents(made) == contents(whole)


def test_what_a_killed_release_left_is_removed(tmp_path):
    root, made = smaller(tmp_path / "course"), tmp_path / "made"
    release.write(root, made)
    (made / "notebooks" / ".saving-0999999-a.tmp").write_text("half")
    release.write(root, made)
    assert not list(made.rglob(".saving-*")) and ".saving-*.tmp" in (made / ".gitignore").read_text()


def test_a_list_that_cannot_be_read_is_an_error(tmp_path):
    (tmp_path / ".release").write_text("?")
    with pytest.raises(ValueError, match="cannot be read"):
        release.write(ROOT, tmp_path)


def test_worked_solutions_are_given_out_on_demand_only(released, tmp_path):
    assert not (released / "worked-solutions").exists()
    release.write(ROOT, tmp_path / "a", solutions=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text = (tmp_path / "a" / "worked-solutions" / path.name).read_text(encoding="utf-8")
        code = [cell for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]
        sources = {cell.id: cell.source for cell in code}
        assert "### " not in "".join(sources.values())
        for task in COURSE.tasks_of(path.name):
            assert sources[task.cell] == RIGHT[task.exercise] and "must_be_right" not in sources[task.check]


@pytest.mark.slow
def test_a_learner_works_in_a_release_through_an_update_and_grades_it(released, tmp_path):
    mine = tmp_path / "mine"
    shutil.copytree(released, mine)
    edition.deliver(mine / "notebooks", mine / "my-course")
    path = mine / "my-course" / "00-start-here.ipynb"
    text = json.loads(path.read_text())
    next(cell for cell in text["cells"] if cell["id"] == "exercise-loss")["source"] = RIGHT["loss"]
    text["cells"] = [cell for cell in text["cells"] if cell["id"] != "check-loss"]
    path.write_text(json.dumps(text))

    updated = nbformat.read(mine / "notebooks" / path.name, as_version=4)
    updated.cells[0].source += "\n\nA new sentence."
    nbformat.write(updated, mine / "notebooks" / path.name)
    (mine / "worked-solutions").mkdir()
    shutil.copy(ROOT / "notebooks" / "03-backpropagation.ipynb", mine / "worked-solutions")
    edition.deliver(mine / "notebooks", mine / "my-course")
    assert "A new sentence." in path.read_text()

    done = subprocess.run(
        [installed(mine, tmp_path / "venv"), "-I", "-m", "bgd_course", "grade", ".", *asked_for()],
        cwd=mine,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((mine / "graded" / "results.json").read_text())
    assert {test["name"]: test["score"] for test in result["tests"] if test["score"]} == {"loss": 1}
    assert result["output"] == ""
