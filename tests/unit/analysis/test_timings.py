"""Timings read column by column are those of the formulas on records."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evalkit.analysis.timings import COLUMNS, request_timings
from evalkit.metrics.latency import e2e_latency_s, is_timed, tpot_s, ttft_s
from evalkit.records import EventKind, Request, RequestKind, TokenEvent
from evalkit.store.parquet import read_columns, to_parquet
from tests.builders import MS, api_attempt, api_error, attempt, request

ROLE = TokenEvent(5 * MS, 0, EventKind.ROLE)
EMPTY = TokenEvent(6 * MS, 0, EventKind.CONTENT)
UNTOLD = TokenEvent(400 * MS, None, EventKind.REASONING)
REQUESTS = [
    request(0),
    request(1, attempts=(api_error(1000, "timeout", None), api_attempt(2000))),
    request(2, attempts=(api_error(1000, "timeout", 0.5),), answer=None, output_tokens=None),
    request(3, attempts=()),
    request(4, is_timed=False),
    request(5, kind=RequestKind.LOGLIKELIHOOD, output_tokens=None, is_timed=False),
    request(6, attempts=(replace(attempt(0, (100,)), events=(ROLE, EMPTY, UNTOLD)),)),
    request(7, attempts=(attempt(0, (100,)),), output_tokens=1),
    request(8, attempts=(attempt(0, ()),), output_tokens=0),
    request(9, is_measured=False),
    request(10, cell_id="other"),
    request(11, output_tokens=None, flags=("filtered", "x")),
    request(12, attempts=(api_attempt(0), replace(api_attempt(1000), number=1))),
]


def same(found: float, wanted: float | None) -> bool:
    return math.isnan(found) if wanted is None else found == pytest.approx(wanted, rel=1e-12)


def test_every_latency_and_cost_is_that_of_the_record(tmp_path: Path) -> None:
    file = tmp_path / "requests.parquet"
    file.write_bytes(to_parquet(Request, REQUESTS))
    found = request_timings(read_columns(Request, file, COLUMNS, ["m/s/0"]))
    mine = [r for r in REQUESTS if r.is_measured and r.cell_id == "m/s/0"]
    assert found.doc_ids.tolist() == [r.doc_id for r in mine]
    for i, r in enumerate(mine):
        last = r.attempts[-1] if is_timed(r) else None
        assert same(found.ttft_s[i], last and ttft_s(last)), r.doc_id
        assert same(found.e2e_s[i], last and e2e_latency_s(last)), r.doc_id
        assert same(found.tpot_s[i], last and tpot_s(last, r.output_tokens)), r.doc_id
        costs = [a.cost_usd for a in r.attempts]
        known = [c for c in costs if c is not None]
        assert same(found.cost_usd[i], sum(known) if known and len(known) == len(costs) else None)
        assert found.is_withheld[i] == ("filtered" in r.flags)
        is_generated = r.kind == RequestKind.GENERATE
        assert same(found.output_tokens[i], r.output_tokens if is_generated else None)


def test_a_run_without_requests_has_none(tmp_path: Path) -> None:
    file = tmp_path / "requests.parquet"
    file.write_bytes(to_parquet(Request, []))
    found = request_timings(read_columns(Request, file, COLUMNS, ["m/s/0"]))
    assert len(found.cells) == 0
    assert np.array_equal(found.ttft_s, [])
