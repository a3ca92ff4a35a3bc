"""From an untrusted file to answers: nothing of it is executed, and nothing it holds raises."""

import ast
import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from bgd_course.grading.course import (
    LONGEST_CELL,
    Course,
    Task,
    chapter_of,
    checked_in,
    fetched,
    is_import,
    parsed,
    used,
    without_checks,
    without_solution,
)
from bgd_course.grading.files import TEXT, Unreadable, as_text, blocks_of, bytes_of, narrow, without_outputs
from bgd_course.grading.judging import limited
from bgd_helpers.checks.derive import as_assignment
from bgd_helpers.lessons.predictions import MIME, guesses_in

MOST_VALUES = 300_000  # in its JSON
MOST_SOURCE = 300_000  # characters in all its cells of code
LONGEST_TEXT = 50_000  # characters that are looked at in a cell of these kinds
TEXTS = ("markdown", "raw")
LONGEST_SHOWN = 5_000  # characters of an answer in a report
MOST_CELLS = 1_000
MOST_JOINED = 200  # cells, among which halves of one cell are looked for
READING = 20  # seconds of the processor


class Cell(NamedTuple):
    """A cell of a submission."""

    id: str
    kind: str
    source: str
    grade_id: str = ""


class Piece(NamedTuple):
    """A cell to run: its source, the exercises it answers (none, for a learner's own cell), and those whose last check
    stands below it and above the next."""

    source: str
    answers: tuple = ()
    checked: tuple = ()


def cells_of(path: Path | str) -> list[Cell]:
    """The cells of the notebook at `path`, whatever its encoding and format. Raises `Unreadable`."""
    data = without_outputs(narrow(blocks_of(path)))
    if TEXT.sub(b"", data).count(b",") > MOST_VALUES:
        raise Unreadable(f"its JSON holds more than {MOST_VALUES:,} values")
    document = _json(as_text(data))
    if not isinstance(document, dict):
        raise Unreadable("it is no notebook: its JSON is not an object")
    sheets = [document] if isinstance(document.get("cells"), list) else document.get("worksheets")
    if not isinstance(sheets, list):
        raise Unreadable("it is no notebook: it has no cells")
    raw = [one for sheet in sheets if isinstance(sheet, dict) for one in _listed(sheet.get("cells"))]
    cells = [_cell(one) for one in raw if isinstance(one, dict)]
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"it has more than {MOST_CELLS:,} cells")
    if sum(len(cell.source) for cell in cells if cell.kind not in TEXTS) > MOST_SOURCE:
        raise Unreadable(f"its cells hold more than {MOST_SOURCE:,} characters of code")
    return cells


LONGEST_KEPT = 3_000  # bytes
KEPT = re.compile(rb'"%s"\s*+:\s*+(\{[^{}]{0,2000}\})' % re.escape(MIME.encode()))


def guesses_of(path: Path | str) -> dict[str, str | float]:
    """The predictions in the outputs of the notebook at `path`, by name: of all outputs these alone are read, and of
    them only what our questions allow. Raises `Unreadable`."""
    found, rest = [], b""
    for block in narrow(blocks_of(path)):
        end, rest = 0, rest + block
        for match in KEPT.finditer(rest):
            found.append(match[1].decode("utf-8", "replace"))
            end = match.end()
        rest = rest[max(end, len(rest) - LONGEST_KEPT) :]
        if len(found) > MOST_CELLS:
            break
    return guesses_in({"outputs": [{"data": {MIME: _json(kept)}}]} for kept in found[:MOST_CELLS])


def _listed(value):
    return value if isinstance(value, list) else []


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
    source = as_assignment(source.encode("utf-8", "replace").decode().replace("\r\n", "\n").lstrip("\ufeff"))
    return Cell(name, kind, source[:LONGEST_TEXT] if kind in TEXTS else source, grade_id)


def notebook_of(cells: list[Cell], course: Course) -> str | None:
    """The name of the course's notebook that these cells answer, known by ids, texts and answers; None if none."""
    ids, texts = {cell.id for cell in cells}, {cell.source.strip() for cell in cells}
    scores = {
        name: len(ids & set(known)) + len(texts & {without_solution(text).strip() for text in known.values()} - {""})
        for name, known in course.cells.items()
    }
    for task in course.tasks:
        scores[task.notebook] += 3 * any(_is_answer(cell, task) for cell in cells)
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] else None


