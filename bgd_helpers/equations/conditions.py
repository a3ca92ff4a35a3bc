"""Conditions: whether w_t tends to w^* just when the learning rate lies between two bounds (E15)."""

import numpy as np

from bgd_helpers.equations import worlds
from bgd_helpers.equations.checking import Counterexample
from bgd_helpers.equations.errors import EquationError
from bgd_helpers.equations.evaluate import scene_of, value
from bgd_helpers.equations.meaning import meaning_of
from bgd_helpers.equations.syntax import Symbol

COMPARED = {"<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal}
LIMIT = Symbol("w", mark="t"), Symbol("w", mark="*")


def difference_in_truth(latex, statement):
    """A regression in which one side of an equivalence is true and the other is not, or None."""
    for world in worlds.regressions_at_all_rates():
        left, right = (_is_true(latex, chain, world) for chain in (statement.left, statement.right))
        if left != right:
            share = float(world.eta * world.constants["lambdamax"] / 2)
            text = f"where η is {share:.2f} · 2/λ_max, the left side is {left}, yours is {right}"
            return Counterexample(world.name, {}, float(left), float(right), text)
    return None


def _is_true(latex, chain, world):
    if "->" in chain.relations:
        if chain.sides != LIMIT:
            raise EquationError(latex, chain.sides[0].span[0], r"the limit that the language has is w_t \to w^*.")
        return world.converges()
    found = meaning_of(latex, chain.sides)
    for sign in chain.relations:
        if sign not in COMPARED:
            raise EquationError(latex, chain.sides[1].span[0], "a condition is made of < and >.")
    scene = scene_of(found, world, {"L": 1})
    values = [value(side, scene).item() for side in found.sides]
    return all(bool(COMPARED[sign](a, b)) for sign, a, b in zip(chain.relations, values, values[1:]))
