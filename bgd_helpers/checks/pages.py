"""Pages of books in the notation of the course, each with one wrong line, to be named and mended."""

from typing import Any, NamedTuple

from bgd_helpers.checks.lines import Lines, parted, told
from bgd_helpers.checks.verdicts import Verdict
from bgd_helpers.equations import EquationError, check_equation
from bgd_helpers.equations.reading import read
from bgd_helpers.equations.spelling import braced
from bgd_helpers.equations.syntax import Chain, Derivative, Gradient, walk


class Page(NamedTuple):
    """The lines of a page as LaTeX, which of them is wrong, and what is said where that line is mended."""

    shown: tuple[str, ...]
    lines: Lines
    praise: str


PAGES = {
    "printed page": Page(
        (
            r"A^{(k)} = Z^{(k-1)} W^{(k)} + \mathbf 1 b^{(k)\top}",
            r"Z^{(k)} = f_k(A^{(k)})",
            r"\Delta^{(L)} = -2 (Y - \hat Y) \odot f_L'(A^{(L)})",
            r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k+1)\top}) \odot f_k'(Z^{(k)})",
            r"\frac{\partial J}{\partial W^{(k)}} = \frac1N Z^{(k-1)\top} \Delta^{(k)}",
            r"\frac{\partial J}{\partial b^{(k)}} = \frac1N \Delta^{(k)\top} \mathbf 1",
            r"W^{(k)} \leftarrow W^{(k)} - \eta \frac{\partial J}{\partial W^{(k)}}",
        ),
        Lines(
            4,
            {
                1: "is E1, the pre-activations",
                2: "is E1, the activations",
                3: "is E4, the output layer",
                5: "is E7: what layer k - 1 sends meets the error signals of layer k",
                6: "is E8, the sum over the examples divided by N",
                7: "is E9: the step goes against the gradient",
            },
            "f'(z) for f'(a)",
        ),
        "it is E5.",
    )
}


def check_page(exercise: str, answer: tuple[Any, Any] | str | None) -> Verdict:
    """The verdict on a pair: the number of the page's wrong line, and that line as it should be, a string of LaTeX.

    `exercise` is a name in PAGES. Raises ValueError for another name, or for a line that is no string.
    """
    if exercise not in PAGES:
        raise ValueError(f"there is no page {exercise!r}: choose one of {', '.join(PAGES)}")
    line, mended = parted(answer)
    if mended is None or mended is ...:
        mended = ""
    if not isinstance(mended, str):
        raise ValueError(f'the mended line is a string of LaTeX, r"...", not a value of type {type(mended).__name__}')
    return Verdict(*told(PAGES[exercise].lines, line, judge_mended(exercise, mended)))


def judge_mended(exercise: str, mended: str) -> Verdict:
    """The verdict on the mended line alone."""
    if not mended.strip():
        return Verdict("not attempted", "there is no mended line yet.")
    page = PAGES[exercise]
    try:
        result, mine = check_equation(mended), _chain(mended)
    except EquationError as error:
        return Verdict("wrong", f"it cannot be read. {error}")
    if result.verdict == "fails":
        return Verdict("wrong", f"it {result.message}", result.slip)
    printed = _chain(page.shown[page.lines.wrong - 1])
    if mine is None or printed is None or mine.sides[0] != printed.sides[0]:
        return Verdict("wrong", "it holds, but is no other form of the line: begin with the line's left side.")
    if any(isinstance(part, Derivative | Gradient) for part in walk(mine.sides[-1])) or mine.sides[-1] == mine.sides[0]:
        return Verdict("wrong", "it holds, but leaves open what the line computes: end with W, A, Z and Delta.")
    return Verdict("right", page.praise)


def _chain(latex):
    """The one chain of equations in this text; None if there is none, or more than one."""
    chains = [part for part in read(braced(latex)) if isinstance(part, Chain)]
    return chains[0] if len(chains) == 1 else None
