"""Which requests share a model input."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.engine.reference import Row
from evalkit.engine.tokens import TokenPair


@dataclass(frozen=True, slots=True)
class Scored:
    """One continuation to score: the position of its request, and its ids."""

    position: int
    target: tuple[int, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Requests with the same model input, such as answer choices of one token."""

    inputs: tuple[int, ...]
    scored: tuple[Scored, ...]

    @property
    def positions(self) -> list[int]:
        """Positions of the requests."""
        return [s.position for s in self.scored]

    @property
    def row(self) -> Row:
        """What the model is given."""
        return Row(self.inputs, tuple(s.target for s in self.scored))


def group_pairs(pairs: Sequence[TokenPair], max_length: int) -> list[RowGroup]:
    """Put pairs with the same input together, longest input first.

    A pair that is too long loses tokens at the left and is flagged `truncated`; as in lm-eval, `max_length` + 1 tokens
    are kept, since the last one is only predicted.
    """
    rows: dict[tuple[int, ...], list[Scored]] = defaultdict(list)
    for position, pair in enumerate(pairs):
        whole = pair.context + pair.continuation
        kept = tuple(whole[-(max_length + 1) :])
        flags = pair.flags + (("truncated",) if len(kept) < len(whole) else ())
        target = tuple(pair.continuation[-(len(kept) - 1) :])
        rows[kept[:-1]].append(Scored(position, target, flags))
    groups = [RowGroup(inputs, tuple(scored)) for inputs, scored in rows.items()]
    return sorted(groups, key=lambda group: (-len(group.inputs), group.inputs))
