"""A graded kernel as the grader sees it: a socket to a process behind the walls, forked for one notebook.

A request goes in as one line of JSON and one line comes out; a kernel that sends more, or something else, is ended.
"""

import json
import socket
import time
from typing import Any, NamedTuple

from bgd_course.grading.sandbox import ForkServer

LARGEST = 4 * 2**20  # bytes of a reply
FILES = 64_000_000  # bytes that a kernel may leave in files at a time
START = 240  # seconds, on a busy machine too
MOST_WAITING = 30  # times the seconds of a cell that it may take on a busy machine
GLANCE = 0.1  # seconds between looks at what it has written
ENDED = "it ended the kernel (exit, a crash, or too much memory)"
FORGED = "it sent out what nobody asked for, or too much"


class Ran(NamedTuple):
    """How a cell or a call ended: "done", "raised", or "stopped" (why is in `said`); and the values that it gave."""

    how: str
    said: str = ""
    values: Any = None


class Stopped(OSError):
    """A kernel that may not go on; the message says why."""


class GradedKernel:
    """A kernel of its own for one notebook; it answers to `run` and `call`, and is gone after `stop`. Raises OSError if
    it does not say that its walls are up. `took` is what the last request took of the seconds that it has."""

    took = 0.0

    def __init__(self, server: ForkServer):
        self.server, self.socket, self.is_gone = server, server.fork(), False
        self._line(START)

    def run(self, source: str, seconds: float) -> Ran:
        """How a cell of this source ran, in so many seconds at most; a kernel that had to be stopped is gone."""
        return self._ask({"cell": source}, seconds)

    def call(self, name: str, parameters: Any, cases: Any, read: Any, seconds: float) -> Ran:
        """What the answer of that name gives on the cases, likewise."""
        return self._ask({"call": {"name": name, "parameters": parameters, "cases": cases, "read": read}}, seconds)

    def stop(self) -> None:
        """End the kernel."""
        if not self.is_gone:
            self.is_gone = True
            self.socket.close()
            self.server.kill()

    def _ask(self, request, seconds):
        try:
            return _read(self._reply(json.dumps(request).encode() + b"\n", seconds))
        except Stopped as stopped:
            why = str(stopped)
        except TimeoutError:
            why = f"it took longer than {seconds:.3g} seconds"
        except OSError:
            why = ENDED
        self.stop()
        return Ran("stopped", why)

    def _reply(self, line, seconds):
        """The line that answers this one. Raises TimeoutError, OSError where the kernel has ended, and Stopped."""
        self._refuse_more()
        self.socket.settimeout(seconds)
        self.socket.sendall(line)
        return self._line(seconds)

    def _line(self, seconds):
        """The line that comes within so many seconds, beside those in which others had the processor. Raises as
        `_reply` does."""
        begun, waited = time.monotonic(), self.server.waited()
        glance, found = 0, bytearray()
        self.socket.settimeout(GLANCE)
        while not found.endswith(b"\n"):
            now = time.monotonic()
            if self._count(begun, waited) > seconds or now - begun > MOST_WAITING * seconds:
                raise TimeoutError
            if now > glance and self.server.written() > FILES:
                raise Stopped(f"it wrote more than {FILES // 10**6} MB into files")
            glance = now + GLANCE if now > glance else glance
            found += self._heard()
            if len(found) > LARGEST:
                raise Stopped(FORGED)
        self._count(begun, waited)
        if found.count(b"\n") > 1:
            raise Stopped(FORGED)
        return bytes(found)

    def _count(self, begun, waited):
        self.took = time.monotonic() - begun - max(0, self.server.waited() - waited)
        return self.took

    def _heard(self):
        """What comes next, nothing if that takes long."""
        try:
            data = self.socket.recv(2**16)
        except TimeoutError:
            return b""
        if not data:
            raise Stopped(ENDED)
        return data

    def _refuse_more(self):
        """Raise Stopped if something waits to be read before anything is asked."""
        self.socket.settimeout(0)
        try:
            if self.socket.recv(1, socket.MSG_PEEK):
                raise Stopped(FORGED)
        except BlockingIOError:
            return
        raise Stopped(ENDED)


def _read(line):
    """What a reply says. Raises Stopped if it is none."""
    try:
        reply = json.loads(line)
        if "raised" in reply:
            return Ran("raised", str(reply["raised"])[:1000])
        return Ran("done", values=reply["values"])
    except (ValueError, TypeError, LookupError, RecursionError):
        raise Stopped(FORGED) from None
