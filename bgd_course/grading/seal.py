"""Marks by which a run recognises what an earlier one of this user wrote: a file that a learner left in the folder of
the results has none.
"""

import hashlib
import hmac
import json
import os
import secrets
from functools import cache
from pathlib import Path


def mark(value):
    """The mark of a value (of JSON): nobody but this user can make it."""
    text = json.dumps(value, sort_keys=True).encode()
    return hmac.new(secret(), text, hashlib.sha256).hexdigest()


def holds(value, found):
    """Whether that is the mark of the value."""
    return isinstance(found, str) and hmac.compare_digest(mark(value).encode(), found.encode())


@cache
def secret():
    """This user's own bytes, made when they are first asked for; where they cannot be kept, those of this run."""
    path = folder() / "seal"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    except OSError:  # it is there, or cannot be
        pass
    try:
        return path.read_bytes() or secrets.token_bytes(32)
    except OSError:
        return secrets.token_bytes(32)


def folder():
    """Where this user's programs keep what is no setting: the XDG Base Directory Specification has it."""
    named = os.environ.get("XDG_STATE_HOME", "")
    return Path(named if os.path.isabs(named) else Path.home() / ".local" / "state") / "bgd"
