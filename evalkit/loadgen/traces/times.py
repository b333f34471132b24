"""When the requests of a trace came: numbers in some unit, dates as programs write them, or times of a day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace

from evalkit.loadgen.traces.cells import Cell, Column, plain, refused
from evalkit.loadgen.traces.numbers import as_number
from evalkit.loadgen.traces.units import read_numbers

_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
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


def read_times(column: Column, cells: Sequence[Cell]) -> tuple[list[float], tuple[str, ...]]:
    """Return when each request came, in seconds, and what a reader should know of it.

    Raises:
        ConfigError: A value is no time, or may be read in two ways.
    """
    first = plain(cells[0].value)
    if isinstance(first, str) and as_number(first) is None:
        return _texts(column, cells)
    if isinstance(cells[0].value, dt.timedelta):
        column = replace(column, unit="s", is_unit_given=True)  # whatever its name ends in
    return read_numbers(column, cells)


def _texts(column: Column, cells: Sequence[Cell]) -> tuple[list[float], tuple[str, ...]]:
    texts = [_text(column, cell) for cell in cells]
    if _CLOCK.fullmatch(texts[0]):
        return _spans(column, cells, texts, _CLOCK, may_wrap=True), ()
    if len(texts[0]) > 2 and _ISO_DURATION.fullmatch(texts[0]):
        return _spans(column, cells, texts, _ISO_DURATION, may_wrap=False), ()
    if _NO_HOURS.fullmatch(texts[0]):
        raise refused(
            column,
            cells[0],
            "has no hours, or no seconds",
            "In a spreadsheet, format the column as yyyy-mm-dd hh:mm:ss.000 and save it again.",
        )
    if (found := _iso(texts[0])) is not None:
        moments = [_dated(column, c, _iso(t), found) for c, t in zip(cells, texts, strict=True)]
        are_whole = len(moments) > 1 and not any(m.second or m.microsecond for m in moments)
        return _since_first(moments), (_no_seconds(column),) if are_whole else ()
    return _formatted(column, cells, texts)


def _text(column: Column, cell: Cell) -> str:
    value = plain(cell.value)
    if not isinstance(value, str) or not value:
        raise refused(column, cell, "is no time")
    text = _FRACTION.sub(r"\1.\2", value)
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
        raise refused(column, cell, "is no time like those before it")
    if (found.tzinfo is None) != (first.tzinfo is None):
        raise refused(
            column,
            cell,
            "differs from the first in having a time zone",
            "Give all of them one, or none.",
        )
    return found


def _since_first(moments: Sequence[dt.datetime]) -> list[float]:
    first = min(moments)
    return [(m - first).total_seconds() for m in moments]


def _spans(
    column: Column,
    cells: Sequence[Cell],
    texts: Sequence[str],
    form: re.Pattern[str],
    *,
    may_wrap: bool,
) -> list[float]:
    """Read days, hours, minutes and seconds: times of a day, which may begin anew at midnight, or durations."""
    found: list[float] = []
    for cell, text in zip(cells, texts, strict=True):
        parts = form.fullmatch(text)
        if parts is None:
            raise refused(column, cell, "is no time like those before it")
        days, hours, minutes, seconds = (float(p or 0) for p in parts.groups())
        found.append(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
        if may_wrap and len(found) > 1 and found[-2] - found[-1] > _HALF_DAY_S:
            raise refused(column, cell, "is after midnight, and has no date", "Give dates, too.")
    first = min(found)
    return [at - first for at in found]


def _formatted(
    column: Column, cells: Sequence[Cell], texts: Sequence[str]
) -> tuple[list[float], tuple[str, ...]]:
    """Read dates as spreadsheets write them; which number is the month must follow from the whole column."""
    texts = [_spaced(text) for text in texts]
    left = {form: [m] for form in _FORMATS if (m := _parsed(texts[0], form)) is not None}
    if not left:
        raise refused(column, cells[0], "is no time")
    for cell, text in zip(cells[1:], texts[1:], strict=True):
        found = {form: m for form in left if (m := _parsed(text, form)) is not None}
        if not found:
            raise refused(column, cell, "is no time like those before it")
        left = {form: left[form] for form in found}
        for form, moment in found.items():
            left[form].append(moment)
    readings = {form: _since_first(moments) for form, moments in left.items()}
    (form, times), *others = readings.items()
    if any(other != times for _, other in others):
        raise refused(
            column,
            cells[0],
            "and the others may have the month or the day first",
            "Write dates as 2026-11-30 12:00:00.",
        )
    has_seconds = "%S" in form
    return times, () if has_seconds else (_no_seconds(column),)


def _no_seconds(column: Column) -> str:
    return f"times of {column.name} have no seconds."


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
