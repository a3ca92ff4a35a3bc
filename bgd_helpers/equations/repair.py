"""What mends an equation that fails: the first edit of its right side, or two edits, that make it hold."""

import re
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from bgd_helpers.equations import syntax
from bgd_helpers.equations.building import time_of, without_example
from bgd_helpers.equations.conditions import difference_in_truth
from bgd_helpers.equations.counterexample import Screen, agree
from bgd_helpers.equations.edits import HIDDEN
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.likely import left_edits, single_edits
from bgd_helpers.equations.meaning import is_counted, meaning_of, together
from bgd_helpers.equations.prose import read
from bgd_helpers.equations.space import cancels, wide_edits
from bgd_helpers.equations.updates import RULES, has_next, without_next

SMALL = 30  # nodes of both sides
MOST_EDITS, MOST_WIDE, MOST_PAIRS = 400, 4000, 950  # where the sides are small, else fewer: about a second
MOST_LAYERS = 4  # letters for them: all values of all are tried
LEFT = "another left side"
NEAR = ("t+1", "t", "t-1")
TIMES = r"an update leads from w_t to w_{t+1}, and t of them from w_0 to w_t."
ENDS = "at an end of the interval one direction does not shrink, and below 0 each grows."
NOT_ALONE = ("square", "operation", "term")  # what a quantity alone, that is defined or claimed, does not lack
ALONE = (HIDDEN, "gradient left out", "step without theta")  # too large a change to be one of two


class Repair(NamedTuple):
    """What makes an equation hold: the whole as LaTeX, what changes and why in words, the slip's name if it has one.

    `span` is the part of the learner's text that goes.
    """

    latex: str
    text: str
    slip: str | None
    span: tuple


