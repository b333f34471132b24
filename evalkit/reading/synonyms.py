"""Tells words that say the same, from a list of such sets: `delete` and `erase`, `Eltern` and `Vater oder Mutter`."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from evalkit.reading.verbs import root

_PREFIXED = (
    r"^((?:ab|an|auf|aus|bei|durch|ein|frei|her|hin|instand|los|mit|nach|um|vor|weg|wieder|zu|zurück|"
    r"zusammen)?)ge(?=\w{4})"
)
_ENDING = (
    r"(?:ations?|ions?|ments?|ingly|ings?|edly|eds?|ungen|ung|innen|in|(?<=[a-zäöü]{3}[bcdfghklmnprsz])te[nt]?|est|"
    r"es|en|em|er|et|ly|'s|e|s|n|t)$"
)
_LEAST = 3


@cache
def stem(word: str) -> str:
    """Return what a word's forms share: `erased`, `erasing`; `gelöscht`, `Löschung`."""
    bare = re.sub(_PREFIXED, r"\1", root(word))
    short = re.sub(_ENDING, "", re.sub(r"ie[sd]$", "y", bare))
    bare = short if len(short) >= _LEAST else bare
    return re.sub(r"([^aeiouäöüs])\1$", r"\1", bare)


@cache
def _sets() -> list[list[str]]:
    text = resources.files("evalkit.reading").joinpath("synonyms.txt").read_text(encoding="utf-8")
    told = " ".join(line for line in text.splitlines() if not line.startswith("#"))
    return [
        [entry.strip() for entry in some.split(",")] for some in told.split(";") if some.strip()
    ]


@cache
def _of_stems() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, entries in enumerate(_sets()):
        for entry in entries:
            if " " not in entry:
                found.setdefault(stem(entry), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def say_the_same(one: str, other: str) -> bool:
    """Tell whether two words stand in one set, in whatever form."""
    known = _of_stems()
    return bool(known.get(stem(one), frozenset()) & known.get(stem(other), frozenset()))


def _with_forms(phrase: str) -> str:
    """Return a pattern for a phrase; strokes divide forms: `get/got rid of`."""
    return re.sub(r"\S+/\S+", lambda m: f"(?:{m[0].replace('/', '|')})", phrase)


def are_known(one: str, other: str) -> bool:
    """Tell whether both words stand in sets: where they don't share one, they say different things."""
    return stem(one) in _of_stems() and stem(other) in _of_stems()


@cache
def _phrases() -> tuple[re.Pattern[str], dict[str, str]]:
    forms: dict[str, str] = {}
    for entries in _sets():
        first = next(entry for entry in entries if " " not in entry)
        forms |= {_with_forms(entry): first for entry in entries if " " in entry}
    ordered = sorted(forms, key=len, reverse=True)
    named = "|".join(f"(?P<p{i}>{phrase})" for i, phrase in enumerate(ordered))
    pattern = re.compile(rf"\b(?:{named})(?:e?d|s|ing)?\b", re.I)
    return pattern, {f"p{i}": forms[phrase] for i, phrase in enumerate(ordered)}


def in_single_words(text: str) -> str:
    """Return a text with one word for each phrase that the sets have."""
    pattern, words = _phrases()
    return pattern.sub(lambda m: words[m.lastgroup or ""], re.sub(r"n't\b", " not", text))
