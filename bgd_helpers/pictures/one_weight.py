"""One weight: the row of Z and the column of delta that make its gradient (E7), with real numbers."""

from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from bgd_helpers import network
from bgd_helpers.lessons import handout
from bgd_helpers.lessons.handout import Net
from bgd_helpers.pictures.controls import choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.picture import COLOURS, SUBSCRIPTS, Picture, house_style, new_figure, number

WIDTH, TOP = 9.5, 0.75  # inches; TOP is the height of a row of headings
CELL_WIDTH, CELL_HEIGHT = 0.62, 0.34
LEFT, GAP = 0.62, 0.95  # before the first matrix, and between two
BELOW = 0.75  # for the arithmetic
MOST_NUMBERS = 12  # across: more columns of numbers do not fit
LIT = {"row": COLOURS["forward"], "column": COLOURS["backward"], "entry": COLOURS["truth"]}
PREDICT = (
    "Which numbers make the gradient of the weight from unit 2 to unit 1 of the last layer? And which does it ignore?"
)
LOOK_FOR = (
    "The row says who sends, the column who receives. Two weights from the same unit share a row, two into the same "
    "unit share a column. Which example contributes most?"
)


class Products(NamedTuple):
    """The matrices of E7 for one layer: Z^(k-1) (N x d_{k-1}), Delta^(k) (N x d_k) and dW^(k)."""

    Z_prev: np.ndarray
    delta: np.ndarray
    dW: np.ndarray

    @property
    def height(self):
        """Of the drawn matrices, in inches."""
        return CELL_HEIGHT * max(self.Z_prev.shape)


def small_net():
    """A 2-3-2 net, tanh and linear, with four examples, rounded to one digit."""
    net = handout.random_net((2, 3, 2), 4, np.random.default_rng(4))
    theta = [(W.round(1), b.round(1)) for W, b in net.theta]
    return net._replace(theta=theta, X=net.X.round(1), Y=net.Y.round(1))


def products(net):
    """For each layer the three matrices of E7: Z^(k-1), Delta^(k) and dW^(k)."""
    theta, X, Y, activations = net
    _, Z = network.forward(theta, X, activations)
    delta = network.deltas(theta, X, Y, activations)
    return [Products(Z[k - 1], delta[k], network.weight_gradient(Z[k - 1], delta[k])) for k in range(1, len(theta) + 1)]


def weights(net):
    """(name, (k, i, j)) of each weight, counted from 1."""
    shapes = [W.shape for W, _ in net.theta]
    every = [(k, i + 1, j + 1) for k, shape in enumerate(shapes, start=1) for i, j in np.ndindex(shape)]
    return [(_name(*weight), weight) for weight in every]


def _name(k, i, j):
    return f"w{SUBSCRIPTS[i - 1]}{SUBSCRIPTS[j - 1]} into layer {k}"


@house_style
def weight_figure(net=None, weight=(2, 2, 1), example=1):
    """dW = (1/N) Z^T Delta for every layer of a small net, in numbers, with the row and the column of one weight lit.

    `weight` is (k, i, j), counted from 1 as `example` is.
    """
    layers = products(net or small_net())
    _check_width(layers)
    height = BELOW + sum(TOP + layer.height for layer in layers)
    figure, axes = new_figure(WIDTH, height)
    axes.set(xlim=(0, WIDTH), ylim=(0, height), aspect="equal")
    axes.axis("off")
    for k, layer in enumerate(layers, start=1):
        _draw_layer(axes, k, layer, _corners(layers, k))
    moving = _lights(axes)
    return Picture(figure, _show(moving, layers, weight, example), moving)


def weight_explorer(net: Net | None = None) -> Explorer:
    """The row and the column that make one weight's gradient, with sliders over weights and examples."""
    net = net or small_net()
    layers, picture = products(net), weight_figure(net)
    controls = {
        "weight": choice_slider("weight", weights(net), (2, 2, 1), "Whose gradient is made: from unit i to unit j"),
        "example": step_slider("example n", len(net.X), 1, "Whose product is shown on its own", first=1),
    }
    return Explorer(picture, controls, lambda **state: _show(picture.moving, layers, **state), LOOK_FOR, PREDICT)


