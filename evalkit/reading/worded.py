"""Finds in an answer a right one that is words: in the same order, a surname, a list, or the same words in any form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from evalkit.reading.clauses import clauses, sentences
from evalkit.reading.content import EMPTY, content, place_of, told
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.opposites import is_opposite
from evalkit.reading.synonyms import say_the_same
from evalkit.reading.wording import made_alike
from evalkit.reading.words import NEGATION

GOLD, RIVAL = "\ue000", "\ue001"
"""Stand for the right answer and for another one of its sort."""
_ARTICLES = frozenset({
    "a", "an", "the", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines",
    "its", "their", "his", "her", "ihr", "ihre", "sein", "seine",
})  # fmt: skip
_RELATIVE = lazy_regex(
    r",\s(?:die|der|das|den|dem|deren)\s[^,]*\b[a-zäöüß]+$|,\s(?:who|which|that)\s"
)
"""A clause about the one thing before it."""
_FEW = 2
"""Words that an elliptic answer may have more than the gold."""
_LONG = 5
"""Letters of a single word whose other forms say the same: `in writing`, `written`."""
_TITLES = lazy_regex(
    r"\b(?:Dr|Prof|Professor(?:in)?|Mrs?|Ms|Miss|Sir|Frau|Herrn?|Dipl|Ing|"
    r"Mag)\b\.?(?:-Ing\.?)?\s?(?=[A-ZÄÖÜ])"
)
_ASKS_WHO = lazy_regex(r"\b(?:who|whom|whose|wer|wem|wen|wessen|name of|called|heißt)\b", re.I)
LEAD = lazy_regex(
    r"^(?:(?:it|they|he|she|this|that|there|es|er|sie|das|dies)\s(?:is|are|was|were|ist|sind|war|waren|"
    r"has|hat)|"
    r"(?:if|when|whenever|in case|wenn|falls|sofern|sobald|in|on|at|by|with|from|to|for|against|via|through|as|"
    r"towards?|into|"
    r"because of|due to|owing to|thanks to|um|am|im|bei|beim|mit|aus|von|vom|zum|zur|gegen|über|als|auf|an|per|"
    r"bis|ab|seit|"
    r"wegen|aufgrund|durch|dank))\s(?=\w)",
    re.I,
)
_OF_ROLE = lazy_regex(
    r"^(?:(?i:the|an?|der|die|das|eine?|dem|den|im|in|von)\s)+(?:(?:[\w-]+\s){1,3}?(?P<name>[A-ZÄÖÜ][\w'-]+(?:\s[A-ZÄÖÜ][\w'-]+)+)|"
    r"(?i:firma|unternehmen|stadt|gemeinde|verein|familie|hotel|gasthof|restaurant|schule|klinik|partei|band|gruppe|bank|marke|modell|"
    r"company|firm|city|town|village|hotel|restaurant|club|band|brand|family|supplier|lieferant\w*|\w*hersteller|\w*firma)\s"
    r"(?P<own>[A-ZÄÖÜ][\w'-]+))$"
)
"""What somebody or something is, and the name."""
_ITEMS = lazy_regex(
    r"\s*(?:,|;|/|&|\band\b|\bund\b|\bsowie\b|\bas well as\b)\s*(?:and\s|und\s)?", re.I
)


def is_list(gold: str) -> bool:
    """Tell whether a gold is several short items, all of which an answer must state."""
    return n_items(gold) > 1


def items_of(gold: str) -> list[str]:
    """Return the short items that a gold is; itself where it is no list."""
    items = [item for item in _ITEMS.split(gold) if item.strip() and not _RELATIVE.search(gold)]
    is_short = all(len(item.split()) < 5 for item in items) and not re.search(r"\d", gold)
    return items if items and is_short else [gold]


def n_items(gold: str) -> int:
    """Return how many short items a gold is; 1 where it is no list."""
    return len(items_of(gold))


def masked_words(said: str, gold: str, question: str) -> str:
    """Return an answer with a sign for the gold's words, or for each item of a list that it is."""
    items = [item for item in _ITEMS.split(gold) if item.strip()]
    if _ASKS_WHO.search(question) and len(items) == 2 and re.fullmatch(r"[^,]+,[^,]+", gold):
        return _marked_words(said, gold, question, in_order=True, either=items)
    whole = _marked_words(said, gold, question, in_order=is_list(gold))
    if GOLD in whole or not is_list(gold):
        return whole
    for item in items:
        before = said.count(GOLD)
        absent = _ABSENT.match(item)
        said = (
            _marked_absent(said, absent["what"]) if absent else _marked_words(said, item, question)
        )
        if said.count(GOLD) == before:
            return said.replace(GOLD, "")
    joint = r"(?:\W|\b(?:in|by|per|or|oder|and|und|as well as|sowie|also|auch|als)\b)"
    return re.sub(rf"{GOLD}(?:{joint}{{1,12}}{GOLD})+", GOLD, said, flags=re.I)


