"""The cell magic %%derive: a derivation in plain lines, each shown with its verdict beside it."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from bgd_helpers.checks.derivations import DerivationVerdict, check_derivation
from bgd_helpers.checks.verdicts import paragraphs
from bgd_helpers.equations.definitions import with_definitions
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.reading import lines_of
from bgd_helpers.equations.result import shown
from bgd_helpers.equations.spelling import braced
from bgd_helpers.equations.steps import Step, steps_of
from bgd_helpers.magic import TEMPLATE, derive_first

ANSWERS = {  # what an exercise's derivation is called in the notebook
    "E4": "derivation_e4",
    "E5": "derivation_e5",
    "E7 and E8": "derivation_e7_e8",
    "matrix forms": "matrix_forms",
    "gradient": "derivation_gradient",
    "E11": "derivation_e11",
    "E14": "derivation_e14",
    "matrix gradient": "derivation_matrix_gradient",
    "variance": "derivation_variance",
}
FIRST = re.compile(r"%%derive ([^\n]*)(?:\n|$)")
WRAPPER = re.compile(  # what is left of the template around the lines, and the check below them
    rf"""^[ \t]*(?:{TEMPLATE}|(?:\"{{3}}|'{{3}})[ \t]*$|(?:bgd\.)?check_derivation\([^\n]*$)""", re.MULTILINE
)
SIGNS = {"holds": "✓", "fails": "✗", "follows": "↳"}
WORDS = {"holds": "holds", "fails": "does not hold", "follows": "follows"}


def name_of(line: str) -> str:
    """The exercise that the first line of the cell names, or begins to. Raises ValueError if it names none."""
    wanted = set(_words(line.partition(":")[0]))
    begun = [name for name in ANSWERS if all(any(word.startswith(part) for word in _words(name)) for part in wanted)]
    found = max((name for name in ANSWERS if wanted.issuperset(_words(name))), key=len, default=None)
    if not wanted or not found and len(begun) != 1:
        said = f", not {line.strip()!r}" if wanted else ""
        raise ValueError(f"write %%derive and one of {', '.join(ANSWERS)} on the first line of the cell{said}.")
    return found or begun[0]


def _words(name):
    return [word for word in re.findall(r"\w+", name.casefold()) if word != "and"]


def as_assignment(source: str) -> str:
    """A cell that begins with %%derive as the assignment that it stands for; any other as it is."""
    first = FIRST.match(cell := derive_first(source))
    try:
        return f"{ANSWERS[name_of(first[1])]} = {WRAPPER.sub('', cell[first.end() :])!r}\n" if first else source
    except ValueError:
        return source


@dataclass(frozen=True, repr=False)
class Derivation:
    """A derivation as the cell shows it: its lines, what is said of each, and the verdict on the whole."""

    text: str
    steps: list[Step]
    verdict: DerivationVerdict

    def __repr__(self):
        lines = [
            f"{sign or ' '} {line}{'   ' * bool(said)}{said}" for _, sign, line, said in rows(self.text, self.steps)
        ]
        return "\n".join([*lines, repr(self.verdict)])

    def _repr_html_(self):
        cells = "".join(f"<tr>{cells_of(*row)}</tr>" for row in rows(self.text, self.steps))
        return f'<table aria-label="derivation">{cells}</table>{paragraphs(repr(self.verdict))}'


def rows(text: str, steps: list[Step]) -> Iterator[tuple[int, str, str, str]]:
    """(number, sign, line, what is said) for each line that has something in it."""
    for number, (_, line) in enumerate(lines_of(text), 1):
        here = [step for step in steps if step.line == number]
        worst = next((step for kind in WORDS for step in reversed(here) if step.outcome == kind), None)
        worst = next((step for step in here if step.outcome == "fails"), worst)
        words = [WORDS[worst.outcome], worst.said] if worst else []
        yield number, SIGNS[worst.outcome] if worst else "", line, ": ".join(filter(None, words))


def cells_of(number: int, sign: str, line: str, said: str) -> str:
    """A row in HTML."""
    return (
        f'<td style="opacity: 0.6">{number}</td><td style="text-align: left">{shown(line)}</td><td>{sign}</td>'
        f'<td style="text-align: left">{escape(said)}</td>'
    )


def derive(line: str, cell: str) -> Derivation:
    """The derivation of a cell that begins with %%derive, bound to the name that the exercise's check asks for."""
    exercise, cell = name_of(line), WRAPPER.sub("", cell)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell:
        shell.user_ns[ANSWERS[exercise]] = cell
    text = braced(cell)
    return Derivation(text, steps_in(text) or [], check_derivation(exercise, cell))


def steps_in(text: str) -> list[Step] | None:
    """Every step of a derivation; None if it cannot be read."""
    try:
        return steps_of(with_definitions(text)[0].text) if text.strip() else []
    except Misfit:
        return None
