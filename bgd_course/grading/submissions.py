"""Who handed in what: the learners and their files in a folder as a learning management system lays it out.

Only a name at the top says whose a file is, and one rule of LAYOUTS says how. What could be two people, or one person
twice, is an error that names both. Every file belongs to one learner, or is named as nobody's.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from bgd_course.grading import archives
from bgd_course.grading.roster import Roster, normal, spelling

DATE = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d"
# The systems' rules for a name at the top, the most particular first: the first match, from the left, is what counts,
# since what stands behind it is the learner's. `number` is the system's own, `head` must be one for one learner.
LAYOUTS = {
    "moodle": (r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?", "{name}_{number}"),
    "blackboard": (rf"(?P<head>.+?_(?P<name>[^_]+))_attempt_(?P<attempt>{DATE})(?:[_.].*)?", "{name}"),
    "brightspace": (r"(?P<number>\d+)-\d+ - (?P<name>.+?)(?: - .*)", "{name}_{number}"),
    "gradescope": (r"submission_(?P<number>\d+)", "{number}"),
    "canvas-anonymous": (
        r"(?:LATE_)?anon_(?:LATE_)?(?P<name>[A-Za-z0-9]+)_(?:\d+_)?.+?(?:-(?P<attempt>\d{1,5}))?\.\w+",
        "anon_{name}",
    ),
    "canvas": (
        r"(?P<name>.+?)(?:_LATE)?_(?P<number>\d+)_(?:\d+_.+?(?:-(?P<attempt>\d{1,5}))?\.\w+|(?:text|link)\.html)",
        "{name}_{number}",
    ),
}
PATTERNS = {name: re.compile(pattern, re.I | re.S) for name, (pattern, _) in LAYOUTS.items()}
PASSED_OVER = {"worked-solutions", "feedback", "node_modules", "__pycache__", "__MACOSX"}
OF_SYSTEMS = {"node_modules", "__pycache__", "__MACOSX"}
OF_THE_COURSE = {"notebooks", "my-course"}  # folders that name no learner
OF_NBGRADER = {"source", "release", "autograded", "feedback", "solution"}
STAMP = ("timestamp.txt",)  # what nbgrader adds to each assignment that is handed in
RELEASE = ".release"  # a file in a clone of the class's repository
DEEPEST, MOST_FILES, MOST_SEEN, MOST_MODULES = 24, 500, 20_000, 50
TIED, MOST_TIES = 2 * 10**9, 11  # nanoseconds within which times tell nothing; how many ties are named


class Submission(NamedTuple):
    """The notebooks of one learner, the latest last; a sentence for each file that is not graded though it might be
    meant; what the layout says of the learner, where the roster has another id; the names of the other files; and the
    modules among these (.py), which the notebooks may import."""

    learner: str
    files: tuple
    left: tuple = ()
    key: str = ""
    others: tuple = ()
    modules: tuple = ()

    @property
    def sources(self) -> tuple:
        """The files that are read: notebooks and modules."""
        return self.files + self.modules


class Recognised(NamedTuple):
    """What a folder holds: its layout, a submission for each learner, the names that are nobody's, and warnings."""

    layout: str
    submissions: list[Submission]
    nobodys: list[str]
    warnings: list[str]


class Ambiguous(ValueError):
    """What could be two people, or one person twice; the message names both."""


class Item(NamedTuple):
    """A file or folder: the parts of its name below the top, where it is, and what."""

    parts: tuple
    path: Path
    kind: str

    @property
    def name(self):
        return "/".join(self.parts)


class Entry(NamedTuple):
    """A name at the top, whose it is, by what number, and what must be one for one learner; what is below it."""

    name: str
    learner: str
    items: list
    number: str = ""
    head: str = ""
    attempt: str = ""
    said: bool = False


def find(folder: Path | str, roster: Path | None = None, assume: Sequence[str] = ()) -> list[Submission]:
    """The submissions below `folder`, one for each learner, in order of their names. Raises as `recognise`."""
    return recognise(folder, roster, assume).submissions


