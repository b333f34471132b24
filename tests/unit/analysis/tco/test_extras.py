"""Costs beside machines, tokens and people: taxes, least bills, egress, exits, re-validation, exchange rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalkit.analysis.tco.breakeven import break_even_per_month
from evalkit.analysis.tco.model import costs
from evalkit.analysis.tco.uncertainty import future, inputs_of, swings
from evalkit.analysis.tco.values import at_mode, drawn
from evalkit.errors import ConfigError
from tests.scenarios import (
    bought,
    by_contract,
    case,
    contract,
    given,
    option,
    own,
    people,
    rented,
    scenario,
    workload,
)

SERVER = {
    "name": "own", "kind": "owned", "model": "open", "server_price": 48_000, "idle_power": 1, "load_power": 1,
    "capacity": {"requests_per_s": 5},
}  # fmt: skip
FREE = {
    "electricity_price": 0, "maintenance_share": 0, "hosting_per_server_year": 0, "residual_share": 0,
    "useful_life_years": 4, "resale_share": 1, "server_price_change_per_year": 0,
}  # fmt: skip


def total(config: Any, name: str) -> float:
    found = option(case(config), name).total.value
    assert found is not None
    return found


def with_api(**changes: Any) -> Any:
    return scenario(rented(), by_contract(), api=changes)


def test_an_api_has_a_least_bill() -> None:
    """750 a month at a million requests; 1000 are paid."""
    assert total(with_api(), "api") == pytest.approx(12 * 750)
    assert total(with_api(minimum_spend_per_month=1000), "api") == pytest.approx(12_000)


def test_egress_exit_and_revalidation_are_added() -> None:
    extra = {"egress_per_1000_requests": 0.1, "exit_cost": 700, "revalidation_cost": 600}
    assert total(with_api(**extra), "api") == pytest.approx(12 * (750 + 100) + 700 + 600)
    often = {**extra, "revalidations_per_year": 2}
    assert total(with_api(**often), "api") == pytest.approx(12 * (750 + 100) + 700 + 1200)
    assert total(with_api(**often), "own") == pytest.approx(12 * 1460)


def test_vat_that_cant_be_deducted_is_on_everything_but_people() -> None:
    staff = {"staff": {"fte": 1, "cost_per_year": 12_000}}
    config = scenario(rented(), by_contract(), tax={"vat_not_deductible": 0.2}, api=staff)
    assert total(config, "own") == pytest.approx(12 * 1460 * 1.2)
    assert total(config, "api") == pytest.approx(12 * 750 * 1.2 + 12_000)


def test_costs_lower_the_tax_on_profits() -> None:
    config = scenario(rented(), by_contract(), tax={"income_tax": 0.25})
    assert total(config, "api") == pytest.approx(12 * 750 * 0.75)
    free = {**FREE, "resale_share": 0.5}
    config = scenario(SERVER, by_contract(), tax={"income_tax": 0.25}, self_hosted=free)
    # 12,000 of it are worn in the year, and of the book value of 36,000 half is lost at the sale
    assert total(config, "own") == pytest.approx(48_000 - 18_000 - 0.25 * (12_000 + 18_000))


def test_each_further_replica_needs_people() -> None:
    team = people("own", 1, 12_000)
    team = type(team)(team.fte, team.cost_per_year, team.adoption, given("fte_per_replica", 0.5))
    month = costs(own(None, team), workload(), 3 * 5 * 0.8 / 2 * 730 * 3600, 0, at_mode)
    assert month.replicas == 3
    assert float(month.staff) == pytest.approx(2000)
    even = float(break_even_per_month(own(None, team), bought(0.01), workload(), at_mode))
    assert even * 0.01 == pytest.approx(
        float(costs(own(None, team), workload(), even, 0, at_mode).total), rel=1e-6
    )


def test_staff_for_fewer_replicas_than_are_needed_is_not_known() -> None:
    team = {"staff": {"fte": 1, "cost_per_year": 1000, "up_to_replicas": 2}}
    many = {"requests_per_month": 20e6}
    found = option(case(scenario(rented(), by_contract(), self_hosted=team, load=many)), "own")
    assert found.no_staff == ("staff of own: given for up to 2 replicas, 4 are needed",)
    found = option(case(scenario(rented(), by_contract(), self_hosted=team)), "own")
    assert found.no_staff == ()


def test_fleets_and_loads_beyond_all_measure_are_not_told() -> None:
    huge = case(scenario(rented(), by_contract(), load={"requests_per_month": 1e12}))
    assert option(huge, "own").missing[0].startswith("own would need 1.9e+05 replicas")
    assert option(huge, "own").total.value is None
    growing = {"growth_per_year": 100}
    with pytest.raises(ConfigError, match="outside what this can tell"):
        case(scenario(rented(), by_contract(), load=growing, horizon_months=180))


# --- exchange rates -----------------------------------------------------------------------------------------------


def in_euros(rate: Any) -> Any:
    usd = {"USD": {"value": rate, "date": "2026-11-20", "source": "ECB"}}
    return scenario(rented(), by_contract(), currency="EUR", rates=usd, draws=4000)


def test_an_uncertain_exchange_rate_is_in_every_price_of_its_currency() -> None:
    fixed = option(case(in_euros(0.9)), "api").total
    assert fixed.low == fixed.high == pytest.approx(12 * 750 * 0.9)
    varied = option(case(in_euros([0.8, 0.9, 1.0])), "api").total
    assert varied.low is not None
    assert varied.high is not None
    assert varied.low < 12 * 750 * 0.87 < 12 * 750 * 0.93 < varied.high
    assert varied.value == pytest.approx(12 * 750 * 0.9, rel=0.01)


def test_a_rate_is_a_bar_of_the_tornado() -> None:
    found = case(in_euros([0.8, 0.9, 1.0]))
    one, other = (found.futures[name].deployment for name in ("own", "api"))
    bars = {s.given.key: s for s in swings(one, other, found.workload)}
    assert "rate.USD" in bars
    assert bars["rate.USD"].at_low == pytest.approx(12 * 750 * 0.8 - 12 * 1460)
    assert "rate.USD" in {i.key for i in inputs_of(other)}
    read = drawn(100, 0)
    assert other.api is not None
    price = read(other.api.cost_per_request)
    assert np.allclose(price / 0.00075, read(other.api.cost_per_request.rate))  # type: ignore[arg-type]


def test_contracts_in_the_own_currency_have_no_rate() -> None:
    api = by_contract(price=1.0) | {"price": contract(1.0, currency="EUR")}
    usd = {"USD": {"value": [0.8, 0.9, 1.0], "date": "2026-11-20", "source": "ECB"}}
    config = scenario(rented(), api, currency="EUR", rates=usd)
    found = option(case(config), "api").total
    assert found.low == found.high
    assert (
        future(case(config).futures["api"].deployment, case(config).workload, at_mode).total.item()
        > 0
    )


def test_hosting_is_paid_by_the_power_of_a_server_unless_it_is_given() -> None:
    """Eight GPUs at 1,000 W: 8 kW at 115 to 300 a month each."""
    server = {
        "name": "own", "kind": "owned", "model": "open", "server_price": 1e5, "gpus_per_server": 8, "load_power": 1000,
        "capacity": {"requests_per_s": 5},
    }  # fmt: skip
    config = scenario(server, by_contract(), self_hosted={"electricity_price": 0.2})
    fleet = case(config).futures["own"].deployment.fleet
    assert fleet is not None
    hosting = fleet.machine.hosting_per_year  # type: ignore[union-attr]
    assert (hosting.low, hosting.high) == pytest.approx((12 * 8 * 115, 12 * 8 * 300))
    assert hosting.unit == "USD/server-year"
    given_ = scenario(
        server,
        by_contract(),
        self_hosted={"electricity_price": 0.2, "hosting_per_server_year": 500},
    )
    fleet = case(given_).futures["own"].deployment.fleet
    assert fleet is not None
    assert fleet.machine.hosting_per_year.mode == 500  # type: ignore[union-attr]


def test_a_hyperscaler_asks_more_than_a_gpu_cloud() -> None:
    cloud = rented(kind="rented_on_demand", hardware="h100-sxm", gpu_hour_price=None)
    prices = []
    for more in ({}, {"is_hyperscaler": True}):
        fleet = case(scenario(cloud | more, by_contract())).futures["own"].deployment.fleet
        assert fleet is not None
        prices.append(fleet.machine.price.mode)
    assert prices[1] > 2 * prices[0]


@pytest.mark.parametrize("key", ["resale_share", "residual_share"])
def test_what_a_server_brings_may_be_all_that_is_uncertain(key: str) -> None:
    config = scenario(
        SERVER, by_contract(), self_hosted={**FREE, "resale_share": 0.5, key: [0, 0.2, 1]}
    )
    found = option(case(config), "own").total
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.high


def test_leaving_may_be_all_that_is_uncertain() -> None:
    found = option(
        case(scenario(rented(), by_contract(), api={"exit_cost": [0, 100, 900]})), "api"
    ).total
    assert found.low is not None
    assert found.high is not None
    assert 9000 < found.low < found.high < 9900


def test_vat_does_not_come_back_when_a_server_is_sold() -> None:
    config = scenario(
        SERVER,
        by_contract(),
        self_hosted={**FREE, "residual_share": 1},
        tax={"vat_not_deductible": 0.19},
    )
    assert total(config, "own") == pytest.approx(48_000 * 0.19)


def test_a_term_that_was_given_is_paid_to_its_end() -> None:
    """12 months are looked at, 36 are committed; a catalogue's rent without a term ends with the horizon."""
    steady = {"rent_change_per_year": 0}
    for term, months in ((36, 36), (8, 16), (None, 12)):
        config = scenario(rented(term_months=term), by_contract(), self_hosted=steady)
        assert total(config, "own") == pytest.approx(months * 1460)


def test_an_api_option_with_a_title_needs_no_run() -> None:
    api = by_contract() | {"title": {"en": "Vendor's API", "de": "API des Anbieters"}}
    assert option(case(scenario(rented(), api)), "api").total.value == pytest.approx(12 * 750)
