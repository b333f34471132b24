"""Scores the one number that a model's answer states as its result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from evalkit.reading import NumberContext, answer_number, in_form, read_number

FORM = r"[-−+]?[\d.,]+"
__all__ = ["answer_number", "process_results"]


def process_results(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval's hook: exact_match is 1 when the number equals the gold, extraction_failed when none is stated."""
    number = read_number(results[0], NumberContext(doc.get("question", ""))).value
    right = number is not None and math.isclose(number, float(doc["answer"]), rel_tol=1e-9)
    return {
        "exact_match": float(right),
        "extraction_failed": float(number is None),
        "format_followed": float(in_form(results[0], FORM)),
    }
