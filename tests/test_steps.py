"""A derivation step by step: the first that fails, what follows from it, and steps that take several rules at once."""

import pytest

from bgd_helpers.checks import check_derivation
from bgd_helpers.equations import check_equation
from bgd_helpers.equations.steps import steps_of

DEFINED = r"\delta_{ni}^{(k)} = \frac{\partial E_n}{\partial a_{ni}^{(k)}}"
BACK = r"\sum_j \frac{\partial E_n}{\partial a_{nj}^{(k+1)}} \frac{\partial a_{nj}^{(k+1)}}{\partial a_{ni}^{(k)}}"
LOST = r"\sum_j \delta_{nj}^{(k+1)} w_{ij}^{(k+1)}"
E5 = r"f_k'(a_{ni}^{(k)}) \sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}"


def outcomes(*lines):
    return [(step.line, step.outcome) for step in steps_of("\n= ".join(lines))]


def test_the_first_wrong_line_is_told_from_those_that_follow_from_it():
    assert outcomes(DEFINED, BACK, E5) == [(1, "holds"), (2, "holds"), (3, "holds")]
    found = outcomes(DEFINED, BACK, LOST, r"\sum_j w_{ij}^{(k+1)} \delta_{nj}^{(k+1)}")
    assert found == [(1, "holds"), (2, "holds"), (3, "fails"), (4, "follows")]


def test_a_line_that_is_right_again_is_told_so():
    steps = steps_of("\n= ".join((DEFINED, BACK, LOST, E5)))
    assert steps[-1].outcome == "holds" and "first side again" in steps[-1].said


@pytest.mark.parametrize("broken", [r" \\ = ", "\n= "])
def test_the_message_says_what_follows(broken):
    message = check_equation(broken.join((DEFINED, BACK, LOST, LOST))).message
    assert message.startswith("line 3 does not hold") and "Line 4 follows from your line 3." in message


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (r"\delta_{nj}^{(L)}", r"-2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})", "loss"),
        (r"\delta_{ni}^{(k)}", E5, "w"),
        (r"\frac{\partial J}{\partial b_j^{(k)}}", r"\frac1N \sum_n \delta_{nj}^{(k)}", "mean over the examples"),
    ],
)
def test_a_large_step_says_which_rules_it_hides(left, right, said):
    (step,) = steps_of(f"{left} = {right}")
    assert step.outcome == "holds" and "large step" in step.said and said in step.said


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (r"\delta_{ni}^{(k)}", BACK),
        (r"\frac{\partial J}{\partial b_j^{(k)}}", r"\frac1N \sum_n \frac{\partial E_n}{\partial b_j^{(k)}}"),
        (r"\frac{\partial \hat y_{nj}}{\partial a_{nj}^{(L)}}", r"f_L'(a_{nj}^{(L)})"),
        (r"\delta_{nj}^{(k)}", r"\frac{\partial E_n}{\partial a_{nj}^{(k)}}"),
    ],
)
def test_one_rule_is_no_large_step(left, right):
    (step,) = steps_of(f"{left} = {right}")
    assert step == (1, step.span, "holds", "")


def test_a_true_line_that_leads_nowhere_is_named_in_a_right_derivation_too():
    extra = r"\frac{\partial a_{nj}^{(k)}}{\partial b_j^{(k)}} = 1"
    verdict = check_derivation("E5", rf"\delta_{{ni}}^{{(k)}} = {BACK} = {E5} \\ {extra}")
    assert verdict.outcome == "right" and "Line 2 is true, but the derivation does not need it" in verdict.text


@pytest.mark.parametrize(("sign", "outcome"), [("=", "fails"), (r"\approx", "holds")])
def test_a_step_is_as_exact_as_its_sign(sign, outcome):
    steps = steps_of(rf"\delta_{{nj}}^{{(L)}} = 0 + \delta_{{nj}}^{{(L)}} {sign} (1 + 10^{{-7}}) \delta_{{nj}}^{{(L)}}")
    assert steps[-1].outcome == outcome
