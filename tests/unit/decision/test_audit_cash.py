"""Cases in which a verdict was wrong because money was not counted when it is paid."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.decision.facts import Decision
from evalkit.decision.verdict import decide
from tests.scenarios import by_contract, case, option, pair, rented, scenario

SERVER: dict[str, Any] = {
    "name": "own",
    "kind": "owned",
    "model": "open",
    "server_price": 300_000,
    "load_power": 1,
    "idle_power": 1,
    "capacity": {"requests_per_s": 5},
}
FREE = {
    "electricity_price": 0,
    "maintenance_share": 0,
    "hosting_per_server_year": 0,
    "residual_share": 0,
    "useful_life_years": 4,
    "server_price_change_per_year": 0,
}


def server(months: int, resale: Any, price: float = 18.0) -> Any:
    """A server of 300,000 against an API of 13,500 a month at a price of 18."""
    api = by_contract(price=price)
    mine = {**FREE, "resale_share": resale}
    return scenario(SERVER, api, horizon_months=months, self_hosted=mine)


def test_a_server_is_paid_whether_the_horizon_is_as_long_as_its_life_or_not() -> None:
    """300,000 are paid; if nothing is got for it after a year, the API's 162,000 are less."""
    config = server(12, 0)
    found = case(config)
    assert option(found, "own").total.value == 300_000
    assert decide(found, config).decision is Decision.BUY


def test_what_is_got_for_it_at_the_end_is_a_row_of_its_own() -> None:
    config = server(12, 0.8)
    own = option(case(config), "own")
    assert own.total.value == pytest.approx(300_000 * (1 - 0.75 * 0.8))
    assert own.resale.value == pytest.approx(300_000 * 0.75 * 0.8)
    assert own.cash is not None
    assert own.cash.years == pytest.approx((300_000, -180_000))
    assert decide(case(config), config).decision is Decision.BUILD


def test_a_horizon_shorter_than_the_life_says_what_rests_on_the_sale() -> None:
    """120,000 are paid in the end, since 180,000 come back; the API is 162,000."""
    config = server(12, 0.8)
    told = " ".join(decide(case(config), config).reasons)
    assert (
        "USD 180,000 of what own costs comes back from selling the servers at the end; without that it costs"
        " USD 300,000, and api is cheaper." in told
    )
    cheap = server(12, 0.1, price=60.0)
    told = " ".join(decide(case(cheap), cheap).reasons)
    assert "without that it costs USD 300,000." in told
    whole = server(48, 0.8, price=60.0)
    assert "selling the servers" not in " ".join(decide(case(whole), whole).reasons)


def test_a_horizon_of_one_month_is_told_in_the_singular() -> None:
    config = server(1, 0.8)
    found = decide(case(config), config)
    told = " ".join((found.sentence, *found.reasons))
    assert "over 1 month" in told
    assert "1 months" not in told


def test_payback_waits_for_the_purchase() -> None:
    """300,000 against 13,500 a month: after 23 months as much has been paid for the API."""
    assert pair(case(server(48, 0))).payback_months.value == 23
    assert pair(case(server(12, 0))).payback_months.value is None


def test_a_horizon_longer_than_the_life_buys_again() -> None:
    own = option(case(server(60, 1)), "own")
    assert own.total.value == pytest.approx(300_000 + 300_000 - 225_000)


def test_a_reservation_does_not_shrink_with_the_load() -> None:
    """Eight GPUs at 1460 a month for three years, though half as many requests come each year."""
    load = {"requests_per_month": 8 * 5_256_000, "growth_per_year": -0.5}
    mine = rented(term_months=36)
    api = by_contract(price=0.4)
    config = scenario(mine, api, horizon_months=36, load=load)
    found = case(config)
    assert option(found, "own").total.value == pytest.approx(36 * 8 * 1460)
    assert option(found, "api").total.value < 36 * 8 * 1460
    assert decide(found, config).decision is Decision.BUY
