"""Training with wrong gradients beside training with the right one."""

from itertools import cycle

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, Picture, house_style, new_figure

RIGHT = dict(color=COLOURS["right"], linestyle=LINESTYLES["right"], linewidth=5, alpha=0.6)
KEYS = ("bgd", "sgd", "eta", "truth", "minibatch")  # of colours that stay apart
STYLES = ("--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
APART = 0.07  # of the axis: the least distance between two names


@house_style
def curves_picture(costs):
    """J against updates for each name, the first of them the right gradient; the names stand at the curves' ends."""
    figure, axes = new_figure(9, 4.2)
    lines = {name: axes.plot(J, **look)[0] for (name, J), look in zip(costs.items(), _looks())}
    axes.set(
        xlabel="updates", ylabel="cost $J$ (log scale)", xlim=(0, len(next(iter(costs.values()))) - 1), yscale="log"
    )
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
    return "; ".join([start, *(f"{name}: {_end(costs)}" for name, costs in wrong)]) + "."


def _end(costs):
    if not np.isfinite(costs[-1]):
        return "no training"
    return f"{costs[-1]:.3f}" + ("" if costs[-1] < costs[0] else ", it rises")
