"""The style of the source, as Ruff sees it, and its types, as mypy does."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def ruff(*words, folder=ROOT):
    """The finished process of a command of Ruff."""
    if importlib.util.find_spec("ruff") is None:
        pytest.skip("the style of the source, by Ruff. pip install ruff")
    return subprocess.run([sys.executable, "-m", "ruff", *words], cwd=folder, capture_output=True, text=True)


def mypy(*words):
    """The finished process of mypy: on what pyproject.toml names, unless `words` name files."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("the types of the source, by mypy. pip install mypy")
    return subprocess.run([sys.executable, "-m", "mypy", *words], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("words", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_finds_nothing(words):
    done = ruff(*words, "--no-cache", "--output-format=concise")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("words", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_finds_something(words, tmp_path):
    (tmp_path / "bad.py").write_text("import os\nx = [1,2]\n")
    assert ruff(*words, "--no-cache", folder=tmp_path).returncode == 1


def test_mypy_finds_nothing():
    done = mypy()
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_finds_something(tmp_path):
    (tmp_path / "bad.py").write_text("def f() -> int:\n    return ''\n")
    done = mypy(tmp_path / "bad.py")
    assert done.returncode == 1 and "return-value" in done.stdout
