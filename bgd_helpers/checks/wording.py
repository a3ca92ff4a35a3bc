"""What differs, in words, where no known slip explains it: where it goes wrong first, then what is seen there."""

import re

import numpy as np

from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.outcomes import Failure, agree, close, flat, is_endless, is_real, layout, outcomes_of, tolerance
from bgd_helpers.checks.parts import other_part
from bgd_helpers.checks.patterns import factor, largest_difference, pattern, quantity

GRADIENTS = ("weight_gradient", "bias_gradient", "backprop")
UNDEFINED = (
    "That comes of the logarithm or root of what is negative, a division by 0, a mean of nothing, or of `np.inf`."
)
ARISES = {
    "divide by zero encountered in log": "the logarithm of 0",
    "divide by zero": "a division by 0",
    "overflow": "a number grows beyond all bounds",
    "encountered in log": "the logarithm of a negative number",
    "sqrt": "the root of a negative number",
    "power": "a fractional power of a negative number",
    "": "0 / 0 or the like, as in a mean of nothing",
}
ZERO = "Does a loop end too early? Or does `//` round down, or `np.nan_to_num` hide a NaN?"
ZEROS = "Zeros to start from must be filled in; `//` and `int` cut down to them, `np.nan_to_num` hides a NaN."
RATE = "; a learning rate does not belong in a gradient"
NUMBER = re.compile(r"-?[\d.]+(e[-+]\d+)?")
SAID = (  # what Python says, and what that means here
    (
        "item assignment",
        "a tuple, as a pair (dW, db) is, cannot be changed: make a new one, and put it in the old place.",
    ),
    ("inhomogeneous", "arrays of different shapes, in a list, stand where one array belongs: take them one by one."),
    ("truth value", "arrays are compared entry by entry: `np.allclose`, `.all()` or `.any()` makes one True or False."),
    ("recursion depth", "a function calls itself on and on: what lets it stop?"),
    (
        "'(\\w+(?:[.]\\w+)*)' object is not callable",
        "brackets stand behind a {}, which is no function: `.T` and `.shape` take none, an entry is taken with [ ], "
        "and a product needs its `*`.",
    ),
    (
        "unexpected keyword argument '(\\w+)'",
        "there is no argument `{0}=`. NumPy's are called `axis` (torch: `dim`) and `keepdims`; functions that are "
        "handed over take theirs in order, without a name.",
    ),
    ("reshape|equal division", "the examples fill no rows of one length: the last batch may be shorter. Take slices."),
    (
        "operand type.*'list'|multiply sequence",
        "a list is no array: `+` joins lists, `*` repeats them, and they know no `-` or `/`. `np.array(…)` makes one.",
    ),
)
FITS = {
    True: "In a product with `@` or `np.dot` the numbers that meet inside must be equal.",
    False: "`*`, `+` and `-` go entry by entry and want equal shapes; a matrix product is written with `@`.",
}


def describe(exercise: str, cases: list, found: list, expected: list, reveal: bool = True, undefined=None) -> str:
    """What differs, where no known slip explains it: the first case of which that is so. `undefined` is the Failure of
    the line in which a NaN arises, where that is known.

    Without `reveal`, neither a value that was asked for nor the one that was given is in the text.
    """
    wrong = [n for n, pair in enumerate(zip(found, expected)) if not agree(*pair)]
    case, mine, right = cases[wrong[0]], found[wrong[0]], expected[wrong[0]]
    given = _given(exercise, case, reveal)
    if isinstance(mine, Failure):
        return failure_text(exercise, mine, given)
    if mine is None:
        return f"it returns nothing for some arguments{given}: see that every branch ends with `return`."
    if layout(mine) != layout(right):
        if set(layout(mine)) == {2}:
            return f"it returns {len(mine)} pairs (dW, db) for {len(right)} layers: one for each, layer 1 first{given}."
        return f"it does not return a list of {len(right)} pairs (dW, db), one for each layer, layer 1 first{given}."
    name, a, b = _first_wrong(exercise, mine, right)
    strange = _no_numbers(name, a, b, exercise, case, given)
    if strange and undefined:
        strange = strange.replace(UNDEFINED, _arises(exercise, undefined))
    if strange:
        return _joined(located(exercise, cases, found, expected), strange)
    if part := other_part(exercise, cases, found):
        return f"{part}{given}."
    scalars = all(value.size == 1 for one in expected for value in flat(one))
    text = (
        _seen_in_all(exercise, cases, found, expected)
        if scalars
        else _seen(exercise, name, case, a, b, cases, found, expected)
    )
    if not reveal or "is right but" in text:
        more = "" if text else f" in {_differing(a, b)} of {b.size} entries"
    else:
        more = f"; {largest_difference(a, b)}"
    where = located(exercise, cases, found, expected)
    return _joined(where, f"{name} {text or 'is not the right value'}{more}{given}.")


