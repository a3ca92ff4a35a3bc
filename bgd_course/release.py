"""A release: the learner's edition with all that it needs, in a folder ready to be a class's repository.

The file `.release` in it lists what was written, so that the folder can be written again when the course has changed:
what an instructor has added or changed there, and the repository that it has become, stay.
"""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import nbformat

from bgd_course import edition
from bgd_course.grading.course import HIDDEN, SOLUTION, without
from bgd_course.notebooks import as_json, remove_leftovers, write_atomically

MANIFEST = ".release"
COPIED = (
    *(".gitattributes", "CHANGELOG.md", "LICENSE", "LICENSE-TEXT"),
    *("environment.yml", "pyproject.toml", "requirements.lock", "requirements-grade.lock", "requirements-site.lock"),
    *("setup.mk", "Dockerfile", ".dockerignore", ".devcontainer/devcontainer.json", ".github/workflows/site.yml"),
)
FOLDERS = ("bgd_helpers", "bgd_course", "install")
SOLUTIONS = "worked-solutions"  # grading passes a folder of this name over
WORKFLOW = ".github/workflows/grade.yml"
TEXTS = Path(__file__).parent / "release_texts"


def write(root: str | Path, folder: str | Path, solutions: bool = False) -> list[str]:
    """Write the release of the course at `root` into `folder`, with the worked solutions if they are to be given out
    now; the names of the files that an instructor changed there, which are left as they are.

    Raises FileExistsError if something else is there, ValueError if its list of files cannot be read.
    """
    root, folder = Path(root), Path(folder)
    if folder.exists() and not is_one(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there and is no release: name another folder, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder, *(path for path in folder.rglob("*") if path.is_dir() and ".git" not in path.parts))
    with tempfile.TemporaryDirectory() as made:
        _fill(root, Path(made))
        if solutions:
            _write_solutions(root / "notebooks", Path(made) / SOLUTIONS)
        return _bring(Path(made), folder)


def is_one(folder: Path) -> bool:
    """Whether a folder is a release."""
    return (folder / MANIFEST).is_file()


def _bring(made, folder):
    """Bring the files of one folder into the other; the names of those that somebody changed there.

    It may be ended at any moment, and run again: the manifest knows the old and the new files until all are there.
    """
    known = _manifest(folder) if is_one(folder) else {}
    new = {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}
    ours = {name: [_digest(data)] for name, data in new.items()}
    _write_manifest(folder, {name: known.get(name, []) + ours.get(name, []) for name in known | ours})
    changed = []
    for name, data in sorted(new.items()):
        target = folder / name
        present = _digest(target.read_bytes()) if target.exists() else None
        if present is None or present in known.get(name, []):
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, data)
        elif present not in ours[name]:
            changed.append(name)
    for name in known.keys() - ours.keys():
        if (folder / name).is_file() and _digest((folder / name).read_bytes()) in known[name]:
            (folder / name).unlink()
    _write_manifest(folder, ours)
    return changed


def _manifest(folder):
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{folder / MANIFEST} cannot be read: bring it back, or name another folder") from None


def _digest(data):
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()  # git may have changed the ends of lines


def _write_manifest(folder, files):
    write_atomically(folder / MANIFEST, json.dumps(files, indent=0, sort_keys=True) + "\n")


def _fill(root, made):
    for name in FOLDERS:
        shutil.copytree(root / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in COPIED:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, made / name)
    texts = {"README.md": "README.md", "Makefile": "Makefile", "gitignore": ".gitignore", "grade.yml": WORKFLOW}
    texts["autograder.py"] = "autograder.py"
    for name, target in texts.items():
        (made / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TEXTS / name, made / target)
    _write_notebooks(root / "notebooks", made / "notebooks")
    _write_outputs(root / "notebooks", made / edition.OUTPUTS)


def _write_notebooks(source, folder):
    """The learner's edition. What learners make of it is in a folder of their own: no update meets an answer."""
    folder.mkdir()
    for path in sorted(source.glob("*.ipynb")):
        text = as_json(edition.learners(nbformat.read(path, as_version=4)))
        (folder / path.name).write_text(text, encoding="utf-8", newline="\n")


def _write_outputs(source, folder):
    """What the class's own site shows to read: the learner's edition with outputs, in no notebook's file."""
    folder.mkdir()
    for path in sorted(source.glob("*.ipynb")):
        text = as_json(edition.readers(nbformat.read(path, as_version=4)))
        (folder / f"{path.stem}.json").write_text(text, encoding="utf-8", newline="\n")


def _write_solutions(source, folder):
    """The notebooks with their worked solutions and outputs, without the marks around them and the hidden tests."""
    folder.mkdir()
    for path in sorted(source.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            lines = without(cell.source, HIDDEN).splitlines()
            cell.source = "\n".join(line for line in lines if line.strip() not in SOLUTION)
        (folder / path.name).write_text(as_json(notebook), encoding="utf-8", newline="\n")
