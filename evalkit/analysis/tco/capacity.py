"""What one replica serves within the service level: from a bench, an imported load curve, or the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from evalkit.analysis.facts import CapacityFact, Estimate, StepFact
from evalkit.analysis.load import BRACKET, load_facts, slo_text
from evalkit.analysis.stats import share_estimate
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.curve import curve_levels, read_curve
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.config.bench import SloSpec
from evalkit.config.scenario import ImportSpec, OptionSpec
from evalkit.errors import UsageError, did_you_mean
from evalkit.metrics.capacity import sustained_per_s
from evalkit.metrics.percentiles import MINIMUM_N
from evalkit.store.run_dir import Run
from evalkit.wording import NOTHING, Said, joined, numeral, say, say_n, verbatim


@dataclass(frozen=True, slots=True)
class Capacity:
    """λ_SLO of one replica and what else is known from measuring it."""

    per_s: Input | None
    reason: Said = NOTHING
    """Why it is not known, or what to keep in mind."""
    service_level: Said = NOTHING
    input_tokens: float | None = None
    """Mean input tokens per request."""
    output_tokens: float | None = None
    good_share: Estimate | None = None
    """Share of the requests at that load that kept the service level."""
    idle_w: float | None = None
    """Measured power per GPU at rest; boards alone."""
    load_w: float | None = None
    machine: str = ""
    """What it was measured on; empty where not measured here."""


def capacity_of(option: OptionSpec, runs: Sequence[Run], book: Book) -> Capacity:
    """Return what one replica of an option serves."""
    spec = option.capacity
    label = say("capacity of {name}", name=option.name)
    asked = Asked(f"capacity.{option.name}", label, "requests/s")
    if spec is not None and spec.requests_per_s is not None:
        mine = book.yours(asked, spec.requests_per_s)
        return Capacity(mine, say("your number, not a measurement"))
    if spec is not None and spec.curve is not None:
        return _imported(spec.curve, option.gpus_per_replica, asked, book)
    return _measured(option, runs, book.scenario.service_level)


def _measured(option: OptionSpec, runs: Sequence[Run], slo: SloSpec | None) -> Capacity:
    wanted = None if option.capacity is None else option.capacity.profile
    found: dict[str, tuple[Run, CapacityFact, list[StepFact]]] = {}
    for run in runs:
        each, _, capacities = load_facts(run, slo)
        cells = {c.cell_id: (c.model, c.suite) for c in run.manifest.cells}
        for fact in capacities:
            if fact.model == option.model and wanted in (None, fact.profile):
                mine = [s for s in each if cells[s.cell_id] == (fact.model, fact.profile)]
                found[fact.profile] = run, fact, mine
    if wanted is not None and not found:
        _check_profile(option, wanted, runs)
    if not found:
        return Capacity(None, _no_bench(option.model, wanted))
    if len(found) > 1:
        several = say(
            "several profiles were measured ({profiles}): name one in `capacity:`",
            profiles=joined(found),
        )
        return Capacity(None, several)
    return _from_bench(*next(iter(found.values())))


def _no_bench(model: str, profile: str | None) -> Said:
    if profile is None:
        return say("capacity not measured: no bench of {model} with a service level", model=model)
    return say(
        "capacity not measured: no bench of {model} under profile {profile} with a service level",
        model=model,
        profile=repr(profile),
    )


def _check_profile(option: OptionSpec, wanted: str, runs: Sequence[Run]) -> None:
    """Refuse a profile that the model's benches do not have: most likely it is misspelt."""
    known = sorted(
        {
            c.suite
            for run in runs
            for c in run.manifest.cells
            if run.manifest.kind == "bench" and c.model == option.model
        }
    )
    if known and wanted not in known:
        raise UsageError(
            f"option {option.name!r}: capacity: profile: no bench of {option.model} has {wanted!r}.",
            did_you_mean(wanted, known, f"They have {', '.join(known)}."),
        )


