"""The verdict: what to do, why, how sure, what carries it, and what to find out next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.blend.facts import Point, Policy
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BUILD, BUY, OptionFact, PairFact, Swing
from evalkit.analysis.tco.uncertainty import swings
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.analysis.tco.words import SIDES, provenance_words, unit_words
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.changes import changes_of
from evalkit.decision.checks import checks_of
from evalkit.decision.choose import Choice, Standing, choose, standing
from evalkit.decision.facts import Check, Decision, Outcome, Verdict
from evalkit.decision.next_steps import next_measurements
from evalkit.decision.words import amount, both, money, percent
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim

MOST_SWINGS = 12
_CARRYING = 5
"""So many of the inputs that matter most are looked at for what was not measured."""
_SOFT = set(Provenance) - {Provenance.MEASURED, Provenance.CONTRACT, Provenance.LIST_PRICE}


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What the verdict is made of."""

    case: Case
    scenario: ScenarioConfig
    checks: tuple[Check, ...]
    standing: Standing
    choice: Choice
    by_name: dict[str, OptionFact]

    @property
    def chosen(self) -> str | None:
        """The best option, decided or not; without one, the cheapest that might keep every rule."""
        if self.choice.best is not None:
            return self.choice.best
        return next((n for n in self.standing.unclear if n in self.case.futures), None)

    @property
    def against(self) -> str | None:
        """What it is compared with: of the other kinds, the cheapest that keeps the rules, or might, or is known."""
        mine = self.chosen
        if mine is None or self.choice.rival is not None:
            return self.choice.rival
        everyone = (*self.standing.passing, *self.standing.unclear, *self.standing.failed)
        side = self.by_name[mine].side
        others = [n for n in everyone if n in self.case.futures and n != mine]
        of_other_kind = [n for n in others if self.by_name[n].side != side]
        return next(iter(of_other_kind or others), None)


def decide(case: Case, scenario: ScenarioConfig) -> Verdict:
    """Return the verdict of a scenario. The rules are in `choose`."""
    facts = case.facts
    checks = tuple(checks_of(case, scenario))
    totals = {name: f.total for name, f in case.futures.items()}
    order = standing(facts.options, checks, totals)
    sides = {o.name: o.side for o in facts.options}
    choice = choose(order, sides, totals, scenario.policy.confidence)
    grounds = _Grounds(case, scenario, checks, order, choice, {o.name: o for o in facts.options})
    moving = _swings(grounds)
    incomplete = _incomplete(grounds)
    is_decided = choice.is_decided and choice.best is not None
    return Verdict(
        decision=Decision(sides[choice.best or ""]) if is_decided else Decision.NOT_DECIDABLE,
        option=choice.best if is_decided else None,
        leaning=None if is_decided else grounds.chosen,
        sentence=_sentence(grounds),
        confidence=choice.confidence if choice.rival is not None else None,
        is_incomplete=bool(incomplete),
        incomplete=incomplete,
        reasons=tuple(_reasons(grounds)),
        checks=checks,
        against=grounds.against,
        changes=changes_of(case, scenario, order, choice),
        swings=moving,
        assumptions=tuple(_assumptions(grounds, moving)),
        next_measurements=tuple(next_measurements(case, checks, choice, moving, order)),
    )


def _swings(g: _Grounds) -> tuple[Swing, ...]:
    if g.chosen is None or g.against is None:
        return ()
    one, other = (g.case.futures[name].deployment for name in (g.chosen, g.against))
    return swings(one, other, g.case.workload)[:MOST_SWINGS]


def _incomplete(g: _Grounds) -> tuple[Said, ...]:
    """Return the costs nobody gave, of every option that was costed: they shift the comparison."""
    each = (text for o in g.case.facts.options if not o.missing for text in o.incomplete)
    return tuple(dict.fromkeys(each))


# --- sentences ----------------------------------------------------------------------------------------------------


def _sentence(g: _Grounds) -> Said:
    choice, best = g.choice, g.choice.best
    if best is None:
        if g.standing.unclear:
            return say(
                "Not decidable yet: no option is sure to keep every rule; {option} might.",
                option=g.standing.unclear[0],
            )
        return say("Not decidable: every option breaks a rule of the policy.")
    if choice.blockers:
        return _blocked(g, best)
    if choice.rival is None:
        return joined((_what(g.by_name[best]), _alone(g, best)), " ")
    if choice.is_decided:
        return joined((_what(g.by_name[best]), _cheapest(g, best, choice.rival)), " ")
    return say(
        "Not decidable yet: {option} looks cheapest ({cost} over {months} months, {gap} less than {rival}), but only"
        " in {share} of simulated futures no admissible option of another kind is cheaper; the policy asks for"
        " {asked}.",
        **_cost(g, best),
        **_gap(g, best, choice.rival),
        option=best,
        asked=percent(g.scenario.policy.confidence, 0),
    )


