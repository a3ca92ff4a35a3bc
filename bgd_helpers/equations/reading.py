"""From LaTeX to trees: the grammar is in grammar.lark, here are what its parts become and what is said of a misfit."""

import difflib
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from bgd_helpers.equations import syntax
from bgd_helpers.equations.errors import EquationError
from bgd_helpers.equations.syntax import Chain, Equivalence, Layer, Node, Number, Symbol

LONGEST, DEEPEST, MOST_STATEMENTS = 3000, 30, 20

# what a symbol may carry: (indices, layer), and how it is written
FORMS = {
    "w": {(2, True): "w_{ij}^{(k)}", (0, False): "w"},
    "b": {(1, True): "b_j^{(k)}", (0, True): "b^{(k)}"},
    "a": {(2, True): "a_{nj}^{(k)}"},
    "z": {(2, True): "z_{nj}^{(k)}"},
    "delta": {(2, True): r"\delta_{nj}^{(k)}"},
    "x": {(2, False): "x_{ni}", (1, False): "x_n"},
    "y": {(2, False): "y_{nj}", (1, False): "y_n", (0, False): "y"},
    "yhat": {(2, False): r"\hat y_{nj}", (1, False): r"\hat y_n"},
    "E": {(1, False): "E_n"},
    "J": {(0, False): "J", (1, False): "J_s"},
    "N": {(0, False): "N", (1, False): "N_s"},
    "theta": {(0, False): r"\theta", (1, False): r"\theta_p"},
    "e": {(1, False): "e_p"},
    **{name: {(0, True): f"{name}^{{(k)}}"} for name in ("W", "A", "Z")},
    "Delta": {(0, True): r"\Delta^{(k)}"},
}  # fmt: skip
TIMES = {"t", "t+1", "0", "t-1"}
MARKS = {"w": TIMES | {"*"}, "theta": TIMES, "eta": {"*"}, "lambda": {"max", "min"}, "Var": {"with", "without"}}
RELATIONS = {":=": "=", r"\coloneqq": "=", r"\leftarrow": "<-", r"\gets": "<-", r"\approx": "~", r"\to": "->",
             r"\rightarrow": "->", r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">="}  # fmt: skip


def read(latex):
    """The statements of an equation, each a Chain or an Equivalence.

    Raises EquationError, with the position, for anything that is no equation of the language.
    """
    if not isinstance(latex, str):
        raise TypeError(f"an equation is a string of LaTeX, not a value of type {type(latex).__name__}")
    _check_size(latex)
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

    try:
        parser, building = _parser()
        statements = building.transform(parser.parse(latex))
    except VisitError as error:
        if not isinstance(error.orig_exc, _Misfit):
            raise
        raise EquationError(latex, error.orig_exc.position, error.orig_exc.expected) from None
    except UnexpectedCharacters as error:
        raise EquationError(latex, error.pos_in_stream, _unknown(latex[error.pos_in_stream :], error.allowed)) from None
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        position = len(latex) if ended else error.token.start_pos
        raise EquationError(latex, position, _unfitting("" if ended else str(error.token), error.expected)) from None
    if len(statements) > MOST_STATEMENTS:
        raise EquationError(latex, 0, f"at most {MOST_STATEMENTS} equations are read at a time.")
    return statements


@cache
def _parser():
    from lark import Lark

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False), _building()


def _check_size(latex):
    """Refuse what is too long or nested too deeply, and braces that do not pair."""
    if len(latex) > LONGEST:
        raise EquationError(latex, LONGEST, f"an equation has at most {LONGEST} characters; this has {len(latex)}.")
    if not latex.strip():
        raise EquationError(latex, 0, "there is no equation yet.")
    openings = []
    for match in re.finditer(r"\\[{}|]|\\.|[{}()\[\]]", latex):
        sign = match.group()
        if sign in "{([":
            openings.append((sign, match.start()))
        elif sign in "})]":
            if not openings or openings[-1][0] != {"}": "{", ")": "(", "]": "["}[sign]:
                raise EquationError(latex, match.start(), f"this {sign} closes nothing that was opened.")
            openings.pop()
        if len(openings) > DEEPEST:
            raise EquationError(latex, match.start(), f"parentheses and braces nest at most {DEEPEST} deep.")
    if openings:
        sign, position = openings[-1]
        raise EquationError(latex, position, f"this {sign} is never closed.")


class _Misfit(Exception):
    """Something that the grammar admits and the notation does not."""

    def __init__(self, position, expected):
        self.position, self.expected = position, expected


@dataclass(frozen=True)
class _Parentheses:
    """An expression in parentheses: after a cost it is the point where the cost is taken."""

    node: Node

    @property
    def span(self):
        return self.node.span


@dataclass(frozen=True)
class _Head:
    """A sum or derivative sign: it takes all that follows in its term."""

    wrap: object
    span: tuple


