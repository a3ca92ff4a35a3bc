"""The roster: what the layout says of a learner, and the id to report. Names match exactly or not at all."""

import codecs
import csv
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

HEADINGS = {"learner", "id", "name", "identifier", "full name", "student", "student id", "sid", "username", "email"}
HEADINGS |= {"matrikelnummer", "matrikel", "nachname", "vorname", "benutzername", "kennung", "teilnehmer", "lernende"}
HEADINGS |= {"nom", "nombre", "naam", "number", "nummer", "folder", "github_username", "login", "key"}
CLASSROOM_50 = ("username", "first_name", "last_name", "email", "section", "github_id")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # a spreadsheet's "Unicode text" begins with one
# What a table has in place of a number or text that it has lost: 1,23E+05, 1203.0, ####, #N/A; and a text as a formula.
ROUNDED = re.compile(r"\d[.,]\d+E\+?\d+|\dE\+\d+|\d+[.,]0+|#+|#[A-Z]+[/0-9A-Z]*[!?]?", re.I)
AS_FORMULA = re.compile(r'="([^"]*)"')


class Roster(NamedTuple):
    """The text of a roster: its rows are read once it is known what they may match."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> "Roster":
        """The roster in a file. Raises ValueError if it cannot be read."""
        try:
            data = Path(path).read_bytes()
            return cls(path, data.decode("utf-16" if data[:2] in UTF_16 else "utf-8-sig"))
        except UnicodeDecodeError:
            raise ValueError(f"the roster {path} is not UTF-8: save it as CSV UTF-8") from None
        except OSError as error:
            raise ValueError(f"the roster {path} cannot be read: {error}") from None

    def names(self, known: set[str]) -> dict[str, str]:
        """The ids to report, by what the layout says; `known` are those that it says, by which one of several ways to
        read the table is chosen. Raises ValueError with the entry at fault."""
        names: dict[str, str] = {}
        whose: dict[str, str] = {}
        people = self.people()
        where = f"the roster {self.path}"
        rows = max(self._readings(), key=lambda rows: (sum(normal(row[0]) in known for row in rows), _pairs(rows)))
        if people:
            rows = [[one.number, one.id] for one in people if not one.is_test or one.number in known]
        elif self.is_of_classroom_50():
            rows = [row[:1] for row in rows]
        for number, row in enumerate(rows if people else self._without_heading(rows, known), 1):
            key, value = normal(row[0]), (row[1] if len(row) > 1 and row[1].strip() else row[0]).strip()
            if len(row) > 2 and any(map(str.strip, row[2:])):
                raise ValueError(f"{where} has {len(row)} columns: keep two, what the layout says and the id")
            if not key or key in names:
                raise ValueError(f"{where} has {key or 'nothing'!r} twice or empty (entry {number})")
            if ROUNDED.fullmatch(key) and key not in known or ROUNDED.fullmatch(value) and value != row[0].strip():
                raise ValueError(f"{where}: a spreadsheet has rounded or lost {key!r}, {value!r} (entry {number})")
            other = whose.setdefault(spelling(value), row[0])
            if other != row[0]:
                raise ValueError(f"{where} gives the id {value!r} to two, {other!r} and {row[0]!r}")
            names[key] = value
        return names

    def _without_heading(self, rows, known):
        """The rows without their heading. Raises ValueError where it is not clear whether the first is one."""
        if not rows or normal(rows[0][0]) in known:
            return rows
        for number, row in enumerate(rows, 1):  # what stands above a heading is no learner
            if normal(row[0]) in known:
                break
            if row[0].strip().lower() in HEADINGS:
                return [one for one in rows[number:] if one != row]
        ids = [any(map(str.isdigit, row[-1])) for row in rows]
        if len(rows) > 1 and not ids[0] and all(ids[1:]):
            raise ValueError(f"the roster {self.path}: is {rows[0][0]!r} a heading, or a learner? Head it: learner,id")
        return rows

    def _readings(self):
        """The rows, by each separator that may have been meant."""
        lines = self.text.splitlines()
        said = re.fullmatch(r'"?sep=(.)"?', lines[0].strip()) if lines else None
        try:
            return [
                [
                    [AS_FORMULA.sub(r"\1", cell) for cell in row]
                    for row in csv.reader(lines[bool(said) :], delimiter=mark)
                    if any(map(str.strip, row)) and not row[0].startswith("# ")
                ]
                for mark in (said[1] if said else ",;\t")
            ]
        except csv.Error as error:
            raise ValueError(f"the roster {self.path} cannot be read: {error}") from None

    def people(self) -> list["Person"]:
        """Those of a table that Canvas or Moodle wrote, known by its headings; none of any other. Raises ValueError for
        a row without a number."""
        for rows in self._readings():
            heading = [cell.strip() for cell in rows[0]] if rows else []
            for wanted, person in EXPORTS.items():
                if set(wanted) <= set(heading):
                    found = [person(dict(zip(heading, map(str.strip, row)))) for row in rows[1:]]
                    return self._numbered([one for one in found if one])
        return []

    def _numbered(self, people):
        for one in people:
            if not one.number.isascii() or not one.number.isdigit():
                raise ValueError(f"the roster {self.path} has {one.name!r} without a number: export it again")
        return people

    def is_of_classroom_50(self) -> bool:
        """Whether it is the one that Classroom 50 keeps, which names learners by what they are called on GitHub."""
        return any(rows and tuple(rows[0][:6]) == CLASSROOM_50 for rows in self._readings())

    def prefix(self, tops: list[str], mark: str) -> str:
        """What ends with the mark and stands in all of these names before those of the roster; "" if nothing does."""
        logins = {row[0].strip() for rows in self._readings() for row in rows}
        if logins & set(tops):
            return ""
        fitting = {name[: -len(login)] for name in tops for login in logins if name.endswith(f"{mark}{login}")}
        return min((one for one in fitting if all(name.startswith(one) for name in tops)), key=len, default="")


class Person(NamedTuple):
    """A row of a system's table: the system's number, the name, the id to report, and whether it is nobody's."""

    number: str
    name: str
    id: str
    is_test: bool = False

    @property
    def recognised(self) -> str:
        """What the system's layout would say of a learner."""
        return f"{self.name}_{self.number}"


