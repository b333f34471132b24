"""The table of what each option costs, needs and gives: a column per option; a missing number says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from evalkit.analysis.tco.facts import (
    BUILD,
    BUY,
    Breakdown,
    Figure,
    OptionFact,
    TcoFacts,
    UnitCosts,
)
from evalkit.analysis.tco.values import Provenance
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Group, Head, Table
from evalkit.report.decision.cells import (
    CI,
    Show,
    estimate_cell,
    figure_cell,
    known,
    missing,
    plain,
)
from evalkit.report.decision.words import kind_words, positions, side_words
from evalkit.report.glossary import DECISION_TERMS as TERMS
from evalkit.wording import NOTHING, Said, joined, say, say_n, verbatim

Read = Callable[[OptionFact], Cell]
RowPlan = tuple[Said, Said, Read]
"""Name, meaning, and what to show of an option."""
WHY_NOT = say("not known yet")
NO_MACHINES = say("an API: no own machines")
_PARTS = (
    (say("machines"), say("own servers spread over their life, or rent"), "machines"),
    (say("energy"), say("electricity of own servers"), "energy"),
    (say("upkeep"), say("maintenance, hosting, licences"), "upkeep"),
    (say("staff"), say("people who keep it running"), "staff"),
    (say("API"), say("what the vendor charges"), "api"),
)
_IN_RENT = say("in the rent")
_IN_PRICE = say("in the API's price")
_PAID_IN = {
    "rented_on_demand": _IN_RENT,
    "rented_reserved": _IN_RENT,
    "rented_serverless": _IN_RENT,
    "api_list": _IN_PRICE,
    "api_contract": _IN_PRICE,
    "api_batch": _IN_PRICE,
}


def cost_grid(facts: TcoFacts) -> Table:
    """Return the whole table."""
    where = positions(facts)
    columns = tuple(Head(verbatim(o.name), kind_words(o), where[o.name]) for o in facts.options)
    plans = (
        (say("What it is"), tuple(_identity())),
        (say("What is paid"), tuple(_paid(facts))),
        (say("For a piece of work, first month"), tuple(_units(facts.currency))),
        (say("What it needs, first month"), tuple(_needs(facts.currency))),
        (say("What it gives"), tuple(_gives())),
    )
    groups = tuple(
        Group(
            title,
            tuple(
                (Head(name, why), tuple(read(o) for o in facts.options)) for name, why, read in rows
            ),
        )
        for title, rows in plans
    )
    return Table(say("Costs in {currency}", currency=facts.currency), columns, groups)


def _identity() -> Iterator[RowPlan]:
    yield say("deployment"), NOTHING, lambda o: Cell(kind_words(o), side_words(o.side))
    yield (
        say("model"),
        NOTHING,
        lambda o: Cell(joined(o.models, " + ")) if o.models else missing(),
    )
    yield WHY_NOT, say("what has to be known to cost it"), _not_known


def _not_known(o: OptionFact) -> Cell:
    """Say what is missing to cost an option, or what its costs leave out."""
    if o.missing:
        return missing(joined(o.missing, "; "), say("costs not known"))
    if o.incomplete:
        items = joined(o.incomplete, "; ")
        left_out = say("left out, since nobody gave it: {items}", items=items)
        return Cell(say("INCOMPLETE"), left_out, mark="unclear")
    return Cell(say("nothing"))


def _paid(facts: TcoFacts) -> Iterator[RowPlan]:
    money = _money(facts.currency)
    yield (
        say("to pay first, cash"),
        say("adoption and, where owned, the first servers"),
        lambda o: upfront_cell(o, money),
    )
    yield say("first month, unit cost"), say("without adoption"), lambda o: _month(o, money)
    for name, why, field in _PARTS:
        yield joined(("…", name), " "), why, partial(_part, field=field, show=money)
    yield (
        say("mean per month, unit cost"),
        say("everything over the horizon / its months, not discounted"),
        lambda o: _total(o, o.per_month, money),
    )
    yield (
        say_n("{n} month, cash", "{n} months, cash", facts.horizon_months),
        TERMS["present value"],
        lambda o: _total(o, o.total, money),
    )


def _absent(o: OptionFact) -> Cell:
    """Return a cell of an option that could not be costed; why is told once, in the first rows of its column."""
    return missing(say("see “{row}”", row=WHY_NOT) if o.missing else NOTHING)


def _total(o: OptionFact, figure: Figure, show: Show) -> Cell:
    """Return an amount, and what it leaves out."""
    without = say("INCOMPLETE, see “{row}”", row=WHY_NOT) if o.incomplete else NOTHING
    return _absent(o) if o.missing else figure_cell(figure, show, without)


def upfront_cell(o: OptionFact, show: Show) -> Cell:
    """Return what is paid at the beginning; where nobody gave the adoption cost, its absence is no 0."""
    if o.no_adoption and known(o.upfront.value) == 0:
        return missing(say("nobody gave the adoption cost"))
    return _total(o, o.upfront, show)


def _month(o: OptionFact, show: Show) -> Cell:
    if o.first_month is None or known(o.first_month.total) is None:
        return _absent(o)
    staff = say("without staff") if o.no_staff else NOTHING
    return Cell(show(o.first_month.total), joined((say("most likely values"), staff), "; "))


def _part(o: OptionFact, field: str, show: Show) -> Cell:
    month: Breakdown | None = o.first_month
    if month is None:
        return _absent(o)
    if field == "staff" and o.no_staff:
        if month.staff:
            half = say("INCOMPLETE: of one side nobody gave it")
            return Cell(show(month.staff), half, mark="unclear")
        return missing(say("nobody gave it"))
    value: float = getattr(month, field)
    if known(value) is None:
        return _absent(o)
    if value == 0 and field in ("energy", "upkeep", "machines") and o.kind in _PAID_IN:
        return Cell(text.MISSING, _PAID_IN[o.kind])
    if value == 0 and field in ("energy", "upkeep") and o.parts:
        return Cell(text.MISSING, _IN_RENT)
    if value == 0 and field == "api" and o.side == BUILD:
        return Cell(text.MISSING, say("no API"))
    return Cell(show(value))


def _units(currency: str) -> Iterator[RowPlan]:
    money = _money(currency)
    rows: tuple[tuple[Said, Said, Callable[[UnitCosts], Figure]], ...] = (
        (say("per request"), say("all cost of the month / requests"), lambda u: u.per_request),
        (
            say("per request within the service level"),
            say("cost per request / share of requests that kept it"),
            lambda u: u.per_request_within_slo,
        ),
        (
            say("per correct answer"),
            say("cost per request / quality"),
            lambda u: u.per_correct_answer,
        ),
        (say("per Mtok, input"), TERMS["Mtok"], lambda u: u.input_per_mtok),
        (say("per Mtok, output"), TERMS["Mtok"], lambda u: u.output_per_mtok),
        (
            say("per Mtok, blended"),
            say("all cost / all tokens, input and output"),
            lambda u: u.blended_per_mtok,
        ),
    )
    for name, why, read in rows:
        yield name, why, partial(_unit, read=read, show=money)
    yield say("… divided between input and output"), NOTHING, _allocation
    yield (
        say("per Mtok at full load"),
        joined((TERMS["full load"], say("Machines, energy and upkeep; no staff.")), " "),
        lambda o: _of_machines(o, lambda u: u.full_load_per_mtok, money),
    )


def _unit(o: OptionFact, read: Callable[[UnitCosts], Figure], show: Show) -> Cell:
    return _absent(o) if o.unit is None else figure_cell(read(o.unit), show)


def _allocation(o: OptionFact) -> Cell:
    if o.unit is None or not o.unit.allocation:
        return _absent(o)
    return Cell(NOTHING, o.unit.allocation)


def _of_machines(o: OptionFact, read: Callable[[UnitCosts], Figure], show: Show) -> Cell:
    """Return a number that only own machines have; where it is missing, its own reason goes first."""
    cell = _unit(o, read, show)
    if cell.is_missing and o.side == BUY:
        return Cell(text.MISSING, cell.note or NO_MACHINES, is_missing=True)
    return cell


def _needs(currency: str) -> Iterator[RowPlan]:
    yield say("λ_SLO of one replica"), TERMS["λ_SLO"], _capacity
    yield say("service level"), TERMS["service level"], _service_level
    yield (
        say("utilisation"),
        TERMS["utilisation"],
        lambda o: _of_machines(o, lambda u: u.utilisation, text.percent),
    )
    counts = (
        (say("replicas"), TERMS["replica"], "replicas"),
        (say("servers"), say("bought, or units rented"), "servers"),
        (say("GPUs"), NOTHING, "gpus"),
    )
    for name, why, field in counts:
        yield name, why, partial(_count, field=field)
    yield (
        say("energy, kWh/Mtok"),
        say("electricity for a million tokens"),
        lambda o: _of_machines(o, lambda u: u.energy_kwh_per_mtok, plain),
    )
    yield (
        say("energy cost per request"),
        say("the part of the cost per request that is electricity"),
        lambda o: _of_machines(o, lambda u: u.energy_cost_per_request, _money(currency)),
    )


def _capacity(o: OptionFact) -> Cell:
    if o.capacity_per_s is None:
        return Cell(text.MISSING, NO_MACHINES if o.side == BUY else NOTHING, is_missing=True)
    given = o.capacity_per_s
    is_measured = set(given.provenance) <= {Provenance.MEASURED, Provenance.IMPORTED}
    name = CI if is_measured else say("low to high")
    return figure_cell(given, lambda v: say("{n} requests/s", n=plain(v)), range_name=name)


def _service_level(o: OptionFact) -> Cell:
    if not o.service_level:
        return missing(say("none given"), text.MISSING)
    return Cell(NOTHING, o.service_level)


def _count(o: OptionFact, field: str) -> Cell:
    value: int | None = getattr(o, field)
    if value is not None:
        return Cell(text.count(value))
    if o.side == BUY:
        return Cell(text.MISSING, NO_MACHINES, is_missing=True)
    return _absent(o)


def _gives() -> Iterator[RowPlan]:
    yield say("quality"), TERMS["quality"], lambda o: estimate_cell(o.quality, text.percent)
    yield (
        say("requests within the service level"),
        say("share of the measured requests"),
        lambda o: estimate_cell(o.slo_share, text.percent),
    )
    yield say("requests handed to the API"), TERMS["escalation"], _escalated
    yield (
        say("data leave the network"),
        NOTHING,
        lambda o: Cell(say("yes") if o.leaves_network else say("no")),
    )


def _escalated(o: OptionFact) -> Cell:
    if o.escalated is not None:
        return estimate_cell(o.escalated, text.percent)
    return Cell(say("all") if o.side == BUY else say("none"))


def _money(currency: str) -> Show:
    return lambda value: text.money(value, currency)
