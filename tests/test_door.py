"""The door, `import bgd_helpers as bgd`: what `bgd.` and Tab offers."""

import re
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

import bgd_helpers as bgd
from bgd_course.grading import course

ROOT = Path(__file__).parent.parent
NOTEBOOKS = [*sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "evidence" / "evidence.ipynb"]


@pytest.mark.parametrize("name", dir(bgd))
def test_a_name_is_loaded_and_says_what_it_is(name):
    first = (getattr(bgd, name).__doc__ or "").partition("\n")[0]
    assert first and "same picture" not in first


def test_tab_shows_the_vocabulary_and_nothing_else():
    assert {"check", "descend", "sgd_explorer"} <= set(dir(bgd))
    assert not {"sys", "former", "lazy_loader", "shadows", "checks"} & set(dir(bgd))
    with pytest.raises(AttributeError, match="descent_"):
        getattr(bgd, "descent_")  # noqa: B009


def used(path):
    """The names of the door in the code of a notebook."""
    cells = nbformat.read(path, as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    return {name for source in code for name in re.findall(r"(?<![\w.])bgd\.(\w+)", source)}


def test_the_vocabulary_is_what_the_notebooks_call():
    assert set(dir(bgd)) == set().union(*map(used, NOTEBOOKS))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_imports_nothing_else_of_the_course(path):
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    imports = re.findall(r"(?m)^\s*((?:from|import) +bgd_\S+.*)$", "\n".join(code))
    cluster = ["from bgd_helpers.scale import cluster"] if path.name.startswith("05") else []  # it says how to get it
    assert imports == ["import bgd_helpers as bgd", *cluster]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('bgd.check("loss", loss)', [("loss", "loss")]),
        ('check("loss", loss)', [("loss", "loss")]),
        ('bgd.check_derivation("E4", mine)', [("E4", "mine")]),
        ('check_derivation("E4", mine)', [("E4", "mine")]),
        ('other.check("loss", loss)', []),
        ('bgd.compare("loss", loss)', []),
        ('bgd.check("loss", loss)\n1', []),
    ],
)
def test_the_grader_knows_a_check_by_the_door_and_by_its_name(source, found):
    assert list(course.checked(source)) == found


def test_what_a_graded_kernel_imports_has_the_door_and_a_name_of_its_module():
    lines = course.imports_of(["import bgd_helpers as bgd\n\nnetwork = bgd.network\nx = network.y"])
    names = {}
    exec(lines, names)
    assert names["network"] is names["bgd"].network and "x" not in names


def test_the_stub_is_in_the_package():
    assert Path(find_spec("bgd_helpers").origin).with_suffix(".pyi").exists()
