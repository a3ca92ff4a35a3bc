"""What crosses the wall comes back as it was, or is refused."""

import json
from copy import deepcopy

import pytest

from bgd_helpers import network
from bgd_helpers.checks import EXERCISES, fooling, protocol
from bgd_helpers.checks.observing import observe
from bgd_helpers.checks.outcomes import Failure, one_array


@pytest.mark.parametrize("exercise", EXERCISES)
def test_cases_cross_into_the_sandbox_as_they_are(exercise):
    task = EXERCISES[exercise]
    cases = list(task.cases(3))
    again = protocol.arguments(json.dumps(protocol.packed(cases)))
    here, there = (observe(task.right, task.parameters, one, task.read) for one in (list(task.cases(3)), again))
    for mine, theirs in zip(here.found, there.found):
        assert protocol.packed(mine) == protocol.packed(theirs)


def test_observations_cross_back_as_they_are():
    sent = [
        True,
        [False] * 3,
        [["none"], protocol.packed(one_array([1.5])), protocol.packed(Failure("ValueError", "no 1.25"))],
        [["none"]] * 3,
    ]
    seen = protocol.observation(sent)
    assert (
        seen.found[0] is None
        and seen.found[1][0][0].tolist() == [1.5]
        and seen.found[2] == Failure("ValueError", "no …")
    )


ARRAY = ["array", "<f8", [1], "AAAAAAAA8D8="]


@pytest.mark.parametrize(
    "outcome",
    [
        None, 3, [], ["list"] + [["list"]] * 20_000, ["failure", 1, 2], ["array"], ["list", ARRAY],
        ["list", ["list", 1]],
        *(["list", ["list", [*ARRAY[:1], *changed]]] for changed in (
            ["O", [1], ""], ["<f8", [10**6, 10**6], ""], ["<f8", [-1], ""], ["<f8", [2], ARRAY[3]], ["<f8", [1], "?"],
            ["<M8[s]", [1], ARRAY[3]], ["<f8", [True], ARRAY[3]], ["<f8", "1", ARRAY[3]], ["V8", [1], ARRAY[3]],
        )),
    ],
)  # fmt: skip
def test_whatever_is_not_just_so_is_refused(outcome):
    with pytest.raises(ValueError):
        protocol.observation([True, [False], [outcome], [["none"]]])


def test_a_well_formed_array_is_read():
    assert protocol.observation([True, [False], [["list", ["list", ARRAY]]], [["none"]]]).found[0][0][0].tolist() == [
        1.0
    ]


def test_only_the_named_slopes_cross():
    assert protocol.packed(network.activation("tanh").df) == ["slope", "tanh"]
    with pytest.raises(TypeError):
        protocol.packed(lambda a: a)


def test_numbers_that_may_be_secret_are_left_out_of_a_text():
    assert protocol.tidy("shape (7, 3), 0.125 -3e5 1.5e-7 123456\n<b>") == "shape (7, 3), … -3e5 … … <b>"


@pytest.mark.parametrize(
    ("kind", "message", "quote", "told"),
    [
        ("ValueError", "shape (3,)", True, Failure("ValueError", "shape (3,)")),
        ("ValueError", "return -2 * (Y - Y_hat)", False, Failure("ValueError", "")),
        ("return -2", "", True, Failure("an exception of its own", "")),
        ("NotAllowed", "return -2", False, Failure("NotAllowed", protocol.CALLED)),
    ],
)
def test_what_an_exception_may_tell(kind, message, quote, told):
    failure = protocol.packed(Failure(kind, message))
    assert protocol.observation([True, [False], [failure], [["none"]]], quote).found == [told]


def test_a_gradient_on_trial_crosses_as_its_values_alone():
    (exhibit, nets), *_ = fooling.exhibition(1)
    text = json.dumps(protocol.packed([(exhibit, nets)]))
    assert exhibit.name not in text and not any(name in text for name in ("backprop", "slip", "lambda"))
    [(there, nets_there)] = protocol.arguments(text)
    assert there.name == "" and list(nets_there) == list(nets)
    assert repr(there(*nets_there["2-4-1"])) == repr(exhibit.values[5][0])


def test_a_gradient_on_trial_answers_three_calls_on_its_own_nets():
    exhibit = next(one for one, _ in fooling.exhibition() if fooling.is_right(one))
    nets = fooling.exhibition()[0][1]
    for _ in range(3):
        exhibit(*nets["θ = 0"])
    with pytest.raises(SystemExit, match="answers 3 calls"):
        exhibit(*nets["2-4-1"])
    theta, X, Y, activations = nets["2-4-1"]
    with pytest.raises(LookupError, match="nets"):
        exhibit(theta, X + 1, Y, activations)
    assert deepcopy(exhibit).calls == [0] * 6