def pieces_of(cells: list[Cell], course: Course, notebook: str, others: Sequence[str] = ()) -> list[Piece]:
    """What to run of a submission's cells, in their order: for each exercise of the notebook's chapter the answer that
    its check sees, the learner's own cells, and those of the course that define what these use. The chapters of the
    `others` are among the cells too."""
    parts = [part for name in (notebook, *others) for part in course.parts(name)]
    known = {name: text for part in parts for name, text in course.cells[part].items()}
    cells = _joined([cell for cell in cells if cell.source.strip()], known)
    tasks = course.tasks_of(*course.parts(notebook))
    chosen: dict[int, list[str]] = {}
    kept: set[int] = set()
    for task in tasks:
        index = _answer_index(cells, task)
        if index is not None:
            chosen.setdefault(index, []).append(task.cell)
            kept |= _made_of(cells, index, task)
    answering = {i for i, cell in enumerate(cells) if any(_is_answer(cell, task) for task in tasks)}
    rest = [i for i in range(len(cells)) if i not in answering and cells[i].kind == "code"]
    kept |= set(chosen) | {i for i in rest if _is_own(cells[i], course, known)}
    drafts = [i for i in answering - kept if cells[i].kind == "code"]
    kept |= _needed(cells, kept, [i for i in [*rest, *drafts] if i not in kept], {task.variable for task in tasks})
    pieces = []
    for index in sorted(kept):
        pieces += [Piece(ON_THE_PATH)] if cells[index].source.lstrip().startswith("%%writefile") else []
        pieces.append(Piece(cells[index].source, tuple(chosen.get(index, ()))))
        until = min((i for i in kept if i > index), default=len(cells))
        checked = [task.cell for task in tasks if index <= _last_check(cells, task) < until]
        pieces[-1] = pieces[-1]._replace(checked=tuple(checked))
    return pieces


ON_THE_PATH = "import sys\nif '' not in sys.path:\n    sys.path.insert(0, '')"  # where a module of one's own is written


def _needed(cells, kept, given, answers):
    """Where those of the `given` cells are that define what the kept ones use, and that is none of the answers."""
    wanted, found = set().union(*(used(cells[i].source) for i in kept)) - answers, set()
    for index in sorted(given, reverse=True):
        tree = parsed(cells[index].source)
        brings = defined(cells[index].source) - fetched(cells[index].source)
        if tree and brings & wanted and not all(map(is_import, tree.body)):
            found.add(index)
            wanted |= used(cells[index].source) - answers
    return found


def _made_of(cells, index, task):
    """Where the cells are that an answer is made of which changes what was defined before it: f = vectorize(f)."""
    own = [i for i in range(index) if _is_answer(cells[i], task) and not is_blank(cells[i].source, task)]
    is_changed = task.variable in used(cells[index].source) and not _is_function(cells[index], task)
    return {i for i in own if task.variable in defined(cells[i].source)} if is_changed else set()


def _is_function(cell, task):
    tree = parsed(cell.source)
    return any(getattr(node, "name", "") == task.variable for node in ast.walk(tree)) if tree else False


def _answer_index(cells, task):
    """Where the answer to an exercise is: as the last check of it sees it when the notebook runs from top to bottom;
    else the last that defines it, a function before a value; else the last with its id."""
    found = [i for i, cell in enumerate(cells) if _is_answer(cell, task) and not is_blank(cell.source, task)]
    defining = [i for i in found if task.variable in defined(cells[i].source)]
    seen = [i for i in defining if i <= _last_check(cells, task)]
    functions = [i for i in defining if _is_function(cells[i], task)]
    return (seen or functions or defining or found or [None])[-1]


def _last_check(cells, task):
    """Where the last check of an exercise is, -1 if nowhere."""
    checks = [i for i, cell in enumerate(cells) if cell.kind == "code" and task.exercise in checked_in(cell.source)]
    return checks[-1] if checks else -1


def _is_answer(cell, task):
    if task.cell in (cell.id, cell.grade_id):
        return cell.kind == "code" or task.variable in defined(cell.source)
    return cell.kind == "code" and task.variable in defined(cell.source) - fetched(cell.source)


def _is_own(cell, course, known):
    """Whether a cell of code is the learner's: none of the course, or one of the course that was changed."""
    source = cell.source.strip()
    if any(source in (text.strip(), without_solution(text).strip()) for text in known.values()):
        return False
    return bool(defined(source)) or checked_in(source).isdisjoint(task.exercise for task in course.tasks)


