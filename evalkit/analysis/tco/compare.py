"""Two costs, draw by draw: which is lower, how often, and whether the difference is worth a word."""

from __future__ import annotations

import numpy as np

from evalkit.analysis.arrays import ROUNDING, Array


def chance_less(one: Array, *others: Array) -> float:
    """Return the share of draws in which `one` is below all the others `[draws]`; a tie for the lowest counts half."""
    return float(np.mean(less(one, *others)))


def less(one: Array, *others: Array) -> Array:
    """Return 1 where `one` is below all the others, ½ where it is level with the lowest of them, else 0.

    Sums of many amounts that differ by rounding alone are level. Arrays of one row stand for every draw.
    """
    lowest = others[0]
    for other in others[1:]:
        lowest = np.minimum(lowest, other)
    is_level = np.abs(one - lowest) <= ROUNDING * np.maximum(np.abs(one), np.abs(lowest))
    return np.where(is_level, 0.5, one < lowest)


def is_equivalent(one: Array, other: Array, margin: float) -> bool:
    """Tell whether two costs `[draws]` differ by no more than a share of the dearer one in at least half of the draws.

    A difference that is small in the middle, but large in most draws on one side or the other, is no equivalence: then
    it is not known which of the two is cheaper.
    """
    dearer = np.maximum(np.abs(one), np.abs(other))
    is_near = np.abs(one - other) <= (margin + ROUNDING) * dearer
    return float(np.mean(is_near)) >= 0.5
