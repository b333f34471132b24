"""Whole scenarios: currency, draws, what is missing, and that nothing is 0 which nobody measured."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import Figure
from evalkit.errors import UsageError
from tests.builders import bench_run
from tests.scenarios import (
    by_contract,
    case,
    contract,
    option,
    pair,
    quality_run,
    rented,
    right,
    scenario,
    vendor_run,
)

MONTH = 12
UNSURE: dict[str, Any] = {
    "load": {"requests_per_month": [5e5, 1e6, 3e6], "growth_per_year": [0, 0.1, 0.5], "peak_to_mean": [2, 3, 5]},
    "discount_rate": [0, 0.05, 0.1],
}  # fmt: skip
OWNED: dict[str, Any] = {
    "name": "own", "kind": "owned", "model": "open", "capacity": {"requests_per_s": 5}, "hardware": "h100-sxm",
}  # fmt: skip


def unknown(thing: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every figure and estimate without a value."""
    if isinstance(thing, Figure | Estimate) and thing.value is None:
        yield where, thing
    elif isinstance(thing, tuple):
        for i, part in enumerate(thing):
            yield from unknown(part, f"{where}.{i}")
    elif is_dataclass(thing):
        for f in fields(thing):
            yield from unknown(getattr(thing, f.name), f"{where}.{f.name}")


# --- numbers ------------------------------------------------------------------------------------------------------


def test_a_scenario_by_hand() -> None:
    """One GPU at $1460 a month; a million requests at $0.00075, $750."""
    found = case(scenario())
    mine, theirs = option(found, "own"), option(found, "api")
    assert mine.total.value == pytest.approx(MONTH * 1460)
    assert theirs.total.value == pytest.approx(MONTH * 750)
    assert (mine.replicas, mine.servers) == (1, 1)
    assert mine.unit is not None
    assert mine.unit.per_request.value == pytest.approx(0.00146)
    assert mine.unit.blended_per_mtok.value == pytest.approx(0.00146 / 750 * 1e6)
    assert mine.unit.full_load_per_mtok.value == pytest.approx(2 / (5 * 750 * 3600) * 1e6)
    assert mine.unit.utilisation.value == pytest.approx(1e6 / (730 * 3600) / 5)
    one = pair(found)
    assert one.break_even_per_month.value == pytest.approx(1460 / 0.00075)
    assert one.break_even_per_s.value == pytest.approx(1460 / 0.00075 / (730 * 3600))
    assert one.saving.value == pytest.approx(MONTH * (750 - 1460))


def test_naive_and_effective_cost_differ_by_the_utilisation() -> None:
    unit = option(case(scenario()), "own").unit
    assert unit is not None
    assert unit.full_load_per_mtok.value is not None
    assert unit.utilisation.value is not None
    effective = unit.full_load_per_mtok.value / unit.utilisation.value
    assert unit.blended_per_mtok.value == pytest.approx(effective)


def test_points_have_no_width() -> None:
    found = case(scenario())
    for o in found.facts.options:
        assert o.total.low == o.total.value == o.total.high
        assert o.cumulated == o.cumulated_low == o.cumulated_high
        assert len(o.cumulated) == MONTH + 1
    assert pair(found).saving.low == pair(found).saving.high


def test_a_certain_option_can_stand_beside_an_uncertain_one() -> None:
    found = case(scenario(rented(rent=[1, 2, 4]), by_contract(), by_contract("api-b", 2)))
    assert pair(found).saving.low != pair(found).saving.high
    assert len(pair(found).cheaper_by_month) == MONTH + 1


def test_payback_by_hand() -> None:
    """10,000 once, and then 1460 against 3000 a month: 6.49 months."""
    side = {"adoption_cost": 10_000}
    one = pair(case(scenario(rented(), by_contract(price=4), self_hosted=side)))
    assert one.payback_months.value == 7
    assert one.payback_share == 1
    assert one.cheaper_by_month == (0.0,) * 7 + (1.0,) * 6


