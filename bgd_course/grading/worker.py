"""A worker: grades one submission after another in its own process, with a fork server for its kernels.

Jobs come as JSON lines on standard input, results go out on standard output. It reads the submissions' files; what it
runs of them is behind the walls.
"""

import json
import os
import sys
from typing import NamedTuple

from bgd_course.grading import collect, course, engine
from bgd_course.grading.judging import Cases, Outcome, limited
from bgd_course.grading.results import Result, row
from bgd_course.grading.sandbox import ForkServer, remove
from bgd_helpers.checks import EXERCISES

RESTART = 3  # seconds that an ended kernel may cost beside the time of its cell
LONGEST_SHOWN = 5_000  # characters of an answer in a report
MISSING = "its notebook is not among the files that were handed in."
MISSING_UNREAD = "its notebook was not handed in, or could not be read: see the notes above."
NOT_RUN = Outcome("stopped", "the grader could not run it; grade this submission again.")


def main(settings):
    """Grade what comes in, until nothing more does."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints, the results have their channel alone
    asked = course.read(settings["notebooks"])
    server = ForkServer(settings["level"], settings["folder"], settings["private"])
    try:
        for line in sys.stdin:
            out.write(json.dumps(grade(json.loads(line), settings, asked, server).as_json()) + "\n")
            out.flush()
    finally:
        server.close()
        remove(settings["folder"])


def grade(job, settings, asked, server):
    """The result of one submission: a row for each exercise, notes on its files, and its JUnit file."""
    found, notes = answers(job["files"], asked, job["left"])
    seconds = len(asked.tasks) * (settings["cell_seconds"] + RESTART)
    grader = engine.Grader(server, Cases(job["salt"]), EXERCISES, seconds, settings["cell_seconds"])
    attempts = {name: _attempt(asked, name, found.get(name), grader, bool(notes)) for name in notebooks_asked(asked)}
    outcomes = engine.run(settings["notebooks"], attempts, job["junit"])
    graded = len(outcomes) == len(asked.tasks) and (bool(found) or not job["files"] + job["left"])
    rows = [_row(task, outcomes.get(task.cell, NOT_RUN), found.get(task.notebook)) for task in asked.tasks]
    return Result(job["learner"], graded, notes, rows)


def _attempt(asked, notebook, file, grader, unread):
    """The answers to one notebook; where there is no file, a word on why its exercises are not attempted."""
    missing = Outcome("not attempted", MISSING_UNREAD if unread else MISSING)
    return engine.Attempt(asked, notebook, *((file.pieces, grader) if file else ([], grader, missing)))


def notebooks_asked(asked):
    """The notebooks that have exercises, in order."""
    return list(dict.fromkeys(task.notebook for task in asked.tasks))


class File(NamedTuple):
    """A file that was graded: its name, and the pieces to run of it."""

    name: str
    pieces: list

    def answer_to(self, task):
        """The source that answers an exercise, as far as a report shows it."""
        sources = [piece.source for piece in self.pieces if task.cell in piece.answers]
        return sources[0][:LONGEST_SHOWN] if sources else ""


def _row(task, outcome, file):
    """What is reported of one exercise, and of the file in which it was looked for."""
    return row(task, outcome, file.name, file.answer_to(task)) if file else row(task, outcome)


def answers(files, asked, left=()):
    """For each notebook the latest File that answers something; and notes on the files that are not graded, those
    among them that are `left` out since they are no notebooks."""
    chosen, notes = {}, [] if files or left else ["Nothing was handed in."]
    notes += [f"{name} was not graded: it is no notebook (.ipynb)." for name in left]
    for path, name in zip(files, names(files)):
        try:
            notebook, pieces = read(path, asked)
        except collect.Unreadable as error:
            notes.append(f"{name} was not graded: {error}.")
            continue
        before, new = chosen.get(notebook), File(name, pieces)
        if before and answers_something(before) and not answers_something(new):
            continue
        if before and answers_something(before):
            notes.append(f"{before.name} was not graded: {name} is later.")
        chosen[notebook] = new
    return chosen, notes


def read(path, asked):
    """The course's notebook that a file is, and the pieces to run of it. Raises `Unreadable`, whatever is wrong."""
    try:
        with limited(collect.READING):
            cells = collect.cells_of(path)
            notebook = collect.notebook_of(cells, asked)
            pieces = collect.pieces_of(cells, asked, notebook) if notebook else ()
    except collect.Unreadable:
        raise
    except TimeoutError:
        raise collect.Unreadable("it takes too long to read") from None
    except Exception as error:  # nobody's file ends the grader
        raise collect.Unreadable(f"it cannot be read ({type(error).__name__})") from None
    if notebook is None:
        raise collect.Unreadable("it is no notebook of this course")
    return notebook, pieces


def answers_something(file):
    return any(piece.answers for piece in file.pieces)


def names(files):
    """The files' names, with as much of their folders as tells them apart."""
    top = os.path.commonpath([os.path.dirname(path) for path in files]) if files else ""
    return [os.path.relpath(path, top) for path in files]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
