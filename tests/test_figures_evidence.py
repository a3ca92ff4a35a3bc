"""The pictures of the evidence show the arrays they are given, and their words are computed from them."""

import numpy as np
import pytest

from bgd_helpers.evidence import QUICK, ROWS, collect, picture
from bgd_helpers.figures import evidence
from bgd_helpers.pictures.picture import css_size

CHEAP = [row for row in ROWS if row.picture and row.name not in ("overtaking", "size", "best-rates")]


@pytest.mark.parametrize("row", CHEAP, ids=lambda row: row.name)
def test_a_picture_has_labels_words_and_fits_a_laptop(row):
    drawn = picture(collect(QUICK, [row])[row.name])
    for axes in drawn.figure.axes:
        assert axes.get_ylabel() and (axes.get_xlabel() or axes.get_xticklabels())
        assert axes.lines
    assert css_size(drawn.figure)[0] <= 1200 and drawn.text.endswith(".") and "nan" not in drawn.text


def test_a_row_without_a_picture_has_none():
    (row,) = (row for row in ROWS if row.name == "mean-path")
    assert picture(collect(QUICK, [row])["mean-path"]) is None


def test_overtaking_marks_the_crossings():
    bgd, constant, decaying = 4.0 * 0.5 ** np.arange(8), np.full(8, 0.4), np.linspace(1, 0.1, 8)
    drawn = evidence.overtaking(bgd, constant, decaying, [4, 5], {1: np.array([0.3, 0.5])})
    (axes,) = drawn.figure.axes
    np.testing.assert_array_equal(axes.lines[2].get_ydata(), bgd)
    assert axes.lines[3].get_ydata().tolist() == [0.4]
    assert [line.get_xydata().tolist() for line in axes.lines[4:6]] == [[[4, 0.25]], [[5, 0.125]]]
    assert "below the constant rate from epoch 4 on, below the falling rate from epoch 5 on" in drawn.text


def test_size_tells_the_ratios():
    drawn = evidence.size((100, 500), np.array([50.0, 60.0]), np.array([500.0, 3000.0]))
    assert "N = 500: BGD needs 3,000 gradients of examples, SGD 60, a ratio of 50" in drawn.text
    assert [note.get_text() for note in drawn.figure.axes[0].texts] == ["× 10", "× 50"]


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


def test_running_mean_names_both_ends():
    t = np.arange(2, 101)
    text = evidence.running_mean(t, (t + 1) / (2 * t), 1 / t).text
    assert "At t = 100 the rate 1/(2t) has left 0.010 of the distance, the rate 1/(2t²) 0.5050." in text
