"""The learner's edition: nothing of a solution in it, and an update never costs an answer."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bgd_course import edition, merging, notebooks

SOLVED = 'def loss(y):\n    """E2."""\n    ### BEGIN SOLUTION\n    return (y ** 2).sum()\n    ### END SOLUTION'
CHECK = 'check("loss", loss)\n### BEGIN HIDDEN TESTS\nassert secret\n### END HIDDEN TESTS'


def source(**changed):
    """The instructor's notebook; a keyword changes the source of a cell."""
    texts = {"title": "# Title", "draw": "draw(1)", "exercise": SOLVED, "check": CHECK, "last": "x = 1"} | changed
    printed = [new_output("stream", name="stdout", text="seen")]
    cells = [new_markdown_cell(texts.pop("title"), id="title")]
    cells += [new_code_cell(text, id=name, outputs=printed, execution_count=3) for name, text in texts.items() if text]
    for cell in cells:
        if cell.id == "exercise":
            cell.metadata["nbgrader"] = {"solution": True, "grade_id": "exercise"}
        if cell.id == "check":
            cell.metadata["nbgrader"] = {"grade": True, "grade_id": "check", "points": 2}
    return new_notebook(cells=cells)


@pytest.fixture
def course(tmp_path):
    """A course of one notebook, delivered; `put` changes its source, `mine` the learner's copy."""
    return Course(tmp_path)


class Course:
    def __init__(self, folder):
        self.source, self.mine = folder / "notebooks", folder / "mine"
        self.source.mkdir()
        self.put()
        self.deliver()

    def put(self, **changed):
        (self.source / "a.ipynb").write_text(nbformat.writes(source(**changed)), encoding="utf-8")

    def deliver(self):
        return edition.deliver(self.source, self.mine)

    def read(self):
        return nbformat.read(self.mine / "a.ipynb", as_version=4)

    def texts(self):
        return {cell.id: cell.source for cell in self.read().cells}

    def edit(self, change):
        notebook = self.read()
        change(notebook.cells)
        (self.mine / "a.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")


def setting(name, text):
    def change(cells):
        next(cell for cell in cells if cell.id == name).source = text

    return change


def inserting(position, text, name):
    return lambda cells: cells.insert(position, new_code_cell(text, id=name))


def test_a_learner_gets_no_solution_no_hidden_test_and_no_output(course):
    text = (course.mine / "a.ipynb").read_text(encoding="utf-8")
    assert "sum()" not in text and "secret" not in text and "BEGIN" not in text
    assert course.texts()["exercise"] == 'def loss(y):\n    """E2."""\n    # Your code here'
    outputs = {cell.id: bool(cell.outputs) for cell in course.read().cells if cell.cell_type == "code"}
    assert not any(outputs.values())


def test_what_has_not_changed_is_left_alone(course):
    course.edit(setting("exercise", "my answer"))
    before = (course.mine / "a.ipynb").read_bytes()
    assert course.deliver() == [] and (course.mine / "a.ipynb").read_bytes() == before


def test_a_change_of_the_course_comes_in_and_the_answer_stays(course):
    course.edit(setting("exercise", "my answer"))
    course.put(draw="draw(2)")
    assert "brought up to date" in course.deliver()[0]
    assert course.texts()["draw"] == "draw(2)" and course.texts()["exercise"] == "my answer"


def test_a_cell_that_the_learner_changed_and_the_course_did_not_stays(course):
    course.edit(setting("draw", "draw(7)"))
    course.put(last="x = 2")
    course.deliver()
    assert course.texts()["draw"] == "draw(7)" and course.texts()["last"] == "x = 2"


def test_where_both_changed_a_cell_the_learners_is_kept_below(course):
    course.edit(setting("draw", "draw(7)"))
    course.put(draw="draw(2)")
    said = course.deliver()
    assert any("both changed draw" in line for line in said)
    names = [cell.id for cell in course.read().cells]
    assert names[names.index("draw") + 1] == "draw-beside" and "draw(7)" in course.texts()["draw-beside"]
    assert course.texts()["draw"] == "draw(2)"


