"""What crosses the wall of the sandbox: arguments in, values out, as JSON of numbers and short texts; never a pickle.

Each value is a list that begins with a letter for its kind. What comes out is read strictly: whatever is not just
so raises ValueError.
"""

import base64
import builtins
import json
import math
import re
from dataclasses import astuple

import numpy as np

from bgd_helpers import network
from bgd_helpers.checks.exhibits import Exhibit
from bgd_helpers.checks.observing import Observation, Polynomial
from bgd_helpers.checks.outcomes import Failure

MOST_BYTES = 1_000_000  # of one array
LONGEST_TEXT = 300
LONGEST_DERIVATION = 20_000
CALLED = "it calls what is not there when it is graded: what an exercise asks for (write it yourself), or what draws"
KNOWN = ("LinAlgError", "NotAllowed", "AxisError", "TooManyCalls")  # exceptions beside those of Python
KINDS = "biufc"  # of the arrays that cross


def packed(value):
    """An argument of a case, or an outcome of an answer, as JSON can hold it."""
    for kind, pack in _PACKERS:
        if isinstance(value, kind):
            return pack(value)
    if callable(value):
        return ["slope", _activation_of(value)]
    raise TypeError(f"a {type(value).__name__} does not cross")


def _pack_array(array):
    if array.dtype.kind not in KINDS:
        kind = "list" if array.dtype == object and isinstance(array.tolist(), list) else _kind_of_entry(array)
        return ["odd", kind[:60]]
    array = np.ascontiguousarray(array) if array.ndim else array
    if array.nbytes > MOST_BYTES:
        return ["odd", "array of more than a megabyte"]
    return ["array", array.dtype.str, list(array.shape), base64.b64encode(array.tobytes()).decode()]


def _kind_of_entry(array):
    return type(array.astype(object).flat[0]).__name__ if array.size else "str"


def _activation_of(slope):
    for name in network.ACTIVATIONS:
        if network.activation(name).df is slope:
            return name
    raise TypeError("only the slopes of the named activation functions cross")


def _pack_generator(rng):
    return ["rng", id(rng), rng.bit_generator.state]


_PACKERS = (
    (type(None), lambda value: ["none"]),
    (Failure, lambda value: ["failure", str(value.kind)[:60], str(value.message)[:LONGEST_TEXT]]),
    (network.Activation, lambda value: ["activation", value.name]),
    (Polynomial, lambda value: ["polynomial", *map(float, astuple(value))]),
    (Exhibit, lambda value: ["exhibit", packed(value.keys), packed(value.values)]),
    (dict, lambda value: ["dict", *map(packed, value.items())]),
    (np.ndarray, _pack_array),
    (np.random.Generator, _pack_generator),
    (bool | str | int | float | np.number, lambda value: ["plain", value.item() if hasattr(value, "item") else value]),
    (tuple, lambda value: ["tuple", *map(packed, value)]),
    (list, lambda value: ["list", *map(packed, value)]),
)


def arguments(text):
    """The cases that `packed` put into JSON, for the answer to be called on; one generator stays one."""
    generators = {}

    def read(value):
        kind, *rest = value
        if kind in ("tuple", "list"):
            return (tuple if kind == "tuple" else list)(map(read, rest))
        if kind == "dict":
            return dict(map(read, rest))
        if kind == "exhibit":
            return Exhibit(*map(read, rest))
        if kind == "rng":
            return generators.setdefault(rest[0], _generator(rest[1]))
        return {
            "plain": _same,
            "array": _array,
            "activation": network.activation,
            "polynomial": Polynomial,
            "slope": _slope,
        }[kind](*rest)

    return read(json.loads(text))


def _same(value):
    return value


def _slope(name):
    return network.activation(name).df


def _generator(state):
    rng = np.random.default_rng()
    rng.bit_generator.state = state
    return rng


def _array(dtype, shape, data):
    return np.frombuffer(base64.b64decode(data, validate=True), dtype).reshape(shape).copy()


def observation(value, quote=True):
    """The Observation that came out of the sandbox; without `quote`, a failure says its kind alone. Raises ValueError
    unless it is well formed."""
    try:
        takes, changed, found, again = value
        flags = all(isinstance(flag, bool) for flag in [takes, *changed])
        if not flags or not len(changed) == len(again) <= len(found):
            raise ValueError("no observation")
        return Observation(takes, changed, *([_outcome(one, quote) for one in part] for part in (found, again)))
    except (TypeError, LookupError, AttributeError, OverflowError, RecursionError, UnicodeError) as error:
        raise ValueError(f"no observation: {type(error).__name__}") from None


def _outcome(value, quote):
    """None, a Failure, or lists of arrays."""
    if value == ["none"]:
        return None
    if value[0] == "failure":
        kind, message = value[1:]
        kind, text = _known_kind(_one_line(kind, 60)), without_numbers(_one_line(message, LONGEST_TEXT))
        return Failure(kind, text if quote else CALLED if kind == "NotAllowed" else "")
    return [[_untrusted_array(array) for array in _parts(group)] for group in _parts(value)]


def _known_kind(name):
    """The name of an exception, unless it is one that the answer made itself: its name is a text like any other."""
    known = isinstance(getattr(builtins, name, None), type) or name in KNOWN
    return name if known else "an exception of its own"


def _parts(value):
    if value[0] != "list" or len(value) > 10_001:
        raise ValueError("no list")
    return value[1:]


def _untrusted_array(value):
    if value[0] == "odd":
        return _odd(_one_line(value[1], 60))
    _, name, shape, data = value
    dtype = np.dtype(name) if isinstance(name, str) and re.fullmatch(r"[<>|=][biufc]\d{1,2}", name) else None
    if dtype is None or not all(type(n) is int and 0 <= n <= 10**6 for n in shape) or len(shape) > 8:
        raise ValueError("no array")
    size = math.prod(shape) * dtype.itemsize
    if size > MOST_BYTES or not isinstance(data, str) or len(data) > 2 * MOST_BYTES:
        raise ValueError("too large an array")
    array = _array(dtype, shape, data)
    return array.astype(dtype.newbyteorder("="))


def _odd(kind):
    """An array of one object of a kind that does not cross: it only says what it was."""
    box = np.empty((), object)
    box[()] = [] if kind == "list" else type(re.sub(r"[^\w. ]", "", kind) or "object", (), {})()
    return box


def _one_line(text, limit):
    if not isinstance(text, str):
        raise ValueError("no text")
    return " ".join("".join(c if c.isprintable() else " " for c in text[:limit]).split())


def named(error):
    """The kind of an exception and what it says, if that can be had."""
    try:
        return f"{type(error).__name__}: {error}"[:1000]
    except Exception:  # its __str__ is the learner's, too
        return f"{type(error).__name__}: "


def tidy(text):
    """A text from the kernel as a report can hold it: one line, not too long, no number that may be secret."""
    return without_numbers(_one_line(str(text), LONGEST_TEXT))


def without_numbers(text):
    """The text, its numbers of more than three digits or with decimals left out: they may be a secret argument."""
    return re.sub(r"[-+]?(\d+[.]\d*|[.]\d+|\d{4,})(e[-+]?\d+)?", "…", text)
