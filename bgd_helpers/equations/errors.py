"""What is said of LaTeX that is not an equation of the language."""


class EquationError(ValueError):
    """LaTeX that is no equation of the language: where, what was expected, and a caret under the place.

    `position` counts characters from 0; `expected` says what would fit there. `repair` is the mended equation
    as LaTeX, where one is known; `lost_sum` says that a missing sum may be what is wrong.
    """

    def __init__(self, latex, position, expected, repair=None, lost_sum=False):
        self.position = max(0, min(position, len(latex)))
        self.expected, self.repair, self.lost_sum = expected, repair, lost_sum
        mended = f"\nIt holds as\n  {repair}" if repair else ""
        super().__init__(f"{expected}\n{_pointed_at(latex, self.position)}{mended}")


def _pointed_at(latex, position, width=76):
    """The line that holds the position, cut to `width` characters, and a caret below."""
    start = latex.rfind("\n", 0, position) + 1
    line = latex[start:].split("\n", 1)[0]
    column = position - start
    cut = max(0, column - width // 2) if len(line) > width else 0
    return f"  {line[cut : cut + width]}\n  {' ' * (column - cut)}^"
