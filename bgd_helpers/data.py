"""The real data sets of the course and a measurement, read from the package: no network, no other library."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bgd_helpers.parameters import Array

FOLDER = Path(__file__).parent / "datasets"

PENGUIN_COLUMNS = {
    "bill length": "bill_length_mm",
    "bill depth": "bill_depth_mm",
    "flipper length": "flipper_length_mm",
    "body mass": "body_mass_g",
}


class Digits(NamedTuple):
    """Handwritten digits: X is N x 64, one image of 8 x 8 a row, scaled to 0...1; labels are 0...9."""

    X: Array
    labels: Array


class Regression(NamedTuple):
    """Inputs X (N x d) and one target y (N x 1), with the names of their columns."""

    X: Array
    y: Array
    inputs: tuple
    target: str


class Split(NamedTuple):
    """Positions of the training examples and of the held-out ones."""

    train: Array
    held_out: Array


def load_digits() -> Digits:
    """The UCI handwritten digits, 1,797 images (Alpaydin and Kaynak 1998, CC BY 4.0)."""
    with gzip.open(FOLDER / "digits.csv.gz", "rt", encoding="ascii") as file:
        table = np.loadtxt(file, delimiter=",")
    return Digits(table[:, :64] / 16, table[:, 64].astype(int))


def load_penguins(inputs: Sequence[str] = ("flipper length",), target: str = "body mass") -> Regression:
    """Measurements of the Palmer penguins (Gorman, Williams, Fraser 2014, CC0), in mm and g.

    The two birds without measurements are left out: N = 342.
    Raises ValueError for a column that is not one of PENGUIN_COLUMNS.
    """
    for name in (*inputs, target):
        if name not in PENGUIN_COLUMNS:
            raise ValueError(f"penguins have no column {name!r}: choose from {', '.join(PENGUIN_COLUMNS)}")
    birds = _measured_penguins()
    columns = [[float(bird[PENGUIN_COLUMNS[name]]) for bird in birds] for name in (*inputs, target)]
    table = np.array(columns).T
    return Regression(table[:, :-1], table[:, -1:], tuple(inputs), target)


def penguin_species() -> Array:
    """The species of each bird of `load_penguins`, in its order: Adelie, Chinstrap or Gentoo."""
    return np.array([bird["species"] for bird in _measured_penguins()])


def _measured_penguins() -> list[dict[str, str]]:
    with open(FOLDER / "penguins.csv", newline="", encoding="utf-8") as file:
        return [bird for bird in csv.DictReader(file) if bird["body_mass_g"] != "NA"]


def standardise(X: Array) -> Array:
    """X with mean 0 and standard deviation 1 in every column.

    Raises ValueError if a column is constant.
    """
    spread = X.std(axis=0)
    extent = np.ptp(X, axis=0)
    if (extent == 0).any():
        raise ValueError(f"column {int(extent.argmin())} of X is constant: leave it out, it cannot be standardised")
    return (X - X.mean(axis=0)) / spread


def split(N: int, held_out: int, rng: np.random.Generator) -> Split:
    """A random split of N examples; `held_out` is the number kept for the test.

    Raises ValueError unless 0 < held_out < N.
    """
    if not 0 < held_out < N:
        raise ValueError(f"held_out is {held_out}: with N = {N} it lies between 1 and {N - 1}")
    order = rng.permutation(N)
    return Split(order[held_out:], order[:held_out])


def one_hot(labels: ArrayLike, classes: int = 10, off: float = -1.0, on: float = 1.0) -> Array:
    """One column a class: `on` in the column of the label, `off` elsewhere.

    Raises ValueError for a label outside 0...classes - 1.
    """
    labels = np.asarray(labels)
    if not ((labels >= 0) & (labels < classes)).all():
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}: with {classes} classes from 0 to {classes - 1}"
        )
    Y = np.full((len(labels), classes), off)
    Y[np.arange(len(labels)), labels] = on
    return Y
