"""What a load test showed, in words: names of levels, verdicts with reasons, columns of page and terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.facts import CapacityFact, Estimate, LevelFact, RunFacts, StepFact
from evalkit.config.bench import BenchConfig, ProfileSpec
from evalkit.metrics.load_point import Verdict
from evalkit.records import IDLE, PROBE, LoadStep
from evalkit.report import format as text
from evalkit.report.glossary import LOAD_TERMS, TERMS
from evalkit.report.load_endings import early_ending
from evalkit.report.models import Model
from evalkit.wording import Said, joined, numeral, say, say_n, verbatim

VERDICTS: dict[str, Said] = {
    Verdict.OK: say("ok"),
    Verdict.OVERLOADED: say("overloaded"),
    Verdict.BREAKS: say("breaks SLO"),
    Verdict.INCONCLUSIVE: say("INCONCLUSIVE"),
    Verdict.INVALID: say("INVALID"),
}
"""Verdict → what a reader calls it."""
CLOSED = "concurrency"
_KINDS: dict[str, Said] = {
    IDLE: say("idle"),
    PROBE: say("probe"),
    "ramp": say("ramp"),
    "trace": say("trace"),
}


@dataclass(frozen=True, slots=True)
class LevelView:
    """One level of one compared model, with the steps it is made of."""

    series: int
    """Position of the model: its colour."""
    label: str
    """Name of the model, unique in the report."""
    fact: LevelFact
    steps: tuple[tuple[StepFact, LoadStep], ...]

    @property
    def name(self) -> Said:
        """The load; a ramp says where it ends."""
        to_rate = next((s.to_rate_per_s for _, s in self.steps if s.to_rate_per_s), None)
        if to_rate is None:
            return load_name(self.fact)
        low, high = text.amount(self.fact.rate_per_s), text.amount(to_rate)
        return say("{low} to {high}/s", low=low, high=high)

    @property
    def judged(self) -> tuple[StepFact, ...]:
        """The steps the level's numbers come from: the valid ones where there are any."""
        valid = tuple(f for f, _ in self.steps if not f.load.flaws)
        return valid or tuple(f for f, _ in self.steps)


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a level, as page and terminal show it."""

    title: Said
    meaning: Said
    read: Callable[[LevelFact], Estimate]
    show: Callable[[float | None], Said]
    q: int | None = None
    """Which percentile it is."""


COLUMNS: tuple[Column, ...] = (
    Column(say("TTFT p50"), TERMS["TTFT"], lambda f: f.latencies["ttft_s_p50"], text.seconds, 50),
    Column(say("TTFT p95"), TERMS["TTFT"], lambda f: f.latencies["ttft_s_p95"], text.seconds, 95),
    Column(say("TPOT p50"), TERMS["TPOT"], lambda f: f.latencies["tpot_s_p50"], text.seconds, 50),
    Column(
        say("e2e p95 *"),
        joined(
            (say("Last token − the moment the request was due."), LOAD_TERMS["response view"]), " "
        ),
        lambda f: f.latencies["response_e2e_s_p95"],
        text.seconds,
        95,
    ),
    Column(
        say("tokens/s"),
        LOAD_TERMS["output tokens/s, steady"],
        lambda f: f.output_tokens_per_s,
        text.amount,
    ),
    Column(
        say("done/s"),
        say("answers that ended in the steady window / its length"),
        lambda f: f.completed_per_s,
        text.amount,
    ),
    Column(say("good/s"), LOAD_TERMS["goodput"], lambda f: f.goodput_per_s, text.amount),
    Column(
        say("errors"),
        say("requests due in the steady window that failed / all that were due in it"),
        lambda f: f.error_rate,
        text.percent,
    ),
)
ENERGY = Column(
    say("J/token"),
    LOAD_TERMS["energy per output token"],
    lambda f: f.energy_per_output_token_j,
    text.amount,
)
VIEW_NOTE = "* counted from the moment a request was due (response view); TTFT and TPOT from sending it (service view)."


def columns_for(levels: Iterable[LevelFact]) -> tuple[Column, ...]:
    """Return the columns of a profile's table; energy only where some level has it."""
    has_energy = any(f.energy_per_output_token_j.value is not None for f in levels)
    return (*COLUMNS, ENERGY) if has_energy else COLUMNS