def _of_canvas(row):
    """A row of the gradebook that Canvas exports; None for one of its rows of settings."""
    name, number = row.get("Student", ""), row.get("ID", "")
    if not number and name in ("", "Points Possible"):
        return None
    chosen = row.get("SIS User ID") or row.get("SIS Login ID") or f"{name}_{number}"
    return Person(number, name, chosen, name == "Student, Test")


def _of_moodle(row):
    """A row of the grading worksheet of an assignment of Moodle."""
    said = row.get("Identifier", "")
    number = said.removeprefix("Participant ") if said.startswith("Participant ") else ""
    name = row.get("Full name") or "Participant"
    return Person(number, name, row.get("ID number") or f"{name}_{number}")


EXPORTS = {("Student", "ID", "Section"): _of_canvas, ("Identifier", "Grade"): _of_moodle}


def _pairs(rows):
    return sum(len(row) == 2 for row in rows)


def normal(name: str) -> str:
    """A name as it is compared: an accent may be a character of its own or not, and space around it is none."""
    return unicodedata.normalize("NFC", name).strip()


def spelling(name: str) -> str:
    """What two ways to spell one name have in common: capitals, the width of letters, spaces, the form of an apostrophe
    or dash, and what is not seen tell nobody apart."""
    seen = "".join(sign for sign in name.translate(ALIKE) if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).casefold().split())


ALIKE = dict.fromkeys(map(ord, "’‘ʼ´`′＇"), "'") | dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
