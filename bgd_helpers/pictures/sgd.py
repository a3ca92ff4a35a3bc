"""Stochastic gradient descent on two parameters: the path, the cost, and the steps that the examples ask for."""

from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from bgd_helpers import descent, inputs, theory
from bgd_helpers.parameters import Array, Gradient
from bgd_helpers.pictures import paths
from bgd_helpers.pictures.controls import batch_sizes_of, choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.paths import bowl_of, number, run_of
from bgd_helpers.pictures.picture import COLOURS, MARKERS, Picture, house_style, new_figure

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 0.99, 1.01)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
VIEW = ((-1.05, 1.05), (-0.35, 1.75))
COSTS = (0.17, 20)
ARROW_VIEW = ((-6.2, 6.2), (-4.4, 8.0))
ARROW_TICKS = (-4, 0, 4)
HUGE = 1e300  # of a step that we can still measure
FAR = 1e3  # an arrow is cut to this length, far out of the view
ZERO = 1e-9  # of the arrows' mean length: a shorter mean is rounding
MEAN = dict(color=COLOURS["bgd"], linewidth=4, marker=MARKERS["bgd"], markersize=7, markeredgecolor="white")
ANGLE = dict(color=COLOURS["truth"], linewidth=1.2, linestyle=":")
EACH = dict(color=COLOURS["sgd"], linewidth=0.5, marker=".", markersize=4, markeredgewidth=0)
NEXT = dict(color=COLOURS["truth"], markerfacecolor=COLOURS["highlight"], markeredgecolor="black")
BATCH = NEXT | dict(linewidth=0.9, marker="o", markersize=4.5)
STEP = NEXT | dict(linewidth=2.5, marker=MARKERS["highlight"], markersize=9)
LEGEND = {
    "one example": EACH | dict(linewidth=1, markersize=6),
    "mean of all, −∇J": MEAN,
    "right angle to it": ANGLE,
    "next batch": BATCH,
    "the step it gives": STEP,
}
PREDICT = (
    "Set “updates shown” to 0, far from the star: do the arrows of the examples agree? "
    "And near the star, where their mean all but vanishes: does each of them vanish too?"
)
LOOK_FOR = (
    "How far from the star does the path end up wandering, and which controls make that distance smaller? "
    "The black line is what the next update follows: how far is its direction from the blue mean?"
)


class Arrows(NamedTuple):
    """What the examples ask for at the end of the path, as changes of (b, w) divided by eta.

    `steps` is -grad E_n, a row an example; `batch` the examples that the next update draws; `step` the one that it
    takes, against the gradient in use.
    """

    steps: np.ndarray
    batch: np.ndarray
    step: np.ndarray


def sgd_figure(
    X: Array,
    y: Array,
    eta: float = 0.02,
    batch_size: int = 1,
    updates: int | None = None,
    order: str = "shuffled",
    seed: int = 0,
    gradient: Gradient = theory.linear_gradient,
) -> Picture:
    """The picture of one run from w = 0: its path, its cost after each update, and the arrows at its end.

    By default N updates are shown.
    """
    updates = len(X) if updates is None else updates
    path = _paths(gradient, X, y, np.array([eta]), batch_size, updates, order, seed)[:, 0]
    batch = _next_batches(len(X), batch_size, updates, order, seed)[updates]
    run = run_of(path, batch_size, X, y)
    return picture(bowl_of(X, y), run, _arrows(run, batch, gradient, X, y), updates)


def sgd_explorer(X: Array, y: Array, eta: float = 0.02, gradient: Gradient = theory.linear_gradient) -> Explorer:
    """The picture of `sgd_figure` with its controls.

    `gradient(w, X_batch, y_batch)` may be your own. If it has `runs_together`, the runs of every learning rate are
    computed at once, and a move is a look-up; else each when it is first looked at.
    """
    N, bowl, moving = len(X), bowl_of(X, y), (shown := sgd_figure(X, y, eta, gradient=gradient)).moving

    @lru_cache(maxsize=128)
    def table(rates, batch_size, order, seed):
        return _paths(gradient, X, y, np.array(rates), batch_size, N, order, seed)

    @lru_cache(maxsize=256)
    def run(eta, batch_size, order, seed):
        rates = RATES if getattr(gradient, "runs_together", False) else (eta,)
        return run_of(table(rates, batch_size, order, seed)[:, rates.index(eta)], batch_size, X, y)

    next_batches = lru_cache(maxsize=64)(_next_batches)

    def redraw(eta, batch_size, updates, order, seed):
        whole = run(eta, batch_size, order, seed)
        shown = whole._replace(path=whole.path[: updates + 1], cost=whole.cost[: updates + 1])
        batch = next_batches(N, batch_size, N, order, seed)[updates]
        return _show(moving, bowl, shown, _arrows(shown, batch, gradient, X, y))

    grid = {"eta": None, "batch_size": None, "updates": (0, N)}
    return Explorer(shown, _controls(N, eta), redraw, LOOK_FOR, PREDICT, lines=6, grid=grid)


