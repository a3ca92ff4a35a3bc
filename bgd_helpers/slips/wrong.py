"""The wrong functions of the catalogue that take more than a line."""

import numpy as np

from bgd_helpers import network
from bgd_helpers.network import Equations

ETA = 0.1  # the learning rate with which "already-updated weights" moves them


def with_equations(**equations):
    """Backpropagation with these equations in place of the right ones."""
    return lambda theta, X, Y, activations: network.backprop(theta, X, Y, activations, Equations(**equations))


def times(factor):
    """The right gradient times factor(X, Y)."""
    return lambda theta, X, Y, f: [
        (dW * factor(X, Y), db * factor(X, Y)) for dW, db in network.backprop(theta, X, Y, f)
    ]


def of_one_example(n, share=lambda N: 1):
    """The gradient of example n alone, times share(N)."""
    return lambda theta, X, Y, f: [
        (dW * share(len(X)), db * share(len(X))) for dW, db in network.backprop(theta, X[[n]], Y[[n]], f)
    ]


def only_first(delta):
    """delta with zeros in all units but the first."""
    first = np.zeros_like(delta)
    first[:, 0] = delta[:, 0]
    return first


def bias_left_out(theta, X, Y, activations):
    """The gradient of the network without its biases."""
    return network.backprop([(W, np.zeros_like(b)) for W, b in theta], X, Y, activations)


def _layer_by_layer(
    theta, X, Y, activations, Z_of=lambda Z, k: Z[k - 1], W_of=lambda theta, k, dW: theta[k][0], f_of=list
):
    """Backpropagation with another Z in E7, another W in E5, or other f'; k is the layer whose gradient is sought."""
    A, Z = network.forward(theta, X, activations)
    f = f_of([network.activation(name) for name in activations])
    delta, grad = network.output_delta(Y, Z[-1], A[-1], f[-1].df), []
    for k in range(len(theta), 0, -1):
        grad.insert(0, (network.weight_gradient(Z_of(Z, k), delta), network.bias_gradient(delta)))
        if k > 1:
            W = W_of(theta, k - 1, grad[0][0])
            delta = network.hidden_delta(delta, W, A[k - 1], Z[k - 1], f[k - 2].df)
    return grad


def z_of_wrong_layer(theta, X, Y, activations):
    """Backpropagation with Z^(k) in E7."""
    return _layer_by_layer(theta, X, Y, activations, Z_of=lambda Z, k: Z[k])


def w_of_wrong_layer(theta, X, Y, activations):
    """Backpropagation with W^(k) in E5."""
    return _layer_by_layer(theta, X, Y, activations, W_of=lambda theta, k, dW: theta[k - 1][0])


def f_of_wrong_layer(f_of):
    """Backpropagation with the activations rearranged by f_of."""
    return lambda theta, X, Y, activations: _layer_by_layer(theta, X, Y, activations, f_of=f_of)


def updated_weights(theta, X, Y, activations):
    """Backpropagation with each W in E5 already updated."""
    return _layer_by_layer(theta, X, Y, activations, W_of=lambda theta, k, dW: theta[k][0] - ETA * dW)


def layers_reversed(theta, X, Y, activations):
    """The right gradient, layer L first."""
    return network.backprop(theta, X, Y, activations)[::-1]


def tanh_everywhere(theta, X, Y, activations):
    """Backpropagation with 1 - z^2 for f' in every layer."""
    equations = Equations(
        output_delta=lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * (1 - Y_hat**2),
        hidden_delta=lambda delta, W, A, Z, df: (delta @ W.T) * (1 - Z**2),
    )
    return network.backprop(theta, X, Y, activations, equations)


def accumulating():
    """A gradient that is added to what the last call left behind."""
    last = {}

    def gradient(theta, X, Y, activations):
        fresh = network.backprop(theta, X, Y, activations)
        key = tuple(W.shape for W, _ in theta)
        stale = last.get(key, [(0, 0)] * len(fresh))
        last[key] = [(dW + dW_old, db + db_old) for (dW, db), (dW_old, db_old) in zip(fresh, stale)]
        return last[key]

    return gradient


def change_theta(theta, gradient, eta):
    """The right new parameters, written over the old ones."""
    theta -= eta * gradient
    return theta


def moved_and_left(cost, theta, h):
    """Central differences in which no entry is put back."""
    moved, found = theta.copy(), np.empty_like(theta)
    for entry in range(len(theta)):
        moved[entry] += h
        up = cost(moved)
        moved[entry] -= 2 * h
        found[entry] = (up - cost(moved)) / (2 * h)
    return found


def differences(cost, theta, up, down, width):
    """(J(theta + up e) - J(theta - down e)) / width, entry by entry."""
    return np.array([(cost(theta + up * e) - cost(theta - down * e)) / width for e in np.eye(len(theta))])


def difference_without_brackets(cost, theta, h):
    """J(theta + h e) - J(theta - h e) / 2h, entry by entry."""
    return np.array([cost(theta + h * e) - cost(theta - h * e) / (2 * h) for e in np.eye(len(theta))])


def starts_shuffled(N, batch_size, rng):
    """Batches of neighbours, in shuffled order."""
    starts = np.arange(0, N, batch_size)
    return [np.arange(start, min(start + batch_size, N)) for start in rng.permutation(starts)]


def in_groups(examples, batch_size):
    """The examples cut into batches."""
    return [examples[start : start + batch_size] for start in range(0, len(examples), batch_size)]
