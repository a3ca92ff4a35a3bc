"""Known slips: the one, or the two, that give just what the learner's function gives."""

from functools import partial
from typing import NamedTuple

import numpy as np

from bgd_helpers import slips
from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.outcomes import (
    TOLERANCE,
    Failure,
    agree,
    flat,
    gives,
    is_endless,
    is_real,
    layout,
    outcome_of,
    outcomes_of,
)
from bgd_helpers.checks.verdicts import Verdict, named

ROUGH = 1e-5


class _Slips:
    """The slips of an exercise, and what they give on these cases: found out once, however many answers are judged."""

    def __init__(self, exercise, cases):
        self.cases, self.read, self.found = cases, EXERCISES[exercise].read, {}
        self.variants = [(slip, one) for slip in slips.of_exercise(exercise) for one in slip.variants(exercise)]

    def outcome(self, position, number):
        """What the variant at a position gives on the case of that number."""
        if (position, number) not in self.found:
            case = self.cases[number : number + 1]
            self.found[position, number] = outcomes_of(self.variants[position][1], case, self.read)[0]
        return self.found[position, number]

    def fits(self, position, values):
        """Whether the variant gives just these values; it is called up to the first that it does not give."""
        numbers = range(len(values))
        return all(agree(values[n], self.outcome(position, n)) for n in numbers) and any(
            isinstance(self.outcome(position, n), list) for n in numbers
        )

    def tried(self):
        """What every variant gives on all cases."""
        numbers = range(len(self.cases))
        return [_Tried(slip, [self.outcome(p, n) for n in numbers]) for p, (slip, _) in enumerate(self.variants)]


_last: dict[str, _Slips] = {}  # exercise -> its slips, on the cases of last time


class _Tried(NamedTuple):
    """A slip and what one of its variants gives on the cases."""

    slip: slips.Slip
    outcomes: list


def one_slip(exercise: str, cases: list, found: list) -> slips.Slip | None:
    """The slip that gives just this on the cases; None if none does."""
    if exercise not in _last or _last[exercise].cases is not cases:
        _last[exercise] = _Slips(exercise, cases)
    known = _last[exercise]
    return next((slip for at, (slip, _) in enumerate(known.variants) if known.fits(at, found)), None)


def known_slip(exercise: str, cases: list, found: list, expected: list) -> Verdict | None:
    """The verdict that names the slip, or the two slips, that give just this; None if none do."""
    if slip := one_slip(exercise, cases, found):
        return named(slip, exercise)
    known, read = _last[exercise], EXERCISES[exercise].read
    if not _almost(found, expected):  # two slips that cancel would fit
        tried = known.tried()
        origins = [EXERCISES[exercise].origin(*case) for case in cases]
        if two := _two_slips(exercise, origins, tried, found, expected):
            return two
        ended = _without_an_early_end(found, expected) if exercise == "fewest_workers" else found
        for slip, outcomes in tried:
            if _agree_where_both_run(outcomes, ended, expected):
                return named(slip, exercise)
    for slip in slips.of_exercise(exercise):
        if any(_fits_with_a_number(family, cases, read, found) for family in slip.free.get(exercise, ())):
            return named(slip, exercise)
    return None


def _without_an_early_end(found, expected):
    """The outcomes without the one 0 of a search that stops too early, if there is one."""
    zeros = [
        isinstance(mine, list) and not mine[0][0].any() and right[0][0].any() for mine, right in zip(found, expected)
    ]
    return [Failure("", "") if zero else mine for zero, mine in zip(zeros, found)] if sum(zeros) == 1 else found


def _agree_where_both_run(outcomes, found, expected):
    """Whether two answers, one of which raises in some cases, give the same wrong values where both give any: another
    way of writing the same raises elsewhere. One that was stopped is not asked: the loop is what to look at."""
    if any(map(is_endless, found)):
        return False
    both = [values for values in zip(outcomes, found, expected) if not any(isinstance(v, Failure) for v in values)]
    runs = 0 < len(both) < len(found) and all(isinstance(mine, list) and agree(mine, slip) for slip, mine, _ in both)
    return runs and any(not agree(mine, right) for _, mine, right in both)


