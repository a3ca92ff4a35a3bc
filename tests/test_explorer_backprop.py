"""The step-through shows, for every net, example and step, what backpropagation and the complex step give."""

import io
from itertools import product

import numpy as np
import pytest
from PIL import Image

from bgd_helpers import gradcheck, network
from bgd_helpers.explorers.backprop import backprop_explorer, backprop_figure, integer_net, tanh_net, trace
from bgd_helpers.lessons import handout

NETS = {"2-2-1, integers": integer_net(), "2-3-2, tanh": tanh_net()}


@pytest.fixture(scope="module")
def explorer():
    return backprop_explorer()


def set_to(explorer, **values):
    for name, value in values.items():
        explorer.controls[name].value = value


@pytest.mark.parametrize(("name", "n"), list(product(NETS, range(3))))
def test_a_trace_is_the_gradient_of_its_example(name, n):
    theta, X, Y, activations = NETS[name]
    walk, one = trace(NETS[name], n), slice(n, n + 1)
    reference = gradcheck.complex_step(network.cost_of(activations, X[one], Y[one]), theta)
    for k, (dW, db) in enumerate(reference, start=1):
        np.testing.assert_allclose(walk.gradient(k), dW, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(walk.delta[k], db, rtol=1e-12, atol=1e-12)
    assert np.isclose(walk.loss, network.losses(theta, X, Y, activations)[n])


@pytest.mark.parametrize(("name", "n"), list(product(NETS, range(3))))
def test_the_last_step_shows_the_gradient(explorer, name, n):
    set_to(explorer, net=name, example=n + 1, step=6)
    walk = trace(NETS[name], n)
    for k in (1, 2):
        for (i, j), slope in np.ndenumerate(walk.gradient(k)):
            shown = explorer.picture.moving[f"{name}: gradient {k},{i},{j}"].get_text()
            assert float(shown.removeprefix("∂ ").replace("−", "-")) == pytest.approx(slope, rel=6e-3, abs=1e-12)
    assert explorer.error.value == ""


@pytest.mark.parametrize("name", NETS)
def test_every_step_changes_the_picture_and_the_words(explorer, name):
    set_to(explorer, net=name, example=1, step=0)
    seen, words = set(), set()
    for step in range(7):
        set_to(explorer, step=step)
        seen.add(bytes(explorer.image.value))
        words.add(explorer.text)
    assert len(seen) == len(words) == 7


def test_one_net_is_shown_at_a_time(explorer):
    set_to(explorer, net="2-3-2, tanh")
    moving = explorer.picture.moving.items()
    assert not any(artist.get_visible() for name, artist in moving if name.startswith("2-2-1"))
    assert [axes.get_visible() for axes in explorer.picture.figure.axes] == [False, True]


def test_a_step_keeps_the_static_layers(explorer):
    set_to(explorer, net="2-3-2, tanh", example=2, step=1)
    static = explorer.static.value
    set_to(explorer, step=4, example=3)
    assert explorer.static.value is static


def test_zero_loss_has_zero_gradient(explorer):
    set_to(explorer, net="2-2-1, integers", example=2, step=6)
    assert "E_n = 0." in explorer.text and "∂E_n/∂W^(1) = ((0, 0), (0, 0))" in explorer.text


def test_the_figure_is_the_integer_net_at_its_end():
    assert backprop_figure().text == backprop_figure(handout.integer_net(), 0, 6).text
    assert backprop_figure(step=3).text.endswith("E4: δ^(2) = (−2).")


def test_an_example_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="n = 3: the net has 3 examples, 0 to 2"):
        trace(integer_net(), 3)


def test_no_edge_shines_through_a_white_unit():
    explorer = backprop_explorer()
    explorer.set(step=4)
    layers = (explorer.static.value, explorer.image.value)
    static, moving = (Image.open(io.BytesIO(layer)).convert("RGBA") for layer in layers)
    shown = np.asarray(Image.alpha_composite(static, moving).convert("RGB"))
    exact = np.asarray(Image.open(io.BytesIO(explorer.png())).convert("RGB"))
    assert (shown[(exact == 255).all(axis=2)] == 255).all()
