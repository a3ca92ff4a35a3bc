"""Rows on races between batch sizes: who leads when, what more data cost, the best learning rate, ten copies."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from bgd_helpers import theory
from bgd_helpers.evidence import exact, fair
from bgd_helpers.evidence.row import Outcome, between, exactly, near, silent, spread
from bgd_helpers.lessons import experiments
from bgd_helpers.lessons.experiments import Problem

KAPPA = 49
CONSTANT = 0.025


def falling(t):
    """A learning rate that starts at the constant one and falls like 1/t."""
    return CONSTANT / (1 + t / 2000)


def wide_regression(N=1000, seed=0):
    """Two centred, uncorrelated inputs of variance 1 and 1/49: with the bias H has the eigenvalues 2, 2 and 2/49."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(N, 2))
    Q = np.linalg.qr(drawn - drawn.mean(axis=0))[0]
    X = np.sqrt(N) * Q / np.array([1, np.sqrt(KAPPA)])
    Y = X @ np.array([[1.0], [np.sqrt(KAPPA)]]) + rng.normal(0, 0.5, (N, 1))
    return linear_problem(f"regression, κ = {KAPPA}", X, Y)


def linear_problem(name, X, Y):
    """Linear regression from 0."""
    return Problem(name, X, Y, [(np.zeros((X.shape[1], 1)), np.zeros(1))], ("identity",))


class Moments(NamedTuple):
    """What the expected risk of SGD with independent examples needs: no run is drawn.

    With e = (w - w*, 1) an update with example n is linear, e <- (I + eta M_n) e. So S = E[e e^T] follows
    S <- mean over n of (I + eta M_n) S (I + eta M_n)^T, which is S + eta first S + eta^2 second S.
    """

    H: np.ndarray
    S: np.ndarray
    first: np.ndarray
    second: np.ndarray


def moments(X, y):
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


def expected_excess(moments, eta, updates, every):
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


def overtaking(setting, progress=silent):
    """BGD against SGD with a constant and with a falling rate: expected J - J* at the end of each epoch."""
    problem, epochs, seeds = wide_regression(), setting.choose(140, 200), setting.choose(60, 400)
    X, y, N = theory.with_ones(problem.X), problem.Y, len(problem.X)
    known, J_star = moments(X, y), theory.linear_cost(theory.minimiser(X, y), X, y)
    path = theory.linear_path(np.zeros((3, 1)), X, y, theory.best_learning_rate(known.H), epochs)
    bgd = np.array([theory.linear_cost(w, X, y) - J_star for w in path])
    constant, decaying = (expected_excess(known, eta, epochs * N, N) for eta in (CONSTANT, falling))
    progress(0.5)
    runs = experiments.run(problem, np.array([CONSTANT]), 1, 10, seeds, order="with replacement")
    measured = {round(epoch): J for epoch, J in zip(runs.epochs, runs.J[:, 0] - J_star) if epoch in (1, 2, 10)}
    crossings = [crossing(bgd, sgd) for sgd in (constant, decaying)]
    numbers = (
        near("κ", theory.condition_number(known.H), KAPPA, 1e-9, "the inputs are built for it"),
        near("BGD: factor of J − J* per epoch", (bgd[-1] / bgd[-51]) ** (1 / 50), ((KAPPA - 1) / (KAPPA + 1)) ** 2,
             5e-6, "5 digits", ".5f"),
        between("after 1 epoch: SGD ÷ BGD", constant[1] / bgd[1], 0, 0.5, "SGD is far ahead"),
        near("constant η: excess at the end ÷ at epoch 60", constant[-1] / constant[60], 1, 1e-3, "it has stalled"),
        between("falling η: excess at the end ÷ at epoch 60", decaying[-1] / decaying[60], 0, 0.6, "it has not"),
        near("BGD stays below constant η from epoch", crossings[0], 63, 1, "computed, not drawn: rounding alone"),
        near("BGD stays below falling η from epoch", crossings[1], 113, 1, "computed, not drawn: rounding alone"),
        *(near(f"mean of {seeds} runs ÷ expected, epoch {epoch}", (J / constant[epoch]).mean(), 1,
               spread(J / constant[epoch]), "4 standard errors over the seeds", ".3f")
          for epoch, J in measured.items()),
    )  # fmt: skip
    sentence = (
        f"In expectation SGD has J − J* = {constant[1]:.3f} after one epoch, BGD {bgd[1]:.3f}. The constant rate "
        f"stalls at {constant[-1]:.4f}; BGD is below it from epoch {crossings[0]} on, and below the falling rate from "
        f"{crossings[1]} on."
    )
    drawn = dict(bgd=bgd, constant=constant, decaying=decaying, crossings=crossings, measured=measured)
    return Outcome(numbers, sentence, f"data: seed 0; runs: seeds 0 to {seeds - 1}, drawn with replacement", drawn)


def crossing(late, early):
    """The first epoch from which `late` stays below `early`; there is none beyond the last."""
    behind = np.flatnonzero(~(late < early))
    return int(behind[-1]) + 1


SIZES = (100, 500, 2500)


