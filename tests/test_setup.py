"""One list of dependencies in five files, and the Makefile as someone on a bare machine meets it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from shlex import quote

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
LOCKS = {  # each with the groups that it holds, beside what the course itself needs
    "requirements.lock": ["build"],
    "requirements-grade.lock": ["build", "grade"],
    "requirements-site.lock": ["build", "site"],
    "requirements-dev.lock": ["build", "grade", "test", "browser", "cluster", "site"],
}
each_lock = pytest.mark.parametrize("lock", LOCKS)
each_python = pytest.mark.parametrize("python", PYTHONS)
each_platform = pytest.mark.parametrize("platform", PLATFORMS)
CONDA_LINE = re.compile(r"[a-z0-9-]+ ((>=|<=|==|!=|<|>)\d+(\.\d+)*)(,(>=|<=|==|!=|<|>)\d+(\.\d+)*)*")


def project():
    """The table `project` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def specifiers(requirements):
    """Name to versions admitted, of requirements."""
    return {canonicalize_name(line.name): line.specifier for line in requirements}


def wanted(*groups):
    """What pyproject.toml asks for, with these groups, as requirements."""
    optional = project()["optional-dependencies"]
    return list(map(Requirement, [*project()["dependencies"], *(line for group in groups for line in optional[group])]))


def conda():
    """The lines of environment.yml: those for conda, and the last, for pip."""
    *lines, last = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    return lines, last


def conda_packages():
    """The lines of environment.yml but for Python."""
    return [line for line in conda()[0] if not line.startswith("python=")]


def text_of(lock):
    return (ROOT / lock).read_text(encoding="utf-8")


@cache
def pinned(lock):
    """The lines of a lock without their hashes, as requirements."""
    return [Requirement(line.rstrip(" \\")) for line in text_of(lock).splitlines() if line and line[0] not in " #"]


def environment(platform, python):
    """The values of a requirement's marker on one platform."""
    values = {**default_environment(), **PLATFORMS[platform], "platform_python_implementation": "CPython"}
    return values | {"python_version": python, "python_full_version": f"{python}.9"}


def for_one(requirements, platform, python):
    """Those of the requirements that hold on one platform."""
    values = environment(platform, python)
    return [line for line in requirements if line.marker is None or line.marker.evaluate(values)]


def versions(lock, platform, python):
    """Name to the versions that a lock pins on one platform."""
    found = {}
    for line in for_one(pinned(lock), platform, python):
        found.setdefault(canonicalize_name(line.name), []).append(str(line.specifier).removeprefix("=="))
    return found


def test_conda_and_pip_ask_for_the_same():
    named = specifiers(map(Requirement, conda_packages()))
    from_conda = {CONDA_NAMES.get(name, name): spec for name, spec in named.items()}
    assert from_conda == specifiers(wanted("build", "test"))


def test_each_conda_line_means_the_same_to_conda_as_to_pip():
    assert [line for line in conda_packages() if not CONDA_LINE.fullmatch(line)] == []


def test_conda_installs_the_package_itself_on_a_python_that_it_supports():
    lines, last = conda()
    python = next(line for line in lines if line.startswith("python="))
    assert re.fullmatch(r"python=3\.\d+", python)
    assert SpecifierSet(project()["requires-python"]).contains(python.removeprefix("python="))
    assert last == {"pip": ["-e .[grade,cluster]"]}


@each_python
@each_platform
@each_lock
def test_a_lock_pins_one_admitted_version_of_each(lock, platform, python):
    locked = versions(lock, platform, python)
    assert {name: pins for name, pins in locked.items() if len(pins) != 1} == {}
    for line in for_one(wanted(*LOCKS[lock]), platform, python):
        assert line.specifier.contains(locked[canonicalize_name(line.name)][0], prereleases=True), line


@each_python
@each_platform
def test_what_a_lock_adds_to_a_smaller_one_leaves_its_versions_alone(platform, python):
    found = {lock: versions(lock, platform, python).items() for lock in LOCKS}
    small, grade, site, large = ({(name, *pins) for name, pins in items} for items in found.values())
    assert small < grade < large and small < site < large


def test_a_learner_gets_none_of_the_tools():
    tools = {
        "pytest",
        "nbval",
        "nbgrader",
        "hypothesis",
        "ruff",
        "mypy",
        "import-linter",
        "playwright",
        "notebook",
        "sphinx",
    }
    locked = {lock: {canonicalize_name(line.name) for line in pinned(lock)} for lock in LOCKS}
    assert tools | {"dask", "pyseccomp", "landlock"} <= locked["requirements-dev.lock"]
    assert locked["requirements-grade.lock"] & (tools | {"dask"}) == {"pytest", "nbval"}
    assert locked["requirements.lock"].isdisjoint(tools | {"dask", "pyseccomp", "landlock"})


