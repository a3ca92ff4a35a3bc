"""Derivations with sentences around their formulas (prose.toml): right ones pass, a wrong line is found in each."""

import tomllib
from pathlib import Path

import pytest
from tiers import first_with

from bgd_helpers.checks import check_derivation
from bgd_helpers.checks.derive import as_assignment, derive
from bgd_helpers.equations import EquationError, check_equation

WRITTEN = tomllib.loads(Path(__file__).with_name("prose.toml").read_text(encoding="utf-8"))
ALL = WRITTEN["found"] + WRITTEN["written"]
G = r"\nabla E_n = 2 (y_n - x_n^\top w) \frac{\partial}{\partial w} (y_n - x_n^\top w)"
END = r"\nabla E_n = -2 (y_n - x_n^\top w) x_n"


@pytest.mark.parametrize(("exercise", "answer"), [row[:2] for row in ALL])
def test_prose_is_passed_over(exercise, answer):
    verdict = check_derivation(exercise, answer)
    assert verdict.outcome == "right", verdict


@pytest.mark.parametrize(("exercise", "answer", "right", "wrong"), first_with(lambda *row: row[:1], ALL))
def test_a_wrong_line_is_found_among_prose(exercise, answer, right, wrong):
    assert answer.count(right) == 1
    verdict = check_derivation(exercise, answer.replace(right, wrong))
    assert verdict.outcome == "wrong" and "does not hold" in verdict.text, verdict


@pytest.mark.parametrize(
    "cheat",
    [
        rf"We take ${G.replace('E_n', 'u', 1)}$ first." + f"\n{END}",
        f"It is not true that ${G}$." + f"\n{END}",
        r"Introduce $\frac{\partial \hat y_n}{\partial w}$ by the chain rule." + f"\n{END}",
        f"Let $u = y_n - x_n^\\top w$ and ${G}$, wrong or not.\n$${END}$$",
        f"{G}\nas $\\nabla E_n = x_n$ says\n{END}",
        f"{G}\n= 2 (y_n - x_n^\\top w) x_n\nwhere $u = 1$",
        f"{G}\nso that ${END.replace('-2', 'foo')}$",
    ],
)
def test_nothing_is_gained_by_prose(cheat):
    assert check_derivation("gradient", cheat).outcome == "wrong"


@pytest.mark.parametrize("end", ["Q.E.D.", "QED", r"$\blacksquare$", r"\blacksquare", r"$\square$"])
def test_the_end_of_a_proof_is_no_line(end):
    assert check_derivation("gradient", f"{G}\n{END}\n{end}").outcome == "right"


@pytest.mark.parametrize("prefix", ["", "By the chain rule, with $u = 1$:\n"])
def test_backslashes_that_python_has_eaten_are_named(prefix):
    eaten = f"{prefix}{G}\n{END}".replace(r"\nabla", "\nabla").replace(r"\top", "\top").replace(r"\frac", "\frac")
    with pytest.raises(EquationError, match="write r before the quotation marks"):
        check_equation(eaten)
    assert "write r before the quotation marks" in check_derivation("gradient", eaten).text


def test_the_template_around_plain_lines_is_dropped():
    cell = f'{G}\n{END}\n\nderivation_gradient = r"""\n"""\n'
    assert derive("gradient", cell).verdict.outcome == "right"
    inside = f'derivation_gradient = r"""\n{G}\n{END}\n"""\n'
    assert derive("gradient", inside).verdict.outcome == "right"
    assert "derivation_gradient = r" not in as_assignment("%%derive gradient\n" + cell)


def test_a_line_that_is_passed_over_is_named_where_the_end_is_missing():
    verdict = check_derivation("gradient", f"{G}\nso that ${END.replace('-2', 'q')}$")
    assert "Line 2 has an equation that is passed over" in verdict.text


def test_many_symbols_in_sentences_are_no_fault():
    wordy = "The target is $y_n$, the input $x_n$, the weight $w$ and the loss $E_n$.\n" * 20
    assert check_derivation("gradient", f"{wordy}\n$${G}$$\nso that\n$${END}$$").outcome == "right"


@pytest.mark.parametrize("line", [r"We see $J = J$.", r"so $$= \frac1N \sum_n E_n$$", "J = J", "so J = J"])
def test_a_text_of_very_many_formulas_is_refused(line):
    with pytest.raises(EquationError, match="at most 100 formulas"):
        check_equation("J = J\n" + f"{line}\n" * 105)
