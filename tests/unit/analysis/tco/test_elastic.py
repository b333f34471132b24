"""Rent that follows the load: hours of each level, starts, billing steps, and an API that stands in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalkit.analysis.tco.breakeven import break_even_per_month
from evalkit.analysis.tco.deployment import Api, Elastic, Failover
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.analysis.tco.model import costs
from evalkit.analysis.tco.profile import profile_of, read_profile
from evalkit.analysis.tco.uncertainty import future
from evalkit.analysis.tco.values import at_mode, drawn
from evalkit.config.sides import ProfileSpec
from evalkit.decision.facts import Decision
from evalkit.errors import ConfigError
from tests.capacities import GOOD, bench
from tests.scenarios import (
    bought,
    by_contract,
    case,
    fleet,
    given,
    option,
    own,
    rent,
    rented,
    scenario,
    verdict,
    workload,
)

HOUR = 730 * 2.0
"""A GPU at 2 for a month."""


def elastic(minutes: float = 0.0, spare: int = 0, **changes: Any) -> Any:
    billing = Elastic(given("start", minutes), **changes)
    return own(fleet(rent(billing=billing), spare=spare))


def load(replicas: float) -> float:
    """Requests per month that keep so many replicas busy on average, at 80 % of 5/s."""
    return replicas * 4 * SECONDS_PER_MONTH


def monthly(deployment: Any, work: Any, volume: float) -> float:
    return float(costs(deployment, work, volume, 0, at_mode).machines)


def test_gpus_are_rented_for_the_hours_that_need_them() -> None:
    """Ten times the mean in a tenth of the hours: 20 GPUs then, one kept in the others."""
    work = workload(peak_to_mean=given("peak", 10.0))
    assert monthly(elastic(), work, load(1.99)) == pytest.approx((20 * 0.1 + 1 * 0.9) * HOUR)
    assert monthly(elastic(minimum=0), work, load(1.99)) == pytest.approx(2 * HOUR)
    assert monthly(elastic(minimum=0, spare=1), work, load(1.99)) == pytest.approx(2.1 * HOUR)
    assert monthly(own(fleet(rent())), work, load(1.99)) == pytest.approx(20 * HOUR)


def test_an_even_load_costs_what_its_peak_does() -> None:
    work = workload(peak_to_mean=given("peak", 1.0))
    assert monthly(elastic(), work, load(3)) == pytest.approx(3 * HOUR)


def test_starts_and_billing_steps_are_paid() -> None:
    """19 GPUs more once a day, each with a quarter of an hour of start-up and half an hour of rounding up."""
    even = workload(peak_to_mean=given("peak", 1.0))
    assert monthly(elastic(15), even, load(3)) == pytest.approx(3 * HOUR)
    work = workload(peak_to_mean=given("peak", 10.0))
    plain = monthly(elastic(), work, load(1.99))
    paid = monthly(elastic(15, billing_step_hours=1.0), work, load(1.99))
    assert paid - plain == pytest.approx(19 * 0.75 / 24 * HOUR)


def test_nothing_is_kept_outside_the_hours_of_work() -> None:
    """A quarter of the week: peaks of twice the mean can't be kept apart from it, all of it comes then."""
    work = workload(peak_to_mean=given("peak", 2.0))
    assert monthly(elastic(active_share=0.25), work, load(1)) == pytest.approx(4 * 0.25 * HOUR)
    assert costs(elastic(active_share=0.25), work, load(1), 0, at_mode).replicas == 4
    work = workload(peak_to_mean=given("peak", 8.0))
    some = monthly(elastic(active_share=0.25), work, load(1))
    assert some == pytest.approx((8 / 8 + 1 * (0.25 - 1 / 8)) * HOUR)


def test_serverless_is_billed_for_what_it_serves_and_for_cold_starts() -> None:
    work = workload(peak_to_mean=given("peak", 10.0))
    quick = elastic(minimum=0, is_per_second=True)
    assert monthly(quick, work, load(1.5)) == pytest.approx(1.5 * HOUR)
    assert monthly(quick, work, load(0.01)) == pytest.approx(0.01 * HOUR)
    slow = elastic(6, minimum=0, is_per_second=True)
    assert monthly(slow, work, load(1.5)) == pytest.approx((1.5 + 15 * 0.1 / 24) * HOUR)


def test_rent_follows_the_month() -> None:
    work = workload(
        load(4), growth_per_year=given("growth", -0.5), months=24, peak_to_mean=given("peak", 1.0)
    )
    paid = future(elastic(), work, at_mode).cash.rent.ravel()
    assert paid[1] == pytest.approx(4 * HOUR)
    assert paid[13] == pytest.approx(2 * HOUR)


def test_a_profile_says_which_hours_are_busy() -> None:
    """Twelve hours at 1.5, twelve at 0.5: three replicas by day and one by night, started every morning."""
    profile = profile_of([1] * 12 + [3] * 12)
    assert profile.levels == (0.5, 1.5)
    assert profile.hours == (12, 12)
    assert profile.rises == ((0, 1, 1),)
    work = workload(peak_to_mean=given("peak", 1.5), profile=profile)
    assert monthly(elastic(30), work, load(2)) == pytest.approx((2 + 2 * 0.5 / 24) * HOUR)


