"""What can be wrong with a task's docs: golds, choices, prompts and examples, row by row, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from lm_eval.api.task import ConfigurableTask
from lm_eval.config.task import TaskConfig

from evalkit.errors import TaskError
from evalkit.harness.definition import TEMPLATES, check_columns
from evalkit.harness.doc_problems import Keys, gold_problem, rounding_problem, text_problem
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
        is_position = type(probe.doc_to_text(docs[0])) is int
        probe.multiple_input = int(is_position and probe.config.doc_to_choice is not None)
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
    if task.OUTPUT_TYPE == "generate_until" and not isinstance(docs, Rows):
        _refuse_problems(docs, lambda doc: rounding_problem(task, doc))
    _refuse_positions(task, docs)
    _check_examples(task)
    _try_filters(task, docs)
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
    keys = Keys.of(task.fewshot_cfg if is_example else task.config)
    try:
        problem = text_problem(task, doc, keys)
        return problem or gold_problem(task, doc, keys, is_example=is_example)
    except Exception as error:  # templates and own code raise anything
        return plain_reason(error, folder)


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
    if not is_same or Keys.of(task.fewshot_cfg) != Keys.of(task.config):
        _check_pool(task, pool)


def _check_pool(task: Any, pool: Any) -> None:
    """Check the docs that examples are made of: their file may lack what the asked docs have."""
    docs = pool if hasattr(pool, "features") else list(pool)
    columns = getattr(docs, "features", None) or {key: None for doc in docs for key in doc}
    keys = {**asdict(Keys.of(task.fewshot_cfg)), "process_results": task.config.process_results}
    try:
        check_columns(keys, columns, docs[0])
        _refuse_problems(docs, lambda doc: _problem(task, doc, is_example=True))
    except TaskError as error:
        file = f" ({docs.places[0].file.name})" if isinstance(docs, Rows) else ""
        raise TaskError(f"examples{file}: {error.message}", error.hint) from None


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


def _try_filters(task: Any, docs: Any) -> None:
    """Filter made-up answers, so that a filter that can't is found before real ones are paid for."""
    if task.OUTPUT_TYPE != "generate_until":
        return
    few = [doc for _, doc in zip(range(_TRIED), docs, strict=False)]
    for pipeline in task._filters:
        answers: Any = [["The answer is (A): 42."] * max(task.config.repeats, 1) for _ in few]
        try:
            for make in pipeline.filters:
                answers = list(make().apply(answers, few))
        except Exception as error:  # filters expect columns, and may be anybody's code
            reason, _ = plain_reason(error)
            raise TaskError(
                f"filter {pipeline.name!r} can't read answers: {reason}.",
                "Correct it, or give the docs the columns that it wants.",
            ) from error


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
