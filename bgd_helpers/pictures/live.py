"""What is said of each line of a %%derive cell while it is typed in JupyterLab: the page asks, the kernel answers.

live.js shows it below the cell. The notebook holds the text alone, as if nothing had been shown. What judges the lines
is imported at the first question: in a workbook it takes a second.
"""

from contextlib import suppress
from functools import cache
from html import escape
from pathlib import Path

import anywidget

TYPED = (
    '<td style="opacity: 0.6">{}</td><td style="text-align: left; opacity: 0.6"><code>{}</code></td><td>…</td><td></td>'
)


class Live(anywidget.AnyWidget):
    """A widget without a view: the page sends it the text of a cell, and it sends what is said of the lines."""

    _esm, _css = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".js", ".css"))

    def __init__(self):
        super().__init__()
        self.on_msg(self._asked)

    def _asked(self, _, asked, buffers):
        said = {}
        with suppress(Exception):  # it would vanish in a log, and the page wait for ever
            said = answer(**asked)
        self.send(said)


live = cache(Live)  # a kernel has one


def answer(source: str, line: int, rests: bool) -> dict:
    """The rows of a %%derive cell in HTML, what is read aloud, and the verdict; empty for another cell.

    The caret is in that line of the cell (0: in none). Until it rests the line is not blamed: the others are judged
    without it, and there is no verdict. A line that cannot be read takes no other's verdict away.
    """
    from bgd_helpers.checks.derivations import ARRIVES, check_derivation
    from bgd_helpers.checks.derive import FIRST, WRAPPER, cells_of, name_of, rows, steps_in
    from bgd_helpers.checks.verdicts import paragraphs
    from bgd_helpers.equations.reading import line_of
    from bgd_helpers.equations.spelling import braced

    first = FIRST.match(cell := source.lstrip())
    if not first:
        return {}
    exercise = name_of(first[1])
    plain = WRAPPER.sub("", cell[first.end() :]).lstrip("\n")
    text, lines = braced(plain), plain.split("\n")
    steps = steps_in(text)
    at = line + text.count("\n") - source.count("\n")  # the line of the text with the caret
    here = (
        line_of(text, len("".join(text.splitlines(keepends=True)[: at - 1]))) if at > 0 and lines[at - 1].strip() else 0
    )
    told = check_derivation(exercise, text) if rests else None
    ending = [ARRIVES.capitalize()] if told and told.outcome == "right" else []
    is_under_way = steps is not None and all(step.outcome == "holds" for step in steps) and not ending
    if steps is None or not rests and any(step.line == here and step.outcome != "holds" for step in steps):
        lines = ["words" if here and number == at else each for number, each in enumerate(lines, 1)]
        steps = steps_in(braced("\n".join(lines))) or []
    table = list(rows(text, steps))
    return {
        "rows": [
            TYPED.format(number, escape(typed))
            if number == here and sign != "✓" and not rests
            else cells_of(number, sign, typed, said)
            for number, sign, typed, said in table
        ],
        "said": [*(f"Line {number} {said.rstrip('.')}." for number, sign, _, said in table if sign), *ending],
        "verdict": None if not told else "" if is_under_way else paragraphs(repr(told)),
    }
