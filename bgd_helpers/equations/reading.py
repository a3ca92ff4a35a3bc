"""From LaTeX to trees: the text made ready, parsed by grammar.lark, bounded, and built."""

import re
from contextlib import suppress
from functools import cache, lru_cache, partial

from bgd_helpers.equations import messages
from bgd_helpers.equations.building import build, with_example
from bgd_helpers.equations.errors import Misfit
from bgd_helpers.equations.spelling import (
    GRAMMAR,
    LONGEST,
    Text,
    as_written,
    joined,
    misspelt,
    outside,
    spelled,
    substituted,
    work,
)
from bgd_helpers.equations.syntax import Chain, Equivalence

GOES_ON = re.compile(  # what parts lines, before a relation
    r"(?:(?:[,.;&]|\\\\(?:\[[^\]]*\])?)\s*)+(?=(?:=|:=|\\(?:leftarrow|approx|le|leq)(?![A-Za-z])))"
)
LINE = r"\n(?=(?:[^$]*\$[^$]*\$)*[^$]*$)"  # the end of one, but not between two $
UNSEEN = re.compile(r"\s|\$\$|\\[\[\]\\]|\\(?:begin|end)\s*\{\w+\*?\}(?:\{[^{}]*\})?|```\w*")
RELATION = re.compile(r"\s*(?:=|:=|\\(?:leftarrow|approx)(?![A-Za-z]))")
LARGEST = 60  # of one side: what it has of COUNTED, and so how deep it is
COUNTED = set(
    """number symbol width batch_size prefix nabla norm head activation derivative fraction mean parentheses
braces""".split()
)
ENVIRONMENTS = """aligned align split gathered equation gather eqnarray array cases rcases dcases multline multlined
flalign alignat alignedat math displaymath subequations IEEEeqnarray""".split()


def read(latex: str) -> list[Chain | Equivalence]:
    """The statements of an equation, each a Chain or an Equivalence.

    Raises Misfit, with the position, for anything that is no equation of the language.
    """
    return list(_read(latex))


@lru_cache(maxsize=256)  # a derivation is read for its steps, for its end and for its way
def _read(latex):
    _check_text(latex)
    text = _prepared(latex)
    if not text.text.strip(" \\\n,.;"):
        raise Misfit(0, "there is no equation yet.")
    tree = _placed(_parsed(latex, text), text)
    _check_size(tree)
    return with_example(build(tree))


def lines_of(latex: str) -> list[tuple[int, str]]:
    r"""(where it begins, the line) for each line in which there is something to be seen, no $$ or \begin alone.

    A text of one line has those that end with \\.
    """
    ends = (LINE if latex.count("$") % 2 == 0 else "\n") if "\n" in latex.strip() else r"\\\\(?:\[[^\]]*\])?"
    starts = [0, *(match.end() for match in re.finditer(ends, latex))]
    lines = zip(starts, [latex[start:end] for start, end in zip(starts, [*starts[1:], None])])
    return [(start, line.strip()) for start, line in lines if UNSEEN.sub("", line)]


def line_of(latex: str, position: int) -> int:
    """The number of the line in which a position stands."""
    return max(1, sum(start <= position for start, _ in lines_of(latex)))


def named(latex: str) -> tuple[int, str] | None:
    """(place, its name) of what is legitimate and not in the language; None if there is nothing of that kind."""
    for spelling in (spelled, partial(spelled, paired=False), as_written):
        with suppress(Misfit):
            text = spelling(latex)
            break
    if latex.replace(r"\{", "").count("{") != latex.replace(r"\}", "").count("}"):
        return misspelt(text, latex)  # a brace is missing: that comes before a name
    return misspelt(text, latex) or work(text, as_written(latex)) or outside(text, latex)


def _parsed(latex, text):
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        return _parser().parse(text.text)
    except UnexpectedCharacters as error:
        position, expected = error.pos_in_stream, error.allowed
    except UnexpectedToken as error:
        position = len(text.text) if error.token.type == "$END" else error.token.start_pos
        expected = error.expected
    place = len(latex.rstrip()) if not text.text[position:].strip() else text.place(position)
    raise Misfit(place, messages.misplaced(latex, place, expected), advised=True)


def _placed(tree, text):
    """The parse tree with its positions in the learner's own text."""
    for part in tree.iter_subtrees():
        for each in (part.meta, *(child for child in part.children if hasattr(child, "type"))):
            if getattr(each, "start_pos", None) is not None:
                each.end_pos, each.start_pos = text.at[each.end_pos - 1][1], text.place(each.start_pos)
    return tree


