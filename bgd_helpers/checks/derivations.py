"""Derivations that a learner writes in LaTeX, and whether each of its lines holds and its end is reached."""

from dataclasses import dataclass
from functools import cache
from html import escape
from typing import NamedTuple

from bgd_helpers.checks.routes import ROUTES, at_a_point, missing_move
from bgd_helpers.checks.verdicts import Verdict
from bgd_helpers.equations import EquationError, Result, check_equation
from bgd_helpers.equations.definitions import with_definitions
from bgd_helpers.equations.meaning import is_definition
from bgd_helpers.equations.prose import read, unread
from bgd_helpers.equations.reading import line_of
from bgd_helpers.equations.result import typeset
from bgd_helpers.equations.spelling import braced
from bgd_helpers.equations.steps import steps_of
from bgd_helpers.equations.syntax import (
    Activation,
    Add,
    Chain,
    Derivative,
    Gradient,
    Layer,
    Negative,
    Number,
    Product,
    Quotient,
    Symbol,
    is_symbol,
    mapped,
    symbols_of,
    walk,
)


class Goal(NamedTuple):
    """One equation to derive: the quantities it may begin with, the names of the symbols that may stand at its end,
    and how that is said."""

    starts: tuple
    made_of: str
    end: str


GOALS = {
    "E4": Goal(
        (
            r"\frac{\partial E_n}{\partial a_{nj}^{(L)}}",
            r"\delta_{nj}^{(L)}",
            r"\frac{\partial E_n}{\partial a_n^{(L)}}",
            r"\delta_n^{(L)}",
        ),
        "y yhat z a",
        r"$y_{nj}$, $\hat y_{nj}$, $f_L'$ and $a_{nj}^{(L)}$",
    ),
    "E5": Goal(
        (
            r"\frac{\partial E_n}{\partial a_{ni}^{(k)}}",
            r"\delta_{ni}^{(k)}",
            r"\frac{\partial E_n}{\partial a_n^{(k)}}",
            r"\delta_n^{(k)}",
        ),
        "w W delta a z",
        r"$f_k'$, $a_{ni}^{(k)}$, and the weights and error signals of layer $k + 1$",
    ),
    "E7": Goal((r"\frac{\partial J}{\partial w_{ij}^{(k)}}",), "z x delta N", r"$N$, $z$ and $\delta$"),
    "E8": Goal((r"\frac{\partial J}{\partial b_j^{(k)}}",), "delta N", r"$N$ and $\delta$"),
    "E4 as matrices": Goal((r"\Delta^{(L)}",), "Y Yhat Z A", r"$Y$, $\hat Y$, $f_L'$ and $A^{(L)}$"),
    "E5 as matrices": Goal((r"\Delta^{(k)}",), "Delta W A Z", r"$f_k'$, $A^{(k)}$, $W^{(k+1)}$ and $\Delta^{(k+1)}$"),
    "E7 as matrices": Goal((r"\frac{\partial J}{\partial W^{(k)}}",), "Z Delta N", r"$N$, $Z$ and $\Delta$"),
    "E8 as matrices": Goal((r"\frac{\partial J}{\partial b^{(k)}}",), "Delta N ones", r"$N$, $\Delta$ and $\mathbf 1$"),
    "gradient": Goal(
        (r"\nabla E_n", r"\frac{\partial E_n}{\partial w}", r"\frac{\partial E_n}{\partial w_i}"),
        "x y yhat w",
        r"$x_n$, $y_n$ and $w$",
    ),
    "E11": Goal(
        (r"\nabla J", r"\frac{\partial J}{\partial w}", r"\frac{\partial J}{\partial w_i}"),
        "X y w N",
        r"$N$, $X$, $y$ and $w$",
    ),
    "E14": Goal(
        (r"w_t - w^*", "w_t", r"w_{t+1} - w^*"),
        "I eta H X N t w",
        r"$I - \eta H$ to the power $t$, and $w_0 - w^*$",
    ),
    "matrix gradient": Goal(
        (
            r"\frac{\partial J}{\partial W^{(k)}}",
            r"\frac{\partial J}{\partial w_{ij}^{(k)}}",
            r"\left(\frac{\partial J}{\partial W^{(k)}}\right)_{ij}",
        ),
        "Z X Delta N",
        r"$N$ and the matrices $Z$ and $\Delta$",
    ),
    "variance": Goal(
        (
            r"\operatorname{Var}\left(\frac1B \sum_{b=1}^B g_b\right)",
            r"\operatorname{Var}\left(\frac1B \sum_{n \in \mathcal B_t} \nabla E_n\right)",
            r"\mathbb E \left\lVert \frac1B \sum_{b=1}^B g_b - \nabla J \right\rVert^2",
        ),
        "Sigma B batch_size",
        r"$\Sigma$ and $B$",
    ),
}
NOT_YET = (
    "there is no derivation yet. Write it between the quotation marks, or in plain lines in a cell that begins with "
    "%%derive and the exercise's name."
)
ARRIVES = "every step holds, and the derivation arrives."
NO_STEP = (
    "the result holds, but nothing leads to it: put a step before it, with the derivatives of the chain rule or those "
    "of each $E_n$."
)
DERIVATIONS = {
    "E4": ("E4",),
    "E5": ("E5",),
    "E7 and E8": ("E7", "E8"),
    "matrix forms": ("E4 as matrices", "E5 as matrices", "E7 as matrices", "E8 as matrices"),
    **{name: (name,) for name in ROUTES},
}


