"""`evalkit bench` against a server of which few answers are answers: the rest are failures wherever they count."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from evalkit.analysis.facts import RunFacts
from evalkit.analysis.summary import analyse
from evalkit.cli import main
from evalkit.config.bench import SloSpec
from evalkit.loadgen.chunks import DONE, chat_answer, chat_chunk, sse, usage
from evalkit.loadgen.scripted import Plan, Received, ScriptedServer, Send
from evalkit.metrics.load import load_point
from evalkit.store.run_dir import Run, open_run
from tests.benches import endpoint, latest, write_bench

PRICE = {"input": 10.0, "output": 100.0, "source": "a test", "date": "2026-11-01"}
COST_USD = (100 * 10 + 2 * 100) / 1e6
HALF = sse(chat_chunk("half an an"))
BODIES = {
    "good": (b"", None),
    "error body": (json.dumps({"error": {"message": "gpu fell off"}}).encode(), "server_error"),
    "no choices": (json.dumps({"id": "x", "choices": []}).encode(), "empty"),
    "only [DONE]": (sse(DONE), "empty"),
    "half, then an error": (
        HALF + sse({"error": {"message": "too many requests", "code": 429}}),
        "rate_limited",
    ),
    "half": (HALF, "disconnected"),
    "aborted": (HALF + sse(chat_chunk(finish_reason="abort")) + sse(DONE), "server_error"),
}
"""Name → what a successful response has in it, and the class of its fault."""


def plan_of(name: str) -> Plan:
    body, _ = BODIES[name]
    steps = (Send(body),)
    if name == "good":
        steps = chat_answer(["B"], ttft_s=0, itl_s=0, usage=usage(100, 2))  # type: ignore[assignment]
    kind = "application/json" if body[:1] == b"{" else "text/event-stream"
    return Plan(steps, headers={"Content-Type": kind, "x-request-id": name})


@dataclass(frozen=True)
class Bench:
    run: Run
    facts: RunFacts


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    names = list(BODIES)

    def script(_: Received) -> Plan:
        return plan_of(names[len(server.received) % len(names)])

    with ScriptedServer(script) as server:
        model = {**endpoint(server.url), "price": PRICE}
        suite = {"name": "s", "tasks": ["table_arithmetic"], "limit": 4}
        profile = {
            "name": "mixed",
            "load": {"kind": "constant", "rates": 20},
            "prompts": {"kind": "tasks", "suite": suite},
            "slo": {"max_error_rate": 0.01, "e2e_s": 60},
            "warmup_s": 0,
            "measure_s": 2,
        }
        result = CliRunner().invoke(main, ["bench", str(write_bench(folder, model, profile))])
    assert result.exit_code == 0, result.output
    run = open_run(latest(folder))
    return Bench(run, analyse(run))


def test_each_answer_is_judged_as_it_is_without_load(bench: Bench) -> None:
    seen = set()
    for request in bench.run.requests:
        (attempt,) = request.attempts
        name = attempt.vendor_request_id or ""
        seen.add(name)
        assert attempt.error_class == BODIES[name][1], name
        assert attempt.status == ("ok" if name == "good" else "error")
        assert (request.output_tokens is not None) is (name == "good")
    assert seen == set(BODIES)


def test_failures_count_in_error_rate_and_verdict(bench: Bench) -> None:
    _, step = bench.run.steps
    point = load_point(step, bench.run.requests, SloSpec(max_error_rate=0.01, e2e_s=60))
    assert point.n_failed >= 0.5 * point.n_due > 0
    assert set(point.failed_by_class) == {found for _, found in BODIES.values() if found}
    assert not point.passed
    assert any("of the requests failed" in str(b) for b in point.breaches)
    lax = load_point(step, bench.run.requests, SloSpec(max_error_rate=0.99, e2e_s=60))
    assert not any("of the requests failed" in str(b) for b in lax.breaches)
    assert lax.error_rate == point.error_rate
    (level,) = bench.facts.levels
    assert level.error_rate.value == point.n_failed / point.n_due
    assert level.passed is False
    (capacity,) = bench.facts.capacities
    assert capacity.lambda_per_s.value is None


def test_what_a_broken_answer_cost_is_unknown(bench: Bench) -> None:
    for request in bench.run.requests:
        (attempt,) = request.attempts
        is_good = attempt.status == "ok"
        assert attempt.cost_usd == (pytest.approx(COST_USD) if is_good else None)
