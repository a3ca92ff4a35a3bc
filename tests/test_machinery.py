"""An explorer follows its sliders: artists, pixels and words, at once; errors show and clear."""

import asyncio
import base64
import gc
import io
import sys
import threading
import tracemalloc
import weakref

import ipywidgets
import matplotlib
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output
from PIL import Image

from bgd_helpers.pictures import (
    COLOURS,
    Explorer,
    Picture,
    Progress,
    choice,
    choice_slider,
    controls,
    new_figure,
    step_slider,
)
from bgd_helpers.pictures.explorer import REST, WIDGET_VIEW
from bgd_helpers.pictures.picture import STYLE

X = np.linspace(0, 1, 50)
AT_FIRST = "Learning rate η = 0.5, Power = 1.\n"
ETAS = [hundredths / 100 for hundredths in range(1, 101)]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGB")).astype(int)


def made():
    """A curve, with a slider for its height and one for its power."""
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
        "eta": choice_slider("Learning rate η", ETAS, 0.5, "The height of the curve"),
        "power": choice_slider("Power", [1, 2, 7, 13], 1),
    }
    moving = {"line": line, "label": label}
    return Explorer(Picture(figure, "A line.", moving), controls, redraw, "How high?", "What is at 1?")


@pytest.fixture(scope="module")
def shared():
    return made()


@pytest.fixture
def explorer(shared):
    """For a test that only moves the sliders."""
    shared.reset()
    return shared


@pytest.fixture
def fresh():
    """For a test that changes more."""
    return made()


