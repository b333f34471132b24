"""Records ↔ Parquet. The schema of a file is derived from the record's type hints, so the two can't drift apart."""

from __future__ import annotations

import dataclasses
import io
import types
import typing
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from errno import ENOENT
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from evalkit.errors import DataError
from evalkit.records import RECORDS_VERSION
from evalkit.store.columns import records_of
from evalkit.store.files import unreadable

T = TypeVar("T")

_SCALARS = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}


def schema_of(record: type[Any]) -> pa.Schema:
    """Return the Arrow schema of a record: nested records become structs, tuples lists, dicts maps."""
    metadata = {"evalkit_records_version": str(RECORDS_VERSION), "evalkit_record": record.__name__}
    return pa.schema(_fields(record), metadata=metadata)


def to_parquet(record: type[T], rows: Sequence[T]) -> bytes:
    """Encode records as one Parquet file."""
    adapter = TypeAdapter(list[record])  # type: ignore[valid-type]
    table = pa.Table.from_pylist(adapter.dump_python(list(rows)), schema=schema_of(record))
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def read_parquet(record: type[T], path: Path) -> list[T]:
    """Decode a Parquet file into records.

    Raises:
        DataError: The file is missing, damaged, or holds something else.
        ExecutionError: The disk does not hand it out.
    """
    with _readable(record, path):
        table = pq.ParquetFile(path).read()
        if table.schema.equals(schema_of(record)):
            return records_of(record, table)
        return validated(record, table)


def read_columns(
    record: type[Any],
    path: Path,
    names: Sequence[str],
    cells: Collection[str],
    docs: Collection[int] | None = None,
) -> pa.Table:
    """Read some columns of a Parquet file of records, for those who need no record of each row.

    Args:
        record: What the file holds.
        path: The file.
        names: Of the columns.
        cells: Ids of those whose rows are wanted.
        docs: Ids of those whose rows are wanted; None: all.

    Raises:
        DataError: The file is missing, damaged, or holds something else.
        ExecutionError: The disk does not hand it out.
    """
    wanted = pc.field("cell_id").isin(list(cells))
    if docs is not None:
        wanted &= pc.field("doc_id").isin(list(docs))
    with _readable(record, path):
        return pq.read_table(path, columns=list(names), filters=wanted)


def table_of(record: type[T], rows: Sequence[T], names: Sequence[str]) -> pa.Table:
    """Return some columns of records as `read_columns` returns them."""
    whole = schema_of(record)
    schema = pa.schema([whole.field(name) for name in names], whole.metadata)
    columns = [_as_column([getattr(r, f.name) for r in rows], f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _as_column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_map(kind):
        values = [list(value.items()) for value in values]
    return pa.array(values, kind)


@contextmanager
def _readable(record: type[Any], path: Path) -> Iterator[None]:
    """Turn what goes wrong in reading into an error that names the file."""
    try:
        yield
    except (OSError, pa.ArrowException, ValueError) as error:
        if isinstance(error, OSError) and error.errno not in (None, ENOENT):
            raise unreadable(path, error) from error
        raise DataError(
            f"{path}: can't be read as {record.__name__} records: {str(error).splitlines()[0]}",
            "Run `evalkit verify` on the folder.",
        ) from error


def validated(record: type[T], table: pa.Table) -> list[T]:
    """Return the rows of a table as records, every value checked; for tables that look otherwise than ours."""
    rows = table.to_pylist(maps_as_pydicts="strict")
    return TypeAdapter(list[record]).validate_python(rows)  # type: ignore[valid-type]


def _fields(record: type[Any]) -> list[pa.Field]:
    hints = typing.get_type_hints(record)
    return [_field(f.name, hints[f.name]) for f in dataclasses.fields(record)]


def _field(name: str, hint: Any) -> pa.Field:
    arms = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    inner = next(arm for arm in arms if arm is not type(None))
    return pa.field(name, _arrow_type(inner), nullable=type(None) in arms)


def _arrow_type(hint: Any) -> pa.DataType:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return pa.list_(_field("item", args[0]))
    if origin is dict:
        return pa.map_(pa.string(), _field("value", args[1]))
    if dataclasses.is_dataclass(hint):
        return pa.struct(_fields(typing.cast("type[Any]", hint)))
    if issubclass(hint, StrEnum):
        return pa.string()
    return _SCALARS[hint]
