"""Depth: how large the gradient is in each layer, for a depth, an activation and a scale of the first weights."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bgd_helpers import data, network
from bgd_helpers.pictures.controls import choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.picture import COLOURS, Picture, house_style, new_figure

WIDTH, DEEPEST = 16, 10
INPUTS = ("bill length", "bill depth", "flipper length")
ACTIVATIONS = ("tanh", "sigmoid", "relu", "identity")
SCALES = (0.2, 0.3, 0.5, 0.7, 0.85, 1, 1.2, 1.4, 1.7, 2)
LIMITS = (1e-14, 1e6)
LOOKS = {  # name: colour, line, marker, label
    "activations": ("forward", "-", "o", "activations $Z^{(k)}$"),
    "deltas": ("backward", "--", "v", r"error signals $\Delta^{(k)}$"),
    "gradients": ("truth", "-", "s", r"gradients $\partial J/\partial W^{(k)}$"),
}
PREDICT = "With sigmoid in every hidden layer: by about what factor does the gradient shrink on its way back, a layer?"
LOOK_FOR = (
    "At which scale do the curves of tanh run level? With identity, what does the scale do to each further layer? "
    "Where is the first layer left with nothing to learn from?"
)


class Sizes(NamedTuple):
    """A root mean square a layer, k = 1 … L."""

    activations: np.ndarray
    deltas: np.ndarray
    gradients: np.ndarray


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


@house_style
def gradient_size_figure(depth=6, activation="sigmoid", scale=1, seed=0):
    """The size of activations, error signals and gradients, layer by layer, on one logarithmic axis."""
    figure, axes = new_figure(9.5, 4)
    axes.set(xlim=(0.7, DEEPEST + 0.3), ylim=LIMITS, yscale="log", xlabel="layer $k$, the output is the last one")
    axes.set(xticks=range(1, DEEPEST + 1), ylabel="root mean square (log scale)")
    moving = {}
    for name, (colour, line, marker, label) in LOOKS.items():
        look = dict(color=COLOURS[colour], linestyle=line, marker=marker, markersize=8, linewidth=2, label=label)
        (moving[name],) = axes.plot([], [], **look)
    (moving["output"],) = axes.plot([], [], ":", color=COLOURS["data"], linewidth=1.5)
    moving["note"] = axes.text(0.99, 0.04, "", ha="right", transform=axes.transAxes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return Picture(figure, _show(moving, sizes(depth, activation, scale, seed)), moving)


def gradient_size_explorer(depth: int = 6, activation: str = "sigmoid") -> Explorer:
    """How large the gradient is in each layer of a deep network, with its controls."""
    picture = gradient_size_figure(depth, activation)
    about_scale = "Standard deviation of the first weights, times √d of the layer before"
    controls = {
        "depth": step_slider("layers L", DEEPEST, depth, "How many layers of weights the network has", first=1),
        "activation": choice("activation", ACTIVATIONS, activation, "In the hidden layers; the output is linear"),
        "scale": choice_slider("initial scale", SCALES, 1, about_scale),
        "seed": step_slider("seed", 9, 0, "Other random weights"),
    }
    grid = {"depth": None, "activation": None, "scale": None}
    return Explorer(
        picture, controls, lambda **state: _show(picture.moving, sizes(**state)), LOOK_FOR, PREDICT, grid=grid
    )


def _show(moving, found):
    """Set the moving artists to these sizes; returns the sizes at both ends in words."""
    layers = np.arange(1, len(found.gradients) + 1)
    for name, values in found._asdict().items():
        moving[name].set_data(layers, np.clip(values, *LIMITS))
    moving["output"].set_data([layers[-1]] * 2, LIMITS)
    first, last = (_number(found.gradients[k]) for k in (0, -1))
    moving["note"].set_text(f"∂J/∂W: layer 1 {first}, layer {len(layers)} {last}")
    return f"Root mean square of ∂J/∂W: {first} in layer 1, {last} in layer {len(layers)}{_compared(found)}"


def _compared(found):
    L, (first, last) = len(found.gradients), found.gradients[[0, -1]]
    if L == 1:
        return ": one layer, nothing to pass on."
    if first == 0:
        return ". Layer 1 hears nothing: every path back to it is cut off."
    ratio = f": a ratio of {_number(first / last)}."
    if L == 2:
        return ratio
    back = (found.deltas[0] / found.deltas[-2]) ** (1 / (L - 2)) if found.deltas[-2] > 0 else np.nan
    return f"{ratio} From one hidden layer to the one before, δ is multiplied by {_number(back)} on average."


def _number(value):
    if np.isnan(value):
        return "nothing"
    return f"{value:.3f}" if 1e-2 <= value < 100 else "0" if value == 0 else f"{value:.1e}"