def test_a_lock_knows_what_only_one_platform_needs():
    windows, linux, mac = (versions("requirements.lock", name, "3.12").keys() for name in ("windows", "linux", "mac"))
    assert {"colorama", "pywinpty"} <= windows - linux and "appnope" in mac - linux


@each_lock
def test_every_pin_has_a_hash(lock):
    for pin in re.split(r"\n(?=[a-z])", text_of(lock))[1:]:
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", pin), pin.splitlines()[0]
    assert all(len(line.specifier) == 1 and str(line.specifier).startswith("==") for line in pinned(lock))


@each_lock
def test_a_lock_names_no_host_and_no_path(lock):
    assert not re.search(r"://|(?m:^ *-(-index|-extra|-find|e|f|i|c|r)\b)|[/@]", text_of(lock))


def test_the_build_backend_is_locked_within_its_range():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert specifiers(map(Requirement, build)).items() <= specifiers(wanted("build")).items()


def test_groups_that_name_the_same_package_ask_for_the_same():
    asked = {}
    for group in ("build", "test", "browser", "grade", "cluster", "site"):
        for line in wanted(group):
            asked.setdefault(canonicalize_name(line.name), set()).add(str(line.specifier))
    assert {name: bounds for name, bounds in asked.items() if len(bounds) > 1} == {}


def test_all_groups_that_are_locked_are_those_of_a_developer():
    [dev] = map(Requirement, project()["optional-dependencies"]["dev"])
    assert dev.name == project()["name"] and dev.extras | {"build"} == set(LOCKS["requirements-dev.lock"])


def test_who_has_no_dask_is_told_the_versions_that_pyproject_admits():
    [dask] = project()["optional-dependencies"]["cluster"]
    assert f'pip install "{dask}"' in (ROOT / "bgd_helpers" / "scale" / "cluster.py").read_text(encoding="utf-8")


OURS = quote(sys.executable)
NO_MAKE = shutil.which("make") is None or os.name == "nt"
needs_make = pytest.mark.skipif(NO_MAKE, reason="what the Makefile does. apt install make")


SET_UP = ("Makefile", "setup.mk", "pyproject.toml", *LOCKS)


@pytest.fixture
def clone(tmp_path):
    """A folder with the files of the set-up and nothing else."""
    folder = tmp_path / "Ada's cours é"
    folder.mkdir()
    for name in SET_UP:
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder, *arguments, **environment):
    """The finished process of make in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PIP_"))}
    kept = {name: value for name, value in kept.items() if name not in ("PYTHON", "NEWEST")}
    arguments = ["make", *map(str, arguments)]
    return subprocess.run(arguments, cwd=folder, env={**kept, **environment}, capture_output=True, text=True)


def python_that(folder, code):
    """A Python in `folder` that runs `code` before anything else."""
    path = folder / "python-x"
    path.write_text(f"#!/bin/sh\nexec {OURS} -c 'import sys\n{code}\nexec(sys.argv[-1])' \"$@\"\n")
    path.chmod(0o755)
    return f"PYTHON=./{path.name}"


@needs_make
def test_make_lists_its_targets(clone):
    done = make(clone)
    targets = [line.split()[1] for line in done.stdout.splitlines() if re.match(r"make [a-z]", line)]
    courses = ["help", "lab", "progress", "release", "grade", "site"]
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
    done = make(clone, "lab", "UV=", python_that(clone, code))
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
    (clone / "python-x").write_text(RUNS_OURS)
    (clone / "python-x").chmod(0o755)
    done = make(clone, "lab", "UV=", "PYTHON=./python-x", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    assert done.returncode != 0 and "Without network?" in done.stderr.splitlines()[-2]
    assert not (clone / ".venv" / "ready").exists()


RUNS_OURS = f'#!/bin/sh\nexec {OURS} "$@"\n'
UV = """#!/bin/sh
case "$1" in
    --version) echo uv; exit;;
    venv) for folder; do :; done; mkdir -p "$folder/bin"; cp {ours} "$folder/bin/python";;
    pip) [ -z "$UV_FAILS" ];;
