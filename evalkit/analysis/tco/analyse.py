"""Finished runs, a scenario and the catalogue → every fact of the decision."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from evalkit.analysis.docs import doc_table
from evalkit.analysis.facts import Estimate
from evalkit.analysis.load import slo_text
from evalkit.analysis.tco.alike import Outside, no_share, outside, outside_warnings, uneven
from evalkit.analysis.tco.asked import unlike
from evalkit.analysis.tco.benefit import Worth, benefits, worth_of
from evalkit.analysis.tco.blends import (
    Blend,
    blend,
    blended_slo_share,
    pairings,
)
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.bounds import bounded, guesses, task_quality
from evalkit.analysis.tco.deployment import Deployment, Purchase, Workload
from evalkit.analysis.tco.evidence import data_class
from evalkit.analysis.tco.facts import (
    BLEND,
    BUILD,
    BUY,
    Assumption,
    Breakdown,
    CashFact,
    Figure,
    LoadCurve,
    OptionFact,
    TcoFacts,
)
from evalkit.analysis.tco.formulas import cumulated
from evalkit.analysis.tco.limits import within_limits
from evalkit.analysis.tco.model import costs
from evalkit.analysis.tco.options import Resolved, resolve, workload
from evalkit.analysis.tco.pairs import pair_facts
from evalkit.analysis.tco.rates import rates_of
from evalkit.analysis.tco.titles import titled_options, titled_point
from evalkit.analysis.tco.uncertainty import Future, figure, future, inputs_of
from evalkit.analysis.tco.unit import Work, unit_costs
from evalkit.analysis.tco.values import Input, Provenance, Reading, at_mode, drawn
from evalkit.analysis.tco.warn import old_sources, warnings_of
from evalkit.analysis.tco.work import work_of
from evalkit.analysis.weighted import ALL_ALONE, Levels
from evalkit.catalog import Catalog
from evalkit.config.scenario import ScenarioConfig
from evalkit.errors import UsageError, did_you_mean
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, say, text_of

_CURVE_POINTS = 160
AROUND = 30.0
"""Curves over the load go from a thirtieth of it to thirty times."""
_EMPTY = Figure(None, "", reason=say("costs are not known"))


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the verdict needs beside the facts: deployments to try under other inputs."""

    facts: TcoFacts
    workload: Workload
    futures: dict[str, Future]
    """What each option may come to, by option; those whose costs are known."""
    task_quality: dict[tuple[str, str], Estimate]
    """Model and task → score."""
    uneven: dict[str, Said] = field(default_factory=dict)
    """Option → why its mean score is not over all tasks that count."""
    rates: dict[tuple[str, str], Estimate] = field(default_factory=dict)
    """Option and rate that the policy limits → how often."""
    levels: Levels = ALL_ALONE
    """How sure the bounds of scores are."""


@dataclass(frozen=True, slots=True)
class _Basis:
    """What all facts of a scenario are computed from."""

    runs: Sequence[Run]
    book: Book
    work: Workload
    futures: dict[str, Future]
    ratio: Input
    read: Reading


