"""The four numbers on top of the decision page: quality, break-even load, payback, and where data go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.tco.facts import OptionFact, PairFact, TcoFacts
from evalkit.decision.facts import Verdict
from evalkit.decision.words import break_even_later, break_even_today
from evalkit.report import format as text
from evalkit.report.decision.cells import estimate_cell, known, plain
from evalkit.report.decision.words import (
    break_even_range,
    break_even_short,
    data_words,
    futures,
    main_pair,
    months,
    payback_range,
    payback_words,
    quality_pair,
)
from evalkit.wording import NOTHING, Said, joined, say, say_n, verbatim

NO_PAIR = say("there is no pair of an own deployment and an API whose costs are known")
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the four numbers on top."""

    title: Said
    value: Said
    lines: tuple[Said, ...]
    is_missing: bool = False


def tiles(facts: TcoFacts, verdict: Verdict) -> Iterator[Tile]:
    """Yield the four tiles."""
    pair = main_pair(facts, verdict)
    yield _quality_tile(quality_pair(facts, verdict), _blend(facts, verdict))
    yield _load_tile(facts, pair)
    yield _payback_tile(facts, pair)
    yield _data_tile(facts, verdict)


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


def _quality_tile(pair: PairFact | None, blend: Said) -> Tile:
    title = say("Quality, API − own")
    if pair is None:
        return Tile(title, text.NOT_MEASURED, (NO_PAIR,), is_missing=True)
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


def _load_tile(facts: TcoFacts, pair: PairFact | None) -> Tile:
    title, yours = say("Break-even load"), _yours(facts)
    if pair is None:
        return Tile(title, text.NOT_KNOWN, (NO_PAIR, yours), is_missing=True)
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


def _payback_tile(facts: TcoFacts, pair: PairFact | None) -> Tile:
    title = say("Payback of the own deployment")
    if pair is None:
        return Tile(title, text.NOT_KNOWN, (NO_PAIR,), is_missing=True)
    lines = (
        payback_range(pair, facts.horizon_months),
        say("It pays back in {futures}.", futures=futures(pair.payback_share)),
        say("{own} against {api}", own=pair.build, api=pair.buy),
    )
    return Tile(title, payback_words(pair, facts.horizon_months), lines)


def _data_tile(facts: TcoFacts, verdict: Verdict) -> Tile:
    title = say("Do data leave the network?")
    name = verdict.option or verdict.leaning
    option = next((o for o in facts.options if o.name == name), None)
    others = [o for o in facts.options if o is not option]
    leaving = _names([o for o in others if o.leaves_network])
    staying = _names([o for o in others if not o.leaves_network])
    leave = NOTHING
    if leaving:
        leave = (
            say("also leave with: {options}", options=leaving)
            if option
            else say("leave with: {options}", options=leaving)
        )
    lines = (
        say("data class: {data_class}", data_class=data_words(facts.data_class)),
        leave,
        say("stay with: {options}", options=staying) if staying else NOTHING,
    )
    if option is None:
        return Tile(title, say("depends"), lines)
    return Tile(title, _leaves(option), (say("with {option}", option=option.name), *lines))


def _names(options: Sequence[OptionFact]) -> Said:
    """Name a few options; count many."""
    if len(options) > _MOST_NAMED:
        return say_n("{n} other option", "{n} other options", len(options))
    return joined(o.name for o in options)


def _leaves(option: OptionFact) -> Said:
    if not option.leaves_network:
        return say("no")
    share = known(option.escalated.value) if option.escalated else None
    if share is None:
        return say("yes")
    return say("yes, for {share} of requests", share=text.percent(share, 0))
