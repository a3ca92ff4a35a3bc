"""What a check of an equation found, and how it shows itself in a notebook."""

import re
from dataclasses import dataclass
from html import escape

from bgd_helpers.equations.counterexample import Counterexample
from bgd_helpers.equations.prose import TALK
from bgd_helpers.equations.reading import lines_of
from bgd_helpers.equations.spelling import NO_PROSE

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
        mended = [f"<div>Mended:</div>{self._changed()}"] if self.repair else []
        return "\n".join([typeset(self.marked), *lines, *mended])

    def _changed(self):
        """The lines that mending has changed; of an equation in one line all of it."""
        before = [line for _, line in lines_of(self.latex)]
        changed = [line for _, line in lines_of(self.repair) if line not in before]
        return "".join(f"<div>{shown(line)}</div>" for line in changed) if len(before) > 1 else typeset(self.repair)

    @property
    def marked(self):
        """The equation as LaTeX, with the part at fault in a box."""
        if not self.span:
            return self.latex
        start, end = self.span
        part = self.latex[start:end]
        if "&" in part or "\\\\" in part or "\n" in part:  # a box must not tear an aligned block apart
            return self.latex
        return rf"{self.latex[:start]}\boxed{{{part}}}{self.latex[end:]}"


def typeset(latex: str) -> str:
    r"""LaTeX as HTML that a notebook displays: an equation, one below the other, or numbered lines, words as they are.

    Aligned lines get an environment where they have none, and air, or their fractions touch.
    """
    lines = [line for _, line in lines_of(latex)]
    prose = re.search(r"\$|\\\[", latex) or any(map(_words_in, lines))
    if prose or len(lines) > 1 and not re.search(r"&|\\\\|\\begin", latex):
        rows = "".join(f'<li style="margin: 0.4em 0">{shown(line)}</li>' for line in lines)
        return f"<ol>{rows}</ol>" if len(lines) > 1 else f"<div>{shown(latex)}</div>"
    if ("&" in latex or r"\\" in latex) and r"\begin" not in latex:
        latex = "\\begin{aligned}\n" + latex.strip() + "\n\\end{aligned}"
    latex = re.sub(r"\\\\(?!\s*[\[*])", r"\g<0>[.6em]", latex)
    return f"<div>$${escape(latex.replace('$$', ''))}$$</div>"


BESIDE = re.compile(  # what a formula does not need that stands alone
    r"\$\$|\\[\[\]]|\\\\(?:\[[^\]]*\])?\s*$|&|\\(?:tag|label)\*?\{[^{}]*\}|\\(?:notag|nonumber)|^\s*#+\s|```\w*"
)
FORMULA = r"[=\\_^]"
OPENING = re.compile(r"\\(?:begin|end)\s*\{\w+\*?\}(?:\{[^{}]*\})?")


def shown(line: str) -> str:
    """A line as HTML: words as they are, mathematics typeset."""
    if line.count(r"\begin") == line.count(r"\end") > 0:
        return rf"$\displaystyle {escape(line.strip().strip('$'))}$"
    line, *remark = re.split(r"(?=\s(?:#|//)\s)", re.sub(r"\\[()]", "$", line), maxsplit=1)
    line = BESIDE.sub("", OPENING.sub("", line).replace("&&", r"\quad ")).strip()
    if remark:
        return f"{shown(line)} {_emphasised(remark[0].strip())}"
    if "$" in line or not re.search(FORMULA, line):
        return _emphasised(line)
    parts, last = [], 0
    for start, end in [*_words_in(line), (len(line), len(line))]:
        formula = line[last:start].strip()
        parts += [_formula(formula), _emphasised(line[start:end].strip())]
        last = end
    return " ".join(filter(None, parts))


def _words_in(line):
    """Where words stand, several at a time: outside of the braces of LaTeX."""
    hidden = re.sub(NO_PROSE, lambda match: "\\" * len(match[0]), line)
    return [match.span() for match in re.finditer(rf"(?:(?:{TALK.pattern})\s*)+", hidden)]


def _formula(text):
    """Mathematics typeset; as it stands where it is none, or would not be typeset."""
    if not re.search(FORMULA, text):
        return _emphasised(text)
    text = re.sub(r"Σ(?=\s*_)", r"\\sum", text)
    whole = text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right") and "#" not in text
    return rf"$\displaystyle {escape(text)}$" if whole else f"<code>{escape(text)}</code>"


def _emphasised(text):
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text))
