"""A table that shows itself as HTML in a notebook, and with the same content as plain text."""

from dataclasses import dataclass
from html import escape

NOTICES, SILENT = "●", "○"
LEGEND = f"{NOTICES} notices, {SILENT} does not notice"
LOOKS = {  # told apart by the sign first, then by the ground
    NOTICES: "text-align: center; color: #00456b; background: #d6e8f5",
    SILENT: "text-align: center; color: #8a3c00; background: #ffffff",
}
LEFT, MIDDLE = "text-align: left", "text-align: center"


def sign(notices):
    """The sign for a check that notices, or does not."""
    return NOTICES if notices else SILENT


@dataclass(frozen=True)
class Table:
    """Rows of words under a head, and a note below them. Words between two $ are LaTeX."""

    head: tuple
    rows: tuple
    note: str = LEGEND

    def __repr__(self):
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows)]
        lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths)) for row in (self.head, *self.rows)]
        return "\n".join([*map(str.rstrip, lines), *self._note()])

    def _repr_html_(self):
        """The same rows; the first cell of each is its name."""
        head = "".join(map(_head, self.head, self.rows[0]))
        rows = "\n".join(f"<tr>{_name(row[0])}{''.join(map(_cell, row[1:]))}</tr>" for row in self.rows)
        return "\n".join([f"<table>\n<tr>{head}</tr>\n{rows}\n</table>", *(f"<p>{note}</p>" for note in self._note())])

    def _note(self):
        return [self.note] if self.note else []


def _head(cell, below):
    place = MIDDLE if below in LOOKS else LEFT
    return f'<th scope="col" style="{place}; white-space: nowrap">{escape(cell)}</th>'


def _name(cell):
    return f'<th scope="row" style="{LEFT}; font-weight: normal">{escape(cell)}</th>'


def _cell(cell):
    said = {NOTICES: ' title="notices"', SILENT: ' title="does not notice"'}.get(cell, "")
    look = LOOKS.get(cell, MIDDLE if cell.isdigit() else LEFT)
    return f'<td style="{look}"{said}>{escape(cell)}</td>'
