"""A table of what was measured, as text."""

from dataclasses import dataclass

EXPLODED = 1e6  # a cost above it has left the range in which its size means anything


@dataclass(frozen=True, repr=False)
class Measured:
    """Rows of a name and numbers under a head; `formats` says how each column is shown."""

    head: tuple
    formats: tuple
    rows: tuple

    def __repr__(self):
        shown = [tuple(map(_shown, row, self.formats)) for row in self.rows]
        widths = [max(map(len, column)) for column in zip(self.head, *shown)]
        columns = [f"{'>' if form else '<'}{width}" for form, width in zip(self.formats, widths)]
        return "\n".join("  ".join(map(format, row, columns)).rstrip() for row in (self.head, *shown))


def _shown(value, form):
    if value is None:
        return "never"
    return "explodes" if isinstance(value, float) and value > EXPLODED else format(value, form)
