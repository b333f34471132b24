"""Says of each place where an answer names an option how plainly it speaks for it, or that it rejects it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.language import language_of
from evalkit.reading.lazy_regex import caseless, lazy_regex
from evalkit.reading.letter_words import (
    ADVISING,
    AGAINST,
    ALIKE,
    ALONE,
    ANY,
    ASKING,
    BETWEEN,
    BUT_IS,
    CARRIED,
    CHANGED,
    CONCEDED,
    CONDITION,
    DOUBTFUL,
    EXCEPT,
    FILLER,
    GRANTED,
    IDIOM,
    IN_PLACE_OF,
    INVERTED,
    JUST_NO,
    JUST_SO,
    LED_TO,
    LEFT_BEHIND,
    LESS,
    LIST_LINE,
    NEGATED,
    NOTHING,
    OF_OTHER,
    OF_OTHERS,
    ONLY_IF,
    REASON,
    REJECTED,
    SECOND,
    SO,
    SPLIT_VERB,
    STATING,
    SUBJUNCTIVE,
    THAN,
    THEREFORE,
    TOO,
    TOO_MUCH,
    TURNS_OUT,
    WORSE,
    YES_INDEED,
)
from evalkit.reading.mentions import Masked, Mention
from evalkit.reading.words import INSTEAD, NEGATION, NOUN


class Strength(IntEnum):
    """How plainly an answer speaks for an option."""

    DOUBTED = 0
    """The letter might be the answer, or was the first thought."""
    NAMED = 1
    """The letter is named, and nothing is said of it."""
    BARE = 2
    """The letter stands alone in a clause: `So B.`"""
    STATED = 3
    """`The answer is B`, `B is right`, `I choose B`."""
    LAST = 4
    """`Answer: B` on the last line, a boxed or tagged letter."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A place that names options, and what it says for them."""

    mention: Mention
    strength: Strength
    place: int
    is_concluded: bool = False
    """`So it is B`: what the answer comes to."""
    is_item: bool = False
    """Heads an item of a list, or is a step of a calculation: what is told of it is no choice."""
    is_supposed: bool = False
    """Said of what would be: `A heat pump would do, too.`"""


_WITHOUT = caseless(r"\b(?:without|ohne)\s(?:[^\W\d_]+\s){0,2}?[^\W\d_]{3,}")
_NOT_ANOTHER = caseless(
    r"^\W*(?:and|und|,)\s(?:not|nicht)\s(?:the|an?|in|on|at|by|for|to|der|die|das|den|dem|ein\w*|im|am|auf|zum|"
    r"zur|bei|"
    r"mit|wie|as)\b.*$"
)
"""What is denied behind a mention is something else: `grade 2 and not the 3`."""


def rejects(words: str) -> bool:
    """Tell whether words speak against what they are about."""
    words = _WITHOUT.sub("", words)
    words = OF_OTHER.sub("", IDIOM.sub("", words))
    return bool(NEGATED.search(words) or REJECTED.search(words))


def claims(masked: Masked) -> tuple[list[Claim], set[int]]:
    """Return what is said for options, and which are rejected."""
    told: list[Claim] = []
    rejected: set[int] = set()
    in_list = listed(masked)
    found = clauses(masked.text)
    language = language_of(masked.text)
    heads = {c.sentence: c for c in reversed(found)}
    conditions = [c for c in found if CONDITION.match(c.text)]
    conditions += [c for c in heads.values() if c is not found[-1] and INVERTED.match(c.text)]
    conditional = {c.sentence for c in conditions}
    for number, clause in enumerate(found):
        is_hypothetical = clause in conditions or (
            clause.sentence in conditional and SUBJUNCTIVE.search(clause.text) is not None
        )
        before = (
            found[number - 1] if number and found[number - 1].sentence == clause.sentence else None
        )
        is_carried = bool(told) and ALIKE.match(clause.text) is not None
        for mark, left, right in _parts(clause.text):
            mention = masked.at(mark)
            is_excepted = _is_excepted(left, right, before)
            is_denied = is_hypothetical or _is_rejected(
                left, right, is_quality=mention.by_text and mention.is_lower
            )
            if not is_excepted and (is_denied or _is_headed_wrong(masked.text, before, clause)):
                rejected |= mention.options
                continue
            place = clause.start + clause.text.index(mark)
            strength = _strength(clause, before, left, right, is_listed=place in in_list)
            is_affirmed = clause.is_asked and _is_affirmed(clause, found)
            strength = Strength.STATED if is_excepted or is_affirmed else strength
            if strength is not None and is_carried:
                strength = min(strength, told[-1].strength)
            if strength is not None:
                concluded = _concludes(clause.text, language)
                is_item = _is_item(masked.text, place, in_list)
                told.append(
                    Claim(mention, strength, place, concluded, is_item, _is_supposed(clause.text))
                )
    return told, rejected


