"""When the requests of a trace came: numbers in some unit, dates as programs write them, or times of a day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.errors import ConfigError
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
_LONGEST_GAP_S, _LONGEST_WHOLE_GAP_S = 60.0, 5.0
"""Between two requests, on average: longer ones are no load, so the unit is in doubt; whole numbers often are
milliseconds."""
_SUFFIX = re.compile(
    r"(?:^|_)(days|s|secs?|seconds?|ms|msecs?|millis(?:econds)?|us|micros(?:econds)?|ns|nanos(?:econds)?)$"
)
_SPELLED = {
    "d": "days",
    "se": "s",
    "s": "s",
    "mi": "ms",
    "ms": "ms",
    "us": "us",
    "ns": "ns",
    "na": "ns",
}
_DATES = (
    "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d-%m-%Y", "%m-%d-%Y",
    "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d/%b/%Y", "%d-%b-%Y", "%a %d %b %Y", "%a %b %d %Y",
)  # fmt: skip
_CLOCKS = ("%H:%M:%S.%f", "%H:%M", "%I:%M:%S.%f %p", "%I:%M %p")
_FORMATS = tuple(f"{d} {t}{z}" for d in _DATES for t in _CLOCKS for z in ("", " %z"))
_FRACTION = re.compile(r"(:\d\d)[.,](\d{1,6})\d*")
_CLOCK = re.compile(r"(?:(\d+) days? ,?\s*)?(\d{1,3}):(\d\d):(\d\d(?:\.\d+)?)")
_NO_HOURS = re.compile(r"\d{1,2}:\d\d(\.\d+)?")
_HALF_DAY_S = 43_200.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of the column of times."""

    place: str
    """File and line."""
    value: Any


@dataclass(frozen=True, slots=True)
class Column:
    """The column of times."""

    file: str
    name: str
    unit: str | None
    """As the config, the column's name or a known format says; None: to be told by the numbers."""
    speed: float
    """Of the replay."""


def unit_of(column: str) -> str | None:
    """Return the unit that the name of a column ends in, written in small letters with underscores."""
    found = _SUFFIX.search(column)
    if found is None:
        return None
    text = found[1]
    if text.startswith("micro"):
        return "us"
    return next(unit for begin, unit in _SPELLED.items() if text.startswith(begin))


def read_times(column: Column, cells: Sequence[Cell]) -> tuple[list[float], tuple[str, ...]]:
    """Return when each request came, in seconds, and what a reader should know of it.

    Raises:
        ConfigError: A value is no time, or may be read in two ways.
    """
    first = _plain(cells[0].value)
    if isinstance(first, str) and as_number(first) is None:
        return _texts(column, cells)
    return _numbers(column, cells)


