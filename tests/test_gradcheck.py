"""The numerical gradients and the comparison that a learner sees."""

import numpy as np
import pytest

from bgd_helpers import network
from bgd_helpers.gradcheck import (
    central_difference,
    compare,
    complex_step,
    cosine,
    errors_against_step,
    flatten,
    flattened,
    one_sided_difference,
    relative_error,
)  # fmt: skip


def problem():
    rng = np.random.default_rng(0)
    theta = network.initial_parameters([3, 5, 2], rng, bias_scale=1.0)
    return theta, network.cost_of(["tanh", "sigmoid"], rng.normal(size=(7, 3)), rng.normal(size=(7, 2)))


def polynomial(w):
    """J = w_0^2 w_1 + w_1^3, dJ = (2 w_0 w_1, w_0^2 + 3 w_1^2)."""
    return w[0, 0] ** 2 * w[1, 0] + w[1, 0] ** 3


def test_each_numerical_gradient_of_a_polynomial():
    w = np.array([[2.0], [-3.0]])
    exact = np.array([[-12.0], [31.0]])
    np.testing.assert_allclose(complex_step(polynomial, w), exact, rtol=1e-15)
    np.testing.assert_allclose(central_difference(polynomial, w), exact, rtol=1e-9)
    np.testing.assert_allclose(one_sided_difference(polynomial, w), exact, rtol=1e-6)
    np.testing.assert_allclose(central_difference(polynomial, w.astype(int)), exact, rtol=1e-9)
    assert w.tolist() == [[2], [-3]]


@pytest.mark.parametrize(
    ("method", "best", "reached"), [(central_difference, 1e-5, 1e-9), (one_sided_difference, 1e-8, 1e-6)]
)
def test_the_step_with_the_least_error(method, best, reached):
    theta, cost = problem()
    exact = complex_step(cost, theta)
    steps = 10.0 ** np.arange(-13, 0)
    errors = [relative_error(method(cost, theta, h), exact) for h in steps]
    assert best / 11 < steps[np.argmin(errors)] < best * 11 and min(errors) < reached
    assert errors[0] > 100 * min(errors) and errors[-1] > 100 * min(errors)  # the V


def test_complex_step_does_not_depend_on_the_step():
    theta, cost = problem()
    assert relative_error(complex_step(cost, theta, 1e-200), complex_step(cost, theta, 1e-20)) < 1e-15


def test_complex_step_has_an_error_of_second_order():
    """The third derivative of w_1^3 is 6: the error is h^2."""
    w = np.array([[2.0], [-3.0]])
    np.testing.assert_allclose(complex_step(polynomial, w, 1e-2), [[-12], [27 + 4 - 1e-4]], rtol=1e-12)


def test_errors_against_step_are_those_of_each_rule():
    w = np.array([[2.0], [-3.0]])
    steps, *errors = errors_against_step(polynomial, w, complex_step(polynomial, w))
    np.testing.assert_allclose(steps, [float(f"1e-{n}") for n in range(1, 16)], rtol=1e-14)
    for rule, found in zip((central_difference, one_sided_difference, complex_step), errors, strict=True):
        expected = [relative_error(rule(polynomial, w, h), complex_step(polynomial, w)) for h in steps]
        np.testing.assert_array_equal(found, expected)


def test_a_flattened_cost_takes_the_entries_in_a_row():
    theta, cost = problem()
    of_vector, vector = flattened(cost, theta)
    assert vector.tolist() == flatten(theta).tolist() and of_vector(vector) == cost(theta)
    exact = flatten(complex_step(cost, theta))
    np.testing.assert_allclose(complex_step(of_vector, vector), exact, rtol=1e-13, atol=1e-15)


def test_complex_step_is_broken_silently_by_abs():
    assert not complex_step(lambda w: np.abs(w * w).sum(), np.ones((2, 1))).any()


def test_compare_says_yes():
    found = compare("dW", [[1.0, 2.0]], np.array([[1.0, 2.0]]))
    assert found and found.agrees and repr(found) == "✓ dW: all 2 entries agree"
    assert compare("db", [1.0, 2.0], [1.0, 2.0]) and compare("J", 1.0, 1.0)


