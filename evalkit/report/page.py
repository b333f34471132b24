"""RunFacts → Page: every word of the report is decided here, so that the template has nothing to compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.docs import DocTable, doc_table
from evalkit.analysis.facts import EndpointFact, PerformanceFact, QualityFact, RunFacts
from evalkit.analysis.scores import TaskKey
from evalkit.metrics.latency import e2e_latency_s, is_timed, ttft_s
from evalkit.report import format as text
from evalkit.report.audit import Audit, audit_run, state_words
from evalkit.report.blocks import Table
from evalkit.report.classes import ClassSection, class_section
from evalkit.report.endpoints import endpoint_footnotes, endpoint_table
from evalkit.report.figures import Bar, Dot, DotRow, Line
from evalkit.report.load_page import LoadSection, load_section
from evalkit.report.load_summary import differing_profiles, load_summary
from evalkit.report.models import (
    Model,
    compared_models,
    endpoint_of,
    labels_of,
    overall,
    quality_of,
)
from evalkit.report.standing import Ahead, best_on
from evalkit.report.tables import (
    TOKENS_PER_S,
    footnotes,
    identity_table,
    is_share,
    performance_table,
    quality_table,
)
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report, ready to be put into HTML."""

    title: Said
    subtitle: Said
    is_partial: bool
    warnings: tuple[Said, ...]
    summary: tuple[Said, ...]
    labels: tuple[str, ...]
    """Labels of all models; a label's place gives its colour."""
    models: tuple[str, ...]
    """Labels of the columns: what was asked, or put under load where nothing was asked."""
    identity: Table
    quality: tuple[Table, ...]
    classes: ClassSection | None
    """What is taken for what; None without a task that has choices."""
    performance: Table
    footnotes: tuple[Said, ...]
    endpoints: Table | None
    """None when every model ran here."""
    endpoint_footnotes: tuple[Said, ...]
    quality_dots: tuple[DotRow, ...]
    has_chance: bool
    """Whether it is known for a task what guessing would score."""
    ttft_lines: tuple[Line, ...]
    e2e_lines: tuple[Line, ...]
    speed_bars: tuple[Bar, ...]
    memory_bars: tuple[Bar, ...]
    audits: tuple[Audit, ...]
    load: LoadSection | None = None
    """What load tests showed; None without one."""
    is_only_load: bool = False
    """Every run is a load test: nothing was asked about quality or the speed of single requests."""


def build_page(runs: Sequence[tuple[Run, RunFacts]], docs: DocTable | None = None) -> Page:
    """Decide everything a reader will see.

    Args:
        runs: At least one run with its facts.
        docs: Of the runs; None: judged by the tasks' own metrics.
    """
    docs = docs or doc_table(run for run, _ in runs)
    every = compared_models(runs)
    # load tests have a section of their own; where there are only such, they are what is compared
    models = [m for m in every if not m.is_under_load] or every
    tasks, leaves = _tasks(models)
    names = ", ".join(dict.fromkeys(facts.name for _, facts in runs))
    performance = [overall(m) for m in models]
    dots = tuple(_dots(models, leaves))
    api_models = [m for m in models if endpoint_of(m) is not None]
    load = load_section([m for m in every if m.is_under_load])
    is_only_load = all(run.manifest.kind == "bench" for run, _ in runs)
    classes = class_section(models, tasks)
    return Page(
        title=_title(names, len(labels_of(every)), is_only_load=is_only_load),
        subtitle=_subtitle(runs),
        is_partial=any(facts.state != "complete" for _, facts in runs),
        warnings=tuple(_warnings(runs)),
        summary=(
            *load_summary([m for m in every if m.is_under_load]),
            *(classes.beware if classes else ()),
            *(() if is_only_load else _summary(models, docs, leaves, performance)),
        ),
        labels=labels_of(every),
        models=tuple(m.label for m in models),
        identity=identity_table(models),
        quality=tuple(quality_table(models, suite, task) for suite, task in tasks),
        classes=classes,
        performance=performance_table(models),
        footnotes=tuple(footnotes(models)),
        endpoints=endpoint_table(api_models) if api_models else None,
        endpoint_footnotes=tuple(endpoint_footnotes(api_models)),
        quality_dots=dots,
        has_chance=any(row.chance is not None for row in dots),
        ttft_lines=tuple(_lines(models, is_ttft=True)),
        e2e_lines=tuple(_lines(models, is_ttft=False)),
        speed_bars=_speed_bars(models, performance),
        memory_bars=tuple(
            _bars(
                models,
                performance,
                lambda f: f.rss_peak_bytes,
                lambda size: text.size(round(size)),
            )
        ),
        audits=tuple(audit_run(run, facts) for run, facts in runs),
        load=load,
        is_only_load=is_only_load,
    )


def _tasks(models: Sequence[Model]) -> tuple[list[TaskKey], list[TaskKey]]:
    """Return all tasks, and those that are no groups of others."""
    quality = [q for m in models for q in m.facts.quality if q.model == m.name]
    groups = {(q.suite, q.task) for q in quality if q.is_group}
    tasks = list(dict.fromkeys((q.suite, q.task) for q in quality))
    return tasks, [task for task in tasks if task not in groups]


def _title(names: str, n_models: int, *, is_only_load: bool) -> Said:
    if is_only_load:
        return say_n(
            "{names}: {n} model under load", "{names}: {n} models under load", n_models, names=names
        )
    return say_n(
        "{names}: {n} model compared", "{names}: {n} models compared", n_models, names=names
    )


