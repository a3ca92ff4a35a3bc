"""The exercises: what is right in each, and the cases it is called on. A new exercise is added here, in EXERCISES."""

from collections.abc import Callable
from inspect import signature
from typing import NamedTuple

import numpy as np

from bgd_helpers import descent, gradcheck, network, slips, theory
from bgd_helpers.checks import fooling
from bgd_helpers.checks.lines import Lines
from bgd_helpers.checks.observing import Polynomial
from bgd_helpers.checks.outcomes import one_array, pairs, several_arrays, yes_or_no

EPOCHS = ((12, 3), (10, 4))  # N and B of the epochs whose order is looked at
SGD, BGD = "01-stochastic-gradient-descent.ipynb", "02-batch-gradient-descent.ipynb"
OUTPUT, HIDDEN, DEPTH = "03-backpropagation.ipynb", "03b-hidden-layers.ipynb", "03c-any-depth.ipynb"
WRONG = "03d-wrong-gradients.ipynb"
AGAINST, BEYOND = "04-sgd-against-bgd.ipynb", "05-beyond-one-machine.ipynb"
LARGE = 40  # times the other targets and gradients: what cuts them off is found


class Exercise(NamedTuple):
    """One function that a learner writes: what is right, on which cases, and what a right answer is told.

    `cases(*salt)` are the cases of the learner's own check; whole numbers as salt draw others of the same shapes.
    `read` puts an answer's value into lists of arrays. `origin` is the part of the right value that no factor
    multiplies: theta, in an update. `needs` names the exercises whose functions this one may call. `shapes` says what
    the shapes are of, in the notation of the course; `reread` is an equation, its notebook and the heading above it. An
    answer that calls much has `patience` times as long. With `lines`, an answer is a pair: the wrong line of those
    shown, and the function of the exercise `like`, mended.
    """

    right: Callable
    cases: Callable
    praise: str
    reread: tuple
    shapes: dict
    read: Callable = one_array
    origin: Callable = lambda *case: 0.0
    needs: tuple = ()
    lines: Lines | None = None
    like: str = ""
    patience: int = 1

    @property
    def parameters(self):
        """The names of the parameters of the learner's function, in order."""
        return list(signature(self.right).parameters)


class _Net(NamedTuple):
    theta: list
    X: np.ndarray
    Y: np.ndarray
    activations: list


def _rng(seed, salt):
    return np.random.default_rng([seed, *salt])


def _net(widths, N, activations, seed, salt):
    rng = _rng(seed, salt)
    theta = network.initial_parameters(widths, rng, bias_scale=0.5)
    X, Y = rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1]))
    return _Net(theta, X, Y, [network.activation(name) for name in activations])


def _nets(salt, activations=("tanh", "tanh", "tanh")):
    """Sizes all different: shapes that do not fit raise. Square, also in N: silent slips get a value; of another
    activation, as one function's slope is not another's. One output, far from its large targets."""
    one = _net((2, 4, 1), 6, activations[:2], 3, salt)
    return (
        _net((2, 4, 5, 3), 7, activations, 1, salt),
        _net((3, 3, 3, 3), 3, ["softplus"] * 3, 2, salt),
        one._replace(Y=LARGE * one.Y),
    )


def _output_cases(*salt):
    for net in _nets(salt):
        A, Z = network.forward(net.theta, net.X, net.activations)
        yield net.Y, Z[-1], A[-1], net.activations[-1].df


def _hidden_cases(*salt):
    for net in _nets(salt):
        A, Z = network.forward(net.theta, net.X, net.activations)
        delta = network.deltas(net.theta, net.X, net.Y, net.activations)
        for k in range(1, len(net.theta)):
            yield delta[k + 1], net.theta[k][0], A[k], Z[k], net.activations[k - 1].df


def _weight_cases(*salt):
    for net in _nets(salt):
        _, Z = network.forward(net.theta, net.X, net.activations)
        delta = network.deltas(net.theta, net.X, net.Y, net.activations)
        for k in range(1, len(net.theta) + 1):
            yield Z[k - 1], delta[k]


def _bias_cases(*salt):
    for _, delta in _weight_cases(*salt):
        yield (delta,)


