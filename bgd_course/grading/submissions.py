"""Who handed in what: the learners and their notebooks in a folder as a learning management system lays it out.

nbgrader       submitted/<learner>/<assignment>/*.ipynb
Moodle         <Name>_<number>_assignsubmission_file_/*.ipynb, or without folders ..._file_*.ipynb
Canvas         <name>_[LATE_]<number>_<number>_<file>[-<attempt>].ipynb, all in one folder
Gradescope     submission_<number>/*.ipynb
git            <learner>/my-course/*.ipynb, a clone for each learner
one learner    *.ipynb, or a clone of the class's repository
"""

import csv
import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

CANVAS = re.compile(r"(?P<learner>[^_]+_)(?:LATE_)?(?P<id>\d+)_\d+_.+?(?:-(?P<attempt>\d+))?\.\w+", re.I)
MOODLE = re.compile(r"(?P<learner>.+_)(?P<id>\d+)_assignsubmission_(?:file|onlinetext).*", re.S)
GRADESCOPE = re.compile(r"submission_(?P<learner>(?P<id>\d+))")
PASSED_OVER = {"worked-solutions", "feedback", "node_modules", "__pycache__"}
OF_THE_COURSE = {"notebooks", "my-course"}  # folders that name no learner
RELEASE = ".release"  # a file in a clone of the class's repository
DEEPEST, MOST_FILES = 8, 500
HEADINGS = {"learner", "id", "name", "identifier", "full name", "student", "student id", "sid", "username", "email"}


class Submission(NamedTuple):
    """The notebooks of one learner, the latest last; and the names of other files, where there is no notebook."""

    learner: str
    files: tuple
    left: tuple = ()


def find(folder, roster=None):
    """The submissions below `folder`, one for each learner, in order of their names; a learner of the roster without
    any file has an empty one. Raises FileNotFoundError if there is no notebook, ValueError for a bad roster or for a
    learner with more files than anyone hands in."""
    folder = Path(folder)
    names = read_roster(roster) if roster else {}
    found, base = {}, folder if folder.is_dir() else folder.parent
    for path in notebooks_below(folder):
        learner = learner_of(path.relative_to(base), base)
        found.setdefault(_reported(learner, names), []).append(path)
    if not found:
        raise FileNotFoundError(f"there is no notebook (.ipynb) in {folder}{_instead(folder)}")
    for learner, files in found.items():
        if len(files) > MOST_FILES:
            raise ValueError(f"{learner!r} has {len(files)} notebooks: are these several learners'? Give each a folder")
    others = without_notebooks(base, found, names)
    submissions = [Submission(learner, tuple(sorted(files, key=_age))) for learner, files in found.items()]
    submissions += [Submission(learner, (), left) for learner, left in others.items() if learner not in found]
    missing = set(names.values()) - set(found) - set(others)
    return sorted([*submissions, *(Submission(learner, ()) for learner in missing)])


def without_notebooks(base, found, names):
    """Learner to the names of their files, for the folders beside learners' folders that hold no notebook."""
    others = {}
    top = base / "submitted" if (base / "submitted").is_dir() else base
    folders = [path for path in sorted(top.iterdir()) if _is_folder(path) and not _is_output(path)]
    learners = {path: _reported(learner_of(Path(path.name, "a"), base), names) for path in folders}
    if (base / RELEASE).exists() or not set(learners.values()) & set(found):
        return {}
    for path, learner in learners.items():
        if learner not in found and path.name not in OF_THE_COURSE:
            inside = [entry.name for entry in sorted(path.rglob("*")) if entry.is_file() and _is_seen(entry.name)]
            others.setdefault(learner, tuple(inside[:5]))
    return others


def _reported(learner, names):
    """The id to report: by the roster, which may name the learner as the folder does or by the system's number."""
    return names.get(_normal(learner)) or names.get(learner.rpartition("_")[2], learner)


def _instead(folder):
    """What there is in place of notebooks, as far as it helps."""
    zips = folder.is_dir() and sum(1 for _ in folder.rglob("*.zip"))
    return f", but there are {zips} archives (.zip): unpack each into a folder of its learner's name" if zips else ""


def _is_folder(path):
    return path.is_dir() and not path.is_symlink() and _is_seen(path.name)


def _is_output(path):
    """Whether a folder is that of the reports of a run."""
    return (path / "run.json").is_file() and (path / "results").is_dir()


def _is_seen(name):
    return name not in PASSED_OVER and not name.startswith(".")


def _normal(name):
    """A name as it is compared: an accent may be a character of its own or not."""
    return unicodedata.normalize("NFC", name)


def notebooks_below(folder):
    """The notebooks in a folder; links are handed on, to be refused by name, but never followed into."""
    if not folder.is_dir():
        return [folder]
    found = []
    for here, folders, files in os.walk(folder, followlinks=False):
        depth = len(Path(here).relative_to(folder).parts)
        seen = [name for name in sorted(folders) if _is_seen(name)]
        folders[:] = seen if depth < DEEPEST else []
        found += [Path(here, name) for name in sorted(files + folders) if name.lower().endswith(".ipynb")]
    return [path for path in found if not path.is_dir() or path.is_symlink()]


def learner_of(relative, folder):
    """The learner that a file belongs to, by its place below the folder of all submissions.

    Where a name may be that of two, the system's number belongs to it, as in Ada Lovelace_123.
    """
    parts = list(relative.parts[:-1]) if not (folder / RELEASE).exists() else []
    if parts and parts[0] == "submitted":
        parts = parts[1:]
    for part in parts:
        for pattern in (MOODLE, GRADESCOPE):
            if match := pattern.fullmatch(part):
                return _matched(match)
    if parts and parts[0] not in OF_THE_COURSE:
        return parts[0]
    for pattern in (MOODLE, CANVAS):
        if match := pattern.fullmatch(relative.name):
            return _matched(match)
    return folder.resolve().name


def _matched(match):
    return match["id"] if match["learner"] == match["id"] else f"{match['learner']}{match['id']}"


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
    """The learners' ids by what the system writes, from a CSV file (commas, semicolons or tabs) of one or two columns:
    what the folder or file says, and the id to report. A heading is passed over.

    Raises ValueError with the entry at fault: one that is empty, or an id that two entries have.
    """
    names = {}
    for number, row in enumerate(_rows(path), 1):
        key, value = row[0].strip(), (row[1] if len(row) > 1 and row[1].strip() else row[0]).strip()
        if not key or _normal(key) in names:
            raise ValueError(f"the roster {path} has {key or 'nothing'!r} twice or empty (entry {number})")
        if value in names.values():
            raise ValueError(f"the roster {path} gives the id {value!r} to two (entry {number})")
        names[_normal(key)] = value
    return names


def _rows(path):
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(",;\t", key=first.count)
        rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(map(str.strip, row))]
    except UnicodeDecodeError:
        raise ValueError(f"the roster {path} is not UTF-8: save it as CSV UTF-8") from None
    except (OSError, csv.Error) as error:
        raise ValueError(f"the roster {path} cannot be read: {error}") from None
    return rows[1:] if rows and rows[0][0].strip().lower() in HEADINGS else rows


def file_name(learner):
    """A harmless name of a file for a learner's id; different for different ids."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", learner).strip("._-")[:80]
    if plain and plain == learner and plain.lower() not in WINDOWS and not re.search(r"-[0-9a-f]{8}$", plain):
        return plain
    return f"{plain or 'learner'}-{hashlib.sha256(learner.encode('utf-8', 'replace')).hexdigest()[:8]}"


WINDOWS = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
