"""From the parse tree to the trees of syntax.py: a rule for each rule of the grammar."""

import itertools
import re
from dataclasses import dataclass, replace

from bgd_helpers.equations import messages, syntax
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.shapes import PARAMETERS, shape
from bgd_helpers.equations.syntax import MARKS, VARIABLES, Chain, Equivalence, Layer, Node, Number, Symbol

# how the course writes what is spelt in several ways; what is not here stands for itself
SYNONYMS = {
    ":=": "=", r"\demand": "!", "-=": "<-", "+=": "<-", r"\leftarrow": "<-", r"\approx": "~", r"\to": "->",
    r"\rightarrow": "->", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=",
    "*": "star", r"\cdot": "dot", r"\times": "dot", r"\odot": "odot",
    r"\ell": "ℓ",
}  # fmt: skip
LAYERED = ("a", "z", "delta")


def build(part):
    """What a parse tree stands for: statements for a whole one. Raises Misfit for what the notation does not admit."""
    if is_token(part):
        return part
    parts = []
    for child in part.children:  # no comprehension: it would double the depth of the recursion in Python 3.11
        parts.append(build(child))
    return getattr(RULES, part.data)(parts, (part.meta.start_pos, part.meta.end_pos))


def with_example(statements: list) -> list:
    r"""The statements with the example n, where they leave it out everywhere: a_j^{(k)} is then a_{nj}^{(k)}.

    Beside X nothing is left out.
    """
    parts = [part for chain in syntax.chains_of(statements) for side in chain.sides for part in syntax.walk(side)]
    if Symbol("X") in parts and not any(getattr(part, "by", None) == Symbol("yhat") for part in parts):
        return [each.mapped(_as_outputs) if isinstance(each, Chain) else each for each in statements]
    symbols = [part for part in parts if _is_of_example(part)]
    few = any(part.name in LAYERED and part.layer and len(part.indices) < 2 for part in symbols)
    left_out = few or Symbol("E") in symbols
    said = any(len(part.indices) > (part.name != "E") or "n" in part.indices for part in symbols)
    whole = any(syntax.is_symbol(part, "J", "N", "X", "Y", "A", "Z", "Delta") for part in parts)
    summed = any(isinstance(part, syntax.Sum) and part.index == "n" for part in parts)
    if not left_out or said or whole or summed:
        return statements

    def change(node):
        return replace(node, indices=("n", *node.indices)) if _is_of_example(node) else node

    return [each.mapped(change) if isinstance(each, Chain) else each for each in statements]


def _as_outputs(node):
    r"""X w for \hat y beside X, where it is the column of all outputs."""
    if node != Symbol("yhat"):
        return node
    return syntax.Product((Symbol("X", span=node.span), Symbol("w", span=node.span)), span=node.span)


def without_example(node: Node) -> Node:
    """A node as one writes it who leaves the example out."""

    def change(node):
        return replace(node, indices=node.indices[1:]) if _is_of_example(node) and node.indices[:1] == ("n",) else node

    return syntax.mapped(node, change)


def _is_of_example(node):
    return syntax.is_symbol(node, "E", "y", "yhat", "x", *LAYERED)


def is_token(part, *types):
    """Whether it is a piece of the text, of one of these terminals, and no tree."""
    return hasattr(part, "type") and (not types or part.type in types)


@dataclass(frozen=True)
class _Parentheses:
    """An expression in parentheses: after a cost it is the point where the cost is taken. Braces are not seen."""

    node: Node
    seen: bool = True

    @property
    def span(self):
        return self.node.span


@dataclass(frozen=True)
class _Scripted:
    """A base with what is done to it by its scripts: an entry taken, transposed, raised to a power."""

    base: object
    entry: tuple = ()
    transposed: bool = False
    power: Node | None = None
    span: tuple = ()

    @property
    def node(self):
        """The base with all of it done."""
        node = _plain(self.base)
        if self.entry:
            node = syntax.Entry(node, self.entry, span=self.span)
        if self.transposed:
            node = syntax.Transpose(node, span=self.span)
        return syntax.Power(node, self.power, span=self.span) if self.power else node