def _joined(where, text):
    return f"{where}: {text}" if where else text


def located(exercise: str, cases: list, found: list, expected: list) -> str:
    """Where it goes wrong, as a sentence without its stop: a gradient of a network from the output back, another answer
    by a flag; "" where nothing is known, or a gradient has another arrangement."""
    if exercise != "backprop":
        return _by_a_flag(exercise, cases, found, expected)
    for mine, right in zip(found, expected):
        if not agree(mine, right):
            if not isinstance(mine, list) or layout(mine) != layout(right):
                return ""
            return _same_activations(cases, found, expected) + _step(
                [list(map(close, *pair)) for pair in zip(mine, right)]
            )
    return ""


def _by_a_flag(exercise, cases, found, expected):
    """Whether an argument that is True or False parts the right cases from the wrong ones."""
    right = [agree(*pair) for pair in zip(found, expected)]
    for name, flags in zip(EXERCISES[exercise].parameters, zip(*cases)):
        for value in (True, False):
            if any(right) and [flag is value for flag in flags] == right:
                return f"it is right where `{name}` is {value}, and wrong where it is {not value}"
    return ""


def _same_activations(cases, found, expected):
    """Whether only the networks whose layers have different activations are wrong."""
    mixed = [len({f.name for f in case[-1]}) > 1 for case in cases]
    if mixed == [not agree(*pair) for pair in zip(found, expected)]:
        return "it is right where all layers have the same activation, and wrong where they differ; "
    return ""


def _step(right):
    """What is right of the layers' (dW, db), the last layer's first, and the step that this points to."""
    L = len(right)
    k = next((k for k in range(L, 0, -1) if not all(right[k - 1])), 0)
    if k == L and not any(right[-1]):
        return f"dW^({L}), db^({L}) of the output layer are wrong already: look at its error signal (E4), and before it"
    fine = ", ".join(f"dW^({n}), db^({n})" for n in range(L, k, -1))
    fine = f"{fine} are right; " if fine else ""
    if not any(right[k - 1]):
        return f"{fine}it goes wrong from layer {k} on: look at the step from {k + 1} to {k} (E5)"
    good, bad, equation = ("dW", "db", "E8") if right[k - 1][0] else ("db", "dW", "E7")
    return f"{fine}{good}^({k}) is right and {bad}^({k}) is not: the error signal is right there, so look at {equation}"


def _first_wrong(exercise, mine, right):
    """The name of the first array that is wrong, from the output back in a network, and its two values."""
    names = [f"{part}^({k})" for k in range(1, len(right) + 1) for part in ("dW", "db")]
    triples = list(zip(names if exercise == "backprop" else ["it"], flat(mine), flat(right)))
    layers = range(0, len(triples), 2) if exercise == "backprop" else [0]
    ordered = [triple for start in reversed(layers) for triple in triples[start : start + 2]]
    return next(triple for triple in ordered if not close(*triple[1:]))


def differing_arrays(exercise: str, cases: list, found: list) -> tuple | None:
    """The name of an array that is wrong, its value and the right one; None where no numbers can be compared."""
    task = EXERCISES[exercise]
    if exercise == "batches":
        return None
    for mine, right in zip(found, outcomes_of(task.right, cases, task.read)):
        if isinstance(mine, list) and layout(mine) == layout(right) and not agree(mine, right):
            name, a, b = _first_wrong(exercise, mine, right)
            return (f"`{exercise}`" if name == "it" else name, a, b) if a.shape == b.shape and is_real(a) else None
    return None


