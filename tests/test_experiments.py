"""The experiments of notebook 4 against the course's own descent, the laws and exact enumeration."""

from fractions import Fraction

import numpy as np
import pytest

from bgd_helpers import data, descent, network, theory
from bgd_helpers.lessons import experiments

SIX = [Fraction(g) for g in (1, 2, 4, 9, -1, 3)]


@pytest.fixture(scope="module")
def net():
    return experiments.penguin_problem(hidden=4)


@pytest.mark.parametrize("batch_size", [1, 18, 50, 342])
def test_runs_are_those_of_descend(net, batch_size):
    etas = np.array([0.01, 0.1])
    runs = experiments.run(net, etas, batch_size, epochs=2, seeds=2)
    for seed in range(runs.J.shape[2]):
        gradient, rng = network.gradient_of(net.activations), np.random.default_rng(seed)
        path = descent.descend(gradient, net.theta, net.X, net.Y, etas, batch_size, 2, rng)
        J = path.along(network.cost_of(net.activations, net.X, net.Y))[runs.t]
        np.testing.assert_allclose(runs.J[:, :, seed], J, rtol=1e-9)
        np.testing.assert_array_equal(runs.examples, path.examples[runs.t])


def test_a_learning_rate_that_falls_is_that_of_descend(net):
    def eta(t):
        return 0.02 / (1 + t / 100)

    runs = experiments.run(net, eta, 18, epochs=2, seeds=1)
    path = descent.descend(
        network.gradient_of(net.activations), net.theta, net.X, net.Y, eta, 18, 2, np.random.default_rng(0)
    )
    np.testing.assert_allclose(runs.J[-1, 0, 0], network.cost(path[-1], net.X, net.Y, net.activations), rtol=1e-9)


def test_bgd_has_one_order_and_the_last_batch_counts_its_examples(net):
    assert experiments.run(net, np.array([0.1]), 342, epochs=3, seeds=6).J.shape[1:] == (1, 1)
    runs = experiments.run(net, np.array([0.1]), 100, epochs=2, seeds=1)
    assert dict(zip(runs.t.tolist(), runs.examples.tolist())) == {
        0: 0, 1: 100, 2: 200, 3: 300, 4: 342, 5: 442, 6: 542, 7: 642, 8: 684,
    }  # fmt: skip
    assert runs.epochs[-1] == 2


def test_the_ends_of_epochs_are_recorded_whatever_the_points(net):
    runs = experiments.run(net, np.array([0.1]), 57, epochs=10, seeds=1, points=3)
    assert {1.0, 2.0, 5.0, 10.0} <= set(runs.epochs.tolist())


