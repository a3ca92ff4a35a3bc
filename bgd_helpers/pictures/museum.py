"""A museum of wrong gradients: each known slip, what J does in training with it, and which checks notice.

`table`, `card` and `curves` show the slips of the catalogue. `zeros_against_zeros`, `drawn_apart` and `gates` are three
kinds of mistakes that have been published, each beside a check that notices and one that does not: a row an answer, a
column a check, and at the end what J does in training with that answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from html import escape
from itertools import cycle
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from bgd_helpers import gradcheck, network, slips
from bgd_helpers.lessons import handout, trials
from bgd_helpers.lessons.handout import Net
from bgd_helpers.lessons.trials import NO_SLIP
from bgd_helpers.parameters import flatten
from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, Picture, house_style, new_figure
from bgd_helpers.slips.wrong import with_equations

ETA, UPDATES = 0.03, 200  # at 0.05 some wrong gradients are chaotic, and J at the end another on each machine
FALLS = "J falls"
IN_TRAINING = f"J in {UPDATES} updates"
NOTICES, SILENT = "●", "○"
LEGEND = f"{NOTICES} notices, {SILENT} does not notice"
SIGNS = {  # told apart by the sign first, then by the ground
    NOTICES: "text-align: center; color: #00456b; background: #d6e8f5",
    SILENT: "text-align: center; color: #8a3c00; background: #ffffff",
}
SCROLLED = '<div style="overflow-x: auto" tabindex="0" role="group" aria-label="table">'  # where the page is narrow
LEFT, MIDDLE = "text-align: left", "text-align: center"
RIGHT = dict(color=COLOURS["right"], linestyle=LINESTYLES["right"], linewidth=5, alpha=0.6)
KEYS = ("bgd", "sgd", "eta", "truth", "minibatch")  # of colours that stay apart
STYLES = ("--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
APART = 0.07  # of the axis: the least distance between two names


class Exhibit(NamedTuple):
    """A wrong gradient: its name, its equation as LaTeX, why it is wrong, J in training, and who notices."""

    name: str
    formula: str
    because: str
    costs: np.ndarray
    notices: dict


def nets() -> dict[str, Net]:
    """Three nets for a check: widths all different, all equal, and one output. Biases not zero, outputs not linear."""
    return {
        "2-4-5-3": _net((2, 4, 5, 3), 7, ("tanh", "sigmoid", "tanh"), 1),
        "3-3-3-3": _net((3, 3, 3, 3), 5, ("tanh", "tanh", "tanh"), 2),
        "2-4-1": _net((2, 4, 1), 6, ("tanh", "sigmoid"), 3),
    }


def training_net() -> Net:
    """A 3-8-8-2 tanh net, and 30 examples that another such net can fit exactly."""
    teacher, student = (
        handout.random_net((3, 8, 8, 2), 30, np.random.default_rng(seed), output="tanh") for seed in (0, 1)
    )
    targets = network.predict(teacher.theta, teacher.X, teacher.activations)
    return student._replace(X=teacher.X, Y=targets)


def _net(widths, N, activations, seed):
    return handout.random_net(widths, N, np.random.default_rng(seed))._replace(activations=activations)


def notices(gradient: Callable, net: Net, judge: Callable = trials.agrees) -> bool:
    """Whether a check on that net notices: an error, a wrong shape, or what the judge says."""
    trial = trials.Trial(net, *(trials.tried(gradient, net.theta, net) for _ in range(2)))
    return not all(check(trial)[0] for check in (trials.runs, trials.shapes, judge))


def checks() -> dict[str, partial[bool]]:
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
def exhibit(name: str) -> Exhibit:
    """The exhibit of that slip, or of the right gradient for "no slip"."""
    slip = slips.BY_NAME.get(name, slips.Slip(name, "nothing is wrong.", {}))
    costs = trials.costs_in_training(trials.gradient_of(name), training_net(), ETA, UPDATES)
    found = {FALLS: not costs[-1] < costs[0]}
    found |= {title: bool(check(trials.gradient_of(name))) for title, check in checks().items()}
    return Exhibit(name, slip.formula, slip.because, costs, found)


def _exhibits():
    """The right gradient, then each slip of backpropagation, those first that the fewest checks notice."""
    wrong = [exhibit(slip.name) for slip in slips.of_backprop()]
    return [exhibit(NO_SLIP), *sorted(wrong, key=lambda found: sum(found.notices.values()))]


def table() -> "Table":
    """All exhibits: J after training, which check notices, and the wrong equation."""
    right, *wrong = _exhibits()
    counts = [str(sum(found.notices[title] for found in wrong)) for title in right.notices]
    rows = [_row(found) for found in (right, *wrong)]
    total = (f"noticed, of {len(wrong)}", "", *counts, "")
    return Table(("slip", "J at the end", *right.notices, "the wrong equation"), (*rows, total))


def _row(found):
    formula = f"${found.formula}$" if found.formula else "–"
    return (found.name, _end(found.costs), *map(_sign, found.notices.values()), formula)


def _end(costs):
    return "stops" if np.isnan(costs).all() else f"{costs[-1]:.3f}"


def card(name: str) -> "Table":
    """One exhibit: the wrong equation, the reason, what J does, who notices and who does not."""
    found = exhibit(name)
    said = {said: ", ".join(title for title, seen in found.notices.items() if seen == said) for said in (True, False)}
    rows = [
        ("the wrong equation", f"${found.formula}$" if found.formula else "–"),
        ("wrong because", found.because),
        (IN_TRAINING, f"{found.costs[0]:.3f} to {_end(found.costs)}"),
        ("noticed by", said[True] or "no check"),
        ("not noticed by", said[False] or "no check"),
    ]
    return Table((name, ""), tuple(rows), "")


@house_style
def curves(*names: str) -> Picture:
    """J in training with the right gradient, and with that of each named slip; the names stand at the curves' ends."""
    costs = {name: exhibit(name).costs for name in (NO_SLIP, *names)}
    figure, axes = new_figure(9, 4.2)
    lines = {name: axes.plot(J, **look)[0] for (name, J), look in zip(costs.items(), _looks())}
    axes.set(xlabel="updates", ylabel="cost $J$ (log scale)", xlim=(0, UPDATES), yscale="log")
    axes.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_formatter=NullFormatter())
    ends = {name: J[-1] for name, J in costs.items() if np.isfinite(J[-1])}
    for name, height in zip(ends, _heights(axes, list(ends.values()))):
        _name_the_end(axes, name, ends[name], height, lines[name].get_color())
    return Picture(figure, _in_words(costs), lines)


