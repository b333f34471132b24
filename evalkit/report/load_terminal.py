"""A load test as tables in the terminal, within 100 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table

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
    verdict,
)
from evalkit.report.text_safety import visible

_ARRIVALS = {
    CLOSED: "closed loop",
    "constant": "open loop, evenly spaced",
    "poisson": "open loop, Poisson arrivals",
    "ramp": "open loop, growing rate",
    "trace": "open loop, recorded arrivals",
}
_WIDTH = 100
"""Characters a table must fit into."""


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
        table.add_column(title)
    for f in facts.capacities:
        note = capacity_reason(f, steps_of(facts.levels, f))
        table.add_row(*map(visible, (f.model, f.profile, capacity_text(f), f.slo, note)))
    return table


def _profile_parts(profile: str, levels: Sequence[LevelFact]) -> Iterator[RenderableType]:
    """Yield one table whose columns line up over its models, and why levels are not ok."""
    columns = columns_for(levels)
    heads = ["load", "n", *(c.title.replace(" ", "\n", 1) for c in columns), "verdict"]
    by_model = {
        model: [_row(f, columns) for f in _sorted(levels) if f.model == model]
        for model in dict.fromkeys(f.model for f in levels)
    }
    rows = [heads, *(row for found in by_model.values() for row in found)]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(heads))]
    kind = "search, " if levels[0].is_search else ""
    kind += _ARRIVALS.get(levels[0].kind, levels[0].kind)
    yield f"\n{visible(profile)}: {kind}"
    for position, (model, found) in enumerate(by_model.items()):
        if len(by_model) > 1:
            yield f"  {visible(model)}"
        yield _level_table(heads, widths, found, is_first=position == 0)
    for f in levels:
        if why := reasons(f):
            whose = f"{f.model}, " if len(by_model) > 1 else ""
            name = f"{whose}{load_name(f)}"
            yield visible(f"  {name}: {verdict(f)}: {'; '.join(why)}")


def _sorted(levels: Sequence[LevelFact]) -> list[LevelFact]:
    return sorted(levels, key=load_order)


def _level_table(
    heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]], *, is_first: bool
) -> Table:
    gap = 1 if sum(widths) + 2 * len(widths) <= _WIDTH else 0
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap, 0, 0), pad_edge=False)
    table.show_header = is_first
    for i, (head, width) in enumerate(zip(heads, widths, strict=True)):
        is_text = i in (0, len(heads) - 1)
        # never wider than asked, and folded where the terminal is narrow: no digit is lost
        table.add_column(head, width=width, justify="left" if is_text else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _row(level: LevelFact, columns: Sequence[Column]) -> list[str]:
    cells = [_cell(c.read(level), c) for c in columns]
    return [load_name(level), text.count(level.n_requests), *cells, verdict(level)]


def _cell(e: Estimate, column: Column) -> str:
    if e.value is None:
        return (
            f"n≥{MINIMUM_N[column.q]}" if column.q and not e.is_supported and e.n else text.MISSING
        )
    shown = column.show(e.value)
    if e.low is None or e.high is None:
        return shown
    return f"{shown}\n±{column.show((e.high - e.low) / 2)}"


def _width(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))
