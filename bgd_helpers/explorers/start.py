"""The first slider: move w, watch the slope."""

from ipywidgets import FloatSlider

from bgd_helpers.explorers.machinery import Explorer
from bgd_helpers.figures import start


def slope_explorer(w=-0.5):
    """J(w) = (w - 1)^2 with its tangent, and a slider for w."""
    picture = start.slope_picture(w)

    def redraw(w):
        picture.moving["line"].set_data(*start.tangent(w))
        picture.moving["point"].set_data([w], [start.cost(w)])
        return start.slope_in_words(w)

    slider = FloatSlider(value=w, min=-1.5, max=3.5, step=0.1, description="parameter w", layout={"width": "440px"})
    return Explorer(picture, {"w": slider}, redraw, "Where is the slope zero? What is its sign on either side?")
