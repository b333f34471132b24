"""One model's result on every doc: what it scored, how sure it was, and the requests that it took.

The scores say how good an answer was, which nobody knows in production. The signals are what is known there: they are
computed from the answer alone, so a policy may use them to decide which docs another model should answer instead.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import fmean

import numpy as np

from evalkit.errors import UsageError, did_you_mean
from evalkit.records import Request, RequestKind, Sample, TaskResult
from evalkit.store.run_dir import Run


class Signal(StrEnum):
    """How sure a model is of an answer; higher is surer. No two of them have the same scale."""

    MARGIN = "margin"
    """Multiple choice: probability of the likeliest choice − that of the second, 0 to 1."""
    LOGPROB = "mean_logprob"
    """Generated answers: mean log-probability of its tokens, in nats; at most 0."""
    SELF_REPORTED = "self_reported"
    """What the answer says itself, 0 to 1; 0 where it says that it does not know."""
    PARSED = "parsed"
    """1 when the task could read the answer, 0 when it could not or the answer is empty."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one model gave for one doc, over all repeats of the cell."""

    suite: str
    task: str
    doc_id: int
    doc_hash: str
    metric: str
    score: float | None
    """Mean over the repeats; None: no answer, or none that the metric covers."""
    confidence: Mapping[Signal, float]
    """Means over the repeats; a signal the doc does not have is absent."""
    requests: tuple[Request, ...]
    """All measured ones: every choice, every repeat."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One task of one suite, as one model answered it in one run."""

    suite: str
    task: str
    samples: list[Sample] = field(default_factory=list)
    results: list[TaskResult] = field(default_factory=list)
    requests: dict[int, list[Request]] = field(default_factory=lambda: defaultdict(list))
    """By doc."""


def outcomes(
    runs: Sequence[Run], model: str, metrics: Mapping[str, str] | None = None
) -> tuple[Outcome, ...]:
    """Return a model's outcomes on every doc of its finished cells.

    Load tests have none. Where several runs hold the same task of the same suite, the last one given counts.

    Args:
        runs: Finished ones.
        model: Its name in the runs.
        metrics: Task → metric to judge it by. Else it is the task's first one for which higher is better and every
            doc scores between 0 and 1; a task without one gives no outcomes.

    Raises:
        UsageError: A task has no such metric with a score per doc, or lower is better for it.
    """
    found: dict[tuple[str, str], _Asked] = {}
    for run in runs:
        if run.manifest.kind == "run":
            found.update(_tasks(run, model))
    wanted = metrics or {}
    return tuple(
        outcome
        for key in sorted(found)
        for outcome in _outcomes(found[key], wanted.get(found[key].task))
    )


def _tasks(run: Run, model: str) -> dict[tuple[str, str], _Asked]:
    suites = {
        c.cell_id: c.suite for c in run.manifest.cells if c.state == "done" and c.model == model
    }
    found: dict[tuple[str, str], _Asked] = {}
    for s in run.samples:
        if s.cell_id in suites:
            key = suites[s.cell_id], s.task
            found.setdefault(key, _Asked(*key)).samples.append(s)
    for result in run.results:
        asked = found.get((suites.get(result.cell_id, ""), result.task))
        if asked is not None:
            asked.results.append(result)
    for r in run.requests:
        asked = found.get((suites.get(r.cell_id, ""), r.task))
        if asked is not None and r.is_measured:
            asked.requests[r.doc_id].append(r)
    return found


def _outcomes(asked: _Asked, wanted: str | None) -> Iterable[Outcome]:
    chosen = _wanted_metric(asked, wanted) if wanted else _first_metric(asked)
    if chosen is None:
        return
    filter_name, metric = chosen
    by_doc: dict[int, list[Sample]] = defaultdict(list)
    for s in asked.samples:
        if s.filter == filter_name:
            by_doc[s.doc_id].append(s)
    for doc_id, samples in sorted(by_doc.items()):
        scores = _scores(samples, metric)
        requests = tuple(asked.requests.get(doc_id, ()))
        yield Outcome(
            suite=asked.suite,
            task=asked.task,
            doc_id=doc_id,
            doc_hash=samples[0].doc_hash,
            metric=metric,
            score=fmean(scores) if scores else None,
            confidence=_confidence(samples, requests),
            requests=requests,
        )


# --- the metric ---------------------------------------------------------------------------------------------------


def _scores(samples: Iterable[Sample], metric: str) -> list[float]:
    scores = (s.scores.get(metric) for s in samples)
    return [score for score in scores if score is not None and math.isfinite(score)]


def _ranked(asked: _Asked) -> dict[tuple[str, str], tuple[TaskResult, list[float]]]:
    """Return filter and metric → lm-eval's row and the docs' scores, those of the first filter first."""
    by_filter: dict[str, list[Sample]] = defaultdict(list)
    for s in asked.samples:
        by_filter[s.filter].append(s)
    rows: dict[tuple[str, str], TaskResult] = {}
    for r in asked.results:
        if not r.is_group:
            rows.setdefault((r.filter, r.metric), r)
    filters = list(dict.fromkeys(name for name, _ in rows))
    ordered = sorted(rows, key=lambda key: filters.index(key[0]))
    ranked = {key: (rows[key], _scores(by_filter[key[0]], key[1])) for key in ordered}
    return {key: (row, scores) for key, (row, scores) in ranked.items() if scores}


def _first_metric(asked: _Asked) -> tuple[str, str] | None:
    for key, (row, scores) in _ranked(asked).items():
        if row.higher_is_better and all(0 <= score <= 1 for score in scores):
            return key
    return None


