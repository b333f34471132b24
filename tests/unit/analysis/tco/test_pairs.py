"""Options in pairs: from which load one is cheaper, per month and over the horizon, and in how many futures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from evalkit.analysis.tco.breakeven import least_load, least_loads, today_over_loads
from evalkit.analysis.tco.facts import PairFact
from evalkit.analysis.tco.uncertainty import future
from evalkit.analysis.tco.values import at_mode, drawn, replaced
from evalkit.report.decision.export import decision_json
from tests.scenarios import by_contract, case, pair, quality_run, rented, right, scenario, verdict

PER_REQUEST = 0.00075
MONTH = 1460.0


def owned(name: str = "bought", price: float = 20_000, **changes: Any) -> dict[str, Any]:
    """A server that is bought."""
    values = {
        "name": name,
        "kind": "owned",
        "model": "open",
        "server_price": price,
        "capacity": {"requests_per_s": 5},
        "load_power": 500,
        "idle_power": 100,
        "gpus_per_server": 1,
    }
    return {**values, **changes}


def names(pairs: tuple[PairFact, ...]) -> list[tuple[str, str]]:
    return [(p.build, p.buy) for p in pairs]


# --- the least load -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0.5, 40.0, 900.0])
def test_the_least_load_is_where_the_costs_cross(at: float) -> None:
    assert least_load(lambda v: at - v, 1.0) == pytest.approx(at, rel=1e-3)


def test_the_least_of_several_loads_counts() -> None:
    """Steps: cheaper from 2 on, dearer from 3, cheaper again from 5."""
    assert least_load(
        lambda v: np.where((v < 2) | ((v > 3) & (v < 5)), 1.0, -1.0), 1.0
    ) == pytest.approx(2, rel=1e-3)


def test_no_load_is_none_and_every_load_is_zero() -> None:
    assert least_load(lambda v: v + 1, 1.0) is None
    assert least_load(lambda v: -v, 1.0) == 0.0


# --- whole scenarios ----------------------------------------------------------------------------------------------


def test_every_two_options_of_different_kinds_are_a_pair() -> None:
    scores = {"open": right(400, 0.7), "gpt": right(400, 0.92)}
    run = quality_run(scores, margins=[0.9 * x for x in scores["open"]])
    electricity = {"self_hosted": {"electricity_price": 0.2}}
    found = case(
        scenario(
            owned(),
            rented(),
            by_contract(price=8),
            blends=None,
            policy={"quality": {"at_least": 0.75}},
            **electricity,
        ),
        run,
    )
    blends = [o.name for o in found.facts.options if o.parts and o.total.value is not None]
    wanted = {("bought", "api"), ("own", "api"), ("bought", "own")}
    wanted |= {(own, b) for own in ("bought", "own") for b in blends} | {(b, "api") for b in blends}
    assert blends
    assert set(names(found.facts.pairs)) == wanted
    assert [p.is_own_against_api for p in found.facts.pairs[:2]] == [True, True]


def test_own_machines_against_rented_ones_break_even_and_pay_back() -> None:
    """20,000 at once against 1460 a month: 13.7 months of rent, and a bit of running cost."""
    running = {"electricity_price": 0.0, "maintenance_share": 0.0, "hosting_per_server_year": 0.0}
    config = scenario(owned(), rented(), horizon_months=24, self_hosted=running)
    one = pair(case(config), "bought", "own")
    assert one.payback_months.value == 14
    assert one.payback_share == 1.0
    assert one.break_even_over_horizon == 0.0


def test_the_load_over_the_horizon_is_where_the_totals_cross() -> None:
    """Adoption of 6000 in a year: 500 a month more than today."""
    found = case(scenario(rented(adoption_cost=6000), by_contract()))
    one = pair(found)
    assert one.break_even_per_month.value == pytest.approx(MONTH / PER_REQUEST)
    assert one.break_even_over_horizon == pytest.approx((MONTH + 500) / PER_REQUEST, rel=2e-3)
    key = found.workload.requests_per_month.key
    for factor, is_cheaper in ((1.01, True), (0.99, False)):
        load = np.asarray((one.break_even_over_horizon or 0) * factor)
        read = replaced(at_mode, key, lambda _, load=load: load)
        own, api = (
            future(f.deployment, found.workload, read).total for f in found.futures.values()
        )
        assert bool((own < api).all()) is is_cheaper


def test_where_no_load_is_one_it_is_null_and_so_in_json() -> None:
    """A full replica serves 5.256 M requests for 1460; the API takes 197 for as many."""
    config = scenario(rented(), by_contract(price=0.05))
    found = case(config)
    one = pair(found)
    assert (one.break_even_per_month.value, one.break_even_over_horizon) == (None, None)
    assert (one.never_share, one.never_over_horizon, one.is_feasible) == (1.0, 1.0, False)
    told = json.loads(decision_json(found.facts, verdict(config)))
    (written,) = told["tco"]["pairs"]
    for key in ("break_even_per_month", "break_even_per_s"):
        assert written[key]["value"] is None
    assert written["break_even_over_horizon"] is None
    assert written["likely_break_even_per_month"] is None


def test_the_share_of_futures_without_a_load_is_counted() -> None:
    """A replica costs 730 to 4380 a month, and the API takes 1971 for what a full one serves at its peak."""
    one = pair(case(scenario(rented(rent=[1, 2, 6]), by_contract(price=0.5), draws=4000)))
    assert 0.2 < one.never_share < 0.8
    assert one.never_over_horizon == pytest.approx(one.never_share, abs=0.04)


def test_draws_of_a_pair_without_closed_form_agree_with_it() -> None:
    """A blend that keeps everything would be the machines: the search over loads finds what the formula does."""
    found = case(scenario(rented(rent=[1.5, 2, 3]), by_contract(price=2), draws=2000))
    one = pair(found)
    read = drawn(1000, 0)
    own, api = (
        today_over_loads(f.deployment, found.workload, read) for f in found.futures.values()
    )
    loads = least_loads(own, api, found.workload)
    assert np.median(loads) == pytest.approx(one.break_even_per_month.value, rel=0.08)
