"""How long a bench takes and what it asks, for each kind of load, by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.config.bench import BenchConfig
from evalkit.execute.bench_plan import CellEstimate, Replay, plan_bench

PRICED = {
    "name": "m", "backend": "openai", "source": "x", "endpoint": {"base_url": "http://127.0.0.1:9/v1"},
    "price": {"input": 1.0, "output": 10.0, "source": "offer", "date": "2026-01-02"},
}  # fmt: skip


def planned(load: dict[str, Any], **profile: Any) -> CellEstimate:
    whole = {
        "name": "p",
        "load": load,
        "warmup_s": 5,
        "measure_s": 30,
        "cooldown_s": 30,
        "idle_s": 10,
    } | profile
    config = BenchConfig.model_validate({"name": "b", "models": [PRICED], "profiles": [whole]})
    (cell,) = plan_bench(config)
    return cell


def test_a_closed_loop_has_times_but_its_requests_depend_on_the_answers() -> None:
    cell = planned({"kind": "concurrency", "concurrency": [1, 4]}, repeats=2)
    assert (cell.least_steps, cell.most_steps, cell.least_s, cell.most_s) == (4, 4, 140, 280)
    assert (cell.requests, cell.input_tokens, cell.most_cost_usd) == (None, None, None)


@pytest.mark.parametrize("kind", ["constant", "poisson"])
def test_rates_tell_requests_tokens_and_cost(kind: str) -> None:
    cell = planned({"kind": kind, "rates": [2, 4]})
    assert (cell.least_s, cell.most_s, cell.requests) == (70, 140, 210)
    assert (cell.input_tokens, cell.output_tokens) == (210 * 128, 210 * 64)
    assert cell.most_cost_usd == pytest.approx(65 * 6 * (128 + 640) / 1e6)


def test_a_window_grows_until_enough_requests_were_due() -> None:
    assert planned({"kind": "constant", "rates": 1}, min_requests=130).least_s == 135
    assert planned({"kind": "constant", "rates": 0.1}, min_requests=130).least_s == 570


def test_a_ramp_has_the_mean_of_its_rates() -> None:
    assert planned({"kind": "ramp", "from_rate": 1, "to_rate": 3}).requests == 70


def test_turns_send_all_that_was_said_before() -> None:
    cell = planned({"kind": "constant", "rates": 1}, prompts={"turns": 3, "lengths": [[10, 5]]})
    assert (cell.requests, cell.input_tokens) == (105, 35 * (10 + 25 + 40))


def test_a_search_has_a_time_limit_and_no_known_requests() -> None:
    cell = planned({"kind": "search", "max_minutes": 20}, slo={"ttft_s": 1})
    assert (cell.least_steps, cell.most_steps) == (1, 40)
    assert (cell.least_s, cell.most_s, cell.requests) == (35, 20 * 60 + 600 + 10, None)


def test_a_trace_says_how_much_of_it_is_replayed(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    rows = "".join(f"{i},10,5\n" for i in range(101))
    file.write_text(f"timestamp,input_tokens,output_tokens\n{rows}")
    assert planned({"kind": "trace", "file": file}).replay == Replay(35, 100, 36, 101)
    whole = planned({"kind": "trace", "file": file}, measure_s=95)
    assert whole.replay == Replay(100, 100, 101, 101)
    assert (whole.requests, whole.input_tokens) == (101, 1010)


def test_the_command_prints_it_and_names_options_that_mean_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "t.csv"
    rows = "".join(f"{i},10,5\n" for i in range(101))
    trace.write_text(f"timestamp,input_tokens,output_tokens\n{rows}")
    config = tmp_path / "b.yaml"
    config.write_text(
        "name: b\nmodels: [{name: m, source: smollm2-135m}]\n"
        "profiles: [{name: p, load: {kind: trace, file: t.csv}}]\n"
    )
    shown = CliRunner().invoke(main, ["plan", str(config)]).output
    assert "35 of 100 s, 36 of 101 requests of the trace; set measure_s to replay all" in " ".join(
        shown.split()
    )
    cell = json.loads(CliRunner().invoke(main, ["plan", str(config), "--json"]).output)["cells"][0]
    assert (cell["requests"], cell["most_cost_usd"]) == (36, None)
    for option in (["--limit", "3"], ["--prompts", "1"]):
        refused = CliRunner().invoke(main, ["plan", str(config), *option])
        assert refused.exit_code != 0
