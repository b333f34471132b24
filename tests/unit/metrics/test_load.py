"""Metrics of a load step, computed by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from evalkit.config.bench import SloSpec
from evalkit.metrics.capacity import sustained_per_s
from evalkit.metrics.load import load_point
from evalkit.metrics.load_point import LoadPoint, Verdict
from evalkit.records import Attempt, EventKind, LoadStep, Request, RequestKind, TokenEvent

MS = 1_000_000
S = 1_000 * MS


def step(**changes: Any) -> LoadStep:
    values: dict[str, Any] = {
        "cell_id": "c",
        "step": 0,
        "session": 0,
        "kind": "constant",
        "state": "done",
        "t_start_ns": 0,
        "rate_per_s": 2.0,
        "t_steady_ns": 10 * S,
        "t_cool_ns": 20 * S,
        "t_end_ns": 22 * S,
        "lag_p99_s": 0.001,
        "loop_cpu_s": 1.0,
    }
    return LoadStep(**(values | changes))


def request(
    due_s: float, *, late_ms: float = 0, error: str | None = None, **changes: Any
) -> Request:
    """Answered: first token 100 ms after sending, then 4 more at 50 ms each; 10 tokens in 5 chunks."""
    due = round(due_s * S)
    send = due + round(late_ms * MS)
    stamps = [send + (100 + 50 * i) * MS for i in range(5)]
    attempt = Attempt(
        number=0,
        session=0,
        status="ok" if error is None else "error",
        t_intended_ns=due,
        t_queued_ns=due,
        t_send_ns=send,
        t_headers_ns=send + MS,
        t_end_ns=stamps[-1] if error is None else send + 30 * MS,
        error_class=error,
        events=tuple(TokenEvent(t, None, EventKind.CONTENT) for t in stamps) if not error else (),
    )
    values: dict[str, Any] = {
        "request_id": f"c/0/{due}",
        "cell_id": "c",
        "session": 0,
        "task": "p",
        "doc_id": 0,
        "index": 0,
        "repeat": 0,
        "kind": RequestKind.GENERATE,
        "backend": "openai",
        "prompt_hash": "",
        "is_measured": True,
        "is_timed": True,
        "batch_size": 1,
        "input_tokens": 20,
        "output_tokens": None if error else 10,
        "finish_reason": "stop",
        "attempts": (attempt,),
        "step": 0,
    }
    return Request(**(values | changes))


def steady(n: int = 20, **changes: Any) -> list[Request]:
    """Evenly over the window, twice a second."""
    return [request(10 + i / 2, **changes) for i in range(n)]


def point(requests: list[Request], slo: SloSpec | None = None, **changes: Any) -> LoadPoint:
    return load_point(step(**changes), requests, slo)


def test_only_requests_due_in_the_window_count() -> None:
    p = point([request(9.99), *steady(), request(20.0), request(15, step=1)])
    assert p.n_due == 20
    assert p.offered_per_s == 2.0
    assert p.error_rate == 0.0


def test_latencies_in_both_views() -> None:
    p = point(steady(late_ms=40))
    assert p.latency.ttft_s.p50.value == pytest.approx(0.100)
    assert p.latency.response_ttft_s.p50.value == pytest.approx(0.140)
    assert p.latency.e2e_s.p50.value == pytest.approx(0.300)
    assert p.latency.response_e2e_s.p50.value == pytest.approx(0.340)
    assert p.latency.itl_s.p50.value == pytest.approx(0.050)
    assert p.latency.tpot_s.p50.value == pytest.approx(0.200 / 9)
    assert p.tokens_per_s_per_user == pytest.approx(45)
    assert p.schedule_lag_p99_s == pytest.approx(0.040)


def test_tokens_are_counted_when_they_arrive() -> None:
    """The last answer of the window starts at 19.5 s and is over before it ends: 20 × 10 tokens in 10 s."""
    p = point(steady())
    assert p.output_tokens_per_s == pytest.approx(20)
    assert p.peak_output_tokens_per_s == pytest.approx(20)
    early = point(
        [*steady(), request(9.8)]
    )  # its last 4 chunks of 2 tokens are in the window: 9.95 s is not
    assert early.output_tokens_per_s == pytest.approx(20.6)


def test_failures_are_endless_in_the_adjusted_view_and_missing_in_the_others() -> None:
    some = [*steady(19), request(19.9, error="timeout")]
    p = point(some)
    assert p.n_failed == 1
    assert p.failed_by_class == {"timeout": 1}
    assert p.error_rate == pytest.approx(0.05)
    assert p.latency.ttft_s.p50.n == 19
    assert p.latency.adjusted_ttft_s.p50.value == pytest.approx(0.100)
    assert p.latency.adjusted_ttft_s.p99.value == math.inf


def test_goodput_needs_every_limit_and_an_answer() -> None:
    some = [
        *steady(10),
        *(request(15 + i / 2, late_ms=60) for i in range(9)),
        request(19.9, error="x"),
    ]
    p = point(some, SloSpec(ttft_s=0.15, max_error_rate=0.1))
    assert p.goodput_per_s == pytest.approx(1.0)
    assert p.good_share == pytest.approx(0.5)
    assert point(some).goodput_per_s is None


def test_a_steady_load_is_stable_and_within_its_service_level() -> None:
    some = [request(10 + i / 20) for i in range(200)]
    p = point(some, SloSpec(ttft_s=0.15, tpot_s=0.05))
    assert p.completed_share == pytest.approx(1.0, abs=0.05)
    assert p.overloads == ()
    assert p.breaches == ()
    assert p.passed


def test_a_growing_queue_is_overload() -> None:
    """Every answer takes 30 ms longer than the one before."""
    some = []
    for i in range(200):
        r = request(10 + i / 20, late_ms=0)
        a = r.attempts[0]
        shift = i * 30 * MS
        events = tuple(TokenEvent(e.t_ns + shift, None, e.kind) for e in a.events)
        slow = Attempt(
            **{
                **{f: getattr(a, f) for f in a.__dataclass_fields__},
                "events": events,
                "t_end_ns": a.t_end_ns + shift,
            }
        )
        some.append(request(10 + i / 20, attempts=(slow,)))
    p = point(some)
    assert p.growth > 20
    assert any("queue grew" in text for text in p.overloads)
    assert any("was completed" in text for text in p.overloads)
    assert not p.passed


def test_growth_is_the_rise_of_the_line_through_what_is_in_flight() -> None:
    """Requests that never end, one a second: from 0 to 10 in flight."""
    some = []
    for i in range(10):
        r = request(10 + i, error="timeout")
        a = r.attempts[0]
        values = {f: getattr(a, f) for f in a.__dataclass_fields__}
        some.append(request(10 + i, attempts=(Attempt(**{**values, "t_end_ns": 30 * S}),)))
    assert point(some).growth == pytest.approx(9.9)
    assert point(some).in_flight_max == 10
    assert point(some).in_flight_mean == pytest.approx(5.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lag_p99_s": 0.05}, "event loop was 50 ms late"),
        ({"loop_cpu_s": 9.0}, "busy 90% of the time"),
    ],
)
def test_a_client_that_is_the_bottleneck_makes_it_invalid(
    changes: dict[str, Any], said: str
) -> None:
    assert point(steady()).flaws == ()
    (flaw,) = point(steady(), **changes).flaws
    assert said in flaw


def test_requests_sent_late_make_it_invalid() -> None:
    (flaw,) = point(steady(late_ms=40)).flaws
    assert "40 ms late" in flaw


def test_a_model_in_this_process_is_not_blamed_for_the_load_it_makes() -> None:
    assert point(steady(), loop_cpu_s=None, lag_p99_s=0.2).flaws == ()


def test_a_closed_loop_is_not_overloaded_by_its_waiting() -> None:
    some = [request(10 + i / 2, error="timeout") for i in range(20)]
    assert point(some, rate_per_s=None, concurrency=4, kind="concurrency").overloads == ()


@pytest.mark.parametrize(
    ("slo", "said"),
    [
        (SloSpec(ttft_s=0.05, percentile=50), "p50 TTFT 0.1 s > 0.05 s"),
        (SloSpec(tpot_s=0.02, percentile=50), "p50 TPOT 0.0222 s > 0.02 s"),
        (SloSpec(ttft_s=0.05), "p95 TTFT > 0.05 s: 20 of 20 requests took longer or failed"),
    ],
)
def test_limits_that_do_not_hold_are_told(slo: SloSpec, said: str) -> None:
    assert point(steady(), slo).breaches == (said,)


def test_nothing_due_is_missing_and_not_zero() -> None:
    p = point([])
    assert p.completed_share is None
    assert p.error_rate is None
    assert p.output_tokens_per_s is None
    assert p.latency.ttft_s.p50.value is None
    assert point([], SloSpec(ttft_s=1)).doubts[0].startswith("no request was due in the window")


def test_a_step_sustains_no_more_than_there_were_requests() -> None:
    """Answers to requests of the warm-up are no load that was offered in the window."""
    point = load_point(step(), [request(9.5), request(9.8), request(12.0), request(14.0)], None)
    assert (point.offered_per_s, point.completed_per_s) == (0.2, 0.3)
    assert sustained_per_s(point) == 0.2


def idle_server(n: int, e2e_s: float, every_s: float) -> list[Request]:
    """Requests from the window's begin on, each answered after the same time, whatever else is in flight."""
    found = []
    for i in range(n):
        r = request(10 + i * every_s)
        a = r.attempts[0]
        shift = round((e2e_s - (a.t_end_ns - a.t_intended_ns) / S) * S)
        values = {f: getattr(a, f) for f in a.__dataclass_fields__}
        values |= {"t_end_ns": a.t_end_ns + shift}
        found.append(request(10 + i * every_s, attempts=(Attempt(**values),)))
    return found


