"""Stochastic gradient descent on two parameters: learning rate, batch size, updates shown, order, seed."""

from functools import lru_cache
from math import ceil

import numpy as np

from bgd_helpers import descent, theory
from bgd_helpers.pictures.controls import choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.figures import sgd as figures
from bgd_helpers.pictures.paths import Bowl, Run, kind_of

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 0.99, 1.01)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
PREDICT = (
    "Set “updates shown” to 0, far from the star: do the arrows of the examples agree? "
    "And near the star, where their mean all but vanishes: does each of them vanish too?"
)
LOOK_FOR = (
    "How far from the star does the path end up wandering, and which controls make that distance smaller? "
    "The black line is what the next update follows: how far is its direction from the blue mean?"
)


def bowl_of(X, y):
    """The quadratic cost of linear regression, for the figures (E12, E13)."""
    w_star = theory.minimiser(X, y)
    return Bowl(w_star, theory.hessian(X), theory.linear_cost(w_star, X, y))


def run_of(path, batch_size, X, y):
    """A path (T x 2 x 1) of this batch size with its costs, for the figures."""
    with np.errstate(over="ignore", invalid="ignore"):
        cost = theory.linear_cost(path, X, y)
    return Run(kind_of(batch_size, len(X)), path[:, :, 0], cost)


def sgd_figure(X, y, eta=0.02, batch_size=1, updates=None, order="shuffled", seed=0, gradient=theory.linear_gradient):
    """The picture of one run from w = 0: its path, its cost after each update, and the arrows at its end.

    By default N updates are shown.
    """
    updates = len(X) if updates is None else updates
    path = _paths(gradient, X, y, np.array([eta]), batch_size, updates, order, seed)[:, 0]
    batch = _drawn_batches(len(X), batch_size, updates, order, seed)[updates]
    return figures.sgd_picture(bowl_of(X, y), *_shown(path, batch, gradient, batch_size, X, y), updates)


def sgd_explorer(X, y, eta=0.02, gradient=theory.linear_gradient):
    """The same picture with its controls.

    `gradient(w, X_batch, y_batch)` may be your own. If it has `runs_together`, the runs of every learning rate are
    computed at once, and a move is a look-up; else each when it is first looked at.
    """
    N, bowl = len(X), bowl_of(X, y)
    picture = sgd_figure(X, y, eta, gradient=gradient)

    @lru_cache(maxsize=128)
    def table(rates, batch_size, order, seed):
        return _paths(gradient, X, y, np.array(rates), batch_size, N, order, seed)

    @lru_cache(maxsize=64)
    def drawn(batch_size, order, seed):
        return _drawn_batches(N, batch_size, N, order, seed)

    def redraw(eta, batch_size, updates, order, seed):
        rates = RATES if getattr(gradient, "runs_together", False) else (eta,)
        path = table(rates, batch_size, order, seed)[: updates + 1, rates.index(eta)]
        batch = drawn(batch_size, order, seed)[updates]
        return figures.show_sgd(picture.moving, bowl, *_shown(path, batch, gradient, batch_size, X, y))

    return Explorer(picture, _controls(N, eta), redraw, LOOK_FOR, PREDICT, lines=6)


def _controls(N, eta):
    sizes = (*[B for B in BATCH_SIZES if B < N], N)
    return {
        "eta": choice_slider("learning rate η", RATES, eta, "An update goes η times the gradient of its batch"),
        "batch_size": choice_slider("batch size B", sizes, 1, "Examples whose mean gradient an update uses"),
        "updates": step_slider("updates shown", N, N, "Where the path stops; the arrows are those at its end"),
        "order": choice("order", descent.ORDERS, "shuffled", "How the examples of the batches are chosen"),
        "seed": step_slider("seed", 19, 0, "Another random order of the examples"),
    }


def _shown(path, batch, gradient, batch_size, X, y):
    """(run, arrows): the run with its costs, and what the examples and the next update ask for at its end."""
    w = path[-1]
    with np.errstate(over="ignore", invalid="ignore"):
        steps, step = -theory.linear_example_gradients(w, X, y), -gradient(w, X[batch], y[batch])
    return run_of(path, batch_size, X, y), figures.Arrows(steps, batch, np.ravel(step))


def _paths(gradient, X, y, etas, batch_size, updates, order, seed):
    """The parameters after 0 ... `updates` updates, one run for each learning rate: T x runs x 2 x 1."""
    epochs = max(1, ceil(updates / ceil(len(X) / batch_size)))
    start, rng = np.zeros((X.shape[1], 1)), np.random.default_rng(seed)
    run = descent.descend(gradient, start, X, y, etas, batch_size, epochs, rng, order)
    return run.theta[: updates + 1]


def _drawn_batches(N, batch_size, updates, order, seed):
    """The batches that `descend` draws for the first `updates` updates, and for the next one."""
    rng, epochs = np.random.default_rng(seed), updates // ceil(N / batch_size) + 1
    return [batch for _ in range(epochs) for batch in descent.batches(N, batch_size, rng, order)]
