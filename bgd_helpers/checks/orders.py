"""Derivations whose lines are put in order before they are written: the lines, wrong ones beside them, and the verdict.

No order is stored. The checks of equations judge what is placed: each line against those above it, and the end. A new
derivation is an entry of PUZZLES, under its name in DERIVATIONS.
"""

import random
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bgd_helpers import slips
from bgd_helpers.checks.derivations import DERIVATIONS, arrived, check_derivation
from bgd_helpers.equations import EquationError, check_equation
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.spelling import SIGNS as SYMBOLS
from bgd_helpers.equations.spelling import braced
from bgd_helpers.equations.steps import steps_of
from bgd_helpers.lessons.predictions import kept_in

MIME = "application/vnd.bgd.order+json"
SIGNS = {"": " ", "begins": " ", "holds": "✓", "large": "≈", "follows": "↳", "fails": "✗"}
ENDED = " \\\\\n"
LONGEST = 500  # characters of a line or a gap that is read from a notebook
NO_BEGINNING = "a line that begins with = goes on from the line above it: first comes one with a left side."
ELSEWHERE = "it does not follow from the lines above it."
WHY = "What may be wrong:"
BETWEEN = "A line that takes one of these steps may come before it."
NOT_THERE = "Every line holds so far; the derivation is not at its end."
THERE = "Every line holds, and the derivation arrives."


class Puzzle(NamedTuple):
    """A derivation, a line each; one that begins with = goes on from the line above it. `slips` has the wrong lines, by
    the names that the catalogue has for them. `sibling` is asked next, what it is in `about`: between ⟨ and ⟩ is a gap,
    and what belongs there stands nowhere else in view."""

    lines: tuple[str, ...]
    slips: Mapping[str, str]
    about: str
    sibling: tuple[str, ...]


class Block(NamedTuple):
    """A line to place, and the slip that makes it wrong, if it is wrong."""

    line: str
    slip: slips.Slip | None = None


class Row(NamedTuple):
    """What is said of a line that is placed: how it stands (a key of SIGNS), and why."""

    line: str
    how: str
    said: str = ""


class Judged(NamedTuple):
    """A row for each line that is placed, whether the derivation is done, and what is said of the whole."""

    rows: list[Row]
    is_done: bool
    said: str


def _ends(*names):
    """The right sides of these slips' wrong equations, by their names."""
    return {name: "= " + slips.BY_NAME[name].formula.split(" = ", 1)[1] for name in names}