@pytest.mark.parametrize(
    ("n", "e2e_s", "every_s"), [(1, 9.5, 1), (3, 4, 3), (5, 4, 2), (12, 1, 0.8), (10, 6, 1), (100, 3, 0.1)]
)  # fmt: skip
def test_requests_that_had_no_time_to_be_answered_are_no_overload(
    n: int, e2e_s: float, every_s: float
) -> None:
    p = point(idle_server(n, e2e_s, every_s))
    assert p.completed_share is not None
    assert p.overloads == ()


def test_too_few_requests_are_inconclusive_and_say_what_to_change() -> None:
    p = point(steady(), SloSpec(ttft_s=1))
    assert (p.verdict, p.n_needed, p.passed) == (Verdict.INCONCLUSIVE, 130, False)
    assert p.doubts == (
        "too few requests to judge p95 TTFT (20 of 130 needed): a window of about 65 s (min_requests, max_s) would"
        " hold them, or take a lower percentile",
    )
    assert point([], SloSpec(ttft_s=1)).verdict == Verdict.INCONCLUSIVE
    assert point(steady(), SloSpec(ttft_s=1, percentile=50)).verdict == Verdict.OK


def test_twelve_requests_never_hold_and_break_only_what_chance_does_not() -> None:
    twelve = [request(10 + 0.8 * i) for i in range(12)]
    for slo in (None, SloSpec(ttft_s=1), SloSpec(ttft_s=1, percentile=50), SloSpec(e2e_s=9)):
        assert point(twelve, slo).verdict == Verdict.INCONCLUSIVE
    one_failed = [*twelve[:-1], request(18.8, error="timeout")]
    assert point(one_failed, SloSpec(ttft_s=1)).verdict == Verdict.INCONCLUSIVE
    assert point(twelve, SloSpec(ttft_s=0.05)).verdict == Verdict.BREAKS
    half = [request(10 + 0.8 * i, error="timeout" if i % 2 else None) for i in range(12)]
    assert point(half, SloSpec(ttft_s=1)).verdict == Verdict.OVERLOADED


