"""Anthropic's Messages API, through the `anthropic` SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar

from evalkit.backends.endpoints import usage
from evalkit.backends.endpoints.backend import EndpointBackend
from evalkit.backends.endpoints.dialect import (
    Ask,
    CallPart,
    Dialect,
    Message,
    Piece,
    Reader,
    VendorError,
    check_parts,
    object_of,
    sdk_client,
    text_of,
)
from evalkit.backends.endpoints.endings import Ending, endings
from evalkit.records import EventKind, Usage

ANTHROPIC = endings(
    {
        Ending.COMPLETE: "end_turn stop_sequence stop",
        Ending.CUT: "max_tokens model_context_window_exceeded length",
        Ending.FILTERED: "content_filter content_filtered guardrail_intervened safety",
        Ending.REFUSED: "refusal",
        Ending.TOOL: "tool_use tool_calls",
        Ending.ABORTED: "pause_turn abort error",
    }
)


class AnthropicReader(Reader):
    """Reads the events of one message."""

    endings = ANTHROPIC

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, Any] = {}

    def read(self, name: str, data: Any) -> list[Piece]:
        """Return what an event says; its own type decides, the event's name is only a copy of it."""
        if not isinstance(data, dict):
            raise VendorError(data)
        kind = data.get("type") or name
        check_parts(data, data.get("message"), data.get("delta"), data.get("content_block"))
        if kind == "message":
            return self.read_whole(data)
        if kind == "message_start":
            return [Piece(EventKind.ROLE), *self._usage(data.get("message"))]
        if kind in ("content_block_start", "content_block_delta"):
            block = data.get("content_block" if kind == "content_block_start" else "delta")
            return self.came(_block(block, usage.whole_number(data.get("index"))))
        if kind == "message_delta":
            return [*self._usage(data), *self._finish(data.get("delta"))]
        self.end.has_last_line = self.end.has_last_line or kind == "message_stop"
        object_of(str(kind), data)
        return []

    def read_whole(self, data: Any) -> list[Piece]:
        """Return what a message says that came in one piece."""
        blocks = object_of("", data).get("content")
        self.is_whole = True
        some = enumerate(blocks if isinstance(blocks, list) else ())
        pieces = [p for i, block in some for p in self.came(_block(block, i))]
        return [*pieces, *self._usage(data), *self._finish(data)]

    def _finish(self, delta: object) -> list[Piece]:
        return self.finish(delta.get("stop_reason") if isinstance(delta, dict) else None)

    def _usage(self, holder: object) -> list[Piece]:
        """Merge counts: the first event has the prompt's, a later one the answer's, each may repeat the other's."""
        found = holder.get("usage") if isinstance(holder, dict) else None
        if not isinstance(found, dict):
            return []
        self._counts |= {k: v for k, v in found.items() if v is not None}
        return self.count(anthropic_usage(self._counts))


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


def anthropic_usage(data: Mapping[str, Any]) -> Usage:
    """Read Anthropic's usage; its `input_tokens` leave out what the cache read or wrote, ours include it."""
    fresh = usage.count(data, "input_tokens")
    long = usage.count(data, "cache_creation", "ephemeral_1h_input_tokens")
    stored = usage.written(data)
    if stored is None and long is not None:
        stored = long + (usage.count(data, "cache_creation", "ephemeral_5m_input_tokens") or 0)
    whole = None if fresh is None else fresh + (usage.cached(data) or 0) + (stored or 0)
    told = Usage(
        input_tokens=whole,
        cached_input_tokens=usage.cached(data),
        cache_write_tokens=stored,
        cache_write_1h_tokens=long,
        output_tokens=usage.count(data, "output_tokens"),
        reasoning_tokens=usage.reasoning(data),
        service_tier=usage.word(data, "service_tier"),
        speed=usage.word(data, "speed"),
        region=usage.word(data, "inference_geo"),
        has_other_charges=usage.has_other_charges(data),
    )
    return usage.judged(told, data)


class AnthropicDialect(Dialect):
    """Sends Messages requests."""

    api = "messages"
    reader = AnthropicReader
    most_stops = 8
    takes_blank_stops = False
    names: ClassVar[Mapping[str, str]] = {"stop": "stop_sequences"}

    def open_sdk(self, key: str) -> Any:
        """Return the SDK."""
        import anthropic

        return sdk_client(anthropic.AsyncAnthropic, self, key)

    async def send(self, ask: Ask) -> AsyncIterator[None]:
        """Stream a request."""
        create: Any = self.client.messages.with_streaming_response.create
        async with create(**self.arguments(ask)) as response:
            async for _ in response.http_response.aiter_raw():
                yield

    def arguments(self, ask: Ask) -> dict[str, Any]:
        """Return what is sent, as the SDK takes it; sampling parameters go into the body, it has none for them."""
        body = self.settings(ask)
        body.pop("max_tokens", None)
        arguments = {
            "model": self.spec.source,
            "max_tokens": ask.settings.max_tokens,
            "messages": _turns(ask.turns),
            "stream": True,
            "extra_body": {**body, **self.spec.endpoint.extra_body},
        }
        return {**arguments, "system": ask.system} if ask.system else arguments


def _turns(turns: list[Message]) -> list[Message]:
    """Return the turns as the API takes them: a last turn of the assistant must not end in white space."""
    if turns and turns[-1]["role"] == "assistant":
        turns[-1] = {**turns[-1], "content": turns[-1]["content"].rstrip()}
    return turns


class AnthropicBackend(EndpointBackend):
    """A model behind Anthropic's API."""

    sdk = "anthropic"
    vendor_url = "https://api.anthropic.com"
    key_names = ("ANTHROPIC_API_KEY",)
    dialect = AnthropicDialect

    @classmethod
    def headers(cls, key: str) -> dict[str, str]:
        """Return the vendor's own headers; the version is the one that the SDK writes bodies for."""
        from anthropic._constants import ANTHROPIC_API_VERSION

        return {"x-api-key": key, "anthropic-version": ANTHROPIC_API_VERSION}
