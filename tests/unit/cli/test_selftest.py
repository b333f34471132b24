"""`evalkit selftest`: what it prints of what was measured, and of what was not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

import evalkit.loadgen.selftest as selftest
from evalkit.cli import main
from evalkit.cli.selftest import COLUMNS, summary, to_json
from evalkit.loadgen.selftest import (
    Intake,
    Sampling,
    SelfTest,
    Spread,
    Start,
    StreamLevel,
    Timers,
)
from evalkit.metrics.percentiles import percentile
from evalkit.report.format import MARK, MISSING

NOTHING = Spread(percentile([], 50), percentile([], 99))
DELAYS = Spread(percentile([0.001, 0.002], 50), percentile([0.001, 0.002], 99))
MEASURED = SelfTest(
    levels=(
        StreamLevel(100, 998.0, DELAYS, DELAYS, 0.11, 0.12, ""),
        StreamLevel(200, 1990.0, DELAYS, DELAYS, 0.2, 0.2, "the event loop is too late"),
    ),
    max_streams=100,
    is_limit_known=True,
    error_s=0.0021,
    intake=Intake(4, 40_000.0, 0.95, 0.4, "client"),
    start=Start(500, 0.0025),
    sampling=Sampling(0.1, 0.004),
    timers=Timers("uvloop", DELAYS),
)
MISSED = SelfTest(
    levels=(StreamLevel(1, 0.0, NOTHING, NOTHING, None, None, "refused"),),
    max_streams=None,
    is_limit_known=True,
    error_s=None,
    intake=Intake(4, None, None, None, "neither"),
    start=Start(0, None),
    sampling=Sampling(0.1, None),
    timers=Timers("asyncio", NOTHING),
)


def invoke(result: SelfTest, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setattr(selftest, "measure", lambda _extent, _note: result)
    shown = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["selftest", *arguments])
    assert shown.exit_code == 0, shown.output
    return shown.stdout


def test_it_ends_with_a_plain_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    last = invoke(MEASURED, monkeypatch).strip().splitlines()[-1]
    assert last == summary(MEASURED)
    assert last == (
        "On this machine evalkit can measure up to 100 streams / 40,000 chunks per second;"
        " latencies carry an error of about 2.10 ms (p99)."
    )


def test_every_column_is_defined(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = invoke(MEASURED, monkeypatch)
    for name, meaning in COLUMNS.items():
        assert f"{name}: {meaning}" in shown


def test_a_percentile_of_too_few_values_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    row = next(line for line in invoke(MEASURED, monkeypatch).splitlines() if "998" in line)
    assert f"1.99{MARK}" in row


def test_a_limit_that_was_not_reached_is_a_floor() -> None:
    assert "at least 100 streams" in summary(replace(MEASURED, is_limit_known=False))


def test_what_was_not_measured_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = invoke(MISSED, monkeypatch)
    rows = [line for line in shown.splitlines() if line.startswith((" most", " request", " tele"))]
    assert len(rows) == 4
    assert all(MISSING in row for row in rows)
    assert "can't measure even 1 stream" in shown
    assert "refused" in shown


def test_json_has_null_for_what_was_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(invoke(MISSED, monkeypatch, "--json"))
    assert found["max_streams"] is None
    assert found["error_s"] is None
    assert found["intake"]["chunks_per_s"] is None
    assert found["start"]["cpu_s"] is None
    assert found["sampling"]["cpu_share"] is None
    assert found["levels"][0]["delay_s"]["p99"]["value"] is None
    assert found["summary"] == summary(MISSED)


def test_json_holds_the_numbers_in_seconds() -> None:
    found = json.loads(to_json(MEASURED))
    assert found["levels"][0]["delay_s"]["p50"]["value"] == 0.0015
    assert found["start"]["cpu_s"] == 0.0025
