"""What a check of an equation found, and how it shows itself in a notebook."""

import re
from dataclasses import dataclass
from html import escape

from bgd_helpers.equations.counterexample import Counterexample

SIGNS = {"holds": "✓", "fails": "✗"}
COLOURS = {"holds": "#00875f", "fails": "#c85000"}  # 4.5 : 1 on white, 4 : 1 on #111, and never alone: there is a sign


@dataclass(frozen=True)
class Result:
    """Whether an equation holds: `verdict` is "holds" or "fails", `message` says it in words.

    If it fails: `counterexample` says where, `repair` is the mended equation as LaTeX, `slip` the name of the slip it
    mends (each None if there is none), and `span` the part of the text at fault. If it holds: `definition` tells
    a definition from a claim, and `rule` names the update rule, if it is one.
    """

    latex: str
    verdict: str
    message: str
    counterexample: Counterexample | None = None
    repair: str | None = None
    slip: str | None = None
    span: tuple | None = None
    definition: bool = False
    rule: str | None = None

    def __repr__(self):
        return f"{SIGNS[self.verdict]} {self.message}"

    def _repr_html_(self):
        """The verdict, the equation with what is at fault in a box, and the mended equation."""
        sign = f'<b style="color: {COLOURS[self.verdict]}">{SIGNS[self.verdict]}</b>'
        lines = [f"<div>{line}</div>" for line in f"{sign} {escape(self.message)}".split("\n")]
        mended = [f"<div>Mended:</div>{typeset(self.repair)}"] if self.repair else []
        return "\n".join([typeset(self.marked), *lines, *mended])

    @property
    def marked(self):
        """The equation as LaTeX, with the part at fault in a box."""
        if not self.span:
            return self.latex
        start, end = self.span
        part = self.latex[start:end]
        if "&" in part or "\\\\" in part:  # a box must not tear an aligned block apart
            return self.latex
        return rf"{self.latex[:start]}\boxed{{{part}}}{self.latex[end:]}"


def typeset(latex):
    """LaTeX as HTML that a notebook displays as an equation; lines without an environment get one.

    Plain lines are shown one below the other, words as they are. Aligned lines get air, or their fractions touch.
    """
    if "\n" in latex.strip() and not re.search(r"[&$]|\\\\|\\begin", latex):
        return "".join(f"<div>{shown(line)}</div>" for line in latex.strip("\n").split("\n"))
    if ("&" in latex or r"\\" in latex) and r"\begin" not in latex:
        latex = "\\begin{aligned}\n" + latex.strip() + "\n\\end{aligned}"
    latex = re.sub(r"\\\\(?!\s*[\[*])", r"\g<0>[.6em]", latex)
    return f"<div>$${escape(latex)}$$</div>"


def shown(line: str) -> str:
    """A line as HTML: words as they are, mathematics typeset."""
    plain = escape(line.replace("&", "").strip())
    mathematical = (
        "$" not in line
        and re.search(r"[=\\_^]", line)
        and not re.match(r"\s*(\\\[|\\\(|\\begin|\\end|[A-Z][a-z]+ )", line)
    )
    return rf"$\displaystyle {plain}$" if mathematical else plain
