"""Whole runs against a scripted endpoint, as a user would start, break, kill and resume them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from evalkit.cli import main
from evalkit.loadgen.chunks import chat_answer, chat_chunk, sse, usage
from evalkit.loadgen.scripted import (
    Plan,
    Received,
    Script,
    ScriptedServer,
    Send,
    Stall,
    Until,
    sequence,
)
from evalkit.records import ToolCall
from evalkit.store.run_dir import Run, open_run, verify
from tests.runs import only_run
from tests.waiting import until

ANSWER = Plan(chat_answer(["B"], ttft_s=0.01, itl_s=0.0, usage=usage(100, 2)))
PRICE = {"input": 10.0, "output": 100.0, "source": "a test", "date": "2026-11-01"}
COST = (100 * 10 + 2 * 100) / 1e6
SUITES = [
    {"name": "choose", "tasks": ["ticket_routing"], "limit": 8, "data_class": "public"},
    {"name": "write", "tasks": ["table_arithmetic"], "limit": 6, "data_class": "public"},
]


def api(url: str, **changes: Any) -> dict[str, Any]:
    endpoint = {"base_url": url + "/v1", "max_attempts": 2, **changes.pop("endpoint", {})}
    return {
        "name": "api",
        "backend": "openai",
        "source": "scripted",
        "endpoint": endpoint,
        **changes,
    }


def write_config(folder: Path, models: list[dict[str, Any]], **changes: Any) -> Path:
    config = {
        "name": "t",
        "models": models,
        "suites": SUITES,
        "output": {"dir": str(folder / "out")},
        **changes,
    }
    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def fails(status: int, message: str) -> Plan:
    body = json.dumps({"error": {"message": message}}).encode()
    return Plan((Send(body),), status=status, headers={"Content-Type": "application/json"})


def prompt_of(received: Received) -> str:
    return json.dumps(json.loads(received.body)["messages"])


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def overall(folder: Path) -> dict[str, Any]:
    return next(f for f in summary(folder)["endpoints"] if f["suite"] is None)


def answered(run: Run) -> Counter[str]:
    return Counter(r.request_id for r in run.requests if r.is_measured and r.answer)


def test_a_run_measures_an_endpoint(tmp_path: Path) -> None:
    with ScriptedServer(lambda _: ANSWER) as server:
        config = write_config(tmp_path, [api(server.url, price=PRICE)])
        result = invoke("run", str(config))
    assert result.exit_code == 0, result.output
    folder = only_run(tmp_path)
    run = open_run(folder)
    assert {c.mode for c in run.manifest.cells} == {"generate", "as_is"}
    assert {r.task for r in run.results} == {"ticket_routing_generate", "table_arithmetic"}
    fact = overall(folder)
    n = 8 + 6 + 2  # two warm-ups
    assert fact["n_attempts"] == len(server.received) == n
    assert fact["cost_usd"]["value"] == pytest.approx(n * COST)
    assert fact["cost_per_request_usd"] == pytest.approx(COST)
    assert fact["error_rate"]["value"] == 0.0
    assert fact["served_models"] == ["scripted"]
    (speed,) = (p for p in summary(folder)["performance"] if p["suite"] == "write")
    assert speed["ttft_s"]["p50"]["value"] >= 0.01
    assert speed["rss_peak_bytes"] is None, "evalkit's own memory is not the model's"
    page = (folder / "report.html").read_text()
    assert "scripted" in page
    assert server.url.removeprefix("http://") in page


def test_errors_are_a_rate_in_summary_and_report_and_their_docs_are_not_scored(
    tmp_path: Path,
) -> None:
    def script(received: Received) -> Plan:
        asked = prompt_of(received)
        if "Department" not in asked and len(server.received) % 3 == 0:
            return fails(400, "this one not")
        return ANSWER

    with ScriptedServer(script) as server:
        config = write_config(tmp_path, [api(server.url, price=PRICE)])
        result = invoke("run", str(config))
    assert result.exit_code == 0, result.output
    folder = only_run(tmp_path)
    run = open_run(folder)
    failed = [r for r in run.requests if r.is_measured and r.answer is None]
    assert 1 <= len(failed) <= 3
    fact = next(f for f in summary(folder)["endpoints"] if f["suite"] == "write")
    assert fact["error_rate"]["value"] == pytest.approx(len(failed) / 6)
    assert fact["failed_by_class"] == {"bad_request": len(failed)}
    unscored = [s for s in run.samples if "failed" in s.flags]
    assert len(unscored) == len(failed)
    assert all(score is None for s in unscored for score in s.scores.values())
    quality = next(
        q
        for q in summary(folder)["quality"]
        if q["task"] == "table_arithmetic" and q["metric"] == "exact_match"
    )
    assert quality["estimate"]["n"] == 6 - len(failed)
    assert quality["n_failed"] == len(failed)
    assert "got no answer" in " ".join(summary(folder)["warnings"])
    assert "bad_request" in (folder / "report.html").read_text()


def test_a_dead_endpoint_fails_its_cells_and_resuming_finishes_them(tmp_path: Path) -> None:
    is_up = threading.Event()

    def script(received: Received) -> Plan:
        if len(server.received) <= 5 or is_up.is_set():
            return ANSWER
        return fails(503, "maintenance")

    with ScriptedServer(script) as server:
        endpoint = {"max_attempts": 1, "breaker_after": 3, "concurrency": 1}
        config = write_config(tmp_path, [api(server.url, endpoint=endpoint)])
        result = invoke("run", str(config))
        assert result.exit_code == 3, result.output
        assert "3 requests failed in a row" in result.output
        folder = only_run(tmp_path)
        before = answered(open_run(folder))
        assert len(before) == 4
        is_up.set()
        again = invoke("run", "--resume", str(folder))
        assert again.exit_code == 0, again.output
    run = open_run(folder)
    assert len(answered(run)) == 14
    assert set(answered(run).values()) == {1}
    retried = [r for r in run.requests if len(r.attempts) > 1]
    assert {a.error_class for r in retried for a in r.attempts[:-1]} == {"overloaded"}
    assert verify(folder) == []


def evalkit(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "evalkit", *arguments]


WRITING = [{"name": "write", "tasks": ["table_arithmetic"], "limit": 40, "data_class": "public"}]


def first_answers(n: int) -> Script:
    """Return a script that answers so many requests, and holds all others."""
    held = Plan((*ANSWER.steps[:1], Stall()))
    return sequence(*[ANSWER] * n, held)


@pytest.mark.slow
def test_an_answer_that_was_paid_for_is_not_asked_again_after_a_kill(tmp_path: Path) -> None:
    with ScriptedServer(first_answers(20)) as first:
        model = api(first.url, price=PRICE, endpoint={"concurrency": 4})
        config = write_config(tmp_path, [model], suites=WRITING)
        process = subprocess.Popen(evalkit("run", str(config), "-q"), stderr=subprocess.DEVNULL)
        until(lambda: len(first.received) == 24)
        process.kill()
        process.wait()
    done = {prompt_of(r) for r in first.received[1:20]}
    folder = only_run(tmp_path)
    with ScriptedServer(lambda _: ANSWER, port=int(first.url.rpartition(":")[2])) as second:
        result = invoke("run", "--resume", str(folder), "-q")
    assert result.exit_code == 0, result.output
    run = open_run(folder)
    assert len(answered(run)) == 40
    asked = [prompt_of(r) for r in second.received[1:]]
    assert len(asked) == len(set(asked)) == 40 - 19
    assert not done & set(asked), "who waits for an answer has what came before on disk"
    lost = [a for r in run.requests for a in r.attempts if a.status == "lost"]
    assert len(lost) == 4, "what may have been billed twice is recorded"
    assert overall(folder)["n_lost"] == 4
    assert any("may have been billed" in w for w in summary(folder)["warnings"])
    assert {a.session for r in run.requests for a in r.attempts} == {0, 1}


@pytest.mark.slow
def test_ctrl_c_waits_for_requests_in_flight_and_sends_no_more(tmp_path: Path) -> None:
    was_told = threading.Event()
    held = Plan((Until(lambda _: was_told.is_set()), *ANSWER.steps))
    with ScriptedServer(sequence(*[ANSWER] * 9, held)) as server:
        config = write_config(
            tmp_path, [api(server.url, endpoint={"concurrency": 4})], suites=WRITING
        )
        process = subprocess.Popen(
            evalkit("run", str(config)),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert process.stderr is not None
        until(lambda: len(server.received) == 13)
        process.send_signal(signal.SIGINT)
        said = next(line for line in process.stderr if "paid for" in line)
        was_told.set()
        said += process.stderr.read()
        process.wait()
    assert process.returncode == 3, said
    folder = only_run(tmp_path)
    assert f"evalkit run --resume {folder}" in said
    assert len(server.received) == 13
    assert len(answered(open_run(folder))) == 12, "all that reached the server, warm-up apart"


def test_the_budget_stops_the_run_and_a_higher_one_finishes_it(tmp_path: Path) -> None:
    with ScriptedServer(lambda _: ANSWER) as server:
        model = api(server.url, price=PRICE, endpoint={"concurrency": 2})
        limits = {"max_cost_usd": 0.02}
        config = write_config(tmp_path, [model], limits=limits)
        result = invoke("run", str(config))
        assert result.exit_code == 3, result.output
        assert "budget of $0.02" in result.output
        folder = only_run(tmp_path)
        assert len(server.received) * COST <= 0.02
        states = {c["state"] for c in summary(folder)["cells"]}
        assert "stopped" in states
        assert "stopped" in (folder / "report.html").read_text()
        again = invoke("run", "--resume", str(folder), "--max-cost-usd", "1")
        assert again.exit_code == 0, again.output
    assert len(answered(open_run(folder))) == 14


def test_a_budget_without_a_price_is_refused(tmp_path: Path) -> None:
    config = write_config(tmp_path, [api("http://127.0.0.1:9")], limits={"max_cost_usd": 1})
    result = invoke("run", str(config))
    assert result.exit_code == 2
    assert "max_cost_usd can't be kept" in result.output
    assert not list((tmp_path / "out").glob("*/"))


def test_a_model_without_its_key_is_skipped_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MISSING_KEY", raising=False)
    with ScriptedServer(lambda _: ANSWER) as server:
        keyless = api(server.url, name="keyless", endpoint={"api_key_env": "MISSING_KEY"})
        config = write_config(tmp_path, [keyless, api(server.url)])
        result = invoke("run", str(config))
        assert result.exit_code == 3
        assert "MISSING_KEY is not set" in result.output
        n_first = len(server.received)
        folder = only_run(tmp_path)
        states = {(c["model"], c["state"]) for c in summary(folder)["cells"]}
        assert states == {("keyless", "skipped"), ("api", "done")}
        monkeypatch.setenv("MISSING_KEY", "k")
        again = invoke("run", "--resume", str(folder))
        assert again.exit_code == 0, again.output
        assert len(server.received) == 2 * n_first
    assert server.received[-1].headers["authorization"] == "Bearer k"


def test_when_no_model_can_be_asked_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MISSING_KEY", raising=False)
    model = api("http://127.0.0.1:9", endpoint={"api_key_env": "MISSING_KEY"})
    result = invoke("run", str(write_config(tmp_path, [model])))
    assert result.exit_code == 2
    assert "MISSING_KEY" in result.output
    assert not list((tmp_path / "out").glob("*/"))


def test_the_vendors_key_does_not_go_to_another_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-vendor-only")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    with ScriptedServer(lambda _: ANSWER) as server:
        assert invoke("run", str(write_config(tmp_path, [api(server.url)]))).exit_code == 0
    assert not any("sk-vendor-only" in str(r.headers) for r in server.received)


def test_confidential_docs_stay_here(tmp_path: Path) -> None:
    suites = [{**SUITES[0], "data_class": "confidential"}]
    far = api("http://api.example.com")
    config = write_config(tmp_path, [far], suites=suites)
    result = invoke("run", str(config))
    assert result.exit_code == 2
    assert "would send it to api.example.com" in result.output
    with ScriptedServer(lambda _: ANSWER) as server:
        near = write_config(tmp_path, [api(server.url)], suites=suites)
        assert invoke("run", str(near)).exit_code == 0


def test_models_check_tells_latency_usage_price_or_what_is_wrong(tmp_path: Path) -> None:
    with ScriptedServer(lambda _: ANSWER) as server:
        good = api(server.url, name="good", price=PRICE)
        config = write_config(tmp_path, [good])
        result = invoke("models", "check", str(config))
        assert result.exit_code == 0, result.output
        for word in ("good: ok", "scripted", "first token", "100 + 2 tokens", f"${COST:.6f}"):
            assert word in result.output
        assert len(server.received) == 1
        bad = api("http://127.0.0.1:9", name="bad")
        result = invoke("models", "check", str(write_config(tmp_path, [good, bad])))
    assert result.exit_code == 1
    assert "bad: connection_refused" in result.output


CANARY = "sk-canary-7f3a9c"


def test_secrets_are_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The endpoint echoes the key in headers, errors and pages; it must not turn up in any file or output."""

    def script(received: Received) -> Plan:
        n = len(server.received)
        if n % 4 == 1:
            return fails(401, f"Incorrect API key provided: {CANARY}")
        if n % 4 == 2:
            page = f"<html><title>{CANARY}</title></html>".encode()
            return Plan((Send(page),), status=502, headers={"Content-Type": "text/html"})
        headers = {
            "Content-Type": "text/event-stream",
            "x-request-id": CANARY,
            "x-ratelimit-token": CANARY,
            "set-cookie": CANARY,
        }
        return Plan(ANSWER.steps, headers=headers)

    monkeypatch.setenv("CANARY_KEY", CANARY)
    with ScriptedServer(script) as server:
        endpoint = {"api_key_env": "CANARY_KEY", "concurrency": 1}
        config = write_config(tmp_path, [api(server.url, endpoint=endpoint)])
        done = invoke("run", str(config), "--log", "json")
        check = invoke("models", "check", str(config))
        assert server.received[0].headers["authorization"] == f"Bearer {CANARY}"
    assert done.exit_code == 0, done.output
    assert open_run(only_run(tmp_path)).requests
    for text in (done.output, check.output, *capfd.readouterr()):
        assert CANARY not in text
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) > 6
    for file in files:
        assert CANARY.encode() not in file.read_bytes(), file
    run = open_run(only_run(tmp_path))
    assert CANARY not in repr(run), "Parquet is compressed, so the records are searched as well"


