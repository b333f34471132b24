"""One attempt of one request: sent once, every event stamped, and either an answer or the reason why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from evalkit.backends.endpoints.body import BodyReader, Form, documents
from evalkit.backends.endpoints.calls import CallCollector
from evalkit.backends.endpoints.dialect import Ask, Dialect, Piece, PromptToken, Reader, VendorError
from evalkit.backends.endpoints.endings import FILTERED
from evalkit.backends.endpoints.error_bodies import error_in
from evalkit.backends.endpoints.error_classes import ErrorClass
from evalkit.backends.endpoints.failures import Failure, clean, failure_of, failure_of_error
from evalkit.backends.endpoints.sse import ServerEvent
from evalkit.backends.endpoints.visible import split_answer, visible_events
from evalkit.backends.endpoints.wire import EXCHANGE, Exchange
from evalkit.errors import ExecutionError
from evalkit.meters.clock import now_ns
from evalkit.reading.split import Split
from evalkit.records import GENERATED_KINDS, NS_PER_S, EventKind, TokenEvent, ToolCall, Usage

END_GRACE_S = 2.0
"""How long usage and the protocol's last line may take behind the end of an answer."""
_LOOK_S = 0.5
"""Time between two looks at a connection that has become quiet."""
_FEW = 5
"""Chunks between two looks; with more of them an answer is still coming."""
_SLICE = 8
"""Chunks to read before the event loop has its turn: half a millisecond."""
_ERROR_KEY = b'"error"'
_CHARACTERS_PER_TOKEN = 100
"""No tokenizer packs more text into a token on average; a count below is wrong."""
_EXCERPT = 100
"""Characters shown of a body that is no answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one attempt brought. Exactly one of `text` and `failure` is None."""

    exchange: Exchange
    t_end_ns: int
    events: tuple[TokenEvent, ...]
    text: str | None
    split: Split
    """Thoughts and answer of the text."""
    thoughts: str
    """What came apart from the text, as reasoning."""
    finish_reason: str | None
    usage: Usage | None
    flags: tuple[str, ...]
    served_model: str | None
    prompt_tokens: tuple[PromptToken, ...]
    mean_logprob: float | None
    failure: Failure | None
    tool_calls: tuple[ToolCall, ...] = ()


async def attempt(
    dialect: Dialect,
    ask: Ask,
    limit: asyncio.Timeout,
    reading: asyncio.Lock,
    *,
    is_bare: bool = False,
) -> Reply:
    """Send a request once.

    Chunks are stamped while they come and read when the last one is there, or when the connection becomes quiet:
    reading costs more than receiving, and would make the event loop late for other streams. A thread for it would be
    worse: it competes for the interpreter.

    Args:
        dialect: How the vendor is spoken to.
        ask: The request.
        limit: Ends it when it expires; may be moved meanwhile.
        reading: Shared by all attempts: one answer is read at a time, in slices.
        is_bare: Send it as `Dialect.send_bare` does.

    Raises:
        ExecutionError: The request could not even be written.
    """
    exchange = Exchange()
    EXCHANGE.set(exchange)
    gathered = _Gathering(dialect.reader(), exchange, ask)
    late: Failure | None = None
    foreign: Failure | None = None
    sending = dialect.send_bare(ask) if is_bare else dialect.send(ask)
    watching = asyncio.create_task(_end_when_over(gathered, limit, reading))
    try:
        async with limit:
            async for _ in sending:
                if gathered.has_failed():
                    break
    except TimeoutError:
        taken_s = (now_ns() - (exchange.t_send_ns or now_ns())) / NS_PER_S
        late = Failure(ErrorClass.TIMEOUT, f"not complete after {taken_s:.3g} s")
    except Exception as error:  # SDKs have trees of their own; the exchange knows what happened
        if exchange.t_send_ns is None:
            message = clean(f"{type(error).__name__}: {error}", dialect.secrets)
            raise ExecutionError(f"the request could not be written: {message}.") from None
        foreign = Failure(ErrorClass.MALFORMED, clean(str(error), dialect.secrets))
    finally:
        watching.cancel()
        await sending.aclose()  # type: ignore[attr-defined]
    async with reading:
        while gathered.take(_SLICE):
            await asyncio.sleep(0)
    seen = gathered.failure if isinstance(gathered.failure, Failure) else None
    gathered.close()
    if gathered.is_whole:
        return gathered.reply(None)  # whatever came after the end of the answer
    told = gathered.told_failure(dialect) or failure_of(exchange, dialect.secrets) or seen
    if told is None and not gathered.was_over:
        told = late
    return gathered.reply(told or gathered.own_failure() or foreign)


