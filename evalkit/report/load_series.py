"""Records of a load test → what the figures draw: curves over load, shares over time, a cell second by second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from evalkit.analysis.facts import CapacityFact, Estimate
from evalkit.metrics.latency import generated_events
from evalkit.records import NO_LOAD, NS_PER_S, LoadStep, Request, Telemetry
from evalkit.report import format as text
from evalkit.report.load import (
    CLOSED,
    LevelView,
    kind_text,
    load_order,
    rate_text,
)
from evalkit.report.load_figures import Curve, Panel, Point, ShareLine, Span, TimeLine
from evalkit.store.run_dir import Run
from evalkit.wording import Said, say

MOST_LINES = 6
MOST_BINS = 300
_BINS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
Read = Callable[[LevelView], Estimate]


def curve(views: Sequence[LevelView], read_x: Read, read_y: Read, label: Said, rank: int) -> Curve:
    """Return one model's number over load, from left to right; levels without it are left out.

    Few requests at random moments offer another load than was asked for, so the order of levels is not that of places.
    """
    points = []
    for v in sorted(views, key=lambda v: load_order(v.fact)):
        x, y = read_x(v).value, read_y(v)
        if x is not None and y.value is not None:
            points.append(Point(x, y.value, y.low, y.high, v.fact.verdict, v.name))
    return Curve(views[0].series, label, rank, tuple(sorted(points, key=_place)))


def _place(point: Point) -> float:
    """Return where a point is seen to lie; those in one place keep the order of their levels."""
    return float(f"{point.x:.3g}")


def load_of(view: LevelView) -> Estimate:
    """Return a level's place on the axis of load: requests at once, or offered per second."""
    if view.fact.concurrency is not None:
        return Estimate(float(view.fact.concurrency), "", 1)
    return view.fact.offered_per_s


def traffic_of(view: LevelView) -> Estimate:
    """Return requests per second: completed ones of a closed loop, offered ones of an open loop."""
    is_closed = view.fact.kind == CLOSED
    return view.fact.completed_per_s if is_closed else view.fact.offered_per_s


# --- shares over time ---------------------------------------------------------------------------------------------


