"""A worker: grades one submission after another in its own process, with a fork server for its kernels.

Jobs come as JSON lines on standard input, results go out on standard output. It reads the submissions' files; what it
runs of them is behind the walls. An empty line says that it goes on.
"""

import json
import os
import sys
from functools import partial

from bgd_course.grading import course, engine
from bgd_course.grading.collect import answers, predictions
from bgd_course.grading.judging import Cases, Outcome
from bgd_course.grading.results import Result, row
from bgd_course.grading.sandbox import ForkServer, remove
from bgd_helpers.checks import EXERCISES

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
            result = grade(json.loads(line), settings, asked, server, partial(print, file=out, flush=True))
            print(json.dumps(result.as_json()), file=out, flush=True)
    finally:
        server.close()
        remove(settings["folder"])


def grade(job, settings, asked, server, beat):
    """The result of one submission: a row for each exercise, notes on its files, and its JUnit file."""
    found, notes = answers(job["files"], asked, job["left"])
    server.start()  # before the time of the submission begins
    grader = engine.Grader(server, Cases(job["salt"]), EXERCISES, len(asked.tasks), settings["cell_seconds"], beat)
    attempts = _attempts(asked, found, grader, Outcome("not attempted", MISSING_UNREAD if notes else MISSING))
    outcomes = engine.run(settings["notebooks"], attempts, job["junit"])
    graded = len(outcomes) == len(asked.tasks) and (bool(found) or not job["files"] + job["left"])
    rows = [_row(task, outcomes.get(task.cell, NOT_RUN), found.get(task.notebook)) for task in asked.tasks]
    return Result(job["learner"], graded, notes, rows, guesses=predictions(job["files"]))


def _attempts(asked, found, grader, missing):
    """By notebook the answers to its exercises, with those of its chapter's other parts; where there is no file, a word
    on why they are not attempted."""
    attempts = {}
    for notebook in notebooks_asked(asked):
        there = [name for name in asked.parts(notebook) if name in found]
        if notebook not in there:
            attempts[notebook] = engine.Attempt(asked, [notebook], [], grader, missing)
        elif notebook not in attempts:
            shared = engine.Attempt(asked, there, found[notebook].pieces, grader)
            attempts |= dict.fromkeys(there, shared)
    return {name: attempts[name] for name in notebooks_asked(asked)}


def notebooks_asked(asked):
    """The notebooks that have exercises, in order."""
    return list(dict.fromkeys(task.notebook for task in asked.tasks))


def _row(task, outcome, file):
    """What is reported of one exercise, and of the file in which it was looked for."""
    return row(task, outcome, file.name_for(task), file.answer_to(task)) if file else row(task, outcome)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
