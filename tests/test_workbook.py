"""The workbook in Chromium, every address but this machine's refused: run, answer, reload, update, save, grade."""

import csv
import json
import shutil
import subprocess
import sys
import time
from datetime import date

import in_browser
import nbformat
import on_site
import pytest
from on_site import RUN, SET, cells, run_all, said, save, solutions

from bgd_course import records
from bgd_course.site import workbook

pytestmark = pytest.mark.slow
ROOT = in_browser.ROOT
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST, SECOND, LAST = PATHS[0], PATHS[1], PATHS[-1]  # the others take minutes
DIFFERENT = {
    "environment": "it lists the packages that are needed here",
    "dask": "there is no Dask in a browser, and the cell says so",
    "two-workers": "the same",
    "lost": "the same",
    "lost-compared": "the same",
}
MOST_BYTES, AGAIN = 30e6, 300e3  # of a first visit, of a second
EVERY = "python -m pytest -n 0 -m slow --every-notebook tests/test_workbook.py"
BROKEN = "images => images.filter(image => image.complete && !image.naturalWidth).length"


@pytest.fixture(scope="module")
def files():
    if remedy := in_browser.missing():
        pytest.skip(f"the workbook in a browser. {remedy}")
    return on_site.wheels() or pytest.skip(f"the workbook: Pyodide's files cannot be had. {on_site.HOW}")


@pytest.fixture(scope="module")
def site(files, tmp_path_factory):
    """A folder with the workbook of this course."""
    folder = tmp_path_factory.mktemp("site")
    workbook.write(ROOT, folder / "workbook", files)
    return folder


@pytest.fixture(scope="module")
def server(site):
    with on_site.served(site) as server:
        yield server


@pytest.fixture(scope="module")
def browser(server):
    with in_browser.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def learner(browser, server):
    """One learner's browser, in all tests of this file."""
    learner = on_site.Workbook(browser, server)
    yield learner
    assert learner.outside == [] and learner.errors == []


def test_the_first_visit_says_what_it_loads_and_delivers_all_notebooks(learner, server):
    page = learner.front()
    titles = page.locator("#notebooks a").all_inner_texts()
    assert len(titles) == len(PATHS) and all("exercises solved" in title for title in titles if "exercise" in title)
    page.close()
    page = learner.notebook(FIRST.name)
    page.close()
    assert sum(size for _, size in server.sent) <= MOST_BYTES
    server.sent.clear()
    learner.front().close()
    assert sum(size for _, size in server.sent) <= AGAIN
    assert learner.outside == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_says_what_is_saved(learner, path, request):
    if path not in (FIRST, SECOND, LAST) and not request.config.getoption("--every-notebook"):
        pytest.skip(
            "the longer notebooks in the browser. python -m pytest -n 0 -m slow --every-notebook tests/test_workbook.py"
        )
    page, start = learner.notebook(path.name), time.perf_counter()
    page.evaluate(SET, solutions(path))
    found = run_all(page)
    seconds = time.perf_counter() - start
    saved = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    for cell in saved:
        outputs = found[cell.id]["outputs"]
        assert not [output["evalue"] for output in outputs if output["output_type"] == "error"], cell.id
        assert all(isinstance(output.get("data", {}).get("image/png", ""), str) for output in outputs), cell.id
        if cell.id not in DIFFERENT:
            assert said(outputs) == said(cell.outputs), cell.id
    assert page.locator(".jp-OutputArea img").evaluate_all(BROKEN) == 0
    move_each_slider(page)
    records.add("browser", path.name, {"day": str(date.today()), "seconds": seconds, "cells": len(saved)})
    page.close()


def move_each_slider(page):
    """Press a key on the first slider of each explorer: its picture is another then, and no error stands below it."""
    for box in page.locator(".widget-vbox", has=page.locator(".widget-gridbox")).all():
        handle = box.locator(".noUi-handle").first
        if not handle.count():
            continue  # a menu
        image = box.locator(".widget-gridbox img").last
        image.scroll_into_view_if_needed()
        before = image.get_attribute("src")
        handle.focus()
        for key in ("ArrowRight", "ArrowLeft"):  # one of them is not at the end
            page.keyboard.press(key)
        page.keyboard.press("ArrowRight")
        element = image.element_handle()
        page.wait_for_function("([image, before]) => image.src !== before", arg=[element, before], timeout=60_000)
        assert "Traceback" not in box.inner_text()


