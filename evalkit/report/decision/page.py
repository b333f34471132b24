"""Facts of a decision → its page: every string is decided here; template and terminal compute nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.analysis.tco.facts import Assumption, OptionFact, PairFact, TcoFacts
from evalkit.decision.facts import Check, Decision, Verdict
from evalkit.report import format as text
from evalkit.report.decision.blends import BlendSection, blend_sections
from evalkit.report.decision.cells import (
    Cell,
    Grid,
    Head,
    estimate_cell,
    figure_cell,
    grid,
    input_range,
    known,
    missing,
    plain,
    unit_words,
)
from evalkit.report.decision.charts import Chart, chance, charts
from evalkit.report.decision.costs import cost_grid
from evalkit.report.decision.words import (
    HEADLINES,
    OUTCOMES,
    confidence_meaning,
    confidence_words,
    futures,
    main_pair,
    payback_range,
    payback_words,
    positions,
    requests_per_month,
)
from evalkit.report.glossary import decision_terms

NO_PAIR = "there is no pair of an own deployment and an API whose costs are known"
_MOST_NAMED = 3
NEVER = "no load makes it cheaper"
OLD = "older than 180 days"
FORMULAS = (
    ("capital recovery factor", "CRF(r, L) = r(1+r)^L / ((1+r)^L − 1); for r = 0: 1/L"),
    ("fixed cost per year", "F = CRF·(C0 − S/(1+r)^L) + maintenance + hosting + licences + staff"),
    ("energy per year", "E = 8760 · GPUs · (P_idle·(1 − b) + P_load·b) / 1000 · PUE · price per kWh"),
    ("cost per hour", "H = (F + E) / 8760 where owned; GPUs · hourly rate where rented"),
    ("λ_SLO", "highest measured requests/s within the service level"),
    ("replicas", "n(λ) = ceil(λ_peak / (headroom · λ_SLO)), + 1 for N+1"),
    ("API price per request", "c_req = mean price of a measured request, from its real usage"),
    ("break-even load", "λ* = H·n / (3600 · c_req); feasible if λ* ≤ n · headroom · λ_SLO"),
    (
        "payback",
        "least t with adoption_own + Σ disc(H·730) ≤ adoption_API + Σ disc(c_req · V_t · (1 − decline)^(t/12))",
    ),
    ("cost per correct answer", "cost per request / quality"),
    ("utilisation", "U = λ / (n · λ_SLO)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the four numbers on top."""

    title: str
    value: str
    lines: tuple[str, ...]
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class VerdictBox:
    """The verdict in words."""

    headline: str
    tone: str
    """Class: `build`, `buy`, `blend`, `open`."""
    sentence: str
    leaning: str
    confidence: str
    meaning: str
    incomplete: tuple[str, ...]
    is_incomplete: bool
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """The whole page, ready to be put into HTML or on a terminal."""

    title: str
    about: str
    subtitle: str
    verdict: VerdictBox
    tiles: tuple[Tile, ...]
    reasons: tuple[str, ...]
    checks: Grid | None
    costs: Grid
    uncosted: tuple[str, ...]
    charts: tuple[Chart, ...]
    pairs: Grid | None
    blends: tuple[BlendSection, ...]
    carries: tuple[str, ...]
    next_measurements: tuple[str, ...]
    assumptions: Grid | None
    warnings: tuple[str, ...]
    terms: tuple[tuple[str, str], ...]
    formulas: tuple[tuple[str, str], ...]
    small_print: tuple[tuple[str, str], ...]


def build_decision(facts: TcoFacts, verdict: Verdict) -> DecisionPage:
    """Return the page of a scenario and its verdict."""
    return DecisionPage(
        title=facts.title or facts.name,
        about=facts.about,
        subtitle=_subtitle(facts),
        verdict=_box(facts, verdict),
        tiles=tuple(_tiles(facts, verdict)),
        reasons=verdict.reasons,
        checks=check_grid(facts, verdict),
        costs=cost_grid(facts),
        uncosted=tuple(
            f"{o.name}: costs not known. Missing: {'; '.join(o.missing)}." for o in facts.options if o.missing
        ),
        charts=tuple(charts(facts, verdict)),
        pairs=pair_grid(facts),
        blends=tuple(blend_sections(facts)),
        carries=verdict.assumptions,
        next_measurements=verdict.next_measurements,
        assumptions=_assumption_grid(facts),
        warnings=facts.warnings,
        terms=decision_terms(),
        formulas=FORMULAS,
        small_print=tuple(_small_print(facts)),
    )  # fmt: skip


