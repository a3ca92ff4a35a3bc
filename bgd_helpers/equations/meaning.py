"""What the letters of an equation mean: which are summed, what each runs over, and in which models it is judged."""

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import count, product
from math import prod

from bgd_helpers.equations import messages, models, syntax
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.shapes import DRAWN, EXAMPLES, SHARDS, extents_of, shape
from bgd_helpers.equations.syntax import Layer, Symbol, children, is_symbol, latex, symbols_of, walk, with_child

LARGEST = 100_000  # places at which an equation is judged in one model: the one bound on layers, indices and parameters
PRIVATE = ("row", "column", "parameter", "draw")  # axes of a derivative by a matrix, of a gradient, of all batches
BINDING = syntax.Derivative | syntax.Gradient | syntax.Differential | syntax.Expectation | syntax.Variance
NOISE = {"Sigma", "v", "Var", "lambda", "B", "N", "eta"}
CHANGING = {"w", "W", "b", "a", "A", "z", "Z", "x", "X", "y", "Y", "yhat", "Yhat", "theta"}
EARLIER = ("t-1", "t-2")
SUMS = count()  # numbers for the indices of sums, so that no two sums share one
REGRESSION = {"H", "I", "kappa", "rate"}


@dataclass
class Meaning:
    """Sides of an equation with every summed index under a name of its own, and what is known of the letters."""

    sides: tuple = ()
    symbols: list = field(default_factory=list)
    extents: dict = field(default_factory=dict)  # letter or number: what it runs over
    layers: list = field(default_factory=list)  # (layer, lowest that exists, position)
    free: tuple = ()  # for each side: letter to (position, whether it is differentiated)
    marks: dict = field(default_factory=dict)  # a symbol with a time, and one without
    counts_updates: bool = False
    has_gradient: bool = False
    summed_layers: list = field(default_factory=list)  # letters of sums over layers
    changing: tuple = ()  # what differentials are of; of an equation, those of its right side if it has some
    parts: tuple = ()  # of an equation, the Meaning of each side
    known: dict = field(default_factory=dict)  # values of a side, for all sides that it is compared with

    @property
    def axes(self):
        """The axis of each letter; the private ones come last."""
        return {letter: axis for axis, letter in enumerate([*self.letters, *PRIVATE])}

    @property
    def letters(self):
        return [letter for letter in self.extents if not letter.isdigit()]

    @property
    def depth(self):
        """The least number of layers that a network must have for all its symbols to exist."""
        first = {None: 0}
        for layer, lowest, _ in self.layers:
            if layer.letter:
                first[layer.letter] = max(first.get(layer.letter, 0), lowest - layer.offset)
        return max([0, *(first[layer.letter] + max(0, layer.offset) for layer, *_ in self.layers)])

    def scenes(self, among=None):
        """Where the equation is judged: in every model that it speaks of, or among these, at all of the settings.

        Raises Misfit for symbols that have no model in common, and where it would take too long.
        """
        for model in among or models_of(self):
            for setting in self.settings(model):
                yield self.scene(model, setting)

    def scene(self, model, setting):
        """The model with axes for the letters. Raises Misfit if its arrays would grow too large."""
        extents = {letter: self.extents[letter] for letter in self.letters}
        sizes = {
            letter: max([size(each, model, setting) for each in found] or [3]) for letter, found in extents.items()
        }
        place = self.changing or (Symbol("theta"),)
        parameters = len(model.theta) if self.has_gradient else 1
        if prod(sizes.values()) * parameters > LARGEST:
            check_size(self._places(sizes) * parameters)
        scene = models.Scene(model, setting, self.axes, sizes, {}, getattr(model, "still", None), place, self.extents)
        if "t" in setting and hasattr(model, "iterate"):
            return scene.move(("theta", None), model.iterate(setting["t"]) - model.theta)
        return scene

    def _places(self, sizes):
        """At how many places a side is evaluated: sums beside each other do not multiply, one in another does."""
        free = prod(length for letter, length in sizes.items() if letter not in self._sums)
        return free * max([_nested(side, sizes) for side in self.sides], default=1)

    @cached_property
    def _sums(self):
        """The letters of all sums."""
        return {part.index for side in self.sides for part in walk(side) if isinstance(part, syntax.Sum)}

    def settings(self, model):
        """All values of the layer letters, and of t, for which every symbol exists in that model."""
        letters = sorted({layer.letter for layer, *_ in self.layers} - {None, "L", *self.summed_layers})
        values = {letter: range(model.L + 1) for letter in letters} | {"L": [model.L], None: [0]}
        values = {letter: [k for k in ks if self._exists({letter: k}, model)] for letter, ks in values.items()}
        first = max([0, *(-int(symbol.mark[1:]) for symbol in self.symbols if symbol.mark in EARLIER)])
        values |= {"t": range(first, first + 4)} if self.counts_updates else {}
        check_size(100 * prod(map(len, values.values())))
        return [dict(zip(values, each)) for each in product(*values.values())]

    def _exists(self, setting, model):
        """Whether all layers with this one letter exist, and the units that are numbered in them."""
        layers = [(number(layer, setting), lowest) for layer, lowest, _ in self.layers if layer.letter in setting]
        if not all(lowest <= k <= model.L for k, lowest in layers):
            return False
        numbered = [(int(index), extents) for index, extents in self.extents.items() if index.isdigit()]
        return all(
            index <= size(extent, model, setting)
            for index, extents in numbered
            for extent in extents
            if getattr(extent, "letter", None) in setting
        )


