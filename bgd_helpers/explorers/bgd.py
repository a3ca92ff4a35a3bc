"""Batch gradient descent: learning rate as a share of its limit, condition number, batch size, sum or mean."""

from functools import lru_cache
from math import ceil

import numpy as np

from bgd_helpers import descent, theory
from bgd_helpers.pictures.controls import choice, choice_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.explorers.sgd import bowl_of, run_of
from bgd_helpers.figures import bgd as figures

SHARES = (0.01, 0.02, *(hundredths / 100 for hundredths in range(5, 100, 5)), 0.98, 0.99, 1.01, 1.02, 1.05, 1.1)
CONDITIONS = (1, 2, 5, 10, 20, 50, 100)
BATCH_SIZES = (1, 8, 32, 128)
EPOCHS = 40
PREDICT = "η goes from just below its limit to just above it: what will the cost do in the first epochs, what later?"
LOOK_FOR = (
    "With B = N: is the curve ever above the dotted line? At which share is it steepest for this κ, and what does the "
    "path do on either side of that share?"
)


def shifted(x, condition_number):
    """A column of ones and the standardised x plus a shift s: the Hessian then has this condition number.

    H = 2 [[1, s], [s, 1 + s^2]] has determinant 4 and trace 2 (2 + s^2), so s = kappa^(1/4) - kappa^(-1/4).
    """
    return theory.with_ones(x + condition_number**0.25 - condition_number**-0.25)


def bgd_figure(x, y, share=0.9, condition_number=10, batch_size=None, combine="mean", gradient=theory.linear_gradient):
    """The picture of one run from w = 0 at eta = share * 2 / lambda_max (default: B = N)."""
    batch_size = len(x) if batch_size is None else batch_size
    X = shifted(x, condition_number)
    path = _paths(gradient, X, y, (share,), batch_size, combine)[:, 0]
    return figures.bgd_picture(bowl_of(X, y), *_shown(path, batch_size, X, y, share, combine), EPOCHS)


def bgd_explorer(x, y, share=0.9, condition_number=10, gradient=theory.linear_gradient):
    """The same picture with its controls.

    `gradient(w, X_batch, y_batch)`, a mean, may be your own. If it has `runs_together`, the runs of every learning
    rate are computed at once, and a move is a look-up; else each when it is first looked at.
    """
    N, picture = len(x), bgd_figure(x, y, share, condition_number, gradient=gradient)
    designs = {kappa: shifted(x, kappa) for kappa in CONDITIONS}
    bowls = {kappa: bowl_of(X, y) for kappa, X in designs.items()}

    @lru_cache(maxsize=256)
    def table(shares, kappa, batch_size, combine):
        return _paths(gradient, designs[kappa], y, shares, batch_size, combine)

    def redraw(share, kappa, batch_size, combine):
        shares = SHARES if getattr(gradient, "runs_together", False) else (share,)
        path = table(shares, kappa, batch_size, combine)[:, shares.index(share)]
        shown = _shown(path, batch_size, designs[kappa], y, share, combine)
        return figures.show_bgd(picture.moving, bowls[kappa], *shown)

    return Explorer(picture, _controls(N, share, condition_number), redraw, LOOK_FOR, PREDICT, lines=7)


def _controls(N, share, condition_number):
    sizes = (*[B for B in BATCH_SIZES if B < N], N)
    return {
        "share": choice_slider("η / limit", SHARES, share, "The learning rate as a share of its limit 2/λmax"),
        "kappa": choice_slider(
            "condition κ", CONDITIONS, condition_number, "How narrow the valley is: λmax/λmin, by a shift of the input"
        ),
        "batch_size": choice_slider("batch size B", sizes, N, "Examples in an update; N is batch gradient descent"),
        "combine": choice("gradients", ("mean", "sum"), "mean", "What an update makes of the gradients of its batch"),
    }


def _shown(path, batch_size, X, y, share, combine):
    """(run, setting): the run with its costs, and what it was given."""
    eta = share * theory.learning_rate_limit(theory.hessian(X))
    return run_of(path, batch_size, X, y), figures.Setting(eta, batch_size, len(X), combine == "sum")


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
