"""Rules about latency and resources: runs are the unit, take turns, and stay on one machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evalkit.config.gate import GatePolicy, RuleSpec
from evalkit.gate.facts import GateResult, RuleResult, Status
from evalkit.gate.side import Side
from evalkit.gate.verdict import Asked, decide_gate
from tests.gate_runs import Made, side_of

NOW = "2026-11-25T12:00:00+00:00"
DOCS = 40
RIGHT = {"t": [1.0] * DOCS}
TTFT = GatePolicy(rules=(RuleSpec(metric="ttft_p50", tier="critical", floor_ms=0),))


def runs(n: int, first: int, factor: float = 1.0, step: int = 2, **more: object) -> list[Made]:
    """Runs two minutes apart, with a few per cent of noise."""
    rng = np.random.default_rng(first)
    prompts = 200 + 100 * np.random.default_rng(7).random(DOCS)
    return [
        Made(
            RIGHT,
            started=first + step * k,
            ttft_ms=(prompts * factor * rng.normal(1, 0.01) * rng.normal(1, 0.02, DOCS)).astype(
                int
            ),  # type: ignore[arg-type]
            **more,  # type: ignore[arg-type]
        )
        for k in range(n)
    ]


def gate(a: Side, b: Side, policy: GatePolicy = TTFT, *allowed: str) -> GateResult:
    return decide_gate(a, b, policy, Asked(NOW, allowed))


def only(result: GateResult) -> RuleResult:
    (found,) = result.rules
    return found


def test_the_same_speed_passes(tmp_path: Path) -> None:
    a, b = side_of(tmp_path / "a", *runs(6, 0)), side_of(tmp_path / "b", *runs(6, 1))
    found = only(gate(a, b))
    assert found.status == Status.PASS
    assert (found.n, found.n_unit) == (6, "runs")
    assert found.baseline == pytest.approx(0.25, rel=0.05)


def test_a_slower_candidate_fails(tmp_path: Path) -> None:
    a, b = side_of(tmp_path / "a", *runs(6, 0)), side_of(tmp_path / "b", *runs(6, 1, factor=1.3))
    found = only(gate(a, b))
    assert found.status == Status.FAIL
    assert found.damage == pytest.approx(0.3, abs=0.05)
    assert gate(a, b).exit_code == 1


def test_a_slowdown_below_the_floor_is_none(tmp_path: Path) -> None:
    a, b = side_of(tmp_path / "a", *runs(6, 0)), side_of(tmp_path / "b", *runs(6, 1, factor=1.3))
    policy = GatePolicy(rules=(RuleSpec(metric="ttft_p50", floor_ms=200),))
    found = only(gate(a, b, policy))
    assert found.status == Status.PASS
    assert found.margin == pytest.approx(0.2 / 0.25, rel=0.1)


def test_few_runs_decide_nothing(tmp_path: Path) -> None:
    a, b = side_of(tmp_path / "a", *runs(3, 0)), side_of(tmp_path / "b", *runs(3, 1, factor=2))
    result = gate(a, b)
    assert (only(result).status, result.exit_code) == (Status.INCONCLUSIVE, 3)
    assert "3 runs per side; 5" in str(only(result).reason)


def test_another_machine_decides_nothing_unless_asked_for(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", *runs(6, 0))
    b = side_of(tmp_path / "b", *runs(6, 1, cpu="another"))
    found = only(gate(a, b))
    assert (found.status, str(found.reason)) == (
        Status.INCONCLUSIVE,
        "measured on different hardware",
    )
    assert found.p_worse is None
    assert only(gate(a, b, TTFT, "hardware")).status == Status.PASS


def test_runs_that_did_not_take_turns_decide_nothing_unless_asked_for(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", *runs(6, 0, step=1))
    b = side_of(tmp_path / "b", *runs(6, 30, step=1))
    found = only(gate(a, b))
    assert found.status == Status.INCONCLUSIVE
    assert "take turns" in str(found.reason)
    assert only(gate(a, b, TTFT, "order")).status == Status.PASS


def test_turns_may_be_abba(tmp_path: Path) -> None:
    starts_a, starts_b = (0, 3, 4, 7, 8, 11), (1, 2, 5, 6, 9, 10)
    a = side_of(tmp_path / "a", *(runs(1, t)[0] for t in starts_a))
    b = side_of(tmp_path / "b", *(runs(1, t)[0] for t in starts_b))
    assert only(gate(a, b)).status == Status.PASS


def test_a_high_percentile_needs_enough_requests(tmp_path: Path) -> None:
    policy = GatePolicy(min_runs=3, rules=(RuleSpec(metric="ttft_p95"),))
    a, b = side_of(tmp_path / "a", *runs(3, 0)), side_of(tmp_path / "b", *runs(3, 1))
    assert "p95 needs 130" in str(only(gate(a, b, policy)).reason)


def test_nothing_timed_is_missing(tmp_path: Path) -> None:
    a = side_of(tmp_path / "a", Made(RIGHT))
    found = only(gate(a, a))
    assert (found.status, found.baseline) == (Status.MISSING, None)


def test_a_ceiling_on_latency_looks_at_the_candidate(tmp_path: Path) -> None:
    policy = GatePolicy(rules=(RuleSpec(metric="ttft_p50", at_most=220),))
    a, b = side_of(tmp_path / "a", *runs(6, 0)), side_of(tmp_path / "b", *runs(6, 1))
    change, ceiling = gate(a, b, policy).rules
    assert (change.status, ceiling.status) == (Status.PASS, Status.FAIL)


def test_memory_is_compared_where_it_was_measured_on_both_sides(tmp_path: Path) -> None:
    policy = GatePolicy(rules=(RuleSpec(metric="peak_memory", at_most=520),))
    a = side_of(tmp_path / "a", *(Made(RIGHT, started=t, rss_mb=500 + t) for t in (0, 2, 4)))
    b = side_of(tmp_path / "b", *(Made(RIGHT, started=t, rss_mb=600 + t) for t in (1, 3, 5)))
    change, ceiling = gate(a, b, policy).rules
    assert change.status == Status.FAIL
    assert change.damage == pytest.approx(0.2, abs=0.01)
    assert change.score == "host"
    assert ceiling.status == Status.FAIL


def test_one_run_tells_no_spread_of_memory(tmp_path: Path) -> None:
    policy = GatePolicy(rules=(RuleSpec(metric="peak_memory"),))
    a = side_of(tmp_path / "a", Made(RIGHT))
    b = side_of(tmp_path / "b", Made(RIGHT, started=1))
    found = only(gate(a, b, policy))
    assert (found.status, found.baseline) == (Status.INCONCLUSIVE, 500e6)


def test_energy_and_throughput_that_nobody_measured_are_missing(tmp_path: Path) -> None:
    rules = (RuleSpec(metric="energy_per_token"), RuleSpec(metric="throughput_at_slo"))
    a = side_of(tmp_path / "a", Made(RIGHT))
    assert [r.status for r in gate(a, a, GatePolicy(rules=rules)).rules] == [Status.MISSING] * 2
