"""The likely changes of an expression, which most slips with a name are mended by, and what edits are made with."""

from dataclasses import replace
from itertools import product

from bgd_helpers.equations.edits import ARGUMENT, HIDDEN, MORE, SENTENCES, Edit
from bgd_helpers.equations.shapes import shape
from bgd_helpers.equations.syntax import (
    FORMS,
    Activation,
    Add,
    At,
    Derivative,
    Diagonal,
    Entry,
    Expectation,
    Gradient,
    Hadamard,
    Layer,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Transpose,
    Variance,
    children,
    is_symbol,
    mapped,
    symbols_of,
    walk,
    with_child,
    with_layers,
)

ALIKE = [
    ("a", "z", "delta"),
    ("A", "Z", "Delta"),
    ("y", "yhat"),
    ("Y", "Yhat"),
    ("N", "B", "batch_size"),
    ("w", "b"),
    ("X", "H"),
]
MATRICES = ("W", "A", "Z", "Delta", "X", "Y", "Yhat", "b", "H")
RANK = {kind: rank for rank, kind in enumerate(SENTENCES)}
ONE, TWO, MINUS_ONE = Number(1.0), Number(2.0), Negative(Number(1.0))
N, B, BATCH, ETA = map(Symbol, ("N", "B", "batch_size", "eta"))
ONES = Symbol("ones")


def left_edits(left, right):
    """(part, what comes instead, why) for the left side: another thing differentiated, or by another layer's weights;
    indices that stand the other way round."""
    for node in walk(left):
        match node:
            case Symbol(_, (_, _)) if node.span:
                yield node, replace(node, indices=node.indices[::-1]), SENTENCES["swap"]
            case Derivative(of, by):
                if isinstance(of, Symbol):
                    other, why = (Symbol("J"), "of_mean") if of.name == "E" else (Symbol("E", ("n",)), "of_loss")
                    if of.name == "y":
                        other, why = replace(of, name="yhat"), "given"
                    yield node, replace(node, of=other), MORE[why]
                if is_symbol(by, "w", "W") and isinstance(by.layer, Layer):
                    for other in _near(by.layer, []):
                        yield node, replace(node, by=replace(by, layer=other)), MORE["other_weight"]
            case At(_, Symbol("w", mark="" | "0" | "t") as point):
                yield node, replace(node, point=replace(point, mark="*")), MORE["minimum"]
            case Gradient(of) if node.span:
                yield node, of, MORE["of_cost"]
                yield node, Expectation(node), MORE["expected"]
            case Symbol("w", (), None) if node.span:
                yield node, Product((Symbol("X"), node)), SENTENCES["lost factor"]
            case Product():
                yield from ((node, new, SENTENCES["order"]) for new in _swapped(node))
        if node is left and isinstance(node, Symbol) and node.layer and node.span:
            near = _near(node.layer, _layers_of(right))
            yield from ((node, replace(node, layer=other), MORE["other_layer"]) for other in near)


def is_by(left, *names):
    """Whether the left side differentiates by one of these."""
    return any(isinstance(node, Derivative) and is_symbol(node.by, *names) for node in walk(left))


def single_edits(left, right):
    """Every single edit of the right side, the likeliest kinds first; `left` tells what could be missing."""
    letters = sorted({i for side in (left, right) for node in walk(side) for i in _letters(node)})
    layers = list(
        dict.fromkeys(node.layer for side in (left, right) for node in walk(side) if getattr(node, "layer", None))
    )
    local = edits_of(right, lambda node: (*_local(node, letters, layers), *_from_left(node, left)))
    whole = (Edit(kind, right, new, new) for kind, new in _of_whole(left, right))
    unique = {right: None}  # what changes nothing
    for edit in (*local, *_everywhere(right, letters), *whole):
        unique.setdefault(edit.whole, edit)
    found = sorted(filter(None, unique.values()), key=lambda edit: RANK[edit.kind])
    return [edit._replace(left=left) for edit in found]


def _letters(node):
    if isinstance(node, Symbol | Entry):
        return [index for index in node.indices if not index.isdigit()]
    return [node.index] if isinstance(node, Sum) else []


def _layers_of(tree):
    return [part.layer for part in walk(tree) if getattr(part, "layer", None)]


