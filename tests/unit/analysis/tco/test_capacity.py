"""What one replica serves: as measured, as somebody else measured, or as the user says; never more than was seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.analysis.tco.capacity import capacity_of
from evalkit.analysis.tco.replica import Capacity
from evalkit.analysis.tco.values import Provenance
from evalkit.errors import ConfigError
from evalkit.store.run_dir import Run
from tests.builders import bench_run
from tests.scenarios import book, rented, scenario

ROWS = """offered,done,ttft_ms,tpot_s,failed,watts,gpu
1,1.0,50,0.01,0,100,a
2,1.99,100,0.02,0,150,a
4,3.9,400,0.03,0.02,200,a
8,5.0,900,0.05,0.5,210,a
1,1,10,0.01,0,,b
"""
COLUMNS = {"offered_per_s": "offered", "completed_per_s": "done"}


def found(option: dict[str, Any], *runs: Run, **changes: Any) -> Capacity:
    config = scenario(rented(**option), **changes)
    return capacity_of(config.options[0], runs, book(config))


def curve(folder: Path, text: str = ROWS, **changes: Any) -> dict[str, Any]:
    file = folder / "curve.csv"
    file.write_text(text, encoding="utf-8")
    values: dict[str, Any] = {
        "file": str(file), "columns": COLUMNS, "where": {"gpu": "a"}, "percentile": 95, "input_tokens": 100,
        "output_tokens": 50, "source": "somebody", "date": "2026-11-01",
    }  # fmt: skip
    return {"capacity": {"curve": {**values, **changes}}}


# --- benches ------------------------------------------------------------------------------------------------------


def test_a_bench_gives_what_was_completed_within_the_service_level() -> None:
    """alpha keeps 2/s, of which one in 20 fails, and is overloaded at 20/s."""
    one = found({"model": "alpha", "capacity": None}, bench_run())
    assert one.per_s is not None
    assert one.per_s.mode == pytest.approx(1.9)
    assert one.per_s.low == pytest.approx(1.144, abs=1e-3)  # 19 answers may be 11.4 by chance
    assert one.per_s.high == 20  # between 1.9 and 20 nothing is known
    assert one.per_s.provenance is Provenance.MEASURED
    assert one.service_level == "p50 TTFT ≤ 0.5 s, errors ≤ 10.0%"
    assert (one.input_tokens, one.output_tokens) == (32, 5)
    assert (one.idle_w, one.load_w) == (pytest.approx(30), pytest.approx(100))
    assert one.good_share is not None
    assert one.good_share.value == pytest.approx(0.95)


def test_the_scenarios_service_level_is_judged_anew() -> None:
    strict = found(
        {"model": "alpha", "capacity": None},
        bench_run(),
        service_level={"ttft_s": 0.05, "percentile": 50, "max_error_rate": 0.1},
    )
    assert strict.per_s is None
    assert "no measured rate kept the service level" in strict.reason


def test_a_capacity_that_no_higher_rate_bounds_says_so() -> None:
    one = found({"model": "beta", "capacity": None}, bench_run())
    assert one.per_s is not None
    assert one.per_s.mode == pytest.approx(20)
    assert "it may sustain more" in one.reason


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"model": "gamma", "capacity": None}, "capacity not measured: no bench of gamma"),
        (
            {"model": "alpha", "capacity": {"profile": "closed"}},
            "no bench of alpha under profile 'closed'",
        ),
    ],
)
def test_what_no_bench_measured_is_missing_with_a_reason(option: dict[str, Any], said: str) -> None:
    one = found(option, bench_run())
    assert one.per_s is None
    assert said in one.reason
    assert found(option).per_s is None


def test_several_profiles_are_not_chosen_among() -> None:
    run = bench_run()
    config = dict(run.manifest.config)
    rates = next(p for p in config["profiles"] if p["name"] == "rates")
    config["profiles"] = [*config["profiles"], {**rates, "name": "again"}]
    cells = tuple(
        replace(c, suite="again", model="alpha") if c.cell_id == "beta/rates/0" else c
        for c in run.manifest.cells
    )
    both = replace(run, manifest=run.manifest.model_copy(update={"config": config, "cells": cells}))
    one = found({"model": "alpha", "capacity": None}, both)
    assert one.per_s is None
    assert one.reason == "several profiles were measured (rates, again): name one in `capacity:`"
    named = found({"model": "alpha", "capacity": {"profile": "again"}}, both)
    assert named.per_s is not None
    assert named.per_s.mode == pytest.approx(20)


def test_your_own_number_is_no_measurement() -> None:
    one = found({"capacity": {"requests_per_s": [2, 3, 5]}}, bench_run())
    assert one.per_s is not None
    assert (one.per_s.low, one.per_s.mode, one.per_s.high) == (2, 3, 5)
    assert one.per_s.provenance is Provenance.YOURS
    assert (
        one.reason
        == "your number, not a measurement, taken to hold for requests of 500 + 250 tokens"
    )


# --- imported -----------------------------------------------------------------------------------------------------


def test_without_a_service_level_what_is_sustained_counts(tmp_path: Path) -> None:
    """At 8/s only 5 are completed."""
    one = found(curve(tmp_path, columns={**COLUMNS, "power_w": "watts"}))
    assert one.per_s is not None
    assert (one.per_s.low, one.per_s.mode, one.per_s.high) == (3.9, 3.9, 8)
    assert one.per_s.provenance is Provenance.IMPORTED
    assert one.per_s.date == "2026-11-01"
    assert one.load_w == 200
    assert one.idle_w is None


@pytest.mark.parametrize(
    ("columns", "level", "expected"),
    [
        ({"ttft_s": "ttft_ms"}, {"ttft_s": 0.2}, 1.99),  # milliseconds become seconds
        ({"ttft_s": "ttft_ms"}, {"ttft_s": 0.06}, 1.0),
        ({"tpot_s": "tpot_s"}, {"tpot_s": 0.01}, 1.0),
        ({"error_rate": "failed"}, {}, 1.99),  # at most 1 % by default
        ({"error_rate": "failed"}, {"max_error_rate": 0.05}, 3.9),
        ({"ttft_s": "ttft_ms"}, {"ttft_s": 0.01}, None),
    ],
)
def test_levels_are_judged_by_the_scenarios_limits(
    tmp_path: Path, columns: dict[str, str], level: dict[str, float], expected: float | None
) -> None:
    one = found(curve(tmp_path, columns={**COLUMNS, **columns}), service_level=level)
    assert (None if one.per_s is None else one.per_s.mode) == expected
    assert one.per_s is not None or "no imported level holds p95 TTFT" in one.reason


def test_a_curve_that_never_failed_may_sustain_more(tmp_path: Path) -> None:
    one = found(curve(tmp_path, where={"gpu": "b"}))
    assert one.per_s is not None
    assert one.per_s.mode == one.per_s.high == 1
    assert "it may sustain more" in one.reason


@pytest.mark.parametrize("heading", ["ttft (ms)", "TTFT_MS", "ttft_us", "ttft [s]", "ttftMs"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_curves_are_read_as_programs_write_them(
    heading: str, separator: str, tmp_path: Path
) -> None:
    """Any unit in a column's name, any separator; with a semicolon numbers may have a decimal comma."""
    scale = {"us": 1000, "s]": 0.001}.get(heading[-2:], 1)
    rows = [line.split(",") for line in ROWS.replace("ttft_ms", heading).splitlines()]
    for row in rows[1:]:
        row[2] = f"{float(row[2]) * scale:g}"
    text = "\n".join(separator.join(row) for row in rows)
    text = text.replace(".", ",") if separator == ";" else text
    columns = {**COLUMNS, "ttft_s": heading}
    one = found(curve(tmp_path, text, columns=columns), service_level={"ttft_s": 0.2})
    assert one.per_s is not None
    assert one.per_s.mode == 1.99


