"""Each slip once: its name, why it is wrong, and the wrong function for every exercise it can occur in.

The learner's checks compare an answer with what each slip would give, and so can name it. A slip of one
of the four equations is also a wrong gradient of a whole network (`wrong_gradient`).
"""

from dataclasses import dataclass
from typing import Callable, Mapping

import numpy as np

from bgd_helpers import descent, network
from bgd_helpers.network import Equations

FULL_BATCH = 4  # the batch size of the mini-batch exercise's check; its last batch is shorter
ETA = 0.1  # the learning rate with which "already-updated weights" moves them


@dataclass(frozen=True)
class Slip:
    """A known slip. `because` completes the sentence "wrong because ..."; `wrong` maps the name of an
    exercise to a function, or a tuple of functions, that commits it there."""

    name: str
    because: str
    wrong: Mapping[str, Callable | tuple]

    def variants(self, exercise):
        """The functions that commit this slip in that exercise; none where it cannot occur."""
        found = self.wrong.get(exercise, ())
        if exercise == "backprop" and not found and self._equations():
            found = self.gradient
        return found if isinstance(found, tuple) else (found,)

    def gradient(self, theta, X, Y, activations):
        """The gradient of the whole network that this slip gives.

        Raises ValueError if the slip is not one of backpropagation.
        """
        if "backprop" in self.wrong:
            return self.variants("backprop")[0](theta, X, Y, activations)
        equations = self._equations()
        if not equations:
            raise ValueError(f"{self.name!r} is not a slip of backpropagation")
        return network.backprop(theta, X, Y, activations, Equations(**equations))

    def _equations(self):
        return {piece: self.variants(piece)[0] for piece in Equations._fields if piece in self.wrong}


def _only_first(delta):
    first = np.zeros_like(delta)
    first[:, 0] = delta[:, 0]
    return first


def _only_last(function):
    """The function applied to the last row of its arguments alone, as `=` in place of `+=` does."""
    return lambda *rows: function(*(array[-1:] for array in rows)) / len(rows[0])


def _bias_left_out(theta, X, Y, activations):
    return network.backprop([(W, np.zeros_like(b)) for W, b in theta], X, Y, activations)


def _layer_by_layer(theta, X, Y, activations, Z_of=lambda Z, k: Z[k - 1], W_of=lambda theta, k, dW: theta[k][0]):
    """Backpropagation with another Z in E7, or another W in E5; k is the layer whose gradient is sought."""
    A, Z = network.forward(theta, X, activations)
    f = [network.activation(name) for name in activations]
    delta, grad = network.output_delta(Y, Z[-1], A[-1], f[-1].df), []
    for k in range(len(theta), 0, -1):
        grad.insert(0, (network.weight_gradient(Z_of(Z, k), delta), network.bias_gradient(delta)))
        if k > 1:
            W = W_of(theta, k - 1, grad[0][0])
            delta = network.hidden_delta(delta, W, A[k - 1], Z[k - 1], f[k - 2].df)
    return grad


def _z_of_wrong_layer(theta, X, Y, activations):
    return _layer_by_layer(theta, X, Y, activations, Z_of=lambda Z, k: Z[k])


def _w_of_wrong_layer(theta, X, Y, activations):
    return _layer_by_layer(theta, X, Y, activations, W_of=lambda theta, k, dW: theta[k - 1][0])


def _updated_weights(theta, X, Y, activations):
    return _layer_by_layer(theta, X, Y, activations, W_of=lambda theta, k, dW: theta[k][0] - ETA * dW)


def _layers_reversed(theta, X, Y, activations):
    return network.backprop(theta, X, Y, activations)[::-1]


def _flat_targets(theta, X, Y, activations):
    def output_delta(Y, Y_hat, A, df):
        return -2 * (Y[:, 0] - Y_hat) * df(A)

    return network.backprop(theta, X, Y, activations, Equations(output_delta=output_delta))


def _tanh_everywhere(theta, X, Y, activations):
    equations = Equations(
        output_delta=lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * (1 - Y_hat**2),
        hidden_delta=lambda delta, W, A, Z, df: (delta @ W.T) * (1 - Z**2),
    )
    return network.backprop(theta, X, Y, activations, equations)


def _accumulating():
    """A gradient that is added to what the last call left behind."""
    last = {}

    def gradient(theta, X, Y, activations):
        fresh = network.backprop(theta, X, Y, activations)
        key = tuple(W.shape for W, _ in theta)
        stale = last.get(key, [(0, 0)] * len(fresh))
        last[key] = [(dW + dW_old, db + db_old) for (dW, db), (dW_old, db_old) in zip(fresh, stale)]
        return last[key]

    return gradient


