"""The site of the course: a book to read, and a workbook that runs in the browser, as a folder of static files."""

import shutil
import tempfile
from pathlib import Path

from bgd_course.site import book, status, workbook

MARK = ".site"  # in a folder that `write` made: it may be written again


def write(root: Path, folder: Path, offline: Path | None = None) -> None:
    """Write the site of the course at `root` into `folder`, whole or not at all; with all of Pyodide in it if `offline`
    is the folder that has its compiled wheels.

    Raises FileExistsError if something else is in the folder, pyodide.Missing if what it is made of cannot be had.
    """
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there and is no site: name another folder, or remove it")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".site-") as made:
        site = Path(made) / "site"
        book.write(root, site, status.page(root))
        workbook.write(root, site / "workbook", offline)
        for name in (".nojekyll", MARK):
            (site / name).touch()
        if folder.exists():
            shutil.move(folder, Path(made) / "before")
        shutil.move(site, folder)
    folder.chmod(0o755)
