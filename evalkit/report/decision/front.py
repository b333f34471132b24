"""The first screen of a decision: every option in one table, what the verdict rests on, and what would turn it.

The table is built once; page, one-page version, terminal and Markdown walk it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import Figure, OptionFact, TcoFacts
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.analysis.tco.words import provenance_words
from evalkit.decision.facts import Change, Check, Decision, Information, Outcome, Source, Verdict
from evalkit.report import format as text
from evalkit.report.blocks import Bar, Cell, Head, Row, Table, flat
from evalkit.report.decision.cells import (
    between,
    bounds_of,
    estimate_cell,
    head_unit,
    known,
    missing,
    quantity,
)
from evalkit.report.decision.words import between_about, kind_words, positions, rule_words
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n, verbatim

MOST_OPTIONS = 8
_MOST_LINES = 3
_LEAST_WORTH = 0.001
"""What is worth less than this share of the total is not told."""
_LEAST_RESALE = 0.05
"""From this share of the total on it is said what selling the servers brings."""
_UNKNOWN = say("not known yet")
_APART = verbatim(" · ")
_ORDER = (Outcome.FAIL, Outcome.UNCLEAR, Outcome.PASS)
_SPEED = ("service level", "interactive")
_KEPT = {
    Outcome.PASS: say("✓ kept"),
    Outcome.FAIL: say("✗ not kept"),
    Outcome.UNCLEAR: say("? unclear"),
}


@dataclass(frozen=True, slots=True)
class Front:
    """What stands on the first screen below the verdict."""

    options: Table
    more: Said
    """Says how many options had no room."""
    lines: tuple[tuple[Said, Said], ...]
    """What it rests on, what would turn it, what to find out first: a name and a line each."""


def build_front(facts: TcoFacts, verdict: Verdict, most: int = MOST_OPTIONS) -> Front:
    """Return the first screen.

    Args:
        facts: Of the decision.
        verdict: What follows from them.
        most: So many options at most; what the verdict is about is always among them.
    """
    options = sorted(facts.options, key=lambda o: _rank(o, verdict))
    n_more = max(0, len(options) - most)
    more = NOTHING
    if n_more:
        more = say_n(
            "{n} more option is in the costs.", "{n} more options are in the costs.", n_more
        )
    return Front(_table(facts, verdict, options[:most]), more, tuple(_lines(facts, verdict)))


def thrown_out(verdict: Verdict) -> set[str]:
    """Return the options that break a rule, of which nothing else on the first screen need speak."""
    return {c.option for c in verdict.checks if c.outcome is Outcome.FAIL}


def _rank(option: OptionFact, verdict: Verdict) -> tuple[int, int]:
    """Return where an option stands: what the verdict is about first, then by how it keeps the rules."""
    about = (verdict.option, verdict.leaning, verdict.against)
    place = about.index(option.name) if option.name in about else len(about)
    return place, -_ORDER.index(_worst(verdict.checks, option.name) or Outcome.UNCLEAR)


def _worst(checks: Sequence[Check], option: str) -> Outcome | None:
    mine = [c.outcome for c in checks if c.option == option]
    return min(mine, key=_ORDER.index) if mine else None


# --- the table ----------------------------------------------------------------------------------------------------


def _table(facts: TcoFacts, verdict: Verdict, options: Sequence[OptionFact]) -> Table:
    currency = verbatim(facts.currency)
    heads = (
        Head(
            say_n("{n} month, cash", "{n} months, cash", facts.horizon_months),
            say(
                "Present value of what is paid over the horizon: servers when they are bought, less what they bring"
            ),
            note=say("{currency}, P10–P90", currency=currency),
        ),
        Head(
            say("to pay first"), say("adoption and, where owned, the first servers"), note=currency
        ),
        Head(
            say("1,000 requests"),
            say("unit cost: servers spread over their life, in the first month"),
            note=say("{currency}, unit cost", currency=currency),
        ),
        Head(say("right answers"), say("measured on your documents"), note=say("95 % interval")),
        Head(say("leaves the house"), say("what of the data goes to others")),
        Head(say("speed"), say("whether the service level is kept")),
        Head(say("rules"), say("whether every rule of the policy is kept")),
    )
    most = max((o.total.high or o.total.value or 0.0 for o in options), default=0.0)
    rows = [_row(facts, verdict, o, most) for o in options]
    return flat(say("The options"), heads, rows, say("option"))


def _row(facts: TcoFacts, verdict: Verdict, o: OptionFact, most: float) -> Row:
    mine = [c for c in verdict.checks if c.option == o.name]
    head = Head(
        verbatim(o.name),
        series=positions(facts)[o.name],
        note=kind_words(o),
        is_chosen=o.name == verdict.option,
    )
    return head, (
        _cash(o, most),
        _first(o),
        _thousand(o),
        _right(o.quality),
        Cell(_leaves(o)),
        _speed(o, mine),
        _rules(mine),
    )


def _cash(o: OptionFact, most: float) -> Cell:
    if o.missing or known(o.total.value) is None:
        return missing(words=_UNKNOWN)
    left_out = say("INCOMPLETE") if o.incomplete else NOTHING
    bounds = bounds_of(o.total)
    spread = NOTHING if bounds is None else between_about(*bounds)
    note = joined((spread, left_out), "; ")
    return Cell(text.about(o.total.value), note, bar=_bar(o.total, most))


def _bar(figure: Figure, most: float) -> Bar | None:
    value, bounds = known(figure.value), bounds_of(figure)
    if value is None or bounds is None or most <= 0:
        return None
    low, middle, high = (min(max(x / most, 0.0), 1.0) for x in (bounds[0], value, bounds[1]))
    return Bar(low, middle, high)


def _first(o: OptionFact) -> Cell:
    value = known(o.upfront.value)
    if o.missing or value is None:
        return missing(words=_UNKNOWN)
    if o.no_adoption and value == 0:
        return missing(say("nobody gave the adoption cost"))
    return Cell(text.about(value), say("INCOMPLETE") if o.no_adoption else NOTHING)


def _thousand(o: OptionFact) -> Cell:
    value = known(o.unit.per_request.value) if o.unit else None
    if o.missing or value is None:
        return missing(words=_UNKNOWN)
    return Cell(text.about(1000 * value))


def _right(e: Estimate) -> Cell:
    cell = estimate_cell(e, lambda v: text.percent(v, 0))
    bounds = bounds_of(e)
    if cell.is_missing or bounds is None:
        return cell
    return Cell(cell.text, between(*(text.percent(x, 0) for x in bounds)))


def _leaves(o: OptionFact) -> Said:
    if not o.leaves_network:
        return say("nothing")
    share = known(o.escalated.value) if o.escalated else None
    if share is None:
        return say("everything")
    return say("{share} of requests", share=text.percent(share, 0))


def _speed(o: OptionFact, mine: Sequence[Check]) -> Cell:
    asked = [c for c in mine if c.rule in _SPEED]
    if not asked:
        return Cell(text.MISSING, say("not asked"))
    worst = min((c.outcome for c in asked), key=_ORDER.index)
    note = NOTHING
    if worst is Outcome.FAIL and asked[0].rule == "interactive":
        note = say("within a day")
    elif worst is Outcome.UNCLEAR and o.speed_doubt and o.capacity_n:
        note = say("n = {n}", n=text.count(o.capacity_n))
    elif worst is Outcome.UNCLEAR and _is_unmeasured(o):
        note = text.NOT_MEASURED
    return Cell(_KEPT[worst], note, mark=str(worst))


def _is_unmeasured(o: OptionFact) -> bool:
    if o.capacity_per_s is not None:
        return known(o.capacity_per_s.value) is None
    return known(o.slo_share.value) is None


def _rules(mine: Sequence[Check]) -> Cell:
    if not mine:
        return Cell(text.MISSING, say("not asked"))
    worst = min((c.outcome for c in mine), key=_ORDER.index)
    if worst is Outcome.PASS:
        return Cell(say("✓ all"), mark=str(worst))
    named = joined(dict.fromkeys(rule_words(c.rule, c.task) for c in mine if c.outcome is worst))
    if worst is Outcome.FAIL:
        return Cell(say("✗ {rules}", rules=named), mark=str(worst))
    return Cell(say("? {rules}", rules=named), mark=str(worst))


# --- three lines --------------------------------------------------------------------------------------------------


def _lines(facts: TcoFacts, verdict: Verdict) -> Iterator[tuple[Said, Said]]:
    yield say("It rests on"), joined(_grounds(facts, verdict), _APART)
    turns = [_turn(c, facts.currency) for c in verdict.changes[:_MOST_LINES]]
    none = say("no single number was found that turns it within its limits")
    if verdict.decision is not Decision.NOT_DECIDABLE or turns:
        yield say("It would turn"), joined(turns, _APART) or none
    first = list(_find_out(facts, verdict))
    yield (
        say("Find out first"),
        joined(first, _APART) or say("nothing that would be worth its cost"),
    )


def _grounds(facts: TcoFacts, verdict: Verdict) -> Iterator[Said]:
    """Yield what the verdict rests on: documents, the load test, staff, the sale of the servers."""
    asked = sorted({o.quality.n for o in facts.options if known(o.quality.value) is not None})
    if not asked:
        yield say("no document")
    elif len(asked) == 1:
        yield say_n("{n} document a model", "{n} documents a model", asked[0])
    else:
        low, high = text.count(asked[0]), text.count(asked[-1])
        yield say("{low} to {high} documents a model", low=low, high=high)
    about = dict.fromkeys((verdict.option, verdict.leaning, verdict.against))
    compared = [o for name in about for o in facts.options if o.name == name]
    for o in compared:
        parts = joined((_load_test(o), _staff(o, facts), _sale(o, facts.currency)))
        if parts:
            yield say("{option}: {parts}", option=o.name, parts=parts)


def _load_test(o: OptionFact) -> Said:
    """Say what the capacity of its machines rests on; nothing without machines."""
    given = o.capacity_per_s
    if given is None or known(given.value) is None:
        return NOTHING
    rate = say("capacity {rate} requests/s", rate=numeral(f"{given.value or 0:.2g}"))
    if o.capacity_n is None:
        source = joined(provenance_words(p) for p in given.provenance)
        return say("{what} ({source})", what=rate, source=source) if source else rate
    n = say_n("{rate} from {n} request", "{rate} from {n} requests", o.capacity_n, rate=rate)
    return say("{what} (weak)", what=n) if o.speed_doubt else n


def _staff(o: OptionFact, facts: TcoFacts) -> Said:
    if o.no_staff:
        return say("staff not given")
    given = [a.given for a in facts.assumptions if o.name in a.used_by and _is_staff(a.given)]
    if not given:
        return NOTHING
    fte = numeral(f"{sum(i.mode for i in given):.2g}")
    if {i.provenance for i in given} == {Provenance.YOURS}:
        return say("staff {fte} FTE (yours)", fte=fte)
    return say("staff {fte} FTE", fte=fte)


def _is_staff(given: Input) -> bool:
    return given.unit == "FTE"


def _sale(o: OptionFact, currency: str) -> Said:
    """Say what selling the servers brings, where much of the cash view rests on it."""
    back, total = known(o.resale.value), known(o.total.value)
    if back is None or total is None or back < _LEAST_RESALE * total:
        return NOTHING
    return say("{money} from selling the servers", money=_money(back, currency))


def _turn(change: Change, currency: str) -> Said:
    """Say in a few words from where on another option is chosen."""
    values = {"what": change.what, "at": _at(change, currency), "option": verbatim(change.becomes)}
    if change.becomes == str(Decision.NOT_DECIDABLE):
        values["option"] = say("not decidable")
    if change.is_above:
        return say("{what} above {at} → {option}", **values)
    return say("{what} below {at} → {option}", **values)


def _at(change: Change, currency: str) -> Said:
    """Return where it turns, in two figures; a share, which is measured, in three."""
    if head_unit(change.unit, currency) == "share":
        return quantity(change.at, change.unit, currency)
    return quantity(text.two(change.at), change.unit, currency)


def _find_out(facts: TcoFacts, verdict: Verdict) -> Iterator[Said]:
    """Yield what is most worth finding out; without an estimate, the first step of the list of next steps."""
    name = verdict.option or verdict.leaning
    total = next((known(o.total.value) for o in facts.options if o.name == name), None) or 0.0
    worthy = [i for i in verdict.information if i.worth >= _LEAST_WORTH * total]
    if not worthy:
        yield from verdict.next_measurements[:1]
    for found in worthy[:_MOST_LINES]:
        yield _worth(found, facts.currency)


def _worth(found: Information, currency: str) -> Said:
    worth = _money(found.worth, currency)
    if found.source is Source.INPUT:
        what = found.given.label if found.given else NOTHING
        return say("{what}, exactly: worth at most {worth}", what=what, worth=worth)
    values = {"option": verbatim(found.option or ""), "worth": worth}
    if found.source is Source.RULE:
        return say("whether {option} keeps every rule: worth at most {worth}", **values)
    if found.source is Source.BENCH:
        return say("a longer load test of {option}: worth about {worth}", **values)
    n = text.count(found.n)
    if found.cost is None:
        return say("{n} more documents for {option}: worth about {worth}", n=n, **values)
    cost = _money(found.cost, currency)
    return say(
        "{n} more documents for {option}: about {cost}, worth about {worth}",
        n=n,
        cost=cost,
        **values,
    )


def _money(value: float, currency: str) -> Said:
    return say("{currency} {amount}", currency=currency, amount=text.about(value))