async def _end_when_over(
    gathered: _Gathering, limit: asyncio.Timeout, reading: asyncio.Lock
) -> None:
    """End an attempt of which nothing more is to be expected, though the server keeps the connection open."""
    while True:
        await asyncio.sleep(_LOOK_S)
        if gathered.n_unread > _FEW:
            gathered.skip_look()
            continue
        async with reading:
            while gathered.take(_SLICE):
                await asyncio.sleep(0)
        if gathered.is_over():
            gathered.was_over = True
            with suppress(RuntimeError):  # it has ended meanwhile
                limit.reschedule(asyncio.get_running_loop().time())
            return


class _Gathering:
    """Gathers events, text and usage while they come."""

    def __init__(self, reader: Reader, exchange: Exchange, ask: Ask) -> None:
        self._ask = ask
        self._reader = reader
        self._exchange = exchange
        self._body = BodyReader()
        self._last_ns = 0
        self._said_ns = 0
        self._n_looked_past = 0
        self._stamped: list[TokenEvent] = []
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._calls = CallCollector()
        self._is_one_piece = False
        self._served_model: str | None = None
        self.failure: Failure | VendorError | None = None
        self.was_over = False
        """Nothing more was to be expected, so evalkit ended the attempt."""

    @property
    def is_whole(self) -> bool:
        """Whether this is an answer that has ended as the API says; see `endings`."""
        end = self._reader.end
        is_success = 200 <= (self._exchange.status or 0) < 300
        return is_success and self.failure is None and end.is_told and end.failure() is None

    @property
    def n_unread(self) -> int:
        """Chunks that came since the last look."""
        return len(self._exchange.chunks) - self._n_looked_past

    def skip_look(self) -> None:
        """Leave what has come for later: the answer is still coming."""
        self._n_looked_past = len(self._exchange.chunks)

    def has_failed(self) -> bool:
        """Tell whether waiting for the rest is of no use, as cheaply as can be told: this runs for every chunk."""
        if not self._exchange.chunks or _ERROR_KEY not in self._exchange.chunks[-1][1]:
            return False
        self.take()
        return self.failure is not None

    def is_over(self) -> bool:
        """Tell whether nothing more is to be expected, when the connection is quiet."""
        end = self._reader.end
        if _since_s(self._last_ns) >= END_GRACE_S:
            for event in self._body.settle(self._last_ns):
                self._read(event)
        if self.failure is not None or end.has_last_line:
            return True
        if self._body.form == Form.JSON:
            return _since_s(self._last_ns) >= END_GRACE_S and self._body.has_whole()
        return end.is_told and _since_s(self._said_ns) >= END_GRACE_S

    def take(self, most: int | None = None) -> bool:
        """Read what has come, `most` chunks at a time; tell whether there is more."""
        chunks = self._exchange.chunks
        self._n_looked_past = 0
        while chunks and self.failure is None:
            if most is not None:
                most -= 1
                if most < 0:
                    return True
            stamp, chunk = chunks.popleft()
            self._last_ns = stamp
            for event in self._body.feed(stamp, chunk):
                self._read(event)
            if self._body.form == Form.PAGE:
                self.failure = Failure(ErrorClass.NOT_A_STREAM, "a web page instead of an answer")
        return False

    def close(self) -> None:
        """Read what the end of the body completes."""
        was_cut = self.failure is None and not self._reader.end.is_told
        n_before = len(self._stamped)
        for event in self._body.close(self._last_ns):
            self._read(event)
        is_malformed = (
            isinstance(self.failure, Failure) and self.failure.error_class == ErrorClass.MALFORMED
        )
        if is_malformed and was_cut and n_before:
            self.failure = _broken_off()  # the last event was torn

    def told_failure(self, dialect: Dialect) -> Failure | None:
        """Return the error that the server told within a successful response, or as a finish reason."""
        if isinstance(self.failure, VendorError):
            return failure_of_error(self.failure.error, self._exchange, dialect.secrets)
        end = self._reader.end
        return end.failure() if end.is_told and self.failure is None else None

    def own_failure(self) -> Failure | None:
        """Return what is wrong with what came, where neither server nor connection told."""
        if isinstance(self.failure, Failure):
            return self.failure
        end = self._reader.end
        if self._body.foreign and not self._stamped:
            return self._foreign(self._body.foreign)
        if end.has_answer and not (end.has_last_line or self._is_one_piece):
            return _broken_off()
        return end.failure()

    def reply(self, failure: Failure | None) -> Reply:
        """Return what was gathered."""
        text = _well_formed("".join(self._text))
        split = split_answer(text, self._ask)
        end = self._reader.end
        return Reply(
            exchange=self._exchange,
            t_end_ns=now_ns(),
            events=visible_events(self._stamped, self._text, split),
            text=text if failure is None else None,
            split=split,
            thoughts=_well_formed("".join(self._thoughts)),
            finish_reason=end.finish_reason,
            usage=self._usage(),
            flags=tuple(self._flags()) if failure is None else (),
            served_model=self._served_model,
            prompt_tokens=tuple(self._reader.prompt_tokens),
            mean_logprob=self._reader.mean_logprob,
            failure=failure,
            tool_calls=self._calls.calls() if failure is None else (),
        )

    def _foreign(self, line: bytes) -> Failure:
        """Return the failure that a line means which belongs neither to a stream nor to an answer in one piece."""
        is_page = "html" in self._exchange.headers.get("content-type", "") and not self._stamped
        found = ErrorClass.NOT_A_STREAM if is_page else ErrorClass.MALFORMED
        excerpt = line[:_EXCERPT].decode("utf-8", "replace")
        return Failure(found, f"neither a stream nor JSON: {excerpt!r}")

    def _usage(self) -> Usage | None:
        """Return what the server counted; doubtful where what came is longer than so few tokens can be.

        Thoughts and tool calls are billed as the text is. Where only a summary of the thoughts comes, it is shorter.
        """
        usage = self._reader.usage
        tokens = usage.output_tokens if usage else None
        seen = sum(map(len, (*self._text, *self._thoughts)))
        seen += sum(len(call.arguments) for call in self._calls.calls())
        if usage is None or tokens is None or seen <= tokens * _CHARACTERS_PER_TOKEN:
            return usage
        return replace(usage, is_doubtful=True)

    def _flags(self) -> Iterator[str]:
        if self._reader.end.finish_reason in FILTERED:
            yield "filtered"
        usage = self._usage()
        if usage is not None and usage.is_doubtful:
            yield "implausible_usage"
        if self._is_one_piece or self._reader.is_whole:
            yield "not_streamed"

    def _read(self, event: ServerEvent) -> None:
        data = event.data.strip()
        if self.failure is not None or not data:
            return
        self._is_one_piece = self._is_one_piece or event.is_whole
        if data == b"[DONE]":
            self._reader.end.has_last_line = True
            return
        found = documents(data)
        is_told = found is not None and any(error_in(one) is not None for one in found)
        if (
            event.is_foreign and not is_told
        ):  # an error that a server writes without `data:` is read
            self._fail(self._foreign(data))
            return
        if found is None:
            what = "the response" if event.is_whole else "an event of the stream"
            self._fail(Failure(ErrorClass.MALFORMED, f"{what} is not valid JSON"))
            return
        for document in found:
            self._understand(event, document)

    def _understand(self, event: ServerEvent, document: Any) -> None:
        reader = self._reader
        try:
            pieces = (
                reader.read_whole(document) if event.is_whole else reader.read(event.name, document)
            )
        except VendorError as error:
            self._fail(error)
            return
        if pieces:
            self._said_ns = event.t_ns
        self._add(event.t_ns, document, pieces)

    def _fail(self, failure: Failure | VendorError) -> None:
        """Note a failure; behind the end of an answer nothing can fail any more."""
        end = self._reader.end
        if not end.is_told or end.failure() is not None:
            self.failure = failure

    def _add(self, t_ns: int, data: Any, pieces: list[Piece]) -> None:
        for piece in pieces:
            n_tokens = None if piece.kind in GENERATED_KINDS else 0
            self._stamped.append(TokenEvent(t_ns, n_tokens, piece.kind))
            if piece.kind == EventKind.CONTENT:
                self._text.append(piece.text)
            elif piece.kind == EventKind.REASONING:
                self._thoughts.append(piece.text)
            if piece.call is not None:
                self._calls.add(piece.call)
        if self._served_model is None:
            self._served_model = _served_model(data)


def _well_formed(text: str) -> str:
    """Return a text in which halves of characters that came apart are joined again."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _since_s(t_ns: int) -> float:
    return (now_ns() - t_ns) / NS_PER_S


def _broken_off() -> Failure:
    return Failure(ErrorClass.DISCONNECTED, "the response ended before the answer was complete")


def _served_model(data: Any) -> str | None:
    """Return which model the vendor says has answered: often more exact than what was asked for."""
    if not isinstance(data, dict):
        return None
    message = data.get("message")
    nested = message.get("model") if isinstance(message, dict) else None
    name = data.get("model") or data.get("modelVersion") or nested
    return name if isinstance(name, str) else None
