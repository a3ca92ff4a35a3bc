"""The measured steps and their picture."""

import numpy as np
import pytest

from bgd_helpers.data import load_steps
from bgd_helpers.figures.cluster import steps_picture

N = np.array([10, 1000, 100_000])
RATIOS = {
    "always": np.array([0.9, 0.8, 0.5]),
    "late": np.array([40.0, 0.9, 0.6]),
    "never": np.array([40.0, 0.5, 1.0]),
}


def test_the_picture_shows_and_says_the_ratios():
    picture = steps_picture(N, RATIOS, "2 cores")
    first, *lines = picture.text.splitlines()
    assert first.startswith("Measured on 2 cores:")
    assert lines == [
        "always: 0.90 at N = 10, 0.50 at N = 100,000; faster at every N measured.",
        "late: 40.0 at N = 10, 0.60 at N = 100,000; faster from N = 1,000 on.",
        "never: 40.0 at N = 10, 1.00 at N = 100,000; not faster at the largest N measured.",
    ]
    (axis,) = picture.figure.axes
    drawn = {line.get_label(): line.get_ydata() for line in axis.lines[1:]}
    assert {name: list(y) for name, y in drawn.items()} == {name: list(y) for name, y in RATIOS.items()}
    assert len({(line.get_marker(), line.get_linestyle()) for line in axis.lines[1:]}) == 3
    assert axis.get_xlabel() and axis.get_ylabel()


def test_the_measurement_is_complete():
    machine, steps = load_steps()
    assert "cores" in machine and [model.model for model in steps] == ["linear", "20-16-1 net"]
    for model in steps:
        assert (np.diff(model.N) > 0).all() and len(model.N) >= 5
        for times in model[2:]:
            assert len(times) == len(model.N) and (times > 0).all()
        assert model.two_workers[0] > 2 * model.one_process[0]  # for few examples communication is all there is


@pytest.mark.parametrize("name", ["cores", "Python"])
def test_the_machine_is_named(name):
    assert name in load_steps()[0]
