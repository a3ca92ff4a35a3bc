"""The first slider moves the point and the tangent, and the words say what the picture shows."""

import numpy as np

from bgd_helpers.pictures import start


def test_the_point_and_the_tangent_follow_the_slider():
    explorer = start.slope_explorer()
    before = repr(explorer.scene)
    explorer.controls["w"].value = 2.0
    assert explorer.picture.moving["point"].get_xydata().tolist() == [[2.0, 1.0]]
    x, y = explorer.picture.moving["line"].get_data()
    assert np.isclose((y[1] - y[0]) / (x[1] - x[0]), 2.0)
    assert repr(explorer.scene) != before
    assert explorer.words == "At w = 2 the cost is 1.00 and the slope 2.00: E9 moves w down."


def test_the_slope_is_the_derivative():
    w, h = 0.3, 1e-6
    assert np.isclose(start.slope(w), (start.cost(w + h) - start.cost(w - h)) / (2 * h))