def _nested(node, sizes):
    """How many values the indices of sums that stand in each other take together."""
    own = sizes.get(node.index, 1) if isinstance(node, syntax.Sum) else 1
    return own * max([_nested(child, sizes) for _, _, child in children(node)], default=1)


def check_size(places):
    """Raises Misfit if an equation is to be judged at more places than can be judged in a moment."""
    if places > LARGEST:
        raise Misfit(0, "its indices and layers take too many values together: write it with fewer letters.")


def number(layer, setting):
    """The layer's number in this setting of the letters."""
    return layer.offset + setting[layer.letter]


def size(extent, model, setting):
    """How many values an index takes: examples, shards, parameters, the units of a layer, or a number of its own."""
    if isinstance(extent, Layer) and extent.letter not in setting:
        return max(model.widths)
    if isinstance(extent, Layer):
        return model.widths[number(extent, setting)]
    if isinstance(extent, int):
        return extent
    return {EXAMPLES: model.N, SHARDS: 2, DRAWN: getattr(model, "batch_size", 0)}.get(extent) or len(model.theta)


def meaning_of(node):
    """The Meaning of one side. Raises Misfit if it means nothing."""
    return _meaning(node, tuple(part.span for part in walk(node)))


@lru_cache(maxsize=128)
def _meaning(node, _spans):
    found = Meaning(free=({},))
    found.sides = (_named_apart(node, {}, found, within=False),)
    _check_roles(found)
    return found


def both(left, right, extents):
    """The Meaning of two sides together, not checked yet."""
    either = {name: getattr(left, name) or getattr(right, name) for name in ("counts_updates", "has_gradient")}
    names = ("sides", "symbols", "layers", "free", "summed_layers")
    joined = {name: getattr(left, name) + getattr(right, name) for name in names}
    marks, changing = left.marks | right.marks, right.changing or left.changing
    return Meaning(extents=extents, marks=marks, changing=changing, parts=(left, right), **either, **joined)


def together(left, right):
    """The Meaning of an equation. Raises Misfit for two sides that mean nothing together."""
    letters = dict.fromkeys([*left.extents, *right.extents])
    found = both(left, right, {each: left.extents.get(each, []) + right.extents.get(each, []) for each in letters})
    _check_marks(found.marks, next(iter(right.marks.values()), None))
    _check_roles(found)
    _check_free_indices(found)
    return found