def _fits_with_a_number(family, cases, read, found):
    """Whether family(number, *case) gives just this for one number: the one that fits the last array in which it
    matters, and that changes in proportion to it."""
    for case, value in zip(cases, found):
        none, one = (outcome_of(partial(family, number), case, read) for number in (0.0, 1.0))
        if not _comparable(value, none, 0.0):
            return False
        for a, b, c in reversed(list(zip(flat(value), flat(none), flat(one)))):
            if not np.array_equal(b, c):
                number = np.vdot(c - b, a - b) / np.vdot(c - b, c - b)
                return abs(number) > ROUGH and gives(partial(family, number), cases, read, found)
    return False


def _almost(found, expected):
    """Whether the values are right to five digits, as those of a finite difference are."""
    pairs = list(zip(found, expected))
    if not all(_comparable(*pair, 0.0) for pair in pairs):
        return False
    arrays = [both for pair in pairs for both in zip(*map(flat, pair))]
    return all((np.abs(a - b) <= ROUGH * np.abs(b).max(initial=0)).all() for a, b in arrays)


def _two_slips(exercise, origins, tried, found, expected):
    """The verdict for a slip together with another that only multiplies by a number; None if no two fit."""
    scales = [(one.slip, _factors(one.outcomes, expected, origins)) for one in tried]
    for first in tried:
        factors = _factors(found, first.outcomes, origins)
        for slip, known in scales if np.nan not in factors else ():
            if slip is not first.slip and _fit(factors, known):
                return Verdict(
                    "wrong",
                    f"there are two slips. One: {first.slip.reason(exercise)} Two: {slip.reason(exercise)}",
                    f"{first.slip.name} + {slip.name}",
                )
    others = [one for one, (_, factors) in zip(tried, scales) if np.nan in factors]
    return None if exercise in ("loss", "fewest_workers") else _with_a_factor(exercise, origins, others, found)


def _with_a_factor(exercise, origins, tried, found):
    """The verdict for a slip together with the same number in every case, whatever that comes from; None if none
    fits."""
    for slip, outcomes in tried:
        numbers = {n for n in _factors(found, outcomes, origins) if n is not None}
        number = next(iter(numbers), np.nan)
        if np.isfinite(number) and all(abs(n - number) <= TOLERANCE * abs(number) for n in numbers):
            return Verdict(
                "wrong",
                f"there are two slips. One: {slip.reason(exercise)} Two: every entry is {number:.4g} times what it "
                "would be with this alone.",
                slip.name,
            )
    return None


def _factors(outcomes, others, origins):
    """The number by which the others are multiplied, case by case up to one where there is none, which is NaN; None
    where both raise."""
    found = []
    for values in zip(outcomes, others, origins):
        found.append(_factor(*values))
        if found[-1] is np.nan:
            break
    return found


def _factor(outcome, other, origin):
    if isinstance(outcome, Failure) and isinstance(other, Failure):
        return None
    if not _comparable(outcome, other, origin):
        return np.nan
    a, b = (np.concatenate([(part - origin).ravel() for part in flat(value)]) for value in (outcome, other))
    size = b @ b
    factor = a @ b / size if size > 0 else 0.0
    return factor if factor != 0 and (np.abs(a - factor * b) <= TOLERANCE * np.abs(a).max()).all() else np.nan


def _comparable(outcome, other, origin):
    if not isinstance(outcome, list) or not isinstance(other, list) or layout(outcome) != layout(other):
        return False
    pairs = list(zip(flat(outcome), flat(other)))
    return all(a.shape == b.shape and is_real(a) and is_real(b) for a, b in pairs) and all(
        np.shape(origin) in ((), a.shape) for a, _ in pairs
    )


def _fit(factors, known):
    """Whether each factor is the known one, and at least one is known; None agrees with any."""
    pairs = [pair for pair in zip(factors, known) if None not in pair]
    return bool(pairs) and all(abs(a - b) <= TOLERANCE * abs(b) for a, b in pairs)
