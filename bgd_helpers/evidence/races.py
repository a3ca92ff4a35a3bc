"""Rows on races between batch sizes: who leads when, what more data cost, the best learning rate, ten copies."""

from fractions import Fraction

import numpy as np

from bgd_helpers import experiments, network, theory
from bgd_helpers.experiments import Problem

from . import exact, fair
from .row import Outcome, between, exactly, near, silent, spread

KAPPA = 49
CONSTANT = 0.025


def falling(t):
    """A learning rate that starts at the constant one and falls like 1/t."""
    return CONSTANT / (1 + t / 2000)


def wide_regression(N=1000, seed=0):
    """A regression without bias whose Hessian has the eigenvalues 2 and 2/49 exactly, with noise of deviation 1/2."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(N, 2)))[0]
    X = np.sqrt(N) * Q / np.array([1, np.sqrt(KAPPA)])
    return X, X @ np.array([[1.0], [np.sqrt(KAPPA)]]) + rng.normal(0, 0.5, (N, 1))


class ExpectedRisk:
    """E[J(w_t)] - J* of SGD with independent examples, exactly: no run is drawn.

    With e = (w - w*, 1) an update with example n is linear, e <- (I + eta M_n) e. So the matrix of second moments S
    of e follows S <- mean over n of (I + eta M_n) S (I + eta M_n)^T, and E[J] - J* = trace(H S) / 2.
    """

    def __init__(self, X, y):
        w_star, d = theory.minimiser(X, y), X.shape[1]
        M = np.zeros((len(X), d + 1, d + 1))
        M[:, :d, :d] = -2 * X[:, :, None] * X[:, None, :]
        M[:, :d, d] = 2 * (y - X @ w_star) * X
        same, M_mean = np.eye(d + 1), M.mean(axis=0)
        self.H, self.start = theory.hessian(X), np.append(-w_star, 1)
        self.first = np.kron(M_mean, same) + np.kron(same, M_mean)
        self.second = np.einsum("nij,nkl->ikjl", M, M).reshape((d + 1) ** 2, -1) / len(X)

    def along(self, eta, updates, every):
        """The excess after every so many updates; eta is a number or a function of t."""
        S, found = np.outer(self.start, self.start).ravel(), []
        for t in range(updates + 1):
            if t % every == 0:
                found.append(self._excess(S))
            rate = eta(t) if callable(eta) else eta
            S = S + rate * (self.first @ S) + rate**2 * (self.second @ S)
        return np.array(found)

    def _excess(self, S):
        d = len(self.H)
        return np.trace(self.H @ S.reshape(d + 1, d + 1)[:d, :d]) / 2


def overtaking(setting, progress=silent):
    """BGD against SGD with a constant and with a falling rate: expected J - J* at the end of each epoch."""
    N, epochs, seeds = 1000, setting.choose(140, 200), setting.choose(20, 100)
    X, y = wide_regression(N)
    w_star, risk = theory.minimiser(X, y), ExpectedRisk(X, y)
    J_star = theory.linear_cost(w_star, X, y)
    path = theory.linear_path(np.zeros((2, 1)), X, y, theory.best_learning_rate(risk.H), epochs)
    bgd = np.array([theory.linear_cost(w, X, y) - J_star for w in path])
    constant, decaying = (risk.along(eta, epochs * N, N) for eta in (CONSTANT, falling))
    progress(0.5)
    check = setting.choose(10, 40)
    runs = simulated(X, y, check, seeds)
    progress(1.0)
    rate, crossings = (bgd[-1] / bgd[-51]) ** (1 / 50), [crossing(bgd, sgd) for sgd in (constant, decaying)]
    measured = runs.J[:, 0] - J_star
    at = [int(np.flatnonzero(runs.epochs == epoch)[0]) for epoch in (1, 5, 10)]
    numbers = (
        near("BGD: factor of J − J* per epoch", rate, ((KAPPA - 1) / (KAPPA + 1)) ** 2, 5e-6, "5 digits", ".5f"),
        between("after 1 epoch: SGD ÷ BGD", constant[1] / bgd[1], 0, 0.5, "SGD is far ahead"),
        near("constant η: excess at the end ÷ at 60 epochs", constant[-1] / constant[60], 1, 1e-3, "it has stalled"),
        between("falling η: excess at the end ÷ at 60 epochs", decaying[-1] / decaying[60], 0, 0.6, "it has not"),
        between("BGD stays below constant η from epoch", crossings[0], 2, epochs - 1, "in sight", "d"),
        between("BGD stays below falling η from epoch", crossings[1], crossings[0] + 1, epochs - 1, "later than that", "d"),
        *(
            near(f"mean of {seeds} runs ÷ expected, epoch {epoch}", (measured[row] / constant[epoch]).mean(), 1,
                 spread(measured[row] / constant[epoch]), "4 standard errors over the seeds", ".3f")
            for epoch, row in zip((1, 5, 10), at)
        ),
    )  # fmt: skip
    sentence = (
        f"In expectation SGD has J − J* = {constant[1]:.3f} after one epoch, BGD {bgd[1]:.3f}. The constant rate stalls at "
        f"{constant[-1]:.4f}; BGD is below it from epoch {crossings[0]} on, and below the falling rate from {crossings[1]} on."
    )
    drawn = dict(bgd=bgd, constant=constant, decaying=decaying, crossings=crossings, seeds=(runs.epochs, measured))
    return Outcome(numbers, sentence, f"data: seed 0; runs: seeds 0 to {seeds - 1}, drawn with replacement", drawn)


def simulated(X, y, epochs, seeds):
    """Runs of SGD with the constant rate, examples drawn with replacement."""
    problem = Problem("regression", X, y, [(np.zeros((2, 1)), np.zeros(1))], ("identity",))
    return experiments.run(problem, np.array([CONSTANT]), 1, epochs, seeds, order="with replacement")


def crossing(late, early):
    """The first epoch from which `late` stays below `early`; there is none beyond the last."""
    behind = np.flatnonzero(~(late < early))
    return int(behind[-1]) + 1


SIZES = (100, 500, 2500)


def work_and_size(setting, progress=silent):
    """Examples until the target, BGD against SGD, each with its best rate, for N = 100, 500 and 2500 examples."""
    seeds = setting.choose(20, 60)
    rates = 0.01 * 2.0 ** np.arange(0, 7, setting.choose(1, 0.5))
    work = []
    for done, N in enumerate(SIZES, start=1):
        problem = eight_inputs(N)
        J_star = theory.linear_cost(theory.minimiser(X := theory.with_ones(problem.X), problem.Y), X, problem.Y)
        target = J_star + 0.02 * (experiments.costs(problem.theta, problem) - J_star)
        sgd, bgd = fair.compare(problem, float(target), {1: -(-1500 // N), N: 120}, rates, seeds)
        work.append((sgd, bgd))
        progress(done / len(SIZES))
    ratios = np.array([bgd.examples / sgd.examples for sgd, bgd in work])
    return work, ratios


def eight_inputs(N, seed=0):
    """Linear regression on 8 inputs with standard deviations from 1 down to 1/3, with noise of deviation 1/2."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 8)) * np.linspace(1, 1 / 3, 8)
    Y = X @ rng.choice([-1.0, 1.0], (8, 1)) + rng.normal(0, 0.5, (N, 1))
    return Problem(f"regression, N = {N}", X, Y, [(np.zeros((8, 1)), np.zeros(1))], ("identity",))


MLP = ("tanh", "identity")


def mlp(N=512, seed=0):
    """An 8-8-1 tanh network, to fit noisy outputs of another one of that kind; the targets have variance 1 + 0.09."""
    rng = np.random.default_rng(seed)
    X, teacher = rng.normal(size=(N, 8)), network.initial_parameters([8, 8, 1], rng, bias_scale=0.5)
    Y = network.predict(teacher, X, MLP)
    Y = (Y - Y.mean()) / Y.std() + rng.normal(0, 0.3, Y.shape)
    return Problem("8-8-1 tanh network", X, Y, network.initial_parameters([8, 8, 1], rng), MLP)
