"""Batch gradient descent: the path, and J - J* after each epoch beside what theory allows (E14, E16, E17)."""

from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np

from bgd_helpers import descent, theory
from bgd_helpers.parameters import Array, Gradient
from bgd_helpers.pictures import paths
from bgd_helpers.pictures.controls import batch_sizes_of, choice, choice_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.paths import bowl_of, number, run_of
from bgd_helpers.pictures.picture import COLOURS, Picture, house_style, new_figure

SHARES = (0.01, 0.02, *(hundredths / 100 for hundredths in range(5, 100, 5)), 0.98, 0.99, 1.01, 1.02, 1.05, 1.1)
CONDITIONS = (1, 2, 5, 10, 20, 50, 100)
BATCH_SIZES = (1, 8, 32, 128)
EPOCHS = 40
GRID = {"share": None, "kappa": None}  # of a page with no kernel
VIEW = ((-3.2, 1.0), (-1.2, 2.9))
EXCESS = (1e-10, 1e4)
ROUNDING = 1e-11  # a smaller J - J* is known to four digits no more
LAST = 5  # epochs over which the factor is measured
PREDICT = "η goes from just below its limit to just above it: what will the cost do in the first epochs, what later?"
LOOK_FOR = (
    "With B = N: is the curve ever above the dotted line? At which share is it steepest for this κ, and what does the "
    "path do on either side of that share?"
)


class Setting(NamedTuple):
    """What a run was given: its learning rate, the examples of a batch and of all, whether gradients are summed."""

    eta: float
    batch_size: int
    N: int
    summed: bool = False


def shifted(x, condition_number):
    """A column of ones and the standardised x plus a shift s: the Hessian then has this condition number.

    H = 2 [[1, s], [s, 1 + s^2]] has determinant 4 and trace 2 (2 + s^2), so s = kappa^(1/4) - kappa^(-1/4).
    """
    return theory.with_ones(x + condition_number**0.25 - condition_number**-0.25)


def bgd_figure(
    x: Array,
    y: Array,
    share: float = 0.9,
    condition_number: float = 10,
    batch_size: int | None = None,
    combine: str = "mean",
    gradient: Gradient = theory.linear_gradient,
) -> Picture:
    """The picture of one run from w = 0 at eta = share * 2 / lambda_max (default: B = N)."""
    X, B = shifted(x, condition_number), batch_size or len(x)
    path = _paths(gradient, X, y, (share,), B, combine)[:, 0]
    return picture(bowl_of(X, y), run_of(path, B, X, y), _setting(X, share, B, combine))


def bgd_explorer(
    x: Array, y: Array, share: float = 0.9, condition_number: float = 10, gradient: Gradient = theory.linear_gradient
) -> Explorer:
    """The picture of `bgd_figure` with its controls.

    `gradient(w, X_batch, y_batch)`, a mean, may be your own. If it has `runs_together`, the runs of every learning
    rate are computed at once, and a move is a look-up; else each when it is first looked at.
    """
    N, shown = len(x), bgd_figure(x, y, share, condition_number, gradient=gradient)
    designs = {kappa: shifted(x, kappa) for kappa in CONDITIONS}
    bowls = {kappa: bowl_of(X, y) for kappa, X in designs.items()}

    @lru_cache(maxsize=256)
    def table(shares, kappa, batch_size, combine):
        return _paths(gradient, designs[kappa], y, shares, batch_size, combine)

    def redraw(share, kappa, batch_size, combine):
        X, shares = designs[kappa], SHARES if getattr(gradient, "runs_together", False) else (share,)
        path = table(shares, kappa, batch_size, combine)[:, shares.index(share)]
        run, setting = run_of(path, batch_size, X, y), _setting(X, share, batch_size, combine)
        return _show(shown.moving, bowls[kappa], run, setting)

    return Explorer(shown, _controls(N, share, condition_number), redraw, LOOK_FOR, PREDICT, lines=7, grid=GRID)


def _controls(N, share, condition_number):
    sizes, about_kappa = batch_sizes_of(N, BATCH_SIZES), "How narrow the valley is: λmax/λmin, by a shift of the input"
    return {
        "share": choice_slider("η / limit", SHARES, share, "The learning rate as a share of its limit 2/λmax"),
        "kappa": choice_slider("condition κ", CONDITIONS, condition_number, about_kappa),
        "batch_size": choice_slider("batch size B", sizes, N, "Examples in an update; N is batch gradient descent"),
        "combine": choice("gradients", ("mean", "sum"), "mean", "What an update makes of the gradients of its batch"),
    }


def _setting(X, share, batch_size, combine):
    return Setting(share * theory.learning_rate_limit(theory.hessian(X)), batch_size, len(X), combine == "sum")


def _paths(gradient, X, y, shares, batch_size, combine):
    """The parameters after every epoch, one run for each share of the limit: epochs x runs x 2 x 1."""
    gradient = gradient if combine == "mean" else _summed(gradient)
    etas, start = np.array(shares) * theory.learning_rate_limit(theory.hessian(X)), np.zeros((X.shape[1], 1))
    rng, every = np.random.default_rng(0), ceil(len(X) / batch_size)
    return descent.descend(gradient, start, X, y, etas, batch_size, EPOCHS, rng, every=every).theta