def _backprop_cases(*salt):
    nets = *_nets(salt), _nets(salt, ("sigmoid", "tanh", "softplus"))[0], _net((2, 1), 6, ["tanh"], 6, salt)
    return [(net.theta, net.X, net.Y, net.activations) for net in nets]


def _loss_cases(*salt):
    rng = _rng(8, salt)
    return [(rng.normal(size=d), rng.normal(size=d)) for d in (3, 5, 1, 4, 2)]


def _update_cases(*salt):
    rng = _rng(4, salt)
    kinds = ((3,), 0.1, 1), ((4, 2), 0.7, 1), ((5,), 0.2, LARGE)
    return [(rng.normal(size=shape), size * rng.normal(size=shape), eta) for shape, eta, size in kinds]


def _mini_batch_cases(*salt):
    rng = _rng(5, salt)
    theta, G = rng.normal(size=3), rng.normal(size=(10, 3))
    examples = rng.permutation(10)
    batches = [examples[start : start + slips.FULL_BATCH] for start in (0, 4, 8)]
    return [(theta, G, batch, 0.3) for batch in batches] + [(theta, LARGE * G, batches[0], 0.05)]


def _batches_cases(*salt):
    """Four sizes; then six epochs of each of some generators, and the first epoch of each again. A salt mixes the
    calls, so that only the generator tells which epoch is shown again."""
    calls = [(N, B, _rng(seed, salt)) for seed, (N, B) in enumerate(((10, 4), (12, 3), (5, 5), (7, 1)))]
    for seed, size in enumerate(EPOCHS, start=10):
        calls += [*[(*size, _rng(seed, salt))] * 6, (*size, _rng(seed, salt))]
    return [calls[i] for i in _rng(12, salt).permutation(len(calls))] if salt else calls


def _difference_cases(*salt):
    rng = _rng(9, salt)
    points = (np.array([0.7, -1.2, 0.4]), 0.1), (np.array([1.5, 0.3]), 0.01)
    return [(Polynomial(*_away_from_zero(rng, 4)), _moved(theta, rng, salt), h) for theta, h in points]


def _away_from_zero(rng, size):
    return (rng.choice([-1, 1], size) * rng.uniform(0.5, 2, size)).tolist()


def _moved(theta, rng, salt):
    return theta + rng.uniform(-0.2, 0.2, theta.shape) if salt else theta


def _variance_cases(*salt):
    """Both ways of drawing; as many parameters as examples, one parameter, and batches of one."""
    rng = _rng(13, salt)
    kinds = ((6, 4), 2, False), ((6, 4), 2, True), ((5, 5), 2, False), ((9, 1), 4, False), ((8, 3), 1, True)
    return [(rng.normal(1, 2, shape), B, replacement) for shape, B, replacement in kinds]


def _comparison_cases(*salt):
    """Axes all of different lengths, then of equal ones; a few runs are far from the others, as those that diverge."""
    rng = _rng(14, salt)
    kinds = ((3, 4, 5, 7), 3), ((4, 4, 4, 4), 2), ((2, 5, 3, 6), 1)
    return [(np.exp(rng.normal(0, 1.5, shape)), np.sort(rng.uniform(0.01, 1, shape[1])), t) for shape, t in kinds]


def _shard_cases(*salt):
    rng = _rng(15, salt)
    kinds = (4, 3), (3, 3), (2, 1), (5, 4)
    return [(rng.normal(size=kind), rng.choice(range(1, 40), kind[0], replace=False)) for kind in kinds]


def _worker_cases(*salt):
    """More workers than `of` win: at 2, two of them are level with one process. Then a c so small that two win, two so
    large that none do, and one with which many must work: a search that stops early finds none, or not the first. Two
    of them in another unit of time."""
    rng = _rng(16, salt)
    tau = 2.0 ** -rng.integers(10, 20)
    numbers = rng.integers(1_000, 9_000, 8)
    more = 1 + rng.uniform(0.5, 0.8), 2, 3 + rng.uniform(0.2, 0.8), 6 + rng.uniform(0.2, 0.8), 14.3
    costs = [1 - 1 / of for of in more] + [0.05, 1.5, 4, 1 - 1 / 700.3]
    taus = tau * np.array([1, 1, 1, 1, 1, 2.0**21, 1, 1, 2.0**21])
    return [(int(N), float(t), float(t * N * of)) for N, t, of in zip([*numbers, 16 * numbers[0]], taus, costs)]


