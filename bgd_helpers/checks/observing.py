"""Calling an answer: what it gives on the cases, before anyone judges it. Nothing here knows a right value."""

from copy import deepcopy
from inspect import signature
from typing import NamedTuple

import numpy as np

from bgd_helpers.checks.outcomes import Failure, is_changed, outcome_of, outcomes_of


class Cubic(NamedTuple):
    """A cost with third derivatives, so that central and one-sided differences part; its four coefficients."""

    a: float
    b: float
    c: float
    d: float

    def __call__(self, theta):
        first, second, last = theta[0], theta[1], theta[-1]
        return float(self.a * first**3 + self.b * first * second**2 + self.c * second * last + self.d * last**3)


class Observation(NamedTuple):
    """What an answer does: whether it takes the arguments, which cases' arguments it changed, what it gives in a first
    round of calls, and what the same arguments, as it left them, give in a second."""

    takes: bool
    changed: list
    found: list
    again: list


def observe(answer, parameters, cases, read, later=()):
    """The Observation of an answer, called on the cases in order; what it prints in the first round is shown. What it
    gives on `later` cases, after both rounds, is found too."""
    if not _takes(answer, parameters):
        return Observation(False, [], [], [])
    with np.errstate(all="ignore"):
        used = deepcopy(cases)
        found = [outcome_of(answer, case, read) for case in used]
        changed = [_is_case_changed(*pair) and not isinstance(v, Failure) for *pair, v in zip(used, cases, found)]
        left = [case if isinstance(value, Failure) else mine for mine, case, value in zip(used, cases, found)]
        again = outcomes_of(answer, left, read)
        return Observation(True, changed, found + outcomes_of(answer, later, read), again)


def _takes(answer, parameters):
    try:
        signature(answer).bind(*parameters)
    except TypeError:
        return False
    except ValueError:  # some functions written in C tell nothing about their parameters: let them try
        pass
    return True


def _is_case_changed(used, given):
    """Whether an argument was changed; a random generator is there to be used."""
    pairs = [pair for pair in zip(used, given) if not isinstance(pair[0], np.random.Generator)]
    return any(is_changed(*pair) for pair in pairs)
