"""Moving each slider moves the right curves and cells, and the picture that is sent changes."""

import io
import warnings
from math import ceil

import numpy as np
import pytest
from PIL import Image

from bgd_helpers.lessons import experiments
from bgd_helpers.pictures.comparison import (
    BATCH_SIZES,
    BUDGETS,
    comparison_explorer,
    comparison_figure,
    comparison_tables,
)

EPOCHS = 3


@pytest.fixture(scope="module")
def problem():
    return experiments.penguin_problem()


@pytest.fixture(scope="module")
def tables(problem):
    return {B: experiments.run(problem, experiments.RATES, B, EPOCHS) for B in (1, 18, 342)}


@pytest.fixture(scope="module")
def shared(problem, tables):
    return comparison_explorer(problem, tables, epochs=EPOCHS)


@pytest.fixture
def explorer(shared):
    """For moves among the batch sizes that are there."""
    shared.reset()
    return shared


@pytest.fixture
def fresh(problem, tables):
    """For moves that compute a new batch size."""
    return comparison_explorer(problem, tables, epochs=EPOCHS)


def picture_after(explorer, **values):
    """The picture's bytes after moving the sliders; an error or a warning in a redraw is an error here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explorer.set(**values)
    return repr(explorer.scene)


@pytest.mark.parametrize(
    "values",
    [{"eta": 0.04}, {"batch_size": 342}, {"axis": "updates"}, {"budget": 40}, {"rivals": "same η"}, {"seeds": 2}],
)
def test_each_slider_changes_the_picture_and_the_words(explorer, values):
    before, words = repr(explorer.scene), explorer.words
    assert picture_after(explorer, **values) != before
    assert explorer.words != words


def test_every_control_has_a_tooltip_of_its_own(explorer):
    tips = {control.tooltip for control in explorer.controls.values()}
    assert len(tips) == len(explorer.controls) and not tips & {c.description for c in explorer.controls.values()}


def test_your_curve_is_the_tabulated_run(explorer, tables):
    runs = tables[18]
    for index, eta in enumerate(experiments.RATES):
        picture_after(explorer, eta=eta, axis="examples")
        x, J = explorer.picture.moving["minibatch"].get_data()
        expected = runs.mean()[1:, index]
        np.testing.assert_array_equal(x, runs.examples[1:])
        fine = expected < 1e6
        np.testing.assert_allclose(J[fine], expected[fine])


def test_fewer_orders_are_the_first_of_them(explorer, tables):
    for seeds in range(1, 7):
        picture_after(explorer, seeds=seeds)
        _, J = explorer.picture.moving["minibatch"].get_data()
        expected = [np.mean(moment[:seeds]) for moment in tables[18].J[1:, list(experiments.RATES).index(0.16)]]
        np.testing.assert_allclose(J, expected)


@pytest.mark.parametrize("batch_size", [57, 100, 342])
def test_a_new_batch_size_is_computed_once(fresh, problem, monkeypatch, batch_size):
    asked = []
    run = experiments.run
    monkeypatch.setattr(experiments, "run", lambda *a, **k: asked.append((a[2], k["progress"])) or run(*a, **k))
    picture_after(fresh, batch_size=batch_size)
    _, J = fresh.picture.moving["minibatch"].get_data()
    alone = run(problem, experiments.RATES, batch_size, EPOCHS)
    np.testing.assert_allclose(J[-1], alone.mean()[-1, list(experiments.RATES).index(0.16)])
    picture_after(fresh, batch_size=18)
    picture_after(fresh, batch_size=batch_size)
    assert asked == ([] if batch_size == 342 else [(batch_size, fresh.progress)])
    assert fresh.busy == 0


def test_a_new_batch_size_fills_its_row_of_the_map(fresh):
    sizes = [*BATCH_SIZES, 342]
    assert rows_run(fresh) == {1, 18, 342}
    picture_after(fresh, batch_size=100)
    assert rows_run(fresh) == {1, 18, 100, 342}
    assert fresh.picture.moving["map minibatch"].get_data() == ([11], [sizes.index(100)])


def rows_run(explorer):
    """The batch sizes whose cells are not transparent."""
    colours = explorer.picture.moving["map"].get_array()
    return {B for B, row in zip((*BATCH_SIZES, 342), colours) if row[:, 3].any()}


@pytest.mark.parametrize("axis", ["epochs", "updates", "examples"])
def test_the_map_holds_the_cost_at_the_budget(explorer, tables, axis):
    last = {"epochs": EPOCHS, "updates": 342 * EPOCHS, "examples": 342 * EPOCHS}[axis]
    first = 1 / 342 if axis == "epochs" else 1
    for percent in (0, 50, 100):
        picture_after(explorer, axis=axis, budget=percent, seeds=3)
        budget = first * (last / first) ** (percent / 100) * (1 + 1e-9)
        lost = {
            (column, row) for row, B in ((0, 1), (9, 18), (22, 342)) for column in lost_by_hand(tables[B], axis, budget)
        }
        assert set(zip(*np.array(explorer.picture.moving["map diverged"].get_data(), int).tolist())) == lost
        marks = [best_by_hand(tables[B], axis, budget) for B in (1, 18, 342)]
        dots = dict(zip(*explorer.picture.moving["map best"].get_data()[::-1]))
        assert dots == {row: best for row, best in zip((0, 9, 22), marks) if best is not None}


def means_by_hand(runs, axis, budget):
    """The mean cost of each rate over three orders at the last moment within the budget, or None."""
    moments = [t for t in range(len(runs.t)) if getattr(runs, axis)[t] <= budget]
    if budget > getattr(runs, axis)[-1] * (1 + 2e-9):
        return None
    costs = runs.J[moments[-1], :, :3]
    return [np.mean([J if np.isfinite(J) else 1e300 for J in rate]) for rate in costs]


def lost_by_hand(runs, axis, budget):
    means = means_by_hand(runs, axis, budget)
    return [] if means is None else [column for column, J in enumerate(means) if J >= 10]


def best_by_hand(runs, axis, budget):
    means = means_by_hand(runs, axis, budget)
    return None if means is None or len(set(means)) == 1 else means.index(min(means))


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
        axes = explorer.picture.figure.axes[0]
        np.testing.assert_allclose(axes.get_xlim(), (first, last))
        assert axes.get_xlabel() == f"{axis} (log scale)"


@pytest.mark.slow
def test_every_budget_and_every_batch_size_can_be_shown(fresh, monkeypatch, tables):
    monkeypatch.setattr(experiments, "run", lambda problem, eta, B, *rest, **more: shorter(tables[1], B))
    for axis in ("updates", "examples", "epochs"):
        pictures = {picture_after(fresh, axis=axis, budget=percent) for percent in BUDGETS[::5]}
        assert len(pictures) == len(BUDGETS[::5])
    pictures = {picture_after(fresh, batch_size=B) for B in (*BATCH_SIZES, 342)}
    assert len(pictures) == len(BATCH_SIZES) + 1


def shorter(runs, batch_size):
    """Runs with the moments of another batch size, in place of its computation."""
    last = EPOCHS * ceil(342 / batch_size)
    moments = np.unique(np.geomspace(1, last, 30).astype(int))
    return experiments.Runs(runs.problem, runs.eta, batch_size, 342, np.append(0, moments), runs.J[: len(moments) + 1])


def test_no_move_but_that_of_the_axis_draws_it_all_again(explorer, monkeypatch):
    drawn = []
    draw = explorer.picture.figure.canvas.draw
    monkeypatch.setattr(explorer.picture.figure.canvas, "draw", lambda: drawn.append(1) or draw())
    moves = {"eta": 0.01, "budget": 30, "seeds": 1, "rivals": "same η", "batch_size": 342}
    for name, value in moves.items():
        picture_after(explorer, **{name: value})
    assert not drawn
    picture_after(explorer, axis="updates")
    assert len(drawn) == 1


def test_back_to_where_it_was_is_the_same_picture(explorer):
    before = picture_after(explorer, eta=0.1)
    picture_after(explorer, eta=0.01, batch_size=1, budget=20, seeds=3)
    assert picture_after(explorer, eta=0.1, batch_size=18, budget=80, seeds=6) == before


@pytest.mark.slow
def test_another_axis_and_back_is_the_same_picture_to_the_eye(explorer):
    before = pixels(explorer)
    picture_after(explorer, axis="updates")
    assert np.abs(pixels(explorer) - before).mean() > 1
    picture_after(explorer, axis="epochs")
    assert np.abs(pixels(explorer) - before).mean() == 0


@pytest.mark.slow
def test_a_cell_has_its_colour_in_the_picture(explorer):
    height = explorer.picture.figure.bbox.height
    for percent in (20, 50, 70, 100):
        picture_after(explorer, budget=percent)
        colours = explorer.picture.moving["map"].get_array()
        frame, on_map = pixels(explorer), explorer.picture.figure.axes[1].transData
        for row, column in ((0, 2), (0, 9), (9, 1), (9, 5), (22, 3), (22, 8)):
            x, y = on_map.transform((column - 0.4, row - 0.4))
            found = frame[int(height - y), int(x)]
            np.testing.assert_allclose(found, 255 * colours[row, column, :3], atol=9)


def pixels(explorer):
    """The whole picture, height x width x 3."""
    return np.asarray(Image.open(io.BytesIO(explorer.png())).convert("RGB"), float)


def test_the_static_figure_says_what_the_explorer_says(explorer, problem, tables):
    assert comparison_figure(problem, tables).text == explorer.words
    explorer.set(eta=0.63, batch_size=342, axis="updates", budget=10, rivals="same η", seeds=2)
    assert comparison_figure(problem, tables, 0.63, 342, "updates", 10, "same η", 2).text == explorer.words


def test_it_computes_what_it_is_not_given(problem):
    assert "your run, B = 171" in comparison_explorer(problem, batch_size=171, epochs=1).words


def test_the_slider_says_which_batch_sizes_divide(explorer):
    sizes = explorer.controls["batch_size"]
    labels = dict(zip(sizes.options, sizes.texts))
    assert labels[19] == "19, divides N" and labels[16] == "16, rest 6" and labels[342] == "342 = N"
    assert [B for B, text in labels.items() if "rest" not in text] == [B for B in range(1, 343) if 342 % B == 0]


def test_tables_are_filled_once_and_the_share_grows(problem, tables):
    shares = []
    known = comparison_tables(problem, tables, (1, 18, 100, 171), EPOCHS, shares.append)
    assert set(known) == {1, 18, 100, 171, 342} and set(tables) == {1, 18, 342}
    assert known[18] is tables[18]
    np.testing.assert_array_equal(known[171].J, experiments.run(problem, experiments.RATES, 171, EPOCHS).J)
    assert shares == [4 / 6, 1]
