"""Work done per second of a cell."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.records import NS_PER_S, Request


def busy_s(requests: Iterable[Request]) -> float | None:
    """Span in which the requests were worked on.

    Definition: Σ over sessions of (last end − first send) of the measured, successful attempts.
    Unit: seconds.
    Missing when: no measured attempt succeeded.
    Source: docs/metrics.md. Sessions are summed because their clocks can't be subtracted.
    """
    spans: dict[int, tuple[int, int]] = {}
    for request in requests:
        for attempt in request.attempts:
            if attempt.status != "ok" or not request.is_measured:
                continue
            first, last = spans.get(request.session, (attempt.t_send_ns, attempt.t_end_ns))
            spans[request.session] = min(first, attempt.t_send_ns), max(last, attempt.t_end_ns)
    if not spans:
        return None
    return sum(last - first for first, last in spans.values()) / NS_PER_S


def per_second(amount: int | None, seconds: float | None) -> float | None:
    """Rate, or None when either side is missing or no time passed."""
    return amount / seconds if amount is not None and seconds else None
