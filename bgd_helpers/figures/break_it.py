"""The picture of a broken gradient: what each check says, and the cost in training."""

from typing import NamedTuple

import numpy as np

from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, Picture, house_style, new_figure

SIGNS = {True: "✓", False: "✗", None: "–"}
INKS = {True: "#00694C", False: COLOURS["backward_text"], None: COLOURS["data"]}  # dark enough for words
ROWS = 8
COSTS = (0.01, 20)  # relative to the start
TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10)
WIDEST = 28  # characters of a row's right column


class Check(NamedTuple):
    """One check: its name, whether it passed (None: not reached), and the number or the reason."""

    title: str
    passed: bool | None
    text: str


class Report(NamedTuple):
    """All checks of one gradient, J after each update with it and with the right one, the slip and why it is one."""

    checks: list
    costs: np.ndarray
    right: np.ndarray
    slip: str
    because: str


@house_style
def break_it_picture(report):
    """What each check says of a gradient, beside the cost in training with it and with the right one."""
    figure, (table, curve) = new_figure(9.5, 3.9, 1, 2, width_ratios=(1.25, 1))
    table.set_axis_off()
    table.set_title("what each check says")
    curve.set(xlim=(0, 1.02 * (len(report.right) - 1)), ylim=COSTS, yscale="log", xlabel="updates")
    curve.set(ylabel="cost / cost at the start")
    curve.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
    curve.minorticks_off()
    curve.set_title("training with BGD")
    look = dict(color=COLOURS["right"], linestyle=LINESTYLES["right"], linewidth=4, alpha=0.5)
    (right,) = curve.plot([], [], label="right gradient", **look)
    (found,) = curve.plot([], [], color=COLOURS["wrong"], linestyle="--", linewidth=2, label="this gradient")
    curve.legend(loc="lower left")
    note = curve.text(0.97, 0.97, "", ha="right", va="top", transform=curve.transAxes)
    moving = {"right": right, "found": found, "note": note} | _rows(table)
    picture = Picture(figure, "to be drawn", moving)
    picture.text = show_break_it(moving, report)
    return picture


def _rows(table):
    heights = np.linspace(0.95, 0.06, ROWS)
    place = dict(va="center", transform=table.transAxes)
    left = {f"check {row}": table.text(0.0, height, "", **place) for row, height in enumerate(heights)}
    return left | {f"found {row}": table.text(0.53, height, "", **place) for row, height in enumerate(heights)}


def show_break_it(moving, report):
    """Set the moving artists of `break_it_picture` to a report; returns it in words."""
    for row, check in enumerate(report.checks):
        ink = INKS[check.passed]
        moving[f"check {row}"].set(text=f"{SIGNS[check.passed]}  {check.title}", color=ink)
        short = check.text if len(check.text) <= WIDEST else check.text[: WIDEST - 1] + "…"
        moving[f"found {row}"].set(text=short, color=ink)
    updates, start = np.arange(len(report.right)), report.right[0]
    moving["right"].set_data(updates, report.right / start)
    moving["found"].set_data(updates, np.clip(report.costs / start, COSTS[0] / 10, COSTS[1] * 10))
    moving["note"].set_text(_note(report.costs))
    return _in_words(report)


def _note(costs):
    if np.isnan(costs).all():
        return "no training:\nthe gradient does not fit θ"
    return "out of the picture" if not costs[-1] <= COSTS[1] * costs[0] else ""


def _in_words(report):
    noticed = [f"{check.title} ({check.text})" for check in report.checks if check.passed is False]
    silent = [check.title for check in report.checks if check.passed]
    return "\n".join([
        f"{report.slip}: {report.because}" if report.because else "The right gradient.",
        f"Noticed by: {'; '.join(noticed)}." if noticed else "No check notices anything.",
        f"Passed: {', '.join(silent) or 'none'}.",
    ])  # fmt: skip
