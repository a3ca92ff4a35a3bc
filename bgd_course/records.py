"""What runs on this machine have found, for the site's page of status: kept outside the repository."""

import hashlib
import json
import os
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any


def cache() -> Path:
    """The folder of what is kept outside the repository."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "bgd-site"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def read() -> dict[str, dict[str, Any]]:
    """What was found, by kind ("native", "browser", "book", "workbook", "said") and name."""
    with suppress(OSError, ValueError):
        return json.loads((cache() / "records.json").read_text(encoding="utf-8"))
    return {}


def ran(kind: str, path: Path, seconds: float) -> None:
    """Keep that a notebook, as it is now, has run."""
    add(kind, path.name, {"day": str(date.today()), "seconds": seconds, "of": code(path)})


def code(path: Path) -> str:
    """What tells a notebook's code from that of another version."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()[:12]


def add(kind: str, name: str, value: Any) -> None:
    """Keep what was found, in place of what was found before; where nothing can be written, nothing is kept."""
    with suppress(OSError):
        known, new = read(), cache() / f"records-{os.getpid()}.tmp"
        known.setdefault(kind, {})[name] = value
        new.write_text(json.dumps(known, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(new, cache() / "records.json")
