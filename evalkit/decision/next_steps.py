"""What to measure, or to ask, before deciding: the shortest way to a surer verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import BLEND, OptionFact
from evalkit.decision.checks import task_quality
from evalkit.decision.facts import Check, Information, Outcome, Source
from evalkit.decision.grounds import Grounds
from evalkit.decision.information import docs_needed
from evalkit.decision.words import RATE_OF, about, both, rule_words
from evalkit.wording import NOTHING, Said, joined, numeral, say

_MOST_INPUTS = 5
_LEAST_WORTH = 0.001
"""What is worth less than this share of the total is not told."""


def next_measurements(
    g: Grounds, known: Sequence[Information], unknown: Sequence[Said]
) -> Iterator[Said]:
    """Yield what would settle the open rules, then what is worth finding out, most first.

    Args:
        g: What the verdict is made of.
        known: What it is worth to find out.
        unknown: Costs that nobody gave and that could turn the verdict.
    """
    worth = {*g.standing.unclear, *g.standing.passing}
    unclear = [c for c in g.checks if c.outcome is Outcome.UNCLEAR and c.option in worth]
    weak = {o.name for o in g.case.facts.options if o.speed_doubt}
    # too few requests come first: the whole cost rests on them
    unclear.sort(key=lambda c: not (c.rule == "service level" and c.option in weak))
    of_option = {i.option: i for i in known if i.source in (Source.DOCUMENTS, Source.RULE)}
    texts = {text: c.option for c in unclear for text in _for_check(g.case, c)}
    for text, name in texts.items():
        yield joined((text, _price(of_option.get(name), g)), " ")
    yield from (say("Find out the {cost}.", cost=cost) for cost in unknown)
    if not worth:
        yield from _nearly(g.case, g.checks)
    inputs = [i for i in known if i.source in (Source.INPUT, Source.BENCH) and _counts(i, g)]
    yield from (_find_out(i, g) for i in inputs[:_MOST_INPUTS])


def _counts(found: Information, g: Grounds) -> bool:
    """Tell whether what is found out is worth a word, beside what the best option costs."""
    total = g.by_name[g.choice.best or ""].total.value or 0.0
    return found.worth >= _LEAST_WORTH * total


def _price(found: Information | None, g: Grounds) -> Said:
    """Say what it is worth to settle the rules of an option, and what that costs."""
    if found is None or not _counts(found, g):
        return NOTHING
    currency = g.case.facts.currency
    worth = about(found.worth, currency)
    if found.is_most:
        return say("Worth at most {worth}.", worth=worth)
    if found.cost is None:
        return say("Worth about {worth}.", worth=worth)
    return say(
        "{n} more cost about {cost} and are worth about {worth}.",
        n=numeral(f"{found.n:,}"),
        cost=about(found.cost, currency),
        worth=worth,
    )


def _find_out(found: Information, g: Grounds) -> Said:
    assert found.given is not None
    values = {"what": found.given.label, "worth": about(found.worth, g.case.facts.currency)}
    if found.source is Source.BENCH:
        return say(
            "{what}: a load test of {n} times the requests is worth about {worth}.",
            n=numeral(f"{found.n}"),
            **values,
        )
    return say("{what}: knowing it exactly is worth at most {worth}.", **values)


def _nearly(case: Case, checks: Sequence[Check]) -> Iterator[Said]:
    """Yield the options that break a single rule: without it, one of them could be chosen."""
    for option in case.facts.options:
        broken = [c for c in checks if c.option == option.name and c.outcome is Outcome.FAIL]
        if len(broken) == 1 and not option.missing:
            yield say(
                "Ask whether {option} may break one rule, {rule}: {why}",
                option=option.name,
                rule=rule_words(broken[0].rule, broken[0].task),
                why=broken[0].text,
            )


def _for_check(case: Case, check: Check) -> Iterator[Said]:
    option = next(o for o in case.facts.options if o.name == check.option)
    if check.rule.startswith(RATE_OF):
        yield say(
            "Ask {models} more documents of the tasks that tell this rate: {rule}.",
            models=both(option.models),
            rule=rule_words(check.rule, check.task),
        )
    elif check.rule.startswith("quality"):
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
            rule=rule_words(check.rule, check.task),
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
    if not task and option.name in case.uneven:
        return say(
            "Score {models} on all tasks that count in the mean: {why}.",
            models=models,
            why=case.uneven[option.name],
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
