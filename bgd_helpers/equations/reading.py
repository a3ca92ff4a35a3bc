"""From LaTeX to trees: the grammar is in grammar.lark, and here is what its parts become."""

import itertools
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from bgd_helpers.equations import messages, syntax
from bgd_helpers.equations.errors import EquationError
from bgd_helpers.equations.syntax import Chain, Equivalence, Layer, Node, Number, Symbol

LONGEST, DEEPEST, MOST_STATEMENTS, MOST_SIDES, MOST_SYMBOLS, MOST_LAYERS = 3000, 30, 20, 20, 60, 4
COUNTED = set("number symbol width batch_size prefix norm head activation derivative fraction mean".split())
ENVIRONMENTS = "aligned align align* split gathered equation equation*".split()
WRAPPINGS = (r"\$\$(.*)\$\$", r"\$(.*)\$", r"\\\[(.*)\\\]", r"\\\((.*)\\\)")

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
    **{name: {(0, False): name} for name in ("X", "Y")},
    "Yhat": {(0, False): r"\hat Y"},
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

    parser, building = _parser()
    try:
        tree = parser.parse(_prepared(latex))
        _check_bounds(latex, tree)
        return building.transform(tree)
    except VisitError as error:
        if not isinstance(error.orig_exc, _Misfit):
            raise
        raise EquationError(latex, error.orig_exc.position, error.orig_exc.expected) from None
    except UnexpectedCharacters as error:
        raise EquationError(latex, *messages.misfit(latex, error.pos_in_stream, error.allowed)) from None
    except UnexpectedToken as error:
        position = len(latex) if error.token.type == "$END" else error.token.start_pos
        raise EquationError(latex, *messages.misfit(latex, position, error.expected)) from None


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


def _prepared(latex):
    """The text as the grammar takes it, every character in its place: $ $ and begin-end blank, norms paired."""
    return _columns_parted(_environments_blank(latex, _norms_paired(latex, _unwrapped(latex))))


def _unwrapped(latex):
    """$...$, $$...$$, \\[...\\] or \\(...\\) around the whole are blanks."""
    for pattern in WRAPPINGS:
        match = re.fullmatch(rf"\s*{pattern}[\s.,;]*", latex, re.DOTALL)
        if match:
            return " " * match.start(1) + match[1] + " " * (len(latex) - match.end(1))
    return latex


def _norms_paired(latex, text):
    """\\| and \\Vert open and close by turns; \\left\\| opens, \\right\\| closes."""
    turns = itertools.cycle("\x0e\x0f")
    pattern = r"(\\(left|right|[bB]igg?[lr]?)\s*)?\\(\||Vert(?![A-Za-z]))"
    found = list(re.finditer(pattern, text))
    for match in found:
        sign = {"left": "\x0e", "right": "\x0f"}.get(match[2]) or next(turns)
        text = text[: match.start()] + sign.ljust(len(match[0])) + text[match.end() :]
    if text.count("\x0e") > text.count("\x0f"):
        raise EquationError(latex, found[-1].start(), f"this {found[-1][0]} is never closed.")
    return text


def _environments_blank(latex, text):
    r"""\begin{aligned} and \end{aligned} are blanks, if they pair."""
    open_ones = []
    for match in re.finditer(r"\\(begin|end)\s*\{\s*([A-Za-z]*\*?)\s*\}", text):
        side, name = match.groups()
        if name not in ENVIRONMENTS:
            raise EquationError(latex, *messages.environment(match, ENVIRONMENTS))
        if side == "end" and (not open_ones or open_ones.pop()[1] != name):
            raise EquationError(latex, match.start(), rf"this \end{{{name}}} has no \begin{{{name}}}.")
        if side == "begin":
            open_ones.append((match.start(), name))
        text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    for place, name in open_ones:
        raise EquationError(latex, place, rf"this \begin{{{name}}} has no \end{{{name}}}.")
    return text


def _columns_parted(text):
    """The second &, the fourth and so on of a line begin another equation, unless they stand at a relation."""
    count = 0
    for match in re.finditer(r"\\\\|\\&|(?P<relation>=\s*)?&", text):
        if match[0].endswith("&") and not match[0].startswith("\\"):
            count += 1
            if count % 2 == 0 and not match["relation"]:
                text = text[: match.end() - 1] + "," + text[match.end() :]
        elif match[0] == r"\\":
            count = 0
    return text


