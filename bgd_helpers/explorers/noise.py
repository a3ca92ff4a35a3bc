"""How noisy a batch is: batch size, with or without replacement, how many batches, and where θ is."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bgd_helpers import descent, network, theory
from bgd_helpers.explorers.comparison import batch_sizes_of
from bgd_helpers.pictures.controls import choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.figures.noise import Cloud, Limits, Noise, noise_picture, show_noise

WAYS = (("without replacement", "without"), ("with replacement", "with"))
DRAWS = (10, 30, 100, 300, 1000)
EPOCHS = (0, 1, 2, 5, 10, 20, 40, 60)
ETA = 0.4  # of the BGD that moves θ
PREDICT = "Four times the batch: how much narrower does the cloud of batch gradients get?"
LOOK_FOR = (
    "Where does the law cross ‖∇J‖²? To the left of the crossing a batch gradient is more noise than gradient. "
    "Let BGD go on for some epochs: does the crossing stay at the same B?"
)


class Place(NamedTuple):
    """The gradients of all examples at one θ, a row an example, and the two columns that the cloud shows."""

    gradients: np.ndarray
    shown: list


class Batches(NamedTuple):
    """Of the mean gradients of batches, a row a batch size and a column a draw.

    The squared distance to grad J, the two shown entries, and whether a small step against it lowers J.
    """

    squared: np.ndarray
    points: np.ndarray
    downhill: np.ndarray


def noise_figure(problem, batch_size=18, replacement="without", draws=300, seed=0, epochs=0):
    """The noise of a batch's mean gradient beside its law Σ/B, and the cloud of such gradients around grad J."""
    places = _places(problem)
    measured = _measure(places[epochs], seed)
    drawn = _drawn(places[epochs], measured, batch_size, replacement, draws)
    names = [_entry_name(problem.theta, column) for column in places[0].shown]
    return noise_picture(*drawn, batch_size, replacement, _limits(places.values()), names)


def noise_explorer(problem, batch_size=18, draws=300):
    """The same picture with its sliders. All batch sizes are measured at once, for each seed and θ."""
    places = _places(problem)
    measured = lru_cache(lambda seed, epochs: _measure(places[epochs], seed))
    picture = noise_figure(problem, batch_size, draws=draws)

    def redraw(batch_size, replacement, draws, seed, epochs):
        drawn = _drawn(places[epochs], measured(seed, epochs), batch_size, replacement, draws)
        return show_noise(picture.moving, *drawn, batch_size, replacement)

    return Explorer(picture, _controls(len(problem.X), batch_size, draws), redraw, LOOK_FOR, PREDICT, lines=5)


def _controls(N, batch_size, draws):
    return {
        "batch_size": choice_slider(
            "batch size B", batch_sizes_of(N), batch_size, "How many examples a batch averages"
        ),
        "replacement": choice("batches are drawn", WAYS, "without", "Whether an example can be in a batch twice"),
        "draws": choice_slider("batches drawn", DRAWS, draws, "How many batches are drawn of each size"),
        "seed": step_slider("draw again (seed)", 9, 0, "Other random batches"),
        "epochs": choice_slider("epochs of BGD", EPOCHS, 0, f"Where θ is: after so many epochs of BGD with η = {ETA}"),
    }


def _places(problem):
    """The place at each number of epochs of BGD; the two entries shown are those noisiest at the start."""
    gradient = network.gradient_of(problem.activations)
    path = descent.descend(gradient, problem.theta, problem.X, problem.Y, ETA, len(problem.X), EPOCHS[-1])
    gradients = {epochs: _gradients(problem, path[epochs]) for epochs in EPOCHS}
    shown = sorted(gradients[0].var(axis=0).argsort()[-2:])
    return {epochs: Place(rows, shown) for epochs, rows in gradients.items()}


def _gradients(problem, theta):
    """E6 for all parameters: N x P, a row an example."""
    layers = network.example_gradients(theta, problem.X, problem.Y, problem.activations)
    return np.column_stack([part.reshape(len(problem.X), -1) for layer in layers for part in layer])


def _measure(place, seed):
    """{"without": Batches, "with": Batches} of every batch size."""
    orders = _orders(len(place.gradients), seed)
    return {way: _batches(place, order) for way, order in orders.items()}


@lru_cache(maxsize=4)
def _orders(N, seed):
    """Random orders of the examples, draws x N: the first B of an order are its batch of size B."""
    rng = np.random.default_rng(seed)
    each = np.tile(np.arange(N), (DRAWS[-1], 1))
    return {"without": rng.permuted(each, axis=1), "with": rng.integers(0, N, each.shape)}


def _batches(place, order):
    mean = place.gradients.mean(axis=0)
    sizes = batch_sizes_of(len(place.gradients))
    means = np.array([_shares(order, B) @ place.gradients for B in sizes])
    return Batches(((means - mean) ** 2).sum(axis=-1), means[..., place.shown], means @ mean > 0)


def _shares(order, B):
    """The weight of each example in the mean of the first B of each order, draws x N."""
    draws, N = order.shape
    places = np.arange(draws)[:, None] * N + order[:, :B]
    return np.bincount(places.ravel(), minlength=draws * N).reshape(draws, N) / B


def _drawn(place, measured, batch_size, replacement, draws):
    """(noise, cloud): of each batch size the variance over the first `draws` batches, and the present cloud."""
    gradients, mean = place.gradients, place.gradients.mean(axis=0)
    sizes = np.array(batch_sizes_of(len(gradients)))
    law = {way: _law(gradients, way) for _, way in WAYS}
    found = {way: batches.squared[:, :draws].mean(axis=1) for way, batches in measured.items()}
    noise = Noise(sizes, law, found, gradients.var(axis=0).sum(), mean @ mean)
    row, batches = list(sizes).index(batch_size), measured[replacement]
    share = law[replacement][row] / noise.sigma
    covariance = np.cov(gradients[:, place.shown].T, bias=True) * share
    downhill = batches.downhill[row, :draws].mean()
    return noise, Cloud(batches.points[row, :draws], mean[place.shown], covariance, downhill)


def _law(gradients, way):
    sizes = batch_sizes_of(len(gradients))
    return np.array([theory.batch_variance(gradients, B, way == "with") for B in sizes])


def _limits(places):
    """Axes that hold every law but its zero, and two and a half standard deviations of single examples."""
    laws = np.array([_law(place.gradients, "without") for place in places])
    variance = laws[laws > 0].min() / 3, laws.max() * 3
    means = np.array([place.gradients.mean(axis=0)[place.shown] for place in places])
    spread = 2.5 * np.array([place.gradients.std(axis=0)[place.shown] for place in places]).max(axis=0)
    return Limits(variance, means.min(axis=0) - spread, means.max(axis=0) + spread)


def _entry_name(theta, column):
    """The column of the gradients in the notation of the course: w_ij^(k) or b_j^(k)."""
    for k, (W, b) in enumerate(theta, start=1):
        if column < W.size:
            i, j = np.unravel_index(column, W.shape)
            return rf"$\partial / \partial w_{{{i + 1}{j + 1}}}^{{({k})}}$"
        if column < W.size + b.size:
            return rf"$\partial / \partial b_{{{column - W.size + 1}}}^{{({k})}}$"
        column -= W.size + b.size
    raise ValueError(f"there is no parameter {column} more")
