"""A data set in a file: written whole or not at all, and the gradient over it with little memory."""

import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bgd_helpers import network, theory
from bgd_helpers.scale import shards
from bgd_helpers.scale.rows import backprop_by_rows
from bgd_helpers.scale.shards import Shard

W_TRUE = np.array([[1.0], [-2.0], [0.5]])
TIGHT = 1e-12


def three_inputs(rng, rows):
    return shards.regression_rows(rng, rows, W_TRUE)


def two_targets(rng, rows):
    return rng.random((rows, 5), np.float32)


@pytest.fixture
def path(tmp_path):
    """A file of 1,000 examples: three inputs, the first of them 1, and one target."""
    return shards.generate(tmp_path / "data.npy", 1000, three_inputs, seed=3)


def in_memory(path, targets=1):
    """X and Y as float64."""
    table = np.load(path).astype(float)
    return table[:, :-targets], table[:, -targets:]


def flat(value):
    return np.concatenate([np.ravel(p) for pair in value for p in pair]) if isinstance(value, list) else np.ravel(value)


def error(found, expected):
    """The largest difference, by the largest entry."""
    return np.abs(flat(found) - flat(expected)).max() / np.abs(flat(expected)).max()


def test_the_file_is_plain_numpy_and_the_same_for_a_seed(tmp_path, path):
    table = np.load(path)
    assert table.shape == (1000, 4) and table.dtype == np.float32 and (table[:, 0] == 1).all()
    again = shards.generate(tmp_path / "again.npy", 1000, three_inputs, seed=3)
    other = shards.generate(tmp_path / "other.npy", 1000, three_inputs, seed=4)
    assert again.read_bytes() == path.read_bytes() != other.read_bytes()
    assert np.linalg.lstsq(*in_memory(path), rcond=None)[0] == pytest.approx(W_TRUE, abs=0.02)


def test_rows_are_drawn_in_parts_that_differ(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "GENERATED", 100)
    told = []
    path = shards.generate(tmp_path / "x.npy", 250, lambda rng, rows: told.append(rows) or three_inputs(rng, rows))
    table = np.load(path)
    assert told == [1, 100, 100, 50]  # one row says how many columns there are
    assert len(np.unique(table, axis=0)) == 250


def test_a_file_appears_whole_or_not_at_all(tmp_path, path):
    before = path.read_bytes()

    def breaks_off():
        yield np.zeros((10, 4))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shards.write(path, breaks_off(), 20, 4)
    with pytest.raises(ValueError, match="have 10 rows together, and N is 20"):
        shards.write(tmp_path / "new.npy", [np.zeros((10, 4))], 20, 4)
    with pytest.raises(ValueError, match=r"shape \(10, 3\): it is 2-D with 4 columns"):
        shards.write(tmp_path / "new.npy", [np.zeros((10, 3))], 10, 4)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_where_the_file_is_a_link_what_it_leads_to_is_written(tmp_path, path):
    (tmp_path / "disk").mkdir()
    for name, whole in (("old", b"x"), ("new", None)):
        if whole:
            (tmp_path / "disk" / name).write_bytes(whole)
        link = tmp_path / name
        link.symlink_to(tmp_path / "disk" / name)
        assert shards.generate(link, 1000, three_inputs, seed=3) == link and link.is_symlink()
        assert (tmp_path / "disk" / name).read_bytes() == path.read_bytes()
    assert len(list((tmp_path / "disk").iterdir())) == 2


def test_a_file_that_would_fill_the_disk_is_not_begun(tmp_path):
    with pytest.raises(OSError, match="GB have to stay free; choose another folder or fewer rows"):
        shards.generate(tmp_path / "huge.npy", 2**50, three_inputs)
    with pytest.raises(OSError, match="stay free"):
        shards.generate(tmp_path / "small.npy", 10, three_inputs, leave=2**60)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [1, 3, 7, 1000])
def test_shards_are_the_whole_file_in_order(path, number):
    found = shards.shards_of(path, number)
    rows = [row for shard in found for row in range(shard.row, shard.row + shard.count)]
    assert rows == list(range(1000)) and len(found) == number
    assert max(s.count for s in found) - min(s.count for s in found) <= 1
    assert all(isinstance(s.path, str) and type(s.count) is int for s in found)


def test_shards_of_given_sizes(path):
    assert shards.shards_with(path, [700, 1, 299]) == [
        Shard(str(path), 0, 700),
        Shard(str(path), 700, 1),
        Shard(str(path), 701, 299),
    ]


