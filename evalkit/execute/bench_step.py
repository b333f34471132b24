"""One step of a bench: the driver holds the load in its thread, this one keeps what comes and notices Ctrl-C."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import math
import queue
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace

from evalkit.backends.base import GenerateRequest, Outcome
from evalkit.backends.endpoints.loop import Interrupts, deferred_interrupts, tidy
from evalkit.config.bench import ProfileSpec
from evalkit.config.run import ModelSpec, SuiteSpec
from evalkit.errors import ExecutionError
from evalkit.execute.progress import StepGoesOn, StepStarted
from evalkit.execute.schedule import Schedule, Setting
from evalkit.execute.serving import Server
from evalkit.execute.work import Kit
from evalkit.loadgen.driver import Driver, Held, Shot
from evalkit.loadgen.prompts import Prompts
from evalkit.loadgen.sizing import N_PROBES, Windows
from evalkit.loadgen.target import Target
from evalkit.meters.clock import now_ns
from evalkit.meters.telemetry import TelemetrySampler
from evalkit.metrics.latency import ttft_s
from evalkit.metrics.percentiles import percentile
from evalkit.records import (
    IDLE,
    NS_PER_S,
    PROBE,
    TOO_MANY_OPEN,
    LoadStep,
    Request,
    RequestKind,
)

_DRAIN_S = 0.1
_LIVE_S = 0.5
_INTERRUPTED = "interrupted"
_SETTLING, _PROBING = 1 << 40, 1 << 41
"""Numbers of prompts that no step draws."""
_SETTLED, _SETTLED_S = 2.0, 0.05
"""A target has settled when TTFT is at most so many times the best step's, plus so much."""


@dataclass(frozen=True, slots=True)
class BenchCell:
    """One model under one load profile, once."""

    cell_id: str
    model: ModelSpec
    profile: ProfileSpec
    repeat: int

    @property
    def suite(self) -> SuiteSpec | None:
        """The suite whose docs are asked, if any are."""
        return self.profile.prompts.suite