def _what(best: OptionFact) -> Said:
    """Say what to do."""
    model = best.models[0]
    if best.side == BUILD:
        return say("Build: run {model} yourself, as {option}.", model=model, option=best.name)
    if best.side == BUY:
        return say("Buy: use {model} through its API, as {option}.", model=model, option=best.name)
    models = both(best.models)
    return say("Blend: combine {models}, as {option}.", models=models, option=best.name)


def _cheapest(g: _Grounds, best: str, rival: str) -> Said:
    return say(
        "It costs {cost} over {months} months, {gap} less than {rival}; in {share} of simulated futures no admissible"
        " option of another kind is cheaper.",
        **_cost(g, best),
        **_gap(g, best, rival),
    )


def _alone(g: _Grounds, best: str) -> Said:
    """Say why there is nothing to compare it with."""
    if len({o.side for o in g.case.facts.options}) == 1:
        return say(
            "It costs {cost} over {months} months; only options to {side} were given, so nothing else was compared.",
            **_cost(g, best),
            side=SIDES[g.by_name[best].side],
        )
    return say(
        "It costs {cost} over {months} months; it is the only kind of option that keeps every rule.",
        **_cost(g, best),
    )


def _blocked(g: _Grounds, best: str) -> Said:
    names = both(g.choice.blockers)
    if len(g.choice.blockers) == 1:
        return say(
            "Not decidable yet: {option} keeps every rule ({cost} over {months} months), but {other} may be cheaper,"
            " and not enough is known about it.",
            **_cost(g, best),
            option=best,
            other=names,
        )
    return say(
        "Not decidable yet: {option} keeps every rule ({cost} over {months} months), but {others} may be cheaper, and"
        " not enough is known about them.",
        **_cost(g, best),
        option=best,
        others=names,
    )


def _cost(g: _Grounds, name: str) -> dict[str, Said]:
    return {"cost": _money(g, g.by_name[name].total.value), "months": _months(g)}


def _gap(g: _Grounds, best: str, rival: str) -> dict[str, Said]:
    gap = np.median(g.case.futures[rival].total - g.case.futures[best].total)
    share = percent(g.choice.confidence or 0.0, 0)
    return {"gap": _money(g, float(gap)), "rival": verbatim(rival), "share": share}


def _money(g: _Grounds, value: float | None) -> Said:
    return money(value, g.case.facts.currency)


def _months(g: _Grounds) -> Said:
    return numeral(f"{g.case.facts.horizon_months}")


def _reasons(g: _Grounds) -> Iterator[Said]:
    if g.choice.best is not None and g.by_name[g.choice.best].point is not None:
        yield _how(g.by_name[g.choice.best], g)
    for name in g.standing.failed:
        broken = [c for c in g.checks if c.option == name and c.outcome == Outcome.FAIL]
        out = say("{option} is out: {why}", option=name, why=broken[0].text)
        yield joined((out, _price_of_rule(g, name)), " ")
    for name in g.standing.unclear:
        unclear = [c for c in g.checks if c.option == name and c.outcome == Outcome.UNCLEAR]
        yield say(
            "{option} is not sure to keep every rule: {why}", option=name, why=unclear[0].text
        )
    for pair in g.case.facts.pairs:
        yield _pays(pair, g)
    seen: set[tuple[str, ...]] = set()
    for pair in g.case.facts.pairs:
        models = (*g.by_name[pair.build].models, *g.by_name[pair.buy].models)
        if models not in seen and pair.quality_difference.value is not None:
            seen.add(models)
            yield _better(pair, *models)


def _how(o: OptionFact, g: _Grounds) -> Said:
    """Say which requests of a blend go where, and what that gives."""
    local, vendor = o.models
    assert o.point is not None
    sent = say(
        "Requests {who} go to {vendor} ({share} of all), the rest to {local}.",
        who=_who(o.policy, local, o.point),
        vendor=vendor,
        share=percent(o.point.escalated.value or 0.0, 0),
        local=local,
    )
    if o.quality.value is None:
        return sent
    alone = (
        say("{option} alone {quality}", option=name, quality=percent(q))
        for name in o.parts
        if (q := g.by_name[name].quality.value) is not None
    )
    scores = joined((percent(o.quality.value), *alone))
    return joined((sent, say("Together they score {scores}.", scores=scores)), " ")


def _who(policy: Policy | None, local: str, point: Point) -> Said:
    """Say which requests go to the vendor."""
    if policy is Policy.TASK:
        return say("of {tasks}", tasks=both(point.tasks))
    if policy is Policy.MARGIN:
        return say("that {local} is least sure of, by the margin between its answers,", local=local)
    if policy is Policy.LOGPROB:
        return say("that {local} is least sure of, by the probability of its words,", local=local)
    if policy is Policy.SELF_REPORTED:
        return say("of which {local} says that it is unsure", local=local)
    if policy is Policy.PARSED:
        return say("that {local} answered in no readable form", local=local)
    return say("drawn at random")


