"""Break it: a known slip is put into the gradient of a network. Which check notices?"""

from functools import lru_cache

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


def report(name, net):
    """What every check says of the gradient with the slip of that name, on that net, and how training goes with it."""
    gradient, true = _gradient(name), network.backprop(*net)
    first, again = (_tried(gradient, net.theta, net) for _ in range(2))
    right, found = _costs(network.backprop, net), _costs(_gradient(name), net)
    reference = gradcheck.complex_step(network.cost_of(net.activations, net.X, net.Y), net.theta)
    if isinstance(first, str):
        rows = [Check("it runs", False, first), *(Check(title, None, "not reached") for title in TITLES[1:])]
        return Report(rows, found, right, name, _because(name))
    rows = [Check("it runs", True, "no error"), _shapes(first, true)]
    if not rows[-1].passed:
        rows += [Check(title, None, "not reached") for title in TITLES[2:]]
        return Report(rows, found, right, name, _because(name))
    rows += [
        _same_again(first, again),
        _compared(first, reference),
        _downhill(first, true),
        _one_step(first, net),
        Check("training: J falls", bool(found[-1] < found[0]), f"J from {found[0]:.3f} to {found[-1]:.3f}"),
        _as_far(found, right),
    ]
    return Report(rows, found, right, name, _because(name))


TITLES = (
    "it runs",
    "shapes are those of θ",
    "a second call: the same",
    "complex step",
    "direction: downhill",
    "one small step lowers J",
    "training: J falls",
    "training: as far as right",
)


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
    return Explorer(picture, controls, redraw, LOOK_FOR, PREDICT, lines=5)


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


def _shapes(first, true):
    pairs = zip(_arrays(first), _arrays(true))
    bad = [(np.shape(found), expected.shape) for found, expected in pairs if np.shape(found) != expected.shape]
    text = f"{bad[0][0]} for {bad[0][1]}" if bad else "all of them"
    return Check(TITLES[1], not bad, text)


def _same_again(first, again):
    apart = _error(again, first)
    return Check(TITLES[2], bool(apart == 0), "to the last digit" if apart == 0 else f"{100 * apart:.0f} % apart")


def _compared(first, reference):
    error = _error(first, reference)
    return Check(TITLES[3], bool(error < TOLERANCE), "exact to rounding" if error < 1e-12 else f"{error:.1e} off")


def _downhill(first, true):
    cosine = gradcheck.cosine(_flat(first), _flat(true))
    return Check(TITLES[4], bool(cosine > 0), f"cosine with ∇J {cosine:.3f}")


def _one_step(first, net):
    J = network.cost_of(net.activations, net.X, net.Y)
    fall = J(net.theta) - J(descent.update(net.theta, first, SMALL_STEP))
    return Check(TITLES[5], bool(fall > 0), "it falls" if fall > 0 else "it does not fall")


def _as_far(found, right):
    lacking = (found[-1] - right[-1]) / (right[0] - right[-1])
    return Check(TITLES[7], bool(abs(lacking) < AS_FAR), f"{found[-1]:.3f}, right: {right[-1]:.3f}")


def _error(found, reference):
    """The largest difference in a layer, relative to the reference's largest entry there."""
    pairs = zip(_arrays(found), _arrays(reference))
    return max(np.abs(np.subtract(a, b)).max() / max(np.abs(b).max(), 1e-300) for a, b in pairs)


def _arrays(gradient):
    return [part for pair in gradient for part in pair]


def _flat(gradient):
    return np.concatenate([np.ravel(part) for part in _arrays(gradient)])
