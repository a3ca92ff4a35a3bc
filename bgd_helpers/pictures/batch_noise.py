"""How noisy a batch is: its law and what is measured, and the gradients of many batches as a cloud."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from bgd_helpers import descent, network, theory
from bgd_helpers.lessons.experiments import Problem
from bgd_helpers.pictures.controls import batch_sizes_of, choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.picture import COLOURS, MARKERS, Picture, house_style, new_figure

WAYS = (("without replacement", "without"), ("with replacement", "with"))
LOOKS = {"without": ("bgd", "--"), "with": ("sgd", "-")}  # key of COLOURS and MARKERS, line
DRAWS = (10, 30, 100, 300, 1000)
EPOCHS = (0, 1, 2, 5, 10, 20, 40, 60)
ETA = 0.4  # of the BGD that moves θ
CIRCLE = np.array([np.cos(np.linspace(0, 2 * np.pi, 97)), np.sin(np.linspace(0, 2 * np.pi, 97))])
GRID = {"batch_size": None, "epochs": None}  # of a page with no kernel
ZERO = 1e-12  # of Σ: below it there is only rounding
PREDICT = "Four times the batch: how much narrower does the cloud of batch gradients get?"
LOOK_FOR = (
    "Where does the law cross ‖∇J‖²? To the left of the crossing a batch gradient is more noise than gradient. "
    "Let BGD go on for some epochs: does the crossing stay at the same B?"
)


@dataclass(frozen=True, eq=False)
class Place:
    """The gradients of all examples at one θ, a row an example, and the two columns that the cloud shows."""

    gradients: np.ndarray
    shown: list

    @cached_property
    def mean(self):
        """grad J."""
        return self.gradients.mean(axis=0)

    @cached_property
    def sigma(self):
        """The variance of one example's gradient, summed over the parameters."""
        return self.gradients.var(axis=0).sum()

    @cached_property
    def law(self):
        """The variance of a batch's mean gradient, for each batch size, by how batches are drawn."""
        sizes = batch_sizes_of(len(self.gradients))
        variance = theory.batch_variance
        return {way: np.array([variance(self.gradients, B, way == "with") for B in sizes]) for way in LOOKS}

    def positive(self, variance):
        """The variances that a log scale can show; NaN for zero up to rounding."""
        return np.where(variance > ZERO * self.sigma, variance, np.nan)


class Batches(NamedTuple):
    """Of the mean gradients of batches, a row a batch size and a column a draw.

    The squared distance to grad J, the two shown entries, and whether a small step against it lowers J.
    """

    squared: np.ndarray
    points: np.ndarray
    downhill: np.ndarray


@house_style
def noise_figure(problem, batch_size=18, replacement="without", draws=300, seed=0, epochs=0):
    """The noise of a batch's mean gradient beside its law Σ/B, and the cloud of such gradients around grad J."""
    places = _places(problem)
    figure, (left, right) = new_figure(9.5, 4.3, 1, 2, width_ratios=(1.15, 1))
    moving = _draw_law(left, list(places.values())) | _draw_cloud(right, problem.theta, list(places.values()))
    for axes in (left, right):
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.21), ncols=2, fontsize=10, borderaxespad=0)
    words = _show(moving, places[epochs], _measure(places[epochs], seed), batch_size, replacement, draws)
    return Picture(figure, words, moving)


def noise_explorer(problem: Problem, batch_size: int = 18, draws: int = 300) -> Explorer:
    """The gradients of random batches around that of all examples, with sliders: all batch sizes measured at once."""
    places, picture = _places(problem), noise_figure(problem, batch_size, draws=draws)
    measured = lru_cache(lambda seed, epochs: _measure(places[epochs], seed))

    def redraw(batch_size, replacement, draws, seed, epochs):
        return _show(picture.moving, places[epochs], measured(seed, epochs), batch_size, replacement, draws)

    return Explorer(picture, _controls(len(problem.X), batch_size, draws), redraw, LOOK_FOR, PREDICT, None, 5, GRID)


