"""What each model was asked and answered: its samples with their requests, doc by doc, side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evalkit.analysis.docs import DocTable, Headline
from evalkit.analysis.endpoints import request_cost_usd
from evalkit.metrics.latency import e2e_latency_s, is_timed, ttft_s
from evalkit.records import Request, RequestKind, Sample
from evalkit.report.glossary import failure_text
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, say, say_n, verbatim


class Mark(StrEnum):
    """How a model did on a doc; one character, since a report has a hundred thousand of them."""

    RIGHT = "r"
    WRONG = "w"
    NEITHER = "n"
    """The answer's score by the task's headline metric is not 0 or 1."""
    UNANSWERED = "u"
    NOT_ASKED = "-"


@dataclass(frozen=True, slots=True)
class Timing:
    """What is known about the request behind an answer; None where it is not."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    ttft_s: float | None = None
    e2e_latency_s: float | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One model's answer to one doc."""

    samples: tuple[Sample, ...]
    """One per filter of the task, the first one is shown."""
    request: Request | None
    """Which asked for a text; None for log-likelihoods."""
    failed: Request | None
    """Which got no answer."""
    headline: Headline | None
    """The metric that judges its task."""
    score: float | None
    """Mean of the headline score over repeats; None where it has none."""

    @property
    def sample(self) -> Sample:
        """The sample that is shown."""
        return self.samples[0]

    @property
    def is_unanswered(self) -> bool:
        """Whether a request of the doc failed, so that it has no scores."""
        return "failed" in self.sample.flags

    @property
    def thoughts(self) -> str:
        """What the model thought before it answered; empty: nothing that is known."""
        told = self.request.answer if self.request is not None else None
        return (told.thoughts if told is not None else None) or ""

    @property
    def is_call(self) -> bool:
        """Whether the model answered with a tool call."""
        return "tool_call" in self.sample.flags

    @property
    def mark(self) -> Mark:
        """Whether it is right."""
        if self.is_unanswered:
            return Mark.UNANSWERED
        judged = self.headline
        if judged is None or judged.is_higher_better is None or not judged.is_share:
            return Mark.NEITHER
        if self.score not in (0.0, 1.0):
            return Mark.NEITHER
        return Mark.RIGHT if self.score == float(judged.is_higher_better) else Mark.WRONG

    @property
    def scores(self) -> dict[str, float | None]:
        """Every score by its metric's name, those of further filters with the filter's name."""
        found = dict(self.sample.scores)
        for s in self.samples[1:]:
            found.update({f"{name} ({s.filter})": score for name, score in s.scores.items()})
        return found

    @property
    def timing(self) -> Timing:
        """Tokens, latency and cost, as far as they are known."""
        r = self.request
        if r is None or self.is_unanswered:
            return Timing()
        timed = is_timed(r)
        return Timing(
            r.input_tokens,
            r.output_tokens,
            ttft_s(r.attempts[-1]) if timed else None,
            e2e_latency_s(r.attempts[-1]) if timed else None,
            request_cost_usd(r),
        )

    @property
    def failure(self) -> Said:
        """Why there is no answer, after how many attempts, and what the server said; what it said is hostile text."""
        if self.failed is None:
            return say("no answer: the request failed")
        last, n = self.failed.attempts[-1], len(self.failed.attempts)
        why = verbatim(failure_text(last.error_class)) if last.error_class else None
        told = say_n(
            "no answer: the request failed", "no answer: the request failed after {n} attempts", n
        )
        if why is not None:
            told = say("{what} ({why})", what=told, why=why)
        return joined((told, verbatim(last.error or "")), ": ")


