"""The check of an equation: each step of each line, the first that fails, and what mends it."""

import re
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple

from bgd_helpers.equations.conditions import difference_in_truth
from bgd_helpers.equations.counterexample import Counterexample, agree, difference
from bgd_helpers.equations.definitions import in_letters, with_definitions
from bgd_helpers.equations.errors import EquationError, Misfit
from bgd_helpers.equations.meaning import is_counted, is_definition, meaning_of
from bgd_helpers.equations.messages import advice, elsewhere
from bgd_helpers.equations.prose import read, unread, without_prose
from bgd_helpers.equations.reading import line_of, lines_of, named
from bgd_helpers.equations.repair import mirrored_repair, repair, repair_condition, repair_of_times
from bgd_helpers.equations.result import Result
from bgd_helpers.equations.spelling import typed
from bgd_helpers.equations.steps import steps_of
from bgd_helpers.equations.syntax import (
    Chain,
    Equivalence,
    Layer,
    Node,
    chains_of,
    is_symbol,
    mapped,
    walk,
    with_layers,
)
from bgd_helpers.equations.updates import (
    RULES,
    TARGETS,
    example_of,
    has_next,
    is_update,
    nearest_rule,
    now,
    updated,
    without_next,
)

NO_REPAIR = "No single change of the right side mends it, and no two that were tried."
ARROW = (
    r" The course writes an update with an arrow, $w \leftarrow w - …$: as an equation it would say that the step is 0."
)
NO_EQUATION = r"leftarrow|gets|←|:=|[-+]\s*=|mathrel|t\s*[-+]\s*1|_\s*\{?\s*[1-9]|new|next|neu|coloneq"
NO_CLAIM = {
    "inequality": r"an inequality is no claim here; only a condition on \eta is, beside \iff.",
    "->": r"an arrow, \to, is a limit: it stands beside the condition under which it holds, w_t \to w^* \iff ....",
    "<-": r"the arrow of an update stands behind what is changed, in w \leftarrow w - \eta \nabla J.",
}
AFTER_WORDS = re.compile(r"\n[^\n=$]*[a-zà-ÿ]{3}[^\n=$]*\n\s*=[^\n]*\Z")
NEW_START = (
    " This line begins with =, so it goes on from the equation before it: "
    r"a new one begins with its own quantity, \frac{\partial J}{\partial b_j^{(k)}} say."
)
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
    first: bool = True  # whether it is the first step of its chain
    condition: Equivalence | None = None


def check_equation(latex: str, rule: str | None = None, mend: bool = True) -> Result:
    """The Result for an equation, or several, in the notation of the course.

    Both sides are evaluated in random networks, for every layer and every value of the free indices; derivatives are
    complex steps through the network. `rule` names the update rule that w_{t+1} follows: "SGD", "mini-batch SGD" or
    "BGD"; without it an update may follow any, and the result names which. `mend=False` looks for no repair.
    Raises EquationError (a ValueError), with the position, for LaTeX that is no equation of the language, and
    ValueError for another rule.
    """
    if rule not in (None, *RULES):
        raise ValueError(f"there is no update rule {rule!r}: choose one of {', '.join(RULES)}")
    if not isinstance(latex, str):
        raise TypeError(f"an equation is a string of LaTeX, not a value of type {type(latex).__name__}")
    written = typed(latex)
    text, letters = with_definitions(written.text)
    meant = text.text
    try:
        found = _checked(meant, rule, mend)
    except Misfit as error:
        changed = mend and error.changes and _mended_throughout(_changed(meant, error.changes), rule)
        foreign = not changed and named(without_prose(meant))
        found = not changed and not foreign and mend and error.mending and error.mending()
        mended = changed or found and _mended_throughout(found.latex, rule)
        place, said = foreign or error.advised and advice(meant, error.position) or (error.position, error.expected)
        mended = mended and _in_letters(mended, letters, rule)
        place = written.place(text.place(place))
        said += NEW_START if "is free on" in said and AFTER_WORDS.search(latex, 0, place + 1) else ""
        raise EquationError(latex, place, said, mended or None) from None
    span = found.span and (text.place(found.span[0]), text.at[found.span[1] - 1][1])
    mended = found.repair and _in_letters(found.repair, letters, rule)
    return replace(found, latex=written.text, message=in_letters(found.message, letters), span=span, repair=mended)


