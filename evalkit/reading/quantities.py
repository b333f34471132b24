"""Quantities with their units and currencies, in one form: `thirty days`, `30-day` and `30 Tage` are alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel.units import format_unit

from evalkit.reading.dates import moments
from evalkit.reading.numerals import Numeral, numerals

_CURRENCY_WORDS = {
    "USD": r"US\$|USD|(?:US[- ])?dollars?|\$",
    "EUR": r"EUR|euros?|€",
    "GBP": r"GBP|pounds?(?: sterling)?|£",
    "CHF": r"CHF|"
    r"francs?|franken",
    "JPY": r"JPY|yen|¥",
    "CENT": r"cents?|pence|ct",
}
_CURRENCY = re.compile(
    "|".join(
        f"(?P<{code}>(?<![A-Za-z])(?:{words})(?![A-Za-z]))"
        for code, words in _CURRENCY_WORDS.items()
    ),
    re.I,
)
CURRENCIES = frozenset(_CURRENCY_WORDS)
_FACTORS: dict[str, tuple[str, float]] = {
    "duration-second": ("s", 1),
    "duration-minute": ("s", 60),
    "duration-hour": ("s", 3600),
    "duration-day": ("s", 86400),
    "duration-week": ("s", 604800),
    "duration-month": ("month", 1),
    "duration-year": ("month", 12),
    "length-millimeter": ("m", 0.001),
    "length-centimeter": ("m", 0.01),
    "length-meter": ("m", 1),
    "length-kilometer": ("m", 1000),
    "length-mile": ("mile", 1),
    "length-inch": ("inch", 1),
    "length-foot": ("foot", 1),
    "mass-gram": ("g", 1),
    "mass-kilogram": ("g", 1000),
    "mass-milligram": ("g", 0.001),
    "mass-tonne": ("g", 1e6),
    "mass-pound": ("lb", 1),
    "volume-liter": ("l", 1),
    "volume-milliliter": ("l", 0.001),
    "area-square-meter": ("m2", 1),
    "area-hectare": ("m2", 10000),
    "area-square-kilometer": ("m2", 1e6),
    "volume-cubic-meter": ("m3", 1),
    "speed-kilometer-per-hour": ("kmh", 1),
    "speed-mile-per-hour": ("mph", 1),
    "temperature-celsius": ("C", 1),
    "temperature-fahrenheit": ("F", 1),
    "energy-kilowatt-hour": ("kWh", 1),
    "power-watt": ("W", 1),
    "power-kilowatt": ("W", 1000),
    "power-megawatt": ("W", 1e6),
    "digital-byte": ("B", 1),
    "digital-kilobyte": ("B", 1e3),
    "digital-megabyte": ("B", 1e6),
    "digital-gigabyte": ("B", 1e9),
    "digital-terabyte": ("B", 1e12),
}
_MORE_NAMES = {
    "mo": "duration-month",
    "mos": "duration-month",
    "yrs": "duration-year",
    "hrs": "duration-hour",
    "std": "duration-hour",
    "stunden": "duration-hour",
    "jahren": "duration-year",
    "monaten": "duration-month",
    "tagen": "duration-day",
    "tages": "duration-day",
    "minuten": "duration-minute",
    "mins": "duration-minute",
    "secs": "duration-second",
    "kilo": "mass-kilogram",
    "kilos": "mass-kilogram",
    "metres": "length-meter",
    "metre": "length-meter",
    "kilometres": "length-kilometer",
    "litre": "volume-liter",
    "litres": "volume-liter",
    "metern": "length-meter",
    "litern": "volume-liter",
    "grad": "temperature-celsius",
    "degrees": "temperature-celsius",
    "tons": "mass-tonne",
    "kilometern": "length-kilometer",
    "pounds": "mass-pound",
    "qm": "area-square-meter",
    "sqm": "area-square-meter",
}


def _names() -> dict[str, str]:
    found = dict(_MORE_NAMES)
    for unit in _FACTORS:
        for locale in ("en", "de"):
            for length in ("long", "short", "narrow"):
                for n in (1, 2):
                    word = (
                        re.sub(r"[\d\s]+", " ", format_unit(n, unit, length=length, locale=locale))
                        .strip()
                        .casefold()
                        .rstrip(".")
                    )
                    if len(word) > 1 or unit in (
                        "length-meter",
                        "mass-gram",
                        "volume-liter",
                        "duration-hour",
                    ):
                        found.setdefault(word, unit)
    return found


_UNITS = _names()
_UNIT = re.compile(
    r"[\s-]?("
    + "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
    + r")\b\.?(?![²³])",
    re.I,
)
_WORKING = re.compile(
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

    def says(self, other: Quantity) -> bool:
        """Tell whether two are the same, or would be with the unit that one of them leaves out."""
        if isinstance(self.value, str) or isinstance(other.value, str):
            return self.value == other.value
        same = abs(self.value - other.value) <= 1e-9 * max(1.0, abs(self.value))
        return same and (self.unit == other.unit or self.unit is None)


def quantities(text: str, language: str | None) -> Iterator[Quantity]:
    """Yield dates, times and numbers of a text in which number words are digits already."""
    found = list(moments(text))
    for moment in found:
        yield Quantity(
            moment.start, moment.end, moment.name, "T" if moment.name.startswith("T") else "date"
        )
    for numeral in numerals(text, language):
        if not any(m.start < numeral.end and numeral.start < m.end for m in found):
            yield _quantity(text, numeral)


def _quantity(text: str, numeral: Numeral) -> Quantity:
    written = text[numeral.start : numeral.end]
    if numeral.has_currency and (currency := _CURRENCY.search(written)):
        code = currency.lastgroup
        return Quantity(numeral.start, numeral.end, numeral.value, code)
    if numeral.is_percent:
        return Quantity(numeral.start, numeral.end, numeral.value, "%")
    rest = text[numeral.end :]
    skipped = _WORKING.match(rest)
    unit = _UNIT.match(rest) or (_UNIT.match(rest[skipped.end() - 1 :]) if skipped else None)
    if unit is None:
        return Quantity(numeral.start, numeral.end, numeral.value, None)
    name, factor = _FACTORS[_UNITS[unit[1].casefold().rstrip(".")]]
    end = numeral.end + unit.end() + (skipped.end() - 1 if skipped and not _UNIT.match(rest) else 0)
    return Quantity(numeral.start, end, numeral.value * factor, name)
