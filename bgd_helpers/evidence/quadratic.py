"""Rows on quadratic costs: the limit and the rate, the same limit at a minimum of a network, LeCun's two Gaussians."""

from fractions import Fraction

import numpy as np

from bgd_helpers import descent, network, theory
from bgd_helpers.evidence import exact
from bgd_helpers.evidence.row import Outcome, between, exactly, near, silent, spread

SEEDS_SPREAD = "4 standard errors over the data sets"


def worst_factor(X, etas, updates=100):
    """The factor by which the longest distance shrinks or grows in an update of BGD, for each learning rate.

    Measured: runs from the corners of a cube around w* = 0, and how long the longest combination of their ends is.
    """
    d = X.shape[1]
    starts = np.eye(d)[:, :, None]
    runs = [descent.descend(theory.linear_gradient, w, X, 0 * X[:, :1], etas, len(X), updates)[-1] for w in starts]
    return np.linalg.norm(np.concatenate(runs, axis=-1), 2, axis=(-2, -1)) ** (1 / updates)


def measured_limit(X, low=0.0, high=10.0):
    """The largest eta with which runs do not grow, by bisection on runs."""
    while high - low > 1e-8 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if worst_factor(X, np.array([middle]))[0] > 1 else (middle, high)
    return low


def limit_and_rate(setting, progress=silent):
    """E15-E17 on the regression of the course, measured on runs alone."""
    X, H = exact.X.astype(float), theory.hessian(exact.X.astype(float))
    kappa, limit = theory.condition_number(H), measured_limit(X)
    progress(0.5)
    tried = np.linspace(0.159, 0.161, setting.choose(201, 2001))
    factors = worst_factor(X, tried)
    eta, rate = tried[factors.argmin()], factors.min()
    steps = updates_until_close(X)
    numbers = (
        near("largest η that converges", limit, theory.learning_rate_limit(H), 5e-6, "5 digits", ".5f"),
        near("η that shrinks fastest", eta, 4 / 25, tried[1] - tried[0], "distance between the η tried", ".5f"),
        near("its factor per update", rate, (kappa - 1) / (kappa + 1), 5e-6, "5 digits", ".5f"),
        exactly("two updates at η = 4/25, in fractions", two_updates_at_best(), Fraction(97, 125)),
        exactly("updates at 1/λ_max until the distance is 1e-6", steps[0], 192, "a count"),
        exactly("updates at η* until the distance is 1e-6", steps[1], 113, "a count"),
        exactly("updates at 1/λ_max until it is 1e-6 of its start", steps[2], 185, "a count"),
        exactly("updates at η* until it is 1e-6 of its start", steps[3], 109, "a count"),
    )
    sentence = (
        f"BGD converges up to η = {limit:.5f} and is fastest at η = {eta:.5f}, with a factor of {rate:.5f} per "
        "update. In fractions, two updates at η* = 4/25 multiply the distance to w* by exactly 97/125 = 0.776, from "
        "any start."
    )
    etas = np.linspace(0.01, 0.19, setting.choose(37, 181))
    drawn = dict(etas=etas, factors=worst_factor(X, etas), values=np.linalg.eigvalsh(H), limit=limit, best=(eta, rate))
    return Outcome(numbers, sentence, drawn=drawn)


def two_updates_at_best():
    """The factor by which two updates at eta* take w - w* towards 0, the same for both coordinates and two starts."""
    factors = set()
    for start in (exact.START, exact.fractions([[3], [-7]])):
        end = exact.bgd(exact.linear_gradient, start, exact.X, exact.Y, Fraction(4, 25), 2)
        factors |= {after / before for after, before in zip((end - exact.BEST).ravel(), (start - exact.BEST).ravel())}
    (factor,) = factors
    return factor


def updates_until_close(X, share=1e-6):
    """Updates at 1/lambda_max and at eta* until ||w - w*|| is below `share`, then below `share` of its start."""
    y, w_star, H = exact.Y.astype(float), exact.BEST.astype(float), theory.hessian(X)
    etas = np.array([theory.learning_rate_limit(H) / 2, theory.best_learning_rate(H)])
    path = descent.descend(theory.linear_gradient, np.zeros((2, 1)), X, y, etas, len(X), 250)
    distance = np.linalg.norm(path.theta - w_star, axis=(-2, -1))
    return [int((values < bound).argmax()) for bound in (share, share * distance[0, 0]) for values in distance.T]


TINY = ("tanh", "identity")


def tiny_network(seed=0):
    """A minimum of a 2-2-1 tanh network and its data: noisy outputs of such a network, from which BGD goes down.

    Newton's method then makes the gradient vanish to rounding.
    """
    rng = np.random.default_rng(seed)
    X, theta = rng.normal(size=(20, 2)), network.initial_parameters([2, 2, 1], rng, scale=2.0, bias_scale=0.5)
    Y = network.predict(theta, X, TINY) + rng.normal(0, 0.1, (20, 1))
    theta = descent.descend(network.gradient_of(TINY), theta, X, Y, 0.1, len(X), 2000, every=2000)[-1]
    for _ in range(5):
        theta = shifted(theta, -np.linalg.solve(hessian(theta, X, Y), flat_gradient(theta, X, Y)))
    return theta, X, Y


def flat_gradient(theta, X, Y):
    """The gradient of J as one vector."""
    return flat(network.backprop(theta, X, Y, TINY))


def flat(theta):
    """All parameters as one vector."""
    return np.concatenate([p.ravel() for pair in theta for p in pair])


