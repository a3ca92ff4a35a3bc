"""What instructors and maintainers run: the commands, the editions of the course, releases and grading."""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # nbformat never uses it, and its import alone takes a second
