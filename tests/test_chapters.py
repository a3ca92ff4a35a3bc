"""A notebook that becomes several: learners' copies follow, what was handed in before counts, and functions written in
one part are there in the next."""

import nbformat
import pytest
from classes import COURSE, RIGHT, ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import bgd_helpers as bgd
from bgd_course import edition, notebooks
from bgd_course.grading import collect, course
from bgd_helpers.lessons.predictions import MIME

GUESS = "slope −3, w falls"
PARTS = {"3-a.ipynb": ["title", "net", "exercise", "check"], "3b-b.ipynb": ["predict", "late", "late-check", "end"]}
TEXTS = {
    "title": "# Title",
    "net": "import numpy as np\nfrom math import tau\nnetwork = bgd.network",
    "exercise": "def loss(y):\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION",
    "check": 'bgd.check("loss", loss)',
    "predict": 'bgd.predict("slope")',
    "late": "def update(theta):\n    ### BEGIN SOLUTION\n    return 2\n    ### END SOLUTION",
    "late-check": 'bgd.check("update", update)',
    "end": "The end.",
    "title-b": "# Title b",
}


def cell(name, text=None):
    text = text or TEXTS[name]
    made = (new_markdown_cell if text[0] in "#T" else new_code_cell)(text, id=name)
    if "BEGIN" in text or "check(" in text:
        made.metadata["nbgrader"] = {"points": 1} if "check(" in text else {"solution": True}
    return made


def write(folder, parts):
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.ipynb"):
        path.unlink()
    for name, cells in parts.items():
        nbformat.write(new_notebook(cells=[cell(one) for one in cells]), folder / name)


def split(folder):
    first, second = PARTS.values()
    write(folder / "source", {"3-a.ipynb": first, "3b-b.ipynb": ["title-b", *second]})


def deliver(folder):
    return edition.deliver(folder / "source", folder / "mine")


def cells(folder, name):
    return {one.id: one for one in nbformat.read(folder / "mine" / name, as_version=4).cells}


def edit(folder, name, change):
    path = folder / "mine" / name
    notebook = nbformat.read(path, as_version=4)
    change({one.id: one for one in notebook.cells}, notebook.cells)
    nbformat.write(notebook, path)


def solve(by_id, every):
    by_id["exercise"].source, by_id["late"].source = "def loss(y):\n    return 7", "def update(theta):\n    return tau"
    by_id["predict"].outputs = [new_output("display_data", data={MIME: {"id": "slope", "guess": GUESS}})]
    every.insert(every.index(by_id["late"]) + 1, new_code_cell("mine = 1", id="mine-late"))
    every.insert(every.index(by_id["net"]) + 1, new_code_cell("mine = 0", id="mine-net"))


@pytest.fixture
def solved(tmp_path):
    """A copy of a course of one notebook, solved, whose course has become two."""
    write(tmp_path / "source", {"3-a.ipynb": sum(PARTS.values(), [])})
    deliver(tmp_path)
    edit(tmp_path, "3-a.ipynb", solve)
    split(tmp_path)
    return tmp_path


def assert_all_is_there(folder):
    first, second = cells(folder, "3-a.ipynb"), cells(folder, "3b-b.ipynb")
    assert list(first) == ["title", "net", "mine-net", "exercise", "check"]
    named = [name for name in second if "former" not in name]
    assert named == ["title-b", "predict", "late", "mine-late", "late-check", "end"]
    assert first["exercise"].source.endswith("return 7") and second["late"].source.endswith("return tau")
    assert edition.guesses(folder / "source", folder / "mine") == {"slope": GUESS}
    assert "from math import tau" in next(one.source for name, one in second.items() if "former" in name)


def test_an_answer_a_guess_and_own_cells_follow_the_cells_that_moved(solved):
    said = deliver(solved)
    assert_all_is_there(solved)
    assert [line.partition(":")[0] for line in said] == list(PARTS)
    assert "a part of it is in other notebooks now" in said[0] and "a part of 3-a.ipynb is here now" in said[1]
    assert deliver(solved) == []
    backup = nbformat.read(solved / "mine" / edition.STATE / "backups" / "3-a.1.ipynb", as_version=4)
    assert "mine-late" in {one.id for one in backup.cells}


class Ended(BaseException):
    """The process was ended."""


