"""Pictures of gradient descent: paths on the contours of the cost, cost curves, gradients as arrows.

All contours are those of a quadratic cost, J(w) = J* + (1/2) (w - w*)^T H (w - w*): ellipses around w*.
Two parameters are shown, the bias b across and the weight w up, as rows of a path T x 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bgd_helpers import theory
from bgd_helpers.descent import Descent
from bgd_helpers.parameters import Array
from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure, note

PATCH = dict(facecolor="white", edgecolor="none", alpha=0.85, pad=1.5)
EXCESSES = 0.01 * 2.0 ** np.arange(11)  # J - J* on the contours: each is twice the one before
PLAIN_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7, 10, 20, 50, 100)
CIRCLE = np.linspace(0, 2 * np.pi, 121)


@dataclass(frozen=True, eq=False)
class Bowl:
    """A quadratic cost of two parameters: its minimum w*, its Hessian H, its least value J*."""

    w_star: np.ndarray
    H: np.ndarray
    lowest: float


class Run(NamedTuple):
    """What is drawn of one descent: its kind ("sgd", "minibatch", "bgd"), path (T x 2) and cost (T)."""

    kind: str
    path: np.ndarray
    cost: np.ndarray


def kind_of(batch_size, N):
    """The name of a descent by its batch size: "sgd", "minibatch" or "bgd"."""
    return "sgd" if batch_size == 1 else "bgd" if batch_size == N else "minibatch"


def bowl_of(X, y):
    """The quadratic cost of linear regression (E12, E13)."""
    w_star = theory.minimiser(X, y)
    return Bowl(w_star, theory.hessian(X), theory.linear_cost(w_star, X, y))


def run_of(path, batch_size, X, y):
    """A path (T x 2 x 1) of this batch size with its costs."""
    with np.errstate(over="ignore", invalid="ignore"):
        cost = theory.linear_cost(path, X, y)
    return Run(kind_of(batch_size, len(X)), path[:, :, 0], cost)


@lru_cache(maxsize=16)
def contours(bowl):
    """The ellipses (1/2) e^T H e = J - J* around w*, one for each of EXCESSES."""
    values, vectors = np.linalg.eigh(bowl.H)
    unit = (vectors / np.sqrt(values)) @ np.stack([np.cos(CIRCLE), np.sin(CIRCLE)])
    return [np.ravel(bowl.w_star) + np.sqrt(2 * excess) * unit.T for excess in EXCESSES]


@house_style
def cost_panels(costs: Mapping[str, Array], lowest: float, x_label: str = "updates") -> Picture:
    """Small multiples of cost curves with one scale; `costs` maps a title to J after 0, 1, 2, ... updates."""
    figure, axes = new_figure(9.5, 3.2, 1, len(costs), sharey=True, squeeze=False)
    bottom, top = lowest / 1.5, 20.0
    for axis, (title, cost) in zip(axes[0], costs.items()):
        axis.plot(cost, color=COLOURS["sgd"], linewidth=1)
        axis.axhline(lowest, color=COLOURS["truth"], linestyle="--", linewidth=1)
        axis.set(title=title, yscale="log", ylim=(bottom, top), xlabel=x_label)
        _mark_exit(axis, cost, top)
    plain_log(axes[0, 0], (0.2, 0.5, 1, 2, 5, 10, 20), "cost $J$")
    name_line(axes[0, 0], lowest, "least $J$")
    return Picture(figure, "\n".join(_course(title, cost, x_label) for title, cost in costs.items()))


@house_style
def cost_curves(curves: Sequence[tuple[str, str, Array, Array]], x_label: str, y_label: str = "cost $J$") -> Picture:
    """Cost curves on a logarithmic scale, each labelled at its end; `curves` lists (kind, label, x, cost)."""
    figure, axis = new_figure(9, 3.8)
    for kind, label, x, cost in curves:
        axis.plot(x, cost, color=COLOURS[kind], linestyle=LINESTYLES[kind], label=label)
        axis.plot(x[-1], cost[-1], MARKERS[kind], color=COLOURS[kind], clip_on=False)
        axis.annotate(label, (x[-1], cost[-1]), (8, 0), textcoords="offset points", va="center")
    axis.set(yscale="log", xlabel=x_label, ylabel=y_label)
    low, high = axis.get_ylim()
    if high < 100 * low:
        plain_log(axis, [tick for tick in PLAIN_TICKS if low < tick < high], y_label)
    return Picture(figure, "\n".join(_course(label, cost, x_label, x) for _, label, x, cost in curves))


@house_style
def gradient_arrows(gradients: Array, at: Sequence[float] = (0, 0)) -> Picture:
    """Steps against the gradients of single examples (rows, N x 2), all from one point, and their mean."""
    figure, axis = new_figure(6.5, 5)
    steps, mean = -gradients, -gradients.mean(axis=0)
    style = dict(angles="xy", scale_units="xy", scale=1, zorder=3)
    start = np.broadcast_to(at, steps.shape)
    axis.quiver(*start.T, *steps.T, color=COLOURS["sgd"], width=0.004, **style)
    axis.quiver(*at, *mean, color=COLOURS["bgd"], width=0.012, **style)
    for n, tip in enumerate(start + steps, start=1):
        note(axis, f"$n = {n}$", tip, (4, 4), color=COLOURS["sgd"], zorder=4)
    note(axis, "mean", at + mean, (8, -4), color=COLOURS["bgd"], weight="bold", zorder=4)
    axis.set(xlabel="change of $b$", ylabel="change of $w_1$")
    _include(axis, np.vstack([start + steps, [at]]))
    against = int((steps @ mean < 0).sum())
    return Picture(figure, (
        f"{len(steps)} thin arrows, the steps against the gradients of single examples, spread between "
        f"({steps[:, 0].min():.2f}, {steps[:, 1].min():.2f}) and ({steps[:, 0].max():.2f}, {steps[:, 1].max():.2f}). "
        f"Their mean, the thick arrow, is ({mean[0]:.2f}, {mean[1]:.2f}). "
        f"{against} of them point away from it, by more than a right angle."
    ))  # fmt: skip


class Section(NamedTuple):
    """One example's loss and the cost after its step, for many learning rates, relative to before the step."""

    title: str
    eta: np.ndarray
    own: np.ndarray
    cost: np.ndarray
    used: float
    limit: float