def test_an_error_rate_in_percent_is_one(tmp_path: Path) -> None:
    text = ROWS.replace("failed", "errors %").replace("0.02,200", "3,200").replace("0.5,", "50,")
    columns = {**COLUMNS, "error_rate": "errors %"}
    one = found(curve(tmp_path, text, columns=columns), service_level={"max_error_rate": 0.05})
    assert one.per_s is not None
    assert one.per_s.mode == 3.9


@pytest.mark.parametrize(
    ("changes", "text", "said"),
    [
        ({"columns": {**COLUMNS, "tfft_s": "ttft_ms"}}, ROWS, "'tfft_s' means nothing here"),
        ({"columns": {"offered_per_s": "offered"}}, ROWS, "'completed_per_s' is needed"),
        ({"columns": {**COLUMNS, "ttft_s": "tfft_ms"}}, ROWS, r"curve.csv:1: no column 'tfft_ms'"),
        ({"where": {"gpus": "a"}}, ROWS, "no column 'gpus'"),
        ({"where": {"gpu": "c"}}, ROWS, "no row has gpu = c"),
        ({}, ROWS.replace("1.99", "fast"), r"curve.csv:3: done: 'fast' is not a number"),
        ({}, ROWS.replace("1.99", "-1"), "'-1' is not a number of 0 or more"),
        ({}, ROWS.replace("1.99", "nan"), "'nan' is not a number"),
        (
            {"where": {"gpu": "b"}, "columns": {**COLUMNS, "power_w": "watts"}},
            ROWS,
            "watts: '' is not a number",
        ),
        ({}, "", "the file is empty"),
        ({}, ROWS.replace("4,3.9,400", "4,3,9,400"), r"curve.csv:4: 8 values for 7 columns"),
        ({}, ROWS.replace("1.99", "1_9"), "'1_9' is not a number"),
        ({}, ROWS.replace("ttft_ms", "done"), "curve.csv:1: two columns are called 'done'"),
        ({}, "\ufeff" + ROWS.replace("gpu", "GPU"), "no column 'gpu'"),
        (
            {"columns": {**COLUMNS, "error_rate": "failed"}},
            ROWS.replace("0.5", "5"),
            "5 is no share",
        ),
    ],
)
def test_errors_name_file_line_column_and_value(
    tmp_path: Path, changes: dict[str, Any], text: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        found(curve(tmp_path, text, **changes))


def test_a_limit_without_a_column_is_refused_and_not_taken_as_kept(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the service level limits tpot_s, and no column"):
        found(curve(tmp_path), service_level={"tpot_s": 0.1})
