"""The noise of a batch as it is drawn equals what plain loops and the law say, at every position of every control."""

import warnings
from functools import cache

import numpy as np
import pytest

from bgd_helpers import network
from bgd_helpers.lessons import experiments
from bgd_helpers.pictures.batch_noise import DRAWS, EPOCHS, ETA, noise_explorer, noise_figure

N = 342


@pytest.fixture(scope="module")
def problem():
    return experiments.penguin_problem(hidden=4)


@pytest.fixture(scope="module")
def shared(problem):
    return noise_explorer(problem)


@pytest.fixture
def explorer(shared):
    shared.reset()
    return shared


def frame_after(explorer, **values):
    """The picture's bytes after a move; a warning in a redraw is an error here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explorer.set(**values)
    return repr(explorer.scene)


@pytest.fixture(scope="module")
def gradients_at(problem):
    """gradients_by_hand of the number of epochs, each worked out once."""
    return cache(lambda epochs: gradients_by_hand(problem, epochs))


def gradients_by_hand(problem, epochs):
    """N x 21: the gradient of each example alone, after `epochs` updates of BGD written out."""
    theta = problem.theta
    for _ in range(epochs):
        steps = network.backprop(theta, problem.X, problem.Y, problem.activations)
        theta = [(W - ETA * dW, b - ETA * db) for (W, b), (dW, db) in zip(theta, steps)]
    rows = []
    for n in range(N):
        grad = network.backprop(theta, problem.X[n : n + 1], problem.Y[n : n + 1], problem.activations)
        rows.append(np.concatenate([part.ravel() for pair in grad for part in pair]))
    return np.array(rows)


def batches_by_hand(batch_size, replacement, draws, seed):
    """The batches that the explorer draws: the first B of a random order, as lists."""
    rng = np.random.default_rng(seed)
    orders = [rng.permuted(np.tile(np.arange(N), (1000, 1)), axis=1), rng.integers(0, N, (1000, N))]
    return [list(order[:batch_size]) for order in orders[replacement == "with"][:draws]]


SETTINGS = [
    (18, "without", 300, 0, 0),
    (1, "with", 30, 4, 60),
    (64, "with", 100, 9, 5),
    (300, "without", 10, 2, 1),
    (342, "with", 30, 0, 20),
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_cloud_and_markers_are_what_loops_find(explorer, gradients_at, setting):
    batch_size, replacement, draws, seed, epochs = setting
    names = ("batch_size", "replacement", "draws", "seed", "epochs")
    frame_after(explorer, **dict(zip(names, setting)))
    gradients = gradients_at(epochs)
    means = np.array([sum(gradients[n] for n in batch) / batch_size for batch in batches_by_hand(*setting[:4])])
    full = gradients.mean(axis=0)
    moving = explorer.picture.moving
    x, y = shown_columns(gradients_at)
    np.testing.assert_allclose(np.transpose(moving["cloud"].get_data()), means[:, [x, y]], atol=1e-12)
    np.testing.assert_allclose(np.ravel(moving["gradient"].get_data()), full[[x, y]], atol=1e-12)
    variance = np.mean([((mean - full) ** 2).sum() for mean in means])
    np.testing.assert_allclose(np.ravel(moving["here"].get_data()), [batch_size, variance])
    assert moving["present"].get_xdata() == [batch_size, batch_size]
    np.testing.assert_allclose(moving["signal"].get_ydata(), (full**2).sum())
    assert f"over {draws:,} batches the variance is {variance:.3g}" in explorer.words
    downhill = 100 * np.mean([mean @ full > 0 for mean in means])
    assert f"lowers J for {downhill:.0f} % of the batches" in explorer.words


def shown_columns(gradients_at):
    """The two entries that vary most at the start."""
    return sorted(np.argsort(gradients_at(0).std(axis=0))[-2:])


@pytest.mark.parametrize("epochs", [0, 10])
def test_the_lines_are_the_law(explorer, gradients_at, epochs):
    frame_after(explorer, epochs=epochs)
    gradients = gradients_at(epochs)
    sigma = np.mean([((row - gradients.mean(axis=0)) ** 2).sum() for row in gradients])
    sizes, law = explorer.picture.moving["law with"].get_data()
    np.testing.assert_allclose(law, [sigma / B for B in sizes])
    sizes, law = explorer.picture.moving["law without"].get_data()
    np.testing.assert_allclose(law[:-1], [sigma / B * (N - B) / (N - 1) for B in sizes[:-1]])
    assert sizes[-1] == N and np.isnan(law[-1])  # zero, which a log scale cannot show
    assert f"Σ = {sigma:.3g}" in explorer.words


def test_many_batches_come_close_to_the_law(explorer):
    frame_after(explorer, draws=DRAWS[-1])
    for way in ("with", "without"):
        law, measured = (explorer.picture.moving[f"{name} {way}"].get_ydata()[:-1] for name in ("law", "measured"))
        np.testing.assert_allclose(measured, law, rtol=0.15)


def test_the_ellipse_is_two_standard_deviations_of_the_law(explorer, gradients_at):
    frame_after(explorer, batch_size=57)
    columns = gradients_at(0)[:, shown_columns(gradients_at)]
    apart = columns - columns.mean(axis=0)
    law = apart.T @ apart / N / 57 * (N - 57) / (N - 1)
    around = np.transpose(explorer.picture.moving["ellipse"].get_data()) - columns.mean(axis=0)
    np.testing.assert_allclose([point @ np.linalg.inv(law) @ point for point in around], 4)
    cloud = np.transpose(explorer.picture.moving["cloud"].get_data()) - columns.mean(axis=0)
    share = np.mean([point @ np.linalg.inv(law) @ point <= 4 for point in cloud])
    assert f"{100 * share:.0f} % of the cloud lies in the ellipse" in explorer.words


def test_at_B_equal_N_without_replacement_nothing_is_left(explorer):
    frame_after(explorer, batch_size=N)
    assert "the variance is 0, the law says 0." in explorer.words and "no batch is off" in explorer.words
    np.testing.assert_allclose(np.ptp(explorer.picture.moving["cloud"].get_data(), axis=1), 0, atol=1e-12)
    np.testing.assert_array_equal(np.ptp(explorer.picture.moving["ellipse"].get_data(), axis=1), 0)
    frame_after(explorer, replacement="with")
    assert "the law says 0." not in explorer.words.replace("the law says 0.0", "")


@pytest.mark.slow
def test_every_position_of_every_control_is_another_picture(explorer):
    for name, control in explorer.controls.items():
        explorer.reset()
        values = control.options
        assert len({frame_after(explorer, **{name: value}) for value in values}) == len(values)


def test_the_axes_hold_the_measured_points_everywhere(explorer):
    lowest, highest = explorer.picture.figure.axes[0].get_ylim()
    for epochs in EPOCHS:
        frame_after(explorer, epochs=epochs, draws=1000)
        for artist in ("law with", "law without", "measured with", "measured without", "signal"):
            values = explorer.picture.moving[artist].get_ydata()
            assert lowest < np.nanmin(values) and np.nanmax(values) < highest


def test_no_move_draws_it_all_again(explorer, monkeypatch):
    drawn = []
    monkeypatch.setattr(explorer.picture.figure.canvas, "draw", lambda: drawn.append(1))
    frame_after(explorer, batch_size=1, replacement="with", draws=10, seed=1, epochs=60)
    assert not drawn


def test_the_static_figure_says_what_the_explorer_says(explorer, problem):
    assert noise_figure(problem).text == explorer.words
    frame_after(explorer, batch_size=4, replacement="with", draws=100, seed=3, epochs=2)
    assert noise_figure(problem, 4, "with", 100, 3, 2).text == explorer.words


def test_the_axes_name_the_parameters(explorer, gradients_at):
    """The names are checked by position: parameters in the order W, b of each layer, rows first."""
    names = [f"w_{{{i}{j}}}^{{(1)}}" for i in (1, 2, 3) for j in (1, 2, 3, 4)] + [
        f"b_{{{j}}}^{{(1)}}" for j in (1, 2, 3, 4)
    ]
    names += [f"w_{{{i}1}}^{{(2)}}" for i in (1, 2, 3, 4)] + ["b_{1}^{(2)}"]
    cloud = explorer.picture.figure.axes[1]
    for column, label in zip(shown_columns(gradients_at), (cloud.get_xlabel(), cloud.get_ylabel())):
        assert names[column] in label
