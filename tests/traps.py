"""Files and variables that would run code of their maker's, if whoever grades looked at them."""

import os
import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

NAMES = sorted({*sys.stdlib_module_names, *metadata.packages_distributions(), "sitecustomize", "usercustomize"})
OBEYED_AT_START = {"PYTHONWARNINGS", "COVERAGE_PROCESS_START"}  # by the Python that runs the script `bgd`
SETTINGS = {
    "conftest.py": "import trap",
    "pytest.ini": "[pytest]\naddopts = -p trap -x\npythonpath = .\n",
    "tox.ini": "[pytest]\naddopts = -p trap -x\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p trap -x\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p trap -x"\n',
    "trap.pth": "import trap\n",
    "matplotlibrc": "backend: module://trap\ntext.usetex: True\n",
    "jupyter_config.py": "import trap",
    "jupyter_server_config.py": "import trap",
    "nbgrader_config.py": "import trap",
    "ipython_config.py": "import trap",
    "ipython_kernel_config.py": "import trap",
    "profile_default/startup/00.py": "import trap",
    "dask.yaml": "distributed:\n  worker:\n    preload: [trap]\n  client:\n    preload: [trap]\n",
}
PROGRAMS = ("bwrap", "true", "ldconfig", "ld", "gcc", "cc", "python", "python3", "git", "xdg-settings", "fc-list")


def lay(folder, mark, but=()):
    """Lay every trap in a folder: what runs of them says so in the file `mark`."""
    said = f"import os, sys\nos.write(os.open({str(mark)!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND), b'%s\\n')\n"
    for name in {*NAMES, "trap"} - set(but):
        write(folder / f"{name}.py", said % name)
    for name, text in SETTINGS.items():
        write(folder / name, said % name if text == "import trap" and name.endswith(".py") else text)
    for name in PROGRAMS:
        write(folder / name, f"#!/bin/sh\necho {name} >> '{mark}'\nexit 0\n").chmod(0o755)
    for package in {"nbval", "bgd_helpers", "bgd_course", "pytest"} - set(but):
        write(folder / package / "__init__.py", said % package)
    return folder


def home(folder, mark):
    """A home that is a trap in every place where something looks."""
    version = "python{}.{}".format(*sys.version_info)
    places = [".", f".local/lib/{version}/site-packages", ".config/matplotlib", ".ipython", ".jupyter", ".config/dask"]
    for place in places:
        lay(folder / place, mark)
    return folder


def variables(folder, at_home):
    """An environment that leads into traps: those in `folder`, and those of a home."""
    trap = "trap"
    return os.environ | {
        "HOME": str(at_home),
        "XDG_CONFIG_HOME": str(at_home / ".config"),
        "PATH": f".{os.pathsep}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "PYTHONSTARTUP": str(folder / "trap.py"),
        "PYTHONUSERBASE": str(at_home / ".local"),
        "PYTHONWARNINGS": "ignore::trap.Warning",
        "PYTEST_ADDOPTS": "-x -p trap -n 2",
        "PYTEST_PLUGINS": trap,
        "MATPLOTLIBRC": str(folder),
        "MPLCONFIGDIR": str(at_home / ".config" / "matplotlib"),
        "MPLBACKEND": "module://trap",
        "IPYTHONDIR": str(at_home / ".ipython"),
        "JUPYTER_CONFIG_DIR": str(at_home / ".jupyter"),
        "JUPYTER_CONFIG_PATH": str(folder),
        "COVERAGE_PROCESS_START": str(folder / "setup.cfg"),
        "DASK_CONFIG": str(folder / "dask.yaml"),
    }


def at_start():
    """What Python and its scripts import before anything of ours, and what an environment has it import (*.pth)."""
    code = "import re, sys, traceback\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    links = "".join(path.read_text() for path in Path(sysconfig.get_path("purelib")).glob("*.pth"))
    named = re.findall(r"import(?:__\(')? ?(\w+)", links)
    named += [name for name in sys.stdlib_module_names if find_spec(name) is None]  # of other systems: tried first
    return {
        "sitecustomize",
        "usercustomize",
        "bgd_helpers",
        "bgd_course",
        *named,
        *(name.split(".")[0] for name in loaded.split()),
    }


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Path(path)


def sprung(mark):
    """Which traps ran."""
    return sorted(set(mark.read_text().split())) if mark.exists() else []
