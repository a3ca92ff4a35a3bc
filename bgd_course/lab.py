"""Starting JupyterLab on a notebook."""

import os
import signal
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from subprocess import Popen

NO_NEWS = ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None"]


def wait_for(server: Popen) -> int:
    """The exit code of a process that deals with Ctrl-C itself, as JupyterLab does when it asks whether to stop.

    A request to end this process is passed on to it: it would go on alone.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        while True:
            try:
                return server.wait()
            except KeyboardInterrupt:
                pass
    finally:
        signal.signal(signal.SIGTERM, before)


def lab_command(root: Path, first: str, browser: bool, port: int | None = None) -> list[str]:
    """The command line of JupyterLab in the folder `root`, on its notebook `first`. It prints the address and little
    else."""
    command = [sys.executable, "-P", "-m", "jupyterlab", f"--ServerApp.root_dir={root}"]
    command += [f"--LabApp.default_url=/lab/tree/{first}", "--log-level=WARN", *NO_NEWS]
    command += [] if browser else ["--no-browser"]
    command += [f"--port={port}"] if port else []
    return command + (["--allow-root"] if is_root() else [])


def running_in(folder: Path) -> str | None:
    """The address of a Jupyter server that this user runs on the folder, None if there is none."""
    from jupyter_server.serverapp import list_running_servers

    for server in list_running_servers():
        if os.path.realpath(server.get("root_dir", "")) == os.path.realpath(folder):
            return f"{server['url']}lab?token={server.get('token', '')}"
    return None


def is_root() -> bool:
    """Whether this is root, as in most containers; JupyterLab then wants to be told that it is meant."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def can_open_browser(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a browser window can appear here."""
    if environment.get("BROWSER"):
        return True
    if platform not in ("win32", "darwin") and not (environment.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
