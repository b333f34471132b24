"""Generates a cell's answers: alone where latency is measured, else together where that is possible and proven.

Answers generated together are *exact* (near ties are generated again alone, so that each is what `generate` gives) or
*fast* (what the rounding of the batch prefers is kept, as servers do). How often that changes an answer is measured:
prompts that are answered alone for their latency go through the batches, too, and the two answers are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from collections.abc import Generator as Steps
from dataclasses import dataclass, replace
from typing import Literal

import torch

from evalkit.engine.attention import CheckFailedError, NotSharableError
from evalkit.engine.batching import batches_to_do, run_with_backoff
from evalkit.engine.decode import Decoded, DecodeLimits, Decoder, Prompt
from evalkit.engine.generate import Generated, Generator, mean_logprob
from evalkit.engine.greedy import near_tie
from evalkit.engine.linear import computed_by, widened
from evalkit.engine.scoring import PathBook
from evalkit.engine.shared import SharedModel
from evalkit.engine.sharing import guarded
from evalkit.engine.values import GenerationSettings
from evalkit.meters.clock import now_ns

Encode = Callable[[int], Prompt]
"""Gives the prompt of the request at a position."""
AUTO_SLOTS = 16
"""`generate_batch_size: auto`: on two cores twice as many are 12 % faster, 150 MB more (docs/performance.md)."""
WAVE_SLOTS = 8
"""Fast answers are decoded in waves of so many prompts per slot. Rounding depends on who is in the batch, so a resumed
run decodes a wave that is not done from its beginning; between two waves a few slots stay empty for a while."""
SAME, DIFFERS = "batch_same", "batch_differs"
"""Flags of an answer that was also generated in a batch: with the same tokens, or with others."""
Exactness = Literal["exact", "fast"]
_PROMPT_TOKENS = 512
"""Prompt tokens of a pass: more would be no faster on a CPU, and their keys and values are held twice for a moment."""
_CHECKED_TOKENS = 16
"""The self-check waits for an answer of this length, or for a few shorter ones."""
_HELD_BACK = 8
_HARMLESS = {
    "bos_token_id",
    "cache_implementation",
    "do_sample",
    "eos_token_id",
    "max_length",
    "max_new_tokens",
    "output_attentions",
    "output_hidden_states",
    "output_logits",
    "output_scores",
    "pad_token_id",
    "temperature",
    "top_k",
    "top_p",
    "transformers_version",
    "use_cache",
}
"""Keys of a model's generation config that do not change greedy decoding."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One generated answer."""

    position: int
    generated: Generated
    start_ns: int
    batch_size: int
    is_timed: bool
    """Whether its stamps are those of a request that ran alone from start to end."""
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class GenerationBook(PathBook):
    """How answers came about."""

    n_asked: int = 0
    n_near_ties: int = 0
    """Answers generated again alone, because two tokens were too close to call."""


