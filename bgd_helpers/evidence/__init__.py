"""The evidence: claims of the literature about gradient descent, each with the experiment that reproduces it.

`collect(QUICK)` runs every row in seconds, `collect(FULL)` in minutes; `bgd evidence` writes the results as a page.
"""

from .catalogue import ROWS
from .row import FULL, QUICK, Number, Outcome, Result, Row, Setting
from .table import collect, picture, table

__all__ = ["FULL", "QUICK", "ROWS", "Number", "Outcome", "Result", "Row", "Setting", "collect", "picture", "table"]
