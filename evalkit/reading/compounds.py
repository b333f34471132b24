"""Writes fractions and amounts of two units as one number: `an hour and a half`, `12 Euro 50`, `two thirds`."""

from __future__ import annotations

import re

from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.units import FACTORS, UNIT, unit_named

_CURRENCY = r"(?:US[- ]?dollars?|dollars?|euros?|pounds?|francs?|franken|USD|EUR|GBP|CHF|[$€£])"
_CENTS = r"(?:cents?|pence|ct|rappen)"
_BIG_AND_SMALL = lazy_regex(
    rf"(?<![\d.,])(?P<big>\d{{1,3}}(?:[.,]\d{{3}})*|\d+)\s?(?P<unit>{_CURRENCY})(?:,?\s(?:and\s|"
    rf"und\s)?)(?P<small>\d\d?)"
    rf"(?:\s?(?P<cents>{_CENTS})\b|(?=\s*(?:$|[.,;:!?)\n]|(?:per|pro|je|im|a|für|for|as|insgesamt|in)\b))(?![.,:]\d))",
    re.I,
)
_SIGN_AND_CENTS = lazy_regex(
    rf"(?P<sign>[$€£]\s?)(?P<big>\d{{1,3}}(?:[.,]\d{{3}})*|\d+)\s(?:and\s|und\s)?(?P<small>\d\d?)\s?{_CENTS}\b",
    re.I,
)
_NTHS_EN = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "twelfth": 12, "twentieth": 20, "hundredth": 100,
}  # fmt: skip
_NTHS_DE = {
    "drittel": 3, "viertel": 4, "fünftel": 5, "sechstel": 6, "siebtel": 7, "achtel": 8, "neuntel": 9, "zehntel": 10,
    "zwölftel": 12, "zwanzigstel": 20, "hundertstel": 100,
}  # fmt: skip
_NTH = "|".join(sorted((*_NTHS_EN, *_NTHS_DE), key=len, reverse=True))
_COUNTED_NTH = lazy_regex(
    rf"(?<![\w.,/])(?<!\bonce )(?<!\btwice )(?<!\btimes )(?<!\bper )(?<!\bevery )(?<!\bmal im "
    rf")(?:(?P<whole>\d+|one|eine?)\s(?:and|und)\s)?(?P<n>\d{{1,2}}|an?|one|ein(?:e[nmrs]?)?)[ -]?(?P<nth>{_NTH})s?\b"
    r"(?!\s?(?:past|to|vor|nach|jahr|half|stunde))",
    re.I,
)
_HALF = lazy_regex(
    r"(?<![\w-])(?<!first )(?<!second )(?<!ersten )(?<!zweiten )(?:the |die |der |dem )?"
    r"(?P<half>half|hälfte)\b(?=\s*(?:$|[.,;:!?)]|of\b|aller?\b|der\b|des\b|"
    r"von\b|the\b|"
    r"davon\b|all\b|(?:wird|werden|wurde|ist|zurück|erstattet|bezahlt|ausgezahlt)\b))(?!\s?(?:past|an?\b))",
    re.I,
)
_JOINED_DE = lazy_regex(
    r"\b(?P<whole>ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn)(?:und)?(?:ein|"
    r"(?P<three>drei))(?P<nth>viertel|drittel)\b",
    re.I,
)
_SMALL_DE = dict(
    zip(
        ["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"],
        range(1, 11),
        strict=True,
    )
)
_LASTING = lazy_regex(
    r"\b(?P<n>ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|halb|\d+)-?(?P<unit>stünd|täg|wöch|monat|jähr|"
    r"minüt|sekünd|stöck|geschoss|köpf|seit|teil|spur|tür|stell|zeil)i?ge?[nrsm]?\b",
    re.I,
)
_LASTING_UNITS = {
    "stünd": "Stunden", "täg": "Tage", "wöch": "Wochen", "monat": "Monate", "jähr": "Jahre", "minüt": "Minuten",
    "sekünd": "Sekunden", "stöck": "Stockwerke", "geschoss": "Geschosse", "köpf": "Personen", "seit": "Seiten",
    "teil": "Teile", "spur": "Spuren", "tür": "Türen", "stell": "Stellen", "zeil": "Zeilen",
}  # fmt: skip
_UNIT_WORD = r"[^\W\d_]+"
_AND_A_HALF = lazy_regex(
    rf"\b(?P<n>an?|one|eine?|\d+)\s(?P<unit>{_UNIT_WORD})\s(?:and|und)\s(?:an?|one|eine?)\s(?P<part>half|halbe|"
    rf"quarter|viertel)\b",
    re.I,
)
_HALF_OF_UNIT = lazy_regex(
    rf"(?<![\w-])(?<!\d )(?<!\bfirst )(?<!\blast )(?<!\bsecond )(?:(?:an?|ein|eine[nmrs]?|the)\s)?"
    rf"(?P<half>half|halbe[nmrs]?|dreiviertel|3/4|1/4|1/2|1/3|2/3)[ -]"
    rf"(?:of\s)?(?:an?\s)?(?P<unit>{_UNIT_WORD})\b",
    re.I,
)
_GLUED_DE = lazy_regex(
    r"\b(?:eine\s|einer\s)?(?P<part>viertel|dreiviertel|halb)(?P<unit>stunden?|jahr(?:e?s|e)?|tage?s?|"
    r"million(?:en)?|milliarden?)\b",
    re.I,
)
_SHARES = {"half": 0.5, "halb": 0.5, "quarter": 0.25, "viertel": 0.25, "dreiviertel": 0.75}
_ONE_AND = lazy_regex(
    rf"\b(?:an?|one|eine?[nr]?)(?=\s)(?P<unit>{UNIT})(?=,?\s(?:and\s|und\s)?\d)", re.I
)
_TWO_UNITS = lazy_regex(
    rf"(?<![\d.,/-])(?P<big>\d+(?:[.,]\d+)?)(?P<unit>{UNIT})(?:,?\s(?:and\s|und\s)?)(?P<small>\d+(?:[.,]\d+)?)"
    rf"(?:(?P<smaller>{UNIT})|(?=\s*(?:$|[.;!?])))",
    re.I,
)


