"""From what an answer sent out of the sandbox to its outcome: right, wrong because, stopped, or not attempted."""

import json
import signal
from contextlib import contextmanager
from typing import NamedTuple

from bgd_helpers.checks import EXERCISES, PAGES, check_derivation, protocol
from bgd_helpers.checks.checks import judge
from bgd_helpers.checks.lines import told
from bgd_helpers.checks.pages import judge_mended

READING = 20  # seconds of the processor for a derivation


class Outcome(NamedTuple):
    """What was found of one exercise: "right", "wrong", "stopped" or "not attempted", why, and the slip's name."""

    outcome: str
    text: str
    slip: str | None = None


BLANK = Outcome("not attempted", "there is no answer yet.")


class Drawn(NamedTuple):
    """The cases of an exercise, how many of them are asked again, and the JSON that brings them into the kernel."""

    cases: list
    first: int
    packed: str


class Cases:
    """The cases of every exercise for one salt, and the same as the kernel gets them."""

    def __init__(self, salt):
        self.salt, self._cases = salt, {}

    def of(self, exercise: str) -> Drawn:
        """The cases Drawn for an exercise: some, and others of the same shapes, which an answer meets when it has been
        called twice on the first: whether it is right for them is seen in values, not in what a kernel says of itself.
        Each exercise has a salt of its own: what one is called with is no answer to another."""
        if exercise not in self._cases:
            number = list(EXERCISES).index(exercise)
            first = self._draw(exercise, number)
            later = [] if exercise == "batches" else self._draw(exercise, number + len(EXERCISES))
            self._cases[exercise] = Drawn(first + later, len(first), json.dumps(protocol.packed([first, later])))
        return self._cases[exercise]

    def _draw(self, exercise, number):
        return list(EXERCISES[exercise].cases(*self.salt, number))


def outcome_of(task, ran, answered, cases, quote=True):
    """The Outcome of a task, from how its answer's cell ended (`answered`) and the one that sent out values (`ran`).

    Without `quote`, no exception's text is passed on.
    """
    if ran.how == "stopped":
        return Outcome("stopped", f"{ran.said}.")
    if ran.values is None:
        return Outcome("wrong", f"its values could not be read{_because(ran) if quote else ''}.")
    try:
        line, kind, *rest = ran.values[1:] if ran.values[0] == "pair" else [None, *ran.values]
        lines = getattr((EXERCISES | PAGES).get(task.exercise), "lines", None)
        if line is not None and not lines:
            return _kind(task, answered, cases, quote, "tuple")
        found = _READERS[kind](task, answered, cases, quote, *rest)
        return found if kind == "missing" or not lines else _with_its_line(lines, line, found)
    except (ValueError, TypeError, LookupError, AttributeError):
        return Outcome("wrong", "its values could not be read: what it sent out was changed on the way.")


def _with_its_line(lines, line, found):
    line = line if type(line) is int else None if line in (None, "Ellipsis") else protocol.tidy(line)
    return Outcome(*told(lines, line, found))


def _because(ran):
    return f" ({protocol.tidy(ran.said)})" if ran.said else ""


def _missing(task, answered, cases, quote):
    if answered.how == "raised" and quote:
        return Outcome("wrong", f"its cell raises {protocol.tidy(answered.said)}.")
    return Outcome("wrong", f"it does not define `{task.variable}`.")


def _kind(task, answered, cases, quote, kind):
    wanted = "a function" if task.exercise in EXERCISES else 'a string of LaTeX, r"..."'
    return Outcome("wrong", f"`{task.variable}` is of type {protocol.tidy(str(kind))[:60]}, and should be {wanted}.")


def _seen(task, answered, cases, quote, value):
    drawn, seen = cases.of(task.exercise), protocol.observation(value, quote)
    if seen.takes and (len(seen.found), len(seen.again)) != (len(drawn.cases), drawn.first):
        raise ValueError("not what was asked for")
    verdict = judge(task.exercise, drawn.cases, seen, reveal=False)
    return Outcome(verdict.outcome, verdict.text, verdict.slip)


def _text(task, answered, cases, quote, text):
    if not isinstance(text, str) or len(text) > protocol.LONGEST_DERIVATION:
        return Outcome("wrong", f"a derivation has {protocol.LONGEST_DERIVATION:,} characters at most.")
    try:
        with limited(READING):
            judge_text = judge_mended if task.exercise in PAGES else check_derivation
            verdict = judge_text(task.exercise, text)
    except TimeoutError:
        return Outcome("stopped", "reading the derivation took too long.")
    except (RecursionError, MemoryError, ArithmeticError):
        return Outcome("stopped", "the derivation is too complicated to be read.")
    return Outcome(verdict.outcome, verdict.text, verdict.slip)


_READERS = {"missing": _missing, "kind": _kind, "seen": _seen, "text": _text}


@contextmanager
def limited(seconds):
    """Raise TimeoutError in a block that takes more of the processor's time, where the system has an alarm for that: on
    a busy machine an honest file is not cut short."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def ring(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
