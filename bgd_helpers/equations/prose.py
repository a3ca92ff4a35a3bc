"""Sentences around a derivation: their equations stand apart, and what cannot be read in them is passed over.

What is shown, a display or a line that consists of a formula, is the derivation. An equation in a sentence is a claim
of its own, behind which a display goes on only if it cannot go on behind the display before it.
"""

import re
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from bgd_helpers.equations import reading
from bgd_helpers.equations.counterexample import difference
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.meaning import meaning_of
from bgd_helpers.equations.messages import ADVICE
from bgd_helpers.equations.spelling import EQUALS, LONGEST, MATHEMATICS, NO_PROSE, OPEN_END, TABLE
from bgd_helpers.equations.syntax import Chain, Equivalence, Number, Symbol, chains_of, is_symbol, mapped, walk
from bgd_helpers.equations.updates import is_update, now

EATEN, NO_R = ADVICE[0]
MOST = 100  # formulas, or lines of a formula: each is judged in its place
REFUSED = [(re.compile(pattern, re.MULTILINE), said) for pattern, said in TABLE["refused"]]
LABEL = re.compile(
    r"^\s*(?:->|\[\d+\]|[IVX]+[.:)]\s|>\s*(?:\[!\w+\])?)|\{\{<[^{}]*>\}\}|\*\*[^*$\n]*\*\*:?"
    r"|(?<=\s)\*[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ ]*\*(?=\s|$)|/\*.*?\*/"
    r"|(?:\.{3,}\s*\(\d+\)|\(\*+\))\s*$|\b(?:Step|Schritt|Line|Zeile|Result|Ergebnis|Answer)\s*\d*\s*[:.)]|```\w*|"
    + NO_PROSE
)
PROSE = re.compile(r"[^\W\d_]{2,}")
END = re.compile(
    r"^[ \t]*(?:\$?\s*\\(?:blacksquare|square|Box|qed)\s*\$?|[Qq]\.?\s?[Ee]\.?\s?[Dd]\.?)[ \t.]*$"
    r"|^[ \t]*\|?(?:[ \t]*:?-{3,}:?[ \t]*\|?)+[ \t]*$"  # what rules a table, or parts two chapters
    r"|</?(?:(p|div|li|t[dhr]|h\d)|[uo]l|span|b|i|em|strong|br|table|center|details|summary)(?:\s[^<>]*)?/?>",
    re.MULTILINE,
)
DENIES = re.compile(
    r"\b(?:wrong|mistakes?|incorrect|not true|false|instead of|forgets?|falsch|Fehler)\b", re.IGNORECASE
)
SUPPOSES = re.compile(r"\b(?:if|when|assum\w+|suppos\w+|falls|wenn)\b", re.IGNORECASE)
DERIVED = "delta Delta E J H a A z Z yhat Yhat".split()  # of which a sentence may not say anything else
GOES_ON = re.compile(rf"(?:\s|\$|&|\\\[|\\\(|\\begin\{{\w+\*?\}})*(?:{EQUALS}|:=|[-+]\s)")
NAMES, SHORT, SO = (
    "|".join(re.escape(form) for word in words.split() for form in dict.fromkeys((word, word.capitalize())))
    for words in TABLE["talk"]
)
TALK = re.compile(
    r"(?<![\\\w.^/'-])(?<!/ )(?<!\S\{)(?:(?:[cdjlmnst]|qu)['’])?(?:"
    rf"(?!(?:{NAMES})(?![A-Za-zÀ-ÿ])(?!\s+(?:rule|over|runs|goes|has|is|of|derivatives?|in)\b))"
    rf"[A-Za-zÀ-ÿ][a-zà-ÿ]{{2,}}(?![\w({{^@]|\.\w|\s*(?::?=|\[))|(?:{SHORT}|{SO})(?![\w({{^/]))[.,:]*"
    r"|[\u3040-\u9fff\uac00-\ud7af]+|(?<![\w\\^{])(?:\((?:E\d+|(?:Eq|eq|Gl)\.?\s?\d+)\)|E\d+(?![\w^])|(?:Eq|eq|Gl)\.?\s?\(?\d+\)?)[.,:]*|(?<![<=])=+>|[⇒⟹]"
    r"|(?<=\s)(?:(?://|#)(?=\s).*|!+(?=\s|$)|-(?=\s+(?:by|using|from|since|because|as|see|with|via|chain|product|power|definition|nach|wegen|E\d+)\b))"
)
CODE = re.compile(r"^\s*(?:for\s+\w+\s+in|def|while|return|import)\s.*[(:]|^\s*import\s")
FACTOR = re.compile(r"(?:[=+*/·]|\\(?:cdot|times|odot)(?![A-Za-z]))\s*$")  # what stands behind it is no remark
GROUP = re.compile(r"(?<![\w\\^}')])(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\[[^\[\]]*\])")
BEFORE = re.compile(
    r"(?:[\s,:;.)\]}#✓✔✗∴]|->|=>|[→⇒⟹])*(?:\(?(?:[ivx]{1,4}|[a-h]|\d{1,2}[a-z]?)[.):]\s+)?(?:[^=]{0,30}:(?=\s)\s*)?"
)
BEHIND = re.compile(r"(?:[\s,:;.(\[{|#!✓✔✗←–—]|<-+|--|->|[\s,][nijklmt](?=[\s,]*$))*$")
SHAPES = re.compile(r"(?:[\s$=().,·×x1N]|\\(?:cdot|times|to)(?![a-z])|d_(?:\w|\{[^{}]*\}|\([^()]*\)))*")
GOES_BESIDE = re.compile(
    r".* [+*/·⋅∙]|(?:(?:and|then|und|et)[.,:]*)? (?:times|plus|minus|multiplied|divided|mal|fois)\b"
)
SAYS = re.compile(r"\b(?:is|are|has|have|does|do|only|depends?|ist|sind|hat|hängt|est|sont)\b")
WHY = re.compile(
    r"\b(?:because|since|as|where|weil|da|denn|wobei|car|puisque|comme|où|let|denote|define|set|given|recall|remember|with|sei|setze|mit|soit|posons|avec)\b",
    re.IGNORECASE,
)
RANGE = re.compile(r"\s*[nijklmt](?:\s*,\s*[nijklmt])*\s*(?:[=<>≤≥∈≠]|\\[a-z]+)")


