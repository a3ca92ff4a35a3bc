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
    Norm,
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
    below: bool = False  # whether it stands in a denominator


ALIKE = [("a", "z", "delta"), ("A", "Z", "Delta"), ("y", "yhat"), ("Y", "Yhat"), ("N", "B", "batch_size"), ("w", "b")]
MATRICES = ("W", "A", "Z", "Delta", "X", "Y", "Yhat", "b", "H")
HIDDEN, ARGUMENT = "the handout's hidden formula", "f'(z) for f'(a)"
LIKELY = (
    "product of means", "root of the sum", "square of the sum", "difference of squares", "tanh everywhere", "index",
    "swap", "index everywhere", ARGUMENT, "slope", "argument", "layer", "sign", "transpose", "order", "parentheses",
    "term", "upside down", "symbol", "factor", "lost factor", "extra slope", "lost slope", "lost sum", "sum", "product",
    "square", "f for f'", "no W in hidden layers", HIDDEN, "first output only", "first example only",
    "step without theta", "gradient left out",
)  # fmt: skip


def single_edits(left, right):
    """Every single edit of the right side, the likeliest kinds first; `left` tells what could be missing."""
    letters = sorted({i for side in (left, right) for node in walk(side) for i in _letters(node)})
    layers = list(dict.fromkeys(node.layer for side in (left, right) for node in walk(side) if _has_layer(node)))
    local = _edits(right, lambda node: (*_local(node, letters, layers), *_from_left(node, left)))
    found = [*local, *_everywhere(right, letters), *_of_whole(left, right)]
    unique = {right: None}  # what changes nothing
    for edit in found:
        unique.setdefault(edit.whole, edit)
    return sorted(filter(None, unique.values()), key=lambda edit: LIKELY.index(edit.kind))


def _letters(node):
    if isinstance(node, Symbol | Entry):
        return [index for index in node.indices if not index.isdigit()]
    return [node.index] if isinstance(node, Sum) else []


def _has_layer(node):
    return isinstance(node, Symbol | Activation) and node.layer is not None


def _edits(node, local):
    """The edits of a node and of everything below it. An exponent and what one differentiates by stay."""
    for kind, new in local(node):
        yield Edit(kind, node, new, new)
    for name, position, child in children(node):
        if name in ("by", "exponent", "over"):
            continue
        for edit in _edits(child, local):
            whole = with_child(node, name, position, edit.whole)
            yield edit._replace(whole=whole, below=edit.below != (name == "bottom"))


def _local(node, letters, layers):
    """(kind, what comes instead) for one node."""
    yield from _of_pattern(node)
    match node:
        case Symbol():
            yield from _of_symbol(node, letters, layers)
        case Number(value) if value > 1:
            yield from (("factor" if new < value else "lost factor", Number(new)) for new in _half_and_double(value))
        case Entry(of, (i, j)):
            yield "swap", replace(node, indices=(j, i))
        case Activation(layer, slope, argument):
            yield "slope", replace(node, slope=not slope)
            for other in _near(layer, layers):
                yield "layer", replace(node, layer=other)
                if getattr(argument, "layer", None) == layer:
                    yield "layer", replace(node, layer=other, argument=replace(argument, layer=other))
        case Sum(index, over, body):
            yield from (("sum", replace(node, index=letter)) for letter in letters if letter != index)
            yield "sum", replace(node, over="batch" if over != "batch" else None)
            yield "sum", body
            yield from (("sum", _with_index(body, index, letter)) for letter in letters if letter != index)
            yield from (("layer", _shifted(node, by)) for by in (1, -1))
        case Negative(of):
            yield "sign", of
        case Add(terms):
            for position, term in enumerate(terms):
                yield "sign", with_child(node, "terms", position, _negated(term))
                yield "term", _without(node, "terms", position)
        case Product(factors) | Hadamard(factors):
            name = "factors"
            for position, factor in enumerate(factors):
                kind = "extra slope" if isinstance(factor, Activation) and factor.slope else "factor"
                yield kind, _without(node, name, position)
            for position in range(len(factors) - 1):
                one, two = factors[position : position + 2]
                yield "order", replace(node, factors=(*factors[:position], two, one, *factors[position + 2 :]))
            yield "product", (Hadamard if isinstance(node, Product) else Product)(factors, span=node.span)
        case Quotient(top, bottom):
            for new in _half_and_double(top.value) if isinstance(top, Number) else ():
                yield "factor" if new < top.value else "lost factor", replace(node, top=Number(new))
            yield "factor", top
            yield "upside down", Quotient(bottom, top, span=node.span)
        case Power(base, exponent):
            yield "factor" if isinstance(base, Symbol) else "square", base
            if exponent == Number(2.0):
                yield "square", Power(base, Number(3.0), span=node.span)
        case Transpose(of):
            yield "transpose", of
        case Gradient(Symbol("J", ())):
            yield "symbol", replace(node, of=Symbol("E", ("n",), span=node.of.span))
    if isinstance(node, Add | Activation):
        yield "square", Power(node, Number(2.0), span=node.span)


