"""Each part that may stand in the place of another is told: the formulas are written here once more, by themselves."""

import numpy as np
import pytest
from tiers import first_with

from bgd_helpers.checks import EXERCISES
from bgd_helpers.checks.parts import MADE, other_part
from bgd_helpers.network import ACTIVATIONS

SLOPES = {
    "one mean of f'(a) for all units": "np.full(A.shape, np.average(df(A)))",
    "nothing": "1",
    "f'(z)": "df(Z)",
    "f(a), which is z": "Z",
    "a": "A",
    "z (1 - z), the sigmoid's slope": "(Z - Z**2)",
    "a (1 - a)": "(A - A**2)",
    "1 - z": "-(Z - 1)",
    "1 - a": "-(A - 1)",
    "1 - z^2, the slope of tanh": "(1 + Z) * (1 - Z)",
    "1 - tanh(a)^2, the slope of tanh": "np.cosh(A) ** -2.0",
    "1 - a^2": "(1 + A) * (1 - A)",
    "f(z)": "f(Z)",
    "1 where a > 0, ReLU's slope": "np.where(A > 0, 1, 0)",
    "f'(a), squared": "df(A) * df(A)",
    "1/f'(a)": "df(A) ** -1.0",
    "s (1 - s), with s the softmax of a": "(softmax(A) - softmax(A) ** 2)",
    "the softmax of a": "softmax(A)",
    "f'(2a)": "df(A + A)",
    "the mean of f'(a)": "np.tile(np.average(df(A), axis=0), (len(A), 1))",
}
DELTA = "(Y - Y_hat) * df(A)"
BACK = "(delta_next @ W_next.T)"
G = "gradients"
VARIANCE = f"np.trace(np.cov({G}.T, bias=True).reshape(2 * ({G}.shape[1],)))"
LEFT = "(1 if replacement else (N - B) / (N - 1))"
MEAN_AT = "[[sum(c[epochs] for c in s) / len(s) for s in eta] for eta in costs]"


def over(part, formula):
    """Formulas for the words of a table, put where the part stands."""
    return lambda table: {words: formula.replace(part, f"({each})") for words, each in table.items()}


