"""The check of the batches, which are drawn at random: what each epoch shows, and how the order is drawn."""

import io
from contextlib import redirect_stdout

import numpy as np

from bgd_helpers import slips
from bgd_helpers.exercises.cases import EXERCISES
from bgd_helpers.exercises.outcomes import Failure, flat, outcome_of
from bgd_helpers.exercises.verdicts import Verdict, named, not_attempted
from bgd_helpers.exercises.wording import said, shortened

_BATCHES = EXERCISES["batches"]


def check_batches(answer):
    """The verdict on a learner's `batches`."""
    cases = _BATCHES.cases()
    found = [outcome_of(answer, case, _BATCHES.read) for case in cases]
    if all(value is None for value in found):
        return not_attempted("batches")
    for (N, B, _), value in zip(cases, found):
        problem = _not_batches(value, N, B)
        if problem:
            return problem
    return _order_of_batches(answer) or Verdict("right", _BATCHES.praise)


def _not_batches(value, N, B):
    """The verdict on batches that do not show every example once, None if they do."""
    if not isinstance(value, list) or not all(map(_is_batch, flat(value))):
        return Verdict("wrong", _describe_batches(value, N, B))
    sizes = [part.size for part in flat(value)]
    shown = np.sort(np.concatenate([part for part in flat(value) if part.size] or [[]])).astype(int).tolist()
    return _wrong_examples(shown, sizes, N, B) or _wrong_sizes(sizes, N, B) or _wrong_numbers(shown, N, B)


def _is_batch(part):
    return part.ndim == 1 and (part.size == 0 or part.dtype.kind in "iu")


def _describe_batches(value, N, B):
    if isinstance(value, Failure):
        return f"it raises {said(value.error)} (N = {N}, B = {B})."
    if value is None:
        return f"with N = {N} and B = {B} it returns nothing: see that every branch ends with `return`."
    return f"with N = {N} and B = {B} it does not return a list of one-dimensional arrays of whole numbers."


def _wrong_examples(shown, sizes, N, B):
    left_out, again = set(range(N)) - set(shown), len(shown) > len(set(shown))
    if N % B and sizes == [B] * (N // B) and not again:
        return named(slips.BY_NAME["short last batch dropped"])
    if left_out and again and set(shown) < set(range(N)):
        return named(slips.BY_NAME["drawn with replacement"])
    return None


def _wrong_sizes(sizes, N, B):
    right = [B] * (N // B) + ([N % B] if N % B else [])
    if sorted(sizes, reverse=True) == right:
        return None
    empty = " No batch is empty: let the last start before N." if 0 in sizes else ""
    sizes = shortened(sizes, 60)
    return Verdict("wrong", f"with N = {N} and B = {B} the batch sizes are {sizes}. They should be {right}.{empty}")


def _wrong_numbers(shown, N, B):
    if shown == list(range(N)):
        return None
    text = f"with N = {N} and B = {B} the batches hold the examples {shown}. They are counted 0 ... {N - 1}, each once."
    return Verdict("wrong", text)


def _order_of_batches(answer):
    """The verdict on how the order is drawn, None if it is drawn well."""
    rng = np.random.default_rng(0)
    with redirect_stdout(io.StringIO()):
        epochs = [outcome_of(answer, (12, 3, rng), _BATCHES.read) for _ in range(6)]
        epochs.append(outcome_of(answer, (12, 3, np.random.default_rng(0)), _BATCHES.read))
    for value in epochs:
        if _not_batches(value, 12, 3):
            return _not_batches(value, 12, 3)
    return _order_of_epochs([flat(epoch) for epoch in epochs[:-1]], flat(epochs[-1]))


def _order_of_epochs(epochs, again):
    """The verdict on six epochs of one rng, and the first of them repeated; None if they are drawn well."""
    orders = [np.concatenate(epoch).tolist() for epoch in epochs]
    different = len(set(map(tuple, orders)))
    if different == 1 and orders[0] == sorted(orders[0]):
        return named(slips.BY_NAME["no shuffling"])
    if different == 1:
        return named(slips.BY_NAME["same order every epoch"])
    if len(set(map(_groups, epochs))) == 1:
        return named(slips.BY_NAME["batch order matters"])
    if np.concatenate(again).tolist() != orders[0]:
        return named(slips.BY_NAME["rng not used"])
    return None


def _groups(epoch):
    return frozenset(frozenset(batch.tolist()) for batch in epoch)
