"""What a session tells while it works: in lines and logs, and of each kind only what belongs to it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evalkit.cli.events import BENCH, RUN, point_text, probe_text, setting_text
from evalkit.cli.progress import Bars, JsonLog, Lines, choose_progress
from evalkit.config.bench import SloSpec
from evalkit.execute import progress as told
from evalkit.loadgen.driver import Live
from evalkit.loadgen.sizing import Windows
from evalkit.metrics.load import load_point
from evalkit.metrics.probe import ProbePoint, probe_point
from evalkit.records import NS_PER_S, PROBE, LoadStep, SearchEnding
from tests.builders import cell, load_request, load_step

WINDOWS = Windows(6.4, 16.0, 16.0, 600.0, 133)
ENDED = cell(ending=SearchEnding("too_few", {"rate": 0.2, "n": 12, "needed": 130}))


def probe() -> LoadStep:
    return load_step("alpha/closed/0", 3, kind=PROBE)


def test_a_probe_says_how_long_an_answer_takes_and_what_follows() -> None:
    step = probe()
    point = probe_point(step, [load_request(step, -n, 500 * n, 100 * (n + 1)) for n in range(3)])
    assert point == ProbePoint(3, 0, pytest.approx(0.2), pytest.approx(0.4))
    assert probe_text(point, WINDOWS) == (
        "3 single requests: TTFT 200 ms, whole answer 0.4 s; warm-up 6.4 s, windows from 16 s"
    )
    assert setting_text(step) == "single requests, one after the other"
    failed = probe_point(step, [load_request(step, 0, 0, error_class="timeout")])
    assert failed == ProbePoint(1, 1, None, None)
    assert "none of them answered: warm-up 6.4 s" in probe_text(failed, WINDOWS)


def test_a_step_with_too_few_requests_is_said_to_be_inconclusive() -> None:
    step = load_step("alpha/closed/0", 0, kind="constant", rate_per_s=2.0)
    some = [load_request(step, i, 500 * i) for i in range(22)]
    told = point_text(load_point(step, some, SloSpec(ttft_s=1)))
    assert "; INCONCLUSIVE: too few requests to judge p95 TTFT (20 of 130 needed)" in told
    assert "overloaded" not in told


def test_the_end_of_a_search_is_a_sentence_and_in_logs_a_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Lines(BENCH)(told.CellEnded(ENDED, 0))
    assert "done too few requests to judge 0.2 requests/s (12 were due" in capsys.readouterr().err
    JsonLog(BENCH)(told.CellEnded(ENDED, 0))
    logged = json.loads(capsys.readouterr().err)
    assert logged["ending"] == {
        "code": "too_few",
        "values": {"rate": 0.2, "n": 12, "needed": 130},
    }
    JsonLog(BENCH)(told.Probed(probe(), ProbePoint(3, 0, 0.2, 0.4), WINDOWS))
    logged = json.loads(capsys.readouterr().err)
    assert (logged["event"], logged["e2e_s"], logged["warmup_s"]) == ("probed", 0.4, 6.4)


RUN_EVENTS: list[told.Event] = [
    told.SessionStarted(Path("r/x-1"), 2, 30),
    told.ServerStarting("m"),
    told.ServerStarted("m", 2.04),
    told.ModelLoading("m"),
    told.ModelLoaded("m", 3.14),
    told.CellStarted("m/s/0", 20, 4),
    told.Advanced("m/s/0", 2, 6, 20, 7.1),
    told.CellEnded(cell(cell_id="m/s/0", state="failed", reason="gone"), 12.4),
    told.CellEnded(cell(cell_id="n/s/0", state="skipped", reason="no key"), 0.0),
]
RUN_LINES = """\
run directory: r/x-1
2 cells, 30 requests
starting the server of m
the server of m is healthy after 2.0 s
loading m
loaded m in 3.1 s
m/s/0: 20 requests, 4 known from before
m/s/0: failed after 12 s gone
n/s/0: skipped after 0 s no key
"""


def test_a_run_in_lines_tells_now_and_then_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Lines(RUN)
    for event in RUN_EVENTS:
        lines(event)
    assert capsys.readouterr().err == RUN_LINES
    now = iter(n * NS_PER_S for n in (100, 129, 130, 130, 159))
    monkeypatch.setattr("evalkit.cli.progress.now_ns", lambda: next(now))
    lines(RUN_EVENTS[5])
    capsys.readouterr()
    for _ in range(3):
        lines(RUN_EVENTS[6])
    assert capsys.readouterr().err == "m/s/0: 6/20, about 7 s left\n"


def test_a_run_in_logs_is_an_object_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    log = JsonLog(RUN)
    for event in RUN_EVENTS:
        log(event)
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert all(entry.pop("time") for entry in logged)
    assert logged == [
        {"event": "run_started", "folder": "r/x-1", "cells": 2, "requests": 30},
        {"event": "server_starting", "model": "m"},
        {"event": "server_started", "model": "m", "start_s": 2.04},
        {"event": "model_loading", "model": "m"},
        {"event": "model_loaded", "model": "m", "load_s": 3.14},
        {"event": "cell_started", "cell": "m/s/0", "requests": 20, "known": 4},
        {"event": "advanced", "cell": "m/s/0", "requests": 2},
        {"event": "cell_ended", "cell": "m/s/0", "state": "failed", "reason": "gone"},
        {"event": "cell_ended", "cell": "n/s/0", "state": "skipped", "reason": "no key"},
    ]


def test_a_terminal_shows_bars_and_above_them_what_they_cannot(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Bars() as bars:
        for event in RUN_EVENTS:
            bars(event)
    shown = capsys.readouterr().err
    for line in (
        "run directory: r/x-1",
        "loading m",
        "m/s/0: failed gone",
        "n/s/0: skipped no key",
    ):
        assert f"{line}\n" in shown
    assert "loaded m" not in shown
    assert re.search(r"all cells .* 6/30", shown)
    assert re.search(r"m/s/0 .* 6/20", shown)


def test_a_bench_says_of_a_step_how_it_goes_and_is_silent_on_loading_times(
    capsys: pytest.CaptureFixture[str],
) -> None:
    step, live = load_step("m/p/0", 1, kind="constant", rate_per_s=2.0), Live(n_answered=10)
    lines = Lines(BENCH)
    lines(told.SessionStarted(Path("r/x-1"), 2, 0))
    lines(told.ModelLoading("m"))
    lines(told.ModelLoaded("m", 3.14))
    lines(told.StepStarted(step))
    lines(told.StepGoesOn(step, live, 5.0))
    assert capsys.readouterr().err == (
        "run directory: r/x-1\n2 cells\nopening m\nm/p/0: 2 requests/s, constant\n"
    )
    JsonLog(BENCH)(told.StepGoesOn(step, live, 5.0))
    logged = json.loads(capsys.readouterr().err)
    assert (logged["event"], logged["answered"], logged["ttft_p50_s"]) == ("live", 10, None)


def test_who_is_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with choose_progress("run", quiet=True, log_format="text") as show:
        for event in RUN_EVENTS:
            show(event)
    assert capsys.readouterr().err == ""
