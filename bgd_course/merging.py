"""The three-way merge of a notebook, cell by cell: what was delivered, what is delivered now, and what the learner has.

It needs no nbformat: `make lab` calls it, and so does the workbook, in the browser.
"""

import ast
import copy
import json
import re
import uuid
from itertools import count
from typing import Any, NamedTuple

from bgd_course.grading.collect import defined
from bgd_course.grading.course import SOLUTION, is_import, parsed
from bgd_helpers.checks.orders import work_in
from bgd_helpers.lessons.predictions import AGAIN, guesses_in

Notebook = Any  # nbformat's, or a `Node` of this module


class Node(dict):
    """A dict whose keys are attributes, as in nbformat's notebooks."""

    __setattr__ = dict.__setitem__

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(name)
        return self[name]


def parse(text: str) -> Notebook:
    """A notebook from its JSON, each source one string."""
    notebook = json.loads(text, object_hook=Node)
    for cell in notebook.cells:
        cell.source = "".join(cell.source).replace("\r\n", "\n")
        cell.setdefault("id", uuid.uuid4().hex[:8])
        cell.setdefault("metadata", Node())
    return notebook


def merge_texts(base: str | None, new: str, mine: str) -> tuple[str, list[str]]:
    """The merged notebook as JSON, and what to say of it; `base` is None where what was delivered is not known."""
    merged = merge(parse(base) if base else Node(cells=[]), parse(new), parse(mine))
    return json.dumps(merged.notebook, ensure_ascii=False), merged.beside


def is_answer(cell: Notebook) -> bool:
    """Whether a learner writes in this cell."""
    return SOLUTION[0] in cell.source or bool(cell.metadata.get("nbgrader", {}).get("solution"))


class Merged(NamedTuple):
    """A merged notebook, and a line for each cell that both sides had changed."""

    notebook: Notebook
    beside: list


def merge(base: Notebook, new: Notebook, mine: Notebook) -> Merged:
    """The learner's notebook `mine` with the changes that the course made from `base` to `new`."""
    mine = with_ids_of_their_own(with_known_ids(mine, base if base.cells else new))
    old, theirs, known = by_id(base), by_id(mine), by_id(new)
    cells, beside = [], []
    for cell in new.cells:
        resolved, problem = _resolve(cell, old.get(cell.id), theirs)
        cells += resolved
        beside += [problem] if problem else []
    merged = copy.deepcopy(new)
    cells = [_with_work(cell, theirs.get(cell.id)) for cell in cells]
    merged.cells = _with_former_imports(_with_own_cells(cells, mine.cells, old, known), base, new)
    return Merged(merged, beside)


def by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def with_known_ids(notebook, base):
    """A copy in which the cells that have lost their ids have those of the course again."""
    notebook = copy.deepcopy(notebook)
    known, there = {cell.id for cell in base.cells}, {cell.id for cell in notebook.cells}
    left = [cell for cell in base.cells if cell.id not in there]
    for cell in notebook.cells if left else ():
        same = next((other for other in left if cell.id not in known and _holds_the_same(cell, other)), None)
        cell.id = same.id if same else cell.id
        left = [other for other in left if other is not same]
    return notebook


def _holds_the_same(cell, other):
    """Whether a cell is that of the course: the same source, or an answer that defines the same name."""
    if (cell.cell_type, cell.source.strip()) == (other.cell_type, other.source.strip()):
        return True
    return is_answer(other) and cell.cell_type == "code" and _first_name(cell.source) == _first_name(other.source)


def _first_name(source):
    found = re.search(r"^(?:def\s+)?(\w+)\s*[(=]", source, re.MULTILINE)
    return found and found[1]


def with_ids_of_their_own(notebook):
    """A copy in which the second of two cells with one id has another."""
    notebook, seen = copy.deepcopy(notebook), set()
    for cell in notebook.cells:
        number, name = 2, cell.id
        while cell.id in seen:
            cell.id, number = f"{name}-{number}", number + 1
        seen.add(cell.id)
    return notebook


def _resolve(cell, old, theirs):
    """The cells that stand for a course's cell, and what to say if both sides changed it."""
    mine = theirs.get(cell.id)
    if mine is None:
        deleted = old is not None and old.source == cell.source and not _is_needed(cell)
        return ([] if deleted else [cell]), None
    untouched, unchanged = old is None or mine.source == old.source, old is not None and old.source == cell.source
    if unchanged or mine.source == cell.source:
        return [mine], None
    if old is not None and untouched:
        return [_with_verdict(cell, mine)], None
    if is_answer(cell) and old is None:
        return [mine], None
    if is_answer(cell):
        return beside(mine, cell, theirs, "The course has a new version of this exercise's cell")
    return beside(cell, mine, theirs, "You had changed this cell, and so has the course. Yours was")


