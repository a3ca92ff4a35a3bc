"""The check of an equation: each step of each line, the first that fails, and what mends it."""

from bgd_helpers.equations.checking import equal
from bgd_helpers.equations.conditions import equivalent
from bgd_helpers.equations.errors import EquationError
from bgd_helpers.equations.meaning import is_definition
from bgd_helpers.equations.reading import read
from bgd_helpers.equations.result import Result
from bgd_helpers.equations.syntax import Equivalence, Symbol
from bgd_helpers.equations.tutor import repair
from bgd_helpers.equations.updates import RULES, TARGETS, example_of, is_update, nearest_rule, updated, without_next

NO_REPAIR = "No single change of the right side mends it, and no two that were tried."


def check_equation(latex, rule=None):
    """The Result for an equation, or several, in the notation of the course.

    Both sides are evaluated in random networks, for every layer and every value of the free indices; derivatives are
    complex steps through the network. `rule` names the update rule that w_{t+1} follows: "SGD", "mini-batch SGD" or
    "BGD"; without it an update may follow any, and the result names which. Raises EquationError (a ValueError), with
    the position, for LaTeX that is no equation of the language, ValueError for another rule.
    """
    if rule not in (None, *RULES):
        raise ValueError(f"there is no update rule {rule!r}: choose one of {', '.join(RULES)}")
    statements = read(latex)
    definitions, rules = [], []
    for statement in statements:
        fault, found = _judged(latex, statement, rule)
        if fault:
            return fault
        definitions.append(not isinstance(statement, Equivalence) and is_definition(statement))
        rules.append(found)
    named = next((found for found in rules if found), None)
    definition = all(definitions)
    return Result(latex, "holds", _praise(definition, named), definition=definition, rule=named)


def _praise(definition, rule):
    if rule:
        return f"holds: this is the update of {rule} (E9)."
    if definition:
        return "holds, by definition."
    return "holds: in every network tried, for every layer and every value of the indices."


def _judged(latex, statement, rule):
    """The Result of the first step that fails, or None; and the update rule that a statement turned out to be."""
    if isinstance(statement, Equivalence):
        return equivalent(latex, statement), None
    if is_update(statement):
        return _judged_update(latex, statement, rule)
    for sign in statement.relations:
        if sign not in ("=", "~"):
            text = "an inequality or a limit alone is a condition: say what it is equivalent to, with \\iff."
            raise EquationError(latex, statement.sides[1].span[0], text)
    chain = without_next(statement, rule or "BGD")
    for left, right, sign in zip(chain.sides, chain.sides[1:], chain.relations):
        fault = _step(latex, left, right, sign == "~")
        if fault:
            return fault, None
    return None, None


def _step(latex, left, right, approximately=False):
    """The Result of one step of a chain if it fails, or None."""
    try:
        difference = equal(latex, left, right, approximately)
    except EquationError as error:
        mended = repair(latex, left, right, approximately) if "is free on the right" in error.expected else None
        if mended:
            raise EquationError(latex, error.position, error.expected, mended.latex) from None
        raise
    return difference and _failed(latex, difference, repair(latex, left, right, approximately), right)


def _failed(latex, difference, mended, right, what="does not hold", left="the left side is"):
    text = f"{_line_of(latex, right)}{what}: {difference.told(left)}."
    text += "\n" + (mended.text if mended else NO_REPAIR)
    return Result(
        latex,
        "fails",
        text,
        counterexample=difference,
        repair=mended and mended.latex,
        slip=mended and mended.slip,
        span=mended.span if mended else right.span,
    )


def _line_of(latex, right):
    """Which line a step stands in, where there are several."""
    if "\\\\" not in latex:
        return ""
    return f"line {latex.count(chr(92) * 2, 0, right.span[0]) + 1} "


def _judged_update(latex, chain, rule):
    """An update against the rule it should follow, or against all three."""
    if chain.relations[0] not in ("<-", "=") or len(chain.sides) > 2 and "<-" in chain.relations[1:]:
        raise EquationError(latex, chain.sides[1].span[0], "an update has one arrow, behind what is updated.")
    target, right = chain.sides[:2]
    _check_target(latex, target)
    nearest = nearest_rule(right)
    for name in [nearest, *RULES]:
        if _follows(latex, target, right, name):
            if rule in (None, name):
                return None, name
            text = f"is not the update of {rule}: it is that of {name}."
            return Result(latex, "fails", text, repair=None, span=right.span), None
    name = rule or nearest
    expected = updated(target, name, example_of(right) or "n")
    difference = equal(latex, expected, right)
    what, left = f"is not the update of {name}", f"the update of {name} gives"
    return _failed(latex, difference, repair(latex, expected, right), right, what, left), None


def _follows(latex, target, right, rule):
    try:
        return equal(latex, updated(target, rule, example_of(right) or "n"), right) is None
    except EquationError:
        return False


def _check_target(latex, target):
    if not isinstance(target, Symbol) or target.name not in TARGETS:
        raise EquationError(latex, target.span[0], r"an update changes w, b, W or \theta.")