def _from_bench(run: Run, fact: CapacityFact, steps: Sequence[StepFact]) -> Capacity:
    """Return the capacity a bench found.

    What is between the highest rate that held and the lowest that did not is unknown, and nothing is extrapolated: of
    one repeat the highest that held counts, of several their mean with its interval.
    """
    e = fact.lambda_per_s
    source = say("{run}, profile {profile}", run=run.manifest.run_id, profile=fact.profile)
    label = say("capacity of {name}", name=fact.model)
    asked = Asked(f"capacity.{fact.model}.{source}", label, "requests/s")
    if e.value is None or e.value <= 0:
        why = e.reason or say("nothing was completed")
        return Capacity(None, say("capacity: {why}", why=why), fact.slo)
    held = [s for s in steps if s.load.passed and not s.load.flaws]
    best = min(held, key=lambda s: abs(sustained_per_s(s.load) - (e.value or 0.0)))
    answered = best.load.n_due - best.load.n_failed
    good = best.load.good_share
    is_range = e.method != BRACKET and e.low is not None and e.high is not None
    gpus = run.manifest.hardware.gpus
    few = NOTHING
    if best.load.n_due < MINIMUM_N[90]:
        few = say_n("it rests on {n} request", "it rests on {n} requests", best.load.n_due)
    reason = joined((e.reason, few), "; ")
    return Capacity(
        per_s=Input(
            key=asked.key,
            label=asked.label,
            unit=asked.unit,
            low=max(e.low, e.value / 10) if is_range and e.low is not None else e.value,
            mode=e.value,
            high=e.high if is_range and e.high is not None else e.value,
            provenance=Provenance.MEASURED,
            source=source,
            date=run.manifest.started_at[:10],
            note=reason,
        ),
        reason=reason,
        service_level=fact.slo,
        input_tokens=_per_request(best.load.input_tokens, answered),
        output_tokens=_per_request(best.load.output_tokens, answered),
        good_share=(
            None if good is None else share_estimate(round(good * best.load.n_due), best.load.n_due)
        ),
        idle_w=_each(best.idle_power_w, len(gpus)),
        load_w=_each(best.power_w, len(gpus)),
        machine=", ".join(dict.fromkeys(g.name for g in gpus)) or run.manifest.hardware.cpu,
    )


def _each(watts: float | None, n_gpus: int) -> float | None:
    return None if watts is None else watts / max(n_gpus, 1)


def _per_request(tokens: int | None, n: int) -> float | None:
    return tokens / n if tokens is not None and n else None


def _imported(spec: ImportSpec, n_gpus: int, asked: Asked, book: Book) -> Capacity:
    """Return the capacity of a load curve: its highest level that held, even where a lower one did not."""
    slo = book.scenario.service_level
    levels = curve_levels(spec, slo)
    held = [one for one in levels if one.passed]
    best = max(held, key=lambda one: one.rate_per_s, default=None)
    level = slo_text(slo)
    if best is None:
        return Capacity(None, say("capacity: no imported level holds {level}", level=level), level)
    rates = sorted({one.rate_per_s for one in levels if not one.passed})
    lower = [rate for rate in rates if rate < best.rate_per_s]
    notes: list[Said] = []
    if len(lower) == len(rates):
        notes.append(say("no higher level that fails was measured: it may sustain more"))
    if lower:
        below = joined(numeral(f"{rate:g}") for rate in lower)
        notes.append(
            say("{rates}/s did not hold, though a higher level did: check it", rates=below)
        )
    if slo is not None and spec.percentile != slo.percentile:
        notes.append(
            say(
                "p{of_file} of the file is taken for p{wanted}",
                of_file=f"{spec.percentile}",
                wanted=f"{slo.percentile}",
            )
        )
    if slo is not None and "error_rate" not in spec.columns:
        notes.append(say("the file does not tell errors"))
    at_best = [p for p in read_curve(spec) if p.values["completed_per_s"] == best.sustained_per_s]
    watts = [w for p in at_best if (w := p.get("power_w")) is not None]
    given = book.fixed(asked, best.sustained_per_s, Provenance.IMPORTED, verbatim(spec.source))
    return Capacity(
        per_s=replace(
            given,
            date=spec.date.isoformat(),
            note=joined(notes, "; "),
            is_old=book.is_old(spec.date),
        ),
        reason=joined((say("imported, not measured here"), *notes), "; "),
        service_level=level,
        input_tokens=spec.input_tokens,
        output_tokens=spec.output_tokens,
        load_w=fmean(watts) / n_gpus if watts else None,
    )
