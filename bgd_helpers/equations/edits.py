"""The single edits of an expression that a slip of the pen, or of the mind, can be mended by; the likeliest first."""

import tomllib
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

from bgd_helpers import slips
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
    Node,
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
HIDDEN, ARGUMENT = "the handout's hidden formula", "f'(z) for f'(a)"
TABLE = tomllib.loads(Path(__file__).with_name("edits.toml").read_text(encoding="utf-8"))
SENTENCES, MORE = dict(TABLE["kinds"]), TABLE["more"]
REASONS = [
    (slip, MORE.get(text, text), *(TABLE["facts"].get(each, each).split("|") for each in needed))
    for slip, text, *needed in TABLE["reasons"]
]
RANK = {kind: rank for rank, kind in enumerate(SENTENCES)}


class Edit(NamedTuple):
    """A change: its kind, the part that goes, the part that comes instead, the whole after it, and the left side."""

    kind: str
    old: Node
    new: Node
    whole: Node
    below: bool = False  # whether it stands in a denominator
    left: Node | None = None

    @property
    def reason(self):
        """The slip that it undoes, or None where it has no name, and why it is right: a sentence."""
        slip, text = _slip(self)
        text = text or SENTENCES.get(slip) or (slips.BY_NAME[slip].because if slip else SENTENCES[self.kind])
        return slip, text


def _slip(edit):
    """The name of the slip in the catalogue, or None; and a sentence where more can be said than the kind says."""
    facts = set(_facts(edit))
    for slip, text, *needed in REASONS:
        if all(any((fact[0] == "!") != (fact.strip("!") in facts) for fact in each) for each in needed):
            return edit.kind if slip == "=" else slip or None, text.replace("@", getattr(edit.new, "index", "@"))
    return None, ""


def _facts(edit):
    """What can be said of an edit, in the words of the table."""
    kind, old, new, left = edit.kind, edit.old, edit.new, edit.left
    by = [getattr(node, "by", None) for node in (old, new)]
    gone = {*_terms(old)} - {new, *_terms(new)}
    yield kind
    for role, node in (("old", old), ("new", new), ("of", getattr(old, "of", old)), ("under", by[0]), ("left", left)):
        yield from (f"{role} {word}" for word in _words(node))
    for role, node in (("within", left), ("holds", old), ("last", getattr(new, "terms", (new,))[-1])):
        yield from (f"{role} {word}" for part in walk(node) for word in _words(part))
    yield from (f"by {node.by.name}" for node in walk(left) if isinstance(getattr(node, "by", None), Symbol))
    yield from (f"gone {word}" for term in gone for word in _words(term))
    slopes = [node.layer.letter for node in walk(new) if isinstance(node, Activation) and node.slope]
    yield from (f"slope {letter}" for letter in slopes[:1])
    yield f"layer {getattr(getattr(old, 'layer', None), 'letter', 'L')}"
    yield f"sum {getattr(new, 'index', '')}"
    powers = Counter()
    if kind in ("lost factor", "factor", "symbol"):
        powers = _powers(new)
        powers.subtract(_powers(old))
        names = {getattr(node, "name", "number" if isinstance(node, Number) else "") for node in (old, new)}
        yield f"pair {' '.join(sorted(names))}"
        yield " ".join(f"{name}^{-power if edit.below else power}" for name, power in sorted(powers.items()) if power)
    indices = [getattr(node, "indices", ())[1:] for node in (old, new)]
    true = {
        "named": kind in slips.BY_NAME,
        "step": left.span is None,
        "whole": new == edit.whole,
        "rises": getattr(new, "slope", False),
        "less z": powers["z"] < 0,
        "other unit": indices[0] not in ((), indices[1]),
        "same name": getattr(by[0], "name", "") == getattr(by[1], "name", None),
        "later": getattr(getattr(by[1], "layer", None), "offset", 0) > 0,
        "base": new == getattr(old, "base", None),
        "batch": getattr(new, "over", None) == "batch",
        "gone": any(gone),
    }
    yield from (fact for fact, holds in true.items() if holds)


def _words(node):
    """The kind of a node, and the name of a symbol."""
    return (type(node).__name__, node.name) if isinstance(node, Symbol) else (type(node).__name__,)


def _terms(node):
    return getattr(node, "terms", ())


