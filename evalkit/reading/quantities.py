"""Quantities with their units and currencies, in one form: `thirty days`, `30-day` and `30 Tage` are alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evalkit.reading.dates import moments
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.numerals import Numeral, numerals
from evalkit.reading.units import FACTORS, UNIT, unit_named

_CURRENCY_WORDS = {
    "USD": r"US\$|USD|(?:US[- ])?dollars?|\$",
    "EUR": r"EUR|euros?|€",
    "GBP": r"GBP|pounds?(?: sterling)?|£",
    "CHF": r"CHF|"
    r"francs?|franken",
    "JPY": r"JPY|yen|¥",
    "CENT": r"cents?|pence|ct",
}
_CURRENCY = lazy_regex(
    "|".join(
        f"(?P<{code}>(?<![A-Za-z])(?:{words})(?![A-Za-z]))"
        for code, words in _CURRENCY_WORDS.items()
    ),
    re.I,
)
_UNIT = lazy_regex(UNIT, re.I)
CENTS = lazy_regex(rf"(?<![A-Za-z])(?:{_CURRENCY_WORDS['CENT']})(?![A-Za-z])", re.I)
CURRENCIES = frozenset(_CURRENCY_WORDS)
_WORKING = lazy_regex(
    r"\s?(?:working|business|calendar|full|whole|consecutive|volle[nr]?|ganze[nr]?|werk|arbeits)[\s-]*",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what it counts, or a date or time."""

    start: int
    end: int
    value: float | str
    unit: str | None
    """Currency, or the unit that all of its sort are turned into; None: a bare number."""
    told: float | None = None
    """The number in the unit that the text has."""

    def says(self, other: Quantity) -> bool:
        """Tell whether two are the same, or would be with the unit, year or half of the day that one leaves out."""
        if isinstance(self.value, str) or isinstance(other.value, str):
            return _is_same_moment(str(self.value), str(other.value))
        if (other.unit, self.unit) == ("%", None) and abs(self.value) < 1:
            return _is_close(100 * self.value, other.value)
        if (self.unit, other.unit) == ("%", None) and abs(other.value) < 1:
            return _is_close(self.value, 100 * other.value)
        if self.unit == other.unit:
            return _is_close(self.value, other.value)
        one, two = (q.value if q.told is None else q.told for q in (self, other))
        return None in (self.unit, other.unit) and _is_close(float(one), float(two))


def _is_close(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(1.0, abs(other))


def _is_same_moment(one: str, other: str) -> bool:
    one, other = (re.sub("^T24:", "T00:", name) for name in (one, other))
    if one.endswith("~") or other.endswith("~"):
        halves = [_in_first_half(name) for name in (one, other)]
        return None not in halves and halves[0] == halves[1]
    if one.startswith("--") != other.startswith("--"):
        return one[-6:] == other[-6:] and {len(one), len(other)} == {7, 10}
    return one == other


def _in_first_half(name: str) -> str | None:
    """Return a time of day as a clock with twelve hours shows it."""
    found = re.fullmatch(r"T(\d\d):(\d\d)~?", name)
    return f"{int(found[1]) % 12}:{found[2]}" if found else None


def quantities(text: str, language: str | None) -> Iterator[Quantity]:
    """Yield dates, times and numbers of a text in which number words are digits already."""
    found = list(moments(text))
    for moment in found:
        yield Quantity(
            moment.start, moment.end, moment.name, "T" if moment.name.startswith("T") else "date"
        )
    for numeral in numerals(text, language):
        if not any(m.start < numeral.end and numeral.start < m.end for m in found):
            yield quantity_of(text, numeral)


def quantity_of(text: str, numeral: Numeral) -> Quantity:
    """Return a number with the unit that stands at it; cents are parts of whatever currency."""
    written = text[numeral.start : numeral.end]
    if numeral.has_currency and (currency := _CURRENCY.search(written)):
        code = currency.lastgroup
        if code == "CENT":
            return Quantity(numeral.start, numeral.end, numeral.value / 100, None)
        return Quantity(numeral.start, numeral.end, numeral.value, code)
    if numeral.is_percent:
        return Quantity(numeral.start, numeral.end, numeral.value, "%")
    rest = text[numeral.end :]
    skipped = _WORKING.match(rest)
    unit = _UNIT.match(rest) or (_UNIT.match(rest[skipped.end() - 1 :]) if skipped else None)
    name = unit_named(unit[0]) if unit else None
    if unit is None or name is None:
        return Quantity(numeral.start, numeral.end, numeral.value, None)
    sort, factor = FACTORS[name]
    end = numeral.end + unit.end() + (skipped.end() - 1 if skipped and not _UNIT.match(rest) else 0)
    return Quantity(numeral.start, end, numeral.value * factor, sort, numeral.value)
