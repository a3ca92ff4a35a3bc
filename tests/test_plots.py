"""Pictures that do not move show the arrays they are given, and say the same in words; bad input is refused."""

import numpy as np
import pytest
from descents import BGD, CURVES

from bgd_helpers.lessons import handout
from bgd_helpers.pictures import plots
from bgd_helpers.pictures.picture import number
from bgd_helpers.pictures.plots import digits_grid, gradient_bars, steps_picture, training_curve, v_curve


@pytest.mark.parametrize(("x", "shown"), [(-2.0, "−2"), (0.12345, "0.123"), (-0.0, "0"), (1e-5, "1e−05")])
def test_numbers_have_three_digits_and_a_minus_sign(x, shown):
    assert number(x) == shown


def test_v_curve_draws_the_errors():
    h = 10.0 ** -np.arange(1, 9)
    errors = h**2 + 1e-14 / h, h + 1e-12 / h, np.full(8, 2e-16)
    picture = v_curve(h, *errors)
    for line, error in zip(picture.figure.axes[0].lines, errors, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.stack([h, error], axis=1))
    assert "central difference: error 1e-02 at h = 1e-01, falls below 1e-08 at a smaller step, and" in picture.text
    assert picture.text.endswith("falls below 1e-15 at a smaller step and stays there.")


def test_gradient_bars_share_a_scale_and_print_their_numbers():
    true, wrong = np.array([[8.0, 16], [16, 32]]), np.array([[-2.0, -4], [16, -4]])
    picture = gradient_bars(true, wrong, ("true", "handout"))
    axes = picture.figure.axes
    for panel, cells in zip(axes, (true, wrong, wrong - true), strict=True):
        np.testing.assert_array_equal(panel.images[0].get_array(), cells)
        assert panel.images[0].get_clim() == (-36, 36)
        assert [text.get_text() for text in panel.texts] == [number(cell) for cell in cells.ravel()]
    assert picture.text.startswith("Layer 1: 1 of 4 entries agree, 1 have the same sign.")


def test_gradient_bars_take_a_matrix_a_layer_and_entries_that_are_not_defined():
    net = handout.random_net((2, 3, 1), 4, np.random.default_rng(1))
    picture = gradient_bars([np.ones((2, 3)), np.ones((3, 1))], handout.printed_dW(net))
    assert len(picture.figure.axes) == 6
    assert "Layer 2" in picture.text and picture.png()


def test_gradients_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 2\)"):
        gradient_bars(np.ones((2, 3)), np.ones((3, 2)))


def test_digits_grid_marks_the_mistakes():
    images = np.random.default_rng(0).random((12, 64))
    labels = np.arange(12) % 10
    guesses = labels.copy()
    guesses[3] = 8
    picture = digits_grid(images, labels, guesses)
    titles = [panel.get_title() for panel in picture.figure.axes]
    assert titles == ["0", "1", "2", "3 → 8", "4", "5", "6", "7", "8", "9", "0", "1", *[""] * 8]
    assert [len(panel.patches) for panel in picture.figure.axes] == [0, 0, 0, 1, *[0] * 16]
    np.testing.assert_array_equal(picture.figure.axes[5].images[0].get_array(), images[5].reshape(8, 8))
    assert picture.text == "1 of 12 digits are mistaken: 3 read as 8."


def test_digits_without_labels_are_refused():
    with pytest.raises(ValueError, match="labels has 3 entries, 4 are needed"):
        digits_grid(np.zeros((4, 64)), [1, 2, 3])


def test_no_digits_are_refused():
    with pytest.raises(ValueError, match="images is empty"):
        digits_grid(np.zeros((0, 64)), [])


def test_training_curve_draws_cost_and_accuracy():
    picture = training_curve([0, 10, 20], [2.0, 1.0, 0.5], [0.1, 0.9, 0.85])
    above, below = picture.figure.axes
    assert above.lines[0].get_ydata().tolist() == [2.0, 1.0, 0.5]
    assert below.lines[0].get_ydata().tolist() == [10, 90, 85]
    assert picture.text == (
        "The training cost goes from 2.000 to 0.500 in 20 updates and never rises. Accuracy on held-out examples "
        "goes from 10.0 % to 85.0 %, the best is 90.0 % at update 10."
    )


