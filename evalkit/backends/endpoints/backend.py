"""What all API backends share: key and address, requests to prompts and back, scoring by echoed log-probabilities."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import httpx2

from evalkit.backends.base import (
    Batch,
    Capability,
    CellSetup,
    GenerateRequest,
    Outcome,
    Place,
    ScoreRequest,
)
from evalkit.backends.chat import moved
from evalkit.backends.endpoints.asking import Asking
from evalkit.backends.endpoints.attempt import Reply
from evalkit.backends.endpoints.dialect import NO_KEY, Ask, Dialect, pack
from evalkit.backends.endpoints.echo import echoed_score
from evalkit.backends.endpoints.flow import Flow
from evalkit.backends.endpoints.loop import LoopThread
from evalkit.backends.endpoints.proxies import is_loopback
from evalkit.backends.endpoints.visible import thinking_flags
from evalkit.backends.endpoints.wire import StampingTransport, host_of
from evalkit.backends.endpoints.writer import EndpointWriter
from evalkit.config.run import ModelSpec
from evalkit.distribution import install_command
from evalkit.engine.values import Comparison, GenerationSettings, answer_of
from evalkit.errors import ModelError
from evalkit.metrics.percentiles import percentile
from evalkit.records import (
    TURNS_AS_GIVEN,
    Answer,
    EndpointRecord,
    EngineRecord,
    EventKind,
    RequestKind,
)
from evalkit.store.manifest import ModelEntry

_SEED = 20261123
"""Seed of the jitter in back-off; every run waits alike."""


class EndpointBackend:
    """One model behind an API. Subclasses name the vendor's SDK, address, key and dialect."""

    sdk: ClassVar[str | None] = None
    """Module of the vendor's SDK; None where the dialect needs none."""
    vendor_url: ClassVar[str]
    """Where requests go that the config sends to no other address."""
    key_names: ClassVar[tuple[str, ...]]
    """Environment variables that hold the vendor's key; the first that is set counts."""
    dialect: ClassVar[type[Dialect]]

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self._url = self.base_url(spec)
        key = self.key(spec) or ""
        transport = StampingTransport(spec.endpoint, self._url, self.headers(key or NO_KEY))
        self._client = httpx2.AsyncClient(transport=transport, trust_env=False)
        self.loop_thread = LoopThread()
        self._dialect = self.dialect(spec, self._url, key, self._client)
        self._flow = Flow(spec.endpoint, random.Random(_SEED))
        self._turns: str = TURNS_AS_GIVEN
        self.begin_cell(CellSetup())

    @classmethod
    def place(cls, spec: ModelSpec) -> Place:
        """Return the endpoint's host; a server on this machine may have a price, too."""
        url = cls.base_url(spec)
        return Place(False, host_of(url), is_on_this_machine=is_loopback(url))

    @classmethod
    def supports(cls, spec: ModelSpec) -> frozenset[Capability]:
        """Return what the endpoint can do: always generate; score where it echoes log-probabilities."""
        found = {Capability.GENERATE}
        if spec.endpoint.api == "chat":
            found.add(Capability.CHAT_TEMPLATE)
        if spec.endpoint.echo_logprobs:
            found.add(Capability.LOGLIKELIHOOD)
        return frozenset(found)

    @classmethod
    def base_url(cls, spec: ModelSpec) -> str:
        """Return where requests go; never taken from the SDK's own environment variables."""
        return (spec.endpoint.base_url or cls.vendor_url).rstrip("/")

    @classmethod
    def key(cls, spec: ModelSpec) -> str | None:
        """Return the key from the environment; a compatible server gets the vendor's only when the config says so."""
        if spec.endpoint.api_key_env:
            return os.environ.get(spec.endpoint.api_key_env) or None
        if spec.endpoint.base_url:
            return None
        return next((os.environ[name] for name in cls.key_names if os.environ.get(name)), None)

    @classmethod
    def headers(cls, key: str) -> dict[str, str]:
        """Return the vendor's own headers."""
        raise NotImplementedError

    @classmethod
    def unavailable(cls, spec: ModelSpec) -> str | None:
        """Return which variable or package is missing."""
        wanted = spec.endpoint.api_key_env or (None if spec.endpoint.base_url else cls.key_names[0])
        if wanted and cls.key(spec) is None:
            return f"the environment variable {wanted} is not set"
        parts = cls.sdk.split(".") if cls.sdk else []
        modules = (".".join(parts[: n + 1]) for n in range(len(parts)))
        if any(importlib.util.find_spec(module) is None for module in modules):
            return f"the SDK is not installed: {install_command(spec.backend)}"
        return None

    @classmethod
    def writer(cls, spec: ModelSpec) -> EndpointWriter:
        """Return what writes this model's requests."""
        return EndpointWriter(spec, cls.dialect, cls.base_url(spec))

    @classmethod
    def preflight(cls, spec: ModelSpec) -> None:
        """Check nothing more: a request would cost money. `evalkit models check` sends one."""

    @classmethod
    def open(cls, spec: ModelSpec) -> Self:
        """Open the SDK; no connection is made yet."""
        reason = cls.unavailable(spec)
        if reason is not None:
            raise ModelError(f"model {spec.name!r}: {reason}.", "Set it, then resume the run.")
        return cls(spec)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.loop_thread.submit(self._client.aclose()).result()
        self.loop_thread.close()

    @property
    def tokenizer_name(self) -> str:
        """Name of the model: its tokenizer is not known."""
        return f"{self.spec.backend}__{self.spec.source}".replace("/", "__")

    @property
    def has_chat_template(self) -> bool:
        """Whether the endpoint takes conversations."""
        return self.spec.endpoint.api == "chat"

    def entry(self) -> ModelEntry:
        """Describe what was asked; weights and number format are the vendor's business."""
        return ModelEntry(
            name=self.spec.name,
            backend=self.spec.backend,
            source=self.spec.source,
            revision=None,
            path=None,
            dtype=None,
            device=f"API at {host_of(self._url)}",
            quantisation=None,
            n_parameters=None,
            memory_bytes=None,
            context_length=self.spec.max_length,
            licence=None,
            chat_template=self._is_chat,
            is_api=True,
        )

    def render_chat(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """Pack a conversation; the server applies the template."""
        sent = moved(messages, self.spec.endpoint.turns)
        if sent != messages:
            self._turns = self.spec.endpoint.turns
        return pack(sent)

    def torch_memory(self, gpu: int) -> tuple[int | None, int | None]:
        """Return nothing: the model is not in this process."""
        return None, None

    def kv_budget(self) -> int | None:
        """Return nothing: the server manages its memory."""
        return None

    def begin_cell(self, setup: CellSetup) -> None:
        """Start a cell."""
        self._asking = Asking(self.spec, self._dialect, self._flow, self.loop_thread, setup)
        self._turns = TURNS_AS_GIVEN

    def engine_records(self) -> tuple[EngineRecord, ...]:
        """Return nothing: the server does not say how it computes."""
        return ()

    def endpoint_record(self) -> EndpointRecord | None:
        """Return where requests went, and how late evalkit's own event loop was."""
        lags = self._asking.lag.lags_s
        return EndpointRecord(
            host=host_of(self._url),
            api=self._dialect.api,
            concurrency=self.spec.endpoint.concurrency,
            served_models=tuple(self._asking.served_models),
            n_lags=len(lags),
            lag_p50_s=percentile(lags, 50).value,
            lag_p99_s=percentile(lags, 99).value,
            lag_max_s=max(lags, default=None),
            turns=self._turns,
        )

    def verify(
        self, kind: RequestKind, requests: Sequence[ScoreRequest | str], answers: Sequence[Answer]
    ) -> Comparison:
        """Not possible: there is no second way to ask."""
        raise NotImplementedError("an endpoint has no reference path")

    def generate(
        self, requests: Sequence[GenerateRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Generate answers, several at once."""
        asks = [Ask(r.prompt, self._is_chat, self._checked(r.settings)) for r in requests]

        def judge(position: int, reply: Reply) -> Outcome:
            return self._generated(reply, requests[position].settings)

        return self._asking.ask_all(asks, done, judge)

    async def generate_once(
        self, request: GenerateRequest, due_ns: int, limit: asyncio.Timeout
    ) -> Outcome:
        """Ask for one answer now and once, within this backend's `loop_thread`; see `Asking.once`."""
        ask = Ask(request.prompt, self._is_chat, request.settings)
        return await self._asking.once(
            ask, lambda reply: self._generated(reply, request.settings), due_ns, limit
        )

    def score(
        self, requests: Sequence[ScoreRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Score continuations by the log-probabilities of an echoed prompt."""
        once = GenerationSettings(max_tokens=1)
        asks = [Ask(r.context + r.continuation, False, once, echo=True) for r in requests]

        def judge(position: int, reply: Reply) -> Outcome:
            request = requests[position]
            score = echoed_score(request.context, request.continuation, reply.prompt_tokens)
            if score is None:
                told = (
                    "returns no log-probability, NaN or one above 0 for some of the prompt's tokens"
                )
                lacks = "does not return log-probabilities of the prompt"
                raise ModelError(
                    f"model {self.spec.name!r}: the endpoint {told if reply.prompt_tokens else lacks}.",
                    "Remove `echo_logprobs` from its endpoint: choices are then asked as letters.",
                )
            return Outcome(
                t_send_ns=reply.exchange.t_send_ns or 0,
                t_end_ns=reply.t_end_ns,
                input_tokens=reply.usage.input_tokens if reply.usage else None,
                batch_size=1,
                loglikelihood=score.loglikelihood,
                is_greedy=score.is_greedy,
                flags=(*reply.flags, *(("merged_boundary",) if score.is_merged else ())),
            )

        return self._asking.ask_all(asks, done, judge)

    def score_rolling(
        self, texts: Sequence[str], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Not possible: windows of the context length need the model's tokenizer."""
        raise NotImplementedError("an endpoint can't score whole texts")

    @property
    def _is_chat(self) -> bool:
        return self.has_chat_template and self.spec.uses_chat_template(True)

    def _checked(self, settings: GenerationSettings) -> GenerationSettings:
        if settings.extra:
            names = ", ".join(name for name, _ in settings.extra)
            raise ModelError(
                f"model {self.spec.name!r}: a task asks for {names}, which APIs do not take.",
                "Give this model suites of other tasks.",
            )
        return settings

    def _generated(self, reply: Reply, settings: GenerationSettings) -> Outcome:
        """Return the outcome of a reply that worked, without its attempts."""
        usage, split = reply.usage, reply.split
        how = replace(settings, skips_space=self._is_chat)
        text = answer_of(split, how, settings.stop)
        thoughts = [t for t in (reply.thoughts.strip(), split.thoughts) if t]
        flags = thinking_flags(
            split,
            thinks_apart=any(e.kind == EventKind.REASONING for e in reply.events),
            finish_reason=reply.finish_reason,
            has_stop=bool(settings.stop) and "stop" not in self.spec.endpoint.omit,
        )
        return Outcome(
            t_send_ns=reply.exchange.t_send_ns or 0,
            t_end_ns=reply.t_end_ns,
            input_tokens=usage.input_tokens if usage else None,
            batch_size=1,
            text=None if reply.tool_calls and not text.strip() else text,
            raw=None if reply.text == text else reply.text,
            thoughts="\n".join(thoughts) or None,
            output_tokens=usage.output_tokens if usage else None,
            reasoning_tokens=usage.reasoning_tokens if usage else None,
            mean_logprob=reply.mean_logprob,
            finish_reason=reply.finish_reason,
            flags=(*reply.flags, *flags),
            is_timed="not_streamed" not in reply.flags,
            tool_calls=reply.tool_calls,
        )
