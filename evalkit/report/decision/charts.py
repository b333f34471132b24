"""Facts of a decision → its charts: what is drawn, in which words, and the numbers behind it as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from evalkit.analysis.tco.facts import BUILD, Figure, OptionFact, PairFact, TcoFacts
from evalkit.decision.facts import Verdict
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision import figures as draw
from evalkit.report.decision.cells import figure_cell, head_unit, known, missing, plain, quantity
from evalkit.report.decision.curves import drawable, evenly, load_table, mark_of, stairs
from evalkit.report.decision.labels import one_line
from evalkit.report.decision.words import SHAPES, months, positions, saving_title, saving_words
from evalkit.report.language import ENGLISH
from evalkit.wording import NOTHING, Language, Said, joined, numeral, say, say_n, verbatim

_EVERY_MONTHS = 6
_MOST_MARKS = 4
_MOST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure: the picture, what to see in it, and its numbers."""

    name: str
    """Where it goes: `cumulated`, `over_load`, `cheaper`, `tornado`, `blend`."""
    title: Said
    svg: str
    """Empty where there is nothing to draw; the caption says why."""
    caption: Said
    data: Table | None


def charts(facts: TcoFacts, verdict: Verdict, *, language: Language = ENGLISH) -> Iterator[Chart]:
    """Yield the charts of costs, in the order of the page, drawn in a language."""
    yield _cumulated(facts, language)
    yield _over_load(facts, language)
    yield _cheaper(facts, language)
    yield _tornado(facts, verdict, language)


def _cumulated(facts: TcoFacts, language: Language) -> Chart:
    title = say("Total cost up to each month, over {months}", months=months(facts.horizon_months))
    where = positions(facts)
    drawn = [o for o in facts.options if _is_finite(o.cumulated)]
    if not drawn:
        return _empty("cumulated", title, say("no costs are known"), facts.options)
    lines = [
        draw.Line(
            where[o.name],
            o.side,
            verbatim(o.name),
            tuple(map(float, range(len(o.cumulated)))),
            o.cumulated,
            *_band(o),
        )
        for o in drawn
    ]
    axes = draw.Axes(
        say("months"),
        say("cost so far, {currency}, present value", currency=facts.currency),
        text.compact,
    )
    caption = say(
        "Line: P50. Band: P10–P90, in which 80 of 100 simulated futures lie. Month 0 holds adoption cost. Own servers"
        " are spread over their useful life: what has to be paid at once is in the row “upfront” of the table."
    )
    rows = [
        (_month(t), tuple(_at_month(o, t, facts.currency) for o in drawn))
        for t in evenly(len(drawn[0].cumulated), _EVERY_MONTHS)
    ]
    data = flat(say("Spent so far, P50 and P10–P90"), _heads(drawn, where), rows, say("after"))
    what = say("Cumulated cost of each option over the months.")
    svg = draw.over_months(lines, axes, title, what, language=language)
    left_out = _left_out(facts.options, drawn)
    return Chart("cumulated", title, svg, joined((caption, SHAPES, left_out), " "), data)


def _month(t: int) -> Head:
    return Head(say("month {n}", n=numeral(str(t))))


def _band(o: OptionFact) -> tuple[tuple[float, ...], tuple[float, ...]]:
    both = (o.cumulated_low, o.cumulated_high)
    is_whole = all(len(band) == len(o.cumulated) and _is_finite(band) for band in both)
    return both if is_whole else ((), ())


def _at_month(o: OptionFact, month: int, currency: str) -> Cell:
    if month >= len(o.cumulated):
        return missing()
    low, high = _band(o)
    bounds = (low[month], high[month]) if low else (None, None)
    return figure_cell(
        Figure(o.cumulated[month], currency, *bounds), lambda v: text.money(v, currency)
    )


def _over_load(facts: TcoFacts, language: Language) -> Chart:
    title = say("Cost of a month against the load")
    where = positions(facts)
    curves = [c for c in map(drawable, facts.curves) if c.cost]
    if not curves:
        return _empty("over_load", title, say("no costs are known"), facts.options)
    lines = [
        draw.Line(where.get(c.option, 0), c.side, verbatim(c.option), *stairs(c)) for c in curves
    ]
    load = draw.LoadRange(facts.load.low, facts.load.mode, facts.load.high)
    found = [m for p in _own_against_api(facts) if (m := mark_of(p, curves)) is not None]
    marks = sorted(found, key=lambda m: abs(log(m.x / load.mode)))[:_MOST_MARKS]
    axes = draw.Axes(
        say("requests per month (each step: ten times as many)"),
        say("{currency} per month", currency=facts.currency),
        text.compact,
    )
    names = {c.option for c in curves}
    caption = joined(
        (
            say(
                "Most likely values, without adoption cost. Own machines come in steps: a step is one more replica or"
                " server. Shaded: your load, {low} to {high} requests per month.",
                low=plain(facts.load.low),
                high=plain(facts.load.high),
            ),
            _about_marks(marks, len(found)),
            SHAPES,
            _left_out(facts.options, [o for o in facts.options if o.name in names]),
        ),
        " ",
    )
    words = (title, say("Cost of a month of each option over the requests per month."))
    svg = draw.over_load(lines, load, marks, axes, words, language=language)
    return Chart("over_load", title, svg, caption, load_table(curves, where, facts.currency))


def _own_against_api(facts: TcoFacts) -> list[PairFact]:
    return [p for p in facts.pairs if p.is_own_against_api]


