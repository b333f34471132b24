"""What one replica serves within the service level: from a bench, an imported load curve, or the user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.analysis.load import load_facts
from evalkit.analysis.tco.benched import Benched, bench_capacity, slo_of
from evalkit.analysis.tco.between import capacity_between
from evalkit.analysis.tco.book import Asked, Book
from evalkit.analysis.tco.imported import imported_capacity
from evalkit.analysis.tco.lengths import Lengths, lengths_of_work
from evalkit.analysis.tco.replica import Capacity
from evalkit.config.bench import SloSpec
from evalkit.config.scenario import OptionSpec
from evalkit.errors import UsageError, did_you_mean
from evalkit.store.run_dir import Run
from evalkit.wording import Said, numeral, say

_RATIO = "input_output_price_ratio"
"""The catalogue's: what an output token takes, in input tokens."""


def capacity_of(option: OptionSpec, runs: Sequence[Run], book: Book) -> Capacity:
    """Return what one replica of an option serves."""
    spec = option.capacity
    label = say("capacity of {name}", name=option.name)
    asked = Asked(f"capacity.{option.name}", label, "requests/s")
    if spec is not None and spec.requests_per_s is not None:
        mine = book.yours(asked, spec.requests_per_s)
        return Capacity(mine, _yours(lengths_of_work(option.model, runs, book)))
    if spec is not None and spec.curve is not None:
        return imported_capacity(spec.curve, option.gpus_per_replica, asked, book)
    return _measured(option, runs, book)


def _yours(lengths: Lengths | None) -> Said:
    if lengths is None:
        return say("your number, not a measurement")
    n_in, n_out = (numeral(f"{n:,.0f}") for n in lengths)
    return say(
        "your number, not a measurement, taken to hold for requests of {n_in} + {n_out} tokens",
        n_in=n_in,
        n_out=n_out,
    )


def _measured(option: OptionSpec, runs: Sequence[Run], book: Book) -> Capacity:
    wanted = None if option.capacity is None else option.capacity.profile
    found = {
        bench.fact.profile: bench
        for bench in _benches(option.model, runs, book.scenario.service_level)
        if wanted in (None, bench.fact.profile)
    }
    if wanted is not None and not found:
        _check_profile(option, wanted, runs)
    if not found:
        return Capacity(None, _no_bench(option.model, wanted))
    if len(found) > 1:
        ratio = book.assumed(
            Asked(_RATIO, say("price of an output token / an input token"), "ratio"), None, _RATIO
        )
        return capacity_between(
            {profile: bench_capacity(bench) for profile, bench in found.items()},
            lengths_of_work(option.model, runs, book),
            ratio.mode,
        )
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
