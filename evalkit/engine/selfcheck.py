"""How far two ways of computing the same log-likelihood may be apart, and whether they are."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from evalkit.engine.values import Comparison

PER_TOKEN = {
    torch.float64: 1e-6,
    torch.float32: 1e-3,
    torch.float16: 5e-2,
    torch.bfloat16: 2e-1,
}
"""Nats a summed log-likelihood may differ: rounding depends on the batch (docs/performance.md)."""


def tolerance(dtype: torch.dtype, n_tokens: int) -> float:
    """Return the largest difference that rounding explains; independent errors add up as √n."""
    return float(PER_TOKEN.get(dtype, PER_TOKEN[torch.bfloat16]) * max(1, n_tokens) ** 0.5)


def compare(
    pairs: Iterable[tuple[str, int, float | None, float | None]], dtype: torch.dtype
) -> Comparison:
    """Compare log-likelihoods.

    Args:
        pairs: Name, number of scored tokens, log-likelihood to check, reference.
        dtype: Number format of the model.
    """
    differences, wrong = [], []
    for name, n_tokens, value, reference in pairs:
        difference = _distance(value, reference)
        differences.append(difference)
        if not difference <= tolerance(dtype, n_tokens):  # NaN must not pass
            wrong.append(f"{name}: {value} nats, the reference says {reference}")
    return Comparison(len(differences), max(differences, default=None), tuple(wrong))


def _distance(value: float | None, reference: float | None) -> float:
    """Return how far apart two log-likelihoods are; NaN where one is missing. Both may be minus infinity."""
    if value is None or reference is None:
        return math.nan
    return 0.0 if value == reference else abs(value - reference)
