"""Every check is proven both ways: the blank and every slip fail with that slip's message, right answers pass."""

import numpy as np
import pytest

from bgd_helpers import network, slips
from bgd_helpers.exercises import EXERCISES, check


def _every_slip():
    for exercise in EXERCISES:
        for slip in slips.of_exercise(exercise):
            for position, variant in enumerate(slip.variants(exercise)):
                yield pytest.param(exercise, slip, variant, id=f"{exercise}-{slip.name}-{position}")


@pytest.mark.parametrize("exercise, slip, variant", list(_every_slip()))
def test_each_slip_fails_with_its_own_message(exercise, slip, variant):
    verdict = check(exercise, variant)
    assert (verdict.outcome, verdict.slip) == ("wrong", slip.name)
    assert slip.because in repr(verdict)


def test_slips_have_names_of_their_own_and_an_exercise_that_notices():
    assert len(slips.BY_NAME) == len(slips.SLIPS)
    noticed = {slip.name for exercise in EXERCISES for slip in slips.of_exercise(exercise)}
    assert noticed == set(slips.BY_NAME)


def _returns_nothing(*arguments):
    pass


def _not_implemented(*arguments):
    raise NotImplementedError


def _ellipsis(*arguments):
    return ...


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("blank", [_returns_nothing, _not_implemented, _ellipsis])
def test_a_blank_is_not_attempted(exercise, blank):
    verdict = check(exercise, blank)
    assert verdict.outcome == "not attempted"


# -------------------------------------------------------------- right answers in the styles learners write


def _update_in_place_of_a_copy(theta, gradient, eta):
    new = theta.copy()
    new -= eta * gradient
    return new


def _update_loop(theta, gradient, eta):
    new = np.zeros_like(theta)
    for entry in np.ndindex(theta.shape):
        new[entry] = theta[entry] - eta * gradient[entry]
    return new


def _mini_batch_loop(theta, example_gradients, batch, eta):
    total = 0
    for n in batch:
        total = total + example_gradients[n]
    return theta - eta / len(batch) * total


def _mini_batch_weights(theta, example_gradients, batch, eta):
    share = np.zeros(len(example_gradients))
    share[batch] = 1 / len(batch)
    return theta - eta * share @ example_gradients


def _batches_shuffle(N, batch_size, rng):
    examples = np.arange(N)
    rng.shuffle(examples)
    return [examples[s : s + batch_size] for s in range(0, N, batch_size)]


def _batches_split(N, batch_size, rng):
    return np.split(rng.permutation(N), range(batch_size, N, batch_size))


def _batches_of_lists(N, batch_size, rng):
    examples = sorted(range(N), key=lambda n, keys=rng.random(N): keys[n])
    return [np.array(examples[s : s + batch_size]) for s in range(0, N, batch_size)]


def _batches_plain_lists(N, batch_size, rng):
    examples = rng.permutation(N).tolist()
    return [examples[s : s + batch_size] for s in range(0, N, batch_size)]


def _batches_generator(N, batch_size, rng):
    examples = rng.permutation(N)
    for start in range(0, N, batch_size):
        yield examples[start : start + batch_size]


def _central_eye(cost, theta, h):
    return np.array([(cost(theta + h * e) - cost(theta - h * e)) / (2 * h) for e in np.eye(len(theta))])


def _central_list(cost, theta, h):
    return [(cost(theta + h * e) - cost(theta - h * e)) / (2 * h) for e in np.eye(len(theta))]


def _central_copy(cost, theta, h):
    gradient = np.zeros_like(theta)
    for entry in range(theta.size):
        up, down = theta.copy(), theta.copy()
        up[entry] += h
        down[entry] -= h
        gradient[entry] = (cost(up) - cost(down)) / (up[entry] - down[entry])
    return gradient


def _central_put_back(cost, theta, h):
    gradient = np.zeros_like(theta)
    for entry in range(theta.size):
        kept = theta[entry]
        theta[entry] = kept + h
        up = cost(theta)
        theta[entry] = kept - h
        gradient[entry] = (up - cost(theta)) / (2 * h)
        theta[entry] = kept
    return gradient


