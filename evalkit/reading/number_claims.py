"""Says of each number of an answer how plainly it is given as the result."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

from evalkit.reading.asked import Asked
from evalkit.reading.clauses import Clause
from evalkit.reading.context import asked_words
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.number_asides import (
    is_aside,
    is_earlier_label,
    is_in_brackets,
    is_of_other_year,
    is_share_of_all,
    is_weak,
    with_sign,
)
from evalkit.reading.number_text import MaskedNumbers
from evalkit.reading.number_words import (
    ALONE,
    ANY,
    CHANGE_OF,
    DECIMALS,
    EXACT,
    IN_TOTAL,
    LABEL,
    LED,
    OF_SIZE,
    RISEN_TO,
    ROUNDED,
    STATING,
)
from evalkit.reading.numerals import Numeral
from evalkit.reading.words import IS


class Strength(IntEnum):
    """How plainly an answer gives a number as its result."""

    ASIDE = 0
    """A part, an earlier value, one of several offered."""
    WEAK = 1
    """The number stands in brackets behind something else, `the discount (€48)`, or is told per piece."""
    NAMED = 2
    """The number stands in a sentence."""
    ALONE = 3
    """The number fills a clause: `Shipping: 15`."""
    FIRST = 4
    """The answer begins with it and nothing else: `310 visitors, 155 of them …`"""
    STATED = 5
    """`The total is 310`, `= 310`, `so 310`."""
    LAST = 6
    """The number fills the last line behind prose."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A number with what is said of it."""

    numeral: Numeral
    strength: Strength
    clause: Clause
    place: int
    label: str
    """What stands before the number in its part of the clause, and before a colon that leads to it."""
    right: str
    """What stands behind the number in its part of the clause."""
    is_in_unit: bool
    """Told in a unit of the sort that is asked for."""
    is_given: bool = False
    """Told by the question."""
    is_leading: bool = False
    """The answer begins with it."""


def claims(masked: MaskedNumbers, asked: Asked) -> list[Claim]:
    """Return every number of an answer with how plainly it is given."""
    found = []
    pieces = masked.pieces
    for number, clause in enumerate(pieces):
        before = _before(masked, number)
        of_clause = list(
            _of_clause(masked, clause, before, asked, is_first=number == 0 and not masked.is_list)
        )
        of_clause = _evened(clause, of_clause)
        if masked.is_list and clause.sentence == 0:
            of_clause = [_set_aside(c) for c in of_clause]
        found += of_clause
    return _with_labels(_without_wholes_and_parts(masked.text, found))


def _before(masked: MaskedNumbers, number: int) -> Clause | None:
    """Return the clause of the sentence that stands before another, or before brackets: `Discount (10 %): €24`."""
    pieces = masked.pieces
    earlier = [p for p in pieces[:number] if p.sentence == pieces[number].sentence]
    if len(earlier) > 1 and is_in_brackets(masked.text, earlier[-1].start):
        is_label = re.match(r"\s?\)\s?:", masked.text[earlier[-1].start + len(earlier[-1].text) :])
        return earlier[-2] if is_label else earlier[-1]
    return earlier[-1] if earlier else None


def _with_labels(found: list[Claim]) -> list[Claim]:
    """Give a number that leaves out what it is about the label of the one before: `$5 per claim and $9 per year`."""
    told: list[Claim] = []
    for claim in found:
        before = told[-1] if told and told[-1].clause is claim.clause else None
        if before is not None and re.fullmatch(r"\W*(?:and|or|und|oder)?\W*", claim.label):
            claim = replace(claim, label=before.label)
        told.append(claim)
    return told


_OF_WHOLE = lazy_regex(
    r"(?:^|[.!?:\n]\s?)\W*(?:out of|of|von)\s(?:the\s|all\s|these\s|den\s|insgesamt\s|allen\s)*$",
    re.I,
)


def _without_wholes_and_parts(text: str, found: list[Claim]) -> list[Claim]:
    """Set aside the whole of `Of 220 messages, 17 …`, and the parts of `1,500 mg a day: 500 mg at noon, 1,000 mg …`."""
    behind: dict[int, list[Claim]] = {}
    for claim in found:
        behind.setdefault(claim.clause.sentence, []).append(claim)
    aside, parts = set[int](), set[int]()
    for said in behind.values():
        first, rest = said[0], said[1:]
        if rest and _OF_WHOLE.search(text[: first.place]):
            aside.add(first.place)
        listed = (
            rest if rest and not first.is_given and ":" in text[first.place : rest[0].place] else []
        )
        if (
            len(listed) > 1
            and ":" not in text[listed[0].place : listed[-1].place]
            and first.strength > Strength.ASIDE
        ):
            parts |= {c.place for c in listed if Strength.WEAK < c.strength < Strength.STATED}
    found = [replace(c, strength=Strength.WEAK) if c.place in parts else c for c in found]
    return [replace(c, strength=Strength.ASIDE) if c.place in aside else c for c in found]


