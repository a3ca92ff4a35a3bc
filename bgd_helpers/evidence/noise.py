"""Rows on the noise of SGD: the law of the variance, the floor, reshuffling, the mean path, falling rates."""

from fractions import Fraction
from itertools import permutations, product

import numpy as np

from bgd_helpers import data, network, theory
from bgd_helpers.evidence import exact
from bgd_helpers.evidence.row import Outcome, between, exactly, near, silent, spread
from bgd_helpers.lessons import experiments

SIX = [Fraction(g) for g in (1, 2, 4, 9, -1, 3)]
SIGMA = Fraction(29, 3)


def variance_law(setting, progress=silent):
    """Sigma/B with replacement, (Sigma/B)(N - B)/(N - 1) without, over every batch there is."""
    N, most = len(SIX), setting.choose(5, 6)
    without = [experiments.variance_by_enumeration(SIX, B) for B in range(1, N + 1)]
    progress(0.2)
    replaced = [experiments.variance_by_enumeration(SIX, B, replacement=True) for B in range(1, most + 1)]
    numbers = (
        *(
            exactly(f"without replacement, B = {B}", v, SIGMA / B * Fraction(N - B, N - 1))
            for B, v in enumerate(without, 1)
        ),
        *(exactly(f"with replacement, B = {B}", v, SIGMA / B) for B, v in enumerate(replaced, 1)),
    )
    sentence = (
        f"All {sum(N**B for B in range(1, most + 1)):,} batches with replacement (B up to {most}) and all 63 without "
        "follow their laws as fractions. Without replacement the variance at B = N is 0: there SGD is BGD."
    )
    drawn = dict(without=np.array(without, float), replaced=np.array(replaced, float), sigma=float(SIGMA), N=N)
    return Outcome(numbers, sentence, drawn=drawn)


def body_mass():
    """The standardised body mass of the penguins: mean 0, variance 1, so that Sigma = 4 for E_n = (w - x_n)^2."""
    return data.standardise(data.load_penguins().y).ravel()


CASES = ((0.4, 1), (0.2, 1), (0.1, 1), (0.05, 1), (0.1, 4), (0.2, 16))


def noise_floor(setting, progress=silent):
    """The variance of w after many updates, over independent runs, against eta Sigma / (B lambda (2 - eta lambda))."""
    x, seeds, replicas = body_mass(), 20, setting.choose(500, 5000)
    numbers, found, laws = [transient()], [], []
    for done, (eta, B) in enumerate(CASES, start=1):
        ends = [end_variance(x, eta, B, seed, replicas) for seed in range(seeds)]
        found.append(ends)
        laws.append(theory.noise_floor(eta, curvature=2, sigma2=4, batch_size=B))
        why = "4 standard errors over the seeds"
        numbers.append(near(f"variance at η = {eta:g}, B = {B}", np.mean(ends), laws[-1], spread(ends), why))
        progress(done / len(CASES))
    off = np.abs(np.mean(found, axis=1) / laws - 1).max()
    sentence = f"Every measured floor lies within {100 * off:.1f} % of the law; one small case agrees as a fraction."
    told = f"{seeds} seeds (0 to {seeds - 1}) of {replicas:,d} runs each"
    return Outcome(tuple(numbers), sentence, told, dict(cases=CASES, found=np.array(found), laws=np.array(laws)))


def end_variance(x, eta, batch_size, seed, replicas):
    """The variance of w around the mean of x after so many updates that the start is forgotten."""
    updates = int(np.ceil(np.log(1e-4) / np.log((1 - 2 * eta) ** 2)))
    return (experiments.mean_paths(x, eta, updates, np.random.default_rng(seed), batch_size, replicas)[-1] ** 2).mean()


def transient(x=(0, 1, 5), eta=Fraction(1, 10), updates=6):
    """The variance after a few updates over all sequences of examples, as a share of floor * (1 - r^(2t)): 1."""
    centre = Fraction(sum(x), len(x))
    sigma, r = 4 * sum((value - centre) ** 2 for value in x) / len(x), 1 - 2 * eta
    ends = []
    for drawn in product(x, repeat=updates):
        w = centre
        for value in drawn:
            w -= eta * 2 * (w - value)
        ends.append((w - centre) ** 2)
    law = eta * sigma / (2 * (2 - 2 * eta)) * (1 - r ** (2 * updates))
    return exactly(
        f"all {len(ends)} sequences of {updates} examples, variance ÷ law", sum(ends) / len(ends) / law, Fraction(1)
    )


ETAS = np.array([1e-3, 5e-4, 2.5e-4])
EPOCHS, GROUPS = 30, 20


def reshuffled_floor(setting, progress=silent):
    """How the floor at the ends of epochs falls with eta when every epoch is a fresh permutation: about eta^3."""
    x, seeds, replicas = body_mass(), setting.choose(1, 10), 1000
    law = np.array([experiments.reshuffled_floor(x, eta) for eta in ETAS])
    found = []
    for done, eta in enumerate(ETAS, start=1):
        found.append(np.concatenate([group_variances(x, eta, seed, replicas) for seed in range(seeds)]))
        progress(done / len(ETAS))
    found, logs = np.array(found), np.log(ETAS)
    slope, slopes = np.polyfit(logs, np.log(law), 1)[0], np.polyfit(logs, np.log(found), 1)[0]
    why = "4 standard errors over groups of 50 runs"
    ratios = found / law[:, None]
    numbers = (
        exactly("N = 4: variance over all 24 orders ÷ the closed form", small_floor(), Fraction(1)),
        *(near(f"floor ÷ exact at η = {eta:g}", r.mean(), 1, spread(r), why) for eta, r in zip(ETAS, ratios)),
        between(
            "slope of the exact floor on log axes", slope, 2.9, 3, "below 3, and closer to it the smaller η", ".3f"
        ),
        near("slope of the measured floor", slopes.mean(), slope, spread(slopes), why, ".3f"),
    )
    sentence = (
        f"With a fresh order each epoch the floor falls with the slope {slope:.3f} in η (measured "
        f"{slopes.mean():.3f}): half of η gives about an eighth of it. For examples drawn with replacement the slope "
        "is 1."
    )
    replaced = np.array([theory.noise_floor(eta, 2, 4, 1) for eta in ETAS])
    told = (
        f"{seeds * replicas:,d} runs of {EPOCHS} epochs, seeds 0 to {seeds - 1}"
        if seeds > 1
        else f"{replicas:,d} runs of {EPOCHS} epochs, seed 0"
    )
    return Outcome(numbers, sentence, told, dict(etas=ETAS, found=found, law=law, replaced=replaced, slope=slope))