class Piece(NamedTuple):
    """A formula: from where to where it stands, and the sentence that it stands in, None if it is shown."""

    start: int
    end: int
    sentence: str | None
    bare: bool = False  # whether it stands beside the signs of mathematics of its sentence, or behind another formula
    joined: bool = False  # whether it belongs to the formula before it


def read(latex: str) -> list[Chain | Equivalence]:
    """The statements of an equation or a derivation, those of its sentences too. Raises Misfit."""
    if eaten := EATEN.search(latex):
        raise Misfit(eaten.start(), NO_R)
    if len(latex) <= LONGEST and len(pieces := _pieces(latex)) > MOST:
        raise Misfit(pieces[MOST].start, f"a text has at most {MOST} formulas or lines: check it in parts.")
    for pattern, said in REFUSED:
        if match := pattern.search(latex):
            raise Misfit(match.start("here"), said.replace("<0>", match["here"]))
    texts = _texts(latex) if len(latex) <= LONGEST else ()
    if not texts:
        return reading.read(latex)
    statements = [statement for text in texts for statement in reading.read(text)]
    return sorted(statements, key=lambda each: each.sides[0].span[0] if isinstance(each, Chain) else 0)


def without_prose(latex: str) -> str:
    """The text with blanks in place of all that is passed over; empty if Python has eaten its backslashes."""
    if EATEN.search(latex) or len(_pieces(latex)) > MOST:
        return ""
    texts = _texts(latex) if len(latex) <= LONGEST else ()
    return "".join(max(signs) for signs in zip(*texts)) if texts else latex


def unread(latex: str) -> str:
    """What is said of the lines with an equation in a sentence that is not read; empty if there are none."""
    kept = without_prose(latex)
    gone = [
        piece
        for piece in _pieces(latex)
        if piece.sentence is not None and not kept[piece.start : piece.end].strip()
        if re.search(EQUALS, latex[piece.start : piece.end])
    ]
    lines = dict.fromkeys(reading.line_of(latex, piece.start) for piece in gone)
    return "".join(f" Line {line} has an equation that is passed over as words." for line in lines)


