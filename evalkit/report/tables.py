"""Tables of the report, with every value as words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalkit.analysis.facts import SHARE, Estimate, Latency, PerformanceFact, QualityFact
from evalkit.metrics.catalogue.run import RUN, Metric, Source, Unit
from evalkit.reading.error import error_of
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.glossary import TERMS, metric_text
from evalkit.report.models import Model, endpoint_of, overall, quality_of
from evalkit.store.manifest import ModelEntry
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim

_IDENTITY: tuple[tuple[Said, Said, Callable[[ModelEntry], Said | None]], ...] = (
    (say("parameters"), say("size of the model"), lambda e: text.big_count(e.n_parameters)),
    (say("weights in memory"), say("weights and buffers"), lambda e: text.size(e.memory_bytes)),
    (say("number format"), say("how a weight is stored"), lambda e: _named(e.dtype)),
    (
        say("quantisation"),
        say("how the weights were compressed"),
        lambda e: _named(e.quantisation) or (None if e.is_api else say("none")),
    ),
    (say("runs on"), say("device"), lambda e: _named(e.device)),
    (
        say("context limit"),
        say("tokens it can read at once"),
        lambda e: text.count(e.context_length),
    ),
    (
        say("chat template"),
        TERMS["chat template"],
        lambda e: say("yes") if e.chat_template else say("no, plain prompts"),
    ),
    (say("licence"), say("what it may be used for"), lambda e: _named(e.licence)),
    (say("source"), say("where the weights came from"), lambda e: _named(e.source)),
)

_VENDORS_OWN = {"parameters", "weights in memory", "number format", "quantisation", "licence"}
"""What only the vendor of an API model knows; rows are called by their English name here."""
TOKENS_PER_S = say("tokens/s")
BEHIND_API = say("runs behind an API")


def identity_table(models: Sequence[Model]) -> Table:
    """Return what the compared models are."""
    rows = [
        (Head(name, meaning), tuple(_identity_value(m, name, read) for m in models))
        for name, meaning, read in _IDENTITY
    ]
    return flat(say("What was compared"), model_heads(models), rows)


def model_heads(models: Sequence[Model]) -> list[Head]:
    """Return a column per model, in its colour."""
    return [Head(verbatim(m.label), series=m.series) for m in models]


def _identity_value(model: Model, name: Said, read: Callable[[ModelEntry], Said | None]) -> Cell:
    if model.entry is None or not model.entry.is_api:
        return _shown(read(model.entry) if model.entry else None)
    found = read(model.entry)
    if found is not None and found != text.MISSING:
        return Cell(found)
    unknown = text.NOT_DISCLOSED if name in _VENDORS_OWN else text.NOT_KNOWN
    return Cell(unknown, is_missing=True)


def performance_table(models: Sequence[Model]) -> Table:
    """Return speed and resources of each model over all its suites."""
    rows = []
    for row in PERFORMANCE:
        cells = (
            _performance_value(m, row, metric_cell(row, f) if (f := overall(m)) else _shown(None))
            for m in models
        )
        rows.append((Head(row_name(row), say(row.metric.meaning)), tuple(cells)))
    return flat(say("Speed and resources, over all suites"), model_heads(models), rows)


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A row about one metric, or about one percentile of it."""

    metric: Metric
    q: int | None


PERFORMANCE = tuple(MetricRow(metric, q) for metric in RUN for q in metric.percentiles or (None,))
"""Rows about speed and resources; page and terminal have the same."""


def row_name(row: MetricRow) -> Said:
    """Name a metric, with its percentile where it has some."""
    name = say(row.metric.name)
    return name if row.q is None else say("{metric} p{q}", metric=name, q=f"{row.q}")


def metric_cell(row: MetricRow, fact: PerformanceFact) -> Cell:
    """Return what a row says of a model."""
    if (own := _OWN.get(row.metric.key)) is not None:
        return own(fact)
    found, unit = getattr(fact, row.metric.key), row.metric.unit
    if isinstance(found, Latency):
        return _latency(getattr(found, f"p{row.q}"))
    if isinstance(found, Estimate):
        return _share(found) if unit is Unit.SHARE else _rate(found)
    return _shown(_SHOW[unit](found))


_SHOW: Mapping[Unit, Callable[[Any], Said]] = {
    Unit.SECONDS: text.seconds,
    Unit.BYTES: text.size,
    Unit.COUNT: text.count,
    Unit.JOULES: text.energy,
}


def _performance_value(model: Model, row: MetricRow, value: Cell) -> Cell:
    """Say why a machine was not measured, and of an API model how many requests shared its speed."""
    metric, endpoint = row.metric, endpoint_of(model)
    if value.is_missing and metric.source is not Source.REQUESTS:
        if model.is_api:
            return replace(value, note=BEHIND_API)
        if metric.source is Source.GPU:
            return replace(value, note=verbatim(model.run.manifest.hardware.gpu_note))
        return value
    if endpoint is None or not model.is_api:
        return value
    if metric.needs_counts and value.is_missing and endpoint.output_tokens is None:
        return replace(value, note=say("the server does not say how many tokens"))
    if metric.unit is Unit.TOKENS_PER_S and not value.is_missing:
        return replace(value, note=_at_once(endpoint.concurrency or 1))
    return value


