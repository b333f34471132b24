"""The policy's rules, each applied to each option. A rule passes, fails, or can't be told from what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.analysis.blend.facts import Policy
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BLEND, BUILD, BUY, Figure, OptionFact
from evalkit.analysis.tco.titles import titled_task
from evalkit.analysis.weighted import Level
from evalkit.config.scenario import API_BATCH, ScenarioConfig
from evalkit.decision.facts import Check, Outcome
from evalkit.decision.words import RATE_OF, both, money, percent, rule_words
from evalkit.wording import Said, joined, numeral, say

PASS, FAIL, UNCLEAR = Outcome.PASS, Outcome.FAIL, Outcome.UNCLEAR
COST_KNOWN = "cost known"
_DATA = {
    "public": say("Public data"),
    "internal": say("Internal data"),
    "confidential": say("Confidential data"),
}
_CLASSES = {
    "public": say("public"),
    "internal": say("internal"),
    "confidential": say("confidential"),
}


def checks_of(case: Case, scenario: ScenarioConfig) -> Iterator[Check]:
    """Yield every rule that the policy has, for every option."""
    for option in case.facts.options:
        yield _data(option, case.facts.data_class, scenario)
        if option.out_of_reach:
            text = say("Not within reach: {why}.", why=option.out_of_reach)
            yield Check(option.name, "quality", FAIL, text)
            continue
        if not (option.side == BLEND and option.missing):  # then its parts say what is not known
            yield from _quality(option, case, scenario)
        yield from _speed(option, case, scenario)
        yield from _money(option, case, scenario)


def _data(o: OptionFact, data_class: str, scenario: ScenarioConfig) -> Check:
    allowed = scenario.policy.outside_may_see
    if not o.leaves_network:
        text = say("Data stay in the company's network.")
        if o.side == BUY:
            text = say(
                "Its address is in the company's network; set `outside: true` if data go on from there."
            )
        return Check(o.name, "data", PASS, text)
    data = _DATA[data_class]
    if data_class in allowed:
        return Check(o.name, "data", PASS, say("{data} may leave the network.", data=data))
    only = both(_CLASSES[name] for name in allowed) or say("none")
    text = say("{data} would leave the network; the policy allows {only}.", data=data, only=only)
    return Check(o.name, "data", FAIL, text)


# --- quality ------------------------------------------------------------------------------------------------------


def _quality(o: OptionFact, case: Case, scenario: ScenarioConfig) -> Iterator[Check]:
    rule = scenario.policy.quality
    if rule.at_least is not None:
        outcome, text = _mean_score(o, rule.at_least, case)
        yield Check(o.name, "quality", outcome, text, rule.at_least)
    for name, most in rule.at_most.items():
        outcome, text = at_most(case.rates[o.name, name], most, rule_words(f"{RATE_OF}{name}"))
        yield Check(o.name, f"{RATE_OF}{name}", outcome, text, most)
    for task, least in rule.tasks.items():
        called = titled_task(task, scenario)
        what = say("Score on {task}", task=called)
        outcome, text = at_least(task_quality(o, task, case), least, what)
        text = _together(text, case.levels.of_task(task))
        yield Check(o.name, f"quality of {task}", outcome, text, least, called)


def at_most(e: Estimate, most: float, what: Said) -> tuple[Outcome, Said]:
    """Judge a rate against its highest value by its whole interval."""
    if e.value is None:
        return UNCLEAR, say("{what} not measured: {why}.", what=what, why=e.reason)
    if e.low is None or e.high is None:
        return UNCLEAR, say("{what} without an interval: {why}.", what=what, why=e.reason)
    text = say(
        "{what} {value} (95 %: {low} to {high}); allowed: {most}.",
        what=what,
        value=percent(e.value),
        low=percent(e.low),
        high=percent(e.high),
        most=percent(most),
    )
    if e.high <= most:
        return PASS, text
    return (FAIL if e.low > most else UNCLEAR), text


def _mean_score(o: OptionFact, least: float, case: Case) -> tuple[Outcome, Said]:
    """Judge the mean score, unless it is over other tasks than those that count: then nothing is sure."""
    why = case.uneven.get(o.name)
    if why is None or o.quality.value is None:
        outcome, text = at_least(o.quality, least, say("Mean score"))
        return outcome, _together(text, case.levels.mean)
    return UNCLEAR, say(
        "Mean score {value}, but not over all tasks that count: {why}; required: {least}.",
        value=percent(o.quality.value),
        why=why,
        least=percent(least),
    )


def _together(text: Said, level: Level) -> Said:
    """Say for how many scores the bounds hold together, where it is not one alone."""
    if level.together == 1:
        return text
    hold = say(
        "The bounds hold for all {n} scores that were looked at together.",
        n=numeral(f"{level.together}"),
    )
    return joined((text, hold), " ")


def at_least(e: Estimate, least: float, what: Said) -> tuple[Outcome, Said]:
    """Judge a share against its least value by its whole interval; without one nothing is sure."""
    if e.value is None:
        return UNCLEAR, say("{what} not measured: {why}.", what=what, why=e.reason)
    shown = {"what": what, "value": percent(e.value), "least": percent(least)}
    low, high = e.low, e.high
    if low is None or high is None:
        return UNCLEAR, say(
            "{what} {value}, without an interval: {why}; required: {least}.", **shown, why=e.reason
        )
    shown |= {"low": percent(low), "high": percent(high)}
    if low < least <= high:
        return UNCLEAR, say(
            "{what} {value} (95 %: {low} to {high}); required: {least}: {n} documents are too few to tell.",
            **shown,
            n=numeral(f"{e.n}"),
        )
    text = say("{what} {value} (95 %: {low} to {high}); required: {least}.", **shown)
    return PASS if low >= least else FAIL, text


def task_quality(o: OptionFact, task: str, case: Case) -> Estimate:
    """Return the score of one task: of a blend that sends whole tasks, that of the model it sends it to."""
    model = o.models[0]
    if o.point is not None and o.policy is Policy.TASK:
        model = o.models[1] if task in o.point.tasks else model
    elif o.policy is not None:
        reason = say("this policy's score on a single task is not computed")
        return Estimate(None, "share", 0, reason=reason)
    return case.task_quality.get((model, task), _not_asked(task))


def _not_asked(task: str) -> Estimate:
    return Estimate(None, "share", 0, reason=say("no run asked {name}", name=task))


# --- service level ------------------------------------------------------------------------------------------------


def _speed(o: OptionFact, case: Case, scenario: ScenarioConfig) -> Iterator[Check]:
    if not scenario.policy.interactive:
        return
    kinds = {one.name: one.kind for one in case.facts.options}
    if API_BATCH in (o.kind, *(kinds[part] for part in o.parts)):
        text = say("Batches are answered within a day; somebody waits.")
        yield Check(o.name, "interactive", FAIL, text)
        return
    slo = scenario.service_level
    if slo is None:
        return
    if o.side == BUILD:
        yield Check(o.name, "service level", *_own_speed(o))
        return
    least = slo.percentile / 100
    outcome, text = at_least(o.slo_share, least, say("Requests that kept the service level"))
    if o.speed_doubt and outcome is PASS:
        outcome, text = UNCLEAR, say("Not known of its own machines: {why}.", why=o.speed_doubt)
    yield Check(o.name, "service level", outcome, text, least)


def _own_speed(o: OptionFact) -> tuple[Outcome, Said]:
    capacity = o.capacity_per_s
    if capacity is None or capacity.value is None:
        why = say("not measured") if capacity is None else capacity.reason
        return UNCLEAR, say("Not known: {why}.", why=why)
    if o.speed_doubt:
        return UNCLEAR, say(
            "About {rate} requests/s per replica, and not known whether {limits} hold: {why}.",
            rate=numeral(f"{capacity.value:.3g}"),
            limits=o.service_level or say("no limits"),
            why=o.speed_doubt,
        )
    replicas = say("as many as its peak needs")
    if o.replicas is not None:
        replicas = say("{n} for the first month's peak", n=f"{o.replicas}")
    return PASS, say(
        "Up to {rate} requests/s per replica; {replicas} ({limits}).",
        rate=numeral(f"{capacity.value:.3g}"),
        replicas=replicas,
        limits=o.service_level or say("no limits"),
    )


# --- money --------------------------------------------------------------------------------------------------------


def _money(o: OptionFact, case: Case, scenario: ScenarioConfig) -> Iterator[Check]:
    if o.missing:
        text = say("Not known: {why}.", why=joined(o.missing, "; "))
        yield Check(o.name, COST_KNOWN, UNCLEAR, text)
        return
    policy, currency = scenario.policy, case.facts.currency
    for rule, limit, given, unknown in (
        ("cost per month", policy.max_cost_per_month, o.per_month, o.no_staff),
        ("upfront cost", policy.max_upfront_cost, o.upfront, o.no_adoption),
    ):
        if limit is not None:
            outcome, text = _within(given, limit, currency)
            if unknown and outcome is not FAIL:
                outcome = UNCLEAR
                text = say("Not known without {costs}.", costs=both(unknown))
            yield Check(o.name, rule, outcome, text, limit)


def _within(given: Figure, limit: float, currency: str) -> tuple[Outcome, Said]:
    """Judge a cost against its limit by its range: what holds in 90 of 100 draws is called so."""
    if given.value is None:
        return UNCLEAR, say("Not known: {why}.", why=given.reason)
    low = given.value if given.low is None else given.low
    high = given.value if given.high is None else given.high
    text = say(
        "{cost} (P10 to P90: {low} to {high}); allowed: {limit}.",
        cost=money(given.value, currency),
        low=numeral(f"{low:,.0f}"),
        high=numeral(f"{high:,.0f}"),
        limit=numeral(f"{limit:,.0f}"),
    )
    if high <= limit:
        return PASS, text
    return (FAIL if low > limit else UNCLEAR), text
