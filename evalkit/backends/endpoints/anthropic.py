"""Anthropic's Messages API, through the `anthropic` SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from typing import Any

import httpx2

from evalkit.backends.endpoints.backend import EndpointBackend
from evalkit.backends.endpoints.dialect import (
    Ask,
    CallPart,
    Message,
    Piece,
    PromptToken,
    Reader,
    VendorError,
    sdk_client,
    stop_strings,
    temperature,
    text_of,
)
from evalkit.backends.endpoints.endings import ANTHROPIC, End
from evalkit.backends.endpoints.error_bodies import error_in, error_within
from evalkit.backends.endpoints.usage import anthropic_usage, whole_number
from evalkit.config.run import ModelSpec
from evalkit.records import EventKind, Usage

ANTHROPIC_URL = "https://api.anthropic.com"
_MOST_STOPS = 8


class AnthropicDialect:
    """Sends Messages requests.

    Args:
        spec: The model.
        base_url: Where to.
        key: API key.
        client: HTTP client over the stamping transport.
    """

    api = "messages"

    def __init__(
        self, spec: ModelSpec, base_url: str, key: str, client: httpx2.AsyncClient
    ) -> None:
        import anthropic

        self.secrets: Collection[str] = (key,) if key else ()
        self._spec = spec
        self._client = sdk_client(anthropic.AsyncAnthropic, key, base_url, client)

    def reader(self) -> Reader:
        """Return a reader for one answer."""
        return AnthropicReader()

    async def send(self, ask: Ask) -> AsyncIterator[None]:
        """Stream a request."""
        create: Any = self._client.messages.with_streaming_response.create
        async with create(**self.arguments(ask)) as response:
            async for _ in response.http_response.aiter_raw():
                yield

    def send_bare(self, ask: Ask) -> AsyncIterator[None]:
        """Stream a request; nobody puts a vendor's API under so much load that the SDK would be the bottleneck."""
        return self.send(ask)

    def arguments(self, ask: Ask) -> dict[str, Any]:
        """Return what is sent, as the SDK takes it; sampling parameters go into the body, it has none for them."""
        endpoint, settings = self._spec.endpoint, ask.settings
        system = "\n\n".join(m["content"] for m in ask.messages if m["role"] == "system")
        body: dict[str, Any] = {"temperature": temperature(settings)}
        if settings.do_sample and settings.top_p is not None:
            body["top_p"] = settings.top_p
        stops = stop_strings(settings, _MOST_STOPS, visible_only=True)
        if stops and "stop" not in endpoint.omit:
            body["stop_sequences"] = stops
        body = {k: v for k, v in body.items() if k not in endpoint.omit}
        arguments = {
            "model": self._spec.source,
            "max_tokens": settings.max_tokens,
            "messages": _turns(ask.messages),
            "stream": True,
            "extra_body": {**body, **endpoint.extra_body},
        }
        return {**arguments, "system": system} if system else arguments


def _turns(messages: list[Message]) -> list[Message]:
    """Return the turns without the system's; a last turn of the assistant must not end in white space."""
    turns = [m for m in messages if m["role"] != "system"]
    if turns and turns[-1]["role"] == "assistant":
        turns[-1] = {**turns[-1], "content": turns[-1]["content"].rstrip()}
    return turns


class AnthropicReader:
    """Reads the events of one message."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.end = End()
        self.is_whole = False
        self.prompt_tokens: tuple[PromptToken, ...] = ()
        self.mean_logprob: float | None = None
        self._counts: dict[str, Any] = {}

    def read(self, name: str, data: Any) -> list[Piece]:
        """Return what an event says; its own type decides, the event's name is only a copy of it."""
        if not isinstance(data, dict):
            raise VendorError(data)
        kind = data.get("type") or name
        parts = (data, data.get("message"), data.get("delta"), data.get("content_block"))
        if (error := error_within(*parts)) is not None:
            raise VendorError(error)
        if kind == "message":
            return self.read_whole(data)
        if kind == "message_start":
            return [Piece(EventKind.ROLE), *self._usage(data.get("message"))]
        if kind in ("content_block_start", "content_block_delta"):
            block = (
                data.get("content_block") if kind == "content_block_start" else data.get("delta")
            )
            return self._came(_block(block, whole_number(data.get("index"))))
        if kind == "message_delta":
            return [*self._usage(data), *self._finish(data.get("delta"))]
        self.end.has_last_line = self.end.has_last_line or kind == "message_stop"
        if kind == "error":
            raise VendorError(data)
        if (error := error_in(data)) is not None:
            raise VendorError(error)
        return []

    def read_whole(self, data: Any) -> list[Piece]:
        """Return what a message says that came in one piece."""
        error = error_in(data)
        if error is not None or not isinstance(data, dict):
            raise VendorError(data if error is None else error)
        self.is_whole = True
        blocks = data.get("content")
        some = enumerate(blocks if isinstance(blocks, list) else ())
        pieces = [p for i, block in some for p in self._came(_block(block, i))]
        return [*pieces, *self._usage(data), *self._finish(data)]

    def _came(self, pieces: list[Piece]) -> list[Piece]:
        for piece in pieces:
            self.end.came(piece.kind)
        return pieces

    def _finish(self, delta: object) -> list[Piece]:
        reason = delta.get("stop_reason") if isinstance(delta, dict) else None
        return [Piece(EventKind.FINISH)] if self.end.tell(reason, ANTHROPIC) else []

    def _usage(self, holder: object) -> list[Piece]:
        """Merge counts: the first event has the prompt's, a later one the answer's, each may repeat the other's."""
        found = holder.get("usage") if isinstance(holder, dict) else None
        if not isinstance(found, dict):
            return []
        self._counts |= {k: v for k, v in found.items() if v is not None}
        self.usage = anthropic_usage(self._counts)
        if self.usage.reasoning_tokens:
            self.end.has_answer = True
        return [Piece(EventKind.USAGE)]


def _block(block: object, index: int | None) -> list[Piece]:
    """Return what a content block, or a part of one, carries; signatures and citations are no tokens."""
    if not isinstance(block, dict):
        return []
    if text := text_of(block.get("text")):
        return [Piece(EventKind.CONTENT, text)]
    if text := text_of(block.get("thinking")):
        return [Piece(EventKind.REASONING, text)]
    if block.get("type") == "redacted_thinking":
        return [Piece(EventKind.REASONING)]
    if block.get("type") == "tool_use" and block.get("name"):
        given = block.get("input")
        arguments = json.dumps(given) if given else ""  # in a stream they follow in parts
        return [Piece(EventKind.TOOL, call=CallPart(index, text_of(block["name"]), arguments))]
    if part := text_of(block.get("partial_json")):
        return [Piece(EventKind.TOOL, call=CallPart(index, arguments=part))]
    return []


class AnthropicBackend(EndpointBackend):
    """A model behind Anthropic's API."""

    sdk = "anthropic"
    vendor_url = ANTHROPIC_URL
    key_names = ("ANTHROPIC_API_KEY",)
    dialect = AnthropicDialect

    @classmethod
    def headers(cls, key: str) -> dict[str, str]:
        """Return the vendor's own headers; the version is the one that the SDK writes bodies for."""
        from anthropic._constants import ANTHROPIC_API_VERSION

        return {"x-api-key": key, "anthropic-version": ANTHROPIC_API_VERSION}
