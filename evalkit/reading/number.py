"""Reads the one number that an answer states as its result."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from evalkit.reading.as_asked import told_as_asked
from evalkit.reading.asked import Asked
from evalkit.reading.context import asked_words
from evalkit.reading.contract import Reading
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.number_about import about_question, own_words, shared, words
from evalkit.reading.number_choice import (
    are_parts,
    chosen,
    narrowed,
    of_asked_item,
    of_asked_kind,
    of_asked_side,
)
from evalkit.reading.number_claims import NOUN_BEHIND, Claim, Strength, claims
from evalkit.reading.number_text import MaskedNumbers
from evalkit.reading.number_words import (
    ANY,
    CANT_BE,
    CONCLUDES,
    ESTIMATED,
    KEYS,
    LAST_LINE,
    NO_KEYS,
    REFUSES,
    SOURCE,
    TURN,
    UNDECIDED,
)
from evalkit.reading.numerals import Numeral
from evalkit.reading.plain import plain
from evalkit.reading.refusal import is_refusal
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
    said = told_as_asked(asked, plain(answer))
    masked = MaskedNumbers(said, asked, context.language)
    if not masked.numerals:
        return Reading(None, "no number")
    if all(n.is_ambiguous for n in masked.numerals):
        return Reading(None, "ambiguous separator")
    last = _last_line(masked)
    if last is not None:
        return Reading(last.value, "last line")
    is_given = all(n.value in asked.given for n in masked.numerals)
    bold = _emphasised(answer, asked, context.language, is_given=is_given)
    found = _decided(masked, asked, bold)
    is_read = found.how in ("weak", "named", "alone", "stated") and not ESTIMATED.search(
        masked.text
    )
    if is_read and is_refusal(_without_asked_doubt(said, context.question), context.question):
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
    told = _LABELLED_END.search(line)
    line = told[0] if told else line
    found = LAST_LINE.match(line)
    if found is None:
        return None
    rest = found["rest"]
    if found["mark"] in masked.asides and "=" not in rest:
        return None
    if found["mark"] in masked.given and len(found["between"].split()) > 1:
        return None
    numeral, place = masked.at(found["mark"]), masked.text.rindex(found["mark"])
    if masked.is_cut or masked.is_cut_at(place, numeral) or ANY.search(rest) or TURN.search(rest):
        return None
    return numeral


_LABELLED_END = lazy_regex(
    r"(?<=[.!?] )(?:(?:final|endgültige)\s)?(?:answer|result|antwort|ergebnis|lösung)\s?:\s[^\n]*$",
    re.I,
)


def _decided(masked: MaskedNumbers, asked: Asked, emphasised: float | None) -> Reading[float]:
    found = narrowed(masked.text, claims(masked, asked), asked)
    opening = _opening(found, asked) if masked.pieces and masked.pieces[-1].sentence else None
    sided = None if masked.is_cut else of_asked_side(found, asked)
    found = of_asked_kind(found, asked)
    told = [c for c in found if c.strength > Strength.ASIDE]
    if masked.is_cut:
        told = [
            c
            for c in told
            if c.clause.start < masked.last_start
            and (c.strength == Strength.FIRST or c.place == opening)
        ]
    refused = _not_told(masked.text, found, told, asked)
    if refused is not None:
        return Reading(None, refused)
    if sided is not None:
        return Reading(sided.value, "asked side")
    if not told:
        item = of_asked_item(found, asked) if masked.is_list else None
        return (
            Reading(item.value, "asked item")
            if item is not None
            else Reading(None, "cut off" if masked.is_cut else "no result")
        )
    values = [n.value for n in masked.numerals]
    return _of_several(about_question(told, asked), asked, emphasised, values)


def _opening(found: list[Claim], asked: Asked) -> int | None:
    """Return the place of the one number of a first sentence that counts what is asked: `8 parcels are missing.`"""
    first = [c for c in found if c.clause.sentence == 0 and not c.is_given]
    noun = NOUN_BEHIND.match(first[0].right) if len(first) == 1 else None
    if noun is None or not shared(words(asked.counted), words(noun[0])):
        return None
    is_asked = shared(words(asked.predicate) - words(asked.counted), own_words(first[0]))
    return first[0].place if first[0].is_leading or is_asked else None


def _not_told(text: str, found: list[Claim], told: list[Claim], asked: Asked) -> str | None:
    """Say why an answer's numbers are none of its result: it refuses, or cannot decide."""
    text = _without_asked_doubt(text, asked.question)
    strength = max((c.strength for c in told), default=Strength.ASIDE)
    is_told = strength >= Strength.FIRST or (told and any(ESTIMATED.search(c.label) for c in told))
    is_end = strength in (Strength.NAMED, Strength.STATED) and CANT_BE.search(text) is not None
    if is_end or (not is_told and _refuses(text, asked.question)):
        return "refusal"
    if _ONLY_ANOTHER.search(text):
        return "refusal"
    return "several values" if _is_undecided(text, found, told) else None