def _powers(node, sign=1):
    """The power of each factor of a product, by its name."""
    total = Counter()
    match node:
        case Negative(of):
            return _powers(of, sign)
        case Product(factors):
            for factor in factors:
                total.update(_powers(factor, sign))
        case Quotient(top, bottom):
            total.update(_powers(top, sign))
            total.update(_powers(bottom, -sign))
        case Power(Symbol(name=name), Number(exponent)):
            total[name] = sign * int(exponent)
        case Number(value):
            name, power = ("2", int(value) // 2) if value in (1.0, 2.0, 4.0) else (f"{value:g}", 1)
            total[name] = sign * power
        case _:
            total[getattr(node, "name", repr(node))] = sign
    return total


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
            case Product(factors):
                for new in _swapped(node, factors):
                    yield node, new, SENTENCES["order"]
        if node is left and isinstance(node, Symbol) and node.layer and node.span:
            near = _near(node.layer, [part.layer for part in walk(right) if _has_layer(part)])
            yield from ((node, replace(node, layer=other), MORE["other_layer"]) for other in near)


def is_by(left, *names):
    """Whether the left side differentiates by one of these."""
    return any(isinstance(node, Derivative) and is_symbol(node.by, *names) for node in walk(left))


def single_edits(left, right):
    """Every single edit of the right side, the likeliest kinds first; `left` tells what could be missing."""
    letters = sorted({i for side in (left, right) for node in walk(side) for i in _letters(node)})
    layers = list(dict.fromkeys(node.layer for side in (left, right) for node in walk(side) if _has_layer(node)))
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


def _has_layer(node):
    return isinstance(node, Symbol | Activation) and node.layer is not None


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
            yield "square", Power(node, Number(2.0), span=node.span)
            if Symbol("I") in terms:
                yield "exponent", Power(node, Symbol("t"), span=node.span)
            new, old = (isinstance(term, Negative) for term in terms[:2][::-1])
            if new and not old and is_symbol(terms[0], "w", "theta"):
                yield "old parameters", terms[0]
            for position, term in enumerate(terms):
                yield "turned sign", with_child(node, "terms", position, _negated(term))
                rest = without(node, "terms", position)
                yield from [("term", rest)] * (rest != Symbol("I"))
        case Product(factors) | Hadamard(factors):
            name = "factors"
            for position, factor in enumerate(factors):
                kind = "extra slope" if isinstance(factor, Activation) and factor.slope else "factor"
                yield kind, without(node, name, position)
            yield from (("order", new) for new in _swapped(node, factors))
            yield "product", (Hadamard if isinstance(node, Product) else Product)(factors, span=node.span)
        case Quotient(top, bottom):
            for new in _half_and_double(top.value) if isinstance(top, Number) else ():
                yield "factor" if new < top.value else "lost factor", replace(node, top=Number(new))
            yield "factor", top
            yield "upside down", Quotient(bottom, top, span=node.span)
            if is_symbol(bottom, "B", "batch_size"):
                yield "out of a variance", replace(node, bottom=Power(bottom, Number(2.0)))
        case Power(base, exponent):
            of_updates = Symbol("I") in walk(base)
            yield "exponent" if of_updates else "factor" if isinstance(base, Symbol) else "square", base
            t = Symbol("t")
            if t in walk(exponent):
                counts = (t, Add((t, Number(1.0))), Add((t, Negative(Number(1.0)))))
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


def _swapped(node, factors):
    """The product with two neighbours in the other order."""
    for position in range(len(factors) - 1):
        one, two = factors[position : position + 2]
        yield replace(node, factors=(*factors[:position], two, one, *factors[position + 2 :]))


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
            yield "difference of squares", Power(Add((a, Negative(b))), Number(2.0), span=node.span)
        case Power(Sum() as total, Number(2.0)):
            yield "square of the sum", _squared_inside(total)
        case Norm(of, spectral):
            if spectral:
                yield "spectral norm", Norm(of, span=node.span)
            yield "root of the sum", Power(node, Number(2.0), span=node.span)
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
    for at in range(len(getattr(node, "terms", ())) - 1):
        for kind, new in _of_neighbours(*node.terms[at : at + 2]):
            terms = (*node.terms[:at], new, *node.terms[at + 2 :])
            yield kind, replace(node, terms=terms) if terms[1:] else replace(new, span=node.span)
    if isinstance(node, Add | Power | Product | Negative) and (argument := _only_symbol(node)):
        yield "slope written out", slope_of(argument)
    for at in range(len(node.factors) - 1) if isinstance(node, Product) else ():
        if argument := _only_symbol(Product(node.factors[at : at + 2])):
            rest = (*node.factors[:at], slope_of(argument), *node.factors[at + 2 :])
            yield "slope written out", replace(node, factors=rest)


def _flat(factors):
    """The factors, with those of a product among them."""
    return [part for factor in factors for part in factors_of(factor)]


def _of_neighbours(one, two):
    """(kind, what comes instead) for two terms that follow each other."""
    if not isinstance(one, Activation):
        yield from (("parentheses", new) for new in _in_parentheses(one, two))
    if isinstance(one, Quotient):
        yield "parentheses", replace(one, bottom=Add((one.bottom, two)))


def _squared_inside(total):
    """The square inside the sum, or the sums, in place of that of the whole."""
    body = total.body
    return replace(total, body=_squared_inside(body) if isinstance(body, Sum) else Power(body, Number(2.0)))


def _only_symbol(node):
    """The pre-activation of the z or a that a polynomial in it alone is made of; None for any other node."""
    leaves = [part for part in walk(node) if isinstance(part, Symbol)]
    if len(set(leaves)) != 1 or not is_symbol(leaves[0], "z", "yhat", "a") or len(leaves[0].indices) != 2:
        return None
    parts = list(walk(node))
    if not all(isinstance(part, Symbol | Number | Add | Power | Product | Negative) for part in parts):
        return None
    if not any(isinstance(part, Add | Power) for part in parts):
        return None
    return leaves[0] if leaves[0].name == "a" else _before(leaves[0])


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
    left, right = (getattr(_size(term), "factors", (_size(term),)) for term in (one, two))
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
            if after and isinstance(_size(two), Hadamard):
                whole = Hadamard((_joined(before), *after))
            yield Negative(whole) if isinstance(one, Negative) else whole


def _size(node):
    return node.of if isinstance(node, Negative) else node


def _with_index(tree, old, new):
    """The tree with one index in place of another."""

    def renamed(node):
        if not isinstance(node, Symbol | Entry) or old not in node.indices:
            return node
        return replace(node, indices=tuple(new if index == old else index for index in node.indices))

    return mapped(tree, renamed)


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
            names = [getattr(_size(term), "name", "") for term in getattr(node, "terms", ())]
    return _size(node.terms[0]) if sorted(names) in (["y", "yhat"], ["Y", "Yhat"]) else None


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
                yield Edit("index everywhere", symbol, new, _exchanged(right, symbol, new))


def _exchanged(tree, old, new):
    return mapped(tree, lambda node: replace(new, span=node.span) if node == old else node)


def _near(layer, layers):
    """The layers next to this one, the last, and those that occur elsewhere."""
    near = [layer.moved(-1), layer.moved(1), *([Layer("L")] if layer.letter not in (None, "L") else []), *layers]
    return [other for other in dict.fromkeys(near) if other != layer]


def _negated(node):
    return node.of if isinstance(node, Negative) else Negative(node, span=node.span)


def without(node, name, position):
    """The sum or product without one of its parts."""
    rest = getattr(node, name)
    rest = (*rest[:position], *rest[position + 1 :])
    return rest[0] if len(rest) == 1 else replace(node, **{name: rest})


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
    for factor in (Number(2.0), Quotient(Number(1.0), Number(2.0)), Quotient(Number(1.0), Symbol("N"))):
        yield "lost factor", _scaled(right, factor)
    yield from (("lost slope", _with_slope(right, slope)) for slope in _slopes(left))
    yield from (("lost sum", _summed(right, letter)) for letter in _letters_of(right))


def _letters_of(tree):
    return sorted({letter for node in walk(tree) for letter in _letters(node)})


def _is_of_matrices(node):
    """Whether a whole matrix stands in it, other than in a norm or as what one differentiates by."""
    if isinstance(node, Symbol):
        return node.name in MATRICES and not node.indices or len(node.indices) == 1 and node.name in ("a", "z", "delta")
    parts = [child for name, _, child in children(node) if name != "by"]
    return not isinstance(node, Norm) and any(map(_is_of_matrices, parts))


def _under_the_sign(change):
    """The change done to a node, or to what stands behind its minus sign."""

    def changed(node, *rest):
        return Negative(changed(node.of, *rest), span=node.span) if isinstance(node, Negative) else change(node, *rest)

    return changed


@_under_the_sign
def _summed(node, letter):
    """The node summed over an index, with the sum right before the first factor that has it."""
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


@_under_the_sign
def _scaled(node, factor):
    """factor times node, the factor in front: 2 x, or 2/N for 1/N."""
    match node:
        case Product((Quotient(Number(1.0), bottom), *rest)) if isinstance(factor, Number):
            return Product((Quotient(factor, bottom), *rest), span=node.span)
        case Quotient(Number(1.0), bottom) if isinstance(factor, Number):
            return Quotient(factor, bottom, span=node.span)
    return Product((factor, *factors_of(node)), span=node.span)


@_under_the_sign
def _with_slope(node, slope):
    """node times f', entry by entry or, of one unit, before a sum and after everything else."""
    if slope.argument.name == "A" or len(slope.argument.indices) == 1:
        return Hadamard((node, slope), span=node.span)
    factors = factors_of(node)
    at = len(factors) - isinstance(factors[-1], Sum)
    return Product((*factors[:at], slope, *factors[at:]), span=node.span)


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