@dataclass(frozen=True)
class _Head:
    """A sum or derivative sign, which takes all that follows in its term; a gradient takes the next quantity alone."""

    wrap: object
    span: tuple
    takes_rest: bool = True
    of_numbers: bool = False  # whether what follows is a number: a product, if its first factor is none


def _check_seen(*parts):
    """Raises Misfit for a sum in braces: in print nothing holds it together."""
    for part in parts:
        if isinstance(part, _Parentheses) and not part.seen and isinstance(part.node, syntax.Add):
            start, end = part.span
            text = "braces are not seen in print: what is held together stands in parentheses, (a + b)."
            raise Misfit(part, text, changes=[(start, start + 1, "("), (end - 1, end, ")")])


def _plain(part):
    return part.node if isinstance(part, _Parentheses | _Scripted) else part


class _Rules:
    """A method for each rule of the grammar: from its parts, and where it stands, what it is."""

    def start(self, statements, span):
        """The statements; what is demanded, and all that comes after it, is said of the minimum."""
        found, demanded = [], False
        for part in (part for each in statements for statement in each for part in _parted(statement)):
            demanded = demanded or isinstance(part, Chain) and "!" in part.relations
            found.append(_at_the_minimum(part) if demanded else _with_times(part))
        return found

    def statement(self, parts, span):
        if len(parts) == 3 and all(set(chain.relations) <= {"=", "~"} for chain in parts[::2]):
            return [parts[0], parts[2]]  # two equations, of which one is said to follow from the other
        return parts if len(parts) == 1 else [Equivalence(parts[0], parts[2])]

    def chain(self, parts, span):
        sides = tuple(map(_plain, parts[::2]))
        relations = tuple(map(_relation, parts[1::2], sides, sides[1:]))
        return Chain((sides[0], *map(_stepped, parts[1::2], sides, sides[1:])), relations)

    def expr(self, parts, span):
        """A sum of signed terms; a single one without a sign stays in its parentheses, if it has some."""
        signs = list(filter(is_token, parts))
        terms = [part for part in parts if not is_token(part)]
        if len(signs) < len(terms):
            signs.insert(0, None)
        signed = [_signed(sign, _plain(part)) for sign, part in zip(signs, terms, strict=True)]
        if len(terms) == 1:
            return signed[0] if signs[0] == "-" else terms[0]
        signed = [term for term in signed if term not in (Number(0.0), syntax.Negative(Number(0.0)))] or signed
        return syntax.Add(tuple(signed), span=span) if len(signed) > 1 else signed[0]

    def term(self, parts, span=None):
        """Products bind more strongly than the entry-by-entry product; a sum sign takes the whole rest."""
        if len(parts) > 1:
            _check_seen(*parts)
        position = next((at for at, part in enumerate(parts) if isinstance(part, _Head) and part.takes_rest), None)
        if position is None:
            return _joined(parts)
        head, *rest = parts[position:]
        sign = rest.pop(0) if is_token(rest[0], "SIGN") else None
        rest = _signed(sign, _plain(self.term(rest)))
        body = head.wrap(rest, (head.span[0], rest.span[1]))
        return body if position == 0 else _joined([*parts[:position], body])

    def operator(self, parts, span):
        return SYNONYMS.get(parts[0], str(parts[0]))

    def head(self, parts, span):
        """What a sum sign does to its body."""
        given = [part for part in parts if isinstance(part, dict)]
        starts = [(part.start_pos, part.end_pos, "1") for part in parts if is_token(part, "DIGIT") and part != "1"]
        beyond = [part["beyond"] for part in given if "beyond" in part]
        if starts or beyond:
            text = "a sum starts at 1." if starts else "a sum ends at N, at a width such as d_k, or at a number."
            raise Misfit(span[0], text, changes=starts + beyond)
        indices = [part["index"] for part in given if "index" in part]
        over = "batch" if any(is_token(part, "BATCH") for part in parts) else given[-1].get("over")

        def wrap(body, span):
            for letter in reversed(indices):
                body = syntax.Sum(letter, over, body, span=span)
            return body

        return _Head(wrap, span)

    def index(self, parts, span):
        return {"index": _checked_index(_letter(parts[0]), span[0])}

    def bound(self, parts, span):
        bound = {"over": int(parts[0]) if is_token(parts[0], "INTEGER") else parts[0]}
        return bound | ({"beyond": (parts[1].start_pos, parts[2].end_pos, "")} if len(parts) > 1 else {})

    def size(self, parts, span):
        if isinstance(parts[-1], Layer):
            return Symbol("width", layer=parts[-1], span=span)
        text = str(parts[0])
        if not text.isdigit() and text not in ("N", "B", "L"):
            raise Misfit(span[0], "a sum ends at N, at a width such as d_k, or at a number.")
        return int(text) if text.isdigit() else text

    def scripted(self, parts, span):
        """A symbol with its indices and layer, or another base, and what its scripts do to it."""
        base, scripts = parts[0], {"below": (), "layer": None, "mark": "", "power": None}
        for part in parts[1:]:
            scripts |= part
        return _with_scripts(base, **scripts, span=span)

    def subscript(self, parts, span):
        return {"below": tuple(_letter(part) for part in parts if part != ","), "place": span[0]}

    def mark(self, parts, span):
        return {"mark": "*" if re.search(r"\*|ast|star", parts[0]) else "top", "place": span[0]}

    def layer_above(self, parts, span):
        then = {}
        if len(parts) > 1:
            then = (self.mark if is_token(parts[1], "MARK") else self.power)(parts[1:], span)
        return {**then, "layer": _layer(parts[0].strip("()").strip()), "place": span[0]}

    def power(self, parts, span):
        return {"power": _plain(parts[0]), "place": span[0]}

    def exponent(self, parts, span):
        return self.number(parts, span) if parts[0].isdigit() else self.symbol(parts, span)

    def number(self, parts, span):
        return Number(float(parts[0]), str(parts[0]), span=span)

    def symbol(self, parts, span):
        """The symbol that a piece of LaTeX names, as yet without indices."""
        text = str(parts[0])
        hat = re.fullmatch(r"\\hat\s*\{?\s*([yY])\s*\}?", text)
        return Symbol(f"{hat[1]}hat" if hat else text.lstrip("\\"), span=span)

    def width(self, parts, span):
        return Symbol("width", layer=parts[1], span=span)

    def batch_size(self, parts, span):
        return Symbol("batch_size", span=span)

    def prefix(self, parts, span):
        return _Head(PREFIXES[str(parts[0])], span, takes_rest=False)

    def nabla(self, parts, span):
        """The gradient by all parameters, or the derivative by what stands below."""
        if len(parts) == 1 or syntax.is_symbol(parts[1], "theta", "w") and not parts[1].layer and not parts[1].indices:
            return _Head(syntax.Gradient, span, takes_rest=False, of_numbers=True)
        by = _variable(parts[1])
        return _Head(lambda of, span: syntax.Derivative(of, by, span=span), span, takes_rest=False, of_numbers=True)

    def parentheses(self, parts, span):
        return _Parentheses(replace(_plain(parts[0]), span=span))

    def braces(self, parts, span):
        return replace(self.parentheses(parts, span), seen=getattr(parts[0], "seen", False))

    def norm(self, parts, span):
        if parts[1:] == ["a"] and shape(_plain(parts[0]))[1] != 1:
            raise Misfit(
                span[0],
                r"| | of a matrix (absolute value, determinant) is not in the language; a norm is \lVert ... \rVert.",
            )
        return syntax.Norm(_plain(parts[0]), parts[1:] == ["2"], span=span)

    def fraction(self, parts, span):
        return syntax.Quotient(*map(_plain, parts[1:]), span=span)

    def top(self, parts, span):
        return self.exponent(parts, span) if is_token(parts[0]) else _plain(parts[0])

    def derivative(self, parts, span):
        of, by = (part for part in parts if not is_token(part))
        of, by = _plain(_joined([of])), _variable(by)
        if by == Symbol("w", mark="*") and of == Symbol("J"):
            return syntax.Derivative(syntax.At(of, by, span=of.span), replace(by, mark=""), span=span)
        if shape(of)[0] == 1 != shape(of)[1] and shape(by)[1] == 1 != shape(by)[0]:  # a row: its column's, transposed
            column = of.of if isinstance(of, syntax.Transpose) else syntax.Transpose(of, span=of.span)
            return syntax.Transpose(syntax.Derivative(column, by, span=span), span=span)
        return syntax.Derivative(of, by, span=span)

    def derivative_of_rest(self, parts, span):
        by = _variable(parts[-1])
        return _Head(lambda body, span: syntax.Derivative(body, by, span=span), span)

    def activation(self, parts, span):
        scripts, argument = parts[1:-1], _plain(parts[-1])
        layers = [script for script in scripts if isinstance(script, Layer)]
        primes = len(scripts) - len(layers)
        if not layers:
            raise Misfit(span[0], f"f needs its layer: f_k{chr(39) * primes}.")
        if len(layers) != 1 or primes > 1:
            raise Misfit(span[0], "an activation function has one layer and at most one prime: f_k, f_k'.")
        return syntax.Activation(layers[0], primes == 1, argument, span=span)

    def layer(self, parts, span):
        return _layer("".join(parts))

    bottom, symbol_alone = top, symbol


