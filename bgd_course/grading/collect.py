"""From an untrusted file to answers: nothing of it is executed, and nothing it holds raises."""

import ast
import hashlib
import json
import os
import re
import stat
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bgd_course.grading.course import parsed
from bgd_helpers.checks.derive import as_assignment

MOST_BYTES = 50 * 2**20  # of a file, with its outputs
MOST_SOURCE = 300_000  # characters in all its cells
MOST_CELLS = 1_000
MOST_JOINED = 200  # cells, among which halves of one cell are looked for
READING = 20  # seconds


class Unreadable(Exception):
    """A file that holds no notebook; the message says what it is instead."""


class Cell(NamedTuple):
    """A cell of a submission."""

    id: str
    kind: str
    source: str
    grade_id: str = ""


class Piece(NamedTuple):
    """A cell to run: its source, and the exercises it answers (none, for a learner's own cell)."""

    source: str
    answers: tuple = ()


def cells_of(path):
    """The cells of the notebook at `path`, whatever its encoding and format. Raises `Unreadable`."""
    data = bytes_of(Path(path))
    document = _json(_text(data))
    if not isinstance(document, dict):
        raise Unreadable("it is no notebook: its JSON is not an object")
    raw = document.get("cells")
    if not isinstance(raw, list):
        sheets = document.get("worksheets")
        raw = (
            [cell for sheet in sheets if isinstance(sheet, dict) for cell in _listed(sheet.get("cells"))]
            if isinstance(sheets, list)
            else None
        )
    if raw is None:
        raise Unreadable("it is no notebook: it has no cells")
    if len(raw) > MOST_CELLS:
        raise Unreadable(f"it has more than {MOST_CELLS:,} cells")
    cells = [_cell(one) for one in raw if isinstance(one, dict)]
    if sum(len(cell.source) for cell in cells) > MOST_SOURCE:
        raise Unreadable(f"its cells hold more than {MOST_SOURCE:,} characters")
    return cells


def _listed(value):
    return value if isinstance(value, list) else []


def digest_of(path):
    """A text that changes with the bytes of a file, or what is wrong with it. Raises nothing."""
    try:
        return hashlib.sha256(bytes_of(Path(path))).hexdigest()
    except Unreadable as error:
        return str(error)


def bytes_of(path):
    """The bytes of a file that is none of a person's tricks. Raises `Unreadable`."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is no regular file: links and devices are not followed")
        if status.st_size > MOST_BYTES:
            raise Unreadable(f"it is larger than {MOST_BYTES // 2**20} MB")
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"it cannot be opened ({error.strerror})") from None
    if not data.strip():
        raise Unreadable("it is empty")
    return data


def _text(data):
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data[:200]:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _json(text):
    try:
        return json.loads(text)
    except ValueError:
        if re.search(r"^(<<<<<<<|>>>>>>>)", text, re.MULTILINE):
            raise Unreadable("it has the marks of a merge that was not finished (<<<<<<<)") from None
        raise Unreadable("it is no valid JSON: truncated, or not a notebook") from None
    except (RecursionError, MemoryError):
        raise Unreadable("its JSON is nested too deeply") from None


def _cell(raw):
    metadata = raw.get("metadata") if isinstance(raw.get("metadata"), dict) else {}
    nbgrader = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    source = raw.get("source", raw.get("input", ""))
    source = "".join(map(str, source)) if isinstance(source, list) else str(source or "")
    name, kind, grade_id = (str(part or "") for part in (raw.get("id"), raw.get("cell_type"), nbgrader.get("grade_id")))
    return Cell(name, kind, as_assignment(source.encode("utf-8", "replace").decode()), grade_id)


def notebook_of(cells, course):
    """The name of the course's notebook that these cells answer; None if they answer none."""
    scores = {name: len({cell.id for cell in cells} & set(known)) for name, known in course.cells.items()}
    for task in course.tasks:
        scores[task.notebook] += 3 * any(_is_answer(cell, task) for cell in cells)
    best = max(scores, key=scores.get)
    return best if scores[best] else None


