"""Rows on networks: the best learning rate for each batch size on two axes, and the starts from which XOR is solved."""

import numpy as np

from bgd_helpers import descent, network
from bgd_helpers.evidence import fair
from bgd_helpers.evidence.row import Outcome, between, near, silent
from bgd_helpers.lessons import experiments
from bgd_helpers.lessons.experiments import Problem

MLP, TARGET = ("tanh", "identity"), 0.15
EPOCHS = {1: 8, 4: 8, 16: 12, 64: 24, 256: 45, 512: 120}


def mlp(N=512, seed=0):
    """An 8-8-1 tanh network that is to fit the noisy outputs of another one (variance 1, noise 0.09)."""
    rng = np.random.default_rng(seed)
    X, teacher = rng.normal(size=(N, 8)), network.initial_parameters([8, 8, 1], rng, bias_scale=0.5)
    Y = network.predict(teacher, X, MLP)
    Y = (Y - Y.mean()) / Y.std() + rng.normal(0, 0.3, Y.shape)
    return Problem("8-8-1 tanh network", X, Y, network.initial_parameters([8, 8, 1], rng), MLP)


def best_rates(setting, progress=silent):
    """Updates and epochs until the mean cost stays below the target, each batch size with its best learning rate."""
    seeds, rates = setting.choose(20, 40), 0.01 * 2.0 ** np.arange(0, 7, setting.choose(1, 0.5))
    found = fair.compare(mlp(), TARGET, EPOCHS, rates, seeds, setting.choose(60, 160), progress)
    updates, epochs = [t.updates for t in found], [t.epochs for t in found]
    first, last = found[0], found[-1]
    why = "the band over seeds drawn again"
    numbers = (
        *(
            between(f"B = {t.batch_size}: updates (η = {t.eta:.2g})", t.updates, int(t.band.min()), t.band.max(), why)
            for t in found
        ),
        between(
            "smallest step from one B to the next in epochs",
            min(np.diff(epochs)),
            0,
            np.inf,
            "epochs grow with B",
            ".2f",
        ),
        between(
            "largest step from one B to the next in updates", int(max(np.diff(updates))), -np.inf, 0, "updates do not"
        ),
        between(
            "epochs, B = 512 ÷ B = 1",
            last.epochs / first.band.max() * 512,
            5,
            np.inf,
            "at the far end of its band",
            ".1f",
        ),
        between(
            "updates, B = 1 ÷ B = 512", first.band.min() / last.updates, 5, np.inf, "at the near end of its band", ".1f"
        ),
        between("best rates at an edge of those tried", sum(t.at_edge for t in found), 0, 0, "none"),
    )
    sentence = (
        f"From B = 1 to B = 512 the updates until J stays below {TARGET:g} fall from {first.updates:,d} to "
        f"{last.updates:,d}, the epochs rise from {first.epochs:.1f} to {last.epochs:.1f}, and the best η from "
        f"{first.eta:.2g} to {last.eta:.2g}."
    )
    return Outcome(
        numbers, sentence, f"data and start: seed 0; orders: seeds 0 to {seeds - 1}", dict(found=found, target=TARGET)
    )


LEVELS = np.array([1 / 8, 1 / 6, 1 / 4])


def xor_starts(setting, progress=silent):
    """The costs at which BGD ends on XOR, 2-2-1 sigmoid, from starts drawn from U(-1, 1): solved, or one of three."""
    starts, updates = setting.choose(150, 1500), setting.choose(4000, 6000)
    J = xor_ends(starts, updates, progress)
    solved = J < 0.05
    off = np.abs(J[~solved][:, None] - LEVELS).min(axis=1)
    error = np.sqrt(0.83 * 0.17 / starts)
    levels = LEVELS[np.abs(J[~solved][:, None] - LEVELS).argmin(axis=1)]
    counts = {name: int((levels == level).sum()) for name, level in zip(("1/8", "1/6", "1/4"), LEVELS)}
    numbers = (
        near(
            "share of the runs that solve XOR",
            solved.mean(),
            0.83,
            4 * error,
            "4 standard errors of a share of 0.83",
            ".3f",
        ),
        between("stuck runs", int((~solved).sum()), 1, starts, "there are some"),
        between("stuck J: largest distance from 1/8, 1/6, 1/4", off.max(initial=0), 0, 2e-3, "weights still growing"),
    )
    stuck = ", ".join(f"{count} near {name}" for name, count in counts.items())
    sentence = f"{100 * solved.mean():.1f} % of {starts:,d} starts solve XOR. Of the others, {stuck}."
    return Outcome(numbers, sentence, f"{starts:,d} starts from one generator, seed 0", dict(J=J, levels=LEVELS))


def xor_ends(starts, updates, progress=silent, eta=4.0):
    """The costs after so many updates of BGD, a start each, all advancing together."""
    xor, rng = experiments.xor(), np.random.default_rng(0)
    theta = [(rng.uniform(-1, 1, (starts, *W.shape)), rng.uniform(-1, 1, (starts, *b.shape))) for W, b in xor.theta]
    gradient = network.gradient_of(xor.activations)
    for t in range(1, updates + 1):
        theta = descent.update(theta, gradient(theta, xor.X, xor.Y), eta)
        if t % 500 == 0:
            progress(t / updates)
    return experiments.costs(theta, xor)