PUZZLES = {
    "gradient": Puzzle(
        (
            r"\nabla E_n",
            r"= \nabla (y_n - x_n^\top w)^2",
            r"= 2 (y_n - x_n^\top w) \nabla (y_n - x_n^\top w)",
            r"= -2 (y_n - x_n^\top w) x_n",
        ),
        {
            "sign": r"= 2 (y_n - x_n^\top w) x_n",
            "half convention": r"= -(y_n - x_n^\top w) x_n",
            "squared twice": r"= -2 (y_n - x_n^\top w)^2 x_n",
        },
        r"one entry of it, by way of $\hat y_n$.",
        (
            r"\frac{\partial E_n}{\partial w_i}",
            r"= 2 (⟨\hat y_n - y_n⟩) \frac{\partial \hat y_n}{\partial w_i}",
            r"= 2 (x_n^\top w - y_n) ⟨x_{ni}⟩",
        ),
    ),
    "E11": Puzzle(
        (
            r"\nabla J",
            r"= \frac1N \sum_n \nabla E_n",
            r"= \frac2N \sum_n (x_n^\top w - y_n) x_n",
            r"= \frac2N X^\top (X w - y)",
        ),
        {
            "missing 1/N": r"= 2 X^\top (X w - y)",
            "half convention": r"= \frac1N X^\top (X w - y)",
            "sign": r"= \frac2N X^\top (y - X w)",
        },
        r"the other way, multiplied out first.",
        (
            r"J = \frac1N (X w - y)^\top (X w - y)",
            r"= \frac1N (⟨w^\top X^\top X w⟩ - 2 y^\top X w + y^\top y)",
            r"\nabla J = \frac2N (⟨X^\top X w⟩ - ⟨X^\top y⟩)",
        ),
    ),
    "E14": Puzzle(
        (
            r"\nabla J(w_t) = \frac2N X^\top X (w_t - w^*)",
            r"= H (w_t - w^*)",
            r"w_{t+1} - w^* = w_t - \eta \nabla J(w_t) - w^*",
            r"= w_t - w^* - \eta H (w_t - w^*)",
            r"= (I - \eta H) (w_t - w^*)",
            r"w_t - w^* = (I - \eta H)^t (w_0 - w^*)",
        ),
        {
            "half convention": r"= \frac1N X^\top X (w_t - w^*)",
            "learning rate left out": r"= w_t - w^* - H (w_t - w^*)",
            "sign": r"= (I + \eta H) (w_t - w^*)",
        },
        r"what $t$ updates make of the cost.",
        (
            r"J(w_t) - J(w^*) = \frac1N \lVert X (w_t - w^*) \rVert^2",
            r"= ⟨\frac12⟩ (w_0 - w^*)^\top H ⟨(I - \eta H)^{2t}⟩ (w_0 - w^*)",
        ),
    ),
    "E4": Puzzle(
        (
            r"\frac{\partial E_n}{\partial a_{nj}^{(L)}}",
            r"= \frac{\partial E_n}{\partial \hat y_{nj}} \frac{\partial \hat y_{nj}}{\partial a_{nj}^{(L)}}",
            r"= -2 (y_{nj} - \hat y_{nj}) \frac{\partial \hat y_{nj}}{\partial a_{nj}^{(L)}}",
            r"= -2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
        ),
        _ends("half convention", "no f' at the output", "sign"),
        r"the weight from unit $l$ to output $m$.",
        (
            r"\frac{\partial E_n}{\partial w_{lm}^{(L)}}",
            r"= \frac{\partial E_n}{\partial \hat y_{nm}} \frac{\partial \hat y_{nm}}{\partial a_{nm}^{(L)}}"
            r" \frac{\partial a_{nm}^{(L)}}{\partial w_{lm}^{(L)}}",
            r"= 2 (⟨\hat y_{nm} - y_{nm}⟩) ⟨f_L'(a_{nm}^{(L)})⟩ ⟨z_{nl}^{(L-1)}⟩",
        ),
    ),
    "E5": Puzzle(
        (
            r"\frac{\partial E_n}{\partial a_{ni}^{(k)}}",
            r"= \sum_j \frac{\partial E_n}{\partial a_{nj}^{(k+1)}}"
            r" \frac{\partial a_{nj}^{(k+1)}}{\partial a_{ni}^{(k)}}",
            r"= \sum_j \delta_{nj}^{(k+1)} \frac{\partial a_{nj}^{(k+1)}}{\partial z_{ni}^{(k)}}"
            r" \frac{\partial z_{ni}^{(k)}}{\partial a_{ni}^{(k)}}",
            r"= \sum_j \delta_{nj}^{(k+1)} w_{ij}^{(k+1)} \frac{\partial z_{ni}^{(k)}}{\partial a_{ni}^{(k)}}",
            r"= f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
        ),
        _ends("no f' in hidden layers", "f'(z) for f'(a)", "first output only"),
        r"the layer before the last, with E4 put in.",
        (
            r"\frac{\partial E_n}{\partial a_{ni}^{(L-1)}}",
            r"= \sum_j \frac{\partial E_n}{\partial a_{nj}^{(L)}} \frac{\partial a_{nj}^{(L)}}{\partial z_{ni}^{(L-1)}}"
            r" \frac{\partial z_{ni}^{(L-1)}}{\partial a_{ni}^{(L-1)}}",
            r"= -2 \sum_j (y_{nj} - \hat y_{nj}) ⟨f_L'(a_{nj}^{(L)})⟩ ⟨w_{ij}^{(L)}⟩ ⟨f_{L-1}'(a_{ni}^{(L-1)})⟩",
        ),
    ),
    "E7 and E8": Puzzle(
        (
            r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N \sum_n \frac{\partial E_n}{\partial w_{ij}^{(k)}}",
            r"= \frac1N \sum_n \frac{\partial E_n}{\partial a_{nj}^{(k)}}"
            r" \frac{\partial a_{nj}^{(k)}}{\partial w_{ij}^{(k)}}",
            r"= \frac1N \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
            r"\frac{\partial J}{\partial b_j^{(k)}} = \frac1N \sum_n \frac{\partial E_n}{\partial b_j^{(k)}}",
            r"= \frac1N \sum_n \delta_{nj}^{(k)}",
        ),
        _ends("missing 1/N", "z_j for z_i", "bias not averaged"),
        r"the weights of the first layer, and the biases of the last with E4 put in.",
        (
            r"\frac{\partial J}{\partial w_{ij}^{(1)}} = \frac1N \sum_n \frac{\partial E_n}{\partial w_{ij}^{(1)}}",
            r"= \frac1N \sum_n ⟨x_{ni}⟩ \delta_{nj}^{(1)}",
            r"\frac{\partial J}{\partial b_j^{(L)}} = \frac1N \sum_n \delta_{nj}^{(L)}",
            r"= ⟨-\frac2N⟩ \sum_n (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
        ),
    ),
    "matrix forms": Puzzle(
        (
            r"\Delta^{(L)} = -2 (Y - \hat Y) \odot f_L'(A^{(L)})",
            r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k+1)\top}) \odot f_k'(A^{(k)})",
            r"\frac{\partial J}{\partial W^{(k)}} = \frac1N Z^{(k-1)\top} \Delta^{(k)}",
            r"\frac{\partial J}{\partial b^{(k)}} = \frac1N \Delta^{(k)\top} \mathbf 1",
        ),
        {name: slips.BY_NAME[name].formula for name in ("missing transpose", "no W in hidden layers", "dW transposed")},
        r"one hidden layer, all transposed, as books print it where each example is a column.",
        (
            r"\Delta^{(1)\top} = (⟨W^{(2)} \Delta^{(2)\top}⟩) \odot f_1'(⟨A^{(1)\top}⟩)",
            r"\left(\frac{\partial J}{\partial W^{(2)}}\right)^\top = \frac1N ⟨\Delta^{(2)\top} Z^{(1)}⟩",
        ),
    ),
    "matrix gradient": Puzzle(
        (
            r"\left(\frac{\partial J}{\partial W^{(k)}}\right)_{ij}",
            r"= \frac{\partial J}{\partial w_{ij}^{(k)}}",
            r"= \frac1N \sum_n \frac{\partial E_n}{\partial w_{ij}^{(k)}}",
            r"= \frac1N \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}",
            r"= \frac1N (Z^{(k-1)\top} \Delta^{(k)})_{ij}",
        ),
        _ends("missing 1/N", "z of the wrong layer")
        | {"dW transposed": r"= \frac1N (\Delta^{(k)\top} Z^{(k-1)})_{ij}"},
        r"the transpose of it, in the first layer.",
        (
            r"\left(\left(\frac{\partial J}{\partial W^{(1)}}\right)^\top\right)_{ji}",
            r"= \frac1N \sum_n \delta_{nj}^{(1)} ⟨x_{ni}⟩",
            r"= \frac1N (⟨\Delta^{(1)\top} X⟩)_{ji}",
        ),
    ),
    "variance": Puzzle(
        (
            r"\operatorname{Var}\left(\frac{1}{B} \sum_b g_b\right)",
            r"= \frac{1}{B^2} \operatorname{Var}\left(\sum_b g_b\right)",
            r"= \frac{1}{B^2} \sum_b \operatorname{Var}(g_b)",
            r"= \frac{1}{B^2} B \Sigma",
            r"= \frac{\Sigma}{B}",
        ),
        {
            "batch size left out": r"= \frac{1}{B} \sum_b \operatorname{Var}(g_b)",
            "batch size squared": r"= \frac{1}{B^2} \Sigma",
            "ways of drawing exchanged": r"= \frac{\Sigma}{B} \frac{N - B}{N - 1}",
        },
        r"the step, $\eta$ times the mean.",
        (
            r"\operatorname{Var}\left(\frac{\eta}{B} \sum_b g_b\right)",
            r"= ⟨\frac{\eta^2}{B^2}⟩ \operatorname{Var}\left(\sum_b g_b\right)",
            r"= ⟨\frac{\eta^2}{B}⟩ \Sigma",
        ),
    ),
}


