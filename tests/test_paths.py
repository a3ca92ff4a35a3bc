"""Paths and costs of descent show what the arrays hold, and say the same in words."""

import numpy as np
import pytest
from descents import BOWL, cost, run

from bgd_helpers.pictures import paths


def test_the_cost_is_constant_along_each_contour():
    for ellipse, excess in zip(paths.contours(BOWL), paths.EXCESSES):
        assert np.allclose(cost(ellipse) - BOWL.lowest, excess, rtol=1e-12)


@pytest.mark.parametrize(("batch_size", "kind"), [(1, "sgd"), (2, "minibatch"), (6, "minibatch"), (7, "bgd")])
def test_a_descent_is_named_by_its_batch_size(batch_size, kind):
    assert paths.kind_of(batch_size, 7) == kind


def test_the_arrows_and_their_mean():
    gradients = np.array([[1.0, -2.0], [-3.0, 1.0], [5.0, 4.0]])
    picture = paths.gradient_arrows(gradients)
    thin, thick = picture.figure.axes[0].collections
    assert np.array_equal(np.stack([thin.U, thin.V], axis=1), -gradients)
    assert np.allclose([thick.U, thick.V], [[-1], [-1]])
    assert "(-1.00, -1.00). 2 of them point away" in picture.text


def test_sections_say_where_the_cost_falls():
    eta = np.linspace(0, 1, 101)
    falls = paths.Section("a", eta, (1 - 2 * eta) ** 2, (1 - 2.5 * eta) ** 2, 0.9, 1.0)
    rises = paths.Section("b", eta, (1 - 2 * eta) ** 2, 1 + eta, 0.1, 1.0)
    text = paths.along_the_step([falls, rises]).text
    assert "J falls for learning rates below 0.790" in text
    assert "J falls for no learning rate" in text


def test_curves_and_panels_say_start_and_end():
    t, fall = np.arange(3), np.array([1.0, 0.5, 0.3])
    assert paths.cost_curves([("bgd", "B = 7", t, fall)], "epochs").text == (
        "B = 7: J = 1.0000 at the start, 0.3000 after 2 epochs."
    )
    panels = paths.cost_panels({"small": fall, "large": np.array([1.0, 50.0, 1e9])}, 0.25)
    assert panels.text.splitlines()[1] == "large: J = 1.0000 at the start, 1.0e+09 after 2 updates."


def test_contour_panels_share_a_view_that_holds_every_path():
    picture = paths.contour_panels([BOWL, BOWL], [run(), run("bgd", 9)], ["one", "two"])
    views = {(*axis.get_xlim(), *axis.get_ylim()) for axis in picture.figure.axes}
    assert len(views) == 1
    left, right, bottom, top = views.pop()
    assert left < 0 and right > 0.3 and bottom < 0 and top > 0.8
    assert "two: 8 updates, J from" in picture.text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "below 1e-10"),
        (1e-4, "1.0e-04"),
        (0.25, "0.2500"),
        (12345.0, "1.2e+04"),
        (np.inf, "beyond floating point"),
    ],
)
def test_numbers_in_words(value, words):
    assert paths.number(value) == words


def test_a_section_meets_the_limit_of_its_example():
    X, y = np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([[1.0], [-3.0]])
    section = paths.step_section("b", X, y, np.zeros((2, 1)), n=0, eta=0.1)
    assert section.limit == 0.5 and section.used == 0.1
    assert np.allclose([section.own[0], section.cost[0]], 1)
    assert np.allclose(np.interp(0.5, section.eta, section.own), 1, atol=1e-3)
    assert np.interp(0.25, section.eta, section.own) < 1e-3 and (section.cost[1:] > 1).all()
