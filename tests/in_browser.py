"""A Jupyter server of its own, a page in headless Chromium, and a wire to the kernel behind the page."""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from queue import Empty
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

import nbformat
import numpy as np
from PIL import Image

from bgd_course import lab

ROOT = Path(__file__).parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
SIZE = {"width": 1280, "height": 1000}
OPENER = build_opener(ProxyHandler({}))  # this machine itself is not asked by way of a proxy
PATIENCE = 300  # seconds until a server, a page, a cell or a state has to be there, on a machine with much else to do
APPS = {  # the command, its option that shows the application to the page, the address of a notebook
    "lab": (lambda root: lab.lab_command(root, "notebooks/00-start-here.ipynb", browser=False), "LabApp", "doc/tree"),
    "notebook": (
        lambda root: [sys.executable, "-m", "notebook", "--no-browser", f"--ServerApp.root_dir={root}", "--allow-root"],
        "JupyterNotebookApp",
        "notebooks",
    ),
}
SHOWN = """async box => {
  const canvas = box.querySelector('canvas'), context = canvas.getContext('2d');
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', pixels));
  return [Number(box.dataset.moves), [...hash].map(byte => byte.toString(16).padStart(2, '0')).join('')];
}"""
PAINTED = """box => {  // the picture as it is painted, at the pixels of the figure
  const canvas = box.querySelector('canvas'), still = box.querySelector('img');
  const all = Object.assign(document.createElement('canvas'), {width: canvas.width, height: canvas.height});
  const context = all.getContext('2d');
  context.drawImage(still, 0, 0, canvas.width, canvas.height);
  context.drawImage(canvas, 0, 0);
  return all.toDataURL('image/png').split(',')[1];
}"""

TYPED = [  # the lines of E5 in pieces, and the signs below the cell when each is there
    ("\nδ_ni^(k) = ∑_j (∂E_n/∂a_nj^(k+1)) (∂a_nj^(k+1)/∂a_ni^(k))", ["✓"]),
    ("\n= ∑_j δ_nj^(k+1)", ["✓", "…"]),
    (" w_ij^(k+1)", ["✓", "✗"]),
    (" f_k'(a_ni^(k))", ["✓", "✓"]),
]
WATCH = """() => {
  window.seen = [];
  const signs = () => [...document.querySelectorAll('.bgd-live td:nth-child(3)')].map(cell => cell.textContent);
  const watch = new MutationObserver(() => seen.push(JSON.stringify(signs())));
  watch.observe(document.body, {childList: true, subtree: true});
}"""