def recognise(folder: Path | str, roster: Path | None = None, assume: Sequence[str] = ()) -> Recognised:
    """What the folder (or archive, or notebook) holds, in which layout.

    `assume` settles what is ambiguous: a layout ("folders", "one", or one of LAYOUTS), a pattern ("hello-{learner}"),
    or whose a name at the top is ("Ada=ada"; "notes=" is nobody's).

    Raises FileNotFoundError if there is no notebook, ValueError for a bad roster, `Ambiguous` for what is not clear.
    """
    base = Path(folder)
    table = Roster.read(roster) if roster else None
    layout, entries, nobodys = arranged(base, Assumed.of(assume), table)
    _refuse_two_in_one(entries)
    spelled: dict[str, str] = {}  # an accent may be a character of its own or not: the first spelling is reported
    learners: dict[str, list[Entry]] = {}
    for entry in entries:
        learners.setdefault(spelled.setdefault(normal(entry.learner), entry.learner), []).append(entry)
    ids, absent, warnings = _ids(learners, table)
    found = [_submission(ids[learner], learner, entries) for learner, entries in learners.items()]
    is_something = any(one.files or "archive" in " ".join(one.left) for one in found)
    if not is_something and (layout not in LAYOUTS or not found):
        raise FileNotFoundError(f"there is no notebook (.ipynb) in {folder}")
    found += absent
    return Recognised(layout, sorted(found), sorted(nobodys), warnings)


class Assumed(NamedTuple):
    """What was said about what is ambiguous: a layout, a pattern, and names at the top with whose they are."""

    layout: str = ""
    pattern: re.Pattern | None = None
    whose: dict[str, str] = {}

    @classmethod
    def of(cls, words: Sequence[str]) -> "Assumed":
        """From the words of `--assume`. Raises ValueError for one that says nothing."""
        found = cls(whose={})
        for word in words:
            if word in (*LAYOUTS, "folders", "one"):
                found = found._replace(layout=word)
            elif "{learner}" in word:
                pattern = re.escape(word).replace(r"\{learner\}", "(?P<name>.+?)", 1).replace(r"\*", ".*")
                found = found._replace(pattern=re.compile(pattern, re.S))
            elif "=" in word:
                name, _, learner = word.partition("=")
                found.whose[normal(name)] = learner.strip()
            else:
                known = ", ".join((*LAYOUTS, "folders", "one"))
                raise ValueError(f"--assume {word!r}: say a layout ({known}), 'name=learner', or 'hello-{{learner}}'")
        return found


def arranged(base: Path, said: Assumed, table: Roster | None = None) -> tuple[str, list[Entry], list[str]]:
    """The layout of a folder, the entries that are learners', and the names of what is nobody's."""
    if not base.is_dir() and not archives.is_archive(base.name):
        return "one", [Entry(base.name, base.absolute().parent.name, [Item((base.name,), base, _kind(base))])], []
    tops: dict[str, list[Item]] = {}
    nobodys: list[str] = []
    for item in walk(base):
        tops.setdefault(item.parts[0], []).append(item)
    if not tops and not base.is_dir():
        raise FileNotFoundError(f"there is no notebook (.ipynb) in {base}")
    is_one = said.layout == "one" or not said.layout and (base / RELEASE).exists()
    for name in [name for name, items in tops.items() if is_one or not _notebooks(items)]:
        if name in PASSED_OVER or _is_output(base / name):
            nobodys += [f"{name}/"] * bool(tops.pop(name))
    one = Entry("", archives.stem(base.resolve().name), [item for items in tops.values() for item in items])
    if is_one:
        return "one", [one], nobodys
    layout = said.layout or ("pattern" if said.pattern else _system(tops, said))
    if not layout and _is_nbgrader(tops):
        nobodys += [item.name for name in tops if name != "submitted" for item in tops[name] if item.kind != "folder"]
        layout, tops = "nbgrader", _below([item for item in tops["submitted"] if item.parts[3:] != STAMP])
    elif not layout:
        layout = _folders_or_one(base, tops, said)
        if layout == "one":
            return "one", [one], nobodys
    entries = []
    folders = [name for name in tops if _is_folder(tops[name])]
    if table and layout == "folders" and table.is_of_classroom_50() and (prefix := table.prefix(folders, "-")):
        layout, said = "classroom50", said._replace(pattern=re.compile(re.escape(prefix) + "(?P<name>.+)"))
    for name, items in tops.items():
        entry = _entry(name, items, layout, said)
        entries += [entry] if entry else []
        nobodys += [] if entry else [item.name for item in items if item.kind != "folder"] or [f"{name}/"]
    if table and layout == "blackboard" and (prefix := table.prefix([entry.head for entry in entries], "_")):
        entries = [one if one.said else one._replace(learner=one.head.removeprefix(prefix)) for one in entries]
    return layout, entries, nobodys


