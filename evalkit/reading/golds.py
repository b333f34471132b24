"""Finds in an answer the right one and its rivals: as a quantity, a date or a time, or by its words in any dress."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evalkit.reading.asked import Asked
from evalkit.reading.bounds import bound_before, differs, direction, without_bounds
from evalkit.reading.content import EMPTY, content, told
from evalkit.reading.dates import moments
from evalkit.reading.digits import in_digits
from evalkit.reading.gold_series import between, masked_series, time_of_day, weekdays
from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.names import DAYS, any_of, in_one_form
from evalkit.reading.prices import is_free, masked_free
from evalkit.reading.quantities import CURRENCIES, Quantity, quantities
from evalkit.reading.synonyms import in_single_words
from evalkit.reading.units import FACTORS, UNIT_NAMES, UNITS
from evalkit.reading.worded import (
    GOLD,
    LEAD,
    RIVAL,
    items_of,
    masked_words,
    pattern_of,
    scattered,
    words_of,
)
from evalkit.reading.wording import in_one_wording, made_alike, with_one_counted
from evalkit.reading.words import NEGATION

_SORTS = (CURRENCIES, frozenset({"s", "month"}))
"""Units of one sort: amounts in another currency, times of another length."""
_MEASURES = frozenset(sort for sort, _ in FACTORS.values())
_ONE = lazy_regex(
    rf"(?:(?<=^)|(?<=\bis )|(?<=\bfor )|(?<=\bin )|(?<=\bof )|(?<=\btakes )|(?<=\blasts )|(?<=\bwithin )|"
    rf"(?<=\babout )|"
    rf"(?<=\bafter )|(?<=\bfull )|(?<=\bdauert )|(?<=\bum )|(?<=\bvon )|(?<=\bnach )|(?<=\binnerhalb )|"
    rf"(?<=\bgilt )|"
    rf"(?<=\betwa )|(?<=\bonly )|(?<=\bnur )|(?<=\bgenau )|(?<=\bexactly )|(?<=\bthan )|(?<=\bals )|"
    rf"(?<=\bbeträgt )|(?<=\bist ))"
    rf"(?:an?|one|ein(?:e[nmrs]?)?)\s(?=(?:{UNIT_NAMES})\b)",
    re.I | re.M,
)
_A_ONE = lazy_regex(r"(?:one|ein(?:e[nmrs]?|s)?)\.?", re.I)
_ONLY = lazy_regex(r"^(?:only|just|solely|nur|allein|lediglich|ausschließlich)\s", re.I)
_ORDINAL_POINT = lazy_regex(r"\.(?=\s[a-zäöüß])")
_OUT_OF = lazy_regex(
    r"(?<![\d.,])(\d+) (?:in|out of|of|von|aus|der) (?:every |the |je |den )?(\d+)(?![\d.,]\d)",
    re.I,
)
_SHARE = lazy_regex(r"^\D*\d+(?:[.,]\d+)?\s?(?:%|per ?cent|prozent)|^\D*\d+/\d+\D*$", re.I)
_ASKS_WHEN = lazy_regex(
    r"\b(?:when|wann|(?:what|which|welche[mrsn]?) (?:days?|dates?|tag|tage|tagen|datum)|deadline|frist)\b",
    re.I,
)
_OF_MONTH = lazy_regex(
    r"(?<=\d)(st|nd|rd|th|\.)?\s(?:(?:of|in) (?:each|every|the|any) month|each month|(?:jede[snr]|des|"
    r"eines(?: jeden)?) "
    r"Monats|im Monat)$",
    re.I,
)
"""Goes without saying behind a day of each month."""
_NOT = lazy_regex(
    rf"(?:{NEGATION})\s?(?:longer |more |any |mehr )?|\bnon-?(?=\w)|\b(?:un|in|im|ir|dis)(?=(?:\w+(?:able|"
    rf"ible|"
    rf"bar|lich|ig|"
    r"valid|complete|correct|active|known|paid|gültig|bekannt|bezahlt|vollständig)\b))|"
    r"\bun(?=\w{3,}ed\b)|\bun(?=(?:be|ge|ver|er|zer|ent)\w+(?:t|en)\b)",
    re.I,
)
_UN = lazy_regex(r"\bun(?=\w{3,}ed\b)|\bun(?=(?:be|ge|ver|er|zer|ent)\w+(?:t|en)\b)", re.I)
_WEEKDAY = lazy_regex(
    rf"^\W*(?:(?:on|am|the|der|dem|den)\s)*(?:{any_of(DAYS)})\b\.?,?\s(?:(?:on|am|the|der|dem|den)\s)*",
    re.I,
)
_OPPOSITE = r"(?:non-?|un|in|im|ir|dis)"


_DIGIT_GROUPS = lazy_regex(r"\(?\+?\d{2,}\)?(?:[ /-]\d{2,}){1,5}(?<=[\d ()/-]{8})")
"""A number of a telephone or an account."""


def marked(said: str, gold: str, question: str) -> tuple[str | None, bool]:
    """Return an answer with signs for the gold and its rivals, and whether the gold is what is denied of them.

    None: the gold is not in it.
    """
    if is_free(gold, question):
        text = masked_free(said, language_of(said) or language_of(question))
        return text if GOLD in text else None, False
    if _DIGIT_GROUPS.fullmatch(gold):
        parts = re.findall(r"\d", gold)
        text = re.sub(rf"(?<!\d){r'[ ()/.-]*'.join(parts)}(?!\d)", GOLD, said)
        return text if GOLD in text else None, False
    gold = _without_weekday(gold)
    said, gold = (_FREE_OF.sub(lambda m: f"no {m[1] or m[2]}", text) for text in (said, gold))
    positive = in_single_words(gold)
    if _NOT.search(gold) and not _NOT.search(positive):  # `not considered`: `ignored`
        said, gold = in_single_words(said), positive
    core = _NOT.sub("", LEAD.sub("", gold)).strip()
    is_partly = any(not _NOT.search(item) for item in items_of(gold))
    if _NOT.search(gold) and core and not is_partly and not re.search(r"\d", gold):
        return _negated(said, core), True
    language = language_of(said)
    own = (language,) if language else (language_of(question), "en", "de")
    bare = _without_aside(gold)
    texts = [
        _masked(said, g, question, code)
        for g in dict.fromkeys((gold, bare or gold))
        for code in own
    ]
    return next((t for t in texts if GOLD in t), None), False


_FREE_OF = lazy_regex(
    r"\b(?<!-)(\w{3,})-free\b|\b(zucker|alkohol|unfall|gluten|laktose|fehler|schaden|rauch)s?frei(?:e[nrsm]?)?\b",
    re.I,
)
_ASIDE = lazy_regex(r"\s*\([^()]*\)")
"""Brackets in a gold that explain it, and go without saying."""


def _without_weekday(gold: str) -> str:
    """Return a date without the day of the week that it implies."""
    rest = _WEEKDAY.sub("", gold)
    return rest if any(moment.start == 0 for moment in moments(rest)) else gold


def _negated(said: str, core: str) -> str | None:
    """Mark what is denied; `invalid` is `not valid`."""
    words = words_of(core)
    if not words:
        return None
    body = pattern_of(words)
    able = re.fullmatch(r"(\w{3,}?)(?:able|ible|bar)", words[0]) if len(words) == 1 else None
    if able is not None:  # `refundable` is what can be refunded
        body = rf"(?:{body}|(?:ge)?{re.escape(able[1])}(?:ed|d|en|t|igt|et)?)"
    said = re.sub(rf"(?<!\w){_OPPOSITE}{body}(?!\w)", f"not {GOLD}", said, flags=re.I)
    said = re.sub(rf"(?<!\w){body}(?!\w)", GOLD, said, flags=re.I)
    if GOLD not in said:
        said = scattered(_UN.sub("not ", said), words, may_deny=True)
    return said if GOLD in said else None


def _masked(said: str, gold: str, question: str, language: str | None) -> str:
    """Return an answer with signs for the gold and its rivals."""
    said, gold = (_CODE.sub(r"\1\2", _with_times(_BY_NAME.sub("B", text))) for text in (said, gold))
    sort = "date" if _ASKS_WHEN.search(question) else None
    written = "1" if _A_ONE.fullmatch(gold.strip()) else in_digits(_OF_MONTH.sub("", gold), sort)
    written = _ONE.sub("1 ", written) if len(gold.split()) <= _SHORT else written
    if _OUT_OF.fullmatch(written.strip(" .")) or _SHARE.search(written):
        written, said = (_OUT_OF.sub(r"\1/\2", text) for text in (written, in_digits(said)))
    wanted = list(quantities(written, language_of(gold) or language_of(question)))
    days = weekdays(written)
    several = [*wanted, *days]
    if wanted and len(several) > 1 and not between(written, several):
        return masked_series(said, several, language)
    named = _NAMED.fullmatch(_without_aside(written))
    if named is not None and (text := _masked_names(said, named["noun"], named["code"])):
        return text
    if _is_worded(written, wanted):
        told_gold = in_one_wording(_ONLY.sub("", written))
        text = masked_words(_with_place(made_alike(said), told_gold, question), told_gold, question)
        if (
            GOLD in text
            or len(wanted) != 1
            or wanted[0].unit is None
            or _is_frequency(written, wanted)
            or _is_of_two_parts(written, wanted[0])
        ):
            return text
    return _masked_quantity(
        said, gold, written, _in_asked_unit(wanted[0], question), question, language
    )


_NAMED = lazy_regex(
    r"(?:(?:in|on|at|from|auf|am|an|im|von|vom|the|der|dem|den|die|das|calendar)\s)*(?P<noun>(?!version|android|chapter)[^\W\d_]{3,})\s"
    r"(?:(?:no|nr|number|nummer)\.?\s)?(?P<code>\d{1,3}[a-z]?|[A-Z]\d?)\.?",
    re.I,
)
"""`platform 7`, `im Saal B`."""


def _without_aside(gold: str) -> str:
    return _ASIDE.sub("", gold).strip()


def _masked_names(said: str, noun: str, code: str) -> str | None:
    """Mark what has the gold's noun with its number, and what has another: `platform 7`, `platform 4`."""
    if not noun.isalpha() or (noun.casefold() in UNITS and not said):
        return None
    bare = re.fullmatch(
        rf"\W*(?:{noun[0]}\.?\s?|[CK]W\s?)?{re.escape(code)}\W*", said.split(",")[0], re.I
    )
    if bare is not None:  # `204`, `R 204`
        return said.replace(bare[0], GOLD, 1)

    def sign(match: re.Match[str]) -> str:
        return GOLD if match["code"].casefold() == code.casefold() else RIVAL

    text = re.sub(
        rf"(?<!\w){re.escape(noun)}\s(?:(?:no|nr|number|nummer)\.?\s)?(?P<code>(?i:\d{{1,3}}[a-z]?)|[A-Z]\d?)(?![\w%€$]|[.,:]\d)",
        sign,
        said,
        flags=re.I,
    )
    return text if GOLD in text else None


