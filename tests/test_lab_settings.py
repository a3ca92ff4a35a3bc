"""The settings of JupyterLab that come with the course: beside those of the environment, never in their place."""

import json
import sys
from pathlib import Path

from jupyterlab_server.config import get_page_config
from jupyterlab_server.settings_utils import _get_overrides

ROOT = Path(__file__).parent.parent
SETTINGS = Path("share", "jupyter", "lab", "settings")
NOTIFICATION = "@jupyterlab/apputils-extension:notification"


def test_no_file_is_one_that_others_write():
    ours = [path for path in (ROOT / "install").rglob("*") if path.is_file()]
    assert len(ours) == 3
    assert [path for path in ours if path.parent.suffix != ".d" or path.name != "bgd_helpers.json"] == []


def test_jupyterlab_finds_them_in_this_environment():
    overrides, error = _get_overrides(str(Path(sys.prefix, SETTINGS)))
    assert overrides["@jupyterlab/docmanager-extension:plugin"] == {"autosaveInterval": 20}
    assert not error and overrides[NOTIFICATION] == {"fetchNews": "false", "checkForUpdates": False}
    assert "@jupyter/nbgrader" in get_page_config([])["disabledExtensions"]


def test_settings_of_others_stay_and_go_first(tmp_path):
    folder = tmp_path / "settings"
    (folder / "overrides.d").mkdir(parents=True)
    ours = ROOT / "install" / SETTINGS / "overrides.d" / "bgd_helpers.json"
    (folder / "overrides.d" / ours.name).write_bytes(ours.read_bytes())
    theirs = {NOTIFICATION: {"checkForUpdates": True}, "theme": {"dark": True}}
    (folder / "overrides.json").write_text(json.dumps(theirs))
    overrides, _ = _get_overrides(str(folder))
    assert overrides[NOTIFICATION] == {"fetchNews": "false", "checkForUpdates": True}
    assert overrides["theme"] == {"dark": True}
