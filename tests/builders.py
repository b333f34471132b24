"""Small records, made without a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from evalkit.records import (
    Answer,
    Attempt,
    CellRecord,
    EndpointRecord,
    EventKind,
    LoadStep,
    Request,
    RequestKind,
    Sample,
    TaskResult,
    Telemetry,
    TokenEvent,
    Usage,
)
from evalkit.store.manifest import Hardware, ModelEntry, RunManifest
from evalkit.store.run_dir import Run

MS = 1_000_000


def attempt(
    send_ms: int = 0, token_ms: tuple[int, ...] = (100, 150, 200), status: str = "ok"
) -> Attempt:
    start = send_ms * MS
    events = tuple(TokenEvent((send_ms + t) * MS, 1, EventKind.CONTENT) for t in token_ms)
    prompt = TokenEvent(start + MS, 10, EventKind.PROMPT)
    end = events[-1].t_ns + MS if events else start + MS
    return Attempt(0, 0, status, start, start, start, None, end, events=(prompt, *events))


def request(number: int = 0, **changes: Any) -> Request:
    values: dict[str, Any] = {
        "request_id": f"m/s/0/generate/t/{number}/0/0",
        "cell_id": "m/s/0",
        "session": 0,
        "task": "t",
        "doc_id": number,
        "index": 0,
        "repeat": 0,
        "kind": RequestKind.GENERATE,
        "backend": "hf",
        "prompt_hash": "h",
        "is_measured": True,
        "batch_size": 1,
        "is_timed": True,
        "input_tokens": 10,
        "output_tokens": 3,
        "finish_reason": "stop",
        "attempts": (attempt(send_ms=1000 * number),),
        "answer": Answer(text="yes"),
    }
    return Request(**{**values, **changes})


def sample(doc_id: int = 0, **changes: Any) -> Sample:
    values: dict[str, Any] = {
        "cell_id": "m/s/0",
        "task": "t",
        "filter": "none",
        "doc_id": doc_id,
        "doc_hash": f"d{doc_id}",
        "prompt_hash": f"p{doc_id}",
        "doc": "{}",
        "prompt": "Q",
        "target": "yes",
        "response": "yes",
        "scores": {"acc": 1.0},
    }
    return Sample(**{**values, **changes})


def cell(**changes: Any) -> CellRecord:
    values: dict[str, Any] = {
        "cell_id": "m/s/0",
        "model": "m",
        "suite": "s",
        "repeat": 0,
        "state": "done",
        "backend": "hf",
        "data_class": "public",
        "n_docs": 1,
        "n_requests": 1,
    }
    return CellRecord(**{**values, **changes})


def result(value: float | None = 1.0, **changes: Any) -> TaskResult:
    values: dict[str, Any] = {
        "cell_id": "m/s/0",
        "task": "t",
        "filter": "none",
        "metric": "acc",
        "value": value,
        "higher_is_better": True,
        "is_group": False,
        "n_docs": 1,
        "version": "1.0",
    }
    return TaskResult(**{**values, **changes})


def reading(t_ms: int, **changes: Any) -> Telemetry:
    return Telemetry("m/s/0", 0, t_ms * MS, **{"device": "host", **changes})


def manifest(**changes: Any) -> RunManifest:
    hardware = Hardware(
        cpu="c",
        cores_physical=1,
        cores_logical=2,
        memory_bytes=8_000_000_000,
        os="Linux",
        gpu_note="no GPU",
    )
    values: dict[str, Any] = {
        "run_id": "r",
        "name": "r",
        "state": "complete",
        "config": {"name": "r"},
        "config_file": None,
        "plan_hash": "0" * 64,
        "versions": {},
        "git": None,
        "hardware": hardware,
        "seeds": {},
        "started_at": "2026-11-23T10:00:00+00:00",
        "cells": (cell(),),
    }
    return RunManifest(**{**values, **changes})


# --- models behind APIs -------------------------------------------------------------------------------------------

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u202eevil\x1b[31m"
USAGE = Usage(100, cached_input_tokens=20, output_tokens=7, reasoning_tokens=3)


def api_attempt(send_ms: int = 0, wait_ms: int = 300, **changes: Any) -> Attempt:
    """An attempt that was due `wait_ms` before it was sent, and whose answer took 200 ms."""
    due = (send_ms - wait_ms) * MS
    values: dict[str, Any] = {
        "t_intended_ns": due,
        "t_queued_ns": due,
        "wait_s": wait_ms / 1000,
        "http_status": 200,
        "bytes_sent": 1000,
        "bytes_received": 5000,
        "is_new_connection": False,
        "usage": USAGE,
        "cost_usd": 0.0001,
    }
    return replace(attempt(send_ms), **{**values, **changes})


def api_error(send_ms: int, error_class: str, cost_usd: float | None = 0.0, **more: Any) -> Attempt:
    """An attempt that brought no answer."""
    values = {"usage": None, "events": (), "error_class": error_class, "cost_usd": cost_usd}
    return api_attempt(send_ms, **{**values, "status": "error", "error": "it broke", **more})


def endpoint(**changes: Any) -> EndpointRecord:
    values: dict[str, Any] = {
        "host": "api.example.com:443",
        "api": "chat",
        "concurrency": 8,
        "served_models": ("gpt-2026-08-01",),
        "n_lags": 500,
        "lag_p50_s": 0.0002,
        "lag_p99_s": 0.0031,
        "lag_max_s": 0.0125,
    }
    return EndpointRecord(**{**values, **changes})


def api_entry(name: str, **changes: Any) -> ModelEntry:
    values: dict[str, Any] = {
        "name": name,
        "backend": "openai",
        "source": name,
        "revision": None,
        "path": None,
        "dtype": None,
        "device": "API at api.example.com:443",
        "quantisation": None,
        "n_parameters": None,
        "memory_bytes": None,
        "context_length": None,
        "licence": None,
        "chat_template": True,
        "is_api": True,
    }
    return ModelEntry(**{**values, **changes})


def api_run() -> Run:
    """Two models behind APIs on two suites: `gpt` has a price, retries and failures; `mystery` tells next to nothing.

    `gpt`: 44 requests (40 on `s`, 4 on `u`), 49 attempts with warm-up, 3 requests repeated, 3 without an answer.
    `mystery`: 12 requests without usage and price, one of them failed.
    """
    records = {("mystery", suite): endpoint(**MYSTERY) for suite in "su"}
    cells = [
        cell(cell_id=f"{m}/{s}/0", model=m, suite=s, endpoint=records.get((m, s), endpoint()))
        for m in ("gpt", "mystery")
        for s in "su"
    ]
    requests = [*_gpt_requests(), *_mystery_requests()]
    failed = {(r.cell_id, r.doc_id) for r in requests if r.answer is None and r.is_measured}
    samples = [
        sample(r.doc_id, cell_id=r.cell_id, task=r.task, scores={"acc": float(r.doc_id % 4 > 0)})
        for r in requests
        if r.is_measured
    ]
    samples = [
        replace(s, response="", scores={"acc": None}, flags=("failed",))
        if (s.cell_id, s.doc_id) in failed
        else s
        for s in samples
    ]
    return Run(
        path=Path("r"),
        manifest=manifest(
            cells=tuple(cells),
            models=(api_entry("gpt"), api_entry("mystery")),
            prices="genai-prices 1.2.3",
        ),
        requests=requests,
        samples=samples,
        results=[
            result(0.75, cell_id=c.cell_id, task="t" if c.suite == "s" else "v") for c in cells
        ],
        telemetry=[
            replace(reading(t, rss_peak_bytes=7_000_000, cpu_s=3.0), cell_id="gpt/s/0")
            for t in (1, 60_001)
        ],
    )


MYSTERY = {
    "host": "llm.internal:8000",
    "concurrency": 1,
    "served_models": (HOSTILE,),
    "n_lags": 0,
    "lag_p50_s": None,
    "lag_p99_s": None,
    "lag_max_s": None,
}


def api_request(model: str, number: int, *attempts: Attempt, **changes: Any) -> Request:
    """A request of suite `s`; its answer is missing when the last attempt failed."""
    last = attempts[-1]
    values: dict[str, Any] = {
        "request_id": f"{model}/s/0/generate/t/{number}/0/0",
        "cell_id": f"{model}/s/0",
        "backend": "openai",
        "attempts": attempts,
        "input_tokens": last.usage.input_tokens if last.usage else None,
        "output_tokens": last.usage.output_tokens if last.usage else None,
        "answer": Answer(text="yes") if last.status == "ok" else None,
    }
    return request(number, **{**values, **changes})


def _on_u(model: str, number: int) -> dict[str, Any]:
    name = f"{model}/u/0"
    return {"cell_id": name, "task": "v", "request_id": f"{name}/generate/v/{number}/0/0"}


def _gpt_requests() -> list[Request]:
    warm_up = api_attempt(0, usage=Usage(1000, output_tokens=1), cost_usd=0.001)
    requests = [
        api_request("gpt", 0, warm_up, request_id="w", is_measured=False, answer=None),
        api_request("gpt", 1, api_error(10_000, "rate_limited"), api_attempt(15_000)),
        api_request("gpt", 2, api_attempt(20_000), flags=("filtered",), finish_reason="refusal"),
        api_request("gpt", 3, api_attempt(30_000), flags=("implausible_usage",)),
        api_request("gpt", 37, *[api_error(t, "timeout", None) for t in (370_000, 375_000)]),
        api_request(
            "gpt", 38, *[api_error(380_000 + i, "server_error", error=HOSTILE) for i in range(3)]
        ),
        api_request(
            "gpt",
            39,
            api_error(390_000, "malformed", 0.00005, usage=Usage(100, output_tokens=50)),
        ),
    ]
    late = {4, 5, 6}
    for i in (0, *range(4, 37)):
        wait_ms = 2000 if i in late else 300
        requests.append(api_request("gpt", i, api_attempt(10_000 * i, wait_ms)))
    return requests + [
        api_request("gpt", i, api_attempt(10_000 * i), **_on_u("gpt", i)) for i in range(4)
    ]


def _mystery_requests() -> list[Request]:
    silent: dict[str, Any] = {"usage": None, "cost_usd": None}
    requests = [api_request("mystery", i, api_attempt(10_000 * i, **silent)) for i in range(7)]
    requests.append(api_request("mystery", 7, api_error(70_000, "overloaded")))
    return requests + [
        api_request("mystery", i, api_attempt(10_000 * i, **silent), **_on_u("mystery", i))
        for i in range(4)
    ]


# --- load tests ---------------------------------------------------------------------------------------------------

BENCH_CONFIG: dict[str, Any] = {
    "name": "b",
    "models": [{"name": n, "backend": "hf", "source": n} for n in ("alpha", "beta")],
    "profiles": [
        {
            "name": "closed",
            "load": {"kind": "concurrency", "concurrency": [1, 4]},
            "prompts": {"lengths": [[32, 5]]},
            "warmup_s": 1,
            "measure_s": 10,
            "idle_s": 5,
        },
        {
            "name": "rates",
            "load": {"kind": "constant", "rates": [2, 20]},
            "prompts": {"lengths": [[32, 5]]},
            "slo": {"ttft_s": 0.5, "percentile": 50, "max_error_rate": 0.1},
            "warmup_s": 1,
            "measure_s": 10,
            "idle_s": 5,
        },
    ],
}
IDLE_S = 5
STEP_MS = 40_000
"""From the start of one step to that of the next."""


def load_step(cell_id: str, number: int, **changes: Any) -> LoadStep:
    """A step with 1 s of warm-up and a steady window of 10 s, that takes 35 s in all."""
    start = (IDLE_S * 1000 + number * STEP_MS) * MS
    values: dict[str, Any] = {
        "kind": "concurrency",
        "state": "done",
        "t_start_ns": start,
        "t_steady_ns": start + 1000 * MS,
        "t_cool_ns": start + 11_000 * MS,
        "t_end_ns": start + 35_000 * MS,
        "n_lags": 100,
        "lag_p50_s": 0.0005,
        "lag_p99_s": 0.001,
        "lag_max_s": 0.002,
        "loop_cpu_s": 1.0,
        "client_cpu_s": 1.2,
        "sampler_cpu_s": 0.07,
    }
    return LoadStep(cell_id, number, 0, **{**values, **changes})


def load_request(
    step: LoadStep,
    number: int,
    due_ms: int,
    ttft_ms: int = 100,
    late_ms: int = 0,
    error_class: str | None = None,
) -> Request:
    """A request of a step with five tokens 50 ms apart, sent `late_ms` after it was due; from the step's start."""
    due = step.t_start_ns + due_ms * MS
    send = due + late_ms * MS
    events = tuple(
        TokenEvent(send + (ttft_ms + 50 * i) * MS, 1, EventKind.CONTENT)
        for i in range(0 if error_class else 5)
    )
    end = events[-1].t_ns if events else send + ttft_ms * MS
    status = "error" if error_class else "ok"
    attempt = Attempt(
        0, 0, status, due, due, send, None, end, error_class=error_class, events=events
    )
    name = f"{step.cell_id}/{step.step}/{number}/0"
    return request(
        number,
        request_id=name,
        cell_id=step.cell_id,
        step=step.step,
        is_measured=due_ms >= 1000,
        input_tokens=32,
        output_tokens=None if error_class else 5,
        attempts=(attempt,),
        answer=None,
    )


