"""Measures the meter itself on this machine: how late its stamps are, how much it takes in, and what it costs.

Everything goes through what a bench uses: the driver, the endpoint backend and its event loop. Only the journal is
left out, so a bench on a slow disk may do worse.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from evalkit.loadgen.selftest_rig import Load, Rig, open_rig
from evalkit.meters.clock import now_ns
from evalkit.meters.nvml import open_gpus
from evalkit.meters.rapl import open_rapl
from evalkit.meters.telemetry import TelemetrySampler
from evalkit.metrics.client_flaws import MOST_LAG_S
from evalkit.metrics.percentiles import Percentile, percentile
from evalkit.records import NS_PER_S

CHUNKS_PER_S = 10.0
"""Rate of one stream: somewhat faster than people read."""
LEAST_CHUNKS_PER_S = 1000.0
"""Rate asked of all streams together: few streams send faster, so that there are enough chunks for a p99."""
LEAST_RATE = 0.9
"""Share of the chunks asked for that must come; with fewer the server is too slow to show what the client can do."""
SATURATED = 0.9
"""Share of a core that is all of it, as far as can be told."""
SAMPLE_S = 0.1
"""Time between two readings of the machine, as in a bench."""
_SPARE_S = 1.0
"""Streams last so much longer than they are watched."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    few: tuple[int, ...] = (1, 10, 100)
    """Numbers of streams that are measured in any case."""
    many: tuple[int, ...] = (50, 100, 200, 500, 1000)
    """Numbers of streams to try, rising, up to the first that fails."""
    window_s: float = 1.5
    """Length of every measurement."""
    settle_s: float = 0.5
    """Least time before the window."""
    open_s: float = 0.005
    """Time before the window for every stream; half of it to open the stream."""
    flood_streams: int = 4
    flood_chunks: int = 1000
    """Chunks per answer when the server sends as fast as it can."""


QUICK = Extent(few=(1, 100), many=(200,), window_s=0.8, settle_s=0.2)


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the tail of some values."""

    p50: Percentile
    p99: Percentile


@dataclass(frozen=True, slots=True)
class StreamLevel:
    """So many streams, all open during the whole window."""

    streams: int
    chunks_per_s: float
    """Rate at which chunks came, over all streams."""
    delay_s: Spread
    """Client's stamp − server's stamp of the same chunk."""
    lag_s: Spread
    """How late timers come in the event loop that stamps."""
    client_cpu_share: float | None
    """Share of a core that the thread took that sends, receives and reads."""
    server_cpu_share: float | None
    trouble: str
    """Why so many streams can't be measured; empty: they can."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Chunks of one token each, sent as fast as the server can; they may arrive several at once."""

    streams: int
    chunks_per_s: float | None
    client_cpu_share: float | None
    server_cpu_share: float | None
    limit: str
    """Whose core was used up: `client`, `server`, `both`, `neither`."""


@dataclass(frozen=True, slots=True)
class Start:
    """Requests with an answer of one token, over connections that are kept."""

    n_requests: int
    cpu_s: float | None
    """CPU time of the client's thread per request."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Reading the machine's meters."""

    interval_s: float
    cpu_share: float | None
    """Share of a core that reading took."""


