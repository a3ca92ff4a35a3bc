"""A museum of wrong gradients: each known slip, what J does in training with it, and which checks notice."""

from bgd_helpers.figures.museum import curves_picture
from bgd_helpers.lessons.exhibits import card, exhibit, table
from bgd_helpers.lessons.published import drawn_apart, gates, zeros_against_zeros
from bgd_helpers.lessons.trials import NO_SLIP

__all__ = ["card", "curves", "drawn_apart", "gates", "table", "zeros_against_zeros"]


def curves(*names):
    """J in training with the right gradient, and with the gradient of each named slip."""
    return curves_picture({name: exhibit(name).costs for name in (NO_SLIP, *names)})
