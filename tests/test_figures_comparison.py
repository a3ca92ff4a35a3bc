"""The pictures of notebook 4 show the arrays they are given, and their words are computed from them."""

import numpy as np
import pytest

from bgd_helpers.figures import comparison
from bgd_helpers.figures.picture import Picture

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


@pytest.mark.parametrize("axis", comparison.AXES)
def test_comparison_draws_the_curves_on_the_axis(axis):
    picture = comparison.comparison(CURVES, axis, 2, N=4)
    for curve in CURVES:
        x, J = picture.moving[curve.kind].get_data()
        np.testing.assert_array_equal(x, getattr(curve, axis)[1:])
        kept = np.isfinite(curve.J[1:, 0])
        np.testing.assert_allclose(J[kept], curve.J[1:, 0][kept])
    assert picture.figure.axes[0].get_xlabel() == f"{axis} (log scale)"


def test_who_is_ahead_depends_on_the_axis():
    # 2 epochs are 4 updates of SGD (J = .2) and of the own run (.4), and 2 of BGD (.25)
    by_epochs = comparison.comparison(CURVES, "epochs", 2, N=4)
    assert "SGD is ahead" in by_epochs.text
    # 2 updates: SGD .3, own .15, BGD .25
    by_updates = comparison.comparison(CURVES, "updates", 2, N=4)
    assert "your run is ahead" in by_updates.text
    assert by_updates.moving["ahead"].get_text() == "at 2 updates: your run is ahead"
    assert by_updates.moving["sgd now"].get_data() == ([2], [0.3])


def test_lost_runs_short_runs_and_starts_are_named():
    text = comparison.comparison(CURVES, "epochs", 0.7, N=4).text
    assert "BGD, B = 4, η = 0.4: J = 0.900 (still at the start)" in text
    assert "your run, B = 3, η = 0.2: diverges" in comparison.comparison(CURVES, "updates", 8, N=4).text
    assert "SGD, B = 2, η = 0.1: not run so far" in comparison.comparison(CURVES, "epochs", 5, N=4).text


def test_a_run_alone_is_not_ahead():
    alone = comparison.comparison([SGD, OWN, SGD._replace(kind="bgd")], "epochs", 4, N=4).text
    assert "SGD and SGD are level" in alone
    short = [SGD._replace(epochs=curve.epochs / 8, kind=curve.kind) for curve in CURVES[1:]]
    assert comparison.comparison([SGD, *short], "epochs", 4, N=4).text.endswith("only SGD has run so far.")


def test_overlapping_bands_are_level():
    wide = made_up("sgd", "SGD", np.column_stack([[0.9, 0.5, 0.3, 0.2, 0.19], [0.9, 0.7, 0.1, 0.2, 0.19]]))
    text = comparison.comparison([wide, OWN, BGD], "updates", 2, N=4).text
    assert text.endswith("your run and SGD are level (their bands overlap).")


def test_pictures_are_pictures():
    assert isinstance(comparison.comparison(CURVES, "epochs", 1, N=4), Picture)
    assert comparison.comparison(CURVES, "epochs", 1, N=4).png().startswith(b"\x89PNG")
