"""What an own and an API's model can do together: task by task, and each policy's frontier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.blend.facts import BlendFact, Frontier, Point, Policy
from evalkit.analysis.tco.facts import OptionFact, TcoFacts
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision import policy_figures as draw
from evalkit.report.decision.cells import estimate_cell, known, missing
from evalkit.report.decision.charts import Chart
from evalkit.report.decision.figures import Axes, percent_tick
from evalkit.report.decision.words import policy_words, positions
from evalkit.report.language import ENGLISH
from evalkit.wording import NOTHING, Language, Said, joined, numeral, say, say_n, verbatim

_REQUESTS = 1000
HOW_TUNED = say(
    "A policy hands a request to the API when the own model seems unsure. How unsure it must be is a threshold. It was"
    " chosen on other documents than those it is judged on (cross-validated), so no threshold flatters itself. Which"
    " policy and setting an option uses was chosen by these scores. So the bounds of quality are wide enough to hold"
    " for all scores that were looked at together, not for one alone."
)


@dataclass(frozen=True, slots=True)
class BlendSection:
    """One own model and one API's model together."""

    title: Said
    lines: tuple[Said, ...]
    tasks: Table | None
    policies: Table | None
    chart: Chart | None


def blend_sections(facts: TcoFacts, *, language: Language = ENGLISH) -> Iterator[BlendSection]:
    """Yield a section for each pair of models, its chart drawn in a language."""
    for number, b in enumerate(facts.blends, start=1):
        yield _section(facts, b, number, language)


def _section(facts: TcoFacts, b: BlendFact, number: int, language: Language) -> BlendSection:
    drawn = [f for f in b.frontiers if _usable(f)]
    used = _users(facts, b)
    chart = _Blend(facts, b, drawn, used).chart(number, language) if drawn else None
    return BlendSection(
        say("{own} with {api}", own=b.local, api=b.vendor),
        tuple(_lines(b)),
        _task_grid(facts, b) if b.tasks else None,
        _policy_grid(b, used, facts.currency) if b.frontiers else None,
        chart,
    )


def _lines(b: BlendFact) -> Iterator[Said]:
    if b.reason:
        yield say("Not known: {why}.", why=b.reason)
    if b.n_docs and b.n_unpaired:
        yield say_n(
            "Both models answered the same document; {left_out} were left out.",
            "Both models answered the same {n} documents; {left_out} were left out.",
            b.n_docs,
            left_out=text.count(b.n_unpaired),
        )
    elif b.n_docs:
        yield say_n(
            "Both models answered the same document.",
            "Both models answered the same {n} documents.",
            b.n_docs,
        )
    if b.together > 1:
        yield say(
            "{n} scores were looked at, of models and of settings of blends: their bounds hold together.",
            n=text.count(b.together),
        )
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


