"""Imported load curves obey the rule of a bench: the highest level below the first that failed, with its range."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from scipy import stats

from evalkit.analysis.tco.capacity import capacity_of
from evalkit.analysis.tco.replica import Capacity
from evalkit.decision.checks import checks_of
from evalkit.decision.facts import Outcome
from evalkit.errors import ConfigError
from tests.scenarios import book, by_contract, case, rented, scenario

OPEN = {"offered_per_s": "offered", "completed_per_s": "done"}
CLOSED = {"concurrency": "users", "completed_per_s": "done"}
TIMED = {"ttft_s": "ttft_ms"}
LEVEL = {"ttft_s": 0.3, "percentile": 99}

Rows = Sequence[dict[str, Any]]


def csv(rows: Rows) -> str:
    names = list(rows[0])
    lines = [",".join(names), *(",".join(str(row[n]) for n in names) for row in rows)]
    return "\n".join(lines) + "\n"


def option(folder: Path, rows: Rows | str, **changes: Any) -> dict[str, Any]:
    file = folder / "curve.csv"
    file.write_text(rows if isinstance(rows, str) else csv(rows), encoding="utf-8")
    values: dict[str, Any] = {
        "file": str(file), "columns": OPEN, "percentile": 99, "input_tokens": 100, "output_tokens": 50,
        "source": "somebody", "date": "2026-11-01",
    }  # fmt: skip
    return {"capacity": {"curve": {**values, **changes}}}


def found(
    folder: Path, rows: Rows | str, level: dict[str, Any] | None = LEVEL, **changes: Any
) -> Capacity:
    config = scenario(rented(**option(folder, rows, **changes)), service_level=level)
    return capacity_of(config.options[0], [], book(config))


def offered(*levels: tuple[float, float], share: float = 1.0) -> Rows:
    """Rows of an open loop: rate and TTFT in ms of each."""
    return [{"offered": r, "done": r * share, "ttft_ms": ms} for r, ms in levels]


def users(*levels: tuple[float, float, float]) -> Rows:
    """Rows of a closed loop: users at once, answers per second, TTFT in ms."""
    return [{"users": n, "done": rate, "ttft_ms": ms} for n, rate, ms in levels]


def triple(one: Capacity) -> tuple[float, float, float]:
    assert one.per_s is not None
    return one.per_s.low, one.per_s.mode, one.per_s.high


# --- which level --------------------------------------------------------------------------------------------------


def test_a_level_that_holds_again_above_one_that_failed_is_left_out(tmp_path: Path) -> None:
    rows = offered((1, 50), (5, 700), (10, 80), (25, 900))
    one = found(tmp_path, rows, columns={**OPEN, **TIMED})
    assert triple(one) == (1, 1, 5)
    assert "what holds again above a level that does not is left out: 10" in one.reason
    assert "it may sustain more" not in one.reason


def test_the_order_of_rows_means_nothing(tmp_path: Path) -> None:
    rows = offered((10, 80), (1, 50), (25, 900), (5, 700))
    assert triple(found(tmp_path, rows, columns={**OPEN, **TIMED})) == (1, 1, 5)


def test_where_the_lowest_level_fails_nothing_is_known(tmp_path: Path) -> None:
    one = found(tmp_path, offered((1, 700), (5, 80)), columns={**OPEN, **TIMED})
    assert one.per_s is None
    assert "the lowest imported level, 1, does not hold" in one.reason
    none = found(tmp_path, offered((1, 700), (5, 800)), columns={**OPEN, **TIMED})
    assert "no imported level holds p99 TTFT" in none.reason


def test_one_level_alone_may_sustain_more(tmp_path: Path) -> None:
    one = found(tmp_path, offered((2, 50)), columns={**OPEN, **TIMED})
    assert triple(one) == (2, 2, 2)
    assert "it may sustain more" in one.reason


def test_more_answers_than_were_asked_for_are_no_capacity(tmp_path: Path) -> None:
    one = found(tmp_path, offered((2, 50), share=1.2), columns={**OPEN, **TIMED})
    assert triple(one)[1] == 2


def test_the_chosen_row_is_named_with_file_and_line(tmp_path: Path) -> None:
    one = found(tmp_path, offered((5, 700), (1, 50)), columns={**OPEN, **TIMED})
    assert one.per_s is not None
    assert "taken from curve.csv:3" in one.per_s.note
    assert str(tmp_path) not in one.reason


# --- repeats ------------------------------------------------------------------------------------------------------


def test_a_level_holds_only_if_each_of_its_repeats_does(tmp_path: Path) -> None:
    """The luckiest repeat of 4/s holds; the other one does not."""
    rows = offered((2, 50), (2, 60), (4, 90), (4, 900))
    assert triple(found(tmp_path, rows, columns={**OPEN, **TIMED}))[1:] == (2, 4)


def test_the_rate_is_the_mean_of_its_repeats_and_they_give_the_range(tmp_path: Path) -> None:
    done = [3.9, 3.95, 3.85]
    rows = [{"offered": 4, "done": d} for d in done]
    low, mode, high = triple(found(tmp_path, rows, level=None))
    assert mode == pytest.approx(3.9)
    expected = stats.t.interval(0.95, 2, loc=3.9, scale=stats.sem(done))
    assert (low, high) == pytest.approx(expected)


def test_repeats_that_differ_wildly_leave_no_capacity_below_0(tmp_path: Path) -> None:
    rows = [{"users": 8, "done": d} for d in (1.0, 9.0)]
    low, mode, high = triple(found(tmp_path, rows, level=None, columns=CLOSED))
    assert (low, mode) == (0.5, 5)
    assert high > 9


def test_a_row_that_is_there_twice_is_no_repeat(tmp_path: Path) -> None:
    rows = [*offered((2, 50)), *offered((2, 50)), *offered((9, 900))]
    one = found(tmp_path, rows, columns={**OPEN, **TIMED})
    assert triple(one) == (2, 2, 9)
    assert "1 row is there twice and counts once" in one.reason


def test_the_number_of_requests_bounds_it_and_may_be_too_few(tmp_path: Path) -> None:
    rows = [{**row, "n": 40} for row in offered((2, 50), (3, 900))]
    columns = {**OPEN, **TIMED, "n_requests": "n"}
    one = found(tmp_path, rows, columns=columns)
    low, mode, high = triple(one)
    assert (low, mode, high) == (pytest.approx(1.4288, abs=1e-4), 2, 3)
    assert (one.n, one.n_needed) == (40, 662)
    assert one.doubt == "it rests on 40 requests, too few to judge p99 (662 needed)"
    enough = found(
        tmp_path, rows, columns=columns, level={**LEVEL, "percentile": 50}, percentile=50
    )
    assert (enough.n_needed, enough.doubt) == (20, "")


# --- closed loops -------------------------------------------------------------------------------------------------


def test_a_closed_loop_is_judged_along_its_concurrency(tmp_path: Path) -> None:
    """At 32 users the times break; that 16 and 8 answer as many says nothing against either."""
    rows = users((1, 1.0, 20), (8, 6.0, 60), (16, 6.1, 150), (32, 6.5, 900), (64, 6.4, 200))
    one = found(tmp_path, rows, columns={**CLOSED, **TIMED})
    assert triple(one) == (6.1, 6.1, 6.5)
    assert "it may sustain more" not in one.reason
    assert "left out: 64" in one.reason


def test_falling_throughput_does_not_lower_what_is_sustained(tmp_path: Path) -> None:
    """With 64 at once less is answered than with 16: that is a bound, and no reason to warn of more or of failures."""
    rows = users((1, 1.0, 20), (16, 9.0, 60), (64, 7.0, 150))
    one = found(tmp_path, rows, columns={**CLOSED, **TIMED})
    assert triple(one) == (9, 9, 9)
    assert "it may sustain more" not in one.reason
    assert "left out" not in one.reason
    assert "did not hold" not in one.reason


@pytest.mark.parametrize(("last", "is_open_ended"), [(9.0, True), (5.1, False)])
def test_a_closed_loop_may_sustain_more_only_while_it_still_rises(
    tmp_path: Path, last: float, is_open_ended: bool
) -> None:
    one = found(tmp_path, users((1, 1, 9), (8, 5, 20), (16, last, 30)), columns={**CLOSED, **TIMED})
    assert ("it may sustain more" in one.reason) is is_open_ended


def test_the_axis_is_named_where_the_file_has_both(tmp_path: Path) -> None:
    rows = [{"offered": 9, "users": n, "done": d} for n, d in ((1, 1), (4, 3))]
    both = {**OPEN, **CLOSED}
    with pytest.raises(ConfigError, match="both offered_per_s and concurrency are named"):
        found(tmp_path, rows, level=None, columns=both)
    one = found(tmp_path, rows, level=None, columns=both, axis="concurrency")
    assert triple(one)[1] == 3


@pytest.mark.parametrize(
    ("columns", "axis", "said"),
    [
        ({"completed_per_s": "done"}, None, "'offered_per_s' is needed, or 'concurrency'"),
        (OPEN, "concurrency", "'concurrency', the axis, has no column"),
        ({"offered_per_s": "offered"}, None, "'completed_per_s' is needed"),
    ],
)
def test_an_axis_needs_its_column(
    tmp_path: Path, columns: dict[str, str], axis: str | None, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        found(tmp_path, offered((1, 50)), columns=columns, axis=axis)


# --- goodput, means, other percentiles ----------------------------------------------------------------------------


def rule(folder: Path, rows: Rows, level: dict[str, Any], **changes: Any) -> tuple[Outcome, str]:
    config = scenario(
        rented(**option(folder, rows, **changes)),
        by_contract(),
        service_level=level,
        load={"input_tokens": 100, "output_tokens": 50},
    )
    checks = checks_of(case(config), config)
    one = next(c for c in checks if (c.option, c.rule) == ("own", "service level"))
    return one.outcome, one.text


@pytest.mark.parametrize(
    ("of_file", "promised", "outcome"),
    [
        ("mean", 50, Outcome.UNCLEAR),
        (50, 99, Outcome.UNCLEAR),
        (95, 99, Outcome.UNCLEAR),
        (99, 99, Outcome.PASS),
        (99, 95, Outcome.PASS),
    ],
)
def test_a_mean_or_a_lower_percentile_is_not_taken_for_the_one_promised(
    tmp_path: Path, of_file: Any, promised: int, outcome: Outcome
) -> None:
    level = {"ttft_s": 0.3, "percentile": promised}
    columns = {**OPEN, **TIMED}
    rows = offered((2, 50), (4, 900))
    verdict, text = rule(tmp_path, rows, level, columns=columns, percentile=of_file)
    assert verdict is outcome
    has = "means" if of_file == "mean" else f"p{of_file}"
    assert (f"the file has {has}, not p{promised}" in text) is (outcome is Outcome.UNCLEAR)


def test_a_higher_percentile_of_the_file_is_told(tmp_path: Path) -> None:
    one = found(
        tmp_path, offered((2, 50)), {"ttft_s": 0.3, "percentile": 95}, columns={**OPEN, **TIMED}
    )
    assert "p99 of the file is taken for p95" in one.reason


def test_goodput_stands_in_for_completed_requests(tmp_path: Path) -> None:
    """At 4/s only 90 % are good, and 99 % are promised."""
    rows = [{"offered": r, "good": g} for r, g in ((1, 1.0), (2, 1.99), (4, 3.6))]
    columns = {"offered_per_s": "offered", "good_per_s": "good"}
    one = found(tmp_path, rows, columns=columns)
    assert triple(one) == (1.99, 1.99, 4)
    outcome, text = rule(tmp_path, rows, LEVEL, columns=columns)
    assert outcome is Outcome.UNCLEAR
    assert "the file's own limits, not by yours" in text


def test_goodput_beside_completed_requests_judges_a_closed_loop(tmp_path: Path) -> None:
    rows = [{"users": n, "done": d, "good": g} for n, d, g in ((1, 2, 2), (4, 6, 6), (8, 9, 7))]
    columns = {**CLOSED, "good_per_s": "good"}
    assert triple(found(tmp_path, rows, columns=columns)) == (6, 6, 9)
    with pytest.raises(ConfigError, match="good_per_s alone does not tell which share"):
        found(tmp_path, rows, columns={"concurrency": "users", "good_per_s": "good"})


# --- rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [1024, 1024.0, "1024", "1024.0"])
@pytest.mark.parametrize("written", ["1024", "1024.0"])
def test_a_number_in_where_is_found_however_it_is_written(
    tmp_path: Path, wanted: Any, written: str
) -> None:
    rows = [
        {"offered": 2, "done": 2, "isl": written},
        {"offered": 9, "done": 9, "isl": "8192"},
    ]
    one = found(tmp_path, rows, level=None, where={"isl": wanted}, input_tokens=1024)
    assert triple(one)[1] == 2


def test_numbers_and_truth_in_parquet_are_found(tmp_path: Path) -> None:
    file = tmp_path / "curve.parquet"
    table = {
        "offered": [2.0, 9.0],
        "done": [2.0, 9.0],
        "isl": [1024.0, 512.0],
        "fp8": [True, False],
    }
    parquet.write_table(pa.table(table), file)
    for where in ({"isl": 1024}, {"isl": "1024"}, {"fp8": True}, {"fp8": "true"}):
        one = found(tmp_path, "", level=None, file=str(file), where=where, input_tokens=1000)
        assert triple(one)[1] == 2
        assert "taken from curve.parquet: row 1" in one.reason


def test_versions_are_no_numbers(tmp_path: Path) -> None:
    rows = [{"offered": 2, "done": 2, "v": "0.1"}, {"offered": 9, "done": 9, "v": "0.10"}]
    assert triple(found(tmp_path, rows, level=None, where={"v": "0.1"}))[1] == 2


def test_packed_files_and_json_lines_are_read(tmp_path: Path) -> None:
    rows = offered((2, 50), (4, 900))
    texts = {"a.csv.gz": csv(rows), "a.jsonl.gz": "\n".join(map(json.dumps, rows))}
    for name, text in texts.items():
        file = tmp_path / name
        file.write_bytes(gzip.compress(text.encode()))
        one = found(tmp_path, "", file=str(file), columns={**OPEN, **TIMED})
        assert triple(one) == (2, 2, 4)


@pytest.mark.parametrize("column", ["isl", "ISL", "input_len", "random_input_len", "prompt tokens"])
def test_rows_of_different_lengths_are_refused(tmp_path: Path, column: str) -> None:
    rows = [{"offered": 2, "done": 2, column: n} for n in (1024, 8192)]
    named = {"input_tokens": column} if column == "prompt tokens" else {}
    with pytest.raises(ConfigError, match=f"different lengths .* {column} is 1024, 8192") as error:
        found(tmp_path, rows, level=None, columns={**OPEN, **named})
    assert f"{{{column}: 1024}}" in str(error.value.hint)


def test_measured_lengths_that_differ_a_little_are_the_same(tmp_path: Path) -> None:
    rows = [{"offered": r, "done": r, "in": n} for r, n in ((1, 98.0), (2, 103.5))]
    one = found(tmp_path, rows, level=None, columns={**OPEN, "input_tokens": "in"})
    assert triple(one)[1] == 2


def test_lengths_that_are_not_the_scenarios_are_refused(tmp_path: Path) -> None:
    rows = [{"offered": 2, "done": 2, "osl": 256}]
    with pytest.raises(ConfigError, match="osl is 256, and `output_tokens` says 50"):
        found(tmp_path, rows, level=None)


@pytest.mark.parametrize(
    ("tokens", "is_refused"), [(100, False), (124, False), (126, True), (60, True)]
)
def test_the_files_own_token_rate_must_fit_the_lengths(
    tmp_path: Path, tokens: float, is_refused: bool
) -> None:
    """50 tokens per answer are said; at 2 answers a second, 100 tokens a second are."""
    rows = [{"offered": 2, "done": 2, "tokens": tokens}]
    columns = {**OPEN, "output_tokens_per_s": "tokens"}
    if not is_refused:
        assert triple(found(tmp_path, rows, level=None, columns=columns))[1] == 2
        return
    said = f"tokens / done is {tokens / 2:g} tokens per answer, and `output_tokens` says 50"
    with pytest.raises(ConfigError, match=said):
        found(tmp_path, rows, level=None, columns=columns)


def test_a_curve_in_which_nothing_completed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="done is 0 in every row: nothing was completed"):
        found(tmp_path, offered((1, 50), (2, 60), share=0), columns={**OPEN, **TIMED})


def test_a_level_of_0_says_nothing(tmp_path: Path) -> None:
    rows = [{"offered": 0, "done": 0, "ttft_ms": ""}, *offered((2, 50), (4, 900))]
    assert triple(found(tmp_path, rows, columns={**OPEN, **TIMED})) == (2, 2, 4)
    with pytest.raises(ConfigError, match=r"curve.csv:2: offered: 0, and yet 3/s were completed"):
        found(tmp_path, [{"offered": 0, "done": 3}], level=None)


@pytest.mark.parametrize("nothing", ["", "nan", "NaN", "inf"])
def test_times_may_be_missing_where_nothing_was_completed(tmp_path: Path, nothing: str) -> None:
    rows = [*offered((2, 50)), {"offered": 8, "done": 0, "ttft_ms": nothing}]
    assert triple(found(tmp_path, rows, columns={**OPEN, **TIMED})) == (2, 2, 8)
    rows[1]["done"] = 7
    with pytest.raises(ConfigError, match=r"curve.csv:3: ttft_ms: .* is not a number"):
        found(tmp_path, rows, columns={**OPEN, **TIMED})


def test_errors_in_percent_are_shares(tmp_path: Path) -> None:
    rows = [{**row, "error %": e} for row, e in zip(offered((2, 9), (4, 9)), (0.5, 3), strict=True)]
    one = found(tmp_path, rows, columns={**OPEN, **TIMED, "error_rate": "error %"})
    assert triple(one) == (2, 2, 4)


def test_no_number_of_an_imported_capacity_is_unordered_or_endless(tmp_path: Path) -> None:
    for rows in (offered((1, 5), (2, 900)), offered((1, 5), (1, 6), (3, 5), (3.01, 900))):
        low, mode, high = triple(found(tmp_path, rows, columns={**OPEN, **TIMED}))
        assert 0 < low <= mode <= high < math.inf
