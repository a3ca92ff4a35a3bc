"""What a learner's function gives, read into lists of arrays, and whether two such outcomes agree."""

import io
from collections.abc import Iterable, Mapping, Set
from contextlib import redirect_stdout
from copy import deepcopy
from itertools import islice
from typing import NamedTuple

import numpy as np

from bgd_helpers.checks.tracing import Endless, Where, is_placeholder, where

TOLERANCE = 1e-8  # of the largest right entry: room for any order of summation, none for a slip
SINGLE = 1e-5  # the same for an answer in float32
LONGEST = 1000  # values taken from a generator, which may have no end


class Failure(NamedTuple):
    """A call that raised: the exception's type, what it said, and the learner's line it was raised in, where that is
    known: it does not leave the sandbox."""

    kind: str
    message: str
    where: Where | None = None


def outcomes_of(function, cases, read):
    """The outcomes of another round of calls, in which nothing is printed."""
    with redirect_stdout(io.StringIO()):
        return [outcome_of(function, deepcopy(case), read) for case in cases]


def outcome_of(function, case, read):
    """What the function gives, read into lists of arrays; None for nothing, or the Failure it ends in."""
    try:
        value = function(*case)
        is_empty = isinstance(value, tuple) and not value  # no placeholder: NumPy found nothing to give
        value = _listed(value)
        return None if _is_blank(value) and not is_empty else read(value)
    except (Exception, SystemExit, Endless) as error:  # a learner's function may raise anything
        if isinstance(error, NotImplementedError) or is_placeholder(error):
            return None
        if isinstance(error, Endless):
            error.arrived()
        place = where(error)  # before its __str__, which may raise it again
        return Failure(type(error).__name__, _message(error), place)


def _message(error):
    try:
        return str(error)
    except Exception:  # its __str__ is the learner's, too
        return ""


def _listed(value):
    """The value with lists in place of tuples, generators, other sequences and arrays of objects, however nested."""
    if isinstance(value, np.ndarray):
        is_sequence = value.dtype == object and value.ndim > 0
    else:
        is_sequence = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping | Set)
    return [_listed(part) for part in islice(value, LONGEST)] if is_sequence else value


def _is_blank(value):
    """Whether nothing is filled in: None, ..., or a list of nothing else."""
    if isinstance(value, list):
        return all(map(_is_blank, value))
    return any(value is blank for blank in (None, ..., NotImplemented))


def one_array(value):
    """A value that is one array, as lists of arrays."""
    return [[_array(value)]]


def several_arrays(value):
    """A value that is a list of arrays, as lists of one array each."""
    return [[_array(part)] for part in _parts(value)]


def pairs(value):
    """A value that is a list of pairs of arrays, as lists of the arrays of each pair."""
    return [[_array(part) for part in _parts(pair)] for pair in _parts(value)]


def yes_or_no(value):
    """A value that is true or false, as lists of one array: 1 or 0. Raises TypeError for a list, a text or a number."""
    plain = isinstance(value, bool | np.bool_) or isinstance(value, np.ndarray) and value.dtype == bool
    if not plain and (isinstance(value, list | str | int | float | np.ndarray) or not hasattr(value, "__bool__")):
        raise TypeError(f"True or False is asked for, not a value of type {type(value).__name__}")
    return [[np.array(float(bool(value)))]]


def _parts(value):
    return value if isinstance(value, list) else [value]


def _array(value):
    """A copy of the value as one array; an array of one object where its parts form none."""
    try:
        return np.array(value)
    except ValueError:
        box = np.empty((), object)
        box[()] = value
        return box


def all_agree(found, expected):
    """Whether two lists of outcomes agree case by case, and at least one of them is a value."""
    return any(isinstance(value, list) for value in expected) and all(map(agree, found, expected))


def gives(function, cases, read, found):
    """Whether the outcomes of a function agree with these; it is called up to the first that does not."""
    expected = []
    with redirect_stdout(io.StringIO()):
        for case, one in zip(cases, found):
            expected.append(outcome_of(function, deepcopy(case), read))
            if not agree(one, expected[-1]):
                return False
    return all_agree(found, expected)


def agree(found, expected):
    """Whether two outcomes are equal values, or both a Failure."""
    if not isinstance(found, list) or not isinstance(expected, list):
        return isinstance(found, Failure) and isinstance(expected, Failure)
    return layout(found) == layout(expected) and all(map(close, flat(found), flat(expected)))


def close(a, b):
    """Whether a holds real numbers in the shape of b, each within the tolerance for the largest entry of b."""
    if a.shape != b.shape or not is_real(a):
        return False
    if not np.isfinite(a).all() or not np.isfinite(b).all():
        return np.array_equal(a, b)
    return bool((np.abs(a - b) <= tolerance(a) * np.abs(b).max(initial=0)).all())


def tolerance(array):
    """What an array's entries may differ by, as a part of the largest: more where they are single precision."""
    return SINGLE if array.dtype == np.float32 else TOLERANCE


def is_endless(outcome):
    """Whether a call was stopped, as its time was over."""
    return isinstance(outcome, Failure) and outcome.kind == Endless.__name__


def is_repeated(first, second):
    """Whether a second call gave the same, where both gave numbers."""
    if not isinstance(first, list) or not isinstance(second, list):
        return isinstance(first, list) == isinstance(second, list) or is_endless(second)
    return layout(first) == layout(second) and all(map(_unmoved, flat(first), flat(second)))


def _unmoved(a, b):
    if not is_real(a) or not is_real(b):
        return True
    return a.shape == b.shape and np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def is_changed(used, given):
    """Whether an argument was changed; rounding, as in h added and taken away again, is no change."""
    if isinstance(given, np.ndarray):
        return not close(used, given)
    if isinstance(given, dict):
        return used.keys() != given.keys() or any(is_changed(used[name], given[name]) for name in given)
    if isinstance(given, tuple | list):
        return len(used) != len(given) or any(map(is_changed, used, given))
    return used != given


def without_empty_axes(found, expected):
    """The outcomes without the axes of length 1 that the expected ones do not have; None if there are none."""
    if not all(isinstance(value, list) and layout(value) == layout(right) for value, right in zip(found, expected)):
        return None
    bare = [
        [[np.squeeze(a) if a.ndim > b.ndim else a for a, b in zip(*groups)] for groups in zip(value, right)]
        for value, right in zip(found, expected)
    ]
    return bare if any(a.shape != b.shape for a, b in zip(*(sum(map(flat, v), []) for v in (bare, found)))) else None


def flat(outcome):
    """All arrays of an outcome in one list."""
    return [array for group in outcome for array in group]


def layout(outcome):
    """How many arrays each list of an outcome holds."""
    return [len(group) for group in outcome]


def is_real(array):
    """Whether an array holds real numbers: not complex ones, True and False, text or objects."""
    return array.dtype.kind in "iuf"
