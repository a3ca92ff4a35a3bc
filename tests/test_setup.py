"""One list of dependencies in three files, and the Makefile as someone on a bare machine meets it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
CONDA_NAMES = {"matplotlib-base": "matplotlib"}
PLATFORMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "mac": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
CONDA_LINE = re.compile(r"[a-z0-9-]+ ((>=|<=|==|!=|<|>)\d+(\.\d+)*)(,(>=|<=|==|!=|<|>)\d+(\.\d+)*)*")


def project():
    """The table `project` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def specifiers(requirements):
    """Name to versions admitted, from lines such as `numpy >=2,<3`."""
    return {canonicalize_name(line.name): line.specifier for line in map(Requirement, requirements)}


def wanted():
    """What pyproject.toml asks for, with the group `test`."""
    return specifiers([*project()["dependencies"], *project()["optional-dependencies"]["test"]])


def conda():
    """The lines of environment.yml: those for conda, and the last, for pip."""
    *lines, last = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    return lines, last


def conda_packages():
    """The lines of environment.yml but for Python and pip."""
    return [line for line in conda()[0] if line != "pip" and not line.startswith("python=")]


def pinned():
    """The lines of requirements.lock without their hashes, as requirements."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return [Requirement(line.rstrip(" \\")) for line in lines if line and line[0] not in " #"]


def versions(platform, python):
    """Name to the versions that the lock pins on one platform."""
    environment = {**default_environment(), **PLATFORMS[platform], "platform_python_implementation": "CPython"}
    environment |= {"python_version": python, "python_full_version": f"{python}.9"}
    found = {}
    for line in pinned():
        if line.marker is None or line.marker.evaluate(environment):
            found.setdefault(canonicalize_name(line.name), []).append(str(line.specifier))
    return found


def test_conda_and_pip_ask_for_the_same():
    from_conda = {CONDA_NAMES.get(name, name): spec for name, spec in specifiers(conda_packages()).items()}
    assert from_conda == wanted()


def test_each_conda_line_means_the_same_to_conda_as_to_pip():
    assert [line for line in conda_packages() if not CONDA_LINE.fullmatch(line)] == []


def test_conda_installs_the_package_itself_on_a_python_that_it_supports():
    lines, last = conda()
    python = next(line for line in lines if line.startswith("python="))
    assert re.fullmatch(r"python=3\.\d+", python)
    assert SpecifierSet(project()["requires-python"]).contains(python.removeprefix("python="))
    assert last == {"pip": ["-e .[grade,cluster]"]}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_pins_one_admitted_version_of_each(platform, python):
    locked = versions(platform, python)
    assert {name: pins for name, pins in locked.items() if len(pins) != 1} == {}
    for name, spec in wanted().items():
        assert spec.contains(locked[name][0].removeprefix("==")), name


def test_the_lock_knows_what_only_one_platform_needs():
    assert {"colorama", "pywinpty"} <= versions("windows", "3.12").keys() - versions("linux", "3.12").keys()
    assert "appnope" in versions("mac", "3.12").keys() - versions("linux", "3.12").keys()


def test_every_pin_has_a_hash():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for pin in re.split(r"\n(?=[a-z])", text)[1:]:
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", pin), pin.splitlines()[0]
    assert all(len(line.specifier) == 1 and str(line.specifier).startswith("==") for line in pinned())


def test_the_lock_names_no_host_and_no_path():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|(?m:^ *-(-index|-extra|-find|e|f|i)\b)|[/@]", text)


def test_the_build_backend_is_locked_within_its_range():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert specifiers(build).items() <= wanted().items()


NO_MAKE = shutil.which("make") is None or os.name == "nt"
needs_make = pytest.mark.skipif(NO_MAKE, reason="what the Makefile does. apt install make")


@pytest.fixture
def clone(tmp_path):
    """A folder with the files of the set-up and nothing else."""
    folder = tmp_path / "Ada's cours é"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder, *arguments, **environment):
    """The finished process of make in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PIP_"))}
    kept = {name: value for name, value in kept.items() if name not in ("PYTHON", "NEWEST")}
    return subprocess.run(["make", *arguments], cwd=folder, env={**kept, **environment}, capture_output=True, text=True)