def bench_run() -> Run:
    """Two models, a closed sweep and a rate sweep; `alpha` runs here with a GPU, `beta` behind an API.

    alpha closed  1 at once:  20 requests, TTFT 100 ms, 10 tokens/s, 100 W: 10 J/token
                  4 at once:  80 requests, TTFT 200 ms, 40 tokens/s: 2.5 J/token
    alpha rates   2/s:        20 requests, one failed, 19 answered within the service level: 1.9/s good
                  20/s:      200 requests, half of them completed: overloaded
    beta closed   1 at once:  as alpha
                  4 at once:  sent 50 ms late: INVALID
    beta rates    2/s, 20/s:  both hold, so λ_SLO is 20/s or more
    """
    cells = tuple(
        cell(cell_id=f"{m}/{p}/0", model=m, suite=p, n_docs=0, data_class="public", endpoint=e)
        for m, e in (("alpha", None), ("beta", endpoint(concurrency=None, n_lags=0)))
        for p in ("closed", "rates")
    )
    steps = [
        step
        for c in cells
        for step in (
            _levels(c.cell_id, "concurrency", 1, 4)
            if c.suite == "closed"
            else _levels(c.cell_id, "rate_per_s", 2.0, 20.0)
        )
    ]
    requests = [r for step in steps for r in _load_requests(step)]
    idle = [_idle(c.cell_id) for c in cells if c.model == "alpha"]
    hardware = manifest().hardware.model_copy(update={"gpu_note": ""})
    return Run(
        path=Path("b"),
        manifest=manifest(
            run_id="b",
            name="b",
            kind="bench",
            config=BENCH_CONFIG,
            cells=cells,
            models=(api_entry("alpha", is_api=False, device="cuda:0"), api_entry("beta")),
            hardware=hardware,
        ),
        requests=requests,
        samples=[],
        results=[],
        telemetry=[t for c in cells for t in _load_readings(c)],
        steps=[*idle, *steps],
    )


