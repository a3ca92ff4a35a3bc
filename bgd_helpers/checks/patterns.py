"""What an array that is not the right one has to do with it: a factor, a sign, a row, a missing term, rounding."""

from functools import partial

import numpy as np

from bgd_helpers.checks.outcomes import TOLERANCE, tolerance

LOOSE = 1e-7  # of the largest entry: what is the same but for the order of its sums
NEARLY = 1e-4  # the same, but for a small number that keeps a division from failing


def pattern(mine: np.ndarray, right: np.ndarray, origin, others: dict, units: tuple = ()) -> str | None:
    """What a real array has to do with the right one of the same shape, as the end of a sentence; None if nothing is
    seen. `others` are arrays of that shape by name, `units` numbers that whole ones may have been multiplied by, each
    with what it then differs by at most. Factors and signs are those of what `origin` is taken from."""
    a, b = mine - origin, right - origin
    if not np.isfinite(a).all():
        return None
    if found := _precision(mine, right):
        return found
    for find in (_multiple, _order, _cut_off, _part, _entries, partial(_whole, units=units), _by_line, _shift):
        if found := find(a, b):
            return found
    return _other_array(a, b, others) or _broken(mine, right)


def largest_difference(mine: np.ndarray, right: np.ndarray) -> str:
    """The largest difference with its place and both values, as a sentence without its stop."""
    place = np.unravel_index(np.argmax(np.abs(mine - right)), np.shape(right))
    digits = ".4f" if f"{mine[place]:.4f}" != f"{right[place]:.4f}" else ".10g"
    at = f" at [{', '.join(map(str, place))}]" if place else ""
    return f"the largest difference is{at}: {mine[place]:{digits}} where {right[place]:{digits}} is right"


def _same(a, b, part=LOOSE):
    return a.shape == b.shape and bool((np.abs(a - b) <= part * np.abs(b).max(initial=0)).all())


def _precision(a, b):
    """Whole numbers, decimals or single precision: only where the values are rounded to these."""
    size = np.abs(b).max(initial=0)
    if a.dtype.kind in "iu" and not _same(b, np.round(b)):
        return "holds whole numbers: an int array cuts off what is put into it. Start from an array of floats"
    for kind, name in ((np.float16, "half"), (np.float32, "single")):
        near, most = np.abs(a - b), 20 * np.finfo(kind).eps
        exact = near.max() < most * size and 2 * np.sum(near <= most * np.abs(b)) >= a.size
        if exact and np.array_equal(a, a.astype(kind)):
            return f"is rounded to {name} precision ({kind.__name__}): compute in float64, NumPy's own"
    for digits in range(1, 9):
        if np.array_equal(a, a.round(digits)) and np.abs(a - b).max() <= 0.51 * 10.0**-digits < 0.5 * size:
            return f"is rounded to {digits} decimals: return the value as it is"
    return None


def _whole(a, b, units):
    """Whole numbers, each less than one from the right one, or sums or means of such."""
    for unit, bound in ((1.0, 1.0), *units) if a.any() else ():
        x, y = a / unit, b / unit
        cut = any(_same(x, cut(y)) for cut in (np.floor, np.ceil, np.round, np.trunc))
        if not _same(y, np.round(y)) and (
            cut or np.ptp(x) > 0.5 and np.abs(a - b).max() < bound and _same(x, np.round(x))
        ):
            scaled = ", but for a factor" if unit != 1 else ""
            return f"holds whole numbers{scaled}: `//`, `int`, `round` or an int array drops the rest"
    return None


def _broken(a, b):
    if _same(b, np.round(b)) and not _same(a, np.round(a)):
        return "has a fraction where a whole number is asked for"
    return None


def factor(a: np.ndarray, b: np.ndarray, part: float = LOOSE) -> float | None:
    """The number that b is multiplied by to give a, to that part of its largest entry; None if there is none."""
    number = float(np.vdot(a, b) / max(np.vdot(b, b), 1e-300))
    return number if number != 0 and _same(a, number * b, part) else None


def quantity(factors: list, arguments: list) -> str | None:
    """What of the arguments (name to value, for each case) the factors are, times a simple number; None if nothing."""
    measured = [dict(part for name, value in case.items() for part in _measured(name, value)) for case in arguments]
    for name in measured[0]:
        sizes = np.array([case.get(name, 0) for case in measured], float)
        for power, words in _POWERS.items() if (sizes > 0).all() and np.ptp(sizes) > 0 else ():
            numbers = np.array(factors) / sizes**power
            number = float(numbers[0])
            if np.ptp(numbers) <= LOOSE * abs(number) and round(abs(number), 7) in (0.5, 1, 2):
                return (f"{number:g} times " if round(number, 7) != 1 else "") + words.format(name)
    return None


_POWERS = {1: "{}", -1: "1 / {}", 2: "the square of {}", -2: "1 / the square of {}", 0.5: "the root of {}"}
_POWERS |= {-0.5: "1 / the root of {}"}


