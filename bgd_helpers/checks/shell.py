"""IPython's shell in which answers run: it runs cells, calls what they define, and replies with what that gives. It
holds nothing secret, and nothing that it says of itself gains a point.
"""

import json
import os
import socket
import sys
from typing import Any, TextIO

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import bgd_helpers.checks.outcomes as outcomes
import bgd_helpers.checks.protocol as protocol
from bgd_helpers.checks.lines import parted
from bgd_helpers.checks.observing import observe


class Shell(InteractiveShell):
    """A shell without a terminal: what it shows goes nowhere, and it starts no other program."""

    def enable_gui(self, gui=None):
        """Nothing: `%matplotlib inline` needs no event loop."""

    def ask_exit(self):
        """Nothing: the notebook goes on after `exit()`."""

    def showtraceback(self, *arguments, **named):
        """Nothing: the reply to a cell holds its exception."""

    def system(self, command, *rest, **named):
        """Say that a command does nothing while an answer is graded."""
        print(f"`{str(command)[:60]}` is not run while an answer is graded.")

    getoutput = system_piped = system_raw = system


def started() -> Shell:
    """The shell of this process, warm: it has run a cell, and shown an exception to itself."""
    shell = Shell.instance(config=Config(HistoryManager={"enabled": False}))
    error = shell.run_cell("1 / 0").error_in_exec
    shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
    return shell


def serve(shell: Shell, channel: socket.socket) -> None:
    """Say that all is ready, then answer requests, a line of JSON each, with a line each, until there are no more."""
    channel.sendall(b"{}\n")
    with channel.makefile("rb") as requests:
        for request in requests:
            sys.stdin, sys.stdout, sys.stderr = open(os.devnull), sink(), sink()
            channel.sendall(json.dumps(reply(shell, **json.loads(request))).encode() + b"\n")


def sink() -> TextIO:
    """A stream that takes any text and keeps none."""
    return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")


def reply(shell: Shell, cell: str | None = None, call: dict[str, Any] | None = None) -> dict[str, Any]:
    """What became of a request: how the cell raised, if it did; or the values that a call gave."""
    try:
        if call is not None:
            return {"values": values(shell.user_ns, **call)}
        ran = shell.run_cell(cell, store_history=True)
        error = ran.error_before_exec or ran.error_in_exec
    except BaseException as caught:  # whatever the answer has put in the way
        error = caught
    return {"raised": protocol.named(error)} if error is not None else {"values": None}


def values(names, name, parameters, cases, read):
    """What is there under that name, after the line that it names if it is a pair."""
    line, value = parted(names.get(name))
    sent = _value(value, parameters, cases, read)
    return sent if line is None else ["pair", line if type(line) is int else str(line)[:20], *sent]


def _value(value, parameters, cases, read):
    """Nothing, a text, or the Observation of a function."""
    if value is None or value is ...:
        return ["missing"]
    if read is None:
        is_text = isinstance(value, str)
        return ["text", str(value)[: protocol.LONGEST_DERIVATION + 1]] if is_text else ["kind", _kind(value)]
    if not callable(value):
        return ["kind", _kind(value)]
    first, later = protocol.arguments(cases)
    seen = observe(value, parameters, first, getattr(outcomes, read), later)
    rounds = [protocol.packed(part)[1:] for part in (seen.found, seen.again)]
    return ["seen", [seen.takes, list(map(bool, seen.changed)), *rounds]]


def _kind(value):
    return type(value).__name__[:60]
