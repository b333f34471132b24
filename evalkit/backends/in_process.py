"""What a loaded transformers model is asked in one cell: requests in, outcomes and a record of how they came about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from evalkit.backends.answers import Written, written
from evalkit.backends.base import Batch, GenerateRequest, Outcome, ScoreRequest
from evalkit.config.run import ModelSpec
from evalkit.engine.attention import NotSharableError
from evalkit.engine.decode import Prompt
from evalkit.engine.generate import Generated, Generator
from evalkit.engine.generation import AUTO_SLOTS, Answered, Exactness, Generation
from evalkit.engine.scoring import ScoredRequest, Scoring, ScoringLimits
from evalkit.engine.selfcheck import compare
from evalkit.engine.shared import SharedModel
from evalkit.engine.sharing import share
from evalkit.engine.tokens import Tokenization, TokenPair
from evalkit.engine.values import Comparison, GenerationSettings
from evalkit.errors import ModelError
from evalkit.meters.clock import now_ns
from evalkit.reading.thoughts import opens_thoughts
from evalkit.records import Answer, EngineRecord, EventKind, RequestKind, TokenEvent

_WARM_UP_TOKENS = 32
"""Tokens of a warm-up prompt. On a CPU a first pass pays for pages of weights, threads and buffers, however long its
prompt is; a GPU loads other kernels for other lengths."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory, and whether its passes can share prefixes."""

    model: Any
    tokens: Tokenization
    device: torch.device
    max_length: int
    shared: SharedModel | None
    why_not_shared: str


def load(model: Any, tokenizer: Any, device: torch.device, max_length: int) -> Loaded:
    """Find out whether a model can share prefixes."""
    shared, reason = None, ""
    try:
        shared = share(model, device)
    except NotSharableError as error:
        reason = str(error)
    is_joint = not model.config.is_encoder_decoder
    embedding = getattr(model.get_input_embeddings(), "weight", None)
    n_known = None if embedding is None else len(embedding)
    tokens = Tokenization(tokenizer, is_joint=is_joint, n_embeddings=n_known)
    return Loaded(model, tokens, device, max_length, shared, reason)


def exactness(dtype: torch.dtype, spec: ModelSpec) -> Exactness:
    """Return what becomes of near ties in a batch; below float32 nearly every answer has one, hence the default."""
    is_wide = dtype in {torch.float32, torch.float64}
    return spec.generation.mode or ("exact" if is_wide else "fast")


