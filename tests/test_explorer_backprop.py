"""The step-through shows, for every net, example and step, what backpropagation and the complex step give."""

from itertools import combinations, product

import numpy as np
import pytest
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from bgd_helpers import gradcheck, network
from bgd_helpers.lessons import handout
from bgd_helpers.pictures.backprop import (
    arithmetic,
    backprop_explorer,
    backprop_figure,
    integer_net,
    steps,
    tanh_net,
    trace,
)

INTEGERS = handout.integer_net()
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
    assert explorer.error == ""


@pytest.mark.parametrize("name", NETS)
def test_every_step_changes_the_picture_and_the_words(explorer, name):
    set_to(explorer, net=name, example=1, step=0)
    seen, words = set(), set()
    for step in range(7):
        set_to(explorer, step=step)
        seen.add(repr(explorer.scene))
        words.add(explorer.text)
    assert len(seen) == len(words) == 7


def test_one_net_is_shown_at_a_time(explorer):
    set_to(explorer, net="2-3-2, tanh")
    moving = explorer.picture.moving.items()
    assert not any(artist.get_visible() for name, artist in moving if name.startswith("2-2-1"))
    assert [axes.get_visible() for axes in explorer.picture.figure.axes] == [False, True]


def test_a_step_keeps_the_static_layers(explorer):
    set_to(explorer, net="2-3-2, tanh", example=2, step=1)
    static = explorer.static
    set_to(explorer, step=4, example=3)
    assert explorer.static is static


def test_zero_loss_has_zero_gradient(explorer):
    set_to(explorer, net="2-2-1, integers", example=2, step=6)
    assert "E_n = 0." in explorer.text and "∂E_n/∂W^(1) = ((0, 0), (0, 0))" in explorer.text


def test_the_figure_is_the_integer_net_at_its_end():
    assert backprop_figure().text == backprop_figure(handout.integer_net(), 0, 6).text
    assert backprop_figure(step=3).text.endswith("E4: δ^(2) = (−2).")


def test_an_example_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="n = 3: the net has 3 examples, 0 to 2"):
        trace(integer_net(), 3)


def texts(picture, start):
    return {name: artist.get_text() for name, artist in picture.moving.items() if name.startswith(start)}


def test_the_walk_goes_forward_and_back():
    walk = [(step.kind, step.layer, step.equation) for step in steps(2)]
    assert walk == [
        ("inputs", 0, "E1"),
        ("layer", 1, "E1"),
        ("output", 2, "E1 and E2"),
        ("delta", 2, "E4"),
        ("gradient", 2, "E6"),
        ("delta", 1, "E5"),
        ("gradient", 1, "E6"),
    ]


def test_the_last_step_shows_every_number_of_the_integer_net():
    picture = backprop_figure(INTEGERS)
    assert texts(picture, "a ") == {"a 0,0": "", "a 0,1": "", "a 1,0": "a₁ = −1", "a 1,1": "a₂ = 2", "a 2,0": "a₁ = −6"}
    assert texts(picture, "delta 1") == {"delta 1,0": "δ₁ = 8", "delta 1,1": "δ₂ = 16"}
    assert texts(picture, "gradient 1") == {
        "gradient 1,0,0": "∂ 8",
        "gradient 1,0,1": "∂ 16",
        "gradient 1,1,0": "∂ 16",
        "gradient 1,1,1": "∂ 32",
    }
    assert texts(picture, "gradient 2") == {"gradient 2,0,0": "∂ −2", "gradient 2,1,0": "∂ −8"}
    assert picture.moving["loss"].get_text() == "$E_n$ = 1"
    assert "E6: ∂E_n/∂W^(1) = ((8, 16), (16, 32)), ∂E_n/∂b^(1) = (8, 16)." in picture.text


@pytest.mark.parametrize("step", range(7))
def test_a_number_appears_at_its_step_and_not_before(step):
    picture = backprop_figure(INTEGERS, step=step)
    for k, (z, delta, gradient) in enumerate([(0, None, None), (1, 5, 6), (2, 3, 4)]):
        assert (picture.moving[f"z {k},0"].get_text() != "") == (step >= z)
        if k:
            assert (picture.moving[f"delta {k},0"].get_text() != "") == (step >= delta)
            assert (picture.moving[f"gradient {k},0,0"].get_text() != "") == (step >= gradient)
    assert f"Step {step} of 6" in picture.text
    assert ("δ^(1)" in picture.text) == (step >= 5)


def test_arithmetic_is_the_equation_with_numbers():
    lines = [arithmetic(trace(INTEGERS), step) for step in steps(2)]
    assert lines[1][1].endswith("= 1 · 1 + 2 · (−1) + 0 = −1,   $z_1^{(1)}$ = (−1)² = 1")
    assert lines[2][-1] == "E2:  $E_n$ = (−5 − (−6))² = 1"
    assert lines[3][1].endswith("= −2 · (−5 − (−6)) · 1 = −2")
    assert lines[5][1].endswith("= (−2) · (2 · (−2)) = 8")
    assert "= 2 · 16 = 32," in lines[6][1]


@pytest.mark.parametrize("net", [INTEGERS, tanh_net()], ids=["2-2-1", "2-3-2"])
@pytest.mark.parametrize("step", [3, 6, *(pytest.param(step, marks=pytest.mark.slow) for step in (0, 1, 2, 4, 5))])
def test_no_two_labels_overlap_and_none_leaves_the_figure(net, step):
    figure = backprop_figure(net, step=step).figure
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    outlines = [(text.get_text(), outline(text)) for text in texts]
    assert len(outlines) > 10
    assert [(a, b) for (a, one), (b, other) in combinations(outlines, 2) if one.intersects_path(other)] == []
    for text in texts:
        box = text.get_window_extent()
        assert figure.bbox.contains(*box.min) and figure.bbox.contains(*box.max), text


def outline(text):
    """The rectangle that a text takes, turned as it is, a little smaller."""
    turned, place = text.get_rotation(), text.get_transform().transform(text.get_position())
    text.set_rotation(0)
    (left, low), (right, high) = text.get_window_extent().padded(-2).get_points()
    text.set_rotation(turned)
    corners = [(left, low), (right, low), (right, high), (left, high), (left, low)]
    return Affine2D().rotate_deg_around(*place, turned).transform_path(Path(corners))


def separate(line):
    """The lines of two points, which are drawn as one with gaps."""
    return line.get_xydata().reshape(-1, 3, 2)[:, :2]


@pytest.mark.parametrize("net", [INTEGERS, tanh_net()], ids=["2-2-1", "2-3-2"])
def test_weights_and_their_gradients_stand_on_their_edges_and_on_no_other(net):
    figure = backprop_figure(net).figure
    figure.canvas.draw()
    axes = figure.axes[0]
    edges = [Path(axes.transData.transform(edge)) for line in axes.lines for edge in separate(line)]
    turned = [text for text in axes.texts if text.get_rotation_mode() == "anchor"]
    assert len(turned) == len(edges)  # each edge is drawn twice, to be lit, and has two labels
    assert [text.get_text() for text in turned if any(outline(text).intersects_path(edge) for edge in edges)] == []


def test_a_net_too_large_to_read_is_refused():
    net = handout.random_net((2, 4, 1), 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at most 3 units"):
        backprop_figure(net)