def _seen(exercise, name, case, a, b, cases, found, expected):
    """What a wrong array has to do with the right one, and whether a factor is another in another case."""
    origin = EXERCISES[exercise].origin(*case)
    text = pattern(a, b, origin, _others(exercise, name, case), _units(case)) or ""
    if "times the right value" in text:
        number = factor(a - origin, b - origin)
        others = _other_factors(exercise, number, cases, found, expected)
        text += others or RATE * (exercise in GRADIENTS and abs(number) < 0.5)
    return text if np.ndim(origin) == 0 or not text else f"takes a step that {text}"


def _other_factors(exercise, number, cases, found, expected):
    """What the factors of all cases are; or those of other arrays and cases that are not `number`, in brackets."""
    by_case = [
        [
            factor(*(part - EXERCISES[exercise].origin(*case) for part in pair))
            for pair in zip(flat(mine), flat(right))
            if pair[0].shape == pair[1].shape and is_real(pair[0])
        ]
        for case, mine, right in zip(cases, found, expected)
        if isinstance(mine, list) and layout(mine) == layout(right)
    ]
    firsts = [numbers[0] for numbers in by_case if len(numbers) == 1 and numbers[0] is not None]
    arguments = [dict(zip(EXERCISES[exercise].parameters, case)) for case in cases]
    what = quantity(firsts, arguments) if len(firsts) == len(cases) else None
    if what:
        return f" (in every case, the factor is {what})"
    numbers = sum(by_case, [])
    others = dict.fromkeys(f"{n:.4g}" for n in numbers if n is not None and not np.isclose(n, number, rtol=1e-6))
    return f" (in other cases {', '.join(list(others)[:3])})" if others else ""


def _seen_in_all(exercise, cases, found, expected):
    """What the numbers of all cases have to do with the right ones, where each is one number."""
    known = [
        (mine[0][0], right[0][0], case) for mine, right, case in zip(found, expected, cases) if isinstance(mine, list)
    ]
    if not all(mine.shape == right.shape and is_real(mine) for mine, right, _ in known):
        return ""
    wrong = [one for one in known if not close(*one[:2])]
    mine, right = map(np.array, list(zip(*wrong))[:2])
    every = "every case" if len(wrong) == len(known) else "every case that is wrong"
    if len(wrong) < 2:
        return ""
    if text := pattern(mine, right, 0.0, {}):
        return text.replace("every entry", every).split(": a constant")[0]
    arguments = [dict(zip(EXERCISES[exercise].parameters, case)) for *_, case in wrong]
    what = quantity(mine / right, arguments) if right.all() else None
    if what:
        return f"is the right value times {what}, in {every}"
    near = len(wrong) == len(known) and np.allclose(mine, right, rtol=0.2, atol=0)
    return "is near the right value in every case, and in none equal to it, as what comes of draws is" if near else ""


def _others(exercise, name, case):
    """Arrays of the case that may have got into the value, by name."""
    if exercise == "backprop":
        return {
            f"{p}^({k})": array for k, pair in enumerate(case[0], 1) for p, array in zip("Wb", pair) if str(k) in name
        }
    named = dict(zip(EXERCISES[exercise].parameters, case))
    arrays = {name: value for name, value in named.items() if isinstance(value, np.ndarray)}
    slopes = {f"df({name})": named["df"](arrays[name]) for name in ("A", "Z") if "df" in named and name in arrays}
    return slopes | arrays


def _units(case):
    """The numbers of a case, and these and 1 divided by the length of an array, each with the number undivided."""
    numbers = [1.0, *(float(value) for value in case if isinstance(value, int | float) and value)]
    lengths = [1, *(len(value) for value in case if isinstance(value, np.ndarray))]
    return tuple((number / length, number) for number in numbers for length in lengths)


