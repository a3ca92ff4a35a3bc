"""What an equation is made of: a tree of small immutable nodes, how to walk and change it, and its LaTeX.

Nodes compare by what they say, not by where it stands: `span`, the place in the learner's own text, is left out.
"""

from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple


class Layer(NamedTuple):
    """A layer: a letter (L is the last) and an offset, as in k - 1, or a number alone."""

    letter: str | None
    offset: int = 0

    def __str__(self):
        if self.letter is None:
            return str(self.offset)
        return self.letter + (f"{self.offset:+d}" if self.offset else "")

    def moved(self, by):
        """The layer `by` further on."""
        return Layer(self.letter, self.offset + by)


@dataclass(frozen=True)
class Node:
    """A part of an equation; `span` is where it stands in the text."""

    span: tuple | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Number(Node):
    value: float
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class Symbol(Node):
    """A quantity of the notation: its name in code, its indices, its layer, and a mark as in w^*, w_{t+1}.

    `said` is how the learner writes some marks: 2 for t+1, where 1 is t.
    """

    name: str
    indices: tuple = ()
    layer: Layer | None = None
    mark: str = ""
    said: tuple = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Activation(Node):
    """f_k, or its derivative f_k', of an argument."""

    layer: Layer
    slope: bool
    argument: Node


@dataclass(frozen=True)
class Sum(Node):
    """The sum of the body over an index; `over` is None, "batch", "L" (layers) or the last value."""

    index: str
    over: object
    body: Node


@dataclass(frozen=True)
class Derivative(Node):
    """The derivative of one quantity by another."""

    of: Node
    by: Node


@dataclass(frozen=True)
class Unary(Node):
    """What is done to one quantity alone."""

    of: Node


class Gradient(Unary):
    """The gradient by all parameters, a column."""


@dataclass(frozen=True)
class At(Node):
    """A cost or loss with its parameters at another point."""

    of: Node
    point: Node


class Imaginary(Unary):
    """The imaginary part of a quantity."""


class Trace(Unary):
    """The sum of the diagonal of a matrix."""


class Diagonal(Unary):
    """The matrix with a column on its diagonal."""


class Expectation(Unary):
    """The mean of a quantity over the random batches."""


class Variance(Unary):
    """The mean squared distance of a quantity from its mean, over the random batches or a random example."""


class Differential(Unary):
    """The change of a quantity with those that the right side of the equation names."""


class Negative(Unary):
    """A quantity with a minus sign."""


@dataclass(frozen=True)
class Add(Node):
    terms: tuple


@dataclass(frozen=True)
class Product(Node):
    factors: tuple


@dataclass(frozen=True)
class Hadamard(Node):
    factors: tuple


@dataclass(frozen=True)
class Quotient(Node):
    top: Node
    bottom: Node


@dataclass(frozen=True)
class Power(Node):
    base: Node
    exponent: Node


class Transpose(Unary):
    """A matrix with its rows as columns."""


@dataclass(frozen=True)
class Norm(Node):
    """The root of the sum of all squares; or of a matrix the largest singular value, written with a 2."""

    of: Node
    spectral: bool = False


@dataclass(frozen=True)
class Entry(Node):
    """One entry of a matrix, (A B)_{ij}."""

    of: Node
    indices: tuple


class Chain(NamedTuple):
    """Sides joined by relations: a = b = c, or an update with an arrow."""

    sides: tuple
    relations: tuple

    def mapped(self, change):
        """The chain with `change` applied to every node of its sides."""
        return self._replace(sides=tuple(mapped(side, change) for side in self.sides))


class Equivalence(NamedTuple):
    """Two chains of which one holds if and only if the other does."""

    left: Chain
    right: Chain


