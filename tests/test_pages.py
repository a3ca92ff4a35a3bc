"""A page with one wrong line: every other line holds, the answer names the line and mends it, at home and graded."""

from pathlib import Path

import nbformat
import pytest
from test_judging import CASES, DONE, sent

from bgd_course.grading import course
from bgd_course.grading.judging import outcome_of
from bgd_helpers.checks import PAGES, check_page
from bgd_helpers.equations import check_equation

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
E5 = r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k+1)\top}) \odot f_k'(A^{(k)})"
PRINTED = PAGES["printed page"].shown[3]
ANSWERS = [
    ((4, E5), "right", "line 4 it is. Mended, it is E5."),
    ((4, r"\Delta^{(k)} = f_k'(A^{(k)}) \odot (\Delta^{(k+1)} {W^{(k+1)}}^T)"), "right", "line 4 it is"),
    ((4, f"$${E5}$$"), "right", "line 4 it is"),
    ((3, E5), "wrong", "what you mended is right, but line 3 is not the wrong one: it is E4"),
    ((4, PRINTED), "wrong", "still gives just what the lines shown give"),
    ((4, r"\Delta^{(k)} = (\Delta^{(k+1)} W^{(k+1)\top})"), "wrong", "the factor f_k'(a) is missing in a hidden layer"),
    ((4, r"\Delta^{(k)} = \frac{"), "wrong", "it cannot be read"),
    ((4, r"Z^{(k)} = f_k(A^{(k)})"), "wrong", "begin with the line's left side"),
    ((4, r"\Delta^{(k)} = \Delta^{(k)}"), "wrong", "leaves open what the line computes"),
    ((4, ""), "wrong", "line 4 is the wrong one, well found. But what you mended returns nothing yet"),
    ((9, E5), "wrong", "a whole number from 1 to 7"),
    ((..., ""), "not attempted", "no line is named yet"),
    (E5, "not attempted", "no line is named yet"),
]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_one_line_of_a_page_is_wrong_and_is_the_slip_it_is_said_to_be(page):
    found = [check_equation(line) for line in page.shown]
    assert [n for n, result in enumerate(found, 1) if result.verdict == "fails"] == [page.lines.wrong]
    assert found[page.lines.wrong - 1].slip == page.lines.slip
    assert {page.lines.wrong, *page.lines.rightly} == set(range(1, len(page.shown) + 1))


@pytest.mark.parametrize(("answer", "outcome", "text"), ANSWERS)
def test_an_answer_is_judged(answer, outcome, text):
    verdict = check_page("printed page", answer)
    assert verdict.outcome == outcome and text in verdict.text


@pytest.mark.parametrize(("answer", "outcome", "text"), ANSWERS)
def test_the_grader_says_the_same(answer, outcome, text):
    (task,) = [task for task in course.read(NOTEBOOKS).tasks if task.exercise in PAGES]
    found = outcome_of(task, sent(task, answer), DONE, CASES)
    assert found.outcome == outcome and text in found.text


def test_the_slip_is_not_named_before_its_line_is():
    assert check_page("printed page", (3, PRINTED)).slip is None and "taken at" not in repr(
        check_page("printed page", (3, PRINTED))
    )


def test_bad_input_says_what_to_do():
    with pytest.raises(ValueError, match="there is no page 'typo': choose one of printed page"):
        check_page("typo", (4, E5))
    with pytest.raises(ValueError, match="the mended line is a string of LaTeX"):
        check_page("printed page", (4, 4))


def test_the_notebook_shows_the_lines_of_the_page():
    cells = [cell for path in NOTEBOOKS.glob("*.ipynb") for cell in nbformat.read(path, as_version=4).cells]
    (shown,) = [cell.source for cell in cells if cell.id == "errata-text"]
    assert all(f"| {n} |" in shown and f"${line}$ |" in shown for n, line in enumerate(PAGES["printed page"].shown, 1))
