"""From what an answer sent out to its outcome, without a sandbox: the answers are called in this process."""

import json
import signal
import time

import pytest
import slip_sources
from classes import COURSE
from test_learners_answers import handed_in

from bgd_course.grading import judging
from bgd_course.grading.judging import BLANK, Cases, Outcome, limited, outcome_of
from bgd_course.grading.kernel import Ran
from bgd_helpers.checks import EXERCISES, protocol, shell

TASKS = {task.exercise: task for task in COURSE.tasks}
IN_PYTHON = [name for name in TASKS if name in EXERCISES]
DERIVED = next(task for task in COURSE.tasks if task.is_derivation)
CASES = Cases([5, 7])
UPDATE = TASKS["update"]
DONE = Ran("done")


def sent(task, value, cases=CASES):
    """What the kernel sends out of an answer of that value."""
    exercise = EXERCISES.get(task.exercise)
    asked = (exercise.parameters, cases.of(task.exercise).packed, exercise.read.__name__) if exercise else (None,) * 3
    return Ran("done", "", json.loads(json.dumps(shell.values({task.variable: value}, task.variable, *asked))))


def changed(ran, change):
    """The same with its values changed by a function of the list."""
    return ran._replace(values=change(ran.values))


@pytest.mark.parametrize("exercise", IN_PYTHON)
def test_a_right_answer_is_right(exercise):
    found = outcome_of(
        TASKS[exercise], sent(TASKS[exercise], handed_in(exercise, EXERCISES[exercise].right)), DONE, CASES
    )
    assert found.outcome == "right" and found.slip is None and len(found.text) > 10


@pytest.mark.parametrize("exercise", sorted(set(IN_PYTHON) & set(slip_sources.slips())))
def test_a_slip_is_named_and_its_values_are_not_told(exercise):
    name, source = slip_sources.slips()[exercise][0]
    names = {}
    exec("import numpy as np\nfrom bgd_helpers import network\n" + source, names)
    found = outcome_of(TASKS[exercise], sent(TASKS[exercise], names[TASKS[exercise].variable]), DONE, CASES)
    assert (found.outcome, found.slip) == ("wrong", name) and found.text


def test_a_derivation_is_read():
    right = {}
    exec(DERIVED.solution, right)
    latex = right[DERIVED.variable]
    assert outcome_of(DERIVED, sent(DERIVED, latex), DONE, CASES)[::2] == ("right", None)
    assert outcome_of(DERIVED, sent(DERIVED, "a = b"), DONE, CASES).outcome == "wrong"


def test_what_was_stopped_says_why():
    ran = Ran("stopped", "it took longer than 3 seconds", ["missing"])
    assert outcome_of(UPDATE, ran, DONE, CASES) == Outcome("stopped", "it took longer than 3 seconds.")


@pytest.mark.parametrize(
    ("said", "quote", "told"),
    [("NameError: x is\n1.25", True, " (NameError: x is …)"), ("NameError: x", False, ""), ("", True, "")],
)
def test_no_values_are_wrong(said, quote, told):
    found = outcome_of(UPDATE, Ran("raised", said), DONE, CASES, quote)
    assert found == Outcome("wrong", f"its values could not be read{told}.")


MISSING = "it does not define `update`."


@pytest.mark.parametrize(
    ("answered", "quote", "told"),
    [
        (DONE, True, MISSING),
        (Ran("raised", "ValueError: 0.125"), True, "its cell raises ValueError: …."),
        (Ran("raised", "ValueError: 0.125"), False, MISSING),
        (Ran("stopped", "it took long"), True, MISSING),
    ],
)
@pytest.mark.parametrize("value", [None, ...])
def test_no_answer_says_what_its_cell_raised(value, answered, quote, told):
    assert outcome_of(UPDATE, sent(UPDATE, value), answered, CASES, quote) == Outcome("wrong", told)


