"""Why an edit mends an equation: the slip that it undoes, or a sentence where no slip has a name."""

from collections import Counter

from bgd_helpers import slips
from bgd_helpers.equations.syntax import (
    Activation,
    Add,
    Derivative,
    Gradient,
    Negative,
    Number,
    Power,
    Product,
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
    "transpose": "in a matrix product neighbouring indices meet: the shapes must fit.",
    "order": "a matrix product is not the same the other way round: neighbouring indices must meet.",
    "sign": "the sign is turned round.",
    "extra slope": "delta already holds the f'; it is one factor too many.",
    "lost slope": "delta is the derivative by a, and the chain rule passes through z = f(a).",
    "parentheses": "what is multiplied as a whole stands in parentheses.",
    "upside down": "the fraction stands upside down.",
    "factor": "it is one factor too many.",
    "lost factor": "a factor is missing.",
    "lost sum": "the contributions of all values of the index are added.",
    "sum": "the sum runs over something else.",
    "symbol": "another quantity is meant.",
    "product": "a product of matrices and a product entry by entry are different things.",
    "square": "the power is another one.",
    "term": "the terms of the sum are others.",
}  # fmt: skip


BACK = "what comes back to layer k passes through the weights out of it, W^{(k+1)}."
INTO = "a^{(k)} is made with the weights into layer k."
TRUTHS = {
    "z of the wrong layer": "the weights into layer k are multiplied by what layer k-1 sends, z^{(k-1)}.",
    "missing transpose": "going back, unit i collects over the units j it feeds: a product with W^T.",
    "bias left out of forward": "the bias of unit j is added: a = sum_i z_i w_ij + b_j.",
    "f for f'": "the chain rule takes the derivative f', not f itself.",
    "f'(z) for f'(a)": "f_k' is a function of the pre-activation: it is taken at a, not at z.",
    "tanh everywhere": "1 - z^2 is the derivative of tanh alone; each layer has its own f'.",
    "the handout's hidden formula": "a hidden unit has an error signal of its own: in a hidden layer delta comes back "
    "through the weights W^{(k+1)}.",
    "first output only": "every output, and every unit of the next layer, has a share in the loss: sum over j.",
    "first example only": "every example has a share in the cost: sum over n.",
    "step without theta": "the new parameters are the old ones minus the step.",
    "gradient left out": "the step is eta times the gradient.",
    "learning rate left out": "the step is eta times the gradient.",
}
FACTORS = {
    ("2", 1): "half convention",
    ("2", -1): "factor 2 again",
    ("N", -1): "missing 1/N",
    ("batch_size", -1): "missing 1/N",
    ("N", 1): "1/N twice",
    ("eta", 1): "learning rate left out",
    ("width", 1): "mean over outputs",
    ("N", -1, "width", 1): "divided by the width",
    ("N", 1, "batch_size", -1): "divided by N",
    ("B", 1, "batch_size", -1): "short last batch divided by B",
}


def reason(edit, left):
    """The slip that the edit undoes, or None where it has no name, and why the edit is right: a sentence."""
    name = _name(edit, left)
    text = _sentence(edit, left) or TRUTHS.get(name)
    if text is None:
        text = slips.BY_NAME[name].because if name else SENTENCES[edit.kind]
    return name, text


def _sentence(edit, left):
    """A sentence where the symbol says more than the kind of the edit, or the slip, does."""
    kind, old, new = edit.kind, edit.old, edit.new
    if kind == "layer" and _is_of_weights(old):
        return BACK if _is(left, "delta", "Delta") else INTO
    if kind in ("index", "swap") and _is(old, "delta"):
        return "an error signal belongs to an example and to the unit that receives: its second index is that unit's."
    if kind == "layer" and _is(old, "delta", "Delta") and old.layer.letter != "L":
        return "a weight into a layer meets the error signals of that same layer, and they come from the layer after."
    if kind == "layer" and (isinstance(old, Activation) or _is(old, "a", "A")):
        return "each layer has its own f', taken at its own pre-activation."
    if kind == "index" and _is(old, "a"):
        return "the derivative f' is taken at the unit's own pre-activation."
    if kind == "transpose" and _is(old, "Z", "Delta", "X") and _by(left, "W"):
        return "the sum runs over the examples, the rows of both matrices, so the left one is transposed."
    if kind == "lost sum" and isinstance(new, Sum):
        if new.index == "n" and any(_is(node, "J") for node in walk(left)):
            return "J is a mean over the examples: there must be a sum over n."
        if not _is(left, "delta", "Delta"):
            return None
        return f"every path counts: what comes back through each unit {new.index} is added."
    return None


