"""The first slider: move w, watch the slope."""

from bgd_helpers.pictures.controls import choice_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.figures import start

PREDICT = "At which w is the slope zero, and which sign has it to the left of that?"
LOOK_FOR = "The slope is the steepness of the dashed line. Where it is negative, E9 moves w up."


def slope_explorer(w=-0.5):
    """J(w) = (w - 1)^2 with its tangent, and a slider for w."""
    picture = start.slope_picture(w)

    def redraw(w):
        picture.moving["line"].set_data(*start.tangent(w))
        picture.moving["point"].set_data([w], [start.cost(w)])
        return start.slope_in_words(w)

    values = [(f"{tenths / 10:.1f}".replace("-", "−"), tenths / 10) for tenths in range(-15, 36)]
    slider = choice_slider("parameter w", values, w, "Where on the curve we stand")
    return Explorer(picture, {"w": slider}, redraw, LOOK_FOR, PREDICT, lines=2)