def test_a_value_of_another_kind():
    told = "`update` is of type int, and should be a function."
    assert outcome_of(UPDATE, sent(UPDATE, 3), DONE, CASES) == Outcome("wrong", told)
    told = f'`{DERIVED.variable}` is of type int, and should be a string of LaTeX, r"...".'
    assert outcome_of(DERIVED, sent(DERIVED, 3), DONE, CASES) == Outcome("wrong", told)
    long = outcome_of(UPDATE, Ran("done", "", ["kind", "x" * 100]), DONE, CASES).text
    assert long == f"`update` is of type {'x' * 60}, and should be a function."


@pytest.mark.parametrize(
    ("value", "outcome", "text"),
    [
        ((7, EXERCISES["backprop"].right), "right", "line 7 it is. Mended, the gradient is right"),
        ((3, EXERCISES["backprop"].right), "wrong", "what you mended is right, but line 3 is not the wrong one"),
        ((..., EXERCISES["backprop"].right), "not attempted", "no line is named yet"),
        (EXERCISES["backprop"].right, "not attempted", "no line is named yet"),
        ((7.0, EXERCISES["backprop"].right), "wrong", "the line should be a whole number from 1 to 8"),
        (([[0.125]], EXERCISES["backprop"].right), "wrong", "a whole number from 1 to 8, not '[[…]]'"),
        ((7, lambda theta, X, Y, activations: theta), "wrong", "line 7 is the wrong one, well found. But what you"),
        ((7, 7), "wrong", "should be a function"),
    ],
)
def test_a_pair_names_a_line_and_mends_it(value, outcome, text):
    found = outcome_of(TASKS["mend_1"], sent(TASKS["mend_1"], value), DONE, CASES)
    assert found.outcome == outcome and text in found.text


def test_a_pair_where_none_is_asked_for_is_a_tuple():
    right = EXERCISES["update"].right
    assert "is of type tuple" in outcome_of(UPDATE, sent(UPDATE, (1, right)), DONE, CASES).text


