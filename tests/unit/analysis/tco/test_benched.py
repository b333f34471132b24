"""How far a bench's capacity is known: bracket, counting and repeats, and when it is too little for a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scipy.stats import chi2

from evalkit.analysis.facts import Estimate
from evalkit.analysis.stats import poisson_limits
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.capacity import capacity_of
from evalkit.analysis.tco.replica import Capacity
from evalkit.config import load_scenario
from evalkit.config.policy import PolicySpec, QualityRule
from evalkit.decision.checks import checks_of
from evalkit.decision.facts import Outcome
from evalkit.store.run_dir import Run
from evalkit.wording import verbatim
from tests.capacities import GOOD, LATE, SLO, bench
from tests.decisions import api_option, blend_option, decision_facts, option
from tests.scenarios import (
    book,
    by_contract,
    case,
    quality_run,
    rented,
    right,
    scenario,
    verdict,
    workload,
)
from tests.scenarios import option as of_name

REPO = Path(__file__).parents[4]
BENCHED: dict[str, Any] = {"model": "m", "capacity": None}


def found(*runs: Run, **changes: Any) -> Capacity:
    config = scenario(rented(**BENCHED), **changes)
    return capacity_of(config.options[0], runs, book(config))


def triple(one: Capacity) -> tuple[float, float, float]:
    assert one.per_s is not None
    return one.per_s.low, one.per_s.mode, one.per_s.high


# --- the range ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 5, 20, 400])
def test_poisson_limits_are_where_the_count_becomes_improbable(count: int) -> None:
    low, high = poisson_limits(count)
    assert low <= count < high
    assert high == pytest.approx(chi2.isf(0.025, 2 * count + 2) / 2)
    if count >= 5:  # the usual rule is inside them
        assert low < count - count**0.5
        assert high > count + count**0.5


def test_counting_bounds_what_is_measured_from_below() -> None:
    """20 answers in 10 s are 12.2 to 30.9 by Garwood's limits."""
    low, mode, high = triple(found(bench({2: GOOD, 2.2: LATE})))
    assert (low, mode, high) == (pytest.approx(1.222, abs=1e-3), 2, pytest.approx(3.089, abs=1e-3))


def test_the_lowest_rate_that_failed_bounds_it_from_above_where_that_is_wider() -> None:
    _, mode, high = triple(found(bench({2: GOOD, 8: LATE})))
    assert (mode, high) == (2, 8)


def test_a_wide_bracket_is_told() -> None:
    assert (
        "nothing was measured between 2 and 8 requests/s" in found(bench({2: GOOD, 8: LATE})).reason
    )
    assert "nothing was measured" not in found(bench({2: GOOD, 2.2: LATE})).reason


def test_more_requests_make_the_range_narrower() -> None:
    wide, narrow = triple(found(bench({2: GOOD}))), triple(found(bench({20: GOOD})))
    assert narrow[0] / narrow[1] > wide[0] / wide[1]
    assert narrow[2] / narrow[1] < wide[2] / wide[1]


def test_repeats_that_disagree_make_it_wider() -> None:
    alike = triple(found(bench({4: GOOD, 8: LATE}, {4: GOOD, 8: LATE})))
    apart = triple(found(bench({4: GOOD, 8: LATE}, {2: GOOD, 4: LATE})))
    assert alike[1] == 4
    assert apart[1] == 3
    assert apart[0] / apart[1] < alike[0] / alike[1]
    assert apart[2] / apart[1] > alike[2] / alike[1]


def test_a_repeat_that_sustained_nothing_leaves_it_unknown() -> None:
    one = found(bench({4: GOOD}, {4: LATE}))
    assert one.per_s is None
    assert "in 1 of 2 repeats no rate is known to have kept the service level" in one.reason


def test_a_rate_that_holds_above_one_that_failed_does_not_count() -> None:
    low, mode, high = triple(found(bench({2: GOOD, 4: LATE, 8: GOOD})))
    assert low < mode == 2
    assert mode < high == 4


def test_all_levels_fail() -> None:
    one = found(bench({2: LATE, 4: LATE}))
    assert one.per_s is None
    assert "no measured rate kept the service level" in one.reason


def test_the_range_reaches_draws_and_tornado() -> None:
    config = scenario(
        rented(**BENCHED), by_contract(price=0.1), load={"requests_per_month": 2e7}, draws=1000
    )
    run = bench({20: GOOD, 30: LATE})
    of = case(config, run)
    total = of_name(of, "own").total
    assert total.low is not None
    assert total.high is not None
    assert total.low < total.high
    swings = verdict(config, run).swings
    assert any(s.given.key.startswith("capacity.m") and s.span > 0 for s in swings)


# --- too few requests ---------------------------------------------------------------------------------------------


def test_five_requests_give_a_cost_and_no_verdict_on_the_service_level() -> None:
    one = found(bench({0.5: GOOD, 0.7: GOOD, 8: LATE}))
    assert one.per_s is not None
    assert (one.n, one.n_needed) == (7, 20)
    assert one.per_s.mode == pytest.approx(0.7)
    assert one.per_s.low < 0.7 / 2
    assert one.doubt == "it rests on 7 requests, too few to judge p50 (20 needed)"


