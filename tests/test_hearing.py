"""What a check says beyond the slip: the line, the argument, the place, more the second time, and never the answer."""

import re
import signal
import sys
import threading
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
import pytest
from test_learners_answers import answer, handed_in
from tiers import first_with

from bgd_helpers import network, slips
from bgd_helpers.checks import EXERCISES, check, checks
from bgd_helpers.checks.observing import observe
from bgd_helpers.checks.outcomes import outcome_of, without_empty_axes
from bgd_helpers.checks.patterns import largest_difference, pattern
from bgd_helpers.checks.tracing import Endless, limited

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
ENDLESS = "j, s = 0, 0\nwhile j < len(y):\n    s += (y[j] - y_hat[j]) ** 2\nreturn s"


@pytest.fixture(autouse=True)
def _short_and_forgetful(monkeypatch):
    monkeypatch.setattr(checks, "SECONDS", 0.5)
    checks._again.clear()


# -------------------------------------------------------------- time


def test_an_endless_loop_is_told_with_its_head():
    assert "stopped in the loop of line 3, `while j < len(y):`, which" in check("loss", answer("loss", ENDLESS)).text


def test_an_endless_loop_is_stopped_in_a_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(check("loss", answer("loss", ENDLESS))), daemon=True)
    thread.start()
    thread.join(60)
    assert found and "does not end" in found[0].text


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "for n in iter(int, 1):\n    y_hat.sum()",
        "try:\n    while True:\n        y.sum()\nexcept Exception:\n    return 0",
        "while True:\n    try:\n        y.sum()\n    except:\n        pass",
        "s = 0\nwhile True:\n    try:\n        s += 1\n    except:\n        continue",
        "while True:\n    try:\n        while True: y.sum()\n    except BaseException:\n        s = 0",
        "def f():\n    try:\n        while 1: pass\n    except:\n        return 1\nwhile True: f()",
        "for n in iter(int, 1):\n    try: y[n] + 0\n    except: pass",
        "while True:\n    try:\n        y.sum()\n    except BaseException as error:\n        kept = error",
        "while True:\n    try:\n        y.sum()\n    finally:\n        continue",
        "return [n for n in iter(int, 1)]",
        "return sum(n for n in iter(int, 1))",
        "return sum(map(lambda n: n, iter(int, 1)))",
        "def again():\n    while 1:\n        np.sum(y)\nagain()",
    ],
)
def test_loops_of_all_kinds_are_stopped(body, monkeypatch):
    monkeypatch.setattr(checks, "SECONDS", 0.1)
    assert "does not end" in check("loss", answer("loss", body)).text


def test_a_stop_that_was_swallowed_and_is_forgotten_late_starts_nothing_anew():
    kept = []

    def loop():
        while True:
            try:
                while True:
                    sum((1, 2))
            except Endless as error:
                kept.append(error)

    with limited(0.05):
        outcome_of(loop, [], list)
        assert kept
        kept.clear()
        assert sys.gettrace() is None


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no signals to wake what waits")
def test_an_answer_that_waits_is_stopped_and_the_alarm_is_put_back(monkeypatch):
    monkeypatch.setattr(checks, "SECONDS", 0.02)
    before = signal.getsignal(signal.SIGALRM)
    said = check("loss", answer("loss", "import time\ntime.sleep(600)\nreturn 0")).text
    assert "stopped in line 3, `time.sleep(600)`, which waits" in said
    assert signal.getsignal(signal.SIGALRM) is before


@pytest.mark.parametrize(
    "exercise, body, said",
    [
        ("loss", "e = y - y_hat\nreturn -np.sum(np.log(-e * e))", "arises in line 3, `return -np.sum(np.log(-e * e))`"),
        ("loss", "return (y - y_hat).sum() / (0 * y).sum()", "a division by 0. There `y` is"),
        ("loss", "return np.exp(1e4 + y.sum() * 0)", "grows beyond all bounds"),
        ("loss", "return y.average()", "an array has no `.average`: it is a function, `np.average(…)`"),
        ("loss", "return (y - y_hat).detach()", "torch"),
        ("loss", "return list(y).sum()", "a list has no `.sum`, an array has"),
        ("loss", "return np.sum(y, dim=0)", "no argument `dim=`"),
        ("loss", "return y.T()", "`.T` and `.shape` take none"),
        ("loss", "return list(y) - list(y_hat)", "a list is no array"),
        ("loss", "f = lambda n: f(n + 1)\nreturn f(0)", "calls itself on and on"),
        ("batches", "return list(rng.permutation(N).reshape(-1, batch_size))", "the last batch may be shorter"),
        ("batches", "return list(rng.permutation(N))", "The numbers stand one by one"),
        (
            "fewest_workers",
            "K = N / tau // (N / tau - c)\nreturn int(K) + 1 if N / tau > c else 0",
            "not the right value",
        ),
    ],
)
def test_an_exception_and_a_nan_are_told_in_the_words_of_the_course(exercise, body, said):
    assert said in check(exercise, answer(exercise, body)).text


