"""Longer requests cost on both sides: an API's price, and what a replica serves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalkit.analysis.tco.deployment import TokenWork
from evalkit.analysis.tco.model import capacity_per_s
from evalkit.analysis.tco.values import at_mode, drawn, replaced
from evalkit.decision.checks import checks_of
from evalkit.decision.facts import Decision, Outcome
from evalkit.decision.verdict import decide
from tests.capacities import GOOD, bench
from tests.scenarios import by_contract, case, fleet, given, option, rented, scenario

LEVEL = {"ttft_s": 0.5, "percentile": 50}


def tokens(n_in: Any, n_out: Any, gamma: Any = 1.0) -> TokenWork:
    """Measured with 500 and 250 tokens, which are as much work as 375 output tokens."""

    def one(key: str, value: Any) -> Any:
        return given(key, *value) if isinstance(value, tuple) else given(key, value)

    lengths = one("in", n_in), one("out", n_out)
    return TokenWork(500, 250, *lengths, given("ratio", 4.0), one("gamma", gamma))


def test_capacity_falls_as_the_work_of_a_request_rises() -> None:
    longer = fleet(tokens=tokens(5000, 2500))
    assert float(capacity_per_s(longer, at_mode)) == pytest.approx(0.5)
    steep = fleet(tokens=tokens(5000, 2500, 1.3))
    assert float(capacity_per_s(steep, at_mode)) == pytest.approx(5 * 0.1**1.3)
    same = fleet(tokens=tokens(500, 250, (0.7, 1.0, 1.3)))
    assert np.ptp(capacity_per_s(same, drawn(100, 0))) == pytest.approx(0)


def test_a_range_of_lengths_is_in_every_draw_of_both_sides() -> None:
    """More tokens make the API dearer and the own replica slower, in the same draws."""
    load = {"input_tokens": [200, 500, 2000], "output_tokens": [100, 250, 1000]}
    found = case(scenario(rented(), by_contract(), load=load, draws=500))
    own, api = (found.futures[name].deployment for name in ("own", "api"))
    read = drawn(500, 0)
    assert own.fleet is not None
    slow = np.ravel(capacity_per_s(own.fleet, read))
    bill = np.ravel(found.futures["api"].months.api[:, 0])
    assert np.corrcoef(slow, bill)[0, 1] < -0.7
    assert api.api is not None
    assert api.api.tokens is not None
    longer = replaced(at_mode, "load.input_tokens", lambda x: x * 2)
    assert float(capacity_per_s(own.fleet, longer)) < float(capacity_per_s(own.fleet, at_mode))


def busy(n_in: float, n_out: float) -> Any:
    """A benched replica of 20/s at 32 and 5 tokens, against an API, at 30 requests/s."""
    mine = rented(model="m", capacity=None)
    load = {
        "requests_per_month": 80e6,
        "peak_to_mean": 1,
        "input_tokens": n_in,
        "output_tokens": n_out,
    }
    return scenario(mine, by_contract(price=0.9), load=load, service_level=LEVEL)


def test_a_verdict_does_not_turn_because_tokens_move_one_side_only() -> None:
    """Ten times the tokens: the API costs ten times as much, and so do the machines."""
    run = bench({20: GOOD, 40: GOOD})
    short, long = (case(busy(32 * n, 5 * n), run) for n in (1, 10))
    for name in ("own", "api"):
        before, after = (option(of, name).per_month.value for of in (short, long))
        assert before is not None
        assert after is not None
        assert 5 < after / before < 16


def test_lengths_far_from_those_of_the_bench_leave_the_service_level_unclear() -> None:
    run = bench({20: GOOD})
    for n, expected in (
        (1.0, Outcome.PASS),
        (1.2, Outcome.PASS),
        (1.3, Outcome.UNCLEAR),
        (10, Outcome.UNCLEAR),
    ):
        config = busy(32 * n, 5 * n)
        found = case(config, run)
        rule = next(
            c for c in checks_of(found, config) if (c.option, c.rule) == ("own", "service level")
        )
        assert rule.outcome is expected, n
    assert "it was measured with 32 + 5 tokens per request, the work has 320 + 50" in rule.text
    assert decide(found, config).decision is not Decision.BUILD


def test_an_own_number_holds_for_the_likely_lengths() -> None:
    found = case(
        scenario(rented(), by_contract(), load={"input_tokens": 5000, "output_tokens": 2500})
    )
    own = found.futures["own"].deployment
    assert own.fleet is not None
    assert float(capacity_per_s(own.fleet, at_mode)) == 5


def test_answers_for_nothing_cost_nothing_at_any_length() -> None:
    load = {"input_tokens": [200, 500, 2000], "output_tokens": [100, 250, 1000]}
    found = case(scenario(rented(), by_contract(price=0), load=load))
    assert option(found, "api").total.value == 0
