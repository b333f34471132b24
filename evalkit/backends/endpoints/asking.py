"""Many requests to one endpoint at once: sent when journalled, retried where that makes sense, stopped cleanly."""

from __future__ import annotations

import asyncio
import logging
import math
import queue
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from evalkit.backends.base import Batch, BudgetHeldError, CellSetup, Outcome, Sending, most_usage
from evalkit.backends.endpoints.attempt import Reply, attempt
from evalkit.backends.endpoints.costs import billed, cost_of, reasoning_cost
from evalkit.backends.endpoints.dialect import Ask, Dialect
from evalkit.backends.endpoints.error_classes import ABOUT_THE_DOC, BUSY, ErrorClass
from evalkit.backends.endpoints.failures import Failure, clean, is_kept
from evalkit.backends.endpoints.flow import LONGEST_RETRY_AFTER_S, Flow
from evalkit.backends.endpoints.loop import LagMeter, LoopThread, deferred_interrupts, tidy
from evalkit.backends.endpoints.visible import StopStrings, without_stop
from evalkit.config.run import ModelSpec
from evalkit.errors import EndpointError, EvalkitError
from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S, Attempt, Usage

GRACE_S = 30.0
"""After Ctrl-C, requests in flight may take this long to finish: they are paid for."""
_POLL_S = 0.1
_TIDY_AFTER = 2000
"""Items; it stops the loop for some milliseconds, and there is little garbage."""
_REQUEST_IDS = ("x-request-id", "request-id", "x-goog-request-id", "cf-ray")

Judge = Callable[[int, Reply], Outcome]
"""Position and the reply that worked → outcome, without its attempts."""
Item = tuple[int, Outcome | Sending, "asyncio.Future[None] | None"]

log = logging.getLogger("evalkit")


@dataclass(slots=True)
class _Run:
    """The state of one call of `ask_all`."""

    todo: Iterator[int]
    inbox: queue.SimpleQueue[Item]
    workers: list[asyncio.Task[None]] = field(default_factory=list)
    in_flight: set[asyncio.Task[None]] = field(default_factory=set)
    n_failed_in_row: int = 0
    error: EvalkitError | None = None
    is_stopping: bool = False


