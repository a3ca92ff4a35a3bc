"""The space of all single changes of an expression: each part exchanged, left out, wrapped, moved, or joined by more.

They are made by the kinds of the parts alone, where no likely change (likely.py) mends an equation.
"""

from dataclasses import replace
from itertools import chain, combinations

from bgd_helpers.equations.edits import Edit
from bgd_helpers.equations.likely import (
    BATCH,
    ETA,
    MINUS_ONE,
    ONE,
    ONES,
    TWO,
    B,
    N,
    edits_of,
    factors_of,
    is_by,
    is_slope,
    like,
    parts_of,
    relettered,
    slope_of,
    times,
    unsigned,
    with_parts,
)
from bgd_helpers.equations.meaning import CHANGING
from bgd_helpers.equations.shapes import EXAMPLES, PARAMETERS, SHARDS, extents_of, shape
from bgd_helpers.equations.syntax import (
    Activation,
    Add,
    At,
    Derivative,
    Diagonal,
    Differential,
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
    Trace,
    Transpose,
    Unary,
    Variance,
    children,
    is_symbol,
    mapped,
    symbols_of,
    walk,
    with_child,
)

SMALL = 4  # nodes of what is exchanged for one quantity
COMPARED = {"J", "E", "y", "Y", "yhat", "Yhat"}
OPERATIONS = Unary | Activation | Sum | Power | Norm
OPERAND = {Activation: "argument", Sum: "body", Power: "base"}  # "of" in all others


def wide_edits(left, right):
    """Every single change of the right side by what is in its scope, or in that of the left side."""
    words = _vocabulary(left, right)
    letters = sorted({letter for node in (*walk(left), *walk(right)) for letter in getattr(node, "indices", ())})
    seen = {right}
    local = edits_of(right, lambda node: _changed(node, words, letters, left, right), but=("by", "over"))
    for edit in chain([Edit("identity", right, right, right)], _moved(right), _exchanged(right, letters), local):
        whole = mapped(edit.whole, _with_identity)
        if whole is not edit.whole:
            edit = Edit(edit.kind, *_narrowed(right, whole), whole)
        if whole not in seen:
            seen.add(whole)
            yield edit._replace(left=left)


def cancels(tree):
    """Whether a term stands beside its negative somewhere, or a number is differentiated: nothing is said with a 0."""
    sums = map(_all_terms, walk(tree))
    slopes = [node.of for node in walk(tree) if isinstance(node, Derivative | Gradient | Differential)]
    return any(Negative(term) in terms for terms in sums for term in terms) or any(map(_is_number, slopes))


def _is_number(node):
    return {part.name for part in symbols_of(node)} <= {"N", "B", "batch_size", "width", "eta", "lambda", "kappa"}


def _all_terms(node):
    """The terms of a sum, and those of the sums among them."""
    return [part for term in node.terms for part in _all_terms(term) or [term]] if isinstance(node, Add) else []


def _with_identity(node):
    """The sum of a number 1 and a matrix with the identity in place of the 1."""
    if not isinstance(node, Add) or ONE not in node.terms or all(shape(term) == (1, 1) for term in node.terms):
        return node
    return replace(node, terms=tuple(Symbol("I") if term == ONE else term for term in node.terms))


