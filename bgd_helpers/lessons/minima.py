"""Minima of networks: the largest learning rate at one, and where BGD ends from random starts."""

from functools import partial
from typing import Any

import numpy as np

from bgd_helpers import descent, network
from bgd_helpers.lessons import experiments
from bgd_helpers.lessons.claims import Evidence, between, evidence, near
from bgd_helpers.parameters import Array, flatten, unflatten

TINY = ("tanh", "identity")


def _tiny_network(seed=0):
    """A minimum of a 2-2-1 tanh network and its data: noisy outputs of such a network, from which BGD goes down.

    Newton's method then makes the gradient vanish to rounding.
    """
    rng = np.random.default_rng(seed)
    X, theta = rng.normal(size=(20, 2)), network.initial_parameters([2, 2, 1], rng, scale=2.0, bias_scale=0.5)
    Y = network.predict(theta, X, TINY) + rng.normal(0, 0.1, (20, 1))
    theta = descent.descend(network.gradient_of(TINY), theta, X, Y, 0.1, len(X), 2000, every=2000)[-1]
    for _ in range(5):
        theta = _shifted(theta, -np.linalg.solve(_hessian(theta, X, Y), _flat_gradient(theta, X, Y)))
    return theta, X, Y


def _flat_gradient(theta, X, Y):
    """The gradient of J as one vector."""
    return flatten(network.backprop(theta, X, Y, TINY))


def _hessian(theta, X, Y, h=1e-30):
    """The Hessian of J, a column an entry of theta: the complex step through backpropagation."""
    steps = 1j * h * np.eye(len(flatten(theta)))
    return np.array([_flat_gradient(_shifted(theta, step), X, Y).imag / h for step in steps]).T


def _shifted(theta, vector):
    """theta + vector, the vector holding its entries in a row."""
    return unflatten(theta, flatten(theta) + vector)


def local_limit() -> Evidence:
    """The distance to a minimum of a network, 1 % below and 1 % above 2 / lambda_max."""
    theta, X, Y = _tiny_network()
    values, vectors = np.linalg.eigh(_hessian(theta, X, Y))
    etas, start = np.array([0.99, 1.01]) * 2 / values[-1], _shifted(theta, 1e-8 * vectors[:, -1])
    path = descent.descend(network.gradient_of(TINY), start, X, Y, etas, len(X), 50)
    ends = [[flatten([(W[run], b[run]) for W, b in path[t]]) for run in (0, 1)] for t in (10, 50)]
    distance = np.linalg.norm(np.array(ends) - flatten(theta), axis=-1)
    growth, length = (distance[1] / distance[0]) ** (1 / 40), np.linalg.norm(_flat_gradient(theta, X, Y))
    why = "curvature of higher order, which a start 1e-8 off hardly feels"
    return evidence(
        between("length of the gradient at the minimum", length, 0, 1e-14, "rounding"),
        between("least curvature there", values[0], 1e-3, np.inf, "a minimum, not a saddle"),
        near("growth per update 1 % below 2/λ_max", growth[0], 0.98, 1e-4, why),
        near("growth per update 1 % above 2/λ_max", growth[1], 1.02, 1e-4, why),
        seeds="data and start, seed 0",
    )


LEVELS = np.array([1 / 8, 1 / 6, 1 / 4])


def xor_starts(full: bool = False) -> Evidence:
    """The costs at which BGD ends on XOR, 2-2-1 sigmoid, from starts drawn from U(-1, 1): solved, or one of three."""
    starts, updates = (1500, 6000) if full else (150, 4000)
    J = xor_ends(starts, updates)
    solved = J < 0.05
    off = np.abs(J[~solved][:, None] - LEVELS).min(axis=1).max(initial=0)
    error, why = np.sqrt(0.83 * 0.17 / starts), "4 standard errors of a share of 0.83"
    return evidence(
        near("share of the runs that solve XOR", solved.mean(), 0.83, 4 * error, why),
        between("stuck runs", int((~solved).sum()), 1, starts, "there are some"),
        between("stuck J: largest distance from 1/8, 1/6, 1/4", off, 0, 2e-3, "weights still growing"),
        seeds=f"{starts:,d} starts, seed 0",
        J=J,
        levels=LEVELS,
    )


def xor_ends(starts: int, updates: int, eta: float = 4.0) -> Array:
    """The costs after so many updates of BGD, a start each, all advancing together."""
    xor, draw = experiments.xor(), partial(np.random.default_rng(0).uniform, -1, 1)
    theta: Any = [(draw((starts, *W.shape)), draw((starts, *b.shape))) for W, b in xor.theta]
    gradient = network.gradient_of(xor.activations)
    for _ in range(updates):
        theta = descent.update(theta, gradient(theta, xor.X, xor.Y), eta)
    return experiments.costs(theta, xor)
