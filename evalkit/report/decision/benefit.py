"""The table of what is got for the money: right answers, what each additional one costs, and net benefit."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.analysis.tco.facts import BenefitFact, TcoFacts
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision.cells import figure_cell, known, plain
from evalkit.report.decision.words import positions
from evalkit.wording import Said, say, say_n, verbatim


def benefit_grid(facts: TcoFacts) -> Table | None:
    """Return a row per option, cheapest first, and one for doing nothing; None where there is nothing to compare."""
    has_worth = any(b.net_benefit is not None for b in facts.benefits)
    if len(facts.benefits) < 2 and not has_worth:
        return None
    heads = [
        Head(
            say_n(
                "right answers in {n} month", "right answers in {n} months", facts.horizon_months
            ),
            say("requests · quality"),
        ),
        Head(
            say("each additional right answer"),
            say("more cost / more right answers, beside the best of the cheaper options"),
        ),
    ]
    if has_worth:
        why = say("worth of right answers − harm of wrong ones − cost, present value")
        heads.append(Head(say("net benefit"), why))
    where = positions(facts)
    rows = [
        (Head(verbatim(b.option), series=where.get(b.option)), tuple(_cells(b, facts)))
        for b in facts.benefits
    ]
    if has_worth:
        zero = text.money(0.0, facts.currency)
        rows.append((Head(say("do nothing")), (Cell(plain(0.0)), Cell(text.MISSING), Cell(zero))))
    return flat(say("Right answers, and what more of them cost"), heads, rows, say("option"))


def _cells(b: BenefitFact, facts: TcoFacts) -> Iterator[Cell]:
    def money(value: float | None) -> Said:
        return text.money(value, facts.currency)

    yield figure_cell(b.right_answers, plain)
    yield _additional(b, facts)
    if b.net_benefit is not None:
        yield figure_cell(b.net_benefit, money)


def _additional(b: BenefitFact, facts: TcoFacts) -> Cell:
    if b.compared_with is None:
        return Cell(text.MISSING, say("the cheapest"))
    beside = say("beside {option}", option=b.compared_with)
    if b.is_dominated:
        return Cell(say("none: no better, and not cheaper"), beside)
    if b.per_additional is None or known(b.per_additional.value) is None:
        return Cell(say("not sure that it is better"), beside)
    return figure_cell(b.per_additional, lambda v: text.money(v, facts.currency), beside)