def chosen(views: Sequence[LevelView], capacity: CapacityFact | None, most: int) -> list[LevelView]:
    """Return the levels worth a line: all, or the lowest, the one at λ_SLO (else the middle) and the highest."""
    valid = [v for v in views if v.fact.is_valid] or list(views)
    ordered = sorted(valid, key=lambda v: load_order(v.fact))
    if len(ordered) <= most:
        return ordered
    middle = _at_capacity(ordered, capacity) or ordered[len(ordered) // 2]
    wanted = [middle, ordered[-1], ordered[0]][:most]
    return [v for v in ordered if any(v is w for w in wanted)]


def _at_capacity(views: Sequence[LevelView], capacity: CapacityFact | None) -> LevelView | None:
    rate = capacity.lambda_per_s.value if capacity is not None else None
    passed = [v for v in views if v.fact.passed and v.fact.completed_per_s.value is not None]
    if rate is None or not passed:
        return None
    return min(passed, key=lambda v: abs((v.fact.completed_per_s.value or 0.0) - rate))


def share_line(view: LevelView, run: Run, rank: int, *, is_ttft: bool) -> ShareLine | None:
    """Return the times of a level's requests from the moment they were due; None when none was answered.

    Requests that failed are part of `n`, so that a line never reaches 100 % where some did.
    """
    kept = {id(f) for f in view.judged}
    values, n = [], 0
    for fact, step in view.steps:
        if id(fact) not in kept:
            continue
        for r in _due(run, step):
            n += 1
            value = _time_s(r, is_ttft=is_ttft)
            if value is not None:
                values.append(value)
    if not values:
        return None
    label = view.name if view.fact.is_valid else say("{load} INVALID", load=view.name)
    return ShareLine(view.series, label, tuple(sorted(values)), n, rank)


def _due(run: Run, step: LoadStep) -> Iterator[Request]:
    start, end = step.t_steady_ns or 0, step.t_cool_ns or 0
    for r in run.requests:
        is_of_step = r.cell_id == step.cell_id and r.step == step.step and bool(r.attempts)
        if is_of_step and start <= r.attempts[0].t_intended_ns < end:
            yield r


def _time_s(r: Request, *, is_ttft: bool) -> float | None:
    first, last = r.attempts[0], r.attempts[-1]
    events = generated_events(last)
    if not events or "not_streamed" in r.flags or first.session != last.session:
        return None
    return (events[0 if is_ttft else -1].t_ns - first.t_intended_ns) / NS_PER_S


# --- time line ----------------------------------------------------------------------------------------------------


def time_line(run: Run, cell_id: str, series: int) -> TimeLine | None:
    """Return the last session of a cell, from its first step on; None when no step of it is done.

    Stamps of other sessions belong to another clock and are left out.
    """
    steps = [s for s in run.steps if s.cell_id == cell_id and s.t_end_ns is not None]
    done = [s for s in steps if s.state == "done" and s.kind not in NO_LOAD]
    if not done:
        return None
    session = max(s.session for s in done)
    steps = sorted((s for s in steps if s.session == session), key=lambda s: s.t_start_ns)
    start, end = steps[0].t_start_ns, max(s.t_end_ns or 0 for s in steps)
    length_s = (end - start) / NS_PER_S
    width_s = next((w for w in _BINS_S if length_s / w <= MOST_BINS), _BINS_S[-1])
    grid = _Grid(start, end, width_s)
    requests = [
        r
        for r in run.requests
        if r.cell_id == cell_id and r.attempts and all(a.session == session for a in r.attempts)
    ]
    readings = [t for t in run.telemetry if t.cell_id == cell_id and t.session == session]
    return TimeLine(
        series=series,
        width_s=width_s,
        length_s=length_s,
        panels=tuple(_panels(grid, requests, readings)),
        spans=tuple(_span(s, start) for s in steps),
    )


class _Grid:
    """Seconds (or more) of equal width, from the start of a cell."""

    def __init__(self, start_ns: int, end_ns: int, width_s: int) -> None:
        self.start_ns = start_ns
        self.width_ns = width_s * NS_PER_S
        self.n = max(1, -(-(end_ns - start_ns) // self.width_ns))
        self.end_ns = end_ns

    def lengths_s(self) -> list[float]:
        """Seconds of each; the last may be shorter."""
        last = (self.end_ns - self.start_ns) - (self.n - 1) * self.width_ns
        return [self.width_ns / NS_PER_S] * (self.n - 1) + [max(last, 1) / NS_PER_S]

    def at(self, t_ns: int) -> int | None:
        """Return which one a moment falls in."""
        return (
            (t_ns - self.start_ns) // self.width_ns if self.start_ns <= t_ns < self.end_ns else None
        )


def _panels(
    grid: _Grid, requests: Sequence[Request], readings: Sequence[Telemetry]
) -> Iterator[Panel]:
    yield Panel(say("in flight"), _in_flight(grid, requests), text.amount)
    tokens = _tokens(grid, requests)
    if tokens is not None:
        yield Panel(say("tokens/s"), tokens, text.amount)
    power = _sum_of_devices(grid, readings, "gpu", lambda t: t.power_w)
    if power is not None:
        yield Panel(say("GPU power, W"), power, text.amount)
    for kind, name in (("server", say("server memory")), ("host", say("evalkit's memory"))):
        memory = _sum_of_devices(grid, readings, kind, lambda t: t.rss_bytes)
        if memory is not None:
            yield Panel(name, memory, _size)
            return


def _size(value: float | None) -> Said:
    return text.size(None if value is None else round(value))


def _span(step: LoadStep, start_ns: int) -> Span:
    def at(t_ns: int | None) -> float | None:
        return None if t_ns is None else (t_ns - start_ns) / NS_PER_S

    if step.concurrency is not None:
        label = text.count(step.concurrency)
    elif step.rate_per_s is not None:
        label = rate_text(step.rate_per_s)
    else:
        label = kind_text(step.kind)
    is_measured = step.kind not in NO_LOAD and step.state == "done"
    return Span(
        at(step.t_start_ns) or 0.0,
        at(step.t_steady_ns) if is_measured else None,
        at(step.t_cool_ns) if is_measured else None,
        label if step.state == "done" else say("{load} cut", load=label),
    )


def _in_flight(grid: _Grid, requests: Iterable[Request]) -> tuple[float | None, ...]:
    """Return the mean number of requests that were due and not ended."""
    total_ns = [0] * grid.n
    for r in requests:
        begin = max(r.attempts[0].t_intended_ns, grid.start_ns)
        end = min(r.attempts[-1].t_end_ns, grid.end_ns)
        if end <= begin:
            continue
        for i in range(grid.at(begin) or 0, (end - 1 - grid.start_ns) // grid.width_ns + 1):
            low = grid.start_ns + i * grid.width_ns
            total_ns[i] += min(end, low + grid.width_ns) - max(begin, low)
    return tuple(
        t / NS_PER_S / length for t, length in zip(total_ns, grid.lengths_s(), strict=True)
    )


def _tokens(grid: _Grid, requests: Iterable[Request]) -> tuple[float | None, ...] | None:
    """Return output tokens per second; a chunk carries its share of the tokens of its request. None: none is known."""
    amounts = [0.0] * grid.n
    is_known = False
    for r in requests:
        events = generated_events(r.attempts[-1])
        if not events or r.output_tokens is None:
            continue
        is_known = True
        for e in events:
            if (i := grid.at(e.t_ns)) is not None:
                amounts[i] += r.output_tokens / len(events)
    if not is_known:
        return None
    return tuple(a / length for a, length in zip(amounts, grid.lengths_s(), strict=True))


def _sum_of_devices(
    grid: _Grid,
    readings: Iterable[Telemetry],
    kind: str,
    read: Callable[[Telemetry], float | None],
) -> tuple[float | None, ...] | None:
    """Return the mean of each device's readings, added up; missing where a device has none."""
    found: dict[str, list[list[float]]] = {}
    for t in readings:
        value, i = read(t), grid.at(t.t_ns)
        if t.device.startswith(kind) and value is not None and i is not None:
            found.setdefault(t.device, [[] for _ in range(grid.n)])[i].append(value)
    if not found:
        return None
    return tuple(
        sum(sum(bins[i]) / len(bins[i]) for bins in found.values())
        if all(bins[i] for bins in found.values())
        else None
        for i in range(grid.n)
    )
