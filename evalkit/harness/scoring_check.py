"""What can be wrong with a task's filters and metrics, told before anything is asked."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from datasets.config import HF_MODULES_CACHE
from huggingface_hub.constants import HF_HUB_CACHE
from lm_eval.api.metrics import exact_match_hf_evaluate
from lm_eval.api.registry import (
    AGGREGATION_REGISTRY,
    FILTER_REGISTRY,
    METRIC_REGISTRY,
    get_metric,
)

from evalkit.backends.sources import is_offline
from evalkit.errors import TaskError, did_you_mean
from evalkit.harness.generation_check import is_whole

_ENTRY_KEYS = ("metric", "aggregation", "higher_is_better", "hf_evaluate")
_HIDDEN = {"take_first_k": ("k",), "custom": ("filter_fn",)}
"""Filters that do not name their keys, and these."""
_NEEDED = {"take_first_k": "k", "custom": "filter_fn", "map": "mapping_dict"}
"""Filter → the key without which it does nothing, or fails."""


# --- metrics ------------------------------------------------------------------------------------------------------


def check_metrics(metrics: Any, *, is_own: bool) -> None:
    """Check `metric_list`.

    Args:
        metrics: What the task says.
        is_own: The task scores with `process_results`: metrics are its own.

    Raises:
        TaskError: Names the metric.
    """
    if metrics is None:
        return
    if not isinstance(metrics, list) or not metrics:
        raise TaskError("metric_list: must be a list with an entry per metric.", "")
    for entry in metrics:
        name = entry.get("metric") if isinstance(entry, dict) else None
        if not callable(name) and (not isinstance(name, str) or not name):
            raise TaskError(
                f"metric_list: {entry!r} must be a mapping with `metric: NAME`.",
                "Such as `- metric: exact_match`.",
            )
        _check_entry(entry)
        _check_metric(entry, is_own=is_own)


def _check_entry(entry: Mapping[str, Any]) -> None:
    name, aggregation = entry["metric"], entry.get("aggregation")
    for key in ("higher_is_better", "hf_evaluate"):
        if not isinstance(entry.get(key, True), bool):
            raise TaskError(
                f"metric {name!r}: {key}: must be true or false, without quotes; found {entry[key]!r}.",
                "",
            )
    if callable(aggregation) or "aggregation" not in entry:
        return
    known = list(AGGREGATION_REGISTRY)
    if not isinstance(aggregation, str) or aggregation not in known:
        hint = did_you_mean(str(aggregation), known, f"There are {', '.join(known)}.")
        raise TaskError(f"metric {name!r}: aggregation {aggregation!r} is not known.", hint)


def _check_metric(entry: Mapping[str, Any], *, is_own: bool) -> None:
    name, aggregation = entry["metric"], entry.get("aggregation")
    if is_own or callable(name):
        if aggregation is None and not callable(name) and name not in METRIC_REGISTRY:
            raise TaskError(
                f"metric {name!r}: aggregation is missing.", "Such as `aggregation: mean`."
            )
        return
    is_foreign = entry.get("hf_evaluate") is True
    if name in METRIC_REGISTRY and not is_foreign:
        _check_options(name, entry)
        return
    known = sorted(METRIC_REGISTRY)
    hint = did_you_mean(name, known, f"There are {', '.join(known)}.", cutoff=0.7)
    if aggregation is None or "higher_is_better" not in entry:
        raise TaskError(
            f"metric {name!r}: aggregation and higher_is_better are missing; only lm-eval's own metrics have defaults.",
            hint,
        )
    is_misspelt = not is_foreign and bool(did_you_mean(name, known, cutoff=0.85))
    if is_misspelt or not _is_evaluates(name, is_foreign):
        raise TaskError(
            f"metric {name!r} is none of lm-eval's, and the evaluate library does not have it here.",
            hint,
        )


def _is_evaluates(name: str, is_foreign: bool) -> bool:
    """Tell whether the evaluate library has a metric: it takes many seconds to ask, so first whether it can."""
    kept = (
        (Path(HF_MODULES_CACHE) / "evaluate_modules", f"*/*--{name}"),
        (Path(HF_HUB_CACHE), f"spaces--evaluate-*--{name}"),
    )
    is_plain = is_offline() and "/" not in name and not Path(name).exists()
    if is_plain and not any(any(folder.glob(pattern)) for folder, pattern in kept):
        return False
    return get_metric(name, is_foreign) is not None


def _check_options(name: str, entry: Mapping[str, Any]) -> None:
    """Check what else is said of a metric: its function gets it, and fails on what it does not know."""
    function = exact_match_hf_evaluate if name == "exact_match" else get_metric(name)
    known = [*_ENTRY_KEYS, *_parameters(function)]
    for key in entry:
        if key not in known:
            hint = did_you_mean(str(key), known, f"There are {', '.join(known)}.")
            raise TaskError(f"metric {name!r}: unknown key {key!r}.", hint)
    for key, value in entry.items():
        _check_value(f"metric {name!r}", key, value)


def _parameters(function: Any) -> list[str]:
    """Return the names of a function's parameters that have a default."""
    every = inspect.signature(function).parameters.values()
    return [p.name for p in every if p.default is not inspect.Parameter.empty]


