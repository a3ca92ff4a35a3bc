"""Mistakes in print: the table `errata.toml`, read once."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Erratum(NamedTuple):
    """A mistake as it is reported in a public thread, put into our notation: the equation as printed, and mended.

    `because` stands in what the checker says of the printed one; `slip` is the name it gives it, or "".
    """

    name: str
    source: str
    thread: str
    reported: str
    printed: str
    mended: str
    because: str
    slip: str = ""


@cache
def errata() -> dict[str, Erratum]:
    """The errata by name, in the order of the table."""
    text = Path(__file__).with_name("errata.toml").read_text(encoding="utf-8")
    return {name: Erratum(name, **row) for name, row in tomllib.loads(text).items()}
