"""Archives read in place: what they hold is listed and read within limits, and nothing is ever unpacked to a disk."""

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
MOST_BYTES = 100 * 2**20  # of an archive
MOST_UNPACKED = 300 * 2**20  # of a tar archive, read to its end
MOST_MEMBERS = 5_000
MOST_DIRECTORY = 2 * 2**20  # bytes of a zip archive's list of its members
END, END_64 = b"PK\5\6", b"PK\6\7"  # the records behind that list
BROKEN = (OSError, EOFError, RuntimeError, ValueError, zlib.error, zipfile.BadZipFile, tarfile.TarError)


class Refused(Exception):
    """An archive that is not read; the message says why."""


def is_archive(name: str) -> bool:
    """Whether a name is that of an archive."""
    return str(name).lower().endswith(SUFFIXES)


def stem(name: str) -> str:
    """The name of an archive without its suffix."""
    suffix = next((end for end in sorted(SUFFIXES, key=len)[::-1] if name.lower().endswith(end)), "")
    return name[: len(name) - len(suffix)] if suffix else name


def members(path: Path) -> list[tuple[str, str]]:
    """The names in an archive, each with what it is: "file", "folder", "link" or "outside" (its name leads elsewhere).
    Raises `Refused`."""
    with _opened(path) as archive:
        return [(name, kind) for name, kind, _ in _listed(archive)]


@contextmanager
def opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    """The file of that name in an archive, to read from. Raises `Refused`, then or while it is read."""
    with _opened(path) as archive:
        for found, kind, member in _listed(archive):
            if found == name and kind == "file":
                is_zip = isinstance(archive, zipfile.ZipFile)
                with archive.open(member) if is_zip else archive.extractfile(member) as file:
                    yield file
                return
    raise Refused("it is not in the archive any more")


def of(path: Path) -> tuple[Path, str] | None:
    """The archive that a path leads into, and the name there; None for a path of the disk alone."""
    for parent in path.parents:
        if is_archive(parent.name) and parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return None


class _opened:
    """An open archive; whatever is wrong with it raises `Refused`."""

    def __init__(self, path):
        self.path = Path(path)

    def __enter__(self):
        try:
            if not stat.S_ISREG(self.path.lstat().st_mode) or self.path.stat().st_size > MOST_BYTES:
                raise Refused(f"it is no file, or larger than {MOST_BYTES // 2**20} MB")
            self.archive = _zip(self.path) if self.path.name.lower().endswith(".zip") else _tar(self.path)
        except BROKEN:
            raise Refused("it is no archive that can be read") from None
        return self.archive

    def __exit__(self, kind, error, trace):
        self.archive.close()
        if isinstance(error, BROKEN):
            raise Refused("it cannot be read: damaged, or with a password") from None


def _zip(path):
    """A zip archive whose list of members is short; one that lies about it is no archive to Python either."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 70_000))
        tail = file.read()
    at = tail.rfind(END)
    if at < 0 or END_64 in tail or int.from_bytes(tail[at + 12 : at + 16], "little") > MOST_DIRECTORY:
        raise Refused("it is no zip archive, or holds too many files")
    return zipfile.ZipFile(path)


def _tar(path):
    packed = path.name.lower().endswith(("gz", "tgz"))
    return tarfile.open(fileobj=_Limited(gzip.open(path) if packed else open(path, "rb")), mode="r|")


class _Limited:
    """A file that ends with `Refused` where it has given more bytes than any submission has."""

    def __init__(self, file):
        self.file, self.left = file, MOST_UNPACKED

    def read(self, size):
        data = self.file.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise Refused(f"unpacked, it is larger than {MOST_UNPACKED // 2**20} MB")
        return data


def _listed(archive):
    """Name, kind and member for each of an archive's."""
    is_zip = isinstance(archive, zipfile.ZipFile)
    for number, member in enumerate(archive.infolist() if is_zip else archive):
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
