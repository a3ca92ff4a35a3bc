"""The built site on the loopback address, and a notebook of its workbook in a page of Chromium."""

import gzip
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import in_browser
import nbformat

from bgd_course import records
from bgd_course.grading.course import HIDDEN, SOLUTION, without
from bgd_course.site import pyodide
from bgd_course.site.serving import Handler, ThreadingHTTPServer

SOURCE = "open-webui==0.12.4"  # of PyPI: its front end carries Pyodide 314.0.3; the lock's hashes hold for these, too
HOW = "Set BGD_PYODIDE=pypi (needs npm; 106 MB, once), or to the folder of Pyodide's release, unpacked"
EVERY = "python -m pytest -n 0 -m slow --every-notebook tests/test_workbook.py"
PATIENCE = 900  # seconds until Python has started, or a notebook has run, on a machine with much else to do
PACKED = (".js", ".mjs", ".css", ".json", ".html", ".wasm")
STATUS = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
IDLE = f"{STATUS} === 'idle'"
READ = "window.jupyterapp?.shell.currentWidget?.context?.isReady"  # before, there is one cell, empty and without id
CELLS = "() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
SET = """sources => {
  for (const cell of jupyterapp.shell.currentWidget.content.model.sharedModel.cells)
    if (cell.id in sources) cell.setSource(sources[cell.id]);
}"""
RUN = """async ids => {
  const notebook = jupyterapp.shell.currentWidget.content;
  for (const id of ids) {
    notebook.activeCellIndex = notebook.widgets.findIndex(widget => widget.model.id === id);
    notebook.deselectAll();
    await jupyterapp.commands.execute('notebook:run-cell');
  }
}"""


def wheels():
    """The folder with Pyodide's compiled wheels, as its official lock has them; None if they can't be had."""
    if not (named := os.environ.get("BGD_PYODIDE")):
        return None
    folder = records.cache() / f"compiled-{pyodide.VERSION}" if named == "pypi" else Path(named)
    try:
        if named == "pypi" and not folder.is_dir():
            _take_wheels(folder)
        list(pyodide.compiled(folder))
        pyodide.pure()
    except (pyodide.Missing, OSError, KeyError, subprocess.SubprocessError):
        return None
    return folder


def _take_wheels(folder):
    """Take the wheels out of a package of PyPI that has them, into `folder`; nothing if one is missing."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        command = [sys.executable, "-I", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, f"--dest={made}", SOURCE], check=True, capture_output=True, timeout=240)
        [path] = Path(made).glob("*.whl")
        taken = Path(made) / "taken"
        taken.mkdir()
        packages = pyodide.official()["packages"]
        with zipfile.ZipFile(path) as packed:
            for file in (packages[name]["file_name"] for name in pyodide.COMPILED):
                (taken / file).write_bytes(packed.read(f"open_webui/frontend/pyodide/{file}"))
        os.replace(taken, folder)


@cache
def packed(path, stamp):
    """A file's bytes as a usual host sends them."""
    return gzip.compress(Path(path).read_bytes(), 6)


class Counting(Handler):
    """Sends as a usual host does, and counts the bytes."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            return self.send_error(404)
        zipped = path.suffix in PACKED
        data = packed(str(path), path.stat().st_mtime_ns) if zipped else path.read_bytes()
        self.server.sent.append((self.path, len(data)))
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(data)))
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        try:
            self.wfile.write(data)
        except ConnectionError:  # the page was left
            pass


@contextmanager
def served(folder):
    """A server of the folder; `sent` lists what it has sent."""

    def handler(*arguments):
        return Counting(*arguments, directory=str(folder))

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.sent, server.daemon_threads = [], True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        server.address = f"http://127.0.0.1:{server.server_address[1]}/"
        yield server
        server.shutdown()


class Workbook:
    """A browser's profile at the site: what it asked for elsewhere, refused, is in `outside`."""

    def __init__(self, browser, server, **options):
        self.context = browser.new_context(viewport=in_browser.SIZE, accept_downloads=True, **options)
        self.context.set_default_timeout(1000 * PATIENCE)
        self.server, self.outside, self.errors = server, [], []
        self.context.route(lambda url: not url.startswith(server.address), self._refuse)

    def _refuse(self, route):
        self.outside.append(route.request.url)
        route.abort()

    def page(self, address, size=in_browser.SIZE):
        page = self.context.new_page()
        page.set_viewport_size(size)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.server.address + address)
        return page

    def front(self):
        """The page in front, once it is ready."""
        page = self.page("workbook/index.html")
        page.wait_for_function(
            "() => /^(Ready|The workbook cannot)/.test(document.getElementById('doing').textContent)"
        )
        assert page.inner_text("#doing") == "Ready. Choose a notebook."
        return page

    def notebook(self, name, ready=IDLE):
        """A notebook whose kernel is ready; with READ, one that is on the page."""
        page = self.page(f"workbook/notebooks/index.html?path={name}")
        page.wait_for_function(f"() => location.pathname.endsWith('/notebooks/index.html') && {ready}")
        return page


def run_all(page):
    """Run every cell; those of the notebook then, by id."""
    page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(f"() => {IDLE}")
    return cells(page)


def cells(page):
    return {cell["id"]: cell for cell in page.evaluate(CELLS)}


def save(page):
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")


def solutions(path):
    """The worked answers and the checks of a course's notebook, as a learner would have them: id to source."""
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if SOLUTION[0] in cell.source or HIDDEN[0] in cell.source:
            lines = without(cell.source, HIDDEN).splitlines()
            found[cell.id] = "\n".join(line for line in lines if line.strip() not in SOLUTION)
    return found


def said(outputs):
    """What a cell's outputs say, the pieces of a stream joined; what says nothing is left out."""
    texts = []
    for output in outputs:
        text = output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue") or ""
        text = "".join(text)
        if text and texts and output["output_type"] == texts[-1][0] == "stream":
            texts[-1][1] += text
        elif text:
            texts.append([output["output_type"], text])
    return [text.rstrip("\n") for _, text in texts]