def _looks():
    yield RIGHT
    for key, style in zip(cycle(KEYS), cycle(STYLES)):
        yield dict(color=COLOURS[key], linestyle=style, linewidth=2)


def _heights(axes, ends):
    """A height for each name, as a share of the axis: that of its curve's end, or as far off as the others need."""
    low, high = np.log(axes.get_ylim())
    wanted = (np.log(ends) - low) / (high - low)
    order = np.argsort(wanted)
    steps = APART * np.arange(len(ends))
    up = np.maximum.accumulate(wanted[order] - steps) + steps  # none below its curve's end
    down = np.minimum.accumulate((wanted[order] - steps)[::-1])[::-1] + steps  # none above it
    heights = np.empty(len(ends))
    heights[order] = (up + down) / 2
    return heights


def _name_the_end(axes, name, J, height, colour):
    arrow = dict(arrowstyle="-", color=colour, linewidth=1, relpos=(0, 0.5))
    place = dict(xytext=(1.05, height), textcoords="axes fraction", va="center", annotation_clip=False)
    axes.annotate(f"{J:.3f}  {name}", (axes.get_xlim()[1], J), arrowprops=arrow, **place)


def _in_words(costs):
    (right, J), *wrong = costs.items()
    start = f"J starts at {J[0]:.3f}. After {len(J) - 1} updates with {right} it is {J[-1]:.3f}"
    return "; ".join([start, *(f"{name}: {_end_in_words(costs)}" for name, costs in wrong)]) + "."


def _end_in_words(costs):
    if not np.isfinite(costs[-1]):
        return "no training"
    return f"{costs[-1]:.3f}" + ("" if costs[-1] < costs[0] else ", it rises")


def zeros_against_zeros() -> "Table":
    """A check by `allclose` with the answer's own cost, where both sides can be zero."""
    net, rows = nets()["2-4-5-3"], []
    at_zero = net._replace(theta=_nothing(*net))
    for name, cost, gradient in (
        ("all of it", network.cost, network.backprop),
        ("the output layer only", network.cost, slips.BY_NAME["output layer only"].gradient),
        ("nothing", lambda *net: 0.0, _nothing),
    ):
        found = _differs(cost, gradient, net), _differs(cost, gradient, at_zero), notices(gradient, net)
        rows.append((name, *map(_sign, found), _trained(gradient, training_net())))
    return Table(("filled in", "its own cost", "its own cost, θ = 0", "the right cost", IN_TRAINING), tuple(rows))


