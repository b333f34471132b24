"""What a decision maker must know of a load test, in plain sentences; and what can't be concluded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.analysis.facts import CapacityFact, LevelFact, RunFacts
from evalkit.config.bench import BenchConfig
from evalkit.report import format as text
from evalkit.report.load import (
    OK,
    LevelView,
    capacities_of,
    capacity_reason,
    level_views,
    load_words,
    reasons,
    steps_of,
    verdict,
)
from evalkit.report.models import Model
from evalkit.store.run_dir import Run


def load_summary(models: Sequence[Model]) -> Iterator[str]:
    """Say in plain sentences what load each model sustains, and what can't be concluded."""
    views = level_views(models)
    for model in models:
        yield from (_sustains(model, f) for f in capacities_of(model))
    for i, model in enumerate(models):
        mine = [v for v in views if v.series == i]
        for profile in dict.fromkeys(v.fact.profile for v in mine):
            yield from _busiest(model, profile, [v for v in mine if v.fact.profile == profile])
    yield from _invalid(views)
    if any(m.run.manifest.kind == "bench" for m in models):
        yield "Load tests do not measure the quality of answers."


def _sustains(model: Model, f: CapacityFact) -> str:
    e = f.lambda_per_s
    note = capacity_reason(f, steps_of(model.facts.levels, f))
    if e.value is None:
        return f"{model.label}, profile {f.profile}: how much it sustains within {f.slo} is not known: {note}."
    bounds = ""
    if e.low is not None and e.high is not None:
        bounds = f" (between {text.amount(e.low)} and {text.amount(e.high)})"
    line = f"{model.label} sustains {text.amount(e.value)} requests/s{bounds} within {f.slo} (profile {f.profile})"
    return f"{line}; {note}." if note else f"{line}."


def _busiest(model: Model, profile: str, views: Sequence[LevelView]) -> Iterator[str]:
    """Say at which level that held most tokens came, what users then waited, and what failed."""
    head = f"{model.label}, profile {profile}"
    valid = [v for v in views if v.fact.is_valid]
    held = [v for v in valid if verdict(v.fact) == OK]
    known = [v for v in held if v.fact.output_tokens_per_s.value is not None]
    if known:
        f = max(known, key=lambda v: v.fact.output_tokens_per_s.value or 0.0).fact
        most = (
            "most output tokens/s"
            if f.passed is None
            else "most output tokens/s within the service level"
        )
        line = f"{head}: {most}: {text.amount(f.output_tokens_per_s.value)}, {load_words(f)}"
        line += f" ({text.amount(f.completed_per_s.value)} requests/s completed{_waits(f)})"
        yield f"{line}{_energy(f)}."
    elif valid and not held:
        yield f"{head}: no level held; {load_words(valid[0].fact)}: {'; '.join(reasons(valid[0].fact))}."
    failing = [v for v in valid if v.fact.error_rate.value]
    if failing:
        worst = max(failing, key=lambda v: v.fact.error_rate.value or 0.0)
        share = text.percent(worst.fact.error_rate.value)
        yield f"{head}: up to {share} of the requests failed ({load_words(worst.fact)})."


def _waits(f: LevelFact) -> str:
    half = f.latencies["response_ttft_s_p50"].value
    return (
        ""
        if half is None
        else f"; half of the users waited {text.seconds(half)} or less for the first token"
    )


def _energy(f: LevelFact) -> str:
    value = f.energy_per_output_token_j.value
    return "" if value is None else f"; {text.amount(value)} J of GPU energy per output token"


def _invalid(views: Sequence[LevelView]) -> Iterator[str]:
    bad = [v for v in views if not v.fact.is_valid]
    if bad:
        names = ", ".join(f"{v.label} {v.fact.profile} {v.name}" for v in bad)
        yield (
            f"INVALID, not to be used ({len(bad)} of {len(views)} levels): {names}. There evalkit itself was the"
            " bottleneck, so their numbers are not the models'."
        )


def differing_profiles(runs: Sequence[tuple[Run, RunFacts]]) -> Iterator[str]:
    """Yield which profiles of the same name are not the same load in every run."""
    found: dict[str, set[str]] = {}
    for run, _ in runs:
        if run.manifest.kind == "bench":
            for spec in BenchConfig.model_validate(run.manifest.config).profiles:
                found.setdefault(spec.name, set()).add(spec.model_dump_json())
    for name, versions in found.items():
        if len(versions) > 1:
            yield f"Not like for like: profile {name} is another load in each run; its levels do not compare."
