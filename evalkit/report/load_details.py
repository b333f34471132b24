"""Every metric of every level, each with its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import fmean

from evalkit.analysis.facts import Estimate, StepFact
from evalkit.metrics.client_flaws import MOST_CPU
from evalkit.metrics.load import QS
from evalkit.metrics.percentiles import MINIMUM_N
from evalkit.report import format as text
from evalkit.report.blocks import Cell, Group, Head, Row
from evalkit.report.glossary import LOAD_TERMS, TERMS, failure_text
from evalkit.report.load import LevelView
from evalkit.wording import NOTHING, Said, joined, numeral, say, verbatim

Show = Callable[[float | None], Said]
Read = Callable[[StepFact], float | None]
Kind = tuple[Said, Said, Callable[[LevelView], Cell]]
"""Name, meaning, and what a level has of it."""
_SERVICE = (
    (say("TTFT"), "ttft_s", TERMS["TTFT"]),
    (say("TTFO"), "ttfo_s", say(
        "Time to first output: as TTFT, but for the first text a reader sees, not reasoning.")),
    (say("TPOT"), "tpot_s", TERMS["TPOT"]),
    (say("ITL"), "itl_s", say(
        "Inter-token latency: gaps between chunks that carry tokens, of all requests together.")),
    (say("e2e latency"), "e2e_s", TERMS["e2e latency"]),
)  # fmt: skip
_RESPONSE = (
    (say("TTFT from due"), "response_ttft_s", say("First generated token − the moment the request was due.")),
    (say("e2e from due"), "response_e2e_s", say("Last token − the moment the request was due.")),
    (say("TTFT, errors endless"), "adjusted_ttft_s", say(
        "As TTFT from due; a request that failed never answers.")),
    (say("e2e, errors endless"), "adjusted_e2e_s", say("As e2e from due; a request that failed never answers.")),
)  # fmt: skip


def detail_groups(views: Sequence[LevelView], gpu_note: str) -> tuple[Group, ...]:
    """Return the rows with a value per level.

    Args:
        views: Levels of one model under one profile.
        gpu_note: Why there is no GPU reading; empty where there is one.
    """
    latencies = (
        (say("Latency from sending (service view)"), _SERVICE),
        (say("Latency from the moment a request was due (response view)"), _RESPONSE),
    )
    machine = say("The machine, in the steady window")
    return (
        Group(say("Load and throughput"), tuple(_rows(views, _LOAD))),
        *(Group(title, tuple(_latency_rows(views, kinds))) for title, kinds in latencies),
        Group(machine, tuple(_rows(views, _machine(gpu_note)))),
        Group(say("evalkit itself"), tuple(_rows(views, _OWN)), is_own=True),
    )


def estimate_value(e: Estimate, show: Show, q: int | None = None) -> Cell:
    """Return a number with its interval; one that is missing says why."""
    if e.value is None and q is not None and e.n and not e.is_supported:
        needs = say("needs n ≥ {n}", n=text.count(MINIMUM_N[q]))
        return Cell(needs, say("n = {n}", n=text.count(e.n)), is_missing=True)
    if e.value is None:
        is_said = e.reason == text.NOT_MEASURED
        return Cell(text.NOT_MEASURED, NOTHING if is_said else e.reason, is_missing=True)
    if e.low is None or e.high is None:
        return Cell(show(e.value))
    return Cell(show(e.value), say("95 %: {low} to {high}", low=show(e.low), high=show(e.high)))


def _rows(views: Sequence[LevelView], kinds: Iterable[Kind]) -> Iterator[Row]:
    for name, meaning, read in kinds:
        yield Head(name, meaning), tuple(map(read, views))


def _latency_rows(
    views: Sequence[LevelView], kinds: Iterable[tuple[Said, str, Said]]
) -> Iterator[Row]:
    for name, field, meaning in kinds:
        for q in QS:
            found = [v.fact.latencies[f"{field}_p{q}"] for v in views]
            values = tuple(estimate_value(e, text.seconds, q) for e in found)
            yield Head(say("{metric} p{q}", metric=name, q=f"{q}"), meaning), values


def _mean(view: LevelView, read: Read) -> float | None:
    """Return the mean over repeats; missing where one of them is."""
    values = [read(f) for f in view.judged]
    known = [v for v in values if v is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _most(view: LevelView, read: Read) -> float | None:
    """Return the worst repeat."""
    return max((v for f in view.judged if (v := read(f)) is not None), default=None)


def _value(shown: Said, why: Said = NOTHING) -> Cell:
    if shown == text.MISSING:
        return Cell(text.NOT_MEASURED, why, is_missing=True)
    return Cell(shown)


def _size(value: float | None) -> Said:
    return text.size(None if value is None else round(value))


def _watts(value: float | None) -> Said:
    return text.MISSING if value is None else say("{n} W", n=text.amount(value))


def _joules(value: float | None) -> Said:
    return text.MISSING if value is None else say("{n} J", n=text.amount(value))


def _requests(view: LevelView) -> Cell:
    shown = text.count(view.fact.n_requests)
    failed = sum(f.load.n_failed for f, _ in view.steps)
    if not failed:
        return Cell(shown)
    classes: dict[str, int] = {}
    for f, _ in view.steps:
        for name, n in f.load.failed_by_class.items():
            classes[name] = classes.get(name, 0) + n
    why = joined(
        say("{n} × {failure}", n=text.count(n), failure=failure_text(name))
        for name, n in classes.items()
    )
    return Cell(shown, say("{n} failed: {why}", n=text.count(failed), why=why))


def _repeats(view: LevelView) -> Cell:
    n = view.fact.n_invalid
    note = say("{n} INVALID", n=text.count(n)) if n else NOTHING
    return Cell(text.count(view.fact.n_repeats), note)


def _completed(view: LevelView) -> Cell:
    value = estimate_value(view.fact.completed_per_s, text.amount)
    note = _of_due(_mean(view, lambda f: f.load.completed_share))
    return Cell(value.text, joined((value.note, note), "; "), is_missing=value.is_missing)


def _goodput(view: LevelView) -> Cell:
    value = estimate_value(view.fact.goodput_per_s, text.amount)
    if value.is_missing:
        return Cell(value.text, say("no service level"), is_missing=True)
    note = _of_due(_mean(view, lambda f: f.load.good_share))
    return Cell(value.text, joined((value.note, note), "; "))


def _of_due(share: float | None) -> Said:
    if share is None:
        return NOTHING
    return say("{share} of the requests due", share=text.percent(share))


def _client_share(view: LevelView) -> float | None:
    known = [s.client_cpu_s / f.load.window_s for f, s in view.steps if s.client_cpu_s is not None]
    return max(known, default=None)


def _estimate(name: str, show: Show = text.amount) -> Callable[[LevelView], Cell]:
    return lambda v: estimate_value(getattr(v.fact, name), show)


def _mean_of(read: Read, show: Show, why: Said = NOTHING) -> Callable[[LevelView], Cell]:
    return lambda v: _value(show(_mean(v, read)), why=why)


def _most_of(read: Read, show: Show, why: Said = NOTHING) -> Callable[[LevelView], Cell]:
    return lambda v: _value(show(_most(v, read)), why=why)


def _tokens(read: Callable[[StepFact], int | None]) -> Callable[[LevelView], Cell]:
    def value(view: LevelView) -> Cell:
        amounts = [read(f) for f in view.judged]
        known = [a for a in amounts if a is not None]
        total = sum(known) if known and len(known) == len(amounts) else None
        return _value(text.count(total), why=text.NOT_TOLD)

    return value


def _fine_percent(value: float | None) -> Said:
    return text.percent(value, 2)


_DUE = say("of the answered requests due in the steady window")
_LOAD: tuple[Kind, ...] = (
    (say("requests"), say("due in the steady window, all repeats"), _requests),
    (say("repeats"), say("how often it was measured; intervals need two or more"), _repeats),
    (
        say("steady window"),
        LOAD_TERMS["warm-up, steady window"],
        _mean_of(lambda f: f.load.window_s, text.seconds),
    ),
    (
        say("offered requests/s"),
        say("requests due in the steady window / its length"),
        _estimate("offered_per_s"),
    ),
    (
        say("completed requests/s"),
        say("answers that ended in the steady window / its length"),
        _completed,
    ),
    (say("goodput, requests/s"), LOAD_TERMS["goodput"], _goodput),
    (
        say("errors"),
        say("requests due in the steady window that failed / all that were due in it"),
        _estimate("error_rate", text.percent),
    ),
    (
        say("output tokens/s, sustained"),
        LOAD_TERMS["output tokens/s, steady"],
        _estimate("output_tokens_per_s"),
    ),
    (
        say("output tokens/s, peak"),
        LOAD_TERMS["peak tokens/s"],
        _estimate("peak_output_tokens_per_s"),
    ),
    (say("tokens/s per user"), LOAD_TERMS["tokens/s per user"], _estimate("tokens_per_s_per_user")),
    (say("tokens in"), _DUE, _tokens(lambda f: f.load.input_tokens)),
    (say("tokens out"), _DUE, _tokens(lambda f: f.load.output_tokens)),
    (say("in flight, mean"), LOAD_TERMS["in flight"], _estimate("in_flight_mean")),
    (
        say("in flight, most"),
        LOAD_TERMS["in flight"],
        _most_of(lambda f: f.load.in_flight_max, text.amount),
    ),
    (
        say("growth of the queue"),
        say(
            "requests by which those in flight grew over the steady window (straight line); worst repeat"
        ),
        _most_of(lambda f: f.load.growth, text.signed),
    ),
)

_HERE = say("the model computes in this process")
_OWN: tuple[Kind, ...] = (
    (
        say("schedule lag p50"),
        LOAD_TERMS["schedule lag"],
        _most_of(lambda f: f.load.schedule_lag_p50_s, text.seconds),
    ),
    (
        say("schedule lag p99"),
        LOAD_TERMS["schedule lag"],
        _most_of(lambda f: f.load.schedule_lag_p99_s, text.seconds),
    ),
    (
        say("event loop lag p99"),
        say("how late evalkit's own timers came; an error of that size may be in every stamp"),
        _most_of(lambda f: f.lag_p99_s, text.seconds),
    ),
    (
        say("CPU of the sending thread"),
        say(
            "its CPU time / length of the steady window; above {share}% the step is INVALID",
            share=numeral(f"{100 * MOST_CPU:.0f}"),
        ),
        _most_of(lambda f: f.load.loop_cpu_share, text.percent, _HERE),
    ),
    (
        say("CPU of evalkit's process"),
        say("its CPU time / length of the steady window; 100 % is one core"),
        lambda v: _value(text.percent(_client_share(v)), why=_HERE),
    ),
    (
        say("memory of evalkit's process"),
        say("most main memory it held in the steady window"),
        _most_of(lambda f: f.client_rss_peak_bytes, _size),
    ),
    (
        say("cost of reading the machine"),
        say("CPU time of the sampler / length of the step, as a share of one core"),
        _most_of(lambda f: f.sampler_cpu_share, _fine_percent),
    ),
)
"""Numbers of evalkit's own work, of the worst repeat."""


