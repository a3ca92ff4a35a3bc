"""The answers that learners write, before the checks: named or rightly located, none misled, none passed."""

import linecache
import re
from collections import Counter
from textwrap import indent

import learners_answers
import numpy as np
import odd_answers
import pytest
from learners_answers import RIGHT, SOURCES, WRONG
from tiers import first_with

from bgd_helpers import network
from bgd_helpers.checks import EXERCISES, check, checks

ODD = odd_answers.THIRD + odd_answers.FOURTH + odd_answers.FIFTH + odd_answers.SIXTH
ODD_RIGHT = odd_answers.ODD_RIGHT + odd_answers.FOURTH_RIGHT
FEW = 0.75  # seconds that an endless answer may compute here


def answer(exercise, body, number=0):
    """The function of a learner, from a cell of its own."""
    source = f"def {exercise}({', '.join(EXERCISES[exercise].parameters)}):\n{indent(body, '    ')}\n"
    cell = f"<cell {exercise} {number}>"
    linecache.cache[cell] = len(source), None, source.splitlines(True), cell
    names = {"np": np, "network": network} | {name: getattr(network, name) for name in EXERCISES["backprop"].needs}
    exec(compile(source, cell, "exec"), names)
    return handed_in(exercise, names[exercise], re.match(r"# line (\d+)", body))


def handed_in(exercise, function, named=None):
    """A function as that exercise wants it: with the line that is named beside it, the wrong one if none is, where a
    line is asked for."""
    lines = EXERCISES[exercise].lines
    return (int(named[1]) if named else lines.wrong, function) if lines else function


def heard(row):
    """How a wrong answer is heard: named, located, generic, misled or passed; and what was said."""
    exercise, wanted, _, body = row
    verdict = check(exercise, answer(exercise, body))
    said = f"{verdict.slip}: {verdict.text}"
    if verdict.outcome == "right":
        return "passed", said
    if re.search(wanted, said, re.DOTALL):
        return "named" if verdict.slip else "located", said
    return "misled" if verdict.slip or verdict.outcome == "not attempted" else "generic", said


@pytest.mark.parametrize("number", first_with(lambda number: {(WRONG + ODD)[number][:2]}, zip(range(len(WRONG + ODD)))))
def test_a_wrong_answer_is_named_or_rightly_located(number, monkeypatch):
    monkeypatch.setattr(checks, "SECONDS", FEW)
    how, said = heard((WRONG + ODD)[number])
    assert how in ("named", "located"), said


@pytest.mark.parametrize("number", range(len(RIGHT + ODD_RIGHT)))
def test_a_right_answer_is_right_in_any_style(number):
    exercise, body = (RIGHT + ODD_RIGHT)[number]
    verdict = check(exercise, answer(exercise, body, number))
    assert verdict.outcome == "right", verdict.text


def test_the_set_is_large_and_has_sources():
    assert len(WRONG) >= 100 and len(RIGHT) >= 40
    assert {row[0] for row in WRONG} == {row[0] for row in RIGHT} == set(EXERCISES)
    assert {row[2] for row in WRONG + ODD} <= set(SOURCES) | set(odd_answers.ODD_SOURCES)
    assert len({row[3] for row in WRONG}) > len(WRONG) - 5 and learners_answers.__doc__


if __name__ == "__main__":  # the tally, and what is said to each that is not heard
    checks.SECONDS = FEW
    rows = [(row, *heard(row)) for row in WRONG + ODD]
    for row, how, said in rows:
        if how not in ("named", "located"):
            print(f"{how} {row[0]}, wanted {row[1]!r}\n    {row[3]!r}\n    {said}")
    print(len(rows), Counter(how for _, how, _ in rows))
