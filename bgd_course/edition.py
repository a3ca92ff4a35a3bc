"""The learner's edition: the notebooks without their solutions, in a folder of the learner's own.

When the course changes, its changes are brought into that folder by a three-way merge, cell by cell: between what was
delivered last, what is to be delivered now, and what the learner has made of it. An answer is never overwritten.
"""

import copy
import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbformat.v4.rwbase import rejoin_lines

from bgd_course.chapters import moves
from bgd_course.grading.course import HIDDEN, SOLUTION, chapter_of, without
from bgd_course.grading.files import as_text
from bgd_course.merging import by_id, is_answer, merge, with_known_ids
from bgd_course.notebooks import as_json, remove_leftovers, write_atomically
from bgd_helpers.lessons.predictions import MIME, guesses_in

STATE = ".course"  # in the learner's folder: what was delivered last, and backups
BLANK = "# Your code here"
BLANK_TEXT = "# Your lines go between the quotation marks above"
PROMPT = "**Predict"
OUTPUTS = "outputs"  # of a release: what its site shows to read
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


def readers(notebook: NotebookNode) -> NotebookNode:
    """The learner's edition to read: with the saved outputs, but for those of answers and checks."""
    outputs = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    notebook = learners(notebook)
    for cell in notebook.cells:
        if cell.id in outputs and not is_answer(cell) and "nbgrader" not in cell.metadata:
            cell.outputs = outputs[cell.id]
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


def deliver(source: str | Path, folder: str | Path) -> list[str]:
    """Bring the learner's folder up to date with the notebooks in `source`; lines that say what was done.

    Each notebook is written whole or not at all: a backup first, then the notebook, then what was delivered. So it
    may be ended at any moment, and run again.
    """
    folder = Path(folder)
    (folder / STATE).mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder, folder / STATE, folder / STATE / "backups")
    said: dict[str, list[str]] = {}
    new = {path.name: learners(nbformat.read(path, as_version=4)) for path in sorted(Path(source).glob("*.ipynb"))}
    for chapter in dict.fromkeys(map(chapter_of, new)):
        said |= _deliver_chapter({name: new[name] for name in new if chapter_of(name) == chapter}, folder)
    return [f"{name}: {line}" for name in new for line in said[name]]


def _deliver_chapter(new, folder):
    """What was done with each notebook of a chapter. What gains cells is written before what loses them: ended between
    the two, nothing is lost, and a second run finds what is there already."""
    said = {name: [_put_beside(folder / name, as_json(new[name]))] for name in new if _is_unreadable(folder / name)}
    parts = {name: notebook for name, notebook in new.items() if name not in said}
    before = {name: _read(folder / STATE / name) for name in parts}
    moved = moves(parts, before, {name: _read(folder / name) for name in parts})
    for name in sorted(parts, key=lambda name: moved[name].lost):
        said[name] = _deliver_one(new[name], folder, before[name], moved[name])
    return said


def _is_unreadable(path):
    return os.path.lexists(path) and _read(path) is None


def _deliver_one(new, folder, before, moved):
    delivered, target = folder / STATE / moved.name, folder / moved.name
    text, is_there = as_json(new), os.path.lexists(target)
    if is_there and before is not None and as_json(before) == text and not (moved.sources or moved.lost):
        return []
    if not is_there and not moved.sources:
        write_atomically(target, text)
        write_atomically(delivered, text)
        return ["new"] if before is None else ["it was gone, and is there again"]
    merged = merge(moved.before or new_notebook(), new, moved.mine)
    if is_there:
        _back_up(target)
    write_atomically(target.resolve(), as_json(merged.notebook))  # where it is a link, what it leads to
    write_atomically(delivered, text)
    unknown = "what the course had delivered was not known: where a cell differs, both are kept"
    return [moved.done(is_there), *([] if moved.before else [unknown]), *merged.beside]


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


def progress(source: str | Path, folder: str | Path) -> list[tuple[str, str, float, str]]:
    """For each exercise asked for in the folder `source`: notebook, exercise, points, and "solved", "attempted",
    "open" or that the notebook cannot be read, from what the notebooks saved in `folder` say."""
    rows = []
    paths = sorted(Path(source).glob("*.ipynb"))
    saved = {path.name: _read(Path(folder) / path.name) for path in paths}
    for path in paths:
        asked, mine = learners(nbformat.read(path, as_version=4)), saved[path.name]
        unread = mine is None and (Path(folder) / path.name).exists()
        parts = [saved[name] for name in saved if saved[name] and chapter_of(name) == chapter_of(path.name)]
        written = {name: cell for part in parts for name, cell in by_id(part).items()}  # before an update, in another
        written |= by_id(with_known_ids(mine, asked)) if mine else {}
        for answer, check in zip(asked.cells, asked.cells[1:]):
            if is_answer(answer) and "points" in check.metadata.get("nbgrader", {}):
                state = UNREAD if unread else _state(answer, written.get(answer.id), written.get(check.id))
                rows.append((path.name, answer.id, check.metadata["nbgrader"]["points"], state))
    return rows


def guesses(source: Path | str, folder: Path | str, kind: str = MIME) -> dict[str, str | float]:
    """The predictions of one kind, by name, in the notebooks of the course that are saved in `folder`."""
    found: dict[str, str | float] = {}
    for path in sorted(Path(source).glob("*.ipynb")):
        mine = _read(Path(folder) / path.name)
        found |= guesses_in(mine.cells, kind) if mine else {}
    return found


def _state(blank, answer, check):
    """How far an exercise is, from the learner's cells (None where there is none)."""
    if answer is None or answer.source.strip() == blank.source.strip():
        return "open"
    outputs = check.get("outputs", []) if check else []
    said = "".join(str(output.get("data", {}).get("text/plain", "")) for output in outputs)
    return "solved" if said.startswith("✓ right") else "attempted"
