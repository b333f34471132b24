"""Whole verdicts: build, buy, blend or not decidable, and what is said about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evalkit.decision.facts import Decision, Outcome, Verdict
from evalkit.decision.verdict import decide
from evalkit.store.run_dir import Run
from tests.scenarios import (
    by_contract,
    case,
    option,
    quality_run,
    rented,
    right,
    scenario,
    verdict,
)

CHEAP, DEAR = 0.5, 8
"""Of an API: 375 and 6000 a month, where one's own machine is 1460."""


def asked(own: float, api: float, n: int = 400, **changes: Any) -> Run:
    """Both models asked the same docs; each is right on its share of them, independently."""
    rng = np.random.default_rng(7)
    scores = {"open": right(n, own), "gpt": right(n, api)}
    return quality_run({m: list(rng.permutation(each)) for m, each in scores.items()}, **changes)


def said(
    price: float = DEAR, *runs: Run, own: Any = None, api: Any = None, **changes: Any
) -> Verdict:
    options = (rented(**(own or {})), by_contract(price=price, **(api or {})))
    return verdict(scenario(*options, **changes), *runs)


def outcome(found: Verdict, name: str, rule: str) -> Outcome:
    return next(c.outcome for c in found.checks if (c.option, c.rule) == (name, rule))


# --- the cheaper one ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "decision", "name"), [(DEAR, Decision.BUILD, "own"), (CHEAP, Decision.BUY, "api")]
)
def test_without_rules_the_cheaper_one_is_chosen(
    price: float, decision: Decision, name: str
) -> None:
    found = said(price)
    assert (found.decision, found.option, found.leaning) == (decision, name, None)
    assert found.confidence == 1.0
    assert found.sentence.startswith(decision.value.capitalize())
    assert not found.is_incomplete


def test_how_much_is_saved_is_said() -> None:
    assert "about USD 54,000 less than api" in said(DEAR).sentence
    assert "about USD 13,000 less than own" in said(CHEAP).sentence


def test_it_says_when_self_hosting_does_not_pay_off() -> None:
    text = " ".join(said(CHEAP).reasons)
    assert "own does not pay off against api: it is cheaper after 12 months in 0 %" in text
    assert (
        "today it is cheaper per month first at about 3,900,000 requests a month; over 12 months first at about"
        " 3,900,000 requests a month; your load: 1,000,000 requests a month"
    ) in text
    assert "own pays off against api" in " ".join(said(DEAR).reasons)


def test_it_says_when_no_load_makes_own_machines_cheaper() -> None:
    """A full replica serves 5.256 M requests for 1460; the API takes 197 for as many."""
    text = " ".join(said(0.05).reasons)
    assert "today it is cheaper per month at no load, in 100 % of futures" in text
    assert "over 12 months at no load, in 100 % of futures" in text


def test_it_says_when_the_api_is_the_better_model() -> None:
    better = " ".join(said(DEAR, asked(0.6, 0.9), blends=None).reasons)
    assert "The API serves the better model: gpt scores 30.0 points" in better
    worse = " ".join(said(DEAR, asked(0.9, 0.6), blends=None).reasons)
    assert "The own model is the better one: open scores 30.0 points" in worse
    same = " ".join(said(DEAR, asked(0.8, 0.81, n=100), blends=None).reasons)
    assert "No difference in quality can be told" in same


# --- rules --------------------------------------------------------------------------------------------------------


def test_confidential_data_do_not_leave_the_network() -> None:
    found = said(CHEAP, policy={"data_class": "confidential"})
    assert (found.decision, found.option, found.confidence) == (Decision.BUILD, "own", None)
    assert outcome(found, "api", "data") is Outcome.FAIL
    assert "api is out: Confidential data would leave the network" in found.reasons[0]
    assert "only kind of option" in found.sentence
    inside = said(CHEAP, api={"outside": False}, policy={"data_class": "confidential"})
    assert inside.decision is Decision.BUY
    allowed = {
        "data_class": "confidential",
        "outside_may_see": ["public", "internal", "confidential"],
    }
    assert said(CHEAP, policy=allowed).decision is Decision.BUY


def test_rented_machines_are_outside_unless_said_otherwise() -> None:
    found = said(CHEAP, own={"outside": None}, policy={"data_class": "confidential"})
    assert found.decision is Decision.NOT_DECIDABLE
    assert found.sentence == "Not decidable: every option breaks a rule of the policy."