def puzzle(name: str) -> Puzzle:
    """The puzzle of that name. Raises ValueError if there is none."""
    if name not in PUZZLES:
        raise ValueError(f"there are no lines to order for {name!r}: choose one of {', '.join(PUZZLES)}")
    return PUZZLES[name]


def blocks(name: str) -> list[Block]:
    """The lines to choose from, wrong ones among them, in an order that tells nothing and is the same each time."""
    found = [Block(line) for line in puzzle(name).lines]
    found += [Block(line, slips.BY_NAME[slip]) for slip, line in puzzle(name).slips.items()]
    return random.Random(name).sample(found, len(found))


def filled(name: str, texts: list[str]) -> list[str]:
    """The lines of a derivation's sibling with these texts in their gaps, in order."""
    left = iter(texts)
    return [re.sub("⟨.*?⟩", lambda _: f" {next(left)} ", line) for line in puzzle(name).sibling]


def judged_gaps(name: str, texts: list[str]) -> Judged:
    """The verdict on the sibling with these texts in its gaps. Whatever makes each line hold is right."""
    lines = filled(name, [braced(text) for text in texts])
    latex = ENDED.join(lines)
    try:
        found = check_equation(latex)
        steps = {step.line: step for step in steps_of(latex)}
    except EquationError as error:
        return Judged([Row(line, "") for line in lines], False, f"it cannot be read: {error.expected}")
    rows = [Row(line, steps[at].outcome if at in steps else "begins") for at, line in enumerate(lines, 1)]
    because = [f"{WHY} {slips.BY_NAME[found.slip].reason(name)}"] if found.slip else []
    said = THERE if found.verdict == "holds" else " ".join([found.message.splitlines()[0], *because])
    return Judged(rows, found.verdict == "holds", said)


