"""Numerical gradients, and comparisons that name the first entry that differs."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bgd_helpers.parameters import Array, Cost, Parameters, arrays, flatten, like, unflatten

TOLERANCE = 1e-12  # of the largest entry of the reference


def central_difference(cost: Cost, theta: Parameters, h: float = 1e-5) -> Parameters:
    """The gradient of `cost` by central differences: (J(theta + h e) - J(theta - h e)) / 2h, entry by entry.

    The error is about h^2 from the formula and 1e-16 / h from rounding: least near h = 1e-5.
    """
    return _entrywise(theta, lambda shifted: (cost(shifted(h)) - cost(shifted(-h))) / (2 * h))


def one_sided_difference(cost: Cost, theta: Parameters, h: float = 1e-8) -> Parameters:
    """The gradient of `cost` by (J(theta + h e) - J(theta)) / h, entry by entry; the error is about h."""
    here = cost(theta)
    return _entrywise(theta, lambda shifted: (cost(shifted(h)) - here) / h)


def complex_step(cost: Cost, theta: Parameters, h: float = 1e-30) -> Parameters:
    """The gradient of `cost` by the complex step Im J(theta + i h e) / h, entry by entry.

    No two numbers are subtracted, so the result is exact to rounding. `cost` must be analytic: `abs`, `conj`,
    `maximum` and `clip` break it silently.
    """
    return _entrywise(theta, lambda shifted: cost(shifted(1j * h)).imag / h)


def _entrywise(theta, slope):
    """slope(shifted) for every entry of theta; shifted(s) is theta with s added to that entry."""
    parts = arrays(theta)
    found = [np.empty(p.shape) for p in parts]
    for position, p in enumerate(parts):
        for entry in np.ndindex(p.shape):

            def shifted(s, position=position, p=p, entry=entry):
                moved = p.astype(np.result_type(p, s, float))
                moved[entry] += s
                return like(theta, [*parts[:position], moved, *parts[position + 1 :]])

            found[position][entry] = slope(shifted)
    return like(theta, found)


@dataclass(frozen=True)
class Comparison:
    """Whether two values agree, and if not, where they differ first. It shows itself as its text."""

    agrees: bool
    text: str

    def __repr__(self):
        return self.text

    def __bool__(self):
        return self.agrees


def compare(name: str, yours: object, reference: Parameters, tolerance: float = TOLERANCE) -> Comparison:
    """Whether `yours` equals `reference` to `tolerance` of the largest reference entry.

    Both are arrays, or gradients as lists of (dW, db) pairs. A difference is reported with its first entry.
    """
    if isinstance(reference, list) and all(isinstance(pair, tuple) for pair in reference):
        return _compare_layers(name, yours, reference, tolerance)
    yours, reference = np.asarray(yours), np.asarray(reference)
    if yours.shape != reference.shape:
        return Comparison(False, f"✗ {name}: your shape is {yours.shape}, it should be {reference.shape}")
    if reference.size == 0:
        return Comparison(False, f"✗ {name}: shape {reference.shape} has no entries to compare")
    with np.errstate(invalid="ignore"):
        close = np.abs(yours - reference) <= tolerance * np.abs(reference).max()
    wrong = np.argwhere(~(close & np.isfinite(reference)))
    if len(wrong) == 0:
        which = f"all {close.size} entries agree" if close.size > 1 else "its one entry agrees"
        return Comparison(True, f"✓ {name}: {which}")
    return Comparison(False, f"✗ {name}: {_first_difference(yours, reference, wrong)}")


def relative_error(yours: Parameters, reference: Parameters) -> float:
    """The largest difference between two gradients, as a share of the largest entry of the reference.

    Raises ValueError if their shapes differ.
    """
    shapes = [[p.shape for p in arrays(gradient)] for gradient in (yours, reference)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"the shapes {shapes[0]} and {shapes[1]} differ: compare gradients of the same parameters")
    return np.abs(flatten(yours) - flatten(reference)).max() / np.abs(flatten(reference)).max()


def cosine(yours: Parameters, reference: Parameters) -> float:
    """The cosine of the angle between two gradients: 1 is the same direction, -1 the opposite one."""
    a, b = flatten(yours), flatten(reference)
    return a @ b / np.sqrt((a @ a) * (b @ b))


def errors_against_step(
    cost: Cost, theta: Parameters, reference: Parameters, steps: Array = 10.0 ** -np.arange(1, 16)
) -> tuple[Array, ...]:
    """Steps h, and the relative error of the central difference, the one-sided one and the complex step at each."""
    rules = central_difference, one_sided_difference, complex_step
    return steps, *(np.array([relative_error(rule(cost, theta, h), reference) for h in steps]) for rule in rules)


def flattened(cost: Cost, theta: Parameters) -> tuple[Callable[[Array], float], Array]:
    """`cost` as a function of one vector, and that vector: the entries of theta in a row."""
    return lambda vector: cost(unflatten(theta, vector)), flatten(theta)


def _compare_layers(name, yours, reference, tolerance):
    if not _are_pairs(yours) or len(yours) != len(reference):
        return Comparison(False, f"✗ {name}: one (dW, db) pair for each of the {len(reference)} layers is needed")
    parts = [
        compare(f"{name} {part}^({k})", mine, right, tolerance)
        for k, (pair, reference_pair) in enumerate(zip(yours, reference), start=1)
        for part, mine, right in zip(("dW", "db"), pair, reference_pair)
    ]
    return Comparison(all(part.agrees for part in parts), "\n".join(part.text for part in parts))


def _are_pairs(value):
    return isinstance(value, (list, tuple)) and all(isinstance(one, (list, tuple)) and len(one) == 2 for one in value)


def _first_difference(yours, reference, wrong):
    entry = tuple(wrong[0])
    digits = ".4f" if f"{yours[entry]:.4f}" != f"{reference[entry]:.4f}" else ".16g"
    values = f"{yours[entry]:{digits}}, reference {reference[entry]:{digits}}"
    many = f"{len(wrong)} of {reference.size} entries differ, the first at {wrong[0].tolist()}: {values}"
    return many if entry else values
