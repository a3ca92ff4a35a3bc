"""The learner's edition: the notebooks without their solutions, in a folder of the learner's own.

When the course changes, its changes are brought into that folder by a three-way merge, cell by cell: between what was
delivered last, what is to be delivered now, and what the learner has made of it. An answer is never overwritten.
"""

import ast
import copy
import json
import os
import re
import uuid
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbformat.v4.rwbase import rejoin_lines

from bgd_course.grading.collect import as_text, defined
from bgd_course.grading.course import HIDDEN, SOLUTION, parsed, without
from bgd_course.notebooks import as_json, remove_leftovers, write_atomically
from bgd_helpers.checks.orders import work_in
from bgd_helpers.lessons.predictions import guesses_in

STATE = ".course"  # in the learner's folder: what was delivered last, and backups
BLANK = "# Your code here"
BLANK_TEXT = "# Your lines go between the quotation marks above"
PROMPT = "**Predict"
HEADING = re.compile(r"#+ ")
FOLD = "<details><summary>What we see</summary>\n\n{}\n\n</details>"
UNREAD = "its notebook cannot be read"


def learners(notebook: NotebookNode) -> NotebookNode:
    """A copy of a notebook as a learner gets it: no solution, no hidden test, no output, and what tells a result that
    was to be predicted is folded."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        instead = BLANK_TEXT if '= r"""' in cell.source else BLANK
        cell.source = without(without(cell.source, SOLUTION, instead), HIDDEN)
    for cell in telling(notebook.cells):
        cell.source = folded(cell.source)
    return notebook


