"""Right answers that no answer can match, or any: because of stop strings, filters and the metric's options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lm_eval.api.metrics import exact_match_hf_evaluate

_METRIC = "exact_match"
_OPTIONS = ("regexes_to_ignore", "ignore_case", "ignore_punctuation", "ignore_numbers")
_EFFECTS: dict[str, Callable[[str], str]] = {
    "lowercase": str.lower,
    "uppercase": str.upper,
    **dict.fromkeys(("remove_whitespace", "regex", "multi_choice_regex"), str.strip),
    **dict.fromkeys(("take_first", "take_first_k", "majority_vote"), str),
}
"""Filter → what every answer is like behind it; of others nothing is known."""


def match_problem(task: Any, gold: Any) -> tuple[str, str] | None:
    """Return why no answer, or an empty one, would match a doc's right answer; None where metrics are others."""
    options = _options(task.config)
    if task.OUTPUT_TYPE != "generate_until" or options is None:
        return None
    golds = [str(one) for one in (gold if isinstance(gold, list) else [gold])]
    if free := next((one for one in golds if _matches("", one, options)), None):
        return (
            f"an empty answer would match {free!r}, by the options of {_METRIC}",
            "Take back the option, or the right answer.",
        )
    stops = _stops(task.config)
    pipelines = task.config.filter_list or [{"filter": []}]
    if any(_can_match(one, stops, p["filter"], options) for one in golds for p in pipelines):
        return None
    return _reason(golds[0], stops)


def _reason(gold: str, stops: Sequence[str]) -> tuple[str, str]:
    inside = next((stop for stop in stops if stop in gold), None)
    if inside is not None:
        return (
            f"no answer can match {gold!r}: answers are cut at {inside!r} (`until`)",
            "Take the stop string out of `until`, or out of the right answer.",
        )
    if gold != gold.rstrip():
        return (
            f"no answer can match {gold!r}: it ends in white space",
            "Remove it, such as by {{ column | trim }}.",
        )
    return (
        f"no answer can match {gold!r}, by what the filters make of answers",
        "Write it as the filters do: without space around it, in small or capital letters.",
    )


def _options(config: Any) -> dict[str, Any] | None:
    """Return the options of exact matching; None where another metric might give something for less."""
    if config.metric_list is None:
        return {}
    found: dict[str, Any] | None = None
    for entry in config.metric_list:
        if entry.get("metric") == _METRIC and not entry.get("hf_evaluate"):
            found = {key: entry[key] for key in _OPTIONS if entry.get(key)}
    return found


def _stops(config: Any) -> list[str]:
    until = (config.generation_kwargs or {}).get("until") or []
    return [until] if isinstance(until, str) else list(until)


def _matches(answer: str, gold: str, options: Mapping[str, Any]) -> bool:
    if answer == gold or not options:
        return answer == gold
    found = exact_match_hf_evaluate(predictions=[answer], references=[gold], **options)
    return bool(found[_METRIC] == 1)


def _can_match(
    gold: str, stops: Sequence[str], steps: Sequence[Any], options: Mapping[str, Any]
) -> bool:
    """Tell whether the answer that is most like a right one matches it."""
    answer = gold
    for stop in stops:
        answer = answer.partition(stop)[0]
    answer = answer.rstrip()
    for step in steps:
        effect = _EFFECTS.get(step["function"]) if isinstance(step["function"], str) else None
        if effect is None:
            return True
        answer = effect(answer)
    return _matches(answer, gold, options)
