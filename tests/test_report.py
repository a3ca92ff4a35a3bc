"""The reports: nothing in them can run."""

import pytest

from bgd_helpers.grading import report


def result_of(text, learner="ada", outcome="wrong"):
    row = {"exercise": "loss", "points": 1, "score": 0, "outcome": outcome, "text": text, "slip": None}
    return {"learner": learner, "graded": True, "notes": [text], "exercises": [row]}


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
