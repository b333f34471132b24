"""One attempt of one request: sent once, every event stamped, and either an answer or the reason why there is none."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from evalkit.backends.endpoints.dialect import Ask, Dialect, Piece, PromptToken, Reader, VendorError
from evalkit.backends.endpoints.failures import (
    ErrorClass,
    Failure,
    clean,
    failure_of,
    failure_of_error,
)
from evalkit.backends.endpoints.sse import EventReader, ServerEvent
from evalkit.backends.endpoints.visible import split_answer, visible_events
from evalkit.backends.endpoints.wire import EXCHANGE, Exchange
from evalkit.errors import ExecutionError
from evalkit.meters.clock import now_ns
from evalkit.reading.thoughts import Split
from evalkit.records import GENERATED_KINDS, NS_PER_S, EventKind, TokenEvent, Usage

FILTERED = {"content_filter", "refusal"}
"""Finish reasons that mean: the vendor or the model withheld the answer."""
_SLICE = 8
"""Chunks to read before the event loop has its turn: half a millisecond."""
_ERROR_KEY = b'"error"'
_CHARACTERS_PER_TOKEN = 100
"""No tokenizer packs more text into a token on average; a count below is wrong."""


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


async def attempt(
    dialect: Dialect,
    ask: Ask,
    limit: asyncio.Timeout,
    reading: asyncio.Lock,
    *,
    is_bare: bool = False,
) -> Reply:
    """Send a request once.

    Chunks are stamped while they come and read when the last one is there: reading costs more than receiving, and
    would make the event loop late for other streams. A thread for it would be worse: it competes for the interpreter.

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
    answer = _Answer(dialect.reader(), exchange, ask)
    late: Failure | None = None
    foreign: Failure | None = None
    sending = dialect.send_bare(ask) if is_bare else dialect.send(ask)
    try:
        async with limit:
            async for _ in sending:
                if answer.has_failed():
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
        await sending.aclose()  # type: ignore[attr-defined]
    async with reading:
        while answer.take(_SLICE):
            await asyncio.sleep(0)
    broken = answer.end(dialect)
    if answer.is_whole:
        return answer.reply(None)  # whatever came after the end of the answer
    return answer.reply(failure_of(exchange, dialect.secrets) or late or broken or foreign)


class _Answer:
    """Gathers events, text and usage while they come."""

    def __init__(self, reader: Reader, exchange: Exchange, ask: Ask) -> None:
        self._ask = ask
        self._reader = reader
        self._exchange = exchange
        self._events = EventReader()
        self._whole: list[bytes] = []
        self._last_ns = 0
        self._stamped: list[TokenEvent] = []
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._finish_reason: str | None = None
        self._served_model: str | None = None
        self.failure: Failure | VendorError | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the answer has ended as the API says, without an error."""
        return self._reader.is_complete and self.failure is None and self._exchange.status == 200

    def has_failed(self) -> bool:
        """Tell whether waiting for the rest is of no use, as cheaply as can be told: this runs for every chunk."""
        if not self._exchange.chunks:
            return False
        if not self._is_page() and _ERROR_KEY not in self._exchange.chunks[-1][1]:
            return False
        self.take()
        return self.failure is not None

    def _is_page(self) -> bool:
        kind = self._exchange.headers.get("content-type", "")
        return "html" in kind and (self._exchange.status or 0) < 300

    def take(self, most: int | None = None) -> bool:
        """Read what has come, `most` chunks at a time; tell whether there is more."""
        if self._is_page():
            self.failure = Failure(ErrorClass.NOT_A_STREAM, "a web page instead of an answer")
            return False
        is_stream = "application/json" not in self._exchange.headers.get("content-type", "")
        while self._exchange.chunks and self.failure is None:
            if most is not None:
                most -= 1
                if most < 0:
                    return True
            stamp, chunk = self._exchange.chunks.popleft()
            self._last_ns = stamp
            if not is_stream:
                self._whole.append(chunk)
                continue
            for event in self._events.feed(stamp, chunk):
                self._read(event)
        return False

    def end(self, dialect: Dialect) -> Failure | None:
        """Read what the end of the body completes, and judge the whole."""
        n_before = len(self._stamped)
        is_cut = self.failure is None and not self._reader.is_complete
        for event in self._events.close(self._last_ns):
            self._read(event)
        if self._whole and self.failure is None:
            self._read_whole()
        if isinstance(self.failure, VendorError):
            return failure_of_error(self.failure.error, dialect.secrets)
        if self.failure is not None:
            is_torn = is_cut and n_before and self.failure.error_class == ErrorClass.MALFORMED
            return _broken_off() if is_torn else self.failure
        if self._reader.is_complete:
            return None
        if not self._stamped:
            return Failure(ErrorClass.EMPTY, "a successful response with nothing in it")
        return _broken_off()

    def reply(self, failure: Failure | None) -> Reply:
        """Return what was gathered."""
        text = _well_formed("".join(self._text))
        split = split_answer(text, self._ask)
        return Reply(
            exchange=self._exchange,
            t_end_ns=now_ns(),
            events=visible_events(self._stamped, self._text, split),
            text=text if failure is None else None,
            split=split,
            thoughts=_well_formed("".join(self._thoughts)),
            finish_reason=self._finish_reason,
            usage=self._reader.usage,
            flags=tuple(self._flags(text)) if failure is None else (),
            served_model=self._served_model,
            prompt_tokens=self._reader.prompt_tokens,
            mean_logprob=self._reader.mean_logprob,
            failure=failure,
        )

    def _flags(self, text: str) -> list[str]:
        usage = self._reader.usage
        flags = ["filtered"] if self._finish_reason in FILTERED else []
        tokens = usage.output_tokens if usage else None
        is_low = tokens is not None and len(text) > tokens * _CHARACTERS_PER_TOKEN
        if self._reader.has_bad_usage or is_low:
            flags.append("implausible_usage")
        if self._whole:
            flags.append("not_streamed")
        return flags

    def _read(self, event: ServerEvent) -> None:
        if self.failure is not None or not event.data.strip():
            return
        try:
            data = "[DONE]" if event.data.strip() == b"[DONE]" else json.loads(event.data)
            self._add(event.t_ns, data, self._reader.read(event.name, data))
        except VendorError as error:
            self.failure = error
        except ValueError:
            self.failure = Failure(ErrorClass.MALFORMED, "an event of the stream is not valid JSON")

    def _read_whole(self) -> None:
        try:
            data = json.loads(b"".join(self._whole))
            self._add(self._last_ns, data, self._reader.read_whole(data))
        except VendorError as error:
            self.failure = error
        except ValueError:
            self.failure = Failure(ErrorClass.MALFORMED, "the response is not valid JSON")

    def _add(self, t_ns: int, data: Any, pieces: list[Piece]) -> None:
        for piece in pieces:
            n_tokens = None if piece.kind in GENERATED_KINDS else 0
            self._stamped.append(TokenEvent(t_ns, n_tokens, piece.kind))
            if piece.kind == EventKind.CONTENT:
                self._text.append(piece.text)
            elif piece.kind == EventKind.REASONING:
                self._thoughts.append(piece.text)
            if piece.finish_reason and self._finish_reason not in FILTERED:
                self._finish_reason = piece.finish_reason
        if self._served_model is None:
            self._served_model = _served_model(data)


def _well_formed(text: str) -> str:
    """Return a text in which halves of characters that came apart are joined again."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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
