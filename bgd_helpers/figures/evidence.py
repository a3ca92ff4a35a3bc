"""Pictures of the evidence: what each experiment has drawn, beside what is claimed."""

import numpy as np

from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure, note

MOON = dict(markersize=7, markeredgecolor="white", markeredgewidth=0.8)


@house_style
def limit(etas, factors, values, limit, best):
    """Measured factor per update against eta, on the law max |1 - eta lambda|."""
    figure, axes = new_figure(9, 3.8)
    fine = np.linspace(0, etas[-1], 400)
    law = np.abs(1 - fine[:, None] * values).max(axis=1)
    axes.plot(fine, law, color=COLOURS["bgd"], linestyle=LINESTYLES["bgd"], label="law, max |1 − ηλ|")
    axes.plot(etas, factors, MARKERS["sgd"], color=COLOURS["sgd"], markersize=4, label="measured on runs")
    axes.axhline(1, color=COLOURS["truth"], linewidth=1)
    axes.plot(*best, MARKERS["truth"], color=COLOURS["truth"], markersize=11)
    note(axes, f"fastest: η = {best[0]:.5f}, factor {best[1]:.5f}", best, (-14, -4), ha="right", va="top")
    axes.axvline(limit, color=COLOURS["truth"], linestyle=":")
    note(axes, f"limit\n{limit:.5f}", (limit, 1.12), (-6, 0), ha="right")
    axes.set(xlabel="learning rate η", ylabel="factor of the distance\nper update")
    axes.set_ylim(0.82, 1.26)
    axes.legend(loc="upper left")
    apart = np.abs(factors - np.abs(1 - etas[:, None] * values).max(axis=1)).max()
    return Picture(figure, (
        f"The measured factor per update falls from {factors[0]:.3f} at η = {etas[0]:g} to {best[1]:.5f} at η = "
        f"{best[0]:.5f}, then rises and reaches 1 at η = {limit:.5f}. The largest distance of a measured point from "
        f"max |1 − ηλ| is {_small(apart)}."
    ))  # fmt: skip


@house_style
def local_limit(distance, shares, limit):
    """Distance to a minimum of a network against the update, just below and just above the limit."""
    figure, axes = new_figure(9, 3.8)
    for values, share, kind in zip(distance.T, shares, ("right", "wrong")):
        label = f"η = {share:g} · {limit:.4f}"
        axes.semilogy(values, color=COLOURS[kind], linestyle=LINESTYLES[kind], marker=MARKERS[kind], markevery=0.1,
                      label=label, **MOON)  # fmt: skip
    axes.set(xlabel="update t", ylabel="distance to the minimum\n(log scale)")
    axes.legend(loc="upper left")
    return Picture(figure, f"The start is {_small(distance[0, 0])} from the minimum. " + " ".join(
        f"With η = {share:g} times the limit {limit:.4f} the distance is {_small(values[-1])} after {len(values) - 1} "
        "updates."
        for values, share in zip(distance.T, shares)
    ))  # fmt: skip


@house_style
def gaussians(etas, factors, limits):
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


@house_style
def overtaking(bgd, constant, decaying, crossings, measured):
    """Expected J - J* at the ends of the epochs: SGD with two rates, and BGD."""
    figure, axes = new_figure(9, 4.2)
    curves = ("sgd", constant, "SGD, constant η"), ("eta", decaying, "SGD, falling η"), ("bgd", bgd, "BGD, η*")
    for kind, values, label in curves:
        axes.semilogy(values, color=COLOURS[kind], linestyle=LINESTYLES[kind], marker=MARKERS[kind], markevery=0.1,
                      label=label, **MOON)  # fmt: skip
    epochs, runs = list(measured), [J.mean() for J in measured.values()]
    axes.plot(epochs, runs, "x", color=COLOURS["truth"], label="SGD, constant η: mean of runs")
    for epoch in crossings:
        axes.plot(epoch, bgd[epoch], "o", markersize=13, markerfacecolor="none", markeredgecolor=COLOURS["truth"])
        note(axes, f"epoch {epoch}", (epoch, bgd[epoch]), (12, 10))
    axes.set(xlabel="epochs", ylabel="expected J − J* (log scale)", xlim=(0, len(bgd) - 1))
    axes.legend(loc="upper right")
    ends = "; ".join(
        f"{label}: J − J* = {_small(v[1])} after 1 epoch, {_small(v[-1])} after {len(v) - 1}" for _, v, label in curves
    )
    overtaken = "BGD stays below the constant rate from epoch {} on, below the falling rate from epoch {} on".format(
        *crossings
    )
    return Picture(figure, f"{ends}. {overtaken}.")