class StepHolder:
    """Holds the steps of one cell."""

    def __init__(
        self,
        cell: BenchCell,
        target: Target,
        server: Server | None,
        kit: Kit,
        sampler: TelemetrySampler,
    ) -> None:
        self._cell = cell
        self._target = target
        self._server = server
        self._kit = kit
        self._journal = kit.journal
        self._sampler = sampler
        self._best_ttft_s = math.inf
        self._unsettled: LoadStep | None = None
        self._windows = Windows(0.0, 0.0, 0.0, cell.profile.max_s, 0)
        self._number = 1 + max((s.step for s in kit.journal.steps(cell.cell_id)), default=-1)

    def idle(self) -> None:
        """Ask nothing for a while: what the machine draws without load."""
        step = self._begin(Setting(IDLE))
        until = time.monotonic() + self._cell.profile.idle_s
        while time.monotonic() < until:
            time.sleep(min(_LIVE_S, self._cell.profile.idle_s))
            self._journal.add_requests([], self._sampler.drain())
        end = now_ns()
        held = replace(step, state="done", t_steady_ns=step.t_start_ns, t_cool_ns=end, t_end_ns=end)
        self._journal.put_step(held)

    def probe(self, prompts: Prompts, limit_s: float) -> tuple[LoadStep, list[Request]]:
        """Ask a few single requests, one after the other: how long does an answer take that is alone?

        A request that is not answered within `limit_s` is the last one.
        """
        step = self._begin(Setting(PROBE))
        asked: list[Request] = []
        until = time.monotonic() + limit_s
        for number in range(N_PROBES):
            asked.append(self._ask_alone(step, prompts, _PROBING + number, limit_s))
            if time.monotonic() >= until:
                break
        end = now_ns()
        held = replace(step, state="done", t_steady_ns=step.t_start_ns, t_cool_ns=end, t_end_ns=end)
        self._journal.put_step(held)
        self._note_ttft(asked)
        return held, asked

    def hold(
        self, setting: Setting, schedule: Schedule, prompts: Prompts, seed: str
    ) -> tuple[LoadStep, list[Request]]:
        """Hold a step.

        Returns:
            The step as it is on disk, and its requests.

        Raises:
            KeyboardInterrupt: Ctrl-C; the step is cut, what was answered is kept.
            ExecutionError: The target does not answer at all, or its server has ended.
        """
        tidy()  # not within the step: it would delay every stamp
        step = self._begin(setting)
        inbox: queue.SimpleQueue[Shot] = queue.SimpleQueue()
        offsets = schedule.offsets(setting, seed)
        self._windows = schedule.windows()
        driver = Driver(self._target, prompts, inbox.put, offsets, setting.concurrency)
        cpu_before_s = self._sampler.cpu_s
        requests: list[Request] = []
        try:
            with deferred_interrupts() as interrupts:
                work = self._target.thread.submit(driver.hold(self._windows))
                self._watch(
                    step, driver, work, lambda: self._keep(step, inbox, requests), interrupts
                )
                held = work.result()
        except Exception as error:
            self._journal.put_step(replace(step, state="cut", t_end_ns=now_ns(), reason=str(error)))
            raise
        sampler_cpu_s = self._sampler.cpu_s - cpu_before_s
        done = self._ended(step, held, sampler_cpu_s)
        self._journal.put_step(done)
        if interrupts.count:
            raise KeyboardInterrupt
        if done.state == "cut":
            raise ExecutionError(f"{done.reason}.", "Mend the target, then resume the bench.")
        self._note_ttft(requests)
        self._unsettled = done if held.n_expired else None
        return done, requests

    def _note_ttft(self, requests: list[Request]) -> None:
        first = [v for r in requests if (v := ttft_s(r.attempts[-1])) is not None]
        usual = percentile(first, 50).value
        if usual is not None:
            self._best_ttft_s = min(usual, self._best_ttft_s)

    def settle(self, prompts: Prompts, limit_s: float) -> bool:
        """Wait until the target has worked off what the last step gave up: many servers go on with it.

        Single requests are sent until one is answered about as fast as in the best step.

        Returns:
            False when it had not by then.
        """
        step, until = self._unsettled, time.monotonic() + limit_s
        if step is None:
            return True
        for number in itertools.count(1):
            left_s = max(until - time.monotonic(), 1.0)
            asked = self._ask_alone(step, prompts, _SETTLING + number, left_s, most_tokens=1)
            first = ttft_s(asked.attempts[-1])
            if first is not None and first <= _SETTLED * self._best_ttft_s + _SETTLED_S:
                break
            if time.monotonic() >= until:
                return False
            time.sleep(_DRAIN_S)
        self._unsettled = None
        return True

    def _ask_alone(
        self,
        step: LoadStep,
        prompts: Prompts,
        number: int,
        limit_s: float,
        most_tokens: int | None = None,
    ) -> Request:
        """Ask one request that is not measured, wait for its answer, and keep it."""
        turn = prompts.draw(number).turns[0]
        prompt = turn.text
        if not prompts.draw(number).is_ready:
            prompt = self._target.prompt([{"role": "user", "content": turn.text}])
        tokens = most_tokens or turn.settings.max_tokens
        request = GenerateRequest(prompt, replace(turn.settings, max_tokens=tokens))
        due_ns = now_ns()
        outcome = self._target.thread.submit(
            _ask_once(self._target, request, due_ns, limit_s)
        ).result()
        kept = self._request(step, Shot(-number, 0, prompt, due_ns, outcome))
        self._journal.add_requests([kept], self._sampler.drain())
        return kept

    def _begin(self, setting: Setting) -> LoadStep:
        step = LoadStep(
            cell_id=self._cell.cell_id,
            step=self._number,
            session=self._kit.session,
            kind=setting.kind,
            state="running",
            t_start_ns=now_ns(),
            rate_per_s=setting.rate_per_s,
            to_rate_per_s=setting.to_rate_per_s,
            concurrency=setting.concurrency,
        )
        self._number += 1
        self._journal.put_step(step)
        self._kit.tell(StepStarted(step))
        return step

    def _watch(
        self,
        step: LoadStep,
        driver: Driver,
        work: Future[Held],
        keep: Callable[[], None],
        interrupts: Interrupts,
    ) -> None:
        """Keep what comes until the driver is done; tell it to stop when there is a reason."""
        loop, server = self._target.thread.loop, self._server
        shown_ns = now_ns()
        while not work.done():
            time.sleep(_DRAIN_S)
            keep()
            ended = server.ended() if server is not None else None
            reason = _INTERRUPTED if interrupts.count else ended
            if reason:
                loop.call_soon_threadsafe(driver.stop, reason)
            if now_ns() - shown_ns >= _LIVE_S * NS_PER_S:
                shown_ns = now_ns()
                elapsed_s = (shown_ns - step.t_start_ns) / NS_PER_S
                self._kit.tell(StepGoesOn(step, driver.live, elapsed_s))
        keep()

    def _keep(self, step: LoadStep, inbox: queue.SimpleQueue[Shot], kept: list[Request]) -> None:
        some = []
        with suppress(queue.Empty):
            while True:
                some.append(self._request(step, inbox.get_nowait()))
        self._journal.add_requests(some, self._sampler.drain())
        kept += some

    def _request(self, step: LoadStep, shot: Shot) -> Request:
        outcome, profile = shot.outcome, self._cell.profile
        warm_ns = step.t_start_ns + round(self._windows.warmup_s * NS_PER_S)
        return Request(
            request_id=f"{step.cell_id}/{step.step}/{shot.number}/{shot.turn}",
            cell_id=step.cell_id,
            session=self._kit.session,
            task=profile.name,
            doc_id=shot.number,
            index=shot.turn,
            repeat=self._cell.repeat,
            kind=RequestKind.GENERATE,
            backend=self._cell.model.backend,
            prompt_hash=hashlib.sha256(shot.prompt.encode()).hexdigest(),
            is_measured=shot.number >= 0 and shot.due_ns >= warm_ns,
            is_timed=outcome.is_timed,
            batch_size=outcome.batch_size,
            input_tokens=outcome.input_tokens,
            output_tokens=outcome.output_tokens,
            finish_reason=outcome.finish_reason,
            flags=outcome.flags,
            attempts=outcome.attempts,
            step=step.step,
        )

    def _ended(self, step: LoadStep, held: Held, sampler_cpu_s: float) -> LoadStep:
        is_local = self._target.is_local
        is_done = held.reason in ("", TOO_MANY_OPEN)
        return replace(
            step,
            state="done" if is_done else "cut",
            t_start_ns=held.t_start_ns,
            t_steady_ns=held.t_steady_ns,
            t_cool_ns=held.t_cool_ns,
            t_end_ns=held.t_end_ns,
            n_lags=len(held.lags_s),
            lag_p50_s=percentile(held.lags_s, 50).value,
            lag_p99_s=percentile(held.lags_s, 99).value,
            lag_max_s=max(held.lags_s, default=None),
            loop_cpu_s=None if is_local else held.loop_cpu_s,
            client_cpu_s=None if is_local else held.client_cpu_s,
            sampler_cpu_s=sampler_cpu_s,
            reason=held.reason,
        )


async def _ask_once(
    target: Target, request: GenerateRequest, due_ns: int, limit_s: float
) -> Outcome:
    return await target.ask(request, due_ns, asyncio.timeout(limit_s))
