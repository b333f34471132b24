"""evalkit against servers it did not write: an answer or a latency that is wrong on our side shows here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from evalkit.analysis.summary import analyse
from evalkit.config import load_run_config
from evalkit.engine.values import GenerationSettings
from evalkit.execute.local import start_run
from evalkit.execute.progress import tell_nobody
from evalkit.meters.clock import now_ns
from evalkit.metrics.latency import itl_s, tpot_s, ttft_s
from evalkit.plan import make_plan
from evalkit.records import GENERATED_KINDS, NS_PER_S, EventKind
from evalkit.store.run_dir import Run, open_run
from tests.benches import endpoint, run_bench, write_bench
from tests.endpoints import api_model, ask, kinds
from tests.servers import free_port, serving

pytestmark = pytest.mark.slow
TTFT_S, ITL_S, N_TOKENS = 0.4, 0.05, 8


@pytest.fixture(scope="module")
def compared(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """SmolLM2 in this process and behind `transformers serve`, on the same docs."""
    folder = tmp_path_factory.mktemp("compared")
    command = ["transformers", "serve", str(smollm2), "--device", "cpu", "--dtype", "float32"]
    here = {"name": "here", "source": str(smollm2), "dtype": "float32", "device": "cpu"}
    there = {
        "name": "there",
        "backend": "openai",
        "source": str(smollm2),
        "endpoint": {"concurrency": 1},
        "serve": {"command": [*command, "--port", "{port}"], "port": free_port()},
    }
    tasks = ["ticket_routing", "table_arithmetic", "grounded_qa"]
    suite = {"name": "all", "tasks": tasks, "limit": 7, "data_class": "confidential"}
    config = {
        "name": "compared",
        "models": [here, there],
        "suites": [suite],
        "output": {"dir": str(folder / "out")},
    }
    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump(config))
    return open_run(start_run(make_plan(load_run_config(file)), file, tell_nobody))


@pytest.mark.model
def test_a_served_model_answers_like_the_same_model_in_process(compared: Run) -> None:
    def answers(model: str) -> dict[tuple[str, int], str]:
        return {
            (s.task, s.doc_id): s.response
            for s in compared.samples
            if s.cell_id.startswith(f"{model}/")
        }

    here, there = answers("here"), answers("there")
    assert len(here) == 21
    assert here.keys() == there.keys()
    differing = {key: (here[key], there[key]) for key in here if here[key] != there[key]}
    assert len(differing) <= 0.05 * len(here), differing


@pytest.mark.model
def test_both_were_asked_in_the_same_way(compared: Run) -> None:
    assert {c.state for c in compared.manifest.cells} == {"done"}
    assert {c.mode for c in compared.manifest.cells} == {"generate"}
    tasks = {s.task for s in compared.samples}
    assert "ticket_routing_generate" in tasks
    tokens = {
        r.cell_id.split("/")[0]: sum(
            q.input_tokens or 0
            for q in compared.requests
            if q.cell_id == r.cell_id and q.is_measured
        )
        for r in compared.requests
    }
    assert tokens["here"] == tokens["there"], "the server's template gives the same prompts"


@pytest.mark.model
def test_a_served_model_has_a_first_token_after_its_role_chunk(compared: Run) -> None:
    """The server sends the role before it begins to generate: a meter that counts it reads a TTFT near 0."""
    served = [r for r in compared.requests if r.cell_id.startswith("there/") and r.is_measured]
    for request in served:
        attempt = request.attempts[-1]
        role = next(e for e in attempt.events if e.kind == EventKind.ROLE)
        token = next((e for e in attempt.events if e.kind in GENERATED_KINDS), None)
        first = ttft_s(attempt)
        if token is None:
            assert first is None
            continue
        assert role.t_ns <= token.t_ns
        assert first == (token.t_ns - attempt.t_send_ns) / NS_PER_S


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server that is never faster than told, and slower on a busy machine."""
    command = ["guidellm", "mock-server", "--host", "127.0.0.1"]
    command += ["--ttft-ms", str(TTFT_S * 1000), "--itl-ms", str(ITL_S * 1000)]
    command += ["--output-tokens", str(N_TOKENS)]
    with serving(command, tmp_path_factory.mktemp("known") / "mock.log") as url:
        yield url


