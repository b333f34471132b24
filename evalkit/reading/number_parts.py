"""Tells which of several numbers that are told alike the question asks for: a part, a kind, a rating."""

from __future__ import annotations

import re
from dataclasses import replace

from evalkit.reading.asked import Asked
from evalkit.reading.context import scale_of
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.number_about import DENIES, shared, words
from evalkit.reading.number_claims import NOUN_BEHIND, Claim, Strength
from evalkit.reading.number_words import EACH_BEHIND

_PART_BEHIND = lazy_regex(
    r"^(?:\s\w+)?\s(?:of (?:them|which|whom|these|those)|davon|darunter|von ihnen|von denen)\b",
    re.I,
)
_PART_BEFORE = lazy_regex(
    r"\b(?:davon|darunter|dar(?:in|unter) enthalten|"
    r"of (?:them|which|whom|these|those)|von ihnen|von denen|including)\W*(?:\w+\s)?$",
    re.I,
)


_TAX = lazy_regex(r"\b(?:vat|tax|mwst|ust|\w*steuer)\b", re.I)


def of_asked_part(found: list[Claim], asked: Asked) -> list[Claim]:
    """State the part of a whole that has what was asked for: `220 messages, 17 of which are unread`."""
    if found and found[0].strength == Strength.FIRST and not re.search(r"\w", found[0].right):
        return found  # `9. The line has 21 stops, 12 of them in the zone.`
    for part in found:
        if not (_PART_BEHIND.match(part.right) or _PART_BEFORE.search(part.label)):
            continue
        whole = [c for c in found if c.place < part.place and c.strength > Strength.ASIDE]
        said = set[str]().union(*(words(c.clause.text) for c in whole)) if whole else set[str]()
        wanted = words(asked.asking) if said else words(asked.predicate)
        own = f"{part.label} {part.right}"
        is_tax = _TAX.search(asked.asking) is not None and _TAX.search(own) is not None
        if whole and (is_tax or shared(wanted - said, words(own))):
            return [
                replace(c, strength=Strength.STATED if c is part else Strength.ASIDE) for c in found
            ]
    return found


def of_scale(found: list[Claim], asked: Asked) -> list[Claim]:
    """Where a year or a rating is asked for, set aside what is off the scale, and what counts: `a 7, with 4 errors`."""
    scale = _YEARS if asked.for_year else scale_of(asked.asking)
    if scale is None or asked.for_count:
        return found
    rated = [
        c
        for c in found
        if c.strength > Strength.ASIDE
        and scale[0] <= c.numeral.value <= scale[1]
        and not _COUNTS.match(c.right)
    ]
    if not rated:
        return found
    least = Strength.STATED if len({c.numeral.value for c in rated}) == 1 else Strength.NAMED
    return [
        replace(c, strength=max(c.strength, least) if c in rated else Strength.ASIDE) for c in found
    ]


_YEARS = (1000.0, 2200.0)
_COUNTS = lazy_regex(
    r"\s(?:[a-zäöü]+\s)?(?!was\b|has\b|this\b|does\b|because\b|points?\b|stars?\b|Punkte?n?\b|Sternen?\b)(?:[a-z]{2,}s|[A-ZÄÖÜ][a-zäöüß]+)\b"
)