_SHORT = 3
"""Words of a gold that is no more than a time: `within a year`."""
_PLACED = lazy_regex(r"\bordinal(\d+)\b")


def _with_place(said: str, gold: str, question: str) -> str:
    """Return an answer in which a number is a place in a row where that is asked: `They came 2nd`, `Sie wurden 2.`"""
    place = _PLACED.search(gold)
    if place is None or not Asked(question).for_place:
        return said
    return re.sub(rf"(?<![\d.,\w]){place[1]}\b\.?(?![\d.,]\d|\s?[%€$])", place[0], said)


_CODE = lazy_regex(
    r"(?<![\w-])(?!EUR|USD|CHF|GBP|JPY|TEUR|US|CA|MAX|MIN|AB|BIS|UM|AM|IM|VOR|AT|IN|BY|TO|"
    r"I\b)([A-ZÄÖÜ]{1,4})[ -](\d+)(?![\w,:/]|\.\d)"
)
"""What a letter and a number name: `B 27`."""
_BY_NAME = lazy_regex(r"\bBundesstra(?:ß|ss)e (?=\d)")
_TIMES = {"twice": "2 times", "zweimal": "2 mal", "dreimal": "3 mal", "viermal": "4 mal"}
_TIMES_TOLD = lazy_regex(rf"\b(?:{'|'.join(_TIMES)})\b(?! (?:as|so)\b)", re.I)


