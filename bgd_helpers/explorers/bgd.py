"""Batch gradient descent: learning rate as a share of its limit, condition number, batch size, sum or mean."""

from functools import lru_cache
from math import ceil

import numpy as np

from bgd_helpers import descent, theory
from bgd_helpers.explorers.controls import choice_slider
from bgd_helpers.explorers.machinery import Explorer
from bgd_helpers.explorers.sgd import bowl_of, run_of
from bgd_helpers.figures import descent as figures

SHARES = (0.01, 0.02, *(hundredths / 100 for hundredths in range(5, 100, 5)), 0.98, 0.99, 1.01, 1.02, 1.05, 1.1)
CONDITIONS = (1, 2, 5, 10, 20, 50, 100)
BATCH_SIZES = (1, 8, 32, 128)
EPOCHS = 40
LOOK_FOR = (
    "With B = N: is the curve ever above the dotted line? At which share is it steepest for this κ, and what does the "
    "path do on either side of that share?"
)


def shifted(x, condition_number):
    """A column of ones and the standardised x plus a shift s: the Hessian then has this condition number.

    H = 2 [[1, s], [s, 1 + s^2]] has determinant 4 and trace 2 (2 + s^2), so s = kappa^(1/4) - kappa^(-1/4).
    """
    return theory.with_ones(x + condition_number**0.25 - condition_number**-0.25)


def bgd_figure(x, y, share=0.9, condition_number=10, batch_size=None, combine="mean"):
    """The picture of one run from w = 0 at eta = share * 2 / lambda_max (default: B = N)."""
    batch_size = len(x) if batch_size is None else batch_size
    X = shifted(x, condition_number)
    path = _paths(X, y, np.array([share]), batch_size, combine)[:, 0]
    return figures.bgd_picture(bowl_of(X, y), *_drawn(path, batch_size, X, y, share), EPOCHS)


def bgd_explorer(x, y, share=0.9, condition_number=10):
    """The same picture with its sliders. A run of every learning rate is tabulated: a move is a look-up."""
    N, picture = len(x), bgd_figure(x, y, share, condition_number)
    bowls = {kappa: bowl_of(shifted(x, kappa), y) for kappa in CONDITIONS}

    @lru_cache(maxsize=16)
    def table(kappa, batch_size, combine):
        return _paths(shifted(x, kappa), y, np.array(SHARES), batch_size, combine)

    def redraw(share, kappa, batch_size, combine):
        path = table(kappa, batch_size, combine)[:, SHARES.index(share)]
        return figures.show_bgd(picture.moving, bowls[kappa], *_drawn(path, batch_size, shifted(x, kappa), y, share))

    controls = {
        "share": choice_slider("η / limit", SHARES, share),
        "kappa": choice_slider("condition κ", CONDITIONS, condition_number),
        "batch_size": choice_slider("batch size B", (*[B for B in BATCH_SIZES if B < N], N), N),
        "combine": choice_slider("gradients", ("mean", "sum"), "mean"),
    }
    return Explorer(picture, controls, redraw, LOOK_FOR)


def _drawn(path, batch_size, X, y, share):
    """(run, rate): the run with its costs, and the rate of BGD at this learning rate."""
    H = theory.hessian(X)
    return run_of(path, batch_size, X, y), theory.rate(H, share * theory.learning_rate_limit(H))


def _paths(X, y, shares, batch_size, combine):
    """The parameters after every epoch, one run for each share of the limit: epochs x runs x 2 x 1."""
    gradient = theory.linear_gradient if combine == "mean" else _summed
    etas, start = shares * theory.learning_rate_limit(theory.hessian(X)), np.zeros((X.shape[1], 1))
    rng, every = np.random.default_rng(0), ceil(len(X) / batch_size)
    return descent.descend(gradient, start, X, y, etas, batch_size, EPOCHS, rng, every=every).theta


def _summed(w, X, y):
    return len(X) * theory.linear_gradient(w, X, y)


_summed.runs_together = True