_ABSENT = lazy_regex(r"^(?:no|without|keine?n?|ohne)\s(?P<what>\w+)$", re.I)
_LEFT_OUT = lazy_regex(
    rf"{NEGATION}|\b(?:dropped|removed|omitted|left out|free of|abolished|weg|weggelassen|gestrichen|"
    rf"verzichtet\w*|entfernt|entfällt)\b",
    re.I,
)


def _marked_absent(said: str, what: str) -> str:
    """Mark what an answer says is no more, or not there: `no sugar`, `sugar was dropped`."""
    for clause in clauses(said):
        out = _LEFT_OUT.search(clause.text)
        if out is not None and told([what.casefold()], clause.text):
            at = clause.start + out.start()
            return f"{said[:at]}{GOLD} {said[at:]}"
    return said


def _marked_words(
    said: str, gold: str, question: str, *, in_order: bool = False, either: Sequence[str] = ()
) -> str:
    is_person = _ASKS_WHO.search(question) is not None
    name = _bare_name(_TITLES.sub("", gold)) if is_person else _TITLES.sub("", gold)
    words = words_of(name) or words_of(gold)
    if not words:
        return said
    is_capital = re.fullmatch(r"(?:[A-ZÄÖÜ][\w'-]*\.?\s?)+", name) is not None
    is_name = is_capital and (len(words) > 1 or name != gold)
    text = _TITLES.sub("", said) if name != gold or is_person else said
    found = re.sub(
        rf"(?<![\w-]){pattern_of(words, is_exact=is_name)}(?!\w)", GOLD, text, flags=re.I
    )
    if GOLD in found:
        return found
    lead = words_of(LEAD.sub("", gold))
    if lead and lead != words:
        found = re.sub(rf"(?<![\w-]){pattern_of(lead)}(?!\w)", GOLD, text, flags=re.I)
        if GOLD in found:
            return found
    if is_person and is_name:
        return _marked_surname(text, name, words[-1], question) if len(words) > 1 else text
    role = _OF_ROLE.match(gold)
    if role is not None and (is_person or role["own"]):  # `the architect Lotte Brandis`
        return _marked_words(said, role["name"] or role["own"], question)
    for part in either:  # `the caretaker, Mr Odum`
        found = _marked_words(said, part, question, in_order=True)
        if GOLD in found:
            return found
    if in_order:
        return text
    found = scattered(text, words)
    return found if GOLD in found else _elliptic(text, words, question)


def _bare_name(name: str) -> str:
    """Return a name without what its bearer is: `Mayor Helen Cho`."""
    parts = name.split()
    is_led = len(parts) > 2 and all(p[0].isupper() for p in parts) and _ROLE.search(parts[0])
    return " ".join(parts[1:]) if is_led else name


def _marked_surname(said: str, name: str, surname: str, question: str) -> str:
    """Mark a surname, unless another first name than the gold's stands before it: `Paula Novak` is not Petra."""

    def sign(match: re.Match[str]) -> str:
        first = match["first"]
        is_other = first is not None and not (
            first.casefold() in EMPTY
            or told([first.casefold()], question)
            or _ROLE.search(first)
            or (first.endswith(".") and name.startswith(first[0]))
        )
        return f"{first + ' ' if first else ''}{RIVAL if is_other else GOLD}"

    return re.sub(
        rf"(?<![\w-])(?:(?P<first>[A-ZÄÖÜ][\w-]*\.?)\s)?(?i:{re.escape(surname)})(?:'?s)?(?!\w)",
        sign,
        said,
    )


_ROLE = lazy_regex(
    r"(?:\w{5}(?:er|or|ent|ant|ist|eur)|\w{3}(?:erin|orin|chef|leiter|lehrer|frau)|mayor|coach|nurse|judge|captain|chief|"
    r"count|king|queen|general|lord|lady)$",
    re.I,
)
"""Ends of words that name what somebody is: `Trainerin`, `director`."""


def _elliptic(said: str, words: list[str], question: str) -> str:
    """Mark what is left of a gold without the question's own words: `The third.`, where an answer is no more."""
    wanted = content(words)
    asked = told(wanted, question, by_form=True)
    rest = [w for w in wanted if w not in asked]
    if not rest or not asked:
        return said
    if len(rest) > 1:
        return scattered(said, rest)
    if len(words_of(said)) > len(words) + _FEW:
        return _with_code(said, rest[0])
    return re.sub(rf"(?<![\w-]){pattern_of(rest)}(?!\w)", GOLD, said, flags=re.I)


