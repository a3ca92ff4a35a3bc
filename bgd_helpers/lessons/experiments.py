"""The experiments of notebook 4: SGD, mini-batch SGD and BGD on equal terms.

Equal terms are: the same examples, the same start, the same cost, and for each batch size a learning rate of its own.
Many runs advance together: E learning rates times S seeds (random orders) are two leading axes of the parameters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import ceil
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.random import Generator

from bgd_helpers import data, descent, network
from bgd_helpers.descent import Schedule
from bgd_helpers.parameters import Array, Layers

RATES = np.array([0.001, 0.0016, 0.0025, 0.004, 0.0063, 0.01, 0.016, 0.025, 0.04, 0.063, 0.1, 0.16, 0.25, 0.4, 0.63, 1])
Rates: TypeAlias = Array | Schedule
INPUTS = ("flipper length", "bill length", "bill depth")


class Problem(NamedTuple):
    """What is to be fitted: data X and Y, the parameters to start from, and an activation for each layer."""

    name: str
    X: np.ndarray
    Y: np.ndarray
    theta: Layers
    activations: tuple


def penguin_problem(hidden: int = 0, seed: int = 0) -> Problem:
    """Body mass from flipper, bill length and bill depth, all standardised (N = 342).

    Linear regression from 0, or with `hidden` tanh units in one layer from random weights. J is the share of
    the variance of the body mass that is left unexplained: predicting the mean gives J = 1.
    """
    penguins = data.load_penguins(INPUTS)
    X, Y = data.standardise(penguins.X), data.standardise(penguins.y)
    if not hidden:
        return linear_problem("linear regression", X, Y)
    theta = network.initial_parameters([3, hidden, 1], np.random.default_rng(seed))
    return Problem(f"3-{hidden}-1 tanh network", X, Y, theta, ("tanh", "identity"))


def linear_problem(name: str, X: Array, Y: Array) -> Problem:
    """Linear regression from 0."""
    return Problem(name, X, Y, [(np.zeros((X.shape[1], 1)), np.zeros(1))], ("identity",))


def copies(problem: Problem, times: int) -> Problem:
    """The same problem with every example repeated: the same J for every theta, `times` as many examples."""
    return problem._replace(X=np.tile(problem.X, (times, 1)), Y=np.tile(problem.Y, (times, 1)))


@dataclass(frozen=True)
class Runs:
    """Costs J at the recorded updates t: J[moment, learning rate, seed]."""

    problem: str
    eta: Any
    batch_size: int
    N: int
    t: np.ndarray
    J: np.ndarray

    @property
    def updates(self):
        """Updates made at each recorded moment."""
        return self.t

    @property
    def epochs(self):
        """Passes over the data at each recorded moment."""
        return self.examples / self.N

    @property
    def examples(self):
        """Per-example gradients computed up to each recorded moment."""
        whole, rest = np.divmod(self.t, ceil(self.N / self.batch_size))
        return whole * self.N + rest * self.batch_size

    def mean(self):
        """The cost averaged over the seeds, infinite where a run has left the range of numbers."""
        with np.errstate(over="ignore"):
            return np.nan_to_num(self.J, nan=np.inf).mean(axis=-1)


def run(
    problem: Problem,
    eta: Rates,
    batch_size: int,
    epochs: int,
    seeds: int = 6,
    order: str = "shuffled",
    points: int = 80,
    progress: Callable[[float], object] | None = None,
) -> Runs:
    """Runs of E9 from one start, one for each learning rate and seed; a seed is a random order of the examples.

    `eta` is an array, or a function of the update t. Some `points` moments are recorded, even on a log scale.
    BGD needs no seeds: the order cannot matter. progress(share) is called after each epoch.
    Raises ValueError for a batch size outside 1...N or learning rates that are not positive.
    """
    N = len(problem.X)
    seeds = 1 if batch_size == N and order != "with replacement" else seeds
    moments = _moments(epochs, ceil(N / batch_size), points)
    theta = _repeat(problem.theta, (1 if callable(eta) else len(eta), seeds))
    rows = np.tile(np.arange(N), (seeds, 1))
    J = [costs(theta, problem)]
    for t, theta_t in enumerate(_updates(problem, theta, rows, eta, batch_size, epochs, order), start=1):
        if t in moments:
            J.append(costs(theta_t, problem))
        if progress and t % ceil(N / batch_size) == 0:
            progress(t / ceil(N / batch_size) / epochs)
    return Runs(problem.name, eta, batch_size, N, np.array(sorted(moments)), np.array(J))


def held_out(
    problem: Problem,
    eta: float | Rates,
    batch_size: int,
    epochs: int,
    splits: Sequence[tuple[Array, ...]],
    all_together: bool = False,
) -> Array:
    """Final cost on the training and on the held-out examples, a row a split, each split with an order of its own.

    A split may have several held-out parts: a column each. X and Y are standardised by the mean and the spread of the
    training examples of each split, and J is given in the unit of problem.Y. `all_together` leaves X and Y as they are
    in the problem, which has seen the held-out examples.
    """
    problem, unit = (problem, 1.0) if all_together else _standardised_by_training(problem, splits)
    first = np.zeros(1, int) if all_together else len(problem.X) // len(splits) * np.arange(len(splits))
    train, *tested = (np.array(rows) + first[:, None] for rows in zip(*splits))
    start = _repeat(problem.theta, (1, len(splits)))
    *_, theta = _updates(problem, start, train, eta, batch_size, epochs)
    return np.column_stack([costs(theta, problem, rows)[0] * unit for rows in (train, *tested)])


def _standardised_by_training(problem, splits):
    """The problem with its examples once for each split, standardised, one split after another; the units of J."""
    parts = [
        [(values - values[train].mean(axis=0)) / values[train].std(axis=0) for train, *_ in splits]
        for values in (problem.X, problem.Y)
    ]
    unit = np.array([problem.Y[train].var() for train, *_ in splits])
    return problem._replace(X=np.concatenate(parts[0]), Y=np.concatenate(parts[1])), unit


def costs(theta: Layers, problem: Problem, rows: slice | Array = slice(None)) -> Array:
    """J of every run (E3), on all examples or on those of `rows`, one row of positions a seed."""
    with np.errstate(over="ignore", invalid="ignore"):
        return network.cost(theta, problem.X[rows], problem.Y[rows], problem.activations)


def _updates(problem, theta, rows, eta, batch_size, epochs, order="shuffled"):
    """theta_1, theta_2, ...; rows[s] are the examples that seed s trains on."""
    gradient = network.gradient_of(problem.activations)
    steps = descent.steps(gradient, theta, _batches_of(problem, rows, batch_size, epochs, order), eta)
    while True:
        with np.errstate(over="ignore", invalid="ignore"):
            theta = next(steps, None)
        if theta is None:
            return
        yield theta


def _batches_of(problem, rows, batch_size, epochs, order):
    """The examples of every update, S x B x d: an order of its own for each seed."""
    seeds, N = rows.shape
    rngs = [np.random.default_rng(seed) for seed in range(seeds)]
    for _ in range(epochs):
        shown = [np.concatenate(descent.batches(N, batch_size, rng, order)) for rng in rngs]
        chosen = np.take_along_axis(rows, np.array(shown), axis=1)
        X, Y = problem.X[chosen], problem.Y[chosen]
        for first in range(0, chosen.shape[1], batch_size):
            yield X[:, first : first + batch_size], Y[:, first : first + batch_size]


def _repeat(theta, runs):
    return [tuple(np.broadcast_to(p, (*runs, *p.shape)) for p in pair) for pair in theta]


def _moments(epochs, updates, points):
    """Updates to record: `points` even on a log scale, and the ends of epochs 1, 2, 5, 10, 20, 50, ..."""
    whole = {updates * base * 10**power for base in (1, 2, 5) for power in range(6) if base * 10**power <= epochs}
    return {0, *whole, *np.round(np.geomspace(1, epochs * updates, points)).astype(int).tolist()}


class Best(NamedTuple):
    """The learning rate that serves best, where it stands in the array, and what it reaches."""

    eta: float
    index: int  # type: ignore[assignment]  # a tuple has a method of this name
    value: float


def best_at(runs: Runs, budget: float, axis: str = "epochs") -> Best:
    """The learning rate with the lowest mean cost after a budget of epochs, updates or examples, and that cost."""
    costs = runs.mean()[getattr(runs, axis) <= budget * (1 + 1e-9)][-1]
    index = int(costs.argmin())
    return Best(runs.eta[index], index, costs[index])


def updates_to_stay_below(runs: Runs, target: float) -> Array:
    """For each learning rate, the first recorded update from which the mean cost stays below the target (or inf).

    "First time below" would favour noisy runs, which dip below by luck and come back.
    """
    above = runs.mean() >= target
    last_above = np.where(above, np.arange(len(runs.t))[:, None], -1).max(axis=0)
    return np.array([runs.t[row + 1] if row + 1 < len(runs.t) else np.inf for row in last_above])


def fewest_updates(runs: Runs, target: float) -> Best:
    """The learning rate that stays below the target soonest, and after how many updates."""
    updates = updates_to_stay_below(runs, target)
    index = int(updates.argmin())
    return Best(runs.eta[index], index, updates[index])


def flops(theta: Layers, N: int) -> int:
    """Multiplications and additions of one gradient over N examples: forward 2NP_W, backward 4NP_W - 2N d_0 d_1."""
    weights = sum(W.size for W, _ in theta)
    return 6 * N * weights - 2 * N * theta[0][0].size


def variance_by_enumeration(
    gradients: Sequence[Fraction] | Array, batch_size: int, replacement: bool = False
) -> Fraction | float:
    """Variance of the mean of a batch, over all batches there are; exact if the gradients are fractions."""
    chosen = product(gradients, repeat=batch_size) if replacement else combinations(gradients, batch_size)
    means = [sum(batch) / batch_size for batch in chosen]
    centre = sum(means) / len(means)
    return sum((mean - centre) ** 2 for mean in means) / len(means)


def measured_variance(
    gradients: Array, batch_size: int, rng: Generator, replacement: bool = False, draws: int = 2000
) -> float:
    """Variance of the mean gradient of random batches, summed over the parameters; gradients has a row an example."""
    N = len(gradients)
    if replacement:
        chosen = rng.integers(0, N, (draws, batch_size))
    else:
        chosen = rng.permuted(np.tile(np.arange(N), (draws, 1)), axis=1)[:, :batch_size]
    means = np.array([gradients[batch].mean(axis=0) for batch in chosen])
    return ((means - gradients.mean(axis=0)) ** 2).sum(axis=-1).mean()


def mean_paths(
    x: Array,
    eta: float | Schedule,
    updates: int,
    rng: Generator,
    batch_size: int = 1,
    replicas: int = 2000,
    order: str = "with replacement",
) -> Array:
    """Paths of w on E_n = (w - x_n)^2, whose best w is the mean of x: (updates + 1) x replicas, from that mean.

    `eta` is a number or a function of t = 0, 1, ...; order "shuffled" goes through a fresh permutation each epoch.
    """
    w = np.full((updates + 1, replicas), x.mean())
    drawn = _drawn(len(x), batch_size, updates, replicas, order, rng)
    for t in range(updates):
        rate = eta(t) if callable(eta) else eta
        w[t + 1] = w[t] - rate * 2 * (w[t] - x[drawn[t]].mean(axis=0))
    return w


def _drawn(N, batch_size, updates, replicas, order, rng):
    """Positions of the examples: updates x batch_size x replicas."""
    if order == "with replacement":
        return rng.integers(0, N, (updates, batch_size, replicas))
    epochs = ceil(updates * batch_size / N)
    shuffled = [rng.permuted(np.tile(np.arange(N)[:, None], (1, replicas)), axis=0) for _ in range(epochs)]
    return np.concatenate(shuffled)[: updates * batch_size].reshape(updates, batch_size, replicas)


def reshuffled_floor(x: Array, eta: float) -> float:
    """Variance at which w settles at the ends of epochs on E_n = (w - x_n)^2, B = 1, a fresh order each epoch.

    An epoch takes w to r^N w + sum_i c_i x_i with r = 1 - 2 eta, c_i = 2 eta r^(N - i): the variance over all orders
    of the sum is that of sampling without replacement.
    """
    N, r = len(x), 1 - 2 * eta
    c = 2 * eta * r ** np.arange(N)
    return N * x.var() / (N - 1) * ((c - c.mean()) ** 2).sum() / (1 - r ** (2 * N))


class SigmoidPath(NamedTuple):
    """J(w) of one sigmoid weight on a grid, and the path of BGD on it."""

    grid: np.ndarray
    J: np.ndarray
    w: np.ndarray
    J_path: np.ndarray


SIGMOID_X, SIGMOID_Y = np.array([[0.5], [3.5]]), np.array([[0.8], [0.05]])


def sigmoid_path(start: float, eta: float = 1.0, updates: int = 3000, rng: Generator | None = None) -> SigmoidPath:
    """BGD on y_hat = sigmoid(w x) with x = (0.5, 3.5), y = (0.8, 0.05): two valleys for one weight, no bias.

    With `rng` it is SGD, an example drawn for each update.
    """
    J = network.cost_of(["sigmoid"], SIGMOID_X, SIGMOID_Y)
    grid, path = np.linspace(-6, 10, 641), [start]
    for _ in range(updates):
        batch = slice(None) if rng is None else rng.integers(0, 2, 1)
        ((dW, _),) = network.backprop(_one_weight(path[-1]), SIGMOID_X[batch], SIGMOID_Y[batch], ["sigmoid"])
        path.append(path[-1] - eta * dW[0, 0])
    along = [np.array([J(_one_weight(w)) for w in values]) for values in (grid, path)]
    return SigmoidPath(grid, along[0], np.array(path), along[1])


def _one_weight(w):
    return [(np.array([[w]], float), np.zeros(1))]


def xor() -> Problem:
    """The four examples of XOR, and a 2-2-1 sigmoid network with every parameter 0."""
    X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float), np.array([[0], [1], [1], [0]], float)
    theta = [(np.zeros((2, 2)), np.zeros(2)), (np.zeros((2, 1)), np.zeros(1))]
    return Problem("XOR", X, Y, theta, ("sigmoid", "sigmoid"))
