"""Chooses among the numbers of an answer the one that is about what the question asks."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

from evalkit.reading.asked import Asked
from evalkit.reading.clauses import sentences
from evalkit.reading.context import NO_NUMBER
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.number_about import (
    answering,
    is_beside,
    likest,
    meanings,
    of_asked_period,
    of_counted,
    own_words,
    shared,
    words,
)
from evalkit.reading.number_claims import NOUN_BEHIND, Claim, Strength
from evalkit.reading.number_parts import of_asked_part, of_item, of_parallel, of_scale
from evalkit.reading.number_words import CONCLUDED, CURRENT, EXACT, LABEL, THUS_ALONE, TURN
from evalkit.reading.numerals import Numeral
from evalkit.reading.sides import asked_side
from evalkit.reading.words import THUS

_CLOSE = 1e-9


def narrowed(text: str, found: list[Claim], asked: Asked) -> list[Claim]:
    """Return what an answer's numbers claim, behind corrections, and without what only repeats the question."""
    return of_sums(_evened_rows(text, _after_turn(text, _without_given(found, asked), asked)))


def of_asked_kind(found: list[Claim], asked: Asked) -> list[Claim]:
    """Keep what is so now, and percentages or amounts where they are asked for."""
    found = of_parallel(of_item(of_scale(found, asked), asked), asked)
    found = of_counted(found, asked)
    found = of_asked_period(found, asked)
    now = found if asked.for_change or asked.for_comparison else _now(found, asked)
    return answering(_of_asked_kind(of_asked_part(now, asked), asked), asked)


def of_asked_side(found: list[Claim], asked: Asked) -> Numeral | None:
    """Return the one value that is told with what the question asks it with: `€40 without shipping, €45.90 with it`."""
    found = [c for c in found if c.numeral.is_percent == asked.for_percent and not c.is_given]
    sides = asked_side([f"{c.label} {c.right}" for c in found], asked.asking)
    return single([c for c, mine in zip(found, sides, strict=True) if mine]) if sides else None


def of_asked_item(found: list[Claim], asked: Asked) -> Numeral | None:
    """Return the one number of a list that is about what is asked: `€12 for adults and €8 for children`."""
    wanted = words(asked.subject)
    told = [c for c in found if shared(wanted, words(c.right))]
    return single(told) if len(told) == 1 and not asked.for_total else None


def chosen(told: list[Claim], asked: Asked, values: list[float]) -> Numeral | None:
    """Return the one number of those that may be the result which is the plainest, or most about the question.

    Args:
        told: The numbers that may be the result.
        asked: What the question asks for.
        values: All numbers of the answer, in its order.
    """
    plainest = max(c.strength for c in told)
    row = _of_asked_row(told, asked) if plainest < Strength.LAST else []
    best = row or [c for c in told if c.strength == plainest]
    if plainest == Strength.STATED:
        best = _first_or_restated(told, best)
        if not row and _is_reckoned(best, values):
            return best[-1].numeral
    if plainest == Strength.WEAK and single(best) is None:
        return None
    if plainest in (Strength.FIRST, Strength.NAMED) and (cases := _by_case(best[0], told)):
        return single(likest([best[0], *cases], asked))
    if asked.is_problem and plainest == Strength.STATED:
        best = _asked_later(told, best, asked) or best
    if asked.is_problem and plainest != Strength.FIRST and single(best) is None:
        best = _of_problem(best, asked)
    return (
        single(best)
        or single(likest(best, asked))
        or _concluded(best)
        or _ending(told, asked)
        or _leading(told)
    )


def _by_case(first: Claim, told: list[Claim]) -> list[Claim]:
    """Return the other values that a sentence tells for other cases: `€28 for full days, €14 for days of 8 hours`."""
    if first.numeral.is_percent or not (first.numeral.has_currency or first.is_in_unit):
        return []
    return [
        c
        for c in told
        if c.place > first.place
        and c.clause.sentence == first.clause.sentence
        and c.numeral.value != first.numeral.value
        and (c.numeral.has_currency, c.is_in_unit) == (first.numeral.has_currency, first.is_in_unit)
        and (is_beside(first, c) or _THEN.search(c.label))
    ]


_THEN = lazy_regex(r"\b(?:then|afterwards|danach|anschließend|all others within|sonst)\W*$", re.I)


def _is_reckoned(best: list[Claim], values: list[float]) -> bool:
    """Tell whether the last value is said to be what two others come to: `120 minutes, with the 20 thus 140`."""
    last = best[-1]
    cue = last.clause.text[: last.place - last.clause.start]
    if single(best) is not None or not CONCLUDED.search(cue):
        return False
    value = last.numeral.value
    others = [v for v in values if v not in (0, value)]
    return any(
        abs(result - value) < _CLOSE
        for one, other in combinations(others, 2)
        for result in (one + other, abs(one - other), one * other, one / other, other / one)
    )


