"""The machinery of every explorer: sliders bound to a `Picture`, redrawn as fast as the hand moves.

The static layers are drawn once and kept; a slider's move puts them back, draws the moving artists
on top and sends the frame as a PNG of 256 colours. The last position wins: no queue, no timer.
"""

import html
import io
import traceback
import zlib

import ipywidgets as widgets
import matplotlib
import numpy as np
from PIL import Image

from bgd_helpers.figures.picture import COLOURS, STYLE, caption, css_size, image_metadata

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LAST_FRAMES = 3  # of a traceback, below the picture
TINTS = np.array([0.15, 0.3, 0.5, 0.75, 1])  # of each colour, against white


class Explorer(widgets.VBox):
    """A picture that follows its sliders.

    `controls` maps names to widgets with a `.value`. `redraw(**values)` moves the artists of
    `picture.moving` (`set_data`, `set_text`, …) and returns the new text alternative.

    Moving artists lie on top of the static ones, in the order of their zorder. A change of anything
    static (limits, ticks, a title) is noticed and costs a full draw, some 100 ms instead of 10.
    """

    def __init__(self, picture, controls, redraw, look_for=""):
        super().__init__()
        self.picture, self.controls, self.redraw = picture, dict(controls), redraw
        self.text = picture.text
        self.image = _image_widget(picture.figure)
        self.caption, self.error = widgets.HTML(), widgets.HTML()
        self._artists = sorted(picture.moving.values(), key=lambda artist: artist.get_zorder())
        for artist in self._artists:
            artist.set_animated(True)
        _freeze_layout(picture.figure)
        self.children = [
            *_sentence(look_for),
            _rows(self.controls.values()),
            self.image,
            self.error,
        ]
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        self._moved()

    @property
    def values(self):
        """The present value of each control."""
        return {name: control.value for name, control in self.controls.items()}

    def _moved(self, change=None):
        try:
            text = _words(self.redraw(**self.values))
            with matplotlib.rc_context(STYLE):
                self._show_frame()
        except Exception as error:  # a callback's error would vanish in a log
            self.error.value = _traceback_html(error)
            return
        self.error.value = ""
        self.text = self.picture.text = text
        self.caption.value = caption(text)

    def _show_frame(self):
        canvas = self.picture.figure.canvas
        if self.picture.figure.stale:  # animated artists do not make it so
            self._draw_static()
        canvas.restore_region(self._background)
        frame = self._draw_moving()
        self.image.value = _png(frame, self._palette)

    def _draw_static(self):
        figure = self.picture.figure
        figure.canvas.draw()
        self._background = figure.canvas.copy_from_bbox(figure.bbox)
        self._palette = _palette(self._draw_moving())

    def _draw_moving(self):
        figure = self.picture.figure
        for artist in self._artists:
            figure.draw_artist(artist)
        return _rgb(figure.canvas)

    def _repr_mimebundle_(self, **kwargs):
        """The live view, and the PNG and the words that stay when a notebook is saved without it."""
        data = _view(self) | {"image/png": bytes(self.image.value), "text/plain": self.text}
        return data, image_metadata(self.picture.figure, self.text)

    def _ipython_display_(self):
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        words = {"text/html": caption(self.text), "text/plain": self.text}
        display(_view(self.caption) | words, raw=True)


def log_slider(label, low, high, value, steps=100):
    """A slider from `low` to `high` on a logarithmic scale."""
    if not 0 < low <= value <= high:
        raise ValueError(f"{label}: needs 0 < low <= value <= high, not {low}, {value}, {high}")
    ends = np.log10([low, high])
    return widgets.FloatLogSlider(
        value=value,
        min=ends[0],
        max=ends[1],
        step=(ends[1] - ends[0]) / steps,
        readout_format=".3g",
        **_labelled(label),
    )


def choice_slider(label, options, value):
    """A slider over a few options, in order: values, or (text, value) pairs."""
    return widgets.SelectionSlider(options=options, value=value, **_labelled(label))


def step_slider(label, last, value=0):
    """A slider over the steps 0, 1, …, `last`."""
    return widgets.IntSlider(value=value, min=0, max=last, **_labelled(label))


def _labelled(label):
    """One look for all sliders: two fit side by side, labels are not cut off."""
    return {
        "description": label,
        "style": {"description_width": "9.5em"},
        "layout": {"width": "440px", "max_width": "100%"},
        "continuous_update": True,
    }


def _words(text):
    if not isinstance(text, str):
        raise ValueError(f"redraw returned {text!r}: it must return the new text alternative")
    return text


def _rows(controls):
    return widgets.Box(list(controls), layout={"display": "flex", "flex_flow": "row wrap"})


def _sentence(look_for):
    return [widgets.HTML(caption(look_for))] if look_for else []


def _image_widget(figure):
    width, _ = css_size(figure)
    return widgets.Image(
        format="png",
        layout={"width": f"{width}px", "max_width": "100%", "height": "auto"},
    )


def _freeze_layout(figure):
    """Lays the figure out once: afterwards no slider moves an axes."""
    with matplotlib.rc_context(STYLE):
        figure.canvas.draw()
    figure.set_layout_engine("none")
    figure.stale = True


def _rgb(canvas):
    """The canvas as a Pillow image."""
    size = canvas.get_width_height(physical=True)
    return Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")


def _palette(frame):
    """256 colours for this frame and later ones: the course's with their tints, the commonest, and some spread out.

    Their levels are multiples of 4: Pillow looks colours up in cells of 4 levels.
    """
    quarter = frame.resize((frame.width // 2, frame.height // 2), Image.Resampling.NEAREST)
    cells = quarter.point(lambda level: level & 252)
    palette = cells.quantize(64, method=Image.Quantize.MAXCOVERAGE)
    spread = [4 * round(level / 4) for level in palette.getpalette()[: 3 * 64]]
    course = _course_levels()
    palette.putpalette(course + spread + _commonest(cells, 256 - (len(course) + len(spread)) // 3))
    return palette


def _course_levels():
    """The levels of the course's colours and their tints."""
    colours = np.array([matplotlib.colors.to_rgb(colour) for colour in sorted(set(COLOURS.values()))])
    tints = 255 * (1 - TINTS[:, None, None] * (1 - colours))
    return (tints.astype(int) & 252).ravel().tolist()


def _commonest(image, count):
    """The levels r, g, b, r, g, b, … of the `count` colours that cover most of an image of few colours."""
    red, green, blue = (np.asarray(channel, int) >> 2 for channel in image.split())
    codes = np.bincount((red << 12 | green << 6 | blue).ravel()).argsort()[::-1][:count]
    return [int(4 * (code >> shift & 63)) for code in codes for shift in (12, 6, 0)]


def _png(frame, palette):
    indexed = frame.quantize(palette=palette, dither=Image.Dither.NONE)
    indexed.putpalette([round(level * 255 / 252) for level in palette.getpalette()])  # white is 255 again
    buffer = io.BytesIO()
    indexed.save(buffer, "png", compress_level=1, compress_type=zlib.Z_RLE)  # the fastest here
    return buffer.getvalue()


def _view(widget):
    return {WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def _traceback_html(error):
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-LAST_FRAMES)
    return (
        "<b>The picture could not be redrawn:</b>"
        f"<pre style='color: #A00000; line-height: 1.3'>{html.escape(''.join(lines))}</pre>"
    )