@pytest.fixture(scope="module")
def answered(learner):
    """The verdicts on a wrong and a right answer, the second of which is saved; cell and source of it."""
    page, right = learner.notebook(FIRST.name), solutions(FIRST)
    [answer] = [name for name, source in right.items() if source.startswith("def loss")]
    check = next(cell["id"] for cell in cells(page).values() if "bgd.check" in cell["source"])
    run_first(page)
    verdicts = []
    for source in (right[answer].replace("return", "return 0.5 *"), right[answer]):
        page.evaluate(SET, {answer: source})
        page.evaluate(RUN, [answer, check])
        verdicts.append(" ".join(said(cells(page)[check]["outputs"])))
    save(page)
    page.close()
    return verdicts, answer, right[answer]


def test_an_answer_is_checked_and_is_there_in_the_next_visit(learner, answered):
    [wrong, right], answer, source = answered
    assert wrong.startswith("✗ wrong because") and right.startswith("✓ right")
    page = learner.notebook(FIRST.name)
    assert cells(page)[answer]["source"] == source
    page.close()
    assert solved(learner) == "1 of 1 exercises solved"


def solved(learner):
    """What the page in front says of the first notebook."""
    page = learner.front()
    text = page.locator("#notebooks a small").first.inner_text()
    page.close()
    return text.split(" · ")[-1]


def run_first(page):
    """Run the cell that imports the course."""
    page.evaluate(RUN, [next(cell["id"] for cell in cells(page).values() if "import bgd_helpers" in cell["source"])])


def test_a_derivation_is_judged_line_by_line(learner):
    path = next(path for path in PATHS if '"derive-e4"' in path.read_text(encoding="utf-8"))
    page, right = learner.notebook(path.name), solutions(path)["derive-e4"]
    run_first(page)
    for source, verdict in ((right.replace("-2", "2"), "✗"), (right, "✓ right")):
        page.evaluate(SET, {"derive-e4": source})
        page.evaluate(RUN, ["derive-e4", "check-derive-e4"])
        assert " ".join(said(cells(page)["check-derive-e4"]["outputs"])).startswith(verdict)
    save(page)
    page.close()


@pytest.fixture(scope="module")
def saved(learner, answered, tmp_path_factory):
    """What the button saves."""
    page = learner.front()
    with page.expect_download() as download:
        page.click("#save")
    path = tmp_path_factory.mktemp("saved") / download.value.suggested_filename
    download.value.save_as(path)
    page.close()
    return path


def test_what_is_saved_is_graded(saved, tmp_path):
    command = [sys.executable, "-I", "-m", "bgd_course", "grade", str(saved), "--output", str(tmp_path), "--no-sandbox"]
    done = subprocess.run(command, capture_output=True, text=True)
    with open(tmp_path / "scores.csv", newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert [float(value) for name, value in row.items() if name == "loss"] == [1], (row, done.stderr)


def test_what_is_saved_comes_back_in_another_browser(browser, server, saved):
    other = on_site.Workbook(browser, server)
    page = other.front()
    assert "0 of 1 exercises solved" in page.locator("#notebooks a").first.inner_text()
    page.set_input_files("#file", saved)
    page.wait_for_function("() => doing.textContent.includes(' is back: ')")
    assert "1 of 1 exercises solved" in page.locator("#notebooks a").first.inner_text()
    assert page.locator("#said li").count() == 0
    other.context.close()


def test_the_course_changes_and_the_answers_stay(learner, answered, site, files, tmp_path):
    """A new edition, on the same server: the changed text comes in, the answer is kept, and other cells too."""
    copy = tmp_path / "course"
    kept = ("bgd_helpers", "bgd_course", "install", "notebooks")
    for name in kept:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"):
        shutil.copy(ROOT / name, copy)
    notebook = nbformat.read(copy / "notebooks" / FIRST.name, as_version=4)
    notebook.cells[-1].source += "\n\nA line of the new edition."
    nbformat.write(notebook, copy / "notebooks" / FIRST.name)
    shutil.rmtree(site / "workbook")
    workbook.write(copy, site / "workbook", files)
    page = learner.front()
    assert page.locator("#said li").all_inner_texts() == [
        f"{FIRST.name}: brought up to date; your answers and cells are kept."
    ]
    page.close()
    assert solved(learner) == "1 of 1 exercises solved"
    page = learner.notebook(FIRST.name)
    found = cells(page)
    assert found[notebook.cells[-1].id]["source"].endswith("A line of the new edition.")
    assert found[answered[1]]["source"] == answered[2]
    page.close()


def test_without_a_network_it_runs_from_the_cache(learner):
    learner.context.set_offline(True)
    page = learner.notebook(FIRST.name)
    run_first(page)
    assert not json.dumps(cells(page)).count('"error"')
    learner.context.set_offline(False)
    page.close()
