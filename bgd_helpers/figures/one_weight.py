"""The picture of E7: matrices with their numbers, and the row and the column that make one entry."""

from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from bgd_helpers.pictures.picture import SUBSCRIPTS, number
from bgd_helpers.pictures.picture import COLOURS, Picture, house_style, new_figure

WIDTH, TOP = 9.5, 0.75  # inches; TOP is the height of a row of headings
CELL_WIDTH, CELL_HEIGHT = 0.62, 0.34
LEFT, GAP = 0.62, 0.95  # before the first matrix, and between two
BELOW = 0.75  # for the arithmetic
MOST_NUMBERS = 15  # across: more cells do not fit


class Products(NamedTuple):
    """The matrices of E7 for one layer: Z^(k-1) (N x d_{k-1}), Delta^(k) (N x d_k) and dW^(k)."""

    Z_prev: np.ndarray
    delta: np.ndarray
    dW: np.ndarray


@house_style
def products_picture(layers, weight, example):
    """dW = (1/N) Z^T Delta for each layer, in numbers; `weight` is (k, i, j), counted from 1 as `example` is."""
    _check_width(layers)
    heights = [TOP + CELL_HEIGHT * max(layer.Z_prev.shape) for layer in layers]
    figure, axes = new_figure(WIDTH, sum(heights) + BELOW)
    axes.set(xlim=(0, WIDTH), ylim=(0, sum(heights) + BELOW), aspect="equal")
    axes.axis("off")
    for k, layer in enumerate(layers, start=1):
        _draw_layer(axes, k, layer, _corners(layers, k))
    moving = _lights(axes)
    picture = Picture(figure, "to be drawn", moving)
    picture.text = show_product(moving, layers, weight, example)
    return picture


def _check_width(layers):
    for k, layer in enumerate(layers, start=1):
        across = len(layer.Z_prev) + 2 * layer.delta.shape[1]
        if across > MOST_NUMBERS - 3:
            raise ValueError(f"layer {k} has {across} columns of numbers: at most {MOST_NUMBERS - 3} can be read")


def _corners(layers, k):
    """The upper left corners of Z^T, Delta and dW of layer k."""
    above = sum(TOP + CELL_HEIGHT * max(layer.Z_prev.shape) for layer in layers[k:])
    N, width = len(layers[k - 1].Z_prev), layers[k - 1].delta.shape[1]
    y = BELOW + above + CELL_HEIGHT * max(layers[k - 1].Z_prev.shape)
    second = LEFT + N * CELL_WIDTH + GAP
    return (LEFT, y), (second, y), (second + width * CELL_WIDTH + GAP, y)


def _draw_layer(axes, k, layer, corners):
    names = rf"$Z^{{({k - 1})\top}}$", rf"$\Delta^{{({k})}}$", rf"$\partial J/\partial W^{{({k})}}$"
    for (x, y), cells, name in zip(corners, (layer.Z_prev.T, layer.delta, layer.dW), names):
        axes.text(x + CELL_WIDTH * cells.shape[1] / 2, y + 0.22, name, ha="center", va="center", fontsize=13)
        for (row, column), value in np.ndenumerate(cells):
            place = x + CELL_WIDTH * (column + 0.5), y - CELL_HEIGHT * (row + 0.5)
            axes.add_patch(
                Rectangle(_corner((x, y), row, column), CELL_WIDTH, CELL_HEIGHT, fill=False, color="#C8C8C8")
            )
            axes.text(*place, number(value), ha="center", va="center", fontsize=10)
    (first, y), (second, _), (third, _) = corners
    middle = y - CELL_HEIGHT * layer.dW.shape[0] / 2
    axes.text(first - 0.1, middle, f"1/{len(layer.Z_prev)}", ha="right", va="center", fontsize=13)
    axes.text((first + CELL_WIDTH * len(layer.Z_prev) + second) / 2, middle, "·", ha="center", va="center", fontsize=16)
    equals = (second + CELL_WIDTH * layer.delta.shape[1] + third) / 2
    axes.text(equals, middle, "=", ha="center", va="center", fontsize=16)


def _corner(corner, row, column):
    return corner[0] + CELL_WIDTH * column, corner[1] - CELL_HEIGHT * (row + 1)


def _lights(axes):
    """Frames for the row, the column, the entry, and one example's two numbers; two lines of arithmetic."""
    looks = {"row": ("forward", "-"), "column": ("backward", "-"), "entry": ("truth", "-")}
    moving = {
        name: axes.add_patch(
            Rectangle((0, 0), 0, 0, facecolor="none", edgecolor=COLOURS[key], linestyle=line, linewidth=3, zorder=4)
        )
        for name, (key, line) in looks.items()
    }
    for name in ("sent", "received"):
        tint = Rectangle((0, 0), CELL_WIDTH, CELL_HEIGHT, color=COLOURS["highlight"], alpha=0.35, zorder=3)
        moving[name] = axes.add_patch(tint)
    lines = {f"line {row}": axes.text(0.1, 0.45 - 0.28 * row, "", va="center") for row in range(2)}
    return moving | lines


def show_product(moving, layers, weight, example):
    """Light the row, the column and the entry of one weight; returns the sum in words."""
    (k, i, j), n = weight, example - 1
    layer = layers[k - 1]
    N, (left, middle, right) = len(layer.Z_prev), _corners(layers, k)
    _frame(moving["row"], _corner(left, i - 1, 0), N, 1)
    _frame(moving["column"], _corner(middle, N - 1, j - 1), 1, N)
    _frame(moving["entry"], _corner(right, i - 1, j - 1), 1, 1)
    moving["sent"].set_xy(_corner(left, i - 1, n))
    moving["received"].set_xy(_corner(middle, n, j - 1))
    Z, delta = layer.Z_prev[:, i - 1], layer.delta[:, j - 1]
    terms = " + ".join(f"{_factor(z)} · {_factor(d)}" for z, d in zip(Z, delta))
    name = f"w{SUBSCRIPTS[i - 1]}{SUBSCRIPTS[j - 1]} into layer {k}"
    whole = f"E7: ∂J/∂{name} = 1/{N} · ({terms}) = {number(layer.dW[i - 1, j - 1])}"
    part = f"E6: example {example} adds z · δ = {_factor(Z[n])} · {_factor(delta[n])} = {number(Z[n] * delta[n])}"
    moving["line 0"].set_text(whole)
    moving["line 1"].set_text(part)
    return f"{whole}.\n{part}. Row {i} of Z^({k - 1})ᵀ, column {j} of Δ^({k})."


def _frame(patch, corner, columns, rows):
    patch.set_xy(corner)
    patch.set(width=columns * CELL_WIDTH, height=rows * CELL_HEIGHT)


def _factor(x):
    return f"({number(x)})" if x < 0 else number(x)
