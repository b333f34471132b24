"""Finds dates and times of day in English and German texts, in whichever form, and names them all alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel.dates import get_month_names

from evalkit.reading.lazy_regex import lazy_regex


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time of day that a text names."""

    start: int
    end: int
    name: str
    """`2024-03-15`, `--03-15` without a year, `2024-03` without a day, `T16:00`; `T04:00~` may be either half."""


def _months() -> dict[str, int]:
    found = {"sept": 9, "jänner": 1, "maerz": 3}
    for locale in ("en", "de"):
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=locale).items():
                found[name.casefold().rstrip(".")] = number
    return found


_MONTHS = _months()
_WRITTEN_OUT = frozenset(
    name.casefold()
    for code in ("en", "de")
    for name in get_month_names("wide", locale=code).values()
)
MONTH = (
    "(?:"
    + "|".join(
        "(?-i:May|MAY)\\b"
        if name == "may"
        else rf"{re.escape(name)}\b" + ("" if name in _WRITTEN_OUT else r"\.?")
        for name in sorted(_MONTHS, key=len, reverse=True)
    )
    + ")"
)
"""A pattern for a month's name, English or German."""
EITHER_HALF = "\uf8fc"
"""Behind a time of day that may be before noon or after it: `half past four`."""
_DAY, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:1[5-9]|20|21)\d\d"
_PART = r"(?P<part>nachmittags?|abends?|(?:am |in the )?(?:nachmittag|abend|afternoon|evening)|at night)"
_MORNING = (
    r"(?P<am>morgens?|vormittags?|früh|(?:am |in the )?(?:morgen|vormittag|morning)|in der früh)"
)
_OF_DAY = rf"(?:,?\s(?:{_PART}|{_MORNING})\b)"
_FORMS: tuple[tuple[str, str], ...] = (
    ("ymd", rf"(?<![\w.-])(?P<y>{_YEAR})[-/.](?P<m>0?[1-9]|1[0-2])[-/.](?P<d>{_DAY})(?![\d])"),
    ("dmy", rf"(?<![\d.,])(?P<d>{_DAY})\.\s?(?P<m>0?[1-9]|1[0-2])\.\s?(?P<y>{_YEAR}|\d\d)(?![\d])"),
    ("slash", rf"(?<![\d/])(?P<a>\d{{1,2}})/(?P<b>\d{{1,2}})/(?P<y>{_YEAR}|\d\d)(?![\d/])"),
    ("words", rf"(?<![\d.,])(?P<d>{_DAY})(?:st|nd|rd|th|\.)?\s(?:of\s)?(?P<w>{MONTH})(?:,?\s(?P<y>{_YEAR}))?(?!\w)"),
    ("american", rf"(?<!\bim )(?<!\bin )\b(?P<w>{MONTH})\s(?:the\s)?(?P<d>{_DAY})(?:st|nd|rd|th)?(?!\d|"
        rf"[.,]\d)(?:,?\s(?P<y>{_YEAR}))?(?!\w)"),
    ("month", rf"\b(?P<w>{MONTH})\s(?:of\s)?(?P<y>{_YEAR})(?!\w)"),
    ("my", rf"(?<![\w/.,-])(?P<m>0?[1-9]|1[0-2])/(?P<y>{_YEAR})(?![\w/])"),
    ("my", rf"(?<![\w/.,-])(?P<m>0[1-9]|1[0-2])\.(?P<y>{_YEAR})(?![\w/]|[.,]\d)"),
    ("dm", r"(?:(?<=\bam )|(?<=\bvom )|(?<=\bzum )|(?<=\bbis )|(?<=\bab )|(?<=\bden )|(?<=\| "
        rf"))(?P<d>{_DAY})\.\s?(?P<m>0?[1-9]|1[0-2])\.(?!\d)"),
    ("either", rf"(?<![\d:.,])(?P<h>\d{{1,2}}):(?P<n>[0-5]\d)(?P<either>{EITHER_HALF})(?:\s?(?P<pm>[ap]\.?m\b\.?))?"),
    ("clock", r"(?<![\d:.,])(?P<h>[01]?\d|2[0-4])(?:[:.](?P<n>[0-5]\d))\s?(?:(?P<pm>[ap]\.?m\b\.?)|(?:Uhr|h|"
        rf"o'clock)\b){_OF_DAY}?"),
    ("clock", rf"(?<![\d:.,])(?P<h>[01]?\d|2[0-4])[:.](?P<n>[0-5]\d){_OF_DAY}"),
    ("colon", r"(?<![\d:.,])(?P<h>[01]?\d|2[0-4])[:h](?P<n>[0-5]\d)(?!:?\d)"),
    ("hour", r"(?<![\d:.,])(?P<h>[01]?\d|2[0-4])\s?(?:(?P<pm>[ap]\.?m\b\.?(?!\s(?:Tag|Ende|Stück)\b))|(?:Uhr|"
        r"o'clock)\b)"
        rf"(?:\s(?P<n>[0-5]\d)\b)?{_OF_DAY}?"),
    ("noon", r"\b(?P<noon>noon|midday|midnight|mittags?|mitternacht)\b"),
)  # fmt: skip
_PATTERNS = tuple((name, lazy_regex(pattern, re.I)) for name, pattern in _FORMS)