def _machine(gpu_note: str) -> tuple[Kind, ...]:
    no_gpu = verbatim(gpu_note) if gpu_note else say("no reading")
    no_idle = verbatim(gpu_note) if gpu_note else say("no idle time was measured")
    no_server = say("evalkit did not start the server")
    return (
        (
            say("energy per output token"),
            LOAD_TERMS["energy per output token"],
            lambda v: _measured(v.fact.energy_per_output_token_j, _joules, no_gpu),
        ),
        (
            say("GPU energy"),
            say("difference of the energy counters over the steady window, all boards"),
            _mean_of(lambda f: f.gpu_energy_j, _joules, no_gpu),
        ),
        (
            say("GPU power"),
            say("mean over the steady window, all boards"),
            lambda v: _measured(v.fact.power_w, _watts, no_gpu),
        ),
        (
            say("GPU power when idle"),
            say("mean while nothing was asked, before the first step"),
            _mean_of(lambda f: f.idle_power_w, _watts, no_idle),
        ),
        (
            say("counter and power agree"),
            say("energy counter and integrated power differ by at most 5 %"),
            _agreement,
        ),
        (say("throttled"), say("why a board ran slower than it could"), _throttled),
        (
            say("GPU memory, peak"),
            say("NVML, whole boards"),
            _most_of(lambda f: f.gpu_memory_peak_bytes, _size, no_gpu),
        ),
        (
            say("CPU energy"),
            say("difference of the packages' energy counters (RAPL)"),
            _mean_of(lambda f: f.cpu_energy_j, _joules),
        ),
        (
            say("server memory, peak"),
            say("of the server's process tree; pages that processes share count for each"),
            _most_of(lambda f: f.server_rss_peak_bytes, _size, no_server),
        ),
        (
            say("server CPU"),
            say("CPU time of the server's process tree / length of the steady window, in cores"),
            _mean_of(lambda f: f.server_cpu_cores, text.amount, no_server),
        ),
    )


def _measured(e: Estimate, show: Show, why: Said) -> Cell:
    value = estimate_value(e, show)
    return Cell(value.text, why, is_missing=True) if value.is_missing else value


def _agreement(view: LevelView) -> Cell:
    known = [f.is_energy_consistent for f in view.judged if f.is_energy_consistent is not None]
    if not known:
        return Cell(text.NOT_MEASURED, is_missing=True)
    if all(known):
        return Cell(say("yes"))
    return Cell(say("no"), say("the energy is not to be relied on"))


def _throttled(view: LevelView) -> Cell:
    names = sorted({name for f in view.judged for name in f.throttled})
    if names:
        return Cell(joined(names))
    has_gpu = any(f.power_w is not None or f.gpu_memory_peak_bytes is not None for f in view.judged)
    return Cell(say("no")) if has_gpu else Cell(text.NOT_MEASURED, is_missing=True)
