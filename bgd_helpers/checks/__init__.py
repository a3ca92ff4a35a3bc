"""The checks a learner calls: not attempted, wrong because ..., or right."""

from bgd_helpers.checks.cases import EXERCISES
from bgd_helpers.checks.checks import check
from bgd_helpers.checks.derivations import DERIVATIONS, check_derivation
from bgd_helpers.checks.pages import PAGES, check_page
from bgd_helpers.checks.verdicts import Verdict

__all__ = ["DERIVATIONS", "EXERCISES", "PAGES", "Verdict", "check", "check_derivation", "check_page"]