@house_style
def size(sizes, sgd, bgd):
    """Gradients of examples until the target against the number of examples N."""
    figure, axes = new_figure(9, 3.8)
    for kind, values, label in (("bgd", bgd, "BGD"), ("sgd", sgd, "SGD")):
        axes.loglog(
            sizes, values, color=COLOURS[kind], linestyle=LINESTYLES[kind], marker=MARKERS[kind], label=label, **MOON
        )
    for N, low, high in zip(sizes, sgd, bgd):
        axes.plot([N, N], [low, high], color=COLOURS["data"], linewidth=0.8, linestyle=":")
        note(axes, f"× {high / low:.0f}", (N, np.sqrt(low * high)), (6, 0), va="center")
    axes.set(xlabel="number of examples N (log scale)", ylabel="gradients of examples\nuntil the target (log scale)")
    axes.set(xlim=(sizes[0] / 1.3, sizes[-1] * 1.6))
    axes.set_xticks(sizes, [f"{N:,d}" for N in sizes])
    axes.set_xticks([], minor=True)
    axes.legend(loc="upper left")
    return Picture(figure, "; ".join(
        f"N = {N:,d}: BGD needs {high:,.0f} gradients of examples, SGD {low:,.0f}, a ratio of {high / low:.0f}"
        for N, low, high in zip(sizes, sgd, bgd)
    ) + ".")  # fmt: skip


