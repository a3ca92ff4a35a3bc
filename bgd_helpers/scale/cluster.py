"""Data-parallel batch gradient descent on Dask: each worker opens its shards of the file, and their gradients add up.

What travels is small: the parameters and a shard's name to a worker, its gradient back.
"""

import logging
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager

import numpy as np

from bgd_helpers.descent import update
from bgd_helpers.scale import shards

if sys.platform == "emscripten":
    raise ImportError("A browser runs one process, so there is no cluster in it. The book shows what comes out.")
try:
    import dask
    from distributed import Client, LocalCluster
except ImportError:
    raise ImportError(
        'Dask is not installed: pip install "dask[distributed] >=2025.2,<2027" '
        "(in a cell %pip, then restart the kernel)"
    ) from None

ADDRESS = "DASK_SCHEDULER_ADDRESS"
SETTINGS = {
    "distributed.comm.require-encryption": False,  # on the loopback address, whatever the house asks of others
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), 1
    )
    # glibc keeps the memory of a chunk for the next one. Else the system maps and clears it anew: twice the time, and
    # four times with Dask's own MALLOC_TRIM_THRESHOLD_.
    | {"MALLOC_MMAP_THRESHOLD_": 32 * 2**20, "MALLOC_TRIM_THRESHOLD_": 128 * 2**20},
}
LOOPBACK = "127.0.0.1"
PATIENCE = 180  # seconds until a worker has to be there


class Cluster(LocalCluster):
    """A LocalCluster that may hear of the loss of a worker of which it has not heard before: Dask's raises a KeyError
    from it, when it is closed."""

    def _update_worker_status(self, op, msg):
        if op != "remove" or msg in self.scheduler_info["workers"]:
            super()._update_worker_status(op, msg)


@contextmanager
def connected(workers=2, address=None, processes=True):
    """A Dask `Client` of the cluster at `address` or, if that is None, at DASK_SCHEDULER_ADDRESS; else of our own here.

    Ours has `workers` processes (threads if not `processes`: they start at once, and share one Python), of one thread
    each for BLAS too. It listens on the loopback address alone, where others on this machine could reach it, serves no
    pages, and is gone at the end. Raises OSError if nothing answers at an address, TimeoutError if no worker is there.
    """
    address = os.environ.get(ADDRESS) if address is None else address
    with ExitStack() as stack:
        target = address or stack.enter_context(_embedded(workers, processes))
        client = stack.enter_context(Client(target))
        client.wait_for_workers(1 if address else workers, timeout=PATIENCE)
        yield client


@contextmanager
def _embedded(workers, processes):
    with (
        dask.config.set(SETTINGS),
        tempfile.TemporaryDirectory(prefix="cluster-") as folder,
        Cluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=processes,
            host=LOOPBACK,
            protocol="tcp://",
            dashboard_address=f"{LOOPBACK}:0",  # None would be port 8787, of all interfaces
            worker_dashboard_address=None,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster


def gradient_over(client, gradient, theta, cut, targets=1, rows=shards.ROWS):
    """The gradient of J over the shards `cut`, each shard's from a worker. E10: grad J = sum_s (N_s / N) grad J_s.

    They are added here and in the order of the shards, so that the sum is the same for any number of workers. The
    shards of a worker that is lost are done by another. Each worker has to find the file under the shard's path.
    Raises what `shards.gradient_over` raises on a worker, and distributed.KilledWorker for a shard that takes several
    workers down.
    """
    given = {"gradient": gradient, "theta": theta, "targets": targets, "rows": rows}
    work = client.map(_on_worker, cut, **given, pure=False)  # one message; `submit` in a loop waits between messages
    return shards.weighted_mean(client.gather(work), [shard.count for shard in cut])


def _on_worker(shard, gradient, theta, targets, rows):
    """The gradient of J_s; theta is copied, for arrays may arrive unaligned, and BLAS would copy them each time."""
    theta = [tuple(map(np.array, pair)) for pair in theta] if isinstance(theta, list) else np.array(theta)
    return shards.gradient_over(gradient, theta, shard, targets, rows)


def descend(client, gradient, theta, cut, eta, updates, targets=1, rows=shards.ROWS):
    """theta_0, ..., theta_updates of BGD over the shards `cut`. E9 with B = N: theta_{t+1} = theta_t - eta grad J.

    Raises as `gradient_over` and `descent.update` do.
    """
    path = [theta]
    for _ in range(updates):
        path.append(update(path[-1], gradient_over(client, gradient, path[-1], cut, targets, rows), eta))
    return path


def worker_processes(client):
    """The process ids of the workers that answer."""
    return list(client.run(os.getpid, on_error="ignore").values())


def is_replaced(client, lost, workers=2):
    """Whether as many workers are there again, without the process `lost`; for a while it waits for them."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        processes = worker_processes(client)
        if len(processes) == workers and lost not in processes:
            return True
        time.sleep(0.1)
    return False


def lose_a_worker(client):
    """End the process of one worker of our own cluster, without warning it; its id.

    Raises ValueError for another cluster, and where the workers are threads.
    """
    processes = worker_processes(client) if isinstance(client.cluster, LocalCluster) else []
    if not processes or os.getpid() in processes:
        raise ValueError("only a worker process that `connected` has started can be ended from here")
    os.kill(processes[0], getattr(signal, "SIGKILL", signal.SIGTERM))
    return processes[0]
