"""Three numbers of the pair that a verdict is about: difference in quality, break-even load, payback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from evalkit.analysis.tco.facts import PairFact, TcoFacts
from evalkit.decision.facts import Verdict
from evalkit.decision.words import break_even_later, break_even_today
from evalkit.report import format as text
from evalkit.report.decision.cells import estimate_cell, known, plain
from evalkit.report.decision.front import thrown_out
from evalkit.report.decision.words import (
    break_even_range,
    break_even_short,
    futures,
    main_pair,
    months,
    payback_range,
    payback_words,
    quality_pair,
)
from evalkit.wording import NOTHING, Said, say, verbatim


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the numbers."""

    title: Said
    value: Said
    lines: tuple[Said, ...]
    is_missing: bool = False


def tiles(facts: TcoFacts, verdict: Verdict) -> Iterator[Tile]:
    """Yield the tiles of the pair that the verdict is about, of options that no rule has thrown out."""
    left = tuple(p for p in facts.pairs if not {p.build, p.buy} & thrown_out(verdict))
    still_in = replace(facts, pairs=left)
    models, pair = quality_pair(still_in, verdict), main_pair(still_in, verdict)
    if models is not None:
        yield _quality_tile(models, _blend(facts, verdict))
    if pair is not None:
        yield _load_tile(facts, pair)
        yield _payback_tile(facts, pair)


def _blend(facts: TcoFacts, verdict: Verdict) -> Said:
    """Say what the blend scores that the verdict is about; nothing where it is about none."""
    name = verdict.option or verdict.leaning
    option = next((o for o in facts.options if o.name == name and o.parts), None)
    if option is None or known(option.quality.value) is None:
        return NOTHING
    cell = estimate_cell(option.quality, text.percent)
    return say(
        "{option}: {quality} ({range})", option=option.name, quality=cell.text, range=cell.note
    )


def _quality_tile(pair: PairFact, blend: Said) -> Tile:
    title = say("Quality, API − own")
    e = pair.quality_difference
    names = say("{api} − {own}", api=pair.buy, own=pair.build)
    value, low, high = known(e.value), known(e.low), known(e.high)
    if value is None:
        return Tile(title, text.NOT_MEASURED, (e.reason, names), is_missing=True)
    if low is None or high is None:
        told = (
            say("how sure this is, is not known: {why}", why=e.reason)
            if e.reason
            else say("without an interval")
        )
    elif low > 0:
        told = say("The API is clearly better.")
    else:
        told = say("The own model is clearly better.") if high < 0 else say("No clear difference.")
    note = estimate_cell(e, text.points).note
    return Tile(title, say("{n} points", n=text.points(value)), (note, told, names, blend))


def _load_tile(facts: TcoFacts, pair: PairFact) -> Tile:
    title, yours = say("Break-even load"), _yours(facts)
    values = {"build": verbatim(pair.build), "buy": verbatim(pair.buy)}
    lines = (
        say(
            "{build} is cheaper than {buy} per month {load}", load=break_even_today(pair), **values
        ),
        break_even_range(pair),
        say(
            "over {months}: {load}",
            months=months(facts.horizon_months),
            load=break_even_later(pair),
        ),
        yours,
    )
    return Tile(title, break_even_short(pair), lines)


def _yours(facts: TcoFacts) -> Said:
    mine = facts.load
    if not mine.is_varied:
        return say("yours: {load}", load=plain(mine.mode))
    return say(
        "yours: {load} ({low} to {high})",
        load=plain(mine.mode),
        low=plain(mine.low),
        high=plain(mine.high),
    )


def _payback_tile(facts: TcoFacts, pair: PairFact) -> Tile:
    title = say("Payback of the own deployment")
    lines = (
        payback_range(pair, facts.horizon_months),
        say("It pays back in {futures}.", futures=futures(pair.payback_share)),
        say("{own} against {api}", own=pair.build, api=pair.buy),
    )
    return Tile(title, payback_words(pair, facts.horizon_months), lines)
