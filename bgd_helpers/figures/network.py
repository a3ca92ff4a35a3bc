"""Pictures of backpropagation: the network with its numbers, gradients compared, and the digits."""

from typing import NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle, Rectangle
from matplotlib.ticker import LogLocator, NullFormatter

from bgd_helpers.figures.picture import COLOURS, LINESTYLES, MARKERS, Picture, house_style, new_figure

WIDTH, HEIGHT = 9.0, 5.5  # of the drawn network; its coordinates are inches
LEFT, RIGHT, MIDDLE = 0.65, 7.1, 2.97
RADIUS, SPACING = 0.48, 1.31
LABEL_AT, LABEL_HALF = 0.3, 0.31  # share of the way along an edge, where no two labels meet; half a label's width
TINTS = {"forward": "#D9EAF3", "backward": "#F9E7D9"}
GREY = "#8C8C8C"
SMALLEST = 1e-17  # an error of zero has no place on a logarithmic axis
MOST_NUMBERS = 6  # columns of a matrix in whose cells numbers can be read
LINES = 3  # of arithmetic below the network
MOST_UNITS, MOST_LAYERS = 3, 3
SMALL = 10  # points, for the numbers in the network
BACKWARD = {"color": COLOURS["backward_text"], "fontsize": SMALL, "fontweight": "bold", "zorder": 5}
SUBSCRIPTS = "₁₂₃"


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


@house_style
def network_picture(trace, step=None):
    """The network with the numbers that are known at `step` of its walk (default: the last, all of them)."""
    figure, (axes,) = network_figure()
    moving = draw_network(axes, trace)
    return Picture(figure, show_step(moving, trace, step), moving)


@house_style
def network_figure(networks=1):
    """(figure, list of axes) for one drawn network, or for several in the same place."""
    figure, first = new_figure(WIDTH, HEIGHT)
    both = [first, *(figure.add_subplot(first.get_subplotspec()) for _ in range(networks - 1))]
    for axes in both:
        axes.set(xlim=(0, WIDTH), ylim=(0, HEIGHT), aspect="equal")
        axes.axis("off")
    return figure, both


@house_style
def draw_network(axes, trace):
    """Draw weights and biases; returns the artists that `show_step` sets, by name."""
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
        artists |= _gradient_label(axes, f"gradient {k},{i},{j}", _label_place(origin, place))
    return artists


def show_step(artists, trace, step=None):
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


def number(x):
    """A number in at most three digits, with a real minus sign."""
    return f"{x + 0:.3g}".replace("-", "−")


def vector(values):
    """(1, −2), or nested for a matrix."""
    return "(" + ", ".join(vector(v) if np.ndim(v) else number(v) for v in values) + ")"


def _factor(x):
    return f"({number(x)})" if number(x).startswith("−") else number(x)


def _sum(left, right):
    return " + ".join(f"{_factor(a)} · {_factor(b)}" for a, b in zip(left, right))


def arithmetic(trace, now):
    """The lines below the network: the equation at work, with this example's numbers."""
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
    lines = []
    for j, (a, z) in enumerate(zip(trace.A[k], trace.Z[k])):
        left, name = f"$a_{j + 1}^{{({k})}}$", f"${symbol.format(j + 1)}$"
        sum_ = f"{_sum(trace.Z[k - 1], W[:, j])} + {_factor(b[j])} = {number(a)}"
        if trace.functions[k - 1] == "identity":
            lines.append(f"E1:  {name} = {left} = {sum_}")
        else:
            lines.append(f"E1:  {left} = {sum_},   {name} = {_applied(trace.functions[k - 1], a)} = {number(z)}")
    return lines


def _applied(function, a):
    return f"({number(a)})²" if function == "square" else f"{function}({number(a)})"


def _output_arithmetic(trace, k):
    squares = " + ".join(f"({number(y)} − {_factor(z)})²" for y, z in zip(trace.y, trace.Z[-1]))
    return [*_layer_arithmetic(trace, k)[: LINES - 1], f"E2:  $E_n$ = {squares} = {number(trace.loss)}"]


def _output_delta_arithmetic(trace, k):
    rows = enumerate(zip(trace.y, trace.Z[k], trace.slopes[k], trace.delta[k]), start=1)
    return [
        rf"E4:  $\delta_{j}^{{({k})}} = -2\,(y_{j} - \hat y_{j})\,f_{k}'(a_{j}^{{({k})}})$"
        f" = −2 · ({number(y)} − {_factor(z)}) · {_factor(slope)} = {number(delta)}"
        for j, (y, z, slope, delta) in rows
    ]


