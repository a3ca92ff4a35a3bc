"""What the mathematics refuses, and what it says then: every function raises ValueError with the remedy."""

from cmath import isfinite
from numbers import Integral

import numpy as np

from bgd_helpers.parameters import arrays

ORDERS = ("shuffled", "as given", "with replacement")


def check_inputs(theta, X, axes):
    """Raises ValueError unless X, a matrix with at most `axes` axes, fits into the layers and these into each other."""
    _check_matrix("X", X, axes, "inputs are N x d_0; one example is X[n:n+1]")
    if X.shape[-2] == 0:
        raise ValueError(f"X has shape {X.shape}: it holds no example, and a mean needs at least one")
    width = X.shape[-1]
    for k, (W, b) in enumerate(theta, start=1):
        if W.shape[-2:-1] != (width,):
            raise ValueError(f"W^({k}) has shape {W.shape}, but layer {k - 1} has {width} units: it needs {width} rows")
        if b.shape != W.shape[:-2] + W.shape[-1:]:
            raise ValueError(f"b^({k}) has shape {b.shape}, but W^({k}) has shape {W.shape}: one bias a column")
        width = W.shape[-1]


def check_targets(Y, outputs):
    """Raises ValueError unless the targets have the shape `outputs`."""
    _check_matrix("Y", Y, len(outputs), "targets are N x d_L; use Y.reshape(-1, 1) if there is one output")
    if Y.shape != outputs[-Y.ndim :]:
        raise ValueError(
            f"Y has shape {Y.shape}, the outputs have shape {outputs[-Y.ndim :]}: "
            "one row an example, one column an output"
        )


def _check_matrix(name, array, axes, hint):
    """Data are 2-D; where there are run axes, so that `axes` is more than 2, the data may have some of them too."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} is a {type(array).__name__}: make it an array with np.array({name}); {hint}")
    if not 2 <= array.ndim <= max(2, axes):
        raise ValueError(f"{name} has shape {array.shape}: it must be 2-D; {hint}")


def explain_nonfinite(grad, X, Y):
    """Raises ValueError where NaN or infinity in the data spoils a gradient.

    They always reach the first dW or the last db: look only then.
    """
    if all(isfinite(np.vdot(part, part)) for part in (grad[0][0], grad[-1][1])):
        return
    for name, array in (("X", X), ("Y", Y)):
        if not np.isfinite(array).all():
            bad = np.argwhere(~np.isfinite(array))
            entry = tuple(bad[0].tolist())
            raise ValueError(
                f"{name}{list(entry)} is {array[entry]}: remove or replace the {len(bad)} "
                f"values of {name} that are NaN or infinite"
            )


def check_gradient(theta, grad):
    """Raises ValueError unless the gradient has the shapes of theta."""
    if grad is None:
        raise ValueError("the gradient function returned None: see that it ends with `return`")
    expected, found = ([np.shape(p) for p in arrays(value)] for value in (theta, grad))
    if expected != found:
        raise ValueError(f"the gradient has the shapes {found}, theta has {expected}: they must be the same")


def check_data(X, Y):
    """Raises ValueError unless X and Y are finite matrices with a row an example."""
    for name, array in (("X", X), ("Y", Y)):
        if array.ndim != 2:
            raise ValueError(f"{name} has shape {array.shape}: it is 2-D, one row an example; {_two_d(name)}")
        if not np.isfinite(array).all():
            row, column = np.argwhere(~np.isfinite(array))[0]
            raise ValueError(f"{name}[{row}, {column}] is {array[row, column]}: remove or replace such values")
    if len(X) != len(Y) or len(X) == 0:
        raise ValueError(
            f"X has shape {X.shape} and Y has shape {Y.shape}: they need the same number of rows, at least 1"
        )


def _two_d(name):
    return f"use {name}.reshape(-1, 1) if it is one column"


def learning_rate(eta, name="eta"):
    """eta as a float, or as an array with one learning rate a run."""
    rates = np.asarray(eta)
    if rates.ndim > 1 or rates.size == 0 or rates.dtype.kind not in "iuf":
        raise ValueError(f"{name} is {eta!r}: give one learning rate, or a 1-D array with one a run")
    if not (np.isfinite(rates) & (rates > 0)).all():
        raise ValueError(f"{name} is {eta}: a learning rate is a positive, finite number")
    return rates.astype(float) if rates.ndim else float(rates)


def scheduled(eta, t):
    """The learning rate that a function of t gives for update t."""
    rate = learning_rate(eta(t), f"eta({t})")
    if isinstance(rate, np.ndarray):
        raise ValueError(f"eta({t}) is {rate}: a function of t gives one number; run by run for several")
    return rate


def check_plan(plan, N, rng):
    """Raises ValueError unless the batch size, epochs, order and `every` of a descent fit N examples."""
    check_batch_size(plan.batch_size, N)
    for name in ("epochs", "every"):
        value = getattr(plan, name)
        if not _is_whole(value) or value < 1:
            raise ValueError(f"{name} is {value!r}: it is a whole number, 1 or more")
    drawn = plan.batch_size < N or plan.order == "with replacement"
    check_order(plan.order, rng, drawn)


def _is_whole(value):
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_batch_size(batch_size, N):
    """Raises ValueError unless it is a whole number from 1 to N."""
    if not _is_whole(batch_size) or not 1 <= batch_size <= N:
        raise ValueError(f"batch_size is {batch_size!r}: with N = {N} examples it is a whole number from 1 to {N}")


def check_order(order, rng, drawn=True):
    """`rng`, whatever the order needs of it; raises ValueError for an unknown order, or one drawn without `rng`."""
    if order not in ORDERS:
        raise ValueError(f"order is {order!r}: choose one of {', '.join(map(repr, ORDERS))}")
    if drawn and order != "as given" and not hasattr(rng, "permutation"):
        raise ValueError(f"order {order!r} draws at random, and rng is {rng!r}: pass rng=np.random.default_rng(0)")
    return rng
