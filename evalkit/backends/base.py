"""What a backend is: the protocol, its requests and its answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

from evalkit.config.run import ModelSpec
from evalkit.engine.values import Comparison, GenerationSettings
from evalkit.records import (
    Answer,
    Attempt,
    EndpointRecord,
    EngineRecord,
    RequestKind,
    TokenEvent,
    ToolCall,
    Usage,
)
from evalkit.records import (
    Place as Place,  # whoever writes a backend finds it here
)
from evalkit.store.manifest import ModelEntry

CHARACTERS_PER_TOKEN = 3
"""For limits and reservations, before the server has counted; on the safe side for English and German."""

UNDECLARED = Place(is_in_process=False)
"""What counts for a backend that does not say: its requests go to nobody knows where, and are charged for."""


def declared(found: object) -> Place:
    """Return what a backend declares; what is not whole or contradicts itself counts as `UNDECLARED`."""
    if not isinstance(found, Place):
        return UNDECLARED
    said = (found.is_in_process, found.is_on_this_machine, found.is_billed)
    has_host = isinstance(found.host, str) and bool(found.host.strip())
    is_whole = all(isinstance(each, bool) for each in said) and found.is_in_process != has_host
    return found if is_whole else UNDECLARED


class Capability(StrEnum):
    """What a backend can do; declared, so that a plan can check it without loading a model."""

    LOGLIKELIHOOD = "loglikelihood"
    ROLLING = "loglikelihood_rolling"
    GENERATE = "generate"
    CHAT_TEMPLATE = "chat_template"
    VERIFY = "verify"
    """Can score again in a slower, independent way."""


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """How likely is `continuation` after `context`? An empty context means: after the begin token."""

    context: str
    continuation: str


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """Continue a prompt."""

    prompt: str
    settings: GenerationSettings
    is_timed: bool = False
    """Whether its latency is measured: a model in this process answers it alone, others are answered together."""
    is_warm_up: bool = False
    """Whether its answer is thrown away; a model in this process may cut the prompt to what a first pass needs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a backend observed for one request; stamps are `perf_counter_ns`.

    Neither text, nor tool calls, nor log-likelihood: every attempt failed, and `attempts` say how.
    """

    t_send_ns: int
    t_end_ns: int
    input_tokens: int | None
    batch_size: int
    text: str | None = None
    loglikelihood: float | None = None
    is_greedy: bool | None = None
    raw: str | None = None
    """All that was written, where it is more than `text`."""
    thoughts: str | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    mean_logprob: float | None = None
    """Mean log-probability of a generated answer's tokens, in nats; None where the model does not tell."""
    finish_reason: str | None = None
    events: tuple[TokenEvent, ...] = ()
    flags: tuple[str, ...] = ()
    is_timed: bool = False
    """Whether the stamps are those of a request that ran alone from start to end."""
    attempts: tuple[Attempt, ...] = ()
    """Every try of this session; empty in process, where there is one and the stamps above are its."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Tools that an answer calls; its text is None where there is none beside them."""

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer."""
        return self.text is not None or self.loglikelihood is not None or bool(self.tool_calls)


def written(answer: Answer | Outcome) -> str:
    """Return an answer as text for a reader, each tool call as a line of its own."""
    calls = (f"{call.name}({call.arguments})" for call in answer.tool_calls)
    return "\n".join(part for part in (answer.text, *calls) if part)


@dataclass(frozen=True, slots=True)
class Sending:
    """Notice that a request is about to be sent: it goes out once this is durable."""

    number: int
    """Number of the attempt, from 0; earlier sessions counted."""
    t_queued_ns: int
    reserved_usd: float | None = None
    failed: Attempt | None = None
    """The attempt before, when this one repeats it."""


Batch = list[tuple[int, Outcome | Sending]]
"""What became of some requests, each with its position: outcomes of one forward pass, or of an API."""


@dataclass(frozen=True, slots=True)
class CellSetup:
    """What a backend must know about the cell it works for."""

    session: int = 0
    kv_budget_bytes: int | None = None
    """Memory for keys and values of shared prompts; None: a share of free memory."""
    guard: Guard | None = None
    """Decides whether another request may be sent, which a backend that is billed asks before each; None: always."""


def most_usage(prompt: str, max_tokens: int) -> Usage:
    """Return the most that a request can use, as far as can be told before anybody has counted its tokens."""
    return Usage(input_tokens=len(prompt) // CHARACTERS_PER_TOKEN + 1, output_tokens=max_tokens)


class BudgetHeldError(Exception):
    """What is left of the budget is set aside for requests in flight."""


class Guard(Protocol):
    """Budget and deadline of a run; shared by its cells."""

    def price(self, model: ModelSpec, usage: Usage) -> float | None:
        """Return US dollars; None when the price is unknown."""
        ...

    def reserve(self, model: ModelSpec, most: Usage) -> float | None:
        """Set money aside for a request that uses at most this much; return what was set aside, None without a budget.

        Raises:
            StoppedError: Budget or deadline forbid sending it.
            BudgetHeldError: Requests in flight hold what is left, but may cost less: ask again when one has settled.
        """
        ...

    def settle(self, reserved: float, spent: float | None) -> None:
        """Replace what was set aside by what was spent; None: unknown, so the reservation counts as spent."""
        ...


class PromptWriter(Protocol):
    """Writes a model's prompts as a run sends them, without its weights."""

    @property
    def has_chat_template(self) -> bool:
        """Whether the model takes conversations."""
        ...

    def render_chat(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """Write a conversation as the model expects it."""
        ...

    def sent(self, request: GenerateRequest, *, is_chat: bool) -> dict[str, Any]:
        """Return what a request to generate consists of: the prompt or its messages, stop strings, limits."""
        ...


class Backend(Protocol):
    """One loaded model.

    The three methods that ask yield a batch as soon as it is done. `done` holds positions whose answers are known: the
    backend forms the same batches with and without it and skips those that are done, so that a resumed run computes
    exactly what an uninterrupted one would have. `batch_size` is the size an earlier session chose, if there was one.
    """

    @classmethod
    def place(cls, spec: ModelSpec, /) -> Place:
        """Return where the model is; told from the config alone.

        A backend whose class has no such method of its own, or whose method returns something else, counts as
        `UNDECLARED`: what another class does says nothing about it.
        """
        ...

    @classmethod
    def supports(cls, spec: ModelSpec, /) -> frozenset[Capability]:
        """Return what this model can do; told from the config alone."""
        ...

    @classmethod
    def unavailable(cls, spec: ModelSpec, /) -> str | None:
        """Return why the model can't be asked here at all: no key, no SDK. Its cells are skipped."""
        ...

    @classmethod
    def open(cls, spec: ModelSpec) -> Self:
        """Load the model.

        Raises:
            ModelError: It can't be found, is incomplete, or does not run on this device.
        """
        ...

    @classmethod
    def writer(cls, spec: ModelSpec) -> PromptWriter | None:
        """Return what writes this model's prompts; None where its files are not here.

        Raises:
            ModelError: The source is wrong, or a package is missing.
        """
        ...

    @classmethod
    def preflight(cls, spec: ModelSpec) -> None:
        """Check what can be checked without loading weights.

        Raises:
            ModelError: As `open`.
        """
        ...

    @property
    def tokenizer_name(self) -> str:
        """Name under which lm-eval keys what depends on the tokenizer."""
        ...

    @property
    def has_chat_template(self) -> bool:
        """Whether the model says how a conversation is written."""
        ...

    def kv_budget(self) -> int | None:
        """Return bytes of memory that shared prompts may take by default; None where nothing is shared."""
        ...

    def begin_cell(self, setup: CellSetup) -> None:
        """Start a cell: forget how the last one's requests were computed."""
        ...

    def endpoint_record(self) -> EndpointRecord | None:
        """Return where requests went since `begin_cell`; None in process."""
        ...

    def engine_records(self) -> tuple[EngineRecord, ...]:
        """Return how requests were computed since `begin_cell`; empty where there is one way only."""
        ...

    def verify(
        self, kind: RequestKind, requests: Sequence[ScoreRequest | str], answers: Sequence[Answer]
    ) -> Comparison:
        """Compute log-likelihoods again the reference way; asked only with `Capability.VERIFY`."""
        ...

    def entry(self) -> ModelEntry:
        """Return what exactly is loaded, for the manifest."""
        ...

    def render_chat(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """Write a conversation as the model expects it."""
        ...

    def score(
        self, requests: Sequence[ScoreRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Compute log-likelihoods of continuations."""
        ...

    def score_rolling(
        self, texts: Sequence[str], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Compute log-likelihoods of whole texts, in windows of the context length."""
        ...

    def generate(
        self, requests: Sequence[GenerateRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Generate answers."""
        ...

    def torch_memory(self, gpu: int) -> tuple[int | None, int | None]:
        """Return bytes torch has allocated and reserved on a GPU; None where it does not use it."""
        ...

    def __enter__(self) -> Self:
        """Hand out the loaded model."""
        ...

    def __exit__(self, *_error: object) -> None:
        """Free the model's memory."""
        ...
