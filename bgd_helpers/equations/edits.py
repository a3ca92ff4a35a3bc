"""An edit of an expression, the slip that it undoes, and what is said of it: by the rows of edits.toml."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from bgd_helpers import slips
from bgd_helpers.equations.syntax import Activation, Negative, Node, Number, Power, Product, Quotient, Symbol, walk

HIDDEN, ARGUMENT = "the handout's hidden formula", "f'(z) for f'(a)"
TABLE = tomllib.loads(Path(__file__).with_name("edits.toml").read_text(encoding="utf-8"))
SENTENCES, MORE = dict(TABLE["kinds"]), TABLE["more"]
REASONS = [
    (slip, MORE.get(text, text), *(TABLE["facts"].get(each, each).split("|") for each in needed))
    for slip, text, *needed in TABLE["reasons"]
]


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
