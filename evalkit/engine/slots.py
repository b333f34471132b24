"""Answers that are decoded together: their keys and values, and attention one token at a time.

A slot holds what is its own: the end of its prompt and what was generated. The prefix it shares with others is stored
once; scores against both parts go through one softmax, so the result is that of one long sequence.

    slot 0   [prefix] | own own own new . .
    slot 1   [prefix] | own own new . . .
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from evalkit.engine.kv import LayerKV
from evalkit.engine.linear import is_emulated

_GROWTH = 32
"""Tokens by which the room of all slots grows: small, since memory is what limits how many slots there are."""


@dataclass(frozen=True, eq=False, slots=True)
class Prefix:
    """Keys and values that slots share."""

    n_tokens: int
    layers: dict[int, LayerKV]


class Slots:
    """Room for answers in progress. Active slots are always the first ones, so that no key is copied for a step.

    Args:
        windows: Sliding window per layer, in tokens.
        n_slots: Most answers in progress.
    """

    def __init__(self, windows: list[int | None], n_slots: int) -> None:
        self.windows = windows
        self._n_slots = n_slots
        self.n_waiting = n_slots
        """Answers that have not begun: with none left, room is only grown for those in progress."""
        self.lengths: list[int] = []
        """Own tokens per active slot, the one being decoded not included."""
        self.prefixes: list[Prefix] = []
        """The shared prefix of each active slot."""
        self._kv: dict[int, LayerKV] = {}
        self._step: _Step | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def open(self, prefix: Prefix, layers: dict[int, LayerKV], start: int, end: int) -> None:
        """Fill the next slot with `layers`' tokens from `start` to `end`."""
        slot, n_tokens = len(self), end - start
        self.lengths.append(n_tokens)
        self.prefixes.append(prefix)
        for layer, pair in layers.items():
            room = self._with_room(layer, pair, n_tokens + 1)
            for target, source in zip(room, pair, strict=True):
                target[slot, :, :n_tokens] = source[0, :, start:end]

    def close(self, slot: int) -> None:
        """Free a slot; the last active one takes its place."""
        last = len(self) - 1
        if slot != last:
            n_tokens = self.lengths[last]
            for pair in self._kv.values():
                for x in pair:
                    x[slot, :, :n_tokens] = x[last, :, :n_tokens]
            self.lengths[slot], self.prefixes[slot] = n_tokens, self.prefixes[last]
        self.lengths.pop()
        self.prefixes.pop()

    def clear(self) -> None:
        """Free all slots and their memory."""
        self.lengths.clear()
        self.prefixes.clear()
        self._kv.clear()

    def positions(self) -> list[int]:
        """Return the positions of the tokens of this step, slot by slot."""
        n_rows = self._step.n_rows if self._step else 1
        starts = (p.n_tokens + n for p, n in zip(self.prefixes, self.lengths, strict=True))
        return [start + row for start in starts for row in range(n_rows)]

    def begin_step(self, device: torch.device, n_rows: int = 1) -> None:
        """Prepare the pass over the next `n_rows` tokens of every slot."""
        self._step = _Step(self.lengths, self.prefixes, set(self.windows), n_rows, device)

    def end_step(self, n_kept: Sequence[int]) -> None:
        """Count the tokens of each slot that are kept; what comes next overwrites the others."""
        self.lengths = [n + kept for n, kept in zip(self.lengths, n_kept, strict=True)]

    def attend(
        self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float | None
    ) -> torch.Tensor:
        """Attend to prefix and own tokens; `q` `[1, heads, slots × rows, dim]`, see `attention.Pass`."""
        step = self._step
        assert step is not None
        n_slots, n_rows, longest = len(self), step.n_rows, max(self.lengths) + step.n_rows
        keys, values = self._with_room(layer, (k, v), longest)
        keys[step.slot_of, :, step.places] = k[0].transpose(0, 1)
        values[step.slot_of, :, step.places] = v[0].transpose(0, 1)
        # what the processor has no instructions for is stored as it is and computed in float32
        wide = torch.float32 if is_emulated(k.dtype, k.device) else k.dtype
        keys, values = (x[:n_slots, :, :longest].to(wide) for x in (keys, values))
        scale = q.shape[-1] ** -0.5 if scale is None else scale
        # [slots, rows, kv heads, group, dim]
        split = q[0].transpose(0, 1).reshape(n_slots, n_rows, k.shape[1], -1, q.shape[-1])
        grouped = split.transpose(1, 2).flatten(2, 3).to(wide) * scale
        own = grouped @ keys.transpose(-1, -2)  # [slots, kv heads, rows × group, longest]
        window = self.windows[layer]
        own = _masked(own, step.own_hidden[window])
        out = torch.zeros_like(grouped)
        for prefix, members, hidden in step.families[window]:
            out[members] = self._onto_prefix(layer, prefix, grouped, own, members, hidden)
        out += own.to(values.dtype) @ values
        by_row = out.to(k.dtype).reshape(*out.shape[:2], n_rows, -1, out.shape[-1])
        return by_row.transpose(1, 2).reshape(1, n_slots * n_rows, *q.shape[1::2])

    @staticmethod
    def _onto_prefix(
        layer: int,
        prefix: Prefix,
        grouped: torch.Tensor,
        own: torch.Tensor,
        members: torch.Tensor | slice,
        hidden: torch.Tensor | None,
    ) -> torch.Tensor:
        """Turn `own` of these slots from scores into weights; return what they take from the prefix."""
        if not prefix.n_tokens:
            own[members] = own[members].softmax(-1, dtype=torch.float32).to(own.dtype)
            return torch.zeros_like(grouped[members])
        # [kv heads, prefix, dim]
        keys, values = (x[0].to(grouped.dtype) for x in prefix.layers[layer])
        some = grouped[members].transpose(0, 1)  # [kv heads, slots, rows × group, dim]
        scores = some.flatten(1, 2) @ keys.transpose(-1, -2)
        scores = scores.reshape(*some.shape[:3], -1).transpose(0, 1)
        if hidden is not None:
            scores = _masked(scores, hidden)
        weights = torch.cat([scores, own[members]], dim=-1).softmax(-1, dtype=torch.float32)
        weights = weights.to(own.dtype)
        own[members] = weights[..., prefix.n_tokens :]
        onto = weights[..., : prefix.n_tokens].transpose(0, 1).flatten(1, 2) @ values
        return onto.reshape(some.shape).transpose(0, 1)

    def _with_room(self, layer: int, like: LayerKV, n_tokens: int) -> LayerKV:
        """Return a layer's room `[slots, kv heads, tokens, dim]`, grown when it is too small."""
        old = self._kv.get(layer)
        if old is not None and old[0].shape[2] >= n_tokens:
            return old
        n_slots = min(self._n_slots, len(self) + self.n_waiting)
        grown = []
        for index, x in enumerate(like):
            new = x.new_zeros(n_slots, x.shape[1], _rounded_up(n_tokens), x.shape[3])
            if old is not None:
                new[: len(self), :, : old[index].shape[2]] = old[index][: len(self)]
            grown.append(new)
        self._kv[layer] = grown[0], grown[1]
        return self._kv[layer]


