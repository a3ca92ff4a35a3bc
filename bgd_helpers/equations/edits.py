"""The single edits of an expression that a slip of the pen, or of the mind, can be mended by; the likeliest first."""

from dataclasses import replace
from typing import NamedTuple

from bgd_helpers.equations.syntax import (
    Activation,
    Add,
    Derivative,
    Entry,
    Gradient,
    Hadamard,
    Layer,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Transpose,
    children,
    mapped,
    walk,
    with_child,
)


class Edit(NamedTuple):
    """A change: its kind, the part that goes, the part that comes instead, and the whole after it."""

    kind: str
    old: Node
    new: Node
    whole: Node


ALIKE = [("a", "z", "delta"), ("A", "Z", "Delta"), ("y", "yhat"), ("Y", "Yhat"), ("N", "B", "batch_size"), ("w", "b")]
LIKELY = (
    "index", "swap", "index everywhere", "slope", "argument", "layer", "sign", "transpose", "order", "term",
    "factor", "lost factor", "lost slope", "lost sum", "sum", "symbol", "product", "square",
)  # fmt: skip


def single_edits(left, right):
    """Every single edit of the right side, the likeliest kinds first; `left` tells what could be missing."""
    letters = sorted({i for side in (left, right) for node in walk(side) for i in _letters(node)})
    local = _edits(right, lambda node: _local(node, letters))
    found = [*local, *_everywhere(right, letters), *_of_whole(left, right)]
    unique = {right: None}  # what changes nothing
    for edit in found:
        unique.setdefault(edit.whole, edit)
    return sorted(filter(None, unique.values()), key=lambda edit: LIKELY.index(edit.kind))


def _letters(node):
    if isinstance(node, Symbol | Entry):
        return [index for index in node.indices if not index.isdigit()]
    return [node.index] if isinstance(node, Sum) else []


def _edits(node, local):
    """The edits of a node and of everything below it. What one differentiates by stays as it is."""
    for kind, new in local(node):
        yield Edit(kind, node, new, new)
    for name, position, child in children(node):
        if isinstance(node, Derivative) and name == "by":
            continue
        for edit in _edits(child, local):
            yield edit._replace(whole=with_child(node, name, position, edit.whole))


def _local(node, letters):
    """(kind, what comes instead) for one node."""
    match node:
        case Symbol():
            yield from _of_symbol(node, letters)
        case Entry(of, (i, j)):
            yield "swap", replace(node, indices=(j, i))
        case Activation(layer, slope):
            yield "slope", replace(node, slope=not slope)
            yield from (("layer", replace(node, layer=other)) for other in _near(layer))
        case Sum(index, over, body):
            yield from (("sum", replace(node, index=letter)) for letter in letters if letter != index)
            yield "sum", replace(node, over="batch" if over != "batch" else None)
            yield "sum", body
        case Negative(of):
            yield "sign", of
        case Add(terms):
            for position, term in enumerate(terms):
                yield "sign", with_child(node, "terms", position, _negated(term))
                yield "term", _without(node, "terms", position)
        case Product(factors) | Hadamard(factors):
            name = "factors"
            for position, factor in enumerate(factors):
                kind = "lost slope" if isinstance(factor, Activation) else "factor"
                yield kind, _without(node, name, position)
                if isinstance(factor, Number) and factor.value == 2:
                    yield "factor", with_child(node, name, position, Quotient(Number(1.0), Number(2.0)))
            for position in range(len(factors) - 1):
                one, two = factors[position : position + 2]
                yield "order", replace(node, factors=(*factors[:position], two, one, *factors[position + 2 :]))
            yield "product", (Hadamard if isinstance(node, Product) else Product)(factors, span=node.span)
        case Quotient(top):
            yield "factor", top
        case Power(base, exponent):
            yield "square", base
            if exponent == Number(2.0):
                yield "square", Power(base, Number(3.0), span=node.span)
        case Transpose(of):
            yield "transpose", of
        case Gradient(Symbol("J", ())):
            yield "symbol", replace(node, of=Symbol("E", ("n",), span=node.of.span))
    if isinstance(node, Add | Activation):
        yield "square", Power(node, Number(2.0), span=node.span)


def _of_symbol(symbol, letters):
    for position, index in enumerate(symbol.indices):
        for letter in letters:
            if letter != index:
                changed = (*symbol.indices[:position], letter, *symbol.indices[position + 1 :])
                yield "index", replace(symbol, indices=changed)
    if len(symbol.indices) == 2:
        yield "swap", replace(symbol, indices=symbol.indices[::-1])
    if symbol.layer:
        yield from (("layer", replace(symbol, layer=layer)) for layer in _near(symbol.layer))
    for group in ALIKE:
        if symbol.name in group:
            kind = "argument" if symbol.name in "aAzZ" else "symbol"
            for name in group:
                if name != symbol.name and not (name in ("y", "w", "b") and len(symbol.indices) == 0):
                    yield kind if "elta" not in name else "symbol", replace(symbol, name=name)
    if symbol.name in ("W", "A", "Z", "Delta", "X", "Y", "Yhat", "b", "H") and not symbol.indices:
        yield "transpose", Transpose(symbol, span=symbol.span)
    if symbol.name == "E":
        yield "symbol", Symbol("J", span=symbol.span)
    if symbol.name == "J":
        yield "symbol", Symbol("E", ("n",), span=symbol.span)