def of_item(found: list[Claim], asked: Asked) -> list[Claim]:
    """State the one number at which alone stands what is counted or asked for: `26 players: 9 defenders, …`."""
    if (by := _BY_HOW_MUCH.search(asked.asking)) is not None:  # `€19 online, so €5 cheaper`
        mine = [c for c in found if re.match(rf"(?:\s\w+)?\s{by[1]}\b(?!\sthan)", c.right, re.I)]
        return _only(mine, found, found) if len({c.numeral.value for c in mine}) == 1 else found
    told = [
        c
        for c in found
        if c.strength > Strength.ASIDE
        and not c.is_given
        and c.numeral.is_percent == asked.for_percent
    ]
    if len(told) < 2 or asked.is_problem or asked.for_total or asked.for_comparison:
        return found
    wanted = words(asked.kind_counted or (asked.counted if asked.for_count else asked.predicate))
    mine = [c for c in told if shared(wanted, _near(c))]
    is_part = len({c.numeral.value for c in mine}) == 1 and mine[0].strength == Strength.WEAK
    is_total = any(  # `I count 14: 9 petrol and 5 diesel cars`
        c.strength == Strength.LAST
        or (asked.for_count and c.strength > Strength.WEAK and not NOUN_BEHIND.match(c.right))
        for c in told
    )
    if not is_part or is_total or EACH_BEHIND.match(mine[0].right):
        return found
    return [replace(c, strength=Strength.STATED if c in mine else Strength.ASIDE) for c in found]


_BY_HOW_MUCH = lazy_regex(
    r"\b(?:how much|how many \w+|by how much|wie viel|wie viele? \w+)(?:\s[^\W\d_]+){0,5}?\s"
    r"(cheaper|dearer|longer|shorter|faster|slower|older|younger|taller|heavier|lighter|larger|smaller|bigger|"
    r"billiger|günstiger|teurer|länger|kürzer|schneller|langsamer|älter|jünger|schwerer|leichter|größer|kleiner)\b",
    re.I,
)


def _near(claim: Claim) -> set[str]:
    """Return the words that stand next to a number."""
    if DENIES.search(claim.label):
        return set()
    right = _INCLUDING.split(claim.right, maxsplit=1)[0].split()[:3]
    return words(" ".join([*claim.label.split()[-3:], *right]))


_INCLUDING = lazy_regex(
    r"\b(?:incl\w*|davon|darunter|plus|inkl\w*|einschließlich|zuzüglich|zzgl)\b", re.I
)


def of_parallel(found: list[Claim], asked: Asked) -> list[Claim]:
    """Of numbers told alike in a sentence, keep the one behind which the question's words stand: `12 against`."""
    if asked.is_problem or asked.for_total:
        return found
    for sentence in dict.fromkeys(c.clause.sentence for c in found):
        row = [c for c in found if c.clause.sentence == sentence and c.strength > Strength.WEAK]
        is_row = len(row) > 1 and all(_ELLIPTIC.fullmatch(c.right) for c in row)
        joined = (_JOINED.fullmatch(c.label) or c.label == row[0].label for c in row[1:])
        if not is_row or not all(joined):
            continue
        rights = [set[str]() if DENIES.search(c.right) else words(c.right) for c in row]
        nouns = [NOUN_BEHIND.match(c.right) for c in row]
        if nouns[0] is not None and None in nouns:  # `4 hours for beginners, 6 for others`
            rights[0] -= words(nouns[0][0])
        denied = [c for c in row if DENIES.search(c.right)]
        if len(denied) == 1 and DENIES.search(asked.asking):  # `7 have not replied yet`
            return _only(denied, row, found)
        for wanted in (words(asked.predicate), words(asked.subject)):
            n_shared = [shared(wanted, said) for said in rights]
            mine = [c for c, n in zip(row, n_shared, strict=True) if n and n == max(n_shared)]
            if len(mine) == 1:
                return _only(mine, row, found)
    return found


def _only(mine: list[Claim], row: list[Claim], found: list[Claim]) -> list[Claim]:
    """State some of a row, and set the others of it aside."""
    strengths = {c.place: Strength.STATED if c in mine else Strength.ASIDE for c in (*row, *mine)}
    return [replace(c, strength=strengths.get(c.place, c.strength)) for c in found]


_ELLIPTIC = lazy_regex(r"\s(?:[^\W_]+\W*){1,6}")
_JOINED = lazy_regex(r"\W*(?:and|und|or|oder|sowie|bei)?\W*", re.I)
