"""Derivations that a learner writes in LaTeX, and whether each of its lines holds and its end is reached."""

from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from bgd_helpers.checks.verdicts import Verdict
from bgd_helpers.equations import EquationError, Result, check_equation
from bgd_helpers.equations.reading import read
from bgd_helpers.equations.result import typeset
from bgd_helpers.equations.syntax import Chain, Derivative, Gradient, Symbol, walk


class Goal(NamedTuple):
    """One equation to derive: the quantities it may begin with, the names of the symbols that may stand at its end,
    and how that is said."""

    starts: tuple
    made_of: str
    end: str


GOALS = {
    "E4": Goal(
        (r"\frac{\partial E_n}{\partial a_{nj}^{(L)}}", r"\delta_{nj}^{(L)}"),
        "y yhat z a",
        r"$y_{nj}$, $\hat y_{nj}$, $f_L'$ and $a_{nj}^{(L)}$",
    ),
    "E5": Goal(
        (r"\frac{\partial E_n}{\partial a_{ni}^{(k)}}", r"\delta_{ni}^{(k)}"),
        "w delta a z",
        r"$f_k'$, $a_{ni}^{(k)}$, and the weights and error signals of layer $k + 1$",
    ),
    "E7": Goal((r"\frac{\partial J}{\partial w_{ij}^{(k)}}",), "z x delta N", r"$N$, $z$ and $\delta$"),
    "E8": Goal((r"\frac{\partial J}{\partial b_j^{(k)}}",), "delta N", r"$N$ and $\delta$"),
    "E4 as matrices": Goal((r"\Delta^{(L)}",), "Y Yhat Z A", r"$Y$, $\hat Y$, $f_L'$ and $A^{(L)}$"),
    "E5 as matrices": Goal((r"\Delta^{(k)}",), "Delta W A Z", r"$f_k'$, $A^{(k)}$, $W^{(k+1)}$ and $\Delta^{(k+1)}$"),
    "E7 as matrices": Goal((r"\frac{\partial J}{\partial W^{(k)}}",), "Z Delta N", r"$N$, $Z$ and $\Delta$"),
    "E8 as matrices": Goal((r"\frac{\partial J}{\partial b^{(k)}}",), "Delta N ones", r"$N$, $\Delta$ and $\mathbf 1$"),
}
NO_STEP = (
    "the result holds, but nothing leads to it: put a step before it, with the derivatives of the chain rule or those "
    "of each $E_n$."
)
DERIVATIONS = {
    "E4": ("E4",),
    "E5": ("E5",),
    "E7 and E8": ("E7", "E8"),
    "matrix forms": ("E4 as matrices", "E5 as matrices", "E7 as matrices", "E8 as matrices"),
}


@dataclass(frozen=True, repr=False)
class DerivationVerdict(Verdict):
    """A verdict on a derivation, with the result of the check of its equations if there is one."""

    result: Result | None = None

    def _repr_html_(self):
        """The verdict with the derivation typeset; a line that fails as the check of an equation shows it."""
        if self.result is None:
            return None
        if self.outcome == "wrong":
            return self.result._repr_html_()
        return f"{typeset(self.result.latex)}\n<div>{escape(repr(self))}</div>"


def check_derivation(exercise, answer):
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
        return DerivationVerdict("not attempted", "there is no derivation yet. Write it between the quotation marks.")
    try:
        result = check_equation(answer)
        chains = [chain for chain in read(answer) if isinstance(chain, Chain)]
    except EquationError as error:
        return DerivationVerdict("wrong", f"it cannot be read. {error}")
    if result.verdict == "fails":
        subject = "" if result.message.startswith("line") else "it "
        return DerivationVerdict("wrong", subject + result.message, result.slip, result)
    missing = [text for name in DERIVATIONS[exercise] if (text := _unreached(name, chains))]
    if missing:
        return DerivationVerdict("wrong", "every step holds, but " + " ".join(missing))
    if exercise != "matrix forms" and not _has_a_step(exercise, chains):
        return DerivationVerdict("wrong", NO_STEP)
    return DerivationVerdict("right", "every step holds, and the derivation arrives.", result=result)


def _has_a_step(exercise, chains):
    """Whether a derivative stands anywhere but as one of the quantities that are asked for."""
    starts = [start for name in DERIVATIONS[exercise] for start in _starts(name)]
    sides = [side for chain in chains for side in chain.sides if not any(_alike(side, start) for start in starts)]
    return any(isinstance(part, Derivative) for side in sides for part in walk(side))


def _starts(name):
    return [read(f"{start} = 0")[0].sides[0] for start in GOALS[name].starts]


def _unreached(name, chains):
    """Why no chain reaches the goal of that name, or None if one does."""
    goal = GOALS[name]
    begun = [chain for chain in chains if any(_alike(chain.sides[0], start) for start in _starts(name))]
    if not begun:
        return f"{name} is missing: a chain that begins with {' or '.join(f'${start}$' for start in goal.starts)}."
    if any(_arrives(name, chain) for chain in begun):
        return None
    return f"{name} is not at its end: the last line may contain {goal.end}, and nothing else."


def _arrives(name, chain):
    """Whether the last side is made of what it may be made of, error signals only of a later layer than the first's."""
    first, last = chain.sides[0], chain.sides[-1]
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
    return _skeleton(side) == _skeleton(start)


def _skeleton(node):
    """The names of a quantity, in order."""
    return [_outline(part) for part in walk(node)]


def _outline(part):
    if isinstance(part, Symbol):
        return part.name, len(part.indices), part.layer and _kind_of_layer(part.layer)
    return type(part)


def _kind_of_layer(layer):
    """A free layer is any layer, k as well as k - 1; L and numbers are themselves."""
    return "free" if layer.letter not in ("L", None) else layer
