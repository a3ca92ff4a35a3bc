"""The run of the tests itself: what it takes, what fails it, and what it says at its end."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
GOOD, WRONG = ("1 + 1", "2"), ("1 + 1", "3")
TESTS = """import pytest

def test_one(): pass

@pytest.mark.slow
def test_two(): assert False

@pytest.mark.parametrize("number", [1, 2])
def test_three(number): pytest.skip("the walls of bubblewrap. apt install bubblewrap")
"""


@pytest.fixture
def course(tmp_path):
    """A tiny course with the settings of this one, and no notebook yet."""
    for name in ("pyproject.toml", "conftest.py", "tests/conftest.py", "tests/test_notebooks.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    fonts = os.environ["MPLCONFIGDIR"]  # a list of them takes seconds to make
    shutil.copytree(fonts, tmp_path / ".pytest_cache" / "settings" / "mplconfigdir")
    (tmp_path / "tests" / "test_one.py").write_text(TESTS)
    return tmp_path


def write(course, name, *cells):
    """A notebook of the course, saved clean: a cell for each source and its output."""
    metadata = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
    written = [new_markdown_cell("# Title", id="title")]
    for count, (source, saved) in enumerate(cells, start=1):
        output = new_output("execute_result", data={"text/plain": saved}, execution_count=count)
        written.append(new_code_cell(source, id=f"sum-of-{count}", execution_count=count, outputs=[output]))
    nbformat.write(new_notebook(cells=written, metadata=metadata), course / "notebooks" / f"{name}.ipynb")


def run(course, *options):
    """The finished process of the plain command."""
    command = [sys.executable, "-m", "pytest", "--numprocesses=0", *options]
    return subprocess.run(command, cwd=course, capture_output=True, text=True)


@pytest.mark.slow
def test_a_cell_with_another_output_fails_by_its_name_and_what_was_left_out_is_told(course):
    write(course, "00", GOOD, WRONG)
    done = run(course)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert [line.split()[1] for line in lines if line.startswith("FAILED")] == ["notebooks/00.ipynb::sum-of-2"]
    assert "not tried: the walls of bubblewrap (2 tests). apt install bubblewrap" in lines
    assert " 1 failed" in lines[-1] and "2 skipped, 1 deselected in " in lines[-1]


@pytest.mark.slow
def test_a_course_that_is_right_passes_in_parallel(course):
    write(course, "00", GOOD)
    write(course, "01", GOOD, GOOD)
    done = run(course, "--numprocesses=2")
    assert done.returncode == 0, done.stdout
    assert " 0 failed" not in done.stdout and " passed, 2 skipped in " in done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_a_course_without_notebooks_fails(course):
    assert "FAILED tests/test_notebooks.py::test_there_are_notebooks" in run(course).stdout


@pytest.mark.slow
def test_a_notebook_of_which_nothing_is_run_fails(course):
    write(course, "00")
    done = run(course)
    assert done.returncode == 1 and "FAILED tests/test_notebooks.py::test_each_notebook_is_run" in done.stdout


@pytest.mark.slow
def test_the_other_tests_are_those_marked_slow(course):
    write(course, "00", GOOD)
    done = run(course, "-m", "slow")
    assert done.returncode == 1 and done.stdout.splitlines()[-1].startswith("=") and "test_two" in done.stdout
    assert " 1 failed, " in done.stdout.splitlines()[-1] and " passed" not in done.stdout.splitlines()[-1]