def _check_width(layers):
    for k, layer in enumerate(layers, start=1):
        across = len(layer.Z_prev) + 2 * layer.delta.shape[1]
        if across > MOST_NUMBERS:
            raise ValueError(f"layer {k} has {across} columns of numbers: at most {MOST_NUMBERS} can be read")


def _corners(layers, k):
    """The upper left corners of Z^T, Delta and dW of layer k."""
    (N, width), layer = layers[k - 1].delta.shape, layers[k - 1]
    y = BELOW + sum(TOP + above.height for above in layers[k:]) + layer.height
    second = LEFT + N * CELL_WIDTH + GAP
    return (LEFT, y), (second, y), (second + width * CELL_WIDTH + GAP, y)


def _draw_layer(axes, k, layer, corners):
    names = rf"$Z^{{({k - 1})\top}}$", rf"$\Delta^{{({k})}}$", rf"$\partial J/\partial W^{{({k})}}$"
    for (x, y), cells, name in zip(corners, (layer.Z_prev.T, layer.delta, layer.dW), names):
        _write(axes, x + CELL_WIDTH * cells.shape[1] / 2, y + 0.22, name, 13)
        for (row, column), value in np.ndenumerate(cells):
            cell = Rectangle(_corner((x, y), row, column), CELL_WIDTH, CELL_HEIGHT, fill=False, color="#C8C8C8")
            axes.add_patch(cell)
            _write(axes, x + CELL_WIDTH * (column + 0.5), y - CELL_HEIGHT * (row + 0.5), number(value), 10)
    (first, y), (second, _), (third, _) = corners
    middle = y - CELL_HEIGHT * layer.dW.shape[0] / 2
    _write(axes, first - 0.1, middle, f"1/{len(layer.Z_prev)}", 13, ha="right")
    _write(axes, (first + CELL_WIDTH * len(layer.Z_prev) + second) / 2, middle, "·", 16)
    _write(axes, (second + CELL_WIDTH * layer.delta.shape[1] + third) / 2, middle, "=", 16)


def _write(axes, x, y, words, size, ha="center"):
    axes.text(x, y, words, ha=ha, va="center", fontsize=size)


def _corner(corner, row, column):
    return corner[0] + CELL_WIDTH * column, corner[1] - CELL_HEIGHT * (row + 1)


def _lights(axes):
    """Frames for the row, the column, the entry, and one example's two numbers; two lines of arithmetic."""
    look = dict(facecolor="none", linestyle="-", linewidth=3, zorder=4)
    moving = {name: axes.add_patch(Rectangle((0, 0), 0, 0, edgecolor=LIT[name], **look)) for name in LIT}
    for name in ("sent", "received"):
        tint = Rectangle((0, 0), CELL_WIDTH, CELL_HEIGHT, color=COLOURS["highlight"], alpha=0.35, zorder=3)
        moving[name] = axes.add_patch(tint)
    return moving | {f"line {row}": axes.text(0.1, 0.45 - 0.28 * row, "", va="center") for row in range(2)}


def _show(moving, layers, weight, example):
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
    terms = [f"{_factor(z)} · {_factor(d)}" for z, d in zip(Z, delta)]
    whole = f"E7: ∂J/∂{_name(*weight)} = 1/{N} · ({' + '.join(terms)}) = {number(layer.dW[i - 1, j - 1])}"
    part = f"E6: example {example} adds z · δ = {terms[n]} = {number(Z[n] * delta[n])}"
    moving["line 0"].set_text(whole)
    moving["line 1"].set_text(part)
    return f"{whole}.\n{part}. Row {i} of Z^({k - 1})ᵀ, column {j} of Δ^({k})."


def _frame(patch, corner, columns, rows):
    patch.set_xy(corner)
    patch.set(width=columns * CELL_WIDTH, height=rows * CELL_HEIGHT)


def _factor(x):
    return f"({number(x)})" if x < 0 else number(x)
