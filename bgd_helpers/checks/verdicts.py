"""What a check says: the outcome, the text shown and the name of the slip."""

import re
from dataclasses import dataclass
from html import escape
from itertools import groupby
from textwrap import wrap

WIDTH = 88  # characters that fit in a line of JupyterLab's
SIGNS = {"right": "✓ right: ", "wrong": "✗ wrong because ", "not attempted": "○ not attempted: "}


@dataclass(frozen=True)
class Verdict:
    """What a check found: outcome "right", "wrong" or "not attempted", the text shown, the slip's name if it has one.

    Of two slips together, the names are joined by " + ". `python` is what Python says of an exception; `more` is added
    for who is wrong in the same way again, and `reread` is then an equation, its notebook and the heading above it.
    """

    outcome: str
    text: str
    slip: str | None = None
    python: str = ""
    more: str = ""
    reread: tuple[str, str, str] | None = None

    def __repr__(self):
        text = SIGNS[self.outcome] + self.text
        return "\n".join([*(_wrapped(text) if self.outcome == "right" else [text]), *self._below()])

    def _below(self):
        python = [f"Python says: {self.python}"] if self.python else []
        reread = ["Reread {}: in {}, under “{}”.".format(*self.reread)] if self.reread else []
        return [*([self.more] if self.more else []), *reread, *python]

    def _repr_html_(self):
        """The same with Python's own text folded and the equation linked; None for a right answer, which is short."""
        if self.outcome == "right":
            return None
        page = paragraphs(SIGNS[self.outcome] + self.text) + paragraphs(self.more)
        if self.reread:
            equation, notebook, heading = map(escape, self.reread)
            link = f'<a href="{notebook}#{heading.replace(" ", "-")}">under “{heading}”</a>'
            page += f"<div>Reread {equation}: in {notebook}, {link}.</div>"
        folded = f"<details><summary>What Python says</summary><pre>{escape(self.python)}</pre></details>"
        return page + (folded if self.python else "")

    def must_be_right(self):
        """Nothing, or an AssertionError that says the verdict unless it is "right".

        A check only shows its verdict, so that a learner can run on past a wrong answer. nbgrader gives the points of a
        cell unless the cell raises: the hidden test of each check cell calls this.
        """
        if self.outcome != "right":
            raise AssertionError(repr(self))


def _wrapped(text):
    """The lines of a text that is shown as it stands, broken between words."""
    return [
        part
        for line in text.splitlines()
        for part in wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    ]


def paragraphs(text: str) -> str:
    """A text as HTML that breaks between words, `code` as code; indented lines, such as one over its caret, as they
    stand."""
    blocks = []
    for is_indented, lines in groupby(escape(text).splitlines(), key=lambda line: line.startswith("  ")):
        if is_indented:
            blocks.append("<pre>" + "\n".join(lines) + "</pre>")
        else:
            blocks += ["<div>" + re.sub("`([^`]+)`", r"<code>\1</code>", line) + "</div>" for line in lines]
    return "".join(blocks)


def named(slip, exercise, before=""):
    """The verdict that gives this slip as the reason, in the words for that exercise, after where it goes wrong."""
    return Verdict("wrong", before + slip.reason(exercise), slip.name)


def not_attempted(exercise):
    """The verdict on a function that returns nothing yet."""
    text = (
        f"`{exercise}` returns nothing yet, or a list that nothing was put into. Replace the placeholder and end with "
        "`return`; `print` returns nothing."
    )
    return Verdict("not attempted", text)
