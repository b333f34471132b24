"""Reading by columns gives exactly what reading row by row with every value checked gives."""

from __future__ import annotations

import gc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import DataError
from evalkit.records import LoadStep, Request, Sample, Telemetry
from evalkit.store.columns import records_of
from evalkit.store.parquet import read_parquet, schema_of, to_parquet, validated
from tests.builders import api_run, bench_run, request, sample


def table_of(record, rows) -> pa.Table:
    return pq.read_table(pa.BufferReader(to_parquet(record, rows)))


@pytest.mark.parametrize("make", [api_run, bench_run])
def test_whole_runs_are_read_alike(make) -> None:
    run = make()
    for record, rows in (
        (Request, run.requests),
        (Sample, run.samples),
        (Telemetry, run.telemetry),
        (LoadStep, run.steps),
    ):
        table = table_of(record, rows)
        assert records_of(record, table) == validated(record, table) == rows


text = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.none() | st.floats(allow_nan=False)
samples = st.builds(
    sample,
    st.integers(0, 2**63 - 1),
    scores=st.dictionaries(text, numbers),
    response=text,
    loglikelihoods=st.lists(st.floats(allow_nan=False)).map(tuple),
    flags=st.lists(text).map(tuple),
)


@given(st.lists(samples), st.integers(0, 3))
def test_any_rows_are_read_alike_in_any_slice(rows, start) -> None:
    table = pa.concat_tables([table_of(Sample, rows).slice(start), table_of(Sample, rows)])
    assert records_of(Sample, table) == validated(Sample, table) == [*rows[start:], *rows]


def test_types_are_those_of_the_records() -> None:
    (found,) = records_of(Request, table_of(Request, [request(0)]))
    assert found.kind is request(0).kind
    assert type(found.doc_id) is int
    assert type(found.is_timed) is bool
    assert type(found.attempts[0].events) is tuple


def test_a_table_of_another_form_is_checked_value_by_value(tmp_path: Path) -> None:
    file = tmp_path / "s.parquet"
    table = table_of(Sample, [sample(0)])
    pq.write_table(table.select(list(reversed(table.column_names))), file)
    assert read_parquet(Sample, file) == [sample(0)]
    pq.write_table(table.drop_columns(["target"]), file)
    with pytest.raises(DataError, match="can't be read as Sample records"):
        read_parquet(Sample, file)


def test_a_word_that_no_record_knows_is_told(tmp_path: Path) -> None:
    file = tmp_path / "r.parquet"
    rows = table_of(Request, [request(0)]).to_pylist(maps_as_pydicts="strict")
    rows[0]["kind"] = "guess"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema_of(Request)), file)
    with pytest.raises(DataError, match="guess"):
        read_parquet(Request, file)


def test_a_map_with_a_key_twice_is_told(tmp_path: Path) -> None:
    file = tmp_path / "s.parquet"
    rows = table_of(Sample, [sample(0)]).to_pylist()
    rows[0]["scores"] = [("acc", 1.0), ("acc", 0.0)]
    pq.write_table(pa.Table.from_pylist(rows, schema=schema_of(Sample)), file)
    with pytest.raises(DataError, match="twice"):
        read_parquet(Sample, file)


def test_the_garbage_collector_works_again_afterwards() -> None:
    records_of(Sample, table_of(Sample, [sample(0)]))
    assert gc.isenabled()