def _system(tops, said):
    """The system whose rule fits all names that any system's fits; "" if none fits. Raises `Ambiguous`, too where the
    name of another notebook, or of a folder beside a system's folders, is not understood."""
    fits = {system: {name for name in tops if pattern.fullmatch(name)} for system, pattern in PATTERNS.items()}
    fits["canvas"] |= fits["canvas-anonymous"]  # a class may hold both
    every = set().union(*fits.values())
    if not every:
        return ""
    others = [name for name, items in tops.items() if name not in every and normal(name) not in said.whose]
    in_folders = any(_is_folder(tops[name]) for name in every)
    for other in (name for name in others if _notebooks(tops[name]) and (in_folders or not _is_folder(tops[name]))):
        system = next(system for system, names in fits.items() if names)
        raise Ambiguous(
            f"{min(every)!r} is named as {system} does, {other!r} is not: say --assume {system}, --assume folders, or"
            f" whose it is, --assume {f'{other}=learner'!r}"
        )
    for system, names in fits.items():
        if names == every:
            return system
    one, other = [system for system, names in fits.items() if names][:2]
    first, second = min(fits[one] - fits[other] or fits[one]), min(fits[other] - fits[one] or fits[other])
    raise Ambiguous(f"{first!r} is named as {one} does, {second!r} as {other}: say --assume {one} or --assume {other}")


def _is_nbgrader(tops):
    others = [name for name, items in tops.items() if name not in OF_NBGRADER | {"submitted"} and _notebooks(items)]
    if "submitted" in tops and others and _notebooks(tops["submitted"]):
        raise Ambiguous(f"'submitted' is nbgrader's folder, or a learner as {others[0]!r} is: say --assume folders")
    return "submitted" in tops


def _folders_or_one(base, tops, said):
    """Whether the names at the top are learners' ("folders"), or all is one learner's. Raises `Ambiguous`."""
    files = [
        name for name, items in tops.items() if any(len(item.parts) == 1 and item.kind == "notebook" for item in items)
    ]
    folders = [name for name, items in tops.items() if name not in files and _is_folder(items)]
    own = [name for name in folders if name not in OF_THE_COURSE and _notebooks(tops[name])]
    if files and own:
        raise Ambiguous(
            f"{files[0]!r} is a notebook at the top, {_notebooks(tops[own[0]])[0].name!r} one in a folder: if all is"
            " one learner's, say --assume one; if the folders are learners, say --assume folders"
        )
    given = [name for name in folders if name in OF_THE_COURSE and _notebooks(tops[name])]
    if own and given and not {normal(name) for name in given} <= set(said.whose):
        raise Ambiguous(
            f"{given[0]!r} is a folder of the course, {own[0]!r} is not: if all is one learner's, say --assume one; if"
            " both are learners, say --assume folders"
        )
    _refuse_many_names(files)
    if files or not own and any(_notebooks(tops[name]) for name in folders):
        return "one"
    inside = [name for name in own if normal(name) not in said.whose and _holds_learners(tops[name])]
    weeks = [{name for name, items in _below(tops[name]).items() if _is_folder(items)} for name in own]
    if own and len(inside) == len(own) and not any(one & other for one, other in pairwise(weeks)):
        first, second = (item.name for item in _two_of(tops[inside[0]]))
        raise Ambiguous(
            f"{inside[0]!r} is one learner, or a folder of learners ({first!r}, {second!r}): name that folder"
            " (out of an archive, unpacked), or say --assume folders"
        )
    return "folders"


# The name of one of the course's notebooks, and what a learner's own copy of it has more.
OF_COURSE = re.compile(r"(?P<before>.*?)(?P<name>\d\d[b-e]?(?:-[a-z]+)+)(?P<after>.*)\.ipynb", re.S)
OWN = re.compile(r"(?:copy of |kopie von )?(?:[ _-]*+(?:\(?\d++\)?|copy\d*+|kopie))*+", re.I)


def _refuse_many_names(files):
    """Raise `Ambiguous` where notebooks in one folder have the same name but for what stands before or behind it."""
    seen: dict[str, tuple[str, str]] = {}
    for match in filter(None, map(OF_COURSE.fullmatch, files)):
        more = normal(match["before"]), normal(match["after"])
        if OWN.fullmatch("".join(more)):
            continue
        other, name = seen.setdefault(match["name"], (more, match[0]))
        if other != more:
            raise Ambiguous(
                f"{name!r} and {match[0]!r} may be of one learner or of two: say --assume one, or where the name is,"
                f" --assume {'{learner} - *'!r}"
            )


