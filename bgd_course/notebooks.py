"""Execute notebooks and save them clean: what is saved is what a reader sees and what the tests compare with.

As a command, it does so with the notebooks that are named, or with all: python -m bgd_course.notebooks [PATH ...]
"""

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from bgd_course import records

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
WIDGET_TYPES = {
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.jupyter.widget-state+json",
}
TIMING_KEYS = {"execution", "ExecuteTime", "papermill"}
STATE_KEYS = TIMING_KEYS | {"widgets"}
NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class CellFailed(Exception):
    """A notebook was not saved; the message names the cell and ends with its traceback."""


def main(paths: Sequence[str | Path]) -> int:
    """The exit status of the command on these paths, or on all notebooks of the course."""
    chosen = [Path(path) for path in paths] or sorted(NOTEBOOKS.glob("*.ipynb"))
    missing = [path for path in chosen if not path.is_file()]
    if missing or not chosen:
        print(f"There is no notebook {missing[0] if missing else f'in {NOTEBOOKS}'}.", file=sys.stderr)
        return 1
    import matplotlib.font_manager  # noqa: F401  makes the list of fonts now: later it would say so in a cell

    width = max(len(path.name) for path in chosen)
    failed = [path for path in chosen if not _is_saved(path, width)]
    return int(bool(failed))


def _is_saved(path, width):
    """Whether the notebook at `path` was executed and saved; a line says so, its name padded to `width`."""
    print(f"{path.name:{width}}", end="", flush=True)
    start = time.perf_counter()
    try:
        cells = save_executed(path)
    except CellFailed as error:
        print("  NOT SAVED")
        print(f"{path.name}: {error}", file=sys.stderr)
        return False
    seconds = time.perf_counter() - start
    records.ran("native", path, seconds)
    print(f"{cells:6} cells {seconds:7.1f} s")
    return True


def save_executed(path: str | Path, timeout: int = 600) -> int:
    """The number of code cells of the notebook at `path`, executed in order and saved.

    Raises `CellFailed` if a cell does, and then the file is as it was.
    """
    path = Path(path)
    notebook = nbformat.read(path, as_version=4)
    execute(notebook, path.parent, timeout)
    clean(notebook)
    write_atomically(path, as_json(notebook))
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def execute(notebook: NotebookNode, folder: str | Path, timeout: int) -> None:
    """Fill in the outputs of `notebook`, run in `folder` by a fresh kernel of this environment."""
    from nbclient import NotebookClient  # what only writes files does not wait for it
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    current: list = [None]
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, cell_index: current.__setitem__(0, cell),
    )
    try:
        client.execute(stderr=subprocess.DEVNULL)  # what the kernel says of itself is no output
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise CellFailed(f"cell {current[0].id}\n{_last_lines(str(error))}") from None


def _last_lines(text, count=12):
    return "\n".join(ANSI_COLOUR.sub("", text).strip().splitlines()[-count:])


def clean(notebook: NotebookNode) -> None:
    """Drop from `notebook` what changes from run to run or needs a live kernel."""
    notebook.metadata.update(nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE}))
    _drop(notebook.metadata, STATE_KEYS)
    for cell in notebook.cells:
        _drop(cell.metadata, TIMING_KEYS)
        if cell.cell_type == "code":
            cell.outputs = clean_outputs(cell.outputs)


def _drop(metadata, keys):
    for key in keys & set(metadata):
        del metadata[key]


def clean_outputs(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """The outputs without widget views, with each run of pieces of one stream as one."""
    return merge_streams([output for output in map(_without_widgets, outputs) if output is not None])


def _without_widgets(output):
    data = output.get("data")
    if data is None or not WIDGET_TYPES & set(data):
        return output
    kept = {kind: value for kind, value in data.items() if kind not in WIDGET_TYPES}
    return nbformat.from_dict({**output, "data": kept}) if kept else None


def merge_streams(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """The outputs, where neighbours that belong to one stream are one output: the kernel cuts them by chance."""
    merged: list[NotebookNode] = []
    for output in outputs:
        if merged and _stream(output) and _stream(output) == _stream(merged[-1]):
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def _stream(output):
    return output.get("name") if output.output_type == "stream" else None


def as_json(notebook: NotebookNode) -> str:
    """The notebook as text: indent 1, one newline at the end."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1).rstrip("\n") + "\n"


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Write a text (as UTF-8) or bytes to `path`: all of it, and to the disk, or the file is as it was."""
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    new = path.with_name(f".saving-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(new, path.stat().st_mode)
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def remove_leftovers(*folders: Path | str) -> None:
    """Remove the files that a killed `write_atomically` of this user has left in these folders."""
    for path in (path for folder in folders for path in Path(folder).glob(".saving-*.tmp")):
        pid = path.name.split("-")[1]
        if path.lstat().st_uid == getattr(os, "getuid", int)() and not (pid.isdigit() and _is_alive(int(pid))):
            path.unlink(missing_ok=True)


def _is_alive(pid):
    if pid == os.getpid() or os.name == "nt":  # there, asking would end it
        return True
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
