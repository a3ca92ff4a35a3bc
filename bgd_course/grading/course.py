"""What an instructor's notebooks ask for: each exercise with its cells, its points and its solution."""

import ast
import json
import re
import symtable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

from bgd_helpers.checks import DERIVATIONS, EXERCISES, PAGES
from bgd_helpers.checks.derive import as_assignment

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
LONGEST_CELL = 50_000  # characters
CHECKS = {"check": EXERCISES, "check_derivation": DERIVATIONS, "check_page": PAGES}
TIMED = re.compile(r"\A(?:\s*%%(?:time|capture|prun)\b[^\n]*\n)+")  # what runs a cell as if it stood without it
DOOR = "bgd"  # the notebooks' name of the package


class Task(NamedTuple):
    """An exercise in its notebook: the answer cell's id, that of its check, and the name that the answer defines."""

    notebook: str
    cell: str
    check: str
    exercise: str
    variable: str
    points: float
    solution: str
    blank: str

    @property
    def is_derivation(self):
        return self.exercise in DERIVATIONS


class Course(NamedTuple):
    """The notebooks' exercises in order; the cells of each notebook (id: source), and its imports as one cell."""

    tasks: list
    cells: dict
    imports: dict

    def tasks_of(self, *notebooks: str) -> list[Task]:
        """The exercises of these notebooks, in order."""
        return [task for task in self.tasks if task.notebook in notebooks]

    def parts(self, notebook: str) -> list[str]:
        """The notebooks of the chapter that a notebook is a part of, in order."""
        return [name for name in self.cells if chapter_of(name) == chapter_of(notebook)]


def chapter_of(notebook: str) -> str:
    """What the names of a chapter's notebooks begin with: the number; a name without one is a chapter by itself."""
    found = re.match(r"\d+", notebook)
    return found[0] if found else notebook