def _about_marks(marks: Sequence[draw.Mark], n_found: int) -> Said:
    """Say what the rings are, and that some were left out."""
    if not marks:
        return NOTHING
    ring = say("A ring marks a break-even load λ* of today, at the most likely values.")
    if n_found > len(marks):
        ring = say_n(
            "A ring marks the break-even load λ* of today that is nearest to your load, at the most likely values.",
            "A ring marks a break-even load λ* of today, at the most likely values (the {n} nearest to your load).",
            len(marks),
        )
    has_range = any(m.x_range for m in marks)
    return joined((ring, say("The bar through it: P10–P90.") if has_range else NOTHING), " ")


def _cheaper(facts: TcoFacts, language: Language) -> Chart:
    title = say("How probable it is that the own deployment has cost less")
    where = positions(facts)
    drawn = [p for p in _own_against_api(facts) if _is_finite(p.cheaper_by_month)]
    if not drawn:
        return _empty("cheaper", title, say("no own deployment can be compared with an API"))
    vendors = list(dict.fromkeys(p.buy for p in drawn))
    lines = [
        draw.Line(
            where.get(p.build, 0),
            BUILD,
            say("{own} vs {api}", own=one_line(p.build, 16), api=one_line(p.buy, 16)),
            tuple(map(float, range(len(p.cheaper_by_month)))),
            p.cheaper_by_month,
            rank=vendors.index(p.buy),
        )
        for p in sorted(drawn, key=lambda p: -p.cheaper_by_month[-1])[:_MOST_PAIRS]
    ]
    caption = say(
        "Share of {n} simulated futures in which all that was spent until then, adoption included, is less than with"
        " the API. 50 %: as likely as not.",
        n=text.count(facts.draws),
    )
    more = NOTHING
    if len(drawn) > _MOST_PAIRS:
        more = say("Drawn: the {n} likeliest pairs.", n=numeral(str(_MOST_PAIRS)))
    rows = [
        (_month(t), tuple(_chance_at(p, t) for p in drawn))
        for t in evenly(len(drawn[0].cheaper_by_month), _EVERY_MONTHS)
    ]
    heads = [
        Head(say("{own} vs {api}", own=p.build, api=p.buy), series=where.get(p.build))
        for p in drawn
    ]
    axes = draw.Axes(say("months"), say("share of simulated futures"), draw.percent_tick)
    what = say("Probability by month for each own deployment against each API.")
    return Chart(
        "cheaper",
        title,
        draw.over_months(lines, axes, title, what, language=language),
        joined((caption, more), " "),
        flat(say("Probability that it has cost less"), heads, rows, say("by the end of")),
    )


def _chance_at(p: PairFact, month: int) -> Cell:
    if month >= len(p.cheaper_by_month):
        return missing()
    return Cell(chance(p.cheaper_by_month[month]))


def chance(value: float | None) -> Said:
    """Return a probability in whole percent; only certainty is 0 or 100."""
    if known(value) is None or value is None:
        return text.MISSING
    if 0 < value < 0.01:
        return say("< 1 %")
    return say("> 99 %") if 0.99 < value < 1 else text.percent(value, 0)


def _tornado(facts: TcoFacts, verdict: Verdict, language: Language) -> Chart:
    title, currency = say("Which inputs matter most"), facts.currency
    swings = [s for s in verdict.swings if _is_finite((s.at_low, s.at_high))]
    if not swings:
        why = say("no input moves a difference between two options, or there are none")
        return _empty("tornado", title, why)
    bars = [
        draw.SwingBar(
            s.given.label,
            s.at_low,
            s.at_high,
            quantity(s.given.low, head_unit(s.given.unit, currency), currency),
            quantity(s.given.high, head_unit(s.given.unit, currency), currency),
        )
        for s in swings
    ]
    what = saving_words(verdict)
    rows = [
        (
            Head(s.given.label),
            (
                Cell(quantity(s.given.low, s.given.unit, currency)),
                Cell(text.money(s.at_low, currency)),
                Cell(quantity(s.given.high, s.given.unit, currency)),
                Cell(text.money(s.at_high, currency)),
            ),
        )
        for s in swings
    ]
    heads = [Head(t) for t in (say("low"), say("saving then"), say("high"), say("saving then"))]
    svg = draw.tornado(
        bars,
        say("{what}, {currency}", what=what, currency=currency),
        title,
        say("{what} with each input at its low and its high.", what=saving_title(verdict)),
        language=language,
    )
    caption = say(
        "{what} over {months}, present value. Each input alone moves from its low (○) to its high (●), all others stay"
        " at their most likely values. Where a bar crosses 0, this input alone can turn the comparison of costs.",
        what=saving_title(verdict),
        months=months(facts.horizon_months),
    )
    return Chart(
        "tornado",
        title,
        svg,
        caption,
        flat(saving_title(verdict), heads, rows, say("uncertain input")),
    )


def _heads(options: Sequence[OptionFact], where: dict[str, int]) -> list[Head]:
    return [Head(verbatim(o.name), series=where[o.name]) for o in options]


def _left_out(options: Sequence[OptionFact], drawn: Sequence[OptionFact]) -> Said:
    """Say which options are not drawn, and why."""
    parts = [
        say("{option} ({why})", option=o.name, why=_why_not(o)) for o in options if o not in drawn
    ]
    return say("Not drawn: {options}.", options=joined(parts)) if parts else NOTHING


def _why_not(o: OptionFact) -> Said:
    unmeasured = o.quality.reason if known(o.quality.value) is None else NOTHING
    return joined(o.missing, "; ") or unmeasured or text.NOT_KNOWN


def _empty(name: str, title: Said, why: Said, options: Sequence[OptionFact] = ()) -> Chart:
    caption = joined((say("Nothing to draw: {why}.", why=why), _left_out(options, ())), " ")
    return Chart(name, title, "", caption, None)


def _is_finite(values: Sequence[float]) -> bool:
    return bool(values) and all(known(v) is not None for v in values)
