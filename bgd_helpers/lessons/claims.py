"""The evidence for a claim: numbers, each with the interval in which it is asserted; one outside it raises."""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

EXACT = "exact: no rounding, no chance"
ROUNDING = 1e-11  # a decimal below it is shown as ≈ 0
LONG = 12  # characters of a fraction that is shown as a decimal


class NotReproduced(Exception):
    """A number lies outside its interval; the message holds the table of all."""


class Number(NamedTuple):
    """A number, the interval in which it is asserted to lie, the interval in words, and where it comes from."""

    name: str
    value: float | Fraction
    low: float | Fraction
    high: float | Fraction
    asserted: str
    why: str

    @property
    def holds(self):
        """Whether the number lies in its interval; NaN never does."""
        return bool(self.low <= self.value <= self.high)


@dataclass(frozen=True, repr=False)
class Evidence:
    """Numbers that all hold, what was drawn at random, and the arrays for a picture."""

    numbers: tuple
    seeds: str
    drawn: dict

    def __repr__(self):
        return table(self.numbers, self.seeds)

    _repr_markdown_ = __repr__


def evidence(*numbers, seeds="nothing", **drawn):
    """The evidence for a claim.

    Raises NotReproduced if a number lies outside its interval, ValueError if there is no number.
    """
    if not numbers:
        raise ValueError("no number is given: a claim without one cannot fail")
    failed = [number.name for number in numbers if not number.holds]
    if failed:
        raise NotReproduced(f"{'; '.join(failed)}\n\n{table(numbers, seeds)}")
    return Evidence(numbers, seeds, drawn)


def table(numbers, seeds):
    """The numbers as a table in Markdown, with whether each holds."""
    rows = [f"| {'✓' if n.holds else '✗'} | {n.name} | {measured(n.value)} | {n.asserted} | {n.why} |" for n in numbers]
    head = "| holds | number | we get | asserted | because |\n|:-|:-|-:|-:|:-|"
    return "\n".join([head, *rows, "", f"Drawn at random: {seeds}."])


def exactly(name, value, expected, why=EXACT):
    """A number that equals what is expected, as fractions or counts do."""
    return Number(name, value, expected, expected, f"= {shown(expected)}", why)


def near(name, value, expected, tolerance, why):
    """A number within a tolerance of what is expected."""
    asserted = f"{shown(expected)} ± {tolerance:.2g}"
    return Number(name, value, expected - tolerance, expected + tolerance, asserted, why)


def between(name, value, low, high, why):
    """A number in an interval, whose ends may be infinite."""
    one_end = f"≤ {shown(high)}" if low == -np.inf else f"≥ {shown(low)}"
    asserted = one_end if np.inf in (-low, high) else f"{shown(low)} … {shown(high)}"
    return Number(name, value, low, high, asserted, why)


def spread(values):
    """A tolerance for the mean of values that differ by their seeds: 4 standard errors."""
    return 4 * np.std(values, ddof=1) / np.sqrt(len(values))


def measured(value):
    """A number as `shown`, but ≈ 0 where only rounding is left: that differs from machine to machine."""
    return "≈ 0" if isinstance(value, float) and abs(value) < ROUNDING else shown(value)


def shown(value):
    """A short fraction as it is, a whole number with commas, else five digits."""
    if isinstance(value, Fraction) and len(str(value)) < LONG:
        return str(value)
    return f"{value:,d}" if isinstance(value, (int, np.integer)) else f"{float(value):.5g}"
