"""Prices: who charges, how much, and when nobody can say. Expectations come from the installed price list itself."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from typing import Any

import pytest
from genai_prices import Usage as Billed
from genai_prices import calc_price
from genai_prices.data import providers
from genai_prices.types import ModelInfo, StartDateConstraint, TieredPrices

from evalkit.config import EndpointSpec, ModelSpec, PriceSpec
from evalkit.errors import UsageError
from evalkit.prices import Price, cost_usd, find_price, list_prices, snapshot, suggest
from evalkit.records import Usage

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONTRACT = PriceSpec(input=2, output=10, source="offer 17", date=date(2026, 11, 1))
MILLION = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
VENDORS = [
    ("openai", "gpt-4o"),
    ("openai", "o3"),
    ("anthropic", "claude-sonnet-4-5"),
    ("google", "gemini-2.5-flash"),
]


def model(
    source: str, backend: str = "openai", base_url: str | None = None, **more: Any
) -> ModelSpec:
    extra_body = more.pop("extra_body", {})
    endpoint = EndpointSpec(base_url=base_url, extra_body=extra_body)
    return ModelSpec(name="m", backend=backend, source=source, endpoint=endpoint, **more)


def priced(contract: PriceSpec) -> ModelSpec:
    return model("house-model", base_url="http://127.0.0.1:8000/v1", price=contract)


def own_models(provider_id: str) -> list[ModelInfo]:
    """The models of a provider that their own id finds and that are priced by input and output."""
    (provider,) = (p for p in providers if p.id == provider_id)
    return [
        m
        for m in provider.models
        if provider.find_model(m.id) is m
        and None not in (m.get_prices(NOW).input_mtok, m.get_prices(NOW).output_mtok)
    ]


def expected_cost(
    provider: str,
    name: str,
    on: datetime = NOW,
    context: dict[str, str] | None = None,
    **usage: int,
) -> float:
    """What genai-prices itself computes."""
    calculation = calc_price(
        Billed(**usage),
        name,
        provider_id=provider,
        genai_request_timestamp=on,
        price_context=context,
    )
    return float(calculation.total_price)


def charged(spec: ModelSpec, on: datetime = NOW, **usage: int) -> float:
    """The cost, which must be known."""
    cost = cost_usd(spec, Usage(**usage), on)
    assert cost is not None
    return cost


def shown(spec: ModelSpec, on: datetime = NOW) -> Price:
    """The price, which must be known."""
    price = find_price(spec, on)
    assert price is not None
    return price


# --- list prices --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("vendor", "name"), VENDORS)
@pytest.mark.parametrize("cached", [0, 40_000])
def test_a_list_price_is_what_the_price_list_computes(vendor: str, name: str, cached: int) -> None:
    cost = charged(
        model(name, vendor), input_tokens=100_000, cached_input_tokens=cached, output_tokens=3_000
    )
    assert cost == pytest.approx(
        expected_cost(
            vendor, name, input_tokens=100_000, cache_read_tokens=cached, output_tokens=3_000
        )
    )


@pytest.mark.parametrize(("vendor", "name"), VENDORS)
def test_tokens_not_reported_as_cached_are_input(vendor: str, name: str) -> None:
    cost = charged(model(name, vendor), input_tokens=100_000, output_tokens=3_000)
    assert cost == expected_cost(vendor, name, input_tokens=100_000, output_tokens=3_000)


@pytest.mark.parametrize(("vendor", "name"), VENDORS)
def test_the_shown_price_is_the_price_charged(vendor: str, name: str) -> None:
    spec = model(name, vendor)
    price = shown(spec)
    assert price.cached_input_per_mtok_usd is not None
    expected = (
        6_000 * price.input_per_mtok_usd
        + 4_000 * price.cached_input_per_mtok_usd
        + 2_000 * price.output_per_mtok_usd
    ) / 1e6
    cost = charged(spec, input_tokens=10_000, cached_input_tokens=4_000, output_tokens=2_000)
    assert cost == pytest.approx(expected)


def test_cached_tokens_are_cheaper_and_cache_writing_ones_dearer_at_anthropic() -> None:
    spec = model("claude-sonnet-4-5", "anthropic")
    plain = charged(spec, input_tokens=10_000, output_tokens=1)
    read = charged(spec, input_tokens=10_000, output_tokens=1, cached_input_tokens=9_000)
    write = charged(spec, input_tokens=10_000, output_tokens=1, cache_write_tokens=9_000)
    assert read < plain < write


def test_a_well_known_price_has_its_known_size() -> None:
    # The only number here that is not the package's own: gpt-4o has cost 2.50 + 10.00 USD since October 2024.
    on = datetime(2025, 6, 1, tzinfo=UTC)
    assert 5 < charged(model("gpt-4o"), on, input_tokens=1_000_000, output_tokens=1_000_000) < 25


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "google"])
def test_a_prompt_over_the_threshold_is_dearer_for_all_its_tokens(vendor: str) -> None:
    rates = {m.id: m.get_prices(NOW).input_mtok for m in own_models(vendor)}
    name, tiered = next((n, r) for n, r in rates.items() if isinstance(r, TieredPrices))
    spec, start, dearer = model(name, vendor), tiered.tiers[0].start, float(tiered.tiers[0].price)
    below = charged(spec, input_tokens=start, output_tokens=0)
    above = charged(spec, input_tokens=start + 1, output_tokens=0)
    assert below == pytest.approx(start * float(tiered.base) / 1e6)
    assert above == pytest.approx((start + 1) * dearer / 1e6)
    assert shown(spec).input_per_mtok_usd == float(tiered.base)
    assert f"above {start:,} prompt tokens: input {dearer:g}" in shown(spec).tiers[0]


def test_the_price_is_that_of_the_day() -> None:
    used = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
    changed = [
        (m.id, datetime.combine(limit.start_date, datetime.min.time(), UTC))
        for m in own_models("openai")
        if isinstance(m.prices, list)
        and isinstance(limit := m.prices[-1].constraint, StartDateConstraint)
    ]
    assert changed
    for name, start in changed:
        for on in (start - timedelta(days=1), start):
            cost = charged(model(name), on, **used)
            assert cost == pytest.approx(expected_cost("openai", name, on, **used))
        assert shown(model(name), start).since == start.date().isoformat()
        assert shown(model(name), start - timedelta(days=1)).since != start.date().isoformat()
    costs = [[charged(model(n), s - timedelta(days=d), **used) for d in (1, 0)] for n, s in changed]
    assert any(before != after for before, after in costs)


@pytest.mark.parametrize(("vendor", "name"), VENDORS)
def test_reasoning_is_charged_once(vendor: str, name: str) -> None:
    used = {"input_tokens": 1_000, "output_tokens": 5_000}
    told = charged(model(name, vendor), **used, reasoning_tokens=4_000)
    assert told == charged(model(name, vendor), **used) == expected_cost(vendor, name, **used)


def test_reasoning_with_a_price_of_its_own_replaces_output() -> None:
    spec = model("sonar-deep-research", base_url="https://api.perplexity.ai")
    rates = {m.id: m.get_prices(NOW) for m in own_models("perplexity")}[spec.source]
    own, output = float(str(rates.output_reasoning_mtok)), float(str(rates.output_mtok))
    cost = charged(spec, input_tokens=1, output_tokens=1_000_000, reasoning_tokens=400_000)
    assert cost == pytest.approx(0.4 * own + 0.6 * output, rel=1e-5)


def test_a_fee_per_request_is_charged_and_told() -> None:
    spec = model("sonar", base_url="https://api.perplexity.ai")
    fee = {m.id: m.get_prices(NOW) for m in own_models("perplexity")}["sonar"].requests_kcount
    assert charged(spec, input_tokens=1, output_tokens=0) == pytest.approx(
        float(str(fee)) / 1000, rel=1e-3
    )
    assert any("per 1,000 requests" in comment for comment in shown(spec).comments)


def test_the_source_is_the_package_and_its_version() -> None:
    price = shown(model("gpt-4o"))
    assert price.source == snapshot() == f"genai-prices {version('genai-prices')}"
    assert (price.provider, price.matched) == ("openai", "gpt-4o")
    assert str(price.url).startswith("https://")


def test_a_dated_model_name_matches_its_family() -> None:
    price = shown(model("gpt-4o-2024-11-20"))
    assert (price.model, price.matched) == ("gpt-4o-2024-11-20", "gpt-4o")


def test_googles_own_spelling_matches() -> None:
    full = shown(model("models/gemini-2.5-pro", "google"))
    assert full.matched == shown(model("gemini-2.5-pro", "google")).matched


def test_a_service_tier_has_its_own_price() -> None:
    used = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
    ordinary = charged(model("o3"), **used)
    flex = charged(model("o3", extra_body={"service_tier": "flex"}), **used)
    assert flex == expected_cost("openai", "o3", context={"service_tier": "flex"}, **used)
    assert flex < ordinary
    assert charged(model("o3", extra_body={"service_tier": "auto"}), **used) == ordinary


def test_a_service_tier_without_a_known_price_has_none() -> None:
    spec = model("gpt-4o", extra_body={"service_tier": "scale"})
    assert find_price(spec, NOW) is None
    assert cost_usd(spec, MILLION, NOW) is None


# --- who charges --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "name", "provider"),
    [
        ("https://api.openai.com/v1", "gpt-4o", "openai"),
        ("https://API.OpenAI.com:443/v1/", "gpt-4o", "openai"),
        ("https://api.mistral.ai/v1", "mistral-large-latest", "mistral"),
        ("https://api.moonshot.cn/v1", "kimi-k2", "moonshotai"),
        ("https://house.openai.azure.com/openai/v1", "gpt-4o", "azure"),
        ("https://openrouter.ai/api/v1", "openai/gpt-4o", "openrouter"),
    ],
)
def test_a_host_of_a_known_provider_has_its_price(base_url: str, name: str, provider: str) -> None:
    assert shown(model(name, base_url=base_url)).provider == provider


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8000/v1",
        "http://localhost:8000/v1",
        "https://llm.example.com/v1",
        "https://api.openai.com.example.org/v1",
        "https://api.openai.computer/v1",
        "https://api.moonshot.example.org/v1",
        "https://gateway.example.com/api.openai.com/v1",
        "https://gateway.example.com/generativelanguage.googleapis.com/v1",
        "https://gateway.example.com/house.openai.azure.com/v1",
        "https://house--vllm.modal.run/v1",
    ],
)
@pytest.mark.parametrize("name", ["gpt-4o", "gemini-2.5-pro", "deepseek-ai/DeepSeek-V4.1-Flash"])
def test_an_unknown_server_has_no_price_whatever_its_models_are_called(
    base_url: str, name: str
) -> None:
    assert find_price(model(name, base_url=base_url), NOW) is None
    assert cost_usd(model(name, base_url=base_url), MILLION, NOW) is None


@pytest.mark.parametrize("backend", ["openai", "anthropic", "google"])
def test_an_unknown_model_has_no_price(backend: str) -> None:
    assert find_price(model("no-such-model", backend), NOW) is None
    assert cost_usd(model("no-such-model", backend), MILLION, NOW) is None


def test_another_vendors_model_has_no_price_at_this_one() -> None:
    assert find_price(model("claude-sonnet-4-5", "openai"), NOW) is None


def test_a_model_in_this_process_has_no_price() -> None:
    local = ModelSpec(name="m", source="gpt-4o")
    assert find_price(local, NOW) is None
    assert cost_usd(local, MILLION, NOW) is None


def test_a_model_that_is_not_priced_per_generated_token_has_none_instead_of_zero() -> None:
    assert expected_cost("openai", "text-embedding-3-small", output_tokens=1_000_000) == 0
    assert find_price(model("text-embedding-3-small"), NOW) is None
    assert cost_usd(model("text-embedding-3-small"), MILLION, NOW) is None


# --- contract -----------------------------------------------------------------------------------------------------


def test_a_contract_beats_the_list() -> None:
    spec = model("gpt-4o", price=CONTRACT)
    assert cost_usd(spec, MILLION, NOW) == pytest.approx(12)
    price = shown(spec)
    assert (price.source, price.date, price.provider) == ("offer 17", "2026-11-01", None)
    assert (price.input_per_mtok_usd, price.output_per_mtok_usd) == (2, 10)
    assert price.cached_input_per_mtok_usd is None


def test_a_contract_prices_an_unknown_server() -> None:
    assert cost_usd(priced(CONTRACT), MILLION, NOW) == pytest.approx(12)


USED = Usage(
    input_tokens=1_000_000,
    cached_input_tokens=500_000,
    cache_write_tokens=100_000,
    output_tokens=200_000,
    reasoning_tokens=150_000,
)


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, 2 + 2),
        ({"cached_input": 1.0}, 0.5 * 2 + 0.5 * 1 + 2),
        ({"cache_write": 4.0}, 0.9 * 2 + 0.1 * 4 + 2),
        ({"cached_input": 0.0, "cache_write": 0.0}, 0.4 * 2 + 2),
    ],
)
def test_a_contracts_cache_prices_default_to_its_input_price(
    own: dict[str, float], expected: float
) -> None:
    contract = CONTRACT.model_copy(update=own)
    assert cost_usd(priced(contract), USED, NOW) == pytest.approx(expected)


# --- usage --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(input_tokens=5),
        Usage(output_tokens=5),
        Usage(cached_input_tokens=5, output_tokens=5),
        Usage(input_tokens=5, cached_input_tokens=6, output_tokens=5),
        Usage(input_tokens=5, cached_input_tokens=3, cache_write_tokens=3, output_tokens=5),
        Usage(input_tokens=5, output_tokens=5, reasoning_tokens=6),
        Usage(input_tokens=-5, output_tokens=5),
    ],
)
@pytest.mark.parametrize("spec", [priced(CONTRACT), model("gpt-4o")], ids=["contract", "list"])
def test_usage_that_lacks_parts_or_contradicts_itself_has_no_price(
    spec: ModelSpec, usage: Usage
) -> None:
    assert cost_usd(spec, usage, NOW) is None


@pytest.mark.parametrize("spec", [priced(CONTRACT), model("gpt-4o")], ids=["contract", "list"])
@pytest.mark.parametrize(
    "usage",
    [
        Usage(input_tokens=0, output_tokens=0),  # a server that counts nothing is not free
        Usage(input_tokens=0, output_tokens=7),
        Usage(input_tokens=5, output_tokens=5, is_doubtful=True),
        Usage(input_tokens=5, output_tokens=5, has_other_charges=True),
        Usage(input_tokens=5, cache_write_tokens=2, cache_write_1h_tokens=3, output_tokens=5),
    ],
)
def test_what_can_not_be_true_or_is_more_than_text_costs_unknown(
    spec: ModelSpec, usage: Usage
) -> None:
    assert cost_usd(spec, usage, NOW) is None


def served(**usage: object) -> Usage:
    return Usage(input_tokens=1_000_000, output_tokens=100_000, **usage)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "tier", "dollars"),
    [
        ("flex", "default", 2.25),  # what served it is charged, not what was asked for
        (None, "priority", 4.50),
        ("priority", "default", 2.25),
        ("flex", "flex", 1.125),
        ("flex", None, 1.125),  # the answer does not say
        (None, "auto", 2.25),
        (None, "scale", None),  # prepaid: no list price
        (None, "a-new-one", None),
    ],
)
def test_the_tier_that_served_decides(
    asked: str | None, tier: str | None, dollars: float | None
) -> None:
    body = {"service_tier": asked} if asked else {}
    spec = ModelSpec(
        name="m", backend="openai", source="gpt-5", endpoint=EndpointSpec(extra_body=body)
    )
    assert cost_usd(spec, served(service_tier=tier), NOW) == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("body", "usage", "dollars"),
    [
        ({}, {"cache_write_tokens": 1_000_000, "cache_write_1h_tokens": 1_000_000}, 2.0 + 0.5),
        ({}, {"cache_write_tokens": 1_000_000, "cache_write_1h_tokens": 400_000}, 1.55 + 0.5),
        ({}, {"region": "global"}, 1.5),
        ({}, {"region": "not_available"}, 1.5),
        ({}, {"region": "us"}, None),
        ({"inference_geo": "us"}, {}, None),
        ({"inference_geo": "us"}, {"region": "global"}, 1.5),
        ({}, {"speed": "fast"}, None),
        ({}, {"service_tier": "standard"}, 1.5),
        ({}, {"service_tier": "priority"}, None),  # committed: no list price
    ],
)
def test_anthropic_charges_hours_of_cache_and_has_no_list_price_for_places(
    body: dict[str, str], usage: dict[str, object], dollars: float | None
) -> None:
    spec = ModelSpec(
        name="m",
        backend="anthropic",
        source="claude-haiku-4-5",
        endpoint=EndpointSpec(extra_body=body),
    )
    assert cost_usd(spec, served(**usage), NOW) == pytest.approx(dollars)


def test_a_contract_prices_writes_of_an_hour_or_does_not() -> None:
    usage = served(cache_write_tokens=1_000_000, cache_write_1h_tokens=1_000_000)
    plain = {"input": 1, "output": 10, "source": "made up", "date": NOW.date()}
    costs = [
        cost_usd(priced(PriceSpec(**plain, **more)), usage, NOW)
        for more in ({}, {"cache_write": 1.25}, {"cache_write": 1.25, "cache_write_1h": 2})
    ]
    assert costs == [pytest.approx(2), None, pytest.approx(3)]


# --- the list as a whole ------------------------------------------------------------------------------------------


def test_every_provider_that_has_a_model_is_listed_its_vendor_first() -> None:
    found = [price.provider for price in list_prices("gpt-4o", NOW)]
    assert found[0] == "openai"
    assert "azure" in found[1:]


def test_a_price_borrowed_from_another_provider_says_so() -> None:
    (azure,) = list_prices("gpt-4o", NOW, "azure")
    (openai,) = list_prices("gpt-4o", NOW, "openai")
    assert any("no entry of azure's own" in comment for comment in azure.comments)
    assert not any("no entry" in comment for comment in openai.comments)


def test_an_unknown_provider_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean 'openai'"):
        list_prices("gpt-4o", NOW, "opnai")


def test_suggestions_are_near_and_priced() -> None:
    near = suggest("gpt4o-mini")
    assert "gpt-4o-mini" in near
    assert all(list_prices(name, NOW) for name in near)
    assert suggest("###") == []


def test_every_price_of_the_list_can_be_shown() -> None:
    for provider in providers:
        for listed in own_models(provider.id)[:5]:
            (price,) = list_prices(listed.id, NOW, provider.id)
            assert price.matched == listed.id


def test_nothing_is_fetched() -> None:
    code = (
        "import socket, sys\n"
        "def refuse(event, _):\n"
        "    if event.startswith('socket.') and event != 'socket.__new__':\n"
        "        raise AssertionError(event)\n"
        "sys.addaudithook(refuse)\n"
        "from datetime import UTC, datetime\n"
        "from evalkit.config import ModelSpec\n"
        "from evalkit.prices import cost_usd, list_prices, suggest\n"
        "from evalkit.records import Usage\n"
        "on = datetime(2026, 11, 23, tzinfo=UTC)\n"
        "spec = ModelSpec(name='m', backend='openai', source='gpt-4o')\n"
        "assert cost_usd(spec, Usage(input_tokens=9, output_tokens=9), on)\n"
        "assert list_prices('gpt-4o', on) and suggest('gpt4o')\n"
        "try:\n    socket.getaddrinfo('localhost', 80)\n"
        "except AssertionError:\n    print('guarded')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "guarded", done.stderr


def test_importing_prices_loads_no_price_list() -> None:
    code = (
        "import sys, evalkit.prices\n"
        "evalkit.prices.snapshot()\n"
        "print([m for m in sys.modules if m.startswith('genai_prices')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("spec", "most_s"), [(priced(CONTRACT), 0.5), (model("gpt-4o"), 3)], ids=["contract", "list"]
)
def test_ten_thousand_attempts_are_priced_quickly(spec: ModelSpec, most_s: float) -> None:
    cost_usd(spec, MILLION, NOW)
    start = time.process_time()
    for tokens in range(10_000):
        cost_usd(spec, Usage(input_tokens=tokens, output_tokens=tokens), NOW)
    assert time.process_time() - start < most_s


# --- what the config asks for -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"serviceTier": "priority"},
        {"serviceTier": "PRIORITY"},
        {"generationConfig": {"service-tier": "SERVICE_TIER_PRIORITY"}},
    ],
)
def test_a_tier_is_read_under_every_vendors_name(body: dict[str, Any]) -> None:
    plain, asked = model("gpt-4o"), model("gpt-4o", extra_body={"service_tier": "priority"})
    assert cost_usd(model("gpt-4o", extra_body=body), MILLION, NOW) == cost_usd(asked, MILLION, NOW)
    assert cost_usd(asked, MILLION, NOW) != cost_usd(plain, MILLION, NOW)
    standard = model("gpt-4o", extra_body={"serviceTier": "standard"})
    assert cost_usd(standard, MILLION, NOW) == cost_usd(plain, MILLION, NOW)


@pytest.mark.parametrize(
    "body",
    [
        {"web_search_options": {}},
        {"tools": [{"type": "web_search_preview"}]},
        {"tools": [{"google_search": {}}]},
        {"tools": [{"googleSearchRetrieval": {}}]},
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        {"plugins": [{"id": "web"}]},
        {"search_parameters": {"mode": "auto"}},
        {"enable_search": True},
    ],
)
def test_searches_that_are_asked_for_have_fees_that_nobody_knows(body: dict[str, Any]) -> None:
    assert cost_usd(model("gpt-4o", extra_body=body), MILLION, NOW) is None


@pytest.mark.parametrize(
    "body",
    [
        {"web_search_options": None},
        {"tools": [{"type": "function", "function": {"name": "web_search"}}]},
        {"tools": [{"functionDeclarations": [{"name": "google_search"}]}]},
        {"tools": [{"name": "web_search", "input_schema": {"properties": {"file_search": {}}}}]},
        {"tools": []},
        {"search_parameters": {"mode": "off"}},
        {"enable_search": False},
        {"reasoning_effort": "low"},
    ],
)
def test_tools_of_the_users_own_cost_nothing(body: dict[str, Any]) -> None:
    plain = cost_usd(model("gpt-4o"), MILLION, NOW)
    assert cost_usd(model("gpt-4o", extra_body=body), MILLION, NOW) == plain


def test_a_lifetime_that_only_the_config_tells_has_its_price() -> None:
    def cost(body: dict[str, Any], **more: int) -> float | None:
        written = Usage(input_tokens=1000, cache_write_tokens=1000, output_tokens=1, **more)
        return cost_usd(model("claude-sonnet-4-5", "anthropic", extra_body=body), written, NOW)

    hour, short = {"type": "ephemeral", "ttl": "1h"}, {"type": "ephemeral"}
    told = cost({}, cache_write_1h_tokens=1000)
    assert cost({"cache_control": hour}) == told != cost({})
    assert cost({"system": [{"cache_control": hour}]}) == told
    assert cost({"cache_control": short}) == cost({})
    assert cost({"cache_control": hour}, cache_write_1h_tokens=0) == cost({})
    both = [{"cache_control": hour}, {"cache_control": short}]
    assert cost({"system": both}) is None, "nobody knows how much of it stays how long"