@dataclass(frozen=True, repr=False)
class DerivationVerdict(Verdict):
    """A verdict on a derivation, with the result of the check of its equations if there is one."""

    result: Result | None = None

    def _repr_html_(self):
        """The verdict with the derivation typeset; a line that fails as the check of an equation shows it."""
        if self.result is None:
            return super()._repr_html_()
        if self.outcome == "wrong":
            return self.result._repr_html_()
        return f"{typeset(self.result.latex)}\n<div>{escape(repr(self))}</div>"


def check_derivation(exercise: str, answer: str | None) -> DerivationVerdict:
    """The verdict on a derivation: a string of LaTeX, one chain for each equation that is asked for.

    `exercise` is a name in DERIVATIONS. Every step must hold; each chain begins with the quantity that is asked for
    and ends in what it is to be expressed by. In an index form a derivative stands on the way: the result alone, which
    the notebook displays, is no derivation. Raises ValueError for another name, or an answer that is no string.
    """
    if exercise not in DERIVATIONS:
        raise ValueError(f"there is no derivation {exercise!r}: choose one of {', '.join(DERIVATIONS)}")
    if answer is None or answer is Ellipsis:
        answer = ""
    if not isinstance(answer, str):
        raise ValueError(f'the answer is a string of LaTeX, r"...", not a value of type {type(answer).__name__}')
    if not answer.strip(" .\n\t…"):
        return DerivationVerdict("not attempted", NOT_YET)
    try:
        result = check_equation(answer)
        answer = with_definitions(braced(answer))[0].text
        chains = [at_a_point(chain) for chain in read(answer) if isinstance(chain, Chain)]
    except EquationError as error:
        return DerivationVerdict("wrong", f"it cannot be read. {error}")
    if result.verdict == "fails":
        subject = "" if result.message.startswith("line") else "it "
        return DerivationVerdict("wrong", subject + result.message, result.slip, result=result)
    missing = [text for name in DERIVATIONS[exercise] if (text := _unreached(name, chains))]
    if missing:
        return DerivationVerdict("wrong", "every step holds, but " + " ".join(missing) + unread(answer))
    if exercise in ROUTES and (move := missing_move(exercise, [line.sides for line in _lines(answer, chains)])):
        return DerivationVerdict("wrong", f"the result holds, but nothing leads to it: {move}")
    if exercise == "matrix forms" or exercise in ROUTES:
        return DerivationVerdict("right", ARRIVES + unread(answer), result=result)
    leads, idle = _leads(exercise, _lines(answer, chains))
    unused = "".join(
        f" Line {number} is true, but the derivation does not need it: nothing leads from line {number} to the result."
        for number in idle
    )
    if not leads:
        return DerivationVerdict("wrong", NO_STEP + unused)
    wide = [f" Line {step.line} is {step.said}" for step in steps_of(answer) if step.said]
    return DerivationVerdict("right", ARRIVES + unused + "".join(wide) + unread(answer), result=result)


