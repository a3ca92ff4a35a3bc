"""Every equation that a notebook displays is checked, as it stands in the text; and the check can fail.

An equation is one that is displayed ($$ ... $$, or a block of LaTeX), one with a number (**E4** $ ... $), and one in
the text that has a sum, a fraction, a derivative or a transpose. What is no claim says so in the metadata of its cell:
"equations": [{"starts": "...", "status": "given" or "outside", "because": "..."}]; "rule" names the update rule.
"""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from bgd_helpers.equations import EquationError, check_equation
from bgd_helpers.equations.counterexample import first_difference
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.likely import single_edits
from bgd_helpers.equations.meaning import meaning_of, models_of, together
from bgd_helpers.equations.models import Draws, Network, Noise, Regression
from bgd_helpers.equations.reading import read
from bgd_helpers.equations.syntax import Chain, latex
from bgd_helpers.equations.updates import is_update

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
MATHS = re.compile(r"(\*\*[ED]\d+[^*]*\*\*\s*)?(?:\$\$(?P<shown>.+?)\$\$|\$(?P<inline>[^$\n]+?)\$)", re.DOTALL)
RELATION = re.compile(r"=|\\(approx|leftarrow|iff|to)(?![a-zA-Z])")
CLAIM = re.compile(r"\\(sum|d?frac|partial|nabla|top)(?![a-zA-Z])")
STATUSES = {"given", "outside"}
QUOTED = "quoted in order to be examined"


class Displayed(NamedTuple):
    """An equation in a notebook: where it stands, its LaTeX, and what the cell's metadata says of it."""

    cell: str
    latex: str
    note: dict

    @property
    def status(self):
        return self.note.get("status", "claim")


def displayed_in(notebook):
    """Every equation of a notebook, in order."""
    return [found for cell in notebook.cells if cell.cell_type == "markdown" for found in displayed(cell)]


def displayed(cell):
    """The equations of a Markdown cell."""
    notes = cell.metadata.get("equations", [])
    return [Displayed(cell.id, text, note_of(text, notes)) for text in equations_in(cell.source)]


def equations_in(source):
    """The LaTeX of every equation in some Markdown."""
    yield from re.findall(r"^```latex\n(.*?)^```", source, re.DOTALL | re.MULTILINE)
    for match in MATHS.finditer(source):
        text = (match["shown"] or match["inline"]).strip()
        if RELATION.search(text) and (match[1] or match["shown"] or CLAIM.search(text)):
            yield re.sub(r"^(\\q?quad|\s)+", "", text)


def note_of(text, notes):
    """The note in the metadata that belongs to an equation."""
    return next((note for note in notes if text.startswith(note["starts"])), {})


EQUATIONS = [
    pytest.param(found, id=f"{path.stem[:2]}-{found.cell}-{number}")
    for path in NOTEBOOKS
    for number, found in enumerate(displayed_in(nbformat.read(path, as_version=4)))
]
CLAIMS = [param for param in EQUATIONS if param.values[0].status == "claim"]


@pytest.mark.parametrize("found", CLAIMS)
def test_a_displayed_equation_holds(found):
    result = check_equation(found.latex, found.note.get("rule"))
    assert result.verdict == "holds", result.message


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_note_belongs_to_one_equation(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for note in cell.metadata.get("equations", []):
            assert sum(text.startswith(note["starts"]) for text in equations_in(cell.source)) >= 1, note
            assert "rule" in note or note["status"] in STATUSES and note["because"], note


def test_all_numbered_equations_are_claims():
    numbered = set()
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                numbered |= {label for label in re.findall(r"\*\*(E\d+)[^*]*\*\* *\$", cell.source)}
    assert numbered == {f"E{number}" for number in range(1, 18)}


def test_the_count_is_told(say):
    counts = Counter(status_of(param.values[0]) for param in EQUATIONS)
    say(
        f"equations in the notebooks: {counts['claim']} claims and {counts['definition']} definitions checked, "
        f"{counts['given']} given, {counts['outside']} outside (quoted in order to be examined)"
    )
    assert counts["claim"] >= 40
    assert {found.note["because"] for (found,) in (p.values for p in EQUATIONS) if found.status == "outside"} == {
        QUOTED
    }


def status_of(found):
    """Its status, where a claim that only says what a symbol stands for is a definition."""
    if found.status == "claim" and check_equation(found.latex, found.note.get("rule")).definition:
        return "definition"
    return found.status


KINDS = {"index", "swap", "layer", "turned sign", "factor", "lost factor", "slope", "lost slope", "argument"}
OTHER_MODELS = {
    Network: [
        Network((3, 5, 2), 4, ["sigmoid", "tanh"], 91),
        Network((4, 3, 6, 5, 2), 6, ["tanh", "softplus", "tanh", "sigmoid"], 92),
        Network((2, 6, 4, 3), 3, ["tanh", "sigmoid", "softplus"], 93),
    ],
    Regression: [Regression(8, 3, 94), Regression(6, 2, 95, rate=0.6)],
    Noise: [Noise(6, 3, 96), Noise(5, 4, 97)],
    Draws: [Draws(4, 2, 98), Draws(3, 3, 99)],
}
ONE_OUTPUT = [Network((3, 5, 1), 4, ["tanh", "sigmoid"], 98), Network((2, 4, 3, 1), 5, ["tanh"] * 3, 99)]


def steps_of(text):
    """(left, sign, right) for each step of each chain; not of updates, whose left side is what the rule makes of it."""
    chains = [chain for chain in read(text) if isinstance(chain, Chain) and not is_update(chain)]
    return [step for chain in chains for step in zip(chain.sides, chain.relations, chain.sides[1:])]


def changes_its_value(right, mutant):
    """Whether a mutant differs from what it was made of, in models that the check never sees."""
    try:
        meaning = meaning_of(right)
        changed = meaning_of(mutant)
        usual = models_of(together(meaning, changed))
        others = OTHER_MODELS[type(usual[0])]
        if type(usual[0]) is Network and all(model.widths[-1] == 1 for model in usual):
            others = ONE_OUTPUT
        return first_difference(meaning, changed, among=others) is not None
    except Misfit:  # the two do not even have the same indices
        return True


def survives(text):
    """Whether the check finds that an equation holds."""
    try:
        return check_equation(text, mend=False).verdict == "holds"
    except EquationError:
        return False


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_mutants_of_every_equation_are_caught(step, say):
    """What changes the value of a right side makes the check go red, read back from LaTeX: every `step`-th."""
    tried, alive = 0, []
    for text in sorted({param.values[0].latex for param in CLAIMS if "rule" not in param.values[0].note}):
        for left, sign, right in steps_of(text):
            for edit in list(single_edits(left, right))[::step]:
                if edit.kind in KINDS and changes_its_value(right, edit.whole):
                    mutant = f"{latex(left)} {sign.replace('~', chr(92) + 'approx')} {latex(edit.whole)}"
                    tried += 1
                    alive += [mutant] if survives(mutant) else []
    say(f"mutants of the equations: {tried - len(alive)} of {tried} that change the value are caught")
    assert tried > 500 / step and alive == []
