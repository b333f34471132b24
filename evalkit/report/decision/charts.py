"""Facts of a decision → its charts: what is drawn, in which words, and the numbers behind it as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import BUILD, Figure, LoadCurve, OptionFact, PairFact, TcoFacts
from evalkit.decision.facts import Verdict
from evalkit.report import format as text
from evalkit.report.decision import figures as draw
from evalkit.report.decision.cells import (
    Cell,
    Grid,
    Head,
    estimate_cell,
    figure_cell,
    grid,
    head_unit,
    known,
    missing,
    plain,
    quantity,
)
from evalkit.report.decision.labels import one_line
from evalkit.report.decision.words import SIDES, positions, saving_words

_EVERY_MONTHS = 6
_MOST_LOADS = 13
_MOST_MARKS = 4
_MOST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure: the picture, what to see in it, and its numbers."""

    title: str
    svg: str
    """Empty where there is nothing to draw; the caption says why."""
    caption: str
    data: Grid | None


def charts(facts: TcoFacts, verdict: Verdict) -> Iterator[Chart]:
    """Yield the charts of costs, in the order of the page."""
    yield _cumulated(facts)
    yield _over_load(facts)
    yield _cheaper(facts)
    yield _tornado(facts, verdict)
    yield _quality(facts)


def _cumulated(facts: TcoFacts) -> Chart:
    title = f"Cost so far, month by month, over {facts.horizon_months} months"
    where = positions(facts)
    drawn = [o for o in facts.options if _is_finite(o.cumulated)]
    if not drawn:
        return _empty(title, facts.options, "no costs are known")
    lines = [
        draw.Line(
            where[o.name],
            o.side,
            o.name,
            tuple(map(float, range(len(o.cumulated)))),
            o.cumulated,
            *_band(o),
        )
        for o in drawn
    ]
    axes = draw.Axes("months", f"cost so far, {facts.currency}, present value", text.compact)
    caption = (
        "Line: P50. Band: P10–P90, in which 80 of 100 simulated futures lie. Month 0 holds adoption cost. Own servers"
        " are spread over their useful life: what has to be paid at once is in the row “upfront” above."
        f"{_left_out(facts.options, drawn)}"
    )
    months = _some(len(drawn[0].cumulated), _EVERY_MONTHS)
    rows = [
        (Head(f"month {t}"), tuple(_at_month(o, t, facts.currency) for o in drawn)) for t in months
    ]
    data = grid("Spent so far, P50 and P10–P90", _heads(drawn, where), rows, "after")
    svg = draw.over_months(lines, axes, title, "Cumulated cost of each option over the months.")
    return Chart(title, svg, caption, data)


def _band(o: OptionFact) -> tuple[tuple[float, ...], tuple[float, ...]]:
    both = (o.cumulated_low, o.cumulated_high)
    is_whole = all(len(band) == len(o.cumulated) and _is_finite(band) for band in both)
    return both if is_whole else ((), ())


def _at_month(o: OptionFact, month: int, currency: str) -> Cell:
    if month >= len(o.cumulated):
        return missing("")
    low, high = _band(o)
    bounds = (low[month], high[month]) if low else (None, None)
    return figure_cell(
        Figure(o.cumulated[month], currency, *bounds), lambda v: text.money(v, currency)
    )


def _over_load(facts: TcoFacts) -> Chart:
    title = "Cost of a month against the load"
    where = positions(facts)
    curves = [c for c in map(_drawable, facts.curves) if c.cost]
    if not curves:
        return _empty(title, facts.options, "no costs are known")
    lines = [draw.Line(where.get(c.option, 0), c.side, c.option, *_stairs(c)) for c in curves]
    load = draw.LoadRange(facts.load.low, facts.load.mode, facts.load.high)
    found = [m for p in facts.pairs if (m := _mark(p, curves)) is not None]
    marks = sorted(found, key=lambda m: abs(log(m.x / load.mode)))[:_MOST_MARKS]
    more = f" (the {len(marks)} nearest to your load)" if len(found) > len(marks) else ""
    axes = draw.Axes(
        "requests per month (each step: ten times as many)",
        f"{facts.currency} per month",
        text.compact,
    )
    names = {c.option for c in curves}
    caption = (
        "Most likely values, without adoption cost. Own machines come in steps: a step is one more replica or server."
        f" Shaded: your load, {plain(facts.load.low)} to {plain(facts.load.high)} requests per month."
        f" A ring marks a break-even load λ*{more}."
        f"{_left_out(facts.options, [o for o in facts.options if o.name in names])}"
    )  # fmt: skip
    words = (title, "Cost of a month of each option over the requests per month.")
    data = _load_table(curves, where, facts.currency)
    return Chart(title, draw.over_load(lines, load, marks, axes, words), caption, data)