@dataclass(frozen=True, slots=True)
class Timers:
    """Sleeps of the event loop when there is nothing else to do."""

    event_loop: str
    late_s: Spread
    """Woken − due; negative: too early."""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the meter costs, and how much it takes. None: not measured."""

    levels: tuple[StreamLevel, ...]
    max_streams: int | None
    """The most streams below the first number that failed."""
    is_limit_known: bool
    """A number failed; if none did, more than `max_streams` may be possible."""
    error_s: float | None
    """p99 of the delay with `max_streams`."""
    intake: Intake
    start: Start
    sampling: Sampling
    timers: Timers


def measure(extent: Extent, note: Callable[[str], None]) -> SelfTest:
    """Measure everything, one after the other.

    Args:
        extent: How much.
        note: Told what is being measured now.

    Raises:
        ExecutionError: The server did not start.
    """
    with open_rig() as rig:
        note("timers")
        timers = Timers(rig.event_loop, _spread(rig.idle_lags_s(extent.window_s)))
        note("telemetry")
        sampling = _sampling(rig, extent)
        note("request starts")
        start = _start(rig, extent)
        note("chunks as fast as they come")
        intake = _intake(rig, extent)
        levels = _levels(rig, extent, note)
    most = max_streams(levels)
    return SelfTest(
        levels=levels,
        max_streams=most,
        is_limit_known=any(level.trouble for level in levels),
        error_s=next((one.delay_s.p99.value for one in levels if one.streams == most), None),
        intake=intake,
        start=start,
        sampling=sampling,
        timers=timers,
    )


def max_streams(levels: Iterable[StreamLevel]) -> int | None:
    """Return the most streams below the first number that failed; None when the lowest did."""
    most = None
    for level in sorted(levels, key=lambda one: one.streams):
        if level.trouble:
            break
        most = level.streams
    return most


def delays_s(
    sent_ns: Mapping[str, Sequence[int]],
    came_ns: Mapping[str, Sequence[int]],
    start_ns: int,
    end_ns: int,
) -> list[float]:
    """Return how long after it was sent each chunk was stamped, of those stamped in a window.

    Args:
        sent_ns: Stream → the server's stamps, in order.
        came_ns: Stream → the client's stamps of the same chunks; the last ones may be missing.
        start_ns: The window.
        end_ns: Its end.
    """
    return [
        (here - there) / NS_PER_S
        for stream, stamps in came_ns.items()
        for there, here in zip(sent_ns.get(stream, ()), stamps, strict=False)
        if start_ns <= here < end_ns
    ]


def limit_of(client_cpu_share: float | None, server_cpu_share: float | None) -> str:
    """Say whose core was used up."""
    shares = {"client": client_cpu_share, "server": server_cpu_share}
    full = [name for name, share in shares.items() if share is not None and share >= SATURATED]
    return "both" if len(full) == 2 else (full or ["neither"])[0]


def trouble_of(
    streams: int, n_open: int, chunks_per_s: float, lag_p99_s: float | None, reason: str = ""
) -> str:
    """Say why so many streams can't be measured; empty when they can.

    Args:
        streams: Asked for.
        n_open: Open during the whole window.
        chunks_per_s: That came, over all streams.
        lag_p99_s: Of the event loop.
        reason: Why the driver gave up, if it did.
    """
    if reason:
        return reason
    if lag_p99_s is None or lag_p99_s > MOST_LAG_S:
        return "the event loop is too late"
    if n_open < streams:
        return f"only {n_open} were open all the time"
    if chunks_per_s < LEAST_RATE * streams * CHUNKS_PER_S:
        return "the self-test's server is too slow"
    return ""


def _sampling(rig: Rig, extent: Extent) -> Sampling:
    """Read the machine and the server's processes while nothing is asked."""
    gpus = open_gpus()
    try:
        sampler = TelemetrySampler(
            "selftest", 0, gpus, interval_s=SAMPLE_S, server_pid=rig.server_pid, rapl=open_rapl()
        )
        with sampler:
            began = now_ns()
            time.sleep(extent.window_s)
            spent_s, took_s = sampler.cpu_s, (now_ns() - began) / NS_PER_S
    finally:
        gpus.close()
    return Sampling(SAMPLE_S, spent_s / took_s if spent_s else None)


def _start(rig: Rig, extent: Extent) -> Start:
    load = Load(2, 0.0, chunks=1, settle_s=extent.settle_s, window_s=extent.window_s)
    seen = rig.hold(load, with_lags=False)
    return Start(seen.n_ended, seen.held.loop_cpu_s / seen.n_ended if seen.n_ended else None)


def _intake(rig: Rig, extent: Extent) -> Intake:
    n, chunks = extent.flood_streams, extent.flood_chunks
    load = Load(n, 0.0, chunks, settle_s=extent.settle_s, window_s=extent.window_s)
    seen = rig.hold(load, with_lags=False)
    client, server = seen.client_cpu_share, seen.server_cpu_share
    return Intake(n, seen.chunks_per_s or None, client, server, limit_of(client, server))


def _levels(rig: Rig, extent: Extent, note: Callable[[str], None]) -> tuple[StreamLevel, ...]:
    """Measure a few streams, then more and more; numbers below one that passed are left out."""
    found: dict[int, StreamLevel] = {}
    for streams in [*extent.few, *extent.many]:
        if streams not in extent.few:
            if any(level.trouble and n <= streams for n, level in found.items()):
                break
            if streams < (max_streams(found.values()) or 0):
                continue
        if streams not in found:
            note(f"{streams} streams" if streams > 1 else "1 stream")
            found[streams] = _level(rig, streams, extent)
    return tuple(found[n] for n in sorted(found))


def _level(rig: Rig, streams: int, extent: Extent) -> StreamLevel:
    gap_s = 1 / max(CHUNKS_PER_S, LEAST_CHUNKS_PER_S / streams)
    settle_s = max(extent.settle_s, streams * extent.open_s)
    chunks = math.ceil((settle_s + extent.window_s + _SPARE_S) / gap_s)
    seen = rig.hold(Load(streams, gap_s, chunks, settle_s, extent.window_s), with_lags=True)
    start, end = seen.held.t_steady_ns, seen.held.t_cool_ns
    lag, rate = _spread(seen.lags_s), seen.chunks_per_s
    return StreamLevel(
        streams=streams,
        chunks_per_s=rate,
        delay_s=_spread(delays_s(seen.sent_ns, seen.came_ns, start, end)),
        lag_s=lag,
        client_cpu_share=seen.client_cpu_share,
        server_cpu_share=seen.server_cpu_share,
        trouble=trouble_of(streams, seen.n_open, rate, lag.p99.value, seen.held.reason),
    )


def _spread(values: Sequence[float]) -> Spread:
    return Spread(percentile(values, 50), percentile(values, 99))
