"""Every metric of every level, each with its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from evalkit.analysis.facts import Estimate, StepFact
from evalkit.metrics.load import MOST_CPU
from evalkit.metrics.percentiles import MINIMUM_N
from evalkit.report import format as text
from evalkit.report.glossary import LOAD_TERMS, TERMS, failure_text
from evalkit.report.load import LevelView
from evalkit.report.tables import Row, Value

QS = (50, 90, 95, 99)
Show = Callable[[float | None], str]
Read = Callable[[StepFact], float | None]
Kind = tuple[str, str, Callable[[LevelView], Value]]
"""Name, meaning, and what a level has of it."""
_SERVICE = (
    ("TTFT", "ttft_s", TERMS["TTFT"]),
    ("TTFO", "ttfo_s", "Time to first output: as TTFT, but for the first text a reader sees, not reasoning."),
    ("TPOT", "tpot_s", TERMS["TPOT"]),
    ("ITL", "itl_s", "Inter-token latency: gaps between chunks that carry tokens, of all requests together."),
    ("e2e latency", "e2e_s", TERMS["e2e latency"]),
)  # fmt: skip
_RESPONSE = (
    ("TTFT from due", "response_ttft_s", "First generated token − the moment the request was due."),
    ("e2e from due", "response_e2e_s", "Last token − the moment the request was due."),
    ("TTFT, errors endless", "adjusted_ttft_s", "As TTFT from due; a request that failed never answers."),
    ("e2e, errors endless", "adjusted_e2e_s", "As e2e from due; a request that failed never answers."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of the table that belong together."""

    title: str
    rows: tuple[Row, ...]


def detail_groups(views: Sequence[LevelView], gpu_note: str) -> tuple[Group, ...]:
    """Return the rows with a value per level.

    Args:
        views: Levels of one model under one profile.
        gpu_note: Why there is no GPU reading; empty where there is one.
    """
    latencies = (
        ("Latency from sending (service view)", _SERVICE),
        ("Latency from the moment a request was due (response view)", _RESPONSE),
    )
    return (
        Group("Load and throughput", tuple(_rows(views, _LOAD))),
        *(Group(title, tuple(_latency_rows(views, kinds))) for title, kinds in latencies),
        Group("The machine, in the steady window", tuple(_rows(views, _machine(gpu_note)))),
        Group("evalkit itself", tuple(_rows(views, _OWN))),
    )


def estimate_value(e: Estimate, show: Show, q: int | None = None) -> Value:
    """Return a number with its interval; one that is missing says why."""
    if e.value is None and q is not None and e.n and not e.is_supported:
        return Value(f"needs n ≥ {MINIMUM_N[q]}", f"n = {text.count(e.n)}", is_missing=True)
    if e.value is None:
        return Value(text.NOT_MEASURED, "" if e.reason == text.NOT_MEASURED else e.reason, True)
    if e.low is None or e.high is None:
        return Value(show(e.value))
    return Value(show(e.value), f"95 %: {show(e.low)} to {show(e.high)}")


def _rows(views: Sequence[LevelView], kinds: Iterable[Kind]) -> Iterator[Row]:
    for name, meaning, read in kinds:
        yield Row(name, meaning, tuple(map(read, views)))


def _latency_rows(
    views: Sequence[LevelView], kinds: Iterable[tuple[str, str, str]]
) -> Iterator[Row]:
    for name, field, meaning in kinds:
        for q in QS:
            found = [v.fact.latencies[f"{field}_p{q}"] for v in views]
            values = tuple(estimate_value(e, text.seconds, q) for e in found)
            yield Row(f"{name} p{q}", meaning, values)