def _set_aside(claim: Claim) -> Claim:
    return claim if claim.strength == Strength.STATED else replace(claim, strength=Strength.ASIDE)


def _of_clause(
    masked: MaskedNumbers, clause: Clause, before: Clause | None, asked: Asked, *, is_first: bool
) -> Iterator[Claim]:
    is_bracketed = is_in_brackets(masked.text, clause.start)
    told_before = masked.with_given(before.text) if before is not None else ""
    for mark, (own_left, own_right) in zip(
        ANY.finditer(clause.text), _parts(clause.text, masked.given), strict=True
    ):
        left, right = clause.text[: mark.start()], clause.text[mark.end() :]
        place, numeral = clause.start + mark.start(), masked.at(mark[0])
        is_leading = not masked.is_list and _LEADS.fullmatch(masked.text[:place]) is not None
        if masked.text[: clause.start].endswith("("):  # `parts (€170)`
            told_before = ANY.split(told_before)[-1]
        is_labelled = not ANY.search(told_before) and not ANY.search(left)
        label = f"{told_before} {own_left}" if is_labelled else own_left
        strength = _said_outright(masked, mark[0], left, right, asked)
        if strength is None:
            is_none = (
                mark[0] in masked.asides | masked.in_other
                or masked.is_cut_at(place, numeral)
                or is_of_other_year(left, own_left + own_right, masked.text[: clause.start])
                or (
                    is_aside(left, right, clause, asked)
                    and not _is_asked_size(left, mark[0], masked, asked)
                )
                or (before is not None and not left.strip() and is_earlier_label(before.text))
                or is_share_of_all(numeral, right, asked)
            )
            strength = (
                Strength.ASIDE
                if is_none
                else _strength(clause, before, left, right, is_first=is_first, masked=masked)
            )
            if is_bracketed or is_weak(left, right, own_right, masked.text, asked):
                strength = min(strength, Strength.NAMED if is_leading else Strength.WEAK)
        yield Claim(
            with_sign(numeral, label, right, asked),
            strength,
            clause,
            place,
            masked.with_given(label),
            masked.with_given(own_right),
            mark[0] in masked.in_unit,
            mark[0] in masked.given,
            is_leading,
        )


def _is_asked_size(left: str, mark: str, masked: MaskedNumbers, asked: Asked) -> bool:
    """Tell whether a number in the asked unit is the size of what is asked about: `10 sessions of 90 minutes`."""
    size = OF_SIZE.search(left)
    is_asked = size is not None and any(
        w in asked.asking.casefold() for w in asked_words(size["noun"])
    )
    return is_asked and mark in masked.in_unit and not asked.for_total


def _said_outright(
    masked: MaskedNumbers, mark: str, left: str, right: str, asked: Asked
) -> Strength | None:
    """Return how plainly a number is given that is the last line, rounded, or the change that is asked for."""
    if mark == masked.last_alone:
        return Strength.LAST
    if ROUNDED.search(left) and not DECIMALS.match(right):
        return Strength.LAST if asked.for_rounded else Strength.STATED
    is_change = asked.for_change and mark not in masked.asides and CHANGE_OF.search(left)
    return Strength.STATED if is_change or mark in masked.stated else None


_PARTED = lazy_regex(
    r",|;|\b(?:and|und|while|whereas|während|but|aber|bzw|beziehungsweise|or|oder)\b", re.I
)


