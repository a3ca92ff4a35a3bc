"""Beliefs that are false: for each, the table of numbers that refutes it."""

from collections.abc import Sequence

import numpy as np

from bgd_helpers import data, descent, gradcheck, network, theory
from bgd_helpers.lessons import experiments
from bgd_helpers.lessons.experiments import Problem
from bgd_helpers.lessons.measured import Measured
from bgd_helpers.parameters import Array, Layers, arrays

# Notebook 1


def parameters_and_rate(X: Array, y: Array, eta: float = 0.01, epochs: int = 2) -> Measured:
    """Bias, weight and learning rate of SGD: the derivative of J by each at the start, and where it ends."""
    start = np.array([0.5, 0.0, eta])
    slopes = gradcheck.central_difference(lambda v: theory.linear_cost(v[:2, None], X, y), start)
    run = descent.descend(theory.linear_gradient, start[:2, None], X, y, eta, 1, epochs, np.random.default_rng(0))
    ends = (*np.ravel(run[-1]), run.eta)
    rows = zip(("b", "w_1", "η"), start, slopes, ends)
    return Measured(("", "start", "dJ/d…", "end"), ("", ".4f", ".4f", ".4f"), tuple(rows))


def least_cost_of_any_function(birds: data.Regression) -> Measured:
    """J of the best line and of the best function at all: the mean target of the birds with equal inputs."""
    X, y = theory.with_ones(data.standardise(birds.X)), data.standardise(birds.y)
    _, group = np.unique(birds.X, axis=0, return_inverse=True)
    means = np.bincount(group.ravel(), y[:, 0]) / np.bincount(group.ravel())
    best = ((y[:, 0] - means[group.ravel()]) ** 2).mean()
    line = theory.linear_cost(theory.minimiser(X, y), X, y)
    return Measured(("least J of", ""), ("", ".4f"), (("a straight line", line), ("any function of the input", best)))


# Notebook 2


def updates_by_rate(X: Array, y: Array, etas: Sequence[float], excess: float = 1e-6) -> Measured:
    """For each learning rate, the updates of BGD from w = 0 until J - J* is below `excess`, and J there."""
    w, least = np.zeros((X.shape[1], 1)), theory.linear_cost(theory.minimiser(X, y), X, y)
    rows = []
    for eta in etas:
        J = theory.linear_cost(theory.linear_path(w, X, y, eta, int(40 / eta)), X, y)
        t = int((J - least < excess).argmax())
        rows.append((f"{eta:g}", t, J[t]))
    return Measured(("η", "updates", "J"), ("", ",d", ".4f"), tuple(rows))


def angles_to_the_minimum(designs: Sequence[Array], directions: int = 3600) -> Measured:
    """The angle between the step of BGD and the way to w*, seen from all around w*: its mean and its largest."""
    turn = np.linspace(0, 2 * np.pi, directions, endpoint=False)
    away = np.array([np.cos(turn), np.sin(turn)])
    rows = []
    for H in map(theory.hessian, designs):
        cosine = (away * (H @ away)).sum(axis=0) / np.linalg.norm(H @ away, axis=0)
        angle = np.degrees(np.arccos(cosine.clip(-1, 1)))
        rows.append((f"{theory.condition_number(H):.0f}", angle.mean(), angle.max()))
    return Measured(("κ", "mean angle", "largest angle"), ("", ".0f", ".0f"), tuple(rows))


def gradient_and_distance(X: Array, y: Array, near: float = 1.0, far: float = 10.0) -> Measured:
    """The length of grad J and J - J* at two points: near w* in the steepest direction, far in the shallowest."""
    w_star, (_, vectors) = theory.minimiser(X, y), np.linalg.eigh(theory.hessian(X))
    least, rows = theory.linear_cost(w_star, X, y), []
    for name, distance, vector in (("steepest", near, vectors[:, -1]), ("shallowest", far, vectors[:, 0])):
        w = w_star + distance * vector[:, None]
        length, excess = np.linalg.norm(theory.linear_gradient(w, X, y)), theory.linear_cost(w, X, y) - least
        rows.append((name, distance, length, excess))
    return Measured(("direction", "distance", "length of ∇J", "J − J*"), ("", ".0f", ".2f", ".2f"), tuple(rows))


# Notebook 3


