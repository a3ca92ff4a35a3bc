"""What a value is made of, two parts: which of them is another one, whatever number the whole is multiplied by."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np

from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.outcomes import is_real, layout
from bgd_helpers.checks.patterns import LOOSE, factor, quantity
from bgd_helpers.network import ACTIVATIONS


def _softmax(a):
    return np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)


ZERO = 1e-12  # what is smaller than this is rounding
SLOPES = {  # what stands where f'(a) belongs; z is Y_hat in E4
    "": lambda a, z, f: f.df(a),
    "one mean of f'(a) for all units": lambda a, z, f: f.df(a).mean() + 0 * a,
    "nothing": lambda a, z, f: np.ones_like(a),
    "f'(z)": lambda a, z, f: f.df(z),
    "f(a), which is z": lambda a, z, f: z,
    "a": lambda a, z, f: a,
    "z (1 - z), the sigmoid's slope": lambda a, z, f: z * (1 - z),
    "a (1 - a)": lambda a, z, f: a * (1 - a),
    "1 - z": lambda a, z, f: 1 - z,
    "1 - a": lambda a, z, f: 1 - a,
    "1 - z^2, the slope of tanh": lambda a, z, f: 1 - z**2,
    "1 - tanh(a)^2, the slope of tanh": lambda a, z, f: 1 - np.tanh(a) ** 2,
    "1 - a^2": lambda a, z, f: 1 - a**2,
    "f(z)": lambda a, z, f: f.f(z),
    "1 where a > 0, ReLU's slope": lambda a, z, f: 1.0 * (a > 0),
    "f'(a), squared": lambda a, z, f: f.df(a) ** 2,
    "1/f'(a)": lambda a, z, f: 1 / f.df(a),
    "s (1 - s), with s the softmax of a": lambda a, z, f: _softmax(a) * (1 - _softmax(a)),
    "the softmax of a": lambda a, z, f: _softmax(a),
    "f'(2a)": lambda a, z, f: f.df(2 * a),
    "the mean of f'(a)": lambda a, z, f: f.df(a).mean(axis=0) + 0 * a,
}
DIFFERENCES = {  # what stands where the difference of targets and outputs belongs
    "": lambda y, z, a, f: y - z,
    "the targets alone": lambda y, z, a, f: y,
    "the outputs alone": lambda y, z, a, f: z,
    "the difference to the pre-activations": lambda y, z, a, f: y - a,
    "the difference to the softmax of a": lambda y, z, a, f: y - _softmax(a),
    "the difference to f of the outputs": lambda y, z, a, f: y - f.f(z),
    "the square of the difference": lambda y, z, a, f: (y - z) ** 2,
    "the size of the difference, without its sign": lambda y, z, a, f: np.abs(y - z),
    "the sign of the difference": lambda y, z, a, f: np.sign(y - z),
    "the quotient": lambda y, z, a, f: y / z,
    "the derivative of another loss, the cross-entropy": lambda y, z, a, f: (z - y) / (z * (1 - z)),
    "the product": lambda y, z, a, f: y * z,
    "the sum": lambda y, z, a, f: y + z,
    "a sum or mean of the differences over the examples": lambda y, z, a, f: (y - z).sum(axis=0) + 0 * y,
    "a sum or mean of the differences over the outputs": lambda y, z, a, f: (y - z).sum(axis=1, keepdims=True) + 0 * y,
}
BACK = {  # what stands where the sum over j of w_ij delta_nj belongs
    "": lambda d, w, f: d @ w.T,
    "nothing": lambda d, w, f: np.ones((len(d), len(w))),
    "the size of the sum, without its sign": lambda d, w, f: np.abs(d @ w.T),
    "the product with the pseudo-inverse of W": lambda d, w, f: d @ np.linalg.pinv(w),
    "the product with the sizes of the weights": lambda d, w, f: d @ np.abs(w).T,
    "the product with the squares of the weights": lambda d, w, f: d @ (w**2).T,
    "the product of two sums over j": lambda d, w, f: np.outer(d.sum(axis=1), w.sum(axis=1)),
    "the product with the slopes of the weights": lambda d, w, f: d @ f.df(w).T,
    "a sum of the weights": lambda d, w, f: w.sum(axis=1) + np.zeros((len(d), 1)),
    "a sum of the deltas": lambda d, w, f: d.sum(axis=1, keepdims=True) + np.zeros(len(w)),
    "a sum or mean of the deltas over the examples": lambda d, w, f: d.sum(axis=0) @ w.T + np.zeros((len(d), 1)),
}
TERMS = {  # what is added over the outputs where (y - y_hat)^2 belongs
    "": lambda y, z: (y - z) ** 2,
    "y y_hat": lambda y, z: y * z,
    "y^2": lambda y, z: y**2,
    "y_hat^2": lambda y, z: z**2,
    "(y + y_hat)^2": lambda y, z: (y + z) ** 2,
    "(y - y_hat)^3": lambda y, z: (y - z) ** 3,
    "y^2 + y_hat^2": lambda y, z: y**2 + z**2,
    "a square that grows linearly from a difference of 1 on (Huber's loss)": lambda y, z: _huber(y - z, 1),
    "a square that grows linearly from a difference of 1/2 on (Huber's loss)": lambda y, z: _huber(y - z, 0.5),
    "log cosh (y - y_hat)": lambda y, z: np.log(np.cosh(y - z)),
    "the size of y - y_hat, not squared": lambda y, z: np.abs(y - z),
    "y - y_hat, not squared": lambda y, z: y - z,
    "(y - y_hat)^4": lambda y, z: (y - z) ** 4,
    "y - y_hat^2, without the brackets": lambda y, z: y - z**2,
    "the square of (y - y_hat) / y": lambda y, z: ((y - z) / y) ** 2,
    "max(0, 1 - y y_hat), the hinge loss": lambda y, z: np.maximum(0, 1 - y * z),
    "the logarithm of y_hat times y, the cross-entropy": lambda y, z: y * np.log(z),
}
OVER = {  # how many numbers become one where they are added or averaged
    "": np.sum,
    "the largest of them": np.max,
    "their median": np.median,
    "their product": np.prod,
    "their variance": np.var,
    "the root of their sum": lambda terms, axis=None: np.sqrt(terms.sum(axis=axis)),
    "the square of their sum": lambda terms, axis=None: terms.sum(axis=axis) ** 2,
    "the first of them": lambda terms, axis=None: terms[0],
    "the last of them": lambda terms, axis=None: terms[-1],
    "the sum without the largest": lambda terms, axis=None: terms.sum(axis=axis) - terms.max(axis=axis),
}
SENT = {  # what stands where the z that unit i sends belongs, or delta
    "": lambda x: x,
    "the square of {}": np.square,
    "the size of {}, without its sign": np.abs,
    "the sign of {}": np.sign,
    "tanh of {}": np.tanh,
    "{} (1 - {})": lambda x: x * (1 - x),
    "1 in place of {}": np.ones_like,
    "{} less its mean": lambda x: x - x.mean(axis=0),
    "{} of the examples in reverse order": lambda x: x[::-1],
    "{} of the example before": lambda x: np.roll(x, 1, axis=0),
    "{} of the example after": lambda x: np.roll(x, -1, axis=0),
}
ROWS = {  # which rows are taken where the batch's belong
    "": lambda batch, N: batch,
    "the rows that are not in the batch": lambda batch, N: np.setdiff1d(np.arange(N), batch),
    "all rows from the smallest number in the batch to the largest": lambda b, N: np.arange(b.min(), b.max() + 1),
    "all rows": lambda batch, N: np.arange(N),
    "the first rows": lambda batch, N: np.arange(len(batch)),
    "the rows before those": lambda batch, N: batch - 1,
    "the rows after those": lambda batch, N: (batch + 1) % N,
    "the rows counted from the end": lambda batch, N: -batch,
    "all rows but the last": lambda batch, N: batch[:-1],
    "all rows but the first": lambda batch, N: batch[1:],
}
AT = {  # which epochs are looked at where the end of the budget belongs
    "": lambda costs, t: costs[..., t],
    "the last epoch there is": lambda costs, t: costs[..., -1],
    "the epoch before": lambda costs, t: costs[..., t - 1],
    "the epoch after": lambda costs, t: costs[..., t + 1],
    "the smallest cost on the way there": lambda costs, t: costs[..., : t + 1].min(axis=-1),
    "the smallest mean cost on the way there": lambda costs, t: costs[..., : t + 1].mean(axis=2, keepdims=True).min(-1),
    "the smallest cost of the whole run": lambda costs, t: costs.min(axis=-1),
    "a mean over the epochs up to there": lambda costs, t: costs[..., : t + 1].mean(axis=-1),
    "a mean over the epochs before": lambda costs, t: costs[..., :t].mean(axis=-1),
    "a mean over all epochs": lambda costs, t: costs.mean(axis=-1),
    "the order of that number": lambda costs, t: costs[:, :, t],
    "the start, t = 0": lambda costs, t: costs[..., 0],
    "the fall of the cost from the start": lambda costs, t: costs[..., t] - costs[..., 0],
}
ORDERS = {  # what is made of the orders where their mean belongs
    "": lambda at: at.mean(axis=2),
    "the luckiest of the orders": lambda at: at.min(axis=2),
    "the worst of the orders": lambda at: at.max(axis=2),
    "the median of the orders": lambda at: np.median(at, axis=2),
    "the first of the orders": lambda at: at[:, :, 0],
    "the last of the orders": lambda at: at[:, :, -1],
}
SPREADS = {  # what stands where the sum of the parameters' variances belongs
    "": lambda g, B: g.var(axis=0).sum(),
    "the variance of the first B examples alone": lambda g, B: g[:B].var(axis=0).sum(),
    "the variance of the first B examples alone, over B - 1": lambda g, B: (
        np.divide(B, B - 1) * g[:B].var(axis=0).sum()
    ),
    "the variance of all entries together": lambda g, B: g.var(),
    "the variance over the parameters of one example": lambda g, B: g.var(axis=1).sum(),
    "the sum of the squares, with no mean taken from them": lambda g, B: (g**2).mean(axis=0).sum(),
    "the variance of the gradients' lengths": lambda g, B: np.linalg.norm(g, axis=1).var(),
    "the variance of the sum over the parameters": lambda g, B: g.sum(axis=1).var(),
    "the root of the sum of the variances": lambda g, B: np.sqrt(g.var(axis=0).sum()),
    "the sum of the standard deviations": lambda g, B: g.std(axis=0).sum(),
    "the square of the mean gradient's length": lambda g, B: (g.mean(axis=0) ** 2).sum(),
    "the mean absolute deviation": lambda g, B: np.abs(g - g.mean(axis=0)).mean(axis=0).sum(),
}
SHARE_OF_BATCH = {  # what stands where 1/B belongs, times what is left without replacement
    "": lambda N, B, left: left / B,
    "1/B, and the factor of what is left over twice": lambda N, B, left: left**2 / B,
    "1/B, and two factors for what is left over": lambda N, B, left: left * (1 - B / N) / B if left < 1 else 1 / B,
    "1/B, and the root of the factor of what is left over": lambda N, B, left: left**0.5 / B,
}
SHARE = {  # what stands where N_s / N belongs
    "": lambda n: n / n.sum(),
    "the root of N_s": np.sqrt,
    "the square of N_s": lambda n: n**2.0,
    "1": lambda n: np.ones(len(n)),
    "N - N_s": lambda n: n.sum() - n,
    "N_s, the first shard left out": lambda n: n * (np.arange(len(n)) > 0),
    "N_s, the last shard left out": lambda n: n * (np.arange(len(n)) < len(n) - 1),
    "N_s in reverse order": lambda n: n[::-1] * 1.0,
    "the number of the shard": lambda n: np.arange(len(n)) * 1.0,
}


def _whose(df):
    """The activation whose slope this is."""
    return next(f for f in ACTIVATIONS.values() if f.df is df)


def _huber(d, limit):
    return np.where(np.abs(d) <= limit, d**2, limit * (2 * np.abs(d) - limit))


class Made(NamedTuple):
    """How a value is made of two parts: what belongs in each place, what may stand there in place of it, and the value
    of two of these on a case; `exact` where no number may multiply the whole."""

    belongs: tuple
    first: dict
    second: dict
    value: Callable
    exact: bool = False


def _compared(costs, etas, epochs, one, other):
    cost = other(one(costs, epochs))
    return np.column_stack([etas[cost.argmin(axis=1)], cost.min(axis=1)])


MADE = {
    "loss": Made(("(y - y_hat)^2", "the sum"), TERMS, OVER, lambda y, z, term, over: over(term(y, z))),
    "mini_batch_update": Made(
        ("the rows of the batch", "the mean of the rows"),
        ROWS,
        OVER,
        lambda theta, G, batch, eta, rows, over: over(G[rows(batch, len(G))], axis=0),
    ),
    "output_delta": Made(
        ("the difference y - y_hat", "f'(a)"),
        DIFFERENCES,
        SLOPES,
        lambda Y, Z, A, df, one, slope: one(Y, Z, A, _whose(df)) * slope(A, Z, _whose(df)),
    ),
    "hidden_delta": Made(
        ("the sum over j of w_ij delta_nj", "f'(a)"),
        BACK,
        SLOPES,
        lambda delta, W, A, Z, df, one, slope: one(delta, W, _whose(df)) * slope(A, Z, _whose(df)),
    ),
    "weight_gradient": Made(("z", "delta"), SENT, SENT, lambda Z, delta, one, other: one(Z).T @ other(delta)),
    "bias_gradient": Made(("delta", "the mean over n"), SENT, OVER, lambda delta, one, over: over(one(delta), axis=0)),
    "batch_variance": Made(
        ("the sum of the variances", "the share of it"),
        SPREADS,
        SHARE_OF_BATCH,
        lambda G, B, replacement, spread, of: (
            spread(G, B) * of(len(G), B, 1 if replacement else (len(G) - B) / (len(G) - 1))
        ),
    ),
    "fair_comparison": Made(("the end of the budget", "the mean over the orders"), AT, ORDERS, _compared, True),
    "gradient_of_shards": Made(("N_s/N", ""), SHARE, {"": lambda g: g}, lambda G, n, share, same: share(n) @ same(G)),
}


def other_part(exercise: str, cases: list, found: list) -> str | None:
    """Which of the two parts of a value is another, as a sentence; None where none fits all cases. One that fits up to
    the same number in all cases, or to something of the arguments, comes before one that fits up to any numbers."""
    if exercise not in MADE or not all(map(_is_one_array, found)):
        return None
    made, names, origin = MADE[exercise], EXERCISES[exercise].parameters, EXERCISES[exercise].origin
    arguments, values = [dict(zip(names, case)) for case in cases], []
    for case, value in zip(cases, found):
        if np.shape(origin(*case)) not in ((), value[0][0].shape):
            return None
        values.append(value[0][0] - origin(*case))
    if _fit(made, arguments, values, "", ""):  # there is but a factor, or rounding
        return None
    fits = [(_fit(made, arguments, values, *pair), pair) for pair in product(made.first, made.second)]
    best = min((one for one in fits if one[0]), default=None, key=lambda one: one[0])
    if best:
        return _sentence(made.belongs, *best[1])
    if exercise == "loss":
        return None if any(value.shape for value in values) else _quadratic(arguments, np.array(values))
    if exercise in ("output_delta", "hidden_delta") and _slope_is_added(made, arguments, values):
        return "f'(a) is added where it is a factor"
    return None


def _is_one_array(outcome):
    return isinstance(outcome, list) and layout(outcome) == [1] and is_real(outcome[0][0])


def _slope_is_added(made, arguments, values):
    """Whether each value less f'(a) is the other factor, times a number."""
    slopes = [case["df"](case["A"]) for case in arguments]
    rests = [a - slope if a.shape == slope.shape else a for a, slope in zip(values, slopes)]
    return _fit(made, arguments, rests, "", "nothing")


