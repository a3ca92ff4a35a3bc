"""Letters that a text gives a meaning itself, r = Xw - y: they are read as what they mean."""

import re

from bgd_helpers.equations import reading, syntax
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.spelling import LONGEST, TOKEN, Text, as_written

LETTER = (
    r"(?:(?:[cgoqrsuCDFGKMOPQRSUV]|[ed](?=\}?\s*_)|\\(?:var)?epsilon)(?![A-Za-z])"
    r"|\\bar\s*(?:\\delta|\{\s*\\delta\s*\})(?![A-Za-z^])"
    r"|\\hat\s*(?:y|\{\s*(?:y|\\mathbf\s*\{\s*y\s*\})\s*\})(?!\s*[_A-Za-z])"
    r"|\\(?:hat|tilde|bar)\s*(?:g|\{\s*(?:g|\\mathbf\s*\{\s*g\s*\})\s*\}))"
)
NAME = re.compile(
    rf"(?:(?<![A-Za-z\\_^])(?<![_^]\{{)|(?<=(?<![A-Za-z\\_^])d))(?:\\(?:mathbf|boldsymbol|bm|vec)\s*\{{\s*(?P<in_font>{LETTER})\s*\}}|(?P<bare>{LETTER}))"
    r"(?P<script>\s*_\s*(?:\{[a-z0-9+\-, ]+\}|[a-z0]))?"
)
GIVEN = re.compile(r"\s*&?\s*(?::=|=|\\(?:equiv|triangleq|coloneqq|gets|leftarrow)(?![A-Za-z]))\s*")
INSIDE = re.compile(
    r"(?:[-=+*/^_)\d&]|(?<![A-Za-z\\])[A-Z])\s*$|\\(?:cdot|times|odot|frac|partial|nabla|top)\s*\}?\s*$"
)  # of an equation: no start
ENDS = re.compile(r"[$\n,;=&]|\\(?:\\|\)|\]|q?quad|text|end|Rightarrow|implies)")
WORDS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}")


def with_definitions(latex: str) -> tuple[Text, dict[str, str]]:
    """A text with what its letters mean in their place, if it says so and uses them; there it says p = p.

    And the letters, each by what stands in its place.
    """
    letters: dict[str, str] = {}
    text, at = as_written(latex), 0
    while given := next((match for match in NAME.finditer(text.text, at) if _defines(text.text, match)), None):
        sign, value = _sign(text.text, given), _value(text.text, given)
        filled, meant = text.replaced(*sign.span(), re.sub(r":=|\\(?:gets|leftarrow)", "=", sign[0])), {}
        for match in reversed(list(NAME.finditer(filled.text))):
            meaning = _meant(match, given, value)
            if meaning != match[0]:
                meant[meaning] = match[0]
                filled = filled.replaced(*match.span(), meaning)
        if len(filled.text) > LONGEST:
            break
        at, text, letters = at if meant else given.end(), filled, letters | meant
    return text, letters


def in_letters(latex: str, letters: dict) -> str:
    """A text with the letters in place of what they mean, as it was written and as the tree is."""
    for meaning, letter in reversed(letters.items()):
        for form in (meaning, *_printed(meaning)):
            latex = latex.replace(form, letter)
    return latex


def _printed(meaning):
    try:
        tree = reading.read(f"{meaning} = 0")[0].sides[0]
    except Misfit:
        return ()
    form = syntax.latex(tree)
    return (rf"\left({form}\right)", *[form] * (not isinstance(tree, syntax.Add | syntax.Negative)))


def _defines(latex, match):
    """Whether a letter gets a meaning here, without itself, that is used elsewhere."""
    if INSIDE.search(latex, max(0, match.start() - 20), match.start()) or not _sign(latex, match):
        return False
    value = _value(latex, match)
    used = [_letter(other) for other in NAME.finditer(latex)].count(_letter(match)) > 1
    return used and value and not WORDS.search(value) and _letter(match) not in map(_letter, NAME.finditer(value))


def _sign(latex, given):
    return GIVEN.match(latex, given.end())


def _letter(match):
    return re.sub(r"[\s{}]", "", match["bare"] or match["in_font"])


def _value(latex, given):
    """What stands behind the sign of a definition, to the end of its line, its formula or its clause."""
    start, depth = _sign(latex, given).end(), 0
    for token in TOKEN.finditer(latex, start):
        depth += (token[0] in "{([") - (token[0] in "})]")
        if depth < 0 or depth == 0 and ENDS.fullmatch(token[0]):
            return latex[start : token.start()].strip(" .")
    return latex[start:].strip(" .")


def _meant(match, given, value):
    """What stands in place of a letter: its meaning with the indices that it has here; else the letter."""
    here, there = (re.findall(r"[a-z0](?:\s*[+-]\s*\d)?", each["script"] or "") for each in (match, given))
    if _letter(match) != _letter(given) or there and len(here) != len(there):
        return match[0]
    new = {old: index for old, index in zip(there, here) if old != index}
    moves = all(old in "nijm" and index in "nijm" or old == "t" and index[0] in "t0" for old, index in new.items())
    if new and (not moves or re.search(r"\\sum|\^\s*\{?\s*t", value)):
        return match[0]
    scripts = re.compile(r"(_\s*)\{?([a-z]+)(?![A-Za-z+\-])\}?")
    moved = scripts.sub(lambda part: f"{part[1]}{{{''.join(new.get(each, each) for each in part[2])}}}", value)
    return f"({moved if new else value})" + (match["script"] or "") * (not there)