def relu_slopes(h: float = 1e-5) -> Measured:
    """The slope of ReLU as our code has it, and its central difference, at and near the kink and away from it."""
    relu = network.activation("relu")
    points = np.array([-1, -0.4 * h, 0.0, 0.4 * h, 1])
    difference = (relu.f(points + h) - relu.f(points - h)) / (2 * h)
    rows = zip((f"{a:g}" for a in points), relu.df(points), difference)
    return Measured(("a", "f'(a)", "central difference"), ("", ".1f", ".1f"), tuple(rows))


def backprop_and_descent(net: tuple, eta: float = 0.1, times: int = 200) -> Measured:
    """J before, after calls of backprop alone, and after as many updates with the gradient from two sources."""
    theta, X, Y, activations = net
    J = network.cost_of(activations, X, Y)

    def by_complex_step(theta, X, Y):
        return gradcheck.complex_step(network.cost_of(activations, X, Y), theta)

    def trained(gradient):
        return float(J(descent.descend(gradient, theta, X, Y, eta, len(X), times, every=times)[-1]))

    for _ in range(times):
        network.backprop(theta, X, Y, activations)
    rows = (
        ("backprop, no update", float(J(theta))),
        ("updates, gradient by backprop", trained(network.gradient_of(activations))),
        ("updates, gradient by complex step", trained(by_complex_step)),
    )
    return Measured((f"{times} times", "J"), ("", ".4f"), rows)


def while_in_use(theta: Layers, X: Array, activations: Sequence[str], times: int = 10) -> Measured:
    """How many parameters, and how many answers, are other ones after the network has answered so many times."""
    before, first = [part.copy() for part in arrays(theta)], network.predict(theta, X, activations).argmax(axis=1)
    for _ in range(times):
        answers = network.predict(theta, X, activations).argmax(axis=1)
    changed = sum(int((part != old).sum()) for part, old in zip(arrays(theta), before))
    rows = (
        ("parameters", sum(part.size for part in before), changed),
        ("answers", len(first), int((answers != first).sum())),
    )
    return Measured(("", "there are", "changed"), ("", ",d", ",d"), rows)


# Notebook 4


def proportional_rates(problem: Problem, runs: dict, target: float, epochs: int = 60) -> Measured:
    """For each batch size the best learning rate, the one in proportion to B, and J at the end with either."""
    first, *_ = runs
    rule = experiments.fewest_updates(runs[first], target).eta / first
    rows = []
    for B, tried in runs.items():
        best = experiments.fewest_updates(tried, target)
        ruled = experiments.run(problem, np.array([rule * B]), B, epochs, tried.J.shape[-1]).mean()[-1, 0]
        rows.append((f"{B}", best.eta, tried.mean()[-1, best.index], rule * B, ruled))
    head = ("B", "best η", "J", "η in proportion", "J")
    return Measured(head, ("", ".3g", ".4f", ".3g", ".4f"), tuple(rows))


def held_out_by_batch_size(problem: Problem, splits: Sequence[data.Split]) -> Measured:
    """Mean training and held-out cost for four batch sizes, trained to about equal training cost; and their difference
    from the first on the same split, with its standard deviation."""
    plans: tuple = ((1, lambda t: 0.02 / (1 + t / 2000), 40), (10, 0.05, 90), (50, 0.2, 120), (250, 0.4, 150))
    costs = [experiments.held_out(problem, eta, B, epochs, splits) for B, eta, epochs in plans]
    rows = []
    for (B, *_), cost in zip(plans, costs):
        difference = cost[:, 1] - costs[0][:, 1]
        rows.append((f"{B}", *cost.mean(axis=0), difference.mean(), difference.std(ddof=1)))
    head = ("B", "training", "held out", "less that of B = 1", "±")
    return Measured(head, ("", ".3f", ".3f", "+.4f", ".4f"), tuple(rows))


def held_out_by_epochs(birds: int = 20, hidden: int = 20, splits: int = 20) -> Measured:
    """Mean training and held-out cost of a network with many units and few birds, the longer it is trained."""
    problem = experiments.penguin_problem(hidden)
    drawn = [data.split(N := len(problem.X), N - birds, np.random.default_rng(seed)) for seed in range(splits)]
    rows = [
        (f"{epochs:,d}", *experiments.held_out(problem, 0.1, birds, epochs, drawn).mean(axis=0))
        for epochs in (10, 100, 1000, 5000)
    ]
    return Measured(("epochs of BGD", "training", "held out"), ("", ".2f", ".2f"), tuple(rows))