def test_a_model_that_is_not_good_enough_is_out() -> None:
    found = said(CHEAP, asked(0.9, 0.5), policy={"quality": {"at_least": 0.8}})
    assert (found.decision, found.option) == (Decision.BUILD, "own")
    assert outcome(found, "api", "quality") is Outcome.FAIL
    assert outcome(found, "own", "quality") is Outcome.PASS


def test_a_cheaper_model_of_unclear_quality_blocks() -> None:
    """82 % of 100 docs may be less than 80 %."""
    found = said(CHEAP, asked(0.99, 0.82, n=100), policy={"quality": {"at_least": 0.8}})
    assert (found.decision, found.option, found.leaning) == (Decision.NOT_DECIDABLE, None, "own")
    assert outcome(found, "api", "quality") is Outcome.UNCLEAR
    assert "api may be cheaper, and not enough is known about it" in found.sentence
    assert any("Ask gpt more documents: about" in text for text in found.next_measurements)


def test_a_dearer_model_of_unclear_quality_does_not() -> None:
    found = said(DEAR, asked(0.99, 0.82, n=100), policy={"quality": {"at_least": 0.8}})
    assert found.decision is Decision.BUILD


def test_a_vendor_that_was_not_measured_takes_part_with_its_price_only() -> None:
    rule = {"quality": {"at_least": 0.8}}
    run = quality_run({"open": right(400, 0.95)}, apis=())
    found = said(CHEAP, run, policy=rule)
    assert found.decision is Decision.NOT_DECIDABLE
    assert outcome(found, "api", "quality") is Outcome.UNCLEAR
    assert any("Measure the quality of gpt" in text for text in found.next_measurements)
    assert said(DEAR, run, policy=rule).decision is Decision.BUILD
    assert said(CHEAP, run).decision is Decision.BUY  # no quality is required


def test_single_tasks_can_be_required() -> None:
    run = asked(0.95, 0.7)
    found = said(CHEAP, run, policy={"quality": {"tasks": {"t": 0.85}}})
    assert outcome(found, "api", "quality of t") is Outcome.FAIL
    assert found.decision is Decision.BUILD


def test_an_unsure_price_is_not_decided() -> None:
    """1460 a month against 500 to 3000."""
    load = {
        "requests_per_month": 1e6,
        "input_tokens": [100, 500, 1500],
        "output_tokens": [100, 300, 900],
    }
    found = said(1.9, load=load)
    assert found.decision is Decision.NOT_DECIDABLE
    assert found.leaning is not None
    assert found.confidence is not None
    assert 0.4 < found.confidence < 0.8
    assert "the policy asks for 80" in found.sentence
    assert "tokens: knowing it exactly is worth at most USD" in found.next_measurements[0]
    lenient = said(1.9, load=load, policy={"confidence": 0.5})
    assert lenient.decision is not Decision.NOT_DECIDABLE


def test_batches_are_out_where_somebody_waits() -> None:
    batch = {"name": "batch", "kind": "api_batch", "model": "gpt-4.1-mini", "provider": "openai"}
    for interactive, name in ((True, "own"), (False, "batch")):
        config = scenario(rented(), batch, policy={"interactive": interactive})
        found = verdict(config)
        assert found.option == name
    assert found.decision is Decision.BUY


def test_a_service_level_must_be_kept() -> None:
    run = asked(0.9, 0.9, ttft_ms=3000)
    slow = said(CHEAP, run, service_level={"ttft_s": 1})
    assert outcome(slow, "api", "service level") is Outcome.FAIL
    assert slow.decision is Decision.BUILD
    fast = said(CHEAP, asked(0.9, 0.9), service_level={"ttft_s": 1})
    assert outcome(fast, "api", "service level") is Outcome.PASS
    assert fast.decision is Decision.BUY
    nobody = said(CHEAP, run, service_level={"ttft_s": 1}, policy={"interactive": False})
    assert nobody.decision is Decision.BUY


@pytest.mark.parametrize(
    ("policy", "rule", "expected"),
    [
        ({"max_cost_per_month": 1400}, "cost per month", Outcome.FAIL),
        ({"max_cost_per_month": 1500}, "cost per month", Outcome.PASS),
        ({"max_upfront_cost": 999}, "upfront cost", Outcome.FAIL),
        ({"max_upfront_cost": 1000}, "upfront cost", Outcome.PASS),
    ],
)
def test_budgets(policy: dict[str, float], rule: str, expected: Outcome) -> None:
    found = said(DEAR, own={"adoption_cost": 1000}, policy=policy)
    assert outcome(found, "own", rule) is expected


