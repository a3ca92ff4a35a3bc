"""Gradient descent in exact fractions: arrays of Fraction, no rounding anywhere."""

from fractions import Fraction
from itertools import product

import numpy as np

from bgd_helpers.network import Activation

IDENTITY = Activation("identity", lambda a: a, lambda a, z=None: a * 0 + 1)


def fractions(values):
    """An array of Fraction from whole numbers, fractions or texts such as "4/5"."""
    table = np.array(values, object)
    return np.reshape([Fraction(value) for value in table.ravel()], table.shape)


# The regression of the course: lambda = (25 ± sqrt(485)) / 4, eta* = 4/25, w* = (4/5, 7/5).
X, Y = fractions([[1, 0], [1, 1], [1, 2], [1, 4]]), fractions([[1], [3], [2], [7]])
START, BEST = fractions([[0], [0]]), fractions([["4/5"], ["7/5"]])


def linear_gradient(w, X, Y):
    """E11: grad J = (2/N) X^T (X w - y)."""
    return X.T.dot(X.dot(w) - Y) * Fraction(2, len(X))


def step(theta, grad, eta):
    """E9, in fractions: theta - eta * gradient."""
    if isinstance(theta, np.ndarray):
        return theta - eta * grad
    return [(W - eta * dW, b - eta * db) for (W, b), (dW, db) in zip(theta, grad)]


def walk(gradient, theta, X, Y, eta, order):
    """The parameters after a step on each batch of `order` in turn; a batch is a list of positions."""
    for batch in order:
        theta = step(theta, gradient(theta, X[batch], Y[batch]), eta)
    return theta


def bgd(gradient, theta, X, Y, eta, updates):
    """The parameters after so many updates with all examples."""
    return walk(gradient, theta, X, Y, eta, [list(range(len(X)))] * updates)


def mean_of_walks(gradient, theta, X, Y, eta, orders):
    """The mean of where SGD ends over the given orders of the examples."""
    ends = [walk(gradient, theta, X, Y, eta, [[n] for n in order]) for order in orders]
    if isinstance(theta, np.ndarray):
        return sum(ends) / len(ends)
    return [tuple(sum(parts) / len(ends) for parts in zip(*layers)) for layers in zip(*ends)]


def independent_orders(N, updates):
    """All N^updates sequences of examples drawn with replacement: equally likely."""
    return list(product(range(N), repeat=updates))


def largest_difference(theta, other):
    """The largest difference between the entries of two sets of parameters."""
    arrays = ([p] if isinstance(p, np.ndarray) else list(p) for p in zip(_arrays(theta), _arrays(other)))
    return max(abs(a - b) for a_all, b_all in arrays for a, b in zip(a_all.ravel(), b_all.ravel()))


def _arrays(theta):
    return [theta] if isinstance(theta, np.ndarray) else [p for pair in theta for p in pair]