def test_without_a_difference_at_the_start_nothing_has_paid_back() -> None:
    """Own machines cost more every month: they don't pay back in month 0, where both have cost nothing."""
    one = pair(case(scenario()))
    assert one.payback_months.value is None
    assert one.payback_months.reason == "no payback within 12 months"
    assert one.payback_share == 0
    assert one.cheaper_by_month == (0.5,) + (0.0,) * 12


# --- units --------------------------------------------------------------------------------------------------------


def priced_in(currency: str, rate: float) -> Any:
    """The same costs written in another currency, which is worth `rate`."""
    unit = {"unit": currency}
    money = {"value": [5000, 9000, 20_000], **unit}
    staff = {"fte": [0.1, 0.2, 0.4], "cost_per_year": {"value": 80_000, "unit": f"{currency}/year"}}
    return scenario(
        rented(rent={"value": [1, 2, 3], "unit": f"{currency}/GPU-hour"}),
        {
            **OWNED,
            "name": "bought",
            "hardware": None,
            "server_price": {"value": [20_000, 30_000, 50_000], "unit": f"{currency}/server"},
            "load_power": 700,
        },
        {**by_contract(), "price": contract(3, currency=currency)},
        **UNSURE,
        self_hosted={
            "staff": staff,
            "adoption_cost": money,
            "electricity_price": {"value": 0.2, "unit": f"{currency}/kWh"},
            "hosting_per_server_year": {"value": 3000, "unit": f"{currency}/server-year"},
            "licence_per_gpu_year": {"value": [0, 0, 4500], "unit": f"{currency}/GPU-year"},
        },
        rates={currency: {"value": rate, "date": "2026-11-01", "source": "s"}},
    )


@pytest.mark.parametrize("rate", [0.001, 3.7])
def test_all_money_times_a_number_changes_amounts_and_nothing_else(rate: float) -> None:
    one, other = (case(priced_in("CHF", x)) for x in (1.0, rate))
    for a, b in zip(one.facts.options, other.facts.options, strict=True):
        for name in ("total", "per_month", "upfront"):
            assert getattr(b, name).value == pytest.approx(getattr(a, name).value * rate)
        assert b.months == pytest.approx([x * rate for x in a.months])
        assert a.unit is not None
        assert b.unit is not None
        assert b.unit.per_request.value == pytest.approx((a.unit.per_request.value or 0) * rate)
        assert b.unit.utilisation == a.unit.utilisation
    for p, q in zip(one.facts.pairs, other.facts.pairs, strict=True):
        assert q.break_even_per_s.value == pytest.approx(p.break_even_per_s.value)
        assert q.payback_months == p.payback_months
        assert q.cheaper_by_month == p.cheaper_by_month


# --- draws --------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_facts() -> None:
    config = scenario(rented(rent=[1, 2, 4]), by_contract(), **UNSURE)
    assert case(config).facts == case(config).facts
    other = config.model_copy(update={"seed": 1})
    assert case(other).facts.options != case(config).facts.options


def test_another_option_changes_no_number_of_the_first_ones() -> None:
    parts = rented(rent=[1, 2, 4]), by_contract()
    few = case(scenario(*parts, **UNSURE))
    many = case(
        scenario(rented("third", rent=[1, 5, 9]), *parts, by_contract("fourth", 9), **UNSURE)
    )
    for name in ("own", "api"):
        assert option(few, name) == option(many, name)
    assert pair(few) == pair(many)


def test_an_option_may_be_called_like_a_side() -> None:
    """Its own staff is not that of the side."""
    theirs = {"staff": {"fte": 3, "cost_per_year": 120_000}, "adoption_cost": 7000}
    found = case(scenario(rented(), by_contract("api", **theirs), by_contract("plain")))
    named, plain = option(found, "api"), option(found, "plain")
    assert named.first_month is not None
    assert plain.first_month is not None
    assert (named.first_month.staff, plain.first_month.staff) == (30_000, 0)
    assert named.upfront.value == 7000
    keys = [a.given.key for a in found.facts.assumptions]
    assert len(keys) == len(set(keys))
    assert {a.given.label for a in found.facts.assumptions if a.given.mode == 3} == {"staff, api"}


