r"""The many ways of writing an equation, brought to one: tables of synonyms, and what stands around the mathematics.

The table is spelling.toml: commands take arguments, signs stand for themselves, patterns are read last, in their order.
Every character keeps the place in the learner's text that it comes from.
"""

import re
import tomllib
import unicodedata
from html import unescape
from itertools import product
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from bgd_helpers.equations import messages
from bgd_helpers.equations.errors import Misfit

LONGEST = 3000  # characters of a text, all letters of its own replaced


def _greek(sign):
    """A Greek letter by its name in LaTeX; "" for any other sign."""
    words = unicodedata.name(sign, "").replace("LAMDA", "LAMBDA").split()
    if len(words) != 4 or words[0] != "GREEK" or words[2] != "LETTER":
        return ""
    return f"\\{words[3].lower() if words[1] == 'SMALL' else words[3].capitalize()} "


TABLE = tomllib.loads(Path(__file__).with_name("spelling.toml").read_text(encoding="utf-8"))
GREEK, LATIN = (
    {letter: said for letters, said in TABLE["outside"][name] for letter in letters.split()}
    for name in ("greek", "latin")
)
TABLE["parts"] |= {"GREEK": rf"\\({'|'.join(GREEK)})(?![A-Za-z])", "LATIN": rf"({'|'.join(LATIN)})(?![A-Za-z])"}
FONTS, TEXTS = TABLE["fonts"].split(), TABLE["texts"].split()
RULES = {f"\\{name}": rule for names, *rule in TABLE["commands"] for name in names.split()}
NAMES = {
    (font, word): plain.replace("<0>", word)
    for fonts, words, plain in TABLE["names"]
    for font, word in product(fonts.split() or [""], words.split())
}
SIGNS = {letter: _greek(letter) for letter in map(chr, range(0x391, 0x3CA)) if _greek(letter)}
SIGNS |= {sign: plain for plain, signs in TABLE["signs"] for sign in signs}
SIGNS |= {sign: f"{name} " for name, signs in re.findall(r"(\S+) (\S+)", TABLE["command_signs"]) for sign in signs}
RAISED, LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵏⁿᴸᵗⁱʲ", "₀₁₂₃₄₅₆₇₈₉₊₋ₙᵢⱼₖₗₘₜₚₛ"
PARTS = re.compile("|".join(reversed(TABLE["parts"])))
GRAMMAR = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
KNOWN = {*FONTS, *TEXTS, *GREEK, *messages.COMMANDS, "begin", "end", "lim", "infty", *re.findall("[A-Za-z]+", GRAMMAR)}
KNOWN |= {name[1:] for name in RULES}
IN_FONT = (
    r"(?:(?<![_^]\{)\\(?:(?:text|textrm|textbf|mathbf|mathsf|mathrm|mathit|operatorname|rm)\*?\s*\{\s*)?"
    r"|(?<![\w\\.])(?<![_^]\{)(?=[A-Za-z]\w{0,30}\s*(?:\\left\s*)?[(_=\[]))"
)
WORDS = [
    (re.compile(rf"{IN_FONT}({names.replace(' ', '|')})(?![A-Za-z]|:)"), said)
    for names, said in TABLE["outside"]["words"]
]
HERE = r"it has layers f_k(Z W + b), the squared loss, and gradient descent by \eta \nabla J."


def _expanded(pattern):
    """A pattern with its parts, and theirs, written out."""
    return PARTS.sub(lambda part: _expanded(TABLE["parts"][part[0]]), pattern)


def _compiled(rows):
    return [(re.compile(_expanded(pattern)), plain) for pattern, plain in rows]


COMMENTS, HEADINGS, COLUMNS, PATTERNS, LABELS, BULLETS = (
    _compiled(TABLE[name]) for name in ("comments", "headings", "columns", "patterns", "labels", "bullets")
)
BESIDE, TYPED, WORKS, *OUTSIDE = map(
    _compiled,
    (TABLE["beside"], TABLE["typed"], *(TABLE["outside"][name] for name in ("works", "names", "relations", "letters"))),
)
CLAIM, REMARK = (row[0] for row in _compiled([(TABLE["claim"], ""), (TABLE["remark"], "")]))


