"""The numbers that refute a belief: each table computed, its claim asserted, and a case in which it would not hold."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

from bgd_helpers import data, network, theory
from bgd_helpers.lessons import beliefs, experiments, handout
from bgd_helpers.lessons.measured import Measured

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


def test_every_belief_is_called_false_and_is_measured():
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        for at, cell in enumerate(cells):
            if "**A belief: " in cell.source:
                assert '."** It is false' in cell.source or ',"** It is false' in cell.source
                measured = next(code for code in cells[at:] if code.cell_type == "code")
                assert measured.outputs and not measured.metadata.get("tags")
    assert sum(path.read_text(encoding="utf-8").count("**A belief: ") for path in NOTEBOOKS) >= 16


@pytest.fixture(scope="module")
def flippers():
    birds = data.load_penguins()
    return theory.with_ones(data.standardise(birds.X)), data.standardise(birds.y)


@pytest.fixture(scope="module")
def splits():
    return [data.split(342, 92, np.random.default_rng(seed)) for seed in range(20)]


def column(measured, position):
    return np.array([row[position] for row in measured.rows], float)


def test_a_table_shows_its_numbers_in_columns():
    shown = repr(Measured(("η", "J"), ("", ".2f"), (("0.1", 1.5), ("10", 1e9), ("2", None))))
    assert shown.split("\n") == ["η           J", "0.1      1.50", "10   explodes", "2       never"]


def test_descent_moves_the_parameters_and_not_the_rate(flippers):
    b, w, eta = beliefs.parameters_and_rate(*flippers).rows
    assert b[2] != 0 and w[2] != 0 and b[1] != b[3] and w[1] != w[3]
    assert eta[1] == eta[3] == 0.01 and eta[2] == 0


def test_no_function_fits_two_birds_that_differ_in_the_target_alone():
    X = np.array([[1.0], [1.0], [2.0], [3.0]])
    twins = data.Regression(X, np.array([[0.0], [4.0], [2.0], [1.0]]), ("x",), "y")
    assert np.isclose(column(beliefs.least_cost_of_any_function(twins), 1)[1], 8 / 4 / twins.y.var())
    apart = twins._replace(X=np.array([[0.0], [1.0], [2.0], [3.0]]))
    assert np.isclose(column(beliefs.least_cost_of_any_function(apart), 1)[1], 0, atol=1e-15)


def test_the_birds_leave_a_cost_for_every_function():
    line, best = column(beliefs.least_cost_of_any_function(data.load_penguins()), 1)
    assert 0.1 < best < line < 0.25


def test_a_small_rate_arrives_too_and_takes_its_time(flippers):
    measured = beliefs.updates_by_rate(*flippers, (0.1, 0.01, 0.001))
    updates, J = column(measured, 1), column(measured, 2)
    np.testing.assert_allclose(updates[1:] / updates[:-1], 10, rtol=0.1)
    np.testing.assert_allclose(J, theory.linear_cost(theory.minimiser(*flippers), *flippers), atol=1e-6)


def test_the_step_points_to_the_minimum_of_a_round_bowl_alone(flippers):
    x, _ = flippers
    narrow, round_one = beliefs.angles_to_the_minimum([theory.with_ones(x[:, 1:] + 2.5), x]).rows
    kappa = theory.condition_number(theory.hessian(theory.with_ones(x[:, 1:] + 2.5)))
    assert round_one[2] < 1e-3
    assert np.isclose(narrow[2], np.degrees(np.arccos(2 * np.sqrt(kappa) / (1 + kappa))), atol=0.01)  # Kantorovich


def test_the_farther_point_has_the_smaller_gradient(flippers):
    x, y = flippers
    near, far = beliefs.gradient_and_distance(theory.with_ones(x[:, 1:] + 2.5), y).rows
    assert near[1] < far[1] and near[2] > 5 * far[2] and near[3] < far[3]
    near, far = beliefs.gradient_and_distance(x, y).rows  # a round bowl: there the belief holds
    assert near[2] < far[2]


def test_the_check_is_off_at_the_kink_and_nowhere_else():
    left, near_left, kink, near_right, right = beliefs.relu_slopes().rows
    assert left[1:] == (0, 0) and right[1] == 1 and np.isclose(right[2], 1)
    assert kink[1:] == (0, 0.5) and near_left[1] == 0 and near_right[1] == 1
    assert np.allclose([near_left[2], near_right[2]], [0.3, 0.7])


def test_backprop_alone_changes_nothing_and_any_gradient_will_do():
    net = handout.random_net((2, 3, 1), 4, np.random.default_rng(0))
    alone, ours, other = column(beliefs.backprop_and_descent(net), 1)
    assert alone == network.cost(*net) and ours < alone / 10 and np.isclose(ours, other, rtol=1e-9)


def test_a_network_in_use_stays_as_it_is():
    net = handout.random_net((2, 3, 2), 5, np.random.default_rng(0))
    assert [row[1:] for row in beliefs.while_in_use(net.theta, net.X, net.activations).rows] == [(17, 0), (5, 0)]


def test_a_network_that_did_change_is_noticed(monkeypatch):
    net = handout.random_net((2, 3, 2), 5, np.random.default_rng(0))

    def learning(theta, X, activations):
        theta[0][0][...] += 1
        return np.zeros((5, 2))

    monkeypatch.setattr(network, "predict", learning)
    assert beliefs.while_in_use(net.theta, net.X, net.activations).rows[0][2] == 6


def test_the_best_rate_grows_more_slowly_than_the_batch():
    net = experiments.penguin_problem(hidden=4)
    runs = {B: experiments.run(net, experiments.RATES, B, epochs=60, seeds=2) for B in (18, 57, 342)}
    first, second, last = beliefs.proportional_rates(net, runs, 0.18).rows
    assert first[1] == first[3] and np.isclose(first[2], first[4])
    assert last[1] < last[3] / 4 and not last[4] < 1
    assert second[2] < second[4]


@pytest.mark.slow  # notebook 4b measures it, too
def test_no_batch_size_generalises_better_at_equal_training_cost(splits):
    measured = beliefs.held_out_by_batch_size(experiments.penguin_problem(hidden=4), splits)
    assert np.ptp(column(measured, 1)) < 0.002
    assert (np.abs(column(measured, 3)) <= 4 * column(measured, 4) / np.sqrt(len(splits))).all()


@pytest.mark.slow  # notebook 4b measures it, too
def test_more_epochs_lower_the_training_cost_and_raise_the_other():
    measured = beliefs.held_out_by_epochs(splits=8)
    training, held_out = column(measured, 1), column(measured, 2)
    assert (np.diff(training) < 0).all() and held_out.argmin() == 1 and held_out[-1] > 1.5 * held_out[1]


@pytest.mark.slow  # notebook 4b measures it, too
def test_the_birds_that_chose_a_setting_flatter_it():
    every, best = beliefs.chosen_on_test_data().rows
    assert abs(every[1] - every[2]) < 0.01 and best[2] - best[1] > 0.015


def test_a_mean_leaks_little_and_a_choice_of_inputs_much(splits):
    scaled, chosen = beliefs.prepared_too_early(experiments.penguin_problem(hidden=4), splits).rows
    assert abs(scaled[3]) < scaled[4] < 0.001
    assert chosen[3] < -3 * chosen[4] and chosen[1] < 1 < chosen[2]  # noise cannot beat the mean, which has J = 1


def test_near_a_saddle_a_run_leaves_and_on_a_plateau_it_goes_on():
    still, *moved = beliefs.near_saddle_and_plateau().rows
    assert still[1] == 0 and still[2] is None
    updates = [row[2] for row in moved]
    assert None not in updates and updates[0] < 4 * updates[2]  # a push a million times smaller
    assert updates[3] < updates[4] < updates[5]
