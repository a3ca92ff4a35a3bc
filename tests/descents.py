"""A quadratic cost and runs on it, made up for the tests of pictures."""

import numpy as np

from bgd_helpers.pictures import paths

H = np.array([[2.0, 0.6], [0.6, 1.0]])
BOWL = paths.Bowl(np.array([[0.3], [0.8]]), H, 0.25)


def cost(path):
    error = path - BOWL.w_star.T
    return BOWL.lowest + 0.5 * (error @ H * error).sum(axis=1)


def run(kind="sgd", length=5):
    path = np.linspace([0.0, 0.0], [0.2, 0.7], length)
    return paths.Run(kind, path, cost(path))