def _output_from_z(Y, Y_hat, A, df):
    return 2 * (Y_hat - Y) * (1 - Y_hat**2)


def _output_recomputed(Y, Y_hat, A, df):
    return np.multiply(-2, (Y - Y_hat)) / np.cosh(A) ** 2


def _output_loop(Y, Y_hat, A, df):
    delta = np.zeros(Y.shape)
    for n in range(len(Y)):
        for j in range(Y.shape[1]):
            delta[n, j] = -2 * (Y[n, j] - Y_hat[n, j]) * df(A[n, j])
    return delta


def _hidden_einsum(delta_next, W_next, A, Z, df):
    return np.einsum("nj,ij,ni->ni", delta_next, W_next, df(A))


def _hidden_from_z(delta_next, W_next, A, Z, df):
    return (1 - Z**2) * np.dot(delta_next, W_next.transpose())


def _hidden_loop(delta_next, W_next, A, Z, df):
    delta = np.zeros(A.shape)
    for n in range(A.shape[0]):
        for i in range(A.shape[1]):
            delta[n, i] = df(A[n, i]) * sum(W_next[i, j] * delta_next[n, j] for j in range(W_next.shape[1]))
    return delta


def _hidden_tensordot(delta_next, W_next, A, Z, df):
    return df(A) * np.tensordot(delta_next, W_next, axes=(1, 1))


def _weight_einsum(Z_prev, delta):
    return np.einsum("ni,nj->ij", Z_prev, delta) / Z_prev.shape[0]


def _weight_outer(Z_prev, delta):
    total = np.zeros((Z_prev.shape[1], delta.shape[1]))
    for n in range(len(delta)):
        total += np.outer(Z_prev[n], delta[n])
    return total / len(delta)


def _weight_mean(Z_prev, delta):
    return np.mean(Z_prev[:, :, None] * delta[:, None, :], axis=0)


def _weight_reversed(Z_prev, delta):
    return (delta[::-1].T @ Z_prev[::-1] / len(delta)).T


def _bias_sum(delta):
    return np.sum(delta, axis=0) / len(delta)


def _bias_ones(delta):
    return delta.T @ np.ones(len(delta)) / len(delta)


def _bias_loop(delta):
    return [sum(delta[n, j] for n in range(len(delta))) / len(delta) for j in range(delta.shape[1])]


def _bias_einsum(delta):
    return np.einsum("nj->j", delta) / delta.shape[0]


def _backprop_rows(theta, X, Y, activations):
    return network.backprop_by_rows(theta, X, Y, activations, rows=2)


def _backprop_appended(theta, X, Y, activations):
    A, Z = network.forward(theta, X, activations)
    delta, grad = -2 * (Y - Z[-1]) * activations[-1].df(A[-1]), []
    for k in range(len(theta), 0, -1):
        grad.append((Z[k - 1].T @ delta / len(X), delta.mean(axis=0)))
        if k > 1:
            delta = delta @ theta[k - 1][0].T * activations[k - 2].df(A[k - 1])
    return grad[::-1]


def _backprop_examples(theta, X, Y, activations):
    return [(dW.mean(axis=0), db.mean(axis=0)) for dW, db in network.example_gradients(theta, X, Y, activations)]


