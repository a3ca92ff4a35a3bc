"""From LaTeX to trees: the text made ready, parsed by grammar.lark, bounded, and built."""

import itertools
import re
from functools import cache
from pathlib import Path

from bgd_helpers.equations import messages
from bgd_helpers.equations.building import build
from bgd_helpers.equations.errors import Misfit

LONGEST = 3000  # characters
LARGEST = 60  # of one side: what it has of COUNTED, and so how deep it is
COUNTED = set(
    "number symbol width batch_size prefix norm head activation derivative fraction mean parentheses braces".split()
)
ENVIRONMENTS = "aligned align align* split gathered equation equation*".split()
WRAPPINGS = (r"\$\$(.*)\$\$", r"\$(.*)\$", r"\\\[(.*)\\\]", r"\\\((.*)\\\)")


def read(latex):
    """The statements of an equation, each a Chain or an Equivalence.

    Raises Misfit, with the position, for anything that is no equation of the language.
    """
    if not isinstance(latex, str):
        raise TypeError(f"an equation is a string of LaTeX, not a value of type {type(latex).__name__}")
    _check_text(latex)
    tree = _parsed(latex)
    _check_size(tree)
    return build(tree)


def _parsed(latex):
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        return _parser().parse(_prepared(latex))
    except UnexpectedCharacters as error:
        position, expected = error.pos_in_stream, error.allowed
    except UnexpectedToken as error:
        position = len(latex) if error.token.type == "$END" else error.token.start_pos
        expected = error.expected
    raise Misfit(position, messages.misplaced(latex, position, expected), advised=True)


@cache
def _parser():
    from lark import Lark

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _check_text(latex):
    """Refuse what is too long or empty, and braces that do not pair."""
    if len(latex) > LONGEST:
        raise Misfit(LONGEST, f"an equation has at most {LONGEST} characters; this has {len(latex)}.")
    if not latex.strip():
        raise Misfit(0, "there is no equation yet.")
    openings = []
    for match in re.finditer(r"\\[{}|]|\\.|[{}()\[\]]", latex):
        sign = match.group()
        if sign in "{([":
            openings.append(match)
        elif sign in "})]":
            if not openings or openings.pop().group() != {"}": "{", ")": "(", "]": "["}[sign]:
                raise Misfit(match.start(), f"this {sign} closes nothing that was opened.")
    if openings:
        raise Misfit(openings[-1].start(), f"this {openings[-1].group()} is never closed.")


def _prepared(latex):
    """The text as the grammar takes it, every character in its place: $ $ and begin-end blank, norms paired."""
    return _columns_parted(_environments_blank(_norms_paired(_unwrapped(latex))))


def _unwrapped(latex):
    """$...$, $$...$$, \\[...\\] or \\(...\\) around the whole are blanks."""
    for pattern in WRAPPINGS:
        match = re.fullmatch(rf"\s*{pattern}[\s.,;]*", latex, re.DOTALL)
        if match:
            return " " * match.start(1) + match[1] + " " * (len(latex) - match.end(1))
    return latex


def _norms_paired(text):
    """\\| and \\Vert open and close by turns; \\left\\| opens, \\right\\| closes."""
    turns = itertools.cycle("\x0e\x0f")
    pattern = r"(\\(left|right|[bB]igg?[lr]?)\s*)?\\(\||Vert(?![A-Za-z]))"
    found = list(re.finditer(pattern, text))
    for match in found:
        sign = {"left": "\x0e", "right": "\x0f"}.get(match[2]) or next(turns)
        text = _replaced(text, match, sign)
    if text.count("\x0e") > text.count("\x0f"):
        raise Misfit(found[-1].start(), f"this {found[-1][0]} is never closed.")
    return text


def _replaced(text, match, sign=""):
    """The text with a sign and blanks in place of a match."""
    return text[: match.start()] + sign.ljust(len(match[0])) + text[match.end() :]


def _environments_blank(text):
    r"""\begin{aligned} and \end{aligned} are blanks, if they pair."""
    open_ones = []
    for match in re.finditer(r"\\(begin|end)\s*\{\s*([A-Za-z]*\*?)\s*\}", text):
        side, name = match.groups()
        if name not in ENVIRONMENTS:
            raise Misfit(match.start(), messages.environment(name, ENVIRONMENTS))
        if side == "end" and (not open_ones or open_ones.pop()[1] != name):
            raise Misfit(match.start(), rf"this \end{{{name}}} has no \begin{{{name}}}.")
        if side == "begin":
            open_ones.append((match.start(), name))
        text = _replaced(text, match)
    for place, name in open_ones:
        raise Misfit(place, rf"this \begin{{{name}}} has no \end{{{name}}}.")
    return text


def _columns_parted(text):
    """The second &, the fourth and so on of a line begin another equation, unless they stand at a relation."""
    count = 0
    for match in re.finditer(r"\\\\|\\&|(?P<relation>=\s*)?&", text):
        if match[0].endswith("&") and not match[0].startswith("\\"):
            count += 1
            if count % 2 == 0 and not match["relation"]:
                text = text[: match.end() - 1] + "," + text[match.end() :]
        elif match[0] == r"\\":
            count = 0
    return text


def _check_size(tree):
    """Refuse a side with more symbols than can be judged in a moment."""
    for side in (side for chain in tree.find_data("chain") for side in chain.children[::2]):
        found = [part for part in side.iter_subtrees_topdown() if part.data in COUNTED]
        if len(found) > LARGEST:
            text = f"one side of an equation has at most {LARGEST} symbols, numbers and parentheses."
            raise Misfit(found[LARGEST].meta.start_pos, text)
