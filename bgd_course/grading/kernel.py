"""A graded kernel: nbval's running kernel, forked behind the walls, with limits on time and output for every cell."""

import json
import secrets
import time
from queue import Empty
from typing import NamedTuple

import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from nbval.kernel import RunningKernel

from bgd_helpers.checks import wire

OUTPUT = 1_000_000  # characters that a cell may put out
MESSAGES = 5_000  # that a cell may send
LARGEST_MESSAGE = 4 * 2**20  # bytes: a larger one closes the connection
WAITING = 1_000  # messages that may wait to be read: what comes beyond is dropped, and the output is then lost
REPLIES = 50  # messages to look through for a reply, each time
FILES = 64_000_000  # bytes that a kernel may leave in files at a time
START = 10  # seconds


class Ran(NamedTuple):
    """How a cell ended: "done", "raised", or "stopped" (why is in `said`); and the values that it sent out, as JSON."""

    how: str
    said: str = ""
    values: str | None = None


class GradedKernel(RunningKernel):
    """A kernel of its own for one notebook; it answers to `run` and is gone after `stop`."""

    def __init__(self, parent):
        self.parent = parent
        parent.start()
        self.folder = parent.new_folder()
        connection, _ = write_connection_file(
            str(self.folder / "connection.json"),
            transport="ipc",
            ip=str(self.folder / "k"),
            shell_port=1,
            iopub_port=2,
            stdin_port=3,
            hb_port=4,
            control_port=5,
            key=secrets.token_hex(16).encode(),
        )
        self.context = zmq.Context()
        self.context.MAXMSGSIZE = LARGEST_MESSAGE
        self.context.LINGER = 0
        self.context.RCVHWM = WAITING
        self.kc = BlockingKernelClient(connection_file=connection, context=self.context)
        self.kc.load_connection_file()
        parent.fork(connection)
        self.dead = False
        self._await_sockets()
        self.kc.start_channels(stdin=False, hb=False, control=False)
        self._await_messages()
        parent.lock(self.folder)

    def _await_sockets(self):
        until = time.monotonic() + START
        while not all((self.folder / f"k-{port}").exists() for port in (1, 2)):
            if time.monotonic() > until or not self.is_alive():
                raise RuntimeError("the kernel did not start")
            time.sleep(0.002)

    def _await_messages(self):
        """Ask until the kernel's own messages are heard: a subscription takes a moment."""
        until = time.monotonic() + START
        while time.monotonic() < until and self.is_alive():
            asked = self.kc.kernel_info()
            try:
                while True:
                    message = self.get_message("iopub", timeout=0.1)
                    if message["parent_header"].get("msg_id") == asked and _is_idle(message):
                        return
            except Empty:
                pass
        raise RuntimeError("the kernel does not answer")

    def is_alive(self):
        """Whether the kernel's process runs."""
        if not self.dead and self.parent.ended():
            self.dead = True
        return not self.dead

    def run(self, source, seconds):
        """How a cell of this source ran, in so many seconds at most; a kernel that had to be stopped is gone."""
        asked = self.execute_cell_input(source, allow_stdin=False)
        reading = _Reading(asked, seconds)
        while (stopped := self._stopped(reading)) is None:
            try:
                reading.take(self.get_message("iopub", timeout=0.05))
            except Empty:
                reading.quiet(self._replied(asked))
                continue
            except Exception:  # a message that is none: whatever it is, it is the answer's
                reading.count += 1
            if reading.ended:
                return reading.result()
        self.stop()
        return Ran("stopped", stopped, reading.values)

    def _stopped(self, reading):
        """Why a cell is stopped now, None while it may run on."""
        if reading.size > OUTPUT or reading.count > MESSAGES:
            return "it put out more than a million characters, or 5,000 pieces"
        if reading.ended:
            return "its output was lost: it put out too much"
        if time.monotonic() > reading.until:
            return f"it took longer than {reading.seconds:.3g} seconds"
        if self.parent.written() > FILES:
            return f"it wrote more than {FILES // 10**6} MB into files"
        if not self.is_alive():
            return "it ended the kernel (exit, a crash, or too much memory)"
        return None

    def _replied(self, asked):
        """Whether the kernel has replied; what else comes this way is passed over, some at a time."""
        for _ in range(REPLIES):
            try:
                if self.kc.get_shell_msg(timeout=0)["parent_header"].get("msg_id") == asked:
                    return True
            except Empty:
                return False
            except Exception:  # a message that is none
                continue
        return False

    def stop(self):
        """End the kernel and remove its sockets."""
        if self.is_alive():
            self.parent.kill()
            self.dead = True
        self.kc.stop_channels()
        self.context.destroy(linger=0)
        self.parent.empty_sockets()


class _Reading:
    """What has been heard of one cell."""

    def __init__(self, asked, seconds):
        self.asked, self.seconds, self.until = asked, seconds, time.monotonic() + seconds
        self.size = self.count = self.silences = 0
        self.values, self.error, self.ended = None, None, False

    def take(self, message):
        """Note what a message says. Raises what it likes if the message is malformed."""
        if message["parent_header"].get("msg_id") != self.asked:
            self.size += len(str(message["content"]))
            self.count += 1
            return
        content, kind = message["content"], message["msg_type"]
        if kind not in ("status", "execute_input"):
            self.count += 1
            self.size += len(str(content))
        if kind == "display_data" and wire.MIME in content["data"]:
            self.values = content["data"][wire.MIME]
        if kind == "error":
            self.error = f"{content.get('ename')}: {content.get('evalue')}"
        self.ended = self.ended or kind == "status" and _is_idle(message)

    def quiet(self, replied):
        """The kernel was silent; where it has replied and stays silent, its last message was lost."""
        self.silences += replied or self.silences > 0
        self.ended = self.ended or self.silences > 20

    def result(self):
        if self.error is not None:
            return Ran("raised", self.error[:1000], self.values)
        return Ran("done", "", self.values)


def _is_idle(message):
    return message["msg_type"] == "status" and message["content"].get("execution_state") == "idle"


def as_cell(name, parameters, cases, read):
    """The source of the cell that sends out what the answer of that name gives on the cases."""
    request = json.dumps({"name": name, "parameters": parameters, "cases": cases, "read": read})
    return f"__import__('bgd_helpers.checks.inside', fromlist=['emit']).emit({request!r})"
