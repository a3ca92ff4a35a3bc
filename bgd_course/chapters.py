"""Cells that the course has moved from one notebook of a chapter to another: where they are in a learner's copy."""

import copy
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from bgd_course.merging import beside, by_id, imports_of, with_ids_of_their_own, with_known_ids


class Moved(NamedTuple):
    """A notebook of a chapter as it was delivered and as the learner has it, once each cell is where the course has it
    now; the notebooks from which it has gained cells, and how many it has lost."""

    name: str
    before: NotebookNode | None
    mine: NotebookNode | None
    sources: list[str]
    lost: int

    def done(self, was_there: bool) -> str:
        """What was done with it, as its learner is told."""
        came = f"a part of {' and '.join(self.sources)} is here now, with your answers and cells" * bool(self.sources)
        if not was_there:
            return f"new: {came}"
        went = "a part of it is in other notebooks now; " * bool(self.lost)
        return f"brought up to date; {went}your answers and cells are kept" + f"; {came}" * bool(came)


def moves(new: dict, before: dict, mine: dict) -> dict[str, Moved]:
    """The notebooks of a chapter, by name, with each cell in the one in which the course has it now. A learner's own
    cell goes with the course's cell that it stands behind."""
    every = new_notebook(cells=[cell for notebook in new.values() for cell in notebook.cells])
    known = {name: mine[name] and with_known_ids(mine[name], before[name] or every) for name in new}
    known = {name: notebook and with_ids_of_their_own(notebook) for name, notebook in known.items()}
    return {name: _moved(name, new, before, known) for name in new}


def _moved(name, new, before, mine):
    gained = {other: _belonging(mine[other], other, name, new) for other in new if other != name}
    sources = [other for other, cells in gained.items() if cells]
    base = _together(before[name], name, new, [_belonging(before[other], other, name, new) for other in sources])
    if base:
        base.cells += [cell for other in sources for cell in _importing(before[other], base)]
    blank = [*new[name].cells, *(base.cells if base else [])]
    own = _together(mine[name], name, new, [gained[other] for other in sources], blank)
    lost = sum(at != name for _, at in _placed(mine[name], name, new))
    return Moved(name, base, own, sources, lost)


def _placed(notebook, name, new):
    """Each cell of a notebook with the name of the part in which it belongs."""
    home, at = {cell.id: part for part in new for cell in new[part].cells}, name
    home |= {cell.id: name for cell in new[name].cells}
    for cell in notebook.cells if notebook else ():
        at = home.get(cell.id, at)
        yield cell, at


def _belonging(notebook, name, part, new):
    """The cells of a notebook that belong in this part."""
    return [cell for cell, at in _placed(notebook, name, new) if at == part]


def _importing(notebook, base):
    """The cells of a notebook that import, and are not in the base yet: what moved cells use is imported there."""
    known = by_id(base)
    return [cell for cell in notebook.cells if cell.id not in known and imports_of(new_notebook(cells=[cell]))]


def _together(notebook, name, new, gained, blank=()):
    """A notebook with those of its cells that stay, and with what it gains; None if it is none."""
    if notebook is None and not any(gained):
        return None
    together = copy.deepcopy(notebook) if notebook else new_notebook()
    cells = _belonging(notebook, name, name, new)
    for moved in gained:
        at = len(cells)
        for cell in moved:
            there = next((i for i, other in enumerate(cells) if other.id == cell.id), None)
            at = at if there is None else there
            pair = [cell] if there is None else _of_two(cells[there], cell, blank, cells)
            cells[at : at + (there is not None)] = pair
            at += len(pair)
    together.cells = cells
    return together


def _of_two(one, other, blank, cells):
    """Of two cells with one id the one that is not blank, or that has run; of two that are not, the first, with the
    other below it."""
    blanks = {cell.source for cell in blank if cell.id == one.id}
    if other.source == one.source:
        return [one if one.get("outputs") else other]
    if other.source in blanks:
        return [one]
    if one.source in blanks:
        return [other]
    return beside(one, other, {cell.id: cell for cell in cells}, "In the other notebook this cell was")[0]