def test_rows_arrive_in_order_as_float64(path, monkeypatch):
    monkeypatch.setattr(shards, "WINDOW", 300 * 16)
    chunks = list(shards.rows_of(Shard(str(path), 13, 900), 64))
    assert [len(chunk) for chunk in chunks] == [64] * 14 + [4]
    assert {chunk.dtype for chunk in chunks} == {np.dtype(float)}
    assert np.array_equal(np.concatenate(chunks), np.load(path)[13:913])


@pytest.mark.parametrize("rows", [1, 7, 256, 4096])
@pytest.mark.parametrize("sizes", [[1000], [250] * 4, [613, 2, 385], [1, 998, 1]])
def test_the_gradient_is_that_in_memory(path, sizes, rows):
    w, cut = np.full((3, 1), 0.3), shards.shards_with(path, sizes)
    expected = theory.linear_gradient(w, *in_memory(path))
    assert error(shards.gradient_over_all(theory.linear_gradient, w, cut, rows=rows), expected) < TIGHT


def test_the_sum_is_the_same_for_any_number_of_threads(path):
    w, cut = np.full((3, 1), 0.3), shards.shards_with(path, [250, 3, 600, 147])
    one, three = (shards.gradient_over_all(theory.linear_gradient, w, cut, threads=threads) for threads in (1, 3))
    assert np.array_equal(one, three)


def test_a_part_of_the_file(path):
    w, (X, y) = np.full((3, 1), 0.3), in_memory(path)
    found = shards.gradient_over(theory.linear_gradient, w, Shard(str(path), 100, 37))
    assert error(found, theory.linear_gradient(w, X[100:137], y[100:137])) < TIGHT


@pytest.mark.parametrize("by_rows", [False, True])
def test_the_gradient_of_a_network(tmp_path, by_rows):
    path = shards.generate(tmp_path / "net.npy", 301, two_targets)
    theta = network.initial_parameters([3, 4, 2], np.random.default_rng(5), bias_scale=0.5)
    f = ["tanh", "sigmoid"]
    gradient = (lambda *at: backprop_by_rows(*at, f)) if by_rows else network.gradient_of(f)
    expected = network.backprop(theta, *in_memory(path, 2), f)
    cut = shards.shards_with(path, [100, 199, 2])
    found = shards.gradient_over_all(gradient, theta, cut, targets=2, rows=50)
    for (dW, db), (dW_expected, db_expected) in zip(found, expected, strict=True):
        assert error(dW, dW_expected) < TIGHT and error(db, db_expected) < TIGHT
    cost = shards.gradient_over_all(lambda *at: network.cost(*at, f), theta, cut, targets=2, rows=50)
    assert cost == pytest.approx(network.cost(theta, *in_memory(path, 2), f), rel=TIGHT)


def test_unweighted_shards_and_float32_are_told_apart(path):
    w, cut = np.full((3, 1), 0.3), shards.shards_with(path, [613, 2, 385])
    expected = theory.linear_gradient(w, *in_memory(path))
    plain = sum(shards.gradient_over(theory.linear_gradient, w, shard) for shard in cut) / 3
    assert error(plain, expected) > 1e-3
    X, y = (array.astype(np.float32) for array in in_memory(path))
    assert error(theory.linear_gradient(w.astype(np.float32), X, y), expected) > 1e-9


def test_a_float32_gradient_is_summed_as_float64(path):
    w, cut = np.full((3, 1), 0.3, np.float32), shards.shards_of(path, 5)
    found = shards.gradient_over_all(lambda *at: theory.linear_gradient(*at).astype(np.float32), w, cut)
    assert found.dtype == np.float64


def test_weighted_mean_is_exact_for_fractions_that_floats_hold():
    assert shards.weighted_mean([2.0, 6.0], [3, 1]) == 3.0
    pairs = [[(np.array([[4.0]]), np.array([0.0]))], [(np.array([[8.0]]), np.array([4.0]))]]
    ((dW, db),) = shards.weighted_mean(pairs, [1, 3])
    assert dW.tolist() == [[7.0]] and db.tolist() == [3.0]
    with pytest.raises(ValueError, match="at least one"):
        shards.weighted_mean([], [])
    with pytest.raises(ValueError, match="longer"):
        shards.weighted_mean([1.0], [1, 2])


def saved(path, table):
    np.save(path, table)


def cut_off(path, table):
    np.save(path, table)
    os.truncate(path, path.stat().st_size - 4)


