"""Submissions made from the course: the right answers, and a learner's folder with some of them."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest

from bgd_course import cli
from bgd_course.grading import course, sandbox

ROOT = cli.checkout()
COURSE = course.read(ROOT / "notebooks")


REMEDIES = {
    "Linux": "a machine with Linux, or WSL 2",
    "seccomp": "apt install libseccomp2; pip install pyseccomp",
    "landlock": "a Linux of 5.13 or newer that lists landlock in /sys/kernel/security/lsm",
    "bubblewrap": "apt install bubblewrap",
    "namespaces": "sysctl -w user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1",
}


def lacking(wall):
    """What the walls of that name lack to stand here, one of REMEDIES ("namespaces": bwrap is here, and may make none);
    None if they can."""
    if sys.platform != "linux":
        return "Linux"
    if sandbox._missing_seccomp():
        return "seccomp"
    if wall == "landlock":
        return None if sandbox._landlock_works() else "landlock"
    if shutil.which("bwrap") is None:
        return "bubblewrap"
    return None if sandbox._bubblewrap_works() else "namespaces"


def need(wall):
    """Leave a test out where these walls cannot stand."""
    if lack := lacking(wall):
        pytest.skip(f"the walls of {wall}. {REMEDIES[lack]}")


def level():
    """The strongest level of this machine, or the reason to leave a test out."""
    try:
        return sandbox.level()
    except sandbox.NoSandbox:
        pytest.skip(f"grading behind walls. {REMEDIES[lacking('bubblewrap')]}")


def asked_for():
    """The options of `bgd grade` for the strongest level of this machine: a weaker one has to be asked for."""
    return [] if level() == "bubblewrap" else ["--level", level()]


def solved(text):
    """The answer cell's source without its marks."""
    return "\n".join(line for line in text.splitlines() if "### " not in line)


RIGHT = {task.exercise: solved(task.solution) for task in COURSE.tasks}


def hand_in(released, folder, answers):
    """A learner's folder, from the notebooks of a release, with these answers by exercise."""
    folder.mkdir(parents=True)
    for path in sorted(released.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for task in COURSE.tasks_of(path.name):
            for cell in notebook.cells:
                if cell.id == task.cell and task.exercise in answers:
                    cell.source = answers[task.exercise]
        (folder / path.name).write_text(nbformat.writes(notebook), encoding="utf-8")


def installed(released, folder):
    """The Python of an environment in which the course is that of a release; the other packages are those here."""
    venv.create(folder, symlinks=True, with_pip=False)
    here = Path(next(path for path in sys.path if path.endswith("site-packages")))
    there = next(folder.glob("lib/python*/site-packages"))
    shutil.copytree(here, there, copy_function=os.link, dirs_exist_ok=True, symlinks=True)
    python = str(folder / "bin" / "python")
    pip = [
        python,
        "-I",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "-q",
        "--no-deps",
        "--no-build-isolation",
    ]
    subprocess.run([*pip, "-e", str(released)], check=True, capture_output=True, cwd=folder)
    return python
