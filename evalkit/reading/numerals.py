"""Finds numbers in a text: English and German grouping, signs, currencies, percent, scales, fractions, exponents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evalkit.reading.lazy_regex import lazy_regex

GERMAN, ENGLISH = "de", "en"
CURRENCY = (
    r"(?:US\$|A\$|C\$|[$€£¥]|(?:USD|EUR|GBP|CHF|JPY)\b|(?:US[- ])?dollars?\b|euros?\b|pounds?(?: sterling)?\b|"
    r"francs?\b|franken\b|"
    r"cents?\b|pence\b|ct\b)"
)
PERCENT = r"(?:%|percent(?:age points)?\b|per cent\b|prozent(?:punkte?)?\b|v\.\s?h\.|pct\b)"
_BEFORE = r"(?:(?:US\$|A\$|C\$|[$€£¥]|S?Fr\.)\s?|(?:USD|EUR|GBP|CHF|JPY|Euro)\s)"
_MINUS = (
    r"(?:(?<![\w)\d%€$£])(?<![\d)%€$£] )[-–—]\s?(?=[\d.,$€£¥UEGC])|(?<![\d%€$£] )\b(?:minus|negative|negativ)\s+|"
    r"(?<![\w)])(?<![\d)%€$£] )\+(?=\d))"
)
_BODY = (
    r"(?P<vulgar>\d{0,9}\s?[½⅓⅔¼¾⅕⅖⅗⅘⅙⅛⅜⅝⅞])"
    r"|(?P<ratio>(?:\d{1,6}\s)?\d{1,6}/\d{1,6}(?![\d/.,]\d|/))"
    r"|(?P<written>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![,.]?\d)"
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?(?![,.]?\d)"
    r"|\d{1,3}(?:\.\d{3})+(?:,\d+)?(?![,.]?\d)"
    r"|\d{1,3}(?:_\d{3})+(?!\d)"
    r"|\d{1,3}(?:'\d{3})+(?:[.,]\d+)?(?![,.]?\d)"
    r"|\d{1,3}(?: \d{3})+(?:[.,]\d{1,9})?(?![\d]|[.,]\d)"
    r"|\d{1,40}[.,]\d{1,40}(?![.,]\d)|[.,]\d{1,40}|\d{1,400})"
)
_EXPONENT = (
    r"(?:[eE](?P<e>[+-]?\d{1,3})(?!\w)|\s?[×x*·]\s?10(?:\s?(?:\^|\*\*)\s?[{(]?(?P<ten>[+-]?\d{1,3})[})]?|"
    r"(?P<super>[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)))"
)
_SCALES: tuple[tuple[str, float], ...] = (
    (
        r"[kK](?![\w])|thousand\b|thsd\b\.?|tsd\b\.?|tausend\b|[TKk](?=EUR\b|USD\b|CHF\b)|T(?=\s?€|\s?EUR)",
        1e3,
    ),
    (r"lakh\b", 1e5),
    (
        r"mio\b\.?|mill?\b\.?|million(?:en|s)?\b|mn\b\.?|(?-i:MM(?!\w)|M(?![\w²³]))|"
        r"m(?=\s?[€$£]|\s?(?:USD|EUR|GBP|CHF)\b)|(?(before)m(?![\w²³])|(?!))",
        1e6,
    ),
    (r"crore\b", 1e7),
    (r"mrd\b\.?|milliarden?\b|bn\b\.?|billions?\b|(?-i:B(?!\w))|(?(before)b(?!\w)|(?!))", 1e9),
    (r"billionen\b|trillions?\b|tn\b", 1e12),
)
_SCALE = "|".join(f"(?P<s{i}>{pattern})" for i, (pattern, _) in enumerate(_SCALES))
_NUMERAL = lazy_regex(
    rf"(?<![\w.,/])(?<!\d')(?P<sign>{_MINUS})?(?P<before>{_BEFORE})?(?(before)(?P<inner>-\s?(?=\d))?(?P<paren>\((?=\d))?)"
    rf"(?:{_BODY})(?:(?:[.,](?:-{{1,2}}|[–—])|/-)(?![\w-]))?(?(paren)\))"
    rf"(?:{_EXPONENT})?(?:[\s-]?(?:{_SCALE}))?(?:\s?(?P<percent>{PERCENT})|\s?(?P<after>{CURRENCY}))?",
    re.I,
)
_UNITS = lazy_regex(
    r"(?:kg|g|mg|t|km|cm|mm|m|m²|m2|m³|m3|l|ml|h|min|s|ms|kWh|MWh|Wh|kW|MW|W|V|A|GB|MB|KB|TB|Hz|kHz|MHz|GHz|K|C|"
    r"F|x|°C?|pts?|ct|ppm|bp|tokens?|th|st|nd|rd)(?!\w)"
)
_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LEADS_SIGN = lazy_regex(
    r"(?:^|[\n:=(|>]|\b(?:is|ist|lautet|beträgt|was|war|of|um|by|bei|auf|to))\s*$", re.I
)
_AMBIGUOUS = lazy_regex(r"[1-9]\d{0,2}\.\d{3}")
_AMOUNT = lazy_regex(r"[1-9]\d{0,2}([.,])\d{3}")
_PER_PIECE = lazy_regex(r"\s?(?:/|per\b|pro\b|je\b|a\s(?:litre|liter|gallon|kwh)\b)", re.I)
_ORDINAL = lazy_regex(r"(?:st|nd|rd|th)\b")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number where it stands in a text, as it is written there."""

    value: float
    start: int
    end: int
    has_currency: bool
    is_percent: bool
    scale: float
    """What `million` or `k` behind it multiplied it by."""
    is_ordinal: bool
    is_odd: bool
    """Whether its separators are not those of its text's language: perhaps it is cut off."""
    is_ratio: bool = False
    """Written as a fraction."""
    is_ambiguous: bool = False
    """`1.234` where nothing tells whether that is a bit more than one, or more than a thousand."""