def pieces_of(cells, course, notebook):
    """What to run of a submission's cells, in their order: for each exercise the last answer that is not blank, and
    the learner's own cells."""
    cells = _joined([cell for cell in cells if cell.source.strip()], course.cells[notebook])
    tasks = course.tasks_of(notebook)
    chosen = {}
    for task in tasks:
        index = _answer_index(cells, task)
        if index is not None:
            chosen.setdefault(index, []).append(task.cell)
    answering = {i for i, cell in enumerate(cells) if any(_is_answer(cell, task) for task in tasks)}
    return [
        Piece(cell.source, tuple(chosen.get(index, ())))
        for index, cell in enumerate(cells)
        if index in chosen or index not in answering and _is_own(cell, course, notebook)
    ]


def _answer_index(cells, task):
    """Where the answer to an exercise is: the last cell with its id that defines it and is not blank, else the last
    other that does, else the last with its id."""
    found = [i for i, cell in enumerate(cells) if _is_answer(cell, task) and not is_blank(cell.source, task)]
    defining = [i for i in found if task.variable in defined(cells[i].source)]
    with_id = [i for i in defining if task.cell in (cells[i].id, cells[i].grade_id)]
    return (with_id or defining or found or [None])[-1]


def _is_answer(cell, task):
    if task.cell in (cell.id, cell.grade_id):
        return cell.kind == "code" or task.variable in defined(cell.source)
    return cell.kind == "code" and cell.id != task.check and task.variable in defined(cell.source)


def _is_own(cell, course, notebook):
    """Whether a cell is the learner's: none of the course, or one of the course that was changed."""
    if cell.kind != "code":
        return False
    known = course.cells[notebook].get(cell.id)
    checks = {task.check for task in course.tasks}
    return cell.id not in checks and (known is None or known.strip() != cell.source.strip())


@lru_cache(maxsize=2_000)
def defined(source):
    """The names that a cell's code defines or assigns at its top level."""
    names = set()
    tree = parsed(source)
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names |= {part.id for target in targets if target for part in ast.walk(target) if isinstance(part, ast.Name)}
    return names


def is_blank(source, task):
    """Whether an answer is what the learner was given, or less."""
    if _lines(source) == _lines(task.blank):
        return True
    tree, blank = parsed(source), parsed(task.blank)
    if tree is None:
        return False
    try:
        return blank is not None and _outline(tree) == _outline(blank) or all(map(_says_nothing, tree.body))
    except (ValueError, RecursionError):  # no number or nesting of a blank is so large
        return False


def _lines(source):
    """The lines that are more than a comment."""
    lines = [line.strip() for line in source.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _outline(tree):
    return [ast.dump(node) for node in tree.body]


def _says_nothing(node):
    """Whether a statement is a comment, a text, a `pass`, a refusal, or a function of nothing else."""
    if isinstance(node, ast.FunctionDef):
        return all(map(_says_nothing, node.body))
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant) and node.value.value in (None, ...)
    if isinstance(node, ast.Raise):
        return "NotImplementedError" in ast.dump(node)
    return isinstance(node, ast.Pass) or isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _joined(cells, known):
    """The cells, where one that is no Python alone is put together with those after it that complete it."""
    joined, rest = [], list(cells)
    while rest:
        first = rest.pop(0)
        if first.kind == "code" and len(joined) < MOST_JOINED and parsed(first.source) is None:
            for count in (1, 2, 3):
                parts = [first, *rest[:count]]
                source = "\n".join(part.source for part in parts)
                if len(parts) == count + 1 and not {c.id for c in rest[:count]} & set(known) and parsed(source):
                    first, rest = first._replace(source=source), rest[count:]
                    break
        joined.append(first)
    return joined