class Text(NamedTuple):
    """Characters, and for each where it stands in the learner's text: from, to."""

    text: str
    at: tuple

    def part(self, start, end=None):
        """The characters from one position to another."""
        return Text(self.text[start:end], self.at[start:end])

    def replaced(self, start, end, *new):
        """The text with something else from one position to another: strings, or parts of it that are kept."""
        place = (self.at[start][0], self.at[end - 1][1]) if start < end else (self.place(start),) * 2
        parts = [part if isinstance(part, Text) else Text(part, (place,) * len(part)) for part in new]
        return joined(self.part(0, start), *parts, self.part(end))

    def place(self, position):
        """The place in the learner's text of a position here; the end of it after the last character."""
        return self.at[position][0] if position < len(self.at) else self.at[-1][1] if self.at else 0


def joined(*parts):
    """One text of several."""
    return Text("".join(part.text for part in parts), tuple(place for part in parts for place in part.at))


def braced(latex: str) -> str:
    """A text whose lines may be typed without LaTeX, δ_nj^(k), with the braces of LaTeX."""
    return typed(latex).text


def typed(latex: str) -> Text:
    """The Text of equations with the braces of LaTeX; lines without any command may be spelled plainly."""
    text = _macros_read(as_written(latex))
    lines = [match.span() for match in re.finditer(r"[^\n]*\\[A-Za-z][^\n]*", latex)]
    for pattern, plain in BESIDE + TYPED:
        for match in reversed(list(pattern.finditer(text.text))):
            place = text.place(match.start())
            if (pattern, plain) in BESIDE or not any(start <= place < end for start, end in lines):
                text = text.replaced(*match.span(), unescape(match.expand(plain)))
    return text


