"""Gradient descent in exact fractions: arrays of Fraction, no rounding anywhere. Parameters are one array."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np

from bgd_helpers import network
from bgd_helpers.parameters import Array, flatten

IDENTITY = network.Activation("identity", lambda a: a, lambda a, z=None: a * 0 + 1)


def fractions(values) -> Array:
    """An array of Fraction from whole numbers, fractions or texts such as "4/5"."""
    table = np.array(values, object)
    return np.reshape([Fraction(value) for value in table.ravel()], table.shape)


# The regression of the course: lambda = (25 ± sqrt(485)) / 4, eta* = 4/25, w* = (4/5, 7/5).
X, Y = fractions([[1, 0], [1, 1], [1, 2], [1, 4]]), fractions([[1], [3], [2], [7]])
START, BEST = fractions([[0], [0]]), fractions([["4/5"], ["7/5"]])


def linear_gradient(w, X, Y):
    """E11: grad J = (2/N) X^T (X w - y)."""
    return X.T.dot(X.dot(w) - Y) * Fraction(2, len(X))


def square_network() -> tuple[Callable, Array, Array, Array]:
    """A 1-1-1 network with a squared hidden unit: gradient, start, two examples."""

    def gradient(theta, X, Y):
        layers = [(theta[:1, None], theta[1:2]), (theta[2:3, None], theta[3:])]
        return flatten(network.backprop(layers, X, Y, ["square", IDENTITY]))

    return gradient, fractions([1, "1/2", 1, 0]), fractions([[0], [1]]), fractions([[1], [2]])


def walk(gradient, theta, X, Y, eta, order):
    """The parameters after a step (E9) on each batch of `order` in turn; a batch is a list of positions."""
    for batch in order:
        theta = theta - eta * gradient(theta, X[batch], Y[batch])
    return theta


def bgd(gradient, theta, X, Y, eta, updates):
    """The parameters after so many updates with all examples."""
    return walk(gradient, theta, X, Y, eta, [list(range(len(X)))] * updates)


def difference_from_bgd(gradient, theta, X, Y, eta, orders):
    """The largest difference between the mean of SGD's ends over orders of the same length and BGD's end."""
    ends = [walk(gradient, theta, X, Y, eta, [[n] for n in order]) for order in orders]
    return np.abs(sum(ends) / len(ends) - bgd(gradient, theta, X, Y, eta, len(orders[0]))).max()


def independent_orders(N, updates):
    """All N^updates sequences of examples drawn with replacement: equally likely."""
    return list(product(range(N), repeat=updates))


def variance(values):
    """The variance of whole numbers or fractions, as a fraction."""
    centre = Fraction(sum(values)) / len(values)
    return sum((value - centre) ** 2 for value in values) / len(values)