def _of_several(
    told: list[Claim], asked: Asked, emphasised: float | None, values: list[float]
) -> Reading[float]:
    if emphasised is not None and _is_last_word(emphasised, told):
        return Reading(emphasised, "emphasised")
    if are_parts(told, asked):
        return Reading(None, "parts only")
    value = chosen(told, asked, values)
    if value is None:
        return Reading(None, "several values")
    return Reading(value.value, max(c.strength for c in told).name.lower())


_ONLY_ANOTHER = lazy_regex(
    r"\b(?:no|not? (?:a|the|any)|keine?)\s(?:\w+\s)?(?:number|figure|value|zahl|angabe|wert)\b[^.;\ue000-\uefff]{0,40}"
    r"\b(?:only|just|nur|lediglich)\b",
    re.I,
)
_EMPHASIS = lazy_regex(
    r"\*\*(?=\S)([^*\n]{1,80}?)(?<![\s:?])\*\*(?!:)|<(?:b|strong)>([^<\n]{1,80})(?<!:)</"
)


def _emphasised(answer: str, asked: Asked, language: str | None, *, is_given: bool) -> float | None:
    """Return the one value that an answer sets in bold; one of the question's only where it tells no other."""
    values: set[float] = set()
    for match in _EMPHASIS.finditer(answer):
        span = (match[1] or match[2]).rpartition("=")[2]
        masked = MaskedNumbers(told_as_asked(asked, plain(span)), asked, language)
        told = {n.value for n in masked.numerals}
        if len(told) > 1 or (told and masked.given and not is_given):
            return None
        values |= told
    return values.pop() if len(values) == 1 else None


def _is_last_word(value: float, told: list[Claim]) -> bool:
    """Tell whether nothing that is told as the result, first or last, is other than a value."""
    places = [c.place for c in told if c.numeral.value == value]
    others = [c for c in told if c.numeral.value != value]
    own = {c.clause.sentence for c in told if c.numeral.value == value}
    return bool(places) and not any(
        c.strength == Strength.FIRST
        or (
            c.strength == Strength.STATED
            and c.place > places[-1]
            and c.clause.sentence not in own
            and CONCLUDES.search(c.clause.text[: c.place - c.clause.start])
        )
        for c in others
    )


def _refuses(text: str, question: str) -> bool:
    """Tell whether words refuse that are not the question's own: `How many parts are missing?`"""
    return any(m[0].casefold()[:4] not in question.casefold() for m in REFUSES.finditer(text))


_OPEN = lazy_regex(
    r"\b(?:open|offen\w*|missing|lacking|unclear|unklar\w*|unknown|unbekannt\w*)\b", re.I
)


def _without_asked_doubt(text: str, question: str) -> str:
    """Return a text in which what the question counts says nothing of the answer: `3 complaints are open`."""
    asked = {m[0][:4].casefold() for m in _OPEN.finditer(question)}
    return _OPEN.sub(lambda m: "x" * len(m[0]) if m[0][:4].casefold() in asked else m[0], text)


_CONTRADICTS = lazy_regex(
    r"\b(?:contradict\w*|conflict(?:ing|s)?|inconsistent|disagree\w*|widersprech\w+|widersprüchlich\w*|"
    r"welche (?:angabe|zahl) (?:stimmt|gilt))\b",
    re.I,
)


def _is_undecided(text: str, found: list[Claim], told: list[Claim]) -> bool:
    """Tell whether an answer gives several values, and says that it can't tell which of them holds."""
    values = {c.numeral.value for c in found}
    if len(told) == 1 and told[0].strength == Strength.STATED and "\n" in text[told[0].place :]:
        text = text[: text.index("\n", told[0].place)]  # without remarks on what was rated
    if len(values) < 2:
        return len(values) == 1 and _CONTRADICTS.search(text) is not None
    for doubt in UNDECIDED.finditer(text):
        if not any(c.place > doubt.end() and c.strength == Strength.STATED for c in found):
            return True
    told = [c for c in found if c.strength > Strength.ASIDE]
    sources = [c for c in told if SOURCE.search(c.label) or SOURCE.search(c.right)]
    differ = len({c.numeral.value for c in sources}) > 1 and len(sources) == len(told)
    return differ and not any(c.strength == Strength.STATED for c in told)


__all__ = ["NumberContext", "answer_number", "read_number"]