_RUN_TOGETHER = lazy_regex(
    r"(?<=\dh)(?=\d{1,2}(?:m|min)\b)|(?<=\dm)(?=\d{1,2}(?:cm|s)?\b)|(?<=\dmin)(?=\d{1,2}(?:s|sec)?\b)|(?<=\dkg)(?=\d{1,3}g\b)"
)
"""Where `1h20min`, `2m05` and `1kg250g` have no space."""


def joined(text: str) -> str:
    """Return a text, number words of which are digits already, with one number for what two tell together."""
    sign = "," if language_of(text) == "de" else "."
    text = _BIG_AND_SMALL.sub(lambda m: _money(m, sign), text)
    text = _SIGN_AND_CENTS.sub(
        lambda m: f"{m['sign']}{m['big']}{_decimal(m['big'], sign)}{int(m['small']):02d}", text
    )
    text = _LASTING.sub(lambda m: _lasting(m, sign), text)
    text = _JOINED_DE.sub(lambda m: _mixed(m, sign), text)
    text = _AND_A_HALF.sub(lambda m: _and_a_half(m, sign), text)
    text = _COUNTED_NTH.sub(_ratio, text)
    text = _GLUED_DE.sub(
        lambda m: f"{_digits(_SHARES[m['part'].casefold()], sign)} {m['unit']}", text
    )
    text = _HALF_OF_UNIT.sub(lambda m: _half_of(m, sign), text)
    text = _HALF.sub("1/2", text)
    text = _ONE_AND.sub(r"1\g<unit>", text)
    text = _RUN_TOGETHER.sub(" ", text)
    for _ in range(2):
        text = _TWO_UNITS.sub(lambda m: _two_units(m, sign), text)
    return text