def _macros_read(text):
    r"""The text with what it defines by \newcommand or \def written out."""
    while match := MACRO.search(text.text):
        span, end = _argument(text.text, match.end())
        if not span:
            break
        arity, plain = int(match[2] or len(match[3]) // 2), text.text[slice(*span)]
        text = text.replaced(match.start(), end, "")
        for use in reversed(list(re.finditer(rf"\\{match[1]}(?![A-Za-z])", text.text))):
            text = _command(text, *use.span(), arity, plain)[0] if len(text.text) <= LONGEST else text
    return text


def as_written(latex: str) -> Text:
    """The Text of some LaTeX as it is."""
    return Text(latex, tuple(zip(range(len(latex)), range(1, len(latex) + 1))))


def spelled(latex: str, paired: bool = True) -> Text:
    """The Text of some LaTeX in the one spelling that the grammar knows; `paired`: its norms must be closed."""
    first, last = (len(latex) - len(latex.lstrip()), len(latex.rstrip()))
    text = as_written(latex).part(max(0, latex.rfind("\n", 0, first)), latex.find("\n", last) + 1 or None)
    text = _read(text, COMMENTS)
    if re.search(r"\\\\(?:frac|sum|partial|delta|hat|Delta)", latex) and not re.search(r"(?<!\\)\\[A-Za-z]", latex):
        text = substituted(text, re.compile(r"\\\\"), "\\")  # a text that was escaped once too often
    text = _read(_mathematics(_read(_signs(text), HEADINGS)), COLUMNS)
    text = _read(_claims_apart(_commands(text)), PATTERNS)
    return _norms_paired(text) if paired else text


def _read(text, rows):
    """The text with the rows of a table read, one after the other."""
    for pattern, plain in rows:
        text = substituted(text, pattern, plain)
    return text


def _claims_apart(text):
    r"""The text with what braces and parentheses claim, \underbrace{p}_{= q}, as equations of their own behind it."""
    remarks = list(REMARK.finditer(text.text))
    claims = [
        part
        for match in [*CLAIM.finditer(text.text), *remarks]
        for part in (r"\\ ", *(text.part(*match.span(group)) for group in range(1, len(match.groups()) + 1)))
    ]
    for match in reversed(remarks):
        text = text.replaced(*match.span(), " ")
    return text.replaced(len(text.text), len(text.text), *claims) if claims else text


def substituted(text: Text, pattern: re.Pattern, plain: str) -> Text:
    """The text with what a pattern finds replaced, again and again where that lays open more."""
    for _ in range(6):
        found = list(pattern.finditer(text.text))
        for match in reversed(found):
            text = text.replaced(
                match.start(), match.end(), *_filled(plain, "<", ">", lambda n, m=match: m.span(n), text)
            )
        if not found or not any(match.groups() for match in found):
            break
    return text


def _filled(plain, before, after, span_of, text):
    """The pieces of a template: strings, and the parts of the text that its numbers stand for."""
    for position, piece in enumerate(re.split(f"{before}([1-9]){after}", plain)):
        if position % 2 == 0:
            yield piece
        elif span_of(int(piece))[0] >= 0:
            yield text.part(*span_of(int(piece)))


def work(*texts: Text) -> tuple[int, str] | None:
    """(place, its name) of a formula of another field, known by the signs that it is made of; None if it is none."""
    for (pattern, name), text in product(WORKS, texts):
        if match := pattern.search(text.text):
            return text.place(match.start()), name if name[-1] == "." else f"{name} is not in the language: {HERE}"
    return None


def outside(text: Text, latex: str) -> tuple[int, str] | None:
    """(place, its name) of what is legitimate and not in the language: a thing, or else a relation, or else a sign."""
    things, relations, letters = (_first(text, rows) for rows in OUTSIDE)
    return _earliest(_first(as_written(latex), WORDS), things) or relations or _earliest(letters, unknown(text))


def _earliest(*found):
    return min(filter(None, found), key=itemgetter(0), default=None)


def _first(text, rows):
    found = ((pattern.search(text.text), pattern.groupindex.get("here", 0), said) for pattern, said in rows)
    return _earliest(
        *((text.place(match.start(here)), _name(said, match, here)) for match, here, said in found if match)
    )


def _name(said, match, here):
    word = match[match.lastindex or 0]
    return said.replace("<0>", match[here].strip()).replace("<1>", (GREEK | LATIN).get(word, word))


FOREIGN = set(re.findall("[A-Za-z]+", str(TABLE)))  # commands of other fields, and words
GLUED = re.compile(rf"\\({'|'.join(messages.COMMANDS)})(?!(?<=(.))\2)([wbazxyEJNXYWAZf])(?![A-Za-z])")
UNSLASHED = re.compile(
    rf"(?<![A-Za-z\\{{_])({'|'.join(name for name in (*FONTS, *messages.COMMANDS, *GREEK) if len(name) > 3)})"
    r"(?=\s*(?:[{_^\\()\d]|[A-Z](?![a-z])))"
)


def misspelt(text: Text, latex: str) -> tuple[int, str] | None:
    """(place, what is meant) of the first command that is misspelt, or lacks its backslash in LaTeX; or None."""
    if match := re.search(r"\\[A-Za-z]{2}", latex) and UNSLASHED.search(text.text):
        return text.place(match.start()), f"its name in LaTeX begins with a backslash: \\{match[1]}."
    if (match := GLUED.search(text.text)) and match[0][1:] not in KNOWN | FOREIGN:
        return text.place(match.start()), f"a space is missing behind \\{match[1]}: \\{match[1]} {match[3]}."
    found = unknown(text, KNOWN | FOREIGN)
    return found if found and found[1].endswith("?") else None


def unknown(text: Text, known: set = KNOWN) -> tuple[int, str] | None:
    """(place, its name) of the first command that the language has not got; None if it has all."""
    found = (match for match in re.finditer(r"\\([A-Za-z]+)", text.text) if match[1] not in known)
    return next(((text.place(match.start()), messages.not_in_the_language(match[0])) for match in found), None)


def _signs(text):
    """The text with signs that have a spelling in LaTeX spelled so; small raised and lowered ones too."""
    for match in reversed(list(re.finditer(rf"[{RAISED}]+|[{LOWERED}]+|[^\x00-\x7f]", text.text))):
        sign = match[0]
        plain = unicodedata.normalize("NFKC", sign)
        if sign == "Σ" and re.match(r"\s*_|\s*[₀-ₜ]", text.text[match.end() :]):
            new = r"\sum "
        elif sign in SIGNS:
            new = SIGNS[sign]
        elif sign[0] in RAISED or sign[0] in LOWERED:
            new = f"{'^' if sign[0] in RAISED else '_'}{{{plain.replace(chr(8722), '-')}}}"
        else:
            new = SIGNS.get(plain, plain) if len(plain) == 1 else sign
        text = text.replaced(match.start(), match.end(), new)
    return text


MACRO = re.compile(
    r"\\(?:(?:re|provide)?newcommand|[gx]?def)\*?\s*\{?\s*\\([A-Za-z]+)\s*\}?(?:\[(\d)\])?((?:#\d)*)(?=\s*\{)"
)
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)


