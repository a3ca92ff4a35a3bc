"""A map of the cost over learning rate and batch size: fixed cells, one a rate and one a batch size."""

from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm
from matplotlib.patches import Rectangle

from bgd_helpers.pictures.paths import show
from bgd_helpers.pictures.picture import COLOURS, MARKERS

LEVELS = (0.14, 0.15, 0.16, 0.17, 0.18, 0.19, 0.2, 0.22, 0.25, 0.3, 0.4, 0.5, 0.7, 1, 2)
SHADES = matplotlib.colormaps["viridis_r"].resampled(len(LEVELS) - 1)
SHADE_OF = BoundaryNorm(LEVELS, SHADES.N)
DIVERGED = 10  # costs from here on count as diverged: every run starts below 2
ON_TOP = dict(linestyle="", markeredgecolor="black", markeredgewidth=1.2, zorder=4)


class Map(NamedTuple):
    """Mean costs J[batch size, learning rate]: NaN where nothing was run, infinite where the runs diverge.

    `marked` has the (row, column) of a kind of run ("sgd", "minibatch", "bgd"); the reader's is "minibatch".
    """

    batch_sizes: list
    eta: np.ndarray
    J: np.ndarray
    marked: dict


def draw_map(axes, legend, cells, N):
    """The static layers on `axes`, what the cells mean on `legend`; returns the artists that `show_map` moves."""
    rows, columns = cells.J.shape
    _not_run(axes, (-0.5, -0.5), columns, rows)
    tiles = axes.imshow(_colours(cells.J), origin="lower", aspect="auto", interpolation="none", zorder=2)
    _map_ticks(axes, cells, N)
    _colour_scale(axes)
    _map_legend(legend)
    look = {kind: dict(marker=MARKERS[kind], color=COLOURS[kind]) for kind in ("sgd", "minibatch", "bgd")}
    return {
        "map": tiles,
        "map diverged": axes.plot([], [], "x", color="white", markersize=5, zorder=3)[0],
        "map best": axes.plot([], [], "o", color="white", markersize=4, markeredgecolor="black", zorder=3)[0],
        "map cell edge": axes.plot([], [], "-", color="black", linewidth=4, zorder=3.5, clip_on=False)[0],
        "map cell": axes.plot([], [], "-", color="white", linewidth=1.5, zorder=3.6, clip_on=False)[0],
    } | {f"map {kind}": axes.plot([], [], markersize=8, **ON_TOP, **look[kind])[0] for kind in look}


def _not_run(axes, corner, width, height):
    look = dict(facecolor="#EEEEEE", edgecolor="#BDBDBD", hatch="////", linewidth=0, zorder=1)
    axes.add_patch(Rectangle(corner, width, height, **look))


def _map_ticks(axes, cells, N):
    """A tick at every tenfold rate and at every batch size that divides N."""
    powers = [column for column, eta in enumerate(cells.eta) if np.isclose(np.log10(eta) % 1, (0, 1)).any()]
    divisors = [row for row, B in enumerate(cells.batch_sizes) if N % B == 0]
    axes.set_xticks(powers, [f"{cells.eta[column]:g}" for column in powers])
    axes.set_yticks(divisors, [f"{cells.batch_sizes[row]}" for row in divisors], fontsize=9)
    axes.set(xlabel="learning rate η", ylabel=f"batch size B (named: divisors of {N})")
    axes.set_title("J at the budget", loc="left", fontsize=11)
    axes.grid(False)


def _colour_scale(axes):
    scale = axes.figure.colorbar(ScalarMappable(SHADE_OF, SHADES), ax=axes, pad=0.02, aspect=28)
    ticks = LEVELS[::2]
    scale.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks], fontsize=9)
    scale.ax.tick_params(length=2)


def _map_legend(axes):
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for height, words in ((0.8, "not run"), (0.46, "diverges"), (0.12, "best η of this B")):
        axes.text(0.1, height, words, va="center")
    _not_run(axes, (0, 0.69), 0.07, 0.22)
    axes.add_patch(Rectangle((0, 0.35), 0.07, 0.22, facecolor="black"))
    axes.plot(0.035, 0.46, "x", color="white", markersize=5)
    axes.plot(0.035, 0.12, "o", color="white", markersize=4, markeredgecolor="black")
    axes.plot(0.54, 0.8, "s", markersize=12, color="white", markeredgecolor="black", markeredgewidth=1.5)
    axes.plot(0.54, 0.8, MARKERS["minibatch"], markersize=7, color=COLOURS["minibatch"], markeredgecolor="black")
    axes.text(0.6, 0.8, "your run", va="center")


def show_map(moving, cells):
    """Moves the artists of `draw_map`, and says what is on the map."""
    lost = cells.J >= DIVERGED
    colours = _colours(cells.J)
    if not np.array_equal(colours, moving["map"].get_array()):
        moving["map"].set_data(colours)
    points = {"diverged": np.nonzero(lost)[::-1], "best": _best_of_rows(cells.J)}
    points |= dict.fromkeys(("cell", "cell edge"), _outline(*cells.marked["minibatch"]))
    points |= {kind: ([column], [row]) for kind, (row, column) in cells.marked.items()}
    for name, places in points.items():
        show(moving[f"map {name}"], np.column_stack(places))
    return _map_words(cells, cells.marked["minibatch"][0], lost)


def _colours(J):
    """RGBA of every cell: transparent where not run, black where diverged."""
    shades = SHADES(SHADE_OF(np.clip(np.nan_to_num(J, nan=1), LEVELS[0], LEVELS[-1] - 1e-9)))
    shades[np.isnan(J)] = 0
    shades[J >= DIVERGED] = 0, 0, 0, 1
    return shades


def _best_of_rows(J):
    """(columns, rows) of the lowest cost of each row, where one is lower than another."""
    rows = np.flatnonzero((J < J[:, -1:]).any(axis=1) | (J < J[:, :1]).any(axis=1))
    return np.nanargmin(J[rows], axis=1), rows


def _outline(row, column):
    across, up = np.array([-0.5, 0.5, 0.5, -0.5, -0.5]), np.array([-0.5, -0.5, 0.5, 0.5, -0.5])
    return column + across, row + up


def _map_words(cells, row, lost):
    ran = ~np.isnan(cells.J)
    if not (cells.J < DIVERGED).any():
        return "On the map no run is left."
    best = np.unravel_index(np.nanargmin(cells.J), cells.J.shape)
    return (
        f"On the map the lowest J is {cells.J[best]:.3f}, with B = {cells.batch_sizes[best[0]]} and "
        f"η = {cells.eta[best[1]]:g}; {_best_of_row(cells, row)}. "
        f"{lost.sum()} of the {ran.sum()} cells {'' if ran.all() else 'that have a run at the budget '}diverge"
        f"{'' if ran.all() else f', {(~ran).sum()} have none'}."
    )


def _best_of_row(cells, row):
    name, J = f"B = {cells.batch_sizes[row]}", cells.J[row]
    if not (J < DIVERGED).any():
        return f"with {name} {'no run is that long' if np.isnan(J).all() else 'every η diverges'}"
    if (J == J[0]).all():
        return f"with {name} every η is still at the start"
    column = np.nanargmin(J)
    return f"with {name} the best η is {cells.eta[column]:g}, J = {J[column]:.3f}"
