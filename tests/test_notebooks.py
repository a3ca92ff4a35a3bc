"""How every notebook must be saved. That its outputs are right is nbval's part."""

import re
from collections import Counter
from pathlib import Path
from statistics import median

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bgd_course.edition import learners
from bgd_course.merging import is_answer
from bgd_course.notebooks import KERNELSPEC, TIMING_KEYS, WIDGET_TYPES

ROOT = Path(__file__).parent.parent
COURSE = sorted((ROOT / "notebooks").glob("*.ipynb"))
NOTEBOOKS = [*COURSE, *sorted((ROOT / "evidence").glob("*.ipynb"))]
MOST_LINES, MOST_LINES_OF_AN_ANSWER = 10, 15
USUAL_LINES = 3
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-?[0-9a-f]{12})?|[0-9a-f]{12,}|cell-?\d*|\d+")
READABLE_ID = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.IGNORECASE)
MACHINE_PATH = re.compile(
    r"(?<![\w.:/])/(home|Users|root|tmp|work|opt|usr|var|mnt|private)/\w|\b[A-Z]:\\+\w|site-packages|/ipykernel_\d"
)
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}", re.IGNORECASE)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def faults(notebook):
    """What is wrong with how a notebook was saved, a line each."""
    yield from faults_of_notebook(notebook)
    for cell in notebook.cells:
        for fault in [*faults_of_cell(cell), *(faults_of_code(cell) if cell.cell_type == "code" else ())]:
            yield f"{cell.id}: {fault}"


def faults_of_notebook(notebook):
    """What is wrong with the notebook as a whole."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"not executed once, in order: {counts}"
    if notebook.metadata.get("kernelspec") != KERNELSPEC:
        yield "another kernelspec"
    if "widgets" in notebook.metadata:
        yield "widget state in the metadata"
    if "version" in notebook.metadata.get("language_info", {}):
        yield "the version of Python that ran it"
    for name, count in Counter(cell.id for cell in notebook.cells).items():
        if count > 1:
            yield f"the id {name} belongs to {count} cells"


def code_cells(notebook):
    """The code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def faults_of_cell(cell):
    """What is wrong with a cell of any kind."""
    if RANDOM_ID.fullmatch(cell.id) or not READABLE_ID.fullmatch(cell.id):
        yield "the id is not a name"
    if TIMING_KEYS & set(cell.metadata):
        yield "the time of execution in the metadata"
    if MACHINE_PATH.search(cell.source):
        yield "the path of a machine"


def faults_of_code(cell):
    """What is wrong with a code cell and its outputs."""
    lines = [line for line in cell.source.splitlines() if line.strip() not in (BEGIN, END)]
    most = MOST_LINES_OF_AN_ANSWER if BEGIN in cell.source else MOST_LINES
    if len(lines) > most:
        yield f"{len(lines)} lines, {most} at most"
    if not cell.source.strip():
        yield "empty"
    if cell.source.rstrip().endswith(";"):
        yield "ends in a semicolon"
    if not solutions_match(cell.source):
        yield "BEGIN SOLUTION and END SOLUTION do not pair"
    for output in cell.outputs:
        yield from faults_of_output(output)


def solutions_match(source):
    """Whether each BEGIN SOLUTION is closed by an END SOLUTION before the next."""
    marks = [mark for line in source.splitlines() for mark in (BEGIN, END) if mark in line]
    return marks == [BEGIN, END] * (len(marks) // 2)


def faults_of_output(output):
    """What is wrong with one output."""
    if output.output_type == "error":
        yield f"an error: {output.ename}"
    if WIDGET_TYPES & set(output.get("data", {})):
        yield "a widget view"
    if output.get("name") == "stderr":
        yield "something on stderr"
    text = text_of(output)
    if MACHINE_PATH.search(text):
        yield "the path of a machine in an output"
    if ADDRESS.search(text):
        yield "the address of an object in an output"


def text_of(output):
    """All text of an output, without its pictures."""
    data = [value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")]
    return "\n".join([output.get("text", ""), *map(str, data)])


def test_there_are_notebooks():
    assert COURSE


def test_each_notebook_is_run(request):
    """Where all of them are to be run, nbval has found cells in each."""
    wanted = {path.name for path in COURSE if "notebooks" in request.config.args}
    assert wanted <= {item.path.name for item in request.session.items}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_saved_clean(path):
    assert list(faults(nbformat.read(path, as_version=4))) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_half_the_cells_that_a_learner_only_runs_have_three_lines_at_most(path):
    notebook = learners(nbformat.read(path, as_version=4))
    lines = [len(cell.source.splitlines()) for cell in code_cells(notebook) if not is_answer(cell)]
    assert median(lines) <= USUAL_LINES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_valid_and_has_ids(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    nbformat.validate(notebook)


def example():
    """A notebook without a fault."""
    source = f"def double(x):\n    {BEGIN}\n    return 2 * x\n    {END}\n\nprint(double(2))"
    printed = new_output("stream", name="stdout", text="4\n")
    cells = [
        new_markdown_cell("A ratio is 3/4; see the [notes](notes/home/x.md).", id="title"),
        new_code_cell(source, id="exercise-double", execution_count=1, outputs=[printed]),
        new_code_cell("1 + 1", id="sum-2", execution_count=2),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC, "language_info": {"name": "python"}})


def with_source(source):
    return lambda notebook: notebook.cells[1].update(source=source)


def with_output(kind, **content):
    return lambda notebook: notebook.cells[1].update(outputs=[new_output(kind, **content)])


def with_cell(**content):
    return lambda notebook: notebook.cells[1].update(content)


def with_metadata(**content):
    return lambda notebook: notebook.metadata.update(content)


DOCTORED = {
    "not executed": with_cell(execution_count=None),
    "not executed once, in order": with_cell(execution_count=3),
    "another kernelspec": with_metadata(kernelspec={**KERNELSPEC, "name": "my-env"}),
    "widget state": with_metadata(widgets={}),
    "the version of Python": with_metadata(language_info={"version": "3.11.2"}),
    "belongs to 2 cells": with_cell(id="sum-2"),
    "the id is not a name": with_cell(id="a1b2c3d4"),
    "id is not a name": with_cell(id="cell-7"),
    "the time of execution": with_cell(metadata={"execution": {"iopub.status.busy": "2026"}}),
    "16 lines": with_source("\n".join(["x = 1"] * 16)),
    "empty": with_source("  \n"),
    "semicolon": with_source("draw();  "),
    "do not pair": with_source(f"{BEGIN}\nx = 1"),
    "not pair": with_source(f"{END}\n{BEGIN}"),
    "an error: ValueError": with_output("error", ename="ValueError", evalue="", traceback=[]),
    "a widget view": with_output("display_data", data={min(WIDGET_TYPES): {}, "text/plain": "picture"}),
    "stderr": with_output("stream", name="stderr", text="a warning"),
    "path of a machine": with_source("open('/home/ada/data.csv')"),
    "of a machine": with_source("open('C:\\\\Users\\\\ada')"),
    "machine in an output": with_output("stream", name="stdout", text="in /Users/ada/course"),
    "a machine in an output": with_output("execute_result", data={"text/plain": "'/opt/x'"}),
    "the address": with_output("execute_result", data={"text/plain": "<object at 0x7f00aa11bb22>"}),
}


def test_the_example_has_no_fault():
    assert list(faults(example())) == []


@pytest.mark.parametrize("fault", DOCTORED)
def test_a_fault_is_noticed(fault):
    notebook = example()
    DOCTORED[fault](notebook)
    found = list(faults(notebook))
    assert len(found) == 1 and fault in found[0] or fault == "not executed" and found
