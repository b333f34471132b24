"""Whether a model's logits are numbers. NaN spreads: damaged weights, or float16 that overflows, give no answer at all.

A single logit of minus infinity is no fault: models forbid tokens that way, and then a choice has the log-likelihood
minus infinity. What makes a line of logits useless is NaN, plus infinity, or minus infinity throughout: its highest
logit is not finite then, and its log-softmax is NaN for every token.
"""

from __future__ import annotations

import math

import torch

from evalkit.errors import NotNumbersError


def has_numbers(highest: torch.Tensor) -> torch.Tensor:
    """Tell for each line of logits, from its highest logit, whether the line gives probabilities."""
    return torch.isfinite(highest)


def checked_loglikelihood(value: float, n_tokens: int) -> float:
    """Return a log-likelihood of a text of `n_tokens` tokens.

    Raises:
        NotNumbersError: It is NaN.
    """
    if math.isnan(value):
        raise _not_numbers(f"scoring an answer, in a text of {n_tokens} tokens")
    return value


def check_step(scores: torch.Tensor, n_tokens: int) -> None:
    """Check the logits `[batch, vocab]` from which the next token is chosen, after `n_tokens` generated ones.

    Raises:
        NotNumbersError: A line of them is useless.
    """
    if not bool(has_numbers(scores.amax(dim=-1)).all()):
        raise _not_numbers(f"generating token {n_tokens + 1} of an answer")


def _not_numbers(where: str) -> NotNumbersError:
    return NotNumbersError(
        f"the model's logits are not numbers: NaN or infinite when {where}.",
        "Its weights are damaged, or its number format overflows: float16 does, float32 and bfloat16 seldom do.",
    )
