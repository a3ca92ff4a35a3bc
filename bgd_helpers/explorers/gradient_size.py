"""Depth: how large the gradient is in each layer, for a depth, an activation and a scale of the first weights."""

from functools import lru_cache

import numpy as np

from bgd_helpers import data, network
from bgd_helpers.pictures.controls import choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.figures.gradient_size import DEEPEST, Sizes, show_sizes, sizes_picture

WIDTH = 16
INPUTS = ("bill length", "bill depth", "flipper length")
ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")
SCALES = (0.2, 0.3, 0.5, 0.7, 0.85, 1, 1.2, 1.4, 1.7, 2)
PREDICT = "With sigmoid in every hidden layer: by about what factor does the gradient shrink on its way back, a layer?"
LOOK_FOR = (
    "At which scale do the curves of tanh run level? With identity, what does the scale do to each further layer? "
    "Where is the first layer left with nothing to learn from?"
)


def sizes(depth, activation, scale, seed):
    """The root mean square of Z^(k), delta^(k) and dW^(k), k = 1 … depth, before the first update.

    The net has 16 units in each hidden layer and one linear output for the body mass of N = 342 penguins; w_ij^(k) ~
    N(0, scale^2 / d_{k-1}), biases 0.
    """
    X, Y = _penguins()
    theta = network.initial_parameters([X.shape[1], *[WIDTH] * (depth - 1), 1], np.random.default_rng(seed), scale)
    activations = [activation] * (depth - 1) + ["identity"]
    _, Z = network.forward(theta, X, activations)
    delta = network.deltas(theta, X, Y, activations)
    gradient = [network.weight_gradient(Z[k - 1], delta[k]) for k in range(1, depth + 1)]
    return Sizes(*(np.array([np.sqrt((part**2).mean()) for part in parts]) for parts in (Z[1:], delta[1:], gradient)))


@lru_cache(maxsize=1)
def _penguins():
    penguins = data.load_penguins(INPUTS)
    return data.standardise(penguins.X), data.standardise(penguins.y)


def gradient_size_figure(depth=6, activation="sigmoid", scale=1, seed=0):
    """The size of activations, error signals and gradients, layer by layer."""
    return sizes_picture(sizes(depth, activation, scale, seed))


def gradient_size_explorer(depth=6, activation="sigmoid"):
    """The same picture with its controls."""
    picture = gradient_size_figure(depth, activation)

    def redraw(depth, activation, scale, seed):
        return show_sizes(picture.moving, sizes(depth, activation, scale, seed))

    controls = {
        "depth": step_slider("layers L", DEEPEST, depth, "How many layers of weights the network has", first=1),
        "activation": choice("activation", ACTIVATIONS, activation, "In the hidden layers; the output is linear"),
        "scale": choice_slider(
            "initial scale", SCALES, 1, "Standard deviation of the first weights, times √d of the layer before"
        ),
        "seed": step_slider("seed", 9, 0, "Other random weights"),
    }
    return Explorer(picture, controls, redraw, LOOK_FOR, PREDICT)