@pytest.mark.parametrize("count", range(5))
def test_ended_between_two_parts_nothing_is_lost_or_doubled(solved, monkeypatch, count):
    left = [count]

    def write_some(path, text):
        left[0] -= 1
        if left[0] < 0:
            raise Ended
        notebooks.write_atomically(path, text)

    monkeypatch.setattr(edition, "write_atomically", write_some)
    with pytest.raises(Ended):
        deliver(solved)
    there = [name for part in PARTS if (solved / "mine" / part).exists() for name in cells(solved, part)]
    assert {"exercise", "late", "mine-late", "mine-net", "predict"} <= set(there)
    monkeypatch.undo()
    deliver(solved)
    assert_all_is_there(solved)
    assert deliver(solved) == []


def test_what_was_deleted_stays_away_and_what_is_blank_becomes_the_new_one(solved):
    def change(by_id, every):
        by_id["late"].source = edition.learners(new_notebook(cells=[cell("late")])).cells[0].source
        every.remove(by_id["end"])

    edit(solved, "3-a.ipynb", change)
    deliver(solved)
    second = cells(solved, "3b-b.ipynb")
    assert "end" not in second and "# Your code here" in second["late"].source


def test_an_answer_in_each_of_two_notebooks_is_kept_once_and_the_other_below_it(solved):
    deliver(solved)
    edit(solved, "3-a.ipynb", lambda _, every: every.append(cell("late", "def update(theta):\n    return 5")))
    deliver(solved)
    assert "late" not in cells(solved, "3-a.ipynb")
    second = cells(solved, "3b-b.ipynb")
    assert second["late"].source.endswith("return tau") and "return 5" in second["late-beside"].source


def test_where_the_first_cannot_be_read_the_second_waits_for_it(solved):
    path = solved / "mine" / "3-a.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text("<<<<<<<", encoding="utf-8")
    deliver(solved)
    path.write_text(text, encoding="utf-8")
    deliver(solved)
    assert_all_is_there(solved)


def test_progress_knows_an_answer_before_the_copy_is_brought_up_to_date(solved):
    rows = edition.progress(solved / "source", solved / "mine")
    assert [(name, exercise, state) for name, exercise, _, state in rows] == [
        ("3-a.ipynb", "exercise", "attempted"),
        ("3b-b.ipynb", "late", "attempted"),
    ]


@pytest.mark.parametrize("number", ["03", "04"])
def test_the_ids_of_a_chapter_differ(number):
    """By its id a cell finds its new place."""
    paths = sorted((ROOT / "notebooks").glob(f"{number}*.ipynb"))
    names = [one.id for path in paths for one in nbformat.read(path, as_version=4).cells]
    assert len(paths) > 1 and len(names) == len(set(names))


# Graded


def whole(answers=RIGHT, numbers="03"):
    """Notebook 3 as it was: all its parts in one; or others."""
    paths = sorted((ROOT / "notebooks").glob(f"{numbers}*.ipynb"))
    every = [one for path in paths for one in edition.learners(nbformat.read(path, as_version=4)).cells]
    tasks = {task.cell: task for task in COURSE.tasks}
    for number, one in enumerate(every):
        one.id = one.id if one.id not in {other.id for other in every[:number]} else f"{one.id}-{number}"
        if one.id in tasks and tasks[one.id].exercise in answers:
            one.source = answers[tasks[one.id].exercise]
    return new_notebook(cells=[one for one in every if "yours(" not in one.source])


def part(name, **answers):
    """One notebook with these answers."""
    notebook = edition.learners(nbformat.read(ROOT / "notebooks" / name, as_version=4))
    for task in COURSE.tasks_of(name):
        next(one for one in notebook.cells if one.id == task.cell).source = answers.get(task.exercise, task.blank)
    return notebook


def handed_in(folder, *files):
    """What is found in these notebooks, in this order, and the exercises answered by file."""
    for number, notebook in enumerate(files):
        nbformat.write(notebook, folder / f"{number}.ipynb")
    found, notes = collect.answers([str(folder / f"{number}.ipynb") for number in range(len(files))], COURSE)
    where = {task.exercise: found[task.notebook].name_for(task) for task in COURSE.tasks if task.notebook in found}
    answered = {t.exercise for t in COURSE.tasks if t.notebook in found and found[t.notebook].answer_to(t)}
    return found, {name: where[name] for name in answered}, notes


CHAPTER = [task.exercise for task in COURSE.tasks if task.notebook.startswith("03")]


def test_a_chapter_handed_in_as_one_notebook_has_all_its_answers(tmp_path):
    found, answered, notes = handed_in(tmp_path, whole())
    assert set(answered) == set(CHAPTER) and len(CHAPTER) >= 10 and notes == []
    assert len({id(file.pieces) for file in found.values()}) == 1