def hessian(theta, X, Y, h=1e-30):
    """The Hessian of J, a column an entry of theta: the complex step through backpropagation."""
    steps = 1j * h * np.eye(len(flat(theta)))
    return np.array([flat_gradient(shifted(theta, step), X, Y).imag / h for step in steps]).T


def shifted(theta, vector):
    """theta + vector, the vector holding its entries in a row."""
    ends = np.cumsum([p.size for pair in theta for p in pair])[:-1]
    parts = iter(np.split(vector, ends))
    return [tuple(p + next(parts).reshape(p.shape) for p in pair) for pair in theta]


def local_limit(setting, progress=silent):
    """The distance to a minimum of a network, 1 % below and 1 % above 2 / lambda_max."""
    theta, X, Y = tiny_network()
    values, vectors = np.linalg.eigh(hessian(theta, X, Y))
    progress(0.5)
    updates = setting.choose(100, 300)
    shares = np.array([0.99, 1.01])
    start = shifted(theta, 1e-8 * vectors[:, -1])
    path = descent.descend(network.gradient_of(TINY), start, X, Y, shares * 2 / values[-1], len(X), updates)
    distance = np.array(
        [[np.linalg.norm(flat(path[t, run]) - flat(theta)) for run in (0, 1)] for t in range(len(path))]
    )
    growth = (distance[50] / distance[10]) ** (1 / 40)
    why = "curvature of higher order, which a start 1e-8 off hardly feels"
    numbers = (
        between(
            "length of the gradient at the minimum",
            np.linalg.norm(flat_gradient(theta, X, Y)),
            0,
            1e-14,
            "rounding",
            ".0e",
        ),
        between("least curvature there", values[0], 1e-3, np.inf, "a minimum, not a saddle"),
        near("growth per update 1 % below 2/λ_max", growth[0], 0.98, 1e-4, why),
        near("growth per update 1 % above 2/λ_max", growth[1], 1.02, 1e-4, why),
    )
    sentence = (
        f"At this minimum λ_max = {values[-1]:.4f}, so the limit is η = {2 / values[-1]:.4f}. A start 1e-8 away comes "
        f"closer by the factor {growth[0]:.4f} per update 1 % below it, and goes away by the factor "
        f"{growth[1]:.4f} 1 % above."
    )
    return Outcome(
        numbers, sentence, "data and start: seed 0", dict(distance=distance, shares=shares, limit=2 / values[-1])
    )


CENTRE, SPREAD, EXAMPLES = np.array([0.4, 0.8]), 0.2, 100


def gaussians(seed):
    """100 examples, 50 around each of the centres (0.4, 0.8) and (-0.4, -0.8)."""
    signs = np.repeat([1.0, -1.0], EXAMPLES // 2)[:, None]
    return signs * CENTRE + np.random.default_rng(seed).normal(0, SPREAD, (EXAMPLES, 2))


def two_gaussians(setting, progress=silent):
    """Curvatures and limits with the ½ of the source and without, with the bias and without."""
    seeds = setting.choose(200, 2000)
    inputs = [gaussians(seed) for seed in range(seeds)]
    half = np.array([np.linalg.eigvalsh(theory.hessian(X) / 2) for X in inputs])  # their cost has ½
    biased = np.array([np.linalg.eigvalsh(theory.hessian(theory.with_ones(X)) / 2)[-1] for X in inputs])
    progress(0.5)
    low, high = half.mean(axis=0)
    limits = [2 / half[:, 1], 1 / half[:, 1], 2 / biased, 1 / biased]
    theirs, ours, theirs_biased, ours_biased = (values.mean() for values in limits)
    factors = [worst_factor(X, np.array([1.1]))[0] for X in (inputs[0], theory.with_ones(inputs[0]))]
    numbers = (
        near("larger λ, with ½", high, 0.84, spread(half[:, 1]), SEEDS_SPREAD),
        near("smaller λ, with ½", low, 0.04, spread(half[:, 0]) + 4e-4, SEEDS_SPREAD + " and 1 % for the finite N"),
        between(
            "the source's .036: share of data sets below", (half[:, 0] < 0.036).mean(), 0.05, 0.95, "within their range"
        ),
        near(
            "limit without bias, with ½",
            theirs,
            2 / 0.84,
            spread(limits[0]) + 0.02,
            SEEDS_SPREAD + " and 1 % for the finite N",
        ),
        near(
            "limit without bias, our cost",
            ours,
            1 / 0.84,
            spread(limits[1]) + 0.01,
            SEEDS_SPREAD + " and 1 % for the finite N",
        ),
        between("largest limit with the bias, with ½", limits[2].max(), 0, 2, "the bias alone has curvature 1"),
        between("largest limit with the bias, our cost", limits[3].max(), 0, 1, "the bias alone has curvature 2"),
        between("factor per update at our η = 1.1, without bias", factors[0], 0, 1, "it converges"),
        between("factor per update at our η = 1.1, with the bias", factors[1], 1, np.inf, "it diverges"),
    )
    sentence = (
        f"With ½, as in the source: λ = {high:.3f} and {low:.3f}, limit {theirs:.2f}; with the bias "
        f"{theirs_biased:.2f}, and never above 2. In our convention λ doubles and the limits halve: {ours:.2f} and "
        f"{ours_biased:.2f}."
    )
    etas, first = np.linspace(0.02, 1.4, 70), (inputs[0], theory.with_ones(inputs[0]))
    limits = (1 / half[0, 1], 1 / biased[0])
    drawn = dict(etas=etas, factors=[worst_factor(X, etas) for X in first], limits=limits)
    return Outcome(numbers, sentence, f"{seeds} data sets: seeds 0 to {seeds - 1}", drawn)