def test_the_line_and_the_function_may_change_places():
    line, function = answer("mend_1", "return network.backprop(theta, X, Y, activations)")
    assert check("mend_1", (function, line)).outcome == "right"
    with pytest.raises(ValueError, match="a pair, the number of the wrong line"):
        check("mend_1", line)


def test_the_limit_leaves_no_trace_and_respects_a_debugger():
    import sys

    with limited(1):
        assert sys.gettrace() is not None
    assert sys.gettrace() is None
    check("loss", answer("loss", "while True:\n    try:\n        y.sum()\n    except:\n        pass"))
    assert sys.gettrace() is None and sys.getprofile() is None
    sys.settrace(debugger := lambda *event: None)
    try:
        with limited(1):
            assert sys.gettrace() is debugger
    finally:
        sys.settrace(None)


def test_without_a_limit_nothing_is_traced():
    import sys

    task, traced = EXERCISES["loss"], []
    observe(lambda y, y_hat: traced.append(sys.gettrace()), task.parameters, list(task.cases()), task.read)
    assert not any(traced)


# -------------------------------------------------------------- placeholders


@pytest.mark.parametrize(
    "body", ["...", "pass", "return ...", "return y - ...", "d = ...\nreturn d ** 2", "return [...]"]
)
def test_a_placeholder_is_known_by_what_it_is(body):
    assert check("loss", answer("loss", body)).outcome == "not attempted"


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('ellipsis')",
        "return y[y[0]]",
        "return (y[..., 0] @ 1).sum()",
        "return sum(y[..., None] + 'a')",
        "return np.gradient(y.sum(), 0.1)",
    ],
)
def test_a_word_or_an_index_makes_no_placeholder(body):
    assert check("loss", answer("loss", body)).outcome == "wrong"


def test_a_stub_that_is_used_is_told_as_a_missing_value():
    body = "hidden_delta = lambda *rest: None\n" + answer.__globals__["learners_answers"]._PASS
    text = check("backprop", answer("backprop", body)).text
    assert "a value is missing" in text and "`delta` is nothing (None)" in text and "line 8" in text


# -------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("exercise", "body", "name"),
    [
        ("loss", "return np.square(y_hat - y, y).sum()", "y"),
        ("update", "gradient *= eta\nreturn theta - gradient", "gradient"),
        ("mini_batch_update", "example_gradients *= 2\nreturn theta", "example_gradients"),
        ("backprop", "theta[0][0][:] = 0\nreturn theta", "theta"),
    ],
)
def test_the_argument_that_was_changed_is_named(exercise, body, name):
    assert check(exercise, answer(exercise, body)).text.endswith(f"Here `{name}` was changed.")


# -------------------------------------------------------------- again


def _half(Y, Y_hat, A, df):
    return -(Y - Y_hat) * df(A)


def test_who_is_wrong_in_the_same_way_again_is_told_more():
    first, second = (check("output_delta", _half) for _ in range(2))
    assert first.text == second.text and "Reread" not in first._repr_html_()
    assert "largest difference is at [" in repr(second) and "Reread E4: in 03" in repr(second)
    assert '<a href="03-backpropagation.ipynb#The-output-layer">' in second._repr_html_()


def test_another_mistake_or_a_right_answer_begins_anew():
    check("output_delta", _half)
    assert check("output_delta", lambda Y, Y_hat, A, df: Y_hat - Y).reread is None
    check("output_delta", network.output_delta)
    assert check("output_delta", _half).reread is None


