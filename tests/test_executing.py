"""Executing notebooks and saving them clean."""

import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from bgd_course import notebooks

VIEW = "application/vnd.jupyter.widget-view+json"


def write(folder, *sources):
    """The path of a notebook, not executed, with a code cell for each of `sources`."""
    cells = [new_code_cell(source, id=f"step-{n}") for n, source in enumerate(sources, start=1)]
    path = folder / "example.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Title", id="title"), *cells]), path)
    return path


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


@pytest.mark.slow
def test_a_notebook_is_executed_in_its_folder_and_saved_clean(tmp_path):
    (tmp_path / "three.py").write_text("value = 3\n")
    path = write(tmp_path, "from three import value\nvalue", "print(value + 1)")
    assert notebooks.save_executed(path) == 2
    saved = nbformat.read(path, as_version=4)
    assert [cell.id for cell in saved.cells] == ["title", "step-1", "step-2"]
    assert [cell.execution_count for cell in saved.cells[1:]] == [1, 2]
    assert saved.cells[1].outputs[0].data["text/plain"] == "3"
    assert saved.cells[2].outputs == [stream("4\n")]
    assert saved.metadata == {"kernelspec": notebooks.KERNELSPEC, "language_info": notebooks.LANGUAGE}


@pytest.mark.slow
def test_saving_twice_gives_the_same_file(tmp_path):
    path = write(tmp_path, "import sys\nprint('a', flush=True)\nprint('b')\nprint('c', file=sys.stderr)\n1")
    notebooks.save_executed(path)
    first = path.read_bytes()
    notebooks.save_executed(path)
    assert path.read_bytes() == first
    assert first.endswith(b"}\n") and b"\r" not in first and b'\n "cells"' in first


@pytest.mark.slow
def test_a_notebook_that_fails_is_left_as_it_was(tmp_path):
    path = write(tmp_path, "x = 1", "x / 0", "print('never')")
    before = path.read_bytes()
    with pytest.raises(notebooks.CellFailed, match=r"(?s)cell step-2\n.*ZeroDivisionError"):
        notebooks.save_executed(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.slow
def test_a_cell_that_takes_too_long_is_named(tmp_path):
    path = write(tmp_path, "import time", "time.sleep(60)")
    with pytest.raises(notebooks.CellFailed, match="cell step-2\n"):
        notebooks.save_executed(path, timeout=1)


def test_neighbouring_pieces_of_a_stream_become_one():
    pieces = [stream("a"), stream("b"), stream("!", "stderr"), stream("c")]
    assert notebooks.merge_streams(pieces) == [stream("ab"), stream("!", "stderr"), stream("c")]


def test_a_widget_view_goes_and_its_text_stays():
    both = new_output("display_data", data={VIEW: {"model_id": "1"}, "text/plain": "cost 3.20"})
    alone = new_output("display_data", data={VIEW: {"model_id": "2"}})
    assert notebooks.clean_outputs([both, alone]) == [new_output("display_data", data={"text/plain": "cost 3.20"})]


def test_state_and_timing_go_and_other_metadata_stays():
    cell = new_code_cell("1", metadata={"execution": {"iopub.status.busy": "now"}, "tags": ["check"]})
    notebook = new_notebook(cells=[cell], metadata={"widgets": {}, "title": "Example"})
    notebooks.clean(notebook)
    assert notebook.cells[0].metadata == {"tags": ["check"]}
    assert notebook.metadata.keys() == {"title", "kernelspec", "language_info"}


def test_a_write_that_is_cut_off_changes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "note.txt"
    path.write_text("before")

    def cut_off(source, target):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", cut_off)
    with pytest.raises(OSError, match="disk full"):
        notebooks.write_atomically(path, "after")
    assert path.read_text() == "before" and os.listdir(tmp_path) == ["note.txt"]


@pytest.mark.skipif(os.name == "nt", reason="the modes of files. a machine with Linux or macOS")
def test_a_write_keeps_the_mode_of_the_file(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("before")
    path.chmod(0o640)
    notebooks.write_atomically(path, "after")
    assert path.read_text() == "after" and path.stat().st_mode & 0o777 == 0o640


@pytest.mark.slow
def test_the_command_saves_the_good_ones_and_fails_for_the_bad(tmp_path, capsys):
    good, bad = (tmp_path / name / "example.ipynb" for name in ("good", "bad"))
    for path, source in ((good, "1 + 1"), (bad, "1 / 0")):
        path.parent.mkdir()
        write(path.parent, source)
    assert notebooks.main([good, bad]) == 1
    said = capsys.readouterr()
    assert "1 cells" in said.out and "example.ipynb  NOT SAVED" in said.out
    assert "example.ipynb: cell step-1" in said.err and "ZeroDivisionError" in said.err
    assert nbformat.read(good, as_version=4).cells[1].execution_count == 1
    assert nbformat.read(bad, as_version=4).cells[1].execution_count is None


def test_the_command_names_a_notebook_that_does_not_exist(tmp_path, monkeypatch, capsys):
    assert notebooks.main(["nowhere.ipynb"]) == 1
    assert capsys.readouterr().err == "There is no notebook nowhere.ipynb.\n"
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    assert notebooks.main([]) == 1
    assert capsys.readouterr().err == f"There is no notebook in {tmp_path}.\n"
