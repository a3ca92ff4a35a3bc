"""A fair comparison of batch sizes: one start, one cost, for each batch size the learning rate that serves it best."""

import dataclasses
from collections.abc import Mapping
from math import ceil
from time import perf_counter
from typing import NamedTuple

import numpy as np

from bgd_helpers import network
from bgd_helpers.lessons import experiments
from bgd_helpers.lessons.claims import Evidence, between, evidence, exactly
from bgd_helpers.lessons.experiments import RATES, Problem, Runs
from bgd_helpers.parameters import Array


class Tuned(NamedTuple):
    """The runs of a batch size, its best learning rate, the updates after which the mean cost stays below the target.

    `band` holds the same for means over seeds drawn again from the seeds (with replacement): how far chance goes.
    """

    runs: Runs
    index: int  # type: ignore[assignment]  # a tuple has a method of this name
    updates: int
    band: np.ndarray

    @property
    def batch_size(self):
        """B."""
        return self.runs.batch_size

    @property
    def eta(self):
        """The best of the learning rates tried."""
        return float(self.runs.eta[self.index])

    @property
    def at_edge(self):
        """Whether a learning rate beyond those tried may be better."""
        return self.index in (0, len(self.runs.eta) - 1)

    @property
    def examples(self):
        """Gradients of single examples that were computed until then."""
        return int(self.runs.examples[np.searchsorted(self.runs.t, self.updates)])

    @property
    def epochs(self):
        """Passes over the data until then."""
        return self.examples / self.runs.N


def compare(
    problem: Problem, target: float, epochs: Mapping[int, int], rates: Array = RATES, seeds: int = 20, points: int = 160
) -> list[Tuned]:
    """A `Tuned` for each batch size; `epochs` maps a batch size to the epochs that it may run.

    Raises ValueError if some batch size does not come to stay below the target: no rate is then the best.
    """
    return [tuned(experiments.run(problem, rates, B, most, seeds, points=points), target) for B, most in epochs.items()]


def tuned(runs: Runs, target: float) -> Tuned:
    """The learning rate with which the mean cost over the seeds stays below the target soonest.

    Raises ValueError if there is none.
    """
    best = experiments.fewest_updates(runs, target)
    if not np.isfinite(best.value):
        raise ValueError(
            f"B = {runs.batch_size} does not come to stay below {target:g} in {runs.epochs[-1]:g} epochs: give it more"
        )
    return Tuned(runs, best.index, int(best.value), _updates_of_resampled_seeds(runs, best.index, target))


def _updates_of_resampled_seeds(runs, index, target, times=200):
    """Updates until the mean over seeds drawn again stays below the target, so many times, for one learning rate."""
    J = runs.J[:, index]
    again = np.random.default_rng(0).integers(0, J.shape[1], (times, J.shape[1]))
    resampled = dataclasses.replace(runs, eta=np.full(times, runs.eta[index]), J=J[:, again])
    return experiments.updates_to_stay_below(resampled, target)


def seconds(problem: Problem, tuned: Tuned, repeats: int = 3) -> float:
    """Seconds that a run with one seed takes until the target, the least of a few: of this machine and this code."""
    epochs, times = ceil(tuned.epochs), []
    for _ in range(repeats):
        start = perf_counter()
        runs = experiments.run(problem, np.array([tuned.eta]), tuned.batch_size, epochs, seeds=1, points=2)
        times.append((perf_counter() - start) / runs.t[-1])
    return min(times) * tuned.updates


MLP, TARGET = ("tanh", "identity"), 0.15
EPOCHS = {1: 8, 4: 8, 16: 12, 64: 24, 256: 45, 512: 120}


def mlp(N: int = 512, seed: int = 0) -> Problem:
    """An 8-8-1 tanh network that is to fit the noisy outputs of another one (variance 1, noise 0.09)."""
    rng = np.random.default_rng(seed)
    X, teacher = rng.normal(size=(N, 8)), network.initial_parameters([8, 8, 1], rng, bias_scale=0.5)
    Y = network.predict(teacher, X, MLP)
    Y = (Y - Y.mean()) / Y.std() + rng.normal(0, 0.3, Y.shape)
    return experiments.Problem("8-8-1 tanh network", X, Y, network.initial_parameters([8, 8, 1], rng), MLP)


def best_rates(full: bool = False) -> Evidence:
    """Updates and epochs until the mean cost stays below the target, each batch size with its best learning rate."""
    seeds, rates = 40 if full else 20, 0.01 * 2.0 ** np.arange(0, 7, 0.5 if full else 1)
    found = compare(mlp(), TARGET, EPOCHS, rates, seeds, 160 if full else 60)
    first, last = found[0], found[-1]
    rise, fall = min(np.diff([t.epochs for t in found])), int(max(np.diff([t.updates for t in found])))
    more_epochs, fewer_updates = last.epochs * 512 / first.band.max(), first.band.min() / last.updates
    why = "the band over seeds drawn again"
    bands = [(f"B = {t.batch_size}: updates (η = {t.eta:.2g})", t.updates, t.band.min(), t.band.max()) for t in found]
    return evidence(
        *(between(*band, why) for band in bands),
        between("smallest step from one B to the next in epochs", rise, 0, np.inf, "epochs grow with B"),
        between("largest step from one B to the next in updates", fall, -np.inf, 0, "updates do not"),
        between("epochs, B = 512 ÷ B = 1", more_epochs, 5, np.inf, "at the far end of its band"),
        between("updates, B = 1 ÷ B = 512", fewer_updates, 5, np.inf, "at the near end of its band"),
        exactly("best rates at an edge of those tried", sum(t.at_edge for t in found), 0, "none"),
        seeds=f"data and start, seed 0; orders, seeds 0 to {seeds - 1}",
        found=found,
        target=TARGET,
    )