def _quadratic(arguments, numbers):
    """Which quadratic form of y and y_hat, and which number, is added up, where one is."""
    terms = [[y @ y, y @ z, z @ z, len(y)] for y, z in (case.values() for case in arguments)]
    shares = np.linalg.lstsq(np.array(terms), numbers, rcond=None)[0]
    if not np.allclose(terms @ shares, numbers, rtol=1e-7, atol=0):
        return None
    told = [f"{n:.3g} times {name}" for n, name in zip(shares, ("y^2", "y y_hat", "y_hat^2", "1")) if abs(n) > LOOSE]
    return f"what is added up over the outputs is {' plus '.join(told)}: multiply (y - y_hat)^2 out and compare"


def _fit(made, arguments, values, first, second):
    """How well all values are made of these two: 1 up to the same number in all cases, or to something of the
    arguments; 2 up to a number for each case, which says something of arrays alone: two of them; 0 if they are not."""
    fits = []
    for case, value in zip(arguments, values):
        number = _number(made, case, value, first, second)
        if number is None:
            return 0
        fits += [(number, case, value.size)] if number != "any" else []
    if not fits:
        return 0
    numbers, arguments, sizes = zip(*fits)
    if max(sizes) == 1 < max(value.size for value in values):  # a number alone can be anything
        return 0
    if made.exact:
        return int(np.allclose(numbers, 1, rtol=LOOSE, atol=0))
    if np.allclose(numbers, numbers[0], rtol=LOOSE, atol=0) or quantity(numbers, arguments):
        return 1
    return 2 * (sum(size > 1 for size in sizes) > 1)


def _number(made, case, value, first, second):
    """The number that multiplies what is made of these two; None if there is none, "any" where both are zero, NaN or
    the same everywhere."""
    try:
        with np.errstate(all="ignore"):
            other = np.asarray(made.value(*case.values(), made.first[first], made.second[second]))
    except (ValueError, IndexError):
        return None
    if np.isnan(value).all() and np.isnan(other).all():
        return "any"
    if other.shape != value.shape or not np.isfinite(other).all():
        return None
    if (
        max(np.abs(value).max(), np.abs(other).max()) < ZERO
        or value.size > 1
        and not np.ptp(value)
        and not np.ptp(other)
    ):
        return "any"
    return factor(value, other)


def _sentence(belongs, first, second):
    """Which parts there are in place of others."""
    pairs = [(name, place) for name, place in zip((first, second), belongs) if name]
    return "; ".join(f"in place of {place} there is this: {name.replace('{}', place)}" for name, place in pairs)
