"""A decision as tables in the terminal, within 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType

from evalkit.analysis.tco.facts import TcoFacts
from evalkit.analysis.tco.likely import Likely
from evalkit.decision.facts import Verdict
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision.cash import unit_table
from evalkit.report.decision.page import build_decision
from evalkit.report.decision.simulator import option_cells, pair_cells, pair_name
from evalkit.report.render.terminal import bullets, plain, table
from evalkit.wording import Said, say, verbatim


def decision_tables(
    facts: TcoFacts, verdict: Verdict, at_likely: Likely | None = None
) -> Iterator[RenderableType]:
    """Yield the verdict, why, the rules, the costs, and what to do next."""
    page = build_decision(facts, verdict)
    words = page.verdict
    yield plain(f"{page.title}  [{page.subtitle}]")
    yield plain(f"\nVERDICT: {words.headline}")
    yield plain(" ".join(filter(None, (words.sentence, words.leaning))))
    yield table(page.front.options)
    yield from (plain(f"{name}: {line}") for name, line in page.front.lines)
    if words.is_incomplete:
        yield from bullets(
            "INCOMPLETE. Nobody has given, and the totals leave out:", words.incomplete
        )
    yield plain(f"\nConfidence: {words.confidence}")
    yield from bullets("Why", page.reasons)
    if page.checks is not None:
        yield table(page.checks, has_notes=False)
    for block in (*page.cash, unit_table(facts), page.benefit):
        if block is not None:
            yield table(block, justify="right")
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
