"""What a server says about an error, read from the forms that vendors, gateways and compatible servers give it.

OpenAI and most      {"error": {"message", "type", "code", "param"}}
vLLM, Mistral        {"object": "error", "message", "type", "code"}
Anthropic            {"type": "error", "error": {"type", "message"}}
Google               {"error": {"code": 429, "status", "message", "details": [RetryInfo, QuotaFailure, ErrorInfo]}},
                     and the same in a list
Amazon               {"message", "__type"}, or the type in a header, or {"throttlingException": {"message"}}
FastAPI, NIM         {"detail": text, object or list}, {"status", "title", "detail"}
TGI, Ollama, xAI     {"error": text, "error_type" or "code"}
Azure's gateway      {"statusCode", "message"}
MiniMax              {"base_resp": {"status_code", "status_msg"}}
proxies              another vendor's body as text within the message
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_CODE_KEYS = tuple(
    [
        "reason",
        "code",
        "errorcode",
        "error_code",
        "statusCode",
        "status_code",
        "http_status",
        "__type",
        "error_type",
        "errorType",
        "status",
        "type",
        "title",
    ]
)
"""The most exact first."""
_TEXT_KEYS = tuple(
    [
        "message",
        "msg",
        "Message",
        "detail",
        "error",
        "error_msg",
        "errorMessage",
        "status_msg",
        "faultstring",
        "error_description",
        "description",
        "title",
        "raw",
    ]
)
_INNER_KEYS = tuple(
    [
        "error",
        "detail",
        "details",
        "errors",
        "innererror",
        "inner_error",
        "fault",
        "base_resp",
        "metadata",
        "raw",
        "cause",
        "response",
        "message",
    ]
)
_ANSWER_KEYS = frozenset(
    {"choices", "candidates", "content", "message", "usage", "usageMetadata", "delta"}
)
_DEEPEST = 6
_LONGEST = 20_000
"""Characters of a text in which an embedded body is looked for."""


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error as a server tells it."""

    names: tuple[str, ...]
    """Types, codes, states and reasons that are words: in lower case, from the innermost to the outermost."""
    numbers: tuple[int, ...]
    """HTTP statuses within the body, in the same order."""
    label: str
    """Type, state, code and parameter as the server writes them, for a reader."""
    message: str
    wait_s: float | None
    """What Google's RetryInfo asks to wait."""
    has_daily_quota: bool
    """Google's QuotaFailure names a limit that a day, a month, or nothing lifts."""


def error_in(data: Any) -> Any | None:
    """Return what an answer with a successful status says about an error; None where it says none.

    Args:
        data: An answer in one piece, or an event of a stream.
    """
    if isinstance(data, list):
        return next((e for e in map(error_in, data) if e is not None), None)
    if not isinstance(data, dict):
        return data if isinstance(data, str) and data.strip() else None
    if _says_something(data.get("error")):
        return data
    if data.get("object") == "error" or data.get("type") == "error":
        return data
    base = data.get("base_resp")
    if isinstance(base, dict) and base.get("status_code"):
        return base
    if any(data.get(key) for key in ("choices", "candidates")):
        return None
    exception = next((k for k in data if k.lower().endswith("exception")), None)
    if exception is not None:
        return data
    if _is_bare_error(data):
        return data
    return None


def error_within(*holders: Any) -> Any | None:
    """Return the first object that has an error of its own: a choice, its message, a candidate, a delta."""
    for holder in holders:
        if isinstance(holder, dict) and _says_something(holder.get("error")):
            return {"error": holder["error"]}
    return None


def _is_bare_error(data: Mapping[str, Any]) -> bool:
    """Tell whether an object without choices is an error that stands on its own."""
    if any(
        _says_something(data.get(k))
        for k in ("detail", "errors", "fault", "error_code", "error_msg", "__type")
    ):
        return True
    words = [data.get(key) for key in ("message", "msg", "Message", "title")]
    if not any(isinstance(w, str) and w for w in words):
        return False
    return not any(key in data for key in _ANSWER_KEYS - {"message"})


def _says_something(value: Any) -> bool:
    """Tell whether a field for errors says that there is one: empty, 0 and objects of such values do not."""
    if isinstance(value, dict):
        return any(_says_something(v) for v in value.values())
    return bool(value)