def _in_letters(latex, letters, rule):
    """A mended equation in the writer's own letters, if it reads back so."""
    short = in_letters(latex, letters)
    return short if short == latex or _holds(with_definitions(short)[0].text, rule) else latex


def _changed(latex, changes):
    """The equation with some parts exchanged."""
    for start, end, new in sorted(changes, reverse=True):
        latex = latex[:start] + new + latex[end:]
    return latex


def _holds(latex, rule):
    try:
        return _first_fault(latex, read(latex), rule)[0] is None
    except Misfit:
        return False


@lru_cache(maxsize=64)
def _checked(latex, rule, mend):
    statements = read(latex)
    fault, found = _first_fault(latex, statements, rule)
    if fault and (foreign := elsewhere(latex)):
        raise Misfit(*foreign)
    if fault:
        return _failed(latex, fault, rule, mend)
    definition = all(isinstance(statement, Chain) and is_definition(statement) for statement in statements)
    said = f"holds: this is the update of {found} (E9)." if found else "holds, by definition." if definition else HOLDS
    said += ARROW if found and not re.search(NO_EQUATION, latex) else ""
    return Result(latex, "holds", said + unread(latex), definition=definition, rule=found)


def _first_fault(latex, statements, rule):
    """The Fault of the first step that fails, or None; and the update rule followed.

    Raises Misfit for a side that means nothing, be it in a line after one that fails.
    """
    for chain in chains_of(statements):
        for at, side in enumerate(chain.sides):
            try:
                meaning_of(mapped(side, now))
            except Misfit as error:
                left = chain.sides[at - 1 if at else 1]
                left = updated(left, rule or nearest_rule(side), example_of(side)) if at and is_update(chain) else left
                error.mending = partial(repair, latex, left, side, False, False)
                raise
    found = None
    for statement in statements:
        fault, name = _judged(latex, statement, rule)
        if fault:
            return fault, None
        found = found or name
    return None, found


def _judged(latex, statement, rule):
    """The Fault of the first step that fails, or None; and the update rule that a statement turned out to be."""
    if isinstance(statement, Chain) and any(is_counted(part) for side in statement.sides for part in walk(side)):
        return _judged_chain(latex, statement), None
    if isinstance(statement, Equivalence):
        found, right = difference_in_truth(statement), statement.right.sides[0]
        return found and Fault(right, right, found, condition=statement), None
    if is_update(statement):
        fault, name = _judged_update(latex, statement, rule)
        rest = Chain(statement.sides[1:], statement.relations[1:])
        return fault or _judged_chain(latex, rest), name
    if any(map(has_next, statement.sides)):
        return _judged_by_rules(latex, statement, rule)
    return _judged_chain(latex, statement), None


def _judged_by_rules(latex, chain, rule):
    """The verdict on a chain that speaks of w_{t+1}, by the rule that it should follow or by the first that it does."""
    names = [rule] if rule else [nearest_rule(chain.sides[-1]), *RULES]
    faults = [_judged_chain(latex, without_next(chain, name)) for name in names]
    follows = next((name for name, fault in zip(names, faults) if fault is None), None)
    return (None, follows) if follows else (faults[0], None)


def _judged_chain(latex, chain):
    """The Fault of the first step of a chain that fails, or None."""
    for sign, side in zip(chain.relations, chain.sides[1:]):
        if sign not in ("=", "~"):
            raise Misfit(side, NO_CLAIM["inequality" if sign[0] in "<>" and sign != "<-" else sign])
    for sign, left, right in zip(chain.relations, chain.sides, chain.sides[1:]):
        first = left is chain.sides[0]
        if found := _difference(latex, left, right, sign == "~", first):
            return Fault(left, right, found, approximately=sign == "~", first=first)
    return None


def _difference(latex, left, right, approximately=False, first=False):
    """The first difference of two sides. Raises Misfit, with what may mend it."""
    try:
        return difference(left, right, approximately)
    except Misfit as error:
        error.mending = partial(repair, latex, left, right, approximately, first)
        raise


