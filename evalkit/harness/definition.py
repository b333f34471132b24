"""What can be wrong with a task's YAML file, told before its data are asked for anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, UndefinedError, meta
from lm_eval.api.registry import (
    AGGREGATION_REGISTRY,
    DEFAULT_METRIC_REGISTRY,
    FILTER_REGISTRY,
    METRIC_REGISTRY,
    get_metric,
)
from lm_eval.config.task import FewshotConfig, TaskConfig
from lm_eval.utils import apply_template
from lm_eval.utils import env as lm_eval_env

from evalkit.errors import TaskError, did_you_mean

TEMPLATES = ("doc_to_text", "doc_to_target", "doc_to_choice", "description", "gen_prefix")
"""Keys that hold a column's name or a template."""
_KEYS = {f.name for f in fields(TaskConfig)} | {"class", "tag", "group", "task_list", "include"}
_FEWSHOT_KEYS = {f.name for f in fields(FewshotConfig)}
_BRACES = re.compile(r"\{\{|\{%|\{#")
_ENVIRONMENT: Environment = lm_eval_env


def check_definition(config: Mapping[str, Any]) -> None:
    """Check the keys of a task that need no data.

    Raises:
        TaskError: Names the key.
    """
    if "class" not in config:
        _check_keys(config, _KEYS, "")
    if not {"dataset_path", "custom_dataset", "class"} & set(config):
        raise TaskError("dataset_path is missing.", "For local files: json or csv.")
    fewshot = config.get("fewshot_config")
    if isinstance(fewshot, dict):
        _check_keys(fewshot, _FEWSHOT_KEYS, "fewshot_config: ")
    _check_output_type(config)
    _check_numbers(config)
    _check_metrics(config)
    _check_filters(config)
    _check_choices(config.get("doc_to_choice"))
    for key in TEMPLATES:
        if isinstance(config.get(key), str):
            columns_of(config[key], key)


def is_literal(value: Any, columns: Iterable[str]) -> bool:
    """Tell whether a key holds plain words: no column, no template."""
    return isinstance(value, str) and value not in columns and not _BRACES.search(value)


def columns_of(template: str, key: str) -> set[str]:
    """Return the names that a template uses.

    Raises:
        TaskError: It can't be read.
    """
    try:
        return set(meta.find_undeclared_variables(_ENVIRONMENT.parse(template)))
    except TemplateSyntaxError as error:
        raise TaskError(
            f"{key}: the template can't be read: {error.message}.",
            "Columns stand in two braces, such as {{question}}.",
        ) from None


def check_columns(config: Mapping[str, Any], columns: Iterable[str], row: Any) -> None:
    """Check that what the keys name is in the data, by the first row.

    Raises:
        TaskError: Names the key, and the columns there are.
    """
    known = list(columns)
    there = f"The columns are {', '.join(known)}."
    for key in TEMPLATES:
        value = config.get(key)
        if not isinstance(value, str):
            continue
        if is_literal(value, known):
            _check_literal(key, value, config, known, there)
            continue
        try:
            if value not in known:
                apply_template(value, row)
        except UndefinedError as error:
            missing = sorted(columns_of(value, key) - set(known))
            if missing:
                hint = did_you_mean(missing[0], known)
                raise TaskError(
                    f"{key}: the data have no column {missing[0]!r}.", f"{hint} {there}".strip()
                ) from None
            raise TaskError(f"{key}: {error} in the first row.", there) from None


def _check_literal(
    key: str, value: str, config: Mapping[str, Any], known: list[str], there: str
) -> None:
    if (
        key in ("description", "gen_prefix")
        or not value.strip()
        or _is_right_literal(key, value, config)
    ):
        return
    hint = did_you_mean(value, known)
    if re.search(r"\{\w+\}", value):
        hint = "Columns stand in two braces, such as {{" + known[0] + "}}."
    meaning = {
        "doc_to_text": "every prompt would be these words",
        "doc_to_target": "every row would have these words as its right answer",
    }.get(key, "it is no list of choices either")
    raise TaskError(
        f"{key}: {value!r} is no column of the data: {meaning}.", f"{hint} {there}".strip()
    )


def _is_right_literal(key: str, value: str, config: Mapping[str, Any]) -> bool:
    """Tell whether plain words are meant: one of the choices, a position, a list; a gold that own code reads."""
    choices = config.get("doc_to_choice")
    if key == "doc_to_target":
        is_choice = isinstance(choices, list) and value in choices
        return is_choice or value.isdigit() or bool(config.get("process_results"))
    if key != "doc_to_choice":
        return False
    try:
        return isinstance(ast.literal_eval(value), list)
    except (SyntaxError, ValueError):
        return False


