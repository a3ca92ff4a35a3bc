"""The walls: what an answer sees of this machine, and of the package."""

import ast
import os
import socket
import subprocess
import sys

import attacks
import nbformat
import pytest
from classes import ROOT, lacking, level

from bgd_course.grading import classroom, package, sandbox, submissions


def test_a_graded_package_has_no_right_answer_in_it(tmp_path):
    package.write(tmp_path)
    for room, names in package.ASKED.items():
        tree = ast.parse((tmp_path / "bgd_helpers" / file_of(room)).read_text())
        bodies = {node.name: node.body for node in tree.body if isinstance(node, ast.FunctionDef)}
        for name in names.split():
            assert [ast.unparse(line) for line in bodies[name]] == [f"_refuse('{room}.{name}')"]
    kept = {*package.KEPT, *map(file_of, package.ASKED), "checks/refused.py", "pictures/prediction_form.py"}
    for path in (tmp_path / "bgd_helpers").rglob("*.py"):
        name, text = path.relative_to(tmp_path / "bgd_helpers").as_posix(), path.read_text()
        assert name in kept or text == package.NOTHING
        assert ".df(" not in text, f"{name} applies a derivative: is that an answer?"
    with pytest.raises(ValueError, match="no nothing"):
        package.without_bodies("x = 1", "network", {"nothing"})


DOOR = """
import bgd_helpers as bgd
for shown in (bgd.check("loss", None), bgd.museum.table(), bgd.sgd_explorer(1), bgd.plots.v_curve()):
    print(repr(shown))
print(bgd.load_penguins().X.shape)
for name in ("descend", "update", "backprop", "central_difference", "complex_step"):
    function = getattr(bgd, name)
    try:
        function(*range(function.__code__.co_argcount))
    except RuntimeError as error:
        print(name, type(error).__name__)
problem = bgd.experiments.penguin_problem()
print(problem.X.shape, bgd.experiments.costs(problem.theta, problem), f"{bgd.limits.anything():.3f}")
for function in (
    lambda: bgd.experiments.run(problem, bgd.experiments.RATES, 6, 1),
    lambda: bgd.shards.weighted_mean([1.0], [1]),
    lambda: bgd.limits.anything() + 1,
    lambda: problem.X * bgd.races.anything().value,
    lambda: float(bgd.costs_after_training()),
    lambda: sum(bgd.tuning.anything()),
    lambda: bgd.tuning.anything() < 3,
):
    try:
        print(function())
    except RuntimeError as error:
        print(str(error).partition(":")[0].partition(", ")[0])
"""
SAID = ["", "", "", "", "(342, 1)", *(f"{name} NotAllowed" for name in "descend update backprop".split())]
SAID += ["central_difference NotAllowed", "complex_step NotAllowed", "(342, 3) 1.0 "]
SAID += [f"{name} is what an exercise asks for" for name in ("network.gradient_of", "scale.shards.weighted_mean")]
SAID += [
    f"bgd_helpers.{name} draws"
    for name in ("lessons.limits.anything", "lessons.races.anything", "slips.costs_after_training")
]
SAID += ["bgd_helpers.lessons.tuning.anything draws"] * 2


def test_the_door_of_a_graded_package_leads_to_what_refuses_and_to_nothing(tmp_path):
    package.write(tmp_path)
    done = subprocess.run([sys.executable, "-c", DOOR], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == SAID, done.stderr


def file_of(room):
    return f"{room.replace('.', '/')}.py"


def test_both_packages_of_the_course_are_hidden_where_they_are_installed(tmp_path, monkeypatch):
    installed = [tmp_path / "bgd_helpers", tmp_path / "bgd_course"]
    for folder in installed:
        folder.mkdir()
    monkeypatch.setattr(sandbox.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(sandbox.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sandbox, "_bubblewrap_program", lambda: "bwrap")
    command = " ".join(sandbox._bubblewrap(tmp_path / "box"))
    assert all(f"--tmpfs {folder}" in command for folder in installed)
    assert not {str(folder) for folder in installed} & set(sandbox._python_folders())


def test_a_file_is_counted_however_deep_it_lies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("top")
    os.chdir("top")
    for _ in range(1200):
        os.mkdir("seven-b")
        os.chdir("seven-b")
    with open("file", "wb") as file:
        file.write(bytes(1_000_000))
    os.chdir(tmp_path)
    try:
        assert 1_000_000 <= sandbox._size(tmp_path / "top") < 1_100_000
    finally:
        sandbox.remove(tmp_path / "top")
    assert sandbox._size(tmp_path / "top") == 0


def test_a_bubblewrap_that_may_make_no_namespaces_does_not_work(tmp_path, monkeypatch):
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'No permissions to create a new namespace' >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert lacking("bubblewrap") in ("namespaces", "seccomp", "Linux") and not sandbox._bubblewrap_works()
    (tmp_path / "bwrap").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert lacking("bubblewrap") in ("bubblewrap", "seccomp", "Linux") and not sandbox._bubblewrap_works()


@pytest.mark.slow
def test_no_connection_leaves_the_sandbox(tmp_path):
    level()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        code = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)"
        found = run_alone(tmp_path, attacks.inside(code))
        assert found.outcome == "wrong" and "Error" in found.text
        with pytest.raises(TimeoutError):
            listener.accept()


def run_alone(tmp_path, update, **changes):
    """What is found of `update` in a submission of its own."""
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()))
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "a.ipynb").write_text(attacks.as_text(attacks.submission(update)))
    plan = classroom.Plan(tmp_path / "course", tmp_path / "out", level(), "a salt", 1, **changes)
    [result] = classroom.grade(submissions.find(tmp_path / "class"), plan)
    return next(row for row in result.exercises if row.exercise == "update")


@pytest.mark.slow
def test_what_an_answer_sees_of_this_machine(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    os.environ["BGD_SECRET"] = "secret"
    code = f"""
import os
seen = [os.environ.get("BGD_SECRET")]
for path in ({str(secret)!r}, {str(ROOT / "README.md")!r}, "/etc/passwd", "/proc/1/environ"):
    try:
        seen.append(open(path).read()[:5])
    except OSError:
        pass
raise ValueError(f"{{[one for one in seen if one]}}")"""
    try:
        assert "ValueError: []" in run_alone(tmp_path, attacks.inside(code)).text
    finally:
        del os.environ["BGD_SECRET"]


@pytest.mark.slow
def test_an_answer_that_calls_the_package_is_told_so(tmp_path):
    source = "from bgd_helpers.descent import update as u\n" + attacks.inside("", "return u(theta, gradient, eta)")
    assert "write it yourself" in run_alone(tmp_path, source).text