_BESIDE_SIGN = lazy_regex(r"\s?(?:[×*+÷=]|-\s?\d)|\s-\s\d")


def _is_item(text: str, place: int, in_list: set[int]) -> bool:
    """Tell whether a mention stands in an item of a list, `B: two days`, or in a calculation: `20 + 2 = 22`."""
    if _BESIDE_SIGN.match(text, place + 1) or _BEHIND_SIGN.search(text[max(0, place - 3) : place]):
        return True
    begin = text.rfind("\n", 0, place)
    head = next((p for p in in_list if begin < p <= place), None)
    return head is not None and (head < place or _TOLD_OF.match(text, place + 1) is not None)


_BEHIND_SIGN, _TOLD_OF = lazy_regex(r"[×*+÷=]\s?$"), lazy_regex(r"\s?[:–—-]\s?\S")


@lru_cache(maxsize=64)
def _is_supposed(clause: str) -> bool:
    """Tell whether a clause says what would be, and not what the writer would choose."""
    return (
        SUBJUNCTIVE.search(clause) is not None
        and _WISHED.search(clause) is None
        and _BETTER.search(clause) is None
    )


_WISHED = caseless(
    r"\b(?:i|we|you|one|ich|wir|man|sie|du|ihr)(?:'d|\s(?:\w+\s)?(?:would|würde\w*))\b|\b(?:würde|"
    r"nähme)\s(?:ich|man|wir)\b"
)
_BETTER = caseless(r"\b(?:better|besser|richtig\w*|correct|right|ideal\w*|eher|instead|best\w*)\b")


def _is_affirmed(asked: Clause, found: list[Clause]) -> bool:
    """Tell whether a yes answers the question that a clause asks: `Is it A? Yes.`"""
    following = [c.text for c in found if c.sentence == asked.sentence + 1]
    return bool(following) and YES_INDEED.match(following[0]) is not None


def listed(masked: Masked) -> set[int]:
    """Return places of mentions that begin the lines of a list of options."""
    found: set[int] = set()
    run: list[tuple[int, frozenset[int]]] = []
    for line in re.finditer(r"[^\n]*\S[^\n]*|\Z", masked.text):
        start = LIST_LINE.match(line[0])
        if start is not None:
            run.append((line.start() + start.start(1), masked.at(start[1]).options))
            continue
        if len({option for _, options in run for option in options}) > 1:
            found |= {place for place, _ in run}
        run = []
    return found


def _parts(clause: str) -> Iterator[tuple[str, str, str]]:
    """Yield each mention with what stands before and behind it, up to the neighbours."""
    marks = list(ANY.finditer(clause))
    for i, mark in enumerate(marks):
        left = clause[marks[i - 1].end() if i else 0 : mark.start()]
        right = clause[mark.end() : marks[i + 1].start() if i + 1 < len(marks) else len(clause)]
        if i + 1 < len(marks):  # a negation directly before the next mention is about that one
            right = re.sub(rf"(?:{NEGATION}|{INSTEAD})\s*(?:the |die )?$", "", right, flags=re.I)
        if i and not left.strip(" ,"):
            left = clause[: marks[0].start()]
        if i and CARRIED.search(left):
            left = ANY.sub("", clause[: mark.start()])
        yield mark[0], left, right