def month_number(name: str) -> int:
    """Return which month of the year a name is."""
    return _MONTHS[name.casefold().rstrip(".")]


def moments(text: str) -> Iterator[Moment]:
    """Yield dates and times that do not overlap, in the order of the forms."""
    taken: list[tuple[int, int]] = []
    for form, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            name = _name(form, match.groupdict())
            if name is not None:
                taken.append(match.span())
                yield Moment(match.start(), match.end(), name)


def day(value: object) -> str | None:
    """Return the one day that a text is, as `2024-03-09`; None: it is no day, or `03/04/2024`, which may be either."""
    if not isinstance(value, str) or len(value) > _LONGEST_DATE:
        return None
    slashed = re.fullmatch(r"\s*(\d\d?)/(\d\d?)/\d+\s*", value)
    if slashed is not None and slashed[1] != slashed[2] and int(slashed[1]) < 13 > int(slashed[2]):
        return None
    found = [m.name for m in moments(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", m.name)]
    return found[0] if len(found) == 1 else None


_LONGEST_DATE = 60


def masked(text: str, by: str) -> str:
    """Return a text with a sign for every date and time."""
    for moment in sorted(moments(text), key=lambda m: -m.start):
        text = text[: moment.start] + by + text[moment.end :]
    return text


def _name(form: str, parts: dict[str, str | None]) -> str | None:
    if form in ("either", "clock", "colon", "hour", "noon"):
        return _time(parts)
    year = _year(parts.get("y"))
    if form == "slash":
        return _slashed(int(parts["a"] or 0), int(parts["b"] or 0), year)
    month = parts.get("m") or str(_MONTHS[(parts.get("w") or "").casefold().rstrip(".")])
    if parts.get("d") is None:
        return f"{year}-{int(month):02d}"
    return f"{year or '-'}-{int(month):02d}-{int(parts['d'] or 0):02d}"


def _year(written: str | None) -> str | None:
    if written is None or len(written) == 4:
        return written
    return f"20{written}"


def _slashed(first: int, second: int, year: str | None) -> str | None:
    """Read the American order unless only the other one is a date."""
    month, day = (first, second) if first <= 12 else (second, first)
    return f"{year}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _time(parts: dict[str, str | None]) -> str:
    if noon := parts.get("noon"):
        return "T00:00" if noon.casefold() in ("midnight", "mitternacht") else "T12:00"
    hour, half = (
        int(parts["h"] or 0),
        (parts.get("pm") or ("p" if parts.get("part") else "")).casefold(),
    )
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    either = "~" if parts.get("either") and not half else ""
    return f"T{hour % 12 if either else hour:02d}:{parts.get('n') or '00'}{either}"
