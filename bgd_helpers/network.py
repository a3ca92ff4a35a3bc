"""A feed-forward network as pure functions: forward (E1), cost (E2, E3), backpropagation (E4-E8)."""

from cmath import isfinite
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """An activation function f and its derivative.

    `df(a, z)` is f'(a), a function of the pre-activation a; z = f(a) may be handed over to save work.
    """

    name: str
    f: Callable
    df: Callable


def _tanh_slope(a, z=None):
    z = np.tanh(a) if z is None else z
    return 1 - z * z


def _sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))  # the usual quotient overflows for large negative a


def _sigmoid_slope(a, z=None):
    z = _sigmoid(a) if z is None else z
    return z * (1 - z)


def _softplus(a):
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(a.real > 0, a + np.log1p(np.exp(-a)), np.log1p(np.exp(a)))


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("identity", lambda a: a, lambda a, z=None: np.ones(np.shape(a))),
        Activation("tanh", np.tanh, _tanh_slope),
        Activation("sigmoid", _sigmoid, _sigmoid_slope),
        Activation("softplus", _softplus, lambda a, z=None: _sigmoid(a)),
        Activation("relu", lambda a: np.where(a.real > 0, a, 0), lambda a, z=None: np.where(a.real > 0, 1.0, 0.0)),
        Activation("square", lambda a: a * a, lambda a, z=None: 2 * a),
    )
}


