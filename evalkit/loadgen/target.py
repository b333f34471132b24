"""What is put under load: an endpoint, or the model in this process behind a queue of its own."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

from evalkit.backends.base import Backend, GenerateRequest, Outcome, most_usage
from evalkit.backends.endpoints.backend import EndpointBackend
from evalkit.backends.endpoints.error_classes import ErrorClass
from evalkit.backends.endpoints.loop import LoopThread
from evalkit.config.run import ModelSpec
from evalkit.meters.clock import now_ns
from evalkit.records import Attempt, Usage

Message = dict[str, str]
MostUsd = Callable[[Usage], float | None]
"""What a request that uses at most this much can cost; None where nobody charges or the price is unknown."""


class Target(Protocol):
    """Answers one request at a time, any number of them at once."""

    thread: LoopThread
    """Where `ask` must be awaited."""
    is_local: bool
    """The model computes in this process, so its processor time is no sign of a slow client."""

    def prompt(self, messages: Sequence[Message]) -> str:
        """Return a conversation as the backend takes it."""
        ...

    async def ask(self, request: GenerateRequest, due_ns: int, limit: asyncio.Timeout) -> Outcome:
        """Ask now and once; a failure is an outcome whose only attempt says why."""
        ...

    def close(self) -> None:
        """Let go of what the target itself has made; the backend stays open."""
        ...


class EndpointTarget:
    """An API or a served model."""

    is_local = False

    def __init__(self, backend: EndpointBackend, *, is_chat: bool) -> None:
        self._backend = backend
        self._is_chat = is_chat
        self.thread = backend.loop_thread

    def prompt(self, messages: Sequence[Message]) -> str:
        """Return a conversation, or the text of a plain prompt where the API takes no conversations."""
        return _written(self._backend, messages, is_chat=self._is_chat)

    async def ask(self, request: GenerateRequest, due_ns: int, limit: asyncio.Timeout) -> Outcome:
        """Send a request."""
        return await self._backend.generate_once(request, due_ns, limit)

    def close(self) -> None:
        """Nothing to let go of."""


class LocalTarget:
    """A model in this process: requests wait in a queue, one is computed at a time.

    The queue is part of what is measured, as it is inside a server that handles one request at a time: `t_send_ns` is
    the moment a request enters it.
    """

    is_local = True

    def __init__(self, backend: Backend, session: int, most_usd: MostUsd, *, is_chat: bool) -> None:
        self._backend = backend
        self._most_usd = most_usd
        self._is_chat = is_chat
        self._session = session
        self.thread = LoopThread()
        self._queue: queue.SimpleQueue[tuple[GenerateRequest, Future[Outcome]] | None] = (
            queue.SimpleQueue()
        )
        self._worker = threading.Thread(target=self._work, name="model", daemon=True)
        self._worker.start()

    def prompt(self, messages: Sequence[Message]) -> str:
        """Return a conversation in the model's chat template, or its text where the model has none."""
        return _written(self._backend, messages, is_chat=self._is_chat)

    async def ask(self, request: GenerateRequest, due_ns: int, limit: asyncio.Timeout) -> Outcome:
        """Put a request into the queue and wait for its answer."""
        answer: Future[Outcome] = Future()
        send_ns = now_ns()
        self._queue.put((_for_model(request), answer))
        try:
            async with limit:
                outcome = await asyncio.wrap_future(answer)
        except TimeoutError:
            answer.cancel()  # dropped, unless it is being computed already
            error = "not complete in time"
            return self._outcome(request, None, due_ns, send_ns, ErrorClass.TIMEOUT, error)
        except Exception as error:  # foreign code raises anything; a failed request is a result
            told = f"{type(error).__name__}: {error}"
            return self._outcome(request, None, due_ns, send_ns, ErrorClass.SERVER_ERROR, told)
        return self._outcome(request, outcome, due_ns, send_ns, None, None)

    def close(self) -> None:
        """End worker and event loop; what is being computed is finished first."""
        self._queue.put(None)
        self._worker.join()
        self.thread.close()

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            request, answer = task
            if not answer.set_running_or_notify_cancel():
                continue
            try:
                (found,) = (
                    what
                    for batch in self._backend.generate([request], (), 1)
                    for _, what in batch
                    if isinstance(what, Outcome)
                )
                answer.set_result(found)
            except Exception as error:  # handed to the one who asked
                answer.set_exception(error)

    def _outcome(
        self,
        request: GenerateRequest,
        found: Outcome | None,
        due_ns: int,
        send_ns: int,
        error_class: str | None,
        error: str | None,
    ) -> Outcome:
        told = () if found is None else found.attempts
        costs = [a.cost_usd for a in told if a.cost_usd is not None]
        most = self._most_usd(most_usage(request.prompt, request.settings.max_tokens))
        attempt = Attempt(
            number=0,
            session=self._session,
            status="error" if found is None else "ok",
            t_intended_ns=due_ns,
            t_queued_ns=due_ns,
            t_send_ns=send_ns,
            t_headers_ns=None,
            t_end_ns=now_ns(),
            error=error,
            error_class=error_class,
            events=() if found is None else found.events,
            usage=told[-1].usage if told else None,
            cost_usd=sum(costs) if costs and len(costs) == len(told) else None,
            reserved_usd=None if most is None else most * max(len(told), 1),
        )
        if found is None:
            return Outcome(send_ns, attempt.t_end_ns, None, 1, attempts=(attempt,))
        return replace(found, attempts=(attempt,))


def _written(backend: Backend, messages: Sequence[Message], *, is_chat: bool) -> str:
    if is_chat:
        return backend.render_chat(list(messages), True)
    return "\n\n".join(m["content"] for m in messages)


def _for_model(request: GenerateRequest) -> GenerateRequest:
    """Return a request to be answered alone, in transformers' words: an end token to be ignored can't be generated."""
    request = replace(request, is_timed=True)
    extra = dict(request.settings.extra)
    if not extra.pop("ignore_eos", False):
        return request
    extra["min_new_tokens"] = request.settings.max_tokens
    settings = replace(request.settings, extra=tuple(extra.items()))
    return replace(request, settings=settings)


def open_target(
    backend: Backend, spec: ModelSpec, session: int, most_usd: MostUsd = lambda _: None
) -> Target:
    """Return the target for a backend; close it before the backend."""
    is_chat = spec.uses_chat_template(backend.has_chat_template)
    if isinstance(backend, EndpointBackend):
        return EndpointTarget(backend, is_chat=is_chat)
    return LocalTarget(backend, session, most_usd, is_chat=is_chat)