def _name(edit, left):
    """The name of the slip in the catalogue, or None."""
    kind, old, new = edit.kind, edit.old, edit.new
    goes_back = _is(left, "delta", "Delta")
    match kind:
        case _ if kind in slips.BY_NAME and kind != "sign":
            return kind
        case "index" if _by(left, "w", "W") and _is(old, "z", "x") and old.indices[1] != new.indices[1]:
            return "z_j for z_i"
        case "swap" if _is(old, "w") and goes_back:
            return "missing transpose"
        case "transpose" if _by(left, "w", "W"):
            return "dW transposed" if new == edit.whole else "missing transpose"
        case "transpose" if goes_back and _is(old, "W"):
            return "missing transpose"
        case "layer" if isinstance(old, Activation) or _is(old, "a", "A"):
            return "f' of the wrong layer"
        case "layer" if _is(old, "delta", "Delta") and old.layer.letter == "L":
            return "the handout's hidden formula"
        case "layer" if _is_of_weights(old):
            return "W of the wrong layer"
        case "layer" if _is(old, "z", "Z", "x", "X"):
            return "z of the wrong layer"
        case "slope" if new.slope:
            return "f for f'"
        case "sign" if _is_slope_of_the_loss(left) and (not isinstance(old, Add) or left.span is None):
            return "sign"
        case "lost slope":
            return "no f' at the output" if _layer_of_slope(new) == "L" else "no f' in hidden layers"
        case "lost factor" | "factor" | "symbol" if _is_of_the_loss(left):
            return _name_of_factor(edit, left)
        case "square":
            return "squared twice" if new == getattr(old, "base", None) else "not squared"
        case "sum" if getattr(new, "over", None) == "batch":
            return "batch ignored"
        case "term" if isinstance(new, Add) and any(_is(node, "b") for node in walk(new.terms[-1])):
            return "bias left out of forward"
    return None


def _name_of_factor(edit, left):
    """The slip of a factor lost, or of one too many: 2, 1/2, 1/N, eta, a width."""
    powers = _powers(edit.new)
    powers.subtract(_powers(edit.old))
    sign = -1 if edit.below else 1
    found = FACTORS.get(sum(sorted((factor, sign * power) for factor, power in powers.items() if power), ()))
    return "bias not averaged" if found == "missing 1/N" and _by(left, "b") else found


def _powers(node):
    """The power of each factor of a product, by its name."""
    match node:
        case Negative(of):
            return _powers(of)
        case Product(factors):
            return sum(map(_powers, factors), _Powers())
        case Quotient(top, bottom):
            return _powers(top) + _Powers({factor: -power for factor, power in _powers(bottom).items()})
        case Power(base, Number(exponent)) if isinstance(base, Symbol):
            return _Powers({_text(base): int(exponent)})
        case Number(value) if value in (1.0, 2.0, 4.0):
            return _Powers({"2": int(value) // 2})
    return _Powers({_text(node) or node: 1})


class _Powers(Counter):
    """A Counter whose sums keep what is negative."""

    def __add__(self, other):
        total = _Powers(self)
        total.update(other)
        return total


def _text(node):
    return f"{node.value:g}" if isinstance(node, Number) else getattr(node, "name", "")


def _is_of_the_loss(left):
    """Whether the left side is an error signal, a derivative or gradient of the loss, the loss itself, or an update."""
    return any(_is(node, "E", "J", "delta", "Delta") or isinstance(node, Gradient) for node in walk(left))


def _is_slope_of_the_loss(left):
    """Whether the left side is an error signal, a derivative, a gradient, or an update."""
    return any(_is(node, "delta", "Delta") or isinstance(node, Derivative | Gradient) for node in walk(left))


def _is_of_weights(node):
    """Whether it is a weight, or a sum in which there are weights."""
    return _is(node, "w", "W") or isinstance(node, Sum) and any(_is(part, "w", "W") for part in walk(node.body))


def _by(left, *names):
    """Whether the left side differentiates by one of these."""
    return any(isinstance(node, Derivative) and _is(node.by, *names) for node in walk(left))


def _layer_of_slope(new):
    return next((node.layer.letter for node in walk(new) if isinstance(node, Activation) and node.slope), None)


def _is(node, *names):
    return isinstance(node, Symbol) and node.name in names
