"""Moving each slider moves the right curves, and the picture that is sent changes."""

import numpy as np
import pytest

from bgd_helpers import experiments
from bgd_helpers.explorers.comparison import comparison_explorer, comparison_figure

EPOCHS = 3


@pytest.fixture(scope="module")
def problem():
    return experiments.penguin_problem()


@pytest.fixture(scope="module")
def tables(problem):
    return {B: experiments.run(problem, experiments.RATES, B, EPOCHS) for B in (1, 18, 342)}


@pytest.fixture
def explorer(problem, tables):
    return comparison_explorer(problem, tables, epochs=EPOCHS)


def picture_after(explorer, **values):
    """The picture's bytes after moving the sliders; an error in a redraw is an error here."""
    for name, value in values.items():
        explorer.controls[name].value = value
    assert explorer.error.value == ""
    return bytes(explorer.image.value)


@pytest.mark.parametrize(
    "values", [{"eta": 0.04}, {"batch_size": 57}, {"axis": "updates"}, {"budget": 40}, {"rivals": "same η"}]
)
def test_each_slider_changes_the_picture_and_the_words(explorer, values):
    before, text = bytes(explorer.image.value), explorer.text
    assert picture_after(explorer, **values) != before
    assert explorer.text != text


def test_your_curve_is_the_tabulated_run(explorer, tables):
    runs = tables[18]
    for index, eta in enumerate(experiments.RATES):
        picture_after(explorer, eta=eta, axis="examples")
        x, J = explorer.picture.moving["minibatch"].get_data()
        expected = runs.mean()[1:, index]
        np.testing.assert_array_equal(x, runs.examples[1:])
        fine = expected < 1e6
        np.testing.assert_allclose(J[fine], expected[fine])


@pytest.mark.parametrize("batch_size", [57, 100, 342])
def test_a_new_batch_size_is_computed_once(explorer, problem, monkeypatch, batch_size):
    asked = []
    run = experiments.run
    monkeypatch.setattr(experiments, "run", lambda *a, **k: asked.append(a[2]) or run(*a, **k))
    picture_after(explorer, batch_size=batch_size)
    _, J = explorer.picture.moving["minibatch"].get_data()
    alone = run(problem, experiments.RATES, batch_size, EPOCHS)
    np.testing.assert_allclose(J[-1], alone.mean()[-1, list(experiments.RATES).index(0.16)])
    picture_after(explorer, batch_size=18)
    picture_after(explorer, batch_size=batch_size)
    assert asked == ([] if batch_size == 342 else [batch_size])


def test_rivals_have_the_same_rate_or_their_best(explorer, tables):
    picture_after(explorer, budget=100, rivals="same η", eta=0.0025)
    assert "SGD, B = 1, η = 0.0025" in explorer.text and "BGD, B = 342, η = 0.0025" in explorer.text
    picture_after(explorer, rivals="best η at budget")
    for B in (1, 342):
        assert f"B = {B}, η = {experiments.best_at(tables[B], EPOCHS).eta:g}" in explorer.text


def test_the_budget_runs_along_the_axis(explorer):
    for axis, first, last in (("epochs", 1 / 342, EPOCHS), ("updates", 1, 342 * EPOCHS), ("examples", 1, 342 * EPOCHS)):
        for percent, value in ((0, first), (50, np.sqrt(first * last)), (100, last)):
            picture_after(explorer, axis=axis, budget=percent)
            np.testing.assert_allclose(explorer.picture.moving["budget"].get_xdata(), value)
        np.testing.assert_allclose(explorer.picture.figure.axes[0].get_xlim(), (first, last))


def test_back_to_where_it_was_is_the_same_picture(explorer):
    before = picture_after(explorer, eta=0.1)
    picture_after(explorer, eta=0.01, batch_size=1, budget=20)
    assert picture_after(explorer, eta=0.1, batch_size=18, budget=80) == before


def test_the_static_figure_says_what_the_explorer_says(explorer, problem, tables):
    assert comparison_figure(problem, tables).text == explorer.words


def test_it_computes_what_it_is_not_given(problem):
    assert "your run, B = 171" in comparison_explorer(problem, batch_size=171, epochs=1).words
