"""Reads the one number that an answer states as its result."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from itertools import pairwise

from evalkit.reading.asked import Asked
from evalkit.reading.context import NO_NUMBER, asked_words
from evalkit.reading.clauses import sentences
from evalkit.reading.contract import Reading
from evalkit.reading.number_claims import Claim, Strength, claims
from evalkit.reading.number_text import MaskedNumbers
from evalkit.reading.number_words import (
    ANY,
    CONCLUDED,
    CURRENT,
    EXACT,
    KEYS,
    LABEL,
    LAST_LINE,
    NO_KEYS,
    REFUSES,
    SOURCE,
    THUS_ALONE,
    TURN,
    UNDECIDED,
)
from evalkit.reading.numerals import Numeral
from evalkit.reading.plain import plain
from evalkit.reading.refusal import is_refusal
from evalkit.reading.sides import asked_side
from evalkit.reading.structured import objects
from evalkit.reading.thoughts import split_thoughts


@dataclass(frozen=True, slots=True)
class NumberContext:
    """What a question for a number asked."""

    question: str = ""
    language: str | None = None
    """Decides `1.234` where neither the answer nor its other numbers do; None: the question's own."""


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
    asked = Asked(context.question)
    said = asked.told_without_digits(plain(answer))
    masked = MaskedNumbers(said, asked, context.language)
    if not masked.numerals:
        return Reading(None, "no number")
    if all(n.is_ambiguous for n in masked.numerals):
        return Reading(None, "ambiguous separator")
    last = _last_line(masked)
    if last is not None:
        return Reading(last.value, "last line")
    found = _decided(masked, asked)
    if found.how in ("named", "alone", "stated") and is_refusal(
        _without_asked_doubt(said, context.question), context.question
    ):
        return Reading(None, "refusal")
    return found


def _from_object(answer: str, context: NumberContext) -> Reading[float] | None:
    asked = set(asked_words(context.question))
    for found in reversed(objects(answer)):
        values = {
            str(k).casefold(): v for k, v in found.items() if str(k).casefold() not in NO_KEYS
        }
        keyed = {k: v for k, v in values.items() if k in KEYS}
        keyed = keyed or {k: v for k, v in values.items() if set(asked_words(k)) & asked} or values
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


def _last_line(masked: MaskedNumbers) -> Numeral | None:
    """Return what a last line gives that is there to give it."""
    line = masked.text.rstrip().rpartition("\n")[2]
    found = LAST_LINE.match(line)
    if found is None:
        return None
    rest = found["rest"]
    if found[1] in masked.asides and "=" not in rest:
        return None
    numeral, place = masked.at(found[1]), masked.text.rindex(found[1])
    if masked.is_cut or masked.is_cut_at(place, numeral) or ANY.search(rest) or TURN.search(rest):
        return None
    return numeral


def _decided(masked: MaskedNumbers, asked: Asked) -> Reading[float]:
    found = _after_turn(masked.text, claims(masked, asked))
    sided = _of_asked_side(found, asked)
    if sided is not None:
        return Reading(sided.value, "asked side")
    found = _evened_rows(masked.text, found)
    found = _of_asked_kind(_now(found), asked)
    stated = [c for c in found if c.strength > Strength.ASIDE]
    if masked.is_cut:
        stated = [
            c for c in stated if c.strength == Strength.FIRST and c.clause.start < masked.last_start
        ]
    plainest = max((c.strength for c in stated), default=None)
    if plainest is None:
        return Reading(None, "no result" if not masked.is_cut else "cut off")
    text = _without_asked_doubt(masked.text, asked.question)
    if plainest < Strength.FIRST and _refuses(text, asked.question):
        return Reading(None, "refusal")
    if _is_undecided(text, found):
        return Reading(None, "several values")
    if plainest < Strength.STATED and _ASKS_TOTAL.search(asked.question) and _are_parts(stated):
        return Reading(None, "parts only")
    best = _of_asked_row(stated, asked) or [c for c in stated if c.strength == plainest]
    if plainest == Strength.STATED:
        best = _first_or_restated(stated, best)
    value = _single(best) or _single(_likest(best, asked)) or _concluded(best)
    if value is None:
        return Reading(None, "several values")
    return Reading(value.value, plainest.name.lower())


def _of_asked_side(found: list[Claim], asked: Asked) -> Numeral | None:
    """Return the one value that is told with what the question asks it with: `€40 without shipping, €45.90 with it`."""
    sides = asked_side([f"{c.label} {c.right}" for c in found], asked.question)
    return _single([c for c, mine in zip(found, sides, strict=True) if mine]) if sides else None


