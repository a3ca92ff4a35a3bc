"""What the learner saw is what they get: notebooks run from top to bottom as their learners ran them, then graded.

The kernels here are namespaces of this process, and their clock moves only where a cell sleeps.
"""

import json
import sys
import time
from types import SimpleNamespace

import attacks
import nbformat
import pytest
from attacks import LOSS, UPDATE, WRONG
from test_collect import CELL, CHECK, EXERCISE, changed, put, remove, write

from bgd_course.grading import collect, course, engine
from bgd_course.grading.judging import Cases
from bgd_course.grading.kernel import Ran
from bgd_helpers import checks
from bgd_helpers.checks import EXERCISES, protocol, shell

SALT = [1, 2, 3]
CELL_SECONDS = 10


class Clock:
    """A time that passes where a cell sleeps."""

    def __init__(self):
        self.now, self.until = 0.0, float("inf")

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        if self.now > self.until:
            raise TimeoutError


class Kernel:
    """A kernel whose walls are none; `run` and `call` as those of a GradedKernel."""

    def __init__(self, clock):
        self.clock, self.names, self.is_gone = clock, {"__name__": "__main__"}, False
        self.begun = clock.now

    @property
    def took(self):
        return self.clock.now - self.begun

    def run(self, source, seconds):
        assert not self.is_gone
        self.begun, self.clock.until = self.clock.now, self.clock.now + seconds
        try:
            exec(source, self.names)
        except TimeoutError:
            self.clock.now, self.is_gone = self.clock.until, True
            return Ran("stopped", f"it took longer than {seconds:.3g} seconds")
        except Exception as error:
            return Ran("raised", protocol.named(error))
        return Ran("done")

    def call(self, name, parameters, cases, read, seconds):
        self.begun, self.clock.until = self.clock.now, self.clock.now + seconds
        return Ran("done", values=json.loads(json.dumps(shell.values(self.names, name, parameters, cases, read))))

    def stop(self):
        self.is_gone = True


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    (folder / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    return course.read(folder)


def seen(notebook, monkeypatch):
    """What the last check of each exercise says when the notebook runs from top to bottom, by exercise."""
    said, ask = {}, checks.check

    def check(name, answer):
        verdict = ask(name, answer)
        said[name] = verdict.outcome
        return verdict

    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["bgd_helpers"], "check", check)  # first: it loads what it will put back
        patch.setattr(checks, "check", check)
        names = {}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                try:
                    exec(cell.source, names)
                except Exception:  # the next cell is run all the same
                    pass
    return said


def graded(notebook, asked, clock, monkeypatch):
    """The Outcome of each exercise, and the seconds that it took."""
    cells = [collect.Cell(cell.id, cell.cell_type, cell.source) for cell in notebook.cells]
    pieces, started = collect.pieces_of(cells, asked, "three.ipynb"), clock.now
    grader = engine.Grader(None, Cases(SALT), EXERCISES, len(asked.tasks), CELL_SECONDS)
    monkeypatch.setattr(grader, "start", lambda: Kernel(clock))
    attempt = engine.Attempt(asked, ["three.ipynb"], pieces, grader)
    return {task.exercise: attempt.grade(task) for task in asked.tasks}, clock.now - started


def slow(seconds, number=0):
    return f"import time\ntime.sleep({seconds})\nmine_{number} = 1"


def before_each(*sources):
    """These cells before every exercise."""

    def change(notebook):
        for name in attacks.EXERCISES:
            for number, source in enumerate(sources):
                put(f"exercise-{name}", source, cell_id=f"{name}-{number}")(notebook)

    return change


STEP = "def step(gradient, eta):\n    return eta * gradient"
STEPS = attacks.inside("", "return theta - step(gradient, eta)")
SIGNED = attacks.inside("", "return theta - sign * eta * gradient")
LAST = "check-weight_gradient"
KINDS = {
    "a helper in a cell of its own": [put(EXERCISE, STEP), write(EXERCISE, STEPS)],
    "a helper beside an old draft": [write(EXERCISE, f"{STEP}\n{WRONG}"), put(EXERCISE, STEPS, 1)],
    "a helper beside an old draft of another": [
        write("exercise-loss", f"{STEP}\n{attacks.inside('').replace('update', 'loss')}"),
        put("exercise-loss", LOSS, 1, "new"),
        write(EXERCISE, STEPS),
    ],
    "a helper defined again below the last check": [
        put(EXERCISE, STEP),
        write(EXERCISE, STEPS),
        put(LAST, "def step(gradient, eta):\n    return 0", 1, "below"),
    ],
    "the same, and a cell before that never ends": [
        put(EXERCISE, STEP, cell_id="step"),
        put(EXERCISE, slow(1000), cell_id="slow"),
        write(EXERCISE, STEPS),
        put(LAST, "def step(gradient, eta):\n    return 0", 1, "below"),
    ],
    "what it uses is set between it and its check": [
        put(EXERCISE, "sign = -1"),
        write(EXERCISE, SIGNED),
        put(EXERCISE, "sign = 1", 1, "between"),
    ],
    "the same, and a cell before that never ends ": [
        put(EXERCISE, slow(1000), cell_id="slow"),
        put(EXERCISE, "sign = -1"),
        write(EXERCISE, SIGNED),
        put(EXERCISE, "sign = 1", 1, "between"),
    ],
    "checked once more at the end": [
        write(EXERCISE, SIGNED),
        put(CELL, "sign = 1", 1, "later"),
        put(LAST, CHECK, 1, "again"),
    ],
    "a helper that is set far above, and a cell that never ends": [
        put("exercise-loss", STEP),
        put(EXERCISE, slow(1000), cell_id="slow"),
        write(EXERCISE, STEPS),
    ],
    "slow cells before each exercise": [before_each(slow(9), slow(9, 1))],
    "slower cells before each exercise": [before_each(slow(12), slow(15, 1))],
    "slow cells before each, and a wrong answer": [before_each(slow(9), slow(9, 1)), write(EXERCISE, WRONG)],
    "a slow cell and a helper before each": [before_each(slow(11), STEP), write(EXERCISE, STEPS)],
    "merged answers": [write("exercise-loss", f"{LOSS}\n\n{UPDATE}"), remove(EXERCISE)],
}


