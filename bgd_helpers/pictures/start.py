"""The first picture and the first slider: a cost with one parameter, and its slope at one point."""

import numpy as np

from bgd_helpers.pictures.controls import choice_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.picture import COLOURS, Picture, house_style, new_figure, number

REACH = (-2.0, 4.0)
PREDICT = "At which w is the slope zero, and which sign has it to the left of that?"
LOOK_FOR = "The slope is the steepness of the dashed line. Where it is negative, E9 moves w up."


def cost(w):
    """J(w) = (w - 1)^2."""
    return (w - 1) ** 2


def slope(w):
    """dJ/dw = 2 (w - 1)."""
    return 2 * (w - 1)


@house_style
def slope_picture(w: float) -> Picture:
    """J(w) = (w - 1)^2 with the tangent at w."""
    figure, axis = new_figure(6.5, 3.4)
    grid = np.linspace(*REACH, 200)
    axis.plot(grid, cost(grid), color=COLOURS["bgd"])
    (line,) = axis.plot([], [], color=COLOURS["backward"], linestyle="--", linewidth=2)
    (point,) = axis.plot([], [], "o", color=COLOURS["backward"], markersize=9)
    axis.set(xlabel="parameter $w$", ylabel="cost $J(w) = (w - 1)^2$", xlim=REACH, ylim=(-2.5, 9))
    moving = {"line": line, "point": point}
    return Picture(figure, _show(moving, w), moving)


def slope_explorer(w: float = -0.5) -> Explorer:
    """The picture of `slope_picture` with a slider for w."""
    picture = slope_picture(w)
    slider = choice_slider("parameter w", [tenths / 10 for tenths in range(-15, 36)], w, "Where on the curve we stand")
    return Explorer(picture, {"w": slider}, lambda w: _show(picture.moving, w), LOOK_FOR, PREDICT, lines=2)


def _show(moving, w):
    """Move the point and the tangent to w; returns cost, slope, and where E9 goes from here, in words."""
    x = np.array([w - 1.2, w + 1.2])
    moving["line"].set_data(x, cost(w) + slope(w) * (x - w))
    moving["point"].set_data([w], [cost(w)])
    way = "E9 moves w up" if slope(w) < 0 else "E9 moves w down" if slope(w) > 0 else "E9 leaves w where it is"
    return f"At w = {number(w)} the cost is {cost(w):.2f} and the slope {slope(w):.2f}: {way}.".replace("-", "−")