def drawn_apart() -> "Table":
    """A check of E5 that draws A and Z at random, each by itself, although Z = tanh(A)."""
    every, rows = nets(), []
    mixed = training_net()._replace(activations=("tanh", "sigmoid", "tanh"))
    for name, hidden_delta in (("f'(a)", network.hidden_delta), ("1 − z²", _slope_from_z)):
        gradient = with_equations(hidden_delta=hidden_delta)
        found = _refuses(hidden_delta), notices(gradient, every["3-3-3-3"]), notices(gradient, every["2-4-5-3"])
        rows.append((name, *map(_sign, found), _trained(gradient, mixed)))
    head = ("hidden layers use", "a, z drawn apart", "tanh net", "tanh and sigmoid net", IN_TRAINING)
    return Table(head, tuple(rows))


def gates() -> "Table":
    """The slope of ReLU taken from a and from z: a net whose units are all on, and one with units that are off."""
    off = handout.random_net((4, 8, 6, 3), 20, np.random.default_rng(1), hidden="relu")
    on = off._replace(theta=[(abs(W), abs(b)) for W, b in off.theta], X=abs(off.X))
    trained, rows = training_net()._replace(activations=("relu", "relu", "tanh")), []
    for name, slope in (("a > 0", lambda A, Z: A > 0), ("z > 0", lambda A, Z: Z > 0), ("z ≥ 0", lambda A, Z: Z >= 0)):
        gradient = _gated(slope)
        cosine = gradcheck.cosine(gradient(*off), network.backprop(*off))
        found = notices(gradient, on), notices(gradient, off)
        rows.append((name, *map(_sign, found), f"{cosine:.3f}", _trained(gradient, trained)))
    return Table(("open where", "all units on", "some units off", "cosine with ∇J", IN_TRAINING), tuple(rows))


def _nothing(theta, X, Y, activations):
    """A gradient of which nothing is filled in."""
    return [(np.zeros_like(W), np.zeros_like(b)) for W, b in theta]


def _differs(cost, gradient, net):
    """Whether `allclose` notices: the gradient beside the central difference of the cost that came with it."""
    numerical = gradcheck.central_difference(lambda theta: cost(theta, *net[1:]), net.theta)
    return not np.allclose(flatten(gradient(*net)), flatten(numerical))


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
    costs = trials.costs_in_training(gradient, net, ETA, UPDATES)
    return f"{costs[0]:.3f} to {costs[-1]:.3f}"


def _sign(notices):
    """The sign for a check that notices, or does not."""
    return NOTICES if notices else SILENT


@dataclass(frozen=True)
class Table:
    """Rows of words under a head, and a note below them. Words between two $ are LaTeX."""

    head: tuple
    rows: tuple
    note: str = LEGEND

    def __repr__(self):
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows)]
        lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths)) for row in (self.head, *self.rows)]
        return "\n".join([*map(str.rstrip, lines), *self._note()])

    def _repr_html_(self):
        """The same rows; the first cell of each is its name."""
        head = "".join(map(_head, self.head, self.rows[0]))
        rows = "\n".join(f"<tr>{_name(row[0])}{''.join(map(_cell, row[1:]))}</tr>" for row in self.rows)
        table = f"{SCROLLED}<table>\n<tr>{head}</tr>\n{rows}\n</table></div>"
        return "\n".join([table, *(f"<p>{note}</p>" for note in self._note())])

    def _note(self):
        return [self.note] if self.note else []


def _head(cell, below):
    place = (MIDDLE if below in SIGNS else LEFT) + "; white-space: nowrap" * (" " not in cell)
    return f'<th scope="col" style="{place}">{escape(cell)}</th>'


def _name(cell):
    return f'<th scope="row" style="{LEFT}; font-weight: normal">{escape(cell)}</th>'


def _cell(cell):
    said = {NOTICES: ' title="notices"', SILENT: ' title="does not notice"'}.get(cell, "")
    look = SIGNS.get(cell, MIDDLE if cell.isdigit() else LEFT)
    return f'<td style="{look}"{said}>{escape(cell)}</td>'