def _holds_learners(items):
    """Whether a folder at the top may be a class: it has a system's names of several, or several folders with work."""
    below = _below(items)
    for system, pattern in PATTERNS.items():
        matches = [pattern.fullmatch(name) for name in below]
        if below and all(matches) and len({LAYOUTS[system][1].format(**match.groupdict()) for match in matches}) > 1:
            return True
    folders = [name for name, rest in below.items() if name not in OF_THE_COURSE and _notebooks(rest)]
    return len(folders) > 1 and not any(len(item.parts) == 2 and item.kind == "notebook" for item in items)


def _two_of(items):
    found = [item for item in items if len(item.parts) > 1 and item.kind == "notebook"]
    return found[0], found[-1]


def _below(items):
    """The items of one folder by their names in it."""
    below = {}
    for item in items:
        if len(item.parts) > 1:
            below.setdefault(item.parts[1], []).append(item._replace(parts=item.parts[1:]))
    return below


def _notebooks(items):
    return [item for item in items if item.kind == "notebook"]


def _is_folder(items):
    return any(len(item.parts) > 1 or item.kind in ("folder", "link folder", "archive", "packed") for item in items)


def _entry(name, items, layout, said):
    """A name at the top with whose it is; None if it is nobody's."""
    if normal(name) in said.whose:
        learner = said.whose[normal(name)]
        return Entry(name, learner, items, said=True) if learner else None
    if layout in LAYOUTS:
        system = "canvas-anonymous" if layout == "canvas" and PATTERNS["canvas-anonymous"].fullmatch(name) else layout
        match = PATTERNS[system].fullmatch(name)
        if not match:
            return None
        found = {group: value or "" for group, value in match.groupdict().items()}
        attempt = found.get("attempt", "").rjust(20, "0")
        learner = LAYOUTS[system][1].format(**found)
        return Entry(name, learner, items, found.get("number", ""), found.get("head", ""), attempt)
    if said.pattern:
        match = said.pattern.fullmatch(name)
        return Entry(name, match["name"], items, head=name[: match.end("name")]) if match else None
    return (
        Entry(name, archives.stem(name) if _is_archive(items) else name, items, head=name)
        if _is_folder(items)
        else None
    )


def _is_archive(items):
    name = items[0].parts[0]
    return (archives.is_archive(name) or archives.is_of_another_kind(name)) and not items[0].path.is_dir()


# What a system adds to the name of a folder or an archive that is there already.
COPY = re.compile(
    r"(?:(?:Copy of|Kopie von) )?(?P<name>.+?)(?:[ _]?\(\d+\)|(?: -)? (?:Copy|Kopie)(?: \d+)?)*", re.I | re.S
)


def _refuse_two_in_one(entries):
    """Raise `Ambiguous` where two names at the top may be of one person, and nobody has said so."""
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        for mark in [("name", spelling(entry.learner))] + [("number", entry.number)] * bool(entry.number):
            _refuse_both(seen.setdefault(mark, entry), entry)
    for entry in entries:
        original = COPY.fullmatch(entry.learner)
        _refuse_both(seen.get(("name", spelling(original["name"])) if original else ("", ""), entry), entry)


def _refuse_both(other, entry):
    same = normal(other.learner) == normal(entry.learner) and other.head == entry.head
    if not same and not (other.said or entry.said):
        raise _ambiguous(other.name, other.learner, entry)


def _ambiguous(name, learner, entry):
    return Ambiguous(
        f"{name!r} and {entry.name!r} may be of one learner or of two: say --assume {f'{entry.name}={learner}'!r} for"
        f" one, --assume {f'{entry.name}=another id'!r} for two"
    )