_ROW = re.compile(r"\W*(?P<label>[^\W\d_][^\n:=→]{1,50}?)\s?(?:[:=→]|:\s[^\n:]{0,60}=)\s?[^\n]*$")


def _evened_rows(text: str, found: list[Claim]) -> list[Claim]:
    """Rows with labels state their values alike, reckoned or not, if none is said to be the last one."""
    rows: dict[int, str] = {}
    for start, sentence in sentences(text):
        row = _ROW.match(sentence)
        if row is not None:
            rows |= {
                c.clause.sentence: row["label"]
                for c in found
                if start <= c.place < start + len(sentence)
            }
    rows = {n: label for n, label in rows.items() if not LABEL.match(label)}
    stated = {c.clause.sentence for c in found if c.strength == Strength.STATED}
    alone = {c.clause.sentence for c in found if c.strength in (Strength.ALONE, Strength.FIRST)}
    if len(rows) < 2 or not stated & rows.keys() or not alone & rows.keys():
        return found
    return [
        replace(c, strength=Strength.ALONE, label=rows[c.clause.sentence])
        if c.clause.sentence in rows and c.strength > Strength.NAMED
        else c
        for c in found
    ]


def _refuses(text: str, question: str) -> bool:
    """Tell whether words refuse that are not the question's own: `How many parts are missing?`"""
    return any(m[0].casefold()[:4] not in question.casefold() for m in REFUSES.finditer(text))


_OPEN = re.compile(
    r"\b(?:open|offen\w*|missing|lacking|unclear|unklar\w*|unknown|unbekannt\w*)\b", re.I
)


def _without_asked_doubt(text: str, question: str) -> str:
    """Return a text in which what the question counts says nothing of the answer: `3 complaints are open`."""
    asked = {m[0][:4].casefold() for m in _OPEN.finditer(question)}
    return _OPEN.sub(lambda m: "x" * len(m[0]) if m[0][:4].casefold() in asked else m[0], text)


def _are_parts(found: list[Claim]) -> bool:
    """Tell whether a sentence names several values and begins with none of them."""
    values = {c.numeral.value for c in found}
    return (
        len(values) > 1
        and not any(c.strength == Strength.FIRST for c in found)
        and (len({c.clause.sentence for c in found}) == 1)
    )


def _is_undecided(text: str, found: list[Claim]) -> bool:
    """Tell whether an answer gives several values, and says that it can't tell which of them holds."""
    values = {c.numeral.value for c in found}
    if len(values) < 2:
        return False
    for doubt in UNDECIDED.finditer(text):
        if not any(c.place > doubt.end() and c.strength == Strength.STATED for c in found):
            return True
    told = [c for c in found if c.strength > Strength.ASIDE]
    sources = [c for c in told if SOURCE.search(c.label) or SOURCE.search(c.right)]
    differ = len({c.numeral.value for c in sources}) > 1 and len(sources) == len(told)
    return differ and not any(c.strength == Strength.STATED for c in told)


def _now(found: list[Claim]) -> list[Claim]:
    """Keep what is so now, where an answer says of a number that it is: `28 until 2018, now 30`."""
    now = [c for c in found if CURRENT.search(c.label) and c.strength > Strength.ASIDE]
    return now if now else found


def _single(found: list[Claim]) -> Numeral | None:
    values = {c.numeral.value for c in found}
    return found[0].numeral if len(values) == 1 else None


def _first_or_restated(found: list[Claim], stated: list[Claim]) -> list[Claim]:
    """An answer that begins with its result may explain it; only a restatement (`three weeks, so 21`) replaces it."""
    first = [c for c in found if c.strength == Strength.FIRST]
    if not first:
        return stated
    restated = [
        c for c in stated if THUS_ALONE.search(c.clause.text) or EXACT.search(c.clause.text)
    ]
    return restated or first


def _of_asked_row(found: list[Claim], asked: Asked) -> list[Claim]:
    """Return the claims of the one row or part that is about what was asked: `Leeds: 240, York: 180, total: 420`."""
    rows = [c for c in found if c.strength in (Strength.ALONE, Strength.FIRST, Strength.STATED)]
    if len(rows) < 2 or _ASKS_TOTAL.search(asked.question):
        return []
    words = set(asked_words(_MODIFIED.sub(" ", asked.question)))
    told = [(c.label if c.label.strip() else c.right) for c in rows]
    shared = [len(words & set(asked_words(text))) for text in told]
    named = [c for c, n in zip(rows, shared, strict=True) if n]
    is_plain = all(_PLAIN_ROW.fullmatch(text) for text in told)
    return named if is_plain and len({c.numeral.value for c in named}) == 1 else []


