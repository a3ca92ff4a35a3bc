"""Sentences around a derivation: their equations stand apart, and what cannot be read in them is passed over.

What is shown, a display or a line that consists of a formula, is the derivation. An equation in a sentence is a claim
of its own, behind which a display goes on only if it cannot go on behind the display before it.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from bgd_helpers.equations import reading
from bgd_helpers.equations.counterexample import first_difference
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.meaning import meaning_of
from bgd_helpers.equations.messages import ADVICE
from bgd_helpers.equations.spelling import EQUALS, LONGEST, MATHEMATICS, NO_PROSE, OPEN_END, WORD
from bgd_helpers.equations.syntax import (
    Chain,
    Equivalence,
    Number,
    Symbol,
    chains_of,
    is_symbol,
    mapped,
    walk,
)
from bgd_helpers.equations.updates import is_update, now

EATEN, NO_R = ADVICE[0]
LABEL = re.compile(
    r"\*\*[^*$\n]*\*\*:?|\b(?:Step|Schritt|Line|Zeile|Result|Ergebnis|Answer)\s*\d*\s*[:.)]|```\w*|" + NO_PROSE
)
PROSE = re.compile(r"[^\W\d_]{2,}")
END = re.compile(
    r"^[ \t]*(?:\$?\s*\\(?:blacksquare|square|Box|qed)\s*\$?|[Qq]\.?\s?[Ee]\.?\s?[Dd]\.?)[ \t.]*$"
    r"|^[ \t]*\|?(?:[ \t]*:?-{3,}:?[ \t]*\|?)+[ \t]*$"  # what rules a table, or parts two chapters
    r"|</?(?:p|ul|ol|li|div|span|b|i|em|strong|br|h\d|table|tr|td|th|center|details|summary)(?:\s[^<>]*)?/?>",
    re.MULTILINE,
)
DENIES = re.compile(
    r"\b(?:wrong|mistakes?|incorrect|not true|false|instead of|forgets?|falsch|Fehler)\b", re.IGNORECASE
)
SUPPOSES = re.compile(r"\b(?:if|when|assum\w+|suppos\w+|falls|wenn)\b", re.IGNORECASE)
DERIVED = "delta Delta E J H a A z Z yhat Yhat".split()  # of which a sentence may not say anything else
GOES_ON = re.compile(rf"(?:\s|\$|&|\\\[|\\\(|\\begin\{{\w+\*?\}})*(?:{EQUALS}|:=|[-+]\s)")


class Piece(NamedTuple):
    """A formula: from where to where it stands, and the sentence that it stands in, None if it is shown."""

    start: int
    end: int
    sentence: str | None
    bare: bool = False  # whether it stands beside the signs of mathematics of its sentence


def read(latex: str) -> list[Chain | Equivalence]:
    """The statements of an equation or a derivation, those of its sentences too. Raises Misfit."""
    if eaten := EATEN.search(latex):
        raise Misfit(eaten.start(), NO_R)
    texts = _texts(latex) if len(latex) <= LONGEST else ()
    if not texts:
        return reading.read(latex)
    statements = [statement for text in texts for statement in reading.read(text)]
    return sorted(statements, key=lambda each: each.sides[0].span[0] if isinstance(each, Chain) else 0)


def without_prose(latex: str) -> str:
    """The text with blanks in place of all that is passed over; empty if Python has eaten its backslashes."""
    if EATEN.search(latex):
        return ""
    texts = _texts(latex) if len(latex) <= LONGEST else ()
    return "".join(max(signs) for signs in zip(*texts)) if texts else latex


def unread(latex: str) -> str:
    """What is said of the lines with an equation in a sentence that is not read; empty if there are none."""
    kept = without_prose(latex)
    gone = [
        piece
        for piece in _pieces(latex)
        if piece.sentence and not kept[piece.start : piece.end].strip()
        if re.search(EQUALS, latex[piece.start : piece.end])
    ]
    lines = dict.fromkeys(reading.line_of(latex, piece.start) for piece in gone)
    return "".join(f" Line {line} has an equation that is passed over as words." for line in lines)


@lru_cache(maxsize=64)
def _texts(latex):
    """The texts that are read each for itself, blank elsewhere; none if there is no sentence with a formula."""
    whole, latex = latex, END.sub(lambda match: " " * len(match[0]), latex)
    pieces = _pieces(latex)
    if all(piece.sentence is None for piece in pieces):
        return (latex,) if latex != whole and latex.strip() else ()
    chunks = _chunks(latex, pieces)
    return tuple(_only(latex, chunk) for chunk in chunks if chunk)


def _pieces(latex):
    """The formulas of a text, in order."""
    found = list(MATHEMATICS.finditer(latex))
    masked = MATHEMATICS.sub(lambda match: "\0" * len(match[0]), latex)
    if r"\begin" in masked:
        return []
    pieces, start = [], 0
    for line in masked.split("\n"):
        end = start + len(line)
        inside = [match for match in found if start <= match.start() < end]
        outside = LABEL.sub(" ", line.replace("\0", " "))
        if (PROSE if inside else WORD).search(outside):
            pieces += _in_sentence(latex, start, end, inside)
        elif line.strip():
            pieces.append(Piece(start, end, None))
        start = end + 1
    return pieces


def _in_sentence(latex, start, end, inside):
    if not inside:
        plain = re.search(EQUALS, latex[start:end]) and re.search(r"[\\_^]", latex[start:end])
        return [Piece(start, end, latex[start:end])] if plain else [Piece(start, start, latex[start:end])]
    pieces, at = [], start
    for match in inside:
        pieces += _bare(latex, at, match.start(), latex[start:end])
        shown = match[2] is None and match[4] is None
        pieces.append(Piece(*match.span(), None if shown else latex[start:end]))
        at = match.end()
    return pieces + _bare(latex, at, end, latex[start:end])


def _bare(latex, start, end, sentence):
    """An equation in a sentence outside the signs of mathematics, if there is one."""
    return [Piece(start, end, sentence, True)] if re.search(r"[_\\^][^\n]*=|=[^\n]*[_\\^]", latex[start:end]) else []


def _chunks(latex, pieces):
    """Lists of pieces, each a text of its own: the shown ones first, then a claim each, and what goes on behind it."""
    chunks, current, claims, heads = [[]], None, [], []
    for piece in pieces:
        text = latex[piece.start : piece.end]
        goes_on = GOES_ON.match(text)
        if piece.sentence is None:
            open_end = current and OPEN_END.search(_only(latex, current).rstrip(" $\n]"))
            if goes_on and (claims or current is None):
                current = _best(latex, [current, *reversed(claims)] if claims or current else heads, piece)
            elif not (goes_on or open_end) or current is None:
                current = chunks[0]
            current = chunks[0] if current is None else current
            current.append(piece)
            if not any(current is chunk for chunk in chunks):
                chunks.append(current)
            claims = []
        elif goes_on:
            before = claims[-1] if claims else current
            if before and not DENIES.search(piece.sentence) and _judged(_only(latex, [*before, piece])) is not None:
                before.append(piece)
        elif not re.search(EQUALS, text):
            heads = [[piece]] if text.strip() else heads
        elif _is_claim(latex, piece):
            chunks.append([piece])
            claims.append(chunks[-1])
    return chunks


def _is_claim(latex, piece):
    text = _only(latex, [piece])
    holds = _judged(text)
    if DENIES.search(piece.sentence):
        return False
    if holds is None:
        return piece.bare and _parses(text)
    return holds or not (SUPPOSES.search(piece.sentence) or _is_named(reading.read(text)))


def _parses(text):
    try:
        return bool(reading.read(text))
    except Misfit:
        return False


def _is_named(statements):
    """Whether an equation is a demand, or gives a letter a meaning for a sentence: t = 0, y = Xw, h(w) = Xw - y."""
    head, *_, last = chains_of(statements)[0].sides
    letter = isinstance(head, Symbol) and not is_symbol(head, *DERIVED) and head.mark != "*"
    return last == Number(0.0) or letter or any(is_symbol(part, "h") for part in walk(head))


def _best(latex, chunks, piece):
    """The chunk behind which a piece holds, or at least means something; the first if there is none."""
    chunks = [chunk for chunk in chunks if chunk]
    judged = [_judged(_only(latex, [*chunk, piece])) for chunk in chunks]
    for wanted in (True, False):
        if wanted in judged:
            return chunks[judged.index(wanted)]
    return chunks[0] if chunks else None


def _judged(text):
    """Whether the last step of a text holds; None if the text cannot be read or means nothing."""
    try:
        chains = chains_of(reading.read(text))
        last = True
        for chain in chains:
            if not set(chain.relations) <= {"=", "~"} and not is_update(chain):
                return None
            last = is_update(chain) or _last_step_holds(chain)
    except Misfit:
        return None
    return last


def _last_step_holds(chain):
    left, right = (mapped(side, now) for side in chain.sides[-2:])
    for side in chain.sides:
        meaning_of(mapped(side, now))
    meaning = meaning_of(left)
    return first_difference(meaning, meaning_of(right, after=meaning), chain.relations[-1] == "~") is None


def _only(latex, pieces):
    """The text with blanks in place of all but some pieces."""
    kept = [sign if sign == "\n" else " " for sign in latex]
    for piece in pieces:
        kept[piece.start : piece.end] = latex[piece.start : piece.end]
    return "".join(kept)
