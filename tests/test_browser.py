"""Each notebook in a real browser: every slider moved by keyboard and mouse, the page compared with the kernel."""

import ast
import re
import shutil
from contextlib import contextmanager
from html import unescape

import in_browser
import nbformat
import pytest

PATHS = sorted((in_browser.ROOT / "notebooks").glob("*.ipynb"))
NOTEBOOKS = [path.name for path in PATHS]
WITH_EXPLORERS = [path.name for path in PATHS if "_explorer(" in path.read_text(encoding="utf-8")]
FIRST_AND_OTHERS = [WITH_EXPLORERS[0], *(pytest.param(name, marks=pytest.mark.slow) for name in WITH_EXPLORERS[1:])]
KEYS = 10
HANDLE = 24  # pixels


@pytest.fixture(scope="module", autouse=True)
def possible():
    """Skips where there is no browser."""
    if remedy := in_browser.missing():
        pytest.skip(f"the notebooks in a browser. {remedy}")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    for copy in ("root", "root/saved"):  # those that are run, and those that are only looked at
        shutil.copytree(in_browser.ROOT / "notebooks", folder / copy, ignore=shutil.ignore_patterns(".*"))
    for path in (folder / "root").glob("*.ipynb"):
        keep_what_explorers_need(path)
    with in_browser.server(folder) as serving:
        yield serving


def keep_what_explorers_need(path):
    """Empty the code cells of a notebook that no explorer needs: they take their time, and nbval runs them all."""
    notebook, needed = nbformat.read(path, as_version=4), set()
    for cell in reversed([cell for cell in notebook.cells if cell.cell_type == "code"]):
        nodes = list(ast.walk(ast.parse(cell.source)))
        made = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        made |= {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}
        made |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        if "_explorer(" in cell.source or made & needed:
            needed |= {node.id for node in nodes if isinstance(node, ast.Name)}
        else:
            cell.source = ""
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def chromium():
    with in_browser.chromium() as browser:
        yield browser


@contextmanager
def opened(*arguments, **options):
    """A notebook in a page; no error was logged there."""
    notebook = in_browser.Notebook(*arguments, **options)
    try:
        yield notebook
    finally:
        notebook.close()
    assert notebook.errors == []


def chosen(explorer, name, positions, label, continuous):
    """The value and the picture after each entry of a menu: the last one is chosen, a key goes to the one before."""
    menu = explorer.control(label)
    for turn in range(KEYS):
        if turn % positions == 0:
            yield from after(explorer, name, lambda: menu.select_option(index=positions - 1))
        else:
            yield from after(explorer, name, lambda: menu.press("ArrowUp"))


def moved_by_keyboard(explorer, name, positions, label, continuous):
    """The value and the picture after each of ten keys on one control: up from its first position, and down again."""
    keys, slider = explorer.page.keyboard, explorer.control(label)
    slider.focus()
    keys.press("Home")
    explorer.follow(name)
    for turn in range(KEYS):
        key = "ArrowRight" if turn // (positions - 1) % 2 == 0 else "ArrowLeft"
        yield from after(explorer, name, lambda key=key: keys.press(key))
    for key in ("End", "PageDown", "PageUp", "Home"):
        yield from after(explorer, name, lambda key=key: keys.press(key))


def moved_by_mouse(explorer, name, positions, label, continuous):
    """The same after each of five places to which the mouse drags the handle, by way of others; both ends are among
    them."""
    slider, mouse = explorer.control(label), explorer.page.mouse
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    left, width, y = box["x"] + HANDLE / 2, box["width"] - HANDLE, box["y"] + box["height"] / 2
    mouse.move(left + width * int(slider.input_value()) / (positions - 1), y)
    mouse.down()
    for share in (0.75, 0, 1, 0.25, 0.5):
        position = round(share * (positions - 1))
        x, slack = left + width * position / (positions - 1), int((positions - 1) / width)  # positions of one pixel
        yield from after(explorer, name, lambda to=(x, y, position, slack): drag(explorer, name, *to, continuous))
    mouse.up()


def drag(explorer, name, x, y, position, slack, continuous):
    """Move the handle that is held, until the kernel has that position of it; let go of it for a moment if the
    picture waits for that."""
    mouse = explorer.page.mouse
    mouse.move(x, y, steps=3)
    if not continuous:
        mouse.up()
        mouse.down()
    explorer.wait_for(f"abs(e.controls[{name!r}].position - {position}) <= {slack}")


def after(explorer, name, move):
    """What the page shows after a move, once it is what the kernel has, and the value that the kernel has."""
    move()
    state, error, picture = explorer.follow(name)
    assert error == "", f"{name}: the picture could not be redrawn"
    assert explorer.jumped() == [], f"{name}: something jumped"
    yield state[name], picture


@pytest.mark.parametrize("name", FIRST_AND_OTHERS)
def test_every_slider_of_a_notebook(name, served, chromium):
    with opened(chromium, served, name) as notebook:
        notebook.run_all()
        count = notebook.ask("len(found)", in_browser.ExplorerOnPage.FIND)
        assert count == (in_browser.ROOT / "notebooks" / name).read_text(encoding="utf-8").count("_explorer(")
        for number in range(count):
            check_explorer(in_browser.ExplorerOnPage(notebook, number))
        assert in_browser.inaccessible(notebook.page) == []


