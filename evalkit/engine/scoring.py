"""Scores a cell's continuations over shared prefixes where that is possible and proven, else the reference way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from evalkit.engine.attention import CheckFailedError, NotSharableError
from evalkit.engine.batching import auto_batch_size, batches_to_do, run_with_backoff
from evalkit.engine.encoder_decoder import group_contexts, score_contexts
from evalkit.engine.finite import checked_loglikelihood
from evalkit.engine.reference import Score, score_rows
from evalkit.engine.rows import RowGroup, Scored, group_pairs
from evalkit.engine.schedule import Limits
from evalkit.engine.selfcheck import compare
from evalkit.engine.shared import SharedModel, SharedScorer
from evalkit.engine.sharing import guarded
from evalkit.engine.tokens import TokenPair
from evalkit.meters.clock import now_ns

Mode = Literal["shared", "reference"]
ROW_TOKENS = 1024
"""Longest subtree in one row: its attention mask is dense, which costs more than it saves above that."""
_BATCH_TOKENS = {"cpu": 1024, "cuda": 16384}
"""Tokens of a pass: on a CPU more only costs memory (docs/performance.md)."""
_LOGITS_BYTES = 1 << 27
_MIN_LOGIT_ROWS = 64


@dataclass(frozen=True, slots=True)
class ScoringLimits:
    """What scoring may use."""

    max_length: int
    """Context limit of the model."""
    batch_size: int | None
    """Requests per forward pass; None: chosen from memory and token counts."""
    kv_budget_bytes: int
    """Memory for keys and values of shared prefixes."""


@dataclass(frozen=True, slots=True)
class ScoredRequest:
    """One answer."""

    position: int
    score: Score
    input_tokens: int
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """Answers of one forward pass."""

    start_ns: int
    end_ns: int
    answers: list[ScoredRequest]


@dataclass(slots=True)
class PathBook:
    """Which path was taken; filled while it is gone."""

    path: Mode = "reference"
    reason: str = ""
    """Why the reference path was taken, or answers were not generated together over shared prefixes."""
    has_failed_check: bool = False
    n_checked: int = 0
    """Log-likelihoods, or generated tokens, compared with the reference."""
    max_difference: float | None = None
    """Largest difference of those: nats, or the distance of a chosen token's logit from the best one."""

    def checked(self, n: int, difference: float | None) -> None:
        """Note a comparison with the reference."""
        self.n_checked += n
        known = [d for d in (self.max_difference, difference) if d is not None]
        self.max_difference = max(known, default=None)

    def fall_back(self, error: NotSharableError) -> None:
        """Note that prefixes can't be shared after all."""
        self.path, self.reason = "reference", str(error)
        self.has_failed_check = isinstance(error, CheckFailedError)


@dataclass(slots=True)
class ScoringBook(PathBook):
    """How scores came about."""

    tokens_asked: int = 0
    tokens_computed: int = 0


