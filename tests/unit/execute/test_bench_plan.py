"""How long a bench takes and what it asks, for each kind of load, by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evalkit.cli import main
from evalkit.config.bench import BenchConfig
from evalkit.execute.bench_bounds import Bound, FewRequests
from evalkit.execute.bench_plan import CellEstimate, Replay, plan_bench

PRICED = {
    "name": "m", "backend": "openai", "source": "x", "endpoint": {"base_url": "http://127.0.0.1:9/v1"},
    "price": {"input": 1.0, "output": 10.0, "source": "offer", "date": "2026-01-02"},
}  # fmt: skip


def planned(
    load: dict[str, Any], limits: dict[str, float] | None = None, **profile: Any
) -> CellEstimate:
    whole = {
        "name": "p",
        "load": load,
        "warmup_s": 5,
        "measure_s": 30,
        "cooldown_s": 30,
        "idle_s": 10,
    } | profile
    config = BenchConfig.model_validate(
        {"name": "b", "models": [PRICED], "profiles": [whole], "limits": limits or {}}
    )
    (cell,) = plan_bench(config)
    return cell


SINGLE_S = 3 * 2.5
"""Three single requests of the longest answers that fit the windows: half of the warm-up."""


def test_a_closed_loop_has_a_bound_by_how_fast_answers_can_come() -> None:
    """An answer of 64 tokens takes 0.064 s at least: 65 s / 0.064 s, and one more each, by 1 + 4 at once."""
    cell = planned({"kind": "concurrency", "concurrency": [1, 4]}, repeats=2)
    assert (cell.least_steps, cell.most_steps, cell.least_s) == (4, 4, 140)
    assert cell.most_s == 280 + 2 * SINGLE_S
    assert (cell.requests, cell.bound) == (None, Bound.ANSWERS)
    most = 2 * (5 * (65 / 0.064 + 1) + 3)
    assert cell.most_requests == pytest.approx(most)
    assert cell.most_input_tokens == pytest.approx(most * 128)
    assert cell.most_output_tokens == pytest.approx(most * 64)
    assert cell.most_cost_usd == pytest.approx(most * (128 + 640) / 1e6, rel=1e-3)


def test_a_budget_is_a_bound_too() -> None:
    """A request costs 768 / 1e6 USD."""
    cell = planned({"kind": "concurrency", "concurrency": 4}, {"max_cost_usd": 0.1})
    assert (cell.most_requests, cell.bound) == (130, Bound.BUDGET)
    assert cell.most_cost_usd == pytest.approx(130 * 768 / 1e6)
    rates = planned({"kind": "constant", "rates": 1}, {"max_cost_usd": 100})
    assert rates.bound == Bound.SCHEDULE


def test_answers_to_docs_of_tasks_have_no_bound() -> None:
    prompts = {"kind": "tasks", "suite": {"name": "s", "tasks": ["invoice_extraction"]}}
    cell = planned({"kind": "concurrency", "concurrency": 4}, prompts=prompts)
    assert (cell.most_requests, cell.bound, cell.most_cost_usd) == (None, None, None)


@pytest.mark.parametrize("kind", ["constant", "poisson"])
def test_rates_tell_requests_tokens_and_cost(kind: str) -> None:
    cell = planned({"kind": kind, "rates": [2, 4]})
    assert (cell.least_s, cell.most_s, cell.requests) == (70, 140 + SINGLE_S, 210)
    assert (cell.input_tokens, cell.output_tokens) == (210 * 128, 210 * 64)
    assert (cell.most_requests, cell.bound) == (65 * 6 + 3, Bound.SCHEDULE)
    assert cell.most_cost_usd == pytest.approx((65 * 6 + 3) * (128 + 640) / 1e6)


def test_a_window_grows_until_enough_requests_were_due() -> None:
    assert planned({"kind": "constant", "rates": 1}, min_requests=130).least_s == 135
    assert planned({"kind": "constant", "rates": 0.1}, min_requests=130).least_s == 570


def test_a_ramp_has_the_mean_of_its_rates() -> None:
    assert planned({"kind": "ramp", "from_rate": 1, "to_rate": 3}).requests == 70


def test_turns_send_all_that_was_said_before() -> None:
    cell = planned({"kind": "constant", "rates": 1}, prompts={"turns": 3, "lengths": [[10, 5]]})
    assert (cell.requests, cell.input_tokens) == (105, 35 * (10 + 25 + 40))


def test_a_search_has_a_time_limit_and_a_bound_by_its_highest_rate() -> None:
    cell = planned({"kind": "search", "max_minutes": 20, "max_rate": 8}, slo={"ttft_s": 1})
    assert (cell.least_steps, cell.most_steps) == (1, 40)
    assert (cell.least_s, cell.most_s, cell.requests) == (35, 20 * 60 + 10, None)
    assert (cell.most_requests, cell.bound) == (8 * 1200 + 3, Bound.MAX_RATE)
    free = planned({"kind": "search", "max_minutes": 20}, slo={"ttft_s": 1})
    assert (free.most_requests, free.bound) == (1000 * 1200 + 3, Bound.CLIENT)
    assert (free.few, free.first_step_s) == (None, None)


def test_a_search_whose_steps_can_not_be_judged_says_so_before() -> None:
    """At 0.2/s the 25 s between warm-up and cool-down hold 5 requests; a p95 needs 130, and one in 100 may fail."""
    search = {"kind": "search", "first_rate": 0.2}
    cell = planned(search, slo={"ttft_s": 10}, max_s=60, measure_s=12)
    assert cell.few == FewRequests(0.2, 5, 133, 5 + 133 / 0.2 + 30)
    assert planned(search, slo={"ttft_s": 10}, max_s=701).few is None
    late = planned({**search, "max_minutes": 5}, slo={"ttft_s": 10}, max_s=701)
    assert late.first_step_s == pytest.approx(670)


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
    assert (cell["bound"], cell["fitting_s"]) == ("schedule", None)
    assert (cell["requests"], cell["most_cost_usd"]) == (36, None)
    for option in (["--limit", "3"], ["--prompts", "1"]):
        refused = CliRunner().invoke(main, ["plan", str(config), *option])
        assert refused.exit_code != 0


def test_bounds_are_shown_with_what_they_follow_from(tmp_path: Path) -> None:
    config = tmp_path / "b.yaml"
    config.write_text(
        "name: b\nmodels: [{name: m, source: smollm2-135m}]\n"
        "profiles:\n- {name: p, load: {kind: concurrency, concurrency: 2}}\n"
        "- {name: s, load: {kind: search, first_rate: 0.2}, slo: {ttft_s: 10}, max_s: 60}\n"
    )
    shown = re.sub(r"[ \n]+", " ", CliRunner().invoke(main, ["plan", str(config)]).output)
    assert "≤ 2,036" in shown
    assert "Profile p: at most, if no answer comes faster than 1,000 tokens/s" in shown
    assert "Profile s: at most, at the 1,000 requests/s that evalkit itself can send" in shown
    assert "a step holds 6 requests, and 133 are needed to judge it: raise max_s to 700 s" in shown
