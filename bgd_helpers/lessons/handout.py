"""The handout's formulas D3-D7 as functions, and the nets that show what they get right and wrong."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from bgd_helpers import gradcheck, network
from bgd_helpers.parameters import Array, Layers

# D1 to D7 in our symbols: its L the loss, its sum's index n, the example the first index; nothing else changed
FORMULAS = {
    "D1": r"w_{ij}^{(k+1)} = w_{ij}^{(k)} - \eta \frac{\partial E_n}{\partial w_{ij}^{(k)}}",
    "D2": r"w_{ij}^{(k+1)} = w_{ij}^{(k)} - \eta \frac1N \sum_{n=1}^N \frac{\partial E_n}{\partial w_{ij}^{(k)}}",
    "D3, D6": r"\frac{\partial J}{\partial w_{ij}^{(k)}} = -\frac1N \sum_{n=1}^N 2 (y_n - \hat y_n) \cdot "
    r"\frac{\partial \hat y_n}{\partial a_{nj}^{(L)}} \cdot \frac{\partial a_{nj}^{(L)}}{\partial w_{ij}^{(k)}}",
    "D4, D7": r"\frac{\partial a_{nj}^{(L)}}{\partial w_{ij}^{(k)}} = z_{nj}^{(k-1)}",
    "D5": r"\frac{\partial J}{\partial w_{ij}^{(L)}} = -\frac1N \sum_{n=1}^N 2 (y_n - \hat y_n) \cdot "
    r"\frac{\partial \hat y_n}{\partial w_{ij}^{(L)}}",
}


class Net(NamedTuple):
    """A network with data: parameters, inputs, targets, and one activation a layer."""

    theta: Layers
    X: np.ndarray
    Y: np.ndarray
    activations: tuple


def integer_net() -> Net:
    """A 2-2-1 net without biases, f_1(a) = a^2, linear output, one example: every value is an integer."""
    theta = [
        (np.array([[1.0, 0.0], [-1.0, 1.0]]), np.zeros(2)),
        (np.array([[2.0], [-2.0]]), np.zeros(1)),
    ]
    return Net(theta, np.array([[1.0, 2.0]]), np.array([[-5.0]]), ("square", "identity"))


def two_output_net() -> Net:
    """The integer net with a second output."""
    net = integer_net()
    theta = [net.theta[0], (np.array([[2.0, 1.0], [-2.0, 1.0]]), np.zeros(2))]
    return net._replace(theta=theta, Y=np.array([[-5.0, 4.0]]))


def random_net(widths: Sequence[int], N: int, rng: Generator, hidden: str = "tanh", output: str = "identity") -> Net:
    """A net of these widths with random parameters, biases not zero, and N random examples."""
    theta = network.initial_parameters(widths, rng, bias_scale=0.5)
    X, Y = rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1]))
    return Net(theta, X, Y, (hidden,) * (len(widths) - 2) + (output,))


def printed_dW(net: Net, index: str = "j") -> list[Array]:
    """dW of every layer as the handout prints it, for a net with one output.

    D3-D7: dJ/dw_ij^(k) = -(1/N) sum_n 2 (y_n - y_hat_n) f_L'(a_n^(L)) z_nj^(k-1), for hidden layers too. index="i"
    reads z_i where z_j is printed. An entry is NaN where layer k-1 has no unit j.
    """
    theta, X, Y, activations = net
    A, Z = network.forward(theta, X, activations)
    delta = network.output_delta(Y, Z[-1], A[-1], network.activation(activations[-1]).df)
    sent = [network.weight_gradient(Z[k], delta)[:, 0] for k in range(len(theta))]
    return [_printed_layer(W.shape, layer, index) for (W, _), layer in zip(theta, sent)]


def _printed_layer(shape, sent, index):
    """Entry i, j is sent[j], or sent[i]."""
    if index == "i":
        return np.repeat(sent[:, None], shape[1], axis=1)
    padded = np.full(shape[1], np.nan)
    padded[: len(sent)] = sent[: shape[1]]
    return np.tile(padded, (shape[0], 1))


class Tally(NamedTuple):
    """How a formula does on the weights of one layer: how many there are, how many it defines, how many are right."""

    layer: int
    weights: int
    defined: int
    right: int


def tally(net: Net, index: str = "j") -> list[Tally]:
    """One Tally a layer: the printed formula against the complex step."""
    reference = gradcheck.complex_step(network.cost_of(net.activations, net.X, net.Y), net.theta)
    return [
        Tally(k, dW.size, int(np.isfinite(printed).sum()), _agreeing(printed, dW))
        for k, (printed, (dW, _)) in enumerate(zip(printed_dW(net, index), reference), start=1)
    ]


def report(nets: Iterable[Net], index: str = "j") -> str:
    """The tallies of several nets as a table in plain text."""
    lines, totals = ["net        layer  weights  defined  right"], np.zeros(3, int)
    for net in nets:
        name = "-".join(str(width) for width in (net.X.shape[1], *(len(b) for _, b in net.theta)))
        for k, weights, defined, right in tally(net, index):
            lines.append(f"{name:<10} {k:>5} {weights:>8} {defined:>8} {right:>6}")
            totals += weights, defined, right
    lines.append(f"{'all':<16} {totals[0]:>8} {totals[1]:>8} {totals[2]:>6}")
    return "\n".join(lines)


def _agreeing(printed, dW):
    return int((np.abs(printed - dW) <= gradcheck.TOLERANCE * np.abs(dW).max()).sum())


def hidden_cosines(nets: int, rng: Generator, index: str = "j") -> Array:
    """The cosine between the printed and the true dW of the hidden layers, for random tanh nets [3, 3, 3, 1]."""
    cosines = np.empty(nets)
    for trial in range(nets):
        net = random_net((3, 3, 3, 1), 5, rng)
        true = [dW for dW, _ in network.backprop(*net)[:-1]]
        cosines[trial] = gradcheck.cosine(np.stack(printed_dW(net, index)[:-1]), np.stack(true))
    return cosines
