"""Inputs of the cost model → sliders with ranges, and the keys of a scenario that hold the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import ceil, floor, inf, log10

from evalkit.analysis.tco.analyse import AROUND, Case
from evalkit.analysis.tco.deployment import (
    Api,
    Deployment,
    Elastic,
    Extras,
    Fleet,
    People,
    Purchase,
    Workload,
)
from evalkit.analysis.tco.facts import BLEND, OptionFact
from evalkit.analysis.tco.uncertainty import inputs_of
from evalkit.analysis.tco.values import Input
from evalkit.report import format as text
from evalkit.report.text_safety import visible
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim

HORIZON = "horizon_months"
LINEAR, LOG = "linear", "log"
MONEY, PERCENT, NUMBER = "money", "percent", "number"
_POSITIONS = 300
_MOST_STEPS = 200
_LEAST_MONTHS = 84
_LEAST_FTE = 5.0
_FURTHER = 3.0
_UNITS = {
    "": NOTHING,
    "requests/month": say("requests per month"),
    "requests/s": say("requests per second"),
    "FTE": say("full-time people"),
    "tokens/request": say("tokens per request"),
    "minutes": say("minutes"),
    "times/year": say("times a year"),
    "money/month": say("per month"),
    "factor": say("factor"),
    "years": say("years"),
    "share": NOTHING,
    "share/year": say("per year"),
    "W/GPU": say("watts per GPU"),
    "money": NOTHING,
    "money/request": say("per request"),
    "money/year": say("per year"),
    "money/server": say("per server"),
    "money/server-year": say("per server and year"),
    "money/GPU-hour": say("per GPU and hour"),
    "money/kWh": say("per kWh"),
}
_BOUNDS = {
    "share": (0.0, 1.0),
    "share/year": (0.0, 1.0),
    "factor": (1.0, inf),
    "years": (0.25, inf),
}
"""Unit → what a scenario accepts; others are 0 or more."""


@dataclass(frozen=True, slots=True)
class Slider:
    """One number that a reader may move, in whole steps."""

    element: str
    """Id in the page."""
    key: str
    """Key of the input; `HORIZON` is none."""
    label: Said
    unit: Said
    kind: str
    """How the number is written."""
    scale: str
    low: float
    high: float
    step: float
    """Between two positions; on a log scale the positions are evenly spaced in its logarithm, and this is 0."""
    value: float
    """The most likely value: where it stands at first, on a step or not."""
    steps: int
    start: int
    """Position of the value; there the slider gives the value itself."""
    is_main: bool
    shown: Said
    """The value in words."""


@dataclass(frozen=True, slots=True)
class ScenarioKey:
    """Where a number stands in a scenario."""

    on: tuple[str, ...]
    """Inputs; when one of them was moved this key has to be given."""
    at: tuple[str, ...]
    key: str = ""
    """Input that gives the value, times the factor."""
    factor: float = 1.0
    text: str = ""
    """Instead of an input."""


def sliders(case: Case) -> tuple[Slider, ...]:
    """Return the sliders of a scenario, the main ones first."""
    work, currency = case.workload, case.facts.currency
    deployments = [f.deployment for f in case.futures.values()]
    numbers = count()
    found: dict[str, Slider] = {}

    def add(given: Input, low: float, high: float, *, label: Said, is_main: bool) -> None:
        if given.key not in found:
            one = _linear(f"what-if-{next(numbers)}", given, low, high, currency)
            found[given.key] = replace(one, label=label, is_main=is_main)

    load = work.requests_per_month
    found[load.key] = _load(f"what-if-{next(numbers)}", load)
    found[HORIZON] = _horizon(f"what-if-{next(numbers)}", work.months)
    for d in deployments:
        if d.api is not None:
            price = d.api.cost_per_request
            most = max(_FURTHER * price.mode, price.high) or 0.01
            add(price, 0.0, most, label=_price_label(price, deployments), is_main=True)
    for d in deployments:
        if d.fleet is not None and d.api is None:
            for fte in (p.fte for p in d.people if p.fte is not None):
                most = max(_LEAST_FTE, _FURTHER * fte.mode, fte.high)
                add(fte, 0.0, most, label=verbatim(fte.label), is_main=True)
    varied = (i for part in (work, *deployments) for i in inputs_of(part) if i.is_varied)
    # an exchange rate is in the values of other inputs
    for given in (i for i in varied if not i.key.startswith("rate.")):
        add(given, *_around(given, work, currency), label=verbatim(given.label), is_main=False)
    return tuple(found.values())


def steady(value: float) -> float:
    """Return a number without its last digits, which hang on the order of sums."""
    return float(f"{value:.12g}")


def number(value: float) -> Said:
    """Return a number of four figures, in groups from a thousand."""
    value = steady(value)
    if abs(value) >= 1000:
        return numeral(f"{value:,.0f}")
    if value == 0:
        return numeral("0")
    digits = f"{value:.{max(0, 3 - floor(log10(abs(value))))}f}"
    return numeral(digits.rstrip("0").rstrip(".") if "." in digits else digits)


def shown(value: float, kind: str, currency: str) -> Said:
    """Return a slider's number in words."""
    if kind == MONEY:
        return text.money(value, currency)
    return text.percent(value) if kind == PERCENT else number(value)