@cache
def _parser():
    from lark import Lark

    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _check_text(latex):
    """Refuse what is too long."""
    if len(latex) > LONGEST:
        raise Misfit(LONGEST, f"an equation has at most {LONGEST} characters; this has {len(latex)}.")


def _check_pairs(text):
    """Refuse parentheses and braces that do not pair."""
    openings = []
    for match in re.finditer(r"\\[{}|]|\\.|[{}()\[\]]", text.text):
        sign = match.group()
        if sign in "{([":
            openings.append(match)
        elif sign in "})]":
            opened = openings.pop().group() if openings else ""
            if opened != {"}": "{", ")": "(", "]": "["}[sign]:
                still = f": the {opened} before it is open still" if opened else ""
                raise Misfit(text.place(match.start()), f"this {sign} closes nothing that was opened{still}.")
    if openings:
        raise Misfit(text.place(openings[-1].start()), f"this {openings[-1].group()} is never closed.")


def _prepared(latex):
    """The Text as the grammar takes it: in one spelling, environments blank, columns parted."""
    text = _environments_blank(spelled(latex))
    _check_pairs(text)
    return _columns_parted(text)


def _environments_blank(text):
    r"""\begin{aligned} and \end{aligned} are blanks, if they pair; a line that goes on is no line of its own."""
    open_ones = []
    columns = r"\s*(?:\[\w\]\s*)?\{[lcrC|@0-9 ]*\}|\s*[acr](?=\s)"
    for match in re.finditer(rf"\\(begin|end)\s*\{{\s*([A-Za-z]*\*?)\s*\}}({columns})?", text.text):
        side, name, place = match[1], match[2], text.place(match.start())
        if name.rstrip("*") not in ENVIRONMENTS:
            raise Misfit(place, messages.environment(name, ENVIRONMENTS))
        if side == "end" and (not open_ones or open_ones.pop()[1] != name):
            raise Misfit(place, rf"this \end{{{name}}} has no \begin{{{name}}}.")
        if side == "begin":
            open_ones.append((place, name))
        takes = name in ("array", "alignat", "alignedat", "subarray", "IEEEeqnarray")
        end = match.end() if takes and match[3] else match.end(2) + 1
        end = text.text.index("}", match.start(2)) + 1 if end != match.end() else end
        text = text.replaced(match.start(), end, " " * (end - match.start()))
        if name.startswith("multline"):
            text = text._replace(text=text.text.replace("\\\\", "  "))
    for place, name in open_ones:
        raise Misfit(place, rf"this \begin{{{name}}} has no \end{{{name}}}.")
    return text


def _columns_parted(text):
    """The second &, the fourth and so on of a line begin another equation, unless they stand at a relation."""
    text, count = _by_columns(text), 0
    for match in re.finditer(r"\\\\|\\&|(?P<relation>(=|\+|-)\s*)?&", text.text):
        if match[0].endswith("&") and not match[0].startswith("\\"):
            count += 1
            if count % 2 == 0 and not match["relation"]:
                text = text.replaced(match.end() - 1, match.end(), ",")
        elif match[0] == r"\\":
            count = 0
    return substituted(text, GOES_ON, " ")


def _by_columns(text):
    """Chains side by side, if a row goes on with one behind the second &: one after the other."""
    rows, start = [[]], 0
    for match in [*re.finditer(r"\\\\|(?<!\\)&", text.text), None]:
        rows[-1].append(text.part(start, match and match.start()))
        rows += [[]] if match and match[0] != "&" else []
        start = match and match.end()
    if not any(len(row) > 3 and not row[2].text.strip() and RELATION.match(row[3].text) for row in rows):
        return text
    columns = range(0, max(map(len, rows)), 2)
    pairs = [
        row[at : at + 2] for at in columns for row in rows if "".join(cell.text for cell in row[at : at + 2]).strip()
    ]
    return joined(*(cell for pair in pairs for cell in (*pair, Text("\\\\", (pair[-1].at[-1],) * 2))))


def _check_size(tree):
    """Refuse a side with more symbols than can be judged in a moment."""
    for side in (side for chain in tree.find_data("chain") for side in chain.children[::2]):
        found = [part for part in side.iter_subtrees_topdown() if part.data in COUNTED]
        if len(found) > LARGEST:
            text = f"one side of an equation has at most {LARGEST} symbols, numbers and parentheses."
            raise Misfit(found[LARGEST].meta.start_pos, text)