def step_section(title: str, X: ArrayLike, y: ArrayLike, w: ArrayLike, n: int, eta: float) -> Section:
    """The Section of one step on example n of a linear regression, for learning rates up to beyond its limit.

    The step is w - eta grad E_n; `limit` is 1 / ||x_n||^2, above which the example's own loss rises.
    """
    X, y, w = (np.asarray(array, float) for array in (X, y, w))
    x_n, y_n, limit = X[[n]], y[[n]], 1 / (X[n] @ X[n])
    etas = np.linspace(0, 1.25 * max(eta, limit), 251)
    after = w - etas[:, None, None] * theory.linear_gradient(w, x_n, y_n)
    own = theory.linear_cost(after, x_n, y_n) / theory.linear_cost(w, x_n, y_n)
    return Section(title, etas, own, theory.linear_cost(after, X, y) / theory.linear_cost(w, X, y), eta, limit)


section = step_section  # its name in notebooks of earlier versions


@house_style
def along_the_step(sections: Sequence[Section]) -> Picture:
    """The loss of the stepping example and the cost J against the learning rate of that one step."""
    figure, axes = new_figure(9.5, 3.9, 1, len(sections), squeeze=False)
    for axis, section in zip(axes[0], sections):
        axis.plot(section.eta, section.own, color=COLOURS["sgd"], label="its own loss $E_n$")
        axis.plot(section.eta, section.cost, color=COLOURS["bgd"], linestyle="--", label="cost $J$")
        axis.axhline(1, color=COLOURS["truth"], linewidth=1)
        axis.axvline(section.used, color=COLOURS["eta"], linestyle=":", linewidth=2)
        axis.axvline(section.limit, color=COLOURS["data"], linestyle="-.")
        axis.set(title=section.title, xlabel=r"learning rate $\eta$ of this one step", ylim=(0, _height(section)))
        axis.set_xlim(section.eta[0], section.eta[-1])
        for eta, name, up in ((section.used, r"$\eta$ used", 0.35), (section.limit, r"$1/\|x_n\|^2$", 0.6)):
            place = dict(va="center", transform=axis.get_xaxis_transform(), bbox=PATCH, zorder=4)
            axis.text(eta, up, name, ha="center", **place)
    axes[0, 0].set_ylabel("after the step / before it")
    axes[0, 0].legend(loc="upper left")
    return Picture(figure, "\n".join(_section_in_words(section) for section in sections))


