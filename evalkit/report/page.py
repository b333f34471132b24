"""RunFacts → Page: every string of the report is decided here, so that the template has nothing to compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.facts import EndpointFact, PerformanceFact, QualityFact, RunFacts
from evalkit.metrics.latency import e2e_latency_s, is_timed, ttft_s
from evalkit.report import format as text
from evalkit.report.audit import Audit, audit_run
from evalkit.report.endpoints import endpoint_footnotes, endpoint_table
from evalkit.report.figures import Bar, Dot, DotRow, Line
from evalkit.report.glossary import all_terms
from evalkit.report.load_page import LoadSection, load_section
from evalkit.report.load_summary import differing_profiles, load_summary
from evalkit.report.models import (
    Model,
    compared_models,
    endpoint_of,
    overall,
    quality_of,
)
from evalkit.report.samples import TaskSamples, collect_samples
from evalkit.report.tables import (
    Table,
    footnotes,
    identity_table,
    is_share,
    performance_table,
    quality_table,
)
from evalkit.store.run_dir import Run


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report, ready to be put into HTML."""

    title: str
    subtitle: str
    is_partial: bool
    warnings: tuple[str, ...]
    summary: tuple[str, ...]
    models: tuple[str, ...]
    identity: Table
    quality: tuple[Table, ...]
    performance: Table
    footnotes: tuple[str, ...]
    api_models: tuple[str, ...]
    """Columns of `endpoints`."""
    endpoints: Table | None
    """None when every model ran here."""
    endpoint_footnotes: tuple[str, ...]
    quality_dots: tuple[DotRow, ...]
    ttft_lines: tuple[Line, ...]
    e2e_lines: tuple[Line, ...]
    speed_bars: tuple[Bar, ...]
    memory_bars: tuple[Bar, ...]
    samples: tuple[TaskSamples, ...]
    any_unanswered: bool
    audits: tuple[Audit, ...]
    terms: tuple[tuple[str, str], ...]
    load: LoadSection | None = None
    """What load tests showed; None without one."""
    is_only_load: bool = False
    """Every run is a load test: nothing was asked about quality or the speed of single requests."""


def build_page(runs: Sequence[tuple[Run, RunFacts]]) -> Page:
    """Decide everything a reader will see."""
    models = compared_models(runs)
    quality = [q for m in models for q in m.facts.quality if q.model == m.name]
    tasks = list(dict.fromkeys((q.suite, q.task) for q in quality))
    groups = {(q.suite, q.task) for q in quality if q.is_group}
    leaves = [task for task in tasks if task not in groups]
    names = ", ".join(dict.fromkeys(facts.name for _, facts in runs))
    performance = [overall(m) for m in models]
    api_models = [m for m in models if endpoint_of(m) is not None]
    samples = collect_samples([(m.label, m.name, m.run) for m in models])
    load = load_section(models)
    is_only_load = all(run.manifest.kind == "bench" for run, _ in runs)
    return Page(
        title=_title(names, len(models), is_only_load=is_only_load),
        subtitle=_subtitle(runs),
        is_partial=any(facts.state != "complete" for _, facts in runs),
        warnings=tuple(_warnings(runs)),
        summary=(
            *load_summary(models),
            *(() if is_only_load else _summary(models, leaves, performance)),
        ),
        models=tuple(m.label for m in models),
        identity=identity_table(models),
        quality=tuple(quality_table(models, suite, task) for suite, task in tasks),
        performance=performance_table(models),
        footnotes=tuple(footnotes(models)),
        api_models=tuple(m.label for m in api_models),
        endpoints=endpoint_table(api_models) if api_models else None,
        endpoint_footnotes=tuple(endpoint_footnotes(api_models)),
        quality_dots=tuple(_dots(models, leaves)),
        ttft_lines=tuple(_lines(models, is_ttft=True)),
        e2e_lines=tuple(_lines(models, is_ttft=False)),
        speed_bars=tuple(
            _bars(
                models,
                performance,
                lambda f: f.output_tokens_per_s.value,
                lambda rate: text.rate(rate, "tokens/s"),
            )
        ),
        memory_bars=tuple(
            _bars(
                models,
                performance,
                lambda f: f.rss_peak_bytes,
                lambda size: text.size(round(size)),
            )
        ),
        samples=samples,
        any_unanswered=any(doc.any_unanswered for task in samples for doc in task.docs),
        audits=tuple(audit_run(run, facts) for run, facts in runs),
        terms=all_terms(with_load=load is not None),
        load=load,
        is_only_load=is_only_load,
    )


