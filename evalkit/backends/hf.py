"""Models that run in this process through transformers, on CPU or GPU.

torch, seconds of imports with all that transformers does with it, is loaded when a model is: a plan only asks what the
backend can do.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self

from evalkit.backends.base import Batch, Capability, CellSetup, GenerateRequest, Place, ScoreRequest
from evalkit.backends.chat import of_tokenizer, tells_time
from evalkit.backends.facts import read_facts
from evalkit.backends.fingerprint import file_hashes
from evalkit.backends.sources import Source, check_reachable, fetch, find_source
from evalkit.config.run import ModelSpec
from evalkit.engine.values import Comparison
from evalkit.imports import importing
from evalkit.records import Answer, EndpointRecord, EngineRecord, RequestKind
from evalkit.store.manifest import ModelEntry

DEFAULT_CONTEXT = 2048
"""Context limit of a model that states none, as lm-eval assumes."""
_UNLIMITED = 1_000_000_000


class HuggingFaceBackend:
    """One language model and its tokenizer."""

    def __init__(self, spec: ModelSpec, source: Source) -> None:
        with importing():
            from evalkit.backends.devices import check_dtype, resolve_device, resolve_dtype
            from evalkit.backends.in_process import load
            from evalkit.backends.loading import load_model, load_tokenizer
            from evalkit.engine.threads import Threads

        self.spec = spec
        self.source = source
        self._device = resolve_device(spec)
        if spec.dtype != "auto":
            check_dtype(spec, self._device)
        self._tokenizer = load_tokenizer(spec, source)
        self._chat = of_tokenizer(spec.name, self._tokenizer, spec.template_date)
        self._model = load_model(spec, source, resolve_dtype(spec))
        if spec.device_map is None:
            self._model.to(self._device)
        self._device = self._model.device
        self._model.eval()
        self.max_length = spec.max_length or _context_length(self._model.config, self._tokenizer)
        self._threads = Threads(self._device)
        self._loaded = load(self._model, self._tokenizer, self._device, self.max_length)
        self.begin_cell(CellSetup())

    @classmethod
    def place(cls, _spec: ModelSpec) -> Place:
        """Return this process."""
        return Place(is_in_process=True, is_billed=False)

    @classmethod
    def supports(cls, _spec: ModelSpec) -> frozenset[Capability]:
        """Return everything: the model is in this process."""
        return frozenset(Capability)

    @classmethod
    def unavailable(cls, _spec: ModelSpec) -> str | None:
        """Return nothing: what is missing is an error of the config."""
        return None

    @classmethod
    def open(cls, spec: ModelSpec) -> Self:
        """Load tokenizer and weights."""
        return cls(spec, fetch(spec))

    @classmethod
    def writer(cls, spec: ModelSpec) -> Self | None:
        """Return a model with nothing but its tokenizer: it writes prompts, and answers none."""
        from evalkit.backends.loading import load_tokenizer

        source = find_source(spec)
        if source is None:
            return None
        self = cls.__new__(cls)
        self.spec, self.source = spec, source
        self._tokenizer = load_tokenizer(spec, source)
        return self

    def sent(self, request: GenerateRequest, *, is_chat: bool) -> dict[str, Any]:
        """Return the prompt as it is tokenised, and where the answer ends."""
        settings = request.settings
        how = {"temperature": settings.temperature, "top_p": settings.top_p}
        return {
            "prompt": request.prompt,
            "stop": list(settings.stop),
            "max_tokens": settings.max_tokens,
            **{k: v for k, v in how.items() if v is not None and settings.do_sample},
        }

    @classmethod
    def preflight(cls, spec: ModelSpec) -> None:
        """Check source, device and dtype; without torch where there is nothing to ask it."""
        check_reachable(spec)
        if spec.dtype == "auto" and spec.device in {"auto", "cpu"}:
            return
        with importing():
            from evalkit.backends.devices import check_dtype, resolve_device

        device = resolve_device(spec)
        if spec.dtype != "auto":
            check_dtype(spec, device)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        from evalkit.engine.batching import release_memory

        model = weakref.ref(self._model)
        del self._model, self._loaded, self._in_process
        if model() is not None:  # a circle holds it: only then is a million objects looked through
            gc.collect()
        release_memory()

    @property
    def tokenizer_name(self) -> str:
        """Folder of the tokenizer, as lm-eval's own backend names it."""
        return str(self._tokenizer.name_or_path).replace("/", "__")

    @property
    def has_chat_template(self) -> bool:
        """Whether the tokenizer carries a chat template."""
        return bool(self._tokenizer.chat_template)

    def entry(self) -> ModelEntry:
        """Describe the loaded model."""
        facts = read_facts(self.spec.source, self.source)
        is_chat = self.spec.uses_chat_template(self.has_chat_template)
        is_dated = is_chat and tells_time(str(self._tokenizer.chat_template))
        return ModelEntry(
            name=self.spec.name,
            backend=self.spec.backend,
            source=facts.source,
            revision=self.spec.revision,
            path=self.source.name,
            dtype=str(self._model.dtype).removeprefix("torch."),
            device=str(self._device),
            quantisation=facts.quantisation,
            n_parameters=self._model.num_parameters(),
            memory_bytes=self._model.get_memory_footprint(),
            context_length=self.max_length,
            licence=facts.licence,
            chat_template=is_chat,
            template_date=str(self.spec.template_date) if is_dated else None,
            file_hashes=file_hashes(self.source),
        )

    def render_chat(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """Apply the tokenizer's chat template; an unfinished last turn is left open."""
        return self._chat.render(messages, add_generation_prompt)

    def torch_memory(self, gpu: int) -> tuple[int | None, int | None]:
        """Return bytes torch has allocated and reserved on a GPU."""
        from evalkit.backends.devices import torch_memory

        return torch_memory(gpu)

    def kv_budget(self) -> int | None:
        """Return a quarter of the memory that is free now, in bytes."""
        from evalkit.engine.batching import default_kv_budget

        return default_kv_budget(self._device)

    def begin_cell(self, setup: CellSetup) -> None:
        """Start a cell with its memory for keys and values."""
        from evalkit.backends.in_process import InProcess
        from evalkit.engine.batching import default_kv_budget

        self._chat.forget()
        budget = setup.kv_budget_bytes or default_kv_budget(self._device)
        self._in_process = InProcess(self._loaded, self.spec, budget)

    def endpoint_record(self) -> EndpointRecord | None:
        """Return nothing: no request leaves the process."""
        return None

    def engine_records(self) -> tuple[EngineRecord, ...]:
        """Return how requests were computed since `begin_cell`."""
        return tuple(replace(r, turns=self._chat.turns) for r in self._in_process.records())

    def score(
        self, requests: Sequence[ScoreRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Score continuations."""
        return self._threads.between(self._in_process.score(requests, done, batch_size))

    def score_rolling(
        self, texts: Sequence[str], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Score whole texts, in windows of the context length."""
        return self._threads.between(self._in_process.score_rolling(texts, done, batch_size))

    def generate(
        self, requests: Sequence[GenerateRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Generate answers; requests with other settings never share a batch."""
        return self._threads.between(self._in_process.generate(requests, done, batch_size))

    def verify(
        self, kind: RequestKind, requests: Sequence[ScoreRequest | str], answers: Sequence[Answer]
    ) -> Comparison:
        """Compute log-likelihoods again, each with a forward pass of its own."""
        return self._in_process.verify(kind, requests, answers)


def _context_length(config: Any, tokenizer: Any) -> int:
    """Read the context limit where lm-eval reads it: text config, config, tokenizer, in this order."""
    names = ("n_positions", "max_position_embeddings", "n_ctx")
    for source in (getattr(config, "text_config", None), config):
        for name in names:
            if value := getattr(source, name, None):
                return int(value)
    limit = int(tokenizer.model_max_length)
    return limit if limit < _UNLIMITED else DEFAULT_CONTEXT