def _subtitle(facts: TcoFacts) -> str:
    load = requests_per_month(facts.load.mode)
    return "; ".join(
        (facts.today, load, f"{facts.horizon_months} months", f"data: {facts.data_class}", f"money in {facts.currency}")
    )  # fmt: skip


def _box(facts: TcoFacts, v: Verdict) -> VerdictBox:
    is_open = v.decision is Decision.NOT_DECIDABLE
    return VerdictBox(
        headline=HEADLINES[v.decision],
        tone="open" if is_open else str(v.decision),
        sentence=v.sentence,
        leaning=f"Best so far: {v.leaning}." if is_open and v.leaning else "",
        confidence=confidence_words(v),
        meaning=confidence_meaning(facts, v),
        incomplete=v.incomplete,
        is_incomplete=v.is_incomplete,
        changes=tuple(c.text for c in v.changes),
    )


def _tiles(facts: TcoFacts, verdict: Verdict) -> Iterator[Tile]:
    pair = main_pair(facts, verdict)
    yield _quality_tile(pair)
    yield _load_tile(facts, pair)
    yield _payback_tile(facts, pair)
    yield _data_tile(facts, verdict)


def _quality_tile(pair: PairFact | None) -> Tile:
    title = "Quality, API − own"
    if pair is None:
        return Tile(title, text.NOT_MEASURED, (NO_PAIR,), is_missing=True)
    e = pair.quality_difference
    names = f"{pair.buy} − {pair.build}"
    value, low, high = known(e.value), known(e.low), known(e.high)
    if value is None:
        return Tile(title, text.NOT_MEASURED, (e.reason, names), is_missing=True)
    if low is None or high is None:
        told = f"how sure this is, is not known: {e.reason}" if e.reason else "without an interval"
    elif low > 0:
        told = "The API is clearly better."
    else:
        told = "The own model is clearly better." if high < 0 else "No clear difference."
    return Tile(
        title, f"{text.points(value)} points", (estimate_cell(e, text.points).note, told, names)
    )


def _load_tile(facts: TcoFacts, pair: PairFact | None) -> Tile:
    title, mine = "Break-even load", facts.load
    yours = f"yours: {plain(mine.mode)}"
    yours += f" ({plain(mine.low)} to {plain(mine.high)})" if mine.is_varied else ""
    if pair is None:
        return Tile(title, text.NOT_KNOWN, (NO_PAIR, yours), is_missing=True)
    at = known(pair.break_even_per_month.value)
    if not pair.is_feasible:
        why = pair.break_even_per_month.reason
        return Tile(title, "none", (f"{pair.build}: {NEVER} than {pair.buy}", why, yours))
    if at is None:
        return Tile(
            title, text.NOT_KNOWN, (pair.break_even_per_month.reason, yours), is_missing=True
        )
    cheaper = pair.build if mine.mode >= at else pair.buy
    note = figure_cell(pair.break_even_per_month, plain).note
    return Tile(
        title,
        plain(at),
        ("requests per month", note, yours, f"At your load {cheaper} is cheaper per month."),
    )


def _payback_tile(facts: TcoFacts, pair: PairFact | None) -> Tile:
    title = "Payback of the own deployment"
    if pair is None:
        return Tile(title, text.NOT_KNOWN, (NO_PAIR,), is_missing=True)
    lines = (
        payback_range(pair, facts.horizon_months),
        f"It pays back in {futures(pair.payback_share)}.",
        f"{pair.build} against {pair.buy}",
    )
    return Tile(title, payback_words(pair, facts.horizon_months), lines)


def _data_tile(facts: TcoFacts, verdict: Verdict) -> Tile:
    title = "Do data leave the network?"
    name = verdict.option or verdict.leaning
    option = next((o for o in facts.options if o.name == name), None)
    others = [o for o in facts.options if o is not option]
    leaving = _names([o for o in others if o.leaves_network])
    staying = _names([o for o in others if not o.leaves_network])
    lines = (
        f"data class: {facts.data_class}",
        f"also leave with: {leaving}" if leaving and option else f"leave with: {leaving}" if leaving else "",
        f"stay with: {staying}" if staying else "",
    )  # fmt: skip
    if option is None:
        return Tile(title, "depends", lines)
    return Tile(title, _leaves(option), (f"with {option.name}", *lines))


def _names(options: list[OptionFact]) -> str:
    """Name a few options; count many."""
    if len(options) > _MOST_NAMED:
        return f"{len(options)} other options"
    return ", ".join(o.name for o in options)


def _leaves(option: OptionFact) -> str:
    if not option.leaves_network:
        return "no"
    share = known(option.escalated.value) if option.escalated else None
    return "yes" if share is None else f"yes, of {text.percent(share, 0)} of requests"


