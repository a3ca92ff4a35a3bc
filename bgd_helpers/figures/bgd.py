"""Batch gradient descent in a picture: the path, and J - J* after each epoch beside what theory allows."""

from typing import NamedTuple

import numpy as np

from bgd_helpers import theory
from bgd_helpers.pictures import paths as drawn
from bgd_helpers.pictures.picture import COLOURS, Picture, house_style, new_figure

VIEW = ((-3.2, 1.0), (-1.2, 2.9))
EXCESS = (1e-10, 1e4)
ROUNDING = 1e-11  # a smaller J - J* is known to four digits no more
LAST = 5  # epochs over which the factor is measured


class Setting(NamedTuple):
    """What a run was given: its learning rate, the examples of a batch and of all, whether gradients are summed."""

    eta: float
    batch_size: int
    N: int
    summed: bool = False


@house_style
def bgd_picture(bowl, run, setting, epochs):
    """The path on the contours of J, and J - J* after each epoch beside what the rate of BGD allows."""
    figure, (left, right) = new_figure(9.5, 4.3, 1, 2)
    drawn.plane(left, VIEW, "path, a point after each epoch")
    right.set(xlim=(0, 1.03 * epochs), ylim=EXCESS, yscale="log", title="$J - J^*$ after each epoch")
    right.set(xlabel="epochs", ylabel="$J - J^*$")
    allowed = dict(color=COLOURS["truth"], linestyle=":", linewidth=2, label="what the rate of BGD allows")
    (bound,) = right.plot([], [], **allowed)
    moving = {**drawn.path_artists(left), **drawn.curve_artists(right), "bound": bound}
    right.legend(handles=[bound], loc="lower left")
    for name, axis in (("bowl", left), ("eta", right)):
        moving[name] = drawn.subtitle(axis)
    return Picture(figure, show_bgd(moving, bowl, run, setting), moving)


def show_bgd(moving, bowl, run, setting):
    """Set the moving artists of `bgd_picture` to this run; returns the picture in words.

    The run holds one point an epoch; the bound is J_0 - J* times rate^(2t), E14 in the worst direction.
    """
    drawn.show_path(moving, bowl, run)
    excess, epoch = run.cost - bowl.lowest, np.arange(len(run.cost))
    drawn.show_curve(moving, epoch, run._replace(cost=np.maximum(excess, EXCESS[0])), EXCESS[1])
    allowed = excess[0] * theory.rate(bowl.H, setting.eta) ** (2.0 * epoch)
    moving["bound"].set_data(epoch, np.maximum(allowed, EXCESS[0] / 10))
    moving["bowl"].set_text(_eigenvalues(bowl.H))
    moving["eta"].set_text(f"η = {setting.eta:.4g} is {_share(bowl.H, setting):.2f} of 2/λmax{_as_if(setting)}")
    return (
        f"After {drawn.plural(len(excess) - 1, 'epoch')} J − J* is {drawn.number(excess[-1])}; it began at "
        f"{excess[0]:.3f}.{drawn.divergence(excess, EXCESS[1], 'epoch')}{_rounding(excess)}\n"
        f"{_rates(bowl.H, setting, allowed[-1])}{_measured(excess, bowl.H, setting)}\n{_best(bowl.H, setting)}"
    )


def _eigenvalues(H):
    low, high = np.linalg.eigvalsh(H)
    return f"λmin = {low:.4g}, λmax = {high:.4g}, κ = {high / low:.4g}"


def _share(H, setting):
    return setting.eta / theory.learning_rate_limit(H)


def _as_if(setting):
    """What a sum over the batch amounts to."""
    return f"; summed, like η = {setting.batch_size * setting.eta:.3g}" if setting.summed else ""


def _rates(H, setting, allowed):
    updates = -(-setting.N // setting.batch_size)
    rate = theory.rate(H, setting.eta)
    text = f"Rate of BGD at this learning rate: {rate:.4f} per update, which allows {drawn.number(allowed)}."
    if updates > 1:
        text += f" But an epoch has {updates} updates here, each with its own batch."
    if setting.summed and setting.batch_size > 1:
        text += f" But the gradients are summed here: a step is {setting.batch_size} times as long."
    return text


def _measured(excess, H, setting):
    """The factor by which J - J* changes an epoch near the end, beside the one of theory."""
    end, known = _last_known(excess), np.flatnonzero(excess > ROUNDING)
    start = max(end - LAST, known[0] if len(known) else 0)
    if end == start:
        return " It is down to rounding before a factor can be measured."
    factor = np.exp((np.log(excess[end]) - np.log(excess[start])) / (end - start))
    rate = theory.rate(H, setting.eta)
    return (
        f" From epoch {start} to {end} each epoch multiplies J − J* by {drawn.number(factor)}; "
        f"rate² is {drawn.number(rate**2)}."
    )


def _last_known(excess):
    """The last epoch before J - J* is down to rounding, or beyond floating point."""
    known = np.isfinite(excess) & (excess > ROUNDING)
    return len(excess) - 1 if known.all() else max(int(known.argmin()) - 1, 0)


def _rounding(excess):
    below = excess <= ROUNDING
    return f" From epoch {below.argmax()} on it is below {ROUNDING:.0e}: rounding." if below.any() else ""


def _best(H, setting):
    kappa, share = theory.condition_number(H), _share(H, setting)
    best = kappa / (kappa + 1)
    if np.isclose(share, best, rtol=1e-9):
        here = "This is it: both directions are equally slow."
    elif share > 1:
        here = "We are above the limit itself: the steep direction grows."
    else:
        side, name = ("below", "shallow") if share < best else ("above", "steep")
        here = f"We are {side} it: the {name} direction is the slower one."
    rate = (kappa - 1) / (kappa + 1)
    return f"The best share of the limit for BGD is κ/(κ + 1) = {best:.3f} (E16), with rate {rate:.4f} (E17). {here}"
