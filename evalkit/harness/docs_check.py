"""What can be wrong with a task's docs: golds, choices, prompts and examples, row by row, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

from lm_eval.api.task import ConfigurableTask
from lm_eval.config.task import TaskConfig

from evalkit.errors import TaskError
from evalkit.harness.definition import TEMPLATES, check_columns, columns_of
from evalkit.harness.faults import plain_reason
from evalkit.harness.rows import Rows

_MOST_PLACES = 5
_MOST_PROBLEMS = 3
_TRIED = 2
"""Docs that metrics are tried on."""


def check_first(config: Mapping[str, Any], docs: Rows) -> None:
    """Check docs before lm-eval makes a task of them: it fails without a word where the first is not as it should be.

    Raises:
        TaskError: The first doc is wrong; names all rows like it.
    """
    known = {field.name for field in fields(TaskConfig)}
    probe = ConfigurableTask.__new__(ConfigurableTask)
    probe._config = TaskConfig(**deepcopy({k: v for k, v in config.items() if k in known}))
    probe.OUTPUT_TYPE = probe.config.output_type
    probe.prompt, probe.features, probe.multiple_input = None, list(docs.features), 0
    if config.get("use_prompt"):
        return
    with suppress(Exception):  # told below
        probe.multiple_input = int(isinstance(probe.doc_to_text(docs[0]), int))
    if _problem(probe, docs[0], is_example=False):
        _refuse_problems(docs, lambda doc: _problem(probe, doc, is_example=False))


def check_docs(task: Any) -> None:
    """Check every doc of a task that has its few-shot number.

    Raises:
        TaskError: Names the rows.
    """
    if not isinstance(task, ConfigurableTask):
        return
    docs = task.eval_docs
    keys = {key: getattr(task.config, key) for key in (*TEMPLATES, "process_results")}
    check_columns(keys, task.features, docs[0])
    _refuse_problems(docs, lambda doc: _problem(task, doc, is_example=False))
    _refuse_positions(task, docs)
    _check_examples(task)
    _try_metrics(task, docs)


def _refuse_problems(docs: Any, problem_of: Any) -> None:
    found: dict[tuple[str, str], list[int]] = {}
    for position, doc in enumerate(docs):
        problem = problem_of(doc)
        if problem is not None:
            found.setdefault(problem, []).append(position)
    if found:
        told = [f"{text} ({_places(docs, at)})" for (text, _), at in found.items()]
        more = f"; and {len(told) - _MOST_PROBLEMS} more" if len(told) > _MOST_PROBLEMS else ""
        hint = next(iter(found))[1]
        raise TaskError(f"{'; '.join(told[:_MOST_PROBLEMS])}{more}.", hint)


def _places(docs: Any, positions: Sequence[int]) -> str:
    known = docs.places if isinstance(docs, Rows) else None
    named = [str(known[p]) if known else f"row {p + 1}" for p in positions[:_MOST_PLACES]]
    more = len(positions) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _problem(task: Any, doc: Any, *, is_example: bool) -> tuple[str, str] | None:
    """Return what is wrong with a doc, and what to do; None: nothing."""
    metadata = task.config.metadata
    source = metadata.get("config_source") if isinstance(metadata, dict) else None
    folder = Path(source).parent if source else None
    try:
        text = None if is_example else _text_problem(task, doc)
        return text or _gold_problem(task, doc, is_example=is_example)
    except Exception as error:  # templates and own code raise anything
        return plain_reason(error, folder)


# --- prompts ------------------------------------------------------------------------------------------------------


def _text_problem(task: Any, doc: Any) -> tuple[str, str] | None:
    if task.OUTPUT_TYPE == "loglikelihood_rolling" or task.multiple_input:
        return None
    text = task.doc_to_text(doc)
    if isinstance(text, list):
        return (
            "doc_to_text gives a list, and a prompt must be text",
            "Of a list of messages take one, such as {{messages[-1].content}}.",
        )
    if not isinstance(text, str):
        return f"doc_to_text gives {text!r}, and a prompt must be text", "Fill the column."
    empty = _empty_column(task.config.doc_to_text, doc) if "None" in text else None
    if empty:
        return (
            f"the prompt would say None: column {empty!r} is empty",
            "Fill it, or remove the row.",
        )
    if not text.strip() and task.config.doc_to_text != "":
        return "the prompt is empty", "Fill the column, or remove the row."
    return None


def _empty_column(template: Any, doc: Any) -> str | None:
    """Return the first column that a template uses and that holds nothing in a doc."""
    if not isinstance(template, str):
        return None
    names = [template] if template in doc else sorted(columns_of(template, "template"))
    return next((name for name in names if name in doc and doc[name] is None), None)


# --- golds --------------------------------------------------------------------------------------------------------


def _gold_problem(task: Any, doc: Any, *, is_example: bool) -> tuple[str, str] | None:
    if callable(task.config.process_results) and not is_example:
        return None  # own code decides what is right
    gold = task.doc_to_target(doc)
    is_empty = gold is None or gold in ("", []) or (isinstance(gold, str) and not gold.strip())
    none = gold == "None" and _empty_column(task.config.doc_to_target, doc)
    if is_empty or none:
        return "no right answer", "Fill the column that doc_to_target names, or remove the row."
    if task.config.doc_to_choice is not None:
        return _choice_problem(task, doc, gold)
    if isinstance(gold, dict) or (
        isinstance(gold, list) and not all(isinstance(g, str) for g in gold)
    ):
        return f"the right answer is {gold!r}, not text", "Write a template that makes text of it."
    return _truth_problem(task, doc, gold)


def _truth_problem(task: Any, doc: Any, gold: Any) -> tuple[str, str] | None:
    """Golds of true and false are written as Python does, which no answer will be."""
    if not isinstance(gold, bool) and gold not in ("True", "False"):
        return None
    target = task.config.doc_to_target
    names = (
        [target]
        if target in doc
        else columns_of(target, "doc_to_target")
        if isinstance(target, str)
        else []
    )
    if isinstance(gold, bool) or any(isinstance(doc.get(name), bool) for name in names):
        return (
            f"the right answer would be {str(gold)!r}, with a capital letter, where the data say"
            f" {str(gold).lower()}",
            "Write text into the data, or make it in the template: {{ column | lower }}.",
        )
    return None


def _choice_problem(task: Any, doc: Any, gold: Any) -> tuple[str, str] | None:
    choices = task.doc_to_choice(doc)
    if not isinstance(choices, list) or not all(isinstance(c, str) for c in choices):
        return f"doc_to_choice gives {choices!r}, not a list of texts", "Correct the column."
    if len(choices) < 2 or not all(c.strip() for c in choices):
        return f"the choices are {choices!r}: each needs a text, and there must be two", ""
    if len(set(choices)) < len(choices):
        twice = next(c for c in choices if choices.count(c) > 1)
        return f"the choice {twice!r} is there twice", "Every choice must be different."
    if task.multiple_input:
        return None
    for one in gold if isinstance(gold, list) else [gold]:
        if isinstance(one, str) and one in choices:
            continue
        if isinstance(one, int) and 0 <= one < len(choices):
            continue
        return (
            f"no choice is {one!r}",
            f"The choices are {', '.join(map(repr, choices[:12]))}: correct doc_to_choice or the data.",
        )
    return None


def _refuse_positions(task: Any, docs: Any) -> None:
    """Refuse golds that are taken for positions where each of them is a choice, too: `2` of `1, 2, 3` would be `3`."""
    if (
        task.config.doc_to_choice is None
        or callable(task.config.process_results)
        or task.multiple_input
    ):
        return
    differs = []
    for position, doc in enumerate(docs):
        gold, choices = task.doc_to_target(doc), task.doc_to_choice(doc)
        if not isinstance(gold, int) or isinstance(gold, bool) or str(gold) not in choices:
            return
        if choices[gold] != str(gold):
            differs.append((position, gold, choices[gold]))
    if differs:
        position, gold, taken = differs[0]
        raise TaskError(
            f"the right answer {gold} is taken for a position, and means the choice {taken!r}"
            f" ({_places(docs, [p for p, _, _ in differs])}).",
            "Count from 0 in the data, or make the gold a position in the template: {{['1', '2'].index(column)}}.",
        )


# --- examples and metrics -----------------------------------------------------------------------------------------


def _check_examples(task: Any) -> None:
    wanted = task.config.num_fewshot or 0
    if not wanted:
        return
    _refuse_leak(task)
    pool = task.fewshot_docs()
    n_pool = 0 if pool is None else len(list(pool))
    split = task.fewshot_cfg.split
    is_same = split is not None and split == task.config.test_split
    n_free = n_pool - 1 if is_same else n_pool
    if wanted > n_free:
        source = f"split {split!r}" if split else "the examples"
        own = ", without the doc that is asked" if is_same else ""
        raise TaskError(
            f"num_fewshot is {wanted}, and {source} {'has' if split else 'have'} {n_free} docs{own}.",
            f"Set num_fewshot to {max(n_free, 0)} or less, or give more examples.",
        )
    if not is_same:
        _refuse_problems(pool, lambda doc: _problem(task, doc, is_example=True))


def _refuse_leak(task: Any) -> None:
    """Refuse examples out of the docs that are asked, where lm-eval does not leave out the doc itself."""
    config, split = task.config, task.fewshot_cfg.split
    asked = config.test_split or config.validation_split
    source = split or config.training_split or config.validation_split or config.test_split
    has_samples = split is None and task.fewshot_cfg.samples is not None
    if not has_samples and source == asked and (split is None or asked != config.test_split):
        raise TaskError(
            f"num_fewshot is {config.num_fewshot}, and examples would come from split {source!r}, which is asked:"
            " a doc could be its own example.",
            "Name another split in fewshot_split, or say `test_split` and `fewshot_split` both: then each doc is left"
            " out of its own examples.",
        )


def _try_metrics(task: Any, docs: Any) -> None:
    """Score made-up answers, so that a metric that can't is found before real ones are paid for."""
    config = task.config
    listed = config.metric_list or []
    is_foreign = any(callable(m.get("metric")) or callable(m.get("aggregation")) for m in listed)
    if callable(config.process_results) or is_foreign:
        return
    items: dict[str, list[Any]] = {}
    for _, doc in zip(range(_TRIED), docs, strict=False):
        for metric, fn in task._metric_fn_list.items():
            for name, value in _tried(task, doc, metric, fn).items():
                items.setdefault(name, []).append(value)
    for metric, values in items.items():
        aggregate = task.aggregation().get(metric)
        if aggregate is not None:
            with _metric_told(metric, task):
                aggregate(values)