def telling(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The Markdown cells that tell what a prompt asks to predict: the first without a heading after its code."""
    asked = ran = False
    for cell in cells:
        if cell.cell_type == "code":
            ran = asked and (ran or not cell.source.startswith("bgd.predict("))
            continue
        if asked and ran and not HEADING.match(cell.source):
            yield cell
        if ran:
            asked = ran = False
        asked = asked or PROMPT in cell.source


def folded(source: str) -> str:
    """The source with all that stands before its first heading or prompt folded away."""
    if source.startswith("<details>"):
        return source
    parts = re.split(r"\n\n(?=#|[^\n]*\*\*Predict)", source, maxsplit=1)
    return "\n\n".join([FOLD.format(parts[0]), *parts[1:]])


def is_answer(cell: NotebookNode) -> bool:
    """Whether a learner writes in this cell."""
    return SOLUTION[0] in cell.source or bool(cell.metadata.get("nbgrader", {}).get("solution"))


def deliver(source: str | Path, folder: str | Path) -> list[str]:
    """Bring the learner's folder up to date with the notebooks in `source`; lines that say what was done.

    Each notebook is written whole or not at all: a backup first, then the notebook, then what was delivered. So it
    may be ended at any moment, and run again.
    """
    folder = Path(folder)
    (folder / STATE).mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder, folder / STATE, folder / STATE / "backups")
    said = []
    for path in sorted(Path(source).glob("*.ipynb")):
        new = learners(nbformat.read(path, as_version=4))
        said += [f"{path.name}: {line}" for line in _deliver_one(new, folder, path.name)]
    return said


def _deliver_one(new, folder, name):
    delivered, target = folder / STATE / name, folder / name
    text = as_json(new)
    before = _read(delivered)
    if not os.path.lexists(target):
        write_atomically(target, text)
        write_atomically(delivered, text)
        return ["new"] if before is None else ["it was gone, and is there again"]
    if before is not None and as_json(before) == text:
        return []
    mine = _read(target)
    if mine is None:
        return [_put_beside(target, text)]
    merged = merge(before or new_notebook(), new, mine)
    _back_up(target)
    write_atomically(target.resolve(), as_json(merged.notebook))  # where it is a link, what it leads to
    write_atomically(delivered, text)
    unknown = [] if before else ["what the course had delivered was not known: where a cell differs, both are kept"]
    return ["brought up to date; your answers and cells are kept", *unknown, *merged.beside]


def _put_beside(target, text):
    """Where a learner's notebook cannot be read: the course's in a file of its own, unless there is one already."""
    beside = target.with_name(f"{target.stem}.course.ipynb")
    if not os.path.lexists(beside):
        write_atomically(beside, text)
    return (
        f"it cannot be read and is left as it is; the course's is in {beside.name}. "
        f"Earlier versions of yours are in {STATE}/backups. To work on in another, give it the name {target.name}"
    )


def _read(path):
    """The notebook at `path`, as JupyterLab opens it: what the schema does not know is dropped; None if it is none."""
    try:
        raw = json.loads(as_text(Path(path).read_bytes()))
        if raw.get("nbformat", 4) < 4:
            raw = nbformat.convert(nbformat.from_dict(raw), 4)
        cells = [_mended(cell) for cell in raw["cells"] if isinstance(cell, dict)]
        metadata = _dict(raw.get("metadata"))
        return rejoin_lines(nbformat.from_dict(_notebook(cells, metadata if _fits(metadata=metadata) else {})))
    except Exception:  # whatever is wrong with a person's file, it is left alone
        return None


def _mended(raw):
    """A cell of a notebook as the schema wants it."""
    source, name = raw.get("source", ""), raw.get("id")
    source = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
    is_name = isinstance(name, str) and re.fullmatch(r"[\w-]{1,64}", name, re.A)
    cell = {
        "id": name if is_name else uuid.uuid4().hex[:8],
        "source": source.replace("\r\n", "\n").removeprefix("\ufeff"),
    }
    cell |= {"cell_type": raw.get("cell_type"), "metadata": _dict(raw.get("metadata"))}
    cell |= {"attachments": raw["attachments"]} if "attachments" in raw and cell["cell_type"] != "code" else {}
    if cell["cell_type"] == "code":
        count = raw.get("execution_count")
        cell |= {"outputs": [], "execution_count": count if type(count) is int else None}
    cell = cell if _fits([cell]) else _plain(cell)
    if cell["cell_type"] == "code":
        cell["outputs"] = [one for one in _listed(raw.get("outputs")) if _fits([cell | {"outputs": [one]}])]
    return cell


def _plain(cell):
    """A cell without what nobody needs of it."""
    cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key == "nbgrader"}
    cell["cell_type"] = cell["cell_type"] if cell["cell_type"] in ("code", "raw") else "markdown"
    cell.pop("attachments", None)
    return cell


def _notebook(cells, metadata):
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _fits(cells=(), metadata=None):
    try:
        nbformat.validate(_notebook(list(cells), metadata or {}))
    except Exception:
        return False
    return True


def _dict(value):
    return value if isinstance(value, dict) else {}


def _listed(value):
    return value if isinstance(value, list) else []


def _back_up(path):
    """A copy of the learner's notebook, with a number of its own."""
    folder = path.parent / STATE / "backups"
    folder.mkdir(exist_ok=True)
    number = 1
    while (folder / f"{path.stem}.{number}.ipynb").exists():
        number += 1
    write_atomically(folder / f"{path.stem}.{number}.ipynb", path.read_bytes())


class Merged(NamedTuple):
    """A merged notebook, and a line for each cell that both sides had changed."""

    notebook: NotebookNode
    beside: list


def merge(base: NotebookNode, new: NotebookNode, mine: NotebookNode) -> Merged:
    """The learner's notebook `mine` with the changes that the course made from `base` to `new`."""
    mine = _with_ids_of_their_own(_with_known_ids(mine, base if base.cells else new))
    old, theirs, known = _by_id(base), _by_id(mine), _by_id(new)
    cells, beside = [], []
    for cell in new.cells:
        resolved, problem = _resolve(cell, old.get(cell.id), theirs)
        cells += resolved
        beside += [problem] if problem else []
    merged = copy.deepcopy(new)
    cells = [_with_guess(cell, theirs.get(cell.id)) for cell in cells]
    merged.cells = _with_former_imports(_with_own_cells(cells, mine.cells, old, known), base, new)
    return Merged(merged, beside)


def _by_id(notebook):
    return {cell.id: cell for cell in notebook.cells}


def _with_known_ids(notebook, base):
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


def _with_ids_of_their_own(notebook):
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
        return _beside(mine, cell, theirs, "The course has a new version of this exercise's cell")
    return _beside(cell, mine, theirs, "You had changed this cell, and so has the course. Yours was")


def _with_verdict(cell, mine):
    """The course's new cell; if it is a check, with what the learner's said."""
    if "points" not in cell.metadata.get("nbgrader", {}):
        return cell
    cell = copy.deepcopy(cell)
    cell.update(outputs=mine.get("outputs", []), execution_count=mine.get("execution_count"))
    return cell


def _with_guess(cell, mine):
    """The cell; if the learner's of that id holds a prediction, or lines put in order, with its outputs: they stay."""
    if mine is None or _holds_work(cell) or not _holds_work(mine):
        return cell
    cell = copy.deepcopy(cell)
    cell.update(outputs=mine.outputs, execution_count=mine.execution_count)
    return cell


def _holds_work(cell):
    return guesses_in([cell]) or work_in([cell])


def _is_needed(cell):
    """Whether a cell comes back when it was deleted: an answer or its check."""
    return is_answer(cell) or "nbgrader" in cell.metadata


def _beside(kept, other, theirs, text):
    """One cell, the other's source in a Markdown cell below it, and a line that says so."""
    fence = "~" * max(3, 1 + max(map(len, re.findall("~+", other.source)), default=0))
    source = f"**{text}:**\n\n{fence}\n{other.source}\n{fence}"
    notes = {name: cell for name, cell in theirs.items() if name.startswith(f"{kept.id[:50]}-beside")}
    if any(note.source == source for note in notes.values()):
        return [kept], None
    names = (f"{kept.id[:50]}-beside" + (f"-{number}" if number else "") for number in count())
    note = new_markdown_cell(source, id=next(name for name in names if name not in notes))
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
    former = {name: line for name, line in _imports(base).items() if name not in bound | set(_imports(new))}
    used = {node.id for cell in cells if known.get(cell.id) != cell.source for node in _names(cell)}
    lines = dict.fromkeys(line for name, line in former.items() if name in used)
    if not lines:
        return cells
    first = next((i for i, cell in enumerate(cells) if cell.cell_type == "code"), 0)
    source = "\n".join(["# Your cells use these names; the course's import them no more.", *lines])
    name = f"former-imports-{uuid.uuid4().hex[:8]}"
    return [*cells[: first + 1], new_code_cell(source, id=name), *cells[first + 1 :]]


def _imports(notebook):
    """The names that a notebook's cells import at their top level, each with its statement."""
    trees = [parsed(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    imports = [node for tree in trees if tree for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {part.asname or part.name: _import_of(node, part) for node in imports for part in node.names}


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


def progress(source: str | Path, folder: str | Path) -> list[tuple[str, str, float, str]]:
    """For each exercise asked for in the folder `source`: notebook, exercise, points, and "solved", "attempted",
    "open" or that the notebook cannot be read, from what the notebooks saved in `folder` say."""
    rows = []
    for path in sorted(Path(source).glob("*.ipynb")):
        asked = learners(nbformat.read(path, as_version=4))
        mine = _read(Path(folder) / path.name)
        unread = mine is None and (Path(folder) / path.name).exists()
        written = _by_id(_with_known_ids(mine, asked)) if mine else {}
        for answer, check in zip(asked.cells, asked.cells[1:]):
            if is_answer(answer) and "points" in check.metadata.get("nbgrader", {}):
                state = UNREAD if unread else _state(answer, written.get(answer.id), written.get(check.id))
                rows.append((path.name, answer.id, check.metadata["nbgrader"]["points"], state))
    return rows


def guesses(source: Path | str, folder: Path | str) -> dict[str, str | float]:
    """The predictions, by name, in the notebooks of the course that are saved in `folder`."""
    found: dict[str, str | float] = {}
    for path in sorted(Path(source).glob("*.ipynb")):
        mine = _read(Path(folder) / path.name)
        found |= guesses_in(mine.cells) if mine else {}
    return found


def _state(blank, answer, check):
    """How far an exercise is, from the learner's cells (None where there is none)."""
    if answer is None or answer.source.strip() == blank.source.strip():
        return "open"
    outputs = check.get("outputs", []) if check else []
    said = "".join(str(output.get("data", {}).get("text/plain", "")) for output in outputs)
    return "solved" if said.startswith("✓ right") else "attempted"