def test_an_answer_stays_where_the_exercise_changed(course):
    course.edit(setting("exercise", "my answer"))
    course.put(exercise=SOLVED.replace("def loss(y)", "def loss(y, y_hat)"))
    course.deliver()
    assert course.texts()["exercise"] == "my answer" and "y_hat" in course.texts()["exercise-beside"]


def test_a_blank_exercise_becomes_the_new_one(course):
    course.put(exercise=SOLVED.replace("def loss(y)", "def loss(y, y_hat)"))
    course.deliver()
    assert "y_hat" in course.texts()["exercise"] and "exercise-beside" not in course.texts()


def test_own_cells_stay_where_they_stood(course):
    course.edit(inserting(2, "mine = 1", "mine-1"))
    course.edit(inserting(0, "first = 1", "mine-0"))
    course.put(draw="draw(2)", extra="new")
    course.deliver()
    names = [cell.id for cell in course.read().cells]
    assert names == ["mine-0", "title", "draw", "mine-1", "exercise", "check", "last", "extra"]


def test_a_cell_that_the_course_dropped_goes_unless_it_was_changed(course):
    course.put(draw="")
    course.deliver()
    assert "draw" not in course.texts()


def test_a_changed_cell_that_the_course_dropped_stays(course):
    course.edit(setting("draw", "draw(7)"))
    course.put(draw="")
    course.deliver()
    assert course.texts()["draw"] == "draw(7)"


def test_deleted_cells_stay_away_but_an_exercise_and_its_check_come_back(course):
    course.edit(lambda cells: cells.clear())
    course.put(last="x = 2")
    course.deliver()
    assert list(course.texts()) == ["exercise", "check", "last"]


def test_a_copied_cell_is_kept_too(course):
    course.edit(setting("exercise", "my answer"))
    text = json.loads((course.mine / "a.ipynb").read_text())
    text["cells"].insert(3, dict(text["cells"][2], source="second thought"))
    (course.mine / "a.ipynb").write_text(json.dumps(text))
    course.put(last="x = 2")
    course.deliver()
    assert {"my answer", "second thought"} <= set(course.texts().values())


@pytest.mark.parametrize("text", ["", "{", "[]", "<<<<<<< HEAD", '{"cells": 3}'])
def test_a_file_that_cannot_be_read_is_left_alone(course, text):
    (course.mine / "a.ipynb").write_text(text)
    course.put(last="x = 2")
    assert "cannot be read" in course.deliver()[0]
    assert (course.mine / "a.ipynb").read_text() == text and (course.mine / "a.course.ipynb").exists()


def test_a_deleted_notebook_comes_back(course):
    (course.mine / "a.ipynb").unlink()
    assert "there again" in course.deliver()[0] and course.texts()


def test_every_version_that_an_update_changed_has_its_backup(course):
    for number in (2, 3):
        course.edit(setting("exercise", f"answer {number}"))
        course.put(last=f"x = {number}")
        course.deliver()
    backups = sorted((course.mine / edition.STATE / "backups").iterdir())
    assert [f"answer {number}" in path.read_text() for number, path in zip((2, 3), backups)] == [True, True]


def test_progress_is_read_from_the_saved_notebook(course):
    def said(text):
        def change(cells):
            check = next(cell for cell in cells if cell.id == "check")
            check.outputs = [new_output("execute_result", data={"text/plain": text}, execution_count=1)]

        return change

    def states():
        return [row[1:] for row in edition.progress(course.source, course.mine)]

    assert states() == [("exercise", 2, "open")]
    course.edit(said("✓ right: it holds"))
    assert states() == [("exercise", 2, "open")]
    course.edit(setting("exercise", "my answer"))
    assert states() == [("exercise", 2, "solved")]
    course.edit(said("✗ wrong because of that"))
    assert states() == [("exercise", 2, "attempted")]
    (course.mine / "a.ipynb").unlink()
    assert states() == [("exercise", 2, "open")]


