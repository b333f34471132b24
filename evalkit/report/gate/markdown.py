"""A gate as the summary of a build: readable on GitHub and GitLab, and never longer than they take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evalkit.gate.facts import GateResult
from evalkit.report.blocks import Table
from evalkit.report.gate.names import BADGES
from evalkit.report.gate.tables import conditions_table, flips_table, rules_table
from evalkit.report.gate.words import (
    decided_words,
    details,
    flips_words,
    headline,
    more_flips,
    side_words,
    sureness,
)
from evalkit.report.language import ENGLISH, Spoken
from evalkit.report.render.markdown import head_lines, row_lines, told
from evalkit.wording import Said, joined, say, say_n

MOST_BYTES = 1_000_000
"""GitHub takes 1 MiB of all summaries of a step together; some of it is left to others."""
_MOST_LINES = 50
_NOTE = 300
"""Bytes kept for the line that says how much was left out."""


def to_markdown(result: GateResult, language: Spoken = ENGLISH) -> str:
    """Write the summary: verdict, rules, conditions, and the documents that changed sides, folded up."""
    parts = [f"## {told(_title(result), language)}", "", told(headline(result), language), ""]
    lines = tuple(_lines(result))
    parts += [f"- {told(line, language)}" for line in lines[:_MOST_LINES]]
    if (left := len(lines) - _MOST_LINES) > 0:
        parts.append(f"- {told(_left_out(left), language)}")
    tables = [
        (before, head_lines(table, language), table, after)
        for before, table, after in _tables(result, language)
    ]
    room = MOST_BYTES - _size(parts)
    room -= sum(_size((before, *head, after)) + _NOTE for before, head, _, after in tables)
    for before, head, table, after in tables:
        rows = tuple(row_lines(table, language))
        kept, room = _fitting(rows, room)
        parts += [before, *head, *kept]
        if left := len(rows) - len(kept):
            parts += ["", f"*{told(_left_out(left), language)}*"]
        parts.append(after)
    return "\n".join(parts).strip() + "\n"


def _left_out(n: int) -> Said:
    return say_n("{n} row left out for its length.", "{n} rows left out for their length.", n)


def _title(result: GateResult) -> Said:
    if result.policy is None:
        return say("Comparison with the baseline")
    return say("Upgrade gate: {verdict}", verdict=BADGES[result.verdict])


def _lines(result: GateResult) -> Iterator[Said]:
    yield say(
        "Baseline: {baseline}; candidate: {candidate}.",
        baseline=side_words(result.baseline),
        candidate=side_words(result.candidate),
    )
    yield from details(result)
    yield from (say("Warning: {warning}", warning=warning) for warning in result.warnings)
    yield joined((sureness(result), decided_words(result)), " ")


def _tables(result: GateResult, language: Spoken) -> Iterator[tuple[str, Table, str]]:
    """Yield what stands before a table, the table, and what stands behind it."""
    rules = rules_table(result)
    yield f"\n### {told(rules.title, language)}\n", rules, ""
    if result.differences:
        conditions = conditions_table(result)
        yield f"\n### {told(conditions.title, language)}\n", conditions, ""
    if result.flips:
        flips = flips_table(result)
        title = told(flips.title, language)
        listed = told(joined((flips_words(result), more_flips(result)), " "), language)
        opening = f"\n<details><summary>{title}</summary>\n\n{listed}\n"
        yield opening, flips, "\n</details>\n"


def _fitting(rows: Sequence[str], room: int) -> tuple[list[str], int]:
    """Return the rows that fit, and how much room is left."""
    kept: list[str] = []
    for row in rows:
        size = _size((row,))
        if size > room:
            break
        kept.append(row)
        room -= size
    return kept, room


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