def _title(names: str, n_models: int, *, is_only_load: bool) -> str:
    done = "under load" if is_only_load else "compared"
    return f"{names}: {n_models} model{'' if n_models == 1 else 's'} {done}"


def _subtitle(runs: Sequence[tuple[Run, RunFacts]]) -> str:
    parts = [f"{run.manifest.started_at[:10]}, {facts.state}" for run, facts in runs]
    if all(run.manifest.kind == "bench" for run, _ in runs):
        n_steps = sum(len(facts.steps) for _, facts in runs)
        n_profiles = len({suite for _, facts in runs for suite in facts.suites})
        profiles = f"{n_profiles} load profile{'' if n_profiles == 1 else 's'}"
        return f"{'; '.join(parts)}; {profiles}, {n_steps} step{'' if n_steps == 1 else 's'}"
    n_docs = len({(s.task, s.doc_id) for run, _ in runs for s in run.samples})
    return f"{'; '.join(parts)}; {n_docs} docs per model"


def _headline(facts: Sequence[QualityFact]) -> QualityFact | None:
    """Return the task's first metric that is a share, higher is better where possible."""
    shares = [q for q in facts if is_share(q.estimate)]
    better = [q for q in shares if q.higher_is_better is not False]
    return next(iter(better or shares), None)


def _warnings(runs: Sequence[tuple[Run, RunFacts]]) -> Iterator[str]:
    """Yield every run's warnings, and whether the runs' speeds can be compared."""
    for _, facts in runs:
        head = f"{facts.run_id}: " if len(runs) > 1 else ""
        yield from (head + warning for warning in facts.warnings)
    machines = {run.manifest.hardware.model_dump_json(exclude={"gpu_note"}) for run, _ in runs}
    if len(machines) > 1:
        yield "The runs were made on different machines: their speed and memory do not compare."
    yield from differing_profiles(runs)


def _summary(
    models: Sequence[Model],
    tasks: Sequence[tuple[str, str]],
    performance: Sequence[PerformanceFact | None],
) -> Iterator[str]:
    found = [best for suite, task in tasks for best in _best_on(models, suite, task)]
    if len(models) > 1 and found:
        clear = sum(is_clear for _, is_clear in found)
        yield f"A clear difference shows on {clear or 'none'} of {len(found)} tasks."
    yield from (line for line, _ in found)
    for model, fact in zip(models, performance, strict=True):
        if fact is not None and fact.e2e_latency_s.p50.value is not None:
            memory = "" if model.is_api else f"; peak memory {text.size(fact.rss_peak_bytes)}"
            yield (
                f"{model.label}: half of its answers were complete within"
                f" {text.seconds(fact.e2e_latency_s.p50.value)}{memory}."
            )
    yield from _costs(models)


def _costs(models: Sequence[Model]) -> Iterator[str]:
    """Say what API requests cost, and what about money is not known."""
    found = [(m.label, f) for m in models if (f := endpoint_of(m)) is not None]
    yield from (_cost(label, f) for label, f in found)
    is_known = any(f.cost_usd.value is not None for _, f in found)
    cost = "Cost of own hardware" if is_known else "Cost"
    yield f"{cost}, energy price and a build-or-buy verdict: not measured in this run; `evalkit tco` computes them."


