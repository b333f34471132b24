"""What a request to an API costs: as measured, by contract, in batches, or from the price list alone."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import NamedTuple

from evalkit.analysis.facts import Estimate
from evalkit.analysis.stats import share_estimate
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.evidence import (
    TaskRequests,
    model_spec,
    task_requests,
    was_in_process,
    weighted_mean,
)
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.analysis.tco.words import provenance_words
from evalkit.config.bench import SloSpec
from evalkit.config.run import ModelSpec
from evalkit.config.scenario import API_BATCH, OptionSpec
from evalkit.metrics.latency import e2e_latency_s, tpot_s, ttft_s
from evalkit.prices import Price, cost_usd, find_price, list_prices
from evalkit.records import Attempt, Request
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n, verbatim

AttemptPrice = Callable[[Attempt], float | None]
"""What an attempt costs, in the scenario's currency; None: not known."""
_ANY_DAY = datetime.datetime.min.replace(tzinfo=datetime.UTC)
"""A contract's prices do not depend on it."""
NOT_ASKED = Estimate(None, "share", 0, reason=say("no requests were timed for it"))


@dataclass(frozen=True, slots=True)
class ApiCost:
    """What an API option costs, and what its measured requests were like."""

    per_request: Input | None
    reason: Said = NOTHING
    """Why the price of a request is not known."""
    input_tokens: float | None = None
    """Mean input tokens per request: the scenario's where it says so, else as measured."""
    output_tokens: float | None = None
    input_per_mtok: float | None = None
    """Price of a million input tokens, in the scenario's currency."""
    output_per_mtok: float | None = None
    slo_share: Estimate = NOT_ASKED
    is_measured: bool = False
    retry_factor: float = 1.0
    """Measured cost of all attempts / of those that were answered."""
    warnings: tuple[Said, ...] = ()
    token_prices: tuple[float, float] | None = None
    """What an input and an output token cost, caching included; None: not computed from the scenario's lengths."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """By what an option's requests are priced."""

    price: Price | None
    """Price per million tokens, in dollars or the contract's currency."""
    factor: float
    """Factor from the price's currency into the scenario's, discounts included."""
    provenance: Provenance
    spec: ModelSpec | None
    """The model as its run asked it, with the option's contract; None: it was not measured."""
    is_recorded: bool
    """The run's own prices hold."""
    discount: Input | None = None
    """Discount of batches; its most likely value is in the factor."""

    def of(self, attempt: Attempt) -> float | None:
        """Return what an attempt costs."""
        if self.is_recorded or attempt.usage is None:
            # without usage: an error before anything was billed costs 0 at any price
            is_known = self.is_recorded or attempt.cost_usd == 0
            return (
                None if attempt.cost_usd is None or not is_known else attempt.cost_usd * self.factor
            )
        assert self.spec is not None
        cost = cost_usd(self.spec, attempt.usage, _ANY_DAY)
        return None if cost is None else cost * self.factor


def tariff(option: OptionSpec, runs: Sequence[Run], book: Book) -> Tariff:
    """Return by what an API option's requests are priced.

    Raises:
        UsageError: The price list has no such provider.
        ConfigError: There is no rate for the price's currency.
    """
    spec = model_spec(runs, option.model)
    if was_in_process(runs, option.model):
        spec = None
    on = datetime.datetime.combine(book.today, datetime.time(), datetime.UTC)
    if option.price is not None:
        named = spec or ModelSpec(name="api", backend="openai", source=option.model)
        mine = named.model_copy(update={"price": option.price})
        rate = book.rate(option.price.currency)
        return Tariff(
            find_price(mine, on), rate, Provenance.CONTRACT, mine if spec else None, False
        )
    discount = batch_discount(option, book) if option.kind == API_BATCH else None
    factor = book.rate("USD") * (1 - (0.0 if discount is None else discount.mode))
    if spec is not None:
        has_contract = spec.price is not None
        kind = Provenance.CONTRACT if has_contract else Provenance.LIST_PRICE
        return Tariff(find_price(spec, on), factor, kind, spec, True, discount)
    listed = next(iter(list_prices(option.model, on, option.provider)), None)
    return Tariff(listed, factor, Provenance.LIST_PRICE, None, False, discount)


def batch_discount(option: OptionSpec, book: Book) -> Input:
    """Return what batches are cheaper by."""
    label = say("batch discount of {name}", name=option.name)
    asked = Asked(f"discount.{option.name}", label, "share")
    return book.assumed(asked, option.batch_discount, "batch_discount")


def api_cost(option: OptionSpec, runs: Sequence[Run], book: Book) -> ApiCost:
    """Return what a request costs under an API option."""
    by = tariff(option, runs, book)
    tasks = task_requests(runs, option.model) if by.spec is not None else ()
    found = _as_measured(option, by, tasks, book) if tasks else ApiCost(None)
    if by.price is not None:
        found = replace(
            found,
            input_per_mtok=by.price.input_per_mtok_usd * by.factor,
            output_per_mtok=by.price.output_per_mtok_usd * by.factor,
        )
    load = book.scenario.load
    if load.input_tokens is not None:
        return _by_tokens(option, by, found, book)
    if not tasks:
        reason = say(
            "{model} was not measured: give {one} and {other}",
            model=option.model,
            one="load.input_tokens",
            other="output_tokens",
        )
        return replace(found, reason=reason)
    return found


