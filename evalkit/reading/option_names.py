"""Says by which words an option is named: its text, or the part of it that tells it from the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from string import ascii_lowercase

from evalkit.reading.content import EMPTY
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.words import NEGATION

ORDINALS = (
    r"first|1st|erste[nrs]?|(?<=\w )1\.",
    r"second|2nd|zweite[nrs]?|(?<=\w )2\.",
    r"third|3rd|dritte[nrs]?|(?<=\w )3\.",
    r"fourth|4th|vierte[nrs]?|(?<=\w )4\.",
    r"fifth|5th|fünfte[nrs]?|(?<=\w )5\.",
    r"sixth|6th|sechste[nrs]?|(?<=\w )6\.",
)
COUNTED = ("1|one|eins", "2|two|zwei", "3|three|drei", "4|four|vier", "5|five|fünf", "6|six|sechs")
_STEM = lazy_regex(r"(?:e[nmrs]?|n|s)$")


@lru_cache(maxsize=1024)
def text_patterns(choices: tuple[str, ...]) -> list[tuple[int, re.Pattern[str]]]:
    """Return patterns for each option, the longest first: an option may stand within a longer one's text."""
    found = []
    for position, choice in sorted(enumerate(choices), key=lambda item: -len(item[1])):
        words = re.findall(r"\w+|(?<!\w)[-−]\d[\d.,]*", choice)
        if len(choice.strip()) < 2 or not words:
            continue
        found.append((position, _text_pattern(words)))
    nobody = [(i, _NOBODY) for i, choice in enumerate(choices) if _NONE.match(choice)]
    return found + _short_patterns(choices) + _numbered(choices) + nobody[:1]


_NONE = lazy_regex(r"\W*(?:none|no one|nobody|neither|keine[rs]?|niemand)\b", re.I)
_NOBODY = lazy_regex(
    r"^\W*(?:none|nobody|no one|neither|not a single|no(?!\s(?:doubt|problem|question|idea))|keine[rs]?|kein|"
    r"niemand)\s"
    r"(?:(?:of|der|dieser|von)\s(?:the |these |them|den )?)?(?!option|answer|antwort)[^\W\d_]+(?=\s)",
    re.I,
)
"""`No candidate meets all`: the option that none is right."""


def _short_patterns(choices: Sequence[str]) -> list[tuple[int, re.Pattern[str]]]:
    """Return patterns for what names an option alone: `Ward` of `Bid Ward ($400)`, `6100` of `6100 Travel`."""
    words = [_tokens(choice) for choice in choices]
    shared = set.intersection(*words) if len(words) > 1 else set()
    if any(_NEGATED.search(choice) for choice in choices):
        shared = set()
    names = [set(_short_names(choice, shared)) - {choice.casefold()} for choice in choices]
    found = []
    for position, own in enumerate(names):
        others = [w for i, w in enumerate(words) if i != position]
        for name in own:
            said = _tokens(name)
            if (
                (len(name) > 2 or re.search(r"\d", name))
                and said - EMPTY - _COMMON
                and not any(said <= o for o in others)
            ):
                found.append((position, _text_pattern(re.findall(r"\w+", name))))
            if len(name) == 1 and name.isalpha() and name not in ascii_lowercase[: len(choices)]:
                found.append((position, re.compile(rf"(?<![\w'’.-]){name.upper()}(?![\w'’-])")))
    return sorted(found, key=lambda item: -len(item[1].pattern))


