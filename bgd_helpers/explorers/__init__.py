"""Explorers: a picture, the sliders that move it, and its words. The one import of ipywidgets."""

from bgd_helpers.explorers.machinery import (
    Explorer,
    choice_slider,
    log_slider,
    step_slider,
)

__all__ = ["Explorer", "choice_slider", "log_slider", "step_slider"]