def _hidden_delta_arithmetic(trace, k):
    W = trace.theta[k][0]
    return [
        rf"E5:  $\delta_{i}^{{({k})}} = f_{k}'(a_{i}^{{({k})}})"
        rf"\,\Sigma_j\, w_{{{i}j}}^{{({k + 1})}} \delta_j^{{({k + 1})}}$"
        f" = {_factor(slope)} · ({_sum(row, trace.delta[k + 1])}) = {number(delta)}"
        for i, (slope, row, delta) in enumerate(zip(trace.slopes[k], W, trace.delta[k]), start=1)
    ]


def _gradient_arithmetic(trace, k):
    i, j = np.unravel_index(np.abs(trace.gradient(k)).argmax(), trace.gradient(k).shape)
    z, delta = trace.Z[k - 1][i], trace.delta[k][j]
    weight = f"w_{{{i + 1}{j + 1}}}^{{({k})}}"
    return [
        rf"E6:  $\partial E_n/\partial {weight} = z_{i + 1}^{{({k - 1})}}\,\delta_{j + 1}^{{({k})}}$"
        f" = {_factor(z)} · {_factor(delta)} = {number(z * delta)},   one such product for each edge",
        rf"E6:  $\partial E_n/\partial b_{j + 1}^{{({k})}} = \delta_{j + 1}^{{({k})}}$ = {number(delta)}",
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


def _label_place(origin, place):
    return origin + LABEL_AT * (place - origin)


def _pieces(origin, place):
    """An edge in two pieces, from rim to rim, with a gap for its labels."""
    way = place - origin
    gap, rim = LABEL_HALF / way[0], RADIUS / np.hypot(*way) * way
    return [(origin + rim, origin + (LABEL_AT - gap) * way), (origin + (LABEL_AT + gap) * way, place - rim)]


def _layer_edges(places, layer):
    return [piece for k, _, _, origin, place in _each_edge(places) if k == layer for piece in _pieces(origin, place)]


def _draw_static(axes, trace, places):
    """What no step changes: edges, weights, biases, headings."""
    for k, i, j, origin, place in _each_edge(places):
        x, y = _label_place(origin, place)
        weight = number(trace.theta[k - 1][0][i, j])
        axes.text(x, y + 0.09, weight, ha="center", va="center", fontsize=SMALL)
    for k, layer in enumerate(places):
        name = f"layer {k}: {trace.functions[k - 1]}" if k else "layer 0: inputs"
        axes.text(layer[0][0], HEIGHT - 0.42, name, ha="center", va="center", color="#404040")
        axes.add_collection(LineCollection(_layer_edges(places, k), colors=GREY, linewidths=1, zorder=1))
        for j, (x, y) in enumerate(layer if k else []):
            bias = f"b{SUBSCRIPTS[j]} = {number(trace.theta[k - 1][1][j])}"
            axes.text(x, y + RADIUS + 0.1, bias, ha="center", va="center", fontsize=SMALL)


def _edges(axes, places):
    """The edges of each layer once more, to be lit."""
    return {
        f"edges {k}": axes.add_collection(LineCollection(_layer_edges(places, k), linewidths=2.4, zorder=2))
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


def _gradient_label(axes, name, place):
    x, y = place
    return {name: axes.text(x, y - 0.09, "", ha="center", va="center", **BACKWARD)}


def _outside(axes):
    """Title, loss, and the lines of arithmetic."""
    lines = {f"line {row}": axes.text(0.1, 0.73 - 0.28 * row, "", va="center") for row in range(LINES)}
    return lines | {
        "title": axes.text(0.1, HEIGHT - 0.13, "", va="center", fontsize=12, fontweight="bold"),
        "loss": axes.text(RIGHT + RADIUS + 0.12, MIDDLE - 0.17, "", va="center"),
    }


def _show_units(artists, trace, k, done):
    known = {(step.kind, step.layer) for step in done}
    reached = len(done) > k
    for j, z in enumerate(trace.Z[k]):
        sub = SUBSCRIPTS[j]
        symbol = "ŷ" if k == trace.depth else "z"
        artists[f"unit {k},{j}"].set_facecolor(TINTS[done[-1].way] if done[-1].layer == k else "white")
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
        edges = artists[f"edges {k}"]
        edges.set_color(COLOURS[now.way] if k == _lit_layer(now) else "none")
        edges.set_linestyle(LINESTYLES[now.way])


def _lit_layer(now):
    """The layer whose weights the step uses: E5 uses those of the next one, E4 none."""
    if now.kind == "delta":
        return None if now.equation == "E4" else now.layer + 1
    return now.layer


def _show_outside(artists, trace, walk, step):
    now, lines = walk[step], arithmetic(trace, walk[step])
    artists["title"].set_text(f"Step {step} of {len(walk) - 1}, {now.way}: {_title(now)}")
    artists["loss"].set_text(f"$E_n$ = {number(trace.loss)}" if step >= trace.depth else "")
    for row in range(LINES):
        artists[f"line {row}"].set_text(lines[row] if row < len(lines) else "")


@house_style
def v_curve(h, central_error, one_sided_error, complex_error):
    """The relative error of three numerical derivatives against their step h, both on logarithmic axes.

    The error is the formula's on the right (h^2, h) and rounding's on the left (1e-16 / h): a V.
    """
    h = np.asarray(h)
    names = "central difference", "one-sided difference", "complex step"
    curves = dict(zip(names, (central_error, one_sided_error, complex_error)))
    _check_lengths(len(h), curves)
    figure, axes = new_figure(9, 3.8)
    for (name, error), key in zip(curves.items(), ("bgd", "sgd", "right")):
        axes.loglog(
            h,
            np.maximum(error, SMALLEST),
            label=name,
            color=COLOURS[key],
            marker=MARKERS[key],
            linestyle=LINESTYLES[key],
        )
    axes.set(xlabel="step $h$", ylabel="relative error of the gradient")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=3)
    return Picture(figure, "\n".join(_least_error(name, h, error) for name, error in curves.items()))


def _least_error(name, h, error):
    """Bounds, not digits: near its least the error is rounding, and differs between machines."""
    least = np.ceil(np.log10(3 * np.maximum(error, SMALLEST).min()))
    again = ", and grows again below it" if error[np.argmin(h)] > 100 * np.min(error) else " and stays there"
    largest = f"error {error[np.argmax(h)]:.0e} at h = {np.max(h):.0e}"
    return f"{name}: {largest}, falls below 1e{least:+03.0f} at a smaller step{again}."


@house_style
def gradient_bars(true, wrong, names=("true", "wrong")):
    """Two gradients of one shape, entry by entry with the numbers in the cells, on one scale, and their difference.

    `true` and `wrong` are matrices such as dW, or lists of them, one a layer.
    """
    pairs = _pairs(true, wrong)
    scale = max(np.nanmax(np.abs(cells)) for a, b in pairs for cells in (a, b, b - a))
    figure, axes = new_figure(9, 0.8 + 2.3 * len(pairs), len(pairs), 3, squeeze=False)
    for k, (row, (right, other)) in enumerate(zip(axes, pairs), start=1):
        for panel, cells, name in zip(row, (right, other, other - right), (*names, "difference")):
            _draw_cells(panel, cells, scale)
            panel.set_title(f"{name}, dW$^{{({k})}}$" if len(pairs) > 1 else name)
    return Picture(figure, "\n".join(_compared(k, *pair, names) for k, pair in enumerate(pairs, start=1)))


def _pairs(true, wrong):
    as_list = list if isinstance(true, (list, tuple)) else lambda matrix: [matrix]
    pairs = [
        (np.atleast_2d(a).astype(float), np.atleast_2d(b).astype(float))
        for a, b in zip(as_list(true), as_list(wrong), strict=True)
    ]
    for a, b in pairs:
        if a.shape != b.shape:
            raise ValueError(f"gradients of shapes {a.shape} and {b.shape}: they must have one shape to be compared")
    return pairs


def _draw_cells(panel, cells, scale):
    """Blue is negative, red positive, white zero; the number is in the cell where it can be read."""
    panel.imshow(cells, cmap="RdBu_r", vmin=-scale, vmax=scale, aspect="auto")
    panel.set(xticks=range(cells.shape[1]), yticks=range(cells.shape[0]), xlabel="to unit $j$", ylabel="from unit $i$")
    panel.set_xticklabels(range(1, cells.shape[1] + 1))
    panel.set_yticklabels(range(1, cells.shape[0] + 1))
    panel.grid(False)
    if cells.shape[1] > MOST_NUMBERS:
        return
    for (i, j), value in np.ndenumerate(cells):
        dark = abs(value) > 0.6 * scale
        panel.text(
            j,
            i,
            "–" if np.isnan(value) else number(value),
            ha="center",
            va="center",
            color="white" if dark else "black",
        )


def _compared(k, true, wrong, names):
    same = np.isclose(true, wrong, rtol=1e-9, atol=1e-12 * np.nanmax(np.abs(true)))
    signs = int((np.sign(true) == np.sign(wrong)).sum())
    numbers = ""
    if true.size <= 12:
        numbers = f" {names[0]} {vector(true)}, {names[1]} {vector(wrong)}."
    return f"Layer {k}: {same.sum()} of {true.size} entries agree, {signs} have the same sign.{numbers}"


@house_style
def digits_grid(images, labels, predictions=None, columns=10):
    """Digits of 8 × 8 pixels with their labels; with predictions, a mistake reads true → predicted in a frame.

    `images` is N × 64 or N × 8 × 8.
    """
    if len(images) == 0:
        raise ValueError("images is empty: there is no digit to draw")
    images = np.asarray(images).reshape(-1, 8, 8)
    named = {"labels": labels} if predictions is None else {"labels": labels, "predictions": predictions}
    _check_lengths(len(images), named)
    rows, columns = -(-len(images) // columns), min(columns, len(images))
    figure, axes = new_figure(max(0.9 * columns, 1), 1.15 * rows, rows, columns, squeeze=False)
    for n, panel in enumerate(axes.flat):
        panel.axis("off")
        if n < len(images):
            _draw_digit(panel, images[n], labels[n], None if predictions is None else predictions[n])
    return Picture(figure, _digits_in_words(np.asarray(labels), predictions))


def _draw_digit(panel, image, label, prediction):
    panel.imshow(image, cmap="Greys")
    panel.grid(False)
    if prediction is None or prediction == label:
        panel.set_title(str(label), fontsize=12)
        return
    panel.set_title(f"{label} → {prediction}", fontsize=12, fontweight="bold", color=COLOURS["backward_text"])
    panel.add_patch(Rectangle((-0.5, -0.5), 8, 8, fill=False, linewidth=3, edgecolor=COLOURS["wrong"], clip_on=False))


def _digits_in_words(labels, predictions):
    shown = f"{len(labels)} digits: {', '.join(str(label) for label in labels)}."
    if predictions is None:
        return shown
    mistakes = [f"{label} read as {guess}" for label, guess in zip(labels, predictions) if label != guess]
    all_wrong = len(mistakes) == len(labels)
    count = f"{len(mistakes)} mistakes" if all_wrong else f"{len(mistakes)} of {len(labels)} digits are mistaken"
    return count + (f": {', '.join(mistakes)}." if mistakes else ".")


@house_style
def training_curve(updates, cost, accuracy, train_accuracy=None):
    """The training cost, and below it the share of held-out examples that are right, against updates."""
    updates = np.asarray(updates)
    _check_lengths(len(updates), {"cost": cost, "accuracy": accuracy})
    figure, (above, below) = new_figure(9, 4.8, 2, 1, sharex=True)
    above.semilogy(updates, cost, color=COLOURS["bgd"], linestyle=LINESTYLES["bgd"])
    above.set(ylabel="training cost $J$")
    above.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), major_formatter="{x:g}", minor_formatter=NullFormatter())
    below.plot(updates, 100 * np.asarray(accuracy), color=COLOURS["right"], label="held out")
    if train_accuracy is not None:
        _check_lengths(len(updates), {"train_accuracy": train_accuracy})
        below.plot(updates, 100 * np.asarray(train_accuracy), ":", color=COLOURS["data"], label="training")
        below.legend(loc="lower right")
    below.set(xlabel="updates", ylabel="accuracy in %")
    return Picture(figure, _training_in_words(updates, cost, accuracy))


def _training_in_words(updates, cost, accuracy):
    best = int(np.argmax(accuracy))
    rose = int((np.diff(cost) > 0).sum())
    return (
        f"The training cost goes from {cost[0]:.3f} to {cost[-1]:.3f} in {updates[-1] - updates[0]} updates"
        f"{' and never rises' if rose == 0 else f', rising between {rose} of the points drawn'}. "
        f"Accuracy on held-out examples goes from {100 * accuracy[0]:.1f} % to {100 * accuracy[-1]:.1f} %, "
        f"the best is {100 * accuracy[best]:.1f} % at update {updates[best]}."
    )


def _check_lengths(length, series):
    for name, values in series.items():
        if len(values) != length:
            raise ValueError(f"{name} has {len(values)} entries, {length} are needed: one for each point drawn")
