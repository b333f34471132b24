"""The highest load that is sustained, from levels of load that held or did not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from evalkit.metrics.load_point import LoadPoint


class Level(NamedTuple):
    """One level of load."""

    rate_per_s: float
    """Offered."""
    sustained_per_s: float
    """Answered."""
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


def sustained_per_s(point: LoadPoint) -> float:
    """Return the requests per second that a step sustained: answers, but no more than there were requests.

    In a short window answers to requests of the warm-up would count as load that nobody offered.
    """
    return min(point.completed_per_s, point.offered_per_s)
