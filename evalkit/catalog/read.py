"""CSV → rows. Every problem of a file is told at once, with line, column and value.

Files as a spreadsheet writes them are accepted: with a byte order mark; from a German one also with `;` between fields,
`0,19` for 0.19 and `23.11.2026` for 2026-11-23.
"""

from __future__ import annotations

import csv
import datetime
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from evalkit.catalog.rows import CHECKED, COLUMNS, GROUPS, WHATS, Catalog, Row, What, key_of
from evalkit.errors import ConfigError, did_you_mean

HINT = "`evalkit catalog --csv` prints rows in the right form, to be edited."
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GERMAN_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_GERMAN_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def load_catalog(own: Path | None = None) -> Catalog:
    """Return the shipped facts, and the user's.

    Args:
        own: A CSV of the user's; its rows replace shipped ones of the same item and kind, and may add new ones.

    Raises:
        ConfigError: The user's file is missing or not as it should be.
    """
    folder = files("evalkit.catalog")
    shipped = (
        row
        for name in (f"{group}.csv" for group in GROUPS)
        for row in parse_rows((folder / name).read_bytes(), name, is_own=False)
    )
    rows = {key_of(row): row for row in shipped}
    if own is not None:
        rows.update((key_of(row), row) for row in parse_rows(_read(own), str(own), is_own=True))
    return Catalog(tuple(rows.values()))


def parse_rows(data: bytes, name: str, *, is_own: bool) -> tuple[Row, ...]:
    """Read the rows of one file.

    Args:
        data: The file's bytes, UTF-8.
        name: How errors call the file.
        is_own: Whether the rows are the user's.

    Raises:
        ConfigError: With every problem found, one a line.
    """
    text = _decoded(data, name)
    dialect = _Dialect(name, is_german=_is_german(text))
    lines = _lines(text, dialect)
    header = _header(lines, name)
    rows: dict[tuple[str, str], tuple[int, Row]] = {}
    problems = []
    for number, fields in lines:
        line = _Line(dialect, number)
        try:
            row = _row(_by_column(header, fields, line), line, is_own=is_own)
            if key_of(row) in rows:
                first = rows[key_of(row)][0]
                raise line.problem("item", f"{row.item!r} with {row.what!r} is in line {first} too")
            rows[key_of(row)] = (number, row)
        except ConfigError as error:
            problems.append(error.message)
    if problems:
        raise ConfigError("\n".join(problems), HINT)
    return tuple(row for _, row in rows.values())


# --- the file -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How a file writes fields, numbers and dates."""

    name: str
    is_german: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """Where a row is, for errors, and how it writes numbers."""

    dialect: _Dialect
    number: int

    def problem(self, column: str, text: str) -> ConfigError:
        return ConfigError(f"{self.dialect.name}:{self.number}: {column}: {text}.", HINT)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.", HINT) from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}.", HINT) from None


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise ConfigError(
            f"{name}:{line}: not UTF-8 text (byte 0x{byte:02x}).",
            "Save it as 'CSV UTF-8' in the spreadsheet.",
        ) from None


def _is_german(text: str) -> bool:
    """Tell by the header whether fields are separated by `;`, as where the comma is in numbers."""
    header = text.lstrip().partition("\n")[0]
    return header.count(";") > header.count(",")