class _Line(NamedTuple):
    """A chain of a derivation: where it stands, and its sides without what changes nothing (1 times, + 0, da/da)."""

    number: int
    sides: tuple


def _lines(answer, chains):
    """The chains of an answer, each with the number of its line."""
    return [
        _Line(line_of(answer, chain.sides[1].span[0]), tuple(mapped(side, _plain) for side in chain.sides))
        for chain in chains
    ]


def _plain(node):
    """A node without what changes nothing."""
    match node:
        case Derivative(of, by) if of == by:
            return Number(1.0)
        case Product(factors):
            kept = tuple(factor for factor in factors if factor != Number(1.0))
            if Number(0.0) in factors:
                return Number(0.0)
            return Product(kept) if len(kept) > 1 else kept[0] if kept else Number(1.0)
        case Add(terms):
            kept = [term for term in terms if _size(term) != Number(0.0)]
            for term in list(kept):
                if Negative(term) in kept:
                    kept = [other for other in kept if other not in (term, Negative(term))]
            return Add(tuple(kept)) if len(kept) > 1 else kept[0] if kept else Number(0.0)
        case Quotient(top, Number(1.0)):
            return top
        case Quotient(Product(factors), bottom) if bottom in factors:
            kept = [factor for factor in factors if factor != bottom]
            return Product(tuple(kept)) if len(kept) > 1 else kept[0] if kept else Number(1.0)
    return node


def _size(node):
    return node.of if isinstance(node, Negative) else node


def _leads(exercise, lines):
    """Whether something leads to the result, and the lines that nothing needs, by their numbers."""
    leads, idle, needed = False, [], set()
    asked = {(start.of.name, start.by.name) for name in DERIVATIONS[exercise] for start in _starts(name)[:1]} | DEFINED
    for line in lines:
        goals = [(name, _starts(name)) for name in DERIVATIONS[exercise]]
        mine = [name for name, starts in goals if any(_alike(side, s) for side in line.sides for s in starts)]
        steps = any(_is_a_step(name, line, mine, asked) for name, _ in goals)
        leads = leads or steps
        needed |= {line.number} if steps or mine else set()
        forward = not any(
            isinstance(part, Derivative) or is_symbol(part, "delta") for s in line.sides for part in walk(s)
        )
        if not steps and not mine and not forward and not is_definition(Chain(line.sides[:2], ("=",))):
            idle.append(line.number)
    return leads, [number for number in idle if number not in needed]


def _is_a_step(name, line, mine, asked):
    """Whether a line leads to the equation of that name: a derivative on the way from what one differentiates by to the
    loss stands in it, and it is no special case; beside the quantity asked for, or with what the result is made of."""
    parts = [part for side in line.sides for part in walk(side)]
    derivatives = [part for part in parts if isinstance(part, Derivative)]
    if len(dict.fromkeys(line.sides)) < 2 or Number(0.0) in line.sides or any(map(_is_special, line.sides)):
        return False
    if not any(_on_the_way(part, _starts(name)[0], asked) for part in derivatives):
        return False
    if name in mine:
        return True
    allowed = {*GOALS[name].made_of.split(), "E", "J", "N", "width", "kronecker"}
    if any(part.by.name == _starts(name)[0].by.name for part in derivatives):
        parts = list(walk(line.sides[-1]))
    slopes = "a" in allowed or not any(isinstance(part, Activation) for part in parts)
    inside = {id(part) for link in derivatives for part in walk(link)}
    return slopes and all(part.name in allowed for part in parts if isinstance(part, Symbol) and id(part) not in inside)


def _is_special(side):
    """Whether a unit, an example or a layer is given as a number: a single case proves nothing."""
    symbols = [part for part in walk(side) if isinstance(part, Symbol)]
    return any(index.isdigit() for part in symbols for index in part.indices) or any(
        part.layer and part.layer.letter is None for part in symbols
    )


