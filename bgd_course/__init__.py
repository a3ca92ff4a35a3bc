"""What instructors and maintainers run: the commands, the editions of the course, releases and grading."""

import sys

# The parser of international addresses, for which nbformat has no use: it takes a second to be imported.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