def activation(f):
    """The Activation of that name (an Activation is handed back as it is).

    Raises ValueError for a name that is not in ACTIVATIONS.
    """
    if isinstance(f, Activation):
        return f
    if f not in ACTIVATIONS:
        raise ValueError(f"activation {f!r} is unknown: choose one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[f]


def initial_parameters(widths, rng, scale=1.0, bias_scale=0.0):
    """Random parameters for layers of these widths d_0, ..., d_L.

    w_ij^(k) ~ N(0, scale^2 / d_{k-1}) (LeCun et al. 1998, section 4.6), b_j^(k) ~ N(0, bias_scale^2).
    """
    return [
        (rng.normal(0, scale / np.sqrt(d_in), (d_in, d_out)), bias_scale * rng.normal(size=d_out))
        for d_in, d_out in zip(widths, widths[1:])
    ]


def forward(theta, X, activations):
    """Pre-activations A and activations Z of every layer; A[k] and Z[k] belong to layer k.

    E1: A^(k) = Z^(k-1) W^(k) + 1 b^(k)T and Z^(k) = f_k(A^(k)). Z[0] is X, A[0] is None, Z[-1] is Y_hat.
    Raises ValueError if the shapes do not fit.
    """
    functions = one_per_layer(activations, theta)
    check_inputs(theta, X, axes=theta[0][0].ndim)
    A, Z = [None], [X]
    for (W, b), f in zip(theta, functions):
        A.append(Z[-1] @ W + b[..., None, :])
        Z.append(f.f(A[-1]))
    return A, Z


def predict(theta, X, activations):
    """The network's outputs Y_hat = Z^(L), N x d_L."""
    return forward(theta, X, activations)[1][-1]


def losses(theta, X, Y, activations):
    """The loss of each example. E2: E_n = sum_j (y_nj - y_hat_nj)^2."""
    Y_hat = predict(theta, X, activations)
    check_targets(Y, Y_hat.shape)
    return ((Y - Y_hat) ** 2).sum(axis=-1)


def cost(theta, X, Y, activations):
    """The cost. E3: J = (1/N) sum_n E_n."""
    return losses(theta, X, Y, activations).mean(axis=-1)


def output_delta(Y, Y_hat, A, df):
    """Delta of the output layer. E4: Delta^(L) = -2 (Y - Y_hat) * f_L'(A^(L))."""
    return -2 * (Y - Y_hat) * df(A, Y_hat)


def hidden_delta(delta_next, W_next, A, Z, df):
    """Delta of a hidden layer. E5: Delta^(k) = (Delta^(k+1) W^(k+1)T) * f_k'(A^(k))."""
    return (delta_next @ W_next.mT) * df(A, Z)


def weight_gradient(Z_prev, delta):
    """dW. E7: dJ/dW^(k) = (1/N) Z^(k-1)T Delta^(k)."""
    return Z_prev.mT @ delta / Z_prev.shape[-2]


def bias_gradient(delta):
    """db. E8: dJ/db^(k) = (1/N) Delta^(k)T 1."""
    return delta.sum(axis=-2) / delta.shape[-2]


class Equations(NamedTuple):
    """The four equations that backpropagation is made of; replace one to see what it does."""

    output_delta: Callable = output_delta
    hidden_delta: Callable = hidden_delta
    weight_gradient: Callable = weight_gradient
    bias_gradient: Callable = bias_gradient


def backprop(theta, X, Y, activations, equations=Equations()):
    """The gradient of J: a (dW, db) pair for each layer, from E4, E5 (backwards), E7 and E8.

    Raises ValueError if shapes do not fit or if X or Y hold NaN or infinity.
    """
    f, (A, Z) = one_per_layer(activations, theta), forward(theta, X, activations)
    check_targets(Y, Z[-1].shape)
    delta = equations.output_delta(Y, Z[-1], A[-1], f[-1].df)
    grad = []
    for k in range(len(theta), 0, -1):
        grad.insert(0, (equations.weight_gradient(Z[k - 1], delta), equations.bias_gradient(delta)))
        if k > 1:
            delta = equations.hidden_delta(delta, theta[k - 1][0], A[k - 1], Z[k - 1], f[k - 2].df)
    explain_nonfinite(grad, X, Y)
    return grad


def deltas(theta, X, Y, activations):
    """Delta^(1), ..., Delta^(L) in a list; entry k belongs to layer k, entry 0 is None (E4, E5)."""
    f, (A, Z) = one_per_layer(activations, theta), forward(theta, X, activations)
    check_targets(Y, Z[-1].shape)
    found = [output_delta(Y, Z[-1], A[-1], f[-1].df)]
    for k in range(len(theta) - 1, 0, -1):
        found.insert(0, hidden_delta(found[0], theta[k][0], A[k], Z[k], f[k - 1].df))
    return [None, *found]


def backprop_index(theta, X, Y, activations):
    """The same gradient in index form: E4, E5, E7 and E8 read entry by entry, in plain loops."""
    f, (A, Z) = one_per_layer(activations, theta), forward(theta, X, activations)
    check_targets(Y, Z[-1].shape)
    grad = [tuple(np.zeros_like(p, dtype=np.result_type(p, float)) for p in pair) for pair in theta]
    for n in range(len(X)):
        delta = [-2 * (Y[n, j] - Z[-1][n, j]) * f[-1].df(A[-1][n, j]) for j in range(Y.shape[1])]  # E4
        for k in range(len(theta), 0, -1):
            W, (dW, db) = theta[k - 1][0], grad[k - 1]
            for j in range(W.shape[1]):
                db[j] += delta[j] / len(X)  # E8
                for i in range(W.shape[0]):
                    dW[i, j] += Z[k - 1][n, i] * delta[j] / len(X)  # E7
            if k > 1:
                delta = [
                    f[k - 2].df(A[k - 1][n, i]) * sum(W[i, j] * delta[j] for j in range(W.shape[1]))  # E5
                    for i in range(W.shape[0])
                ]
    return grad


def example_gradients(theta, X, Y, activations):
    """The gradient of each E_n: (N x d_{k-1} x d_k, N x d_k) for each layer.

    E6: dE_n/dw_ij^(k) = z_ni^(k-1) delta_nj^(k), dE_n/db_j^(k) = delta_nj^(k).
    """
    _, Z = forward(theta, X, activations)
    delta = deltas(theta, X, Y, activations)
    return [(Z[k - 1][:, :, None] * delta[k][:, None, :], delta[k]) for k in range(1, len(theta) + 1)]


def gradient_of(activations):
    """The function (theta, X, Y) -> gradient of J, for `descent.descend`; several runs can share it."""

    def gradient(theta, X, Y):
        return backprop(theta, X, Y, activations)

    gradient.runs_together = True
    return gradient


def cost_of(activations, X, Y):
    """The function theta -> J on these data."""
    return lambda theta: cost(theta, X, Y, activations)


def cost_from_layer(k, A, theta, Y, activations):
    """J as a function of the pre-activations A^(k) alone: the layers above k run on from there.

    E_n depends on row n of A only, so delta^(k) = N dJ/dA^(k).
    """
    f = one_per_layer(activations, theta)
    Z = f[k - 1].f(A)
    return cost(theta[k:], Z, Y, f[k:]) if k < len(theta) else ((Y - Z) ** 2).sum() / len(Y)


def one_per_layer(activations, theta):
    """The Activation of each layer; one alone is for all. Raises ValueError unless there is one a layer."""
    if isinstance(activations, (str, Activation)):
        activations = [activations] * len(theta)
    if len(activations) != len(theta):
        raise ValueError(f"{len(activations)} activations for {len(theta)} layers: name one for each layer")
    return [activation(f) for f in activations]


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
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            entry = tuple(bad[0].tolist())
            raise ValueError(
                f"{name}{list(entry)} is {array[entry]}: remove or replace the {len(bad)} "
                f"values of {name} that are NaN or infinite"
            )
