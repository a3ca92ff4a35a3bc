"""The exhibits: each slip's wrong gradient, what J does in training with it, and which checks notice."""

from functools import cache, partial
from typing import NamedTuple

import numpy as np

from bgd_helpers import network, slips
from bgd_helpers.lessons import handout, trials
from bgd_helpers.lessons.showing import Table, sign
from bgd_helpers.lessons.trials import NO_SLIP

ETA, UPDATES = 0.03, 200  # at 0.05 some wrong gradients are chaotic, and J at the end another on each machine
FALLS = "J falls"


class Exhibit(NamedTuple):
    """A wrong gradient: its name, its equation as LaTeX, why it is wrong, J in training, and who notices."""

    name: str
    formula: str
    because: str
    costs: np.ndarray
    notices: dict


def nets():
    """Three nets for a check: widths all different, all equal, and one output. Biases not zero, outputs not linear."""
    return {
        "2-4-5-3": _net((2, 4, 5, 3), 7, ("tanh", "sigmoid", "tanh"), 1),
        "3-3-3-3": _net((3, 3, 3, 3), 5, ("tanh", "tanh", "tanh"), 2),
        "2-4-1": _net((2, 4, 1), 6, ("tanh", "sigmoid"), 3),
    }


def training_net():
    """A 3-8-8-2 tanh net, and 30 examples that another such net can fit exactly."""
    teacher, student = (
        handout.random_net((3, 8, 8, 2), 30, np.random.default_rng(seed), output="tanh") for seed in (0, 1)
    )
    targets = network.predict(teacher.theta, teacher.X, teacher.activations)
    return student._replace(X=teacher.X, Y=targets)


def _net(widths, N, activations, seed):
    return handout.random_net(widths, N, np.random.default_rng(seed))._replace(activations=activations)


def notices(gradient, net, judge=trials.agrees):
    """Whether a check on that net notices: an error, a wrong shape, or what the judge says."""
    trial = trials.Trial(net, *(trials.tried(gradient, net.theta, net) for _ in range(2)))
    return not all(check(trial)[0] for check in (trials.runs, trials.shapes, judge))


def checks():
    """The checks by name, each a function gradient -> whether it notices."""
    full, *_ = every = nets().values()
    weak = {
        "same twice": partial(notices, net=full, judge=trials.same_again),
        "shapes": partial(notices, net=full, judge=trials.shapes),
        "N = 1": partial(notices, net=full._replace(X=full.X[:1], Y=full.Y[:1])),
        "θ = 0": partial(notices, net=full._replace(theta=[(0 * W, 0 * b) for W, b in full.theta])),
        "ReLU": partial(notices, net=full._replace(activations=("relu",) * 3)),
    }
    return weak | {name: partial(notices, net=net) for name, net in zip(nets(), every)}


@cache
def exhibit(name):
    """The exhibit of that slip, or of the right gradient for "no slip"."""
    slip = slips.BY_NAME.get(name, slips.Slip(name, "nothing is wrong.", {}))
    costs = trials.costs_in_training(trials.gradient_of(name), training_net(), ETA, UPDATES)
    found = {FALLS: not costs[-1] < costs[0]}
    found |= {title: bool(check(trials.gradient_of(name))) for title, check in checks().items()}
    return Exhibit(name, slip.formula, slip.because, costs, found)


def exhibits():
    """The right gradient, then each slip of backpropagation, those first that the fewest checks notice."""
    wrong = [exhibit(slip.name) for slip in slips.of_backprop()]
    return [exhibit(NO_SLIP), *sorted(wrong, key=lambda found: sum(found.notices.values()))]


def table():
    """All exhibits: J after training, which check notices, and the wrong equation."""
    right, *wrong = exhibits()
    counts = [str(sum(found.notices[title] for found in wrong)) for title in right.notices]
    rows = [_row(found) for found in (right, *wrong)]
    total = (f"noticed, of {len(wrong)}", "", *counts, "")
    return Table(("slip", "J at the end", *right.notices, "the wrong equation"), (*rows, total))


def _row(found):
    formula = f"${found.formula}$" if found.formula else "–"
    return (found.name, _end(found.costs), *map(sign, found.notices.values()), formula)


def _end(costs):
    return "stops" if np.isnan(costs).all() else f"{costs[-1]:.3f}"


def card(name):
    """One exhibit: the wrong equation, the reason, what J does, who notices and who does not."""
    found = exhibit(name)
    said = {said: ", ".join(title for title, seen in found.notices.items() if seen == said) for said in (True, False)}
    rows = [
        ("the wrong equation", f"${found.formula}$" if found.formula else "–"),
        ("wrong because", found.because),
        (f"J in {UPDATES} updates", f"{found.costs[0]:.3f} to {_end(found.costs)}"),
        ("noticed by", said[True] or "no check"),
        ("not noticed by", said[False] or "no check"),
    ]
    return Table((name, ""), tuple(rows), "")