def _commands(text):
    """The text with the commands of the table, fonts and words read."""
    position = 0
    while position < len(text.text):
        token = TOKEN.match(text.text, position)
        name, end = token[0], token.end()
        if name == "{" and (font := re.compile(r"\{\s*\\(bf|rm|it|cal|sf)(?![A-Za-z])").match(text.text, position)):
            _, last = _argument(text.text, position)
            text = text.replaced(position, font.end(), rf"\{font[1]}{{") if last else text
            token = TOKEN.match(text.text, position)
            name, end = token[0], token.end()
        if name[1:] in FONTS or name[1:] in TEXTS:
            text, position = _font(text, position, end, name[1:])
        elif name in RULES:
            text, position = _command(text, position, end, *RULES[name])
        else:
            position = end
    return text


def _command(text, start, end, arity, plain):
    spans = {}
    for number in range(1, arity + 1):
        end = end + 1 if number == 1 and text.text[end : end + 1] == "*" else end
        spans[number], last = _argument(text.text, end)
        if not last:
            return text, end
        end = last
    if re.fullmatch(r"(#2)", plain) and not re.fullmatch(r"\s*(:?=|\\equiv\s*|-|\+)\s*", text.text[slice(*spans[2])]):
        plain = "{#2}"
    if plain == "{#1}" and re.search(EQUALS, text.text[slice(*spans[1])]):
        plain = " #1 "
    return text.replaced(start, end, *_filled(plain, "#", "", spans.get, text)), start


def _argument(text, position):
    """(from, to) of the inside of the argument that begins here, and where it ends; (None, 0) if there is none."""
    token = TOKEN.match(text, position + len(text[position:]) - len(text[position:].lstrip()))
    if not token or token[0] == "}":
        return None, 0
    if token[0] != "{":
        return token.span(), token.end()
    depth = 0
    for match in re.finditer(r"\\.|[{}]", text[token.start() :], re.DOTALL):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            end = token.start() + match.end()
            return (token.end(), end - 1), end
    return None, 0


def _font(text, start, end, font):
    """A font is left out; of words only those that mean something are kept. And where reading goes on."""
    end = end + 1 if text.text[end : end + 1] == "*" else end
    span, last = _argument(text.text, end)
    if not last:
        return text, end
    inside = text.text[slice(*span)].strip()
    below = re.search(r"_\s*\{?\s*$", text.text[:start])
    if inside in ("with", "without") and not below:
        return text.replaced(start, last, "\\\\\n"), start
    if (font, inside) in NAMES:
        return text.replaced(start, last, NAMES[font, inside]), start
    if (nested := re.fullmatch(r"\\([A-Za-z]+)(?:\s*\{[^{}]*\}| +\w)", inside)) and nested[1] in FONTS:
        return text.replaced(start, last, text.part(*span)), start
    if ("", inside) in NAMES and not (inside in ("F", "T", "t", "d") and font in ("mathbf", "mathcal", "bf", "cal")):
        return text.replaced(start, last, NAMES["", inside]), start
    words = re.fullmatch("(where|and|for|so|since|if|hence|thus|with|because|def|out|in)", inside)
    if words or font in TEXTS and not re.fullmatch("[A-Za-z]", inside):
        named = re.fullmatch(r"new|old|next|prev|neu|alt|arg ?min|vec|softmax|[Rr]e[Ll][Uu]|sigmoid|tanh", inside)
        script = re.search(r"[_^]\s*(\{?)\s*$", text.text[:start])
        new = (" " if script[1] else "{}") if script else " " if "$" in inside else _parting(inside)
        return (text, last) if named else (text.replaced(start, last, new), start)
    if font in ("mathbf", "boldsymbol", "bm") and re.fullmatch(r"[XwyWZAYb]{2,3}", inside):
        return text.replaced(start, last, inside), start
    if font in ("mathbb", "mathcal") and inside in ("R", "L") or re.fullmatch(r"[A-Za-z ]{2,}", inside):
        return text, last
    one = re.fullmatch(r"(\\hat\s*)?\{?(\\[A-Za-z]+\s*|.)\}?", inside, re.DOTALL)
    return text.replaced(start, last, *([" " + inside] if one else ["{", text.part(*span), "}"])), start


def _parting(words):
    """What words between equations are read as: a comma before a condition on its equation."""
    if re.search(r"\bfor (all|any|each|every)\s*$", words):
        return r"\forall "
    return ", " if re.search(r"\b(if|for|when)\b", words) else r"\gap "


