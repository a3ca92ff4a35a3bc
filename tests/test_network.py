"""The network against the complex step, against loops, and against numbers worked by hand."""

import tracemalloc

import numpy as np
import pytest

from bgd_helpers import network
from bgd_helpers.gradcheck import complex_step, relative_error
from bgd_helpers.scale.rows import BLOCK, _blocks, backprop_by_rows

ANALYTIC = ["identity", "tanh", "sigmoid", "softplus"]
SQUARE = ["square", "identity"]


def random_net(seed):
    """A net of depth 1-4, widths 1-5, N = 1-9, biases not zero."""
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(1, 5))
    widths = [int(d) for d in rng.integers(1, 6, depth + 1)]
    N = int(rng.integers(1, 10))
    theta = network.initial_parameters(widths, rng, bias_scale=1.0)
    return theta, rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1])), list(rng.choice(ANALYTIC, depth))


def net(seed=0, N=7, widths=(3, 5, 2), activations=("tanh", "sigmoid")):
    rng = np.random.default_rng(seed)
    theta = network.initial_parameters(widths, rng, bias_scale=1.0)
    return theta, rng.normal(size=(N, widths[0])), rng.normal(size=(N, widths[-1])), list(activations)


def integer_net(outputs=1):
    """The 2-2-1 and 2-2-2 nets of whole numbers, without bias, with f_1(a) = a^2."""
    W2, Y = ([[2.0], [-2.0]], [[-5.0]]) if outputs == 1 else ([[2.0, 1.0], [-2.0, 1.0]], [[-5.0, 4.0]])
    theta = [(np.array([[1.0, 0.0], [-1.0, 1.0]]), np.zeros(2)), (np.array(W2), np.zeros(outputs))]
    return theta, np.array([[1.0, 2.0]]), np.array(Y)


def layer_errors(yours, reference):
    """The error of each dW and db as a share of the largest entry of its layer."""
    for (dW, db), (dW_ref, db_ref) in zip(yours, reference, strict=True):
        scale = max(np.abs(dW_ref).max(), np.abs(db_ref).max())
        assert dW.shape == dW_ref.shape and db.shape == db_ref.shape
        yield max(np.abs(dW - dW_ref).max(), np.abs(db - db_ref).max()) / scale


@pytest.mark.parametrize("seed", range(50))
def test_backprop_is_the_complex_step_and_the_index_form(seed):
    theta, X, Y, activations = random_net(seed)
    grad = network.backprop(theta, X, Y, activations)
    exact = complex_step(network.cost_of(activations, X, Y), theta)
    assert max(layer_errors(grad, exact)) < 1e-12
    assert max(layer_errors(network.backprop_index(theta, X, Y, activations), grad)) < 1e-13
    assert max(layer_errors(backprop_by_rows(theta, X, Y, activations, rows=2), grad)) < 1e-13


def test_the_random_nets_cover_what_they_should():
    nets = [random_net(seed) for seed in range(50)]
    assert {len(theta) for theta, *_ in nets} == {1, 2, 3, 4}
    assert {len(X) for _, X, *_ in nets} == set(range(1, 10))
    assert {f for *_, activations in nets for f in activations} == set(ANALYTIC)
    assert {Y.shape[1] for _, _, Y, _ in nets} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("name", ["relu", "square"])
def test_backprop_with_the_other_activations(name):
    theta, X, Y, _ = net()
    activations = [name, "identity"]
    A, _ = network.forward(theta, X, activations)
    assert np.abs(A[1]).min() > 1e-3  # away from the kink
    exact = complex_step(network.cost_of(activations, X, Y), theta)
    assert relative_error(network.backprop(theta, X, Y, activations), exact) < 1e-12


