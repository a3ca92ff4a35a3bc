"""What the learner saw is what they get: which cells of a notebook are graded, and what of a file is read."""

import ast
import json
import time

import attacks
import nbformat
import pytest
from attacks import LOSS, UPDATE, WRONG
from classes import COURSE, ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell

from bgd_course.grading import collect, course, package

OTHER = "def update(theta, gradient, eta):\n    step = eta * gradient\n    return theta - step"
CHECK = 'bgd.check("update", update)'


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    notebook = attacks.course()
    notebook.cells.insert(1, new_code_cell("birds = bgd.load_penguins()\nX, y = birds.X, birds.y", id="data"))
    notebook.cells.insert(2, new_code_cell("rows = len(X)", id="rows"))
    (folder / "three.ipynb").write_text(nbformat.writes(notebook))
    return course.read(folder)


def at(notebook, name):
    return next(i for i, cell in enumerate(notebook.cells) if cell.get("id") == name)


def changed(*changes):
    """A right submission, with these changes made to it."""
    notebook = attacks.submission()
    for change in changes:
        change(notebook)
    return notebook


def put(name, source, offset=0, cell_id="mine"):
    def change(notebook):
        notebook.cells.insert(at(notebook, name) + offset, new_code_cell(source, id=cell_id))

    return change


def write(name, source):
    def change(notebook):
        notebook.cells[at(notebook, name)].source = source

    return change


def remove(name):
    def change(notebook):
        del notebook.cells[at(notebook, name)]

    return change


def no_ids(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
        cell.metadata = {}


def pieces(tmp_path, asked, text):
    (tmp_path / "a.ipynb").write_bytes(text if isinstance(text, bytes) else text.encode())
    notebook, found, _ = collect.read(tmp_path / "a.ipynb", asked)
    assert notebook == "three.ipynb"
    return found


def answer(found, cell="exercise-update"):
    return next((piece.source for piece in found if cell in piece.answers), None)


BLANK = "def update(theta, gradient, eta):\n    # Your code here"
EXERCISE, CELL = "exercise-update", "check-update"
KINDS = {
    "corrected in a cell below": [write(EXERCISE, WRONG), put(EXERCISE, OTHER, 1)],
    "corrected below its check, and checked again": [write(EXERCISE, WRONG), put(CELL, f"{OTHER}\n{CHECK}", 1)],
    "tried out below its check": [write(EXERCISE, OTHER), put(CELL, WRONG, 1)],
    "tried out above a check of something else": [
        write(EXERCISE, OTHER),
        put(CELL, 'bgd.check("update", lambda *a: None)', 1, "shown"),
        put(CELL, WRONG, 1),
    ],
    "merged with its check": [write(EXERCISE, f"{OTHER}\n\n{CHECK}"), remove(CELL)],
    "merged into its check": [write(CELL, f"{OTHER}\n\n{CHECK}"), remove(EXERCISE)],
    "merged into its check, a blank above": [write(EXERCISE, BLANK), write(CELL, f"{OTHER}\n\n{CHECK}")],
    "a copy with a new id": [put(EXERCISE, OTHER, 1), remove(EXERCISE)],
    "a variable of its name, no ids": [put("exercise-loss", "update = 3"), write(EXERCISE, OTHER), no_ids],
    "a variable of its name at the end, no ids": [write(EXERCISE, OTHER), put(CELL, "update = 3", 1), no_ids],
    "timed": [write(EXERCISE, f"%%time\n{OTHER}"), no_ids],
    "captured": [write(EXERCISE, f"%%capture out\n{OTHER}"), no_ids],
    "in a try": [write(EXERCISE, "try:\n    0\nfinally:\n    " + OTHER.replace("\n", "\n    ")), no_ids],
    "in an if": [write(EXERCISE, "if True:\n    " + OTHER.replace("\n", "\n    ")), no_ids],
    "carriage returns": [write(EXERCISE, OTHER.replace("\n", "\r\n"))],
    "a mark of bytes in its cell": [write(EXERCISE, "\ufeff" + OTHER)],
    "with blank lines of another editor": [write(EXERCISE, "\n\n" + OTHER + "\n"), no_ids],
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_the_one_that_its_check_sees(kind, tmp_path, asked):
    found = answer(pieces(tmp_path, asked, json.dumps(changed(*KINDS[kind]))))
    assert "step = eta * gradient" in found and "\r" not in found and "theta + eta" not in found


def test_an_answer_made_of_another_keeps_it(tmp_path, asked):
    notebook = changed(write(EXERCISE, OTHER), put(EXERCISE, "update = np.vectorize(update)", 1))
    found = [piece.source for piece in pieces(tmp_path, asked, json.dumps(notebook))]
    assert found.index(OTHER) < found.index("update = np.vectorize(update)")


def test_the_courses_own_cells_run_where_something_uses_what_they_define(tmp_path, asked):
    given = [put("imports", cell, 1, name) for name, cell in (("rows", "rows = len(X)"), ("data", DATA))]
    used = pieces(tmp_path, asked, json.dumps(changed(*given, put(EXERCISE, "print(rows)"))))
    assert [piece.source for piece in used][:2] == [DATA, "rows = len(X)"]
    unused = pieces(tmp_path, asked, json.dumps(changed(*given)))
    assert DATA not in [piece.source for piece in unused]


DATA = "birds = bgd.load_penguins()\nX, y = birds.X, birds.y"


def test_no_cell_of_the_course_runs_for_right_answers_alone():
    """What is not needed costs no time."""
    from classes import RIGHT

    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        tasks = COURSE.tasks_of(path.name)
        for cell in notebook.cells:
            cell.source = next((RIGHT[task.exercise] for task in tasks if task.cell == cell.id), cell.source)
        cells = [collect.Cell(cell.id, cell.cell_type, cell.source) for cell in notebook.cells]
        assert all(piece.answers for piece in collect.pieces_of(cells, COURSE, path.name)), path.name


def test_a_module_of_ones_own_can_be_imported(tmp_path, asked):
    notebook = changed(put(EXERCISE, "%%writefile steps.py\nx = 1"))
    found = [piece.source for piece in pieces(tmp_path, asked, json.dumps(notebook))]
    assert found[found.index("%%writefile steps.py\nx = 1") - 1] == collect.ON_THE_PATH


def test_a_notebook_is_known_by_the_courses_texts(tmp_path, asked):
    notebook = changed(*(remove(f"exercise-{name}") for name in attacks.EXERCISES), no_ids)
    assert pieces(tmp_path, asked, json.dumps(notebook)) == []


def test_a_blank_merged_with_its_check_is_blank(asked):
    [task] = [task for task in asked.tasks if task.exercise == "update"]
    assert collect.is_blank(f"{BLANK}\n\n{CHECK}", task) and not collect.is_blank(f"{OTHER}\n\n{CHECK}", task)


# Files


def test_outputs_and_attachments_count_for_nothing(tmp_path, asked):
    notebook = changed(write(EXERCISE, OTHER))
    plot = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 60_000_000, "x": ["}]", '"]']}}
    notebook.cells[0].outputs = [plot]
    picture = new_markdown_cell("![](data:image/png;base64," + "A" * 900_000 + ")", id="picture")
    picture["attachments"] = {"a.png": {"image/png": "A" * 6_000_000}}
    notebook.cells.insert(0, picture)
    assert answer(pieces(tmp_path, asked, json.dumps(notebook))) == OTHER


