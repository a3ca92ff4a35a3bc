"""The tests in a browser say why they cannot run, and what ended too early."""

import subprocess
import sys

import in_browser
import pytest


def test_without_a_browser_it_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(in_browser.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "playwright", sys)
    assert in_browser.missing() == "apt install chromium"


def test_without_playwright_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright", None)
    assert "pip install -e '.[browser]'" in in_browser.missing()


def test_with_both_there_is_no_reason(monkeypatch):
    monkeypatch.setattr(in_browser.shutil, "which", lambda name: f"/bin/{name}" if name == "google-chrome" else None)
    monkeypatch.setitem(sys.modules, "playwright", sys)
    assert in_browser.missing() == "" and in_browser.executable() == "/bin/google-chrome"


def test_a_server_that_ends_is_not_waited_for(tmp_path):
    (tmp_path / "server.log").write_text("the reason")
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(RuntimeError, match="the server has ended:\nthe reason"):
        in_browser._address(process, tmp_path, tmp_path / "server.log")


def test_waiting_ends(monkeypatch):
    turns = [turn for turn in zip(range(3), in_browser.until(60, "too long"))]
    assert len(turns) == 3
    with pytest.raises(TimeoutError, match="too long"):
        list(in_browser.until(0.01, "too long"))
