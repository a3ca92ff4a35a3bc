"""The commands: lab, test, notebooks, bench."""

import argparse
import importlib.util
import os
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

import bgd_helpers

NO_NEWS = ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None"]
FIRST_NOTEBOOK = "notebooks/00-start-here.ipynb"
REPAIR = "install what is needed: python -m pip install -r requirements.lock (or run make, which does it)"


class UserError(Exception):
    """Something that the person at the keyboard can mend; the message says how."""


def main(arguments=None):
    """The exit code of one command line."""
    options = parser().parse_args(arguments)
    try:
        return options.run(options)
    except UserError as error:
        print(f"bgd_helpers {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def parser():
    """The command line, with a subcommand for each command."""
    top = argparse.ArgumentParser(prog="python -m bgd_helpers", description="The commands of the course.")
    top.add_argument("--version", action="version", version=bgd_helpers.__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    _add_lab(commands)
    _add_test(commands)
    _add_notebooks(commands)
    _add_bench(commands)
    return top


def _add(commands, name, run, text):
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    return command


def _add_lab(commands):
    command = _add(commands, "lab", lab, "open the first notebook in JupyterLab")
    command.add_argument("--no-browser", action="store_true", help="print the address only")
    command.add_argument("--port", type=int, help="the port to listen on (8888, or the next one free)")


def _add_test(commands):
    command = _add(commands, "test", test, "run every test: of the package, then of each notebook")
    command.add_argument("--quick", action="store_true", help="no slow tests, the first notebook only")
    command.add_argument("pytest", nargs="*", help="options for pytest, after --", metavar="-- option")


def _add_notebooks(commands):
    command = _add(commands, "notebooks", notebooks, "execute notebooks again and save them")
    command.add_argument("paths", nargs="*", type=Path, metavar="notebook", help="all of them if none is named")
    command.add_argument("--timeout", type=int, default=600, help="seconds a cell may take (%(default)s)")


def _add_bench(commands):
    command = _add(commands, "bench", bench, "compare the speed of the package with its peers")
    command.add_argument("--quick", action="store_true", help="fewer rounds, and fewer examples on the large net")


def checkout():
    """The folder of the course that this package belongs to."""
    root = Path(bgd_helpers.__file__).resolve().parent.parent
    if not (root / "notebooks").is_dir():
        raise UserError(
            f"no notebooks beside the package in {root}; in a clone of the course: python -m pip install -e ."
        )
    return root


def need(*modules):
    """Raise `UserError` unless every one of `modules` is installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(f"not installed: {', '.join(missing)}; {REPAIR}")


def warm_fonts():
    """Have Matplotlib list the fonts now: where that is slow, it says so in the first cell that draws."""
    import matplotlib.font_manager  # noqa: F401


def lab(options):
    """Run JupyterLab until it is stopped."""
    root = checkout()
    need("jupyterlab", "matplotlib")
    warm_fonts()
    browser = not options.no_browser and can_open_browser()
    print("Starting JupyterLab; Ctrl-C stops it.", flush=True)
    if not browser:
        print("No browser is opened from here: copy the last address below into one.", flush=True)
    with subprocess.Popen(lab_command(root, browser, options.port), cwd=root) as server:
        return wait_for(server)


def wait_for(server):
    """The exit code of a process that deals with Ctrl-C itself, as JupyterLab does when it asks whether to stop."""
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:
            pass


def lab_command(root, browser, port=None):
    """The command line of JupyterLab on the first notebook. It prints the address and little else."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root}"]
    command += [f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}", "--log-level=WARN", *NO_NEWS]
    command += [] if browser else ["--no-browser"]
    command += [f"--port={port}"] if port else []
    return command + (["--allow-root"] if is_root() else [])


def is_root():
    """Whether this is root, as in most containers; JupyterLab then wants to be told that it is meant."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def can_open_browser(environment=os.environ, platform=sys.platform):
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


def test(options):
    """Run the tests and print their summary."""
    root = checkout()
    need("pytest", "nbval", "ipykernel", "matplotlib")
    warm_fonts()
    from bgd_helpers import testrun

    os.chdir(root)
    return testrun.run(root, options.quick, options.pytest)


def notebooks(options):
    """Execute and save the notebooks that were named, or all; 1 if one of them failed."""
    paths = options.paths or sorted((checkout() / "notebooks").glob("*.ipynb"))
    if not paths:
        raise UserError("there is no notebook in notebooks/")
    for path in paths:
        if not path.is_file():
            raise UserError(f"there is no notebook {path}")
    need("nbclient", "nbformat", "ipykernel", "matplotlib")
    warm_fonts()
    width = max(len(path.name) for path in paths)
    failed = [path for path in paths if not _save(path, options.timeout, width)]
    return int(bool(failed))


def _save(path, timeout, width):
    """Whether the notebook at `path` was executed and saved; a line says so, its name padded to `width`."""
    from bgd_helpers import saving

    print(f"{path.name:{width}}", end="", flush=True)
    start = time.perf_counter()
    try:
        cells = saving.save_executed(path, timeout)
    except saving.CellFailed as error:
        print("  NOT SAVED", flush=True)
        print(f"{path.name}: {error}", file=sys.stderr)
        return False
    print(f"{cells:6} cells {time.perf_counter() - start:7.1f} s", flush=True)
    return True


def bench(options):
    """Run the benchmarks of the folder bench/."""
    root = checkout()
    if not (root / "bench" / "__main__.py").is_file():
        raise UserError(f"there is no bench/ in {root}")
    return subprocess.call([sys.executable, "-m", "bench", *(["--quick"] if options.quick else [])], cwd=root)
