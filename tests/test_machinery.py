"""An explorer follows its controls: artists, scenes and words, at once; errors show and clear."""

import gc
import io
import sys
import threading
import tracemalloc
import weakref
from base64 import b64decode

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
from bgd_helpers.pictures.explorer import WIDGET_VIEW
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


def full_draw(explorer):
    """What Matplotlib makes of the figure in one go, without layers."""
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
    before = explorer.scene
    explorer.controls["eta"].value = 0.25
    np.testing.assert_allclose(explorer.picture.moving["line"].get_ydata(), 0.25 * X)
    assert explorer.scene != before
    assert explorer.text == "Learning rate η = 0.25, Power = 1.\nA curve to 0.25, power 1."
    explorer.controls["eta"].value = 0.5
    assert explorer.scene == before


def test_a_move_in_the_browser_is_a_move(explorer):
    explorer.set_state({"positions": [24, 1]})
    assert explorer.state == {"eta": 0.25, "power": 2} and explorer.text.endswith("A curve to 0.25, power 2.")


def test_a_scene_holds_the_line_where_matplotlib_draws_it(explorer):
    explorer.set(eta=0.25, power=2)
    line = explorer.picture.moving["line"]
    (command,), _ = explorer.scene
    expected = line.get_transform().transform(line.get_xydata()) * (1, -1) + (0, 600)
    found = np.reshape(command["p"], (-1, 2))
    np.testing.assert_allclose(found[[0, -1]], expected[[0, -1]], atol=0.06)
    between = np.interp(found[:, 0], *expected.T)  # simplified: fewer points, by less than a fifth of a pixel
    assert np.abs(found[:, 1] - between).max() < 0.2
    assert (command["s"], command["w"]) == (COLOURS["sgd"].lower() + "ff", round(1.5 * 200 / 72, 2))


def test_a_text_is_glyphs_that_are_sent_once(explorer):
    _, (command,) = explorer.scene
    assert len(command["t"]) == 4 * len("η = 0.50")
    known = list(explorer.glyphs)
    explorer.set(eta=0.05)
    assert explorer.glyphs == known
    assert explorer.scene[1][0]["t"][::4] == [*command["t"][:-8:4], command["t"][-4], command["t"][-8]]  # 5 and 0


def sent(explorer, move):
    """The traits that a move sends to the browser."""
    messages = []
    send, explorer._send = explorer._send, lambda message, buffers=None: messages.append(message)
    try:
        move()
    finally:
        explorer._send = send
    updates = [message for message in messages if message["method"] == "update"]
    return [{*message["state"], *(path[0] for path in message["buffer_paths"])} for message in updates]


def test_a_move_is_one_message_with_what_has_changed(fresh):
    moved = sent(fresh, lambda: fresh.set(power=2))  # the label stays as it is
    assert {"part0", "text", "positions", "moves"} in moved
    assert not any({"part1", "static", "glyphs", "spec"} & names for names in moved)


def test_what_lies_above_a_moving_artist_is_painted_above_it():
    figure, axes = new_figure(4, 3)
    (line,) = axes.plot(X, X, zorder=2)
    below, above = axes.text(0.5, 0.5, "below", zorder=1), axes.text(0.5, 0.5, "above", zorder=3)
    picture = Picture(figure, "A line.", {"line": line})
    explorer = Explorer(picture, {"step": step_slider("step", 3)}, lambda step: line.set_ydata(step * X) or "A line.")
    first, last = (dict(zip(explorer._artists, explorer.scene)).get(artist) for artist in (below, above))
    assert first is None and "t" in last[0] and explorer._artists.index(line) < explorer._artists.index(above)
    assert axes.spines["left"] in explorer._artists and axes.patch not in explorer._artists
    axes.set_visible(False)
    explorer.set(step=1)
    assert not any(explorer.scene)
    axes.set_axis_off()  # Matplotlib then draws no spines
    spines = axes.spines.values()
    explorer = Explorer(picture, {"step": step_slider("step", 3)}, lambda step: "A line.")
    assert not any(spine in explorer._artists for spine in spines)


def test_new_limits_are_drawn(fresh):
    before = fresh.scene[1]
    fresh.controls["power"].value = 7
    assert fresh.picture.figure.axes[0].get_ylim() == (-0.2, 7)
    assert fresh.scene[1][0]["at"] != before[0]["at"]


def test_a_move_alone_keeps_the_static_layers(fresh):
    static = fresh.static
    fresh.controls["eta"].value = 0.3
    assert fresh.static is static
    fresh.controls["power"].value = 7
    assert fresh.static != static


def test_the_png_is_the_whole_picture(fresh):
    fresh.controls["eta"].value = 0.7
    assert (pixels(fresh.png()) == full_draw(fresh)).all()


def test_an_error_shows_below_the_picture_and_clears(explorer):
    picture, text = explorer.scene, explorer.text
    explorer.controls["power"].value = 13
    assert "ArithmeticError: 13 <is> refused" in explorer.error
    assert "raise ArithmeticError" in explorer.error
    assert explorer.scene == picture and explorer.text == text
    explorer.controls["power"].value = 2
    assert explorer.error == ""
    assert explorer.text == "Learning rate η = 0.5, Power = 2.\nA curve to 0.50, power 2."


