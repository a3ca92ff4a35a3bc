"""Races between batch sizes: who leads when, what more data cost, ten copies."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from bgd_helpers import theory
from bgd_helpers.descent import Schedule
from bgd_helpers.lessons import exact, experiments, tuning
from bgd_helpers.lessons.claims import Evidence, between, evidence, exactly, near, spread
from bgd_helpers.lessons.experiments import Problem
from bgd_helpers.parameters import Array

KAPPA = 49
CONSTANT = 0.025


def _falling(t):
    """A learning rate that starts at the constant one and falls like 1/t."""
    return CONSTANT / (1 + t / 2000)


def _wide_regression(N=1000, seed=0):
    """Two centred, uncorrelated inputs of variance 1 and 1/49: with the bias H has the eigenvalues 2, 2 and 2/49."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(N, 2))
    Q = np.linalg.qr(drawn - drawn.mean(axis=0))[0]
    X = np.sqrt(N) * Q / np.array([1, np.sqrt(KAPPA)])
    Y = X @ np.array([[1.0], [np.sqrt(KAPPA)]]) + rng.normal(0, 0.5, (N, 1))
    return experiments.linear_problem(f"regression, κ = {KAPPA}", X, Y)


class Moments(NamedTuple):
    """What the expected risk of SGD with independent examples needs: no run is drawn.

    With e = (w - w*, 1) an update with example n is linear, e <- (I + eta M_n) e. So S = E[e e^T] follows
    S <- mean over n of (I + eta M_n) S (I + eta M_n)^T, which is S + eta first S + eta^2 second S.
    """

    H: np.ndarray
    S: np.ndarray
    first: np.ndarray
    second: np.ndarray


def moments(X: Array, y: Array) -> Moments:
    """The moments of linear regression from w = 0."""
    w_star, d = theory.minimiser(X, y), X.shape[1]
    M = np.zeros((len(X), d + 1, d + 1))
    M[:, :d, :d] = -2 * X[:, :, None] * X[:, None, :]
    M[:, :d, d] = 2 * (y - X @ w_star) * X
    start, one, centre = np.append(-w_star, 1), np.eye(d + 1), M.mean(axis=0)
    second = np.einsum("nij,nkl->ikjl", M, M).reshape((d + 1) ** 2, -1) / len(X)
    return Moments(
        theory.hessian(X), np.outer(start, start).ravel(), np.kron(centre, one) + np.kron(one, centre), second
    )


def expected_excess(moments: Moments, eta: float | Schedule, updates: int, every: int) -> Array:
    """E[J(w_t)] - J* = trace(H E[(w - w*)(w - w*)^T]) / 2 after every so many updates; eta may be a function of t."""
    H, S, first, second = moments
    found, d = [S], len(H)
    for t in range(0, updates, every):
        if callable(eta):
            for rate in map(eta, range(t, t + every)):
                S = S + rate * (first @ S) + rate**2 * (second @ S)
        else:
            S = np.linalg.matrix_power(np.eye(len(S)) + eta * first + eta**2 * second, every) @ S
        found.append(S)
    return np.array([np.trace(H @ S.reshape(d + 1, d + 1)[:d, :d]) / 2 for S in found])


class Race(NamedTuple):
    """Linear regression, its least cost and curvature, and J - J* at the ends of the epochs, expected where drawn."""

    problem: Problem
    lowest: float
    H: np.ndarray
    bgd: np.ndarray
    constant: np.ndarray
    decaying: np.ndarray


def expected_race(epochs: int) -> Race:
    """BGD with its best rate against SGD with a constant and with a falling one; no run is drawn."""
    problem = _wide_regression()
    X, y, N = theory.with_ones(problem.X), problem.Y, len(problem.X)
    known, lowest = moments(X, y), float(theory.linear_cost(theory.minimiser(X, y), X, y))
    path = theory.linear_path(np.zeros((3, 1)), X, y, theory.best_learning_rate(known.H), epochs)
    excess = (expected_excess(known, eta, epochs * N, N) for eta in (CONSTANT, _falling))
    return Race(problem, lowest, known.H, theory.linear_cost(path, X, y) - lowest, *excess)


def overtaking(full: bool = False) -> Evidence:
    """BGD against SGD with a constant and with a falling rate: expected J - J* at the end of each epoch."""
    epochs, seeds = (200, 400) if full else (140, 60)
    problem, lowest, H, bgd, constant, decaying = expected_race(epochs)
    runs = experiments.run(problem, np.array([CONSTANT]), 1, 10, seeds, order="with replacement")
    shares = {epoch: runs.J[runs.epochs == epoch][0, 0] - lowest for epoch in (1, 2, 10)}
    shares = {epoch: J / constant[epoch] for epoch, J in shares.items()}
    factor, square = (bgd[-1] / bgd[-51]) ** (1 / 50), ((KAPPA - 1) / (KAPPA + 1)) ** 2
    why = "4 standard errors over the seeds"
    rounding = "computed, not drawn: rounding alone"
    return evidence(
        near("κ", theory.condition_number(H), KAPPA, 1e-9, "the inputs are built for it"),
        near("BGD: factor of J − J* per epoch", factor, square, 5e-6, "5 digits"),
        between("after 1 epoch: SGD ÷ BGD", constant[1] / bgd[1], 0, 0.5, "SGD is far ahead"),
        near("constant η: excess at the end ÷ at epoch 60", constant[-1] / constant[60], 1, 1e-3, "it has stalled"),
        between("falling η: excess at the end ÷ at epoch 60", decaying[-1] / decaying[60], 0, 0.6, "it has not"),
        near("BGD stays below constant η from epoch", crossing(bgd, constant), 63, 1, rounding),
        near("BGD stays below falling η from epoch", crossing(bgd, decaying), 113, 1, rounding),
        *(
            near(f"mean of {seeds} runs ÷ expected, epoch {epoch}", J.mean(), 1, spread(J), why)
            for epoch, J in shares.items()
        ),
        seeds=f"data, seed 0; runs, seeds 0 to {seeds - 1}, with replacement",
        bgd=bgd,
        constant=constant,
        decaying=decaying,
    )


