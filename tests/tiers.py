"""Which rows of a long table are of `make test`: each that has something new. The others are of `make test-all`."""

import re

import pytest


def first_with(parts, rows):
    """The rows as parameters of a test; slow are those of whose parts each stands in a row before."""
    seen, cases = set(), []
    for row in rows:
        case = row if hasattr(row, "marks") else pytest.param(*([row] if isinstance(row, str) else row))
        is_new = not seen.issuperset(parts(*case.values))
        seen.update(parts(*case.values))
        cases.append(case if is_new else case._replace(marks=[*case.marks, pytest.mark.slow]))
    return cases


def signs(latex, *others):
    """The commands of a text in LaTeX, each with the sign that follows."""
    return re.findall(r"\\[A-Za-z]+\s*\S?|[^\w\s{}]", latex)
