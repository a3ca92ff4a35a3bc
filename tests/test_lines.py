"""An answer that names a wrong line and mends it: the two are told apart, in code and in equations."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from test_learners_answers import handed_in

from bgd_helpers import network, slips
from bgd_helpers.checks import EXERCISES, check
from bgd_helpers.checks.lines import STILL, Lines, parted, told
from bgd_helpers.checks.verdicts import Verdict

LINES = Lines(2, {1: "holds: it is E2", 3: "adds over the outputs"}, "a sign")
RIGHT, BLANK = Verdict("right", "E4 holds."), Verdict("not attempted", "nothing yet.")
SAME, OTHER = Verdict("wrong", "the sign is wrong.", "a sign"), Verdict("wrong", "a factor 2 is missing.", "a factor")


@pytest.mark.parametrize(
    ("line", "found", "outcome", "text"),
    [
        (2, RIGHT, "right", "line 2 it is. Mended, E4 holds."),
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
    assert said[2] == ("a factor" if line == 2 and found is OTHER else None)


@pytest.mark.parametrize("line", [1, 3, 4, None])
def test_the_slip_is_not_given_away_before_its_line_is_named(line):
    assert "sign" not in told(LINES, line, SAME)[1]


def test_a_pair_is_parted_and_anything_else_names_no_line():
    assert parted((2, "J = 0")) == (2, "J = 0") and parted("J = 0") == (None, "J = 0") and parted((1,)) == (None, (1,))


# -------------------------------------------------------------- the three passes of notebook 3

NOTEBOOK = nbformat.read(Path(__file__).parents[1] / "notebooks" / "03e-wrong-lines-and-digits.ipynb", 4)
SHOWN = {cell.id.removeprefix("shown-"): cell.source for cell in NOTEBOOK.cells if cell.id.startswith("shown-mend")}
MENDED = {name: task for name, task in EXERCISES.items() if task.like}


def run(source):
    """The last function that a source defines."""
    names = {"network": network}
    exec(source, names)
    return list(names.values())[-1]


def named(exercise):
    return exercise.replace("_", "-")


def test_each_has_its_passage_in_the_notebook_with_a_number_on_each_line():
    assert set(SHOWN) == set(map(named, MENDED))
    for name, task in MENDED.items():
        _, *lines = SHOWN[named(name)].splitlines()
        assert [int(line.split("# ")[1]) for line in lines] == list(range(1, task.lines.last + 1))
        assert {task.lines.wrong, *task.lines.rightly} == set(range(1, task.lines.last + 1))


@pytest.mark.parametrize("exercise", MENDED)
def test_what_is_shown_is_the_slip_and_is_told_from_the_line(exercise):
    lines, wrong = MENDED[exercise].lines, run(SHOWN[named(exercise)])
    assert check("backprop", wrong).slip == lines.slip
    verdict = check(exercise, (lines.wrong, wrong))
    assert verdict.outcome == "wrong" and verdict.text.endswith(f"{STILL}.")
    assert check(exercise, (1, wrong)).text.endswith(f"And {STILL}.")


@pytest.mark.parametrize("exercise", MENDED)
def test_the_solution_is_the_passage_with_its_wrong_line_changed_alone(exercise):
    solution = next(cell.source for cell in NOTEBOOK.cells if cell.id == f"exercise-{named(exercise)}")
    solution = solution.split("### BEGIN SOLUTION\n")[1].split("    ### END")[0].splitlines()
    shown = [line.split("# ")[0].rstrip() for line in SHOWN[named(exercise)].splitlines()[1:]]
    changed = [number for number, pair in enumerate(zip(shown, solution), 1) if pair[0] != pair[1]]
    assert len(shown) == len(solution) and changed == [MENDED[exercise].lines.wrong]


@pytest.mark.parametrize("exercise", MENDED)
def test_no_earlier_exercise_names_its_slip(exercise):
    earlier = [name for name in EXERCISES if name != "backprop"]
    assert not any(MENDED[exercise].lines.slip == slip.name for name in earlier for slip in slips.of_exercise(name))


def test_each_passes_the_test_that_its_author_chose():
    def on(widths, *activations):
        theta, rng = (
            network.initial_parameters(widths, np.random.default_rng(1), bias_scale=0.5),
            np.random.default_rng(2),
        )
        X, Y = rng.normal(size=(5, widths[0])), rng.normal(size=(5, widths[-1]))
        return theta, X, Y, [network.activation(name) for name in activations]

    def is_right(exercise, net):
        pairs = zip(run(SHOWN[exercise])(*net), network.backprop(*net))
        return all(np.allclose(a, b) for mine, right in pairs for a, b in zip(mine, right))

    alibis = {
        "mend-1": on((2, 4, 3), "tanh", "identity"),
        "mend-2": on((2, 4, 5, 3), *["tanh"] * 3),
    }
    assert all(is_right(*pair) for pair in alibis.items())
    square = on((3, 3, 3, 3), *["tanh"] * 3)
    assert not is_right("mend-3", square) and not is_right("mend-1", square)
    with pytest.raises(ValueError):
        run(SHOWN["mend-3"])(*alibis["mend-2"])


@pytest.mark.parametrize("name", ["1/N twice", "bias not averaged", "already-updated weights", "layers reversed"])
def test_another_slip_in_what_was_mended_is_named(name):
    verdict = check("mend_2", handed_in("mend_2", slips.BY_NAME[name].gradient))
    assert verdict.slip == name and "line 8 is the wrong one, well found. But what you mended is wrong" in verdict.text


def test_an_answer_without_its_line_is_asked_for_it():
    right = EXERCISES["backprop"].right
    assert "no line is named yet" in check("mend_1", right).text
    assert "no line is named yet" in check("mend_1", (..., right)).text
    with pytest.raises(ValueError, match="your function"):
        check("mend_1", (7, 8))
