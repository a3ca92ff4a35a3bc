"""SGD against BGD: learning rate, batch size, what the x-axis counts, and the map of all runs."""

from dataclasses import replace
from math import ceil

import numpy as np

from bgd_helpers import experiments
from bgd_helpers.pictures.controls import Progress, batch_size_slider, choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.plots import curve
from bgd_helpers.pictures.landscape import Map
from bgd_helpers.figures.rivals import AXES, rivals_picture, row_at, show_rivals

BATCH_SIZES = (1, 2, 3, 4, 6, 8, 9, 10, 16, 18, 19, 32, 38, 57, 64, 100, 114, 128, 171, 200, 256, 300)
EPOCHS = 60
SEEDS = 6
BUDGETS = tuple(range(0, 102, 2))  # per cent of the x-axis, which is logarithmic
RIVALS = ("best η at budget", "same η")
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
    return rivals_picture(*_drawn(problem, tables, eta, batch_size, axis, budget, rivals, seeds))


def comparison_explorer(problem, tables=None, eta=0.16, batch_size=18, epochs=EPOCHS):
    """The same picture with its sliders. The runs of a batch size are computed once, all learning rates together."""
    tables, progress = dict(tables or {}), Progress()

    def table(B):
        if B not in tables:
            tables[B] = experiments.run(problem, experiments.RATES, B, epochs, SEEDS, progress=progress)

    for B in (1, batch_size, len(problem.X)):
        table(B)
    picture = comparison_figure(problem, tables, eta, batch_size)

    def redraw(eta, batch_size, axis, budget, rivals, seeds):
        table(batch_size)
        return show_rivals(picture.moving, *_drawn(problem, tables, eta, batch_size, axis, budget, rivals, seeds))

    controls = _controls(len(problem.X), eta, batch_size)
    return Explorer(picture, controls, redraw, LOOK_FOR, PREDICT, progress, lines=6)


def comparison_tables(problem, tables=None, batch_sizes=BATCH_SIZES, epochs=EPOCHS, progress=None):
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


def batch_sizes_of(N, batch_sizes=BATCH_SIZES):
    """The batch sizes below N, and N."""
    return [*[B for B in batch_sizes if B < N], N]


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


def _drawn(problem, tables, eta, batch_size, axis, percent, rivals, seeds):
    """(curves, axis, budget, N, cells): the rivals at this eta, or each at its best for the budget."""
    N = len(problem.X)
    tables = {B: replace(runs, J=runs.J[:, :, :seeds]) for B, runs in tables.items()}
    sgd, yours, bgd = (tables[B] for B in (1, batch_size, N))
    budget = _budget((sgd, yours, bgd), axis, percent)
    index = list(yours.eta).index(eta)
    best = [index if rivals == "same η" else experiments.best_at(runs, budget, axis).index for runs in (sgd, bgd)]
    curves = [
        curve("sgd", sgd, best[0]),
        curve("minibatch", yours, index, f"your run, B = {batch_size}, η = {eta:g}"),
        curve("bgd", bgd, best[1]),
    ]
    columns = {"sgd": (1, best[0]), "minibatch": (batch_size, index), "bgd": (N, best[1])}
    return curves, axis, budget, N, _map(tables, N, axis, budget, columns)


def _budget(needed, axis, percent):
    """The share of the logarithmic x-axis as a number of epochs, updates or examples."""
    last = max(getattr(runs, axis)[-1] for runs in needed)
    first = 1 / needed[0].N if axis == "epochs" else 1
    return first * (last / first) ** (percent / 100)


def _map(tables, N, axis, budget, columns):
    batch_sizes = sorted({*batch_sizes_of(N), *tables})
    J = np.array([_costs_at(tables[B], axis, budget) if B in tables else UNRUN for B in batch_sizes])
    marked = {kind: (batch_sizes.index(B), column) for kind, (B, column) in columns.items()}
    return Map(batch_sizes, experiments.RATES, J, marked)


UNRUN = np.full(len(experiments.RATES), np.nan)


def _costs_at(runs, axis, budget):
    """The mean cost of every learning rate within the budget: infinite where a run diverges, NaN beyond the end."""
    row = row_at(getattr(runs, axis), budget)
    if row is None:
        return UNRUN
    with np.errstate(over="ignore"):
        return np.nan_to_num(runs.J[row], nan=np.inf).mean(axis=-1)
