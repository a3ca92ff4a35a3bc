"""Data-parallel BGD on Dask: the same parameters as on one machine, whatever the workers do."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from bgd_helpers import network, theory
from bgd_helpers.descent import descend, update
from bgd_helpers.scale import shards

try:
    from bgd_helpers.scale import cluster
except ImportError:
    cluster = None

pytestmark = pytest.mark.slow
TIGHT = 1e-12
W_TRUE = np.array([[1.0], [-2.0], [0.5]])
F = ["tanh", "identity"]


@pytest.fixture(scope="module", autouse=True)
def possible():
    """Skips where Dask is missing."""
    if cluster is None:
        pytest.skip("a cluster. pip install -e '.[cluster]'")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file of 1,000 examples: three inputs, the first of them 1, and one target."""
    folder = tmp_path_factory.mktemp("cluster")
    return shards.generate(folder / "data.npy", 1000, lambda rng, rows: shards.regression_rows(rng, rows, W_TRUE))


@pytest.fixture(scope="module")
def threads():
    """A cluster of two threads: it starts in milliseconds."""
    with cluster.connected(workers=2, processes=False) as client:
        yield client


@pytest.fixture(scope="module")
def processes():
    """A cluster of two processes."""
    with cluster.connected(workers=2) as client:
        yield client


def unequal(path):
    return shards.shards_with(path, [500, 3, 100, 397])


def on_one_machine(gradient, theta, cut, eta, updates):
    for _ in range(updates):
        theta = update(theta, shards.gradient_over_all(gradient, theta, cut), eta)
    return theta


def in_memory(path):
    table = np.load(path).astype(float)
    return table[:, :-1], table[:, -1:]


def flat(theta):
    return np.concatenate([np.ravel(p) for pair in theta for p in pair]) if isinstance(theta, list) else np.ravel(theta)


def same(theta, expected, tolerance=TIGHT):
    return np.abs(flat(theta) - flat(expected)).max() <= tolerance * np.abs(flat(expected)).max()


def test_linear_regression_ends_where_one_machine_does(path, threads):
    w, cut = np.zeros((3, 1)), unequal(path)
    run = cluster.descend(threads, theory.linear_gradient, w, cut, eta=0.3, updates=10)
    assert len(run) == 11 and run[0] is w
    assert same(run[-1], on_one_machine(theory.linear_gradient, w, cut, 0.3, 10))
    assert same(run[-1], descend(theory.linear_gradient, w, *in_memory(path), 0.3, 1000, 10)[-1])


def test_a_network_ends_where_one_machine_does(path, threads):
    theta = network.initial_parameters([3, 4, 1], np.random.default_rng(2), bias_scale=0.5)
    gradient, cut = network.gradient_of(F), unequal(path)
    run = cluster.descend(threads, gradient, theta, cut, eta=0.05, updates=6)
    expected = descend(gradient, theta, *in_memory(path), 0.05, 1000, 6)[-1]
    assert same(run[-1], expected) and same(run[-1], on_one_machine(gradient, theta, cut, 0.05, 6))
    assert not same(run[-2], expected, 1e-6)


def test_a_learners_own_gradient_travels(path, threads):
    two = 2

    def gradient(w, X, y):
        return two / len(X) * X.T @ (X @ w - y)

    found = cluster.gradient_over(threads, gradient, W_TRUE, unequal(path))
    assert same(found, theory.linear_gradient(W_TRUE, *in_memory(path)))


def test_the_weights_matter(path, threads):
    w, cut = np.zeros((3, 1)), unequal(path)
    plain = sum(cluster.gradient_over(threads, theory.linear_gradient, w, [shard]) for shard in cut) / len(cut)
    assert not same(plain, cluster.gradient_over(threads, theory.linear_gradient, w, cut), 1e-3)


def test_what_a_worker_raises_arrives(path, threads, tmp_path):
    with pytest.raises(FileNotFoundError, match="each machine of a cluster needs it"):
        cluster.gradient_over(threads, theory.linear_gradient, W_TRUE, [shards.Shard(str(tmp_path / "x.npy"), 0, 5)])
    with pytest.raises(ValueError, match="it has the rows 0 to 999"):
        cluster.gradient_over(threads, theory.linear_gradient, W_TRUE, [shards.Shard(str(path), 990, 11)])
    with pytest.raises(ValueError, match="at least one"):
        cluster.gradient_over(threads, theory.linear_gradient, W_TRUE, [])


def test_only_an_own_process_can_be_lost(threads):
    with pytest.raises(ValueError, match="only a worker process that `connected` has started"):
        cluster.lose_a_worker(threads)


