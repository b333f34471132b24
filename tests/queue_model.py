"""Load steps on a queue in virtual time: made-up records of slots that serve first come, first served. No clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from random import Random

from evalkit.config.bench import SloSpec
from evalkit.execute.schedule import Schedule, Setting
from evalkit.metrics.load import load_point
from evalkit.metrics.load_point import LoadPoint
from evalkit.records import NS_PER_S, Attempt, EventKind, LoadStep, Request, RequestKind, TokenEvent

Service = Callable[[Random], float]
"""Draws how long a slot takes for one answer, in seconds."""


def even(seconds: float) -> Service:
    """Every answer takes as long."""
    return lambda _rng: seconds


def exponential(seconds: float) -> Service:
    """Answers vary as much as their mean."""
    return lambda rng: rng.expovariate(1 / seconds)


def varied(seconds: float) -> Service:
    """Answers of half to one and a half times their mean."""
    return lambda rng: seconds * (0.5 + rng.random())


def held_step(rate_per_s: float, start_s: float, windows: tuple[float, float, float]) -> LoadStep:
    """A step whose warm-up, steady window and cool-down take so many seconds."""
    warm, steady, cool = windows
    return LoadStep(
        cell_id="c", step=0, session=0, kind="poisson", state="done", rate_per_s=rate_per_s,
        t_start_ns=_ns(start_s), t_steady_ns=_ns(start_s + warm), t_cool_ns=_ns(start_s + warm + steady),
        t_end_ns=_ns(start_s + warm + steady + cool), loop_cpu_s=0.0, lag_p99_s=0.0,
    )  # fmt: skip


def served(
    offsets: Iterable[float],
    step: LoadStep,
    slots: int,
    service: Service,
    rng: Random,
    failing: float = 0.0,
) -> list[Request]:
    """Return what became of the requests due at `offsets`; what is not answered when the step ends has failed."""
    free, found = [0.0] * slots, []
    end_s = (step.t_end_ns or 0) / NS_PER_S
    for number, offset in enumerate(offsets):
        due = step.t_start_ns / NS_PER_S + offset
        if due >= end_s:
            break
        start = max(due, heapq.heappop(free))
        takes = service(rng)
        heapq.heappush(free, start + takes)
        is_ok = start + takes < end_s and rng.random() >= failing
        found.append(_request(number, due, start, min(start + takes, end_s), is_ok=is_ok))
    return found


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def _request(number: int, due: float, start: float, end: float, *, is_ok: bool) -> Request:
    """First token when a slot takes it up, the last one when it is done."""
    events = [TokenEvent(_ns(t), 1, EventKind.CONTENT) for t in (start, end)] if is_ok else []
    attempt = Attempt(
        number=0, session=0, status="ok" if is_ok else "error", t_intended_ns=_ns(due), t_queued_ns=_ns(due),
        t_send_ns=_ns(due), t_headers_ns=None, t_end_ns=_ns(end), events=tuple(events),
        error_class=None if is_ok else "timeout",
    )  # fmt: skip
    return Request(
        request_id=f"c/0/{number}", cell_id="c", session=0, task="p", doc_id=number, index=0, repeat=0,
        kind=RequestKind.GENERATE, backend="openai", prompt_hash="", is_measured=True, is_timed=True, batch_size=1,
        input_tokens=8, output_tokens=2 if is_ok else None, finish_reason="stop", attempts=(attempt,), step=0,
    )  # fmt: skip


@dataclass
class VirtualBench:
    """Holds the steps of a schedule on a queue, as the driver would, while only virtual time goes by."""

    schedule: Schedule
    slo: SloSpec
    slots: int
    service: Service
    seed: int = 0
    now_s: float = 0.0
    held: list[tuple[Setting, LoadPoint]] = field(default_factory=list)

    def probe(self, n: int = 3) -> None:
        """Ask single requests first."""
        took = sorted(self.service(Random(f"{self.seed}/probe/{i}")) for i in range(n))
        self.now_s += sum(took)
        self.schedule.probed(took[n // 2], sum(took))

    def run(self) -> None:
        """Hold every step until the schedule is over."""
        while (setting := self.schedule.next()) is not None:
            began_s = self.now_s
            point = self._hold(setting)
            self.held.append((setting, point))
            self.schedule.tell(setting, point, self.now_s - began_s)

    def _hold(self, setting: Setting) -> LoadPoint:
        w, rate = self.schedule.windows(), setting.rate_per_s or 0.0
        rng = Random(f"{self.seed}/{len(self.held)}")
        seed = f"{self.seed}/{len(self.held)}"
        due = list(takewhile(lambda t: t < w.max_s, self.schedule.offsets(setting, seed) or ()))
        wanted = [t for t in due if t >= w.warmup_s][w.min_requests - 1 : w.min_requests]
        least = w.warmup_s + w.measure_s
        until = min(max([least, *wanted]) + 0.01, max(w.max_s - w.cooldown_s, least))
        parts = (w.warmup_s, until - w.warmup_s, min(w.cooldown_s, w.max_s - until))
        step = held_step(rate, self.now_s, parts)
        requests = served(due, step, self.slots, self.service, rng)
        self.now_s += sum(parts)
        return load_point(step, requests, self.slo)