OUTPUT = over("DIFFERENCE", "DIFFERENCE * df(A)")(
    {
        "the targets alone": "Y",
        "the outputs alone": "Y_hat",
        "the difference to the pre-activations": "Y - A",
        "the difference to the softmax of a": "Y - softmax(A)",
        "the difference to f of the outputs": "Y - f(Y_hat)",
        "the square of the difference": "np.square(Y_hat - Y)",
        "the size of the difference, without its sign": "np.sqrt(np.square(Y_hat - Y))",
        "the sign of the difference": "np.where(Y > Y_hat, 1, -1)",
        "the quotient": "Y * Y_hat**-1.0",
        "the derivative of another loss, the cross-entropy": "(1 - Y) / (1 - Y_hat) - Y / Y_hat",
        "the product": "Y * Y_hat",
        "the sum": "Y_hat + Y",
        "a sum or mean of the differences over the examples": "np.ones_like(Y) * np.average(Y - Y_hat, axis=0)",
        "a sum or mean of the differences over the outputs": "np.average(Y - Y_hat, axis=1)[:, None] + 0 * Y",
    }
)
HIDDEN = over("BACK", "BACK * df(A)")(
    {
        "nothing": "1",
        "the size of the sum, without its sign": f"np.sqrt(np.square{BACK})",
        "the product with the pseudo-inverse of W": "np.linalg.lstsq(W_next.T, delta_next.T, rcond=None)[0].T",
        "the product with the sizes of the weights": "np.einsum('nj,ij->ni', delta_next, np.abs(W_next))",
        "the product with the squares of the weights": "np.einsum('nj,ij,ij->ni', delta_next, W_next, W_next)",
        "the product of two sums over j": "np.einsum('nj,ik->ni', delta_next, W_next)",
        "the product with the slopes of the weights": "np.einsum('nj,ij->ni', delta_next, df(W_next))",
        "a sum of the weights": "np.ones_like(A) * np.average(W_next, axis=1)",
        "a sum of the deltas": "np.ones_like(A) * np.average(delta_next, axis=1)[:, None]",
        "a sum or mean of the deltas over the examples": "0 * A + np.average(delta_next, axis=0) @ W_next.T",
    }
)
TERMS = {
    "y y_hat": "y * y_hat",
    "y^2": "y * y",
    "y_hat^2": "y_hat * y_hat",
    "(y + y_hat)^2": "np.square(y_hat + y)",
    "(y - y_hat)^3": "(y - y_hat) ** 3.0",
    "y^2 + y_hat^2": "y * y + y_hat * y_hat",
    "a square that grows linearly from a difference of 1 on (Huber's loss)": "huber(y - y_hat, 1)",
    "a square that grows linearly from a difference of 1/2 on (Huber's loss)": "huber(y - y_hat, 0.5)",
    "log cosh (y - y_hat)": "np.logaddexp(y - y_hat, y_hat - y) - np.log(2)",
    "the size of y - y_hat, not squared": "np.sqrt(np.square(y_hat - y))",
    "y - y_hat, not squared": "-(y_hat - y)",
    "(y - y_hat)^4": "np.square(np.square(y - y_hat))",
    "y - y_hat^2, without the brackets": "y - y_hat * y_hat",
    "the square of (y - y_hat) / y": "np.square(1 - y_hat / y)",
    "max(0, 1 - y y_hat), the hinge loss": "np.where(y * y_hat < 1, 1 - y * y_hat, 0)",
    "the logarithm of y_hat times y, the cross-entropy": "np.log(y_hat**y)",
}
OVER = {
    "the largest of them": "sorted(terms)[-1]",
    "their median": "np.percentile(terms, 50, axis=0)",
    "their product": "np.multiply.reduce(terms)",
    "their variance": "np.average(np.square(terms), axis=0) - np.square(np.average(terms, axis=0))",
    "the root of their sum": "sum(terms) ** 0.5",
    "the square of their sum": "sum(terms) * sum(terms)",
    "the first of them": "list(terms)[0]",
    "the last of them": "list(terms)[len(terms) - 1]",
    "the sum without the largest": "sum(terms) - np.maximum.reduce(terms)",
}
SENT = {
    "the square of {}": "x * x",
    "the size of {}, without its sign": "np.sqrt(x * x)",
    "the sign of {}": "np.where(x > 0, 1, -1)",
    "tanh of {}": "1 - 2 / (1 + np.exp(2 * x))",
    "{} (1 - {})": "x - x * x",
    "1 in place of {}": "np.ones(x.shape)",
    "{} less its mean": "x - np.average(x, axis=0)",
    "{} of the examples in reverse order": "np.flipud(x)",
    "{} of the example before": "x[[i - 1 for i in range(len(x))]]",
    "{} of the example after": "x[[(i + 1) % len(x) for i in range(len(x))]]",
}
ROWS = {
    "the rows that are not in the batch": "[n for n in range(N) if n not in batch]",
    "all rows from the smallest number in the batch to the largest": "[*range(min(batch), max(batch) + 1)]",
    "all rows": "[*range(N)]",
    "the first rows": "[*range(len(batch))]",
    "the rows before those": "[n - 1 for n in batch]",
    "the rows after those": "[n + 1 if n + 1 < N else 0 for n in batch]",
    "the rows counted from the end": "[N - n if n else 0 for n in batch]",
    "all rows but the last": "list(batch)[: len(batch) - 1]",
    "all rows but the first": "list(batch)[1:]",
}
AT = {
    "the last epoch there is": "c[len(c) - 1]",
    "the epoch before": "c[epochs - 1]",
    "the epoch after": "c[epochs + 1]",
    "the smallest cost on the way there": "min(c[: epochs + 1])",
    "the smallest cost of the whole run": "min(c)",
    "a mean over the epochs up to there": "np.average(c[: epochs + 1])",
    "a mean over the epochs before": "np.average(c[:epochs])",
    "a mean over all epochs": "np.average(c)",
    "the start, t = 0": "c[0]",
    "the fall of the cost from the start": "c[epochs] - c[0]",
}
ORDERS = {
    "the luckiest of the orders": "min(at)",
    "the worst of the orders": "max(at)",
    "the median of the orders": "np.percentile(at, 50)",
    "the first of the orders": "at[0]",
    "the last of the orders": "at[len(at) - 1]",
}
SPREADS = {
    "the variance of the first B examples alone": "sum(np.average(np.square(g[:B] - np.average(g[:B], 0)), 0))",
    "the variance of the first B examples alone, over B - 1": "sum(np.var(g[:B], axis=0, ddof=1))",
    "the variance of all entries together": "np.var(g.ravel())",
    "the variance over the parameters of one example": "sum(np.var(g.T, axis=0))",
    "the sum of the squares, with no mean taken from them": "np.square(g).sum() / N",
    "the variance of the gradients' lengths": "np.var(np.sqrt(np.square(g).sum(axis=1)))",
    "the variance of the sum over the parameters": "np.var(g @ np.ones(g.shape[1]))",
    "the root of the sum of the variances": f"{VARIANCE} ** 0.5",
    "the sum of the standard deviations": "sum(np.std(g, axis=0))",
    "the square of the mean gradient's length": "np.average(g, axis=0) @ np.average(g, axis=0)",
    "the mean absolute deviation": "sum(np.average(np.abs(g - np.average(g, axis=0)), axis=0))",
}
SHARES = {
    "1/B, and the factor of what is left over twice": f"{LEFT} * {LEFT} / B",
    "1/B, and two factors for what is left over": f"(1 / B if replacement else (1 - B / N) * {LEFT} / B)",
    "1/B, and the root of the factor of what is left over": f"{LEFT} ** 0.5 / B",
}
COUNTS = {
    "the root of N_s": "counts**0.5",
    "the square of N_s": "counts * counts",
    "1": "np.ones(len(counts))",
    "N - N_s": "sum(counts) - counts",
    "N_s, the first shard left out": "np.array([0, *counts[1:]])",
    "N_s, the last shard left out": "np.array([*counts[:-1], 0])",
    "N_s in reverse order": "np.flipud(counts)",
    "the number of the shard": "np.array(range(len(counts)))",
}
BEST = "[(etas[i], m[i]) for m in COSTS for i in [m.index(min(m))]]"
COSTS = "[[MEAN([AT for c in eta]) for eta in size] for size in costs]"
FAIR = BEST.replace("COSTS", COSTS)
REST = {  # a part that no number of an order, or of one cost, can tell
    "the smallest mean cost on the way there": BEST.replace(
        "COSTS", "[[min(np.average(eta, axis=0)[: epochs + 1]) for eta in size] for size in costs]"
    ),
    "the order of that number": BEST.replace("COSTS", "[[np.average(eta[epochs]) for eta in size] for size in costs]"),
}
FORMULAS = {
    "loss": (
        {words: f"sum({term})" for words, term in TERMS.items()},
        {words: f"(lambda terms: {made})(np.square(y - y_hat))" for words, made in OVER.items()},
    ),
    "mini_batch_update": (
        {words: f"theta - eta * np.average(example_gradients[{rows}], axis=0)" for words, rows in ROWS.items()},
        {
            words: f"theta - eta * (lambda terms: {made})(example_gradients[batch])"
            for words, made in OVER.items()
            if words not in ("the largest of them",)
        }
        | {"the largest of them": "theta - eta * np.amax(example_gradients[batch], axis=0)"},
    ),
    "output_delta": (OUTPUT, {words: f"-2 * (Y - Y_hat) * {slope}" for words, slope in SLOPES.items()}),
    "hidden_delta": (HIDDEN, {words: f"{BACK} * {slope}" for words, slope in SLOPES.items()}),
    "weight_gradient": (
        {words: f"(lambda x: {made})(Z_prev).T @ delta / len(delta)" for words, made in SENT.items()},
        {words: f"Z_prev.T @ (lambda x: {made})(delta) / len(delta)" for words, made in SENT.items()},
    ),
    "bias_gradient": (
        {words: f"np.average((lambda x: {made})(delta), axis=0)" for words, made in SENT.items()},
        {words: f"(lambda terms: {made})(delta)" for words, made in OVER.items() if words != "the largest of them"}
        | {"the largest of them": "np.amax(delta, axis=0)"},
    ),
    "batch_variance": (
        {words: f"(lambda g: {spread})(gradients) * {LEFT} / B" for words, spread in SPREADS.items()},
        {words: f"{VARIANCE} * {share}" for words, share in SHARES.items()},
    ),
    "fair_comparison": (
        {words: FAIR.replace("AT", at).replace("MEAN", "np.average") for words, at in AT.items()} | REST,
        {words: FAIR.replace("AT", "c[epochs]").replace("MEAN", f"(lambda at: {m})") for words, m in ORDERS.items()},
    ),
    "gradient_of_shards": ({words: f"({n}) @ gradients / sum({n})" for words, n in COUNTS.items()}, {}),
}
ALIKE = {  # what is told in place of it, where another part gives the same; None where the other words of a verdict do
    ("weight_gradient", 0, "{} less its mean"): "in place of delta there is this: delta less its mean",
    ("weight_gradient", 0, "{} of the examples in reverse order"): (
        "in place of delta there is this: delta of the examples in reverse order"
    ),
    ("weight_gradient", 0, "{} of the example before"): "in place of delta there is this: delta of the example after",
    ("weight_gradient", 0, "{} of the example after"): "in place of delta there is this: delta of the example before",
    ("bias_gradient", 0, "{} less its mean"): None,  # zero
    ("bias_gradient", 0, "{} of the examples in reverse order"): None,  # a mean knows no order
    ("bias_gradient", 0, "{} of the example before"): None,
    ("bias_gradient", 0, "{} of the example after"): None,
    ("bias_gradient", 0, "1 in place of {}"): None,  # the same number everywhere
    ("mini_batch_update", 1, "the root of their sum"): None,  # NaN
    ("bias_gradient", 1, "the root of their sum"): None,
}
ROWS_OF_ALL = [
    (exercise, place, words) for exercise, both in FORMULAS.items() for place in (0, 1) for words in both[place]
]


