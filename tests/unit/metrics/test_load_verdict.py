"""Verdicts near the limit, on queues in virtual time: how often chance alone gives a wrong one."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from evalkit.config.bench import SloSpec
from evalkit.loadgen.arrivals import constant, poisson
from evalkit.metrics.load import load_point
from evalkit.metrics.load_point import Verdict
from tests.queue_model import even, exponential, held_step, served

SLOTS, SERVICE_S, REPEATS = 8, 1.0, 50


def verdicts(
    load: float, n: int, slo: SloSpec | None = None, *, is_even: bool = False, failing: float = 0.0
) -> Counter[Verdict]:
    """Return the verdicts of windows of about n requests at a share of what the slots can do."""
    rate = load * SLOTS / SERVICE_S
    service = even(SERVICE_S) if is_even else exponential(SERVICE_S)
    found: Counter[Verdict] = Counter()
    for seed in range(REPEATS):
        rng = Random(f"{seed}/{load}/{n}")
        step = held_step(rate, 0, (2 * SERVICE_S, n / rate, 6 * SERVICE_S))
        offsets = constant(rate) if is_even else poisson(rate, rng)
        point = load_point(step, served(offsets, step, SLOTS, service, rng, failing), slo)
        found[point.verdict] += 1
    return found


def share(found: Counter[Verdict], *wanted: Verdict) -> float:
    return sum(found[v] for v in wanted) / REPEATS


@pytest.mark.parametrize(
    ("load", "n"), [(0.3, 12), (0.7, 5), (0.7, 12), (0.9, 30), (0.7, 130), (0.9, 130)]
)
def test_a_load_that_is_sustained_is_hardly_ever_called_overload(load: float, n: int) -> None:
    assert share(verdicts(load, n), Verdict.OVERLOADED, Verdict.BREAKS) <= 0.04


@pytest.mark.parametrize(("load", "n"), [(1.3, 5), (1.3, 12), (1.3, 30), (2.0, 12), (2.0, 40)])
def test_few_requests_above_the_capacity_are_hardly_ever_said_to_hold(load: float, n: int) -> None:
    assert share(verdicts(load, n), Verdict.OK) <= 0.04


def test_many_requests_are_conclusive_where_the_load_is_far_from_the_capacity() -> None:
    assert share(verdicts(0.3, 130), Verdict.OK) >= 0.95
    assert share(verdicts(2.0, 200), Verdict.OVERLOADED) >= 0.95


def test_even_loads_are_told_apart_by_fewer_requests() -> None:
    for load, expected in ((0.9, Verdict.OK), (1.3, Verdict.OVERLOADED)):
        assert share(verdicts(load, 100, is_even=True), expected) == 1


@pytest.mark.parametrize(
    ("failing", "n", "most_broken"), [(0.0, 130, 0.0), (0.005, 130, 0.03), (0.01, 60, 0.05)]
)
def test_failures_within_the_limit_hardly_ever_break_it(
    failing: float, n: int, most_broken: float
) -> None:
    found = verdicts(0.5, n, SloSpec(ttft_s=30, max_error_rate=0.01), failing=failing)
    assert share(found, Verdict.BREAKS, Verdict.OVERLOADED) <= most_broken
    assert n >= 130 or not found[Verdict.OK]


def test_failures_far_above_the_limit_never_hold() -> None:
    assert share(verdicts(0.5, 130, SloSpec(ttft_s=30), failing=0.08), Verdict.OK) <= 0.02
