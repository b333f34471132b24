"""Scores the JSON that a model extracted from an invoice, field by field.

Reading is lenient where a bookkeeping import would be (code fences, text around the object,
numbers as strings) and never evaluates the model's text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

FIELDS = ("invoice_number", "date", "vendor", "total", "currency")
LONGEST_ANSWER = 4_000  # characters; a longer one is no answer to a five-field question
_NUMBER = re.compile(r"[^\d.,-]*(\d[\d.,' ]*)[^\d.,]*")
_CENTS = re.compile(r"[.,](\d{1,2})$")


def process_results(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval's hook: json_valid, field_accuracy (share of right fields), exact_match (all)."""
    gold = json.loads(doc["target"])
    found = first_object(results[0])
    right = sum(field_matches(name, (found or {}).get(name), gold[name]) for name in FIELDS)
    return {
        "json_valid": float(found is not None),
        "field_accuracy": right / len(FIELDS),
        "exact_match": float(right == len(FIELDS)),
    }


def first_object(text: str) -> dict[str, Any] | None:
    """The first complete JSON object in ``text``, or None."""
    text = text[:LONGEST_ANSWER]
    start = text.find("{")
    while start != -1:
        found = _object_at(text, start)
        if found is not None:
            return found
        start = text.find("{", start + 1)
    return None


def _object_at(text: str, start: int) -> dict[str, Any] | None:
    try:
        value, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):  # ValueError also covers integers of absurd length
        return None
    return value if isinstance(value, dict) else None


def field_matches(name: str, value: object, gold: object) -> bool:
    """Whether a field is right: totals to the cent, texts but for case and spacing."""
    if name == "total":
        found, wanted = as_number(value), as_number(gold)
        return found is not None and wanted is not None and abs(found - wanted) < 0.005
    return isinstance(value, str | int) and _plain(value) == _plain(gold)


def _plain(value: object) -> str:
    return " ".join(str(value).casefold().split())


def as_number(value: object) -> float | None:
    """A finite number from a JSON number or a text such as ``"1.234,50 €"``."""
    if isinstance(value, str):
        return _parse_amount(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _parse_amount(text: str) -> float | None:
    """The last separator before one or two digits is the decimal one; others group thousands."""
    match = _NUMBER.fullmatch(text.strip()[:40])
    if match is None:
        return None
    written = match[1].strip()
    cents = _CENTS.search(written)
    whole = re.sub(r"\D", "", written[: cents.start()] if cents else written)
    return float(f"{whole or 0}.{cents[1] if cents else 0}")
