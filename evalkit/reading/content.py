"""Compares texts by the words that carry what they say, in whatever order and form, compounds and their parts alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from evalkit.reading.clauses import sentences
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.synonyms import say_the_same, stem
from evalkit.reading.verbs import root
from evalkit.reading.words import NEGATION, NO_NEGATION

_EMPTY_WORDS = """
a an the and or but if of to in on at by for from with as is are was were be been being it its this that these
those he she they we you i his her their our your my him them who which what when whose where why how there here then
than so because due since can could may might must should would will shall do does did done has have had not no only
out just both several some certain various units mehrere einige manche einzelne bestimmte
both about into within there's owing thanks account result reason also per via get gets got
become becomes became
der die das den dem des ein eine einen einem einer eines und oder aber wenn falls sofern weil da denn wegen aufgrund
infolge durch dank ist sind war waren wird werden wurde wurden worden sein seine seinen seiner seinem ihre ihren ihrer
ihrem hat haben hatte hatten kann können konnte konnten darf dürfen durfte muss müssen musste mussten soll sollen
sollte würde es er sie wir ihr ihm ich man dies diese dieser dieses diesen diesem im am an auf bei beim von vom zu zum
zur mit aus für um bis ab seit als auch nur sich nicht so dass ob wie was wer wann wo warum grund
"""
EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words of every sentence: that two texts share them tells nothing."""
_SHORTEST, _STEM = 4, 3
_PART = 3
"""Letters of a word that may be a part of a compound."""
_ACROSS = 3
"""Words that are found together by no accident, though in two sentences."""
_LINK = 3
"""Letters that may stand between the parts of a compound, or end it."""
_SEPARABLE = lazy_regex(
    r"^(?:ab|an|auf|aus|be|ein|er|her|hin|los|weg|zu)(?:zu|ge)?(?=[a-zäöüß]{4})"
)


def content(words: Iterable[str]) -> list[str]:
    """Return the words that carry what is said."""
    return [w for w in words if w not in EMPTY]


def are_alike(one: str, other: str, *, by_form: bool = False) -> bool:
    """Tell whether two words say the same, or begin alike but for a participle's prefix; digits are to be equal.

    Args:
        one: In small letters.
        other: In small letters.
        by_form: Another word that says the same does not do.
    """
    if one == other or root(one) == root(other) or (not by_form and say_the_same(one, other)):
        return True
    if not (one.isalpha() and other.isalpha()):
        return False
    forms = [
        {
            w,
            re.sub(
                r"^((?:ab|an|auf|aus|bei|ein|mit|nach|um|vor|zurück|zu|weiter|weg|her|hin|los|zusammen|wieder|frei)?)(?:ge|zu(?=[a-zäöü]{4}))",
                r"\1",
                w,
            ),
        }
        for w in (one, other)
    ]
    return any(_begin_alike(a, b) for a in forms[0] for b in forms[1])


def _begin_alike(one: str, other: str) -> bool:
    one, other = sorted((one, other), key=len)
    shorter = len(one)
    if shorter < _SHORTEST:
        return other.removeprefix(one) in _ENDINGS
    alike = max(_SHORTEST, shorter - _STEM)
    return one[:alike] == other[:alike]


def _beginnings(word: str) -> list[str]:
    """Return how a compound may begin with a word: `Pilzbefall`, `Algenbefall`."""
    return [word, *([word[:-1]] if len(word) > _SHORTEST else []), stem(word)]


def _is_made_of(word: str, parts: Sequence[str]) -> set[str]:
    """Return the two parts that a compound is made of: `Wasserrohrbruch` of `Wasserrohr` and `gebrochen`."""
    found = [p for p in parts if len(p) >= _PART and p != word]
    for first in found:
        begin = next((b for b in _beginnings(first) if word.startswith(b)), None)
        if begin is None:
            continue
        rest = word[len(begin) :]
        for last in found:
            heads = (rest, *(rest[n:] for n in range(1, _LINK) if len(rest) >= n + _PART))
            if last != first and len(rest) >= _PART and any(are_alike(h, last) for h in heads):
                return {first, last}
    return set()


def told(wanted: Sequence[str], said: str, *, by_form: bool = False) -> dict[str, int]:
    """Return which of the wanted words a text has, and where."""
    places = {m[0]: m.start() for m in reversed(list(_TOKEN.finditer(said.casefold())))}
    words = content(places)
    found = {
        w: places[s]
        for s in words
        for w in wanted
        if are_alike(w, s, by_form=by_form) or is_verb_of(w, s)
    }
    for word in words:
        found |= dict.fromkeys(_is_made_of(word, wanted), places[word])
    for word in set(wanted) - found.keys():
        parts = _is_made_of(word, words)
        if parts:
            found[word] = min(places[p] for p in parts)
    return found


_TOKEN = lazy_regex(r"\d+(?:[.,:/]\d+)*|(?:\bnon-)?\w+")
_ENDINGS = ("s", "es", "e", "en", "n", "er", "ed", "ing")


def is_verb_of(one: str, other: str) -> bool:
    """Tell whether two words are alike but for what a verb may begin with: `lösen`, `ablösen`."""
    bare = [_SEPARABLE.sub("", w) for w in (one, other)]
    return bare != [one, other] and len(min(bare, key=len)) > _SHORTEST and are_alike(*bare)


_NEGATED = lazy_regex(rf"{NO_NEGATION}|(?P<not>{NEGATION})", re.I)


def _is_broken(sentence: str, found: dict[str, int]) -> bool:
    """Tell whether among words that are looked for something is denied: `The customer gets no refund.`"""
    between = sentence[min(found.values()) : max(found.values())]
    return any(m["not"] for m in _NEGATED.finditer(between))


def _counts_otherwise(wanted: Sequence[str], said: str) -> bool:
    """Tell whether a thing has another number than the wanted one: `12 cars and 2 vans`, `2 cars and 12 vans`."""
    tokens = content(m[0] for m in _TOKEN.finditer(said.casefold()))
    for number, noun in pairwise(wanted):
        if number.isdigit() and noun.isalpha():
            before = [a for a, b in pairwise(tokens) if a.isdigit() and are_alike(noun, b)]
            if before and number not in before:
                return True
    return False


def place_of(wanted: Sequence[str], said: str, *, may_deny: bool = False) -> int | None:
    """Return where the first of the wanted words stands, if a sentence has all of them, or the text all of many.

    Args:
        wanted: In small letters.
        said: Where they are looked for.
        may_deny: A negation among them makes no difference.
    """
    for start, sentence in sentences(said):
        found = told(wanted, sentence)
        if _counts_otherwise(wanted, sentence):
            continue
        if len(found) == len(set(wanted)) and (may_deny or not _is_broken(sentence, found)):
            return start + min(found.values())
    found = told(wanted, said)
    is_whole = len(found) == len(set(wanted)) >= _ACROSS and len(list(sentences(said))) > 1
    return min(found.values()) if is_whole else None
