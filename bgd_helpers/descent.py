"""Gradient descent: SGD, mini-batch SGD and batch gradient descent are one function.

Parameters are an array or a list of (W, b) pairs; nothing here knows what they belong to.
"""

from dataclasses import dataclass
from itertools import chain
from math import ceil
from numbers import Integral
from typing import NamedTuple

import numpy as np

ORDERS = ("shuffled", "as given", "with replacement")
LARGEST_PATH = 2**30  # bytes


def update(theta, grad, eta):
    """New parameters after one update. E9: theta_{t+1} = theta_t - eta * gradient.

    All layers change together, from theta_t; theta itself is left as it is. `eta` may be an array
    with one learning rate a run; the parameters then carry a leading run axis.
    Raises ValueError if a learning rate is not positive and finite, or if the gradient has another shape
    than theta.
    """
    _check_gradient(theta, grad)
    return _update(theta, grad, _learning_rate(eta))


def _update(theta, grad, eta):
    if isinstance(theta, np.ndarray):
        return theta - _per_run(eta, theta) * grad
    return [(W - _per_run(eta, W) * dW, b - _per_run(eta, b) * db) for (W, b), (dW, db) in zip(theta, grad)]


def batches(N, batch_size, rng=None, order="shuffled"):
    """The batches of one epoch: a list of index arrays, ceil(N / batch_size) of them.

    "shuffled" and "as given" show every example once; the last batch may be shorter. "with replacement"
    draws every batch independently, each of the full size.
    Raises ValueError for a batch size outside 1...N, an unknown order, or a missing `rng`.
    """
    _check_batch_size(batch_size, N)
    _check_order(order, rng)
    if order == "with replacement":
        return list(rng.integers(0, N, (ceil(N / batch_size), batch_size)))
    examples = rng.permutation(N) if order == "shuffled" else np.arange(N)
    return [examples[start : start + batch_size] for start in range(0, N, batch_size)]


