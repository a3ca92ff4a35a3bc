"""The checks a learner calls: not attempted, wrong because ..., or right."""

from bgd_helpers.exercises.cases import EXERCISES
from bgd_helpers.exercises.checks import check
from bgd_helpers.exercises.derivations import DERIVATIONS, check_derivation
from bgd_helpers.exercises.verdicts import Verdict

__all__ = ["DERIVATIONS", "EXERCISES", "Verdict", "check", "check_derivation"]
