"""A gate's tables, each built once: page, terminal and Markdown walk them."""

from __future__ import annotations

from evalkit.gate.facts import Flip, GateResult, RuleResult
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Group, Head, Row, Table, flat
from evalkit.report.gate.amounts import value_words
from evalkit.report.gate.findings import found_words, note
from evalkit.report.gate.names import (
    TIER_TITLES,
    badge,
    condition_words,
    consequence_words,
    mark,
    metric_meaning,
    rule_names,
)
from evalkit.report.text_safety import visible
from evalkit.wording import NOTHING, Said, numeral, say, verbatim

_LONGEST = 300
"""Characters of what was asked or answered."""


def rules_table(result: GateResult) -> Table:
    """Return a row per rule, those that count more first."""
    named = tuple(zip(rule_names(result.rules), result.rules, strict=True))
    columns = (Head(say("what was found")), Head(say("baseline")), Head(say("candidate")))
    if result.policy is None:
        rows = tuple(_rule_row(name, rule, result) for name, rule in named)
        return Table(say("Numbers"), columns, (Group(NOTHING, rows),), say("metric"))
    tiers = {r.tier for r in result.rules}
    groups = tuple(
        Group(title, tuple(_rule_row(n, r, result) for n, r in named if r.tier == tier))
        for tier, title in TIER_TITLES.items()
        if tier in tiers
    )
    return Table(say("Rules of the gate"), (Head(say("status")), *columns), groups, say("rule"))


def _rule_row(name: Said, rule: RuleResult, result: GateResult) -> Row:
    what = Cell(found_words(rule, result), note(rule, result))
    values = (
        Cell(value_words(rule.metric, value), is_missing=value is None)
        for value in (rule.baseline, rule.candidate)
    )
    status = Cell(badge(rule), mark=mark(rule))
    cells = (what, *values) if result.policy is None else (status, what, *values)
    return Head(name, metric_meaning(rule.metric)), cells


def conditions_table(result: GateResult) -> Table:
    """Return a row per condition of measuring that is not the same on both sides."""
    heads = (Head(say("where")), Head(say("baseline")), Head(say("candidate")), Head(say("so")))
    rows = [
        (
            Head(condition_words(d)),
            (
                Cell(verbatim(d.where)),
                Cell(verbatim(d.baseline)),
                Cell(verbatim(d.candidate)),
                Cell(consequence_words(d), mark="" if d.is_allowed else "unclear"),
            ),
        )
        for d in result.differences
    ]
    return flat(say("Conditions that differ"), heads, rows, say("condition"))


def flips_table(result: GateResult) -> Table:
    """Return a row per document that is listed: how it changed, what was asked, expected and answered."""
    heads = (
        Head(say("change")),
        Head(say("question")),
        Head(say("expected")),
        Head(say("baseline's answer")),
        Head(say("candidate's answer")),
    )
    suites: dict[str, set[str]] = {}
    for flip in result.flips:
        suites.setdefault(flip.task, set()).add(flip.suite)
    rows = [_flip_row(f, with_suite=len(suites[f.task]) > 1) for f in result.flips]
    return flat(say("Documents that changed sides"), heads, rows, say("document"))


def _flip_row(flip: Flip, *, with_suite: bool) -> Row:
    task = f"{flip.suite}/{flip.task}" if with_suite else flip.task
    score = say(
        "{score} {before} → {after}",
        score=flip.score,
        before=_score(flip.baseline),
        after=_score(flip.candidate),
    )
    change = (
        Cell(say("✗ worse"), score, mark="fail")
        if flip.is_worse
        else Cell(say("✓ better"), score, mark="pass")
    )
    texts = (flip.target, flip.baseline_answer, flip.candidate_answer)
    name = say("{task}, document {n}", task=task, n=verbatim(str(flip.doc_id)))
    return Head(name), (change, _ending(flip.prompt), *map(_beginning, texts))


def _beginning(words: str | None) -> Cell:
    if words is None:
        return Cell(text.MISSING, is_missing=True)
    shown = _one_line(words[: 4 * _LONGEST])
    return Cell(verbatim(shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"))


def _ending(words: str | None) -> Cell:
    """Return the end of a prompt: instructions and worked examples come first, the question last."""
    if words is None:
        return Cell(text.MISSING, is_missing=True)
    shown = _one_line(words[-4 * _LONGEST :])
    return Cell(verbatim(shown if len(shown) <= _LONGEST else "…" + shown[1 - _LONGEST :]))


def _one_line(words: str) -> str:
    return " ".join(visible(words).split())


def _score(value: float) -> Said:
    return numeral(f"{value:.3g}")