def _subtitle(runs: Sequence[tuple[Run, RunFacts]]) -> Said:
    done = [joined((run.manifest.started_at[:10], state_words(facts.state))) for run, facts in runs]
    return joined((*done, _extent(runs)), "; ")


def _extent(runs: Sequence[tuple[Run, RunFacts]]) -> Said:
    """Say how much was measured."""
    if all(run.manifest.kind == "bench" for run, _ in runs):
        n_steps = sum(len(facts.steps) for _, facts in runs)
        n_profiles = len({suite for _, facts in runs for suite in facts.suites})
        profiles = say_n("{n} load profile", "{n} load profiles", n_profiles)
        return joined((profiles, say_n("{n} step", "{n} steps", n_steps)))
    n_docs = len({(s.task, s.doc_id) for run, _ in runs for s in run.samples})
    return say_n("{n} doc per model", "{n} docs per model", n_docs)


def _warnings(runs: Sequence[tuple[Run, RunFacts]]) -> Iterator[Said]:
    """Yield every run's warnings, and whether the runs' speeds can be compared."""
    for _, facts in runs:
        head = facts.run_id if len(runs) > 1 else ""
        yield from (joined((head, warning), ": ") for warning in facts.warnings)
    machines = {run.manifest.hardware.model_dump_json(exclude={"gpu_note"}) for run, _ in runs}
    if len(machines) > 1:
        yield say(
            "The runs were made on different machines: their speed and memory do not compare."
        )
    yield from differing_profiles(runs)


def _summary(
    models: Sequence[Model],
    docs: DocTable,
    tasks: Sequence[TaskKey],
    performance: Sequence[PerformanceFact | None],
) -> Iterator[Said]:
    ahead = Ahead(models, docs)
    judged = [(key, docs.headlines[key]) for key in tasks if key in docs.headlines]
    found = [best for key, headline in judged for best in best_on(models, key, headline, ahead)]
    known = [is_clear for _, is_clear in found if is_clear is not None]
    if len(models) > 1 and known:
        yield _clear_differences(sum(known), len(known))
    yield from (line for line, _ in found)
    for model, fact in zip(models, performance, strict=True):
        if fact is not None and fact.e2e_latency_s.p50.value is not None:
            yield _speed(model, fact)
    yield from _costs(models)


def _clear_differences(n_clear: int, n_tasks: int) -> Said:
    n = numeral(f"{n_tasks}")
    if n_clear == 0:
        return say("A clear difference shows on none of {n} tasks.", n=n)
    clear = numeral(f"{n_clear}")
    return say("A clear difference shows on {clear} of {n} tasks.", clear=clear, n=n)


def _speed(model: Model, fact: PerformanceFact) -> Said:
    half = text.seconds(fact.e2e_latency_s.p50.value)
    if model.is_api:
        return say(
            "{model}: half of its answers were complete within {time}.",
            model=model.label,
            time=half,
        )
    return say(
        "{model}: half of its answers were complete within {time}; peak memory {size}.",
        model=model.label,
        time=half,
        size=text.size(fact.rss_peak_bytes),
    )


def _costs(models: Sequence[Model]) -> Iterator[Said]:
    """Say what API requests cost, and what about money is not known."""
    found = [(m.label, f) for m in models if (f := endpoint_of(m)) is not None]
    yield from (_cost(label, f) for label, f in found)
    if any(f.cost_usd.value is not None for _, f in found):
        yield say(
            "Cost of own hardware, energy price and a build-or-buy verdict: not measured in this run;"
            " `evalkit tco` computes them."
        )
    else:
        yield say(
            "Cost, energy price and a build-or-buy verdict: not measured in this run;"
            " `evalkit tco` computes them."
        )


def _cost(label: str, f: EndpointFact) -> Said:
    if f.cost_usd.value is None:
        return say_n(
            "{model}: what its {n} request cost is not known ({why}).",
            "{model}: what its {n} requests cost is not known ({why}).",
            f.n_requests,
            model=label,
            why=f.cost_usd.reason,
        )
    cost = say_n(
        "{model}: {n} request cost {money}",
        "{model}: {n} requests cost {money}",
        f.n_requests,
        model=label,
        money=text.usd(f.cost_usd.value),
    )
    per_1000 = NOTHING
    if f.cost_per_request_usd is not None:
        per_1000 = say("{money} per 1000", money=text.usd(1000 * f.cost_per_request_usd))
    line = joined((cost, per_1000))
    if f.cost_usd.reason:
        return say("{line} ({why}).", line=line, why=f.cost_usd.reason)
    return say("{line}.", line=line)


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


def _speed_bars(
    models: Sequence[Model], facts: Sequence[PerformanceFact | None]
) -> tuple[Bar, ...]:
    def speed(f: PerformanceFact) -> float | None:
        return f.output_tokens_per_s.value

    return tuple(_bars(models, facts, speed, lambda rate: text.rate(rate, TOKENS_PER_S)))


def _bars(
    models: Sequence[Model],
    facts: Sequence[PerformanceFact | None],
    read: Callable[[PerformanceFact], float | None],
    show: Callable[[float], Said],
) -> Iterator[Bar]:
    for i, (model, f) in enumerate(zip(models, facts, strict=True)):
        value = read(f) if f else None
        shown = text.NOT_MEASURED if value is None else show(value)
        yield Bar(i, model.label, value, shown)
