"""What parameters and gradients are: one array, or a list of (W, b) pairs."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
Layers: TypeAlias = list[tuple[Array, Array]]
Parameters: TypeAlias = Array | Layers
Cost: TypeAlias = Callable[[Any], Any]  # theta to J


class Gradient(Protocol):
    """The mean gradient over the batch it is given, of the shape of theta."""

    def __call__(self, theta, X: Array, Y: Array, /) -> Parameters: ...


def runs_together(gradient):
    """The gradient function, marked: theta may have a run axis, and several runs then advance together."""
    gradient.runs_together = True
    return gradient


def arrays(theta: Parameters) -> list[Array]:
    """The arrays that theta, or a gradient, is made of: W^(1), b^(1), W^(2), ..."""
    return [theta] if isinstance(theta, np.ndarray) else [np.asarray(p) for pair in theta for p in pair]


def like(theta: Parameters, parts: list[Array]) -> Parameters:
    """Parameters built as theta is, of these arrays."""
    return parts[0] if isinstance(theta, np.ndarray) else list(zip(parts[::2], parts[1::2]))


def flatten(theta: Parameters) -> Array:
    """All entries of the parameters, or of a gradient, as one vector."""
    return np.concatenate([np.ravel(p) for p in arrays(theta)])


def unflatten(theta: Parameters, vector: Array) -> Parameters:
    """Parameters built as theta is, of all their entries in one vector."""
    parts = np.split(vector, np.cumsum([p.size for p in arrays(theta)])[:-1])
    return like(theta, [part.reshape(p.shape) for part, p in zip(parts, arrays(theta))])
