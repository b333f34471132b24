"""Reads whether a short answer states the right one, refuses, or says something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel.dates import get_day_names

from evalkit.reading.clauses import Clause, clauses
from evalkit.reading.context import asked_words
from evalkit.reading.contract import Reading
from evalkit.reading.dates import moments
from evalkit.reading.language import language_of
from evalkit.reading.quantities import CURRENCIES, Quantity, quantities
from evalkit.reading.refusal import is_bare_refusal, is_refusal, refuses, stated_text
from evalkit.reading.spelled import spelled_out
from evalkit.reading.words import (
    CONCLUDING,
    CORRECTION,
    INSTEAD,
    NEGATION,
    NO_NEGATION,
    REJECTION,
    THUS,
)

GOLD, RIVAL = "\ue000", "\ue001"
"""Stand for the right answer and for another one of its sort."""
YES, NO = frozenset({"yes", "ja", "true", "wahr"}), frozenset({"no", "nein", "false", "falsch"})
_SORTS = (CURRENCIES, frozenset({"s", "month"}))
"""Units of one sort: amounts in another currency, times of another length."""
_ARTICLES = frozenset(
    {
        "a",
        "an",
        "the",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "ein",
        "eine",
        "einen",
        "einem",
        "einer",
    }
)


@dataclass(frozen=True, slots=True)
class GroundedContext:
    """What was asked, and what the passage says."""

    question: str
    gold: str | None
    """None: the passage does not tell."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer does."""

    refuses: bool
    is_right: bool
    """States the right answer; where there is none, says so."""


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_MARK = "[\ue000\ue001]"
_NEGATED, _IDIOM, _REJECTED = _compiled(NEGATION), _compiled(NO_NEGATION), _compiled(REJECTION)
_INSTEAD = _compiled(
    rf"(?:{INSTEAD}|\b(?:formerly|previously|until now|so far|up from|than|before|previous|bisher|zuvor|früher|"
    rf"vorher|als|von bisher|statt bisher|nach|successor of|succeeded|followed))\s(?:\w+\s){{0,2}}$"
)
_OR = _compiled(
    rf"{_MARK}\W{{0,3}}(?:\w+\s){{0,2}}?,?\s?(?:or|oder|bzw\.|respectively)\s(?:[^\W\d_]+\s){{0,3}}?{_MARK}|"
    rf"\b(?:either|entweder)\b[^.]{{0,30}}{GOLD}|"
    rf"{GOLD}\W{{0,2}},?\s(?:or|oder)\s(?:perhaps |maybe |vielleicht |possibly )?(?!more|less|longer|later|earlier|"
    r"mehr|länger|so|similar)[\w€$]|(?<!whether )(?<!ob )\b[\wäöü]+\s(?:or|oder)\s(?:in |the |at |on |um |am |der "
    rf"|die |das )?{GOLD}"
)
_LISTED = _compiled(
    rf"^\W*(?:[^\W\d_]+\s){{0,2}}?(?:{_MARK}(?:\s?(?:,|/|;|&|and|und|sowie)\s?(?:and\s|und\s|or\s|"
    rf"oder\s)?)?){{2,}}\W*$"
)
_SIDE_BY_SIDE = re.compile(
    rf"^\W*(?:[Bb]oth |[Ss]owohl )?(?:{GOLD}\s?(?:and|und|&|/|as well as|sowie|als "
    r"auch)\s[A-ZÄÖÜ][\w.-]*(?:\s[A-ZÄÖÜ][\w.-]*)*|[A-ZÄÖÜ][\w.-]*(?:\s[A-ZÄÖÜ][\w.-]*)*\s?(?:and|und|&|/|as well "
    rf"as|sowie|als auch)\s{GOLD})\W*$"
)
_TURN = _compiled(
    rf"{CORRECTION}|{CONCLUDING}|(?<=[.!?,–-] )(?:no|nein)\b(?=[,.:;])|\b(?:final answer|answer|"
    r"antwort)\s?:"
)
_THUS = _compiled(THUS)
_GUESSED = _compiled(
    r"\b(?:guess\w*|assum\w*|speculat\w*|geraten|rate|vermut\w*|schätz\w*|annahme|spekul\w*|raten)\b"
)
"""What a refusing answer offers all the same is not stated."""
_WEEKDAY = _compiled(
    r"^\W*(?:(?:on|am|the|der|dem|den)\s)*(?:"
    + "|".join(
        name.rstrip(".")
        for locale in ("en", "de")
        for width in ("wide", "abbreviated")
        for name in get_day_names(width, locale=locale).values()
    )
    + r")\b\.?,?\s(?:(?:on|am|the|der|dem|den)\s)*"
)