def _lines(text: str, dialect: _Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line a record begins in, and its fields; empty lines are left out."""
    delimiter = ";" if dialect.is_german else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            fields = [field.strip() for field in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise ConfigError(f"{dialect.name}:{number}: not CSV: {error}.", HINT) from None
        if any(fields):
            yield number, fields


def _header(lines: Iterator[tuple[int, list[str]]], name: str) -> list[str]:
    number, fields = next(lines, (1, []))
    header = [field.lower() for field in fields]
    unknown = [column for column in header if column not in COLUMNS]
    for column in COLUMNS:
        if column not in header:
            near = did_you_mean(column, unknown, f"The columns are {', '.join(COLUMNS)}.")
            raise ConfigError(f"{name}:{number}: column {column!r} is missing.", near)
        if header.count(column) > 1:
            raise ConfigError(f"{name}:{number}: column {column!r} is there twice.", HINT)
    return header


def _by_column(header: list[str], fields: list[str], line: _Line) -> dict[str, str]:
    if len(fields) != len(header):
        counts = f"{len(fields)} fields, the header has {len(header)}"
        raise line.problem("line", f"has {counts}; text with a separator in it goes in quotes")
    return dict(zip(header, fields, strict=True))


# --- one row ------------------------------------------------------------------------------------------------------


def _row(cells: dict[str, str], line: _Line, *, is_own: bool) -> Row:
    for column in ("item", "source"):
        if not cells[column]:
            raise line.problem(column, "must not be empty")
    kind = _kind(cells["what"], line)
    if not kind.has_unit(cells["unit"]):
        wanted = kind.example_unit
        raise line.problem("unit", f"{cells['unit']!r} does not fit; expected such as {wanted!r}")
    low, mode, high = _triple(cells, kind, line)
    return Row(
        item=cells["item"],
        what=cells["what"],
        low=low,
        mode=mode,
        high=high,
        unit=cells["unit"],
        source=cells["source"],
        url=_url(cells["url"], line),
        date=_date("date", cells["date"], line),
        note=cells["note"],
        is_own=is_own,
        checked=_date(CHECKED, cells[CHECKED], line) if cells.get(CHECKED) else None,
    )


def _kind(what: str, line: _Line) -> What:
    if what not in WHATS:
        near = did_you_mean(what, WHATS, f"There are {', '.join(WHATS)}.")
        raise line.problem("what", f"{what!r} is not known. {near}".removesuffix("."))
    return WHATS[what]


def _triple(cells: dict[str, str], kind: What, line: _Line) -> tuple[float, float, float]:
    """Return low, mode and high; the outer ones may be left empty."""
    mode = _number("mode", cells["mode"], kind, line)
    low = _number("low", cells["low"], kind, line) if cells["low"] else mode
    high = _number("high", cells["high"], kind, line) if cells["high"] else mode
    if low > mode:
        raise line.problem("low", f"{cells['low']} is more than mode, {cells['mode']}")
    if mode > high:
        raise line.problem("high", f"{cells['high']} is less than mode, {cells['mode']}")
    return low, mode, high


def _number(column: str, text: str, kind: What, line: _Line) -> float:
    plain = _without_german_signs(column, text, line) if line.dialect.is_german else text
    if not _NUMBER.fullmatch(plain):
        hint = "; in a file with ',' between fields, numbers are written as 320000 or 0.19"
        raise line.problem(column, f"{text!r} is not a number{hint if ',' in text else ''}")
    value = float(plain)
    if not math.isfinite(value):
        raise line.problem(column, f"{text!r} is not a finite number")
    if value < kind.least:
        raise line.problem(column, f"{text} is less than {kind.least:g}")
    if value > kind.most:
        example = "; half is 0.5" if kind.most == 1 else ""
        raise line.problem(column, f"{text} is more than {kind.most:g}{example}")
    return value


def _without_german_signs(column: str, text: str, line: _Line) -> str:
    """Return `1.234,5` as `1234.5`; refuse `320.000`, which may be 320 or 320000."""
    if _GERMAN_THOUSANDS.fullmatch(text):
        if "," not in text and text.count(".") == 1:
            raise line.problem(
                column,
                f"{text!r} may be {text.replace('.', '')} or {float(text):g}; write it without"
                " a dot for thousands, or with a comma",
            )
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def _url(text: str, line: _Line) -> str | None:
    if text and not re.match(r"https?://\S+$", text):
        raise line.problem("url", f"{text!r} does not begin with https:// or http://")
    return text or None


def _date(column: str, text: str, line: _Line) -> datetime.date:
    german = _GERMAN_DATE.fullmatch(text) if line.dialect.is_german else None
    try:
        if german:
            day, month, year = map(int, german.groups())
            return datetime.date(year, month, day)
        if _ISO_DATE.fullmatch(text):
            return datetime.date.fromisoformat(text)
    except ValueError:
        raise line.problem(column, f"{text!r} is no day of the calendar") from None
    raise line.problem(column, f"{text!r} is not a date such as 2026-11-23")
