"""Cost over the load: what of a curve is drawn, where break-even loads lie on it, and its numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.analysis.tco.facts import LoadCurve, PairFact
from evalkit.analysis.tco.formulas import SECONDS_PER_MONTH
from evalkit.decision.words import NEAR
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision.cells import bounds_of, known, missing, plain
from evalkit.report.decision.figures import Mark
from evalkit.report.decision.labels import one_line
from evalkit.wording import NOTHING, say, say_n, verbatim

_MOST_LOADS = 13


def drawable(curve: LoadCurve) -> LoadCurve:
    """Return a curve without what a logarithmic axis can't show: no load, and costs that are not finite."""
    rows = zip(curve.requests_per_month, curve.cost, curve.replicas, strict=True)
    kept = [row for row in rows if row[0] > 0 and known(row[1]) is not None]
    loads, costs, replicas = zip(*kept, strict=True) if kept else ((), (), ())
    return LoadCurve(curve.option, curve.side, tuple(loads), tuple(costs), tuple(replicas))


def stairs(curve: LoadCurve) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the line with a corner where replicas are added: a step, and no slope, leads to the next."""
    x, y = [curve.requests_per_month[0]], [curve.cost[0]]
    for i in range(1, len(curve.cost)):
        if curve.replicas[i] != curve.replicas[i - 1]:
            x.append(curve.requests_per_month[i])
            y.append(y[-1])
        x.append(curve.requests_per_month[i])
        y.append(curve.cost[i])
    return tuple(x), tuple(y)


def mark_of(p: PairFact, curves: Sequence[LoadCurve]) -> Mark | None:
    """Place a break-even load on the API's curve; None where there is none within reach."""
    at = known(p.likely_break_even_per_month)
    curve = next((c for c in curves if c.option == p.buy), None)
    if at is None or curve is None or at > NEAR * p.load_per_s * SECONDS_PER_MONTH:
        return None
    x, y = curve.requests_per_month, curve.cost
    after = next((i for i, load in enumerate(x) if load >= at), None)
    if after is None or after == 0:
        return None
    part = (at - x[after - 1]) / (x[after] - x[after - 1])
    cost = y[after - 1] + part * (y[after] - y[after - 1])
    names = say("λ* {own} = {api}", own=one_line(p.build, 22), api=one_line(p.buy, 22))
    bounds = bounds_of(p.break_even_per_month)
    shown = None if bounds is None else (max(bounds[0], x[0]), min(bounds[1], x[-1]))
    return Mark(at, cost, names, shown if shown and shown[0] < shown[1] else None)


def load_table(curves: Sequence[LoadCurve], where: dict[str, int], currency: str) -> Table:
    """Return what each curve costs at some of the loads, and with how many replicas."""
    loads = curves[0].requests_per_month
    rows = []
    for i in evenly(len(loads), max(1, len(loads) // _MOST_LOADS)):
        cells = [_at_load(c, i, currency) for c in curves]
        rows.append((Head(plain(loads[i])), tuple(cells)))
    heads = [Head(verbatim(c.option), series=where.get(c.option)) for c in curves]
    return flat(say("Cost of a month"), heads, rows, say("requests per month"))


def _at_load(curve: LoadCurve, i: int, currency: str) -> Cell:
    if i >= len(curve.cost):
        return missing()
    n = curve.replicas[i]
    note = NOTHING if n is None else say_n("{n} replica", "{n} replicas", n)
    return Cell(text.money(curve.cost[i], currency), note)


def evenly(n: int, every: int) -> list[int]:
    """Return positions, evenly chosen, and the last."""
    return sorted({*range(0, n, every), n - 1})
