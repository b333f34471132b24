"""Writes dates and times of day that are told in words with digits: `quarter past four`, `am dritten März`."""

from __future__ import annotations

import re
from calendar import monthrange
from functools import cache

from babel.dates import get_month_names
from text_to_num import alpha2digit, text2num

from evalkit.reading.dates import EITHER_HALF, MONTH, month_number
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.spelled import ONE_TO_NINE, ONE_TO_TWELVE, TEENS

_TENS_EN = f"(?:twenty|thirty|forty|fifty)(?:[ -](?:{ONE_TO_NINE}))?"
_HOURS_DE = "eins?|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf"
_MINUTES_EN = rf"{_TENS_EN}|{TEENS}|{ONE_TO_TWELVE}|[1-5]?\d"
_MINUTES_DE = rf"zwanzig|fünfundzwanzig|dreizehn|vierzehn|fünfzehn|{_HOURS_DE}|[1-5]?\d"
_ORDINAL_EN = (
    r"(?:(?:twenty|thirty)[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|"
    r"eleventh|"
    r"twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
)
_ORDINAL_DE = (
    r"(?:(?:ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun)und(?:zwanzig|dreißig)ste|zwanzigste|dreißigste|"
    r"(?:drei|vier|fünf|sech|sieb|acht|neun)zehnte|erste|zweite|dritte|vierte|fünfte|sechste|siebte|"
    r"siebente|achte|"
    r"neunte|zehnte|elfte|zwölfte)[nrsm]?"
)
_HALF_EN = (
    r"(?:\s?(?P<half>[ap]\.?m\b\.?|(?:in the )?(?:morning|afternoon|evening)|at night|noon))?"
)
_HALF_DE = (
    r"(?:\s(?P<half>morgens|früh|vormittags|nachmittags|abends|nachts|am (?:morgen|vormittag|nachmittag|"
    r"abend)|in der früh))?"
)
_AT_EN = (
    r"(?:\b(?:between|at|by|until|till|from|before|after|around|about|is|was|closes?|opens?|leaves?|"
    r"starts?|ends?)\s|^\W*)"
)
_AT_DE = r"(?:\b(?:um|gegen|ab|bis|von|ca\.|circa|etwa|kurz|ist|es|punkt|schließt|öffnet|beginnt|endet)\s|^\W*)"
_ENDS = (
    rf"(?![.,:]\d|\.\s?{MONTH})"
    r"(?=\s*(?:$|[.,;!?)\n\"'*]|(?:on|and|to|until|till|through|every|each|sharp|as|but|o'clock|und|"
    r"bis)\b))"
)
_FORMS: tuple[tuple[str, str], ...] = (
    ("en", rf"\b(?:a\s)?(?P<part>quarter|half|(?:{_MINUTES_EN})(?:\sminutes?)?)[ -](?P<to>past|after|to|before|of|till)"
        rf"[ -](?P<hour>{ONE_TO_TWELVE}|1?\d)\b(?!\s?%|[.,:]\d)(?:\so'?clock)?{_HALF_EN}"),
    ("de", rf"\b(?P<part>drei\s?viertel|viertel)\s(?P<hour>{_HOURS_DE}|1?\d)\b(?!\w|\s?(?:%|von|Stunden?|Jahre?|"
        rf"Liter|Kilo|Meter|Tage?))(?:\suhr)?{_HALF_DE}"),
    ("de", rf"\b(?:(?P<more>{_MINUTES_DE})(?:\sminuten)?\s(?P<side>vor|nach)\s)?(?P<part>halb)\s(?P<hour>{_HOURS_DE}|"
        rf"1?\d)\b(?:\suhr)?{_HALF_DE}"),
    ("de", rf"\b(?P<part>viertel|(?:{_MINUTES_DE})(?:\sminuten)?)\s(?P<to>vor|nach)\s(?P<hour>{_HOURS_DE}|1?\d)\b"
        rf"(?:\suhr)?{_HALF_DE}"),
)  # fmt: skip
_CLOCKS = tuple((code, lazy_regex(pattern, re.I)) for code, pattern in _FORMS)
_HOUR_EN = lazy_regex(
    rf"{_AT_EN}(?P<hour>{ONE_TO_TWELVE}|1?\d\b(?!:))(?:[ -](?P<minute>oh[ -](?:{ONE_TO_TWELVE})|{_TENS_EN}|"
    rf"{TEENS}|ten|"
    rf"eleven|twelve))?(?:\so'?clock)?{_HALF_EN}{_ENDS}",
    re.I,
)
_UHR = lazy_regex(
    rf"\b(?P<hour>[a-zäöüß]{{3,16}}|[012]?\d)\suhr\s(?P<minute>[a-zäöüß]{{3,16}}|[0-5]\d)\b{_HALF_DE}",
    re.I,
)
_UHR_BARE = lazy_regex(rf"\b(?P<hour>[a-zäöüß]{{3,16}})\suhr\b{_HALF_DE}", re.I)
_NO_TIME = lazy_regex(
    r"\s*(?:%|percent|prozent|euro|dollar|pounds?|people|of\b|days?|hours?|weeks?|months?|years?|minutes?|"
    r"tage|"
    r"stunden|wochen|monate|jahre|minuten)",
    re.I,
)
_YEAR_EN = lazy_regex(
    rf"(?P<before>(?:{MONTH})(?:\s\d{{1,2}}(?:st|nd|rd|th)?)?,?\s|\b(?:in|since|by|of|"
    rf"from)\s)(?P<century>nineteen|twenty)"
    rf"[ -](?P<rest>oh[ -](?:{ONE_TO_TWELVE})|(?:{_TENS_EN}|sixty|seventy|eighty|"
    rf"ninety)(?:[ -](?:{ONE_TO_TWELVE}))?|"
    rf"{TEENS}|ten|eleven|twelve|hundred)\b",
    re.I,
)
_BARE_YEAR = lazy_regex(
    rf"(?P<before>)\b(?P<century>nineteen|twenty)[ -](?P<rest>(?:{_TENS_EN}|sixty|seventy|eighty|"
    rf"ninety)(?:[ -](?:{ONE_TO_TWELVE}))?|"
    rf"{TEENS}|ten|eleven|twelve)\b",
    re.I,
)
_SHORT_YEAR = lazy_regex(rf"(?P<before>{MONTH}(?:\s\d{{1,2}})?,?)\s'(?P<year>\d\d)\b", re.I)
_DAYS: tuple[tuple[str, str], ...] = (
    ("en", rf"\b(?:the\s)?(?P<day>{_ORDINAL_EN})(?:\sday)?\s(?:of\s)?(?P<month>{MONTH})"),
    ("en", rf"\b(?P<month>{MONTH})\s(?:the\s)?(?P<day>{_ORDINAL_EN})\b"),
    ("de", rf"\b(?P<day>{_ORDINAL_DE})\s(?P<month>{MONTH})"),
    ("de", rf"\b(?P<day>{_ORDINAL_DE})\s(?P<month>{_ORDINAL_DE})(?=\s*(?:$|[.,;:!?)]|\d{{4}}\b|zwanzig|zweitausend))"),
)  # fmt: skip
_WRITTEN_DAYS = tuple((code, lazy_regex(pattern, re.I)) for code, pattern in _DAYS)