RULES = _Rules()


def _parted(statement):
    """A chain cut before each demand, whose left side stands in both parts."""
    if not isinstance(statement, Chain) or "!" not in statement.relations:
        return [statement]
    cuts = [at for at, sign in enumerate(statement.relations) if sign == "!"] + [len(statement.relations)]
    starts = [0, *cuts[:-1]] if cuts[0] else cuts[:-1]
    ends = cuts if cuts[0] else cuts[1:]
    return [Chain(statement.sides[a : b + 1], statement.relations[a:b]) for a, b in zip(starts, ends)]


def _at_the_minimum(statement):
    """A statement about w said of w^*, and the derivatives of J taken there."""

    def change(node):
        if node == Symbol("w"):
            return replace(node, mark="*")
        if isinstance(node, syntax.Gradient | syntax.Derivative) and node.of == Symbol("J"):
            by = {} if isinstance(node, syntax.Gradient) else {"by": replace(node.by, mark="")}
            return replace(node, of=syntax.At(node.of, Symbol("w", mark="*"), span=node.of.span), **by)
        return node

    if not isinstance(statement, Chain):
        return statement
    signs = tuple("=" if sign == "!" else sign for sign in statement.relations)
    return statement.mapped(change)._replace(relations=signs)


def _with_times(statement):
    r"""An update from w_1 to w_2, or from \theta_{t-1} to \theta_t, said of w_t and w_{t+1}; any other as it is."""
    symbols = [part for side in getattr(statement, "sides", ()) for part in syntax.symbols_of(side)]
    times = sorted({time_of(part) for part in symbols if time_of(part)})
    steps = times == ["t", "t-1"] and Symbol("t") not in symbols
    counts = len(times) == 2 and "".join(times).isdigit() and int(times[0]) + 1 == int(times[1])
    if not ((steps or counts) and Symbol("eta") in symbols):
        return statement
    marks = dict(zip(times[::-1] if steps else times, ("t", "t+1")))
    said = tuple((mark, time) for time, mark in marks.items())

    def change(node):
        return replace(node, indices=(), mark=marks[time_of(node)], said=said) if time_of(node) else node

    return statement.mapped(change)


