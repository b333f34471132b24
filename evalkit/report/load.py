"""What a load test showed, in words: names of levels, verdicts with reasons, columns of page and terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from evalkit.analysis.facts import CapacityFact, Estimate, LevelFact, RunFacts, StepFact
from evalkit.config.bench import BenchConfig, ProfileSpec
from evalkit.records import LoadStep
from evalkit.report import format as text
from evalkit.report.glossary import LOAD_TERMS, TERMS
from evalkit.report.models import Model

OK, OVERLOADED, BREAKS, INVALID = "ok", "overloaded", "breaks SLO", "INVALID"
CLOSED = "concurrency"
IDLE = "idle"
OWN_FAULT = "evalkit itself was the bottleneck"


@dataclass(frozen=True, slots=True)
class LevelView:
    """One level of one compared model, with the steps it is made of."""

    series: int
    """Position of the model: its colour."""
    label: str
    """Of the model, unique in the report."""
    fact: LevelFact
    steps: tuple[tuple[StepFact, LoadStep], ...]

    @property
    def name(self) -> str:
        """The load; a ramp says where it ends."""
        to_rate = next((s.to_rate_per_s for _, s in self.steps if s.to_rate_per_s), None)
        if to_rate is None:
            return load_name(self.fact)
        return f"{text.amount(self.fact.rate_per_s)} to {text.amount(to_rate)}/s"

    @property
    def judged(self) -> tuple[StepFact, ...]:
        """The steps the level's numbers come from: the valid ones where there are any."""
        valid = tuple(f for f, _ in self.steps if not f.load.flaws)
        return valid or tuple(f for f, _ in self.steps)


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a level, as page and terminal show it."""

    title: str
    meaning: str
    read: Callable[[LevelFact], Estimate]
    show: Callable[[float | None], str]
    q: int | None = None
    """Which percentile it is."""


COLUMNS: tuple[Column, ...] = (
    Column("TTFT p50", TERMS["TTFT"], lambda f: f.latencies["ttft_s_p50"], text.seconds, 50),
    Column("TTFT p95", TERMS["TTFT"], lambda f: f.latencies["ttft_s_p95"], text.seconds, 95),
    Column("TPOT p50", TERMS["TPOT"], lambda f: f.latencies["tpot_s_p50"], text.seconds, 50),
    Column(
        "e2e p95 *",
        f"Last token − the moment the request was due. {LOAD_TERMS['response view']}",
        lambda f: f.latencies["response_e2e_s_p95"],
        text.seconds,
        95,
    ),
    Column(
        "tokens/s",
        LOAD_TERMS["output tokens/s, steady"],
        lambda f: f.output_tokens_per_s,
        text.amount,
    ),
    Column(
        "done/s",
        "answers that ended in the steady window / its length",
        lambda f: f.completed_per_s,
        text.amount,
    ),
    Column("good/s", LOAD_TERMS["goodput"], lambda f: f.goodput_per_s, text.amount),
    Column(
        "errors",
        "requests due in the steady window that failed / all that were due in it",
        lambda f: f.error_rate,
        text.percent,
    ),
)
ENERGY = Column(
    "J/token",
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


def load_name(level: LevelFact) -> str:
    """Say how much load a level is; its profile says of which kind."""
    if level.concurrency is not None:
        return f"{text.count(level.concurrency)} at once"
    if level.rate_per_s is None:
        return level.kind
    rate = f"{text.amount(level.rate_per_s)}/s"
    return f"ramp from {rate}" if level.kind == "ramp" else rate


def load_words(level: LevelFact) -> str:
    """Say how much load a level is, within a sentence."""
    n = level.concurrency
    if n is not None:
        return f"with {text.count(n)} request{'' if n == 1 else 's'} at once"
    if level.rate_per_s is None or level.kind == "ramp":
        return f"under the {level.kind}"
    return f"at {text.amount(level.rate_per_s)} requests/s"


def verdict(level: LevelFact) -> str:
    """Return one of `OK`, `OVERLOADED`, `BREAKS`, `INVALID`."""
    if not level.is_valid:
        return INVALID
    if level.overloads:
        return OVERLOADED
    return BREAKS if level.breaches else OK


def reasons(level: LevelFact) -> tuple[str, ...]:
    """Say why a level is not ok, and which repeats are left out of it."""
    if not level.is_valid:
        return (*level.flaws, *level.overloads, *level.breaches)
    left_out = (
        (f"{level.n_invalid} of {level.n_repeats} repeats INVALID, left out ({', '.join(level.flaws)})",)
        if level.n_invalid
        else ()
    )  # fmt: skip
    return (*level.overloads, *level.breaches, *left_out)


def load_order(level: LevelFact) -> float:
    """Return how much load a level is, to sort by."""
    if level.concurrency is not None:
        return float(level.concurrency)
    return level.rate_per_s or 0.0


def capacities_of(model: Model) -> list[CapacityFact]:
    """Return λ_SLO of each of a model's profiles that has a service level."""
    return [f for f in model.facts.capacities if f.model == model.name]


