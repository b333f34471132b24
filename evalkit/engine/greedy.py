"""The best token of a position, and whether rounding leaves any doubt about it."""

from __future__ import annotations

import torch

from evalkit.engine.finite import has_numbers

NEAR_TIE = {torch.float64: 1e-8, torch.float32: 5e-4, torch.float16: 5e-2, torch.bfloat16: 5e-1}
"""Logits closer than this may change places with the batch size (measured: docs/performance.md)."""
Line = tuple[int, float] | None
"""The best token of a position and its log-probability in nats; None where there is no telling which is best."""


def near_tie(dtype: torch.dtype) -> float:
    """Return how close logits of a number format are that may change places."""
    return NEAR_TIE.get(dtype, NEAR_TIE[torch.bfloat16])


def best_tokens(logits: torch.Tensor, tie: float | None) -> list[Line]:
    """Return the best token of each line of `logits` `[lines, vocab]`.

    Args:
        logits: Of one position per line.
        tie: A line whose best two are closer than this has none; None takes the best whatever comes next.
    """
    highest = logits.amax(dim=-1, keepdim=True)
    # without numbers there is no best token: generating alone decides, and fails where that is so
    is_doubtful = ~has_numbers(highest.squeeze(-1))
    if tie is not None:
        is_doubtful |= (logits >= highest - tie).sum(dim=-1) > 1
    tokens = logits.argmax(dim=-1).tolist()
    logprobs = (-(logits.float() - highest).exp().sum(dim=-1).log()).tolist()
    return [
        None if doubtful else (token, logprob)
        for token, logprob, doubtful in zip(tokens, logprobs, is_doubtful.tolist(), strict=True)
    ]
