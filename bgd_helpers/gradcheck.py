"""Numerical gradients, and comparisons that name the first entry that differs."""

from dataclasses import dataclass

import numpy as np

TOLERANCE = 1e-12  # of the largest entry of the reference


def central_difference(cost, theta, h=1e-5):
    """The gradient of `cost` by central differences: (J(theta + h e) - J(theta - h e)) / 2h, entry by entry.

    The error is about h^2 from the formula and 1e-16 / h from rounding: least near h = 1e-5.
    """
    return _entrywise(theta, lambda shifted: (cost(shifted(h)) - cost(shifted(-h))) / (2 * h))


def one_sided_difference(cost, theta, h=1e-8):
    """The gradient of `cost` by (J(theta + h e) - J(theta)) / h, entry by entry; the error is about h."""
    here = cost(theta)
    return _entrywise(theta, lambda shifted: (cost(shifted(h)) - here) / h)


def complex_step(cost, theta, h=1e-30):
    """The gradient of `cost` by the complex step Im J(theta + i h e) / h, entry by entry.

    No two numbers are subtracted, so the result is exact to rounding. `cost` must be analytic: `abs`, `conj`,
    `maximum` and `clip` break it silently.
    """
    return _entrywise(theta, lambda shifted: cost(shifted(1j * h)).imag / h)


def _entrywise(theta, slope):
    """slope(shifted) for every entry of theta; shifted(s) is theta with s added to that entry."""
    arrays = _arrays(theta)
    found = [np.empty(p.shape) for p in arrays]
    for position, p in enumerate(arrays):
        for entry in np.ndindex(p.shape):

            def shifted(s, position=position, p=p, entry=entry):
                moved = p.astype(np.result_type(p, s, float))
                moved[entry] += s
                return _like(theta, [*arrays[:position], moved, *arrays[position + 1 :]])

            found[position][entry] = slope(shifted)
    return _like(theta, found)


@dataclass(frozen=True)
class Comparison:
    """Whether two values agree, and if not, where they differ first. It shows itself as its text."""

    agrees: bool
    text: str

    def __repr__(self):
        return self.text

    def __bool__(self):
        return self.agrees


def compare(name, yours, reference, tolerance=TOLERANCE):
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
        return Comparison(True, f"✓ {name}: all {reference.size} entries agree")
    return Comparison(False, f"✗ {name}: {_first_difference(yours, reference, wrong)}")


def relative_error(yours, reference):
    """The largest difference between two gradients, as a share of the largest entry of the reference.

    Raises ValueError if their shapes differ.
    """
    shapes = [[p.shape for p in _arrays(gradient)] for gradient in (yours, reference)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"the shapes {shapes[0]} and {shapes[1]} differ: compare gradients of the same parameters")
    return np.abs(flatten(yours) - flatten(reference)).max() / np.abs(flatten(reference)).max()


def cosine(yours, reference):
    """The cosine of the angle between two gradients: 1 is the same direction, -1 the opposite one."""
    a, b = flatten(yours), flatten(reference)
    return a @ b / np.sqrt((a @ a) * (b @ b))


def flatten(theta):
    """All entries of the parameters, or of a gradient, as one vector."""
    return np.concatenate([np.ravel(p) for p in _arrays(theta)])


def errors_against_step(cost, theta, reference, steps=10.0 ** -np.arange(1, 16)):
    """Steps h, and the relative error of the central difference, the one-sided one and the complex step at each."""
    rules = central_difference, one_sided_difference, complex_step
    return steps, *([relative_error(rule(cost, theta, h), reference) for h in steps] for rule in rules)


def flattened(cost, theta):
    """`cost` as a function of one vector, and that vector: the entries of theta in a row."""
    arrays = _arrays(theta)
    ends = np.cumsum([p.size for p in arrays])[:-1]

    def cost_of_vector(vector):
        parts = np.split(vector, ends)
        return cost(_like(theta, [part.reshape(p.shape) for part, p in zip(parts, arrays)]))

    return cost_of_vector, flatten(theta)


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
    listed = isinstance(value, (list, tuple))
    return listed and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in value)


def _first_difference(yours, reference, wrong):
    entry = tuple(wrong[0])
    digits = ".4f" if f"{yours[entry]:.4f}" != f"{reference[entry]:.4f}" else ".16g"
    values = f"{yours[entry]:{digits}}, reference {reference[entry]:{digits}}"
    place = ", ".join(map(str, entry))
    return f"{len(wrong)} of {reference.size} entries differ, the first at [{place}]: {values}" if entry else values


def _arrays(theta):
    return [theta] if isinstance(theta, np.ndarray) else [np.asarray(p) for pair in theta for p in pair]


def _like(theta, arrays):
    return arrays[0] if isinstance(theta, np.ndarray) else list(zip(arrays[::2], arrays[1::2]))