@dataclass(frozen=True)
class Descent:
    """The path of a descent, recorded at the updates `t` (0 is the start).

    `theta` has the shape of the parameters with a leading time axis, and after it a run axis where
    `eta` was an array.
    """

    theta: object
    t: np.ndarray
    eta: object
    batch_size: int
    N: int
    order: str = "shuffled"

    def __len__(self):
        return len(self.t)

    def __getitem__(self, index):
        """The parameters at one recorded moment; self[-1] is the end."""
        return _like(self.theta, [p[index] for p in _arrays(self.theta)])

    @property
    def epochs(self):
        """Passes over the data at each recorded update: t / ceil(N / batch_size)."""
        return self.t / ceil(self.N / self.batch_size)

    @property
    def examples(self):
        """Per-example gradients computed up to each recorded update."""
        if self.order == "with replacement":
            return self.t * self.batch_size
        whole, rest = np.divmod(self.t, ceil(self.N / self.batch_size))
        return whole * self.N + rest * self.batch_size

    @property
    def diverged(self):
        """The first recorded update at which a parameter is not finite, None if there is none.

        With several runs: an array with one entry a run, -1 where the run stays finite.
        """
        axes = 1 if np.ndim(self.eta) == 0 else 2
        finite = np.ones(_arrays(self.theta)[0].shape[:axes], bool)
        for p in _arrays(self.theta):
            finite &= np.isfinite(p).all(axis=tuple(range(axes, p.ndim)))
        if axes == 1:
            return None if finite.all() else int(self.t[finite.argmin()])
        return np.where(finite.all(axis=0), -1, self.t[finite.argmin(axis=0)])

    def along(self, function):
        """function(theta) at every recorded moment, as an array; a cost, say."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.array([function(self[index]) for index in range(len(self))])


class Plan(NamedTuple):
    """What a descent shares between its runs."""

    batch_size: int
    epochs: int
    order: str
    every: int


def descend(gradient, theta, X, Y, eta, batch_size, epochs, rng=None, order="shuffled", every=1):
    """The path of gradient descent from theta: `epochs` passes in batches of `batch_size`.

    E9: theta_{t+1} = theta_t - (eta / |B_t|) sum_{n in B_t} grad E_n(theta_t), |B_t| being the size of the
    batch at hand. batch_size = 1 is SGD, batch_size = N is BGD.

    gradient(theta, X_batch, Y_batch) is the mean gradient over the batch it is given. `eta` is a number, a
    function of t = 0, 1, ..., or an array: the runs then see the same examples, and advance together if the
    gradient can (`gradient.runs_together`), else one after the other. Every `every`-th update is recorded,
    and the last. A run that leaves the range of floating point goes on as NaN; `Descent.diverged` tells when.

    Raises ValueError for data of the wrong shape or not finite, eta <= 0, a batch size outside 1...N,
    a gradient of another shape than theta, a missing `rng`, or a path of over 1 GiB.
    """
    X, Y = np.asarray(X), np.asarray(Y)
    plan = Plan(batch_size, epochs, order, every)
    _check_data(X, Y)
    _check_plan(plan, len(X), rng)
    eta = eta if callable(eta) else _learning_rate(eta)
    if isinstance(eta, np.ndarray):
        theta = _like(theta, [np.broadcast_to(p, (len(eta), *p.shape)) for p in _arrays(theta)])
        gradient = gradient if getattr(gradient, "runs_together", False) else _one_by_one(gradient)
    with np.errstate(over="ignore", invalid="ignore"):
        return _record(steps(gradient, theta, _batches_of(X, Y, plan, rng), eta), theta, len(X), eta, plan)


def steps(gradient, theta, batches, eta):
    """theta_1, theta_2, ..., one after each update (E9); `batches` yields the examples (X, Y) of each.

    Raises ValueError as `update` does.
    """
    eta = eta if callable(eta) else _learning_rate(eta)
    for t, (X_batch, Y_batch) in enumerate(batches):
        grad = gradient(theta, X_batch, Y_batch)
        if t == 0:
            _check_gradient(theta, grad)
        theta = _update(theta, grad, _scheduled(eta, t) if callable(eta) else eta)
        yield theta


def _batches_of(X, Y, plan, rng):
    """The examples of every update of every epoch; the data themselves where a batch is all of them."""
    for _ in range(plan.epochs):
        if plan.batch_size == len(X) and plan.order != "with replacement":
            yield X, Y
        else:
            for batch in batches(len(X), plan.batch_size, rng, plan.order):
                yield X.take(batch, axis=0), Y.take(batch, axis=0)


def _one_by_one(gradient):
    """The gradients of several runs, by a gradient that knows of one: run by run, stacked."""

    def gradients(theta, X, Y):
        runs = [[p[run] for p in _arrays(theta)] for run in range(len(_arrays(theta)[0]))]
        found = [_arrays(gradient(_like(theta, run), X, Y)) for run in runs]
        return _like(theta, [np.stack(parts) for parts in zip(*found)])

    return gradients


def _record(steps, theta, N, eta, plan):
    last = plan.epochs * ceil(N / plan.batch_size)
    store = _empty_path(theta, 1 + ceil(last / plan.every), plan.every)
    t = np.append(np.arange(0, last, plan.every), last)
    row = 0
    for moment, theta_t in enumerate(chain([theta], steps)):
        if moment % plan.every == 0 or moment == last:
            for kept, p in zip(store, _arrays(theta_t)):
                kept[row] = p
            row += 1
    return Descent(_like(theta, store), t, eta, plan.batch_size, N, plan.order)


def _empty_path(theta, length, every):
    needed = 8 * length * sum(p.size for p in _arrays(theta))
    if needed > LARGEST_PATH:
        raise ValueError(
            f"the path of {length} recorded updates takes {needed / 2**30:.1f} GiB: "
            f"record fewer with every={every * ceil(needed / LARGEST_PATH)}, or run fewer epochs"
        )
    return [np.empty((length, *p.shape)) for p in _arrays(theta)]


def _arrays(theta):
    return [theta] if isinstance(theta, np.ndarray) else [p for pair in theta for p in pair]


def _like(theta, arrays):
    return arrays[0] if isinstance(theta, np.ndarray) else list(zip(arrays[::2], arrays[1::2]))


def _per_run(eta, p):
    return eta.reshape(-1, *[1] * (p.ndim - 1)) if isinstance(eta, np.ndarray) else eta


def _learning_rate(eta, name="eta"):
    """eta as a float, or as an array with one learning rate a run."""
    rates = np.asarray(eta)
    if rates.ndim > 1 or rates.size == 0 or rates.dtype.kind not in "iuf":
        raise ValueError(f"{name} is {eta!r}: give one learning rate, or a 1-D array with one a run")
    if not (np.isfinite(rates) & (rates > 0)).all():
        raise ValueError(f"{name} is {eta}: a learning rate is a positive, finite number")
    return rates.astype(float) if rates.ndim else float(rates)


def _scheduled(eta, t):
    rate = _learning_rate(eta(t), f"eta({t})")
    if isinstance(rate, np.ndarray):
        raise ValueError(f"eta({t}) is {rate}: a function of t gives one number; run by run for several")
    return rate


def _check_gradient(theta, grad):
    if grad is None:
        raise ValueError("the gradient function returned None: see that it ends with `return`")
    expected, found = ([np.shape(p) for p in _arrays(value)] for value in (theta, grad))
    if expected != found:
        raise ValueError(f"the gradient has the shapes {found}, theta has {expected}: they must be the same")


def _check_data(X, Y):
    for name, array in (("X", X), ("Y", Y)):
        if array.ndim != 2:
            raise ValueError(f"{name} has shape {array.shape}: it is 2-D, one row an example; {_two_d(name)}")
        if not np.isfinite(array).all():
            row, column = np.argwhere(~np.isfinite(array))[0]
            raise ValueError(f"{name}[{row}, {column}] is {array[row, column]}: remove or replace such values")
    if len(X) != len(Y) or len(X) == 0:
        raise ValueError(
            f"X has shape {X.shape} and Y has shape {Y.shape}: they need the same number of rows, at least 1"
        )


def _two_d(name):
    return f"use {name}.reshape(-1, 1) if it is one column"


def _check_plan(plan, N, rng):
    _check_batch_size(plan.batch_size, N)
    for name in ("epochs", "every"):
        value = getattr(plan, name)
        if not _is_whole(value) or value < 1:
            raise ValueError(f"{name} is {value!r}: it is a whole number, 1 or more")
    drawn = plan.batch_size < N or plan.order == "with replacement"
    _check_order(plan.order, rng, drawn)


def _is_whole(value):
    return isinstance(value, Integral) and not isinstance(value, bool)


def _check_batch_size(batch_size, N):
    if not _is_whole(batch_size) or not 1 <= batch_size <= N:
        raise ValueError(f"batch_size is {batch_size!r}: with N = {N} examples it is a whole number from 1 to {N}")


def _check_order(order, rng, drawn=True):
    if order not in ORDERS:
        raise ValueError(f"order is {order!r}: choose one of {', '.join(map(repr, ORDERS))}")
    if drawn and order != "as given" and not hasattr(rng, "permutation"):
        raise ValueError(f"order {order!r} draws at random, and rng is {rng!r}: pass rng=np.random.default_rng(0)")
