"""Reads the JSON object that an answer gives: the last complete one that has the wanted fields.

What a lenient importer would take is taken: code fences, text around the object, a list of one, an object under one
key, keys in any case; and, through the JSON5 library, trailing commas, comments, single quotes and bare keys.
Typographic quotes and amounts without quotes (`12,480.00`) are mended before. An object that the end of the text cuts
off is not completed, and of two different ones none is chosen, unless the later corrects the earlier.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import json5

from evalkit.reading.contract import Reading
from evalkit.reading.currencies import currency_code
from evalkit.reading.dates import day, masked
from evalkit.reading.lazy_regex import lazy_regex
from evalkit.reading.numerals import Numeral, numerals
from evalkit.reading.plain import plain
from evalkit.reading.spelled import spelled_out
from evalkit.reading.thoughts import split_thoughts
from evalkit.reading.words import CONCLUDING, CORRECTION

LONGEST_OBJECT = 4_000
"""Characters read: a longer answer is none to a question for a few fields."""
_MOST_STARTS = 40
_DEEPEST = 20
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ObjectContext:
    """What was asked for."""

    fields: Sequence[str]
    amounts: Sequence[str] = ()
    """Fields that are amounts of money; read as numbers."""
    dates: Sequence[str] = ()
    """Fields that are days; read as `2024-03-09` where they are told in another form."""
    currencies: Sequence[str] = ()
    """Fields that are currencies; read as `EUR` where they are told as `€` or `Euro`."""


@dataclass(frozen=True, slots=True)
class _Found:
    value: Any
    start: int
    end: int
    is_strict: bool


_PLACEHOLDER = lazy_regex(
    r"\s*(?:<[^<>]*>|\[[^\[\]]*\]|\{\{?[^{}]*\}?\}|\$\{.*\}|\.{2,}|…|_{2,}|\?+|x{3,}|(?:YYYY|JJJJ|"
    r"TTTT)\W?MM\W?(?:DD|TT)|string|number|float|str|date|text|zahl|"
    r"(?:your|the) .{1,30} here)\s*",
    re.I,
)
_TURN = lazy_regex(
    rf"{CORRECTION}|{CONCLUDING}|\b(?:draft|entwurf|revised|corrected|version|fassung|instead|"
    r"stattdessen|format|schema|template|vorlage|example|beispiel|noch einmal|again)\b",
    re.I,
)
_SINGLE_QUOTES = lazy_regex(r"[‘’‚‛]")
_DOUBLE_QUOTES = lazy_regex(r"[“”„‟«»]")
_EMPTY = lazy_regex(
    r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|(?<=[:\[,\s])(?P<empty>None|NULL|Null|nil|undefined|NaN|"
    r"nan)(?=\s*[,}\]\n])"
)
"""What other languages write for null; text in quotation marks is passed over."""
_BARE_AMOUNT = lazy_regex(
    r"(:\s*)([$€£]?\s?-?\d{1,3}(?:[.,']\d{3})+(?:[.,]\d{1,2})?|[$€£]\s?-?\d+(?:[.,]\d+)?|"
    r"-?\d+,\d{1,2})(\s*(?:€|EUR|USD|GBP|Euro)?\s*)(?=,\s*[\"'\w]|\s*[}\n/])"
)


def first_object(text: str) -> Object | None:
    """Return the object that an answer gives, whatever its fields, or None."""
    return read_object(text, ObjectContext(())).value


def read_object(answer: str, context: ObjectContext) -> Reading[Object]:
    """Return the object that an answer gives: wanted fields under their own names, amounts as numbers.

    Fields that it lacks are left out; an amount that can't be read is None.
    """
    text = split_thoughts(answer).answer[:LONGEST_OBJECT]
    found = list(_found(text))
    wanted = {name.casefold() for name in context.fields}
    candidates = [
        (f, o) for f in found for o in _objects_in(f.value, wanted) if not _is_template(o)
    ]
    if not candidates:
        return Reading(None, "no object")
    last_place, chosen = candidates[-1]
    if _is_cut(text[last_place.end :], wanted):
        return Reading(None, "cut off")
    for place, other in candidates[:-1]:
        between = text[place.end : last_place.start] if place is not last_place else ""
        if _is_another(other, chosen) and not _TURN.search(text[: place.start] + between):
            return Reading(None, "several objects")
    how = "JSON" if last_place.is_strict else "mended JSON"
    return Reading(_named(chosen, context), how)


def objects(text: str) -> list[Object]:
    """Return all complete objects of a text that are strict JSON, in their order."""
    return [
        f.value for f in _found(text[:LONGEST_OBJECT]) if f.is_strict and isinstance(f.value, dict)
    ]


def amount(value: object) -> float | None:
    """Return an amount of money from a JSON number, or a text such as `1.234,50 EUR (gross)`."""
    if isinstance(value, str):
        return _amount_in(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _amount_in(text: str) -> float | None:
    text = masked(spelled_out(plain(text[:200])), "\uf8ff")
    language = "de" if re.search(r"\d\.\d{3}(?![\d,])", text) else "en"
    found = [n for n in numerals(text, language) if not n.is_percent]
    if re.search(r"\d\s*(?:or|oder)\s", text):
        return None
    cents = [n for n in found if re.search(r"[.,]\d\d(?!\d)", text[n.start : n.end])]
    for some in (
        found,
        [n for n in found if n.has_currency],
        cents,
        found if _leads(found, text) else [],
    ):
        if len({n.value for n in some}) == 1 or (
            some is not cents and some and _leads(some, text) and len(some) < 3
        ):
            return some[0].value
    return None


def _leads(found: Sequence[Numeral], text: str) -> bool:
    """Tell whether a text begins with its first number, and others count days or items behind it."""
    return (
        bool(found)
        and not text[: found[0].start].strip(" $€£")
        and all(re.match(r"\s?[a-z]", text[n.end :], re.I) for n in found[1:])
    )


def _named(found: Mapping[str, Any], context: ObjectContext) -> Object:
    if not context.fields:
        return dict(found)
    by_name = {str(k).casefold(): v for k, v in found.items()}
    named = {
        name: by_name[name.casefold()] for name in context.fields if name.casefold() in by_name
    }
    return {name: _read(name, value, context) for name, value in named.items()}


def _read(name: str, value: object, context: ObjectContext) -> object:
    if name in context.amounts:
        return amount(value)
    text = _as_text(value)
    if name in context.dates:
        return day(text) or text
    if name in context.currencies and isinstance(text, str):
        return currency_code(text) or text
    return text


def _as_text(value: object) -> object:
    """Return a whole number of a field that is no amount as its text: a name such as `"48213"` without its quotes."""
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return f"{value:.0f}" if is_whole and not isinstance(value, bool) else value


def _objects_in(value: Any, wanted: set[str], depth: int = 0) -> Iterator[Object]:
    """Yield the objects that have wanted fields: a value itself, or what a list or a key holds."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for part in value:
            yield from _objects_in(part, wanted, depth + 1)
    elif isinstance(value, dict):
        if not wanted or wanted & {str(k).casefold() for k in value}:
            yield value
        else:
            for part in value.values():
                yield from _objects_in(part, wanted, depth + 1)


