"""A missing number stays missing in every writer."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from evalkit.analysis.summary import analyse
from evalkit.records import EngineRecord, RequestKind
from evalkit.report import format as text
from evalkit.report.audit import engine_text
from evalkit.report.export import export_facts_csv, export_json, export_samples_csv
from evalkit.report.table import render_tables
from evalkit.store.run_dir import Run
from tests.builders import manifest, request, result, sample

RUN = Run(
    path=Path("r"),
    manifest=manifest(),
    requests=[request(0, attempts=(), answer=None, input_tokens=None, output_tokens=None)],
    samples=[sample(0, scores={"acc": None}, response='a,"b"\n=1+1')],
    results=[result(None)],
    telemetry=[],
)


def test_format_never_turns_missing_into_zero() -> None:
    for formatter in (
        text.percent,
        text.seconds,
        text.size,
        text.count,
        text.big_count,
        text.energy,
        text.usd,
    ):
        assert formatter(None) == text.MISSING
    assert text.rate(None, "tokens/s") == text.MISSING


def test_units_are_readable() -> None:
    assert text.seconds(0.1234) == "123 ms"
    assert text.seconds(61.0) == "61.0 s"
    assert text.seconds(600.0) == "10.0 min"
    assert text.size(1_500_000_000) == "1.50 GB"
    assert text.big_count(134_515_008) == "135 M"
    assert text.percent(0.125) == "12.5 %"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234.5, "$1,234.50"),
        (1.234, "$1.23"),
        (0.9996, "$1.00"),
        (0.1, "$0.10"),
        (0.0042, "$0.0042"),
        (0.01234, "$0.0123"),
        (0.00000123, "$0.00000123"),
        (0.0, "$0.00"),
    ],
)
def test_small_amounts_of_money_are_readable(value: float, shown: str) -> None:
    assert text.usd(value) == shown


def test_csv_leaves_missing_cells_empty() -> None:
    rows = list(csv.DictReader(io.StringIO(export_facts_csv(analyse(RUN)))))
    assert {row["value"] for row in rows if not row["metric"].startswith("n_")} == {""}
    assert "requests_per_s" in {row["metric"] for row in rows}


def test_samples_csv_survives_quotes_and_newlines() -> None:
    (row,) = csv.DictReader(io.StringIO(export_samples_csv(RUN)))
    assert row["response"] == 'a,"b"\n=1+1'
    assert row["score"] == ""


def test_json_writes_null() -> None:
    document = json.loads(export_json(RUN, analyse(RUN)))
    assert document["samples"][0]["scores"] == {"acc": None}
    assert document["facts"]["performance"][0]["energy_j"] is None


def test_terminal_tables_show_a_dash() -> None:
    console = Console(record=True, width=160, file=io.StringIO())
    for part in render_tables(analyse(RUN)):
        console.print(part)
    shown = console.export_text()
    assert text.MISSING in shown
    assert " 0 ms" not in shown


def test_the_audit_says_how_scores_were_computed() -> None:
    record = EngineRecord(
        RequestKind.LOGLIKELIHOOD,
        "shared",
        n_checked=3,
        max_difference=2e-4,
        tokens_asked=1000,
        tokens_computed=250,
    )
    text = engine_text(record)
    assert "shared path" in text
    assert "250 of 1 000 tokens computed (25%)" in text.replace("\u202f", " ").replace(",", " ")
    assert "self-check of 3" in text
    assert "recurrent" in engine_text(EngineRecord(RequestKind.GENERATE, "reference", "recurrent"))