class InProcess:
    """Answers the requests of one cell in this process.

    Args:
        loaded: The model.
        spec: What the config says about it.
        kv_budget_bytes: Memory for keys and values.
    """

    def __init__(self, loaded: Loaded, spec: ModelSpec, kv_budget_bytes: int) -> None:
        self._loaded = loaded
        self._spec = spec
        self._kv_budget_bytes = kv_budget_bytes
        is_shared = spec.scoring == "shared"
        self._shared = loaded.shared if is_shared else None
        self._reason = loaded.why_not_shared if is_shared else "the config says scoring: reference"
        self._scorings: dict[RequestKind, Scoring] = {}
        self._verified: dict[RequestKind, Comparison] = {}
        slots = spec.generate_batch_size
        self._generation = Generation(
            Generator(loaded.model, loaded.tokens.tokenizer, loaded.device),
            self._shared,
            self._reason,
            AUTO_SLOTS if slots == "auto" else slots,
            kv_budget_bytes,
            exactness(loaded.model.dtype, spec),
        )

    def records(self) -> tuple[EngineRecord, ...]:
        """Return a record per kind of request that was asked."""
        scored = [self._scoring_record(kind) for kind in self._scorings]
        book = self._generation.book
        if not book.n_asked:
            return tuple(scored)
        generated = EngineRecord(
            kind=RequestKind.GENERATE,
            path=book.path,
            reason=book.reason,
            has_failed_check=book.has_failed_check,
            n_checked=book.n_checked,
            max_difference=book.max_difference,
            n_near_ties=book.n_near_ties,
            exactness=self._generation.exactness,
        )
        return (*scored, generated)

    def _scoring_record(self, kind: RequestKind) -> EngineRecord:
        book, verified = self._scorings[kind].book, self._verified.get(kind)
        return EngineRecord(
            kind=kind,
            path=book.path,
            reason=book.reason,
            has_failed_check=book.has_failed_check,
            n_checked=book.n_checked,
            max_difference=book.max_difference,
            n_verified=verified.n if verified else 0,
            max_verified_difference=verified.max_difference if verified else None,
            tokens_asked=book.tokens_asked,
            tokens_computed=book.tokens_computed,
        )

    def score(
        self, requests: Sequence[ScoreRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Score continuations."""
        scoring = self._scoring(RequestKind.LOGLIKELIHOOD)
        for batch in scoring.score(self._pairs(requests), done, batch_size):
            size = len(batch.answers)
            yield [
                (a.position, _scored_outcome(batch.start_ns, batch.end_ns, size, a))
                for a in batch.answers
            ]

    def score_rolling(
        self, texts: Sequence[str], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Score whole texts; a text is answered when the last of its windows is scored."""
        ids = [self._loaded.tokens.encode(text) for text in texts]
        windows = [self._windows(text_ids) for text_ids in ids]
        owner = [text for text, some in enumerate(windows) for _ in some]
        left = [len(some) for some in windows]
        start = now_ns()
        empty = [t for t, n in enumerate(left) if n == 0 and t not in done]
        for text in empty:
            yield [(text, Outcome(start, now_ns(), 0, 1, loglikelihood=0.0))]
        total = [0.0] * len(texts)
        first: dict[int, int] = {}
        scoring = self._scoring(RequestKind.ROLLING)
        known = {window for window, text in enumerate(owner) if text in done}
        pairs = [pair for some in windows for pair in some]
        for batch in scoring.score(pairs, known, batch_size):
            finished: Batch = []
            for answer in batch.answers:
                text = owner[answer.position]
                first.setdefault(text, batch.start_ns)
                total[text] += answer.score.loglikelihood
                left[text] -= 1
                if not left[text]:
                    outcome = Outcome(
                        first[text],
                        batch.end_ns,
                        len(ids[text]),
                        len(batch.answers),
                        loglikelihood=total[text],
                    )
                    finished.append((text, outcome))
            if finished:
                yield finished

    def generate(
        self, requests: Sequence[GenerateRequest], done: Collection[int], batch_size: int | None
    ) -> Iterator[Batch]:
        """Generate answers."""
        wanted = [self._settings(request) for request in requests]
        by_settings: dict[str, list[int]] = defaultdict(list)
        for position, settings in enumerate(wanted):
            by_settings[repr(settings)].append(position)
        prompts: dict[int, Prompt] = {}

        def encode(position: int) -> Prompt:
            prompts[position] = self._prompt(position, requests[position])
            return prompts[position]

        timed = {position for position, request in enumerate(requests) if request.is_timed}
        for positions in by_settings.values():
            settings = wanted[positions[0]]
            answers = self._generation.generate(
                positions, encode, settings, done, batch_size, timed
            )
            stop = self._generation.generator.stop_strings(settings)
            for some in answers:
                yield [
                    (
                        a.position,
                        self._generated_outcome(a, prompts.pop(a.position), settings, stop),
                    )
                    for a in some
                ]

    def _settings(self, request: GenerateRequest) -> GenerationSettings:
        """Return how to generate, and how the answer begins: a template may have opened thoughts in the prompt."""
        has_template = bool(self._loaded.tokens.tokenizer.chat_template)
        return replace(
            request.settings,
            skips_space=self._spec.uses_chat_template(has_template),
            is_thinking=opens_thoughts(request.prompt),
        )

    def verify(
        self, kind: RequestKind, requests: Sequence[ScoreRequest | str], answers: Sequence[Answer]
    ) -> Comparison:
        """Compare answers with those of the reference path, one request per forward pass."""
        spec = self._spec.model_copy(update={"scoring": "reference", "batch_size": 1})
        reference = InProcess(self._loaded, spec, self._kv_budget_bytes)
        if kind == RequestKind.ROLLING:
            texts = [r for r in requests if isinstance(r, str)]
            n_scored = [len(self._loaded.tokens.encode(text)) for text in texts]
            batches = reference.score_rolling(texts, (), None)
        else:
            pairs = [r for r in requests if isinstance(r, ScoreRequest)]
            n_scored = [len(pair.continuation) for pair in self._pairs(pairs)]
            batches = reference.score(pairs, (), None)
        again = {p: o for batch in batches for p, o in batch if isinstance(o, Outcome)}
        both = [
            (f"request {p}", n_scored[p], answers[p].loglikelihood, again[p].loglikelihood)
            for p in sorted(again)
        ]
        self._verified[kind] = compare(both, self._loaded.model.dtype)
        return self._verified[kind]

    def _scoring(self, kind: RequestKind) -> Scoring:
        if kind not in self._scorings:
            size = None if self._spec.batch_size == "auto" else self._spec.batch_size
            loaded = self._loaded
            self._scorings[kind] = Scoring(
                loaded.model, loaded.device, self._shared, self._reason, self._limits(size)
            )
        return self._scorings[kind]

    def _limits(self, batch_size: int | None) -> ScoringLimits:
        return ScoringLimits(self._loaded.max_length, batch_size, self._kv_budget_bytes)

    def _pairs(self, requests: Sequence[ScoreRequest]) -> list[TokenPair]:
        return [self._loaded.tokens.encode_pair(r.context, r.continuation) for r in requests]

    def _windows(self, ids: list[int]) -> list[TokenPair]:
        from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

        windows = get_rolling_token_windows(
            token_list=ids,
            prefix_token=self._loaded.tokens.prefix_id,
            max_seq_len=self._loaded.max_length,
            context_len=1,
        )
        return [TokenPair(*make_disjoint_window(window)) for window in windows]

    def _prompt(self, position: int, request: GenerateRequest) -> Prompt:
        room = self._loaded.max_length
        if not self._loaded.model.config.is_encoder_decoder:
            room -= request.settings.max_tokens
        if room <= 0:
            raise ModelError(
                f"model {self._spec.name!r}: {request.settings.max_tokens} tokens to generate do not fit into"
                f" the context of {self._loaded.max_length}.",
                "Set generation.max_tokens of the model to less.",
            )
        ids = self._loaded.tokens.encode_prompt(request.prompt)
        if request.is_warm_up and self._loaded.device.type == "cpu":
            ids = ids[-_WARM_UP_TOKENS:]
        return Prompt(position, tuple(ids[-room:]), is_truncated=len(ids) > room)

    def _generated_outcome(
        self,
        answer: Answered,
        prompt: Prompt,
        settings: GenerationSettings,
        stop: tuple[str, ...],
    ) -> Outcome:
        generated = answer.generated
        told = written(self._loaded.tokens.tokenizer, generated.ids, settings, stop)
        return Outcome(
            t_send_ns=answer.start_ns,
            t_end_ns=generated.end_ns,
            input_tokens=len(prompt.ids),
            batch_size=answer.batch_size,
            text=told.text,
            raw=told.raw,
            thoughts=told.thoughts,
            reasoning_tokens=told.n_thinking,
            output_tokens=len(generated.ids),
            mean_logprob=generated.mean_logprob,
            finish_reason=generated.finish_reason,
            events=_events(generated, len(prompt.ids), told),
            flags=(
                *(("truncated",) if prompt.is_truncated else ()),
                *told.flags,
                *answer.flags,
            ),
            is_timed=answer.is_timed,
        )


def _scored_outcome(start: int, end: int, size: int, answer: ScoredRequest) -> Outcome:
    return Outcome(
        t_send_ns=start,
        t_end_ns=end,
        input_tokens=answer.input_tokens,
        batch_size=size,
        loglikelihood=answer.score.loglikelihood,
        is_greedy=answer.score.is_greedy,
        flags=answer.flags,
    )


def _events(generated: Generated, input_tokens: int, told: Written) -> tuple[TokenEvent, ...]:
    prompt = TokenEvent(generated.prompt_ns, input_tokens, EventKind.PROMPT)
    kinds = [EventKind.REASONING] * told.n_thinking
    kinds += [EventKind.CONTENT] * (len(generated.token_ns) - told.n_thinking)
    tokens = zip(generated.token_ns, kinds, strict=False)
    return (prompt, *(TokenEvent(t, 1, kind) for t, kind in tokens))
