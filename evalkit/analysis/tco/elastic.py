"""Rent that follows the load by the hour: hours of each level of load → units that are billed on average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.arrays import Array


@dataclass(frozen=True, slots=True)
class Level:
    """Hours of the same load."""

    level: Array | float
    """Load / mean load."""
    hours: Array | float
    is_active: bool = True
    """Whether anything is asked or kept at all."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of a day or week that come again."""

    levels: tuple[Level, ...]
    rises: tuple[tuple[int, int, Array | float], ...]
    """From which level to which the load rises without falling in between, and how often."""


def billed_units(hours: Hours, units: Sequence[tuple[Array, Array]], lost_hours: Array) -> Array:
    """Return units that are billed on average: Σ hours · units, and for each start what it loses, over all hours.

    Args:
        hours: The hours that come again.
        units: For each level those that are billed while it lasts, and those that are started for it.
        lost_hours: Hours that are paid for each start and serve nobody.
    """
    billed = sum(h.hours * n for h, (n, _) in zip(hours.levels, units, strict=True))
    starts = sum(
        times * np.maximum(units[high][1] - units[low][1], 0) for low, high, times in hours.rises
    )
    return np.asarray((billed + starts * lost_hours) / sum(h.hours for h in hours.levels))
