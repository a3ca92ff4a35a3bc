"""Who handed in what: the learners and their notebooks in a folder as a learning management system lays it out.

nbgrader       submitted/<learner>/<assignment>/*.ipynb
Moodle         <Name>_<number>_assignsubmission_file_/*.ipynb
Canvas         <name>_[LATE_]<number>_<number>_<file>[-<attempt>].ipynb, all in one folder
Gradescope     submission_<number>/*.ipynb
git            <learner>/my-course/*.ipynb, a clone for each learner
one learner    *.ipynb, or a clone of the class's repository
"""

import csv
import hashlib
import os
import re
from pathlib import Path
from typing import NamedTuple

CANVAS = re.compile(r"(?P<learner>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+?)(?:-(?P<attempt>\d+))?\.ipynb", re.I)
MOODLE = re.compile(r"(?P<learner>.+)_\d+_assignsubmission_(?:file|onlinetext)_?")
GRADESCOPE = re.compile(r"submission_(?P<learner>\d+)")
PASSED_OVER = {"worked-solutions", "feedback", "node_modules", "__pycache__"}
OF_THE_COURSE = {"notebooks", "my-course"}  # folders that name no learner
RELEASE = ".release"  # a file in a clone of the class's repository
DEEPEST, MOST_FILES = 8, 500


class Submission(NamedTuple):
    """The files of one learner, the latest last."""

    learner: str
    files: tuple


def find(folder, roster=None):
    """The submissions below `folder`, one for each learner, in order of their names; a learner of the roster without
    any file has an empty one. Raises FileNotFoundError if there is no notebook, ValueError for a bad roster."""
    folder = Path(folder)
    names = read_roster(roster) if roster else {}
    found = {}
    for path in notebooks_below(folder):
        base = folder if path != folder else folder.parent
        learner = learner_of(path.relative_to(base), base)
        found.setdefault(names.get(learner, learner), []).append(path)
    if not found:
        raise FileNotFoundError(f"there is no notebook (.ipynb) in {folder}")
    for learner in names.values():
        found.setdefault(learner, [])
    return [Submission(learner, tuple(sorted(files, key=_age))) for learner, files in sorted(found.items())]


def notebooks_below(folder):
    """The notebooks in a folder; links are handed on, to be refused by name, but never followed into."""
    if folder.is_file() or folder.is_symlink():
        return [folder]
    found = []
    for here, folders, files in os.walk(folder, followlinks=False):
        depth = len(Path(here).relative_to(folder).parts)
        seen = [name for name in sorted(folders) if name not in PASSED_OVER and not name.startswith(".")]
        folders[:] = seen if depth < DEEPEST else []
        found += [Path(here, name) for name in sorted(files + folders) if name.lower().endswith(".ipynb")]
    return [path for path in found if not path.is_dir() or path.is_symlink()]


def learner_of(relative, folder):
    """The learner that a file belongs to, by its place below the folder of all submissions."""
    parts = list(relative.parts[:-1]) if not (folder / RELEASE).exists() else []
    if parts and parts[0] == "submitted":
        parts = parts[1:]
    for part in parts:
        for pattern in (MOODLE, GRADESCOPE):
            if match := pattern.fullmatch(part):
                return match["learner"]
    if parts and parts[0] not in OF_THE_COURSE:
        return parts[0]
    if match := CANVAS.fullmatch(relative.name):
        return f"{match['learner']}_{match['id']}"
    return folder.resolve().name


def _age(path):
    """What orders the files of a learner: Canvas's number of the attempt, then the time of the file."""
    match = CANVAS.fullmatch(path.name)
    attempt = int(match["attempt"] or 0) if match and len(match["attempt"] or "") < 6 else 0
    try:
        changed = path.lstat().st_mtime_ns
    except OSError:
        changed = 0
    return attempt, changed, str(path)


def read_roster(path):
    """The learners' names (or ids) by what the system writes, from a CSV file of one or two columns: what the folder
    or file says, and the id to report. A heading `learner` is passed over. Raises ValueError with the line at fault."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"the roster {path} cannot be read: {error}") from None
    rows = rows[1:] if rows and rows[0][0].strip().lower() in ("learner", "id", "name") else rows
    names = {}
    for number, row in enumerate(rows, 1):
        key, value = row[0].strip(), (row[1] if len(row) > 1 and row[1].strip() else row[0]).strip()
        if not key or key in names:
            raise ValueError(f"the roster {path} has {key or 'nothing'!r} twice or empty (entry {number})")
        names[key] = value
    return names


def file_name(learner):
    """A harmless name of a file for a learner's id; different for different ids."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", learner).strip("._-")[:80]
    if plain and plain == learner and plain.lower() not in WINDOWS:
        return plain

    return f"{plain or 'learner'}-{hashlib.sha256(learner.encode('utf-8', 'replace')).hexdigest()[:8]}"


WINDOWS = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
