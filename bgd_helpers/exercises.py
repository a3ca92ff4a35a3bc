"""The checks a learner calls: not attempted, wrong because ..., or right.

Each exercise has a right function and cases to call it on. An answer that differs is compared with what each
slip of `slips` gives on the same cases; the one that agrees on all of them names it. If none does, two slips are
tried together: one, and another that only multiplies by a number.
"""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from inspect import signature
from itertools import islice
from typing import Callable, NamedTuple

import numpy as np

from bgd_helpers import descent, gradcheck, network, slips

TOLERANCE = 1e-8  # of the largest right entry: room for any order of summation, none for a slip
IMPRECISE = 1e-3  # of the largest right entry: what differs by less was rounded, or is no float64
LONGEST = 10_000  # values taken from a generator, which may have no end


@dataclass(frozen=True)
class Verdict:
    """What a check found: outcome "right", "wrong" or "not attempted", the text shown, the slip's name if it has one.

    Of two slips together, the names are joined by " + ".
    """

    outcome: str
    text: str
    slip: str | None = None

    def __repr__(self):
        return {"right": "✓ right: ", "wrong": "✗ wrong because ", "not attempted": "○ not attempted: "}[
            self.outcome
        ] + self.text


def _array(value):
    """A copy of the value as one array; an array of one object where its parts form none."""
    try:
        return np.array(value)
    except ValueError:
        box = np.empty((), object)
        box[()] = value
        return box


def _one_array(value):
    return [[_array(value)]]


def _several_arrays(value):
    return [[_array(part)] for part in value] if isinstance(value, list) else [[_array(value)]]


def _pairs(value):
    if not isinstance(value, list):
        return [[_array(value)]]
    return [[_array(part) for part in (pair if isinstance(pair, list) else [pair])] for pair in value]


class Exercise(NamedTuple):
    """One function that a learner writes: what is right, on which cases, and what a right answer is told.

    `read` puts an answer's value into lists of arrays. `origin` is the part of the right value that no factor
    multiplies: theta, in an update.
    """

    right: Callable
    cases: Callable
    praise: str
    read: Callable = _one_array
    origin: Callable = lambda *case: 0.0


class Failure(NamedTuple):
    """A call that raised, with what it said."""

    error: BaseException


def check(exercise, answer):
    """The verdict on a learner's function.

    `exercise` is a name in EXERCISES. Raises ValueError for another name, or if `answer` cannot be called.
    """
    if not isinstance(exercise, str) or exercise not in EXERCISES:
        raise ValueError(f"there is no exercise {exercise!r}: choose one of {', '.join(EXERCISES)}")
    if not callable(answer):
        raise ValueError(
            f"check({exercise!r}, ...) needs your function itself, without brackets and arguments, "
            f"not a value of type {type(answer).__name__}"
        )
    if not _takes(answer, exercise):
        return Verdict("wrong", f"it cannot be called as {_call(exercise)}: give it these parameters, in this order.")
    with np.errstate(all="ignore"):
        return (_check_batches if exercise == "batches" else _check_values)(exercise, answer)


def _call(exercise):
    return f"`{exercise}({', '.join(_parameters(exercise))})`"


def _parameters(exercise):
    return list(signature(EXERCISES[exercise].right).parameters)


def _takes(answer, exercise):
    try:
        signature(answer).bind(*_parameters(exercise))
    except TypeError:
        return False
    except ValueError:  # some functions written in C tell nothing about their parameters
        return True
    return True


def _check_values(exercise, answer):
    cases = list(EXERCISES[exercise].cases())
    used = deepcopy(cases)
    found = [_outcome(exercise, answer, case) for case in used]
    changed = [_unlike(*pair) and not isinstance(value, Failure) for *pair, value in zip(used, cases, found)]
    if any(changed):
        return _named(slips.BY_NAME["theta changed in place"])
    if all(value is None for value in found):
        return _not_attempted(exercise)
    if not all(map(_repeated, found, _outcomes(exercise, answer, cases))):
        return _named(slips.BY_NAME["stale gradients"])
    expected = _outcomes(exercise, EXERCISES[exercise].right, cases)
    if _same(found, expected):
        return Verdict("right", EXERCISES[exercise].praise)
    return _known(exercise, cases, found, expected) or Verdict("wrong", _describe(exercise, cases, found, expected))


