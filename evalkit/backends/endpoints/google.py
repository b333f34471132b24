"""Google's Gemini API, through the `google-genai` SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import httpx2

from evalkit.backends.endpoints.backend import EndpointBackend
from evalkit.backends.endpoints.dialect import (
    NO_KEY,
    Ask,
    CallPart,
    Piece,
    PromptToken,
    Reader,
    VendorError,
    stop_strings,
    temperature,
    text_of,
)
from evalkit.backends.endpoints.endings import BLOCKED, GOOGLE, End
from evalkit.backends.endpoints.error_bodies import error_in, error_within
from evalkit.backends.endpoints.usage import gemini_usage
from evalkit.config.run import ModelSpec
from evalkit.records import EventKind, Usage

GOOGLE_URL = "https://generativelanguage.googleapis.com"
_API_VERSION = "v1beta"
_MOST_STOPS = 5
_SEARCHED = ("webSearchQueries", "groundingChunks", "searchEntryPoint")
"""What an answer says about searches, which are billed on their own."""
_ROLES = {"assistant": "model"}
_BODIES: ContextVar[list[Any]] = ContextVar("bodies")
"""Bodies that `send` reads in the SDK's place; set by the task that makes an attempt."""


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


class GoogleDialect:
    """Sends generateContent requests.

    Args:
        spec: The model.
        base_url: Where to.
        key: API key.
        client: HTTP client over the stamping transport.
    """

    api = "generate_content"

    def __init__(
        self, spec: ModelSpec, base_url: str, key: str, client: httpx2.AsyncClient
    ) -> None:
        self.secrets: Collection[str] = (key,) if key else ()
        self._spec = spec
        client.event_hooks["response"].append(_take)
        self._client = _sdk_client(key or NO_KEY, base_url, client)

    def reader(self) -> Reader:
        """Return a reader for one answer."""
        return GoogleReader()

    async def send(self, ask: Ask) -> AsyncIterator[None]:
        """Stream a request; the SDK gets an empty body, since it gives up at the first event it can't read."""
        bodies: list[Any] = []
        _BODIES.set(bodies)
        generate: Any = self._client.aio.models.generate_content_stream
        async for _ in await generate(**self.arguments(ask)):
            yield
        for body in bodies:
            try:
                async for _ in body:
                    yield
            finally:
                await body.aclose()

    def send_bare(self, ask: Ask) -> AsyncIterator[None]:
        """Stream a request; nobody puts a vendor's API under so much load that the SDK would be the bottleneck."""
        return self.send(ask)

    def arguments(self, ask: Ask) -> dict[str, Any]:
        """Return what is sent, as the SDK takes it."""
        endpoint, settings = self._spec.endpoint, ask.settings
        fields: dict[str, Any] = {
            "max_tokens": settings.max_tokens,
            "temperature": temperature(settings),
        }
        if settings.do_sample and settings.top_p is not None:
            fields["top_p"] = settings.top_p
        if stops := stop_strings(settings, _MOST_STOPS):
            fields["stop"] = stops
        fields = {k: v for k, v in fields.items() if k not in endpoint.omit}
        names = {"max_tokens": "max_output_tokens", "stop": "stop_sequences"}
        config = {names.get(k, k): v for k, v in fields.items()}
        system = "\n\n".join(m["content"] for m in ask.messages if m["role"] == "system")
        if system:
            config["system_instruction"] = system
        if endpoint.extra_body:
            config["http_options"] = {"extra_body": endpoint.extra_body}
        contents = [
            {"role": _ROLES.get(m["role"], m["role"]), "parts": [{"text": m["content"]}]}
            for m in ask.messages
            if m["role"] != "system"
        ]
        return {"model": self._spec.source, "contents": contents, "config": config}


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


class GoogleReader:
    """Reads streamed responses; each repeats the usage so far, so the last one counts."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.end = End()
        self.is_whole = False
        self.prompt_tokens: tuple[PromptToken, ...] = ()
        self.mean_logprob: float | None = None
        self._has_searched = False

    def read(self, name: str, data: Any) -> list[Piece]:
        """Return what one response of the stream says."""
        error = error_in(data)
        if error is not None or name == "error" or not isinstance(data, dict):
            raise VendorError(data if error is None else error)
        candidates = data.get("candidates")
        some = candidates[:1] if isinstance(candidates, list) else []
        pieces = [p for candidate in some for p in self._candidate(candidate)]
        feedback = data.get("promptFeedback")
        if isinstance(feedback, dict) and self.end.tell(feedback.get("blockReason"), BLOCKED):
            pieces.append(Piece(EventKind.FINISH))
        if isinstance(data.get("usageMetadata"), dict):
            self.usage = gemini_usage(data["usageMetadata"])
            if self.usage.reasoning_tokens:
                self.end.has_answer = True
            pieces.append(Piece(EventKind.USAGE))
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
        if (error := error_within(candidate, content)) is not None:
            raise VendorError(error)
        grounding = candidate.get("groundingMetadata")
        if isinstance(grounding, dict) and any(grounding.get(k) for k in _SEARCHED):
            self._has_searched = True
        parts = content.get("parts") if isinstance(content, dict) else None
        pieces = [p for part in (parts if isinstance(parts, list) else ()) for p in _part(part)]
        for piece in pieces:
            self.end.came(piece.kind)
        if self.end.tell(candidate.get("finishReason"), GOOGLE):
            pieces.append(Piece(EventKind.FINISH))
        return pieces


def _part(part: object) -> Iterator[Piece]:
    if not isinstance(part, dict):
        return
    if text := text_of(part.get("text")):
        yield Piece(EventKind.REASONING if part.get("thought") else EventKind.CONTENT, text)
    elif isinstance(call := part.get("functionCall"), dict):
        name, arguments = text_of(call.get("name")), json.dumps(call.get("args") or {})
        yield Piece(EventKind.TOOL, call=CallPart(None, name, arguments))


class GoogleBackend(EndpointBackend):
    """A model behind Google's Gemini API."""

    sdk = "google.genai"
    vendor_url = GOOGLE_URL
    key_names = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    dialect = GoogleDialect

    @classmethod
    def headers(cls, key: str) -> dict[str, str]:
        """Return the vendor's own headers."""
        return {"x-goog-api-key": key}
