"""Greedy answers, many at a time: shared prefixes once, and a finished answer's place goes to the next prompt.

Decoding one answer alone reads every weight for every token; decoding many together reads them once for all. What
comes out should be what `generate` gives for each prompt alone. Rounding depends on the batch, so where the limits ask
for it, an answer is given back, to be generated alone, as soon as the two best tokens are too close to call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from evalkit.engine.attention import PackedRows, packed_attention
from evalkit.engine.batching import is_out_of_memory, release_memory
from evalkit.engine.families import Family, group_families
from evalkit.engine.greedy import Line, best_tokens, near_tie
from evalkit.engine.guess import Guesses
from evalkit.engine.kv import LayerKV
from evalkit.engine.linear import computed_by, few_rows, widened
from evalkit.engine.shared import SharedModel, forward
from evalkit.engine.slots import Prefix, Slots
from evalkit.engine.stamps import StopWatch
from evalkit.errors import OutOfMemoryError
from evalkit.meters.clock import now_ns


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to continue; `position` names the request."""

    position: int
    ids: tuple[int, ...]
    is_truncated: bool = False
    """Whether tokens were cut off at the left."""


@dataclass(eq=False, slots=True)
class Decoded:
    """One answer and when its tokens came."""

    prompt: Prompt
    family: Family
    start_ns: int
    prompt_ns: int
    """The prompt went into the model."""
    ids: list[int] = field(default_factory=list)
    token_ns: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    """Log-probability of each token, in nats."""
    finish_reason: str | None = None
    """`stop` or `length`; None for an answer that was given back because of a near tie."""
    guesses: Guesses = field(default_factory=Guesses)


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """Bounds of decoding."""

    max_tokens: int
    end_ids: frozenset[int]
    n_slots: int
    """Most answers that are in progress at once."""
    kv_tokens: int
    """Tokens whose keys and values fit into the budget."""
    batch_tokens: int
    """Prompt tokens per forward pass, unless a single prompt has more."""
    is_exact: bool = True
    """Give answers with a near tie back; else the token that the batch's rounding prefers is taken."""