def time_of(node: Node) -> str | None:
    """The time of all parameters, as it is written: 1 in w_1, t-1; None for any other node."""
    if not isinstance(node, Symbol) or node.name not in ("w", "theta") or node.layer or node.mark == "*":
        return None
    return node.mark or (node.indices[0] if len(node.indices) == 1 and node.indices[0].isdigit() else None)


def _relation(sign, left, right):
    """The relation that a sign stands for; w := w - 1 and w = w - 1 are updates."""
    stepped = (
        syntax.is_symbol(left, "w", "b", "W", "theta")
        and not left.mark
        and isinstance(right, syntax.Add)
        and left in right.terms
    )
    if sign == ":=" and left != Symbol("H") and left in syntax.walk(right) or sign == "=" and stepped:
        return "<-"
    return SYNONYMS.get(sign, str(sign))


def _stepped(sign, left, right):
    """The right side of w -= step and of w += step as that of an update: w - step, w + step."""
    if sign not in ("-=", "+="):
        return right
    step = syntax.Negative(right, span=right.span) if sign == "-=" else right
    return syntax.Add((replace(left, span=None), step), span=right.span)


def _signed(sign, node):
    return syntax.Negative(node, span=(sign.start_pos, node.span[1])) if sign == "-" else node


def _joined(parts):
    groups, parts = [[]], _applied(parts)
    for position, part in enumerate(parts):
        if part == "odot" or part == "star" and _alike(groups[-1], parts[position + 1 :]):
            groups.append([])
        elif part == "dot" and _are_columns(groups[-1], parts[position + 1 :]):
            before = _product(groups[-1])
            groups[-1] = [syntax.Transpose(before, span=before.span)]
        elif part not in ("dot", "star"):
            groups[-1].append(part)
    if len(groups) == 1 and len(groups[0]) == 1:
        return groups[0][0]
    return _several(syntax.Hadamard, [_product(group) for group in groups])


