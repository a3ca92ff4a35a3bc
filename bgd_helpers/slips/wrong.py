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


def of_examples(start, stop, share=lambda N: 1):
    """The gradient of the examples from start to stop alone, times share(N)."""
    part = slice(start, stop)
    return lambda theta, X, Y, f: [
        (dW * share(len(X)), db * share(len(X))) for dW, db in network.backprop(theta, X[part], Y[part], f)
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
    theta, X, Y, activations, Z_of=lambda A, Z, k: Z[k - 1], W_of=lambda theta, k, dW: theta[k][0], f_of=list
):
    """Backpropagation with another Z in E7, another W in E5, or other f'; k is the layer whose gradient is sought."""
    A, Z = network.forward(theta, X, activations)
    f = f_of([network.activation(name) for name in activations])
    delta, grad = network.output_delta(Y, Z[-1], A[-1], f[-1].df), []
    for k in range(len(theta), 0, -1):
        grad.insert(0, (network.weight_gradient(Z_of(A, Z, k), delta), network.bias_gradient(delta)))
        if k > 1:
            W = W_of(theta, k - 1, grad[0][0])
            delta = network.hidden_delta(delta, W, A[k - 1], Z[k - 1], f[k - 2].df)
    return grad


def z_of_wrong_layer(theta, X, Y, activations):
    """Backpropagation with Z^(k) in E7."""
    return _layer_by_layer(theta, X, Y, activations, Z_of=lambda A, Z, k: Z[k])


def w_of_wrong_layer(theta, X, Y, activations):
    """Backpropagation with W^(k) in E5."""
    return _layer_by_layer(theta, X, Y, activations, W_of=lambda theta, k, dW: theta[k - 1][0])


def a_for_z(theta, X, Y, activations):
    """Backpropagation with A^(k-1) in E7."""
    return _layer_by_layer(theta, X, Y, activations, Z_of=lambda A, Z, k: A[k - 1] if k > 1 else Z[0])


def moved_on_too_early(theta, X, Y, activations):
    """Backpropagation that takes E7 and E8 of layer k with the delta of layer k-1."""
    A, Z = network.forward(theta, X, activations)
    delta = network.deltas(theta, X, Y, activations)
    below = [delta[max(k - 1, 1)] for k in range(1, len(theta) + 1)]
    return [(network.weight_gradient(z, d), network.bias_gradient(d)) for z, d in zip(Z, below)]


def updated_parameters(eta, theta, X, Y, activations):
    """The parameters after an update with this learning rate."""
    pairs = zip(theta, network.backprop(theta, X, Y, activations))
    return [(W - eta * dW, b - eta * db) for (W, b), (dW, db) in pairs]


def dw_for_w(theta, X, Y, activations):
    """Backpropagation with dW^(k+1) in E5."""
    return _layer_by_layer(theta, X, Y, activations, W_of=lambda theta, k, dW: dW)


def f_of_wrong_layer(f_of):
    """Backpropagation with the activations rearranged by f_of; their slopes are those of z where that is cheaper."""
    return lambda theta, X, Y, activations: _layer_by_layer(theta, X, Y, activations, f_of=f_of)


def slope_of_wrong_layer(f_of):
    """The same with slopes of a alone, as df(A) has them."""

    def of_a_alone(f):
        return [one._replace(df=lambda a, z=None, df=one.df: df(a)) for one in f_of(f)]

    return f_of_wrong_layer(of_a_alone)


def updated_weights(theta, X, Y, activations):
    """Backpropagation with each W in E5 already updated."""
    return updated_at(ETA, theta, X, Y, activations)


def updated_at(eta, theta, X, Y, activations):
    """The same at another learning rate."""
    return _layer_by_layer(theta, X, Y, activations, W_of=lambda theta, k, dW: theta[k][0] - eta * dW)


def decayed(share, biases):
    """Gradients with lambda times share(N) times W added, and with the same of b where `biases` is 1."""

    def gradient(strength, theta, X, Y, activations):
        pairs = zip(network.backprop(theta, X, Y, activations), theta)
        t = strength * share(len(X))
        return [(dW + t * W, db + biases * t * b) for (dW, db), (W, b) in pairs]

    return gradient


def sent_back_bare(bias_of, theta, X, Y, activations):
    """Backpropagation that sends the error back before it meets f'; `bias_of` is what E8 gets: the error or delta."""
    A, Z = network.forward(theta, X, activations)
    f = [network.activation(name) for name in activations]
    error, grad = -2 * (Y - Z[-1]), []
    for k in range(len(theta), 0, -1):
        delta = error * f[k - 1].df(A[k])
        grad.insert(0, (network.weight_gradient(Z[k - 1], delta), network.bias_gradient(bias_of(error, delta))))
        error = (delta if bias_of(0, 1) == 0 else error) @ theta[k - 1][0].T
    return grad


def layers_reversed(theta, X, Y, activations):
    """The right gradient, layer L first."""
    return network.backprop(theta, X, Y, activations)[::-1]


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