def test_one_level_only() -> None:
    one = found(bench({0.5: GOOD}))
    assert triple(one)[1] == pytest.approx(0.5)
    assert one.n == 5
    assert "too few to judge p50 (20 needed)" in one.reason
    assert "no rate is known that does not hold: it may sustain more" in one.reason


def test_few_requests_that_were_late_are_not_taken_for_kept() -> None:
    """Five late ones of five may be chance, and are no reason to say that the level holds."""
    one = found(bench({0.4: GOOD, 0.5: LATE}))
    assert triple(one)[1] == pytest.approx(0.4)
    assert found(bench({0.5: LATE})).per_s is None


def test_enough_requests_at_a_lower_rate_are_better_than_too_few_at_a_higher() -> None:
    level = {**SLO, "percentile": 90}
    one = found(bench({8: GOOD, 9: GOOD, 2: GOOD}, slo=level))  # 80, 90 and 20 requests
    assert one.per_s is not None
    assert one.per_s.mode == pytest.approx(9)
    assert (one.n, one.n_needed, one.doubt) == (90, 64, "")


def test_the_percentile_of_the_scenario_decides_how_many_it_takes() -> None:
    run = bench({8: GOOD})
    assert not found(run, service_level={"ttft_s": 0.5, "percentile": 90}).doubt
    strict = found(run, service_level={"ttft_s": 0.5, "percentile": 99})
    assert strict.doubt == "it rests on 80 requests, too few to judge p99 (662 needed)"
    assert strict.per_s is not None


def test_the_rule_is_unclear_and_measuring_longer_comes_first() -> None:
    config = scenario(
        rented(**BENCHED),
        by_contract(),
        service_level={"ttft_s": 0.5, "percentile": 50},
        load={"requests_per_month": 1e5},
        policy={"quality": {"at_least": 0.5}},
    )
    run = bench({0.5: GOOD})
    of = case(config, run)
    assert of_name(of, "own").capacity_n == 5
    assert of_name(of, "own").total.value is not None
    rule = next(c for c in checks_of(of, config) if (c.option, c.rule) == ("own", "service level"))
    assert rule.outcome is Outcome.UNCLEAR
    assert "it rests on 5 requests, too few to judge p50 (20 needed)" in rule.text
    first = verdict(config, run).next_measurements[0]
    assert first.startswith("Measure longer what m sustains, and with more requests")


def test_the_shipped_support_centre_says_that_it_rests_on_five_requests() -> None:
    """As its bench of 2026-11-24 was: 20 seconds at 0.25/s. The rule passed on it."""
    level = {"e2e_s": 6.0, "percentile": 50}
    shipped = load_scenario(REPO / "configs" / "scenarios" / "support-centre.yaml")
    config = shipped.model_copy(
        update={
            "load": shipped.load.model_copy(update={"task_weights": None}),
            "policy": PolicySpec(quality=QualityRule(at_least=0.2)),
            "draws": 200,
        }
    )
    few = bench({0.4: GOOD, 0.5: GOOD}, slo=level, model="open")
    asked = quality_run({"open": right(300, 0.3), "vendor": right(300, 0.28)}, apis=("vendor",))
    of = case(config, asked, few)
    own = of_name(of, "own-servers")
    assert own.capacity_n == 5
    assert own.capacity_per_s is not None
    assert own.capacity_per_s.low is not None
    assert own.capacity_per_s.high is not None
    assert own.capacity_per_s.high / own.capacity_per_s.low > 4
    rules = (c for c in checks_of(of, config) if c.option == "own-servers")
    rule = next(c for c in rules if c.rule == "service level")
    assert rule.outcome is Outcome.UNCLEAR
    assert "it rests on 5 requests" in rule.text


def test_a_blend_is_no_surer_than_its_own_machines() -> None:
    """Five of five kept their times, which is surely more than half: of the requests, not of the load."""
    kept = Estimate(1.0, "share", 5, 0.566, 1.0)
    for doubt, expected in (("it rests on 5 requests", Outcome.UNCLEAR), ("", Outcome.PASS)):
        blend = blend_option(slo_share=kept, speed_doubt=verbatim(doubt))
        facts = decision_facts(options=(option(), api_option(), blend))
        of = Case(facts, workload(), {}, {})
        config = scenario(service_level={"ttft_s": 0.5, "percentile": 50})
        rules = (c for c in checks_of(of, config) if c.option == blend.name)
        rule = next(c for c in rules if c.rule == "service level")
        assert rule.outcome is expected
        assert doubt in rule.text


def test_enough_requests_pass_as_before() -> None:
    config = scenario(
        rented(**BENCHED),
        by_contract(),
        service_level={"ttft_s": 0.5, "percentile": 50},
        load={"input_tokens": 32, "output_tokens": 5},
    )
    rules = checks_of(case(config, bench({20: GOOD})), config)
    rule = next(c for c in rules if (c.option, c.rule) == ("own", "service level"))
    assert rule.outcome is Outcome.PASS
