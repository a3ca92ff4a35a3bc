"""The check of the batches, which are drawn at random: what each epoch shows, and how the order is drawn."""

from collections import Counter
from itertools import combinations

import numpy as np

from bgd_helpers import slips
from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.outcomes import Failure, flat
from bgd_helpers.checks.verdicts import Verdict, named, not_attempted
from bgd_helpers.checks.wording import failure_text, shortened, with_line

_BATCHES = EXERCISES["batches"]


def judge_batches(cases, found):
    """The verdict on what a learner's `batches` gave on the cases: sizes first, then epochs of one rng."""
    if all(value is None for value in found):
        return not_attempted("batches")
    for (N, B, _), value in zip(cases, found):
        problem = _not_batches(value, N, B)
        if problem:
            return problem
    verdicts = [_order_of_epochs(epochs, again) for epochs, again in _epochs_shown_again(cases, found)]
    return next(filter(None, verdicts), Verdict("right", _BATCHES.praise))


def _epochs_shown_again(cases, found):
    """For each generator of several epochs: what they gave, and what its first one gave when it was asked for again,
    from another generator in the same state."""
    shown = {}
    for (_, _, rng), value in zip(cases, found):
        shown.setdefault(id(rng), (rng, []))[1].append(flat(value))
    single = [(rng, epochs[0]) for rng, epochs in shown.values() if len(epochs) == 1]
    for rng, epochs in shown.values():
        again = [one for other, one in single if other.bit_generator.state == rng.bit_generator.state]
        if len(epochs) > 1:
            yield epochs, again[0]


def _not_batches(value, N, B):
    """The verdict on batches that do not show every example once, None if they do."""
    if not isinstance(value, list) or not all(map(_is_batch, flat(value))):
        return Verdict(
            "wrong", _describe_batches(value, N, B), python=with_line(value) if isinstance(value, Failure) else ""
        )
    sizes = [part.size for part in flat(value)]
    shown = np.sort(np.concatenate([part for part in flat(value) if part.size] or [[]])).astype(int).tolist()
    if sizes[:1] == [B] and _overlap(flat(value)):
        return Verdict(
            "wrong",
            "each batch begins one place after the one before, so that they overlap. The next begins B places on: "
            "`range` takes a step as its third argument.",
        )
    return _wrong_examples(flat(value), shown, N, B) or _wrong_sizes(sizes, shown, N, B) or _wrong_numbers(shown, N, B)


def _overlap(parts):
    """Whether each batch goes on at the second place of the one before."""
    pairs = list(zip(parts, parts[1:]))
    return any(len(b) > 1 for _, b in pairs) and all(np.array_equal(a[1:], b[: len(a) - 1]) for a, b in pairs)


def _is_batch(part):
    return part.ndim == 1 and (part.size == 0 or part.dtype.kind in "iu")


def _describe_batches(value, N, B):
    if isinstance(value, Failure):
        return failure_text("batches", value, f" (N = {N}, B = {B})")
    if value is None:
        return f"with N = {N} and B = {B} it returns nothing: see that every branch ends with `return`."
    one_by_one = " The numbers stand one by one: put each slice in whole, with `append`, not with `extend` or `+=`."
    why = one_by_one if isinstance(value, list) and all(part.ndim == 0 for part in flat(value)) else ""
    return f"with N = {N} and B = {B} it does not return a list of one-dimensional arrays of whole numbers.{why}"


def _wrong_examples(parts, shown, N, B):
    return _one_batch_again(parts, N, B) or _left_out(shown, list(map(len, parts)), N, B)


