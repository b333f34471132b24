"""Units of measure by their names, English and German, and what they are turned into."""

from __future__ import annotations

import re

from babel.units import format_unit

FACTORS: dict[str, tuple[str, float]] = {
    "duration-second": ("s", 1),
    "duration-minute": ("s", 60),
    "duration-hour": ("s", 3600),
    "duration-day": ("s", 86400),
    "duration-week": ("s", 604800),
    "duration-fortnight": ("s", 1209600),
    "duration-quarter": ("month", 3),
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
    "mass-zentner": ("g", 50000),
    "mass-pound": ("lb", 1),
    "volume-liter": ("l", 1),
    "volume-hectoliter": ("l", 100),
    "volume-milliliter": ("l", 0.001),
    "area-square-meter": ("m2", 1),
    "area-hectare": ("m2", 10000),
    "area-square-kilometer": ("m2", 1e6),
    "volume-cubic-meter": ("m3", 1),
    "speed-kilometer-per-hour": ("kmh", 1),
    "speed-mile-per-hour": ("mph", 1),
    "temperature-celsius": ("C", 1),
    "temperature-fahrenheit": ("F", 1),
    "energy-watt-hour": ("kWh", 1e-3),
    "energy-kilowatt-hour": ("kWh", 1),
    "energy-megawatt-hour": ("kWh", 1e3),
    "energy-gigawatt-hour": ("kWh", 1e6),
    "energy-terawatt-hour": ("kWh", 1e9),
    "power-watt": ("W", 1),
    "power-kilowatt": ("W", 1000),
    "power-megawatt": ("W", 1e6),
    "power-gigawatt": ("W", 1e9),
    "frequency-hertz": ("Hz", 1),
    "frequency-kilohertz": ("Hz", 1e3),
    "frequency-megahertz": ("Hz", 1e6),
    "frequency-gigahertz": ("Hz", 1e9),
    "energy-joule": ("J", 1),
    "energy-kilojoule": ("J", 1e3),
    "energy-kilocalorie": ("kcal", 1),
    "electric-ampere": ("A", 1),
    "electric-milliampere": ("A", 1e-3),
    "electric-volt": ("V", 1),
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
    "grad": "temperature-celsius",
    "degrees": "temperature-celsius",
    "tons": "mass-tonne",
    "tonne": "mass-tonne",
    "tonnes": "mass-tonne",
    "t": "mass-tonne",
    "pounds": "mass-pound",
    "qm": "area-square-meter",
    "sqm": "area-square-meter",
    "wks": "duration-week",
    "jahres": "duration-year",
    "monats": "duration-month",
    "kilogramms": "mass-kilogram",
    "zentner": "mass-zentner",
    "fortnight": "duration-fortnight",
    "fortnights": "duration-fortnight",
    "quartale": "duration-quarter",
    "quartalen": "duration-quarter",
    "tonnen": "mass-tonne",
    "sek": "duration-second",
    "s": "duration-second",
}

_UNKNOWN = {
    "duration-fortnight", "duration-quarter", "mass-zentner", "energy-watt-hour", "energy-megawatt-hour",
    "energy-gigawatt-hour", "energy-terawatt-hour",
}  # fmt: skip
"""Units that babel has no names for."""


def _names() -> dict[str, str]:
    found = dict(_MORE_NAMES)
    for unit, (sort, _) in FACTORS.items():
        if sort == "kWh":  # `gigawatt hours`, `Gigawattstunden`, `GWh`
            watt = unit.removeprefix("energy-").removesuffix("-hour")
            hours = ("stunde", "stunden", " hour", " hours", "-hour", "-hours")
            short = f"{watt.removesuffix('watt')[:1]}wh"
            found |= dict.fromkeys([*(f"{watt}{hour}" for hour in hours), short], unit)
    for unit in FACTORS.keys() - _UNKNOWN:
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
    for word, unit in list(found.items()):
        if re.search(r"(?:meter|liter)s?\b", word):
            found.setdefault(f"{word}n", unit)
            found.setdefault(re.sub(r"er(s?)\b", r"re\1", word, count=1), unit)
    return found


UNITS = _names()
UNIT_NAMES = "|".join(sorted((re.escape(n) for n in UNITS if len(n) > 2), key=len, reverse=True))
"""A pattern for units that are written out."""
UNIT = (
    r"[\s-]?(?:"
    + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
    + r")\b\.?(?![²³])"
)
"""A pattern for a unit behind a number."""


def unit_named(word: str) -> str | None:
    """Return the unit that a word is, or None."""
    return UNITS.get(word.casefold().strip(" -").rstrip("."))