def _controls(N, eta):
    sizes = batch_sizes_of(N, BATCH_SIZES)
    return {
        "eta": choice_slider("learning rate η", RATES, eta, "An update goes η times the gradient of its batch"),
        "batch_size": choice_slider("batch size B", sizes, 1, "Examples whose mean gradient an update uses"),
        "updates": step_slider("updates shown", N, N, "Where the path stops; the arrows are those at its end"),
        "order": choice("order", inputs.ORDERS, "shuffled", "How the examples of the batches are chosen"),
        "seed": step_slider("seed", 19, 0, "Another random order of the examples"),
    }


def _paths(gradient, X, y, etas, batch_size, updates, order, seed):
    """The parameters after 0 ... `updates` updates, one run for each learning rate: T x runs x 2 x 1."""
    epochs = max(1, ceil(updates / ceil(len(X) / batch_size)))
    start, rng = np.zeros((X.shape[1], 1)), np.random.default_rng(seed)
    run = descent.descend(gradient, start, X, y, etas, batch_size, epochs, rng, order)
    return run.theta[: updates + 1]


def _next_batches(N, batch_size, updates, order, seed):
    """The batches that `descend` draws for the first `updates` updates, and for the next one."""
    rng, epochs = np.random.default_rng(seed), updates // ceil(N / batch_size) + 1
    return [batch for _ in range(epochs) for batch in descent.batches(N, batch_size, rng, order)]


def _arrows(run, batch, gradient, X, y) -> Arrows:
    """What the examples and the next update ask for at the end of the run."""
    w = run.path[-1][:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        steps, step = -theory.linear_example_gradients(w, X, y), -gradient(w, X[batch], y[batch])
    return Arrows(steps, batch, np.ravel(step))


@house_style
def picture(bowl, run, arrows, updates):
    """The path on the contours of J, J after each update, and an arrow an example from the end of the path."""
    figure, (left, middle, right) = new_figure(9.5, 3.9, 1, 3)
    paths.plane(left, VIEW, "path on the contours of $J$")
    middle.set(xlim=(0, 1.03 * updates), ylim=COSTS, yscale="log", xlabel="updates", title="cost after each update")
    middle.set_box_aspect(1)
    middle.axhline(bowl.lowest, color=COLOURS["truth"], linewidth=1)
    paths.name_line(middle, bowl.lowest, "least $J$", x=0.02)
    paths.plain_log(middle, (0.2, 0.5, 1, 2, 5, 10, 20), "cost $J$")
    paths.plane(right, ARROW_VIEW, "arrows at the diamond")
    right.set(xlabel=r"change of $b$ / $\eta$", ylabel=r"change of $w_1$ / $\eta$")
    right.set(xticks=ARROW_TICKS, yticks=ARROW_TICKS)
    paths.subtitle(left)
    handles = [Line2D([], [], label=name, **look) for name, look in LEGEND.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), columnspacing=1.5)
    curve = paths.curve_artists(middle, paths.subtitle(middle))
    moving = {**paths.path_artists(left), **curve, **_arrow_artists(right)}
    return Picture(figure, _show(moving, bowl, run, arrows), moving)


def _show(moving, bowl, run, arrows):
    """Set the moving artists to this run and its arrows; returns the picture in words."""
    paths.show_path(moving, bowl, run)
    updates = len(run.cost) - 1
    paths.show_curve(moving, np.arange(updates + 1), run, COSTS[1])
    with np.errstate(invalid="ignore"):
        rises = (np.diff(run.cost) > 1e-13 * run.cost[:-1]).sum()  # more than rounding
    return (
        f"After {paths.plural(updates, 'update')} J = {number(run.cost[-1])}; it began at {run.cost[0]:.3f}, the "
        f"least is {bowl.lowest:.3f}. {rises} of the updates raised J."
        f"{paths.divergence(run.cost, COSTS[1], 'update')}\n{_show_arrows(moving, arrows)}"
    )


def _arrow_artists(axis):
    rays = _rays(axis, "each", EACH, 2) | _rays(axis, "batch", BATCH, 4)
    (angle,) = axis.plot([], [], zorder=3, **ANGLE)
    (step,) = axis.plot([], [], zorder=5, markevery=[1], **STEP)
    (mean,) = axis.plot([], [], zorder=6, markevery=[1], **MEAN)
    count = paths.subtitle(axis)
    cut_off = axis.text(0.03, 0.03, "", transform=axis.transAxes, fontsize=10, bbox=paths.PATCH, zorder=7)
    return paths.outside_layout(rays | dict(angle=angle, step=step, mean=mean, count=count, cut_off=cut_off))