def _check_bounds(latex, tree):
    """Refuse more equations, sides, symbols or letters for layers than can be judged in a moment."""
    if len(tree.children) > MOST_STATEMENTS:
        place = tree.children[MOST_STATEMENTS].meta.start_pos
        raise EquationError(latex, place, f"at most {MOST_STATEMENTS} equations are read at a time.")
    for chain in tree.find_data("chain"):
        sides = chain.children[::2]
        if len(sides) > MOST_SIDES:
            place = sides[MOST_SIDES].meta.start_pos
            raise EquationError(latex, place, f"an equation has at most {MOST_SIDES} sides.")
        for side in sides:
            _check_side(latex, side)
        _check_layers(latex, chain)


def _check_side(latex, side):
    symbols = [part for part in side.iter_subtrees_topdown() if part.data in COUNTED]
    if len(symbols) > MOST_SYMBOLS:
        place = symbols[MOST_SYMBOLS].meta.start_pos
        raise EquationError(latex, place, f"one side of an equation has at most {MOST_SYMBOLS} symbols and numbers.")


def _check_layers(latex, chain):
    letters = set()
    for part in chain.iter_subtrees_topdown():
        if part.data in ("layer", "layer_above"):
            letters |= set(re.findall(r"ell|[A-Za-zℓ]", str(part.children[0]))) - {"L"}
            if len(letters) > MOST_LAYERS:
                text = f"an equation has at most {MOST_LAYERS} different letters for layers, and L."
                raise EquationError(latex, part.meta.start_pos, text)


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
            sides = tuple(map(_plain, parts[::2]))
            return Chain(sides, tuple(map(_relation, parts[1::2], sides, sides[1:])))

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
            letter = _letter(parts[0])
            _check_index(letter, meta.start_pos)
            return letter

        def bound(self, meta, parts):
            return int(parts[0]) if getattr(parts[0], "type", "") == "INTEGER" else parts[0]

        def size(self, meta, parts):
            if len(parts) == 2 and isinstance(parts[1], Layer):
                return Symbol("width", layer=parts[1], span=_span(meta))
            text = "".join(map(str, parts))
            if not text.isdigit() and text not in ("N", "B"):
                raise _Misfit(meta.start_pos, "a sum ends at N, at a width such as d_k, or at a number.")
            return int(text) if text.isdigit() else text

        def scripted(self, meta, parts):
            scripts = {"below": (), "layer": None, "mark": "", "power": None}
            for part in parts[1:]:
                scripts |= part
            return _with_scripts(parts[0], **scripts, span=_span(meta))

        def subscript(self, meta, parts):
            return {"below": tuple(_letter(part) for part in parts if part != ","), "place": meta.start_pos}

        def mark(self, meta, parts):
            return {"mark": "*" if re.search(r"\*|ast|star", parts[0]) else "top", "place": meta.start_pos}

        def layer_above(self, meta, parts):
            then = {} if len(parts) == 1 else self.power(meta, parts[1:])
            if getattr(parts[-1], "type", "") == "MARK":
                then = self.mark(meta, parts[1:])
            return {**then, "layer": _layer(str(parts[0]).strip("()").strip()), "place": meta.start_pos}

        def power(self, meta, parts):
            return {"power": _plain(parts[0]), "place": meta.start_pos}

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
            if len(parts) > 1 and str(parts[1]) not in (r"\theta", "w"):
                raise _Misfit(parts[1].start_pos, messages.GRADIENT)
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
            if not layers:
                raise _Misfit(meta.start_pos, f"f needs its layer: f_k{chr(39) * primes}.")
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
    return node.node if isinstance(node, _Parentheses | _Scripted) else node


def _relation(sign, left, right):
    """The relation that a sign stands for; := is an update where the left side occurs on the right, w := w - 1."""
    if sign in (":=", r"\coloneqq") and left in syntax.walk(right):
        return "<-"
    return RELATIONS.get(str(sign), str(sign))


def _layer(text):
    """The layer that "k-1", "L" or "2" stands for."""
    letter, offset = re.fullmatch(r"(\\ell|[A-Za-zℓ])?\s*([+-]?\s*[0-9]+)?", text).groups()
    return Layer(letter and _letter(letter), int(re.sub(r"\s", "", offset or "0")))


def _letter(text):
    """An index or a layer as trees have it."""
    return "ℓ" if text == r"\ell" else str(text).lstrip("\\")


