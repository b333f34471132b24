"""Writes numbers that are spelled out, in English or German, with digits."""

from __future__ import annotations

import re
from functools import partial

from text_to_num import text2num

from evalkit.reading.lazy_regex import lazy_regex

ONE_TO_NINE = "one|two|three|four|five|six|seven|eight|nine"
ONE_TO_TWELVE = f"{ONE_TO_NINE}|ten|eleven|twelve"
TEENS = "thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES = f"zero|{ONE_TO_TWELVE}|{TEENS}"
_SCALES = "hundred|thousand|million|billion|trillion"
_WORD = rf"(?:{_ONES}|{TENS}|{_SCALES})"
_AND = r"(?:(?<=hundred)|(?<=thousand)|(?<=million)|(?<=billion))\s+and\s+"
_ENGLISH = lazy_regex(
    rf"(?<![\w-])(?:an?\s+(?=(?:{_SCALES})\b)|(?:{_ONES}|{TENS})\b(?:[\s-]+|{_AND})?)(?:{_WORD}\b(?:{_AND}|[ "
    rf"-]+(?={_WORD}\b))?)*(?![\w-]*\w)",
    re.I,
)
_ENGLISH_HYPHEN = lazy_regex(
    rf"\b({_ONES}|(?:{TENS})(?:-(?:{_ONES}))?)-(?=(?:day|week|month|year|hour|minute|"
    r"page|percent|euro|dollar|night|person|people|man|seat|bed|room|storey|story|litre|liter|meter|metre|kilo\w*|"
    r"star|course|bedroom|digit|lane|door|session|module|piece|part|member|point|mile|foot|inch|pound|step|stop)s?\b)",
    re.I,
)
_MORPH = (
    "null|eins|eine|ein|zwei|zwo|drei|vier|fünf|fuenf|sechs|sieben|acht|neun|zehn|elf|zwölf|zwoelf|sech|sieb|zwanzig|"
    "dreißig|dreissig|zig|hundert|tausend"
)
_GERMAN = lazy_regex(
    rf"(?<![\w-])(?<!\d )(?:{_MORPH})(?:{_MORPH}|und(?=(?:{_MORPH})))*(?P<half>einhalb)?(?!\w)(?!-\w+\w)",
    re.I,
)
_ONE_MEANT = lazy_regex(
    r"(?:^|[:=(]\s?|\b(?:only|just|exactly|is|was|nur|genau|lediglich)\s)$", re.I
)
_MANY = lazy_regex(r"\b(?:several|few|some|many|einige|mehrere|viele|paar)\s$", re.I)
_SMALL = lazy_regex(f"{_ONES}|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf", re.I)
_DEFINITE = lazy_regex(
    r"(?<!, )\b(?:the|these|those|both|other|first|last|die|den|diese[nr]?|der|beiden|anderen|ersten|"
    r"letzten)\s$",
    re.I,
)
_SUBJECT_ONE = lazy_regex(
    r"\s[^\W\d_]+\s(?:says?|gives?|lists?|shows?|states?|can|may|holds?|carries|takes?)\b", re.I
)
_VAGUE_ONE = lazy_regex(
    r"\s+(?:of|who|that|which|can|could|may|might|must|should|day|would|more|by|another)\b", re.I
)