def _height(section):
    """High enough for what the used learning rate gives."""
    return max(2.2, 1.2 * max(np.interp(section.used, section.eta, values) for values in (section.own, section.cost)))


def _section_in_words(section):
    own, cost = (np.interp(section.used, section.eta, values) for values in (section.own, section.cost))
    falls = section.eta[1:][section.cost[1:] < 1]
    where = f"for learning rates below {falls[-1]:.3f}" if len(falls) else "for no learning rate"
    return (
        f"{section.title}: at η = {section.used:.3f} (limit {section.limit:.3f}) its own loss is {own:.2f} times what "
        f"it was, the cost J {cost:.2f} times. J falls {where}."
    )


@house_style
def contour_panels(bowls, runs, titles):
    """Paths on the contours of the cost, side by side."""
    figure, axes = new_figure(9.5, 3.9, 1, len(runs), squeeze=False, sharey=True)
    view = _square(np.vstack([*(run.path for run in runs), *(np.reshape(bowl.w_star, (1, 2)) for bowl in bowls)]))
    for axis, bowl, run, title in zip(axes[0], bowls, runs, titles):
        plane(axis, view, title)
        axis.label_outer()
        moving = path_artists(axis)
        show_path(moving, bowl, run)
    text = "\n".join(
        f"{title}: {plural(len(run.path) - 1, 'update')}, J from {run.cost[0]:.3f} "
        f"to {run.cost[-1]:.3f} (least {bowl.lowest:.3f})."
        for bowl, run, title in zip(bowls, runs, titles)
    )
    return Picture(figure, text)


def paths_on_contours(runs: Sequence[Descent], designs: Sequence[Array], y: Array, titles: Sequence[str]) -> Picture:
    """Paths of `descend` on linear regression, one X of `designs` a path, on the contours of the cost, side by side."""
    drawn = [run_of(run.theta, run.examples[1], X, y) for run, X in zip(runs, designs)]
    return contour_panels([bowl_of(X, y) for X in designs], drawn, titles)


def plane(axis, view, title):
    axis.set(xlim=view[0], ylim=view[1], xlabel="bias $b$ (no unit)", ylabel="weight $w_1$ (no unit)", title=title)
    axis.set_aspect("equal")
    axis.grid(False)


def path_artists(axis):
    (ellipses,) = axis.plot([], [], color=COLOURS["contour"], linewidth=0.8, zorder=1)
    (path,) = axis.plot([], [], linewidth=1.2, markersize=3, zorder=3)
    (start,) = axis.plot([], [], "o", color="white", markeredgecolor="black", markersize=7, zorder=4)
    (end,) = axis.plot([], [], "D", color=COLOURS["highlight"], markeredgecolor="black", markersize=7, zorder=5)
    (best,) = axis.plot([], [], MARKERS["truth"], color=COLOURS["truth"], markersize=12, zorder=4)
    return outside_layout(dict(ellipses=ellipses, path=path, start=start, best=best, end=end))


def curve_artists(axis, note=None):
    """A curve and its end, the mark where it leaves the axes, and a note: in the axes, or the text given."""
    (curve,) = axis.plot([], [], linewidth=1.2)
    (now,) = axis.plot([], [], "D", color=COLOURS["highlight"], markeredgecolor="black", markersize=7, zorder=5)
    (off,) = axis.plot([], [], "^", color=COLOURS["wrong"], markersize=11, zorder=6, clip_on=False)
    if note is None:
        note = axis.text(0.03, 0.97, "", va="top", transform=axis.transAxes, weight="bold", bbox=PATCH)
    return outside_layout(dict(curve=curve, now=now, off=off, note=note))


def subtitle(axis):
    """A line of text between the panel and its title, to be moved with `set_text`."""
    axis.set_title(axis.get_title(), pad=24)
    place = dict(xycoords="axes fraction", textcoords="offset points", annotation_clip=False)
    text = axis.annotate("", (0, 1), (0, 7), va="bottom", fontsize=10, **place)
    text.set_in_layout(False)
    return text


