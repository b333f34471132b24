"""`evalkit bench` as its users run it, against servers whose timing and capacity are known."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.loadgen.chunks import chat_answer, usage
from evalkit.loadgen.scripted import Plan, Received, ScriptedServer
from evalkit.metrics.percentiles import percentile
from evalkit.metrics.request_times import due_ns
from evalkit.records import NS_PER_S, SearchEnd
from evalkit.store.journal import JOURNAL, Journal
from tests.benches import (
    bench,
    closed,
    endpoint,
    latest,
    run_bench,
    served,
    start_bench,
    state,
    write_bench,
)
from tests.endpoints import Lockstep
from tests.servers import free_port
from tests.waiting import LONGEST_S, until

pytestmark = pytest.mark.slow
TOKENS = 7
LOOK_S = 0.05
"""How often to look into the journal of a bench that is running."""


def started(folder: Path) -> Path:
    """Wait until a bench has made its run directory; return it."""
    results = folder / "results"
    until(
        lambda: results.is_dir() and any((f / JOURNAL).exists() for f in results.iterdir()), LOOK_S
    )
    return latest(folder)


def assert_median(found_s: float, bounds_ns: Sequence[tuple[int, int]]) -> None:
    """A median lies between that of the least values there can have been and that of the greatest."""
    low, high = (percentile(values, 50).value for values in zip(*bounds_ns, strict=True))
    assert low is not None
    assert high is not None
    assert low <= found_s * NS_PER_S <= high


@pytest.mark.parametrize(("ttft_s", "itl_s"), [(0.1, 0.05), (0.3, 0.02)])
def test_medians_are_the_servers_and_tokens_are_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ttft_s: float, itl_s: float
) -> None:
    lockstep = Lockstep(monkeypatch)
    steps = chat_answer(["word "] * TOKENS, ttft_s=ttft_s, itl_s=itl_s, usage=usage(40, TOKENS))
    trials = [chat_answer(["a"], ttft_s=0, itl_s=0, usage=usage(n, 1)) for n in (24, 124)]

    def script(received: Received) -> Plan:
        return lockstep.plan(trials.pop(0) if trials else steps, received)

    with ScriptedServer(script) as server:
        profile = closed(4, min_requests=20)
        run, facts = run_bench(write_bench(tmp_path, endpoint(server.url), profile))
    (level,) = facts.levels
    step = run.steps[-1]
    start, end = step.t_steady_ns or 0, step.t_cool_ns or 0
    counted = [r for r in run.requests if r.step == step.step and start <= due_ns(r) < end]
    assert len(counted) == level.n_requests >= 20
    first, all_gaps = [], []
    for request in counted:
        (attempt,) = request.attempts
        name = attempt.vendor_request_id or ""
        sent = [write.t_ns for write in lockstep.received[name].sent]  # the role is the first
        read = lockstep.read_ns[name]
        first.append((sent[1] - attempt.t_send_ns, read[1] - attempt.t_send_ns))
        all_gaps.append((sent[TOKENS] - read[1], read[TOKENS] - sent[1]))
    ttft, tpot = level.latencies["ttft_s_p50"].value, level.latencies["tpot_s_p50"].value
    assert ttft is not None
    assert tpot is not None
    assert ttft >= ttft_s
    assert_median(ttft, first)
    assert_median(tpot * (TOKENS - 1), all_gaps)
    assert {r.output_tokens for r in counted} == {TOKENS}
    assert {r.input_tokens for r in counted} == {40}
    assert level.latencies["ttft_s_p99"].value is None
    assert "p99 needs n ≥ 662" in level.latencies["ttft_s_p99"].reason


def test_a_search_on_a_server_that_evalkit_starts_is_recorded_with_all_that_it_rests_on(
    tmp_path: Path,
) -> None:
    """What a search finds is checked on queues in virtual time: see `test_search_on_a_queue`."""
    profile = {
        "name": "search",
        "load": {"kind": "search", "first_rate": 15, "max_rate": 20, "arrivals": "constant"},
        "slo": {"e2e_s": 60, "percentile": 50},
        "warmup_s": 0.1,
    }
    config = write_bench(tmp_path, served(free_port(), ttft_s=0.04, itl_s=0.01), profile)
    run, facts = run_bench(config)
    (capacity,) = facts.capacities
    (cell,) = run.manifest.cells
    assert capacity.slo == "p50 e2e ≤ 60 s, errors ≤ 1.0%"
    assert cell.ending is not None
    assert capacity.endings == (cell.ending,)
    assert cell.ending.code in set(SearchEnd)
    assert cell.load_s is not None
    probe, *steps = run.steps
    alone = [r for r in run.requests if r.step == probe.step]
    assert (probe.kind, probe.state, len(alone)) == ("probe", "done", 3)
    assert not any(r.is_measured for r in alone)
    answer_s = median(r.attempts[-1].t_end_ns - r.attempts[-1].t_send_ns for r in alone) / NS_PER_S
    assert answer_s >= 0.1
    for step in steps:
        assert (step.t_steady_ns or 0) - step.t_start_ns >= 1.9 * 0.1 * NS_PER_S
        assert (step.t_cool_ns or 0) - (step.t_steady_ns or 0) >= 1.5 * NS_PER_S
    assert facts.levels[0].n_requests >= 20
    assert {t.device for t in run.telemetry} >= {"host", "server"}
    peaks = [t.rss_bytes for t in run.telemetry if t.device == "server" and t.rss_bytes]
    assert min(peaks) > 10_000_000


def test_an_open_loop_that_is_too_fast_is_overload_not_a_fast_server(tmp_path: Path) -> None:
    profile = {
        "name": "fast",
        "load": {"kind": "poisson", "rates": [20, 300]},
        "slo": {"ttft_s": 0.5, "percentile": 50},
        "cooldown_s": 2,
    }
    config = write_bench(tmp_path, served(free_port(), slots=4), profile)  # 80 per second
    _, facts = run_bench(config)
    _, fast = facts.levels
    assert fast.passed is False
    assert fast.overloads
    service, response = (
        fast.latencies["ttft_s_p50"].value,
        fast.latencies["response_ttft_s_p50"].value,
    )
    assert service is not None
    assert response is not None
    assert response >= service


def test_repeats_give_intervals_and_recomputing_gives_the_same(tmp_path: Path) -> None:
    config = write_bench(tmp_path, served(free_port()), closed(2, repeats=3, measure_s=1))
    run, facts = run_bench(config)
    result = CliRunner().invoke(main, ["show", "--recompute", str(run.path)])
    assert result.exit_code == 0, result.output
    assert "summary.json agrees" in result.output
    (level,) = facts.levels
    estimate = level.output_tokens_per_s
    assert level.n_repeats == 3
    n_counted = (
        level.n_repeats - level.n_invalid or level.n_repeats
    )  # on a busy machine some are not valid
    assert estimate.value is not None
    if n_counted == 1:
        assert (estimate.low, estimate.high) == (None, None)
    else:
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= estimate.value <= estimate.high


def test_turns_send_all_that_was_said_before(tmp_path: Path) -> None:
    seen: list[int] = []

    def script(received: Received) -> Plan:
        messages = json.loads(received.body)["messages"]
        seen.append(len(messages))
        words = sum(len(m["content"].split()) for m in messages)
        counts = usage(words, 3)
        return Plan(chat_answer(["yes "] * 3, ttft_s=0.01, itl_s=0.01, usage=counts))

    with ScriptedServer(script) as server:
        prompts = {"lengths": [[20, 3]], "turns": 3, "think_time_s": 0.05}
        config = write_bench(tmp_path, endpoint(server.url), closed(1, prompts=prompts))
        run, _ = run_bench(config)
    assert set(seen[2:]) == {1, 3, 5}
    assert {r.index for r in run.requests} == {0, 1, 2}
    first, second = (
        next(r for r in run.requests if r.index == i and r.doc_id == 1) for i in (0, 1)
    )
    gap_s = (second.attempts[0].t_intended_ns - first.attempts[0].t_end_ns) / NS_PER_S
    assert gap_s >= 0.05


def test_a_trace_is_replayed_with_its_times_and_lengths(tmp_path: Path) -> None:
    rows = [
        "timestamp,input_tokens,output_tokens",
        *(f"{5 + i * 0.1},{30 + i},7" for i in range(15)),
    ]
    (tmp_path / "trace.csv").write_text("\n".join(rows))
    load = {"kind": "trace", "file": "trace.csv", "speed": 2}
    profile = {"name": "trace", "load": load, "warmup_s": 0}
    config = write_bench(tmp_path, served(free_port()), profile)
    run, _ = run_bench(config)
    ordered = sorted(run.requests, key=lambda r: r.doc_id)
    due = [r.attempts[0].t_intended_ns for r in ordered]
    assert [(t - due[0]) / NS_PER_S for t in due] == pytest.approx([i * 0.05 for i in range(15)])
    assert [r.input_tokens for r in ordered] == [30 + i for i in range(15)]
    entry = run.manifest.traces["trace"]
    written = (tmp_path / "trace.csv").read_bytes()
    assert entry.sha256 == hashlib.sha256(written).hexdigest()
    assert (entry.bytes, entry.rows) == (len(written), 15)


def test_a_server_that_stalls_can_not_make_it_hang(tmp_path: Path) -> None:
    def script(received: Received) -> Plan:
        words = len(json.loads(received.body)["messages"][0]["content"].split())
        if words in (16, 116):
            return Plan(chat_answer(["a"], ttft_s=0, itl_s=0, usage=usage(words, 1)))
        return Plan((), pause_before_headers_s=float("inf"))

    with ScriptedServer(script) as server:
        config = write_bench(tmp_path, endpoint(server.url), closed(2, cooldown_s=1))
        run, facts = run_bench(config)
    (level,) = facts.levels
    probe, step = run.steps
    assert [r.step for r in run.requests].count(probe.step) == 1  # more would only wait, too
    assert step.state == "done"
    assert level.latencies["ttft_s_p50"].value is None
    assert level.overloads == ("nothing moved: 2 requests were waiting all along",)


def test_a_killed_client_leaves_no_server_and_the_bench_can_be_resumed(tmp_path: Path) -> None:
    pids = tmp_path / "pids.json"
    config = write_bench(tmp_path, served(free_port(), pids), closed([1, 2, 3]))
    process = start_bench(config)
    folder = started(tmp_path)
    until(lambda: _n_asked(folder, step=2) > 1, LOOK_S)  # in the middle of the second step
    process.send_signal(signal.SIGKILL)
    process.wait()
    family = json.loads(pids.read_text())
    until(lambda: not any(psutil.pid_exists(pid) for pid in family))
    with Journal(folder / JOURNAL) as journal:
        kept = journal.requests()
    assert len(kept) > 5
    _, facts = run_bench("--resume", folder)
    assert state(folder) == "complete"
    assert [level.concurrency for level in facts.levels] == [1, 2, 3]
    assert any("cut off" in w for w in facts.warnings)
    run_ids = {r.request_id for r in kept}
    assert run_ids <= {r.request_id for r in _requests(folder)}


def _n_asked(folder: Path, step: int) -> int:
    """Return how many requests of a step are on disk; step 0 is the probe."""
    with Journal(folder / JOURNAL) as journal:
        return sum(r.step == step for r in journal.requests())


def _requests(folder: Path) -> list[Any]:
    from evalkit.store.run_dir import open_run

    return open_run(folder).requests


def test_a_killed_server_fails_the_cell_with_its_reason(tmp_path: Path) -> None:
    pids = tmp_path / "pids.json"
    config = write_bench(tmp_path, served(free_port(), pids), closed(2, measure_s=20))
    process = start_bench(config)
    folder = started(tmp_path)
    until(lambda: _n_asked(folder, step=1) > 0, LOOK_S)
    server, child = json.loads(pids.read_text())
    os.kill(server, signal.SIGKILL)
    _, err = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 3
    assert re.search(r"closed/0: failed the server has ended|requests failed in a row", err)
    assert "Traceback" not in err
    until(lambda: not psutil.pid_exists(child))
    assert state(latest(tmp_path)) == "partial"


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    pids = tmp_path / "pids.json"
    config = write_bench(tmp_path, served(free_port(), pids), closed([1, 2, 3]))
    process = start_bench(config)
    folder = started(tmp_path)
    until(lambda: _n_asked(folder, step=2) > 0, LOOK_S)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 3, out + err
    assert "evalkit bench --resume" in err
    family = json.loads(pids.read_text())
    # until init has reaped them
    until(lambda: not any(psutil.pid_exists(pid) for pid in family))
    _, facts = run_bench("--resume", folder)
    assert len(facts.levels) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"serve": {"command": ["no-such-program"]}}, "'no-such-program' is not found"),
        ({"serve": {"command": ["false"], "port": 1}}, "port 1 can't be used|Permission"),
    ],
)
def test_a_server_that_can_not_start_is_a_sentence(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    model = {"name": "m", "backend": "openai", "source": "x", **change}
    result = bench(write_bench(tmp_path, model, closed()))
    if os.geteuid() != 0 or "no-such" in said:
        assert result.exit_code == 2
        assert re.search(said, result.stderr)
    assert "Traceback" not in result.output


def test_a_server_that_ends_at_once_fails_its_cells_and_shows_its_log(tmp_path: Path) -> None:
    command = ["python3", "-c", "print('no GPU found'); raise SystemExit(7)"]
    serve = {"command": command, "port": free_port()}
    model = {"name": "m", "backend": "openai", "source": "x", "serve": serve}
    result = bench(write_bench(tmp_path, model, closed()))
    assert result.exit_code == 3
    assert "exit code 7" in result.stderr
    assert "no GPU found" in result.stderr