def edits_of(node, local, but=("by", "exponent", "over")):
    """The edits of a node and of everything below it, other than in some fields."""
    for kind, new in local(node):
        yield Edit(kind, node, new, new)
    for name, position, child in children(node):
        if name in but:
            continue
        for edit in edits_of(child, local, but):
            if edit.new is edit.whole and _is_lost_on(node, child, edit.new):
                continue
            whole = with_child(node, name, position, edit.whole)
            yield edit._replace(whole=whole, below=edit.below != (name == "bottom"))


def _is_lost_on(node, child, new):
    """Whether a change of a child belongs to the node: what is differentiated stays a quantity, a sign is a term's."""
    if isinstance(node, Derivative | Gradient | Variance | At):
        return isinstance(child, Symbol | At) and type(new) is not type(child)
    return isinstance(node, Negative) and isinstance(new, Add) and not isinstance(child, Add)


def _local(node, letters, layers):
    """(kind, what comes instead) for one node."""
    yield from _of_pattern(node)
    match node:
        case Symbol():
            yield from _of_symbol(node, letters, layers)
        case Number(value) if value >= 1:
            yield from (("factor" if new < value else "lost factor", Number(new)) for new in _half_and_double(value))
        case Entry(of, (i, j)):
            yield "swap", replace(node, indices=(j, i))
        case Activation(layer, slope, argument):
            yield "slope", replace(node, slope=not slope)
            if slope and len(getattr(argument, "indices", "nj")) == 1:
                yield "diagonal", Diagonal(node, span=node.span)
            for other in _near(layer, layers):
                yield "layer", replace(node, layer=other)
                if getattr(argument, "layer", None) == layer:
                    yield "layer", replace(node, layer=other, argument=replace(argument, layer=other))
        case Sum(index, over, body):
            yield from (("sum", replace(node, index=letter, over=None)) for letter in letters if letter != index)
            yield "sum", replace(node, over="batch" if over != "batch" else None)
            yield "extra sum", body
            yield from (("sum", _with_index(body, index, letter)) for letter in letters if letter != index)
            yield from (("layer", with_layers(node, lambda layer, by=by: layer.moved(by))) for by in (1, -1))
            if isinstance(over, Symbol):
                near = _near(over.layer, layers)
                yield from (("bound", replace(node, over=replace(over, layer=layer))) for layer in near)
            if over not in (None, "batch"):
                yield "bound", replace(node, over=None)
        case Negative(of):
            yield "turned sign", of
        case Add(terms):
            yield "square", Power(node, TWO, span=node.span)
            if Symbol("I") in terms:
                yield "exponent", Power(node, Symbol("t"), span=node.span)
            new, old = (isinstance(term, Negative) for term in terms[:2][::-1])
            if new and not old and is_symbol(terms[0], "w", "theta"):
                yield "old parameters", terms[0]
            for position, term in enumerate(terms):
                yield "turned sign", with_child(node, "terms", position, _negated(term))
                rest = with_parts(node, position, position + 1)
                yield from [("term", rest)] * (rest != Symbol("I"))
        case Product(factors) | Hadamard(factors):
            for position, factor in enumerate(factors):
                kind = "extra slope" if isinstance(factor, Activation) and factor.slope else "factor"
                yield kind, with_parts(node, position, position + 1)
            yield from (("order", new) for new in _swapped(node))
            yield "product", (Hadamard if isinstance(node, Product) else Product)(factors, span=node.span)
        case Quotient(top, bottom):
            for new in _half_and_double(top.value) if isinstance(top, Number) else ():
                yield "factor" if new < top.value else "lost factor", replace(node, top=Number(new))
            yield "factor", top
            yield "upside down", Quotient(bottom, top, span=node.span)
            if is_symbol(bottom, "B", "batch_size"):
                yield "out of a variance", replace(node, bottom=Power(bottom, TWO))
        case Power(base, exponent):
            of_updates = Symbol("I") in walk(base)
            yield "exponent" if of_updates else "factor" if isinstance(base, Symbol) else "square", base
            t = Symbol("t")
            if t in walk(exponent):
                counts = (t, Add((t, ONE)), Add((t, MINUS_ONE)))
                yield from (("exponent", Power(base, count, span=node.span)) for count in counts if count != exponent)
        case Transpose(of):
            yield "transpose", of
        case Derivative(of, Symbol(name) as by):
            if name in ("a", "z", "A", "Z"):
                if len(getattr(of, "indices", ())) == len(by.indices) == 1 and of.name != "E":
                    yield "transpose", Transpose(node, span=node.span)
                yield "by", replace(node, by=replace(by, name="azAZ"["zaZA".index(name)]))
            if by.mark == "t+1":
                yield "old parameters", replace(node, by=replace(by, mark="t"))
            moved = (new for kind, new in _of_symbol(by, letters, layers) if kind in ("index", "swap", "layer"))
            yield from (("by", replace(node, by=new)) for new in moved)
    if is_symbol(of := getattr(node, "of", node), "J") and of.indices:
        share = Symbol("N", of.indices)
        for factor in (share, Quotient(share, Symbol("N"))):
            yield "lost share", Product((factor, node), span=node.span)