def _leading(told: list[Claim]) -> Numeral | None:
    """Return the number that an answer begins with, if none of the others is told beside it."""
    first, rest = told[0], told[1:]
    text = first.clause.text
    is_joined = any(
        c.clause is first.clause
        and re.search(
            r"\b(?:and|or|und|oder)\b",
            text[first.place - first.clause.start : c.place - c.clause.start],
        )
        for c in rest
    )
    is_told = first.is_leading and not is_joined and not any(is_beside(first, c) for c in rest)
    return first.numeral if is_told else None


def _asked_later(told: list[Claim], best: list[Claim], asked: Asked) -> list[Claim]:
    """Return what is said later of what is asked, where the steps that were stated before say nothing of it."""
    wanted = words(asked.predicate) | meanings(asked.predicate)
    wanted = {w for w in wanted if not w.isdigit()}
    if any(shared(wanted, own_words(c)) for c in best):
        return []
    later = [
        c
        for c in told
        if c.strength == Strength.NAMED
        and c.place > best[-1].place
        and shared(wanted, own_words(c))
    ]
    return later if len({c.numeral.value for c in later}) == 1 else []


def _of_problem(best: list[Claim], asked: Asked) -> list[Claim]:
    """Of the steps of a calculation, the one that says what is asked, or the last."""
    wanted = words(asked.predicate) | meanings(asked.predicate)
    if best[0].strength != Strength.ALONE:  # no rows that numbers label
        wanted = {w for w in wanted if not w.isdigit()}
    n_shared = [shared(wanted, own_words(c)) for c in best]
    mine = [c for c, n in zip(best, n_shared, strict=True) if n == max(n_shared)]
    return mine if single(mine) else mine[-1:]


def single(found: list[Claim]) -> Numeral | None:
    """Return the number where all are one, the last of them rounded perhaps."""
    if not found:
        return None
    last = found[-1].numeral
    return last if all(_is_rounded(c.numeral.value, last.value) for c in found) else None


def _is_rounded(exact: float, rounded: float) -> bool:
    """Tell whether one number is another with fewer of its decimals."""
    digits = f"{rounded:.9f}".rstrip("0").partition(".")[2]
    return exact == rounded or (
        exact != int(exact) and abs(round(exact, len(digits)) - rounded) < _CLOSE
    )


def are_parts(found: list[Claim], asked: Asked) -> bool:
    """Tell whether a sentence names several values and begins with none of them, where their total is asked for."""
    values = {c.numeral.value for c in found}
    return (
        len(values) > 1
        and asked.for_total
        and not any(c.strength >= Strength.FIRST for c in found)
        and len({c.clause.sentence for c in found}) == 1
    )


def _without_given(found: list[Claim], asked: Asked) -> list[Claim]:
    """Set aside what the question tells itself, where the answer tells anything else as plainly."""
    wanted = words(asked.predicate)
    others = [c.strength for c in found if not c.is_given and c.strength >= Strength.NAMED]
    if not others:  # `All 20 passed`, where those that failed are asked for
        return [
            replace(c, strength=Strength.ASIDE)
            if c.is_given
            and c.strength == Strength.NAMED
            and wanted
            and len(words(c.clause.text)) > 1
            and not shared(wanted, words(c.clause.text))
            else c
            for c in found
        ]
    beside = {c.clause.sentence for c in found if not c.is_given and c.strength >= Strength.NAMED}

    def is_kept(claim: Claim) -> bool:
        if claim.strength == Strength.FIRST:
            return claim.clause.sentence not in beside
        return claim.strength == Strength.STATED and max(others) < Strength.ALONE

    return [
        replace(c, strength=Strength.ASIDE) if c.is_given and not is_kept(c) else c for c in found
    ]


_ROW = lazy_regex(r"\W*(?P<label>[^\W\d_][^\n:=→]{1,50}?)\s?[:=→]\s?[^\n]*\s*$")


def _evened_rows(text: str, found: list[Claim]) -> list[Claim]:
    """Rows with labels state their values alike, reckoned or not, if none is said to be the last one."""
    rows: dict[int, str] = {}
    for start, sentence in sentences(text):
        row = _ROW.match(sentence)
        if row is not None and not re.search(rf",\s{THUS}", sentence, re.I):
            end = start + len(sentence)
            rows |= {c.clause.sentence: row["label"] for c in found if start <= c.place < end}
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


def of_sums(found: list[Claim]) -> list[Claim]:
    """State what the rows before come to, and set rows aside that tell what a first number is made of."""
    rows = [c for c in found if c.strength >= Strength.NAMED]
    apart = len({c.clause.sentence for c in rows}) == len(rows) > 2
    if not apart or not all(c.strength == Strength.ALONE for c in rows[1:-1]):
        return found
    values = [c.numeral.value for c in rows]
    is_headed = (
        rows[0].strength in (Strength.NAMED, Strength.FIRST) and rows[-1].strength == Strength.ALONE
    )
    if is_headed and abs(sum(values[1:]) - values[0]) < _CLOSE:
        return [replace(c, strength=Strength.ASIDE) if c in rows[1:] else c for c in found]
    comes_to = [sum(values[:-1])]
    if len(rows) == 3:
        one, other = values[:2]
        comes_to += [abs(one - other), one * other]
        comes_to += [n / d for n, d in ((one, other), (other, one)) if d]
    if any(abs(values[-1] - value) < _CLOSE for value in comes_to):
        return [replace(c, strength=Strength.STATED) if c is rows[-1] else c for c in found]
    return found