def check_explorer(explorer, ways=(moved_by_keyboard, moved_by_mouse)):
    """Each of its controls in these ways; then its button."""
    explorer.settle()
    assert not explorer.jumped()  # from now on
    for control, (kind, *about) in explorer.controls().items():
        for way in ways if kind == "slider" else [chosen]:
            moves = [(str(value), picture) for value, picture in way(explorer, control, *about)]
            values, pictures = map(set, zip(*moves))
            assert len(values) >= min(about[0], 5), f"{control}: only the values {values} were reached"
            assert len(pictures) > 1, f"{control}: the picture stands still"
            explorer.settle()
            assert not explorer.jumped(), f"{control}: there is no room for the words {explorer.kernel('e.text')}"
        explorer.box.get_by_role("button", name="Reset").click()
        explorer.wait_for("e.state == e.start")
        explorer.settle()
    assert explorer.kernel("e.error") == ""


@pytest.mark.slow
def test_notebook_7_shows_the_same(tmp_path, chromium):
    (tmp_path / "root").mkdir()
    shutil.copy(in_browser.ROOT / "notebooks" / NOTEBOOKS[0], tmp_path / "root")
    with (
        in_browser.server(tmp_path, "notebook") as serving,
        opened(chromium, serving, NOTEBOOKS[0], app="notebook") as notebook,
    ):
        notebook.errors.clear()  # what Notebook itself logs while it opens
        notebook.run_all()
        check_explorer(in_browser.ExplorerOnPage(notebook))


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_saved_notebook_shows_its_pictures_without_a_kernel(name, served, chromium):
    saved = nbformat.read(in_browser.ROOT / "notebooks" / name, as_version=4)
    outputs = [output for cell in saved.cells for output in cell.get("outputs", [])]
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    with opened(chromium, served, f"saved/{name}") as notebook:
        enough = "count => document.querySelectorAll('.jp-OutputArea img').length >= count"
        notebook.page.wait_for_function(enough, arg=pictures)
        data = [output["data"] for output in outputs if "text/html" in output.get("data", {})]
        lines = [line for one in data for line in words(one) if "$" not in line]  # formulas are typeset
        assert lines
        notebook.page.wait_for_function(SHOWN, arg=lines)  # cells out of sight come later
        text = notebook.page.locator(".jp-Notebook").text_content()
        assert "Loading widget" not in text and "Error displaying widget" not in text


def words(data):
    """What stands between the tags of an output, each piece by itself."""
    return [unescape(piece).strip() for piece in re.findall(r">([^<>]*[^<>\s][^<>]*)<", data["text/html"])]


SHOWN = "lines => lines.every(line => document.querySelector('.jp-Notebook').textContent.includes(line))"
BROKEN = """from bgd_helpers.pictures import Explorer, step_slider
from bgd_helpers.pictures import Picture, new_figure
figure, axes = new_figure(4, 3)
(line,) = axes.plot([0, 1], [0, 1])
def redraw(step):
    line.set_ydata([0, 1 / (step - 3)])
    return f"step {step}"
Explorer(Picture(figure, "A line.", {"line": line}), {"step": step_slider("step", 9)}, redraw)"""


@pytest.mark.slow
def test_an_error_in_a_redraw_stands_below_the_picture(tmp_path, chromium):
    (tmp_path / "root").mkdir()
    in_browser.write_notebook(tmp_path / "root" / "broken.ipynb", [BROKEN])
    with in_browser.server(tmp_path) as serving, opened(chromium, serving, "broken.ipynb") as notebook:
        notebook.run_all()
        explorer = in_browser.ExplorerOnPage(notebook)
        explorer.control("step").focus()
        for _ in range(3):
            notebook.page.keyboard.press("ArrowRight")
        alert = explorer.box.get_by_role("alert")
        alert.get_by_text("ZeroDivisionError: division by zero").wait_for()
        notebook.page.keyboard.press("ArrowRight")
        alert.get_by_text("ZeroDivisionError").wait_for(state="detached")
        explorer.settle()


def test_lines_are_judged_as_they_are_typed(tmp_path, chromium):
    path = tmp_path / "root" / "derive.ipynb"
    path.parent.mkdir()
    in_browser.write_notebook(path, ["import bgd_helpers as bgd, bgd_helpers.pictures", "%%derive E5"])
    with in_browser.server(tmp_path) as serving, opened(chromium, serving, path.name) as notebook:
        page, cell = notebook.page, notebook.page.locator(".jp-CodeCell").nth(1)

        notebook.client.kernel_info()
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Enter")  # the second cell, while the first runs
        page.keyboard.press("End")
        page.get_by_text("[1]:", exact=True).wait_for()
        notebook.ask("bgd.pictures.live.live.cache_info().currsize")  # the cell has ended
        written = "%%derive E5" + in_browser.type_derivation(page)
        cell.get_by_text("✓ right").wait_for()
        assert cell.get_by_role("status").text_content().endswith("Every step holds, and the derivation arrives.")
        assert in_browser.inaccessible(page, ".bgd-live") == []
        assert saved(page, path) == (written, [])
        in_browser.shows(page, [], page.keyboard.press, "Control+Enter")
        cell.locator(".jp-OutputArea table").wait_for()
        assert saved(page, path) == (written, [["text/html", "text/plain"]])
        page.keyboard.press("Enter")
        page.keyboard.press("Control+End")
        in_browser.shows(page, in_browser.TYPED[-1][1], page.keyboard.type, " ")
        page.evaluate("void jupyterapp.commands.execute('kernelmenu:restart')")
        in_browser.shows(page, [], page.get_by_role("button", name="Confirm Kernel Restart").click)
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")


def saved(page, path):
    """What the second cell has in the file, which has no widget: its source, and the kinds of its outputs."""
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    assert "widget" not in path.read_text(encoding="utf-8")
    cell = nbformat.read(path, as_version=4).cells[1]
    return cell.source, [sorted(output["data"]) for output in cell.outputs]
