"""The controls of an explorer: sliders and menus over a few values in order, and a bar for work that takes long."""

from collections.abc import Callable, Sequence
from math import isclose
from numbers import Real
from time import monotonic
from typing import Any

from traitlets import HasTraits, Int

PATIENCE = 0.5  # seconds of work before the bar is shown
BATCH_SIZES = (1, 2, 3, 4, 6, 8, 9, 10, 16, 18, 19, 32, 38, 57, 64, 100, 114, 128, 171, 200, 256, 300)


class Control(HasTraits):
    """A slider or a menu: `options` are its values, `texts` what stands beside them, `position` where it is.

    With `continuous_update` the picture follows the hand, else it waits until the hand lets go.
    """

    position = Int()

    def __init__(self, kind: str, label: str, options: Sequence, value: Any, tooltip: str = ""):
        super().__init__()
        pairs = [option if isinstance(option, tuple) else (_text(option), option) for option in options]
        self.texts, self.options = [text for text, _ in pairs], [value for _, value in pairs]
        self.kind, self.description, self.tooltip, self.continuous_update = kind, label, tooltip or label, True
        self.whole = isinstance(options, range)
        self.value = value

    @property
    def value(self) -> Any:
        """The option that is chosen."""
        return self.options[self.position]

    @value.setter
    def value(self, value: Any) -> None:
        self.position = self.options.index(value)


def _text(option):
    return f"{option:g}".replace("-", "−") if isinstance(option, Real) else str(option)


def batch_sizes_of(N, batch_sizes=BATCH_SIZES):
    """The batch sizes below N, and N."""
    return [*[B for B in batch_sizes if B < N], N]


def choice_slider(label, options, value, tooltip=""):
    """A slider over a few values, in order; an option may be a (text, value) pair."""
    return Control("slider", label, options, value, tooltip)


def batch_size_slider(batch_sizes, N, value, tooltip=""):
    """A slider over batch sizes, each with what N leaves of it: "18, divides N", "16, rest 6", "342 = N"."""

    def name(B):
        return f"{B} = N" if B == N else f"{B}, rest {N % B}" if N % B else f"{B}, divides N"

    return choice_slider("batch size B", [(name(B), B) for B in batch_sizes], value, tooltip)


def step_slider(label, last, value=0, tooltip="", first=0):
    """A slider over the whole numbers `first` … `last`."""
    return Control("slider", label, range(first, last + 1), value, tooltip)


def choice(label, options, value, tooltip=""):
    """A menu of words; an option may be a (text, value) pair."""
    return Control("menu", label, options, value, tooltip)


def checked(controls: dict[str, Control], name: str, value: Any) -> Any:
    """The value as the control `name` knows it.

    Raises ValueError if there is no such control, or if it has no such value.
    """
    if name not in controls:
        raise ValueError(f"there is no control {name!r}: choose from {', '.join(controls)}")
    control = controls[name]
    for known in control.options:
        if known == value or _are_numbers(known, value) and isclose(known, value, rel_tol=1e-9):
            return known
    if control.whole:
        raise ValueError(f"{name} = {value!r}: give a whole number from {control.options[0]} to {control.options[-1]}")
    raise ValueError(f"{name} = {value!r}: choose one of {', '.join(map(str, control.options))}")


def shown(control: Control) -> str:
    """The value of a control as text, the same as beside its slider."""
    return control.texts[control.position]


def about(control: Control, places: list[int] | None = None) -> dict[str, Any]:
    """What the page needs to show a control, or those of its positions."""
    texts = control.texts if places is None else [control.texts[place] for place in places]
    look = {"label": control.description, "tooltip": control.tooltip, "kind": control.kind}
    return look | {"texts": texts, "eager": control.continuous_update}


def _are_numbers(*values):
    return all(isinstance(value, Real) for value in values)


class Progress:
    """Called with the share of some work that is done; it tells that once the work takes over half a second."""

    def __init__(self) -> None:
        self.since: float | None = None
        self.tell: Callable[[float], Any] = lambda share: None

    def __call__(self, share: float) -> None:
        self.since = self.since or monotonic()
        if monotonic() - self.since > PATIENCE:
            self.tell(share)

    def hide(self) -> None:
        """The work is over, well or not."""
        self.since = None
        self.tell(0.0)
