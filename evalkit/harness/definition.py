"""What can be wrong with a task's YAML file, told before its data are asked for anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, UndefinedError, meta
from lm_eval.api.registry import DEFAULT_METRIC_REGISTRY
from lm_eval.api.samplers import SAMPLER_REGISTRY
from lm_eval.config.task import FewshotConfig, TaskConfig
from lm_eval.utils import apply_template
from lm_eval.utils import env as lm_eval_env

from evalkit.errors import TaskError, did_you_mean
from evalkit.harness.generation_check import check_generation, is_whole
from evalkit.harness.scoring_check import check_filters, check_metrics

TEMPLATES = ("doc_to_text", "doc_to_target", "doc_to_choice", "description", "gen_prefix")
"""Keys that hold a column's name or a template."""
_KEYS = {f.name for f in fields(TaskConfig)} | {"class", "tag", "group", "task_list", "include"}
_FEWSHOT_KEYS = {f.name for f in fields(FewshotConfig)}
_WORD, _NAME, _MAPPING = ((str,), "a name"), ((str,), "text"), ((dict,), "a mapping")
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(("output_type", "dataset_path", "dataset_name", "task_alias"), _WORD),
    **dict.fromkeys(("training_split", "validation_split", "test_split", "fewshot_split"), _WORD),
    **dict.fromkeys(("description", "gen_prefix", "fewshot_delimiter", "target_delimiter"), _NAME),
    **dict.fromkeys(("dataset_kwargs", "fewshot_config", "metadata"), _MAPPING),
    "use_prompt": _WORD,
    "should_decontaminate": ((bool,), "true or false, without quotes"),
    "tag": ((str, list), "a name or a list of names"),
    "doc_to_text": ((str, int), "a column or a template"),
    "doc_to_target": ((str, int), "one column or a template: a list is the same for every row"),
    "doc_to_choice": ((str, list, dict), "a list of texts, a column or a template"),
}
"""Key → the kinds of value that it may hold."""
_SINGLE = re.compile(r"(?<![{$\w])\{\s*(\w+)\s*\}(?!\})")
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
    _check_types(config)
    fewshot = config.get("fewshot_config")
    if isinstance(fewshot, dict):
        _check_fewshot(fewshot)
    _check_output_type(config)
    _check_numbers(config)
    check_generation(config.get("generation_kwargs"))
    check_metrics(config.get("metric_list"), is_own=bool(config.get("process_results")))
    check_filters(config.get("filter_list"), repeats=config.get("repeats", 1))
    _check_choices(config.get("doc_to_choice"))
    _check_target(config)
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
        _refuse_single_braces(key, value, known)
        if is_literal(value, known) or _is_the_same(key, value, known):
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


def _is_the_same(key: str, value: str, known: Collection[str]) -> bool:
    """Tell whether a template gives the same text for every row."""
    return (
        key in ("doc_to_text", "doc_to_target")
        and value not in known
        and not columns_of(value, key)
    )


def _refuse_single_braces(key: str, value: str, known: Collection[str]) -> None:
    """Refuse `{text}`, which is sent as it stands, where `{{text}}` was meant."""
    if value in known:
        return
    said = "".join(text for _, kind, text in _ENVIRONMENT.lex(value) if kind == "data")
    for name in _SINGLE.findall(said):
        if name in known:
            raise TaskError(
                f"{key}: {{{name}}} in single braces would be sent as it stands.",
                "Columns stand in two braces, such as {{" + name + "}}.",
            )


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


def _check_types(config: Mapping[str, Any]) -> None:
    """Check that no key holds a list, a mapping or a number where a word belongs: lm-eval's own words say little."""
    for key in ("process_docs", "process_results"):
        if config.get(key) is not None and not callable(config[key]):
            raise TaskError(
                f"{key}: must be a function, such as `!function code.name`; found {config[key]!r}.",
                "",
            )
    for key, (kinds, words) in _TYPES.items():
        value = config.get(key)
        if value is None or callable(value):
            continue
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TaskError(f"{key}: must be {words}; found {value!r}.", "")


def _check_fewshot(fewshot: Mapping[str, Any]) -> None:
    _check_keys(fewshot, _FEWSHOT_KEYS, "fewshot_config: ")
    sampler, samples = fewshot.get("sampler", "default"), fewshot.get("samples")
    if isinstance(sampler, list | dict) or (
        not callable(sampler) and sampler not in SAMPLER_REGISTRY
    ):
        known = ", ".join(SAMPLER_REGISTRY)
        raise TaskError(
            f"fewshot_config: sampler: {sampler!r} is not known.", f"There are {known}."
        )
    is_list = isinstance(samples, list) and all(isinstance(sample, dict) for sample in samples)
    if samples is not None and not callable(samples) and not is_list:
        raise TaskError(f"fewshot_config: samples: must be a list of docs; found {samples!r}.", "")
    split = fewshot.get("split")
    if split is not None and not isinstance(split, str):
        raise TaskError(f"fewshot_config: split: must be a name; found {split!r}.", "")


def _check_target(config: Mapping[str, Any]) -> None:
    """Refuse a right answer that is the same for every row, where the choices do not stand in their order."""
    target = config.get("doc_to_target")
    if config.get("process_results") or config.get("doc_to_choice") is not None:
        return
    if isinstance(target, int):
        raise TaskError(
            f"doc_to_target: every row would have {target!r} as its right answer.",
            "Name the column with the right answer.",
        )


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
        if value is not None and not is_whole(value, least):
            raise TaskError(f"{key}: must be a whole number, {least} or more; found {value!r}.", "")


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
        if _BRACES.search(choice):
            raise TaskError(
                f"doc_to_choice: {choice!r} in a list is taken as it stands.",
                'Write one template that makes the list, such as "{{[first, second]}}".',
            )
    if len(set(listed)) < len(listed):
        twice = next(choice for choice in listed if listed.count(choice) > 1)
        raise TaskError(
            f"doc_to_choice: {twice!r} is there twice.", "Every choice must be different."
        )
    if len(listed) < 2 or not all(choice.strip() for choice in listed):
        raise TaskError(f"doc_to_choice: {listed!r}: each needs a text, and there must be two.", "")
