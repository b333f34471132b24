"""Load tests in page, terminal and exports: every number is there, INVALID levels are in plain sight and never used."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from evalkit.analysis.facts import Estimate, RunFacts
from evalkit.analysis.summary import analyse
from evalkit.records import NS_PER_S, Attempt, Request, TokenEvent
from evalkit.report.export import export_facts_csv, export_json
from evalkit.report.glossary import LOAD_TERMS
from evalkit.report.html import render_report
from evalkit.report.load import LevelView, level_views
from evalkit.report.load_page import Details, LoadSection, ProfileLoad
from evalkit.report.load_series import curve
from evalkit.report.load_terminal import load_parts
from evalkit.report.models import compared_models
from evalkit.report.page import Page, build_page
from evalkit.report.table import render_tables
from evalkit.store.run_dir import Run
from evalkit.wording import say
from tests.builders import (
    BENCH_CONFIG,
    HOSTILE,
    MS,
    STEP_MS,
    api_run,
    bench_run,
    load_request,
    load_step,
)
from tests.unit.report.test_endpoints import local_run
from tests.unit.report.test_html import Parsed, make_run

BENCH = bench_run()
HEADS = ("n", "TTFT p50", "TTFT p95", "TPOT p50", "e2e p95 *", "tokens/s", "done/s", "good/s", "errors", "J/token",
         "verdict")  # fmt: skip
LEVELS = {
    ("alpha", "closed", "1 at once"): "20 | 100 ms | n130 | 50 ms | n130 | 10 | 2 | – | 0.0 % | 10 | ok",
    ("alpha", "closed", "4 at once"): "80 | 200 ms | n130 | 50 ms | n130 | 40 | 8 | – | 0.0 % | 2.5 | ok",
    ("beta", "closed", "1 at once"): "20 | 100 ms | n130 | 50 ms | n130 | 10 | 2 | – | 0.0 % | – | ok",
    ("beta", "closed", "4 at once"): "80 | 200 ms | n130 | 50 ms | n130 | 40 | 8 | – | 0.0 % | – | INVALID",
    ("alpha", "rates", "2/s"): "20 | 100 ms | n130 | 50 ms | n130 | 9.5 | 1.9 | 1.9 | 5.0 % | 10.5 | ok",
    ("alpha", "rates", "20/s"): "200 | 6.07 s | 10.6 s | 50 ms | 10.8 s | 50 | 10 | 0 | 0.0 % | 2 | overloaded",
    ("beta", "rates", "2/s"): "20 | 100 ms | n130 | 50 ms | n130 | 10 | 2 | 2 | 0.0 % | – | ok",
    ("beta", "rates", "20/s"): "200 | 100 ms | 100 ms | 50 ms | 300 ms | 100 | 20 | 20 | 0.0 % | – | ok",
}  # fmt: skip
"""Level → what its row says, by hand from the docstring of `bench_run`; n130: too few requests for the percentile."""
CLOSED_4 = {
    "requests": "80",
    "repeats": "1",
    "steady window": "10.0 s",
    "offered requests/s": "8",
    "completed requests/s": "8",
    "goodput, requests/s": "not measured",
    "errors": "0.0 %",
    "output tokens/s, sustained": "40",
    "output tokens/s, peak": "40",
    "tokens/s per user": "20",
    "tokens in": "2,560",
    "tokens out": "400",
    "in flight, mean": "3.2",
    "in flight, most": "4",
    "growth of the queue": "−0.2",
    "TTFT p50": "200 ms",
    "TTFT p90": "200 ms",
    "TTFT p95": "needs n ≥ 130",
    "TTFO p50": "200 ms",
    "TPOT p90": "50 ms",
    "ITL p95": "50 ms",
    "ITL p99": "needs n ≥ 662",
    "e2e latency p50": "400 ms",
    "TTFT from due p50": "200 ms",
    "e2e from due p90": "400 ms",
    "TTFT, errors endless p50": "200 ms",
    "e2e, errors endless p50": "400 ms",
    "energy per output token": "2.5 J",
    "GPU energy": "1,000 J",
    "GPU power": "100 W",
    "GPU power when idle": "30 W",
    "counter and power agree": "yes",
    "throttled": "no",
    "GPU memory, peak": "8.00 GB",
    "CPU energy": "not measured",
    "server memory, peak": "2.00 GB",
    "server CPU": "1",
    "schedule lag p50": "0 ms",
    "schedule lag p99": "0 ms",
    "event loop lag p99": "1 ms",
    "CPU of the sending thread": "10.0 %",
    "CPU of evalkit's process": "12.0 %",
    "memory of evalkit's process": "300 MB",
    "cost of reading the machine": "0.20 %",
}
"""Every metric of `alpha` with 4 requests at once, by hand."""


@cache
def bench_facts() -> RunFacts:
    return analyse(BENCH)


@cache
def bench_page() -> Page:
    return build_page([(BENCH, bench_facts())])


@cache
def bench_html() -> str:
    return render_report([(BENCH, bench_facts())]).decode()


def facts_of(run: Run) -> RunFacts:
    return bench_facts() if run is BENCH else analyse(run)


def page_of(*runs: Run) -> Page:
    if len(runs) == 1 and runs[0] is BENCH:
        return bench_page()
    return build_page([(run, facts_of(run)) for run in runs])


def section_of(*runs: Run) -> LoadSection:
    section = page_of(*runs).load
    assert section is not None
    return section


def profile_of(run: Run, name: str) -> ProfileLoad:
    (found,) = (p for p in section_of(run).profiles if p.name == name)
    return found


def html_of(*runs: Run) -> str:
    if len(runs) == 1 and runs[0] is BENCH:
        return bench_html()
    return render_report([(run, facts_of(run)) for run in runs]).decode()


def terminal_of(run: Run, width: int = 100) -> str:
    console = Console(record=True, width=width, file=io.StringIO(), markup=False)
    for part in render_tables(facts_of(run)):
        console.print(part)
    return console.export_text()


def details_of(run: Run, model: str, profile: str, level: str) -> dict[str, tuple[str, str]]:
    found: Details
    (found,) = (d for d in profile_of(run, profile).details if d.model == model)
    position = [name for name, _ in found.levels].index(level)
    rows = [row for group in found.groups for row in group.rows]
    return {head.text: (row[position].text, row[position].note) for head, row in rows}


def csv_of(run: Run) -> dict[tuple[str, ...], dict[str, str]]:
    rows = csv.DictReader(io.StringIO(export_facts_csv(facts_of(run))))
    return {(r["model"], r["suite"], r["task"], r["metric"]): r for r in rows}


def in_page(shown: str) -> str:
    return "n ≥ 130" if shown == "n130" else shown


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_is_in_the_page(level: tuple[str, str, str]) -> None:
    model, profile, load = level
    found = profile_of(BENCH, profile)
    (row,) = (r for r in found.rows if (r.model, r.load) == (model, load))
    expected = [in_page(shown) for shown in LEVELS[level].split(" | ")]
    assert [row.n, *(v.text for v in row.values), row.verdict] == expected
    assert ["n", *(title for title, _ in found.columns), "verdict"] == list(HEADS)
    html = html_of(BENCH)
    assert all(value in html for value in expected)


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_is_in_the_terminal(level: tuple[str, str, str]) -> None:
    model, profile, load = level
    shown = terminal_of(BENCH)
    part, head = shown[shown.index(f"\n{profile}: ") :], [model, *load.split()]
    line = next(s for s in part.splitlines() if s.split()[: len(head)] == head)
    expected = " ".join(LEVELS[level].split(" | ")).replace("n130", "n≥130")
    assert " ".join(line.split()) == f"{model} {load} {expected}"


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_number_and_no_name_is_broken_at_any_width(width: int) -> None:
    """Six digits everywhere, repeats with intervals, and names longer than a column."""
    run = with_second_repeat(renamed(BENCH, "somebody/with-a-rather-long-model-name-27b"))
    facts = analyse(run)
    levels = tuple(
        replace(f, **{name: million(f, name) for name in ESTIMATES}) for f in facts.levels
    )
    latencies = {
        n: Estimate(123_456.0, "s", 200, 123_000.0, 124_000.0) for n in levels[0].latencies
    }
    levels = tuple(
        replace(f, latencies=latencies, rate_per_s=f.rate_per_s and 123_456.5, n_requests=123_456)
        for f in levels
    )
    console = Console(record=True, width=width, file=io.StringIO(), markup=False)
    for part in load_parts(replace(facts, levels=levels)):
        console.print(part)
    shown = console.export_text()
    lines = shown.splitlines()
    assert max(map(cell_len, lines)) <= width
    words = {word for line in lines for word in line.split(" ")}
    assert {"123,456", "123,457", "±0.5"} <= words
    assert {"INVALID", "overloaded", "verdict"} <= words
    rows = [line for line in lines if "123,456" in line]
    assert len(rows) >= len(levels)
    assert "…" not in shown
    for half in ("somebody/", "with-a-rather-", "model-name-27b", "long-"):
        assert any(half in line for line in lines), half


ESTIMATES = ("output_tokens_per_s", "completed_per_s", "goodput_per_s", "energy_per_output_token_j")


def million(f: Any, name: str) -> Estimate:
    return replace(getattr(f, name), value=123_456.6, low=123_456.1, high=123_457.1)


def test_a_bench_prints_no_empty_tables_of_a_run() -> None:
    shown = terminal_of(BENCH)
    assert "Quality" not in shown
    assert "Speed and resources" not in shown


@pytest.mark.parametrize("name", CLOSED_4)
def test_every_metric_is_in_the_table_of_a_level(name: str) -> None:
    assert details_of(BENCH, "alpha", "closed", "4 at once")[name][0] == CLOSED_4[name]


def test_all_percentiles_of_both_views_are_shown_with_definitions() -> None:
    names = set(details_of(BENCH, "alpha", "closed", "4 at once"))
    for metric in ("TTFT", "TTFO", "TPOT", "ITL", "e2e latency", "TTFT from due", "e2e from due"):
        assert {f"{metric} p{q}" for q in (50, 90, 95, 99)} <= names
    (details,) = (d for d in profile_of(BENCH, "closed").details if d.model == "alpha")
    assert all(head.meaning for group in details.groups for head, _ in group.rows)


def test_what_the_capacity_is_and_how_well_it_is_known() -> None:
    rows = {r.model: r for r in section_of(BENCH).capacities}
    assert (rows["alpha"].value, rows["alpha"].note) == ("1.9/s (1.9 to 20)", "")
    assert (rows["beta"].value, rows["beta"].note) == (
        "≥ 20/s",
        "no higher rate was measured: it may sustain more",
    )
    assert all("p50 TTFT ≤ 0.5 s, errors ≤ 10" in r.slo for r in rows.values())
    shown = " ".join(terminal_of(BENCH, width=200).split())
    assert "alpha rates 1.9/s (1.9 to 20) p50 TTFT ≤ 0.5 s" in shown
    assert "no higher rate was measured: it may sustain more" in shown


def test_the_summary_says_what_is_sustained_and_what_is_invalid() -> None:
    summary = " ".join(page_of(BENCH).summary)
    assert "alpha sustains 1.9 requests/s (between 1.9 and 20) within p50 TTFT ≤ 0.5 s" in summary
    assert "alpha, profile closed: most output tokens/s: 40, with 4 requests at once" in summary
    assert "2.5 J of GPU energy per output token" in summary
    assert "up to 5.0 % of the requests failed (at 2 requests/s)" in summary
    assert "INVALID, not to be used (1 of 8 levels): beta closed 4 at once" in summary


def test_overload_and_invalid_levels_are_no_best_level() -> None:
    """`beta` had its most tokens in an INVALID level, `alpha` in an overloaded one."""
    summary = " ".join(page_of(BENCH).summary)
    assert "beta, profile closed: most output tokens/s: 10, with 1 request at once" in summary
    assert (
        "alpha, profile rates: most output tokens/s within the service level: 9.5, at 2" in summary
    )


def test_reasons_stand_below_the_table() -> None:
    shown = " ".join(terminal_of(BENCH).split())
    assert "beta, 4 at once: INVALID: requests were sent up to 50 ms late (p99)" in shown
    assert (
        "alpha, 20/s: overloaded: only 50% of what was offered was completed; the queue grew by 100 requests;"
        " p50 TTFT 6.07 s > 0.5 s" in shown
    )


def test_an_overloaded_level_shows_its_queue() -> None:
    values = details_of(BENCH, "alpha", "rates", "20/s")
    assert values["completed requests/s"] == ("10", "50.0 % of the requests due")
    assert values["goodput, requests/s"] == ("0", "0.0 % of the requests due")
    assert values["growth of the queue"][0] == "+100.0"
    assert values["in flight, most"][0] == "113"


def test_a_failed_request_is_counted_and_named() -> None:
    values = details_of(BENCH, "alpha", "rates", "2/s")
    assert values["requests"] == ("20", "1 failed: 1 × no answer in time")
    assert values["errors"][0] == "5.0 %"


def test_a_percentile_that_falls_on_failed_requests_is_missing_with_its_reason() -> None:
    step = load_step("alpha/rates/0", 0, kind="constant", rate_per_s=20.0)
    requests = [
        load_request(step, i, 50 * i, error_class="timeout" if i % 5 == 0 else None)
        for i in range(220)
    ]
    run = only(BENCH, "alpha/rates/0", [step], requests)
    shown, note = details_of(run, "alpha", "rates", "20/s")["TTFT, errors endless p95"]
    assert (shown, note) == ("not measured", "too many requests failed: it never comes")
    assert "Infinity" not in export_json(run, analyse(run))
    assert "inf" not in {r["value"] for r in csv_of(run).values()}


def test_invalid_numbers_are_struck_and_say_why() -> None:
    html = html_of(BENCH)
    rows = re.findall(r'<tr class="void">.*?</tr>\s*<tr class="why">.*?</tr>', html, re.DOTALL)
    assert len(rows) == 1
    assert "<s>200 ms</s>" in rows[0]
    assert "⊘ INVALID" in rows[0]
    assert "requests were sent up to 50 ms late (p99)" in rows[0]
    values = details_of(BENCH, "beta", "closed", "4 at once")
    assert values["schedule lag p99"][0] == "50 ms"
    assert values["TTFT from due p50"][0] == "250 ms"


def test_a_bench_of_invalid_steps_alone_claims_no_capacity() -> None:
    step = load_step("beta/rates/0", 0, kind="constant", rate_per_s=2.0, loop_cpu_s=9.0)
    requests = [load_request(step, i, 500 * i) for i in range(22)]
    run = only(BENCH, "beta/rates/0", [step], requests)
    (row,) = section_of(run).capacities
    assert (row.value, row.is_missing) == ("not known", True)
    assert "every step is INVALID: evalkit itself was the bottleneck" in row.note
    assert "is not known: every step is INVALID" in " ".join(page_of(run).summary)
    assert "busy 90% of the time" in html_of(run)
    assert csv_of(run)["beta", "rates", "", "lambda_slo_per_s"]["value"] == ""


def test_a_missing_gpu_is_missing_with_a_reason_and_no_zero() -> None:
    values = details_of(BENCH, "beta", "closed", "1 at once")
    for name in ("energy per output token", "GPU energy", "GPU power", "GPU power when idle"):
        assert values[name][0] == "not measured"
    assert values["GPU energy"][1] == "no reading"
    assert values["server memory, peak"] == ("not measured", "evalkit did not start the server")
    assert not re.search(r">\s*0 (W|J|MB)\b", html_of(BENCH))


def test_the_energy_column_is_only_there_where_energy_was_measured() -> None:
    run = replace(BENCH, telemetry=[])
    assert "J/token" not in terminal_of(run)
    assert "J/token" not in [title for title, _ in profile_of(run, "closed").columns]


def test_repeats_have_intervals() -> None:
    """TTFT of 100 and 300 ms: mean 200 ms, ± 12.706 · 100 ms; tokens/s of 10 and 10."""
    run = with_second_repeat(BENCH)
    shown = terminal_of(run)
    assert "200 ms" in shown
    assert "±1.27 s" in shown
    shown, note = details_of(run, "alpha", "closed", "1 at once")["TTFT p50"]
    assert shown == "200 ms"
    assert note.startswith("95 %: ")
    assert details_of(run, "alpha", "closed", "1 at once")["repeats"][0] == "2"


def test_a_curve_goes_from_left_to_right_where_levels_offered_other_loads_than_asked_for() -> None:
    models = compared_models([(BENCH, facts_of(BENCH))])
    views = [v for v in level_views(models) if v.series == 0 and v.fact.profile == "rates"]
    places = dict(zip((id(v.fact) for v in views), (0.3, 0.2), strict=True))

    def load_of_place(v: LevelView) -> Estimate:
        return Estimate(places[id(v.fact)], "", 1)

    drawn = curve(views, load_of_place, lambda v: v.fact.output_tokens_per_s, say("alpha"), 0)
    assert [p.x for p in drawn.points] == [0.2, 0.3]
    places.update(zip(places, (0.20001, 0.2), strict=True))
    drawn = curve(views, load_of_place, lambda v: v.fact.output_tokens_per_s, say("alpha"), 0)
    assert [p.x for p in drawn.points] == [0.20001, 0.2]


def test_figures_draw_what_was_measured() -> None:
    rates = profile_of(BENCH, "rates")
    curves = {c.label: [(p.x, p.verdict) for p in c.points] for c in rates.latency}
    assert curves["p50 alpha"] == [(2.0, "ok"), (20.0, "overloaded")]
    assert curves["p95 alpha"] == [(20.0, "overloaded")]
    assert rates.latency_axes.limit == 0.5
    tokens = {c.label: [(p.x, p.y) for p in c.points] for c in rates.tokens}
    assert tokens == {"alpha": [(2.0, 9.5), (20.0, 50.0)], "beta": [(2.0, 10.0), (20.0, 100.0)]}
    closed = profile_of(BENCH, "closed")
    assert [p.verdict for c in closed.tokens for p in c.points] == ["ok", "ok", "ok", "INVALID"]


def test_shares_count_failed_requests_and_leave_out_invalid_levels() -> None:
    rates = profile_of(BENCH, "rates")
    first = rates.ttft_shares[0]
    assert (first.label, len(first.values), first.n) == ("2/s, alpha", 19, 20)
    assert first.values[0] == pytest.approx(0.1)
    closed = profile_of(BENCH, "closed")
    assert [line.label for line in closed.e2e_shares] == [
        "1 at once, alpha",
        "4 at once, alpha",
        "1 at once, beta",
    ]


def test_of_many_levels_only_the_extremes_and_the_one_at_capacity_are_drawn() -> None:
    steps = [
        load_step("beta/rates/0", i, kind="constant", rate_per_s=float(i + 1)) for i in range(8)
    ]
    requests = [
        load_request(s, n, round(1000 / (s.rate_per_s or 1) * n))
        for s in steps
        for n in range(round(11 * (s.rate_per_s or 1)))
    ]
    shares = profile_of(only(BENCH, "beta/rates/0", steps, requests), "rates").ttft_shares
    assert len(shares) <= 6
    assert {shares[0].label, shares[-1].label} == {"1/s", "8/s"}


def test_the_time_line_shows_queue_tokens_power_and_memory() -> None:
    line = profile_of(BENCH, "closed").lines[0].line
    panels = {p.label: p.values for p in line.panels}
    assert list(panels) == ["in flight", "tokens/s", "GPU power, W", "server memory"]
    second_step_s = 5 + STEP_MS // 1000
    assert line.width_s == 1
    assert panels["in flight"][second_step_s + 2] == pytest.approx(3.2)
    assert panels["tokens/s"][second_step_s + 2] == pytest.approx(40)
    assert panels["GPU power, W"][0] == 30
    assert panels["GPU power, W"][second_step_s + 2] == 100
    assert panels["server memory"][0] == 2_000_000_000
    assert [(s.start_s, s.label) for s in line.spans] == [(0, "idle"), (5, "1"), (45, "4")]


def test_without_a_server_the_time_line_shows_evalkits_memory() -> None:
    line = profile_of(BENCH, "closed").lines[1].line
    assert [p.label for p in line.panels] == ["in flight", "tokens/s", "evalkit's memory"]


def test_the_time_line_never_mixes_the_clocks_of_two_sessions() -> None:
    """The second step was held by a resumed process, whose clock began anew."""
    run = BENCH
    back_ns = (5 + STEP_MS // 1000) * NS_PER_S
    steps = [
        shifted_step(s, back_ns) if (s.cell_id, s.step) == ("beta/closed/0", 1) else s
        for s in run.steps
    ]
    requests = [
        shifted(r, back_ns) if (r.cell_id, r.step) == ("beta/closed/0", 1) else r
        for r in run.requests
    ]
    line = profile_of(replace(run, steps=steps, requests=requests), "closed").lines[1].line
    panels = {p.label: p.values for p in line.panels}
    assert [(s.start_s, s.label) for s in line.spans] == [(0, "4")]
    assert panels["tokens/s"][2] == pytest.approx(40)
    assert "evalkit's memory" not in panels  # all readings are of the first session


def test_figures_are_named_and_every_id_is_unique() -> None:
    page = Parsed(html_of(BENCH))
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    figures = page.all("svg")
    assert len(figures) == 12  # per profile: two over load, two shares, a time line per model
    for figure in figures:
        assert figure["role"] == "img"
        assert set((figure["aria-labelledby"] or "").split()) <= set(ids)


def test_the_same_bench_gives_the_same_bytes() -> None:
    again = bench_run()
    assert render_report([(again, analyse(again))]).decode() == html_of(BENCH)


def test_sections_without_data_are_left_out() -> None:
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", html_of(BENCH))
    assert headings == [
        "In short",
        "Under load",
        "Errors and exclusions",
        "How this was measured",
        "Words and formulas explained",
    ]


def test_a_bench_whose_steps_were_all_cut_says_so() -> None:
    run = BENCH
    run = replace(run, steps=[replace(s, state="cut") for s in run.steps])
    assert "No step was finished" in html_of(run)


def test_terms_are_explained_where_they_are_used() -> None:
    html = html_of(BENCH)
    for term in ("closed loop", "open loop", "goodput", "λ_SLO", "service level", "response view", "in flight",
                 "invalid step", "warm-up, steady window", "tokens/s per user"):  # fmt: skip
        assert term in LOAD_TERMS
        assert f"<dt>{term}</dt>" in html


def test_the_csv_holds_levels_and_capacities() -> None:
    rows = csv_of(BENCH)
    assert rows["alpha", "rates", "20/s", "output_tokens_per_s"]["value"] == "50.0"
    assert rows["alpha", "rates", "20/s", "passed"]["value"] == "0"
    assert rows["alpha", "rates", "20/s", "rate_per_s"]["value"] == "20.0"
    assert rows["alpha", "closed", "4 at once", "energy_per_output_token_j"]["value"] == "2.5"
    assert rows["alpha", "rates", "", "lambda_slo_per_s"]["value"] == "1.9"
    assert rows["alpha", "rates", "", "lambda_slo_per_s"]["high"] == "20.0"


def test_the_csv_leaves_missing_cells_empty_and_marks_invalid_levels() -> None:
    rows = csv_of(BENCH)
    assert rows["beta", "closed", "1 at once", "energy_per_output_token_j"]["value"] == ""
    assert rows["alpha", "closed", "1 at once", "goodput_per_s"]["value"] == ""
    assert rows["alpha", "closed", "1 at once", "passed"]["value"] == ""
    few = rows["alpha", "closed", "1 at once", "ttft_s_p95"]
    assert (few["value"], few["reason"]) == ("", "n = 20; p95 needs n ≥ 130")
    assert rows["beta", "closed", "4 at once", "is_valid"]["value"] == "0"
    assert "INVALID" in rows["beta", "closed", "4 at once", "ttft_s_p50"]["reason"]


def test_json_of_a_bench_holds_no_infinity() -> None:
    document = json.loads(export_json(BENCH, bench_facts()))
    assert len(document["facts"]["levels"]) == 8


def test_hostile_names_are_inert() -> None:
    run = renamed(BENCH, HOSTILE)
    html = html_of(run)
    page = Parsed(html)
    assert len(page.all("script")) == 1
    assert not page.all("img")
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    shown = terminal_of(run, width=400)
    for text in (html, shown):
        assert "\u202e" not in text
        assert "\x1b" not in text
    facts = analyse(run)
    levels = tuple(replace(f, profile=HOSTILE, flaws=(HOSTILE,)) for f in facts.levels)
    capacities = tuple(replace(f, profile=HOSTILE, slo=HOSTILE) for f in facts.capacities)
    console = Console(record=True, width=400, file=io.StringIO(), markup=False)
    for part in render_tables(replace(facts, levels=levels, capacities=capacities, warnings=())):
        console.print(part)
    assert not re.search("[\u202e\x1b]", console.export_text())


def test_two_benches_are_compared_under_names_of_their_own() -> None:
    other = replace(BENCH, manifest=BENCH.manifest.model_copy(update={"run_id": "c"}))
    html = unescape(html_of(BENCH, other))
    assert "alpha (b)" in html
    assert "alpha (c)" in html
    assert len(section_of(BENCH, other).capacities) == 4
    assert "is another load in each run" not in html


def test_profiles_that_share_only_their_name_are_not_compared_in_silence() -> None:
    closed, rates = BENCH_CONFIG["profiles"]
    config = {**BENCH_CONFIG, "profiles": [{**closed, "measure_s": 20}, rates]}
    update = {"run_id": "c", "config": config}
    other = replace(BENCH, manifest=BENCH.manifest.model_copy(update=update))
    warnings = page_of(BENCH, other).warnings
    assert any("profile closed is another load in each run" in w for w in warnings)
    assert not any("profile rates is" in w for w in warnings)


def test_a_bench_and_a_run_share_a_page() -> None:
    html = html_of(make_run(), BENCH)
    assert "Under load" in html
    assert "What they get right" in html


@pytest.mark.parametrize("run", [local_run(), api_run(), make_run(2)])
def test_a_run_shows_nothing_of_load_tests(run: Run) -> None:
    html = html_of(run)
    assert page_of(run).load is None
    for word in ("Under load", "λ_SLO", "goodput", ".verdict"):
        assert word not in html
    assert "λ_SLO" not in terminal_of(run)
    assert "Quality" in terminal_of(run)


def only(run: Run, cell_id: str, steps: list[Any], requests: list[Request]) -> Run:
    """A bench of one cell with other steps."""
    cells = tuple(c for c in run.manifest.cells if c.cell_id == cell_id)
    return replace(
        run,
        manifest=run.manifest.model_copy(update={"cells": cells}),
        steps=steps,
        requests=requests,
        telemetry=[],
    )


def with_second_repeat(run: Run) -> Run:
    """`alpha` on `closed` once more, its first tokens 200 ms later."""
    (first,) = (c for c in run.manifest.cells if c.cell_id == "alpha/closed/0")
    again = replace(first, cell_id="alpha/closed/1", repeat=1)
    steps = [replace(s, cell_id=again.cell_id) for s in run.steps if s.cell_id == "alpha/closed/0"]
    slower = [
        load_request(s, n, 500 * n, 300) for s in steps if s.kind != "idle" for n in range(22)
    ]
    cells = (*run.manifest.cells, again)
    return replace(
        run,
        path=Path("b"),
        manifest=run.manifest.model_copy(update={"cells": cells}),
        steps=[*run.steps, *steps],
        requests=[*run.requests, *slower],
    )


def shifted_step(step: Any, back_ns: int) -> Any:
    names = ("t_start_ns", "t_steady_ns", "t_cool_ns", "t_end_ns")
    return replace(step, session=1, **{name: getattr(step, name) - back_ns for name in names})


def shifted(r: Request, back_ns: int) -> Request:
    def earlier(a: Attempt) -> Attempt:
        names = ("t_intended_ns", "t_queued_ns", "t_send_ns", "t_end_ns")
        events = tuple(TokenEvent(e.t_ns - back_ns, e.n_tokens, e.kind) for e in a.events)
        stamps = {name: getattr(a, name) - back_ns for name in names}
        return replace(a, session=1, events=events, **stamps)

    return replace(r, session=1, attempts=tuple(map(earlier, r.attempts)))


def renamed(run: Run, name: str) -> Run:
    """`alpha` under another name, and its failures and throttling too."""
    cells = tuple(replace(c, model=name) if c.model == "alpha" else c for c in run.manifest.cells)
    models = tuple(
        m.model_copy(update={"name": name}) if m.name == "alpha" else m for m in run.manifest.models
    )
    manifest = run.manifest.model_copy(update={"cells": cells, "models": models})
    requests = [
        replace(r, attempts=(replace(r.attempts[0], error_class=name),))
        if r.attempts[0].error_class
        else r
        for r in run.requests
    ]
    readings = [
        replace(t, throttle_reasons=name) if t.device == "gpu0" and t.t_ns > MS else t
        for t in run.telemetry
    ]
    return replace(run, manifest=manifest, requests=requests, telemetry=readings)
