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
from evalkit.report.decision.cells import (
    CI,
    Cell,
    Grid,
    Group,
    Head,
    Show,
    estimate_cell,
    figure_cell,
    known,
    missing,
    plain,
)
from evalkit.report.decision.words import SIDES, kind_words, positions
from evalkit.report.glossary import DECISION_TERMS as TERMS

Read = Callable[[OptionFact], Cell]
RowPlan = tuple[str, str, Read]
"""Name, meaning, and what to show of an option."""
WHY_NOT = "not known yet"
NO_MACHINES = "an API: no own machines"
_PARTS = (
    ("machines", "own servers spread over their life, or rent", "machines"),
    ("energy", "electricity of own servers", "energy"),
    ("upkeep", "maintenance, hosting, licences", "upkeep"),
    ("staff", "people who keep it running", "staff"),
    ("API", "what the vendor charges", "api"),
)
_PAID_IN: dict[str, str] = {
    "rented_on_demand": "in the rent",
    "rented_reserved": "in the rent",
    "api_list": "in the API's price",
    "api_contract": "in the API's price",
    "api_batch": "in the API's price",
}


def cost_grid(facts: TcoFacts) -> Grid:
    """Return the whole table."""
    where = positions(facts)
    columns = tuple(Head(o.name, kind_words(o), where[o.name]) for o in facts.options)
    plans = (
        ("What it is", tuple(_identity())),
        ("What is paid", tuple(_paid(facts))),
        ("For a piece of work, first month", tuple(_units(facts.currency))),
        ("What it needs, first month", tuple(_needs(facts.currency))),
        ("What it gives", tuple(_gives())),
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
    return Grid(f"Costs in {facts.currency}", columns, groups)


def _identity() -> Iterator[RowPlan]:
    yield "deployment", "", lambda o: Cell(kind_words(o), SIDES.get(o.side, o.side))
    yield "model", "", lambda o: Cell(" + ".join(o.models)) if o.models else missing("")
    yield WHY_NOT, "what has to be known to cost it", _not_known


def _not_known(o: OptionFact) -> Cell:
    """Say what is missing to cost an option, or what its costs leave out."""
    if o.missing:
        return missing("; ".join(o.missing), "costs not known")
    if o.incomplete:
        left_out = f"left out, since nobody gave it: {'; '.join(o.incomplete)}"
        return Cell("INCOMPLETE", left_out, mark="unclear")
    return Cell("nothing")


def _paid(facts: TcoFacts) -> Iterator[RowPlan]:
    money = _money(facts.currency)
    yield (
        "upfront",
        "adoption and, where owned, the first servers",
        lambda o: upfront_cell(o, money),
    )
    yield "first month", "without adoption", lambda o: _month(o, money)
    for name, why, field in _PARTS:
        yield f"… {name}", why, partial(_part, field=field, show=money)
    yield (
        "mean per month",
        "everything over the horizon / its months, not discounted",
        lambda o: _total(o, o.per_month, money),
    )
    yield (
        f"total over {facts.horizon_months} months",
        TERMS["present value"],
        lambda o: _total(o, o.total, money),
    )


def _absent(o: OptionFact) -> Cell:
    """Return a cell of an option that could not be costed; why is told once, in the first rows of its column."""
    return missing(f"see “{WHY_NOT}”" if o.missing else "")


def _total(o: OptionFact, figure: Figure, show: Show) -> Cell:
    """Return an amount, and what it leaves out."""
    without = f"INCOMPLETE, see “{WHY_NOT}”" if o.incomplete else ""
    return _absent(o) if o.missing else figure_cell(figure, show, without)


def upfront_cell(o: OptionFact, show: Show) -> Cell:
    """Return what is paid at the beginning; where nobody gave the adoption cost, its absence is no 0."""
    is_unknown = any(item.lower().startswith("adoption") for item in o.incomplete)
    if is_unknown and known(o.upfront.value) == 0:
        return missing("nobody gave the adoption cost")
    return _total(o, o.upfront, show)


def _month(o: OptionFact, show: Show) -> Cell:
    if o.first_month is None or known(o.first_month.total) is None:
        return _absent(o)
    staff = "without staff" if _is_staff_unknown(o) else ""
    return Cell(show(o.first_month.total), "; ".join(filter(None, ("most likely values", staff))))


def _part(o: OptionFact, field: str, show: Show) -> Cell:
    month: Breakdown | None = o.first_month
    if month is None:
        return _absent(o)
    if field == "staff" and _is_staff_unknown(o):
        if month.staff:
            return Cell(show(month.staff), "INCOMPLETE: of one side nobody gave it", mark="unclear")
        return missing("nobody gave it")
    value: float = getattr(month, field)
    if known(value) is None:
        return _absent(o)
    if value == 0 and field in ("energy", "upkeep", "machines") and o.kind in _PAID_IN:
        return Cell(text.MISSING, _PAID_IN[o.kind])
    if value == 0 and field in ("energy", "upkeep") and o.parts:
        return Cell(text.MISSING, "in the rent")
    if value == 0 and field == "api" and o.side == BUILD:
        return Cell(text.MISSING, "no API")
    return Cell(show(value))


def _is_staff_unknown(o: OptionFact) -> bool:
    """Tell whether staff is left out, of a blend perhaps of one side; the breakdown then holds less than it costs."""
    return any(item.lower().startswith("staff") for item in o.incomplete)


def _units(currency: str) -> Iterator[RowPlan]:
    money = _money(currency)
    rows: tuple[tuple[str, str, Callable[[UnitCosts], Figure]], ...] = (
        ("per request", "all cost of the month / requests", lambda u: u.per_request),
        (
            "per request within the service level",
            "cost per request / share of requests that kept it",
            lambda u: u.per_request_within_slo,
        ),
        ("per correct answer", "cost per request / quality", lambda u: u.per_correct_answer),
        ("per Mtok, input", TERMS["Mtok"], lambda u: u.input_per_mtok),
        ("per Mtok, output", TERMS["Mtok"], lambda u: u.output_per_mtok),
        ("per Mtok, blended", "all cost / all tokens, input and output", lambda u: u.blended_per_mtok),
    )  # fmt: skip
    for name, why, read in rows:
        yield name, why, partial(_unit, read=read, show=money)
    yield "… divided between input and output", "", _allocation
    yield (
        "per Mtok at full load",
        f"{TERMS['full load']} Machines, energy and upkeep; no staff.",
        lambda o: _of_machines(o, lambda u: u.full_load_per_mtok, money),
    )


def _unit(o: OptionFact, read: Callable[[UnitCosts], Figure], show: Show) -> Cell:
    return _absent(o) if o.unit is None else figure_cell(read(o.unit), show)


def _allocation(o: OptionFact) -> Cell:
    if o.unit is None or not o.unit.allocation:
        return _absent(o)
    return Cell("", o.unit.allocation)


def _of_machines(o: OptionFact, read: Callable[[UnitCosts], Figure], show: Show) -> Cell:
    """Return a number that only own machines have; where it is missing, its own reason goes first."""
    cell = _unit(o, read, show)
    if cell.is_missing and o.side == BUY:
        return Cell(text.MISSING, cell.note or NO_MACHINES, is_missing=True)
    return cell


def _needs(currency: str) -> Iterator[RowPlan]:
    yield "λ_SLO of one replica", TERMS["λ_SLO"], _capacity
    yield "service level", TERMS["service level"], _service_level
    yield (
        "utilisation",
        TERMS["utilisation"],
        lambda o: _of_machines(o, lambda u: u.utilisation, text.percent),
    )
    counts = (
        ("replicas", TERMS["replica"], "replicas"),
        ("servers", "bought, or units rented", "servers"),
        ("GPUs", "", "gpus"),
    )
    for name, why, field in counts:
        yield name, why, partial(_count, field=field)
    yield (
        "energy, kWh/Mtok",
        "electricity for a million tokens",
        lambda o: _of_machines(o, lambda u: u.energy_kwh_per_mtok, plain),
    )
    yield (
        "energy cost per request",
        "the part of the cost per request that is electricity",
        lambda o: _of_machines(o, lambda u: u.energy_cost_per_request, _money(currency)),
    )


def _capacity(o: OptionFact) -> Cell:
    if o.capacity_per_s is None:
        return Cell(text.MISSING, NO_MACHINES if o.side == BUY else "", is_missing=True)
    given = o.capacity_per_s
    is_measured = set(given.provenance) <= {Provenance.MEASURED, Provenance.IMPORTED}
    name = CI if is_measured else "low to high"
    return figure_cell(given, lambda v: f"{plain(v)} requests/s", range_name=name)


def _service_level(o: OptionFact) -> Cell:
    return Cell("", o.service_level) if o.service_level else missing("none given", text.MISSING)


def _count(o: OptionFact, field: str) -> Cell:
    value: int | None = getattr(o, field)
    if value is not None:
        return Cell(text.count(value))
    if o.side == BUY:
        return Cell(text.MISSING, NO_MACHINES, is_missing=True)
    return _absent(o)


def _gives() -> Iterator[RowPlan]:
    yield "quality", TERMS["quality"], lambda o: estimate_cell(o.quality, text.percent)
    yield (
        "requests within the service level",
        "share of the measured requests",
        lambda o: estimate_cell(o.slo_share, text.percent),
    )
    yield "requests handed to the API", TERMS["escalation"], _escalated
    yield "data leave the network", "", lambda o: Cell("yes" if o.leaves_network else "no")


def _escalated(o: OptionFact) -> Cell:
    if o.escalated is not None:
        return estimate_cell(o.escalated, text.percent)
    return Cell("all" if o.side == BUY else "none")


def _money(currency: str) -> Show:
    return lambda value: text.money(value, currency)
