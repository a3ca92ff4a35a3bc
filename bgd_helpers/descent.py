"""Gradient descent: SGD, mini-batch SGD and batch gradient descent are one function.

Parameters are an array or a list of (W, b) pairs; nothing here knows what they belong to.
"""

from copy import deepcopy
from dataclasses import dataclass
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
    Raises ValueError if a learning rate is not positive and finite.
    """
    _check_eta(eta)
    return _update(theta, grad, eta)


def _update(theta, grad, eta):
    if isinstance(theta, np.ndarray):
        return theta - _per_run(eta, theta) * grad
    return [
        (W - _per_run(eta, W) * dW, b - _per_run(eta, b) * db) for (W, b), (dW, db) in zip(theta, grad, strict=True)
    ]


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
    function of t, or an array: the runs then see the same examples, and advance together if the
    gradient can (`gradient.runs_together`), else one after the other. Every `every`-th update is recorded.
    A run that leaves the range of floating point goes on as NaN; `Descent.diverged` tells when.

    Raises ValueError for data of the wrong shape or not finite, eta <= 0, a batch size outside 1...N,
    a missing `rng`, or a path of over 1 GiB.
    """
    plan = Plan(batch_size, epochs, order, every)
    _check_data(X, Y)
    _check_plan(plan, len(X), rng)
    if not callable(eta):
        _check_eta(eta)
    if np.ndim(eta) == 1 and not getattr(gradient, "runs_together", False):
        return _one_by_one(gradient, theta, X, Y, eta, plan, rng)
    if np.ndim(eta) == 1:
        theta = _like(theta, [np.broadcast_to(p, (len(eta), *p.shape)) for p in _arrays(theta)])
    return _record(_steps(gradient, theta, X, Y, eta, plan, rng), theta, len(X), eta, plan)


def _steps(gradient, theta, X, Y, eta, plan, rng):
    """theta_1, theta_2, ..., one after each update."""
    rate = eta if callable(eta) else None
    whole = plan.batch_size == len(X) and plan.order != "with replacement"
    t = 0
    for _ in range(plan.epochs):
        for batch in [slice(None)] if whole else batches(len(X), plan.batch_size, rng, plan.order):
            with np.errstate(over="ignore", invalid="ignore"):
                theta = _update(theta, gradient(theta, X[batch], Y[batch]), rate(t) if rate else eta)
            t += 1
            yield theta


def _record(steps, theta, N, eta, plan):
    last = plan.epochs * ceil(N / plan.batch_size)
    t = np.unique(np.append(np.arange(0, last + 1, plan.every), last))
    store = _empty_path(theta, len(t))
    row = 0
    for moment, theta_t in enumerate(_chain(theta, steps)):
        if moment == t[row]:
            for kept, p in zip(store, _arrays(theta_t)):
                kept[row] = p
            row += 1
    return Descent(_like(theta, store), t, eta, plan.batch_size, N)


def _chain(first, rest):
    yield first
    yield from rest


def _empty_path(theta, length):
    needed = 8 * length * sum(p.size for p in _arrays(theta))
    if needed > LARGEST_PATH:
        raise ValueError(
            f"the path of {length} recorded updates takes {needed / 2**30:.1f} GiB: "
            f"record fewer with every={ceil(needed / LARGEST_PATH) * 10}, or run fewer epochs"
        )
    return [np.empty((length, *p.shape)) for p in _arrays(theta)]


def _one_by_one(gradient, theta, X, Y, etas, plan, rng):
    runs = [descend(gradient, theta, X, Y, eta, plan.batch_size, plan.epochs, deepcopy(rng), plan.order, plan.every)
            for eta in etas]  # fmt: skip
    stacked = [np.stack(paths, axis=1) for paths in zip(*(_arrays(run.theta) for run in runs))]
    return Descent(_like(theta, stacked), runs[0].t, etas, plan.batch_size, len(X))


def _arrays(theta):
    return [theta] if isinstance(theta, np.ndarray) else [p for pair in theta for p in pair]


def _like(theta, arrays):
    return arrays[0] if isinstance(theta, np.ndarray) else list(zip(arrays[::2], arrays[1::2]))


def _per_run(eta, p):
    return eta if np.ndim(eta) == 0 else np.reshape(eta, (-1, *[1] * (p.ndim - 1)))


def _check_eta(eta):
    if not (np.isfinite(eta).all() and np.greater(eta, 0).all()):
        raise ValueError(f"eta is {eta}: a learning rate is a positive, finite number")


def _check_data(X, Y):
    for name, array in (("X", X), ("Y", Y)):
        if np.ndim(array) != 2:
            raise ValueError(f"{name} has shape {np.shape(array)}: it is 2-D, one row an example; {_two_d(name)}")
        if not np.isfinite(array).all():
            row, column = np.argwhere(~np.isfinite(array))[0]
            raise ValueError(f"{name}[{row}, {column}] is {array[row, column]}: remove or replace such values")
    if len(X) != len(Y) or len(X) == 0:
        raise ValueError(f"X has {len(X)} rows and Y has {len(Y)}: they need the same number, at least 1")


def _two_d(name):
    return f"use {name}.reshape(-1, 1) if it is one column"


def _check_plan(plan, N, rng):
    _check_batch_size(plan.batch_size, N)
    for name in ("epochs", "every"):
        value = getattr(plan, name)
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} is {value!r}: it is a whole number, 1 or more")
    if plan.batch_size < N or plan.order == "with replacement":
        _check_order(plan.order, rng)


def _check_batch_size(batch_size, N):
    if not isinstance(batch_size, Integral) or not 1 <= batch_size <= N:
        raise ValueError(f"batch_size is {batch_size!r}: with N = {N} examples it is a whole number from 1 to {N}")


def _check_order(order, rng):
    if order not in ORDERS:
        raise ValueError(f"order is {order!r}: choose one of {', '.join(map(repr, ORDERS))}")
    if order != "as given" and rng is None:
        raise ValueError(f"order {order!r} draws at random: pass rng=np.random.default_rng(0), or another seed")
