"""What a small network has learnt of two kinds of birds: its output over the plane, and its cost over the epochs."""

from functools import lru_cache
from math import ceil
from typing import NamedTuple

import matplotlib
import numpy as np
from contourpy import contour_generator
from matplotlib.colors import ListedColormap

from bgd_helpers import data, descent, network
from bgd_helpers.pictures.controls import Progress, batch_size_slider, choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.paths import kind_of, show
from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure

RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
BATCH_SIZES = (1, 2, 4, 9, 18, 38, 64, 114, 200, 342)
EPOCHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100)
HIDDEN = (1, 2, 4, 8, 16)
OUTPUTS = ("tanh", "identity")
SPECIES, OTHERS = "Chinstrap", "Adelie or Gentoo"
INPUTS = ("bill length", "bill depth")
POINTS = 81, 61  # of the plane, across and up
SEEDS = 8
SHADES = ListedColormap(matplotlib.colormaps["PuOr_r"](np.linspace(0.2, 0.8, 20))).with_extremes(bad="#D9D9D9")
KINDS = {True: dict(marker="^", color="#B35806"), False: dict(marker="o", color="#542788")}  # the ends of PuOr
COST = 0.03, 6
COST_TICKS = (0.05, 0.1, 0.3, 1, 3)
GRID = {"eta": None, "batch_size": (1, 18, 342), "epochs": (0, 1, 5, 20, 100)}  # of a page with no kernel
FLAT = 0.01  # f_L' below it sends back almost no δ (E4)
EPOCH_TICKS = (0, 1, 2, 5, 10, 20, 40, 100)
PREDICT = "B = 1 and η = 0.5: if only the order of the birds changes, does the black line stay where it is?"
LOOK_FOR = (
    "The green line is the black one an epoch earlier. For which η and B do the two lie on each other, for which do "
    "they still jump at epoch 100, and for which has the black line hardly left its start?"
)


class Birds(NamedTuple):
    """The examples: X in mm (N x 2), which of them have the target 1 (the others -1), and the plane that holds them.

    `x` and `y` are where the plane is sampled, in mm: a little beyond the birds.
    """

    X: np.ndarray
    positive: np.ndarray
    x: np.ndarray
    y: np.ndarray


class Table(NamedTuple):
    """All learning rates of one setting after every epoch: the path, and J and the share right (epochs x rates)."""

    path: descent.Descent
    J: np.ndarray
    right: np.ndarray
    activations: tuple


def fit_figure(eta=0.1, batch_size=18, epochs=20, seed=0, hidden=8, output="tanh"):
    """The output of a 2-`hidden`-1 network over the plane after some epochs, its boundary, and its course until then.

    It tells Chinstraps (target 1) from the other penguins (-1) by the length and the depth of their bills.
    """
    figure, moving = _draw(_birds())
    return Picture(figure, _show(moving, _table(batch_size, seed, hidden, output), eta, epochs), moving)


def fit_explorer(eta: float = 0.1, batch_size: int = 18, epochs: int = 20) -> Explorer:
    """A network fitted to points, with its sliders. All learning rates of a setting are trained once, together."""
    progress, picture = Progress(), fit_figure(eta, batch_size, epochs)
    table = lru_cache(lambda batch_size, seed, hidden, output: _table(batch_size, seed, hidden, output, progress))

    def redraw(eta, batch_size, epochs, seed, hidden, output):
        return _show(picture.moving, table(batch_size, seed, hidden, output), eta, epochs)

    return Explorer(picture, _controls(eta, batch_size, epochs), redraw, LOOK_FOR, PREDICT, progress, 6, GRID)


def _controls(eta, batch_size, epochs):
    N = len(_birds().X)
    controls = {
        "eta": choice_slider("learning rate η", RATES, eta, "How far an update goes against the gradient of a batch"),
        "batch_size": batch_size_slider(BATCH_SIZES, N, batch_size, "Birds in an update; B = 1 takes a second"),
        "epochs": choice_slider("epochs", EPOCHS, epochs, "Passes over the birds that have been made"),
        "seed": step_slider("order of the birds", SEEDS - 1, 0, "Another random order; at B = N it cannot matter"),
        "hidden": choice("hidden units", HIDDEN, 8, "tanh units between the two inputs and the output"),
        "output": choice("output f_L", OUTPUTS, "tanh", "tanh stays between −1 and 1, identity has no bounds"),
    }
    for name in ("batch_size", "seed"):
        controls[name].continuous_update = False  # a new run may take a second or two
    return controls


@lru_cache(maxsize=1)
def _birds():
    X = data.load_penguins(INPUTS).X
    margin = 0.05 * np.ptp(X, axis=0)
    ends = zip(X.min(axis=0) - margin, X.max(axis=0) + margin, POINTS)
    return Birds(X, data.penguin_species() == SPECIES, *(np.linspace(*of_axis) for of_axis in ends))


