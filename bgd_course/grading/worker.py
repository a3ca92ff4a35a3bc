"""A worker: grades one submission after another in its own process, with a warm parent for its kernels.

Jobs come as JSON lines on standard input, results go out on standard output. It reads the submissions' files; what it
runs of them is behind the walls.
"""

import json
import os
import sys

from bgd_course.grading import course, engine
from bgd_course.grading.collect import answers, names  # noqa: F401
from bgd_course.grading.judging import Cases, Outcome
from bgd_course.grading.sandbox import WarmParent, remove
from bgd_helpers.checks import EXERCISES

RESTART = 3  # seconds that an ended kernel may cost beside the time of its cell
MISSING = "its notebook is not among the files that were handed in."
MISSING_UNREAD = "its notebook was not handed in, or could not be read: see the notes above."
NOT_RUN = Outcome("stopped", "the grader could not run it; grade this submission again.")


def main(settings):
    """Grade what comes in, until nothing more does."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints, the results have their channel alone
    asked = course.read(settings["notebooks"])
    parent = WarmParent(settings["level"], settings["folder"], settings["private"])
    try:
        for line in sys.stdin:
            out.write(json.dumps(grade(json.loads(line), settings, asked, parent)) + "\n")
            out.flush()
    finally:
        parent.close()
        remove(settings["folder"])


def grade(job, settings, asked, parent):
    """The result of one submission: a row for each exercise, notes on its files, and its JUnit file."""
    found, notes = answers(job["files"], asked, job["left"])
    seconds = len(asked.tasks) * (settings["cell_seconds"] + RESTART)
    grader = engine.Grader(parent, Cases(job["salt"]), EXERCISES, seconds, settings["cell_seconds"])
    attempts = {name: _attempt(asked, name, found.get(name), grader, bool(notes)) for name in notebooks_asked(asked)}
    outcomes = engine.run(settings["notebooks"], attempts, job["junit"])
    graded = len(outcomes) == len(asked.tasks) and (bool(found) or not job["files"] + job["left"])
    rows = [row(task, outcomes.get(task.cell, NOT_RUN), found.get(task.notebook)) for task in asked.tasks]
    return {"learner": job["learner"], "graded": graded, "notes": notes, "exercises": rows}


def _attempt(asked, notebook, file, grader, unread):
    """The answers to one notebook; where there is no file, a word on why its exercises are not attempted."""
    missing = MISSING_UNREAD if unread else MISSING
    return engine.Attempt(asked, notebook, file.pieces, grader) if file else engine.Absent(asked, missing)


def notebooks_asked(asked):
    """The notebooks that have exercises, in order."""
    return list(dict.fromkeys(task.notebook for task in asked.tasks))


def row(task, outcome, file=None):
    """What is reported of one exercise, and of the file in which it was looked for."""
    return {
        "exercise": task.exercise,
        "notebook": task.notebook,
        "cell": task.cell,
        "points": task.points,
        "score": task.points if outcome.outcome == "right" else 0,
        "outcome": outcome.outcome,
        "text": outcome.text,
        "slip": outcome.slip,
        "file": file.name_for(task) if file else "",
        "answer": file.answer_to(task) if file else "",
    }


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