_TO = r"\s?(?P<to>[-–]|bis(?:\s(?:zum|einschließlich))?|und|to|until|till|through|and)\s?(?:the\s)?"
_NTH = r"(?:st|nd|rd|th|\.)?"
_DAYS_OF_MONTH = lazy_regex(
    rf"(?<![\d.,:/])(?P<d>\d{{1,2}}){_NTH}{_TO}(?=\d\d?{_NTH}(?P<month>\s(?:of\s)?{MONTH}))|"
    rf"(?<![\d.,:/])(?P<day>\d{{1,2}})\.{_TO.replace('<to>', '<bis>')}(?=\d\d?(?P<dm>\.\s?(?:0?[1-9]|"
    rf"1[0-2])\.(?!\d{{3}}\b)))",
    re.I,
)
_MONTH_OF_DAYS = lazy_regex(
    rf"\b(?P<month>{MONTH})\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?{_TO}(?=\d\d?(?:st|nd|rd|th)?(?![\d:.]|"
    rf"\s?(?:[ap]\.?m|uhr|o'clock)\b))",
    re.I,
)


def _with_months(text: str) -> str:
    """Return a text in which both days of `3.-17. Juli` and `July 3 to 17` have their month."""
    text = _DAYS_OF_MONTH.sub(
        lambda m: (
            f"{m['d']}{m['month']} {m['to']} " if m["d"] else f"{m['day']}{m['dm']} {m['bis']} "
        ),
        text,
    )
    return _MONTH_OF_DAYS.sub(r"\g<month> \g<d> \g<to> \g<month> ", text)