class Ended(BaseException):
    """The process was ended."""


@pytest.mark.parametrize("count", range(4))
def test_ended_at_any_write_nothing_is_lost_and_a_second_run_finishes(course, monkeypatch, count):
    course.edit(setting("exercise", "my answer"))
    course.edit(setting("draw", "draw(7)"))
    course.edit(inserting(2, "mine = 1", "mine-1"))
    course.put(draw="draw(2)", last="x = 2")
    left = [count]

    def write(path, text):
        if not left[0]:
            raise Ended
        left[0] -= 1
        notebooks.write_atomically(path, text)

    monkeypatch.setattr(edition, "write_atomically", write)
    if count < 3:
        with pytest.raises(Ended):
            course.deliver()
    else:
        course.deliver()
    assert course.texts()["exercise"] == "my answer" and "mine-1" in course.texts()
    monkeypatch.undo()
    course.deliver()
    texts = course.texts()
    assert texts["exercise"] == "my answer" and texts["draw"] == "draw(2)" and texts["last"] == "x = 2"
    assert [name for name in texts if "beside" in name] == ["draw-beside"] and "draw(7)" in texts["draw-beside"]
    assert course.deliver() == []


def test_a_second_conflict_keeps_both_of_the_learners_versions(course):
    for number in (2, 3):
        course.edit(setting("draw", f"mine({number})"))
        course.put(draw=f"draw({number})")
        course.deliver()
    notes = "".join(text for name, text in course.texts().items() if name.startswith("draw-beside"))
    assert "mine(2)" in notes and "mine(3)" in notes and course.texts()["draw"] == "draw(3)"


def test_a_fence_in_a_learners_text_does_not_end_its_note(course):
    course.edit(setting("draw", "mine\n~~~~\nmore"))
    course.put(draw="draw(2)")
    course.deliver()
    assert course.texts()["draw-beside"].endswith("~~~~~\nmine\n~~~~\nmore\n~~~~~")


def test_work_in_the_notebook_beside_an_unreadable_one_is_not_overwritten(course):
    (course.mine / "a.ipynb").write_text("<<<<<<< HEAD")
    course.put(draw="draw(2)")
    assert "a.course.ipynb" in course.deliver()[0]
    (course.mine / "a.course.ipynb").write_text("worked on")
    course.put(draw="draw(3)")
    course.deliver()
    assert (course.mine / "a.course.ipynb").read_text() == "worked on"
    assert {row[-1] for row in edition.progress(course.source, course.mine)} == {edition.UNREAD}


@pytest.mark.parametrize("version", [4, 5])
def test_a_notebook_that_has_lost_its_ids_is_merged_by_what_it_holds(course, version):
    course.edit(setting("exercise", "def loss(y):\n    return 7"))
    course.edit(inserting(2, "own = 1", "own"))
    raw = json.loads((course.mine / "a.ipynb").read_text())
    for cell in raw["cells"]:
        del cell["id"]
    (course.mine / "a.ipynb").write_text(json.dumps(raw | {"nbformat_minor": version}))
    assert edition.progress(course.source, course.mine)[0][-1] == "attempted"
    course.put(last="x = 2")
    course.deliver()
    texts = course.texts()
    assert texts["exercise"] == "def loss(y):\n    return 7" and texts["last"] == "x = 2"
    assert list(texts.values()).count("own = 1") == 1 and len(texts) == 6


@pytest.mark.parametrize("state", [None, "", "?", b"\xff\xfe"])
def test_where_the_delivered_state_is_lost_both_versions_of_a_cell_are_there(course, state):
    course.edit(setting("exercise", "my answer"))
    kept = course.mine / ".course" / "a.ipynb"
    kept.unlink()
    if state is not None:
        kept.write_bytes(state if isinstance(state, bytes) else state.encode())
    course.put(draw="draw(2)", extra="new = 1")
    assert any("not known" in line for line in course.deliver())
    texts = course.texts()
    assert texts["exercise"] == "my answer" and texts["draw"] == "draw(2)" and texts["extra"] == "new = 1"
    assert "draw(1)" in texts["draw-beside"]
    assert course.deliver() == []


