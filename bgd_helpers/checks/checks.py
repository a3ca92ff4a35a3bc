"""The check of an answer: whether it can be called, what it gives, and what that means.

Each exercise has a right function and cases to call it on. An answer that differs is compared with what each
slip of `slips` gives on the same cases; the one that agrees on all of them names it. If none does, two slips are
tried together: one, and another that only multiplies by a number.
"""

import numpy as np

from bgd_helpers import slips
from bgd_helpers.checks.batches import judge_batches
from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.naming import known_slip
from bgd_helpers.checks.observing import observe
from bgd_helpers.checks.outcomes import all_agree, is_repeated, outcomes_of
from bgd_helpers.checks.verdicts import Verdict, named, not_attempted
from bgd_helpers.checks.wording import call, describe


def check(exercise, answer):
    """The verdict on a learner's function.

    `exercise` is a name in EXERCISES. Raises ValueError for another name, or if `answer` cannot be called.
    """
    if not isinstance(exercise, str) or exercise not in EXERCISES:
        raise ValueError(f"there is no exercise {exercise!r}: choose one of {', '.join(EXERCISES)}")
    if not callable(answer):
        raise ValueError(
            f"check({exercise!r}, ...) needs your function itself, without brackets and arguments, "
            f"not a value of type {type(answer).__name__}"
        )
    task = EXERCISES[exercise]
    cases = list(task.cases())
    return judge(exercise, cases, observe(answer, task.parameters, cases, task.read))


def judge(exercise, cases, seen, reveal=True):
    """The verdict on the Observation `seen` of an answer to that exercise on these cases.

    Without `reveal`, the text holds no value that was asked for or given.
    """
    if not seen.takes:
        return Verdict("wrong", f"it cannot be called as {call(exercise)}: give it these parameters, in this order.")
    with np.errstate(all="ignore"):
        if exercise == "batches":
            return judge_batches(cases, seen.found)
        return _judge_values(exercise, cases, seen, reveal)


def _judge_values(exercise, cases, seen, reveal):
    if any(seen.changed):
        return named(slips.BY_NAME["theta changed in place"], exercise)
    if all(value is None for value in seen.found):
        return not_attempted(exercise)
    if not all(map(is_repeated, seen.found, seen.again)):
        return named(slips.BY_NAME["stale gradients"], exercise)
    task = EXERCISES[exercise]
    expected = outcomes_of(task.right, cases, task.read)
    if all_agree(seen.found, expected):
        is_right = all_agree(seen.again, expected)
        return Verdict("right", task.praise) if is_right else named(slips.BY_NAME["stale gradients"], exercise)
    return known_slip(exercise, cases, seen.found, expected) or Verdict(
        "wrong", describe(exercise, cases, seen.found, expected, reveal)
    )