def test_a_cost_whose_range_holds_the_limit_is_unclear() -> None:
    found = said(DEAR, own={"gpu_hour_price": [1, 2, 3]}, policy={"max_cost_per_month": 1470})
    assert outcome(found, "own", "cost per month") is Outcome.UNCLEAR
    assert any("Narrow the cost of own" in text for text in found.next_measurements)


def test_what_can_not_be_costed_is_asked_for() -> None:
    run = asked(0.9, 0.9)
    found = verdict(scenario(rented(capacity=None), by_contract(price=DEAR)), run)
    assert found.decision is Decision.NOT_DECIDABLE
    assert found.leaning == "api"
    assert any("no bench of open" in text for text in found.next_measurements)
    assert outcome(found, "own", "cost known") is Outcome.UNCLEAR


# --- blends -------------------------------------------------------------------------------------------------------


def mixed(
    at_least: float | None, price: float = DEAR, n: int = 400, **changes: Any
) -> tuple[Any, Verdict]:
    """A local model that knows where it is wrong, and a vendor's that is better and dear."""
    rng = np.random.default_rng(0)
    local = (rng.random(n) < 0.7).astype(float)
    vendor = (rng.random(n) < 0.92).astype(float)
    margins = 0.9 * local * (0.5 + 0.5 * rng.random(n)) + 0.1 * rng.random(n)
    run = quality_run({"open": list(local), "gpt": list(vendor)}, margins=list(margins))
    rule = {} if at_least is None else {"at_least": at_least}
    values = {"policy": {"quality": rule}, "load": {"requests_per_month": 3e6}, "blends": None}
    config = scenario(rented(), by_contract(price=price), **{**values, **changes})
    found = case(config, run)
    return found, decide(found, config)


@pytest.mark.parametrize("at_least", [0.75, 0.8, 0.84, 0.88])
def test_a_blend_is_chosen_that_is_sure_to_reach_the_quality(at_least: float) -> None:
    """The local model alone does not, and the vendor's alone is dearer."""
    facts, found = mixed(at_least)
    assert found.decision is Decision.BLEND
    blend = option(facts, found.option or "")
    assert blend.quality.low is not None
    assert blend.quality.low >= at_least
    assert blend.total.value is not None
    assert blend.total.value < (option(facts, "api").total.value or 0)
    assert outcome(found, "own", "quality") is Outcome.FAIL


def test_a_blend_pays_both_sides() -> None:
    facts, _ = mixed(0.84)
    blend, own, api = (option(facts, name) for name in ("own + api", "own", "api"))
    assert blend.escalated is not None
    assert blend.first_month is not None
    assert own.first_month is not None
    assert api.first_month is not None
    assert blend.first_month.machines == own.first_month.machines  # a cascade asks it every time
    share = blend.first_month.api / api.first_month.api
    assert share == pytest.approx(blend.escalated.value, rel=0.05)
    assert blend.leaves_network is True


def test_no_blend_is_taken_where_the_vendor_is_cheap() -> None:
    _, found = mixed(0.84, price=0.1)
    assert (found.decision, found.option) == (Decision.BUY, "api")


def test_no_cascade_is_taken_where_somebody_waits_for_a_service_level() -> None:
    """Nobody has measured how late the second answer is; requests may still be split."""
    facts, found = mixed(0.75, service_level={"ttft_s": 1})
    blend = option(facts, "own + api")
    assert blend.policy is None or not blend.policy.is_cascade
    cascade, _ = mixed(0.75)
    assert option(cascade, "own + api").policy is not None
    assert option(cascade, "own + api").policy.is_cascade
    assert found.option != "own"


def test_a_blend_keeps_the_budget() -> None:
    """Own machines take 1460 a month of it, the API what is left."""
    limit = {"max_cost_per_month": 4000}
    facts, _ = mixed(None, **{"policy": limit})
    blend = option(facts, "own + api")
    assert blend.per_month.value is not None
    assert 1460 < blend.per_month.value <= 4000 * 1.001
    nothing, _ = mixed(None, **{"policy": {"max_cost_per_month": 1461}})
    assert option(nothing, "own + api").total.value is None
    assert option(nothing, "own + api").out_of_reach


