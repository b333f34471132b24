"""The policy's rules, each applied to each option. A rule passes, fails, or can't be told from what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.analysis.blend.facts import Policy
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BLEND, BUILD, BUY, Figure, OptionFact
from evalkit.config.scenario import API_BATCH, ScenarioConfig
from evalkit.decision.facts import Check, Outcome
from evalkit.decision.words import percent, sentence

PASS, FAIL, UNCLEAR = Outcome.PASS, Outcome.FAIL, Outcome.UNCLEAR
COST_KNOWN = "cost known"
_PARTS = {"cost per month": "staff", "upfront cost": "adoption"}
"""Rule → the cost it needs to know that only the company can give."""


def checks_of(case: Case, scenario: ScenarioConfig) -> Iterator[Check]:
    """Yield every rule that the policy has, for every option."""
    for option in case.facts.options:
        yield _data(option, case.facts.data_class, scenario)
        if option.out_of_reach:
            text = f"{sentence(option.out_of_reach)}."
            yield Check(option.name, "quality", FAIL, text)
            continue
        if not (option.side == BLEND and option.missing):  # then its parts say what is not known
            yield from _quality(option, case, scenario)
        yield from _speed(option, case, scenario)
        yield from _money(option, case, scenario)


def _data(o: OptionFact, data_class: str, scenario: ScenarioConfig) -> Check:
    allowed = scenario.policy.outside_may_see
    if not o.leaves_network:
        text = "Data stay in the company's network."
        if o.side == BUY:
            text = "Its address is in the company's network; set `outside: true` if data go on from there."
        return Check(o.name, "data", PASS, text)
    if data_class in allowed:
        return Check(o.name, "data", PASS, f"{sentence(data_class)} data may leave the network.")
    only = " and ".join(allowed) or "none"
    text = f"{sentence(data_class)} data would leave the network; the policy allows {only}."
    return Check(o.name, "data", FAIL, text)


# --- quality ------------------------------------------------------------------------------------------------------


def _quality(o: OptionFact, case: Case, scenario: ScenarioConfig) -> Iterator[Check]:
    rule = scenario.policy.quality
    if rule.at_least is not None:
        outcome, text = at_least(o.quality, rule.at_least, "Mean score")
        yield Check(o.name, "quality", outcome, text, rule.at_least)
    for task, least in rule.tasks.items():
        outcome, text = at_least(task_quality(o, task, case), least, f"Score on {task}")
        yield Check(o.name, f"quality of {task}", outcome, text, least)


def at_least(e: Estimate, least: float, what: str) -> tuple[Outcome, str]:
    """Judge a share against its least value: by the whole interval where there is one."""
    if e.value is None:
        return UNCLEAR, f"{what} not measured: {e.reason}."
    low = e.value if e.low is None else e.low
    high = e.value if e.high is None else e.high
    shown = f"{what} {percent(e.value)} (95 %: {percent(low)} to {percent(high)}); required: {percent(least)}"
    if low >= least:
        return PASS, f"{shown}."
    if high < least:
        return FAIL, f"{shown}."
    return UNCLEAR, f"{shown}: {e.n} documents are too few to tell."


def task_quality(o: OptionFact, task: str, case: Case) -> Estimate:
    """Return the score of one task: of a blend that sends whole tasks, that of the model it sends it to."""
    model = o.models[0]
    if o.point is not None and o.policy is Policy.TASK:
        model = o.models[1] if task in o.point.tasks else model
    elif o.policy is not None:
        reason = "this policy's score on a single task is not computed"
        return Estimate(None, "share", 0, reason=reason)
    return case.task_quality.get((model, task), _not_asked(task))


def _not_asked(task: str) -> Estimate:
    return Estimate(None, "share", 0, reason=f"no run asked {task}")


# --- service level ------------------------------------------------------------------------------------------------


def _speed(o: OptionFact, case: Case, scenario: ScenarioConfig) -> Iterator[Check]:
    if not scenario.policy.interactive:
        return
    kinds = {one.name: one.kind for one in case.facts.options}
    if API_BATCH in (o.kind, *(kinds[part] for part in o.parts)):
        yield Check(
            o.name, "interactive", FAIL, "Batches are answered within a day; somebody waits."
        )
        return
    slo = scenario.service_level
    if slo is None:
        return
    if o.side == BUILD:
        yield Check(o.name, "service level", *_own_speed(o))
        return
    least = slo.percentile / 100
    outcome, text = at_least(o.slo_share, least, "Requests that kept the service level")
    yield Check(o.name, "service level", outcome, text, least)


def _own_speed(o: OptionFact) -> tuple[Outcome, str]:
    capacity = o.capacity_per_s
    if capacity is None or capacity.value is None:
        why = "not measured" if capacity is None else capacity.reason
        return UNCLEAR, f"Not known: {why}."
    n = (
        "as many as its peak needs"
        if o.replicas is None
        else f"{o.replicas} for the first month's peak"
    )
    return (
        PASS,
        f"Up to {capacity.value:.3g} requests/s per replica; {n} ({o.service_level or 'no limits'}).",
    )


# --- money --------------------------------------------------------------------------------------------------------


def _money(o: OptionFact, case: Case, scenario: ScenarioConfig) -> Iterator[Check]:
    if o.missing:
        text = f"Not known: {'; '.join(o.missing)}."
        yield Check(o.name, COST_KNOWN, UNCLEAR, text)
        return
    policy, currency = scenario.policy, case.facts.currency
    for rule, limit, given in (
        ("cost per month", policy.max_cost_per_month, o.per_month),
        ("upfront cost", policy.max_upfront_cost, o.upfront),
    ):
        if limit is not None:
            outcome, text = _within(given, limit, currency)
            unknown = [x for x in o.incomplete if x.startswith(_PARTS[rule])]
            if unknown and outcome is not FAIL:
                outcome, text = UNCLEAR, f"Not known without {' and '.join(unknown)}."
            yield Check(o.name, rule, outcome, text, limit)


def _within(given: Figure, limit: float, currency: str) -> tuple[Outcome, str]:
    """Judge a cost against its limit by its range: what holds in 90 of 100 draws is called so."""
    if given.value is None:
        return UNCLEAR, f"Not known: {given.reason}."
    low = given.value if given.low is None else given.low
    high = given.value if given.high is None else given.high
    shown = f"{currency} {given.value:,.0f} (P10 to P90: {low:,.0f} to {high:,.0f}); allowed: {limit:,.0f}"
    if high <= limit:
        return PASS, f"{shown}."
    return (FAIL if low > limit else UNCLEAR), f"{shown}."