def _named_apart(node, bound, found, within):
    """The node with its sums' indices renamed, so that each has an axis of its own; notes what the letters do."""
    if isinstance(node, syntax.Sum) and node.over == "L":
        return _over_layers(node, bound, found, within)
    if isinstance(node, syntax.Sum):
        bound, node = _note_sum(node, bound, found)
    if isinstance(node, syntax.Entry) and isinstance(node.of, Symbol):
        _check_form(node.of)
    if isinstance(node, Symbol):
        _check_form(node)
        found.symbols.append(node)
    if isinstance(node, Symbol | syntax.Entry):
        indices = tuple(_index(index, bound, found, node, within) for index in node.indices)
        node = node if indices == node.indices else replace(node, indices=indices)
    if isinstance(node, Symbol):
        _note_symbol(node, found)
    if isinstance(node, syntax.Activation):
        found.layers.append((node.layer, 1, _place(node)))
    if isinstance(node, syntax.Entry):
        _note_entry(node, found)
    if isinstance(node, syntax.Derivative | syntax.Gradient | syntax.Differential):
        _check_derivative(node, found)
    within = within or isinstance(node, BINDING)
    for name, position, child in children(node):
        changed = _named_apart(child, bound, found, within)
        if changed is not child:
            node = with_child(node, name, position, changed)
    if isinstance(node, syntax.Sum) and not found.extents[node.index] and any(map(_is_random, walk(node.body))):
        found.extents[node.index].append(DRAWN)
    if isinstance(node, syntax.Sum) and not found.extents[node.index]:
        layers = {layer.letter for layer, *_ in found.layers}
        text = f"nothing in this sum has the index {shown(node.index)}."
        over_layers = rf"a sum over layers is written \sum_{{{shown(node.index)}=1}}^L."
        costs = [part.span for part in walk(node.body) if part == Symbol("J") and part.span]
        changes = [(*span, f"E_{shown(node.index)}") for span in costs] or _without_sign(node)
        raise Misfit(node, over_layers if shown(node.index) in layers else text, changes=changes)
    return node


def _over_layers(node, bound, found, within):
    """A sum over layers, its letter under a name of its own."""
    new = f"{node.index}{next(SUMS)}"
    body = syntax.with_layers(
        node.body, lambda layer: Layer(new, layer.offset) if layer.letter == node.index else layer
    )
    before = len(found.layers)
    body = _named_apart(body, bound, found, within)
    if not any(layer.letter == new for layer, *_ in found.layers[before:]):
        raise Misfit(node, f"nothing in this sum has the layer {node.index}.")
    for layer, lowest, place in found.layers[before:]:
        if layer.letter == new and not lowest <= 1 + layer.offset <= 1:
            raise Misfit(
                place,
                f"the sum runs over the layers 1 to L: there is no layer {node.index}{layer.offset:+d} in all of them.",
            )
    found.summed_layers.append(new)
    return replace(node, index=new, body=body)


def _check_form(symbol):
    """Raises Misfit unless a symbol carries the indices, the layer and the mark of the notation."""
    if text := messages.mark(symbol):
        raise Misfit(symbol, text)
    if text := messages.form(symbol):
        raise Misfit(symbol, text, advised=True)


def _note_sum(node, bound, found):
    """What the indices of the sums are called inside this one, and the sum with its index renamed."""
    if node.index in bound:
        text = f"{node.index} is summed over twice, one sum in the other."
        raise Misfit(node, text, changes=_without_sign(node))
    new = f"{node.index}{next(SUMS)}"
    found.extents[new] = [node.over] if isinstance(node.over, int) else [EXAMPLES] if node.over == "N" else []
    return {**bound, node.index: new}, replace(node, index=new)


def _without_sign(total):
    """What takes the sign of a sum away, and leaves its body."""
    return [(total.span[0], total.body.span[0], "")] if total.span and total.body.span else ()


def _index(index, bound, found, node, within):
    if index.isdigit():
        return index
    if index not in bound:
        place, seen = found.free[0].get(index, (_place(node), True))
        found.free[0][index] = place, seen and within
    return bound.get(index, index)


def _note_symbol(symbol, found):
    if symbol.name == "kronecker":
        for index in symbol.indices:
            found.extents.setdefault(index, []).extend([DRAWN] * bool(re.fullmatch("[bc][0-9]+", index)))
    if symbol.layer:
        found.layers.append((symbol.layer, 0 if symbol.name in ("z", "Z", "width") else 1, _place(symbol)))
    _note_extents(symbol.indices, extents_of(symbol), found)
    if symbol.mark in ("0", "t+1", *EARLIER) and (symbol.name == "theta" or symbol.layer):
        raise Misfit(symbol, f"{latex(symbol)} cannot stand here: write \\theta_t, w_t or w_0.")
    if symbol.name == "Var" and not symbol.mark:
        raise Misfit(symbol, r"say which: Var_{\text{with}} or Var_{\text{without}}.")
    if is_symbol(symbol, "w", "theta") and not symbol.layer and not symbol.indices and symbol.mark != "*":
        found.marks.setdefault(symbol.mark != "", symbol)
        _check_marks(found.marks, symbol)
    if is_counted(symbol) or symbol.mark == "t+1":
        found.counts_updates = True


def is_counted(node):
    """Whether it speaks of the number of an update: w_0, w_{t-1}, or t itself."""
    return is_symbol(node, "t") or is_symbol(node, "w") and node.mark in ("0", *EARLIER)