def test_ten_thousand_draws() -> None:
    config = scenario(rented(rent=[1, 2, 4]), OWNED | {"name": "bought"}, by_contract(), by_contract("b", 3),
                      **UNSURE, draws=10_000, horizon_months=36, self_hosted={"electricity_price": 0.2})  # fmt: skip
    found = case(config)
    assert found.facts.draws == 10_000
    assert all(o.total.low is not None and o.total.high is not None for o in found.facts.options)
    assert found.futures["own"].total.shape == (10_000,)


# --- what nobody knows --------------------------------------------------------------------------------------------


def test_costs_that_nobody_gave_are_named_and_not_taken_as_nothing() -> None:
    bare = {"staff": None, "adoption_cost": None}
    found = case(scenario(self_hosted=bare, api=bare))
    assert option(found, "own").incomplete == (
        "staff of own: give `self_hosted: staff:`",
        "adoption cost of own: give `self_hosted: adoption_cost:`",
    )
    assert option(found, "api").incomplete == (
        "staff of api: give `api: staff:`",
        "adoption cost of api: give `api: adoption_cost:`",
    )
    staff = {"staff": {"fte": 1, "cost_per_year": 12_000}}
    only = case(scenario(rented(**staff), rented("other"), by_contract(), self_hosted=bare))
    assert [x[:5] for x in option(only, "own").incomplete] == ["adopt"]
    assert [x[:5] for x in option(only, "other").incomplete] == ["staff", "adopt"]


def test_without_a_bench_there_is_no_cost() -> None:
    run = quality_run({"open": right(20, 0.8), "gpt": right(20, 0.9)})
    found = case(scenario(rented(capacity=None), by_contract()), run)
    mine = option(found, "own")
    assert mine.missing == ("capacity not measured: no bench of open with a service level",)
    assert mine.total.value is None
    assert mine.total.reason
    assert mine.unit is None
    assert mine.replicas is None
    assert mine.months == ()
    assert found.facts.pairs == ()
    assert "own" not in found.futures


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hardware": None}, "server price of own: no `hardware` is named; give `server_price`"),
        ({"hardware": "b300"}, "server price of own: the catalogue has none for b300"),
        ({"hardware": "rtx-5090"}, "server price of own: the catalogue has none for rtx-5090"),
        ({}, "electricity of own: give self_hosted.electricity_country or electricity_price"),
    ],
)
def test_prices_that_nobody_published_are_missing(changes: dict[str, Any], said: str) -> None:
    found = option(case(scenario(OWNED | changes, by_contract())), "own")
    assert any(said in text for text in found.missing)
    assert found.total.value is None


def test_a_model_that_no_run_asked_has_no_quality() -> None:
    found = option(case(scenario()), "api")
    assert found.quality.value is None
    assert "no run asked gpt" in found.quality.reason
    assert found.unit is not None
    assert found.unit.per_correct_answer.value is None
    assert found.unit.per_correct_answer.reason == found.quality.reason


def test_energy_that_is_part_of_a_price_is_not_known() -> None:
    for name in ("own", "api"):
        unit = option(case(scenario()), name).unit
        assert unit is not None
        assert unit.energy_kwh_per_mtok.value is None
        assert "part of the" in unit.energy_kwh_per_mtok.reason


def test_a_model_that_is_never_right_has_no_cost_per_correct_answer() -> None:
    run = quality_run({"open": right(20, 0), "gpt": right(20, 0.5)})
    found = case(scenario(), run)
    wrong, half = option(found, "own").unit, option(found, "api").unit
    assert wrong is not None
    assert half is not None
    assert (wrong.per_correct_answer.value, wrong.per_correct_answer.reason) == (None, "none was")
    assert half.per_correct_answer.value == pytest.approx(0.00075 * 2, rel=0.15)


