"""Calling an answer: what it gives on the cases, before anyone judges it. Nothing here knows a right value."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from inspect import signature
from typing import NamedTuple
from warnings import catch_warnings, simplefilter

import numpy as np

from bgd_helpers.checks.exhibits import Exhibit
from bgd_helpers.checks.outcomes import Failure, flat, is_changed, is_endless, is_real, outcome_of, outcomes_of
from bgd_helpers.checks.tracing import limited


@dataclass(frozen=True)
class Polynomial:
    """A cost with third and fifth derivatives, so that one-sided, central and five-point differences part; its four
    coefficients. Raises TypeError for complex parameters."""

    a: float
    b: float
    c: float
    d: float

    def __call__(self, theta):
        if np.iscomplexobj(theta):
            raise TypeError("cost was called with complex numbers: the complex step is another method")
        if np.ndim(theta) != 1 or len(theta) < 2:
            raise TypeError("cost takes the whole vector theta, with one entry moved: no single number, no matrix")
        first, second, last = theta[0], theta[1], theta[-1]
        cubic = self.a * first**3 + self.b * first * second**2 + self.c * second * last + self.d * last**3
        return float(cubic + self.a * second**5 + self.b * last**5 + self.c * first**5)


class Observation(NamedTuple):
    """What an answer does: whether it takes the arguments, in each case the name of one that it changed, what it gives
    in a first round of calls, and what the same arguments, as it left them, give in a second; and the Failure of the
    line in which a NaN or an infinite value arises, where that is known: it does not leave the sandbox."""

    takes: bool
    changed: list
    found: list
    again: list
    undefined: Failure | None = None


def observe(
    answer: Callable, parameters: list, cases: list, read: Callable, later: Iterable = (), seconds: float | None = None
) -> Observation:
    """The Observation of an answer, called on the cases in order; what it prints in the first round is shown. What it
    gives on `later` cases, after both rounds, is found too.

    One that still runs after so many seconds is stopped, and called no more.
    """
    if not _takes(answer, parameters):
        return Observation(False, [], [], [])
    with np.errstate(all="ignore"), catch_warnings(), limited(seconds):
        simplefilter("ignore", RuntimeWarning)  # NumPy's, of a mean of nothing: its value is judged
        used, found = deepcopy(cases), []
        for case in used:
            found.append(outcome_of(answer, case, read))
            if is_endless(found[-1]):
                found += found[-1:] * (len(cases) - len(found))
                return Observation(True, [""] * len(cases), found, found[-1:] * len(cases))
        failed = [isinstance(value, Failure) for value in found]
        changed = ["" if bad else _changed(parameters, *pair) for bad, *pair in zip(failed, used, cases)]
        left = [case if bad else mine for bad, mine, case in zip(failed, used, cases)]
        again = outcomes_of(answer, left, read)
        begun = _undefined(answer, cases, found, read)
        return Observation(True, changed, found + outcomes_of(answer, later, read), again, begun)


def _undefined(answer, cases, found, read):
    """The Failure of the line in which the first value that is no number arises, if NumPy can tell; None if not."""
    for case, value in zip(cases, found):
        if isinstance(value, list) and not all(np.isfinite(part).all() for part in flat(value) if is_real(part)):
            for kinds in ({"divide": "raise", "invalid": "raise"}, {"over": "raise"}):
                with np.errstate(**kinds):
                    tried = outcomes_of(answer, [case], read)[0]
                if isinstance(tried, Failure) and tried.kind == "FloatingPointError" and tried.where:
                    return tried
            return None
    return None


def _takes(answer, parameters):
    try:
        signature(answer).bind(*parameters)
    except TypeError:
        return False
    except ValueError:  # some functions written in C tell nothing about their parameters: let them try
        pass
    return True


def _changed(parameters, used, given):
    """The name of an argument that was changed, or ""; a random generator, or a gradient, is there to be used."""
    there = np.random.Generator | Exhibit
    triples = [triple for triple in zip(parameters, used, given) if not isinstance(triple[1], there)]
    return next((name for name, *pair in triples if is_changed(*pair)), "")