def _measured(name, value):
    """What can be measured of an argument: words and a number, each."""
    if isinstance(value, np.ndarray):
        yield f"the length (norm) of `{name}`", np.linalg.norm(value)
        yield f"the largest size in `{name}`", np.abs(value).max()
        yield from zip((f"the number of rows of `{name}`", f"the number of columns of `{name}`"), value.shape)
        yield f"the number of entries of `{name}`", value.size
        for more in (-1, 1) if value.ndim and len(value) > 1 else ():
            yield f"n / (n {more:+d}), with n the length of `{name}`", len(value) / (len(value) + more)
    elif isinstance(value, int | float):
        yield f"`{name}`", value


def _multiple(a, b):
    number = factor(a, b)
    if number is None:
        return None
    if np.isclose(number, -1, rtol=LOOSE):
        return "has the wrong sign in every entry"
    return f"is {number:.4g} times the right value in every entry: look for that factor"


def _order(a, b):
    if _same(a, np.abs(b)):
        return "has the right size in every entry, and no minus: an absolute value is there that takes the sign off"
    if a.ndim == 2 and _same(a, b.T):
        return "is the transpose of the right one"
    if any(_same(a, np.flip(b, axis)) for axis in range(a.ndim)):
        return "holds the right numbers in reverse order"
    if a.size > 2 and _same(np.sort(a, None), np.sort(b, None)):
        return "holds the right numbers at other places"
    return None


def _cut_off(a, b):
    limit, telling = np.abs(a).max(), (a > 0).any() and (a < 0).any() or (np.abs(b) < np.abs(a).max()).any()
    if telling and limit < np.abs(b).max() and _same(a, np.clip(b, -limit, limit)):
        return f"is right where it is small and cut off at ±{limit:.4g} where it is large (clipped)"
    return None


def _part(a, b):
    """Rows, columns or single entries that are wrong where the rest is right."""
    wrong = np.abs(a - b) > TOLERANCE * np.abs(b).max()
    if wrong.all() or a.size < 2:
        return None
    zero = "" if a[wrong].any() else ", not filled in: where does the loop start and end, does `return` stand after it?"
    if wrong.sum() == 1 and a.ndim > 1:
        return f"is right but for the entry at [{', '.join(map(str, np.argwhere(wrong)[0]))}]{zero}"
    for axis, name in ((0, "row"), (1, "column")) if a.ndim == 2 else ():
        lines = np.flatnonzero(wrong.all(axis=1 - axis))
        if len(lines) * a.shape[1 - axis] == wrong.sum():
            return f"is right but for {_listed(name, lines)}{zero}"
    if a.ndim == 1:
        return f"is right but for {_listed('entry', np.flatnonzero(wrong))}{zero}"
    if a.ndim == 2 and np.array_equal(wrong, ~np.eye(*a.shape, dtype=bool)):
        return "is right on the diagonal alone"
    return f"is right in {a.size - wrong.sum()} of {a.size} entries"


def _listed(name, numbers):
    many = {"row": "rows", "column": "columns", "entry": "entries"}[name]
    return f"{name if len(numbers) == 1 else many} {', '.join(map(str, numbers))} (counted from 0)"


def _entries(a, b):
    """A function of each entry by itself, times a number; two entries are too few to tell."""
    with np.errstate(all="ignore"):
        kinds = {"the square": b**2, "the root": np.sqrt(np.abs(b)), "the reciprocal": 1 / b, "the sign": np.sign(b)}
    for name, value in kinds.items():
        if a.size > 2 and np.isfinite(value).all() and np.ptp(value) > 0 and factor(a, value, NEARLY):
            return f"is {name} of the right value, but for a factor"
    return None


def _by_line(a, b):
    """A factor of its own for each row or column."""
    if a.ndim != 2 or min(a.shape) < 2 or not b.all():
        return None
    ratio = a / b
    for axis, name in ((1, "row"), (0, "column")):
        line = ratio.take([0], axis=axis)
        if np.allclose(ratio, line, rtol=1e-6, atol=0):
            factors = ", ".join(f"{factor:.4g}" for factor in line.ravel()[:4])
            return f"has a factor of its own in each {name}: {factors}{', …' if line.size > 4 else ''}"
    return None


def _shift(a, b):
    difference = a - b
    if a.size > 1 and np.ptp(a) <= LOOSE * np.abs(a).max() and np.ptp(b) > np.ptp(a):
        return "is the same number in every entry: a constant stands there, or a sum or mean went over all of them"
    if a.size > 1 and np.ptp(difference) <= LOOSE * np.abs(difference).max():
        return f"is off by {difference.flat[0]:.4g} in every entry: something is added that does not belong"
    return None


def _other_array(a, b, others):
    """The right value times, divided by, or plus a multiple of another array."""
    for name, other in others.items():
        if other.shape != a.shape or a.size < 2 or not other.all() or np.ptp(other) == 0:
            continue
        if factor(a, b * other):
            return f"is the right value with the factor `{name}` once too often"
        if factor(a * other, b):
            return f"is the right value without the factor `{name}`"
        share = np.vdot(a - b, other) / np.vdot(other, other)
        if abs(share) > tolerance(a) and np.abs(a - b - share * other).max() <= LOOSE * np.abs(a - b).max():
            return f"is the right value plus {share:.4g} times `{name}`: a term that does not belong"
    return None