def _not_attempted(exercise):
    return Verdict("not attempted", f"`{exercise}` returns nothing yet. Replace the placeholder and end with `return`.")


def _named(slip):
    return Verdict("wrong", slip.because, slip.name)


# ---------------------------------------------------------------------------- what a function gives


def _outcomes(exercise, function, cases):
    """The outcomes of another round of calls, in which nothing is printed."""
    with redirect_stdout(io.StringIO()):
        return [_outcome(exercise, function, deepcopy(case)) for case in cases]


def _outcome(exercise, function, case):
    """What the function gives as lists of arrays, None for nothing, or the Failure it ends in."""
    try:
        value = _listed(function(*case))
        return None if _is_blank(value) else EXERCISES[exercise].read(value)
    except NotImplementedError:
        return None
    except (Exception, SystemExit) as error:  # a learner's function may raise anything
        return None if "ellipsis" in str(error) else Failure(error)


def _listed(value):
    """The value with lists in place of tuples, generators and arrays of objects, however nested."""
    if isinstance(value, Iterator):
        value = list(islice(value, LONGEST))
    if isinstance(value, np.ndarray) and value.dtype == object and value.ndim:
        value = list(value)
    return [_listed(part) for part in value] if isinstance(value, tuple | list) else value


def _is_blank(value):
    """Whether nothing is filled in: None, ..., or a list of nothing else."""
    if isinstance(value, list):
        return all(map(_is_blank, value))
    return any(value is blank for blank in (None, ..., NotImplemented))


def _unlike(used, given):
    """Whether an argument was changed; rounding, as in h added and taken away again, is no change."""
    if isinstance(given, np.ndarray):
        return not _close(used, given)
    if isinstance(given, tuple | list):
        return len(used) != len(given) or any(map(_unlike, used, given))
    return used != given


def _repeated(first, second):
    """Whether a second call gave the same, where both gave numbers."""
    if not isinstance(first, list) or not isinstance(second, list):
        return isinstance(first, list) == isinstance(second, list)
    return _layout(first) == _layout(second) and all(map(_unmoved, _flat(first), _flat(second)))


def _unmoved(a, b):
    if not _is_real(a) or not _is_real(b):
        return True
    return a.shape == b.shape and np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def _flat(outcome):
    return [array for group in outcome for array in group]


def _layout(outcome):
    return [len(group) for group in outcome]


def _is_real(array):
    return array.dtype.kind in "iuf"


def _same(found, expected):
    """Whether two lists of outcomes agree case by case, and at least one of them is a value."""
    return any(isinstance(value, list) for value in expected) and all(map(_equal, found, expected))


def _equal(found, expected):
    if not isinstance(found, list) or not isinstance(expected, list):
        return isinstance(found, Failure) and isinstance(expected, Failure)
    return _layout(found) == _layout(expected) and all(map(_close, _flat(found), _flat(expected)))


def _close(a, b):
    if a.shape != b.shape or not _is_real(a):
        return False
    return bool((np.abs(a - b) <= TOLERANCE * np.abs(b).max(initial=0)).all())


# ---------------------------------------------------------------------------- known slips, one or two


class _Tried(NamedTuple):
    """A slip and what one of its variants gives on the cases."""

    slip: slips.Slip
    outcomes: list


def _known(exercise, cases, found, expected):
    """The verdict that names the slip, or the two slips, that give just this; None if none do."""
    tried = [
        _Tried(slip, _outcomes(exercise, variant, cases))
        for slip in slips.of_exercise(exercise)
        for variant in slip.variants(exercise)
    ]
    for one in tried:
        if _same(found, one.outcomes):
            return _named(one.slip)
    return _two_slips([EXERCISES[exercise].origin(*case) for case in cases], tried, found, expected)


def _two_slips(origins, tried, found, expected):
    """The verdict for a slip together with another that only multiplies by a number; None if no two fit."""
    scales = [(one.slip, _factors(one.outcomes, expected, origins)) for one in tried]
    for first in tried:
        factors = _factors(found, first.outcomes, origins)
        for slip, known in scales:
            if slip is not first.slip and _agree(factors, known):
                return Verdict(
                    "wrong",
                    f"there are two slips. One: {first.slip.because} Two: {slip.because}",
                    f"{first.slip.name} + {slip.name}",
                )
    return None