def _summed(gradient):
    """The sum over the batch, of a gradient that gives the mean."""

    def summed(w, X, y):
        return len(X) * gradient(w, X, y)

    summed.runs_together = getattr(gradient, "runs_together", False)
    return summed


@house_style
def picture(bowl, run, setting):
    """The path on the contours of J, and J - J* after each epoch beside what the rate of BGD allows."""
    figure, (left, right) = new_figure(9.5, 4.3, 1, 2)
    paths.plane(left, VIEW, "path, a point after each epoch")
    right.set(xlim=(0, 1.03 * EPOCHS), ylim=EXCESS, yscale="log", title="$J - J^*$ after each epoch")
    right.set(xlabel="epochs", ylabel="$J - J^*$")
    allowed = dict(color=COLOURS["truth"], linestyle=":", linewidth=2, label="what the rate of BGD allows")
    (bound,) = right.plot([], [], **allowed)
    moving = {**paths.path_artists(left), **paths.curve_artists(right), "bound": bound}
    right.legend(handles=[bound], loc="lower left")
    moving |= {"bowl": paths.subtitle(left), "eta": paths.subtitle(right)}
    return Picture(figure, _show(moving, bowl, run, setting), moving)


def _show(moving, bowl, run, setting):
    """Set the moving artists to this run; returns the picture in words.

    The run holds one point an epoch; the bound is J_0 - J* times rate^(2t), E14 in the worst direction.
    """
    paths.show_path(moving, bowl, run)
    excess, epoch = run.cost - bowl.lowest, np.arange(len(run.cost))
    paths.show_curve(moving, epoch, run._replace(cost=np.maximum(excess, EXCESS[0])), EXCESS[1])
    allowed = excess[0] * theory.rate(bowl.H, setting.eta) ** (2.0 * epoch)
    moving["bound"].set_data(epoch, np.maximum(allowed, EXCESS[0] / 10))
    moving["bowl"].set_text(_eigenvalues(bowl.H))
    moving["eta"].set_text(f"η = {setting.eta:.4g} is {_share(bowl.H, setting):.2f} of 2/λmax{_as_if(setting)}")
    return (
        f"After {paths.plural(len(excess) - 1, 'epoch')} J − J* is {number(excess[-1])}; it began at "
        f"{excess[0]:.3f}.{paths.divergence(excess, EXCESS[1], 'epoch')}{_rounding(excess)}\n"
        f"{_rates(bowl.H, setting, allowed[-1])}{_measured(excess, bowl.H, setting)}\n{_best(bowl.H, setting)}"
    )


def _eigenvalues(H):
    low, high = np.linalg.eigvalsh(H)
    return f"λmin = {low:.4g}, λmax = {high:.4g}, κ = {high / low:.4g}"


def _share(H, setting):
    return setting.eta / theory.learning_rate_limit(H)


def _as_if(setting):
    """What a sum over the batch amounts to."""
    return f"; summed, like η = {setting.batch_size * setting.eta:.3g}" if setting.summed else ""


def _rates(H, setting, allowed):
    updates = -(-setting.N // setting.batch_size)
    rate = theory.rate(H, setting.eta)
    text = f"Rate of BGD at this learning rate: {rate:.4f} per update, which allows {number(allowed)}."
    if updates > 1:
        text += f" But an epoch has {updates} updates here, each with its own batch."
    if setting.summed and setting.batch_size > 1:
        text += f" But the gradients are summed here: a step is {setting.batch_size} times as long."
    return text


def _measured(excess, H, setting):
    """The factor by which J - J* changes an epoch near the end, beside the one of theory."""
    end, known = _last_known(excess), np.flatnonzero(excess > ROUNDING)
    start = max(end - LAST, known[0] if len(known) else 0)
    if end == start:
        return " It is down to rounding before a factor can be measured."
    factor = np.exp((np.log(excess[end]) - np.log(excess[start])) / (end - start))
    rate = theory.rate(H, setting.eta)
    return f" From epoch {start} to {end} each epoch multiplies J − J* by {number(factor)}; rate² is {number(rate**2)}."


def _last_known(excess):
    """The last epoch before J - J* is down to rounding, or beyond floating point."""
    known = np.isfinite(excess) & (excess > ROUNDING)
    return len(excess) - 1 if known.all() else max(int(known.argmin()) - 1, 0)


def _rounding(excess):
    below = excess <= ROUNDING
    return f" From epoch {below.argmax()} on it is below {ROUNDING:.0e}: rounding." if below.any() else ""


def _best(H, setting):
    kappa, share = theory.condition_number(H), _share(H, setting)
    best = kappa / (kappa + 1)
    if np.isclose(share, best, rtol=1e-9):
        here = "This is it: both directions are equally slow."
    elif share > 1:
        here = "We are above the limit itself: the steep direction grows."
    else:
        side, name = ("below", "shallow") if share < best else ("above", "steep")
        here = f"We are {side} it: the {name} direction is the slower one."
    rate = (kappa - 1) / (kappa + 1)
    return f"The best share of the limit for BGD is κ/(κ + 1) = {best:.3f} (E16), with rate {rate:.4f} (E17). {here}"
