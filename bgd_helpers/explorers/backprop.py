"""Backpropagation one step at a time, with real numbers, on a drawn network."""

import numpy as np

from bgd_helpers import network
from bgd_helpers.explorers.controls import choice, step_slider
from bgd_helpers.explorers.machinery import Explorer
from bgd_helpers.figures.network import Trace, draw_network, network_figure, network_picture, show_step, steps
from bgd_helpers.figures.picture import Picture
from bgd_helpers.lessons import handout

PREDICT = "Before each step: which number comes next, and where does it come from? Work it out on paper."
LOOK_FOR = "Blue goes forward, orange back. Which numbers does each step use, and which weights does it pass?"
EXAMPLES = 3


def trace(net, n=0):
    """The forward and backward pass (E1, E2, E4, E5) of example n of a net (theta, X, Y, activations)."""
    theta, X, Y, activations = net
    if not 0 <= n < len(X):
        raise ValueError(f"n = {n}: the net has {len(X)} examples, 0 to {len(X) - 1}")
    one = slice(n, n + 1)
    A, Z = network.forward(theta, X[one], activations)
    delta = network.deltas(theta, X[one], Y[one], activations)
    slopes = [network.activation(f).df(a) for f, a in zip(activations, A[1:])]
    return Trace(theta, _rows(A), _rows(Z), [None, *_rows(slopes)], _rows(delta), Y[n], tuple(activations))


def backprop_figure(net=None, n=0, step=None):
    """The drawn network at one step of its walk (default: the integer net, the last step)."""
    return network_picture(trace(net or integer_net(), n), step)


def integer_net():
    """The 2-2-1 net of integers, with two more examples: for the second the loss is zero."""
    X = np.array([[1.0, 2.0], [2.0, 1.0], [-1.0, 1.0]])
    return handout.integer_net()._replace(X=X, Y=np.array([[-5.0], [0.0], [5.0]]))


def tanh_net(seed=0):
    """A 2-3-2 net: tanh in the hidden layer, random parameters, inputs and targets, rounded to two digits."""
    net = handout.random_net((2, 3, 2), EXAMPLES, np.random.default_rng(seed))
    theta = [(W.round(2), b.round(2)) for W, b in net.theta]
    return net._replace(theta=theta, X=net.X.round(1), Y=net.Y.round(1))


def backprop_explorer(nets=None):
    """A slider for the step, one for the example, one for the net. `nets` maps names to nets."""
    nets = nets or {"2-2-1, integers": integer_net(), "2-3-2, tanh": tanh_net()}
    figure, axes = network_figure(len(nets))
    drawn = {name: (a, draw_network(a, trace(net))) for a, (name, net) in zip(axes, nets.items())}

    def redraw(net, example, step):
        for name, (its_axes, artists) in drawn.items():
            for artist in (its_axes, *artists.values()):
                artist.set_visible(name == net)
        return show_step(drawn[net][1], trace(nets[net], example - 1), step)

    last = max(len(steps(len(net.theta))) for net in nets.values()) - 1
    examples = min(len(net.X) for net in nets.values())
    controls = {
        "step": step_slider("step", last, 0, "How far we have come: forward through the layers, then backward"),
        "example": step_slider("example n", examples, 1, "Whose numbers are shown", first=1),
        "net": choice("network", list(nets), next(iter(nets)), "Which network we walk through"),
    }
    moving = {f"{name}: {key}": artist for name, (_, artists) in drawn.items() for key, artist in artists.items()}
    return Explorer(Picture(figure, LOOK_FOR, moving), controls, redraw, LOOK_FOR, PREDICT, lines=6)


def _rows(layers):
    """Each layer's one row as a vector."""
    return [None if layer is None else layer[0] for layer in layers]