OLD = "from course import network, descend as go, unused\nimport numpy as np"
DOOR = "import numpy as np\nimport course as bgd"


def former_imports(course):
    return [text for name, text in course.texts().items() if name.startswith("former-imports")]


def test_what_the_learners_cells_use_is_still_imported(course):
    course.put(draw=OLD)
    course.deliver()
    course.edit(setting("exercise", "def loss(y):\n    return go(network.cost(y))"))
    course.put(draw=DOOR, check=CHECK.replace("check(", "bgd.check("))
    course.deliver()
    assert course.texts()["draw"] == DOOR and course.texts()["check"] == 'bgd.check("loss", loss)'
    assert [text.splitlines()[1:] for text in former_imports(course)] == [
        ["from course import network", "from course import descend as go"]
    ]
    before = course.texts()
    course.put(draw=DOOR, check=CHECK.replace("check(", "bgd.check("), last="x = 2")
    course.deliver()
    assert course.texts() == before | {"last": "x = 2"}


def test_no_import_is_kept_that_no_cell_of_the_learner_needs(course):
    course.put(draw=OLD)
    course.deliver()
    course.edit(setting("exercise", "def loss(y):\n    return network.cost(np.sum(y))"))
    course.put(draw=f"{DOOR}\nnetwork = bgd.network")
    course.deliver()
    assert former_imports(course) == []


def test_what_a_check_said_is_kept_when_the_check_is_new(course):
    said = [new_output("execute_result", data={"text/plain": "✓ right"})]
    course.edit(setting("exercise", "def loss(y):\n    return 1"))
    course.edit(lambda cells: next(cell for cell in cells if cell.id == "check").update(outputs=said))
    course.put(check=CHECK.replace("check(", "bgd.check("))
    course.deliver()
    assert course.texts()["check"] == 'bgd.check("loss", loss)'
    assert [state for *_, state in edition.progress(course.source, course.mine)] == ["solved"]


def edit_raw(course, change):
    """Change the learner's notebook as JSON."""
    path = course.mine / "a.ipynb"
    raw = json.loads(path.read_text(encoding="utf-8"))
    text = change(raw) or json.dumps(raw)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def setting_raw(**values):
    def change(raw):
        for cell in raw["cells"]:
            cell.update(values)

    return change


LENIENT = {
    "a mark of bytes": lambda raw: b"\xef\xbb\xbf" + json.dumps(raw).encode(),
    "UTF-16": lambda raw: json.dumps(raw).encode("utf-16"),
    "a cell's key that nobody knows": setting_raw(mood="good"),
    "no metadata of cells": lambda raw: [cell.pop("metadata") for cell in raw["cells"]] and None,
    "metadata that are none": setting_raw(metadata=[]),
    "tags that are none": setting_raw(metadata={"tags": "x"}),
    "no outputs": lambda raw: [cell.pop("outputs", None) for cell in raw["cells"]] and None,
    "outputs that are none": lambda raw: (
        [cell.update(outputs=[{"output_type": "x"}, 7]) for cell in raw["cells"]] and None
    ),
    "a count that is none": lambda raw: [cell.update(execution_count="3") for cell in raw["cells"]] and None,
    "sources as a list": lambda raw: [cell.update(source=cell["source"][:]) for cell in raw["cells"]] and None,
    "ids with spaces": lambda raw: [cell.update(id=f"{cell['id']} x") for cell in raw["cells"]] and None,
    "ids that are numbers": lambda raw: [cell.update(id=number) for number, cell in enumerate(raw["cells"])] and None,
    "attachments that are none": lambda raw: raw["cells"][0].update(attachments=7),
    "no metadata of its own": lambda raw: raw.pop("metadata") and None,
    "a kernel without a name": lambda raw: raw["metadata"].update(kernelspec={"name": "x"}),
    "no minor version": lambda raw: raw.pop("nbformat_minor") and None,
    "a version of tomorrow": lambda raw: raw.update(nbformat_minor=9),
    "a cell that is none": lambda raw: raw["cells"].append(7),
    "a cell of no kind": lambda raw: raw["cells"].append({"source": "x"}),
}