def _table(batch_size, seed, hidden, output, progress=None):
    """The runs of every learning rate, from one start; the seed is that of the order of the birds."""
    birds, activations = _birds(), ("tanh", output)
    X, Y = data.standardise(birds.X), np.where(birds.positive, 1.0, -1.0)[:, None]
    start = network.initial_parameters([2, hidden, 1], np.random.default_rng(0))
    updates = ceil(len(X) / batch_size)
    gradient = _counted(network.gradient_of(activations), updates * EPOCHS[-1], progress)
    rng = np.random.default_rng(seed)
    path = descent.descend(gradient, start, X, Y, np.array(RATES), batch_size, EPOCHS[-1], rng, every=updates)
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = network.predict(path.theta, X, activations)
        J = ((Y - outputs) ** 2).sum(axis=-1).mean(axis=-1)
    return Table(path, J, 1 - _wrong_side(birds, outputs[..., 0]).mean(axis=-1), activations)


def _counted(gradient, updates, progress):
    """The gradient, and every hundredth time the progress is told the share of the updates that are made."""
    done = 0

    def counted(theta, X, Y):
        nonlocal done
        done += 1
        if progress and done % 100 == 0:
            progress(done / updates)
        return gradient(theta, X, Y)

    counted.runs_together = True
    return counted


def _wrong_side(birds, outputs):
    """Which birds have an output without the sign of their target; an output that is no number has none."""
    return ~np.where(birds.positive, outputs > 0, outputs < 0)


def _on_plane(table, run, epoch):
    """y_hat at every point of the plane, standardised as the birds are: a row a y, a column an x."""
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = network.predict(_parameters(table, run, epoch), _points(), table.activations)
    return outputs.reshape(POINTS[::-1])


@lru_cache(maxsize=1)
def _points():
    X, _, x, y = _birds()
    return (np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) - X.mean(axis=0)) / X.std(axis=0)


def _parameters(table, run, epoch):
    return [(W[epoch, run], b[epoch, run]) for W, b in table.path.theta]


@house_style
def _draw(birds):
    """(figure, moving): the plane with its boundary and the birds, beside J and the share on the right side."""
    figure, axes = new_figure(9.5, 4.6, 2, 2, width_ratios=(1.55, 1))
    grid = axes[0, 0].get_gridspec()
    for one in axes[:, 0]:
        one.remove()
    on_plane = figure.add_subplot(grid[:, 0])
    moving = _draw_plane(on_plane, birds) | _draw_cost(axes[0, 1]) | _draw_share(axes[1, 1], birds)
    handles = [moving[name] for name in ("positive", "negative", "wrong", "boundary", "earlier")]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, columnspacing=1.5, handletextpad=0.5)
    return figure, moving


def _draw_plane(axes, birds):
    axes.set(xlim=birds.x[[0, -1]], ylim=birds.y[[0, -1]], xlabel=f"{INPUTS[0]} (mm)", ylabel=f"{INPUTS[1]} (mm)")
    axes.set_title(" ")  # room for the moment
    axes.grid(False)
    look = dict(cmap=SHADES, vmin=-1, vmax=1, origin="lower", aspect="auto", interpolation="none")
    edges = [edge for side in (birds.x, birds.y) for edge in _edges(side)]
    image = axes.imshow(np.zeros(POINTS[::-1]), extent=edges, zorder=1, **look)
    scale = axes.figure.colorbar(image, ax=axes, pad=0.02, aspect=32, ticks=(-1, -0.5, 0, 0.5, 1))
    scale.set_label("output ŷ", labelpad=0)
    moving = {
        "plane": image,
        "earlier": axes.plot([], [], color=COLOURS["right"], linewidth=2, zorder=2, label="an epoch earlier")[0],
        "boundary": axes.plot([], [], color=COLOURS["truth"], linewidth=2.5, zorder=3, label="ŷ = 0")[0],
        "moment": axes.text(0, 1.025, "", transform=axes.transAxes),
    }
    return moving | _draw_birds(axes, birds)


def _edges(points):
    """The ends of the image: half a cell beyond its outer points."""
    half = (points[1] - points[0]) / 2
    return points[0] - half, points[-1] + half


def _draw_birds(axes, birds):
    """The birds, which lie over the moving plane and so are drawn with it, and the rings around the wrong ones."""
    look = dict(linestyle="", markersize=5.5, markeredgecolor="white", markeredgewidth=0.6, zorder=4)
    ring = dict(marker="o", markersize=10.5, markerfacecolor="none", markeredgewidth=1.6, linestyle="", zorder=5)
    here, others = (birds.X[birds.positive == kind].T for kind in (True, False))
    return {
        "positive": axes.plot(*here, label=f"{SPECIES} (1)", **look, **KINDS[True])[0],
        "negative": axes.plot(*others, label=f"{OTHERS} (−1)", **look, **KINDS[False])[0],
        "wrong": axes.plot([], [], color=COLOURS["truth"], label="on the wrong side", **ring)[0],
    }


def _draw_cost(axes):
    axes.set(yscale="log", ylim=COST, ylabel="cost J (log)")
    axes.set_yticks(COST_TICKS, [f"{tick:g}" for tick in COST_TICKS])
    axes.minorticks_off()
    moving = _draw_curve(axes, "cost")
    axes.tick_params(labelbottom=False)
    return moving


