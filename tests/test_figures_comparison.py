"""The pictures of notebook 4 show the arrays they are given, and their words are computed from them."""

import numpy as np

from bgd_helpers.figures import comparison

T = np.array([0, 1, 2, 4, 8])


def made_up(kind, label, J, per_epoch=2):
    """A curve of one seed, `per_epoch` updates an epoch of 4 examples."""
    return comparison.Curve(kind, label, T / per_epoch, T, 4 * T / per_epoch, np.array(J, float).reshape(len(T), -1))


SGD = made_up("sgd", "SGD, B = 2, η = 0.1", [0.9, 0.5, 0.3, 0.2, 0.19])
OWN = made_up("minibatch", "your run, B = 3, η = 0.2", [0.9, 0.6, 0.15, 0.4, np.nan])
BGD = made_up("bgd", "BGD, B = 4, η = 0.4", [0.9, 0.4, 0.25, 0.18, 0.14], per_epoch=1)
CURVES = [SGD, OWN, BGD]


def test_two_axes_say_when_a_curve_stays_below():
    text = comparison.two_axes(CURVES, target=0.2).text
    assert "SGD, B = 2, η = 0.1: stays below 0.2 after 4.0 epochs or 8 updates" in text
    assert "your run, B = 3, η = 0.2: does not stay below 0.2" in text
    assert "BGD, B = 4, η = 0.4: stays below 0.2 after 4.0 epochs or 4 updates" in text


def test_two_axes_draw_the_same_costs_against_both():
    left, right = comparison.two_axes([BGD], target=0.2).figure.axes
    np.testing.assert_array_equal(left.lines[0].get_xdata(), BGD.epochs[1:])
    np.testing.assert_array_equal(right.lines[0].get_xdata(), BGD.updates[1:])
    np.testing.assert_array_equal(left.lines[0].get_ydata(), BGD.J[1:, 0])


def test_excess_says_where_the_last_curve_overtakes():
    epochs = np.arange(6)
    curves = [
        comparison.Curve(kind, label, epochs, epochs, epochs, np.array(J, float)[:, None])
        for kind, label, J in (
            ("sgd", "SGD", [1, 0.1, 0.1, 0.1, 0.1, 0.1]),
            ("bgd", "BGD, η*", [1, 0.5, 0.05, 0.2, 0.01, 0.01]),
        )
    ]
    assert comparison.overtakes(curves[1], curves[0]) == 4  # the dip at epoch 2 does not count
    assert "BGD is below SGD from epoch 4 on" in comparison.excess(curves).text


def test_noise_law_says_how_far_the_points_are_off():
    sizes, law = np.array([1, 2, 4]), np.array([4.0, 2.0, 1.0])
    without = law * (4 - sizes) / 3
    text = comparison.noise_law(sizes, without * 1.045, law * 0.98, without, law).text
    assert "from 4.00 to exactly zero at B = N" in text and "within 5 % of its law" in text


def test_noise_floors_and_valleys_and_pairs_have_words():
    text = comparison.noise_floors({"a": np.array([0, 0.5, 0.25]), "b": np.array([0, 1.0, 0.1])}, {"a": 0.25}).text
    assert text == "a: variance 0.2500 after 2 updates (law 0.2500); b: variance 0.1000 after 2 updates, still falling."
    w = np.linspace(-1, 3, 41)
    picture = comparison.two_valleys(w, w**2, [(np.array([2, 0.5]), np.array([4, 0.25]))])
    assert "lowest valley at w = 0.00 with J = 0.0000" in picture.text
    assert "BGD from w = 2 ends at w = 0.50 with J = 0.2500" in picture.text
    pairs = comparison.held_out_pairs(np.array([0.3, 0.3]), np.array([0.1, 0.4]))
    assert "SGD minus BGD is +0.0500 ± 0.2121, and BGD is the lower on 1 splits" in pairs.text
