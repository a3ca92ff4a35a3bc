"""The machinery of every explorer: sliders bound to a `Picture`, redrawn as fast as the hand moves.

The static layers are drawn once and kept; a slider's move puts them back, draws the moving artists
on top and sends the frame as a PNG of 256 colours. The last position wins: no queue, no timer.
"""

import html
import traceback
from contextlib import suppress

import ipywidgets as widgets
import matplotlib

from bgd_helpers.explorers.controls import checked, shown
from bgd_helpers.figures.frame import as_png, on_canvas, palette_of
from bgd_helpers.figures.picture import STYLE, caption, css_size, image_metadata

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LAST_FRAMES = 3  # of a traceback, below the picture


class Explorer(widgets.VBox):
    """A picture that follows its controls.

    `controls` maps names to widgets with a `.value`. `redraw(**state)` moves the artists of
    `picture.moving` (`set_data`, `set_text`, …) and returns the picture in words. `predict` is the question to
    answer before the first move, `look_for` what to watch; `progress` is the bar of work that may be long.

    Moving artists lie on top of the static ones, in the order of their zorder. A change of anything
    static (limits, ticks, a title) is noticed and costs a full draw, some 100 ms instead of 10.
    """

    def __init__(self, picture, controls, redraw, look_for="", predict="", progress=None):
        super().__init__()
        self.picture, self.controls, self.redraw = picture, dict(controls), redraw
        self.progress, self.start, self._following = progress, self.state, True
        width, _ = css_size(picture.figure)
        self.image = widgets.Image(layout={"width": f"{width}px", "max_width": "100%", "height": "auto"})
        self.caption = widgets.HTML(layout={"min_height": "5em", "max_width": f"{width}px"})
        self.error = widgets.HTML()
        self._artists = sorted(picture.moving.values(), key=lambda artist: artist.get_zorder())
        for artist in self._artists:
            artist.set_animated(True)
        self._freeze_layout()
        self.children = [_prompt(predict, look_for), self._rows(), self.image, self.error]
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        self._draw()

    @property
    def state(self):
        """The value of each control, by name."""
        return {name: control.value for name, control in self.controls.items()}

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
        self._draw()

    def reset(self):
        """Every control as it was at first."""
        self.set(**self.start)

    def close(self):
        """Let go of the widgets and the figure; ipywidgets would keep them as long as the kernel runs."""
        for widget in (*self.controls.values(), self.caption, self.image, self.error, *self.children):
            widget.close()
        self.picture = self.redraw = self._artists = self._background = None
        super().close()

    def _moved(self, change):
        if self._following:
            with suppress(Exception):  # it stands below the picture
                self._draw()

    def _clicked(self, button):
        with suppress(Exception):
            self.reset()

    def _draw(self):
        try:
            words = self.redraw(**self.state)
            if not isinstance(words, str):
                raise ValueError(f"redraw returned {words!r}: it must return the picture in words")
            with matplotlib.rc_context(STYLE):
                self._show_frame()
        except Exception as error:  # in a callback it would vanish in a log
            self.error.value = _traceback_html(error)
            raise
        finally:
            if self.progress:
                self.progress.hide()
        self.error.value = ""
        self.words, self.text = words, f"{self._status()}\n{words}"
        self.picture.text = self.text
        self.caption.value = caption(self.text)

    def _show_frame(self):
        figure = self.picture.figure
        if figure.stale:  # animated artists do not make it so
            figure.canvas.draw()
            self._background = figure.canvas.copy_from_bbox(figure.bbox)
            self._palette = palette_of(self._frame())
        self.image.value = as_png(self._frame(), self._palette)

    def _frame(self):
        figure = self.picture.figure
        figure.canvas.restore_region(self._background)
        for artist in self._artists:
            figure.draw_artist(artist)
        return on_canvas(figure.canvas)

    def _freeze_layout(self):
        """Lay the figure out once: afterwards no slider moves an axes."""
        figure = self.picture.figure
        with matplotlib.rc_context(STYLE):
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
        data = _view(self) | {"image/png": bytes(self.image.value), "text/plain": self.text}
        return data, image_metadata(self.picture.figure, self.text)

    def _ipython_display_(self):
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        words = {"text/html": caption(self.text), "text/plain": self.text}
        display(_view(self.caption) | words, raw=True)


def _prompt(predict, look_for):
    lines = [("Predict first.", predict), ("Then look.", look_for)]
    return widgets.HTML("".join(f"<p><b>{name}</b> {html.escape(text)}</p>" for name, text in lines if text))


def _view(widget):
    return {WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def _traceback_html(error):
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-LAST_FRAMES)
    return (
        "<b>The picture could not be redrawn:</b>"
        f"<pre style='color: #A00000; line-height: 1.3'>{html.escape(''.join(lines))}</pre>"
    )
