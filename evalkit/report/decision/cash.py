"""Cash and unit cost apart: what is paid for what, what is paid in which year, and what a piece of work costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from evalkit.analysis.tco.facts import CashFact, Figure, OptionFact, TcoFacts
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Row, Table, flat
from evalkit.report.decision.cells import bounds_of, known, missing
from evalkit.report.decision.words import between_about, positions
from evalkit.wording import NOTHING, Said, say, say_n, verbatim

_PARTS: tuple[tuple[Said, Said, str], ...] = (
    (say("adoption"), say("project, integration, training; once"), "adoption"),
    (say("purchases"), say("servers, when they are bought, and again when their life is over"), "purchases"),
    (say("rent"), say("GPUs by the hour, by the second or for a term"), "rent"),
    (say("energy"), say("electricity of own servers"), "energy"),
    (say("upkeep"), say("maintenance, hosting, licences"), "upkeep"),
    (say("staff"), say("people who keep it running"), "staff"),
    (say("API"), say("what the vendor charges"), "api"),
    (say("exit"), say("leaving a vendor or a landlord at the end"), "exit"),
    (say("tax"), say("less tax on profits, where the scenario looks at it"), "tax"),
    (say("value at the end"), say("what the servers bring when they are sold"), "resale"),
)  # fmt: skip
_RARE = ("exit", "tax")
"""Parts without a row where no option has them."""
_UNKNOWN = say("not known yet")


def parts_table(facts: TcoFacts) -> Table | None:
    """Return what is paid for what over the horizon; None where no option has its costs known.

    Present values at the most likely values: they add up, which medians of draws do not.
    """
    options = _with_cash(facts)
    if not options:
        return None
    rows = [
        _row(name, why, options, partial(_part, field=field))
        for name, why, field in _PARTS
        if field not in _RARE or any(getattr(o.cash, field) for o in options)
    ]
    rows.append(_row(say("together"), NOTHING, options, lambda _, c: Cell(text.about(_sum(c)))))
    title = say_n(
        "Cash over {n} month, by what is paid: {currency}, present value, most likely values",
        "Cash over {n} months, by what is paid: {currency}, present value, most likely values",
        facts.horizon_months,
        currency=facts.currency,
    )
    return flat(title, _heads(facts, options), rows, say("paid for"))


def years_table(facts: TcoFacts) -> Table | None:
    """Return what is paid in which year; None where no option has its costs known."""
    options = _with_cash(facts)
    if not options:
        return None
    n = max(len(o.cash.years) for o in options if o.cash)
    names = [say("at the beginning"), *(say("year {n}", n=str(i)) for i in range(1, n))]
    rows = [_row(name, NOTHING, options, partial(_year, i=i)) for i, name in enumerate(names)]
    title = say(
        "Cash by year: {currency} as it is paid, not discounted, most likely values; what is sold counts in the last",
        currency=facts.currency,
    )
    return flat(title, _heads(facts, options), rows, say("paid"))


def unit_table(facts: TcoFacts) -> Table:
    """Return the unit view: what a month, a request and a correct answer cost, servers spread over their life."""
    where = positions(facts)
    heads = [Head(say("mean per month")), Head(say("per request")), Head(say("per correct answer"))]
    rows = [
        (Head(verbatim(o.name), series=where[o.name]), tuple(_unit(o, f) for f in _unit_costs(o)))
        for o in facts.options
    ]
    title = say("Unit cost in {currency}, servers spread over their life", currency=facts.currency)
    return flat(title, heads, rows, say("option"))


def _unit_costs(o: OptionFact) -> tuple[Figure | None, ...]:
    unit = o.unit
    return (o.per_month, *((unit.per_request, unit.per_correct_answer) if unit else (None, None)))


def _with_cash(facts: TcoFacts) -> list[OptionFact]:
    return [o for o in facts.options if o.cash is not None and not o.missing]


def _heads(facts: TcoFacts, options: Sequence[OptionFact]) -> list[Head]:
    where = positions(facts)
    left_out = say("INCOMPLETE")
    return [
        Head(verbatim(o.name), series=where[o.name], note=left_out if o.incomplete else NOTHING)
        for o in options
    ]


def _row(
    name: Said,
    why: Said,
    options: Sequence[OptionFact],
    read: Callable[[OptionFact, CashFact], Cell],
) -> Row:
    return Head(name, why), tuple(read(o, o.cash) for o in options if o.cash is not None)


def _part(o: OptionFact, cash: CashFact, field: str) -> Cell:
    """Return a part; what nobody gave is missing, and what an option does not have is a dash."""
    value: float = getattr(cash, field)
    not_given = {"staff": o.no_staff, "adoption": o.no_adoption}.get(field, ())
    if not_given and value == 0:
        return missing(say("nobody gave it"))
    return Cell(text.MISSING) if value == 0 else Cell(text.about(value))


def _year(_: OptionFact, cash: CashFact, i: int) -> Cell:
    return Cell(text.about(cash.years[i]))


def _sum(cash: CashFact) -> float:
    return sum(float(getattr(cash, field)) for _, _, field in _PARTS)


def _unit(o: OptionFact, figure: Figure | None) -> Cell:
    if o.missing or figure is None or known(figure.value) is None:
        return missing(words=_UNKNOWN)
    bounds = bounds_of(figure)
    return Cell(text.about(figure.value), NOTHING if bounds is None else between_about(*bounds))