# What runs as the learner ran it, but for a line that fails in grading alone.
HERE_ALONE = {
    "a quick try above the answer": [write(EXERCISE, f"bgd.here_alone()\n{UPDATE}")],
    "a quick try above a helper": [put(EXERCISE, f"bgd.here_alone()\n{STEP}"), write(EXERCISE, STEPS)],
    "a magic and a quick try": [write(EXERCISE, f"%matplotlib inline\nbgd.here_alone()\n{UPDATE}")],
    "a long text and a quick try": [write(EXERCISE, f'text = """\n  a\n"""\nbgd.here_alone()\n{UPDATE}')],
}


@pytest.mark.parametrize("kind", HERE_ALONE)
def test_a_line_that_fails_in_grading_alone_costs_no_other(kind, asked, clock, monkeypatch):
    outcomes, _ = graded(changed(*HERE_ALONE[kind]), asked, clock, monkeypatch)
    assert {outcome.outcome for outcome in outcomes.values()} == {"right"}, outcomes


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_learner_saw_is_what_they_get(kind, asked, clock, monkeypatch):
    notebook = changed(*KINDS[kind])
    told = seen(notebook, monkeypatch)
    assert list(told.values()).count("right") >= 2
    outcomes, _ = graded(notebook, asked, clock, monkeypatch)
    found = {name: outcome.outcome for name, outcome in outcomes.items()}
    assert found == told, outcomes


def test_an_answer_that_never_ends_is_stopped_whatever_stands_below_it(asked, clock, monkeypatch):
    notebook = changed(write(EXERCISE, slow(1000)), put(EXERCISE, STEP, 1, "below"), put(EXERCISE, STEP))
    outcomes, _ = graded(notebook, asked, clock, monkeypatch)
    assert [outcome.outcome for outcome in outcomes.values()] == ["right", "stopped", "right"], outcomes


def test_a_helper_in_the_cell_of_an_answer_that_loops_is_there_for_another(asked, clock, monkeypatch):
    loops = attacks.inside("import time\ntime.sleep(1000)").replace("update(theta, gradient, eta)", "loss(y, y_hat)")
    notebook = changed(write("exercise-loss", f"{STEP}\n{loops}"), write(EXERCISE, STEPS))
    monkeypatch.setattr(Kernel, "call", loops_for("loss", Kernel.call))
    outcomes, _ = graded(notebook, asked, clock, monkeypatch)
    assert [outcome.outcome for outcome in outcomes.values()] == ["stopped", "right", "right"], outcomes


def loops_for(name, call):
    """A kernel's `call` that takes too long for one answer."""

    def looping(self, called, *words):
        if called == name:
            self.is_gone = True
            return Ran("stopped", "it took longer than 10 seconds")
        assert not self.is_gone
        return call(self, called, *words)

    return looping


def test_where_a_cell_was_left_out_the_report_says_why(asked, clock, monkeypatch):
    helper = f"import time\ntime.sleep(1000)\n{STEP}"
    outcomes, _ = graded(changed(put(EXERCISE, helper), write(EXERCISE, STEPS)), asked, clock, monkeypatch)
    assert outcomes["update"].outcome == "wrong"
    assert "NameError" in outcomes["update"].text and "took longer than 10 seconds" in outcomes["update"].text
    assert outcomes["loss"].outcome == outcomes["weight_gradient"].outcome == "right"


def test_all_of_a_submission_takes_no_longer_than_its_time(asked, clock, monkeypatch):
    cells = [slow(20 if number % 2 else 9, number) for number in range(40)]
    wrong = [write(f"exercise-{name}", "x = 1") for name in attacks.EXERCISES]
    _, seconds = graded(changed(before_each(*cells), *wrong), asked, clock, monkeypatch)
    assert seconds <= len(asked.tasks) * (2 * CELL_SECONDS + engine.RESTART) + CELL_SECONDS


def test_what_others_had_of_the_processor_is_not_taken_from_the_rest():
    beats = []
    grader = engine.Grader(None, None, {}, 2, CELL_SECONDS, lambda: beats.append(1))
    left = grader.left
    for took in (1, CELL_SECONDS / 2):
        assert grader._timed(SimpleNamespace(took=took), lambda seconds: seconds) == CELL_SECONDS
        left -= took
        assert grader.left == left
    assert len(beats) == 2
