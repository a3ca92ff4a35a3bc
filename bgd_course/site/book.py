"""The book: the learner's edition with the saved outputs, as pages made by Sphinx; each leads to the workbook."""

import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from bgd_course import edition
from bgd_course.site import explorers, pyodide

PAGES = Path(__file__).with_name("pages")
WORKBOOK = "workbook/notebooks/index.html?path={}"
RUN = '<p><a class="run-here" href="{}">Run this notebook in the browser</a></p>'
ALIVE = '<div class="alive" data-explorer="_static/explorers/{}"></div>'  # book.js puts the file there
ASKING = ("bgd.predict(", "bgd.order(")
COLUMN = 77  # characters of code that it holds
FOLDED = "Decide first, then open: the result"
MATHS = r'<span class="math notranslate nohighlight">\\(\1\\)</span>'
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2")
INDEX = """# Gradient descent and backpropagation, checked line by line

Notebooks that derive stochastic gradient descent, batch gradient descent and backpropagation, to read here.

<p><a class="run-here" href="workbook/index.html">Open the workbook</a></p>

The same notebooks, to run and to answer in your browser; nothing is installed.
[How this site was tried](status.md).

```{{toctree}}
:maxdepth: 1
{pages}
status
```
"""


def write(root: Path, folder: Path, status: str) -> None:
    """Write the book of the course at `root` into `folder`, with the page of its status. Raises pyodide.Missing."""
    with tempfile.TemporaryDirectory() as made:
        source = Path(made)
        names = [path.name for path in sorted((root / "notebooks").glob("*.ipynb"))]
        _copy_static(source / "_static")
        for name, moving in alive(root, names).items():
            nbformat.write(page(read(root, name), name, moving), source / name)
            for cell, fragment in moving.items():
                (source / "_static" / "explorers" / file_of(name, cell)).write_text(fragment, encoding="utf-8")
        pages = "\n".join(name.removesuffix(".ipynb") for name in names)
        (source / "index.md").write_text(INDEX.format(pages=pages), encoding="utf-8")
        (source / "status.md").write_text(status, encoding="utf-8")
        for name in ("conf.py", "docutils.conf"):
            shutil.copy(PAGES / name, source)
        command = [sys.executable, "-I", "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
        options = ["-d", str(source / ".doctrees"), str(source), str(folder)]
        done = subprocess.run([*command, *options], cwd=source, capture_output=True, text=True)
        if done.returncode:
            raise pyodide.Missing(f"Sphinx refuses the book:\n{done.stderr.strip()[-3000:]}")


def _copy_static(folder):
    """Style and script, and a MathJax of our own: no page asks another host for it."""
    for name in ("explorers", "scripts"):
        (folder / name).mkdir(parents=True)
    (folder / "scripts" / "fontawesome.js").touch()  # 0.5 MB in the theme, whose fonts have the same icons
    for name in ("book.css", "book.js", "icon.svg"):
        shutil.copy(PAGES / name, folder)
    for name in MATHJAX:
        found, target = pyodide.npm("mathjax@3.2.2") / "es5" / name, folder / "mathjax" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(found, target) if found.is_dir() else shutil.copy(found, target)


def read(root: Path, name: str) -> NotebookNode:
    """A notebook of the course to read; a release keeps what its own notebooks lack."""
    kept = root / edition.OUTPUTS / f"{Path(name).stem}.json"
    if kept.is_file():
        return nbformat.read(kept, as_version=4)
    return edition.readers(nbformat.read(root / "notebooks" / name, as_version=4))


def alive(root: Path, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """For each notebook, its explorers as HTML, by the ids of their cells."""
    with ProcessPoolExecutor() as pool:
        return dict(zip(names, pool.map(partial(_alive, root), names)))


def _alive(root, name):
    return dict(explorers.fragments(nbformat.read(root / "notebooks" / name, as_version=4)))


def file_of(name: str, cell: str) -> str:
    """The name of an explorer's file."""
    return f"{Path(name).stem}-{cell}.html"


def page(notebook: NotebookNode, name: str, moving: Iterable[str] = ()) -> NotebookNode:
    """A notebook to read as the book shows it: what answers a prediction folded, pictures described, a link on top.

    The cells `moving` have an explorer in a file, for which there is a place.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub("<summary>.*?</summary>", lambda found: typeset(found[0]), cell.source)
        if cell.id in moving:
            place = ALIVE.format(html.escape(file_of(name, cell.id)))
            cell.outputs = [*cell.outputs, new_output("display_data", {"text/html": place})]
        for output in cell.get("outputs", []):
            _describe(cell, output)
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = typeset(output.data["text/html"])
    for cell in filter(_is_wide, notebook.cells):
        cell.metadata.setdefault("tags", []).append("full-width")  # of the theme: as wide as the page's contents allow
    for cell in predicted(notebook.cells):
        cell.metadata.setdefault("mystnb", {})["code_prompt_show"] = FOLDED
        cell.metadata.setdefault("tags", []).append("hide-output")
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{title}\n\n{RUN.format(WORKBOOK.format(html.escape(name)))}\n{rest}"
    return notebook


def _is_wide(cell):
    """Whether a cell has lines, or a table, that the book's column would cut."""
    if cell.cell_type != "code":
        return False
    shown = [output.get("data", {}) for output in cell.outputs]
    lines = [cell.source, *(output.get("text", "") for output in cell.outputs)]
    lines += [data["text/plain"] for data in shown if set(data) == {"text/plain"}]
    long = any(len(line) > COLUMN for text in lines for line in text.splitlines())
    return long or any("overflow-x" in data.get("text/html", "") for data in shown)


def predicted(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The cells whose outputs tell what was to be predicted: of code between a prompt and the next text, or by name."""
    asked = False
    for cell in cells:
        if cell.cell_type != "code":
            asked = edition.PROMPT in cell.source or (asked and not cell.source.strip())
        elif cell.source.startswith("bgd.predicted(") or (asked and not cell.source.startswith(ASKING)):
            yield from [cell] if cell.get("outputs") else []


def typeset(page: str) -> str:
    """Mark the maths in a piece of HTML, which MyST leaves as it is; what is displayed has full-size fractions."""
    return re.sub(r"\$([^$]+)\$", MATHS, re.sub(r"\$\$([^$]+)\$\$", r"$\\displaystyle \1$", page))


def _describe(cell, output):
    """Put the words for a picture where MyST-NB looks for them."""
    for told in output.get("metadata", {}).values():
        if isinstance(told, dict) and "alt" in told:
            cell.metadata.setdefault("mystnb", {})["image"] = {"alt": " ".join(told["alt"].split())}
