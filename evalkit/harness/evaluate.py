"""One cell through lm-eval: build prompts, ask the model, filter, score; then lm-eval's numbers as records."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from lm_eval import evaluator

from evalkit.backends.base import written
from evalkit.config.run import SuiteSpec
from evalkit.errors import ExecutionError
from evalkit.harness.catalogue import TaskDict, seed_everything
from evalkit.harness.factory import source_of
from evalkit.harness.faults import plain_reason
from evalkit.harness.lm import BackendLM
from evalkit.records import Answer, Sample, TaskResult

_NOT_METRICS = {"alias", "name", "sample_len", "sample_count", " "}


def evaluate_cell(
    lm: BackendLM, cell_id: str, suite: SuiteSpec, tasks: TaskDict, *, chat_template: bool
) -> tuple[list[Sample], list[TaskResult]]:
    """Run a suite's tasks on a model.

    Args:
        lm: The model behind lm-eval's interface.
        cell_id: Goes into the records.
        suite: Limit, few-shot form and system instruction.
        tasks: Freshly loaded tasks; lm-eval keeps its requests and answers in them.
        chat_template: Wrap prompts in the model's chat template.

    Returns:
        One sample per doc and filter, and one result per task, filter and metric.
    """
    seed_everything()
    for name, task in tasks["tasks"].items():
        task.process_results = guarded(name, task)
    results = evaluator.evaluate(
        lm=lm,
        task_dict=tasks,
        limit=suite.limit,
        bootstrap_iters=0,  # intervals are ours, from the samples
        log_samples=True,
        system_instruction=suite.system_instruction,
        apply_chat_template=chat_template,
        fewshot_as_multiturn=suite.fewshot_as_multiturn,
    )
    samples = [
        _sample(cell_id, name, tasks["tasks"][name], row)
        for name, rows in results["samples"].items()
        for row in rows
    ]
    samples = [_called(s, lm.tool_calls.get((s.task, s.doc_id))) for s in samples]
    samples = [_unscored(s) if (s.task, s.doc_id) in lm.failed_docs else s for s in samples]
    return samples, list(_task_results(cell_id, results))


def guarded(name: str, task: Any) -> Callable[[Any, Any], Any]:
    """Return a task's scoring, with errors that name task and doc: it may be anybody's code."""
    score = task.process_results

    def process_results(doc: Any, results: Any) -> Any:
        try:
            return score(doc, results)
        except Exception as error:
            source = source_of(task)
            reason, _ = plain_reason(error, source and source.parent)
            at = next((i.doc_id for i in task.instances if i.doc == doc), "?")
            raise ExecutionError(
                f"task {name!r}, doc {at}: the answer can't be scored: {reason}.",
                "Mend the task and resume the run: answers are kept.",
            ) from error

    return process_results


def _sample(cell_id: str, task_name: str, task: Any, row: dict[str, Any]) -> Sample:
    is_choice = task.get_config("output_type") == "multiple_choice"
    scores = {name: _score(row.get(name)) for name in row["metrics"]}
    lls = tuple(float(resp[0][0]) for resp in row["resps"]) if is_choice else ()
    return Sample(
        cell_id=cell_id,
        task=task_name,
        filter=row["filter"],
        doc_id=int(row["doc_id"]),
        doc_hash=row["doc_hash"],
        prompt_hash=row["prompt_hash"],
        doc=json.dumps(row["doc"], ensure_ascii=False, default=str),
        prompt=_readable(str(row["arguments"][0][0])),
        target=_choice_target(row) if is_choice else str(row["target"]),
        response=_chosen(row, lls) if is_choice else str(row["resps"][0][0]),
        scores=scores,
        loglikelihoods=lls,
    )


def _called(sample: Sample, answer: Answer | None) -> Sample:
    """Show the tool calls of an answer as its response: they were scored as no text, which is not all there was."""
    if answer is None:
        return sample
    return replace(sample, response=written(answer), flags=(*sample.flags, "tool_call"))


def _unscored(sample: Sample) -> Sample:
    """Take the scores from a doc that got no answer: an error of the endpoint is no wrong answer of the model."""
    scores = dict.fromkeys(sample.scores)
    return replace(sample, scores=scores, response="", loglikelihoods=(), flags=("failed",))


def _readable(prompt: str) -> str:
    """Return a conversation that is packed for an API as text for a reader; other prompts as they are."""
    try:
        turns = json.loads(prompt)
        return "\n\n".join(f"[{turn['role']}]\n{turn['content']}" for turn in turns)
    except (ValueError, TypeError, KeyError):
        return prompt


def _chosen(row: dict[str, Any], lls: tuple[float, ...]) -> str:
    best = max(range(len(lls)), key=lambda i: lls[i])
    return str(row["arguments"][best][1]).strip()


def _choice_target(row: dict[str, Any]) -> str:
    target = row["target"]
    if isinstance(target, int) and 0 <= target < len(row["arguments"]):
        return str(row["arguments"][target][1]).strip()
    return str(target)


def _score(value: Any) -> float | None:
    """Return a score; None for NaN, infinity, and metrics that only exist for the whole task (tuples, lists)."""
    try:
        score = float(value)
    except (TypeError, ValueError):
        return None
    return score if math.isfinite(score) else None


def _task_results(cell_id: str, results: dict[str, Any]) -> Iterator[TaskResult]:
    groups = results.get("groups") or {}
    for task, numbers in {**results["results"], **groups}.items():
        directions = results.get("higher_is_better", {}).get(task) or {}
        counts = (results.get("n-samples") or {}).get(task) or {}
        for key in sorted(numbers, key=_order_in(results, task)):
            value, (metric, _, filter_name) = numbers[key], key.partition(",")
            if key in _NOT_METRICS or metric.endswith("_stderr") or not filter_name:
                continue
            yield TaskResult(
                cell_id=cell_id,
                task=task,
                filter=filter_name,
                metric=metric,
                value=_score(value),
                higher_is_better=directions.get(metric),
                is_group=task in groups,
                n_docs=counts.get("effective"),
                version=str(results["versions"].get(task)),
            )


def _order_in(results: dict[str, Any], task: str) -> Callable[[str], int]:
    """Return the key by which numbers stand as the task lists its metrics, not as it happens to compute them."""
    config = results.get("configs", {}).get(task) or {}
    listed = [str(m.get("metric")) for m in config.get("metric_list") or ()]
    order = {metric: i for i, metric in enumerate(listed)}
    return lambda key: order.get(key.partition(",")[0], len(order))
