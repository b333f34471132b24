"""Google's Gemini API, through the `google-genai` SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, ClassVar

import httpx2

from evalkit.backends.endpoints import usage
from evalkit.backends.endpoints.backend import EndpointBackend
from evalkit.backends.endpoints.dialect import (
    Ask,
    CallPart,
    Dialect,
    Piece,
    Reader,
    check_parts,
    object_of,
    text_of,
)
from evalkit.backends.endpoints.endings import Ending, endings
from evalkit.records import EventKind, Usage

_API_VERSION = "v1beta"
_SEARCHED = ("webSearchQueries", "groundingChunks", "searchEntryPoint")
"""What an answer says about searches, which are billed on their own."""
_COUNTED = ("prompt", "toolUsePrompt", "candidates", "thoughts")
_ROLES = {"assistant": "model"}
_BODIES: ContextVar[list[Any]] = ContextVar("bodies")
"""Bodies that `send` reads in the SDK's place; set by the task that makes an attempt."""
GOOGLE = endings(
    {
        Ending.COMPLETE: "stop",
        Ending.CUT: "max_tokens",
        Ending.FILTERED: "safety recitation language blocklist prohibited_content spii escalation model_armor"
        " image_safety image_prohibited_content image_recitation",
        Ending.ABORTED: "other malformed_function_call unexpected_tool_call too_many_tool_calls malformed_response"
        " missing_thought_signature continuation image_other no_image",
        Ending.BLOCKED_ACCOUNT: "pup_limited_disabled",
    }
)
BLOCKED = endings(
    {
        Ending.FILTERED: "safety other blocklist prohibited_content image_safety model_armor jailbreak",
    }
)
"""Google's reasons for which a prompt is not answered at all."""


class GoogleReader(Reader):
    """Reads streamed responses; each repeats the usage so far, so the last one counts."""

    endings = GOOGLE

    def __init__(self) -> None:
        super().__init__()
        self._has_searched = False

    def read(self, name: str, data: Any) -> list[Piece]:
        """Return what one response of the stream says."""
        data = object_of(name, data)
        candidates = data.get("candidates")
        some = candidates[:1] if isinstance(candidates, list) else []
        pieces = [p for candidate in some for p in self._candidate(candidate)]
        feedback = data.get("promptFeedback")
        if isinstance(feedback, dict):
            pieces += self.finish(feedback.get("blockReason"), BLOCKED)
        if isinstance(data.get("usageMetadata"), dict):
            pieces += self.count(gemini_usage(data["usageMetadata"]))
        if self.usage is not None and self._has_searched:
            self.usage = replace(self.usage, has_other_charges=True)
        return pieces

    def read_whole(self, data: Any) -> list[Piece]:
        """Return what a response says that came in one piece, or as a list of responses."""
        parts = data if isinstance(data, list) else [data]
        return [piece for part in parts for piece in self.read("", part)]

    def _candidate(self, candidate: object) -> list[Piece]:
        if not isinstance(candidate, dict):
            return []
        content = candidate.get("content")
        check_parts(candidate, content)
        grounding = candidate.get("groundingMetadata")
        if isinstance(grounding, dict) and any(grounding.get(k) for k in _SEARCHED):
            self._has_searched = True
        parts = content.get("parts") if isinstance(content, dict) else None
        some = parts if isinstance(parts, list) else ()
        pieces = self.came(p for part in some for p in _part(part))
        return pieces + self.finish(candidate.get("finishReason"))


def _part(part: object) -> Iterator[Piece]:
    if not isinstance(part, dict):
        return
    if text := text_of(part.get("text")):
        yield Piece(EventKind.REASONING if part.get("thought") else EventKind.CONTENT, text)
    elif isinstance(call := part.get("functionCall"), dict):
        name, arguments = text_of(call.get("name")), json.dumps(call.get("args") or {})
        yield Piece(EventKind.TOOL, call=CallPart(None, name, arguments))


