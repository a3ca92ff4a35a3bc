"""Three runs and the map of all runs show the arrays they are given, and their words are computed from them."""

import warnings

import numpy as np
import pytest
from descents import BGD, CURVES, OWN, SGD, made_up

from bgd_helpers.pictures import comparison, landscape

N = 4
COSTS = np.array([[0.3, 0.19, np.inf], [np.nan] * 3, [0.9, 0.9, 0.9], [0.5, 0.14, 12]])
CELLS = landscape.Map([1, 2, 3, 4], np.array([0.1, 0.2, 1]), COSTS, {"sgd": (0, 1), "minibatch": (3, 0), "bgd": (3, 1)})


def drawn(curves=CURVES, axis="epochs", budget=2, cells=CELLS):
    return comparison.picture(curves, axis, budget, N, cells)


@pytest.mark.parametrize("axis", comparison.AXES)
def test_the_curves_are_drawn_on_the_axis(axis):
    picture = drawn(axis=axis)
    for curve in CURVES:
        x, J = picture.moving[curve.kind].get_data()
        np.testing.assert_array_equal(x, getattr(curve, axis)[1:])
        kept = np.isfinite(curve.J[1:, 0])
        np.testing.assert_allclose(J[kept], curve.J[1:, 0][kept])
    assert picture.figure.axes[0].get_xlabel() == f"{axis} (log scale)"
    assert picture.png().startswith(b"\x89PNG")


def test_a_band_holds_every_seed():
    wide = made_up("sgd", "SGD, B = 2, η = 0.1", np.column_stack([SGD.J, 2 * SGD.J]))
    corners = drawn([wide, OWN, BGD]).moving["sgd band"].get_paths()[0].vertices
    for x, low in zip(SGD.epochs[1:], SGD.J[1:, 0]):
        at_x = corners[corners[:, 0] == x, 1]
        np.testing.assert_allclose((at_x.min(), at_x.max()), (low, 2 * low))


def test_who_is_ahead_depends_on_the_axis():
    # 2 epochs are 4 updates of SGD (J = .2) and of the own run (.4), and 2 of BGD (.25)
    assert "SGD is ahead" in drawn(axis="epochs").text
    # 2 updates: SGD .3, own .15, BGD .25
    by_updates = drawn(axis="updates")
    assert "your run is ahead" in by_updates.text
    assert by_updates.moving["ahead"].get_text() == "at 2 updates: your run is ahead"
    assert by_updates.moving["sgd now"].get_data() == ([2], [0.3])
    assert by_updates.moving["bgd J"].get_text() == "0.250"


def test_lost_runs_short_runs_and_starts_are_named():
    assert "BGD, B = 4, η = 0.4: J = 0.900 (still at the start)" in drawn(budget=0.7).text
    lost = drawn(axis="updates", budget=8)
    assert "your run, B = 3, η = 0.2: diverges" in lost.text and lost.moving["minibatch J"].get_text() == "diverges"
    assert "SGD, B = 2, η = 0.1: has ended before" in drawn(budget=5).text


def test_one_example_is_not_one_examples():
    assert drawn(axis="examples", budget=1).text.startswith("At 1 example: ")
    assert drawn(axis="updates", budget=2).text.startswith("At 2 updates: ")


def test_a_run_alone_is_not_ahead():
    alone = drawn([SGD, OWN, SGD._replace(kind="bgd")], budget=4).text
    assert "SGD and SGD are level" in alone
    short = [SGD._replace(epochs=curve.epochs / 8, kind=curve.kind) for curve in CURVES[1:]]
    assert "In short: only SGD runs that long. " in drawn([SGD, *short], budget=4).text


def test_overlapping_bands_are_level():
    wide = made_up("sgd", "SGD", np.column_stack([[0.9, 0.5, 0.3, 0.2, 0.19], [0.9, 0.7, 0.1, 0.2, 0.19]]))
    picture = drawn([wide, OWN, BGD], axis="updates")
    assert "your run and SGD are level (their bands overlap). " in picture.text
    assert picture.moving["ahead"].get_text() == "at 2 updates: your run and SGD are level"


def test_huge_costs_warn_of_nothing():
    huge = made_up("minibatch", "your run, B = 3, η = 0.2", np.full((5, 2), 1.7e308))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "your run, B = 3, η = 0.2: diverges" in drawn([SGD, huge, BGD]).text


def test_a_cell_has_the_colour_of_its_cost():
    moving = drawn().moving
    colours = moving["map"].get_array()
    for row, costs in enumerate(COSTS):
        for column, J in enumerate(costs):
            if np.isnan(J):
                assert colours[row, column, 3] == 0  # what lies below is seen: "not run"
            elif J >= 10:
                np.testing.assert_array_equal(colours[row, column], (0, 0, 0, 1))
            else:
                level = sum(J >= level for level in landscape.LEVELS) - 1
                np.testing.assert_allclose(colours[row, column], landscape.SHADES(level))
    np.testing.assert_array_equal(moving["map diverged"].get_data(), ([2, 2], [0, 3]))


def test_the_best_rate_of_a_batch_size_has_a_dot_unless_none_is_better():
    np.testing.assert_array_equal(drawn().moving["map best"].get_data(), ([1, 1], [0, 3]))


def test_the_three_runs_stand_on_the_map():
    picture = drawn()
    moving = picture.moving
    for kind, (row, column) in CELLS.marked.items():
        assert moving[f"map {kind}"].get_data() == ([column], [row])
    x, y = moving["map cell"].get_data()
    assert (x.min(), x.max(), y.min(), y.max()) == (-0.5, 0.5, 2.5, 3.5)
    texts = {text.get_position(): text.get_text() for text in picture.figure.axes[2].texts}
    assert [texts[comparison.COLUMNS["B"], height] for height in comparison.ROWS] == ["1", "4", "4"]
    assert moving["minibatch B"].get_text() == "4"
    assert [moving[f"{kind} η"].get_text() for kind in CELLS.marked] == ["0.2", "0.1", "0.2"]


def test_the_map_in_words():
    text = drawn().text
    assert "On the map the lowest J is 0.140, with B = 4 and η = 0.2; with B = 4 the best η is 0.2, J = 0.140" in text
    assert "2 of the 9 cells that have a run at the budget diverge, 3 have none." in text
    full = drawn(cells=CELLS._replace(J=np.where(np.isnan(COSTS), 0.3, COSTS))).text
    assert "2 of the 12 cells diverge. " in full


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ([0.9] * 3, "every η is still at the start"),
        ([np.inf] * 3, "every η diverges"),
        ([np.nan] * 3, "no run is that long"),
    ],
)
def test_a_row_without_a_best_rate_in_words(costs, words):
    J = COSTS.copy()
    J[3] = costs
    assert f"with B = 4 {words}" in drawn(cells=CELLS._replace(J=J)).text


def test_a_map_without_a_run_in_words():
    assert "On the map no run is left." in drawn(cells=CELLS._replace(J=np.full((4, 3), np.inf))).text


def test_whether_the_batches_fit_in_words():
    assert drawn().text.endswith("B = 4 divides N = 4: the batches of an epoch are all of one size.")
    own = CELLS._replace(marked=CELLS.marked | {"minibatch": (2, 0)})
    assert drawn(cells=own).text.endswith("B = 3 does not divide N = 4 = 1 · 3 + 1: the last batch has 1.")


def test_only_divisors_are_named_on_the_map():
    on_map = drawn().figure.axes[1]
    assert [label.get_text() for label in on_map.get_yticklabels()] == ["1", "2", "4"]
    assert [label.get_text() for label in on_map.get_xticklabels()] == ["0.1", "1"]
