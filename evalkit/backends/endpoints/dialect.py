"""What differs from vendor to vendor: how a request is sent, and what the events of its answer mean."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2

from evalkit.backends.endpoints.endings import End
from evalkit.config.run import ModelSpec
from evalkit.engine.values import GenerationSettings
from evalkit.records import EventKind, Usage

Message = dict[str, str]

NO_KEY = "no-key"
"""What SDKs get, and send, for a server without keys."""
_LONG_S = 86_400.0  # the transport has the time-outs; an SDK's own must not interfere


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, as far as all vendors agree. A conversation, or (completions only) a plain prompt."""

    prompt: str
    """As lm-eval has it: plain text, or a conversation packed by `pack`."""
    is_chat: bool
    settings: GenerationSettings
    echo: bool = False
    """Ask for the log-probabilities of the prompt instead of an answer."""

    @property
    def messages(self) -> list[Message]:
        """The conversation; a plain prompt is one turn of the user."""
        if self.is_chat:
            return unpack(self.prompt)
        return [{"role": "user", "content": self.prompt}]


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing an event says."""

    kind: EventKind
    text: str = ""
    call: CallPart | None = None
    """Of a tool call."""


@dataclass(frozen=True, slots=True)
class CallPart:
    """What an event adds to a tool call."""

    index: int | None
    """Which call; None: the last one, or a new one where a name is given."""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class PromptToken:
    """A token of an echoed prompt."""

    text: str
    loglikelihood: float | None
    """None for the first token."""
    is_likeliest: bool
    offset: int | None = None
    """Characters of the echoed text before it, as the server counts them."""


class Reader(Protocol):
    """Makes sense of the events of one answer, in the order they come."""

    usage: Usage | None
    """The last the server said; `is_doubtful` where it can't be true."""
    end: End
    """What the answer has told about its own end; noted in the order in which it comes."""
    is_whole: bool
    """An event brought the answer in one piece."""

    @property
    def prompt_tokens(self) -> tuple[PromptToken, ...]:
        """Of an echoed prompt."""
        ...

    @property
    def mean_logprob(self) -> float | None:
        """Mean log-probability of the answer's tokens, in nats; None where the server does not tell."""
        ...

    def read(self, name: str, data: Any) -> list[Piece]:
        """Return what an event of a stream says.

        Args:
            name: The event's name, often empty.
            data: Its data, parsed.

        Raises:
            VendorError: The event reports an error.
        """
        ...

    def read_whole(self, data: Any) -> list[Piece]:
        """Return what an answer says that came in one piece."""
        ...


class VendorError(Exception):
    """An error the vendor reports within a successful response."""

    def __init__(self, error: Any) -> None:
        super().__init__(str(error))
        self.error = error


class Dialect(Protocol):
    """One vendor's API, spoken through its SDK; its headers are the transport's."""

    api: str
    secrets: Collection[str]
    """Texts that must never be written anywhere."""

    def arguments(self, ask: Ask) -> dict[str, Any]:
        """Return what is sent, as the SDK takes it."""
        ...

    def send(self, ask: Ask) -> AsyncIterator[None]:
        """Send a request and pull its response; yields whenever bytes may have come."""
        ...

    def send_bare(self, ask: Ask) -> AsyncIterator[None]:
        """Send the same with as little processor time as can be: for load tests."""
        ...

    def reader(self) -> Reader:
        """Return a reader for one answer."""
        ...


class DialectFactory(Protocol):
    """Builds a dialect around an HTTP client."""

    def __call__(
        self, spec: ModelSpec, base_url: str, key: str, client: httpx2.AsyncClient
    ) -> Dialect:
        """Open the vendor's SDK; raises ModelError when it is not installed."""
        ...


def sdk_client(kind: Any, key: str, base_url: str, http: httpx2.AsyncClient) -> Any:
    """Return a client of OpenAI's or Anthropic's SDK, which are made alike, without the headers that variables name.

    Args:
        kind: The SDK's class.
        key: API key; empty for a server without keys.
        base_url: Where to.
        http: HTTP client over the stamping transport.
    """

    class Client(kind):  # type: ignore[misc]  # mypy does not read the SDKs
        @property
        def default_headers(self) -> dict[str, Any]:
            return {**self.auth_headers}

    return Client(
        api_key=key or NO_KEY, base_url=base_url, max_retries=0, timeout=_LONG_S, http_client=http
    )


def pack(messages: list[Message]) -> str:
    """Write a conversation as text, since lm-eval passes prompts as text."""
    return json.dumps(messages, ensure_ascii=False)


def unpack(prompt: str) -> list[Message]:
    """Read what `pack` wrote."""
    messages: list[Message] = json.loads(prompt)
    return messages


def text_of(value: object) -> str:
    """Return a text field; anything else counts as no text."""
    return value if isinstance(value, str) else ""


def thinking_text(value: object) -> str:
    """Return the text of thoughts: a text, an object around one, or a list of such (Mistral, OpenRouter)."""
    if isinstance(value, list):
        return "".join(thinking_text(part) for part in value if not isinstance(part, list))
    if isinstance(value, dict):
        parts = (value.get(key) for key in ("text", "thinking", "content", "summary"))
        return next((text for part in parts if (text := text_of(part))), "")
    return text_of(value)


def stop_strings(
    settings: GenerationSettings, most: int, *, visible_only: bool = False
) -> list[str]:
    """Return the stop strings an API takes; answers are cut at all of them when they arrive, so none is lost."""
    stops = [s for s in settings.stop if s and (s.strip() or not visible_only)]
    return stops[:most]


def temperature(settings: GenerationSettings) -> float:
    """Return the temperature to send: 0 unless the task samples."""
    if not settings.do_sample:
        return 0.0
    return 1.0 if settings.temperature is None else settings.temperature
