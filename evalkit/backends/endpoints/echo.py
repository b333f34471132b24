"""Log-likelihoods from a completions endpoint that echoes its prompt with log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from evalkit.backends.endpoints.dialect import PromptToken


@dataclass(frozen=True, slots=True)
class EchoedScore:
    """How likely a continuation is."""

    loglikelihood: float
    is_greedy: bool
    is_merged: bool
    """The first token also holds the end of the context."""


def echoed_score(
    context: str, continuation: str, tokens: Sequence[PromptToken]
) -> EchoedScore | None:
    """Sum the log-probabilities of the tokens that reach into the continuation, as lm-eval does in process.

    A token's place is counted from where the prompt begins in the echoed text, since some servers put a begin token in
    front of it. Where a server writes parts of a character in a way of its own, its own offsets are taken.

    Returns:
        None when the server did not echo the prompt.
    """
    begin, end = len(context), len(context) + len(continuation)
    spans = _spans(context + continuation, tokens)
    if spans is None or not continuation:
        return None
    total, is_greedy, is_merged, n = 0.0, True, False, 0
    for token, (first, last) in zip(tokens, spans, strict=True):
        is_inside = last > begin or first == last >= begin
        if not is_inside or first >= end:
            continue
        if token.loglikelihood is None:
            return None  # the very first token has none: an empty context can't be scored
        is_merged = is_merged or first < begin
        total += token.loglikelihood
        is_greedy = is_greedy and token.is_likeliest
        n += 1
    return EchoedScore(total, is_greedy, is_merged) if n else None


def _spans(prompt: str, tokens: Sequence[PromptToken]) -> list[tuple[int, int]] | None:
    """Return the characters of the prompt that each token covers; None when it was not echoed."""
    ends = list(accumulate(len(token.text) for token in tokens))
    start = "".join(token.text for token in tokens).find(prompt)
    if start >= 0:
        return [
            (end - len(t.text) - start, end - start) for t, end in zip(tokens, ends, strict=True)
        ]
    offsets = [token.offset for token in tokens if token.offset is not None]
    if len(offsets) < len(tokens) or len(tokens) < 2:
        return None
    return list(pairwise([*offsets, max(offsets[-1] + 1, len(prompt))]))
