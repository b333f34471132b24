"""All facts of a run, and what a reader must be warned of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evalkit.analysis.endpoints import endpoint_facts
from evalkit.analysis.facts import (
    SUMMARY_VERSION,
    CellFact,
    EndpointFact,
    LevelFact,
    PerformanceFact,
    RunFacts,
    StepFact,
)
from evalkit.analysis.load import load_facts
from evalkit.analysis.performance import performance_facts
from evalkit.analysis.quality import quality_facts
from evalkit.analysis.thinking import thinking_warnings
from evalkit.records import GENERATE, INSTRUCTION_IN_USER, ONE_TURN, Request
from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say, say_n, verbatim

LATE_S = 0.005
"""Lag of evalkit's own event loop that is worth a warning."""
BUSY_CORES = 0.1
"""Other programs' share of processor time that is worth a warning, in cores."""
_KINDS = {
    "constant": say("constant"),
    "poisson": say("poisson"),
    "ramp": say("ramp"),
    "trace": say("trace"),
}
"""How requests arrive → what it is called."""


def analyse(run: Run) -> RunFacts:
    """Compute every fact of a run from its records alone."""
    answered = Counter(r.cell_id for r in run.requests if r.is_measured and _is_answered(r))
    cells = tuple(
        CellFact(
            cell_id=c.cell_id,
            model=c.model,
            suite=c.suite,
            repeat=c.repeat,
            state=c.state,
            reason=c.reason,
            n_docs=c.n_docs,
            n_requests=c.n_requests,
            n_answered=answered[c.cell_id],
            data_class=c.data_class,
            mode=c.mode,
            ending=c.ending,
        )
        for c in run.manifest.cells
    )
    is_bench = run.manifest.kind == "bench"
    performance = () if is_bench else performance_facts(run)
    endpoints = () if is_bench else endpoint_facts(run)
    steps, levels, capacities = load_facts(run)
    return RunFacts(
        summary_version=SUMMARY_VERSION,
        run_id=run.manifest.run_id,
        name=run.manifest.name,
        kind=run.manifest.kind,
        state=run.manifest.state,
        models=tuple(dict.fromkeys(c.model for c in cells)),
        suites=tuple(dict.fromkeys(c.suite for c in cells)),
        cells=cells,
        quality=quality_facts(run),
        performance=performance,
        endpoints=endpoints,
        steps=steps,
        levels=levels,
        capacities=capacities,
        warnings=(
            *_load_warnings(run, steps, levels),
            *_warnings(run, cells),
            *_mode_warnings(cells),
            *_busy_warnings(performance),
            *thinking_warnings(performance),
            *_endpoint_warnings(endpoints),
        ),
    )


def _is_answered(request: Request) -> bool:
    """Tell whether there was an answer; load tests keep none, but how the attempt ended."""
    if request.step is None:
        return request.answer is not None
    return request.attempts[-1].status == "ok"


def _load_warnings(
    run: Run, steps: tuple[StepFact, ...], levels: tuple[LevelFact, ...]
) -> Iterator[Said]:
    """Tell which steps measured evalkit instead of the target, and what else spoils them."""
    for level in levels:
        if level.flaws:
            yield _invalid(level)
    for fact in steps:
        if fact.throttled:
            yield say(
                "{cell}, step {step}: the GPU was slowed down ({why}).",
                cell=fact.cell_id,
                step=f"{fact.step}",
                why=joined(fact.throttled),
            )
        if fact.is_energy_consistent is False:
            yield say(
                "{cell}, step {step}: energy counter and integrated power differ by more than 5 %.",
                cell=fact.cell_id,
                step=f"{fact.step}",
            )
    cut = Counter(s.cell_id for s in run.steps if s.state == "cut")
    for cell_id, n in cut.items():
        yield say_n(
            "{cell}: {n} step was cut off and is not used.",
            "{cell}: {n} steps were cut off and are not used.",
            n,
            cell=cell_id,
        )


def _invalid(level: LevelFact) -> Said:
    of = {"model": level.model, "profile": level.profile, "level": level_name(level)}
    why = joined(level.flaws, "; ")
    if not level.is_valid:
        return say("{model}, {profile}, {level}: INVALID: {why}.", **of, why=why)
    return say(
        "{model}, {profile}, {level}: {n} of {all} runs INVALID: {why}.",
        **of,
        n=f"{level.n_invalid}",
        all=f"{level.n_repeats}",
        why=why,
    )


def level_name(level: LevelFact) -> Said:
    """Say what load a level is."""
    if level.concurrency is not None:
        return say("{n} at once", n=f"{level.concurrency}")
    kind = _KINDS.get(level.kind, verbatim(level.kind))
    if level.rate_per_s is None:
        return kind
    return say("{rate}/s {kind}", rate=numeral(f"{level.rate_per_s:.3g}"), kind=kind)


def _busy_warnings(performance: tuple[PerformanceFact, ...]) -> Iterator[Said]:
    """Tell where other programs competed for the processor: latency and throughput are worse than they need be."""
    for fact in performance:
        if fact.suite is None or not fact.wall_s or fact.others_cpu_s is None:
            continue
        cores = fact.others_cpu_s / fact.wall_s
        if cores > BUSY_CORES:
            yield say(
                "{model} on {suite}: other programs kept {cores} cores busy meanwhile;"
                " its times are longer than on an idle machine.",
                model=fact.model,
                suite=fact.suite,
                cores=numeral(f"{cores:.1f}"),
            )