class Generation:
    """Generates with one model.

    Args:
        generator: The model and what ends its answers.
        shared: What packed passes need; None takes the reference path.
        reason: Why `shared` is None.
        n_slots: Answers in progress at a time; 1 measures latency.
        kv_budget_bytes: For keys and values of prompts and answers.
        exactness: What becomes of near ties in a batch.
    """

    def __init__(
        self,
        generator: Generator,
        shared: SharedModel | None,
        reason: str,
        n_slots: int,
        kv_budget_bytes: int,
        exactness: Exactness = "exact",
    ) -> None:
        self.generator = generator
        self._shared = shared
        self._n_slots = n_slots
        self._kv_budget_bytes = kv_budget_bytes
        self.exactness = exactness
        self.book = GenerationBook(reason=reason)

    def generate(
        self,
        positions: Sequence[int],
        encode: Encode,
        settings: GenerationSettings,
        done: Collection[int],
        batch_size: int | None,
        timed: Collection[int] = (),
    ) -> Iterator[list[Answered]]:
        """Yield answers as they are ready; a wave that is decoded again may yield known ones, too.

        Args:
            positions: Which requests, in their order.
            encode: Gives a request's prompt; part of its latency.
            settings: The same for all.
            done: Positions whose answers are known.
            batch_size: What an earlier session chose for static batches.
            timed: Positions to be answered alone, because their latency is measured; all where there is one slot.
        """
        self.book.n_asked += len(positions)
        if self._n_slots == 1 or all(p in timed for p in positions):
            alone, twins = list(positions), dict[int, tuple[int, ...]]()
            if self.book.path != "shared":
                self.book.reason = "latency is measured: one answer at a time"
        else:
            alone = [p for p in positions if p in timed]
            twins = yield from self._grouped(positions, encode, settings, done, batch_size, alone)
        for some in self._alone([p for p in alone if p not in done], encode, settings):
            yield [self._timed(answer, twins.get(answer.position)) for answer in some]

    @staticmethod
    def _timed(answer: Answered, twin: tuple[int, ...] | None) -> Answered:
        """Mark an answer whose stamps count, and compare it with what a batch made of the same prompt."""
        if twin is None:
            return replace(answer, is_timed=True)
        flag = SAME if twin == answer.generated.ids else DIFFERS
        return replace(answer, is_timed=True, flags=(flag,))

    def _grouped(
        self,
        positions: Sequence[int],
        encode: Encode,
        settings: GenerationSettings,
        done: Collection[int],
        batch_size: int | None,
        alone: Sequence[int],
    ) -> Steps[list[Answered], None, dict[int, tuple[int, ...]]]:
        """Yield the answers that are not timed; return what batches made of those that are."""
        is_compared = self.exactness == "fast" and not settings.do_sample
        twins = set(alone) if is_compared else set[int]()
        others = [p for p in positions if p not in set(alone)]
        found: dict[int, tuple[int, ...]] = {}
        prompts = [encode(p) for p in (*(alone if is_compared else ()), *others)]
        for some in self._in_groups(prompts, settings, done, batch_size):
            found |= {a.position: a.generated.ids for a in some if a.position in twins}
            if rest := [a for a in some if a.position not in twins]:
                yield rest
        return found

    def _in_groups(
        self,
        prompts: Sequence[Prompt],
        settings: GenerationSettings,
        done: Collection[int],
        batch_size: int | None,
    ) -> Iterator[list[Answered]]:
        """Yield answers of batches: over shared prefixes, or static ones."""
        shared = self._shared if self._is_sharable(settings) else None
        if shared is not None:
            self.book.path, self.book.reason = "shared", ""
            try:
                yield from self._together(shared, prompts, settings, done)
                return
            except NotSharableError as error:
                self._shared = None
                self.book.fall_back(error)
        yield from self._in_batches(prompts, settings, done, batch_size or self._n_slots)

    def _is_sharable(self, settings: GenerationSettings) -> bool:
        if self._shared is None:
            return False
        config = self.generator.model.generation_config.to_diff_dict()
        changed = {key for key in config if not key.startswith("_")} - _HARMLESS
        reasons = (
            "answers are sampled" if settings.do_sample else "",
            f"the task sets {settings.extra[0][0]}" if settings.extra else "",
            f"the model's generation config sets {', '.join(sorted(changed))}" if changed else "",
        )
        self.book.reason = next((r for r in reasons if r), "")
        return not self.book.reason

    def _alone(
        self, positions: Sequence[int], encode: Encode, settings: GenerationSettings
    ) -> Iterator[list[Answered]]:
        for position in positions:
            start = now_ns()
            prompts = [encode(position)]
            yield run_with_backoff(prompts, lambda some: self._static(some, settings, start))  # noqa: B023

    def _in_batches(
        self,
        prompts: Sequence[Prompt],
        settings: GenerationSettings,
        done: Collection[int],
        size: int,
    ) -> Iterator[list[Answered]]:
        """Longest prompts first: equal lengths waste less padding."""
        ordered = sorted(prompts, key=lambda p: -len(p.ids))
        for batch in batches_to_do(ordered, size, lambda p: [p.position], done):
            yield run_with_backoff(batch, lambda some: self._static(some, settings, now_ns()))

    def _static(
        self, prompts: Sequence[Prompt], settings: GenerationSettings, start: int
    ) -> list[Answered]:
        rows = self.generator.generate([p.ids for p in prompts], settings, prompts[0].position)
        return [
            Answered(p.position, row, start, len(prompts), is_timed=False)
            for p, row in zip(prompts, rows, strict=True)
        ]

    def _together(
        self,
        shared: SharedModel,
        prompts: Sequence[Prompt],
        settings: GenerationSettings,
        done: Collection[int],
    ) -> Iterator[list[Answered]]:
        """Yield answers as they finish, then those that two close tokens made doubtful, generated alone."""
        limits = DecodeLimits(
            max_tokens=settings.max_tokens,
            end_ids=self.generator.end_ids,
            n_slots=self._n_slots,
            kv_tokens=self._kv_budget_bytes // max(1, shared.bytes_per_token),
            batch_tokens=_PROMPT_TOKENS,
            is_exact=self.exactness == "exact",
        )
        decoder = Decoder(shared, limits, self.generator.watch(settings))
        doubtful: dict[int, Prompt] = {}
        answers = (d for wave in self._waves(prompts, done) for d in decoder.run(wave))
        for decoded in self._checked(shared, guarded(answers)):
            if decoded.finish_reason is None:
                doubtful[decoded.prompt.position] = decoded.prompt
            else:
                yield [self._answer(decoded, decoded.finish_reason)]
        self.book.n_near_ties += len(doubtful)
        yield from self._alone(list(doubtful), doubtful.__getitem__, settings)

    def _waves(self, prompts: Sequence[Prompt], done: Collection[int]) -> Iterator[list[Prompt]]:
        """Yield prompts that are decoded together.

        An exact answer does not depend on its batch, so what is left makes one wave. Fast ones do: the cut must be that
        of an uninterrupted run.
        """
        if self.exactness == "exact":
            left = [p for p in prompts if p.position not in done]
            yield from [left] if left else []
            return
        yield from batches_to_do(prompts, WAVE_SLOTS * self._n_slots, lambda p: [p.position], done)

    def _answer(self, decoded: Decoded, reason: str) -> Answered:
        stamps = tuple(decoded.token_ns)
        generated = Generated(
            ids=tuple(decoded.ids),
            finish_reason=reason,
            prompt_ns=decoded.prompt_ns,
            token_ns=stamps,
            end_ns=stamps[-1],
            mean_logprob=mean_logprob(decoded.logprobs),
        )
        return Answered(
            decoded.prompt.position, generated, decoded.start_ns, self._n_slots, is_timed=False
        )

    def _checked(self, shared: SharedModel, answers: Iterator[Decoded]) -> Iterator[Decoded]:
        """Hold the first answers back until one of them has passed the self-check.

        Raises:
            CheckFailedError: It did not; nothing was yielded.
        """
        held: list[Decoded] = []
        is_checked = False
        for answer in answers:
            if is_checked:
                yield answer
                continue
            held.append(answer)
            longest = max(len(a.ids) for a in held)
            if longest >= _CHECKED_TOKENS or len(held) >= _HELD_BACK:
                self._self_check(shared, held)
                is_checked = True
                yield from held
        if held and not is_checked:
            self._self_check(shared, held)
            yield from held

    def _self_check(self, shared: SharedModel, held: Sequence[Decoded]) -> None:
        """Put the longest answer through one plain pass: each of its tokens must be the best one there, too.

        Products are computed as the batch's were: what is checked is the packing, not the processor's rounding.
        """
        answer = max(held, key=lambda a: len(a.ids))
        if not answer.ids:
            return
        ids = torch.tensor([[*answer.prompt.ids, *answer.ids[:-1]]], device=shared.device)
        n_tokens = len(answer.ids)
        with torch.inference_mode(), computed_by(widened(shared.model)):
            logits = shared.model(ids, use_cache=False, logits_to_keep=n_tokens).logits[0].float()
        chosen = logits[torch.arange(n_tokens), torch.tensor(answer.ids, device=logits.device)]
        difference = float((logits.amax(dim=-1) - chosen).max())
        self.book.checked(n_tokens, difference)
        if not difference <= near_tie(shared.model.dtype):
            raise CheckFailedError(f"a token is {difference:.2g} below the best")