def _parts(clause: str, given: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind each number, as far as it is its own: `Leeds has 240 and York has 180`.

    Numbers that the question tells are words like others: `turns 60 in 2044`.
    """
    marks = list(ANY.finditer(clause))
    own = [m for m in marks if m[0] not in given] or marks
    begins = [m.start() for m in own]
    for mark in marks:
        at = bisect_left(begins, mark.start())
        after = at + (at < len(own) and own[at] is mark)
        start = _joint(clause, own[at - 1].end(), mark.start())[1] if at else 0
        end = _joint(clause, mark.end(), own[after].start())[0] if after < len(own) else len(clause)
        yield clause[start : mark.start()], clause[mark.end() : end]


def _joint(clause: str, start: int, end: int) -> tuple[int, int]:
    """Return where the part of one number ends and that of the next begins; without a joint, the first has one word."""
    joint = _PARTED.search(clause, start, end)
    if joint is not None:
        return joint.start(), joint.end()
    noun = NOUN_BEHIND.match(clause, start, end)
    return (noun.end(), noun.end()) if noun else (start, start)


_LEADS = lazy_regex(
    r"[^\w\ue000-\uf8ff]*(?:(?:in|im|am|on|at|ab|from|um|bei|for|für|about|around|rund|etwa|ca\.?|nach|after)\s)?",
    re.I,
)
_VERB = lazy_regex(
    r"\b(?:is|are|was|were|has|have|had|did|ist|sind|war|waren|hat|haben|wurden?|wird|werden)\b",
    re.I,
)
NOUN_BEHIND = lazy_regex(
    r"[\s-](?!(?:of|in|on|at|to|for|from|by|with|per|as|than|von|zu[rm]?|bei[m]?|mit|für|auf|aus|nach|vor|im|an|am|um|"
    r"betr(?:ug|ägt|ugen)|lag|liegt|makes?|gives?|leaves?|leads?|rose|fell|grew|pays?|costs?|paid|bleib\w*|remain\w*|steh\w*|work\w*|arbeit\w*|is|are|was|were|ist|sind|war|waren|kost\w+|zahl\w+|"
    r"stieg\w*|sank\w*|sinkt|ergibt|ergeben|macht|i\.?e|that|which|d\.?h|das|der|die|the|an?)\b)[^\W\d_]+\b",
    re.I,
)


def _is_sum_of(text: str, clause: Clause) -> bool:
    """Tell whether a number ends a sentence behind several others and a colon: `25 to the hour, then 120: 145`."""
    before = text[: clause.start].rstrip()
    parts = re.split(r"[.!?\n]", before)[-1]
    return (
        before.endswith(":")
        and len(ANY.findall(parts)) > 1
        and ANY.search(re.split(r"[,;:]", parts[:-1])[-1]) is not None
        and re.match(r"\W*(?:$|[.!\n])", text[clause.start + len(clause.text.rstrip(" .!\n")) :])
        is not None
    )


def _is_joined(masked: MaskedNumbers, clause: Clause) -> bool:
    """Tell whether a comma joins a clause to one with a verb and a number: `She read 9 pages, 8 on Tuesday.`"""
    colon = masked.text.rfind(":", 0, clause.start)
    earlier = [
        p.text
        for p in masked.pieces
        if p.sentence == clause.sentence and colon < p.start < clause.start
    ]
    is_told = any(ANY.search(text) and not ALONE.match(text) for text in earlier)
    return is_told and re.search(r",\s*$", masked.text[: clause.start]) is not None


def _evened(clause: Clause, found: list[Claim]) -> list[Claim]:
    """Numbers side by side are stated alike: `310 men and 20 women`, `300 in 2022 and 310 in 2023`."""
    counted = [c for c in found if c.strength > Strength.ASIDE and not c.is_given]
    for one, other in pairwise(counted):
        between = clause.text[one.place - clause.start + 1 : other.place - clause.start]
        if re.search(r"\b(?:and|und|or|oder)\b", between) and not STATING.search(between):
            found = [replace(c, strength=one.strength) if c is other else c for c in found]
            if one.numeral.value == other.numeral.value and one.strength < Strength.STATED:
                found = [replace(c, strength=Strength.ASIDE) for c in found]  # `155 and 155`: parts
    return found


def _strength(
    clause: Clause,
    before: Clause | None,
    left: str,
    right: str,
    *,
    is_first: bool,
    masked: MaskedNumbers,
) -> Strength:
    left = masked.with_given(left)
    near = ANY.split(left)[-1]
    if joint := _PARTED.search(near):
        near = near[joint.start() :] if near != left else near
    if (
        STATING.search(near)
        or RISEN_TO.search(near)
        or (
            near != left
            and not re.search(rf"\b{IS}\b", ANY.split(left)[0], re.I)
            and re.search(rf"\b{IS}\s(?:\w+\s)?$", near, re.I)
        )
    ):
        return Strength.STATED
    if (
        IN_TOTAL.match(right)
        and not ANY.search(left)
        and not (is_first and ALONE.match(clause.text))
    ):
        return Strength.STATED
    if before is not None and EXACT.search(clause.text):
        return Strength.STATED
    if before is not None and LED.match(before.text) and not ANY.search(before.text):
        return Strength.STATED
    if before is not None and LABEL.match(before.text) and not ANY.search(before.text):
        return Strength.STATED
    if before is not None and ALONE.match(clause.text) and _is_sum_of(masked.text, clause):
        return Strength.LAST
    if _VERB.search(right) and not is_first:
        return Strength.NAMED
    if ALONE.match(clause.text) and (is_first or not _is_joined(masked, clause)):
        return Strength.FIRST if is_first and not _VERB.search(right) else Strength.ALONE
    return Strength.NAMED