def _load(element: str, given: Input) -> Slider:
    return Slider(
        element=element,
        key=given.key,
        label=verbatim(given.label),
        unit=_UNITS["requests/month"],
        kind=NUMBER,
        scale=LOG,
        low=given.mode / AROUND,
        high=given.mode * AROUND,
        step=0.0,
        value=given.mode,
        steps=_POSITIONS,
        start=_POSITIONS // 2,
        is_main=True,
        shown=number(given.mode),
    )


def _horizon(element: str, months: int) -> Slider:
    most = max(_LEAST_MONTHS, months)
    return Slider(
        element=element,
        key=HORIZON,
        label=say("horizon"),
        unit=say("months"),
        kind=NUMBER,
        scale=LINEAR,
        low=1.0,
        high=float(most),
        step=1.0,
        value=float(months),
        steps=most - 1,
        start=months - 1,
        is_main=True,
        shown=number(months),
    )


def _price_label(price: Input, deployments: Sequence[Deployment]) -> Said:
    """Name the options that pay a price: one model may be sold at several."""
    payers = [
        d.name
        for d in deployments
        if d.fleet is None and d.api is not None and d.api.cost_per_request.key == price.key
    ]
    return say("price of {options}", options=joined(payers)) if payers else verbatim(price.label)


def _linear(element: str, given: Input, low: float, high: float, currency: str) -> Slider:
    unit = given.unit.replace(currency, "money", 1)
    kind = {"money": MONEY, "share": PERCENT}.get(unit.partition("/")[0], NUMBER)
    step = _nice((high - low) / _MOST_STEPS)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    if last - first < 1:
        first, last = floor(low / step), ceil(high / step)
    start = min(max(round(given.mode / step), first), last)
    return Slider(
        element=element,
        key=given.key,
        label=verbatim(given.label),
        unit=_UNITS.get(unit, verbatim(given.unit)),
        kind=kind,
        scale=LINEAR,
        low=steady(first * step),
        high=steady(last * step),
        step=step,
        value=given.mode,
        steps=last - first,
        start=start - first,
        is_main=False,
        shown=shown(given.mode, kind, currency),
    )


def _around(given: Input, work: Workload, currency: str) -> tuple[float, float]:
    """Return half its range more to both sides, within what a scenario accepts and the model can divide by."""
    least, most = _BOUNDS.get(given.unit.replace(currency, "money", 1), (0.0, inf))
    if given.low < 0 or given.key == work.growth_per_year.key:
        least, most = -0.99, inf
    half = (given.high - given.low) / 2
    low, high = max(given.low - half, least), min(given.high + half, most)
    # capacity, headroom and life are divided by: never 0
    return (low if low > 0 or given.low <= 0 else min(half / 10, given.low)), high


def _nice(least: float) -> float:
    """Return 1, 2 or 5 times a power of ten, no less than this."""
    power = 10.0 ** floor(log10(least))
    return steady(next(n for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9)) * power)


# --- the same numbers in a scenario -------------------------------------------------------------------------------


def scenario_keys(case: Case) -> tuple[ScenarioKey, ...]:
    """Return where a scenario holds each input; shares of a blend are measured and stand nowhere."""
    work = case.workload
    found = [
        _same(work.requests_per_month, "load", "requests_per_month"),
        _same(work.growth_per_year, "load", "growth_per_year"),
        _same(work.peak_to_mean, "load", "peak_to_mean"),
        _same(work.discount_rate, "discount_rate"),
        *_given(
            (work.vat, ("tax", "vat_not_deductible")), (work.income_tax, ("tax", "income_tax"))
        ),
    ]
    for o in case.facts.options:
        if o.name in case.futures and o.side != BLEND:
            found += _of_option(case.futures[o.name].deployment, o, case)
    return tuple({(k.at, k.key): k for k in found}.values())


def _given(*pairs: tuple[Input | None, tuple[str, ...]]) -> Iterator[ScenarioKey]:
    return (_same(given, *at) for given, at in pairs if given is not None)


def _same(given: Input, *at: str) -> ScenarioKey:
    return ScenarioKey(on=(given.key,), at=at, key=given.key)