@pytest.fixture
def shell():
    """An IPython shell, without which `display` only prints."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def shown(explorer):
    """The layers as a browser puts them on top of each other."""
    static, frame = (Image.open(io.BytesIO(bytes(layer.value))).convert("RGBA") for layer in layers(explorer))
    static.alpha_composite(frame.resize(static.size))
    return np.asarray(static.convert("RGB")).astype(int)


def layers(explorer):
    return explorer.static, explorer.image


def full_draw(explorer):
    """What Matplotlib makes of the figure in one go, without layers or palette."""
    figure = explorer.picture.figure
    figure.dpi = 200
    for artist in explorer.picture.moving.values():
        artist.set_animated(False)
    with matplotlib.rc_context(STYLE):
        figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)


def test_it_starts_where_its_sliders_are(explorer):
    assert explorer.text == explorer.picture.text == f"{AT_FIRST}A curve to 0.50, power 1."
    np.testing.assert_allclose(explorer.picture.moving["line"].get_ydata(), 0.5 * X)


def test_a_slider_moves_artists_pixels_and_words(explorer):
    before = bytes(explorer.image.value)
    explorer.controls["eta"].value = 0.25
    np.testing.assert_allclose(explorer.picture.moving["line"].get_ydata(), 0.25 * X)
    assert bytes(explorer.image.value) != before
    assert explorer.text == "Learning rate η = 0.25, Power = 1.\nA curve to 0.25, power 1."
    assert explorer.text.replace("\n", "<br>") in explorer.caption.value
    explorer.controls["eta"].value = 0.5
    assert bytes(explorer.image.value) == before


def test_a_frame_is_a_palette_png_at_retina_size_and_mostly_clear(explorer):
    frame = Image.open(io.BytesIO(bytes(explorer.image.value)))
    assert (frame.format, frame.mode, frame.size) == ("PNG", "P", (800, 600))
    clear = np.asarray(frame.convert("RGBA"))[..., 3] == 0
    assert 0.9 < clear.mean() < 1
    assert explorer.children[2].layout.width == "400px"


def test_no_ghost_of_an_earlier_position_stays(fresh):
    for eta in (0.9, 0.1, 0.7, 0.3):
        fresh.controls["eta"].value = eta
    difference = np.abs(shown(fresh) - full_draw(fresh))
    assert difference.max() <= 48 and difference.mean() < 0.05


def test_what_does_not_move_has_its_exact_colours(fresh):
    frame = Image.open(io.BytesIO(bytes(fresh.image.value))).convert("RGBA")
    clear = np.asarray(frame)[..., 3] == 0
    assert (shown(fresh)[clear] == full_draw(fresh)[clear]).all()


def test_a_colour_that_comes_later_is_in_the_palette(fresh):
    for name in ("sgd", "eta"):
        fresh.picture.moving["line"].set_color(COLOURS[name])
        fresh.controls["eta"].value = 0.3 if name == "sgd" else 0.4
        colour = np.round(255 * np.array(matplotlib.colors.to_rgb(COLOURS[name])))
        assert (np.abs(shown(fresh) - colour).max(axis=-1) <= 2).sum() > 200


def test_new_limits_are_drawn(fresh):
    fresh.controls["power"].value = 7
    assert fresh.picture.figure.axes[0].get_ylim() == (-0.2, 7)
    assert np.abs(shown(fresh) - full_draw(fresh)).max() <= 48


def test_a_move_alone_keeps_the_static_layers(fresh):
    static = fresh.static.value
    fresh.controls["eta"].value = 0.3
    assert fresh.static.value is static
    fresh.controls["power"].value = 7
    assert fresh.static.value != static


def test_the_png_is_the_whole_picture(fresh):
    fresh.controls["eta"].value = 0.7
    assert (pixels(fresh.png()) == full_draw(fresh)).all()


async def moves(explorer, etas, pause):
    """Sizes of the frames after each move and after a rest, as a kernel with its event loop sends them."""
    sizes = []
    explorer.image.observe(lambda change: sizes.append(Image.open(io.BytesIO(bytes(change.new))).size), "value")
    for eta in etas:
        explorer.controls["eta"].value = eta
        await asyncio.sleep(pause)
    resting = explorer.at_rest, explorer.text
    await asyncio.sleep(2 * REST)
    return sizes, resting


def test_a_hand_sees_quick_frames_and_at_rest_a_sharp_one(fresh):
    sizes, (at_rest, text) = asyncio.run(moves(fresh, (0.1, 0.2, 0.3), 0))
    assert sizes == [(400, 300)] * 3 + [(800, 600)]
    assert not at_rest and fresh.at_rest
    assert text == fresh.text and "A curve to 0.30" in fresh.caption.value
    assert (pixels(fresh.png()) == full_draw(fresh)).all()


def test_a_quick_frame_is_the_same_picture_at_half_the_size(explorer):
    async def move():
        explorer.controls["eta"].value = 0.9
        return shown(explorer)

    quick = asyncio.run(move())
    explorer.set(eta=0.9)
    halves = [Image.fromarray(picture.astype(np.uint8)).reduce(2) for picture in (quick, shown(explorer))]
    difference = np.abs(np.subtract(*(np.asarray(half, int) for half in halves)))
    assert difference.mean() < 1 and (difference.max(axis=-1) > 100).mean() < 2e-3


def test_set_and_reset_are_sharp_at_once(explorer):
    async def move():
        explorer.set(eta=0.9)
        return explorer.at_rest, Image.open(io.BytesIO(bytes(explorer.image.value))).size

    assert asyncio.run(move()) == (True, (800, 600))


def test_an_error_shows_below_the_picture_and_clears(explorer):
    picture, text = bytes(explorer.image.value), explorer.text
    explorer.controls["power"].value = 13
    assert "ArithmeticError: 13 &lt;is&gt; refused" in explorer.error.value
    assert "raise ArithmeticError" in explorer.error.value
    assert bytes(explorer.image.value) == picture and explorer.text == text
    explorer.controls["power"].value = 2
    assert explorer.error.value == ""
    assert explorer.text == "Learning rate η = 0.5, Power = 2.\nA curve to 0.50, power 2."


def test_redraw_must_return_words(fresh):
    fresh.redraw = lambda eta, power: None
    with pytest.raises(ValueError, match="must return the picture in words"):
        fresh.set(eta=0.3)


def test_saved_bundle_is_stable_and_holds_picture_and_words(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert set(data) == {WIDGET_VIEW, "image/png", "text/plain"}
    assert data["text/plain"] == f"{AT_FIRST}A curve to 0.50, power 1."
    assert pixels(base64.b64decode(data["image/png"])).shape == (600, 800, 3)
    assert metadata["image/png"] == {"width": 400, "height": 300, "alt": explorer.text}


def test_display_shows_the_explorer_and_then_its_words(explorer, shell):
    with capture_output() as captured:
        display(explorer)
    live, words = captured.outputs
    assert set(live.data) == {WIDGET_VIEW, "image/png", "text/plain"}
    assert words.data["text/plain"] == explorer.text and "A curve to 0.50" in words.data["text/html"]
    assert words.data[WIDGET_VIEW]["model_id"] == explorer.caption.model_id


def test_the_prediction_comes_first_then_what_to_look_for(explorer):
    shown = explorer.children[0].value
    assert shown.index("<b>Predict first.</b> What is at 1?") < shown.index("<b>Then look.</b> How high?")


def test_sliders_move_continuously_and_by_keyboard(explorer):
    for slider in (*explorer.controls.values(), step_slider("Step", 9)):
        assert slider.continuous_update and slider.readout and slider.description and slider.tooltip


def test_step_slider_counts_from_zero():
    slider = step_slider("Step", 9)
    assert isinstance(slider, ipywidgets.IntSlider) and (slider.min, slider.max, slider.value) == (0, 9, 0)


def test_set_moves_several_controls_with_one_redraw(fresh):
    calls = []
    redraw = fresh.redraw
    fresh.redraw = lambda **state: calls.append(state) or redraw(**state)
    fresh.set(eta=0.25, power=2)
    assert calls == [{"eta": 0.25, "power": 2}] and fresh.state == calls[0]
    np.testing.assert_allclose(fresh.picture.moving["line"].get_ydata(), 0.25 * X**2)


def test_reset_is_the_first_picture_again(explorer):
    first = bytes(explorer.image.value), explorer.text
    explorer.set(eta=0.9, power=2)
    button = next(child for child in explorer.children[1].children if isinstance(child, ipywidgets.Button))
    button.click()
    assert (bytes(explorer.image.value), explorer.text) == first
    assert explorer.state == {"eta": 0.5, "power": 1}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"etaa": 0.1}, "there is no control 'etaa': choose from eta, power"),
        ({"eta": 0.123}, "eta = 0.123: choose one of 0.01, 0.02, "),
        ({"power": "high"}, "power = 'high': choose one of 1, 2, 7, 13"),
        ({"power": 2, "eta": 7}, "eta = 7: choose one of"),
    ],
)
def test_set_refuses_what_no_control_has_and_moves_nothing(explorer, values, message):
    before = explorer.state
    with pytest.raises(ValueError, match=message):
        explorer.set(**values)
    assert explorer.state == before


def test_set_takes_a_number_that_rounding_has_moved(explorer):
    explorer.set(eta=0.1 + 0.2)
    assert explorer.state["eta"] == 0.3


@pytest.mark.parametrize("value", [10, -1, "3", float("nan")])
def test_a_step_slider_refuses_what_is_not_on_it(value):
    with pytest.raises(ValueError, match="give a number from 0 to 9"):
        controls.checked({"step": step_slider("step", 9)}, "step", value)


def test_set_raises_what_the_redraw_raises_and_shows_it(explorer):
    with pytest.raises(ArithmeticError, match="refused"):
        explorer.set(power=13)
    assert "13 &lt;is&gt; refused" in explorer.error.value


def test_a_redraw_that_fails_at_once_is_the_cells_own_error():
    figure, axes = new_figure(4, 3)
    (line,) = axes.plot(X, X)
    with pytest.raises(ZeroDivisionError):
        Explorer(Picture(figure, "A line.", {"line": line}), {"step": step_slider("step", 3)}, lambda step: 1 / step)


def test_a_menu_is_a_control(explorer):
    menu = choice("order", ("shuffled", "as given"), "shuffled")
    assert controls.checked({"order": menu}, "order", "as given") == "as given"
    assert controls.shown(menu) == "shuffled"


def test_the_progress_bar_waits_and_then_shows(monkeypatch):
    bar, now = Progress(), [100.0]
    monkeypatch.setattr(controls, "monotonic", lambda: now[0])
    bar(0.1)
    now[0] += 0.4
    bar(0.2)
    assert bar.layout.visibility == "hidden"
    now[0] += 0.2
    bar(0.3)
    assert bar.layout.visibility == "visible" and bar.value == 0.3
    bar.hide()
    bar(0.1)
    assert bar.layout.visibility == "hidden"


def test_the_bar_is_hidden_when_the_redraw_fails(fresh):
    fresh.progress = Progress()
    fresh.progress.layout.visibility = "visible"
    fresh.controls["power"].value = 13
    assert fresh.progress.layout.visibility == "hidden"


def test_a_burst_redraws_once_a_position_and_ends_at_the_last(fresh):
    calls = []
    redraw = fresh.redraw
    fresh.redraw = lambda **state: calls.append(state["eta"]) or redraw(**state)
    for eta in (0.1, 0.1, 0.2, 0.2, 0.2, 0.9):
        fresh.controls["eta"].value = eta
    assert calls == [0.1, 0.2, 0.9]
    np.testing.assert_allclose(fresh.picture.moving["line"].get_ydata(), 0.9 * X)


@pytest.mark.slow
def test_moves_leave_no_memory_behind(fresh):
    def sweep(moves):
        for move in range(moves):
            fresh.set(eta=ETAS[move % 100])
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        settled = sweep(100)  # each position once: what is kept of it is kept
        assert sweep(100) - settled < 40_000
    finally:
        tracemalloc.stop()


def test_no_figure_is_left_to_pyplot(explorer):
    assert "matplotlib.pyplot" not in sys.modules or sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_close_lets_go_of_widgets_and_figure(fresh):
    figure = weakref.ref(fresh.picture.figure)
    models = {fresh.model_id, *(control.model_id for control in fresh.controls.values())}
    fresh.close()
    gc.collect()
    assert figure() is None
    assert models and not models & set(ipywidgets.widgets.widget._instances)


def test_a_slider_moves_while_a_cell_draws(fresh):
    """Jupyter runs them in two threads, and Matplotlib's formulas and settings are for one."""
    failed = []

    def cell():
        for number in range(12):
            figure, axes = new_figure(2, 2)
            axes.set_title(rf"$\frac{{{number}}}{{2}} \sum_n E_n$")
            try:
                Picture(figure, "A formula.").png()
            except Exception as error:
                failed.append(error)

    fresh.picture.moving["label"].set_text("")
    label, before = fresh.picture.moving["label"], dict(matplotlib.rcParams)
    redraw = fresh.redraw
    count = iter(range(10_000))

    def with_formula(**state):
        words = redraw(**state)
        label.set_text(rf"$\frac{{{next(count)}}}{{3}} \delta^{{(k)}}$")
        return words

    fresh.redraw = with_formula
    thread = threading.Thread(target=cell)
    thread.start()
    while thread.is_alive():
        fresh.set(eta=0.25)  # raises what the redraw raises
        fresh.set(eta=0.75)
    assert failed == [] and dict(matplotlib.rcParams) == before