def report_of(error: Any, header_type: str = "") -> ErrorReport:
    """Read an error.

    Args:
        error: The body as JSON, or a part of it, or a text that is no JSON.
        header_type: What a header says about it (Amazon).
    """
    levels = list(_levels(error, 0))
    names: list[str] = []
    numbers: list[int] = []
    for level in reversed(levels):
        for value in _codes(level):
            number = _status_number(value)
            if number is not None:
                numbers.append(number)
            elif isinstance(value, str):
                names.append(_name(value))
    if header_type:
        names.append(_name(header_type.partition(":")[0]))
    return ErrorReport(
        names=tuple(dict.fromkeys(n for n in names if n)),
        numbers=tuple(numbers),
        label=_label(levels),
        message=_message(levels, error),
        wait_s=next((w for level in levels if (w := _retry_info_s(level)) is not None), None),
        has_daily_quota=any(_is_daily(level) for level in levels),
    )


def parsed(body: str) -> Any:
    """Return a body as JSON where it is some, else as it is."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def _levels(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of an error, from the outermost to the innermost; JSON within texts is opened."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if (inner := _embedded(value)) is not None:
            yield from _levels(inner, depth + 1)
    elif isinstance(value, list):
        for item in value[:20]:
            yield from _levels(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key, inner in value.items():
            if key in _INNER_KEYS or key.lower().endswith("exception"):
                yield from _levels(inner, depth + 1)


def _embedded(text: str) -> Any | None:
    """Return the JSON object that a text holds (a proxy quoting its vendor), if any."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start or len(text) > _LONGEST:
        return None
    part = text[start : end + 1]
    try:
        found = json.loads(part)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _codes(level: Mapping[str, Any]) -> Iterator[Any]:
    for key, value in level.items():
        if key.lower().endswith("exception") and isinstance(value, dict | str):
            yield key
    if "status_msg" in level and isinstance(level.get("status_code"), int):
        yield f"minimax{level['status_code']}"
    for key in _CODE_KEYS:
        if (value := level.get(key)) is not None:
            yield value
    for key in _TEXT_KEYS:  # a proxy begins its message with the name of its own error
        text = level.get(key)
        if isinstance(text, str) and (found := re.match(r"(?:litellm\.)(\w+)", text)):
            yield found[1]


def _status_number(value: Any) -> int | None:
    """Return an HTTP status from a code, which some write as text."""
    if isinstance(value, str) and re.fullmatch(r"[45]\d\d", value.strip()):
        return int(value)
    is_status = isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600
    return value if is_status else None


def _name(value: str) -> str:
    """Return a code in lower case without what separates its words; names of classes and URLs by their last part."""
    if len(value) > 200:
        return ""
    last = value.strip().rpartition("#")[2]
    return re.sub(r"[\s_\-]+", "", last).lower()


def _label(levels: list[Mapping[str, Any]]) -> str:
    for level in levels:
        parts = [
            level.get(key) for key in ("type", "status", "__type", "error_type", "code", "param")
        ]
        words = [str(p) for p in parts if p and isinstance(p, str | int) and p != "error"]
        if words:
            return " ".join(dict.fromkeys(words))
    return ""


def _message(levels: list[Mapping[str, Any]], error: Any) -> str:
    """Return what is said on all levels, the outermost first; what is quoted as JSON is said by its own level."""
    said: dict[str, None] = {}
    for level in levels:
        texts = (level.get(key) for key in _TEXT_KEYS)
        first = next((t for t in texts if isinstance(t, str) and t.strip()), None)
        if first is not None:
            said[first] = None
    if said:
        return ": ".join(said)
    if isinstance(error, str):
        return error
    return json.dumps(error, ensure_ascii=False, default=str)


def _retry_info_s(level: Mapping[str, Any]) -> float | None:
    delay = level.get("retryDelay")
    if isinstance(delay, str) and (found := re.fullmatch(r"(\d+(?:\.\d+)?)s", delay.strip())):
        return float(found[1])
    if isinstance(delay, dict) and isinstance(delay.get("seconds"), int | float | str):
        return float(delay["seconds"]) if str(delay["seconds"]).isdigit() else None
    return None


def _is_daily(level: Mapping[str, Any]) -> bool:
    """Tell whether a QuotaFailure names a limit per day or month, or a limit of nothing."""
    violations = level.get("violations")
    if not isinstance(violations, list):
        return False
    for violation in violations:
        if not isinstance(violation, dict):
            continue
        which = f"{violation.get('quotaId', '')} {violation.get('subject', '')}".lower()
        if re.search(r"per_?(day|month)", which) or str(violation.get("quotaValue", "")) == "0":
            return True
    return False
