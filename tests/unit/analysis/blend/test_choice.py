"""The best blend for a required quality, or a budget."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evalkit.analysis.blend.choice import best_point
from evalkit.analysis.blend.facts import BlendFact, Frontier, Point, Policy
from evalkit.analysis.facts import Estimate

NONE = Estimate(None, "share", 0)


def point(share: float, quality: float, cost: float | None) -> Point:
    return Point(
        target=share,
        escalated=Estimate(share, "share", 100),
        quality=Estimate(quality, "share", 100),
        vendor_cost=Estimate(cost, "", 100),
        threshold=None,
    )


def fact(**frontiers: list[Point]) -> BlendFact:
    return BlendFact(
        local="own",
        vendor="gpt",
        n_docs=100,
        n_unpaired=0,
        tasks=(),
        local_quality=NONE,
        vendor_quality=NONE,
        difference=NONE,
        frontiers=tuple(
            Frontier(Policy[name], tuple(points), Policy[name].is_cascade, 100, 1.0)
            for name, points in frontiers.items()
        ),
    )


FACT = fact(
    MARGIN=[
        point(0, 0.6, 0.0),
        point(0.3, 0.75, 0.03),
        point(0.6, 0.82, 0.06),
        point(1, 0.85, 0.1),
    ],
    TASK=[point(0, 0.6, 0.0), point(0.5, 0.82, 0.04), point(1, 0.85, 0.1)],
    ORACLE=[point(0, 0.6, 0.0), point(0.2, 0.9, 0.01), point(1, 0.85, 0.1)],
)


@pytest.mark.parametrize(
    ("at_least", "budget", "expected"),
    [
        (0.7, None, (Policy.MARGIN, 0.3)),  # the cheapest that is good enough
        (0.8, None, (Policy.TASK, 0.5)),
        (0.84, None, None),  # only the vendor alone, and the bound
        (None, 0.05, (Policy.TASK, 0.5)),  # the best within the budget
        (None, 0.06, (Policy.TASK, 0.5)),  # as good as the margin at 0.6, and cheaper
        (None, 0.035, (Policy.MARGIN, 0.3)),
        (None, 0.01, None),
        (0.8, 0.05, (Policy.TASK, 0.5)),
        (0.8, 0.035, None),
        (0.7, 0.05, (Policy.MARGIN, 0.3)),  # both: the cheapest
        (0.1, None, (Policy.MARGIN, 0.3)),  # the own model alone would do, but is no blend
        (None, None, None),
    ],
)
def test_the_best_blend_within_limits(
    at_least: float | None,
    budget: float | None,
    expected: tuple[Policy, float] | None,
) -> None:
    found = best_point(FACT, at_least=at_least, budget=budget)
    assert (found and (found.policy, found.point.target)) == expected


def test_of_equally_cheap_ones_the_better_is_taken() -> None:
    two = fact(MARGIN=[point(0.5, 0.7, 0.05)], TASK=[point(0.4, 0.8, 0.05)])
    found = best_point(two, at_least=0.6, budget=None)
    assert found is not None
    assert found.policy is Policy.TASK


def test_without_prices_the_least_escalation_is_the_cheapest_and_no_budget_is_kept() -> None:
    unknown = fact(MARGIN=[point(0.5, 0.8, None), point(0.3, 0.75, None)])
    found = best_point(unknown, at_least=0.7, budget=None)
    assert found is not None
    assert found.point.target == 0.3
    assert best_point(unknown, at_least=None, budget=1.0) is None


def test_a_policy_that_sends_nothing_or_all_is_no_blend() -> None:
    ends = fact(RANDOM=[point(0, 0.9, 0.0), point(1 - 1e-12, 0.9, 0.1)])
    assert best_point(ends, at_least=0.5, budget=None) is None
    assert best_point(replace(ends, frontiers=()), at_least=0.5, budget=1) is None