def _is_rejected(left: str, right: str, *, is_quality: bool = False) -> bool:
    if (
        IN_PLACE_OF.search(left)
        or LESS.search(left)
        or ONLY_IF.search(right)
        or WORSE.search(right)
    ):
        return True
    if SPLIT_VERB.search(f"{left} {right}"):
        return not (is_quality and TURNS_OUT.search(left))
    if AGAINST.search(f"{left} {right}"):
        return True
    left, right = WORSE.sub("", left), _NOT_ANOTHER.sub("", right)
    return rejects(left) or rejects(right)


def _is_excepted(left: str, right: str, before: Clause | None) -> bool:
    """Tell whether all other options are rejected: `All but B are wrong`."""
    if (
        before is not None
        and not ANY.search(before.text)
        and left.lstrip().lower().startswith("but")
    ):
        left = f"{before.text} {left}"
    found = EXCEPT.search(left)
    return found is not None and (rejects(right) != bool(NOTHING.search(found[0])))


def _is_headed_wrong(text: str, before: Clause | None, clause: Clause) -> bool:
    """Tell whether a colon gives the options behind it as wrong ones: `Wrong: A`."""
    if before is None or ANY.search(before.text):
        return False
    if JUST_NO.match(before.text):
        return False
    between = text[before.start + len(before.text) : clause.start]
    end = before.start + len(before.text)
    lead = re.split(r"[.!?]\s|\n", text[:end])[-1]
    is_label = len(lead.split()) <= _LABEL or _OF_OPTIONS.search(before.text) is not None
    return ":" in between and is_label and rejects(before.text)


_LABEL = 3
"""Words before a colon that say what the options behind it are; a whole sentence speaks of its own subject."""
_OF_OPTIONS = caseless(
    rf"\b{NOUN}\b|\b(?:the others?|these|those|following|folgende\w*|diese|anderen|übrigen|wrong|incorrect|falsch|"
    r"ausgeschlossen|in frage|candidates?|possibilities)\b|\baus\W*$"
)


def _strength(
    clause: Clause, before: Clause | None, left: str, right: str, *, is_listed: bool
) -> Strength | None:
    if clause.is_asked:
        return None
    words = f"{left} {right}"
    if any(p.search(words) for p in (DOUBTFUL, SECOND, TOO_MUCH, CONCEDED)) or any(
        p.search(left) for p in (ASKING, BETWEEN, OF_OTHERS, THAN)
    ):
        return Strength.DOUBTED
    if _is_granted(clause.text):
        return Strength.DOUBTED
    if LEFT_BEHIND.search(left) and LED_TO.match(right) and CHANGED.search(clause.text):
        return Strength.DOUBTED
    if _is_reason(clause.text):
        return Strength.NAMED
    if _is_conclusion(clause.text) or (
        before is not None and JUST_SO.match(before.text) and _has_one(clause.text)
    ):
        return Strength.STATED
    if STATING.search(words) or ADVISING.search(left) or ALONE.search(left):
        return Strength.STATED
    if not is_listed and _is_filler(clause.text):
        led = before is not None and STATING.search(before.text) and not ANY.search(before.text)
        return Strength.STATED if led else Strength.BARE
    return Strength.NAMED


@lru_cache(maxsize=64)
def _is_granted(clause: str) -> bool:
    return GRANTED.match(clause) is not None


@lru_cache(maxsize=64)
def _concludes(clause: str, language: str | None) -> bool:
    """Tell whether a clause draws its one option from what was said before; `also` does in German only."""
    if BUT_IS.match(clause):
        return True
    found = THEREFORE.search(clause)
    if found is None or TOO.search(clause) or not _has_one(clause):
        return False
    return found[0].casefold() != "also" or language == "de"


@lru_cache(maxsize=64)
def _is_reason(clause: str) -> bool:
    return REASON.match(clause) is not None


@lru_cache(maxsize=64)
def _is_conclusion(clause: str) -> bool:
    return SO.match(clause) is not None and _has_one(clause)


@lru_cache(maxsize=64)
def _has_one(clause: str) -> bool:
    return len(ANY.findall(clause)) == 1


@lru_cache(maxsize=64)
def _is_filler(clause: str) -> bool:
    return not FILLER.sub("", clause)