class Decoder:
    """Continues prompts greedily.

    Args:
        shared: The model.
        limits: Bounds.
        stops: Tells when a stop string has appeared.
    """

    def __init__(self, shared: SharedModel, limits: DecodeLimits, stops: StopWatch) -> None:
        self._shared = shared
        self._limits = limits
        self._stops = stops
        self._near_tie = near_tie(shared.model.dtype) if limits.is_exact else None
        self._emulated = widened(shared.model)
        self._in_steps = [*few_rows(shared.model), *self._emulated]
        self._active: list[Decoded] = []
        self._slots = Slots(shared.windows, 1)
        self._prefixes: dict[Family, Prefix] = {}

    def run(self, prompts: Sequence[Prompt]) -> Iterator[Decoded]:
        """Yield answers as they finish.

        Raises:
            OutOfMemoryError: Not even one answer at a time fits.
        """
        families = group_families([p.ids for p in prompts], self._limits.kv_tokens // 2)
        waiting = deque((family, prompts[i]) for family in families for i in family.members)
        n_slots = min(len(prompts), self._fitting_slots(families, prompts))
        self._slots = Slots(self._shared.windows, n_slots)
        while waiting or self._active:
            try:
                with torch.inference_mode(), packed_attention(self._shared.model):
                    self._advance(waiting, n_slots)
            except (RuntimeError, MemoryError) as error:
                n_slots = self._with_less_memory(error, waiting, n_slots)
            with torch.inference_mode():
                over = self._collect()
            yield from over
        self._slots.clear()

    def _fitting_slots(self, families: Sequence[Family], prompts: Sequence[Prompt]) -> int:
        longest_prefix = max(len(f.prefix) for f in families)
        own = max(len(prompts[i].ids) - len(f.prefix) for f in families for i in f.members)
        room = self._limits.kv_tokens - longest_prefix
        return max(1, min(self._limits.n_slots, room // (own + self._limits.max_tokens)))

    def _advance(self, waiting: deque[tuple[Family, Prompt]], n_slots: int) -> None:
        """Admit prompts when there is room, then decode one token of every answer in progress."""
        self._slots.n_waiting = len(waiting)
        free = n_slots - len(self._active)
        if waiting and free:
            self._admit(waiting, free)
        else:
            self._decode(n_slots)

    def _admit(self, waiting: deque[tuple[Family, Prompt]], free: int) -> None:
        """Compute prompts of one family in a pass, and their first tokens."""
        family = waiting[0][0]
        chosen: list[Prompt] = []
        n_tokens = 0
        for other, prompt in list(waiting)[:free]:
            n_tokens += len(prompt.ids) - len(family.prefix)
            if other is not family or (chosen and n_tokens > self._limits.batch_tokens):
                break
            chosen.append(prompt)
        start_ns = now_ns()
        prefix = self._prefix(family)
        layers: dict[int, LayerKV] = {}
        rows = [list(prompt.ids[prefix.n_tokens :]) for prompt in chosen]
        prompt_ns = now_ns()
        logits = self._pass_over(rows, prefix, layers, np.cumsum([len(r) for r in rows]) - 1)
        offset = 0
        for prompt, row in zip(chosen, rows, strict=True):
            self._slots.open(prefix, layers, offset, offset + len(row))
            self._active.append(Decoded(prompt, family, start_ns, prompt_ns))
            waiting.popleft()
            offset += len(row)
        self._take_tokens(self._active[-len(chosen) :], logits, [()] * len(chosen))

    def _decode(self, n_slots: int) -> None:
        """Decode one token of every answer, and what was guessed right behind it in slots that are empty."""
        slots = self._slots
        left = min(self._limits.max_tokens - len(answer.ids) for answer in self._active)
        n_rows = max(1, min(left, n_slots // len(self._active)))
        before = [len(answer.ids) for answer in self._active]
        guessed = [a.guesses.after(a.prompt.ids, a.ids, n_rows - 1) for a in self._active]
        rows = zip(self._active, guessed, strict=True)
        fed = [token for answer, more in rows for token in (answer.ids[-1], *more)]
        slots.begin_step(self._shared.device, n_rows)
        with computed_by(self._in_steps):
            logits = forward(self._shared, fed, slots.positions(), slots, np.arange(len(fed)))
        self._take_tokens(self._active, logits, guessed)
        slots.end_step([len(a.ids) - n for a, n in zip(self._active, before, strict=True)])

    def _take_tokens(
        self,
        answers: Sequence[Decoded],
        logits: torch.Tensor,
        guessed: Sequence[Sequence[int]],
    ) -> None:
        """Append the best token of each answer's first line of `logits` `[answers × lines, vocab]`, then of the next.

        A line counts while all guesses before it were right.
        """
        lines = best_tokens(logits, self._near_tie)
        stamp = now_ns()
        n_rows = len(lines) // len(answers)
        going = list(range(len(answers)))
        for row in range(n_rows):
            self._append([(answers[i], lines[i * n_rows + row]) for i in going], stamp)
            going = [
                i
                for i in going
                if answers[i].finish_reason is None
                and answers[i].ids
                and row < len(guessed[i])
                and answers[i].ids[-1] == guessed[i][row]
            ]
            if not going:
                break

    def _append(self, taken: Sequence[tuple[Decoded, Line]], stamp: int) -> None:
        """Append a token to each answer, or empty it for want of one, and note which are over."""
        for answer, line in taken:
            if line is None:
                answer.ids.clear()
                continue
            answer.ids.append(line[0])
            answer.token_ns.append(stamp)
            answer.logprobs.append(line[1])
        stopped = self._stops.over([answer.ids for answer, _ in taken])
        for (answer, _), is_over in zip(taken, stopped, strict=True):
            if answer.ids and (is_over or answer.ids[-1] in self._limits.end_ids):
                answer.finish_reason = "stop"
            elif len(answer.ids) >= self._limits.max_tokens:
                answer.finish_reason = "length"

    def _collect(self) -> list[Decoded]:
        """Take finished and tied answers out of their slots."""
        over = []
        for slot in reversed(range(len(self._active))):
            answer = self._active[slot]
            if answer.ids and answer.finish_reason is None:
                continue
            self._slots.close(slot)
            last = self._active.pop()
            if answer is not last:
                self._active[slot] = last
            over.append(answer)
        return over

    def _prefix(self, family: Family) -> Prefix:
        """Compute a family's prefix; only the newest is kept."""
        if family not in self._prefixes:
            self._prefixes.clear()
            layers: dict[int, LayerKV] = {}
            step = self._limits.batch_tokens
            for start in range(0, len(family.prefix), step):
                part = list(family.prefix[start : start + step])
                fresh: dict[int, LayerKV] = {}
                self._pass_over([part], Prefix(start, layers), fresh, np.empty(0, np.int64))
                layers = {n: _joined(layers.get(n), pair) for n, pair in fresh.items()}
            self._prefixes[family] = Prefix(len(family.prefix), layers)
        return self._prefixes[family]

    def _pass_over(
        self,
        rows: list[list[int]],
        prefix: Prefix,
        layers: dict[int, LayerKV],
        scored: np.ndarray,
    ) -> torch.Tensor:
        """Run rows after a prefix; their keys and values go into `layers`."""

        def keep(layer: int, k: torch.Tensor, v: torch.Tensor) -> None:
            layers[layer] = k, v

        above = prefix.n_tokens
        positions = [list(range(above, above + len(row))) for row in rows]
        packed = PackedRows(
            positions=positions,
            until=[[len(row)] * len(row) for row in rows],
            above=[above] * len(rows),
            windows=self._shared.windows,
            trunk_kv=lambda layer: prefix.layers[layer],
            keep=keep,
        ).to(self._shared.device, self._shared.model.dtype)
        ids = [token for row in rows for token in row]
        with computed_by(self._emulated):
            return forward(self._shared, ids, [p for row in positions for p in row], packed, scored)

    def _with_less_memory(
        self, error: Exception, waiting: deque[tuple[Family, Prompt]], n_slots: int
    ) -> int:
        """Put answers in progress back in line and return half the number of slots.

        Raises:
            OutOfMemoryError: There was one slot only.
        """
        if not is_out_of_memory(error):
            raise error
        if n_slots == 1:
            raise OutOfMemoryError(
                "Out of memory with one answer at a time.",
                "Set a smaller `max_length`, fewer `generation.max_tokens`, or use a machine with more memory.",
            ) from error
        waiting.extendleft((answer.family, answer.prompt) for answer in reversed(self._active))
        self._active.clear()
        self._slots = Slots(self._shared.windows, n_slots // 2)
        self._prefixes.clear()
        release_memory()
        return n_slots // 2


def _joined(left: LayerKV | None, right: LayerKV) -> LayerKV:
    if left is None:
        return right
    return torch.cat([left[0], right[0]], dim=2), torch.cat([left[1], right[1]], dim=2)
