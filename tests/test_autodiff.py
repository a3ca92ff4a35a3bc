"""Automatic differentiation: both modes against backpropagation, and cross-entropy by E4 alone."""

import numpy as np
import pytest

from bgd_helpers import gradcheck, network
from bgd_helpers.lessons import autodiff, handout


@pytest.fixture
def net():
    net = handout.random_net((3, 4, 2, 2), 5, np.random.default_rng(1))
    return net._replace(activations=("tanh", "sigmoid", "identity"))


@pytest.mark.parametrize("mode", [autodiff.reverse_mode, autodiff.forward_mode])
def test_a_mode_gives_our_gradient(mode, net):
    found = mode(network.cost_of(net.activations, net.X, net.Y), net.theta)
    assert gradcheck.compare("mode", found, network.backprop(*net)).agrees


def test_a_wrong_derivative_on_the_tape_is_noticed(net, monkeypatch):
    monkeypatch.setattr(
        autodiff.Number, "tanh", lambda self: autodiff.Number(self.tape, np.tanh(self.value), [(self, 1)])
    )
    found = autodiff.reverse_mode(network.cost_of(net.activations, net.X, net.Y), net.theta)
    assert not gradcheck.compare("mode", found, network.backprop(*net)).agrees


def test_a_number_that_is_used_twice_collects_from_both():
    tape = []
    a, b = autodiff.Number(tape, 3.0), autodiff.Number(tape, 2.0)
    assert (a * b + a**2).value == 15 and (1 - a).value == -2 and (a / 2).value == 1.5
    tape = []
    a = autodiff.Number(tape, 3.0)
    a * a + 2.0 * a
    autodiff.backward(tape)
    assert a.slope == 8


def test_what_each_way_costs(net):
    rows = {name: (runs, digits) for name, runs, digits in autodiff.compared(net).rows}
    P = sum(W.size + b.size for W, b in net.theta)
    assert [runs for runs, _ in rows.values()] == [2 * P, P, P, 1]
    assert 8 <= rows["central difference"][1] <= 11 and all(rows[name][1] >= 13 for name in list(rows)[1:])


def test_the_tape_that_is_shown_is_the_one_that_runs(capsys):
    autodiff.shown()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip() and '"""' not in line]
    assert len(lines) <= 20 and {"class Number(Arithmetic):", "def backward(tape: list) -> None:"} <= set(lines)


def test_cross_entropy_changes_e4_and_nothing_else():
    net = autodiff.classes()
    judge = gradcheck.complex_step(autodiff.cross_entropy_of(net), net.theta)
    mended = network.Equations(output_delta=autodiff.cross_entropy_delta)
    assert gradcheck.compare("cross-entropy", network.backprop(*net, mended), judge).agrees
    assert not gradcheck.compare("cross-entropy", network.backprop(*net), judge).agrees
