"""Limits, back-off and deadlines hold as the server sees them."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.backends.endpoints.flow import Flow, Pacer
from evalkit.config import EndpointSpec, LimitsSpec, PriceSpec
from evalkit.errors import StoppedError
from evalkit.execute.limits import RunGuard
from evalkit.loadgen.chunks import chat_answer, usage
from evalkit.loadgen.scripted import (
    Pause,
    Plan,
    Received,
    ScriptedServer,
    Send,
    Stall,
    Until,
    sequence,
)
from evalkit.meters.clock import now_ns
from evalkit.records import NS_PER_S, EventKind
from tests.endpoints import api_model, ask, ask_and_note
from tests.waiting import LONGEST_S, in_no_time

EARLY_S = 0.005
"""Timers of event loops count milliseconds, and may come one of them early."""
GOOD = Plan(chat_answer(["fine"], ttft_s=0.0, itl_s=0.0, usage=usage(3, 1)))
SLOW = Plan(chat_answer(["fine"], ttft_s=0.3, itl_s=0.0, usage=usage(3, 1)))


def refused(status: int, **headers: str) -> Plan:
    body = json.dumps({"error": {"message": "wait"}}).encode()
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Plan((Send(body),), status=status, headers={"Content-Type": "application/json", **named})


class Gauge:
    """A script that notes how many requests are open at once, and answers none before there were as many as wanted."""

    def __init__(self, wanted: int) -> None:
        held = Until(lambda _: self.most >= wanted)
        self.plan = Plan((held, Pause(0.05), *GOOD.steps))
        self.server: ScriptedServer | None = None
        self.most = 0
        self.lock = threading.Lock()

    def __call__(self, received: Received) -> Plan:
        assert self.server is not None
        with self.lock:
            now = sum(r.t_closed_ns is None for r in self.server.received)
            self.most = max(self.most, now)
        return self.plan


def test_no_more_requests_at_once_than_allowed() -> None:
    gauge = Gauge(3)
    with ScriptedServer(gauge) as server:
        gauge.server = server
        outcomes = ask(api_model(server.url, concurrency=3), ["q"] * 9)
    assert gauge.most == 3
    assert all(o.text == "fine" for o in outcomes)


async def admitted(spec: EndpointSpec, tokens: int, real: int, n: int) -> list[float]:
    """Return when each of n requests is let through, by a clock that nobody has to wait for."""
    flow, starts = Flow(spec, random.Random(1)), []
    for _ in range(n):
        await flow.admit(tokens)
        starts.append(asyncio.get_running_loop().time())
        flow.used(tokens, real)
        flow.leave()
    return starts


def test_requests_per_minute_are_spaced_evenly() -> None:
    spec = EndpointSpec(concurrency=8, requests_per_minute=600)
    assert in_no_time(admitted(spec, 1, 1, 10)) == pytest.approx([i / 10 for i in range(10)])
    began = now_ns()
    with ScriptedServer(lambda _: GOOD) as server:
        ask(api_model(server.url, concurrency=8, requests_per_minute=600), ["q"] * 10)
    arrivals = sorted(r.t_received_ns for r in server.received)
    for i, arrival in enumerate(arrivals):
        assert (arrival - began) / NS_PER_S >= i * 0.1 - EARLY_S


def test_tokens_per_minute_are_kept_by_what_the_server_counts() -> None:
    """An estimate of thousands of tokens a request turns out as 4: the rate follows the real ones."""
    spec = EndpointSpec(concurrency=1, tokens_per_minute=6000)
    assert in_no_time(admitted(spec, 164, 4, 5)) == pytest.approx([i * 0.04 for i in range(5)])
    assert in_no_time(admitted(spec, 164, 164, 5)) == pytest.approx([i * 1.64 for i in range(5)])
    estimated_s = 4 * (100_000 / 3 + 64) / 100
    assert estimated_s > 4 * LONGEST_S
    began = now_ns()
    with ScriptedServer(lambda _: GOOD) as server:
        ask(api_model(server.url, concurrency=1, tokens_per_minute=6000), ["q" * 100_000] * 5)
    assert (now_ns() - began) / NS_PER_S < LONGEST_S


@given(
    amounts=st.lists(st.floats(0.1, 50), min_size=1, max_size=30),
    per_s=st.floats(0.1, 100),
    gaps=st.lists(st.floats(0, 5), min_size=30, max_size=30),
)
def test_a_pacer_never_lets_more_through_than_its_rate(
    amounts: list[float], per_s: float, gaps: list[float]
) -> None:
    pacer, now, starts = Pacer(per_s), 0.0, []
    for amount, gap in zip(amounts, gaps, strict=False):
        starts.append((now + pacer.reserve(amount, now), amount))
        now += gap
    for (start, amount), (after, _) in pairwise(starts):
        assert after - start >= amount / per_s * (1 - 1e-6) - 1e-6


@pytest.mark.parametrize(
    "headers",
    [
        {"retry_after": "1"},
        {"retry_after_ms": "1000"},
        {"retry_after": "DATE"},
    ],
)
def test_retry_after_is_honoured_in_every_form(headers: dict[str, str]) -> None:
    """However late everything is, a wait is never shorter than the server asked for."""
    date = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)
    said = format_datetime(date, usegmt=True)
    headers = {k: said if v == "DATE" else v for k, v in headers.items()}
    plans, asked = sequence(refused(429, **headers), GOOD), []

    def script(received: Received) -> Plan:
        asked.append(datetime.now(UTC))
        return plans(received)

    with ScriptedServer(script) as server:
        (outcome,) = ask(api_model(server.url, max_attempts=2))
    first, second = outcome.attempts
    if said in headers.values():
        assert asked[1] >= date
        return
    refusal, again = server.received
    assert (again.t_received_ns - refusal.sent[0].t_ns) / NS_PER_S >= 1 - EARLY_S
    assert (second.t_send_ns - first.t_end_ns) / NS_PER_S >= 1 - EARLY_S
    assert second.wait_s >= 1 - EARLY_S


def test_googles_retry_info_is_honoured() -> None:
    body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota per minute",
                      "details": [{"@type": "RetryInfo", "retryDelay": "1.2s"}]}}  # fmt: skip
    plan = Plan((Send(json.dumps(body).encode()),), 429, {"Content-Type": "application/json"})
    with ScriptedServer(sequence(plan, plan)) as server:
        ask(api_model(server.url, "google", max_attempts=2))
    refusal, again = server.received
    assert (again.t_received_ns - refusal.sent[0].t_ns) / NS_PER_S >= 1.2 - EARLY_S


def test_a_busy_endpoint_makes_every_request_wait() -> None:
    """After a 429 that asks for a second nothing is sent in that second but what had been let through before."""
    with ScriptedServer(sequence(refused(429, retry_after="1"), GOOD)) as server:
        outcomes = ask(api_model(server.url, concurrency=4, max_attempts=2), ["q"] * 12)
    assert len(server.received) == 13
    attempts = [a for o in outcomes for a in o.attempts]
    (refusal,) = (a for a in attempts if a.status == "error")
    after = [(a.t_send_ns - refusal.t_end_ns) / NS_PER_S for a in attempts]
    assert sum(0 < t < 1 - EARLY_S for t in after) <= 3


def test_a_wait_holds_for_everybody() -> None:
    async def play() -> list[float]:
        flow = Flow(EndpointSpec(concurrency=4), random.Random(1))
        flow.overloaded(1.0)
        return [await admitted_at(flow) for _ in range(12)]

    async def admitted_at(flow: Flow) -> float:
        await flow.admit(1)
        flow.leave()
        return asyncio.get_running_loop().time()

    assert min(in_no_time(play())) == 1.0


def test_concurrency_is_halved_when_busy_and_grows_again() -> None:
    async def play() -> list[int]:
        flow = Flow(EndpointSpec(concurrency=16), random.Random(1))
        limits = [flow.limit]
        flow.overloaded(0)
        limits.append(flow.limit)
        flow.overloaded(0)
        limits.append(flow.limit)
        for _ in range(400):
            flow.succeeded()
        return [*limits, flow.limit]

    assert asyncio.run(play()) == [16, 8, 4, 16]


def test_backoff_grows_is_jittered_and_bounded() -> None:
    flow = Flow(EndpointSpec(), random.Random(1))
    for number in range(12):
        longest = min(60, 2.0**number)
        waits = [flow.backoff_s(number, None) for _ in range(50)]
        assert all(longest / 2 <= w <= longest for w in waits)
        assert len(set(waits)) > 40


def test_retries_are_recorded_and_do_not_hide_in_a_latency() -> None:
    from evalkit.metrics.latency import ttft_s

    with ScriptedServer(sequence(refused(503, retry_after="1"), SLOW)) as server:
        (outcome,) = ask(api_model(server.url, max_attempts=2))
    first, second = outcome.attempts
    assert (first.status, first.http_status) == ("error", 503)
    shown = next(e for e in second.events if e.kind == EventKind.CONTENT)
    assert ttft_s(second) == (shown.t_ns - second.t_send_ns) / NS_PER_S, "of what worked, alone"
    assert (second.t_send_ns - first.t_end_ns) / NS_PER_S >= 1 - EARLY_S
    in_records_s = (second.t_end_ns - first.t_intended_ns) / NS_PER_S
    assert in_records_s >= 1.3 - EARLY_S, "the wait is in the records"


def test_a_wait_longer_than_anyone_would_accept_is_a_failure() -> None:
    with ScriptedServer(sequence(refused(429, retry_after="86400"), GOOD)) as server:
        (outcome,) = ask(api_model(server.url, max_attempts=5))
    assert len(outcome.attempts) == 1


def test_a_request_ends_at_its_deadline_with_all_its_attempts() -> None:
    """After waits of at least 0.5 s and 1 s the next one would be 2 s or more, and end too late."""
    with ScriptedServer(lambda _: refused(500)) as server:
        (outcome,) = ask(api_model(server.url, max_attempts=20, deadline_s=2.5))
    assert 1 <= len(outcome.attempts) <= 3
    endless = Plan((*SLOW.steps[:2], Stall()))
    with ScriptedServer(lambda _: endless) as server:
        (outcome,) = ask(api_model(server.url, deadline_s=0.5, max_attempts=3))
    assert [a.error_class for a in outcome.attempts] == ["timeout"]


PRICE = PriceSpec(input=1000, output=1000, source="test", date=datetime(2026, 11, 1).date())  # noqa: DTZ001


def test_the_budget_is_never_passed_whatever_is_in_flight() -> None:
    """Each request costs $0.004 and may cost $0.065: with 8 at once the budget of $0.3 must hold."""
    guard = RunGuard(LimitsSpec(max_cost_usd=0.3))
    with ScriptedServer(lambda _: GOOD) as server:
        spec = api_model(server.url, concurrency=8).model_copy(update={"price": PRICE})
        with pytest.raises(StoppedError, match="budget of"):
            ask(spec, ["q"] * 200, guard=guard)
    paid = len(server.received) * 4 * 1000 / 1e6
    assert paid == pytest.approx(guard.spent_usd)
    assert 0.2 < paid <= 0.3


def test_the_deadline_stops_sending() -> None:
    guard = RunGuard(LimitsSpec(max_minutes=2 / 60))
    with (
        ScriptedServer(lambda _: SLOW) as server,
        pytest.raises(StoppedError, match="deadline"),
    ):
        ask(api_model(server.url, concurrency=1), ["q"] * 50, guard=guard)
    assert len(server.received) <= 2 / 0.3 + 1


def test_every_send_is_announced_before_it_reaches_the_server() -> None:
    with ScriptedServer(sequence(refused(503, retry_after="0"), GOOD)) as server:
        outcomes, notices, record = ask_and_note(api_model(server.url, max_attempts=3), ["q"])
    assert [n.number for _, n in notices] == [0, 1]
    assert notices[1][1].failed == outcomes[0].attempts[0]
    assert record.host == server.url.removeprefix("http://")
    assert record.served_models == ("scripted",)
    assert record.n_lags > 0