def _judged_update(latex, chain, rule):
    """The Fault of an update, against the rule it should follow or is nearest to; and the rule it follows."""
    target, right = chain.sides[:2]
    _check_target(target, chain.relations[0])
    if has_next(right):
        what = "does not hold: the new parameters stand on the right too, where E9 has the old ones"
        old = updated(target, rule or nearest_rule(right), example_of(right))
        return Fault(old, right, None, what), None
    nearest = nearest_rule(right)
    follows = next((name for name in (nearest, *RULES) if agree(updated(target, name, example_of(right)), right)), None)
    if follows and rule in (None, follows):
        return None, follows
    name = rule or nearest
    if follows:
        what = f"is not the update of {name}: it is that of {follows}"
        return Fault(target, right, None, what, can_be_mended=False), None
    expected = updated(target, name, example_of(right))
    found = _difference(latex, expected, right)
    return Fault(expected, right, found, f"is not the update of {name}", f"the update of {name} gives"), None


def _check_target(target, relation):
    fits = is_symbol(target, *TARGETS) and target.mark in (("", "t", "t+1") if relation == "<-" else ("t+1",))
    if not fits:
        raise Misfit(target, r"what an update changes is w, b, W or \theta.")


def _failed(latex, fault, rule, mend):
    """The Result for a step that fails: where, and what mends it."""
    mended = fault.can_be_mended and mend and _repaired(latex, fault, rule) or None
    whole = mended and _mended_throughout(mended.latex, rule)
    if mended and not whole and fault.first and not fault.condition:  # what comes after may fit the right side as it is
        mended = mirrored_repair(latex, fault.left, fault.right, fault.approximately) or mended
        whole = _mended_throughout(mended.latex, rule)
    where = f": {fault.difference.told(fault.introduced)}" if fault.difference else ""
    lines = [f"{_line_of(latex, fault.right)}{fault.what}{where}."]
    if fault.can_be_mended and mend:
        lines.append(mended.text if mended else _at_the_output(fault) or NO_REPAIR)
        lines += _later(latex, fault)
    return Result(
        latex,
        "fails",
        "\n".join(lines),
        counterexample=fault.difference,
        repair=whole,
        slip=mended and mended.slip,
        span=mended.span if mended else fault.right.span,
    )


def _repaired(latex, fault, rule):
    if fault.condition:
        return repair_condition(latex, fault.condition)

    statements = read(latex)

    def of_times(on_left):
        def holds(mended):  # all of it: what cannot be read is passed over in a sentence
            return _holds(mended, rule) and len(read(mended)) == len(statements)

        return repair_of_times(latex, statements, on_left, holds)

    found = of_times(True) or repair(latex, fault.left, fault.right, fault.approximately, fault.first)
    return found or of_times(False)


def _later(latex, fault):
    """What is said of the lines after the one that fails: those that follow from it, in the same chain."""
    at = line_of(latex, fault.right.span[0])
    later = [step for step in steps_of(latex) if step.line > at and step.outcome == "follows"]
    return [f"Line {step.line} follows from your line {at}." for step in later]


def _mended_throughout(latex, rule, steps=3):
    """The equation with what fails after a first repair mended as well; None where that does not succeed."""
    for _ in range(steps):
        try:
            fault, _ = _first_fault(latex, read(latex), rule)
        except Misfit:
            return None
        if not fault:
            return latex
        mended = fault.can_be_mended and _repaired(latex, fault, rule)
        if not mended:
            return None
        latex = mended.latex
    return None


def _at_the_output(fault):
    """That the step holds for the last layer, if it does: a formula of the output layer, used for hidden ones."""
    sides = fault.left, fault.right
    layers = [part.layer for side in sides for part in walk(side) if getattr(part, "layer", None)]
    last = 0 if any(layer.letter for layer in layers) else max((layer.offset for layer in layers), default=0)

    def moved(layer):
        return Layer("L", layer.offset - last) if layer.letter or last else layer

    at_last = tuple(with_layers(side, moved) for side in sides)
    holds = at_last != sides and agree(*at_last)
    which = f"$L = {last}$" if last else "$k = L$"
    return f"It holds for the last layer, {which}, and for no other as it stands." if holds else None


def _line_of(latex, right):
    """Which line a step stands in, where there are several."""
    return f"line {line_of(latex, right.span[0])} " if len(lines_of(latex)) > 1 else ""
