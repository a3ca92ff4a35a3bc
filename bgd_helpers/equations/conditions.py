"""Conditions: whether w_t tends to w^* just when the learning rate lies between two bounds (E15)."""

import numpy as np

from bgd_helpers.equations import models
from bgd_helpers.equations.counterexample import Counterexample
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.evaluation import Undefined, value
from bgd_helpers.equations.meaning import meaning_of
from bgd_helpers.equations.syntax import Activation, Symbol, walk

COMPARED = {"<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal}
LIMIT = Symbol("w", mark="t"), Symbol("w", mark="*")
BOUNDS = {"eta", "lambda", "kappa", "rate"}


def difference_in_truth(statement):
    """A regression in which one side of an equivalence is true and the other is not, or None."""
    for model in models.regressions_at_all_rates():
        left, right = (_is_true(chain, model) for chain in (statement.left, statement.right))
        if left != right:
            share = float(model.eta * model.constants["lambdamax"](model) / 2)
            where = f"where η is {share:.2f} · 2/λ_max".replace("-", "−")
            reason = f"{where}, the left side is {str(left).lower()}, yours is {str(right).lower()}"
            return Counterexample(model.name, {}, float(left), float(right), reason)
    return None


def _is_true(chain, model):
    if "->" in chain.relations:
        if chain.sides != LIMIT:
            raise Misfit(chain.sides[0], r"the limit that the language has is w_t \to w^*.")
        return model.converges()
    _check_condition(chain)
    with np.errstate(all="ignore"):
        values = [_number(side, model) for side in chain.sides]
        return all(bool(COMPARED[sign](a, b)) for sign, a, b in zip(chain.relations, values, values[1:]))


def _number(side, model):
    found = meaning_of(side)
    try:
        return value(found.sides[0], found.scene(model, {"L": 1, None: 0})).item()
    except Undefined as error:
        raise Misfit(side, f"{error}.") from None


def _check_condition(chain):
    """Raises Misfit unless a chain compares numbers made of eta, lambda, kappa and constants."""
    for sign, side in zip(chain.relations, chain.sides[1:]):
        if sign not in COMPARED:
            raise Misfit(side, r"beside \iff there is a limit, or a comparison with < or >.")
    for part in (part for side in chain.sides for part in walk(side)):
        foreign = isinstance(part, Symbol) and (part.name not in BOUNDS or part.name == "lambda" and not part.mark)
        if foreign or isinstance(part, Activation):
            text = r"the bounds of a condition are made of \eta, \lambda_{\min}, \lambda_{\max} and \kappa."
            raise Misfit(part, text)
