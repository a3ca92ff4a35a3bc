"""The largest and the best learning rate of BGD on a quadratic: the course's regression, LeCun's two Gaussians."""

from fractions import Fraction

import numpy as np

from bgd_helpers import descent, theory
from bgd_helpers.lessons import exact
from bgd_helpers.lessons.claims import Evidence, between, evidence, exactly, near, spread
from bgd_helpers.parameters import Array


def worst_factor(X: Array, etas: Array, updates: int = 100) -> Array:
    """The factor by which the longest distance shrinks or grows in an update of BGD, for each learning rate.

    Measured: runs from the corners of a cube around w* = 0, and how long the longest combination of their ends is.
    """
    d = X.shape[1]
    starts = np.eye(d)[:, :, None]
    runs = [descent.descend(theory.linear_gradient, w, X, 0 * X[:, :1], etas, len(X), updates)[-1] for w in starts]
    return np.linalg.norm(np.concatenate(runs, axis=-1), 2, axis=(-2, -1)) ** (1 / updates)


def measured_limit(X: Array, low: float = 0.0, high: float = 10.0) -> float:
    """The largest eta with which runs do not grow, by bisection on runs."""
    while high - low > 1e-8 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if worst_factor(X, np.array([middle]))[0] > 1 else (middle, high)
    return low


def limit_and_rate(full: bool = False) -> Evidence:
    """E15-E17 on the regression of the course, measured on runs alone."""
    X = exact.X.astype(float)
    H = theory.hessian(X)
    kappa, steps = theory.condition_number(H), _updates_until_close(X)
    tried = np.linspace(0.159, 0.161, 2001 if full else 201)
    factors, gap = worst_factor(X, tried), tried[1] - tried[0]
    return evidence(
        near("largest η that converges", measured_limit(X), theory.learning_rate_limit(H), 5e-6, "5 digits"),
        near("η that shrinks fastest", tried[factors.argmin()], 4 / 25, gap, "distance between the η tried"),
        near("its factor per update", factors.min(), (kappa - 1) / (kappa + 1), 5e-6, "5 digits"),
        exactly("two updates at η = 4/25, in fractions", _two_updates_at_best(), Fraction(97, 125)),
        exactly("updates at 1/λ_max until the distance is 1e-6", steps[0], 192, "a count"),
        exactly("updates at η* until the distance is 1e-6", steps[1], 113, "a count"),
        exactly("updates at 1/λ_max until it is 1e-6 of its start", steps[2], 185, "a count"),
        exactly("updates at η* until it is 1e-6 of its start", steps[3], 109, "a count"),
    )


def _two_updates_at_best():
    """The factor by which two updates at eta* take w - w* towards 0, the same for both coordinates and two starts."""
    factors = set()
    for start in (exact.START, exact.fractions([[3], [-7]])):
        end = exact.bgd(exact.linear_gradient, start, exact.X, exact.Y, Fraction(4, 25), 2)
        factors |= set(((end - exact.BEST) / (start - exact.BEST)).ravel())
    (factor,) = factors
    return factor


def _updates_until_close(X, share=1e-6):
    """Updates at 1/lambda_max and at eta* until ||w - w*|| is below `share`, then below `share` of its start."""
    y, w_star, H = exact.Y.astype(float), exact.BEST.astype(float), theory.hessian(X)
    etas = np.array([theory.learning_rate_limit(H) / 2, theory.best_learning_rate(H)])
    path = descent.descend(theory.linear_gradient, np.zeros((2, 1)), X, y, etas, len(X), 250)
    distance = np.linalg.norm(path.theta - w_star, axis=(-2, -1))
    return [int((values < bound).argmax()) for bound in (share, share * distance[0, 0]) for values in distance.T]


CENTRE, SPREAD, EXAMPLES = np.array([0.4, 0.8]), 0.2, 100


def _gaussians(seed):
    """100 examples, 50 around each of the centres (0.4, 0.8) and (-0.4, -0.8)."""
    signs = np.repeat([1.0, -1.0], EXAMPLES // 2)[:, None]
    return signs * CENTRE + np.random.default_rng(seed).normal(0, SPREAD, (EXAMPLES, 2))


def two_gaussians(full: bool = False) -> Evidence:
    """Curvatures and limits with the ½ of the source and without, with the bias and without."""
    inputs = [_gaussians(seed) for seed in range(2000 if full else 200)]
    low, high = np.array([np.linalg.eigvalsh(theory.hessian(X) / 2) for X in inputs]).T  # the source's cost has ½
    biased = np.array([np.linalg.eigvalsh(theory.hessian(theory.with_ones(X)) / 2)[-1] for X in inputs])
    first = inputs[0], theory.with_ones(inputs[0])
    factors = [worst_factor(X, np.array([1.1]))[0] for X in first]
    seeds = "4 standard errors over the data sets"
    finite = seeds + " and 1 % for the finite N"
    etas = np.linspace(0.02, 1.4, 70)
    return evidence(
        near("larger λ, with ½", high.mean(), 0.84, spread(high), seeds),
        near("smaller λ, with ½", low.mean(), 0.04, spread(low) + 4e-4, finite),
        between("the source's .036: share of data sets below", (low < 0.036).mean(), 0.05, 0.95, "within their range"),
        near("limit without bias, with ½", (2 / high).mean(), 2 / 0.84, spread(2 / high) + 0.02, finite),
        near("limit without bias, our cost", (1 / high).mean(), 1 / 0.84, spread(1 / high) + 0.01, finite),
        between("largest limit with the bias, with ½", (2 / biased).max(), 0, 2, "the bias alone has curvature 1"),
        between("largest limit with the bias, our cost", (1 / biased).max(), 0, 1, "the bias alone has curvature 2"),
        between("factor per update at our η = 1.1, without bias", factors[0], 0, 1, "it converges"),
        between("factor per update at our η = 1.1, with the bias", factors[1], 1, np.inf, "it diverges"),
        seeds=f"{len(inputs)} data sets, seeds 0 to {len(inputs) - 1}",
        etas=etas,
        factors=[worst_factor(X, etas) for X in first],
        limits=(1 / high[0], 1 / biased[0]),
    )