def _one_batch_again(parts, N, B):
    """The verdict on batches that are all the same one; None on others."""
    if (
        not 1 < len(parts) <= -(-N // B)
        or len(parts[0]) == N
        or not all(np.array_equal(part, parts[0]) for part in parts)
    ):
        return None
    return Verdict(
        "wrong",
        "all batches are the same: one list that was put in several times, and emptied and filled again in "
        "between. Begin a new list for each batch.",
    )


def _left_out(shown, sizes, N, B):
    left_out, again = set(range(N)) - set(shown), len(shown) > len(set(shown))
    if N % B and sizes == [B] * (N // B) and not again:
        return named(slips.BY_NAME["short last batch dropped"], "batches")
    if left_out and again and set(shown) < set(range(N)):
        return named(slips.BY_NAME["drawn with replacement"], "batches")
    return None


def _wrong_sizes(sizes, shown, N, B):
    right = [B] * (N // B) + ([N % B] if N % B else [])
    if sorted(sizes, reverse=True) == right:
        return None
    because = _why_sizes(sizes, N, B)
    because = because or _not_there(shown, N)
    sizes = shortened(sizes, 60)
    return Verdict("wrong", f"with N = {N} and B = {B} the batch sizes are {sizes}. They should be {right}.{because}")


def _why_sizes(sizes, N, B):
    """What sizes like these come from, as a sentence with a blank before it, or nothing."""
    if 0 in sizes and sum(sizes) < N:
        return " In `x[a:b]`, b is the place where the slice ends, not how long it is."
    if 0 in sizes:
        return " No batch is empty: let the last start before N."
    if len(sizes) == B and sum(sizes) == N:
        return " There are B batches: B is the size of each, not their number, which `array_split` takes."
    if sizes == [N]:
        return " All examples stand in one array: cut it into slices."
    if len(sizes) == 1:
        return " There is one batch alone: if there is a loop, `return` stands after it, not inside."
    if len(sizes) == -(-N // B) and max(sizes) == B - 1:
        return " A slice ends before its second number: `x[0:3]` has three entries."
    if len(sizes) == -(-N // B) and sum(sizes) == N:
        return " The examples are spread evenly, as `array_split` does; all batches but the last have B."
    if sum(sizes) == N and max(sizes) > B:
        return " What is left over is a batch of its own."
    return ""


def _not_there(shown, N):
    """Which examples are in no batch, or in several, as a sentence with a blank before it, or nothing."""
    missing = sorted(set(range(N)) - set(shown))
    twice = sorted(n for n, times in Counter(shown).items() if times > 1)
    told = [("In no batch is", missing)] * bool(missing) + [("In more than one is", twice)] * bool(twice)
    return "".join(f" {words} {shortened(', '.join(map(str, numbers)), 40)}." for words, numbers in told)


def _wrong_numbers(shown, N, B):
    if shown == list(range(N)):
        return None
    text = f"with N = {N} and B = {B} the batches hold the examples {shown}. They are counted 0 ... {N - 1}, each once."
    return Verdict("wrong", text)


def _order_of_epochs(epochs, again):
    """The verdict on epochs of one rng, and the first of them repeated; None if they are drawn well."""
    orders = [np.concatenate(epoch).tolist() for epoch in epochs]
    different = len(set(map(tuple, orders)))
    if different == 1 and orders[0] == sorted(orders[0]):
        return named(slips.BY_NAME["no shuffling"], "batches")
    if different == 1:
        return named(slips.BY_NAME["same order every epoch"], "batches")
    if len(set(map(_groups, epochs))) == 1:
        return named(slips.BY_NAME["batch order matters"], "batches")
    if len({_groups([epoch[-1]]) for epoch in epochs}) == 1:
        return named(slips.BY_NAME["rest not shuffled"], "batches")
    if _few_meet(epochs):
        return named(slips.BY_NAME["neighbours stay together"], "batches")
    if np.concatenate(again).tolist() != orders[0]:
        return named(slips.BY_NAME["rng not used"], "batches")
    return None


def _few_meet(epochs):
    """Whether no more pairs of examples ever share a batch than if neighbours always did: of 12 examples in threes
    these are 24, and about 46 in six shuffled epochs. Where a batch is short the two are too near each other."""
    N, B = sum(map(len, epochs[0])), len(epochs[0][0])
    pairs = {frozenset(pair) for epoch in epochs for part in epoch for pair in combinations(part.tolist(), 2)}
    return N % B == 0 and 1 < B and len(pairs) <= N * (B - 1)


def _groups(epoch):
    return frozenset(frozenset(batch.tolist()) for batch in epoch)
