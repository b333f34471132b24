"""What a request costs: usage → US dollars, from the contract's price or a vendor's list price.

List prices come from the package genai-prices, offline: nothing is fetched and nothing is updated, so the same evalkit
environment gives the same price forever. Prices are exact to the list's tier, date and service tier. They know no
discounts, no taxes and nothing but tokens and per-request fees: tools such as web search are not counted.

A price belongs to a vendor *and* a model. A compatible server that genai-prices does not know has none, whatever its
models are called.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from evalkit.config.asked import asks_for_more, priced_service, with_lifetime
from evalkit.config.run import ModelSpec, PriceSpec
from evalkit.errors import UsageError, did_you_mean
from evalkit.records import Usage
from evalkit.wording import Said, joined, numeral, say

if TYPE_CHECKING:  # importing the list itself takes a quarter of a second
    from decimal import Decimal

    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

PACKAGE = "genai-prices"
PER_TOKEN = {
    "input": "input_mtok",
    "cached input": "cache_read_mtok",
    "cache write": "cache_write_mtok",
    "output": "output_mtok",
}
"""What tokens are billed as → genai-prices' name of that price."""
_BILLED = {
    "input": say("input"),
    "cached input": say("cached input"),
    "cache write": say("cache write"),
    "output": say("output"),
}
USERS_OWN_SERVERS = frozenset({"modal"})
"""Providers under whose host names users run servers of their own, paid by the hour."""
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What would be charged for a model, in US dollars per million tokens, and where that is written."""

    model: str
    """Name of the model as asked for."""
    provider: str | None = None
    """The price list's id of who charges; None for a contract."""
    matched: str
    """The price list's own id of the model; the model itself for a contract."""
    input_per_mtok_usd: float
    output_per_mtok_usd: float
    """Reasoning tokens included."""
    cached_input_per_mtok_usd: float | None
    """None: no price of its own; such tokens are charged as input."""
    cache_write_per_mtok_usd: float | None
    """None: no price of its own; such tokens are charged as input."""
    tiers: tuple[Said, ...] = ()
    """Prices of long prompts, in words; the numbers above are those of short ones."""
    source: str
    """`genai-prices` with its version, or where the contract's price is written down."""
    date: str | None
    """When the price was checked (ISO). None: the price list does not say, perhaps its comments do."""
    since: str | None = None
    """First day the price was in force (ISO), where the price list knows one."""
    url: str | None = None
    """The vendor's pricing page."""
    comments: tuple[str, ...] = ()
    """What the price list says about the price, and what else is charged."""


class _Match(NamedTuple):
    provider: Provider
    model: ModelInfo

    @property
    def is_borrowed(self) -> bool:
        """Whether the price is another provider's, which the list takes for this one too."""
        return not any(self.model is own for own in self.provider.models)


def snapshot() -> str:
    """Return name and version of the price list for the manifest, without loading it."""
    return f"{PACKAGE} {version(PACKAGE)}"


def find_price(model: ModelSpec, on: datetime) -> Price | None:
    """Return what the model costs at a time: the contract's price, else the vendor's list price.

    Args:
        model: Its `price`, `backend`, `source` and `endpoint` decide.
        on: When requests are sent; naive times are UTC.

    Returns:
        None for models that run here, for servers and models the list does not know, and for a service tier that it
        has no price for.
    """
    if model.price is not None:
        return _contract(model.source, model.price)
    found = _match(model.backend, model.source, model.endpoint.base_url)
    return None if found is None else _list_price(model.source, found, on, priced_service(model))


def cost_usd(model: ModelSpec, usage: Usage, on: datetime) -> float | None:
    """Return the price of one attempt in US dollars.

    Tokens that the vendor does not report as cached or cache-writing count as input. Reasoning is part of the output.

    Args:
        model: See `find_price`.
        usage: What the vendor counted.
        on: When the attempt was sent; naive times are UTC.

    Returns:
        None when the price is unknown (of a service tier or a region, too: the one that served it, where the answer
        names it), when usage lacks input or output tokens or can't be true, and when more than text was billed, or
        may have been: searches that the config asks for have a price of their own.
    """
    timed = with_lifetime(model, usage)
    if timed is None or not usage.is_usable or usage.has_other_charges:
        return None
    if asks_for_more(model.source, model.endpoint.extra_body):
        return None
    usage = timed
    if model.price is not None:
        return _contract_cost(model.price, usage)
    found = _match(model.backend, model.source, model.endpoint.base_url)
    rates = None if found is None else _rates(found, on, priced_service(model, usage))
    return None if found is None or rates is None else _list_cost(rates, usage)


