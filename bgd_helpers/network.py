"""A feed-forward network as pure functions: forward (E1), cost (E2, E3), backpropagation (E4-E8)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from bgd_helpers import inputs
from bgd_helpers.parameters import Array, Cost, Gradient, Layers, runs_together


class Activation(NamedTuple):
    """An activation function f and its derivative.

    `df(a, z)` is f'(a), a function of the pre-activation a; z = f(a) may be handed over to save work.
    """

    name: str
    f: Callable
    df: Callable


def _tanh_slope(a: Array, z: Array | None = None) -> Array:
    z = np.tanh(a) if z is None else z
    return 1 - z * z


def _sigmoid(a: Array) -> Array:
    return 0.5 * (1 + np.tanh(np.multiply(0.5, a)))  # the usual quotient overflows for large negative a


def _sigmoid_slope(a: Array, z: Array | None = None) -> Array:
    z = _sigmoid(a) if z is None else z
    return z * (1 - z)


def _softplus(a: Array) -> Array:
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


Activations: TypeAlias = str | Activation | Sequence[str | Activation]


def activation(f: str | Activation) -> Activation:
    """The Activation of that name (an Activation is handed back as it is).

    Raises ValueError for a name that is not in ACTIVATIONS.
    """
    if isinstance(f, Activation):
        return f
    if f not in ACTIVATIONS:
        raise ValueError(f"activation {f!r} is unknown: choose one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[f]


def initial_parameters(
    widths: Sequence[int], rng: np.random.Generator, scale: float = 1.0, bias_scale: float = 0.0
) -> Layers:
    """Random parameters for layers of these widths d_0, ..., d_L.

    w_ij^(k) ~ N(0, scale^2 / d_{k-1}) (LeCun et al. 1998, section 4.6), b_j^(k) ~ N(0, bias_scale^2).
    """
    return [
        (rng.normal(0, scale / np.sqrt(d_in), (d_in, d_out)), bias_scale * rng.normal(size=d_out))
        for d_in, d_out in zip(widths, widths[1:])
    ]


def forward(theta: Layers, X: Array, activations: Activations) -> tuple[list, list]:
    """Pre-activations A and activations Z of every layer; A[k] and Z[k] belong to layer k.

    E1: A^(k) = Z^(k-1) W^(k) + 1 b^(k)T and Z^(k) = f_k(A^(k)). Z[0] is X, A[0] is None, Z[-1] is Y_hat.
    Raises ValueError if the shapes do not fit.
    """
    functions = one_per_layer(activations, theta)
    inputs.check_inputs(theta, X, axes=theta[0][0].ndim)
    A: list = [None]
    Z = [X]
    for (W, b), f in zip(theta, functions):
        A.append(Z[-1] @ W + b[..., None, :])
        Z.append(f.f(A[-1]))
    return A, Z


def predict(theta: Layers, X: Array, activations: Activations) -> Array:
    """The network's outputs Y_hat = Z^(L), N x d_L."""
    return forward(theta, X, activations)[1][-1]


def losses(theta: Layers, X: Array, Y: Array, activations: Activations) -> Array:
    """The loss of each example. E2: E_n = sum_j (y_nj - y_hat_nj)^2."""
    Y_hat = predict(theta, X, activations)
    inputs.check_targets(Y, Y_hat.shape)
    return ((Y - Y_hat) ** 2).sum(axis=-1)


def cost(theta: Layers, X: Array, Y: Array, activations: Activations) -> Array:
    """The cost. E3: J = (1/N) sum_n E_n."""
    return losses(theta, X, Y, activations).mean(axis=-1)


def output_delta(Y: Array, Y_hat: Array, A: Array, df: Callable) -> Array:
    """Delta of the output layer. E4: Delta^(L) = -2 (Y - Y_hat) * f_L'(A^(L))."""
    return -2 * (Y - Y_hat) * df(A, Y_hat)


def hidden_delta(delta_next: Array, W_next: Array, A: Array, Z: Array, df: Callable) -> Array:
    """Delta of a hidden layer. E5: Delta^(k) = (Delta^(k+1) W^(k+1)T) * f_k'(A^(k))."""
    return (delta_next @ W_next.mT) * df(A, Z)


def weight_gradient(Z_prev: Array, delta: Array) -> Array:
    """dW. E7: dJ/dW^(k) = (1/N) Z^(k-1)T Delta^(k)."""
    return Z_prev.mT @ delta / Z_prev.shape[-2]


