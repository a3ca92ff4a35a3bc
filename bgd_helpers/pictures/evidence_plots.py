"""Pictures of the evidence where they say more than its numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from bgd_helpers.lessons.tuning import Tuned
from bgd_helpers.parameters import Array
from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure, note
from bgd_helpers.pictures.plots import FULL_MOON, Curve, excess


@house_style
def gaussians(etas: Array, factors: Sequence[Array], limits: tuple[float, float]) -> Picture:
    """Measured factor per update against eta for the two Gaussians, without the bias and with it."""
    figure, axes = new_figure(9, 3.8)
    names = "two weights", "two weights and the bias"
    for values, end, name, kind in zip(factors, limits, names, ("bgd", "sgd")):
        label = f"{name}: limit {end:.2f} here, {2 * end:.2f} with ½ in the cost"
        axes.plot(etas, values, color=COLOURS[kind], linestyle=LINESTYLES[kind], label=label)
        axes.plot(end, 1, MARKERS[kind], color=COLOURS[kind], markersize=9, markeredgecolor="white")
    axes.axhline(1, color=COLOURS["truth"], linewidth=1)
    note(axes, "above: runs diverge", (etas[0], 1), (4, 5))
    axes.set(xlabel="learning rate η (our convention)", ylabel="factor of the longest distance\nper update")
    axes.legend(loc="upper center")
    axes.set_ylim(0.7, 2.1)
    return Picture(figure, "For the first data set: " + "; ".join(
        f"{name}: the factor per update is least at η = {etas[np.argmin(values)]:.2f} and passes 1 at η = {end:.2f} "
        f"({2 * end:.2f} with ½ in the cost)" for values, end, name in zip(factors, limits, names)
    ) + ".")  # fmt: skip


def overtaking(bgd: Array, constant: Array, decaying: Array) -> Picture:
    """Expected J - J* at the ends of the epochs: SGD with two rates, and BGD."""
    t = np.arange(len(bgd))
    given = ("sgd", "SGD, constant η", constant), ("eta", "SGD, falling η", decaying), ("bgd", "BGD, η*", bgd)
    curves = [Curve(kind, label, t, t, t, J[:, None]) for kind, label, J in given]
    return excess(curves, ylim=(bgd[-1] / 2, 2 * bgd[0]))


@house_style
def best_rates(found: Sequence[Tuned], target: float) -> Picture:
    """Updates and epochs until the target against the batch size, each at its best eta; bands are chance."""
    figure, panels = new_figure(9, 4, 1, 2)
    B = np.array([t.batch_size for t in found])
    for axes, name in zip(panels, ("updates", "epochs")):
        values = np.array([getattr(t, name) for t in found])
        low, high = np.array([_band(t, name) for t in found]).T
        axes.fill_between(B, low, high, color=COLOURS["batch_size"], alpha=0.2, linewidth=0)
        axes.loglog(B, values, color=COLOURS["batch_size"], marker="o", **FULL_MOON)
        for t, value in zip(found, values):
            text, aside = (f"{value:,d}", 8) if name == "updates" else (f"{value:.1f}", -8)
            note(axes, text, (t.batch_size, value), (aside, 8), ha="center")
        axes.set_xticks(B, [f"{b}" for b in B])
        axes.set_xticks([], minor=True)
        axes.set(
            xlabel="batch size B (log scale)",
            ylabel=f"{name} (log scale)",
            title=f"{name} until J < {target:g}, at the best η",
            xlim=(B[0] / 2.5, B[-1] * 1.6),
        )
        axes.set_ylim(low.min() / 1.6, high.max() * 1.8)
    return Picture(figure, f"Until the mean cost stays below {target:g}: " + "; ".join(
        f"B = {t.batch_size}, η = {t.eta:.2g}: {t.updates:,d} updates, {t.epochs:.1f} epochs" for t in found
    ) + ".")  # fmt: skip


def _band(t, name):
    """The least and the most that means over seeds drawn again need; the end of the runs where one does not arrive."""
    band = np.where(np.isfinite(t.band), t.band, t.runs.t[-1])
    return getattr(t, name) / t.updates * np.array([band.min(), band.max()])


@house_style
def three_axes(found: Sequence[Tuned], seconds: Mapping[int, float], target: float) -> Picture:
    """Cost against updates, gradients of examples and seconds, at the best eta of each B; bands hold every seed."""
    figure, panels = new_figure(12, 4.4, 1, 3, sharey=True)
    chosen = [found[0], found[len(found) // 2], found[-1]]
    for axes, name in zip(panels, ("updates", "examples", "seconds")):
        for t, kind in zip(chosen, ("sgd", "minibatch", "bgd")):
            J, x = t.runs.J[1:, t.index], getattr(t.runs, "updates" if name == "seconds" else name)[1:]
            x = x * (seconds[t.batch_size] / t.updates if name == "seconds" else 1)
            axes.fill_between(x, J.min(axis=1), J.max(axis=1), color=COLOURS[kind], alpha=0.25, linewidth=0)
            axes.plot(x, J.mean(axis=1), color=COLOURS[kind], linestyle=LINESTYLES[kind], marker=MARKERS[kind],
                      markevery=0.12, label=f"B = {t.batch_size}, η = {t.eta:.2g}", **FULL_MOON)  # fmt: skip
        axes.axhline(target, color=COLOURS["truth"], linestyle=":", linewidth=1)
        axes.set(xscale="log", yscale="log", xlabel=f"{name} (log scale)", title=name)
    panels[0].set_ylabel("cost J (log scale)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return Picture(figure, f"Until the mean cost stays below {target:g}: " + "; ".join(
        f"B = {t.batch_size}: {t.updates:,d} updates, {t.examples:,d} gradients of examples" for t in chosen
    ) + ". Seconds are those of one machine.")  # fmt: skip


@house_style
def xor(J: Array, levels: Array) -> Picture:
    """The costs at which runs end from random starts, sorted."""
    figure, axes = new_figure(9, 3.8)
    share = (np.arange(len(J)) + 0.5) / len(J)
    axes.plot(100 * share, np.sort(J), ".", color=COLOURS["bgd"], markersize=8)
    for level in levels:
        axes.axhline(level, color=COLOURS["truth"], linestyle=":", linewidth=1)
        note(axes, f"1/{1 / level:.0f}", (0, level), (4, 2))
    axes.set(
        xlabel="starts, sorted by the cost they end at (%)", ylabel="J at the end", xlim=(0, 100), ylim=(-0.01, 0.28)
    )
    solved = J < 0.05
    stuck = levels[np.abs(J[~solved][:, None] - levels).argmin(axis=1)]
    counts = ", ".join(f"{(stuck == level).sum()} near 1/{1 / level:.0f}" for level in levels)
    return Picture(figure, f"{solved.sum():,d} of {len(J):,d} starts end below J = 0.05; of the others {counts}.")
