"""Times of a trace in numbers: in which unit they are, and what is in doubt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from evalkit.errors import ConfigError
from evalkit.loadgen.traces.cells import Cell, Column, plain, refused
from evalkit.loadgen.traces.numbers import as_number

SECONDS = {"days": 86_400.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Unit → seconds."""
_WORDS = {
    "days": "days",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}
_EPOCHS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_YEAR_2000, _YEAR_2100 = 946_684_800, 4_102_444_800
_EXCEL_DAYS = (36_526, 73_050)
"""The years 2000 to 2100 in days since 1900."""
_LONGEST_GAP_S, _SHORTEST_GAP_S = 5.0, 1e-3
"""Between two requests, on average: others are no load that is replayed, so the unit is in doubt."""
_SLOW_GAP_S = 60.0
"""The longest in a unit that is proposed instead."""
_SUFFIX = re.compile(
    r"(?:^|_)(?:(?P<days>days|tage)|(?P<s>s|secs?|seconds?|sek|sekunden)|(?P<ms>ms|msecs?|millis(?:econds|ekunden)?)"
    r"|(?P<us>us|usecs?|micros(?:econds)?|mikrosekunden)|(?P<ns>ns|nsecs?|nanos(?:econds|ekunden)?))$"
)


def plain_name(name: str) -> str:
    """Return a column's name in small letters, its words joined by underscores: ContextTokens, Request tokens."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("µ", "u").replace("μ", "u"))
    return re.sub(r"[^0-9a-z]+", "_", words.casefold()).strip("_")


def unit_of(column: str) -> str | None:
    """Return the unit that the name of a column ends in, written in small letters with underscores."""
    found = _SUFFIX.search(column)
    return None if found is None else found.lastgroup


def read_numbers(column: Column, cells: Sequence[Cell]) -> tuple[list[float], tuple[str, ...]]:
    """Return numbers as seconds since the first, and what a reader should know of them."""
    values: list[float] = []
    styles: dict[str, Cell] = {}
    for cell in cells:
        value = plain(cell.value)
        number = as_number(value)
        if number is None:
            raise refused(
                column, cell, "is not a number like the times before it" if values else "is no time"
            )
        if number < 0:
            raise refused(column, cell, "is before the start", "Times begin at 0 or are dates.")
        if _is_rounded(value, number):
            raise refused(
                column,
                cell,
                "was rounded by a spreadsheet",
                "Show the column with all its digits there, and save it again.",
            )
        styles |= {sign: cell for sign in ".," if isinstance(value, str) and sign in value}
        values.append(number)
    if len(styles) > 1:
        raise refused(
            column, styles[","], "has a decimal comma, others a point", "Use one of them."
        )
    unit, notes = _unit(column, values)
    first = min(values)
    return [(v - first) * SECONDS[unit] for v in values], notes


def _is_rounded(value: Any, number: float) -> bool:
    """Tell whether a date in numbers has lost its last digits, as in 1.70013E+12."""
    if not isinstance(value, str) or "e" not in value.lower():
        return False
    digits = re.sub(r"\D", "", value.lower().partition("e")[0])
    return number >= _YEAR_2000 and len(digits) < 10


def _unit(column: Column, values: Sequence[float]) -> tuple[str, tuple[str, ...]]:
    """Return the unit of a column of numbers: as told, as dates since 1970 show, or seconds if that can be.

    Raises:
        ConfigError: It can't.
    """
    low, high = min(values), max(values)
    since_1970 = next((u for u in _EPOCHS if _is_date(low, u) and _is_date(high, u)), None)
    if column.unit is not None:
        if since_1970 is not None and SECONDS[column.unit] > SECONDS[since_1970]:
            what = f"{low:.0f} can't be {_WORDS[column.unit]}: it looks like {_WORDS[since_1970]} since 1970"
            raise _in_doubt(column, what, since_1970, can_be=False)
        if not column.is_unit_given:
            _check_gaps(column, values, column.unit)
        return column.unit, (_read_as(column, values, column.unit),)
    if since_1970 is not None:
        return since_1970, (_read_as(column, values, since_1970, " since 1970"),)
    if any(_is_date(low, u) for u in _EPOCHS) or any(_is_date(high, u) for u in _EPOCHS):
        what = f"{low:.0f} to {high:.0f} are not all dates since 1970 in one unit"
        raise ConfigError(f"{column.file}: {column.name}: {what}.", "Write all times alike.")
    is_whole = all(v == int(v) for v in values)
    if not is_whole and _EXCEL_DAYS[0] <= low and high <= _EXCEL_DAYS[1] and high - low < 366:
        raise _in_doubt(column, f"{low:g} to {high:g} may be Excel's days or seconds", "days")
    _check_gaps(column, values, "s")
    return "s", (_read_as(column, values, "s"),)


def _is_date(value: float, unit: str) -> bool:
    return _YEAR_2000 * _EPOCHS[unit] <= value <= _YEAR_2100 * _EPOCHS[unit]


def _read_as(column: Column, values: Sequence[float], unit: str, since: str = "") -> str:
    """Say what the times are taken for, and what that makes of the trace: a wrong unit is seen by that."""
    span_s = (max(values) - min(values)) * SECONDS[unit]
    said = f"times of {column.name} are read as {_WORDS[unit]}{since}"
    return f"{said}: {len(values):,} requests within {span_s:,.6g} s."


def _check_gaps(column: Column, values: Sequence[float], unit: str) -> None:
    """Refuse a unit, told by no one but a name, in which requests would come too seldom or too fast for a load."""
    gap_s = (max(values) - min(values)) / max(len(values) - 1, 1) * SECONDS[unit] / column.speed
    smaller = [u for u, per in SECONDS.items() if per < SECONDS[unit]]
    if gap_s > _LONGEST_GAP_S and smaller:
        fitting = (u for u in smaller if gap_s * SECONDS[u] / SECONDS[unit] <= _SLOW_GAP_S)
        other = next(fitting, smaller[-1])
        raise _in_doubt(
            column,
            f"in {_WORDS[unit]}, a request would come every {gap_s:.3g} s only: these look like {_WORDS[other]}",
            other,
        )
    is_whole = all(v == int(v) for v in values)
    if 0 < gap_s * column.speed < _SHORTEST_GAP_S and not is_whole:
        other = "days" if max(values) < 1 else "s"
        what = f"in {_WORDS[unit]}, a request would come every {gap_s * 1e6:.3g} µs: these look like {_WORDS[other]}"
        raise _in_doubt(column, what, other)


def _in_doubt(column: Column, what: str, unit: str, *, can_be: bool = True) -> ConfigError:
    hint = f"Say which under load: `time_unit: {unit}`"
    if can_be:
        hint += f", or `time_unit: {column.unit or 's'}` if they are {_WORDS[column.unit or 's']}"
    return ConfigError(f"{column.file}: {column.name}: {what}.", f"{hint}.")
