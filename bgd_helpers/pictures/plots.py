"""The pictures of notebooks 3 to 5 that do not move: gradients and digits, SGD and BGD compared, times of a cluster."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from matplotlib.axis import Axis
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullFormatter

from bgd_helpers.lessons.experiments import Runs
from bgd_helpers.parameters import Array
from bgd_helpers.pictures.picture import (
    COLOURS,
    LINESTYLES,
    MARKERS,
    Picture,
    house_style,
    new_figure,
    note,
    number,
    vector,
)

Values: TypeAlias = Sequence[float] | Array
Matrices: TypeAlias = Sequence[Array] | Array
SMALLEST = 1e-17  # an error of zero has no place on a logarithmic axis
MOST_NUMBERS = 6  # columns of a matrix in whose cells numbers can be read

KINDS = {"sgd": "SGD", "minibatch": "mini-batch", "bgd": "BGD"}
FULL_MOON = dict(markersize=7, markeredgecolor="white", markeredgewidth=0.8)
RATIO_TICKS = (0.5, 0.7, 1, 1.5, 2, 3, 5, 8)
WAYS = ("bgd", "bgd"), ("backward", "sgd"), ("batch_size", "minibatch"), ("eta", "truth")  # keys of colour and marker


@house_style
def v_curve(h: Values, central_error: Values, one_sided_error: Values, complex_error: Values) -> Picture:
    """The relative error of three numerical derivatives against their step h, both on logarithmic axes.

    The error is the formula's on the right (h^2, h) and rounding's on the left (1e-16 / h): a V.
    """
    h = np.asarray(h)
    names = "central difference", "one-sided difference", "complex step"
    curves = dict(zip(names, (central_error, one_sided_error, complex_error)))
    _check_lengths(len(h), curves)
    figure, axes = new_figure(9, 3.8)
    for (name, error), key in zip(curves.items(), ("bgd", "sgd", "right")):
        look = dict(color=COLOURS[key], marker=MARKERS[key], linestyle=LINESTYLES[key])
        axes.loglog(h, np.maximum(error, SMALLEST), label=name, **look)
    axes.set(xlabel="step $h$", ylabel="relative error of the gradient")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=3)
    return Picture(figure, "\n".join(_least_error(name, h, error) for name, error in curves.items()))


def _least_error(name, h, error):
    """Bounds, not digits: near its least the error is rounding, and differs between machines."""
    least = np.ceil(np.log10(3 * np.maximum(error, SMALLEST).min()))
    again = ", and grows again below it" if error[np.argmin(h)] > 100 * np.min(error) else " and stays there"
    largest = f"error {error[np.argmax(h)]:.0e} at h = {np.max(h):.0e}"
    return f"{name}: {largest}, falls below 1e{least:+03.0f} at a smaller step{again}."


@house_style
def gradient_bars(true: Matrices, wrong: Matrices, names: tuple[str, str] = ("true", "wrong")) -> Picture:
    """Two gradients of one shape, entry by entry with the numbers in the cells, on one scale, and their difference.

    `true` and `wrong` are matrices such as dW, or lists of them, one a layer.
    """
    pairs = _pairs(true, wrong)
    scale = max(np.nanmax(np.abs(cells)) for a, b in pairs for cells in (a, b, b - a))
    figure, axes = new_figure(9, 0.8 + 2.3 * len(pairs), len(pairs), 3, squeeze=False)
    for k, (row, (right, other)) in enumerate(zip(axes, pairs), start=1):
        for panel, cells, name in zip(row, (right, other, other - right), (*names, "difference")):
            _draw_cells(panel, cells, scale)
            panel.set_title(f"{name}, dW$^{{({k})}}$" if len(pairs) > 1 else name)
    return Picture(figure, "\n".join(_compared(k, *pair, names) for k, pair in enumerate(pairs, start=1)))


def _pairs(true, wrong) -> list[tuple[Array, Array]]:
    as_list = list if isinstance(true, (list, tuple)) else lambda matrix: [matrix]
    pairs = [
        (np.atleast_2d(a).astype(float), np.atleast_2d(b).astype(float))
        for a, b in zip(as_list(true), as_list(wrong), strict=True)
    ]
    for a, b in pairs:
        if a.shape != b.shape:
            raise ValueError(f"gradients of shapes {a.shape} and {b.shape}: they must have one shape to be compared")
    return pairs


def _draw_cells(panel, cells, scale):
    """Blue is negative, red positive, white zero; the number is in the cell where it can be read."""
    panel.imshow(cells, cmap="RdBu_r", vmin=-scale, vmax=scale, aspect="auto")
    panel.set(xticks=range(cells.shape[1]), yticks=range(cells.shape[0]), xlabel="to unit $j$", ylabel="from unit $i$")
    panel.set_xticklabels(range(1, cells.shape[1] + 1))
    panel.set_yticklabels(range(1, cells.shape[0] + 1))
    panel.grid(False)
    if cells.shape[1] > MOST_NUMBERS:
        return
    for (i, j), value in np.ndenumerate(cells):
        ink = "white" if abs(value) > 0.6 * scale else "black"
        panel.text(j, i, "–" if np.isnan(value) else number(value), ha="center", va="center", color=ink)


def _compared(k, true, wrong, names):
    same = np.isclose(true, wrong, rtol=1e-9, atol=1e-12 * np.nanmax(np.abs(true)))
    signs = int((np.sign(true) == np.sign(wrong)).sum())
    numbers = ""
    if true.size <= 12:
        numbers = f" {names[0]} {vector(true)}, {names[1]} {vector(wrong)}."
    return f"Layer {k}: {same.sum()} of {true.size} entries agree, {signs} have the same sign.{numbers}"


@house_style
def digits_grid(images: Matrices, labels: Values, predictions: Values | None = None, columns: int = 10) -> Picture:
    """Digits of 8 × 8 pixels with their labels; with predictions, a mistake reads true → predicted in a frame.

    `images` is N × 64 or N × 8 × 8.
    """
    if len(images) == 0:
        raise ValueError("images is empty: there is no digit to draw")
    images = np.asarray(images).reshape(-1, 8, 8)
    named = {"labels": labels} if predictions is None else {"labels": labels, "predictions": predictions}
    _check_lengths(len(images), named)
    rows, columns = -(-len(images) // columns), min(columns, len(images))
    figure, axes = new_figure(max(0.9 * columns, 1), 1.15 * rows, rows, columns, squeeze=False)
    for n, panel in enumerate(axes.flat):
        panel.axis("off")
        if n < len(images):
            _draw_digit(panel, images[n], labels[n], None if predictions is None else predictions[n])
    return Picture(figure, _digits_in_words(np.asarray(labels), predictions))


def _draw_digit(panel, image, label, prediction):
    panel.imshow(image, cmap="Greys")
    panel.grid(False)
    if prediction is None or prediction == label:
        panel.set_title(str(label), fontsize=12)
        return
    panel.set_title(f"{label} → {prediction}", fontsize=12, fontweight="bold", color=COLOURS["backward_text"])
    panel.add_patch(Rectangle((-0.5, -0.5), 8, 8, fill=False, linewidth=3, edgecolor=COLOURS["wrong"], clip_on=False))


def _digits_in_words(labels, predictions):
    shown = f"{len(labels)} digits: {', '.join(str(label) for label in labels)}."
    if predictions is None:
        return shown
    mistakes = [f"{label} read as {guess}" for label, guess in zip(labels, predictions) if label != guess]
    all_wrong = len(mistakes) == len(labels)
    count = f"{len(mistakes)} mistakes" if all_wrong else f"{len(mistakes)} of {len(labels)} digits are mistaken"
    return count + (f": {', '.join(mistakes)}." if mistakes else ".")


@house_style
def training_curve(updates: Values, cost: Values, accuracy: Values, train_accuracy: Values | None = None) -> Picture:
    """The training cost, and below it the share of held-out examples that are right, against updates."""
    updates = np.asarray(updates)
    _check_lengths(len(updates), {"cost": cost, "accuracy": accuracy})
    figure, (above, below) = new_figure(9, 4.8, 2, 1, sharex=True)
    above.semilogy(updates, cost, color=COLOURS["bgd"], linestyle=LINESTYLES["bgd"])
    above.set(ylabel="training cost $J$")
    above.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_formatter=NullFormatter())
    below.plot(updates, 100 * np.asarray(accuracy), color=COLOURS["right"], label="held out")
    if train_accuracy is not None:
        _check_lengths(len(updates), {"train_accuracy": train_accuracy})
        below.plot(updates, 100 * np.asarray(train_accuracy), ":", color=COLOURS["data"], label="training")
        below.legend(loc="lower right")
    below.set(xlabel="updates", ylabel="accuracy in %")
    return Picture(figure, _training_in_words(updates, cost, accuracy))


def _training_in_words(updates, cost, accuracy):
    best = int(np.argmax(accuracy))
    rose = int((np.diff(cost) > 0).sum())
    return (
        f"The training cost goes from {cost[0]:.3f} to {cost[-1]:.3f} in {updates[-1] - updates[0]} updates"
        f"{' and never rises' if rose == 0 else f', rising between {rose} of the points drawn'}. "
        f"Accuracy on held-out examples goes from {100 * accuracy[0]:.1f} % to {100 * accuracy[-1]:.1f} %, "
        f"the best is {100 * accuracy[best]:.1f} % at update {updates[best]}."
    )


def _check_lengths(length, series):
    for name, values in series.items():
        if len(values) != length:
            raise ValueError(f"{name} has {len(values)} entries, {length} are needed: one for each point drawn")


class Curve(NamedTuple):
    """Costs over a run: J has a row a recorded moment and a column a seed; kind is a key of COLOURS ("sgd", …)."""

    kind: str
    label: str
    epochs: np.ndarray
    updates: np.ndarray
    examples: np.ndarray
    J: np.ndarray


def curve(kind: str, runs: Runs, index: int = 0, label: str | None = None, lowest: float = 0.0) -> Curve:
    """One learning rate of tabulated runs (anything with epochs, updates, examples, J, eta and batch_size).

    `lowest` is taken off the cost, for a curve of J - J*.
    """
    label = label or f"{KINDS[kind]}, B = {runs.batch_size}, η = {runs.eta[index]:g}"
    return Curve(kind, label, runs.epochs, runs.updates, runs.examples, runs.J[:, index] - lowest)


@house_style
def noise_law(
    batch_sizes: Values, without: Values, with_replacement: Values, law_without: Values, law_with: Values
) -> Picture:
    """Measured variance of the mean gradient of a batch (markers) and its law (lines), against the batch size."""
    figure, axes = new_figure(9, 3.8)
    N = batch_sizes[-1]
    axes.loglog(batch_sizes, law_with, color=COLOURS["sgd"], label="law with replacement, Σ/B")
    law = "law without, Σ/B · (N − B)/(N − 1)"
    axes.loglog(batch_sizes[:-1], law_without[:-1], "--", color=COLOURS["bgd"], label=law)
    axes.loglog(batch_sizes, with_replacement, MARKERS["sgd"], color=COLOURS["sgd"], label="measured with replacement")
    axes.loglog(batch_sizes[:-1], without[:-1], MARKERS["bgd"], color=COLOURS["bgd"], label="measured without")
    axes.axvline(N, color=COLOURS["data"], linestyle=":")
    note(axes, f"B = N = {N}:\nzero without\nreplacement", (N, law_with[0]), (-8, 0), ha="right", va="top")
    axes.set(xlabel="batch size B (log scale)", ylabel="variance of the batch's\nmean gradient (log scale)")
    axes.legend(loc="lower left")
    ratios = np.append(np.divide(without[:-1], law_without[:-1]), np.divide(with_replacement, law_with))
    apart = np.abs(ratios - 1).max()
    return Picture(figure, (
        f"From B = 1 to B = {N} the variance with replacement falls from {law_with[0]:.2f} to {law_with[-1]:.3f} and "
        f"never reaches zero; without replacement it falls from {law_without[0]:.2f} to exactly zero at B = N. "
        f"Every measured point lies within {np.ceil(100 * apart):.0f} % of its law."
    ))  # fmt: skip


@house_style
def two_axes(curves: Sequence[Curve], target: float, ylim: tuple[float, float] = (0.13, 1)) -> Picture:
    """The same runs twice: cost against epochs and cost against updates; bands hold all seeds, lines are means."""
    figure, (left, right) = new_figure(9, 4, 1, 2, sharey=True)
    for axes, x_of, name in ((left, "epochs", "epochs"), (right, "updates", "updates")):
        for curve in curves:
            _band(axes, getattr(curve, x_of)[1:], curve.J[1:], curve)
        axes.axhline(target, color=COLOURS["truth"], linestyle=":", linewidth=1)
        axes.set(xscale="log", yscale="log", xlabel=f"{name} (log scale)", ylim=ylim)
        plain_ticks(axes.yaxis, ylim)
    left.set_ylabel("cost J (log scale)")
    left.set_title("work: passes over the data")
    right.set_title("steps: how often θ changed")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return Picture(figure, _two_axes_text(curves, target))


def _two_axes_text(curves, target):
    lines = []
    for curve in curves:
        above = np.flatnonzero(~(curve.J.mean(axis=1) < target))
        row = above[-1] + 1 if len(above) else 0
        if row < len(curve.J):
            reached = f"after {curve.epochs[row]:.1f} epochs or {curve.updates[row]:,} updates"
            lines.append(f"{curve.label}: stays below {target:g} {reached}")
        else:
            lines.append(f"{curve.label}: does not stay below {target:g}")
    return "; ".join(lines) + "."


@house_style
def noise_floors(variances: Mapping[str, Array], floors: Mapping[str, float]) -> Picture:
    """Variance of w over many runs against the update, a line a label; floors[label] is the law, where there is one."""
    figure, axes = new_figure(9, 3.8)
    for (label, variance), kind, marker in zip(variances.items(), ("sgd", "minibatch", "eta"), "o^v"):
        t = np.arange(1, len(variance))
        axes.loglog(t, variance[1:], color=COLOURS[kind], marker=marker, markevery=0.12, label=label, **FULL_MOON)
        if floors.get(label):
            axes.axhline(floors[label], color=COLOURS[kind], linestyle=":")
            note(axes, f"law {floors[label]:.4f}", (1, floors[label]), (0, 3))
    axes.set(xlabel="update t (log scale)", ylabel="variance of w over the runs\n(log scale)")
    figure.legend(loc="outside lower center", ncols=3)
    return Picture(figure, "; ".join(
        f"{label}: variance {variance[-1]:.4f} after {len(variance) - 1} updates"
        + (f" (law {floors[label]:.4f})" if floors.get(label) else ", still falling")
        for label, variance in variances.items()
    ) + ".")  # fmt: skip


@house_style
def two_valleys(grid: Array, J: Array, paths: Sequence[tuple[Array, Array]]) -> Picture:
    """A cost over one weight with the paths of several descents: paths holds (w, J) pairs of arrays."""
    figure, axes = new_figure(9, 3.8)
    axes.plot(grid, J, color=COLOURS["truth"])
    for (w, J_path), kind in zip(paths, ("bgd", "right")):
        axes.plot(w, J_path, color=COLOURS[kind], marker=MARKERS[kind], markevery=max(1, len(w) // 12), linewidth=3)
        note(axes, f"start w = {w[0]:g}", (w[0], J_path[0]), (-12, 10), ha="right")
        end = f"end w = {_minus(w[-1])}\nJ = {J_path[-1]:.4f}"
        note(axes, end, (w[-1], J_path[-1]), (0, -8), ha="center", va="top")
    axes.set(xlabel="weight w", ylabel="cost J", ylim=(-0.13, 1.1 * J.max()))
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= 1.1 * J.max()])
    best = grid[np.argmin(J)]
    return Picture(figure, f"The cost has its lowest valley at w = {_minus(best)} with J = {J.min():.4f}. " + " ".join(
        f"BGD from w = {w[0]:g} ends at w = {_minus(w[-1])} with J = {J_path[-1]:.4f}." for w, J_path in paths
    ))  # fmt: skip


@house_style
def excess(curves: Sequence[Curve], ylim: tuple[float, float] = (1e-9, 1)) -> Picture:
    """J - J* against epochs on a log scale; the curves hold J - J* in place of J."""
    figure, axes = new_figure(9, 3.8)
    for curve in curves:
        _band(axes, curve.epochs, curve.J, curve)
    axes.set(yscale="log", ylim=ylim, xlim=(0, curves[0].epochs[-1]), xlabel="epochs", ylabel="J − J* (log scale)")
    axes.legend(loc="lower left")
    return Picture(figure, _excess_text(curves))


def _excess_text(curves):
    ends = [
        f"{curve.label}: J − J* = {_scientific(curve.J[-1].mean())} after {curve.epochs[-1]:.0f} epochs"
        for curve in curves
    ]
    last, name = curves[-1], curves[-1].label.split(",")[0]
    overtaken = [f"{name} is below {curve.label} from epoch {overtakes(last, curve)} on" for curve in curves[:-1]]
    return "; ".join(ends) + ". " + "; ".join(overtaken) + "."


def overtakes(late: Curve, early: Curve) -> int:
    """The first whole epoch from which the mean of `late` stays below that of `early`."""
    epochs = np.arange(1, int(min(late.epochs[-1], early.epochs[-1])) + 1)
    ahead = np.interp(epochs, late.epochs, late.J.mean(axis=1)) < np.interp(epochs, early.epochs, early.J.mean(axis=1))
    behind = np.flatnonzero(~ahead)
    return int(epochs[0] if not len(behind) else epochs[behind[-1]] + 1)


@house_style
def held_out_pairs(sgd: Array, bgd: Array) -> Picture:
    """Held-out cost of SGD against that of BGD, one point a split; on the diagonal they are equal."""
    figure, axes = new_figure(5.5, 4.6)
    ends = min(sgd.min(), bgd.min()) * 0.95, max(sgd.max(), bgd.max()) * 1.05
    axes.plot(ends, ends, color=COLOURS["truth"], linewidth=1)
    axes.plot(bgd, sgd, "o", color=COLOURS["minibatch"], markeredgecolor="black")
    axes.annotate("SGD is worse", (0.04, 0.94), xycoords="axes fraction", va="top")
    axes.annotate("BGD is worse", (0.96, 0.06), xycoords="axes fraction", ha="right")
    axes.set(xlabel="held-out cost of BGD", ylabel="held-out cost of SGD", xlim=ends, ylim=ends, aspect="equal")
    apart = sgd - bgd
    return Picture(figure, (
        f"Over {len(sgd)} splits the held-out cost is {sgd.mean():.3f} ± {sgd.std(ddof=1):.3f} for SGD and "
        f"{bgd.mean():.3f} ± {bgd.std(ddof=1):.3f} for BGD (mean ± standard deviation over the splits); "
        f"SGD minus BGD is {apart.mean():+.4f} ± {apart.std(ddof=1):.4f}, "
        f"and BGD is the lower on {(apart > 0).sum()} splits."
    ))  # fmt: skip


def _band(axes, x, J, curve):
    colour = COLOURS[curve.kind]
    axes.fill_between(x, J.min(axis=1), J.max(axis=1), color=colour, alpha=0.25, linewidth=0)
    axes.plot(x, J.mean(axis=1), color=colour, linestyle=LINESTYLES[curve.kind], marker=MARKERS[curve.kind],
              markevery=0.12, label=curve.label, **FULL_MOON)  # fmt: skip


def plain_ticks(axis: Axis, limits: tuple[float, float]) -> None:
    ticks = [tick for tick in (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 2) if limits[0] <= tick <= limits[1]]
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def _minus(value):
    return f"{value:.2f}".replace("-", "−")


def _scientific(value):
    """2 digits, or "below 1e-10" where only rounding is left."""
    return f"{value:.1e}" if value > 1e-10 else "below 1e-10"


@house_style
def steps_picture(N: Values, ratios: Mapping[str, Values], machine: str) -> Picture:
    """A line a way of working: its time of a step as a multiple of one process's, over N (both logarithmic).

    `ratios` is a dictionary from its name to an array like N; below the line at 1 it beats one process.
    """
    figure, axis = new_figure(8.5, 4)
    axis.axhline(1, color=COLOURS["truth"], linewidth=1)
    for (name, ratio), (key, marker) in zip(ratios.items(), WAYS):
        axis.loglog(N, ratio, MARKERS[marker], linestyle=LINESTYLES[key], color=COLOURS[key], label=name)
    axis.set_yticks(RATIO_TICKS, [f"{tick:g}" for tick in RATIO_TICKS])
    axis.set_yticks([], minor=True)
    axis.set(
        xlabel="examples $N$ in the file (log scale)",
        ylabel="time of a step /\none process's (log scale)",
        title=f"measured on {machine}",
    )
    axis.title.set_fontsize(10)
    axis.legend()
    return Picture(figure, _steps_in_words(N, ratios, machine))


def _steps_in_words(N, ratios, machine):
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
