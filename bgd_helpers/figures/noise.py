"""How noisy a batch is: the law and what was measured, and the gradients of many batches as a cloud."""

from typing import NamedTuple

import numpy as np

from bgd_helpers.pictures.picture import COLOURS, MARKERS, Picture, house_style, new_figure

KINDS = {"without": "bgd", "with": "sgd"}  # replacement: a key of COLOURS
LOOKS = {"without": "--", "with": "-"}
CIRCLE = np.array([np.cos(np.linspace(0, 2 * np.pi, 97)), np.sin(np.linspace(0, 2 * np.pi, 97))])
ZERO = 1e-12  # of Σ: below it there is only rounding


class Noise(NamedTuple):
    """Variance of a batch's mean gradient, summed over the parameters.

    `law` and `measured` hold for "with" and "without" replacement a value for each batch size; sigma is that of
    one example and squared_gradient = |grad J|^2.
    """

    batch_sizes: np.ndarray
    law: dict
    measured: dict
    sigma: float
    squared_gradient: float


class Cloud(NamedTuple):
    """Mean gradients of random batches in two of their entries: points (draws x 2), and what is expected of them.

    `covariance` is the law's; downhill is the share of batches, over all entries, on whose side grad J lies.
    """

    points: np.ndarray
    gradient: np.ndarray
    covariance: np.ndarray
    downhill: float


class Limits(NamedTuple):
    """What the axes have to hold: variances (lowest, highest), and a box of gradients (low, high corners)."""

    variance: tuple
    low: np.ndarray
    high: np.ndarray


@house_style
def noise_picture(noise, cloud, batch_size, replacement, limits, names):
    """The law with its measured points beside the cloud of batch gradients; `names` are the cloud's two entries."""
    figure, axes = new_figure(9.5, 4.3, 1, 2, width_ratios=(1.15, 1))
    moving = _draw_law(axes[0], noise, limits) | _draw_cloud(axes[1], limits, names)
    for one in axes:
        one.legend(loc="upper center", bbox_to_anchor=(0.45, -0.21), ncols=2, fontsize=10, borderaxespad=0)
    picture = Picture(figure, "to be drawn", moving)
    picture.text = show_noise(moving, noise, cloud, batch_size, replacement)
    return picture


def _draw_law(axes, noise, limits):
    N = noise.batch_sizes[-1]
    axes.set(xscale="log", yscale="log", xlim=(0.9, N * 1.1), ylim=limits.variance, xlabel="batch size B (log scale)")
    axes.set_ylabel("variance of the batch's\nmean gradient (log scale)")
    axes.set_title("how far off is a batch?", loc="left", fontsize=11)
    ticks = [B for B in (1, 3, 10, 30, 100, N) if B <= N]
    axes.set_xticks(ticks, [f"{B}" for B in ticks])
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_formatter(lambda variance, position: f"{variance:g}")
    axes.text(N * 0.75, limits.variance[0] * 1.3, "without: 0 at B = N", ha="right", fontsize=10)
    moving = {
        "present": axes.axvline(1, color=COLOURS["batch_size"], linewidth=2, alpha=0.6),
        "signal": axes.plot([], [], ":", color=COLOURS["truth"], linewidth=2, label="size of ∇J, ‖∇J‖²")[0],
    }
    for way, kind in KINDS.items():
        look = dict(color=COLOURS[kind], label=f"law {way} replacement")
        mark = dict(color=COLOURS[kind], markeredgecolor="white", markersize=6, label=f"measured {way}")
        moving[f"law {way}"] = axes.plot([], [], LOOKS[way], linewidth=2, **look)[0]
        moving[f"measured {way}"] = axes.plot([], [], MARKERS[kind], **mark)[0]
    look = dict(color=COLOURS["batch_size"], markeredgecolor="black", markersize=11, zorder=5)
    return moving | {"here": axes.plot([], [], MARKERS["batch_size"], label="the chosen B", **look)[0]}


