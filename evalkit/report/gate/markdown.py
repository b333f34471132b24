"""A gate as the summary of a build: readable on GitHub and GitLab, and never longer than they take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.gate.facts import GateResult
from evalkit.report.gate.excerpts import COLUMNS, excerpts
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
    decided_words,
    details,
    flips_words,
    headline,
    more_flips,
    side_words,
    sureness,
)
from evalkit.report.language import ENGLISH, Spoken
from evalkit.report.markdown import escaped
from evalkit.wording import Said, joined, say, say_n, tell

MOST_BYTES = 1_000_000
"""GitHub takes 1 MiB of all summaries of a step together; some of it is left to others."""
_LONGEST_CELL, _LONGEST_EXCERPT, _MOST_LINES = 600, 300, 50
_NOTE = 300
"""Bytes kept for the line that says how much was left out."""


def to_markdown(result: GateResult, language: Spoken = ENGLISH) -> str:
    """Write the summary: verdict, rules, conditions, and the documents that changed sides, folded up."""
    parts = [f"## {_text(_title(result), language)}", "", _text(headline(result), language), ""]
    lines = tuple(_lines(result))
    parts += [f"- {_text(line, language)}" for line in lines[:_MOST_LINES]]
    if (left := len(lines) - _MOST_LINES) > 0:
        parts.append(f"- {_text(_left_out(left), language)}")
    tables = tuple(_tables(result, language))
    room = MOST_BYTES - _size(parts)
    room -= sum(_size((before, *table[:2], after)) + _NOTE for before, table, after in tables)
    for before, table, after in tables:
        rows, room = _fitting(table[2:], room)
        parts += [before, *table[:2], *rows]
        if left := len(table) - 2 - len(rows):
            parts += ["", f"*{_text(_left_out(left), language)}*"]
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


def _tables(result: GateResult, language: Spoken) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield what stands before a table, its lines, and what stands behind it."""
    yield f"\n### {_text(say('Rules'), language)}\n", tuple(_rules(result, language)), ""
    if result.differences:
        title = say("Conditions that differ")
        yield f"\n### {_text(title, language)}\n", tuple(_conditions(result, language)), ""
    if result.flips:
        title = say("Documents that changed sides")
        listed = joined((flips_words(result), more_flips(result)), " ")
        opening = (
            f"\n<details><summary>{_text(title, language)}</summary>\n\n{_text(listed, language)}\n"
        )
        yield opening, tuple(_flips(result, language)), "\n</details>\n"


def _rules(result: GateResult, language: Spoken) -> Iterator[str]:
    named = tuple(zip(rule_names(result.rules), result.rules, strict=True))
    if result.policy is None:
        yield from _head((say("metric"), say("what was found"), say("details")), language)
        for name, rule in named:
            yield _row((name, found_words(rule, result), note(rule, result)), language)
        return
    heads = (say("status"), say("rule"), say("tier"), say("what was found"), say("details"))
    yield from _head(heads, language)
    for name, rule in named:
        said = (found_words(rule, result), note(rule, result))
        yield _row((badge(rule), name, tier_words(rule.tier), *said), language)


def _conditions(result: GateResult, language: Spoken) -> Iterator[str]:
    heads = (say("condition"), say("where"), say("baseline"), say("candidate"), say("so"))
    yield from _head(heads, language)
    for d in result.differences:
        cells = (condition_words(d), d.where, d.baseline, d.candidate, consequence_words(d))
        yield _row(cells, language)


def _flips(result: GateResult, language: Spoken) -> Iterator[str]:
    yield from _head((say("change"), say("document"), say("score"), *COLUMNS), language)
    for e in excerpts(result, _LONGEST_EXCERPT):
        yield _row((e.mark, e.name, e.score, *e.texts), language)


def _head(heads: Sequence[Said], language: Spoken) -> Iterator[str]:
    yield _row(heads, language)
    yield "|" + "---|" * len(heads)


def _row(cells: Sequence[str], language: Spoken) -> str:
    return f"| {' | '.join(_text(cell, language) for cell in cells)} |"


def _text(words: str, language: Spoken) -> str:
    """Return one line that means nothing in Markdown, cut where it is endless."""
    told = tell(words, language)
    return escaped(told if len(told) <= _LONGEST_CELL else told[:_LONGEST_CELL] + "…")


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


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
