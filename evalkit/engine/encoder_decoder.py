"""Log-likelihoods of encoder-decoder models: the context goes into the encoder, the continuation into the decoder.

There is no prefix of the decoder to share, so these models take the reference path; continuations of one context are
scored in one pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch

from evalkit.engine.reference import Row, Score, score_target
from evalkit.engine.rows import RowGroup, Scored
from evalkit.engine.tokens import TokenPair


def group_contexts(pairs: Sequence[TokenPair], max_length: int) -> list[RowGroup]:
    """Put pairs with the same context together, longest first; contexts and continuations keep their end."""
    rows: dict[tuple[int, ...], list[Scored]] = defaultdict(list)
    for position, pair in enumerate(pairs):
        context = tuple(pair.context[-max_length:])
        target = tuple(pair.continuation[-max_length:])
        is_cut = len(context) < len(pair.context) or len(target) < len(pair.continuation)
        flags = pair.flags + (("truncated",) if is_cut else ())
        rows[context].append(Scored(position, target, flags))
    groups = [RowGroup(inputs, tuple(scored)) for inputs, scored in rows.items()]
    return sorted(groups, key=lambda group: (-len(group.inputs), group.inputs))


def score_contexts(model: Any, rows: Sequence[Row], device: torch.device) -> list[list[Score]]:
    """Score one batch.

    Args:
        model: An encoder-decoder transformers model in eval mode.
        rows: Contexts and the continuations of each; padded at the right and masked.
        device: Where the model's input belongs.

    Returns:
        For every row one score per target.
    """
    flat = [(row.inputs, target) for row in rows for target in row.targets]
    inputs, mask = _padded([context for context, _ in flat])
    labels, _ = _padded([target for _, target in flat])
    with torch.inference_mode():
        logits = model(
            input_ids=inputs.to(device),
            attention_mask=mask.to(device),
            labels=labels.to(device),
            use_cache=False,
        ).logits  # [targets, longest target, vocab]
        scores = iter([_score(logits[i], target) for i, (_, target) in enumerate(flat)])
    return [[next(scores) for _ in row.targets] for row in rows]


def _score(logits: torch.Tensor, target: tuple[int, ...]) -> Score:
    logprobs = torch.log_softmax(logits[: len(target)].float(), dim=-1)
    return score_target(logprobs, logprobs.argmax(dim=-1), target)


def _padded(rows: Sequence[tuple[int, ...]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask, both `[rows, longest]`."""
    longest = max(map(len, rows))
    ids = torch.tensor([row + (0,) * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask
