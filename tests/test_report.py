"""The reports: nothing in them can run."""

from dataclasses import replace

import pytest

from bgd_course.grading import report
from bgd_course.grading.results import Result, Row


def result_of(text, learner="ada", outcome="wrong", file="a.ipynb"):
    score = 1 if outcome == "right" else 0
    return Result(learner, True, [text], [Row("loss", "a.ipynb", "exercise-loss", 1, score, outcome, text, None, file)])


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "[x](javascript:alert(1))", "![](http://x)", "a\x00b\x1b[0m"]
)
def test_nothing_that_a_learner_wrote_can_run(text):
    result = result_of(text, learner=text)
    page, plain = report.feedback_html(result), report.feedback_markdown(result)
    assert "<script" not in page + plain and "](" not in plain and "\x1b" not in page + plain
    assert "default-src 'none'" in page


def test_no_cell_of_the_table_is_a_formula():
    table = report.scores([result_of("=1+1", learner="@SUM(A1)")])
    assert "'@SUM(A1)" in table and "'=1+1" in table
    table = report.scores([result_of("x; \uff0d1", learner="\u200b=x;-=1,+2")])
    assert "'\u200b=x;-=1,+2" in table and "x;' \uff0d1" in table


def test_formulas_are_code_and_a_dollar_alone_stays_one():
    result = result_of("write $w_{ij}^{(k)}$ for 5 $")
    assert "write <code>w_{ij}^{(k)}</code> for 5 $<" in report.feedback_html(result)
    assert r"write `w_{ij}^{(k)}` for 5 \$" in report.feedback_markdown(result)
    assert "`<b>`" not in report.feedback_markdown(result_of("$<b>$"))


def test_the_exercises_of_notebooks_that_were_not_handed_in_are_one_line_of_the_page():
    found = result_of("no")
    blank = replace(found.exercises[0], exercise="update", outcome="not attempted", text="Nothing here.")
    missing = [replace(blank, exercise=f"e{n}", notebook=f"{n // 2}.ipynb", points=2, file="") for n in range(3)]
    result = replace(found, exercises=[*found.exercises, blank, *missing])
    markdown, html = report.feedback_markdown(result), report.feedback_html(result)
    assert markdown.endswith("- ○ **3 exercises in 2 notebooks**, 0 of 6: not handed in.\n")
    assert markdown.count("- ") == 4 and "**update**" in markdown and "0 of 8 points" in markdown
    assert "<tr><td>3 exercises in 2 notebooks</td><td class=n>0 of 6</td>" in html and html.count("<tr>") == 4
    part = replace(result, notes=["a.ipynb was not graded: it is empty."])
    assert "not handed in, or not graded (see above)." in report.feedback_html(part)
    assert "or not graded (see above)." in report.feedback_markdown(replace(result, graded=False))
    lost = replace(result, exercises=[replace(one, outcome="stopped", text="not graded.") for one in result.exercises])
    assert "not handed in" not in report.feedback_markdown(lost) + report.feedback_html(lost)


def test_the_class_page_counts_outcomes_and_means():
    right = result_of("", "bob", "right")
    page = report.overview([result_of("no"), result_of("late", "cy", "stopped"), right])
    assert "<tr><td>loss</td><td class=n>1</td><td class=n>1</td><td class=n>1</td><td class=n>–</td>" in page
    assert page.count("<td class=n>0.3 of 1</td>") == 2 and "No known slip." in page


def test_reports_of_others_are_found(tmp_path):
    for name in ("feedback", "gradescope"):
        (tmp_path / name).mkdir()
    report.write([result_of("no"), result_of("no", "bob")], tmp_path)
    assert report.of_others([result_of("no")], tmp_path) == ["bob"]
    assert report.of_others([result_of("no"), result_of("no", "bob")], tmp_path) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "yes"),
        ({"graded": False}, "no"),
        ({"outcome": "not attempted"}, "nothing answered"),
        ({"file": ""}, "nothing handed in"),
        ({"notes": ["a.ipynb was not graded: it is no notebook."]}, "in part"),
        ({"notes": ["a.ipynb was not graded: superseded by a-1.ipynb, which is later."]}, "yes"),
        ({"notes": ["superseded by x, which is later..ipynb was not graded: it is no notebook."]}, "in part"),
    ],
)
def test_whether_all_was_graded(change, said):
    of_row = {name: value for name, value in change.items() if name in ("outcome", "file")}
    of_result = {name: value for name, value in change.items() if name in ("graded", "notes")}
    assert report.graded(replace(result_of("no", **of_row), **of_result)) == said
