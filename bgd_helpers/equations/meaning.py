"""What the letters of an equation mean: which are summed, what each runs over, and in which worlds it is judged."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import product

from bgd_helpers.equations import worlds
from bgd_helpers.equations.errors import EquationError
from bgd_helpers.equations.reading import check_form
from bgd_helpers.equations.syntax import (
    Activation,
    At,
    Derivative,
    Entry,
    Gradient,
    Layer,
    Product,
    Sum,
    Symbol,
    Transpose,
    children,
    latex,
    walk,
    with_child,
)

MOST_LETTERS = 8
PRIVATE = ("row", "column", "parameter")  # axes for a derivative by a whole matrix, and for a gradient
MOST_LAYERS = 3
NOISE = {"Sigma", "v", "Var", "lambda", "B", "N", "eta"}
REGRESSION = {"H", "I", "kappa", "rate"}
SHARDS, EXAMPLES, PARAMETERS, BATCH = "shards", "examples", "parameters", "batch"


@dataclass
class Meaning:
    """An equation's sides with every summed index under a name of its own, and what is known of the letters."""

    latex: str
    sides: tuple = ()
    extents: dict = field(default_factory=lambda: defaultdict(list))  # letter or number: what it runs over
    layers: list = field(default_factory=list)  # (layer, lowest that exists, position)
    free: list = field(default_factory=list)  # for each side: letter to (position, whether it is differentiated)
    counts_updates: bool = False
    has_gradient: bool = False
    marks: dict = field(default_factory=dict)  # a symbol with a time, and one without

    @property
    def axes(self):
        """The axis of each letter; the private ones come last."""
        return {letter: axis for axis, letter in enumerate([*self.letters, *PRIVATE])}

    @property
    def letters(self):
        return [letter for letter in self.extents if not letter.isdigit()]

    def settings(self, network):
        """All values of the layer letters, and of t, for which every symbol exists in that network."""
        letters = sorted({layer.letter for layer, *_ in self.layers if layer.letter not in (None, "L")})
        names = [*letters, *(["t"] if self.counts_updates else [])]
        ranges = [range(4) if name == "t" else range(network.L + 1) for name in names]
        settings = [dict(zip(names, values), L=network.L) for values in product(*ranges)]
        return [setting for setting in settings if self._exists(network, setting)]

    def _exists(self, network, setting):
        for layer, lowest, _ in self.layers:
            if not lowest <= number(layer, setting) <= network.L:
                return False
        sizes = (
            (int(letter), size(extent, network, setting))
            for letter, extents in self.extents.items()
            if letter.isdigit()
            for extent in extents
        )
        return all(index <= most for index, most in sizes)


def number(layer, setting):
    """The layer's number in this setting of the letters."""
    return layer.offset + (setting[layer.letter] if layer.letter else 0)


def size(extent, network, setting):
    """How many values an index takes: examples, shards, parameters, the units of a layer, or a number of its own."""
    if isinstance(extent, Layer):
        return network.widths[number(extent, setting)]
    return {EXAMPLES: network.N, SHARDS: 2, PARAMETERS: len(network.theta)}.get(extent, extent)


def meaning_of(latex, sides):
    """The Meaning of these sides. Raises EquationError where they mean nothing."""
    found = Meaning(latex)
    names = iter(range(1000))
    for side in sides:
        free = {}
        found.sides += (_named_apart(side, {}, names, found, free, within=False),)
        found.free.append(free)
    if len(found.letters) > MOST_LETTERS:
        raise EquationError(latex, 0, f"an equation has at most {MOST_LETTERS} different indices.")
    if len({layer.letter for layer, *_ in found.layers} - {None, "L"}) > MOST_LAYERS:
        raise EquationError(latex, 0, f"an equation has at most {MOST_LAYERS} different letters for layers.")
    _check_roles(found)
    return found


def _named_apart(node, bound, names, found, free, within):
    """The node with its sums' indices renamed, so that each has an axis of its own; notes what the letters do."""
    if isinstance(node, Sum):
        new = f"{node.index}{next(names)}"
        if node.index in bound:
            raise EquationError(found.latex, _place(node), f"{node.index} is summed over twice, one sum in the other.")
        found.extents[new] += [node.over] if isinstance(node.over, int) else [EXAMPLES] if node.over == "N" else []
        bound, node = {**bound, node.index: new}, replace(node, index=new)
    if isinstance(node, Symbol):
        check_form(found.latex, node)
    if isinstance(node, Symbol | Entry):
        node = replace(node, indices=tuple(_index(i, bound, found, free, node, within) for i in node.indices))
    if isinstance(node, Symbol):
        _note_symbol(node, found)
    if isinstance(node, Activation):
        found.layers.append((node.layer, 1, _place(node)))
    if isinstance(node, Entry):
        _note_entry(node, found)
    if isinstance(node, Derivative | Gradient):
        _check_derivative(node, found)
        within = True
    for name, position, child in list(children(node)):
        changed = _named_apart(child, bound, names, found, free, within)
        node = with_child(node, name, position, changed)
    if isinstance(node, Sum) and not found.extents[node.index]:
        layers = {layer.letter for layer, *_ in found.layers}
        text = f"nothing in this sum has the index {_shown(node.index)}."
        text = "the language has no sums over layers." if _shown(node.index) in layers else text
        raise EquationError(found.latex, _place(node), text)
    return node


