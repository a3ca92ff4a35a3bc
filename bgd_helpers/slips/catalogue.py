"""Each slip once: its name, why it is wrong, and the wrong function for every exercise it can occur in.

The learner's checks compare an answer with what each slip would give, and so can name it. A new slip is
added to EXHIBITED or ASIDE; a wrong function of more than a line goes into `wrong`.
"""

from collections.abc import Sequence

import numpy as np

from bgd_helpers import descent, network
from bgd_helpers.parameters import Array, Layers
from bgd_helpers.slips import wrong
from bgd_helpers.slips.slip import Slip

FROM_DELTA = {"hidden_delta": "E5", "weight_gradient": "E7", "bias_gradient": "E8"}
TWICE_AS_LONG = "the step is twice as long as it should be. E9 takes eta times the gradient, which has its 2 already."
UPHILL = "the step goes uphill. The gradient points to where J grows, so E9 subtracts eta times it."
FULL_BATCH = 4  # the batch size of the mini-batch exercise's check; its last batch is shorter

EXHIBITED = (  # those of backpropagation hang in the museum of notebook 3d
    Slip(
        "missing 1/N",
        "the sum over the examples is not divided by their number. J is a mean: E7 and E8 carry one 1/N.",
        {
            "weight_gradient": lambda Z_prev, delta: Z_prev.T @ delta,
            "mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[batch].sum(axis=0),
            "backprop": wrong.times(lambda X, Y: len(X)),
        },
        formula=r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
        elsewhere={
            "mini_batch_update": "the sum over the batch is not divided by the number of examples in it. "
            "E9 takes their mean.",
            "E11": "the sum over the examples is not divided by their number. J is a mean.",
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
            "backprop": wrong.times(lambda X, Y: 1 / len(X)),
        },
        formula=r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac{1}{N^2} \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
        elsewhere={
            "mini_batch_update": "it is divided twice by the number of examples in the batch. E9 takes the mean once."
        },
    ),
    Slip(
        "half convention",
        "it is half of what it should be. E2 has no factor 1/2, so its derivative keeps the 2.",
        {
            "loss": lambda y, y_hat: ((y - y_hat) ** 2).sum() / 2,
            "output_delta": lambda Y, Y_hat, A, df: -(Y - Y_hat) * df(A),
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * df(A) / 2,
            "weight_gradient": lambda Z_prev, delta: Z_prev.T @ delta / len(delta) / 2,
            "bias_gradient": lambda delta: delta.mean(axis=0) / 2,
            "backprop": wrong.times(lambda X, Y: 1 / 2),
        },
        formula=r"\delta_{nj}^{(L)} = -(y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
        elsewhere={
            exercise: f"it is half of what it should be. {equation} has no factor 1/2, and the 2 of the squared loss "
            "is in delta already."
            for exercise, equation in FROM_DELTA.items()
        },
    ),
    Slip(
        "factor 2 again",
        "there is a factor 2 too many. In the derivative, the 2 of the squared loss enters once, in E4.",
        {
            "loss": lambda y, y_hat: 2 * ((y - y_hat) ** 2).sum(),
            "output_delta": lambda Y, Y_hat, A, df: -4 * (Y - Y_hat) * df(A),
            "hidden_delta": lambda delta, W, A, Z, df: 2 * (delta @ W.T) * df(A),
            "weight_gradient": lambda Z_prev, delta: 2 * Z_prev.T @ delta / len(delta),
            "bias_gradient": lambda delta: 2 * delta.mean(axis=0),
            "update": lambda theta, gradient, eta: theta - 2 * eta * gradient,
            "mini_batch_update": lambda theta, G, batch, eta: theta - 2 * eta * G[batch].mean(axis=0),
            "backprop": wrong.with_equations(hidden_delta=lambda delta, W, A, Z, df: 2 * (delta @ W.T) * df(A)),
        },
        formula=r"\delta_{ni}^{(k)} = 2 f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
        elsewhere={
            "loss": "there is a factor 2 too many. E2 adds the squares as they are.",
            "update": TWICE_AS_LONG,
            "mini_batch_update": TWICE_AS_LONG,
        },
    ),
    Slip(
        "R^2 for the loss",
        "this is R^2, the share of the variance that the outputs explain, 1 where they are perfect. E2 is the sum "
        "of the squares itself, which is 0 there.",
        {"loss": lambda y, y_hat: 1 - ((y - y_hat) ** 2).sum() / ((y - y.mean()) ** 2).sum()},
    ),
    Slip(
        "not squared",
        "the differences are not squared. E2 adds the squares (y - y_hat)^2.",
        {
            "loss": (
                lambda y, y_hat: (y - y_hat).sum(),
                lambda y, y_hat: np.abs(y - y_hat).sum(),
                lambda y, y_hat: y - y_hat,
                lambda y, y_hat: np.abs(y - y_hat),
            )
        },
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
        "every pair",
        "every target meets every output. Only those of the same unit j belong together: one loop, not two.",
        {"loss": lambda y, y_hat: (np.subtract.outer(y, y_hat) ** 2).sum()},
    ),
    Slip(
        "difference of squares",
        "y and y_hat are squared before one is taken from the other. Take the difference, then square it: (y - "
        "y_hat)^2.",
        {"loss": (lambda y, y_hat: (y**2 - y_hat**2).sum(), lambda y, y_hat: abs((y**2 - y_hat**2).sum()))},
    ),
    Slip(
        "squared twice",
        "the difference is still squared. The derivative of (y - y_hat)^2 is linear in y - y_hat: the power 2 comes "
        "down as a factor.",
        {"output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) ** 2 * df(A)},
        formula=r"\delta_{nj}^{(L)} = -2 (y_{nj} - \hat y_{nj})^2 f_L'(a_{nj}^{(L)})",
    ),
    Slip(
        "root of the sum",
        "there is a square root around the sum. E2 is the squared distance, without a root.",
        {
            "loss": (
                lambda y, y_hat: np.sqrt(((y - y_hat) ** 2).sum()),
                lambda y, y_hat: np.sqrt(((y - y_hat) ** 2).mean()),
            )
        },
    ),
    Slip(
        "mean over outputs",
        "it is also divided by the number of units. E2 sums over the outputs; only the examples are "
        "averaged (torch's MSELoss does divide by both).",
        {
            "loss": (
                lambda y, y_hat: ((y - y_hat) ** 2).mean(),
                lambda y, y_hat: ((y - y_hat) ** 2).sum() / (len(y) - 1),
            ),
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(A) / Y.shape[1],
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * df(A) / W.shape[1],
            "weight_gradient": (
                lambda Z_prev, delta: Z_prev.T @ delta / delta.size,
                lambda Z_prev, delta: Z_prev.T @ delta / Z_prev.size,
            ),
            "bias_gradient": lambda delta: delta.sum(axis=0) / delta.size,
            "backprop": wrong.times(lambda X, Y: 1 / Y.shape[1]),
        },
        formula=r"\delta_{nj}^{(L)} = -\frac{2}{d_L} (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
    ),
    Slip(
        "sign",
        "the sign is turned round. The derivative of (y - y_hat)^2 by y_hat is -2 (y - y_hat), and the "
        "update subtracts the gradient.",
        {
            "loss": lambda y, y_hat: -((y - y_hat) ** 2).sum(),
            "output_delta": lambda Y, Y_hat, A, df: 2 * (Y - Y_hat) * df(A),
            "hidden_delta": lambda delta, W, A, Z, df: -(delta @ W.T) * df(A),
            "weight_gradient": lambda Z_prev, delta: -Z_prev.T @ delta / len(delta),
            "bias_gradient": lambda delta: -delta.mean(axis=0),
            "update": lambda theta, gradient, eta: theta + eta * gradient,
            "mini_batch_update": lambda theta, G, batch, eta: theta + eta * G[batch].mean(axis=0),
            "central_difference": lambda cost, theta, h: wrong.differences(cost, theta, -h, -h, 2 * h),
            "backprop": wrong.times(lambda X, Y: -1),
        },
        formula=r"\delta_{nj}^{(L)} = 2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
        elsewhere={
            "loss": "the sign is turned round. E2 is a sum of squares, so it is never negative.",
            "update": UPHILL,
            "mini_batch_update": UPHILL,
            "E14": UPHILL,
            "central_difference": "the sign is turned round. It is the cost at theta + h e less that at theta - h e.",
        }
        | {
            exercise: f"the sign is turned round. {equation} has no minus: that of E4 is in delta already."
            for exercise, equation in FROM_DELTA.items()
        },
    ),
    Slip(
        "bias not averaged",
        "the biases' gradient is summed over the examples, not averaged. E8 carries the same 1/N as E7.",
        {"bias_gradient": lambda delta: delta.sum(axis=0)},
        formula=r"\frac{\partial J}{\partial b_j^{(k)}} = \sum_n \delta_{nj}^{(k)}",
    ),
    Slip(
        "no f' at the output",
        "the factor f_L'(a) is missing at the output layer. The chain rule passes through z = f(a) there too.",
        {"output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat)},
        formula=r"\delta_{nj}^{(L)} = -2 (y_{nj} - \hat y_{nj})",
    ),
    Slip(
        "no f' in hidden layers",
        "the factor f_k'(a) is missing in a hidden layer: delta is the derivative by a, not by z.",
        {"hidden_delta": lambda delta, W, A, Z, df: delta @ W.T},
        formula=r"\delta_{ni}^{(k)} = \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
    ),
    Slip(
        "f'(z) for f'(a)",
        "the derivative is taken at z instead of a. f_k' is a function of the pre-activation: df(A), not df(Z).",
        {
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(Y_hat),
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * df(Z),
        },
        formula=r"\delta_{ni}^{(k)} = f_k'(z_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
    ),
    Slip(
        "f for f'",
        "it is multiplied by f(a) where f'(a) belongs.",
        {
            "output_delta": (
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * Y_hat,
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * np.tanh(A),
            ),
            "hidden_delta": (
                lambda delta, W, A, Z, df: (delta @ W.T) * Z,
                lambda delta, W, A, Z, df: (delta @ W.T) * np.tanh(A),
            ),
        },
        formula=r"\delta_{ni}^{(k)} = f_k(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
    ),
    Slip(
        "the handout's hidden formula",
        "a hidden unit gets the output's delta as it is. In a hidden layer delta comes back through the weights "
        "W^(k+1), summed over all units j of the next layer, times f_k'(a): that is E5.",
        {
            "hidden_delta": (
                lambda delta, W, A, Z, df: np.repeat(delta[:, :1], A.shape[1], axis=1),
                lambda delta, W, A, Z, df: delta,
            )
        },
        formula=r"\delta_{ni}^{(k)} = \delta_{n1}^{(k+1)}",
    ),
    Slip(
        "no W in hidden layers",
        "the weights are missing. Delta comes back through the weights out of layer k: sum_j w_ij delta_j, a product "
        "with W^T.",
        {
            "hidden_delta": (
                lambda delta, W, A, Z, df: delta * df(A),
                lambda delta, W, A, Z, df: delta.sum(axis=1, keepdims=True) * df(A),
            )
        },
        formula=r"\Delta^{(k)} = \Delta^{(k+1)} \odot f_k'(A^{(k)})",
    ),
    Slip(
        "z_j for z_i",
        "the weight w_ij is multiplied by z_j. It carries what unit i sends: z_i^(k-1), with i the row of dW.",
        {
            "weight_gradient": (
                lambda Z_prev, delta: np.tile((Z_prev * delta).mean(axis=0), (Z_prev.shape[1], 1)),
                lambda Z_prev, delta: np.tile(
                    (Z_prev[:, range(delta.shape[1])] * delta).mean(axis=0), (Z_prev.shape[1], 1)
                ),
            )
        },
        formula=r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N \sum_n z_{nj}^{(k-1)} \delta_{nj}^{(k)}",
    ),
    Slip(
        "z of the wrong layer",
        "E7 uses Z^(k). The weights into layer k are multiplied by what layer k-1 sends: Z^(k-1).",
        {"backprop": wrong.z_of_wrong_layer},
        formula=r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N \sum_n z_{ni}^{(k)} \delta_{nj}^{(k)}",
    ),
    Slip(
        "f' of the wrong layer",
        "a layer's f' is taken from another layer. activations holds layer 1 first: layer k has activations[k - 1].",
        {
            "backprop": (
                wrong.f_of_wrong_layer(lambda f: f[::-1]),
                wrong.f_of_wrong_layer(lambda f: f[1:] + f[-1:]),
                wrong.f_of_wrong_layer(lambda f: f[:1] + f[:-1]),
                wrong.f_of_wrong_layer(lambda f: f[:1] * len(f)),
                wrong.f_of_wrong_layer(lambda f: f[-1:] * len(f)),
                wrong.slope_of_wrong_layer(lambda f: f[::-1]),
                wrong.slope_of_wrong_layer(lambda f: f[1:] + f[-1:]),
                wrong.slope_of_wrong_layer(lambda f: f[:1] + f[:-1]),
                wrong.slope_of_wrong_layer(lambda f: f[:1] * len(f)),
                wrong.slope_of_wrong_layer(lambda f: f[-1:] * len(f)),
                wrong.slope_of_wrong_layer(lambda f: f[:1] * (len(f) - 1) + f[-1:]),
            )
        },
        formula=r"\delta_{ni}^{(k)} = f_{L+1-k}'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
    ),
    Slip(
        "missing transpose",
        "W stands without its transpose. Going back, unit i collects over the units j it feeds: sum_j w_ij delta_j, "
        "a product with W^T.",
        {"hidden_delta": lambda delta, W, A, Z, df: (delta @ W) * df(A)},
        formula=r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k+1)}) \odot f_k'(A^{(k)})",
    ),
    Slip(
        "W of the wrong layer",
        "E5 uses W^(k). Delta^(k) comes back through the weights out of layer k: W^(k+1).",
        {"backprop": wrong.w_of_wrong_layer},
        formula=r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k)\top}) \odot f_k'(A^{(k)})",
    ),
    Slip(
        "dW transposed",
        "it is the transpose of the right one. dW has the shape of W: rows i (from), columns j (to).",
        {"weight_gradient": lambda Z_prev, delta: delta.T @ Z_prev / len(delta)},
        formula=r"\frac{\partial J}{\partial W^{(k)}} = \frac1N \Delta^{(k)\top} Z^{(k-1)}",
    ),
    Slip(
        "first output only",
        "only the first unit counts. Every output, and every unit of the next layer, has a share in the loss: sum "
        "over j. If there is a loop, `return` stands after it, not inside.",
        {
            "loss": lambda y, y_hat: (y[0] - y_hat[0]) ** 2,
            "output_delta": lambda Y, Y_hat, A, df: wrong.only_first(-2 * (Y - Y_hat) * df(A)),
            "hidden_delta": lambda delta, W, A, Z, df: (delta[:, :1] @ W[:, :1].T) * df(A),
        },
        formula=r"\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) w_{i1}^{(k+1)} \delta_{n1}^{(k+1)}",
    ),
    Slip(
        "last unit only",
        "only the last unit is left. In a loop over the units j the terms are added: += , not = .",
        {
            "loss": lambda y, y_hat: (y[-1] - y_hat[-1]) ** 2,
            "hidden_delta": lambda delta, W, A, Z, df: (delta[:, -1:] @ W[:, -1:].T) * df(A),
        },
        formula=r"\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) w_{im}^{(k+1)} \delta_{nm}^{(k+1)}, \quad m = d_{k+1}",
    ),
    Slip(
        "first example only",
        "only the first example counts. Sum over all examples n; if there is a loop, `return` stands after it, not "
        "inside.",
        {
            "weight_gradient": (
                lambda Z_prev, delta: np.outer(Z_prev[0], delta[0]) / len(delta),
                lambda Z_prev, delta: np.outer(Z_prev[0], delta[0]),
            ),
            "bias_gradient": (lambda delta: delta[0] / len(delta), lambda delta: delta[0].copy()),
            "mini_batch_update": (
                lambda theta, G, batch, eta: theta - eta * G[batch[0]],
                lambda theta, G, batch, eta: theta - eta * G[batch[0]] / len(batch),
            ),
            "backprop": (wrong.of_examples(0, 1, lambda N: 1 / N), wrong.of_examples(0, 1)),
        },
        formula=r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N z_{1i}^{(k-1)} \delta_{1j}^{(k)}",
    ),
    Slip(
        "last example only",
        "only one example is left. In a loop over the examples the terms are added: += , not = .",
        {
            "weight_gradient": (
                lambda Z_prev, delta: np.outer(Z_prev[-1], delta[-1]) / len(delta),
                lambda Z_prev, delta: np.outer(Z_prev[-1], delta[-1]),
            ),
            "bias_gradient": (lambda delta: delta[-1] / len(delta), lambda delta: delta[-1].copy()),
            "mini_batch_update": (
                lambda theta, G, batch, eta: theta - eta * G[batch[-1]],
                lambda theta, G, batch, eta: theta - eta * G[batch[-1]] / len(batch),
            ),
            "backprop": (wrong.of_examples(-1, None, lambda N: 1 / N), wrong.of_examples(-1, None)),
        },
        formula=r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N z_{Ni}^{(k-1)} \delta_{Nj}^{(k)}",
    ),
    Slip(
        "already-updated weights",
        "a layer's weights were changed before the layer below was computed. All of the gradient belongs to theta_t: "
        "finish the backward pass, then update every layer together.",
        {"backprop": wrong.updated_weights},
        free={"backprop": (wrong.updated_at,)},
        formula=(
            r"\delta_{ni}^{(k)} = f_k'(a_{ni}^{(k)}) \sum_j (w_{ij}^{(k+1)} - \eta \frac{\partial "
            r"J}{\partial w_{ij}^{(k+1)}}) \delta_{nj}^{(k+1)}"
        ),
    ),
    Slip(
        "bias left out of forward",
        "the forward pass runs without the biases: a = sum_i z_i w_ij + b_j (E1).",
        {"backprop": wrong.bias_left_out},
        formula=r"a_{nj}^{(k)} = \sum_i z_{ni}^{(k-1)} w_{ij}^{(k)}",
    ),
    Slip(
        "(N,) against (N, 1)",
        "targets of shape (N,) meet outputs of shape (N, 1): NumPy makes an N x N table of differences, and the "
        "network learns the mean of y. Keep Y and Y_hat two-dimensional.",
        {
            "output_delta": (
                lambda Y, Y_hat, A, df: -2 * (Y[:, 0] - Y_hat) * df(A),
                lambda Y, Y_hat, A, df: -2 * (Y.squeeze() - Y_hat) * df(A),
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat.squeeze()) * df(A),
            )
        },
        formula=r"\delta_{nm}^{(L)} = -2 (y_{m1} - \hat y_{n1}) f_L'(a_{n1}^{(L)})",
    ),
    Slip(
        "stale gradients",
        "a second call with the same arguments gives another value: something is left over from the call before, or "
        "drawn at random. Start from zero in every call.",
        {"backprop": wrong.accumulating()},
        formula=r"\nabla J(\theta_t) + \nabla J(\theta_{t-1}) + \dots",
    ),
    Slip(
        "tanh everywhere",
        "tanh's slope stands in place of f': the values are right where the layer's activation is tanh and wrong where "
        "it is another. 1 - z^2 is the derivative of tanh alone. Use the layer's own df.",
        {
            "output_delta": (
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * (1 - Y_hat**2),
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * (1 - np.tanh(A) ** 2),
            ),
            "hidden_delta": (
                lambda delta, W, A, Z, df: (delta @ W.T) * (1 - Z**2),
                lambda delta, W, A, Z, df: (delta @ W.T) * (1 - np.tanh(A) ** 2),
            ),
        },
        formula=r"\delta_{ni}^{(k)} = (1 - (z_{ni}^{(k)})^2) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
    ),
    Slip(
        "layers reversed",
        "the layers stand in reverse order. The pass runs from the last layer to the first; the gradient is listed "
        "as theta is, layer 1 first.",
        {"backprop": wrong.layers_reversed},
        formula=r"\frac{\partial J}{\partial W^{(L+1-k)}} \text{ in place of } \frac{\partial J}{\partial W^{(k)}}",
    ),
    Slip(
        "dW and db apart",
        "the gradients stand in another arrangement. Return a list with one pair (dW, db) for each layer, layer 1 "
        "first, as theta holds its (W, b).",
        {
            "backprop": (
                lambda *net: list(zip(*network.backprop(*net))),
                lambda *net: [part for pair in network.backprop(*net) for part in pair],
                lambda *net: [pair[::-1] for pair in network.backprop(*net)],
            )
        },
    ),
    Slip(
        "output layer only",
        "only the output layer is right, and the hidden layers hold zeros or are missing. Go on from layer L to layer "
        "1 with E5.",
        {
            "backprop": (
                lambda *net: [(0 * dW, 0 * db) for dW, db in network.backprop(*net)[:-1]] + network.backprop(*net)[-1:],
                lambda *net: network.backprop(*net)[-1:],
            )
        },
        formula=r"\delta_{ni}^{(k)} = 0",
    ),
    Slip(
        "divided by the width",
        "the sum over the examples is divided by the number of columns. Divide by the number of examples, the rows.",
        {
            "weight_gradient": (
                lambda Z_prev, delta: Z_prev.T @ delta / Z_prev.shape[1],
                lambda Z_prev, delta: Z_prev.T @ delta / delta.shape[1],
            ),
            "bias_gradient": lambda delta: delta.sum(axis=0) / delta.shape[1],
            "mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[batch].sum(axis=0) / len(theta),
            "batch_variance": lambda G, B, r: (
                G.var(axis=0).sum() / B * (1 if r else (G.shape[1] - B) / np.float64(G.shape[1] - 1))
            ),
        },
        elsewhere={
            "batch_variance": "N is taken for the number of columns. The examples are the rows: len(gradients)."
        },
        formula=r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac{1}{d_{k-1}} \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
    ),
    Slip(
        "wrong axis",
        "the sum runs over the units of one example. E8 sums over the examples, axis 0, and keeps one entry a unit.",
        {
            "bias_gradient": (
                lambda delta: delta.mean(axis=1),
                lambda delta: delta.sum(axis=1),
                lambda delta: delta.sum(axis=1) / len(delta),
                lambda delta: delta[: delta.shape[1]].mean(axis=1),
            )
        },
        formula=r"\frac{\partial J}{\partial b_n^{(k)}} = \frac{1}{d_k} \sum_j \delta_{nj}^{(k)}",
    ),
    Slip(
        "mean over everything",
        "everything was averaged into one number. Average over the examples alone (axis=0): each parameter keeps its "
        "own derivative.",
        {
            "weight_gradient": lambda Z_prev, delta: (Z_prev.T @ delta).mean(),
            "bias_gradient": (
                lambda delta: delta.mean(),
                lambda delta: delta.sum(),
                lambda delta: delta.sum() / len(delta),
            ),
            "mini_batch_update": (
                lambda theta, G, batch, eta: theta - eta * G[batch].mean(),
                lambda theta, G, batch, eta: theta - eta * G[batch].sum() / len(batch),
            ),
        },
        formula=(
            r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac{1}{d_{k-1} d_k} \sum_{i,j,n} z_{ni}^{(k-1)} "
            r"\delta_{nj}^{(k)}"
        ),
    ),
    Slip(
        "product of means",
        "Z and delta are averaged first and multiplied then. Multiply for each example, then average: the mean of a "
        "product is not the product of the means.",
        {"weight_gradient": lambda Z_prev, delta: np.outer(Z_prev.mean(axis=0), delta.mean(axis=0))},
        formula=(
            r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \Big(\frac1N \sum_n z_{ni}^{(k-1)}\Big) "
            r"\Big(\frac1N \sum_n \delta_{nj}^{(k)}\Big)"
        ),
    ),
    Slip(
        "kept axis",
        "the result is a matrix. A bias is a vector of shape (d_k,): leave out keepdims and "
        "brackets around the result.",
        {"bias_gradient": (lambda delta: delta.mean(axis=0, keepdims=True), lambda delta: delta.mean(axis=0)[:, None])},
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
        "this is the step alone, or the gradient. E9 returns the new parameters: theta minus eta times the gradient.",
        {
            "update": (
                lambda theta, gradient, eta: -eta * gradient,
                lambda theta, gradient, eta: eta * gradient,
                lambda theta, gradient, eta: gradient,
            ),
            "mini_batch_update": (
                lambda theta, G, batch, eta: -eta * G[batch].mean(axis=0),
                lambda theta, G, batch, eta: eta * G[batch].mean(axis=0),
                lambda theta, G, batch, eta: G[batch].mean(axis=0),
            ),
        },
    ),
    Slip(
        "no step",
        "theta comes back as it was. E9 takes eta times the gradient from it.",
        {
            "update": lambda theta, gradient, eta: theta.copy(),
            "mini_batch_update": lambda theta, G, batch, eta: theta.copy(),
        },
    ),
    Slip(
        "gradient left out",
        "eta itself is subtracted. E9 multiplies it by the gradient.",
        {
            "update": lambda theta, gradient, eta: theta - eta,
            "mini_batch_update": lambda theta, G, batch, eta: theta - eta,
        },
    ),
    Slip(
        "theta changed in place",
        "the function changed an argument, and whoever calls it still needs that as it was. `-=`, `*=`, `x[...] =` and "
        "a second array in `np.square` write into what is there: give the result a name of its own, or copy first.",
        {
            "update": wrong.change_theta,
            "mini_batch_update": lambda theta, G, batch, eta: wrong.change_theta(theta, G[batch].mean(axis=0), eta),
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
        "all N examples count. Take those rows of the gradients that the batch names.",
        {
            "mini_batch_update": (
                lambda theta, G, batch, eta: theta - eta * G.mean(axis=0),
                lambda theta, G, batch, eta: theta - eta * G.sum(axis=0) / len(batch),
                lambda theta, G, batch, eta: theta - eta * G.sum(axis=0),
            )
        },
    ),
    Slip(
        "one row for each example",
        "there is one row of parameters for each example. Average the rows of the batch first: E9 returns one theta.",
        {"mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[batch]},
    ),
    Slip(
        "biased mini-batch",
        "the first rows are taken, whatever the batch says. Take those rows of the gradients that it names.",
        {"mini_batch_update": lambda theta, G, batch, eta: theta - eta * G[: len(batch)].mean(axis=0)},
    ),
    Slip(
        "short last batch dropped",
        "examples are missing: the last, shorter batch is left out. With N = 10 and B = 4 the sizes are 4, 4, 2.",
        {"batches": lambda N, B, rng: wrong.in_groups(rng.permutation(N), B)[: N // B]},
    ),
    Slip(
        "no shuffling",
        "the examples come in the order they are stored in. Draw a new order in every epoch.",
        {"batches": lambda N, B, rng: wrong.in_groups(np.arange(N), B)},
    ),
    Slip(
        "batch order matters",
        "the groups are the same in every epoch, so that the same examples always meet. Shuffle all the examples, "
        "then cut.",
        {"batches": wrong.starts_shuffled},
    ),
    Slip(
        "rest not shuffled",
        "the last, shorter batch holds the same examples in every epoch: it is not shuffled with the rest. "
        "Shuffle all N examples, then cut.",
        {"batches": wrong.rest_kept},
    ),
    Slip(
        "neighbours stay together",
        "the same neighbours share a batch in every epoch: the order is shifted or turned round, not shuffled. "
        "Draw a new order of all the examples.",
        {"batches": wrong.shifted},
    ),
    Slip(
        "drawn with replacement",
        "some examples come twice in an epoch and others not at all. An epoch shows every example once: one "
        "permutation for the whole epoch, then cut it.",
        {"batches": lambda N, B, rng: wrong.in_groups(rng.integers(0, N, N), B)},
    ),
    Slip(
        "same order every epoch",
        "the order is the same in every epoch. Use the rng that is handed over, and seed nothing inside the function.",
        {"batches": lambda N, B, rng: wrong.in_groups(np.random.default_rng(0).permutation(N), B)},
    ),
    Slip(
        "rng not used",
        "two calls with the same rng seed give different batches. Draw the order from the rng that is handed over, so "
        "that a run can be repeated.",
        {"batches": lambda N, B, rng: wrong.in_groups(np.random.permutation(N), B)},
    ),
    Slip(
        "one-sided difference",
        "one of the two costs is taken at theta itself. The central difference goes to both sides: theta + h e and "
        "theta - h e.",
        {
            "central_difference": (
                lambda cost, theta, h: wrong.differences(cost, theta, h, 0, h),
                lambda cost, theta, h: wrong.differences(cost, theta, 0, h, h),
                lambda cost, theta, h: wrong.differences(cost, theta, h, 0, 2 * h),
            )
        },
    ),
    Slip(
        "missing brackets",
        "brackets are missing: / 2 * h divides by 2 and multiplies by h, and without those around the difference "
        "only its second cost is divided.",
        {
            "central_difference": (
                lambda cost, theta, h: wrong.differences(cost, theta, h, h, 2 / h),
                lambda cost, theta, h: wrong.difference_without_brackets(cost, theta, h, 1 / (2 * h)),
                lambda cost, theta, h: wrong.difference_without_brackets(cost, theta, h, h / 2),
            )
        },
    ),
    Slip(
        "h of its own",
        "the value is that of another step than h: one of the function's own, or one that depends on the entry. Use "
        "the h that is handed over, the same for every entry.",
        {
            "central_difference": (
                *(
                    lambda cost, theta, h, own=own: wrong.differences(cost, theta, own, own, 2 * own)
                    for own in (1e-5, 1e-4, 1e-3, 1e-6, 1e-2, 1, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
                ),
                lambda cost, theta, h: wrong.differences(cost, theta, 1, 1, 2 * h),
                lambda cost, theta, h: wrong.differences(cost, theta, h / 2, h / 2, h),
                lambda cost, theta, h: wrong.differences(cost, theta, 2 * h, 2 * h, 4 * h),
                lambda cost, theta, h: wrong.differences(cost, theta, h * theta, h * theta, 2 * h),
                wrong.relative_step(lambda h, theta: h * np.abs(theta)),
                wrong.relative_step(lambda h, theta: h * (1 + np.abs(theta))),
                wrong.relative_step(lambda h, theta: h * np.maximum(1, np.abs(theta))),
            )
        },
    ),
    Slip(
        "sum of the costs",
        "the two costs are added. Their difference is what counts.",
        {
            "central_difference": lambda cost, theta, h: np.array(
                [(cost(theta + h * e) + cost(theta - h * e)) / (2 * h) for e in np.eye(len(theta))]
            )
        },
    ),
    Slip(
        "first entry only",
        "only the first entry is there. Fill in every entry; if there is a loop, `return` stands after it, not inside.",
        {
            "central_difference": (
                lambda cost, theta, h: wrong.differences(cost, theta, h, h, 2 * h) * np.eye(len(theta))[0],
                lambda cost, theta, h: wrong.differences(cost, theta, h, h, 2 * h)[0],
            )
        },
    ),
    Slip(
        "one array with two names",
        "every entry is zero: the two costs are the same. `up = theta` is no copy but a second name of one array; an "
        "int array loses a step h < 1. Or the zeros are where you start from, and are not filled in.",
        {"central_difference": lambda cost, theta, h: np.zeros_like(theta)},
    ),
    Slip(
        "divided by h",
        "the two points lie 2h apart, so the difference is divided by 2h.",
        {"central_difference": lambda cost, theta, h: wrong.differences(cost, theta, h, h, h)},
    ),
    Slip(
        "not divided",
        "the difference of the costs is not divided by the distance 2h.",
        {"central_difference": lambda cost, theta, h: wrong.differences(cost, theta, h, h, 1)},
    ),
    Slip(
        "all entries at once",
        "all entries move together. Move one entry at a time and leave the others where they are.",
        {
            "central_difference": (
                lambda cost, theta, h: np.full_like(theta, (cost(theta + h) - cost(theta - h)) / (2 * h)),
                lambda cost, theta, h: (cost(theta + h) - cost(theta - h)) / (2 * h),
            )
        },
    ),
    Slip(
        "entry left moved",
        "an entry is not put back before the next one moves. Start from theta for every entry.",
        {"central_difference": (wrong.moved_and_left, wrong.unit_vector_kept)},
    ),
    Slip(
        "entry set to h",
        "the entry is set to h and to -h, and its own value is lost. Move it from where it is, to theta + h e and "
        "theta - h e.",
        {"central_difference": lambda cost, theta, h: wrong.differences(cost, theta, h - theta, h + theta, 2 * h)},
    ),
    Slip(
        "second derivative",
        "this is how the slope itself changes: J at the middle is there, too, and h^2 below. The slope needs the two "
        "outer costs alone.",
        {
            "central_difference": lambda cost, theta, h: (
                (wrong.differences(cost, theta, h, 0, h) - wrong.differences(cost, theta, 0, h, h)) / h
            )
        },
    ),
    Slip(
        "theta and gradient exchanged",
        "theta and the gradient have changed places. E9 begins with theta and takes eta times the gradient from it.",
        {
            "update": (
                lambda theta, gradient, eta: gradient - eta * theta,
                lambda theta, gradient, eta: eta * gradient - theta,
                lambda theta, gradient, eta: eta * theta - gradient,
            ),
            "mini_batch_update": (
                lambda theta, G, batch, eta: G[batch].mean(axis=0) - eta * theta,
                lambda theta, G, batch, eta: eta * G[batch].mean(axis=0) - theta,
                lambda theta, G, batch, eta: eta * theta - G[batch].mean(axis=0),
            ),
        },
    ),
    Slip(
        "brackets around theta - eta",
        "eta is taken from theta before it meets the gradient. `*` goes before `-`: E9 needs no brackets.",
        {
            "update": lambda theta, gradient, eta: (theta - eta) * gradient,
            "mini_batch_update": lambda theta, G, batch, eta: (theta - eta) * G[batch].mean(axis=0),
        },
    ),
    Slip(
        "five-point formula",
        "these are costs at h and 2h to both sides. That formula is a good one, but another: the central difference "
        "has one cost to each side.",
        {"central_difference": wrong.five_points},
    ),
    Slip(
        "eta of its own",
        "the step has a learning rate of its own, the same in every call. E9 takes the eta that is handed over.",
        {},
        free={
            "update": (lambda own, theta, gradient, eta: theta - own * gradient,),
            "mini_batch_update": (
                lambda own, theta, G, batch, eta: theta - own * G[batch].mean(axis=0),
                lambda own, theta, G, batch, eta: theta - own * G[batch].sum(axis=0),
            ),
        },
    ),
)

ASIDE = (  # for the checks alone
    Slip(
        "not the mean",
        "another number than the mean is taken over the examples: a median, a largest value, a spread or a length.",
        {
            "bias_gradient": tuple(
                lambda delta, of=of: of(delta, axis=0)
                for of in (np.median, np.max, np.min, np.std, np.var, np.linalg.norm)
            ),
            "mini_batch_update": tuple(
                lambda theta, G, batch, eta, of=of: theta - eta * of(G[batch], axis=0)
                for of in (np.median, np.max, np.min)
            ),
            "fair_comparison": tuple(
                lambda costs, etas, t, of=of: wrong.compared(etas, of(costs[..., t], axis=2))
                for of in (np.median, np.max, np.sum)
            ),
        },
        elsewhere={
            "fair_comparison": "another number than the mean is taken over the orders: a median, a largest cost, a sum."
        },
    ),
    Slip(
        "weight decay",
        "a multiple of the weights is added: that is the gradient of a cost with weight decay (regularisation). J (E3) "
        "has no such term.",
        {},
        free={
            "backprop": tuple(
                wrong.decayed(share, biases) for share in (lambda N: 1, lambda N: 1 / N) for biases in (0, 1)
            )
        },
    ),
    Slip(
        "sigmoid's slope",
        "z (1 - z) is the slope of the sigmoid alone. The layer has an activation of its own, and its slope is handed "
        "over as a function.",
        {
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * Y_hat * (1 - Y_hat),
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * Z * (1 - Z),
        },
    ),
    Slip(
        "1 - a^2",
        "1 - a^2 is taken of the pre-activation. The slope of tanh is 1 - z^2 with z = tanh(a): some texts write a for "
        "what is z here. And the layer's own slope is handed over as a function.",
        {
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * (1 - A**2),
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * (1 - A**2),
        },
    ),
    Slip(
        "slope of the error",
        "the slope is taken of the error, not of the layer's activation function at a. The error is a factor beside "
        "f'(a).",
        {
            "output_delta": (
                lambda Y, Y_hat, A, df: -2 * df(Y - Y_hat),
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(Y - Y_hat),
            ),
            "hidden_delta": (
                lambda delta, W, A, Z, df: df(delta @ W.T),
                lambda delta, W, A, Z, df: (delta @ W.T) * (1 - delta @ W.T),
                lambda delta, W, A, Z, df: (delta @ W.T) * (1 - (delta @ W.T) ** 2),
                lambda delta, W, A, Z, df: (delta @ W.T) * df(delta @ W.T),
            ),
        },
    ),
    Slip(
        "f' twice",
        "the slope f'(a) is there twice. The chain rule passes each activation function once.",
        {
            "output_delta": lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) * df(A) ** 2,
            "hidden_delta": lambda delta, W, A, Z, df: (delta @ W.T) * df(A) ** 2,
        },
    ),
    Slip(
        "brackets around the difference",
        "the other factors meet only one of the two terms. The whole difference of targets and outputs is a factor: it "
        "needs brackets.",
        {
            "output_delta": (
                lambda Y, Y_hat, A, df: -2 * Y - Y_hat * df(A),
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat * df(A)),
                lambda Y, Y_hat, A, df: -2 * Y + Y_hat * df(A),
                lambda Y, Y_hat, A, df: 2 * (Y_hat - Y * df(A)),
                lambda Y, Y_hat, A, df: 2 * Y_hat - Y * df(A),
                lambda Y, Y_hat, A, df: (-2 * Y - Y_hat) * df(A),
                lambda Y, Y_hat, A, df: (2 * Y_hat - Y) * df(A),
            )
        },
    ),
    Slip(
        "targets left out",
        "only one of targets and outputs is there. The derivative of (y - y_hat)^2 has the difference of the two.",
        {"output_delta": (lambda Y, Y_hat, A, df: 2 * Y_hat * df(A), lambda Y, Y_hat, A, df: -2 * Y * df(A))},
    ),
    Slip(
        "matrix product for *",
        "a matrix product stands where each entry is multiplied by its own: `@` adds up over an index, and here "
        "nothing is to be added.",
        {
            "output_delta": (
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) @ df(A),
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat).T @ df(A),
                lambda Y, Y_hat, A, df: -2 * (Y - Y_hat) @ df(A).T,
                lambda Y, Y_hat, A, df: -2 * df(A) @ (Y - Y_hat),
            ),
            "hidden_delta": (
                lambda delta, W, A, Z, df: delta @ W.T @ df(A),
                lambda delta, W, A, Z, df: delta @ W.T @ df(A).T,
                lambda delta, W, A, Z, df: df(A) @ (delta @ W.T),
            ),
        },
        elsewhere={
            "hidden_delta": "a second matrix product stands where each entry meets its own slope: the sum over j is "
            "done by then, and f' goes entry by entry."
        },
    ),
    Slip(
        "* for a matrix product",
        "the arrays are multiplied entry by entry where a sum belongs: over the units j in E5, over the examples n in "
        "E7. That is a matrix product.",
        {
            "hidden_delta": (
                lambda delta, W, A, Z, df: delta * W.T * df(A),
                lambda delta, W, A, Z, df: delta * W * df(A),
            ),
            "weight_gradient": (
                lambda Z_prev, delta: Z_prev * delta / len(delta),
                lambda Z_prev, delta: Z_prev.T * delta / len(delta),
            ),
        },
    ),
    Slip(
        "examples as columns",
        "the product is that of texts in which an example is a column. Here it is a row: the index that counts the "
        "examples comes first, in every array.",
        {
            "hidden_delta": (
                lambda delta, W, A, Z, df: (W.T @ delta) * df(A),
                lambda delta, W, A, Z, df: (W @ delta) * df(A),
                lambda delta, W, A, Z, df: (W @ delta.T) * df(A),
            ),
            "weight_gradient": (
                lambda Z_prev, delta: Z_prev @ delta.T / len(delta),
                lambda Z_prev, delta: delta @ Z_prev.T / len(delta),
                lambda Z_prev, delta: Z_prev @ delta / len(delta),
            ),
        },
    ),
    Slip(
        "f' before the weights",
        "f' is applied before the error has gone back along the weights. `*` and `@` are taken from left to right: the "
        "product with the weights first, in brackets.",
        {"hidden_delta": lambda delta, W, A, Z, df: (delta * df(A)) @ W.T},
    ),
    Slip(
        "weights as shares",
        "the weights are divided by their sum. The error is not shared out: it comes back through the weights as they "
        "are, by the chain rule.",
        {
            "hidden_delta": (
                lambda delta, W, A, Z, df: (delta @ (W / W.sum(axis=0)).T) * df(A),
                lambda delta, W, A, Z, df: (delta @ (W / W.sum(axis=1, keepdims=True)).T) * df(A),
            )
        },
    ),
    Slip(
        "error sent back without f'",
        "the error goes back to the layer below as it was before it met f'. What goes back is delta, f' included.",
        {"backprop": lambda *net: wrong.sent_back_bare(lambda error, delta: delta, *net)},
    ),
    Slip(
        "db without f'",
        "the biases' gradient is taken before the error meets f'. E8 takes delta, as E7 does.",
        {"backprop": lambda *net: wrong.sent_back_bare(lambda error, delta: error, *net)},
    ),
    Slip(
        "delta moved on too early",
        "delta is that of the layer below already when the gradients of a layer are taken. First E7 and E8 with a "
        "layer's delta, then E5 for the next.",
        {"backprop": wrong.moved_on_too_early},
    ),
    Slip(
        "parameters for the gradient",
        "an update is made here: a multiple of the gradient is taken from the weights or added to them. Return the "
        "gradient alone; the update is another function.",
        {},
        free={"backprop": (wrong.updated_parameters,)},
    ),
    Slip(
        "a for z in E7",
        "the weights are multiplied by the pre-activation a. What unit i sends, and E7 takes, is z = f(a).",
        {"backprop": wrong.a_for_z},
    ),
    Slip(
        "dW for W in E5",
        "the error goes back through the gradient dW. E5 takes the weights W themselves.",
        {"backprop": wrong.dw_for_w},
    ),
    Slip(
        "first term left out",
        "the first term of the sum is missing. Positions count from 0: a loop or slice that starts at 1 leaves it out.",
        {
            "loss": lambda y, y_hat: ((y - y_hat)[1:] ** 2).sum(),
            "hidden_delta": lambda delta, W, A, Z, df: (delta[:, 1:] @ W[:, 1:].T) * df(A),
            "weight_gradient": (
                lambda Z_prev, delta: Z_prev[1:].T @ delta[1:] / len(delta),
                lambda Z_prev, delta: Z_prev[1:].T @ delta[1:] / (len(delta) - 1),
            ),
            "bias_gradient": (lambda delta: delta[1:].sum(axis=0) / len(delta), lambda delta: delta[1:].mean(axis=0)),
            "backprop": (wrong.of_examples(1, None), wrong.of_examples(1, None, lambda N: (N - 1) / N)),
            "mini_batch_update": (
                lambda theta, G, batch, eta: theta - eta * G[batch[1:]].sum(axis=0) / len(batch),
                lambda theta, G, batch, eta: theta - eta * G[batch[1:]].mean(axis=0),
            ),
        },
    ),
    Slip(
        "last term left out",
        "the last term of the sum is missing. `range(n)` and slices end before n by themselves: one that is told n - 1 "
        "leaves the last out.",
        {
            "loss": lambda y, y_hat: ((y - y_hat)[:-1] ** 2).sum(),
            "hidden_delta": lambda delta, W, A, Z, df: (delta[:, :-1] @ W[:, :-1].T) * df(A),
            "weight_gradient": (
                lambda Z_prev, delta: Z_prev[:-1].T @ delta[:-1] / len(delta),
                lambda Z_prev, delta: Z_prev[:-1].T @ delta[:-1] / (len(delta) - 1),
            ),
            "bias_gradient": (lambda delta: delta[:-1].sum(axis=0) / len(delta), lambda delta: delta[:-1].mean(axis=0)),
            "backprop": (wrong.of_examples(0, -1), wrong.of_examples(0, -1, lambda N: (N - 1) / N)),
            "mini_batch_update": (
                lambda theta, G, batch, eta: theta - eta * G[batch[:-1]].sum(axis=0) / len(batch),
                lambda theta, G, batch, eta: theta - eta * G[batch[:-1]].mean(axis=0),
            ),
        },
    ),
    Slip(
        "ways of drawing exchanged",
        "the two laws have changed places: it is without replacement that a batch of all N has no variance left.",
        {"batch_variance": lambda G, B, r: G.var(axis=0).sum() / B * ((len(G) - B) / (len(G) - 1) if r else 1)},
        elsewhere={"variance": "this is the law without replacement. Here the draws are independent."},
    ),
    Slip(
        "way of drawing ignored",
        "one law stands for both ways of drawing. Without replacement a batch tells more, the more of the N it has; "
        "with replacement it does not.",
        {
            "batch_variance": (
                lambda G, B, r: G.var(axis=0).sum() / B,
                lambda G, B, r: G.var(axis=0).sum() / B * (len(G) - B) / (len(G) - 1),
            )
        },
    ),
    Slip(
        "N - 1 in the variance of the examples",
        "the variance of the examples is that of a sample, over N - 1. These N examples are all there are, and their "
        "mean is the gradient of J itself: the mean square is over N.",
        {"batch_variance": wrong.law(lambda G: G.var(axis=0, ddof=1).sum())},
    ),
    Slip(
        "share of the rest",
        "without replacement it takes the share of the examples that are left, over N. The second example of a batch "
        "is drawn from one less.",
        {"batch_variance": lambda G, B, r: G.var(axis=0).sum() / B * (1 if r else 1 - B / len(G))},
    ),
    Slip(
        "batch size left out",
        "the variance of one example is not divided by the batch size: a mean of B varies less.",
        {"batch_variance": wrong.law(lambda G: G.var(axis=0).sum(), share=lambda B: 1)},
        elsewhere={"variance": "a factor comes out of a variance squared: this is the variance of a single example."},
    ),
    Slip(
        "batch size squared",
        "it is divided twice by the batch size. The variance of a mean falls like 1/B.",
        {"batch_variance": wrong.law(lambda G: G.var(axis=0).sum(), share=lambda B: 1 / B**2)},
    ),
    Slip(
        "spread for the variance",
        "a standard deviation stands where a variance is asked for: squares are added, and no root is drawn.",
        {
            "batch_variance": (
                lambda G, B, r: np.sqrt(wrong.law(lambda G: G.var(axis=0).sum())(G, B, r)),
                wrong.law(lambda G: G.std(axis=0).sum()),
                wrong.law(lambda G: np.sqrt(G.var(axis=0).sum())),
                wrong.law(lambda G: G.var(axis=0).sum(), share=lambda B: 1 / np.sqrt(B)),
            )
        },
    ),
    Slip(
        "mean over the parameters",
        "the parameters are averaged. The squared length of a vector adds up its entries, so the variances of the "
        "parameters are added.",
        {"batch_variance": (wrong.law(lambda G: G.var(axis=0).mean()), wrong.law(np.var))},
    ),
    Slip(
        "rows for columns",
        "the variance is taken along the rows, within one example's gradient. It is the examples that vary: along each "
        "column.",
        {"batch_variance": (wrong.law(lambda G: G.var(axis=1).sum()), wrong.law(lambda G: G.var(axis=1).mean()))},
    ),
    Slip(
        "difference without brackets",
        "brackets are missing. A division comes before a difference, so each of the two differences needs brackets of "
        "its own.",
        {
            "batch_variance": (
                lambda G, B, r: G.var(axis=0).sum() / B * (1 if r else (len(G) - B) / len(G) - 1),
                lambda G, B, r: G.var(axis=0).sum() / B * (1 if r else len(G) - B / len(G) - 1),
                lambda G, B, r: G.var(axis=0).sum() / B * (1 if r else len(G) - B / (len(G) - 1)),
                lambda G, B, r: G.var(axis=0).sum() / B if r else G.var(axis=0).sum() / B * (len(G) - B) / len(G) - 1,
                lambda G, B, r: G.var(axis=0).sum() / B if r else G.var(axis=0).sum() / B * len(G) - B / len(G) - 1,
            )
        },
    ),
    Slip(
        "mean not subtracted",
        "the squares are those of the gradients themselves. A variance is about the mean: it is subtracted first.",
        {"batch_variance": wrong.law(lambda G: (G**2).sum() / len(G))},
    ),
    Slip(
        "sum over the examples",
        "the squares of the examples are added up, not averaged: the variance of one example is a mean over N.",
        {"batch_variance": wrong.law(lambda G: G.var(axis=0).sum() * len(G))},
    ),
    Slip(
        "one variance for each parameter",
        "the variances of the parameters are not added: one number is asked for.",
        {"batch_variance": wrong.law(lambda G: G.var(axis=0))},
    ),
    Slip(
        "one rate for all",
        "all batch sizes get the same learning rate. The best one grows with the batch size, so it is tuned for each: "
        "at a single rate one compares rates, not methods.",
        {
            "fair_comparison": (
                lambda costs, etas, t: wrong.one_rate(costs, etas, t, lambda at: at.mean(axis=0)),
                lambda costs, etas, t: wrong.one_rate(costs, etas, t, lambda at: at[0]),
                lambda costs, etas, t: wrong.one_rate(costs, etas, t, lambda at: at[-1]),
                lambda costs, etas, t: wrong.one_rate(costs, etas, t, lambda at: at.min(axis=0)),
            )
        },
    ),
    Slip(
        "best order",
        "the luckiest order counts. What is compared is what a method gives on average, over all orders: choose and "
        "tell by that.",
        {
            "fair_comparison": (
                lambda costs, etas, t: wrong.compared(etas, costs[..., t].min(axis=2)),
                lambda costs, etas, t: wrong.compared(etas, costs[..., t].min(axis=2), costs[..., t].mean(axis=2)),
                lambda costs, etas, t: wrong.compared(etas, costs[..., t].mean(axis=2), costs[..., t].min(axis=2)),
            )
        },
    ),
    Slip(
        "one order",
        "a single order is looked at. Whether a difference is one is seen over several: use all of them.",
        {
            "fair_comparison": (
                lambda costs, etas, t: wrong.compared(etas, costs[:, :, 0, t]),
                lambda costs, etas, t: wrong.compared(etas, costs[:, :, -1, t]),
                lambda costs, etas, t: wrong.compared(etas, costs[:, :, 0, t], costs[..., t].mean(axis=2)),
            )
        },
    ),
    Slip(
        "tuned for each order",
        "each order gets a learning rate of its own. Nobody knows the order before the run: average over the orders "
        "first, then choose.",
        {
            "fair_comparison": (
                lambda costs, etas, t: np.column_stack(
                    [etas[costs[..., t].mean(axis=2).argmin(axis=1)], costs[..., t].min(axis=1).mean(axis=1)]
                ),
                lambda costs, etas, t: np.column_stack(
                    [etas[costs[..., t].argmin(axis=1)].mean(axis=1), costs[..., t].min(axis=1).mean(axis=1)]
                ),
            )
        },
    ),
    Slip(
        "mean over the rates",
        "the learning rates are averaged, and the best of the orders is chosen. The axes are batch sizes, rates, "
        "orders and epochs, in this order.",
        {"fair_comparison": lambda costs, etas, t: wrong.compared(etas, costs[..., t].mean(axis=1))},
    ),
    Slip(
        "best of another row",
        "a rate and a cost stand together that do not belong together: for each batch size begin with no best, and "
        "whenever one is better, keep both its rate and its cost.",
        {
            "fair_comparison": (
                lambda costs, etas, t: wrong.best_so_far(etas, costs[..., t].mean(axis=2)),
                lambda costs, etas, t: wrong.compared(etas[-1:].repeat(len(etas)), costs[..., t].mean(axis=2)),
            )
        },
    ),
    Slip(
        "another budget",
        "the costs are not those after the given number of epochs: at the end of the runs, or wherever each was best. "
        "The same budget for all means the same epoch.",
        {
            "fair_comparison": (
                lambda costs, etas, t: wrong.compared(etas, costs[..., -1].mean(axis=2)),
                lambda costs, etas, t: wrong.compared(etas, costs.min(axis=3).mean(axis=2)),
                lambda costs, etas, t: wrong.compared(etas, costs.mean(axis=2).min(axis=2)),
                lambda costs, etas, t: wrong.compared(etas, costs[..., : t + 1].min(axis=3).mean(axis=2)),
                lambda costs, etas, t: wrong.compared(etas, costs[..., t].mean(axis=2), costs[..., -1].mean(axis=2)),
                lambda costs, etas, t: wrong.compared(etas, costs[..., -1].mean(axis=2), costs[..., t].mean(axis=2)),
            )
        },
    ),
    Slip(
        "an epoch off",
        "it is the cost one epoch off. Position 0 is the start, before any update, so position t is t epochs on.",
        {
            "fair_comparison": (
                lambda costs, etas, t: wrong.compared(etas, costs[..., t - 1].mean(axis=2)),
                lambda costs, etas, t: wrong.compared(etas, costs[..., t + 1].mean(axis=2)),
            )
        },
    ),
    Slip(
        "mean over the epochs",
        "the epochs are averaged too. What is compared is the cost at the end of the budget, not on the way there.",
        {
            "fair_comparison": (
                lambda costs, etas, t: wrong.compared(etas, costs.mean(axis=(2, 3))),
                lambda costs, etas, t: wrong.compared(etas, costs[..., : t + 1].mean(axis=(2, 3))),
                lambda costs, etas, t: wrong.compared(etas, costs[..., :t].mean(axis=(2, 3))),
            )
        },
    ),
    Slip(
        "the worst rate",
        "the learning rate with the largest cost is taken. The best has the smallest.",
        {
            "fair_comparison": lambda costs, etas, t: wrong.compared(
                etas, -costs[..., t].mean(axis=2), costs[..., t].mean(axis=2)
            )
        },
    ),
    Slip(
        "position for the rate",
        "the first column has the position of the learning rate, not the rate itself: look it up.",
        {"fair_comparison": lambda costs, etas, t: wrong.compared(np.arange(len(etas)), costs[..., t].mean(axis=2))},
    ),
    Slip(
        "columns exchanged",
        "the two columns have changed places: the learning rate comes first, then its cost.",
        {"fair_comparison": lambda costs, etas, t: wrong.compared(etas, costs[..., t].mean(axis=2))[:, ::-1]},
    ),
    Slip(
        "shards weighted equally",
        "every shard counts the same. An example of a small shard then counts more than one of a large shard: a shard "
        "counts by its number of examples.",
        {"gradient_of_shards": lambda gradients, counts: gradients.mean(axis=0)},
    ),
    Slip(
        "shards added up",
        "the gradients of the shards are added as they are. Each is a mean already, and a mean of all has weights that "
        "add up to 1.",
        {"gradient_of_shards": lambda gradients, counts: gradients.sum(axis=0)},
    ),
    Slip(
        "weights not divided by N",
        "it is the sum over all examples: N times what is asked for. The weights of the shards are to add up to 1.",
        {"gradient_of_shards": lambda gradients, counts: counts @ gradients},
    ),
    Slip(
        "divided by the number of shards",
        "it is divided by another number than that of all examples: by the number of shards or of parameters, by the "
        "count of one shard, or twice.",
        {
            "gradient_of_shards": (
                lambda gradients, counts: counts @ gradients / gradients.shape[1],
                lambda gradients, counts: counts @ gradients / counts[-1],
                lambda gradients, counts: counts @ gradients / counts.max(),
                lambda gradients, counts: counts @ gradients / counts.sum() ** 2,
                lambda gradients, counts: counts @ gradients / len(counts),
                lambda gradients, counts: counts @ gradients / counts.sum() / len(counts),
            )
        },
    ),
    Slip(
        "means taken for sums",
        "the gradients are added and divided by the number of examples, as if each were the sum over its shard. It is "
        "the mean: weigh it with its number of examples first.",
        {"gradient_of_shards": lambda gradients, counts: gradients.sum(axis=0) / counts.sum()},
    ),
    Slip(
        "small shards count more",
        "a shard is divided by its number of examples, so that the smallest counts most. Its gradient is a mean "
        "already: more examples, more weight.",
        {
            "gradient_of_shards": (
                lambda gradients, counts: (1 / counts) @ gradients,
                lambda gradients, counts: (1 / counts) @ gradients / (1 / counts).sum(),
                lambda gradients, counts: (1 / counts) @ gradients / len(counts),
            )
        },
    ),
    Slip(
        "all as long as the first",
        "every shard is given the length of the first. Each has a count of its own.",
        {"gradient_of_shards": lambda gradients, counts: counts[0] * gradients.sum(axis=0) / counts.sum()},
    ),
    Slip(
        "divided in every round",
        "what was added up so far is divided again in every round of the loop, so that the last counts most. Divide "
        "once, after the loop.",
        {
            "weight_gradient": lambda Z_prev, delta: wrong.divided_each_time(map(np.outer, Z_prev, delta), len(delta)),
            "bias_gradient": lambda delta: wrong.divided_each_time(delta, len(delta)),
            "mini_batch_update": lambda theta, G, batch, eta: (
                theta - eta * wrong.divided_each_time(G[batch], len(batch))
            ),
            "gradient_of_shards": (
                lambda gradients, counts: wrong.divided_each_time([2 * gradients[0], *gradients[1:]], 2),
                lambda gradients, counts: wrong.divided_each_time(gradients, 2),
                lambda gradients, counts: wrong.divided_each_time(counts[:, None] * gradients, counts.sum()),
            ),
        },
    ),
    Slip(
        "largest shard only",
        "one shard's gradient is returned, and the others are lost: E10 needs all of them.",
        {
            "gradient_of_shards": (
                lambda gradients, counts: gradients[counts.argmax()],
                lambda gradients, counts: gradients[-1],
                lambda gradients, counts: gradients[0],
                lambda gradients, counts: counts[-1] * gradients[-1] / counts.sum(),
                lambda gradients, counts: counts[0] * gradients[0] / counts.sum(),
            )
        },
    ),
    Slip(
        "a tie counted as won",
        "where two sides are level, it counts as won. Faster means less time, so the next number of workers is the "
        "first.",
        {"fewest_workers": lambda N, tau, c: wrong.first_workers(lambda K: tau * N / K + c <= tau * N)},
    ),
    Slip(
        "communication left out",
        "the time for sending and collecting has no say in how many workers it takes: it comes to the work of each.",
        {"fewest_workers": (lambda N, tau, c: 2, lambda N, tau, c: 2 if tau * N > c else 0)},
    ),
    Slip(
        "two workers only",
        "it says 0 where two workers do not win. More of them may: each has less to do, and the communication takes no "
        "longer.",
        {"fewest_workers": lambda N, tau, c: 2 if tau * N / 2 + c < tau * N else 0},
    ),
    Slip(
        "communication shared out",
        "the time for sending and collecting is divided by the number of workers. Only the work is shared out; the "
        "communication comes on top.",
        {"fewest_workers": lambda N, tau, c: wrong.first_workers(lambda K: (tau * N + c) / K < tau * N)},
    ),
    Slip(
        "communication for each worker",
        "the time for sending and collecting is counted once for each worker. In this model it is one number for the "
        "whole step.",
        {"fewest_workers": lambda N, tau, c: wrong.first_workers(lambda K: tau * N / K + K * c < tau * N)},
    ),
    Slip(
        "the best number for the first",
        "the root belongs to another question: how many workers are best, where each costs more time. Here the first "
        "number is sought with which a step is faster.",
        {
            "fewest_workers": tuple(
                lambda N, tau, c, whole=whole, least=least, wins=wins: (
                    max(least, int(whole(np.sqrt(tau * N / c)))) if not wins or tau * N > c else 0
                )
                for whole in (np.ceil, np.floor, np.round)
                for least in (0, 1, 2)
                for wins in (False, True)
            )
        },
    ),
    Slip(
        "no case in which none wins",
        "a number is returned where no number of workers wins: however many there are, sending takes longer than the "
        "whole work. The answer is 0 there.",
        {
            "fewest_workers": (
                lambda N, tau, c: int(tau * N // (tau * N - c)) + 1,
                lambda N, tau, c: int(tau * N / (tau * N - c)) + 1,
                lambda N, tau, c: max(2, int(tau * N // (tau * N - c)) + 1),
                lambda N, tau, c: int(tau * N // (tau * N - c)) + 1 if tau * N > c else N,
                *(lambda N, tau, c, n=n: tau * N // (tau * N - c) + 1 if tau * N > c else n for n in (1, -1, np.inf)),
            )
        },
    ),
    Slip(
        "noticed at N = 1",
        "the check with one example refuses it. Of one example the mean is the example: only what a mean, a sum or a "
        "choice of examples gets wrong is right there.",
        {
            "fooling_gradient": (
                wrong.times(lambda X, Y: 1 / 2),
                wrong.times(lambda X, Y: -1),
                wrong.with_equations(hidden_delta=lambda delta, W, A, Z, df: delta @ W.T),
                wrong.with_equations(hidden_delta=lambda delta, W, A, Z, df: (delta @ W.T) * (1 - Z**2)),
            )
        },
    ),
    Slip(
        "noticed at zero",
        "the check with all parameters zero refuses it. There delta is zero in every layer but the last: what is wrong "
        "with the last layer shows, what is wrong below it is multiplied by zero.",
        {
            "fooling_gradient": (
                wrong.times(lambda X, Y: len(X)),
                wrong.of_examples(0, 1),
                wrong.with_equations(bias_gradient=lambda delta: delta.sum(axis=0)),
            )
        },
    ),
    Slip(
        "nothing is wrong",
        "it is right on the full net, too, to one part in a hundred: a check that passes it is not fooled.",
        {"fooling_gradient": (network.backprop, wrong.shifted_by_rounding)},
    ),
    Slip(
        "one example",
        "one example shows no mean: whatever happens to the other examples goes by. Take a net with several.",
        {"gradient_check": (wrong.check_on("N = 1"), wrong.check_on("N = 1", "N = 1"))},
    ),
    Slip(
        "parameters at zero",
        "with all parameters zero the gradient of every hidden layer is zero, right or wrong. Take random ones.",
        {"gradient_check": (wrong.check_on("θ = 0"), wrong.check_on("θ = 0", "θ = 0"))},
    ),
    Slip(
        "one activation function",
        "all layers have the same f, so that its slope in one layer is taken for that in another. Take a net with "
        "several.",
        {
            "gradient_check": (
                wrong.check_on("3-3-3-3", "3-3-3-3"),
                wrong.check_on("ReLU", "ReLU"),
                wrong.check_on("3-3-3-3"),
                wrong.check_on("ReLU"),
            )
        },
    ),
    Slip(
        "called once",
        "each net is tried once, and what a call leaves behind shows in the next. Try one net twice.",
        {"gradient_check": (wrong.check_on("2-4-5-3", "2-4-1"), wrong.check_on("2-4-5-3"), wrong.check_on("2-4-1"))},
    ),
    Slip(
        "one depth",
        "all nets have the same depth, and a slip can give the right numbers in it: f' counted from the wrong end of "
        "tanh, sigmoid, tanh is the same; one output is its own first and last.",
        {"gradient_check": (wrong.check_on("2-4-5-3", "2-4-5-3"), wrong.check_on("2-4-1", "2-4-1"))},
    ),
    Slip(
        "equal to the last digit",
        "right gradients are refused, as they add in another order or in single precision. Numbers that are computed "
        "in two ways agree up to rounding: leave room for it.",
        {"gradient_check": wrong.check_on("2-4-5-3", "2-4-5-3", "2-4-1", agree=wrong.equal_to_the_last_digit)},
    ),
    Slip(
        "too much room",
        "the tolerance is so wide that wrong numbers are within it. Rounding is less than a millionth of the largest "
        "entry; slips are not.",
        {"gradient_check": wrong.check_on("2-4-5-3", "2-4-5-3", "2-4-1", agree=wrong.roughly_close)},
    ),
    Slip(
        "shapes alone",
        "the shapes are compared and the numbers are not.",
        {"gradient_check": wrong.check_on("2-4-5-3", "2-4-5-3", "2-4-1", agree=wrong.of_the_same_shapes)},
    ),
    Slip(
        "shapes not compared",
        "the numbers are compared and the shapes are not: NumPy stretches an axis of length 1 until it fits.",
        {"gradient_check": wrong.check_on("2-4-5-3", "2-4-5-3", "2-4-1", agree=wrong.close_without_shapes)},
    ),
    Slip(
        "an error stops the check",
        "where a wrong gradient raises an error, or comes in another arrangement, the check ends with an error of its "
        "own. That is an answer, too: `try`, and refuse.",
        {"gradient_check": wrong.check_on("2-4-5-3", "2-4-5-3", "2-4-1", catches=())},
    ),
    Slip(
        "the same for all",
        "it says the same of every gradient. A check must let the right ones pass, and no other. An `except` may hide "
        "an error of its own.",
        {"gradient_check": (lambda gradient, nets: True, lambda gradient, nets: False)},
    ),
    Slip(
        "turned round",
        "it is the wrong way round: True is for a gradient that passes.",
        {"gradient_check": lambda gradient, nets: not wrong.check_on("2-4-5-3", "2-4-5-3", "2-4-1")(gradient, nets)},
    ),
    Slip(
        "not a whole number",
        "workers come in whole numbers: where the limit lies between two, the larger wins.",
        {
            "fewest_workers": (
                lambda N, tau, c: tau * N / (tau * N - c) if tau * N > c else 0,
                lambda N, tau, c: tau * N / (tau * N - c),
                lambda N, tau, c: round(tau * N / (tau * N - c)) if tau * N > c else 0,
                lambda N, tau, c: max(2, round(tau * N / (tau * N - c))) if tau * N > c else 0,
            )
        },
    ),
    Slip(
        "one worker less",
        "it is rounded down, to the largest number that does not win yet. The one after it is the first that wins.",
        {
            "fewest_workers": (
                lambda N, tau, c: int(tau * N / (tau * N - c)) if tau * N > c else 0,
                lambda N, tau, c: int(tau * N // (tau * N - c)),
            )
        },
    ),
)

SLIPS = EXHIBITED + ASIDE
BY_NAME = {slip.name: slip for slip in SLIPS}


def of_exercise(exercise):
    """The slips that can occur in that exercise."""
    return [slip for slip in SLIPS if slip.variants(exercise) or slip.free.get(exercise)]


def of_backprop():
    """The slips that give a wrong gradient of a whole network, and hang in the museum."""
    return [slip for slip in EXHIBITED if slip.variants("backprop")]


def costs_after_training(
    names: Sequence[str], theta: Layers, X: Array, Y: Array, activations: Sequence[str], eta: float, updates: int
) -> dict[str, float]:
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