@house_style
def best_rates(found, target):
    """Updates and epochs until the target against the batch size, each at its best eta; bands are chance."""
    figure, panels = new_figure(9, 4, 1, 2)
    B = np.array([t.batch_size for t in found])
    for axes, name in zip(panels, ("updates", "epochs")):
        values = np.array([getattr(t, name) for t in found])
        low, high = np.array([_band(t, name) for t in found]).T
        axes.fill_between(B, low, high, color=COLOURS["batch_size"], alpha=0.2, linewidth=0)
        axes.loglog(B, values, color=COLOURS["batch_size"], marker="o", **MOON)
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
def three_axes(found, seconds, target):
    """Cost against updates, gradients of examples and seconds, at the best eta of each B; bands hold every seed."""
    figure, panels = new_figure(12, 4.4, 1, 3, sharey=True)
    chosen = [found[0], found[len(found) // 2], found[-1]]
    for axes, name in zip(panels, ("updates", "examples", "seconds")):
        for t, kind in zip(chosen, ("sgd", "minibatch", "bgd")):
            J, x = t.runs.J[1:, t.index], getattr(t.runs, "updates" if name == "seconds" else name)[1:]
            x = x * (seconds[t.batch_size] / t.updates if name == "seconds" else 1)
            axes.fill_between(x, J.min(axis=1), J.max(axis=1), color=COLOURS[kind], alpha=0.25, linewidth=0)
            axes.plot(x, J.mean(axis=1), color=COLOURS[kind], linestyle=LINESTYLES[kind], marker=MARKERS[kind],
                      markevery=0.12, label=f"B = {t.batch_size}, η = {t.eta:.2g}", **MOON)  # fmt: skip
        axes.axhline(target, color=COLOURS["truth"], linestyle=":", linewidth=1)
        axes.set(xscale="log", yscale="log", xlabel=f"{name} (log scale)", title=name)
    panels[0].set_ylabel("cost J (log scale)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return Picture(figure, f"Until the mean cost stays below {target:g}: " + "; ".join(
        f"B = {t.batch_size}: {t.updates:,d} updates, {t.examples:,d} gradients of examples" for t in chosen
    ) + ". Seconds are those of one machine.")  # fmt: skip


@house_style
def copies(bgd, sgd):
    """Cost against gradients of examples, on the examples once and on ten copies of each."""
    figure, axes = new_figure(9, 3.8)
    for runs, kind, name in ((bgd, "bgd", "BGD"), (sgd, "sgd", "SGD")):
        for (examples, J), style, data in zip(runs, ("-", ":"), ("100 examples", "ten copies")):
            axes.loglog(examples[1:], J[1:].mean(axis=1), style, color=COLOURS[kind], marker=MARKERS[kind],
                        markevery=0.15, label=f"{name}, {data}", **MOON)  # fmt: skip
    axes.set(xlabel="gradients of examples computed (log scale)", ylabel="cost J (log scale)")
    axes.legend(loc="lower left")
    return Picture(figure, "; ".join(
        f"{name}, {data}: J = {J[-1].mean():.3f} after {examples[-1]:,d} gradients of examples"
        for runs, name in ((bgd, "BGD"), (sgd, "SGD")) for (examples, J), data in zip(runs, ("once", "ten copies"))
    ) + ".")  # fmt: skip


@house_style
def xor(J, levels):
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


@house_style
def variance(without, replaced, sigma, N):
    """Variance of the mean of a batch over every batch there is, on its laws."""
    figure, axes = new_figure(9, 3.6)
    fine = np.linspace(1, N, 200)
    axes.plot(fine, sigma / fine, color=COLOURS["sgd"], label="Σ/B")
    axes.plot(fine, sigma / fine * (N - fine) / (N - 1), "--", color=COLOURS["bgd"], label="(Σ/B)(N − B)/(N − 1)")
    axes.plot(
        np.arange(len(replaced)) + 1,
        replaced,
        MARKERS["sgd"],
        color=COLOURS["sgd"],
        label="all batches with replacement",
    )
    axes.plot(np.arange(N) + 1, without, MARKERS["bgd"], color=COLOURS["bgd"], label="all batches without")
    axes.set(xlabel="batch size B", ylabel="variance of the batch's mean")
    axes.legend()
    return Picture(figure, (
        f"With replacement the variance falls from {replaced[0]:.3f} to {replaced[-1]:.3f} at B = {len(replaced)}; "
        f"without, from {without[0]:.3f} to {without[-1]:.3f} at B = {N}."
    ))  # fmt: skip


@house_style
def floor(cases, found, laws):
    """Measured noise floors as shares of the law, a column of seeds each."""
    figure, axes = new_figure(9, 3.6)
    ratios = found / laws[:, None]
    for place, row in enumerate(ratios):
        axes.plot(np.full(len(row), place), row, ".", color=COLOURS["data"], label="a seed" if place == 0 else None)
        axes.plot(place, row.mean(), MARKERS["sgd"], color=COLOURS["sgd"], markersize=9, markeredgecolor="white",
                  label="mean of the seeds" if place == 0 else None)  # fmt: skip
    axes.axhline(1, color=COLOURS["truth"], linewidth=1, label="the law")
    axes.set_xticks(range(len(cases)), [f"η = {eta:g}\nB = {B}" for eta, B in cases])
    axes.set(ylabel="measured floor ÷ law")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return Picture(figure, "Measured floor ÷ law: " + "; ".join(
        f"η = {eta:g}, B = {B}: {row.mean():.3f}" for (eta, B), row in zip(cases, ratios)
    ) + ".")  # fmt: skip


@house_style
def reshuffling(etas, found, law, replaced, slope):
    """Floors against eta: with replacement, and reshuffled, exact and measured."""
    figure, axes = new_figure(9, 3.8)
    axes.loglog(etas, replaced, color=COLOURS["sgd"], label="with replacement: law, slope 1")
    axes.loglog(etas, law, "--", color=COLOURS["bgd"], label=f"reshuffled: exact, slope {slope:.2f}")
    axes.loglog(etas, found.mean(axis=1), "s", color=COLOURS["bgd"], label="reshuffled: measured")
    axes.set(xlabel="learning rate η (log scale)", ylabel="variance of w at the ends\nof epochs (log scale)")
    axes.set_xticks(etas, [f"{eta:g}" for eta in etas])
    axes.set_xticks([], minor=True)
    axes.legend(loc="lower right")
    return Picture(figure, f"Slope {slope:.2f} on log axes. " + "; ".join(
        f"η = {eta:g}: measured {row.mean():.1e}, exact {value:.1e}, with replacement {other:.1e}"
        for eta, row, value, other in zip(etas, found, law, replaced)
    ) + ".")  # fmt: skip


@house_style
def running_mean(t, fast, slow):
    """The share of the distance to the minimum that is left, for rates that fall as 1/t and as 1/t^2."""
    figure, axes = new_figure(9, 3.6)
    axes.loglog(t, slow, color=COLOURS["right"], label="η = 1/(2t)", marker="o", markevery=0.12, **MOON)
    axes.loglog(t, fast, ":", color=COLOURS["wrong"], label="η = 1/(2t²)", marker="X", markevery=0.12, **MOON)
    axes.axhline(0.5, color=COLOURS["truth"], linewidth=1)
    note(axes, "one half", (t[-1], 0.5), (0, -14), ha="right")
    axes.set(xlabel="update t (log scale)", ylabel="share of the distance left\n(log scale)")
    axes.legend(loc="lower left")
    return Picture(figure, (
        f"At t = {t[-1]:,d} the rate 1/(2t) has left {_small(slow[-1])} of the distance, the rate 1/(2t²) "
        f"{fast[-1]:.4f}."
    ))  # fmt: skip


def _small(value):
    """Three decimals, or two digits and a power of ten for what would vanish."""
    if value < 1e-13:
        return "less than 1e-13"
    return f"{value:.1e}".replace("e-0", "e-") if value < 1e-3 else f"{value:.3f}"
