"""Twenty honest submissions of three exercises: ours with the sandbox on, against nbval, nbgrader and otter-grader."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from bgd_course.grading import classroom, course, sandbox, submissions

SUBMISSIONS, WORKERS = 20, 2
EXERCISES = ("output_delta", "weight_gradient", "bias_gradient")
IMPORTS = "import numpy as np\nfrom bgd_helpers.checks import check"
ROOT = Path(__file__).parent.parent


def assignment(answered=True):
    """A notebook of three exercises of the course, with metadata for nbgrader."""
    tasks = [task for task in course.read(ROOT / "notebooks").tasks if task.exercise in EXERCISES]
    cells = [new_code_cell(IMPORTS, id="imports")]
    for task in tasks:
        kind = {"locked": False, "schema_version": 3, "task": False}
        answer = kind | {"grade": False, "solution": True, "grade_id": task.cell}
        check = kind | {"grade": True, "solution": False, "grade_id": task.check, "points": task.points}
        source = f'check("{task.exercise}", {task.variable}).must_be_right()\ncheck("{task.exercise}", {task.variable})'
        lines = [line for line in task.solution.splitlines() if not answered or "### " not in line]
        cells.append(new_code_cell("\n".join(lines), id=task.cell, metadata={"nbgrader": answer}))
        cells.append(new_code_cell(source, id=task.check, metadata={"nbgrader": check}))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return new_notebook(cells=cells, metadata=kernel)


def write(path, notebook):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def run(folder, *command):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[2:4]} failed: {(done.stdout + done.stderr)[-500:]}")


def ours(folder):
    """Seconds to grade the class with our grader, start and reports included."""
    write(folder / "course" / "a.ipynb", assignment(answered=False))
    for number in range(SUBMISSIONS):
        write(folder / "class" / f"s{number:02}" / "a.ipynb", assignment())
    plan = classroom.Plan(folder / "course", folder / "out", sandbox.level(), "a salt", WORKERS)
    start = perf_counter()
    results = classroom.grade(submissions.find(folder / "class"), plan)
    seconds = perf_counter() - start
    assert all(row.outcome == "right" for result in results for row in result.exercises)
    return seconds


def nbval(folder, *options):
    """Seconds of one pytest session over the class's notebooks."""
    for number in range(SUBMISSIONS):
        write(folder / f"s{number:02}.ipynb", assignment())
    start = perf_counter()
    run(folder, sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env", *options, ".")
    return perf_counter() - start


def nbval_xdist(folder):
    return nbval(folder, "-n", str(WORKERS), "--dist", "loadfile")


def nbgrader(folder):
    """Seconds of `nbgrader autograde`."""
    write(folder / "source" / "hw" / "a.ipynb", assignment(answered=False))
    command = [sys.executable, "-m", "nbgrader"]
    run(folder, *command, "generate_assignment", "hw", f"--CourseDirectory.root={folder}")
    for number in range(SUBMISSIONS):
        write(folder / "submitted" / f"s{number:02}" / "hw" / "a.ipynb", assignment())
    start = perf_counter()
    run(folder, *command, "autograde", "hw", f"--CourseDirectory.root={folder}")
    return perf_counter() - start


def otter(folder):
    """Seconds of `otter run` on each submission in turn."""
    for name in EXERCISES:
        case = f">>> check('{name}', {name}).outcome\n'right'"
        test = {"name": name, "points": 1, "suites": [{"cases": [{"code": case}], "scored": True, "type": "doctest"}]}
        (folder / "tests").mkdir(exist_ok=True)
        (folder / "tests" / f"{name}.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n", encoding="utf-8")
    notebook = assignment()
    notebook.cells.insert(0, new_code_cell("import otter\ngrader = otter.Notebook()"))
    write(folder / "a.ipynb", notebook)
    run(folder, sys.executable, "-m", "otter", "generate", "-t", "tests", "--no-environment")
    start = perf_counter()
    for _ in range(SUBMISSIONS):
        run(folder, sys.executable, "-m", "otter", "run", "a.ipynb")
    return perf_counter() - start


PEERS = {
    "ours, sandbox on": (ours, ()),
    "nbval, one session": (nbval, ("nbval",)),
    "nbval, two processes": (nbval_xdist, ("nbval", "xdist")),
    "nbgrader autograde": (nbgrader, ("nbgrader",)),
    "otter run": (otter, ("otter",)),
}


def seconds(part):
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return part(Path(folder))


def report(quick):
    """A line for each grader: seconds a submission, submissions a minute, and the ratio to ours."""
    try:
        wall = sandbox.level()
    except sandbox.NoSandbox as error:
        print(f"\nGrading is left out: {error}")
        return
    print(f"\nGrading {SUBMISSIONS} submissions of {len(EXERCISES)} exercises ({wall}, {WORKERS} workers)")
    base = None
    for name, (part, modules) in PEERS.items():
        if not all(map(importlib.util.find_spec, modules)):
            print(f"{name} is not installed and left out.")
            continue
        taken = median(seconds(part) for _ in range(1 if quick else 3))
        base = base or taken
        each, minute = taken / SUBMISSIONS, 60 * SUBMISSIONS / taken
        print(f"{name:22} {each:6.2f} s each {minute:6.0f} a minute {taken / base:6.1f} x", flush=True)