def check_grid(facts: TcoFacts, verdict: Verdict) -> Grid | None:
    """Return the rules of the policy against the options; None without a rule."""
    if not verdict.checks:
        return None
    found: dict[tuple[str, str], list[Check]] = {}
    for c in verdict.checks:
        found.setdefault((c.rule, c.option), []).append(c)
    where = positions(facts)
    names = list(dict.fromkeys([*where, *(c.option for c in verdict.checks)]))
    names = [name for name in names if any(c.option == name for c in verdict.checks)]
    rules = dict.fromkeys(c.rule for c in verdict.checks)
    rows = [
        (Head(rule), tuple(_check(found.get((rule, name), [])) for name in names)) for rule in rules
    ]
    return grid("Rules", [Head(name, series=where.get(name)) for name in names], rows, "rule")


def _check(checks: list[Check]) -> Cell:
    if not checks:
        return Cell(text.MISSING, "not asked")
    worst = min(checks, key=lambda c: ("fail", "unclear", "pass").index(str(c.outcome)))
    return Cell(OUTCOMES[worst.outcome], " ".join(c.text for c in checks), mark=str(worst.outcome))


def pair_grid(facts: TcoFacts) -> Grid | None:
    """Return every own deployment against every API; None without a pair."""
    if not facts.pairs:
        return None
    heads = [
        Head(
            "break-even λ*, requests per month",
            "the least load at which the own deployment costs no more per month",
        ),
        Head("payback", "of adoption and first servers"),
        Head(f"cheaper after {facts.horizon_months} months", "share of simulated futures"),
        Head("saving", "cost of the API − cost of the own deployment, present value"),
        Head("quality, API − own", "paired by document, in points of 100"),
    ]
    where = positions(facts)
    rows = [
        (
            Head(f"{p.build} against {p.buy}", series=where.get(p.build)),
            tuple(_pair_cells(facts, p)),
        )
        for p in facts.pairs
    ]
    yours = requests_per_month(facts.load.mode)
    return grid(f"Own deployment against API; your load: {yours}", heads, rows, "pair")


def _pair_cells(facts: TcoFacts, p: PairFact) -> Iterator[Cell]:
    at = figure_cell(p.break_even_per_month, plain)
    rate = known(p.break_even_per_s.value)
    if not p.is_feasible:
        yield Cell(NEVER, p.break_even_per_month.reason, mark="fail")
    elif at.is_missing or rate is None:
        yield at
    else:
        note = "; ".join(filter(None, (f"{rate:.3g} requests/s", at.note)))
        yield Cell(at.text, note, at.badges)
    yield Cell(
        payback_words(p, facts.horizon_months),
        f"{payback_range(p, facts.horizon_months)}; in {futures(p.payback_share)}".removeprefix(
            "; "
        ),
    )
    yield Cell(chance(p.cheaper_by_month[-1])) if p.cheaper_by_month else missing(p.saving.reason)
    yield figure_cell(p.saving, lambda v: text.money(v, facts.currency))
    yield estimate_cell(p.quality_difference, text.points)


def _assumption_grid(facts: TcoFacts) -> Grid | None:
    if not facts.assumptions:
        return None
    titles = ("low", "most likely", "high", "unit", "from", "source", "date", "owner", "used by")
    rows = [(Head(a.given.label), _assumption_cells(a, facts.currency)) for a in facts.assumptions]
    return grid("Every assumption", [Head(t) for t in titles], rows, "assumption")


def _assumption_cells(a: Assumption, currency: str) -> tuple[Cell, ...]:
    given = a.given
    low, mode, high = input_range(given, currency)
    date = Cell(
        given.date or text.MISSING, OLD if given.is_old else "", mark="old" if given.is_old else ""
    )
    return (
        Cell(low),
        Cell(mode, "" if given.is_varied else "fixed"),
        Cell(high),
        Cell(unit_words(given.unit)),
        Cell("", badges=(str(given.provenance),)),
        Cell(given.source or text.MISSING, given.note),
        date,
        Cell(given.owner or text.MISSING),
        Cell(", ".join(a.used_by) or text.MISSING),
    )


def _small_print(facts: TcoFacts) -> Iterator[tuple[str, str]]:
    yield "scenario", facts.name
    yield "made on", facts.today
    yield (
        "simulated futures",
        f"{text.count(facts.draws)} draws, seed {facts.seed}; inputs are PERT-distributed",
    )
    yield "ranges", (
        "P10–P90 where a number was computed from uncertain inputs, 95 % intervals where it was measured"
    )  # fmt: skip
    yield "runs", ", ".join(facts.runs) or "none"
    for currency, value, date, source in facts.rates:
        yield f"1 {currency}", f"{value:.6g} {facts.currency}, {date}, {source}"