# what a symbol may carry: (indices, layer), and how it is written
FORMS = {
    "w": {(2, True): "w_{ij}^{(k)}", (0, False): "w", (1, False): "w_i"},
    "b": {(1, True): "b_j^{(k)}", (0, True): "b^{(k)}"},
    "a": {(2, True): "a_{nj}^{(k)}", (1, True): "a_n^{(k)}"},
    "z": {(2, True): "z_{nj}^{(k)}", (1, True): "z_n^{(k)}"},
    "delta": {(2, True): r"\delta_{nj}^{(k)}", (1, True): r"\delta_n^{(k)}"},
    "kronecker": {(2, False): r"\delta_{ij}"},
    "x": {(2, False): "x_{ni}", (1, False): "x_n"},
    "y": {(2, False): "y_{nj}", (1, False): "y_n", (0, False): "y"},
    "yhat": {(2, False): r"\hat y_{nj}", (1, False): r"\hat y_n"},
    "E": {(1, False): "E_n"},
    "J": {(0, False): "J", (1, False): "J_s"},
    "N": {(0, False): "N", (1, False): "N_s"},
    "theta": {(0, False): r"\theta", (1, False): r"\theta_p"},
    "e": {(1, False): "e_p"},
    "g": {(1, False): "g_b"},
    **{name: {(0, True): f"{name}^{{(k)}}"} for name in ("W", "A", "Z")},
    **{name: {(0, False): name} for name in ("X", "Y")},
    "Yhat": {(0, False): r"\hat Y"},
    "Delta": {(0, True): r"\Delta^{(k)}"},
}  # fmt: skip
VARIABLES = set("w b a z x y yhat E W A Z X Y Yhat theta".split())  # what one differentiates by
TIMES = {"t", "t+1", "0", "t-1", "t-2"}
MARKS = {"w": TIMES | {"*"}, "theta": TIMES, "eta": {"*"}, "lambda": {"max", "min"}, "Var": {"with", "without"}}


LEAVES = {"span", "said", "value", "text", "name", "indices", "layer", "mark", "slope", "index", "spectral"}


def chains_of(statements):
    """All chains of some statements, those of an equivalence one by one."""
    return [chain for each in statements for chain in ([each] if isinstance(each, Chain) else each)]


@cache
def _parts(kind):
    """The fields of a kind of node that can hold nodes, the trees being walked a million times."""
    return [name for name in kind.__dataclass_fields__ if name not in LEAVES]


def children(node):
    """(field, position or None, child) for every child of a node."""
    found = []
    for name in _parts(type(node)):
        value = getattr(node, name)
        if isinstance(value, tuple):
            found += [(name, position, child) for position, child in enumerate(value)]
        elif isinstance(value, Node):
            found.append((name, None, value))
    return found


def with_child(node, name, position, child):
    """The node with one child in place of another."""
    if position is not None:
        listed = getattr(node, name)
        child = (*listed[:position], child, *listed[position + 1 :])
    new = object.__new__(type(node))  # replace() takes five times as long, and a repair makes thousands
    new.__dict__.update(node.__dict__, **{name: child})
    return new


def walk(node):
    """The node and all nodes below it, from left to right."""
    ahead = [node]
    while ahead:
        node = ahead.pop()
        yield node
        ahead.extend([child for *_, child in children(node)][::-1])


def symbols_of(node):
    """The symbols of an expression, from left to right."""
    return [part for part in walk(node) if isinstance(part, Symbol)]


def is_symbol(node, *names):
    """Whether it is one of these quantities."""
    return isinstance(node, Symbol) and node.name in names


def mapped(node, change):
    """The tree with `change` applied to every node, children first."""
    for name, position, child in children(node):
        new = mapped(child, change)
        if new is not child:
            node = with_child(node, name, position, new)
    return change(node)


def with_layers(tree, change):
    """The tree with `change` applied to every layer in it."""
    return mapped(tree, lambda node: replace(node, layer=change(node.layer)) if getattr(node, "layer", None) else node)


NAMES = {
    "yhat": r"\hat y", "Yhat": r"\hat Y", "ones": r"\mathbf 1", "imaginary": r"\mathrm i",
    "batch_size": r"|\mathcal B_t|", "kronecker": r"\delta", "rate": r"\text{rate}", "Var": r"\operatorname{Var}",
    **{name: rf"\{name}" for name in ("eta", "delta", "Delta", "theta", "lambda", "kappa", "Sigma")},
}  # fmt: skip
SUM, PRODUCT, POWER, ATOM = range(4)
# what stands before and after a quantity, and how strongly it is bound
SIGNS = {
    Gradient: (r"\nabla ", "", POWER),
    Imaginary: (r"\operatorname{Im} ", "", POWER),
    Differential: ("d ", "", POWER),
    Trace: (r"\operatorname{tr}\left(", r"\right)", SUM),
    Diagonal: (r"\operatorname{diag}\left(", r"\right)", SUM),
    Variance: (r"\operatorname{Var}\left(", r"\right)", SUM),
    Expectation: (r"\mathbb E\left[", r"\right]", SUM),
}