def _at_once(n: int) -> Said:
    if n > 1:
        return say("up to {n} requests at once", n=text.count(n))
    return say("one request at once")


def _requests(f: PerformanceFact) -> Cell:
    return Cell(
        say("{n}, {failed} failed", n=text.count(f.n_requests), failed=text.count(f.n_failed))
    )


def quality_table(models: Sequence[Model], suite: str, task: str) -> Table:
    """Return every metric of one task with interval, n and chance."""
    by_model = [{(q.filter, q.metric): q for q in quality_of(m, suite, task)} for m in models]
    keys = list(dict.fromkeys(key for facts in by_model for key in facts))
    rows = []
    for key in keys:
        facts = [found.get(key) for found in by_model]
        known = next(f for f in facts if f is not None)
        name = text.metric_name(known)
        if known.higher_is_better is False:
            name = joined((name, say("lower is better")), " ")
        cells = tuple(_quality_value(f) for f in facts)
        rows.append((Head(name, metric_text(known.metric)), cells))
    return flat(verbatim(f"{task} ({suite})"), model_heads(models), rows)


def _quality_value(fact: QualityFact | None) -> Cell:
    if fact is None or fact.estimate.value is None:
        note = fact.estimate.reason if fact and fact.n_failed else NOTHING
        return Cell(text.NOT_MEASURED, note, is_missing=True)
    e = fact.estimate
    failed = text.docs_without_answer(fact.n_failed) if fact.n_failed else NOTHING
    reason = NOTHING if failed else e.reason
    if not is_share(e):
        return Cell(text.score(e.value), _notes(of_how_many(e), reason, failed))
    bounds = reason if e.low is None else say("95 %: {interval}", interval=text.interval(e))
    chance = NOTHING
    if fact.chance is not None:
        chance = say("chance {share}", share=text.percent(fact.chance, 0))
    notes = (bounds, read_wrongly(fact.task, fact.metric), of_how_many(e), chance, failed)
    return Cell(text.percent(e.value), _notes(*notes))


def read_wrongly(task: str, metric: str) -> Said:
    """Say how often the task's answers are not read as they should be: the interval does not tell."""
    error = error_of(task, metric)
    return NOTHING if error is None else say("reading error {share}", share=text.percent(error))


def of_how_many(e: Estimate) -> Said:
    """Say on how many values a number rests."""
    return say("n = {n}", n=numeral(str(e.n)))


def _notes(*parts: Said) -> Said:
    return joined(parts, "; ")


def _latency(e: Estimate) -> Cell:
    if e.value is None:
        return Cell(text.NOT_MEASURED, e.reason, is_missing=True)
    return Cell(text.latency(e), of_how_many(e))


def _rate(e: Estimate) -> Cell:
    if e.value is None:
        return Cell(text.NOT_MEASURED, e.reason, is_missing=True)
    return Cell(text.rate(e.value, TOKENS_PER_S))


def _share(e: Estimate) -> Cell:
    if e.value is None:
        return Cell(text.NOT_MEASURED, e.reason, is_missing=True)
    n = say("{n} of {all}", n=text.count(round(e.value * e.n)), all=text.count(e.n))
    return Cell(text.percent(e.value), n)


def _reasoning(f: PerformanceFact) -> Cell:
    """Return how many tokens were thoughts, and their share of all that was generated."""
    n = f.reasoning_tokens
    if n is None:
        return Cell(text.NOT_MEASURED, text.NOT_TOLD if f.n_thinking else NOTHING, is_missing=True)
    if not f.output_tokens:
        return Cell(text.count(n))
    share = text.percent(n / f.output_tokens)
    return Cell(text.count(n), say("{share} of tokens out", share=share))


_OWN: Mapping[str, Callable[[PerformanceFact], Cell]] = {
    "n_requests": _requests,
    "reasoning_tokens": _reasoning,
}
"""Metrics whose cell says more than their number."""


def _named(data: str | None) -> Said | None:
    """Return a name that the model's files or its server gave."""
    return None if data is None else verbatim(data)


def _shown(value: Said | None, note: Said = NOTHING) -> Cell:
    """Return a value; a missing one says so, with the reason."""
    if value is None or value == text.MISSING:
        return Cell(text.NOT_MEASURED, note, is_missing=True)
    return Cell(value)


def footnotes(models: Sequence[Model]) -> Iterator[Said]:
    """Yield why some percentiles are marked."""
    known = [f for m in models if (f := overall(m)) is not None]
    yield from marked(
        e
        for f in known
        for latency in (f.ttft_s, f.tpot_s, f.e2e_latency_s)
        for e in (latency.p50, latency.p95)
    )


def marked(shown: Iterable[Estimate]) -> Iterator[Said]:
    """Say of percentiles that are marked why they are, each reason once."""
    reasons = (e.reason for e in shown if e.value is not None and not e.is_supported)
    for reason in dict.fromkeys(reasons):
        yield say(
            "{mark} {why}: shown for orientation, not to be relied on.",
            mark=text.MARK,
            why=reason,
        )


def is_share(e: Estimate) -> bool:
    """Tell whether a number is shown in percent."""
    return e.value is not None and e.unit == SHARE