def _theta(theta, *rest):
    return theta


def _fair_comparison(costs, etas, epochs):
    at = costs[:, :, :, epochs].mean(axis=2)
    return np.column_stack([etas[at.argmin(axis=1)], at.min(axis=1)])


def _fewest_workers(N, tau, c):
    return int(tau * N // (tau * N - c)) + 1 if tau * N > c else 0


BACKWARD = ("backprop", "output_delta", "hidden_delta", "weight_gradient", "bias_gradient")
_PLACES = {"Y": "N x d_L", "Y_hat": "N x d_L", "A": "N x d_L", "return": "N x d_L"}
_HIDDEN = {"delta_next": "N x d_(k+1)", "W_next": "d_k x d_(k+1)", "A": "N x d_k", "Z": "N x d_k", "return": "N x d_k"}
_INTO_LAYER = {"Z_prev": "N x d_(k-1)", "delta": "N x d_k", "return": "d_(k-1) x d_k"}

_BACKPROP = Exercise(
    lambda theta, X, Y, activations: network.backprop(theta, X, Y, activations),
    _backprop_cases,
    "the gradient is right on five networks of different depths, widths and activations.",
    ("the order of the steps", DEPTH, "Any depth"),
    {"X": "N x d_0", "Y": "N x d_L"},
    read=pairs,
    needs=("output_delta", "hidden_delta", "weight_gradient", "bias_gradient"),
)
_RUNS_BACK = "runs from the last layer to the first, as error signals go"
_MEAN = "is E7 and E8: sums over the examples, divided by N once"
_FORWARD = "is the forward pass: A[k] and Z[k] belong to layer k, and Z[0] is X"
_FRONT = "puts the pair in front, so that layer 1 stands first at the end"
_SENT_BACK = Lines(
    7,
    {
        1: _FORWARD,
        2: "is the derivative of the loss by the outputs, not by the pre-activations: f' is still to come",
        3: _RUNS_BACK,
        4: "makes the error a delta by f' of layer k, at A[k]: that is the f' of E4 and of E5",
        5: _MEAN,
        6: _FRONT,
        8: "gives back a pair for each layer, layer 1 first",
    },
    "error sent back without f'",
)
_ANOTHER_SLOPE = Lines(
    8,
    {
        1: _FORWARD,
        2: "is E4, with f' of the last layer at A of the last layer",
        3: "is the list that is filled from its end",
        4: _RUNS_BACK,
        5: _MEAN,
        6: _FRONT,
        7: "stops before layer 0, the inputs, which have no delta",
        9: "gives back a pair for each layer, layer 1 first",
    },
    "f' of the wrong layer",
)
_OTHER_WEIGHTS = Lines(
    4,
    {
        1: _FORWARD,
        2: "is E4 for the last layer, the first delta that is known",
        3: "counts the hidden layers down: k is the layer whose delta is sought",
        5: "is the f' of E5: that of layer k is activations[k - 1], at A[k]",
        6: "is E7 for all layers: Z begins with Z[0], and the deltas with that of layer 1",
        7: "is E8: a mean over the examples, one entry a unit",
        8: "gives back a pair for each layer, layer 1 first",
    },
    "W of the wrong layer",
)


def _mended(lines, reread):
    """The exercise of naming the wrong line of a backpropagation, and mending it."""
    return _BACKPROP._replace(reread=reread, needs=(), lines=lines, like="backprop")


EXERCISES = {
    "loss": Exercise(
        lambda y, y_hat: ((y - y_hat) ** 2).sum(),
        _loss_cases,
        "E2 holds for one output and for several.",
        ("E2", "00-start-here.ipynb", "Exercise and check"),
        {"y": "d_L", "y_hat": "d_L"},
    ),
    "update": Exercise(
        lambda theta, gradient, eta: theta - eta * gradient,
        _update_cases,
        "E9 holds, for parameters of any shape, and theta is left as it is.",
        ("E9", SGD, "The update, with one meaning for each letter"),
        {},
        origin=_theta,
    ),
    "mini_batch_update": Exercise(
        lambda theta, example_gradients, batch, eta: theta - eta * example_gradients[batch].mean(axis=0),
        _mini_batch_cases,
        "E9 holds for full and short batches.",
        ("E9", BGD, "The mean gradient, with one meaning for each letter"),
        {"theta": "P", "example_gradients": "N x P", "batch": "|B|", "return": "P"},
        origin=_theta,
    ),
    "batches": Exercise(
        lambda N, batch_size, rng: descent.batches(N, batch_size, rng),
        _batches_cases,
        "every example once an epoch, in groups that change, the short batch kept, repeatable from the rng.",
        ("what a batch is", BGD, "Exercise: the batches of an epoch (3 points)"),
        {},
        read=several_arrays,
    ),
    "central_difference": Exercise(
        lambda cost, theta, h: gradcheck.central_difference(cost, theta, h),
        _difference_cases,
        "one entry at a time, to both sides, over 2h.",
        ("the formula", OUTPUT, "A judge that needs no theory"),
        {"theta": "P", "return": "P"},
    ),
    "output_delta": Exercise(
        network.output_delta,
        _output_cases,
        "E4 holds on three networks.",
        ("E4", OUTPUT, "The output layer"),
        _PLACES,
    ),
    "hidden_delta": Exercise(
        network.hidden_delta,
        _hidden_cases,
        "E5 holds on three networks.",
        ("E5", HIDDEN, "The hidden layers"),
        _HIDDEN,
    ),
    "weight_gradient": Exercise(
        network.weight_gradient,
        _weight_cases,
        "E7 holds on three networks.",
        ("E7", HIDDEN, "From error signals to gradients"),
        _INTO_LAYER,
    ),
    "bias_gradient": Exercise(
        network.bias_gradient,
        _bias_cases,
        "E8 holds on three networks.",
        ("E8", HIDDEN, "From error signals to gradients"),
        {"delta": "N x d_k", "return": "d_k"},
    ),
    "backprop": _BACKPROP,
    "mend_1": _mended(_SENT_BACK, ("E5", HIDDEN, "The hidden layers")),
    "mend_2": _mended(_ANOTHER_SLOPE, ("the order of the steps", DEPTH, "Any depth")),
    "mend_3": _mended(_OTHER_WEIGHTS, ("where W^T comes from", HIDDEN, "Where the transpose comes from")),
    "fooling_gradient": Exercise(
        lambda theta, X, Y, activations: fooling.fooling(theta, X, Y, activations),
        fooling.nets_to_fool,
        "both checks pass it, and on the full net it is wrong.",
        ("what a check does not see", WRONG, "A museum of wrong gradients"),
        {"X": "N x d_0", "Y": "N x d_L"},
        read=pairs,
        needs=BACKWARD,
    ),
    "gradient_check": Exercise(
        lambda gradient, nets: fooling.sound(gradient, nets),
        fooling.exhibition,
        "every wrong gradient is refused, and every right one passes.",
        ("what each check sees", WRONG, "A museum of wrong gradients"),
        {},
        read=yes_or_no,
        needs=("central_difference", *BACKWARD),
        patience=6,
    ),
    "batch_variance": Exercise(
        lambda gradients, batch_size, replacement: theory.batch_variance(gradients, batch_size, replacement),
        _variance_cases,
        "both laws hold, for one parameter and for several.",
        ("the two laws", AGAINST, "1 · How noisy is a batch?"),
        {"gradients": "N x P"},
    ),
    "fair_comparison": Exercise(
        _fair_comparison,
        _comparison_cases,
        "every batch size has a learning rate of its own, the same budget, and all its orders.",
        ("what is compared", AGAINST, "Exercise: the fair comparison (3 points)"),
        {"costs": "S x R x K x T", "etas": "R", "return": "S x 2"},
    ),
    "gradient_of_shards": Exercise(
        lambda gradients, counts: counts @ gradients / counts.sum(),
        _shard_cases,
        "E10 holds for shards of any sizes.",
        ("E10", BEYOND, "2 · Gradient accumulation"),
        {"gradients": "S x P", "counts": "S", "return": "P"},
    ),
    "fewest_workers": Exercise(
        _fewest_workers,
        _worker_cases,
        "the number is the smallest that wins, and 0 where none does.",
        ("the model of a step", BEYOND, "6 · When is it worth it?"),
        {},
    ),
}
