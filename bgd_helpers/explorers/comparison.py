"""SGD against BGD: learning rate, batch size, and what the x-axis counts."""

from functools import partial

from ipywidgets import FloatProgress

from bgd_helpers import experiments
from bgd_helpers.explorers.controls import choice_slider
from bgd_helpers.explorers.machinery import Explorer
from bgd_helpers.figures import comparison as figures

BATCH_SIZES = (1, 2, 3, 4, 6, 8, 9, 10, 16, 18, 19, 32, 38, 57, 64, 100, 114, 128, 171, 200, 256, 300)
EPOCHS = 60
BUDGETS = tuple(range(0, 102, 2))  # per cent of the x-axis, which is logarithmic
RIVALS = ("best η at budget", "same η")
LOOK_FOR = (
    "Where on the x-axis is BGD ahead, and where SGD? Does the answer stay when the axis counts updates? "
    "With the same η for all three: which curves lie on top of each other, and on which axis?"
)


def comparison_figure(problem, tables, eta=0.16, batch_size=18, axis="epochs", budget=80, rivals=RIVALS[0]):
    """SGD, mini-batches of `batch_size` at `eta`, and BGD; `tables` holds the runs of each batch size needed."""
    N = len(problem.X)
    needed = [tables[B] for B in (1, batch_size, N)]
    return figures.comparison(*_drawn(needed, eta, axis, budget, rivals), N)


def comparison_explorer(problem, tables=None, eta=0.16, batch_size=18, epochs=EPOCHS):
    """The same picture with its sliders. The runs of a batch size are computed once, all learning rates together."""
    N, tables = len(problem.X), dict(tables or {})
    progress = FloatProgress(max=1.0, description="computing", layout={"visibility": "hidden"})

    def table(B):
        if B not in tables:
            tables[B] = _with_progress(progress, problem, B, epochs)
        return tables[B]

    for B in (1, batch_size, N):
        table(B)
    picture = comparison_figure(problem, tables, eta, batch_size)

    def redraw(eta, batch_size, axis, budget, rivals):
        needed = [table(B) for B in (1, batch_size, N)]
        return figures.show_comparison(picture.moving, *_drawn(needed, eta, axis, budget, rivals), N)

    explorer = Explorer(picture, _controls(N, eta, batch_size), redraw, LOOK_FOR)
    explorer.children = (*explorer.children, progress)
    return explorer


def _controls(N, eta, batch_size):
    controls = {
        "eta": choice_slider("learning rate η", [(f"{rate:g}", rate) for rate in experiments.RATES], eta),
        "batch_size": choice_slider("batch size B", (*[B for B in BATCH_SIZES if B < N], N), batch_size),
        "axis": choice_slider("x-axis", figures.AXES, "epochs"),
        "budget": choice_slider("budget (% of axis)", BUDGETS, 80),
        "rivals": choice_slider("SGD and BGD use", RIVALS, RIVALS[0]),
    }
    controls["batch_size"].continuous_update = False  # a new batch size may take a second or two
    return controls


def _with_progress(progress, problem, batch_size, epochs):
    progress.layout.visibility = "visible"
    runs = experiments.run(problem, experiments.RATES, batch_size, epochs, progress=partial(setattr, progress, "value"))
    progress.layout.visibility = "hidden"
    return runs


def _drawn(needed, eta, axis, percent, rivals):
    """(curves, axis, budget): SGD, yours and BGD; the rivals at this eta, or each at its best for the budget."""
    sgd, yours, bgd = needed
    last = max(getattr(runs, axis)[-1] for runs in needed)
    first = 1 / sgd.N if axis == "epochs" else 1
    budget = first * (last / first) ** (percent / 100)
    index = list(yours.eta).index(eta)
    best = [index if rivals == "same η" else experiments.best_at(runs, budget, axis).index for runs in (sgd, bgd)]
    label = f"your run, B = {yours.batch_size}, η = {eta:g}"
    curves = [
        figures.curve("sgd", sgd, best[0]),
        figures.curve("minibatch", yours, index, label),
        figures.curve("bgd", bgd, best[1]),
    ]
    return curves, axis, budget
