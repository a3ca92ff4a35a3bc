"""What is said to the writer of LaTeX that cannot be read: what to write in its place."""

import difflib
import re
import tomllib
import unicodedata
from dataclasses import replace
from pathlib import Path

from bgd_helpers.equations import syntax
from bgd_helpers.equations.syntax import FORMS, MARKS, Layer, Symbol

GRADIENT = r"\nabla carries nothing above: (\nabla J)^\top; below it stands what it is by, \nabla_{W^{(k)}} J."
ONES = r"a number has no entries and no transpose; the column of N times 1 is \mathbf 1: \mathbf 1^\top \Delta^{(k)}."
IMAGINARY = r"\operatorname{Im} carries no script: put its quantity in parentheses."
TABLE = tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))
ADVICE, ELSEWHERE = ([(re.compile(pattern), text) for pattern, text in TABLE[name]] for name in ("advice", "elsewhere"))
OPERAND = {"SYMBOL", "NUMBER", "FRAC"}
WANTED = {
    "LBRACE": "{", "RBRACE": "}", "LAYER": "a layer such as (k)", "_OPEN": "its argument in parentheses",
    "INDEX": "an index", "LETTER": "a letter: an index or a layer", "PARTIAL": r"\partial", "NUMBER": "a number",
    "INTEGER": "a number", "SYMBOL": "a symbol",
}  # fmt: skip
COMMANDS = (
    "eta delta Delta theta lambda kappa Sigma hat frac dfrac sum partial nabla odot cdot top mathbf mathcal lVert "
    "rVert leftarrow approx in left right iff quad qquad big Big text operatorname ell prime times circ max min "
    "begin end dfrac tfrac mathrm boldsymbol mathbb stackrel overset underset underbrace overbrace boxed underline "
    "mathrel therefore label intertext displaystyle rightarrow Rightarrow implies equiv forall color nonumber"
).split()


def advice(latex, position):
    """(place, what to write) from the table for what stands around a position, or None."""
    for pattern, text in ADVICE:
        for match in pattern.finditer(latex):
            at_end = position == match.end() and pattern.pattern.endswith("$")
            if at_end or match.start() <= position <= max(match.start(), match.end() - 1):
                place = match.start("here") if "here" in pattern.groupindex else match.start()
                return place, _filled(text, match)
    return None


def elsewhere(latex):
    """(place, its name) of another loss or rule of which an equation that fails here may be true, or None."""
    found = ((pattern.search(latex), text) for pattern, text in ELSEWHERE)
    return next(((match.start(), text) for match, text in found if match), None)


def _filled(text, match):
    """The text with the groups of a match in it."""
    return re.sub("<([12])>", lambda group: match[int(group[1])], text)


def misplaced(latex, position, expected):
    """What is said of what stands at a position where the grammar expects some terminals."""
    rest, expected = latex[position:], set(expected or ())
    if not rest.strip():
        return f"the equation stops short.{_wanted(latex, position, expected)}"
    token = re.match(r"\\[A-Za-z]+|\\.|.", rest, re.DOTALL).group()
    odd = next((sign for sign in token if not sign.isascii() or not sign.isprintable()), None)
    if odd:
        name = unicodedata.name(odd, "without a name")
        return f"this character, {name} (U+{ord(odd):04X}), does not fit here, or is not in the language."
    if token in "^_" and "RELATION" in expected:
        return rf"one {token} to a symbol, as in LaTeX: W^{{(k)\top}}, or with parentheses, (J^2)^2."
    if len(token) > 2 and token[1:] not in COMMANDS:
        return not_in_the_language(token)
    return f"{token} does not fit here.{_wanted(latex, position, expected)}"


def not_in_the_language(command):
    """That the language has not got a command, and which one may be meant."""
    name = command[1:]
    one = [known for known in COMMANDS if len(known) == len(name) == 3 and sum(map(str.__ne__, known, name)) == 1]
    swapped = [known for known in COMMANDS if sorted(known) == sorted(name)]
    near = swapped or one or difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.8)
    hint = f" Did you mean \\{near[0]}?" if near else ""
    return f"{command} is not in the language.{hint}"


def _wanted(latex, position, expected):
    """The likeliest of what the grammar would admit, in words."""
    if {"RELATION", "OPERATOR"} & expected:
        return _after_a_quantity(latex[:position])
    if OPERAND <= expected:
        return r" Expected a quantity: a symbol such as \delta_{nj}^{(k)}, a number, or a parenthesis."
    words = [word for name, word in WANTED.items() if name in expected]
    return f" Expected {', or '.join(words[:3])}." if words else _after_a_quantity(latex[:position])


