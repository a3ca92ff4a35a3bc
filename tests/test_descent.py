"""Gradient descent: exact fractions and enumeration where possible."""

from dataclasses import FrozenInstanceError
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from bgd_helpers import network, theory
from bgd_helpers.descent import batches, descend, steps, update

X4 = np.array([[1.0, 0], [1, 1], [1, 2], [1, 4]])
Y4 = np.array([[1.0], [3], [2], [7]])
ZERO = np.zeros((2, 1))
F = ["tanh", "identity"]


def rng():
    return np.random.default_rng(0)


def net(N=7, widths=(3, 5, 2)):
    theta = network.initial_parameters(widths, rng(), bias_scale=1.0)
    data = np.random.default_rng(1)
    return theta, data.normal(size=(N, widths[0])), data.normal(size=(N, widths[-1]))


def plain(theta, X, Y):
    """A learner's gradient: it knows of no runs."""
    assert theta[0][0].ndim == 2
    return network.backprop(theta, X, Y, F)


def entries(theta):
    return [theta] if isinstance(theta, np.ndarray) else [p for pair in theta for p in pair]


def exact_steps(order, eta, size):
    """Gradient descent from 0 on the rational regression, in fractions."""
    w, data = [Fraction(0), Fraction(0)], list(zip(X4.astype(int).tolist(), Y4[:, 0].astype(int).tolist()))
    for start in range(0, len(order), size):
        batch = [data[n] for n in order[start : start + size]]
        error = [w[0] * x[0] + w[1] * x[1] - y for x, y in batch]
        w = [w[i] - eta * 2 * sum(e * x[i] for e, (x, _) in zip(error, batch)) / len(batch) for i in (0, 1)]
        yield tuple(w)


def test_one_step_with_eta_1_is_the_gradient():
    theta, X, Y = net()
    path = descend(network.gradient_of(F), theta, X, Y, eta=1.0, batch_size=7, epochs=1)
    grad = network.backprop(theta, X, Y, F)
    for before, after, part in zip(entries(theta), entries(path[-1]), entries(grad), strict=True):
        np.testing.assert_allclose(before - after, part, rtol=0, atol=1e-15 * 10)


def test_one_bgd_step_on_the_rational_regression():
    assert list(exact_steps([0, 1, 2, 3], Fraction(1, 10), 4)) == [(Fraction(13, 20), Fraction(7, 4))]
    path = descend(theory.linear_gradient, ZERO, X4, Y4, 0.1, batch_size=4, epochs=1)
    np.testing.assert_allclose(path[1][:, 0], [13 / 20, 7 / 4], rtol=1e-15)


def test_four_sgd_steps_on_the_rational_regression():
    steps = list(exact_steps([0, 1, 2, 3], Fraction(1, 10), 1))
    expected = [("1/5", "0"), ("19/25", "14/25"), ("98/125", "76/125"), ("963/625", "2272/625")]
    assert steps == [(Fraction(a), Fraction(b)) for a, b in expected]
    path = descend(theory.linear_gradient, ZERO, X4, Y4, 0.1, batch_size=1, epochs=1, order="as given")
    np.testing.assert_allclose(path.theta[1:, :, 0], np.array(steps, float), rtol=1e-14, atol=1e-16)


def test_short_last_batch_is_kept_and_divided_by_its_own_size():
    steps = list(exact_steps([0, 1, 2, 3], Fraction(1, 10), 3))
    assert len(steps) == 2
    path = descend(theory.linear_gradient, ZERO, X4, Y4, 0.1, batch_size=3, epochs=1, order="as given")
    np.testing.assert_allclose(path.theta[1:, :, 0], np.array(steps, float), rtol=1e-14)


@pytest.mark.parametrize("size", range(1, 7))
def test_all_batches_of_a_size_average_to_the_full_gradient(size):
    theta, X, Y = net(N=6)
    subsets = [list(chosen) for chosen in combinations(range(6), size)]
    grads = [entries(plain(theta, X[chosen], Y[chosen])) for chosen in subsets]
    for part, full in zip(zip(*grads), entries(plain(theta, X, Y)), strict=True):
        np.testing.assert_allclose(np.mean(part, axis=0), full, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("N", "size"), [(7, 1), (7, 3), (7, 7), (8, 4), (1, 1)])
