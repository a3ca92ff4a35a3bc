"""The check of an answer: whether it can be called, what it gives, and what that means.

Each exercise has a right function and cases to call it on. An answer that differs is compared with what each
slip of `slips` gives on the same cases; the one that agrees on all of them names it. If none does, two slips are
tried together: one, and another that only multiplies by a number.
"""

from copy import deepcopy
from inspect import signature

import numpy as np

from bgd_helpers import slips
from bgd_helpers.exercises.batches import check_batches
from bgd_helpers.exercises.cases import EXERCISES
from bgd_helpers.exercises.naming import known_slip
from bgd_helpers.exercises.outcomes import Failure, all_agree, is_changed, is_repeated, outcome_of, outcomes_of
from bgd_helpers.exercises.verdicts import Verdict, named, not_attempted
from bgd_helpers.exercises.wording import call, describe


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
    if not _takes(answer, exercise):
        return Verdict("wrong", f"it cannot be called as {call(exercise)}: give it these parameters, in this order.")
    with np.errstate(all="ignore"):
        return check_batches(answer) if exercise == "batches" else _check_values(exercise, answer)


def _takes(answer, exercise):
    try:
        signature(answer).bind(*EXERCISES[exercise].parameters)
    except TypeError:
        return False
    except ValueError:  # some functions written in C tell nothing about their parameters: let them try
        pass
    return True


def _check_values(exercise, answer):
    task = EXERCISES[exercise]
    cases = list(task.cases())
    used = deepcopy(cases)
    found = [outcome_of(answer, case, task.read) for case in used]
    changed = [is_changed(*pair) and not isinstance(value, Failure) for *pair, value in zip(used, cases, found)]
    if any(changed):
        return named(slips.BY_NAME["theta changed in place"])
    if all(value is None for value in found):
        return not_attempted(exercise)
    if not all(map(is_repeated, found, outcomes_of(answer, cases, task.read))):
        return named(slips.BY_NAME["stale gradients"])
    expected = outcomes_of(task.right, cases, task.read)
    if all_agree(found, expected):
        return Verdict("right", task.praise)
    return known_slip(exercise, cases, found, expected) or Verdict("wrong", describe(exercise, cases, found, expected))
