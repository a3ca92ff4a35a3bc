"""The checks of the two exercises in which a check is fooled, and one is written."""

from dataclasses import replace

import numpy as np

from bgd_helpers import slips
from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.fooling import FOOLS, FULL, ONE, PASSES, ZERO, is_right, kinds
from bgd_helpers.checks.naming import one_slip
from bgd_helpers.checks.outcomes import Failure, flat, is_real, layout, outcomes_of
from bgd_helpers.checks.verdicts import Verdict, named
from bgd_helpers.checks.wording import failure_text, with_line
from bgd_helpers.network import backprop

REFUSED = {ONE: "noticed at N = 1", ZERO: "noticed at zero"}


def judge_fooling(cases: list, found: list, reveal: bool) -> Verdict | None:
    """The verdict on a gradient that should pass on two kinds of nets and be wrong on the third; None if it does."""
    exercise = "fooling_gradient"
    expected = outcomes_of(backprop, cases, EXERCISES[exercise].read)
    for mine, right in zip(found, expected):
        if text := _no_gradient(mine, right):
            return Verdict("wrong", text, python=with_line(mine) if isinstance(mine, Failure) else "")
    off = [(kind, _off(mine, right)) for kind, mine, right in zip(kinds(cases), found, expected)]
    for kind, slip in REFUSED.items():
        if any(error > PASSES for here, error in off if here == kind):
            return named(slips.BY_NAME[slip], exercise)
    if any(error < FOOLS for here, error in off if here == FULL):
        return named(slips.BY_NAME["nothing is wrong"], exercise)
    return None


def _no_gradient(mine, right):
    """What is wrong with an outcome that holds no real, finite numbers in the right shapes; "" if it does."""
    if isinstance(mine, Failure):
        return failure_text("fooling_gradient", mine, "")
    if mine is None:
        return "it returns nothing for some arguments: see that every branch ends with `return`."
    if layout(mine) != layout(right):
        return f"it does not return a list of {len(right)} pairs (dW, db), one for each layer: every check notices."
    names = [f"{part}^({k})" for k in range(1, len(right) + 1) for part in ("dW", "db")]
    for name, a, b in zip(names, flat(mine), flat(right)):
        if not is_real(a) or a.shape != b.shape:
            return f"{name} is no array of real numbers of the shape {b.shape}: every check notices."
        if not np.isfinite(a).all():
            return f"{name} is NaN or infinite: every check notices."
    return ""


def _off(mine, right):
    """The largest difference in an array, as a part of its largest right entry."""
    return max(np.abs(a - b).max() / max(np.abs(b).max(), 1e-300) for a, b in zip(flat(mine), flat(right)))


def judge_check(cases: list, found: list, reveal: bool) -> Verdict | None:
    """The verdict on a check of gradients, from what it says of all of them; None if it is right of all."""
    exercise = "gradient_check"
    said = [isinstance(value, list) and bool(value[0][0]) for value in found]
    exhibits = [exhibit for exhibit, _ in cases]
    failed = [(one, value) for one, value in zip(exhibits, found) if isinstance(value, Failure)]
    broken = next((value for one, value in failed if is_right(one)), None)
    passed = [one.name for one, yes in zip(exhibits, said) if yes and not is_right(one)]
    refused = [one.name for one, yes in zip(exhibits, said) if not yes and is_right(one)]
    if not passed and not refused and not failed and None not in found:
        return None
    count = _counted(exhibits, passed, refused)
    if slip := one_slip(exercise, cases, found):
        return named(slip, exercise, f"{count}: ")
    if broken:
        return Verdict("wrong", failure_text(exercise, broken, " for one of the gradients"), python=with_line(broken))
    if None in found:
        return Verdict("wrong", "it returns nothing for some gradients: see that every branch ends with `return`.")
    lets = [f"it lets pass {_listed(passed)}"] * bool(passed)
    told = "; ".join(lets + [f"it refuses what is right: {_listed(refused)}"] * bool(refused))
    if failed:
        verdict = named(slips.BY_NAME["an error stops the check"], exercise, f"{count}: ")
        return replace(verdict, text=f"{verdict.text} Besides, {told}.") if told else verdict
    return Verdict("wrong", f"{count}: {told}.")


def _counted(exhibits, passed, refused):
    right = sum(map(is_right, exhibits))
    wrong = len(exhibits) - right
    passing = f"{right - len(refused)} of {right} right ones pass"
    return f"{wrong - len(passed)} of {wrong} wrong gradients are refused, {passing}"


def _listed(names):
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(sorted(names)[:3]) + more
