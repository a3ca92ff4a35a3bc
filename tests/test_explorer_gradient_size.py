"""How large the gradient is in each layer: against the complex step and against plain products."""

import warnings
from itertools import product

import numpy as np
import pytest

from bgd_helpers import data, gradcheck, network
from bgd_helpers.pictures.gradient_size import (
    ACTIVATIONS,
    DEEPEST,
    INPUTS,
    LIMITS,
    SCALES,
    WIDTH,
    gradient_size_explorer,
    gradient_size_figure,
    sizes,
)

PENGUINS = data.load_penguins(INPUTS)
X, Y = data.standardise(PENGUINS.X), data.standardise(PENGUINS.y)


@pytest.fixture(scope="module")
def explorer():
    return gradient_size_explorer()


def root_mean_square(values):
    return np.sqrt(np.mean(np.square(values)))


@pytest.mark.parametrize(("depth", "activation", "scale"), [(1, "tanh", 1), (3, "sigmoid", 0.5), (4, "tanh", 2)])
def test_gradients_are_those_of_the_complex_step(depth, activation, scale):
    theta = network.initial_parameters([3, *[WIDTH] * (depth - 1), 1], np.random.default_rng(3), scale)
    activations = [activation] * (depth - 1) + ["identity"]
    reference = gradcheck.complex_step(network.cost_of(activations, X, Y), theta)
    expected = [root_mean_square(dW) for dW, _ in reference]
    np.testing.assert_allclose(sizes(depth, activation, scale, 3).gradients, expected, rtol=1e-10)


def test_a_linear_network_passes_a_product_of_its_weights():
    theta = network.initial_parameters([3, WIDTH, WIDTH, 1], np.random.default_rng(5), 1.4)
    (W1, _), (W2, _), (W3, _) = theta
    found = sizes(3, "identity", 1.4, 5)
    residual = -2 * (Y - X @ W1 @ W2 @ W3)
    deltas = [residual @ (W2 @ W3).T, residual @ W3.T, residual]
    np.testing.assert_allclose(found.deltas, [root_mean_square(delta) for delta in deltas], rtol=1e-12)
    np.testing.assert_allclose(found.activations[1], root_mean_square(X @ W1 @ W2), rtol=1e-12)


def test_every_setting_is_in_the_picture_without_a_warning(explorer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for activation, scale in product(ACTIVATIONS, SCALES):
            explorer.set(activation=activation, scale=scale, depth=DEEPEST)
            for name in ("activations", "deltas", "gradients"):
                values = explorer.picture.moving[name].get_ydata()
                assert len(values) == DEEPEST and (LIMITS[0] < values).all() and (values < LIMITS[1]).all()


@pytest.mark.parametrize("depth", range(1, DEEPEST + 1))
def test_every_depth_has_a_point_a_layer(explorer, depth):
    explorer.set(depth=depth, activation="tanh", scale=1, seed=2)
    shown = explorer.picture.moving["gradients"].get_xydata()
    assert shown[:, 0].tolist() == list(range(1, depth + 1))
    np.testing.assert_allclose(shown[:, 1], sizes(depth, "tanh", 1, 2).gradients)
    assert f"in layer {depth}" in explorer.words


def test_sigmoid_shrinks_the_error_signal_by_about_a_quarter_a_layer():
    deltas = np.array([sizes(10, "sigmoid", 1, seed).deltas for seed in range(10)])
    assert 0.15 < np.median(deltas[:, :8] / deltas[:, 1:9]) <= 0.25


@pytest.mark.parametrize(("name", "value"), [("depth", 3), ("activation", "tanh"), ("scale", 2), ("seed", 4)])
def test_each_control_changes_the_picture_and_the_words(explorer, name, value):
    explorer.reset()
    before = repr(explorer.scene), explorer.words
    explorer.set(**{name: value})
    assert repr(explorer.scene) != before[0] and explorer.words != before[1]


def test_the_static_figure_is_the_explorers_first_picture(explorer):
    explorer.reset()
    assert gradient_size_figure().text == explorer.words
