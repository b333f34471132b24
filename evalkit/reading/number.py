"""Reads the one number that an answer states as its result."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

from evalkit.reading.clauses import Clause, clauses, sentences
from evalkit.reading.context import ASKED_YEAR, NO_NUMBER, OTHER_YEAR, asked_words, without_names
from evalkit.reading.contract import Reading
from evalkit.reading.language import language_of
from evalkit.reading.number_words import (
    ALL_OF,
    ALONE,
    ANY,
    ASKS_EACH,
    ASKS_MONEY,
    ASKS_MORE,
    ASKS_PERCENT,
    BESIDE,
    BOUND,
    CHAIN,
    CONCLUDED,
    CUT,
    EACH_BEHIND,
    EARLIER,
    EXACT,
    IN_TOTAL,
    KEYS,
    LABEL,
    LAST_LINE,
    LISTED,
    MARK,
    MORE_BEHIND,
    OFF_BEHIND,
    OTHER_YEAR_BEHIND,
    PART_OF,
    PARTS,
    PERIOD,
    REFUSES,
    STATING,
    THUS_ALONE,
    TURN,
)
from evalkit.reading.numerals import Numeral, numerals
from evalkit.reading.plain import plain
from evalkit.reading.spelled import spelled_out
from evalkit.reading.structured import objects
from evalkit.reading.thoughts import split_thoughts
from evalkit.reading.words import DOUBT, IS, NEGATION


@dataclass(frozen=True, slots=True)
class NumberContext:
    """What a question for a number asked."""

    question: str = ""
    language: str | None = None
    """Decides `1.234` where neither the answer nor its other numbers do; None: the question's own."""


class Strength(IntEnum):
    """How plainly an answer gives a number as its result."""

    ASIDE = 0
    """A part, an earlier value, one of several offered."""
    NAMED = 1
    """It stands in a sentence."""
    ALONE = 2
    """It fills a clause: `Shipping: 15`."""
    FIRST = 3
    """The answer begins with it and nothing else: `310 visitors, 155 of them …`"""
    STATED = 4
    """`The total is 310`, `= 310`, `so 310`."""


@dataclass(frozen=True, slots=True)
class _Claim:
    numeral: Numeral
    strength: Strength
    clause: Clause
    place: int


def answer_number(text: str) -> float | None:
    """Return the number that an answer states as its result, or None."""
    return read_number(text, NumberContext()).value


def read_number(answer: str, context: NumberContext) -> Reading[float]:
    """Return the number that an answer states as its result.

    Digits of dates, names, list markers and years are no results; operands, ranges, alternatives and earlier values
    are none either. Of the others the most plainly stated counts, behind a correction only what follows. Two values
    of which neither is the result, and a number that the end of the text cuts off, are not read.
    """
    answer = split_thoughts(answer).answer
    from_object = _from_object(answer, context)
    if from_object is not None:
        return from_object
    text = plain(answer)
    masked_text = _Masked(text, context)
    if not masked_text.numerals:
        return Reading(None, "no number")
    if all(n.is_ambiguous for n in masked_text.numerals):
        return Reading(None, "ambiguous separator")
    last = _last_line(masked_text)
    if last is not None:
        return Reading(last.value, "last line")
    return _decided(masked_text, context)