def _of_option(d: Deployment, o: OptionFact, case: Case) -> Iterator[ScenarioKey]:
    for p in d.people:
        yield from _of_people(p, d.name)
    if d.fleet is not None:
        yield from _of_fleet(d.fleet, d.name)
    if d.failover is not None:
        yield _same(d.failover.outage_share, "self_hosted", "outage_share")
    for side, extras in (("self_hosted", d.own_extras), ("api", d.api_extras)):
        if extras is not None:
            yield from _of_extras(extras, side)
    if d.api is not None:
        yield from _of_api(d.api, o, case)


def _of_people(p: People, option: str) -> Iterator[ScenarioKey]:
    for given, at in (
        (p.fte, ("staff", "fte")),
        (p.cost_per_year, ("staff", "cost_per_year")),
        (p.fte_per_replica, ("staff", "fte_per_replica")),
        (p.adoption, ("adoption_cost",)),
    ):
        if given is not None:
            # a colon ends the key of what a whole side shares
            side = given.key.partition(".")[2]
            where = (side[:-1],) if side.endswith(":") else ("options", option)
            yield _same(given, *where, *at)


def _of_extras(extras: Extras, side: str) -> Iterator[ScenarioKey]:
    yield from _given(
        (extras.minimum_per_month, (side, "minimum_spend_per_month")),
        (extras.exit_cost, (side, "exit_cost")),
        (extras.revalidation_cost, (side, "revalidation_cost")),
        (extras.revalidations_per_year, (side, "revalidations_per_year")),
    )
    egress = extras.egress_per_request
    if egress is not None:
        at = (side, "egress_per_1000_requests")
        yield ScenarioKey(on=(egress.key,), at=at, key=egress.key, factor=1000.0)


def _of_fleet(fleet: Fleet, option: str) -> Iterator[ScenarioKey]:
    mine = ("options", option)
    capacity = fleet.capacity_per_s
    yield _same(capacity, *mine, "capacity", "requests_per_s")
    yield _same(fleet.headroom, "self_hosted", "headroom")
    if fleet.tokens is not None and fleet.tokens.input_tokens.is_varied:
        yield _same(fleet.tokens.input_tokens, "load", "input_tokens")
        yield _same(fleet.tokens.output_tokens, "load", "output_tokens")
    yield _same(fleet.licence_per_gpu_year, "self_hosted", "licence_per_gpu_year")
    machine = fleet.machine
    if not isinstance(machine, Purchase):
        yield _same(machine.price, *mine, "gpu_hour_price")
        yield _same(machine.change_per_year, "self_hosted", "rent_change_per_year")
        if isinstance(machine.billing, Elastic):
            start_up = machine.billing.start_up_minutes
            yield _same(start_up, "self_hosted", "start_up_minutes")
        return
    yield _same(machine.price, *mine, "server_price")
    yield _same(machine.life_years, "self_hosted", "useful_life_years")
    yield _same(machine.residual_share, "self_hosted", "residual_share")
    yield _same(machine.resale_share, "self_hosted", "resale_share")
    yield _same(machine.price_change_per_year, "self_hosted", "server_price_change_per_year")
    yield _same(machine.maintenance_share, "self_hosted", "maintenance_share")
    power = machine.power
    # power that a bench measured goes with its capacity, and idle power may be a share of the other
    busy = (capacity.key, power.load_w.key)
    hosting = machine.hosting_per_year
    # hosting that nobody gave goes by the server's power
    goes_with = busy if hosting.key.startswith("hosting.") else ()
    at = ("self_hosted", "hosting_per_server_year")
    yield ScenarioKey((*goes_with, hosting.key), at, hosting.key)
    yield ScenarioKey(busy, (*mine, "load_power"), power.load_w.key)
    yield ScenarioKey((*busy, power.idle_w.key), (*mine, "idle_power"), power.idle_w.key)
    yield _same(power.pue, "self_hosted", "pue")
    yield _same(power.price_per_kwh, "self_hosted", "electricity_price")


def _of_api(api: Api, o: OptionFact, case: Case) -> Iterator[ScenarioKey]:
    """Yield its price as a contract's, all token prices times the same; where they are not known there is no key."""
    yield _same(api.decline_per_year, "api", "price_decline_per_year")
    price, mine = api.cost_per_request, ("options", o.name)
    each = () if o.unit is None else (o.unit.input_per_mtok.value, o.unit.output_per_mtok.value)
    known = [value for value in each if value is not None]
    if len(known) < 2 or not price.mode:
        return
    on = (price.key,)
    yield ScenarioKey(on, (*mine, "kind"), text="api_contract")
    for name, value in zip(("input", "output"), known, strict=True):
        yield ScenarioKey(on, (*mine, "price", name), price.key, value / price.mode)
    for name, words in (
        ("currency", case.facts.currency),
        ("source", "what if"),
        ("date", visible(case.facts.today)),
    ):
        yield ScenarioKey(on, (*mine, "price", name), text=words)
