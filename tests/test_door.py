"""The door, `import bgd_helpers as bgd`: what `bgd.` and Tab offers."""

import inspect
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


def functions_of(name):
    """The functions, by name, that a name of the door is, or that the module of this name defines."""
    given = getattr(bgd, name)
    inside, room = (vars(given), given.__name__) if inspect.ismodule(given) else ({name: given}, "bgd_helpers")
    public = {name: inspect.unwrap(value) for name, value in inside.items() if callable(value) and name[0] != "_"}
    return {name: f for name, f in public.items() if inspect.isfunction(f) and f.__module__.startswith(room)}


def is_annotated(function):
    """Whether every parameter has an annotation, and what is returned."""
    signature = inspect.signature(function)
    annotations = [parameter.annotation for parameter in signature.parameters.values()]
    return inspect.Signature.empty not in (*annotations, signature.return_annotation)


@pytest.mark.parametrize("name", dir(bgd))
def test_the_types_of_a_function_are_written_down(name):
    functions = functions_of(name)
    assert functions or inspect.ismodule(getattr(bgd, name))
    assert [name for name, function in functions.items() if not is_annotated(function)] == []


def test_a_function_without_types_is_noticed():
    def half(theta: list, eta) -> list: ...

    def nothing_of_the_result(theta: list): ...

    assert not is_annotated(half) and not is_annotated(nothing_of_the_result)
    assert is_annotated(bgd.descend) and {"load_digits", "split"} <= set(functions_of("data"))


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
