"""A fair comparison of batch sizes: one start, one cost, for each batch size the learning rate that serves it best.

Many seeds (random orders), and three axes: updates, examples, seconds. Seconds belong to this machine and this code.
"""

import dataclasses
from math import ceil
from time import perf_counter
from typing import NamedTuple

import numpy as np

from bgd_helpers.evidence.row import silent
from bgd_helpers.lessons import experiments


class Tuned(NamedTuple):
    """A batch size at its best learning rate: its runs, the updates after which the mean cost stays below the target.

    `band` holds the same for means over seeds drawn again from the seeds (with replacement): how far chance goes.
    `at_edge` says that a rate beyond those tried may be better.
    """

    batch_size: int
    eta: float
    index: int
    runs: experiments.Runs
    updates: float
    band: np.ndarray
    at_edge: bool

    @property
    def examples(self):
        """Gradients of single examples that were computed until then."""
        return _examples(self.updates, self.batch_size, self.runs.N)

    @property
    def epochs(self):
        """Passes over the data until then."""
        return self.examples / self.runs.N


def compare(problem, target, epochs, rates=experiments.RATES, seeds=20, points=160, progress=silent):
    """A `Tuned` for each batch size; `epochs` maps a batch size to the epochs that it may run.

    Raises ValueError if some batch size does not come to stay below the target: no rate is then the best.
    """
    found = []
    for done, (batch_size, most) in enumerate(epochs.items(), start=1):
        runs = experiments.run(problem, rates, batch_size, most, seeds, points=points)
        found.append(tuned(runs, target))
        progress(done / len(epochs))
    return found


def tuned(runs, target):
    """The learning rate with which the mean cost over the seeds stays below the target soonest."""
    best = experiments.fewest_updates(runs, target)
    if not np.isfinite(best.value):
        raise ValueError(
            f"B = {runs.batch_size} does not come to stay below {target:g} in {runs.epochs[-1]:g} epochs: give it more"
        )
    at_edge = best.index in (0, len(runs.eta) - 1)
    band = updates_of_resampled_seeds(runs, best.index, target)
    return Tuned(runs.batch_size, float(best.eta), best.index, runs, int(best.value), band, at_edge)


def updates_of_resampled_seeds(runs, index, target, times=200):
    """Updates until the mean over seeds drawn again stays below the target, so many times, for one learning rate."""
    J = runs.J[:, index]
    again = np.random.default_rng(0).integers(0, J.shape[1], (times, J.shape[1]))
    resampled = dataclasses.replace(runs, eta=np.full(times, runs.eta[index]), J=J[:, again])
    return experiments.updates_to_stay_below(resampled, target)


def seconds(problem, tuned, repeats=3):
    """Seconds that a run with one seed takes until the target, the least of a few: of this machine and this code."""
    epochs, times = ceil(tuned.epochs), []
    for _ in range(repeats):
        start = perf_counter()
        runs = experiments.run(problem, np.array([tuned.eta]), tuned.batch_size, epochs, seeds=1, points=2)
        times.append((perf_counter() - start) / runs.t[-1])
    return min(times) * tuned.updates


def _examples(updates, batch_size, N):
    whole, rest = np.divmod(updates, ceil(N / batch_size))
    return whole * N + rest * batch_size
