"""The same picture behind one slider in several ways; the cells of the notebook that `bench.sliders` drives.

900 x 360 CSS pixels: 150 x 150 filled contours with a path of 500 marked points, and a curve of 500 points.
"""

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

from bgd_helpers.pictures import Explorer, Picture, house_style, new_figure

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
    """Needs %matplotlib widget."""
    plt.ioff()
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), dpi=100)
    moving, control = draw(*axes), slider()

    def show(change):
        move(moving, control.value)
        figure.canvas.draw_idle()

    control.observe(show, "value")
    return widgets.VBox([control, figure.canvas])


def ours():
    @house_style
    def picture():
        figure, axes = new_figure(9, 3.6, 1, 2)
        return Picture(figure, "A path and its cost.", draw(*axes))

    shown = picture()
    return Explorer(shown, {"eta": slider()}, lambda eta: move(shown.moving, eta))


def floor():
    """A label that echoes the slider: what a round trip to the kernel costs by itself."""
    control, label = slider(), widgets.Label("0.2")
    control.observe(lambda change: setattr(label, "value", f"echo {control.value:.2f}"), "value")
    display(widgets.VBox([control, label]))