class _Masked:
    """An answer in which each number that may be its result is one character."""

    def __init__(self, text: str, context: NumberContext) -> None:
        language = language_of(text) or context.language or language_of(context.question)
        text = without_names(spelled_out(text), context.question)
        found = [n for n in numerals(text, language)][:1000]
        scale = _asked_scale(context.question)
        parts, end = [], 0
        self.numerals: list[Numeral] = []
        for numeral in found:
            parts.append(text[end : numeral.start])
            parts.append(NO_NUMBER if numeral.is_ordinal else chr(0xE000 + len(self.numerals)))
            if not numeral.is_ordinal:
                asked = numeral.scale == scale != 1
                self.numerals.append(
                    replace(numeral, value=numeral.value / scale) if asked else numeral
                )
            end = numeral.end
        parts.append(text[end:])
        self.text = "".join(parts)
        self.asides = self._asides()
        pieces = clauses(self.text, splits_pairs=False)
        self.pieces = pieces
        self.last_start = pieces[-1].start if pieces else 0
        self.is_prose = len(re.findall(r"[^\W\d_]{2,}", self.text)) > 2
        self.is_cut = CUT.search(self.text) is not None or _stops_short(self.text)
        self._end = len(self.text.rstrip())
        last = self.text.rstrip()[-1:]
        if ANY.match(last) and self.is_cut_at(self._end - 1, self.at(last)):
            self.is_cut = True

    def is_cut_at(self, place: int, numeral: Numeral) -> bool:
        """Tell whether the text breaks off within a number: `The result is 1,2`."""
        return numeral.is_odd and self.is_prose and place + 1 == self._end

    def at(self, mark: str) -> Numeral:
        return self.numerals[ord(mark) - 0xE000]

    def _asides(self) -> set[str]:
        """Return marks of operands, ranges and alternatives."""
        found: set[str] = set()
        for pattern in (CHAIN, PARTS):
            for parts in pattern.finditer(self.text):
                found |= set(ANY.findall(parts[0]))
        for match in BESIDE.finditer(self.text):
            marks = ANY.findall(match[0])
            if len({self.at(m).value for m in marks}) > 1 or len(marks) == 1:
                found |= set(marks)
        for match in re.finditer(
            rf"({MARK})(?:\s[^\W\d_]+\.?){{0,3}}\s?[=≈]\s?({MARK}|[(])", self.text
        ):
            if match[1] not in found and match[2] not in found and match[2] != "(":
                found.add(match[1])
        return found


def _stops_short(text: str) -> bool:
    """Tell whether the last of several sentences has neither end nor number: the result was still to come."""
    said = [sentence for _, sentence in sentences(text)]
    last = said[-1].strip() if said else ""
    is_open = re.search(r"[.!?:)\]\"'|*]$", last) is None and len(last.split()) > 2
    return len(said) > 1 and is_open and (ANY.search(last) is None or _lacks_end(last))


def _lacks_end(sentence: str) -> bool:
    """Tell whether the last clause of an open sentence is still without its verb or object."""
    if STATING.search(sentence):
        return False
    if _NEXT_SUBJECT.search(ANY.split(sentence)[-1]):
        return True
    parts = [part.text for part in clauses(sentence, splits_pairs=False)]
    if _OPEN_SUBJECT.match(parts[-1]):
        return True
    return (
        len(parts) > 1
        and ANY.search(parts[-1]) is None
        and _BARE_SUBJECT.match(parts[-1]) is not None
    )


_NEXT_SUBJECT = re.compile(
    r"\s(?:and|und|while|während)\s(?:the|der|die|das|den|dem|its|their|each|jede[rs]?)\s\w.*$",
    re.I,
)
_OPEN_SUBJECT = re.compile(
    r"^\W*(?:and |und )?(?:the|these|all|die|diese|alle|der|das)\s[\ue000-\uefff](?:\s[^\W\d_]+){1,3}$",
    re.I,
)
_BARE_SUBJECT = re.compile(
    r"^\W*(?:and |und |while |während )?(?:the|its|their|der|die|das|den|dem|ein|eine|a|"
    r"an)\s[^\W\d_]+(?:\s[^\W\d_]+)?$",
    re.I,
)


def _asked_scale(question: str) -> float:
    """Return what the question's own unit multiplies by: `in millions`."""
    found = re.search(
        r"\b(?:in|how many|wie viele)\s(?:\w+\s)?(?:(?P<k>thousands?|tsd|tausend)|(?P<m>millions?|"
        r"mio|millionen)|(?P<b>billions?|mrd|milliarden))\b",
        question,
        re.I,
    )
    if found is None:
        return 1
    return 1e3 if found["k"] else 1e6 if found["m"] else 1e9


def _from_object(answer: str, context: NumberContext) -> Reading[float] | None:
    for found in reversed(objects(answer)):
        values = {str(k).casefold(): v for k, v in found.items()}
        keyed = {k: v for k, v in values.items() if k in KEYS} or values
        read = {n for v in keyed.values() if (n := _as_number(v, context)) is not None}
        if len(read) == 1:
            return Reading(read.pop(), "JSON")
        if read:
            return Reading(None, "several values in JSON")
    return None


