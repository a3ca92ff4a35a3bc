"""The check of an answer: whether it can be called, what it gives, and what that means.

Each exercise has a right function and cases to call it on. An answer that differs is compared with what each
slip of `slips` gives on the same cases; the one that agrees on all of them names it. If none does, two slips are
tried together: one, and another that only multiplies by a number.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from bgd_helpers import slips
from bgd_helpers.checks.batches import judge_batches
from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.fooled import judge_check, judge_fooling
from bgd_helpers.checks.lines import parted, told
from bgd_helpers.checks.naming import known_slip
from bgd_helpers.checks.observing import Observation, observe
from bgd_helpers.checks.outcomes import Failure, agree, all_agree, is_repeated, outcomes_of, without_empty_axes
from bgd_helpers.checks.patterns import largest_difference
from bgd_helpers.checks.verdicts import Verdict, named, not_attempted
from bgd_helpers.checks.wording import call, describe, differing_arrays, located, with_line

SECONDS = 5  # that an answer may run
JUDGES = {"fooling_gradient": judge_fooling, "gradient_check": judge_check}  # many answers are right
_again: dict[str, tuple] = {}  # exercise -> how it was wrong last, and how many times in a row


def check(exercise: str, answer: Callable | tuple) -> Verdict:
    """The verdict on a learner's function, which may run for SECONDS; who is wrong in the same way again is told more.
    Where a wrong line is asked for, the answer is a pair: the line, and the mended function.

    `exercise` is a name in EXERCISES. Raises ValueError for another name, or if `answer` cannot be called.
    """
    if not isinstance(exercise, str) or exercise not in EXERCISES:
        raise ValueError(f"there is no exercise {exercise!r}: choose one of {', '.join(EXERCISES)}")
    task = EXERCISES[exercise]
    line, answer = parted(answer) if task.lines else (None, answer)
    if not callable(answer):
        wanted = "a pair, the number of the wrong line and your function" if task.lines else "your function"
        kind = type(answer).__name__
        raise ValueError(
            f"check({exercise!r}, ...) needs {wanted} itself, without brackets and arguments, not a {kind}"
        )
    cases = _cases_of(task.like or exercise)
    seen = observe(answer, task.parameters, cases, task.read, seconds=SECONDS * task.patience)
    verdict = judge(exercise, cases, seen)
    if task.lines:
        outcome, text, slip = told(task.lines, line, verdict)
        verdict = replace(verdict, outcome=outcome, text=text, slip=slip)
    return _told_again(exercise, verdict, cases, seen.found)


@cache
def _cases_of(exercise):
    """The cases of a check, the same each time: what slips give on them is found out once."""
    return list(EXERCISES[exercise].cases())


def _told_again(exercise, verdict, cases, found):
    """The verdict; where it is wrong for the second time in the same way, with the largest difference and the equation
    to read again."""
    way = verdict.slip or verdict.text
    times = _again.get(exercise, (None, 0))[1] if _again.get(exercise, (None, 0))[0] == way else 0
    _again[exercise] = way, times + 1
    if verdict.outcome != "wrong" or not times:
        return verdict
    return replace(verdict, more=_more(exercise, cases, found), reread=EXERCISES[exercise].reread)


def _more(exercise, cases, found):
    """The largest difference in the first case that is wrong, if there are numbers to compare."""
    pairs = None if exercise in JUDGES else differing_arrays(exercise, cases, found)
    return f"Again the same. Of {pairs[0]}, {largest_difference(*pairs[1:])}." if pairs else "Again the same."


def judge(exercise: str, cases: list, seen: Observation, reveal: bool = True) -> Verdict:
    """The verdict on the Observation `seen` of an answer to that exercise on these cases.

    Without `reveal`, the text holds no value that was asked for or given.
    """
    exercise = EXERCISES[exercise].like or exercise
    if not seen.takes:
        return Verdict("wrong", f"it cannot be called as {call(exercise)}: give it these parameters, in this order.")
    with np.errstate(all="ignore"):
        if exercise == "batches":
            return judge_batches(cases, seen.found)
        return _judge_values(exercise, cases, seen, reveal)


def _judge_values(exercise, cases, seen, reveal):
    if any(seen.changed):
        return _changed(exercise, next(filter(None, seen.changed)))
    if all(value is None for value in seen.found):
        return not_attempted(exercise)
    if not all(map(is_repeated, seen.found, seen.again)):
        return named(slips.BY_NAME["stale gradients"], exercise)
    task = EXERCISES[exercise]
    if exercise in JUDGES:
        return JUDGES[exercise](cases, seen.found, reveal) or Verdict("right", task.praise)
    expected = outcomes_of(task.right, cases, task.read)
    if all_agree(seen.found, expected):
        if not all_agree(seen.again, expected):
            return named(slips.BY_NAME["stale gradients"], exercise)
        return Verdict("right", task.praise)
    first = next(value for value, right in zip(seen.found, expected) if not agree(value, right))
    python = with_line(first) if isinstance(first, Failure) else ""
    known = known_slip(exercise, cases, seen.found, expected)
    bare = without_empty_axes(seen.found, expected)
    if not known and bare and not all_agree(bare, expected):
        known = known_slip(exercise, cases, bare, expected)
    text = known.text if known else describe(exercise, cases, seen.found, expected, reveal, seen.undefined)
    before = located(exercise, cases, seen.found, expected) if known else ""
    before = f"{before}: " if before and "already" not in before else ""
    return Verdict("wrong", before + text, known and known.slip, python)


def _changed(exercise, name):
    """The verdict on a function that changed an argument, with its name if that is known (it does not leave the
    sandbox)."""
    verdict = named(slips.BY_NAME["theta changed in place"], exercise)
    return verdict if name is True else replace(verdict, text=f"{verdict.text} Here `{name}` was changed.")
