"""Columns of a Parquet file → records, column by column: a hundred thousand requests with their tokens in seconds.

The reference is `parquet.validated`, which checks every value. Here only the schema is checked, once: a column of that
type can hold nothing else, and values that were equal in the file become one object.
"""

from __future__ import annotations

import dataclasses
import gc
import types
import typing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import pairwise, repeat
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

T = TypeVar("T")
_MANY = 10_000
"""Rows from which it pays to spare the garbage collector."""


def records_of(record: type[T], table: pa.Table) -> list[T]:
    """Return the rows of a table as records.

    Args:
        record: A dataclass with slots.
        table: Its schema is the record's.

    Raises:
        ValueError: A word that the record does not know, or a map with the same key twice.
    """
    with _without_collecting(is_many=table.num_rows >= _MANY):
        hints = _hints(record)
        columns = [_column(hint, table.column(name).chunks) for name, hint in hints.items()]
        return _filled(record, columns, table.num_rows)


def _hints(record: type[Any]) -> dict[str, Any]:
    found = typing.get_type_hints(record)
    return {f.name: found[f.name] for f in dataclasses.fields(record)}


def _column(hint: Any, chunks: Iterable[pa.Array]) -> list[Any]:
    found: list[Any] = []
    for chunk in chunks:
        found += _values(hint, chunk)
    return found


def _values(hint: Any, array: pa.Array) -> list[Any]:
    """Return the values of an array, None where there is none."""
    arms = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    inner = next(arm for arm in arms if arm is not type(None))
    if not array.null_count:
        return _present(inner, array)
    if array.null_count == len(array):
        return [None] * len(array)
    there = array.is_valid()
    values = _present(inner, array.filter(there))
    if typing.get_origin(inner) is None:  # numpy would take tuples apart
        found = np.full(len(array), None, dtype=object)
        found[there.to_numpy(zero_copy_only=False)] = values
        plain: list[Any] = found.tolist()
        return plain
    rest = iter(values)
    return [next(rest) if is_there else None for is_there in _plain(there)]


def _present(hint: Any, array: pa.Array) -> list[Any]:
    """Return the values of an array that has no nulls."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        items = _values(args[0], array.flatten())
        ends = np.cumsum(pc.list_value_length(array).to_numpy(zero_copy_only=False)).tolist()
        return [tuple(items[a:b]) for a, b in pairwise((0, *ends))]
    if origin is dict:
        return list(_maps(args[1], array))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        columns = [_values(h, c) for h, c in zip(hints.values(), array.flatten(), strict=True)]
        return _filled(hint, columns, len(array))
    if hint is str or issubclass(hint, StrEnum):
        return _texts(hint, array)
    return _plain(array)


def _maps(hint: Any, array: pa.MapArray) -> Iterator[dict[str, Any]]:
    keys, items = _texts(str, array.keys), _values(hint, array.items)
    for a, b in pairwise(array.offsets.to_pylist()):  # they count from the start of all keys
        found = dict(zip(keys[a:b], items[a:b], strict=True))
        if len(found) < b - a:
            raise ValueError("a key occurs twice in a map")
        yield found


def _texts(hint: Any, array: pa.Array) -> list[Any]:
    """Return strings or members of an enumeration, each made once however often it occurs."""
    encoded = array.dictionary_encode()
    known = encoded.dictionary.to_pylist()
    members = known if hint is str else [hint(word) for word in known]
    return [members[i] for i in _plain(encoded.indices)]


def _plain(array: pa.Array) -> list[Any]:
    values: list[Any] = array.to_numpy(zero_copy_only=False).tolist()
    return values


def _filled(record: type[T], columns: Sequence[Sequence[Any]], n: int) -> list[T]:
    """Return n records whose fields are set column by column, past `__init__`, which would take five times as long."""
    found = list(map(object.__new__, repeat(record, n)))
    for field, column in zip(dataclasses.fields(typing.cast("Any", record)), columns, strict=True):
        put = getattr(record, field.name).__set__
        deque(map(put, found, column), maxlen=0)
    return found


@contextmanager
def _without_collecting(*, is_many: bool) -> Iterator[None]:
    """Nothing made meanwhile is garbage, and looking for it among millions of records takes longer than making them.

    Many records are not looked through later either: they hold no cycles, and are freed when nobody refers to them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        if is_many:
            gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