def _draw_cloud(axes, limits, names):
    axes.set(xlim=(limits.low[0], limits.high[0]), ylim=(limits.low[1], limits.high[1]))
    axes.set(xlabel=f"gradient entry {names[0]}", ylabel=f"gradient entry {names[1]}")
    axes.set_title("many batches, the same θ", loc="left", fontsize=11)
    axes.axhline(0, color=COLOURS["truth"], linewidth=0.8)
    axes.axvline(0, color=COLOURS["truth"], linewidth=0.8)
    points = dict(
        color=COLOURS["batch_size"], markersize=4, markeredgewidth=0, alpha=0.5, label="mean gradient of a batch"
    )
    star = dict(color=COLOURS["highlight"], markeredgecolor="black", markersize=10, zorder=4, label="∇J")
    return {
        "cloud": axes.plot([], [], "o", **points)[0],
        "ellipse": axes.plot(
            [], [], color=COLOURS["truth"], linewidth=1.5, zorder=3, label="law, 2 standard deviations"
        )[0],
        "gradient": axes.plot([], [], MARKERS["truth"], **star)[0],
    }


def show_noise(moving, noise, cloud, batch_size, replacement):
    """Moves the artists of `noise_picture`, and says how far the measured variance is from the law."""
    for way in KINDS:
        moving[f"law {way}"].set_data(noise.batch_sizes, _positive(noise.law[way], noise))
        moving[f"measured {way}"].set_data(noise.batch_sizes, _positive(noise.measured[way], noise))
    row = list(noise.batch_sizes).index(batch_size)
    moving["present"].set_xdata([batch_size, batch_size])
    moving["here"].set_data([batch_size], [_positive(noise.measured[replacement], noise)[row]])
    moving["signal"].set_data([noise.batch_sizes[0], noise.batch_sizes[-1]], [noise.squared_gradient] * 2)
    moving["cloud"].set_data(*cloud.points.T)
    moving["ellipse"].set_data(*ellipse(cloud))
    moving["gradient"].set_data(*cloud.gradient[:, None])
    return _noise_words(noise, cloud, row, replacement)


def ellipse(cloud):
    """2 standard deviations of the law in every direction: a curve around grad J."""
    values, vectors = np.linalg.eigh(cloud.covariance)
    return cloud.gradient[:, None] + 2 * vectors @ (np.sqrt(np.clip(values, 0, None))[:, None] * CIRCLE)


def inside(cloud):
    """The share of the points within the ellipse; NaN where it is a single point."""
    if not cloud.covariance.any():
        return np.nan
    apart = cloud.points - cloud.gradient
    return np.mean((apart * np.linalg.solve(cloud.covariance, apart.T).T).sum(axis=1) <= 4)


def _positive(variance, noise):
    """The variances that a log scale can show; NaN for zero up to rounding."""
    return np.where(variance > ZERO * noise.sigma, variance, np.nan)


def _noise_words(noise, cloud, row, replacement):
    law, measured = (_digits(values[replacement][row], noise) for values in (noise.law, noise.measured))
    batch = f"B = {noise.batch_sizes[row]} {replacement} replacement"
    found = f"{batch}: over {len(cloud.points):,} batches the variance is {measured}, the law says {law}."
    signal = f"Σ = {noise.sigma:.3g} and ‖∇J‖² = {noise.squared_gradient:.3g}"
    share = np.sqrt(noise.law[replacement][row] / noise.squared_gradient)
    length = f"{100 * share:.3g} % of" if share < 1 else f"{share:.3g} times"
    off = f"by the law a batch is typically off by {length} the length of ∇J" if share else "no batch is off"
    downhill = f"A small step against the batch gradient lowers J for {100 * cloud.downhill:.0f} % of the batches"
    return f"{found} {signal}: {off}. {downhill}; {_inside_words(cloud)}."


def _inside_words(cloud):
    share = inside(cloud)
    if np.isnan(share):
        return "the cloud has shrunk to ∇J itself, for there is one batch only"
    return f"{100 * share:.0f} % of the cloud lies in the ellipse (86 % for a normal distribution)"


def _digits(variance, noise):
    return f"{variance:.3g}" if variance > ZERO * noise.sigma else "0"