def is_bench(facts: RunFacts) -> bool:
    """Tell whether this is about load, even where no step is done yet."""
    return facts.kind == "bench"


def kind_text(kind: str) -> Said:
    """Say of which kind a load without a number is."""
    return _KINDS.get(kind, verbatim(kind))


def rate_text(rate_per_s: float | None) -> Said:
    """Write a rate of requests."""
    return say("{n}/s", n=text.amount(rate_per_s))


def load_name(level: LevelFact) -> Said:
    """Say how much load a level is; its profile says of which kind."""
    if level.concurrency is not None:
        return say("{n} at once", n=text.count(level.concurrency))
    if level.rate_per_s is None:
        return kind_text(level.kind)
    rate = rate_text(level.rate_per_s)
    return say("ramp from {rate}", rate=rate) if level.kind == "ramp" else rate


def load_words(level: LevelFact) -> Said:
    """Say how much load a level is, within a sentence."""
    if level.concurrency is not None:
        return say_n("with {n} request at once", "with {n} requests at once", level.concurrency)
    if level.rate_per_s is None or level.kind == "ramp":
        return say("under the {kind}", kind=kind_text(level.kind))
    return say("at {n} requests/s", n=text.amount(level.rate_per_s))


def reasons(level: LevelFact) -> tuple[Said, ...]:
    """Say why a level is not ok, and which repeats are left out of it."""
    doubts = level.doubts if level.verdict == Verdict.INCONCLUSIVE else ()
    if not level.is_valid:
        return (*level.flaws, *level.overloads, *level.breaches)
    if not level.n_invalid:
        return (*level.overloads, *level.breaches, *doubts)
    left_out = say(
        "{n} of {all} repeats INVALID, left out ({why})",
        n=text.count(level.n_invalid),
        all=text.count(level.n_repeats),
        why=joined(level.flaws),
    )
    return (*level.overloads, *level.breaches, *doubts, left_out)


def load_order(level: LevelFact) -> float:
    """Return how much load a level is, to sort by."""
    if level.concurrency is not None:
        return float(level.concurrency)
    return level.rate_per_s or 0.0


def capacities_of(model: Model) -> list[CapacityFact]:
    """Return λ_SLO of each of a model's profiles that has a service level."""
    return [f for f in model.facts.capacities if f.model == model.name]


def capacity_text(fact: CapacityFact) -> Said:
    """Return λ_SLO with its interval, or the bound that is known, or that it is inconclusive, or a dash."""
    e, below = fact.lambda_per_s, fact.below_per_s
    if fact.is_inconclusive:
        return VERDICTS[Verdict.INCONCLUSIVE]
    if e.value is None:
        return text.MISSING if below is None else say("< {rate}", rate=rate_text(below))
    rate = rate_text(e.value)
    if e.low is not None and e.high is not None:
        low, high = text.amount(e.low), text.amount(e.high)
        return say("{value} ({low} to {high})", value=rate, low=low, high=high)
    return say("≥ {rate}", rate=rate) if below is None else rate


def capacity_reason(fact: CapacityFact, n_levels: int) -> Said:
    """Say why λ_SLO is missing or not the whole truth, what ended the search early, and what could not be used."""
    n = fact.n_invalid
    if n and fact.lambda_per_s.value is None and n >= n_levels:
        return say("every step is INVALID: evalkit itself was the bottleneck")
    parts = [fact.lambda_per_s.reason, *map(early_ending, fact.endings)]
    if n:
        parts.append(say_n("{n} INVALID step was not used", "{n} INVALID steps were not used", n))
    if fact.n_unclear:
        parts.append(
            say_n(
                "{n} step with too few requests was not used",
                "{n} steps with too few requests were not used",
                fact.n_unclear,
            )
        )
    return joined(dict.fromkeys(parts), "; ")