esac && echo "$*" >> {log}
"""


@pytest.fixture
def uv(tmp_path):
    """A function that runs make beside a uv that installs nothing, and gives the finished process and what uv did."""
    (tmp_path / "bin").mkdir()
    log, ours = tmp_path / "log", tmp_path / "python"
    for path, text in (
        (ours, RUNS_OURS),
        (tmp_path / "bin" / "uv", UV.format(ours=quote(str(ours)), log=quote(str(log)))),
    ):
        path.write_text(text)
        path.chmod(0o755)

    def run(folder, *arguments, **environment):
        log.write_text("")
        environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = make(folder, *arguments, **environment)
        return done, [words.split()[-1] for words in log.read_text().splitlines()]

    return run


FROM_NOTHING = [".venv", "requirements.lock", "."]  # the last words of what uv is told


@needs_make
def test_the_tests_complete_what_a_learner_has(clone, uv):
    assert uv(clone, ".venv/ready")[1] == FROM_NOTHING
    assert uv(clone, ".venv/ready-dev")[1] == ["requirements-dev.lock"]
    assert uv(clone, ".venv/ready-grade")[1] == ["requirements-grade.lock"]
    done, did = uv(clone, ".venv/ready", ".venv/ready-grade", ".venv/ready-dev")
    assert did == [] and done.returncode == 0 and "Setting up" not in done.stdout
    os.utime(clone / "requirements-dev.lock", (2**32, 2**32))
    assert uv(clone, ".venv/ready-dev")[1] == ["requirements-dev.lock"]


@needs_make
def test_set_up_is_done_again_for_a_new_lock_after_a_move_and_without_its_python(clone, uv):
    uv(clone, ".venv/ready-dev")
    os.utime(clone / "requirements.lock", (2**32, 2**32))
    assert uv(clone, ".venv/ready-dev")[1] == [*FROM_NOTHING, "requirements-dev.lock"]
    os.utime(clone / "requirements.lock", (0, 0))
    assert uv(clone, ".venv/ready-dev")[1] == []
    moved = clone.rename(clone.with_name("moved"))
    assert uv(moved, ".venv/ready-dev")[1] == [*FROM_NOTHING, "requirements-dev.lock"]
    python = moved / ".venv" / "bin" / "python"
    python.unlink()
    assert uv(moved, ".venv/ready-dev")[1] == [*FROM_NOTHING, "requirements-dev.lock"]
    python.write_text("#!/bin/sh\nexit 1\n")  # it is there, and its packages are those of another version
    assert uv(moved, ".venv/ready")[1] == FROM_NOTHING


@needs_make
def test_uv_needs_no_module_venv_and_says_why_it_failed(clone, uv):
    bare = python_that(clone, 'sys.modules["ensurepip"] = None')
    assert uv(clone, ".venv/ready", bare)[0].returncode == 0
    done, _ = uv(clone, ".venv/ready-dev", bare, UV_FAILS="1")
    assert "uv says why above" in done.stderr and "make UV= .venv/ready-dev" in done.stderr
    assert done.returncode != 0 and not (clone / ".venv" / "ready-dev").exists()


@needs_make
def test_each_target_asks_for_what_it_needs(clone):
    asked = {"lab": set(), "progress": set(), "release": set(), "evidence": set(), "grade": {"grade"}}
    asked |= dict.fromkeys(["test", "test-all", "notebooks", "bench"], {"dev"})
    for target, more in asked.items():
        plan = make(clone, "-n", target).stdout
        assert set(re.findall(r"-r requirements(-\w+)?\.lock", plan)) == {""} | {f"-{one}" for one in more}


@needs_make
def test_newest_has_an_environment_of_its_own_and_asks_each_time(clone, uv):
    did = [".venv-newest", ".[build]", ".[dev]"]
    assert uv(clone, ".venv-newest/ready-dev", "NEWEST=1")[1] == did
    assert uv(clone, ".venv-newest/ready-dev", "NEWEST=1")[1] == did


@needs_make
def test_clean_leaves_what_a_person_made(clone):
    (clone / ".venv").mkdir()
    work = ["notebooks/mine.ipynb", "notebooks/.ipynb_checkpoints/mine-checkpoint.ipynb", "bgd_helpers/mine.py"]
    for name in [*work, "bgd_helpers/__pycache__/mine.pyc", "bgd_course/__pycache__/mine.pyc", ".pytest_cache/x"]:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("work")
    assert make(clone, "clean").returncode == 0
    left = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()}
    assert left == {*work, *SET_UP}


def test_ci_calls_both_test_commands():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make test", "make test-all"] and "set -euo pipefail" in lines
