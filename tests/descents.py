"""Descents made up for the tests of pictures: paths on a quadratic cost, and costs of three runs."""

import numpy as np

from bgd_helpers.pictures import paths
from bgd_helpers.pictures.plots import Curve

H = np.array([[2.0, 0.6], [0.6, 1.0]])
BOWL = paths.Bowl(np.array([[0.3], [0.8]]), H, 0.25)


def cost(path):
    error = path - BOWL.w_star.T
    return BOWL.lowest + 0.5 * (error @ H * error).sum(axis=1)


def run(kind="sgd", length=5):
    path = np.linspace([0.0, 0.0], [0.2, 0.7], length)
    return paths.Run(kind, path, cost(path))


T = np.array([0, 1, 2, 4, 8])


def made_up(kind, label, J, per_epoch=2):
    """A curve, `per_epoch` updates an epoch of 4 examples."""
    return Curve(kind, label, T / per_epoch, T, 4 * T / per_epoch, np.array(J, float).reshape(len(T), -1))


SGD = made_up("sgd", "SGD, B = 2, η = 0.1", [0.9, 0.5, 0.3, 0.2, 0.19])
OWN = made_up("minibatch", "your run, B = 3, η = 0.2", [0.9, 0.6, 0.15, 0.4, np.nan])
BGD = made_up("bgd", "BGD, B = 4, η = 0.4", [0.9, 0.4, 0.25, 0.18, 0.14], per_epoch=1)
CURVES = [SGD, OWN, BGD]
