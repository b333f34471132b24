"""What servers say they bill: the counts of OpenAI's API and what speaks like it, and what all vendors' have in common.

A count that can't be true is never a number: a prompt has no 0 tokens, and a total is no smaller than its parts. Such
usage is doubtful, and what it costs is unknown. A total above its parts is explained by parts that are told beside
them (thoughts, what a cache read or wrote), or by a vendor that is known to name its thoughts nowhere else; else nobody
knows what it is, and it is doubtful as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evalkit.records import Usage

_CACHED = re.compile(
    r"(num|prompt|input|total)*(cached|cacheread|cachehit|cachedcontent|cachedread)(prompt|input|content)*"
    r"(token|tokens)(count)?"
)
_WRITTEN = re.compile(
    r"(num|prompt|input|total)*(cachewrite|cachewritten|cachecreation|cachedcreation|cachedwrite)(prompt|input)*"
    r"(token|tokens)(count)?"
)
"""Names of what a cache read or wrote, without separators and in lower case: every gateway has its own."""
_WRITTEN_1H = (
    ("cache_creation", "ephemeral_1h_input_tokens"),
    ("claude_cache_creation_1_h_tokens",),
)
_REASONING = (
    ("completion_tokens_details", "reasoning_tokens"),
    ("output_tokens_details", "reasoning_tokens"),
    ("output_tokens_details", "thinking_tokens"),
    ("reasoning_tokens",),
)
_OTHER = (
    ("prompt_tokens_details", "audio_tokens"),
    ("completion_tokens_details", "audio_tokens"),
    ("prompt_tokens_details", "image_tokens"),
    ("completion_tokens_details", "image_tokens"),
)
"""Counts of what has a price of its own beside text."""
_FEES = re.compile(
    r"search(es)?(_?(requests|queries|calls))?$|_calls$|code_(execution|interpreter)|file_search|tools_used$|sources_used$"
    r"|^citation_tokens$",
    re.IGNORECASE,
)
"""Names of what a vendor's tools did: their fees stand in no price of tokens."""
_HIDES_THOUGHTS = re.compile(r"\bgemini\b", re.IGNORECASE)
"""Models whose thoughts may be in the total alone, through OpenAI's API as well."""


_MOST = 100_000_000
"""Tokens of one request; what says more is no count. The longest prompts that anybody offers have a tenth of it."""
_IS_COUNT = re.compile(r"(tokens|[tT]okenCount|_requests|_queries)$")
"""Names under which a vendor tells counts, also those that are not read here."""
_DEEPEST = 3


def whole_number(value: object) -> int | None:
    """Return an index or an offset; None when it is none."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None  # type: ignore[return-value]


def count(data: Mapping[str, Any], *path: str) -> int | None:
    """Return a token count from nested objects; None when it is not there, or can't be one."""
    found: Any = data
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return _counted(found)


def _counted(value: object) -> int | None:
    """Return a count as gateways write it: as a number, a number with `.0` behind it, or either as text."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,12}(\.0{1,6})?\s*", value):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number = whole_number(value)
    return None if number is None or number > _MOST else number


def cached(data: Mapping[str, Any]) -> int | None:
    """Return the prompt's tokens that a cache read, whatever their name."""
    return _named(data, _CACHED)


def written(data: Mapping[str, Any]) -> int | None:
    """Return the prompt's tokens that were written into a cache, whatever their name."""
    return _named(data, _WRITTEN)


def reasoning(data: Mapping[str, Any]) -> int | None:
    """Return the tokens of thoughts."""
    return _first(data, *_REASONING)


def word(data: Mapping[str, Any], key: str) -> str | None:
    """Return what is told in a word, in lower case: a tier, a region."""
    value = data.get(key)
    return value.lower() if isinstance(value, str) and value else None


def has_other_charges(data: Mapping[str, Any]) -> bool:
    """Tell whether more is billed than tokens of text: sound, pictures, or a tool of the vendor's, by call."""
    levels = [data, *(v for v in data.values() if isinstance(v, Mapping))]
    has_fees = any(
        _FEES.search(str(k)) and _counted(v) for level in levels for k, v in level.items()
    )
    return has_fees or any(count(data, *path) for path in _OTHER)


