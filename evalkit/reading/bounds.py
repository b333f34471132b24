"""Reads what a bound says: `at least 30 minutes` is no `at most`, and `under 16` is `younger than 16`."""

from __future__ import annotations

import re
from itertools import pairwise

from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.names import in_one_form
from evalkit.reading.units import unit_named

_AT_LEAST = (
    r"at least|a minimum of|minimum(?: of)?|no(?:t)? less than|not fewer than|from|over|above|more than|"
    r"older than|upwards of|"
    r"(?!(?:less|few|young|low|short|small|light|weak|slow|cheap|earli|thinn|narrow|cold|cool|oth|rath|"
    r"eith)er)\w{2,}(?:er|ier) than|"
    r"(?!(?:wenig|jüng|niedrig|kürz|klein|leicht|schwäch|langsam|billig|günstig|früh|dünn|schmal|kält|kühl|and|ungünstig)er)"
    r"\w{3,}er als|mindestens|wenigstens|minimal|nicht weniger als|ab|über|mehr als|älter als|not (?:under|"
    r"below|before)"
)
_AT_MOST = (
    r"at most|up to|a maximum of|maximum(?: of)?|max\.?|no(?:t)? more than|within|no later than|until|till|"
    r"under|below|less than|(?:short|small|light|weak|slow|cheap|earli|thinn|narrow|cold|cool|low)er than|"
    r"(?:niedrig|kürz|klein|leicht|schwäch|langsam|billig|günstig|früh|dünn|schmal|kält|kühl)er als|"
    r"fewer than|younger than|by|before|bis(?: zu| zum)?|höchstens|maximal|spätestens|nicht mehr als|"
    r"innerhalb(?: von)?|unter|"
    r"weniger als|jünger als|binnen|vor"
)
_AFTER = r"after|since|not before|no earlier than|seit|nach|vom|frühestens|nicht vor"
"""What may begin at a time; not left out as a mere bound."""
_LEAST_BEHIND = (
    r"(?:or|and) (?:more|over|older|above|up)|upwards|oder (?:mehr|älter)|und (?:älter|mehr|darüber)|"
    r"minimum"
)
_MOST_BEHIND = r"(?:or|and) (?:less|fewer|under|younger)|at (?:the latest|most)|oder (?:weniger|jünger)|maximum"
_FILLERS = (
    r"anyone|everyone|everybody|anybody|people|those|persons?|guests?|members?|children|kids|adults?|visitors?|"
    r"wer|alle|jeder|"
    r"personen|menschen|kinder|erwachsene|mitglieder|gäste|about|around|approximately|roughly|ca|circa|etwa|"
    r"rund|ungefähr|"
    r"exactly|genau|only|just|nur|aged?|alter|von|an|am|um|for|für|of|it|is|are|the|takes|costs|lasts|all|im|in|"
    r"at|on|for|"
    r"spätestens|the latest"
)
_BOUND = lazy_regex(
    rf"\b(?:(?P<most>{_AT_MOST})|(?P<least>{_AT_LEAST}|{_AFTER}))\b\W*"
    r"(?:(?:the|am|on|at|um|gegen|den|dem|der|about|etwa|rund|age of)\s)?$",
    re.I,
)
_BEHIND = lazy_regex(
    rf"^\W*(?:[^\W\d_]+\s)?(?:(?P<most>{_MOST_BEHIND})|(?P<least>{_LEAST_BEHIND}))\b", re.I
)
_LOOSE = lazy_regex(rf"\b(?:{_AT_LEAST}|{_AT_MOST}|{_FILLERS})\b", re.I)


def direction(left: str, right: str) -> int:
    """Return 1 where what stands around a number makes it a lower bound, -1 an upper one, else 0."""
    found = _BOUND.search(left) or _BEHIND.search(right)
    if found is None:
        return 0
    return -1 if found["most"] else 1


def bound_before(left: str) -> int:
    """Return how many characters before a number are its bound."""
    found = _BOUND.search(left)
    return len(left) - found.start() if found else 0


def without_bounds(text: str) -> str:
    """Return the words around a number that say more than a bound, or whom it is about."""
    return _LOOSE.sub(" ", text)


_RELATIONS = {
    "before": "before", "prior": "before", "ahead": "before", "vor": "before", "after": "after", "following": "after",
    "nach": "after", "above": "above", "über": "above", "below": "below", "unter": "below",
}  # fmt: skip
_A_TIME = lazy_regex(
    r"\b(?:an?|am|im|die|in der) (hour|day|week|month|year|stunde|tag|woche|monat|jahr)\b"
)
_NEAR = 4
"""Words behind a number that say what it is related to."""


def differs(wanted: str, said: str) -> bool:
    """Tell whether what is behind a number relates it otherwise: `before meals`, `after meals`."""
    one, other = _related(wanted), _related(said)
    return bool(one) and bool(other) and not one & other


def _related(behind: str) -> set[str]:
    clause = re.split(r"[.,;:\n\ue000-\uefff]", behind, maxsplit=1)[0]
    words = re.findall(r"\w+", in_one_form(_A_TIME.sub(r"per \1", clause.casefold())))[:_NEAR]
    told = {_RELATIONS[word] for word in words if word in _RELATIONS}
    told = told or {word for word in words if re.match(r"every\d", word)}
    return told or {f"per {unit_named(b) or b[:5]}" for a, b in pairwise(words) if a == "per"}
