"""The controls of an explorer: sliders, menus, and a bar for work that takes long."""

from math import isclose
from numbers import Real
from time import monotonic

import ipywidgets as widgets

PATIENCE = 0.5  # seconds of work before the bar is shown
BATCH_SIZES = (1, 2, 3, 4, 6, 8, 9, 10, 16, 18, 19, 32, 38, 57, 64, 100, 114, 128, 171, 200, 256, 300)


def batch_sizes_of(N, batch_sizes=BATCH_SIZES):
    """The batch sizes below N, and N."""
    return [*[B for B in batch_sizes if B < N], N]


def choice_slider(label, options, value, tooltip=""):
    """A slider over a few values, in order; an option may be a (text, value) pair."""
    return widgets.SelectionSlider(options=options, value=value, **_look(label, tooltip))


def batch_size_slider(batch_sizes, N, value, tooltip=""):
    """A slider over batch sizes, each with what N leaves of it: "18, divides N", "16, rest 6", "342 = N"."""

    def name(B):
        return f"{B} = N" if B == N else f"{B}, rest {N % B}" if N % B else f"{B}, divides N"

    return choice_slider("batch size B", [(name(B), B) for B in batch_sizes], value, tooltip)


def step_slider(label, last, value=0, tooltip="", first=0):
    """A slider over the whole numbers `first` … `last`."""
    return widgets.IntSlider(value=value, min=first, max=last, **_look(label, tooltip))


def choice(label, options, value, tooltip=""):
    """A menu of words; an option may be a (text, value) pair."""
    return widgets.Dropdown(options=options, value=value, **_look(label, tooltip))


def _look(label, tooltip):
    """One look for all: two fit side by side, labels are not cut off."""
    return {
        "description": label,
        "tooltip": tooltip or label,
        "style": {"description_width": "9.5em"},
        "layout": {"width": "440px", "max_width": "100%"},
    }


def checked(controls, name, value):
    """The value as the control `name` knows it.

    Raises ValueError if there is no such control, or if it has no such value.
    """
    if name not in controls:
        raise ValueError(f"there is no control {name!r}: choose from {', '.join(controls)}")
    control = controls[name]
    if not hasattr(control, "options"):
        if isinstance(value, Real) and control.min <= value <= control.max:
            return value
        raise ValueError(f"{name} = {value!r}: give a number from {control.min} to {control.max}")
    for _, known in _pairs(control):
        if known == value or _are_numbers(known, value) and isclose(known, value, rel_tol=1e-9):
            return known
    raise ValueError(f"{name} = {value!r}: choose one of {', '.join(str(known) for _, known in _pairs(control))}")


def shown(control):
    """The value of a control as text, the same as beside its slider."""
    if hasattr(control, "options"):
        return next(text for text, value in _pairs(control) if value == control.value)
    return f"{control.value:g}".replace("-", "−")


def _pairs(control):
    """The options of a slider or a menu as (text, value) pairs."""
    return [option if isinstance(option, tuple) else (str(option), option) for option in control.options]


def _are_numbers(*values):
    return all(isinstance(value, Real) for value in values)


class Progress(widgets.FloatProgress):
    """A bar that appears when work takes over half a second; it is called with the share that is done."""

    def __init__(self):
        super().__init__(max=1.0, description="computing", layout={"visibility": "hidden"})
        self.since = None

    def __call__(self, share):
        self.since = self.since or monotonic()
        if monotonic() - self.since > PATIENCE:
            self.value, self.layout.visibility = share, "visible"

    def hide(self):
        """The work is over, well or not."""
        self.since, self.layout.visibility = None, "hidden"