def _swapped(node):
    """The product with two neighbours in the other order."""
    for at in range(len(node.factors) - 1):
        yield with_parts(node, at, at + 2, *node.factors[at : at + 2][::-1])


def _half_and_double(value):
    return [value / 2, 2 * value] if value % 2 == 0 else [2 * value]


def _of_pattern(node):
    """What a slip with a pattern of its own is mended by."""
    match node:
        case Activation(_, slope, Symbol("z" | "Z" | "yhat" | "Yhat") as argument):
            yield ARGUMENT if slope else "argument", replace(node, argument=_before(argument))
        case Symbol("z" | "Z" | "yhat" | "Yhat", (_, _) | ()) if _before(node).layer != Layer(None, 0):
            yield "f for f'", slope_of(_before(node))
        case Add((Number(1.0), Negative(Power(Symbol("z" | "yhat", (_, _)) as z, Number(2.0))))):
            yield "tanh everywhere", slope_of(_before(z))
        case Add((Power(a, Number(2.0)), Negative(Power(b, Number(2.0))))):
            yield "difference of squares", Power(Add((a, Negative(b))), TWO, span=node.span)
        case Power(Sum() as total, Number(2.0)):
            yield "square of the sum", _squared_inside(total)
        case Norm(of, spectral):
            if spectral:
                yield "spectral norm", Norm(of, span=node.span)
            yield "root of the sum", Power(node, TWO, span=node.span)
        case Product(
            (Quotient(Number(1.0) as top, Power(size)), Sum(n, None, Product((*z, Sum(m, None, delta)))) as total)
        ):
            body = Product((*z, _with_index(delta, m, n)))
            yield "product of means", Product((Quotient(top, size), replace(total, body=body)), span=node.span)
        case Product() if len(sums := _flat(node.factors)) > 1 and all(isinstance(each, Sum) for each in sums[-2:]):
            *before, one, two = sums
            body = Product((*factors_of(one.body), *factors_of(_with_index(two.body, two.index, one.index))))
            yield "product of means", _joined((*before, replace(one, body=body)))
        case Product((*matrices, Activation(slope=True) as last)):
            yield "product", Hadamard((_joined(matrices), last), span=node.span)
        case Add((Symbol("lambda") as one, Negative(Symbol("lambda") as other))):
            yield "term", Quotient(one, other, span=node.span)
    for at in range(len(parts_of(node)) - 1):
        one, two = parts_of(node)[at : at + 2]
        if isinstance(node, Add) and not isinstance(one, Activation):
            yield from (("parentheses", with_parts(node, at, at + 2, new)) for new in _in_parentheses(one, two))
        if isinstance(node, Add) and isinstance(one, Quotient):
            new = replace(one, bottom=Add((one.bottom, two)), span=None)
            yield "parentheses", with_parts(node, at, at + 2, new)
        if isinstance(node, Product) and (argument := _only_symbol(Product((one, two)))):
            yield "slope written out", with_parts(node, at, at + 2, slope_of(argument))
    if isinstance(node, Add | Power | Product | Negative) and (argument := _only_symbol(node)):
        yield "slope written out", slope_of(argument)


def _flat(factors):
    """The factors, with those of a product among them."""
    return [part for factor in factors for part in factors_of(factor)]


def _squared_inside(total):
    """The square inside the sum, or the sums, in place of that of the whole."""
    body = total.body
    return replace(total, body=_squared_inside(body) if isinstance(body, Sum) else Power(body, TWO))


