"""The first picture: a cost with one parameter, and its slope at one point."""

import numpy as np

from bgd_helpers.pictures.picture import COLOURS, Picture, house_style, new_figure

REACH = (-2.0, 4.0)


def cost(w):
    """J(w) = (w - 1)^2."""
    return (w - 1) ** 2


def slope(w):
    """dJ/dw = 2 (w - 1)."""
    return 2 * (w - 1)


def tangent(w):
    """The ends of the tangent at w, as x and y."""
    x = np.array([w - 1.2, w + 1.2])
    return x, cost(w) + slope(w) * (x - w)


def slope_in_words(w):
    """The text alternative: cost, slope, and where E9 goes from here."""
    way = "E9 moves w up" if slope(w) < 0 else "E9 moves w down" if slope(w) > 0 else "E9 leaves w where it is"
    return f"At w = {w:.2f} the cost is {cost(w):.2f} and the slope {slope(w):.2f}: {way}."


@house_style
def slope_picture(w):
    """J(w) = (w - 1)^2 with the tangent at w."""
    figure, axis = new_figure(6.5, 3.4)
    grid = np.linspace(*REACH, 200)
    axis.plot(grid, cost(grid), color=COLOURS["bgd"])
    (line,) = axis.plot(*tangent(w), color=COLOURS["backward"], linestyle="--", linewidth=2)
    (point,) = axis.plot([w], [cost(w)], "o", color=COLOURS["backward"], markersize=9)
    axis.set(xlabel="parameter $w$", ylabel="cost $J(w) = (w - 1)^2$", xlim=REACH, ylim=(-2.5, 9))
    return Picture(figure, slope_in_words(w), {"line": line, "point": point})
