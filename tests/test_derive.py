"""The cell magic %%derive: plain lines, each with its verdict; what is graded is what the cell binds."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import bgd_helpers
from bgd_course.grading.collect import _cell
from bgd_course.grading.course import read
from bgd_helpers.checks.derivations import check_derivation
from bgd_helpers.checks.derive import ANSWERS, as_assignment, derive, name_of, rows

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
E5 = """By the chain rule over the units of the next layer:
δ_{ni}^{(k)} = ∑_j (∂E_n/∂a_{nj}^{(k+1)}) (∂a_{nj}^{(k+1)}/∂a_{ni}^{(k)})
= \\sum_j \\delta_{nj}^{(k+1)} w_{ij}^{(k+1)} f_k'(a_{ni}^{(k)})
"""
LOST = E5.replace(" f_k'(a_{ni}^{(k)})", "") + "= \\sum_j w_{ij}^{(k+1)} \\delta_{nj}^{(k+1)}\n"


def signs(derivation):
    return [sign for _, sign, *_ in rows(derivation.text, derivation.steps)]


def test_each_line_has_its_verdict():
    shown = repr(derive("E5", E5)).split("\n")
    assert shown[0].startswith("  By the chain rule") and shown[1].endswith("   holds")
    assert "holds: a large step" in shown[2]
    assert shown[3].startswith("✓ right")


def test_an_update_is_judged_by_its_rule_and_by_the_number_of_updates():
    cell = "w_(t+1) = w_t - η ∇E_n = w_t + 2 η (y_n - x_n^T w_t) x_n\nw_(t+1) - w* = (I - η H)^(t+1) (w_0 - w*)\n"
    assert signs(derive("E14", cell)) == ["✓", "✓"]


def test_the_check_shows_plain_lines_as_lines_and_words_as_words():
    shown = derive("gradient", "The loss is a square\n∇E_n = ∂/∂w (y_n - x_n^T w)^2\n= x_n\n").verdict._repr_html_()
    assert re.search("<ol><li[^>]*>The loss is a square</li><li[^>]*>[$]", shown) and r"\boxed{x_n}" in shown


def test_the_first_wrong_line_and_what_follows_from_it():
    shown = derive("E5", LOST)
    lines = repr(shown).split("\n")
    assert lines[2].startswith("✗") and lines[3].startswith("↳") and "follows from line 3" in lines[3]
    assert "f_k'" in shown.verdict.text and "Line 4 follows from your line 3." in shown.verdict.text


def test_lines_without_latex_are_shown_as_they_are_read():
    shown = derive("E4", "∂E_n/∂a_nj^(L) = ∂E_n/∂ŷ_nj · ∂ŷ_nj/∂a_nj^(L)\n= -2 (y_nj - ŷ_nj) f_L'(a_nj^(L))\n")
    assert shown.verdict.outcome == "right" and signs(shown) == ["✓", "✓"]
    assert "a_{nj}^{(L)}" in shown.text


def test_html_has_the_same_signs_as_the_text():
    html = derive("E5", LOST)._repr_html_()
    assert html.count("<tr>") == 4 and "✗" in html and "↳" in html and r"$\displaystyle" in html


def test_a_caret_stands_below_its_place_in_html_too():
    html = derive("E4", "= -2 (y_nj - ŷ_nj\n")._repr_html_()
    line, caret = html[html.index("<pre>") + 5 : html.index("</pre>")].split("\n")
    assert line[caret.index("^")] == "(" and "<pre>" in check_derivation("E4", "= -2 (y_{nj}")._repr_html_()


def test_a_cell_that_cannot_be_read_says_so():
    assert "cannot be read" in repr(derive("E4", r"\delta_{nj}^{(L)} = \frac{"))
    assert "not attempted" in repr(derive("E4", "\n"))


@pytest.mark.parametrize(
    ("line", "name"),
    [("E4", "E4"), (" e5 ", "E5"), ("E7", "E7 and E8"), ("e7, e8", "E7 and E8"), ("matrix forms", "matrix forms")]
    + [("E4: the output layer", "E4"), ("matrix gradient", "matrix gradient"), ("matrix f", "matrix forms")],
)
def test_names(line, name):
    assert name_of(line) == name


@pytest.mark.parametrize("line", ["", "E6", "and", "E1", "matrix", "page"])
def test_another_name_is_refused(line):
    with pytest.raises(ValueError, match="one of E4, E5"):
        name_of(line)


@pytest.fixture
def shell():
    """A kernel's shell in which bgd_helpers is imported."""
    shell = InteractiveShell.instance()
    importlib.reload(bgd_helpers)
    yield shell
    InteractiveShell.clear_instance()


BEFORE = ["%%derive E5\n", "# mine\n\n%% derive e5: hidden layers\n", 'derivation_e5 = r"""\n%%derive E5\n']


@pytest.mark.parametrize("before", BEFORE)
def test_the_kernel_and_the_grader_bind_the_name_that_is_checked(shell, before):
    shell.run_cell(before + E5)
    assert shell.user_ns["derivation_e5"] == E5
    exec(as_assignment(before + E5), graded := {})
    assert graded["derivation_e5"] == E5


@pytest.mark.parametrize("cell", ["%%derive\n" + E5, "%%derive page\n" + E5, "dE_n/da_nj^(L) = f_L'(a_nj^(L)\n= 2"])
def test_a_cell_without_its_name_is_told_so_in_a_line(shell, cell, capsys):
    shell.run_cell(cell)
    assert capsys.readouterr().err.startswith("UsageError: write %%derive and one of E4, E5, ")


def test_a_cell_of_python_is_none_of_lines(shell):
    assert shell.run_cell("k = 2\nw = 3^(k + 1)\nw").result == 0


def test_grading_reads_the_cell_as_that_assignment():
    cell = _cell({"id": "derive-e5", "cell_type": "code", "source": "%%derive E5\n" + E5})
    (statement,) = ast.parse(cell.source).body
    assert statement.targets[0].id == "derivation_e5" and statement.value.value == E5
    assert as_assignment("x = 1") == "x = 1" and as_assignment("%%derive E6\nx") == "%%derive E6\nx"


def test_the_names_are_those_of_the_notebooks():
    tasks = {task.exercise: task.variable for task in read(NOTEBOOKS).tasks if task.is_derivation}
    assert tasks == ANSWERS


PASTED = r"""Sure! Here is **the derivation**:
$$
\begin{aligned}
\frac{\partial E_n}{\partial a_{nj}^{(L)}}
&= \frac{\partial E_n}{\partial \hat y_{nj}} \frac{\partial \hat y_{nj}}{\partial a_{nj}^{(L)}} \\
&= 2 (y_{nj} - \hat y_{nj}) f_L'(a_{nj}^{(L)})
\end{aligned}
$$
"""


def test_what_is_pasted_has_its_signs_beside_its_lines():
    shown = derive("E4", PASTED)
    assert signs(shown) == ["", "", "✓", "✗"] and "line 4 does not hold" in shown.verdict.text
    html = shown.verdict._repr_html_()
    assert "Sure! Here is <b>the derivation</b>:" in html and "begin" not in html and "$$" not in html
    assert html.count("Sure") == 1 and html.rpartition("Mended:")[2].count("<div>") == 1
