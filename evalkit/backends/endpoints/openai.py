"""OpenAI and every server that speaks its chat or completions API, through the `openai` SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from evalkit.backends.endpoints.backend import EndpointBackend
from evalkit.backends.endpoints.dialect import (
    Ask,
    CallPart,
    Dialect,
    Piece,
    PromptToken,
    Reader,
    VendorError,
    check_parts,
    object_of,
    sdk_client,
    text_of,
    thinking_text,
)
from evalkit.backends.endpoints.logprobs import AnswerLogprobs, logprob_of
from evalkit.backends.endpoints.usage import openai_usage, whole_number
from evalkit.records import EventKind, Usage

OPENAI_URL = "https://api.openai.com/v1"
_REASONING = (
    "reasoning_content",  # DeepSeek, vLLM, SGLang, llama.cpp
    "reasoning",  # OpenRouter, Groq, Ollama, newer vLLM
    "reasoning_text",
    "thinking",
    "reasoning_details",
    "thinking_blocks",
)
_OLLAMA = {
    "code": "not_found",
    "message": "this is Ollama's own API, which takes other requests: set base_url to its address with /v1 at the end",
}


class OpenAIReader(Reader):
    """Reads chunks of chat and completions, with the fields that compatible servers add."""

    def __init__(self) -> None:
        super().__init__()
        self._tier: str | None = None
        self._model = ""
        self._logprobs = AnswerLogprobs()

    @property
    def mean_logprob(self) -> float | None:
        """Mean log-probability of the answer's tokens, in nats; None where the server does not tell."""
        return self._logprobs.mean

    def read(self, name: str, data: Any) -> list[Piece]:
        """Return what a chunk says; usage may come with choices, without, and more than once: the last one counts."""
        data = object_of(name, data)
        if isinstance(data.get("done"), bool) and "choices" not in data:
            raise VendorError(_OLLAMA)
        pieces = [p for choice in _choices(data) for p in self._choice(choice)]
        return [*pieces, *self._usage(data)]

    def _choice(self, choice: Mapping[str, Any]) -> list[Piece]:
        """Return what a choice says: a part of it in a stream, all of it in an answer in one piece."""
        delta, message = choice.get("delta"), choice.get("message")
        check_parts(choice, delta, message)
        if not isinstance(delta, dict) and isinstance(message, dict):
            delta, self.is_whole = message, True
        pieces = list(_delta(delta)) if isinstance(delta, dict) else []
        if text := text_of(choice.get("text")):
            pieces.append(Piece(EventKind.CONTENT, text))
        logprobs = choice.get("logprobs")
        self._logprobs.read(logprobs)
        if isinstance(logprobs, dict) and not isinstance(delta, dict):
            self.prompt_tokens += _prompt_tokens(logprobs)
        self.came(pieces)
        self.end.has_answer = self.end.has_answer or bool(self.prompt_tokens)
        if isinstance(delta, dict) and text_of(delta.get("refusal")):
            self.end.has_refused = True
        return pieces + self.finish(choice.get("finish_reason"))

    def _usage(self, data: Mapping[str, Any]) -> list[Piece]:
        if tier := text_of(data.get("service_tier")):
            self._tier = tier.lower()
            if self.usage is not None:
                self.usage = replace(self.usage, service_tier=self._tier)
        self._model = text_of(data.get("model")) or self._model
        found = data.get("usage")
        if not found and isinstance(data.get("x_groq"), dict):
            found = data["x_groq"].get("usage")
        if not found:
            return []
        is_object = isinstance(found, dict)
        told = (
            openai_usage(found, self._tier, self._model) if is_object else Usage(is_doubtful=True)
        )
        if self.usage is not None and not (told.input_tokens or told.output_tokens):
            told = self.usage  # no zeros after counts
        return self.count(told)


