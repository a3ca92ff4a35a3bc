"""What a slip is: a name, a reason, and functions that commit it.

A slip of one of the four equations is also a wrong gradient of a whole network (`Slip.gradient`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bgd_helpers.network import Equations
from bgd_helpers.slips.wrong import with_equations


@dataclass(frozen=True)
class Slip:
    """A known slip. `because` completes the sentence "wrong because ..."; `wrong` maps the name of an
    exercise to a function, or a tuple of functions, that commits it there; `formula` is the wrong equation as LaTeX;
    `elsewhere` has the reason for exercises whose equation is another than that of `because`; `free` maps an exercise
    to functions that commit it with a number, the first argument, that only the learner knows."""

    name: str
    because: str
    wrong: Mapping[str, Callable | tuple]
    formula: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    free: Mapping[str, tuple] = field(default_factory=dict)

    def reason(self, exercise):
        """Why this slip is wrong in that exercise."""
        return self.elsewhere.get(exercise, self.because)

    def variants(self, exercise):
        """The functions that commit this slip in that exercise; none where it cannot occur.

        In backpropagation: in the whole pass, or in one of its four equations alone.
        """
        found = self.wrong.get(exercise, ())
        found = found if isinstance(found, tuple) else (found,)
        if exercise != "backprop" or not self._equations():
            return found
        return (*(found or (self.gradient,)), *self._single_equations())

    def gradient(self, theta, X, Y, activations):
        """The gradient of the whole network that this slip gives.

        Raises ValueError if the slip is not one of backpropagation.
        """
        if "backprop" in self.wrong:
            return self.variants("backprop")[0](theta, X, Y, activations)
        equations = self._equations()
        if not equations:
            raise ValueError(f"{self.name!r} is not a slip of backpropagation")
        return with_equations(**equations)(theta, X, Y, activations)

    def _equations(self):
        return {piece: self.variants(piece)[0] for piece in Equations._fields if piece in self.wrong}

    def _single_equations(self):
        return [with_equations(**{piece: variant}) for piece in self._equations() for variant in self.variants(piece)]
