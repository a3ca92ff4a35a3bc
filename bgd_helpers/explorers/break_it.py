"""Break it: a known slip is put into the gradient of a network. Which check notices?"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bgd_helpers import descent, gradcheck, handout, network, slips
from bgd_helpers.explorers.controls import choice
from bgd_helpers.explorers.machinery import Explorer
from bgd_helpers.figures.break_it import Check, Report, break_it_picture, show_break_it
from bgd_helpers.slips import wrong

NO_SLIP = "no slip"
UPDATES, ETA = 200, 0.3
TOLERANCE = 1e-6  # relative; the complex step is exact to rounding, a central difference to about 1e-10
SMALL_STEP = 1e-4
AS_FAR = 0.02  # of the fall of J: what training may lack and still pass for right
PREDICT = "Which of the checks notices a missing 1/N? And which still does when N = 1?"
LOOK_FOR = (
    "Most slips let the cost fall, so a falling cost proves little. Find a slip that only the complex step notices, "
    "and a network on which not even that does."
)


def nets():
    """The networks that a gradient is tried on, by name; the first one is chosen so that no slip can hide."""
    rng = np.random.default_rng(1)
    full = handout.random_net((3, 4, 2), 5, rng, output="sigmoid")
    return {
        "3-4-2, N = 5, biases": full,
        "the same, N = 1": full._replace(X=full.X[:1], Y=full.Y[:1]),
        "the same, biases 0": full._replace(theta=[(W, 0 * b) for W, b in full.theta]),
        "3-4-1, linear output": handout.random_net((3, 4, 1), 5, rng),
        "3-3-3, square matrices": handout.random_net((3, 3, 3), 5, rng),
    }


def slip_names():
    """What the menu offers: nothing wrong, and each slip of backpropagation."""
    return (NO_SLIP, *(slip.name for slip in slips.of_backprop()))


class Trial(NamedTuple):
    """A gradient on a net: two calls in a row (an error's text for what failed), and J in training with it."""

    net: handout.Net
    first: list | str
    again: list | str
    costs: np.ndarray
    right: np.ndarray


def report(name, net):
    """What every check says of the gradient with the slip of that name, on that net, and how training goes with it."""
    gradient = _gradient(name)
    calls = [_tried(gradient, net.theta, net) for _ in range(2)]
    trial = Trial(net, *calls, _costs(_gradient(name), net), _costs(network.backprop, net))
    checks, reached = [], True
    for title, judge in CHECKS.items():
        passed, text = judge(trial) if reached else (None, "not reached")
        checks.append(Check(title, passed, text))
        reached = reached and (bool(passed) or title not in GATES)
    return Report(checks, trial.costs, trial.right, name, _because(name))


def break_it_figure(name=NO_SLIP, net=None):
    """The checks and the two trainings for one slip on one net (default: the first of `nets`)."""
    every = nets()
    return break_it_picture(report(name, every[net or next(iter(every))]))


def break_it_explorer():
    """The same picture, with a menu of slips and one of networks."""
    every, picture = nets(), break_it_figure()
    reports = lru_cache(maxsize=None)(lambda slip, net: report(slip, every[net]))

    def redraw(slip, net):
        return show_break_it(picture.moving, reports(slip, net))

    controls = {
        "slip": choice("slip", slip_names(), NO_SLIP, "What goes wrong in the gradient"),
        "net": choice("network", tuple(every), next(iter(every)), "The network and data that it is tried on"),
    }
    return Explorer(picture, controls, redraw, LOOK_FOR, PREDICT, lines=7)


def _gradient(name):
    """The gradient with that slip; one that adds to what was left behind starts with nothing."""
    if name == NO_SLIP:
        return network.backprop
    return wrong.accumulating() if name == "stale gradients" else slips.BY_NAME[name].gradient


def _because(name):
    return "" if name == NO_SLIP else slips.BY_NAME[name].because


def _tried(gradient, theta, net):
    """The gradient at theta, or the first line of its error."""
    try:
        return gradient(theta, net.X, net.Y, net.activations)
    except (ValueError, IndexError, TypeError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0].split(', with gufunc')[0]}"


def _costs(gradient, net):
    """J after 0 … UPDATES updates; all NaN where the gradient cannot be used."""

    def on_batch(theta, X, Y):
        found = _tried(gradient, theta, net)
        if isinstance(found, str):
            raise ValueError(found)
        return found

    try:
        path = descent.descend(on_batch, net.theta, net.X, net.Y, ETA, len(net.X), UPDATES)
    except ValueError:
        return np.full(UPDATES + 1, np.nan)
    return path.along(network.cost_of(net.activations, net.X, net.Y))


def _runs(trial):
    failed = isinstance(trial.first, str)
    return not failed, trial.first if failed else "no error"


def _shapes(trial):
    pairs = zip(_arrays(trial.first), _arrays(trial.net.theta))
    bad = [(np.shape(found), expected.shape) for found, expected in pairs if np.shape(found) != expected.shape]
    return not bad, f"{bad[0][0]} for {bad[0][1]}" if bad else "all of them"


def _same_again(trial):
    apart = _error(trial.again, trial.first)
    return bool(apart == 0), "to the last digit" if apart == 0 else f"{100 * apart:.0f} % apart"


def _complex_step(trial):
    J = network.cost_of(trial.net.activations, trial.net.X, trial.net.Y)
    error = _error(trial.first, gradcheck.complex_step(J, trial.net.theta))
    return bool(error < TOLERANCE), "exact to rounding" if error < 1e-12 else f"{error:.1e} off"


def _downhill(trial):
    cosine = gradcheck.cosine(_flat(trial.first), _flat(network.backprop(*trial.net)))
    return bool(cosine > 0), f"cosine with ∇J {cosine:.3f}"


def _one_step(trial):
    J = network.cost_of(trial.net.activations, trial.net.X, trial.net.Y)
    falls = bool(J(descent.update(trial.net.theta, trial.first, SMALL_STEP)) < J(trial.net.theta))
    return falls, "it falls" if falls else "it does not fall"


def _falls(trial):
    return bool(trial.costs[-1] < trial.costs[0]), f"J from {trial.costs[0]:.3f} to {trial.costs[-1]:.3f}"


def _as_far(trial):
    lacking = (trial.costs[-1] - trial.right[-1]) / (trial.right[0] - trial.right[-1])
    return bool(abs(lacking) < AS_FAR), f"{trial.costs[-1]:.3f}, right: {trial.right[-1]:.3f}"


CHECKS = {
    "it runs": _runs,
    "shapes are those of θ": _shapes,
    "a second call: the same": _same_again,
    "complex step": _complex_step,
    "direction: downhill": _downhill,
    "one small step lowers J": _one_step,
    "training: J falls": _falls,
    "training: as far as right": _as_far,
}
GATES = ("it runs", "shapes are those of θ")  # without them no other check can be tried


def _error(found, reference):
    """The largest difference in a layer, relative to the reference's largest entry there."""
    pairs = zip(_arrays(found), _arrays(reference))
    return max(np.abs(np.subtract(a, b)).max() / max(np.abs(b).max(), 1e-300) for a, b in pairs)


def _arrays(gradient):
    return [part for pair in gradient for part in pair]


def _flat(gradient):
    return np.concatenate([np.ravel(part) for part in _arrays(gradient)])