def _building():
    """The transformer: a method for each rule of the grammar."""
    from lark import Transformer, v_args

    @v_args(meta=True)
    class Building(Transformer):
        def start(self, meta, statements):
            return statements

        def statement(self, meta, parts):
            return parts[0] if len(parts) == 1 else Equivalence(parts[0], parts[2])

        def chain(self, meta, parts):
            relations = (RELATIONS.get(str(sign), str(sign)) for sign in parts[1::2])
            return Chain(tuple(map(_plain, parts[::2])), tuple(relations))

        def expr(self, meta, parts):
            return _added(parts, _span(meta))

        def term(self, meta, parts):
            return _multiplied(parts)

        def operator(self, meta, parts):
            return {"/": "/", r"\odot": "odot", r"\circ": "odot"}.get(str(parts[0]), "dot")

        def head(self, meta, parts):
            return _Head(_sum_of(meta, parts[1:]), _span(meta))

        def derivative_of_rest(self, meta, parts):
            by = _target(parts[3])
            return _Head(lambda body, span: syntax.Derivative(body, by, span=span), _span(meta))

        def index(self, meta, parts):
            return str(parts[0])

        def bound(self, meta, parts):
            return parts[0]

        def size(self, meta, parts):
            if len(parts) == 2 and isinstance(parts[1], Layer):
                return Symbol("width", layer=parts[1], span=_span(meta))
            text = "".join(map(str, parts))
            if not text.isdigit() and text not in ("N", "B"):
                raise _Misfit(meta.start_pos, "a sum ends at N, at a width such as d_k, or at a number.")
            return int(text) if text.isdigit() else text

        def scripted(self, meta, parts):
            return _with_scripts(parts[0], parts[1:], _span(meta))

        def subscript(self, meta, parts):
            return "below", [str(part).lstrip("\\") for part in parts if part != ","]

        def mark(self, meta, parts):
            return "mark", "*" if re.search(r"\*|ast|star", parts[0]) else "top"

        def layer_above(self, meta, parts):
            return "layer", (_layer(str(parts[0]).strip("( )")), len(parts) > 1, meta.start_pos)

        def power(self, meta, parts):
            return "power", parts[0]

        def exponent(self, meta, parts):
            text, span = str(parts[0]), _span(meta)
            return Number(float(text), text, span=span) if text.isdigit() else _symbol(text, span)

        def number(self, meta, parts):
            return Number(float(parts[0]), str(parts[0]), span=_span(meta))

        def symbol(self, meta, parts):
            return _symbol(str(parts[0]), _span(meta))

        def width(self, meta, parts):
            return Symbol("width", layer=parts[1], span=_span(meta))

        def batch_size(self, meta, parts):
            return Symbol("batch_size", span=_span(meta))

        def prefix(self, meta, parts):
            return _Head(syntax.Gradient if parts[0].type == "NABLA" else syntax.Imaginary, _span(meta))

        def parentheses(self, meta, parts):
            return _Parentheses(replace(_plain(parts[0]), span=_span(meta)))

        def braces(self, meta, parts):
            return _Parentheses(replace(_plain(parts[0]), span=_span(meta)))

        def norm(self, meta, parts):
            return syntax.Norm(_plain(parts[0]), span=_span(meta))

        def fraction(self, meta, parts):
            return syntax.Quotient(*map(_plain, parts[1:]), span=_span(meta))

        def top(self, meta, parts):
            return _plain(parts[0]) if not hasattr(parts[0], "type") else self.exponent(meta, parts)

        bottom = top

        def derivative(self, meta, parts):
            of, by = (part for part in parts if not hasattr(part, "type"))
            return syntax.Derivative(_plain(of), _target(by), span=_span(meta))

        def activation(self, meta, parts):
            scripts, argument = parts[1:-1], _plain(parts[-1])
            layers = [script for script in scripts if isinstance(script, Layer)]
            primes = len(scripts) - len(layers)
            if len(layers) != 1 or primes > 1:
                raise _Misfit(meta.start_pos, "an activation function has one layer and at most one prime: f_k, f_k'.")
            return syntax.Activation(layers[0], primes == 1, argument, span=_span(meta))

        def function_script(self, meta, parts):
            return parts[0]

        def layer(self, meta, parts):
            return _layer("".join(map(str, parts)))

        def mean(self, meta, parts):
            span = _span(meta)
            return syntax.Quotient(syntax.Sum("n", None, _plain(parts[1]), span=span), Symbol("N"), span=span)

    return Building()


def _span(meta):
    return (meta.start_pos, meta.end_pos) if not meta.empty else None


def _plain(node):
    return node.node if isinstance(node, _Parentheses) else node


