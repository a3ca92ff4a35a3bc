"""`Picture` shows itself with its words, at retina size, and leaves the global style alone."""

import io

import matplotlib
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output
from PIL import Image

from bgd_helpers.pictures import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure


@pytest.fixture
def picture():
    figure, axes = new_figure(5, 3)
    axes.plot([0, 1, 2], [3, 1, 0.4], color=COLOURS["bgd"])
    return Picture(figure, "Cost falls from 3 to 0.4 & is < 1 in 2 updates.")


@pytest.fixture
def shell():
    """An IPython shell, without which `display` only prints."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_png_is_twice_the_css_size(picture):
    image = Image.open(io.BytesIO(picture.png()))
    assert image.format == "PNG" and image.size == (1000, 600)


def test_settings_that_ask_for_latex_change_nothing(picture):
    with matplotlib.rc_context({"text.usetex": True}):
        figure, axes = new_figure(5, 3)
        axes.plot([0, 1, 2], [3, 1, 0.4], color=COLOURS["bgd"])
        assert Picture(figure, "The same.").png() == picture.png()


def test_png_shows_the_data(picture):
    before = picture.png()
    assert picture.png() == before
    picture.figure.axes[0].lines[0].set_ydata([0, 1, 2])
    assert picture.png() != before


def test_display_is_the_image_and_then_its_words(picture, shell):
    with capture_output() as captured:
        display(picture)
    image, words = captured.outputs
    assert image.data["text/plain"] == "[picture]"
    assert image.metadata["image/png"] == {"width": 500, "height": 300, "alt": picture.text}
    assert words.data["text/plain"] == picture.text
    assert words.data["text/html"] == "<p>Cost falls from 3 to 0.4 &amp; is &lt; 1 in 2 updates.</p>"
    assert "image/png" not in words.data


@pytest.mark.parametrize("text", ["", "  ", None])
def test_a_picture_without_words_is_refused(text):
    with pytest.raises(ValueError, match="text alternative"):
        Picture(new_figure(5, 3)[0], text)


@pytest.mark.parametrize("size", [(900, 360), (0, 3), (9, -1)])
def test_a_size_in_pixels_is_refused(size):
    with pytest.raises(ValueError, match="inches"):
        new_figure(*size)


@pytest.mark.parametrize("dpi", [100, 200])
def test_no_row_of_pixels_is_lost_where_sizes_are_cut(dpi):
    """Matplotlib before 3.11 cuts inches times dpi to a whole number; 4.6 * 200 is a little less than 920."""
    for hundredths in (115, 300, 410, 435, 460, 920):
        figure, _ = new_figure(hundredths / 100, 3)
        assert int(figure.get_size_inches()[0] * dpi) == hundredths * dpi // 100


def test_global_style_is_left_alone():
    before = dict(matplotlib.rcParams)

    @house_style
    def draw():
        figure, axes = new_figure(5, 3)
        return axes.set_title("cost").get_fontsize(), axes.text(0, 0, "b").get_fontsize()

    assert draw() == draw() == (12, 11)
    assert dict(matplotlib.rcParams) == before


def test_new_figure_makes_a_grid_of_axes():
    _, axes = new_figure(9, 4, 2, 3, sharex=True)
    assert axes.shape == (2, 3)
    assert not axes[0, 0].spines["top"].get_visible()


def test_colour_is_never_alone():
    """Things with one colour differ in line style or marker; each runner has its own of all three."""
    for table in (COLOURS, LINESTYLES, MARKERS):
        assert len({table[name] for name in ("sgd", "minibatch", "bgd")}) == 3
    assert LINESTYLES["right"] != LINESTYLES["wrong"] and MARKERS["right"] != MARKERS["wrong"]
    assert LINESTYLES["forward"] != LINESTYLES["backward"]


def test_runners_differ_in_brightness():
    """Relative luminance, so that they stay apart when printed in grey."""

    def luminance(name):
        return np.dot(matplotlib.colors.to_rgb(COLOURS[name]), (0.2126, 0.7152, 0.0722))

    values = sorted(luminance(name) for name in ("sgd", "minibatch", "bgd"))
    assert np.diff(values).min() > 0.05
