"""What a request to an API costs: as measured, by contract, in batches, or by the list; unknown is never 0."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalkit.analysis.tco.api import ApiCost, api_cost, request_price, slo_share, tariff
from evalkit.analysis.tco.evidence import task_requests
from evalkit.analysis.tco.values import Provenance
from evalkit.config.bench import SloSpec
from evalkit.errors import ConfigError, UsageError
from evalkit.store.run_dir import Run
from tests.builders import USAGE, api_attempt, api_error, api_request, manifest
from tests.scenarios import book, contract, quality_run, right, scenario, vendor_run, with_models

NO_TOKENS = {"input_tokens": None, "output_tokens": None}
RATES = {"EUR": {"value": 1.25, "date": "2026-11-01", "source": "ECB"}}


def cost(option: dict[str, Any], *runs: Run, **changes: Any) -> ApiCost:
    load = {**NO_TOKENS, **changes.pop("load", {})}
    config = scenario({"name": "api", "model": "gpt", **option}, load=load, **changes)
    return api_cost(config.options[0], runs, book(config))


def one_task(*requests: Any) -> Run:
    """`gpt` on one task."""
    run = with_models(vendor_run(), gpt={})
    cells = tuple(c for c in run.manifest.cells if c.cell_id == "gpt/s/0")
    return replace(
        run,
        manifest=run.manifest.model_copy(update={"cells": cells}),
        requests=list(requests),
        samples=[],
        results=[],
    )


LIST = {"kind": "api_list"}


# --- as measured --------------------------------------------------------------------------------------------------


def test_retries_and_failures_are_part_of_the_price() -> None:
    """Two answers, one after a paid malformed one; one request that was paid and never answered."""
    paid = api_error(0, "malformed", 0.0004, usage=USAGE)
    run = one_task(
        api_request("gpt", 0, api_attempt(cost_usd=0.001)),
        api_request("gpt", 1, paid, api_attempt(cost_usd=0.001)),
        api_request("gpt", 2, paid, api_error(0, "timeout", 0.0)),
    )
    found = cost(LIST, run)
    assert found.per_request is not None
    assert found.per_request.mode == pytest.approx((0.001 + 0.0014 + 0.0004) / 2)
    assert found.per_request.low < found.per_request.mode < found.per_request.high
    assert found.per_request.provenance is Provenance.LIST_PRICE
    assert found.warnings == ()


def test_warm_up_is_not_in_the_price() -> None:
    warm = api_request("gpt", 9, api_attempt(cost_usd=1.0), is_measured=False)
    run = one_task(warm, *(api_request("gpt", i, api_attempt(cost_usd=0.001)) for i in range(3)))
    found = cost(LIST, run).per_request
    assert found is not None
    assert found.mode == pytest.approx(0.001)


def test_tasks_count_the_same_unless_weighted() -> None:
    run = vendor_run()
    plain = cost(LIST, run).per_request
    weighted = cost(LIST, run, load={"task_weights": {"t": 1, "v": 0}}).per_request
    only = cost(LIST, run, load={"task_weights": {"v": 2}}).per_request
    assert plain is not None
    assert weighted is not None
    assert only is not None
    assert only.mode == pytest.approx(0.0001)
    assert weighted.mode == pytest.approx((37 * 0.0001 + 0.00005) / 37)
    assert plain.mode == pytest.approx((weighted.mode + only.mode) / 2)


def test_attempts_of_unknown_cost_are_counted_and_told() -> None:
    """The two attempts of request 37 timed out: nobody knows what they cost."""
    found = cost(LIST, vendor_run())
    assert found.per_request is not None
    assert found.warnings == ("api: 2 attempts of unknown cost are not in its price.",)


def test_an_unknown_price_is_missing_and_not_0() -> None:
    found = cost({**LIST, "model": "mystery"}, vendor_run())
    assert found.per_request is None
    assert "the token counts of t, v are missing or can't be used" in found.reason
    assert "price:" not in found.reason


def test_a_price_is_asked_for_where_it_is_the_price_that_is_missing() -> None:
    attempts = [api_attempt(usage=USAGE, cost_usd=None) for _ in range(3)]
    run = one_task(*(api_request("gpt", i, a) for i, a in enumerate(attempts)))
    found = cost({**LIST, "model": "gpt"}, run)
    assert "has a known price" in found.reason
    searched = replace(USAGE, has_other_charges=True)
    run = one_task(api_request("gpt", 0, api_attempt(usage=searched, cost_usd=None)))
    assert "more than text was billed" in cost(LIST, run).reason


def test_a_task_without_weight_needs_no_price() -> None:
    run = vendor_run()
    unpriced = [
        r
        if r.cell_id != "gpt/u/0"
        else replace(r, attempts=(api_attempt(usage=None, cost_usd=None),))
        for r in run.requests
    ]
    run = replace(run, requests=unpriced)
    assert cost(LIST, run).per_request is None
    assert cost(LIST, run, load={"task_weights": {"t": 1}}).per_request is not None


def test_a_model_that_answered_nothing_has_no_price() -> None:
    run = one_task(api_request("gpt", 0, api_error(0, "server_error")))
    assert cost(LIST, run).per_request is None
    assert cost(LIST, run).reason == "gpt answered no request"


def test_a_request_whose_answer_has_no_price_is_left_out_of_the_mean() -> None:
    silent = api_attempt(usage=None, cost_usd=None)
    run = one_task(
        api_request("gpt", 0, api_attempt(cost_usd=0.001)),
        api_request("gpt", 1, api_attempt(cost_usd=0.003)),
        api_request("gpt", 2, silent),
    )
    found = cost(LIST, run)
    assert found.per_request is not None
    assert found.per_request.mode == pytest.approx(0.002)
    assert "1 attempt of unknown cost" in found.warnings[0]


# --- other prices for the same requests ---------------------------------------------------------------------------


def test_a_contract_prices_the_usage_anew_in_its_currency() -> None:
    """100 input tokens at €8/M and 7 output tokens at €40/M are €0.00108, $0.00135."""
    run = one_task(*(api_request("gpt", i, api_attempt(cost_usd=9.0)) for i in range(3)))
    option = {"kind": "api_contract", "price": contract(8, 40, "EUR")}
    found = cost(option, run, rates=RATES)
    assert found.per_request is not None
    assert found.per_request.mode == pytest.approx(0.00108 * 1.25)
    assert found.per_request.provenance is Provenance.CONTRACT
    assert found.per_request.unit == "USD/request"
    assert (found.input_per_mtok, found.output_per_mtok) == (pytest.approx(10), pytest.approx(50))
    assert "contract 17" in found.per_request.source


def test_a_contract_knows_the_price_of_cached_tokens() -> None:
    run = one_task(api_request("gpt", 0, api_attempt()), api_request("gpt", 1, api_attempt()))
    price = {**contract(8, 40), "cached_input": 2}
    found = cost({"kind": "api_contract", "price": price}, run).per_request
    assert found is not None
    assert found.mode == pytest.approx((80 * 8 + 20 * 2 + 7 * 40) / 1e6)


def test_a_contract_in_a_currency_without_a_rate_is_refused() -> None:
    with pytest.raises(ConfigError, match="no rate for EUR"):
        cost({"kind": "api_contract", "price": contract(8, 40, "EUR")}, vendor_run())


def test_a_contract_does_not_guess_usage() -> None:
    """Costs nothing: errors that were billed nothing. Unknown: what nobody counted."""
    option = {"kind": "api_contract", "price": contract(8, 40)}
    assert cost({**option, "model": "mystery"}, vendor_run()).per_request is None
    assert cost(option, vendor_run()).warnings == (
        "api: 2 attempts of unknown cost are not in its price.",
    )


def test_batches_are_cheaper_by_their_discount() -> None:
    whole = cost(LIST, vendor_run()).per_request
    half = cost({"kind": "api_batch"}, vendor_run()).per_request
    mine = cost({"kind": "api_batch", "batch_discount": 0.2}, vendor_run()).per_request
    assert whole is not None
    assert half is not None
    assert mine is not None
    assert half.mode == pytest.approx(whole.mode * 0.5)
    assert mine.mode == pytest.approx(whole.mode * 0.8)


def test_options_of_one_model_with_other_prices_are_other_quantities() -> None:
    """Inputs with one key share their draws, so what differs must not have the same."""
    batch = {"kind": "api_batch", "model": "gpt"}
    config = scenario(
        {"name": "a", **batch, "batch_discount": 0.2},
        {"name": "b", **batch, "batch_discount": 0.7},
        {"name": "c", **batch},
        {"name": "d", "kind": "api_list", "model": "gpt"},
        {"name": "e", "kind": "api_list", "model": "gpt"},
        load=NO_TOKENS,
    )
    found = [api_cost(o, [vendor_run()], book(config)).per_request for o in config.options]
    keys = [i.key for i in found if i is not None]
    assert len(set(keys[:4])) == 4
    assert keys[3] == keys[4]


def test_prices_are_in_the_scenarios_currency() -> None:
    dollars = cost(LIST, vendor_run()).per_request
    rates = {"USD": {"value": 0.8, "date": "2026-11-01", "source": "ECB"}}
    euros = cost(LIST, vendor_run(), currency="EUR", rates=rates).per_request
    assert dollars is not None
    assert euros is not None
    assert euros.mode == pytest.approx(dollars.mode * 0.8)
    assert euros.unit == "EUR/request"
    with pytest.raises(ConfigError, match="no rate for USD"):
        cost(LIST, vendor_run(), currency="EUR")


# --- without measured requests ------------------------------------------------------------------------------------

TOKENS = {"input_tokens": [100, 1000, 3000], "output_tokens": [10, 100, 300]}


def test_prices_alone_take_part_with_the_scenarios_tokens() -> None:
    """gpt-4.1-mini is $0.40 and $1.60 per million tokens."""
    found = cost({**LIST, "model": "gpt-4.1-mini", "provider": "openai"}, load=TOKENS)
    assert found.per_request is not None
    each = [found.per_request.low, found.per_request.mode, found.per_request.high]
    assert each == pytest.approx([560e-6] * 3)  # its range is that of the lengths
    assert found.token_prices == pytest.approx((0.4e-6, 1.6e-6))


def test_cached_prompts_cost_the_price_of_cached_input() -> None:
    """$0.40 per million, cached $0.10."""
    option = {**LIST, "model": "gpt-4.1-mini", "provider": "openai"}
    found = cost(option, load={**TOKENS, "cached_share": 0.8})
    assert found.token_prices == pytest.approx((0.2 * 0.4e-6 + 0.8 * 0.1e-6, 1.6e-6))
    assert found.per_request is not None
    assert found.per_request.mode == pytest.approx(1000 * 0.16e-6 + 100 * 1.6e-6)
    other = {"kind": "api_contract", "price": contract(1)}
    told = cost(other, load={**TOKENS, "cached_share": 0.8}).warnings
    assert "api: no price of cached input is known" in told[0]


def test_prices_of_measured_models_are_found_without_their_requests() -> None:
    found = cost({**LIST, "model": "gpt-4.1-mini", "provider": "openai"}, load=TOKENS)
    assert not found.is_measured
    assert found.slo_share.value is None
    assert found.slo_share.reason


def test_without_tokens_a_price_per_token_is_no_price_per_request() -> None:
    found = cost({**LIST, "model": "gpt-4.1-mini", "provider": "openai"})
    assert found.per_request is None
    assert found.reason == "gpt-4.1-mini was not measured: give load.input_tokens and output_tokens"
    assert found.input_per_mtok == pytest.approx(0.4)


def test_a_model_the_list_does_not_know_is_missing() -> None:
    found = cost({**LIST, "model": "own-finetune-7"}, load=TOKENS)
    assert found.per_request is None
    assert "no price for 'own-finetune-7'" in found.reason


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(UsageError, match="opnai"):
        cost({**LIST, "model": "gpt-4.1-mini", "provider": "opnai"}, load=TOKENS)


def test_measured_retries_make_the_scenarios_tokens_dearer() -> None:
    """Each answer took two paid attempts."""
    each = api_attempt(cost_usd=0.001)
    failed = replace(api_error(0, "malformed"), usage=USAGE, cost_usd=0.001)
    run = one_task(*(api_request("gpt", i, failed, each) for i in range(4)))
    option = {"kind": "api_contract", "price": contract(10)}
    found = cost(option, run, load={"input_tokens": 1000, "output_tokens": 100})
    assert found.per_request is not None
    assert found.per_request.mode == pytest.approx(2 * 1100 * 10 / 1e6)
    assert "× 2.000 for retries" in found.per_request.note


def test_a_model_that_ran_here_is_not_measured_as_an_api() -> None:
    """Its requests cost nothing, which says nothing about a vendor's price."""
    run = quality_run({"open": right(20, 0.8)})
    option = {"kind": "api_contract", "model": "open", "price": contract(10)}
    assert cost(option, run).per_request is None
    found = cost(option, run, load={"input_tokens": 1000, "output_tokens": 100}).per_request
    assert found is not None
    assert found.mode == pytest.approx(0.011)


