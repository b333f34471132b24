"""What differs from vendor to vendor: how a request is sent, and what the events of its answer mean."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx2

from evalkit.backends.endpoints.endings import OPENAI, End, Ending
from evalkit.backends.endpoints.error_bodies import error_in, error_within
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
    """The prompt as lm-eval has it: plain text, or a conversation packed by `pack`."""
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

    @property
    def system(self) -> str:
        """What the system's turns say, for vendors that take it apart from the conversation."""
        return "\n\n".join(m["content"] for m in self.messages if m["role"] == "system")

    @property
    def turns(self) -> list[Message]:
        """The conversation without the system's turns."""
        return [m for m in self.messages if m["role"] != "system"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing an event says."""

    kind: EventKind
    text: str = ""
    call: CallPart | None = None
    """What it adds to a tool call."""


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


class VendorError(Exception):
    """An error the vendor reports within a successful response."""

    def __init__(self, error: Any) -> None:
        super().__init__(str(error))
        self.error = error


class Reader:
    """Makes sense of the events of one answer, in the order they come. A vendor's own says what an event means."""

    endings: ClassVar[Mapping[str, Ending]] = OPENAI
    """The vendor's finish reasons, in lower case, and what they mean."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        """The last the server said; `is_doubtful` where it can't be true."""
        self.end = End()
        """What the answer has told about its own end; noted in the order in which it comes."""
        self.is_whole = False
        """An event brought the answer in one piece."""
        self.prompt_tokens: list[PromptToken] = []
        """Tokens of an echoed prompt."""

    @property
    def mean_logprob(self) -> float | None:
        """Mean log-probability of the answer's tokens, in nats; None where the server does not tell."""
        return None

    def read(self, name: str, data: Any) -> list[Piece]:
        """Return what an event of a stream says.

        Args:
            name: The event's name, often empty.
            data: Its data, parsed.

        Raises:
            VendorError: The event reports an error.
        """
        raise NotImplementedError

    def read_whole(self, data: Any) -> list[Piece]:
        """Return what an answer says that came in one piece."""
        return self.read("", data)

    def came(self, pieces: Iterable[Piece]) -> list[Piece]:
        """Note what was generated, and hand it on."""
        found = list(pieces)
        for piece in found:
            self.end.came(piece.kind)
        return found

    def finish(self, word: object, endings: Mapping[str, Ending] | None = None) -> list[Piece]:
        """Note a finish reason, if it is one."""
        is_told = self.end.tell(word, self.endings if endings is None else endings)
        return [Piece(EventKind.FINISH)] if is_told else []

    def count(self, usage: Usage) -> list[Piece]:
        """Note what the server has counted; thoughts that it bills are an answer, even where it does not show them."""
        self.usage = usage
        if usage.reasoning_tokens:
            self.end.has_answer = True
        return [Piece(EventKind.USAGE)]


def object_of(name: str, data: Any) -> dict[str, Any]:
    """Return an event as an object.

    Raises:
        VendorError: It reports an error, or is no object.
    """
    error = error_in(data)
    if error is not None or name == "error" or not isinstance(data, dict):
        raise VendorError(data if error is None else error)
    return data


def check_parts(*parts: object) -> None:
    """Check that no part of an event has an error of its own.

    Raises:
        VendorError: One has.
    """
    if (error := error_within(*parts)) is not None:
        raise VendorError(error)


class Dialect:
    """One vendor's API; its headers are the transport's. A vendor's own writes requests, and says what sends them.

    Args:
        spec: The model.
        base_url: Where to.
        key: API key; empty for a server without keys.
        http: HTTP client over the stamping transport.
    """

    reader: ClassVar[type[Reader]]
    """Makes a reader for one answer."""
    most_stops: ClassVar[int] = 4
    """Stop strings the API takes."""
    takes_blank_stops: ClassVar[bool] = True
    """Whether a stop string may be white space alone."""
    names: ClassVar[Mapping[str, str]] = {}
    """OpenAI's name of a setting → the vendor's, where it has another."""

    def __init__(self, spec: ModelSpec, base_url: str, key: str, http: httpx2.AsyncClient) -> None:
        self.secrets: Collection[str] = (key,) if key else ()
        """Texts that must never be written anywhere."""
        self.spec = spec
        self.base_url = base_url
        self.http = http
        self.client = self.open_sdk(key or NO_KEY)

    @property
    def api(self) -> str:
        """Which of the vendor's APIs is asked, for the records."""
        return self.spec.endpoint.api

    def open_sdk(self, key: str) -> Any:
        """Return the vendor's SDK over `http`, told all that it would look for in variables; None: it needs none."""
        return None

    def arguments(self, ask: Ask) -> dict[str, Any]:
        """Return what is sent, as the SDK takes it."""
        raise NotImplementedError

    def send(self, ask: Ask) -> AsyncIterator[None]:
        """Send a request and pull its response; yields whenever bytes may have come."""
        raise NotImplementedError

    def send_bare(self, ask: Ask) -> AsyncIterator[None]:
        """Send the same with as little processor time as can be: for load tests.

        Nobody puts a vendor's API under so much load that its SDK would be the bottleneck.
        """
        return self.send(ask)

    async def post(self, path: str, body: dict[str, Any]) -> AsyncIterator[None]:
        """Send a request without an SDK: an object, to a path behind the base URL."""
        url = f"{self.base_url}/{path}"
        request = httpx2.Request("POST", url, content=json.dumps(body).encode())
        response = await self.http.send(request, stream=True)
        try:
            async for _ in response.aiter_raw():
                yield
        finally:
            await response.aclose()

    def settings(self, ask: Ask) -> dict[str, Any]:
        """Return limit, sampling and stop strings, under the vendor's names and without what the endpoint refuses.

        Answers are cut at all stop strings when they arrive, so one that is not sent is not lost.
        """
        wanted = ask.settings
        fields: dict[str, Any] = {"max_tokens": wanted.max_tokens, "temperature": 0.0}
        if wanted.do_sample:
            fields["temperature"] = 1.0 if wanted.temperature is None else wanted.temperature
            if wanted.top_p is not None:
                fields["top_p"] = wanted.top_p
        stops = [s for s in wanted.stop if s and (s.strip() or self.takes_blank_stops)]
        if stops:
            fields["stop"] = stops[: self.most_stops]
        sent = {k: v for k, v in fields.items() if k not in self.spec.endpoint.omit}
        return {self.names.get(k, k): v for k, v in sent.items()}


def sdk_client(kind: Any, dialect: Dialect, key: str) -> Any:
    """Return a client of OpenAI's or Anthropic's SDK, which are made alike, without the headers that variables name.

    Args:
        kind: The SDK's class.
        dialect: Whose requests it sends.
        key: API key, or what stands for none.
    """

    class Client(kind):  # type: ignore[misc]  # mypy does not read the SDKs
        @property
        def default_headers(self) -> dict[str, Any]:
            return {**self.auth_headers}

    return Client(
        api_key=key,
        base_url=dialect.base_url,
        max_retries=0,
        timeout=_LONG_S,
        http_client=dialect.http,
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