def _factors(outcomes, others, origins):
    """The number by which the others are multiplied, case by case; NaN where there is none, None where both raise."""
    return [_factor(*values) for values in zip(outcomes, others, origins)]


def _factor(outcome, other, origin):
    if isinstance(outcome, Failure) and isinstance(other, Failure):
        return None
    if not _comparable(outcome, other, origin):
        return np.nan
    a, b = (np.concatenate([(part - origin).ravel() for part in _flat(value)]) for value in (outcome, other))
    size = b @ b
    factor = a @ b / size if size > 0 else 0.0
    return factor if factor != 0 and (np.abs(a - factor * b) <= TOLERANCE * np.abs(a).max()).all() else np.nan


def _comparable(outcome, other, origin):
    if not isinstance(outcome, list) or not isinstance(other, list) or _layout(outcome) != _layout(other):
        return False
    pairs = list(zip(_flat(outcome), _flat(other)))
    return all(a.shape == b.shape and _is_real(a) and _is_real(b) for a, b in pairs) and all(
        np.shape(origin) in ((), a.shape) for a, _ in pairs
    )


def _agree(factors, known):
    """Whether each factor is the known one, and at least one is known; None agrees with any."""
    pairs = [pair for pair in zip(factors, known) if None not in pair]
    return bool(pairs) and all(abs(a - b) <= TOLERANCE * abs(b) for a, b in pairs)


# ---------------------------------------------------------------------------- what differs, in words


def _describe(exercise, cases, found, expected):
    """What differs, where no known slip explains it: the first case of which that is so."""
    for case, mine, right in zip(cases, found, expected):
        if not _equal(mine, right):
            return _describe_one(exercise, _given(exercise, case), mine, right)


def _given(exercise, case):
    named = zip(_parameters(exercise), case)
    shapes = [f"{name} of shape {value.shape}" for name, value in named if isinstance(value, np.ndarray)]
    return f" (with {', '.join(shapes)})" if shapes else ""


def _describe_one(exercise, given, mine, right):
    if isinstance(mine, Failure):
        return f"it raises {_said(mine.error)}{given}."
    if mine is None:
        return f"it returns nothing for some arguments{given}: see that every branch ends with `return`."
    if _layout(mine) != _layout(right):
        return f"it does not return a list of {len(right)} pairs (dW, db), one for each layer, layer 1 first{given}."
    names = [f"{part}^({k})" for k in range(1, len(right) + 1) for part in ("dW", "db")]
    for name, a, b in zip(names if exercise == "backprop" else ["it"], _flat(mine), _flat(right)):
        if not _close(a, b):
            return _describe_array(name, a, b, given)


def _said(error):
    return f"{type(error).__name__}: {_shortened(error)}"


def _describe_array(name, mine, right, given):
    if not _is_real(mine):
        return f"{name} {_of_another_kind(mine)}{given}."
    if mine.shape != right.shape:
        return f"{name} has {_shape(mine)} and should have {_shape(right)}{given}."
    if not np.isfinite(mine).all():
        return f"{name} is NaN or infinite in {np.sum(~np.isfinite(mine))} of {mine.size} entries{given}."
    if not mine.any():
        return f"{name} is zero in every entry{given}. If the zeros are where you start from, fill in the entries."
    return _describe_numbers(name, mine, right, given)


def _describe_numbers(name, mine, right, given):
    error = np.abs(mine - right).max() / np.abs(right).max()
    if error < IMPRECISE:
        digits = int(-np.log10(error))
        return f"{name} agrees to about {digits} digits only{given}. Rounding does this, or float32."
    factor = _constant_factor(mine, right)
    if factor is not None:
        return f"{name} is {factor:.4g} times the right value in every entry{given}: look for that factor."
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


def _shortened(error, limit=200):
    text = " ".join(str(error).split())
    return text if len(text) <= limit else text[:limit] + " ..."


# ---------------------------------------------------------------------------- the batches of an epoch

_EPOCHS = ((10, 4, 0), (12, 3, 1), (5, 5, 2), (7, 1, 3))


