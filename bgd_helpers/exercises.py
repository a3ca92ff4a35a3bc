"""The checks a learner calls: not attempted, wrong because ..., or right.

Each exercise has a right function and cases to call it on. An answer that differs is compared with what each
slip of `slips` gives on the same cases; the one that agrees on all of them names it.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Callable, NamedTuple

import numpy as np

from bgd_helpers import descent, gradcheck, network, slips

TOLERANCE = 1e-8  # of the largest right entry: room for any order of summation, none for a slip


@dataclass(frozen=True)
class Verdict:
    """What a check found: outcome "right", "wrong" or "not attempted", the text shown, the slip's name if it has one."""

    outcome: str
    text: str
    slip: str | None = None

    def __repr__(self):
        return {"right": "✓ right: ", "wrong": "✗ wrong because ", "not attempted": "○ not attempted: "}[
            self.outcome
        ] + self.text


class Exercise(NamedTuple):
    """One function that a learner writes: what is right, on which cases, and what a right answer is told."""

    right: Callable
    cases: Callable
    praise: str


class Failure(NamedTuple):
    """A call that raised, with what it said."""

    error: Exception


def check(exercise, answer):
    """The verdict on a learner's function.

    `exercise` is a name in EXERCISES. Raises ValueError for another name, or if `answer` cannot be called.
    """
    if exercise not in EXERCISES:
        raise ValueError(f"there is no exercise {exercise!r}: choose one of {', '.join(EXERCISES)}")
    if not callable(answer):
        raise ValueError(f"check({exercise!r}, ...) needs your function itself, not {type(answer).__name__}")
    if exercise == "batches":
        return _check_batches(answer)
    return _check_values(exercise, answer)


def _check_values(exercise, answer):
    right, cases, praise = EXERCISES[exercise]
    arguments = cases()
    found = _outcomes(answer, arguments)
    if all(_is_blank(value) for value in found):
        return _not_attempted(exercise)
    impure = _impure(answer, arguments)
    if impure:
        return _named(impure)
    expected = [_flat(right(*deepcopy(case))) for case in arguments]
    if not _same(found, expected):
        return _wrong(exercise, arguments, found, expected)
    return Verdict("right", praise)


def _not_attempted(exercise):
    return Verdict("not attempted", f"`{exercise}` returns nothing yet. Replace the placeholder and end with `return`.")


def _wrong(exercise, arguments, found, expected):
    for slip in slips.of_exercise(exercise):
        for variant in slip.variants(exercise):
            if _same(found, _outcomes(variant, arguments)):
                return _named(slip)
    return Verdict("wrong", _describe(arguments, found, expected))


def _named(slip):
    return Verdict("wrong", slip.because, slip.name)


def _impure(answer, arguments):
    """The slip of an answer that changes its arguments or differs from call to call, None for a pure one."""
    for case in arguments:
        mine = deepcopy(case)
        first, second = _outcome(answer, mine), _outcome(answer, deepcopy(case))
        if isinstance(first, list) and not all(map(_equal, _arrays(mine), _arrays(case))):
            return slips.BY_NAME["theta changed in place"]
        if isinstance(first, list) and not _equal(second, first):
            return slips.BY_NAME["stale gradients"]
    return None


def _arrays(case):
    return [_flat(argument) for argument in case if isinstance(argument, np.ndarray) or _is_theta(argument)]


def _is_theta(argument):
    return isinstance(argument, list) and isinstance(argument[0][0], np.ndarray)


def _outcomes(function, arguments):
    return [_outcome(function, deepcopy(case)) for case in arguments]


def _outcome(function, case):
    """What the function gives as a list of arrays, None for nothing, or the Failure it ends in."""
    try:
        with np.errstate(all="ignore"):
            return _flat(deepcopy(_listed(function(*case))))
    except NotImplementedError:
        return None
    except Exception as error:  # a learner's function may raise anything
        return Failure(error)