def _alike(before, after):
    """Whether a product before * and what follows it have the same shape, and are no numbers: entry by entry then."""
    after = [part for part in itertools.takewhile(lambda part: part not in ("odot", "star"), after) if part != "dot"]
    if not before or not after or "/" in before + after:
        return False
    one, other = (shape(_product(group)) for group in (before, after))
    return one == other != (1, 1)


def _are_columns(before, after):
    r"""Whether a product before \cdot and what follows it are columns, one of them of parameters: w \cdot x_n."""
    if not before or not after or "/" in before or isinstance(after[0], str):
        return False
    shapes = {shape(_product(before)), shape(_plain(after[0]))}
    return (PARAMETERS, 1) in shapes <= {(PARAMETERS, 1), (Layer(None, 0), 1)}


def _applied(parts):
    """Costs taken at a point, J(theta), and variances; then gradients and imaginary parts of what follows them."""
    found = []
    for part in parts:
        taken = _taken(found[-1], part) if found else None
        found[-1 if taken else len(found) :] = [taken or part]
    for position in range(len(found) - 1, -1, -1):
        if isinstance(found[position], _Head):
            if position + 1 == len(found) or isinstance(found[position + 1], str):
                raise Misfit(found[position].span[1], "a quantity must follow here, as in \\nabla J.")
            if found[position].of_numbers and not _is_number(found[position + 1]):
                found[position + 1 :] = [_joined(found[position + 1 :])]
            found[position] = _headed(found[position], found.pop(position + 1))
    return found


def _is_number(part):
    """Whether it is a number, or the column of an output, that changes with the parameters: a gradient of its own."""
    node = _plain(part)
    return shape(node) in ((1, 1), (Layer("L"), 1)) and any(
        not syntax.is_symbol(each, "N", "B", "batch_size", "width") for each in syntax.symbols_of(node)
    )


def _taken(sign, part):
    """A cost at the point that follows it, or Var(...); scripts there are those of the whole, J(w)^2. Or None."""
    inner = part.base if isinstance(part, _Scripted) else part
    if not isinstance(inner, _Parentheses):
        return None
    if syntax.is_symbol(sign, "J", "E") and _is_point(inner.node):
        return _on_base(part, syntax.At(sign, inner.node, span=(sign.span[0], part.span[1])))
    if syntax.is_symbol(sign, "Var") and sign.mark and shape(inner.node) != (1, 1):
        raise Misfit(sign, r"Var_{\text{with}} and Var_{\text{without}} are those of a batch's mean: they stand alone.")
    if sign == Symbol("Var"):
        return _on_base(part, syntax.Variance(inner.node, span=(sign.span[0], part.span[1])))
    return None


def _on_base(part, node):
    """The node, with the scripts of the part that it stands for."""
    return replace(part, base=node, span=node.span) if isinstance(part, _Scripted) else node


def _mean(of, span):
    """The mean over a random batch where one stands in it, over all examples elsewhere."""
    if any(syntax.is_symbol(part, "g") or getattr(part, "over", None) == "batch" for part in syntax.walk(of)):
        return syntax.Expectation(of, span=span)
    return syntax.Quotient(syntax.Sum("n", None, of, span=span), Symbol("N"), span=span)


PREFIXES = {
    r"\imag": syntax.Imaginary,
    r"\trace": syntax.Trace,
    r"\diag": syntax.Diagonal,
    r"\mean": _mean,
    "d": syntax.Differential,
}


def _is_point(node):
    """Whether an expression is a point in the space of the parameters: theta or w, moved perhaps."""
    node = node.terms[0] if isinstance(node, syntax.Add) else node
    return syntax.is_symbol(node, "theta", "w") and not node.layer


