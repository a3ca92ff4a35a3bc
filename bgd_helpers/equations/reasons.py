"""Why an edit mends an equation: the slip that it undoes, or a sentence where no slip has a name."""

from bgd_helpers import slips
from bgd_helpers.equations.syntax import (
    Activation,
    Add,
    Derivative,
    Gradient,
    Negative,
    Number,
    Quotient,
    Sum,
    Symbol,
    walk,
)

SENTENCES = {
    "index": "each index says where a quantity belongs: n an example, i the unit that sends, j the unit that receives.",
    "index everywhere": "a letter that counts the units of one layer cannot count another layer's as well.",
    "swap": "the indices stand the other way round: w_ij leads from unit i to unit j, and the example comes first.",
    "layer": "the quantity belongs to another layer.",
    "slope": "f' is not what is meant here, but f itself.",
    "argument": "a is what a unit receives, z = f(a) what it sends; here the other one is meant.",
    "transpose": "in a matrix product neighbouring indices meet; here the sum runs over the other one.",
    "order": "a matrix product is not the same the other way round: neighbouring indices must meet.",
    "factor": "it is one factor too many.",
    "lost factor": "a factor is missing.",
    "lost sum": "the contributions of all values of the index are added.",
    "sum": "the sum runs over something else.",
    "symbol": "another quantity is meant.",
    "product": "a product of matrices and a product entry by entry are different things.",
    "square": "the power is another one.",
    "term": "the terms of the sum are others.",
}  # fmt: skip


def reason(edit, left):
    """The slip that the edit undoes, or None where it has no name, and why the edit is right: a sentence."""
    name = _name(edit, left)
    text = _sentence(edit)
    if text is None:
        text = slips.BY_NAME[name].because if name else SENTENCES[edit.kind]
    return name, text


def _sentence(edit):
    """A sentence where the symbol says more than the kind of the edit, or the slip, does."""
    kind, old, new = edit.kind, edit.old, edit.new
    if kind in ("index", "swap") and _is(old, "delta"):
        return "an error signal belongs to an example and to the unit that receives: its second index is that unit's."
    if kind == "layer" and _is(old, "delta", "Delta"):
        return "a weight into a layer meets the error signals of that same layer, and they come from the layer after."
    if kind == "layer" and (isinstance(old, Activation) or _is(old, "a", "A")):
        return "each layer has its own f', taken at its own pre-activation."
    if kind == "index" and _is(old, "a"):
        return "the derivative f' is taken at the unit's own pre-activation."
    if kind == "transpose" and _is(old, "Z", "Delta", "X"):
        return "the sum runs over the examples, the rows of both matrices, so the left one is transposed."
    if kind == "lost sum" and isinstance(new, Sum):
        if new.index == "n":
            return "J is a mean over the examples: there must be a sum over n."
        return f"every path counts: what comes back through each unit {new.index} is added."
    return None


def _name(edit, left):
    """The name of the slip in the catalogue, or None."""
    kind, old, new = edit.kind, edit.old, edit.new
    match kind:
        case "index" if _by(left, "w", "W") and _is(old, "z", "x") and old.indices[1] != new.indices[1]:
            return "z_j for z_i"
        case "swap" if _is(old, "w"):
            return "missing transpose"
        case "transpose":
            return "dW transposed" if _by(left, "w", "W") and new == edit.whole else "missing transpose"
        case "layer" if isinstance(old, Activation) or _is(old, "a", "A"):
            return "f' of the wrong layer"
        case "layer" if _is(old, "z", "Z", "w", "W"):
            return f"{old.name.upper() if old.name in 'wW' else 'z'} of the wrong layer"
        case "slope" if new.slope:
            return "f for f'"
        case "argument" if _is(old, "z", "Z") and _is(new, "a", "A"):
            return "f'(z) for f'(a)"
        case "sign" if _is_of_the_loss(left):
            return "sign"
        case "lost slope":
            return "no f' at the output" if _layer_of_slope(new) == "L" else "no f' in hidden layers"
        case "lost factor" | "factor" if _is_of_the_loss(left):
            return _name_of_factor(edit, left)
        case "square":
            return "squared twice" if new == getattr(old, "base", None) else "not squared"
        case "symbol" if _is(new, "batch_size"):
            return {"N": "divided by N", "B": "short last batch divided by B"}.get(old.name)
        case "sum" if getattr(new, "over", None) == "batch":
            return "batch ignored"
        case "term" if isinstance(new, Add) and any(_is(node, "b") for node in walk(new.terms[-1])):
            return "bias left out of forward"
    return None


def _name_of_factor(edit, left):
    """The slip of a factor lost, or of one too many: 2, 1/2, 1/N, eta, a width."""
    found = _changed_factor(edit)
    if edit.kind == "lost factor":
        return {
            "2": "half convention",
            "1/2": "factor 2 again",
            "1/N": "bias not averaged" if _by(left, "b") else "missing 1/N",
            "N": "1/N twice",
            "eta": "learning rate left out",
        }.get(found)
    if found.removeprefix("1/").startswith("width"):
        return "mean over outputs"
    return {"2": "factor 2 again", "1/2": "half convention", "1/N": "1/N twice"}.get(found)


def _changed_factor(edit):
    """The factor that came or went, as text."""
    if edit.kind == "factor" and isinstance(edit.old, Quotient):
        return f"1/{_text(edit.old.bottom)}"
    more, less = map(_without_sign, (edit.new, edit.old) if edit.kind == "lost factor" else (edit.old, edit.new))
    kept = getattr(less, "factors", (less,))
    gone = [factor for factor in getattr(more, "factors", (more,)) if factor not in kept]
    if len(gone) != 1:
        return ""
    if isinstance(gone[0], Quotient) and gone[0].top == Number(1.0):
        return f"1/{_text(gone[0].bottom)}"
    return "2" if isinstance(gone[0], Quotient) and gone[0].top == Number(2.0) else _text(gone[0])


def _without_sign(node):
    return node.of if isinstance(node, Negative) else node


def _text(node):
    return f"{node.value:g}" if isinstance(node, Number) else getattr(node, "name", "")


def _is_of_the_loss(left):
    """Whether the left side is an error signal, a derivative or gradient of the loss, the loss itself, or an update."""
    return any(_is(node, "E", "J", "delta", "Delta") or isinstance(node, Gradient) for node in walk(left))


def _by(left, *names):
    """Whether the left side differentiates by one of these."""
    return any(isinstance(node, Derivative) and _is(node.by, *names) for node in walk(left))


def _layer_of_slope(new):
    return next((node.layer.letter for node in walk(new) if isinstance(node, Activation) and node.slope), None)


def _is(node, *names):
    return isinstance(node, Symbol) and node.name in names