def _mean(view: LevelView, read: Read) -> float | None:
    """Return the mean over repeats; missing where one of them is."""
    values = [read(f) for f in view.judged]
    known = [v for v in values if v is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _most(view: LevelView, read: Read) -> float | None:
    """Return the worst repeat."""
    return max((v for f in view.judged if (v := read(f)) is not None), default=None)


def _value(shown: str, note: str = "", why: str = "") -> Value:
    if shown == text.MISSING:
        return Value(text.NOT_MEASURED, why, is_missing=True)
    return Value(shown, note)


def _size(value: float | None) -> str:
    return text.size(None if value is None else round(value))


def _watts(value: float | None) -> str:
    return text.MISSING if value is None else f"{text.amount(value)} W"


def _joules(value: float | None) -> str:
    return text.MISSING if value is None else f"{text.amount(value)} J"


def _requests(view: LevelView) -> Value:
    failed = sum(f.load.n_failed for f, _ in view.steps)
    classes: dict[str, int] = {}
    for f, _ in view.steps:
        for name, n in f.load.failed_by_class.items():
            classes[name] = classes.get(name, 0) + n
    why = ", ".join(f"{text.count(n)} × {failure_text(name)}" for name, n in classes.items())
    return Value(
        text.count(view.fact.n_requests), f"{text.count(failed)} failed: {why}" if failed else ""
    )


def _repeats(view: LevelView) -> Value:
    n = view.fact.n_invalid
    return Value(text.count(view.fact.n_repeats), f"{text.count(n)} INVALID" if n else "")


def _completed(view: LevelView) -> Value:
    value = estimate_value(view.fact.completed_per_s, text.amount)
    share = _mean(view, lambda f: f.load.completed_share)
    note = f"{text.percent(share)} of the requests due" if share is not None else ""
    return Value(value.text, "; ".join(p for p in (value.note, note) if p), value.is_missing)


def _goodput(view: LevelView) -> Value:
    value = estimate_value(view.fact.goodput_per_s, text.amount)
    if value.is_missing:
        return Value(value.text, "no service level", is_missing=True)
    share = _mean(view, lambda f: f.load.good_share)
    note = f"{text.percent(share)} of the requests due" if share is not None else ""
    return Value(value.text, "; ".join(p for p in (value.note, note) if p))


def _client_share(view: LevelView) -> float | None:
    known = [s.client_cpu_s / f.load.window_s for f, s in view.steps if s.client_cpu_s is not None]
    return max(known, default=None)


def _estimate(name: str, show: Show = text.amount) -> Callable[[LevelView], Value]:
    return lambda v: estimate_value(getattr(v.fact, name), show)


def _mean_of(read: Read, show: Show, why: str = "") -> Callable[[LevelView], Value]:
    return lambda v: _value(show(_mean(v, read)), why=why)


def _most_of(read: Read, show: Show, why: str = "") -> Callable[[LevelView], Value]:
    return lambda v: _value(show(_most(v, read)), why=why)


def _tokens(read: Callable[[StepFact], int | None]) -> Callable[[LevelView], Value]:
    def value(view: LevelView) -> Value:
        amounts = [read(f) for f in view.judged]
        known = [a for a in amounts if a is not None]
        total = sum(known) if known and len(known) == len(amounts) else None
        return _value(text.count(total), why=text.NOT_TOLD)

    return value


def _fine_percent(value: float | None) -> str:
    return text.percent(value, 2)


_DUE = "of the answered requests due in the steady window"
_LOAD: tuple[Kind, ...] = (
    ("requests", "due in the steady window, all repeats", _requests),
    ("repeats", "how often it was measured; intervals need two or more", _repeats),
    (
        "steady window",
        LOAD_TERMS["warm-up, steady window"],
        _mean_of(lambda f: f.load.window_s, text.seconds),
    ),
    (
        "offered requests/s",
        "requests due in the steady window / its length",
        _estimate("offered_per_s"),
    ),
    (
        "completed requests/s",
        "answers that ended in the steady window / its length",
        _completed,
    ),
    ("goodput, requests/s", LOAD_TERMS["goodput"], _goodput),
    (
        "errors",
        "requests due in the steady window that failed / all that were due in it",
        _estimate("error_rate", text.percent),
    ),
    (
        "output tokens/s, sustained",
        LOAD_TERMS["output tokens/s, steady"],
        _estimate("output_tokens_per_s"),
    ),
    ("output tokens/s, peak", LOAD_TERMS["peak tokens/s"], _estimate("peak_output_tokens_per_s")),
    ("tokens/s per user", LOAD_TERMS["tokens/s per user"], _estimate("tokens_per_s_per_user")),
    ("tokens in", _DUE, _tokens(lambda f: f.load.input_tokens)),
    ("tokens out", _DUE, _tokens(lambda f: f.load.output_tokens)),
    ("in flight, mean", LOAD_TERMS["in flight"], _estimate("in_flight_mean")),
    (
        "in flight, most",
        LOAD_TERMS["in flight"],
        _most_of(lambda f: f.load.in_flight_max, text.amount),
    ),
    (
        "growth of the queue",
        "requests by which those in flight grew over the steady window (straight line); worst repeat",
        _most_of(lambda f: f.load.growth, text.signed),
    ),
)

_HERE = "the model computes in this process"
_OWN: tuple[Kind, ...] = (
    (
        "schedule lag p50",
        LOAD_TERMS["schedule lag"],
        _most_of(lambda f: f.load.schedule_lag_p50_s, text.seconds),
    ),
    (
        "schedule lag p99",
        LOAD_TERMS["schedule lag"],
        _most_of(lambda f: f.load.schedule_lag_p99_s, text.seconds),
    ),
    (
        "event loop lag p99",
        "how late evalkit's own timers came; an error of that size may be in every stamp",
        _most_of(lambda f: f.lag_p99_s, text.seconds),
    ),
    (
        "CPU of the sending thread",
        f"its CPU time / length of the steady window; above {MOST_CPU:.0%} the step is INVALID",
        _most_of(lambda f: f.load.loop_cpu_share, text.percent, _HERE),
    ),
    (
        "CPU of evalkit's process",
        "its CPU time / length of the steady window; 100 % is one core",
        lambda v: _value(text.percent(_client_share(v)), why=_HERE),
    ),
    (
        "memory of evalkit's process",
        "most main memory it held in the steady window",
        _most_of(lambda f: f.client_rss_peak_bytes, _size),
    ),
    (
        "cost of reading the machine",
        "CPU time of the sampler / length of the step, as a share of one core",
        _most_of(lambda f: f.sampler_cpu_share, _fine_percent),
    ),
)
"""Of the worst repeat."""


def _machine(gpu_note: str) -> tuple[Kind, ...]:
    no_gpu = gpu_note or "no reading"
    no_server = "evalkit did not start the server"
    return (
        (
            "energy per output token",
            LOAD_TERMS["energy per output token"],
            lambda v: _measured(v.fact.energy_per_output_token_j, _joules, no_gpu),
        ),
        (
            "GPU energy",
            "difference of the energy counters over the steady window, all boards",
            _mean_of(lambda f: f.gpu_energy_j, _joules, no_gpu),
        ),
        (
            "GPU power",
            "mean over the steady window, all boards",
            lambda v: _measured(v.fact.power_w, _watts, no_gpu),
        ),
        (
            "GPU power when idle",
            "mean while nothing was asked, before the first step",
            _mean_of(lambda f: f.idle_power_w, _watts, gpu_note or "no idle time was measured"),
        ),
        (
            "counter and power agree",
            "energy counter and integrated power differ by at most 5 %",
            _agreement,
        ),
        ("throttled", "why a board ran slower than it could", _throttled),
        (
            "GPU memory, peak",
            "NVML, whole boards",
            _most_of(lambda f: f.gpu_memory_peak_bytes, _size, no_gpu),
        ),
        (
            "CPU energy",
            "difference of the packages' energy counters (RAPL)",
            _mean_of(lambda f: f.cpu_energy_j, _joules),
        ),
        (
            "server memory, peak",
            "of the server's process tree; pages that processes share count for each",
            _most_of(lambda f: f.server_rss_peak_bytes, _size, no_server),
        ),
        (
            "server CPU",
            "CPU time of the server's process tree / length of the steady window, in cores",
            _mean_of(lambda f: f.server_cpu_cores, text.amount, no_server),
        ),
    )


def _measured(e: Estimate, show: Show, why: str) -> Value:
    value = estimate_value(e, show)
    return Value(value.text, why, is_missing=True) if value.is_missing else value


def _agreement(view: LevelView) -> Value:
    known = [f.is_energy_consistent for f in view.judged if f.is_energy_consistent is not None]
    if not known:
        return Value(text.NOT_MEASURED, is_missing=True)
    return Value("yes") if all(known) else Value("no", "the energy is not to be relied on")


def _throttled(view: LevelView) -> Value:
    names = sorted({name for f in view.judged for name in f.throttled})
    if names:
        return Value(", ".join(names))
    has_gpu = any(f.power_w is not None or f.gpu_memory_peak_bytes is not None for f in view.judged)
    return Value("no") if has_gpu else Value(text.NOT_MEASURED, is_missing=True)