@pytest.mark.parametrize("f", network.ACTIVATIONS.values(), ids=lambda f: f.name)
def test_activation_slope_is_the_complex_step_of_f(f):
    a = np.array([[-30.0, -3.1, -0.2], [0.3, 1.7, 25.0]])
    exact = f.f(a + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(f.df(a), exact, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(f.df(a, f.f(a)), exact, rtol=1e-14, atol=1e-15)
    assert np.iscomplexobj(f.f(a + 0j)) and not np.iscomplexobj(f.f(a))


def test_sigmoid_and_softplus_are_stable_far_out():
    a = np.array([-1000.0, 0.0, 1000.0])
    with np.errstate(all="raise", under="ignore"):
        assert network.ACTIVATIONS["sigmoid"].f(a).tolist() == [0, 0.5, 1]
        assert network.ACTIVATIONS["sigmoid"].df(a).tolist() == [0, 0.25, 0]
        assert network.ACTIVATIONS["softplus"].f(a).tolist() == [0, np.log(2), 1000]
        assert network.ACTIVATIONS["softplus"].df(a).tolist() == [0, 0.5, 1]
        assert network.ACTIVATIONS["softplus"].f(np.array([-np.inf, np.inf])).tolist() == [0, np.inf]


def test_relu_by_hand_and_at_its_kink():
    relu, a = network.ACTIVATIONS["relu"], np.array([-2.0, 0, 3])
    assert relu.f(a).tolist() == [0, 0, 3] and relu.df(a).tolist() == [0, 0, 1]
    assert relu.f(np.array([1e-30j])).imag.tolist() == [0]


def test_a_slope_is_handed_the_activation_too():
    theta, X, Y, _ = net()
    own = network.Activation("tanh by z", np.tanh, lambda a, z: 1 - z * z)
    for form in (network.backprop, backprop_by_rows):
        assert relative_error(form(theta, X, Y, own), network.backprop(theta, X, Y, "tanh")) < 1e-14


def test_integer_net_by_hand():
    theta, X, Y = integer_net()
    A, Z = network.forward(theta, X, SQUARE)
    assert A[1].tolist() == [[-1, 2]] and Z[1].tolist() == [[1, 4]] and Z[2].tolist() == [[-6]]
    delta = network.deltas(theta, X, Y, SQUARE)
    assert delta[2].tolist() == [[-2]] and delta[1].tolist() == [[8, 16]]
    (dW1, db1), (dW2, db2) = network.backprop(theta, X, Y, SQUARE)
    assert dW1.tolist() == [[8, 16], [16, 32]] and db1.tolist() == [8, 16]
    assert dW2.tolist() == [[-2], [-8]] and db2.tolist() == [-2]
    assert network.cost(theta, X, Y, SQUARE) == 1


def test_several_outputs_are_summed():
    theta, X, Y = integer_net(outputs=2)
    dW1 = network.backprop(theta, X, Y, SQUARE)[0][0]
    assert dW1.tolist() == [[4, 24], [8, 48]]
    alone = []
    for j in (0, 1):
        one = [theta[0], (theta[1][0][:, [j]], theta[1][1][[j]])]
        alone.append(network.backprop(one, X, Y[:, [j]], SQUARE)[0][0])
    assert alone[0].tolist() == [[8, 16], [16, 32]] and alone[1].tolist() == [[-4, 8], [-8, 16]]


def test_one_step_on_the_first_layer_of_the_integer_net():
    theta, X, Y = integer_net()
    W1, W2 = theta[0][0], theta[1]
    true, handout = np.array([[8, 16], [16, 32]]), np.array([[-2, -4], [-2, -4]])
    after = [network.cost([(W1 - 1e-3 * dW, theta[0][1]), W2], X, Y, SQUARE) for dW in (true, handout)]
    assert after == pytest.approx([0.0439, 1.2549], abs=5e-5)


@pytest.mark.parametrize("form", [network.backprop, network.backprop_index, backprop_by_rows])
def test_parameters_and_data_of_whole_numbers(form):
    theta, X, Y = integer_net()
    whole = [(W.astype(int), b.astype(int)) for W, b in theta]
    X3, Y3 = np.array([[1, 2], [2, 1], [0, 1]]), np.array([[-5], [3], [2]])
    expected = network.backprop(theta, X3.astype(float), Y3.astype(float), SQUARE)
    assert relative_error(form(whole, X3, Y3, SQUARE), expected) < 1e-15


def test_conversion_to_torch_mseloss_with_linear_output():
    """torch's MSELoss divides by d_L too: its gradient, written out by hand, is ours / d_L; its weight is (out, in)."""
    theta, X, Y, _ = net(widths=(3, 2), activations=["identity"])
    (W, b), (N, d_L) = theta[0], Y.shape
    weight = W.T  # (out, in)
    error = X @ weight.T + b - Y
    torch_dW, torch_db = 2 * error.T @ X / (N * d_L), 2 * error.sum(axis=0) / (N * d_L)
    dW, db = network.backprop(theta, X, Y, ["identity"])[0]
    np.testing.assert_allclose(torch_dW.T, dW / d_L, rtol=1e-13)
    np.testing.assert_allclose(torch_db, db / d_L, rtol=1e-13)


def test_conversions_of_the_half():
    """Half the mean (Nielsen, LeCun) halves the gradient; half the sum (Rumelhart et al.) multiplies it by N/2."""
    theta, X, Y, f = net()
    dW = network.backprop(theta, X, Y, f)[0][0]
    half_mean = complex_step(lambda p: 0.5 * network.losses(p, X, Y, f).mean(), theta)[0][0]
    half_sum = complex_step(lambda p: 0.5 * network.losses(p, X, Y, f).sum(), theta)[0][0]
    np.testing.assert_allclose(half_mean, dW / 2, rtol=1e-11)
    np.testing.assert_allclose(half_sum, len(X) / 2 * dW, rtol=1e-11)


def test_cost_is_the_mean_of_the_losses_summed_over_outputs():
    theta, X, Y, f = net()
    Y_hat = network.predict(theta, X, f)
    by_loops = [sum((Y[n, j] - Y_hat[n, j]) ** 2 for j in range(2)) for n in range(7)]
    np.testing.assert_allclose(network.losses(theta, X, Y, f), by_loops, rtol=1e-15)
    assert network.cost(theta, X, Y, f) == pytest.approx(sum(by_loops) / 7, rel=1e-15)


def test_example_gradients_average_to_the_gradient():
    theta, X, Y, f = net()
    each = network.example_gradients(theta, X, Y, f)
    mean = [(dW.mean(axis=0), db.mean(axis=0)) for dW, db in each]
    assert relative_error(mean, network.backprop(theta, X, Y, f)) < 1e-14
    third = network.backprop(theta, X[2:3], Y[2:3], f)
    assert relative_error([(dW[2], db[2]) for dW, db in each], third) < 1e-14


@pytest.mark.parametrize("k", [1, 2])
def test_delta_is_n_times_the_slope_of_the_cost_from_that_layer(k):
    theta, X, Y, f = net()
    A, _ = network.forward(theta, X, f)
    exact = 7 * complex_step(lambda moved: network.cost_from_layer(k, moved, theta, Y, f), A[k])
    np.testing.assert_allclose(network.deltas(theta, X, Y, f)[k], exact, rtol=1e-12)
    assert network.cost_from_layer(k, A[k], theta, Y, f) == pytest.approx(network.cost(theta, X, Y, f), rel=1e-14)


def shards(sizes):
    edges = np.cumsum([0, *sizes])
    return [slice(start, stop) for start, stop in zip(edges, edges[1:])]


def weighted(grads, weights):
    return [
        tuple(sum(w * grad[k][part] for w, grad in zip(weights, grads)) for part in (0, 1))
        for k in range(len(grads[0]))
    ]


@pytest.mark.parametrize("sizes", [(1, 2, 4), (6, 1), (3, 4)])
def test_weighted_shards_are_exact_and_unweighted_ones_are_not(sizes):
    theta, X, Y, f = net()
    full = network.backprop(theta, X, Y, f)
    grads = [network.backprop(theta, X[s], Y[s], f) for s in shards(sizes)]
    assert relative_error(weighted(grads, [size / 7 for size in sizes]), full) < 1e-14
    assert relative_error(weighted(grads, [1 / len(sizes)] * len(sizes)), full) > 1e-3


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100])
def test_rows_at_a_time_give_the_same_gradient(rows):
    theta, X, Y, f = net(N=7, widths=(3, 5, 4, 2), activations=("tanh", "softplus", "sigmoid"))
    full = network.backprop(theta, X, Y, f)
    assert relative_error(backprop_by_rows(theta, X, Y, f, rows), full) < 1e-13