def _check_batches(exercise, answer):
    cases = [(N, B, np.random.default_rng(seed)) for N, B, seed in _EPOCHS]
    found = [_outcome(exercise, answer, case) for case in cases]
    if all(value is None for value in found):
        return _not_attempted(exercise)
    for (N, B, _), value in zip(_EPOCHS, found):
        problem = _not_batches(value, N, B)
        if problem:
            return problem
    return _order_of_batches(answer) or Verdict("right", EXERCISES[exercise].praise)


def _not_batches(value, N, B):
    """The verdict on batches that do not show every example once, None if they do."""
    if not isinstance(value, list) or not all(map(_is_batch, _flat(value))) or max(_layout(value)) > 1:
        return Verdict("wrong", _describe_batches(value, N, B))
    sizes = [part.size for part in _flat(value)]
    shown = np.sort(np.concatenate([part for part in _flat(value) if part.size] or [[]])).astype(int).tolist()
    return _wrong_examples(shown, sizes, N, B) or _wrong_sizes(sizes, N, B) or _wrong_numbers(shown, N, B)


def _is_batch(part):
    return part.ndim == 1 and (part.size == 0 or part.dtype.kind in "iu")


def _describe_batches(value, N, B):
    if isinstance(value, Failure):
        return f"it raises {_said(value.error)} (N = {N}, B = {B})."
    if value is None:
        return f"with N = {N} and B = {B} it returns nothing: see that every branch ends with `return`."
    return f"with N = {N} and B = {B} it does not return a list of one-dimensional arrays of whole numbers."


def _wrong_examples(shown, sizes, N, B):
    left_out, again = set(range(N)) - set(shown), len(shown) > len(set(shown))
    if N % B and sizes == [B] * (N // B) and not again:
        return _named(slips.BY_NAME["short last batch dropped"])
    if left_out and again and set(shown) < set(range(N)):
        return _named(slips.BY_NAME["drawn with replacement"])
    return None


def _wrong_sizes(sizes, N, B):
    right = [B] * (N // B) + ([N % B] if N % B else [])
    if sorted(sizes, reverse=True) == right:
        return None
    empty = " No batch is empty: let the last start before N." if 0 in sizes else ""
    sizes = _shortened(sizes, 60)
    return Verdict("wrong", f"with N = {N} and B = {B} the batch sizes are {sizes}. They should be {right}.{empty}")


def _wrong_numbers(shown, N, B):
    if shown == list(range(N)):
        return None
    text = f"with N = {N} and B = {B} the batches hold the examples {shown}. They are counted 0 ... {N - 1}, each once."
    return Verdict("wrong", text)


def _order_of_batches(answer):
    """The verdict on how the order is drawn, None if it is drawn well."""
    rng = np.random.default_rng(0)
    with redirect_stdout(io.StringIO()):
        epochs = [_outcome("batches", answer, (12, 3, rng)) for _ in range(6)]
        epochs.append(_outcome("batches", answer, (12, 3, np.random.default_rng(0))))
    for value in epochs:
        if _not_batches(value, 12, 3):
            return _not_batches(value, 12, 3)
    return _order_of_epochs([_flat(epoch) for epoch in epochs[:-1]], _flat(epochs[-1]))


def _order_of_epochs(epochs, again):
    """The verdict on six epochs of one rng, and the first of them repeated; None if they are drawn well."""
    orders = [np.concatenate(epoch).tolist() for epoch in epochs]
    different = len(set(map(tuple, orders)))
    if different == 1 and orders[0] == sorted(orders[0]):
        return _named(slips.BY_NAME["no shuffling"])
    if different == 1:
        return _named(slips.BY_NAME["same order every epoch"])
    if len(set(map(_groups, epochs))) == 1:
        return _named(slips.BY_NAME["batch order matters"])
    if np.concatenate(again).tolist() != orders[0]:
        return _named(slips.BY_NAME["rng not used"])
    return None


def _groups(epoch):
    return frozenset(frozenset(batch.tolist()) for batch in epoch)


# ---------------------------------------------------------------------------- the cases


class _Net(NamedTuple):
    theta: list
    X: np.ndarray
    Y: np.ndarray
    activations: list


def _net(widths, N, activations, seed):
    rng = np.random.default_rng(seed)
    theta = network.initial_parameters(widths, rng, bias_scale=0.5)
    X, Y = rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1]))
    return _Net(theta, X, Y, [network.activation(name) for name in activations])