def work_and_size(setting, progress=silent):
    """Examples until the target, BGD against SGD, each with its best rate, for N = 100, 500 and 2500 examples."""
    seeds, rates = setting.choose(20, 60), 0.01 * 2.0 ** np.arange(0, 8, setting.choose(1, 0.5))
    work = []
    for done, N in enumerate(SIZES, start=1):
        problem = six_inputs(N)
        epochs = {1: -(-3000 // N), N: 60}
        work.append(fair.compare(problem, target_of(problem, 0.05), epochs, rates, seeds))
        progress(done / len(SIZES))
    ratios = np.array([bgd.examples / sgd.examples for sgd, bgd in work])
    slope = np.polyfit(np.log(SIZES), np.log(ratios), 1)[0]
    numbers = (
        *(
            between(f"N = {N}: work of BGD ÷ SGD", ratio, 1, np.inf, "BGD takes more", ".0f")
            for N, ratio in zip(SIZES, ratios)
        ),
        between("best rates at an edge of those tried", sum(t.at_edge for pair in work for t in pair), 0, 0, "none"),
        near("slope of the ratio in N on log axes", slope, 1, 0.25, "how coarse η and the moments are", ".2f"),
        between(
            "BGD, epochs: most ÷ fewest over N", most_over_fewest(b.epochs for _, b in work), 1, 2, "about equal", ".2f"
        ),
        between(
            "SGD, examples: most ÷ fewest over N",
            most_over_fewest(s.examples for s, _ in work),
            1,
            2,
            "about equal",
            ".2f",
        ),
    )
    told = ", ".join(f"{ratio:.0f}" for ratio in ratios)
    sentence = (
        f"Until J stays below the target BGD computes {told} times as many gradients of examples as SGD, for N = 100, "
        f"500 and 2,500: on log axes a slope of {slope:.2f}."
    )
    drawn = dict(sizes=SIZES, sgd=np.array([s.examples for s, _ in work]), bgd=np.array([b.examples for _, b in work]))
    return Outcome(numbers, sentence, f"data: seed 0; runs: seeds 0 to {seeds - 1}", drawn)


def most_over_fewest(values):
    """The largest of some values, as a multiple of the smallest."""
    values = list(values)
    return max(values) / min(values)


def target_of(problem, share):
    """J* + share (J - J*) of a linear regression, J being the cost at the start."""
    X = theory.with_ones(problem.X)
    J_star = theory.linear_cost(theory.minimiser(X, problem.Y), X, problem.Y)
    return float(J_star + share * (experiments.costs(problem.theta, problem) - J_star))


def six_inputs(N, seed=0):
    """Linear regression on 6 inputs of deviation 1 down to 1/5, which matter equally, with noise of deviation 1/2."""
    rng = np.random.default_rng(seed)
    signs, Z, noise = rng.choice([-1.0, 1.0], (6, 1)), rng.normal(size=(N, 6)), rng.normal(0, 0.5, (N, 1))
    return linear_problem(f"regression, N = {N}", Z * np.linspace(1, 1 / 5, 6), Z @ signs + noise)


def ten_copies(setting, progress=silent):
    """BGD on 100 examples and on ten copies of each: as fractions on the regression of the course, then as work."""
    updates = setting.choose(20, 50)
    X, Y = (np.concatenate([part] * 10) for part in (exact.X, exact.Y))
    ends = [exact.bgd(exact.linear_gradient, exact.START, *given, Fraction(1, 10), updates)
            for given in ((exact.X, exact.Y), (X, Y))]  # fmt: skip
    once = six_inputs(100)
    ten = experiments.copies(once, 10)
    runs = [experiments.run(p, np.array([0.2]), len(p.X), epochs) for p, epochs in ((once, 50), (ten, 50), (ten, 5))]
    seeds = setting.choose(20, 100)
    sgd = [experiments.run(p, np.array([0.01]), 1, epochs, seeds) for p, epochs in ((once, 50), (ten, 5))]
    J, (J_once, J_ten) = [run.mean()[-1, 0] for run in runs], [run.J[-1, 0] for run in sgd]
    numbers = (
        exactly(
            f"N = 4 and 40, {updates} updates in fractions: difference", exact.largest_difference(*ends), Fraction(0)
        ),
        near("N = 100 and 1,000, 50 epochs: difference of J", J[1] - J[0], 0, 1e-12, "rounding", ".0e"),
        exactly(
            "gradients of examples: ten copies ÷ once", int(runs[1].examples[-1] // runs[0].examples[-1]), 10, "a count"
        ),
        between("at equal work: J of BGD, copies ÷ once", J[2] / J[0], 1.5, np.inf, "a tenth of the updates"),
        near("at equal work: J of SGD, copies ÷ once", J_ten.mean() / J_once.mean(), 1, 0.1, "within 10 %"),
    )
    sentence = (
        f"BGD takes the same path on ten copies, at ten times the work. For {runs[0].examples[-1]:,d} gradients it "
        f"reaches J = {J[0]:.3f} on the 100 examples, {J[2]:.3f} on the 1,000; SGD {J_once.mean():.3f} and "
        f"{J_ten.mean():.3f}."
    )
    drawn = dict(
        bgd=[(run.examples, run.J[:, 0]) for run in runs[:2]], sgd=[(run.examples, run.J[:, 0]) for run in sgd]
    )
    return Outcome(numbers, sentence, f"data: seed 0; SGD: seeds 0 to {seeds - 1}", drawn)