def _flat(value):
    """The arrays of a value, however nested; None stays None."""
    if value is None or value is Ellipsis:
        return None
    if isinstance(value, tuple | list) and not all(map(_is_number, value)):
        parts = [_flat(part) for part in value]
        return None if any(part is None for part in parts) else [array for part in parts for array in part]
    return [np.asarray(value)]


def _is_number(part):
    return np.isscalar(part) or (isinstance(part, np.ndarray) and part.ndim == 0)


def _listed(value):
    return list(value) if isinstance(value, Iterator) else value


def _is_blank(outcome):
    return outcome is None


def _same(found, expected):
    """Whether two lists of outcomes agree case by case, and at least one of them is a value."""
    return any(isinstance(value, list) for value in expected) and all(map(_equal, found, expected))


def _equal(found, expected):
    if not isinstance(found, list) or not isinstance(expected, list):
        return isinstance(found, Failure) and isinstance(expected, Failure)
    return len(found) == len(expected) and all(map(_close, found, expected))


def _close(a, b):
    if a.shape != b.shape or a.dtype.kind not in "biuf":
        return False
    return bool((np.abs(a - b) <= TOLERANCE * np.abs(b).max(initial=0)).all())


def _describe(arguments, found, expected):
    """What differs, where no known slip explains it."""
    for case, mine, right in zip(arguments, found, expected):
        if not _equal(mine, right):
            return _describe_one(case, mine, right)


def _describe_one(case, mine, right):
    shapes = ", ".join(str(argument.shape) for argument in case if isinstance(argument, np.ndarray))
    given = f" (arguments of shape {shapes})" if shapes else ""
    if isinstance(mine, Failure):
        return f"it raises {type(mine.error).__name__}: {_shortened(mine.error)}{given}."
    if mine is None:
        return f"it returns nothing for some arguments{given}: see that every branch ends with `return`."
    if len(mine) != len(right):
        return f"it returns {len(mine)} arrays where {len(right)} are asked for{given}."
    part = next(index for index in range(len(right)) if not _close(mine[index], right[index]))
    return _describe_array(mine[part], right[part], given)


def _describe_array(mine, right, given):
    if mine.dtype.kind not in "biuf":
        return f"it returns {mine.dtype} values where real numbers are asked for{given}."
    if mine.shape != right.shape:
        return f"its shape is {mine.shape} and should be {right.shape}{given}."
    factor = _constant_factor(mine, right)
    if factor is not None:
        return f"every entry is {factor:.4g} times the right one{given}; no slip that we know gives this factor."
    return f"{gradcheck.compare('your value', mine, right, TOLERANCE).text[2:]}{given}."


def _constant_factor(mine, right):
    if right.size < 2 or (right == 0).any():
        return None
    factors = mine / right
    return float(factors.flat[0]) if np.allclose(factors, factors.flat[0], rtol=1e-6, atol=0) else None


def _shortened(error, limit=200):
    text = " ".join(str(error).split())
    return text if len(text) <= limit else text[:limit] + " ..."


# ---------------------------------------------------------------------------- the batches of an epoch


def _check_batches(answer):
    found = _outcomes(answer, [(N, B, np.random.default_rng(seed)) for N, B, seed in _EPOCHS])
    if all(_is_blank(value) for value in found):
        return _not_attempted("batches")
    for (N, B, _), value in zip(_EPOCHS, found):
        problem = _not_batches(value, N, B)
        if problem:
            return problem
    return _order_of_batches(answer) or Verdict("right", EXERCISES["batches"].praise)


_EPOCHS = ((10, 4, 0), (12, 3, 1), (5, 5, 2), (7, 1, 3))