def _only_symbol(node):
    """The pre-activation of the z or a that a polynomial in it alone is made of; None for any other node."""
    parts = list(walk(node))
    leaf, *others = {part for part in parts if isinstance(part, Symbol)} or {None}
    if others or not is_symbol(leaf, "z", "yhat", "a") or len(leaf.indices) != 2:
        return None
    is_polynomial = all(isinstance(part, Symbol | Number | Add | Power | Product | Negative) for part in parts)
    if not is_polynomial or not any(isinstance(part, Add | Power) for part in parts):
        return None
    return leaf if leaf.name == "a" else _before(leaf)


def _before(symbol):
    """The pre-activation of an activation or an output."""
    name = "a" if symbol.name in ("z", "yhat") else "A"
    return replace(symbol, name=name, layer=symbol.layer or Layer("L"))


def slope_of(argument):
    return Activation(argument.layer, True, argument)


def _joined(factors):
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def _in_parentheses(one, two):
    """p (u + v) q for p u + v q, wherever u begins and v ends; p (u + v)^2 for p u + v^2."""
    left, right = (getattr(unsigned(term), "factors", (unsigned(term),)) for term in (one, two))
    if isinstance(left[-1], Sum):
        for body in _in_parentheses(left[-1].body, two):
            yield _joined((*left[:-1], replace(left[-1], body=body, span=None)))
    for start, end in product(range(len(left) - 1, -1, -1), range(1, len(right) + 1)):
        last = right[end - 1]
        base, power = (last.base, last.exponent) if isinstance(last, Power) else (last, None)
        for v, exponent in ((last, None), (base, power))[: 1 + (power is not None)]:
            v = _joined((*right[: end - 1], v))
            inside = Add((_joined(left[start:]), Negative(v) if isinstance(two, Negative) else v))
            before, after = (*left[:start], Power(inside, exponent) if exponent else inside), right[end:]
            whole = _joined((*before, *after))
            if after and isinstance(unsigned(two), Hadamard):
                whole = Hadamard((_joined(before), *after))
            yield Negative(whole) if isinstance(one, Negative) else whole


def unsigned(node):
    return node.of if isinstance(node, Negative) else node


def _with_index(tree, old, new):
    """The tree with one index in place of another."""
    return mapped(tree, lambda node: relettered(node, {old: new}))


def _from_left(node, left):
    """What the left side tells is missing: the weights that an error signal comes back through, the gradient."""
    back = left.by if isinstance(left, Derivative) else left
    match back, node:
        case Symbol(
            "delta" | "a" | "z" | "w" | "b" | "Delta" | "A" | "Z" | "W", _, Layer() as k
        ), Add() | Product() if error := _error(node):
            k = k if back.name in "wbW" else k.moved(1)
            yield HIDDEN, Symbol("delta" if error.indices else "Delta", error.indices, k, span=node.span)
        case Symbol("delta" | "a" | "z", (n, i)), Symbol("delta", (_, j), layer):
            yield "no W in hidden layers", Product((Symbol("w", (i, j), layer), node), span=node.span)
    match back, node:
        case Symbol("delta" | "a" | "z", (_, i) as own, k), Symbol("z", indices, layer) if (indices, layer) == (own, k):
            yield "z for W", Symbol("w", (i, "m" if i == "j" else "j"), k.moved(1))
        case Symbol("Delta" | "A" | "Z", (), Layer() as k), Symbol("Z", (), layer) if layer == k:
            yield "z for W", Symbol("W", (), k.moved(1))
    match left, node:
        case Add((Symbol(name) as target, Negative(_))), Derivative(_, by) if left.span is None and by.name != name:
            yield "by another parameter", replace(node, by=replace(target, mark="", span=by.span))
        case Add((target, Negative(step))), Product((Symbol("eta"), again)) if left.span is None and again == target:
            yield "gradient left out", step
        case Symbol("Delta"), Symbol("Delta", (), layer):
            yield "no W in hidden layers", Product((node, Transpose(Symbol("W", (), layer))), span=node.span)
        case Symbol("delta", (n, i), k), Symbol("delta", (_, j), layer):
            j = "m" if i == "j" else "j"
            yield "no W in hidden layers", _back(n, i, j, layer)
            yield HIDDEN, Product((slope_of(Symbol("a", (n, i), k)), _back(n, i, j, k.moved(1))))
        case Add((_, Negative(step))), Symbol("eta") if left.span is None:
            yield "gradient left out", step
        case Add((Symbol("w" | "theta") as target, _)), At() if left.span is None and node.point != target:
            yield "old parameters", replace(node, point=target)
        case Add() | Gradient() | Expectation() | Symbol("Sigma"), (Symbol("E" | "J") | At(Symbol("E" | "J"))):
            yield "gradient left out", Gradient(node, span=node.span)
        case Derivative(_, by), Symbol("E" | "J") if node != left.of:
            yield "gradient left out", Derivative(node, by, span=node.span)


