"""Equations and derivations as people write them (as_written.toml): right ones hold, wrong ones do not, slips are
mended, and what the language has not got is called by its name."""

import re
import tomllib
from pathlib import Path

import pytest
from tiers import first_with, signs

from bgd_helpers.checks import check_derivation
from bgd_helpers.equations import EquationError, check_equation
from bgd_helpers.equations.reading import read

WRITTEN = tomllib.loads(Path(__file__).with_name("as_written.toml").read_text(encoding="utf-8"))


def judged(latex, mend=False):
    """The Result, or the EquationError."""
    try:
        return check_equation(latex, mend=mend)
    except EquationError as error:
        return error


@pytest.mark.parametrize("latex", first_with(signs, WRITTEN["right"]))
def test_style_is_no_slip(latex):
    assert check_equation(latex, mend=False).verdict == "holds"


@pytest.mark.parametrize("latex", first_with(signs, WRITTEN["wrong"]))
def test_no_wrong_one_holds(latex):
    assert getattr(judged(latex), "verdict", "refused") != "holds"


@pytest.mark.parametrize(
    ("latex", "said"), first_with(lambda latex, said: {said, latex.partition("=")[0]}, WRITTEN["slips"])
)
def test_a_slip_is_mended(latex, said):
    found = judged(latex, mend=True)
    assert said in (getattr(found, "slip", None) or "") or said in found.repair
    assert check_equation(found.repair).verdict == "holds"


@pytest.mark.parametrize(("latex", "name"), WRITTEN["outside"])
def test_what_stays_outside_is_called_by_its_name(latex, name):
    with pytest.raises(EquationError) as caught:
        check_equation(latex)
    assert name in caught.value.expected


@pytest.mark.parametrize(
    ("exercise", "answer"), first_with(lambda exercise, answer: {exercise, *signs(answer)}, WRITTEN["whole"])
)
def test_a_derivation_is_accepted_in_its_style(exercise, answer):
    verdict = check_derivation(exercise, answer)
    assert verdict.outcome == "right", verdict


@pytest.mark.parametrize(("exercise", "answer", "said"), WRITTEN["partial"])
def test_a_result_with_a_line_that_leads_nowhere_is_none(exercise, answer, said):
    verdict = check_derivation(exercise, answer)
    assert verdict.outcome == "wrong" and said in verdict.text, verdict


@pytest.mark.parametrize(("latex", "mended"), WRITTEN["letters"])
def test_a_slip_is_mended_in_the_letters_of_the_text(latex, mended):
    found = check_equation(latex)
    start, end = found.span
    assert found.repair == mended and check_equation(mended).verdict == "holds"
    assert mended.startswith(latex[:start]) and mended.endswith(latex[end:])


SPELLINGS = [
    tuple(part.strip().strip("`").replace(r"\|\|", "||") for part in line.strip("| \n").split("` | `"))
    for line in (Path(__file__).parent.parent / "docs" / "equations.md").read_text(encoding="utf-8").split("\n")
    if line.startswith("| `")
]


def test_the_table_of_spellings_is_shown():
    assert len(SPELLINGS) >= 40


@pytest.mark.parametrize(("written", "plain"), SPELLINGS)
def test_a_spelling_means_what_the_table_says(written, plain):
    one, other = (read(text if re.search("=|arrow|equiv", text) else f"{text} = 0") for text in (written, plain))
    assert [chain.sides for chain in one] == [chain.sides for chain in other]


SLIPS = Path(__file__).with_name("one_slip.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "latex", [pytest.param(row, marks=pytest.mark.slow if n % 50 else ()) for n, row in enumerate(SLIPS)]
)
def test_one_slip_is_mended(latex):
    """An equation with one slip, as students make them, is refuted, and what is offered in its place holds."""
    found = judged(latex.replace("¶", "\n"), mend=True)
    assert getattr(found, "verdict", "fails") == "fails"
    assert found.repair and check_equation(found.repair, mend=False).verdict == "holds"