def _plain(value: Any) -> Any:
    """Return a value as a CSV would have it."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return value.strip() if isinstance(value, str) else value


def _refused(column: Column, cell: Cell, why: str, hint: str = "") -> ConfigError:
    shown = repr(cell.value)[:60]
    return ConfigError(
        f"{cell.place}: {column.name}: {shown} {why}.",
        hint or "Times are numbers (see time_unit) or dates such as 2026-11-30 12:00:00.5.",
    )


def _numbers(column: Column, cells: Sequence[Cell]) -> tuple[list[float], tuple[str, ...]]:
    values: list[float] = []
    styles: dict[str, Cell] = {}
    for cell in cells:
        plain = _plain(cell.value)
        number = as_number(plain)
        if number is None:
            raise _refused(
                column, cell, "is not a number like the times before it" if values else "is no time"
            )
        if number < 0:
            raise _refused(column, cell, "is before the start", "Times begin at 0 or are dates.")
        if _is_rounded(plain, number):
            raise _refused(
                column,
                cell,
                "was rounded by a spreadsheet",
                "Show the column with all its digits there, and save it again.",
            )
        styles |= {sign: cell for sign in ".," if isinstance(plain, str) and sign in plain}
        values.append(number)
    if len(styles) > 1:
        raise _refused(
            column, styles[","], "has a decimal comma, others a point", "Use one of them."
        )
    unit, notes = _unit(column, values)
    first = min(values)
    return [(v - first) * SECONDS[unit] for v in values], notes


def _is_rounded(plain: Any, number: float) -> bool:
    """Tell whether a date in numbers has lost its last digits, as in 1.70013E+12."""
    if not isinstance(plain, str) or "e" not in plain.lower():
        return False
    digits = re.sub(r"\D", "", plain.lower().partition("e")[0])
    return number >= _YEAR_2000 and len(digits) < 10


def _unit(column: Column, values: Sequence[float]) -> tuple[str, tuple[str, ...]]:
    """Return the unit of a column of numbers: as told, as dates since 1970 show, or seconds if that can be.

    Raises:
        ConfigError: It can't.
    """
    if column.unit is not None:
        return column.unit, (f"times of {column.name} are read as {_WORDS[column.unit]}.",)
    low, high = min(values), max(values)
    for unit, per_s in _EPOCHS.items():
        if _YEAR_2000 * per_s <= low and high <= _YEAR_2100 * per_s:
            return unit, (f"times of {column.name} are read as {_WORDS[unit]} since 1970.",)
    is_whole = all(v == int(v) for v in values)
    if not is_whole and _EXCEL_DAYS[0] <= low and high <= _EXCEL_DAYS[1] and high - low < 366:
        raise _in_doubt(column, f"{low:g} to {high:g} may be Excel's days or seconds", "days")
    gap_s = (high - low) / max(len(values) - 1, 1) / column.speed
    if gap_s > (_LONGEST_WHOLE_GAP_S if is_whole else _LONGEST_GAP_S):
        raise _in_doubt(
            column,
            f"in seconds, a request would come every {gap_s:.3g} s only: these look like milliseconds",
            "ms",
        )
    return "s", ()


def _in_doubt(column: Column, what: str, unit: str) -> ConfigError:
    return ConfigError(
        f"{column.file}: {column.name}: {what}.",
        f"Say which under load: `time_unit: {unit}`, or `time_unit: s` if they are seconds.",
    )


def _texts(column: Column, cells: Sequence[Cell]) -> tuple[list[float], tuple[str, ...]]:
    texts = [_text(column, cell) for cell in cells]
    if _CLOCK.fullmatch(texts[0]):
        return _clocks(column, cells, texts), ()
    if _NO_HOURS.fullmatch(texts[0]):
        raise _refused(
            column,
            cells[0],
            "has no hours, or no seconds",
            "In a spreadsheet, format the column as yyyy-mm-dd hh:mm:ss.000 and save it again.",
        )
    if (found := _iso(texts[0])) is not None:
        return _since_first(
            [_dated(column, c, _iso(t), found) for c, t in zip(cells, texts, strict=True)]
        ), ()
    return _formatted(column, cells, texts)


def _text(column: Column, cell: Cell) -> str:
    plain = _plain(cell.value)
    if not isinstance(plain, str) or not plain:
        raise _refused(column, cell, "is no time")
    text = _FRACTION.sub(r"\1.\2", plain)
    return re.sub(r"\s*(UTC|GMT|Z)$", "+00:00", text)


def _iso(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", text))
    except ValueError:
        return None


def _dated(
    column: Column, cell: Cell, found: dt.datetime | None, first: dt.datetime
) -> dt.datetime:
    if found is None:
        raise _refused(column, cell, "is no time like those before it")
    if (found.tzinfo is None) != (first.tzinfo is None):
        raise _refused(
            column,
            cell,
            "differs from the first in having a time zone",
            "Give all of them one, or none.",
        )
    return found


def _since_first(moments: Sequence[dt.datetime]) -> list[float]:
    first = min(moments)
    return [(m - first).total_seconds() for m in moments]


def _clocks(column: Column, cells: Sequence[Cell], texts: Sequence[str]) -> list[float]:
    """Read times of a day, or durations."""
    found: list[float] = []
    for cell, text in zip(cells, texts, strict=True):
        parts = _CLOCK.fullmatch(text)
        if parts is None:
            raise _refused(column, cell, "is no time like those before it")
        days, hours, minutes, seconds = (float(p or 0) for p in parts.groups())
        found.append(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
        if len(found) > 1 and found[-2] - found[-1] > _HALF_DAY_S:
            raise _refused(column, cell, "is after midnight, and has no date", "Give dates, too.")
    first = min(found)
    return [at - first for at in found]


def _formatted(
    column: Column, cells: Sequence[Cell], texts: Sequence[str]
) -> tuple[list[float], tuple[str, ...]]:
    """Read dates as spreadsheets write them; which number is the month must follow from the whole column."""
    texts = [_spaced(text) for text in texts]
    left = {form: [m] for form in _FORMATS if (m := _parsed(texts[0], form)) is not None}
    if not left:
        raise _refused(column, cells[0], "is no time")
    for cell, text in zip(cells[1:], texts[1:], strict=True):
        found = {form: m for form in left if (m := _parsed(text, form)) is not None}
        if not found:
            raise _refused(column, cell, "is no time like those before it")
        left = {form: left[form] for form in found}
        for form, moment in found.items():
            left[form].append(moment)
    readings = {form: _since_first(moments) for form, moments in left.items()}
    (form, times), *others = readings.items()
    if any(other != times for _, other in others):
        raise _refused(
            column,
            cells[0],
            "and the others may have the month or the day first",
            "Write dates as 2026-11-30 12:00:00.",
        )
    has_seconds = "%S" in form
    return times, () if has_seconds else (f"times of {column.name} have no seconds.",)


def _spaced(text: str) -> str:
    """Return a date and a time with a fraction, one blank between them, and one before the zone."""
    text = re.sub(r"^(\d\d/\w{3}/\d{4}):", r"\1 ", text.strip("[]"))  # web servers' logs
    text = re.sub(r",\s*|\s+", " ", text)
    text = re.sub(r"(\b\d\d?:\d\d:\d\d)(?![.:\d])", r"\1.0", text)
    return re.sub(r"(?<=[\d M])\s*([+-]\d\d:?\d\d)$", r" \1", text).replace("  ", " ")


def _parsed(text: str, form: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, form)  # noqa: DTZ007 - only differences count
    except ValueError:
        return None
