"""What fits into a short summary: a row per option, with its rules, its costs and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evalkit.analysis.tco.facts import Figure, OptionFact, TcoFacts
from evalkit.decision.facts import Outcome, Verdict
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision.cells import Show, estimate_cell, figure_cell, missing
from evalkit.report.decision.costs import upfront_cell
from evalkit.report.decision.words import OUTCOMES, positions, rule_words
from evalkit.wording import NOTHING, Said, joined, say, say_n, verbatim

Column = tuple[Head, Callable[[OptionFact], Cell]]
_UNKNOWN = say("not known yet")


def cost_columns(facts: TcoFacts) -> list[Column]:
    """Return the five amounts that say most."""

    def show(value: float | None) -> Said:
        return text.money(value, facts.currency)

    return [
        (Head(say("upfront")), lambda o: upfront_cell(o, show)),
        (Head(say("mean per month")), lambda o: _amount(o, o.per_month, show)),
        (
            Head(
                say_n(
                    "present value of {n} month",
                    "present value of {n} months",
                    facts.horizon_months,
                )
            ),
            lambda o: _amount(o, o.total, show),
        ),
        (
            Head(say("per request")),
            lambda o: _amount(o, o.unit and o.unit.per_request, show),
        ),
        (
            Head(say("per correct answer")),
            lambda o: _amount(o, o.unit and o.unit.per_correct_answer, show),
        ),
    ]


def rules_column(verdict: Verdict) -> Column:
    """Return whether an option keeps every rule, and which it does not."""

    def read(o: OptionFact) -> Cell:
        mine = [c for c in verdict.checks if c.option == o.name]
        if not mine:
            return Cell(text.MISSING, say("not asked"))
        order = (Outcome.FAIL, Outcome.UNCLEAR, Outcome.PASS)
        worst = min((c.outcome for c in mine), key=order.index)
        named = dict.fromkeys(rule_words(c.rule) for c in mine if c.outcome is worst)
        note = NOTHING if worst is Outcome.PASS else joined(named)
        return Cell(OUTCOMES[worst], note, mark=str(worst))

    return Head(say("keeps the rules")), read


def quality_column() -> Column:
    """Return the measured quality."""
    return Head(say("quality")), lambda o: estimate_cell(o.quality, text.percent)


def option_grid(
    facts: TcoFacts, columns: Sequence[Column], options: Sequence[OptionFact] | None = None
) -> Table:
    """Return a table with a row per option.

    Args:
        facts: Of the decision.
        columns: What to tell of each.
        options: Which, in which order; None: all.
    """
    where = positions(facts)
    rows = [
        (Head(verbatim(o.name), series=where[o.name]), tuple(read(o) for _, read in columns))
        for o in (facts.options if options is None else options)
    ]
    return flat(say("What each option costs"), [head for head, _ in columns], rows, say("option"))


def _amount(o: OptionFact, figure: Figure | None, show: Show) -> Cell:
    if o.missing or figure is None:
        return missing(words=_UNKNOWN)
    return figure_cell(figure, show, say("INCOMPLETE") if o.incomplete else NOTHING)