def _task_grid(facts: TcoFacts, b: BlendFact) -> Table:
    where = positions(facts)
    heads = [
        Head(say("metric")),
        Head(say("documents")),
        Head(verbatim(b.local), series=where.get(b.local)),
        Head(verbatim(b.vendor), series=where.get(b.vendor)),
        Head(
            say("{api} − {own}", api=b.vendor, own=b.local),
            say("paired by document, in points of 100"),
        ),
    ]
    rows: list[tuple[Head, tuple[Cell, ...]]] = [
        (
            Head(verbatim(t.task)),
            (
                Cell(verbatim(t.metric)),
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
    rows.append((Head(say("all, weighted")), (Cell(NOTHING), Cell(text.count(b.n_docs)), *cells)))
    return flat(say("Task by task"), heads, rows, say("task"))


def _policy_grid(b: BlendFact, used: dict[Policy, OptionFact], currency: str) -> Table:
    heads = [
        Head(t)
        for t in (
            say("best quality"),
            say("handed to the API then"),
            say("vendor cost per 1000"),
            say("in use"),
        )
    ]
    rows = [
        (Head(policy_words(f.policy)), _policy_cells(f, used.get(f.policy), currency))
        for f in b.frontiers
    ]
    return flat(say("Each policy at its best"), heads, rows, say("who goes to the API"))


def _policy_cells(f: Frontier, option: OptionFact | None, currency: str) -> tuple[Cell, ...]:
    best = max(_usable(f), key=lambda p: (_quality(p), -p.target), default=None)
    if best is None:
        return (missing(f.reason), missing(), missing(), Cell(text.MISSING))
    point = option.point if option else None
    in_use = Cell(text.MISSING)
    if option is not None and point is not None:
        setting = say(
            "quality {quality}, {share} handed over",
            quality=text.percent(known(point.quality.value)),
            share=text.percent(known(point.escalated.value)),
        )
        in_use = Cell(verbatim(option.name), setting)
    signal = NOTHING
    if f.coverage < 1:
        share = text.percent(f.coverage)
        signal = say("{share} of the documents have the signal", share=share)
    quality = estimate_cell(best.quality, text.percent)
    return (
        Cell(quality.text, joined((quality.note, signal), "; ")),
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


@dataclass(frozen=True, slots=True)
class _Blend:
    """What the chart of a blend shows."""

    facts: TcoFacts
    blend: BlendFact
    drawn: Sequence[Frontier]
    used: dict[Policy, OptionFact]

    def chart(self, number: int, language: Language) -> Chart:
        """Draw quality over the vendor's cost, or over the share it gets where that cost is not known."""
        title = say("Blend {n}: quality against what goes to the API", n=numeral(str(number)))
        is_cost = all(known(p.vendor_cost.value) is not None for p in self._points())
        currency = self.facts.currency
        what = say("share of requests handed to the API")
        if is_cost:
            what = say("vendor cost per 1000 requests, {currency}", currency=currency)
        axes = Axes(what, say("quality"), percent_tick, text.compact if is_cost else percent_tick)
        lines = [
            _policy_line(self.facts, f, rank, self.used.get(f.policy), is_cost)
            for rank, f in enumerate(self.drawn)
        ]
        description = say("Quality of each policy. Level axis: {what}.", what=what)
        svg = draw.frontiers(lines, axes, title, description, language=language)
        return Chart("blend", title, svg, self._caption(), self._data())

    def _points(self) -> Iterator[Point]:
        for f in self.drawn:
            yield from _usable(f)

    def _caption(self) -> Said:
        caption = say(
            "Left end: the own model answers everything. Right end: the API does. A line above “at random” shows that"
            " the policy picks the right requests. Coloured: the policy an option uses; a ring marks the chosen point."
            " Band and upright bars: 95 % intervals. Dashed bound: nobody can do better with these two models."
        )
        left_out = [
            say("{policy} ({why})", policy=policy_words(f.policy), why=f.reason or text.NOT_KNOWN)
            for f in self.blend.frontiers
            if f not in self.drawn
        ]
        if not left_out:
            return caption
        return joined((caption, say("Not drawn: {options}.", options=joined(left_out))), " ")

    def _data(self) -> Table:
        rows = [
            (
                Head(
                    say(
                        "{policy}, {share} asked for",
                        policy=policy_words(f.policy),
                        share=text.percent(p.target, 0),
                    )
                ),
                (
                    estimate_cell(p.escalated, text.percent),
                    _vendor_cost(p, self.facts.currency),
                    estimate_cell(p.quality, text.percent),
                    _threshold(p),
                ),
            )
            for f in self.drawn
            for p in _usable(f)
        ]
        heads = [
            Head(say("handed to the API")),
            Head(say("vendor cost per 1000")),
            Head(say("quality")),
            Head(say("threshold or tasks")),
        ]
        return flat(say("Every point"), heads, rows, say("who goes to the API"))


def _threshold(p: Point) -> Cell:
    if p.tasks:
        return Cell(joined(p.tasks))
    value = known(p.threshold)
    return Cell(text.MISSING if value is None else numeral(f"{value:.3g}"))


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
