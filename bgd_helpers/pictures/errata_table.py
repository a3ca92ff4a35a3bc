"""The bench of errata: printed mistakes, each with the verdict of the checker of equations, and mended."""

from dataclasses import dataclass
from html import escape

from bgd_helpers.equations import check_equation
from bgd_helpers.lessons import errata as lesson
from bgd_helpers.pictures.museum import LEFT, SCROLLED, Table

HEAD = ("where", "as reported", "in our notation", "verdict", "the checker says", "mended", "thread")


@dataclass(frozen=True, repr=False)
class Errata(Table):
    """The table of errata. As a page its seven columns are four, which a notebook has room for."""

    def _repr_html_(self):
        head = ("where, with its thread", "as reported", "in our notation, and mended", "the checker says")
        rows = ["".join(f'<th scope="col" style="{LEFT}">{cell}</th>' for cell in head), *map(_cells, self.rows)]
        page = "\n".join(f"<tr>{row}</tr>" for row in rows)
        return f"{SCROLLED}<table>\n{page}\n</table></div>\n<p>{escape(self.note)}</p>"


def _cells(row):
    """A row of the table as the four cells of the page."""
    source, reported, printed, verdict, why, mended, thread = map(escape, row)
    name = f'<th scope="row" style="{LEFT}; font-weight: normal"><a href="{thread}">{source}</a></th>'
    cells = (reported, f"{printed}<br>mended: {mended}", f"{verdict}: {why}")
    return name + "".join(f'<td style="{LEFT}">{cell}</td>' for cell in cells)


def errata(*names: str) -> Errata:
    """The printed mistakes of these names, or all: where they stand, the verdict on each, why, and what holds.

    Raises ValueError for a name that is not in the table.
    """
    every = lesson.errata()
    for name in names:
        if name not in every:
            raise ValueError(f"there is no erratum {name!r}: choose from {', '.join(every)}")
    chosen = [every[name] for name in names or every]
    rows = tuple(map(_row, chosen))
    fail, hold = (sum(row[3] == word for row in rows) for word in ("fails", "holds"))
    mended = sum(check_equation(one.mended, mend=False).verdict == "holds" for one in chosen)
    note = f"{len(rows)} printed mistakes: {fail} fail, {hold} hold; mended, {mended} hold."
    return Errata(HEAD, rows, note)


def _row(one):
    found = check_equation(one.printed)
    why = found.message.split("\n")[-1].rpartition("$")[2].partition(": ")[2]
    return one.source, one.reported, f"${one.printed}$", found.verdict, why, f"${one.mended}$", one.thread
