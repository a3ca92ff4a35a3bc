"""Pictures of notebook 4: SGD, mini-batch SGD and BGD compared."""

from typing import NamedTuple

import numpy as np

from bgd_helpers.figures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure, note

KINDS = {"sgd": "SGD", "minibatch": "mini-batch", "bgd": "BGD"}
FULL_MOON = dict(markersize=7, markeredgecolor="white", markeredgewidth=0.8)


class Curve(NamedTuple):
    """Costs over a run: J has a row a recorded moment and a column a seed; kind is a key of COLOURS ("sgd", …)."""

    kind: str
    label: str
    epochs: np.ndarray
    updates: np.ndarray
    examples: np.ndarray
    J: np.ndarray


def curve(kind, runs, index=0, label=None, lowest=0.0):
    """One learning rate of tabulated runs (anything with epochs, updates, examples, J, eta and batch_size).

    `lowest` is taken off the cost, for a curve of J - J*.
    """
    label = label or f"{KINDS[kind]}, B = {runs.batch_size}, η = {runs.eta[index]:g}"
    return Curve(kind, label, runs.epochs, runs.updates, runs.examples, runs.J[:, index] - lowest)


@house_style
def noise_law(batch_sizes, without, with_replacement, law_without, law_with):
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
def two_axes(curves, target, ylim=(0.13, 1)):
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
def noise_floors(variances, floors):
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
def two_valleys(grid, J, paths):
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
def excess(curves, ylim=(1e-9, 1)):
    """J - J* against epochs on a log scale; the curves hold J - J* in place of J."""
    figure, axes = new_figure(9, 3.8)
    for curve in curves:
        _band(axes, curve.epochs, curve.J, curve)
    axes.set(yscale="log", ylim=ylim, xlim=(0, curves[0].epochs[-1]), xlabel="epochs", ylabel="J − J* (log scale)")
    axes.legend(loc="upper right")
    return Picture(figure, _excess_text(curves))


def _excess_text(curves):
    ends = [
        f"{curve.label}: J − J* = {_scientific(curve.J[-1].mean())} after {curve.epochs[-1]:.0f} epochs"
        for curve in curves
    ]
    last, name = curves[-1], curves[-1].label.split(",")[0]
    overtaken = [f"{name} is below {curve.label} from epoch {overtakes(last, curve)} on" for curve in curves[:-1]]
    return "; ".join(ends) + ". " + "; ".join(overtaken) + "."


def overtakes(late, early):
    """The first whole epoch from which the mean of `late` stays below that of `early`."""
    epochs = np.arange(1, int(min(late.epochs[-1], early.epochs[-1])) + 1)
    ahead = np.interp(epochs, late.epochs, late.J.mean(axis=1)) < np.interp(epochs, early.epochs, early.J.mean(axis=1))
    behind = np.flatnonzero(~ahead)
    return int(epochs[0] if not len(behind) else epochs[behind[-1]] + 1)


@house_style
def held_out_pairs(sgd, bgd):
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


def plain_ticks(axis, limits):
    ticks = [tick for tick in (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 2) if limits[0] <= tick <= limits[1]]
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def _minus(value):
    return f"{value:.2f}".replace("-", "−")


def _scientific(value):
    """2 digits, or "below 1e-10" where only rounding is left."""
    return f"{value:.1e}" if value > 1e-10 else "below 1e-10"
