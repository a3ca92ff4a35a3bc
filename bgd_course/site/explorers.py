"""The explorers of a notebook as HTML that moves without a kernel, for the book."""

import ast
import contextlib
import io
from collections.abc import Iterable, Iterator
from typing import Any

from nbformat import NotebookNode


def fragments(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """The id of each cell that ends in an explorer, and the explorer as HTML.

    Only the cells are run that its names come from: no exercise is among them, and a class's edition has them all.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells):
        if "_explorer(" in cell.source:
            explorer = value([*before(cells[:number], cell), cell])
            yield cell.id, explorer.page()
            explorer.close()


def before(cells: list[NotebookNode], cell: NotebookNode) -> Iterable[NotebookNode]:
    """Those of the cells that give a name its value that `cell`, or one of them, uses."""
    _, wanted = names(cell.source)
    chosen = []
    for earlier in reversed(cells):
        given, used = names(earlier.source)
        if given & wanted:
            chosen.append(earlier)
            wanted = wanted - given | used
    return reversed(chosen)


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell gives a value, and those that it uses; none if it is no plain Python."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return set(), set()
    given = {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    given |= {node.asname or node.name.partition(".")[0] for node in nodes if isinstance(node, ast.alias)}
    given |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return given, {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def value(cells: Iterable[NotebookNode]) -> Any:
    """The value of the expression that ends the last cell, once all have run; what they print is dropped."""
    scope: dict[str, Any] = {}
    *statements, last = (statement for cell in cells for statement in ast.parse(cell.source).body)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(ast.Module(statements, []), "<cells>", "exec"), scope)
        return eval(compile(ast.Expression(last.value), "<cell>", "eval"), scope)