def capacity_text(fact: CapacityFact) -> str:
    """Return λ_SLO with its interval, or a dash."""
    e = fact.lambda_per_s
    if e.value is None:
        return text.MISSING
    shown = f"{text.amount(e.value)}/s"
    if e.low is None or e.high is None:
        return shown
    return f"{shown} ({text.amount(e.low)} to {text.amount(e.high)})"


def capacity_reason(fact: CapacityFact, n_levels: int) -> str:
    """Say why λ_SLO is missing or not the whole truth, and how many steps could not be used."""
    n = fact.n_invalid
    if n and fact.lambda_per_s.value is None and n >= n_levels:
        return f"every step is INVALID: {OWN_FAULT}"
    left_out = f"{n} INVALID {'step was' if n == 1 else 'steps were'} not used" if n else ""
    return "; ".join(part for part in (fact.lambda_per_s.reason, left_out) if part)


def steps_of(levels: Iterable[LevelFact], capacity: CapacityFact) -> int:
    """Return how many steps a model's profile has."""
    mine = (capacity.model, capacity.profile)
    return sum(f.n_repeats for f in levels if (f.model, f.profile) == mine)


def level_views(models: Sequence[Model]) -> list[LevelView]:
    """Return every level of every model with its steps, in the order of profile and load."""
    return [view for i, model in enumerate(models) for view in _views_of(i, model)]


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


def profile_text(spec: ProfileSpec) -> str:
    """Say what a profile does to a model."""
    return f"{_load_text(spec)} {_prompt_text(spec)}"


def _load_text(spec: ProfileSpec) -> str:
    load = spec.load
    spaced = "evenly spaced" if load.arrivals == "constant" else "at random moments (Poisson)"
    match load.kind:
        case "concurrency":
            return "Closed loop: so many requests at once; the next is sent when one is answered."
        case "constant":
            return (
                "Open loop: so many requests per second, evenly spaced, whatever the server does."
            )
        case "poisson":
            return "Open loop: so many requests per second, at random moments (Poisson), whatever the server does."
        case "ramp":
            return f"Open loop: a rate that grows from one step's beginning to its end, {spaced}."
        case "trace":
            return f"Open loop: requests at recorded times, played {load.speed:g} times as fast."
        case _:
            return f"Search for the highest rate within the service level; open loop, requests {spaced}."


def _prompt_text(spec: ProfileSpec) -> str:
    prompts = spec.prompts
    if prompts.suite is not None:
        asked = f"Prompts are docs of tasks ({prompts.suite.name})"
    else:
        sizes = " or ".join(f"{pair[0]} tokens in and {pair[1]} out" for pair in prompts.lengths)
        asked = f"Made-up prompts: {sizes}"
    if prompts.turns > 1:
        asked += f", conversations of {prompts.turns} turns; rates are conversations per second"
    return f"{asked}. Per step {spec.warmup_s:g} s of warm-up, then a steady window of at least {spec.measure_s:g} s."