def test_every_epoch_sees_every_example_once(N, size):
    for order in ("shuffled", "as given"):
        epoch = batches(N, size, rng(), order)
        assert sorted(np.concatenate(epoch)) == list(range(N))
        assert [len(batch) for batch in epoch] == [size] * (N // size) + [N % size] * (N % size > 0)


def test_descend_sees_every_example_once_an_epoch_in_groups_that_change():
    seen = []

    def gradient(theta, X, Y):
        seen.append([int(x) for x in X[:, 0]])
        np.testing.assert_array_equal(Y, 10 * X)
        return np.zeros((1, 1))

    X = np.arange(7.0).reshape(-1, 1)
    descend(gradient, np.zeros((1, 1)), X, 10 * X, 0.1, batch_size=3, epochs=4, rng=rng())
    epochs = [seen[start : start + 3] for start in range(0, 12, 3)]
    assert all(sorted(sum(epoch, [])) == list(range(7)) for epoch in epochs)
    assert [len(batch) for batch in epochs[0]] == [3, 3, 1]
    groups = {frozenset(frozenset(batch) for batch in epoch) for epoch in epochs}
    assert len(groups) == 4  # new members, not the old groups in a new order


def test_with_replacement_draws_whole_batches_independently():
    epoch = batches(7, 3, rng(), "with replacement")
    assert [len(batch) for batch in epoch] == [3, 3, 3]
    drawn = np.concatenate(
        [np.concatenate(batches(4, 4, np.random.default_rng(s), "with replacement")) for s in range(50)]
    )
    assert set(drawn) == set(range(4))
    seen = []

    def gradient(theta, X, Y):
        seen.append(tuple(X[:, 0]))
        return np.zeros((1, 1))

    X = np.arange(5.0).reshape(-1, 1)
    descend(gradient, np.zeros((1, 1)), X, X, 0.1, batch_size=5, epochs=9, rng=rng(), order="with replacement")
    assert len(seen) == 9 and len({frozenset(batch) for batch in seen}) > 1 and min(len(set(b)) for b in seen) < 5


@pytest.mark.parametrize("order", ["shuffled", "as given", "with replacement"])
@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("gradient", [network.gradient_of(F), plain], ids=["ours", "plain"])
def test_several_learning_rates_equal_one_by_one(gradient, size, order):
    theta, X, Y = net()
    etas = np.array([0.01, 0.1, 0.3])
    together = descend(gradient, theta, X, Y, etas, size, epochs=3, rng=rng(), order=order)
    for run, eta in enumerate(etas):
        alone = descend(gradient, theta, X, Y, eta, size, epochs=3, rng=rng(), order=order)
        for several, one in zip(entries(together.theta), entries(alone.theta), strict=True):
            np.testing.assert_allclose(several[:, run], one, rtol=1e-11, atol=1e-13)
    assert np.array_equal(together.t, alone.t)


@pytest.mark.parametrize("gradient", [theory.linear_gradient, lambda w, X, y: theory.linear_gradient(w, X, y)])
def test_several_learning_rates_of_one_array_of_parameters(gradient):
    runs = descend(gradient, ZERO, X4, Y4, [0.05, 0.1], batch_size=1, epochs=2, order="as given")
    assert runs.theta.shape == (9, 2, 2, 1)
    one = descend(gradient, ZERO, X4, Y4, 0.1, batch_size=1, epochs=2, order="as given")
    np.testing.assert_allclose(runs.theta[:, 1], one.theta, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("gradient", [network.gradient_of(F), plain])
def test_the_generator_moves_on(gradient):
    theta, X, Y = net()
    generator = rng()
    first, second = (descend(gradient, theta, X, Y, [0.1, 0.2], 1, 1, generator) for _ in range(2))
    assert not np.array_equal(first.theta[0][0][-1], second.theta[0][0][-1])


def test_learning_rate_as_a_function_of_t():
    """On E = (w - x)^2 the rate 1/(2t) from t = 1 is the running mean; 1/(2t^2) from t = 2 stops halfway."""
    x = np.array([[3.0], [1], [4], [1], [5], [9], [2], [6]])

    def gradient(w, X, Y):
        return 2 * (w - Y).mean(axis=0, keepdims=True)

    w0 = np.array([[100.0]])
    path = descend(gradient, w0, x, x, lambda t: 1 / (2 * (t + 1)), 1, 1, order="as given")
    np.testing.assert_allclose(path.theta[1:, 0, 0], np.cumsum(x) / np.arange(1, 9), rtol=1e-14)
    zero = np.zeros((4000, 1))
    slow = descend(gradient, np.ones((1, 1)), zero, zero, lambda t: 1 / (2 * (t + 2) ** 2), 1, 1, order="as given")
    assert slow[-1].item() == pytest.approx(0.5, abs=2e-4)


def test_the_mean_sgd_path_of_a_quadratic_is_the_bgd_path():
    """Sampling with replacement, in fractions: the mean over all N^T orders of draws."""
    eta, T = Fraction(1, 10), 3
    mean = [Fraction(0), Fraction(0)]
    orders = np.stack(np.meshgrid(*[range(4)] * T), axis=-1).reshape(-1, T).tolist()
    for order in orders:
        last = list(exact_steps(order, eta, 1))[-1]
        mean = [m + part / len(orders) for m, part in zip(mean, last)]
    bgd = descend(theory.linear_gradient, ZERO, X4, Y4, 0.1, 4, T)[-1]
    assert mean == list(list(exact_steps([0, 1, 2, 3] * T, eta, 4))[-1])
    np.testing.assert_allclose(bgd[:, 0], np.array(mean, float), rtol=1e-14)


def test_bgd_follows_the_closed_form():
    path = descend(theory.linear_gradient, ZERO, X4, Y4, 0.15, batch_size=4, epochs=60)
    np.testing.assert_allclose(path.theta, theory.linear_path(ZERO, X4, Y4, 0.15, 60), rtol=0, atol=1e-13)


@pytest.mark.parametrize("start", [ZERO, net()[0]], ids=["array", "pairs"])
def test_purity_and_repetition(start):
    linear = isinstance(start, np.ndarray)
    X, Y = (X4, Y4) if linear else net()[1:]
    gradient = theory.linear_gradient if linear else network.gradient_of(F)
    arrays = [X, Y, *entries(start)]
    before = [a.copy() for a in arrays]
    ends = [descend(gradient, start, X, Y, 0.05, 2, 3, rng()) for _ in range(2)]
    for now, then in zip(arrays, before):
        np.testing.assert_array_equal(now, then)
    for one, two in zip(entries(ends[0].theta), entries(ends[1].theta)):
        np.testing.assert_array_equal(one, two)


def test_update_returns_new_parameters_and_changes_all_layers_from_the_same_theta():
    theta, X, Y = net()
    grad = plain(theta, X, Y)
    kept = [p.copy() for p in entries(theta)]
    after = update(theta, grad, 0.5)
    for old, copy, new, part in zip(entries(theta), kept, entries(after), entries(grad), strict=True):
        np.testing.assert_array_equal(old, copy)
        np.testing.assert_array_equal(new, copy - 0.5 * part)
        assert not np.shares_memory(old, new)


def test_the_start_is_recorded_and_every_kth_update_and_the_last():
    def path(every):
        return descend(theory.linear_gradient, ZERO, X4, Y4, 0.01, 1, 3, order="as given", every=every)

    full = path(1)
    assert full.t.tolist() == list(range(13)) and len(full) == 13 and not full[0].any()
    for every, t in ((5, [0, 5, 10, 12]), (4, [0, 4, 8, 12]), (12, [0, 12]), (1000, [0, 12])):
        some = path(every)
        assert some.t.tolist() == t
        np.testing.assert_array_equal(some.theta, full.theta[t])


def test_epochs_and_examples_along_the_path():
    path = descend(theory.linear_gradient, ZERO, X4, Y4, 0.01, 3, 2, rng())
    assert path.epochs.tolist() == [0, 0.5, 1, 1.5, 2] and path.examples.tolist() == [0, 3, 4, 7, 8]
    drawn = descend(theory.linear_gradient, ZERO, X4, Y4, 0.01, 3, 2, rng(), order="with replacement")
    assert drawn.examples.tolist() == [0, 3, 6, 9, 12]


def test_along_gives_a_value_for_every_recorded_moment():
    path = descend(theory.linear_gradient, ZERO, X4, Y4, [0.1, 0.16], 4, 5)
    costs = path.along(lambda w: theory.linear_cost(w, X4, Y4))
    assert costs.shape == (6, 2) and costs[0].tolist() == [63 / 4] * 2 and (np.diff(costs, axis=0) < 0).all()


def quartic(w, X, Y):
    return 4 * w**3


quartic.runs_together = True


def test_divergence_is_told_at_the_first_update_that_is_not_finite():
    one = np.ones((1, 1))
    path = descend(quartic, 100 * one, one, one, 1.0, 1, 20)
    finite = np.isfinite(path.theta[:, 0, 0])
    assert path.diverged == finite.tolist().index(False) and 1 < path.diverged < 20
    assert descend(quartic, one, one, one, 0.1, 1, 20).diverged is None
    runs = descend(quartic, 100 * one, one, one, np.array([1.0, 1e-5, 10.0]), 1, 20)
    again = descend(quartic, 100 * one, one, one, 10.0, 1, 20)
    assert runs.diverged.tolist() == [path.diverged, -1, again.diverged]
    assert descend(quartic, 100 * one, one, one, 1.0, 1, 20, every=20).diverged == 20


def test_divergence_beyond_the_limit_warns_of_nothing_and_leaves_the_other_run_alone():
    theta, X, Y = net()
    with np.errstate(all="raise"):
        runs = descend(network.gradient_of(["square", "identity"]), theta, X, Y, [1e-3, 10.0], 7, 30)
    alone = descend(network.gradient_of(["square", "identity"]), theta, X, Y, 1e-3, 7, 30)
    assert runs.diverged[0] == -1 and runs.diverged[1] > 0 and alone.diverged is None
    np.testing.assert_allclose(runs.theta[0][0][:, 0], alone.theta[0][0], rtol=1e-10)


def test_a_cost_beyond_the_limit_along_a_path_warns_of_nothing():
    path = descend(lambda w, X, Y: -np.ones((1, 1)), np.zeros((1, 1)), ZERO, ZERO, 1e200, 2, 1)
    with np.errstate(all="raise"):
        assert path.along(lambda w: (w**2).item()).tolist() == [0, np.inf]
        assert np.isnan(path.along(lambda w: (w**2 - w**2).item())[1])


def test_runs_advance_together_where_the_gradient_can():
    widths = []

    def gradient(w, X, Y):
        widths.append(w.shape)
        return np.zeros_like(w)

    for together, seen in ((False, [(2, 1)] * 3), (True, [(3, 2, 1)])):
        widths.clear()
        gradient.runs_together = together
        descend(gradient, ZERO, X4, Y4, [0.1, 0.2, 0.3], 4, 1)
        assert widths == seen
    assert network.gradient_of(F).runs_together and theory.linear_gradient.runs_together


def test_a_path_stays_as_it_was_recorded():
    with pytest.raises(FrozenInstanceError):
        call().eta = 1.0


def test_whole_numbers_float32_and_lists_are_data():
    exact = descend(theory.linear_gradient, ZERO, X4, Y4, 0.1, 4, 3)
    whole = descend(theory.linear_gradient, ZERO.astype(int), X4.astype(int), Y4.astype(int), 0.1, 4, 3)
    np.testing.assert_array_equal(whole.theta, exact.theta)
    listed = descend(theory.linear_gradient, ZERO, X4.tolist(), Y4.tolist(), 0.1, 4, 3)
    np.testing.assert_array_equal(listed.theta, exact.theta)
    kinds = set()

    def gradient(w, X, y):
        kinds.add(w.dtype)
        return theory.linear_gradient(w, X, y)

    single = [a.astype(np.float32) for a in (ZERO, X4, Y4)]
    short = descend(gradient, *single, np.float64(0.1), 4, 3)
    assert kinds == {np.dtype(np.float32)}
    np.testing.assert_allclose(short.theta, exact.theta, rtol=1e-5)


def call(**changes):
    given = dict(gradient=theory.linear_gradient, theta=ZERO, X=X4, Y=Y4, eta=0.1, batch_size=2, epochs=2, rng=rng())
    return descend(**{**given, **changes})


def spoiled(array, value):
    copy = array.copy()
    copy[2, 0] = value
    return copy


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(Y=Y4[:, 0]), [r"Y has shape \(4,\)", r"Y.reshape\(-1, 1\)"]),
        (dict(X=X4[:, 0]), [r"X has shape \(4,\)", r"X.reshape\(-1, 1\)"]),
        (dict(Y=Y4[:3]), [r"X has shape \(4, 2\) and Y has shape \(3, 1\)", "same number of rows"]),
        (dict(X=X4[:0], Y=Y4[:0]), [r"shape \(0, 2\)", "at least 1"]),
        (dict(X=spoiled(X4, np.nan)), [r"X\[2, 0\] is nan", "remove or replace"]),
        (dict(Y=spoiled(Y4, -np.inf)), [r"Y\[2, 0\] is -inf", "remove or replace"]),
        (dict(theta=np.zeros(2)), [r"w has shape \(2,\)", r"\(2, 1\)", r"w.reshape\(-1, 1\)"]),
        (dict(gradient=lambda w, X, y: np.zeros(2)), [r"\(2,\)", r"\(2, 1\)", "must be the same"]),
        (dict(eta=0), ["eta is 0", "positive, finite"]),
        (dict(eta=-0.1), ["eta is -0.1", "positive, finite"]),
        (dict(eta=np.nan), ["eta is nan", "positive, finite"]),
        (dict(eta=np.inf), ["eta is inf", "positive, finite"]),
        (dict(eta=[0.1, -1.0]), [r"eta is \[0.1, -1.0\]", "positive, finite"]),
        (dict(eta=[]), [r"eta is \[\]", "give one learning rate"]),
        (dict(eta=[[0.1]]), [r"eta is \[\[0.1\]\]", "1-D array"]),
        (dict(eta=None), ["eta is None", "give one learning rate"]),
        (dict(eta="0.1"), ["eta is '0.1'", "give one learning rate"]),
        (dict(eta=lambda t: 0.1 - 0.1 * t), [r"eta\(1\) is 0.0", "positive, finite"]),
        (dict(eta=lambda t: np.array([0.1, 0.2])), [r"eta\(0\) is \[0.1 0.2\]", "one number"]),
        (dict(batch_size=0), ["batch_size is 0", "N = 4", "from 1 to 4"]),
        (dict(batch_size=5), ["batch_size is 5", "N = 4", "from 1 to 4"]),
        (dict(batch_size=-1), ["batch_size is -1", "from 1 to 4"]),
        (dict(batch_size=2.0), ["batch_size is 2.0", "whole number"]),
        (dict(batch_size=True), ["batch_size is True", "whole number"]),
        (dict(batch_size=None), ["batch_size is None", "whole number"]),
        (dict(epochs=0), ["epochs is 0", "1 or more"]),
        (dict(epochs=1.5), ["epochs is 1.5", "whole number"]),
        (dict(every=0), ["every is 0", "1 or more"]),
        (dict(order="random"), ["order is 'random'", "'with replacement'"]),
        (dict(order="random", batch_size=4), ["order is 'random'", "'with replacement'"]),
        (dict(rng=None), ["rng is None", r"default_rng\(0\)"]),
        (dict(rng=42), ["rng is 42", r"default_rng\(0\)"]),
        (dict(rng=None, batch_size=4, order="with replacement"), ["rng is None", r"default_rng\(0\)"]),
        (dict(epochs=10**9), ["29.8 GiB", "every=30"]),
        (dict(epochs=10**9, every=10), ["3.0 GiB", "every=30"]),
    ],
)
def test_bad_input_is_refused_with_value_shape_and_remedy(changes, words):
    for word in words:
        with pytest.raises(ValueError, match=word):
            call(**changes)


def test_a_batch_size_from_numpy_and_all_examples_without_a_generator_are_fine():
    assert len(call(batch_size=np.int64(2))) == 5
    assert len(call(batch_size=4, rng=None)) == 3


def test_update_refuses_what_would_broadcast():
    with pytest.raises(ValueError, match="must be the same"):
        update(ZERO, np.zeros(2), 0.1)
    with pytest.raises(ValueError, match="must be the same"):
        update(net()[0], net()[0][:1], 0.1)
    with pytest.raises(ValueError, match="eta is 0"):
        update(ZERO, ZERO, 0)


def test_steps_alone_refuse_what_update_refuses():
    with pytest.raises(ValueError, match="eta is 0"):
        next(steps(theory.linear_gradient, ZERO, [(X4, Y4)], 0))
    with pytest.raises(ValueError, match="must be the same"):
        next(steps(lambda w, X, Y: np.zeros(2), ZERO, [(X4, Y4)], 0.1))


def test_a_gradient_function_without_return_is_told_so():
    with pytest.raises(ValueError, match="returned None: see that it ends with `return`"):
        descend(lambda theta, X, Y: None, np.zeros((2, 1)), np.ones((3, 2)), np.ones((3, 1)), 0.1, 3, 1)