def _everywhere(right, letters):
    """Another index for a symbol wherever it occurs, as in both factors of the chain rule."""
    symbols = [node for node in walk(right) if isinstance(node, Symbol) and node.indices]
    for symbol in dict.fromkeys(symbol for symbol in symbols if symbols.count(symbol) > 1):
        for kind, new in _of_symbol(symbol, [*letters, "1"]):
            if kind == "index":
                yield Edit("index everywhere", symbol, new, _exchanged(right, symbol, new))


def _exchanged(tree, old, new):
    return mapped(tree, lambda node: replace(new, span=node.span) if node == old else node)


def _near(layer):
    """The layers next to this one, and the last."""
    near = [layer.moved(-1), layer.moved(1)]
    return near + ([Layer("L")] if layer.letter not in (None, "L") else [])


def _negated(node):
    return node.of if isinstance(node, Negative) else Negative(node, span=node.span)


def _without(node, name, position):
    """The sum or product without one of its parts."""
    rest = getattr(node, name)
    rest = (*rest[:position], *rest[position + 1 :])
    return rest[0] if len(rest) == 1 else replace(node, **{name: rest})


def _of_whole(left, right):
    """What can be missing from the side as a whole, or from one of its terms."""
    yield from _at_root("sign", right, _negated(right))
    yield from _at_root("transpose", right, Transpose(right))
    for factor in (Number(2.0), Quotient(Number(1.0), Number(2.0)), Quotient(Number(1.0), Symbol("N")), Symbol("N")):
        yield Edit("lost factor", right, _scaled(right, factor), _scaled(right, factor))
    for slope in _slopes(left):
        join = _entry_by_entry if slope.argument.name == "A" else _with_slope
        yield from _at_root("lost slope", right, join(right, slope))
    for letter in sorted({i for node in walk(right) for i in _letters(node)}):
        yield from _at_root("lost sum", right, Sum(letter, None, right))
        if isinstance(right, Product | Add):
            name = "factors" if isinstance(right, Product) else "terms"
            for position, part in enumerate(getattr(right, name)):
                inner = with_child(right, name, position, Sum(letter, None, part, span=part.span))
                yield Edit("lost sum", part, Sum(letter, None, part), inner)
    if isinstance(right, Add):
        for position, term in enumerate(right.terms):
            size = term.of if isinstance(term, Negative) else term
            for factor in (Symbol("eta"), Number(2.0), Quotient(Number(1.0), Symbol("N"))):
                scaled = _scaled(size, factor)
                signed = Negative(scaled, span=term.span) if isinstance(term, Negative) else scaled
                yield Edit("lost factor", size, scaled, with_child(right, "terms", position, signed))
    if isinstance(left, Symbol) and left.name == "a":
        yield from _at_root("term", right, Add((right, Symbol("b", left.indices[1:], left.layer))))
    if isinstance(left, Symbol) and left.name == "A":
        bias = Product((Symbol("ones"), Transpose(Symbol("b", (), left.layer))))
        yield from _at_root("term", right, Add((right, bias)))


def _scaled(node, factor):
    """factor times node, the factor in front: 2 x, or 2/N for 1/N."""
    match node:
        case Negative(of):
            return Negative(_scaled(of, factor), span=node.span)
        case Product((Quotient(Number(1.0), bottom), *rest)) if isinstance(factor, Number):
            return Product((Quotient(factor, bottom), *rest), span=node.span)
        case Quotient(Number(1.0), bottom) if isinstance(factor, Number):
            return Quotient(factor, bottom, span=node.span)
        case Product(factors):
            return Product((factor, *factors), span=node.span)
    return Product((factor, node), span=node.span)


def _with_slope(node, slope):
    """node times f', which stands before a sum and after everything else."""
    match node:
        case Negative(of):
            return Negative(_with_slope(of, slope), span=node.span)
        case Product((*factors, Sum() as last)):
            return Product((*factors, slope, last), span=node.span)
        case Product(factors):
            return Product((*factors, slope), span=node.span)
        case Sum():
            return Product((slope, node), span=node.span)
    return Product((node, slope), span=node.span)


def _entry_by_entry(node, slope):
    if isinstance(node, Negative):
        return Negative(_entry_by_entry(node.of, slope), span=node.span)
    return Hadamard((node, slope), span=node.span)


def _at_root(kind, old, new):
    yield Edit(kind, old, new, new)


def _slopes(left):
    """f_k'(a), where the left side is an error signal or a derivative by a pre-activation."""
    node = left.by if isinstance(left, Derivative) else left
    if not isinstance(node, Symbol) or not node.layer:
        return
    if node.name in ("delta", "a") and (node.name == "delta" or node is not left):
        yield Activation(node.layer, True, Symbol("a", node.indices, node.layer))
    if node.name in ("Delta", "A") and (node.name == "Delta" or node is not left):
        yield Activation(node.layer, True, Symbol("A", (), node.layer))