def _index(index, bound, found, free, node, within):
    if index.isdigit():
        return index
    if index not in bound:
        place, seen = free.get(index, (_place(node), True))
        free[index] = place, seen and within
    return bound.get(index, index)


def _note_symbol(symbol, found):
    if symbol.layer:
        found.layers.append((symbol.layer, 0 if symbol.name in ("z", "Z", "width") else 1, _place(symbol)))
    for index, extent in zip(symbol.indices, _extents(symbol)):
        found.extents[index].append(extent)
    if symbol.mark == "t-1" or symbol.mark == "0" and symbol.name == "theta" or symbol.mark == "t+1":
        text = f"{_text(symbol)} cannot stand here: write \\theta_t, w_t or w_0."
        raise EquationError(found.latex, _place(symbol), text)
    if symbol.name == "Var" and not symbol.mark:
        raise EquationError(found.latex, _place(symbol), r"say which: Var_{\text{with}} or Var_{\text{without}}.")
    if symbol.name in ("w", "theta") and not symbol.layer and not symbol.indices and symbol.mark != "*":
        found.marks[symbol.mark in ("t", "0")] = symbol
        if len(found.marks) == 2:
            text = f"{_text(found.marks[False])} and {_text(found.marks[True])} in one equation: write one of them."
            raise EquationError(found.latex, _place(symbol), text)
    if symbol.mark == "0" or symbol.name == "t":
        found.counts_updates = True


def _extents(symbol):
    """What each index of a symbol runs over."""
    match symbol.name, len(symbol.indices):
        case "w", _:
            return (symbol.layer.moved(-1), symbol.layer) if symbol.layer else ()
        case "b", _:
            return (symbol.layer,)
        case "a" | "z" | "delta", _:
            return EXAMPLES, symbol.layer
        case "x", _:
            return EXAMPLES, Layer(None, 0)
        case "y" | "yhat", _:
            return EXAMPLES, Layer("L")
        case "E", _:
            return (EXAMPLES,)
        case "J" | "N", 1:
            return (SHARDS,)
        case "theta" | "e", _:
            return (PARAMETERS,)
    return ()


def _note_entry(entry, found):
    """An entry of a matrix: its indices run over the rows and the columns."""
    shape = _shape(entry.of)
    if len(entry.indices) != (1 if shape[1] == 1 else 2):
        raise EquationError(found.latex, _place(entry), "an entry of a matrix has two indices, that of a column one.")
    for index, extent in zip(entry.indices, shape):
        found.extents[index].append(extent)


def _shape(node):
    """What the rows and the columns of a matrix expression run over."""
    match node:
        case Symbol(name="W", layer=Layer() as layer):
            return layer.moved(-1), layer
        case Symbol(name="A" | "Z" | "Delta", layer=Layer() as layer):
            return EXAMPLES, layer
        case Symbol(name="b", layer=Layer() as layer):
            return layer, 1
        case Symbol(name="X"):
            return EXAMPLES, Layer(None, 0)
        case Symbol(name="Y" | "Yhat"):
            return EXAMPLES, Layer("L")
        case Symbol(name="ones"):
            return EXAMPLES, 1
        case Transpose(of):
            return _shape(of)[::-1]
        case Derivative(_, by):
            return _shape(by)
        case Product(factors):
            shapes = [shape for shape in map(_shape, factors) if shape != (1, 1)] or [(1, 1)]
            return shapes[0][0], shapes[-1][1]
    parts = [_shape(child) for _, _, child in children(node)]
    return next((shape for shape in parts if shape != (1, 1)), (1, 1))


def _check_derivative(node, found):
    """Raises EquationError for what the language cannot differentiate."""
    found.has_gradient |= isinstance(node, Gradient) or node.by.name in ("theta", "w") and not node.by.layer
    if isinstance(node, Gradient) and not _is_cost(node.of):
        raise EquationError(found.latex, _place(node), r"\nabla stands before J or E_n: it is their gradient.")
    for part in walk(node.of):
        if part == Symbol("imaginary"):
            raise EquationError(found.latex, _place(part), "derivatives are complex steps; i cannot stand inside one.")
        if isinstance(part, Derivative | Gradient) or isinstance(part, Symbol) and part.name in ("delta", "Delta", "H"):
            text = "the language has no second derivatives, and \\delta and \\nabla are first ones."
            raise EquationError(found.latex, _place(part), text)


def _is_cost(node):
    node = node.of if isinstance(node, At) else node
    return isinstance(node, Symbol) and node.name in ("J", "E")