def analyse_scenario(
    runs: Sequence[Run], scenario: ScenarioConfig, catalog: Catalog, today: datetime.date
) -> Case:
    """Compute every fact of a scenario from finished runs.

    Args:
        runs: Quality runs and benches, of any models; where two have the same, the last one counts.
        scenario: What to compare.
        catalog: Prices, power and defaults.
        today: Old sources are told by it, and list prices of models that were not measured are those of this day.

    Raises:
        UsageError: The scenario names hardware, a provider, a metric or a currency that is not known.
    """
    book = Book(scenario, catalog, today)
    work = workload(book)
    _check_tasks(scenario, runs)
    rule = scenario.policy.quality
    table = doc_table(runs, rule.metrics, rule.clusters, with_rates=bool(rule.at_most))
    options = [within_limits(resolve(o, table, book), work, book) for o in titled_options(scenario)]
    _check_models(options, runs)
    paired = list(pairings(options, runs, book))
    options, levels = bounded(options, paired, book)
    mixed = [blend(p, levels, book, work) for p in paired]
    left_out = tuple(outside(table))
    read = drawn(scenario.draws, scenario.seed)
    known = [*(r.deployment for r in options), *(b.deployment for b in mixed)]
    deployments = [d for d in known if d is not None]
    futures = {d.name: future(d, work, read) for d in deployments}
    basis = _Basis(runs, book, work, futures, _price_ratio(options, book), read)
    facts = TcoFacts(
        name=scenario.name,
        title=text_of(scenario.title or scenario.name),
        about=text_of(scenario.about),
        currency=scenario.currency,
        horizon_months=scenario.horizon_months,
        draws=scenario.draws,
        seed=scenario.seed,
        today=today.isoformat(),
        runs=tuple(run.manifest.run_id for run in runs),
        load=work.requests_per_month,
        options=(*(_option(r, basis) for r in options), *(_blend_option(b, basis) for b in mixed)),
        pairs=tuple(pair_facts(options, mixed, futures, work, read, book)),
        curves=tuple(_curve(d, options, work) for d in deployments),
        blends=tuple({(b.fact.local, b.fact.vendor): b.fact for b in mixed}.values()),
        assumptions=tuple(_assumptions(deployments, work, worth_of(book))),
        rates=tuple(
            (code, r.value.mode, r.date.isoformat(), r.source) for code, r in scenario.rates.items()
        ),
        data_class=scenario.policy.data_class or data_class(runs) or "internal",
        warnings=(
            *outside_warnings(left_out),
            *warnings_of(options, mixed, runs, book),
            *old_sources(deployments, work),
        ),
    )
    facts = replace(facts, benefits=benefits(facts, futures, work, read, book))
    rates = rates_of(table, facts.options, tuple(rule.at_most), scenario.load.task_weights)
    found = Case(facts, work, futures, task_quality(options, levels), {}, rates, levels)
    return _judged(found, options, mixed, left_out, basis)


def _judged(
    case: Case,
    options: Sequence[Resolved],
    mixed: Sequence[Blend],
    left_out: Sequence[Outside],
    basis: _Basis,
) -> Case:
    """Return the case with what its scores are worth: over which tasks, asked how, and who may be guessing."""
    models, weights = [r.spec.model for r in options], basis.book.scenario.load.task_weights
    none = no_share(left_out, models)
    facts = replace(
        case.facts,
        guesses=tuple(guesses(options, case.task_quality, weights)),
        unlike=tuple(unlike(models, basis.runs)),
    )
    return replace(
        case,
        facts=facts,
        task_quality=none | case.task_quality,
        uneven=uneven(options, mixed, left_out, weights),
    )


def _check_models(options: Sequence[Resolved], runs: Sequence[Run]) -> None:
    """Refuse a model that neither a run nor a price knows: most likely it is misspelt."""
    known = sorted({c.model for run in runs for c in run.manifest.cells})
    for r in options:
        is_given = r.spec.capacity is not None and r.spec.capacity.profile is None
        if r.api is not None:
            is_given = r.api.input_per_mtok is not None
        if not is_given and r.spec.model not in known:
            where = (
                "no run has" if r.spec.is_self_hosted else "neither a run nor the price list has"
            )
            has = f"The runs have {', '.join(known) or 'none'}."
            if not runs:
                has = "No run was given, and this option rests on one: name its folder."
            raise UsageError(
                f"option {r.spec.name!r}: {where} a model {r.spec.model!r}.",
                did_you_mean(r.spec.model, known, has),
            )