def repair(latex, left, right, approximately, first):
    """The likeliest Repair of the right side, or None. Nothing is offered that was not seen to hold, nor, for the first
    step of a chain, what would only repeat the left side."""
    parts = [*syntax.walk(left), *syntax.walk(right)]
    if len({part.layer.letter for part in parts if getattr(part, "layer", None)}) > MOST_LAYERS:
        return None
    size = sum(map(_size, (left, right)))
    reach = _reach(left, right)

    screen = Screen(left, right)

    def holds(side):
        if not screen.passes(side) or not agree(left, side, approximately):
            return False
        repeats = side == left or left in syntax.walk(side) and left not in syntax.walk(right)
        if cancels(side) and not cancels(right) or has_next(side) or _changes(side) < _changes(right):
            return False
        return not (first and left.span and repeats)  # which would say nothing: a = a, J = J^\\top

    def best(changes):
        """The first edit, or two, that holds and says as much, for as many layers; else what says most; or None."""
        good = {}
        for edits in changes:
            if holds(edits[-1].whole):
                good[edits] = min(_reach(left, edits[-1].whole), reach), -_idle(edits[-1].whole)
                if good[edits] == (reach, 0):
                    break
        return max(good, key=good.get, default=None)

    edits = single_edits(left, right)[: MOST_EDITS * SMALL // max(size, SMALL)]
    found = best(zip(edits))
    turned = not found and first and _turned_on_the_left(latex, left, right, approximately)
    if turned:
        return turned
    if not found:
        wide = islice(wide_edits(left, right), MOST_WIDE * SMALL // max(size + _inside(right), SMALL))
        found = best(zip(sorted(wide, key=_length)))
    mirrored = not found and first and mirrored_repair(latex, left, right, approximately)
    if mirrored:
        return mirrored
    if not found:
        most = MOST_PAIRS * SMALL**3 // max(size + _inside(right), SMALL) ** 3
        found = best(islice(_pairs(left, right, edits), most))
    return _described(latex, right, *found) if found else None


def _changes(side):
    """How many differentials stand in a side: without one it would hold of fewer changes."""
    return sum(isinstance(part, syntax.Differential) for part in syntax.walk(side))


def mirrored_repair(latex, left, right, approximately):
    """The Repair of the left side by a single edit, where the right one is as it should be, or None."""
    if not left.span or not all(part.span for part in syntax.symbols_of(left)):
        return None
    most = MOST_WIDE * SMALL // max(_size(left) + _size(right) + _inside(left), SMALL)
    screen = Screen(right, left)
    for edit in (*single_edits(right, left), *sorted(islice(wide_edits(right, left), most), key=_length)):
        if not screen.passes(edit.whole) or isinstance(left, syntax.Symbol) and edit.kind in NOT_ALONE:
            continue
        says = left != edit.whole != right and edit.whole not in syntax.walk(right)
        if says and not cancels(edit.whole) and agree(edit.whole, right, approximately):
            found = _described(latex, left, edit)
            return found._replace(text=found.text.replace(":", " on the left:", 1))
    return None


def _length(edit):
    """How long an edit leaves a side; of those alike a lost factor stands farther out, all else inside."""
    return _size(edit.whole), -_size(edit.old) if edit.kind == "lost factor" else _size(edit.old)


def _pairs(left, right, edits):
    """Two edits, one after the other, each result once."""
    seen = {right, *(edit.whole for edit in edits)}
    for one in edits:
        for two in single_edits(left, one.whole):
            if two.kind not in ALONE and two.whole not in seen:
                seen.add(two.whole)
                yield one, two


def repair_of_times(latex, statements, on_left, holds):
    """The Repair that moves parameters to another time, w_t to w_{t+1}, on the left or elsewhere; or None."""
    for changes in _other_times(statements, on_left):
        mended = latex
        for old, new in sorted(changes, key=lambda change: change[0].span, reverse=True):
            text, start = syntax.latex(new), old.span[0]
            mended = _exchanged(mended, old.span, f"({text})" if latex[start] == "(" else text)
        if holds(mended):
            said = (f"${syntax.latex(new)}$ in place of ${syntax.latex(old)}$" for old, new in changes)
            text = f"It holds with {' and '.join(dict.fromkeys(said))}: {TIMES}"
            return Repair(mended, text, None, changes[0][0].span)
    return None


def _other_times(statements, on_left):
    """Lists of (parameters, the same at another time): those of the left exchanged with others, or moved alone."""
    for chain in syntax.chains_of(statements):
        left, right = _timed(chain.sides[:1]), _timed(chain.sides[1:])
        if not left or on_left and any(is_counted(part) for side in chain.sides for part in syntax.walk(side)):
            continue
        before = left[0].mark
        later = NEAR[: NEAR.index(before)] if before in NEAR else ()
        for symbol in [symbol for symbol in right if symbol.mark in later] if on_left else ():
            other = {before: symbol.mark, symbol.mark: before}
            for exchanged in (left[:1] + [symbol], left + right):
                yield [(one, replace(one, mark=other.get(one.mark, one.mark))) for one in exchanged]
        for symbol in left if on_left else right:
            marks = later if on_left else (*NEAR, "0")
            yield from ([(symbol, replace(symbol, indices=(), mark=mark))] for mark in marks if mark != symbol.mark)


def _timed(sides):
    symbols = [symbol for side in sides for symbol in syntax.symbols_of(side)]
    return [symbol for symbol in symbols if time_of(symbol) and symbol.span]


def repair_condition(latex, statement):
    """The Repair of one bound of a condition (E15), or None."""
    chain = statement.right
    for sides, relations in _other_comparisons(chain):
        if _is_true(statement, sides, relations):
            new = _as_text(sides, relations)
            span = chain.sides[0].span[0], chain.sides[-1].span[1]
            return Repair(_exchanged(latex, span, new), f"It holds as ${new}$: {ENDS}", None, span)
    for position, side in sorted(enumerate(chain.sides), key=lambda each: each[1] == syntax.Symbol("eta")):
        for edit in (*single_edits(syntax.Symbol("eta"), side), *wide_edits(syntax.Symbol("eta"), side)):
            sides = (*chain.sides[:position], edit.whole, *chain.sides[position + 1 :])
            if _is_true(statement, sides, chain.relations):
                return _described(latex, side, edit)
    return None


def _is_true(statement, sides, relations):
    """Whether the equivalence is true with another comparison on its right."""
    try:
        return difference_in_truth(statement._replace(right=syntax.Chain(sides, relations))) is None
    except Misfit:
        return False


def _other_comparisons(chain):
    """(sides, relations) without the equality of a bound, and with the bound that is missing: 0 < eta."""
    strict = tuple(sign.rstrip("=") for sign in chain.relations)
    if strict != chain.relations:
        yield chain.sides, strict
    if strict == (">",):
        yield (syntax.Number(0.0), *chain.sides), ("<", "<")
    if len(chain.sides) == 3:
        yield (syntax.Number(0.0), *chain.sides[1:]), strict
    for zero, sign in ((0.0, "<"), (2.0, ">")):
        bound = syntax.Number(zero)
        if zero:
            bound = syntax.Quotient(bound, syntax.Symbol("lambda", mark="max"))
        if len(chain.sides) == 2:
            yield (bound, *chain.sides), (sign, *strict)
            yield (*chain.sides, bound), (*strict, "<" if sign == ">" else ">")


def _as_text(sides, relations):
    return " ".join(
        [syntax.latex(sides[0]), *(f"{sign} {syntax.latex(side)}" for sign, side in zip(relations, sides[1:]))]
    )


def _turned_on_the_left(latex, left, right, approximately):
    """The Repair that changes a part of the left side, its two indices for one, or None."""
    for old, new, why in left_edits(left, right):
        side = syntax.mapped(left, lambda node, old=old, new=new: new if node == old else node)
        if old.span and agree(side, right, approximately):
            slip = None if isinstance(old, syntax.Symbol) else LEFT
            text = f"It holds with ${syntax.latex(new)}$ in place of ${syntax.latex(old)}$ on the left: {why}"
            return Repair(_exchanged(latex, old.span, syntax.latex(new)), text, slip, old.span)
    return None


def _idle(side):
    """How many derivatives of a quantity by itself stand in a side: nothing is said with them."""
    derivatives = [part for part in syntax.walk(side) if isinstance(part, syntax.Derivative)]
    return sum(_plain(part.of) == _plain(part.by) for part in derivatives)


def _plain(node):
    return (node.name, node.layer) if isinstance(node, syntax.Symbol) else node


def _size(side):
    """How long a side takes to evaluate, in nodes: a cost at another point is a run of the network of its own."""
    heavy = {syntax.At: 60, syntax.Differential: 8}
    return sum(600 if getattr(node, "over", 0) == "L" else heavy.get(type(node), 1) for node in syntax.walk(side))


def _inside(side):
    """How much longer it takes to evaluate the edits of a side: each one in a derivative is a run of the network."""
    slopes = (node.of for node in syntax.walk(side) if isinstance(node, syntax.Derivative | syntax.Gradient))
    return sum(5 if isinstance(of, syntax.Symbol | syntax.At) else 40 * _size(of) for of in slopes)


def _reach(left, right):
    """For how many layers, in all models together, an equation says something."""
    try:
        meaning = meaning_of(left)
        return sum(1 for _ in together(meaning, meaning_of(right)).scenes())
    except Misfit:
        return 0


def _described(latex, right, *edits):
    whole = edits[-1].whole
    names, reasons = zip(*(edit.reason for edit in edits))
    if len(edits) == 1:
        mended = _spliced(latex, right, edits[0])
        text = f"{_change(edits[0])}: {reasons[0]}"
    else:
        mended = _exchanged(latex, right.span, syntax.latex(whole))
        reasons = reasons[:1] if reasons[0] == reasons[1] else (f"(1) {reasons[0]} (2) {reasons[1]}",)
        text = f"It holds as ${syntax.latex(whole)}$, with two changes: {reasons[0]}"
    return Repair(mended, text, " + ".join(dict.fromkeys(filter(None, names))) or None, edits[0].old.span or right.span)


def _change(edit):
    old, new = syntax.latex(edit.old), syntax.latex(edit.new)
    if edit.kind == "index everywhere":
        return f"It holds with ${new}$ in place of ${old}$, each time"
    if edit.whole == edit.new:
        return f"It holds as ${new}$"
    return f"It holds with ${new}$ in place of ${old}$"


def _spliced(latex, right, edit):
    """The learner's own text with the edited part exchanged, or the whole right side where that would not read back."""
    new = syntax.latex(edit.new)
    everywhere = edit.kind == "index everywhere"
    spans = [node.span for node in syntax.walk(right) if node == edit.old] if everywhere else [edit.old.span]
    short = syntax.latex(without_example(edit.new))
    if isinstance(edit.new, syntax.Add) and not edit.new.terms[0].span:  # the step alone, of w += step
        short = syntax.latex(replace(edit.new, terms=edit.new.terms[1:]))
    transposed = syntax.latex(syntax.Transpose(edit.new))
    texts = [new, f"+ {new}", rf"\left({new}\right)", f"{{{new}}}", transposed]
    texts.insert(len(texts) if re.search(r"_\s*\{?\s*n", latex) else 0, short)  # first where no example is named
    for text in texts:
        mended = latex
        for span in sorted(filter(None, spans), reverse=True):
            mended = _exchanged(mended, span, text)
        if _has_side(mended, edit.whole):
            return mended
    wholes = [_exchanged(latex, right.span, syntax.latex(side)) for side in (edit.whole, without_example(edit.whole))]
    return next((whole for whole in wholes if _has_side(whole, edit.whole)), wholes[0])


def _exchanged(latex, span, text):
    return latex[: span[0]] + text + latex[span[1] :]


def _has_side(latex, wanted):
    try:
        chains = syntax.chains_of(read(latex))
        sides = (side for chain in chains for rule in RULES for side in without_next(chain, rule).sides)
        return _flat(wanted) in map(_flat, sides)
    except Misfit:
        return False


def _flat(tree):
    """The tree with no product among the factors of another."""

    def flat(node):
        if not isinstance(node, syntax.Product):
            return node
        parts = [part.factors if isinstance(part, syntax.Product) else (part,) for part in node.factors]
        return replace(node, factors=tuple(factor for part in parts for factor in part))

    return syntax.mapped(tree, flat)