def _with_times(text: str) -> str:
    """Return a text in which how often something is has digits: `2 times` for `twice`."""
    return _TIMES_TOLD.sub(lambda m: _TIMES[m[0].casefold()], text)


_JOINT = lazy_regex(r"\b(?:and|und|sowie|as well as)\b", re.I)


def _is_of_two_parts(gold: str, quantity: Quantity) -> bool:
    """Tell whether a quantity stands in one of two things that a gold tells: `pay 90 euros and leave`."""
    parts = _JOINT.split(f"{gold[: quantity.start]} {gold[quantity.end :]}")
    return len(parts) > 1 and all(len(words_of(LEAD.sub("", part))) > 1 for part in parts)


def _is_frequency(written: str, wanted: list[Quantity]) -> bool:
    """Tell whether a gold is how often, and not how much in a time."""
    is_amount = any(q.unit in CURRENCIES or q.unit in _MEASURES - {"s", "month"} for q in wanted)
    return not is_amount and re.search(r"\bevery\d", in_one_form(written)) is not None


def _is_worded(written: str, wanted: list[Quantity]) -> bool:
    """Tell whether a gold is more than a quantity with its bounds: `12 Main Street`, `decided within 72 hours`."""
    return (
        len(wanted) != 1
        or _is_frequency(written, wanted)
        or bool(words_of(LEAD.sub("", without_bounds(written[: wanted[0].start]))))
        or _is_named_word(written, wanted[0])
    )


_CLOCKED = lazy_regex(r"(?<![\d:])(\d{1,3}):([0-5]\d)\s?(?:h|hours?|std\.?|stunden)\b", re.I)


