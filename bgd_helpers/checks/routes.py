"""What must stand on the way of a derivation, whichever route it takes: the moves without which it is a bare result."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise, permutations
from typing import NamedTuple

from bgd_helpers.equations.counterexample import agree
from bgd_helpers.equations.reading import read
from bgd_helpers.equations.syntax import (
    Add,
    At,
    Chain,
    Derivative,
    Differential,
    Expectation,
    Gradient,
    Negative,
    Node,
    Norm,
    Number,
    Power,
    Sum,
    Trace,
    Variance,
    is_symbol,
    mapped,
    walk,
)

SLOPES = Derivative | Gradient | Differential
RANDOM = Variance | Expectation


class Move(NamedTuple):
    """Whether it lies between two sides of one chain, what is said where not, and whether neighbours alone make it."""

    lies_between: Callable[[Node, Node], bool]
    said: str
    next_to: Callable[[Node, Node], bool] = lambda one, two: False


class Route(NamedTuple):
    """The moves of a derivation, which of its sides may be the last, and which may be the first."""

    moves: tuple
    ends: Callable[[Node], bool]
    begins: Callable[[Node], bool] = lambda side: False
    instead: Callable[[list], bool] = lambda chains: False


def missing_move(exercise: str, chains: list[tuple]) -> str | None:
    """What is said of the first move of a derivation that none of its chains makes, or None if all are there."""
    route = ROUTES[exercise]
    begun: dict[Node, list] = {}
    for head, *sides in chains:  # what begins with the same quantity goes on, be it one of its entries
        begun.setdefault(_whole(head), [head]).extend(sides)
    if route.instead([*begun.values()]):
        return None
    return next((move.said for move in route.moves if not any(_makes(sides, move) for sides in begun.values())), None)


def _whole(head):
    """What a chain begins with: the gradient for one entry of it, w_t for w_t - w^*."""
    match head:
        case Derivative(of, by) if is_symbol(by, "w") and not by.layer:
            return Gradient(of)
        case Add((first, Negative(second))) if is_symbol(second, "w") and second.mark == "*":
            return first
    return head


def _makes(sides, move):
    neighbours = [*pairwise(sides), *pairwise(sides[::-1])]
    return any(one != two and move.lies_between(one, two) for one, two in permutations(sides, 2)) or any(
        move.next_to(one, two) for one, two in neighbours
    )


def at_a_point(chain: Chain) -> Chain:
    """A chain whose costs are taken where the parameters are: J for J(w), and derivatives by w for those by w_t."""

    def change(node):
        if isinstance(node, At) and is_symbol(node.point, "w", "theta") and node.point.mark != "*":
            return node.of
        if isinstance(node, Derivative) and is_symbol(node.by, "w"):
            return replace(node, by=replace(node.by, mark=""))
        return node

    return Chain(tuple(mapped(side, change) for side in chain.sides), chain.relations)


def _has(side, *names, mark=None):
    return any(is_symbol(part, *names) and mark in (None, part.mark) for part in walk(side))


def _holds(side, *kinds):
    return any(isinstance(part, kinds) for part in walk(side))


def _partial(*asked):
    """A test for sides that differentiate something on the way, and neither what is asked for nor a bare parameter."""

    def of_asked(part):
        return is_symbol(part.of, *asked) and (isinstance(part, Gradient) or part.by.name in ("w", "W", "theta"))

    def test(side):
        slopes = [part for part in walk(side) if isinstance(part, SLOPES)]
        if any(not isinstance(part, Differential) and of_asked(part) for part in slopes):
            return False
        return any(_leads_to_the_cost(part.of) and not _is_change(part) for part in slopes)

    return test


def _leads_to_the_cost(of):
    return _has(of, "yhat", "E", "J", "A", "a") or _has(of, "w") and _has(of, "x", "X")


def _is_change(part):
    """Whether it is the change of the cost or of a parameter as a whole, dJ or dw."""
    return isinstance(part, Differential) and is_symbol(part.of, "J", "E", "w", "W", "b", "theta")


def _is_expanded(side):
    """Whether a cost is multiplied out, three terms, none of them a square of a difference; or a sum of squares."""
    sums = [part for part in walk(side) if isinstance(part, Add) and len(part.terms) >= 3]
    squares = any(isinstance(part, Power) and _holds(part.base, Add) for part in walk(side))
    written_out = sums and not squares or any(isinstance(part, Sum) and _has(part, "y") for part in walk(side))
    return bool(written_out) and _has(side, "w") and not _holds(side, Norm, *SLOPES.__args__)


def _multiplied_out(*asked):
    """A test for chains of which one multiplies the cost out, another differentiates it, one of them in two steps."""

    def test(chains):
        expanded = [sides for sides in chains if is_symbol(sides[0], *asked) and any(map(_is_expanded, sides))]
        slopes = [sides for sides in chains if _holds(sides[0], Gradient, Derivative)]
        return bool(expanded and slopes) and any(len(sides) > 2 for sides in expanded + slopes)

    return test


def _gradient_replaced(one, two):
    """Whether one side has a gradient, or E11, and the other w^* multiplied by a matrix in its place."""
    slopes = [part for part in walk(one) if isinstance(part, Gradient | Derivative)]
    return _is_multiplied(two) and (_has(one, "y") or any(not _has(part.of, "w", mark="*") for part in slopes))


def _one_update(one, two):
    """Whether one side has parameters, and the other in their place those one update before, multiplied by a matrix."""
    before = {"t+1": "t", "t": "t-1"}
    return _is_multiplied(two) and any(_has(one, "w", mark=t) and _latest(two) == before[t] for t in before)


def _is_multiplied(side):
    """Whether w^* stands there, and what it is multiplied by, and no gradient."""
    return (
        _has(side, "w", mark="*")
        and _has(side, "H", "X")
        and not _has(side, "y")
        and not _holds(side, *SLOPES.__args__)
    )


def _latest(side):
    return next((mark for mark in ("t+1", "t", "t-1") if _has(side, "w", mark=mark)), None)


def _is_power(side):
    """Whether it is made of w_0 and the t-th power of a matrix, and of no other iterate."""
    powers = (part.exponent for part in walk(side) if isinstance(part, Power))
    others = any(_has(side, "w", mark=mark) for mark in ("t", "t+1", "t-1", ""))
    return any(_has(power, "t") for power in powers) and _has(side, "w", mark="0") and not others


def _of_the_whole_batch(side):
    """Whether a variance or an expectation is taken of a sum over the batch."""
    return any(isinstance(part, RANDOM) and _holds(part, Sum) for part in walk(side))


def _of_each_in_the_batch(side):
    """Whether the sum has come out of the variance."""
    sums = [part for part in walk(side) if isinstance(part, Sum)]
    outside = any(_holds(part, *RANDOM.__args__) or _has(part, "Sigma", "kronecker") for part in sums)
    return outside and not _of_the_whole_batch(side)


def _of_equal_parts(side):
    """Whether 1/B has come out squared, and the sum as a factor: alone, that is the result written at length."""
    squared = [part for part in walk(side) if isinstance(part, Power) and part.exponent == Number(2.0)]
    random = _holds(side, *RANDOM.__args__) or _has(side, "Sigma")
    over = any(_has(part.base, "B", "batch_size") for part in squared)
    return random and over and not _of_the_whole_batch(side)


@cache
def _law():
    return read(r"\frac{\Sigma}{B} = 0")[0].sides[0]


def _is_the_law(side):
    return agree(_law(), side)


def _in_matrices(side):
    matrices = _has(side, "Z", "X") and _has(side, "Delta")
    return matrices and not _holds(side, Sum)


def _on_the_way_to_matrices(side):
    return _holds(side, Sum, Trace) or _partial("J")(side)


CHAIN_RULE = "put a step before it, with the derivative of what stands in the loss."
SUM_RULE = "put a step before it, the mean of the gradients of the examples, say, or the derivative of what J is."
GRADIENT = r"say what the gradient is in terms of $w_t - w^*$ (E11 to E13)."
UPDATE = r"say what one update makes of $w_t - w^*$."
MATRICES = "show how the sum over the examples becomes a product of matrices."
VARIANCES = "show how the variance of a sum becomes a sum of variances."
ROUTES = {
    "gradient": Route(
        (Move(lambda one, two: _partial("E")(one), CHAIN_RULE),), lambda side: True, instead=_multiplied_out("E")
    ),
    "E11": Route(
        (Move(lambda one, two: _partial("J")(one), SUM_RULE),),
        lambda side: not _holds(side, Sum),
        instead=_multiplied_out("J"),
    ),
    "E14": Route((Move(_gradient_replaced, GRADIENT), Move(_one_update, UPDATE)), _is_power),
    "matrix gradient": Route(
        (Move(lambda one, two: _on_the_way_to_matrices(one) and _in_matrices(two), MATRICES),),
        lambda side: _in_matrices(side) and not _holds(side, Trace),
    ),
    "variance": Route(
        (
            Move(
                lambda one, two: _of_the_whole_batch(one) and _of_each_in_the_batch(two),
                VARIANCES,
                lambda one, two: _of_the_whole_batch(one) and _of_equal_parts(two),
            ),
        ),
        _is_the_law,
        begins=_of_the_whole_batch,
    ),
}