def _change_theta(theta, gradient, eta):
    theta -= eta * gradient
    return theta


def _moved_and_left(cost, theta, h):
    moved, found = theta.copy(), np.empty_like(theta)
    for entry in range(len(theta)):
        moved[entry] += h
        up = cost(moved)
        moved[entry] -= 2 * h
        found[entry] = (up - cost(moved)) / (2 * h)
    return found


def _differences(cost, theta, up, down, width):
    return np.array([(cost(theta + up * e) - cost(theta - down * e)) / width for e in np.eye(len(theta))])


def _starts_shuffled(N, batch_size, rng):
    starts = np.arange(0, N, batch_size)
    return [np.arange(start, min(start + batch_size, N)) for start in rng.permutation(starts)]


def _in_groups(examples, batch_size):
    return [examples[start : start + batch_size] for start in range(0, len(examples), batch_size)]


SLIPS = (
    Slip(
        "missing 1/N",
        "the sum over the examples is not divided by their number. J is a mean: E7, E8 and E9 carry one 1/N "
        "(for a batch: one over the number of examples in it).",
        {
            "weight_gradient": lambda Z_prev, delta: Z_prev.T @ delta,
            "mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[batch].sum(axis=0),
        },
    ),
    Slip(
        "1/N twice",
        "the 1/N is there twice. It belongs in E7 and E8 only, once; delta is per example and has none.",
        {
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(A) / len(Y),
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * df(A) / len(A),
            "weight_gradient": lambda Z_prev, delta: Z_prev.T @ delta / len(delta) ** 2,
            "bias_gradient": lambda delta: delta.sum(axis=0) / len(delta) ** 2,
            "mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[batch].sum(axis=0) / len(batch) ** 2,
            "backprop": (
                lambda theta, X, Y, f: [
                    (dW / len(X), db / len(X)) for dW, db in network.backprop(theta, X, Y, f)
                ],
                lambda theta, X, Y, f: [(dW / len(X), db) for dW, db in network.backprop(theta, X, Y, f)],
            ),
        },
    ),
    Slip(
        "half convention",
        "it is half of what it should be. E2 has no factor 1/2, so its derivative keeps the 2.",
        {
            "loss": lambda y, y_hat: ((y - y_hat) ** 2).sum() / 2,
            "output_delta": lambda Y, Y_hat, A, df: -(Y - Y_hat) * df(A),
            "weight_gradient": lambda Z_prev, delta: Z_prev.T @ delta / len(delta) / 2,
            "backprop": lambda theta, X, Y, f: [(dW / 2, db / 2) for dW, db in network.backprop(theta, X, Y, f)],
        },
    ),
    Slip(
        "factor 2 again",
        "it is twice what it should be. The 2 of the squared loss enters once, in E4; E5 hands it on.",
        {"hidden_delta": lambda delta, W, A, Z, df: 2 * (delta @ W.T) * df(A)},
    ),
    Slip(
        "not squared",
        "the differences are not squared. E2 adds the squares (y - y_hat)^2.",
        {"loss": (lambda y, y_hat: (y - y_hat).sum(), lambda y, y_hat: np.abs(y - y_hat).sum())},
    ),
    Slip(
        "not summed",
        "there is one number for each output. E2 adds them up: the loss of an example is one number.",
        {"loss": lambda y, y_hat: (y - y_hat) ** 2},
    ),
    Slip(
        "square of the sum",
        "the differences are added before they are squared, so that they can cancel. Square each, then add.",
        {"loss": lambda y, y_hat: (y - y_hat).sum() ** 2},
    ),
    Slip(
        "root of the sum",
        "there is a square root around the sum. E2 is the squared distance, without a root.",
        {"loss": lambda y, y_hat: np.sqrt(((y - y_hat) ** 2).sum())},
    ),
    Slip(
        "mean over outputs",
        "it is also divided by the number of units. E2 sums over the outputs; only the examples are "
        "averaged (torch's MSELoss does divide by both).",
        {
            "loss": lambda y, y_hat: ((y - y_hat) ** 2).mean(),
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(A) / Y.shape[1],
            "weight_gradient": lambda Z_prev, delta: Z_prev.T @ delta / delta.size,
            "bias_gradient": lambda delta: delta.sum(axis=0) / delta.size,
        },
    ),
    Slip(
        "sign",
        "the sign is turned round. The derivative of (y - y_hat)^2 by y_hat is -2 (y - y_hat), and the "
        "update subtracts the gradient.",
        {
            "output_delta": lambda Y, Y_hat, A, df: 2 * (Y - Y_hat) * df(A),
            "hidden_delta": lambda delta, W, A, Z, df: -(delta @ W.T) * df(A),
            "weight_gradient": lambda Z_prev, delta: -Z_prev.T @ delta / len(delta),
            "bias_gradient": lambda delta: -delta.mean(axis=0),
            "update": lambda theta, gradient, eta: theta + eta * gradient,
            "mini_batch_update": lambda theta, G, batch, eta: theta + eta * G[batch].mean(axis=0),
            "central_difference": lambda cost, theta, h: _differences(cost, theta, -h, -h, 2 * h),
            "backprop": lambda theta, X, Y, f: [(-dW, -db) for dW, db in network.backprop(theta, X, Y, f)],
        },
    ),
    Slip(
        "bias not averaged",
        "the biases' gradient is summed over the examples, not averaged. E8 carries the same 1/N as E7.",
        {"bias_gradient": lambda delta: delta.sum(axis=0)},
    ),
    Slip(
        "no f' at the output",
        "the factor f_L'(a) is missing at the output layer. The chain rule passes through z = f(a) there too.",
        {"output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat)},
    ),
    Slip(
        "no f' in hidden layers",
        "the factor f_k'(a) is missing in a hidden layer: delta is the derivative by a, not by z.",
        {"hidden_delta": lambda delta, W, A, Z, df: delta @ W.T},
    ),
    Slip(
        "f'(z) for f'(a)",
        "the derivative is taken at z instead of a. f_k' is a function of the pre-activation: df(A), not df(Z).",
        {
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(Y_hat),
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * df(Z),
            "backprop": lambda theta, X, Y, f: network.backprop(
                theta, X, Y, f,
                Equations(
                    output_delta=lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(Y_hat),
                    hidden_delta=lambda delta, W, A, Z, df: (delta @ W.T) * df(Z),
                ),
            ),
        },
    ),
    Slip(
        "f for f'",
        "it is multiplied by f(a) where f'(a) belongs.",
        {
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * Y_hat,
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * Z,
        },
    ),
    Slip(
        "the handout's hidden formula",
        "a hidden unit gets the output's delta as it is. In a hidden layer delta comes back through the weights W^(k+1), "
        "summed over all units j of the next layer, times f_k'(a): that is E5.",
        {
            "hidden_delta": lambda delta, W, A, Z, df: np.repeat(delta[:, :1], A.shape[1], axis=1),
        },
    ),
    Slip(
        "z_j for z_i",
        "the weight w_ij is multiplied by z_j. It carries what unit i sends: z_i^(k-1), with i the row of dW.",
        {
            "weight_gradient": lambda Z_prev, delta: np.tile((Z_prev * delta).mean(axis=0), (Z_prev.shape[1], 1)),
        },
    ),
    Slip(
        "z of the wrong layer",
        "E7 uses Z^(k). The weights into layer k are multiplied by what layer k-1 sends: Z^(k-1).",
        {"backprop": _z_of_wrong_layer},
    ),
    Slip(
        "missing transpose",
        "W stands without its transpose. Going back, unit i collects over the units j it feeds: sum_j w_ij delta_j, "
        "a product with W^T.",
        {"hidden_delta": lambda delta, W, A, Z, df: (delta @ W) * df(A)},
    ),
    Slip(
        "W of the wrong layer",
        "E5 uses W^(k). Delta^(k) comes back through the weights out of layer k: W^(k+1).",
        {"backprop": _w_of_wrong_layer},
    ),
    Slip(
        "dW transposed",
        "it is the transpose of the right one. dW has the shape of W: rows i (from), columns j (to).",
        {
            "weight_gradient": lambda Z_prev, delta: delta.T @ Z_prev / len(delta),
        },
    ),
    Slip(
        "first output only",
        "only the first unit counts. Every output, and every unit of the next layer, has a share in the loss: sum over j.",
        {
            "output_delta": lambda Y, Y_hat, A, df: _only_first(-2 * (Y - Y_hat) * df(A)),
            "hidden_delta": lambda delta, W, A, Z, df: (delta[:, :1] @ W[:, :1].T) * df(A),
        },
    ),
    Slip(
        "last example only",
        "only one example is left. In a loop over the examples the terms are added: += , not = .",
        {
            "weight_gradient": (
                _only_last(lambda Z_prev, delta: Z_prev.T @ delta),
                lambda Z_prev, delta: np.outer(Z_prev[-1], delta[-1]),
            ),
            "bias_gradient": (_only_last(lambda delta: delta[-1]), lambda delta: delta[-1].copy()),
            "mini_batch_update": (
                lambda theta, G, batch, eta: theta - eta * G[batch[-1]],
                lambda theta, G, batch, eta: theta - eta * G[batch[-1]] / len(batch),
            ),
            "backprop": lambda theta, X, Y, f: [
                (dW / len(X), db / len(X)) for dW, db in network.backprop(theta, X[-1:], Y[-1:], f)
            ],
        },
    ),
    Slip(
        "already-updated weights",
        "a layer's weights were changed before the layer below was computed. All of the gradient belongs to theta_t: "
        "finish the backward pass, then update every layer together.",
        {"backprop": _updated_weights},
    ),
    Slip(
        "bias left out of forward",
        "the forward pass runs without the biases: a = sum_i z_i w_ij + b_j (E1).",
        {"backprop": _bias_left_out},
    ),
    Slip(
        "(N,) against (N, 1)",
        "targets of shape (N,) meet outputs of shape (N, 1): NumPy makes an N x N table of differences, and the network "
        "learns the mean of y. Keep Y two-dimensional.",
        {
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y[:, 0] - Y_hat) * df(A),
            "backprop": _flat_targets,
        },
    ),
    Slip(
        "stale gradients",
        "a second call with the same arguments gives another value: something is left over from the call before. Start from "
        "zero in every call.",
        {"backprop": _accumulating()},
    ),
    Slip(
        "tanh everywhere",
        "the values are right where the layer's activation is tanh and wrong where it is another: 1 - z^2 is the derivative of "
        "tanh alone. Use the layer's own df.",
        {"backprop": _tanh_everywhere},
    ),
    Slip(
        "layers reversed",
        "the layers stand in reverse order. The pass runs from the last layer to the first; the gradient is listed "
        "as theta is, layer 1 first.",
        {"backprop": _layers_reversed},
    ),
    Slip(
        "divided by the width",
        "the sum over the examples is divided by a number of units. N is the number of rows: len(delta).",
        {
            "weight_gradient": lambda Z_prev, delta: Z_prev.T @ delta / Z_prev.shape[1],
            "bias_gradient": lambda delta: delta.sum(axis=0) / delta.shape[1],
        },
    ),
    Slip(
        "wrong axis",
        "the sum runs over the units of one example. E8 sums over the examples, axis 0, and keeps one entry a unit.",
        {
            "bias_gradient": (
                lambda delta: delta.mean(axis=1),
                lambda delta: delta.sum(axis=1),
                lambda delta: delta.sum(axis=1) / len(delta),
            )
        },
    ),
    Slip(
        "mean over everything",
        "everything was averaged into one number. Average over the examples alone (axis=0): each parameter keeps its own "
        "derivative.",
        {
            "bias_gradient": lambda delta: delta.mean(),
            "mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[batch].mean(),
        },
    ),
    Slip(
        "kept axis",
        "the values are right, but the shape is (1, d_k). A bias is a vector: leave keepdims out.",
        {"bias_gradient": lambda delta: delta.mean(axis=0, keepdims=True)},
    ),
    Slip(
        "learning rate left out",
        "the gradient is subtracted whole. E9 multiplies it by eta.",
        {
            "update": lambda theta, gradient, eta: theta - gradient,
            "mini_batch_update": lambda theta, G, batch, eta: theta - G[batch].mean(axis=0),
        },
    ),
    Slip(
        "step without theta",
        "this is the step alone. E9 returns the new parameters: theta plus the step.",
        {
            "update": lambda theta, gradient, eta: -eta * gradient,
            "mini_batch_update": lambda theta, G, batch, eta: -eta * G[batch].mean(axis=0),
        },
    ),
    Slip(
        "theta changed in place",
        "the function changed its argument. Whoever calls it still needs theta_t: return theta - ..., a new array, "
        "rather than theta -= ... .",
        {
            "update": _change_theta,
            "mini_batch_update": lambda theta, G, batch, eta: _change_theta(theta, G[batch].mean(axis=0), eta),
        },
    ),
    Slip(
        "divided by N",
        "the sum over the batch is divided by N, the size of the whole data set. E9 divides by the number of "
        "examples in the batch.",
        {"mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[batch].sum(axis=0) / len(G)},
    ),
    Slip(
        "short last batch divided by B",
        "the short last batch is divided by the full batch size. E9 divides each batch by its own size.",
        {"mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[batch].sum(axis=0) / FULL_BATCH},
    ),
    Slip(
        "batch ignored",
        "the mean runs over all N examples. Take the rows of the batch: example_gradients[batch].",
        {"mini_batch_update": lambda theta, G, batch, eta: theta - eta * G.mean(axis=0)},
    ),
    Slip(
        "biased mini-batch",
        "the first rows are taken, whatever the batch says. Take the rows of the batch: example_gradients[batch].",
        {"mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[: len(batch)].mean(axis=0)},
    ),
    Slip(
        "short last batch dropped",
        "examples are missing: the last, shorter batch is left out. With N = 10 and B = 4 the sizes are 4, 4, 2.",
        {"batches": lambda N, B, rng: _in_groups(rng.permutation(N), B)[: N // B]},
    ),
    Slip(
        "no shuffling",
        "the examples come in the order they are stored in. Draw a new order in every epoch: rng.permutation(N).",
        {"batches": lambda N, B, rng: _in_groups(np.arange(N), B)},
    ),
    Slip(
        "batch order matters",
        "the batches are shuffled but never their members: the same examples always meet. Shuffle the examples, then cut.",
        {"batches": _starts_shuffled},
    ),
    Slip(
        "drawn with replacement",
        "some examples come twice in an epoch and others not at all. An epoch shows every example once: permute, do not draw.",
        {"batches": lambda N, B, rng: _in_groups(rng.integers(0, N, N), B)},
    ),
    Slip(
        "same order every epoch",
        "the order is the same in every epoch. Use the rng that is handed over, and seed nothing inside the function.",
        {"batches": lambda N, B, rng: _in_groups(np.random.default_rng(0).permutation(N), B)},
    ),
    Slip(
        "rng not used",
        "two calls with the same rng seed give different batches. Draw the order from the rng that is handed over, so that a "
        "run can be repeated.",
        {"batches": lambda N, B, rng: _in_groups(np.random.permutation(N), B)},
    ),
    Slip(
        "one-sided difference",
        "it compares theta + h with theta itself. The central difference goes to both sides: J(theta + h e) - J(theta - h e).",
        {
            "central_difference": (
                lambda cost, theta, h: _differences(cost, theta, h, 0, h),
                lambda cost, theta, h: _differences(cost, theta, 0, h, h),
                lambda cost, theta, h: _differences(cost, theta, h, 0, 2 * h),
            )
        },
    ),
    Slip(
        "divided by h",
        "the two points lie 2h apart, so the difference is divided by 2h.",
        {"central_difference": lambda cost, theta, h: _differences(cost, theta, h, h, h)},
    ),
    Slip(
        "not divided",
        "the difference of the costs is not divided by the distance 2h.",
        {"central_difference": lambda cost, theta, h: _differences(cost, theta, h, h, 1)},
    ),
    Slip(
        "all entries at once",
        "all entries move together. Move one entry at a time and leave the others where they are.",
        {
            "central_difference": lambda cost, theta, h: np.full_like(
                theta, (cost(theta + h) - cost(theta - h)) / (2 * h)
            )
        },
    ),
    Slip(
        "entry left moved",
        "an entry is not put back before the next one moves. Start from theta for every entry.",
        {"central_difference": _moved_and_left},
    ),
)

BY_NAME = {slip.name: slip for slip in SLIPS}


def of_exercise(exercise):
    """The slips that can occur in that exercise."""
    return [slip for slip in SLIPS if slip.variants(exercise)]


def of_backprop():
    """The slips that give a wrong gradient of a whole network."""
    return of_exercise("backprop")


def costs_after_training(names, theta, X, Y, activations, eta, updates):
    """The cost J after BGD with the right gradient ("no slip") and with the gradient of each named slip."""
    gradients = {"no slip": network.backprop} | {name: BY_NAME[name].gradient for name in names}
    return {
        name: float(_trained(gradient, theta, X, Y, activations, eta, updates)) for name, gradient in gradients.items()
    }


def _trained(gradient, theta, X, Y, activations, eta, updates):
    def on_batch(theta, X, Y):
        return gradient(theta, X, Y, activations)

    path = descent.descend(on_batch, theta, X, Y, eta, len(X), updates, every=updates)
    return network.cost(path[-1], X, Y, activations)