def _as_number(value: object, context: NumberContext) -> float | None:
    if isinstance(value, str):
        return (
            read_number(value, context).value
            if len(value) <= 200 and not value.lstrip().startswith("{")
            else None
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _last_line(masked_text: _Masked) -> Numeral | None:
    """Return what a last line gives that is there to give it."""
    line = masked_text.text.rstrip().rpartition("\n")[2]
    found = LAST_LINE.match(line)
    if found is None:
        return None
    rest = found["rest"]
    if found[1] in masked_text.asides and "=" not in rest:
        return None
    numeral, place = masked_text.at(found[1]), masked_text.text.rindex(found[1])
    if (
        masked_text.is_cut
        or masked_text.is_cut_at(place, numeral)
        or ANY.search(rest)
        or TURN.search(rest)
    ):
        return None
    return numeral


def _decided(masked_text: _Masked, context: NumberContext) -> Reading[float]:
    claims = _claims(masked_text, context)
    claims = _after_turn(masked_text.text, claims)
    claims = _of_asked_kind(claims, context.question)
    stated = [c for c in claims if c.strength > Strength.ASIDE]
    if masked_text.is_cut:
        stated = [
            c
            for c in stated
            if c.strength == Strength.FIRST and c.clause.start < masked_text.last_start
        ]
    plainest = max((c.strength for c in stated), default=None)
    if plainest is None:
        return Reading(None, "no result" if not masked_text.is_cut else "cut off")
    if plainest < Strength.FIRST and REFUSES.search(masked_text.text):
        return Reading(None, "refusal")
    best = [c for c in stated if c.strength == plainest]
    if plainest == Strength.STATED:
        best = _first_or_restated(stated, best)
    value = _single(best) or _single(_likest(best, context.question)) or _concluded(best)
    if value is None:
        return Reading(None, "several values")
    return Reading(value.value, plainest.name.lower())


def _single(claims: list[_Claim]) -> Numeral | None:
    values = {c.numeral.value for c in claims}
    return claims[0].numeral if len(values) == 1 else None


def _first_or_restated(claims: list[_Claim], stated: list[_Claim]) -> list[_Claim]:
    """An answer that begins with its result may explain it; only a restatement (`three weeks, so 21`) replaces it."""
    first = [c for c in claims if c.strength == Strength.FIRST]
    if not first:
        return stated
    restated = [
        c for c in stated if THUS_ALONE.search(c.clause.text) or EXACT.search(c.clause.text)
    ]
    return restated or first


def _likest(claims: list[_Claim], question: str) -> list[_Claim]:
    """Return the claims whose clause says most of the question again."""
    asked = set(asked_words(question))
    if not asked:
        return []
    shared = [len(asked & set(asked_words(c.clause.text))) for c in claims]
    most = max(shared)
    return (
        [c for c, n in zip(claims, shared, strict=True) if n == most]
        if most and most > min(shared)
        else []
    )


def _concluded(claims: list[_Claim]) -> Numeral | None:
    """Return the last value where it is what a calculation comes to."""
    last = claims[-1]
    beside = {c.numeral.value for c in claims if c.clause is last.clause}
    if len(beside) > 1 and "=" not in last.clause.text:
        return None
    if any(_is_said_alike(c, last) for c in claims if c.numeral.value != last.numeral.value):
        return None
    if last.strength == Strength.STATED and CONCLUDED.search(last.clause.text):
        return last.numeral
    return None


def _is_said_alike(one: _Claim, other: _Claim) -> bool:
    """Tell whether one sentence says of two things the same: `list 1 gives 210, list 2 gives 201`."""
    cues = [c.clause.text[: c.place - c.clause.start].split()[-1:] for c in (one, other)]
    named = all(NO_NUMBER in c.clause.text for c in (one, other))
    return one.clause.sentence == other.clause.sentence and cues[0] == cues[1] and named


def _after_turn(text: str, claims: list[_Claim]) -> list[_Claim]:
    for marker in reversed(list(TURN.finditer(text))):
        later = [c for c in claims if c.place >= marker.start() and c.strength >= Strength.ALONE]
        later = later or [
            c for c in claims if c.place >= marker.start() and c.strength == Strength.NAMED
        ]
        if (
            later
            and len(later) < len(claims)
            and (len(later) == 1 or later[0].strength >= Strength.ALONE)
        ):
            return later
    return claims


def _of_asked_kind(claims: list[_Claim], question: str) -> list[_Claim]:
    """Keep percentages where a percentage is asked for, amounts where money is, if the answer has any."""
    rest = [c for c in claims if c.strength > Strength.ASIDE]
    if ASKS_PERCENT.search(question):
        return [c for c in rest if c.numeral.is_percent] or claims
    if ASKS_MONEY.search(question):
        return [c for c in rest if c.numeral.has_currency] or claims
    return claims


def _claims(masked_text: _Masked, context: NumberContext) -> list[_Claim]:
    found = []
    is_list = LISTED.match(masked_text.text) is not None
    pieces = masked_text.pieces
    for number, clause in enumerate(pieces):
        before = (
            pieces[number - 1]
            if number and pieces[number - 1].sentence == clause.sentence
            else None
        )
        of_clause = list(
            _of_clause(masked_text, clause, before, context, is_first=number == 0 and not is_list)
        )
        of_clause = _evened(clause, of_clause)
        if is_list and clause.sentence == 0:
            of_clause = [_set_aside(c) for c in of_clause]
        found += of_clause
    return found


def _set_aside(claim: _Claim) -> _Claim:
    return claim if claim.strength == Strength.STATED else replace(claim, strength=Strength.ASIDE)


def _of_clause(
    masked_text: _Masked,
    clause: Clause,
    before: Clause | None,
    context: NumberContext,
    *,
    is_first: bool,
) -> Iterator[_Claim]:
    for mark in ANY.finditer(clause.text):
        left, right = clause.text[: mark.start()], clause.text[mark.end() :]
        place, numeral = clause.start + mark.start(), masked_text.at(mark[0])
        is_aside = (
            mark[0] in masked_text.asides
            or masked_text.is_cut_at(place, numeral)
            or _is_aside(left, right, clause, context)
        )
        strength = (
            Strength.ASIDE
            if is_aside
            else _strength(clause, before, left, right, is_first=is_first)
        )
        yield _Claim(numeral, strength, clause, place)


def _evened(clause: Clause, claims: list[_Claim]) -> list[_Claim]:
    """Numbers side by side are stated alike: `310 men and 20 women`, `300 in 2022 and 310 in 2023`."""
    counted = [c for c in claims if c.strength > Strength.ASIDE]
    for one, other in pairwise(counted):
        between = clause.text[one.place - clause.start + 1 : other.place - clause.start]
        if re.search(r"\b(?:and|und|or|oder)\b", between) and not STATING.search(between):
            claims = [replace(c, strength=one.strength) if c is other else c for c in claims]
            if one.numeral.value == other.numeral.value and one.strength < Strength.STATED:
                claims = [
                    replace(c, strength=Strength.ASIDE) for c in claims
                ]  # `155 and 155`: parts
    return claims


def _is_aside(left: str, right: str, clause: Clause, context: NumberContext) -> bool:
    is_earlier = EARLIER.search(left) is not None and BOUND.search(left) is None
    if clause.is_asked or (is_earlier and not ASKS_EACH.search(context.question)):
        return True
    if ALL_OF.search(left) and PERIOD.match(right):
        return True
    if PART_OF.search(left) or OFF_BEHIND.search(right) or OTHER_YEAR_BEHIND.search(right):
        return True
    if EACH_BEHIND.search(right) and not ASKS_EACH.search(context.question):
        return True
    if (
        MORE_BEHIND.search(right)
        and not re.search(r"=\s?$", left)
        and not ASKS_MORE.search(context.question)
    ):
        return True
    if re.search(DOUBT, left, re.I) or re.search(rf"{NEGATION}(?:\s\w+){{0,2}}\s$", left, re.I):
        return True
    return OTHER_YEAR in clause.text and ASKED_YEAR not in clause.text


def _strength(
    clause: Clause, before: Clause | None, left: str, right: str, *, is_first: bool
) -> Strength:
    near = ANY.split(left)[-1]
    if STATING.search(near) or (
        near != left
        and not re.search(rf"\b{IS}\b", ANY.split(left)[0], re.I)
        and re.search(rf"\b{IS}\s(?:\w+\s)?$", near, re.I)
    ):
        return Strength.STATED
    if not is_first and IN_TOTAL.match(right) and not ANY.search(left):
        return Strength.STATED
    if before is not None and EXACT.search(clause.text):
        return Strength.STATED
    if before is not None and LABEL.match(before.text) and not ANY.search(before.text):
        return Strength.STATED
    if ALONE.match(clause.text):
        return Strength.FIRST if is_first else Strength.ALONE
    return Strength.NAMED
