"""Explorers: a picture, the controls that move it, and its words. The one import of ipywidgets."""

from bgd_helpers.explorers.controls import Progress, choice, choice_slider, step_slider
from bgd_helpers.explorers.machinery import Explorer

__all__ = ["Explorer", "Progress", "choice", "choice_slider", "step_slider"]
