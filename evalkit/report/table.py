"""A run as tables in the terminal."""

from __future__ import annotations

from rich.console import RenderableType

from evalkit.analysis.facts import SHARE, Estimate, QualityFact, RunFacts
from evalkit.report import format as text
from evalkit.report.blocks import Cell
from evalkit.report.endpoints import endpoint_rows
from evalkit.report.fitted import FittedTable
from evalkit.report.load import is_bench
from evalkit.report.load_terminal import load_parts
from evalkit.report.tables import PERFORMANCE, metric_cell, row_name
from evalkit.report.text_safety import visible

Key = tuple[str, str, str, str]
"""Suite, task, filter, metric."""


def render_tables(facts: RunFacts) -> list[RenderableType]:
    """Return the tables and notes of `evalkit show`."""
    parts: list[RenderableType] = [f"{facts.run_id}  [{facts.state}]"]
    parts += [f"warning: {visible(warning)}" for warning in facts.warnings]
    if is_bench(facts):
        parts += load_parts(facts)
    else:
        parts += [_quality_table(facts), _performance_table(facts)]
    if facts.endpoints:
        parts.append(_endpoint_table(facts))
    if facts.state != "complete":
        parts.append(_cells_table(facts))
    if not is_bench(facts):
        parts.append(f"{text.MARK} too few values for this percentile; –: not measured")
    return parts


def _quality_table(facts: RunFacts) -> FittedTable:
    title = "Quality: lm-eval's own number in %, and its 95 % interval; ↓ lower is better"
    table = FittedTable(title, names=3, has_column_per_model=True)
    table.add_column("task")
    table.add_column("metric")
    table.add_column("n", justify="right")
    for model in facts.models:
        table.add_column(model, justify="right")
    for key, row in _quality_rows(facts).items():
        first = next(iter(row.values()))
        counts = [str(row[m].estimate.n) for m in facts.models if m in row]
        n = counts[0] if len(set(counts)) == 1 else "/".join(counts)
        cells = [_quality_cell(row.get(model)) for model in facts.models]
        table.add_row(_task_name(key, facts), text.metric_name(first), n, *cells)
    return table


def _quality_rows(facts: RunFacts) -> dict[Key, dict[str, QualityFact]]:
    """Return the facts of every metric, by model."""
    rows: dict[Key, dict[str, QualityFact]] = {}
    for f in facts.quality:
        rows.setdefault((f.suite, f.task, f.filter, f.metric), {})[f.model] = f
    return rows


def _task_name(key: Key, facts: RunFacts) -> str:
    """Name the suite only where the same task runs in several."""
    suite, task, _, _ = key
    suites = {f.suite for f in facts.quality if f.task == task}
    return task if len(suites) == 1 else f"{suite}/{task}"


def _quality_cell(fact: QualityFact | None) -> str:
    if fact is None:
        return text.MISSING
    score = _score(fact.estimate)
    return f"{score}, {text.docs_without_answer(fact.n_failed)}" if fact.n_failed else score


def _score(e: Estimate) -> str:
    if e.value is None:
        return text.MISSING
    if e.unit != SHARE:
        return f"{e.value:.4g}"
    shown = f"{100 * e.value:.1f}"
    if e.low is None or e.high is None:
        return shown
    return f"{shown} ({100 * e.low:.0f}-{100 * e.high:.0f})"


def _performance_table(facts: RunFacts) -> FittedTable:
    table = FittedTable("Speed and resources, over all suites", has_column_per_model=True)
    table.add_column("")
    by_model = {f.model: f for f in facts.performance if f.suite is None}
    models = [model for model in facts.models if model in by_model]
    for model in models:
        table.add_column(model, justify="right")
    for row in PERFORMANCE:
        values = (metric_cell(row, by_model[m]) for m in models)
        table.add_row(row_name(row), *map(_cell, values))
    return table


def _cell(value: Cell) -> str:
    """Return a value with its note; a dash where it is missing, since the page says why."""
    if value.is_missing:
        return text.MISSING
    return _with_note(value)


def _with_note(cell: Cell) -> str:
    return visible(f"{cell.text} ({cell.note})" if cell.note else cell.text)


def _endpoint_table(facts: RunFacts) -> FittedTable:
    table = FittedTable("Behind an API, over all suites", has_column_per_model=True)
    table.add_column("")
    found = [f for f in facts.endpoints if f.suite is None]
    for f in found:
        table.add_column(f.model, justify="right")
    for head, cells in endpoint_rows(found):
        table.add_row(head.text, *map(_with_note, cells))
    return table


def _cells_table(facts: RunFacts) -> FittedTable:
    table = FittedTable("Cells")
    for title in ("cell", "state", "answered", "reason"):
        table.add_column(title)
    for c in facts.cells:
        reason = visible(c.reason or "")
        table.add_row(c.cell_id, c.state, f"{c.n_answered}/{c.n_requests}", reason)
    return table
