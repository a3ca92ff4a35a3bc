"""Pictures that show themselves with their words, and explorers: such a picture with controls that move it.

One file a moving picture: what is computed, how it is drawn, its sliders. `picture`, `recorder`, `explorer` (with its
script and style), `controls` and `page` are what they share, `paths` and `landscape` parts that several of them draw;
`plots` and `paths` hold the pictures of the notebooks that do not move. `live` (with its script and style) judges the
lines of %%derive while they are typed. This room alone has widgets.
"""

import lazy_loader

from bgd_helpers.pictures.controls import Progress, choice, choice_slider, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure

__all__ = ["COLOURS", "LINESTYLES", "MARKERS", "Explorer", "Picture", "Progress", "choice", "choice_slider"]
__all__ += ["house_style", "new_figure", "step_slider"]

__getattr__, _, _ = lazy_loader.attach(__name__, ["evidence_plots", "museum", "plots"])