def python_that(folder, code):
    """A Python in `folder` that runs `code` before anything else."""
    path = folder / "python-x"
    path.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c 'import sys\n{code}\nexec(sys.argv[2])' \"$@\"\n")
    path.chmod(0o755)
    return f"PYTHON=./{path.name}"


@needs_make
def test_make_lists_its_targets(clone):
    done = make(clone)
    targets = [line.split()[1] for line in done.stdout.splitlines() if re.match(r"make [a-z]", line)]
    courses = ["help", "lab", "progress", "release", "grade"]
    assert targets == [*courses, "test", "test-all", "notebooks", "bench", "evidence", "lock", "clean"]
    assert done.stdout == make(clone, "help").stdout


@needs_make
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("sys.version_info = (3, 9, 2)", "Python 3.11 or newer is needed, and ./python-x is 3.9."),
        ("sys.version_info = (2, 7, 18)", "is 2.7. Choose another: make PYTHON=python3.12 lab"),
        ('sys.modules["ensurepip"] = None', "apt install python3-venv"),
    ],
)
def test_a_python_that_will_not_do(clone, code, message):
    done = make(clone, "lab", python_that(clone, code))
    complaint, made = done.stderr.splitlines()
    assert done.returncode != 0 and message in complaint and made.startswith("make: ***")
    assert not (clone / ".venv").exists()


@needs_make
def test_a_python_that_is_not_there(clone):
    done = make(clone, "test", "PYTHON=python9.9")
    assert done.returncode != 0 and "No python9.9 was found. Choose another: make PYTHON=" in done.stderr


@needs_make
@pytest.mark.slow
def test_without_network_nothing_is_taken_for_ready(clone):
    (clone / "python-x").write_text(f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
    (clone / "python-x").chmod(0o755)
    done = make(clone, "lab", "PYTHON=./python-x", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    assert done.returncode != 0 and "Without network?" in done.stderr.splitlines()[-2]
    assert not (clone / ".venv" / "ready").exists()


def ready(folder):
    """Make `folder` look as if the set-up were done."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "ready").write_text(f"{folder.resolve()}\n", encoding="utf-8")


@needs_make
def test_set_up_is_done_once_and_again_after_a_move_or_a_new_lock(clone):
    ready(clone)
    assert "Setting up" not in make(clone, "-n", "lab").stdout
    os.utime(clone / "requirements.lock", (2**32, 2**32))
    assert "Setting up" in make(clone, "-n", "lab").stdout
    os.utime(clone / "requirements.lock", (0, 0))
    assert "Setting up" not in make(clone, "-n", "lab").stdout
    moved = clone.rename(clone.with_name("moved"))
    assert "Setting up" in make(moved, "-n", "lab").stdout


@needs_make
def test_newest_has_an_environment_of_its_own_and_asks_each_time(clone):
    ready(clone)
    plan = make(clone, "-n", "test", "NEWEST=1").stdout
    assert "-m venv --clear .venv-newest\n" in plan and "--upgrade -e '.[test,cluster]'" in plan
    assert "requirements.lock" not in plan.replace("pyproject.toml requirements.lock", "")


@needs_make
def test_clean_leaves_what_a_person_made(clone):
    ready(clone)
    work = ["notebooks/mine.ipynb", "notebooks/.ipynb_checkpoints/mine-checkpoint.ipynb", "bgd_helpers/mine.py"]
    for name in [*work, "bgd_helpers/__pycache__/mine.pyc", ".pytest_cache/x"]:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("work")
    assert make(clone, "clean").returncode == 0
    left = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()}
    assert left == {*work, "Makefile", "pyproject.toml", "requirements.lock"}


def test_ci_calls_both_test_commands():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make test", "make test-all"] and "set -euo pipefail" in lines
