"""Load tests → the section "Under load": what a reader sees, and what its figures draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.facts import CapacityFact, Estimate
from evalkit.analysis.load import slo_text
from evalkit.config.bench import ProfileSpec, SloSpec
from evalkit.metrics.load_point import Verdict
from evalkit.metrics.percentiles import MINIMUM_N
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Group
from evalkit.report.glossary import LOAD_TERMS
from evalkit.report.load import (
    CLOSED,
    VERDICTS,
    Column,
    LevelView,
    capacities_of,
    capacity_reason,
    capacity_text,
    columns_for,
    level_views,
    profile_specs,
    profile_text,
    reasons,
    steps_of,
)
from evalkit.report.load_details import detail_groups, estimate_value
from evalkit.report.load_figures import Axes, Curve, ShareLine, TimeLine, time_tick
from evalkit.report.load_series import (
    MOST_LINES,
    chosen,
    curve,
    load_of,
    share_line,
    time_line,
    traffic_of,
)
from evalkit.report.models import Model
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim

_MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """The highest load of one model under one profile."""

    series: int
    model: str
    profile: str
    value: Said
    is_missing: bool
    slo: Said
    note: Said


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One level in the table of its profile."""

    series: int
    model: str
    load: Said
    n: Said
    values: tuple[Cell, ...]
    verdict: str
    reasons: tuple[Said, ...]

    @property
    def is_invalid(self) -> bool:
        """Whether its numbers tell about evalkit instead of the model."""
        return self.verdict == Verdict.INVALID


@dataclass(frozen=True, slots=True)
class Details:
    """Every metric of one model under one profile, a column per level."""

    series: int
    model: str
    levels: tuple[tuple[Said, str], ...]
    """Load and verdict of each."""
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class CellLine:
    """The time line of a model's last cell."""

    model: str
    cell_id: str
    line: TimeLine

    @property
    def rows(self) -> tuple[tuple[Said, ...], ...]:
        """The numbers behind the figure: a row per bin."""
        panels = self.line.panels
        return tuple(
            (text.count(i * self.line.width_s), *(p.show(p.values[i]) for p in panels))
            for i in range(len(panels[0].values))
        )


@dataclass(frozen=True, slots=True)
class ProfileLoad:
    """One profile: its levels over all models."""

    name: str
    text: Said
    slo: Said
    """The service level in words; empty without one."""
    columns: tuple[tuple[Said, Said], ...]
    """Title and meaning of each value."""
    rows: tuple[LevelRow, ...]
    details: tuple[Details, ...]
    latency: tuple[Curve, ...]
    latency_axes: Axes
    tokens: tuple[Curve, ...]
    tokens_axes: Axes
    ttft_shares: tuple[ShareLine, ...]
    e2e_shares: tuple[ShareLine, ...]
    lines: tuple[CellLine, ...]


@dataclass(frozen=True, slots=True)
class LoadSection:
    """All of the section."""

    capacities: tuple[CapacityRow, ...]
    profiles: tuple[ProfileLoad, ...]
    meanings: dict[str, Said]
    """What the terms in the section's own tables mean."""
    models: tuple[tuple[str, int], ...]
    """Labels of the models under load, with the place that gives their colour."""
    verdicts: dict[str, Said]
    """What a reader calls each verdict."""


def load_section(models: Sequence[Model]) -> LoadSection | None:
    """Return what load tests showed; None without one."""
    if not any(m.run.manifest.kind == "bench" for m in models):
        return None
    views, specs = level_views(models), profile_specs(models)
    names = [name for name in specs if any(v.fact.profile == name for v in views)]
    return LoadSection(
        capacities=tuple(_capacity_rows(models)),
        profiles=tuple(
            _profile(models, specs[name], [v for v in views if v.fact.profile == name])
            for name in names
        ),
        meanings=LOAD_TERMS,
        verdicts=VERDICTS,
        models=tuple((m.label, m.series) for m in models),
    )


def _of(models: Sequence[Model], series: int) -> Model:
    return next(m for m in models if m.series == series)


def _capacity_rows(models: Sequence[Model]) -> Iterator[CapacityRow]:
    for m in models:
        for f in capacities_of(m):
            yield CapacityRow(
                series=m.series,
                model=m.label,
                profile=f.profile,
                value=_capacity_value(f),
                is_missing=f.lambda_per_s.value is None,
                slo=f.slo,
                note=capacity_reason(f, steps_of(m.facts.levels, f)),
            )


def _capacity_value(f: CapacityFact) -> Said:
    is_known = f.is_inconclusive or not (f.lambda_per_s.value is None and f.below_per_s is None)
    return capacity_text(f) if is_known else text.NOT_KNOWN


