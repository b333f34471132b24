"""What one replica serves within the service level: from a bench, an imported load curve, or the user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from evalkit.analysis.load import load_facts, slo_text
from evalkit.analysis.tco.benched import Benched, bench_capacity, slo_of
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.curve import curve_levels, read_curve
from evalkit.analysis.tco.replica import Capacity
from evalkit.analysis.tco.values import Provenance
from evalkit.config.bench import SloSpec
from evalkit.config.scenario import ImportSpec, OptionSpec
from evalkit.errors import UsageError, did_you_mean
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say, verbatim


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
    found = {
        bench.fact.profile: bench
        for bench in _benches(option.model, runs, slo)
        if wanted in (None, bench.fact.profile)
    }
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
    return bench_capacity(next(iter(found.values())))


def _benches(model: str, runs: Sequence[Run], slo: SloSpec | None) -> Iterator[Benched]:
    """Yield the benches of a model, one per run and profile."""
    for run in runs:
        each, _, capacities = load_facts(run, slo)
        cells = {c.cell_id: (c.model, c.suite) for c in run.manifest.cells}
        for fact in capacities:
            if fact.model == model:
                mine = tuple(s for s in each if cells[s.cell_id] == (model, fact.profile))
                yield Benched(run, fact, mine, slo_of(run, fact.profile, slo))


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
