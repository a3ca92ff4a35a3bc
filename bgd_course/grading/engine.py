"""nbval as the engine: each exercise is a test of pytest, its answer runs behind the walls, its values are judged here.
nbval's classes are no documented interface: its version is bounded, and tests/test_grading.py holds the contract.
"""

import os
import time
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from bgd_course.grading.course import Task
from bgd_course.grading.judging import BLANK, Outcome, outcome_of
from bgd_course.grading.kernel import GradedKernel, Ran

CELL_SECONDS = 10
OUTCOMES = pytest.StashKey()
OPTIONS = ["-q", "--noconftest", "-c", os.devnull, "-p", "nbval.plugin", "-p", "no:cacheprovider"]
OPTIONS += ["-p", "no:unraisableexception"]  # it collects garbage when a session ends, for a fifth of a second

BEFORE = "a cell before it:"  # how a text begins that tells of another cell of the learner


class NotRight(Exception):
    """An exercise that is not right; the message is what its learner is told."""


class Attempt:
    """The answers of one or several notebooks of a chapter: they run in one kernel, one after another, as far as
    nothing ends it. Each that is not right there, or did not run, then runs in a kernel of its own. `blank` is the
    Outcome of an exercise without an answer.
    """

    def __init__(self, course, notebooks, pieces, grader, blank=BLANK):
        self.course, self.notebooks, self.pieces, self.grader, self.blank = course, notebooks, pieces, grader, blank
        self.kernel, self.next, self.ran, self.outcomes = None, 0, {}, None

    def piece_of(self, task):
        """Where the answer to a task stands among the pieces, None if there is none."""
        return next((i for i, piece in enumerate(self.pieces) if task.cell in piece.answers), None)

    def grade(self, task):
        """The Outcome of a task; the first call grades them all."""
        if self.outcomes is None:
            self.outcomes = self._all()
        return self.outcomes[task.cell]

    def _all(self):
        """The Outcomes by answer cell."""
        answered = [(task, self.piece_of(task)) for task in self.course.tasks_of(*self.notebooks)]
        first = {task.cell: self.blank if index is None else self._together(task, index) for task, index in answered}
        self.close()
        return {task.cell: self._settled(task, index, first[task.cell]) for task, index in answered}

    def _settled(self, task, index, first):
        """The Outcome of a task, from that in the common kernel: None, if it did not run there."""
        if index is None or first is not None and first.outcome == "right":
            return first
        if first is not None and first.outcome == "stopped" and index == 0:
            return first
        return self._again(task, index)

    def _again(self, task, index):
        """The Outcome of a task alone: with the learner's own cells before it; with all of them, if a name is
        missing; with none, if one of them fails."""
        helpers = self._helpers_before(index)
        every = [i for i, piece in enumerate(self.pieces) if not piece.answers]
        found = self._apart(task, index, helpers)
        if "NameError" in found.text and every != helpers:
            found = max(found, self._apart(task, index, every), key=_is_right)
        if found.text.startswith(BEFORE):
            found = max(found, self._apart(task, index, []), key=_is_right)
        return found

    def _helpers_before(self, index):
        """The learner's own cells between the answer before and this one."""
        helpers = []
        while index > 0 and not self.pieces[index - 1].answers:
            index -= 1
            helpers.insert(0, index)
        return helpers

    def _together(self, task, index):
        """The Outcome after every piece up to this one; None once something has ended the kernel."""
        if self.kernel is None and not self.ran:
            self.kernel = self._fresh()
        while self.kernel is not None and self.next <= index:
            at, self.next = self.next, self.next + 1
            self.ran[at] = self.grader.run(self.kernel, self.pieces[at].source)
            if self.ran[at].how == "stopped":
                self.close()
                return outcome_of(task, self.ran[at], None, self.grader.cases) if at == index else None
        if self.kernel is None:
            return None
        sent = self.grader.call(self.kernel, task)
        if sent.how == "stopped":
            self.close()
        return outcome_of(task, sent, self.ran[index], self.grader.cases)

    def _apart(self, task, index, helpers):
        """The Outcome of a task in a kernel of its own, with these of the learner's own cells.

        The functions that it calls are there as they should be. They are solutions, so nothing is quoted that the
        answer says while they are in its reach.
        """
        alone, needed = self._fresh(), list(self._needed(task))
        try:
            for i in helpers:
                ran = self.grader.run(alone, self.pieces[i].source)
                if ran.how == "stopped":
                    return Outcome("stopped", f"{BEFORE} {ran.said}.")
            answered = self.grader.run(alone, self.pieces[index].source)
            for source in needed if answered.how != "stopped" else ():
                answered_too = self.grader.run(alone, source)
                answered = answered_too if answered_too.how == "stopped" else answered
            sent = self.grader.call(alone, task) if answered.how != "stopped" else answered
            return outcome_of(task, sent, answered, self.grader.cases, quote=not needed)
        finally:
            alone.stop()

    def _needed(self, task):
        """The right answers to the exercises whose functions this one calls; where there are none to be had (in a
        release), the learner's."""
        needs = getattr(self.grader.exercise(task), "needs", ())
        for other in self.course.tasks:
            index = self.piece_of(other)
            if other.exercise in needs and (other.solution or index is not None):
                yield other.solution or self.pieces[index].source

    def _fresh(self):
        started = self.grader.start()
        imports = (self.course.imports[name] for name in self.course.parts(self.notebooks[0]))
        self.grader.run(started, "\n".join(dict.fromkeys(imports)))
        return started

    def close(self):
        """End the common kernel; there is no other."""
        if self.kernel is not None:
            self.kernel.stop()
            self.kernel = None


