"""What a small network has learnt of two kinds of birds: its output over the plane, and its cost over the epochs."""

from typing import NamedTuple

import matplotlib
import numpy as np
from contourpy import contour_generator
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap

from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure

SHADES = ListedColormap(matplotlib.colormaps["PuOr_r"](np.linspace(0.2, 0.8, 20))).with_extremes(bad="#D9D9D9")
KINDS = {True: dict(marker="^", color="#B35806"), False: dict(marker="o", color="#542788")}  # the ends of PuOr
COST = 0.03, 6
COST_TICKS = (0.05, 0.1, 0.3, 1, 3)
FLAT = 0.01  # f_L' below it sends back almost no δ (E4)
EPOCH_TICKS = (0, 1, 2, 5, 10, 20, 40, 100)


class Birds(NamedTuple):
    """The examples: X in mm (N x 2), which of them have the target 1 (the others -1), what they and X are called."""

    X: np.ndarray
    positive: np.ndarray
    names: tuple
    inputs: tuple


class Plane(NamedTuple):
    """Outputs over the plane, a row a y and a column an x (in mm): now, and an epoch earlier (None at the start)."""

    x: np.ndarray
    y: np.ndarray
    now: np.ndarray
    earlier: np.ndarray | None


class Fit(NamedTuple):
    """A run at one of its epochs: the settings, J and the share of birds on the right side after every epoch.

    `outputs` and `slopes` are y_hat and f_L'(a^(L)) of every bird at this epoch.
    """

    eta: float
    batch_size: int
    epoch: int
    J: np.ndarray
    right: np.ndarray
    outputs: np.ndarray
    slopes: np.ndarray


@house_style
def fit_picture(birds, plane, fit):
    """The plane with its boundary and the birds, beside J and the share of birds on the right side."""
    figure, axes = new_figure(9.5, 4.6, 2, 2, width_ratios=(1.55, 1))
    grid = axes[0, 0].get_gridspec()
    for one in axes[:, 0]:
        one.remove()
    on_plane = figure.add_subplot(grid[:, 0])
    moving = _draw_plane(on_plane, birds, plane) | _draw_cost(axes[0, 1], fit) | _draw_share(axes[1, 1], birds, fit)
    handles = [moving[name] for name in ("positive", "negative", "wrong", "boundary", "earlier")]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, columnspacing=1.5, handletextpad=0.5)
    picture = Picture(figure, "to be drawn", moving)
    picture.text = show_fit(moving, birds, plane, fit)
    return picture


def _draw_plane(axes, birds, plane):
    box = plane.x[0], plane.x[-1], plane.y[0], plane.y[-1]
    axes.set(xlim=box[:2], ylim=box[2:], xlabel=f"{birds.inputs[0]} (mm)", ylabel=f"{birds.inputs[1]} (mm)")
    axes.set_title(" ")  # room for the moment
    axes.grid(False)
    look = dict(cmap=SHADES, vmin=-1, vmax=1, origin="lower", aspect="auto", interpolation="nearest")
    image = axes.imshow(plane.now, extent=_extent(plane), zorder=1, **look)
    scale = axes.figure.colorbar(image, ax=axes, pad=0.02, aspect=32, ticks=(-1, -0.5, 0, 0.5, 1))
    scale.set_label("output ŷ", labelpad=0)
    moving = {
        "plane": image,
        "earlier": LineCollection([], color=COLOURS["right"], linewidth=2, zorder=2, label="an epoch earlier"),
        "boundary": LineCollection([], color=COLOURS["truth"], linewidth=2.5, zorder=3, label="ŷ = 0"),
        "moment": axes.text(0, 1.025, "", transform=axes.transAxes),
    }
    for name in ("earlier", "boundary"):
        axes.add_collection(moving[name], autolim=False)
    return moving | _draw_birds(axes, birds)


def _extent(plane):
    """The edges of the image: half a cell beyond its outer points."""
    across, up = (plane.x[1] - plane.x[0]) / 2, (plane.y[1] - plane.y[0]) / 2
    return plane.x[0] - across, plane.x[-1] + across, plane.y[0] - up, plane.y[-1] + up


def _draw_birds(axes, birds):
    """The birds, which lie over the moving plane and so are drawn with it, and the rings around the wrong ones."""
    moving = {}
    for name, kind, label in zip(("positive", "negative"), (True, False), birds.names):
        x, y = birds.X[birds.positive == kind].T
        look = dict(linestyle="", markersize=5.5, markeredgecolor="white", markeredgewidth=0.6, zorder=4)
        moving[name] = axes.plot(x, y, label=f"{label} ({'1' if kind else '−1'})", **look, **KINDS[kind])[0]
    ring = dict(marker="o", markersize=10.5, markerfacecolor="none", markeredgewidth=1.6, linestyle="", zorder=5)
    return moving | {"wrong": axes.plot([], [], color=COLOURS["truth"], label="on the wrong side", **ring)[0]}


def _draw_cost(axes, fit):
    axes.set(yscale="log", ylim=COST, ylabel="cost J (log)")
    axes.set_yticks(COST_TICKS, [f"{tick:g}" for tick in COST_TICKS])
    axes.minorticks_off()
    _epoch_axis(axes, len(fit.J) - 1)
    axes.tick_params(labelbottom=False)
    axes.set_title(" ")
    moving = {"cost value": axes.text(0, 1.04, "", transform=axes.transAxes)}
    return moving | _moving_curve(axes, "cost")


