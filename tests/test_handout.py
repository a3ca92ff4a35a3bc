"""The handout's formulas: what they give on nets whose gradients are known."""

import numpy as np
import pytest

from bgd_helpers import descent, gradcheck, network, slips
from bgd_helpers.lessons import handout


def test_the_integer_net_by_hand():
    net = handout.integer_net()
    A, Z = network.forward(net.theta, net.X, net.activations)
    delta = network.deltas(*net)
    (dW1, db1), (dW2, db2) = network.backprop(*net)
    assert A[1].tolist() == [[-1, 2]] and Z[1].tolist() == [[1, 4]] and Z[2].tolist() == [[-6]]
    assert delta[2].tolist() == [[-2]] and delta[1].tolist() == [[8, 16]]
    assert dW1.tolist() == [[8, 16], [16, 32]] and dW2.tolist() == [[-2], [-8]]
    assert db1.tolist() == [8, 16] and db2.tolist() == [-2]


def test_the_printed_formula_on_the_integer_net():
    net = handout.integer_net()
    printed, true = handout.printed_dW(net)[0], network.backprop(*net)[0][0]
    assert printed.tolist() == [[-2, -4], [-2, -4]]
    assert handout.printed_dW(net, index="i")[0].tolist() == [[-2, -2], [-4, -4]]
    assert gradcheck.cosine(printed, true) == pytest.approx(-0.949, abs=5e-4)


def test_one_step_on_the_hidden_weights():
    net = handout.integer_net()
    rest = (np.zeros((2, 1)), np.zeros(1))
    after = [
        network.cost(descent.update(net.theta, [(dW, np.zeros(2)), rest], 1e-3), *net[1:])
        for dW in (network.backprop(*net)[0][0], handout.printed_dW(net)[0])
    ]
    assert after == pytest.approx([0.0439, 1.2549], abs=5e-5)


def test_two_outputs_add_their_shares():
    net = handout.two_output_net()
    (W2, _), delta, Z = net.theta[1], network.deltas(*net), network.forward(*net[:2], net.activations)[1]
    assert network.backprop(*net)[0][0].tolist() == [[4, 24], [8, 48]]
    slope = network.deltas(*net)[1] / (delta[2] @ W2.T)
    shares = [Z[0].T @ (delta[2] * one @ W2.T * slope) for one in ([1, 0], [0, 1])]
    assert shares[0].tolist() == [[8, 16], [16, 32]] and shares[1].tolist() == [[-4, 8], [-8, 16]]


@pytest.mark.parametrize("index, right", [("j", 1), ("i", 3)])
def test_the_tally_of_a_net_with_more_units_than_inputs(index, right):
    net = handout.random_net((2, 3, 1), 5, np.random.default_rng(0))
    hidden, output = handout.tally(net, index)
    assert hidden == (1, 6, 4 if index == "j" else 6, 0)
    assert output == (2, 3, 3, right)


def test_the_report_has_a_line_for_each_layer():
    net = handout.random_net((4, 3, 2, 1), 5, np.random.default_rng(0))
    assert [line.split() for line in handout.report([net]).splitlines()[1:]] == [
        ["4-3-2-1", "1", "12", "12", "0"],
        ["4-3-2-1", "2", "6", "6", "0"],
        ["4-3-2-1", "3", "2", "2", "1"],
        ["all", "20", "20", "1"],
    ]


def test_the_direction_in_hidden_layers_is_a_coin_toss():
    cosines = handout.hidden_cosines(400, np.random.default_rng(0))
    assert abs(cosines.mean()) < 4 * cosines.std() / 20
    assert np.abs(cosines).max() <= 1


def test_every_slip_of_the_notebook_lets_the_cost_fall():
    rng = np.random.default_rng(0)
    net = handout.random_net((3, 8, 8, 2), 30, rng, output="tanh")
    Y = network.predict(handout.random_net((3, 8, 8, 2), 30, rng, output="tanh").theta, net.X, net.activations)
    names = ["f'(z) for f'(a)", "half convention", "last example only"]
    costs = slips.costs_after_training(names, net.theta, net.X, Y, net.activations, eta=0.05, updates=200)
    assert list(costs) == ["no slip", *names]
    start = network.cost(net.theta, net.X, Y, net.activations)
    assert costs["no slip"] < min(costs[name] for name in names) < max(costs[name] for name in names) < start