def _no_numbers(name, mine, right, exercise, case, given):
    """What is wrong with an array that is not of real, finite numbers in the right shape, or is zero; else None."""
    among = _among_others(mine, right)
    if not is_real(mine):
        return f"{name} {_of_another_kind(mine)}{f'; it is {among}' if among else ''}{given}."
    if among:
        return f"{name} is {among}{given}."
    if mine.shape != right.shape:
        symbols = EXERCISES[exercise].shapes.get("return")
        why = _why_shape(mine, right) or _other_size(mine, right, symbols, exercise, case)
        if mine.shape == right.shape[::-1] and (number := factor(mine.T, right)):
            times = "" if round(number, 7) == 1 else f"{number:.4g} times "
            return (
                f"{name} is {times}the transpose of the right one: its shape is {mine.shape}, not {right.shape}{given}."
            )
        symbols = f", {symbols}" if symbols else ""
        return f"{name} has {_shape(mine)} and should have {_shape(right)}{symbols}{given}.{why}"
    if not np.isfinite(mine).all():
        return f"{name} is NaN or infinite in {np.sum(~np.isfinite(mine))} of {mine.size} entries{given}. {UNDEFINED}"
    if not mine.any() and not mine.ndim and right.any():
        return f"{name} is 0 where it should not be{given}. {ZERO}"
    if not mine.any() and mine.size:
        return f"{name} is zero in every entry{given}. {ZEROS}"
    return None


def _why_shape(mine, right):
    """What a wrong shape comes from, as a sentence with a blank before it, or nothing."""
    if np.squeeze(mine).shape == right.shape and close(np.squeeze(mine), right):
        return " Its numbers are right: leave out keepdims, and brackets around the result."
    if not mine.size:
        return " It is empty: nothing was filled in, or `np.gradient` or `np.diff` was given a single number."
    if mine.ndim == 2 and mine.shape == right.shape[::-1]:
        return " Its axes are exchanged: in some texts an example is a column; here it is a row."
    if mine.ndim == right.ndim and (more := _right_and_more(mine, right)):
        return f" The right value is in it, and {more} besides: leave those out."
    if np.squeeze(mine).ndim > right.ndim:
        return " Over one axis too few is added or averaged."
    if mine.ndim < right.ndim or mine.ndim == right.ndim and any(a == 1 < b for a, b in zip(mine.shape, right.shape)):
        return " An axis is gone that should stay: by a sum or mean over it, an index, or a `return` inside a loop."
    if mine.ndim > 1 and mine.size > right.size and not np.any(np.remainder(mine.shape, right.shape)):
        return " It holds more products than it should: an outer product is that of two vectors, of one example."
    return ""


def _among_others(mine, right):
    """Among what the right value stands, where several are returned, or which part of it a value is; else None."""
    several = mine.tolist() if mine.dtype == object else mine if mine.ndim == right.ndim + 1 else []
    for at, part in enumerate(several if isinstance(several, list | np.ndarray) and len(several) > 1 else []):
        if np.shape(part) == right.shape and close(np.asarray(part), right):
            return f"{len(several)} values, of which number {at} (counted from 0) is right: return that alone"
    if right.ndim == 2 and mine.ndim == 1:
        columns = [column for column in range(right.shape[1]) if close(mine, right[:, column])]
        return f"column {columns[0]} of the right value: all of its columns are asked for" if columns else None
    return None


def _right_and_more(mine, right):
    """How many rows or columns stand before or behind the right value; None where it is not in there."""
    for axis, name in enumerate(("row", "column")[: mine.ndim]):
        more = mine.shape[axis] - right.shape[axis]
        parts = (
            [np.take(mine, range(start, start + right.shape[axis]), axis) for start in (0, more)] if more > 0 else []
        )
        if any(close(part, right) for part in parts):
            return f"{more} {name}{'s' * (more > 1)}"
    return None


def _other_size(mine, right, symbols, exercise, case):
    """Which size stands in place of another, as a sentence with a blank before it, or nothing."""
    named = dict(zip(EXERCISES[exercise].parameters, case))
    shapes = [(EXERCISES[exercise].shapes.get(name, ""), getattr(value, "shape", ())) for name, value in named.items()]
    sizes = {n: symbol for told, shape in shapes for symbol, n in zip(told.split(" x "), shape) if symbol}
    for a, b, belongs in zip(mine.shape, right.shape, (symbols or "").split(" x ")):
        if a != b and a in sizes:
            return f" There are {a} = {sizes[a]} where {b} = {belongs} belong: which axis is added up, which one stays?"
    return ""