def _layer(text):
    """The layer that "k-1", "L" or "2" stands for."""
    letter, offset = re.fullmatch(r"(\\ell|[A-Za-z])?\s*([+-]?\s*\d+)?", text).groups()
    return Layer(letter, int((offset or "0").replace(" ", "")))


def _symbol(text, span):
    """The symbol that a piece of LaTeX names, as yet without indices."""
    inner = re.fullmatch(r"\\(mathbf|boldsymbol|bm|mathrm|text|operatorname)\s*\{?\s*(.*?)\s*\}?", text)
    hat = re.fullmatch(r"\\(?:wide)?hat\s*\{?\s*([yY])\s*\}?", text)
    if hat:
        return Symbol(f"{hat.group(1)}hat", span=span)
    if inner:
        text = {"1": "ones", "i": "imaginary"}.get(inner.group(2), inner.group(2))
    return Symbol(text.lstrip("\\"), span=span)


def _target(node):
    """What is differentiated by: a symbol."""
    node = _plain(node)
    if isinstance(node, Symbol) and node.name in ("w", "b", "a", "z", "x", "y", "yhat", "W", "A", "Z", "theta"):
        return node
    place = node.span[0] if node.span else 0
    raise _Misfit(place, r"one differentiates by w, b, a, z, \hat y, y, x, \theta, or by W, b, A, Z.")


def _added(parts, span):
    """A sum of signed terms; a single one without a sign stays in its parentheses, if it has some."""
    signs = [part for part in parts if hasattr(part, "type")]
    terms = [part for part in parts if not hasattr(part, "type")]
    if len(signs) < len(terms):
        signs.insert(0, None)
    signed = [_signed(sign, _plain(term)) for sign, term in zip(signs, terms, strict=True)]
    if len(terms) == 1:
        return signed[0] if signs[0] == "-" else terms[0]
    return syntax.Add(tuple(signed), span=span)


def _signed(sign, term):
    return syntax.Negative(term, span=(sign.start_pos, term.span[1])) if sign == "-" else term


def _multiplied(parts):
    """A term: products bind more strongly than the entry-by-entry product; a sum sign takes the whole rest."""
    for position, part in enumerate(parts):
        if isinstance(part, _Head) and not isinstance(part.wrap, type):
            rest = _multiplied(parts[position + 1 :])
            body = part.wrap(_plain(rest), (part.span[0], _plain(rest).span[1]))
            return body if position == 0 else _joined([*parts[:position], body])
    return _joined(parts)


def _joined(parts):
    groups = [[]]
    for part in _applied(parts):
        if part == "odot":
            groups.append([])
        elif part == "/" or not isinstance(part, str):
            groups[-1].append(part)
    if len(groups) == 1 and len(groups[0]) == 1:
        return groups[0][0]
    joined = [_product(group) for group in groups]
    return joined[0] if len(joined) == 1 else syntax.Hadamard(tuple(joined), span=_around(joined))


def _applied(parts):
    """Costs taken at a point, J(theta); then gradients and imaginary parts of what follows them."""
    found = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, _Parentheses) and _is_cost(last) and _is_point(part.node):
            found[-1] = syntax.At(last, part.node, span=(last.span[0], part.span[1]))
        else:
            found.append(part)
    for position in range(len(found) - 1, -1, -1):
        if isinstance(found[position], _Head):
            head = found[position]
            if position + 1 == len(found) or isinstance(found[position + 1], str):
                raise _Misfit(head.span[1], "a quantity must follow here, as in \\nabla J.")
            of = _plain(found.pop(position + 1))
            found[position] = head.wrap(of, span=(head.span[0], of.span[1]))
    return found


def _is_cost(node):
    return isinstance(node, Symbol) and node.name in ("J", "E")


def _is_point(node):
    """Whether an expression is a point in the space of the parameters: theta or w, moved perhaps."""
    if isinstance(node, syntax.Add):
        node = node.terms[0]
    return isinstance(node, Symbol) and node.name in ("theta", "w") and not node.layer


def _product(parts):
    """Factors from left to right; / divides what stands left of it by the next factor."""
    factors = []
    dividing = False
    for part in parts:
        if part == "/":
            dividing = True
        elif dividing:
            top, bottom = _factors(factors), _plain(part)
            factors, dividing = [syntax.Quotient(top, bottom, span=_around([top, bottom]))], False
        else:
            factors.append(_plain(part))
    return _factors(factors)


def _factors(factors):
    return factors[0] if len(factors) == 1 else syntax.Product(tuple(factors), span=_around(factors))


def _around(nodes):
    spans = [node.span for node in nodes if node.span]
    return (spans[0][0], spans[-1][1]) if spans else None


