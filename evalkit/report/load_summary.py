"""What a decision maker must know of a load test, in plain sentences; and what can't be concluded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.analysis.facts import CapacityFact, LevelFact, RunFacts
from evalkit.config.bench import BenchConfig
from evalkit.metrics.load_point import Verdict
from evalkit.report import format as text
from evalkit.report.load import (
    LevelView,
    capacities_of,
    capacity_reason,
    level_views,
    load_words,
    reasons,
    steps_of,
)
from evalkit.report.models import Model
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, say


def load_summary(models: Sequence[Model]) -> Iterator[Said]:
    """Say in plain sentences what load each model sustains, and what can't be concluded."""
    views = level_views(models)
    for model in models:
        yield from (_sustains(model, f) for f in capacities_of(model))
    for model in models:
        mine = [v for v in views if v.series == model.series]
        for profile in dict.fromkeys(v.fact.profile for v in mine):
            yield from _busiest(model, profile, [v for v in mine if v.fact.profile == profile])
    yield from _invalid(views)
    if any(m.run.manifest.kind == "bench" for m in models):
        yield say("Load tests do not measure the quality of answers.")


def _sustains(model: Model, f: CapacityFact) -> Said:
    e = f.lambda_per_s
    note = capacity_reason(f, steps_of(model.facts.levels, f))
    if e.value is None and f.below_per_s is not None:
        return say(
            "{model} is not known to sustain any load within {slo} (profile {profile}); it is less than {rate}"
            " requests/s: {note}.",
            model=model.label,
            profile=f.profile,
            slo=f.slo,
            rate=text.amount(f.below_per_s),
            note=note,
        )
    if e.value is None:
        return say(
            "{model}, profile {profile}: how much it sustains within {slo} is not known: {note}.",
            model=model.label,
            profile=f.profile,
            slo=f.slo,
            note=note,
        )
    rate = say("{n} requests/s", n=text.amount(e.value))
    if e.low is not None and e.high is not None:
        low, high = text.amount(e.low), text.amount(e.high)
        rate = say("{value} (between {low} and {high})", value=rate, low=low, high=high)
    elif f.below_per_s is None:
        rate = say("at least {value}", value=rate)
    return say(
        "{model} sustains {rate} within {slo} (profile {profile}){note}.",
        model=model.label,
        rate=rate,
        slo=f.slo,
        profile=f.profile,
        note=say("; {note}", note=note) if note else NOTHING,
    )


def _busiest(model: Model, profile: str, views: Sequence[LevelView]) -> Iterator[Said]:
    """Say at which level that held most tokens came, what users then waited, and what failed."""
    head = say("{model}, profile {profile}", model=model.label, profile=profile)
    valid = [v for v in views if v.fact.is_valid]
    held = [v for v in valid if v.fact.verdict == Verdict.OK]
    known = [v for v in held if v.fact.output_tokens_per_s.value is not None]
    if known:
        yield _most(head, max(known, key=lambda v: v.fact.output_tokens_per_s.value or 0.0).fact)
    elif valid and not held:
        first = valid[0].fact
        yield say(
            "{profile}: no level held; {load}: {why}.",
            profile=head,
            load=load_words(first),
            why=joined(reasons(first), "; "),
        )
    failing = [v for v in valid if v.fact.error_rate.value]
    if failing:
        worst = max(failing, key=lambda v: v.fact.error_rate.value or 0.0)
        yield say(
            "{profile}: up to {share} of the requests failed ({load}).",
            profile=head,
            share=text.percent(worst.fact.error_rate.value),
            load=load_words(worst.fact),
        )


def _most(head: Said, f: LevelFact) -> Said:
    """Say what the level with most tokens was like."""
    shown = joined((_tokens(f), *_energy(f)), "; ")
    if f.passed is None:
        return say("{profile}: most output tokens/s: {found}.", profile=head, found=shown)
    return say(
        "{profile}: most output tokens/s within the service level: {found}.",
        profile=head,
        found=shown,
    )


def _tokens(f: LevelFact) -> Said:
    completed = say("{n} requests/s completed", n=text.amount(f.completed_per_s.value))
    return say(
        "{n}, {load} ({details})",
        n=text.amount(f.output_tokens_per_s.value),
        load=load_words(f),
        details=joined((completed, *_waits(f)), "; "),
    )


def _waits(f: LevelFact) -> Iterator[Said]:
    half = f.latencies["response_ttft_s_p50"].value
    if half is not None:
        yield say(
            "half of the users waited {time} or less for the first token", time=text.seconds(half)
        )


def _energy(f: LevelFact) -> Iterator[Said]:
    value = f.energy_per_output_token_j.value
    if value is not None:
        yield say("{n} J of GPU energy per output token", n=text.amount(value))


def _invalid(views: Sequence[LevelView]) -> Iterator[Said]:
    bad = [v for v in views if not v.fact.is_valid]
    if bad:
        yield say(
            "INVALID, not to be used ({n} of {all} levels): {names}. There evalkit itself was the"
            " bottleneck, so their numbers are not the models'.",
            n=text.count(len(bad)),
            all=text.count(len(views)),
            names=joined(joined((v.label, v.fact.profile, v.name), " ") for v in bad),
        )


def differing_profiles(runs: Sequence[tuple[Run, RunFacts]]) -> Iterator[Said]:
    """Yield which profiles of the same name are not the same load in every run."""
    found: dict[str, set[str]] = {}
    for run, _ in runs:
        if run.manifest.kind == "bench":
            for spec in BenchConfig.model_validate(run.manifest.config).profiles:
                found.setdefault(spec.name, set()).add(spec.model_dump_json())
    for name, versions in found.items():
        if len(versions) > 1:
            yield say(
                "Not like for like: profile {name} is another load in each run; its levels do not compare.",
                name=name,
            )