def _rounded_up(n_tokens: int) -> int:
    return -(-n_tokens // _GROWTH) * _GROWTH


class _Step:
    """What is the same in all layers of one pass."""

    def __init__(
        self,
        lengths: Sequence[int],
        prefixes: Sequence[Prefix],
        windows: set[int | None],
        n_rows: int,
        device: torch.device,
    ) -> None:
        self.n_rows = n_rows
        self.slots = torch.arange(len(lengths), device=device)
        before = torch.tensor(lengths, device=device)
        self._own = before[:, None] + torch.arange(n_rows, device=device)
        self.slot_of = self.slots.repeat_interleave(n_rows)
        self.places = self._own.flatten()
        distance = self._own[..., None] - torch.arange(max(lengths) + n_rows, device=device)
        self.own_hidden = {w: _hidden(distance, w) for w in windows}
        self.families = {
            w: [self._family(prefix, prefixes, w) for prefix in dict.fromkeys(prefixes)]
            for w in windows
        }

    def _family(
        self, prefix: Prefix, prefixes: Sequence[Prefix], window: int | None
    ) -> tuple[Prefix, torch.Tensor | slice, torch.Tensor | None]:
        """Return a prefix, its slots, and which of its tokens they no longer see `[slots, rows, prefix]`."""
        chosen = [i for i, p in enumerate(prefixes) if p is prefix]
        slots = self.slots[chosen]
        members = slice(None) if len(chosen) == len(prefixes) else slots
        if window is None or not prefix.n_tokens:
            return prefix, members, None
        at = torch.arange(prefix.n_tokens, device=slots.device)
        distance = prefix.n_tokens + self._own[slots, :, None] - at
        return prefix, members, _hidden(distance, window)


def _masked(scores: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Hide keys `[slots, rows, keys]` in scores `[slots, kv heads, rows × group, keys]`."""
    by_row = scores.reshape(*scores.shape[:2], hidden.shape[1], -1, scores.shape[-1])
    return by_row.masked_fill(hidden[:, None, :, None], float("-inf")).flatten(2, 3)


def _hidden(distance: torch.Tensor, window: int | None) -> torch.Tensor:
    hidden = distance < 0
    return hidden if window is None else hidden | (distance >= window)
