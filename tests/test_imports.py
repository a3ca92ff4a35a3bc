"""Which package imports which: the contracts in pyproject.toml, and what importing the package loads."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bench", "bgd_course", "bgd_helpers")
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
NAMES = {contract["id"]: contract["name"] for contract in SETTINGS["contracts"]}


def lint(folder):
    """The finished process of import-linter on the packages in a folder."""
    return subprocess.run([sys.executable, "-c", LINT], cwd=folder, capture_output=True, text=True)


def test_imports_follow_the_arrows():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_name_stands_in_two_rooms():
    files = [path for name in ("bgd_course", "bgd_helpers") for path in (ROOT / name).rglob("*.py")]
    count = Counter(path.name for path in files if not path.name.startswith("__"))
    assert count and not [name for name, times in count.items() if times > 1]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the packages, to be spoilt."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "datasets"))
    return folder


@pytest.mark.parametrize(
    ("contract", "path", "line"),
    [
        ("packages", "bgd_helpers/data.py", "from bgd_course import edition"),
        ("rooms", "bgd_helpers/slips/wrong.py", "def f():\n    from bgd_helpers import checks"),
        ("rooms", "bgd_helpers/network.py", "from bgd_helpers.descent import update"),
        ("rooms", "bgd_helpers/a_new_room.py", ""),
        ("circles", "bgd_helpers/slips/wrong.py", "from bgd_helpers.slips import catalogue"),
        ("mathematics", "bgd_helpers/network.py", "import matplotlib.pyplot"),
        ("equations", "bgd_helpers/checks/wording.py", "from bgd_helpers.pictures import picture"),
        ("widgets", "bgd_helpers/lessons/trials.py", "import ipywidgets"),
        ("tools", "bgd_helpers/checks/outcomes.py", "import pytest"),
    ],
)
def test_a_wrong_import_is_refused(copy, contract, path, line):
    before = (copy / path).read_text(encoding="utf-8") if (copy / path).exists() else None
    (copy / path).write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    done = lint(copy)
    if before is None:
        (copy / path).unlink()
    else:
        (copy / path).write_text(before, encoding="utf-8")
    assert done.returncode == 1 and f"{NAMES[contract]} BROKEN" in done.stdout, done.stdout + done.stderr


def test_the_map_of_the_rooms_is_that_of_the_code(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)  # bench is not installed
    found = arrows(grimp.build_graph(*PACKAGES, cache_dir=None))
    drawn = (
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("```mermaid\nflowchart TD\n")[1].split("```")[0]
    )
    expected = "".join(f"    {above} --> {below}\n" for above, below in sorted(found - implied(found)))
    assert drawn == expected, f"the map is now:\n{expected}"


def arrows(graph):
    """The pairs of rooms, one of which imports the other."""
    pairs = [
        (room(name), room(other)) for name in graph.modules for other in graph.find_modules_directly_imported_by(name)
    ]
    return {(one, other) for one, other in pairs if one and other and one != other}


def room(module):
    """The room of a module as the map names it; None for doors and for what was."""
    package, _, rest = module.partition(".")
    name = rest.partition(".")[0] if package != "bench" else package
    return name if name not in ("", "__main__", "evidence") else None


def implied(found):
    """The arrows that follow from others."""
    reached, size = set(found), 0
    while size < len(reached):
        size = len(reached)
        reached |= {(one, third) for one, other in reached for another, third in found if other == another}
    return {(one, third) for one, other in reached for another, third in found if other == another}


def test_arrows_that_follow_from_others_are_known():
    assert implied({("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")}) == {("a", "c"), ("b", "d"), ("a", "d")}


def test_imports_name_the_whole_way():
    sources = [path for name in (*PACKAGES, "tests") for path in (ROOT / name).rglob("*.py")]
    assert [path for path in sources if re.search(r"(?m)^\s*from \.", path.read_text(encoding="utf-8"))] == []


HEAVY = {"lark", "matplotlib", "ipywidgets", "IPython", "PIL", "nbformat", "pytest"}


@pytest.mark.parametrize(
    "modules",
    [
        "bgd_helpers",
        "bgd_helpers as bgd; bgd.descend, bgd.cost, bgd.linear_cost, bgd.races",
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