def outside_layout(moving):
    for artist in moving.values():
        artist.set_in_layout(False)
    return moving


def as_one(lines):
    """Lines of K points each (n x K x 2) as one line with gaps, which is drawn faster than n."""
    return np.concatenate([lines, np.full((len(lines), 1, 2), np.nan)], axis=1).reshape(-1, 2)


def show(line, points, **look):
    """Move a line, and change its look; what stays as it is costs no drawing."""
    if not np.array_equal(line.get_xydata(), points, equal_nan=True):
        line.set_data(*np.reshape(points, (-1, 2)).T)
    dress(line, **look)


def dress(artist, **look):
    """Change the look of an artist, or the words of a text; what stays as it is costs no drawing."""
    if any(getattr(artist, f"get_{name}")() != value for name, value in look.items()):
        artist.set(**look)


def show_path(moving, bowl, run):
    path = run.path[np.isfinite(run.path).all(axis=1)]
    path = path[np.abs(path).max(axis=1) < 1e6]  # further out Agg draws nothing sensible
    show(moving["ellipses"], as_one(contours(bowl)))
    show(moving["path"], path, color=COLOURS[run.kind], marker=MARKERS[run.kind] if len(path) < 100 else "")
    for name, point in (("start", path[:1]), ("end", path[-1:]), ("best", np.reshape(bowl.w_star, (1, 2)))):
        show(moving[name], point)


def show_curve(moving, x, run, top):
    shown = np.nan_to_num(run.cost, nan=np.inf).clip(max=1e3 * top)  # above the axes, and harmless to draw
    leaves = _leaves(run.cost, top)
    curve = np.column_stack([x, shown])
    show(moving["curve"], curve, color=COLOURS[run.kind], linestyle=LINESTYLES[run.kind])
    show(moving["now"], curve[-1:])
    show(moving["off"], np.empty((0, 2)) if leaves is None else np.array([[x[leaves], top]]))
    moving["note"].set_text(_note(run.cost, leaves))


def _note(cost, leaves):
    if leaves is not None:
        return f"out of the picture; at the end {number(cost[-1]) if np.isfinite(cost[-1]) else '∞'}"
    return f"higher than at the start: {number(cost[-1])}" if cost[-1] > cost[0] else ""


def _leaves(cost, top):
    """The first position at which the cost is above `top` or not finite, None if there is none."""
    above = ~(cost <= top)
    return int(above.argmax()) if above.any() else None


def _mark_exit(axis, cost, top):
    leaves = _leaves(cost, top)
    if leaves is not None:
        axis.plot(leaves, top, "^", color=COLOURS["wrong"], markersize=11, clip_on=False)
        axis.text(0.97, 0.03, f"at the end {number(cost[-1])}", ha="right", transform=axis.transAxes, bbox=PATCH)


def name_line(axis, height, name, x=0.98):
    axis.text(x, height * 0.97, name, ha="right" if x > 0.5 else "left", va="top", transform=axis.get_yaxis_transform())


def divergence(cost, top, unit):
    leaves = _leaves(cost, top)
    higher = "" if cost[-1] <= cost[0] else " It is higher at the end than at the start."
    return higher if leaves is None else f" It leaves the picture at {unit} {leaves}.{higher}"


def _course(title, cost, x_label, x=None):
    end = len(cost) - 1 if x is None else x[-1]
    return f"{title}: J = {number(cost[0])} at the start, {number(cost[-1])} after {end:g} {x_label}."


def number(value):
    """A value in words: fixed decimals in the middle range, two digits and a power of ten outside it."""
    if not np.isfinite(value):
        return "beyond floating point"
    if abs(value) < 1e-10:
        return "below 1e-10"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 else f"{value:.1e}"


def plural(count, noun):
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _square(points):
    """A square view that holds all points, with a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.62 * (high - low).max()
    return tuple(zip((low + high) / 2 - half, (low + high) / 2 + half))


def _include(axis, points):
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.12 * (high - low)
    axis.set(xlim=(low[0] - margin[0], high[0] + margin[0]), ylim=(low[1] - margin[1], high[1] + margin[1]))


def plain_log(axis, ticks, label):
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
    axis.set_ylabel(label)
