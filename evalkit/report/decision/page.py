"""Facts of a decision → its page: every text is decided here; template and terminal compute nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.analysis.tco.facts import Assumption, PairFact, TcoFacts
from evalkit.analysis.tco.words import provenance_words
from evalkit.decision.facts import Check, Decision, Verdict
from evalkit.decision.words import break_even_later, break_even_today, rule_words
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Head, Table, flat
from evalkit.report.decision.benefit import benefit_grid
from evalkit.report.decision.blends import HOW_TUNED, BlendSection, blend_sections
from evalkit.report.decision.cash import parts_table, years_table
from evalkit.report.decision.cells import (
    PROVENANCES,
    badges,
    estimate_cell,
    figure_cell,
    input_range,
    known,
    missing,
    unit_words,
)
from evalkit.report.decision.charts import Chart, chance, charts
from evalkit.report.decision.costs import cost_grid
from evalkit.report.decision.formulas import FORMULAS
from evalkit.report.decision.front import Front, build_front
from evalkit.report.decision.tiles import Tile, tiles
from evalkit.report.decision.words import (
    HEADLINES,
    OUTCOMES,
    break_even_range,
    confidence_meaning,
    confidence_words,
    data_words,
    futures,
    months,
    payback_range,
    payback_words,
    positions,
    requests_per_month,
)
from evalkit.report.language import ENGLISH, Spoken
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n, verbatim

OLD = say("older than 180 days")
_MOST_USERS = 6


@dataclass(frozen=True, slots=True)
class VerdictBox:
    """The verdict in words."""

    headline: Said
    tone: str
    """Class: `build`, `buy`, `blend`, `open`."""
    sentence: Said
    leaning: Said
    confidence: Said
    meaning: Said
    incomplete: tuple[Said, ...]
    is_incomplete: bool
    changes: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """The whole page, ready to be put into HTML or on a terminal."""

    title: str
    about: str
    subtitle: Said
    verdict: VerdictBox
    front: Front
    tiles: tuple[Tile, ...]
    reasons: tuple[Said, ...]
    checks: Table | None
    costs: Table
    cash: tuple[Table, ...]
    """What is paid, by what for and by year."""
    uncosted: tuple[Said, ...]
    charts: tuple[Chart, ...]
    pairs: Table | None
    benefit: Table | None
    blends: tuple[BlendSection, ...]
    how_tuned: Said
    """How the thresholds of the blends were chosen."""
    carries: tuple[Said, ...]
    next_measurements: tuple[Said, ...]
    assumptions: Table | None
    warnings: tuple[Said, ...]
    formulas: tuple[tuple[Said, Said], ...]
    small_print: tuple[tuple[Said, Said], ...]
    badges: tuple[tuple[str, Said, Said], ...]
    """Code, text and meaning of what a number can rest on."""


def build_decision(
    facts: TcoFacts, verdict: Verdict, *, language: Spoken = ENGLISH
) -> DecisionPage:
    """Return the page of a scenario and its verdict.

    Args:
        facts: Everything computed for the scenario.
        verdict: What follows from it.
        language: Of the figures; every other text is told when it is shown.
    """
    return DecisionPage(
        title=facts.title or facts.name,
        about=facts.about,
        subtitle=_subtitle(facts),
        verdict=_box(facts, verdict),
        front=build_front(facts, verdict),
        tiles=tuple(tiles(facts, verdict)),
        reasons=verdict.reasons,
        checks=check_grid(facts, verdict),
        costs=cost_grid(facts),
        cash=tuple(filter(None, (parts_table(facts), years_table(facts)))),
        uncosted=tuple(_uncosted(facts)),
        charts=tuple(charts(facts, verdict, language=language)),
        pairs=pair_grid(facts),
        benefit=benefit_grid(facts),
        blends=tuple(blend_sections(facts, language=language)),
        how_tuned=HOW_TUNED,
        carries=verdict.assumptions,
        next_measurements=verdict.next_measurements,
        assumptions=_assumption_grid(facts),
        warnings=facts.warnings,
        formulas=FORMULAS,
        small_print=tuple(_small_print(facts)),
        badges=tuple((str(p), provenance_words(p), why) for p, why in PROVENANCES.items()),
    )


def _subtitle(facts: TcoFacts) -> Said:
    parts = (
        requests_per_month(facts.load.mode),
        months(facts.horizon_months),
        verbatim(facts.currency),
        say("{data_class} data", data_class=data_words(facts.data_class)),
        text.day(facts.today),
    )
    return joined(parts, " · ")


def _uncosted(facts: TcoFacts) -> Iterator[Said]:
    for o in facts.options:
        if o.missing:
            what = joined(o.missing, "; ")
            yield say("{option}: costs not known. Missing: {what}.", option=o.name, what=what)


def _box(facts: TcoFacts, v: Verdict) -> VerdictBox:
    is_open = v.decision is Decision.NOT_DECIDABLE
    leaning = NOTHING
    if is_open and v.leaning:
        leaning = say("Best so far: {option}.", option=v.leaning)
    return VerdictBox(
        headline=HEADLINES[v.decision],
        tone="open" if is_open else str(v.decision),
        sentence=v.sentence,
        leaning=leaning,
        confidence=confidence_words(v),
        meaning=confidence_meaning(facts, v),
        incomplete=v.incomplete,
        is_incomplete=v.is_incomplete,
        changes=tuple(c.text for c in v.changes),
    )


def check_grid(facts: TcoFacts, verdict: Verdict) -> Table | None:
    """Return the rules of the policy against the options; None without a rule."""
    if not verdict.checks:
        return None
    found: dict[tuple[str, str], list[Check]] = {}
    for c in verdict.checks:
        found.setdefault((c.rule, c.option), []).append(c)
    where = positions(facts)
    names = list(dict.fromkeys([*where, *(c.option for c in verdict.checks)]))
    names = [name for name in names if any(c.option == name for c in verdict.checks)]
    rows = [
        (
            Head(rule_words(rule, task)),
            tuple(_check(found.get((rule, name), [])) for name in names),
        )
        for rule, task in {c.rule: c.task for c in verdict.checks}.items()
    ]
    heads = [Head(verbatim(name), series=where.get(name)) for name in names]
    return flat(say("Rules"), heads, rows, say("rule"))


def _check(checks: list[Check]) -> Cell:
    if not checks:
        return Cell(text.MISSING, say("not asked"))
    worst = min(checks, key=lambda c: ("fail", "unclear", "pass").index(str(c.outcome)))
    why = joined((c.text for c in checks), " ")
    return Cell(OUTCOMES[worst.outcome], why, mark=str(worst.outcome))


def pair_grid(facts: TcoFacts) -> Table | None:
    """Return every two options of different kinds; None without a pair."""
    if not facts.pairs:
        return None
    heads = [
        Head(
            say("break-even today, requests per month"),
            say("the least load at which the first costs no more per month, without adoption"),
        ),
        Head(
            say_n(
                "break-even over {n} month",
                "break-even over {n} months",
                facts.horizon_months,
            ),
            say("the least load at which all that is paid is no more, at the most likely values"),
        ),
        Head(say("payback"), say("of adoption and first servers")),
        Head(
            say_n("cheaper after {n} month", "cheaper after {n} months", facts.horizon_months),
            say("share of simulated futures"),
        ),
        Head(say("saving"), say("cost of the second − cost of the first, present value")),
        Head(say("quality, second − first"), say("paired by document, in points of 100")),
    ]
    where = positions(facts)
    rows = [
        (
            Head(say("{own} against {api}", own=p.build, api=p.buy), series=where.get(p.build)),
            tuple(_pair_cells(facts, p)),
        )
        for p in facts.pairs
    ]
    title = say("Options in pairs; your load: {load}", load=requests_per_month(facts.load.mode))
    return flat(title, heads, rows, say("pair"))


def _pair_cells(facts: TcoFacts, p: PairFact) -> Iterator[Cell]:
    is_none = known(p.break_even_per_month.value) is None
    range_of = NOTHING if is_none else break_even_range(p)
    yield Cell(break_even_today(p), range_of, mark="fail" if is_none else "")
    yield Cell(break_even_later(p))
    share = say("in {futures}", futures=futures(p.payback_share))
    yield Cell(
        payback_words(p, facts.horizon_months),
        joined((payback_range(p, facts.horizon_months), share), "; "),
    )
    yield Cell(chance(p.cheaper_by_month[-1])) if p.cheaper_by_month else missing(p.saving.reason)
    yield figure_cell(p.saving, lambda v: text.money(v, facts.currency))
    yield estimate_cell(p.quality_difference, text.points)


def _assumption_grid(facts: TcoFacts) -> Table | None:
    if not facts.assumptions:
        return None
    titles = (
        say("low"),
        say("most likely"),
        say("high"),
        say("unit"),
        say("from"),
        say("source"),
        say("date"),
        say("owner"),
        say("used by"),
    )
    rows = [(Head(a.given.label), _assumption_cells(a, facts)) for a in facts.assumptions]
    return flat(say("Every assumption"), [Head(t) for t in titles], rows, say("assumption"))


def _assumption_cells(a: Assumption, facts: TcoFacts) -> tuple[Cell, ...]:
    given = a.given
    low, mode, high = input_range(given, facts.currency)
    date = Cell(
        text.day(given.date) if given.date else text.MISSING,
        OLD if given.is_old else NOTHING,
        mark="old" if given.is_old else "",
    )
    return (
        Cell(low),
        Cell(mode, NOTHING if given.is_varied else say("fixed")),
        Cell(high),
        Cell(unit_words(given.unit)),
        Cell(NOTHING, badges=badges((given.provenance,))),
        Cell(verbatim(given.source or text.MISSING), verbatim(given.note)),
        date,
        Cell(verbatim(given.owner or text.MISSING)),
        Cell(_users(a, len(facts.options))),
    )


def _users(a: Assumption, n_options: int) -> Said:
    """Name the options that use an assumption; count many, which would fill the page."""
    n = len(a.used_by)
    if n <= _MOST_USERS:
        return joined(a.used_by) or text.MISSING
    return say("{n} of {all} options", n=text.count(n), all=text.count(n_options))


def _small_print(facts: TcoFacts) -> Iterator[tuple[Said, Said]]:
    yield say("scenario"), verbatim(facts.name)
    yield say("made on"), text.day(facts.today)
    yield (
        say("simulated futures"),
        say(
            "{n} draws, seed {seed}; inputs are PERT-distributed",
            n=text.count(facts.draws),
            seed=str(facts.seed),
        ),
    )
    yield (
        say("ranges"),
        say(
            "P10–P90 where a number was computed from uncertain inputs, 95 % intervals where it was measured"
        ),
    )
    yield say("runs"), joined(facts.runs) or say("none")
    for currency, value, date, source in facts.rates:
        yield (
            say("1 {currency}", currency=currency),
            say(
                "{n} {currency}, {date}, {source}",
                n=numeral(f"{value:.6g}"),
                currency=facts.currency,
                date=text.day(date),
                source=source,
            ),
        )
