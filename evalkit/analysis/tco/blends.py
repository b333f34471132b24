"""Local and vendor options → their blend: what it scores on the same docs, and the deployment it would be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.blend.choice import Choice, best_point
from evalkit.analysis.blend.evaluate import Plan, blend_fact, plan
from evalkit.analysis.blend.facts import BlendFact, Frontier, Point, Policy
from evalkit.analysis.blend.pairs import pair
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.api import NOT_ASKED, request_price, tariff
from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.deployment import Deployment, Workload
from evalkit.analysis.tco.options import Resolved
from evalkit.analysis.tco.titles import blend_name
from evalkit.analysis.tco.uncertainty import future
from evalkit.analysis.tco.values import Input, as_input, at_mode
from evalkit.analysis.weighted import Levels
from evalkit.config.bench import SloSpec
from evalkit.config.scenario import API_BATCH
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, numeral, say


@dataclass(frozen=True, slots=True)
class Blend:
    """Two options that are combined."""

    name: str
    """Name that the scenario goes by; it reads as the title."""
    local: Resolved
    vendor: Resolved
    fact: BlendFact
    """The blend as measured on the docs that both models answered."""
    point: Point | None
    frontier: Frontier | None
    """The one that has the point."""
    deployment: Deployment | None
    missing: tuple[Said, ...]
    """Why there is no deployment."""
    out_of_reach: Said = NOTHING
    """Why no setting is good enough or affordable."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two options that may be combined, and what every policy would do."""

    local: Resolved
    vendor: Resolved
    plan: Plan


def pairings(options: Sequence[Resolved], runs: Sequence[Run], book: Book) -> Iterator[Pairing]:
    """Yield the pairs that the scenario asks for; by default every two models that answered the same docs."""
    wanted = book.scenario.blends
    by_name = {r.spec.name: r for r in options}
    if wanted is not None:
        for one in wanted:
            yield _pairing(by_name[one.local], by_name[one.vendor], runs, book)
        return
    for local in options:
        for vendor in options:
            is_pair = local.spec.is_self_hosted and not vendor.spec.is_self_hosted
            is_measured = local.outcomes and vendor.outcomes
            if is_pair and is_measured and vendor.spec.kind != API_BATCH:
                found = _pairing(local, vendor, runs, book)
                if found.plan.pairs.n:
                    yield found


def _pairing(local: Resolved, vendor: Resolved, runs: Sequence[Run], book: Book) -> Pairing:
    by = tariff(vendor.spec, runs, book)
    pairs = pair(
        local.outcomes,
        vendor.outcomes,
        lambda requests: request_price(requests, by.of),
        book.scenario.load.task_weights,
    )
    return Pairing(local, vendor, plan(pairs, book.scenario.seed))


def usable_policies(book: Book) -> tuple[Policy, ...]:
    """Return the policies that may become an option.

    Sending requests away at random is only what a policy has to beat. Where somebody waits for answers and a service
    level is set, cascades are out: they show their first word after the local answer was judged, and nobody has
    measured how late that is.
    """
    is_waited_for = book.scenario.policy.interactive and book.scenario.service_level is not None
    return tuple(
        policy
        for policy in Policy
        if policy not in (Policy.RANDOM, Policy.ORACLE)
        and not (is_waited_for and policy.is_cascade)
    )


def blend(pairing: Pairing, levels: Levels, book: Book, work: Workload) -> Blend:
    """Return the blend of two options at the setting that is chosen."""
    local, vendor = pairing.local, pairing.vendor
    name = blend_name(local.spec.name, vendor.spec.name, book.scenario)
    fact = blend_fact(local.spec.model, vendor.spec.model, pairing.plan, levels)
    missing = [*local.missing, *vendor.missing]
    choice = None
    if fact.reason:
        missing.append(fact.reason)
    elif not missing:
        choice = _choose(fact, book, _budget(local, vendor, fact, work, book))
    if missing or choice is None:
        why = NOTHING if missing else _why_none(fact, book)
        return Blend(name, local, vendor, fact, None, None, None, tuple(missing) or (why,), why)
    frontier = next(f for f in fact.frontiers if f.policy == choice.policy)
    return Blend(
        name=name,
        local=local,
        vendor=vendor,
        fact=fact,
        point=choice.point,
        frontier=frontier,
        deployment=_deployment(name, local, vendor, frontier, choice.point),
        missing=(),
    )


def required_quality(fact: BlendFact, book: Book) -> float | None:
    """Return the quality a blend must reach: the policy's, else that of the better of the two models."""
    asked = book.scenario.policy.quality.at_least
    if asked is not None:
        return asked
    known = [e.value for e in (fact.local_quality, fact.vendor_quality) if e.value is not None]
    return max(known, default=None)


def _choose(fact: BlendFact, book: Book, budget: float | None) -> Choice | None:
    """Return the cheapest setting that is sure to be good enough, else the cheapest that seems so.

    Without a required quality but with a budget it is the best setting within the budget.
    """
    rule = book.scenario.policy
    frontiers = tuple(_usable(fact, book))
    usable = replace(fact, frontiers=frontiers)
    if rule.quality.at_least is None and budget is not None:
        return best_point(usable, at_least=None, budget=budget)
    wanted = required_quality(fact, book)
    found = None
    if rule.quality.at_least is not None:
        # the rule asks for the whole interval: a setting that reaches the quality just so would not keep it
        surely = tuple(replace(f, points=_surely(f, rule.quality.at_least)) for f in frontiers)
        found = best_point(replace(fact, frontiers=surely), at_least=wanted, budget=budget)
    return found or best_point(usable, at_least=wanted, budget=budget)