def _tried(task: Any, doc: Any, metric: str, fn: Any) -> dict[str, Any]:
    every = task._metric_fn_list
    task._metric_fn_list = {metric: fn}
    try:
        with _metric_told(metric, task):
            found: dict[str, Any] = task.process_results(doc, _answers(task, doc))
    finally:
        task._metric_fn_list = every
    if not found:
        raise TaskError(
            f"metric {metric!r} gives nothing for tasks of output_type {task.OUTPUT_TYPE}.",
            "Take a metric that fits, such as exact_match for generated answers or acc for choices.",
        )
    return found


@contextmanager
def _metric_told(metric: str, task: Any) -> Iterator[None]:
    """Say of an error inside that a metric can't score this kind of task."""
    try:
        yield
    except Exception as error:  # metrics of several libraries raise anything
        message = (str(error).splitlines() or [type(error).__name__])[0]
        raise TaskError(
            f"metric {metric!r} can't score answers of output_type {task.OUTPUT_TYPE}:"
            f" {message.removesuffix('.')}.",
            "Take another metric, or `process_results`.",
        ) from error


def _answers(task: Any, doc: Any) -> list[Any]:
    """Return answers as a model's: the gold where text is generated, falling log-likelihoods for choices."""
    if task.OUTPUT_TYPE == "multiple_choice":
        n = len(task.doc_to_choice(doc)) * (2 if "acc_mutual_info" in task._metric_fn_list else 1)
        return [(-1.0 - k, False) for k in range(n)]
    if task.OUTPUT_TYPE == "generate_until":
        gold = task.doc_to_target(doc)
        return [str(gold[0] if isinstance(gold, list) else gold)]
    return [-1.0] if task.OUTPUT_TYPE == "loglikelihood_rolling" else [(-1.0, False)]
