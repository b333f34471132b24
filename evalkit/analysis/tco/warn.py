"""What makes a comparison less than fair, or rests on old numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalkit.analysis.tco.asked import unlike
from evalkit.analysis.tco.blends import Blend
from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.deployment import Deployment, Workload
from evalkit.analysis.tco.options import Resolved
from evalkit.analysis.tco.uncertainty import inputs_of
from evalkit.analysis.tco.work import tokens_of
from evalkit.config.scenario import OWNED
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say

MOST_DIFFERENCE = 0.25
"""Between tokens of the load test and of the work, before a reader is warned."""


def warnings_of(
    options: Sequence[Resolved], mixed: Sequence[Blend], runs: Sequence[Run], book: Book
) -> Iterator[Said]:
    """Yield warnings, a sentence each."""
    yield from unlike([r.spec.model for r in options], runs)
    yield from _run_warnings(options, runs)
    for r in options:
        yield from r.warnings
        yield from _capacity_warnings(r, runs, book)
        yield from _card_warnings(r, book)
    yield from _task_warnings(options)
    for b in mixed:
        yield from (say("{name}: {note}", name=b.name, note=note) for note in b.fact.notes)
    if mixed and book.scenario.policy.interactive and book.scenario.service_level is not None:
        yield say(
            "Cascades (the own model first, unsure answers to the API) take no part as options: how late they answer"
            " was not measured. Their scores are in the figure of each blend."
        )
    for code, rate in book.scenario.rates.items():
        if book.is_old(rate.date):
            yield say(
                "The rate of {currency} is of {date}: older than 180 days.",
                currency=code,
                date=rate.date.isoformat(),
            )
    if book.scenario.service_level is None:
        yield say(
            "No service level is set: each capacity holds for the service level of its own load test."
        )


def _run_warnings(options: Sequence[Resolved], runs: Sequence[Run]) -> Iterator[Said]:
    """Tell which runs are not complete, and where one hides another."""
    models = {r.spec.model for r in options}
    seen: dict[tuple[str, str, str], str] = {}
    hidden: dict[tuple[str, str], None] = {}
    for run in runs:
        name = run.manifest.run_id
        if run.manifest.state != "complete":
            yield say("Run {run} is not complete: only its finished cells count.", run=name)
        for key in {(run.manifest.kind, c.model, c.suite) for c in run.manifest.cells}:
            if key[1] in models and seen.setdefault(key, name) != name:
                hidden[seen[key], name] = None
                seen[key] = name
    for old, new in hidden:
        yield say(
            "Runs {one} and {other} measured the same models on the same suites: the later one given counts.",
            one=old,
            other=new,
        )


def _capacity_warnings(r: Resolved, runs: Sequence[Run], book: Book) -> Iterator[Said]:
    if r.capacity is None or r.capacity.per_s is None:
        return
    if r.capacity.reason:
        yield say("{name}, capacity: {why}.", name=r.spec.name, why=r.capacity.reason)
    if r.capacity.machine and not _is_that(r.spec.hardware, r.capacity.machine):
        yield say(
            "{name}: capacity was measured on {machine}, not on {hardware}: measure it there.",
            name=r.spec.name,
            machine=r.capacity.machine,
            hardware=f"{r.spec.hardware}",
        )
    asked = tokens_of(r, runs, book)
    tested = r.capacity.input_tokens, r.capacity.output_tokens
    kinds = say("prompt tokens"), say("answer tokens")
    for tokens, work, test in zip(kinds, asked, tested, strict=True):
        if work is None or test is None or not test:
            continue
        if abs(work / test - 1) > MOST_DIFFERENCE:
            yield say(
                "{name}: capacity was measured with {tested} {tokens} per request, the work has {worked}: measure it"
                " with the lengths of the work (`lengths` of the bench).",
                name=r.spec.name,
                tested=numeral(f"{test:.0f}"),
                tokens=tokens,
                worked=numeral(f"{work:.0f}"),
            )


def _card_warnings(r: Resolved, book: Book) -> Iterator[Said]:
    """Tell where the catalogue knows what a GPU costs, but not the server around it."""
    spec = r.spec
    if spec.kind != OWNED or spec.hardware is None or spec.server_price is not None:
        return
    card = book.catalog.find(spec.hardware, "card_price")
    if card is not None and book.catalog.find(spec.hardware, "server_price") is None:
        yield say(
            "{name}: the catalogue has the price of the {hardware} alone, {price} {unit}, and of no server with it:"
            " give `server_price`.",
            name=spec.name,
            hardware=card.item,
            price=numeral(f"{card.mode:,.0f}"),
            unit=card.unit,
        )


def _is_that(hardware: str | None, machine: str) -> bool:
    """Tell whether a machine may be the catalogue's hardware: its name has the board's, such as H100."""
    return hardware is None or hardware.lower().partition("-")[0] in machine.lower()


def _task_warnings(options: Sequence[Resolved]) -> Iterator[Said]:
    """Tell where mean scores are over different tasks."""
    asked = {r.spec.model: {o.task for o in r.outcomes} for r in options if r.outcomes}
    everything = set().union(*asked.values())
    for model, tasks in asked.items():
        missing = sorted(everything - tasks)
        if missing:
            yield say(
                "{model} has no scores on {tasks}: its mean score is over fewer tasks than others'.",
                model=model,
                tasks=joined(missing),
            )


def old_sources(deployments: Sequence[Deployment], work: Workload) -> Iterator[Said]:
    """Tell which numbers should be checked again before anything is bought."""
    old = {i.label for d in (work, *deployments) for i in inputs_of(d) if i.is_old}
    if old:
        yield say(
            "Sources older than 180 days: {inputs}. Check them before a decision.",
            inputs=joined(sorted(old)),
        )
