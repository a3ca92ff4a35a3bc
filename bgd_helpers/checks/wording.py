"""What differs, in words, where no known slip explains it."""

import numpy as np

from bgd_helpers import gradcheck
from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.outcomes import TOLERANCE, Failure, agree, close, flat, is_real, layout, tolerance

IMPRECISE = 1e-3  # of the largest right entry: what differs by less was rounded, or is no float64


def describe(exercise, cases, found, expected, reveal=True):
    """What differs, where no known slip explains it: the first case of which that is so.

    Without `reveal`, neither a value that was asked for nor the one that was given is in the text.
    """
    for case, mine, right in zip(cases, found, expected):
        if not agree(mine, right):
            return _describe_one(exercise, _given(exercise, case), mine, right, reveal)


def _given(exercise, case):
    named = zip(EXERCISES[exercise].parameters, case)
    shapes = [f"{name} of shape {value.shape}" for name, value in named if isinstance(value, np.ndarray)]
    return f" (with {', '.join(shapes)})" if shapes else ""


def _describe_one(exercise, given, mine, right, reveal):
    if isinstance(mine, Failure):
        return f"it raises {said(mine)}{given}."
    if mine is None:
        return f"it returns nothing for some arguments{given}: see that every branch ends with `return`."
    if layout(mine) != layout(right):
        return f"it does not return a list of {len(right)} pairs (dW, db), one for each layer, layer 1 first{given}."
    names = [f"{part}^({k})" for k in range(1, len(right) + 1) for part in ("dW", "db")]
    for name, a, b in zip(names if exercise == "backprop" else ["it"], flat(mine), flat(right)):
        if not close(a, b):
            return _describe_array(name, a, b, given, reveal)


def _describe_array(name, mine, right, given, reveal):
    if not is_real(mine):
        return f"{name} {_of_another_kind(mine)}{given}."
    if mine.shape != right.shape:
        return f"{name} has {_shape(mine)} and should have {_shape(right)}{given}."
    if not np.isfinite(mine).all():
        return f"{name} is NaN or infinite in {np.sum(~np.isfinite(mine))} of {mine.size} entries{given}."
    if not mine.any():
        return f"{name} is zero in every entry{given}. If the zeros are where you start from, fill in the entries."
    return _describe_numbers(name, mine, right, given, reveal)


def _describe_numbers(name, mine, right, given, reveal):
    error = np.abs(mine - right).max() / np.abs(right).max()
    if error < IMPRECISE:
        digits = int(-np.log10(error))
        return f"{name} agrees to about {digits} digits only{given}. Rounding does this, or float32."
    factor = _constant_factor(mine, right)
    if factor is not None:
        return f"{name} is {factor:.4g} times the right value in every entry{given}: look for that factor."
    if not reveal:
        wrong = np.sum(np.abs(mine - right) > tolerance(mine) * np.abs(right).max())
        return f"{name} is not the right value in {wrong} of {mine.size} entries{given}."
    if mine.ndim == 0:
        return f"{name} gives {mine:.4f} where {right:.4f} is right{given}."
    place = "" if name == "it" else f"in {name} "
    return place + gradcheck.compare(name, mine, right, TOLERANCE).text.split(": ", 1)[1] + given + "."


def _of_another_kind(array):
    """What an array that holds no real numbers is, in words."""
    if array.dtype.kind == "c":
        return "is complex: real numbers are asked for"
    if array.dtype.kind == "b":
        return "is made of True and False: numbers are asked for"
    if array.dtype == object and isinstance(array.tolist(), list):
        return "is a list from which no one array can be made: its parts differ in shape, or one is missing"
    return f"holds a value of type {type(array.astype(object).flat[0]).__name__}: numbers are asked for, in an array"


def _shape(array):
    return f"the shape {array.shape}" if array.ndim else "no axes (one number)"


def _constant_factor(mine, right):
    if right.size < 2 or (right == 0).any():
        return None
    factors = mine / right
    return float(factors.flat[0]) if np.allclose(factors, factors.flat[0], rtol=1e-6, atol=0) else None


def call(exercise):
    """How the learner's function is called: its name and its parameters."""
    return f"`{exercise}({', '.join(EXERCISES[exercise].parameters)})`"


def said(failure):
    """What an exception says: its type and its message in one line."""
    return f"{failure.kind}: {shortened(failure.message)}" if failure.message else failure.kind


def shortened(value, limit=200):
    """The value as text in one line, cut off at `limit` characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[:limit] + " ..."
