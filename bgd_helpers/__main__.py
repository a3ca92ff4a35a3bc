"""`python -m bgd_helpers`: the commands behind the Makefile."""

import sys

from bgd_helpers.cli import main

sys.exit(main())
