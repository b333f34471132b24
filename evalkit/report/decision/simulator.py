"""A case → the section in which a reader moves load, prices, horizon and staff, and sees what it would cost then.

The page computes with static/cost_model.js, which tests hold to `evalkit.analysis.tco.likely`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.deployment import (
    Api,
    Deployment,
    Elastic,
    Extras,
    Failover,
    Fleet,
    People,
    Purchase,
    Reserved,
    TokenWork,
    Workload,
)
from evalkit.analysis.tco.facts import OptionFact
from evalkit.analysis.tco.likely import Likely, LikelyOption, LikelyPair, likely
from evalkit.analysis.tco.values import Input
from evalkit.decision.facts import Outcome, Verdict
from evalkit.decision.words import NEAR, two_digits
from evalkit.report import format as text
from evalkit.report.decision.sliders import (
    ScenarioKey,
    Slider,
    number,
    scenario_keys,
    sliders,
    steady,
)
from evalkit.report.decision.words import positions
from evalkit.report.embed import json_block
from evalkit.report.text_safety import visible
from evalkit.wording import NOTHING, Language, Said, joined, say, say_n, tell, verbatim

Json = dict[str, object]
Key = Callable[[Input | None], str | None]
"""Notes an input for the script and returns its key."""
BLOCK = "simulator-data"
SCRIPTS = ("cost_model.js", "simulator_charts.js", "simulator.js")
"""Scripts of the page, in this order; simulator.css belongs to them."""
_BREAKS = say("breaks a rule of the policy")
_NO_LOAD = say("no load makes it cheaper")
_ANY_LOAD = say("the smallest")
_FAR = say("none within reach")
_NEVER = say("not within the horizon")


@dataclass(frozen=True, slots=True)
class Row:
    """One option, or one pair of them, at the most likely values."""

    name: Said
    series: int | None
    note: Said
    """What its costs leave out, or why it is no choice."""
    cells: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Simulator:
    """The whole section: what is read without JavaScript, and what a script needs."""

    currency: str
    main: tuple[Slider, ...]
    more: tuple[Slider, ...]
    options: tuple[Row, ...]
    pairs: tuple[Row, ...]
    left_out: tuple[str, ...]
    """Options whose costs are not known."""
    data: Markup


def build_simulator(case: Case, verdict: Verdict, language: Language) -> Simulator | None:
    """Return the section; None where no option has known costs.

    Args:
        case: What was analysed.
        verdict: Says which options break a rule.
        language: For the words and number signs that the script uses.
    """
    if not case.futures:
        return None
    found, given = likely(case), sliders(case)
    facts = {o.name: o for o in case.facts.options}
    broken = {c.option for c in verdict.checks if c.outcome == Outcome.FAIL}
    where = positions(case.facts)
    return Simulator(
        currency=case.facts.currency,
        main=tuple(s for s in given if s.is_main),
        more=tuple(s for s in given if not s.is_main),
        options=tuple(
            Row(
                name=verbatim(o.name),
                series=where.get(o.name),
                note=_note(facts[o.name], broken),
                cells=option_cells(o, case.facts.currency),
            )
            for o in found.options
        ),
        pairs=tuple(
            Row(
                name=pair_name(p),
                series=None,
                note=NOTHING,
                cells=pair_cells(p, case.facts.currency, found.requests_per_month),
            )
            for p in found.pairs
        ),
        left_out=tuple(o.name for o in case.facts.options if o.name not in case.futures),
        data=json_block(BLOCK, _data(case, found, given, broken, language)),
    )


def option_cells(o: LikelyOption, currency: str) -> tuple[Said, ...]:
    """Return an option's numbers in the order of the table's columns."""
    amounts = (o.first_month, o.per_month, o.total, o.per_1000_requests, o.per_correct_answer)
    return (*(_money(v, currency) for v in amounts), _ends(o.replicas), _ends(o.servers))


def pair_name(p: LikelyPair) -> Said:
    """Name a pair."""
    return say("{own} against {api}", own=p.build, api=p.buy)


def pair_cells(p: LikelyPair, currency: str, load: float) -> tuple[Said, ...]:
    """Return a pair's numbers in the order of the table's columns; no break-even load far beyond the given one."""
    even, pays = p.break_even_per_month, p.payback_months
    is_far = even is not None and even > NEAR * load
    shown = two_digits(even) if even else _ANY_LOAD
    return (
        _NO_LOAD if even is None else _FAR if is_far else shown,
        _NEVER if pays is None else say_n("{n} month", "{n} months", round(pays)),
        _money(p.saving, currency),
    )


def _money(value: float | None, currency: str) -> Said:
    return text.money(None if value is None else steady(value), currency)


def _ends(counts: tuple[int, int] | None) -> Said:
    """Return how many there are in the first month, and in the last where these differ."""
    if counts is None:
        return text.MISSING
    return joined([number(n) for n in dict.fromkeys(counts)], " → ")


def _note(o: OptionFact, broken: set[str]) -> Said:
    parts = [_BREAKS] if o.name in broken else []
    if o.incomplete:
        parts.append(say("INCOMPLETE, without: {items}", items=joined(o.incomplete, "; ")))
    return joined(parts, "; ")


# --- for the script -----------------------------------------------------------------------------------------------


def _data(
    case: Case, found: Likely, given: Sequence[Slider], broken: set[str], language: Language
) -> Json:
    names = [o.name for o in found.options]
    facts = {o.name: o for o in case.facts.options}
    where = positions(case.facts)
    work = case.workload
    keys: dict[str, float] = {}

    def key(i: Input | None) -> str | None:
        if i is None:
            return None
        keys.setdefault(i.key, i.mode)
        return i.key

    def tree(d: Deployment) -> Json:
        o = facts[d.name]
        return {
            "name": visible(tell(d.name, language)),
            "series": where[d.name],
            "side": o.side,
            "broken": d.name in broken,
            "quality": o.quality.value,
            "fleet": None if d.fleet is None else _fleet(d.fleet, key),
            "api": _api(d.api, key),
            "people": [_person(p, key) for p in d.people],
            "failover": _api(d.failover, key),
            "own_extras": _extras(d.own_extras, key),
            "api_extras": _extras(d.api_extras, key),
            "local": key(d.local_share),
            "billed": key(d.billed_share),
        }

    return {
        "currency": case.facts.currency,
        "months": work.months,
        "workload": _workload(work, key),
        "deployments": [tree(f.deployment) for f in case.futures.values()],
        "pairs": [[names.index(p.build), names.index(p.buy)] for p in found.pairs],
        "near": NEAR,
        "sliders": [_slider(s, language) for s in given],
        "yaml": [_scenario_key(k) for k in scenario_keys(case)],
        "inputs": keys,
        "words": {name: tell(words, language) for name, words in _words().items()},
    }


def _workload(work: Workload, key: Key) -> Json:
    profile = work.profile
    return {
        "requests": key(work.requests_per_month),
        "growth": key(work.growth_per_year),
        "peak": key(work.peak_to_mean),
        "rate": key(work.discount_rate),
        "vat": key(work.vat),
        "income_tax": key(work.income_tax),
        "profile": None
        if profile is None
        else {"levels": profile.levels, "hours": profile.hours, "rises": profile.rises},
    }


def _api(api: Api | Failover | None, key: Key) -> Json | None:
    if api is None:
        return None
    if isinstance(api, Failover):
        return {**(_api(api.api, key) or {}), "outage": key(api.outage_share)}
    tokens = api.tokens
    return {
        "price": key(api.cost_per_request),
        "decline": key(api.decline_per_year),
        "tokens": None
        if tokens is None
        else {
            "input": key(tokens.input_tokens),
            "output": key(tokens.output_tokens),
            "input_price": tokens.input_price,
            "output_price": tokens.output_price,
            "at": tokens.input_tokens.mode * tokens.input_price
            + tokens.output_tokens.mode * tokens.output_price,
        },
    }


def _person(p: People, key: Key) -> Json:
    return {
        "fte": key(p.fte),
        "fte_per_replica": key(p.fte_per_replica),
        "salary": key(p.cost_per_year),
        "adoption": key(p.adoption),
    }


def _extras(extras: Extras | None, key: Key) -> Json | None:
    if extras is None:
        return None
    return {
        "egress": key(extras.egress_per_request),
        "minimum": key(extras.minimum_per_month),
        "exit": key(extras.exit_cost),
        "revalidation": key(extras.revalidation_cost),
        "often": key(extras.revalidations_per_year),
    }


def _fleet(fleet: Fleet, key: Key) -> Json:
    machine = fleet.machine
    owned, rented = None, {}
    if isinstance(machine, Purchase):
        owned = {
            "price": key(machine.price),
            "life": key(machine.life_years),
            "price_change": key(machine.price_change_per_year),
            "residual": key(machine.residual_share),
            "resale": key(machine.resale_share),
            "maintenance": key(machine.maintenance_share),
            "hosting": key(machine.hosting_per_year),
            "idle": key(machine.power.idle_w),
            "load": key(machine.power.load_w),
            "pue": key(machine.power.pue),
            "kwh": key(machine.power.price_per_kwh),
        }
    else:
        rented = {
            "rent": key(machine.price),
            "rent_change": key(machine.change_per_year),
            **_billing(machine.billing, key),
        }
    return {
        "capacity": key(fleet.capacity_per_s),
        "tokens": _tokens(fleet.tokens, key),
        "headroom": key(fleet.headroom),
        "spare": fleet.spare,
        "per_replica": fleet.gpus_per_replica,
        "per_server": fleet.gpus_per_server,
        "licence": key(fleet.licence_per_gpu_year),
        "owned": owned,
        **rented,
    }


def _tokens(tokens: TokenWork | None, key: Key) -> Json | None:
    if tokens is None:
        return None
    return {
        "tested_input": tokens.tested_input,
        "tested_output": tokens.tested_output,
        "input": key(tokens.input_tokens),
        "output": key(tokens.output_tokens),
        "ratio": key(tokens.ratio),
        "exponent": key(tokens.exponent),
    }


def _billing(billing: Reserved | Elastic, key: Key) -> Json:
    if isinstance(billing, Reserved):
        return {"term": billing.term_months, "ends": billing.ends_with_horizon}
    return {
        "elastic": {
            "start_up": key(billing.start_up_minutes),
            "minimum": billing.minimum,
            "active": billing.active_share,
            "step": billing.billing_step_hours,
            "per_second": billing.is_per_second,
        }
    }


def _slider(s: Slider, language: Language) -> Json:
    return {
        "key": s.key,
        "label": visible(tell(s.label, language)),
        "kind": s.kind,
        "scale": s.scale,
        "low": s.low,
        "high": s.high,
        "step": s.step,
        "start": s.start,
        "steps": s.steps,
    }


def _scenario_key(k: ScenarioKey) -> Json:
    value: Json = {"text": k.text} if k.text else {"key": k.key, "factor": k.factor}
    return {"on": k.on, "at": [visible(name) for name in k.at], **value}


def _words() -> dict[str, Said]:
    """Return what the script says; `{name}` stands for what it fills in."""
    n, amount, option = "{n}", "{amount}", "{option}"
    return {
        "money": say("{currency} {amount}", currency="{currency}", amount=amount),
        "debt": say("{currency} −{amount}", currency="{currency}", amount=amount),
        "percent": say("{n} %", n=n),
        "k": say("{n} k", n=n),
        "M": say("{n} M", n=n),
        "B": say("{n} B", n=n),
        "missing": text.MISSING,
        "month_one": say("{n} month", n=n),
        "month_many": say("{n} months", n=n),
        "no_load": _NO_LOAD,
        "any_load": _ANY_LOAD,
        "far": _FAR,
        "never": _NEVER,
        "breaks": _BREAKS,
        "least": say(
            "Over {time}, {option} costs least: {amount}, {gap} less than {other}.",
            time="{time}", option=option, amount=amount, gap="{gap}", other="{other}",
        ),
        "least_now": say(
            "In the first month, at {n} requests, {option} costs least: {amount}.",
            n=n, option=option, amount=amount,
        ),
        "level": say("Over {time}, {option} and {other} cost the same: {amount}.",
            time="{time}", option=option, other="{other}", amount=amount),
        "kept": say("Of those that break no rule, {option} costs least over this time: {amount}.",
            option=option, amount=amount),
        "as_given": say("Nothing is moved: these are the scenario's most likely values."),
        "moved": say("To get the same numbers from evalkit tco, set these keys in the scenario file:"),
        "no_key": say("measured, no key of a scenario"),
        "caption": say("Costs in {currency}, with moved numbers", currency="{currency}"),
        "caption_pairs": say("Own deployment against API, with moved numbers"),
        "load_title": say("Cost of a month over the load"),
        "load_axis": say("requests per month"),
        "load_now": say("your load"),
        "break_even": say("break-even today {n}", n=n),
        "months_title": say("Total cost up to each month"),
        "months_axis": say("months"),
        "described": say("{title}. {values}.", title="{title}", values="{values}"),
    }  # fmt: skip