@pytest.mark.slow
def test_secrets_are_not_in_the_journal_of_a_killed_run(tmp_path: Path) -> None:
    with ScriptedServer(
        lambda _: ANSWER if len(server.received) % 2 else fails(500, CANARY)
    ) as server:
        endpoint = {"api_key_env": "CANARY_KEY", "concurrency": 4}
        config = write_config(tmp_path, [api(server.url, endpoint=endpoint)], suites=WRITING)
        process = subprocess.Popen(
            evalkit("run", str(config), "-q"),
            env={**os.environ, "CANARY_KEY": CANARY},
            stderr=subprocess.DEVNULL,
        )
        until(lambda: len(server.received) >= 15)
        process.kill()
        process.wait()
    journals = list(only_run(tmp_path).glob("journal*"))
    assert journals
    assert all(CANARY.encode() not in file.read_bytes() for file in journals)


def refuses_system(received: Received) -> Plan:
    """Answer as a server whose template knows no system turn."""
    roles = [m["role"] for m in json.loads(received.body)["messages"]]
    return fails(400, "System role not supported") if "system" in roles else ANSWER


def test_a_server_without_system_turns_is_told_and_asked_in_another_way(tmp_path: Path) -> None:
    suites = [{**SUITES[1], "limit": 2, "system_instruction": "Answer with a number."}]
    with ScriptedServer(refuses_system) as server:
        config = write_config(tmp_path, [api(server.url)], suites=suites)
        result = invoke("run", str(config))
        assert result.exit_code == 3
        assert "set `turns: instruction_in_user` in the model's endpoint" in result.output
        config = write_config(
            tmp_path, [api(server.url, endpoint={"turns": "instruction_in_user"})], suites=suites
        )
        assert "takes no system turn" in invoke("plan", str(config)).output
        n_before = len(server.received)
        result = invoke("run", str(config))
    assert result.exit_code == 0, result.output
    assert "takes no system turn" in result.output
    asked = [json.loads(r.body)["messages"] for r in server.received[n_before:]]
    assert not any(m["role"] == "system" for messages in asked for m in messages)
    assert all("Answer with a number." in messages[0]["content"] for messages in asked)
    newest = max((tmp_path / "out").iterdir(), key=lambda folder: folder.name)
    assert {c.turns for c in open_run(newest).manifest.cells} == {"instruction_in_user"}