def _check_marks(marks, symbol):
    """Raises Misfit for parameters with a time beside parameters without one."""
    if len(marks) == 2:
        raise Misfit(symbol, f"{latex(marks[False])} and {latex(marks[True])} in one equation: write one of them.")


def _note_extents(indices, extents, found):
    for index, extent in zip(indices, extents):
        found.extents.setdefault(index, []).append(extent)


def _note_entry(entry, found):
    """An entry of a matrix: its indices run over the rows and the columns."""
    extents = shape(entry.of)
    if len(entry.indices) != (1 if extents[1] == 1 else 2):
        raise Misfit(entry, "an entry of a matrix has two indices, that of a column one.")
    _note_extents(entry.indices, extents, found)


def _check_derivative(node, found):
    """Raises Misfit for what the language cannot differentiate."""
    if isinstance(node, syntax.Derivative) and not is_symbol(node.by, *syntax.VARIABLES):
        raise Misfit(node, "one differentiates by a quantity of the notation; in an update it is taken before it.")
    if isinstance(node, syntax.Differential):
        found.changing += tuple(part for part in symbols_of(node.of) if part.name in CHANGING)
    else:
        found.has_gradient |= isinstance(node, syntax.Gradient) or node.by.name in ("theta", "w") and not node.by.layer
    if isinstance(node, syntax.Gradient) and shape(node.of) not in ((1, 1), (Layer("L"), 1)):
        raise Misfit(node, r"\nabla stands before a number, J or E_n: it is its gradient.")
    of, by = shape(node.of), shape(getattr(node, "by", Symbol("J")))
    if of != (1, 1) != by and (1 not in by or by[1] == 1 != of[1]):
        many = "four" if 1 not in of + by else "three"
        text = f"a column or a matrix differentiated by a matrix has {many} indices: write it with indices."
        raise Misfit(node, text)
    for part in walk(node.of):
        if is_symbol(part, "imaginary"):
            raise Misfit(part, "derivatives are complex steps; i cannot stand inside one.")
        if isinstance(part, syntax.Derivative | syntax.Gradient | syntax.Differential) or is_symbol(
            part, "delta", "Delta"
        ):
            text = "the language has no second derivatives, and \\delta and \\nabla are first ones."
            raise Misfit(part, text)
        if _is_of_draws(part) or _is_of_noise(part):
            raise Misfit(part, f"the language has no gradient and no derivative of {latex(part)}.")


def _check_roles(found):
    """Layers that exist nowhere, letters that are a layer here and an index there, weights as an update's number."""
    weights = [symbol for symbol in found.symbols if is_symbol(symbol, "w") and not symbol.layer]
    one = next((weight for weight in weights if re.fullmatch("[1-9]", "".join(weight.indices))), None)
    if one and any(weight.mark == "0" for weight in weights):
        text = f"w_0 is where the descent starts, {latex(one)} one weight: after updates write w_t and w_{{t+1}}; "
        raise Misfit(one, text + "an intercept is b.")
    for layer, lowest, place in found.layers:
        if layer.letter in found.letters:
            text = f"{layer.letter} is an index and a layer at once: use another letter for one of them."
            raise Misfit(place, text)
        if layer.letter is None and layer.offset < lowest:
            text = f"there is no layer {layer.offset} here: layers are 1 to L, and z alone has a layer 0, the inputs."
            raise Misfit(place, text)
        if layer.letter == "L" and layer.offset > 0:
            raise Misfit(place, "there is no layer after L, the last.")


def _check_free_indices(found):
    """Raises Misfit for an index that is free on one of two sides only, unless that side differentiates by it.

    (A derivative may well not depend on an index that it has: da_nj/dw_ij = z_ni.) Zero has all indices.
    """
    for one, other, name in ((1, 0, "right"), (0, 1, "left")):
        for index, (place, differentiated) in found.free[one].items():
            if index in found.free[other] or differentiated or not symbols_of(found.sides[other]):
                continue
            text = f"{index} is free on the {name} side only."
            if name == "right":
                text += f" Is a sum over {index} missing (there is no summation convention), or is it another index?"
            elif _is_summed(index, found.sides[other]):
                text += " On the right it is summed over: sum over another letter, m say, or not at all."
            raise Misfit(found.sides[1] if name == "left" and found.sides[1].span else place, text)


