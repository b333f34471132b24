"""Small records, made without a model."""

from __future__ import annotations

from typing import Any

from evalkit.records import (
    Answer,
    Attempt,
    CellRecord,
    EventKind,
    Request,
    RequestKind,
    Sample,
    TaskResult,
    Telemetry,
    TokenEvent,
)
from evalkit.store.manifest import Hardware, RunManifest

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
