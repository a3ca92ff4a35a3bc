"""`python -m bgd_course`: the commands behind the Makefile."""

import sys

from bgd_course.cli import main

sys.exit(main())
