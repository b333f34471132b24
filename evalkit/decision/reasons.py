"""Why a verdict is as it is, one sentence each: rules, how a blend works, what pays off, which model is better."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evalkit.analysis.arrays import Array
from evalkit.analysis.blend.facts import Point, Policy
from evalkit.analysis.tco.compare import is_equivalent
from evalkit.analysis.tco.deployment import Purchase
from evalkit.analysis.tco.facts import BUILD, Guess, OptionFact, PairFact
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.decision.facts import Outcome
from evalkit.decision.grounds import Grounds
from evalkit.decision.sentence import missing_words
from evalkit.decision.words import (
    about,
    both,
    break_even_later,
    break_even_today,
    percent,
    share_of_futures,
    two_digits,
)
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n, verbatim


def reasons(g: Grounds) -> Iterator[Said]:
    """Yield why, one sentence each, the weightiest first."""
    yield from dict.fromkeys(map(guess_words, g.case.facts.guesses))
    if g.choice.best is not None and g.by_name[g.choice.best].point is not None:
        yield _how(g.by_name[g.choice.best], g)
    yield from _at_the_end(g)
    for name in g.standing.failed:
        broken = [c for c in g.checks if c.option == name and c.outcome == Outcome.FAIL]
        out = say("{option} is out: {why}", option=name, why=broken[0].text)
        yield joined((out, _price_of_rule(g, name)), " ")
    for name in g.standing.unclear:
        unclear = [c for c in g.checks if c.option == name and c.outcome == Outcome.UNCLEAR]
        yield say(
            "{option} is not sure to keep every rule: {why}", option=name, why=unclear[0].text
        )
    yield from _benefit(g)
    for m in g.missing:
        if m.harmless is not None:
            yield missing_words(m, g.case.facts.currency)
    about = {g.chosen, g.against}
    for pair in g.case.facts.pairs:
        if pair.is_own_against_api or {pair.build, pair.buy} <= about or _are_machines(pair, g):
            yield _pays(pair, g)
    seen: set[tuple[str, ...]] = set()
    for pair in g.case.facts.pairs:
        models = (*g.by_name[pair.build].models, *g.by_name[pair.buy].models)
        is_new = models not in seen and len(set(models)) > 1
        if is_new and pair.quality_difference.value is not None:
            seen.add(models)
            yield _better(pair, *models)


def guess_words(guess: Guess) -> Said:
    """Say that nothing shows that a model does not guess."""
    e = guess.score
    values = {
        "model": verbatim(guess.model),
        "task": verbatim(guess.task),
        "value": percent(e.value or 0.0),
        "chance": percent(guess.chance, 0),
        "n": numeral(f"{e.n}"),
    }
    if e.low is None or e.high is None:
        return say(
            "{model} is not surely better than guessing on {task}: it scores {value} (n = {n}), chance alone {chance}.",
            **values,
        )
    return say(
        "{model} is not surely better than guessing on {task}: it scores {value} (95 %: {low} to {high}, n = {n}),"
        " chance alone {chance}.",
        **values,
        low=percent(e.low),
        high=percent(e.high),
    )


def _how(o: OptionFact, g: Grounds) -> Said:
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


def _at_the_end(g: Grounds) -> Iterator[Said]:
    """Say what rests on the sale of servers whose life is not over when the horizon is."""
    future = g.case.futures.get(g.chosen or "")
    if future is None or future.deployment.fleet is None:
        return
    machine = future.deployment.fleet.machine
    back = -float(np.median(future.resale))
    is_early = isinstance(machine, Purchase) and 12 * machine.life_years.mode > g.horizon
    if not is_early or back <= 0:
        return
    without = future.total - future.resale
    currency = g.case.facts.currency
    rival = None if g.choice.rival is None else g.case.futures[g.choice.rival]
    values = {
        "option": future.deployment.name,
        "back": about(back, currency),
        "total": about(float(np.median(without)), currency),
    }
    if rival is not None and float(np.median(without - rival.total)) > 0:
        yield say(
            "{back} of what {option} costs comes back from selling the servers at the end; without that it costs"
            " {total}, and {rival} is cheaper.",
            **values,
            rival=rival.deployment.name,
        )
        return
    yield say(
        "{back} of what {option} costs comes back from selling the servers at the end; without that it costs {total}.",
        **values,
    )


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


def _price_of_rule(g: Grounds, name: str) -> Said:
    """Say what it costs that a cheaper option is out."""
    best = g.choice.best
    if best is None or name not in g.case.futures:
        return NOTHING
    gap = float(np.median(g.case.futures[best].total - g.case.futures[name].total))
    if gap <= 0:
        return NOTHING
    return say(
        "The rule costs about {money} in cash {over}.",
        money=about(gap, g.case.facts.currency),
        over=g.over,
    )


def _pays(p: PairFact, g: Grounds) -> Said:
    """Say whether own machines pay off against an API."""
    end = p.cheaper_by_month[-1]
    values = {
        "build": verbatim(p.build),
        "buy": verbatim(p.buy),
        "share": share_of_futures(end),
        "over": g.over,
        "after": g.after,
        "within": g.within,
        "where": _where(p, g),
    }
    if is_equivalent(*_totals(p, g), g.scenario.policy.equivalence):
        return say(
            "{build} and {buy} are equivalent on cost: {over} they differ by no more than {margin};"
            " {where}.",
            **values,
            margin=g.margin,
        )
    if end < 0.5:
        return say(
            "{build} does not pay off against {buy}: it is cheaper {after} in {share} of the simulated"
            " futures; {where}.",
            **values,
        )
    mid = p.payback_months.value
    if mid is None:
        return say(
            "{build} pays off against {buy} in {share} of futures {within}; {where}.",
            **values,
        )
    return say(
        "{build} pays off against {buy} in {share} of futures {within}, in half of all futures {mid};"
        " {where}.",
        **values,
        mid=say_n("after {n} month", "after {n} months", round(mid)),
    )


def _totals(p: PairFact, g: Grounds) -> tuple[Array, Array]:
    own, api = (np.ravel(g.case.futures[name].total) for name in (p.build, p.buy))
    return own, api


def _benefit(g: Grounds) -> Iterator[Said]:
    """Say what more right answers cost, and what answers are worth beside their cost."""
    facts = g.case.facts
    mine = next((b for b in facts.benefits if b.option == g.chosen), None)
    if (
        mine is not None
        and mine.per_additional is not None
        and mine.per_additional.value is not None
    ):
        yield say(
            "Each right answer that {option} gives beyond {cheaper} costs {money}.",
            option=mine.option,
            cheaper=mine.compared_with or "",
            money=about(mine.per_additional.value, facts.currency),
        )
    worth = {b.option: b.net_benefit.value for b in facts.benefits if b.net_benefit is not None}
    able = {n: v for n in g.standing.passing if (v := worth.get(n)) is not None}
    if not able:
        return
    best = max(able, key=lambda n: able[n])
    if able[best] <= 0:
        yield say(
            "By what answers are worth, doing nothing is better: the best option, {option}, costs {money} more than"
            " its answers are worth.",
            option=best,
            money=about(-able[best], facts.currency),
        )
        return
    yield say(
        "By what answers are worth, {option} gives the most: {money} beyond its cost.",
        option=best,
        money=about(able[best], facts.currency),
    )


def _are_machines(p: PairFact, g: Grounds) -> bool:
    return g.by_name[p.build].side == g.by_name[p.buy].side == BUILD


def _where(p: PairFact, g: Grounds) -> Said:
    """Say from which load it is cheaper: per month today, and over the whole horizon."""
    return say(
        "today it is cheaper per month {today}; {over} {later}; your load: {load} requests a month",
        today=break_even_today(p),
        over=g.over,
        later=break_even_later(p),
        load=two_digits(p.load_per_s * SECONDS_PER_MONTH),
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
