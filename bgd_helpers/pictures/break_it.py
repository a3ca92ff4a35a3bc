"""Break it: a known slip is put into the gradient of a network. Which check notices, and what does training do?"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bgd_helpers import slips
from bgd_helpers.lessons import handout, trials
from bgd_helpers.lessons.trials import NO_SLIP
from bgd_helpers.pictures.controls import choice
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.paths import dress, show
from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, Picture, house_style, new_figure

UPDATES, ETA = 200, 0.3
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
SIGNS = {True: "✓", False: "✗", None: "–"}
INKS = {True: "#00694C", False: COLOURS["backward_text"], None: COLOURS["data"]}  # dark enough for words
COSTS = (0.01, 20)  # relative to the start
TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10)
WIDEST = 28  # characters of a row's right column
PREDICT = "Which of the checks notices a missing 1/N? And which still does when N = 1?"
LOOK_FOR = (
    "Most slips let the cost fall, so a falling cost proves little. Find a slip that only the complex step notices, "
    "and a network on which not even that does."
)


class Check(NamedTuple):
    """One check: its name, whether it passed (None: not reached), and the number or the reason."""

    title: str
    passed: bool | None
    text: str


class Report(NamedTuple):
    """All checks of one gradient, J after each update with it and with the right one, and its slip."""

    checks: list
    costs: np.ndarray
    right: np.ndarray
    slip: str


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
    return Report(checks, trial.costs, trial.right, name)


@house_style
def break_it_figure(name=NO_SLIP, net=None):
    """What each check says of a slip on one net (default: the first), beside J in training with and without it."""
    every = nets()
    figure, (table, curve) = new_figure(9.5, 3.9, 1, 2, width_ratios=(1.25, 1))
    table.set_axis_off()
    table.set_title("what each check says")
    moving = _draw_training(curve) | _draw_rows(table)
    return Picture(figure, _show(moving, report(name, every[net or next(iter(every))])), moving)


def break_it_explorer() -> Explorer:
    """What a slip does to the gradient of a network, with a menu of slips and one of networks."""
    every, picture = nets(), break_it_figure()
    reports = lru_cache(maxsize=None)(lambda slip, net: report(slip, every[net]))
    controls = {
        "slip": choice("slip", slip_names(), NO_SLIP, "What goes wrong in the gradient"),
        "net": choice("network", tuple(every), next(iter(every)), "The network and data that it is tried on"),
    }
    return Explorer(picture, controls, lambda **of: _show(picture.moving, reports(**of)), LOOK_FOR, PREDICT, lines=7)


def _draw_training(axes):
    axes.set(xlim=(0, 1.02 * UPDATES), ylim=COSTS, yscale="log", xlabel="updates", ylabel="cost / cost at the start")
    axes.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axes.minorticks_off()
    axes.set_title("training with BGD")
    look = dict(color=COLOURS["right"], linestyle=LINESTYLES["right"], linewidth=4, alpha=0.5)
    (right,) = axes.plot([], [], label="right gradient", **look)
    (found,) = axes.plot([], [], color=COLOURS["wrong"], linestyle="--", linewidth=2, label="this gradient")
    axes.legend(loc="lower left")
    note = axes.text(0.97, 0.97, "", ha="right", va="top", transform=axes.transAxes)
    return {"right": right, "found": found, "note": note}


def _draw_rows(table):
    places = ("check", 0.0), ("found", 0.53)
    heights = list(enumerate(np.linspace(0.95, 0.06, len(CHECKS))))
    look = dict(va="center", transform=table.transAxes)
    return {f"{name} {row}": table.text(x, y, "", **look) for name, x in places for row, y in heights}


def _show(moving, report):
    """Set the moving artists to a report; returns it in words."""
    for row, check in enumerate(report.checks):
        ink = INKS[check.passed]
        dress(moving[f"check {row}"], text=f"{SIGNS[check.passed]}  {check.title}", color=ink)
        short = check.text if len(check.text) <= WIDEST else check.text[: WIDEST - 1] + "…"
        dress(moving[f"found {row}"], text=short, color=ink)
    updates, start = np.arange(len(report.right)), report.right[0]
    for name, costs in (("right", report.right), ("found", report.costs)):
        show(moving[name], np.column_stack([updates, np.clip(costs / start, COSTS[0] / 10, COSTS[1] * 10)]))
    moving["note"].set_text(_note(report.costs))
    return _in_words(report)


def _note(costs):
    if np.isnan(costs).all():
        return "no training:\nthe gradient does not fit θ"
    return "out of the picture" if not costs[-1] <= COSTS[1] * costs[0] else ""


def _in_words(report):
    noticed = [f"{check.title} ({check.text})" for check in report.checks if check.passed is False]
    silent = [check.title for check in report.checks if check.passed]
    right = report.slip == NO_SLIP
    return "\n".join([
        "The right gradient." if right else f"{report.slip}: {slips.BY_NAME[report.slip].because}",
        f"Noticed by: {'; '.join(noticed)}." if noticed else "No check notices anything.",
        f"Passed: {', '.join(silent) or 'none'}.",
    ])  # fmt: skip
