"""SGD against BGD: three runs, their costs at a budget of work, and where they lie on the map of all runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple, TypeAlias

import numpy as np

from bgd_helpers.lessons import experiments
from bgd_helpers.lessons.experiments import Problem, Runs
from bgd_helpers.pictures import plots
from bgd_helpers.pictures.controls import (
    BATCH_SIZES,
    Progress,
    batch_size_slider,
    batch_sizes_of,
    choice,
    choice_slider,
    step_slider,
)
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.landscape import DIVERGED, Map, draw_map, show_map
from bgd_helpers.pictures.paths import show
from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure

Tables: TypeAlias = Mapping[int, Runs] | None
EPOCHS = 60
SEEDS = 6
BUDGETS = tuple(range(0, 102, 2))  # per cent of the x-axis, which is logarithmic
RIVALS = ("best η at budget", "same η")
AXES = ("epochs", "updates", "examples")
UNRUN = np.full(len(experiments.RATES), np.nan)
YLIM = (0.13, 2)
COLUMNS = {"name": 0.17, "B": 0.35, "η": 0.45, "J": 0.58}  # of the table below the curves, with the ROWS
ROWS = (0.7, 0.4, 0.1)
MEDAL = dict(markeredgecolor="white", markeredgewidth=0.8)
PREDICT = "The batch gets larger: does the best learning rate grow with it all the way to BGD?"
LOOK_FOR = (
    "The white dots are the best η of each B. As the budget shrinks, where do they go? "
    "With the same η for all three: which curves lie on top of each other, and on which x-axis?"
)


def comparison_figure(
    problem, tables, eta=0.16, batch_size=18, axis="epochs", budget=80, rivals=RIVALS[0], seeds=SEEDS
):
    """SGD, mini-batches of `batch_size` at `eta`, and BGD; `tables` holds the runs of each batch size needed.

    The map shows every batch size of `tables`; the others are left as not run.
    """
    return picture(*_shown(problem, tables, eta, batch_size, axis, budget, rivals, seeds))


def comparison_explorer(
    problem: Problem, tables: Tables = None, eta: float = 0.16, batch_size: int = 18, epochs: int = EPOCHS
) -> Explorer:
    """SGD, mini-batch SGD and BGD on one problem, with sliders. A batch size is run once, with all learning rates."""
    tables, progress = dict(tables or {}), Progress()

    def compute(B):
        if B not in tables:
            tables[B] = experiments.run(problem, experiments.RATES, B, epochs, SEEDS, progress=progress)

    for B in (1, batch_size, len(problem.X)):
        compute(B)
    shown = comparison_figure(problem, tables, eta, batch_size)

    def redraw(eta, batch_size, axis, budget, rivals, seeds):
        compute(batch_size)
        return _show(shown.moving, *_shown(problem, tables, eta, batch_size, axis, budget, rivals, seeds))

    controls = _controls(len(problem.X), eta, batch_size)
    grid = {"eta": None, "batch_size": sorted({1, batch_size, len(problem.X)}), "budget": (20, 40, 60, 80, 100)}
    return Explorer(shown, controls, redraw, LOOK_FOR, PREDICT, progress, 6, grid)


def comparison_tables(
    problem: Problem,
    tables: Tables = None,
    batch_sizes: Sequence[int] = BATCH_SIZES,
    epochs: int = EPOCHS,
    progress: Callable[[float], object] | None = None,
) -> dict[int, Runs]:
    """The runs of every batch size, and of B = N: all learning rates and orders. `tables` are not run again.

    progress(share) is told how much of the work is done.
    """
    known, N = dict(tables or {}), len(problem.X)
    missing = [B for B in batch_sizes_of(N, batch_sizes) if B not in known]
    work, done = sum(ceil(N / B) for B in missing), 0
    for B in missing:
        known[B] = experiments.run(problem, experiments.RATES, B, epochs, SEEDS)
        done += ceil(N / B)
        if progress:
            progress(done / work)
    return known


def _controls(N, eta, batch_size):
    rates = [(f"{rate:g}", rate) for rate in experiments.RATES]
    controls = {
        "eta": choice_slider("learning rate η", rates, eta, "How far your run goes against the gradient of a batch"),
        "batch_size": batch_size_slider(batch_sizes_of(N), N, batch_size, "Examples in an update of your run"),
        "axis": choice("x-axis", AXES, "epochs", "What the x-axis and the budget count"),
        "budget": choice_slider("budget (% of axis)", BUDGETS, 80, "Where the runs are compared, and the map is taken"),
        "rivals": choice("SGD and BGD use", RIVALS, RIVALS[0], "The learning rate of the two rivals"),
        "seeds": step_slider("random orders", SEEDS, SEEDS, "Orders of the examples that are run: bands hold them", 1),
    }
    controls["batch_size"].continuous_update = False  # a new batch size may take a second or two
    return controls


def _shown(problem, tables, eta, batch_size, axis, percent, rivals, seeds):
    """(curves, axis, budget, N, cells): the rivals at this eta, or each at its best for the budget."""
    N = len(problem.X)
    tables = {B: replace(runs, J=runs.J[:, :, :seeds]) for B, runs in tables.items()}
    sgd, yours, bgd = (tables[B] for B in (1, batch_size, N))
    budget = _budget((sgd, yours, bgd), axis, percent)
    index = list(yours.eta).index(eta)
    best = [index if rivals == "same η" else experiments.best_at(runs, budget, axis).index for runs in (sgd, bgd)]
    curves = [
        plots.curve("sgd", sgd, best[0]),
        plots.curve("minibatch", yours, index, f"your run, B = {batch_size}, η = {eta:g}"),
        plots.curve("bgd", bgd, best[1]),
    ]
    sizes = sorted({*batch_sizes_of(N), *tables})
    J = np.array([_costs_at(tables[B], axis, budget) if B in tables else UNRUN for B in sizes])
    columns = {"sgd": (1, best[0]), "minibatch": (batch_size, index), "bgd": (N, best[1])}
    marked = {kind: (sizes.index(B), column) for kind, (B, column) in columns.items()}
    return curves, axis, budget, N, Map(sizes, experiments.RATES, J, marked)


def _budget(needed, axis, percent):
    """The share of the logarithmic x-axis as a number of epochs, updates or examples."""
    last = max(getattr(runs, axis)[-1] for runs in needed)
    first = 1 / needed[0].N if axis == "epochs" else 1
    return first * (last / first) ** (percent / 100)


def _costs_at(runs, axis, budget):
    """The mean cost of every learning rate within the budget: infinite where a run diverges, NaN beyond the end."""
    row = _row_at(getattr(runs, axis), budget)
    if row is None:
        return UNRUN
    with np.errstate(over="ignore"):
        return np.nan_to_num(runs.J[row], nan=np.inf).mean(axis=-1)


@house_style
def picture(curves, axis, budget, N, cells):
    """Three runs against epochs, updates or examples, a budget on that axis, and the costs there of all runs.

    The curves are SGD, the reader's own and BGD, in this order; `cells` is a `landscape.Map`.
    """
    parts = dict(width_ratios=(1.5, 1), height_ratios=(4.4, 1))
    figure, ((axes, on_map), (table, legend)) = new_figure(9.5, 4.7, 2, 2, **parts)
    axes.set(xscale="log", yscale="log", ylim=YLIM, ylabel="cost J (log scale)")
    axes.xaxis.set_major_formatter(lambda x, position: f"{x:,g}")
    plots.plain_ticks(axes.yaxis, YLIM)
    moving = {"budget": axes.axvline(1, color=COLOURS["truth"], linestyle=":", linewidth=1.5)}
    axes.set_title(" ")  # room for who is ahead
    moving["ahead"] = axes.text(0, 1.025, "", transform=axes.transAxes)
    table.set_axis_off()
    table.set(xlim=(0, 1), ylim=(0, 1))
    for column, words in (("B", "B"), ("η", "η"), ("J", "J at the budget")):
        table.text(COLUMNS[column], 1, words, va="center")
    for curve, height in zip(curves, ROWS):
        batch_size = cells.batch_sizes[cells.marked[curve.kind][0]]
        moving |= _moving_curve(axes, curve.kind) | _table_row(table, curve, batch_size, height)
    moving |= draw_map(on_map, legend, cells, N)
    return Picture(figure, _show(moving, curves, axis, budget, N, cells), moving)


def _table_row(table, curve, batch_size, height):
    """The name of a curve, and the moving numbers: a text costs a tenth of a millisecond a letter."""
    look = dict(color=COLOURS[curve.kind], linestyle=LINESTYLES[curve.kind], linewidth=2, clip_on=False)
    table.plot([0, 0.07, 0.14], [height] * 3, marker=MARKERS[curve.kind], markevery=[1], markersize=7, **look, **MEDAL)
    table.text(COLUMNS["name"], height, curve.label.split(",")[0], va="center")
    texts = {key: table.text(COLUMNS[key], height, "", va="center") for key in ("B", "η", "J")}
    if curve.kind != "minibatch":  # the batch size of a rival stays
        texts.pop("B").set_text(f"{batch_size}")
    return {f"{curve.kind} {key}": text for key, text in texts.items()}


def _moving_curve(axes, kind):
    look = dict(color=COLOURS[kind], linestyle=LINESTYLES[kind], linewidth=2)
    now = dict(marker=MARKERS[kind], markersize=10, markeredgecolor="black", linestyle="", color=COLOURS[kind])
    return {
        f"{kind} band": axes.fill_between([1, 2], [1, 1], color=COLOURS[kind], alpha=0.25, linewidth=0),
        kind: axes.plot([], [], **look)[0],
        f"{kind} now": axes.plot([], [], clip_on=False, zorder=4, **now)[0],
    }


def _show(moving, curves, axis, budget, N, cells):
    """Move the artists; returns who is ahead at the budget, and what is on the map, in words."""
    _show_axis(moving["budget"].axes, curves, axis, N)
    show(moving["budget"], np.array([[budget, 0], [budget, 1]]))
    marks = [_cost_at(curve, axis, budget) for curve in curves]
    for curve, mark in zip(curves, marks):
        _show_curve(moving, curve, axis, budget, mark)
        _show_numbers(moving, curve.kind, cells, mark)
    moving["ahead"].set_text(f"at {_count(budget, axis)}: {_ahead(curves, marks)}".partition(" (")[0])
    mapped = show_map(moving, cells)
    found = "; ".join(f"{curve.label}: {_mark_words(mark)}" for curve, mark in zip(curves, marks))
    ahead = f"In short: {_ahead(curves, marks)}."
    return f"At {_count(budget, axis)}: {found}. {ahead} {mapped} {_fit(cells, N)}"


def _show_axis(axes, curves, axis, N):
    """A new axis is a full draw, so it is touched only when it changes."""
    if not axes.get_xlabel().startswith(axis):
        last = max(getattr(curve, axis)[-1] for curve in curves)
        axes.set(xlabel=f"{axis} (log scale)", xlim=(1 / N if axis == "epochs" else 1, last))


class Mark(NamedTuple):
    """Cost at a budget over the seeds: mean, lowest, highest; NaN where the run is shorter than the budget.

    `started` is False while the budget does not yet pay for the first update.
    """

    mean: float
    low: float
    high: float
    started: bool


def _cost_at(curve, axis, budget):
    """The cost at the last recorded moment within the budget; infinite for a run that has diverged."""
    row = _row_at(getattr(curve, axis), budget)
    if row is None:
        return Mark(np.nan, np.nan, np.nan, True)
    J = np.nan_to_num(curve.J[row], nan=np.inf)
    with np.errstate(over="ignore"):
        return Mark(J.mean(), J.min(), J.max(), row > 0)


def _row_at(x, budget):
    """The last recorded moment within the budget; None if the recording ends before it."""
    if budget > x[-1] * (1 + 1e-9):
        return None
    return np.searchsorted(x, budget * (1 + 1e-9), "right") - 1


def _show_curve(moving, curve, axis, budget, mark):
    x, J = getattr(curve, axis)[1:], np.nan_to_num(np.clip(curve.J[1:], 1e-9, 1e9), nan=1e9)
    mean = np.column_stack([x, J.mean(axis=1)])
    if not np.array_equal(mean, moving[curve.kind].get_xydata()):
        outline = np.append(x, x[::-1]), np.append(J.min(axis=1), J.max(axis=1)[::-1])
        moving[f"{curve.kind} band"].set_verts([np.column_stack(outline)])
        moving[curve.kind].set_data(*mean.T)
    show(moving[f"{curve.kind} now"], np.array([[budget, mark.mean if mark.mean < YLIM[1] else np.nan]]))


def _show_numbers(moving, kind, cells, mark):
    row, column = cells.marked[kind]
    if kind == "minibatch":
        moving[f"{kind} B"].set_text(f"{cells.batch_sizes[row]}")
    moving[f"{kind} η"].set_text(f"{cells.eta[column]:g}")
    moving[f"{kind} J"].set_text(_mark_words(mark).removeprefix("J = "))


def _mark_words(mark):
    if np.isnan(mark.mean):
        return "has ended before"
    start = "" if mark.started else " (still at the start)"
    return f"J = {mark.mean:.3f}{start}" if mark.mean < DIVERGED else "diverges"


def _ahead(curves, marks):
    """The name of the curve with the lowest mean; "level" if the band of another one overlaps its band."""
    running = sorted((mark, curve.label.split(",")[0]) for curve, mark in zip(curves, marks) if mark.mean < DIVERGED)
    if not running:
        return "all diverge"
    if sum(np.isnan(mark.mean) for mark in marks) == len(marks) - 1:
        return f"only {running[0][1]} runs that long"
    level = [name for mark, name in running if mark.low <= running[0][0].high]
    return f"{level[0]} is ahead" if len(level) == 1 else f"{' and '.join(level)} are level (their bands overlap)"


def _fit(cells, N):
    """Whether the batches of the reader's epoch are all of one size."""
    batch_size = cells.batch_sizes[cells.marked["minibatch"][0]]
    whole, rest = divmod(N, batch_size)
    if not rest:
        return f"B = {batch_size} divides N = {N}: the batches of an epoch are all of one size."
    return f"B = {batch_size} does not divide N = {N} = {whole} · {batch_size} + {rest}: the last batch has {rest}."


def _count(budget, axis):
    if axis == "epochs":
        return f"{budget:.3g} epochs"
    return f"{int(budget):,} {axis if int(budget) > 1 else axis[:-1]}"
