"""The verdict: what to do, why, how sure, what carries it, and what to find out next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.analysis.blend.facts import Policy
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BUILD, BUY, OptionFact, PairFact, Swing
from evalkit.analysis.tco.uncertainty import swings
from evalkit.analysis.tco.values import Provenance
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.changes import changes_of
from evalkit.decision.checks import checks_of
from evalkit.decision.choose import Choice, Standing, choose, standing
from evalkit.decision.facts import Check, Decision, Outcome, Verdict
from evalkit.decision.next_steps import next_measurements
from evalkit.decision.words import amount, percent, sentence

MOST_SWINGS = 12
_CARRYING = 5
"""So many of the inputs that matter most are looked at for what was not measured."""
_SOFT = {
    Provenance.YOURS, Provenance.CATALOGUE, Provenance.DEFAULT, Provenance.IMPORTED,
}  # fmt: skip


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


def _incomplete(g: _Grounds) -> tuple[str, ...]:
    """Return the costs nobody gave, of every option that was costed: they shift the comparison."""
    each = (text for o in g.case.facts.options if not o.missing for text in o.incomplete)
    return tuple(dict.fromkeys(each))


# --- sentences ----------------------------------------------------------------------------------------------------


def _sentence(g: _Grounds) -> str:
    choice, months = g.choice, g.case.facts.horizon_months
    if choice.best is None:
        if g.standing.unclear:
            return f"Not decidable yet: no option is sure to keep every rule; {g.standing.unclear[0]} might."
        return "Not decidable: every option breaks a rule of the policy."
    best = g.by_name[choice.best]
    what = {
        BUILD: f"Build: run {best.models[0]} yourself, as {best.name}.",
        BUY: f"Buy: use {best.models[0]} through its API, as {best.name}.",
    }.get(best.side, f"Blend: combine {' and '.join(best.models)}, as {best.name}.")
    cost = f"It costs {_money(g, best.total.value)} over {months} months"
    if choice.blockers:
        names = " and ".join(choice.blockers)
        them = "it" if len(choice.blockers) == 1 else "them"
        return (
            f"Not decidable yet: {choice.best} keeps every rule ({_money(g, best.total.value)} over {months} months),"
            f" but {names} may be cheaper, and not enough is known about {them}."
        )
    if choice.rival is None:
        given = {o.side for o in g.case.facts.options}
        only = "it is the only kind of option that keeps every rule"
        if len(given) == 1:
            only = f"only options to {best.side} were given, so nothing else was compared"
        return f"{what} {cost}; {only}."
    more = _gap(g, choice.best, choice.rival)
    share = percent(choice.confidence or 0.0, 0)
    sure = f"in {share} of simulated futures no admissible option of another kind is cheaper"
    if choice.is_decided:
        return f"{what} {cost}, {more}; {sure}."
    return (
        f"Not decidable yet: {choice.best} looks cheapest ({_money(g, best.total.value)} over {months} months,"
        f" {more}), but only {sure}; the policy asks for {percent(g.scenario.policy.confidence, 0)}."
    )


def _gap(g: _Grounds, best: str, rival: str) -> str:
    gap = np.median(g.case.futures[rival].total - g.case.futures[best].total)
    return f"{_money(g, float(gap))} less than {rival}"


def _money(g: _Grounds, value: float | None) -> str:
    return "an unknown amount" if value is None else f"{g.case.facts.currency} {value:,.0f}"


def _reasons(g: _Grounds) -> Iterator[str]:
    if g.choice.best is not None and g.by_name[g.choice.best].point is not None:
        yield _how(g.by_name[g.choice.best], g)
    for name in g.standing.failed:
        broken = [c for c in g.checks if c.option == name and c.outcome == Outcome.FAIL]
        yield f"{name} is out: {broken[0].text}{_price_of_rule(g, name)}"
    for name in g.standing.unclear:
        unclear = [c for c in g.checks if c.option == name and c.outcome == Outcome.UNCLEAR]
        yield f"{name} is not sure to keep every rule: {unclear[0].text}"
    for pair in g.case.facts.pairs:
        yield _pays(pair, g)
    seen: set[tuple[str, ...]] = set()
    for pair in g.case.facts.pairs:
        models = (*g.by_name[pair.build].models, *g.by_name[pair.buy].models)
        if models not in seen and pair.quality_difference.value is not None:
            seen.add(models)
            yield _better(pair, *models)


_WHO = {
    Policy.MARGIN: "that {local} is least sure of, by the margin between its answers,",
    Policy.LOGPROB: "that {local} is least sure of, by the probability of its words,",
    Policy.SELF_REPORTED: "of which {local} says that it is unsure",
    Policy.PARSED: "that {local} answered in no readable form",
    Policy.RANDOM: "drawn at random",
}
"""Policy → which requests go to the vendor."""


def _how(o: OptionFact, g: _Grounds) -> str:
    """Say which requests of a blend go where, and what that gives."""
    local, vendor = o.models
    assert o.point is not None
    assert o.policy is not None
    who = _WHO.get(o.policy, "").format(local=local)
    if o.policy is Policy.TASK:
        who = f"of {' and '.join(o.point.tasks)}"
    share = percent(o.point.escalated.value or 0.0, 0)
    parts = (
        f"{name} alone {percent(q)}"
        for name in o.parts
        if (q := g.by_name[name].quality.value) is not None
    )
    quality = (
        "" if o.quality.value is None else f" Together they score {percent(o.quality.value)}, "
    )
    return f"Requests {who} go to {vendor} ({share} of all), the rest to {local}.{quality}{', '.join(parts)}."


def _price_of_rule(g: _Grounds, name: str) -> str:
    """Say what it costs that a cheaper option is out."""
    best = g.choice.best
    if best is None or name not in g.case.futures:
        return ""
    gap = float(np.median(g.case.futures[best].total - g.case.futures[name].total))
    months = g.case.facts.horizon_months
    return f" The rule costs {_money(g, gap)} over {months} months." if gap > 0 else ""


def _pays(p: PairFact, g: _Grounds) -> str:
    """Say whether own machines pay off against an API."""
    months = g.case.facts.horizon_months
    end = p.cheaper_by_month[-1]
    share = percent(end, 0)
    load = f"the load is {amount(p.load_per_s)}/s"
    even = p.break_even_per_s.value
    if not p.is_feasible or even is None:
        where = "no load makes it cheaper per month"
        if even is not None:
            where += (
                f": break-even would be {amount(even)} requests/s, more than its replicas serve"
            )
    elif even == 0 and end < 0.5:
        where = f"per month it is cheaper at the smallest loads only, {load}"
    else:
        where = f"break-even is at {amount(even)} requests/s, {load}"
    if end >= 0.5:
        mid = p.payback_months.value
        when = "" if mid is None else f", in half of all futures after {mid:.0f} months"
        return f"{p.build} pays off against {p.buy} in {share} of futures within {months} months{when}; {where}."
    return (
        f"{p.build} does not pay off against {p.buy}: only in {share} of futures is it cheaper after {months}"
        f" months; {where}."
    )


def _better(p: PairFact, own: str, api: str) -> str:
    e = p.quality_difference
    value, low, high = (0.0 if x is None else 100 * x for x in (e.value, e.low, e.high))
    span = f"(95 %: {low:+.1f} to {high:+.1f} for {api}, n = {e.n})"
    shown = f"{abs(value):.1f} points {span}"
    if low > 0:
        return f"The API serves the better model: {api} scores {shown} above {own}."
    if high < 0:
        return f"The own model is the better one: {own} scores {shown} above {api}."
    return f"No difference in quality can be told between {own} and {api}: {api} scores {value:+.1f} points {span}."


def _assumptions(g: _Grounds, moving: Sequence[Swing]) -> Iterator[str]:
    """Yield what was not measured among the inputs that matter most."""
    for s in moving[:_CARRYING]:
        i = s.given
        if i.provenance in _SOFT:
            source = f" ({i.source})" if i.source else ""
            old = ", older than 180 days" if i.is_old else ""
            yield (
                f"{sentence(i.label)}: {amount(i.mode)} ({amount(i.low)} to {amount(i.high)})"
                f" {i.unit}, {i.provenance.value}{source}{old}; between the two the result moves by"
                f" {_money(g, s.span)}."
            )
    used: Sequence[str] = [n for n in (g.chosen, g.against) if n is not None]
    for name in used:
        fleet = g.case.futures[name].deployment.fleet
        if fleet is not None and fleet.capacity_per_s.provenance is not Provenance.MEASURED:
            i = fleet.capacity_per_s
            yield f"{name}: its capacity of {amount(i.mode)} requests/s is {i.provenance.value}, not measured here."
