"""The checks a learner calls: not attempted, wrong because ..., or right."""

from bgd_helpers.exercises.cases import EXERCISES
from bgd_helpers.exercises.checks import check
from bgd_helpers.exercises.verdicts import Verdict

__all__ = ["EXERCISES", "Verdict", "check"]