def _digits(value: float, sign: str) -> str:
    """Return digits that can't be taken for thousands, or for a time of day."""
    digits = f"{value:.12f}".rstrip("0").rstrip(".")
    whole, _, rest = digits.partition(".")
    return f"{whole}{sign}{rest.ljust(4, '0') if len(rest) in (2, 3) else rest}" if rest else whole


def _decimal(big: str, sign: str) -> str:
    """Return the decimal sign that goes with a number's own grouping."""
    return {".": ",", ",": "."}.get("".join(re.findall(r"[.,]", big))[:1], sign)


def _money(match: re.Match[str], sign: str) -> str:
    small = match["small"]
    if len(small) == 1 and not match["cents"]:
        return match[0]
    return f"{match['big']}{_decimal(match['big'], sign)}{int(small):02d} {match['unit']}"


def _lasting(match: re.Match[str], sign: str) -> str:
    """`zweiwöchig` lasts 2 Wochen."""
    n = match["n"].casefold()
    count = (
        _digits(0.5, sign)
        if n == "halb"
        else str({"elf": 11, "zwölf": 12}.get(n, _SMALL_DE.get(n, n)))
    )
    return f"{count} {_LASTING_UNITS[match['unit'].casefold()]}"


def _mixed(match: re.Match[str], sign: str) -> str:
    whole = _SMALL_DE[match["whole"].casefold()]
    part = (3 if match["three"] else 1) / _NTHS_DE[match["nth"].casefold()]
    return _digits(whole + part, sign)


def _ratio(match: re.Match[str]) -> str:
    nth = match["nth"].casefold()
    below = _NTHS_EN.get(nth) or _NTHS_DE[nth]
    above = int(match["n"]) if match["n"].isdecimal() else 1
    if above >= below and not match["whole"]:
        return match[0]
    whole = match["whole"] or ""
    return f"{whole and (whole if whole.isdecimal() else '1') + ' '}{above}/{below}"


def _and_a_half(match: re.Match[str], sign: str) -> str:
    if unit_named(match["unit"]) is None:
        return match[0]
    n = int(match["n"]) if match["n"].isdecimal() else 1
    part = match["part"].casefold()
    return f"{_digits(n + (0.5 if part.startswith('hal') else 0.25), sign)} {match['unit']}"


def _half_of(match: re.Match[str], sign: str) -> str:
    half, unit = match["half"].casefold(), match["unit"]
    if unit_named(unit) is None and not (half.startswith("halbe") and unit[0].isupper()):
        return match[0]
    if unit.casefold() in ("million", "milliarde", "billion", "dutzend", "dozen"):
        return match[0]
    over, _, under = half.partition("/")
    share = int(over) / int(under) if under else _SHARES.get(half, 0.5)
    return f"{_digits(share, sign)} {unit}"


def _two_units(match: re.Match[str], sign: str) -> str:
    unit = unit_named(match["unit"])
    smaller = unit_named(match["smaller"]) if match["smaller"] else _NEXT.get(unit or "")
    if unit is None or smaller is None:
        return match[0]
    (sort, factor), (other, small) = FACTORS[unit], FACTORS[smaller]
    big, rest = float(match["big"].replace(",", ".")), float(match["small"].replace(",", "."))
    is_near = factor / small <= _NEAREST or unit == "duration-day"  # not `20 kg 300 mg`
    if sort != other or small >= factor or rest * small >= factor or not is_near:
        return match[0]
    end = "." if match[0].endswith(".") else ""
    return f"{_digits(big + rest * small / factor, sign)}{match['unit'].rstrip('.')}{end}"


_NEAREST = 1000
"""Times that a unit may be greater than the one that is told with it."""
_NEXT = {
    "duration-hour": "duration-minute",
    "duration-minute": "duration-second",
    "length-meter": "length-centimeter",
    "length-kilometer": "length-meter",
    "mass-kilogram": "mass-gram",
}
"""The smaller unit that goes without saying: `eine Stunde dreißig`."""
