"""The site's parts: what the book shows, what the workbook delivers, and that no file of Pyodide is used unchecked."""

import json
import re
import subprocess

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_release import ROOT

from bgd_course import edition, records, site
from bgd_course.site import book, explorers, pyodide, status, workbook

PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


@each_notebook
def test_the_book_holds_no_solution_and_every_picture_has_words(path):
    page = book.page(book.read(ROOT, path.name), path.name)
    text = nbformat.writes(page)
    assert "BEGIN SOLUTION" not in text and "HIDDEN TESTS" not in text
    for cell in page.cells:
        assert not re.search(r"<summary>[^<]*\$", cell.source), cell.id
        assert not any("$" in output.get("data", {}).get("text/html", "") for output in cell.get("outputs", [])), (
            cell.id
        )
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
            assert len(cell.metadata["mystnb"]["image"]["alt"]) > 20, cell.id
    assert f'href="workbook/notebooks/index.html?path={path.name}"' in page.cells[0].source


@each_notebook
def test_the_book_keeps_the_outputs_of_what_is_no_exercise(path):
    saved = {cell.id: cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells}
    shown = book.read(ROOT, path.name).cells
    graded = [cell for cell in shown if edition.is_answer(cell) or "nbgrader" in cell.metadata]
    assert all(not cell.get("outputs") for cell in graded)
    assert all(cell.get("outputs") == saved[cell.id] for cell in shown if cell not in graded)


def test_an_explorer_is_made_of_the_cells_that_give_it_its_names():
    sources = ("import bgd_helpers as bgd", "x = 1 / 0", "w = 2.0", "%%time\nw = 3", "ws = [w]", "bgd.x_explorer(ws)")
    *cells, last = map(new_code_cell, sources)
    assert [cell.source for cell in explorers.before(cells, last)] == [sources[0], sources[2], sources[4]]
    assert explorers.value([*explorers.before(cells, last), new_code_cell("len(ws)")]) == 1


def test_the_book_has_a_place_for_each_explorer():
    path = PATHS[0]
    [(cell, fragment)] = explorers.fragments(nbformat.read(path, as_version=4))
    assert fragment.startswith('<div class="bgd-explorer">')
    page = book.page(book.read(ROOT, path.name), path.name, [cell])
    [outputs] = [one.outputs for one in page.cells if one.id == cell]
    assert f"_static/explorers/{book.file_of(path.name, cell)}" in outputs[-1].data["text/html"]
    assert "image/png" in outputs[0].data  # what stays where it cannot be loaded


def test_a_result_that_is_to_be_predicted_is_folded():
    cells = [
        new_markdown_cell("# T\n\nText."),
        new_markdown_cell("**Predict.** Which?"),
        new_code_cell('bgd.order("t")', outputs=[new_output("stream", text="A line, to be placed.")]),
        new_code_cell("x", outputs=[new_output("stream", text="1")]),
        new_markdown_cell("So."),
        new_code_cell("y", outputs=[new_output("stream", text="2")]),
    ]
    page = book.page(new_notebook(cells=cells), "t.ipynb")
    assert [cell.metadata.get("tags", []) for cell in page.cells if cell.cell_type == "code"] == [
        [],
        ["hide-output"],
        [],
    ]


@each_notebook
def test_the_workbook_delivers_what_make_lab_delivers(path):
    told = workbook.delivered(path)
    assert told["notebook"] == edition.learners(nbformat.read(path, as_version=4))
    assert told["minutes"] and told["title"] in told["notebook"].cells[0].source
    ids = {cell.id for cell in told["notebook"].cells}
    assert all({one["answer"], one["check"]} <= ids for one in told["exercises"])


def test_a_wheel_of_pyodide_that_is_another_is_refused(tmp_path, monkeypatch):
    packages = {name: {"file_name": f"{name}.whl", "sha256": "0" * 64} for name in pyodide.COMPILED}
    monkeypatch.setattr(pyodide, "official", lambda: {"packages": packages})
    with pytest.raises(pyodide.Missing, match=r"numpy.whl is missing: unpack pyodide-.*OFFLINE=folder"):
        list(pyodide.compiled(tmp_path))
    (tmp_path / "numpy.whl").write_bytes(b"something else")
    with pytest.raises(pyodide.Missing, match="its sha256 is another"):
        list(pyodide.compiled(tmp_path))


def test_a_package_of_npm_that_is_another_is_refused(tmp_path, monkeypatch):
    def pack(command, what):
        (tmp_path / "bgd-site").mkdir(exist_ok=True)
        [target] = [word.partition("=")[2] for word in command if word.startswith("--pack-destination")]
        open(f"{target}/x.tgz", "wb").close()

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(pyodide, "_run", pack)
    with pytest.raises(pyodide.Missing, match="another sha256 than the course names"):
        pyodide.npm("mathjax@3.2.2")
    assert list((tmp_path / "bgd-site").iterdir()) == []


def test_what_cannot_be_fetched_is_named():
    with pytest.raises(pyodide.Missing, match="a file cannot be had: no-such-program is not installed"):
        pyodide._run(["no-such-program"], "a file")


def test_every_wheel_of_the_browser_has_a_hash():
    pins = re.split(r"\n(?=[a-z])", pyodide.PURE.read_text(encoding="utf-8"))[1:]
    assert pins and all(re.fullmatch(r"\S+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}\n?", pin) for pin in pins)


def test_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is no site"):
        site.write(ROOT, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_of_jupyterlite_that_is_another_is_refused(tmp_path):
    (tmp_path / "service-worker.js").write_text("refetch(x)")
    with pytest.raises(pyodide.Missing, match="another than this course knows"):
        workbook._replace(tmp_path / "service-worker.js", "e.waitUntil(refetch(t))", "0")


def test_the_status_names_each_notebook_and_exercise():
    rows = status.exercises(ROOT)
    assert len(list(rows)) == sum(len(workbook.delivered(path)["exercises"]) for path in PATHS)
    assert [row[0] for row in status.runs(ROOT, {})] == [path.stem for path in PATHS]
    run = {"day": "2026-11-26", "seconds": 7.04, "of": records.code(PATHS[0])}
    for of, told in ((run["of"], ""), (records.code(PATHS[1]), ", before its code changed")):
        found = {"browser": {PATHS[0].name: run | {"of": of}}, "workbook": {PATHS[0].name: [[61.7, 14], [8, 60]]}}
        first, *_, last = status.runs(ROOT, found)
        assert first[1:] == ("–", f"2026-11-26: 7 s{told}", "–", "62 ms, 14/s; 8 ms, 60/s")
        assert last[1:] == ("–",) * 4


def test_what_containers_copy_is_there():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [name for line in lines if line.startswith("COPY") for name in line.split()[2:-1]]
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    assert copied and all((ROOT / name).exists() for name in copied)
    assert all(f"!{name.split('-TEXT')[0]}" in allowed for name in copied)
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert container["remoteUser"] == next(line.split()[1] for line in lines if line.startswith("USER")) == "learner"


def test_the_workflow_publishes_what_make_site_writes():
    [job] = yaml.safe_load((ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8"))["jobs"].values()
    assert "make site" in [step.get("run") for step in job["steps"]]
    assert {"path": "site"} in [step.get("with") for step in job["steps"]]
    plan = subprocess.run(["make", "-n", "site"], cwd=ROOT, capture_output=True, text=True).stdout
    assert "-m bgd_course site" in plan