def _vocabulary(left, right):
    """The quantities in scope: those of both sides, their like for the same indices and layers, and usual factors."""
    parts = [*walk(left), *walk(right)]
    symbols = [replace(part, span=None) for part in parts if isinstance(part, Symbol)]
    names = {symbol.name for symbol in symbols}
    places = {place for symbol in symbols for place in zip(symbol.indices, extents_of(symbol))}
    places |= {place for part in parts if isinstance(part, Entry) for place in zip(part.indices, shape(part.of))}
    examples = sorted({letter for letter, extent in places if extent == EXAMPLES})
    units = sorted((p for p in places if isinstance(p[1], Layer) and not p[0].isdigit()), key=str)
    layers = {part.layer for part in parts if getattr(part, "layer", None)}
    layers |= {layer.moved(by) for layer in layers for by in (-1, 1) if layer.letter and layer != ("L", 1 - by)}
    words = list(symbols)
    for j, k in units:
        for n in examples:
            words += _of_unit((n, j), k)
        words += [Symbol("b", (j,), k), *(Symbol("w", (i, j), k) for i, h in units if h.moved(1) == k)]
    for k in sorted(layers, key=str):
        for n in examples if any(len(s.indices) == 1 and s.layer and s.name != "b" for s in symbols) else ():
            words += [*_of_unit((n,), k), Symbol("W", (), k), Symbol("b", (), k)]
        if names & {"Z", "A", "Delta", "Yhat", "W", "X"}:
            words += [ONES, Transpose(ONES), *(Symbol(name, (), k) for name in ("b", "W", "Z", "Delta", "A"))]
            words += [slope_of(Symbol("A", (), k))]
            words += [Add((Symbol("Y"), Negative(Symbol("Yhat"))))] * (k == Layer("L"))
    if any(isinstance(part, Differential) for part in parts):
        words += [Differential(symbol) for symbol in symbols if symbol.name in CHANGING]
    if any(is_symbol(s, "H", "X") or is_symbol(s, "w") and not s.layer for s in symbols):
        X, w, y, minimum = Symbol("X"), Symbol("w"), Symbol("y"), Symbol("w", mark="*")
        words += [X, w, minimum, y, Symbol("H"), At(Symbol("J"), minimum), Product((X, w))]
        words += [Add((Product((X, w)), Negative(y))), Power(Product((Transpose(X), X)), MINUS_ONE)]
        words += [Symbol(name, (n,)) for n in examples for name in "xy"]
        parameters = sorted(letter for letter, extent in places if extent == PARAMETERS)
        words += [Symbol("x", (n, i)) for n in examples for i in parameters]
    if names & {"lambda", "kappa"} or names == {"eta"}:
        ends, kappa = [Symbol("lambda", mark=mark) for mark in ("min", "max")], Symbol("kappa")
        words += [*ends, *(Quotient(ONE, end) for end in ends), Add(tuple(ends)), kappa]
        words += [Add((kappa, MINUS_ONE)), Quotient(ONE, Add((kappa, ONE)))]
    words += [Symbol("J"), *(Symbol("E", (n,)) for n in examples)] if names & COMPARED else []
    if names & {"Sigma", "Var", "g"}:
        words += [Symbol("Sigma"), *[Quotient(Add((N, Negative(B))), Add((N, MINUS_ONE)))] * ("Var" in names)]
    words += [Transpose(word) for word in dict.fromkeys(words) if shape(word) != (1, 1)]
    numbers = _numbers(names, places, any(isinstance(part, Sum) and part.over == "batch" for part in parts))
    return [*dict.fromkeys(words), *numbers]


def _of_unit(indices, layer):
    """What belongs to a unit of a layer, or to all of them: a, z, delta, f'(a), and at the last layer y and y-hat."""
    a = Symbol("a", indices, layer)
    yield from (a, Symbol("z", indices, layer), Symbol("delta", indices, layer), slope_of(a))
    if layer == Layer("L"):
        y, yhat = Symbol("y", indices), Symbol("yhat", indices)
        yield from (y, yhat, Add((y, Negative(yhat))))
    if layer == Layer(None, 0):
        yield Symbol("x", indices)


def _numbers(names, places, batch):
    """The factors that are numbers."""
    sizes = [N, *[Power(B, TWO)] * ("g" in names), *[BATCH] * (batch or "batch_size" in names), *[B] * ("B" in names)]
    yield from (TWO, Quotient(ONE, TWO), *sizes, *(Quotient(top, size) for size in sizes for top in (ONE, TWO)))
    if names & {"eta", "I", "H", "theta"}:
        yield from (ETA, *(Quotient(top, size) for size in sizes for top in (ETA, Product((TWO, ETA)))))
    for s in sorted({letter for letter, extent in places if extent == SHARDS}):
        yield from (Symbol("N", (s,)), Quotient(Symbol("N", (s,)), N))