def test_a_run_without_an_answer_exits_with_3_and_goes_on_once_there_is_credit(
    tmp_path: Path,
) -> None:
    broke = fails(402, "Insufficient credits")
    has_credit = threading.Event()
    with ScriptedServer(lambda _: ANSWER if has_credit.is_set() else broke) as server:
        suites = [{**SUITES[1], "limit": 2}]
        config = write_config(tmp_path, [api(server.url)], suites=suites)
        result = invoke("run", str(config))
        assert result.exit_code == 3, result.output
        assert "none of 2 requests was answered" in result.output
        assert "quota" in result.output
        folder = only_run(tmp_path)
        assert [s.flags for s in open_run(folder).samples] == [("failed",)] * 2
        assert overall(folder)["error_rate"]["value"] == 1.0
        has_credit.set()
        result = invoke("run", "--resume", str(folder))
    assert result.exit_code == 0, result.output
    assert set(answered(open_run(folder)).values()) == {1}
    assert len(answered(open_run(folder))) == 2


def test_a_tool_call_is_kept_and_shown_and_no_score_takes_it_for_a_text(tmp_path: Path) -> None:
    call = [{"index": 0, "function": {"name": "look_up", "arguments": '{"place": "Ulm"}'}}]
    chunks = (chat_chunk(tool_calls=call), chat_chunk(finish_reason="tool_calls"))
    plan = Plan(tuple(Send(sse(chunk)) for chunk in chunks))
    with ScriptedServer(lambda _: plan) as server:
        suites = [{**SUITES[1], "limit": 2}]
        result = invoke("run", str(write_config(tmp_path, [api(server.url)], suites=suites)))
    assert result.exit_code == 0, result.output
    run = open_run(only_run(tmp_path))
    answers = [r.answer for r in run.requests if r.is_measured]
    assert {a and a.text for a in answers} == {None}
    assert {a and a.tool_calls for a in answers} == {(ToolCall("look_up", '{"place": "Ulm"}'),)}
    assert {s.flags for s in run.samples} == {("tool_call",)}
    assert {s.response for s in run.samples} == {'look_up({"place": "Ulm"})'}
    assert {s.scores["exact_match"] for s in run.samples} == {0.0}
    assert "a tool call · exact_match" in (run.path / "report.html").read_text()