def judged(name: str, placed: list[str]) -> Judged:
    """The verdict on lines in the order in which they are placed. Whatever follows, in any order, is right."""
    if not placed:
        return Judged([], False, "")
    if placed[0].startswith("="):
        return Judged([Row(line, "") for line in placed], False, NO_BEGINNING)
    latex = ENDED.join(placed)
    try:
        steps = {step.line: step for step in steps_of(latex)}
    except Misfit:
        return Judged([Row(line, "") for line in placed], False, check_derivation(name, latex).text)
    because = {block.line: block.slip.reason(name) for block in blocks(name) if block.slip}
    rows = [_row(line, steps.get(number), because.get(line, ELSEWHERE)) for number, line in enumerate(placed, 1)]
    holds = all(row.how in ("begins", "holds") for row in rows)
    is_done = holds and arrived(name, latex) and check_derivation(name, latex).outcome == "right"
    return Judged(rows, is_done, THERE if is_done else NOT_THERE if holds else "")


def _row(line, step, because):
    if step is None:
        return Row(line, "begins")
    if step.outcome == "fails":
        return Row(line, "fails", because)
    if line.startswith("=") and step.said.startswith("a large step"):
        return Row(line, "large", f"{step.said} {BETWEEN}")
    return Row(line, step.outcome)


def in_words(name: str) -> str:
    """What is to be done, and the lines to choose from, as text."""
    rows = [f"{letter}   {words(block.line)}" for letter, block in lettered(name).items()]
    return "\n".join([f"Put in order: {asked(name)} Some lines are wrong.", *rows])


def asked(name: str) -> str:
    """What the lines lead to."""
    return f"{name}, line by line." if name in DERIVATIONS[name] else f"{name}."


def lettered(name: str) -> dict[str, Block]:
    """The blocks by their letters."""
    return dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", blocks(name)))


def report(found: Judged) -> str:
    """The lines that are placed, each with its verdict, as text."""
    rows = [f"{SIGNS[row.how]} {words(row.line)}{'   ' * bool(row.said)}{words(row.said)}" for row in found.rows]
    return "\n".join([*rows, words(found.said)]) if rows else "No line is placed yet."


WORDS = (  # in this order; a fraction is read when nothing inside it has braces any more
    (r"\\mathbf\s*1", "1"),
    (r"\\hat\s*([yY])", "\\1\u0302"),
    (r"\\left|\\right", ""),
    (r"\\top", "T"),
    (r"\\boxed\{\\text\{([^}]*)\}\}", r"[\1]"),
    (r"\\sum_(\w)", r"sum over \1 of"),
    (r"_\{(\w\+\w)\}", r"_(\1)"),
    (r"([_^])\{([^{}]*)\}", r"\1\2"),
    (r"\\frac(\w)(\w)", r"\1/\2"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)"),
    (r"\\operatorname\{Var\}", "Var"),
    (r"\\partial *", "∂"),
    (r"\\nabla *", "∇"),
    *((re.escape(plain.strip()) + r"(?![a-z])", sign) for sign, plain in SYMBOLS.items() if plain.startswith("\\")),
    (r"\$", ""),
)


def words(latex: str) -> str:
    """A line as text without LaTeX, to be read where nothing is typeset, and aloud."""
    for pattern, text in WORDS:
        latex = re.sub(pattern, text, latex)
    return " ".join(latex.split())


class Work(NamedTuple):
    """What a learner has done: the lines that are placed, and the texts of the gaps."""

    placed: list[str]
    gaps: list[str]


def work_in(cells: Iterable) -> dict[str, Work]:
    """What stands in the outputs of a notebook's cells, by name. They may be anybody's: the rest is passed over."""
    found: dict[str, Work] = {}
    for name, kept in kept_in(cells, MIME):
        if name in PUZZLES:
            known = {block.line for block in blocks(name)}
            placed = [line for line in dict.fromkeys(_texts(kept.get("placed"))) if line in known]
            found[name] = Work(placed, _texts(kept.get("gaps")))
    return found


def _texts(value):
    """The texts in a list that may hold anything."""
    listed = value if isinstance(value, list) else []
    return [text[:LONGEST] for text in listed[:50] if isinstance(text, str)]
