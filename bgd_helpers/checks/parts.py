"""E4 and E5 as products: which of the two factors is another one, whatever number they are multiplied by."""

import numpy as np

from bgd_helpers.checks.outcomes import is_real
from bgd_helpers.checks.patterns import factor

SLOPES = {  # what stands where f'(a) belongs; z is Y_hat in E4
    "": lambda a, z, df: df(a),
    "nothing": lambda a, z, df: np.ones_like(a),
    "f'(z)": lambda a, z, df: df(z),
    "f(a), which is z,": lambda a, z, df: z,
    "a": lambda a, z, df: a,
    "z (1 - z), the sigmoid's slope,": lambda a, z, df: z * (1 - z),
    "a (1 - a)": lambda a, z, df: a * (1 - a),
    "1 - z": lambda a, z, df: 1 - z,
    "1 - a": lambda a, z, df: 1 - a,
    "1 - z^2": lambda a, z, df: 1 - z**2,
    "1 - a^2": lambda a, z, df: 1 - a**2,
    "f(z)": lambda a, z, df: np.tanh(z),
    "1 where a > 0, ReLU's slope,": lambda a, z, df: 1.0 * (a > 0),
    "f'(a), squared,": lambda a, z, df: df(a) ** 2,
    "1/f'(a)": lambda a, z, df: 1 / df(a),
    "the mean of f'(a)": lambda a, z, df: df(a).mean(axis=0) + 0 * a,
}
DIFFERENCES = {  # what stands where the difference of targets and outputs belongs
    "": lambda y, z, a: y - z,
    "the targets alone": lambda y, z, a: y,
    "the outputs alone": lambda y, z, a: z,
    "the difference to the pre-activations": lambda y, z, a: y - a,
    "the difference to f of the outputs": lambda y, z, a: y - np.tanh(z),
    "the square of the difference": lambda y, z, a: (y - z) ** 2,
    "the size of the difference, without its sign,": lambda y, z, a: np.abs(y - z),
    "the sign of the difference": lambda y, z, a: np.sign(y - z),
    "the quotient": lambda y, z, a: y / z,
    "the derivative of another loss, the cross-entropy,": lambda y, z, a: (z - y) / (z * (1 - z)),
    "the product": lambda y, z, a: y * z,
    "the sum": lambda y, z, a: y + z,
    "a sum or mean of the differences over the examples": lambda y, z, a: (y - z).sum(axis=0) + 0 * y,
    "a sum or mean of the differences over the outputs": lambda y, z, a: (y - z).sum(axis=1, keepdims=True) + 0 * y,
}
BACK = {  # what stands where the sum over j of w_ij delta_nj belongs
    "": lambda d, w: d @ w.T,
    "the product with W untransposed": lambda d, w: d @ w,
    "delta as it is": lambda d, w: d,
    "the size of the sum, without its sign,": lambda d, w: np.abs(d @ w.T),
    "the product with the pseudo-inverse of W": lambda d, w: d @ np.linalg.pinv(w),
    "the product with the sizes of the weights": lambda d, w: d @ np.abs(w).T,
    "the product with the squares of the weights": lambda d, w: d @ (w**2).T,
    "the product of two sums over j": lambda d, w: np.outer(d.sum(axis=1), w.sum(axis=1)),
    "a sum of the weights": lambda d, w: w.sum(axis=1) + np.zeros((len(d), 1)),
    "a sum of the deltas": lambda d, w: d.sum(axis=1, keepdims=True) + np.zeros(len(w)),
    "a sum or mean of the deltas over the examples": lambda d, w: d.sum(axis=0) @ w.T + np.zeros((len(d), 1)),
}

TERMS = {  # what is added over the outputs where (y - y_hat)^2 belongs
    "y y_hat": lambda y, z: y * z,
    "y^2": lambda y, z: y**2,
    "y_hat^2": lambda y, z: z**2,
    "(y + y_hat)^2": lambda y, z: (y + z) ** 2,
    "(y - y_hat)^3": lambda y, z: (y - z) ** 3,
    "(y - y_hat)^4": lambda y, z: (y - z) ** 4,
    "y^2 + y_hat^2": lambda y, z: y**2 + z**2,
}


def other_part(exercise: str, cases: list, found: list) -> str | None:
    """Which factor of E4 or E5, or which term of E2, is another, as a sentence; None where none fits all cases."""
    if exercise == "loss":
        return _other_term(cases, found)
    if exercise not in ("output_delta", "hidden_delta"):
        return None
    firsts = DIFFERENCES if exercise == "output_delta" else BACK
    for first, one in firsts.items():
        for second, other in SLOPES.items():
            if (first or second) and _fits(exercise, cases, found, one, other):
                return _sentence(exercise, first, second)
    if _is_added(exercise, cases, found, firsts[""]):
        return "f'(a) is added where it is a factor"
    return None


def _other_term(cases, found):
    """Which term is added in E2, whatever number the sum or the mean is multiplied by."""
    if not all(isinstance(value, list) and is_real(value[0][0]) and value[0][0].size == 1 for value in found):
        return None
    numbers = np.array([value[0][0].item() for value in found])
    for name, term in TERMS.items():
        terms = [term(y, y_hat) for y, y_hat in cases]
        if any(factor(numbers, np.array(list(map(over, terms)))) for over in (np.sum, np.mean)):
            return f"{name} stands where (y - y_hat)^2 belongs"
    return None


def _is_added(exercise, cases, found, one):
    """Whether each value less f'(a) is the other factor, times a number; A stands third in both."""
    slopes = [case[-1](case[2]) for case in cases]
    if not all(isinstance(value, list) and is_real(value[0][0]) for value in found):
        return False
    rests = [[[a - slope]] if a.shape == slope.shape else [[a]] for [[a]], slope in zip(found, slopes)]
    return _fits(exercise, cases, rests, one, SLOPES["nothing"])


def _fits(exercise, cases, found, one, other):
    """Whether every value is the product of the two, times a number."""
    products = [_product(exercise, case, one, other) for case in cases]
    return all(isinstance(value, list) for value in found) and all(
        b is not None and a.shape == b.shape and is_real(a) and factor(a, b) is not None
        for (((a,),), b) in zip(found, products)
    )


def _product(exercise, case, one, other):
    try:
        with np.errstate(all="ignore"):
            if exercise == "output_delta":
                Y, Y_hat, A, df = case
                return one(Y, Y_hat, A) * other(A, Y_hat, df)
            delta, W, A, Z, df = case
            return one(delta, W) * other(A, Z, df)
    except ValueError:  # the shapes fit in none but square networks
        return None


def _sentence(exercise, first, second):
    belongs = "the difference y - y_hat" if exercise == "output_delta" else "the sum over j of w_ij delta_nj"
    parts = [f"{first} stands where {belongs} belongs" if first else "", f"{second} stands where f'(a) belongs"]
    return "; ".join(part for part in parts if part and not part.startswith(" "))
