"""What is said of LaTeX that is not an equation of the language."""

from textwrap import indent


class Misfit(ValueError):
    """What does not fit: where, a position or a node, and what is said of it. check_equation makes an error of it.

    `advised`: what the table of advice says of the place comes first.
    `mending` finds the Repair, where one can be looked for; `changes`, (from, to, what comes there), may lead to one.
    """

    def __init__(self, where, expected, advised=False, changes=()):
        super().__init__(expected)
        if not isinstance(where, int):
            where = where.span[0] if where.span else 0
        self.position, self.expected, self.mending = where, expected, None
        self.advised, self.changes = advised, changes


class EquationError(ValueError):
    """LaTeX that is no equation of the language: where, what was expected, and a caret under the place.

    `position` counts characters from 0; `expected` says what would fit there. `repair` is the mended equation
    as LaTeX, where one is known.
    """

    def __init__(self, latex, position, expected, repair=None):
        self.position = max(0, min(position, len(latex)))
        self.expected, self.repair = expected, repair
        mended = "\nIt holds as\n" + indent(repair.strip("\n"), "  ") if repair else ""
        super().__init__(f"{expected}\n{_pointed_at(latex, self.position)}{mended}")


def _pointed_at(latex, position, width=76):
    """The line that holds the position, cut to `width` characters, and a caret below."""
    start = latex.rfind("\n", 0, position) + 1
    line = latex[start:].split("\n", 1)[0]
    column = position - start
    cut = max(0, column - width // 2) if len(line) > width else 0
    return f"  {line[cut : cut + width]}\n  {' ' * (column - cut)}^"
