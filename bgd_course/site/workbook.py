"""The workbook: the learner's edition in JupyterLite, with a page in front of it that loads, delivers and saves.

The notebooks are no files of JupyterLite's server: the page in front puts them into the browser's storage, as
`make lab` puts them into a folder, and merges when the course has changed.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat

import bgd_helpers
from bgd_course import edition
from bgd_course.merging import is_answer
from bgd_course.site import pyodide

PAGES = Path(__file__).with_name("pages")
ASSETS = ("start.js", "storage.js", "zip.js", "merge.js", "frame.js", "python.js", "early.js", "workbook.css")
APP = "notebooks"  # JupyterLab's own layout leaves a notebook 22 pixels on a phone
HEAD = '<head>\n    <link rel="icon" href="../static/favicons/favicon.ico"><script src="../frame.js"></script>'
KERNEL = "@jupyterlite/pyodide-kernel-extension"
SHARED = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
EXTENSIONS = {  # no others, whatever is installed here
    "ignore_sys_prefix": ["federated_extensions"],
    "federated_extensions": [
        str(SHARED / name) for name in ("@jupyter-widgets/jupyterlab-manager", KERNEL, "anywidget")
    ],
}
WORKER = {  # what JupyterLite's service worker does, and what it should: the page in front knows when a cache is old
    "e.waitUntil(refetch(t))": "0",  # loading again, at each visit, what is in the cache
    "t.match(e)": "t.match(e,{ignoreSearch:true})",  # a page is the same for each notebook in its address
}
OVERRIDES = {
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},  # light or dark, as the system is
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 10},
    "@jupyterlab/notebook-extension:tracker": {"codeCellConfig": {"lineNumbers": False, "lineWrap": True}},  # phones
}


def write(root: Path, folder: Path, offline: Path | None) -> None:
    """Write the workbook of the course at `root` into `folder`, which is not there yet. Raises pyodide.Missing."""
    with tempfile.TemporaryDirectory() as made:
        site = Path(made) / "site"
        python = pyodide.write(root, Path(made) / "pyodide", offline)
        _build(Path(made), site, python["packages"], offline)
        shutil.copytree(Path(made) / "pyodide", site / "static" / "pyodide")
        _write_front(root, site, python)
        shutil.copytree(site, folder)


def _build(made, site, packages, offline):
    """JupyterLite without a notebook."""
    kernel = {"pyodideUrl": "./python.js", "disablePyPIFallback": bool(offline)}
    kernel["loadPyodideOptions"] = {"packages": packages}  # else it would look for its own at PyPI
    data = {"appName": "Workbook", "exposeAppInBrowser": True, "enableServiceWorkerCache": True}
    data["litePluginSettings"] = {f"{KERNEL}:kernel": kernel}
    data["disabledExtensions"] = ["@jupyter-notebook/notebook-extension:trusted"]  # it tells a learner nothing
    (made / "jupyter-lite.json").write_text(json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": data}))
    (made / "overrides.json").write_text(json.dumps(OVERRIDES))
    command = [sys.executable, "-I", "-m", "jupyterlite_core", "build", f"--lite-dir={made}", f"--output-dir={site}"]
    (made / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": EXTENSIONS}))
    options = ["--apps", APP, "--apps", "tree", "--no-sourcemaps", "--no-unused-shared-packages"]
    done = subprocess.run([*command, *options], cwd=made, capture_output=True, text=True)
    if done.returncode:
        raise pyodide.Missing(f"JupyterLite cannot be built: {(done.stderr or done.stdout).strip()[-2000:]}")


def _write_front(root, site, python):
    """The page in front, what it delivers, and a script in each page of JupyterLite that leads to it."""
    found = {path.name: delivered(path) for path in sorted((root / "notebooks").glob("*.ipynb"))}
    ours = [(f"./{name}", 5_000) for name in ("", "index.html", *ASSETS)]
    loaded = pyodide.files(site / "static" / "pyodide", python) + ours
    text = json.dumps({"notebooks": found, "files": loaded, "version": bgd_helpers.__version__})
    pages = {name: (PAGES / name).read_text(encoding="utf-8") for name in (*ASSETS, "start.html")}
    [worker] = site.glob(f"extensions/{KERNEL}/static/comlink.worker.*.js")
    pages["early.js"] = pages["early.js"].replace("WORKER", f"./{worker.relative_to(site).as_posix()}")
    pages["python.js"] = pages["python.js"].replace('"PYTHON"', json.dumps(python))
    name = hashlib.sha256("".join([text, *pages.values()]).encode()).hexdigest()[:12]
    (site / f"edition-{name}.json").write_text(text)
    (site / "api").mkdir(exist_ok=True)
    (site / "api" / "edition.json").write_text(json.dumps({"edition": name, "version": bgd_helpers.__version__}))
    for asset in ASSETS:
        (site / asset).write_text(pages[asset], encoding="utf-8")
    (site / "index.html").write_text(pages["start.html"].replace("EDITION", name), encoding="utf-8")
    for page in (APP, "tree"):
        _replace(site / page / "index.html", "<head>", HEAD)
    for old, new in WORKER.items():
        _replace(site / "service-worker.js", old, new)


def delivered(path: Path) -> dict[str, Any]:
    """What the page in front knows of a notebook: title, minutes, exercises (cells and points), text."""
    notebook = edition.learners(nbformat.read(path, as_version=4))
    title = re.match(r"# (.+)", notebook.cells[0].source)
    minutes = re.search(r"about (\d+) minutes", notebook.cells[0].source)
    exercises = [
        {"answer": answer.id, "check": check.id, "points": check.metadata.nbgrader.points}
        for answer, check in zip(notebook.cells, notebook.cells[1:])
        if is_answer(answer) and "points" in check.metadata.get("nbgrader", {})
    ]
    return {
        **{"title": title[1] if title else path.stem, "minutes": int(minutes[1]) if minutes else None},
        **{"exercises": exercises, "notebook": notebook},
    }


def _replace(path, old, new):
    """Replace a text that stands once in a file of JupyterLite."""
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise pyodide.Missing(f"{path.name} of JupyterLite is another than this course knows: it lacks {old!r}")
    path.write_text(text.replace(old, new), encoding="utf-8")
