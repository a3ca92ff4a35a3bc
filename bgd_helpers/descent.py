"""Gradient descent: SGD, mini-batch SGD and batch gradient descent are one function.

Parameters are an array or a list of (W, b) pairs; nothing here knows what they belong to.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from math import ceil
from typing import NamedTuple, TypeAlias

import numpy as np

from bgd_helpers import inputs
from bgd_helpers.parameters import Array, Gradient, Parameters, arrays, like

LARGEST_PATH = 2**30  # bytes
Rate: TypeAlias = float | Array  # one learning rate, or one a run
Schedule: TypeAlias = Callable[[int], float]
Rng: TypeAlias = np.random.Generator | None


def update(theta: Parameters, grad: Parameters, eta: Rate) -> Parameters:
    """New parameters after one update. E9: theta_{t+1} = theta_t - eta * gradient.

    All layers change together, from theta_t; theta itself is left as it is. `eta` may be an array
    with one learning rate a run; the parameters then carry a leading run axis.
    Raises ValueError if a learning rate is not positive and finite, or if the gradient has another shape than theta.
    """
    inputs.check_gradient(theta, grad)
    return _update(theta, grad, inputs.learning_rate(eta))


def _update(theta, grad, eta):
    if isinstance(theta, np.ndarray):
        return theta - _per_run(eta, theta) * grad
    return [(W - _per_run(eta, W) * dW, b - _per_run(eta, b) * db) for (W, b), (dW, db) in zip(theta, grad)]


def batches(N: int, batch_size: int, rng: Rng = None, order: str = "shuffled") -> list[Array]:
    """The batches of one epoch: a list of index arrays, ceil(N / batch_size) of them.

    "shuffled" and "as given" show every example once; the last batch may be shorter. "with replacement"
    draws every batch independently, each of the full size.
    Raises ValueError for a batch size outside 1...N, an unknown order, or a missing `rng`.
    """
    inputs.check_batch_size(batch_size, N)
    drawing = inputs.check_order(order, rng)
    if order == "with replacement":
        return list(drawing.integers(0, N, (ceil(N / batch_size), batch_size)))
    examples = drawing.permutation(N) if order == "shuffled" else np.arange(N)
    return [examples[start : start + batch_size] for start in range(0, N, batch_size)]


@dataclass(frozen=True)
class Descent:
    """The path of a descent, recorded at the updates `t` (0 is the start).

    `theta` has the shape of the parameters with a leading time axis, and after it a run axis where
    `eta` was an array.
    """

    theta: Parameters
    t: Array
    eta: Rate | Schedule
    batch_size: int
    N: int
    order: str = "shuffled"

    def __len__(self) -> int:
        return len(self.t)

    def __getitem__(self, index: int) -> Parameters:
        """The parameters at one recorded moment; self[-1] is the end."""
        return like(self.theta, [p[index] for p in arrays(self.theta)])

    @property
    def epochs(self) -> Array:
        """Passes over the data at each recorded update: t / ceil(N / batch_size)."""
        return self.t / ceil(self.N / self.batch_size)

    @property
    def examples(self) -> Array:
        """Per-example gradients computed up to each recorded update."""
        if self.order == "with replacement":
            return self.t * self.batch_size
        whole, rest = np.divmod(self.t, ceil(self.N / self.batch_size))
        return whole * self.N + rest * self.batch_size

    @property
    def diverged(self) -> int | Array | None:
        """The first recorded update at which a parameter is not finite, None if there is none.

        With several runs: an array with one entry a run, -1 where the run stays finite.
        """
        axes = 2 if isinstance(self.eta, np.ndarray) else 1
        finite = np.ones(arrays(self.theta)[0].shape[:axes], bool)
        for p in arrays(self.theta):
            finite &= np.isfinite(p).all(axis=tuple(range(axes, p.ndim)))
        if axes == 1:
            return None if finite.all() else int(self.t[finite.argmin()])
        return np.where(finite.all(axis=0), -1, self.t[finite.argmin(axis=0)])

    def along(self, function: Callable[[Parameters], float]) -> Array:
        """function(theta) at every recorded moment, as an array; a cost, say."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.array([function(self[index]) for index in range(len(self))])


class Plan(NamedTuple):
    """What a descent shares between its runs."""

    batch_size: int
    epochs: int
    order: str
    every: int


def descend(
    gradient: Gradient,
    theta: Parameters,
    X: Array,
    Y: Array,
    eta: Rate | Schedule,
    batch_size: int,
    epochs: int,
    rng: Rng = None,
    order: str = "shuffled",
    every: int = 1,
) -> Descent:
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
    inputs.check_data(X, Y)
    inputs.check_plan(plan, len(X), rng)
    eta = eta if callable(eta) else inputs.learning_rate(eta)
    if isinstance(eta, np.ndarray):
        theta = like(theta, [np.broadcast_to(p, (len(eta), *p.shape)) for p in arrays(theta)])
        gradient = gradient if getattr(gradient, "runs_together", False) else _one_by_one(gradient)
    with np.errstate(over="ignore", invalid="ignore"):
        return _record(steps(gradient, theta, _batches_of(X, Y, plan, rng), eta), theta, len(X), eta, plan)


def steps(
    gradient: Gradient, theta: Parameters, batches: Iterable[tuple[Array, Array]], eta: Rate | Schedule
) -> Iterator[Parameters]:
    """theta_1, theta_2, ..., one after each update (E9); `batches` yields the examples (X, Y) of each.

    Raises ValueError as `update` does.
    """
    eta = eta if callable(eta) else inputs.learning_rate(eta)
    for t, (X_batch, Y_batch) in enumerate(batches):
        grad = gradient(theta, X_batch, Y_batch)
        if t == 0:
            inputs.check_gradient(theta, grad)
        theta = _update(theta, grad, inputs.scheduled(eta, t) if callable(eta) else eta)
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
        runs = [[p[run] for p in arrays(theta)] for run in range(len(arrays(theta)[0]))]
        found = [arrays(gradient(like(theta, run), X, Y)) for run in runs]
        return like(theta, [np.stack(parts) for parts in zip(*found)])

    return gradients


def _record(steps, theta, N, eta, plan):
    last = plan.epochs * ceil(N / plan.batch_size)
    store = _empty_path(theta, 1 + ceil(last / plan.every), plan.every)
    t = np.append(np.arange(0, last, plan.every), last)
    row = 0
    for moment, theta_t in enumerate(chain([theta], steps)):
        if moment % plan.every == 0 or moment == last:
            for kept, p in zip(store, arrays(theta_t)):
                kept[row] = p
            row += 1
    return Descent(like(theta, store), t, eta, plan.batch_size, N, plan.order)


def _empty_path(theta, length, every):
    needed = 8 * length * sum(p.size for p in arrays(theta))
    if needed > LARGEST_PATH:
        raise ValueError(
            f"the path of {length} recorded updates takes {needed / 2**30:.1f} GiB: "
            f"record fewer with every={every * ceil(needed / LARGEST_PATH)}, or run fewer epochs"
        )
    return [np.empty((length, *p.shape)) for p in arrays(theta)]


def _per_run(eta, p):
    return eta.reshape(-1, *[1] * (p.ndim - 1)) if isinstance(eta, np.ndarray) else eta