def test_a_profile_of_twelve_different_loads_keeps_them_all() -> None:
    """The most levels there may be: the hours of each stay its own, however unevenly they are spread."""
    hours = [1] * 13 + [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    profile = profile_of(hours)
    assert np.array(profile.levels) * np.mean(hours) == pytest.approx(range(1, 13))
    assert profile.hours == (13, *[1] * 11)


def test_many_levels_are_taken_together_and_the_mean_is_kept() -> None:
    hours = [1 + 0.9 * np.sin(2 * np.pi * h / 24) + h / 1000 for h in range(168)]
    profile = profile_of(hours)
    assert len(profile.levels) == 12
    assert sum(profile.hours) == 168
    assert np.dot(profile.levels, profile.hours) == pytest.approx(168)
    assert profile.levels[-1] == pytest.approx(max(hours) / np.mean(hours))
    assert sum(times for _, _, times in profile.rises) == 7


@pytest.mark.parametrize(
    ("text", "n_hours"),
    [
        ("hour,load\n" + "".join(f"{h},{h}\n" for h in range(24)), 24),
        ("mon,tue,wed,thu,fri,sat,sun\n" + "5,5,5,5,5,0,0\n" * 24, 168),
        ("load\n" + "1\n2\n" * 84, 168),
    ],
)
def test_hours_are_read(text: str, n_hours: int, tmp_path: Path) -> None:
    file = tmp_path / "hours.csv"
    file.write_text(text)
    assert sum(read_profile(ProfileSpec(hours=file)).hours) == n_hours


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("load\n1\n2\n", "2 rows and 1 columns are no day or week"),
        ("load\n" + "-1\n" * 24, "hours.csv:2: load: '-1' is not a number of 0 or more"),
        ("load\n" + "0\n" * 24, "no hour has any load"),
    ],
)
def test_what_are_no_hours_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "hours.csv"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_profile(ProfileSpec(hours=file))


def test_a_trace_is_counted_by_hour(tmp_path: Path) -> None:
    """Two days, twice as much in each second half."""
    start = datetime(2026, 11, 2, tzinfo=UTC)
    each = [(h, 5 * i) for h in range(48) for i in range(200 if h % 24 < 12 else 400)]
    rows = [f"{start + timedelta(hours=h, seconds=s)},1,1" for h, s in [*each, (48, 0)]]
    file = tmp_path / "trace.csv"
    file.write_text("\n".join(["timestamp,input_tokens,output_tokens", *rows]))
    assert read_profile(ProfileSpec(trace=file)).levels == pytest.approx((2 / 3, 4 / 3))


def test_an_api_stands_in_while_own_machines_do_not_serve() -> None:
    spare = Failover(Api(given("price", 0.01), given("decline", 0.0)), given("outage", 0.02))
    work = workload()
    alone = costs(elastic(), work, 1e6, 0, at_mode)
    with_api = costs(replace(elastic(), failover=spare), work, 1e6, 0, at_mode)
    assert float(with_api.api) == pytest.approx(1e6 * 0.02 * 0.01)
    assert float(alone.api) == 0


def test_break_even_is_found_where_cost_is_no_staircase() -> None:
    """Without starts, 2 an hour for 14,400 requests is dearer than 0.0001 each at any load, cheaper than 0.0002."""
    work = workload(1e6, peak_to_mean=given("peak", 10.0))
    quick = elastic(minimum=0, is_per_second=True)
    assert float(break_even_per_month(quick, bought(0.0001), work, at_mode)) == np.inf
    assert float(break_even_per_month(quick, bought(0.0002), work, at_mode)) == 0
    kept = elastic()
    found = float(break_even_per_month(kept, bought(0.001), work, at_mode))
    assert monthly(kept, work, found) == pytest.approx(found * 0.001, rel=1e-6)
    wide = workload((5e5, 1e6, 2e6), peak_to_mean=given("peak", 2.0, 10.0, 15.0))
    assert break_even_per_month(kept, bought(0.001), wide, drawn(50, 1)).shape == (50, 1)


# --- the case it is for -------------------------------------------------------------------------------------------


def spiky(peak: float, kind: str = "rented_on_demand", **changes: Any) -> Any:
    """20 M requests a month, GPUs at 2 an hour, an API at 4500 a month."""
    mine = {"name": "own", "kind": kind, "model": "open", "gpu_hour_price": 2, "outside": False}
    mine |= {"capacity": {"requests_per_s": 5}, **changes}
    free = {"start_up_minutes": 0, "rent_change_per_year": 0}
    return scenario(
        mine,
        by_contract(price=0.3),
        load={"requests_per_month": 20e6, "peak_to_mean": peak},
        self_hosted=free,
    )


@pytest.mark.parametrize("peak", [1, 10])
def test_on_demand_is_worth_it_for_spiky_loads(peak: float) -> None:
    found = case(spiky(peak))
    assert 2900 <= (option(found, "own").per_month.value or 0) < 4400
    assert verdict(spiky(peak)).decision is Decision.BUILD


def test_a_failover_takes_data_out_and_needs_no_spare_replicas() -> None:
    config = spiky(1, failover="api")
    found = option(case(config), "own")
    assert found.leaves_network
    assert found.replicas == 2
    with pytest.raises(ValueError, match="'nobody' is none of the APIs that answer at once: api"):
        spiky(1, failover="nobody")


def test_start_up_takes_as_long_as_loading_did() -> None:
    run = bench({20: GOOD}, model="open", lengths=(500, 250))
    cells = tuple(replace(c, load_s=90.0) for c in run.manifest.cells)
    run = replace(run, manifest=run.manifest.model_copy(update={"cells": cells}))
    mine = rented(kind="rented_on_demand", capacity=None)
    for start_up, expected in ((None, 1.5), (4, 4.0)):
        config = scenario(mine, by_contract(), self_hosted={"start_up_minutes": start_up})
        fleet = case(config, run).futures["own"].deployment.fleet
        assert fleet is not None
        assert fleet.machine.billing.start_up_minutes.mode == expected  # type: ignore[union-attr]