def _headed(head, part):
    r"""A gradient or an imaginary part of what follows; a transpose there is that of the gradient, \nabla J^\top."""
    span = head.span[0], part.span[1]
    if isinstance(part, _Scripted) and (
        part.transposed
        and head.wrap is syntax.Gradient
        and not part.entry
        or isinstance(part.base, _Parentheses)
        and head.wrap not in (syntax.Gradient, syntax.Differential)
    ):
        return _on_base(part, head.wrap(_plain(part.base), span=span))
    return head.wrap(_plain(part), span=span)


def _product(parts):
    """Factors from left to right; / divides what stands left of it by the next factor."""
    factors, dividing = [], False
    for part in parts:
        if part == "/":
            dividing = True
        elif dividing:
            top, bottom = _several(syntax.Product, factors), _plain(part)
            factors, dividing = [syntax.Quotient(top, bottom, span=(top.span[0], bottom.span[1]))], False
        else:
            factors.append(_plain(part))
    return _several(syntax.Product, factors)


def _several(kind, factors):
    """A product, of either kind, of several factors; a single one as it is."""
    span = factors[0].span[0], factors[-1].span[1]
    return factors[0] if len(factors) == 1 else kind(tuple(factors), span=span)


def _with_scripts(base, below, layer, mark, power, place, span):
    if isinstance(base, _Head):
        raise Misfit(place, messages.GRADIENT if base.wrap is syntax.Gradient else messages.IMAGINARY)
    if isinstance(base, Symbol):
        base, below = _indexed(base, below, layer, mark, span), ()
    elif layer:
        raise Misfit(place, "a layer belongs to a symbol, as in W^{(k)}; a power is written ^2.")
    elif mark == "*":
        raise Misfit(place, "the star marks a symbol, as in w^* and \\eta^*.")
    elif isinstance(base, Number) and (mark == "top" or below):
        raise Misfit(place, messages.ONES)
    for letter in below:
        _checked_index(letter, place)
    if len(below) > 2:
        raise Misfit(place, "an entry of a matrix has two indices, its row and its column; of a vector one.")
    if not below and mark != "top" and not power:
        return base
    _check_seen(base)
    return _Scripted(base, below, mark == "top", power, span)


def _indexed(symbol, below, layer, mark, span):
    mark = mark if mark == "*" else ""
    text = "".join(below)
    if text in MARKS.get(symbol.name, ()) and not layer:
        below, mark = (), text
    if symbol.name == "delta" and len(below) == 2 and not layer and "n" not in below:
        symbol = replace(symbol, name="kronecker")
    if (symbol.name in messages.ENTRIES or symbol.name == "H") and len(below) == 2:
        indices = tuple(_checked_index(letter, span[0]) for letter in below)
        return syntax.Entry(replace(symbol, layer=layer, span=span), indices, span=span)
    return replace(symbol, indices=below, layer=layer, mark=mark, span=span)


def _variable(node):
    """What is differentiated by: a symbol."""
    node = _plain(node)
    if isinstance(node, syntax.Entry) and getattr(node.of, "name", "") in messages.ENTRIES and len(node.indices) == 2:
        return replace(node.of, name=messages.ENTRIES[node.of.name], indices=node.indices)
    if syntax.is_symbol(node, *VARIABLES):
        return node
    raise Misfit(node, r"one differentiates by w, b, a, z, \hat y, y, x, E_n, \theta, or by W, b, A, Z, \hat Y, Y, X.")


def _layer(text):
    """The layer that "k-1", "L" or "2" stands for."""
    letter, offset = re.fullmatch(r"(\\ell|[A-Za-zℓ])?\s*([+-]?\s*[0-9]+)?", text).groups()
    return Layer(letter and _letter(letter), int(re.sub(r"\s", "", offset or "0")))


def _letter(text):
    """An index or a layer as trees have it."""
    return SYNONYMS.get(text) if text == r"\ell" else str(text).lstrip("\\")


def _checked_index(letter, place):
    """The letter. Raises Misfit if it cannot be an index."""
    refusal = messages.index(letter)
    if refusal:
        raise Misfit(place, refusal)
    return letter
