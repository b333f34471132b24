"""Which blend to run for a required quality, or a budget."""

from __future__ import annotations

import math
from typing import NamedTuple

from evalkit.analysis.arrays import ROUNDING
from evalkit.analysis.blend.facts import BlendFact, Point, Policy


class Choice(NamedTuple):
    """A policy at one of its settings."""

    policy: Policy
    point: Point


def best_point(
    fact: BlendFact,
    *,
    at_least: float | None,
    budget: float | None,
) -> Choice | None:
    """Return the cheapest blend that is good enough; without a required quality, the best within the budget.

    Only what can be run counts, and only where both models answer some docs. Of equally cheap ones the better is
    taken, of equally good ones the cheaper. Where the vendor's price is not known, the one that escalates least counts
    as the cheapest, and none is within a budget. The quality judged is the estimate itself, not its interval: the best
    of many estimates is too good, so what a rule asks for is judged by bounds that hold for all settings together.

    Args:
        fact: Of two models.
        at_least: Required quality.
        budget: Most that the vendor may cost per doc, as a mean over all docs.

    Returns:
        None when no blend meets the limits, or none is given.
    """
    if at_least is None and budget is None:
        return None
    blends = [
        Choice(f.policy, p)
        for f in fact.frontiers
        if f.policy.is_runnable
        for p in f.points
        if _is_blend(p) and _is_good(p, at_least) and _is_affordable(p, budget)
    ]
    order = _by_quality if at_least is None else _by_cost
    return min(blends, key=order, default=None)


def _is_blend(point: Point) -> bool:
    share = point.escalated.value
    return share is not None and ROUNDING < share < 1 - ROUNDING


def _is_good(point: Point, at_least: float | None) -> bool:
    if at_least is None:
        return True
    return point.quality.value is not None and point.quality.value >= at_least - ROUNDING


def _is_affordable(point: Point, budget: float | None) -> bool:
    if budget is None:
        return True
    cost = point.vendor_cost.value
    return cost is not None and cost <= budget * (1 + ROUNDING)


def _by_cost(choice: Choice) -> tuple[float, float]:
    return _cost(choice.point), -_quality(choice.point)


def _by_quality(choice: Choice) -> tuple[float, float]:
    return -_quality(choice.point), _cost(choice.point)


def _cost(point: Point) -> float:
    cost = point.vendor_cost.value
    share = point.escalated.value
    return cost if cost is not None else math.inf if share is None else share


def _quality(point: Point) -> float:
    return -math.inf if point.quality.value is None else point.quality.value
