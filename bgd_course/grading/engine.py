"""nbval as the engine: each exercise is a test of pytest, its answer runs behind the walls, its values are judged here.
nbval's classes are no documented interface: its version is bounded, and tests/test_grading.py holds the contract.
"""

import os
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

from bgd_course.grading.course import Task, forgiving, used
from bgd_course.grading.judging import BLANK, outcome_of
from bgd_course.grading.kernel import GradedKernel, Ran

CELL_SECONDS = 10
RESTART = 3  # seconds that an ended kernel may cost beside the time of its cell
GLANCE = 0.2  # seconds
OUTCOMES = pytest.StashKey()
OPTIONS = ["-q", "--noconftest", "-c", os.devnull, "-p", "nbval.plugin", "-p", "no:cacheprovider"]
OPTIONS += ["-p", "no:unraisableexception"]  # it collects garbage when a session ends, for a fifth of a second

LEFT_OUT = "Another cell was left out"
NO_ANSWER = "The course's `{0}` is no answer here; your own `{0}` is one, once it is right."


class NotRight(Exception):
    """An exercise that is not right; the message is what its learner is told."""


class Attempt:
    """The answers of one or several notebooks of a chapter: they run in one kernel, one after another, as far as
    nothing ends it, and each is called where its last check stands. Each that is not right there, or did not run, then
    runs in a kernel of its own. `blank` is the Outcome of an exercise without an answer.
    """

    def __init__(self, course, notebooks, pieces, grader, blank=BLANK):
        self.course, self.notebooks, self.pieces, self.grader, self.blank = course, notebooks, pieces, grader, blank
        self.kernel, self.next, self.ran, self.outcomes = None, 0, {}, None
        self.right = set()  # the exercises settled so far
        self.ended = {}  # what is said of the pieces that ended a kernel: no other answer runs with them

    def piece_of(self, task):
        """Where the answer to a task stands among the pieces, None if there is none."""
        return next((i for i, piece in enumerate(self.pieces) if task.cell in piece.answers), None)

    def check_of(self, task):
        """Which piece the last check of a task stands below: its answer, or a later one."""
        checked = [i for i, piece in enumerate(self.pieces) if task.cell in piece.checked]
        return max([self.piece_of(task), *checked])

    def grade(self, task):
        """The Outcome of a task; the first call grades them all."""
        if self.outcomes is None:
            self.outcomes = self._all()
        return self.outcomes[task.cell]

    def _all(self):
        """The Outcomes by answer cell."""
        tasks = self.course.tasks_of(*self.notebooks)
        answered = [task for task in tasks if self.piece_of(task) is not None]
        first = {task.cell: self._together(task) for task in sorted(answered, key=self.check_of)}
        self.close()
        found = {}
        for task in answered:
            found[task.cell] = self._settled(task, first[task.cell])
            self.right |= {task.exercise} if _is_right(found[task.cell]) else set()
        return {task.cell: found.get(task.cell, self.blank) for task in tasks}

    def _settled(self, task, first):
        """The Outcome of a task, from that in the common kernel: None, if it did not run there."""
        if first is not None and first.outcome == "right":
            return first
        if first is not None and first.outcome == "stopped" and self.check_of(task) == 0:
            return first
        return self._again(task)

    def _again(self, task):
        """The Outcome of a task alone: with the learner's own cells from the answer before to its check; if a name is
        missing, with all that its check saw, then with all. Where cells were left out, it says so."""
        ways = [self._own_cells_about(task), range(self.check_of(task) + 1), range(len(self.pieces))]
        found = self._apart(task, ways[0])
        for others in ways[1:]:
            if any(name in found.text for name in ("NameError", "ModuleNotFoundError")):
                found = max(found, self._apart(task, others), key=_is_right)
        if "NameError" in found.text and (like := self._like(task)):
            found = found._replace(text=f"{found.text} {NO_ANSWER.format(like.variable)}")
        left_out = [said for i, said in self.ended.items() if i != self.piece_of(task) and i <= self.check_of(task)]
        if left_out and found.outcome == "wrong":
            return found._replace(text=f"{found.text} {LEFT_OUT}: {left_out[0]}.")
        return found

    def _own_cells_about(self, task):
        """The learner's own cells between the answer before and the check of this one, and a right answer that it
        calls."""
        index = self.piece_of(task)
        before = [i for i in range(index) if self.pieces[i].answers]
        between = range(before[-1] + 1 if before else 0, self.check_of(task) + 1)
        like = self._like(task)
        called = [self.piece_of(like)] if like and like.exercise in self.right else []
        return called + [i for i in between if not self.pieces[i].answers]

    def _run(self, kernel, index, in_parts=False):
        """How a piece ran; what ended a kernel is known from then on. `in_parts`, one that raises is run once more, and
        a statement that fails, as it may here alone, costs no other."""
        piece = self.pieces[index]
        run = self.grader.run if piece.answers else self.grader.run_own
        ran = run(kernel, piece.source)
        if in_parts and ran.how == "raised":
            again = run(kernel, forgiving(piece.source))
            ran = again if again.how == "stopped" else ran
        if ran.how == "stopped":
            self.ended[index] = ran.said
        return ran

    def _together(self, task):
        """The Outcome after every piece up to its check; None once something has ended the kernel."""
        index = self.piece_of(task)
        if self.kernel is None and not self.ran:
            self.kernel = self._fresh()
        while self.kernel is not None and self.next <= self.check_of(task):
            at, self.next = self.next, self.next + 1
            self.ran[at] = self._run(self.kernel, at)
            if self.ran[at].how == "stopped":
                self.close()
                return outcome_of(task, self.ran[at], None, self.grader.cases) if at == index else None
        if self.kernel is None:
            return None
        sent = self.grader.call(self.kernel, task)
        if sent.how == "stopped":
            self.close()
        return outcome_of(task, sent, self.ran[index], self.grader.cases)

    def _apart(self, task, others):
        """The Outcome of a task in a kernel of its own, with these other pieces but for those that end it."""
        alone, index, ran = self._fresh(), self.piece_of(task), {}
        try:
            for i in sorted({index, *(i for i in others if i not in self.ended)}):
                ran[i] = self._run(alone, i, in_parts=True)
                if ran[i].how == "stopped":
                    return (
                        outcome_of(task, ran[i], None, self.grader.cases) if i == index else self._apart(task, others)
                    )
            return self._called(alone, task, ran[index])
        finally:
            alone.stop()

    def _called(self, alone, task, answered):
        """The Outcome of a task whose answer is in that kernel, where the functions that it calls are as they should
        be. They are solutions, so nothing is quoted that the answer says while they are in its reach.
        """
        needed = list(self._needed(task))
        for source in needed:
            ran = self.grader.run(alone, source)
            if ran.how == "stopped":
                return outcome_of(task, ran, answered, self.grader.cases)
        return outcome_of(task, self.grader.call(alone, task), answered, self.grader.cases, quote=not needed)

    def _needed(self, task):
        """The right answers to the exercises whose functions this one calls; where there are none to be had (in a
        release), the learner's."""
        needs = getattr(self.grader.exercise(task), "needs", ())
        for other in self.course.tasks:
            index = self.piece_of(other)
            if other.exercise in needs and (other.solution or index is not None):
                yield other.solution or self.pieces[index].source
        if (like := self._like(task)) and like.exercise in self.right:
            yield from self._needed(like)

    def _like(self, task):
        """The task whose function this one asks for, mended, if its answer calls that: it may be the learner's own, and
        right, not the course's."""
        name = getattr(self.grader.exercise(task), "like", "")
        uses = used(self.pieces[self.piece_of(task)].source)
        return next((one for one in self.course.tasks if one.exercise == name and one.variable in uses), None)

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
    """What all attempts of a submission of so many tasks share: the fork server, the cases, the time that is left for
    the learner's own cells (`own`) and for all the rest (`left`), and what is called with each request (`beat`)."""

    def __init__(self, server, cases, exercises, tasks, cell_seconds=CELL_SECONDS, beat=lambda: None):
        self.server, self.cases, self.exercises = server, cases, exercises
        self.cell_seconds, self.own, self.left = cell_seconds, tasks * cell_seconds, tasks * (cell_seconds + RESTART)
        self.beat = beat

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
        return self._timed(kernel, kernel.run, source)

    def run_own(self, kernel: GradedKernel, source: str) -> Ran:
        """How one of the learner's own cells ran: what it takes is taken from the time of these; once that is used up,
        a glance is left for each, from the time of the answers."""
        self.beat()
        own = max(self.own, 0)
        ran = kernel.run(source, max(GLANCE, min(self.cell_seconds, own)))
        self.own, self.left = own - kernel.took, self.left - max(0, kernel.took - own)
        return ran

    def call(self, kernel: GradedKernel, task: Task) -> Ran:
        """What the answer to a task gives on its cases, likewise; of a derivation, its text."""
        exercise = self.exercise(task)
        if exercise is None:
            return self._timed(kernel, kernel.call, task.variable, None, None, None)
        cases = self.cases.of(task.exercise).packed
        return self._timed(kernel, kernel.call, task.variable, exercise.parameters, cases, exercise.read.__name__)

    def _timed(self, kernel, ask, *words):
        """What comes of asking, which pays for what the kernel took, not for what others had of the processor."""
        if self.left <= 0:
            return Ran("stopped", "the time for the whole submission is over")
        self.beat()
        ran = ask(*words, min(self.cell_seconds, self.left))
        self.left -= kernel.took
        return ran


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
