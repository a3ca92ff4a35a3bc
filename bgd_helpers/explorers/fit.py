"""What a small network has learnt: learning rate, batch size, epochs, the order of the birds, and the network."""

from functools import lru_cache
from math import ceil
from typing import NamedTuple

import numpy as np

from bgd_helpers import data, descent, network
from bgd_helpers.pictures.controls import Progress, batch_size_slider, choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.figures.fit import Birds, Fit, Plane, fit_picture, show_fit, wrong_side

RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
BATCH_SIZES = (1, 2, 4, 9, 18, 38, 64, 114, 200, 342)
EPOCHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100)
HIDDEN = (1, 2, 4, 8, 16)
OUTPUTS = ("tanh", "identity")
SPECIES = "Chinstrap"
INPUTS = ("bill length", "bill depth")
GRID = 81, 61  # points across and up
SEEDS = 8
PREDICT = "B = 1 and η = 0.5: if only the order of the birds changes, does the black line stay where it is?"
LOOK_FOR = (
    "The green line is the black one an epoch earlier. For which η and B do the two lie on each other, for which do "
    "they still jump at epoch 100, and for which has the black line hardly left its start?"
)


class Table(NamedTuple):
    """All learning rates of one setting after every epoch: the path, and J and the share right (epochs x rates)."""

    path: descent.Descent
    J: np.ndarray
    right: np.ndarray


def fit_figure(eta=0.1, batch_size=18, epochs=20, seed=0, hidden=8, output="tanh"):
    """The output of a 2-`hidden`-1 network over the plane after some epochs, its boundary, and its course until then.

    It tells Chinstraps (target 1) from the other penguins (-1) by the length and the depth of their bills.
    """
    table = _table(batch_size, seed, hidden, output)
    return fit_picture(_birds(), *_drawn(table, eta, epochs, output))


def fit_explorer(eta=0.1, batch_size=18, epochs=20):
    """The same picture with its sliders. All learning rates of a setting are trained once, together."""
    progress, picture = Progress(), fit_figure(eta, batch_size, epochs)
    table = lru_cache(lambda *setting: _table(*setting, progress))

    def redraw(eta, batch_size, epochs, seed, hidden, output):
        drawn = _drawn(table(batch_size, seed, hidden, output), eta, epochs, output)
        return show_fit(picture.moving, _birds(), *drawn)

    return Explorer(picture, _controls(eta, batch_size, epochs), redraw, LOOK_FOR, PREDICT, progress, lines=6)


def _controls(eta, batch_size, epochs):
    N = len(_birds().X)
    controls = {
        "eta": choice_slider("learning rate η", RATES, eta, "How far an update goes against the gradient of a batch"),
        "batch_size": batch_size_slider(BATCH_SIZES, N, batch_size, "Birds in an update; B = 1 takes a second"),
        "epochs": choice_slider("epochs", EPOCHS, epochs, "Passes over the birds that have been made"),
        "seed": step_slider("order of the birds", SEEDS - 1, 0, "Another random order; at B = N it cannot matter"),
        "hidden": choice("hidden units", HIDDEN, 8, "tanh units between the two inputs and the output"),
        "output": choice("output f_L", OUTPUTS, "tanh", "tanh stays between −1 and 1, identity has no bounds"),
    }
    for name in ("batch_size", "seed"):
        controls[name].continuous_update = False  # a new run may take a second or two
    return controls


@lru_cache(maxsize=1)
def _birds():
    X = data.load_penguins(INPUTS).X
    return Birds(X, data.penguin_species() == SPECIES, (SPECIES, "Adelie or Gentoo"), INPUTS)


def _table(batch_size, seed, hidden, output, progress=None):
    """The runs of every learning rate, from one start; the seed is that of the order of the birds."""
    birds, activations = _birds(), ("tanh", output)
    X, Y = data.standardise(birds.X), np.where(birds.positive, 1.0, -1.0)[:, None]
    start = network.initial_parameters([2, hidden, 1], np.random.default_rng(0))
    updates = ceil(len(X) / batch_size)
    gradient = _counted(network.gradient_of(activations), updates * EPOCHS[-1], progress)
    rng = np.random.default_rng(seed)
    path = descent.descend(gradient, start, X, Y, np.array(RATES), batch_size, EPOCHS[-1], rng, every=updates)
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = network.predict(path.theta, X, activations)
        J = ((Y - outputs) ** 2).sum(axis=-1).mean(axis=-1)
    return Table(path, J, 1 - wrong_side(birds, outputs[..., 0]).mean(axis=-1))


def _counted(gradient, updates, progress):
    """The gradient, and every hundredth time the progress is told the share of the updates that are made."""
    done = 0

    def counted(theta, X, Y):
        nonlocal done
        done += 1
        if progress and done % 100 == 0:
            progress(done / updates)
        return gradient(theta, X, Y)

    counted.runs_together = True
    return counted


def _drawn(table, eta, epoch, output):
    """(plane, fit) of one learning rate after an epoch."""
    birds, run = _birds(), RATES.index(eta)
    theta = _parameters(table, run, epoch)
    x, y = _axes(birds.X)
    earlier = _outputs(_parameters(table, run, epoch - 1), x, y, output) if epoch else None
    plane = Plane(x, y, _outputs(theta, x, y, output), earlier)
    f = network.activation(output)
    with np.errstate(over="ignore", invalid="ignore"):
        A, Z = network.forward(theta, data.standardise(birds.X), ("tanh", output))
        slopes = f.df(A[-1], Z[-1])[:, 0]
    return plane, Fit(eta, table.path.batch_size, epoch, table.J[:, run], table.right[:, run], Z[-1][:, 0], slopes)


def _parameters(table, run, epoch):
    return [(W[epoch, run], b[epoch, run]) for W, b in table.path.theta]


def _axes(X):
    """Where the plane is sampled, in mm: a little beyond the birds."""
    margin = 0.05 * np.ptp(X, axis=0)
    ends = zip(X.min(axis=0) - margin, X.max(axis=0) + margin, GRID)
    return [np.linspace(first, last, points) for first, last, points in ends]


def _outputs(theta, x, y, output):
    """y_hat at every point of the plane, standardised as the birds are: a row a y, a column an x."""
    X = _birds().X
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = network.predict(theta, (points - X.mean(axis=0)) / X.std(axis=0), ("tanh", output))
    return outputs.reshape(len(y), len(x))
