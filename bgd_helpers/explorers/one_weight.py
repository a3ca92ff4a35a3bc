"""One weight: the row of Z and the column of delta that make its gradient (E7), with real numbers."""

import numpy as np

from bgd_helpers import handout, network
from bgd_helpers.pictures.controls import choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.picture import SUBSCRIPTS
from bgd_helpers.figures.one_weight import Products, products_picture, show_product

PREDICT = (
    "Which numbers make the gradient of the weight from unit 2 to unit 1 of the last layer? And which does it ignore?"
)
LOOK_FOR = (
    "The row says who sends, the column who receives. Two weights from the same unit share a row, two into the same "
    "unit share a column. Which example contributes most?"
)


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
    return [
        (f"w{SUBSCRIPTS[i]}{SUBSCRIPTS[j]} into layer {k}", (k, i + 1, j + 1))
        for k, (W, _) in enumerate(net.theta, start=1)
        for i, j in np.ndindex(W.shape)
    ]


def weight_figure(net=None, weight=(2, 2, 1), example=1):
    """The matrices of E7 for every layer of a small net, with the row and the column of one weight lit."""
    return products_picture(products(net or small_net()), weight, example)


def weight_explorer(net=None):
    """The same picture, with a slider over the weights and one over the examples."""
    net = net or small_net()
    layers, picture = products(net), weight_figure(net)

    def redraw(weight, example):
        return show_product(picture.moving, layers, weight, example)

    controls = {
        "weight": choice_slider("weight", weights(net), (2, 2, 1), "Whose gradient is made: from unit i to unit j"),
        "example": step_slider("example n", len(net.X), 1, "Whose product is shown on its own", first=1),
    }
    return Explorer(picture, controls, redraw, LOOK_FOR, PREDICT)