def chosen_on_test_data(train: int = 50, test: int = 20, splits: int = 100) -> Measured:
    """J of the best of 24 settings (η, B, epochs), as the birds say that chose it, and as birds say that did not."""
    problem, size = experiments.penguin_problem(hidden=8), train + test
    orders = [np.random.default_rng(seed).permutation(len(problem.X)) for seed in range(splits)]
    parts = [(order[:train], order[train:size], order[size:]) for order in orders]
    settings = [(eta, B, epochs) for eta in (0.02, 0.05, 0.1, 0.2) for B in (10, train) for epochs in (10, 30, 100)]
    costs = np.array([experiments.held_out(problem, *setting, parts) for setting in settings])
    _, on_test, on_others = np.moveaxis(costs, -1, 0)
    best, each = on_test.argmin(axis=0), np.arange(splits)
    rows = (
        (f"all {len(settings)}, in the mean", on_test.mean(), on_others.mean()),
        (f"the best on the {test}", on_test[best, each].mean(), on_others[best, each].mean()),
    )
    head = ("", f"J on the {test}", f"J on {len(problem.X) - size} others")
    return Measured(head, ("", ".3f", ".3f"), rows)


def prepared_too_early(problem: Problem, splits: Sequence[data.Split]) -> Measured:
    """Mean held-out cost where the held-out birds had a say in the preparation, where they had none, the difference on
    the same split and its standard deviation: standardising the birds; choosing 5 of 500 columns of random numbers."""
    both = [
        experiments.held_out(problem, 0.4, len(splits[0].train), 150, splits, all_together)[:, 1]
        for all_together in (True, False)
    ]
    noise = np.random.default_rng(0).normal(size=(len(problem.X), 500))
    chosen = np.array([[_fitted(noise, problem.Y, split, early) for split in splits] for early in (True, False)])
    rows = []
    for name, (early, late) in (("mean and spread", both), ("5 of 500 columns of noise", chosen)):
        rows.append((name, early.mean(), late.mean(), (early - late).mean(), (early - late).std(ddof=1)))
    head = ("what is taken", "J, from all birds", "J, from the 250", "difference", "±")
    return Measured(head, ("", ".4f", ".4f", "+.4f", ".4f"), tuple(rows))


def _fitted(X, Y, split, early, kept=5):
    """The held-out cost of the least line through the columns that go best with Y, on all rows or the training ones."""
    seen = slice(None) if early else split.train
    centred = X[seen] - X[seen].mean(axis=0)
    strength = np.abs(centred.T @ (Y[seen] - Y[seen].mean()))[:, 0] / np.linalg.norm(centred, axis=0)
    columns = theory.with_ones(X[:, np.argsort(strength)[-kept:]])
    w = theory.minimiser(columns[split.train], Y[split.train])
    return float(theory.linear_cost(w, columns[split.held_out], Y[split.held_out]))


def near_saddle_and_plateau(eta: float = 0.1, low: float = 0.01, most: int = 100_000) -> Measured:
    """Updates of BGD until J < low: two weights in a row from near a saddle, one sigmoid from its plateau."""
    saddle = [(f"saddle, {push:g} away", [push, push], ["identity"] * 2) for push in (0.0, 1e-8, 1e-4, 1e-2)]
    plateau = [(f"plateau, w = {w:g}", [w], ["sigmoid"]) for w in (-4.0, -6.0, -8.0)]
    rows = [(name, *_until(low, weights, f, eta, most)) for name, weights, f in (*saddle, *plateau)]
    return Measured(("start", "length of ∇J", f"updates until J < {low:g}"), ("", ".1e", ",d"), tuple(rows))


def _until(low, weights, activations, eta, most):
    """The length of the first gradient, and the updates until J < low (None if there are more than `most`)."""
    theta, X = [(np.array([[w]]), np.zeros(1)) for w in weights], np.ones((1, 1))
    length = np.linalg.norm([dW[0, 0] for dW, _ in network.backprop(theta, X, X, activations)])
    w = np.array(weights)
    for t in range(most):
        theta = [(w[k].reshape(1, 1), np.zeros(1)) for k in range(len(w))]
        if network.cost(theta, X, X, activations) < low:
            return length, t
        step = np.array([dW[0, 0] for dW, _ in network.backprop(theta, X, X, activations)])
        if not step.any():
            break
        w = w - eta * step
    return length, None