RIGHT = {
    "loss": [
        lambda y, y_hat: ((y - y_hat) ** 2).sum(),
        lambda y, y_hat: (y_hat - y) @ (y_hat - y),
        lambda y, y_hat: np.linalg.norm(y - y_hat) ** 2,
        lambda y, y_hat: sum((target - output) ** 2 for target, output in zip(y, y_hat)),
    ],
    "update": [
        lambda theta, gradient, eta: theta - eta * gradient,
        lambda theta, gradient, eta: theta + -eta * gradient,
        _update_in_place_of_a_copy,
        _update_loop,
    ],
    "mini_batch_update": [
        lambda theta, G, batch, eta: theta - eta * G[batch].mean(axis=0),
        lambda theta, G, batch, eta: theta - eta * np.sum(G[batch], axis=0) / len(batch),
        _mini_batch_loop,
        _mini_batch_weights,
    ],
    "batches": [_batches_shuffle, _batches_split, _batches_of_lists, _batches_plain_lists, _batches_generator],
    "central_difference": [_central_eye, _central_list, _central_copy, _central_put_back],
    "output_delta": [network.output_delta, _output_from_z, _output_recomputed, _output_loop],
    "hidden_delta": [network.hidden_delta, _hidden_einsum, _hidden_from_z, _hidden_loop, _hidden_tensordot],
    "weight_gradient": [network.weight_gradient, _weight_einsum, _weight_outer, _weight_mean, _weight_reversed],
    "bias_gradient": [network.bias_gradient, _bias_sum, _bias_ones, _bias_loop, _bias_einsum],
    "backprop": [network.backprop_index, _backprop_rows, _backprop_appended, _backprop_examples],
}


def test_every_exercise_has_four_right_styles():
    assert RIGHT.keys() == EXERCISES.keys()
    assert all(len(styles) >= 4 for styles in RIGHT.values())


@pytest.mark.parametrize(
    "exercise, answer", [(name, answer) for name, styles in RIGHT.items() for answer in styles]
)
def test_right_answers_pass_in_any_style(exercise, answer):
    verdict = check(exercise, answer)
    assert verdict.outcome == "right", repr(verdict)


# -------------------------------------------------------------- wrong answers that no slip explains


def test_an_exception_is_reported_with_the_shapes():
    text = repr(check("weight_gradient", lambda Z_prev, delta: Z_prev @ delta))
    assert "raises ValueError" in text and "(7, 2), (7, 4)" in text


def test_a_wrong_shape_is_reported():
    assert "its shape is (7,) and should be (7, 3)" in repr(check("output_delta", lambda Y, *rest: Y[:, 0]))


def test_a_constant_factor_is_reported():
    assert "every entry is 3 times" in repr(check("bias_gradient", lambda delta: 3 * delta.mean(axis=0)))


def test_any_other_difference_names_the_first_entry():
    def one_entry_off(Z_prev, delta):
        dW = Z_prev.T @ delta / len(delta)
        dW[1, 0] += 1
        return dW

    assert "the first at [1, 0]" in repr(check("weight_gradient", one_entry_off))


def test_nan_is_wrong():
    assert check("bias_gradient", lambda delta: delta.mean(axis=0) * np.nan).outcome == "wrong"


def test_a_changed_argument_is_noticed():
    def halves(delta):
        value = delta.mean(axis=0)
        delta /= 2
        return value

    assert check("bias_gradient", halves).slip == "theta changed in place"


def test_an_unknown_exercise_and_a_value_in_place_of_a_function_are_refused():
    with pytest.raises(ValueError, match="there is no exercise 'E99'"):
        check("E99", len)
    with pytest.raises(ValueError, match="needs your function itself"):
        check("update", np.zeros(3))


@pytest.mark.parametrize("slip", slips.of_backprop(), ids=lambda slip: slip.name)
def test_every_slip_of_backpropagation_has_a_wrong_gradient(slip):
    widths = (3, 1) if slip.name == "(N,) against (N, 1)" else (3, 3, 3)
    rng = np.random.default_rng(7)
    theta = network.initial_parameters(widths, rng, bias_scale=0.5)
    data = rng.normal(size=(4, 3)), rng.normal(size=(4, widths[-1])), ["tanh", "sigmoid"][1 - len(widths) :]
    right = network.backprop(theta, *data)
    wrong = [slip.gradient(theta, *data) for _ in range(2)][-1]
    assert not all(
        np.shape(a) == np.shape(b) and np.allclose(a, b) for pair in zip(wrong, right) for a, b in zip(*pair)
    )