def _check_tasks(scenario: ScenarioConfig, runs: Sequence[Run]) -> None:
    """Refuse a task that no run asked: most likely it is misspelt, or was asked in another mode."""
    known = sorted({s.task for run in runs for s in run.samples})
    rule = scenario.policy.quality
    for where, names in (
        ("load: task_weights", scenario.load.task_weights or {}),
        ("policy: quality: tasks", rule.tasks),
        ("policy: quality: metrics", rule.metrics),
        ("policy: quality: clusters", rule.clusters),
    ):
        for name in names:
            if known and name not in known:
                raise UsageError(
                    f"scenario {scenario.name!r}: {where}: no run asked {name!r}.",
                    did_you_mean(name, known, f"They asked {', '.join(known)}."),
                )


def _price_ratio(options: Sequence[Resolved], book: Book) -> Input:
    """Return what an output token is worth: at the first API with prices, else by convention."""
    label = say("price of an output token / an input token")
    asked = Asked("input_output_price_ratio", label, "ratio")
    for r in options:
        if r.api is not None and r.api.input_per_mtok and r.api.output_per_mtok:
            ratio = r.api.output_per_mtok / r.api.input_per_mtok
            source = say("prices of {model}", model=r.spec.model)
            return book.fixed(asked, ratio, Provenance.LIST_PRICE, source)
    return book.assumed(asked, None, "input_output_price_ratio")


def _option(r: Resolved, basis: _Basis) -> OptionFact:
    spec = r.spec
    base = OptionFact(
        name=spec.name,
        side=BUILD if spec.is_self_hosted else BUY,
        kind=spec.kind,
        models=(spec.model,),
        parts=(),
        missing=r.missing,
        no_staff=r.no_staff,
        no_adoption=r.no_adoption,
        leaves_network=r.leaves_network,
        capacity_per_s=_capacity(r),
        service_level=(
            slo_text(basis.book.scenario.service_level)
            if r.capacity is None
            else r.capacity.service_level
        ),
        replicas=None,
        servers=None,
        gpus=None,
        upfront=_EMPTY,
        first_month=None,
        months=(),
        cumulated=(),
        cumulated_low=(),
        cumulated_high=(),
        total=_EMPTY,
        resale=_EMPTY,
        per_month=_EMPTY,
        cash=None,
        unit=None,
        quality=r.quality,
        slo_share=r.slo_share,
        capacity_n=None if r.capacity is None else r.capacity.n,
        speed_doubt=NOTHING if r.capacity is None else r.capacity.doubt,
    )
    found = _costed(base, work_of(r, basis.runs, basis.ratio, basis.book), basis)
    return found if spec.hardware is not None else replace(found, gpus=None)


def _blend_option(b: Blend, basis: _Basis) -> OptionFact:
    local = _option(b.local, replace(basis, futures={}))
    none = Estimate(None, "share", 0, reason=joined(b.missing, "; "))
    base = replace(
        local,
        name=b.name,
        side=BLEND,
        kind=BLEND,
        models=(b.local.spec.model, b.vendor.spec.model),
        parts=(b.local.spec.name, b.vendor.spec.name),
        missing=b.missing,
        no_staff=b.local.no_staff + b.vendor.no_staff,
        no_adoption=b.local.no_adoption + b.vendor.no_adoption,
        leaves_network=b.local.leaves_network or b.vendor.leaves_network,
        quality=none if b.point is None else b.point.quality,
        slo_share=blended_slo_share(b, basis.book.scenario.service_level),
        escalated=None if b.point is None else b.point.escalated,
        policy=None if b.frontier is None else b.frontier.policy,
        point=None if b.point is None else titled_point(b.point, basis.book.scenario),
        out_of_reach=b.out_of_reach,
    )
    does = work_of(b.local, basis.runs, basis.ratio, basis.book)
    does = replace(does, quality=base.quality, slo_share=base.slo_share, prices=None)
    found = _costed(base, does, basis)
    return found if b.local.spec.hardware is not None else replace(found, gpus=None)


def _capacity(r: Resolved) -> Figure | None:
    if r.capacity is None:
        return None
    given = r.capacity.per_s
    if given is None:
        return Figure(None, "requests/s", reason=r.capacity.reason)
    return Figure(
        given.mode, "requests/s", given.low, given.high, (given.provenance,), r.capacity.reason
    )