def group_variances(x, eta, seed, replicas):
    """The variance of w at the end of the last epoch, in each of 20 groups of runs."""
    rng = np.random.default_rng(seed)
    w = experiments.mean_paths(x, eta, EPOCHS * len(x), rng, replicas=replicas, order="shuffled")[-1]
    return (w.reshape(GROUPS, -1) ** 2).mean(axis=1)


def small_floor(x=(0, 1, 5, 2), eta=Fraction(1, 10)):
    """The variance of an epoch's sum over all orders, as a share of sampling without replacement: 1."""
    N, r = len(x), 1 - 2 * eta
    c = [2 * eta * r ** (N - 1 - i) for i in range(N)]
    sums = [sum(a * b for a, b in zip(c, order)) for order in permutations(x)]
    return variance(sums) / (Fraction(N * N, N - 1) * variance(x) * variance(c))


def variance(values):
    """The variance of whole numbers or fractions, as a fraction."""
    centre = Fraction(sum(values)) / len(values)
    return sum((value - centre) ** 2 for value in values) / len(values)


ETA = Fraction(1, 10)


def mean_path(setting, progress=silent):
    """The mean of SGD over every sequence of examples, against BGD: equal if drawn independently, on a quadratic."""
    given = exact.linear_gradient, exact.START, exact.X, exact.Y, ETA
    updates = range(1, setting.choose(5, 6))
    apart = [difference_from_bgd(given, exact.independent_orders(4, t), t) for t in updates]
    progress(0.6)
    shuffled = difference_from_bgd(given, list(permutations(range(4))), 4)
    net = difference_from_bgd(square_network(), exact.independent_orders(2, 2), 2)
    numbers = (
        *(exactly(f"drawn independently, {4**t} sequences of {t}", gap, Fraction(0)) for t, gap in zip(updates, apart)),
        exactly(
            "first update of the network: difference",
            difference_from_bgd(square_network(), [(0,), (1,)], 1),
            Fraction(0),
        ),
        between("reshuffled, all 24 orders of 4: difference", shuffled, Fraction(1, 1000), 1, "not zero"),
        between("network, 4 sequences of 2: difference", net, Fraction(1, 1000), 1, "not zero"),
    )
    sentence = (
        "On linear regression the mean over all sequences is the BGD path as a fraction. Over the 24 orders of one "
        f"epoch it is off by {float(shuffled):.4f}, and on a network with two examples, after two updates, by "
        f"{float(net):.4f}."
    )
    return Outcome(numbers, sentence)


def difference_from_bgd(given, orders, updates):
    """The largest difference between the mean of SGD's ends over these orders and where BGD ends."""
    return exact.largest_difference(exact.mean_of_walks(*given, orders), exact.bgd(*given, updates))


def square_network():
    """A 1-1-1 network with a squared hidden unit, in fractions: gradient, start, two examples, learning rate."""
    theta = [tuple(map(exact.fractions, ([[1]], ["1/2"]))), tuple(map(exact.fractions, ([[1]], [0])))]

    def gradient(theta, X, Y):
        return network.backprop(theta, X, Y, ["square", exact.IDENTITY])

    return gradient, theta, exact.fractions([[0], [1]]), exact.fractions([[1], [2]]), Fraction(1, 20)


def running_mean(setting, progress=silent):
    """eta_t = 1/(2t) on E_n = (w - x_n)^2 makes w the mean of the examples seen; 1/(2t^2) from t = 2 stops halfway."""
    x, updates = [Fraction(value) for value in (1, 4, -2, 7, 5, 3, 3, -6)], setting.choose(1000, 10_000)
    w, apart = Fraction(100), []
    for t, value in enumerate(x, start=1):
        w -= Fraction(1, 2 * t) * 2 * (w - value)
        apart.append(abs(w - sum(x[:t]) / t))
    distance, kept = Fraction(1), []
    for t in range(2, updates + 1):
        distance *= 1 - Fraction(1, t * t)
        kept.append(float(distance))
    numbers = (
        exactly("1/(2t): largest difference from the running mean", max(apart), Fraction(0)),
        exactly(
            f"1/(2t²): share of the distance left at t = {updates:,d}", distance, Fraction(updates + 1, 2 * updates)
        ),
        between("and so as a decimal", float(distance), 0.5, 0.5 + 1 / updates, "(t + 1)/(2t) falls to 1/2"),
    )
    sentence = (
        "From w = 100 the rate 1/(2t) gives the mean of the examples seen at each t, as a fraction. With 1/(2t²) the "
        f"share {distance} of the distance is left at t = {updates:,d}, and half of it forever."
    )
    harmonic = np.cumprod([1 - 1 / t for t in range(2, updates + 1)])
    return Outcome(numbers, sentence, drawn=dict(t=np.arange(2, updates + 1), fast=np.array(kept), slow=harmonic))