def test_the_sum_is_the_same_for_any_number_of_workers(path, processes):
    w, cut = np.zeros((3, 1)), unequal(path)
    two = cluster.descend(processes, theory.linear_gradient, w, cut, eta=0.3, updates=5)[-1]
    with cluster.connected(workers=1) as client:
        one = cluster.descend(client, theory.linear_gradient, w, cut, eta=0.3, updates=5)[-1]
    assert np.array_equal(one, two)
    assert same(two, on_one_machine(theory.linear_gradient, w, cut, 0.3, 5))


def test_parameters_and_rows_are_aligned_where_they_are_used(path, processes):
    def aligned(theta, X, y):
        (W, b), *_ = theta
        return float(W.flags.aligned and b.flags.aligned and X.flags.aligned and y.flags.aligned)

    theta = network.initial_parameters([3, 4, 1], np.random.default_rng(2))
    assert cluster.gradient_over(processes, aligned, theta, unequal(path)) == 1


def dying_once(note):
    """A gradient at whose third chunk the worker's own process ends, the first time; `note` holds its id."""
    chunks = []

    def gradient(w, X, y):
        chunks.append(len(X))
        if len(chunks) == 3 and not note.exists():
            note.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return 2 / len(X) * X.T @ (X @ w - y)

    return gradient


def test_a_lost_worker_costs_time_and_not_correctness(path, tmp_path):
    w, cut, note = np.zeros((3, 1)), unequal(path), tmp_path / "pid"
    with cluster.connected(workers=2) as client:
        before = cluster.worker_processes(client)
        run = cluster.descend(client, dying_once(note), w, cut, 0.3, 4, rows=100)  # one is lost in mid-shard
        first = int(note.read_text())
        second = cluster.lose_a_worker(client)  # and one by its id, between two updates
        run += cluster.descend(client, theory.linear_gradient, run[-1], cut, 0.3, 4, rows=100)[1:]
        assert cluster.is_replaced(client, second)  # others are started in their place
        after = cluster.worker_processes(client)
    assert len(run) == 9 and same(run[-1], on_one_machine(theory.linear_gradient, w, cut, 0.3, 8))
    assert first in before and len(after) == 2 and not {first, second} & set(after)


def listeners(pids):
    """The addresses and ports on which these processes listen, from /proc."""
    sockets = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                sockets.add(os.readlink(entry))
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


def hosts(addresses):
    return {address.partition(":")[0] for address in addresses}


@pytest.mark.skipif(sys.platform != "linux", reason="on what a cluster listens. a machine with Linux")
@pytest.mark.parametrize("in_processes", [True, False])
def test_it_listens_on_the_loopback_address_alone(in_processes):
    before = listeners([os.getpid()])
    with cluster.connected(workers=2, processes=in_processes) as client:
        found = listeners([os.getpid(), *cluster.worker_processes(client)]) - before
    assert len(found) >= 3 and hosts(found) == {"0100007F"}  # 127.0.0.1, its bytes from the last to the first
    assert listeners([os.getpid()]) <= before
    with socket.create_server(("127.0.0.2", 0)):
        assert hosts(listeners([os.getpid()]) - before) == {"0200007F"}


@pytest.mark.parametrize("in_processes", [True, False])
def test_a_setting_of_the_house_that_asks_others_for_encryption_does_not_keep_it_from_starting(in_processes):
    with cluster.dask.config.set({"distributed.comm.require-encryption": True}):
        with cluster.connected(workers=1, processes=in_processes) as client:
            assert client.submit(pow, 2, 3).result() == 8


def test_nothing_is_left_when_it_is_closed(path):
    with cluster.connected(workers=2) as client:
        pids = cluster.worker_processes(client)
        folder = Path(client.run(lambda dask_worker: dask_worker.local_directory).popitem()[1])
    assert not folder.exists()
    assert [pid for pid in pids if alive(pid)] == []
    assert alive(os.getpid())


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_cluster_at_an_address(path, processes, monkeypatch):
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", processes.scheduler.address)
    with cluster.connected() as client:
        assert client.scheduler.address == processes.scheduler.address
        found = cluster.gradient_over(client, theory.linear_gradient, W_TRUE, unequal(path))
        with pytest.raises(ValueError, match="only a worker process"):
            cluster.lose_a_worker(client)
    with cluster.connected(workers=1, address="", processes=False) as own:
        assert own.scheduler.address != processes.scheduler.address
    assert same(found, theory.linear_gradient(W_TRUE, *in_memory(path)))
    assert len(cluster.worker_processes(processes)) == 2  # it goes on without us


def test_without_dask_the_error_says_how_to_get_it():
    code = "import sys; sys.modules['dask'] = None; import bgd_helpers.scale.cluster"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith('ImportError: Dask is not installed: pip install "dask[distributed] >=')
