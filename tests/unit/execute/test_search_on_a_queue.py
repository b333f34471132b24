"""Whole searches on a queue in virtual time: what they find, how long they take, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.config.bench import ProfileSpec
from evalkit.execute.schedule import Schedule
from evalkit.metrics.load_point import Verdict
from evalkit.records import SearchEnd
from tests.queue_model import Service, VirtualBench, even, exponential, varied


def searched(
    slots: int, service: Service, slo: dict[str, float], seed: int = 0, **changes: Any
) -> VirtualBench:
    load = {"kind": "search", "arrivals": "poisson", **changes.pop("load", {})}
    known = {"name": "p", "warmup_s": 1, "measure_s": 30}
    spec = ProfileSpec.model_validate({**known, **changes, "load": load, "slo": slo})
    assert spec.slo is not None
    bench = VirtualBench(Schedule(spec), spec.slo, slots, service, seed)
    bench.probe()
    bench.run()
    return bench


def sustained(bench: VirtualBench) -> float:
    return max(s.rate_per_s or 0.0 for s, point in bench.held if point.verdict == Verdict.OK)


def code(bench: VirtualBench) -> str:
    assert bench.schedule.ending is not None
    return bench.schedule.ending.code


def test_it_finds_the_capacity_of_slots_that_serve_80_requests_per_second() -> None:
    load = {"first_rate": 50, "arrivals": "constant", "tolerance": 0.02}
    bench = searched(8, even(0.1), {"ttft_s": 0.2}, load=load, measure_s=8)
    assert sustained(bench) == pytest.approx(80, rel=0.05)
    assert code(bench) == SearchEnd.FOUND
    assert len(bench.held) <= 12


@pytest.mark.parametrize("seed", range(2))
def test_random_traffic_is_sustained_somewhat_below_the_capacity(seed: int) -> None:
    """64 slots of 2 s on average: 32 requests per second."""
    load = {"first_rate": 4, "tolerance": 0.1}
    bench = searched(64, varied(2.0), {"ttft_s": 4}, seed, load=load)
    assert 0.7 * 32 <= sustained(bench) <= 1.1 * 32
    assert code(bench) in (SearchEnd.FOUND, SearchEnd.IN_DOUBT)
    judged = [point for _, point in bench.held if point.verdict != Verdict.INCONCLUSIVE]
    assert min(point.n_due for point in judged) >= 130


def test_a_slow_server_with_short_windows_is_not_called_overloaded() -> None:
    """One answer at a time takes 2 s; the windows of at most a minute never hold the 130 requests of a p95."""
    profile = {"measure_s": 12, "max_s": 60, "load": {"first_rate": 0.2}}
    bench = searched(1, exponential(2.0), {"ttft_s": 10}, **profile)
    low = [point for setting, point in bench.held if (setting.rate_per_s or 0) <= 0.4]
    assert {point.verdict for point in low} == {Verdict.INCONCLUSIVE}
    assert all(point.verdict != Verdict.OK for _, point in bench.held)
    assert code(bench) == SearchEnd.TOO_FEW
    assert bench.now_s < 6 * 60


def test_the_probe_makes_windows_that_fit_the_answers() -> None:
    """Answers of 20 s in steps made for short ones."""
    bench = searched(32, even(20.0), {"ttft_s": 30, "percentile": 50}, load={"tolerance": 0.2})
    assert all(point.window_s >= 100 for _, point in bench.held)
    assert sustained(bench) == pytest.approx(1.6, rel=0.25)


@pytest.mark.parametrize("minutes", [2, 5, 20])
def test_the_time_limit_is_never_overrun(minutes: float) -> None:
    load = {"first_rate": 1, "tolerance": 0.005, "max_minutes": minutes}
    bench = searched(16, exponential(4.0), {"ttft_s": 3}, load=load)
    assert bench.now_s <= minutes * 60
    if code(bench) == SearchEnd.TIME:
        assert bench.schedule.ending is not None
        assert bench.schedule.ending.values["left_s"] >= 0
