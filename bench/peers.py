"""Which peers are there, and how a time is taken."""

import os
import platform
import sys
import warnings
from importlib import import_module
from importlib.metadata import version
from statistics import median
from time import process_time

import numpy as np

MODULES = {"PyTorch": "torch", "scikit-learn": "sklearn.neural_network", "autograd": "autograd", "JAX": "jax"}


def present(names):
    """The peers among `names` that can be imported; a line for each that cannot."""
    found = []
    for name in names:
        try:
            import_module(MODULES[name])
            found.append(name)
        except ImportError:
            print(f'{name} is not installed and left out (pip install -e ".[bench]").')
    return found


def describe():
    """The machine and the versions, in two lines."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {sys.platform}, {os.cpu_count()} cores{load}")
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return
    for pool in threadpool_info():
        print(f"BLAS: {pool['internal_api']} {pool.get('architecture', '')}, {pool['num_threads']} thread")


def versions(names):
    packages = [MODULES[name].replace("sklearn.neural_network", "scikit-learn") for name in names]
    return ", ".join(f"{name} {version(package)}" for name, package in zip(names, packages))


def cpu_seconds(run):
    start = process_time()
    run()
    return process_time() - start


def alternate(runs, rounds):
    """The median CPU time of each of several functions that take turns; a first round warms up."""
    times = {name: [] for name in runs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for turn in range(rounds + 1):
            for name, run in runs.items():
                seconds = cpu_seconds(run)
                if turn:
                    times[name].append(seconds)
    return {name: median(seconds) for name, seconds in times.items()}


def check_equal(name, found, expected, tolerance):
    """Stops the benchmark if a contender computes something else: then its time means nothing."""
    for yours, ours in zip(found, expected, strict=True):
        error = np.abs(np.asarray(yours) - ours).max() / np.abs(ours).max()
        if not (np.shape(yours) == ours.shape and error < tolerance):
            raise SystemExit(f"{name} differs from ours by {error:.1e}: the comparison would not be fair")
