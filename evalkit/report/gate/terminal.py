"""A gate, or a comparison, in the terminal, within 100 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from evalkit.gate.facts import GateResult, SideFact
from evalkit.report.decision.labels import one_line
from evalkit.report.gate.names import BADGES, MARKS
from evalkit.report.gate.tables import conditions_table, flips_table, rules_table
from evalkit.report.gate.words import (
    accepted_words,
    decided_words,
    details,
    flips_words,
    headline,
    more_flips,
    sureness,
)
from evalkit.report.render.terminal import STYLES, bullets, plain, records, table


def gate_tables(result: GateResult) -> Iterator[RenderableType]:
    """Yield the verdict, what was compared, the rules, the conditions and the documents that changed sides."""
    yield plain(f"baseline   {_side(result.baseline)}")
    if accepted := accepted_words(result.baseline):
        why = result.baseline.accepted_reason
        yield plain(f"           accepted {accepted}{f': {one_line(why, 200)}' if why else ''}")
    yield plain(f"candidate  {_side(result.candidate)}")
    if result.policy is not None:
        verdict = BADGES[result.verdict].upper()
        style = STYLES[MARKS[result.verdict]]
        yield plain(f"\nVERDICT: {verdict}  [policy {result.policy}]", style)
    yield plain(f"\n{headline(result)}" if result.policy is None else headline(result))
    yield from bullets("", tuple(details(result)))
    if result.rules:
        yield table(rules_table(result))
        yield plain(f"{sureness(result)} {decided_words(result)}", "dim")
    if result.differences:
        yield table(conditions_table(result))
    if result.flips:
        flips = flips_table(result)
        yield plain(f"\n{flips.title}\n{flips_words(result)}")
        yield from records(flips)
        if more := more_flips(result):
            yield plain(more)
    yield from bullets("Warnings", result.warnings)


def _side(side: SideFact) -> str:
    runs = "" if side.n_runs == 0 else f", {side.n_runs} run{'s' if side.n_runs > 1 else ''}"
    kind = "accepted, " if side.is_accepted else ""
    return f"{one_line(side.model, 40)}  [{kind}{one_line(side.label, 40)}{runs}]"