def _changed(node, words, letters, left, right):
    """(kind, what comes instead) for one part."""
    size, rows_columns = sum(1 for _ in walk(node)), shape(node)
    of_a = isinstance(left, Derivative) and is_symbol(left.of, "a")
    if of_a and node is right and Derivative not in map(type, walk(right)):
        yield from (("value for derivative", word) for word in (*words, ONE))
    elif size <= SMALL:
        yield from ((_kind(node, word), like(node, word)) for word in words if _akin(shape(word), rows_columns))
    if isinstance(node, OPERATIONS):
        yield _kind_of_operation(node, "extra "), _operand(node)
    if isinstance(node, Derivative) and isinstance(node.of, Symbol):
        yield "exchanged", Derivative(node.by, node.of, span=node.span)
    if isinstance(node, Quotient):
        yield "upside down", Product((node.top, node.bottom), span=node.span)
    if isinstance(node, Add | Product | Hadamard):
        parts = parts_of(node)
        yield from (("operation", kind(parts, span=node.span)) for kind in (Add, Product, Hadamard))
        yield from (("operation", new) for new in _split(node, parts))
    yield from ((_kind_of_operation(new), new) for new in _wrapped(node, letters))
    for word in words:
        if word != node and not isinstance(node, Negative):
            yield from ((_kind_of_factor(word, left), new) for new in times(node, word))
        if shape(word) == rows_columns and not isinstance(word, Number):
            terms = (word, Negative(word)) if word != node else (word,)
            yield from (("term", Add((*_terms(node), term), span=node.span)) for term in terms)
    if rows_columns == (1, 1):
        yield from (("term", Add((*_terms(node), term), span=node.span)) for term in (ONE, MINUS_ONE))
    if isinstance(node, Activation) and node.slope:
        yield from (("moved", Product((word, node.argument), span=node.span)) for word in words if is_slope(word))
    if isinstance(node, Product):
        for at, factor in enumerate(node.factors):
            yield "upside down", Quotient(with_parts(node, at, at + 1), factor, span=node.span)
        for start, end in combinations(range(len(node.factors) + 1), 2):
            if 1 < end - start < len(node.factors):
                group = Product(node.factors[start:end])
                for new in (Transpose(group), Power(group, MINUS_ONE)):
                    yield "operation", with_parts(node, start, end, new)


def _akin(one, two):
    """Whether two shapes have their rows or their columns in common."""
    return one == two or (1, 1) not in (one, two) and (one[0] == two[0] or one[1] == two[1])


def _split(node, parts):
    """A product cut in two terms, two terms joined in a product; of two alike, the common form with their sum in it."""
    for at in range(1, len(parts)):
        halves = (parts[:at], parts[at:]) if not isinstance(node, Add) else (parts[at - 1 : at], parts[at : at + 1])
        one, two = (part[0] if len(part) == 1 else replace(node, factors=part) for part in halves)
        if not isinstance(node, Add):
            yield from (Add((one, term), span=node.span) for term in (two, Negative(two)))
            yield from (Product(pair, span=node.span) for pair in ((one, Transpose(two)), (Transpose(one), two)))
            continue
        joined = Product((*factors_of(one), *factors_of(two)))
        for new in (joined, _absorbed(joined), Hadamard((one, two)), *_common(one, two)):
            yield with_parts(node, at - 1, at + 1, new)


def _common(one, two):
    """f(u + v) for f(u) + f(v)."""
    *before, last = factors_of(one)
    other = unsigned(two)
    first, second = _narrowed(last, other)
    if first is not last:
        total = {first: Add((first, Negative(second) if other is not two else second))}
        common = mapped(last, lambda part: total.get(part, part))
        yield Product((*before, common)) if before else common


def _terms(node):
    return node.terms if isinstance(node, Add) else (node,)


def _operand(node):
    return getattr(node, OPERAND.get(type(node), "of"))


def _wrapped(node, letters):
    """What can be done to a part."""
    rows, columns = shape(node)
    span = node.span
    if (rows, columns) != (1, 1):
        yield Transpose(node, span=span)
        yield from (Norm(node, span=span), Power(Norm(node), TWO, span=span))
        if rows == EXAMPLES:
            yield Product((Transpose(node), Symbol("ones")), span=span)
        if columns == 1:
            yield Diagonal(node, span=span)
        yield Trace(node, span=span)
        yield Power(node, MINUS_ONE, span=span)
    if is_symbol(getattr(node, "of", node), "E", "J"):
        yield Gradient(node, span=span)
    yield from (Power(node, TWO, span=span), Expectation(node, span=span), Quotient(ONE, node, span=span))
    for layer in dict.fromkeys(part.layer for part in walk(node) if isinstance(part, Symbol) and part.layer):
        yield from (Activation(layer, slope, node, span=span) for slope in (False, True))
    inside = {letter for part in walk(node) for letter in getattr(part, "indices", ())}
    for letter in letters:
        if letter in inside:
            yield from (Sum(letter, over, node, span=span) for over in (None, "batch")[: 1 + (letter == "n")])