@pytest.mark.parametrize("exercise", EXERCISES)
def test_what_is_to_be_reread_stands_there(exercise):
    _, notebook, heading = EXERCISES[exercise].reread
    cells = nbformat.read(NOTEBOOKS / notebook, 4).cells
    assert any(re.search(rf"^#+ {re.escape(heading)}$", cell.source, re.MULTILINE) for cell in cells)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_second_time_is_told_in_every_exercise(exercise):
    for _ in range(2):
        verdict = check(exercise, handed_in(exercise, lambda *case: np.ones(2)))
    assert verdict.reread == EXERCISES[exercise].reread


# -------------------------------------------------------------- exceptions


def test_an_exception_folds_what_python_says():
    verdict = check("hidden_delta", answer("hidden_delta", "return df(A) * (delta_next + W_next)"))
    assert "line 2, `return df(A) * (delta_next + W_next)`, raises ValueError: the shapes do not fit" in verdict.text
    assert "`W_next` is d_k x d_(k+1) = 4 x 5" in verdict.text and "operands" not in verdict.text
    assert "<details><summary>What Python says</summary><pre>ValueError: operands" in verdict._repr_html_()


def test_code_in_a_message_is_shown_as_code():
    assert "<code>loss</code> returns nothing" in check("loss", answer("loss", "pass"))._repr_html_()


def test_what_python_says_is_escaped():
    html = check("loss", answer("loss", "raise ValueError('<b>')"))._repr_html_()
    assert "<b>" not in html and "&lt;b&gt;" in html


def test_a_cost_says_what_it_takes():
    body = "return [cost(p + h) - cost(p - h) for p in theta]"
    assert "one entry moved" in check("central_difference", answer("central_difference", body)).text
    body = "return [cost(theta + 1j * h * e).imag / h for e in np.eye(len(theta))]"
    assert "complex step is another method" in check("central_difference", answer("central_difference", body)).text


# -------------------------------------------------------------- patterns

RIGHT = np.array([[1.25, -2.5, 3.75], [4.125, 5.5, -6.75]])
PATTERNS = [
    (-RIGHT, "wrong sign"),
    (3 * RIGHT, "3 times"),
    (np.abs(RIGHT), "absolute value"),
    (RIGHT[::-1], "reverse order"),
    (np.clip(RIGHT, -4, 4), "cut off at ±4"),
    (RIGHT * [[1], [0]], "row 1"),
    (RIGHT * [1, 1, 2], "column 2"),
    (RIGHT * [[2], [3]], "factor of its own in each row"),
    (RIGHT * [2, 3, 4], "factor of its own in each column"),
    (RIGHT + 0.5, "off by 0.5"),
    (RIGHT.astype(int), "whole numbers"),
    (RIGHT.round(1), "1 decimals"),
    (RIGHT**2, "the square"),
    (RIGHT + 0.1 * RIGHT.T.reshape(2, 3), "0.1 times `W`"),
    (RIGHT + np.array([[0.1, 0.7, -0.2], [0.33, 0.4, 0.9]]), None),
]


@pytest.mark.parametrize(("mine", "text"), PATTERNS)
def test_a_pattern_is_seen(mine, text):
    found = pattern(mine, RIGHT, 0.0, {"W": RIGHT.T.reshape(2, 3)})
    assert found is None if text is None else text in found


def test_rounding_is_said_of_rounded_values_alone():
    right = np.pi * RIGHT
    assert "single precision" in pattern(right.astype(np.float32).astype(float), right, 0.0, {})
    assert "4 decimals" in pattern(right.round(4), right, 0.0, {})
    assert "rounded" not in (pattern(right + 1e-4 * np.sin(right), right, 0.0, {}) or "")


def test_the_largest_difference_has_its_place():
    mine = RIGHT + np.array([[1e-9, 0, 0.1], [0, -2, 0]])
    assert largest_difference(mine, RIGHT) == "the largest difference is at [1, 1]: 3.5000 where 5.5000 is right"


OF_VALUES = [name for name in EXERCISES if name != "batches" and not EXERCISES[name].lines]
SHAPES = [(), (2,), (3, 3), (1,), (7, 3)]