def test_every_number_that_is_not_known_says_why() -> None:
    runs = (vendor_run(), bench_run(), quality_run({"open": right(20, 0.8)}, apis=()))
    config = scenario(
        rented(rent=[1, 2, 4]),
        rented("alpha", model="alpha", capacity=None),
        OWNED | {"name": "bought"},
        {"name": "gpt", "kind": "api_list", "model": "gpt"},
        {"name": "mystery", "kind": "api_list", "model": "mystery"},
        {"name": "listed", "kind": "api_list", "model": "gpt-4.1-mini"},
        by_contract(),
        load={"input_tokens": None, "output_tokens": None},
        blends=None,
        **{k: v for k, v in UNSURE.items() if k != "load"},
    )
    found = case(config, *runs)
    silent = [where for where, thing in unknown(found.facts) if not thing.reason]
    assert silent == []
    for o in found.facts.options:
        assert bool(o.missing) == (o.total.value is None)
        assert o.total.value is None or (o.total.value > 0 and math.isfinite(o.total.value))


# --- mistakes -----------------------------------------------------------------------------------------------------


def test_a_misspelt_model_is_told_with_the_nearest() -> None:
    run = quality_run({"open": right(8, 0.5)}, apis=())
    with pytest.raises(UsageError, match="no run has a model 'opne'") as error:
        case(scenario(rented(model="opne", capacity=None)), run)
    assert "'open'" in error.value.hint


def test_a_misspelt_task_is_told_with_the_nearest() -> None:
    run = quality_run({"open": right(8, 0.5)}, apis=())
    with pytest.raises(UsageError, match="policy: quality: tasks: no run asked 'tt'"):
        case(scenario(policy={"quality": {"tasks": {"tt": 0.5}}}), run)


def test_data_are_as_sensitive_as_the_most_sensitive_suite() -> None:
    public = quality_run({"open": right(8, 0.5)}, apis=(), data_class="public")
    secret = quality_run({"open": right(8, 0.5)}, apis=(), data_class="confidential")
    assert case(scenario(), public).facts.data_class == "public"
    assert case(scenario(), public, secret).facts.data_class == "confidential"
    assert case(scenario()).facts.data_class == "internal"
    config = scenario(policy={"data_class": "public"})
    assert case(config, secret).facts.data_class == "public"


def test_warnings_tell_what_is_less_than_fair() -> None:
    config = scenario(rates={"EUR": {"value": 1.1, "date": "2026-01-01", "source": "s"}})
    text = " ".join(case(config).facts.warnings)
    assert (
        "own, capacity: your number, not a measurement, taken to hold for requests of 500 + 250 tokens."
        in text
    )
    assert "The rate of EUR is of 2026-01-01: older than 180 days." in text
    assert "No service level is set" in text


def test_a_card_is_not_taken_for_a_server() -> None:
    def warned(**changes: Any) -> list[str]:
        found = case(scenario(OWNED | changes, by_contract())).facts.warnings
        return [text for text in found if "alone" in text]

    assert warned(hardware="RTX-5090") == [
        "own: the catalogue has the price of the rtx-5090 alone, 3,299 USD/GPU, and of no server with it:"
        " give `server_price`."
    ]
    assert warned(hardware="rtx-5090", server_price=9000) == []
    assert warned(hardware="h100-sxm") == []
    assert warned(hardware="b300") == []


def test_an_unfinished_run_and_one_hidden_by_another_are_told() -> None:
    one = quality_run({"open": right(20, 0.5), "gpt": right(20, 0.9)})
    two = quality_run({"open": right(20, 0.9), "gpt": right(20, 0.9)})
    first = replace(
        one, manifest=one.manifest.model_copy(update={"run_id": "monday", "state": "partial"})
    )
    found = case(scenario(), first, two).facts
    assert "Run monday is not complete: only its finished cells count." in found.warnings
    assert any("monday and q measured the same models" in text for text in found.warnings)
    assert found.options[0].quality.value == pytest.approx(0.9)