def _differing(mine, right):
    return int(np.sum(np.abs(mine - right) > tolerance(mine) * np.abs(right).max()))


def _given(exercise, case, reveal):
    """The shapes of the arguments, and the values of numbers; without `reveal`, of True and False alone."""
    plain = bool | int | float if reveal else bool
    told = [
        f"{name} of shape {value.shape}"
        if isinstance(value, np.ndarray)
        else f"{name} = {value if isinstance(value, bool) else f'{value:.4g}'}"
        for name, value in zip(EXERCISES[exercise].parameters, case)
        if isinstance(value, np.ndarray | plain)
    ]
    return f" (with {', '.join(told)})" if told else ""


# -------------------------------------------------------------- exceptions


def failure_text(exercise: str, failure: Failure, given: str) -> str:
    """What an exception comes from, with the learner's own line if it is known, in the words of the course."""
    place = failure.where
    if place is None:
        return f"it raises {said(failure)}{given}."
    line = f"line {place.line}, `{shortened(place.code, 80)}`," if place.code else f"line {place.line}"
    line += f" called by `{shortened(place.caller, 80)}`," if place.caller else ""
    if is_endless(failure):
        if failure.message == "waits":
            return f"it does not end: it was stopped in {line} which waits{given}. An answer has nothing to wait for."
        return (
            f"it does not end: it was stopped in the loop of {line} which goes on and on{given}. When should it stop?"
        )
    here, reason = _values_there(exercise, failure), _reason(exercise, failure, place)
    return f"{line} raises {failure.kind}{f': {reason}' if reason else ''}{here or '.' * (not reason)}"


def _arises(exercise, failure):
    """Where a NaN or an infinite value first arises, and by what."""
    place = failure.where
    why = next(why for sign, why in ARISES.items() if sign in failure.message)
    code = f", `{shortened(place.code, 80)}`" if place.code else ""
    return f"It arises in line {place.line}{code}: {why}.{_values_there(exercise, failure)}"


def _values_there(exercise, failure):
    """What the names in the piece of code that failed hold, as a sentence with a blank before it, or nothing."""
    place = failure.where
    lists = failure.kind == "IndexError"
    holds = {name: value for name, value in place.holds.items() if lists or not str(value).startswith("a list")}
    told = [f"`{name}` is {_told(exercise, name, value)}" for name, value in holds.items()]
    return f" There {', '.join(told)}." if told else ""


def _told(exercise, name, value):
    """A shape in the notation of the course, with its numbers; or the phrase that there is."""
    if not isinstance(value, tuple):
        return value
    numbers = " x ".join(map(str, value)) or "one number"
    symbols = EXERCISES[exercise].shapes.get(name)
    return f"{'a vector of ' * (len(value) == 1)}{f'{symbols} = ' if symbols else ''}{numbers}"


def _reason(exercise, failure, place):
    """Why that kind of exception is raised, in one or two sentences."""
    values = place.holds.values()
    if "'Activation' object" in failure.message:
        return "an activation holds two functions: f and its derivative df, as in `activations[k - 1].df`."
    if exercise == "backprop" and "'tuple' object" in failure.message:
        return "a pair (W, b) stands where an array belongs: its first part, [0], is W."
    if exercise == "backprop" and "nothing (None)" in map(place.holds.get, ("A", "Z", "Z_prev")):
        return (
            "a value is missing. A[0] is None, as layer 0, the inputs, has no pre-activation: E5 ends at layer 1, E7 "
            "takes Z, and `forward` gives A first, then Z."
        )
    if any(str(value).startswith("nothing") for value in values) or "NoneType" in failure.message:
        return (
            "a value is missing. What should give it has no `return` yet, or works in place and returns nothing, as "
            "`shuffle`, `sort` and `append` do; or it is a place of a list that was never filled in."
        )
    if failure.kind in ("NameError", "UnboundLocalError"):
        return (
            f"`{place.part}` is not defined there. The function is called as {call(exercise)}: is it a misspelt name?"
        )
    if "^" in place.part and failure.kind == "TypeError":
        return "`^` is no power in Python: that is `**`."
    if (
        failure.kind == "IndexError"
        and not place.called
        and any(isinstance(v, str) and NUMBER.fullmatch(v) and "." in v for v in values)
    ):
        return "a value stands where a position belongs: an index counts 0, 1, 2, …, as `range` does."
    if failure.kind == "IndexError" and "out of" in failure.message:
        axis = re.search(r"for axis (\d+) with size (\d+)", failure.message)
        if axis and not any(isinstance(value, str) and NUMBER.fullmatch(value) for value in values):
            return f"a position goes past the end of axis {axis[1]}, which has {axis[2]}: axis 0 are the rows."
        return (
            "an index goes past the end: positions run from 0 to the length less 1. Where does the loop start and stop?"
        )
    if "a function" in values and failure.kind == "TypeError":
        return "a function is used as if it were an array: call it, with what it is to be taken at."
    for said_by_python, why in SAID:
        if found := re.search(said_by_python, failure.message):
            return why.format(*found.groups())
    if lacks := re.search(r"'(?:\w+\.)*(\w+)' object has no attribute '(\w+)'", failure.message):
        return _lacks(*lacks.groups())
    if failure.kind == "ValueError":
        return _shapes_that_meet(failure, place, values)
    return failure.message and f"{shortened(failure.message, 120).rstrip('.')}."


