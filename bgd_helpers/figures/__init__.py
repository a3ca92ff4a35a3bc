"""Pictures: arrays in, `Picture` out. Nothing here knows a network, a data set or a widget."""

from bgd_helpers.figures.picture import (
    COLOURS,
    LINESTYLES,
    MARKERS,
    Picture,
    house_style,
    new_figure,
)

__all__ = ["COLOURS", "LINESTYLES", "MARKERS", "Picture", "house_style", "new_figure"]