@lru_cache(maxsize=2_000)
def defined(source: str) -> set[str]:
    """The names that a cell's code defines or assigns, outside its functions and classes."""
    names, tree = set(), parsed(source)
    nodes = list(tree.body) if tree else []
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names |= {part.id for target in targets if target for part in ast.walk(target) if isinstance(part, ast.Name)}
        nodes += [inside for inside in ast.iter_child_nodes(node) if isinstance(inside, BLOCKS)]
    return names


BLOCKS = ast.stmt | ast.ExceptHandler | ast.match_case


def is_blank(source: str, task: Task) -> bool:
    """Whether an answer is what the learner was given, or less."""
    if _lines(source) == _lines(task.blank):
        return True
    tree, blank = parsed(source), parsed(task.blank)
    if tree is None:
        return False
    try:
        body = without_checks(tree)
        return blank is not None and _outline(body) == _outline(blank.body) or all(map(_says_nothing, body))
    except (ValueError, RecursionError):  # no number or nesting of a blank is so large
        return False


def _lines(source):
    """The lines that are more than a comment or a check."""
    lines = [line.strip() for line in source.splitlines()]
    return [line for line in lines if line and not line.startswith("#") and not CHECKED.match(line)]


CHECKED = re.compile(r"(bgd\.)?check(_derivation)?\(")


def _outline(body):
    return [ast.dump(node) for node in body]


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


class File(NamedTuple):
    """What was graded of the files for one notebook: the pieces to run of all files for its chapter, and by answer cell
    the name of its file."""

    name: str
    pieces: list[Piece]
    names: dict[str, str]

    def answer_to(self, task: Task) -> str:
        """The source that answers an exercise, as far as a report shows it."""
        sources = [piece.source for piece in self.pieces if task.cell in piece.answers]
        return sources[0][:LONGEST_SHOWN] if sources else ""

    def name_for(self, task: Task) -> str:
        """The name of the file in which the answer to an exercise was looked for."""
        return self.names.get(task.cell, self.name)


def answers(files: Sequence[str], asked: Course, left: Sequence[str] = ()) -> tuple[dict[str, File], list[str]]:
    """For each notebook the File of its answers, each exercise's from the latest file that answers it; and notes on
    the files that are not graded, among them those that were `left` out."""
    found: dict[str, list] = {}
    notes = ["Nothing was handed in."] * (not files and not left)
    handed_in, modules = parted(files)
    for path, name in zip(handed_in, names(handed_in)):
        try:
            parts = read(path, asked, modules)
        except Unreadable as error:
            notes.append(f"{name} was not graded: {error}.")
            continue
        for one in parts:
            found.setdefault(chapter_of(one.notebook), []).append((name, one))
    together: dict[str, File] = {}
    for read_files in found.values():
        together |= _latest(sorted(read_files, key=_is_at_home), notes)
    return together, [*notes, *left]


def parted(files: Sequence[str]) -> tuple[list[str], list[str]]:
    """The notebooks among files, and the modules, which answer nothing by themselves."""
    modules = [path for path in files if path.endswith(".py")]
    return [path for path in files if path not in modules], modules


def _is_at_home(file):
    return not isinstance(file[1], Elsewhere)


def _latest(files, notes):
    """By notebook the File of a chapter's files, the latest last; a note for each that answers only what a later one
    does."""
    names = {cell: name for name, one in files for piece in one.pieces for cell in piece.answers}
    kept = []
    for name, one in sorted(files, key=lambda file: file[1].notebook):
        mine = [_only(piece, {cell for cell in names if names[cell] == name}) for piece in one.pieces]
        if any(piece.answers for piece in mine):
            kept += [new for new, piece in zip(mine, one.pieces) if new.answers or not piece.answers]
    for name, one in files:
        cells = [cell for piece in one.pieces for cell in piece.answers]
        if cells and name not in names.values() and _is_at_home((name, one)):
            notes.append(f"{name} was not graded: superseded by {names[cells[0]]}, which is later.")
    told = sorted(files, key=lambda file: (_is_at_home(file), file[0] in names.values()))
    last = {part: name for name, one in told for part in one.parts}
    return {part: File(name, kept or files[-1][1].pieces, names) for part, name in last.items()}


def _only(piece, cells):
    """A piece with those of its answers and checks that are among these."""
    return Piece(piece.source, *(tuple(cell for cell in part if cell in cells) for part in piece[1:]))


def predictions(files: Sequence[str]) -> dict[str, str | float]:
    """The guesses in the files, by name, the first of each; a file that cannot be read has none."""
    found: dict[str, str | float] = {}
    for path in parted(files)[0]:
        with suppress(Exception), limited(READING):  # nobody's file ends the grader
            found = guesses_of(path) | found
    return found


