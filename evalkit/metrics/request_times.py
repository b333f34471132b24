"""Moments of one request of a load test, in seconds from sending it or from when it was due; None: there is none."""

from __future__ import annotations

from evalkit.metrics.latency import generated_events, tpot_s
from evalkit.metrics.slo import ServiceLevel
from evalkit.records import NS_PER_S, EventKind, Request

VISIBLE = frozenset({EventKind.CONTENT, EventKind.TOOL})
"""Events that a reader sees."""


def due_ns(r: Request) -> int:
    """Return when it was due."""
    return r.attempts[0].t_intended_ns


def is_ok(r: Request) -> bool:
    """Tell whether it was answered."""
    return r.attempts[-1].status == "ok"


def first_s(r: Request) -> float | None:
    """First token, from sending."""
    return _since(r, r.attempts[-1].t_send_ns, None, 0)


def first_visible_s(r: Request) -> float | None:
    """First token that a reader sees, from sending."""
    return _since(r, r.attempts[-1].t_send_ns, VISIBLE, 0)


def whole_s(r: Request) -> float | None:
    """Last token, from sending."""
    return _since(r, r.attempts[-1].t_send_ns, None, -1)


def response_first_s(r: Request) -> float | None:
    """First token, from when it was due."""
    return _since(r, due_ns(r), None, 0)


def response_whole_s(r: Request) -> float | None:
    """Last token, from when it was due."""
    return _since(r, due_ns(r), None, -1)


def keeps(r: Request, slo: ServiceLevel) -> bool:
    """Tell whether a request that was answered kept every limit; a limit that can't be told is not kept."""
    limits = (
        (slo.ttft_s, response_first_s(r)),
        (slo.e2e_s, response_whole_s(r)),
    )
    kept = all(limit is None or (value is not None and value <= limit) for limit, value in limits)
    per_token = tpot_s(r.attempts[-1], r.output_tokens)
    is_single = r.output_tokens is not None and r.output_tokens < 2
    return kept and (
        slo.tpot_s is None or is_single or (per_token is not None and per_token <= slo.tpot_s)
    )


def _since(
    r: Request, from_ns: int, kinds: frozenset[EventKind] | None, which: int
) -> float | None:
    if "not_streamed" in r.flags:
        return None
    tokens = generated_events(r.attempts[-1])
    chosen = [e for e in tokens if kinds is None or e.kind in kinds]
    return (chosen[which].t_ns - from_ns) / NS_PER_S if chosen else None
