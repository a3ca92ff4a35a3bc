"""The same picture behind one slider in several ways; the cells of the notebook that `bench.sliders` drives.

900 x 360 CSS pixels: 150 x 150 filled contours with a path of 500 marked points, and a curve of 500 points.
"""

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from bgd_helpers.pictures import Explorer, Picture, choice_slider, house_style, new_figure

GRID = np.linspace(-3, 3, 150)
X, Y = np.meshgrid(GRID, GRID)
COST = X**2 + 4 * Y**2
NOISE = 0.1 * np.random.default_rng(0).normal(size=(500, 2))
STEPS = np.arange(500)


def slider():
    return widgets.FloatSlider(value=0.2, min=0.01, max=1, step=0.01, description="eta", layout={"width": "600px"})


def run(eta):
    """A path (500 x 2) and its cost."""
    angle, size = STEPS * eta, np.exp(-eta * STEPS / 20)
    path = np.stack([3 * size * np.cos(angle), 2 * size * np.sin(angle)], axis=1) + NOISE
    return path, path[:, 0] ** 2 + 4 * path[:, 1] ** 2


def draw(plane, curve):
    """The artists that move."""
    plane.contourf(X, Y, COST, 20)
    plane.set(xlim=(-3, 3), ylim=(-3, 3))
    curve.set(xlim=(0, 500), ylim=(0, 40))
    (path,) = plane.plot([], [], "o-", markersize=3, color="C1")
    (cost,) = curve.plot([], [], color="C0")
    return {"path": path, "cost": cost, "words": curve.text(200, 35, "")}


def move(moving, eta):
    path, cost = run(eta)
    moving["path"].set_data(*path.T)
    moving["cost"].set_data(STEPS, cost)
    moving["words"].set_text(f"eta = {eta:.2f}")
    return f"J = {cost[-1]:.3f}"


def with_interact(dpi=100):
    def show(eta):
        _, axes = plt.subplots(1, 2, figsize=(9, 3.6), dpi=dpi)
        move(draw(*axes), eta)
        plt.show()

    widgets.interact(show, eta=slider())


def with_ipympl():
    """By blitting; pyplot's backend, which the import takes, goes back to interact."""
    from ipympl.backend_nbagg import Canvas, FigureManager

    plt.switch_backend("module://matplotlib_inline.backend_inline")
    figure = Figure(figsize=(9, 3.6), dpi=100)
    FigureManager(Canvas(figure), 0)
    moving, control, still = draw(*figure.subplots(1, 2)), slider(), []
    for artist in moving.values():
        artist.set_animated(True)

    def show(change):
        if not still:
            figure.canvas.draw()
            still.append(figure.canvas.copy_from_bbox(figure.bbox))
        move(moving, control.value)
        figure.canvas.restore_region(still[0])
        for artist in moving.values():
            artist.axes.draw_artist(artist)
        figure.canvas.blit(figure.bbox)

    control.observe(show, "value")
    return widgets.VBox([control, figure.canvas])


def ours():
    @house_style
    def picture():
        figure, axes = new_figure(9, 3.6, 1, 2)
        return Picture(figure, "A path and its cost.", draw(*axes))

    shown = picture()
    rates = [hundredths / 100 for hundredths in range(1, 101)]
    return Explorer(shown, {"eta": choice_slider("eta", rates, 0.2)}, lambda eta: move(shown.moving, eta))


def with_plotly():
    from plotly.graph_objects import FigureWidget
    from plotly.subplots import make_subplots

    figure, control = FigureWidget(make_subplots(1, 2)), slider()
    figure.add_contour(x=GRID, y=GRID, z=COST, row=1, col=1, showscale=False)
    figure.add_scatter(mode="lines+markers", marker_size=3, row=1, col=1)
    figure.add_scatter(row=1, col=2)
    figure.update_layout(width=900, height=360, showlegend=False)

    def show(change):
        path, cost = run(control.value)
        with figure.batch_update():
            figure.data[1].update(x=path[:, 0], y=path[:, 1])
            figure.data[2].update(x=STEPS, y=cost)
            figure.layout.title = f"eta = {control.value:.2f}"

    show(None)
    control.observe(show, "value")
    return widgets.VBox([control, figure])


def with_bqplot():
    import bqplot

    def panel(marker, x, y):
        scales = {"x": bqplot.LinearScale(min=x[0], max=x[1]), "y": bqplot.LinearScale(min=y[0], max=y[1])}
        line = bqplot.Lines(x=[0.0], y=[0.0], scales=scales, **marker)
        axes = [bqplot.Axis(scale=scales["x"]), bqplot.Axis(scale=scales["y"], orientation="vertical")]
        return bqplot.Figure(marks=[line], axes=axes, layout={"width": "450px", "height": "360px"}), line

    (left, path), (right, cost) = panel({"marker": "circle"}, (-3, 3), (-3, 3)), panel({}, (0, 500), (0, 40))
    control = slider()

    def show(change):
        points, costs = run(control.value)
        with path.hold_sync(), cost.hold_sync():
            path.x, path.y, cost.x, cost.y = *points.T, STEPS, costs
            right.title = f"eta = {control.value:.2f}"

    show(None)
    control.observe(show, "value")
    return widgets.VBox([control, widgets.HBox([left, right])])


def explorer_of(name):
    """An explorer of the notebooks, as they make it."""
    import bgd_helpers as bgd

    birds = bgd.load_penguins()
    X, y, problem = bgd.standardise(birds.X), bgd.standardise(birds.y), bgd.experiments.penguin_problem
    make = {
        "bgd": lambda: bgd.bgd_explorer(X, y),
        "sgd": lambda: bgd.sgd_explorer(bgd.with_ones(X), y),
        "noise": lambda: bgd.noise_explorer(problem()),
        "comparison": lambda: bgd.comparison_explorer(problem()),
    }
    return make.get(name, getattr(bgd, f"{name}_explorer"))()


def floor():
    """A label that echoes the slider: what a round trip to the kernel costs by itself."""
    control, label = slider(), widgets.Label("0.2")
    control.observe(lambda change: setattr(label, "value", f"echo {control.value:.2f}"), "value")
    display(widgets.VBox([control, label]))
