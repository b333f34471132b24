"""Numbers as programs write them into tables: 16, 16.0, 16,0, 1.6E+01."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d{1,3})?")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}[.,]000")
"""May be thousands or one with three places."""


def as_number(value: Any) -> float | int | None:
    """Return the finite number that a value stands for; None when it is none. Whole numbers stay exact."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not _NUMBER.fullmatch(text):
        return None
    if text.lstrip("+-").isdecimal():
        return int(text)
    found = float(text.replace(",", "."))
    return found if math.isfinite(found) else None


def as_count(value: Any) -> int | None:
    """Return the whole number that a value stands for; None when it is none, or may be thousands."""
    if isinstance(value, str) and _THOUSANDS.fullmatch(value.strip()):
        return None
    found = as_number(value)
    return int(found) if found is not None and found == int(found) else None
