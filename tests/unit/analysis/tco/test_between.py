"""Benches at several lengths: what lies between them, and what is not told from them."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest

from evalkit.analysis.tco.capacity import capacity_of
from evalkit.analysis.tco.replica import Capacity
from evalkit.decision.checks import checks_of
from evalkit.decision.facts import Outcome
from evalkit.store.run_dir import Run
from tests.capacities import GOOD, LATE, SLO, bench
from tests.scenarios import book, by_contract, case, quality_run, rented, right, scenario

SHORT = bench({20: GOOD, 30: LATE}, profile="short", lengths=(400, 100), run_id="s")
"""20/s at 400 / 4 + 100 = 200 tokens of work."""
LONG = bench({4: GOOD, 8: LATE}, profile="long", lengths=(4000, 1000), run_id="l")
"""4/s at 2 000."""
MIDDLE = (1264.9, 316.2)
"""Half-way between them: 632.4, the root of 200 · 2 000."""


def found(
    lengths: tuple[float, float] | None, *runs: Run, profile: str | None = None, **changes: Any
) -> Capacity:
    named = None if profile is None else {"profile": profile}
    n_in, n_out = lengths or (None, None)
    config = scenario(
        rented(model="m", capacity=named),
        load={"input_tokens": n_in, "output_tokens": n_out},
        **changes,
    )
    return capacity_of(config.options[0], runs or (SHORT, LONG), book(config))


def alone(run: Run) -> Capacity:
    return found(MIDDLE, run)


def test_between_two_lengths_capacity_follows_the_logarithm_of_the_work() -> None:
    one = found(MIDDLE)
    assert one.per_s is not None
    assert one.per_s.mode == pytest.approx((20 * 4) ** 0.5, rel=1e-3)
    assert (one.input_tokens, one.output_tokens) == MIDDLE
    expected = "interpolated between short 400 + 100 tokens and long 4,000 + 1,000 tokens, for 1,265 + 316 tokens"
    assert expected in one.reason
    assert one.per_s.source == "s, profile short; l, profile long"


def test_the_same_work_per_second_is_interpolated_exactly() -> None:
    fast = bench({20: GOOD}, profile="short", lengths=(400, 100))
    slow = bench({2: GOOD}, profile="long", lengths=(4000, 1000))
    one = found((800, 300), fast, slow)
    assert one.per_s is not None
    assert one.per_s.mode == pytest.approx(20 * 200 / 500)


def test_the_range_is_the_hull_of_both() -> None:
    one, short, long = found(MIDDLE), alone(SHORT), alone(LONG)
    assert one.per_s is not None
    assert short.per_s is not None
    assert long.per_s is not None
    assert one.per_s.low == long.per_s.low < long.per_s.mode
    assert one.per_s.high == short.per_s.high > short.per_s.mode


def test_a_bench_at_the_lengths_of_the_work_is_taken_as_it_is() -> None:
    assert found((4000, 1000)) == alone(LONG)
    assert found((410, 98)) == alone(SHORT)


@pytest.mark.parametrize(
    ("lengths", "is_known"),
    [
        ((4900, 1225), True),  # 22.5 % more work than the longest
        ((5100, 1275), False),  # 27.5 %
        ((330, 82), True),
        ((300, 75), False),
    ],
)
def test_the_line_ends_a_quarter_outside_what_was_measured(
    lengths: tuple[float, float], is_known: bool
) -> None:
    one = found(lengths)
    assert (one.per_s is not None) is is_known
    if one.per_s is None:
        assert "is shorter or longer than what was measured (short 400 + 100 tokens" in one.reason
    else:
        assert one.per_s.low < one.per_s.mode < one.per_s.high


def test_a_profile_that_is_named_is_taken_alone() -> None:
    assert found(MIDDLE, profile="long") == alone(LONG)
    assert found((90_000, 9_000), profile="long") == alone(LONG)


def test_profiles_of_the_same_lengths_must_be_named() -> None:
    again = bench({10: GOOD}, profile="again", lengths=(400, 100), run_id="a")
    one = found(MIDDLE, SHORT, LONG, again)
    assert one.per_s is None
    assert "several profiles were measured (short, long, again): name one" in one.reason


def test_other_service_levels_are_not_mixed() -> None:
    other = bench({4: GOOD}, profile="long", lengths=(4000, 1000), slo={**SLO, "ttft_s": 2.0})
    assert found(MIDDLE, SHORT, other).per_s is None
    same = found(MIDDLE, SHORT, other, service_level=SLO)
    assert same.per_s is not None


def test_a_bench_that_held_nothing_is_no_end_of_a_line() -> None:
    none = bench({4: LATE}, profile="long", lengths=(4000, 1000))
    one = found(MIDDLE, SHORT, none)
    assert one.per_s is None
    assert "long: capacity: no measured rate kept the service level" in one.reason


def test_of_three_the_two_beside_the_work_are_taken() -> None:
    longest = bench({2: GOOD, 4: LATE}, profile="longest", lengths=(40_000, 10_000))
    assert found(MIDDLE, longest, SHORT, LONG).per_s == found(MIDDLE, SHORT, LONG).per_s
    one = found((20_000, 5_000), SHORT, LONG, longest)
    assert one.per_s is not None
    share = log(10_000 / 2_000) / log(10)
    assert one.per_s.mode == pytest.approx(exp((1 - share) * log(4) + share * log(2)))
    assert "long 4,000" in one.reason


def test_without_lengths_of_the_work_nothing_lies_between() -> None:
    assert found(None).per_s is None


def test_measured_lengths_are_those_of_the_work_where_none_are_given() -> None:
    """The documents have 500 + 250 tokens: 375 of work."""
    measured = quality_run({"m": right(20, 0.5)}, apis=())
    one = found(None, SHORT, LONG, measured)
    assert (one.input_tokens, one.output_tokens) == (500, 250)
    assert one.per_s is not None
    share = log(375 / 200) / log(10)
    assert one.per_s.mode == pytest.approx(exp((1 - share) * log(20) + share * log(4)))


def test_prompts_longer_than_any_bench_leave_the_rule_unclear() -> None:
    """6 000 / 4 + 100 = 1 600 tokens of work lie between both; 6 000 prompt tokens do not."""
    config = scenario(
        rented(model="m", capacity=None),
        by_contract(),
        load={"input_tokens": 6000, "output_tokens": 100},
        service_level=SLO,
    )
    outcomes = {
        c.option: (c.outcome, c.text)
        for c in checks_of(case(config, SHORT, LONG), config)
        if c.rule == "service level"
    }
    assert outcomes["own"][0] is Outcome.UNCLEAR
    assert (
        "no bench has about as many prompt tokens per request as the work (6,000)"
        in outcomes["own"][1]
    )
    within = config.model_copy(
        update={"load": scenario(load={"input_tokens": 1000, "output_tokens": 400}).load}
    )
    rule = next(
        c
        for c in checks_of(case(within, SHORT, LONG), within)
        if (c.option, c.rule) == ("own", "service level")
    )
    assert rule.outcome is Outcome.PASS


def test_too_few_requests_on_one_side_are_too_few() -> None:
    few = bench({0.5: GOOD}, profile="long", lengths=(4000, 1000), run_id="l")
    one = found(MIDDLE, SHORT, few)
    assert "too few to judge p50" in one.doubt
    assert one.n == 5
