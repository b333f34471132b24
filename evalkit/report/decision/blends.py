"""What an own and an API's model can do together: task by task, and each policy's frontier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.blend.facts import BlendFact, Frontier, Point, Policy
from evalkit.analysis.tco.facts import OptionFact, TcoFacts
from evalkit.report import format as text
from evalkit.report.decision import figures as draw
from evalkit.report.decision.cells import Cell, Grid, Head, estimate_cell, grid, known, missing
from evalkit.report.decision.charts import Chart
from evalkit.report.decision.words import policy_words, positions

_REQUESTS = 1000
HOW_TUNED = (
    "A policy hands a request to the API when the own model seems unsure. How unsure it must be is a threshold. It was"
    " chosen on other documents than those it is judged on (cross-validated), so no threshold flatters itself. Which"
    " policy and setting an option uses was chosen by these scores, though: as the best of several it looks a little"
    " too good."
)


@dataclass(frozen=True, slots=True)
class BlendSection:
    """One own model and one API's model together."""

    title: str
    lines: tuple[str, ...]
    tasks: Grid | None
    policies: Grid | None
    chart: Chart | None


def blend_sections(facts: TcoFacts) -> Iterator[BlendSection]:
    """Yield a section for each pair of models."""
    for number, b in enumerate(facts.blends, start=1):
        yield _section(facts, b, number)


def _section(facts: TcoFacts, b: BlendFact, number: int) -> BlendSection:
    drawn = [f for f in b.frontiers if _usable(f)]
    used = _users(facts, b)
    return BlendSection(
        f"{b.local} with {b.vendor}",
        tuple(_lines(b)),
        _task_grid(facts, b) if b.tasks else None,
        _policy_grid(b, used, facts.currency) if b.frontiers else None,
        _chart(facts, b, drawn, used, number) if drawn else None,
    )


def _lines(b: BlendFact) -> Iterator[str]:
    if b.reason:
        yield f"Not known: {b.reason}."
    if b.n_docs:
        left_out = f"; {text.count(b.n_unpaired)} were left out" if b.n_unpaired else ""
        yield f"Both models answered the same {text.count(b.n_docs)} documents{left_out}."
    yield from b.notes


def _users(facts: TcoFacts, b: BlendFact) -> dict[Policy, OptionFact]:
    """Return the options that combine these two, by their policy; the first of each."""
    models = {o.name: set(o.models) for o in facts.options}
    found: dict[Policy, OptionFact] = {}
    for o in facts.options:
        if o.policy is None or len(o.parts) != 2:
            continue
        names = [({part} | models.get(part, set())) for part in o.parts]
        if b.local in names[0] and b.vendor in names[1]:
            found.setdefault(o.policy, o)
    return found


def _task_grid(facts: TcoFacts, b: BlendFact) -> Grid:
    where = positions(facts)
    heads = [
        Head("metric"),
        Head("documents"),
        Head(b.local, series=where.get(b.local)),
        Head(b.vendor, series=where.get(b.vendor)),
        Head(f"{b.vendor} − {b.local}", "paired by document, in points of 100"),
    ]
    rows: list[tuple[Head, tuple[Cell, ...]]] = [
        (
            Head(t.task),
            (
                Cell(t.metric),
                Cell(text.count(t.n)),
                estimate_cell(t.local, text.percent),
                estimate_cell(t.vendor, text.percent),
                estimate_cell(t.difference, text.points),
            ),
        )
        for t in b.tasks
    ]
    both = (b.local_quality, b.vendor_quality)
    cells = (
        *(estimate_cell(e, text.percent) for e in both),
        estimate_cell(b.difference, text.points),
    )
    rows.append((Head("all, weighted"), (Cell(""), Cell(text.count(b.n_docs)), *cells)))
    return grid("Task by task", heads, rows, "task")


def _policy_grid(b: BlendFact, used: dict[Policy, OptionFact], currency: str) -> Grid:
    heads = [
        Head(t)
        for t in (
            "best quality",
            "handed to the API then",
            f"vendor cost per {_REQUESTS}",
            "in use",
        )
    ]
    rows = [
        (Head(policy_words(f.policy)), _policy_cells(f, used.get(f.policy), currency))
        for f in b.frontiers
    ]
    return grid("Each policy at its best", heads, rows, "who goes to the API")  # fmt: skip