def test_what_looks_like_outputs_in_a_source_is_a_source(tmp_path, asked):
    source = OTHER + '\nx = {"outputs": [1, {"attachments": {"}": "\\""}}]}'
    assert answer(pieces(tmp_path, asked, json.dumps(changed(write(EXERCISE, source))))) == source


def test_sources_that_are_too_large_and_json_that_is_are_refused_in_little_time(tmp_path, asked):
    start = time.process_time()
    many = json.dumps({"cells": [{"cell_type": "code", "source": "x" * 400_000}]})
    huge = '{"cells": [' + "[]," * 8_000_000 + "[]]}"
    for text, said in ((many, "characters of code"), (huge, "without its outputs")):
        (tmp_path / "a.ipynb").write_text(text)
        with pytest.raises(collect.Unreadable, match=said):
            collect.read(tmp_path / "a.ipynb", asked)
    assert time.process_time() - start < 60


def test_each_exercise_is_taken_from_the_latest_file_that_answers_it(tmp_path, asked):
    scratch = attacks.course()
    scratch.cells = [new_code_cell(f"helper = 1\n{OTHER}", id="draft")]
    for name, notebook in (("whole", attacks.submission()), ("scratch", scratch)):
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook))
    found, notes = collect.answers([str(tmp_path / "whole.ipynb"), str(tmp_path / "scratch.ipynb")], asked)
    file, tasks = found["three.ipynb"], {task.exercise: task for task in asked.tasks}
    assert file.answer_to(tasks["loss"]) == LOSS and OTHER in file.answer_to(tasks["update"]) and notes == []
    assert [file.name_for(tasks[name]) for name in ("loss", "update")] == ["whole.ipynb", "scratch.ipynb"]
    assert UPDATE not in [piece.source for piece in file.pieces]


# The package that a graded kernel has


def test_figures_of_the_course_can_be_unpacked_and_its_nets_are_there(tmp_path):
    namespace = {"__name__": "nothing"}
    exec(compile(package.NOTHING, "nothing", "exec"), namespace)
    figure, axes = namespace["__getattr__"]("sgd_figure")()
    (one, two, three), _ = namespace["__getattr__"]("any")(1)
    assert [each for each in figure] == [] and type(three) is type(axes)
    assert "lessons/handout.py" in package.KEPT
    package.write(tmp_path)
    text = (tmp_path / "bgd_helpers" / "lessons" / "handout.py").read_text()
    assert "def integer_net" in text and ast.parse(text)