WRONG_FILES = {
    "it has to be float32 and 2-D": lambda path, table: saved(path, table.astype(float)),
    "holds float32 of shape": lambda path, table: saved(path, table[:, 0]),
    "is not a .npy file": lambda path, table: path.write_bytes(table.tobytes()),
    "is not a .npy": lambda path, table: path.write_bytes(b""),
    "stored column by column": lambda path, table: saved(path, np.asfortranarray(table)),
    "bytes and its header promises": cut_off,
}


@pytest.mark.parametrize("message", WRONG_FILES)
def test_a_wrong_file_is_named(tmp_path, path, message):
    wrong = tmp_path / "wrong.npy"
    WRONG_FILES[message](wrong, np.load(path))
    for use in (lambda: shards.shards_of(wrong, 2), lambda: next(shards.rows_of(Shard(str(wrong), 0, 1)))):
        with pytest.raises(ValueError, match=message):
            use()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*nowhere.npy: `generate` writes one"):
        shards.shards_of(tmp_path / "nowhere.npy", 2)


@pytest.mark.parametrize(("row", "count"), [(-1, 5), (0, 1001), (999, 2), (1000, 1), (5, 0)])
def test_rows_outside_the_file_are_refused(path, row, count):
    with pytest.raises(ValueError, match="it has the rows 0 to 999"):
        shards.gradient_over(theory.linear_gradient, W_TRUE, Shard(str(path), row, count))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: shards.shards_of(path, 0), "choose from 1 to 1000"),
        (lambda path: shards.shards_of(path, 1001), "choose from 1 to 1000"),
        (lambda path: shards.shards_with(path, [500, 499]), "1000 together"),
        (lambda path: shards.shards_with(path, [1000, 0]), "at least 1 each"),
        (lambda path: shards.gradient_over(None, None, Shard(str(path), 0, 5), targets=4), "1 to 3 are targets"),
        (lambda path: shards.gradient_over(None, None, Shard(str(path), 0, 5), targets=0), "1 to 3 are targets"),
        (lambda path: next(shards.rows_of(Shard(str(path), 0, 5), rows=0)), "1 example or more"),
    ],
)
def test_wrong_arguments(path, call, message):
    with pytest.raises(ValueError, match=message):
        call(path)


PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from bgd_helpers import theory
from bgd_helpers.scale import shards
def most():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1e3
path, whole = sys.argv[1], sys.argv[2] == "whole"
w, warm = np.ones((20, 1)), shards.Shard(path, 0, 2 * shards.ROWS)
shards.gradient_over(theory.linear_gradient, w, warm)
before = most()
if whole:
    table = np.load(path, mmap_mode="r")
    theory.linear_gradient(w.astype(np.float32), table[:, :-1], table[:, -1:])
else:
    shards.gradient_over(theory.linear_gradient, w, shards.shards_of(path, 1)[0])
print(most() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a file in windows. a machine with Linux")
def test_memory_is_bounded_by_the_window_and_not_by_the_file(tmp_path):
    """126 MB of data, a window of 17 MB and chunks of less than 1 MB; reading the whole file as one array is caught."""
    w = np.ones((20, 1))
    path = shards.generate(tmp_path / "data.npy", 1_500_000, lambda rng, rows: shards.regression_rows(rng, rows, w))

    def megabytes(how):
        command = [sys.executable, "-c", PROGRAM, str(path), how]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert megabytes("in windows") < 30
    assert megabytes("whole") > 100


def test_one_thread_is_that_of_the_caller(path, monkeypatch):
    """A browser can start no other."""
    monkeypatch.setattr(shards, "ThreadPoolExecutor", None)
    X, y = in_memory(path)
    found = shards.gradient_over_all(theory.linear_gradient, np.zeros((3, 1)), shards.shards_of(path, 3))
    assert error(found, theory.linear_gradient(np.zeros((3, 1)), X, y)) < TIGHT


def test_threads_read_the_header_of_a_file(tmp_path):
    """A collection of garbage in the middle of parsing lets another thread in, at another depth of calls."""

    def dawdle(phase, info):
        for _ in range(20):
            pass

    def read(depth):
        return [shards.table_of(path) for _ in range(1000)] if depth == 0 else read(depth - 1)

    path = shards.write(tmp_path / "data.npy", [np.ones((4, 3))], 4, 3)
    before = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(dawdle)
    gc.set_threshold(1)
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(read, (0, 3, 5)))
    finally:
        gc.callbacks.remove(dawdle)
        gc.set_threshold(*before[0])
        sys.setswitchinterval(before[1])
    assert {table for tables in found for table in tables} == {shards.table_of(path)}
