"""A load test as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from evalkit.analysis.facts import Estimate, LevelFact, RunFacts
from evalkit.metrics.percentiles import MINIMUM_N
from evalkit.report import format as text
from evalkit.report.fitted import FittedTable
from evalkit.report.load import (
    CLOSED,
    VIEW_NOTE,
    Column,
    capacity_reason,
    capacity_text,
    columns_for,
    load_name,
    load_order,
    reasons,
    steps_of,
)
from evalkit.report.text_safety import visible

_ARRIVALS = {
    CLOSED: "closed loop",
    "constant": "open loop, evenly spaced",
    "poisson": "open loop, Poisson arrivals",
    "ramp": "open loop, growing rate",
    "trace": "open loop, recorded arrivals",
}


def load_parts(facts: RunFacts) -> Iterator[RenderableType]:
    """Yield the tables and notes of a bench."""
    if facts.capacities:
        yield _capacity_table(facts)
    for profile in dict.fromkeys(f.profile for f in facts.levels):
        levels = [f for f in facts.levels if f.profile == profile]
        yield from _profile_parts(profile, levels)
    yield VIEW_NOTE
    yield f"n≥130: too few requests for this percentile; ±: 95 % interval over repeats; {text.MISSING}: not measured"


def _capacity_table(facts: RunFacts) -> FittedTable:
    table = FittedTable("Highest load within the service level (λ_SLO, completed requests/s)")
    for title in ("model", "profile", "λ_SLO", "service level", "note"):
        table.add_column(title, no_wrap=title == "λ_SLO")
    for f in facts.capacities:
        note = capacity_reason(f, steps_of(facts.levels, f))
        table.add_row(*map(visible, (f.model, f.profile, capacity_text(f), f.slo, note)))
    return table


def _profile_parts(profile: str, levels: Sequence[LevelFact]) -> Iterator[RenderableType]:
    """Yield the table of a profile's levels, model by model, and why levels are not ok."""
    kind = "search, " if levels[0].is_search else ""
    kind += _ARRIVALS.get(levels[0].kind, levels[0].kind)
    yield f"\n{visible(profile)}: {kind}"
    models = list(dict.fromkeys(f.model for f in levels))
    ordered = sorted(levels, key=lambda f: (models.index(f.model), load_order(f)))
    yield _level_table(ordered, has_models=len(models) > 1)
    for f in levels:
        if why := reasons(f):
            whose = f"{f.model}, " if len(models) > 1 else ""
            name = f"{whose}{load_name(f)}"
            yield visible(f"  {name}: {f.verdict}: {'; '.join(why)}")


def _level_table(levels: Sequence[LevelFact], *, has_models: bool) -> FittedTable:
    columns = columns_for(levels)
    names = ("model", "load") if has_models else ("load",)
    table = FittedTable(names=len(names))
    for title in names:
        table.add_column(title, no_wrap=title == "load")
    for title in ("n", *(c.title.replace(" ", "\n", 1) for c in columns)):
        table.add_column(title, justify="right")
    table.add_column("verdict")
    for f in levels:
        whose = [visible(f.model)] if has_models else []
        table.add_row(*whose, *_row(f, columns))
    return table


def _row(level: LevelFact, columns: Sequence[Column]) -> list[str]:
    cells = [_cell(c.read(level), c) for c in columns]
    return [load_name(level), text.count(level.n_requests), *cells, str(level.verdict)]


def _cell(e: Estimate, column: Column) -> str:
    if e.value is None:
        return (
            f"n≥{MINIMUM_N[column.q]}" if column.q and not e.is_supported and e.n else text.MISSING
        )
    shown = column.show(e.value)
    if e.low is None or e.high is None:
        return shown
    return f"{shown}\n±{column.show((e.high - e.low) / 2)}"
