"""What `evalkit bench` measures is what the server did: the one test that an otherwise idle machine is needed for."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.loadgen.chunks import chat_answer, usage
from evalkit.loadgen.scripted import Plan, Received, ScriptedServer
from evalkit.records import NS_PER_S
from tests.benches import closed, endpoint, run_bench_apart, write_bench

pytestmark = pytest.mark.slow
TOKENS = 7


def steady_truth(server: ScriptedServer) -> tuple[float, float]:
    """Medians of TTFT and TPOT by the server's own stamps; sleeping takes a little longer than asked."""
    ttft, tpot = [], []
    for r in server.received:
        content = r.sent[1:-3]  # after the role, before finish, usage and [DONE]
        ttft.append((content[0].t_ns - r.t_received_ns) / NS_PER_S)
        if len(content) > 1:
            tpot.append((content[-1].t_ns - content[0].t_ns) / NS_PER_S / (len(content) - 1))
    return sorted(ttft)[len(ttft) // 2], sorted(tpot)[len(tpot) // 2]


@pytest.mark.parametrize(("ttft_s", "itl_s"), [(0.1, 0.05), (0.3, 0.02)])
def test_medians_are_the_servers_but_for_evalkits_own_lag_and_tokens_are_exact(
    tmp_path: Path, ttft_s: float, itl_s: float
) -> None:
    counts = usage(40, TOKENS)
    plan = Plan(chat_answer(["word "] * TOKENS, ttft_s=ttft_s, itl_s=itl_s, usage=counts))
    trials = [Plan(chat_answer(["a"], ttft_s=0, itl_s=0, usage=usage(n, 1))) for n in (24, 124)]

    def script(received: Received) -> Plan:
        return trials.pop(0) if trials else plan

    with ScriptedServer(script) as server:
        config = write_bench(tmp_path, endpoint(server.url), closed(4, measure_s=3))
        run, facts = run_bench_apart(config)
        server.received[:2] = []
        whole = [r for r in server.received if len(r.sent) == TOKENS + 4]
        server.received[:] = whole
        true_ttft, true_tpot = steady_truth(server)
    (level,) = facts.levels
    lag_s = max(s.lag_max_s or 0.0 for s in run.steps)
    ttft, tpot = level.latencies["ttft_s_p50"].value, level.latencies["tpot_s_p50"].value
    assert ttft is not None
    assert tpot is not None
    assert ttft_s <= ttft
    assert abs(ttft - true_ttft) <= 0.02 * true_ttft + lag_s
    assert abs(tpot - true_tpot) <= 0.02 * true_tpot + lag_s
    answered = [r for r in run.requests if r.attempts[-1].status == "ok"]
    assert {r.output_tokens for r in answered} == {TOKENS}
    assert {r.input_tokens for r in answered} == {40}
    assert level.latencies["ttft_s_p99"].value is None
    assert "p99 needs n ≥ 662" in level.latencies["ttft_s_p99"].reason