def _ids(learners, table):
    """The id to report of each learner, the ids of the roster's others, and warnings. Raises ValueError."""
    if table is None:
        return {learner: learner for learner in learners}, [], []
    names = table.names({key for learner, entries in learners.items() for key in _keys(learner, entries)})
    ids, used = {}, set()
    for learner, entries in learners.items():
        keys = [key for key in _keys(learner, entries) if key in names]
        if len({names[key] for key in keys}) > 1:
            raise Ambiguous(f"the roster has two ids for {entries[0].name!r}: {names[keys[0]]!r}, {names[keys[1]]!r}")
        ids[learner] = names[keys[0]] if keys else learner
        used |= set(keys)
    if learners and not used:
        first = next(iter(learners))
        raise ValueError(
            f"the roster {table.path} matches none of the {len(learners)} learners: it has"
            f" {next(iter(names), '')!r}, the folder {first!r}; a name must be the same, or the system's number alone"
        )
    _refuse_other_spellings(learners, set(names), used)
    recognised = {one.number: one.recognised for one in table.people()}
    missing = [Submission(names[key], (), (), recognised.get(key, "")) for key in names if key not in used]
    absent = {f"{key} (of the roster)": names[key] for key in names if key not in used}
    whose = {}
    reported = {entries[0].name: ids[learner] for learner, entries in learners.items()}
    for what, found in (reported | absent).items():
        other = whose.setdefault(spelling(found), what)
        if other != what:
            raise Ambiguous(
                f"{other!r} and {what!r} would both be reported as {found!r}: change the roster {table.path}"
            )
    unlisted = [learner for learner, entries in learners.items() if used.isdisjoint(_keys(learner, entries))]
    said = f"not on the roster: {', '.join(map(repr, unlisted[:5]))}{', …' * (len(unlisted) > 5)}"
    return ids, missing, [said] * bool(unlisted)


def _refuse_other_spellings(learners, names, used):
    """Raise `Ambiguous` where the roster spells the name of a learner whom it does not have in another way, or without
    the zeros before it."""
    spelled = {spelling(key): key for key in names - used}
    numbers = {key.lstrip("0"): key for key in names - used if key.isdigit()}
    for learner, entries in learners.items():
        is_listed = not names.isdisjoint(_keys(learner, entries))
        key = spelled.get(spelling(learner)) or not is_listed and numbers.get(normal(learner).lstrip("0"))
        if key and not any(entry.said for entry in entries):
            raise _ambiguous(f"{key} (of the roster)", key, entries[0])


def _keys(learner, entries):
    """What a roster may call a learner: as the layout does, or by the system's number alone."""
    return list(dict.fromkeys([normal(learner), *(entry.number for entry in entries if entry.number)]))


def _submission(reported, learner, entries):
    notebooks, ties = _by_age([(entry, item) for entry in entries for item in entry.items if item.kind == "notebook"])
    too_many = len(notebooks) - MOST_FILES
    left = [f"One of {len(notebooks)} notebooks was not graded: more than {MOST_FILES} are too many."] * (too_many > 0)
    own = [item for entry in entries for item in entry.items if item.kind not in OF_A_RELEASE or not _is_released(item)]
    left += [_why_left(item, bool(notebooks)) for item in own]
    files = tuple(item.path for _, item in notebooks[-MOST_FILES:])
    others = [item for item in own if item.kind == "file"]
    names, said = tuple(item.name for item in others), (*[line for line in left if line][:20], *ties)
    modules = [item.path for item in others if item.path.suffix == ".py"] if files else []
    return Submission(reported, files, said, learner, names, tuple(modules[:MOST_MODULES]))


OF_A_RELEASE = ("file", "packed")


def _is_released(item):
    """Whether a file lies in a clone of the class's repository: nobody hands in what was released."""
    folder = item.path
    for _ in item.parts:
        folder = folder.parent
        if (folder / RELEASE).exists():
            return True
    return False


def _by_age(pairs):
    """A learner's entries and items, the latest last; and a sentence on the names that are there twice at one time."""
    ordered: list = []
    ties: list[str] = []
    for *_, group in _of_one_time(sorted(((*_age(*pair), pair) for pair in pairs), key=lambda aged: aged[:3])):
        ordered += group
        named: dict[str, list[str]] = {}
        for _, item in group:
            named.setdefault(item.path.name, []).append(item.name)
        ties += [f"{same[-1]} before {same[-2]}" for same in named.values() if len(same) > 1]
    said = ", ".join(ties[:MOST_TIES]) + ", …" * (len(ties) > MOST_TIES)
    return ordered, [f"Of one time, so ordered by their folders: {said}."] * bool(ties)


def _of_one_time(aged):
    """The rank, the beginning and the pairs of each group of files whose times tell nothing: a zip archive keeps every
    other second. The file in fewer folders is the last of its group."""
    groups: list = []
    for attempt, is_own, time, pair in aged:
        if not groups or groups[-1][0] != (attempt, is_own) or time - groups[-1][1] > TIED:
            groups.append(((attempt, is_own), time, []))
        groups[-1][2].append(pair)
    for _, _, group in groups:
        group.sort(key=lambda pair: (-len(pair[1].parts), _time(pair[1].path), _counted(str(pair[1].path))))
    return groups