def _is_template(found: Object) -> bool:
    texts = [v for v in found.values() if isinstance(v, str)]
    return bool(texts) and 2 * sum(_PLACEHOLDER.fullmatch(v) is not None for v in texts) > len(
        texts
    )


def _is_another(one: Object, other: Object) -> bool:
    """Tell whether two objects are about different things: most of what both say differs."""
    shared = one.keys() & other.keys()
    return bool(shared) and 2 * sum(one[k] != other[k] for k in shared) > len(shared)


def _is_cut(rest: str, wanted: set[str]) -> bool:
    """Tell whether a further object begins behind the last complete one and has no end."""
    start = rest.rfind("{")
    if start < 0 or "}" in rest[start:]:
        return False
    begun = rest[start:].casefold()
    return not wanted or any(name in begun for name in wanted)


def _found(text: str) -> Iterator[_Found]:
    """Yield complete objects and lists of objects, outermost first."""
    at, starts = _next_start(text, 0), 0
    while at is not None and starts < _MOST_STARTS:
        starts += 1
        end = _end(text, at)
        found = _loaded(text[at:end]) if end is not None else None
        if found is not None and end is not None:
            yield _Found(found[0], at, end, found[1])
            at = _next_start(text, end)
        else:
            at = _next_start(text, at + 1)


def _next_start(text: str, at: int) -> int | None:
    found = lazy_regex(r"\{|\[(?=\s*\{)").search(text, at)
    return found.start() if found else None


def _end(text: str, start: int) -> int | None:
    """Return where the bracket at `start` is closed; brackets within quotation marks do not count."""
    depth, quote, escaped = 0, "", False
    for i in range(start, len(text)):
        sign = text[i]
        if quote:
            if escaped:
                escaped = False
            elif sign == "\\":
                escaped = True
            elif sign == quote or sign == "\n":
                quote = ""
        elif sign == '"':
            quote = sign
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
            if depth == 0:
                return i + 1
    return None


def _loaded(text: str) -> tuple[Any, bool] | None:
    """Return a value and whether it is strict JSON."""
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        pass
    mended = _DOUBLE_QUOTES.sub('"', _SINGLE_QUOTES.sub("'", text))
    mended = _EMPTY.sub(lambda m: "null" if m["empty"] else m[0], mended)
    mended = _BARE_AMOUNT.sub(r'\1"\2"', mended)
    if text.count("{") > _DEEPEST or not re.search(r"[\w\"']\s*:", mended):
        return None
    try:
        return json5.loads(mended), False
    except (ValueError, RecursionError):
        return None