def list_prices(model_id: str, on: datetime, provider: str | None = None) -> list[Price]:
    """Return the list price of a model at every provider that has it, the model's own vendor first.

    Args:
        model_id: A vendor's model name.
        on: Day and time of the price; naive times are UTC.
        provider: Only at this one.

    Raises:
        UsageError: The price list has no such provider.
    """
    everyone = {p.id: p for p in _price_list().providers}
    if provider is not None and provider not in everyone:
        raise UsageError(
            f"{snapshot()} has no provider {provider!r}.",
            did_you_mean(provider, everyone, f"It has {', '.join(everyone)}."),
        )
    asked = everyone.values() if provider is None else [everyone[provider]]
    matches = [found for p in asked if (found := _find(p, model_id))]
    matches.sort(key=lambda found: not _is_vendor(found.provider, model_id))
    prices = (_list_price(model_id, found, on, {}) for found in matches)
    return [price for price in prices if price is not None]


def suggest(model_id: str) -> list[str]:
    """Return known ids that look like an unknown one, the nearest first, at most three."""
    known = {
        model.id
        for provider in _price_list().providers
        for model in provider.models
        if model.is_match(model.id) and _rates(_Match(provider, model), _LATEST, {}) is not None
    }
    return difflib.get_close_matches(model_id.lower(), sorted(known), n=3)


# --- contract -----------------------------------------------------------------------------------------------------


def _contract(source: str, price: PriceSpec) -> Price:
    return Price(
        model=source,
        matched=source,
        input_per_mtok_usd=price.input,
        output_per_mtok_usd=price.output,
        cached_input_per_mtok_usd=price.cached_input,
        cache_write_per_mtok_usd=price.cache_write,
        source=price.source,
        date=price.date.isoformat(),
    )


def _contract_cost(price: PriceSpec, usage: Usage) -> float | None:
    cached, written = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
    hour = usage.cache_write_1h_tokens or 0
    plain = (usage.input_tokens or 0) - cached - written
    cached_rate = price.input if price.cached_input is None else price.cached_input
    write_rate = price.input if price.cache_write is None else price.cache_write
    hour_rate = price.cache_write_1h
    if hour_rate is None and price.cache_write is None:
        hour_rate = price.input
    if hour and hour_rate is None:  # a contract that prices writes, but not those that last an hour
        return None
    prompt = plain * price.input + cached * cached_rate + (written - hour) * write_rate
    prompt += hour * (hour_rate or 0.0)
    return (prompt + (usage.output_tokens or 0) * price.output) / 1e6


# --- price list: who charges --------------------------------------------------------------------------------------


@cache
def _price_list() -> DataSnapshot:
    """Return the list as installed: another library's `UpdatePrices` must not change a run's prices."""
    from genai_prices.data import providers
    from genai_prices.data_snapshot import DataSnapshot

    return DataSnapshot(providers=providers, from_auto_update=False)


@cache
def _match(backend: str, source: str, base_url: str | None) -> _Match | None:
    """Find who charges, by backend or host, and its entry for the model."""
    # a backend and genai-prices give a vendor the same name; the name of one that runs models here is no vendor's
    vendor = next((p for p in _price_list().providers if p.id == backend), None)
    provider = vendor if base_url is None else _at(base_url)
    return None if provider is None else _find(provider, source)


def _at(base_url: str) -> Provider | None:
    """Find the provider that owns a URL's host.

    genai-prices' patterns are open at the end, and some wildcards reach into the path. Here the match must cover the
    host, and a path can't pass for one: `https://gateway.local/generativelanguage.googleapis.com` is the gateway's.
    """
    url = urlsplit(base_url)
    origin = f"{url.scheme}://{url.netloc}".lower()
    for provider in _price_list().providers:
        found = re.match(provider.api_pattern, origin + url.path.replace(".", "_"))
        if found is None or provider.id in USERS_OWN_SERVERS:
            continue
        rest = origin[found.end() :].partition(":")[0]
        # a pattern that ends in a dot stands for a vendor with several top-level domains
        is_open = found.group().endswith(".") and "." not in rest
        if not rest or is_open:
            return provider
    return None


def _find(provider: Provider, model_id: str) -> _Match | None:
    wanted = model_id.removeprefix("models/")  # Google's own way to write its names
    found = provider.find_model(wanted, all_providers=_price_list().providers)
    return None if found is None else _Match(provider, found)


def _is_vendor(provider: Provider, model_id: str) -> bool:
    return provider.model_match is not None and provider.model_match.is_match(model_id.lower())


# --- price list: how much -----------------------------------------------------------------------------------------