def _wanted_metric(asked: _Asked, wanted: str) -> tuple[str, str]:
    ranked = _ranked(asked)
    known = dict.fromkeys(metric for _, metric in ranked)
    for key, (row, _) in ranked.items():
        if key[1] != wanted:
            continue
        if row.higher_is_better is False:
            raise UsageError(
                f"metrics: {asked.task}: {wanted}: lower is better for this metric.",
                f"Name one for which higher is better; there are: {', '.join(known)}.",
            )
        return key
    there = f"There are: {', '.join(known)}." if known else "It has none."
    raise UsageError(
        f"metrics: {asked.task}: there is no metric {wanted!r} with a score per doc.",
        did_you_mean(wanted, known, there),
    )


# --- the signals --------------------------------------------------------------------------------------------------


def _confidence(samples: Sequence[Sample], requests: Iterable[Request]) -> dict[Signal, float]:
    answered = [s for s in samples if "failed" not in s.flags]
    generated = [s for s in answered if not s.loglikelihoods]
    values: dict[Signal, list[float | None]] = {
        Signal.MARGIN: [margin(s.loglikelihoods) for s in answered],
        Signal.LOGPROB: [
            r.answer.mean_logprob
            for r in requests
            if r.kind == RequestKind.GENERATE and r.index == 0 and r.answer is not None
        ],
        Signal.SELF_REPORTED: [self_reported(s.response) for s in generated],
        Signal.PARSED: [_parsed(s) for s in answered],
    }
    known = {
        signal: [v for v in some if v is not None and math.isfinite(v)]
        for signal, some in values.items()
    }
    return {signal: fmean(some) for signal, some in known.items() if some}


def margin(loglikelihoods: Sequence[float]) -> float | None:
    """Return the difference of the two largest softmax probabilities; None with fewer than two choices."""
    if len(loglikelihoods) < 2 or not math.isfinite(max(loglikelihoods)):
        return None
    values = np.sort(np.asarray(loglikelihoods, dtype=float))
    shares = np.exp(values - values[-1])
    return float((shares[-1] - shares[-2]) / shares.sum())


def _parsed(sample: Sample) -> float | None:
    """Tell whether the answer could be read; None where the task does not tell, except for an empty answer.

    `extraction_failed` decides: an object that is not strict JSON is mended and read all the same.
    """
    failed, valid = sample.scores.get("extraction_failed"), sample.scores.get("json_valid")
    if not sample.loglikelihoods and not sample.response.strip():
        return 0.0
    if failed is not None:
        return 1.0 - failed
    return valid


_LONGEST_TEXT = 20_000
_LONGEST_ABSTENTION = 400
"""Characters of the first line: a long answer that mentions something unknown further down is not an abstention."""
# Every repetition is bounded: the text is whatever a model wrote.
_SAID = re.compile(
    r"\b(?:confidence|konfidenz)(?:[ _](?:level|score))?"
    r"[\"'*`]{0,3}\s{0,3}(?:[:=]|is\b|ist\b)\s{0,3}[\"'*`]{0,3}\s{0,3}"
    r"(\d{1,3}(?:[.,]\d{1,20})?)"
    r"(?![\w/]|[.,]\d|\s{0,3}(?:/|(?:of|out|von|aus)\b))"  # 8/10, 8 out of 10, 1e3, 0.8.1
    r"\s{0,3}(%|percent\b|per cent\b|prozent\b)?",
    re.IGNORECASE,
)
_ABSTENTION = re.compile(
    r"\b(?:"
    # I don't know; I can't tell; I'm not sure
    r"(?:i|we) (?:do not|don't|cannot|can not|can't) (?:know|tell|say|answer|determine)"
    r"|i(?:'m| am) not sure"
    # not stated in the text; the text doesn't say; it can't be determined; no information
    r"|not (?:stated|mentioned|specified|given|provided|available|known|said)"
    r"|(?:does not|doesn't) (?:state|mention|specify|say|contain|provide|give)"
    r"|(?:cannot|can not|can't) be (?:determined|answered)"
    r"|no (?:information|answer)|unknown"
    # Das weiß ich nicht; keine Ahnung; bin mir nicht sicher
    r"|weiss (?:ich |es |das ){0,2}nicht|keine ahnung|bin (?:mir )?nicht sicher"
    # nicht im Text angegeben; geht aus dem Text nicht hervor; keine Angabe; lässt sich nicht beantworten
    r"|nicht (?:im text )?(?:angegeben|erwähnt|genannt|bekannt|enthalten|ersichtlich|bestimmbar)"
    r"|nicht (?:hervor|im text)|keine (?:angaben?|antwort|information(?:en)?)"
    r"|nicht (?:beantwortet|beantworten|beantwortbar|bestimmen)|unbekannt"
    r")\b"
)


def self_reported(text: str) -> float | None:
    """Return how sure an answer says it is, 0 to 1; 0 for an abstention; None where it says nothing.

    The last statement such as `"confidence": 0.8`, `confidence: 80 %` or `Konfidenz: 0,8` counts; a number that is
    neither within 0 and 1 nor a percentage says nothing. It goes before an abstention: "not stated, confidence: 90 %"
    is sure.
    """
    text = text[:_LONGEST_TEXT]
    said = list(_SAID.finditer(text))
    if said:
        number, percent = said[-1].groups()
        value = float(number.replace(",", ".")) / (100 if percent else 1)
        return value if value <= 1 else None
    line = text.strip().partition("\n")[0][:_LONGEST_ABSTENTION]
    plain = unicodedata.normalize("NFC", line).casefold().replace("’", "'")
    return 0.0 if _ABSTENTION.search(" ".join(plain.split())) else None
