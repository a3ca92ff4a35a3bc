"""Known slips: what learners get wrong, each with its name, its reason and the wrong functions that commit it."""

from bgd_helpers.slips.catalogue import (
    BY_NAME,
    FULL_BATCH,
    SLIPS,
    costs_after_training,
    of_backprop,
    of_exercise,
)
from bgd_helpers.slips.slip import Slip
from bgd_helpers.slips.wrong import ETA

__all__ = ["BY_NAME", "ETA", "FULL_BATCH", "SLIPS", "Slip", "costs_after_training", "of_backprop", "of_exercise"]