# --- blends and times ---------------------------------------------------------------------------------------------


def test_a_doc_costs_what_all_its_attempts_cost_or_is_unknown() -> None:
    config = scenario({"name": "api", **LIST, "model": "gpt"}, load=NO_TOKENS)
    by = tariff(config.options[0], [vendor_run()], book(config))
    known = api_request("gpt", 0, api_error(0, "rate_limited"), api_attempt(cost_usd=0.002))
    unknown = api_request("gpt", 1, api_error(0, "timeout", None), api_attempt(cost_usd=0.002))
    assert request_price([known, known], by.of) == pytest.approx(0.004)
    assert request_price([known, unknown], by.of) is None
    assert request_price([], by.of) is None


def test_failed_requests_never_keep_the_service_level() -> None:
    """44 requests, of which 3 had no answer; each answer began after 100 ms."""
    tasks = task_requests([vendor_run()], "gpt")
    loose = slo_share(tasks, SloSpec(ttft_s=0.2))
    assert loose.value == pytest.approx(41 / 44)
    assert slo_share(tasks, SloSpec(ttft_s=0.05)).value == 0
    assert slo_share(tasks, None).reason == "no service level is set"
    assert slo_share((), SloSpec(ttft_s=1)).value is None


def test_load_tests_are_no_tasks() -> None:
    run = replace(vendor_run(), manifest=manifest(kind="bench"))
    assert task_requests([run], "gpt") == ()