def _usable(fact: BlendFact, book: Book) -> list[Frontier]:
    policies = usable_policies(book)
    return [f for f in fact.frontiers if f.policy in policies]


def _surely(frontier: Frontier, wanted: float) -> tuple[Point, ...]:
    """Return the settings whose whole interval reaches a quality."""
    return tuple(
        p for p in frontier.points if p.quality.low is not None and p.quality.low >= wanted
    )


def _budget(
    local: Resolved, vendor: Resolved, fact: BlendFact, work: Workload, book: Book
) -> float | None:
    """Return what the API may cost per measured doc, own machines and people paid; None without a limit."""
    limit = book.scenario.policy.max_cost_per_month
    if limit is None or local.deployment is None or vendor.deployment is None:
        return None
    whole = max(
        (f.points[-1].vendor_cost.value or 0.0 for f in fact.frontiers if f.points), default=0.0
    )
    own, bought = (
        future(r.deployment, work, at_mode).months
        for r in (local, vendor)
        if r.deployment is not None
    )
    left = limit - float((own.total + bought.staff).mean())
    bill = float(bought.api.mean())
    return max(left, 0.0) / bill * whole if bill else None


def _why_none(fact: BlendFact, book: Book) -> Said:
    wanted = required_quality(fact, book)
    usable = _usable(fact, book)
    reached = _best_quality(usable)
    if reached is None or wanted is None:
        return say("no blend of the two could be computed")
    if reached >= wanted:
        return say("no blend that is good enough is within the budget")
    why = say(
        "no blend reaches a quality of {wanted} %: the best scores {best} %",
        wanted=numeral(f"{100 * wanted:.1f}"),
        best=numeral(f"{100 * reached:.1f}"),
    )
    cascades = _best_quality([f for f in fact.frontiers if f.is_cascade and f not in usable])
    if cascades is not None and cascades >= wanted:
        late = say(
            "a cascade would score {share} %, but how late it answers was not measured",
            share=numeral(f"{100 * cascades:.1f}"),
        )
        why = joined((why, late), "; ")
    return why


def _best_quality(frontiers: Sequence[Frontier]) -> float | None:
    reached = [
        p.quality.value
        for f in frontiers
        for p in f.points
        if f.policy.is_runnable and p.quality.value is not None and 0 < (p.escalated.value or 0) < 1
    ]
    return max(reached, default=None)


def _deployment(
    name: str, local: Resolved, vendor: Resolved, frontier: Frontier, point: Point
) -> Deployment:
    """Return machines for what stays, and the API for what goes there.

    What goes there costs its share of the API's bill for everything, so that the same price per request holds as for
    the API alone.
    """
    assert local.deployment is not None
    assert vendor.deployment is not None
    escalated = point.escalated
    stays = None if frontier.is_cascade else _stays(name, escalated)
    return Deployment(
        name=name,
        fleet=local.deployment.fleet,
        api=vendor.deployment.api,
        people=(*local.deployment.people, *vendor.deployment.people),
        local_share=stays,
        billed_share=_billed(name, frontier, point),
        failover=local.deployment.failover,
        own_extras=local.deployment.own_extras,
        api_extras=vendor.deployment.api_extras,
    )


def _billed(name: str, frontier: Frontier, point: Point) -> Input:
    whole = frontier.points[-1].vendor_cost.value
    cost = point.vendor_cost
    label = say("share of the API's bill in {name}", name=name)
    if cost.value is None or not whole:
        return _share(f"billed.{name}", label, point.escalated)
    scaled = replace(
        cost,
        value=cost.value / whole,
        low=None if cost.low is None else max(cost.low / whole, 0.0),
        high=None if cost.high is None else min(cost.high / whole, 1.0),
    )
    return _share(f"billed.{name}", label, scaled)


def _stays(name: str, escalated: Estimate) -> Input:
    turned = replace(
        escalated,
        value=None if escalated.value is None else 1 - escalated.value,
        low=None if escalated.high is None else 1 - escalated.high,
        high=None if escalated.low is None else 1 - escalated.low,
    )
    label = say("share of requests that stay local in {name}", name=name)
    return _share(f"local.{name}", label, turned)


def _share(key: str, label: Said, e: Estimate) -> Input:
    given = as_input(key, label, e)
    assert given is not None  # a setting without a share is never chosen
    return replace(given, note=say("on the measured docs"))


def blended_slo_share(blend: Blend, slo: SloSpec | None) -> Estimate:
    """Return the share of requests that keep the service level, where each is answered by one model.

    Own machines are sized to keep it: where their share was not measured, it is what the service level promises.
    """
    if blend.frontier is None or blend.point is None:
        return NOT_ASKED
    if blend.frontier.is_cascade:
        reason = say("a cascade's times were not measured: some requests wait for two answers")
        return Estimate(None, "share", 0, reason=reason)
    e = blend.point.escalated.value or 0.0
    local = blend.local.slo_share
    if local.value is None and slo is not None:
        promised = slo.percentile / 100
        local = Estimate(promised, "share", 0, promised, promised, "as sized")
    parts = ((1 - e, local), (e, blend.vendor.slo_share))
    for _, share in parts:
        if share.value is None:
            return share
    bounds = [
        sum(w * bound for w, s in parts if (bound := getattr(s, which)) is not None)
        for which in ("value", "low", "high")
    ]
    n = sum(s.n for _, s in parts)
    return Estimate(bounds[0], "share", n, bounds[1], bounds[2], "mix of both models' shares")