def _norms_paired(text):
    """Norms that open and close with the same sign do so by turns."""
    opened = 0
    for match in list(re.finditer("[\x0e\x0f\x10]", text.text)):
        sign = match[0] if match[0] != "\x10" else "\x0f" if opened else "\x0e"
        opened += 1 if sign == "\x0e" else -1
        text = text.replaced(*match.span(), sign)
        last = match
    if opened > 0:
        raise Misfit(text.place(last.start()), "this norm is never closed.")
    return text


MATHEMATICS = re.compile(
    r"\$\$(.+?)\$\$|(?<!\\)\$([^$]+?)(?<!\\)\$|(?<!\\)\\\[(.+?)\\\]|\\\((.+?)\\\)|(\\begin\s*\{(?P<name>(?:align|equation|gather|eqnarray|multline|flalign|math|displaymath)\*?)\}.+?\\end\s*\{(?P=name)\})",
    re.DOTALL,
)
NO_PROSE = r"\\(?:text|operatorname|mathrm|begin|end|label|tag|color|ref|mbox|intertext)\w*\*?\s*\{[^{}]*\}"
EQUALS = r"=|\\(?:leftarrow|approx|iff|to|equiv|le|ge|in|propto|gets|stackrel|triangleq)(?![A-Za-z])|[<>]"
EQUATION = r"\\[A-Za-z]+[^\n]*=|=[^\n]*\\[A-Za-z]"  # mathematics outside the signs of mathematics
OPEN_END = re.compile(rf"(?:[-+/(,{{]|(?<!\^)\*|\\(?:cdot|odot|times|left|circ)|{EQUALS}|\\\\|&)\s*$")
OPEN_START = re.compile(rf"\s*(?:[-+*/)}}^_&]|\\(?:cdot|odot|times|right|circ|\\)|{EQUALS}|:=)")


def _mathematics(text):
    """The text without the prose around its mathematics, its equations parted."""
    found = list(MATHEMATICS.finditer(text.text))
    if not found:
        return _lines(text)
    spans = [match.span(next(group for group in range(1, 6) if match[group])) for match in found]
    if not any(re.search(EQUALS, text.text[slice(*span)]) for span in spans):
        return substituted(text, re.compile(r"\$|(?<!\\)\\[\[\]()]"), " ")
    outside = MATHEMATICS.sub(" ", text.text)
    if "$" in outside:
        raise Misfit(text.place(text.text.find("$")), "a $ stands at both ends of the equation, or nowhere.")
    parts, last = [], 0
    goes_on = [re.match(rf"\s*&?\s*({EQUALS})", text.part(*span).text) for span in spans[1:]] + [None]
    for match, span, continued in zip(found, spans, goes_on):
        before, last = text.part(last, match.start()), match.end()
        before = substituted(before, re.compile(r"\n[^\n=\\]*$"), "")
        if re.search(EQUATION, before.text):
            parts += [_lines(before), Text(r" \\ ", ((match.start(),) * 2,) * 4)]
        part = text.part(*span)
        shown = match[2] is None and match[4] is None
        if shown or continued or re.search(EQUALS, part.text):
            parts += [part, Text(r" \\ ", ((text.at[span[1] - 1][1],) * 2,) * 4)]
    tail = text.part(last)
    if re.search(EQUATION, tail.text):
        return joined(*parts, _lines(tail))
    return joined(*parts[:-1])


def _lines(text):
    """Plain text: lines of words go, and a line that is an equation of its own is parted from the one before."""
    if r"\begin" in text.text:
        return text
    lines, start = [], 0
    for line in text.text.split("\n"):
        lines.append(text.part(start, start + len(line)))
        start += len(line) + 1
    kept = [_without_words(line, len(lines) > 1) for line in lines]
    if not any(re.search(EQUALS, line.text) for line in kept):
        kept = lines
    broken = r"\\" in text.text
    parts, before, blank = [], None, False
    for line in kept:
        if line.text.strip():
            if before is not None:
                closed = not OPEN_END.search(before.text) and not OPEN_START.match(line.text)
                alone = re.search(EQUALS, before.text) and re.search(EQUALS, line.text) and not broken
                parting = r" \\ " if closed and (blank or alone) else "\n"
                parts.append(Text(parting, ((line.at[0][0],) * 2,) * len(parting)))
            parts.append(line)
            before = line if not parts[:-2] or parts[-2].text != "\n" else joined(before, line)
        blank = not line.text.strip()
    return joined(*parts) if parts else text


def _without_words(line, several):
    """A line without its bullet and the words before and after its mathematics; empty if it is words alone."""
    line = _read(line, LABELS)
    return _read(line, BULLETS) if several else line
