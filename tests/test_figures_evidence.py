"""The pictures of the evidence show the arrays they are given, and their words are computed from them."""

import numpy as np

from bgd_helpers.lessons import limits
from bgd_helpers.pictures import evidence_plots as evidence
from bgd_helpers.pictures.picture import css_size


def test_a_picture_has_labels_words_and_fits_a_laptop():
    drawn = evidence.gaussians(**limits.two_gaussians().drawn)
    (axes,) = drawn.figure.axes
    assert axes.get_ylabel() and axes.get_xlabel() and axes.lines
    assert css_size(drawn.figure)[0] <= 1200
    assert "the factor per update is least at η = 1.10 and passes 1 at η = 1.15" in drawn.text


def test_overtaking_says_when():
    bgd, constant, decaying = 4.0 * 0.5 ** np.arange(8), np.full(8, 0.4), np.linspace(1, 0.1, 8)
    drawn = evidence.overtaking(bgd, constant, decaying)
    np.testing.assert_array_equal(drawn.figure.axes[0].lines[2].get_ydata(), bgd)
    assert "is below SGD, constant η from epoch 4 on; BGD is below SGD, falling η from epoch 3 on" in drawn.text


class MadeUp:
    """What `best_rates` and `three_axes` need of a tuned batch size."""

    def __init__(self, batch_size, updates):
        self.batch_size, self.eta, self.index, self.updates = batch_size, 0.1 * batch_size, 0, updates
        self.examples, self.epochs = updates * batch_size, updates * batch_size / 8
        self.band = np.array([updates / 2, np.inf])
        self.runs = self
        self.t = np.array([0, updates, 2 * updates])
        self.J = np.array([[[1.0, 1.0]], [[0.2, 0.4]], [[0.1, 0.1]]])


class Recorded(MadeUp):
    """The same with the axes of its runs."""

    def __getattribute__(self, name):
        if name == "runs":
            t, B = self.t, self.batch_size
            return type("Runs", (), dict(t=t, updates=t, examples=t * B, J=self.J))
        return super().__getattribute__(name)


def test_best_rates_show_both_axes():
    found = [MadeUp(1, 40), MadeUp(8, 10)]
    drawn = evidence.best_rates(found, 0.15)
    updates, epochs = (axes.lines[0].get_ydata().tolist() for axes in drawn.figure.axes)
    assert updates == [40, 10] and epochs == [5, 10]
    assert "B = 8, η = 0.8: 10 updates, 10.0 epochs" in drawn.text


def test_three_axes_show_the_same_costs():
    found = [Recorded(1, 40), Recorded(2, 20), Recorded(8, 10)]
    drawn = evidence.three_axes(found, {1: 4.0, 2: 1.0, 8: 0.5}, 0.15)
    for axes, expected in zip(drawn.figure.axes, ([40, 80], [40, 80], [4.0, 8.0])):
        assert axes.lines[0].get_xdata().tolist() == expected
        np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.3, 0.1])
    assert "Seconds are those of one machine" in drawn.text


def test_xor_counts_the_ends():
    drawn = evidence.xor(np.array([0.001, 0.002, 0.1251, 0.1667]), np.array([1 / 8, 1 / 6, 1 / 4]))
    assert drawn.text == "2 of 4 starts end below J = 0.05; of the others 1 near 1/8, 1 near 1/6, 0 near 1/4."
