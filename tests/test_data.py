"""The data sets in the package, and what is done to them."""

import csv
import socket

import numpy as np
import pytest

from bgd_helpers import data
from bgd_helpers.scale.timings import load_steps


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("data are loaded without network")

    monkeypatch.setattr(socket, "socket", refuse)


def test_digits():
    digits = data.load_digits()
    assert digits.X.shape == (1797, 64) and digits.labels.shape == (1797,)
    assert digits.X.min() == 0 and digits.X.max() == 1 and (16 * digits.X == np.round(16 * digits.X)).all()
    assert np.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.labels[:5].tolist() == [0, 1, 2, 3, 4]
    assert (data.FOLDER / "digits.csv.gz").stat().st_size < 100_000


def test_penguins():
    penguins = data.load_penguins()
    assert penguins.X.shape == penguins.y.shape == (342, 1)
    assert penguins.inputs == ("flipper length",) and penguins.target == "body mass"
    assert np.isfinite(penguins.X).all() and 170 < penguins.X.min() < penguins.X.max() < 235
    assert 2500 < penguins.y.min() < penguins.y.max() < 6500


def test_the_two_birds_without_measurements_are_left_out():
    with open(data.FOLDER / "penguins.csv", newline="", encoding="utf-8") as file:
        birds = list(csv.DictReader(file))
    missing = [bird for bird in birds if "NA" in [bird[column] for column in data.PENGUIN_COLUMNS.values()]]
    assert len(birds) == 344 and len(missing) == 2
    kept = [float(bird["body_mass_g"]) for bird in birds if bird not in missing]
    assert data.load_penguins().y[:, 0].tolist() == kept


def test_penguins_with_other_columns():
    penguins = data.load_penguins(("bill length", "bill depth"), "flipper length")
    assert penguins.X[0].tolist() == [39.1, 18.7] and penguins.y[0].tolist() == [181]
    with pytest.raises(ValueError, match="no column 'wing': choose from bill length, "):
        data.load_penguins(("wing",))


def test_species_stand_in_the_order_of_the_measurements():
    with open(data.FOLDER / "penguins.csv", newline="", encoding="utf-8") as file:
        birds = [(bird["bill_length_mm"], bird["species"]) for bird in csv.DictReader(file)]
    expected = [(float(length), species) for length, species in birds if length != "NA"]
    lengths = data.load_penguins(("bill length",)).X[:, 0]
    assert list(zip(lengths.tolist(), data.penguin_species().tolist())) == expected
    assert {name: (data.penguin_species() == name).sum() for name in ("Adelie", "Chinstrap", "Gentoo")} == {
        "Adelie": 151,
        "Chinstrap": 68,
        "Gentoo": 123,
    }


def test_standardise():
    X = np.random.default_rng(0).normal(5, 3, (20, 2))
    Z = data.standardise(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(Z.std(axis=0), 1, rtol=1e-14)
    np.testing.assert_allclose(Z, data.standardise(100 * X - 7), rtol=1e-11)
    constant = np.column_stack([X, np.full(20, 0.1)])  # its standard deviation is 1e-17, not 0
    with pytest.raises(ValueError, match="column 2 of X is constant"):
        data.standardise(constant)


def test_split_is_disjoint_and_complete():
    split = data.split(10, 3, np.random.default_rng(0))
    assert len(split.held_out) == 3 and sorted([*split.train, *split.held_out]) == list(range(10))
    assert not np.array_equal(split.held_out, data.split(10, 3, np.random.default_rng(1)).held_out)
    for held_out in (0, 10, -1):
        with pytest.raises(ValueError, match=f"held_out is {held_out}: with N = 10 it lies between 1 and 9"):
            data.split(10, held_out, np.random.default_rng(0))


def test_one_hot():
    assert data.one_hot([2, 0], classes=3).tolist() == [[-1, -1, 1], [1, -1, -1]]
    assert data.one_hot(np.array([1]), 2, off=0.0).tolist() == [[0, 1]]
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match=f"labels run from .*{wrong}.*classes from 0 to 2"):
            data.one_hot([1, wrong], classes=3)


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