def test_of_a_whole_and_its_parts_each_exercise_is_taken_from_the_latest_that_answers_it(tmp_path):
    mine = RIGHT["backprop"] + "\n# mine"
    before = whole({name: RIGHT[name] for name in CHAPTER if name not in ("E5", "hidden_delta")})
    parts = (
        part("03c-any-depth.ipynb", backprop=mine),
        part("03b-hidden-layers.ipynb", hidden_delta=RIGHT["hidden_delta"]),
    )
    found, answered, notes = handed_in(tmp_path, before, *parts)
    later = {"backprop": "1.ipynb", "hidden_delta": "2.ipynb"}
    assert answered == {name: later.get(name, "0.ipynb") for name in CHAPTER if name != "E5"} and notes == []
    sources = [piece.source for piece in found["03c-any-depth.ipynb"].pieces]
    assert sources.count(mine) == 1 and sum("def backprop" in source for source in sources) == 1


def without_ids(notebook):
    for one in notebook.cells:
        one.id, one.metadata = f"own-{notebook.cells.index(one)}", {}
    return notebook


@pytest.mark.parametrize("change", [pytest.param(lambda notebook: notebook, marks=pytest.mark.slow), without_ids])
@pytest.mark.parametrize("numbers", ["0", pytest.param("0[01]", marks=pytest.mark.slow), "0[345]"])
def test_several_chapters_in_one_notebook_are_graded_each(tmp_path, numbers, change):
    asked = {path.name for path in (ROOT / "notebooks").glob(f"{numbers}*.ipynb")}
    _, answered, notes = handed_in(tmp_path, change(whole(numbers=numbers)))
    assert set(answered) == {task.exercise for task in COURSE.tasks if task.notebook in asked} and notes == []


def test_a_helper_that_has_an_exercise_s_name_is_no_answer_to_it(tmp_path):
    mine = part("03c-any-depth.ipynb", backprop=RIGHT["backprop"])
    mine.cells.append(new_code_cell("def loss(y, y_hat):\n    return y"))
    found, answered, _ = handed_in(tmp_path, mine)
    assert set(answered) == {"backprop"} and "00-start-here.ipynb" not in found


def test_what_fetches_an_earlier_function_is_no_answer_and_does_not_run(tmp_path):
    found, answered, _ = handed_in(tmp_path, part("03c-any-depth.ipynb", backprop=RIGHT["backprop"]))
    assert set(answered) == {"backprop"}
    assert not any("yours(" in piece.source for piece in found["03c-any-depth.ipynb"].pieces)
    assert course.fetched("f, g = bgd.yours('f'), bgd.yours('g')\nh = 1") == {"f", "g"}


def test_a_part_that_was_not_handed_in_is_none(tmp_path):
    found, _, _ = handed_in(tmp_path, part("03c-any-depth.ipynb", backprop=RIGHT["backprop"]))
    assert list(found) == ["03c-any-depth.ipynb"]


def pasted():
    """All that answers in chapters 0 and 2, in one notebook with ids of its own."""
    names = [task.notebook for task in COURSE.tasks if task.exercise in ("loss", "batches")]
    parts = [part(name, **{task.exercise: RIGHT[task.exercise] for task in COURSE.tasks_of(name)}) for name in names]
    every = [one for notebook in parts for one in notebook.cells]
    for number, one in enumerate(every):
        one.id = f"cell-{number}"
    return new_notebook(cells=every)


def test_chapters_pasted_into_one_notebook_are_all_found(tmp_path):
    _, answered, notes = handed_in(tmp_path, pasted())
    assert {"loss", "batches", "mini_batch_update"} <= set(answered) and notes == []


def test_a_draft_of_another_chapter_without_its_check_is_no_answer_to_it(tmp_path):
    draft = part("03c-any-depth.ipynb", backprop=RIGHT["backprop"])
    draft.cells.append(new_code_cell("def loss(y, y_hat):\n    return 0"))
    _, answered, _ = handed_in(tmp_path, draft)
    assert set(answered) == {"backprop"}


def typed(*exercises):
    """A notebook of one's own: answers, and nothing of the course."""
    return new_notebook(cells=[new_code_cell(RIGHT[name]) for name in exercises])


def test_answers_typed_into_an_empty_notebook_are_found_in_every_chapter(tmp_path):
    asked = [task.exercise for task in COURSE.tasks]
    _, answered, notes = handed_in(tmp_path, typed(*asked))
    assert set(answered) == set(asked) and notes == []