def missing():
    """The command that brings what a test in a browser needs; empty if it is here."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "pip install -e '.[browser]'"
    return "" if executable() else "apt install chromium"


def executable():
    """The path of Chromium or Chrome, None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def server(folder, app="lab"):
    """A Jupyter server on `folder / "root"` with settings of its own: what it says of itself, its runtime folder."""
    command, name, _ = APPS[app]
    root, private = folder / "root", folder / "private"
    root.mkdir(exist_ok=True)
    own = {f"JUPYTER_{kind}_DIR": str(private / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(private / "settings"), "IPYTHONDIR": str(private / "ipython")}
    own |= {"JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"), "PYTHONWARNINGS": "ignore"}
    _write_settings(private / "settings", "docmanager-extension", "plugin", '{"autosave": false}')
    if app == "notebook":  # it takes cells that are out of sight out of the page; a test would look for them in vain
        _write_settings(private / "settings", "notebook-extension", "tracker", '{"windowingMode": "none"}')
    options = ["--port=0", f"--{name}.expose_app_in_browser=True", "--ServerApp.terminals_enabled=False"]
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen(
            [*command(root), *options], cwd=root, env={**os.environ, **own}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield _address(process, private / "runtime", folder / "server.log"), private / "runtime"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answer(address, patience=60):
    """What a server of this machine answers; it says its address a moment before it listens."""
    until = time.monotonic() + patience
    while True:
        try:
            with OPENER.open(address, timeout=patience) as reply:
                return reply.read()
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > until:
                raise
            time.sleep(0.1)


def _write_settings(settings, extension, plugin, text):
    folder = settings / "@jupyterlab" / extension
    folder.mkdir(parents=True)
    (folder / f"{plugin}.jupyterlab-settings").write_text(text)


def _address(process, runtime, log):
    """What the server says of itself once it listens."""
    for _ in until(PATIENCE, "the server does not start", log):
        if process.poll() is not None:
            raise RuntimeError(f"the server has ended:\n{log.read_text()[-2000:]}")
        for file in runtime.glob("jpserver-*.json"):
            try:
                told = json.loads(file.read_text())
                OPENER.open(f"{told['url']}api?token={told['token']}", timeout=5).close()
            except (OSError, ValueError):
                continue
            return told


def until(seconds, complaint, log=None):
    """Turns of a loop that waits, some a second; TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)
    raise TimeoutError(complaint + (f":\n{log.read_text()[-2000:]}" if log else ""))


def write_notebook(path, sources):
    """A notebook of code cells at `path`."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)), metadata=kernel), path)


@contextmanager
def chromium():
    """Headless Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox", *QUIET])
        try:
            yield browser
        finally:
            browser.close()


class Notebook:
    """A notebook in a page, and the kernel that runs it."""

    def __init__(self, browser, serving, path, app="lab"):
        (told, self.runtime), self.errors = serving, []
        self.url, self.token, self.path = told["url"], told["token"], path
        self.page = browser.new_page(viewport=SIZE)
        self.page.set_default_timeout(1000 * PATIENCE)
        self.page.on("console", lambda message: message.type == "error" and self._note(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{self.url}{APPS[app][2]}/{path}?token={self.token}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self._wire = None

    def _note(self, error):
        """Keep an error; the site's tools bring an extension that is for JupyterLite alone, and fails in JupyterLab."""
        if "@jupyterlite/services doesn't exist" not in error:
            self.errors.append(error)

    @property
    def client(self):
        """A wire to the kernel that the page has started, once it answers."""
        if self._wire is None:
            from jupyter_client import BlockingKernelClient

            self._wire = BlockingKernelClient(connection_file=str(self._connection_file()))
            self._wire.load_connection_file()
            self._wire.start_channels(hb=False)  # on a busy machine a late heartbeat would be taken for a death
            self._await_answer()
        return self._wire

    def _connection_file(self):
        for _ in until(PATIENCE, "no kernel starts"):
            for kernel in self._kernels():
                if (file := self.runtime / f"kernel-{kernel}.json").exists():
                    return file

    def _await_answer(self):
        """Ask until the kernel's reply and its own messages are heard: a subscription takes a moment."""
        for _ in until(PATIENCE, "the kernel does not answer"):
            asked = self._wire.kernel_info()
            try:
                while self._wire.get_shell_msg(timeout=1)["parent_header"].get("msg_id") != asked:
                    pass
                while self._wire.get_iopub_msg(timeout=0.5)["parent_header"].get("msg_id") != asked:
                    pass
                return
            except Empty:
                pass

    def _kernels(self):
        sessions = json.loads(self._api("sessions"))
        return [session["kernel"]["id"] for session in sessions if session["path"] == self.path]

    def _api(self, path, method="GET"):
        """What the server answers."""
        headers = {"Authorization": f"token {self.token}"}
        with OPENER.open(Request(f"{self.url}api/{path}", headers=headers, method=method), timeout=PATIENCE) as answer:
            return answer.read()

    def run_all(self, timeout=300):
        """Execute every cell; RuntimeError if one fails."""
        self.client.kernel_info()  # waits for a kernel that answers
        self.page.wait_for_function("() => document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')")
        self.page.evaluate(
            """seconds => Promise.race([
              window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => null),
              new Promise((_, fail) => setTimeout(() => fail(new Error(`not done in ${seconds} s`)), 1000 * seconds)),
            ])""",
            timeout,
        )
        failed = self.page.locator("[data-mime-type='application/vnd.jupyter.error']")
        if failed.count():
            raise RuntimeError(f"a cell failed:\n{failed.first.inner_text()[-2000:]}")

    def ask(self, expression, given=""):
        """The value in the kernel of a Python expression that JSON can hold, after the statements `given`."""
        told = []
        code = f"import json\n{given}\nprint(json.dumps({expression}))"
        reply = self.client.execute_interactive(
            code,
            silent=False,
            store_history=False,
            timeout=PATIENCE,
            output_hook=lambda message: told.append(message["content"].get("text", "")),
        )
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"][-3:]))
        return json.loads("".join(told))

    def close(self):
        """Close the page, and end its kernel: the next page of this notebook starts afresh."""
        if self._wire is not None:
            self._wire.stop_channels()
        self.page.close()
        for kernel in self._kernels():
            self._api(f"kernels/{kernel}", "DELETE")


class ExplorerOnPage:
    """The explorer that stands `number`-th in a notebook: what the page shows and the object in the kernel."""

    FIND = "from bgd_helpers.pictures import Explorer; found = [o for o in Out.values() if isinstance(o, Explorer)]"

    def __init__(self, notebook, number=0):
        self.notebook, self.page, self.number = notebook, notebook.page, number
        self.box = self.page.locator(".bgd-explorer").nth(number)
        self.picture = self.box.locator("canvas")
        self.element = self.box.element_handle()  # found once: a locator looks through the whole page each time
        self._first_places = None

    def kernel(self, expression):
        """The value of an expression in which `e` is the explorer."""
        return self.notebook.ask(expression, f"{self.FIND}\ne = found[{self.number}]\nimport base64")

    def wait_for(self, expression):
        """Until an expression in which `e` is the explorer holds in the kernel."""
        for _ in until(PATIENCE, f"it does not come to {expression}"):
            if self.kernel(expression):
                return

    def controls(self):
        """Name to (kind, number of positions, the label beside it, whether it moves the picture during a drag)."""
        return self.kernel(
            "{n: (c.kind, len(c.options), c.description, c.continuous_update) for n, c in e.controls.items()}"
        )

    def shown(self):
        """How many moves of the kernel the page has painted, and a hash of the picture."""
        return self.element.evaluate(SHOWN)

    def rendered(self):
        """What the kernel has: its moves, its state, its words, and the error that stands below them."""
        return self.kernel("[e.moves, e.state, e.text, e.error]")

    def follow(self, name=None):
        """Wait until the page shows what the kernel has drawn; then its state, its error and the hash of the picture.

        With the name of a control: first the kernel has that control where it stands on the page.
        """
        for _ in until(PATIENCE, "the page does not show the kernel's picture"):
            place, at = (None, None) if name is None else self.places(name)
            moves, state, _, error = self.rendered()
            if place == at and (shown := self.shown())[0] == moves:
                return state, error, shown[1]

    def places(self, name):
        """Where a control stands on the page, and in the kernel."""
        label, position = self.kernel(f"[e.controls[{name!r}].description, e.controls[{name!r}].position]")
        return self.control(label).evaluate("control => control.valueAsNumber"), position

    def settle(self):
        """The same with its words."""
        for _ in until(PATIENCE, "the words are not those of the picture"):
            moves, _, text, _ = self.rendered()
            if self.shown()[0] == moves and self.box.locator(".bgd-words").text_content() == text:
                return

    def control(self, label):
        """The slider or the menu with this label."""
        return self.box.get_by_label(label, exact=True)

    def painted(self):
        """The pixels of the picture as the page has painted it."""
        return pixels(self.element.evaluate(PAINTED))

    def renderedpixels(self):
        """The pixels of the kernel's own picture."""
        return pixels(self.kernel("base64.b64encode(e.png()).decode()"))

    def jumped(self):
        """What is elsewhere than at the first call, where it was and is: the picture and the controls, relative to the
        explorer's top, and where the cell's outputs end.

        The next cell would not do: JupyterLab puts an estimate in place of the height of a cell that is out of sight.
        """
        places = self.element.evaluate(
            """box => {
              const top = box.getBoundingClientRect().top, of = element => {
                const place = element.getBoundingClientRect();
                return [place.left, place.top - top, place.width, place.height].map(Math.round);
              };
              const outputs = box.closest('.jp-OutputArea').querySelectorAll('.jp-OutputArea-child');
              return [...box.querySelectorAll('img, label, input, select'), ...outputs].map(of);
            }"""
        )
        self._first_places = self._first_places or places
        return [(was, now) for was, now in zip(self._first_places, places) if was != now]


def type_derivation(page):
    """Type `TYPED` where the caret is, each piece until its signs are shown; then what was typed."""
    for text, signs in TYPED:
        shows(page, signs, page.keyboard.type, text)
    return "".join(text for text, _ in TYPED)


def shows(page, signs, action, *arguments):
    """Do something; then these signs are shown below a cell of %%derive, if only for a moment."""
    page.evaluate(WATCH)
    action(*arguments)
    page.wait_for_function("signs => seen.includes(JSON.stringify(signs))", arg=signs)


def inaccessible(page, within=".bgd-explorer"):
    """What axe-core finds wrong in the parts of a page: a line each, with its rule and its element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    run = "within => axe.run({include: [[within]]}, {resultTypes: ['violations']})"
    found = page.evaluate(run, within)["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def pixels(png):
    """Height x width x 3 of a PNG in base64."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")).astype(int)
