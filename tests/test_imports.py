"""The rooms of the package and the one direction of imports between them."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import bgd_helpers

PACKAGE = Path(bgd_helpers.__file__).parent

BASE = {"data", "network", "descent", "theory"}
CHECKS = BASE | {"gradcheck", "slips"}
DRAWN = CHECKS | {"figures", "handout", "experiments", "museum"}

# room: (the rooms that it may import, the packages beyond NumPy and the standard library)
ROOMS = {
    "data": (set(), set()),
    "network": (set(), set()),
    "descent": (set(), set()),
    "theory": (set(), set()),
    "shards": (set(), set()),
    "cluster": ({"descent", "shards"}, {"dask", "distributed"}),
    "gradcheck": (BASE, set()),
    "slips": (BASE, set()),
    "handout": (CHECKS, set()),
    "experiments": (CHECKS, set()),
    "museum": (CHECKS | {"handout", "figures"}, set()),
    "figures": (BASE - {"network"}, {"matplotlib", "contourpy", "PIL", "IPython"}),
    "explorers": (DRAWN, {"matplotlib", "PIL", "IPython", "ipywidgets"}),
    "lessons": (CHECKS | {"experiments"}, set()),
    "evidence": ({"lessons", "figures"}, set()),
    "equations": (CHECKS, {"lark"}),
    "exercises": (DRAWN | {"equations", "explorers"}, {"IPython"}),
    "grading": (
        {"network", "exercises", "saving"},
        {"IPython", "ipykernel", "jupyter_client", "landlock", "matplotlib", "nbformat", "nbval", "pyseccomp", "pytest"}
        | {"zmq", "rich"},
    ),
    "environment": (set(), {"packaging"}),
    "nodelay": (set(), {"jupyter_server"}),
    "saving": (set(), {"nbformat", "nbclient"}),
    "cellids": (set(), set()),
    "testrun": (set(), {"pytest"}),
    "edition": ({"saving"}, {"nbformat"}),
    "release": ({"edition", "saving"}, {"nbformat"}),
    "lab": (set(), {"jupyter_server"}),
    "cli": (
        {"cluster", "edition", "grading", "lab", "release", "saving", "testrun"},
        {"matplotlib", "click", "rich"},
    ),
    "__main__": ({"cli"}, set()),
    "__init__": (set(), set()),
}


def room_of(path, package=PACKAGE):
    """The room that a source file belongs to: its own name, or that of its folder."""
    return Path(path).relative_to(package).with_suffix("").parts[0]


def imports(source, folder=()):
    """The dotted names that `source` imports, wherever in it; `folder` is where it lies in the package."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(node, folder)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def absolute(node, folder):
    """The module that a `from … import` names, with leading dots resolved."""
    if not node.level:
        return node.module
    base = ("bgd_helpers", *folder)[: len(folder) + 2 - node.level]
    return ".".join([*base, *([node.module] if node.module else [])])


def wrong_imports(room, source, folder=()):
    """The imports in `source` that its room may not have."""
    rooms, packages = ROOMS[room]
    allowed = packages | {"numpy"} | sys.stdlib_module_names
    for name in imports(source, folder):
        top, _, rest = name.partition(".")
        if top != "bgd_helpers":
            fits = top in allowed
        else:
            target = rest.split(".")[0]
            fits = target == room or target in rooms or target not in ROOMS and is_value(target)
        if not fits:
            yield name


def is_value(name):
    """Whether `bgd_helpers.name` is a value of the package itself, such as its version, and not a module."""
    return name in {"", "__version__", "__file__"}


SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_follow_the_arrows(path):
    room = room_of(path)
    assert room in ROOMS, f"{room} is new: give it its place among the rooms of tests/test_imports.py"
    folder = path.relative_to(PACKAGE).parent.parts
    assert list(wrong_imports(room, path.read_text(encoding="utf-8"), folder)) == []


def test_the_arrows_have_no_circle():
    for room in ROOMS:
        assert room not in reachable(room), f"{room} reaches itself"


def test_no_module_reaches_itself():
    TopologicalSorter(arrows_between_modules()).prepare()


def test_a_circle_of_modules_is_noticed():
    arrows = arrows_between_modules()
    arrows["bgd_helpers.slips.wrong"].add("bgd_helpers.slips")
    with pytest.raises(CycleError):
        TopologicalSorter(arrows).prepare()


def arrows_between_modules():
    """For each module of the package, those that it imports."""
    return {module_of(path): modules_imported(path) for path in SOURCES}


def module_of(path):
    """The dotted name of a source file; that of its folder for an __init__."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_imported(path):
    """The modules of the package that a source file imports, without those that only hold a value."""
    modules = {module_of(source) for source in SOURCES}
    names = imports(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).parent.parts)
    return {name if name in modules else name.rpartition(".")[0] for name in names} & modules


def reachable(room):
    """The rooms that can be reached from `room` along the arrows."""
    found, front = set(), set(ROOMS[room][0])
    while front:
        found |= front
        front = set().union(*(ROOMS[name][0] for name in front)) - found
    return found


@pytest.mark.parametrize(
    ("room", "source", "folder", "wrong"),
    [
        ("network", "import numpy as np, math", (), []),
        ("network", "def f():\n    import matplotlib.pyplot", (), ["matplotlib.pyplot"]),
        ("network", "from bgd_helpers import descent", (), ["bgd_helpers.descent"]),
        ("network", "from . import descent", (), ["bgd_helpers.descent"]),
        ("network", "from .descent import update", (), ["bgd_helpers.descent.update"]),
        ("figures", "from bgd_helpers.network import forward", (), ["bgd_helpers.network.forward"]),
        ("figures", "from ..network import forward", ("figures",), ["bgd_helpers.network.forward"]),
        ("figures", "from .picture import Picture", ("figures",), []),
        ("figures", "import ipywidgets", (), ["ipywidgets"]),
        ("explorers", "import ipywidgets\nfrom bgd_helpers import figures, network", (), []),
        ("exercises", "import ipywidgets", (), ["ipywidgets"]),
        ("slips", "from bgd_helpers import exercises", (), ["bgd_helpers.exercises"]),
        ("slips", "from bgd_helpers import unheard_of", (), ["bgd_helpers.unheard_of"]),
        ("saving", "from bgd_helpers import __version__", (), []),
    ],
)
def test_a_wrong_import_is_noticed(room, source, folder, wrong):
    assert list(wrong_imports(room, source, folder)) == wrong


HEAVY = {"lark", "matplotlib", "ipywidgets", "IPython", "PIL", "nbformat", "pytest"}


@pytest.mark.parametrize(
    "modules",
    [
        "bgd_helpers",
        "bgd_helpers.data, bgd_helpers.network, bgd_helpers.slips",
        "bgd_helpers.equations",
        "bgd_helpers.lessons.limits, bgd_helpers.lessons.races, bgd_helpers.lessons.sampling",
    ],
)
def test_importing_the_package_loads_nothing_heavy(modules):
    assert loaded_by(f"import {modules}") & HEAVY == set()


def test_loaded_by_sees_what_is_loaded():
    assert "matplotlib" in loaded_by("import matplotlib")


def loaded_by(statement):
    """The top-level modules that a fresh Python has loaded after `statement`."""
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
