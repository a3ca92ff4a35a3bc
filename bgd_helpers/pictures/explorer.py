"""The machinery of every explorer: controls bound to a `Picture` that follows the hand.

The static layers are drawn and sent once, as a PNG. A move records what its artists draw, of those that it has changed,
and a canvas in the browser paints it over them. There is no queue: the last position wins.
"""

import io
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import numpy as np
from matplotlib.image import AxesImage
from PIL import Image
from traitlets import Bytes, Dict, Float, Int, List, Unicode, observe

from bgd_helpers.pictures import page
from bgd_helpers.pictures.controls import Control, Progress, about, checked, shown
from bgd_helpers.pictures.picture import DRAWING, RETINA, Picture, caption, house_style, image_metadata, in_base64
from bgd_helpers.pictures.recorder import Recorder, commands

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LAST_FRAMES = 3  # of a traceback


class Explorer(anywidget.AnyWidget):
    """A picture that follows its controls.

    `redraw(**state)` moves the artists of `picture.moving` (`set_data`, `set_text`, …) to the value of each control and
    returns the picture in words. `predict` is the question to answer before the first move, `look_for` what to watch;
    `progress` tells of work that may be long; `lines` of text are kept free below the picture, so that nothing jumps;
    `grid` names values of controls, None for all, that `page` shows without a kernel; if not given, all of all.

    The canvas paints the lowest moving artist of each axes and all that lies above it, in the order of their zorder. A
    change of anything else (limits, ticks) is noticed and costs a full draw, some 100 ms.
    """

    _esm, _css = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".js", ".css"))
    spec: Any = Dict().tag(sync=True)
    positions: Any = List().tag(sync=True, echo_update=False)
    glyphs: Any = List().tag(sync=True)
    static, text, error, needs_png = (Unicode().tag(sync=True) for _ in range(4))
    busy, moves = Float().tag(sync=True), Int().tag(sync=True)

    def __init__(
        self,
        picture: Picture,
        controls: Mapping[str, Control],
        redraw: Callable[..., str],
        look_for: str = "",
        predict: str = "",
        progress: Progress | None = None,
        lines: int = 4,
        grid: Mapping[str, Any] | None = None,
    ):
        self.picture, self.controls, self.redraw = picture, dict(controls), redraw
        self.progress, self.start, self._following = progress or Progress(), self.state, True
        self.grid = grid or dict.fromkeys(self.controls)
        self._artists = [artist for axes in picture.figure.axes for artist in _from_the_lowest(axes, picture.moving)]
        for artist in self._artists:
            artist.set_animated(True)
        self._freeze_layout()
        self._recorder = Recorder(picture.figure)
        self._scene = [b""] * len(self._artists)
        prompt = [("Predict first.", predict), ("Then look.", look_for)]
        spec: dict[str, Any] = {"size": picture.figure.canvas.get_width_height(), "ratio": RETINA, "lines": lines}
        spec |= {"controls": [about(control) for control in self.controls.values()], "start": self._places()}
        spec |= {"prompt": [line for line in prompt if line[1]]}
        spec |= {"parts": [f"part{n}" for n in range(len(self._artists))]}
        self._sent: list[bytes] = [b""] * len(self._artists)
        self.add_traits(**{name: Bytes(b"[]\n").tag(sync=True) for name in spec["parts"]})
        super().__init__(spec=spec, positions=spec["start"])
        self.progress.tell = lambda share: setattr(self, "busy", share)
        for control in self.controls.values():
            control.observe(self._moved, names="position")
        self._draw()

    @property
    def state(self) -> dict[str, Any]:
        """The value of each control, by name."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def scene(self) -> list[list[dict]]:
        """What the canvas paints: for each moving artist, from the lowest to the highest, its commands."""
        return [commands(getattr(self, name)) for name in self.spec["parts"]]

    def set(self, **values: Any) -> None:
        """Move the named controls together, and redraw once.

        Raises ValueError for a name or a value that no control has, and what the redraw raises.
        """
        values = {name: checked(self.controls, name, value) for name, value in values.items()}
        self.place({name: self.controls[name].options.index(value) for name, value in values.items()})
        self._draw()

    def reset(self) -> None:
        """Every control as it was at first."""
        self.set(**self.start)

    def png(self) -> bytes:
        """The whole picture as PNG bytes, at retina size."""
        with DRAWING:
            png, self.picture.figure.stale = self.picture.png(), False
        return png

    def page(self, grid: Mapping[str, Any] | None = None) -> str:
        """The explorer as HTML that needs no kernel: see `bgd_helpers.pictures.page`."""
        return page.fragment(self, grid or self.grid)

    def close(self) -> None:
        """Let go of the widget and the figure; ipywidgets would keep them as long as the kernel runs."""
        super().close()
        for name in ("picture", "redraw", "_artists", "_recorder", "_scene"):
            setattr(self, name, None)
        self.progress.tell = lambda share: None
        for control in self.controls.values():
            control.unobserve_all()

    def _places(self):
        return [control.position for control in self.controls.values()]

    def place(self, positions: Mapping[str, int]) -> None:
        """Put controls to these of their positions, and redraw nothing yet."""
        self._following = False
        try:
            for name, position in positions.items():
                self.controls[name].position = position
        finally:
            self._following = True

    @observe("needs_png")
    def _moved(self, change):
        if self._following:
            with suppress(Exception):  # it stands below the picture
                self._draw()

    @observe("positions")
    def _moved_in_browser(self, change):
        if self.moves and change.new != self._places():
            self.place(dict(zip(self.controls, change.new)))
            self._moved(change)

    def drawn(self) -> tuple[str, str, list[bytes]]:
        """The present state: in words, its static layers as a PNG, and the packed commands of each moving artist.

        Recorded are the artists that have changed; all of them where the static layers have.
        """
        words, figure = self.redraw(**self.state), self.picture.figure
        if not isinstance(words, str):
            raise ValueError(f"redraw returned {words!r}: it must return the picture in words")
        if new := figure.stale:  # animated artists do not make it so
            self._still = static_png(figure, self._artists)
            self._recorder.forget()
        self._scene = [
            self._recorder.record(artist) if new or artist.stale else part
            for artist, part in zip(self._artists, self._scene)
        ]
        figure.stale = False  # a legend that is drawn sets its own parts anew
        return f"{self._status()}\n{words}", self._still, self._scene

    def _draw(self):
        """Send the picture of the present state and its words, or the error that it gives."""
        with DRAWING:  # else another thread would show artists that are half moved
            try:
                text, still, scene = self.drawn()
                error = ""
            except Exception as failure:  # in a callback it would vanish in a log
                error = f"The picture could not be redrawn:\n{ending(failure)}"
                raise
            finally:
                self.progress.hide()
                with self.hold_sync():
                    self.error, self.positions, self.moves = error, self._places(), self.moves + 1
                    if not error:
                        self._publish(text, still, scene)

    def _publish(self, text, still, scene):
        """Traits that are as before are not sent."""
        self.text = self.picture.text = text
        self.static = in_base64(self.png()) if self.needs_png else still
        if len(self.glyphs) < len(self._recorder.glyphs):
            self.glyphs = list(self._recorder.glyphs)
        for name, part, sent in zip(self.spec["parts"], scene, self._sent):
            if part is not sent:
                setattr(self, name, part)
        self._sent = scene

    @property
    def words(self) -> str:
        """The picture in words, without its controls."""
        return self.text.partition("\n")[2]

    @house_style
    def _freeze_layout(self):
        """Lay the figure out once: afterwards no slider moves an axes."""
        figure = self.picture.figure
        figure.canvas.draw()
        figure.set_layout_engine("none")
        figure.stale = True

    def _status(self):
        """The controls in words."""
        said = ", ".join(f"{control.description} = {shown(control)}" for control in self.controls.values()) + "."
        return f"{said} No canvas can be painted on here: each move draws a PNG." if self.needs_png else said

    def _repr_mimebundle_(self, **kwargs):
        """The live view, and the PNG and the words that stay when a notebook is saved without it."""
        data = _view(self) | {"image/png": in_base64(self.png()), "text/plain": self.text}
        return data, image_metadata(self.picture.figure, self.text)

    def _ipython_display_(self):
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        words = {"text/html": caption(self.text), "text/plain": self.text}  # a live explorer shows its own
        display(_view(ipywidgets.HTML(layout={"display": "none"})) | words, raw=True)


def _view(widget):
    return {WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def _from_the_lowest(axes, moving):
    """What is drawn on the axes from the lowest moving artist on, in the order of Matplotlib, above its patch."""
    apart = {axes.patch} if axes.axison else {axes.patch, axes.xaxis, axes.yaxis, *axes.spines.values()}
    children = [artist for artist in axes.get_children() if artist not in apart]
    drawn = sorted(children, key=lambda artist: artist.get_zorder())
    lowest = next((place for place, artist in enumerate(drawn) if artist in moving.values()), len(drawn))
    return [artist for artist in drawn[lowest:] if artist.get_visible() or artist in moving.values()]


@house_style
def static_png(figure, moving):
    """The layers that no artist moves on, at retina size, in base64."""
    images = [artist for artist in moving if isinstance(artist, AxesImage) and artist.get_visible()]
    for artist in images:  # they are drawn even if they are animated
        artist.set_visible(False)
    figure.canvas.draw()
    for artist in images:
        artist.set_visible(True)
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB").save(buffer, "png")
    return in_base64(buffer.getvalue())


def ending(error: Exception) -> str:
    """The end of an error's traceback."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-LAST_FRAMES))