@pytest.mark.parametrize(("exercise", "later"), first_with(lambda *row: row, product(OF_VALUES, SHAPES)))
def test_values_of_another_shape_in_a_later_case_are_no_obstacle(exercise, later):
    calls, many = iter(range(1000)), len(list(EXERCISES[exercise].cases()))

    def changing(*case):
        value = EXERCISES[exercise].right(*case)
        return (
            np.full(later, 2.5)
            if next(calls) % many
            else ([(2 * dW, db) for dW, db in value] if isinstance(value, list) else np.sqrt(np.abs(value) + 1))
        )

    assert check(exercise, changing).outcome == "wrong"


# -------------------------------------------------------------- flags and numbers


def test_the_value_of_a_flag_that_is_wrong_is_told():
    body = "s = gradients.var(axis=0).sum() / batch_size\nreturn s if replacement else s / 3"
    text = check("batch_variance", answer("batch_variance", body)).text
    assert text.startswith("it is right where `replacement` is True, and wrong where it is False: ")
    assert "gradients of shape (6, 4), batch_size = 2, replacement = False)" in text
    everywhere = check("batch_variance", lambda gradients, batch_size, replacement: 7.0).text
    assert "right where" not in everywhere


def test_numbers_are_told_to_who_may_see_them():
    assert re.search(r"\(with N = \d+, tau = .*, c = ", check("fewest_workers", lambda N, tau, c: 1.5 * N).text)
    task, cases = EXERCISES["fewest_workers"], list(EXERCISES["fewest_workers"].cases(7))
    seen = observe(lambda N, tau, c: 1.5 * N, task.parameters, cases, task.read)
    assert "tau" not in checks.judge("fewest_workers", cases, seen, reveal=False).text


# -------------------------------------------------------------- the answer

ANSWERS = {  # what stands in the worked solutions, without blanks
    "loss": ["((y-y_hat)**2).sum()", "sum((y-y_hat)**2)"],
    "update": ["theta-eta*gradient"],
    "mini_batch_update": ["example_gradients[batch]", "eta/len(batch)"],
    "batches": ["rng.permutation", "range(0,N"],
    "central_difference": ["cost(theta+h*e)", "/(2*h)", "J(theta+he)"],
    "output_delta": ["-2*(Y-Y_hat)", "(Y-Y_hat)*df(A)"],
    "hidden_delta": ["delta_next@W_next.T", "W_next.T", "delta@W.T"],
    "weight_gradient": ["Z_prev.T", "/len(delta)"],
    "bias_gradient": ["delta.mean", "mean(axis=0)"],
    "backprop": ["theta[k-1][0]", "activations[k-2]", "Z[k-1]"],
    "mend_1": ["delta@theta", "sends`delta`"],
    "mend_2": ["activations[k-2]"],
    "mend_3": ["@theta[k]"],
    "fooling_gradient": ["dW*len(X)", "len(X)*dW", "backprop(theta,X,Y,activations)"],
    "gradient_check": ["1e-6*", "gradient(*nets[name])", '("2-4-5-3","2-4-5-3","2-4-1")'],
    "batch_variance": ["var(axis=0)", "(N-batch_size)/(N-1)", "(N-B)/(N-1)", "batch_size)/(N-1)"],
    "fair_comparison": [".mean(axis=2)", "argmin(axis=1)", "etas[best]"],
    "gradient_of_shards": ["counts@gradients", "/counts.sum()"],
    "fewest_workers": ["tau*N-c", "tau*N//"],
}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_reason_gives_the_answer(exercise):
    for slip in slips.of_exercise(EXERCISES[exercise].like or exercise):
        reason = slip.reason(exercise).replace(" ", "").replace("`", "")
        assert not any(part in reason for part in ANSWERS[exercise]), slip.name


def test_the_answers_that_no_reason_may_give_stand_in_the_solutions():
    solutions = "".join(
        "".join(cell.source.split("### END SOLUTION")[0].split("### BEGIN SOLUTION")[1:]).replace(" ", "")
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
        for cell in nbformat.read(path, 4).cells
    )
    assert all(any(part in solutions for part in parts) for parts in ANSWERS.values())


def test_an_axis_of_length_1_that_belongs_there_stays():
    found, right = ([[[np.ones((1, 3)), np.ones(shape)]]] for shape in ((2, 1), 2))
    [[bare]] = without_empty_axes(found, right)
    assert [array.shape for array in bare] == [(1, 3), (2,)]
    assert without_empty_axes(right, right) is None
