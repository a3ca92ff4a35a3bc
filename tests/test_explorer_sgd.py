"""The SGD explorer shows the run that its sliders name: compared with the update rule in a plain loop."""

import numpy as np
import pytest

from bgd_helpers import descent, theory
from bgd_helpers.data import load_penguins, standardise
from bgd_helpers.explorers.sgd import RATES, sgd_explorer, sgd_figure

BIRDS = load_penguins()
X, y = theory.with_ones(standardise(BIRDS.X)), standardise(BIRDS.y)
N = len(X)


def plain_path(eta, batch_size, updates, order, seed):
    """E9 in a loop, with the batches of the package."""
    rng, w = np.random.default_rng(seed), np.zeros((2, 1))
    path = [w]
    while len(path) <= updates:
        for batch in descent.batches(N, batch_size, rng, order):
            w = w - eta / len(batch) * sum(2 * X[n : n + 1].T * (X[n] @ w - y[n]) for n in batch)
            path.append(w)
    return np.array(path[: updates + 1])[:, :, 0]


def set_values(explorer, values):
    for name, value in values.items():
        explorer.controls[name].value = value


@pytest.mark.parametrize(
    "values",
    [
        dict(eta=0.1, batch_size=1, updates=342, order="shuffled", seed=3),
        dict(eta=0.01, batch_size=1, updates=200, order="as given", seed=0),
        dict(eta=0.05, batch_size=64, updates=17, order="shuffled", seed=1),
        dict(eta=0.2, batch_size=32, updates=40, order="with replacement", seed=2),
        dict(eta=0.5, batch_size=N, updates=9, order="shuffled", seed=0),
    ],
)
def test_path_and_cost_are_those_of_the_update_rule(values):
    explorer = sgd_explorer(X, y)
    before = bytes(explorer.image.value)
    set_values(explorer, values)
    expected = plain_path(**values)
    assert np.allclose(explorer.picture.moving["path"].get_xydata(), expected, rtol=1e-10, atol=1e-12)
    J = ((y - X @ expected[-1:].T) ** 2).mean()
    assert np.isclose(explorer.picture.moving["curve"].get_ydata()[-1], J, rtol=1e-10)
    assert f"J = {J:.4f}" in explorer.text
    assert bytes(explorer.image.value) != before
    assert explorer.error.value == ""


@pytest.mark.parametrize("name", ["eta", "batch_size", "updates", "order", "seed"])
def test_each_slider_changes_the_picture(name):
    explorer = sgd_explorer(X, y)
    other = {"eta": 0.1, "batch_size": 16, "updates": 100, "order": "as given", "seed": 7}
    before = bytes(explorer.image.value), explorer.text
    explorer.controls[name].value = other[name]
    assert bytes(explorer.image.value) != before[0]
    assert explorer.text != before[1]


def test_the_learning_rates_sweep_without_warning_and_divergence_is_shown():
    explorer = sgd_explorer(X, y)
    with np.errstate(all="raise", under="ignore"):
        for eta in RATES:
            explorer.controls["eta"].value = eta
            assert explorer.error.value == ""
    assert "leaves the picture" in explorer.text
    assert explorer.picture.moving["off"].get_xydata().shape == (1, 2)


def test_with_all_examples_the_seed_does_not_matter():
    explorer = sgd_explorer(X, y)
    explorer.controls["batch_size"].value = N
    words = explorer.words
    explorer.set(seed=5)
    assert explorer.words == words


def test_the_static_figure_is_the_explorers_first_picture():
    assert sgd_figure(X, y, 0.02).text == sgd_explorer(X, y, 0.02).words