def _tokens(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _short_names(choice: str, shared: set[str]) -> Iterator[str]:
    head = _HEAD.match(choice)
    texts = [choice] if head is None else [choice, head["name"].strip()]
    for text in texts:
        yield text.casefold()
        words = text.split()
        if shared:
            words = [w for w in words if not (t := _tokens(w)) or t - shared]
        bare = _LEAD.sub("", " ".join(words))
        yield bare.casefold()
        code = _CODE.match(text)
        if code is not None:
            yield from (part.casefold() for part in code.groups())


_HEAD = lazy_regex(r"(?P<name>\w[^():]*?)\s?(?:\([^()]*\)$|:\s)")
"""What an option is called, before it is explained: `Form 20 (first registration)`."""
_CODE = lazy_regex(r"(?:[-–§\w]*\s)?(\d[\d.]{2,}|[A-Z]+-?\d+)\s?[-–:]?\s(\w.*)$")
"""A number that an option is filed under: `6100 Travel`."""
_NEGATED = lazy_regex(NEGATION, re.I)
_LIMITS = frozenset({"only", "just", "both", "nur", "so"})
_BEFORE = "|".join(sorted(w for w in EMPTY - _LIMITS if not _NEGATED.match(w)))
_LEAD = lazy_regex(
    rf"^(?:(?:{_BEFORE}|via|über|(?:Ms|Mrs?|Miss|Dr|Prof|Sir|Frau|Herrn?)\b\.?)\s+)+", re.I
)


def _numbered(choices: Sequence[str]) -> list[tuple[int, re.Pattern[str]]]:
    """Return patterns for options that differ in a number: `Para. 4`, `§ 4`, `the fourth paragraph`, `Absatz vier`."""
    found = [_NUMBERED.match(choice) for choice in choices]
    leads = {m["lead"].casefold() for m in found if m}
    if None in found or len(leads) != 1:
        return []
    lead = re.escape(next(iter(leads)))
    before = (
        rf"(?<!\w)(?:{lead[:3]}\w*\.?|[§¶]|nr\.?|no\.?|number|nummer|in|is|ist|lautet|the|der|die|das|den|dem|"
        rf"^)\s?|"
        r"(?<=[\ue000-\uefff] and )|(?<=[\ue000-\uefff] und )"
    )
    patterns = []
    for position, match in enumerate(found):
        number = match["n"] if match else ""
        named = int(number) - 1 if len(number) < 3 else -1
        counted, ordinal = number, rf"{number}(?:st|nd|rd|th|\.)"
        if 0 <= named < len(COUNTED):
            counted, ordinal = COUNTED[named], rf"{ordinal}|{ORDINALS[named]}"
        patterns.append(
            (
                position,
                re.compile(
                    rf"(?:{before})(?:{counted})(?!\w|[.,:]\d|\s?[-–%€$])|\b(?:{ordinal})\s{lead[:4]}\w*",
                    re.I,
                ),
            )
        )
    return patterns


_NUMBERED = lazy_regex(r"(?P<lead>[^\W\d_]{3,}\.?)\s(?P<n>\d{1,4})$")


def _text_pattern(words: Sequence[str]) -> re.Pattern[str]:
    body = r"[^\w\ue000-\uefff]{1,4}(?:(?:um|at|from|von|ab|the|den|to|bis)\s)?".join(
        _word(word, is_last=i == len(words) - 1) for i, word in enumerate(words)
    )
    if len(words) == 1 and words[0].casefold() in _COMMON:
        return re.compile(
            r"(?:^|(?<=[\n:.()\"'\ue000-\uefff] )|(?<=\bis )|(?<=\bist )|(?<=\blautet )|(?<=\bso )|(?<=\balso )|"
            rf"(?<=[\n:.(\"'\ue000-\uefff])){body}(?=\s*(?:[.,;:!)\"'(\n]|$))",
            re.I,
        )
    if len(words) > 2:
        return re.compile(rf"(?<!\w){body}(?!\w)", re.I)
    return re.compile(rf"(?<![\w.,-]){body}(?:{_HEAD_NOUN})?(?!\w|[-.,]\w)", re.I)


_HEAD_NOUN = (
    r"(?-i:-[A-ZÄÖÜ])[\w-]+|(?:s|en|er|n)?-?(?:team|abteilung|gruppe|bereich|satz|tarif|vertrag|format|linie|"
    r"route|"
    r"klasse|stufe|sorte|phase|paket|modell|klausel|antrag|versicherung|anlage|kurs|variante|version|option|"
    r"problem|fall|stelle|amt)(?:s|es|en|n)?"
)
"""What the name of an option is put before: `Netzwerkteam`, `Basis-Tarif`."""
_COMMON = {
    "yes",
    "no",
    "ja",
    "nein",
    "true",
    "false",
    "wahr",
    "falsch",
    "none",
    "keine",
    "not",
    "maybe",
    "vielleicht",
    "both",
    "beide",
}
"""Options that are words of every sentence: they name the option only where they stand apart."""


def _word(word: str, *, is_last: bool = True) -> str:
    """Return a pattern for a word in any case and, where it is long enough, with endings."""
    if word.isdecimal() or not word.isalpha() or len(word) < 3:
        return re.escape(word)
    if len(word) < 4:
        return re.escape(word) + "s?"
    if word.casefold() == "hoch":
        return r"ho(?:ch|he[nmrs]?)"
    stem = word
    is_noun = is_last and word.endswith("er")
    if len(word) > 5 and not word.endswith("ss") and word[-1] != "s" and not is_noun:
        stem = _STEM.sub("", word)
    endings = r"(?:e[nmrs]?|n|s|es|er[ns]?|ly|ely)?" if not word.endswith("s") else ""
    return (
        _LAST_VOWEL.sub(lambda m: f"[{m[0]}{_UMLAUTS[m[0].casefold()]}]", re.escape(stem)) + endings
    )


_LAST_VOWEL = lazy_regex(r"[aou](?=[^aouäöü]*$)", re.I)
_UMLAUTS = {"a": "ä", "o": "ö", "u": "ü"}
"""Umlauts of plurals: `Vogel`, `Vögel`."""
