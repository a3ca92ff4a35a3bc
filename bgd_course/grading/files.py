"""The bytes of an untrusted notebook, a block at a time and within limits; outputs and attachments are cut out on the
way: nothing needs them, and they may be large.
"""

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from bgd_course.grading import archives

MOST_BYTES = 250 * 2**20  # of a file, with its outputs
MOST_TEXT = 20 * 2**20  # of it without outputs and attachments
BLOCK = 2**20  # bytes that are read at a time


class Unreadable(Exception):
    """A file that holds no notebook; the message says what it is instead."""


def blocks_of(path: Path | str) -> Iterator[bytes]:
    """The bytes of a file that is none of a person's tricks, a block at a time. Raises `Unreadable`."""
    size, is_empty = 0, True
    try:
        found = archives.of(Path(path))
        with archives.opened(*found) if found else _regular(path) as file:
            while block := file.read(BLOCK):
                size, is_empty = size + len(block), is_empty and not block.strip()
                _refuse_larger(size)
                yield block
    except OSError as error:
        raise Unreadable(f"it cannot be opened ({error.strerror})") from None
    except archives.Refused as error:
        raise Unreadable(str(error)) from None
    if is_empty:
        raise Unreadable("it is empty")


def _regular(path):
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("it is no regular file: links and devices are not followed")
    _refuse_larger(status.st_size)
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    return open(handle, "rb")


def _refuse_larger(size):
    if size > MOST_BYTES:
        raise Unreadable(f"it is larger than {MOST_BYTES // 2**20} MB")


def bytes_of(path: Path | str) -> bytes:
    """All bytes of a file. Raises `Unreadable`."""
    return b"".join(blocks_of(path))


def digest_of(path: Path | str) -> str:
    """A text that changes with the bytes of a file, or what is wrong with it. Raises nothing."""
    digest = hashlib.sha256()
    try:
        for block in blocks_of(path):
            digest.update(block)
    except Unreadable as error:
        return str(error)
    return digest.hexdigest()


def narrow(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same blocks; of UTF-16, its text in UTF-8."""
    rest = iter(blocks)
    first = next(rest, b"")
    encoding = _wide(first)
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
    for block in chain([first], rest):
        yield decoder.decode(block).encode("utf-8", "replace") if decoder else block


def _wide(data):
    """The encoding of bytes that begin a text in UTF-16, None for any other."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if b"\0" in data[:200]:
        return "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    return None


def as_text(data: bytes) -> str:
    """The text of bytes, in whatever encoding."""
    if encoding := _wide(data):
        return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


# The start of what is cut, or a text, in which nothing is.
TOKEN = re.compile(rb'(?P<cut>"(?:outputs|attachments|widgets)"\s*+:\s*+[\[{])|"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.S)
UNDECIDED = re.compile(rb"\s*+(?::\s*+)?\Z")  # what may stand between a name and the bracket, at the end of a block
TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.S)
BRACKET = re.compile(TEXT.pattern + rb"|[\[\]{}]", re.S)
IN_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.S)
SOON = 2**14  # bytes after which most of what is cut has ended
LONGEST_NAME = 100  # bytes: what is longer is no name of what is cut


def without_outputs(blocks: Iterable[bytes]) -> bytes:
    """A notebook, in UTF-8 or another narrow encoding, without its outputs and attachments. Raises `Unreadable` if what
    is left is larger than any course's sources."""
    cut = Cut()
    for block in blocks:
        cut.add(block)
    return cut.left()


class Cut:
    """What is `kept` of a notebook that comes block by block, and the `rest` that is not decided yet; within what is
    cut, how many brackets are open (`depth`), and whether the rest begins in a text."""

    def __init__(self):
        self.kept, self.rest, self.depth, self.is_in_text = bytearray(), b"", 0, False

    def add(self, block: bytes) -> None:
        """Take one more block. Raises `Unreadable`."""
        self.rest += block
        while self._pass_over() if self.depth else self._keep():
            pass
        if len(self.kept) + len(self.rest) > MOST_TEXT:
            raise Unreadable(f"it is larger than {MOST_TEXT // 2**20} MB without its outputs")

    def left(self) -> bytes:
        """All that is kept."""
        return bytes(self.kept) if self.depth else bytes(self.kept + self.rest)

    def _keep(self):
        """Keep what is complete; whether more can be done with the rest."""
        begin = end = self._end_of_text() if self.is_in_text else 0
        if self.is_in_text:
            self._split(end)
            return False
        for match in TOKEN.finditer(self.rest, end):
            begin, end = match.span()
            if match["cut"]:
                self._split(end)
                self.depth = 1
                return True
        unclosed = self.rest.find(b'"', end)
        if 0 <= unclosed < len(self.rest) - LONGEST_NAME:
            self._split(unclosed + 1)
            self.is_in_text = True
            return True
        is_undecided = begin < end and UNDECIDED.match(self.rest, end)
        self._split(begin if is_undecided else unclosed if unclosed >= 0 else len(self.rest))
        return False

    def _end_of_text(self):
        """Where the text ends in which the rest begins, if it does."""
        end = IN_TEXT.match(self.rest).end()
        self.is_in_text = self.rest[end : end + 1] != b'"'
        return end if self.is_in_text else end + 1

    def _split(self, at):
        self.kept += self.rest[:at]
        self.rest = self.rest[at:]

    def _pass_over(self):
        """Drop what is cut; whether it has ended."""
        begin = self._end_of_text() if self.is_in_text else 0
        if not self.is_in_text and self._may_end(begin):
            for match in BRACKET.finditer(self.rest, begin):
                found, begin = self.rest[match.start()], match.end()
                self.depth += (found in b"[{") - (found in b"]}")
                if not self.depth:
                    self.rest = self.rest[match.start() :]
                    return True
            self.is_in_text = b'"' in self.rest[begin:]
        kept = self.is_in_text and len(self.rest) - len(self.rest.rstrip(b"\\"))
        self.rest = b"\\" * (kept % 2)  # it belongs to what follows
        return False

    def _may_end(self, begin):
        """Whether there are as many closing brackets as are open; if not, all of the rest is passed over, at once."""
        for part in (self.rest[begin : begin + SOON], self.rest[begin:]):
            plain, unclosed, _ = TEXT.sub(b"", part).partition(b'"')
            closing, opening = (sum(map(plain.count, marks)) for marks in ((b"]", b"}"), (b"[", b"{")))
            if closing >= self.depth:
                return True
        self.depth, self.is_in_text = self.depth + opening - closing, bool(unclosed)
        return False
