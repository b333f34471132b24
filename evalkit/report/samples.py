"""The sample explorer: what each model was asked and answered, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.metrics.latency import e2e_latency_s, is_timed, ttft_s
from evalkit.records import Request, RequestKind, Sample
from evalkit.report import format as text
from evalkit.report.glossary import failure_text
from evalkit.report.text_safety import shortened
from evalkit.store.run_dir import Run

DOCS_PER_TASK = 200
NO_ANSWER = "no answer: the request failed"
_RIGHT = 1.0
_Texts = dict[str, dict[tuple[str, int], str]]
"""Model → task and doc → text."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """One model's answer to one doc."""

    model: str
    response: str
    scores: str
    is_right: bool | None
    """None: the doc has no score that is 0 or 1."""
    timing: str
    own_prompt: str
    """Empty when every model got the same prompt."""
    failure: str = ""
    """Why there is no answer; empty when there is one. Holds what a server said: hostile text."""


@dataclass(frozen=True, slots=True)
class DocSamples:
    """One doc and every model's answer to it."""

    doc_id: int
    prompt: str
    target: str
    answers: tuple[ModelAnswer, ...]
    disagree: bool
    any_wrong: bool
    any_unanswered: bool


@dataclass(frozen=True, slots=True)
class TaskSamples:
    """The docs of one task; only the first ones when there are very many."""

    suite: str
    task: str
    docs: tuple[DocSamples, ...]
    n_docs: int


def collect_samples(models: Sequence[tuple[str, str, Run]]) -> tuple[TaskSamples, ...]:
    """Pair the models' samples by suite, task, doc and doc hash.

    Args:
        models: Label, name in its run, and run of every compared model.
    """
    grouped: dict[tuple[str, str], dict[tuple[int, str], dict[str, Sample]]] = {}
    timings: _Texts = {}
    failures: _Texts = {}
    for label, name, run in models:
        suites = {
            c.cell_id: c.suite for c in run.manifest.cells if c.model == name and c.repeat == 0
        }
        mine = [r for r in run.requests if r.cell_id in suites and r.is_measured]
        timings[label], failures[label] = _timings(mine), _failures(mine)
        for s in run.samples:
            if s.cell_id in suites:
                docs = grouped.setdefault((suites[s.cell_id], s.task), {})
                docs.setdefault((s.doc_id, s.doc_hash), {}).setdefault(label, s)
    found = (
        TaskSamples(
            suite,
            task,
            tuple(
                _doc(doc_id, by_model, timings, failures)
                for (doc_id, _), by_model in sorted(docs.items())[:DOCS_PER_TASK]
            ),
            len(docs),
        )
        for (suite, task), docs in grouped.items()
    )
    return tuple(found)


def _timings(requests: Sequence[Request]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for r in requests:
        if r.kind == RequestKind.GENERATE and r.attempts:
            parts = [f"{r.output_tokens} tokens"] if r.output_tokens is not None else []
            if is_timed(r):
                first, whole = ttft_s(r.attempts[-1]), e2e_latency_s(r.attempts[-1])
                parts += [f"TTFT {text.seconds(first)}", f"e2e {text.seconds(whole)}"]
            found.setdefault((r.task, r.doc_id), ", ".join(parts))
    return found


def _failures(requests: Sequence[Request]) -> dict[tuple[str, int], str]:
    """Return why requests got no answer, by their last attempt."""
    found: dict[tuple[str, int], str] = {}
    for r in requests:
        if r.answer is None and r.attempts:
            last, n = r.attempts[-1], len(r.attempts)
            tries = f" after {n} attempts" if n > 1 else ""
            why = f" ({failure_text(last.error_class)})" if last.error_class else ""
            message = f": {last.error}" if last.error else ""
            found.setdefault((r.task, r.doc_id), f"{NO_ANSWER}{tries}{why}{message}")
    return found


def _doc(doc_id: int, by_model: dict[str, Sample], timings: _Texts, failures: _Texts) -> DocSamples:
    first = next(iter(by_model.values()))
    is_same = all(s.prompt == first.prompt for s in by_model.values())
    answers = tuple(
        _answer(label, s, timings, failures, own_prompt="" if is_same else shortened(s.prompt))
        for label, s in by_model.items()
    )
    verdicts = {a.is_right for a in answers}
    return DocSamples(
        doc_id=doc_id,
        prompt=shortened(first.prompt) if is_same else "",
        target=shortened(first.target),
        answers=answers,
        disagree={True, False} <= verdicts,
        any_wrong=False in verdicts,
        any_unanswered=any(a.failure for a in answers),
    )


def _answer(
    label: str, s: Sample, timings: _Texts, failures: _Texts, *, own_prompt: str
) -> ModelAnswer:
    key = s.task, s.doc_id
    failure = failures[label].get(key, NO_ANSWER) if "failed" in s.flags else ""
    return ModelAnswer(
        model=label,
        response=shortened(s.response),
        scores=", ".join(f"{name} {_score(value)}" for name, value in s.scores.items()),
        is_right=_is_right(s),
        timing="" if failure else timings[label].get(key, ""),
        own_prompt=own_prompt,
        failure=failure,
    )


def _score(value: float | None) -> str:
    return text.MISSING if value is None else f"{value:g}"


def _is_right(sample: Sample) -> bool | None:
    """Read the first 0-or-1 score named like accuracy; other scores do not say right or wrong."""
    for name in ("exact_match", "acc", "answer_accuracy"):
        score = sample.scores.get(name)
        if score is not None and score in (0.0, 1.0):
            return score == _RIGHT
    return None
