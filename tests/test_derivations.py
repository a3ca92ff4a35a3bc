"""A learner's derivations: blanks and slips do not pass, any right way does."""

import pytest

from bgd_helpers.checks import DERIVATIONS, check_derivation
from bgd_helpers.equations import EquationError, check_equation

E4, E5 = (
    r"-2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})",
    r"f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}",
)
E7 = r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N \sum_n z_{ni}^{(k-1)} \delta_{nj}^{(k)}"
E8 = r"\frac{\partial J}{\partial b_j^{(k)}} = \frac1N \sum_n \delta_{nj}^{(k)}"
MATRICES = (
    r"\Delta^{(L)} = -2 (Y - \hat Y) \odot f_L'(A^{(L)})",
    r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k+1)\top}) \odot f_k'(A^{(k)})",
    r"\frac{\partial J}{\partial W^{(k)}} = \frac1N Z^{(k-1)\top} \Delta^{(k)}",
    r"\frac{\partial J}{\partial b^{(k)}} = \frac1N \Delta^{(k)\top} \mathbf 1",
)

D = r"\frac{\partial E_n}{\partial a_{nj}^{(L)}}"
OUT = r"\frac{\partial E_n}{\partial \hat y_{nj}} \frac{\partial \hat y_{nj}}{\partial a_{nj}^{(L)}}"
BACK = r"\sum_j \frac{\partial E_n}{\partial a_{nj}^{(k+1)}} \frac{\partial a_{nj}^{(k+1)}}{\partial a_{ni}^{(k)}}"
W_MEAN, B_MEAN = (rf"\frac1N \sum_n \frac{{\partial E_n}}{{\partial {name}^{{(k)}}}}" for name in ("w_{ij}", "b_j"))

RIGHT = {
    "E4": [
        rf"\delta_{{nj}}^{{(L)}} = {OUT} = {E4}",
        rf"\frac{{\partial E_n}}{{\partial a_{{nj}}^{{(L)}}}} = {OUT}, \delta_{{nj}}^{{(L)}} = {E4}",
        r"\frac{\partial E_n}{\partial a_{nm}^{(L)}} = \sum_j \frac{\partial E_n}{\partial \hat y_{nj}} "
        r"\frac{\partial \hat y_{nj}}{\partial a_{nm}^{(L)}} = 2 f_L'(a_{nm}^{(L)}) (z_{nm}^{(L)} - y_{nm})",
        r"\begin{aligned} \delta_{nj}^{(L)} &= \frac{\partial}{\partial a_{nj}^{(L)}} \sum_m (y_{nm} - \hat y_{nm})^2"
        rf" \\ &= 2 (y_{{nj}} - \hat y_{{nj}}) (-f_L'(a_{{nj}}^{{(L)}})) \\ &= {E4} \end{{aligned}}",
        rf"\frac{{\partial E_n}}{{\partial \hat y_{{nj}}}} = -2 (y_{{nj}} - \hat y_{{nj}}) \\ "
        rf"\frac{{\partial \hat y_{{nj}}}}{{\partial a_{{nj}}^{{(L)}}}} = f_L'(a_{{nj}}^{{(L)}}) \\ "
        rf"\delta_{{nj}}^{{(L)}} = {E4}",
    ],
    "E5": [
        rf"\delta_{{ni}}^{{(k)}} = {BACK} = {E5}",
        r"\delta_{nj}^{(k-1)} = \sum_m \delta_{nm}^{(k)} \frac{\partial a_{nm}^{(k)}}{\partial a_{nj}^{(k-1)}} = "
        r"\sum_m \delta_{nm}^{(k)} w_{jm}^{(k)} f_{k-1}'(a_{nj}^{(k-1)})",
        rf"\frac{{\partial E_n}}{{\partial a_{{ni}}^{{(k)}}}} = {BACK} = {E5}",
    ],
    "E7 and E8": [
        rf"{E7.replace('=', f'= {W_MEAN} =')}, {E8.replace('=', f'= {B_MEAN} =')}",
        rf"\begin{{aligned}} {E8.replace('=', f'= {B_MEAN} =')} \\ {E7} \end{{aligned}}",
        r"\frac{\partial J}{\partial w_{ij}^{(k)}} = \frac1N \sum_n \frac{\partial E_n}{\partial w_{ij}^{(k)}} = "
        rf"\sum_n \frac{{\delta_{{nj}}^{{(k)}} z_{{ni}}^{{(k-1)}}}}{{N}}, {E8}",
    ],
    "matrix forms": [
        r" \\ ".join(MATRICES),
        r" \\ ".join([*MATRICES[:2], MATRICES[2].replace(r"Z^{(k-1)\top}", r"(Z^{(k-1)})^\top"), MATRICES[3]]),
    ],
}  # fmt: skip

