"""Equations in LaTeX that are evaluated: whether they hold, where they fail, and what mends them."""

from bgd_helpers.equations.check import check_equation
from bgd_helpers.equations.errors import EquationError
from bgd_helpers.equations.result import Result

__all__ = ["EquationError", "Result", "check_equation"]