# --- filters ------------------------------------------------------------------------------------------------------


def check_filters(filters: Any, *, repeats: Any = 1) -> None:
    """Check `filter_list`.

    Args:
        filters: What the task says.
        repeats: How often each doc is asked.

    Raises:
        TaskError: Names filter and key.
    """
    if filters is None:
        return
    if not isinstance(filters, list) or not filters:
        raise TaskError(
            f"filter_list: must be a list with an entry per filter; found {filters!r}.",
            "Each entry has `name` and `filter`, a list.",
        )
    names = [_check_pipeline(pipeline, repeats) for pipeline in filters]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TaskError(f"filter_list: the name {twice!r} is there twice.", "Rename one.")


def _check_pipeline(pipeline: Any, repeats: Any) -> str:
    steps = pipeline.get("filter") if isinstance(pipeline, dict) else None
    name = pipeline.get("name") if isinstance(pipeline, dict) else None
    if not isinstance(steps, list) or not steps or not isinstance(name, str):
        raise TaskError(
            "filter_list: each entry needs `name` and `filter`, a list.", f"Found {pipeline!r}."
        )
    _refuse_unknown(pipeline, ("name", "filter"), f"filter_list: {name!r}")
    for step in steps:
        _check_step(step, f"filter_list: {name!r}", repeats)
    return name


def _check_step(step: Any, where: str, repeats: Any) -> None:
    function = step.get("function") if isinstance(step, dict) else None
    if callable(function):
        return
    if not isinstance(function, str) or function not in FILTER_REGISTRY:
        known = sorted(FILTER_REGISTRY)
        hint = did_you_mean(str(function), known, f"There are {', '.join(known)}.")
        raise TaskError(f"{where}: filter {function!r} is not known.", hint)
    here = f"{where}: filter {function!r}"
    init = FILTER_REGISTRY[function].__init__
    known_keys = (*_parameters(init), *_HIDDEN.get(function, ()))
    _refuse_unknown(step, ("function", *known_keys), here)
    needed = _NEEDED.get(function)
    if needed and step.get(needed) is None:
        raise TaskError(f"{here}: {needed} is missing.", "")
    for key, value in step.items():
        if key != "fallback" or function != "regex_pos":
            _check_value(here, key, value)
    if function == "take_first_k" and is_whole(repeats, 1) and step["k"] > repeats:
        raise TaskError(
            f"{here}: k is {step['k']}, and each doc is asked {repeats} times (`repeats`).",
            "Lower k, or raise `repeats`.",
        )


def _refuse_unknown(given: Mapping[str, Any], known: Collection[str], where: str) -> None:
    for key in given:
        if key not in known:
            hint = did_you_mean(str(key), known, f"There are {', '.join(known)}.")
            raise TaskError(f"{where}: unknown key {key!r}.", hint)


# --- values -------------------------------------------------------------------------------------------------------


def _check_value(where: str, key: str, value: Any) -> None:
    rule = _RULES.get(key)
    if rule and not rule[0](value):
        raise TaskError(f"{where}: {key}: {rule[1]}; found {value!r}.", _HINTS.get(key, ""))
    patterns = value if key == "regexes_to_ignore" else [value] if key == "regex_pattern" else []
    for pattern in patterns or ():
        try:
            re.compile(pattern)
        except re.error as error:
            raise TaskError(
                f"{where}: {key} {pattern!r} is no regular expression: {error}.", ""
            ) from None


def _is_texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(v, str) for v in value))


def _is_mapping_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(key, str) for key in value)


_FLAG: tuple[Callable[[Any], bool], str] = (
    lambda v: isinstance(v, bool),
    "must be true or false, without quotes",
)
_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "regex_pattern": (lambda v: isinstance(v, str) and bool(v), "must be a text"),
    "group_select": (
        lambda v: type(v) is int and v in (0, -1),
        "must be 0 for the first match in an answer or -1 for the last",
    ),
    "fallback": (lambda v: isinstance(v, str), "must be a text"),
    **dict.fromkeys(("ignore_case", "ignore_punctuation", "ignore_numbers"), _FLAG),
    "regexes_to_ignore": (_is_texts, "must be a list of texts"),
    "mapping_dict": (_is_mapping_of_texts, "must be a mapping of texts"),
    "k": (lambda v: is_whole(v, 1), "must be a whole number, 1 or more"),
    "filter_fn": (callable, "must be a function, such as `!function file.name`"),
}
"""Key of a filter or metric → what its value must be."""
_HINTS = {
    "group_select": "An answer with fewer matches would fail; for one group of several, write the others as (?:…).",
    "mapping_dict": "Put keys such as yes, no and numbers in quotes.",
}