def _controls(N, batch_size, draws):
    sizes, where = batch_sizes_of(N), f"Where θ is: after so many epochs of BGD with η = {ETA}"
    return {
        "batch_size": choice_slider("batch size B", sizes, batch_size, "How many examples a batch averages"),
        "replacement": choice("batches are drawn", WAYS, "without", "Whether an example can be in a batch twice"),
        "draws": choice_slider("batches drawn", DRAWS, draws, "How many batches are drawn of each size"),
        "seed": step_slider("draw again (seed)", 9, 0, "Other random batches"),
        "epochs": choice_slider("epochs of BGD", EPOCHS, 0, where),
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
    return {way: _batches(place, order) for way, order in _orders(len(place.gradients), seed).items()}


@lru_cache(maxsize=4)
def _orders(N, seed):
    """Random orders of the examples, draws x N: the first B of an order are its batch of size B."""
    rng = np.random.default_rng(seed)
    each = np.tile(np.arange(N), (DRAWS[-1], 1))
    return {"without": rng.permuted(each, axis=1), "with": rng.integers(0, N, each.shape)}


def _batches(place, order):
    sizes = batch_sizes_of(len(place.gradients))
    means = np.array([_weights(order, B) @ place.gradients for B in sizes])
    return Batches(((means - place.mean) ** 2).sum(axis=-1), means[..., place.shown], means @ place.mean > 0)


def _weights(order, B):
    """The weight of each example in the mean of the first B of each order, draws x N."""
    draws, N = order.shape
    places = np.arange(draws)[:, None] * N + order[:, :B]
    return np.bincount(places.ravel(), minlength=draws * N).reshape(draws, N) / B


def _draw_law(axes, places):
    """Axes that hold the law at every place, but for its zero."""
    laws, N = np.array([place.law["without"] for place in places]), len(places[0].gradients)
    lowest, highest = laws[laws > 0].min() / 3, laws.max() * 3
    axes.set(xscale="log", yscale="log", xlim=(0.9, N * 1.1), ylim=(lowest, highest))
    axes.set(xlabel="batch size B (log scale)", ylabel="variance of the batch's\nmean gradient (log scale)")
    axes.set_title("how far off is a batch?", loc="left", fontsize=11)
    ticks = [B for B in (1, 3, 10, 30, 100, N) if B <= N]
    axes.set_xticks(ticks, [f"{B}" for B in ticks])
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_formatter(lambda variance, position: f"{variance:g}")
    axes.text(N * 0.75, lowest * 1.3, "without: 0 at B = N", ha="right", fontsize=10)
    moving = {
        "present": axes.axvline(1, color=COLOURS["batch_size"], linewidth=2, alpha=0.6),
        "signal": axes.plot([], [], ":", color=COLOURS["truth"], linewidth=2, label="size of ∇J, ‖∇J‖²")[0],
    }
    for way, (kind, line) in LOOKS.items():
        look = dict(color=COLOURS[kind], label=f"law {way} replacement")
        mark = dict(color=COLOURS[kind], markeredgecolor="white", markersize=6, label=f"measured {way}")
        moving[f"law {way}"] = axes.plot([], [], line, linewidth=2, **look)[0]
        moving[f"measured {way}"] = axes.plot([], [], MARKERS[kind], **mark)[0]
    look = dict(color=COLOURS["batch_size"], markeredgecolor="black", markersize=11, zorder=5)
    return moving | {"here": axes.plot([], [], MARKERS["batch_size"], label="the chosen B", **look)[0]}


def _draw_cloud(axes, theta, places):
    """Axes that hold grad J at every place, and two and a half standard deviations of single examples."""
    shown = places[0].shown
    means = np.array([place.mean[shown] for place in places])
    spread = 2.5 * np.array([place.gradients.std(axis=0)[shown] for place in places]).max(axis=0)
    axes.set(**dict(zip(("xlim", "ylim"), zip(means.min(axis=0) - spread, means.max(axis=0) + spread))))
    axes.set(**{side: f"gradient entry {_name(theta, column)}" for side, column in zip(("xlabel", "ylabel"), shown)})
    axes.set_title("many batches, the same θ", loc="left", fontsize=11)
    axes.axhline(0, color=COLOURS["truth"], linewidth=0.8)
    axes.axvline(0, color=COLOURS["truth"], linewidth=0.8)
    points = dict(color=COLOURS["batch_size"], markersize=4, markeredgewidth=0, alpha=0.5)
    edge = dict(color=COLOURS["truth"], linewidth=1.5, zorder=3)
    star = dict(color=COLOURS["highlight"], markeredgecolor="black", markersize=10, zorder=4)
    return {
        "cloud": axes.plot([], [], "o", label="mean gradient of a batch", **points)[0],
        "ellipse": axes.plot([], [], label="law, 2 standard deviations", **edge)[0],
        "gradient": axes.plot([], [], MARKERS["truth"], label="∇J", **star)[0],
    }


def _name(theta, column):
    """The column of the gradients in the notation of the course: w_ij^(k) or b_j^(k)."""
    names = []
    for k, (W, b) in enumerate(theta, start=1):
        names += [f"w_{{{i + 1}{j + 1}}}^{{({k})}}" for i, j in np.ndindex(W.shape)]
        names += [f"b_{{{j + 1}}}^{{({k})}}" for j in range(b.size)]
    return rf"$\partial / \partial {names[column]}$"


def _show(moving, place, measured, batch_size, replacement, draws):
    """Move the artists; returns how far the measured variance is from the law, in words."""
    sizes, mean = batch_sizes_of(len(place.gradients)), place.mean
    row, batches = sizes.index(batch_size), measured[replacement]
    law = place.law
    variance = {way: measured[way].squared[:, :draws].mean(axis=1) for way in LOOKS}
    for way in LOOKS:
        moving[f"law {way}"].set_data(sizes, place.positive(law[way]))
        moving[f"measured {way}"].set_data(sizes, place.positive(variance[way]))
    moving["present"].set_xdata([batch_size, batch_size])
    moving["here"].set_data([batch_size], [place.positive(variance[replacement])[row]])
    moving["signal"].set_data([sizes[0], sizes[-1]], [mean @ mean] * 2)
    apart = batches.points[row, :draws] - mean[place.shown]
    covariance = np.cov(place.gradients[:, place.shown].T, bias=True) * (law[replacement][row] / place.sigma)
    moving["cloud"].set_data(*batches.points[row, :draws].T)
    moving["ellipse"].set_data(*(mean[place.shown][:, None] + _ellipse(covariance)))
    moving["gradient"].set_data(*mean[place.shown][:, None])
    there = f"B = {batch_size} {replacement} replacement: over {draws:,} batches"
    lowers = f"A small step against the batch gradient lowers J for {100 * batches.downhill[row, :draws].mean():.0f} %"
    return (
        f"{there} {_off(place, variance[replacement][row], law[replacement][row])}. "
        f"{lowers} of the batches; {_inside(apart, covariance)}."
    )


def _ellipse(covariance):
    """2 standard deviations in every direction: a curve around the origin."""
    values, vectors = np.linalg.eigh(covariance)
    return 2 * vectors @ (np.sqrt(np.clip(values, 0, None))[:, None] * CIRCLE)


def _off(place, variance, law):
    """The variance of a batch's gradient beside its law, and beside the length of grad J."""
    found, expected = (f"{value:.3g}" if value > ZERO * place.sigma else "0" for value in (variance, law))
    squared = place.mean @ place.mean
    share = np.sqrt(law / squared)
    length = f"{100 * share:.3g} % of" if share < 1 else f"{share:.3g} times"
    off = f"by the law a batch is typically off by {length} the length of ∇J" if share else "no batch is off"
    return f"the variance is {found}, the law says {expected}. Σ = {place.sigma:.3g} and ‖∇J‖² = {squared:.3g}: {off}"


def _inside(apart, covariance):
    """The share of the cloud within the ellipse."""
    if not covariance.any():
        return "the cloud has shrunk to ∇J itself, for there is one batch only"
    share = np.mean((apart * np.linalg.solve(covariance, apart.T).T).sum(axis=1) <= 4)
    return f"{100 * share:.0f} % of the cloud lies in the ellipse (86 % for a normal distribution)"