def _sum_of(meta, parts):
    """What a sum sign does to its body."""
    texts = [part for part in parts if not hasattr(part, "type") or part.type == "BATCH"]
    digits = [str(part) for part in parts if getattr(part, "type", "") == "DIGIT"]
    if digits and digits != ["1"]:
        raise _Misfit(meta.start_pos, "a sum starts at 1.")
    indices, over = [str(texts[0])], None
    if any(getattr(part, "type", "") == "BATCH" for part in texts):
        over = "batch"
    elif digits or len(texts) > 1 and _has_bound(parts):
        over = texts[1]
    else:
        indices = [str(text) for text in texts]

    def wrap(body, span):
        for index in reversed(indices):
            body = syntax.Sum(index, over, body, span=span)
        return body

    return wrap


def _has_bound(parts):
    """Whether the last part of a sum sign is its bound, and not a second index."""
    last = parts[-1]
    return isinstance(last, int | Symbol) or last in ("N", "B")


def _with_scripts(base, scripts, span):
    """A symbol with its indices and layer, and what is done to it: transposed, raised to a power."""
    node = _plain(base)
    below = [part for kind, tokens in scripts if kind == "below" for part in tokens]
    layers = [value for kind, value in scripts if kind == "layer"]
    if isinstance(base, Symbol):
        node = _indexed(node, below, layers, [value for kind, value in scripts if kind == "mark"], span)
    elif layers:
        raise _Misfit(layers[0][2], "a layer belongs to a symbol, as in W^{(k)}; a power is written ^2.")
    elif below:
        node = syntax.Entry(node, tuple(below), span=span)
    for kind, value in scripts:
        if kind == "mark" and value == "top" or kind == "layer" and value[1]:
            node = syntax.Transpose(node, span=span)
        elif kind == "power":
            node = syntax.Power(node, _plain(value), span=span)
    return node


def _indexed(symbol, below, layers, marks, span):
    if len(layers) > 1:
        raise _Misfit(layers[1][2], "a symbol has one layer.")
    mark = "*" if "*" in marks else ""
    text = "".join(below)
    if text in MARKS.get(symbol.name, ()) and not layers:
        below, mark = [], text
    elif text.startswith("text"):
        below, mark = [], text[4:].strip("{} ")
    layer = layers[0][0] if layers else None
    return replace(symbol, indices=tuple(below), layer=layer, mark=mark, span=span)


def check_form(latex, symbol):
    """Raises EquationError unless the symbol carries the indices, the layer and the mark of the notation."""
    place = symbol.span[0] if symbol.span else 0
    forms = FORMS.get(symbol.name, {(0, symbol.name == "width"): symbol.name})
    if symbol.mark and symbol.mark not in MARKS.get(symbol.name, ()):
        raise EquationError(latex, place, f"{syntax.latex(replace(symbol, mark=''))} takes no {symbol.mark} here.")
    if (len(symbol.indices), symbol.layer is not None) not in forms:
        written = " or ".join(forms.values())
        raise EquationError(latex, place, f"this is written {written}: with these indices, and this layer, no other.")
    for index in symbol.indices:
        if not re.fullmatch(r"[A-Za-z]|[1-9]", index):
            raise EquationError(latex, place, f"an index is a letter, or a number from 1 on; not {index!r}.")


WORDS = {
    "RELATION": "= or \\leftarrow", "SYMBOL": "a symbol", "_CLOSE": ")", "RBRACE": "}", "LBRACE": "{", "SLASH": "/",
    "NUMBER": "a number", "INDEX": "an index", "LETTER": "an index", "LAYER": "a layer such as (k)",
    "PARTIAL": "\\partial", "_END_NORM": "\\rVert", "_OPEN": "(", "__ANON_0": "_", "UNDERSCORE": "_", "F": "f",
}  # fmt: skip
COMMANDS = (
    "eta delta Delta theta lambda kappa Sigma hat frac sum partial nabla odot cdot top mathbf lVert rVert leftarrow "
    "approx mathcal in left right iff quad qquad"
).split()


def _unknown(rest, allowed):
    """What is said of characters that no part of the language begins with."""
    command = re.match(r"\\[A-Za-z]+", rest)
    if command:
        near = difflib.get_close_matches(command.group()[1:], COMMANDS, n=1)
        hint = f" Did you mean \\{near[0]}?" if near and near[0] != command.group()[1:] else ""
        known = command.group()[1:] in COMMANDS
        says = "does not fit here" if known else "is not in the language"
        return f"{command.group()} {says}.{hint or ' ' + _wanted(allowed)}"
    return f"{rest[:1]!r} does not fit here. {_wanted(allowed)}"


def _unfitting(token, expected):
    says = f"{token!r} does not fit here" if token else "the equation stops short"
    return f"{says}. {_wanted(expected)}"


def _wanted(expected):
    """The likeliest of what the grammar would admit, in words."""
    words = [word for name, word in WORDS.items() if name in (expected or ())]
    return f"Expected {', or '.join(words[:3])}." if words else "Nothing of the language fits here."