def test_a_server_with_known_latencies_is_measured_right(known: str) -> None:
    """Four at once can't last longer in sum than four times the whole."""
    settings = GenerationSettings(max_tokens=N_TOKENS)
    began = now_ns()
    outcomes = ask(api_model(known, concurrency=4), ["hello"] * 20, settings)
    took_s = (now_ns() - began) / NS_PER_S
    attempts = [o.attempts[-1] for o in outcomes]
    assert [a.error for a in attempts] == [None] * 20
    whole_s = []
    for attempt in attempts:
        first, gaps = ttft_s(attempt), itl_s(attempt)
        assert first is not None
        assert first >= TTFT_S
        assert len(gaps) == N_TOKENS - 1
        assert tpot_s(attempt, N_TOKENS) == pytest.approx(sum(gaps) / (N_TOKENS - 1))
        whole_s.append(first + sum(gaps))
    assert min(whole_s) >= TTFT_S + (N_TOKENS - 1) * ITL_S
    assert sum(whole_s) <= 4 * took_s
    assert {o.output_tokens for o in outcomes} == {N_TOKENS}
    assert {kinds(o).count(EventKind.CONTENT) for o in outcomes} == {N_TOKENS}


@pytest.mark.model
def test_memory_and_start_up_time_are_those_of_the_server(compared: Run) -> None:
    facts = {f.model: f for f in analyse(compared).performance if f.suite is None}
    peaks = {name: fact.rss_peak_bytes for name, fact in facts.items()}
    assert min(p or 0 for p in peaks.values()) > 500_000_000, peaks  # 135 M parameters in float32
    assert (facts["there"].load_s or 0) > 0


def test_a_bench_reads_known_latencies(known: str, tmp_path: Path) -> None:
    profile = {
        "name": "closed",
        "load": {"kind": "concurrency", "concurrency": 4},
        "prompts": {"lengths": [[32, N_TOKENS]]},
        "warmup_s": 0.5,
        "measure_s": 3.0,
    }
    run, facts = run_bench(write_bench(tmp_path, endpoint(known), profile))
    (level,) = facts.levels
    read = {name: level.latencies[name].value or 0.0 for name in ("ttft_s_p50", "e2e_s_p50")}
    assert read["ttft_s_p50"] >= TTFT_S
    assert read["e2e_s_p50"] >= TTFT_S + (N_TOKENS - 1) * ITL_S
    answered = [r for r in run.requests if r.attempts[-1].status == "ok"]
    assert {r.output_tokens for r in answered} == {N_TOKENS}


@pytest.mark.model
def test_a_model_in_this_process_can_be_put_under_load(tmp_path: Path, tiny_model: Path) -> None:
    model = {"name": "m", "source": str(tiny_model), "device": "cpu"}
    closed = {
        "name": "closed",
        "load": {"kind": "concurrency", "concurrency": [1, 3]},
        "prompts": {"lengths": [[24, 6]], "ignore_eos": True},
    }
    docs = {
        "name": "docs",
        "load": {"kind": "constant", "rates": 3},
        "prompts": {
            "kind": "tasks",
            "suite": {"name": "s", "tasks": ["table_arithmetic"], "limit": 3},
        },
    }
    run, facts = run_bench(write_bench(tmp_path, model, closed, docs))
    assert len(facts.levels) == 3
    measured = [r for r in run.requests if r.is_measured and r.task == "closed"]
    answered = [r for r in measured if r.attempts[-1].status == "ok"]
    assert {r.output_tokens for r in answered} == {6}
    alone, queued = (sorted(computed(run, n), key=lambda c: c[1]) for n in (1, 3))
    for some in (alone, queued):
        assert all(before[2] <= after[1] for before, after in pairwise(some)), "one at a time"
    assert all(before[2] <= after[0] for before, after in pairwise(alone)), "nobody waits"
    assert any(before[2] > after[0] for before, after in pairwise(queued)), "some wait"


def computed(run: Run, concurrency: int) -> list[tuple[int, int, int]]:
    """Return when each answer of the step with so many at once was asked for, begun and ended."""
    (step,) = (s for s in run.steps if s.concurrency == concurrency)
    found = []
    for request in run.requests:
        attempt = request.attempts[-1]
        is_of_it = (request.cell_id, request.step) == (step.cell_id, step.step)
        if is_of_it and attempt.status == "ok":
            begun = next(e.t_ns for e in attempt.events if e.kind == EventKind.PROMPT)
            found.append((attempt.t_send_ns, begun, attempt.events[-1].t_ns))
    return found