def test_failures_are_a_breach_where_they_are_no_chance() -> None:
    """Of 130 requests 1 may fail, 6 may not; between them it is in doubt, and from 459 on the share itself decides."""

    def verdict(n: int, n_failed: int) -> Verdict:
        every = [
            request(10 + 10 * i / n, error="timeout" if i < n_failed else None) for i in range(n)
        ]
        return point(every, SloSpec(ttft_s=1)).verdict

    assert [verdict(130, k) for k in (0, 1, 2, 5, 6)] == [
        Verdict.OK, Verdict.OK, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, Verdict.BREAKS,
    ]  # fmt: skip
    assert [verdict(500, k) for k in (5, 6)] == [Verdict.OK, Verdict.BREAKS]


def test_a_limit_that_could_not_be_measured_asks_for_no_more_requests() -> None:
    whole = [request(10 + i / 20, flags=("not_streamed",)) for i in range(200)]
    p = point(whole, SloSpec(ttft_s=1))
    assert (p.verdict, p.doubts, p.n_needed) == (
        Verdict.INCONCLUSIVE, ("p95 TTFT was not measured",), None,
    )  # fmt: skip


def test_a_closed_loop_without_a_service_level_has_nothing_to_doubt() -> None:
    closed = {"rate_per_s": None, "concurrency": 1, "kind": "concurrency"}
    assert point(steady(3), **closed).verdict == Verdict.OK
    assert point([], **closed).verdict == Verdict.INCONCLUSIVE
