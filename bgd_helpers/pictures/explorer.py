"""The machinery of every explorer: sliders bound to a `Picture`, redrawn as fast as the hand moves.

The static layers are drawn and sent once; a move draws the moving artists on top of them and sends the pixels that
differ. While a hand moves they have half the size of a retina screen; when it rests they become sharp. There is no
queue: the last position wins.
"""

import asyncio
import html
import traceback
from contextlib import suppress

import ipywidgets as widgets

from bgd_helpers.pictures.controls import checked, shown
from bgd_helpers.pictures.frame import as_png, difference_png, drawn, static_layers
from bgd_helpers.pictures.picture import DRAWING, caption, css_size, house_style, image_metadata, in_base64

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LAYER = {"width": "100%", "margin": "0", "grid_area": "picture"}
REST = 0.15  # seconds without a move after which the picture becomes sharp
LAST_FRAMES = 3  # of a traceback
# What stands beside a slider has one width, or the slider's line would be shorter beside longer words.
STYLE = "<style>.bgd-explorer .widget-readout { flex: 0 0 7.5em; max-width: none; text-align: left }</style>"


class Explorer(widgets.VBox):
    """A picture that follows its controls.

    `controls` maps names to widgets with a `.value`. `redraw(**state)` moves the artists of
    `picture.moving` (`set_data`, `set_text`, …) and returns the picture in words. `predict` is the question to
    answer before the first move, `look_for` what to watch; `progress` is the bar of work that may be long; `lines` of
    text are kept free below the picture, so that nothing jumps.

    Moving artists lie on top of the static ones, in the order of their zorder. A change of anything
    static (limits, ticks, a title) is noticed and costs a full draw, some 100 ms instead of 10.
    """

    def __init__(self, picture, controls, redraw, look_for="", predict="", progress=None, lines=4):
        super().__init__()
        self.add_class("bgd-explorer")
        self.picture, self.controls, self.redraw = picture, dict(controls), redraw
        self.progress, self.start, self._following = progress, self.state, True
        self._later = self._palette = None
        width, _ = css_size(picture.figure)
        self.static, self.image = (widgets.Image(layout=LAYER) for _ in range(2))
        below = {"height": f"{1.5 * lines + 1}em", "overflow": "auto", "max_width": f"{width}px"}
        self.caption = widgets.HTML(layout=below)
        self.error = widgets.HTML()
        self._artists = sorted(picture.moving.values(), key=lambda artist: artist.get_zorder())
        for artist in self._artists:
            artist.set_animated(True)
        self._freeze_layout()
        stack = {"grid_template_areas": '"picture"', "width": f"{width}px", "max_width": "100%"}
        layers = widgets.GridBox([self.static, self.image], layout=stack)
        self.children = [widgets.HTML(prompt(predict, look_for)), self._rows(), layers, self.error]
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        self._draw(self._show_sharp)

    @property
    def state(self):
        """The value of each control, by name."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def at_rest(self):
        """Whether the picture is sharp and its words are those of the present state."""
        return self._later is None

    def set(self, **values):
        """Move the named controls together, and redraw once.

        Raises ValueError for a name or a value that no control has, and what the redraw raises.
        """
        values = {name: checked(self.controls, name, value) for name, value in values.items()}
        self._following = False
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self._following = True
        self._draw(self._show_sharp)

    def reset(self):
        """Every control as it was at first."""
        self.set(**self.start)

    @house_style
    def png(self):
        """The whole picture as PNG bytes, at retina size."""
        return as_png(drawn(self.picture.figure, self._artists, self._static.sharp))

    def close(self):
        """Let go of the widgets and the figure; ipywidgets would keep them as long as the kernel runs."""
        self._cancel()
        for child in (self.caption, *self.children):
            for widget in (*getattr(child, "children", ()), child):
                widget.close()
        self.picture = self.redraw = self._artists = self._static = None
        super().close()

    def _moved(self, change):
        if self._following:
            with suppress(Exception):  # it stands below the picture
                self._draw(self._show_at_once)

    def _clicked(self, button):
        with suppress(Exception):
            self.reset()

    def _draw(self, show):
        try:
            with DRAWING:  # else another thread would show artists that are half moved
                words = self.redraw(**self.state)
                if not isinstance(words, str):
                    raise ValueError(f"redraw returned {words!r}: it must return the picture in words")
                self.words, self.text = words, f"{self._status()}\n{words}"
                show()
        except Exception as error:  # in a callback it would vanish in a log
            self._cancel()  # the artists may be half moved
            self.error.value = traceback_html(error)
            raise
        finally:
            if self.progress:
                self.progress.hide()
        self.error.value = ""

    def _show_at_once(self):
        """A quick frame now and a sharp one at rest; without an event loop, the sharp one now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._show_sharp()
        self._cancel()
        self._later = loop.call_later(REST, self._show_sharp)
        self._show("quick")

    def _show_sharp(self):
        with DRAWING:
            self._cancel()
            self._show("sharp")
            self.picture.text, self.caption.value = self.text, spaced(caption(self.text))

    def _cancel(self):
        if self._later:
            self._later.cancel()
        self._later = None

    @house_style
    def _show(self, size):
        figure, new = self.picture.figure, self.picture.figure.stale  # animated artists do not make it so
        if new:
            self._static = static_layers(figure)
        static = getattr(self._static, size)
        pixels = drawn(figure, self._artists, static)
        if new:
            self.static.value = as_png(self._static.sharp)
        self.image.value, self._palette = difference_png(pixels, static, self._palette)

    @house_style
    def _freeze_layout(self):
        """Lay the figure out once: afterwards no slider moves an axes."""
        figure = self.picture.figure
        figure.canvas.draw()
        figure.set_layout_engine("none")
        figure.stale = True

    def _status(self):
        """The controls in words."""
        return ", ".join(f"{control.description} = {shown(control)}" for control in self.controls.values()) + "."

    def _rows(self):
        button = widgets.Button(description="Reset", tooltip="Every slider as it was at first", layout={"width": "6em"})
        button.on_click(self._clicked)
        last = [button, self.progress] if self.progress else [button]
        return widgets.Box([*self.controls.values(), *last], layout={"display": "flex", "flex_flow": "row wrap"})

    def _repr_mimebundle_(self, **kwargs):
        """The live view, and the PNG and the words that stay when a notebook is saved without it."""
        data = _view(self) | {"image/png": in_base64(self.png()), "text/plain": self.text}
        return data, image_metadata(self.picture.figure, self.text)

    def _ipython_display_(self):
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        words = {"text/html": caption(self.text), "text/plain": self.text}
        display(_view(self.caption) | words, raw=True)


def _view(widget):
    return {WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def prompt(predict, look_for):
    """The question to answer before the first move, and what to watch; and the style of the sliders."""
    lines = [("Predict first.", predict), ("Then look.", look_for)]
    return STYLE + spaced("".join(f"<p><b>{name}</b> {html.escape(text)}</p>" for name, text in lines if text))


def spaced(text):
    """Paragraphs that stand as close as those of the notebook; ipywidgets would put them further apart."""
    paragraphs = text.replace("<p>", "<p style='margin: 0.3em 0'>")
    return f"<div style='line-height: 1.4; font-size: 14px'>{paragraphs}</div>"


def traceback_html(error):
    """The end of an error's traceback, for the place below the picture."""
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-LAST_FRAMES)
    return (
        "<b>The picture could not be redrawn:</b>"
        f"<pre style='color: #A00000; line-height: 1.3'>{html.escape(''.join(lines))}</pre>"
    )