def _error(node):
    """The output in y - yhat, or in a multiple of it; None for any other node."""
    match node:
        case Product((Number() | Negative(Number()), Add() as node)) | node:
            names = [getattr(unsigned(term), "name", "") for term in getattr(node, "terms", ())]
    return unsigned(node.terms[0]) if sorted(names) in (["y", "yhat"], ["Y", "Yhat"]) else None


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
    if symbol.name == "b" and not symbol.indices:
        yield "rows of biases", Product((ONES, Transpose(symbol)))
    forms = FORMS.get(symbol.name, ())
    if symbol.layer or (len(symbol.indices), False) not in forms:
        near = _near(symbol.layer, layers) if symbol.layer else layers
        yield from (("layer", replace(symbol, layer=layer)) for layer in near)
    if len(symbol.indices) == 1 and (2, symbol.layer is not None) in forms:
        yield from (("index", replace(symbol, indices=(letter, *symbol.indices))) for letter in letters)
    for group in ALIKE:
        if symbol.name in group:
            kind = "argument" if symbol.name in "aAzZ" else "symbol"
            for name in group:
                if name != symbol.name and not (name in ("w", "b") and len(symbol.indices) == 0):
                    yield kind if "elta" not in name else "symbol", replace(symbol, name=name)
    if symbol.name in MATRICES and not symbol.indices:
        yield "transpose", Transpose(symbol, span=symbol.span)
    if symbol.mark in ("t+1", "t-1", "0"):
        yield "old parameters" if symbol.mark == "t+1" else "time", replace(symbol, mark="t")


def _everywhere(right, letters):
    """Another index for a symbol wherever it occurs, as in both factors of the chain rule."""
    symbols = [node for node in walk(right) if isinstance(node, Symbol) and node.indices]
    for symbol in dict.fromkeys(symbol for symbol in symbols if symbols.count(symbol) > 1):
        for kind, new in _of_symbol(symbol, [*letters, "1"], []):
            if kind == "index":
                whole = mapped(right, lambda node, old=symbol, new=new: like(node, new) if node == old else node)
                yield Edit("index everywhere", symbol, new, whole)


def _near(layer, layers):
    """The layers next to this one, the last, and those that occur elsewhere."""
    near = [layer.moved(-1), layer.moved(1), *([Layer("L")] if layer.letter not in (None, "L") else []), *layers]
    return [other for other in dict.fromkeys(near) if other != layer]


def _negated(node):
    return node.of if isinstance(node, Negative) else Negative(node, span=node.span)


def parts_of(node):
    """The terms of a sum, or the factors of a product."""
    return getattr(node, "terms", ()) or getattr(node, "factors", ())


def with_parts(node, start, end, *new):
    """The sum or product with other parts, or none, in place of some."""
    parts = (*parts_of(node)[:start], *new, *parts_of(node)[end:])
    name = "terms" if isinstance(node, Add) else "factors"
    return replace(node, **{name: parts}) if parts[1:] else replace(parts[0], span=parts[0].span or node.span)


def _of_whole(left, right):
    """(kind, what comes instead) for the side as a whole."""
    yield "turned sign", _negated(right)
    if _is_of_matrices(right):
        yield "transpose", Transpose(right)
    yield from _of_first_only(right)
    if left.span is None and isinstance(left, Add):
        terms = right.terms if isinstance(right, Add) else (right,)
        yield "step without theta", Add((left.terms[0], *terms))
        yield "step without theta", Add((left.terms[0], *map(_negated, terms)))
    for factor in (TWO, Quotient(ONE, TWO), Quotient(ONE, N)):
        yield from (("lost factor", new) for new in times(right, factor))
    for slope in _slopes(left):
        entrywise = shape(slope) != (1, 1)
        yield from (
            ("lost slope", new) for new in times(right, slope) if isinstance(unsigned(new), Hadamard) == entrywise
        )
    yield from (("lost sum", _summed(right, letter)) for letter in _letters_of(right))