def latex(node, strength=SUM):
    """The node as LaTeX, in parentheses where what stands around it binds more strongly than `strength`."""
    text, own = _latex(node)
    return text if own >= strength else rf"\left({text}\right)"


def _latex(node):
    match node:
        case Number(value, text):
            return text or f"{value:g}", ATOM
        case Symbol():
            return _symbol(node), ATOM
        case Activation(layer, slope, argument):
            return rf"f_{_braced(str(layer))}{chr(39) * slope}\left({latex(argument)}\right)", ATOM
        case Sum(index, over, body):
            return f"{_sum_sign(index, over)} {latex(body, PRODUCT)}", PRODUCT
        case Derivative(of, by):
            return rf"\frac{{\partial {latex(of, POWER)}}}{{\partial {latex(by, POWER)}}}", ATOM
        case At(of, point):
            return rf"{latex(of, POWER)}\left({latex(point)}\right)", ATOM
        case Negative(of):
            return f"-{latex(of, PRODUCT)}", SUM
        case Add(terms):
            texts = [latex(term, PRODUCT) if not isinstance(term, Negative) else _latex(term)[0] for term in terms]
            return texts[0] + "".join(f" {t[0]} {t[1:]}" if t[0] == "-" else f" + {t}" for t in texts[1:]), SUM
        case Product(factors):
            return _product(factors), PRODUCT
        case Hadamard(factors):
            return r" \odot ".join(_factors(factors)), PRODUCT
        case Quotient(top, bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}", ATOM
        case Power(base, exponent):
            return f"{_below_script(base)}^{{{latex(exponent)}}}", POWER
        case Transpose(Symbol(layer=Layer(), name=name) as of) if name != "width":
            return _symbol(of)[:-1] + r"\top}", ATOM
        case Transpose(of):
            return rf"{_below_script(of)}^\top", ATOM
        case Norm(of, spectral):
            return rf"\lVert {latex(of)} \rVert{'_2' * spectral}", ATOM
        case Entry(of, indices):
            return rf"\left({latex(of)}\right)_{{{''.join(indices)}}}", ATOM
    before, after, strength = SIGNS[type(node)]
    return f"{before}{latex(node.of, strength)}{after}", ATOM


def _below_script(node):
    """What carries a superscript; in parentheses if it has one of its own."""
    text = latex(node, ATOM)
    scripted = isinstance(node, (Transpose, *SIGNS)) or isinstance(node, Symbol) and "^" in text
    return rf"\left({text}\right)" if scripted else text


def _product(factors):
    first, *rest = _factors(factors)
    return first + "".join(rf" \cdot {part}" if part[0].isdigit() else f" {part}" for part in rest)


def _factors(factors):
    """Factors as LaTeX; a sum swallows what stands right of it, so it needs parentheses unless it is the last."""
    for factor in factors:
        text = latex(factor, PRODUCT)
        open_ended = isinstance(factor, Hadamard) or isinstance(factor, Sum) and factor is not factors[-1]
        yield rf"\left({text}\right)" if open_ended else text


def _symbol(node):
    text = NAMES.get(node.name, node.name)
    below = "".join(node.indices)
    if node.name == "width":
        return f"d_{_braced(str(node.layer))}"
    if node.mark == "*":
        return f"{text}^*"
    if node.mark:
        below = rf"\{node.mark}" if node.mark in ("max", "min") else dict(node.said).get(node.mark, node.mark)
    text += f"_{{{below}}}" if below else ""
    return text + (f"^{{({node.layer})}}" if node.layer else "")


def _sum_sign(index, over):
    if over is None:
        return rf"\sum_{index}"
    if over == "batch":
        return rf"\sum_{{{index} \in \mathcal B_t}}"
    return rf"\sum_{{{index}=1}}^{{{over if isinstance(over, str | int) else latex(over)}}}"


def _braced(text):
    return text if len(text) == 1 else f"{{{text}}}"
