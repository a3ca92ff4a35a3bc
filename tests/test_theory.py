"""The closed forms against exact fractions, enumeration and descents."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from bgd_helpers import theory
from bgd_helpers.descent import descend
from bgd_helpers.gradcheck import complex_step

X4 = theory.with_ones(np.array([[0.0], [1], [2], [4]]))
Y4 = np.array([[1.0], [3], [2], [7]])
H = theory.hessian(X4)
ROOT = np.sqrt(485)
GRADIENTS = [1, 2, 4, 9, -1, 3]


def updates_until(eta, distance_left):
    """Updates of BGD from 0 until the distance to w* is no more than this."""
    path = descend(theory.linear_gradient, np.zeros((2, 1)), X4, Y4, eta, 4, 300).theta
    distance = np.linalg.norm(path - theory.minimiser(X4, Y4), axis=(1, 2))
    return int((distance <= distance_left).argmax())


def variance(means):
    centre = sum(means) / Fraction(len(means))
    return sum((m - centre) ** 2 for m in means) / len(means)


def test_rational_regression():
    assert X4[:, 0].tolist() == [1] * 4 and H.tolist() == [[2, 3.5], [3.5, 10.5]]
    np.testing.assert_allclose(theory.minimiser(X4, Y4)[:, 0], [4 / 5, 7 / 5], rtol=1e-14)
    assert theory.linear_cost(theory.minimiser(X4, Y4), X4, Y4) == pytest.approx(9 / 10, rel=1e-14)
    np.testing.assert_allclose(np.linalg.eigvalsh(H), [(25 - ROOT) / 4, (25 + ROOT) / 4], rtol=1e-14)
    assert theory.learning_rate_limit(H) == pytest.approx(8 / (25 + ROOT), rel=1e-14)
    assert theory.learning_rate_limit(H) == pytest.approx(0.1701305, abs=5e-8)
    assert theory.best_learning_rate(H) == pytest.approx(0.16, rel=1e-14)
    assert theory.condition_number(H) == pytest.approx((25 + ROOT) / (25 - ROOT), rel=1e-13)


def test_rate_at_the_best_learning_rate_and_around_it():
    kappa = theory.condition_number(H)
    assert theory.rate(H, 0.16) == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-13) == pytest.approx(ROOT / 25)
    assert theory.rate(H, 0.16) == pytest.approx(0.880909, abs=5e-7)
    assert min(theory.rate(H, 0.159), theory.rate(H, 0.161)) > theory.rate(H, 0.16)
    assert theory.rate(H, theory.learning_rate_limit(H)) == pytest.approx(1, rel=1e-14)


def test_updates_to_a_millionth():
    """A millionth itself, and a millionth of the start."""
    start = np.linalg.norm(theory.minimiser(X4, Y4))
    etas = 1 / np.linalg.eigvalsh(H)[-1], theory.best_learning_rate(H)
    assert [updates_until(eta, 1e-6) for eta in etas] == [192, 113]
    assert [updates_until(eta, 1e-6 * start) for eta in etas] == [185, 109]


@pytest.mark.parametrize(("share", "grows"), [(0.99, False), (1.01, True)])
def test_the_limit_parts_convergence_from_divergence(share, grows):
    eta = share * theory.learning_rate_limit(H)
    path = theory.linear_path(np.zeros((2, 1)), X4, Y4, eta, 2000)
    distance = np.linalg.norm(path - theory.minimiser(X4, Y4), axis=(1, 2))
    assert (distance[-1] > distance[0]) == grows


def test_linear_gradient_is_the_complex_step_and_the_mean_of_the_examples():
    w = np.array([[0.3], [-1.7]])
    grad = theory.linear_gradient(w, X4, Y4)
    np.testing.assert_allclose(grad, complex_step(lambda v: theory.linear_cost(v, X4, Y4), w), rtol=1e-14)
    np.testing.assert_allclose(theory.linear_example_gradients(w, X4, Y4).mean(axis=0), grad[:, 0], rtol=1e-14)
    assert theory.linear_gradient(theory.minimiser(X4, Y4), X4, Y4) == pytest.approx(0, abs=1e-13)


def test_hessian_is_the_difference_of_gradients():
    w = np.array([[0.3], [-1.7]])
    for j in (0, 1):
        step = np.eye(2)[:, [j]]
        difference = theory.linear_gradient(w + step, X4, Y4) - theory.linear_gradient(w, X4, Y4)
        np.testing.assert_allclose(difference, H[:, [j]], rtol=1e-13)


@pytest.mark.parametrize("function", [theory.linear_cost, theory.linear_gradient, theory.linear_example_gradients])
@pytest.mark.parametrize(
    ("w", "y", "words"),
    [
        (np.zeros(2), Y4, r"w has shape \(2,\).*w.reshape\(-1, 1\)"),
        (np.zeros((2, 1)), Y4[:, 0], r"y has shape \(4,\).*y.reshape\(-1, 1\)"),
        (np.zeros((3, 1)), Y4, r"w has shape \(3, 1\).*\(2, 1\)"),
        (np.zeros((2, 1)), Y4[:1], r"y has shape \(1, 1\).*\(4, 1\)"),
    ],
)
def test_nothing_broadcasts_to_n_by_n(function, w, y, words):
    with pytest.raises(ValueError, match=words):
        function(w, X4, y)


@pytest.mark.parametrize("size", range(1, 7))
def test_noise_law_by_enumeration(size):
    """Every batch of the size, in fractions: Sigma/B (N - B)/(N - 1) without replacement."""
    without = variance([Fraction(sum(batch), size) for batch in combinations(GRADIENTS, size)])
    assert without == [Fraction(v) for v in ("29/3", "58/15", "29/15", "29/30", "29/75", "0")][size - 1]
    assert theory.batch_variance(GRADIENTS, size) == pytest.approx(float(without), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_noise_law_with_replacement_by_enumeration(size):
    exact = variance([Fraction(sum(batch), size) for batch in product(GRADIENTS, repeat=size)])
    assert exact == Fraction(29, 3) / size
    assert theory.batch_variance(GRADIENTS, size, replacement=True) == pytest.approx(float(exact), rel=1e-14)


def test_noise_of_several_parameters_is_summed():
    gradients = np.array([[1.0, 5], [2, 3], [6, 4]])
    parts = sum(theory.batch_variance(gradients[:, j], 2) for j in (0, 1))
    assert theory.batch_variance(gradients, 2) == pytest.approx(parts, rel=1e-14)
    assert theory.batch_variance(gradients[:1], 1) == 0


def test_noise_floor_is_the_fixed_point_of_the_variance():
    """w <- (1 - eta lambda) w + eta noise leaves exactly one variance as it is."""
    eta, curvature, sigma2, size = Fraction(1, 10), Fraction(3), Fraction(7), 4
    floor = theory.noise_floor(eta, curvature, sigma2, size)
    assert (1 - eta * curvature) ** 2 * floor + eta**2 * sigma2 / size == floor
