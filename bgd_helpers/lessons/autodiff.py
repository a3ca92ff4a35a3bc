"""Automatic differentiation: the same cost, run on other numbers than floats, forward mode and reverse mode.

NumPy's arrays hold any objects that can be added and multiplied, and `np.tanh` calls their method `tanh`: so
`network.cost` runs on the numbers of this module as it stands. Last, what changes with the cross-entropy: E4 alone.
"""

import inspect
from collections.abc import Callable

import numpy as np

from bgd_helpers import gradcheck, network
from bgd_helpers.lessons.handout import Net, random_net
from bgd_helpers.lessons.measured import Measured
from bgd_helpers.parameters import Array, Cost, Layers, Parameters, flatten, unflatten


class Arithmetic:
    """What follows from + and *: the rest of what a cost needs."""

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return self * -1.0 + other

    def __pow__(self, two):
        return self * self

    def __truediv__(self, number):
        return self * (1 / number)


class Number(Arithmetic):
    """A number on a tape: its value, and what it is made of, each part with the derivative by it."""

    def __init__(self, tape, value, made_of=()):
        self.tape, self.value, self.made_of, self.slope = tape, value, made_of, 0.0
        tape.append(self)

    def __add__(self, other):
        return Number(self.tape, self.value + _value(other), [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return Number(self.tape, self.value * _value(other), [(self, _value(other)), (other, self.value)])

    def tanh(self):
        z = np.tanh(self.value)
        return Number(self.tape, z, [(self, 1 - z * z)])


def backward(tape: list) -> None:
    """dJ/d of every number on the tape, where J is the last: from the end to the front, E5 for a graph of any form."""
    tape[-1].slope = 1.0
    for number in reversed(tape):
        for part, derivative in number.made_of:
            if isinstance(part, Number):
                part.slope += derivative * number.slope


class Dual(Arithmetic):
    """A value and its derivative by one parameter, carried along: forward mode."""

    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope

    def __add__(self, other):
        return Dual(self.value + _value(other), self.slope + _slope(other))

    def __mul__(self, other):
        return Dual(self.value * _value(other), self.slope * _value(other) + self.value * _slope(other))

    def tanh(self):
        z = np.tanh(self.value)
        return Dual(z, (1 - z * z) * self.slope)


def _value(number):
    return getattr(number, "value", number)


def _slope(number):
    return getattr(number, "slope", 0.0)


def shown() -> None:
    """Print the tape as it stands in this module: the numbers on it, and the way back."""
    print(inspect.getsource(Number), inspect.getsource(backward), sep="\n\n", end="")


def reverse_mode(cost: Cost, theta: Parameters) -> Parameters:
    """The gradient of `cost` by one run of it on a tape, and one way back."""
    tape: list = []
    row = np.array([Number(tape, value) for value in flatten(theta)])
    cost(unflatten(theta, row))
    backward(tape)
    return unflatten(theta, np.array([number.slope for number in row]))


def forward_mode(cost: Cost, theta: Parameters) -> Parameters:
    """The gradient of `cost` by one run of it on dual numbers for each parameter."""
    row = flatten(theta)
    ones = np.eye(len(row))
    slopes = [cost(unflatten(theta, np.array([*map(Dual, row, one)]))).slope for one in ones]
    return unflatten(theta, np.array(slopes))


def compared(net: Net) -> Measured:
    """Four ways to the gradient of a network: the runs of its cost that each takes, and its digits that are right."""
    right, P = flatten(network.backprop(*net)), len(flatten(net.theta))
    ways = {
        "central difference": gradcheck.central_difference,
        "complex step": gradcheck.complex_step,
        "forward mode": forward_mode,
        "reverse mode": reverse_mode,
    }
    rows = []
    for name, way in ways.items():
        cost, runs = _counted(network.cost_of(net.activations, net.X, net.Y))
        error = np.abs(flatten(way(cost, net.theta)) - right).max() / np.abs(right).max()
        rows.append((name, len(runs), int(min(14, -np.log10(max(error, 1e-16))))))
    return Measured((f"{P} parameters", "runs of J", "right digits, of 14"), ("", "d", "d"), tuple(rows))


def _counted(cost: Cost) -> tuple[Callable, list]:
    """The cost, and a list that grows by one entry with each call of it."""
    runs: list = []

    def counted(theta):
        runs.append(1)
        return cost(theta)

    return counted, runs


def classes() -> Net:
    """A 3-5-4 net for four classes, tanh and then no activation function; the targets are 1 at the class, else 0."""
    net = random_net((3, 5, 4), 7, np.random.default_rng(0))
    return net._replace(Y=np.eye(4)[np.arange(7) % 4], activations=("tanh", "identity"))


def cross_entropy_of(net: Net) -> Cost:
    """theta -> the mean over the examples of log sum_j exp(a_nj) - sum_j y_nj a_nj, of the last pre-activations."""

    def cost(theta: Layers) -> Array:
        A = network.forward(theta, net.X, net.activations)[0][-1]
        return (np.log(np.exp(A).sum(axis=-1)) - (net.Y * A).sum(axis=-1)).mean()

    return cost


def cross_entropy_delta(Y: Array, Y_hat: Array, A: Array, df: Callable) -> Array:
    """What E4 becomes: Delta^(L) = softmax(A^(L)) - Y."""
    return np.exp(A) / np.exp(A).sum(axis=-1, keepdims=True) - Y
