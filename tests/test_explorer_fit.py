"""What a network has learnt: against a plain loop of the update, and a plain forward pass."""

import warnings
from math import tanh

import numpy as np
import pytest

from bgd_helpers import data, descent, network
from bgd_helpers.pictures import fit
from bgd_helpers.pictures.fit import BATCH_SIZES, EPOCHS, HIDDEN, OUTPUTS, POINTS, RATES, fit_explorer, fit_figure

X_MM = data.load_penguins(fit.INPUTS).X
X = data.standardise(X_MM)
POSITIVE = data.penguin_species() == fit.SPECIES
Y = np.where(POSITIVE, 1.0, -1.0)[:, None]


@pytest.fixture(scope="module")
def explorer():
    return fit_explorer(batch_size=38)


def plain_parameters(eta, batch_size, epochs, seed, hidden=8, output="tanh"):
    """E9 in a loop, with the batches of the package."""
    theta = network.initial_parameters([2, hidden, 1], np.random.default_rng(0))
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        for batch in descent.batches(len(X), batch_size, rng):
            grad = network.backprop(theta, X[batch], Y[batch], ("tanh", output))
            theta = [(W - eta * dW, b - eta * db) for (W, b), (dW, db) in zip(theta, grad)]
    return theta


def plain_output(theta, x):
    """The tanh network's output for one bird, unit by unit."""
    (W1, b1), (W2, b2) = theta
    z = [tanh(sum(x[i] * W1[i, j] for i in range(2)) + b1[j]) for j in range(len(b1))]
    return tanh(sum(z[j] * W2[j, 0] for j in range(len(z))) + b2[0])


@pytest.mark.parametrize(
    "state", [dict(eta=0.1, batch_size=38, epochs=3, seed=2), dict(eta=0.5, batch_size=342, epochs=10, seed=0)]
)
def test_rings_plane_and_cost_are_those_of_a_plain_loop(explorer, state):
    explorer.reset()
    explorer.set(**state)
    theta = plain_parameters(**state)
    outputs = np.array([plain_output(theta, x) for x in X])
    wrong = np.sign(outputs) != Y[:, 0]
    moving = explorer.picture.moving
    np.testing.assert_array_equal(moving["wrong"].get_xydata(), X_MM[wrong])
    assert f"{np.count_nonzero(~wrong)} of the 342 birds are on the right side" in explorer.words
    J = np.mean((Y[:, 0] - outputs) ** 2)
    assert np.isclose(moving["cost"].get_ydata()[state["epochs"]], J, rtol=1e-9)
    shown = np.asarray(moving["plane"].get_array())
    assert shown.shape == POINTS[::-1]
    left, right, bottom, top = moving["plane"].get_extent()
    cell = (right - left) / POINTS[0], (top - bottom) / POINTS[1]
    for row, column in ((0, 0), (30, 40), (60, 80), (12, 70)):
        point = left + cell[0] * (column + 0.5), bottom + cell[1] * (row + 0.5)
        standard = (np.array(point) - X_MM.mean(axis=0)) / X_MM.std(axis=0)
        assert np.isclose(shown[row, column], plain_output(theta, standard), atol=1e-9)


def boundary(explorer):
    """The points of its lines, which have gaps."""
    points = explorer.picture.moving["boundary"].get_xydata()
    return points[~np.isnan(points).any(axis=1)]


def test_the_boundary_is_where_the_output_is_zero(explorer):
    explorer.reset()
    theta = plain_parameters(0.1, 38, 20, 0)
    points = boundary(explorer)
    assert len(points) > 50
    outputs = [plain_output(theta, (point - X_MM.mean(axis=0)) / X_MM.std(axis=0)) for point in points]
    assert np.abs(outputs).max() < 0.05


@pytest.mark.parametrize(
    ("name", "values"),
    [("eta", RATES), ("epochs", EPOCHS), ("batch_size", (18, 114, 342)), ("hidden", HIDDEN), ("output", OUTPUTS)],
)
def test_each_control_over_its_range_without_a_warning(explorer, name, values):
    explorer.reset()
    pictures = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for value in values:
            explorer.set(**{name: value})
            pictures.add(repr(explorer.scene))
    assert len(pictures) == len(values)


def test_with_all_birds_in_the_batch_the_order_does_not_matter(explorer):
    explorer.reset()
    explorer.set(batch_size=342)
    words, line = explorer.words, boundary(explorer)
    explorer.set(seed=5)
    assert explorer.words == words
    np.testing.assert_array_equal(boundary(explorer), line)


def test_divergence_is_shown(explorer):
    explorer.reset()
    explorer.set(output="identity", eta=RATES[-1], epochs=EPOCHS[-1])
    assert "diverged: J is no number" in explorer.words and "there is no boundary" in explorer.words
    assert "diverged" in explorer.picture.moving["cost value"].get_text()


def test_a_setting_is_trained_once(explorer, monkeypatch):
    explorer.reset()
    trained = []
    table = fit._table
    monkeypatch.setattr(fit, "_table", lambda *setting: trained.append(setting[:4]) or table(*setting))
    explorer.set(batch_size=200, seed=3)
    explorer.set(eta=0.5)
    explorer.set(epochs=5)
    explorer.set(seed=0, batch_size=38)
    explorer.set(seed=3, batch_size=200)
    assert trained == [(200, 3, 8, "tanh")]


def test_the_batch_sizes_are_divisors_and_others():
    assert {len(X) % B == 0 for B in BATCH_SIZES} == {True, False}
    assert BATCH_SIZES[0] == 1 and BATCH_SIZES[-1] == len(X)


def test_the_static_figure_is_the_explorers_first_picture(explorer):
    explorer.reset()
    assert fit_figure(batch_size=38).text == explorer.words
