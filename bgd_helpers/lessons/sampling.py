"""The noise of SGD: the law of the variance, the floor, reshuffling, the mean path, falling rates."""

from fractions import Fraction
from itertools import permutations, product
from math import prod

import numpy as np

from bgd_helpers import data, theory
from bgd_helpers.lessons import exact, experiments
from bgd_helpers.lessons.claims import Evidence, between, evidence, exactly, near, spread

SIX, SIGMA = [Fraction(g) for g in (1, 2, 4, 9, -1, 3)], Fraction(29, 3)


def variance_law(full: bool = False) -> Evidence:
    """Sigma/B with replacement, (Sigma/B)(N - B)/(N - 1) without, over every batch there is."""
    N, most = len(SIX), 6 if full else 5
    without = {B: experiments.variance_by_enumeration(SIX, B) for B in range(1, N + 1)}
    replaced = {B: experiments.variance_by_enumeration(SIX, B, replacement=True) for B in range(1, most + 1)}
    law = {B: SIGMA / B * Fraction(N - B, N - 1) for B in without}
    return evidence(
        *(exactly(f"without replacement, B = {B}", value, law[B]) for B, value in without.items()),
        *(exactly(f"with replacement, B = {B}", value, SIGMA / B) for B, value in replaced.items()),
    )


def _body_mass():
    """The standardised body mass of the penguins: mean 0, variance 1, so that Sigma = 4 for E_n = (w - x_n)^2."""
    return data.standardise(data.load_penguins().y).ravel()


CASES = ((0.4, 1), (0.2, 1), (0.1, 1), (0.05, 1), (0.1, 4), (0.2, 16))


def noise_floor(full: bool = False) -> Evidence:
    """The variance of w after many updates, over independent runs, against eta Sigma / (B lambda (2 - eta lambda))."""
    x, seeds, replicas = _body_mass(), 20, 5000 if full else 500
    found = {case: [_end_variance(x, *case, seed, replicas) for seed in range(seeds)] for case in CASES}
    laws = {(eta, B): theory.noise_floor(eta, curvature=2, sigma2=4, batch_size=B) for eta, B in CASES}
    why = "4 standard errors over the seeds"
    return evidence(
        exactly("all 729 sequences of 6 examples, variance ÷ law", _transient(), Fraction(1)),
        *(
            near(f"variance at η = {eta:g}, B = {B}", np.mean(ends), laws[eta, B], spread(ends), why)
            for (eta, B), ends in found.items()
        ),
        seeds=f"{replicas:,d} runs for each of the seeds 0 to {seeds - 1}",
    )


def _end_variance(x, eta, batch_size, seed, replicas):
    """The variance of w around the mean of x after so many updates that the start is forgotten."""
    updates = int(np.ceil(np.log(1e-4) / np.log((1 - 2 * eta) ** 2)))
    return (experiments.mean_paths(x, eta, updates, np.random.default_rng(seed), batch_size, replicas)[-1] ** 2).mean()


def _transient(x=(0, 1, 5), eta=Fraction(1, 10), updates=6):
    """The variance after a few updates over all sequences of examples, as a share of floor * (1 - r^(2t)): 1."""
    centre, r = Fraction(sum(x), len(x)), 1 - 2 * eta
    ends = []
    for drawn in product(x, repeat=updates):
        w = centre
        for value in drawn:
            w -= eta * 2 * (w - value)
        ends.append(w)
    return exact.variance(ends) / (theory.noise_floor(eta, 2, 4 * exact.variance(x), 1) * (1 - r ** (2 * updates)))


ETAS = (1e-3, 5e-4, 2.5e-4)
EPOCHS, GROUPS = 30, 20


