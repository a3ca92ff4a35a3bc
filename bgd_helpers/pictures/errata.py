"""The bench of errata: printed mistakes, each with the verdict of the checker of equations, and mended."""

from bgd_helpers.equations import check_equation
from bgd_helpers.lessons import errata as lesson
from bgd_helpers.pictures.museum import Table

HEAD = ("where", "as reported", "in our notation", "verdict", "the checker says", "mended", "thread")


def errata(*names: str) -> Table:
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
    return Table(HEAD, rows, note)


def _row(one):
    found = check_equation(one.printed)
    why = found.message.split("\n")[-1].rpartition("$")[2].partition(": ")[2]
    return one.source, one.reported, f"${one.printed}$", found.verdict, why, f"${one.mended}$", one.thread