def _rates(found: _Match, on: datetime, context: Mapping[str, str]) -> ModelPrice | None:
    """Return the prices in force; None without both an input and an output price, or for an unknown service tier.

    genai-prices falls back to the ordinary price for a tier it does not know, and to 0 for a price it does not have.
    """
    for key, value in context.items():
        variants = () if found.is_borrowed else found.model.price_variants or ()
        if not any(
            variant.when == {key: value}
            and (not variant.constraint or variant.constraint.active(on))
            for variant in variants
        ):
            return None
    rates = found.model.get_prices(on, context)
    return None if rates.input_mtok is None or rates.output_mtok is None else rates


def _list_cost(rates: ModelPrice, usage: Usage) -> float:
    """Price usage as genai-prices does: a prompt over a tier's threshold moves all its tokens into that tier.

    Its units form a tree: reasoning is taken out of the output where it has a price of its own, else it stays in.
    """
    from genai_prices import Usage as Billed

    billed = Billed(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        output_tokens=usage.output_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
    )
    return float(rates.calc_price(billed)["total_price"])


def _list_price(
    asked: str, found: _Match, on: datetime, context: Mapping[str, str]
) -> Price | None:
    rates = _rates(found, on, context)
    if rates is None:
        return None
    base = {name: _rate(getattr(rates, key)) for name, key in PER_TOKEN.items()}
    if base["input"] is None or base["output"] is None:
        return None
    return Price(
        model=asked,
        provider=found.provider.id,
        matched=found.model.id,
        input_per_mtok_usd=base["input"],
        output_per_mtok_usd=base["output"],
        cached_input_per_mtok_usd=base["cached input"],
        cache_write_per_mtok_usd=base["cache write"],
        tiers=tuple(_tiers(rates)),
        source=snapshot(),
        date=None,
        since=None if context else _since(found.model, on),
        url=next(iter(found.provider.pricing_urls or ()), None),
        comments=tuple(_comments(found, rates, on, context)),
    )


def _rate(price: Decimal | TieredPrices | None, above: int | None = None) -> float | None:
    """Return dollars per unit: of the base tier, or of prompts longer than `above` tokens."""
    from genai_prices.types import TieredPrices

    if not isinstance(price, TieredPrices):
        return None if price is None else float(price)
    reached = [t.price for t in price.tiers if above is not None and t.start <= above]
    return float(reached[-1] if reached else price.base)


def _tiers(rates: ModelPrice) -> Iterator[Said]:
    from genai_prices.types import TieredPrices

    prices = {name: getattr(rates, key) for name, key in PER_TOKEN.items()}
    tiered = [price for price in prices.values() if isinstance(price, TieredPrices)]
    for start in sorted({tier.start for price in tiered for tier in price.tiers}):
        given = {name: _rate(price, above=start) for name, price in prices.items()}
        listed = joined(
            say("{kind} {price}", kind=_BILLED[name], price=numeral(f"{rate:g}"))
            for name, rate in given.items()
            if rate is not None
        )
        yield say(
            "above {tokens} prompt tokens: {prices}, for all tokens of the request",
            tokens=numeral(f"{start:,}"),
            prices=listed,
        )


def _since(model: ModelInfo, on: datetime) -> str | None:
    from genai_prices.types import ModelPrice, StartDateConstraint

    if isinstance(model.prices, ModelPrice):
        return None
    for dated in reversed(model.prices):
        limit = dated.constraint
        if limit is None or limit.active(on):
            return limit.start_date.isoformat() if isinstance(limit, StartDateConstraint) else None
    return None


def _comments(
    found: _Match, rates: ModelPrice, on: datetime, context: Mapping[str, str]
) -> Iterator[str]:
    from genai_prices.types import ModelPrice, TimeOfDateConstraint

    provider, model = found
    if found.is_borrowed:
        yield f"The list has no entry of {provider.id}'s own; this is the price of the model's vendor."
    for key, value in context.items():
        yield f"Price of {key} {value!r}, which the config asks for."
    if (fee := _rate(rates.requests_kcount)) is not None:
        yield f"Plus {fee:g} USD per 1,000 requests."
    dated = [] if isinstance(model.prices, ModelPrice) else model.prices
    if any(isinstance(price.constraint, TimeOfDateConstraint) for price in dated):
        at = on.astimezone(UTC) if on.tzinfo else on
        yield f"Depends on the time of day; this is the price at {at:%H:%M} UTC."
    if model.deprecated:
        yield "The vendor has deprecated this model."
    yield from (text.strip() for text in (model.price_comments, provider.price_comments) if text)