def read(folder):
    """The Course in a folder of notebooks. Raises FileNotFoundError if there is none with an exercise."""
    import nbformat  # a browser has none, and merges with what is below

    tasks, cells, imports = [], {}, {}
    for path in sorted(Path(folder).glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        tasks += tasks_of(path.name, code)
        cells[path.name] = {cell.id: cell.source for cell in notebook.cells}
        imports[path.name] = imports_of([cell.source for cell in code if SOLUTION[0] not in cell.source])
    if not tasks:
        raise FileNotFoundError(f"there is no notebook with an exercise in {folder}")
    return Course(tasks, cells, imports)


def tasks_of(name, code):
    """The exercises among the code cells of the notebook of that name."""
    found = []
    for answer, cell in zip(code, code[1:]):
        for exercise, variable in checked(cell.source):
            points = cell.metadata.get("nbgrader", {}).get("points", 1)
            blank, solution = without_solution(answer.source), answer.source if SOLUTION[0] in answer.source else ""
            found.append(Task(name, answer.id, cell.id, exercise, variable, points, solution, blank))
    return found


def checked(source):
    """The exercise and the name in `bgd.check("loss", loss)` or `check("loss", loss)`, as the last line of a cell."""
    tree = parsed(source)
    last = tree.body[-1] if tree and tree.body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        arguments = last.value.args
        known = CHECKS.get(name_of(last.value.func), ())
        if len(arguments) == 2 and isinstance(arguments[0], ast.Constant) and isinstance(arguments[1], ast.Name):
            if arguments[0].value in known:
                yield arguments[0].value, arguments[1].id


def name_of(node):
    """The name that `name` or `bgd.name` stands for; None for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == DOOR:
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


@lru_cache(maxsize=2_000)
def parsed(source):
    """The syntax tree of a cell, its magics replaced; None if it is not Python, or longer than any answer."""
    if len(source) > LONGEST_CELL:
        return None
    try:
        return ast.parse(_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _python(source):
    """The source of a cell, its magics replaced; what only times or captures it is taken away."""
    return TransformerManager().transform_cell(TIMED.sub("", as_assignment(source)))


@lru_cache(maxsize=2_000)
def used(source: str) -> frozenset[str]:
    """The names that a cell's code takes from what ran before it, in its functions too; some may be its own."""
    try:
        tables, names = [symtable.symtable(_python(source), "cell", "exec")] if parsed(source) else [], set()
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what parses may yet be no program
        return frozenset()
    for table in tables:
        is_cell = table is tables[0]
        names |= {one.get_name() for one in table.get_symbols() if one.is_global() or is_cell and one.is_referenced()}
        tables += table.get_children()
    return frozenset(names)


@lru_cache(maxsize=2_000)
def fetched(source: str) -> frozenset[str]:
    """The names to which a cell assigns what `yours` brings from a notebook before it."""
    tree = parsed(source)
    assigned = [node for node in (tree.body if tree else ()) if isinstance(node, ast.Assign) and _fetches(node.value)]
    targets = [part for node in assigned for target in node.targets for part in ast.walk(target)]
    return frozenset(part.id for part in targets if isinstance(part, ast.Name))


def _fetches(value):
    return any(isinstance(node, ast.Call) and name_of(node.func) == "yours" for node in ast.walk(value))


@lru_cache(maxsize=2_000)
def checked_in(source: str) -> frozenset[str]:
    """The exercises whose check a cell calls on what has a name (on no lambda), wherever in it."""
    checks: list[Any] = [node for node in ast.walk(parsed(source) or ast.Module([], [])) if _is_check(node)]
    return frozenset(node.args[0].value for node in checks if any(isinstance(one, ast.Name) for one in node.args[1:]))


def _is_check(node):
    is_call = isinstance(node, ast.Call) and name_of(node.func) in CHECKS and bool(node.args)
    return is_call and isinstance(node.args[0], ast.Constant)


def without_checks(tree: ast.Module) -> list[ast.stmt]:
    """The statements of a cell at its top level that do more than call a check."""
    return [node for node in tree.body if not (isinstance(node, ast.Expr) and _is_check(node.value))]


def forgiving(source: str) -> str:
    """The source of a cell in which a statement that fails costs no other; "" if it is no Python."""
    tree = parsed(source) or ast.Module([], [])
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
    body = [node for node in tree.body if getattr(node, "module", "") != "__future__"]
    return ast.unparse(ast.Module([ast.Try([node], [handler], [], []) for node in body], []))


def imports_of(sources):
    """What cells import at their top level, as the source of one cell; a line that fails costs no other."""
    trees = [tree for tree in map(parsed, sources) if tree]
    found = [node for tree in trees for node in tree.body if is_import(node)]
    lines = dict.fromkeys(ast.unparse(node) for node in found if getattr(node, "module", "") != "__future__")
    return "\n".join(f"try:\n    {line}\nexcept Exception:\n    pass" for line in lines)


def is_import(node):
    """Whether a statement imports, or names a part of the package: network = bgd.network."""
    if isinstance(node, ast.Assign):
        return isinstance(node.value, ast.Attribute) and name_of(node.value) is not None
    return isinstance(node, ast.Import | ast.ImportFrom)


def without(source: str, marks: tuple[str, str], instead: str | None = None) -> str:
    """The source without the blocks between the two marks, a line in place of the first, if there is one."""
    kept, inside = [], False
    for line in source.splitlines():
        if line.strip() == marks[0]:
            inside = True
            kept += [line[: len(line) - len(line.lstrip())] + instead] if instead else []
            instead = None
        if not inside:
            kept.append(line)
        inside = inside and line.strip() != marks[1]
    return "\n".join(kept)


@lru_cache(maxsize=2_000)
def without_solution(source: str) -> str:
    """The source with each solution and hidden test taken out: what a learner starts from."""
    return without(without(source, SOLUTION), HIDDEN)


def fingerprint(course):
    """A text that changes whenever what is asked for does."""
    return json.dumps([task._asdict() for task in course.tasks] + [course.imports], sort_keys=True)