def test_a_quality_that_nothing_reaches() -> None:
    facts, found = mixed(0.99)
    assert found.decision is Decision.NOT_DECIDABLE
    assert "no blend reaches a quality of 99" in option(facts, "own + api").out_of_reach
    assert {c.outcome for c in found.checks if c.rule == "quality"} == {Outcome.FAIL}


# --- what carries it ----------------------------------------------------------------------------------------------


def test_without_staff_and_adoption_the_verdict_is_incomplete() -> None:
    bare = {"staff": None, "adoption_cost": None}
    found = said(DEAR, api=None, self_hosted=bare)
    assert found.is_incomplete
    assert [text.partition(":")[0] for text in found.incomplete] == [
        "staff of own",
        "adoption cost of own",
    ]
    assert found.decision is Decision.NOT_DECIDABLE
    assert found.leaning == "own"


def test_assumptions_that_carry_it_are_named_with_their_source() -> None:
    rent = {"value": [1, 2, 6], "unit": "USD/GPU-hour", "source": "offer 12"}
    found = said(DEAR, own={"gpu_hour_price": rent})
    assert found.against == "api"
    assert (
        "Assumed: rent of own: 2 (1 to 6) USD/GPU-hour, your input (offer 12)"
        in found.assumptions[0]
    )
    assert (
        "own: its capacity of 5 requests/s is your input, not measured here." in found.assumptions
    )
    assert found.swings[0].given.key == "rent.own"


def test_inputs_without_a_range_are_told_apart() -> None:
    found = said(DEAR, own={"gpu_hour_price": [1, 2, 6]})
    keys = {i.key for i in found.fixed}
    assert {"load.requests_per_month", "capacity.own", "price.gpt.api_contract.api"} <= keys
    assert "rent.own" not in keys


def test_the_same_scenario_gives_the_same_verdict() -> None:
    uncertain = {"gpu_hour_price": [1, 2, 6]}
    assert said(3, own=uncertain) == said(3, own=uncertain)


@pytest.mark.parametrize("rate", [0.01, 90.0])
def test_the_currency_changes_no_verdict(rate: float) -> None:
    """Results in another currency, the same amounts of dollars put in."""
    unsure = {"gpu_hour_price": {"value": [1, 2, 6], "unit": "USD/GPU-hour"}}
    rates = {"USD": {"value": rate, "date": "2026-11-01", "source": "s"}}
    one, other = said(2.5, own=unsure), said(2.5, own=unsure, currency="JPY", rates=rates)
    assert (one.decision, one.option, one.confidence) == (
        other.decision,
        other.option,
        other.confidence,
    )
    assert [c.becomes for c in one.changes] == [c.becomes for c in other.changes]


def test_a_blend_with_batches_is_out_where_somebody_waits() -> None:
    run = quality_run({"open": right(400, 0.7), "gpt": right(400, 0.95)})
    batch = {"name": "batch", "kind": "api_batch", "model": "gpt"}
    together = [{"local": "own", "vendor": "batch"}]
    found = verdict(scenario(rented(), batch, blends=together), run)
    assert outcome(found, "own + batch", "interactive") is Outcome.FAIL


def test_docs_that_would_tell_are_counted_for_the_task_that_is_unclear() -> None:
    """The mean score has no rule here; 82 % of 100 docs may be less than 80 %."""
    run = asked(0.99, 0.82, n=100)
    found = said(CHEAP, run, policy={"quality": {"at_least": 0.3, "tasks": {"t": 0.8}}})
    assert outcome(found, "api", "quality") is Outcome.PASS
    (text,) = [t for t in found.next_measurements if "more documents" in t]
    n = int(text.partition("about ")[2].partition(" ")[0].replace(",", ""))
    assert n > 1000


def test_a_blend_has_no_score_for_a_single_task_and_says_what_to_do() -> None:
    _, found = mixed(None, policy={"quality": {"tasks": {"t": 0.75}}})
    assert outcome(found, "own + api", "quality of t") is Outcome.UNCLEAR
    assert any("Require a mean score instead" in text for text in found.next_measurements)


def test_a_model_is_not_compared_with_itself() -> None:
    """Bought and rented machines may run the same one."""
    options = (rented("own"), rented("cloud", kind="rented_on_demand"), by_contract(price=DEAR))
    reasons = " ".join(verdict(scenario(*options, blends=[]), asked(0.8, 0.81)).reasons)
    assert "between open and gpt" in reasons
    assert "between open and open" not in reasons
