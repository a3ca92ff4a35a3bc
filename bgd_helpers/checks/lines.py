"""The wrong line of a text, code or equations, as an answer names it: the pair (line, what is mended). What is said of
the line, and of what was mended, is told apart.
"""

from numbers import Integral
from typing import Any, NamedTuple

STILL = "what you mended still gives just what the lines shown give"


class Lines(NamedTuple):
    """The lines that are shown: the number of the wrong one, counted from 1, what each of the others does rightly (the
    end of a sentence that begins with "it"), and the name of the slip that the wrong one is."""

    wrong: int
    rightly: dict[int, str]
    slip: str

    @property
    def last(self) -> int:
        """The number of the last line."""
        return max(self.wrong, *self.rightly)


def parted(answer: Any) -> tuple[Any, Any]:
    """The line that an answer names and what it mends, in either order; None for the line of an answer that is no
    pair."""
    line, mended = answer if isinstance(answer, tuple | list) and len(answer) == 2 else (None, answer)
    if callable(line):
        line, mended = mended, line
    return int(line) if isinstance(line, Integral) and not isinstance(line, bool) else line, mended


def told(lines: Lines, line: Any, found: Any) -> tuple[str, str, str | None]:
    """The outcome, the text and the slip of an answer that names that line, from what was `found` of the mended, with
    the same three. As long as what was mended is what was shown, neither is its slip named nor its reason given."""
    if line is None or line is ...:
        asked = f"no line is named yet: answer with a pair, a line (1 to {lines.last}) and the mended."
        return "not attempted", asked, None
    about = _line_told(lines, line)
    if found.outcome == "right":
        right = f"line {line} it is. Mended, {found.text}"
        return ("wrong", f"what you mended is right, but {about}", None) if about else ("right", right, None)
    mended = _mended_told(lines, found)
    if about:
        return "wrong", f"{about} And {mended}.", None
    slip = found.slip if found.slip != lines.slip else None
    return "wrong", f"line {line} is the wrong one, well found. But {mended}.", slip


def _line_told(lines, line):
    """Why this is not the wrong line, in a sentence; "" if it is."""
    if type(line) is not int or not 1 <= line <= lines.last:
        return f"the line should be a whole number from 1 to {lines.last}, not {str(line)[:20]!r}."
    return "" if line == lines.wrong else f"line {line} is not the wrong one: it {lines.rightly[line]}."


def _mended_told(lines, found):
    if found.outcome == "not attempted":
        return "what you mended returns nothing yet"
    if found.slip == lines.slip:
        return STILL
    return f"what you mended is wrong because {found.text.rstrip('.')}"