def _has_odd_count(data: object, depth: int = 0) -> bool:
    """Tell whether something is told as a count, at any depth, that can't be one."""
    if depth > _DEEPEST:
        return False
    if isinstance(data, list):
        return any(_has_odd_count(item, depth + 1) for item in data)
    if not isinstance(data, Mapping):
        return False
    return any(
        _has_odd_count(value, depth + 1)
        if isinstance(value, Mapping | list)
        else value is not None and _IS_COUNT.search(key) and _counted(value) is None
        for key, value in data.items()
    )


def openai_usage(data: Mapping[str, Any], tier: str | None = None, model: str = "") -> Usage:
    """Read the usage object of OpenAI's API, in the forms of compatible servers and gateways.

    Completion tokens include reasoning, prompt tokens what was cached; some servers leave one or the other out of them,
    and the total then tells.

    Args:
        data: The usage object.
        tier: The service tier that the answer names.
        model: The model that it names.
    """
    prompt = _first(data, ("prompt_tokens",), ("input_tokens",))
    output = _first(data, ("completion_tokens",), ("output_tokens",))
    told = Usage(
        input_tokens=prompt,
        cached_input_tokens=cached(data),
        cache_write_tokens=written(data),
        cache_write_1h_tokens=_first(data, *_WRITTEN_1H),
        output_tokens=output,
        reasoning_tokens=reasoning(data),
        service_tier=tier or word(data, "service_tier"),
        has_other_charges=has_other_charges(data),
    )
    hides = bool(_HIDES_THOUGHTS.search(model))
    return judged(with_total(told, count(data, "total_tokens"), hides_thoughts=hides), data)


def with_total(told: Usage, total: int | None, *, hides_thoughts: bool) -> Usage:
    """Return the counts with what the total says is missing in them, where it is known what that is."""
    prompt, output = told.input_tokens, told.output_tokens
    if not prompt or output is None:
        return told
    aside = (told.cached_input_tokens or 0) + (told.cache_write_tokens or 0)
    if total is None:
        return told if aside <= prompt else replace(told, is_doubtful=True)
    rest, reasoning = total - prompt - output, told.reasoning_tokens
    if rest < 0:
        return replace(told, is_doubtful=True)
    if aside and rest in {aside, aside + (reasoning or 0)}:  # the prompt without its cached part
        told, rest = replace(told, input_tokens=prompt + aside), rest - aside
    if rest == 0:
        return told
    if rest == reasoning or (hides_thoughts and reasoning is None):
        return replace(told, output_tokens=output + rest, reasoning_tokens=rest)
    return replace(told, is_doubtful=True)


def judged(told: Usage, data: Mapping[str, Any], *, may_lack_output: bool = False) -> Usage:
    """Return the usage, marked as doubtful where it contradicts itself; a 0 that can't be is no number.

    Servers that count nothing send zeros.
    """
    if not told.input_tokens:
        output = told.output_tokens or None
        return replace(told, input_tokens=None, output_tokens=output, is_doubtful=True)
    judged = (
        replace(told, output_tokens=0) if may_lack_output and told.output_tokens is None else told
    )
    is_sound = judged.is_consistent and not _has_odd_count(data)
    return told if is_sound else replace(told, is_doubtful=True)


def _named(data: Mapping[str, Any], names: re.Pattern[str]) -> int | None:
    """Return a prompt's count that has one of many names, at the top or in an object of details; see `_first`."""
    details = [v for k, v in data.items() if isinstance(v, Mapping) and not _OF_ANSWER.match(k)]
    pairs = [pair for level in (data, *details) for pair in level.items()]
    told = [v for k, v in pairs if names.fullmatch(re.sub(r"[_\-]", "", str(k)).lower())]
    return _telling([n for n in map(_counted, told) if n is not None])


_OF_ANSWER = re.compile(r"completion|output|candidates", re.IGNORECASE)


def _telling(found: list[int]) -> int | None:
    """Return the first count that says more than 0, else the first."""
    return next((n for n in found if n), found[0] if found else None)


def _first(data: Mapping[str, Any], *paths: tuple[str, ...]) -> int | None:
    """Return the first of several names' counts that says more than 0, else the first that is there."""
    return _telling([n for path in paths if (n := count(data, *path)) is not None])
