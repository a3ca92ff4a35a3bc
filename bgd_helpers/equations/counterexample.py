"""Where two sides differ: in some model, for some value of the letters."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.evaluation import TOLERANCE, Undefined, value
from bgd_helpers.equations.meaning import both, is_of_regression, meaning_of, missing, models_of, shown, together
from bgd_helpers.equations.models import Network, square
from bgd_helpers.equations.syntax import Differential, Node, Number, symbols_of, walk

APPROXIMATELY = 1e-6  # of the largest entry: the tolerance where the sign is that of an approximation
FEWEST = 2  # places at which an equation must be seen to hold, and depths of the networks if it speaks of layers


class Counterexample(NamedTuple):
    """Where two sides part: the model, the values of the letters, and what each side is there.

    `reason` says why a side has no value, where it has none.
    """

    model: str
    at: dict
    left: float | complex
    right: float | complex
    reason: str = ""

    def __str__(self):
        return self.told("the left side is")

    def told(self, left):
        """The counterexample in words; `left` introduces what yours should be."""
        place = f", at {', '.join(f'{letter} = {count}' for letter, count in self.at.items())}" if self.at else ""
        if self.reason:
            return f"in {self.model}{place}, {self.reason}"
        right_value, yours = _apart(self.left, self.right)
        return f"in {self.model}{place} {left} {right_value}, yours is {yours}"


def _apart(left, right):
    """Both numbers with as many digits as it takes to see that they differ."""
    for digits in range(4, 17):
        texts = [f"{number.real:.{digits}g}".replace("-", "−") for number in (left, right)]
        if texts[0] != texts[1]:
            break
    return texts


def first_difference(left, right, approximately=False, among=None):
    """The first Counterexample to the equality of two sides with these meanings, or None.

    `among` are the models to look in, in place of those that the equation speaks of. Raises Misfit for sides that
    mean nothing together.
    """
    found = together(left, right)
    depths = []
    for scene in found.scenes(among):
        depths.append(scene.model.L)
        if difference := _difference(found, replace(scene, exact=not approximately)):
            return difference
    if not among and len(set(depths) if found.layers else depths) < FEWEST:
        raise Misfit(0, "too few networks have all these layers and units: use smaller numbers.")
    return None


@lru_cache(maxsize=512)  # what a sentence says, a check, its steps and its way ask the same
def difference(left: Node, right: Node, approximately: bool = False) -> Counterexample | None:
    """The first Counterexample to the equality of two sides, or None. Raises Misfit."""
    return first_difference(meaning_of(left), meaning_of(right), approximately)


def agree(left: Node, right: Node, approximately: bool = False) -> bool:
    """Whether two sides are equal; those that mean nothing together are not."""
    try:
        return difference(left, right, approximately) is None
    except Misfit:
        return False


class Screen:
    """One place in one model at which many right sides are tried, their common parts evaluated once.

    What does not fit the left side there is no repair; what does is yet to be seen to hold.
    """

    def __init__(self, left: Node, right: Node):
        self.scene = None
        try:
            scene = _square_scene(meaning_of(left), meaning_of(right))
            with np.errstate(all="ignore"):
                self.left = value(left, scene)
            self.scene = scene
        except (Misfit, Undefined, LookupError):
            pass  # then everything passes

    def passes(self, right: Node) -> bool:
        """Whether a right side may hold."""
        if not self.scene or type(self.scene.model) is Network and any(map(is_of_regression, symbols_of(right))):
            return True
        changing = {part for node in walk(right) if isinstance(node, Differential) for part in symbols_of(node.of)}
        if changing and changing != set(self.scene.changing):  # then the left side's differential is another
            return True
        try:
            with np.errstate(all="ignore"):
                found = value(right, self.scene)
                return not (np.abs(found - self.left) > APPROXIMATELY * (np.abs(found) + np.abs(self.left))).any()
        except KeyError:  # a letter of its own
            return True
        except (Undefined, LookupError, ValueError, TypeError, AttributeError):
            return False


def _square_scene(left, right):
    """A scene for both sides, with one axis for a letter, be it summed over or not."""
    extents = {}
    for letter, found in (*left.extents.items(), *right.extents.items()):
        extents.setdefault(shown(letter), []).extend(found)
    found = both(left, right, extents)
    model = models_of(found)[0]
    model = square(one_output=model.widths[-1] == 1) if type(model) is Network else model
    settings = found.settings(model)
    return replace(found.scene(model, settings[len(settings) // 2]), known={}, exact=False)


@np.errstate(all="ignore")
def _difference(found, scene):
    letters = {letter: number for letter, number in scene.setting.items() if letter not in ("L", None)}
    try:
        left, right = (_value(side, scene) for side in found.parts)
        shapes = [side.shape[-2:] for side in (left, right)]
        if shapes[0] != shapes[1] and Number(0.0) not in found.sides:
            one, other = ("a number" if shape == (1, 1) else f"{shape[0]} x {shape[1]}" for shape in shapes)
            raise Undefined(f"the left side is {one}, yours {other}")
    except Undefined as error:
        return Counterexample(scene.model.name, letters, np.nan, np.nan, str(error))
    left, right = np.broadcast_arrays(left, right)
    size = np.minimum(np.abs(left), np.abs(right))
    within = TOLERANCE * size if scene.exact else APPROXIMATELY * np.max(size, where=np.isfinite(size), initial=0)
    agree = np.abs(left - right) <= within
    if agree.all():
        return None
    return _located(found, scene, letters, left, right, agree)


def _value(side, scene):
    """The value of one side, computed once for all the equations in which its letters run over the same."""
    letters = sorted(letter for letter in scene.axes if letter in scene.extents)
    own = [letter for letter in letters if letter in side.extents]
    extents = tuple((letter, frozenset(scene.extents[letter])) for letter in own)
    key = scene.model, extents, tuple(scene.setting.items()), scene.changing, scene.exact
    axes = [scene.axes[letter] for letter in letters if letter not in side.extents]
    others, order = len(axes), [*axes, *(scene.axes[letter] for letter in own)]
    order += range(len(order), len(scene.axes) + 2)
    if key not in side.known:
        found = value(side.sides[0], scene).transpose(order)
        side.known[key] = found.reshape(found.shape[others:])
    found = side.known[key]
    return found.reshape((1,) * others + found.shape).transpose(np.argsort(order))


def _located(found, scene, letters, left, right, agree):
    """The first entry that differs, one where both sides have a value if there is one."""
    finite = np.isfinite(left) & np.isfinite(right) & ~agree
    entry = tuple(np.argwhere(finite if finite.any() else ~agree)[0])
    at = {letter: int(entry[found.axes[letter]]) + 1 for letter in found.letters if left.shape[found.axes[letter]] > 1}
    if left.shape[-2:] != (1, 1):
        at |= {"row": int(entry[-2]) + 1, "column": int(entry[-1]) + 1}
    reason = "" if finite.any() else missing(found.sides, scene, at) or "it divides by zero, or a number is too large"
    return Counterexample(scene.model.name, {**at, **letters}, left[entry].item(), right[entry].item(), reason)
