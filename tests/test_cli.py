"""The commands."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from bgd_course import cli, lab

ROOT = Path(cli.__file__).parent.parent
COMMANDS = ["lab", "progress", "grade", "release", "site"]


def run(*arguments, folder=ROOT):
    """The finished process of one command line."""
    command = [sys.executable, "-m", "bgd_course", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)])
def test_every_command_has_help(arguments, capsys):
    assert cli.main([*arguments, "--help"]) == 0
    assert f"Usage: {' '.join(['bgd', *arguments])}" in capsys.readouterr().out


def test_no_command_is_an_error():
    done = run()
    assert done.returncode == 2 and "Commands" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_package_outside_a_checkout_says_what_to_do(command, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(cli.bgd_helpers, "__file__", str(tmp_path / "bgd_helpers" / "__init__.py"))
    (tmp_path / "a.ipynb").write_text("{}")
    words = ["grade", str(tmp_path), "--no-sandbox", "--output", str(tmp_path / "out")]
    assert cli.main(words if command == "grade" else [command]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and str(tmp_path) in error and "pip install -e ." in error


def test_a_missing_package_is_named(monkeypatch, capsys):
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None if name == "jupyterlab" else True)
    assert cli.main(["lab"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "not installed: jupyterlab;" in error and "requirements.lock" in error


def test_lab_opens_the_first_notebook_of_the_course():
    command = lab.lab_command(ROOT, cli.FIRST_NOTEBOOK, browser=True)
    assert command[1:5] == ["-P", "-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}"]
    assert "--LabApp.default_url=/lab/tree/00-start-here.ipynb" in command
    assert (ROOT / "notebooks" / cli.FIRST_NOTEBOOK).is_file() and "--no-browser" not in command


def test_lab_without_a_browser_and_with_a_port():
    command = lab.lab_command(ROOT, cli.FIRST_NOTEBOOK, browser=False, port=9999)
    assert "--no-browser" in command and "--port=9999" in command


def test_ctrl_c_is_left_to_the_server():
    answers = iter([KeyboardInterrupt, KeyboardInterrupt, 0])

    def wait():
        answer = next(answers)
        if answer is KeyboardInterrupt:
            raise answer
        return answer

    assert lab.wait_for(SimpleNamespace(wait=wait)) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a request to end a process. a machine with Linux or macOS")
def test_who_is_asked_to_end_ends_its_server():
    before = signal.getsignal(signal.SIGTERM)
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    def ask():
        while signal.getsignal(signal.SIGTERM) == before:  # without a handler the test itself would end
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask, daemon=True).start()
    assert lab.wait_for(server) == -signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("root", [True, False])
def test_only_root_is_let_in_as_root(root, monkeypatch):
    monkeypatch.setattr(lab, "is_root", lambda: root)
    assert ("--allow-root" in lab.lab_command(ROOT, cli.FIRST_NOTEBOOK, browser=True)) == root


@pytest.mark.parametrize(
    ("environment", "platform", "possible"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"BROWSER": "firefox"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_a_browser_needs_a_screen(environment, platform, possible, monkeypatch):
    monkeypatch.setattr(lab.webbrowser, "get", lambda: None)
    assert lab.can_open_browser(environment, platform) == possible


def test_a_screen_alone_is_no_browser(monkeypatch):
    def none():
        raise lab.webbrowser.Error("no browser")

    monkeypatch.setattr(lab.webbrowser, "get", none)
    assert not lab.can_open_browser({"DISPLAY": ":0"}, "linux")


def test_make_and_the_command_line_agree():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    called = {line.split("bgd_course ")[1].split()[0] for line in makefile.splitlines() if "-m bgd_course " in line}
    assert called == set(COMMANDS)


@pytest.mark.parametrize("words, folder", [([], "my-course"), (["--source"], "notebooks")])
def test_lab_opens_the_learners_own_copy_unless_told_otherwise(monkeypatch, tmp_path, words, folder):
    write_source(tmp_path)
    opened = []
    monkeypatch.setattr(cli, "checkout", lambda: tmp_path)
    monkeypatch.setattr(cli.subprocess, "Popen", lambda *call, cwd: opened.append((*call, cwd)) or Server())
    assert cli.main(["lab", "--no-browser", *words]) == 0
    [(command, stands_in)] = opened
    assert f"--ServerApp.root_dir={tmp_path / folder}" in command and stands_in == tmp_path
    assert (tmp_path / folder / "00-start-here.ipynb").exists()
    assert ("secret" in (tmp_path / folder / "00-start-here.ipynb").read_text()) == bool(words)


def test_lab_says_where_it_is_open_already(monkeypatch, tmp_path, capsys):
    write_source(tmp_path)
    (tmp_path / "my-course").mkdir()
    here = {"root_dir": str(tmp_path / "my-course"), "url": "http://localhost:8888/", "token": "t"}
    monkeypatch.setattr("jupyter_server.serverapp.list_running_servers", lambda: [{"root_dir": "/"}, here])
    monkeypatch.setattr(cli, "checkout", lambda: tmp_path)
    assert cli.main(["lab", "--no-browser"]) == 0
    assert "http://localhost:8888/lab?token=t" in capsys.readouterr().out
    assert not (tmp_path / "my-course" / "00-start-here.ipynb").exists()


def test_a_file_in_the_place_of_the_learners_folder_is_named(monkeypatch, tmp_path, capsys):
    write_source(tmp_path)
    (tmp_path / "my-course").write_text("mine")
    monkeypatch.setattr(cli, "checkout", lambda: tmp_path)
    assert cli.main(["lab", "--no-browser"]) == 1
    assert "rename it" in capsys.readouterr().err and (tmp_path / "my-course").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_opened_all_the_same(monkeypatch, tmp_path, capsys):
    write_source(tmp_path)
    monkeypatch.setattr(cli, "checkout", lambda: tmp_path)
    monkeypatch.setattr(cli.subprocess, "Popen", lambda command, cwd: Server())
    assert cli.main(["lab", "--no-browser"]) == 0
    (tmp_path / "my-course" / ".course" / "00-start-here.ipynb").unlink()
    (tmp_path / "my-course" / ".course" / "00-start-here.ipynb").mkdir()
    assert cli.main(["lab", "--no-browser"]) == 0
    assert "was not brought up to date" in capsys.readouterr().err


def write_source(root):
    (root / "notebooks").mkdir()
    source = "def f():\n    ### BEGIN SOLUTION\n    return 'secret'\n    ### END SOLUTION"
    nbformat.write(new_notebook(cells=[new_code_cell(source, id="f")]), root / "notebooks" / "00-start-here.ipynb")


class Server:
    """A server that is stopped at once."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def wait(self):
        return 0


def test_progress_before_the_first_start_says_what_to_do(monkeypatch, tmp_path, capsys):
    write_source(tmp_path)
    monkeypatch.setattr(cli, "checkout", lambda: tmp_path)
    assert cli.main(["progress"]) == 1
    assert "make lab" in capsys.readouterr().err


def test_grading_does_not_write_into_the_submissions(tmp_path, capsys):
    assert cli.main(["grade", str(tmp_path), "--output", str(tmp_path)]) == 2
    assert "holds the submissions: name another folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