def _is_right(outcome):
    return outcome.outcome == "right"


class Grader:
    """What all attempts of a submission share: the fork server, the cases, and the time that is left."""

    def __init__(self, server, cases, exercises, seconds, cell_seconds=CELL_SECONDS):
        self.server, self.cases, self.exercises = server, cases, exercises
        self.cell_seconds, self.until = cell_seconds, time.monotonic() + seconds

    def exercise(self, task):
        """The exercise of a task, None if it is a derivation."""
        return self.exercises.get(task.exercise)

    def start(self) -> GradedKernel:
        """A fresh kernel; where the fork server has ended, it is started anew, once."""
        try:
            return GradedKernel(self.server)
        except OSError:
            self.server.end()
            return GradedKernel(self.server)

    def run(self, kernel: GradedKernel, source: str) -> Ran:
        """How a cell ran, in the time of a cell or what is left of the submission's."""
        return self._timed(kernel.run, source)

    def call(self, kernel: GradedKernel, task: Task) -> Ran:
        """What the answer to a task gives on its cases, likewise; of a derivation, its text."""
        exercise = self.exercise(task)
        if exercise is None:
            return self._timed(kernel.call, task.variable, None, None, None)
        cases = self.cases.of(task.exercise).packed
        return self._timed(kernel.call, task.variable, exercise.parameters, cases, exercise.read.__name__)

    def _timed(self, ask, *words):
        left = self.until - time.monotonic()
        if left <= 0:
            return Ran("stopped", "the time for the whole submission is over")
        return ask(*words, min(self.cell_seconds, left))


class GradedFile(IPyNbFile):
    """A notebook of the course, with a submission's answers in it."""

    attempt = None

    def setup(self):
        """Nothing: the kernel starts with the first answer."""

    def collect(self):
        for number, task in enumerate(self.attempt.course.tasks_of(self.path.name)):
            cell = GradedCell.from_parent(self, name=task.check, cell_num=number, cell=None, options={})
            cell.task = task
            yield cell

    def teardown(self):
        self.attempt.close()


class GradedCell(IPyNbCell):
    """A check cell."""

    task = None

    def runtest(self):
        outcome = self.parent.attempt.grade(self.task)
        self.user_properties += [("outcome", outcome.outcome), ("points", self.task.points)]
        self.config.stash[OUTCOMES][self.task.cell] = outcome
        if outcome.outcome != "right":
            raise NotRight(f"{outcome.outcome}: {outcome.text}")

    def repr_failure(self, excinfo):
        """What the learner is told; a traceback only where the grader itself failed."""
        if isinstance(excinfo.value, NotRight):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, 0, self.task.check


class Plugin:
    """Has pytest collect the notebooks of a submission; `outcomes` by answer cell."""

    def __init__(self, attempts):
        self.attempts, self.outcomes = attempts, {}

    def pytest_collect_file(self, file_path, parent):
        if file_path.name in self.attempts:
            collected = GradedFile.from_parent(parent, path=file_path)
            collected.attempt = self.attempts[file_path.name]
            return collected

    def pytest_configure(self, config):
        config.stash[OUTCOMES] = self.outcomes


def run(folder, attempts, junit):
    """The outcomes of the attempts (by notebook in `folder`), in one pytest session that writes the file `junit`."""
    plugin = Plugin(attempts)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    files = [str(Path(folder) / name) for name in attempts]
    options = [*OPTIONS, f"--rootdir={folder}", f"--junitxml={junit}", "-o", "junit_suite_name=grading"]
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        pytest.main([*options, *files], plugins=[plugin])
    return plugin.outcomes