def test_training_curve_says_that_the_cost_rose():
    assert "rising between 1 of the points" in training_curve([0, 1, 2], [1.0, 2.0, 0.5], [0, 0, 1]).text


def test_two_axes_say_when_a_curve_stays_below():
    text = plots.two_axes(CURVES, target=0.2).text
    assert "SGD, B = 2, η = 0.1: stays below 0.2 after 4.0 epochs or 8 updates" in text
    assert "your run, B = 3, η = 0.2: does not stay below 0.2" in text
    assert "BGD, B = 4, η = 0.4: stays below 0.2 after 4.0 epochs or 4 updates" in text


def test_two_axes_draw_the_same_costs_against_both():
    left, right = plots.two_axes([BGD], target=0.2).figure.axes
    np.testing.assert_array_equal(left.lines[0].get_xdata(), BGD.epochs[1:])
    np.testing.assert_array_equal(right.lines[0].get_xdata(), BGD.updates[1:])
    np.testing.assert_array_equal(left.lines[0].get_ydata(), BGD.J[1:, 0])


def test_excess_says_where_the_last_curve_overtakes():
    epochs = np.arange(6)
    curves = [
        plots.Curve(kind, label, epochs, epochs, epochs, np.array(J, float)[:, None])
        for kind, label, J in (
            ("sgd", "SGD", [1, 0.1, 0.1, 0.1, 0.1, 0.1]),
            ("bgd", "BGD, η*", [1, 0.5, 0.05, 0.2, 0.01, 0.01]),
        )
    ]
    assert plots.overtakes(curves[1], curves[0]) == 4  # the dip at epoch 2 does not count
    assert "BGD is below SGD from epoch 4 on" in plots.excess(curves).text


def test_noise_law_says_how_far_the_points_are_off():
    sizes, law = np.array([1, 2, 4]), np.array([4.0, 2.0, 1.0])
    without = law * (4 - sizes) / 3
    text = plots.noise_law(sizes, without * 1.045, law * 0.98, without, law).text
    assert "from 4.00 to exactly zero at B = N" in text and "within 5 % of its law" in text


def test_noise_floors_and_valleys_and_pairs_have_words():
    text = plots.noise_floors({"a": np.array([0, 0.5, 0.25]), "b": np.array([0, 1.0, 0.1])}, {"a": 0.25}).text
    assert text == "a: variance 0.2500 after 2 updates (law 0.2500); b: variance 0.1000 after 2 updates, still falling."
    w = np.linspace(-1, 3, 41)
    picture = plots.two_valleys(w, w**2, [(np.array([2, 0.5]), np.array([4, 0.25]))])
    assert "lowest valley at w = 0.00 with J = 0.0000" in picture.text
    assert "BGD from w = 2 ends at w = 0.50 with J = 0.2500" in picture.text
    pairs = plots.held_out_pairs(np.array([0.3, 0.3]), np.array([0.1, 0.4]))
    assert "SGD minus BGD is +0.0500 ± 0.2121, and BGD is the lower on 1 splits" in pairs.text


N = np.array([10, 1000, 100_000])
RATIOS = {
    "always": np.array([0.9, 0.8, 0.5]),
    "late": np.array([40.0, 0.9, 0.6]),
    "never": np.array([40.0, 0.5, 1.0]),
}


def test_the_picture_shows_and_says_the_ratios():
    picture = steps_picture(N, RATIOS, "2 cores")
    first, *lines = picture.text.splitlines()
    assert first.startswith("Measured on 2 cores:")
    assert lines == [
        "always: 0.90 at N = 10, 0.50 at N = 100,000; faster at every N measured.",
        "late: 40.0 at N = 10, 0.60 at N = 100,000; faster from N = 1,000 on.",
        "never: 40.0 at N = 10, 1.00 at N = 100,000; not faster at the largest N measured.",
    ]
    (axis,) = picture.figure.axes
    drawn = {line.get_label(): line.get_ydata() for line in axis.lines[1:]}
    assert {name: list(y) for name, y in drawn.items()} == {name: list(y) for name, y in RATIOS.items()}
    assert len({(line.get_marker(), line.get_linestyle()) for line in axis.lines[1:]}) == 3
    assert axis.get_xlabel() and axis.get_ylabel()