def test_rows_at_a_time_of_a_wide_net_take_its_units_in_blocks():
    theta, X, Y, f = net(N=3000, widths=(3, 17, 2))
    assert len(_blocks(np.empty((17, 2048)))) > 1
    assert relative_error(backprop_by_rows(theta, X, Y, f), network.backprop(theta, X, Y, f)) < 1e-13


def test_rows_at_a_time_may_be_more_than_a_block_holds():
    N = BLOCK + 1
    theta, X, Y, f = net(N=N)
    assert relative_error(backprop_by_rows(theta, X, Y, f, N), network.backprop(theta, X, Y, f)) < 1e-13


@pytest.mark.parametrize("N", [30_000, pytest.param(60_000, marks=pytest.mark.slow)])
def test_memory_of_rows_at_a_time_is_bounded_by_the_chunk(N):
    """784-256-10: what NumPy allocates beyond the data (tracemalloc does not see BLAS)."""
    rng = np.random.default_rng(0)
    theta = network.initial_parameters([784, 256, 10], rng)
    X, Y = np.ones((N, 784)), np.ones((N, 10))
    X[:, 0] = rng.normal(size=N)
    tracemalloc.start()
    backprop_by_rows(theta, X, Y, ["tanh", "identity"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 1e6 < peak < 60e6


def test_the_runs_of_a_run_axis_are_apart():
    theta, X, Y, f = net()
    other = [(W + 1, b - 1) for W, b in theta]
    both = [tuple(np.stack(parts) for parts in zip(*pairs)) for pairs in zip(theta, other)]
    for form in (network.backprop, backprop_by_rows):
        grad = form(both, X, Y, f)
        for run, alone in enumerate((theta, other)):
            one = [(dW[run], db[run]) for dW, db in grad]
            assert relative_error(one, network.backprop(alone, X, Y, f)) < 1e-13
    assert network.cost(both, X, Y, f).tolist() == [network.cost(p, X, Y, f) for p in (theta, other)]


@pytest.mark.parametrize("form", [network.backprop, backprop_by_rows])
def test_float32_stays_float32(form):
    theta, X, Y, f = net()
    exact = network.backprop(theta, X, Y, f)
    single = [(W.astype(np.float32), b.astype(np.float32)) for W, b in theta]
    grad = form(single, X.astype(np.float32), Y.astype(np.float32), f)
    assert {part.dtype for pair in grad for part in pair} == {np.dtype(np.float32)}
    assert relative_error(grad, exact) < 1e-5


@pytest.mark.parametrize("form", [network.backprop, network.backprop_index, backprop_by_rows, network.deltas])
def test_purity(form):
    theta, X, Y, f = net()
    before = [X.copy(), Y.copy(), *(p.copy() for pair in theta for p in pair)]
    first, second = form(theta, X, Y, f), form(theta, X, Y, f)
    assert repr(first) == repr(second)
    for now, then in zip([X, Y, *(p for pair in theta for p in pair)], before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_an_equation_can_be_replaced():
    theta, X, Y, f = net()
    wrong = network.Equations(bias_gradient=lambda delta: delta.sum(axis=-2))
    right, changed = network.backprop(theta, X, Y, f), network.backprop(theta, X, Y, f, wrong)
    for (dW, db), (dW_changed, db_changed) in zip(right, changed):
        np.testing.assert_array_equal(dW_changed, dW)
        np.testing.assert_allclose(db_changed, 7 * db, rtol=1e-13)


def test_initial_parameters_have_the_right_shapes_and_spread():
    theta = network.initial_parameters([400, 300, 2], np.random.default_rng(0), scale=3.0)
    assert [(W.shape, b.shape) for W, b in theta] == [((400, 300), (300,)), ((300, 2), (2,))]
    assert theta[0][0].std() == pytest.approx(3 / 20, rel=0.02) and not theta[0][1].any()


FORMS = [network.backprop, backprop_by_rows, network.backprop_index, network.example_gradients, network.cost]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p, X, Y: (p, X, Y[:, 0]), [r"Y has shape \(7,\)", r"Y.reshape\(-1, 1\)"]),
        (lambda p, X, Y: (p, X, Y[:6]), [r"Y has shape \(6, 2\)", r"\(7, 2\)", "one row an example"]),
        (lambda p, X, Y: (p, X, Y[:, :1]), [r"Y has shape \(7, 1\)", r"\(7, 2\)", "one column an output"]),
        (lambda p, X, Y: (p, X[0], Y), [r"X has shape \(3,\)", r"X\[n:n\+1\]"]),
        (lambda p, X, Y: (p, X[:, :2], Y), [r"W\^\(1\) has shape \(3, 5\)", "2 units", "needs 2 rows"]),
        (lambda p, X, Y: (p, X[:0], Y[:0]), [r"X has shape \(0, 3\)", "at least one"]),
        (lambda p, X, Y: (p, X.tolist(), Y), ["X is a list", r"np.array\(X\)"]),
        (lambda p, X, Y: (p, X, Y.tolist()), ["Y is a list", r"np.array\(Y\)"]),
        (
            lambda p, X, Y: ([(p[0][0], p[0][1][:1]), p[1]], X, Y),
            [r"b\^\(1\) has shape \(1,\)", r"\(3, 5\)", "one bias"],
        ),
        (lambda p, X, Y: ([p[0], (p[1][0].T, p[1][1])], X, Y), [r"W\^\(2\) has shape \(2, 5\)", "needs 5 rows"]),
    ],
)
def test_shapes_that_do_not_fit_are_refused(form, change, words):
    theta, X, Y, f = net()
    for word in words:
        with pytest.raises(ValueError, match=word):
            form(*change(theta, X, Y), f)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("activations", [("tanh", "sigmoid"), ("relu", "identity"), ("sigmoid", "relu")])
