"""Archives read in place: what they hold is listed and read within limits, and nothing is ever unpacked to a disk.

An archive in an archive is opened too, in memory; one within that is not.
"""

import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
OTHERS = (".rar", ".7z", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".gz", ".bz2", ".xz")  # never opened
MOST_BYTES = 100 * 2**20  # of an archive
MOST_UNPACKED = 300 * 2**20  # of a tar archive, read to its end, and of all archives in an archive
MOST_MEMBERS = 5_000
MOST_WITHIN = 20_000  # of all archives in an archive
MOST_DIRECTORY = 2 * 2**20  # bytes of a zip archive's list of its members
END, END_64 = b"PK\5\6", b"PK\6\7"  # the records behind that list
BROKEN = (OSError, EOFError, RuntimeError, ValueError, zlib.error, zipfile.BadZipFile, tarfile.TarError)


class Refused(Exception):
    """An archive that is not read; the message says why."""


def is_archive(name: str) -> bool:
    """Whether a name is that of an archive."""
    return str(name).lower().endswith(SUFFIXES)


def is_of_another_kind(name: str) -> bool:
    """Whether a name is that of an archive that is not opened."""
    return not is_archive(name) and str(name).lower().endswith(OTHERS)


def stem(name: str) -> str:
    """The name of an archive without its suffix."""
    suffix = next((end for end in sorted(SUFFIXES + OTHERS, key=len)[::-1] if name.lower().endswith(end)), "")
    return name[: len(name) - len(suffix)] if suffix else name


def members(path: Path) -> list[tuple[str, str]]:
    """The names in an archive and in the archives in it, each with what it is: "file", "folder" (or an archive that is
    opened), "link", "outside" (its name leads elsewhere), "archive" (it cannot be read), or "nested" (too deep).
    Raises `Refused`."""
    left = Left()
    with _opened(path, left) as archive:
        return [
            found
            for name, kind, member in _listed(archive)
            for found in _with_members(archive, name, kind, member, left)
        ]


def _with_members(archive, name, kind, member, left):
    """The name of a member with what it is; where it is an archive, those in it."""
    if kind != "file" or not is_archive(name):
        return [(name, kind)]
    found = [(name, "folder")]
    try:
        with _within(archive, name, member, left) as inner:
            for inside, what, _ in _listed(inner):
                left.members -= 1
                if left.members < 0:
                    raise Refused(f"the archives in it hold more than {MOST_WITHIN:,} files")
                found.append((f"{name}/{inside}", "nested" if what == "file" and is_archive(inside) else what))
    except Refused:
        return [(name, "archive")]
    return found


@contextmanager
def opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    """The file of that name in an archive, or in an archive in it, to read from. Raises `Refused`, then or while it is
    read."""
    left = Left()
    with _opened(path, left) as archive:
        for found, kind, member in _listed(archive):
            if kind == "file" and found == name:
                with _file(archive, member) as file:
                    yield file
                return
            if kind == "file" and is_archive(found) and name.startswith(f"{found}/"):
                with _within(archive, found, member, left) as inner:
                    for inside, what, one in _listed(inner):
                        if what == "file" and f"{found}/{inside}" == name:
                            with _file(inner, one) as file:
                                yield file
                            return
    raise Refused("it is not in the archive any more")


def _file(archive, member):
    return archive.open(member) if isinstance(archive, zipfile.ZipFile) else archive.extractfile(member)


def of(path: Path) -> tuple[Path, str] | None:
    """The archive that a path leads into, and the name there; None for a path of the disk alone."""
    for parent in path.parents:
        if is_archive(parent.name) and parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return None


class Left:
    """What may still be unpacked of an archive and of those in it, and how many members these may still have."""

    def __init__(self):
        self.bytes, self.members = MOST_UNPACKED, MOST_WITHIN


@contextmanager
def _opened(path, left):
    """An open archive of the disk; whatever is wrong with it raises `Refused`."""
    with _refusing():
        status = Path(path).lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            raise Refused(f"it is no file, or larger than {MOST_BYTES // 2**20} MB")
        with open(path, "rb") as file, _archive(file, path.name, left) as archive:
            yield archive


@contextmanager
def _within(archive, name, member, left):
    """An open archive that is a member of another; whatever is wrong with it raises `Refused`."""
    with _refusing():
        with _file(archive, member) as file:
            data = file.read(min(MOST_BYTES, left.bytes) + 1)
        left.bytes -= len(data)
        if left.bytes < 0 or len(data) > MOST_BYTES:
            raise Refused("unpacked, it is too large")
        with _archive(io.BytesIO(data), name, left) as inner:
            yield inner


@contextmanager
def _refusing():
    try:
        yield
    except BROKEN:
        raise Refused("it is no archive that can be read: damaged, or with a password") from None


def _archive(file, name, left):
    return _zip(file) if name.lower().endswith(".zip") else _tar(file, name, left)


def _zip(file):
    """A zip archive whose list of members is short; one that lies about it is no archive to Python either."""
    file.seek(max(0, file.seek(0, io.SEEK_END) - 70_000))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or END_64 in tail or int.from_bytes(tail[at + 12 : at + 16], "little") > MOST_DIRECTORY:
        raise Refused("it is no zip archive, or holds too many files")
    return zipfile.ZipFile(file)


def _tar(file, name, left):
    packed = name.lower().endswith(("gz", "tgz"))
    return tarfile.open(fileobj=_Limited(gzip.open(file) if packed else file, left), mode="r|")


class _Limited:
    """A file that ends with `Refused` where it has given more bytes than any submission has."""

    def __init__(self, file, left):
        self.file, self.left = file, left

    def read(self, size):
        data = self.file.read(size)
        self.left.bytes -= len(data)
        if self.left.bytes < 0:
            raise Refused(f"unpacked, it is larger than {MOST_UNPACKED // 2**20} MB")
        return data


def _listed(archive):
    """Name, kind and member for each of an archive's; of a zip archive, the archives last and the smallest first, so
    that one that is too large takes nothing from others."""
    is_zip = isinstance(archive, zipfile.ZipFile)
    for number, member in enumerate(sorted(archive.infolist(), key=_last_if_archive) if is_zip else archive):
        if number >= MOST_MEMBERS:
            raise Refused(f"it holds more than {MOST_MEMBERS:,} files")
        name = (member.filename if is_zip else member.name).replace("\\", "/")
        plain = PurePosixPath(name)
        if is_zip:
            is_folder, is_link = member.is_dir(), stat.S_ISLNK(member.external_attr >> 16)
        else:
            is_folder, is_link = member.isdir(), not member.isreg()
        kind = "folder" if is_folder else "link" if is_link else "file"
        yield plain.as_posix(), "outside" if plain.is_absolute() or ".." in plain.parts else kind, member


def _last_if_archive(member):
    return is_archive(member.filename) and (member.file_size or 1)