def _nets(activations=("tanh", "tanh", "tanh")):
    """Sizes all different: shapes that do not fit raise. Square: silent slips get a value. One output."""
    return (
        _net((2, 4, 5, 3), 7, activations, 1),
        _net((3, 3, 3, 3), 5, activations, 2),
        _net((2, 4, 1), 6, activations[:2], 3),
    )


def _output_cases():
    for net in _nets():
        A, Z = network.forward(net.theta, net.X, net.activations)
        yield net.Y, Z[-1], A[-1], net.activations[-1].df


def _hidden_cases():
    for net in _nets():
        A, Z = network.forward(net.theta, net.X, net.activations)
        delta = network.deltas(net.theta, net.X, net.Y, net.activations)
        for k in range(1, len(net.theta)):
            yield delta[k + 1], net.theta[k][0], A[k], Z[k], net.activations[k - 1].df


def _weight_cases():
    for net in _nets():
        _, Z = network.forward(net.theta, net.X, net.activations)
        delta = network.deltas(net.theta, net.X, net.Y, net.activations)
        for k in range(1, len(net.theta) + 1):
            yield Z[k - 1], delta[k]


def _bias_cases():
    for _, delta in _weight_cases():
        yield (delta,)


def _backprop_cases():
    nets = *_nets(), _nets(("sigmoid", "tanh", "softplus"))[0], _net((2, 1), 6, ["tanh"], 6)
    return [(net.theta, net.X, net.Y, net.activations) for net in nets]


def _loss_cases():
    rng = np.random.default_rng(8)
    return [(rng.normal(size=d), rng.normal(size=d)) for d in (3, 5, 1)]


def _update_cases():
    rng = np.random.default_rng(4)
    return [(rng.normal(size=shape), rng.normal(size=shape), eta) for shape, eta in (((3,), 0.1), ((4, 2), 0.7))]


def _mini_batch_cases():
    rng = np.random.default_rng(5)
    theta, G = rng.normal(size=3), rng.normal(size=(10, 3))
    examples = rng.permutation(10)
    return [(theta, G, examples[start : start + slips.FULL_BATCH], 0.3) for start in (0, 4, 8)]


def _polynomial(theta):
    """A cost with third derivatives, so that central and one-sided differences part."""
    return float(theta[0] ** 3 + 2 * theta[0] * theta[1] ** 2 - theta[1] * theta[-1] + theta[-1] ** 3)


def _difference_cases():
    return [(_polynomial, np.array([0.7, -1.2, 0.4]), 0.1), (_polynomial, np.array([1.5, 0.3]), 0.01)]


def _theta(theta, *rest):
    return theta


EXERCISES = {
    "loss": Exercise(lambda y, y_hat: ((y - y_hat) ** 2).sum(), _loss_cases, "E2 holds for one output and for several."),
    "update": Exercise(
        lambda theta, gradient, eta: theta - eta * gradient,
        _update_cases,
        "E9 holds, for parameters of any shape, and theta is left as it is.",
        origin=_theta,
    ),
    "mini_batch_update": Exercise(
        lambda theta, example_gradients, batch, eta: theta - eta * example_gradients[batch].mean(axis=0),
        _mini_batch_cases,
        "E9 holds for full and short batches.",
        origin=_theta,
    ),
    "batches": Exercise(
        lambda N, batch_size, rng: descent.batches(N, batch_size, rng),
        lambda: [],
        "every example once an epoch, in groups that change, the short batch kept, repeatable from the rng.",
        read=_several_arrays,
    ),
    "central_difference": Exercise(
        lambda cost, theta, h: gradcheck.central_difference(cost, theta, h),
        _difference_cases,
        "one entry at a time, to both sides, over 2h.",
    ),
    "output_delta": Exercise(network.output_delta, _output_cases, "E4 holds on three networks."),
    "hidden_delta": Exercise(network.hidden_delta, _hidden_cases, "E5 holds on three networks."),
    "weight_gradient": Exercise(network.weight_gradient, _weight_cases, "E7 holds on three networks."),
    "bias_gradient": Exercise(network.bias_gradient, _bias_cases, "E8 holds on three networks."),
    "backprop": Exercise(
        lambda theta, X, Y, activations: network.backprop(theta, X, Y, activations),
        _backprop_cases,
        "the gradient is right on five networks of different depths, widths and activations.",
        read=_pairs,
    ),
}