def is_right(answer: str, gold: str, question: str) -> bool:
    """Tell whether an answer states the gold one, and no other in its place."""
    said = spelled_out(stated_text(answer))
    if gold.strip().casefold() in YES | NO:
        return _agrees(said, gold.strip().casefold(), question)
    gold = _without_weekday(gold)
    language = language_of(said)
    own = (language,) if language else (language_of(question), "en", "de")
    texts = [_masked(said, spelled_out(gold), question, code) for code in own]
    text = next(
        (t for t in texts if GOLD in t), None
    )  # `1,200` and `1.200` are alike where no word tells
    return text is not None and not _OR.search(text) and _is_chosen(text, question)


def _without_weekday(gold: str) -> str:
    """Return a date without the day of the week that it implies."""
    rest = _WEEKDAY.sub("", gold)
    return rest if any(moment.start == 0 for moment in moments(rest)) else gold


def read_grounded(answer: str, context: GroundedContext) -> Reading[Verdict]:
    """Return what an answer does: refuse, state the right answer, or say something else."""
    if not re.search(r"\w", stated_text(answer)):
        return Reading(None, "empty")
    refusing = is_refusal(answer)
    if context.gold is None:
        return Reading(Verdict(refusing, refusing), "refusal" if refusing else "claim")
    if not (refusing and _GUESSED.search(answer)) and is_right(
        answer, context.gold, context.question
    ):
        return Reading(Verdict(refuses=False, is_right=True), "gold")
    return Reading(Verdict(refusing, is_right=False), "refusal" if refusing else "claim")


def _masked(said: str, gold: str, question: str, language: str | None) -> str:
    """Return an answer with signs for the gold and its rivals."""
    wanted = list(quantities(gold, language_of(gold) or language_of(question)))
    if len(wanted) != 1 or _words(gold[: wanted[0].start]) or _is_named_word(gold, wanted[0]):
        return _masked_words(said, gold)
    brought = list(quantities(question, language_of(question)))
    spans = []
    for found in _likened(quantities(said, language), wanted[0], said):
        if any(found.says(other) and other.says(found) for other in brought) and not found.says(
            wanted[0]
        ):
            continue
        spans.append((found.start, found.end, GOLD if found.says(wanted[0]) else RIVAL))
    for start, end, sign in sorted(spans, reverse=True):
        said = f"{said[:start]}{sign}{said[end:]}"
    return said


def _is_named_word(gold: str, quantity: Quantity) -> bool:
    """Tell whether words behind a number name something: `12 Main Street`, not `65 people`."""
    rest = _words(gold[quantity.end :])
    return len(rest) > 2 or (isinstance(quantity.value, str) and bool(rest))


def _likened(found: Iterator[Quantity], gold: Quantity, said: str) -> Iterator[Quantity]:
    """Yield quantities that compete with the gold: of its sort, or bare numbers; `20.40` may be a time of day."""
    for quantity in found:
        if gold.unit == "T" and quantity.unit != "T":
            clock = re.fullmatch(
                r"([01]?\d|2[0-4])[.h]([0-5]\d)", said[quantity.start : quantity.end]
            )
            if clock:
                name = f"T{int(clock[1]):02d}:{clock[2]}"
                yield Quantity(quantity.start, quantity.end, name, "T")
        elif _are_alike(quantity.unit, gold.unit):
            yield quantity


def _are_alike(unit: str | None, gold: str | None) -> bool:
    if unit == gold or unit is None or (gold is None and unit != "date"):
        return True
    return any(unit in sort and gold in sort for sort in _SORTS)


def _words(text: str) -> list[str]:
    return [w for w in re.findall(r"\d+(?:[.,]\d+)*|\w+", text.casefold()) if w not in _ARTICLES]