def softmax(a):
    return np.exp(a - np.log(np.exp(a).sum(axis=1))[:, None])


def huber(d, limit):
    return np.where(abs(d) < limit, d * d, 2 * limit * abs(d) - limit * limit)


def value(exercise, case, formula):
    """What an answer with that formula returns in a case."""
    names = dict(zip(EXERCISES[exercise].parameters, case)) | {"np": np, "softmax": softmax, "huber": huber}
    names |= {"Z": names.get("Z", names.get("Y_hat")), "B": names.get("batch_size"), "N": len(case[0])}
    if exercise == "mini_batch_update":
        names["N"] = len(case[1])
    if "df" in names:
        names["f"] = next(one.f for one in ACTIVATIONS.values() if one.df is names["df"])
    with np.errstate(all="ignore"):
        return np.asarray(eval(formula, names))


def row_of_a_table(exercise, place, words):
    """Two exercises share a table: what a row of it says is tried once in the fast tier."""
    return {(id(MADE[exercise].second if place else MADE[exercise].first), words)}


@pytest.mark.parametrize(("exercise", "place", "words"), first_with(row_of_a_table, ROWS_OF_ALL))
def test_a_part_in_place_of_another_is_told(exercise, place, words):
    formula, belongs = FORMULAS[exercise][place][words], MADE[exercise].belongs[place]
    cases = list(EXERCISES[exercise].cases())
    found = [[[value(exercise, case, formula)]] for case in cases]
    told = f"in place of {belongs} there is this: {words.replace('{}', belongs)}"
    assert other_part(exercise, cases, found) == ALIKE.get((exercise, place, words), told)


@pytest.mark.parametrize("words", SHARES)
def test_two_parts_in_place_of_others_are_told(words):
    cases = list(EXERCISES["batch_variance"].cases())
    found = [[[value("batch_variance", case, f"np.var(gradients) * {SHARES[words]}")]] for case in cases]
    assert other_part("batch_variance", cases, found) == (
        "in place of the sum of the variances there is this: the variance of all entries together; "
        f"in place of the share of it there is this: {words}"
    )


def test_each_part_has_its_formula():
    for exercise, made in MADE.items():
        for mine, table in zip(FORMULAS[exercise], (made.first, made.second)):
            assert {"", *mine} == set(table), exercise


@pytest.mark.parametrize("exercise", MADE)
def test_a_right_value_has_no_other_part(exercise):
    cases = list(EXERCISES[exercise].cases())
    found = [[[np.asarray(EXERCISES[exercise].right(*case))]] for case in cases]
    assert other_part(exercise, cases, found) is None
