"""A gradient on trial as a learner's check sees it: what it gives on some nets, and nothing else."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from bgd_helpers.parameters import Layers

CALLS = 3  # that a gradient answers: whoever checks it has to choose the nets


class TooManyCalls(SystemExit):
    """A gradient that was called more than CALLS times; no `except Exception` hides it."""


class Exhibit:
    """A gradient, known on some nets alone: called as gradient(theta, X, Y, activations), it looks up what it gives
    there, the first time and after.

    `keys` tell the nets, `values` hold for each what two calls give, a text for an error. No code of a gradient is in
    it. A copy has no name, and counts its calls from the start.
    """

    def __init__(self, keys: Sequence[tuple], values: Sequence[list], name: str = ""):
        self.keys, self.values, self.name, self.calls = list(keys), list(values), name, [0] * len(keys)

    def __deepcopy__(self, memo: dict) -> "Exhibit":
        return Exhibit(self.keys, self.values)

    def __call__(self, theta: Layers, X: np.ndarray, Y: np.ndarray, activations: Sequence) -> Any:
        """What the gradient gives on a net that it is known on.

        Raises LookupError for another net, TooManyCalls after CALLS calls, and what the gradient itself raises.
        """
        key = key_of(theta, X, Y, activations)
        if key not in self.keys:
            raise LookupError('this gradient is known on the nets in `nets` alone: gradient(*nets["2-4-1"])')
        if sum(self.calls) == CALLS:
            raise TooManyCalls(f"a gradient answers {CALLS} calls, and this is one more: choose the nets.")
        number = self.keys.index(key)
        value = self.values[number][min(self.calls[number], 1)]
        self.calls[number] += 1
        if isinstance(value, str):
            raise ValueError(value)
        return deepcopy(value)


def key_of(theta: Layers, X: np.ndarray, Y: np.ndarray, activations: Sequence) -> tuple:
    """What tells a net from the others: its number of examples, its widths, sums over its entries, its activations."""
    widths = [np.shape(W)[1] for W, _ in theta]
    sums = [float(np.sum(X)), float(np.sum(Y)), *(float(np.sum(W)) for W, _ in theta)]
    return (len(X), *widths, *sums, *(getattr(f, "name", f) for f in activations))
