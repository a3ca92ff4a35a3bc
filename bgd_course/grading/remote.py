"""Grading on a Dask cluster: its workers grade submissions as those of one machine do, each behind walls of its own.

What travels are the course's notebooks without their outputs, the files of a submission as bytes, and its result. A
submission that was with a worker that is lost is graded by another.
"""

import atexit
import json
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue

import nbformat

from bgd_course.grading import classroom, submissions
from bgd_course.grading.collect import names
from bgd_course.grading.files import Unreadable, bytes_of

IDLE: dict[str, SimpleQueue] = {}  # on a worker of the cluster: course and settings to graders that wait for work


LONGEST = 3 * 3600  # seconds for a submission, where the cluster has no worker left that would end it


class Remote:
    """A worker of the pool whose work is done by whichever worker of the cluster has time."""

    def __init__(self, plan, client):
        self.plan, self.client, self.future = plan, client, None
        course = {path.name: without_outputs(path) for path in sorted(plan.notebooks.glob("*.ipynb"))}
        self.course = json.dumps([course, plan.level, plan.cell_seconds])

    def grade(self, submission, salt):
        """The result of a submission; None if the cluster failed or took too long."""
        files, refused = read(submission.sources)
        job = {"learner": submission.learner, "salt": salt, "left": submission.left, "files": files}
        self.future = self.client.submit(graded, self.course, job, pure=False)
        try:
            result = self.future.result(LONGEST)
        except Exception:  # whatever ended the cluster, or the task on it
            self.future.cancel()
            return None
        return replace(result, notes=refused + result.notes, graded=result.graded and bool(files or not refused))

    def stop(self):
        """Do not wait for the task."""
        if self.future is not None:
            self.future.cancel()

    def close(self):
        """Nothing is held here."""


def without_outputs(path):
    """The text of a notebook without the outputs that are saved in it: with them, every task would carry megabytes."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return nbformat.writes(notebook)


def read(files):
    """Name to bytes of the files that can be read, and a note for each of the others."""
    found, refused = {}, []
    for path, name in zip(files, names(list(map(str, files)))):
        try:
            found[name] = bytes_of(path)
        except Unreadable as error:
            refused.append(f"{name} was not graded: {error}.")
    return found, refused


def refuse_current_folder():
    """On a worker of the cluster: raise ValueError where it imports what lies in the folder that it was started in."""
    here = os.path.realpath(os.getcwd())
    if any(os.path.realpath(path) == here for path in sys.path):
        raise ValueError(
            "a worker imports files of its current folder: start it with PYTHONSAFEPATH=1, without PYTHONPATH"
        )


def graded(course, job):
    """On a worker of the cluster: the result of a submission."""
    waiting = IDLE.setdefault(course, SimpleQueue())
    try:
        grader = waiting.get_nowait()
    except Empty:
        grader = classroom.Worker(_plan(course))
    with tempfile.TemporaryDirectory(prefix="bgd-") as folder:
        files = tuple(_written(Path(folder, name), data) for name, data in job["files"].items())
        submission = submissions.Submission(job["learner"], files, tuple(job["left"]))
        result = grader.grade(submission, job["salt"])
        if result is None:
            grader.close()
            raise RuntimeError("the grader stopped")
        waiting.put(grader)
        return result


def _plan(course):
    """A plan for this machine, its course and output in a temporary folder."""
    notebooks, level, cell_seconds = json.loads(course)
    folder = Path(tempfile.mkdtemp(prefix="bgd-course-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "course").mkdir()
    for name, text in notebooks.items():
        (folder / "course" / name).write_text(text, encoding="utf-8")
    return classroom.Plan(folder / "course", folder / "out", level, "", cell_seconds=cell_seconds, private=(folder,))


def _written(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
