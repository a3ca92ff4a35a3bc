"""An answer that names a wrong line and mends it: the two are told apart, in code and in equations."""

import pytest

from bgd_helpers.checks.lines import STILL, Lines, parted, told
from bgd_helpers.checks.verdicts import Verdict

LINES = Lines(2, {1: "holds: it is E2", 3: "adds over the outputs"}, "a sign")
RIGHT, BLANK = Verdict("right", "E4 holds."), Verdict("not attempted", "nothing yet.")
SAME, OTHER = Verdict("wrong", "the sign is wrong.", "a sign"), Verdict("wrong", "a factor 2 is missing.", "a factor")


@pytest.mark.parametrize(
    ("line", "found", "outcome", "text"),
    [
        (2, RIGHT, "right", "E4 holds."),
        (2, SAME, "wrong", f"line 2 is the wrong one, well found. But {STILL}."),
        (2, OTHER, "wrong", "well found. But what you mended is wrong because a factor 2 is missing."),
        (2, BLANK, "wrong", "well found. But what you mended returns nothing yet."),
        (3, RIGHT, "wrong", "what you mended is right, but line 3 is not the wrong one: it adds over the outputs."),
        (1, OTHER, "wrong", "line 1 is not the wrong one: it holds: it is E2. And what you mended is wrong because a"),
        (None, RIGHT, "not attempted", "no line is named yet"),
        (..., SAME, "not attempted", "a line (1 to 3)"),
        (4, RIGHT, "wrong", "a whole number from 1 to 3, not '4'"),
        ("2", RIGHT, "wrong", "a whole number from 1 to 3"),
        (True, RIGHT, "wrong", "a whole number"),
    ],
)
def test_the_line_and_what_was_mended_are_told_apart(line, found, outcome, text):
    said = told(LINES, line, found)
    assert said[0] == outcome and text in said[1]


@pytest.mark.parametrize("line", [1, 3, 4, None])
def test_the_slip_is_not_given_away_before_its_line_is_named(line):
    assert "sign" not in told(LINES, line, SAME)[1]


def test_a_pair_is_parted_and_anything_else_names_no_line():
    assert parted((2, "J = 0")) == (2, "J = 0") and parted("J = 0") == (None, "J = 0") and parted((1,)) == (None, (1,))