def moments_in_digits(text: str) -> str:
    """Return a text in which dates and times have digits; `half past four` keeps that it may be either half."""
    text = _with_months(_dates(text))
    for code, pattern in _CLOCKS:
        text = pattern.sub(lambda m, code=code: _clock(m, code), text)  # type: ignore[misc]
    text = _UHR.sub(lambda m: _hours(m, "de"), text)
    return _UHR_BARE.sub(lambda m: _hours(m, "de"), text)


def years_in_digits(text: str) -> str:
    """Return a text in which `nineteen eighty-seven` is a year."""
    return _BARE_YEAR.sub(_year, text)


def days_in_digits(text: str) -> str:
    """Return a text in which `30.6.`, `6/30` and `the end of June` are days with the month's name."""
    text = _LAST_DAY.sub(_last_day, text)
    for code, pattern in _DAY_ALONE:
        text = pattern.sub(lambda m, code=code: str(_ordinal(m[1], code) or m[0]), text)  # type: ignore[misc]
    text = _DAY_MONTH.sub(lambda m: _named(int(m["d"]), int(m["m"]), m[0]), text)
    return _MONTH_DAY.sub(_american, text)


def _american(match: re.Match[str]) -> str:
    """Read the month first, unless it can't be one."""
    first, second = int(match["m"]), int(match["d"])
    return _named(*((first, second) if first > 12 else (second, first)), match[0])


_LAST_DAY = lazy_regex(
    rf"\b(?:(?:the\s)?end of|ende)\s(?P<month>{MONTH})(?P<year>\s\d{{4}})?", re.I
)
_OF_DAY = r"(?:(?<=\bthe )|(?<=\bam )|(?<=\bzum )|(?<=\bdem )|(?<=\bden )|(?<=\bder ))"
_NO_MONTH = r"(?=\s*(?:$|[.,;:!?)]|(?:of|every|each|im|jede[snr]|des|eines)\b))"
_DAY_ALONE = tuple(
    (code, lazy_regex(rf"{_OF_DAY}({words}){_NO_MONTH}", re.I))
    for code, words in (("en", _ORDINAL_EN), ("de", _ORDINAL_DE))
)
_DAY_MONTH = lazy_regex(r"(?<![\d./])(?P<d>[0-3]?\d)\.\s?(?P<m>[01]?\d)\.(?!\s?\d)")
_MONTH_DAY = lazy_regex(r"(?<![\d./])(?P<m>\d\d?)/(?P<d>\d\d?)(?![\d/])")
_NAMES = get_month_names("wide", locale="en")


def _named(day: int, month: int, written: str) -> str:
    return f"{day} {_NAMES[month]}" if 1 <= month <= 12 and 1 <= day <= 31 else written


def _last_day(match: re.Match[str]) -> str:
    month = month_number(match["month"])
    return f"{monthrange(2023, month)[1]} {_NAMES[month]}{match['year'] or ''}"


_PART_FIRST = lazy_regex(
    r"\b(?P<part>morgens|früh|vormittags|nachmittags|abends)\s(?P<at>(?:um|gegen|ab|bis)\s)"
    r"(?P<hour>\d{1,2}(?:[:.]\d\d)?(?:\suhr)?(?![\d:]))",
    re.I,
)


def hours_in_digits(text: str) -> str:
    """Return a text in which `at five`, `five thirty` and `um acht` are times of day, where one is looked for."""
    text = _HOUR_EN.sub(
        lambda m: _hours(m, "en"), _PART_FIRST.sub(r"\g<at>\g<hour> \g<part>", text)
    )
    return re.sub(
        rf"({_AT_EN}|{_AT_DE})({_HOURS_DE}|1?\d){_HALF_DE}{_ENDS}", _bare_hour, text, flags=re.I
    )


def _bare_hour(match: re.Match[str]) -> str:
    hour = number_of(match[2], "de")
    if hour is None or not 0 < hour < 25:
        return match[0]
    return f"{match[1]}{_written(hour, 0, match['half'] or '')}"


@cache
def number_of(words: str, code: str) -> int | None:
    """Return what a word for a number, or digits, is."""
    words = words.casefold().replace("-", " ").strip()
    if words.isdecimal():
        return int(words)
    if code == "de":
        words = {"ein": "eins", "zwo": "zwei"}.get(words, words)
    try:
        return int(text2num(re.sub(r"^oh ", "", words), code))
    except ValueError:
        return None


