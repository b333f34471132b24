"""The verdict: what to do, why, how sure, what carries it, and what to find out next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import Swing
from evalkit.analysis.tco.uncertainty import inputs_of, swings
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.analysis.tco.words import provenance_words, unit_words
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.changes import changes_of
from evalkit.decision.checks import checks_of
from evalkit.decision.choose import choose, standing
from evalkit.decision.facts import Decision, Verdict
from evalkit.decision.grounds import Grounds
from evalkit.decision.information import worth_knowing
from evalkit.decision.missing import missing_costs
from evalkit.decision.next_steps import next_measurements
from evalkit.decision.reasons import reasons
from evalkit.decision.sentence import sentence
from evalkit.decision.words import about, amount
from evalkit.wording import NOTHING, Said, joined, say

MOST_SWINGS = 12
_CARRYING = 5
"""So many of the inputs that matter most are looked at for what was not measured."""
_SOFT = set(Provenance) - {Provenance.MEASURED, Provenance.CONTRACT, Provenance.LIST_PRICE}


def decide(case: Case, scenario: ScenarioConfig) -> Verdict:
    """Return the verdict of a scenario. The rules are in `choose`."""
    facts = case.facts
    checks = tuple(checks_of(case, scenario))
    totals = {name: f.total for name, f in case.futures.items()}
    order = standing(facts.options, checks, totals)
    sides = {o.name: o.side for o in facts.options}
    choice = choose(order, sides, totals, scenario.policy)
    by_name = {o.name: o for o in facts.options}
    missing = missing_costs(case, order, choice)
    grounds = Grounds(case, scenario, checks, order, choice, by_name, missing)
    moving = _swings(grounds)
    incomplete = _incomplete(grounds)
    known = worth_knowing(grounds)
    is_decided = choice.is_decided and not grounds.turning
    named = choice.best if is_decided and not choice.open_ones else None
    kind = sides.get(choice.best or "") if is_decided else None
    return Verdict(
        decision=Decision.NOT_DECIDABLE if kind is None else Decision(kind),
        option=named,
        leaning=None if named is not None else grounds.chosen,
        sentence=sentence(grounds),
        confidence=choice.confidence if choice.rival is not None else None,
        is_incomplete=bool(incomplete),
        incomplete=incomplete,
        reasons=tuple(reasons(grounds)),
        checks=checks,
        against=grounds.against,
        equivalent=choice.equivalent,
        open_options=choice.open_ones,
        information=known,
        fixed=_fixed(grounds),
        missing=missing,
        changes=changes_of(case, scenario, order, choice),
        swings=moving,
        assumptions=tuple(_assumptions(grounds, moving)),
        next_measurements=tuple(next_measurements(grounds, known, incomplete)),
    )


def _swings(g: Grounds) -> tuple[Swing, ...]:
    if g.chosen is None or g.against is None:
        return ()
    one, other = (g.case.futures[name].deployment for name in (g.chosen, g.against))
    return swings(one, other, g.case.workload)[:MOST_SWINGS]


def _fixed(g: Grounds) -> tuple[Input, ...]:
    """Return the inputs without a range that the compared options rest on; what describes the load first."""
    names = dict.fromkeys(n for n in (g.chosen, g.against, *g.standing.passing) if n is not None)
    parts = (g.case.workload, *(g.case.futures[n].deployment for n in names))
    found = {i.key: i for part in parts for i in inputs_of(part) if not i.is_varied}
    return tuple(found.values())


def _incomplete(g: Grounds) -> tuple[Said, ...]:
    """Return what to give, so that the verdict can be relied on; costs that can't turn it are not among it."""
    harmless = {(name, m.what) for m in g.missing if m.harmless for name in m.options}
    each = (
        text
        for o in g.case.facts.options
        if not o.missing
        for what, texts in (("staff", o.no_staff), ("adoption", o.no_adoption))
        if (o.name, what) not in harmless
        for text in texts
    )
    return tuple(dict.fromkeys(each))


def _assumptions(g: Grounds, moving: Sequence[Swing]) -> Iterator[Said]:
    """Yield what was not measured among the inputs that matter most."""
    for s in moving[:_CARRYING]:
        if s.given.provenance in _SOFT:
            yield _assumed(s.given, about(s.span, g.case.facts.currency))
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
        "Assumed: {label}: {mode} ({low} to {high}) {unit}, {source}; between the two the result moves by"
        " about {money}.",
        label=i.label,
        mode=amount(i.mode),
        low=amount(i.low),
        high=amount(i.high),
        unit=unit_words(i.unit),
        source=joined((source, old)),
        money=span,
    )