def _idle(cell_id: str) -> LoadStep:
    end = IDLE_S * 1000 * MS
    return LoadStep(cell_id, 99, 0, "idle", "done", 0, t_steady_ns=0, t_cool_ns=end, t_end_ns=end)


def _levels(cell_id: str, key: str, *amounts: float) -> list[LoadStep]:
    kind = "concurrency" if key == "concurrency" else "constant"
    return [load_step(cell_id, i, kind=kind, **{key: n}) for i, n in enumerate(amounts)]


def _load_requests(step: LoadStep) -> list[Request]:
    if step.concurrency is not None:
        late_ms = 50 if step.cell_id == "beta/closed/0" and step.concurrency == 4 else 0
        ttft_ms = 100 if step.concurrency == 1 else 200
        return [
            load_request(step, 4 * i + user, 500 * i, ttft_ms, late_ms)
            for i in range(22)
            for user in range(step.concurrency)
        ]
    if step.rate_per_s == 2:
        failing = {5} if step.cell_id == "alpha/rates/0" else set()
        return [
            load_request(step, i, 500 * i, error_class="timeout" if i in failing else None)
            for i in range(22)
        ]
    is_overloaded = step.cell_id == "alpha/rates/0"
    return [
        # one answer each 100 ms, one request each 50 ms: every request waits 50 ms longer
        load_request(step, i, 50 * i, 100 + (50 * i if is_overloaded else 0))
        for i in range(220)
    ]


def _load_readings(c: CellRecord) -> list[Telemetry]:
    """Readings each 500 ms; the board draws 30 W when idle and 100 W under load."""
    readings: list[Telemetry] = []
    for t_ms in range(0, IDLE_S * 1000 + 2 * STEP_MS, 500):
        at: dict[str, Any] = {"cell_id": c.cell_id, "session": 0, "t_ns": t_ms * MS}
        readings.append(Telemetry(**at, device="host", rss_bytes=300_000_000, cpu_s=t_ms / 1e4))
        if c.model != "alpha":
            continue
        t_s = t_ms / 1000
        energy_j = 30 * min(t_s, IDLE_S) + 100 * max(t_s - IDLE_S, 0)
        power_w = 30.0 if t_s < IDLE_S else 100.0
        readings += (
            Telemetry(**at, device="server", rss_bytes=2_000_000_000, cpu_s=t_s),
            Telemetry(
                **at,
                device="gpu0",
                memory_used_bytes=8_000_000_000,
                power_w=power_w,
                energy_j=energy_j,
            ),
        )
    return readings
