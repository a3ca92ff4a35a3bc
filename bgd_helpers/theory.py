"""Closed forms that the pictures are compared with: linear regression (E11-E17) and the noise of a batch.

In E11-E17 w and y are one-column matrices and X carries a column of ones for the bias.
"""

import numpy as np
from numpy.typing import ArrayLike

from bgd_helpers.parameters import Array, runs_together


def with_ones(X: Array) -> Array:
    """X with a first column of ones, whose weight is the bias."""
    return np.column_stack([np.ones(len(X)), X])


def linear_cost(w: Array, X: Array, y: Array) -> Array:
    """J(w) = (1/N) ||y - X w||^2."""
    return (_residual(w, X, y) ** 2).sum(axis=(-1, -2)) / len(X)


@runs_together
def linear_gradient(w: Array, X: Array, y: Array) -> Array:
    """E11: grad J = (2/N) X^T (X w - y)."""
    return X.T @ _residual(w, X, y) * (2 / len(X))


def linear_example_gradients(w: Array, X: Array, y: Array) -> Array:
    """grad E_n = 2 x_n (x_n^T w - y_n), one row an example."""
    return 2 * X * _residual(w, X, y)


def _residual(w: Array, X: Array, y: Array) -> Array:
    """X w - y, refusing what NumPy would broadcast to N x N."""
    if w.shape[-2:] != (X.shape[1], 1) or y.shape != (len(X), 1):
        raise ValueError(
            f"w has shape {w.shape} and y has shape {y.shape}: with X of shape {X.shape} they are "
            f"({X.shape[1]}, 1) and ({len(X)}, 1); use w.reshape(-1, 1), y.reshape(-1, 1)"
        )
    return X @ w - y


def hessian(X: Array) -> Array:
    """E12: H = (2/N) X^T X, the same everywhere."""
    return 2 * X.T @ X / len(X)


def minimiser(X: Array, y: Array) -> Array:
    """w* with X^T X w* = X^T y (E13); the shortest one if there are several."""
    return np.linalg.lstsq(X, y, rcond=None)[0]


def linear_path(w: Array, X: Array, y: Array, eta: float, updates: int) -> Array:
    """w_0, ..., w_updates of BGD in closed form. E14: w_t - w* = (I - eta H)^t (w_0 - w*)."""
    values, vectors = np.linalg.eigh(hessian(X))
    w_star = minimiser(X, y)
    start = vectors.T @ (w - w_star)
    factors = (1 - eta * values) ** np.arange(updates + 1)[:, None]
    return w_star + vectors @ (factors[:, :, None] * start)


def learning_rate_limit(H: Array) -> float:
    """E15: BGD converges from every start if and only if 0 < eta < 2 / lambda_max (H positive definite)."""
    return 2 / np.linalg.eigvalsh(H)[-1]


def best_learning_rate(H: Array) -> float:
    """E16: eta* = 2 / (lambda_min + lambda_max)."""
    values = np.linalg.eigvalsh(H)
    return 2 / (values[0] + values[-1])


def rate(H: Array, eta: float) -> float:
    """The factor by which ||w - w*|| shrinks an update in the worst direction: max |1 - eta lambda|.

    E17: at eta* it is (kappa - 1) / (kappa + 1).
    """
    return np.abs(1 - eta * np.linalg.eigvalsh(H)).max()


def condition_number(H: Array) -> float:
    """kappa = lambda_max / lambda_min of a positive definite H."""
    values = np.linalg.eigvalsh(H)
    return values[-1] / values[0]


def batch_variance(gradients: ArrayLike, batch_size: int, replacement: bool = False) -> float:
    """Variance of the mean of a random batch of these per-example gradients (rows), summed over parameters.

    Sigma/B with replacement, (Sigma/B) (N - B)/(N - 1) without: zero at B = N, where SGD becomes BGD.
    """
    gradients = np.asarray(gradients)
    N, sigma = len(gradients), gradients.reshape(len(gradients), -1).var(axis=0).sum()
    return sigma / batch_size * (1 if replacement else (N - batch_size) / max(N - 1, 1))


def noise_floor(eta: float, curvature: float, sigma2: float, batch_size: int) -> float:
    """Variance at which a 1-D quadratic settles under additive gradient noise, sampling with replacement.

    eta sigma^2 / (B lambda (2 - eta lambda)).
    """
    return eta * sigma2 / (batch_size * curvature * (2 - eta * curvature))