def _costed(base: OptionFact, does: Work, basis: _Basis) -> OptionFact:
    """Return an option with its costs, where they are known."""
    f = basis.futures.get(base.name)
    if f is None:
        return base
    work, currency = basis.work, basis.book.scenario.currency
    likely = future(f.deployment, work, at_mode)
    rests_on = [*inputs_of(work), *inputs_of(f.deployment)]
    fleet = f.deployment.fleet
    first = likely.months
    low, mid, high = np.percentile(f.cumulated, (10, 50, 90), axis=0)
    servers = round(float(first.servers[..., 0].item())) if fleet is not None else None
    return replace(
        base,
        replicas=None if fleet is None else round(float(first.replicas[..., 0].item())),
        servers=servers,
        gpus=None if fleet is None or servers is None else servers * fleet.gpus_per_server,
        upfront=figure(f.upfront, currency, rests_on),
        first_month=Breakdown(
            *(
                float(getattr(first, part)[..., 0].item())
                for part in ("machines", "energy", "upkeep", "staff", "api")
            )
        ),
        months=tuple(float(x) for x in np.ravel(first.total)),
        cumulated=tuple(map(float, mid)),
        cumulated_low=tuple(map(float, low)),
        cumulated_high=tuple(map(float, high)),
        total=figure(f.total, currency, rests_on),
        resale=_resale(f, currency, rests_on),
        cash=_cash(likely, float(work.discount_rate.mode)),
        per_month=figure(f.months.total.mean(axis=-1), f"{currency}/month", rests_on),
        unit=unit_costs(f, work, does, currency, basis.read),
    )


def _resale(f: Future, currency: str, rests_on: Sequence[Input]) -> Figure:
    fleet = f.deployment.fleet
    if fleet is None or not isinstance(fleet.machine, Purchase):
        return Figure(None, currency, reason=say("nothing is bought"))
    return figure(-f.resale, currency, rests_on)


def _cash(likely: Future, rate: float) -> CashFact:
    parts = {f.name: getattr(likely.cash, f.name) for f in fields(likely.cash)}
    paid = np.ravel(likely.cash.total)
    return CashFact(
        **{name: float(cumulated(each, rate)[..., -1].item()) for name, each in parts.items()},
        years=(
            float(paid[0]),
            *(float(paid[m : m + 12].sum()) for m in range(1, len(paid), 12)),
        ),
    )


def _curve(deployment: Deployment, options: Sequence[Resolved], work: Workload) -> LoadCurve:
    """Return cost per month over the load, at today's prices."""
    now = work.requests_per_month
    volume = np.geomspace(now.low / AROUND, now.high * AROUND, _CURVE_POINTS)
    each = costs(deployment, work, volume, 0, at_mode)
    has_fleet = deployment.fleet is not None
    side = next(
        (
            BUILD if r.spec.is_self_hosted else BUY
            for r in options
            if r.spec.name == deployment.name
        ),
        BLEND,
    )
    return LoadCurve(
        option=deployment.name,
        side=side,
        requests_per_month=tuple(map(float, volume)),
        cost=tuple(map(float, each.total)),
        replicas=tuple(round(float(n)) if has_fleet else None for n in each.replicas),
    )


def _assumptions(
    deployments: Sequence[Deployment], work: Workload, worth: Worth | None
) -> Iterator[Assumption]:
    """Yield every input once, with the options that use it; what describes load and answers is used by all."""
    used: dict[str, list[str]] = {}
    given = {i.key: i for part in (work, worth) for i in inputs_of(part)}
    everyone = tuple(d.name for d in deployments)
    for d in deployments:
        for i in inputs_of(d):
            given.setdefault(i.key, i)
            used.setdefault(i.key, []).append(d.name)
    for key, one in given.items():
        yield Assumption(one, tuple(used.get(key, everyone)))
