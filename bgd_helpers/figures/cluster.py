"""When more workers win: measured time of a step against that of one process, over the number of examples."""

import numpy as np

from bgd_helpers.figures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure

KEYS = ("bgd", "backward", "batch_size", "eta")
TICKS = (0.5, 0.7, 1, 1.5, 2, 3, 5, 8)
MARKER_KEYS = ("bgd", "sgd", "minibatch", "truth")


@house_style
def steps_picture(N, ratios, machine):
    """A line a way of working: its time of a step as a multiple of one process's, over N (both logarithmic).

    `ratios` is a dictionary from its name to an array like N; below the line at 1 it beats one process.
    """
    figure, axis = new_figure(8.5, 4)
    axis.axhline(1, color=COLOURS["truth"], linewidth=1)
    for (name, ratio), key, marker in zip(ratios.items(), KEYS, MARKER_KEYS):
        axis.loglog(N, ratio, MARKERS[marker], linestyle=LINESTYLES[key], color=COLOURS[key], label=name)
    axis.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axis.set_yticks([], minor=True)
    axis.set(
        xlabel="examples $N$ in the file (log scale)",
        ylabel="time of a step /\none process's (log scale)",
        title=f"measured on {machine}",
    )
    axis.title.set_fontsize(10)
    axis.legend()
    return Picture(figure, in_words(N, ratios, machine))


def in_words(N, ratios, machine):
    """The text alternative: each way at the fewest and at the most examples, and from where on it wins."""
    lines = [f"Measured on {machine}: the time of a step as a multiple of one process's."]
    for name, ratio in ratios.items():
        ends = f"{_times(ratio[0])} at N = {N[0]:,}, {_times(ratio[-1])} at N = {N[-1]:,}"
        lines.append(f"{name}: {ends}; {_wins(N, ratio)}.")
    return "\n".join(lines)


def _times(ratio):
    return f"{ratio:.2f}" if ratio < 2 else f"{ratio:.1f}"


def _wins(N, ratio):
    """From which of these N on it is always below 1."""
    slower = np.flatnonzero(np.asarray(ratio) >= 1)
    if len(slower) == 0:
        return "faster at every N measured"
    if slower[-1] == len(N) - 1:
        return "not faster at the largest N measured"
    return f"faster from N = {N[slower[-1] + 1]:,} on"
