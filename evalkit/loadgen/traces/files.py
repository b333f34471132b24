"""Rows of a recorded load or a load curve as they stand in its file: CSV, JSON lines, Parquet, each also gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from evalkit.errors import ConfigError

_HINT = "It must be a CSV, JSON lines or Parquet file; each may be gzipped."
_OTHERS = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"(\xb5/\xfd": "compressed with zstd",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
}
"""How files begin that are none of these."""
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_DELIMITERS = ";\t|,"


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds."""

    path: Path
    names: tuple[str, ...]
    """Names of the columns; of JSON, those of the first row."""
    rows: Iterator[tuple[int, Mapping[str, Any]]]
    """Each with its line in the file, or its number where the file has no lines."""
    has_lines: bool

    @property
    def head(self) -> str:
        """Where the names of columns stand."""
        return self.place(1) if self.has_lines else str(self.path)

    def place(self, number: int) -> str:
        """Return where a row stands."""
        return f"{self.path}:{number}" if self.has_lines else f"{self.path}: row {number}"


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """Open a file; rows are read one by one within the context.

    Raises:
        ConfigError: It can't be read, or is of another kind.
    """
    try:
        with path.open("rb") as raw:
            is_packed = raw.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_packed else path.open("rb") as file:
            yield _table(path, file)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ConfigError(
            f"{path}: not UTF-8 text (byte 0x{byte:02x}).", "Save it as CSV UTF-8."
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        what = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: can't be read: {what}.", _HINT) from None


def _table(path: Path, file: Any) -> Table:
    head = file.read(8)
    file.seek(0)
    if head.startswith(b"PAR1"):
        return _parquet(path, file)
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise ConfigError(f"{path}: is {what}.", "Save it as CSV, or pack it with gzip.")
    encoding = next((e for bom, e in _BOMS.items() if head.startswith(bom)), "utf-8")
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    first = _first_sign(text)
    text.seek(0)
    if not first:
        raise ConfigError(f"{path}: the file is empty.", "It needs at least one row.")
    if first == "{":
        return _from_rows(path, _json_lines(path, text), has_lines=True)
    if first == "[":
        return _from_rows(path, _json_list(path, text), has_lines=False)
    return _delimited(path, text)


def _first_sign(text: TextIO) -> str:
    while piece := text.read(4096):
        if found := piece.strip():
            return found[0]
    return ""


def _from_rows(
    path: Path, rows: Iterator[tuple[int, Mapping[str, Any]]], *, has_lines: bool
) -> Table:
    first = next(rows, None)
    if first is None:
        raise ConfigError(f"{path}: the file is empty.", "It needs at least one row.")

    def everything() -> Iterator[tuple[int, Mapping[str, Any]]]:
        yield first
        yield from rows

    return Table(path, tuple(first[1]), everything(), has_lines)


def _json_lines(path: Path, text: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise ConfigError(
                f"{path}:{number}: not a JSON object: {line.strip()[:80]!r}.",
                "JSON lines hold one object each, such as"
                ' {"timestamp": 0.5, "input_tokens": 100, "output_tokens": 20}.',
            )
        yield number, values


def _json_list(path: Path, text: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        found = json.load(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not JSON: {error}.", _HINT) from None
    for number, values in enumerate(found, start=1):
        if not isinstance(values, dict):
            raise ConfigError(f"{path}: row {number}: not a JSON object: {values!r:.80}.", _HINT)
        yield number, values


def _parquet(path: Path, file: Any) -> Table:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        found = ParquetFile(io.BytesIO(file.read()))
        names = tuple(found.schema_arrow.names)
        _check_unique(path, names)
        batches = found.iter_batches()
    except pa.ArrowException as error:
        raise ConfigError(f"{path}: can't be read: {error}.", _HINT) from None
    rows = (dict(row) for batch in batches for row in batch.to_pylist())
    return Table(path, names, enumerate(rows, start=1), has_lines=False)


def _delimited(path: Path, text: TextIO) -> Table:
    """Return a CSV's rows; the header tells what separates its columns."""
    lines = iter(text.readline, "")
    n_before, header, delimiter = 0, "", ""
    for line in lines:
        if line.lower().startswith("sep=") and len(line.strip()) <= 5:
            delimiter = line[4:5]  # how Excel is told
        elif line.strip() and not line.startswith("#"):
            header = line
            break
        n_before += 1
    delimiter = delimiter.strip("\r\n") or max(_DELIMITERS, key=header.count)
    reader = csv.reader(_with(header, lines), delimiter=delimiter)
    names = tuple(name.strip() for name in next(reader, []))
    return Table(path, names, _csv_rows(path, reader, names, n_before), has_lines=True)


def _with(header: str, lines: Iterator[str]) -> Iterator[str]:
    yield header
    yield from lines


def _csv_rows(
    path: Path, reader: Any, names: tuple[str, ...], n_before: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        for cells in reader:
            number = reader.line_num + n_before
            if not any(cell.strip() for cell in cells):
                continue
            if any(cell.strip() for cell in cells[len(names) :]):
                raise ConfigError(
                    f"{path}:{number}: {len(cells)} values for {len(names)} columns: {', '.join(cells)[:80]!r}.",
                    "Every row needs as many as the header has. Numbers with a decimal comma need another"
                    " separator: a semicolon.",
                )
            yield number, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num + n_before}: {error}.", _HINT) from None


def _check_unique(path: Path, names: tuple[str, ...]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{path}: two columns are called {twice!r}.", "Rename one of them.")
