"""Three kinds of mistakes that have been published, each beside a check that notices and one that does not.

Each table has a row for an answer, a column for a check, and at the end what J does in training with that answer.
"""

import numpy as np

from bgd_helpers import gradcheck, network, slips
from bgd_helpers.lessons import handout
from bgd_helpers.lessons.exhibits import ETA, UPDATES, nets, notices, training_net
from bgd_helpers.lessons.showing import Table, sign
from bgd_helpers.lessons.trials import costs_in_training
from bgd_helpers.slips.wrong import with_equations

IN_TRAINING = f"J in {UPDATES} updates"


def zeros_against_zeros():
    """A check by `allclose` with the answer's own cost, where both sides can be zero."""
    net, rows = nets()["2-4-5-3"], []
    at_zero = net._replace(theta=_nothing(*net))
    for name, cost, gradient in (
        ("all of it", network.cost, network.backprop),
        ("the output layer only", network.cost, slips.BY_NAME["output layer only"].gradient),
        ("nothing", lambda *net: 0.0, _nothing),
    ):
        found = _differs(cost, gradient, net), _differs(cost, gradient, at_zero), notices(gradient, net)
        rows.append((name, *map(sign, found), _trained(gradient, training_net())))
    return Table(("filled in", "its own cost", "its own cost, θ = 0", "the right cost", IN_TRAINING), tuple(rows))


def drawn_apart():
    """A check of E5 that draws A and Z at random, each by itself, although Z = tanh(A)."""
    every, rows = nets(), []
    mixed = training_net()._replace(activations=("tanh", "sigmoid", "tanh"))
    for name, hidden_delta in (("f'(a)", network.hidden_delta), ("1 − z²", _slope_from_z)):
        gradient = with_equations(hidden_delta=hidden_delta)
        found = _refuses(hidden_delta), notices(gradient, every["3-3-3-3"]), notices(gradient, every["2-4-5-3"])
        rows.append((name, *map(sign, found), _trained(gradient, mixed)))
    head = ("hidden layers use", "a, z drawn apart", "tanh net", "tanh and sigmoid net", IN_TRAINING)
    return Table(head, tuple(rows))


def gates():
    """The slope of ReLU taken from a and from z: a net whose units are all on, and one with units that are off."""
    off = handout.random_net((4, 8, 6, 3), 20, np.random.default_rng(1), hidden="relu")
    on = off._replace(theta=[(abs(W), abs(b)) for W, b in off.theta], X=abs(off.X))
    trained, rows = training_net()._replace(activations=("relu", "relu", "tanh")), []
    for name, slope in (("a > 0", lambda A, Z: A > 0), ("z > 0", lambda A, Z: Z > 0), ("z ≥ 0", lambda A, Z: Z >= 0)):
        gradient = _gated(slope)
        cosine = gradcheck.cosine(gradient(*off), network.backprop(*off))
        found = notices(gradient, on), notices(gradient, off)
        rows.append((name, *map(sign, found), f"{cosine:.3f}", _trained(gradient, trained)))
    return Table(("open where", "all units on", "some units off", "cosine with ∇J", IN_TRAINING), tuple(rows))


def _nothing(theta, X, Y, activations):
    """A gradient of which nothing is filled in."""
    return [(np.zeros_like(W), np.zeros_like(b)) for W, b in theta]


def _differs(cost, gradient, net):
    """Whether `allclose` notices: the gradient beside the central difference of the cost that came with it."""
    numerical = gradcheck.central_difference(lambda theta: cost(theta, *net[1:]), net.theta)
    return not np.allclose(gradcheck.flatten(gradient(*net)), gradcheck.flatten(numerical))


def _slope_from_z(delta_next, W_next, A, Z, df):
    return (delta_next @ W_next.T) * (1 - Z**2)


def _refuses(hidden_delta):
    """Whether the check refuses an E5, with A and Z drawn apart, and its right answer computed from Z."""
    rng = np.random.default_rng(0)
    delta, W, A, Z = (rng.normal(size=shape) for shape in ((7, 3), (5, 3), (7, 5), (7, 5)))
    case = delta, W, A, Z, lambda A, Z=None: 1 - np.tanh(A) ** 2
    return not np.allclose(hidden_delta(*case), _slope_from_z(*case))


def _gated(slope):
    return with_equations(hidden_delta=lambda delta, W, A, Z, df: (delta @ W.T) * slope(A, Z))


def _trained(gradient, net):
    costs = costs_in_training(gradient, net, ETA, UPDATES)
    return f"{costs[0]:.3f} to {costs[-1]:.3f}"