def _price_of_rule(g: _Grounds, name: str) -> Said:
    """Say what it costs that a cheaper option is out."""
    best = g.choice.best
    if best is None or name not in g.case.futures:
        return NOTHING
    gap = float(np.median(g.case.futures[best].total - g.case.futures[name].total))
    if gap <= 0:
        return NOTHING
    return say(
        "The rule costs {money} over {months} months.", money=_money(g, gap), months=_months(g)
    )


def _rare(share: float) -> Said:
    """Return a share of futures; only what never happens is 0."""
    is_rare = 0 < share < 0.005
    return say("fewer than 1 %") if is_rare else percent(share, 0)


def _pays(p: PairFact, g: _Grounds) -> Said:
    """Say whether own machines pay off against an API."""
    end = p.cheaper_by_month[-1]
    values = {
        "build": verbatim(p.build),
        "buy": verbatim(p.buy),
        "share": _rare(end),
        "months": _months(g),
        "where": _where(p, end),
    }
    if end < 0.5:
        return say(
            "{build} does not pay off against {buy}: it is cheaper after {months} months in {share} of the simulated"
            " futures; {where}.",
            **values,
        )
    mid = p.payback_months.value
    if mid is None:
        return say(
            "{build} pays off against {buy} in {share} of futures within {months} months; {where}.",
            **values,
        )
    return say(
        "{build} pays off against {buy} in {share} of futures within {months} months, in half of all futures after"
        " {mid} months; {where}.",
        **values,
        mid=numeral(f"{mid:.0f}"),
    )


def _where(p: PairFact, end: float) -> Said:
    """Say from which load own machines are cheaper."""
    even, load = p.break_even_per_s.value, amount(p.load_per_s)
    if even is None:
        return say("no load makes it cheaper per month")
    if not p.is_feasible:
        return say(
            "no load makes it cheaper per month: break-even would be {even} requests/s, more than its replicas serve",
            even=amount(even),
        )
    if even == 0 and end < 0.5:
        return say(
            "per month it is cheaper at the smallest loads only, the load is {load}/s", load=load
        )
    return say(
        "break-even is at {even} requests/s, the load is {load}/s", even=amount(even), load=load
    )


def _signed(value: float) -> Said:
    return numeral(f"{value:+.1f}".replace("-", "−"))


def _better(p: PairFact, own: str, api: str) -> Said:
    e = p.quality_difference
    value, low, high = (0.0 if x is None else 100 * x for x in (e.value, e.low, e.high))
    values = {
        "own": verbatim(own),
        "api": verbatim(api),
        "points": numeral(f"{abs(value):.1f}"),
        "low": _signed(low),
        "high": _signed(high),
        "n": numeral(f"{e.n}"),
    }
    if low > 0:
        return say(
            "The API serves the better model: {api} scores {points} points (95 %: {low} to {high} for {api}, n = {n})"
            " above {own}.",
            **values,
        )
    if high < 0:
        return say(
            "The own model is the better one: {own} scores {points} points (95 %: {low} to {high} for {api}, n = {n})"
            " above {api}.",
            **values,
        )
    return say(
        "No difference in quality can be told between {own} and {api}: {api} scores {points} points (95 %: {low} to"
        " {high} for {api}, n = {n}).",
        **{**values, "points": _signed(value)},
    )


def _assumptions(g: _Grounds, moving: Sequence[Swing]) -> Iterator[Said]:
    """Yield what was not measured among the inputs that matter most."""
    for s in moving[:_CARRYING]:
        if s.given.provenance in _SOFT:
            yield _assumed(s.given, _money(g, s.span))
    used: Sequence[str] = [n for n in (g.chosen, g.against) if n is not None]
    for name in used:
        fleet = g.case.futures[name].deployment.fleet
        if fleet is not None and fleet.capacity_per_s.provenance is not Provenance.MEASURED:
            i = fleet.capacity_per_s
            yield say(
                "{option}: its capacity of {rate} requests/s is {source}, not measured here.",
                option=name,
                rate=amount(i.mode),
                source=provenance_words(i.provenance),
            )


def _assumed(i: Input, span: Said) -> Said:
    source = provenance_words(i.provenance)
    if i.source:
        source = say("{provenance} ({source})", provenance=source, source=i.source)
    old = say("older than 180 days") if i.is_old else NOTHING
    return say(
        "Assumed: {label}: {mode} ({low} to {high}) {unit}, {source}; between the two the result moves by {money}.",
        label=i.label,
        mode=amount(i.mode),
        low=amount(i.low),
        high=amount(i.high),
        unit=unit_words(i.unit),
        source=joined((source, old)),
        money=span,
    )
