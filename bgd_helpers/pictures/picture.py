"""A picture and the words for it, in the style of the course.

Sizes are in inches, and an inch is 100 CSS pixels: a figure 9 wide fills a laptop's notebook.
Every figure is drawn at twice that, so that it is sharp on a retina screen.
"""

import base64
import html
import io
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf, nextafter

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

CSS_PIXELS_PER_INCH = 100
RETINA = 2

# Okabe and Ito's eight colours, which stay apart in the common kinds of colour blindness.
COLOURS = {
    "sgd": "#D55E00",
    "minibatch": "#E69F00",
    "bgd": "#0072B2",
    "data": "#707070",
    "truth": "#000000",
    "wrong": "#D55E00",
    "right": "#009E73",
    "highlight": "#F0E442",
    "forward": "#0072B2",
    "backward": "#D55E00",
    "backward_text": "#A84A00",  # darker, for words on white
    "eta": "#CC79A7",
    "batch_size": "#009E73",
    "neutral": "#D9D9D9",
    "contour": "#A0A0A0",
}
# Colour is never alone: the same keys, told apart in black and white.
LINESTYLES = {
    "sgd": "-",
    "minibatch": "-.",
    "bgd": "--",
    "data": "",
    "truth": "-",
    "wrong": ":",
    "right": "-",
    "forward": "-",
    "backward": "--",
    "eta": ":",
    "batch_size": "-.",
    "neutral": "-",
}
MARKERS = {
    "sgd": "o",
    "minibatch": "^",
    "bgd": "s",
    "data": ".",
    "truth": "*",
    "wrong": "X",
    "right": "o",
    "highlight": "D",
    "forward": ">",
    "backward": "<",
    "eta": "v",
    "batch_size": "P",
}
STYLE = {
    "font.size": 11,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.titlesize": 12,
    "axes.labelsize": 11,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "axes.formatter.useoffset": False,
    "text.usetex": False,  # a learner's own settings may ask for a LaTeX that is not there
    "text.hinting": "no_hinting",  # a third faster, and at retina size no difference
}
SUBSCRIPTS = "₁₂₃"
# Matplotlib draws in one thread at a time, and Jupyter runs cells in one and the moves of sliders in another.
DRAWING = threading.RLock()


@contextmanager
def _styled():
    with DRAWING, matplotlib.rc_context(STYLE):
        yield


house_style = _styled()  # `@house_style` above a function that draws; the style outside it is left alone


def new_figure(width, height, rows=1, columns=1, **gridspec):
    """(figure, axes) in the house style, `width` × `height` inches of 100 CSS pixels.

    `gridspec` goes to `Figure.subplots` (`sharex`, `width_ratios`, `squeeze`, …).
    """
    if not (1 <= width <= 20 and 0.5 <= height <= 20):
        raise ValueError(
            f"figure {width} × {height}: give inches (1 inch = {CSS_PIXELS_PER_INCH} CSS pixels, "
            "so 9 × 4 is 900 × 400 pixels)"
        )
    with _styled():
        size = _uncut(width), _uncut(height)
        figure = Figure(figsize=size, dpi=RETINA * CSS_PIXELS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        return figure, figure.subplots(rows, columns, **gridspec)


def _uncut(inches):
    """The same size, but for the last digit where Matplotlib before 3.11 would cut a pixel off: 4.6 × 200 is 919.99…"""
    pixels = RETINA * CSS_PIXELS_PER_INCH * inches
    return nextafter(inches, inf) if int(pixels) < round(pixels) else inches


def note(axes, text, point, offset, **look):
    """Words beside a point, `offset` in typographic points; a white rim keeps them readable on a line."""
    rim = [withStroke(linewidth=3, foreground="white")]
    axes.annotate(text, point, offset, textcoords="offset points", path_effects=rim, **look)


def css_size(figure):
    """(width, height) of a figure in CSS pixels."""
    width, height = figure.get_size_inches() * CSS_PIXELS_PER_INCH
    return round(width), round(height)


def caption(text):
    """The text alternative as HTML, for the line below a picture."""
    return f"<p>{html.escape(text, quote=False).replace(chr(10), '<br>')}</p>"


def in_base64(png: bytes) -> str:
    """PNG bytes as a display takes them everywhere: ipykernel would encode them itself, Pyodide's kernel would not."""
    return base64.b64encode(png).decode()


def image_metadata(figure, text):
    """Display metadata of a PNG: its CSS size, and its alt text where the viewer takes one."""
    width, height = css_size(figure)
    return {"image/png": {"width": width, "height": height, "alt": text}}


def number(x):
    """A number in at most three digits, with a real minus sign."""
    return f"{x + 0:.3g}".replace("-", "−")


def vector(values):
    """(1, −2), or nested for a matrix."""
    return "(" + ", ".join(vector(v) if np.ndim(v) else number(v) for v in values) + ")"


@dataclass
class Picture:
    """A figure, the same content in words, and the artists that an explorer moves.

    In a notebook it shows itself, with the words below it.
    """

    figure: Figure
    text: str
    moving: dict[str, Artist] = field(default_factory=dict)

    def __post_init__(self):
        if not (isinstance(self.text, str) and self.text.strip()):
            raise ValueError(f"text = {self.text!r}: a picture needs a text alternative, computed from its data")

    def png(self):
        """The picture as PNG bytes, at retina size."""
        buffer = io.BytesIO()
        with _styled():
            self.figure.savefig(buffer, format="png", dpi="figure", metadata={"Software": None})
        return buffer.getvalue()

    def _ipython_display_(self):
        from IPython.display import display  # only a notebook has it

        image = {"image/png": in_base64(self.png()), "text/plain": "[picture]"}
        display(image, metadata=image_metadata(self.figure, self.text), raw=True)
        display({"text/html": caption(self.text), "text/plain": self.text}, raw=True)