def test_where_no_canvas_can_be_painted_each_move_is_a_png(fresh):
    before = fresh.static
    fresh.set_state({"needs_png": "TypeError: no context"})
    assert fresh.static != before and (pixels(b64decode(fresh.static)) == pixels(fresh.png())).all()
    before = fresh.static
    fresh.controls["eta"].value = 0.1
    assert fresh.static != before and "No canvas can be painted on here: each move draws a PNG." in fresh.text


def test_redraw_must_return_words(fresh):
    fresh.redraw = lambda eta, power: None
    with pytest.raises(ValueError, match="must return the picture in words"):
        fresh.set(eta=0.3)


def test_saved_bundle_is_stable_and_holds_picture_and_words(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert set(data) == {WIDGET_VIEW, "image/png", "text/plain"}
    assert data["text/plain"] == f"{AT_FIRST}A curve to 0.50, power 1."
    assert pixels(b64decode(data["image/png"])).shape == (600, 800, 3)
    assert metadata["image/png"] == {"width": 400, "height": 300, "alt": explorer.text}


def test_display_shows_the_explorer_and_then_its_words(explorer, shell):
    with capture_output() as captured:
        display(explorer)
    live, words = captured.outputs
    assert set(live.data) == {WIDGET_VIEW, "image/png", "text/plain"}
    assert words.data["text/plain"] == explorer.text and "A curve to 0.50" in words.data["text/html"]
    assert words.data[WIDGET_VIEW]["model_id"] != explorer.model_id  # an empty one: the explorer shows its own


def test_the_prediction_comes_first_then_what_to_look_for(explorer):
    assert explorer.spec["prompt"] == [("Predict first.", "What is at 1?"), ("Then look.", "How high?")]


def test_controls_follow_the_hand_and_have_names(explorer):
    for control in (*explorer.controls.values(), step_slider("Step", 9)):
        assert control.continuous_update and control.description and control.tooltip
    assert [control["label"] for control in explorer.spec["controls"]] == ["Learning rate η", "Power"]


def test_step_slider_counts_from_zero():
    slider = step_slider("Step", 9)
    assert (slider.kind, slider.options[0], slider.options[-1], slider.value) == ("slider", 0, 9, 0)


def test_set_moves_several_controls_with_one_redraw(fresh):
    calls = []
    redraw = fresh.redraw
    fresh.redraw = lambda **state: calls.append(state) or redraw(**state)
    fresh.set(eta=0.25, power=2)
    assert calls == [{"eta": 0.25, "power": 2}] and fresh.state == calls[0]
    np.testing.assert_allclose(fresh.picture.moving["line"].get_ydata(), 0.25 * X**2)


def test_reset_is_the_first_picture_again(explorer):
    first = explorer.scene, explorer.text
    explorer.set(eta=0.9, power=2)
    explorer.set_state({"positions": explorer.spec["start"]})  # what the button does
    assert (explorer.scene, explorer.text) == first
    explorer.set(eta=0.9, power=2)
    explorer.reset()
    assert (explorer.scene, explorer.text) == first
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


@pytest.mark.parametrize("value", [10, -1, 2.5, "3", float("nan")])
def test_a_step_slider_refuses_what_is_not_on_it(value):
    with pytest.raises(ValueError, match="give a whole number from 0 to 9"):
        controls.checked({"step": step_slider("step", 9)}, "step", value)


def test_set_raises_what_the_redraw_raises_and_shows_it(explorer):
    with pytest.raises(ArithmeticError, match="refused"):
        explorer.set(power=13)
    assert "13 <is> refused" in explorer.error


def test_a_redraw_that_fails_at_once_is_the_cells_own_error():
    figure, axes = new_figure(4, 3)
    (line,) = axes.plot(X, X)
    with pytest.raises(ZeroDivisionError):
        Explorer(Picture(figure, "A line.", {"line": line}), {"step": step_slider("step", 3)}, lambda step: 1 / step)


def test_a_menu_is_a_control(explorer):
    menu = choice("order", ("shuffled", "as given"), "shuffled")
    assert controls.checked({"order": menu}, "order", "as given") == "as given"
    assert controls.shown(menu) == "shuffled"


def test_progress_waits_and_then_tells(monkeypatch):
    progress, told, now = Progress(), [], [100.0]
    progress.tell = told.append
    monkeypatch.setattr(controls, "monotonic", lambda: now[0])
    progress(0.1)
    now[0] += 0.4
    progress(0.2)
    assert told == []
    now[0] += 0.2
    progress(0.3)
    assert told == [0.3]
    progress.hide()
    progress(0.1)
    assert told == [0.3, 0]


def test_progress_ends_when_the_redraw_fails(fresh):
    fresh.busy = 0.5
    fresh.controls["power"].value = 13
    assert fresh.busy == 0


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
        assert sweep(500) - settled < 40_000
    finally:
        tracemalloc.stop()


def test_no_figure_is_left_to_pyplot(explorer):
    assert "matplotlib.pyplot" not in sys.modules or sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_close_lets_go_of_widgets_and_figure(fresh):
    figure = weakref.ref(fresh.picture.figure)
    models = {fresh.model_id}
    fresh.close()
    gc.collect()
    assert figure() is None
    assert models and not models & set(ipywidgets.widgets.widget._instances)


@pytest.mark.parametrize("figures", [4, pytest.param(12, marks=pytest.mark.slow)])
def test_a_slider_moves_while_a_cell_draws(fresh, figures):
    """Jupyter runs them in two threads, and Matplotlib's formulas and settings are for one."""
    failed = []

    def cell():
        for number in range(figures):
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
