"""What a bench tells while it works: the probe, what too few requests leave open, how a search ended."""

from __future__ import annotations

import json

import pytest

from evalkit.cli.bench_progress import JsonLog, Lines, point_text, probe_text, setting_text
from evalkit.config.bench import SloSpec
from evalkit.loadgen.sizing import Windows
from evalkit.metrics.load import load_point
from evalkit.metrics.probe import ProbePoint, probe_point
from evalkit.records import PROBE, LoadStep, SearchEnding
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
    Lines(is_terminal=False).cell_ended(ENDED)
    assert "done too few requests to judge 0.2 requests/s (12 were due" in capsys.readouterr().err
    JsonLog().cell_ended(ENDED)
    logged = json.loads(capsys.readouterr().err)
    assert logged["ending"] == {
        "code": "too_few",
        "values": {"rate": 0.2, "n": 12, "needed": 130},
    }
    JsonLog().probed(probe(), ProbePoint(3, 0, 0.2, 0.4), WINDOWS)
    logged = json.loads(capsys.readouterr().err)
    assert (logged["event"], logged["e2e_s"], logged["warmup_s"]) == ("probed", 0.4, 6.4)