def steps_of(levels: Iterable[LevelFact], capacity: CapacityFact) -> int:
    """Return how many steps a model's profile has."""
    mine = (capacity.model, capacity.profile)
    return sum(f.n_repeats for f in levels if (f.model, f.profile) == mine)


def level_views(models: Sequence[Model]) -> list[LevelView]:
    """Return every level of every model with its steps, in the order of profile and load."""
    return [view for model in models for view in _views_of(model.series, model)]


def _views_of(position: int, model: Model) -> Iterator[LevelView]:
    cells = {c.cell_id: c for c in model.run.manifest.cells if c.model == model.name}
    steps = {(s.cell_id, s.step): s for s in model.run.steps}
    left = [(f, steps[f.cell_id, f.step]) for f in model.facts.steps if f.cell_id in cells]
    levels = [f for f in model.facts.levels if f.model == model.name]
    found = []
    for level in levels:
        # repeats of a search may visit one rate more than once: each level then has its own step
        mine = [
            (fact, step)
            for fact, step in left
            if cells[fact.cell_id].suite == level.profile
            and (step.kind, step.rate_per_s, step.concurrency)
            == (level.kind, level.rate_per_s, level.concurrency)
        ][: level.n_repeats]
        left = [pair for pair in left if pair not in mine]
        found.append(LevelView(position, model.label, level, tuple(mine)))
    yield from sorted(found, key=lambda v: load_order(v.fact))


def profile_specs(models: Sequence[Model]) -> dict[str, ProfileSpec]:
    """Return the profiles of every bench by name; of two that share a name, the first."""
    found: dict[str, ProfileSpec] = {}
    for model in models:
        if model.run.manifest.kind == "bench":
            for spec in BenchConfig.model_validate(model.run.manifest.config).profiles:
                found.setdefault(spec.name, spec)
    return found


def profile_text(spec: ProfileSpec) -> Said:
    """Say what a profile does to a model."""
    window = say(
        "Per step {warmup} s of warm-up, then a steady window of at least {window} s.",
        warmup=numeral(f"{spec.warmup_s:g}"),
        window=numeral(f"{spec.measure_s:g}"),
    )
    return joined((_load_text(spec), _prompt_text(spec), window), " ")


def _load_text(spec: ProfileSpec) -> Said:
    load = spec.load
    is_even = load.arrivals == "constant"
    spaced = say("evenly spaced") if is_even else say("at random moments (Poisson)")
    match load.kind:
        case "concurrency":
            return say(
                "Closed loop: so many requests at once; the next is sent when one is answered."
            )
        case "constant":
            return say(
                "Open loop: so many requests per second, evenly spaced, whatever the server does."
            )
        case "poisson":
            return say(
                "Open loop: so many requests per second, at random moments (Poisson), whatever the server does."
            )
        case "ramp":
            return say(
                "Open loop: a rate that grows from one step's beginning to its end, {spaced}.",
                spaced=spaced,
            )
        case "trace":
            return say(
                "Open loop: requests at recorded times, played {n} times as fast.",
                n=numeral(f"{load.speed:g}"),
            )
        case _:
            return say(
                "Search for the highest rate within the service level; open loop, requests {spaced}.",
                spaced=spaced,
            )


def _prompt_text(spec: ProfileSpec) -> Said:
    prompts = spec.prompts
    if prompts.suite is not None:
        asked = say("Prompts are docs of tasks ({suite})", suite=prompts.suite.name)
    else:
        sizes = (
            say("{input} tokens in and {output} out", input=f"{pair[0]}", output=f"{pair[1]}")
            for pair in prompts.lengths
        )
        any_of = joined(sizes, say(" or "))
        asked = say("Made-up prompts: {sizes}", sizes=any_of)
    if prompts.turns <= 1:
        return say("{prompts}.", prompts=asked)
    return say(
        "{prompts}, conversations of {n} turns; rates are conversations per second.",
        prompts=asked,
        n=f"{prompts.turns}",
    )
