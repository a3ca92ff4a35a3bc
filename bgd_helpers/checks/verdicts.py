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

    def must_be_right(self):
        """Nothing, or an AssertionError that says the verdict unless it is "right".

        A check only shows its verdict, so that a learner can run on past a wrong answer. nbgrader gives the points of a
        cell unless the cell raises: the hidden test of each check cell calls this.
        """
        if self.outcome != "right":
            raise AssertionError(repr(self))


def named(slip, exercise):
    """The verdict that gives this slip as the reason, in the words for that exercise."""
    return Verdict("wrong", slip.reason(exercise), slip.name)


def not_attempted(exercise):
    """The verdict on a function that returns nothing yet."""
    text = f"`{exercise}` returns nothing yet. Replace the placeholder and end with `return`; `print` returns nothing."
    return Verdict("not attempted", text)
