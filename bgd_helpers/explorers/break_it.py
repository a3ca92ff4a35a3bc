"""Break it: a known slip is put into the gradient of a network. Which check notices?"""

from functools import lru_cache

import numpy as np

from bgd_helpers import handout, slips
from bgd_helpers.pictures.controls import choice
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.figures.break_it import Check, Report, break_it_picture, show_break_it
from bgd_helpers.museum import trials
from bgd_helpers.museum.trials import NO_SLIP

UPDATES, ETA = 200, 0.3
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
    gradient = trials.gradient_of(name)
    calls = [trials.tried(gradient, net.theta, net) for _ in range(2)]
    trained = [trials.costs_in_training(trials.gradient_of(slip), net, ETA, UPDATES) for slip in (name, NO_SLIP)]
    trial = trials.Trial(net, *calls, *trained)
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


def _because(name):
    return "" if name == NO_SLIP else slips.BY_NAME[name].because


CHECKS = {
    "it runs": trials.runs,
    "shapes are those of θ": trials.shapes,
    "a second call: the same": trials.same_again,
    "complex step": trials.agrees,
    "direction: downhill": trials.downhill,
    "one small step lowers J": trials.one_step,
    "training: J falls": trials.falls,
    "training: as far as right": trials.as_far,
}
GATES = ("it runs", "shapes are those of θ")  # without them no other check can be tried