@pytest.mark.parametrize("form", [network.backprop, backprop_by_rows])
def test_data_that_are_not_finite_are_refused(bad, activations, form):
    theta, X, Y, f = net(activations=activations)
    for name, array, entry in (("X", X, (4, 1)), ("Y", Y, (5, 0))):
        kept, array[entry] = array[entry], bad
        with (
            np.errstate(invalid="ignore"),
            pytest.raises(ValueError, match=rf"{name}\[{entry[0]}, {entry[1]}\] is {bad}: remove"),
        ):
            form(theta, X, Y, f)
        array[entry] = kept


def test_large_but_finite_gradients_pass():
    theta, X, Y, _ = net(activations=["identity", "identity"])
    grad = network.backprop(theta, X, 1e300 * Y, ["identity", "identity"])
    assert all(np.isfinite(part).all() for pair in grad for part in pair)


def test_activations_that_are_unknown_or_too_few():
    theta, X, Y, _ = net()
    with pytest.raises(ValueError, match="'tan' is unknown: choose one of identity, tanh"):
        network.backprop(theta, X, Y, ["tan", "tanh"])
    with pytest.raises(ValueError, match="1 activations for 2 layers"):
        network.backprop(theta, X, Y, ["tanh"])
    with pytest.raises(ValueError, match="rows is 0"):
        backprop_by_rows(theta, X, Y, "tanh", rows=0)


