"""Finds in an answer a gold of several quantities that follow each other: `from 9 am to 5 pm`, `Friday at 10`."""

from __future__ import annotations

import re
from dataclasses import replace

from evalkit.reading.bounds import without_bounds
from evalkit.reading.content import content
from evalkit.reading.digits import in_digits
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.names import DAYS, NO_DAY, any_of
from evalkit.reading.quantities import Quantity, quantities
from evalkit.reading.worded import GOLD, words_of

_DAY = lazy_regex(
    rf"\b(?:(?P<name>{any_of(n for n in DAYS if len(n) > 3)})(?:s|(?:abend|morgen|nachmittag|vormittag|nacht)s?)?|"
    rf"(?P<short>(?-i:{any_of(n.capitalize() for n in DAYS if len(n) <= 3)}))(?=\b){NO_DAY})\b",
    re.I,
)


def between(gold: str, wanted: list[Quantity]) -> list[str]:
    """Return the words of a gold of several quantities that are more than what joins them."""
    rest, end = [], 0
    for quantity in sorted(wanted, key=lambda q: q.start):
        rest.append(gold[end : quantity.start])
        end = quantity.end
    text = without_bounds(" ".join([*rest, gold[end:]]))
    return content(words_of(re.sub(r"\b(?:uhr|between|zwischen|o'clock)\b", " ", text, flags=re.I)))


def masked_series(said: str, wanted: list[Quantity], language: str | None) -> str:
    """Mark quantities that follow each other as the gold's do: `from 9 am to 5 pm`."""
    wanted = sorted(wanted, key=lambda q: q.start)
    units: list[str | None] = [u for u in ("date", "T") if any(q.unit == u for q in wanted)]
    for sort in units or [wanted[-1].unit]:
        said = in_digits(said, sort)
    days = weekdays(said) if any(q.unit == "weekday" for q in wanted) else []
    has_time = any(q.unit == "T" for q in wanted)
    told = [
        (time_of_day(q, said, "") if has_time else None) or q for q in quantities(said, language)
    ]
    found = sorted([*told, *days], key=lambda q: q.start)
    for i in range(len(found) - len(wanted) + 1):
        run = found[i : i + len(wanted)]
        is_timed = any(q.unit == "T" for q in (*run, *wanted))
        if any(q.unit in _DAYLIKE for q in wanted):
            run, wanted = (
                sorted(some, key=lambda q: q.unit not in _DAYLIKE) for some in (run, wanted)
            )
        pairs = zip(*(_timed(some, is_timed=is_timed) for some in (run, wanted)), strict=True)
        if all(one.says(other) for one, other in pairs):
            return f"{said[: min(q.start for q in run)]}{GOLD}{said[max(q.end for q in run) :]}"
    return said


_DAYLIKE = ("weekday", "date")
"""Units of what may stand before a time of day, or behind it."""


def weekdays(text: str) -> list[Quantity]:
    """Return the days of the week that a text names."""
    return [
        Quantity(m.start(), m.end(), DAYS[(m["name"] or m["short"]).casefold()], "weekday")
        for m in _DAY.finditer(text)
    ]


def _timed(run: list[Quantity], *, is_timed: bool) -> list[Quantity]:
    """Return quantities of which bare numbers are hours where others are times of day: `7 to 10 am`."""
    if not is_timed:
        return run
    return [
        replace(q, value=f"T{int(q.value) % 12:02d}:00~", unit="T")
        if q.unit is None and isinstance(q.value, float) and 0 <= q.value <= 24
        else q
        for q in run
    ]


def time_of_day(quantity: Quantity, said: str, gold: str) -> Quantity | None:
    """Return a number as the time of day that it may be: `20.40`."""
    written = said[quantity.start : quantity.end]
    clock = re.fullmatch(r"([01]?\d|2[0-4])[.:h]([0-5]\d)", written)
    if clock is None:
        return quantity if quantity.unit == "T" else None
    is_half_told = not re.search(r"\d\s?[ap]\.?m\b", gold, re.I) or int(clock[1]) > 12
    either = "" if is_half_told or written.startswith("0") else "~"
    return Quantity(quantity.start, quantity.end, f"T{int(clock[1]):02d}:{clock[2]}{either}", "T")
