"""The picture of how large activations, error signals and gradients are in each layer."""

from typing import NamedTuple

import numpy as np

from bgd_helpers.pictures.picture import COLOURS, Picture, house_style, new_figure

DEEPEST = 10
LIMITS = (1e-14, 1e6)
LOOKS = {  # name: colour, line, marker
    "activations": (COLOURS["forward"], "-", "o"),
    "deltas": (COLOURS["backward"], "--", "v"),
    "gradients": (COLOURS["truth"], "-", "s"),
}
NAMES = {
    "activations": "activations $Z^{(k)}$",
    "deltas": r"error signals $\Delta^{(k)}$",
    "gradients": r"gradients $\partial J/\partial W^{(k)}$",
}


class Sizes(NamedTuple):
    """A root mean square a layer, k = 1 … L."""

    activations: np.ndarray
    deltas: np.ndarray
    gradients: np.ndarray


@house_style
def sizes_picture(sizes):
    """Three sizes in each layer, on one logarithmic axis."""
    figure, axes = new_figure(9.5, 4)
    axes.set(xlim=(0.7, DEEPEST + 0.3), ylim=LIMITS, yscale="log", xlabel="layer $k$, the output is the last one")
    axes.set(xticks=range(1, DEEPEST + 1), ylabel="root mean square (log scale)")
    moving = {}
    for name, (colour, line, marker) in LOOKS.items():
        look = dict(color=colour, linestyle=line, marker=marker, markersize=8, linewidth=2, label=NAMES[name])
        (moving[name],) = axes.plot([], [], **look)
    (moving["output"],) = axes.plot([], [], ":", color=COLOURS["data"], linewidth=1.5)
    moving["note"] = axes.text(0.99, 0.04, "", ha="right", transform=axes.transAxes)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    picture = Picture(figure, "to be drawn", moving)
    picture.text = show_sizes(moving, sizes)
    return picture


def show_sizes(moving, sizes):
    """Set the moving artists of `sizes_picture`; returns the sizes at both ends in words."""
    layers = np.arange(1, len(sizes.gradients) + 1)
    for name, values in sizes._asdict().items():
        moving[name].set_data(layers, np.clip(values, LIMITS[0], LIMITS[1]))
    moving["output"].set_data([layers[-1]] * 2, LIMITS)
    first, last = sizes.gradients[0], sizes.gradients[-1]
    moving["note"].set_text(f"∂J/∂W: layer 1 {_number(first)}, layer {len(layers)} {_number(last)}")
    return _in_words(sizes)


def _in_words(sizes):
    L, (first, last) = len(sizes.gradients), sizes.gradients[[0, -1]]
    said = f"Root mean square of ∂J/∂W: {_number(first)} in layer 1, {_number(last)} in layer {L}"
    if L == 1:
        return f"{said}: one layer, nothing to pass on."
    back = (sizes.deltas[0] / sizes.deltas[-2]) ** (1 / (L - 2)) if L > 2 and sizes.deltas[-2] > 0 else np.nan
    passed = (
        f" From one hidden layer to the one before, δ is multiplied by {_number(back)} on average." if L > 2 else ""
    )
    if first == 0:
        return f"{said}. Layer 1 hears nothing: every path back to it is cut off."
    return f"{said}: a ratio of {_number(first / last)}.{passed}"


def _number(value):
    if np.isnan(value):
        return "nothing"
    return f"{value:.3f}" if 1e-2 <= value < 100 else "0" if value == 0 else f"{value:.1e}"