def _check_index(text, place):
    refusal = messages.index(text)
    if refusal:
        raise _Misfit(place, refusal)


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
    if isinstance(node, Symbol) and node.name in (
        "w",
        "b",
        "a",
        "z",
        "x",
        "y",
        "yhat",
        "W",
        "A",
        "Z",
        "X",
        "Y",
        "Yhat",
        "theta",
    ):
        return node
    place = node.span[0] if node.span else 0
    raise _Misfit(place, r"one differentiates by w, b, a, z, \hat y, y, x, \theta, or by W, b, A, Z, \hat Y, Y, X.")


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
            rest = parts[position + 1 :]
            sign = rest.pop(0) if getattr(rest[0], "type", "") == "SIGN" else None
            rest = _signed(sign, _plain(_multiplied(rest)))
            body = part.wrap(rest, (part.span[0], rest.span[1]))
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
        at = _at(found[-1], part) if found else None
        found[-1 if at else len(found) :] = [at or part]
    for position in range(len(found) - 1, -1, -1):
        if isinstance(found[position], _Head):
            head = found[position]
            if position + 1 == len(found) or isinstance(found[position + 1], str):
                raise _Misfit(head.span[1], "a quantity must follow here, as in \\nabla J.")
            found[position] = _headed(head, found.pop(position + 1))
    return found


def _at(cost, point):
    """A cost taken at the point that follows it; scripts of the point are those of the whole, J(w)^2. Or None."""
    inner = point.base if isinstance(point, _Scripted) else point
    if not (_is_cost(cost) and isinstance(inner, _Parentheses) and _is_point(inner.node)):
        return None
    at = syntax.At(cost, inner.node, span=(cost.span[0], point.span[1]))
    return replace(point, base=at, span=at.span) if isinstance(point, _Scripted) else at


def _headed(head, part):
    r"""A gradient or an imaginary part of what follows; a transpose there is that of the gradient, \nabla J^\top."""
    span = head.span[0], part.span[1]
    if isinstance(part, _Scripted) and part.transposed and head.wrap is syntax.Gradient and not part.entry:
        return replace(part, base=head.wrap(_plain(part.base), span=span), span=span)
    return head.wrap(_plain(part), span=span)


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


def _with_scripts(base, below, layer, mark, power, place, span):
    """A symbol with its indices and layer, or another base, and what its scripts do to it."""
    if isinstance(base, _Head):
        raise _Misfit(place, messages.GRADIENT if base.wrap is syntax.Gradient else messages.IMAGINARY)
    if isinstance(base, Symbol):
        base, below = _indexed(base, below, layer, mark, span), ()
    elif layer:
        raise _Misfit(place, "a layer belongs to a symbol, as in W^{(k)}; a power is written ^2.")
    elif mark == "*":
        raise _Misfit(place, "the star marks a symbol, as in w^* and \\eta^*.")
    elif isinstance(base, Number) and (mark == "top" or below):
        raise _Misfit(place, messages.ONES)
    for letter in below:
        _check_index(letter, place)
    if len(below) > 2:
        raise _Misfit(place, "an entry of a matrix has two indices, its row and its column; of a vector one.")
    if not below and mark != "top" and not power:
        return base
    return _Scripted(base, below, mark == "top", power, span)


def _indexed(symbol, below, layer, mark, span):
    mark = mark if mark == "*" else ""
    text = "".join(below)
    if text in MARKS.get(symbol.name, ()) and not layer:
        below, mark = (), text
    elif text.startswith("text"):
        below, mark = (), text[4:].strip("{} ")
    return replace(symbol, indices=below, layer=layer, mark=mark, span=span)


def check_form(latex, symbol):
    """Raises EquationError unless the symbol carries the indices, the layer and the mark of the notation."""
    place = symbol.span[0] if symbol.span else 0
    forms = FORMS.get(symbol.name, {(0, symbol.name == "width"): messages.plain(symbol)})
    if symbol.mark and symbol.mark not in MARKS.get(symbol.name, ()):
        raise EquationError(latex, place, f"{syntax.latex(replace(symbol, mark=''))} takes no {symbol.mark} here.")
    refusal = next(filter(None, map(messages.index, symbol.indices)), None)
    if (len(symbol.indices), symbol.layer is not None) not in forms:
        refusal = refusal or messages.form(symbol, forms)
    if refusal:
        raise EquationError(latex, *(messages.advice(latex, place) or (place, refusal)))