def numerals(text: str, language: str | None) -> Iterator[Numeral]:
    """Yield all numbers that are no part of a name such as `Q3`.

    Args:
        text: Without dress and with digits for number words.
        language: Decides `1.234` where the text's other numbers do not.
    """
    known = style_of(text) or language
    style = known or ENGLISH
    for match in _NUMERAL.finditer(text):
        if match["written"] is None and match["ratio"] is None and match["vulgar"] is None:
            continue
        rest = text[match.end() :]
        glued = not (match["percent"] or match["after"] or _scaled(match)) and re.match(
            r"[A-Za-zÄÖÜäöüß_]", rest
        )
        if glued and not _UNITS.match(rest):
            continue
        value = _value(match, style)
        if value is not None:
            found = _numeral(match, value, style, language, rest)
            is_ambiguous = (
                known is None and _AMBIGUOUS.fullmatch(match["written"] or "") is not None
            )
            yield replace(found, is_ambiguous=is_ambiguous)


def _numeral(
    match: re.Match[str], value: float, style: str, language: str | None, rest: str
) -> Numeral:
    text = match.string
    scale = _scaled(match)
    has_currency = match["before"] is not None or match["after"] is not None
    sign = (match["sign"] or "").casefold()
    if re.fullmatch(r"[-–—]\s", sign) and not _LEADS_SIGN.search(text[: match.start()]):
        sign = ""  # a dash between words
    is_negative = sign.strip() not in ("", "+") or match["inner"] is not None
    is_negative = is_negative or match["paren"] is not None
    if not is_negative and _in_accountants_brackets(match, has_currency):
        is_negative = True
    return Numeral(
        value=-value * scale if is_negative else value * scale,
        start=match.start(),
        end=match.end(),
        has_currency=has_currency,
        is_percent=match["percent"] is not None,
        scale=scale,
        is_ordinal=_ORDINAL.match(rest) is not None or _is_german_ordinal(text, match, style),
        is_odd=_is_odd(match["written"] or "", language),
        is_ratio=match["ratio"] is not None or match["vulgar"] is not None,
    )


def _is_odd(written: str, language: str | None) -> bool:
    odd = {ENGLISH: r"\d{1,3},\d{1,2}", GERMAN: r"\d{1,3}\.\d{1,2}"}.get(language or "")
    return odd is not None and re.fullmatch(odd, written) is not None