def difference_without_brackets(cost, theta, h, share):
    """J(theta + h e) - share J(theta - h e), entry by entry."""
    return np.array([cost(theta + h * e) - share * cost(theta - h * e) for e in np.eye(len(theta))])


def unit_vector_kept(cost, theta, h):
    """Central differences along a vector that gets one more 1 in every round."""
    return np.array([(cost(theta + h * e) - cost(theta - h * e)) / (2 * h) for e in np.tri(len(theta))])


def five_points(cost, theta, h):
    """The formula with costs at h and 2h to both sides."""
    near, far = (differences(cost, theta, step, step, 1) for step in (h, 2 * h))
    return (8 * near - far) / (12 * h)


def relative_step(step_of):
    """Central differences with a step of its own for each entry, step_of(h, theta)."""

    def found(cost, theta, h):
        steps = np.diag(step_of(h, theta))
        return np.array([(cost(theta + row) - cost(theta - row)) / (2 * row.sum()) for row in steps])

    return found


def close(found, right, tolerance=1e-6):
    """Whether two gradients have the same shapes, and entries that are close, by each array's largest."""
    pairs = [(mine, true) for one, two in zip(found, right, strict=True) for mine, true in zip(one, two, strict=True)]
    return all(
        np.shape(mine) == true.shape and bool(np.all(np.abs(mine - true) <= tolerance * np.abs(true).max()))
        for mine, true in pairs
    )


def check_on(*names, agree=close, catches=Exception):
    """A check of a gradient: whether it agrees with the right one on the nets of these names, in this order."""

    def check(gradient, nets):
        for name in names:
            try:
                if not agree(gradient(*nets[name]), network.backprop(*nets[name])):
                    return False
            except catches:
                return False
        return True

    return check


def roughly_close(found, right):
    """Whether two gradients differ by less than three fifths of each array's largest entry."""
    return close(found, right, 0.6)


def shifted_by_rounding(theta, X, Y, activations):
    """The right gradient, moved by a billionth."""
    return [(dW + 1e-9 * dW.max(), db) for dW, db in network.backprop(theta, X, Y, activations)]


def close_without_shapes(found, right):
    """Whether the entries are close, NumPy's broadcasting allowed."""
    return all(np.allclose(mine, true) for one, two in zip(found, right) for mine, true in zip(one, two))


def equal_to_the_last_digit(found, right):
    """Whether two gradients are equal, entry by entry."""
    return close(found, right, 0)


def of_the_same_shapes(found, right):
    """Whether two gradients have the same shapes."""
    return [[np.shape(one) for one in pair] for pair in found] == [[np.shape(one) for one in pair] for pair in right]


def starts_shuffled(N, batch_size, rng):
    """Batches of neighbours, in shuffled order."""
    starts = np.arange(0, N, batch_size)
    return [np.arange(start, min(start + batch_size, N)) for start in rng.permutation(starts)]


def in_groups(examples, batch_size):
    """The examples cut into batches."""
    return [examples[start : start + batch_size] for start in range(0, len(examples), batch_size)]


def rest_kept(N, batch_size, rng):
    """Batches of which only the full ones are shuffled."""
    full = N - N % batch_size
    return in_groups(np.concatenate([rng.permutation(full), np.arange(full, N)]), batch_size)


def compared(etas, by, told=None):
    """For each row, the learning rate that is best by the table `by`, and the cost that the table `told` has there."""
    best = np.argmin(by, axis=1)
    return np.column_stack([etas[best], (by if told is None else told)[np.arange(len(by)), best]])


def one_rate(costs, etas, epochs, choose):
    """A comparison with the one learning rate for all that `choose` takes from the table of mean costs."""
    at = costs[..., epochs].mean(axis=2)
    return compared(etas, np.tile(choose(at), (len(at), 1)), at)


def best_so_far(etas, at):
    """For each row of a table of costs, the best rate and its cost of all rows up to there."""
    places = [np.unravel_index(at[: s + 1].argmin(), at.shape) for s in range(len(at))]
    return np.array([(etas[r], at[s, r]) for s, r in places])


def law(sigma, share=lambda B: 1 / B):
    """Both laws of the variance of a batch, from another variance of the examples or another share of it."""
    return lambda G, B, replacement: sigma(G) * share(B) * (1 if replacement else (len(G) - B) / (len(G) - 1))


def divided_each_time(terms, by):
    """The sum of the terms, divided after each of them."""
    total = 0.0
    for term in terms:
        total = (total + term) / by
    return total


def first_workers(wins):
    """The smallest number of workers, of 2 to 999, with which that is so; 0 if none is."""
    K = np.arange(2, 1000)
    return int(K[wins(K)].min(initial=1000)) % 1000


def shifted(N, batch_size, rng):
    """Batches of neighbours, cut at a place that is drawn."""
    return in_groups(np.roll(np.arange(N), rng.integers(N)), batch_size)
