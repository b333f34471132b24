"""A decision as tables in the terminal, within 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rich.console import RenderableType

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import Figure, OptionFact, TcoFacts
from evalkit.analysis.tco.likely import Likely
from evalkit.decision.facts import Verdict
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision.brief import cost_columns, quality_column
from evalkit.report.decision.cells import Show, between, bounds_of, estimate_cell, figure_cell
from evalkit.report.decision.costs import upfront_cell
from evalkit.report.decision.page import build_decision
from evalkit.report.decision.simulator import option_cells, pair_cells, pair_name
from evalkit.report.decision.words import side_words
from evalkit.report.render.terminal import bullets, plain, table
from evalkit.wording import NOTHING, Said, joined, say, verbatim


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
        yield table(page.checks, has_notes=False)
    yield table(_costs(facts), justify="right")
    if page.benefit is not None:
        yield table(page.benefit, justify="right")
    if at_likely is not None and at_likely.options:
        yield table(_likely(at_likely), justify="right")
    if at_likely is not None and at_likely.pairs:
        yield table(_likely_pairs(at_likely), justify="right")
    yield from (plain(line) for line in page.uncosted)
    yield from bullets("What would change it", words.changes)
    yield from bullets("What it rests on, not measured", page.carries)
    yield from bullets("What to measure next", page.next_measurements)
    yield from bullets("Warnings", page.warnings)
    yield plain(
        f"\n{facts.draws} simulated futures, seed {facts.seed}; ranges: P10–P90, of measured numbers 95 %"
    )


def _costs(facts: TcoFacts) -> Table:
    """Return a row per option, its amounts without the currency that the title has."""

    def show(value: float | None) -> Said:
        return verbatim(text.money(value, facts.currency).removeprefix(f"{facts.currency} "))

    title = f"Costs in {facts.currency}; the page has every number, its range and where it is from"
    heads = [head for head, _ in (*cost_columns(facts), quality_column())]
    rows = [(_head(o), tuple(_cells(o, show))) for o in facts.options]
    return flat(verbatim(title), heads, rows, say("option"))


def _head(o: OptionFact) -> Head:
    left_out = say("INCOMPLETE") if o.incomplete else NOTHING
    return Head(verbatim(o.name), note=joined((side_words(o.side), left_out)))


def _cells(o: OptionFact, show: Show) -> Iterator[Cell]:
    unit = o.unit
    yield _ranged(upfront_cell(o, show), o.upfront, show)
    per_request, per_answer = (unit.per_request, unit.per_correct_answer) if unit else (None, None)
    for figure in (o.per_month, o.total, per_request, per_answer):
        yield _ranged(figure_cell(figure, show), figure, show)
    yield _ranged(estimate_cell(o.quality, text.percent), o.quality, text.percent)


def _ranged(cell: Cell, number: Figure | Estimate | None, show: Show) -> Cell:
    """Return a cell with its range as its only small print: the page says whose it is and where it is from."""
    low, high = (number and bounds_of(number)) or (None, None)
    is_range = low != high and not cell.is_missing
    return replace(cell, note=between(show(low), show(high)) if is_range else NOTHING)


def _likely(at: Likely) -> Table:
    """Return what the report's sliders show before one is moved."""
    heads = (
        Head(say("first month")),
        Head(say("mean per month")),
        Head(say("total")),
        Head(say("per 1000 requests")),
    )
    rows = [(Head(verbatim(o.name)), _said(option_cells(o, at.currency)[:4])) for o in at.options]
    title = verbatim("At the most likely values; the report's sliders begin here")
    return flat(title, heads, rows, say("option"))


def _likely_pairs(at: Likely) -> Table:
    heads = (
        Head(say("break-even, requests per month")),
        Head(say("payback")),
        Head(say("saving")),
    )
    rows = [
        (Head(pair_name(p)), _said(pair_cells(p, at.currency, at.requests_per_month)))
        for p in at.pairs
    ]
    title = verbatim("Own deployment against API, at the most likely values")
    return flat(title, heads, rows, say("pair"))


def _said(texts: Iterable[Said]) -> tuple[Cell, ...]:
    return tuple(map(Cell, texts))