def _half_and_double(value):
    return [value / 2, 2 * value] if value % 2 == 0 else [2 * value]


def _of_pattern(node):
    """What a slip with a pattern of its own is mended by."""
    match node:
        case Activation(_, slope, Symbol("z" | "Z" | "yhat" | "Yhat") as argument):
            yield ARGUMENT if slope else "argument", replace(node, argument=_before(argument))
        case Symbol("z" | "Z" | "yhat" | "Yhat", (_, _) | ()) if _before(node).layer != Layer(None, 0):
            yield "f for f'", _slope(_before(node))
        case Add((Number(1.0), Negative(Power(Symbol("z" | "yhat", (_, _)) as z, Number(2.0))))):
            yield "tanh everywhere", _slope(_before(z))
        case Add((Power(a, Number(2.0)), Negative(Power(b, Number(2.0))))):
            yield "difference of squares", Power(Add((a, Negative(b))), Number(2.0), span=node.span)
        case Power(Sum(_, _, body) as total, Number(2.0)):
            yield "square of the sum", replace(total, body=Power(body, Number(2.0)))
        case Norm():
            yield "root of the sum", Power(node, Number(2.0), span=node.span)
        case Product(
            (Quotient(Number(1.0) as top, Power(size)), Sum(n, None, Product((*z, Sum(m, None, delta)))) as total)
        ):
            body = Product((*z, _with_index(delta, m, n)))
            yield "product of means", Product((Quotient(top, size), replace(total, body=body)), span=node.span)
        case Product((*matrices, Activation(slope=True) as last)):
            yield "product", Hadamard((_joined(matrices), last), span=node.span)
        case Add((one, two)):
            yield "parentheses", _in_parentheses(one, two)


def _before(symbol):
    """The pre-activation of an activation or an output."""
    name = "a" if symbol.name in ("z", "yhat") else "A"
    return replace(symbol, name=name, layer=symbol.layer or Layer("L"))


def _slope(argument):
    return Activation(argument.layer, True, argument)


def _joined(factors):
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def _in_parentheses(one, two):
    """p (u + v) q for p u + v q."""
    *p, u = getattr(_size(one), "factors", (_size(one),))
    v, *q = getattr(_size(two), "factors", (_size(two),))
    product = _joined((*p, Add((u, Negative(v) if isinstance(two, Negative) else v)), *q))
    return Negative(product) if isinstance(one, Negative) else product


def _size(node):
    return node.of if isinstance(node, Negative) else node


def _with_index(tree, old, new):
    """The tree with one index in place of another."""

    def renamed(node):
        if not isinstance(node, Symbol | Entry) or old not in node.indices:
            return node
        return replace(node, indices=tuple(new if index == old else index for index in node.indices))

    return mapped(tree, renamed)


def _shifted(tree, by):
    """The tree with all its layers moved."""
    return mapped(tree, lambda node: replace(node, layer=node.layer.moved(by)) if _has_layer(node) else node)


def _from_left(node, left):
    """What the left side tells is missing: the weights that an error signal comes back through, the gradient."""
    match left, node:
        case Symbol("Delta"), Symbol("Delta", (), layer):
            yield "no W in hidden layers", Product((node, Transpose(Symbol("W", (), layer))), span=node.span)
        case Symbol("delta", (n, i), k), Symbol("delta", (_, j), layer):
            yield "no W in hidden layers", Product((Symbol("w", (i, j), layer), node), span=node.span)
            j = "m" if i == "j" else "j"
            yield "no W in hidden layers", _back(n, i, j, layer)
            yield HIDDEN, Product((_slope(Symbol("a", (n, i), k)), _back(n, i, j, k.moved(1))))
        case Add((_, Negative(step))), Symbol("eta") if left.span is None:
            yield "gradient left out", step


def _back(n, i, j, layer):
    return Sum(j, None, Product((Symbol("w", (i, j), layer), Symbol("delta", (n, j), layer))))


def _of_symbol(symbol, letters, layers):
    for position, index in enumerate(symbol.indices):
        for letter in letters:
            if letter != index:
                changed = (*symbol.indices[:position], letter, *symbol.indices[position + 1 :])
                yield "index", replace(symbol, indices=changed)
    if len(symbol.indices) == 2:
        yield "swap", replace(symbol, indices=symbol.indices[::-1])
    if symbol.layer:
        yield from (("layer", replace(symbol, layer=layer)) for layer in _near(symbol.layer, layers))
    for group in ALIKE:
        if symbol.name in group:
            kind = "argument" if symbol.name in "aAzZ" else "symbol"
            for name in group:
                if name != symbol.name and not (name in ("y", "w", "b") and len(symbol.indices) == 0):
                    yield kind if "elta" not in name else "symbol", replace(symbol, name=name)
    if symbol.name in MATRICES and not symbol.indices:
        yield "transpose", Transpose(symbol, span=symbol.span)
    if symbol.name in ("x", "X") and len(symbol.indices) != 1:
        lower = "z" if symbol.name == "x" else "Z"
        yield from (("layer", replace(symbol, name=lower, layer=layer.moved(-1))) for layer in layers)
    if symbol.name == "width":
        yield "symbol", Symbol("N", span=symbol.span)
    if symbol.name == "E":
        yield "symbol", Symbol("J", span=symbol.span)
    if symbol.name == "J":
        yield "symbol", Symbol("E", ("n",), span=symbol.span)


