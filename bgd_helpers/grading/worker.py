"""A worker: grades one submission after another in its own process, with a warm parent for its kernels.

Jobs come as JSON lines on standard input, results go out on standard output. It reads the submissions' files; what it
runs of them is behind the walls.
"""

import json
import os
import sys

from bgd_helpers.exercises import EXERCISES
from bgd_helpers.grading import collect, course, engine
from bgd_helpers.grading.judging import Cases, Outcome
from bgd_helpers.grading.sandbox import WarmParent

RESTART = 3  # seconds that an ended kernel may cost beside the time of its cell
NOT_RUN = Outcome("stopped", "the grader could not run it; grade this submission again.")


def main(settings):
    """Grade what comes in, until nothing more does."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints, the results have their channel alone
    asked = course.read(settings["notebooks"])
    cases = Cases(settings["salt"])
    parent = WarmParent(settings["level"], settings["folder"])
    try:
        for line in sys.stdin:
            result = grade(json.loads(line), settings, asked, cases, parent)
            out.write(json.dumps(result) + "\n")
            out.flush()
    finally:
        parent.close()


def grade(job, settings, asked, cases, parent):
    """The result of one submission: a row for each exercise, notes on its files, and its JUnit file."""
    found, notes = answers(job["files"], asked)
    seconds = len(asked.tasks) * (settings["cell_seconds"] + RESTART)
    grader = engine.Grader(parent, cases, EXERCISES, seconds, settings["cell_seconds"])
    attempts = {name: engine.Attempt(asked, name, found.get(name, ()), grader) for name in notebooks_asked(asked)}
    outcomes = engine.run(settings["notebooks"], attempts, job["junit"])
    graded = len(outcomes) == len(asked.tasks) and (bool(found) or not job["files"])
    rows = [row(task, outcomes.get(task.cell, NOT_RUN)) for task in asked.tasks]
    return {"learner": job["learner"], "graded": graded, "notes": notes, "exercises": rows}


def notebooks_asked(asked):
    """The notebooks that have exercises, in order."""
    return list(dict.fromkeys(task.notebook for task in asked.tasks))


def row(task, outcome):
    """What is reported of one exercise."""
    return {
        "exercise": task.exercise,
        "notebook": task.notebook,
        "cell": task.cell,
        "points": task.points,
        "score": task.points if outcome.outcome == "right" else 0,
        "outcome": outcome.outcome,
        "text": outcome.text,
        "slip": outcome.slip,
    }


def answers(files, asked):
    """The pieces to run by notebook, of the latest file that answers something; and notes on the other files."""
    chosen, notes = {}, [] if files else ["Nothing was handed in."]
    for path, name in zip(files, names(files)):
        try:
            notebook, pieces = read(path, asked)
        except collect.Unreadable as error:
            notes.append(f"{name} was not graded: {error}.")
            continue
        before, others = chosen.get(notebook, (None, ()))
        if not answers_something(pieces) and answers_something(others):
            continue
        if answers_something(others):
            notes.append(f"{before} was not graded: {name} is later.")
        chosen[notebook] = name, pieces
    return {notebook: pieces for notebook, (_, pieces) in chosen.items()}, notes


def read(path, asked):
    """The course's notebook that a file is, and the pieces to run of it. Raises `Unreadable`."""
    cells = collect.cells_of(path)
    notebook = collect.notebook_of(cells, asked)
    if notebook is None:
        raise collect.Unreadable("it is no notebook of this course")
    return notebook, collect.pieces_of(cells, asked, notebook)


def answers_something(pieces):
    return any(piece.answers for piece in pieces)


def names(files):
    """The files' names, with as much of their folders as tells them apart."""
    top = os.path.commonpath([os.path.dirname(path) for path in files]) if files else ""
    return [os.path.relpath(path, top) for path in files]


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
