"""Models that run in this process through transformers, on CPU or GPU."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from jinja2.exceptions import TemplateError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, StoppingCriteriaList

from evalkit.backends.base import (
    Batch,
    Capability,
    GenerateRequest,
    GenerationSettings,
    Outcome,
    ScoreRequest,
)
from evalkit.backends.devices import check_dtype, resolve_device, resolve_dtype, torch_memory
from evalkit.backends.fingerprint import file_hashes
from evalkit.backends.sources import check_reachable, fetch, read_facts
from evalkit.config.run import ModelSpec
from evalkit.engine.batching import (
    auto_batch_size,
    batches_to_do,
    release_memory,
    run_with_backoff,
)
from evalkit.engine.reference import Score, score_rows
from evalkit.engine.rows import RowGroup, Scored, group_pairs
from evalkit.engine.stamps import StopStrings, TokenStamps, cut_at_stop
from evalkit.engine.tokens import Tokenization, TokenPair
from evalkit.errors import ModelError
from evalkit.meters.clock import now_ns
from evalkit.store.manifest import ModelEntry

DEFAULT_CONTEXT = 2048
"""Context limit of a model that states none, as lm-eval assumes."""
_UNLIMITED = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Prompt:
    position: int
    ids: list[int]
    settings: GenerationSettings
    flags: tuple[str, ...]


class HuggingFaceBackend:
    """One causal language model and its tokenizer."""

    supports = frozenset(Capability)

    def __init__(self, spec: ModelSpec, folder: Path) -> None:
        self.spec = spec
        self.folder = folder
        self._device = resolve_device(spec)
        dtype = resolve_dtype(spec)
        if dtype != "auto":
            check_dtype(spec, self._device)
        config = AutoConfig.from_pretrained(folder, trust_remote_code=spec.trust_remote_code)
        if config.is_encoder_decoder:
            raise ModelError(
                f"model {spec.name!r}: {config.model_type} is an encoder-decoder model.",
                "The hf backend runs causal language models.",
            )
        self._tokenizer = _load_tokenizer(spec, folder)
        self._model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            device_map=spec.device_map,
            trust_remote_code=spec.trust_remote_code,
        )
        if spec.device_map is None:
            self._model.to(self._device)
        self._device = self._model.device
        self._model.eval()
        self._tokens = Tokenization(self._tokenizer)
        self._eos_text: str = self._tokenizer.decode(self._tokenizer.eos_token_id)
        self.max_length = spec.max_length or _context_length(self._model.config, self._tokenizer)

    @classmethod
    def open(cls, spec: ModelSpec) -> Self:
        """Load tokenizer and weights."""
        return cls(spec, fetch(spec))

    @classmethod
    def preflight(cls, spec: ModelSpec) -> None:
        """Check source, device and dtype."""
        check_reachable(spec)
        device = resolve_device(spec)
        if spec.dtype != "auto":
            check_dtype(spec, device)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        del self._model
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
        facts = read_facts(self.spec.source, self.folder)
        return ModelEntry(
            name=self.spec.name,
            backend=self.spec.backend,
            source=facts.source,
            revision=self.spec.revision,
            path=self.folder.name,
            dtype=str(self._model.dtype).removeprefix("torch."),
            device=str(self._device),
            quantisation=facts.quantisation,
            n_parameters=self._model.num_parameters(),
            memory_bytes=self._model.get_memory_footprint(),
            context_length=self.max_length,
            licence=facts.licence,
            chat_template=self.spec.uses_chat_template(self.has_chat_template),
            file_hashes=file_hashes(self.folder),
        )

    def render_chat(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        """Apply the tokenizer's chat template; an unfinished last turn is left open.

        A template that refuses a system turn gets the conversation without it, as in lm-eval.
        """
        try:
            return self._render(messages, add_generation_prompt)
        except TemplateError:
            without_system = [m for m in messages if m["role"] != "system"]
            return self._render(without_system, add_generation_prompt)

    def _render(self, messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        text: str = self._tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            continue_final_message=not add_generation_prompt,
        )
        return text

    def torch_memory(self, gpu: int) -> tuple[int | None, int | None]:
        """Return bytes torch has allocated and reserved on a GPU."""
        return torch_memory(gpu)

    def score(
        self, requests: Sequence[ScoreRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Score continuations; requests with the same input share a row."""
        pairs = [self._tokens.encode_pair(r.context, r.continuation) for r in requests]
        return self._score_pairs(pairs, done, batch_size)

    def score_rolling(
        self, texts: Sequence[str], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Score whole texts, one text at a time, window by window."""
        for position, text in enumerate(texts):
            if position in done:
                continue
            start = now_ns()
            ids = self._tokens.encode(text)
            windows = self._windows(ids)
            outcomes = [o for batch in self._score_pairs(windows, (), batch_size) for _, o in batch]
            total = sum(o.loglikelihood or 0.0 for o in outcomes)
            size = max((o.batch_size for o in outcomes), default=1)
            yield [(position, Outcome(start, now_ns(), len(ids), size, loglikelihood=total))]

    def generate(
        self, requests: Sequence[GenerateRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Generate answers, longest prompts first; requests with other settings never share a batch."""
        by_settings: dict[str, list[int]] = defaultdict(list)
        for position, request in enumerate(requests):
            by_settings[repr(request.settings)].append(position)
        size = batch_size or self.spec.generate_batch_size
        for positions in by_settings.values():
            ordered = positions
            if size > 1:  # equal lengths waste less padding; alone, the order does not matter
                ordered = sorted(positions, key=lambda p: -len(requests[p].prompt))
            for batch in batches_to_do(ordered, size, lambda p: [p], done):
                yield run_with_backoff([(p, requests[p]) for p in batch], self._generate)

    def _score_pairs(
        self, pairs: Sequence[TokenPair], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        groups = group_pairs(pairs, self.max_length)
        if not groups:
            return
        size = batch_size or self._batch_size(groups)
        for batch in batches_to_do(groups, size, lambda g: g.positions, done):
            yield run_with_backoff(batch, self._score_batch)

    def _batch_size(self, groups: Sequence[RowGroup]) -> int:
        if self.spec.batch_size != "auto":
            return self.spec.batch_size
        longest = len(groups[0].inputs)
        kept = max(len(s.target) for g in groups for s in g.scored)
        vocabulary = self._model.config.get_text_config().vocab_size
        return auto_batch_size(longest, kept, vocabulary, self._device)

    def _score_batch(self, groups: Sequence[RowGroup]) -> Batch:
        start = now_ns()
        scores = score_rows(self._model, [g.row for g in groups], self._device)
        end = now_ns()
        return [
            (scored.position, _scored_outcome(start, end, len(groups), group, scored, score))
            for group, row in zip(groups, scores, strict=True)
            for scored, score in zip(group.scored, row, strict=True)
        ]

    def _windows(self, ids: list[int]) -> list[TokenPair]:
        from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

        windows = get_rolling_token_windows(
            token_list=ids,
            prefix_token=self._tokens.prefix_id,
            max_seq_len=self.max_length,
            context_len=1,
        )
        return [TokenPair(*make_disjoint_window(window)) for window in windows]

    def _generate(self, batch: Sequence[tuple[int, GenerateRequest]]) -> Batch:
        start = now_ns()
        prompts = [self._prompt(position, request) for position, request in batch]
        settings = batch[0][1].settings
        inputs, mask = self._pad_left([p.ids for p in prompts])
        stop = (*settings.stop, self._eos_text)
        stamps = TokenStamps()
        stops = StopStrings(self._tokenizer, stop, inputs.shape[1])
        with torch.inference_mode():
            ids = self._model.generate(
                input_ids=inputs,
                attention_mask=mask,
                max_new_tokens=settings.max_tokens,
                stopping_criteria=StoppingCriteriaList([stops]),
                pad_token_id=self._tokenizer.pad_token_id,
                use_cache=True,
                streamer=stamps,
                **_sampling(settings, batch[0][0]),
            )
        end = now_ns()
        generated = ids[:, inputs.shape[1] :].tolist()
        return [
            (
                prompt.position,
                self._outcome(
                    prompt, row, stops.ended_at.get(i), stop, stamps, (start, end, len(batch))
                ),
            )
            for i, (prompt, row) in enumerate(zip(prompts, generated, strict=True))
        ]

    def _prompt(self, position: int, request: GenerateRequest) -> _Prompt:
        room = self.max_length - request.settings.max_tokens
        if room <= 0:
            raise ModelError(
                f"model {self.spec.name!r}: {request.settings.max_tokens} tokens to generate do not fit into"
                f" the context of {self.max_length}.",
                "Set generation.max_tokens of the model to less.",
            )
        ids = self._tokens.encode_prompt(request.prompt)
        flags = ("truncated",) if len(ids) > room else ()
        return _Prompt(position, ids[-room:], request.settings, flags)

    def _pad_left(self, rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and attention mask, both `[batch, longest]`."""
        longest = max(map(len, rows))
        pad = self._tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (longest - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
        return ids.to(self._device), mask.to(self._device)

    def _outcome(
        self,
        prompt: _Prompt,
        ids: list[int],
        ended_at: int | None,
        stop: tuple[str, ...],
        stamps: TokenStamps,
        timing: tuple[int, int, int],
    ) -> Outcome:
        start, end, batch_size = timing
        n_tokens, reason = self._length(ids, ended_at, prompt.settings.max_tokens)
        text = self._tokenizer.decode(ids[:n_tokens], skip_special_tokens=True)
        return Outcome(
            t_send_ns=start,
            t_end_ns=end,
            input_tokens=len(prompt.ids),
            batch_size=batch_size,
            text=cut_at_stop(text, stop),
            output_tokens=n_tokens,
            finish_reason=reason,
            events=stamps.events(n_tokens, len(prompt.ids)),
            flags=prompt.flags,
        )

    def _length(self, ids: list[int], ended_at: int | None, max_tokens: int) -> tuple[int, str]:
        """Return how many tokens a row generated before it was over, and why it was."""
        ends = self._model.generation_config.eos_token_id
        end_ids = set(ends) if isinstance(ends, list) else {ends}
        eos_at = next((i + 1 for i, token in enumerate(ids) if token in end_ids), None)
        n_tokens = min(x for x in (eos_at, ended_at, len(ids)) if x is not None)
        stopped = eos_at == n_tokens or ended_at == n_tokens
        return n_tokens, "stop" if stopped or n_tokens < max_tokens else "length"


def _scored_outcome(
    start: int, end: int, size: int, group: RowGroup, scored: Scored, score: Score
) -> Outcome:
    return Outcome(
        t_send_ns=start,
        t_end_ns=end,
        input_tokens=len(group.inputs) + 1,
        batch_size=size,
        loglikelihood=score.loglikelihood,
        is_greedy=score.is_greedy,
        flags=scored.flags,
    )


def _sampling(settings: GenerationSettings, seed: int) -> dict[str, Any]:
    """Return `generate`'s arguments; sampling is seeded per batch, so that a resumed run draws the same."""
    extra = dict(settings.extra)
    if not settings.do_sample:
        return {**extra, "do_sample": False}
    torch.manual_seed(seed)
    chosen = {"temperature": settings.temperature, "top_p": settings.top_p}
    return {**extra, "do_sample": True, **{k: v for k, v in chosen.items() if v is not None}}


def _load_tokenizer(spec: ModelSpec, folder: Path) -> Any:
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=spec.trust_remote_code)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"model {spec.name!r}: the tokenizer in {folder} can't be loaded: {error}.",
            "Save the tokenizer again, with the transformers version in use here.",
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    return tokenizer


def _context_length(config: Any, tokenizer: Any) -> int:
    """Read the context limit where lm-eval reads it: text config, config, tokenizer, in this order."""
    names = ("n_positions", "max_position_embeddings", "n_ctx")
    for source in (getattr(config, "text_config", None), config):
        for name in names:
            if value := getattr(source, name, None):
                return int(value)
    limit = int(tokenizer.model_max_length)
    return limit if limit < _UNLIMITED else DEFAULT_CONTEXT
