"""The check of an equation: each step of each line, the first that fails, and what mends it."""

from typing import NamedTuple

from bgd_helpers.equations.checking import Counterexample, equal
from bgd_helpers.equations.conditions import difference_in_truth
from bgd_helpers.equations.errors import EquationError
from bgd_helpers.equations.meaning import is_definition
from bgd_helpers.equations.reading import read
from bgd_helpers.equations.result import Result
from bgd_helpers.equations.syntax import Chain, Equivalence, Node, Symbol
from bgd_helpers.equations.tutor import repair
from bgd_helpers.equations.updates import RULES, TARGETS, example_of, is_update, nearest_rule, updated, without_next

NO_REPAIR = "No single change of the right side mends it, and no two that were tried."
HOLDS = "holds: in every network tried, for every layer and every value of the indices."


class Fault(NamedTuple):
    """A step that fails: what the right side should equal, the right side, where they differ, and how that is said."""

    left: Node
    right: Node
    difference: Counterexample | None
    what: str = "does not hold"
    introduced: str = "the left side is"
    approximately: bool = False
    can_be_mended: bool = True


def check_equation(latex, rule=None, mend=True):
    """The Result for an equation, or several, in the notation of the course.

    Both sides are evaluated in random networks, for every layer and every value of the free indices; derivatives are
    complex steps through the network. `rule` names the update rule that w_{t+1} follows: "SGD", "mini-batch SGD" or
    "BGD"; without it an update may follow any, and the result names which. `mend=False` looks for no repair.
    Raises EquationError (a ValueError), with the position, for LaTeX that is no equation of the language, and
    ValueError for another rule.
    """
    if rule not in (None, *RULES):
        raise ValueError(f"there is no update rule {rule!r}: choose one of {', '.join(RULES)}")
    statements = read(latex)
    found = None
    for statement in statements:
        fault, name = _judged(latex, statement, rule, mend)
        if fault:
            return _failed(latex, fault, mend)
        found = found or name
    if found:
        return Result(latex, "holds", f"holds: this is the update of {found} (E9).", rule=found)
    if all(isinstance(statement, Chain) and is_definition(statement) for statement in statements):
        return Result(latex, "holds", "holds, by definition.", definition=True)
    return Result(latex, "holds", HOLDS)


def _judged(latex, statement, rule, mend):
    """The Fault of the first step that fails, or None; and the update rule that a statement turned out to be."""
    if isinstance(statement, Equivalence):
        difference = difference_in_truth(latex, statement)
        right = statement.right.sides[0]
        return difference and Fault(right, right, difference, can_be_mended=False), None
    if is_update(statement):
        fault, name = _judged_update(latex, statement, rule)
        rest = Chain(statement.sides[1:], statement.relations[1:])
        return fault or _judged_chain(latex, rest, rule, mend), name
    return _judged_chain(latex, statement, rule, mend), None


def _judged_chain(latex, chain, rule, mend):
    for sign, side in zip(chain.relations, chain.sides[1:]):
        if sign not in ("=", "~"):
            text = "an arrow or an inequality cannot stand here; a condition says what it is equivalent to, with \\iff."
            raise EquationError(latex, side.span[0], text)
    chain = without_next(chain, rule or "BGD")
    for left, right, sign in zip(chain.sides, chain.sides[1:], chain.relations):
        difference = _difference(latex, left, right, sign == "~", mend)
        if difference:
            return Fault(left, right, difference, approximately=sign == "~")
    return None


def _difference(latex, left, right, approximately, mend):
    """Where the sides differ; an index without its sum raises EquationError, with the sum put in if that mends it."""
    try:
        return equal(latex, left, right, approximately)
    except EquationError as error:
        mended = mend and error.lost_sum and repair(latex, left, right, approximately)
        raise EquationError(latex, error.position, error.expected, mended.latex if mended else None) from None


def _judged_update(latex, chain, rule):
    """The Fault of an update, against the rule it should follow or is nearest to; and the rule it follows."""
    target, right = chain.sides[:2]
    if not isinstance(target, Symbol) or target.name not in TARGETS:
        raise EquationError(latex, target.span[0], r"an update changes w, b, W or \theta.")
    nearest = nearest_rule(right)
    follows = next((name for name in (nearest, *RULES) if _follows(latex, target, right, name)), None)
    if follows and rule in (None, follows):
        return None, follows
    name = rule or nearest
    if follows:
        return Fault(
            target, right, None, f"is not the update of {name}: it is that of {follows}", "", False, False
        ), None
    expected = updated(target, name, example_of(right))
    difference = equal(latex, expected, right)
    return Fault(expected, right, difference, f"is not the update of {name}", f"the update of {name} gives"), None


def _follows(latex, target, right, rule):
    try:
        return equal(latex, updated(target, rule, example_of(right)), right) is None
    except EquationError:
        return False


def _failed(latex, fault, mend):
    """The Result for a step that fails: where, and what mends it."""
    mended = fault.can_be_mended and mend and repair(latex, fault.left, fault.right, fault.approximately) or None
    where = f": {fault.difference.told(fault.introduced)}" if fault.difference else ""
    lines = [f"{_line_of(latex, fault.right)}{fault.what}{where}."]
    if fault.can_be_mended and mend:
        lines.append(mended.text if mended else NO_REPAIR)
    return Result(
        latex,
        "fails",
        "\n".join(lines),
        counterexample=fault.difference,
        repair=mended and mended.latex,
        slip=mended and mended.slip,
        span=mended.span if mended else fault.right.span,
    )


def _line_of(latex, right):
    """Which line a step stands in, where there are several."""
    breaks = latex.count(r"\\", 0, right.span[0])
    return f"line {breaks + 1} " if r"\\" in latex else ""