DEFINED = {("E", "a"), ("E", "A")}  # delta by another name
RANKS = {"w": 0, "W": 0, "b": 0, "a": 1, "A": 1, "z": 2, "Z": 2, "yhat": 3, "Yhat": 3, "E": 4, "J": 5}


def _on_the_way(link, whole, asked):
    """Whether a derivative is a part of the way that the derivative asked for goes, and not all of it."""
    of, by = link.of, link.by
    last = any(is_symbol(part, "yhat", "Yhat") or getattr(part.layer, "letter", "") == "L" for part in symbols_of(link))
    if by.name == "E" or last and whole.by.layer.letter != "L":
        return False
    if RANKS.get(by.name, -1) < RANKS[whole.by.name] or whole.by.layer.letter == "L" != (by.layer or Layer("L")).letter:
        return False
    if not isinstance(of, Symbol):
        return True
    back = of.layer and by.layer and of.layer.letter == by.layer.letter and of.layer.offset < by.layer.offset
    return not back and 0 < RANKS.get(of.name, 0) <= RANKS[whole.of.name] and (of.name, by.name) not in asked


@cache
def _starts(name):
    return [read(f"{start} = 0")[0].sides[0] for start in GOALS[name].starts]


def arrived(exercise: str, latex: str) -> bool:
    """Whether each equation asked for has a chain that begins with its quantity and whose last side is its end."""
    chains = [chain for chain in read(latex) if isinstance(chain, Chain)]
    return all(
        any(
            _is_end(name, chain.sides[0], chain.sides[-1])
            for chain in chains
            if any(_alike(chain.sides[0], start) for start in _starts(name))
        )
        for name in DERIVATIONS[exercise]
    )


def _unreached(name, chains):
    """Why no chain reaches the goal of that name, or None if one does."""
    goal = GOALS[name]
    begun = [
        Chain((side, *(other for other in chain.sides if other is not side)), chain.relations)
        for chain in chains
        for side in chain.sides
        if any(_alike(side, start) for start in _starts(name)) or name in ROUTES and ROUTES[name].begins(side)
    ]
    if not begun:
        return f"{name} is missing: a chain that begins with {' or '.join(f'${start}$' for start in goal.starts)}."
    if any(_arrives(name, chain) for chain in begun):
        return None
    return f"{name} is not at its end: the last line may contain {goal.end}, and nothing else."


def _arrives(name, chain):
    """Whether a side is made of what it may be made of, error signals only of a later layer than the first's."""
    sides = [side for side in chain.sides[1:] if _is_end(name, chain.sides[0], side)]
    return any(map(ROUTES[name].ends, sides)) if name in ROUTES else bool(sides)


def _is_end(name, first, last):
    parts = list(walk(last))
    if any(isinstance(part, Derivative | Gradient) for part in parts):
        return False
    symbols = [part for part in parts if isinstance(part, Symbol) and part.name != "width"]
    if any(symbol.name not in GOALS[name].made_of.split() for symbol in symbols):
        return False
    signals = [symbol for symbol in symbols if symbol.name in ("delta", "Delta")]
    recursive = name.startswith("E5")
    return not recursive or bool(signals) and all(s.layer == _layer(first).moved(1) for s in signals)


def _layer(side):
    return next(part.layer for part in reversed(list(walk(side))) if isinstance(part, Symbol) and part.layer)


def _alike(side, start):
    """Whether a side is this quantity, whatever its indices are called and whichever letter its layer has."""
    return _outline(side) == _outline(start) and _skeleton(side) == _skeleton(start)


def _skeleton(node):
    """The names of a quantity, in order."""
    return [_outline(part) for part in walk(node)]


def _outline(part):
    if isinstance(part, Symbol):
        return part.name, len(part.indices), part.mark, part.layer and _kind_of_layer(part.layer)
    return type(part)


def _kind_of_layer(layer):
    """A free layer is any layer, k as well as k - 1; L and numbers are themselves."""
    return "free" if layer.letter not in ("L", None) else layer