def request_price(requests: Sequence[Request], price: AttemptPrice) -> float | None:
    """Return what requests cost with all their attempts; None when one of these is not known."""
    each = [price(a) for r in requests for a in r.attempts]
    known = [c for c in each if c is not None]
    return fsum(known) if known and len(known) == len(each) else None


def slo_share(tasks: Sequence[TaskRequests], slo: SloSpec | None) -> Estimate:
    """Return the share of measured requests that kept the service level's times, counted from sending.

    Failed requests never do. Requests whose times are not known (the answer came in one piece) are left out.
    """
    if slo is None:
        return Estimate(None, "share", 0, reason=say("no service level is set"))
    kept = [k for t in tasks for r in t.requests if (k := _kept(r, slo)) is not None]
    if not kept:
        return Estimate(None, "share", 0, reason=say("no request has the times it needs"))
    return share_estimate(sum(kept), len(kept))


def _kept(request: Request, slo: SloSpec) -> bool | None:
    last = request.attempts[-1]
    if last.status != "ok":
        return False
    times = [(ttft_s(last), slo.ttft_s), (e2e_latency_s(last), slo.e2e_s)]
    if (request.output_tokens or 0) > 1:  # a single token has no time per further token
        times.append((tpot_s(last, request.output_tokens), slo.tpot_s))
    judged = [(time, limit) for time, limit in times if limit is not None]
    if any(time is None for time, _ in judged):
        return None
    return all(time <= limit for time, limit in judged if time is not None)


# --- from measured requests ---------------------------------------------------------------------------------------


def _as_measured(
    option: OptionSpec, by: Tariff, tasks: Sequence[TaskRequests], book: Book
) -> ApiCost:
    weights = book.scenario.load.task_weights

    def mean(values: dict[str, list[float]]) -> Estimate:
        return weighted_mean(values, weights, "")

    base = ApiCost(
        per_request=None,
        input_tokens=mean({t.task: _tokens(t, "input_tokens") for t in tasks}).value,
        output_tokens=mean({t.task: _tokens(t, "output_tokens") for t in tasks}).value,
        slo_share=slo_share(tasks, book.scenario.service_level),
        is_measured=True,
    )
    priced = {t.task: _costs(t, by) for t in tasks}
    found = mean({task: p.each for task, p in priced.items()})
    unpriced = [t for t, p in priced.items() if not p.each and (weights is None or weights.get(t))]
    if found.value is None or unpriced:
        reason = say("{model} answered no request", model=option.model)
        if any(r.answer is not None for t in tasks for r in t.requests):
            reason = _unpriced(unpriced, tasks)
        return replace(base, reason=reason)
    n_unknown = sum(p.n_unknown for p in priced.values())
    note = say_n(
        "mean of {n} measured request, retries and failures included",
        "mean of {n} measured requests, retries and failures included",
        found.n,
    )
    unknown = say_n(
        "{option}: {n} attempt of unknown cost is not in its price.",
        "{option}: {n} attempts of unknown cost are not in its price.",
        n_unknown,
        option=option.name,
    )
    return replace(
        base,
        per_request=_input(option, by, found, note, book),
        retry_factor=_retry_factor(list(priced.values())),
        warnings=(unknown,) if n_unknown else (),
    )


def _unpriced(names: Sequence[str], tasks: Sequence[TaskRequests]) -> Said:
    """Return why the answered requests of some tasks have no cost, and what helps."""
    last = [r.attempts[-1] for t in tasks if t.task in names for r in t.requests]
    usages = [a.usage for a in last if a.status == "ok"]
    if not any(u is not None and u.is_usable for u in usages):
        return say(
            "the token counts of {tasks} are missing or can't be used, so no price helps: give `load.input_tokens` and"
            " `load.output_tokens` in the scenario",
            tasks=joined(names),
        )
    if all(u.has_other_charges for u in usages if u is not None and u.is_usable):
        return say(
            "more than text was billed for {tasks} (searches, pictures or sound), and nobody knows at which price",
            tasks=joined(names),
        )
    return say(
        "no answered request of {tasks} has a known price: use kind {kind}, or give the model's"
        " `price:` in the run config",
        tasks=joined(names),
        kind="api_contract",
    )