WRONG = [
    ("E4", rf"\delta_{{nj}}^{{(L)}} = {E4}", "nothing leads"),
    ("E4", rf"\delta_{{nj}}^{{(L)}} = \frac{{\partial E_n}}{{\partial a_{{nj}}^{{(L)}}}} = {E4}", "nothing leads"),
    ("E5", rf"\delta_{{ni}}^{{(k)}} = {E5}", "nothing leads"),
    ("E7 and E8", f"{E7}, {E8}", "nothing leads"),
    ("E4", rf"{D} = 1 \cdot {D} = {E4}", "nothing leads"),
    ("E4", rf"{D} = {D} + 0 = {E4}", "nothing leads"),
    ("E4", rf"\frac{{\partial a_{{nj}}^{{(L)}}}}{{\partial a_{{nj}}^{{(L)}}}} = 1 \\ {D} = {E4}", "nothing leads"),
    ("E4", rf"{D} = {OUT} = {E4}".replace("{nj}", "{12}"), "does not hold"),
    ("E4", E4, "stops short"),
    ("E4", r"\delta_{nj}^{(L)} = \delta_{nj}^{(L)}", "not at its end"),
    ("E4", r"\delta_{nj}^{(L)} = \frac{\partial E_n}{\partial a_{nj}^{(L)}}", "not at its end"),
    ("E4", rf"\delta_{{nj}}^{{(L)}} = {E4.replace('-2', '2')}", "sign"),
    ("E4", rf"\delta_{{nj}}^{{(L)}} = {E4.replace('-2', '-')}", "half"),
    ("E4", r"a_{nj}^{(k)} = \sum_i z_{ni}^{(k-1)} w_{ij}^{(k)} + b_j^{(k)}", "E4 is missing"),
    ("E4", r"\delta_{nj}^{(L-1)} = \delta_{nj}^{(L-1)}", "E4 is missing"),
    ("E5", r"\delta_{ni}^{(k)} = \delta_{ni}^{(k)}", "not at its end"),
    ("E5", r"\delta_{ni}^{(L)} = -2 (y_{ni} - \hat y_{ni}) f_L'(a_{ni}^{(L)})", "E5 is missing"),
    ("E5", rf"\delta_{{ni}}^{{(k)}} = {E5.replace('w_{ij}', 'w_{ji}')}", "w_{ij}"),
    ("E7 and E8", E7, "E8 is missing"),
    ("E7 and E8", f"{E7}, {E8.replace(chr(92) + 'frac1N ', '')}", "not averaged"),
    ("E7 and E8", f"{E7.split(' = ')[0]} = {E7.split(' = ')[0]}, {E8}", "E7 is not"),
    ("matrix forms", r" \\ ".join(MATRICES[:3]), "E8 as matrices is missing"),
    ("matrix forms", r" \\ ".join([*MATRICES[:1], MATRICES[1].replace(r"\top", ""), *MATRICES[2:]]), "line 2"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_any_right_derivation_passes(exercise, answer):
    verdict = check_derivation(exercise, answer)
    assert repr(verdict).startswith("✓ right: every step holds, and the derivation arrives.")
    assert "$$" in verdict._repr_html_()


@pytest.mark.parametrize(("exercise", "answer", "said"), WRONG)
def test_a_wrong_derivation_does_not_pass(exercise, answer, said):
    verdict = check_derivation(exercise, answer)
    assert verdict.outcome == "wrong" and said in verdict.text, verdict


@pytest.mark.parametrize("exercise", DERIVATIONS)
@pytest.mark.parametrize("blank", ["", "\n", "...", None, ..., "  …  "])
def test_a_blank_is_not_attempted(exercise, blank):
    assert check_derivation(exercise, blank).outcome == "not attempted"


@pytest.mark.parametrize("exercise", DERIVATIONS)
def test_no_derivation_passes_for_another(exercise):
    for other in set(RIGHT) - {exercise}:
        assert all(check_derivation(exercise, answer).outcome == "wrong" for answer in RIGHT[other][:1])


def test_what_cannot_be_read_is_no_traceback():
    verdict = check_derivation("E4", r"\delta_{nj}^{(L)} = \frac{")
    assert verdict.outcome == "wrong" and "^" in verdict.text and "never closed" in verdict.text


def test_other_names_and_other_types_are_refused():
    with pytest.raises(ValueError, match="there is no derivation"):
        check_derivation("E6", "")
    with pytest.raises(ValueError, match="string of LaTeX"):
        check_derivation("E4", 3)


def test_the_first_wrong_line_is_named():
    lines = [r"\frac{\partial E_n}{\partial a_{nj}^{(L)}}", E4.replace("-2", "2"), E4]
    verdict = check_derivation("E4", r"\begin{aligned}" + r" \\ &= ".join(lines) + r"\end{aligned}")
    assert verdict.text.startswith("line 2 does not hold") and verdict.slip == "sign"


def test_every_goal_begins_with_what_can_be_read():
    from bgd_helpers.checks.derivations import GOALS

    for goal in GOALS.values():
        for start in goal.starts:
            assert check_equation(f"{start} = {start}").verdict == "holds"
    with pytest.raises(EquationError):
        check_equation("E4 =")
