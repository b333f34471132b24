"""What deployments cost: sums by hand, and what must hold for any of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from evalkit.analysis.tco.deployment import Deployment, Elastic, Purchase, Workload
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.analysis.tco.model import costs
from evalkit.analysis.tco.uncertainty import future, inputs_of, saving, swings
from evalkit.analysis.tco.values import Input, at_mode, replaced
from tests.scenarios import bought, fleet, given, own, people, purchase, rent, workload
from tests.unit.analysis.tco.fleets import api_sides, own_sides, workloads

PRICES = (
    "rent", "server", "price_per_kwh", "hosting", "maintenance", "licence", "fte.own", "salary.own", "adoption.own",
    "fte.api", "salary.api", "adoption.api", "price", "idle_w", "pue",
)  # fmt: skip


def total(deployment: Deployment, work: Workload, key: str = "", factor: float = 1.0) -> float:
    read = replaced(at_mode, key, lambda x: x * factor)
    return float(future(deployment, work, read).total.item())


# --- by hand ------------------------------------------------------------------------------------------------------


def test_rent_by_hand() -> None:
    """A million requests a month are 0.38/s, 0.76/s at the peak: one GPU at $2 for 730 hours."""
    month = costs(own(), workload(), 1e6, 1, at_mode)
    assert month.machines == pytest.approx(1460)
    assert month.total == month.machines
    assert (month.replicas, month.servers) == (1, 1)


def test_an_owned_server_by_hand() -> None:
    """100,000 over 4 years; 5 % maintenance and 3,000 hosting; 300 W, and 700 W more for the share of time it works."""
    full = 5 * SECONDS_PER_MONTH
    month = costs(own(fleet(purchase())), workload(), full * 0.2, 1, at_mode)
    assert month.machines == pytest.approx(100_000 / 48)
    assert month.upkeep == pytest.approx((5000 + 3000) / 12)
    assert month.energy_kwh == pytest.approx((0.3 + 0.7 * 0.2) * 1.5 * 730)
    assert month.energy == pytest.approx((0.3 + 0.7 * 0.2) * 1.5 * 730 * 0.2)


def test_api_prices_fall_and_loads_grow_by_hand() -> None:
    """A fifth more and a tenth cheaper each year; month 13 is a year after the first."""
    work = workload(1e6, growth_per_year=given("growth", 0.2), months=13)
    each = future(bought(0.001, decline=0.1), work, at_mode).months.total.ravel()
    assert each[0] == pytest.approx(1000 * 0.9 ** (1 / 12))
    assert each[12] == pytest.approx(1200 * 0.9 ** (13 / 12))


def test_staff_and_adoption_by_hand() -> None:
    found = future(bought(0.001, people("api", 0.5, 60_000, 7000)), workload(), at_mode)
    assert found.months.staff.ravel().tolist() == [2500.0] * 12
    assert found.cumulated.ravel()[[0, 1, 12]].tolist() == pytest.approx([7000, 10_500, 49_000])


def test_servers_are_paid_upfront_and_counted_once() -> None:
    machine = fleet(purchase(), spare=1, gpus_per_server=8)
    found = future(own(machine, people("own", adoption=500)), workload(), at_mode)
    assert found.upfront.item() == found.cumulated.ravel()[0] == 100_500
    assert found.months.servers.ravel()[0] == 1
    assert found.months.machines.ravel()[0] == pytest.approx(100_000 / 48)
    assert found.cash.purchases.ravel().tolist() == [100_000, *[0] * 12]
    assert found.cash.rent.sum() == 0


def test_a_server_is_sold_at_the_end_of_the_horizon_for_a_part_of_its_book_value() -> None:
    machine = fleet(purchase(resale_share=given("resale", 0.5)))
    found = future(own(machine), workload(), at_mode).cash
    assert found.resale.ravel().tolist() == [*[0] * 12, pytest.approx(-100_000 * 0.75 * 0.5)]


def test_a_server_is_bought_again_at_the_price_of_that_day() -> None:
    """Life 4 years, 5 years looked at, prices fall by 10 % a year: 65,610 after four years; a quarter of it is gone."""
    machine = fleet(
        purchase(
            price_change_per_year=given("price change", -0.1),
            residual_share=given("residual", 0.1),
        )
    )
    found = future(own(machine), workload(months=60), at_mode).cash
    assert found.purchases.ravel()[[0, 48]] == pytest.approx([100_000, 65_610])
    assert found.purchases.sum() == pytest.approx(165_610)
    assert found.resale.ravel()[[48, 60]] == pytest.approx([-10_000, -65_610 * (0.1 + 0.9 * 0.75)])


def test_a_server_that_was_bought_stays_when_the_load_falls() -> None:
    busy = 5 * 0.8 / 2 * SECONDS_PER_MONTH * 4
    falling = workload(busy, growth_per_year=given("growth", -0.9), months=24)
    found = future(own(fleet(purchase())), falling, at_mode)
    assert found.months.servers.ravel().tolist() == [4.0] * 24
    assert found.months.replicas.ravel()[-1] == 1
    assert found.cash.purchases.sum() == 400_000


def test_a_reservation_is_paid_for_its_term_whatever_the_load_does() -> None:
    """Eight GPUs, of which each year half is needed: all are paid for the term, then as many as are needed."""
    busy = 5 * 0.8 / 2 * SECONDS_PER_MONTH * 8
    falling = workload(busy, growth_per_year=given("growth", -0.5), months=36)
    whole = future(own(fleet(rent(2.0, 36))), falling, at_mode)
    assert whole.total.item() == pytest.approx(36 * 8 * 1460)
    yearly = future(own(fleet(rent(2.0, 12))), falling, at_mode)
    assert yearly.total.item() == pytest.approx(12 * (8 + 4 + 2) * 1460)


def test_a_reservation_keeps_its_rent_and_the_next_one_is_of_its_day() -> None:
    dearer = rent(2.0, 12, change_per_year=given("rent change", 0.1))
    each = future(own(fleet(dearer)), workload(months=24), at_mode).cash.rent.ravel()
    assert each[1:13] == pytest.approx([1460] * 12)
    assert each[13:] == pytest.approx([1460 * 1.1] * 12)
    hourly = replace(dearer, billing=Elastic(given("start", 0.0)))
    each = future(own(fleet(hourly)), workload(months=24), at_mode).cash.rent.ravel()
    assert each[13] == pytest.approx(1460 * 1.1)


def test_a_blend_pays_machines_for_what_stays_and_the_api_for_the_rest() -> None:
    parts = replace(
        own(),
        api=bought(0.001).api,
        local_share=given("local", 0.25),
        billed_share=given("billed", 0.6),
    )
    capacity = 5 * 0.8 / 2 * SECONDS_PER_MONTH
    month = costs(parts, workload(), 4 * capacity, 0, at_mode)
    assert month.replicas == 1
    assert month.api == pytest.approx(4 * capacity * 0.6 * 0.001)
    assert (
        costs(replace(parts, local_share=None), workload(), 4 * capacity, 0, at_mode).replicas == 4
    )


# --- for any ------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@for_all(own_sides(), api_sides(), workloads(), st.sampled_from(PRICES), st.floats(1, 5))
def test_no_price_makes_anything_cheaper(
    owned: Deployment, api: Deployment, work: Workload, key: str, factor: float
) -> None:
    for one in (owned, api):
        assert total(one, work, key, factor) >= total(one, work) * (1 - 1e-12)


@settings(max_examples=60)
@for_all(own_sides(), api_sides(), workloads(), st.floats(1, 50))
def test_more_load_is_never_cheaper(
    owned: Deployment, api: Deployment, work: Workload, factor: float
) -> None:
    key = work.requests_per_month.key
    for one in (owned, api):
        assert total(one, work, key, factor) >= total(one, work) * (1 - 1e-12)


@settings(max_examples=40)
@for_all(own_sides(), workloads(), st.floats(0.1, 1))
def test_less_capacity_and_less_headroom_are_never_cheaper(
    owned: Deployment, work: Workload, factor: float
) -> None:
    for key in ("capacity", "headroom"):
        assert total(owned, work, key, factor) >= total(owned, work) * (1 - 1e-9)


@settings(max_examples=40)
@for_all(own_sides(), api_sides(), workloads())
def test_without_interest_totals_are_plain_sums(
    owned: Deployment, api: Deployment, work: Workload
) -> None:
    """Of servers: straight-line depreciation, since what is left of them is sold for it."""
    free = replace(work, discount_rate=given("rate", 0.0))
    for one in (owned, api):
        found = future(one, free, at_mode)
        assert one.people[0].adoption is not None
        plain = one.people[0].adoption.mode + found.months.total.sum()
        assert found.total.item() == pytest.approx(plain)


@settings(max_examples=40)
@for_all(own_sides(), workloads(), st.floats(0.01, 100))
def test_load_and_capacity_together_change_no_replica(
    owned: Deployment, work: Workload, factor: float
) -> None:
    assert owned.fleet is not None
    bigger = given("capacity", owned.fleet.capacity_per_s.mode * factor)
    scaled = replace(owned, fleet=replace(owned.fleet, capacity_per_s=bigger))
    volume = work.requests_per_month.mode
    before = costs(owned, work, volume, 1, at_mode)
    after = costs(scaled, work, volume * factor, 1, at_mode)
    assert after.replicas == before.replicas
    assert after.total == pytest.approx(float(before.total))


@settings(max_examples=40)
@for_all(own_sides(), api_sides(), workloads())
def test_a_part_of_every_month_is_what_its_name_says(
    owned: Deployment, api: Deployment, work: Workload
) -> None:
    month = future(owned, work, at_mode).months
    assert (month.api == 0).all()
    assert owned.fleet is not None
    is_owned = isinstance(owned.fleet.machine, Purchase)
    assert (month.energy > 0).all() == is_owned
    bill = future(api, work, at_mode).months
    assert (bill.machines + bill.energy + bill.upkeep + bill.replicas == 0).all()


def test_interest_counts_later_months_less() -> None:
    rate = given("rate", 0.21)
    found = future(bought(0.001), workload(discount_rate=rate), at_mode).cumulated.ravel()
    assert found[12] - found[11] == pytest.approx(1000 / 1.21)


# --- one input at a time ------------------------------------------------------------------------------------------


def varied(deployment: Deployment, **triples: tuple[float, float, float]) -> Deployment:
    assert deployment.api is not None
    return replace(
        deployment,
        api=replace(deployment.api, cost_per_request=given("price", *triples["price"])),
    )


def test_a_tornado_moves_one_input_and_holds_the_others() -> None:
    api = varied(bought(), price=(0.0005, 0.001, 0.003))
    work = workload((5e5, 1e6, 2e6))
    found = {s.given.key: s for s in swings(own(), api, work)}
    assert set(found) == {"price", "load.requests_per_month"}
    assert found["price"].at_low == pytest.approx(12 * (500 - 1460))
    assert found["price"].at_high == pytest.approx(12 * (3000 - 1460))
    assert found["load.requests_per_month"].at_high == pytest.approx(12 * (2000 - 1460))
    assert [s.span for s in swings(own(), api, work)] == sorted(
        (s.span for s in found.values()), reverse=True
    )
    assert saving(own(), api, work, at_mode) == pytest.approx(12 * (1000 - 1460))


def test_every_input_of_a_deployment_is_listed_once() -> None:
    keys = [i.key for i in inputs_of(own(fleet(purchase())))]
    assert len(keys) == len(set(keys))
    assert {"server", "life", "price_per_kwh", "capacity", "fte.own", "adoption.own"} <= set(keys)
    assert all(isinstance(i, Input) for i in inputs_of(workload()))