def _everywhere(right, letters):
    """Another index for a symbol wherever it occurs, as in both factors of the chain rule."""
    symbols = [node for node in walk(right) if isinstance(node, Symbol) and node.indices]
    for symbol in dict.fromkeys(symbol for symbol in symbols if symbols.count(symbol) > 1):
        for kind, new in _of_symbol(symbol, [*letters, "1"], []):
            if kind == "index":
                yield Edit("index everywhere", symbol, new, _exchanged(right, symbol, new))


def _exchanged(tree, old, new):
    return mapped(tree, lambda node: replace(new, span=node.span) if node == old else node)


def _near(layer, layers):
    """The layers next to this one, the last, and those that occur elsewhere."""
    near = [layer.moved(-1), layer.moved(1), *([Layer("L")] if layer.letter not in (None, "L") else []), *layers]
    return [other for other in dict.fromkeys(near) if other != layer]


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
    if _is_of_matrices(right):
        yield from _at_root("transpose", right, Transpose(right))
    yield from _of_first_only(right)
    if left.span is None and isinstance(left, Add):
        terms = right.terms if isinstance(right, Add) else (right,)
        yield from _at_root("step without theta", right, Add((left.terms[0], *terms)))
    for factor in (Number(2.0), Quotient(Number(1.0), Number(2.0)), Quotient(Number(1.0), Symbol("N")), Symbol("N")):
        yield Edit("lost factor", right, _scaled(right, factor), _scaled(right, factor))
    for slope in _slopes(left):
        join = _entry_by_entry if slope.argument.name == "A" else _with_slope
        yield from _at_root("lost slope", right, join(right, slope))
    for letter in sorted({i for node in walk(right) for i in _letters(node)}):
        yield from _at_root("lost sum", right, _summed(right, letter))
        if isinstance(right, Product | Add):
            name = "factors" if isinstance(right, Product) else "terms"
            for position, part in enumerate(getattr(right, name)):
                total = _summed(part, letter)
                yield Edit("lost sum", part, total, with_child(right, name, position, total))
    if isinstance(right, Add):
        for position, term in enumerate(right.terms):
            size = _size(term)
            averages = (Quotient(Number(1.0), Symbol(name)) for name in ("batch_size", "N"))
            for factor in (Symbol("eta"), Number(2.0), *averages):
                scaled = _scaled(size, factor)
                signed = Negative(scaled, span=term.span) if isinstance(term, Negative) else scaled
                yield Edit("lost factor", size, scaled, with_child(right, "terms", position, signed))
    if isinstance(left, Symbol) and left.name == "a":
        yield from _at_root("term", right, Add((right, Symbol("b", left.indices[1:], left.layer))))
    if isinstance(left, Symbol) and left.name == "A":
        bias = Product((Symbol("ones"), Transpose(Symbol("b", (), left.layer))))
        yield from _at_root("term", right, Add((right, bias)))


def _is_of_matrices(node):
    """Whether a whole matrix stands in it, other than in a norm or as what one differentiates by."""
    if isinstance(node, Symbol):
        return node.name in MATRICES and not node.indices
    parts = [child for name, _, child in children(node) if name != "by"]
    return not isinstance(node, Norm) and any(map(_is_of_matrices, parts))


def _summed(node, letter):
    """The node summed over an index, with the sum right before the first factor that has it."""
    match node:
        case Negative(of):
            return Negative(_summed(of, letter), span=node.span)
        case Product(factors):
            first = next((p for p, f in enumerate(factors) if any(letter in _letters(part) for part in walk(f))), 0)
            total = Sum(letter, None, _joined(factors[first:]))
            return Product((*factors[:first], total), span=node.span) if first else total
    return Sum(letter, None, node, span=node.span)


def _of_first_only(right):
    """A sum in place of its first term."""
    used = {i for node in walk(right) for i in _letters(node)}
    firsts = [node for node in walk(right) if isinstance(node, Symbol) and "1" in node.indices]
    of_example = any(node.name not in "wb" and node.indices[0] == "1" for node in firsts)
    for letter in ("n" if of_example else "jm") if firsts else ():
        if letter not in used:
            kind = "first example only" if of_example else "first output only"
            yield from _at_root(kind, right, _summed(_with_index(right, "1", letter), letter))


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
