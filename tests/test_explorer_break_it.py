"""Break it: each slip on each network, and what each check says of it, judged once more by plain means."""

import warnings

import numpy as np
import pytest

from bgd_helpers import network, slips
from bgd_helpers.pictures import break_it
from bgd_helpers.pictures.break_it import CHECKS, NO_SLIP, break_it_explorer, break_it_figure, nets, report, slip_names

FULL, *_ = NAMES = tuple(nets())
TITLES = list(CHECKS)
# On the full network, what does not show in the first call's numbers.
NOT_IN_NUMBERS = {"stale gradients"}
# With one example these are no slips: a mean over one example is its sum.
HIDDEN_BY_ONE_EXAMPLE = {
    "missing 1/N",
    "1/N twice",
    "bias not averaged",
    "first example only",
    "last example only",
    "product of means",
}


REPORTS = {}


def kept(name, net):
    """The report on a slip and a net, worked out once: it takes a tenth of a second."""
    key = name, repr(net)
    if key not in REPORTS:
        REPORTS[key] = report(name, net)
    return REPORTS[key]


@pytest.fixture(scope="module")
def explorer():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(break_it, "report", kept)
        yield break_it_explorer()


def verdicts(name, net):
    """Title to passed, of the checks."""
    return {check.title: check.passed for check in kept(name, nets()[net]).checks}


@pytest.mark.parametrize("net", NAMES)
def test_the_right_gradient_passes_everywhere(net):
    assert verdicts(NO_SLIP, net) == dict.fromkeys(TITLES, True)


@pytest.mark.parametrize("name", slip_names()[1:])
def test_on_the_full_network_no_slip_hides(name):
    found = verdicts(name, FULL)
    assert list(found) == list(TITLES)
    stopped = not (found["it runs"] and found["shapes are those of θ"])
    assert stopped or found["complex step"] is False or name in NOT_IN_NUMBERS
    assert False in found.values()


@pytest.mark.slow
def test_one_example_hides_what_a_mean_is():
    hidden = {name for name in slip_names()[1:] if False not in verdicts(name, NAMES[1]).values()}
    assert hidden == HIDDEN_BY_ONE_EXAMPLE


def test_zero_biases_hide_a_lost_bias_from_the_complex_step():
    assert verdicts("bias left out of forward", NAMES[2])["complex step"] is True
    assert verdicts("bias left out of forward", FULL)["complex step"] is False


def test_a_linear_output_hides_its_missing_slope():
    assert False not in verdicts("no f' at the output", NAMES[3]).values()


def test_square_matrices_hide_shapes():
    for name in ("missing transpose", "dW transposed", "z_j for z_i"):
        assert False in [verdicts(name, FULL)[title] for title in TITLES[:2]]
        assert all(verdicts(name, NAMES[4])[title] for title in TITLES[:2])


def test_a_falling_cost_notices_few():
    fallen = [name for name in slip_names()[1:] if verdicts(name, FULL)["training: J falls"] is False]
    assert {"sign", "squared twice"} <= set(fallen) and len(fallen) <= 4


def test_the_second_call_notices_what_was_left_behind():
    assert [n for n in slip_names()[1:] if verdicts(n, FULL)["a second call: the same"] is False] == ["stale gradients"]


@pytest.mark.parametrize("name", ["missing 1/N", "no f' in hidden layers", "the handout's hidden formula"])
def test_the_curve_is_that_of_plain_descent(explorer, name):
    explorer.set(slip=name, net=FULL)
    theta, X, Y, activations = nets()[FULL]
    for _ in range(200):
        grad = slips.BY_NAME[name].gradient(theta, X, Y, activations)
        theta = [(W - 0.3 * dW, b - 0.3 * db) for (W, b), (dW, db) in zip(theta, grad)]
    J = network.cost(theta, X, Y, activations) / network.cost(*nets()[FULL])
    assert np.isclose(explorer.picture.moving["found"].get_ydata()[-1], J, rtol=1e-10)


@pytest.mark.parametrize("net", [pytest.param(net, marks=[pytest.mark.slow] * (net != FULL)) for net in NAMES])
def test_every_slip_is_shown_without_a_warning(explorer, net):
    pictures = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in slip_names():
            explorer.set(slip=name, net=net)
            pictures.add(repr(explorer.scene))
            signs = "".join(explorer.picture.moving[f"check {row}"].get_text()[0] for row in range(len(TITLES)))
            expected = {True: "✓", False: "✗", None: "–"}
            assert signs == "".join(expected[passed] for passed in verdicts(name, net).values())
    assert len(pictures) > 25


def test_words_give_the_reason_and_who_notices(explorer):
    explorer.set(slip="missing 1/N", net=FULL)
    assert slips.BY_NAME["missing 1/N"].because in explorer.words
    assert "Noticed by: complex step (4.0e+00 off); training: as far as right" in explorer.words
    explorer.set(net=NAMES[1])
    assert "No check notices anything." in explorer.words


def test_the_static_figure_is_the_explorers_first_picture(explorer):
    explorer.reset()
    assert break_it_figure().text == explorer.words