def _after_a_quantity(before):
    opened = len(re.findall(r"(?<!\\)[({\[]|\\lVert", before)) > len(re.findall(r"(?<!\\)[)}\]]|\\rVert", before))
    if opened:
        return " Expected + or -, one more factor, or what closes the parenthesis, the braces or the norm."
    related = re.search(r"[=<>]|\\(leftarrow|gets|to|le|leq|ge|geq|approx)\b", re.split(r"\\\\|[,;]", before)[-1])
    return " Expected =, + or -, or one more factor." if related else " Expected = and the other side."


MATRICES = {"w": "W", "b": None, "a": "A", "z": "Z", "delta": "Delta", "x": "X", "y": "Y", "yhat": "Yhat"}
ENTRIES = {matrix: entry for entry, matrix in MATRICES.items() if matrix}
INDICES = {
    "w": "the units it comes from and goes to",
    "b": "its unit",
    "E": "its example",
    "e": "its parameter",
    "g": r"its place in the batch; the gradient of J is \nabla J",
}


def mark(symbol):
    """What is said of a symbol with a mark, as in w^* or w_t, that it cannot have; or None."""
    if symbol.mark and symbol.mark not in MARKS.get(symbol.name, ()):
        return f"{syntax.latex(replace(symbol, mark=''))} takes no {symbol.mark} here."
    return None


def form(symbol):
    """What is said of a symbol whose indices, or whose layer, are not those of the notation; or None."""
    forms = FORMS.get(symbol.name) or {(0, symbol.name == "width"): plain(symbol)}
    refusal = next(filter(None, map(index, symbol.indices)), None)
    if refusal or (len(symbol.indices), symbol.layer is not None) in forms:
        return refusal
    name = plain(symbol)
    layered = {layer for _, layer in forms}
    full = next(iter(forms.values()), name)
    if symbol.layer is None and (layered == {True} or (len(symbol.indices), True) in forms):
        return f"{name} needs its layer: {full}."
    if symbol.layer and symbol.layer.letter == "t":
        return f"updates are counted below: {name}_{{t+1}}, {name}_t."
    if symbol.layer and layered == {False}:
        return f"{name} has no layer: it is written {' or '.join(forms.values())}."
    if symbol.name in ENTRIES or MATRICES.get(symbol.name) and not symbol.indices:
        entry = ENTRIES.get(symbol.name, symbol.name)
        return f"{_shape(entry)} is the entry, {_shape(MATRICES[entry])} the matrix."
    return _counted(symbol, forms, name)


def _counted(symbol, forms, name):
    """How many indices a symbol has, and which."""
    written = " or ".join(forms.values())
    match max(count for count, _ in forms):
        case 2:
            which = INDICES.get(symbol.name, "the example and the unit")
            return f"{name} has two indices, {which}: {next(iter(forms.values()))}."
        case 1:
            return f"{name} has one index, {INDICES.get(symbol.name, 'if any')}: {written}."
    return f"{name} has no index: it is written {written}."


def _shape(name):
    """The usual form of a symbol, as LaTeX."""
    layer = Layer("k") if name in ("w", "a", "z", "delta", "W", "A", "Z", "Delta") else None
    indices = {"w": ("i", "j"), "x": ("n", "i")}.get(name, ("n", "j") if name in MATRICES else ())
    return syntax.latex(Symbol(name, indices, layer))


def plain(symbol):
    """The symbol as LaTeX, without indices, layer and mark."""
    return syntax.latex(replace(symbol, indices=(), layer=None, mark="")) if symbol.name != "width" else "d"


def index(text):
    """What is said of a letter that cannot be an index, or None."""
    if re.fullmatch(r"[a-zℓ]'?|[1-9]", text):
        return None
    known = {"N": "N is the number of examples; the example is n.", "L": "L is the last layer; a unit is i or j."}
    known |= dict.fromkeys("+-", r"updates are counted by t, below, w_{t+1}; layers above, z^{(k+1)}.")
    return known.get(text, f"an index is a small letter, or a number from 1 on; not {text}.")


def environment(name, known):
    """What is said of a \\begin or \\end of something that the language has not."""
    near = (difflib.get_close_matches(name, known, 1) or known)[0]
    return rf"{name} is not in the language; an equation of several lines stands in {near}."
