"""A gate, or a comparison, as tables in the terminal, within 100 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evalkit.gate.facts import GateResult, SideFact, Status
from evalkit.report import format as text
from evalkit.report.decision.labels import one_line
from evalkit.report.gate.amounts import value_words
from evalkit.report.gate.excerpts import COLUMNS, Excerpt, excerpts
from evalkit.report.gate.findings import found_words, note
from evalkit.report.gate.names import (
    BADGES,
    badge,
    condition_words,
    consequence_words,
    rule_names,
    tier_words,
)
from evalkit.report.gate.words import (
    accepted_words,
    decided_words,
    details,
    flips_words,
    headline,
    more_flips,
    sureness,
)
from evalkit.report.terminal_parts import bullets, plain, titled_table

_STYLES = {
    Status.PASS: "green",
    Status.IMPROVED: "green",
    Status.FAIL: "red",
    Status.INCONCLUSIVE: "yellow",
    Status.MISSING: "dim",
}
_LONGEST_EXCERPT = 160
"""Characters of whatever somebody wrote; the page has more."""


def gate_tables(result: GateResult) -> Iterator[RenderableType]:
    """Yield the verdict, what was compared, the rules, the conditions and the documents that changed sides."""
    yield plain(f"baseline   {_side(result.baseline)}")
    if accepted := accepted_words(result.baseline):
        why = result.baseline.accepted_reason
        yield plain(f"           accepted {accepted}{f': {one_line(why, 200)}' if why else ''}")
    yield plain(f"candidate  {_side(result.candidate)}")
    if result.policy is not None:
        verdict = BADGES[result.verdict].upper()
        yield plain(f"\nVERDICT: {verdict}  [policy {result.policy}]", _STYLES[result.verdict])
    yield plain(f"\n{headline(result)}" if result.policy is None else headline(result))
    yield from bullets("", tuple(details(result)))
    if result.rules:
        yield rule_table(result)
        yield plain(f"{sureness(result)} {decided_words(result)}", "dim")
    if result.differences:
        yield _conditions(result)
    if result.flips:
        yield plain(f"\nDocuments that changed sides\n{flips_words(result)}")
        for excerpt in excerpts(result, _LONGEST_EXCERPT):
            yield from _flip(excerpt)
        if more := more_flips(result):
            yield plain(more)
    yield from bullets("Warnings", result.warnings)


def _side(side: SideFact) -> str:
    runs = "" if side.n_runs == 0 else f", {side.n_runs} run{'s' if side.n_runs > 1 else ''}"
    kind = "accepted, " if side.is_accepted else ""
    return f"{one_line(side.model, 40)}  [{kind}{one_line(side.label, 40)}{runs}]"


def rule_table(result: GateResult) -> Table:
    """Return a row per rule: both numbers, what the interval says, and what follows."""
    is_judged = result.policy is not None
    table = titled_table("Rules" if is_judged else "Numbers")
    if is_judged:
        table.add_column("status", min_width=14)
    table.add_column("rule" if is_judged else "metric", overflow="fold", max_width=34)
    table.add_column("what was found", overflow="fold")
    for name, rule in zip(rule_names(result.rules), result.rules, strict=True):
        both = (value_words(rule.metric, value) for value in (rule.baseline, rule.candidate))
        has_values = not (rule.baseline is None and rule.candidate is None)
        cells = [
            _named(name, " → ".join(both) if has_values else ""),
            _named(found_words(rule, result), note(rule, result)),
        ]
        if is_judged:
            stamp = plain(badge(rule), _STYLES[rule.status])
            cells.insert(0, Text.assemble(stamp, "\n", plain(tier_words(rule.tier), "dim")))
        table.add_row(*cells)
    return table


def _named(line: str, below: str) -> Text:
    return plain(line) if not below else Text.assemble(plain(line), "\n", plain(below, "dim"))


def _conditions(result: GateResult) -> Table:
    table = titled_table("Conditions that differ")
    for column in ("condition", "where", "baseline", "candidate", "so"):
        table.add_column(column, overflow="fold", max_width=24)
    for d in result.differences:
        cells = (condition_words(d), d.where, d.baseline, d.candidate, consequence_words(d))
        table.add_row(*(plain(one_line(cell, 120)) for cell in cells))
    return table


def _flip(excerpt: Excerpt) -> Iterator[RenderableType]:
    """Yield a document and, where its texts are known, what was asked and answered."""
    style = _STYLES[Status.FAIL if excerpt.is_worse else Status.PASS]
    head = Text.assemble(
        plain(f"\n{excerpt.mark}", style), plain(f"  {excerpt.name}, {excerpt.score}")
    )
    yield head
    known = [
        (name, words)
        for name, words in zip(COLUMNS, excerpt.texts, strict=True)
        if words != text.MISSING
    ]
    yield from (Padding(plain(f"{name}: {words}"), (0, 0, 0, 2)) for name, words in known)