@lru_cache(maxsize=64)
def _texts(latex):
    """The texts that are read each for itself, blank elsewhere; none if there is no sentence with a formula."""
    whole, latex = latex, END.sub(lambda match: (r"\\" if match[1] else "").ljust(len(match[0])), latex)
    pieces = _pieces(latex)
    if (
        not pieces
        or len(pieces) > MOST
        or all(piece.sentence is None for piece in pieces)
        and _only(latex, pieces).split() == latex.split()
    ):
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
        if inside and PROSE.search(LABEL.sub(" ", line.replace("\0", " "))):
            pieces += _in_sentence(latex, start, end, inside)
        elif line.strip():
            plain = [Piece(start, end, None)] if inside else _plain(latex, start, end)
            words = found and plain != [Piece(start, end, None)]  # beside displays a line of words
            pieces += [
                piece._replace(sentence=line, bare=False) if words and not GOES_ON.match(latex, piece.start) else piece
                for piece in plain
            ]
        start = end + 1
    shapes = [bool(SHAPES.fullmatch(LABEL.sub("", latex[piece.start : piece.end]).strip("✓ "))) for piece in pieces]
    return [piece._replace(sentence="") if shape else piece for piece, shape in zip(pieces, shapes)]


def _plain(latex, start, end):
    """The formulas of a line without signs of mathematics: behind words stands a remark, or one more formula."""
    line = LABEL.sub(lambda match: "\0 "[match[0][0] != "\\"] * len(match[0]), latex[start:end])
    if CODE.search(line):
        return [Piece(start, end, None)]
    groups = [m for m in GROUP.finditer(line) if (TALK.match if re.search(r"[_^\\]", m[0]) else TALK.search)(m[0], 1)]
    if not groups and not TALK.search(line) and ("\0" in line or line == latex[start:end]):
        return [Piece(start, end, None)]
    pieces, gaps = [], []
    for group in groups:
        inside = " " * (group.start() + 1) + group[0][1:-1]
        pieces += [piece._replace(bare=False) for piece in _parts(latex, start, inside, ".") if piece.sentence]
        line = line[: group.start()] + " " * len(group[0]) + line[group.end() :]
        gaps.append((start + group.start(), start + group.end()))
    at = 0
    for row in re.split(r"(\\\\(?:\[\w*\])?)", line):
        if row.startswith(r"\\"):
            pieces.append(Piece(start + at, start + at + len(row), None, joined=True))
        else:
            pieces += _around(gaps, _parts(latex, start, " " * at + row, ""))
        at += len(row)
    return sorted(pieces, key=lambda piece: piece.start)


def _around(gaps, pieces):
    """The pieces without what stands in the gaps."""
    for piece in pieces:
        for start, end in gaps:
            if piece.start <= start and end <= piece.end:
                yield piece._replace(end=start)
                piece = piece._replace(start=end, joined=True)
        yield piece


def _parts(latex, start, line, said):
    """The formulas of a line between its words; `said` are the words before it."""
    pieces, at, shown, is_first, ends = [], 0, not said, True, latex.find("\n", start + len(line))
    for match in [*(word for word in TALK.finditer(line) if not FACTOR.search(line, 0, word.start())), None]:
        text = line[at : match.start() if match else len(line)]
        lead = BEFORE.match(text)
        text = BEHIND.sub("", text)[lead.end() :]
        while text.count(")") > text.count("(") or text.count("]") > text.count("["):
            text = text[: max(text.rfind(")"), text.rfind("]"))].rstrip()
        if re.search(r"[\w\0]", text) and not (said and RANGE.match(text)):
            words = said.casefold().split()
            label = ":" in lead[0] + said[-1:] or words and words[-1].strip(".,:") in SO.casefold().split("|")
            label, goes_on, joined = label and not SUPPOSES.search(said), GOES_ON.match(text), False
            shown = not words or label or (shown and words == ["and"])
            sentence = None if shown or goes_on else line
            if not re.search(EQUALS, text):
                later = latex[ends:].lstrip() if ends >= 0 else ""
                head = is_first and not words and GOES_ON.match(later) and not (match and SAYS.match(match[0]))
                beside = text[0] in "+*/·⋅∙" or GOES_BESIDE.match(f"{said} {text}")
                joined = not is_first
                if beside or head and re.search(r"[_^/\\]", text):
                    sentence = None
                elif is_first:
                    sentence = line
                else:
                    text = ""
            if text:
                place = start + at + lead.end()
                bare = not WHY.search(said) if words else not is_first
                pieces.append(Piece(place, place + len(text), sentence, bare, joined))
            is_first, said = False, ""
        if match:
            said, at = f"{said} {match[0]}".strip(), match.end()
    return pieces