@pytest.mark.parametrize(
    ("yours", "text"),
    [
        ([[1, 2, 3], [4, 5.5, 7]], "2 of 6 entries differ, the first at [1, 1]: 5.5000, reference 5.0000"),
        ([[1, 2, np.nan], [4, 5, 6]], "1 of 6 entries differ, the first at [0, 2]: nan, reference 3.0000"),
        ([[1, 2, np.inf], [4, 5, 6]], "the first at [0, 2]: inf, reference 3.0000"),
        ([[1, 2, 3], [4, 5, 6.00001]], "1 of 6 entries differ, the first at [1, 2]: 6.00001, reference 6"),
        ([[1, 4], [2, 5], [3, 6]], "your shape is (3, 2), it should be (2, 3)"),
        ([1, 2, 3], "your shape is (3,), it should be (2, 3)"),
        (1.0, "your shape is (), it should be (2, 3)"),
        ([], "your shape is (0,), it should be (2, 3)"),
        (None, "your shape is (), it should be (2, 3)"),
        (..., "your shape is (), it should be (2, 3)"),
    ],
)
def test_compare_names_the_first_difference(yours, text):
    found = compare("dW", yours, np.array([[1.0, 2, 3], [4, 5, 6]]))
    assert not found and found.text.startswith("✗ dW: ") and text in found.text


def test_compare_of_two_numbers_names_no_entry():
    assert compare("J", 2.0, 1.0).text == "✗ J: 2.0000, reference 1.0000"


def test_compare_is_strict_where_the_reference_is_zero():
    zero = np.zeros(3)
    assert compare("db", zero, zero) and not compare("db", [0, 1e-300, 0], zero)


def test_compare_is_relative_to_the_largest_entry():
    reference = np.array([1e6, 1.0])
    assert compare("x", reference + [0, 5e-7], reference) and not compare("x", reference + [0, 5e-6], reference)


@pytest.mark.parametrize("reference", [np.array([np.nan, 1.0]), np.array([np.inf, 1.0]), np.empty((0, 2))])
def test_compare_never_agrees_with_a_reference_that_says_nothing(reference):
    assert not compare("x", reference.copy(), reference)
    assert not compare("x", np.full(reference.shape, 5.0), reference)  # |5 - inf| <= tolerance * inf


def test_compare_of_gradients_layer_by_layer():
    reference = [(np.ones((2, 3)), np.ones(3)), (np.ones((3, 1)), np.ones(1))]
    agreeing = compare("grad", reference, reference).text.splitlines()
    names = ["dW^(1)", "db^(1)", "dW^(2)", "db^(2)"]
    assert [line.split(":")[0] for line in agreeing] == [f"✓ grad {name}" for name in names]
    assert compare("grad", [list(pair) for pair in reference], reference)
    changed = [reference[0], (reference[1][0], np.array([2.0]))]
    found = compare("grad", changed, reference)
    assert not found and found.text.splitlines()[3].startswith("✗ grad db^(2): 1 of 1 entries differ")


@pytest.mark.parametrize(
    "yours",
    [None, ..., [], 3.0]
    + [[(np.ones((2, 1)),)], [(np.ones((2, 1)), np.ones(1))] * 2, [(np.ones((2, 1)), np.ones(1), np.ones(1))]],
)
def test_compare_of_gradients_that_are_no_pairs(yours):
    found = compare("grad", yours, [(np.ones((2, 1)), np.ones(1))])
    assert not found and "(dW, db) pair" in found.text


def test_relative_error_cosine_and_flatten():
    a, b = [(np.array([[3.0]]), np.array([4.0]))], [(np.array([[3.0]]), np.array([5.0]))]
    assert flatten(a).tolist() == [3, 4] and relative_error(a, b) == 0.2
    assert cosine(a, a) == 1 and cosine(a, [(-a[0][0], -a[0][1])]) == -1
    assert np.isnan(relative_error([(np.array([[3.0]]), np.array([np.nan]))], b))
    with pytest.raises(ValueError, match=r"\(1,\).*differ"):
        relative_error(a, [(np.array([[3.0, 1.0]]), np.array([5.0]))])