def _masked_words(said: str, gold: str) -> str:
    """Return an answer with a sign for the gold's words, whatever the case, punctuation and articles between them."""
    words = _words(gold)
    if not words:
        return said
    between = rf"[^\w]{{1,3}}(?:(?:{'|'.join(sorted(_ARTICLES))})\s)?"
    return re.sub(
        rf"(?<!\w){between.join(map(re.escape, words))}(?:'s|s)?(?!\w)", GOLD, said, flags=re.I
    )


def _is_chosen(text: str, question: str) -> bool:
    listed = RIVAL in text and any(_LISTED.match(line) for line in text.split("\n"))
    if listed or _SIDE_BY_SIDE.match(text):
        return False
    claims = list(_claims(text))
    for marker in reversed(list(_TURN.finditer(text))):
        later = [c for c in claims if c.place >= marker.start()]
        if later and len(later) < len(claims):
            claims = later
            break
    golds = [c for c in claims if c.is_gold]
    rivals = [c for c in claims if not c.is_gold]
    if not golds:
        return False
    return not rivals or _outweighs(golds, rivals, question)


@dataclass(frozen=True, slots=True)
class _Claim:
    is_gold: bool
    place: int
    words: str
    is_concluded: bool


def _claims(text: str) -> Iterator[_Claim]:
    """Yield what is stated, with the words said of it; what is rejected, or was so before, is not stated."""
    for clause in clauses(text):
        marks = list(re.finditer(_MARK, clause.text))
        for i, mark in enumerate(marks):
            left = clause.text[marks[i - 1].end() if i else 0 : mark.start()]
            right = clause.text[
                mark.end() : marks[i + 1].start() if i + 1 < len(marks) else len(clause.text)
            ]
            if clause.is_asked or _is_denied(left, right, is_last=i + 1 == len(marks)):
                continue
            words = left if len(marks) > 1 and left.strip() else f"{left} {right}"
            yield _Claim(
                mark[0] == GOLD, clause.start + mark.start(), words, _THUS.search(left) is not None
            )


def _is_denied(left: str, right: str, *, is_last: bool) -> bool:
    left, right = _IDIOM.sub("", left), _IDIOM.sub("", right)
    if _INSTEAD.search(left) or _NEGATED.search(left) or _REJECTED.search(left):
        return True
    if re.match(
        rf"\W{{0,2}}(?:is|are|was|ist|sind|war|would be|wäre)?\W*(?:{NEGATION}|{REJECTION})",
        right,
        re.I,
    ):
        return True
    return is_last and refuses(f"{left} it {right}") and _REJECTED.search(right) is not None


def _outweighs(golds: list[_Claim], rivals: list[_Claim], question: str) -> bool:
    """Tell whether the gold is what answers the question, and others are told of other things."""
    asked = set(_stems(question))
    best = max(len(asked & set(_stems(c.words))) for c in golds)
    other = max(len(asked & set(_stems(c.words))) for c in rivals)
    if best != other:
        return best > other
    if any(c.is_concluded for c in golds):
        return True
    return min(c.place for c in golds) < min(c.place for c in rivals)


def _stems(text: str) -> Iterator[str]:
    for word in asked_words(text):
        yield re.sub(r"(?:en|e|s|n)$", "", word)[:5]


def _agrees(said: str, gold: str, question: str) -> bool:
    """Tell whether an answer says yes where the gold does: in that word, or by saying the question again."""
    words = re.findall(
        r"\w+",
        re.sub(r"^.*\b(?:answer|antwort)\b\W*[:=]\s*(?=\w)", "", said.casefold(), flags=re.S),
    )
    if is_bare_refusal(said):
        return False
    for word in (*words[:1], *words[-1:]):
        if word in YES | NO:
            return (word in YES) == (gold in YES)
    if is_refusal(said):
        return False
    found: list[Clause] = [c for c in clauses(said) if not refuses(c.text)]
    if not found or not set(_stems(said)) & set(_stems(question)):
        return False
    negated = any(_NEGATED.search(c.text) or _FORBIDDEN.search(c.text) for c in found[:1])
    asks_negated = _NEGATED.search(question) is not None or _FORBIDDEN.search(question) is not None
    return (negated != asks_negated) == (gold in NO)


_FORBIDDEN = _compiled(
    r"\b(?:prohibited|forbidden|banned|excluded|illegal|disallowed|verboten|untersagt|"
    r"ausgeschlossen|unzulässig|nicht gestattet)\b"
)
