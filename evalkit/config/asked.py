"""What a config's `extra_body` asks a vendor for that changes the price, under the names of several APIs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from evalkit.config.run import ModelSpec
from evalkit.records import Usage

_SERVICE = {
    "servicetier": "service_tier",
    "speed": "speed",
    "inferencegeo": "inference_geo",
}
"""Names without separators, in lower case → those of the price list."""
_SEARCHES = re.compile(
    r"web.?search|google.?search|search.?param|enable.?search|search.?option|search.?setting|web.?fetch|x.?search"
    r"|code.?(execution|interpreter)|file.?search|google.?maps|enterprise.?web|retrieval|grounding|live.?search",
    re.IGNORECASE,
)
_LISTS = frozenset({"tools", "plugins", "builtin_tools", "server_tools"})
_OF_THE_USER = frozenset(
    {
        "parameters",
        "properties",
        "schema",
        "json_schema",
        "input_schema",
        "function",
        "functionDeclarations",
    }
)
"""Objects in which names are the user's own."""
_OFF = (None, False, "", "off", "none", "false", "disabled", 0)
_SEARCHING_MODEL = re.compile(r":online\b|-search-(preview|api)\b", re.IGNORECASE)
_DEEPEST = 6
STANDARD_TIERS = frozenset(
    {"", "auto", "default", "standard", "standard_only", "on_demand", "global", "not_available"}
)
"""Values of `service_tier`, `speed` and `inference_geo` that stand for the ordinary price."""


def priced_service(model: ModelSpec, usage: Usage | None = None) -> dict[str, str]:
    """Return what changes the price, in genai-prices' words; empty where the ordinary one holds.

    What the answer says it was served as counts before what the config asked for.
    """
    asked, served = _asked_service(model.endpoint.extra_body), usage or Usage()
    told = {
        "service_tier": served.service_tier,
        "speed": served.speed,
        "inference_geo": served.region,
    }
    found = asked | {k: _service_word(v) for k, v in told.items() if v}
    return {k: v for k, v in found.items() if v not in STANDARD_TIERS}


def with_lifetime(model: ModelSpec, usage: Usage) -> Usage | None:
    """Return the usage with how long its cache writes stay, where only the config says so; None where nobody can."""
    asked = _cache_lifetimes(model.endpoint.extra_body)
    if not usage.cache_write_tokens or usage.cache_write_1h_tokens is not None or "1h" not in asked:
        return usage
    return (
        replace(usage, cache_write_1h_tokens=usage.cache_write_tokens) if len(asked) == 1 else None
    )


def _asked_service(body: Mapping[str, Any]) -> dict[str, str]:
    """Return tier, speed and place that are asked for, in the price list's words."""
    found: dict[str, str] = {}
    for key, value in _pairs(body):
        name = _SERVICE.get(re.sub(r"[_\-]", "", key).lower())
        if name and isinstance(value, str):
            found.setdefault(name, _service_word(value))
    return found


def _service_word(value: str) -> str:
    """Return a tier in the price list's form: some APIs write `SERVICE_TIER_FLEX`."""
    return value.strip().lower().removeprefix("service_tier_")


def asks_for_more(source: str, body: Mapping[str, Any]) -> bool:
    """Tell whether searches or other tools of the vendor's are asked for, which cost more than their tokens."""
    if _SEARCHING_MODEL.search(source):
        return True
    for key, value in _pairs(body):
        if key in _LISTS and isinstance(value, list):
            if any(_SEARCHES.search(word) or word == "web" for word in _kinds(value)):
                return True
        elif _SEARCHES.search(key) and not _is_off(value):
            return True
    return False


def _cache_lifetimes(body: Mapping[str, Any]) -> frozenset[str]:
    """Return how long what is written to the prompt cache is asked to stay: `5m` where nothing else is said."""
    controls = [v for k, v in _pairs(body) if k in {"cache_control", "cachePoint"}]
    asked = (c.get("ttl") or "5m" for c in controls if isinstance(c, Mapping))
    return frozenset(str(ttl) for ttl in asked)


def _is_off(value: object) -> bool:
    if isinstance(value, Mapping) and "mode" in value:
        value = value["mode"]
    if isinstance(value, list):
        return not value
    return not isinstance(value, Mapping) and value in _OFF


def _kinds(tools: list[Any]) -> Iterator[str]:
    """Yield what names a tool of the vendor's; functions of the user's own have any name and cost nothing."""
    for tool in tools:
        if isinstance(tool, str):
            yield tool
        elif isinstance(tool, Mapping):
            kind = tool.get("type") or tool.get("id")
            if kind == "function" or "function" in tool or "input_schema" in tool:
                continue
            yield from [str(kind)] if kind else map(str, tool)


def _pairs(value: object, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield all keys with their values, the outer ones first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        yield from ((str(key), inner) for key, inner in value.items())
        inners = [inner for key, inner in value.items() if key not in _OF_THE_USER]
    else:
        inners = value if isinstance(value, list) else []
    for inner in inners:
        yield from _pairs(inner, depth + 1)