def crossing(late: Array, early: Array) -> int:
    """The first epoch from which `late` stays below `early`; there is none beyond the last."""
    behind = np.flatnonzero(~(late < early))
    return int(behind[-1]) + 1


SIZES = (100, 500, 2500)
COARSE, FINE = 0.01 * 2.0 ** np.arange(8), 0.01 * 2.0 ** np.arange(0, 8, 0.5)


def work_by_size(seeds: int, rates: Array = COARSE) -> list[list[tuning.Tuned]]:
    """SGD and BGD, each `Tuned` to stay below J* + 5 % of the way to the start: a pair for each of `SIZES`."""
    problems = [_six_inputs(N) for N in SIZES]
    epochs = [{1: -(-3000 // N), N: 60} for N in SIZES]
    return [tuning.compare(p, _target_of(p, 0.05), most, rates, seeds) for p, most in zip(problems, epochs)]


def work_and_size(full: bool = False) -> Evidence:
    """Examples until the target, BGD against SGD, each with its best rate, for N = 100, 500 and 2500 examples."""
    seeds, rates = (60, FINE) if full else (20, COARSE)
    work = work_by_size(seeds, rates)
    ratios = [bgd.examples / sgd.examples for sgd, bgd in work]
    slope = np.polyfit(np.log(SIZES), np.log(ratios), 1)[0]
    edges = sum(t.at_edge for pair in work for t in pair)
    epochs, examples = _most_over_fewest(b.epochs for _, b in work), _most_over_fewest(s.examples for s, _ in work)
    return evidence(
        *(between(f"N = {N}: work of BGD ÷ SGD", r, 1, np.inf, "BGD takes more") for N, r in zip(SIZES, ratios)),
        exactly("best rates at an edge of those tried", edges, 0, "none"),
        near("slope of the ratio in N on log axes", slope, 1, 0.25, "how coarse η and the moments are"),
        between("BGD, epochs: most ÷ fewest over N", epochs, 1, 2, "about equal"),
        between("SGD, examples: most ÷ fewest over N", examples, 1, 2, "about equal"),
        seeds=f"data, seed 0; runs, seeds 0 to {seeds - 1}",
    )


def _most_over_fewest(values):
    """The largest of some values, as a multiple of the smallest."""
    values = list(values)
    return max(values) / min(values)


def _target_of(problem, share):
    """J* + share (J - J*) of a linear regression, J being the cost at the start."""
    X = theory.with_ones(problem.X)
    J_star = theory.linear_cost(theory.minimiser(X, problem.Y), X, problem.Y)
    return float(J_star + share * (experiments.costs(problem.theta, problem) - J_star))


def _six_inputs(N, seed=0):
    """Linear regression on 6 inputs of deviation 1 down to 1/5, which matter equally, with noise of deviation 1/2."""
    rng = np.random.default_rng(seed)
    signs, Z, noise = rng.choice([-1.0, 1.0], (6, 1)), rng.normal(size=(N, 6)), rng.normal(0, 0.5, (N, 1))
    return experiments.linear_problem(f"regression, N = {N}", Z * np.linspace(1, 1 / 5, 6), Z @ signs + noise)


def ten_copies(full: bool = False) -> Evidence:
    """BGD on 100 examples and on ten copies of each: as fractions on the regression of the course, then as work."""
    updates, seeds = (50, 100) if full else (20, 20)
    X, Y = (np.concatenate([part] * 10) for part in (exact.X, exact.Y))
    ends = [
        exact.bgd(exact.linear_gradient, exact.START, *given, Fraction(1, 10), updates)
        for given in ((exact.X, exact.Y), (X, Y))
    ]
    once = _six_inputs(100)
    ten = experiments.copies(once, 10)
    runs = [experiments.run(p, np.array([0.2]), len(p.X), epochs) for p, epochs in ((once, 50), (ten, 50), (ten, 5))]
    sgd = [experiments.run(p, np.array([0.01]), 1, epochs, seeds) for p, epochs in ((once, 50), (ten, 5))]
    J, (J_once, J_ten) = [run.mean()[-1, 0] for run in runs], [run.J[-1, 0].mean() for run in sgd]
    times, apart = int(runs[1].examples[-1] // runs[0].examples[-1]), np.abs(ends[0] - ends[1]).max()
    return evidence(
        exactly(f"N = 4 and 40, {updates} updates in fractions: difference", apart, Fraction(0)),
        near("N = 100 and 1,000, 50 epochs: difference of J", J[1] - J[0], 0, 1e-12, "rounding"),
        exactly("gradients of examples: ten copies ÷ once", times, 10, "a count"),
        between("at equal work: J of BGD, copies ÷ once", J[2] / J[0], 1.5, np.inf, "a tenth of the updates"),
        near("at equal work: J of SGD, copies ÷ once", J_ten / J_once, 1, 0.1, "within 10 %"),
        seeds=f"data, seed 0; SGD, seeds 0 to {seeds - 1}",
    )
