"""Tables of the report, with every value as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.facts import Estimate, PerformanceFact, QualityFact
from evalkit.analysis.quality import SHARE
from evalkit.report import format as text
from evalkit.report.glossary import TERMS, metric_text
from evalkit.report.models import Model, endpoint_of, overall, quality_of
from evalkit.store.manifest import ModelEntry


@dataclass(frozen=True, slots=True)
class Value:
    """One cell of a table."""

    text: str
    note: str = ""
    """Small print below."""
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: what it is, its meaning on hover, and a value per model."""

    name: str
    meaning: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one column per model."""

    title: str
    rows: tuple[Row, ...]


_IDENTITY: tuple[tuple[str, str, Callable[[ModelEntry], str | None]], ...] = (
    ("parameters", "size of the model", lambda e: text.big_count(e.n_parameters)),
    ("weights in memory", "weights and buffers", lambda e: text.size(e.memory_bytes)),
    ("number format", "how a weight is stored", lambda e: e.dtype),
    ("quantisation", "how the weights were compressed", lambda e: e.quantisation or "none"),
    ("runs on", "device", lambda e: e.device),
    ("context limit", "tokens it can read at once", lambda e: text.count(e.context_length)),
    (
        "chat template",
        TERMS["chat template"],
        lambda e: "yes" if e.chat_template else "no, plain prompts",
    ),
    ("licence", "what it may be used for", lambda e: e.licence),
    ("source", "where the weights came from", lambda e: e.source),
)

_SPEED: tuple[tuple[str, str, Callable[[PerformanceFact], Value]], ...] = (
    ("TTFT p50", TERMS["TTFT"], lambda f: _latency(f.ttft_s.p50)),
    ("TTFT p95", TERMS["TTFT"], lambda f: _latency(f.ttft_s.p95)),
    ("TPOT p50", TERMS["TPOT"], lambda f: _latency(f.tpot_s.p50)),
    ("e2e latency p50", TERMS["e2e latency"], lambda f: _latency(f.e2e_latency_s.p50)),
    ("e2e latency p95", TERMS["e2e latency"], lambda f: _latency(f.e2e_latency_s.p95)),
    ("output tokens/s", TERMS["output tokens/s"], lambda f: _rate(f.output_tokens_per_s)),
    ("scored tokens/s", TERMS["scored tokens/s"], lambda f: _rate(f.scored_tokens_per_s)),
    (
        "host memory, peak",
        TERMS["host memory, peak"],
        lambda f: _shown(text.size(f.rss_peak_bytes)),
    ),
    (
        "load time",
        "reading the weights until it can answer",
        lambda f: _shown(text.seconds(f.load_s)),
    ),
    ("CPU time", "of the process, all cores added up", lambda f: _shown(text.seconds(f.cpu_s))),
    (
        "CPU time of other programs",
        "what else kept the machine busy meanwhile",
        lambda f: _shown(text.seconds(f.others_cpu_s)),
    ),
    ("wall time", "first to last reading of each cell", lambda f: _shown(text.seconds(f.wall_s))),
    ("prompts cut", "longer than the context", lambda f: _shown(text.count(f.n_truncated))),
    (
        "requests",
        "answered; failed ones apart",
        lambda f: _shown(f"{text.count(f.n_requests)}, {text.count(f.n_failed)} failed"),
    ),
)

_VENDORS_OWN = {"parameters", "weights in memory", "number format", "quantisation", "licence"}
"""What only the vendor of an API model knows."""
_MACHINE = {"host memory, peak", "load time", "CPU time", "CPU time of other programs"}
_RATES = {"output tokens/s", "scored tokens/s"}
_NEED_COUNTS = {"TPOT p50", "output tokens/s"}
"""Need the number of generated tokens, which only the server knows."""
BEHIND_API = "runs behind an API"

_GPU: tuple[tuple[str, str, Callable[[PerformanceFact], str]], ...] = (
    ("GPU board memory, peak", "NVML, whole board", lambda f: text.size(f.gpu_peak_used_bytes)),
    ("GPU energy", "difference of the energy counter", lambda f: text.energy(f.energy_j)),
)


def identity_table(models: Sequence[Model]) -> Table:
    """Return what the compared models are."""
    rows = [
        Row(name, meaning, tuple(_identity_value(m, name, read) for m in models))
        for name, meaning, read in _IDENTITY
    ]
    return Table("The models", tuple(rows))


def _identity_value(model: Model, name: str, read: Callable[[ModelEntry], str | None]) -> Value:
    if model.entry is None or not model.entry.is_api:
        return _shown(read(model.entry) if model.entry else None)
    found = read(model.entry)
    if name == "quantisation":
        found = model.entry.quantisation
    if found is not None and found != text.MISSING:
        return Value(found)
    unknown = text.NOT_DISCLOSED if name in _VENDORS_OWN else text.NOT_KNOWN
    return Value(unknown, is_missing=True)


def performance_table(models: Sequence[Model]) -> Table:
    """Return speed and resources of each model over all its suites."""
    facts = [overall(m) for m in models]
    rows = [
        Row(
            name,
            meaning,
            tuple(
                _performance_value(m, name, read(f) if f else _shown(None))
                for f, m in zip(facts, models, strict=True)
            ),
        )
        for name, meaning, read in _SPEED
    ]
    for name, meaning, read in _GPU:
        values = (
            _shown(
                read(f) if f else None,
                BEHIND_API if m.is_api else m.run.manifest.hardware.gpu_note,
            )
            for f, m in zip(facts, models, strict=True)
        )
        rows.append(Row(name, meaning, tuple(values)))
    return Table("Speed and resources, over all suites", tuple(rows))


def _performance_value(model: Model, name: str, value: Value) -> Value:
    """Say of an API model why its machine was not measured, and how many requests shared its speed."""
    if not model.is_api:
        return value
    if name in _MACHINE and value.is_missing:
        return replace(value, note=BEHIND_API)
    endpoint = endpoint_of(model)
    if endpoint is None:
        return value
    if name in _NEED_COUNTS and value.is_missing and endpoint.output_tokens is None:
        return replace(value, note=f"{text.NOT_TOLD} how many tokens")
    if name in _RATES and not value.is_missing:
        at_once = endpoint.concurrency or 1
        shared = f"up to {text.count(at_once)} requests" if at_once > 1 else "one request"
        return replace(value, note=f"{shared} at once")
    return value


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
            name += " lower is better"
        rows.append(Row(name, metric_text(known.metric), tuple(_quality_value(f) for f in facts)))
    return Table(f"{task} ({suite})", tuple(rows))


def _quality_value(fact: QualityFact | None) -> Value:
    if fact is None or fact.estimate.value is None:
        note = fact.estimate.reason if fact and fact.n_failed else ""
        return Value(text.NOT_MEASURED, note, is_missing=True)
    e = fact.estimate
    failed = text.docs_without_answer(fact.n_failed) if fact.n_failed else ""
    reason = "" if failed else e.reason
    if not is_share(e):
        return Value(f"{e.value:.4g}", _notes(f"n = {e.n}", reason, failed))
    bounds = f"95 %: {text.interval(e)}" if e.low is not None else reason
    chance = f"chance {text.percent(fact.chance, 0)}" if fact.chance is not None else ""
    return Value(text.percent(e.value), _notes(bounds, f"n = {e.n}", chance, failed))


def _notes(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _latency(e: Estimate) -> Value:
    if e.value is None:
        return Value(text.NOT_MEASURED, e.reason, is_missing=True)
    return Value(text.latency(e), f"n = {e.n}")


def _rate(e: Estimate) -> Value:
    if e.value is None:
        return Value(text.NOT_MEASURED, e.reason, is_missing=True)
    return Value(text.rate(e.value, e.unit))


def _shown(value: str | None, note: str = "") -> Value:
    """Return a value; a missing one says so, with the reason."""
    if value is None or value == text.MISSING:
        return Value(text.NOT_MEASURED, note, is_missing=True)
    return Value(value)


def footnotes(models: Sequence[Model]) -> Iterator[str]:
    """Yield why some percentiles are marked."""
    reasons: dict[str, None] = {}
    for f in map(overall, models):
        if f is None:
            continue
        for latency in (f.ttft_s, f.tpot_s, f.e2e_latency_s):
            for e in (latency.p50, latency.p95):
                if e.value is not None and not e.is_supported:
                    reasons[e.reason] = None
    for reason in reasons:
        yield f"{text.MARK} {reason}: shown for orientation, not to be relied on."


def is_share(e: Estimate) -> bool:
    """Tell whether a number is shown in percent."""
    return e.value is not None and e.unit == SHARE