def _moved(right):
    """An operation done elsewhere, or a factor or a term that stands elsewhere."""
    for taken in edits_of(right, _taken):
        part = taken.kind
        for put in edits_of(taken.whole, lambda node, part=part: _put(part, node)):
            yield Edit("moved", *_narrowed(right, put.whole), put.whole)


def _taken(node):
    """(what is taken, the rest): an operation with nothing in it, or a factor or term with its place."""
    if isinstance(node, OPERATIONS) and not isinstance(node, Negative):
        yield node, _operand(node)
    elif isinstance(node, Add | Product) and isinstance(first := factors_of(_terms(node)[0])[0], OPERATIONS):
        yield first, mapped(_absorbed(mapped(node, lambda part: _operand(part) if part is first else part)), _absorbed)
    for position, part in enumerate(parts_of(node)):
        yield (type(node), part), with_parts(node, position, position + 1)


def _absorbed(node):
    """A product with what stands behind a sum inside it."""
    for at, factor in enumerate(getattr(node, "factors", ())[:-1]):
        if isinstance(factor, Sum):
            total = replace(factor, body=Product((*factors_of(factor.body), *node.factors[at + 1 :])))
            return Product((*node.factors[:at], total), span=node.span) if at else total
    return node


def _put(taken, node):
    """(kind, what comes instead) where what was taken is put at a node."""
    if not isinstance(taken, tuple):
        yield "moved", replace(with_child(taken, OPERAND.get(type(taken), "of"), None, node), span=node.span)
        return
    kind, part = taken
    if kind is Add:
        yield "moved", Add((*_terms(node), part), span=node.span)
    else:
        yield from (("moved", new) for new in times(node, part))


def _exchanged(right, letters):
    """Two quantities in each other's place, or two letters, everywhere."""
    symbols = list(dict.fromkeys(part for part in walk(right) if isinstance(part, Symbol)))
    for one, two in combinations(symbols, 2):
        alike = len(one.indices) == len(two.indices)
        others = [("exchanged", two, one)] * (alike or shape(one) == shape(two))
        if alike and one.name != two.name:
            others.append(("index", replace(one, indices=two.indices), replace(two, indices=one.indices)))
        for kind, *new in others:
            other = dict(zip((one, two), new))
            whole = mapped(right, lambda node, other=other: like(node, other[node]) if node in other else node)
            yield Edit(kind, *_narrowed(right, whole), whole)
    for one, two in combinations(letters, 2):
        whole = mapped(right, lambda node, pair={one: two, two: one}: relettered(node, pair))
        yield Edit("index", *_narrowed(right, whole), whole)


def _narrowed(old, new):
    """The smallest part in which two trees differ, as it is in each."""
    while type(old) is type(new) and len(children(old)) == len(children(new)):
        apart = [(one, two) for (*_, one), (*_, two) in zip(children(old), children(new)) if one != two]
        if len(apart) != 1 or not apart[0][0].span:
            break
        first, second = apart[0]
        name, position = next((name, at) for name, at, child in children(old) if child == first)
        if with_child(old, name, position, second) != new:
            break
        old, new = first, second
    return old, new


def _kind(old, new):
    """What it is to exchange one quantity for another."""
    if isinstance(old, Symbol) and isinstance(new, Symbol) and old.name == new.name:
        return "layer" if old.layer != new.layer else "index" if old.indices != new.indices else "symbol"
    if is_symbol(old, *"xX") and is_symbol(new, *"zZ"):
        return "layer"
    return "argument" if is_symbol(old, *"aAzZ") and is_symbol(new, *"aAzZ") else "symbol"


def _kind_of_factor(word, left):
    """What it is to lack a factor."""
    if isinstance(word, Activation):
        return "lost slope"
    if is_symbol(word, "z", "x", "Z") and is_by(left, "w", "W"):
        return "lost activation"
    if is_symbol(word, "w", "W") and is_symbol(getattr(left, "by", left), "a", "z", "delta", "Delta"):
        return "no W in hidden layers"
    return "lost share" if is_symbol(word, "N") and word.indices else "lost factor"


def _kind_of_operation(node, extra=""):
    """What it is to lack an operation, or to have one too many."""
    match node:
        case Transpose():
            return "transpose"
        case Sum():
            return "extra sum" if extra else "lost sum"
        case Power(_, Number(2.0)) | Norm():
            return "square"
        case Negative():
            return "turned sign"
        case Variance():
            return "out of a variance"
    return f"{extra}operation"