_MODIFIED = re.compile(
    r"\b(?:after|before|without|nach|vor|ohne)\s(?:the\s|a\s|de[rnm]\s|eine[mnr]?\s)?\w+", re.I
)
"""What a value is asked before, after or without is not what is asked for."""
_ASKS_TOTAL = re.compile(
    r"\b(?:total|altogether|overall|in all|combined|sum|insgesamt|gesamt\w*|zusammen|summe|alle[nr]?)\b",
    re.I,
)
_PLAIN_ROW = re.compile(r"(?:\W*[^\W\d_]+){1,4}\W*")


def _likest(found: list[Claim], asked: Asked) -> list[Claim]:
    """Return the claims of which what stands before the number, or behind it, says most of the question again."""
    for words in (_pairs, lambda text: set(asked_words(text))):
        wanted = words(asked.question)
        for said in (
            [c.label for c in found],
            [c.right for c in found],
            [f"{c.label} {c.clause.text}" for c in found],
        ):
            shared = [_shared(wanted, words(text)) for text in said]
            is_told = all(re.search(r"\w", text) for text in said)
            if is_told and shared and max(shared) > min(shared):
                return [c for c, n in zip(found, shared, strict=True) if n == max(shared)]
    return []


def _shared(asked: set[str], told: set[str]) -> int:
    """Return how many of the asked words are told, in whatever number: `child`, `children`."""
    return sum(
        any(
            w == t or (min(len(w), len(t)) > 3 and (w.startswith(t) or t.startswith(w)))
            for t in told
        )
        for w in asked
    )


def _pairs(text: str) -> set[str]:
    """Return pairs of words, small ones too: `before tax`."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return {f"{one} {other}" for one, other in pairwise(words) if any(asked_words(other))}


def _concluded(found: list[Claim]) -> Numeral | None:
    """Return the last value where it is what a calculation comes to."""
    last = found[-1]
    beside = {c.numeral.value for c in found if c.clause is last.clause}
    if len(beside) > 1 and "=" not in last.clause.text:
        return None
    if any(_is_said_alike(c, last) for c in found if c.numeral.value != last.numeral.value):
        return None
    if last.strength == Strength.STATED and CONCLUDED.search(last.clause.text):
        return last.numeral
    return None


def _is_said_alike(one: Claim, other: Claim) -> bool:
    """Tell whether one sentence says of two things the same: `list 1 gives 210, list 2 gives 201`."""
    cues = [c.clause.text[: c.place - c.clause.start].split()[-1:] for c in (one, other)]
    named = all(NO_NUMBER in c.clause.text for c in (one, other))
    return one.clause.sentence == other.clause.sentence and cues[0] == cues[1] and named


def _after_turn(text: str, found: list[Claim]) -> list[Claim]:
    for marker in reversed(list(TURN.finditer(text))):
        later = [c for c in found if c.place >= marker.start() and c.strength >= Strength.ALONE]
        later = later or [
            c for c in found if c.place >= marker.start() and c.strength == Strength.NAMED
        ]
        if (
            later
            and len(later) < len(found)
            and (len(later) == 1 or later[0].strength >= Strength.ALONE)
        ):
            return later
    return found


def _of_asked_kind(found: list[Claim], asked: Asked) -> list[Claim]:
    """Keep percentages where one is asked for and none where not, amounts where money is, if the answer has any."""
    rest = [c for c in found if c.strength > Strength.ASIDE]
    if asked.for_percent:
        return [c for c in rest if c.numeral.is_percent] or found
    rest = [c for c in rest if not c.numeral.is_percent] or rest
    if any(c.is_in_unit for c in rest):  # `three teaspoons (15 ml)`
        rest = [
            c
            for c in rest
            if c.is_in_unit or c.strength == Strength.STATED or not re.match(r"\s[^\W\d_]", c.right)
        ]
    if asked.for_money:
        return [
            c
            for c in rest
            if c.numeral.has_currency or (c.label.strip() and not re.search(r"\w", c.right))
        ] or found
    return rest or found


__all__ = ["NumberContext", "answer_number", "read_number"]
