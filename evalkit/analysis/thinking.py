"""How many answers were cut, and what thinking took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalkit.analysis.facts import Estimate, PerformanceFact
from evalkit.analysis.stats import share_estimate
from evalkit.metrics.values import total
from evalkit.records import CUT_THINKING, STOPPED_EARLY, THOUGHTS, Request
from evalkit.wording import Said, numeral, say, say_n

MANY_CUT = 0.1
"""Share of answers cut at `max_tokens` that is worth a warning: some models never come to an end on some docs."""
MANY_CUT_THINKING = 0.01
"""Share of answers cut within their thoughts, so that nothing could be scored, that is worth a warning."""


def thinking_numbers(generated: Sequence[Request]) -> dict[str, Any]:
    """Return the fields of a `PerformanceFact` about the ends and thoughts of generated answers."""
    answered = [r for r in generated if r.answer is not None]
    told = [r for r in answered if r.finish_reason is not None]
    cut = [r for r in told if r.finish_reason == "length"]
    errors = [a.error_class for r in generated for a in r.attempts]
    return {
        "cut_rate": _share(len(cut), len(told)),
        "cut_thinking_rate": _share(_n(cut, CUT_THINKING), len(told)),
        "n_thinking": _n(generated, THOUGHTS) if answered else None,
        "n_stopped_early": _n(generated, STOPPED_EARLY) if answered else None,
        "n_asked_again": errors.count(STOPPED_EARLY) if answered else None,
        "reasoning_tokens": total(r.reasoning_tokens for r in generated),
    }


def thinking_warnings(performance: Sequence[PerformanceFact]) -> Iterator[Said]:
    """Tell where answers were cut before they could be read."""
    for fact in performance:
        if fact.suite is not None:
            yield from _cut_warnings(fact)
            yield from _stop_warnings(fact)


def _cut_warnings(fact: PerformanceFact) -> Iterator[Said]:
    of = {"model": fact.model, "suite": fact.suite or ""}
    if _is_over(fact.cut_thinking_rate, MANY_CUT_THINKING):
        yield say(
            "{model} on {suite}: {share}% of answers were cut at max_tokens while the model was still thinking, and"
            " count as empty ({n} of {all}). Set its `generation.max_tokens` so that thoughts and answer fit.",
            **of,
            **_counted(fact.cut_thinking_rate),
        )
    elif _is_over(fact.cut_rate, MANY_CUT):
        yield say(
            "{model} on {suite}: {share}% of answers were cut at max_tokens ({n} of {all}). What would have come"
            " behind that was not scored; set its `generation.max_tokens` higher if answers should be longer.",
            **of,
            **_counted(fact.cut_rate),
        )


def _stop_warnings(fact: PerformanceFact) -> Iterator[Said]:
    of = {"model": fact.model, "suite": fact.suite or ""}
    if fact.n_stopped_early:
        yield say_n(
            "{model} on {suite}: the server ended {n} answer before it began, it seems at a stop string within thoughts"
            " or white space. Set `omit: [stop]` in its endpoint: answers are cut here in any case.",
            "{model} on {suite}: the server ended {n} answers before they began, it seems at a stop string within"
            " thoughts or white space. Set `omit: [stop]` in its endpoint: answers are cut here in any case.",
            fact.n_stopped_early,
            **of,
        )
    elif fact.n_asked_again:
        yield say_n(
            "{model} on {suite}: the server looks for stop strings in thoughts and white space, too; {n} answer was"
            " asked again without. `omit: [stop]` in its endpoint saves that.",
            "{model} on {suite}: the server looks for stop strings in thoughts and white space, too; {n} answers were"
            " asked again without. `omit: [stop]` in its endpoint saves that.",
            fact.n_asked_again,
            **of,
        )


def _share(count: int, n: int) -> Estimate:
    if n == 0:
        return Estimate(None, "share", 0, reason=say("nothing was generated"))
    return share_estimate(count, n)


def _is_over(share: Estimate, bound: float) -> bool:
    return share.value is not None and share.value > bound


def _counted(share: Estimate) -> dict[str, str | Said]:
    value = share.value or 0.0
    return {
        "share": numeral(f"{100 * value:.1f}"),
        "n": f"{round(value * share.n)}",
        "all": f"{share.n}",
    }


def _n(requests: Sequence[Request], flag: str) -> int:
    return sum(flag in r.flags for r in requests)