def _lacks(kind, name):
    """What to write where a value has no such attribute."""
    what = {"ndarray": "an array", "list": "a list", "tuple": "a tuple"}.get(kind, f"a value of type {kind}")
    if kind in ("list", "tuple") and hasattr(np.ndarray, name):
        return f"{what} has no `.{name}`, an array has: `np.array(…)` makes one of it."
    if callable(getattr(np, name, None)):
        return f"{what} has no `.{name}`: it is a function, `np.{name}(…)`."
    return f"{what} has no `.{name}`; a tensor of torch or a table of pandas may, but here are NumPy's arrays."


def _shapes_that_meet(failure, place, values):
    """Which shapes do not fit each other, and what the operation wants."""
    is_product = any(sign in place.part for sign in ("@", "dot(", "matmul(")) or "matmul" in failure.message
    is_product = is_product and "broadcast" not in failure.message
    met = [" x ".join(filter(None, pair)) for pair in re.findall(r"\((\d+), ?(\d*)\)", failure.message)]
    if len(met) > 1 or "core dimension" in failure.message or sum(isinstance(value, tuple) for value in values) > 1:
        return f"the shapes do not fit{': ' if met else ''}{' meets '.join(met[:2])}. {FITS[is_product]}"
    if "enough dimensions" in failure.message:
        return "`@` multiplies matrices, and here is a single number, or nothing. A number is multiplied with `*`."
    return failure.message and f"{shortened(failure.message, 120)}."


def _of_another_kind(array):
    """What an array that holds no real numbers is, in words."""
    if array.dtype.kind == "c":
        return "is complex: real numbers are asked for"
    if array.dtype.kind == "b":
        return "is made of True and False: numbers are asked for"
    if array.dtype == object and array.size and callable(array.flat[0]):
        return "holds a function where a number belongs: call it, with brackets"
    if array.dtype == object and isinstance(array.tolist(), list):
        return "is a list from which no one array can be made: its parts differ in shape, or one is missing"
    kind = type(array.astype(object).flat[0]).__name__
    if kind in ("NoneType", "ellipsis"):
        return "is missing: what should give it returns nothing, or a placeholder is left"
    return f"holds a value of type {kind}: numbers are asked for, in an array"


def _shape(array):
    return f"the shape {array.shape}" if array.ndim else "no axes (one number)"


def call(exercise):
    """How the learner's function is called: its name and its parameters."""
    return f"`{exercise}({', '.join(EXERCISES[exercise].parameters)})`"


def said(failure):
    """What an exception says: its type and its message in one line."""
    return f"{failure.kind}: {shortened(failure.message)}" if failure.message else failure.kind


def with_line(failure):
    """What Python says of an exception, with the learner's line; nothing of one that was ours, to stop it."""
    place = None if is_endless(failure) else failure.where
    return f"{said(failure)} (line {place.line}: {shortened(place.code, 80)})" if place else ""


def shortened(value, limit=200):
    """The value as text in one line, cut off at `limit` characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[:limit] + " ..."