def _with_verdict(cell, mine):
    """The course's new cell; if it is a check, with what the learner's said."""
    if "points" not in cell.metadata.get("nbgrader", {}):
        return cell
    cell = copy.deepcopy(cell)
    cell.update(outputs=mine.get("outputs", []), execution_count=mine.get("execution_count"))
    return cell


def _with_work(cell, mine):
    """The cell; if the learner's of that id holds a prediction, or lines put in order, with its outputs: they stay."""
    if mine is None or not any(theirs and not ours for theirs, ours in zip(_work_in(mine), _work_in(cell))):
        return cell
    cell = copy.deepcopy(cell)
    cell.update(outputs=mine.outputs, execution_count=mine.execution_count)
    return cell


def _work_in(cell):
    """What a learner has done in the output of a cell: predictions, those asked again, lines put in order."""
    return guesses_in([cell]), guesses_in([cell], AGAIN), work_in([cell])


def _is_needed(cell):
    """Whether a cell comes back when it was deleted: an answer or its check."""
    return is_answer(cell) or "nbgrader" in cell.metadata


def beside(kept, other, theirs, text):
    """One cell, the other's source in a Markdown cell below it, and a line that says so."""
    fence = "~" * max(3, 1 + max(map(len, re.findall("~+", other.source)), default=0))
    source = f"**{text}:**\n\n{fence}\n{other.source}\n{fence}"
    notes = {name: cell for name, cell in theirs.items() if name.startswith(f"{kept.id[:50]}-beside")}
    if any(note.source == source for note in notes.values()):
        return [kept], None
    names = (f"{kept.id[:50]}-beside" + (f"-{number}" if number else "") for number in count())
    name = next(name for name in names if name not in notes)
    note = type(kept)(cell_type="markdown", id=name, metadata=type(kept)(), source=source)
    return [kept, note], f"both changed {kept.id}: the other version is in a cell below it"


def _with_own_cells(cells, mine, old, known):
    """The cells with the learner's own after the course's cell that they stood behind, and edited cells that the course
    has no more."""
    behind, anchor = {}, None
    present = {cell.id for cell in cells}
    for cell in mine:
        gone = cell.id in old and cell.id not in known
        if cell.id in present and cell.id in known:
            anchor = cell.id
        elif cell.id not in known and not (gone and cell.source == old[cell.id].source):
            behind.setdefault(anchor, []).append(cell)
    placed = list(behind.get(None, []))
    for cell in cells:
        own = behind.get(cell.id, [])
        placed += [cell, *own] if cell.id in known or not _holds(own + placed, cell) else []
    return placed


def _with_former_imports(cells, base, new):
    """The cells and, behind the first of code, one that imports what the learner's cells use and the course's no longer
    import."""
    known = {cell.id: cell.source for cell in new.cells}
    bound = {name for cell in new.cells if cell.cell_type == "code" for name in defined(cell.source)}
    former = {name: line for name, line in imports_of(base).items() if name not in bound | set(imports_of(new))}
    used = {node.id for cell in cells if known.get(cell.id) != cell.source for node in _names(cell)}
    lines = dict.fromkeys(line for name, line in former.items() if name in used)
    if not lines:
        return cells
    first = next((i for i, cell in enumerate(cells) if cell.cell_type == "code"), 0)
    source = "\n".join(["# Your cells use these names; the course's import them no more.", *lines])
    kind, name = type(new), f"former-imports-{uuid.uuid4().hex[:8]}"
    cell = kind(cell_type="code", id=name, metadata=kind(), execution_count=None, outputs=[], source=source)
    return [*cells[: first + 1], cell, *cells[first + 1 :]]


def imports_of(notebook):
    """The names that a notebook's cells import at their top level, or give to a part of the package, each with its
    statement."""
    trees = [parsed(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [node for tree in trees if tree for node in tree.body if is_import(node)]
    return {name: line for node in nodes for name, line in _bound(node)}


def _bound(node):
    """The names that one import binds, each with a statement of its own."""
    if isinstance(node, ast.Assign):
        return [(target.id, ast.unparse(node)) for target in node.targets if isinstance(target, ast.Name)]
    return [(part.asname or part.name, _import_of(node, part)) for part in node.names]


def _import_of(node, part):
    """The statement that imports one of the names of `node`."""
    one = copy.copy(node)
    one.names = [part]
    return ast.unparse(one)


def _names(cell):
    """The names in a cell of code."""
    tree = parsed(cell.source) if cell.cell_type == "code" else None
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name)] if tree else []


def _holds(cells, cell):
    return any(other.id == cell.id for other in cells)