def _choices(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    choices = data.get("choices")
    found = choices if isinstance(choices, list) else []
    return [c for c in found if isinstance(c, dict) and not c.get("index")]


def _delta(delta: Mapping[str, Any]) -> Iterator[Piece]:
    pieces = [*_reasoning(delta), *_content(delta.get("content"))]
    if refusal := text_of(delta.get("refusal")):
        pieces.append(Piece(EventKind.CONTENT, refusal))
    pieces += _calls(delta)
    if not pieces and delta.get("role"):
        pieces.append(Piece(EventKind.ROLE))
    yield from pieces


def _reasoning(delta: Mapping[str, Any]) -> Iterator[Piece]:
    """Yield reasoning under the first name that has some; several names are copies of one text."""
    found = (thinking_text(delta.get(name)) for name in _REASONING)
    if text := next((text for text in found if text), ""):
        yield Piece(EventKind.REASONING, text)


def _content(content: object) -> Iterator[Piece]:
    """Yield text; Mistral sends a list of parts when it reasons."""
    if isinstance(content, str) and content:
        yield Piece(EventKind.CONTENT, content)
    elif isinstance(content, list):
        for part in content:
            if not isinstance(part, dict):
                continue
            if text := text_of(part.get("text")):
                yield Piece(EventKind.CONTENT, text)
            elif text := thinking_text(part.get("thinking") or part.get("reasoning")):
                yield Piece(EventKind.REASONING, text)


def _calls(delta: Mapping[str, Any]) -> Iterator[Piece]:
    """Yield what a delta adds to tool calls: functions, custom tools, and the one function of the old API."""
    calls = delta.get("tool_calls")
    old = delta.get("function_call")
    for call in [*(calls if isinstance(calls, list) else ()), {"index": 0, "function": old}]:
        function = (call.get("function") or call.get("custom")) if isinstance(call, dict) else None
        if not isinstance(function, dict):
            continue
        given = function.get("arguments", function.get("input"))
        arguments = given if isinstance(given, str) else "" if given is None else json.dumps(given)
        if function.get("name") or arguments:
            index = whole_number(call.get("index"))
            yield Piece(
                EventKind.TOOL, call=CallPart(index, text_of(function.get("name")), arguments)
            )


def _prompt_tokens(logprobs: Mapping[str, Any]) -> Iterator[PromptToken]:
    """Yield the tokens of a completions endpoint's legacy log-probabilities."""
    values = [logprob_of(value) for value in _list_of(logprobs, "token_logprobs")]
    texts = _list_of(logprobs, "tokens")
    likeliest = _list_of(logprobs, "top_logprobs") or [None] * len(values)
    offsets = _list_of(logprobs, "text_offset") or [None] * len(values)
    for value, text, top, offset in zip(values, texts, likeliest, offsets, strict=False):
        others = map(logprob_of, top.values()) if isinstance(top, dict) else ()
        best = max((other for other in others if other is not None), default=None)
        is_likeliest = value is not None and best is not None and value >= best
        yield PromptToken(text_of(text), value, is_likeliest, whole_number(offset))


def _list_of(data: Mapping[str, Any], key: str) -> list[Any]:
    found = data.get(key)
    return found if isinstance(found, list) else []


class OpenAIDialect(Dialect):
    """Sends chat or completions requests."""

    reader = OpenAIReader

    def open_sdk(self, key: str) -> Any:
        """Return the SDK."""
        import openai

        return sdk_client(openai.AsyncOpenAI, self, key)

    async def send(self, ask: Ask) -> AsyncIterator[None]:
        """Stream a chat or completions request."""
        resource: Any = self.client.completions
        if self.api == "chat":
            resource = self.client.chat.completions
        create = resource.with_streaming_response.create
        async with create(**self.arguments(ask)) as response:
            async for _ in response.http_response.aiter_raw():
                yield

    def send_bare(self, ask: Ask) -> AsyncIterator[None]:
        """Send what `send` sends, written without the SDK, which takes 2 ms of CPU time per request."""
        body = self.arguments(ask)
        body |= body.pop("extra_body", {})
        return self.post("chat/completions" if self.api == "chat" else "completions", body)

    def arguments(self, ask: Ask) -> dict[str, Any]:
        """Return what is sent, as the SDK takes it."""
        endpoint, fields = self.spec.endpoint, self.settings(ask)
        is_chat = self.api == "chat"
        if "max_tokens" in fields:
            is_own = self.base_url == OPENAI_URL and is_chat
            limit = "max_completion_tokens" if is_own else "max_tokens"
            fields[endpoint.max_tokens_field or limit] = fields.pop("max_tokens")
        if "stream_options" not in endpoint.omit:
            fields["stream_options"] = {"include_usage": True}
        if ask.echo:
            fields |= {"echo": True, "logprobs": 1}
        elif endpoint.logprobs:
            # completions count the alternatives, and some servers take 0 as none at all
            fields["logprobs"] = True if is_chat else 1
        prompt = {"messages": ask.messages} if is_chat else {"prompt": ask.prompt}
        more = {**endpoint.extra_body, **dict(ask.settings.extra)}
        body = {"extra_body": more} if more else {}
        return {"model": self.spec.source, "stream": True, **prompt, **fields, **body}


class OpenAIBackend(EndpointBackend):
    """A model behind OpenAI's API, or behind a server that speaks it."""

    sdk = "openai"
    vendor_url = OPENAI_URL
    key_names = ("OPENAI_API_KEY",)
    dialect = OpenAIDialect

    @classmethod
    def headers(cls, key: str) -> dict[str, str]:
        """Return the vendor's own headers."""
        return {"Authorization": f"Bearer {key}"}