def _drawable(curve: LoadCurve) -> LoadCurve:
    """Return a curve without what a logarithmic axis can't show: no load, and costs that are not finite."""
    rows = zip(curve.requests_per_month, curve.cost, curve.replicas, strict=True)
    kept = [row for row in rows if row[0] > 0 and known(row[1]) is not None]
    loads, costs, replicas = zip(*kept, strict=True) if kept else ((), (), ())
    return LoadCurve(curve.option, curve.side, tuple(loads), tuple(costs), tuple(replicas))


def _stairs(curve: LoadCurve) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the line with a corner where replicas are added: a step, and no slope, leads to the next."""
    x, y = [curve.requests_per_month[0]], [curve.cost[0]]
    for i in range(1, len(curve.cost)):
        if curve.replicas[i] != curve.replicas[i - 1]:
            x.append(curve.requests_per_month[i])
            y.append(y[-1])
        x.append(curve.requests_per_month[i])
        y.append(curve.cost[i])
    return tuple(x), tuple(y)


def _mark(p: PairFact, curves: Sequence[LoadCurve]) -> draw.Mark | None:
    """Place a break-even load on the API's curve."""
    at = known(p.likely_break_even_per_month)
    curve = next((c for c in curves if c.option == p.buy), None)
    if at is None or curve is None:
        return None
    x, y = curve.requests_per_month, curve.cost
    after = next((i for i, load in enumerate(x) if load >= at), None)
    if after is None or after == 0:
        return None
    part = (at - x[after - 1]) / (x[after] - x[after - 1])
    cost = y[after - 1] + part * (y[after] - y[after - 1])
    return draw.Mark(at, cost, f"λ* {one_line(p.build, 22)} = {one_line(p.buy, 22)}")