def _in_asked_unit(wanted: Quantity, question: str) -> Quantity:
    """Return a bare number with the unit that the question asks for: `3` of `How many weeks?`."""
    unit = Asked(question).unit
    if unit is None or wanted.unit is not None or isinstance(wanted.value, str):
        return wanted
    sort, factor = FACTORS[unit]
    return replace(wanted, value=wanted.value * factor, unit=sort, told=wanted.value)


def _masked_quantity(
    said: str, gold: str, written: str, wanted: Quantity, question: str, language: str | None
) -> str:
    """Mark the quantities that are the gold one, and those that are another of its sort."""
    bound = direction(written[: wanted.start], written[wanted.end :])
    sort = wanted.unit
    is_year = sort is None and re.fullmatch(r"\D*(?:1[5-9]|20)\d\d\D*", gold) is not None
    if sort == "s":
        said = _CLOCKED.sub(r"\1 h \2 min", said)
    is_day = sort is None and _ASKS_WHEN.search(question) is not None and not is_year
    written_as = "money" if sort in CURRENCIES else "year" if is_year else sort
    said = in_digits(said, "date" if is_day else written_as)
    if sort in _MEASURES:
        said = _ONE.sub("1 ", said)
    if sort is None and wanted.value == 1:
        said = with_one_counted(said, question)
    brought = list(quantities(in_digits(question), language_of(question)))
    spans = []
    for found in _likened(quantities(said, language), wanted, said, gold):
        is_gold = found.says(wanted)
        if not is_gold and (
            _is_rounded(said, found, wanted)
            or any(found.says(other) and other.says(found) for other in brought)
        ):
            continue
        if is_gold and _is_of_others(said[: found.start], written[: wanted.start], question):
            is_gold = False
        start = found.start - (bound_before(said[: found.start]) if bound and is_gold else 0)
        opposed = bound * direction(said[: found.start], said[found.end :]) < 0 or differs(
            written[wanted.end :], said[found.end :]
        )
        end = found.end + bool(_ORDINAL_POINT.match(said, found.end))
        spans.append((start, end, GOLD if is_gold and not opposed else RIVAL))
    for start, end, sign in sorted(spans, reverse=True):
        said = f"{said[:start]}{sign}{said[end:]}"
    return said


def _is_of_others(said: str, gold: str, question: str) -> bool:
    """Tell whether before a number stands whom it is about, and not whom the gold is about: `pupils`, `students`."""
    wanted = content(words_of(without_bounds(gold)))
    last = re.search(r"([^\W\d_]{3,})\W*$", without_bounds(said))
    if not wanted or last is None or told(wanted, said):
        return False
    is_noun = last[1][0].isupper()
    known = told([last[1].casefold()], f"{question} {gold}")
    is_kin = any(last[1].casefold().startswith(w[:4]) for w in wanted)
    return (
        is_noun
        and not (known or is_kin)
        and last[1].casefold() not in EMPTY
        and not told(wanted, question)
    )


def _is_rounded(said: str, found: Quantity, wanted: Quantity) -> bool:
    """Tell whether an amount is the gold told roughly: `knapp 12 Stunden` beside `11 h 49 min`."""
    values = (found.value, wanted.value)
    if found.unit != wanted.unit or not all(isinstance(v, float) for v in values):
        return False
    one, other = map(float, values)
    return _ROUGHLY.search(said[: found.start]) is not None and abs(one - other) <= _NEAR * abs(
        other
    )


_ROUGHLY = lazy_regex(
    r"\b(?:about|around|nearly|almost|roughly|just (?:under|over)|approximately|some|ca\.?|circa|etwa|"
    r"rund|knapp|gut|fast|"
    r"ungefähr|annähernd)\s$",
    re.I,
)
_NEAR = 0.05


def _is_named_word(gold: str, quantity: Quantity) -> bool:
    """Tell whether words behind a number name something: `12 Main Street`, not `65 people`."""
    rest = words_of(gold[quantity.end :])
    return len(rest) > 2 or (isinstance(quantity.value, str) and bool(rest))


def _likened(
    found: Iterator[Quantity], wanted: Quantity, said: str, gold: str
) -> Iterator[Quantity]:
    """Yield quantities that compete with the gold: of its sort, or bare numbers; `20.40` may be a time of day."""
    for quantity in found:
        if wanted.unit == "T":
            moment = time_of_day(quantity, said, gold)
            if moment is not None:
                yield moment
        elif _are_alike(quantity.unit, wanted):
            yield quantity


def _are_alike(unit: str | None, wanted: Quantity) -> bool:
    gold = wanted.unit
    is_share = isinstance(wanted.value, float) and wanted.value < 1  # `half`: `50 %`
    if (
        unit == gold
        or unit is None
        or (gold is None and (unit not in ("date", "%") or (is_share and unit == "%")))
    ):
        return True
    return any(unit in sort and gold in sort for sort in _SORTS)
