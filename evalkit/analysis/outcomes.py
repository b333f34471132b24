"""One model's result on every doc: what it scored, how sure it was, and the requests that it took.

The scores say how good an answer was, which nobody knows in production. The signals are what is known there: they are
computed from the answer alone, so a policy may use them to decide which docs another model should answer instead.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import fmean

import numpy as np

from evalkit.analysis.chance import CHOICE_METRICS, chance_of
from evalkit.analysis.docs import DocTable, Headline
from evalkit.analysis.scores import TaskKey, TaskScores
from evalkit.records import Request, RequestKind, Sample
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
    """All measured requests of the doc: every choice, every repeat."""
    source: str | None = None
    """Which source the doc is of, where docs of one rise and fall together; None: every doc is its own."""

    chance: float | None = None
    """What guessing scores on the doc; None: it has no choices, or its metric does not count them."""

    @property
    def unit(self) -> Hashable:
        """What is drawn as a whole: the doc, or its source."""
        if self.source is not None:
            return self.task, self.source
        return self.task, self.suite, self.doc_id, self.doc_hash


@dataclass(frozen=True, slots=True)
class _Asked:
    """One task of one suite, as one model answered it in one run."""

    scores: TaskScores
    samples: dict[int, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    """Samples by doc, those of the headline's filter."""
    requests: dict[int, list[Request]] = field(default_factory=lambda: defaultdict(list))
    """Requests by doc."""


def outcomes(table: DocTable, model: str) -> tuple[Outcome, ...]:
    """Return a model's outcomes on every doc of its finished cells, by each task's headline metric.

    A task whose headline is no share of which more is better gives none, and load tests have none. Where several runs
    hold the same task of the same suite, the last one given counts.
    """
    judged = {key: h for key, h in table.headlines.items() if h.is_accuracy}
    found: dict[TaskKey, _Asked] = {}
    for run in table.runs:
        found.update(_asked(run, model, table.of(run, model), judged))
    return tuple(o for key in sorted(found) for o in _outcomes(found[key], judged[key]))


def _asked(
    run: Run,
    model: str,
    tasks: Mapping[TaskKey, TaskScores],
    judged: Mapping[TaskKey, Headline],
) -> dict[TaskKey, _Asked]:
    suites = {
        c.cell_id: c.suite for c in run.manifest.cells if c.state == "done" and c.model == model
    }
    found = {key: _Asked(task) for key, task in tasks.items() if key in judged}
    if not found:
        return found
    for s in run.samples:
        key = suites.get(s.cell_id, ""), s.task
        if key in found and s.filter == judged[key].filter:
            found[key].samples[s.doc_id].append(s)
    for r in run.requests:
        asked = found.get((suites.get(r.cell_id, ""), r.task))
        if asked is not None and r.is_measured:
            asked.requests[r.doc_id].append(r)
    return found


def _outcomes(asked: _Asked, headline: Headline) -> Iterable[Outcome]:
    task = asked.scores
    scores = task.scores.get(headline.name, np.full(len(task.doc_ids), np.nan)).tolist()
    sources: Sequence[str | None] = task.clusters or [None] * len(task.doc_ids)
    docs = zip(task.doc_ids.tolist(), task.doc_hashes, scores, sources, strict=True)
    for doc_id, doc_hash, score, source in docs:
        requests = tuple(asked.requests.get(doc_id, ()))
        yield Outcome(
            suite=task.suite,
            task=task.task,
            doc_id=doc_id,
            doc_hash=doc_hash,
            metric=headline.metric,
            score=score if math.isfinite(score) else None,
            confidence=_confidence(asked.samples.get(doc_id, ()), requests),
            requests=requests,
            source=source,
            chance=_chance(asked.samples.get(doc_id, ()), headline.metric),
        )


def _chance(samples: Sequence[Sample], metric: str) -> float | None:
    if metric not in CHOICE_METRICS or not samples:
        return None
    return chance_of(samples[0])


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