def _not_batches(value, N, B):
    """The verdict on batches that do not show every example once, None if they do."""
    if not isinstance(value, list) or any(part.ndim != 1 or part.dtype.kind not in "iu" for part in value):
        return Verdict("wrong", _describe_batches(value, N, B))
    shown = np.sort(np.concatenate(value)) if value else np.array([], int)
    sizes = [len(part) for part in value]
    if sorted(sizes, reverse=True) == [B] * (N // B) and N % B and len(np.unique(shown)) == len(shown):
        return _named(slips.BY_NAME["short last batch dropped"])
    if len(shown) == N and len(np.unique(shown)) < N and shown.min() >= 0 and shown.max() < N:
        return _named(slips.BY_NAME["drawn with replacement"])
    if not np.array_equal(shown, np.arange(N)):
        return Verdict("wrong", f"with N = {N} and B = {B} the batches hold the examples {shown.tolist()}, not 0 ... {N - 1}.")
    if sizes != [B] * (N // B) + ([N % B] if N % B else []):
        if sorted(sizes) != sorted([B] * (N // B) + ([N % B] if N % B else [])):
            return Verdict("wrong", f"with N = {N} and B = {B} the batch sizes are {sizes}.")
    return None


def _describe_batches(value, N, B):
    if isinstance(value, Failure):
        return f"it raises {type(value.error).__name__}: {_shortened(value.error)} (N = {N}, B = {B})."
    return f"with N = {N} and B = {B} it does not return a list of one-dimensional arrays of whole numbers."


def _order_of_batches(answer):
    """The verdict on how the order is drawn, None if it is drawn well."""
    rng = np.random.default_rng(0)
    epochs = [_flat(_listed(answer(12, 3, rng))) for _ in range(6)]
    again = _flat(_listed(answer(12, 3, np.random.default_rng(0))))
    joined = [np.concatenate(epoch) for epoch in epochs]
    if all(np.array_equal(order, np.arange(12)) for order in joined):
        return _named(slips.BY_NAME["no shuffling"])
    if len({_groups(epoch) for epoch in epochs}) == 1 and len({tuple(order) for order in joined}) > 1:
        return _named(slips.BY_NAME["batch order matters"])
    if len({tuple(order) for order in joined}) == 1:
        return _named(slips.BY_NAME["same order every epoch"])
    if not np.array_equal(np.concatenate(again), joined[0]):
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
    nets = *_nets(), _nets(("tanh", "sigmoid", "tanh"))[0], _net((2, 1), 6, ["tanh"], 6)
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


def _backprop_right(theta, X, Y, activations):
    return network.backprop(theta, X, Y, activations)


EXERCISES = {
    "loss": Exercise(lambda y, y_hat: ((y - y_hat) ** 2).sum(), _loss_cases, "E2 holds for one output and for several."),
    "update": Exercise(
        descent.update, _update_cases, "E9 holds, for parameters of any shape, and theta is left as it is."
    ),
    "mini_batch_update": Exercise(
        lambda theta, G, batch, eta: theta - eta * G[batch].mean(axis=0),
        _mini_batch_cases,
        "E9 holds for full and short batches.",
    ),
    "batches": Exercise(
        descent.batches,
        lambda: [],
        "every example once an epoch, in groups that change, the short batch kept, repeatable from the rng.",
    ),
    "central_difference": Exercise(
        lambda cost, theta, h: gradcheck.central_difference(cost, theta, h),
        _difference_cases,
        "one entry at a time, to both sides, over 2h.",
    ),
    "output_delta": Exercise(network.output_delta, lambda: list(_output_cases()), "E4 holds on three networks."),
    "hidden_delta": Exercise(network.hidden_delta, lambda: list(_hidden_cases()), "E5 holds on three networks."),
    "weight_gradient": Exercise(network.weight_gradient, lambda: list(_weight_cases()), "E7 holds on three networks."),
    "bias_gradient": Exercise(network.bias_gradient, lambda: list(_bias_cases()), "E8 holds on three networks."),
    "backprop": Exercise(
        _backprop_right, _backprop_cases, "the gradient is right on five networks of different depths, widths and activations."
    ),
}
