"""A release: the learner's edition with all that it needs, in a folder ready to be a class's repository."""

import shutil
import tempfile
from pathlib import Path

import nbformat

from bgd_helpers import edition
from bgd_helpers.saving import as_json

MARKER = ".course/release"  # says that a folder is a release, and may be written again
COPIED = ("environment.yml", "pyproject.toml", "requirements.lock", "LICENSE", "LICENSE-TEXT")
FOLDERS = ("bgd_helpers", "install")
WORKFLOW = ".github/workflows/grade.yml"
TEXTS = Path(__file__).parent / "release_texts"


def write(root, folder, solutions=False):
    """Write the release of the course at `root` into `folder`, whole or not at all; with the worked solutions, if they
    are to be given out now.

    Raises FileExistsError if something else is there.
    """
    root, folder = Path(root), Path(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise FileExistsError(f"{folder} is there and is no release: name another folder, or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".release-") as made:
        _fill(root, Path(made) / "new")
        if solutions:
            _write_solutions(root / "notebooks", Path(made) / "new" / "solutions")
        if folder.exists():
            folder.rename(Path(made) / "old")
        (Path(made) / "new").rename(folder)


def _fill(root, made):
    for name in FOLDERS:
        shutil.copytree(root / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in COPIED:
        shutil.copy(root / name, made / name)
    for name, target in (("README.md",) * 2, ("Makefile",) * 2, ("gitignore", ".gitignore"), ("grade.yml", WORKFLOW)):
        (made / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEXTS / name, made / target)
    _write_notebooks(root / "notebooks", made)
    (made / MARKER).write_text("Written by `bgd release`, which may write this folder again.\n", encoding="utf-8")


def _write_notebooks(source, made):
    """The notebooks to work in, and the same for the grader to know what was asked for."""
    for folder in (made / "notebooks", made / ".course" / "notebooks"):
        folder.mkdir(parents=True)
        for path in sorted(source.glob("*.ipynb")):
            text = as_json(edition.learners(nbformat.read(path, as_version=4)))
            (folder / path.name).write_text(text, encoding="utf-8", newline="\n")


def _write_solutions(source, folder):
    """The notebooks with their worked solutions and outputs, without the marks around them and the hidden tests."""
    folder.mkdir()
    for path in sorted(source.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            lines = edition.without(cell.source, edition.HIDDEN).splitlines()
            cell.source = "\n".join(line for line in lines if line.strip() not in edition.SOLUTION)
        (folder / path.name).write_text(as_json(notebook), encoding="utf-8", newline="\n")