def _clock(match: re.Match[str], code: str) -> str:
    parts = match.groupdict()
    hour = number_of(match["hour"], code)
    if hour is None or not 0 < hour < 13 or _NO_TIME.match(match.string, match.end()):
        return match[0]
    part = match["part"].casefold()
    is_range = parts.get("to", "").casefold() in ("to", "till") if parts.get("to") else False
    if is_range and (
        part.isdecimal() or re.search(r"\bfrom\s$", match.string[: match.start()], re.I)
    ):
        return match[0]
    minutes = _minutes(part, parts, code)
    if minutes is None:
        return match[0]
    total = hour * 60 + minutes
    return _written(total // 60 or 12, total % 60, match["half"] or "")


def _minutes(part: str, parts: dict[str, str | None], code: str) -> int | None:
    """Return the minutes from the full hour that is named."""
    to = (parts.get("to") or "").casefold()
    if part == "halb":
        more = number_of(parts["more"], code) if parts.get("more") else 0
        side = -1 if parts.get("side") == "vor" else 1
        return None if more is None else -30 + side * more
    if part == "half":
        return 30 if to in ("past", "after") else None
    if part.replace(" ", "") == "dreiviertel":
        return -15
    if part == "viertel" and not to:
        return -45
    size = 15 if part in ("quarter", "viertel") else number_of(part.split(" minut")[0], code)
    if size is None or size > 59:
        return None
    return size if to in ("past", "after", "nach") else -size


def _hours(match: re.Match[str], code: str) -> str:
    hour = number_of(match["hour"], code)
    minute = number_of(match["minute"], code) if match.groupdict().get("minute") else 0
    if (
        hour is None
        or minute is None
        or hour > 24
        or minute > 59
        or _NO_TIME.match(match.string, match.end())
    ):
        return match[0]
    lead = match[0][: match.start("hour") - match.start()]
    if re.search(r"\suhr\b", match[0], re.I):
        half = f" {match['half']}" if match["half"] else ""
        return f"{lead}{hour}:{minute:02d} Uhr{half}"
    return f"{lead}{_written(hour, minute, match['half'] or '')}"


def _written(hour: int, minute: int, half: str) -> str:
    half = half.casefold()
    if re.match(r"p|.*(?:afternoon|evening|night|nachmittag|abend)", half) and hour < 12:
        hour += 12
    elif not half and hour < 13:
        return f"{hour}:{minute:02d}{EITHER_HALF}"
    elif hour == 12 and re.match(r"a|.*(?:morning|nacht)", half):
        hour = 0
    return f"{hour}:{minute:02d}"


def _dates(text: str) -> str:
    for code, pattern in _WRITTEN_DAYS:
        text = pattern.sub(lambda m, code=code: _day(m, code), text)  # type: ignore[misc]
    text = _YEAR_EN.sub(_year, text)
    text = re.sub(rf"({MONTH})\s(?:des Jahres|of the year) (?=\d{{4}})", r"\1 ", text, flags=re.I)
    text = re.sub(
        rf"({MONTH}|\d\.)\s((?:zwei|ein)tausend[a-zäöüß]*|neunzehnhundert[a-zäöüß]*)\b",
        lambda m: f"{m[1]} {number_of(m[2], 'de') or m[2]}",
        text,
        flags=re.I,
    )
    text = re.sub(
        rf"({MONTH}(?:\s\d{{1,2}})?,?)\s(two thousand(?: and)?(?: [a-z]+(?:[ -][a-z]+)?)?)\b",
        lambda m: f"{m[1]} {number_of(m[2].replace(' and', ''), 'en') or m[2]}",
        text,
        flags=re.I,
    )
    return _SHORT_YEAR.sub(r"\g<before> 20\g<year>", text)


def _day(match: re.Match[str], code: str) -> str:
    day = _ordinal(match["day"], code)
    if day is None:
        return match[0]
    month = match["month"]
    if re.fullmatch(_ORDINAL_DE, month, re.I):
        number = _ordinal(month, "de")
        return f"{day}.{number}." if number is not None and number <= 12 else match[0]
    return f"{day} {month}" if code == "en" else f"{day}. {month}"


@cache
def _ordinal(words: str, code: str) -> int | None:
    words = words.casefold().replace("siebente", "siebte")
    found = re.match(r"\d+", alpha2digit(words, code, 0))
    return int(found[0]) if found else None


def _year(match: re.Match[str]) -> str:
    century = 19 if match["century"].casefold() == "nineteen" else 20
    rest = 0 if match["rest"].casefold() == "hundred" else number_of(match["rest"], "en")
    return match[0] if rest is None else f"{match['before']}{100 * century + rest}"