def _is_summed(index, side):
    return any(isinstance(part, syntax.Sum) and shown(part.index) == index for part in walk(side))


def models_of(found):
    """The models in which an equation is judged: networks, those with one output, regressions, or batches."""
    noise, regression = (list(filter(test, found.symbols)) for test in (_is_of_noise, is_of_regression))
    parts = [part for side in found.sides for part in walk(side)]
    drawn = next(filter(_is_of_draws, parts), None)
    both = any(isinstance(part, syntax.Gradient) for part in parts) or any(
        DRAWN in extents for extents in found.extents.values()
    )
    if drawn or noise and (both or any(is_symbol(symbol, "kronecker") for symbol in found.symbols)):
        others = [s for s in found.symbols if _is_of_network(s) or s.name == "v" or s == Symbol("lambda")]
        _check_together(drawn or noise[0], "random batches", others)
        return models.draws()
    if noise:
        others = [s for s in found.symbols if s.name not in NOISE or s.mark in ("*", "min", "max")]
        _check_together(noise[0], "batches", others)
        return models.noises()
    if any(map(_is_of_network, found.symbols)):
        regression = [symbol for symbol in regression if symbol.name != "x"]
    if regression:
        others = [symbol for symbol in found.symbols if _is_of_network(symbol) and symbol.name != "x"]
        _check_together(regression[0], "linear regression", others)
        return models.regressions()
    vectors = any(is_symbol(symbol, "a", "z", "delta") and len(symbol.indices) == 1 for symbol in found.symbols)
    whole = (syntax.Norm, syntax.Transpose, syntax.Hadamard, syntax.Diagonal)
    vectors = vectors or any(isinstance(part, whole) for part in parts)
    of_outputs = {len(symbol.indices) for symbol in found.symbols if is_symbol(symbol, "y", "yhat")}
    one_output = not vectors and of_outputs == {1}
    return models.networks(one_output, deep=found.depth > 3)


def _check_together(symbol, where, others):
    """Raises Misfit if there are symbols that do not belong where this one does."""
    if others:
        text = f"{latex(symbol)} belongs to {where}, {latex(others[0])} does not: they have no equation in common."
        raise Misfit(others[0], text)


def _is_of_draws(part):
    return isinstance(part, syntax.Expectation | syntax.Variance) or is_symbol(part, "g")


def _is_random(part):
    return _is_of_draws(part) or is_symbol(part, "Sigma")


def _is_of_noise(part):
    return is_symbol(part, "Sigma", "v", "Var") or is_symbol(part, "lambda") and not part.mark


def is_of_regression(symbol):
    if symbol.name == "w":
        return not symbol.layer
    if symbol.name == "y":
        return not symbol.indices
    if symbol.name == "x":
        return len(symbol.indices) == 1
    return symbol.name in REGRESSION or symbol.name == "lambda" or symbol.name == "eta" and symbol.mark == "*"


def _is_of_network(symbol):
    """Whether a symbol has a layer, or two indices as in y_nj, or is one of the matrices of a network."""
    double = len(symbol.indices) == 2 and symbol.name != "kronecker"
    return symbol.layer is not None or double or symbol.name in ("Y", "Yhat")


def missing(sides, scene, at):
    """Which quantity does not exist where the letters stand, in words; None if all exist."""
    for symbol in (symbol for side in sides for symbol in symbols_of(side)):
        for index, extent in zip(symbol.indices, extents_of(symbol)):
            most = size(extent, scene.model, scene.setting)
            if int(index) > most if index.isdigit() else at.get(index, scene.sizes[index]) > most:
                written = replace(symbol, indices=tuple(map(shown, symbol.indices)))
                whole = f"layer {scene.number(extent)}" if isinstance(extent, Layer) else "the data set"
                return f"${latex(written)}$ does not exist for every {shown(index)} here: {whole} has only {most}"
    return None


def _place(node):
    return node.span[0] if node.span else 0


def shown(index):
    """An index as it was written, without the number of its sum."""
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
        case "z" | "Z", syntax.Activation(slope=False, argument=Symbol("a" | "A")):
            return True
        case "delta" | "Delta", syntax.Derivative(Symbol("E"), Symbol("a" | "A")):
            return True
    names = {part.name for part in symbols_of(right)}
    operations = {type(part) for part in walk(right)}
    foreign = operations & {syntax.Derivative, syntax.Gradient, syntax.Activation}
    return names <= DEFINED_BY.get(head.name, set()) and not foreign
