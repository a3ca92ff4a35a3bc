"""A row of the evidence: a claim, the experiment that tests it, and what is asserted of its numbers."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

EXACT = "exact: no rounding, no chance"


class Setting(NamedTuple):
    """How large the experiments are: "quick" for tests and the notebook, "full" for the report."""

    name: str

    def choose(self, quick, full):
        """The value of this setting."""
        return {"quick": quick, "full": full}[self.name]


QUICK, FULL = Setting("quick"), Setting("full")


class Number(NamedTuple):
    """A number of an experiment, the interval in which it is asserted to lie, and where the interval comes from."""

    name: str
    value: float | Fraction
    low: float | Fraction
    high: float | Fraction
    why: str
    form: str = ".4f"

    @property
    def holds(self):
        """Whether the number lies in its interval; NaN never does."""
        return bool(self.low <= self.value <= self.high)


class Outcome(NamedTuple):
    """What an experiment gives: its numbers, a sentence on them, its seeds, and the arrays for its picture."""

    numbers: tuple
    sentence: str
    seeds: str = "none: nothing is drawn"
    drawn: dict = {}

    @property
    def holds(self):
        """Whether every number lies in its interval."""
        return all(number.holds for number in self.numbers)


class Row(NamedTuple):
    """A claim, its source and what that states; the experiment; where it differs from the source, and why.

    run(setting, progress) gives the Outcome; `picture` names the function of figures.evidence that draws it.
    """

    name: str
    title: str
    claim: str
    source: str
    states: str
    run: Callable
    difference: str
    picture: str = ""


class Result(NamedTuple):
    """A row with the outcome of its experiment in one setting."""

    row: Row
    setting: Setting
    outcome: Outcome


def exactly(name, value, expected, why=EXACT):
    """A number that equals what is expected, as fractions or counts do."""
    return Number(name, value, expected, expected, why)


def near(name, value, expected, tolerance, why, form=".4f"):
    """A number within a tolerance of what is expected."""
    return Number(name, value, expected - tolerance, expected + tolerance, why, form)


def between(name, value, low, high, why, form=".4f"):
    """A number in an interval."""
    return Number(name, value, low, high, why, form)


def spread(values, deviations=4):
    """A tolerance for the mean of values that differ by their seeds: so many standard errors."""
    return deviations * np.std(values, ddof=1) / np.sqrt(len(values))


def shown(value, form=".4f"):
    """A number in fixed decimals, a fraction as it is, a whole number with commas."""
    if isinstance(value, (Fraction, str)):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return f"{value:,d}".replace("-", "−")
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = format(value, form)
    return f"−{text[1:]}" if text.startswith("-") else text


def silent(share):
    """Progress that nobody watches."""