def _rays(axis, name, look, zorder):
    """Lines from the origin, and a marker line for their ends."""
    lines = LineCollection([], colors=look["color"], linewidths=look["linewidth"], zorder=zorder)
    (ends,) = axis.plot([], [], zorder=zorder + 0.5, **look | dict(linestyle=""))
    return {name: axis.add_collection(lines, autolim=False), f"{name} ends": ends}


def _show_arrows(moving, arrows):
    if not (np.abs([*arrows.steps, arrows.step]) < HUGE).all():
        return _hide_arrows(moving)
    steps, mean = arrows.steps, arrows.steps.mean(axis=0)
    for name, rays in (("each", steps), ("batch", steps[arrows.batch])):
        _set_rays(moving[name], _from_origin(rays))
        paths.show(moving[f"{name} ends"], _cut(rays))
    for name, ray in (("step", arrows.step), ("mean", mean)):
        paths.show(moving[name], _from_origin(ray[None])[0])
    paths.show(moving["angle"], np.transpose(_across(mean, steps)))
    against = None if _is_zero(mean, steps) else int((steps @ (mean / np.hypot(*mean)) < 0).sum())
    moving["count"].set_text("mean = 0" if against is None else f"{against} of {len(steps)} against the mean")
    moving["cut_off"].set_text(f"{_outside(steps)} cut off" if _outside(steps) else "")
    return f"{_mean_in_words(steps, mean, against)}\n{_batch_in_words(arrows, mean)}"


def _set_rays(lines, rays):
    """The rays of a collection elsewhere, in the paths that it has: new ones take half the time of a move."""
    if len(lines.get_paths()) != len(rays):
        lines.set_segments(rays)
    for path, ray in zip(lines.get_paths(), rays):
        path.vertices[:] = ray
    lines.stale = True


def _hide_arrows(moving):
    for name in ("each", "batch"):
        moving[name].set_segments([])
    for name in ("each ends", "batch ends", "step", "mean", "angle"):
        moving[name].set_data([], [])
    moving["count"].set_text("no arrows: beyond floating point")
    moving["cut_off"].set_text("")
    return "The gradients are beyond floating point: there are no arrows to draw."


def _from_origin(steps):
    """A line from the origin to each step: N x 2 points x 2."""
    ends = _cut(steps)
    return np.stack([np.zeros_like(ends), ends], axis=1)


def _cut(steps):
    """The steps, none longer than FAR; further out Agg draws nothing sensible."""
    length = np.hypot(*steps.T)
    return steps * np.minimum(1, FAR / np.maximum(length, FAR))[:, None]


def _across(mean, steps):
    """The ends of the line at a right angle to the mean; none where the mean is zero."""
    if _is_zero(mean, steps):
        return [], []
    across = np.array([-mean[1], mean[0]]) / np.hypot(*mean)
    return np.outer(across, (-FAR, FAR))


def _is_zero(mean, steps):
    return not np.hypot(*mean) > ZERO * np.hypot(*steps.T).mean()


def _outside(steps):
    """How many arrows end outside the view."""
    low, high = np.transpose(ARROW_VIEW)
    return int(((steps < low) | (steps > high)).any(axis=1).sum())


def _mean_in_words(steps, mean, against):
    length, outside = number(np.hypot(*steps.T).mean()), _outside(steps)
    if against is None:
        return f"The mean of the {len(steps)} arrows is zero up to rounding, but an arrow is on average {length} long."
    cut_off = f", and {outside} end outside the picture" if outside else ""
    return (
        f"The mean of the {len(steps)} arrows is {number(np.hypot(*mean))} long, an arrow on average {length}; "
        f"{against} of them point against the mean, by more than a right angle{cut_off}."
    )


def _batch_in_words(arrows, mean):
    steps, batch, step = arrows
    text = f"The next update draws {_names(batch, len(steps))}; the step is "
    text += "zero up to rounding" if _is_zero(step, steps) else f"{number(np.hypot(*step))} times η long"
    if not (_is_zero(step, steps) or _is_zero(mean, steps)):
        text += f", {_angle(step, mean):.0f}° from the mean of all"
    text += "."
    if np.hypot(*(step - steps[batch].mean(axis=0))) > 1e-6 * np.hypot(*steps.T).mean():
        text += " This is not the mean of the batch's arrows: the gradient function gives something else."
    return text


def _names(batch, N):
    different = len(np.unique(batch))
    if len(batch) == 1:
        return f"example n = {batch[0] + 1}"
    if different < len(batch):
        return f"{len(batch)} examples, {different} of them different"
    return f"all {N} examples" if different == N else f"{len(batch)} examples"


def _angle(one, other):
    """The angle between two arrows in degrees."""
    cosine = (one / np.hypot(*one)) @ (other / np.hypot(*other))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
