"""Models behind APIs in page, terminal and exports: every number is there, what is not known says so."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from rich.console import Console

from evalkit.analysis.summary import analyse
from evalkit.backends.endpoints.error_classes import ErrorClass
from evalkit.records import GENERATE
from evalkit.report.audit import endpoint_text
from evalkit.report.blocks import Table
from evalkit.report.export import export_facts_csv, export_json, export_samples_csv
from evalkit.report.glossary import FAILURES, METRICS, TERMS, failure_text
from evalkit.report.html import render_report
from evalkit.report.models import compared_models
from evalkit.report.page import build_page
from evalkit.report.table import render_tables
from evalkit.report.tables import performance_table
from evalkit.store.run_dir import Run
from tests.builders import (
    api_entry,
    api_error,
    api_request,
    api_run,
    cell,
    endpoint,
    manifest,
    reading,
    request,
    result,
    sample,
)

NUMBERS = {
    "sent to": ("api.example.com:443", "chat completions"),
    "answered by": ("gpt-2026-08-01",),
    "requests at once": ("8",),
    "requests and attempts": ("44 requests, 49 attempts",),
    "needed more than one attempt": ("3", "1 × rate limit reached", "2 × no answer in time"),
    "error rate": ("6.8 %", "2.3 to 18.2 %", "3 of 44", "1 × error of the server"),
    "filtered or refused answers": ("1",),
    "implausible token counts": ("1",),
    "tokens in": ("5,200",),
    "of them cached": ("820",),
    "tokens out": ("338",),
    "of them reasoning": ("123",),
    "cost": ("$0.00515", "2 attempts of unknown cost are not in it"),
    "of it for attempts without an answer": ("$0.00005",),
    "cost per 1000 requests": ("$0.10",),
    "response time p50": ("500 ms", "n = 41"),
    "response time p95": ("2.20 s †",),
    "own delay p99": ("3.1 ms",),
}
"""Row → what it says of `gpt` in `api_run`, counted by hand."""
UNKNOWN = {
    "tokens in": "the server does not say",
    "of them cached": "the server does not say",
    "tokens out": "the server does not say",
    "of them reasoning": "the server does not say",
    "cost": "the server tells no token counts",
    "of it for attempts without an answer": "the server tells no token counts",
    "cost per 1000 requests": "the server tells no token counts",
}
"""Row → why it is not known of `mystery`."""


def page_of(run: Run) -> Any:
    return build_page([(run, analyse(run))])


def html_of(run: Run) -> str:
    return render_report([(run, analyse(run))]).decode()


def terminal_of(run: Run, width: int = 400) -> str:
    console = Console(record=True, width=width, file=io.StringIO(), markup=False)
    for part in render_tables(analyse(run)):
        console.print(part)
    return console.export_text()


def local_run() -> Run:
    return Run(
        path=api_run().path,
        manifest=manifest(),
        requests=[request(0)],
        samples=[sample(0)],
        results=[result(1.0)],
        telemetry=[reading(1, rss_peak_bytes=7_000_000, cpu_s=3.0)],
    )


def with_cells(run: Run, **changes: Any) -> Run:
    cells = tuple(replace(c, **changes) for c in run.manifest.cells)
    return replace(run, manifest=run.manifest.model_copy(update={"cells": cells}))


def column(table: Table, position: int) -> dict[str, tuple[str, str, bool]]:
    values = {head.text: cells[position] for head, cells in table.rows}
    return {name: (v.text, v.note, v.is_missing) for name, v in values.items()}


def html_row(html: str, name: str) -> str:
    """Text of a row of the page, its values apart."""
    rows = re.findall(r'<tr><th scope="row"><abbr [^>]*>(.*?)</tr>', html, re.DOTALL)
    (found,) = (row for row in rows if row.startswith(f"{name}</abbr>"))
    return unescape(re.sub(r"<[^>]+>", "|", found))


def terminal_row(shown: str, name: str) -> str:
    found = [line for line in shown.splitlines() if line.startswith(f"{name}  ")]
    assert len(found) == 1, name
    return found[0]


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_is_in_page_and_terminal(name: str) -> None:
    in_page, in_terminal = html_row(html_of(api_run()), name), terminal_of(api_run())
    for number in NUMBERS[name]:
        assert number in in_page
        assert number in terminal_row(in_terminal, name)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_says_so_and_why(name: str) -> None:
    table = page_of(api_run()).endpoints
    assert column(table, 1)[name] == ("not known", UNKNOWN[name], True)
    assert "not known" in terminal_row(terminal_of(api_run()), name)


def test_an_own_delay_that_was_not_measured_is_no_zero() -> None:
    assert column(page_of(api_run()).endpoints, 1)["own delay p99"] == ("not measured", "", True)


def test_errors_that_cost_nothing_do_not_make_a_cost_of_zero() -> None:
    """The only known cost of `mystery` is the 0 of an error."""
    run = api_run()
    assert [a.cost_usd for r in run.requests for a in r.attempts].count(0.0) > 0
    for shown in (html_of(run), terminal_of(run), export_facts_csv(analyse(run))):
        assert "$0.00 " not in shown
        assert "$0.00<" not in shown
    costs = {f.model: f.cost_usd.value for f in analyse(run).endpoints if f.suite is None}
    assert costs["mystery"] is None


def test_part_of_a_cost_is_not_called_zero_where_the_rest_is_unknown() -> None:
    """Timeouts may be billed: an error of 0 beside them is not the whole."""
    run = api_run()
    kept = [r for r in run.requests if not (r.cell_id == "gpt/s/0" and r.doc_id == 39)]
    value = column(page_of(replace(run, requests=kept)).endpoints, 0)
    assert value["of it for attempts without an answer"][0] == "not known"


def test_a_run_without_errors_spent_nothing_on_them() -> None:
    run = api_run()
    kept = [r for r in run.requests if r.cell_id == "gpt/u/0"]
    value = column(page_of(replace(run, requests=kept)).endpoints, 0)
    assert value["of it for attempts without an answer"][0] == "nothing"
    assert value["error rate"] == ("0.0 %", "95 %: 0.0 to 49.0 %; 0 of 4", False)
    assert value["cost"] == ("$0.0004", "", False)


def test_nothing_sent_is_not_known_instead_of_zero() -> None:
    table = page_of(replace(api_run(), requests=[])).endpoints
    values = column(table, 0)
    assert values["error rate"] == ("not known", "nothing was asked", True)
    assert values["cost"] == ("not known", "nothing sent", True)
    assert values["response time p50"][0] == "not measured"


def test_attempts_lost_in_a_crash_are_told() -> None:
    run = api_run()
    lost = replace(api_error(0, "x", None), status="lost", error_class=None)
    kept = [*run.requests, api_request("gpt", 99, lost, request_id="lost")]
    values = column(page_of(replace(run, requests=kept)).endpoints, 0)
    assert "1 were in flight" in values["requests and attempts"][1]
    assert "1 × outcome not known" in values["error rate"][1]


def test_marked_response_times_have_a_footnote() -> None:
    page = page_of(api_run())
    assert any("n = 41; p95 needs" in note for note in page.endpoint_footnotes)


def test_only_models_behind_apis_are_columns() -> None:
    local, remote = local_run(), api_run()
    page = build_page([(local, analyse(local)), (remote, analyse(remote))])
    assert page.models == ("m", "gpt", "mystery")
    assert page.endpoints is not None
    assert [head.text for head in page.endpoints.columns] == ["gpt", "mystery"]


def test_a_local_run_shows_nothing_of_apis() -> None:
    run = local_run()
    html = html_of(run)
    assert page_of(run).endpoints is None
    shown = re.sub("<script.*?</script>", "", html, flags=re.DOTALL)
    for word in ('id="api"', 'explorer-unanswered"', '<th scope="row">prices', ">asked<", "$"):
        assert word not in shown
    assert "Behind an API" not in terminal_of(run)


def test_what_a_vendor_keeps_to_itself_is_not_disclosed() -> None:
    identity = column(page_of(api_run()).identity, 0)
    for name in ("parameters", "weights in memory", "number format", "quantisation", "licence"):
        assert identity[name] == ("not disclosed", "", True)
    assert identity["runs on"][0] == "API at api.example.com:443"
    assert identity["context limit"][0] == "not known"


def test_what_a_vendor_tells_is_shown() -> None:
    run = api_run()
    told = api_entry("gpt", quantisation="int8", licence="MIT", context_length=128_000)
    models = (told, api_entry("mystery"))
    run = replace(run, manifest=run.manifest.model_copy(update={"models": models}))
    identity = column(page_of(run).identity, 0)
    assert identity["quantisation"] == ("int8", "", False)
    assert identity["licence"] == ("MIT", "", False)
    assert identity["context limit"][0] == "128,000"


def test_the_machine_of_an_api_model_is_not_measured() -> None:
    run = api_run()
    table = column(performance_table(compared_models([(run, analyse(run))])), 0)
    for name in ("host memory, peak", "load time", "CPU time", "GPU board memory, peak"):
        assert table[name] == ("not measured", "runs behind an API", True)
    assert table["output tokens/s"][1] == "up to 8 requests at once"
    silent = column(performance_table(compared_models([(run, analyse(run))])), 1)
    for name in ("output tokens/s", "TPOT p50"):
        assert silent[name] == ("not measured", "the server does not say how many tokens", True)
    assert "peak memory" not in " ".join(page_of(run).summary)


def test_docs_without_an_answer_stand_beside_the_score() -> None:
    run = api_run()
    page = page_of(run)
    (value, _) = page.quality[0].rows[0][1]
    assert value.text == "73.0 %"
    assert value.note.endswith("3 docs got no answer")
    assert "73.0 (57-85), 3 docs got no answer" in terminal_of(run)
    assert "37/7" in terminal_of(run)
    (line,) = (line for line in page.summary if line.startswith("t, acc"))
    assert line.endswith("docs without an answer are left out: 3 of gpt, 1 of mystery.")


def test_a_score_that_needs_every_doc_is_missing_with_its_reason() -> None:
    bits = result(0.5, cell_id="gpt/s/0", metric="bits")
    run = replace(api_run(), results=[bits])
    ((_, cells),) = page_of(run).quality[0].rows
    assert cells[0].is_missing
    assert cells[0].note.startswith("3 docs got no answer")
    assert "–, 3 docs got no answer" in terminal_of(run)


def test_the_summary_tells_costs_and_what_is_still_missing() -> None:
    *_, gpt, mystery, last = page_of(api_run()).summary
    assert gpt == (
        "gpt: 44 requests cost $0.00515, $0.10 per 1000 (2 attempts of unknown cost are not in it)."
    )
    assert (
        mystery
        == "mystery: what its 12 requests cost is not known (the server tells no token counts)."
    )
    assert last.startswith("Cost of own hardware, energy price and a build-or-buy verdict: not")


def test_without_a_known_cost_the_summary_keeps_saying_that_cost_is_missing() -> None:
    run = api_run()
    cells = tuple(c for c in run.manifest.cells if c.model == "mystery")
    run = replace(run, manifest=run.manifest.model_copy(update={"cells": cells}))
    assert page_of(run).summary[-1].startswith("Cost, energy price")


def test_a_hostile_error_and_a_hostile_model_name_are_inert() -> None:
    html = html_of(api_run())
    assert html.count("<script>") == 1
    assert "<img" not in html
    assert html.count("&lt;script&gt;alert(1)") >= 3
    for shown in (html, terminal_of(api_run())):
        assert "\u202e" not in shown
        assert "\x1b" not in shown


def test_a_hostile_reason_is_inert_in_the_terminal() -> None:
    run = with_cells(api_run(), state="failed", reason="\x1b[31mred\u202e")
    run = replace(run, manifest=run.manifest.model_copy(update={"state": "partial"}))
    assert "␛[31mred⟨U+202E⟩" in terminal_of(run)


def test_failed_samples_are_told_apart_and_can_be_filtered() -> None:
    html = html_of(api_run())
    assert 'id="explorer-unanswered"' in html
    failed = '<p class="failure">no answer: the request failed after 2 attempts (no answer in time): it broke</p>'
    assert failed in html


def test_the_audit_says_where_requests_went_and_at_which_prices() -> None:
    html = html_of(api_run())
    assert "genai-prices 1.2.3" in html
    assert "requests of gpt/s/0" in html
    text = endpoint_text(endpoint())
    assert text == (
        "api.example.com:443, chat completions; at most 8 at once; answered by gpt-2026-08-01;"
        " own delay p50 0.2 ms, p99 3.1 ms, max 12.5 ms (500 readings)"
    )
    silent = endpoint_text(endpoint(served_models=(), n_lags=0, lag_p50_s=None, lag_p99_s=None))
    assert "does not say which model" in silent
    assert "own delay not measured" in silent


@pytest.mark.parametrize("state", ["skipped", "stopped"])
def test_cells_that_were_skipped_or_stopped_say_why(state: str) -> None:
    run = with_cells(api_run(), state=state, reason="OPENAI_API_KEY is not set", mode=GENERATE)
    page = page_of(run)
    assert page.audits[0].columns[-1] == "asked"
    for row in page.audits[0].cells:
        assert row[1] == state
        assert row[4:] == ("OPENAI_API_KEY is not set", "multiple choice answered with a letter")
    assert f"<td>{state}</td>" in html_of(run)


def test_a_model_that_was_only_skipped_still_renders() -> None:
    skipped = cell(cell_id="gpt/s/0", model="gpt", state="skipped", reason="no key")
    run = replace(
        api_run(),
        manifest=manifest(cells=(skipped,), models=(api_entry("gpt"),), state="partial"),
        requests=[],
        samples=[],
        results=[],
        telemetry=[],
    )
    html = html_of(run)
    assert "no key" in html
    assert "runs behind an API" in html
    assert page_of(run).endpoints is None


def rows_of(text: str) -> dict[tuple[str, str, str], dict[str, str]]:
    rows = csv.DictReader(io.StringIO(text))
    return {(row["model"], row["suite"], row["metric"]): row for row in rows}


def test_csv_has_the_numbers_of_every_suite_and_leaves_missing_ones_empty() -> None:
    rows = rows_of(export_facts_csv(analyse(api_run())))
    assert rows["gpt", "all", "n_attempts"]["value"] == "49"
    assert rows["gpt", "u", "n_requests"]["value"] == "4"
    assert float(rows["gpt", "all", "cost_usd"]["value"]) == pytest.approx(0.00515)
    assert rows["gpt", "all", "cost_usd"]["unit"] == "USD"
    assert rows["gpt", "all", "error_rate"]["high"]
    assert rows["gpt", "s", "failed_requests.timeout"]["value"] == "1"
    assert rows["gpt", "s", "failed_attempts.timeout"]["value"] == "2"
    assert rows["gpt", "all", "response_time_s_p50"]["value"] == "0.5"
    for name in (
        "cost_usd",
        "cost_without_answer_usd",
        "cost_per_request_usd",
        "input_tokens",
        "lag_p99_s",
    ):
        found = rows["mystery", "u", name]["value"]
        assert found == "", name


def test_json_has_null_for_what_is_missing_and_flags_failed_samples() -> None:
    document = json.loads(export_json(api_run(), analyse(api_run())))
    facts = {(f["model"], f["suite"]): f for f in document["facts"]["endpoints"]}
    assert facts["mystery", None]["input_tokens"] is None
    assert facts["mystery", None]["cost_usd"]["value"] is None
    assert facts["gpt", None]["served_models"] == ["gpt-2026-08-01"]
    flagged = [s for s in document["samples"] if s["flags"] == ["failed"]]
    assert [s["scores"] for s in flagged] == [{"acc": None}] * 4


def test_a_failed_sample_has_an_empty_score_in_csv() -> None:
    rows = list(csv.DictReader(io.StringIO(export_samples_csv(api_run()))))
    assert [row["score"] for row in rows].count("") == 4


def test_every_class_of_failure_has_words() -> None:
    assert set(FAILURES) == set(ErrorClass)
    assert failure_text("brand_new") == "brand new"


def test_terms_of_the_new_tables_are_explained() -> None:
    assert METRICS["extraction_failed"] == (
        "share of answers that could not be read: no choice, number or object stated, or several"
    )
    html = html_of(api_run())
    for term in ("attempt", "cached tokens", "error rate", "own delay", "like for like"):
        assert term in TERMS
        assert f"<dt>{term}</dt>" in html
