"""What is there to be fooled: the nets on which a wrong gradient hides, and gradients, right and wrong, for a check."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from bgd_helpers import network, slips
from bgd_helpers.checks.exhibits import Exhibit, key_of
from bgd_helpers.lessons.handout import Net
from bgd_helpers.lessons.trials import gradient_of, tried
from bgd_helpers.slips import wrong

PASSES = 1e-6  # of a layer's largest entry: what the course's checks let pass
FOOLS = 1e-2  # the same: what a wrong gradient must be off by somewhere
MIXED = ("tanh", "sigmoid", "tanh")
ONE, ZERO, FULL = "with one example", "with all parameters zero", "on the full net"
STYLES = {  # right gradients as they are written, and the dress in which any gradient may come
    "the examples in another order": lambda theta, X, Y, f: network.backprop(theta, X[::-1], Y[::-1], f),
    "entry by entry, in loops": network.backprop_index,
    "arrays": network.backprop,
}
DRESSES: dict[str, Callable] = {
    "arrays": lambda array: array,
    "lists in place of arrays": np.ndarray.tolist,
    "single precision": lambda array: array.astype(np.float32),
}


def nets_to_fool(*salt: int) -> list[tuple]:
    """A net with one example, one with all parameters zero, and the full one, twice."""
    full = [_net((2, 4, 5, 3), 7, MIXED, seed, salt) for seed in (31, 32)]
    return [tuple(net) for one in full for net in (_alone(one), _zero(one), one)]


def kinds(cases: list) -> list[str]:
    """What each of these nets is for."""
    return [(ONE, ZERO, FULL)[number % 3] for number in range(len(cases))]


def fooling(theta: Any, X: Any, Y: Any, activations: Any) -> Any:
    """A gradient that is wrong in the first layer alone, where the mean over the examples is a sum."""
    (dW, db), *rest = network.backprop(theta, X, Y, activations)
    return [(len(X) * dW, db), *rest]


def exhibition(*salt: int) -> list[tuple]:
    """Every wrong gradient of the museum, one that is nearly right, and right ones, mixed, each with the nets that it
    is known on: those of the museum, drawn afresh."""
    rng = np.random.default_rng([33, *salt])
    nets = _nets(salt)
    wrongs: list[tuple[str, Callable]] = [
        (slip.name, lambda name=slip.name: gradient_of(name)) for slip in slips.of_backprop()
    ]
    wrongs.append(("one entry, by a hundredth", lambda at=tuple(rng.integers(2, size=3)): _one_entry_off(at)))
    if salt:  # which value most of them have tells nothing
        wrongs += [wrongs[at] for at in rng.integers(len(wrongs), size=3) for _ in range(rng.integers(4, 13))]
    rights = [(name, lambda one=one: one) for name, one in STYLES.items()]
    dressed: list[tuple[str, Callable, str]] = []
    dressed += [(name, made, str(rng.choice(list(DRESSES)))) for name, made in wrongs]
    dressed += [(name, made, "arrays") for name, made in rights]
    dressed += [(dress, lambda: network.backprop, dress) for dress in list(DRESSES)[1:]]
    hung = [_hung(name, made, DRESSES[dress], nets) for name, made, dress in dressed]
    return [(hung[i], nets) for i in rng.permutation(len(hung))]


sound = wrong.check_on("2-4-5-3", "2-4-5-3", "2-4-1")  # twice on one net, and once on one with another depth


def is_right(exhibit: Exhibit) -> bool:
    """Whether the gradient of that name is a right one."""
    return exhibit.name in STYLES | DRESSES


def _nets(salt):
    full = _net((2, 4, 5, 3), 7, MIXED, 34, salt)
    return {
        "N = 1": tuple(_alone(full)),
        "θ = 0": tuple(_zero(full)),
        "ReLU": tuple(full._replace(activations=_named(("relu",) * 3))),
        "2-4-5-3": tuple(full),
        "3-3-3-3": tuple(_net((3, 3, 3, 3), 5, ("tanh",) * 3, 35, salt)),
        "2-4-1": tuple(_net((2, 4, 1), 6, MIXED[:2], 36, salt)),
    }


def _net(widths, N, activations, seed, salt):
    rng = np.random.default_rng([seed, *salt])
    theta = network.initial_parameters(widths, rng, bias_scale=0.5)
    return Net(theta, rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1])), _named(activations))


def _named(activations):
    return [network.activation(name) for name in activations]


def _alone(net):
    return net._replace(X=net.X[:1], Y=net.Y[:1])


def _zero(net):
    return net._replace(theta=[(0 * W, 0 * b) for W, b in net.theta])


def _hung(name, made, dress, nets):
    """The Exhibit of a gradient, which `made` makes afresh for each net: what is left behind there stays there."""
    values = []
    for net in nets.values():
        gradient, net = made(), Net(*net)
        values.append([_dressed(deepcopy(tried(gradient, net.theta, net)), dress) for _ in range(2)])
    return Exhibit([key_of(*net) for net in nets.values()], values, name)


def _one_entry_off(at):
    """The right gradient but for one entry of one W, at (layer, row, column)."""

    def gradient(theta, X, Y, activations):
        grad = network.backprop(theta, X, Y, activations)
        dW = grad[at[0]][0]
        dW[at[1], at[2] % dW.shape[1]] += 0.01 * np.abs(dW).max()
        return grad

    return gradient


def _dressed(value, dress):
    """A value with each of its arrays dressed; an error's text as it is."""
    if isinstance(value, list | tuple):
        return type(value)(_dressed(part, dress) for part in value)
    return dress(value) if isinstance(value, np.ndarray) else value