def _letters_of(tree):
    return sorted({letter for node in walk(tree) for letter in _letters(node)})


def _is_of_matrices(node):
    """Whether a whole matrix stands in it, other than in a norm or as what one differentiates by."""
    if isinstance(node, Symbol):
        return node.name in MATRICES and not node.indices or len(node.indices) == 1 and node.name in ("a", "z", "delta")
    parts = [child for name, _, child in children(node) if name != "by"]
    return not isinstance(node, Norm) and any(map(_is_of_matrices, parts))


def _summed(node, letter):
    """The node summed over an index, with the sum right before the first factor that has it."""
    if isinstance(node, Negative):
        return Negative(_summed(node.of, letter), span=node.span)
    if not isinstance(node, Product):
        return Sum(letter, None, node, span=node.span)
    first = next((position for position, part in enumerate(node.factors) if letter in _letters_of(part)), 0)
    total = Sum(letter, None, _joined(node.factors[first:]))
    return Product((*node.factors[:first], total), span=node.span) if first else total


def _of_first_only(right):
    """A sum in place of its first term."""
    firsts = [symbol for symbol in symbols_of(right) if "1" in symbol.indices]
    of_example = any(symbol.name not in "wb" and symbol.indices[0] == "1" for symbol in firsts)
    for letter in ("n" if of_example else "jm") if firsts else ():
        if letter not in _letters_of(right):
            kind = "first example only" if of_example else "first output only"
            yield kind, _summed(_with_index(right, "1", letter), letter)


def factors_of(node):
    return node.factors if isinstance(node, Product) else (node,)


def _slopes(left):
    """f_k'(a), where the left side is an error signal, or a derivative by a pre-activation stands in it."""
    slopes = [node for node in walk(left) if isinstance(node, Derivative)]
    by = [node.by for node in slopes if is_symbol(node.by, "a", "A")]
    by += [node.of for node in slopes if is_symbol(node.of, "z") and is_symbol(node.by, "w", "b")]
    for node in dict.fromkeys([left] * is_symbol(left, "delta", "Delta") + by):
        name = "a" if node.name in ("delta", "a", "z") else "A"
        yield slope_of(Symbol(name, node.indices if name == "a" else (), node.layer))


def is_slope(node):
    return isinstance(node, Activation) and node.slope


def like(node, word):
    return replace(word, span=node.span)


def times(node, word):
    """A part multiplied by a word, before it, behind it, or entry by entry; a minus sign stays in front."""
    if isinstance(node, Negative) or isinstance(word, Negative):
        sign = isinstance(node, Negative) != isinstance(word, Negative)
        products = times(*(part.of if isinstance(part, Negative) else part for part in (node, word)))
        yield from (Negative(new, span=node.span) for new in products) if sign else products
        return
    factors, span = factors_of(node), node.span
    if node == ONE:
        yield word
        return
    if isinstance(word, Number) and isinstance(factors[0], Quotient) and factors[0].top == ONE:  # 2/N for 1/N
        first = replace(factors[0], top=word)
        yield replace(node, factors=(first, *factors[1:])) if factors[1:] else first
        return
    if shape(word) != (1, 1) or getattr(word, "of", word) == ONES:
        behind = [Product((*factors[:at], word, *factors[at:]), span=span) for at in range(len(factors), 0, -1)]
        yield from (*behind, Hadamard((node, word), span=span))
    last = shape(word) == (1, 1) and not is_symbol(word, "N") and (is_slope(word) or getattr(word, "indices", ()))
    at = len(factors) - isinstance(factors[-1], Sum) if last else 0
    yield Product((*factors[:at], word, *factors[at:]), span=span)


def relettered(node, other):
    if not isinstance(node, Symbol | Entry) or not other.keys() & {*node.indices}:
        return node
    return replace(node, indices=tuple(other.get(index, index) for index in node.indices))
