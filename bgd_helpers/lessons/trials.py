"""A gradient on trial: what each check says of it, on one network and in training with it."""

from typing import NamedTuple

import numpy as np

from bgd_helpers import descent, gradcheck, network, slips
from bgd_helpers.lessons.handout import Net
from bgd_helpers.parameters import arrays, flatten
from bgd_helpers.slips import wrong

NO_SLIP = "no slip"
TOLERANCE = 1e-6  # relative; the complex step is exact to rounding, a central difference to about 1e-10
SMALL_STEP = 1e-4
AS_FAR = 0.02  # of the fall of J: what training may lack and still pass for right


class Trial(NamedTuple):
    """A gradient on a net: two calls in a row (an error's text for what failed), and J in training, if trained."""

    net: Net
    first: list | str
    again: list | str
    costs: np.ndarray | None = None
    right: np.ndarray | None = None


def gradient_of(name):
    """The gradient with that slip; one that adds to what was left behind starts with nothing."""
    if name == NO_SLIP:
        return network.backprop
    return wrong.accumulating() if name == "stale gradients" else slips.BY_NAME[name].gradient


def tried(gradient, theta, net):
    """The gradient at theta, or the first line of its error."""
    try:
        return gradient(theta, net.X, net.Y, net.activations)
    except (ValueError, IndexError, TypeError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0].split(', with gufunc')[0]}"


def costs_in_training(gradient, net, eta, updates):
    """J after 0 … `updates` updates of BGD; all NaN where the gradient cannot be used."""

    def on_batch(theta, X, Y):
        found = tried(gradient, theta, net)
        if isinstance(found, str):
            raise ValueError(found)
        return found

    try:
        path = descent.descend(on_batch, net.theta, net.X, net.Y, eta, len(net.X), updates)
    except ValueError:
        return np.full(updates + 1, np.nan)
    return path.along(network.cost_of(net.activations, net.X, net.Y))


def runs(trial):
    """Whether the gradient comes without an error; the error's text."""
    failed = isinstance(trial.first, str)
    return not failed, trial.first if failed else "no error"


def shapes(trial):
    """Whether dW and db have the shapes of W and b; the first that has not."""
    pairs = zip(arrays(trial.first), arrays(trial.net.theta))
    bad = [(np.shape(found), expected.shape) for found, expected in pairs if np.shape(found) != expected.shape]
    return not bad, f"{bad[0][0]} for {bad[0][1]}" if bad else "all of them"


def same_again(trial):
    """Whether a second call gives the same to the last digit."""
    apart = _error(trial.again, trial.first)
    return bool(apart == 0), "to the last digit" if apart == 0 else f"{100 * apart:.0f} % apart"


def agrees(trial, judge=gradcheck.complex_step):
    """Whether the gradient agrees to TOLERANCE with the complex step, or another numerical judge."""
    J = network.cost_of(trial.net.activations, trial.net.X, trial.net.Y)
    error = _error(trial.first, judge(J, trial.net.theta))
    return bool(error < TOLERANCE), "exact to rounding" if error < 1e-12 else f"{error:.1e} off"


def downhill(trial):
    """Whether a step against the gradient goes down, to first order."""
    cosine = gradcheck.cosine(flatten(trial.first), flatten(network.backprop(*trial.net)))
    return bool(cosine > 0), f"cosine with ∇J {cosine:.3f}"


def one_step(trial):
    """Whether one small step lowers J."""
    J = network.cost_of(trial.net.activations, trial.net.X, trial.net.Y)
    lowers = bool(J(descent.update(trial.net.theta, trial.first, SMALL_STEP)) < J(trial.net.theta))
    return lowers, "it falls" if lowers else "it does not fall"


def falls(trial):
    """Whether J is lower after training than before."""
    return bool(trial.costs[-1] < trial.costs[0]), f"J from {trial.costs[0]:.3f} to {trial.costs[-1]:.3f}"


def as_far(trial):
    """Whether J falls as far in training as with the right gradient."""
    lacking = (trial.costs[-1] - trial.right[-1]) / (trial.right[0] - trial.right[-1])
    return bool(abs(lacking) < AS_FAR), f"{trial.costs[-1]:.3f}, right: {trial.right[-1]:.3f}"


def _error(found, reference):
    """The largest difference in a layer, relative to the reference's largest entry there."""
    pairs = zip(arrays(found), arrays(reference))
    return max(np.abs(np.subtract(a, b)).max() / max(np.abs(b).max(), 1e-300) for a, b in pairs)