class Scoring:
    """Scores pairs with one model.

    Args:
        model: A causal transformers model in eval mode.
        device: Where its input belongs.
        shared: What packed passes need; None takes the reference path.
        reason: Why `shared` is None.
        limits: Bounds.
    """

    def __init__(
        self,
        model: Any,
        device: torch.device,
        shared: SharedModel | None,
        reason: str,
        limits: ScoringLimits,
    ) -> None:
        self._model = model
        self._device = device
        self._has_encoder: bool = model.config.is_encoder_decoder
        self._shared = shared
        self._limits = limits
        self.book = ScoringBook("shared" if shared else "reference", reason)

    def score(
        self, pairs: Sequence[TokenPair], done: Collection[int], batch_size: int | None
    ) -> Iterator[ScoredBatch]:
        """Yield scores batch by batch; batches do not depend on `done`, they are skipped whole.

        Args:
            pairs: Contexts and continuations.
            done: Positions whose scores are known.
            batch_size: What an earlier session chose for the reference path.
        """
        group = group_contexts if self._has_encoder else group_pairs
        groups = group(pairs, self._limits.max_length)
        if not groups:
            return
        if self._shared is not None:
            try:
                yield from self._score_shared(self._shared, groups, done)
            except NotSharableError as error:
                self._shared = None
                self.book.fall_back(error)
        if self._shared is None:
            yield from self._score_reference(groups, done, batch_size)

    def _score_shared(
        self, shared: SharedModel, groups: Sequence[RowGroup], done: Collection[int]
    ) -> Iterator[ScoredBatch]:
        known = {i for i, group in enumerate(groups) if all(p in done for p in group.positions)}
        scorer = SharedScorer(shared, groups, self._packing(shared))
        is_checked = False
        start = now_ns()
        for step in guarded(scorer.steps(known)):
            if not is_checked:
                self._self_check(groups, dict(step))
                is_checked = True
            answers = [a for index, scores in step for a in _answers(groups[index], scores)]
            self.book.tokens_asked += sum(a.input_tokens for a in answers)
            end = now_ns()
            yield ScoredBatch(start, end, answers)
            start = now_ns()
        self.book.tokens_computed += scorer.computed_tokens

    def _packing(self, shared: SharedModel) -> Limits:
        vocabulary = self._model.config.get_text_config().vocab_size
        return Limits(
            row_tokens=ROW_TOKENS,
            batch_tokens=_BATCH_TOKENS.get(self._device.type, ROW_TOKENS),
            logit_rows=max(_MIN_LOGIT_ROWS, _LOGITS_BYTES // (4 * vocabulary)),
            requests=self._limits.batch_size,
            kv_tokens=self._limits.kv_budget_bytes // max(1, shared.bytes_per_token),
        )

    def _self_check(self, groups: Sequence[RowGroup], first: dict[int, list[Score]]) -> None:
        """Compare the longest and the shortest input of the first pass with the reference, before any score is kept.

        Raises:
            CheckFailedError: They differ.
        """
        by_length = sorted(first, key=lambda index: len(groups[index].inputs))
        pairs = [
            (
                f"input of {len(groups[index].inputs)} tokens",
                len(scored.target),
                score.loglikelihood,
                reference.loglikelihood,
            )
            for index in dict.fromkeys(by_length[-1:] + by_length[:1])
            for scored, score, reference in zip(
                groups[index].scored, first[index], self._reference(groups[index]), strict=True
            )
        ]
        comparison = compare(pairs, self._model.dtype)
        self.book.checked(comparison.n, comparison.max_difference)
        if comparison.disagreements:
            raise CheckFailedError(comparison.disagreements[0])

    def _reference(self, group: RowGroup) -> list[Score]:
        return score_rows(self._model, [group.row], self._device)[0]  # only asked for causal models

    def _score_reference(
        self, groups: Sequence[RowGroup], done: Collection[int], batch_size: int | None
    ) -> Iterator[ScoredBatch]:
        size = batch_size or self._limits.batch_size or self._auto_batch_size(groups)
        for batch in batches_to_do(groups, size, lambda g: g.positions, done):
            for scored in run_with_backoff(batch, self._score_batch):
                self.book.tokens_asked += sum(a.input_tokens for a in scored.answers)
                yield scored

    def _score_batch(self, groups: Sequence[RowGroup]) -> list[ScoredBatch]:
        start = now_ns()
        score = score_contexts if self._has_encoder else score_rows
        scores = score(self._model, [g.row for g in groups], self._device)
        end = now_ns()
        self.book.tokens_computed += sum(len(g.inputs) for g in groups)
        answers = [
            a for group, some in zip(groups, scores, strict=True) for a in _answers(group, some)
        ]
        return [ScoredBatch(start, end, answers)]

    def _auto_batch_size(self, groups: Sequence[RowGroup]) -> int:
        longest = len(groups[0].inputs)
        kept = max(len(s.target) for g in groups for s in g.scored)
        vocabulary = self._model.config.get_text_config().vocab_size
        return auto_batch_size(longest, kept, vocabulary, self._device)


def _answers(group: RowGroup, scores: Sequence[Score]) -> list[ScoredRequest]:
    """Return answers; every path gives its scores through here.

    Raises:
        NotNumbersError: A score is NaN.
    """

    def answer(scored: Scored, score: Score) -> ScoredRequest:
        n_tokens = len(group.inputs) + 1
        checked_loglikelihood(score.loglikelihood, n_tokens)
        return ScoredRequest(scored.position, score, n_tokens, scored.flags)

    return [answer(scored, score) for scored, score in zip(group.scored, scores, strict=True)]
