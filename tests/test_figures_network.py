"""The drawn network shows what the equations give, its labels do not collide, and bad input is refused."""

from itertools import combinations

import numpy as np
import pytest

from bgd_helpers.explorers.backprop import tanh_net, trace
from bgd_helpers.figures.network import (
    arithmetic,
    digits_grid,
    gradient_bars,
    network_picture,
    number,
    steps,
    training_curve,
    v_curve,
)
from bgd_helpers.lessons import handout


@pytest.fixture
def integers():
    return trace(handout.integer_net())


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


def test_the_last_step_shows_every_number_of_the_integer_net(integers):
    picture = network_picture(integers)
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
def test_a_number_appears_at_its_step_and_not_before(integers, step):
    picture = network_picture(integers, step)
    for k, (z, delta, gradient) in enumerate([(0, None, None), (1, 5, 6), (2, 3, 4)]):
        assert (picture.moving[f"z {k},0"].get_text() != "") == (step >= z)
        if k:
            assert (picture.moving[f"delta {k},0"].get_text() != "") == (step >= delta)
            assert (picture.moving[f"gradient {k},0,0"].get_text() != "") == (step >= gradient)
    assert f"Step {step} of 6" in picture.text
    assert ("δ^(1)" in picture.text) == (step >= 5)


def test_arithmetic_is_the_equation_with_numbers(integers):
    lines = [arithmetic(integers, step) for step in steps(2)]
    assert lines[1][0].endswith("= 1 · 1 + 2 · (−1) + 0 = −1,   $z_1^{(1)}$ = (−1)² = 1")
    assert lines[2][-1] == "E2:  $E_n$ = (−5 − (−6))² = 1"
    assert lines[3][0].endswith("= −2 · (−5 − (−6)) · 1 = −2")
    assert lines[5][0].endswith("= (−2) · (2 · (−2)) = 8")
    assert "= 2 · 16 = 32," in lines[6][0]


@pytest.mark.parametrize("net", [handout.integer_net(), tanh_net()], ids=["2-2-1", "2-3-2"])
@pytest.mark.parametrize("step", range(7))
def test_no_two_labels_overlap_and_none_leaves_the_figure(net, step):
    figure = network_picture(trace(net), step).figure
    figure.canvas.draw()
    boxes = [(text.get_text(), text.get_window_extent().padded(-2)) for text in figure.axes[0].texts if text.get_text()]
    assert len(boxes) > 10
    assert [(a, b) for (a, box), (b, other) in combinations(boxes, 2) if box.overlaps(other)] == []
    for text, box in boxes:
        assert figure.bbox.contains(*box.min) and figure.bbox.contains(*box.max), text


def test_a_net_too_large_to_read_is_refused():
    net = handout.random_net((2, 4, 1), 1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at most 3 units"):
        network_picture(trace(net))


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