def _policy_cells(f: Frontier, option: OptionFact | None, currency: str) -> tuple[Cell, ...]:
    best = max(_usable(f), key=lambda p: (_quality(p), -p.target), default=None)
    if best is None:
        return (missing(f.reason), missing(""), missing(""), Cell(text.MISSING))
    point = option.point if option else None
    in_use = Cell(text.MISSING)
    if option is not None and point is not None:
        shares = (text.percent(known(e.value)) for e in (point.quality, point.escalated))
        in_use = Cell(option.name, "quality {}, {} handed over".format(*shares))
    signal = (
        "" if f.coverage >= 1 else f"{text.percent(f.coverage)} of the documents have the signal"
    )
    quality = estimate_cell(best.quality, text.percent)
    note = "; ".join(filter(None, (quality.note, signal)))
    return (
        Cell(quality.text, note),
        estimate_cell(best.escalated, text.percent),
        _vendor_cost(best, currency),
        in_use,
    )


def _vendor_cost(p: Point, currency: str) -> Cell:
    return estimate_cell(
        p.vendor_cost,
        lambda v: text.money(None if v is None else _REQUESTS * v, currency),
        text.NOT_KNOWN,
    )


def _chart(
    facts: TcoFacts,
    b: BlendFact,
    drawn: Sequence[Frontier],
    used: dict[Policy, OptionFact],
    number: int,
) -> Chart:
    title = f"Blend {number}: quality against what goes to the API"
    is_cost = all(known(p.vendor_cost.value) is not None for f in drawn for p in _usable(f))
    what = (
        f"vendor cost per 1000 requests, {facts.currency}"
        if is_cost
        else "share of requests handed to the API"
    )
    lines = [
        _policy_line(facts, f, rank, used.get(f.policy), is_cost) for rank, f in enumerate(drawn)
    ]
    axes = draw.Axes(
        what, "quality", draw.percent_tick, text.compact if is_cost else draw.percent_tick
    )
    left_out = [
        f"{policy_words(f.policy)} ({f.reason or text.NOT_KNOWN})"
        for f in b.frontiers
        if f not in drawn
    ]
    caption = (
        "Left end: the own model answers everything. Right end: the API does. A line above “at random” shows that"
        " the policy picks the right requests. Coloured: the policy an option uses, with 95 %"
        " intervals; a ring marks the chosen point. Dashed bound: nobody can do better with these two models."
        + (f" Not drawn: {', '.join(left_out)}." if left_out else "")
    )  # fmt: skip
    rows = [
        (
            Head(f"{policy_words(f.policy)}, {text.percent(p.target, 0)} asked for"),
            (
                estimate_cell(p.escalated, text.percent),
                _vendor_cost(p, facts.currency),
                estimate_cell(p.quality, text.percent),
                _threshold(p),
            ),
        )
        for f in drawn
        for p in _usable(f)
    ]
    heads = [
        Head(t)
        for t in ("handed to the API", "vendor cost per 1000", "quality", "threshold or tasks")
    ]
    svg = draw.frontiers(lines, axes, title, f"Quality of each policy over the {what}.")
    return Chart(title, svg, caption, grid("Every point", heads, rows, "policy"))


def _threshold(p: Point) -> Cell:
    if p.tasks:
        return Cell(", ".join(p.tasks))
    value = known(p.threshold)
    return Cell(text.MISSING if value is None else f"{value:.3g}")


def _policy_line(
    facts: TcoFacts, f: Frontier, rank: int, option: OptionFact | None, is_cost: bool
) -> draw.PolicyLine:
    found = _usable(f)
    point = option.point if option else None
    quality = known(point.quality.value) if point else None
    at = _x(point, is_cost) if point else None
    return draw.PolicyLine(
        series=None if option is None else positions(facts)[option.name],
        rank=rank,
        label=policy_words(f.policy),
        is_bound=not f.policy.is_runnable,
        x=tuple(x for p in found if (x := _x(p, is_cost)) is not None),
        y=tuple(_quality(p) for p in found),
        low=tuple(known(p.quality.low) for p in found),
        high=tuple(known(p.quality.high) for p in found),
        chosen=None if at is None or quality is None else (at, quality),
    )


def _usable(f: Frontier) -> list[Point]:
    """Return the points that have both coordinates."""
    return [
        p
        for p in f.points
        if known(p.quality.value) is not None and known(p.escalated.value) is not None
    ]


def _quality(p: Point) -> float:
    value = known(p.quality.value)
    assert value is not None, "only usable points are asked"
    return value


def _x(p: Point, is_cost: bool) -> float | None:
    if not is_cost:
        return known(p.escalated.value)
    cost = known(p.vendor_cost.value)
    return None if cost is None else _REQUESTS * cost
