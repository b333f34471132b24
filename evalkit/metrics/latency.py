"""Latency of one attempt, from its token events.

Every function returns seconds, or None when the attempt has no such moment: it failed, or too few tokens came.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from evalkit.records import (
    GENERATED_KINDS,
    NS_PER_S,
    Attempt,
    Request,
    RequestKind,
    TokenEvent,
)


def is_timed(request: Request) -> bool:
    """Tell whether a request's latency is that of a single request: generated, counted, and run alone."""
    return (
        request.kind == RequestKind.GENERATE
        and request.is_measured
        and request.is_timed
        and bool(request.attempts)
    )


def ttft_s(attempt: Attempt) -> float | None:
    """Time to first token.

    Definition: first generated token (content, reasoning or tool; never the role chunk) − send.
    Unit: seconds.
    Missing when: the attempt failed or generated nothing.
    Source: docs/metrics.md; MLPerf LoadGen `FirstTokenComplete`.
    """
    first = _first_generated(attempt, attempt.events)
    return None if first is None else (first.t_ns - attempt.t_send_ns) / NS_PER_S


def e2e_latency_s(attempt: Attempt) -> float | None:
    """End-to-end latency.

    Definition: last generated token − send.
    Unit: seconds.
    Missing when: the attempt failed or generated nothing.
    Source: docs/metrics.md.
    """
    last = _first_generated(attempt, reversed(attempt.events))
    return None if last is None else (last.t_ns - attempt.t_send_ns) / NS_PER_S


def tpot_s(attempt: Attempt, output_tokens: int | None) -> float | None:
    """Time per output token after the first.

    Definition: (last token − first token) / (output tokens − 1), per request.
    Unit: seconds per token.
    Missing when: fewer than two tokens or token-bearing chunks came, or the tokens' number is unknown.
    Source: docs/metrics.md; MLPerf LoadGen.
    """
    tokens = generated_events(attempt)
    if output_tokens is None or output_tokens < 2 or len(tokens) < 2:
        return None
    return (tokens[-1].t_ns - tokens[0].t_ns) / NS_PER_S / (output_tokens - 1)


def response_time_s(request: Request) -> float | None:
    """Response time: what somebody waiting for the answer experiences.

    Definition: last generated token − the moment the request was due, so waiting for limits, back-off and failed
    attempts are in it.
    Unit: seconds.
    Missing when: the request got no answer, or its attempts belong to different processes.
    Source: docs/metrics.md; MLPerf LoadGen measures from the scheduled time.
    """
    first, last = request.attempts[0], request.attempts[-1]
    token = _first_generated(last, reversed(last.events))
    if token is None or first.session != last.session:
        return None
    return (token.t_ns - first.t_intended_ns) / NS_PER_S


def itl_s(attempt: Attempt) -> list[float]:
    """Inter-token latencies.

    Definition: gaps between consecutive token-bearing chunks; pooled over requests by the caller.
    Unit: seconds.
    Missing when: fewer than two chunks came (an empty list).
    Source: docs/metrics.md.
    """
    tokens = generated_events(attempt)
    return [(after.t_ns - before.t_ns) / NS_PER_S for before, after in pairwise(tokens)]


def generated_events(attempt: Attempt) -> tuple[TokenEvent, ...]:
    """Return the events that carry generated tokens; none for a failed attempt."""
    if attempt.status != "ok":
        return ()
    # a list first: a generator takes half as long again, and runs have millions of events
    return tuple([e for e in attempt.events if e.kind in GENERATED_KINDS and e.n_tokens != 0])


def _first_generated(attempt: Attempt, events: Iterable[TokenEvent]) -> TokenEvent | None:
    """Return the first of an attempt's events, in the order given, that carries generated tokens."""
    if attempt.status != "ok":
        return None
    return next((e for e in events if e.kind in GENERATED_KINDS and e.n_tokens != 0), None)