def reshuffled_floor(full: bool = False) -> Evidence:
    """How the floor at the ends of epochs falls with eta when every epoch is a fresh permutation: about eta^3."""
    x, seeds = _body_mass(), 10 if full else 1
    law = np.array([experiments.reshuffled_floor(x, eta) for eta in ETAS])
    found = np.array([[_group_variances(x, eta, seed) for seed in range(seeds)] for eta in ETAS]).reshape(len(ETAS), -1)
    logs = np.log(ETAS)
    slope, slopes = np.polyfit(logs, np.log(law), 1)[0], np.polyfit(logs, np.log(found), 1)[0]
    ratios, why = found / law[:, None], "4 standard errors over groups of 50 runs"
    return evidence(
        exactly("N = 4: variance over all 24 orders ÷ the closed form", _small_floor(), Fraction(1)),
        *(near(f"floor ÷ exact at η = {eta:g}", r.mean(), 1, spread(r), why) for eta, r in zip(ETAS, ratios)),
        between("slope of the exact floor on log axes", slope, 2.9, 3, "below 3, and closer to it the smaller η"),
        near("slope of the measured floor", slopes.mean(), slope, spread(slopes), why),
        seeds=f"1,000 runs of {EPOCHS} epochs for each of the seeds 0 to {seeds - 1}",
    )


def _group_variances(x, eta, seed, replicas=1000):
    """The variance of w at the end of the last epoch, in each of 20 groups of runs."""
    rng = np.random.default_rng(seed)
    w = experiments.mean_paths(x, eta, EPOCHS * len(x), rng, replicas=replicas, order="shuffled")[-1]
    return (w.reshape(GROUPS, -1) ** 2).mean(axis=1)


def _small_floor(x=(0, 1, 5, 2), eta=Fraction(1, 10)):
    """The variance of an epoch's sum over all orders, as a share of sampling without replacement: 1."""
    N, r = len(x), 1 - 2 * eta
    c = [2 * eta * r ** (N - 1 - i) for i in range(N)]
    sums = [sum(a * b for a, b in zip(c, order)) for order in permutations(x)]
    return exact.variance(sums) / (Fraction(N * N, N - 1) * exact.variance(x) * exact.variance(c))


def mean_path(full: bool = False) -> Evidence:
    """The mean of SGD over every sequence of examples, against BGD: equal if drawn independently, on a quadratic."""
    linear = exact.linear_gradient, exact.START, exact.X, exact.Y, Fraction(1, 10)
    net = *exact.square_network(), Fraction(1, 20)
    drawn = [exact.independent_orders(4, updates) for updates in range(1, 6 if full else 5)]
    apart = {len(orders[0]): exact.difference_from_bgd(*linear, orders) for orders in drawn}
    shuffled = exact.difference_from_bgd(*linear, list(permutations(range(4))))
    first, second = (exact.difference_from_bgd(*net, exact.independent_orders(2, updates)) for updates in (1, 2))
    return evidence(
        *(exactly(f"drawn independently, {4**t} sequences of {t}", gap, Fraction(0)) for t, gap in apart.items()),
        exactly("first update of the network: difference", first, Fraction(0)),
        between("reshuffled, all 24 orders of 4: difference", shuffled, Fraction(1, 1000), 1, "not zero"),
        between("network, 4 sequences of 2: difference", second, Fraction(1, 1000), 1, "not zero"),
    )


def running_mean(full: bool = False) -> Evidence:
    """eta_t = 1/(2t) on E_n = (w - x_n)^2 makes w the mean of the examples seen; 1/(2t^2) from t = 2 stops halfway."""
    x, updates = [Fraction(value) for value in (1, 4, -2, 7, 5, 3, 3, -6)], 10_000 if full else 1000
    w, apart = Fraction(100), []
    for t, value in enumerate(x, start=1):
        w -= Fraction(1, 2 * t) * 2 * (w - value)
        apart.append(abs(w - Fraction(sum(x[:t]), t)))
    left = prod(1 - Fraction(1, t * t) for t in range(2, updates + 1))
    share = Fraction(updates + 1, 2 * updates)
    return evidence(
        exactly("1/(2t): largest difference from the running mean", max(apart), Fraction(0)),
        exactly(f"1/(2t²): share of the distance left at t = {updates:,d}", left, share),
        between("and so as a decimal", float(left), 0.5, 0.5 + 1 / updates, "(t + 1)/(2t) falls to 1/2"),
    )
