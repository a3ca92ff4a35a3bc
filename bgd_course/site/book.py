"""The book: the learner's edition with the saved outputs, as pages made by Sphinx; each leads to the workbook."""

import html
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from bgd_course import edition
from bgd_course.site import pyodide

PAGES = Path(__file__).with_name("pages")
WORKBOOK = "workbook/notebooks/index.html?path={}"
RUN = '<p><a class="run-here" href="{}">Run this notebook in the browser</a></p>'
FOLDED = "Decide first, then open: the result"
MATHJAX = ("tex-chtml.js", "output/chtml/fonts/woff-v2")
INDEX = """# {title}

{text}

<p><a class="run-here" href="workbook/index.html">Open the workbook</a></p>

The same notebooks, to run and to answer in your browser; nothing is installed.
[How this site was tried](status.md).

```{{toctree}}
:maxdepth: 1
{pages}
status
```
"""
TEXT = "Notebooks that derive stochastic gradient descent, batch gradient descent and backpropagation, to read here."


def write(root: Path, folder: Path, status: str) -> None:
    """Write the book of the course at `root` into `folder`, with the page of its status. Raises pyodide.Missing."""
    with tempfile.TemporaryDirectory() as made:
        source = Path(made)
        names = [path.name for path in sorted((root / "notebooks").glob("*.ipynb"))]
        for name in names:
            nbformat.write(page(read(root, name), name), source / name)
        title = "Gradient descent and backpropagation, checked line by line"
        pages = "\n".join(name.removesuffix(".ipynb") for name in names)
        (source / "index.md").write_text(INDEX.format(title=title, text=TEXT, pages=pages), encoding="utf-8")
        (source / "status.md").write_text(status, encoding="utf-8")
        _copy_static(source / "_static")
        shutil.copy(PAGES / "conf.py", source)
        command = [sys.executable, "-I", "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
        options = ["-d", str(source / ".doctrees"), str(source), str(folder)]
        done = subprocess.run([*command, *options], cwd=source, capture_output=True, text=True)
        if done.returncode:
            raise pyodide.Missing(f"Sphinx refuses the book:\n{done.stderr.strip()[-3000:]}")


def _copy_static(folder):
    """Style, and a MathJax of our own: no page asks another host for it."""
    folder.mkdir()
    shutil.copy(PAGES / "book.css", folder)
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


def page(notebook: NotebookNode, name: str) -> NotebookNode:
    """A notebook to read as the book shows it: what answers a prediction folded, pictures described, a link on top."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            _describe(cell, output)
    for cell in predicted(notebook.cells):
        cell.metadata.setdefault("mystnb", {})["code_prompt_show"] = FOLDED
        cell.metadata.setdefault("tags", []).append("hide-output")
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{title}\n\n{RUN.format(WORKBOOK.format(html.escape(name)))}\n{rest}"
    return notebook


def predicted(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The cells whose outputs tell what a prompt asks to predict: those of code between a prompt and the next text."""
    asked = False
    for cell in cells:
        if cell.cell_type != "code":
            asked = edition.PROMPT in cell.source or (asked and not cell.source.strip())
        elif asked and not cell.source.startswith("bgd.predict(") and cell.get("outputs"):
            yield cell


def _describe(cell, output):
    """Put the words for a picture where MyST-NB looks for them."""
    for told in output.get("metadata", {}).values():
        if isinstance(told, dict) and "alt" in told:
            cell.metadata.setdefault("mystnb", {})["image"] = {"alt": " ".join(told["alt"].split())}