def _in_sentence(latex, start, end, inside):
    pieces, at = [], start
    for match in inside:
        pieces += _bare(latex, at, match.start(), latex[start:end])
        shown = match[2] is None and match[4] is None
        pieces.append(Piece(*match.span(), None if shown else latex[start:end]))
        at = match.end()
    return pieces + _bare(latex, at, end, latex[start:end])


def _bare(latex, start, end, sentence):
    """An equation in a sentence outside the signs of mathematics, if there is one."""
    if not re.search(r"[_\\^][^\n]*=|=[^\n]*[_\\^]", latex[start:end]):
        return []
    return [piece._replace(sentence=sentence, bare=True) for piece in _parts(latex, start, latex[start:end], "")]


def _chunks(latex, pieces):
    """Lists of pieces, each a text of its own: the shown ones first, then a claim each, and what goes on behind it."""
    chunks, current, claims, heads = [[]], None, [], []
    for piece in pieces:
        text = latex[piece.start : piece.end]
        goes_on = GOES_ON.match(text)
        if piece.joined:
            (chunks[0] if current is None else current).append(piece)
        elif piece.sentence is None:
            open_end = current and OPEN_END.search(_only(latex, current).rstrip(" $\n]"))
            if goes_on and (claims or current is None):
                current = _best(latex, [current, *reversed(claims)] if claims or current else heads, piece)
            elif piece.bare and not goes_on:
                current = []
            elif not (goes_on or open_end) or current is None:
                current = chunks[0]
            current = chunks[0] if current is None else current
            current.append(piece)
            if not any(current is chunk for chunk in chunks):
                chunks.append(current)
            claims = []
        elif goes_on:
            before = claims[-1] if claims else current
            if before and not DENIES.search(piece.sentence) and _judged(_alone(latex, [*before, piece])) is not None:
                before.append(piece)
        elif not re.search(EQUALS, text):
            heads = [[piece]] if text.strip() else heads
        elif _is_claim(latex, piece):
            chunks.append([piece])
            claims.append(chunks[-1])
    return chunks


def _is_claim(latex, piece):
    text = _alone(latex, [piece])
    holds = _judged(text)
    if not piece.sentence or DENIES.search(piece.sentence):
        return False
    if holds is None:
        with suppress(Misfit):
            return piece.bare and bool(reading.read(text))
        return False
    return holds or not (SUPPOSES.search(piece.sentence) or _is_named(reading.read(text)))


def _is_named(statements):
    """Whether an equation is a demand, or gives a letter a meaning for a sentence: t = 0, y = Xw, h(w) = Xw - y."""
    head, *_, last = chains_of(statements)[0].sides
    letter = isinstance(head, Symbol) and not is_symbol(head, *DERIVED) and head.mark != "*"
    return last == Number(0.0) or letter or any(is_symbol(part, "h") for part in walk(head))


def _best(latex, chunks, piece):
    """The chunk behind which a piece holds, or at least means something; the first if there is none."""
    chunks = [chunk for chunk in chunks if chunk]
    judged = [_judged(_alone(latex, [*chunk, piece])) for chunk in chunks]
    best = max(judged, key=(None, False, True).index, default=None)
    return chunks[judged.index(best)] if chunks else None


@lru_cache(maxsize=256)
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
    *_, left, right = sides = [mapped(side, now) for side in chain.sides]
    for side in sides:
        meaning_of(side)
    return difference(left, right, chain.relations[-1] == "~") is None


def _alone(latex, pieces):
    """What some pieces say, wherever they stand."""
    return re.sub(r"\s*\n\s*", "\n", _only(latex, pieces).strip())


def _only(latex, pieces):
    """The text with blanks in place of all but some pieces."""
    kept = [sign if sign == "\n" else " " for sign in latex]
    for piece in pieces:
        kept[piece.start : piece.end] = latex[piece.start : piece.end]
    return "".join(kept)