class Asking:
    """Asks one endpoint on behalf of one cell.

    Args:
        spec: The model, with the endpoint's limits.
        dialect: How the vendor is spoken to.
        flow: Shared by all cells of the model.
        thread: The event loop.
        setup: Session and guard.
    """

    def __init__(
        self, spec: ModelSpec, dialect: Dialect, flow: Flow, thread: LoopThread, setup: CellSetup
    ) -> None:
        self._spec = spec
        self._dialect = dialect
        self._flow = flow
        self._thread = thread
        self._setup = setup
        self._n_untidy = 0
        self._stops = StopStrings(spec.endpoint)
        self.lag = LagMeter()
        self.served_models: dict[str, None] = {}

    def ask_all(self, asks: Sequence[Ask], done: Collection[int], judge: Judge) -> Iterator[Batch]:
        """Yield notices of sending and outcomes, as they come. A yielded notice is durable when the next is asked for.

        Raises:
            KeyboardInterrupt: After an interrupt, once requests in flight have ended.
            EndpointError: Too many requests failed in a row.
            StoppedError: Budget or deadline was reached.
        """
        todo = iter([p for p in range(len(asks)) if p not in done])
        run = _Run(todo, queue.SimpleQueue())
        with deferred_interrupts() as interrupts:
            work = self._thread.submit(self._work(run, asks, judge))
            n_seen = 0
            try:
                while not (work.done() and run.inbox.empty()):
                    yield from self._drain(run.inbox)
                    if interrupts.count > n_seen:
                        n_seen = interrupts.count
                        self._interrupt(run, is_first=n_seen == 1)
                work.result()
            finally:
                self._thread.loop.call_soon_threadsafe(_cancel, run)
                with suppress(Exception):
                    work.result(timeout=10)
        if interrupts.count:
            raise KeyboardInterrupt
        if run.error is not None:
            raise run.error

    async def once(
        self, ask: Ask, judge: Callable[[Reply], Outcome], due_ns: int, limit: asyncio.Timeout
    ) -> Outcome:
        """Send a request now, once: for load tests, whose schedule nothing may delay, and where an error is a result.

        Args:
            ask: The request.
            judge: The reply that worked → outcome, without its attempts.
            due_ns: When it should have been sent.
            limit: Ends it when it expires.

        Raises:
            StoppedError: Budget or deadline forbid sending it.
        """
        guard = self._setup.guard
        reserved = await self._reserve(_most(ask))
        cost: float | None = None
        try:
            reading = self._thread.reading
            reply = await attempt(self._dialect, ask, limit, reading, is_bare=True)
            cost = cost_of(reply, self._spec, self._setup.guard)
        finally:
            if guard is not None and reserved is not None:
                guard.settle(reserved, cost)
        if reply.served_model:
            self.served_models[clean(reply.served_model, self._dialect.secrets)] = None
        made = self._record(Sending(0, due_ns, reserved), reply, cost)
        if reply.failure is not None:
            return _outcome([made])
        return replace(judge(reply), attempts=(made,))

    def _drain(self, inbox: queue.SimpleQueue[Item]) -> Iterator[Batch]:
        """Yield everything that has come, then let go what was waiting for that."""
        items: list[Item] = []
        with suppress(queue.Empty):
            items.append(inbox.get(timeout=_POLL_S))
            while True:
                items.append(inbox.get_nowait())
        if not items:
            return
        yield [(position, what) for position, what, _ in items]
        self._n_untidy += len(items)
        if self._n_untidy >= _TIDY_AFTER:
            self._n_untidy = 0
            tidy()
        permits = [permit for _, _, permit in items if permit is not None]
        self._thread.loop.call_soon_threadsafe(_release, permits)

    async def _work(self, run: _Run, asks: Sequence[Ask], judge: Judge) -> None:
        lag = asyncio.create_task(self.lag.run())
        n = min(self._spec.endpoint.concurrency, len(asks))
        run.workers = [asyncio.create_task(self._worker(run, asks, judge)) for _ in range(n)]
        ended = await asyncio.gather(*run.workers, return_exceptions=True)
        lag.cancel()
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, asyncio.CancelledError):
                raise error

    async def _worker(self, run: _Run, asks: Sequence[Ask], judge: Judge) -> None:
        for position in run.todo:
            try:
                outcome = await self._answer(run, position, asks[position], judge)
            except EvalkitError as error:
                self._stop(run, error)
                return
            run.inbox.put((position, outcome, None))
            self._watch(run, outcome)
            if run.is_stopping:
                return

    async def _answer(self, run: _Run, position: int, ask: Ask, judge: Judge) -> Outcome:
        """Return the outcome of one request after all its attempts."""
        attempts: list[Attempt] = []
        ask = self._stops.prepared(ask)
        is_again = False
        wait_s = 0.0
        most_s = self._spec.endpoint.deadline_s or math.inf
        due_ns = now_ns()
        while True:
            queued = now_ns()
            most = _most(ask)
            try:
                reserved = await self._admit(run, most, wait_s)
            except (EvalkitError, asyncio.CancelledError):
                if attempts:  # nothing is in flight, so what is known of the request can be kept
                    run.inbox.put((position, _outcome(attempts), None))
                raise
            before = attempts[-1] if attempts else None
            sending = Sending(len(attempts), queued, reserved, before)
            left_s = most_s - (now_ns() - due_ns) / NS_PER_S
            made, reply = await self._attempt(run, position, ask, sending, left_s)
            attempts.append(made)
            is_empty = reply.split.answer_start is None
            if not is_again and self._is_early(ask, reply, is_empty=is_empty):
                attempts[-1] = _stopped_early(made)
                ask, is_again = without_stop(ask), True
                continue
            if is_again:
                self._stops.asked_again(is_empty=is_empty)
            if reply.failure is None:
                return replace(judge(position, reply), attempts=tuple(attempts))
            if not self._may_retry(reply.failure, len(attempts)):
                return _outcome(attempts)
            wait_s = self._flow.backoff_s(len(attempts) - 1, reply.failure.retry_after_s)
            if wait_s + (now_ns() - due_ns) / NS_PER_S > most_s:
                return _outcome(attempts)
            if reply.failure.error_class in BUSY:
                self._flow.overloaded(wait_s)

    def _is_early(self, ask: Ask, reply: Reply, *, is_empty: bool) -> bool:
        """Tell whether a request is worth asking again without its stop strings."""
        failure = reply.failure
        is_answer = failure is None or failure.error_class == ErrorClass.EMPTY
        return is_answer and self._stops.may_ask_again(ask, reply.finish_reason, is_empty=is_empty)

    async def _admit(self, run: _Run, most: Usage, wait_s: float) -> float | None:
        """Wait for back-off, limits and a slot; return what was set aside. Cancelled when the run stops meanwhile.

        Raises:
            StoppedError: Budget or deadline forbid sending.
        """
        await asyncio.sleep(wait_s)
        await self._flow.admit(_tokens(most))
        try:
            if run.is_stopping:
                raise asyncio.CancelledError
            return await self._reserve(most)
        except BaseException:
            self._flow.leave()
            raise

    async def _reserve(self, most: Usage) -> float | None:
        """Set money aside; wait while requests in flight hold what is left."""
        guard = self._setup.guard
        while guard is not None:
            try:
                return guard.reserve(self._spec, most)
            except BudgetHeldError:
                await asyncio.sleep(_POLL_S)
        return None

    async def _attempt(
        self, run: _Run, position: int, ask: Ask, sending: Sending, left_s: float
    ) -> tuple[Attempt, Reply]:
        cost: float | None = None
        task = asyncio.current_task()
        assert task is not None
        run.in_flight.add(task)
        try:
            await self._announce(run, position, sending)
            timeout_s = min(self._spec.endpoint.request_timeout_s, max(left_s, 0.001))
            limit = asyncio.timeout(timeout_s)
            reply = await attempt(self._dialect, ask, limit, self._thread.reading)
            cost = cost_of(reply, self._spec, self._setup.guard)
            if reply.failure is None:
                self._flow.succeeded()
            if reply.served_model:
                self.served_models[clean(reply.served_model, self._dialect.secrets)] = None
            if reply.usage is not None:
                self._flow.used(_tokens(_most(ask)), _tokens(reply.usage))
            return self._record(sending, reply, cost), reply
        finally:
            run.in_flight.discard(task)
            self._flow.leave()
            if self._setup.guard is not None and sending.reserved_usd is not None:
                self._setup.guard.settle(sending.reserved_usd, cost)

    async def _announce(self, run: _Run, position: int, sending: Sending) -> None:
        """Wait until the notice of sending is durable."""
        permit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        run.inbox.put((position, sending, permit))
        await permit

    def _may_retry(self, failure: Failure, n_attempts: int) -> bool:
        if not failure.is_retryable or n_attempts >= self._spec.endpoint.max_attempts:
            return False
        return (failure.retry_after_s or 0.0) <= LONGEST_RETRY_AFTER_S

    def _record(self, sending: Sending, reply: Reply, cost: float | None) -> Attempt:
        exchange, failure = reply.exchange, reply.failure
        secrets = self._dialect.secrets
        headers = {k: clean(v, secrets) for k, v in exchange.headers.items()}
        send = exchange.t_send_ns if exchange.t_send_ns is not None else sending.t_queued_ns
        found = (headers[name] for name in _REQUEST_IDS if name in headers)
        return Attempt(
            number=sending.number,
            session=self._setup.session,
            status="ok" if failure is None else "error",
            t_intended_ns=sending.t_queued_ns,
            t_queued_ns=sending.t_queued_ns,
            t_send_ns=send,
            t_headers_ns=exchange.t_headers_ns,
            t_end_ns=reply.t_end_ns,
            error=failure.message if failure else None,
            error_class=failure.error_class if failure else None,
            events=reply.events,
            http_status=exchange.status,
            wait_s=(send - sending.t_queued_ns) / NS_PER_S,
            bytes_sent=exchange.bytes_sent,
            bytes_received=exchange.bytes_received,
            is_new_connection=exchange.is_new_connection,
            vendor_request_id=next(found, None),
            headers={k: v for k, v in headers.items() if is_kept(k)},
            usage=billed(reply.usage, self._spec),
            reasoning_cost_usd=reasoning_cost(reply, self._spec, self._setup.guard),
            cost_usd=cost,
            reserved_usd=sending.reserved_usd,
        )

    def _watch(self, run: _Run, outcome: Outcome) -> None:
        """Give up when nothing works any more."""
        last = outcome.attempts[-1]
        if last.status == "ok" or last.error_class in ABOUT_THE_DOC:
            run.n_failed_in_row = 0
            return
        run.n_failed_in_row += 1
        if run.n_failed_in_row >= self._spec.endpoint.breaker_after:
            error = EndpointError(
                f"model {self._spec.name!r}: {run.n_failed_in_row} requests failed in a row, the last with"
                f" {last.error_class}: {last.error}.",
                "Check address, key and model with `evalkit models check`; then resume the run.",
            )
            self._stop(run, error)

    def _stop(self, run: _Run, error: EvalkitError) -> None:
        """End the run because of an error; what is in flight may finish."""
        run.error = run.error or error
        _wind_down(run)

    def _interrupt(self, run: _Run, *, is_first: bool) -> None:
        loop = self._thread.loop
        if not is_first:
            loop.call_soon_threadsafe(_cancel, run)
            return
        loop.call_soon_threadsafe(_wind_down, run)
        loop.call_soon_threadsafe(loop.call_later, GRACE_S, _cancel, run)
        log.warning(
            "finishing requests in flight, which are paid for (Ctrl-C again drops them; at most %d s)",
            GRACE_S,
        )


