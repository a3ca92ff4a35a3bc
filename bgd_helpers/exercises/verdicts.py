"""What a check says: the outcome, the text shown and the name of the slip."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What a check found: outcome "right", "wrong" or "not attempted", the text shown, the slip's name if it has one.

    Of two slips together, the names are joined by " + ".
    """

    outcome: str
    text: str
    slip: str | None = None

    def __repr__(self):
        return {"right": "✓ right: ", "wrong": "✗ wrong because ", "not attempted": "○ not attempted: "}[
            self.outcome
        ] + self.text


def named(slip):
    """The verdict that gives this slip as the reason."""
    return Verdict("wrong", slip.because, slip.name)


def not_attempted(exercise):
    """The verdict on a function that returns nothing yet."""
    return Verdict("not attempted", f"`{exercise}` returns nothing yet. Replace the placeholder and end with `return`.")
