"""The evidence: claims of the literature about gradient descent, each with the experiment that reproduces it.

`collect(QUICK)` runs every row in seconds, `collect(FULL)` in minutes; `bgd evidence` writes the results as a page.
"""

from bgd_helpers.evidence.catalogue import ROWS
from bgd_helpers.evidence.row import FULL, QUICK, Number, Outcome, Result, Row, Setting
from bgd_helpers.evidence.table import collect, picture, table

__all__ = ["FULL", "QUICK", "ROWS", "Number", "Outcome", "Result", "Row", "Setting", "collect", "picture", "table"]