def _check_keys(given: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    names = sorted(known)
    for key in given:
        if key not in names:
            hint = did_you_mean(str(key), names, "See lm-eval's task guide for the keys.")
            raise TaskError(f"{where}unknown key {key!r}.", hint)


def _check_output_type(config: Mapping[str, Any]) -> None:
    kind, known = config.get("output_type", "generate_until"), list(DEFAULT_METRIC_REGISTRY)
    if kind not in known:
        hint = did_you_mean(str(kind), known, f"There are {', '.join(known)}.")
        raise TaskError(f"output_type: {kind!r} is not known.", hint)
    if kind == "multiple_choice" and not config.get("doc_to_choice") and "class" not in config:
        raise TaskError(
            "doc_to_choice is missing: a multiple-choice task needs choices.",
            "Give a list, or the column that holds one.",
        )
    if config.get("doc_to_target") is None and not {"class", "use_prompt"} & set(config):
        raise TaskError("doc_to_target is missing.", "Name the column with the right answer.")
    if config.get("doc_to_text") is None and not {"class", "use_prompt"} & set(config):
        raise TaskError("doc_to_text is missing.", "Name a column, or write a template.")


def _check_numbers(config: Mapping[str, Any]) -> None:
    for key, least in (("num_fewshot", 0), ("repeats", 1)):
        value = config.get(key)
        if value is not None and (type(value) is not int or value < least):
            raise TaskError(f"{key}: must be a whole number, {least} or more; found {value!r}.", "")
    kwargs = config.get("generation_kwargs")
    if kwargs is None:
        return
    if not isinstance(kwargs, dict):
        raise TaskError(f"generation_kwargs: must be a mapping; found {kwargs!r}.", "")
    until = kwargs.get("until", [])
    if not all(
        isinstance(stop, str) for stop in ([until] if isinstance(until, str) else until or [])
    ):
        raise TaskError(f"generation_kwargs: until: must be texts; found {until!r}.", "")
    heat = kwargs.get("temperature", 0)
    if not isinstance(heat, int | float) or isinstance(heat, bool):
        raise TaskError(f"generation_kwargs: temperature: must be a number; found {heat!r}.", "")
    most = kwargs.get("max_gen_toks")
    if most is not None and (type(most) is not int or most < 1):
        raise TaskError(
            f"generation_kwargs: max_gen_toks: must be a whole number, 1 or more; found {most!r}.",
            "",
        )


def _check_metrics(config: Mapping[str, Any]) -> None:
    metrics = config.get("metric_list")
    if metrics is None:
        return
    if not isinstance(metrics, list) or not metrics:
        raise TaskError("metric_list: must be a list with an entry per metric.", "")
    for entry in metrics:
        if not isinstance(entry, dict) or "metric" not in entry:
            raise TaskError(
                f"metric_list: {entry!r} must be a mapping with `metric: NAME`.",
                "Such as `- metric: exact_match`.",
            )
        _check_metric(entry, is_own=bool(config.get("process_results")))


def _check_metric(entry: Mapping[str, Any], *, is_own: bool) -> None:
    name, aggregation = entry["metric"], entry.get("aggregation")
    if isinstance(aggregation, str) and aggregation not in AGGREGATION_REGISTRY:
        known = list(AGGREGATION_REGISTRY)
        hint = did_you_mean(aggregation, known, f"There are {', '.join(known)}.")
        raise TaskError(f"metric {name!r}: aggregation {aggregation!r} is not known.", hint)
    if is_own or callable(name):
        if aggregation is None and not callable(name) and name not in METRIC_REGISTRY:
            raise TaskError(
                f"metric {name!r}: aggregation is missing.", "Such as `aggregation: mean`."
            )
        return
    is_foreign = entry.get("hf_evaluate") is True
    if name in METRIC_REGISTRY and not is_foreign:
        return
    if get_metric(str(name), is_foreign) is None:
        known = sorted(METRIC_REGISTRY)
        hint = did_you_mean(str(name), known, f"There are {', '.join(known)}.", cutoff=0.7)
        raise TaskError(
            f"metric {name!r} is none of lm-eval's, and the evaluate library does not have it here.",
            hint,
        )
    if aggregation is None or "higher_is_better" not in entry:
        raise TaskError(
            f"metric {name!r}: aggregation and higher_is_better are missing.",
            "Only lm-eval's own metrics have defaults.",
        )


def _check_filters(config: Mapping[str, Any]) -> None:
    filters = config.get("filter_list")
    for pipeline in filters if isinstance(filters, list) else []:
        steps = pipeline.get("filter") if isinstance(pipeline, dict) else None
        if not isinstance(steps, list) or "name" not in pipeline:
            raise TaskError("filter_list: each entry needs `name` and `filter`, a list.", "")
        for step in steps:
            _check_filter(step)


def _check_filter(step: Any) -> None:
    function = step.get("function") if isinstance(step, dict) else None
    if not callable(function) and function not in FILTER_REGISTRY:
        known = sorted(FILTER_REGISTRY)
        hint = did_you_mean(str(function), known, f"There are {', '.join(known)}.")
        raise TaskError(f"filter_list: filter {function!r} is not known.", hint)
    try:
        re.compile(str(step.get("regex_pattern") or ""))
    except re.error as error:
        raise TaskError(
            f"filter_list: regex_pattern {step['regex_pattern']!r} is no regular expression: {error}.",
            "",
        ) from None


def _check_choices(choices: Any) -> None:
    listed = list(choices.values()) if isinstance(choices, dict) else choices
    if not isinstance(listed, list):
        return
    for choice in listed:
        if not isinstance(choice, str):
            raise TaskError(
                f"doc_to_choice: {choice!r} is no text.",
                "Put choices such as yes, no, on, off and numbers in quotes.",
            )
    if len(set(listed)) < len(listed):
        twice = next(choice for choice in listed if listed.count(choice) > 1)
        raise TaskError(
            f"doc_to_choice: {twice!r} is there twice.", "Every choice must be different."
        )
    if len(listed) < 2 or not all(choice.strip() for choice in listed):
        raise TaskError(f"doc_to_choice: {listed!r}: each needs a text, and there must be two.", "")