def gemini_usage(data: Mapping[str, Any]) -> Usage:
    """Read Gemini's usage; its candidates' tokens leave out the thoughts, our output tokens include them.

    Tokens of tools are billed as prompt. A prompt that was blocked has no tokens of an answer.
    """
    prompt, tools, answer, thoughts = (usage.count(data, f"{name}TokenCount") for name in _COUNTED)
    known = [n for n in (answer, thoughts) if n is not None]
    told = Usage(
        input_tokens=None if prompt is None else prompt + (tools or 0),
        cached_input_tokens=usage.count(data, "cachedContentTokenCount"),
        output_tokens=sum(known) if known else None,
        reasoning_tokens=thoughts,
        service_tier=usage.word(data, "serviceTier") or _traffic(data),
        has_other_charges=usage.has_other_charges(data) or any(_modalities(data)),
    )
    whole = usage.with_total(told, usage.count(data, "totalTokenCount"), hides_thoughts=True)
    return usage.judged(whole, data, may_lack_output=True)


def _traffic(data: Mapping[str, Any]) -> str | None:
    """Return the tier that Vertex AI's traffic type means."""
    kind = usage.word(data, "trafficType")
    return None if kind in {None, "on_demand", "traffic_type_unspecified"} else kind


def _modalities(data: Mapping[str, Any]) -> Iterable[int | None]:
    """Yield the tokens of what is not text."""
    for key in ("promptTokensDetails", "candidatesTokensDetails", "toolUsePromptTokensDetails"):
        parts = data.get(key)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, Mapping) and part.get("modality") not in {None, "TEXT"}:
                yield usage.count(part, "tokenCount")


class _Nothing(httpx2.AsyncByteStream):
    """An empty body."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        nothing: tuple[bytes, ...] = ()
        for chunk in nothing:
            yield chunk


async def _take(response: httpx2.Response) -> None:
    """Keep the body of a successful response from the SDK."""
    if response.status_code < 300:
        _BODIES.get().append(response.stream)
        response.stream = _Nothing()


class GoogleDialect(Dialect):
    """Sends generateContent requests."""

    api = "generate_content"
    reader = GoogleReader
    most_stops = 5
    names: ClassVar[Mapping[str, str]] = {
        "max_tokens": "max_output_tokens",
        "stop": "stop_sequences",
    }

    def open_sdk(self, key: str) -> Any:
        """Return the SDK, which leaves reading to `send`."""
        self.http.event_hooks["response"].append(_take)
        return _sdk_client(key, self.base_url, self.http)

    async def send(self, ask: Ask) -> AsyncIterator[None]:
        """Stream a request; the SDK gets an empty body, since it gives up at the first event it can't read."""
        bodies: list[Any] = []
        _BODIES.set(bodies)
        generate: Any = self.client.aio.models.generate_content_stream
        async for _ in await generate(**self.arguments(ask)):
            yield
        for body in bodies:
            try:
                async for _ in body:
                    yield
            finally:
                await body.aclose()

    def arguments(self, ask: Ask) -> dict[str, Any]:
        """Return what is sent, as the SDK takes it."""
        config = self.settings(ask)
        if ask.system:
            config["system_instruction"] = ask.system
        if self.spec.endpoint.extra_body:
            config["http_options"] = {"extra_body": self.spec.endpoint.extra_body}
        contents = [
            {"role": _ROLES.get(m["role"], m["role"]), "parts": [{"text": m["content"]}]}
            for m in ask.turns
        ]
        return {"model": self.spec.source, "contents": contents, "config": config}


def _sdk_client(key: str, base_url: str, http: httpx2.AsyncClient) -> Any:
    """Return the SDK's client; what is not told here it looks for in variables."""
    import ssl

    from google import genai
    from google.genai import client, types

    return genai.Client(
        api_key=key,
        vertexai=False,
        debug_config=client.DebugConfig(client_mode=None, replays_directory=None, replay_id=None),
        http_options=types.HttpOptions(
            base_url=base_url,
            api_version=_API_VERSION,
            httpx_async_client=http,
            httpx_client=httpx2.Client(transport=_NoTransport(), trust_env=False),
            async_client_args={"ssl": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)},  # of websockets
            retry_options=types.HttpRetryOptions(attempts=1),
        ),
    )


class _NoTransport(httpx2.BaseTransport):
    """Sends nothing: everything goes through the other client."""


class GoogleBackend(EndpointBackend):
    """A model behind Google's Gemini API."""

    sdk = "google.genai"
    vendor_url = "https://generativelanguage.googleapis.com"
    key_names = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    dialect = GoogleDialect

    @classmethod
    def headers(cls, key: str) -> dict[str, str]:
        """Return the vendor's own headers."""
        return {"x-goog-api-key": key}