def _profile(models: Sequence[Model], spec: ProfileSpec, views: list[LevelView]) -> ProfileLoad:
    by_model = {
        i: [v for v in views if v.series == i] for i in dict.fromkeys(v.series for v in views)
    }
    columns = columns_for(v.fact for v in views)
    is_closed = all(v.fact.kind == CLOSED for v in views)
    return ProfileLoad(
        name=spec.name,
        text=profile_text(spec),
        slo=slo_text(spec.slo),
        columns=tuple((c.title, c.meaning) for c in columns),
        rows=tuple(_row(v, [_short(c.read(v.fact), c) for c in columns]) for v in views),
        details=tuple(_details(_of(models, i), i, some) for i, some in by_model.items()),
        latency=tuple(_latency_curves(by_model)),
        latency_axes=_latency_axes(spec.slo, is_closed=is_closed),
        tokens=tuple(_token_curves(by_model)),
        tokens_axes=Axes(
            say("requests at once") if is_closed else say("offered requests/s"),
            say("output tokens/s"),
            text.amount,
            x_ticks=_ticks(views) if is_closed else (),
        ),
        ttft_shares=tuple(_shares(models, by_model, spec.name, is_ttft=True)),
        e2e_shares=tuple(_shares(models, by_model, spec.name, is_ttft=False)),
        lines=tuple(_lines(models, by_model, spec.name)),
    )


def _latency_axes(slo: SloSpec | None, *, is_closed: bool) -> Axes:
    """Return what the picture of latencies means, with the limit of the service level."""
    limit, label = None, NOTHING
    if slo is not None and slo.ttft_s is not None:
        limit, q = slo.ttft_s, f"{slo.percentile}"
        shown = numeral(f"{limit:g}")
        label = say("p{q} {metric} ≤ {limit} s", q=q, metric=verbatim("TTFT"), limit=shown)
    return Axes(
        say("completed requests/s") if is_closed else say("offered requests/s"),
        say("time to first token"),
        time_tick,
        limit,
        label,
        are_points_named=is_closed,
    )


def _ticks(views: Sequence[LevelView]) -> tuple[float, ...]:
    """Return the levels of a closed loop, where they are few enough to be written."""
    levels = sorted({float(v.fact.concurrency or 0) for v in views})
    return tuple(levels) if len(levels) <= _MOST_TICKS else ()


def _short(e: Estimate, column: Column) -> Cell:
    """Return a number without the reasons that the table of every metric gives."""
    if e.value is not None:
        return estimate_value(e, column.show)
    is_few = column.q is not None and not e.is_supported and e.n
    if not is_few:
        return Cell(text.MISSING, is_missing=True)
    return Cell(say("n ≥ {n}", n=text.count(MINIMUM_N[column.q or 50])), is_missing=True)


def _row(view: LevelView, values: Sequence[Cell]) -> LevelRow:
    return LevelRow(
        series=view.series,
        model=view.label,
        load=view.name,
        n=text.count(view.fact.n_requests),
        values=tuple(values),
        verdict=view.fact.verdict,
        reasons=reasons(view.fact),
    )


def _details(model: Model, series: int, views: Sequence[LevelView]) -> Details:
    return Details(
        series=series,
        model=model.label,
        levels=tuple((v.name, v.fact.verdict) for v in views),
        groups=detail_groups(views, model.run.manifest.hardware.gpu_note),
    )


def _latency_curves(by_model: dict[int, list[LevelView]]) -> Iterator[Curve]:
    def percentile(q: int) -> list[Curve]:
        field = f"response_ttft_s_p{q}"
        return [
            curve(
                some,
                traffic_of,
                lambda v: v.fact.latencies[field],
                _percentile_name(q, some),
                1 if q == 50 else 0,
            )
            for some in by_model.values()
        ]

    both = zip(percentile(95), percentile(50), strict=True)
    yield from (c for pair in both for c in pair if c.points)


def _token_curves(by_model: dict[int, list[LevelView]]) -> Iterator[Curve]:
    def tokens(view: LevelView) -> Estimate:
        return view.fact.output_tokens_per_s

    for some in by_model.values():
        found = curve(some, load_of, tokens, _name(some), 0)
        if found.points:
            yield found


def _name(views: Sequence[LevelView]) -> Said:
    return verbatim(views[0].label)


def _percentile_name(q: int, views: Sequence[LevelView]) -> Said:
    return say("p{q} {model}", q=f"{q}", model=_name(views))


def _shares(
    models: Sequence[Model], by_model: dict[int, list[LevelView]], profile: str, *, is_ttft: bool
) -> Iterator[ShareLine]:
    """Yield at most `MOST_LINES` lines, shared out among the models."""
    most = max(1, MOST_LINES // len(by_model))
    for i, some in list(by_model.items())[:MOST_LINES]:
        model = _of(models, i)
        capacity = next((f for f in capacities_of(model) if f.profile == profile), None)
        for rank, view in enumerate(chosen(some, capacity, most)):
            line = share_line(view, model.run, rank, is_ttft=is_ttft)
            if line is not None:
                whose = model.label if len(by_model) > 1 else ""
                yield replace(line, label=joined((line.label, whose)))


def _lines(
    models: Sequence[Model], by_model: dict[int, list[LevelView]], profile: str
) -> Iterator[CellLine]:
    for i in by_model:
        model = _of(models, i)
        cells = [c for c in model.run.manifest.cells if (c.model, c.suite) == (model.name, profile)]
        for cell in reversed(cells):
            line = time_line(model.run, cell.cell_id, i)
            if line is not None:
                yield CellLine(model.label, cell.cell_id, line)
                break