def test_progress_ends_at_one(net):
    shares = []
    experiments.run(net, np.array([0.1]), 171, epochs=4, seeds=1, progress=shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_a_run_that_is_lost_counts_as_infinite(net):
    runs = experiments.run(net, np.array([0.1, 30.0]), 342, epochs=200)
    assert np.isinf(runs.mean()[-1, 1]) and np.isfinite(runs.mean()[-1, 0])
    assert experiments.best_at(runs, 200).eta == 0.1


def costs_of(rows, batch_size=1):
    """Runs of one seed with these costs, a row a moment."""
    J = np.array(rows, float)[:, :, None]
    return experiments.Runs("made up", np.array([0.1, 0.2]), batch_size, 2, np.arange(len(J)), J)


def test_stays_below_is_not_first_time_below():
    runs = costs_of([[9, 9], [1, 5], [4, 2], [1, 1], [1, 1]])
    assert experiments.updates_to_stay_below(runs, 3).tolist() == [3, 2]
    assert experiments.fewest_updates(runs, 3) == (0.2, 1, 2)
    assert experiments.updates_to_stay_below(runs, 0.5).tolist() == [np.inf, np.inf]
    assert experiments.updates_to_stay_below(runs, 10).tolist() == [0, 0]


def test_best_at_takes_the_last_moment_within_the_budget():
    runs = costs_of([[9, 9], [1, 5], [4, 2]])
    assert experiments.best_at(runs, 0.5) == (0.1, 0, 1)
    assert experiments.best_at(runs, 0.99) == (0.1, 0, 1)
    assert experiments.best_at(runs, 2, "updates") == (0.2, 1, 2)


def test_copies_leave_bgd_as_it_is():
    linear = experiments.penguin_problem()
    once, ten = (experiments.run(p, np.array([0.4]), len(p.X), 5) for p in (linear, experiments.copies(linear, 10)))
    np.testing.assert_allclose(once.J, ten.J, rtol=1e-12)
    assert ten.examples[-1] == 10 * once.examples[-1]


def test_the_start_of_linear_regression_predicts_the_mean():
    linear = experiments.penguin_problem()
    assert np.isclose(network.cost(linear.theta, linear.X, linear.Y, linear.activations), 1)


def test_flops_of_an_epoch_do_not_depend_on_the_batch_size(net):
    for B in (1, 7, 100, 342):
        sizes = [len(batch) for batch in descent.batches(342, B, order="as given")]
        assert sum(experiments.flops(net.theta, size) for size in sizes) == experiments.flops(net.theta, 342)
    assert experiments.flops(net.theta, 1) == 6 * 16 - 2 * 12


@pytest.mark.parametrize(("B", "variance"), list(enumerate(("29/3", "58/15", "29/15", "29/30", "29/75", "0"), start=1)))
def test_enumerated_variance_is_the_law_without_replacement(B, variance):
    found = experiments.variance_by_enumeration(SIX, B)
    assert found == Fraction(variance) == Fraction(29, 3) / B * Fraction(6 - B, 5)
    assert np.isclose(theory.batch_variance(np.array(SIX, float), B), float(found))


@pytest.mark.parametrize("B", [1, 2, 3])
def test_enumerated_variance_is_the_law_with_replacement(B):
    assert experiments.variance_by_enumeration(SIX, B, replacement=True) == Fraction(29, 3) / B


@pytest.mark.parametrize("replacement", [False, True])
def test_measured_variance_follows_the_law(replacement):
    gradients = np.random.default_rng(3).normal(size=(40, 5))
    found = experiments.measured_variance(gradients, 10, np.random.default_rng(0), replacement)
    assert np.isclose(found, theory.batch_variance(gradients, 10, replacement), rtol=0.1)


def test_the_running_mean_is_the_path_of_the_falling_rate():
    x = np.array([1.0, 4.0, 2.0, 7.0])
    rng = np.random.default_rng(0)
    w = experiments.mean_paths(x, lambda t: 1 / (2 * (t + 1)), 4, rng, replicas=3, order="shuffled")
    np.testing.assert_allclose(w[-1], x.mean())


def test_the_floor_with_replacement_is_that_of_theory():
    x = data.standardise(data.load_penguins().y).ravel()
    w = experiments.mean_paths(x, 0.1, 300, np.random.default_rng(0), batch_size=2)
    assert np.isclose(w[100:].var(), theory.noise_floor(0.1, 2, 4, 2), rtol=0.05)


def test_the_reshuffled_floor_is_exact_for_every_order():
    """The variance over all 24 orders of 4 examples, iterated to its fixed point."""
    from itertools import permutations

    x, eta, r = np.array([0.0, 1.0, 5.0, 2.0]), 0.1, 0.8
    sums = [sum(2 * eta * r ** (3 - i) * value for i, value in enumerate(order)) for order in permutations(x)]
    assert np.isclose(experiments.reshuffled_floor(x, eta), np.var(sums) / (1 - r**8))


def test_the_reshuffled_floor_falls_as_the_cube():
    x = data.standardise(data.load_penguins().y).ravel()
    floors = [experiments.reshuffled_floor(x, eta) for eta in (2e-4, 1e-4)]
    assert 2.9 < np.log2(floors[0] / floors[1]) < 3


def test_one_sigmoid_weight_has_two_valleys():
    far, near = experiments.sigmoid_path(8.0), experiments.sigmoid_path(0.0)
    assert np.isclose(far.J_path[-1], 0.4512, atol=5e-5) and np.isclose(near.J_path[-1], 0.0704, atol=5e-5)
    assert (np.diff(far.J_path) <= 0).all()
    assert near.J_path[-1] <= far.J.min()


def test_sgd_stays_in_the_shallow_valley_too():
    path = experiments.sigmoid_path(8.0, rng=np.random.default_rng(0))
    assert np.isclose(path.J_path[-1], 0.4512, atol=5e-4)
    assert len(set(np.diff(path.w).round(6)[:10])) > 1  # two examples, two kinds of steps


def test_xor_from_zero_has_no_gradient():
    xor = experiments.xor()
    for dW, db in network.backprop(xor.theta, xor.X, xor.Y, xor.activations):
        assert not dW.any() and not db.any()
    assert network.cost(xor.theta, xor.X, xor.Y, xor.activations) == 0.25


@pytest.mark.parametrize("all_together", [False, True])
def test_held_out_trains_on_the_training_examples_alone(net, all_together):
    splits = [data.split(342, 92, np.random.default_rng(seed)) for seed in range(2)]
    found = experiments.held_out(net, 0.4, 250, 5, splits, all_together)
    for row, part in zip(found, splits, strict=True):
        X, Y = (values if all_together else _standardised(values, part.train) for values in (net.X, net.Y))
        gradient, seen = network.gradient_of(net.activations), (X[part.train], Y[part.train])
        end = descent.descend(gradient, net.theta, *seen, 0.4, 250, 5)[-1]
        unit = 1 if all_together else net.Y[part.train].var()
        expected = [unit * network.cost(end, X[rows], Y[rows], net.activations) for rows in part]
        np.testing.assert_allclose(row, expected, rtol=1e-9)


def _standardised(values, train):
    return (values - values[train].mean(axis=0)) / values[train].std(axis=0)


def test_what_is_held_out_has_no_say_in_the_training(net):
    split = data.split(342, 92, np.random.default_rng(0))
    other = net._replace(X=net.X.copy(), Y=net.Y.copy())
    other.X[split.held_out] += 5
    other.Y[split.held_out] *= 3
    before, after = (experiments.held_out(problem, 0.4, 250, 5, [split])[0] for problem in (net, other))
    assert before[0] == after[0] and before[1] != after[1]


def test_bad_input_says_what_to_do(net):
    with pytest.raises(ValueError, match="batch_size is 343: with N = 342"):
        experiments.run(net, np.array([0.1]), 343, 1)
    with pytest.raises(ValueError, match="a learning rate is a positive, finite number"):
        experiments.run(net, np.array([-0.1]), 1, 1)