def _now(found: list[Claim], asked: Asked) -> list[Claim]:
    """Keep what is so now, where an answer says of a number that it is: `28 until 2018, now 30`."""
    now = [c for c in found if CURRENT.search(c.label) and c.strength > Strength.ASIDE]
    wanted = words(asked.predicate)
    n_shared = [
        max((shared(wanted, own_words(c)) for c in part), default=0) for part in (now, found)
    ]
    return now if now and n_shared[0] == n_shared[1] else found


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
    rows = [c for c in found if c.strength >= Strength.ALONE]
    if len(rows) < 2 or asked.for_total:
        return []
    wanted = words(asked.predicate)
    told = [(c.label if c.label.strip() else c.right) for c in rows]
    named = [c for c, text in zip(rows, told, strict=True) if shared(wanted, words(text))]
    is_plain = all(_PLAIN_ROW.fullmatch(text) for text in told)
    return named if is_plain and len({c.numeral.value for c in named}) == 1 else []


_PLAIN_ROW = lazy_regex(r"(?:\W*[^\W\d_]+){1,4}\W*")


def _concluded(found: list[Claim]) -> Numeral | None:
    """Return the last value where it is what a calculation comes to."""
    last = found[-1]
    beside = {c.numeral.value for c in found if c.clause is last.clause}
    if len(beside) > 1 and "=" not in last.clause.text:
        return None
    if any(_is_said_alike(c, last) for c in found if c.numeral.value != last.numeral.value):
        return None
    if last.strength == Strength.STATED and (
        CONCLUDED.search(last.clause.text) or LABEL.match(last.label)
    ):
        return last.numeral
    return None


def _ending(told: list[Claim], asked: Asked) -> Numeral | None:
    """Return what the last sentence says again of several values, or says more about the question than they do."""
    last = [c for c in told if c.clause.sentence == told[-1].clause.sentence]
    value = single(last)
    before = [c for c in told if c.clause.sentence != last[0].clause.sentence]
    if value is None or not before:
        return None
    is_again = any(c.numeral.value == value.value for c in before)
    if is_again and len({c.clause.sentence for c in before}) == 1:
        return value
    if any(c.strength == Strength.STATED and c.numeral.value == value.value for c in before):
        return value
    wanted = words(asked.asking)
    said = [shared(wanted, words(f"{c.label} {c.clause.text}")) for c in (last[0], *before)]
    return value if said[0] > max(said[1:]) else None


def _is_said_alike(one: Claim, other: Claim) -> bool:
    """Tell whether one sentence says of two things the same: `list 1 gives 210, list 2 gives 201`."""
    cues = [c.clause.text[: c.place - c.clause.start].split()[-1:] for c in (one, other)]
    named = all(NO_NUMBER in c.clause.text for c in (one, other))
    return one.clause.sentence == other.clause.sentence and cues[0] == cues[1] and named


def _after_turn(text: str, found: list[Claim], asked: Asked) -> list[Claim]:
    for marker in reversed(list(TURN.finditer(text))):
        is_row = re.match(r"(?:final|end)\w*(?:\s\w+){1,2}\s?:", text[marker.start() :], re.I)
        if is_row or marker[0].casefold() in asked.question.casefold():
            continue  # `Final price: €40`, `11 lessons were missed`
        later = [c for c in found if c.place >= marker.start() and c.strength >= Strength.ALONE]
        later = later or [
            c for c in found if c.place >= marker.start() and c.strength == Strength.NAMED
        ]
        if (
            later
            and len(later) < len(found)
            and (len(later) == 1 or later[0].strength >= Strength.ALONE)
        ):
            return [c for c in found if c.place >= marker.start()]
    return found


def _of_asked_kind(found: list[Claim], asked: Asked) -> list[Claim]:
    """Keep percentages where one is asked for and none where not, amounts where money is, if the answer has any."""
    rest = [c for c in found if c.strength > Strength.ASIDE]
    if asked.for_percent and any(c.numeral.is_percent for c in found):
        return [c for c in rest if c.numeral.is_percent]
    rest = [c for c in rest if not c.numeral.is_percent] or rest
    if any(c.is_in_unit for c in rest):  # `three teaspoons (15 ml)`
        rest = [
            c
            for c in rest
            if c.is_in_unit
            or not (behind := NOUN_BEHIND.match(c.clause.text, c.place - c.clause.start + 1))
            or shared(words(asked.counted), words(behind[0]))
        ]
    if rest and asked.for_money and any(c.numeral.has_currency for c in found):
        return [
            c
            for c in rest
            if c.numeral.has_currency or (c.label.strip() and not re.search(r"\w", c.right))
        ]
    return rest or found
