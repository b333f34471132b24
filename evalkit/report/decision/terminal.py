"""A decision as tables in the terminal, within 100 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from evalkit.analysis.tco.facts import OptionFact, TcoFacts
from evalkit.analysis.tco.likely import Likely
from evalkit.decision.facts import Verdict
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Table
from evalkit.report.decision.cells import estimate_cell, figure_cell
from evalkit.report.decision.costs import upfront_cell
from evalkit.report.decision.page import build_decision
from evalkit.report.decision.words import SIDES
from evalkit.report.fitted import FittedTable
from evalkit.report.render.terminal import bullets, plain
from evalkit.wording import Said


def decision_tables(
    facts: TcoFacts, verdict: Verdict, at_likely: Likely | None = None
) -> Iterator[RenderableType]:
    """Yield the verdict, why, the rules, the costs, and what to do next."""
    page = build_decision(facts, verdict)
    words = page.verdict
    yield plain(f"{page.title}  [{page.subtitle}]")
    yield plain(f"\nVERDICT: {words.headline}")
    yield plain(" ".join(filter(None, (words.sentence, words.leaning))))
    if words.is_incomplete:
        yield from bullets(
            "INCOMPLETE. Nobody has given, and the totals leave out:", words.incomplete
        )
    yield plain(f"\nConfidence: {words.confidence}")
    yield from bullets("Why", page.reasons)
    if page.checks is not None:
        yield _rules(page.checks)
    yield _costs(facts)
    if at_likely is not None and at_likely.options:
        yield _likely(at_likely)
    if at_likely is not None and at_likely.pairs:
        yield _likely_pairs(at_likely)
    yield from (plain(line) for line in page.uncosted)
    yield from bullets("What would change it", words.changes)
    yield from bullets("What it rests on, not measured", page.carries)
    yield from bullets("What to measure next", page.next_measurements)
    yield from bullets("Warnings", page.warnings)
    yield plain(
        f"\n{facts.draws} simulated futures, seed {facts.seed}; ranges: P10–P90, of measured numbers 95 %"
    )


def _rules(checks: Table) -> FittedTable:
    """Return a mark per rule and option; why not is said above."""
    table = FittedTable("\n" + "Rules: ✓ kept, ✗ broken, ? unclear")
    table.add_column("rule", overflow="fold")
    for column in checks.columns:
        table.add_column(plain(column.text), overflow="fold", justify="center")
    for head, cells in checks.groups[0].rows:
        marks = (cell.text.split()[0] if cell.mark else text.MISSING for cell in cells)
        table.add_row(plain(head.text), *map(plain, marks))
    return table


def _costs(facts: TcoFacts) -> FittedTable:
    """Return a row per option."""
    table = FittedTable(
        "\n"
        + f"Costs in {facts.currency}; the page has every number, its range and where it is from"
    )
    table.add_column("option", overflow="fold", max_width=20)
    total = f"total,\n{facts.horizon_months} months"
    for name in ("upfront", "per month", total, "per\nrequest", "per correct\nanswer", "quality"):
        table.add_column(name, justify="right", overflow="fold")
    for o in facts.options:
        cells = _option_cells(o, facts.currency)
        name = f"{o.name}\n{SIDES.get(o.side, o.side)}{', INCOMPLETE' if o.incomplete else ''}"
        shown = (_short(c, facts.currency) for c in cells)
        table.add_row(plain(name), *shown)
    return table


def _likely(at: Likely) -> FittedTable:
    """Return what the report's sliders show before one is moved."""
    table = FittedTable(
        "\n" + f"At the most likely values, in {at.currency}; the report's sliders begin here"
    )
    table.add_column("option", overflow="fold", max_width=40)
    for name in ("first month", "mean per month", "total", "per 1000\nrequests"):
        table.add_column(name, justify="right", overflow="fold")
    for o in at.options:
        amounts = (o.first_month, o.per_month, o.total, o.per_1000_requests)
        table.add_row(plain(o.name), *(_amount(a, at.currency) for a in amounts))
    return table


def _likely_pairs(at: Likely) -> FittedTable:
    table = FittedTable("\n" + "Own deployment against API, at the most likely values")
    table.add_column("pair", overflow="fold", max_width=40)
    for name in ("break-even,\nrequests per month", "payback,\nmonths", "saving"):
        table.add_column(name, justify="right", overflow="fold")
    for p in at.pairs:
        even = "none" if p.break_even_per_month is None else f"{p.break_even_per_month:,.0f}"
        back = "never" if p.payback_months is None else f"{p.payback_months:.0f}"
        pair = plain(f"{p.build} against {p.buy}")
        table.add_row(pair, even, back, _amount(p.saving, at.currency))
    return table


def _amount(value: float, currency: str) -> Text:
    return plain(text.money(value, currency).removeprefix(f"{currency} "))


def _option_cells(o: OptionFact, currency: str) -> tuple[Cell, ...]:
    def money(value: float | None) -> Said:
        return text.money(value, currency)

    unit = o.unit
    return (
        upfront_cell(o, money),
        figure_cell(o.per_month, money),
        figure_cell(o.total, money),
        figure_cell(unit.per_request if unit else None, money),
        figure_cell(unit.per_correct_answer if unit else None, money),
        estimate_cell(o.quality, text.percent),
    )


def _short(cell: Cell, currency: str) -> Text:
    """Return a number with its range below, without the currency that the title has."""
    if cell.is_missing:
        return plain(cell.text)
    bounds = cell.note.partition(";")[0].partition(": ")[2]
    shown = f"{cell.text}\n{bounds}".replace(" to ", " to\n") if bounds else cell.text
    return plain(shown.replace(f"{currency} ", ""))