def _mode_warnings(cells: tuple[CellFact, ...]) -> Iterator[Said]:
    """Tell where models of one suite were asked in different ways."""
    for suite in dict.fromkeys(c.suite for c in cells):
        modes = {c.model: c.mode for c in cells if c.suite == suite}
        if len(set(modes.values())) > 1:
            yield say(
                "Not like for like on {suite}: {others} chose by log-likelihood, {asked} wrote a letter."
                " Their scores are in different rows; set `mode: generate` to compare them.",
                suite=suite,
                others=joined(name for name, mode in modes.items() if mode != GENERATE),
                asked=joined(name for name, mode in modes.items() if mode == GENERATE),
            )


def _endpoint_warnings(endpoints: tuple[EndpointFact, ...]) -> Iterator[Said]:
    """Tell what makes the numbers of a model behind an API less than whole."""
    for f in endpoints:
        if f.suite is None:
            yield from _money_warnings(f)
            continue
        if f.error_rate.value:
            yield say(
                "{model} on {suite}: {share}% of {n} requests got no answer ({classes}); their docs are not scored.",
                model=f.model,
                suite=f.suite,
                share=numeral(f"{100 * f.error_rate.value:.1f}"),
                n=f"{f.n_requests}",
                classes=joined(f"{n} {name}" for name, n in f.failed_by_class.items()),
            )
        if f.n_implausible_usage:
            yield say_n(
                "{model} on {suite}: the server's token counts of {n} answer can't be true; what it cost is unknown.",
                "{model} on {suite}: the server's token counts of {n} answers can't be true; what they cost is"
                " unknown.",
                f.n_implausible_usage,
                model=f.model,
                suite=f.suite,
            )
        if f.n_not_streamed:
            yield say_n(
                "{model} on {suite}: {n} answer came in one piece; it has no TTFT.",
                "{model} on {suite}: {n} answers came in one piece; they have no TTFT.",
                f.n_not_streamed,
                model=f.model,
                suite=f.suite,
            )
        if f.lag_p99_s is not None and f.lag_p99_s > LATE_S:
            yield say(
                "{model} on {suite}: evalkit itself was up to {lag} ms late (p99);"
                " latencies may be too long by that. Ask fewer requests at once.",
                model=f.model,
                suite=f.suite,
                lag=numeral(f"{f.lag_p99_s * 1000:.0f}"),
            )


def _money_warnings(f: EndpointFact) -> Iterator[Said]:
    why = f.cost_usd.reason
    if f.cost_usd.value is None and f.n_attempts:
        yield say(
            "{model}: {why}, so there is no cost. Give its `price:` in the config.",
            model=f.model,
            why=why,
        )
    elif why:
        yield say("{model}: {why}.", model=f.model, why=why)
    if f.n_lost:
        yield say_n(
            "{model}: {n} attempt was in flight when a process ended; it may have been billed.",
            "{model}: {n} attempts were in flight when a process ended; they may have been billed.",
            f.n_lost,
            model=f.model,
        )


def _warnings(run: Run, cells: tuple[CellFact, ...]) -> Iterator[Said]:
    missing = [c for c in cells if c.state != "done"]
    if missing:
        yield say(
            "{n} of {all} cells are not done: {cells}.",
            n=f"{len(missing)}",
            all=f"{len(cells)}",
            cells=joined(c.cell_id for c in missing),
        )
    templates = {m.name: m.chat_template for m in run.manifest.models}
    if run.manifest.kind == "run" and len(set(templates.values())) > 1:
        yield say(
            "Not like for like: only {models} got a chat template, the others plain prompts.",
            models=joined(name for name, has in templates.items() if has),
        )
    yield from _turn_warnings(run)
    for cell in run.manifest.cells:
        for record in cell.engine:
            if record.has_failed_check:
                yield say(
                    "{cell}: {kind} took the reference path: {why}.",
                    cell=cell.cell_id,
                    kind=record.kind,
                    why=record.reason,
                )
    yield from _flag_warnings(run)
    if len(run.manifest.sessions) > 1:
        yield say(
            "The run was resumed: {n} sessions; their times were added up.",
            n=f"{len(run.manifest.sessions)}",
        )


def _turn_warnings(run: Run) -> Iterator[Said]:
    """Tell whose chat template refuses or drops turns, so that it was asked in another form than others."""
    models: dict[tuple[str, str], list[str]] = {}
    for cell in run.manifest.cells:
        names = models.setdefault((cell.suite, cell.turns), [])
        if cell.model not in names:
            names.append(cell.model)
    for (suite, turns), names in models.items():
        if turns == INSTRUCTION_IN_USER:
            yield say(
                "{suite}: the chat template of {models} takes no system turn; the instruction stands in front of the"
                " first question instead.",
                suite=suite,
                models=joined(names),
            )
        if turns == ONE_TURN:
            yield say(
                "{suite}: the chat template of {models} takes no conversation of several turns; instruction, examples"
                " and question stand in one message instead.",
                suite=suite,
                models=joined(names),
            )


def _flag_warnings(run: Run) -> Iterator[Said]:
    """Tell where prompts were not scored as they were meant."""
    counts = {
        flag: Counter(r.cell_id for r in run.requests if flag in r.flags)
        for flag in ("truncated", "merged_boundary")
    }
    for cell_id, n in counts["truncated"].items():
        yield say_n(
            "{cell}: {n} prompt was longer than the context and lost its beginning.",
            "{cell}: {n} prompts were longer than the context and lost their beginning.",
            n,
            cell=cell_id,
        )
    for cell_id, n in counts["merged_boundary"].items():
        yield say_n(
            "{cell}: {n} answer shares a token with its prompt and was scored from there.",
            "{cell}: {n} answers share a token with their prompt and were scored from there.",
            n,
            cell=cell_id,
        )