def _cost(label: str, f: EndpointFact) -> str:
    requests = f"{text.count(f.n_requests)} request{'' if f.n_requests == 1 else 's'}"
    if f.cost_usd.value is None:
        return f"{label}: what its {requests} cost is not known ({f.cost_usd.reason})."
    line = f"{label}: {requests} cost {text.usd(f.cost_usd.value)}"
    if f.cost_per_request_usd is not None:
        line += f", {text.usd(1000 * f.cost_per_request_usd)} per 1000"
    return f"{line} ({f.cost_usd.reason})." if f.cost_usd.reason else f"{line}."


def _best_on(models: Sequence[Model], suite: str, task: str) -> Iterator[tuple[str, bool]]:
    """Say who is best on a task's headline metric, and whether that tells it apart from anyone."""
    found = [(m.label, _headline(quality_of(m, suite, task))) for m in models]
    facts = [(label, q) for label, q in found if q is not None]
    if not facts:
        return
    metric, is_higher = facts[0][1].metric, facts[0][1].higher_is_better is not False
    facts = [(label, q) for label, q in facts if q.metric == metric]
    best = max if is_higher else min
    leader, top = best(facts, key=lambda item: item[1].estimate.value or 0.0)
    others = [(label, _standing(top, q)) for label, q in facts if label != leader]
    line = f"{task}, {metric}: {leader} {text.percent(top.estimate.value)}"
    line += f" (95 %: {text.interval(top.estimate)}, n = {top.estimate.n})"
    for standing, words in _STANDINGS.items():
        names = [label for label, where in others if where == standing]
        if names:
            line += f"; {words} {', '.join(names)}"
    line += _left_out(models, suite, task)
    yield f"{line}.", any(where == "clear" for _, where in others)


def _left_out(models: Sequence[Model], suite: str, task: str) -> str:
    """Say which models left docs without an answer; those docs are not in the numbers."""
    failed = {m.label: [q.n_failed for q in quality_of(m, suite, task)] for m in models}
    parts = [f"{max(counts)} of {label}" for label, counts in failed.items() if any(counts)]
    return f"; docs without an answer are left out: {', '.join(parts)}" if parts else ""


_STANDINGS = {
    "clear": "clearly ahead of",
    "overlap": "not clearly ahead (intervals overlap) of",
    "unknown": "no interval to compare with",
}


def _standing(top: QualityFact, other: QualityFact) -> str:
    x, y = top.estimate, other.estimate
    if x.low is None or x.high is None or y.low is None or y.high is None:
        return "unknown"
    return "clear" if x.low > y.high or x.high < y.low else "overlap"


def _dots(models: Sequence[Model], tasks: Sequence[tuple[str, str]]) -> Iterator[DotRow]:
    for suite, task in tasks:
        rows: dict[tuple[str, str], list[tuple[int, QualityFact]]] = {}
        for position, model in enumerate(models):
            for q in quality_of(model, suite, task):
                if is_share(q.estimate):
                    rows.setdefault((q.filter, q.metric), []).append((position, q))
        for found in rows.values():
            first = found[0][1]
            dots = tuple(
                Dot(i, q.estimate.value, q.estimate.low, q.estimate.high)
                for i, q in found
                if q.estimate.value is not None
            )
            yield DotRow(f"{task} · {text.metric_name(first)}", dots, first.chance)


def _lines(models: Sequence[Model], *, is_ttft: bool) -> Iterator[Line]:
    metric = ttft_s if is_ttft else e2e_latency_s
    for position, model in enumerate(models):
        cells = model.run.manifest.cells
        mine = {c.cell_id for c in cells if c.model == model.name and c.state == "done"}
        values = [
            value
            for r in model.run.requests
            if r.cell_id in mine and is_timed(r) and (value := metric(r.attempts[-1])) is not None
        ]
        if values:
            yield Line(position, model.label, tuple(sorted(values)))


def _bars(
    models: Sequence[Model],
    facts: Sequence[PerformanceFact | None],
    read: Callable[[PerformanceFact], float | None],
    show: Callable[[float], str],
) -> Iterator[Bar]:
    for i, (model, f) in enumerate(zip(models, facts, strict=True)):
        value = read(f) if f else None
        shown = text.NOT_MEASURED if value is None else show(value)
        yield Bar(i, model.label, value, shown)
