"""The highest load that is sustained, from levels of load that held or did not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Level(NamedTuple):
    """One level of load."""

    rate_per_s: float
    """Offered."""
    completed_per_s: float
    passed: bool


def highest_sustained(levels: Iterable[Level]) -> tuple[Level | None, float | None]:
    """Return the highest level that held below every one that did not, and the rate of the lowest that did not."""
    everything = list(levels)
    ceiling = min((level.rate_per_s for level in everything if not level.passed), default=None)
    passed = [
        level
        for level in everything
        if level.passed and (ceiling is None or level.rate_per_s < ceiling)
    ]
    return max(passed, key=lambda level: level.rate_per_s, default=None), ceiling