def _stopped_early(attempt: Attempt) -> Attempt:
    message = "a stop string ended the answer before it began: asked again without"
    return replace(attempt, status="error", error_class=ErrorClass.STOPPED_EARLY, error=message)


def _most(ask: Ask) -> Usage:
    """Return the most a request can use, as far as can be told before the server has counted."""
    return most_usage(ask.prompt, ask.settings.max_tokens)


def _tokens(usage: Usage) -> int:
    return (usage.input_tokens or 0) + (usage.output_tokens or 0)


def _wind_down(run: _Run) -> None:
    """Send nothing more: whoever is not in flight ends now."""
    run.is_stopping = True
    for worker in run.workers:
        if worker not in run.in_flight:
            worker.cancel()


def _cancel(run: _Run) -> None:
    run.is_stopping = True
    for worker in run.workers:
        worker.cancel()


def _release(permits: list[asyncio.Future[None]]) -> None:
    for permit in permits:
        if not permit.done():
            permit.set_result(None)


def _outcome(attempts: list[Attempt]) -> Outcome:
    """Return the outcome of a request that got no answer."""
    return Outcome(
        t_send_ns=attempts[-1].t_send_ns,
        t_end_ns=attempts[-1].t_end_ns,
        input_tokens=None,
        batch_size=1,
        attempts=tuple(attempts),
    )