def _input(option: OptionSpec, by: Tariff, e: Estimate, note: Said, book: Book) -> Input:
    """Return the cost per request as an input; options of one model and tariff share it."""
    label = say("price of {name}", name=option.model)
    asked = Asked(f"price.{option.model}.{option.kind}", label, "money/request")
    if any(x is not None for x in (option.price, option.provider, option.batch_discount)):
        asked = replace(asked, key=f"{asked.key}.{option.name}")
    value = e.value or 0.0
    low = value if e.low is None else max(e.low, 0.0)
    high = value if e.high is None else e.high
    if by.discount is not None:
        left = 1 - by.discount.mode
        low = low * (1 - by.discount.high) / left if left else low
        high = high * (1 - by.discount.low) / left if left else high
        less = say(
            "batch discount {share}, {source}",
            share=numeral(f"{by.discount.mode:g}"),
            source=provenance_words(by.discount.provenance),
        )
        note = joined((note, less), "; ")
    date = None if by.price is None else by.price.date
    given = datetime.date.fromisoformat(date) if date else None
    return replace(
        book.fixed(
            asked, value, by.provenance, verbatim("" if by.price is None else by.price.source)
        ),
        low=low,
        high=high,
        date=date,
        note=note,
        rate=book.rate_input("USD" if option.price is None else option.price.currency),
        is_old=given is not None and book.is_old(given),
    )


class _Priced(NamedTuple):
    each: list[float]
    """Cost of each answered request, with its share of what failed ones cost."""
    answered: float
    """What the attempts that were answered cost, in all."""
    n_unknown: int
    """Attempts of unknown cost: left out."""


def _costs(task: TaskRequests, by: Tariff) -> _Priced:
    each: list[float] = []
    lost, answered, n_unknown = 0.0, 0.0, 0
    for r in task.requests:
        costs = [by.of(a) for a in r.attempts]
        known = [c for c in costs if c is not None]
        n_unknown += len(costs) - len(known)
        if r.answer is None:
            lost += fsum(known)
        elif costs[-1] is not None:
            each.append(fsum(known))
            answered += costs[-1]
    return _Priced([c + lost / len(each) for c in each], answered, n_unknown)


def _retry_factor(priced: Sequence[_Priced]) -> float:
    answered = fsum(p.answered for p in priced)
    return fsum(c for p in priced for c in p.each) / answered if answered else 1.0


def _tokens(task: TaskRequests, name: str) -> list[float]:
    """Return the billed tokens of the attempt that was answered."""
    usages = [r.attempts[-1].usage for r in task.requests if r.answer is not None]
    found = [getattr(u, name) for u in usages if u is not None]
    return [float(n) for n in found if n is not None]


# --- from the scenario's tokens -----------------------------------------------------------------------------------


def _by_tokens(option: OptionSpec, by: Tariff, found: ApiCost, book: Book) -> ApiCost:
    """Return the cost of requests as long as the scenario says; what retries cost is as measured."""
    load = book.scenario.load
    assert load.input_tokens is not None
    assert load.output_tokens is not None
    whole = replace(
        found, input_tokens=load.input_tokens.mode, output_tokens=load.output_tokens.mode
    )
    if found.input_per_mtok is None or found.output_per_mtok is None:
        return replace(whole, per_request=None, reason=_not_listed(option))
    more = found.retry_factor
    prices, notes = _token_prices(option, by, found.input_per_mtok, found.output_per_mtok, book)
    n_in, n_out = load.input_tokens.mode, load.output_tokens.mode
    e = Estimate((n_in * prices[0] + n_out * prices[1]) * more, "", 0)
    note = say("your tokens per request × price")
    if more > 1:
        factor = numeral(f"{more:.3f}")
        note = say("your tokens per request × price × {factor} for retries", factor=factor)
    tiers = () if by.price is None else by.price.tiers
    return replace(
        whole,
        per_request=_input(option, by, e, note, book),
        reason=NOTHING,
        token_prices=prices,
        warnings=notes
        + tuple(
            say("{model}: long prompts cost more: {prices}.", model=option.model, prices=tier)
            for tier in tiers
        ),
    )


def _token_prices(
    option: OptionSpec, by: Tariff, per_mtok_in: float, per_mtok_out: float, book: Book
) -> tuple[tuple[float, float], tuple[Said, ...]]:
    """Return the prices of an input and an output token, a share of the input being cached, and what to know of it."""
    share = book.scenario.load.cached_share
    if not share:
        return (per_mtok_in / 1e6, per_mtok_out / 1e6), ()
    cached = None if by.price is None else by.price.cached_input_per_mtok_usd
    if cached is None:
        why = say(
            "{name}: no price of cached input is known: all of it costs the full price.",
            name=option.name,
        )
        return (per_mtok_in / 1e6, per_mtok_out / 1e6), (why,)
    mixed = (1 - share) * per_mtok_in + share * cached * by.factor
    return (mixed / 1e6, per_mtok_out / 1e6), ()


def _not_listed(option: OptionSpec) -> Said:
    if option.provider:
        return say(
            "the price list has no price for {model} at {provider}: use kind {kind}",
            model=repr(option.model),
            provider=option.provider,
            kind="api_contract",
        )
    return say(
        "the price list has no price for {model}: use kind {kind}",
        model=repr(option.model),
        kind="api_contract",
    )