@dataclass(frozen=True, slots=True)
class Doc:
    """One doc and every model's answer to it, None where a model was not asked."""

    doc_id: int
    answers: tuple[Answer | None, ...]
    marks: str
    """A `Mark` per model."""

    @property
    def disagree(self) -> bool:
        """Whether one model is right and another is wrong."""
        return Mark.RIGHT in self.marks and Mark.WRONG in self.marks

    @property
    def any_wrong(self) -> bool:
        """Whether a model is wrong."""
        return Mark.WRONG in self.marks

    @property
    def any_unanswered(self) -> bool:
        """Whether a model gave no answer."""
        return Mark.UNANSWERED in self.marks

    @property
    def interest(self) -> int:
        """How much there is to see, least first: models disagree, one is wrong or silent, all is well."""
        return 0 if self.disagree else 1 if self.any_wrong or self.any_unanswered else 2

    @property
    def prompt(self) -> str | None:
        """The prompt, if every model got the same."""
        prompts = {a.sample.prompt for a in self.answers if a is not None}
        return prompts.pop() if len(prompts) == 1 else None

    @property
    def target(self) -> str:
        """What was expected."""
        return next((a.sample.target for a in self.answers if a is not None), "")


@dataclass(frozen=True, slots=True)
class TaskDocs:
    """The docs of one task, in their order."""

    suite: str
    task: str
    docs: tuple[Doc, ...]


def task_docs(models: Sequence[tuple[str, Run]], table: DocTable) -> tuple[TaskDocs, ...]:
    """Pair the models' samples by suite, task, doc and doc hash; of repeats the first one counts.

    Args:
        models: Name in its run, and run of every compared model.
        table: Scores over all repeats, and the metric by which an answer is right or wrong.
    """
    found: dict[tuple[str, str], dict[tuple[int, str], list[Answer | None]]] = defaultdict(dict)
    for position, (name, run) in enumerate(models):
        if not run.samples:
            continue  # a load test has none, but many requests
        suites = {
            c.cell_id: c.suite for c in run.manifest.cells if c.model == name and c.repeat == 0
        }
        asked, failed = _requests(run.requests, suites)
        scores = _scores(table, run, name)
        for key, samples in _samples(run.samples, suites).items():
            suite, task, doc_id, doc_hash = key
            of = suite, task, doc_id
            slots = found[suite, task].setdefault((doc_id, doc_hash), [None] * len(models))
            slots[position] = Answer(
                tuple(samples),
                asked.get(of),
                failed.get(of),
                table.headlines.get((suite, task)),
                scores.get(key),
            )
    return tuple(
        TaskDocs(
            suite,
            task,
            tuple(_doc(doc_id, docs[doc_id, digest]) for doc_id, digest in sorted(docs)),
        )
        for (suite, task), docs in found.items()
    )


def _scores(table: DocTable, run: Run, model: str) -> dict[tuple[str, str, int, str], float]:
    """Return each doc's score by its task's headline."""
    found: dict[tuple[str, str, int, str], float] = {}
    for (suite, task), scores in table.of(run, model).items():
        headline = table.headlines.get((suite, task))
        if headline is not None and headline.name in scores.scores:
            docs = zip(scores.doc_ids.tolist(), scores.doc_hashes, strict=True)
            values = scores.scores[headline.name].tolist()
            found |= {(suite, task, *doc): v for doc, v in zip(docs, values, strict=True)}
    return found


def _samples(
    samples: Iterable[Sample], suites: dict[str, str]
) -> dict[tuple[str, str, int, str], list[Sample]]:
    """Return the samples of each doc, one per filter."""
    found: dict[tuple[str, str, int, str], list[Sample]] = {}
    for s in samples:
        if s.cell_id in suites:
            found.setdefault((suites[s.cell_id], s.task, s.doc_id, s.doc_hash), []).append(s)
    return found


_Requests = dict[tuple[str, str, int], Request]


def _requests(requests: Iterable[Request], suites: dict[str, str]) -> tuple[_Requests, _Requests]:
    """Return for each doc the first request that asked for a text, and the first that got no answer."""
    asked: _Requests = {}
    failed: _Requests = {}
    for r in requests:
        if r.is_measured and r.attempts and r.cell_id in suites:
            of = suites[r.cell_id], r.task, r.doc_id
            if r.kind == RequestKind.GENERATE:
                asked.setdefault(of, r)
            if r.answer is None:
                failed.setdefault(of, r)
    return asked, failed


def _doc(doc_id: int, answers: Sequence[Answer | None]) -> Doc:
    marks = "".join(Mark.NOT_ASKED if a is None else a.mark for a in answers)
    return Doc(doc_id, tuple(answers), marks)
