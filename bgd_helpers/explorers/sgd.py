"""Stochastic gradient descent on two parameters: learning rate, batch size, updates shown, order, seed."""

from functools import lru_cache
from math import ceil

import numpy as np

from bgd_helpers import descent, theory
from bgd_helpers.explorers.controls import choice_slider, step_slider
from bgd_helpers.explorers.machinery import Explorer
from bgd_helpers.figures import descent as figures

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 0.99, 1.01)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
LOOK_FOR = "How far from the star does the path end up wandering, and which sliders make that distance smaller?"


def bowl_of(X, y):
    """The quadratic cost of linear regression, for the figures (E12, E13)."""
    w_star = theory.minimiser(X, y)
    return figures.Bowl(w_star, theory.hessian(X), theory.linear_cost(w_star, X, y))


def run_of(path, batch_size, X, y):
    """A path (T x 2 x 1) of this batch size with its costs, for the figures."""
    with np.errstate(over="ignore", invalid="ignore"):
        cost = theory.linear_cost(path, X, y)
    return figures.Run(figures.kind_of(batch_size, len(X)), path[:, :, 0], cost)


def sgd_figure(X, y, eta=0.02, batch_size=1, updates=None, order="shuffled", seed=0):
    """The picture of one run from w = 0: its path and its cost after each update (default: N updates)."""
    updates = len(X) if updates is None else updates
    path = _paths(X, y, np.array([eta]), batch_size, updates, order, seed)[:, 0]
    return figures.sgd_picture(bowl_of(X, y), run_of(path, batch_size, X, y), updates)


def sgd_explorer(X, y, eta=0.02):
    """The same picture with its sliders. A run of every learning rate is tabulated: a move is a look-up."""
    N, picture, bowl = len(X), sgd_figure(X, y, eta), bowl_of(X, y)

    @lru_cache(maxsize=64)
    def table(batch_size, order, seed):
        return _paths(X, y, np.array(RATES), batch_size, N, order, seed)

    def redraw(eta, batch_size, updates, order, seed):
        path = table(batch_size, order, seed)[: updates + 1, RATES.index(eta)]
        return figures.show_sgd(picture.moving, bowl, run_of(path, batch_size, X, y))

    controls = {
        "eta": choice_slider("learning rate η", RATES, eta),
        "batch_size": choice_slider("batch size B", (*[B for B in BATCH_SIZES if B < N], N), 1),
        "updates": step_slider("updates shown", N, N),
        "order": choice_slider("order", descent.ORDERS, "shuffled"),
        "seed": step_slider("seed", 19),
    }
    return Explorer(picture, controls, redraw, LOOK_FOR)


def _paths(X, y, etas, batch_size, updates, order, seed):
    """The parameters after 0 ... `updates` updates, one run for each learning rate: T x runs x 2 x 1."""
    epochs = ceil(updates / ceil(len(X) / batch_size))
    start, rng = np.zeros((X.shape[1], 1)), np.random.default_rng(seed)
    run = descent.descend(theory.linear_gradient, start, X, y, etas, batch_size, epochs, rng, order)
    return run.theta[: updates + 1]