_CODE = lazy_regex(r"(?<![\w'])(?!(?:A|I)\s[a-z])[A-ZÄÖÜ]\d?(?![\w'])")
"""A single letter that names something."""


def _with_code(said: str, code: str) -> str:
    """Mark what a letter names, where the last sentence that has such letters has no other: `So B wins.`"""
    if _CODE.fullmatch(code.upper()) is None:
        return said
    found = [(start, set(_CODE.findall(s))) for start, s in sentences(said) if _CODE.search(s)]
    if not found or found[-1][1] != {code.upper()}:
        return said
    start = found[-1][0]
    return said[:start] + re.sub(rf"(?<![\w']){code.upper()}(?![\w'])", GOLD, said[start:])


_PRONOUN = lazy_regex(r"^\W*(?:(?:because|since|weil|da)\s)?(?:he|she|it|they|er|sie|es)\b", re.I)
_NAMED_TIME = lazy_regex(r"(?:month|weekday)\d+")


def _are_in_order(times: list[str], said: str) -> bool:
    """Tell whether months and days follow each other as the gold's do: `April to July` is not `July to April`."""
    found = told(times, said) if len(times) > 1 else {}
    places = [found[w] for w in times if w in found]
    return places == sorted(places)


def scattered(said: str, words: list[str], *, may_deny: bool = False) -> str:
    """Mark a sentence that has all words of a gold of several, in whatever order, or is denied with them."""
    wanted = content(words)
    if not _are_in_order([w for w in wanted if _NAMED_TIME.fullmatch(w)], said):
        return said
    is_long = len(wanted) == 1 and len(wanted[0]) > _LONG and min(map(len, words)) > 1
    is_known = len(wanted) == 1 and any(say_the_same(wanted[0], w) for w in words_of(said))
    is_enough = len(wanted) > 1 or is_long or is_known
    at = place_of(wanted, said, may_deny=may_deny) if is_enough else None
    if at is None and len(wanted) >= _ACROSS and _PRONOUN.match(said):
        at = place_of(wanted[1:], said)  # `The driver had slept.` `He had slept.`
    return said if at is None else f"{said[:at]}{GOLD} {said[at:]}"


def says_part_of(said: str, gold: str, question: str) -> bool:
    """Tell whether an answer has some words of a long gold, but not all: it may say the same in other words."""
    is_led = re.match(r"(?:yes|no|ja|nein)\b", gold, re.I) is not None
    if (
        is_led
        or len(gold.split()) < _ACROSS
        or is_list(gold)
        or _ASKS_WHO.search(question)
        or is_opposite(gold, said)
    ):
        return False
    wanted = content(words_of(made_alike(gold)))
    asked = told(wanted, question)
    found = told(wanted, made_alike(said))
    own = [w for w in dict.fromkeys(wanted) if w not in asked and w.isalpha()]
    missed = {w for w in wanted if w not in found}
    counted = {w for pair in pairwise(wanted) if not pair[0].isalpha() for w in pair}
    return len(own) >= _ACROSS and not missed & counted and 0 < len(missed & set(own)) < len(own)


_ACROSS = 3


def words_of(text: str) -> list[str]:
    """Return the words and numbers of a text without articles."""
    found = re.findall(r"\d+(?:[.,]\d+)*|\w+", text)
    return [
        w.casefold()
        for i, w in enumerate(found)
        if w.casefold() not in _ARTICLES or (i and w == "A")  # `hepatitis A`
    ]


def pattern_of(words: list[str], *, is_exact: bool = False) -> str:
    """Return a pattern for words in any case, with German endings, punctuation and articles between them.

    Args:
        words: In small letters.
        is_exact: They are names, which have no ending but the genitive's.
    """
    between = rf"[^\w]{{1,3}}(?:(?:{'|'.join(sorted(_ARTICLES))})\s)?"
    if is_exact:
        return between.join(map(re.escape, words)) + "(?:'?s)?"
    return between.join(map(_word, words))


_HEADS = r"holz(?:es)?|befalls?|metall|leder|stoff|bildung|probleme?|gefahr|schaden"
"""Ends of compounds that say no more than their beginnings: `Eichenholz`."""


def _word(word: str) -> str:
    if len(word) < 5 or not word.isalpha():
        ending = "|e[ns]?" if len(word) == 4 else ""  # `Helme`
        return re.escape(word) + (f"(?:'s|s|ing{ending})?" if word.isalpha() else "")
    stem = re.sub(r"(?:e[nmrs]?|n|s)$" if len(word) > 5 else "(?:e|s)$", "", word)
    return re.escape(stem) + rf"(?:(?:en|e|n|s)?(?:{_HEADS})|e[nmrs]?|n|'?s|es)?"