def _check_roles(found):
    """Layers that exist nowhere, and letters that are a layer here and an index there."""
    for layer, lowest, place in found.layers:
        if layer.letter in found.letters:
            text = f"{layer.letter} is an index and a layer at once: use another letter for one of them."
            raise EquationError(found.latex, place, text)
        if layer.letter is None and layer.offset < lowest:
            text = f"there is no layer {layer.offset} here: layers are 1 to L, and z alone has a layer 0, the inputs."
            raise EquationError(found.latex, place, text)
        if layer.letter == "L" and layer.offset > 0:
            raise EquationError(found.latex, place, "there is no layer after L, the last.")


def missing(sides, scene, at):
    """Which quantity does not exist where the letters stand, in words; None if all exist."""
    for symbol in (part for side in sides for part in walk(side) if isinstance(part, Symbol)):
        for index, extent in zip(symbol.indices, _extents(symbol)):
            most = size(extent, scene.world, scene.setting)
            if int(index) > most if index.isdigit() else at.get(index, scene.sizes[index]) > most:
                shown = replace(symbol, indices=tuple(map(_shown, symbol.indices)))
                whole = f"layer {number(extent, scene.setting)}" if isinstance(extent, Layer) else "the data set"
                return f"${_text(shown)}$ does not exist for every {_shown(index)} here: {whole} has only {most}"
    return None


def check_free_indices(found):
    """Raises EquationError for an index that is free on one of two sides only, unless that side differentiates by it.

    (A derivative may well not depend on an index that it has: da_nj/dw_ij = z_ni.) Zero has all indices.
    """
    for one, other, name in ((1, 0, "right"), (0, 1, "left")):
        for index, (place, differentiated) in found.free[one].items():
            if index in found.free[other] or differentiated or _is_constant(found.sides[other]):
                continue
            text = f"{index} is free on the {name} side only."
            if name == "right":
                text += f" Is a sum over {index} missing, or is it another index?"
            elif _is_summed(index, found.sides[other]):
                text += " On the right it is summed over: sum over another letter, m say, or not at all."
            raise EquationError(found.latex, place, text, lost_sum=name == "right")


def _is_constant(side):
    """Whether a side is a number, the same for all indices."""
    return not any(isinstance(part, Symbol) for part in walk(side))


def _is_summed(index, side):
    return any(isinstance(part, Sum) and _shown(part.index) == index for part in walk(side))


def worlds_of(latex, sides):
    """The worlds in which these sides are judged: networks, those with one output, regressions, or batches."""
    symbols = [part for side in sides for part in walk(side) if isinstance(part, Symbol)]
    noise, regression = (list(filter(test, symbols)) for test in (_is_of_noise, _is_of_regression))
    if noise:
        _check_together(
            latex, noise[0], "batches", [s for s in symbols if s.name not in NOISE or s.mark in ("*", "min", "max")]
        )
        return worlds.noises()
    if regression:
        _check_together(latex, regression[0], "linear regression", list(filter(_is_of_network, symbols)))
        return worlds.regressions()
    if any(s.name in ("y", "yhat") and len(s.indices) == 1 for s in symbols):
        return worlds.one_output_networks()
    return worlds.networks()


def _check_together(latex, symbol, where, others):
    """Raises EquationError if there are symbols that do not belong where this one does."""
    if others:
        text = f"{_text(symbol)} belongs to {where}, {_text(others[0])} does not: they have no equation in common."
        raise EquationError(latex, _place(others[0]), text)


def _is_of_noise(symbol):
    return symbol.name in ("Sigma", "v", "Var") or symbol.name == "lambda" and not symbol.mark


def _is_of_regression(symbol):
    if symbol.name in ("w", "y"):
        return not symbol.indices and not symbol.layer
    if symbol.name == "x":
        return len(symbol.indices) == 1
    return symbol.name in REGRESSION or symbol.name == "lambda" or symbol.name == "eta" and symbol.mark == "*"


def _is_of_network(symbol):
    """Whether a symbol has a layer, or two indices as in y_nj, or is one of the matrices of a network."""
    return symbol.layer is not None or len(symbol.indices) == 2 or symbol.name in ("Y", "Yhat")


def _place(node):
    return node.span[0] if node.span else 0


def _text(symbol):
    return latex(replace(symbol, span=None))


def _shown(index):
    return index.rstrip("0123456789") or index


DEFINED_BY = {
    "a": {"z", "x", "w", "b"},
    "A": {"Z", "X", "W", "b", "ones"},
    "E": {"y", "yhat"},
    "J": {"E", "N"},
    "yhat": {"z"},
    "Yhat": {"Z"},
    "X": {"Z"},
    "kappa": {"lambda"},
}


def is_definition(chain):
    """Whether a chain only says what its left side is by definition: E1 to E3, delta as a derivative."""
    head, *rest = chain.sides
    if not isinstance(head, Symbol) or len(rest) != 1:
        return False
    (right,) = rest
    match head.name, right:
        case "z" | "Z", Activation(slope=False, argument=Symbol("a" | "A")):
            return True
        case "delta" | "Delta", Derivative(Symbol("E"), Symbol("a" | "A")):
            return True
    names = {part.name for part in walk(right) if isinstance(part, Symbol)}
    operations = {type(part) for part in walk(right)}
    return names <= DEFINED_BY.get(head.name, set()) and not operations & {Derivative, Gradient, Activation}