def _counted(name):
    """What orders names as one counts: "Version 9" before "Version 10"."""
    return re.sub("[0-9]+", lambda number: number[0].rjust(20, "0"), name)


def _why_left(item, has_notebooks):
    """What is said of an item that is not graded; "" of one of which nothing has to be said."""
    if item.kind not in REASONS:
        return ""
    if item.kind == "file" and has_notebooks and ".ipynb" not in item.parts[-1].lower():
        return ""
    return f"{item.name} was not graded: {REASONS[item.kind]}."


REASONS = {
    "file": "it is no notebook (.ipynb)",
    "link folder": "links are not followed",
    "outside": "its name leads out of the archive",
    "deep": f"it is deeper than {DEEPEST} folders",
    "more": f"there are more than {MOST_SEEN:,} files",
    "archive": "it is an archive that cannot be read",
    "packed": "an archive of this kind cannot be opened, only .zip, .tar and .tar.gz",
    "unreadable": "it cannot be read",
    "nested": "an archive in an archive in an archive is not opened",
}


def _age(entry, item):
    """What orders the files of a learner: the system's attempt; in a clone, whose times say nothing, the learner's own
    folder; then the time of the file."""
    top = item.path
    for _ in item.parts[1:]:
        top = top.parent
    is_clone = any((folder / name).exists() for folder in (top, top.parent) for name in (".git", RELEASE))
    return entry.attempt, is_clone and "my-course" in item.path.parts, _time(item.path)


def _time(path):
    while True:
        try:
            return path.lstat().st_mtime_ns
        except OSError:
            if path == path.parent:
                return 0
            path = path.parent  # of what is in an archive: the archive's


def walk(base: Path) -> Iterator[Item]:
    """The items below a folder or archive, those that anyone sees; links are named, never followed."""
    if archives.is_archive(base.name) and not base.is_dir():
        yield from _in_archive(base, ())
        return
    yield from _walk(base, (), [0])


def _walk(folder, parts, count):
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        if not parts:
            raise
        yield Item(parts, Path(folder), "unreadable")
        return
    for entry in entries:
        count[0] = count[0] + 1 if parts else 0
        here, path = (*parts, entry.name), Path(folder, entry.name)
        is_seen = _is_seen(entry.name) or not parts and entry.name in PASSED_OVER - OF_SYSTEMS
        if not is_seen or count[0] > MOST_SEEN + 1:
            continue
        if count[0] == MOST_SEEN + 1:
            yield Item(here, path, "more")
        elif entry.is_dir(follow_symlinks=False):
            yield Item(here, path, "folder" if len(here) < DEEPEST else "deep")
            if len(here) < DEEPEST:
                yield from _walk(path, here, count)
        elif archives.is_archive(entry.name) and entry.is_file(follow_symlinks=False):
            yield from _in_archive(path, here)
        else:
            yield Item(here, path, _kind(path))


def _in_archive(path, parts):
    try:
        found = archives.members(path)
    except archives.Refused:
        yield Item(parts or (path.name,), path, "archive")
        return
    yield from [Item(parts, path, "folder")] if parts else []
    for name, kind in found:
        inside = tuple(part for part in name.split("/") if part)
        if inside and (kind == "outside" or all(map(_is_seen, inside))):
            kind = {"link": "link folder", "file": _kind_of(name)}.get(kind, kind)
            yield Item((*parts, *inside), path / name.lstrip("/"), kind)


def _kind(path):
    if path.is_symlink() and path.is_dir():
        return "link folder"
    return _kind_of(path.name)


def _kind_of(name):
    """What a file is by its name."""
    if name.lower().endswith(".ipynb"):
        return "notebook"
    return "packed" if archives.is_of_another_kind(name) else "file"


def _is_output(path):
    """Whether a folder is that of the reports of a run."""
    return (path / "run.json").is_file() and (path / "results").is_dir()


def _is_seen(name):
    return name not in PASSED_OVER and not name.startswith(".")


def file_name(learner: str) -> str:
    """A harmless name of a file for a learner's id; different for different ids."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", learner).strip("._-")[:80]
    if plain and plain == learner and plain.lower() not in TAKEN and not re.search(r"-[0-9a-f]{8}$", plain):
        return plain
    return f"{plain or 'learner'}-{hashlib.sha256(learner.encode('utf-8', 'replace')).hexdigest()[:8]}"


# The class's page, and what Windows takes for devices.
TAKEN = {"index", "con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
