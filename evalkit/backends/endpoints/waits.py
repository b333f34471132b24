"""How long a server asks to wait before the next try: in headers, in the body, or in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from evalkit.backends.endpoints.error_bodies import ErrorReport

_IN_WORDS = re.compile(
    r"(?:again|retry|retrying|wait|available)\b[^.\d]{0,24}?(?P<amount>\d[\d.hms]*?)\s*"
    r"(?P<unit>ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b",
    re.IGNORECASE,
)
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_UNITS_S = {"ms": 0.001, "mil": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_ROWS = ("requests", "tokens", "input-tokens", "output-tokens")


def asked_wait_s(headers: Mapping[str, str], report: ErrorReport) -> float | None:
    """Return seconds to wait; None where nothing is said.

    Milliseconds (OpenAI, Azure) are taken before HTTP's seconds or date, those before Google's RetryInfo, that before
    limits whose headers say that nothing is left, and words come last.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (ms := _number(headers.get(name))) is not None:
            return ms / 1000
    value = headers.get("retry-after")
    if value and (found := _seconds_or_date(value)) is not None:
        return found
    if report.wait_s is not None:
        return report.wait_s
    used_up = _used_up_s(headers)
    return used_up if used_up is not None else _in_words(report.message)


def _seconds_or_date(value: str) -> float | None:
    if (seconds := _number(value)) is not None:
        return seconds
    if (seconds := _duration_s(value)) is not None:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _used_up_s(headers: Mapping[str, str]) -> float | None:
    """Return when the last of the limits is full again of which nothing is left (OpenAI's headers and their like)."""
    waits = []
    for row in _ROWS:
        if _number(headers.get(f"x-ratelimit-remaining-{row}")) == 0:
            value = headers.get(f"x-ratelimit-reset-{row}", "")
            wait = _number(value) if _number(value) is not None else _duration_s(value)
            if wait is not None:
                waits.append(wait)
    return max(waits, default=None)


def _in_words(message: str) -> float | None:
    found = _IN_WORDS.search(message[:4000])
    if not found:
        return None
    amount, unit = found["amount"], found["unit"].lower()
    if (number := _number(amount)) is not None:
        return number * _UNITS_S.get(unit[:3], _UNITS_S.get(unit[:2], _UNITS_S.get(unit[:1], 1.0)))
    return _duration_s(f"{amount}{unit}")


def _duration_s(text: str) -> float | None:
    """Return seconds of `6m0s`, `1h2m`, `20ms`."""
    found = _DURATION.fullmatch(text.strip().lower())
    if not found or not any(found.groups()):
        return None
    hours, minutes, seconds, ms = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + ms / 1000


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < 1e9 else None