@pytest.mark.parametrize("kind", LENIENT)
def test_what_jupyterlab_opens_is_brought_up_to_date(kind, course):
    course.edit(setting("exercise", "def loss(y):\n    return 7"))
    edit_raw(course, LENIENT[kind])
    assert edition.progress(course.source, course.mine)[0][-1] == "attempted"
    course.put(last="x = 2")
    assert "brought up to date" in course.deliver()[0]
    texts = course.texts()
    assert texts["exercise"] == "def loss(y):\n    return 7" and texts["last"] == "x = 2"
    assert not (course.mine / "a.course.ipynb").exists()


def test_an_answer_in_a_copy_with_a_new_id_is_the_answer(course):
    def copy_and_delete(cells):
        at = next(i for i, cell in enumerate(cells) if cell.id == "exercise")
        cells[at] = new_code_cell("def loss(y):\n    return 7", id="copied")

    course.edit(copy_and_delete)
    assert edition.progress(course.source, course.mine)[0][-1] == "attempted"
    course.put(last="x = 2")
    course.deliver()
    assert list(course.texts()) == ["title", "draw", "exercise", "check", "last"]
    assert course.texts()["exercise"] == "def loss(y):\n    return 7"


def test_ends_of_lines_are_no_change(course):
    course.put(draw="draw(1)\ndraw(3)")
    course.deliver()
    course.edit(setting("draw", "draw(1)\r\ndraw(3)"))
    course.put(draw="draw(2)\ndraw(3)")
    assert not any("both changed" in line for line in course.deliver())
    assert course.texts()["draw"] == "draw(2)\ndraw(3)"


def test_a_notebook_that_is_a_link_is_written_where_it_leads(course):
    elsewhere = course.mine.parent / "cloud.ipynb"
    (course.mine / "a.ipynb").rename(elsewhere)
    (course.mine / "a.ipynb").symlink_to(elsewhere)
    course.put(last="x = 2")
    course.deliver()
    assert (course.mine / "a.ipynb").is_symlink() and "x = 2" in elsewhere.read_text()


def test_what_a_killed_run_left_is_removed_and_nothing_else(course):
    dead, alive, other = (course.mine / name for name in (".saving-0999999-a.tmp", ".saving-1-a.tmp", ".saving.tmp"))
    for path in (dead, alive, other):
        path.write_text("x")
    course.deliver()
    assert not dead.exists() and alive.exists() and other.exists()


def test_the_browser_merges_texts_as_the_folder_is_merged():
    base, new = (edition.learners(source(draw=text)) for text in ("draw(1)", "draw(2)"))
    mine = edition.learners(source())
    mine.cells[2].source = "def loss(y):\n    return (y**2).sum()"
    mine.cells.append(new_code_cell("my = loss", id="own"))
    text, said = merging.merge_texts(*(json.dumps(notebook) for notebook in (base, new, mine)))
    merged = merging.merge(base, new, mine)
    assert (nbformat.reads(text, as_version=4), said) == (merged.notebook, merged.beside)
    assert [cell.source for cell in merged.notebook.cells][1:3] == ["draw(2)", mine.cells[2].source]


def test_a_text_whose_delivery_is_not_known_keeps_both_versions():
    new, mine = edition.learners(source()), edition.learners(source(draw="draw(7)"))
    text, said = merging.merge_texts(None, json.dumps(new), notebooks.as_json(mine))
    assert (
        "draw(7)" in text
        and "draw(1)" in text
        and said == ["both changed draw: the other version is in a cell below it"]
    )
