"""Where %%derive stands in a cell. Each cell of a kernel passes here, so nothing heavy is imported."""

import re

TEMPLATE = r"(?:derivation_\w+|matrix_forms)[ \t]*=[ \t]*[rR]?(?:\"{3}|'{3})"  # what the answer's cell begins with
LATE = re.compile(rf"(?:[ \t]*(?:#[^\n]*|{TEMPLATE}[ \t]*)?\n)*[ \t]*%%[ \t]*derive\b[ \t]*")
PLAIN = re.compile(r"\^\([kL]\b")


def derive_first(source: str) -> str:
    """A cell with %%derive as its first line, where a comment or the template of the answer stands before it.

    Plain lines of a derivation without it, which are no Python, get it without a name: what is missing is told then.
    """
    if found := LATE.match(source):
        return f"%%derive {source[found.end() :]}"
    return f"%%derive\n{source}" if PLAIN.search(source) and not _is_python(source) else source


def _is_python(source):
    try:
        return bool(compile(source, "cell", "exec"))
    except SyntaxError:
        return source.lstrip().startswith(("%", "!"))