def style_of(text: str) -> str | None:
    """Tell which style of separators a text's unmistakable numbers have; None: it has none, or both."""
    german = re.search(
        r"(?<![\d.,])\d{1,3}(?:\.\d{3})+,\d|(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?![.,]?\d)|(?<![\d.,])(?:0,\d+|"
        r"\d+,(?:\d\d?|\d{4,}))(?![.,]?\d)|\d,[-–—]{1,2}(?!\w)",
        text,
    )
    english = re.search(
        r"(?<![\d.,])\d{1,3}(?:,\d{3})+\.\d|(?<![\d.,])\d{1,3}(?:,\d{3}){2,}(?![.,]?\d)|(?<![\d.,])(?:0\.\d+|"
        r"\d+\.(?:\d\d?|\d{4,}))(?![.,]?\d)",
        text,
    )
    if (german is None) == (english is None):
        return None
    return GERMAN if german else ENGLISH


def parsed(written: str, style: str) -> float | None:
    """Return the value of digits with separators; `style` decides where one separator stands before three digits."""
    digits = re.sub(r"[ '_]", "", written)
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return _number(digits)
    mark, other = digits[last], "," if digits[last] == "." else "."
    groups = digits.count(mark)
    if other in digits:
        return _number(digits.replace(other, "").replace(mark, "."))
    if groups > 1:
        return _number(digits.replace(mark, ""))
    is_thousands = (
        len(digits) - last == 4
        and 0 < last <= 3
        and not digits.startswith("0")
        and not re.search(r"[ ']", written)
        and (mark == ".") == (style == GERMAN)
    )
    return _number(digits.replace(mark, "" if is_thousands else "."))


def _number(digits: str) -> float | None:
    value = float(digits)
    return value if value < 1e300 else None


def _value(match: re.Match[str], style: str) -> float | None:
    if vulgar := match["vulgar"]:
        return (float(vulgar[:-1].strip() or 0)) + unicodedata.numeric(vulgar[-1])
    if ratio := match["ratio"]:
        whole, _, parts = ratio.rpartition(" ")
        over, under = map(int, parts.split("/"))
        if under == 0 or (over > under > 9 and not whole):  # `130/85`
            return None
        return float(whole or 0) + over / under
    written = match["written"]
    if match["before"] or match["after"]:  # an amount has no three decimals
        amount = _AMOUNT.fullmatch(written)
        if amount is not None and not _PER_PIECE.match(match.string, match.end()):
            style = GERMAN if amount[1] == "." else ENGLISH
    value = parsed(written, style)
    power = match["e"] or match["ten"] or (match["super"] or "").translate(_SUPER)
    return value if value is None or not power else value * 10.0 ** int(power)


def _scaled(match: re.Match[str]) -> float:
    for i, (_, factor) in enumerate(_SCALES):
        word = match[f"s{i}"]
        if word is not None:
            return factor
    return 1.0


def _in_accountants_brackets(match: re.Match[str], has_currency: bool) -> bool:
    """Tell whether brackets mean a negative amount: `($3,400)`, or `(5)` where nothing else is said."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    if not before.endswith("(") or not after.startswith(")"):
        return False
    alone = not before[:-1].strip() or before[:-1].rstrip().endswith((":", "="))
    if re.search(
        r"\b(?:was|is|were|of|to|at|war|ist|lautet|beträgt|betrug|von|bei|auf)\s\($", before, re.I
    ):
        return True
    return alone or (has_currency and not re.search(r"\d\W*$|\w\s\($", before))


def _is_german_ordinal(text: str, match: re.Match[str], style: str) -> bool:
    return (
        style == GERMAN
        and re.match(
            r"\.\s(?:Quartal|Halbjahr|Jahrhundert|Platz|Rang|Stelle|Stock|Etage|Klasse|Tag|Woche|Monat|Kapitel|"
            r"Abschnitt|Zeile|"
            r"Spalte|Schritt|Runde|Auflage|Liga|Mal|Lebensjahr|Geschoss|Jahr)\w*",
            text[match.end() :],
        )
        is not None
    )
