"""Quality against cost, with the Pareto front and the models' sizes; and whether bigger is better here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import Figure, OptionFact, TcoFacts
from evalkit.decision.facts import Outcome, Verdict
from evalkit.decision.pareto import Bigger, SizeFact, SizePair, pareto_front, size_fact
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision.cells import estimate_cell, figure_cell, known, missing
from evalkit.report.decision.pareto_figure import Front, Spot, quality_against_cost
from evalkit.report.decision.words import SHAPES, positions
from evalkit.report.language import Spoken
from evalkit.wording import NOTHING, Said, joined, say, say_n, verbatim

_TITLE = say("Quality against cost")
_MOST_PAIRS = 3
_ANSWERS = {
    Bigger.YES: say("Is bigger better here? Yes, where it can be told."),
    Bigger.NO: say("Is bigger better here? No: where it can be told, the smaller model is better."),
    Bigger.MIXED: say(
        "Is bigger better here? Not always: it depends on which models are compared."
    ),
    Bigger.NO_DIFFERENCE: say("Is bigger better here? No clear difference."),
    Bigger.NOT_KNOWN: say("Is bigger better here? Not known."),
}


@dataclass(frozen=True, slots=True)
class ParetoSection:
    """The picture, what to see in it, its numbers, and what size has to do with it."""

    title: Said
    svg: str
    """Empty where there is nothing to draw; the caption says why."""
    caption: Said
    data: Table | None
    bigger: Said
    """Is bigger better here?"""
    evidence: tuple[Said, ...]
    """What this rests on."""


def build_pareto(
    facts: TcoFacts, verdict: Verdict, sizes: Mapping[str, int | None], language: Spoken
) -> ParetoSection:
    """Return the section.

    Args:
        facts: Of the scenario.
        verdict: Says which options break a rule.
        sizes: Model → parameters (`decision.pareto.model_sizes`); None: not disclosed.
        language: Of the picture.
    """
    out = {c.option for c in verdict.checks if c.outcome is Outcome.FAIL}
    drawn = [
        o for o in facts.options if _cost(o) is not None and known(o.quality.value) is not None
    ]
    size = size_fact(facts, sizes)
    answer, evidence = _ANSWERS[size.answer], tuple(_evidence(size, sizes))
    if not drawn:
        caption = joined(
            (
                say("Nothing to draw: no option has both a measured quality and a cost."),
                _left_out(facts.options),
            ),
            " ",
        )
        return ParetoSection(_TITLE, "", caption, None, answer, evidence)
    front = _front(drawn, out)
    svg = quality_against_cost(
        [_spot(o, facts, sizes, is_out=o.name in out) for o in drawn],
        Front(tuple(_point(o) for o in front), say("Pareto front")),
        _axes(facts.currency),
        (
            _TITLE,
            say("Each option's quality over its cost per 1000 requests, with both intervals."),
        ),
        language,
    )
    caption = joined(tuple(_caption(facts, drawn, out)), " ")
    return ParetoSection(
        _TITLE, svg, caption, _table(facts, drawn, front, out, sizes), answer, evidence
    )


def _front(drawn: Sequence[OptionFact], out: set[str]) -> list[OptionFact]:
    """Return the options that may be chosen and that nothing else beats; cheapest first."""
    allowed = [o for o in drawn if o.name not in out]
    return [allowed[i] for i in pareto_front([_point(o) for o in allowed])]


def _cost(o: OptionFact) -> float | None:
    return None if o.unit is None else known(o.unit.per_request.value)


def _point(o: OptionFact) -> tuple[float, float]:
    return 1000 * (_cost(o) or 0.0), o.quality.value or 0.0


def _per_1000(of: Figure) -> Figure:
    value, low, high = (None if x is None else 1000 * x for x in (of.value, of.low, of.high))
    return replace(of, value=value, low=low, high=high)


def _spot(o: OptionFact, facts: TcoFacts, sizes: Mapping[str, int | None], *, is_out: bool) -> Spot:
    cost, quality = _point(o)
    return Spot(
        series=positions(facts)[o.name],
        side=o.side,
        name=o.name,
        small=size_words(o, sizes),
        x=cost,
        y=quality,
        x_range=None if o.unit is None else _range(_per_1000(o.unit.per_request)),
        y_range=_range(o.quality),
        is_out=is_out,
    )


def _range(of: Figure | Estimate) -> tuple[float, float] | None:
    low, high = known(of.low), known(of.high)
    return None if low is None or high is None else (low, high)


def _axes(currency: str) -> tuple[Said, Said]:
    return say("{currency} per 1000 requests", currency=currency), say("quality")


def size_words(o: OptionFact, sizes: Mapping[str, int | None]) -> Said:
    """Say how large the models of an option are."""
    return joined((_size(m, sizes) for m in dict.fromkeys(o.models)), " + ")


def _size(model: str, sizes: Mapping[str, int | None]) -> Said:
    if model not in sizes:
        return say("size not known")
    n = sizes[model]
    return say("size not disclosed") if n is None else say("{n} parameters", n=text.big_count(n))


def _caption(facts: TcoFacts, drawn: Sequence[OptionFact], out: set[str]) -> Iterator[Said]:
    yield say("Up is better, left is cheaper. Upright bars: 95 %; level bars: P10–P90.")
    yield SHAPES
    yield say("Line: the Pareto front, the options that no other beats in both quality and cost.")
    if any(o.name in out for o in drawn):
        yield say("Hollow: breaks a rule of the policy, so it is not on the front.")
    yield say("The axis of quality does not begin at 0.")
    yield _left_out([o for o in facts.options if o not in drawn])


def _left_out(absent: Sequence[OptionFact]) -> Said:
    """Say which options are not drawn, and why."""
    if not absent:
        return NOTHING
    parts = [say("{option} ({reason})", option=o.name, reason=_why_absent(o)) for o in absent]
    return say("Not drawn: {options}.", options=joined(parts))


def _why_absent(o: OptionFact) -> Said:
    unmeasured = verbatim(o.quality.reason) if known(o.quality.value) is None else NOTHING
    return joined(map(verbatim, o.missing), "; ") or unmeasured or text.NOT_KNOWN


def _table(
    facts: TcoFacts,
    drawn: Sequence[OptionFact],
    front: Sequence[OptionFact],
    out: set[str],
    sizes: Mapping[str, int | None],
) -> Table:
    def money(value: float | None) -> Said:
        return text.money(value, facts.currency)

    heads = (
        say("quality"),
        say("cost per 1000 requests"),
        say("cost per correct answer"),
        say("model size"),
        say("on the Pareto front"),
    )
    on_front = {o.name for o in front}
    rows = []
    for o in drawn:
        per_correct = missing() if o.unit is None else figure_cell(o.unit.per_correct_answer, money)
        cost = missing() if o.unit is None else figure_cell(_per_1000(o.unit.per_request), money)
        standing = say("yes") if o.name in on_front else say("no")
        if o.name in out:
            standing = say("no: breaks a rule")
        cells = (
            estimate_cell(o.quality, text.percent),
            cost,
            per_correct,
            Cell(size_words(o, sizes)),
            Cell(standing),
        )
        rows.append((Head(verbatim(o.name), series=positions(facts)[o.name]), cells))
    return flat(say("Quality, cost and size"), [Head(h) for h in heads], rows, say("option"))


# --- size ---------------------------------------------------------------------------------------------------------


def _evidence(size: SizeFact, sizes: Mapping[str, int | None]) -> Iterator[Said]:
    for pair in size.pairs[:_MOST_PAIRS]:
        yield _comparison(pair, sizes)
    more = len(size.pairs) - _MOST_PAIRS
    if more > 0:
        yield say_n(
            "{n} more pair of models was compared, closer in size.",
            "{n} more pairs of models were compared, closer in size.",
            more,
        )
    if size.answer is Bigger.NOT_KNOWN:
        yield say(
            "It takes two measured models of known and different size; nothing is concluded from names or prices."
        )
    if size.undisclosed:
        yield say("Size not disclosed: {models}.", models=", ".join(size.undisclosed))


def _comparison(pair: SizePair, sizes: Mapping[str, int | None]) -> Said:
    e = pair.difference
    words = {
        1: say("clearly better"),
        -1: say("clearly worse"),
        0: say("no clear difference"),
    }
    larger, smaller = (
        say("{model} ({n} parameters)", model=m, n=text.big_count(sizes.get(m)))
        for m in (pair.larger, pair.smaller)
    )
    if known(e.low) is None or known(e.high) is None:
        return say(
            "{larger} against {smaller}: {points} points; how sure this is, is not known.",
            larger=larger,
            smaller=smaller,
            points=text.points(e.value),
        )
    return say(
        "{larger} against {smaller}: {points} points (95 %: {low} to {high}), {words}.",
        larger=larger,
        smaller=smaller,
        points=text.points(e.value),
        low=text.points(e.low),
        high=text.points(e.high),
        words=words[pair.sign],
    )
