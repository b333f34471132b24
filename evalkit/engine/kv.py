"""Keys and values of trunks, within a budget of memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch

from evalkit.engine.schedule import Trunk, path

LayerKV = tuple[torch.Tensor, torch.Tensor]
"""Keys and values of one layer, each `[1, kv heads, tokens, dim]`."""


class KvStore:
    """Holds what is needed soon; the rest is dropped and computed again when its turn comes.

    Args:
        n_tokens: How many tokens' keys and values fit into the budget.
    """

    def __init__(self, n_tokens: int) -> None:
        self._room = n_tokens
        self._held: dict[Trunk, dict[int, LayerKV]] = {}

    def __contains__(self, trunk: Trunk) -> bool:
        return trunk in self._held

    def put(self, trunk: Trunk, layers: dict[int, LayerKV]) -> None:
        """Keep what a trunk's pass computed."""
        self._held[trunk] = layers

    def make_room(
        self, needed: Collection[Trunk], last_use: Mapping[Trunk, int], step: int
    ) -> None:
        """Drop what is over, and what `needed` leaves no room for: first what is above all needed the longest."""
        for trunk in [t for t in self._held if last_use[t] < step]:
            del self._held[trunk]
        room = self._room - sum(t.n_tokens for t in needed if t not in self._held)
        spare = [t for t in self._held if t not in needed]
        spare.sort(key=lambda t: last_use[t])
        while spare and sum(t.n_tokens for t in self._held) > room:
            del self._held[spare.pop()]

    def clear(self) -> None:
        """Drop everything."""
        self._held.clear()

    def above(self, trunks: Sequence[Trunk | None], layer: int) -> LayerKV:
        """Return a layer's keys and values above rows.

        Returns:
            `[1, kv heads, tokens, dim]` where all rows hang on the same trunk, else `[rows, kv heads, longest, dim]`
            with zeros behind the shorter ones.
        """
        if all(trunk is trunks[0] for trunk in trunks):
            return self._joined(trunks[0], layer)
        return _stacked([self._joined(t, layer) if t else None for t in trunks])

    def _joined(self, trunk: Trunk | None, layer: int) -> LayerKV:
        parts = [self._held[t][layer] for t in path(trunk)]
        if len(parts) == 1:
            return parts[0]
        return torch.cat([k for k, _ in parts], dim=2), torch.cat([v for _, v in parts], dim=2)


def _stacked(rows: Sequence[LayerKV | None]) -> LayerKV:
    some = next(row for row in rows if row is not None)
    longest = max(row[0].shape[2] for row in rows if row is not None)
    stacked = [x.new_zeros(len(rows), x.shape[1], longest, x.shape[3]) for x in some]
    for index, row in enumerate(rows):
        for target, source in zip(stacked, row or (), strict=False):
            target[index, :, : source.shape[2]] = source[0]
    return stacked[0], stacked[1]
