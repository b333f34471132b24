"""What to measure, or to ask, before deciding: the shortest way to a surer verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.analyse import Case
from evalkit.analysis.tco.facts import Swing
from evalkit.analysis.tco.values import Provenance
from evalkit.decision.checks import task_quality
from evalkit.decision.choose import Choice, Standing
from evalkit.decision.facts import Check, Outcome

_MOST_DOCS = 20_000
_MOST_INPUTS = 3


def next_measurements(
    case: Case,
    checks: Sequence[Check],
    choice: Choice,
    swings: Sequence[Swing],
    standing: Standing,
) -> Iterator[str]:
    """Yield what would settle the open rules, then what would narrow the cost."""
    worth = {*standing.unclear, *standing.passing}
    unclear = [c for c in checks if c.outcome is Outcome.UNCLEAR and c.option in worth]
    yield from dict.fromkeys(text for check in unclear for text in _for_check(case, check))
    costed = [o for o in case.facts.options if not o.missing]
    yield from dict.fromkeys(f"Find out the {text}." for o in costed for text in o.incomplete)
    if not worth:
        yield from _nearly(case, checks)
    if choice.best is None or choice.is_decided:
        return
    for s in [s for s in swings if s.given.provenance is not Provenance.MEASURED][:_MOST_INPUTS]:
        yield f"Find out more about {s.given.label}: it moves the result most of what was not measured."


def _nearly(case: Case, checks: Sequence[Check]) -> Iterator[str]:
    """Yield the options that break a single rule: without it, one of them could be chosen."""
    for option in case.facts.options:
        broken = [c for c in checks if c.option == option.name and c.outcome is Outcome.FAIL]
        if len(broken) == 1 and not option.missing:
            yield f"Ask whether {option.name} may break one rule, {broken[0].rule}: {broken[0].text}"


def _for_check(case: Case, check: Check) -> Iterator[str]:
    option = next(o for o in case.facts.options if o.name == check.option)
    models = " and ".join(option.models)
    if check.rule.startswith("quality"):
        task = check.rule.partition(" of ")[2]
        e = task_quality(option, task, case) if task else option.quality
        if e.value is None and task and option.parts:
            yield f"Require a mean score instead of one on {task} alone: {option.name} has none of its own for a task."
            return
        if e.value is None:
            yield f"Measure the quality of {models}: `evalkit run` on your tasks, and give the run to `evalkit tco`."
        else:
            n = docs_needed(e, check.limit)
            more = "more than is practical" if n is None else f"about {n:,} documents"
            yield f"Ask {models} more documents: {more} would tell whether it is good enough ({e.n} were asked)."
    elif check.rule == "service level":
        capacity = option.capacity_per_s
        if capacity is not None and capacity.value is None:
            yield (
                f"Measure what {models} sustains: `evalkit bench` with the service level of the scenario, at lower"
                f" rates, too ({capacity.reason})."
            )
        else:
            yield f"Measure how fast {models} answers under the load you expect: `evalkit bench`."
    elif check.rule == "cost known":
        for text in option.missing:
            yield f"Find out for {option.name}: {text}."
    else:
        yield f"Narrow the cost of {option.name}: its range holds the limit of `{check.rule}`."


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
