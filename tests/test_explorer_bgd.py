"""The BGD explorer shows the run that its sliders name, and its bound is the theory's."""

import numpy as np
import pytest

from bgd_helpers import theory
from bgd_helpers.data import load_penguins, standardise
from bgd_helpers.explorers.bgd import CONDITIONS, EPOCHS, SHARES, bgd_explorer, bgd_figure, shifted

BIRDS = load_penguins()
x, y = standardise(BIRDS.X), standardise(BIRDS.y)
N = len(x)


@pytest.mark.parametrize("kappa", CONDITIONS)
def test_the_shift_gives_the_condition_number(kappa):
    assert np.isclose(theory.condition_number(theory.hessian(shifted(x, kappa))), kappa, rtol=1e-9)


@pytest.mark.parametrize(("share", "kappa"), [(0.5, 10), (0.99, 2), (1.01, 50), (0.05, 1)])
def test_path_is_the_closed_form(share, kappa):
    explorer = bgd_explorer(x, y)
    explorer.controls["share"].value, explorer.controls["kappa"].value = share, kappa
    X = shifted(x, kappa)
    eta = share * theory.learning_rate_limit(theory.hessian(X))
    expected = theory.linear_path(np.zeros((2, 1)), X, y, eta, EPOCHS)[:, :, 0]
    assert np.allclose(explorer.picture.moving["path"].get_xydata(), expected, rtol=1e-9, atol=1e-12)
    assert explorer.error.value == ""


@pytest.mark.parametrize("kappa", [1, 10, 100])
def test_no_share_below_the_limit_crosses_its_bound(kappa):
    explorer = bgd_explorer(x, y)
    explorer.controls["kappa"].value = kappa
    for share in SHARES[::3]:
        explorer.controls["share"].value = share
        curve, bound = (explorer.picture.moving[name].get_ydata() for name in ("curve", "bound"))
        assert (curve <= bound * (1 + 1e-6) + 1e-10).all()


def test_summing_is_averaging_with_n_times_the_learning_rate():
    explorer = bgd_explorer(x, y)
    explorer.controls["share"].value, explorer.controls["combine"].value = 0.01, "sum"
    X = shifted(x, 10)
    first = 0.01 * theory.learning_rate_limit(theory.hessian(X)) * 2 * X.T @ y
    assert np.allclose(explorer.picture.moving["path"].get_xydata()[1], first[:, 0])
    assert "leaves the picture at epoch" in explorer.text


@pytest.mark.parametrize("name", ["share", "kappa", "batch_size", "combine"])
def test_each_slider_changes_the_picture(name):
    explorer = bgd_explorer(x, y)
    other = {"share": 0.3, "kappa": 50, "batch_size": 32, "combine": "sum"}
    before = bytes(explorer.image.value), explorer.text
    explorer.controls[name].value = other[name]
    assert bytes(explorer.image.value) != before[0]
    assert explorer.text != before[1]


def test_mini_batches_are_recorded_after_each_epoch():
    explorer = bgd_explorer(x, y)
    explorer.controls["share"].value, explorer.controls["batch_size"].value = 0.05, 128
    assert explorer.picture.moving["path"].get_xydata().shape == (EPOCHS + 1, 2)


def test_the_static_figure_is_the_explorers_first_picture():
    assert bgd_figure(x, y, 0.9, 10).text == bgd_explorer(x, y, 0.9, 10).words
