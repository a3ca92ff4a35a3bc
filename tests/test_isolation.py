"""Which code the grader and the commands run is decided by what is installed: nothing of a submission, of the folder
one stands in, of the output or of a home, and no variable, adds to it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import attacks
import nbformat
import pytest
import traps
from classes import COURSE, RIGHT, ROOT, installed, level, need
from in_browser import answer

from bgd_course import __main__ as start
from bgd_course import cli, release
from bgd_course.grading import classroom, isolation, remote, seal, submissions
from bgd_course.grading.results import Result
from bgd_helpers import shadows

START = "00-start-here.ipynb"


def command(*words):
    """The command line of `bgd`, as make calls it: isolated from its first line."""
    return [sys.executable, "-I", "-m", "bgd_course", *words]


def script(*words):
    """The command line of `bgd`, as a person calls it."""
    return [str(Path(sys.executable).with_name("bgd")), *words]


def notebook(answers=()):
    """The first notebook as a learner hands it in, with these answers."""
    text = json.loads((ROOT / "notebooks" / START).read_text(encoding="utf-8"))
    for cell in text["cells"]:
        for task in COURSE.tasks_of(START):
            if cell["id"] == task.cell:
                cell["source"] = RIGHT[task.exercise] if task.exercise in answers else task.blank
    return json.dumps(text)


def trapped_class(folder, mark, but=()):
    """A folder to grade from that is full of traps, at the top, in a submission, beside the notebooks and in the
    output: one learner is right, one is blank."""
    for place in (".", "ada", "ada/my-course", "bob", "graded"):
        traps.lay(folder / place, mark, but)
    traps.write(folder / "ada" / "my-course" / START, notebook(["loss"]))
    traps.write(folder / "bob" / START, notebook())
    traps.write(folder / "graded" / "run.json", '{"salt": "a salt"}')
    (folder / "graded" / "results").mkdir()
    return folder


def points(folder):
    """Learner to points, from the results of a run."""
    results = [json.loads(path.read_text()) for path in (folder / "results").glob("*.json")]
    return {result["learner"]: sum(row["score"] for row in result["exercises"]) for result in results}


@pytest.mark.slow
@pytest.mark.parametrize("wall", ["bubblewrap", "landlock"])
@pytest.mark.parametrize("call", [command, script])
def test_no_trap_is_sprung_while_a_class_is_graded(call, wall, tmp_path):
    need(wall)
    mark, but = tmp_path / "mark", traps.at_start() if call is script else ()
    folder = trapped_class(tmp_path / "class", mark, but)
    environment = traps.variables(folder, traps.home(tmp_path / "home", mark))
    environment = {
        name: value for name, value in environment.items() if call is command or name not in traps.OBEYED_AT_START
    }
    words = ["grade", ".", "--workers", "2", "--level", wall, "--salt", "a salt"]
    done = subprocess.run(call(*words), cwd=folder, env=environment, capture_output=True, text=True)
    assert traps.sprung(mark) == []
    found = points(folder / "graded")
    assert (found.pop("ada"), found.pop("bob")) == (1, 0), done.stderr
    assert done.returncode == 1 and set(found.values()) == {
        0
    }  # the packages among the traps are folders, as learners' are


def test_a_trap_is_seen_when_it_is_sprung(tmp_path):
    folder = traps.lay(tmp_path / "class", tmp_path / "mark", traps.at_start())
    subprocess.run([sys.executable, "-c", "import lark, click"], cwd=folder, check=True)
    assert traps.sprung(tmp_path / "mark") == ["click", "lark"]


@pytest.mark.slow
def test_every_trap_of_the_attack_suite_that_the_worker_could_meet_is_laid(tmp_path):
    with isolation.started("bgd_course.grading.worker", tmp_path / "w", "?", stderr=subprocess.PIPE) as worker:
        assert b"JSONDecodeError" in worker.communicate()[1]  # it was imported, whole
    code = "import sys, bgd_course.grading.worker as w\n"
    code += "print(*{n.split('.')[0] for n, module in sys.modules.items() if getattr(module, '__file__', None)})"
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    ours = {"__main__", "bgd_helpers", "bgd_course"}
    assert {name for name in loaded.stdout.split() if not name.startswith("_")} - ours <= set(traps.NAMES)


@pytest.mark.parametrize("name", isolation.environment(Path("home")))
def test_what_a_process_of_the_grader_may_know_is_documented(name):
    assert f"`{name}`" in (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")


def test_a_process_of_the_grader_inherits_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("BGD_SECRET", "x")
    monkeypatch.setenv("PATH", f".{os.pathsep}/usr/bin{os.pathsep}")
    with isolation.started("site", tmp_path / "home", stdout=subprocess.PIPE, text=True) as one:
        told = one.communicate()[0]
        assert "ENABLE_USER_SITE: False" in told
    folders = re.findall(r"^    '(.*)',$", told, re.MULTILINE)
    python = (sys.prefix, sys.base_prefix, *map(str, Path(sys.prefix).glob("*")))
    assert folders and not [path for path in folders if not path.startswith(python) and path != str(ROOT)]
    seen = isolation.environment(tmp_path)
    assert set(seen) <= {"HOME", "MPLCONFIGDIR", "MPLBACKEND", "LANG", "PATH", *isolation.PASSED_ON}
    assert seen["PATH"] == "/usr/bin"


@pytest.mark.slow
def test_the_process_that_starts_the_others_does_not_import_matplotlib_which_reads_settings_where_one_stands(tmp_path):
    traps.write(tmp_path / "class" / "ada" / START, notebook())
    words = ["grade", "class", "--no-sandbox"]
    done = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", *command(*words)[2:]], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    imported = {line.split("|")[2].strip() for line in done.stderr.splitlines() if line.count("|") == 2}
    assert {"click", "nbformat"} <= imported and "matplotlib" not in imported


@pytest.mark.parametrize("variable", ["PYTHONPATH", "LD_LIBRARY_PATH"])
@pytest.mark.parametrize("value", [pytest.param("", marks=pytest.mark.slow), ".", "lib", f"/opt{os.pathsep}"])
def test_a_variable_that_names_the_current_folder_is_refused(variable, value, tmp_path):
    traps.write(tmp_path / "ada" / START, notebook())
    words, environment = script("grade", ".", "--no-sandbox"), os.environ | {variable: value}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    refused = f"bgd grade: {variable} names the folder you stand in"
    assert (done.returncode == 2 and done.stderr.startswith(refused)) == bool(value)
    assert (tmp_path / "graded").exists() != bool(value)


@pytest.mark.slow
def test_results_that_lie_in_a_submission_are_not_believed(tmp_path):
    for place in ("clone", "clone/my-course"):
        traps.write(tmp_path / place / START, notebook())
    first = subprocess.run(
        command("grade", ".", "--no-sandbox"), cwd=tmp_path / "clone", capture_output=True, text=True
    )
    assert first.returncode == 0, first.stderr
    [path] = (tmp_path / "clone" / "graded" / "results").glob("*.json")
    forged = json.loads(path.read_text())
    for row in forged["exercises"]:
        row |= {"outcome": "right", "score": row["points"]}
    path.write_text(json.dumps(forged))
    subprocess.run(command("grade", ".", "--no-sandbox"), cwd=tmp_path / "clone", capture_output=True, check=True)
    assert set(points(tmp_path / "clone" / "graded").values()) == {0}


@pytest.mark.parametrize("found", [{}, {"seal": None}, {"seal": "0" * 64}])
def test_a_salt_that_another_chose_is_refused(found, tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"salt": "a"} | found))
    with pytest.raises(ValueError, match="its inputs may be known: name another folder"):
        classroom.salt_of(tmp_path)
    assert classroom.salt_of(tmp_path, "b") == "b" == classroom.salt_of(tmp_path)


def test_a_secret_is_kept_for_its_user_alone_and_is_another_where_it_cannot_be_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    first, path = seal.secret.__wrapped__(), tmp_path / "state" / "bgd" / "seal"
    assert seal.secret.__wrapped__() == first == path.read_bytes() and len(first) == 32
    assert path.stat().st_mode & 0o077 == 0
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert seal.secret.__wrapped__() != seal.secret.__wrapped__()
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert seal.folder() == tmp_path / "home" / ".local" / "state" / "bgd"


@pytest.mark.parametrize(
    "words",
    [
        ["progress", "mine"],
        pytest.param(["release", "out"], marks=pytest.mark.slow),
        ["--version"],
        ["grade", "--help"],
    ],
)
@pytest.mark.parametrize("call", [command, pytest.param(script, marks=pytest.mark.slow)])
def test_no_trap_is_sprung_by_a_command_in_a_hostile_folder(call, words, tmp_path):
    mark, but = tmp_path / "mark", traps.at_start() if call is script else ()
    folder = traps.lay(tmp_path / "here", mark, but)
    traps.lay(folder / "mine", mark, but)
    traps.write(folder / "mine" / START, notebook())
    environment = os.environ | {"PATH": f".{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(call(*words), cwd=folder, env=environment, capture_output=True, text=True)
    assert traps.sprung(mark) == []
    assert done.returncode == 0, done.stderr


def test_lab_starts_no_program_of_the_folder_one_stands_in(tmp_path):
    folder = traps.lay(tmp_path / "here", tmp_path / "mark")
    code = "import sys; from bgd_course import cli, lab\nlab.running_in = lambda _: None\n"
    code += "lab.lab_command = lambda *_: [sys.executable, '-c', '']\ncli.learners_folder = lambda root: root\n"
    code += "sys.exit(cli.main(['lab']))"
    environment = os.environ | {"PATH": f".{os.pathsep}{os.environ['PATH']}", "DISPLAY": ":77"}
    environment.pop("BROWSER", None)
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=folder, env=environment, capture_output=True)
    assert done.returncode == 0 and traps.sprung(tmp_path / "mark") == [], done.stderr


@pytest.mark.parametrize("name", sorted(start.TOO_LATE))
@pytest.mark.parametrize("value", [".", "here/x", "/usr/lib;."])
def test_every_variable_that_leads_to_code_is_refused_where_it_is_relative(name, value, monkeypatch):
    for other in start.TOO_LATE:
        monkeypatch.delenv(other, raising=False)
    assert start.unsafe() is None
    monkeypatch.setenv(name, value)
    assert name in start.unsafe()


@pytest.mark.parametrize("name", ["bgd_helpers", "_editable_impl_bgd_helpers.pth"])
def test_a_course_that_is_installed_for_one_user_is_known(name, tmp_path, monkeypatch):
    monkeypatch.setattr(start.site, "ENABLE_USER_SITE", True)
    monkeypatch.setattr(start.site, "getusersitepackages", lambda: str(tmp_path))
    assert not start.is_of_one_user()
    (tmp_path / name).touch()
    assert start.is_of_one_user()


@pytest.mark.slow
def test_a_link_in_the_output_leads_to_nothing_that_is_written(tmp_path):
    traps.write(tmp_path / "clone" / "my-course" / START, notebook())
    traps.write(tmp_path / "clone" / ".release", "{}")
    precious = traps.write(tmp_path / "precious", "mine")
    places = [f"{folder}/clone.xml" for folder in ("junit", "results")] + ["scores.csv", "feedback/clone.md"]
    for place in (tmp_path / "clone" / "graded" / place for place in places):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(precious)
    words = command("grade", ".", "--no-sandbox", "--workers", "1")
    done = subprocess.run(words, cwd=tmp_path / "clone", capture_output=True, text=True)
    assert done.returncode == 0 and precious.read_text() == "mine", done.stderr
    assert "<testsuite" in (tmp_path / "clone" / "graded" / "junit" / "clone.xml").read_text()


@pytest.mark.parametrize("name", classroom.FOLDERS)
def test_a_folder_of_the_output_that_is_a_link_is_refused(name, tmp_path):
    (tmp_path / "out").mkdir()
    classroom.refuse_links(tmp_path / "out")
    (tmp_path / "out" / name).symlink_to(tmp_path)
    with pytest.raises(ValueError, match="is a link"):
        classroom.refuse_links(tmp_path / "out")


def test_the_name_of_a_file_does_not_steer_the_terminal(tmp_path, capsys):
    result = Result("ada", True, ["\x1b[2Jx.ipynb was not graded: it is empty."], [])
    cli.say_results([result], tmp_path)
    said = capsys.readouterr().err
    assert "x.ipynb was not graded" in said and "\x1b" not in said


def test_a_class_may_be_named_by_a_link(tmp_path):
    traps.write(tmp_path / "class" / "ada" / START, notebook())
    (tmp_path / "link").symlink_to(tmp_path / "class")
    assert [one.learner for one in submissions.find(tmp_path / "link")] == ["ada"]


@pytest.mark.slow
def test_lab_opens_a_folder_of_traps_and_names_them(tmp_path, monkeypatch):
    """Its server starts; the kernel's own import path is the learner's, and a word says what stands in the way."""
    mark, root = tmp_path / "mark", tmp_path / "course"
    (root / "notebooks").mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / START, root / "notebooks")
    traps.lay(root / "my-course", mark)
    for name in ("jupyter_config.py", "jupyter_server_config.py"):  # Jupyter's own word: it reads none in this place
        assert (root / "my-course" / name).exists()
    code = f"import pathlib, sys; from bgd_course import cli; cli.checkout = lambda: pathlib.Path({str(root)!r})\n"
    code += "sys.exit(cli.main(['lab', '--no-browser', '--port', '0']))"
    words = [sys.executable, "-I", "-u", "-c", code]
    told_to = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
    environment = os.environ | {"HOME": str(tmp_path)}
    with subprocess.Popen(words, cwd=root / "my-course", env=environment, **told_to) as lab:
        told = []
        try:
            while not (found := re.search(r"http://\S+", "".join(told[-1:]))):
                told.append(lab.stdout.readline())
                assert told[-1], told
            answer(found[0])  # one that is asked to end before it listens never ends
            lab.send_signal(signal.SIGTERM)
            told.append(lab.communicate(timeout=60)[0])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(lab.pid, signal.SIGKILL)
    assert "random.py" in "".join(told) and "Rename it" in "".join(told)
    assert traps.sprung(mark) == []


def test_a_learners_file_with_the_name_of_a_module_is_named(tmp_path):
    for name in ("random.py", "lark.py", "helpers_of_mine.py", "test.py", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "numpy").mkdir()
    assert shadows.shadows(tmp_path) == ["lark.py", "random.py"]
    (tmp_path / "numpy" / "__init__.py").write_text("")
    assert shadows.shadows(tmp_path) == ["lark.py", "numpy", "random.py"]
    done = subprocess.run([sys.executable, "-c", "import bgd_helpers"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "random.py in this folder" in done.stderr and "Rename it" in done.stderr


def test_a_folder_without_such_files_or_that_is_gone_hears_nothing(tmp_path):
    (tmp_path / "helpers_of_mine.py").write_text("")
    assert shadows.word(tmp_path) == "" and shadows.word(tmp_path / "gone") == ""


def test_a_worker_of_a_cluster_that_imports_its_current_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    remote.refuse_current_folder()
    for path in ("", str(tmp_path)):
        with monkeypatch.context() as patch, pytest.raises(ValueError, match="PYTHONSAFEPATH"):
            patch.setattr(sys, "path", [*sys.path, path])
            remote.refuse_current_folder()


@pytest.mark.slow
def test_no_trap_is_sprung_in_a_release_that_grades_itself(tmp_path):
    wall = level()
    release.write(ROOT, tmp_path / "mine")
    mark = tmp_path / "mark"
    python = installed(tmp_path / "mine", tmp_path / "venv")
    keep = {path: path.read_bytes() for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    traps.lay(tmp_path / "mine", mark)
    for path, data in keep.items():
        path.write_bytes(data)
    traps.lay(tmp_path / "mine" / "my-course", mark)
    traps.write(tmp_path / "mine" / "my-course" / START, notebook(["loss"]))
    words = ["-I", "-m", "bgd_course", "grade", ".", "--output", str(tmp_path / "graded"), "--level", wall]
    environment = traps.variables(tmp_path / "mine", traps.home(tmp_path / "home", mark))
    done = subprocess.run([python, *words], cwd=tmp_path / "mine", env=environment, capture_output=True, text=True)
    assert traps.sprung(mark) == [] and done.returncode == 0, done.stderr
    assert set(points(tmp_path / "graded").values()) == {1}


@pytest.mark.slow
def test_the_attack_class_is_graded_from_a_folder_of_traps(tmp_path, monkeypatch):
    wall, mark = level(), tmp_path / "mark"
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "three.ipynb").write_text(nbformat.writes(attacks.course()), encoding="utf-8")
    for learner, source in {"right": attacks.UPDATE, "wrong": attacks.WRONG}.items():
        text = attacks.as_text(attacks.submission(source))
        traps.write(traps.lay(tmp_path / "class" / learner, mark) / "a.ipynb", text)
    monkeypatch.chdir(traps.lay(tmp_path / "class", mark))
    plan = classroom.Plan(Path("../course"), Path("out"), wall, "a salt")
    found = [one for one in submissions.find(".") if one.learner in ("right", "wrong")]
    found = {result.learner: sum(row.score for row in result.exercises) for result in classroom.grade(found, plan)}
    assert found == {"right": 6, "wrong": 4} and traps.sprung(mark) == []