def bias_gradient(delta: Array) -> Array:
    """db. E8: dJ/db^(k) = (1/N) Delta^(k)T 1."""
    return delta.sum(axis=-2) / delta.shape[-2]


class Equations(NamedTuple):
    """The four equations that backpropagation is made of; replace one to see what it does."""

    output_delta: Callable = output_delta
    hidden_delta: Callable = hidden_delta
    weight_gradient: Callable = weight_gradient
    bias_gradient: Callable = bias_gradient


def backprop(theta: Layers, X: Array, Y: Array, activations: Activations, equations: Equations = Equations()) -> Layers:
    """The gradient of J: a (dW, db) pair for each layer, from E4, E5 (backwards), E7 and E8.

    Raises ValueError if shapes do not fit or if X or Y hold NaN or infinity.
    """
    f, (A, Z) = one_per_layer(activations, theta), forward(theta, X, activations)
    inputs.check_targets(Y, Z[-1].shape)
    delta = equations.output_delta(Y, Z[-1], A[-1], f[-1].df)
    grad: Layers = []
    for k in range(len(theta), 0, -1):
        grad.insert(0, (equations.weight_gradient(Z[k - 1], delta), equations.bias_gradient(delta)))
        if k > 1:
            delta = equations.hidden_delta(delta, theta[k - 1][0], A[k - 1], Z[k - 1], f[k - 2].df)
    inputs.explain_nonfinite(grad, X, Y)
    return grad


def deltas(theta: Layers, X: Array, Y: Array, activations: Activations) -> list:
    """Delta^(1), ..., Delta^(L) in a list; entry k belongs to layer k, entry 0 is None (E4, E5)."""
    f, (A, Z) = one_per_layer(activations, theta), forward(theta, X, activations)
    inputs.check_targets(Y, Z[-1].shape)
    found = [output_delta(Y, Z[-1], A[-1], f[-1].df)]
    for k in range(len(theta) - 1, 0, -1):
        found.insert(0, hidden_delta(found[0], theta[k][0], A[k], Z[k], f[k - 1].df))
    return [None, *found]


def backprop_index(theta: Layers, X: Array, Y: Array, activations: Activations) -> Layers:
    """The same gradient in index form: E4, E5, E7 and E8 read entry by entry, in plain loops."""
    f, (A, Z) = one_per_layer(activations, theta), forward(theta, X, activations)
    inputs.check_targets(Y, Z[-1].shape)
    grad = [(np.zeros_like(W, np.result_type(W, float)), np.zeros_like(b, np.result_type(b, float))) for W, b in theta]
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


def example_gradients(theta: Layers, X: Array, Y: Array, activations: Activations) -> Layers:
    """The gradient of each E_n: (N x d_{k-1} x d_k, N x d_k) for each layer.

    E6: dE_n/dw_ij^(k) = z_ni^(k-1) delta_nj^(k), dE_n/db_j^(k) = delta_nj^(k).
    """
    _, Z = forward(theta, X, activations)
    delta = deltas(theta, X, Y, activations)
    return [(Z[k - 1][:, :, None] * delta[k][:, None, :], delta[k]) for k in range(1, len(theta) + 1)]


def gradient_of(activations: Activations) -> Gradient:
    """The function (theta, X, Y) -> gradient of J, for `descent.descend`; several runs can share it."""

    return runs_together(lambda theta, X, Y: backprop(theta, X, Y, activations))


def cost_of(activations: Activations, X: Array, Y: Array) -> Cost:
    """The function theta -> J on these data."""
    return lambda theta: cost(theta, X, Y, activations)


def cost_from_layer(k: int, A: Array, theta: Layers, Y: Array, activations: Activations) -> Array:
    """J as a function of the pre-activations A^(k) alone: the layers above k run on from there.

    E_n depends on row n of A only, so delta^(k) = N dJ/dA^(k).
    """
    f = one_per_layer(activations, theta)
    Z = f[k - 1].f(A)
    return cost(theta[k:], Z, Y, f[k:]) if k < len(theta) else ((Y - Z) ** 2).sum() / len(Y)


def one_per_layer(activations: Activations, theta: Layers) -> list[Activation]:
    """The Activation of each layer; one alone is for all. Raises ValueError unless there is one a layer."""
    if isinstance(activations, (str, Activation)):
        activations = [activations] * len(theta)
    if len(activations) != len(theta):
        raise ValueError(f"{len(activations)} activations for {len(theta)} layers: name one for each layer")
    return [activation(f) for f in activations]