def _load_table(curves: Sequence[LoadCurve], where: dict[str, int], currency: str) -> Grid:
    loads = curves[0].requests_per_month
    rows = []
    for i in _some(len(loads), max(1, len(loads) // _MOST_LOADS)):
        cells = [_at_load(c, i, currency) for c in curves]
        rows.append((Head(plain(loads[i])), tuple(cells)))
    heads = [Head(c.option, series=where.get(c.option)) for c in curves]
    return grid("Cost of a month", heads, rows, "requests per month")


def _at_load(curve: LoadCurve, i: int, currency: str) -> Cell:
    if i >= len(curve.cost):
        return missing("")
    n = curve.replicas[i]
    note = "" if n is None else f"{n} replica{'' if n == 1 else 's'}"
    return Cell(text.money(curve.cost[i], currency), note)


def _cheaper(facts: TcoFacts) -> Chart:
    title = "How probable it is that the own deployment has cost less"
    where = positions(facts)
    drawn = [p for p in facts.pairs if _is_finite(p.cheaper_by_month)]
    if not drawn:
        return _empty(title, (), "no own deployment can be compared with an API")
    vendors = list(dict.fromkeys(p.buy for p in drawn))
    likeliest = sorted(drawn, key=lambda p: -p.cheaper_by_month[-1])[:_MOST_PAIRS]
    more = f" Drawn: the {_MOST_PAIRS} likeliest pairs." if len(drawn) > _MOST_PAIRS else ""
    lines = [
        draw.Line(
            where.get(p.build, 0),
            BUILD,
            f"{one_line(p.build, 17)} vs {one_line(p.buy, 17)}",
            tuple(map(float, range(len(p.cheaper_by_month)))),
            p.cheaper_by_month,
            rank=vendors.index(p.buy),
        )
        for p in likeliest
    ]
    axes = draw.Axes("months", "share of simulated futures", draw.percent_tick)
    rows = [
        (
            Head(f"month {t}"),
            tuple(
                Cell(chance(p.cheaper_by_month[t])) if t < len(p.cheaper_by_month) else missing("")
                for p in drawn
            ),
        )
        for t in _some(len(drawn[0].cheaper_by_month), _EVERY_MONTHS)
    ]
    heads = [Head(f"{p.build} vs {p.buy}", series=where.get(p.build)) for p in drawn]
    return Chart(
        title,
        draw.over_months(lines, axes, title, "Probability by month for each own deployment against each API."),
        f"Share of {text.count(facts.draws)} simulated futures in which all that was spent until then, adoption"
        f" included, is less than with the API. 50 %: as likely as not.{more}",
        grid("Probability that it has cost less", heads, rows, "by"),
    )  # fmt: skip


def chance(value: float | None) -> str:
    """Return a probability in whole percent; only certainty is 0 or 100."""
    if known(value) is None or value is None:
        return text.MISSING
    if 0 < value < 0.01:
        return "< 1 %"
    return "> 99 %" if 0.99 < value < 1 else f"{100 * value:.0f} %"


def _tornado(facts: TcoFacts, verdict: Verdict) -> Chart:
    title = "Which inputs matter most"
    swings = [s for s in verdict.swings if _is_finite((s.at_low, s.at_high))]
    if not swings:
        return _empty(
            title, (), "no input moves a difference between two options, or there are none"
        )
    bars = [
        draw.SwingBar(
            s.given.label,
            s.at_low,
            s.at_high,
            quantity(s.given.low, head_unit(s.given.unit, facts.currency), facts.currency),
            quantity(s.given.high, head_unit(s.given.unit, facts.currency), facts.currency),
        )
        for s in swings
    ]
    what = saving_words(verdict)
    rows = [
        (
            Head(s.given.label),
            (
                Cell(quantity(s.given.low, s.given.unit, facts.currency)),
                Cell(text.money(s.at_low, facts.currency)),
                Cell(quantity(s.given.high, s.given.unit, facts.currency)),
                Cell(text.money(s.at_high, facts.currency)),
            ),
        )
        for s in swings
    ]
    heads = [Head(t) for t in ("low", "saving then", "high", "saving then")]
    return Chart(
        title,
        draw.tornado(bars, f"{what}, {facts.currency}", title, f"{what} with each input at its low and its high."),
        f"{what[0].upper()}{what[1:]} over {facts.horizon_months} months, present value. Each input alone moves from"
        " its low (○) to its high (●), all others stay at their most likely values. Where a bar crosses 0, this input"
        " alone can turn the comparison of costs.",
        grid(what[0].upper() + what[1:], heads, rows, "input"),
    )  # fmt: skip


def _quality(facts: TcoFacts) -> Chart:
    title = "Quality against cost per request"
    where = positions(facts)
    drawn = [
        o for o in facts.options if known(o.quality.value) is not None and _price(o) is not None
    ]
    if not drawn:
        return _empty(title, facts.options, "no option has both a measured quality and a cost")
    dots = [
        draw.Dot(where[o.name], o.side, o.name, price, quality, _range(o.unit.per_request), _range(o.quality))
        for o in drawn
        if o.unit is not None
        and (price := _price(o)) is not None
        and (quality := known(o.quality.value)) is not None
    ]  # fmt: skip
    axes = draw.Axes(f"{facts.currency} per request", "quality", draw.percent_tick)
    sides = {"build": "square", "buy": "circle", "blend": "diamond"}
    shapes = ", ".join(f"{sides[s]}: {SIDES[s]}" for s in sides)
    rows = [
        (
            Head(o.name, series=where[o.name]),
            (
                estimate_cell(o.quality, text.percent),
                figure_cell(o.unit.per_request, lambda v: text.money(v, facts.currency)),
            ),
        )
        for o in drawn
        if o.unit is not None
    ]
    return Chart(
        title,
        draw.quality_against_cost(dots, axes, title, "Each option's quality over its cost per request."),
        f"Up is better, left is cheaper. Upright bars: 95 %; level bars: P10–P90. {shapes[0].upper()}{shapes[1:]}."
        f" The axis of quality does not begin at 0.{_left_out(facts.options, drawn)}",
        grid("Quality and cost", [Head("quality"), Head("cost per request")], rows, "option"),
    )  # fmt: skip


def _price(o: OptionFact) -> float | None:
    return None if o.unit is None else known(o.unit.per_request.value)


def _range(of: Figure | Estimate) -> tuple[float, float] | None:
    low, high = known(of.low), known(of.high)
    return None if low is None or high is None else (low, high)


def _heads(options: Sequence[OptionFact], where: dict[str, int]) -> list[Head]:
    return [Head(o.name, series=where[o.name]) for o in options]


def _left_out(options: Sequence[OptionFact], drawn: Sequence[OptionFact]) -> str:
    """Say which options are not drawn, and why."""
    absent = [o for o in options if o not in drawn]
    parts = []
    for o in absent:
        unmeasured = o.quality.reason if known(o.quality.value) is None else ""
        parts.append(f"{o.name} ({'; '.join(o.missing) or unmeasured or text.NOT_KNOWN})")
    return f" Not drawn: {', '.join(parts)}." if parts else ""


def _empty(title: str, options: Sequence[OptionFact], why: str) -> Chart:
    return Chart(title, "", f"Nothing to draw: {why}.{_left_out(options, ())}", None)


def _is_finite(values: Sequence[float]) -> bool:
    return bool(values) and all(known(v) is not None for v in values)


def _some(n: int, every: int) -> list[int]:
    """Return positions, evenly chosen, and the last."""
    return sorted({*range(0, n, every), n - 1})
