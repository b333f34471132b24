"""What to measure, or to ask, before deciding: the shortest way to a surer verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BLEND, OptionFact, Swing
from evalkit.analysis.tco.values import Provenance
from evalkit.decision.checks import task_quality
from evalkit.decision.facts import Check, Outcome
from evalkit.decision.grounds import Grounds
from evalkit.decision.words import both, rule_words
from evalkit.wording import Said, numeral, say

_MOST_DOCS = 20_000
_MOST_INPUTS = 3


def next_measurements(
    g: Grounds, swings: Sequence[Swing], unknown: Sequence[Said]
) -> Iterator[Said]:
    """Yield what would settle the open rules, then what would narrow the cost.

    Args:
        g: What the verdict is made of.
        swings: Inputs that move the difference most, largest first.
        unknown: Costs that nobody gave and that could turn the verdict.
    """
    worth = {*g.standing.unclear, *g.standing.passing}
    unclear = [c for c in g.checks if c.outcome is Outcome.UNCLEAR and c.option in worth]
    weak = {o.name for o in g.case.facts.options if o.speed_doubt}
    # what the whole cost rests on comes first
    unclear.sort(key=lambda c: not (c.rule == "service level" and c.option in weak))
    yield from dict.fromkeys(text for check in unclear for text in _for_check(g.case, check))
    yield from (say("Find out the {cost}.", cost=cost) for cost in unknown)
    if not worth:
        yield from _nearly(g.case, g.checks)
    if g.choice.best is None or g.choice.is_decided:
        return
    for s in [s for s in swings if s.given.provenance is not Provenance.MEASURED][:_MOST_INPUTS]:
        yield say(
            "Find out more about {label}: it moves the result most of what was not measured.",
            label=s.given.label,
        )


def _nearly(case: Case, checks: Sequence[Check]) -> Iterator[Said]:
    """Yield the options that break a single rule: without it, one of them could be chosen."""
    for option in case.facts.options:
        broken = [c for c in checks if c.option == option.name and c.outcome is Outcome.FAIL]
        if len(broken) == 1 and not option.missing:
            yield say(
                "Ask whether {option} may break one rule, {rule}: {why}",
                option=option.name,
                rule=rule_words(broken[0].rule),
                why=broken[0].text,
            )


def _for_check(case: Case, check: Check) -> Iterator[Said]:
    option = next(o for o in case.facts.options if o.name == check.option)
    if check.rule.startswith("quality"):
        yield _for_quality(case, option, check)
    elif check.rule == "service level":
        yield _for_speed(option)
    elif check.rule == "cost known":
        for why in option.missing:
            yield say("Find out for {option}: {why}.", option=option.name, why=why)
    else:
        yield say(
            "Narrow the cost of {option}: its range holds the limit of `{rule}`.",
            option=option.name,
            rule=rule_words(check.rule),
        )


def _for_quality(case: Case, option: OptionFact, check: Check) -> Said:
    models = both(option.models)
    task = check.rule.partition(" of ")[2]
    e = task_quality(option, task, case) if task else option.quality
    if e.value is None and task and option.parts:
        return say(
            "Require a mean score instead of one on {task} alone: {option} has none of its own for a task.",
            task=task,
            option=option.name,
        )
    if e.value is None:
        return say(
            "Measure the quality of {models}: `evalkit run` on your tasks, and give the run to `evalkit tco`.",
            models=models,
        )
    asked, n = numeral(f"{e.n}"), docs_needed(e, check.limit)
    if n is None:
        return say(
            "Ask {models} more documents: more than is practical would tell whether it is good enough"
            " ({asked} were asked).",
            models=models,
            asked=asked,
        )
    return say(
        "Ask {models} more documents: about {needed} documents would tell whether it is good enough"
        " ({asked} were asked).",
        models=models,
        needed=numeral(f"{n:,}"),
        asked=asked,
    )


def _for_speed(option: OptionFact) -> Said:
    models, capacity = both(option.models), option.capacity_per_s
    if capacity is not None and capacity.value is None:
        return say(
            "Measure what {models} sustains: `evalkit bench` with the service level of the scenario, at lower"
            " rates, too ({why}).",
            models=models,
            why=capacity.reason,
        )
    if option.speed_doubt:
        return say(
            "Measure longer what {models} sustains, and with more requests: `evalkit bench` with the service level of"
            " the scenario ({why}).",
            models=models if option.side != BLEND else option.models[0],
            why=option.speed_doubt,
        )
    return say(
        "Measure how fast {models} answers under the load you expect: `evalkit bench`.",
        models=models,
    )


def docs_needed(e: Estimate, required: float | None) -> int | None:
    """Return how many docs would tell an estimate from a limit, if its value stays; None when absurdly many.

    The interval shrinks with the root of n: n · (half width / distance)².
    """
    if e.value is None or e.low is None or e.high is None or required is None:
        return None
    distance = abs(e.value - required)
    half = (e.high - e.low) / 2
    if distance == 0:
        return None
    n = ceil(e.n * max((half / distance) ** 2, 1))
    return n if n <= _MOST_DOCS else None