class Read(NamedTuple):
    """What a file is of a chapter: the notebook of the course that it is most like, the pieces to run of it, and the
    notebooks whose exercises it holds, blank or not; of a chapter that was one notebook once, several."""

    notebook: str
    pieces: list[Piece]
    parts: list[str]


class Elsewhere(Read):
    """What a notebook of one's own, without a text of the course, defines of another chapter without a check: it counts
    where no other file has an answer."""


def read(path: str, asked: Course, modules: Sequence[str] = ()) -> list[Read]:
    """What the file of a submission is, for each chapter that it holds; of the `modules`, those that lie beside it are
    written before a cell imports them. Raises `Unreadable`, whatever is wrong."""
    try:
        with limited(READING):
            cells = cells_of(path)
            notebook = notebook_of(cells, asked)
            chapters = _chapters(cells, asked, notebook) if notebook else {}
            found = [kind(*_read(cells, asked, name, [*chapters], path, modules)) for name, kind in chapters.items()]
    except Unreadable:
        raise
    except TimeoutError:
        raise Unreadable("it takes too long to read") from None
    except Exception as error:  # nobody's file ends the grader
        raise Unreadable(f"it cannot be read ({type(error).__name__})") from None
    if not found:
        raise Unreadable("it is no notebook of this course")
    return found


def _read(cells, asked, notebook, chapters, path, modules):
    pieces = pieces_of(cells, asked, notebook, [name for name in chapters if name != notebook])
    return notebook, _with_modules(pieces, path, modules), _held(cells, asked, notebook)


def _chapters(cells, asked, notebook):
    """The notebook, with Read, and one of each other chapter of which the cells hold an answer, and its check too, or
    no text of the course at all: with Elsewhere, where there is no check."""
    texts = {text.strip() for known in asked.cells.values() for text in known.values()}
    is_own_notebook = not any(cell.kind == "markdown" and cell.source.strip() in texts for cell in cells)
    found: dict[str, dict[str, bool]] = {}
    for task in asked.tasks:
        is_checked = _last_check(cells, task) >= 0
        is_looked_for = task.notebook not in asked.parts(notebook) and (is_checked or is_own_notebook)
        if is_looked_for and _answer_index(cells, task) is not None:
            found.setdefault(chapter_of(task.notebook), {})[task.notebook] = is_checked
    others = {next(iter(checked)): Read if any(checked.values()) else Elsewhere for checked in found.values()}
    return {notebook: Read} | others


def _with_modules(pieces, path, modules):
    """The pieces, each module that lies beside the notebook written before the first piece that imports it."""
    beside = [other for other in modules if os.path.dirname(other) == os.path.dirname(path)]
    found, written = [], set()
    for piece in pieces:
        waiting = sorted(_imported(piece.source))
        while waiting:
            name = waiting.pop()
            source = "" if name in written else _module(name, beside)
            if source.strip():
                written.add(name)
                waiting += sorted(_imported(source))
                found += [Piece(ON_THE_PATH), Piece(f"%%writefile {name}.py\n{source}")]
        found.append(piece)
    return found


def _imported(source):
    """The modules that a cell or file imports, or runs by `%run`, wherever in it."""
    nodes = list(ast.walk(parsed(source) or ast.Module([], [])))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    names += re.findall(r"^\s*%run\b[^\n]*?(\w+)\.py\b", source, re.MULTILINE)
    return {name.partition(".")[0] for name in names}


def _module(name, beside):
    """The source of the module of that name, "" if it is not there or larger than a cell; a system that lays out all
    files in one folder writes whose it is, and _, before its name."""
    found = [path for path in beside if os.path.basename(path) == f"{name}.py"]
    found += [path for path in beside if path.endswith(f"_{name}.py")]
    with suppress(Unreadable, IndexError):
        source = as_text(bytes_of(found[0])).replace("\r\n", "\n")
        return source if len(source) <= LONGEST_CELL else ""
    return ""


def _held(cells, asked, notebook):
    """The notebook, and the others of its chapter an exercise of which is among the cells."""
    parts = asked.parts(notebook)
    tasks = [task for task in asked.tasks_of(*parts) if any(_is_answer(cell, task) for cell in cells)]
    return [part for part in parts if part == notebook or any(task.notebook == part for task in tasks)]


def names(files: Sequence[str]) -> list[str]:
    """The files' names, with as much of their folders as tells them apart."""
    top = os.path.commonpath([os.path.dirname(path) for path in files]) if files else ""
    return [os.path.relpath(path, top) for path in files]