def test_xor_from_zero_stays_at_a_quarter():
    X, Y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    zero = [(np.zeros((2, 2)), np.zeros(2)), (np.zeros((2, 1)), np.zeros(1))]
    assert not any(part.any() for pair in network.backprop(zero, X, Y, "sigmoid") for part in pair)
    assert network.cost(zero, X, Y, "sigmoid") == 0.25


def test_runs_with_data_of_their_own_give_what_each_gives_alone():
    rng = np.random.default_rng(1)
    single = network.initial_parameters((3, 4, 2), rng, bias_scale=0.5)
    theta = [(rng.normal(size=(2, 5, *W.shape)), rng.normal(size=(2, 5, *b.shape))) for W, b in single]
    X, Y, f = rng.normal(size=(5, 7, 3)), rng.normal(size=(5, 7, 2)), ("tanh", "sigmoid")
    together, costs = network.backprop(theta, X, Y, f), network.cost(theta, X, Y, f)
    for r, s in np.ndindex(2, 5):
        one = [(W[r, s], b[r, s]) for W, b in theta]
        np.testing.assert_allclose(costs[r, s], network.cost(one, X[s], Y[s], f), rtol=1e-13)
        for (dW, db), (dW_one, db_one) in zip(together, network.backprop(one, X[s], Y[s], f)):
            np.testing.assert_allclose(dW[r, s], dW_one, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(db[r, s], db_one, rtol=1e-12, atol=1e-14)


def test_data_have_no_more_axes_than_the_parameters():
    theta = network.initial_parameters((3, 2), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"X has shape \(5, 7, 3\): it must be 2-D"):
        network.forward(theta, np.zeros((5, 7, 3)), "tanh")
    runs = [(np.stack([W, W]), np.stack([b, b])) for W, b in theta]
    with pytest.raises(ValueError, match=r"X has shape \(2, 7, 3\): it must be 2-D"):
        backprop_by_rows(runs, np.zeros((2, 7, 3)), np.zeros((2, 7, 2)), "tanh")


def test_runs_without_an_example_are_refused():
    theta = [(np.zeros((2, 3, 1)), np.zeros((2, 1)))]
    with pytest.raises(ValueError, match=r"X has shape \(2, 0, 3\): it holds no example"):
        network.forward(theta, np.zeros((2, 0, 3)), "identity")


def test_nan_in_the_data_of_one_run_is_named():
    theta = [(np.zeros((2, 3, 1)), np.zeros((2, 1)))]
    X = np.zeros((2, 4, 3))
    X[1, 2, 0] = np.nan
    with pytest.raises(ValueError, match=r"X\[1, 2, 0\] is nan"):
        network.backprop(theta, X, np.zeros((2, 4, 1)), "identity")
