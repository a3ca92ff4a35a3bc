"""One weight: what is lit is the row and the column that make its gradient."""

import warnings

import numpy as np
import pytest

from bgd_helpers import gradcheck, network
from bgd_helpers.lessons import handout
from bgd_helpers.pictures.one_weight import products, small_net, weight_explorer, weight_figure, weights

NET = small_net()


@pytest.fixture(scope="module")
def explorer():
    return weight_explorer()


def cells(patch):
    """Left, top, columns and rows of a frame, in cells of its size."""
    x, y = patch.get_xy()
    return x, y + patch.get_height(), patch.get_width(), patch.get_height()


def test_the_matrices_are_those_of_the_complex_step():
    reference = gradcheck.complex_step(network.cost_of(NET.activations, NET.X, NET.Y), NET.theta)
    for layer, (dW, _) in zip(products(NET), reference):
        np.testing.assert_allclose(layer.dW, dW, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(layer.Z_prev.T @ layer.delta / len(NET.X), dW, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("weight", [weight for _, weight in weights(NET)])
def test_row_column_and_entry_are_those_of_the_weight(explorer, weight):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = {}
        for example in range(1, len(NET.X) + 1):
            explorer.set(weight=weight, example=example)
            moving = explorer.picture.moving
            shown[example] = moving["sent"].get_x(), moving["received"].get_y()
    k, i, j = weight
    layer = products(NET)[k - 1]
    row, column, entry = (cells(moving[name]) for name in ("row", "column", "entry"))
    assert row[2] == pytest.approx(entry[2] * len(NET.X)) and column[3] == pytest.approx(entry[3] * len(NET.X))
    assert row[1] - column[1] == pytest.approx(-(i - 1) * entry[3])  # the matrices have one upper edge
    assert entry[1] == pytest.approx(row[1])
    assert np.allclose(np.diff([x for x, _ in shown.values()]), entry[2])
    assert np.allclose(np.diff([y for _, y in shown.values()]), -entry[3])
    expected = sum(layer.Z_prev[n, i - 1] * layer.delta[n, j - 1] for n in range(len(NET.X))) / len(NET.X)
    said = explorer.words.split("\n")[0].rsplit("= ", 1)[1].rstrip(".").replace("−", "-")
    assert float(said) == pytest.approx(expected, rel=6e-3)


def test_columns_lie_side_by_side(explorer):
    at = {}
    for _, (k, i, j) in weights(NET):
        explorer.set(weight=(k, i, j))
        at[k, j] = explorer.picture.moving["column"].get_x()
    assert at[1, 2] - at[1, 1] == pytest.approx(at[1, 3] - at[1, 2]) == pytest.approx(at[2, 2] - at[2, 1])


def test_the_words_give_one_examples_product(explorer):
    explorer.set(weight=(2, 3, 2), example=4)
    layer = products(NET)[1]
    assert "E6: example 4 adds z · δ = " in explorer.words
    said = explorer.words.split("z · δ = ")[1].split("= ")[1].split(". Row")[0].replace("−", "-")
    assert float(said) == pytest.approx(layer.Z_prev[3, 2] * layer.delta[3, 1], rel=6e-3)


def test_each_weight_is_another_picture(explorer):
    pictures = set()
    for _, weight in weights(NET):
        explorer.set(weight=weight)
        pictures.add(repr(explorer.scene))
    assert len(pictures) == len(weights(NET)) == 12


def test_too_many_numbers_are_refused():
    with pytest.raises(ValueError, match="layer 1 has 14 columns of numbers"):
        weight_figure(handout.random_net((2, 3, 1), 8, np.random.default_rng(0)), (1, 1, 1))


def test_the_static_figure_is_the_explorers_first_picture(explorer):
    explorer.reset()
    assert weight_figure().text == explorer.words
