"""A gate → the section of the report: every word of it is decided here, so that the template computes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from evalkit.gate.facts import GateResult, RuleResult, SideFact
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.gate.amounts import allowed, bound, count_words, limit, signed
from evalkit.report.gate.figures import Picture, pictures
from evalkit.report.gate.names import (
    BADGES,
    MARKS,
    rule_names,
)
from evalkit.report.gate.tables import conditions_table, flips_table, rules_table
from evalkit.report.gate.words import (
    accepted_words,
    decided_words,
    details,
    flips_words,
    headline,
    moment,
    more_flips,
    sureness,
)
from evalkit.report.language import ENGLISH, Spoken
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim


@dataclass(frozen=True, slots=True)
class GateSection:
    """The whole section, ready to be put into HTML."""

    title: Said
    badge: Said
    """Empty where nothing is judged."""
    tone: str
    """Class that colours it: `pass`, `fail`, `unclear`, or `none`."""
    headline: Said
    lines: tuple[Said, ...]
    warnings: tuple[Said, ...]
    rules: Table
    is_judged: bool
    footnote: Said
    pictures: tuple[Picture, ...]
    numbers: Table
    conditions: Table | None
    flips: Table | None
    flips_words: Said
    sides: Table


def build_gate(result: GateResult, language: Spoken = ENGLISH) -> GateSection:
    """Decide everything that the section says; the language is that of its pictures."""
    is_judged = result.policy is not None
    return GateSection(
        title=say("Upgrade gate") if is_judged else say("Comparison with the baseline"),
        badge=BADGES[result.verdict] if is_judged else NOTHING,
        tone=MARKS[result.verdict] if is_judged else "none",
        headline=headline(result),
        lines=tuple(details(result)),
        warnings=result.warnings,
        rules=rules_table(result),
        is_judged=is_judged,
        footnote=joined((sureness(result), decided_words(result)), " "),
        pictures=tuple(pictures(result, language)),
        numbers=_numbers(result),
        conditions=conditions_table(result) if result.differences else None,
        flips=flips_table(result) if result.flips else None,
        flips_words=joined((flips_words(result), more_flips(result)), " "),
        sides=_sides(result),
    )


def _numbers(result: GateResult) -> Table:
    """Return what was computed on every rule, for whoever checks it."""
    is_judged = result.policy is not None
    heads = (
        Head(say("damage"), say("how much worse the candidate is: points of 100, or per cent")),
        Head(say("at least"), say("lower bound; of limits, of the candidate's own value")),
        Head(say("at most"), say("upper bound; of limits, of the candidate's own value")),
        *((Head(say("margin"), say("what is allowed, or the limit")),) if is_judged else ()),
        Head(say("rests on")),
        Head(say("better on"), say("documents")),
        Head(say("worse on"), say("documents")),
        Head(say("p"), say("chance of so much damage if the candidate were no worse")),
        Head(say("p, Holm"), say("the same, corrected for all rules of this gate")),
        Head(say("method"), say("of the interval")),
    )
    rows = [
        (Head(name), tuple(_number_cells(rule, is_judged=is_judged)))
        for name, rule in zip(rule_names(result.rules), result.rules, strict=True)
    ]
    corner = say("rule") if is_judged else say("metric")
    return flat(say("The numbers in full"), heads, rows, corner)


def _number_cells(rule: RuleResult, *, is_judged: bool) -> Iterator[Cell]:
    is_change, is_class = rule.kind == "change", rule.scale == "class"
    yield _cell(signed(rule, rule.damage) if is_change else text.MISSING)
    for value, up in ((rule.least, False), (rule.most, True)):
        yield _cell(signed(rule, value, up=up) if is_change else _limited(rule, value, up=up))
    if is_judged:
        yield _cell(text.MISSING if is_class else allowed(rule) if is_change else limit(rule))
    yield _cell(count_words(rule) if rule.n else text.MISSING)
    yield _cell(text.count(rule.wins))
    yield _cell(text.count(rule.losses))
    yield _cell(_p(rule.p_worse))
    yield _cell(_p(rule.p_holm))
    yield _cell(rule.method or text.MISSING)


def _limited(rule: RuleResult, value: float | None, *, up: bool) -> Said:
    if value is None or not isfinite(value):
        return text.MISSING
    return bound(rule, value, up=up)


def _p(value: float | None) -> Said:
    if value is None:
        return text.MISSING
    return say("< {n}", n=numeral("0.0001")) if value < 0.0001 else numeral(f"{value:.2g}")


def _cell(words: Said) -> Cell:
    return Cell(words, is_missing=words == text.MISSING)


def _sides(result: GateResult) -> Table:
    """Return what was compared, column by column."""
    both = (result.baseline, result.candidate)
    rows = [
        (Head(name), tuple(_cell(value) for value in values))
        for name, *values in zip(_SIDE_ROWS, *map(_side_cells, both), strict=True)
        if any(value != text.MISSING for value in values)
    ]
    heads = (Head(say("baseline")), Head(say("candidate")))
    return flat(say("Baseline and candidate"), heads, rows, NOTHING)


_SIDE_ROWS = (
    say("model"),
    say("source"),
    say("revision"),
    say("SHA-256 of the weights"),
    say("licence"),
    say("hardware"),
    say("software"),
    say("runs"),
    say("documents"),
    say("first and last run"),
    say("where"),
    say("SHA-256"),
    say("accepted"),
    say("accepted because"),
)


def _side_cells(side: SideFact) -> Iterator[Said]:
    span = dict.fromkeys((side.first_run, side.last_run))
    yield verbatim(side.model)
    yield verbatim(side.source) or text.MISSING
    yield verbatim(side.revision or "") or text.MISSING
    yield verbatim(side.weights or "") or text.MISSING
    yield verbatim(side.licence or "") or text.MISSING
    yield verbatim(side.hardware) or text.MISSING
    yield verbatim(side.software) or text.MISSING
    yield text.count(side.n_runs)
    yield text.count(side.n_docs)
    yield joined((moment(m) for m in span), " – ") or text.MISSING
    yield verbatim(side.label) or text.MISSING
    yield verbatim(side.digest or "") or text.MISSING
    yield accepted_words(side) or text.MISSING
    yield verbatim(side.accepted_reason or "") or text.MISSING