def _draw_share(axes, birds):
    axes.set(ylim=(0, 105), ylabel="right side (%)", xlabel="epochs (log-like scale)")
    alike = 100 * max(np.mean(birds.positive), 1 - np.mean(birds.positive))
    axes.axhline(alike, color=COLOURS["data"], linestyle=":", linewidth=1.5)
    axes.text(1, alike - 4, f"all birds called the same: {alike:.0f} %", va="top", ha="right", fontsize=9,
              transform=axes.get_yaxis_transform())  # fmt: skip
    return _draw_curve(axes, "share")


def _draw_curve(axes, name):
    """The axis of the epochs, a curve over it, its present point, and a line above for its value."""
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xticks(EPOCH_TICKS, [f"{epoch}" for epoch in EPOCH_TICKS])
    axes.set_xticks([], minor=True)
    axes.set_xlim(-0.15, EPOCHS[-1] * 1.15)
    axes.set_title(" ")
    now = dict(marker=MARKERS["highlight"], color=COLOURS["highlight"], markersize=9, markeredgecolor="black")
    return {
        f"{name} value": axes.text(0, 1.04, "", transform=axes.transAxes),
        name: axes.plot([], [], linewidth=1.8)[0],
        f"{name} now": axes.plot([], [], linestyle="", zorder=4, clip_on=False, **now)[0],
    }


def _show(moving, table, eta, epoch):
    """Move the artists to one learning rate after an epoch; returns what was learnt, in words."""
    birds, run = _birds(), RATES.index(eta)
    with np.errstate(over="ignore", invalid="ignore"):
        A, Z = network.forward(_parameters(table, run, epoch), data.standardise(birds.X), table.activations)
        slopes = network.activation(table.activations[-1]).df(A[-1], Z[-1])[:, 0]
    wrong, J, right = _wrong_side(birds, Z[-1][:, 0]), table.J[:, run], table.right[:, run]
    now, earlier = _on_plane(table, run, epoch), _on_plane(table, run, epoch - 1) if epoch else None
    moving["plane"].set_data(now)
    show(moving["boundary"], _zero_line(birds, now))
    show(moving["earlier"], np.empty((0, 2)) if earlier is None else _zero_line(birds, earlier))
    moving["wrong"].set_data(*birds.X[wrong].T)
    B, N = table.path.batch_size, len(birds.X)
    _show_curve(moving, "cost", np.nan_to_num(np.clip(J, 1e-9, 1e9), nan=1e9), COST[1], epoch, kind_of(B, N))
    _show_curve(moving, "share", 100 * right, 100, epoch, kind_of(B, N))
    moment = f"after {_count(epoch, 'epoch')}, {_count(epoch * ceil(N / B), 'update')}"
    moving["moment"].set_text(moment)
    moving["cost value"].set_text(_cost_words(J[epoch]))
    moving["share value"].set_text(f"{100 * right[epoch]:.1f} % on the right side")
    return (
        f"η = {eta:g}, B = {B}, {moment}: {_cost_words(J[epoch])}. {_ringed_words(birds, wrong, slopes)} "
        f"{_moved_words(now, earlier)} These are the birds that it was trained on; how it does on others is not shown."
    )


def _show_curve(moving, name, values, highest, epoch, kind):
    curve = np.column_stack([np.arange(len(values)), values])
    show(moving[name], curve, color=COLOURS[kind], linestyle=LINESTYLES[kind])
    show(moving[f"{name} now"], np.minimum(curve[[epoch]], [np.inf, highest]))


def _zero_line(birds, values):
    """The points of the lines where values = 0, with a gap after each."""
    finite = np.clip(np.nan_to_num(values, nan=-1), -1e9, 1e9)
    lines = contour_generator(birds.x, birds.y, finite, line_type="ChunkCombinedNan").lines(0)[0][0]
    return np.empty((0, 2)) if lines is None else lines


def _count(number, name):
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _cost_words(J):
    return f"J = {J:.3f}" if J < 1000 else f"J = {J:.1e}" if J < np.inf else "diverged: J is no number"


def _ringed_words(birds, wrong, slopes):
    N, found, flat = len(birds.X), np.count_nonzero(wrong), np.count_nonzero(slopes[wrong] < FLAT)
    ours = np.count_nonzero(wrong & birds.positive)
    back = f" Of the ringed, {flat} have f_L′ < {FLAT:g}: almost no δ comes back from them (E4)." if flat else ""
    return (
        f"{N - found} of the {N} birds are on the right side, {found} are ringed ({ours} {SPECIES} and "
        f"{found - ours} {OTHERS}).{back}"
    )


def _moved_words(now, earlier):
    if not np.isfinite(now).all():
        return "The parameters are no longer numbers: there is no boundary."
    if earlier is None:
        return "Nothing has been learnt yet."
    return f"In the last epoch {100 * np.mean((now > 0) != (earlier > 0)):.1f} % of the plane changed sides."