def test_they_give_way_to_an_answer_in_its_own_notebook(tmp_path):
    mine = part("01-stochastic-gradient-descent.ipynb", update=RIGHT["update"])
    found, answered, notes = handed_in(tmp_path, mine, typed("backprop", "hidden_delta", "loss", "update"))
    assert answered == {"backprop": "1.ipynb", "hidden_delta": "1.ipynb", "loss": "1.ipynb", "update": "0.ipynb"}
    assert found["01-stochastic-gradient-descent.ipynb"].name == "0.ipynb" and notes == []


def test_a_module_that_a_cell_runs_is_written_too(tmp_path):
    assert "%%writefile helpers.py\nhalf = 1 / 2" in beside(tmp_path, "half = 1 / 2", line="%run -i helpers.py")


def beside(folder, source, name="helpers.py", line="from helpers import half"):
    """The sources of the pieces of a notebook whose answer imports `helpers`, with a module that lies beside it."""
    notebook = part("00-start-here.ipynb", loss=f"{line}\n{RIGHT['loss']}")
    nbformat.write(notebook, folder / "a.ipynb")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8")
    found, notes = collect.answers([str(folder / "a.ipynb"), str(folder / name)], COURSE)
    assert notes == []
    return [piece.source for piece in found["00-start-here.ipynb"].pieces]


@pytest.mark.parametrize("name", ["helpers.py", "ada_2001_77_helpers.py"])
def test_a_module_beside_the_notebook_is_written_before_it_is_imported(tmp_path, name):
    sources = beside(tmp_path, "half = 1 / 2", name)
    at = next(i for i, source in enumerate(sources) if "import half" in source)
    assert sources[at - 2 : at] == [collect.ON_THE_PATH, "%%writefile helpers.py\nhalf = 1 / 2"]


@pytest.mark.parametrize(
    ("source", "name"), [("x = 1", "other.py"), ("x = 1", "b/helpers.py"), ("#" * 60_000, "helpers.py")]
)
def test_any_other_module_is_not_read(tmp_path, source, name):
    assert not any("writefile" in one for one in beside(tmp_path, source, name))


# Fetched


def written(folder, name, *sources):
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), folder / name)


def test_a_function_of_an_earlier_notebook_is_fetched(tmp_path, capsys):
    helper, mine = (
        "def half(x):\n    return x / 2",
        "def bias_gradient(delta):\n    return 2 * half(delta.mean(axis=0))",
    )
    written(tmp_path, "03b.ipynb", "import numpy", "raise SystemExit", "no python (", helper, mine)
    written(tmp_path, "03c.ipynb", 'bias_gradient = bgd.yours("bias_gradient")')
    found = bgd.yours("bias_gradient", tmp_path)
    assert found.__code__.co_filename == "03b.ipynb" and capsys.readouterr().out == ""


def test_backprop_calls_the_learners_own_functions(tmp_path, capsys):
    names = ("output_delta", "hidden_delta", "weight_gradient")
    written(tmp_path, "03b.ipynb", *(RIGHT[name] for name in names))
    written(tmp_path, "03c.ipynb", "network = bgd.network", RIGHT["backprop"])
    found = bgd.yours("backprop", tmp_path)
    calls = {name: found.__globals__[name].__code__.co_filename for name in names}
    assert set(calls.values()) == {"03b.ipynb"} and "bias_gradient is not in" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1", "bias_gradient is not in the notebooks saved here"),
        ("def bias_gradient(delta):\n    return delta.sum(axis=0)", "bias_gradient, in 03b.ipynb, is not right yet"),
        ("def bias_gradient(delta):\n    # Your code here", "bias_gradient is not in the notebooks saved here"),
        ("def bias_gradient(delta):\n    raise ValueError", "is not right yet"),
    ],
)
def test_where_there_is_none_that_is_right_the_courses_takes_its_place(source, said, tmp_path, capsys):
    written(tmp_path, "03b.ipynb", source)
    (tmp_path / "broken.ipynb").write_text("def bias_gradient(", encoding="utf-8")
    found = bgd.yours("bias_gradient", tmp_path)
    assert found is bgd.network.bias_gradient and said in capsys.readouterr().out


def test_only_an_exercise_can_be_fetched():
    with pytest.raises(ValueError, match="no exercise 'backpropagation': choose one of loss"):
        bgd.yours("backpropagation")
