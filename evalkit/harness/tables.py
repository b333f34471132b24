"""Tables (CSV and its relatives) as docs of a task."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import TaskError
from evalkit.harness.data_files import Place, read_text
from evalkit.harness.data_options import KEEP_EMPTY, TEXT_TYPES

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")


def read_table(file: Path, options: Mapping[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the rows of a table; a column of plain whole numbers holds these, every other one text as written."""
    delimiter = str(options.get("delimiter") or options.get("sep") or ",")
    text = read_text(file, options.get("encoding"))
    lines = list(_records(text, file, delimiter, str(options.get("quotechar") or '"')))
    if not lines:
        return
    named = options.get("column_names") or options.get("names")
    header = list(map(str, named)) if named else _header(lines.pop(0)[1], file, delimiter)
    for number, fields in lines:
        if len(fields) != len(header):
            raise TaskError(
                f"{file.name}:{number}: {len(fields)} fields, where the header has {len(header)}.",
                "Put text with a separator or a line break in it in quotes.",
            )
    types = options.get("dtype")
    is_text = [
        (types.get(name) if isinstance(types, dict) else types) in TEXT_TYPES for name in header
    ]
    empty = "" if any(options.get(key) is False for key in KEEP_EMPTY) else None
    table = zip(
        *(_column([f[n] for _, f in lines], empty, is_text=is_text[n]) for n in range(len(header))),
        strict=True,
    )
    for (number, _), values in zip(lines, table, strict=True):
        yield Place(file, number), dict(zip(header, values, strict=True))


def _records(text: str, file: Path, delimiter: str, quote: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line that a record begins in, and its fields; empty lines are left out."""
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote, strict=True
        )
    except TypeError as error:
        raise TaskError(f"{file.name}: {error}.", "Correct `delimiter` or `quotechar`.") from None
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TaskError(
                f"{file.name}:{number}: not CSV: {error}.",
                "Check the quotation marks from this line on; those inside a text are doubled.",
            ) from None
        if any(field.strip() for field in fields):
            yield number, fields


def _header(fields: list[str], file: Path, delimiter: str) -> list[str]:
    if fields[0].lstrip().startswith(("{", "[")):
        raise TaskError(f"{file.name}:1: this is JSON, not a table.", "Say `dataset_path: json`.")
    if len(fields) == 1:
        _check_delimiter(fields[0], file, delimiter)
    header = [field.strip() or f"Unnamed: {n}" for n, field in enumerate(fields)]
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise TaskError(f"{file.name}:1: the column {twice[0]!r} is there twice.", "Rename one.")
    return header


def _check_delimiter(only: str, file: Path, delimiter: str) -> None:
    names = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
    for sign, name in names.items():
        if sign != delimiter and sign in only:
            shown = "\\t" if sign == "\t" else sign
            raise TaskError(
                f"{file.name}:1: there is one column only, {only!r}: its fields are separated by {name}.",
                f'Say `delimiter: "{shown}"` under `dataset_kwargs`.',
            )


def _column(fields: list[str], empty: str | None, *, is_text: bool) -> list[Any]:
    filled = [field for field in fields if field != ""]
    is_whole = bool(filled) and not is_text and all(_WHOLE.fullmatch(field) for field in filled)
    return [empty if f == "" else int(f) if is_whole else f for f in fields]
