"""Log-likelihoods the slow and obvious way: one forward pass over the whole input of every request.

This is the oracle that faster paths are compared with. Only positions that are scored go through the output layer, and
their log-softmax is computed in float32, so that bf16 models have no artificial ties.

    context       continuation
    c0 c1 c2 c3 | x0 x1 x2
    input    c0 c1 c2 c3 x0 x1        the last token is never fed
    scored            ^c3 ^x0 ^x1     the last len(continuation) positions predict x0 x1 x2
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Row:
    """One input of a batch and the continuations scored at its end.

    `targets` are continuations that share `inputs`: choices of one token differ only in their target.
    """

    inputs: tuple[int, ...]
    targets: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Score:
    """Summed log-likelihood in nats, and whether greedy decoding would have produced the continuation."""

    loglikelihood: float
    is_greedy: bool


def score_rows(model: Any, rows: Sequence[Row], device: torch.device) -> list[list[Score]]:
    """Score one batch.

    Args:
        model: A causal transformers model in eval mode.
        rows: Inputs; padded at the right to `[batch, longest]`, which a causal model never looks at.
        device: Where the model's input belongs.

    Returns:
        For every row one score per target.
    """
    longest = max(len(row.inputs) for row in rows)
    first = min(len(row.inputs) - max(map(len, row.targets)) for row in rows)
    padded = torch.tensor([row.inputs + (0,) * (longest - len(row.inputs)) for row in rows])
    kept = torch.arange(first, longest)
    with torch.inference_mode():
        logits = _logits(model, padded.to(device), kept.to(device))  # [batch, kept, vocab]
        return [_score_row(logits[i], row, first) for i, row in enumerate(rows)]


def _logits(model: Any, inputs: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    arguments: dict[str, Any] = {"use_cache": False}
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        logits: torch.Tensor = model(inputs, logits_to_keep=kept, **arguments).logits
        return logits
    return torch.index_select(model(inputs, **arguments).logits, 1, kept)


def _score_row(logits: torch.Tensor, row: Row, first: int) -> list[Score]:
    """Score one row from its kept `logits` `[kept, vocab]`, of which index 0 is position `first`."""
    end = len(row.inputs) - first
    start = end - max(map(len, row.targets))
    logprobs = torch.log_softmax(logits[start:end].float(), dim=-1)
    best = logprobs.argmax(dim=-1)
    return [score_target(logprobs, best, target) for target in row.targets]


def score_target(logprobs: torch.Tensor, best: torch.Tensor, target: tuple[int, ...]) -> Score:
    """Score the last `len(target)` lines of `logprobs` `[lines, vocab]`, whose argmax is `best`."""
    ids = torch.tensor(target, device=logprobs.device)
    picked = logprobs[-len(ids) :].gather(1, ids.unsqueeze(1))
    return Score(float(picked.sum()), bool((best[-len(ids) :] == ids).all()))
