"""How the grader starts a process: what decides which code it runs is fixed here, and nothing of it is in the reach of
a submission, of the folder one stands in, or of a home. docs/trust.md lists every such file and variable.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PASSED_ON = ("TMPDIR", "TZ")  # all that such a process inherits of the environment as it is


def started(module, folder, *words, **options):
    """A running Python that executes an installed module in `folder`, which is made and is its own; further words are
    the module's, further options those of `subprocess.Popen`."""
    folder.mkdir()
    for path in font_lists():
        shutil.copy(path, folder)
    command = [sys.executable, "-I", "-B", "-m", module, *words]
    return subprocess.Popen(command, cwd=folder, env=environment(folder), **options)


def environment(folder):
    """The environment of such a process, whose home is its folder."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    own = {"HOME": str(folder), "MPLCONFIGDIR": str(folder), "MPLBACKEND": "Agg", "LANG": "C.UTF-8"}
    return passed_on | own | {"PATH": safe_path()}


def safe_path():
    """The PATH of this process, without what means another folder wherever one stands."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(filter(os.path.isabs, folders)) or os.defpath


def font_lists():
    """The lists of this machine's fonts that Matplotlib keeps for this user: data, found without its settings."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("MPLCONFIGDIR") or Path(cache) / "matplotlib")
    found = sorted(folder.glob("fontlist-*.json")) if folder.is_absolute() else []  # never where one stands
    return [path for path in found if path.is_file()]
