"""Backpropagation one step at a time, with real numbers, on a drawn network."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.colors import same_color
from matplotlib.patches import Circle

from bgd_helpers import network
from bgd_helpers.lessons import handout
from bgd_helpers.lessons.handout import Net
from bgd_helpers.pictures.controls import choice, step_slider
from bgd_helpers.pictures.explorer import Explorer
from bgd_helpers.pictures.paths import as_one, dress
from bgd_helpers.pictures.picture import (
    COLOURS,
    LINESTYLES,
    SUBSCRIPTS,
    Picture,
    house_style,
    new_figure,
    number,
    vector,
)

WIDTH, HEIGHT = 9.0, 5.5  # of the drawn network; its coordinates are inches
LEFT, RIGHT, MIDDLE = 0.65, 7.1, 2.97
RADIUS, SPACING = 0.48, 1.31
SHARES = {"weight": 0.26, "gradient": 0.71}  # of the way along an edge, where no two labels meet
LIFT = 0.035  # of a label above its edge
TINTS = {"forward": "#D9EAF3", "backward": "#F9E7D9"}
GREY = "#8C8C8C"
LINES = 4  # below the network: the equation at work, and its numbers
MOST_UNITS, MOST_LAYERS = 3, 3
SMALL = 10  # points, for the numbers in the network
BACKWARD = {"color": COLOURS["backward_text"], "fontsize": SMALL, "fontweight": "bold", "zorder": 5}
PREDICT = "Before each step: which number comes next, and where does it come from? Work it out on paper."
LOOK_FOR = "Blue goes forward, orange back. Which numbers does each step use, and which weights does it pass?"
EXAMPLES = 3


class Trace(NamedTuple):
    """One example's way through a network: entry k of a list belongs to layer k, and layer 0 is the input.

    `theta` holds (W, b) pairs, theta[k - 1] those of layer k; A, Z, slopes (f_k'(a)) and delta hold a vector a
    layer (None where layer 0 has none), y the targets, `functions` a name for each of the L activations.
    """

    theta: list
    A: list
    Z: list
    slopes: list
    delta: list
    y: np.ndarray
    functions: tuple

    @property
    def depth(self):
        return len(self.theta)

    @property
    def loss(self):
        """E2: E_n = sum_j (y_nj - y_hat_nj)^2."""
        return float(((self.y - self.Z[-1]) ** 2).sum())

    def gradient(self, k):
        """E6: the derivatives of E_n by W^(k), z_ni^(k-1) delta_nj^(k)."""
        return np.outer(self.Z[k - 1], self.delta[k])


class Step(NamedTuple):
    """What one step of the walk shows: its kind, its layer, and the equation at work."""

    kind: str
    layer: int
    equation: str

    @property
    def way(self):
        return "backward" if self.kind in ("delta", "gradient") else "forward"


def steps(depth):
    """The walk through a network of this depth: inputs, layers 1 … L, then delta and gradient of layers L … 1."""
    walk = [Step("inputs", 0, "E1")]
    walk += [Step("layer", k, "E1") for k in range(1, depth)]
    walk += [Step("output", depth, "E1 and E2")]
    for k in range(depth, 0, -1):
        walk += [Step("delta", k, "E4" if k == depth else "E5"), Step("gradient", k, "E6")]
    return walk


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


def _rows(layers):
    """Each layer's one row as a vector."""
    return [None if layer is None else layer[0] for layer in layers]


def integer_net():
    """The 2-2-1 net of integers, with two more examples: for the second the loss is zero."""
    X = np.array([[1.0, 2.0], [2.0, 1.0], [-1.0, 1.0]])
    return handout.integer_net()._replace(X=X, Y=np.array([[-5.0], [0.0], [5.0]]))


def tanh_net(seed=0):
    """A 2-3-2 net: tanh in the hidden layer, random parameters, inputs and targets, rounded to two digits."""
    net = handout.random_net((2, 3, 2), EXAMPLES, np.random.default_rng(seed))
    theta = [(W.round(2), b.round(2)) for W, b in net.theta]
    return net._replace(theta=theta, X=net.X.round(1), Y=net.Y.round(1))


def backprop_figure(net: Net | None = None, n: int = 0, step: int | None = None) -> Picture:
    """The drawn network with the numbers known at one step of its walk (default: the integer net, the last step)."""
    walk, (figure, (axes,)) = trace(net or integer_net(), n), _canvas()
    moving = _draw(axes, walk)
    return Picture(figure, _show(moving, walk, step), moving)


def backprop_explorer(nets: Mapping[str, Net] | None = None) -> Explorer:
    """Backpropagation step by step: sliders for the step, the example and the net. `nets` maps names to nets."""
    nets = nets or {"2-2-1, integers": integer_net(), "2-3-2, tanh": tanh_net()}
    figure, axes = _canvas(len(nets))
    drawn = {name: (a, _draw(a, trace(net))) for a, (name, net) in zip(axes, nets.items())}

    def redraw(net, example, step):
        for name, (its_axes, artists) in drawn.items():
            for artist in (its_axes, *artists.values()):
                artist.set_visible(name == net)
        return _show(drawn[net][1], trace(nets[net], example - 1), step)

    last = max(len(steps(len(net.theta))) for net in nets.values()) - 1
    examples = min(len(net.X) for net in nets.values())
    controls = {
        "step": step_slider("step", last, 0, "How far we have come: forward through the layers, then backward"),
        "example": step_slider("example n", examples, 1, "Whose numbers are shown", first=1),
        "net": choice("network", list(nets), next(iter(nets)), "Which network we walk through"),
    }
    moving = {f"{name}: {key}": artist for name, (_, artists) in drawn.items() for key, artist in artists.items()}
    return Explorer(Picture(figure, LOOK_FOR, moving), controls, redraw, LOOK_FOR, PREDICT, lines=6)


@house_style
def _canvas(networks=1):
    """(figure, list of axes) for one drawn network, or for several in the same place."""
    figure, first = new_figure(WIDTH, HEIGHT)
    both = [first, *(figure.add_subplot(first.get_subplotspec()) for _ in range(networks - 1))]
    for axes in both:
        axes.set(xlim=(0, WIDTH), ylim=(0, HEIGHT), aspect="equal")
        axes.axis("off")
    return figure, both


@house_style
def _draw(axes, trace):
    """Draw weights and biases; returns the artists that `_show` sets, by name."""
    widths = [len(z) for z in trace.Z]
    if max(widths) > MOST_UNITS or trace.depth > MOST_LAYERS:
        raise ValueError(f"widths {widths}: at most {MOST_UNITS} units a layer and {MOST_LAYERS} layers can be read")
    places = _places(widths)
    _draw_static(axes, trace, places)
    artists = _outside(axes) | _edges(axes, places)
    for k, layer in enumerate(places):
        for j, place in enumerate(layer):
            artists |= _unit(axes, k, j, place)
    for k, i, j, origin, place in _each_edge(places):
        artists[f"gradient {k},{i},{j}"] = _along(axes, origin, place, "gradient", "", **BACKWARD)
    return artists


def _show(artists, trace, step=None):
    """Set the artists of a drawn network to `step` of the walk; returns the text alternative."""
    walk = steps(trace.depth)
    step = len(walk) - 1 if step is None else min(step, len(walk) - 1)
    for k in range(trace.depth + 1):
        _show_units(artists, trace, k, walk[: step + 1])
        if k:
            _show_gradient(artists, trace, k, walk[: step + 1])
    _show_edges(artists, trace.depth, walk[step])
    _show_outside(artists, trace, walk, step)
    return _words(trace, walk[: step + 1], len(walk) - 1)


def _factor(x):
    return f"({number(x)})" if number(x).startswith("−") else number(x)


def _sum(left, right):
    return " + ".join(f"{_factor(a)} · {_factor(b)}" for a, b in zip(left, right))


def arithmetic(trace, now):
    """The lines below the network: the equation at work in symbols, then with this example's numbers put in."""
    return {
        "inputs": _inputs_arithmetic,
        "layer": _layer_arithmetic,
        "output": _output_arithmetic,
        "delta": _output_delta_arithmetic if now.layer == trace.depth else _hidden_delta_arithmetic,
        "gradient": _gradient_arithmetic,
    }[now.kind](trace, now.layer)


def _inputs_arithmetic(trace, k):
    return [f"The inputs are $z^{{(0)}} = x$ = {vector(trace.Z[0])}, the targets $y$ = {vector(trace.y)}."]


def _layer_arithmetic(trace, k):
    W, b = trace.theta[k - 1]
    symbol = r"\hat y_{}" if k == trace.depth else f"z_{{}}^{{{{({k})}}}}"
    lines = [
        rf"E1:  $a_j^{{({k})}} = \Sigma_i\,z_i^{{({k - 1})}}w_{{ij}}^{{({k})}} + b_j^{{({k})}}$,   "
        rf"${symbol.format('j')} = f_{k}(a_j^{{({k})}})$"
    ]
    for j, (a, z) in enumerate(zip(trace.A[k], trace.Z[k])):
        left, name = f"$a_{j + 1}^{{({k})}}$", f"${symbol.format(j + 1)}$"
        sum_ = f"{_sum(trace.Z[k - 1], W[:, j])} + {_factor(b[j])} = {number(a)}"
        if trace.functions[k - 1] == "identity":
            lines.append(f"{name} = {left} = {sum_}")
        else:
            lines.append(f"{left} = {sum_},   {name} = {_applied(trace.functions[k - 1], a)} = {number(z)}")
    return lines


def _applied(function, a):
    return f"({number(a)})²" if function == "square" else f"{function}({number(a)})"


def _output_arithmetic(trace, k):
    squares = " + ".join(f"({number(y)} − {_factor(z)})²" for y, z in zip(trace.y, trace.Z[-1]))
    return [*_layer_arithmetic(trace, k)[: LINES - 1], f"E2:  $E_n$ = {squares} = {number(trace.loss)}"]


def _output_delta_arithmetic(trace, k):
    rows = enumerate(zip(trace.y, trace.Z[k], trace.slopes[k], trace.delta[k]), start=1)
    return [rf"E4:  $\delta_j^{{({k})}} = -2\,(y_j - \hat y_j)\,f_{k}'(a_j^{{({k})}})$"] + [
        rf"$\delta_{j}^{{({k})}}$ = −2 · ({number(y)} − {_factor(z)}) · {_factor(slope)} = {number(delta)}"
        for j, (y, z, slope, delta) in rows
    ]


def _hidden_delta_arithmetic(trace, k):
    rows = enumerate(zip(trace.slopes[k], trace.theta[k][0], trace.delta[k]), start=1)
    sum_ = rf"\Sigma_j\,w_{{ij}}^{{({k + 1})}}\delta_j^{{({k + 1})}}"
    return [rf"E5:  $\delta_i^{{({k})}} = f_{k}'(a_i^{{({k})}})\;{sum_}$"] + [
        rf"$\delta_{i}^{{({k})}}$ = {_factor(slope)} · ({_sum(row, trace.delta[k + 1])}) = {number(delta)}"
        for i, (slope, row, delta) in rows
    ]


def _gradient_arithmetic(trace, k):
    i, j = np.unravel_index(np.abs(trace.gradient(k)).argmax(), trace.gradient(k).shape)
    z, delta = trace.Z[k - 1][i], trace.delta[k][j]
    each = r"\partial E_n/\partial "
    return [
        rf"E6:  ${each}w_{{ij}}^{{({k})}} = z_i^{{({k - 1})}}\,\delta_j^{{({k})}}$,   "
        rf"${each}b_j^{{({k})}} = \delta_j^{{({k})}}$",
        rf"${each}w_{{{i + 1}{j + 1}}}^{{({k})}}$ = {_factor(z)} · {_factor(delta)} = {number(z * delta)},"
        "   one such product for each edge",
        rf"${each}b_{j + 1}^{{({k})}}$ = {number(delta)}",
    ]


def _title(now):
    return {
        "inputs": "the inputs",
        "layer": f"layer {now.layer} (E1)",
        "output": "the output $\\hat y$ (E1) and its loss (E2)",
        "delta": f"the error signals $\\delta$ of layer {now.layer} ({now.equation})",
        "gradient": f"the gradient of the weights and biases into layer {now.layer} (E6)",
    }[now.kind]


def _words(trace, done, last):
    """Step and way, then every value known so far."""
    return f"Step {len(done) - 1} of {last}, {done[-1].way}. " + " ".join(_known(trace, step) for step in done)


def _known(trace, step):
    k = step.layer
    if step.kind == "inputs":
        return f"Inputs x = {vector(trace.Z[0])}, targets y = {vector(trace.y)}."
    if step.kind == "layer":
        return f"E1: a^({k}) = {vector(trace.A[k])}, z^({k}) = {vector(trace.Z[k])}."
    if step.kind == "output":
        return f"E1: a^({k}) = {vector(trace.A[k])}, ŷ = {vector(trace.Z[k])}. E2: E_n = {number(trace.loss)}."
    if step.kind == "delta":
        return f"{step.equation}: δ^({k}) = {vector(trace.delta[k])}."
    return f"E6: ∂E_n/∂W^({k}) = {vector(trace.gradient(k))}, ∂E_n/∂b^({k}) = {vector(trace.delta[k])}."


def _places(widths):
    """The centre of each unit: a column a layer, about the middle."""
    columns = np.linspace(LEFT, RIGHT, len(widths))
    return [
        [(x, MIDDLE + _spacing(width) * ((width - 1) / 2 - j)) for j in range(width)]
        for x, width in zip(columns, widths)
    ]


def _spacing(width):
    return SPACING if width > 2 else 1.3 * SPACING


def _each_edge(places):
    """(k, i, j, place of unit i of layer k-1, place of unit j of layer k) of each edge."""
    for k in range(1, len(places)):
        for i, origin in enumerate(places[k - 1]):
            for j, place in enumerate(places[k]):
                yield k, i, j, np.array(origin), np.array(place)


def _from_rim_to_rim(origin, place):
    way = place - origin
    rim = RADIUS / np.hypot(*way) * way
    return origin + rim, place - rim


def _layer_edges(places, layer):
    """The edges that lead into a layer, as one line with gaps."""
    edges = [_from_rim_to_rim(origin, place) for k, _, _, origin, place in _each_edge(places) if k == layer]
    return as_one(np.array(edges)).T


def _along(axes, origin, place, what, words, **look):
    """A weight that stands on its edge, near where it comes from, or a gradient, near where it leads."""
    way = place - origin
    x, y = origin + SHARES[what] * way + LIFT * np.array([-way[1], way[0]]) / np.hypot(*way)
    turned = {"rotation": np.degrees(np.arctan2(way[1], way[0])), "rotation_mode": "anchor"}
    return axes.text(x, y, words, ha="center", va="bottom", **turned, **look)


def _draw_static(axes, trace, places):
    """What no step changes: edges, weights, biases, headings."""
    for k, i, j, origin, place in _each_edge(places):
        weight = number(trace.theta[k - 1][0][i, j])
        _along(axes, origin, place, "weight", weight, fontsize=SMALL)
    for k, layer in enumerate(places):
        name = f"layer {k}: {trace.functions[k - 1]}" if k else "layer 0: inputs"
        axes.text(layer[0][0], HEIGHT - 0.42, name, ha="center", va="center", color="#404040")
        if k:
            axes.plot(*_layer_edges(places, k), color=GREY, linewidth=1, zorder=1, solid_capstyle="butt")
        for j, (x, y) in enumerate(layer if k else []):
            bias = f"b{SUBSCRIPTS[j]} = {number(trace.theta[k - 1][1][j])}"
            axes.text(x, y + RADIUS + 0.1, bias, ha="center", va="center", fontsize=SMALL)


def _edges(axes, places):
    """The edges of each layer once more, to be lit."""
    return {
        f"edges {k}": axes.plot(*_layer_edges(places, k), linewidth=2.4, zorder=2, solid_capstyle="butt")[0]
        for k in range(1, len(places))
    }


def _unit(axes, k, j, place):
    x, y = place
    circle = Circle(place, RADIUS, edgecolor="#404040", linewidth=1.2, zorder=3)
    inside = {"ha": "center", "va": "center", "fontsize": SMALL, "zorder": 5}
    return {
        f"unit {k},{j}": axes.add_patch(circle),
        f"a {k},{j}": axes.text(x, y + 0.11, "", **inside),
        f"z {k},{j}": axes.text(x, y - (0.11 if k else 0), "", **inside),
        f"delta {k},{j}": axes.text(x, y - RADIUS - 0.1, "", ha="center", va="center", **BACKWARD),
        f"target {k},{j}": axes.text(x + RADIUS + 0.12, y + 0.17, "", va="center", zorder=5),
    }


def _outside(axes):
    """Title, loss, and the lines of arithmetic."""
    lines = {f"line {row}": axes.text(0.1, 0.86 - 0.245 * row, "", va="center") for row in range(LINES)}
    return lines | {
        "title": axes.text(0.1, HEIGHT - 0.13, "", va="center", fontsize=12, fontweight="bold"),
        "loss": axes.text(RIGHT + RADIUS + 0.12, MIDDLE - 0.17, "", va="center"),
    }


def _show_units(artists, trace, k, done):
    known = {(step.kind, step.layer) for step in done}
    reached, tint = len(done) > k, TINTS[done[-1].way] if done[-1].layer == k else "white"
    for j, z in enumerate(trace.Z[k]):
        sub = SUBSCRIPTS[j]
        symbol = "ŷ" if k == trace.depth else "z"
        if not same_color((circle := artists[f"unit {k},{j}"]).get_facecolor(), tint):
            circle.set_facecolor(tint)
        artists[f"z {k},{j}"].set_text(f"{symbol}{sub} = {number(z)}" if reached else "")
        artists[f"a {k},{j}"].set_text(f"a{sub} = {number(trace.A[k][j])}" if k and reached else "")
        artists[f"target {k},{j}"].set_text(f"y{sub} = {number(trace.y[j])}" if k == trace.depth else "")
        artists[f"delta {k},{j}"].set_text(f"δ{sub} = {number(trace.delta[k][j])}" if ("delta", k) in known else "")


def _show_gradient(artists, trace, k, done):
    known = any(step.kind == "gradient" and step.layer == k for step in done)
    for (i, j), slope in np.ndenumerate(trace.gradient(k)):
        artists[f"gradient {k},{i},{j}"].set_text(f"∂ {number(slope)}" if known else "")


def _show_edges(artists, depth, now):
    for k in range(1, depth + 1):
        colour = COLOURS[now.way] if k == _lit_layer(now) else "none"
        dress(artists[f"edges {k}"], color=colour, linestyle=LINESTYLES[now.way])


def _lit_layer(now):
    """The layer whose weights the step uses: E5 uses those of the next one, E4 none."""
    if now.kind == "delta":
        return None if now.equation == "E4" else now.layer + 1
    return now.layer


def _show_outside(artists, trace, walk, step):
    now, lines = walk[step], arithmetic(trace, walk[step])
    artists["title"].set_text(f"Step {step} of {len(walk) - 1}, {now.way}: {_title(now)}")
    artists["loss"].set_text(f"$E_n$ = {number(trace.loss)}" if step >= trace.depth else "")
    dress(artists["line 0"], color=COLOURS["backward_text" if now.way == "backward" else "forward"])
    for row in range(LINES):
        artists[f"line {row}"].set_text(lines[row] if row < len(lines) else "")
