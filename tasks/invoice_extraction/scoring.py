"""Scores the JSON that a model extracted from an invoice, field by field.

Reading is lenient where a bookkeeping import would be (code fences, text around the object,
numbers as strings) and never evaluates the model's text; json_valid is not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from evalkit.reading import ObjectContext, amount, first_object, read_object

FIELDS = ("invoice_number", "date", "vendor", "total", "currency")
__all__ = ["FIELDS", "amount", "field_matches", "first_object", "process_results"]


def process_results(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval's hook: json_valid, field_accuracy (share of right fields), exact_match (all), extraction_failed."""
    gold = json.loads(doc["target"])
    reading = read_object(results[0], ObjectContext(FIELDS))
    found = reading.value or {}
    right = sum(field_matches(name, found.get(name), gold[name]) for name in FIELDS)
    return {
        "json_valid": float(reading.value is not None and reading.how == "JSON"),
        "field_accuracy": right / len(FIELDS),
        "exact_match": float(right == len(FIELDS)),
        "extraction_failed": float(reading.value is None),
    }


def field_matches(name: str, value: object, gold: object) -> bool:
    """Whether a field is right: totals to the cent, texts but for case and spacing."""
    if name == "total":
        found, wanted = amount(value), amount(gold)
        return found is not None and wanted is not None and abs(found - wanted) < 0.005
    return isinstance(value, str | int) and _plain(value) == _plain(gold)


def _plain(value: object) -> str:
    return " ".join(str(value).casefold().split())