CHANGED = Outcome("wrong", "its values could not be read: what it sent out was changed on the way.")
RIGHT = sent(UPDATE, EXERCISES["update"].right)
FIRST = CASES.of("update").first
FORGED = {
    "a text": RIGHT._replace(values="seen"),
    "a number": RIGHT._replace(values=7),
    "an object": RIGHT._replace(values={"seen": 1}),
    "a kind that is none": RIGHT._replace(values=[["seen"], 1]),
    "another kind": changed(RIGHT, lambda values: ["right"]),
    "too few": changed(RIGHT, lambda values: values[:1]),
    "too many": changed(RIGHT, lambda values: [*values, 1]),
    "one case less": changed(RIGHT, lambda values: ["seen", [values[1][0], *(part[1:] for part in values[1][1:])]]),
    "no later case": changed(
        RIGHT, lambda values: ["seen", [*values[1][:2], values[1][2][: len(values[1][3])], values[1][3]]]
    ),
    "no second call": changed(RIGHT, lambda values: ["seen", [True, [], values[1][2], []]]),
    "no case": changed(RIGHT, lambda values: ["seen", [True, [], [], []]]),
    "nothing": RIGHT._replace(values=[]),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_was_changed_on_the_way_is_wrong(name):
    assert outcome_of(UPDATE, FORGED[name], DONE, CASES) == CHANGED


def stateful():
    """An update that is right in the first round of calls."""
    calls = iter([1] * FIRST)

    def update(theta, gradient, eta):
        return theta - eta * gradient if next(calls, 0) else theta

    return update


def in_place(theta, gradient, eta):
    theta -= eta * gradient
    return theta


def second_round(replaced):
    """A change of what is sent: in place of the second round of calls, the first; no argument was changed."""

    def change(values):
        takes, changed, found, again = values[1]
        return ["seen", [takes, [False] * len(changed), found, found[: len(again)] if replaced else again]]

    return change


@pytest.mark.parametrize(("update", "replaced"), [(stateful(), True), (stateful(), False), (in_place, False)])
def test_what_a_kernel_says_of_changes_and_second_calls_gains_nothing(update, replaced):
    forged = changed(sent(UPDATE, update), second_round(replaced))
    assert outcome_of(UPDATE, forged, DONE, CASES).outcome == "wrong"
    honest = changed(RIGHT, second_round(replaced))
    assert outcome_of(UPDATE, honest, DONE, CASES).outcome == "right"


@pytest.mark.parametrize(("update", "slip"), [(stateful(), "stale gradients"), (in_place, "theta changed in place")])
def test_what_an_honest_kernel_says_of_them_names_the_slip(update, slip):
    assert outcome_of(UPDATE, sent(UPDATE, update), DONE, CASES).slip == slip


def test_an_answer_that_does_not_take_the_arguments_is_told_so():
    found = outcome_of(UPDATE, sent(UPDATE, lambda: 1), DONE, CASES)
    assert found.outcome == "wrong" and "theta" in found.text


def test_an_exception_while_called_is_quoted_where_it_may_be():
    def update(theta, gradient, eta):
        raise ValueError("a secret")

    texts = [outcome_of(UPDATE, sent(UPDATE, update), DONE, CASES, quote).text for quote in (True, False)]
    assert ["a secret" in text for text in texts] == [True, False] and "ValueError" in texts[1]


def test_a_long_derivation_is_not_read():
    told = f"a derivation has {protocol.LONGEST_DERIVATION:,} characters at most."
    for text in ("x" * 10**6, 7):
        ran = sent(DERIVED, text) if isinstance(text, str) else Ran("done", "", ["text", 7])
        assert outcome_of(DERIVED, ran, DONE, CASES) == Outcome("wrong", told)
    longest = outcome_of(DERIVED, sent(DERIVED, "x" * protocol.LONGEST_DERIVATION), DONE, CASES)
    assert longest.text != told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TimeoutError, "reading the derivation took too long."),
        (RecursionError, "the derivation is too complicated to be read."),
        (MemoryError, "the derivation is too complicated to be read."),
        (OverflowError, "the derivation is too complicated to be read."),
    ],
)
def test_a_derivation_that_cannot_be_read(monkeypatch, error, told):
    def fail(exercise, text):
        raise error

    monkeypatch.setattr(judging, "check_derivation", fail)
    assert outcome_of(DERIVED, sent(DERIVED, "a = b"), DONE, CASES) == Outcome("stopped", told)


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_derivation_has_its_time_and_no_more(monkeypatch):
    monkeypatch.setattr(judging, "READING", 0.05)
    monkeypatch.setattr(judging, "check_derivation", lambda exercise, text: busy(60))
    assert outcome_of(DERIVED, sent(DERIVED, "a = b"), DONE, CASES).outcome == "stopped"


def test_a_limit_rings_once_and_leaves_no_alarm():
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(TimeoutError), limited(0.05):
        busy(60)
    with limited(60):
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 50
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0 and signal.getsignal(signal.SIGPROF) == before


def test_who_waits_for_the_processor_is_not_cut_short():
    with limited(0.05):
        time.sleep(0.2)


def test_each_exercise_and_each_salt_has_inputs_of_its_own():
    here, there, other = Cases([5, 7]), Cases([5, 7]), Cases([5, 8])
    assert here.of("update").cases is here.of("update").cases
    assert here.of("update").packed == there.of("update").packed != other.of("update").packed
    number = list(EXERCISES).index("update")
    drawn = [list(EXERCISES["update"].cases(5, 7, salt)) for salt in (number, number + len(EXERCISES))]
    assert here.of("update").packed == json.dumps(protocol.packed(drawn)) and here.of("update").first == len(drawn[0])


def test_a_blank_is_not_attempted():
    assert BLANK == Outcome("not attempted", "there is no answer yet.")