def _draw_share(axes, birds, fit):
    axes.set(ylim=(0, 105), ylabel="right side (%)", xlabel="epochs (log-like scale)")
    _epoch_axis(axes, len(fit.J) - 1)
    alike = 100 * max(np.mean(birds.positive), 1 - np.mean(birds.positive))
    axes.axhline(alike, color=COLOURS["data"], linestyle=":", linewidth=1.5)
    axes.text(1, alike - 4, f"all birds called the same: {alike:.0f} %", va="top", ha="right", fontsize=9,
              transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_title(" ")
    moving = {"share value": axes.text(0, 1.04, "", transform=axes.transAxes)}
    return moving | _moving_curve(axes, "share")


def _epoch_axis(axes, last):
    axes.set_xscale("symlog", linthresh=1)
    ticks = [epoch for epoch in EPOCH_TICKS if epoch <= last]
    axes.set_xticks(ticks, [f"{epoch}" for epoch in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlim(-0.15, last * 1.15)


def _moving_curve(axes, name):
    now = dict(marker=MARKERS["highlight"], color=COLOURS["highlight"], markersize=9, markeredgecolor="black")
    return {
        name: axes.plot([], [], linewidth=1.8)[0],
        f"{name} now": axes.plot([], [], linestyle="", zorder=4, clip_on=False, **now)[0],
    }


def show_fit(moving, birds, plane, fit):
    """Moves the artists of `fit_picture`; the words count the wrong birds and say how far the boundary moved."""
    wrong = wrong_side(birds, fit.outputs)
    moving["plane"].set_data(plane.now)
    moving["boundary"].set_segments(zero_line(plane.x, plane.y, plane.now))
    moving["earlier"].set_segments([] if plane.earlier is None else zero_line(plane.x, plane.y, plane.earlier))
    moving["wrong"].set_data(*birds.X[wrong].T)
    _show_curve(moving, "cost", np.nan_to_num(np.clip(fit.J, 1e-9, 1e9), nan=1e9), COST[1], fit)
    _show_curve(moving, "share", 100 * fit.right, 100, fit)
    moving["moment"].set_text(_moment(birds, fit))
    moving["cost value"].set_text(_cost_words(fit))
    moving["share value"].set_text(f"{100 * fit.right[fit.epoch]:.1f} % on the right side")
    return _words(birds, plane, fit, wrong)


def _show_curve(moving, name, values, highest, fit):
    kind = _kind(fit, moving)
    moving[name].set_data(np.arange(len(values)), values)
    moving[name].set(color=COLOURS[kind], linestyle=LINESTYLES[kind])
    moving[f"{name} now"].set_data([fit.epoch], [min(values[fit.epoch], highest)])


def _kind(fit, moving):
    """The key of COLOURS for this batch size."""
    N = len(moving["positive"].get_xdata()) + len(moving["negative"].get_xdata())
    return {1: "sgd", N: "bgd"}.get(fit.batch_size, "minibatch")


def wrong_side(birds, outputs):
    """Which birds have an output without the sign of their target; an output that is no number has none."""
    return ~np.where(birds.positive, outputs > 0, outputs < 0)


def zero_line(x, y, values):
    """The lines where values = 0, each an array of points."""
    finite = np.clip(np.nan_to_num(values, nan=-1), -1e9, 1e9)
    return contour_generator(x, y, finite).lines(0)


def _moment(birds, fit):
    updates = fit.epoch * -(-len(birds.X) // fit.batch_size)
    return f"after {_count(fit.epoch, 'epoch')}, {_count(updates, 'update')}"


def _count(number, name):
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _cost_words(fit):
    J = fit.J[fit.epoch]
    return f"J = {J:.3f}" if J < 1000 else f"J = {J:.1e}" if J < np.inf else "diverged: J is no number"


def _words(birds, plane, fit, wrong):
    N, found = len(birds.X), np.count_nonzero(wrong)
    ringed = [np.count_nonzero(wrong & (birds.positive == kind)) for kind in (True, False)]
    each = " and ".join(f"{count} {name}" for count, name in zip(ringed, birds.names))
    return (
        f"η = {fit.eta:g}, B = {fit.batch_size}, {_moment(birds, fit)}: {_cost_words(fit)}. "
        f"{N - found} of the {N} birds are on the right side, {found} are ringed ({each})."
        f"{_flat_words(fit, wrong, found)} {_moved_words(plane)} "
        "These are the birds that it was trained on; how it does on others is not shown."
    )


def _flat_words(fit, wrong, found):
    flat = np.count_nonzero(fit.slopes[wrong] < FLAT)
    return f" Of the ringed, {flat} have f_L′ < {FLAT:g}: almost no δ comes back from them (E4)." if flat else ""


def _moved_words(plane):
    if not np.isfinite(plane.now).all():
        return "The parameters are no longer numbers: there is no boundary."
    if plane.earlier is None:
        return "Nothing has been learnt yet."
    moved = 100 * np.mean((plane.now > 0) != (plane.earlier > 0))
    return f"In the last epoch {moved:.1f} % of the plane changed sides."