def spelled_out(text: str) -> str:
    """Return a text in which digits stand for number words; `one` stays a word where it is a pronoun."""
    text = re.sub(r"\b(?:eine?r?)\s+(?=(?:Million|Milliarde|Billion)\b)", "1 ", text)
    text = re.sub(r"\b(?:anderthalb|eineinhalb)(?:e[nrs]?)?\b", "1,5", text, flags=re.I)
    text = re.sub(
        rf"\b(?:ein|eine|one|an?)\s(?=(?:bis|oder|to|or)\s(?:{_ONES}|{_MORPH}|\d))",
        "1 ",
        text,
        flags=re.I,
    )
    text = _POINTED.sub(_spoken_decimals, text)
    text = _ENGLISH_HYPHEN.sub(lambda m: f"{_value(m[1], 'en') or m[1]}-", text)
    text = re.sub(r"\bhalf an? (?=(?:million|billion|trillion)\b)", "0.5 ", text, flags=re.I)
    text = re.sub(
        r"\b(?:eine )?halbe (?=(?:Million|Milliarde|Billion)\b)", "0,5 ", text, flags=re.I
    )
    for pattern, language in ((_ENGLISH, "en"), (_GERMAN, "de")):
        text = pattern.sub(partial(_digits, language=language), text)
    text = re.sub(r"\b(?:one|1) and a half\b", "1.5", text, flags=re.I)
    text = re.sub(r"\b(\d+) and a half\b", r"\1.5", text, flags=re.I)
    text = re.sub(r"\b(\d+) (?:point|komma) ((?:\d ?){1,6})(?!\d)", _decimals, text, flags=re.I)
    text = re.sub(r"\b(?:half a dozen|ein halbes Dutzend)\b", "6", text, flags=re.I)
    return re.sub(
        r"(?<![\w.,])(\d+(?:[.,]\d)?|an?|ein) (?:dozen|dutzend)\b", _dozens, text, flags=re.I
    )


_POINTED = lazy_regex(
    rf"\b(?P<whole>(?:{TENS})(?:[ -](?:{_ONES}))?|{_ONES}|{_MORPH}) (?P<sign>point|"
    rf"komma) (?P<rest>(?:(?:{_ONES}|{_MORPH})\s?){{1,4}})\b",
    re.I,
)


def _spoken_decimals(match: re.Match[str]) -> str:
    """`seven point two five` is 7.25."""
    language = "en" if match["sign"].casefold() == "point" else "de"
    whole = _value(match["whole"], language)
    digits = [_value(word, language) for word in match["rest"].split()]
    if (
        whole is None
        or (any(d is None or d > 9 for d in digits) and len(digits) > 1)
        or None in digits
    ):
        return match[0]
    sign = "." if language == "en" else ","
    tail = " " if match[0].endswith(" ") else ""
    return f"{whole}{sign}{''.join(str(d) for d in digits)}{tail}"


def _digits(match: re.Match[str], language: str) -> str:
    word = match[0]
    stripped = word.rstrip(" -")
    before, after = match.string[: match.start()], match.string[match.end() :]
    if not _is_meant(stripped.casefold(), before, after):
        return word
    half = match.groupdict().get("half")
    value = _value(stripped.removesuffix(half) if half else stripped, language)
    if value is None:
        return word
    return f"{value}{',5' if half else ''}{word[len(stripped) :]}"


def _is_meant(word: str, before: str, after: str) -> bool:
    if word in ("ein", "eine", "und", "zig", "sech", "sieb", "ein und") or _MANY.search(before):
        return False
    if _SMALL.fullmatch(word) and _DEFINITE.search(before):
        return False
    if word == "null":
        return re.search(r"[:,]\s?$", before) is None or '"' not in before
    if word == "one":
        is_subject = not before.strip() and _SUBJECT_ONE.match(after) is not None
        return (
            not is_subject
            and _ONE_MEANT.search(before) is not None
            and _VAGUE_ONE.match(after) is None
        )
    return True


def _value(words: str, language: str) -> int | None:
    words = re.sub(r"^an?\s", "one ", words.casefold().replace("-", " "))
    words = words.replace("fuenf", "fünf").replace("zwoelf", "zwölf").replace("zwo", "zwei")
    try:
        return int(text2num(words, language))
    except ValueError:
        return None


def _decimals(match: re.Match[str]) -> str:
    rest = match[0][len(match[0].rstrip()) :]
    return f"{match[1]}.{match[2].replace(' ', '')}{rest}"


def _dozens(match: re.Match[str]) -> str:
    n = float(match[1].replace(",", ".")) if match[1][0].isdecimal() else 1
    return f"{12 * n:g}"
