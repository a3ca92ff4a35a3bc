"""An explorer follows its sliders: artists, pixels and words, at once; errors show and clear."""

import io

import ipywidgets
import matplotlib
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output
from PIL import Image

from bgd_helpers.explorers import Explorer, choice_slider, log_slider, step_slider
from bgd_helpers.explorers.machinery import WIDGET_VIEW
from bgd_helpers.figures import COLOURS, Picture, new_figure
from bgd_helpers.figures.picture import STYLE

X = np.linspace(0, 1, 50)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB")).astype(int)


@pytest.fixture
def explorer():
    figure, axes = new_figure(4, 3)
    axes.set(xlim=(-0.2, 1.2), ylim=(-0.2, 1.2), xlabel="x")
    (line,) = axes.plot(X, X, color=COLOURS["sgd"], zorder=5)
    label = axes.text(0.1, 1.05, "", zorder=6)

    def redraw(eta, power):
        if power == 13:
            raise ArithmeticError("13 <is> refused")
        line.set_ydata(eta * X**power)
        label.set_text(f"η = {eta:.2f}")
        if power == 7:
            axes.set_ylim(-0.2, 7)
        return f"A curve to {eta:.2f}, power {power}."

    controls = {
        "eta": log_slider("Learning rate η", 0.01, 1, 0.5),
        "power": choice_slider("Power", [1, 2, 7, 13], 1),
    }
    return Explorer(Picture(figure, "A line.", {"line": line, "label": label}), controls, redraw, "Guess!")


@pytest.fixture
def shell():
    """An IPython shell, without which `display` only prints."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def full_draw(explorer):
    """What Matplotlib makes of the figure in one go, without background or palette."""
    canvas = explorer.picture.figure.canvas
    for artist in explorer.picture.moving.values():
        artist.set_animated(False)
    with matplotlib.rc_context(STYLE):
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def test_it_starts_where_its_sliders_are(explorer):
    assert explorer.text == explorer.picture.text == "A curve to 0.50, power 1."
    np.testing.assert_allclose(explorer.picture.moving["line"].get_ydata(), 0.5 * X)


def test_a_slider_moves_artists_pixels_and_words(explorer):
    before = bytes(explorer.image.value)
    explorer.controls["eta"].value = 0.25
    np.testing.assert_allclose(explorer.picture.moving["line"].get_ydata(), 0.25 * X)
    assert bytes(explorer.image.value) != before
    assert explorer.text == "A curve to 0.25, power 1."
    assert explorer.text in explorer.caption.value
    explorer.controls["eta"].value = 0.5
    assert bytes(explorer.image.value) == before


def test_image_is_a_palette_png_at_retina_size(explorer):
    image = Image.open(io.BytesIO(bytes(explorer.image.value)))
    assert (image.format, image.mode, image.size) == ("PNG", "P", (800, 600))
    assert explorer.image.layout.width == "400px"


def test_no_ghost_of_an_earlier_position_stays(explorer):
    for eta in (0.9, 0.1, 0.7, 0.3):
        explorer.controls["eta"].value = eta
    difference = np.abs(pixels(explorer.image.value) - full_draw(explorer))
    assert difference.max() <= 24 and difference.mean() < 0.5


def test_background_and_colours_survive_the_palette(explorer):
    shown = pixels(explorer.image.value)
    assert (shown[0, 0] == 255).all()
    orange = np.array([0xD5, 0x5E, 0x00])
    assert (np.abs(shown - orange).max(axis=-1) <= 8).sum() > 200


def test_a_colour_that_comes_later_is_in_the_palette(explorer):
    explorer.picture.moving["line"].set_color(COLOURS["eta"])
    explorer.controls["eta"].value = 0.3
    purple = np.array([0xCC, 0x79, 0xA7])
    assert (np.abs(pixels(explorer.image.value) - purple).max(axis=-1) <= 8).sum() > 200


def test_new_limits_are_drawn(explorer):
    explorer.controls["power"].value = 7
    assert explorer.picture.figure.axes[0].get_ylim() == (-0.2, 7)
    difference = np.abs(pixels(explorer.image.value) - full_draw(explorer))
    assert difference.max() <= 24


def test_a_move_alone_keeps_the_static_layers(explorer):
    background = explorer._background
    explorer.controls["eta"].value = 0.3
    assert explorer._background is background
    explorer.controls["power"].value = 7
    assert explorer._background is not background


def test_an_error_shows_below_the_picture_and_clears(explorer):
    picture, text = bytes(explorer.image.value), explorer.text
    explorer.controls["power"].value = 13
    assert "ArithmeticError: 13 &lt;is&gt; refused" in explorer.error.value
    assert "raise ArithmeticError" in explorer.error.value
    assert bytes(explorer.image.value) == picture and explorer.text == text
    explorer.controls["power"].value = 2
    assert explorer.error.value == ""
    assert explorer.text == "A curve to 0.50, power 2."


def test_redraw_must_return_words(explorer):
    explorer.redraw = lambda eta, power: None
    explorer.controls["eta"].value = 0.3
    assert "text alternative" in explorer.error.value


def test_saved_bundle_is_stable_and_holds_picture_and_words(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert set(data) == {WIDGET_VIEW, "image/png", "text/plain"}
    assert data["text/plain"] == "A curve to 0.50, power 1."
    assert pixels(data["image/png"]).shape == (600, 800, 3)
    assert metadata["image/png"] == {"width": 400, "height": 300, "alt": explorer.text}


def test_display_shows_the_explorer_and_then_its_words(explorer, shell):
    with capture_output() as captured:
        display(explorer)
    live, words = captured.outputs
    assert set(live.data) == {WIDGET_VIEW, "image/png", "text/plain"}
    assert words.data["text/plain"] == explorer.text and explorer.text in words.data["text/html"]
    assert words.data[WIDGET_VIEW]["model_id"] == explorer.caption.model_id


def test_what_to_look_for_comes_first(explorer):
    assert "Guess!" in explorer.children[0].value


def test_sliders_move_continuously_and_by_keyboard(explorer):
    for slider in (*explorer.controls.values(), step_slider("Step", 9)):
        assert slider.continuous_update and slider.readout and slider.description


def test_log_slider_spans_its_ends():
    slider = log_slider("η", 1e-3, 10, 0.1)
    assert (slider.base**slider.min, slider.base**slider.max) == pytest.approx((1e-3, 10))
    assert slider.value == pytest.approx(0.1)


@pytest.mark.parametrize("ends", [(0, 1, 0.5), (0.1, 1, 2), (1, 0.1, 0.5)])
def test_log_slider_refuses_impossible_ends(ends):
    with pytest.raises(ValueError, match="low <= value <= high"):
        log_slider("η", *ends)


def test_step_slider_counts_from_zero():
    slider = step_slider("Step", 9)
    assert isinstance(slider, ipywidgets.IntSlider) and (slider.min, slider.max, slider.value) == (0, 9, 0)
